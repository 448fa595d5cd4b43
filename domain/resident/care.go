package resident

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"care.unknown", "There is no such category of care.", "没有该照护类别。"},
	[3]string{"care.notFound", "There is no such tag.", "没有该标签。"},
	[3]string{"form.unknown", "There is no such form.", "没有该采集表。"},
)

// errUnreadable is for what opens and is not what we sealed: a fault of ours.
var errUnreadable = errors.New("resident: what was sealed cannot be read")

// seesTag reports whether a tag of somebody may be read and written.
func seesTag(actor account.Actor, restricted bool, of key.Key, at Places) bool {
	right := account.Care
	if restricted {
		right = account.Restricted
	}
	return holds(actor.Reach(right), of, at)
}

// requireTags refuses whom neither right to tags reaches anything: FORBIDDEN.
func requireTags(actor account.Actor) error {
	if err := actor.Require(account.Care); err != nil {
		return actor.Require(account.Restricted)
	}
	return nil
}

// tags are those of people that the actor may see, opened; none to who may see no tags at all.
func (s *Service) tags(ctx context.Context, actor account.Actor, residents []key.Key) (map[uuid.UUID][]Tag, error) {
	if len(residents) == 0 || requireTags(actor) != nil {
		return nil, nil
	}
	found, err := s.Store.TagsOf(ctx, actor, residents)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID][]Tag{}
	for id, list := range found {
		for _, sealed := range list {
			if !seesTag(actor, sealed.Restricted, sealed.Key, sealed.Places) || sealed.expired(s.Today()) {
				continue
			}
			t, err := s.openTag(ctx, sealed)
			if err != nil {
				return nil, err
			}
			out[id] = append(out[id], t)
		}
		slices.SortFunc(out[id], func(a, b Tag) int { return cmp.Compare(a.Category, b.Category) })
	}
	return out, nil
}

// SetTag says that somebody belongs to a category; without dates it is reviewed in half a year and expires in one. Right: Care, for a restricted category Restricted.
// It replaces a tag of the category that has expired. INVALID: no such category; CONFLICT: they belong to it already, restricted or not as the category is now.
func (s *Service) SetTag(ctx context.Context, actor account.Actor, resident key.Key, t Tag) (out Tag, err error) {
	id := s.IDs.NewID()
	err = s.recorded(ctx, actor, of(Tagged, "RESIDENT", resident), func(ctx context.Context) error {
		if err := requireTags(actor); err != nil {
			return err
		}
		all, err := s.Store.Categories(ctx, actor)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(c Category) bool { return c.Code == t.Category })
		if i < 0 {
			return fault.New(fault.Invalid, "category", "care.unknown")
		}
		who, ok, err := s.Store.ResidentByKey(ctx, actor, resident)
		if err != nil {
			return err
		}
		if !ok || !seesTag(actor, all[i].Restricted, who.Key, who.Places) {
			return fault.New(fault.NotFound, "id", "resident.notFound")
		}
		t.Key, t.ResidentID, t.Restricted, t.SetBy, t.SetOn = key.Key{Home: who.Key.Home, ID: id}, who.Key.ID, all[i].Restricted, actor.ID, s.Today()
		if t.LegalBasis == "" {
			t.LegalBasis = all[i].LegalBasis
		}
		if t.ReviewOn.IsZero() {
			t.ReviewOn = t.SetOn.AddDays(182)
		}
		if t.ExpiresOn.IsZero() {
			t.ExpiresOn = t.SetOn.AddDays(365)
		}
		if err := CheckTag(t); err != nil {
			return err
		}
		sealed, err := s.sealTag(ctx, t)
		if err != nil {
			return err
		}
		lookups, err := s.Keys.Lookups(ctx, CareKeys, t.Category)
		if err != nil {
			return err
		}
		sealed.Places = who.Places
		out = t
		return s.Store.AddTag(ctx, actor, sealed, lookups)
	})
	if err != nil {
		return Tag{}, err
	}
	return out, nil
}

// RemoveTag takes a tag away. Right as in SetTag.
func (s *Service) RemoveTag(ctx context.Context, actor account.Actor, k key.Key) error {
	return s.recorded(ctx, actor, of(Untagged, "CARE_TAG", k), func(ctx context.Context) error {
		if err := requireTags(actor); err != nil {
			return err
		}
		t, ok, err := s.Store.TagByKey(ctx, actor, k)
		if err != nil {
			return err
		}
		if !ok || !seesTag(actor, t.Restricted, t.Key, t.Places) {
			return fault.New(fault.NotFound, "id", "care.notFound")
		}
		return s.Store.RemoveTag(ctx, actor, k)
	})
}

