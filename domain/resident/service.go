package resident

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/secret"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"resident.noRecord", "No record of who reads them is kept, so residents' files stay closed.", "未启用审计记录，居民档案不可打开。"},
	[3]string{"resident.noHousehold", "There is no such household.", "没有该住户。"},
	[3]string{"resident.notFound", "There is no such resident.", "没有该居民。"},
	[3]string{"resident.noResidency", "There is no such residency.", "没有该居住记录。"},
	[3]string{"resident.known", "Somebody with this identity number is known already: let them move in.", "该身份证号码已登记：请办理迁入。"},
	[3]string{"resident.hasFile", "They have a file in this district already: enter them again and say so, with name and number as the identity card has them.", "该居民在本区县已建档：请核对身份证，注明“已有档案”后重新提交。"},
	[3]string{"resident.noFile", "Nobody has a file with this name and number in this district.", "本区县没有该姓名和身份证号码的档案。"},
	[3]string{"resident.numberNeeded", "Who has a file already is found by the identity number.", "已有档案的居民须填写身份证号码。"},
	[3]string{"resident.otherDistrict", "Who moves to another district is entered there anew.", "跨区县迁移请在迁入地重新登记。"},
	[3]string{"resident.retryKey", "The idempotency key must have at most {max} characters.", "幂等键最多 {max} 个字符。"},
	[3]string{"resident.ended", "It has ended already.", "该记录已结束。"},
	[3]string{"resident.tooOften", "At most {max} an hour: go on later.", "每小时最多 {max} 次：请稍后再试。"},
)

// How often somebody may look for single values within any hour, that no register is read out one by one. A worker's day has a few.
const (
	within = time.Hour

	mostSearches = 30
	mostReveals  = 120
	mostNumbers  = 120 // that are entered
)

// Service is what can be asked and done about residents' files. Whom a right reaches nothing is FORBIDDEN; what lies outside its reach is NOT_FOUND, as if it were
// not there. Everything is recorded, refusals too.
type Service struct {
	Store    Store
	Keys     *secret.Keys
	Recorder Recorder
	Now      func() time.Time
	Zone     *time.Location
	IDs      key.Source
}

// Today is the day by the clock of the deployment.
func (s *Service) Today() civil.Date { return civil.Of(s.Now(), s.Zone) }

// recorded runs do in one transaction with the record of it; a refusal undoes both, and is recorded by itself. So nothing is read or written that is on no record, and
// where none is kept no file is opened.
func (s *Service) recorded(ctx context.Context, actor account.Actor, act audit.Entry, do func(ctx context.Context) error) error {
	return s.recordedAs(ctx, actor, &act, do)
}

// recordedAs is recorded for an act of which do itself finds out what it is.
func (s *Service) recordedAs(ctx context.Context, actor account.Actor, act *audit.Entry, do func(ctx context.Context) error) error {
	if s.Recorder == nil {
		return fault.New(fault.Unavailable, "", "resident.noRecord")
	}
	err := s.Store.Work(ctx, actor, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		return s.Recorder.Record(ctx, actor, *act)
	})
	if err == nil {
		if act.Action.GivesOut() {
			s.Recorder.Anchored(ctx)
		}
		return nil
	}
	act.Result = string(fault.As(err).Code)
	if e := s.Recorder.Record(ctx, actor, *act); e != nil {
		return e
	}
	return err
}

// of is an act on a thing.
func of(action audit.Action, kind string, k key.Key) audit.Entry {
	return audit.Entry{Action: action, Object: audit.Object{Kind: kind, ID: k.String()}, District: k.Home}
}

// reached is what read finds, where a right of the actor reaches it: reaches says whether it does. FORBIDDEN: it reaches nothing at all; none: there is no such thing, or it
// lies elsewhere, which nobody is told.
func reached[T any](actor account.Actor, right account.Right, none error, read func() (T, bool, error), reaches func(account.Reach, T) bool) (found T, err error) {
	if err := actor.Require(right); err != nil {
		return found, err
	}
	found, ok, err := read()
	if err == nil && (!ok || !reaches(actor.Reach(right), found)) {
		err = none
	}
	return found, err
}

// home is a household that a right of the actor reaches. NOT_FOUND: none.
func (s *Service) home(ctx context.Context, actor account.Actor, household key.Key, right account.Right) (Home, error) {
	return reached(actor, right, fault.New(fault.NotFound, "household", "resident.noHousehold"),
		func() (Home, bool, error) { return s.Store.Home(ctx, actor, household) },
		func(r account.Reach, h Home) bool { return r.Holds(h.Area) })
}

