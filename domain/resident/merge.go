package resident

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"resident.oneFile", "These are one file.", "两者是同一份档案。"},
	[3]string{"resident.twoDistricts", "The files lie in two districts, which are kept apart.", "两份档案分属不同区县，不可合并。"},
	[3]string{"resident.twoNumbers", "The files have two identity numbers: if they are one person's, correct or take away the wrong one first.", "两份档案的身份证号码不同：如确为同一人，请先更正或清除有误的号码。"},
	[3]string{"resident.twoBirths", "The files have two days of birth: if they are one person's, correct the wrong one first.", "两份档案的出生日期不同：如确为同一人，请先更正。"},
	[3]string{"resident.samePerson", "No identity number says that these are one person: say so by samePerson, with the card or the person before you.", "没有身份证号码可证明是同一人：请核对证件或本人后，以 samePerson 确认。"},
)

// Merge says which two files are one person's.
type Merge struct {
	Keep, Other               key.Key
	KeepVersion, OtherVersion int  // that were read
	SamePerson                bool // somebody saw that they are one, where a number is missing that would say it
}

// Merged is what two files come to, for the store to write.
type Merged struct {
	Kept        Sealed      // at the version that was read
	Other       key.Key     // whose file goes
	Residencies []Residency // all that are left
	Tags        []SealedTag // all that are left
}

// Merge brings two files of one person in a district together: name and contacts of the one that is kept stand, what it lacks comes from the other, residencies and care tags are
// joined, also those that the actor may not see, and the other file is removed. Right: Keep, of both. CONFLICT: a version moved, or the files have two identity numbers or two days of
// birth; INVALID: no number says that they are one person, and the actor does not either.
func (s *Service) Merge(ctx context.Context, actor account.Actor, m Merge) (out Resident, err error) {
	err = s.recorded(ctx, actor, of(MergedFiles, "RESIDENT", m.Keep), func(ctx context.Context) error {
		keep, other, err := s.both(ctx, actor, m)
		if err != nil {
			return err
		}
		p, err := s.onePerson(ctx, keep, other, m.SamePerson)
		if err != nil {
			return err
		}
		p, keep.OddIdentity, err = CheckPerson(p, true, s.Now())
		if err != nil {
			return err
		}
		if keep, err = s.seal(ctx, keep, p); err != nil {
			return err
		}
		w := Merged{Kept: keep, Other: other.Key}
		if w.Residencies, err = s.joinResidencies(ctx, keep.Key, other.Key); err != nil {
			return err
		}
		if w.Tags, err = s.joinTags(ctx, keep.Key, other.Key); err != nil {
			return err
		}
		if err := s.Store.MergeResidents(ctx, actor, w, s.Today()); err != nil {
			return err
		}
		keep.Version++
		out = p.Masked(keep)
		return s.Recorder.Record(ctx, actor, of(Erased, "RESIDENT", other.Key))
	})
	if err != nil {
		return Resident{}, err
	}
	return out, nil
}

// both are the two files, which nobody else changes until the transaction ends. NOT_FOUND: one is out of the actor's reach.
func (s *Service) both(ctx context.Context, actor account.Actor, m Merge) (keep, other Sealed, err error) {
	if err := actor.Require(account.Keep); err != nil {
		return keep, other, err
	}
	switch {
	case m.Keep == m.Other:
		return keep, other, fault.New(fault.Invalid, "other", "resident.oneFile")
	case m.Keep.Home != m.Other.Home:
		return keep, other, fault.New(fault.Invalid, "other", "resident.twoDistricts")
	}
	held, err := s.Store.HoldResidents(ctx, actor, m.Keep.Home, []uuid.UUID{m.Keep.ID, m.Other.ID})
	if err != nil {
		return keep, other, err
	}
	for _, of := range []struct {
		key     key.Key
		field   string
		version int
		to      *Sealed
	}{{m.Keep, "keep", m.KeepVersion, &keep}, {m.Other, "other", m.OtherVersion, &other}} {
		i := slices.IndexFunc(held, func(p Sealed) bool { return p.Key == of.key })
		if i < 0 || !holds(actor.Reach(account.Keep), of.key, held[i].Places) {
			return keep, other, fault.New(fault.NotFound, of.field, "resident.notFound")
		}
		if *of.to = held[i]; of.to.Version != of.version && err == nil {
			err = fault.New(fault.Conflict, of.field+"Version", "conflict")
		}
	}
	return keep, other, err
}