// Categories are the categories of care, by code. They are for everyone who works here.
func (s *Service) Categories(ctx context.Context, actor account.Actor) ([]Category, error) {
	if !actor.OneOf(account.Staff, account.Operator) {
		return nil, fault.New(fault.Forbidden, "", "forbidden")
	}
	return s.Store.Categories(ctx, actor)
}

// SetCategory adds a category of care or changes one; tags that stand keep being restricted or not. Operators only. CONFLICT: the version moved.
func (s *Service) SetCategory(ctx context.Context, actor account.Actor, c Category) (Category, error) {
	if err := CheckCategory(c); err != nil { // before its code is on record
		return Category{}, err
	}
	err := s.recorded(ctx, actor, audit.Entry{Action: CategoryChange, Object: audit.Object{Kind: "CARE_CATEGORY", ID: c.Code}}, func(ctx context.Context) error {
		if err := actor.RequireOperator(); err != nil {
			return err
		}
		return s.Store.SaveCategory(ctx, actor, c)
	})
	c.Version++
	return c, err
}

// Forms are the collection forms, the newest last.
func (s *Service) Forms(ctx context.Context, actor account.Actor) ([]Form, error) {
	if !actor.OneOf(account.Staff, account.Operator) {
		return nil, fault.New(fault.Forbidden, "", "forbidden")
	}
	return s.Store.Forms(ctx, actor)
}

// FillForm keeps what a household answered, in the place of what it answered before. Right: Keep. INVALID: no such form, or answers that it does not ask for.
func (s *Service) FillForm(ctx context.Context, actor account.Actor, household key.Key, version int, answers map[string]string) (out FilledForm, err error) {
	err = s.recorded(ctx, actor, of(FilledIn, "HOUSEHOLD", household), func(ctx context.Context) error {
		h, err := s.home(ctx, actor, household, account.Keep)
		if err != nil {
			return err
		}
		f, err := s.form(ctx, actor, version)
		if err != nil {
			return err
		}
		if answers, err = CheckAnswers(f, answers); err != nil {
			return err
		}
		was, known, err := s.Store.FormOf(ctx, actor, h)
		if err != nil {
			return err
		}
		sealed := SealedForm{ID: s.IDs.NewID(), Version: version, FilledOn: s.Today(), FilledBy: actor.ID}
		if known {
			sealed.ID = was.ID
		}
		plain, err := json.Marshal(answers)
		if err != nil {
			return err
		}
		k, err := s.Keys.For(ctx, h.Household.Home, FormKeys)
		if err != nil {
			return err
		}
		sealed.Answers = k.Seal(place("household_form", "answers", sealed.ID), plain)
		out = FilledForm{Form: f, Answers: answers, FilledOn: sealed.FilledOn, FilledBy: sealed.FilledBy}
		return s.Store.SaveForm(ctx, actor, h, sealed)
	})
	return out, err
}

func (s *Service) form(ctx context.Context, actor account.Actor, version int) (Form, error) {
	all, err := s.Store.Forms(ctx, actor)
	if err != nil {
		return Form{}, err
	}
	i := slices.IndexFunc(all, func(f Form) bool { return f.Version == version })
	if i < 0 {
		return Form{}, fault.New(fault.Invalid, "form", "form.unknown")
	}
	return all[i], nil
}

// filled is what a household answered; nil: it was never asked, or the actor, who neither keeps nor reveals files here, sees them masked alone.
func (s *Service) filled(ctx context.Context, actor account.Actor, h Home) (*FilledForm, error) {
	if !actor.Reach(account.Keep).Holds(h.Area) && !actor.Reach(account.Reveal).Holds(h.Area) {
		return nil, nil
	}
	sealed, ok, err := s.Store.FormOf(ctx, actor, h)
	if err != nil || !ok {
		return nil, err
	}
	f, err := s.form(ctx, actor, sealed.Version)
	if err != nil {
		return nil, err
	}
	plain, err := s.Keys.Open(ctx, place("household_form", "answers", sealed.ID), sealed.Answers)
	if err != nil {
		return nil, err
	}
	out := &FilledForm{Form: f, FilledOn: sealed.FilledOn, FilledBy: sealed.FilledBy}
	if err := json.Unmarshal(plain, &out.Answers); err != nil {
		return nil, errUnreadable
	}
	return out, nil
}