// sealed is somebody whom a right of the actor reaches. NOT_FOUND: none.
func (s *Service) sealed(ctx context.Context, actor account.Actor, k key.Key, right account.Right) (Sealed, error) {
	return reached(actor, right, fault.New(fault.NotFound, "id", "resident.notFound"),
		func() (Sealed, bool, error) { return s.Store.ResidentByKey(ctx, actor, k) },
		func(r account.Reach, p Sealed) bool { return holds(r, p.Key, p.Places) })
}

// residency is one that a right of the actor reaches. NOT_FOUND: none.
func (s *Service) residency(ctx context.Context, actor account.Actor, k key.Key, right account.Right) (Residency, error) {
	return reached(actor, right, fault.New(fault.NotFound, "id", "resident.noResidency"),
		func() (Residency, bool, error) { return s.Store.ResidencyByKey(ctx, actor, k) },
		func(r account.Reach, i Residency) bool { return r.Holds(i.Area) })
}

// File is what is known of a household: masked. Right: Residents; of tags those that Care and Restricted reach.
func (s *Service) File(ctx context.Context, actor account.Actor, household key.Key) (f File, err error) {
	err = s.recorded(ctx, actor, of(ReadFile, "HOUSEHOLD", household), func(ctx context.Context) error {
		if f.Home, err = s.home(ctx, actor, household, account.Residents); err != nil {
			return err
		}
		residencies, people, err := s.Store.MembersOf(ctx, actor, f.Home, s.Today())
		if err != nil {
			return err
		}
		f.Kind = KindOf(residencies)
		var keys []key.Key
		for _, r := range residencies {
			keys = append(keys, key.Key{Home: r.Key.Home, ID: r.ResidentID})
		}
		tags, err := s.tags(ctx, actor, keys)
		if err != nil {
			return err
		}
		for _, r := range residencies {
			p, err := s.open(ctx, people[r.ResidentID])
			if err != nil {
				return err
			}
			f.Members = append(f.Members, Member{Resident: p.Masked(people[r.ResidentID]), Residency: r, Tags: tags[r.ResidentID]})
		}
		f.Form, err = s.filled(ctx, actor, f.Home)
		return err
	})
	if err != nil {
		return File{}, err
	}
	return f, nil
}

// Reveal is one value of somebody, as it is. Right: Reveal. INVALID: no such field, or no purpose; LIMITED: too often within the hour.
func (s *Service) Reveal(ctx context.Context, actor account.Actor, k key.Key, f Field, why Why) (value string, err error) {
	if _, ok := (Person{}).Field(f); !ok {
		return "", fault.New(fault.Invalid, "field", "resident.field")
	}
	if err := why.Check(); err != nil {
		return "", err
	}
	act := of(Revealed+audit.Action(f), "RESIDENT", k)
	act.Purpose, act.Case = why.Purpose, why.Case
	err = s.recorded(ctx, actor, act, func(ctx context.Context) error {
		if err := s.rationed(ctx, actor, "reveal", mostReveals); err != nil {
			return err
		}
		sealed, err := s.sealed(ctx, actor, k, account.Reveal)
		if err != nil {
			return err
		}
		p, err := s.open(ctx, sealed)
		value, _ = p.Field(f)
		return err
	})
	if err != nil {
		return "", err
	}
	return value, nil
}