// onePerson is what two files know of one person. It refuses two people.
func (s *Service) onePerson(ctx context.Context, keep, other Sealed, seen bool) (Person, error) {
	k, err := s.open(ctx, keep)
	if err != nil {
		return Person{}, err
	}
	o, err := s.open(ctx, other)
	if err != nil {
		return Person{}, err
	}
	switch {
	case k.Identity != "" && o.Identity != "" && k.Identity != o.Identity:
		return Person{}, fault.New(fault.Conflict, "other", "resident.twoNumbers")
	case k.Born != "" && o.Born != "" && k.Born != o.Born:
		return Person{}, fault.New(fault.Conflict, "other", "resident.twoBirths")
	case (k.Identity == "" || o.Identity == "") && !seen:
		return Person{}, fault.New(fault.Invalid, "samePerson", "resident.samePerson")
	}
	return o.with(k), nil
}

// joinResidencies are those of both files, also out of the actor's reach.
func (s *Service) joinResidencies(ctx context.Context, keep, other key.Key) ([]Residency, error) {
	kept, err := s.Store.ResidenciesOf(ctx, account.TheKeeper(), keep)
	if err != nil {
		return nil, err
	}
	others, err := s.Store.ResidenciesOf(ctx, account.TheKeeper(), other)
	if err != nil {
		return nil, err
	}
	all := joined(kept, others)
	for i := range all {
		all[i].ResidentID = keep.ID
		if all[i].Key.ID == uuid.Nil {
			all[i].Key = key.Key{Home: keep.Home, ID: s.IDs.NewID()}
		}
	}
	return all, nil
}

// joinTags are those of both files, also those that the actor may not see: of a category that both have the one that expires later, restricted if either is.
func (s *Service) joinTags(ctx context.Context, keep, other key.Key) ([]SealedTag, error) {
	found, err := s.Store.TagsOf(ctx, account.TheKeeper(), []key.Key{keep, other})
	if err != nil {
		return nil, err
	}
	var categories []string
	var out []SealedTag
	for _, t := range slices.Concat(found[keep.ID], found[other.ID]) {
		open, err := s.openTag(ctx, t)
		if err != nil {
			return nil, err
		}
		i := slices.Index(categories, open.Category)
		if i < 0 {
			categories, out = append(categories, open.Category), append(out, t)
			continue
		}
		restricted := out[i].Restricted || t.Restricted
		if t.ExpiresOn.After(out[i].ExpiresOn) {
			out[i] = t
		}
		out[i].Restricted = restricted
	}
	return out, nil
}

// joined are the residencies of two files of one person as those of one, by the day that they begin. Nobody lives in two homes nor is registered in two: where the files say so, on each
// day the one holds that began later; of two that began on one day, the first file's. In a household that both have, the first file says the tenure. The first piece of a residency
// keeps its id, further ones have none.
func joined(keep, other []Residency) (out []Residency) {
	all := slices.Concat(keep, other)
	var days []civil.Date // on which something begins or ends
	for _, r := range all {
		days = append(days, r.From)
		if r.Until != nil {
			days = append(days, *r.Until)
		}
	}
	slices.SortFunc(days, func(a, b civil.Date) int { return a.Time().Compare(b.Time()) })
	days = slices.Compact(days)
	open := map[home]int{} // the piece of a household that lasts, in out
	for n, day := range days {
		lives := latest(all, day, func(r Residency) bool { return r.LivesHere })
		registered := latest(all, day, func(r Residency) bool { return r.RegisteredHere })
		now := map[home]int{}
		for _, r := range all {
			at := home{r.Dwelling, r.Number}
			if _, twice := now[at]; twice || !r.on(day) || at != lives && at != registered {
				continue
			}
			piece := r
			piece.LivesHere, piece.RegisteredHere, piece.From = at == lives, at == registered, day
			i, goesOn := open[at]
			if goesOn = goesOn && out[i].LivesHere == piece.LivesHere && out[i].RegisteredHere == piece.RegisteredHere && out[i].Tenure == piece.Tenure; !goesOn {
				if slices.ContainsFunc(out, func(o Residency) bool { return o.Key == piece.Key }) {
					piece.Key = key.Key{}
				}
				i, out = len(out), append(out, piece)
			}
			if out[i].Until = nil; n+1 < len(days) {
				out[i].Until = &days[n+1]
			}
			now[at] = i
		}
		open = now
	}
	return out
}

// home is a household by what lasts.
type home struct {
	dwelling uuid.UUID
	number   string
}

// on reports whether r holds on a day.
func (was Residency) on(day civil.Date) bool {
	return !day.Before(was.From) && (was.Until == nil || day.Before(*was.Until))
}

// latest is the household of the residency that began last of those that hold on a day and say what is asked; of two that began on one day, the first.
func latest(all []Residency, day civil.Date, says func(Residency) bool) (at home) {
	var from civil.Date
	for _, r := range all {
		if says(r) && r.on(day) && (at == home{} || r.From.After(from)) {
			at, from = home{r.Dwelling, r.Number}, r.From
		}
	}
	return at
}