// Search finds those with an identity number, masked. Right: Reveal, of those whom it reaches. LIMITED: too often within the hour, whatever was found.
func (s *Service) Search(ctx context.Context, actor account.Actor, number string, why Why) (found []Resident, err error) {
	if err := why.Check(); err != nil {
		return nil, err
	}
	number = secret.IdentityNumber(number)
	switch secret.CheckIdentity(number, s.Now()) {
	case secret.IdentityForm, secret.IdentityDay:
		return nil, fault.New(fault.Invalid, "identityNumber", "resident.identityForm")
	}
	err = s.recorded(ctx, actor, audit.Entry{Action: Searched, Object: audit.Object{Kind: "RESIDENT"}, Purpose: why.Purpose, Case: why.Case}, func(ctx context.Context) error {
		if err := actor.Require(account.Reveal); err != nil {
			return err
		}
		if err := s.rationed(ctx, actor, "search", mostSearches); err != nil {
			return err
		}
		lookups, err := s.Keys.Lookups(ctx, IdentityKeys, number)
		if err != nil {
			return err
		}
		list, err := s.Store.ByIdentity(ctx, actor, "", lookups)
		if err != nil {
			return err
		}
		for _, sealed := range list {
			if !holds(actor.Reach(account.Reveal), sealed.Key, sealed.Places) {
				continue
			}
			p, err := s.open(ctx, sealed)
			if err != nil {
				return err
			}
			found = append(found, p.Masked(sealed))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// rationed counts one more use. LIMITED: there were as many within the hour before; this one is not counted.
func (s *Service) rationed(ctx context.Context, actor account.Actor, what string, most int) error {
	ok, err := s.Store.Use(ctx, actor, what, s.Now(), within, most)
	if err == nil && !ok {
		err = fault.New(fault.Limited, "", "resident.tooOften", "max", most)
	}
	return err
}

// Entry is somebody who is entered, with where they belong.
type Entry struct {
	Household key.Key
	Person    Person
	Odd       bool // the card has a wrong check digit, and it stands so
	Residency Residency
	HasFile   bool   // they have a file in the district, which is to be gone on with
	RetryKey  string // made up by the client: the same entry again answers who was entered; "": none
}

// maxRetryKey is how many characters an idempotency key may have.
const maxRetryKey = 100

// idOf is the id of who is entered: with a retry key the same each time.
func (s *Service) idOf(actor account.Actor, e Entry) key.Key {
	id := s.IDs.NewID()
	if e.RetryKey != "" {
		space := uuid.MustParse("0d1f6a57-95a2-4a0e-8a53-0f7f0f2f9a3c") // ours: a number that nobody else uses
		id = uuid.NewSHA1(space, []byte(e.Household.String()+"/"+actor.ID+"/"+e.RetryKey))
	}
	return key.Key{Home: e.Household.Home, ID: id}
}

// Create enters somebody in a household. Right: Keep. INVALID as in CheckPerson and CheckResidency. CONFLICT: the identity number has a file in the district; of one that lies out
// of the actor's reach nothing else is told, and it counts as a search. LIMITED: too many numbers, or searches, within the hour. An Entry that HasFile goes on with that one: NOT_FOUND
// where none has both name and number.
func (s *Service) Create(ctx context.Context, actor account.Actor, e Entry) (out Resident, err error) {
	if len(e.RetryKey) > maxRetryKey {
		return Resident{}, fault.New(fault.Invalid, "idempotencyKey", "resident.retryKey", "max", maxRetryKey)
	}
	id := s.idOf(actor, e)
	act := of(Created, "RESIDENT", id)
	err = s.recordedAs(ctx, actor, &act, func(ctx context.Context) error {
		h, err := s.home(ctx, actor, e.Household, account.Keep)
		if err != nil {
			return err
		}
		p, odd, err := CheckPerson(e.Person, e.Odd, s.Now())
		if err != nil {
			return err
		}
		r, err := s.at(h, e.Residency)
		if err != nil {
			return err
		}
		if e.HasFile {
			out, err = s.takeUp(ctx, actor, &act, p, r)
			return err
		}
		if was, known, err := s.Store.ResidentByKey(ctx, actor, id); err != nil {
			return err
		} else if known {
			p, err := s.open(ctx, was)
			out = p.Masked(was)
			return err
		}
		if err := s.fresh(ctx, actor, id, p.Identity); err != nil {
			return err
		}
		sealed := Sealed{Key: id, OddIdentity: odd, Version: 1}
		if sealed, err = s.seal(ctx, sealed, p); err != nil {
			return err
		}
		r.ResidentID = id.ID
		out = p.Masked(sealed)
		return s.Store.AddResident(ctx, actor, sealed, r)
	})
	if err != nil {
		return Resident{}, err
	}
	return out, nil
}

// numbered are those in a district who have an identity number, whoever may see them; until the transaction ends nobody else gets it.
func (s *Service) numbered(ctx context.Context, district, number string) ([]Sealed, error) {
	if _, err := s.Keys.For(ctx, district, IdentityKeys); err != nil { // made before hashes are, so that two at once have one in common
		return nil, err
	}
	lookups, err := s.Keys.Lookups(ctx, IdentityKeys, number)
	if err != nil {
		return nil, err
	}
	if err := s.Store.LockNumbers(ctx, account.TheKeeper(), district, lookups); err != nil {
		return nil, err
	}
	return s.Store.ByIdentity(ctx, account.TheKeeper(), district, lookups)
}

// fresh refuses a number that is another's than k's in its district. Looking is rationed whatever is found, and who has used their searches up is not told even that.
func (s *Service) fresh(ctx context.Context, actor account.Actor, k key.Key, number string) error {
	if number == "" {
		return nil
	}
	if err := s.rationed(ctx, actor, "number", mostNumbers); err != nil {
		return err
	}
	if n, err := s.Store.Used(ctx, actor, "search", s.Now().Add(-within)); err != nil {
		return err
	} else if n >= mostSearches {
		return fault.New(fault.Limited, "", "resident.tooOften", "max", mostSearches)
	}
	known, err := s.numbered(ctx, k.Home, number)
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(p Sealed) bool { return p.Key == k })
	if len(known) == 0 {
		return nil
	}
	for _, p := range known {
		if holds(actor.Reach(account.Keep), p.Key, p.Places) {
			return fault.New(fault.Conflict, "identityNumber", "resident.known")
		}
	}
	if err := s.rationed(ctx, actor, "search", mostSearches); err != nil {
		return err
	}
	return fault.New(fault.Conflict, "identityNumber", "resident.hasFile")
}

// takeUp lets somebody who has a file in the district belong to a household by whole name and number, as a card in the hand has them, wherever the file lies. What they leave by it
// ends. The caller has checked that the actor keeps files there. It counts as a search.
func (s *Service) takeUp(ctx context.Context, actor account.Actor, act *audit.Entry, p Person, r Residency) (Resident, error) {
	if p.Identity == "" {
		return Resident{}, fault.New(fault.Invalid, "identityNumber", "resident.numberNeeded")
	}
	if err := s.rationed(ctx, actor, "search", mostSearches); err != nil {
		return Resident{}, err
	}
	known, err := s.numbered(ctx, r.Key.Home, p.Identity)
	if err != nil {
		return Resident{}, err
	}
	for _, of := range known {
		was, err := s.open(ctx, of)
		if err != nil {
			return Resident{}, err
		}
		if was.Name != p.Name {
			continue
		}
		act.Action, act.Object.ID = MovedIn, of.Key.String()
		if err := s.moveFrom(ctx, actor, of, r); err != nil {
			return Resident{}, err
		}
		if now := was.with(p); now != was {
			if of, err = s.seal(ctx, of, now); err != nil {
				return Resident{}, err
			}
			if err := s.Store.SaveResident(ctx, account.TheKeeper(), of); err != nil {
				return Resident{}, err
			}
			was = now
			of.Version++
		}
		return was.Masked(of), nil
	}
	return Resident{}, fault.New(fault.NotFound, "identityNumber", "resident.noFile")
}

// moveFrom adds a residency of somebody and ends what they leave by it. Where they belong to the household so already, nothing is done.
func (s *Service) moveFrom(ctx context.Context, actor account.Actor, of Sealed, r Residency) error {
	keeper := account.TheKeeper()
	all, err := s.Store.ResidenciesOf(ctx, keeper, of.Key)
	if err != nil {
		return err
	}
	r.ResidentID = of.Key.ID
	if slices.ContainsFunc(all, func(was Residency) bool { return was.says(r) }) {
		return nil
	}
	for _, was := range all {
		left, leaves := was.leftFor(r)
		if !leaves {
			continue
		}
		if err := s.Store.EndResidency(ctx, keeper, was.Key, r.From, s.Today()); err != nil {
			return err
		}
		if left.LivesHere || left.RegisteredHere {
			left.Key.ID = s.IDs.NewID()
			if err := s.Store.AddResidency(ctx, keeper, left, s.Today()); err != nil {
				return err
			}
		}
	}
	return s.Store.AddResidency(ctx, actor, r, s.Today())
}

// at is a residency in a household: checked, with an id and its place.
func (s *Service) at(h Home, r Residency) (Residency, error) {
	r.Key = key.Key{Home: h.Household.Home, ID: s.IDs.NewID()}
	r.Unit, r.Dwelling, r.Number, r.Area = h.Unit, h.Dwelling, h.Number, h.Area
	if r.From.IsZero() {
		r.From = s.Today()
	}
	return r, CheckResidency(r, s.Today())
}

// Change is what is to be known of somebody; nil leaves it as it is, an empty text takes it away.
type Change struct {
	Resident                     key.Key
	Version                      int // that was read
	Name, Identity, Phone, Birth *string
	Odd                          bool // as in Entry
}

// Update changes what is known of somebody. Right: Keep. INVALID as in CheckPerson; CONFLICT: the version moved, or the identity number has another file, as in Create.
func (s *Service) Update(ctx context.Context, actor account.Actor, c Change) (out Resident, err error) {
	err = s.recorded(ctx, actor, of(Changed, "RESIDENT", c.Resident), func(ctx context.Context) error {
		sealed, err := s.sealed(ctx, actor, c.Resident, account.Keep)
		if err != nil {
			return err
		}
		if sealed.Version != c.Version {
			return fault.New(fault.Conflict, "version", "conflict")
		}
		p, err := s.open(ctx, sealed)
		if err != nil {
			return err
		}
		was := p.Identity
		for _, v := range []struct{ to, from *string }{{&p.Name, c.Name}, {&p.Identity, c.Identity}, {&p.Phone, c.Phone}, {&p.Born, c.Birth}} {
			if v.from != nil {
				*v.to = *v.from
			}
		}
		p, odd, err := CheckPerson(p, c.Odd || c.Identity == nil && sealed.OddIdentity, s.Now())
		if err != nil {
			return err
		}
		if p.Identity != was {
			if err := s.fresh(ctx, actor, sealed.Key, p.Identity); err != nil {
				return err
			}
		}
		sealed.OddIdentity = odd
		if sealed, err = s.seal(ctx, sealed, p); err != nil {
			return err
		}
		if err := s.Store.SaveResident(ctx, actor, sealed); err != nil {
			return err
		}
		sealed.Version++
		out = p.Masked(sealed)
		return nil
	})
	return out, err
}

// MoveIn lets somebody who is known belong to a household, too. Right: Keep, of both. CONFLICT: they live, or are registered, elsewhere at that time.
func (s *Service) MoveIn(ctx context.Context, actor account.Actor, resident, household key.Key, r Residency) (out Residency, err error) {
	err = s.recorded(ctx, actor, of(MovedIn, "RESIDENT", resident), func(ctx context.Context) error {
		known, err := s.sealed(ctx, actor, resident, account.Keep)
		if err != nil {
			return err
		}
		h, err := s.home(ctx, actor, household, account.Keep)
		if err != nil {
			return err
		}
		if h.Household.Home != known.Key.Home {
			return fault.New(fault.Invalid, "household", "resident.otherDistrict")
		}
		if out, err = s.at(h, r); err != nil {
			return err
		}
		out.ResidentID = known.Key.ID
		return s.Store.AddResidency(ctx, actor, out, s.Today())
	})
	return out, err
}

// MoveOut ends a residency: until is the first day on which somebody does not belong to the household any more. Right: Keep. CONFLICT: it has ended.
func (s *Service) MoveOut(ctx context.Context, actor account.Actor, residency key.Key, until civil.Date) (out Residency, err error) {
	err = s.recorded(ctx, actor, of(MovedOut, "RESIDENCY", residency), func(ctx context.Context) error {
		if out, err = s.residency(ctx, actor, residency, account.Keep); err != nil {
			return err
		}
		if out.Until != nil {
			return fault.New(fault.Conflict, "id", "resident.ended")
		}
		out.Until = &until
		if err := CheckResidency(out, s.Today()); err != nil {
			return err
		}
		return s.Store.EndResidency(ctx, actor, out.Key, until, s.Today())
	})
	return out, err
}

// Export is what is known of somebody within the actor's reach, for themselves: as it is, with what it leaves out and who tells that. Right: Reveal. LIMITED as a reveal is.
func (s *Service) Export(ctx context.Context, actor account.Actor, k key.Key, why Why) (out Export, err error) {
	if err := why.Check(); err != nil {
		return Export{}, err
	}
	act := of(Exported, "RESIDENT", k)
	act.Purpose, act.Case = why.Purpose, why.Case
	err = s.recorded(ctx, actor, act, func(ctx context.Context) error {
		if err := s.rationed(ctx, actor, "reveal", mostReveals); err != nil {
			return err
		}
		sealed, err := s.sealed(ctx, actor, k, account.Reveal)
		if err != nil {
			return err
		}
		p, err := s.open(ctx, sealed)
		if err != nil {
			return err
		}
		residencies, err := s.Store.ResidenciesOf(ctx, actor, k)
		if err != nil {
			return err
		}
		tags, err := s.tags(ctx, actor, []key.Key{k})
		out = exportOf(k, p, residencies, tags[k.ID], seesTag(actor, true, sealed.Key, sealed.Places), s.Now())
		return err
	})
	if err != nil {
		return Export{}, err
	}
	return out, nil
}

// Erase removes somebody's file: the residencies and the tags with it, and answers that nobody else gave who still belongs to the household. A count by month and reason is all that is left, and the record that it was done. Right: Keep.
func (s *Service) Erase(ctx context.Context, actor account.Actor, k key.Key, why Reason) error {
	if why != OnRequest && why != ByMistake {
		return fault.New(fault.Invalid, "reason", "resident.reason")
	}
	return s.recorded(ctx, actor, of(Erased, "RESIDENT", k), func(ctx context.Context) error {
		if _, err := s.sealed(ctx, actor, k, account.Keep); err != nil {
			return err
		}
		return s.Store.RemoveResident(ctx, actor, k, why, s.Today())
	})
}
