package graph

import (
	"context"
	"encoding/json"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/resident"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// What the fields of residents' files do. Where there is no service for them they are unavailable.

func (r *Resolver) files() (*resident.Service, error) {
	if r.Residents == nil {
		return nil, fault.New(fault.Unavailable, "", "unavailable", "what", "residents")
	}
	return r.Residents, nil
}

// filed runs do with the service, the actor and the key that a client named; its refusals are the input's.
func filed[T any](ctx context.Context, r *Resolver, id, field, unknown string, do func(s *resident.Service, a account.Actor, k key.Key) (T, error)) (out T, err error) {
	s, err := r.files()
	if err != nil {
		return out, err
	}
	k, ok := key.Parse(id)
	if !ok {
		return out, within("input", fault.New(fault.NotFound, field, unknown))
	}
	out, err = do(s, account.FromContext(ctx), k)
	if err != nil {
		err = within("input", err)
	}
	return out, err
}

func (r *Resolver) householdFile(ctx context.Context, household string) (*node.HouseholdFile, error) {
	s, err := r.files()
	if err != nil {
		return nil, err
	}
	k, ok := key.Parse(household)
	if !ok {
		return nil, fault.New(fault.NotFound, "household", "resident.noHousehold")
	}
	f, err := s.File(ctx, account.FromContext(ctx), k)
	if err != nil {
		return nil, err
	}
	out := &node.HouseholdFile{Household: f.Home.Household.String(), Room: f.Home.Room, Number: f.Home.Number, Form: filledForm(f.Form)}
	if f.Kind != "" {
		kind := node.HouseholdKind(f.Kind)
		out.Kind = &kind
	}
	out.Members = make([]*node.HouseholdMember, len(f.Members))
	for i, m := range f.Members {
		member := &node.HouseholdMember{Resident: residentNode(m.Resident), Residency: residencyNode(m.Residency), Tags: make([]*node.CareTag, len(m.Tags))}
		for j, t := range m.Tags {
			member.Tags[j] = tagNode(t)
		}
		out.Members[i] = member
	}
	return out, nil
}

func residentNode(p resident.Resident) *node.Resident {
	return &node.Resident{ID: p.Key.String(), Name: p.Name, IdentityNumber: node.Optional(p.Identity), Phone: node.Optional(p.Phone), BirthDate: node.Optional(p.BirthDate),
		OddIdentityNumber: p.OddIdentity, Version: p.Version}
}

func residencyNode(m resident.Residency) *node.Residency {
	return &node.Residency{ID: m.Key.String(), RegisteredHere: m.RegisteredHere, LivesHere: m.LivesHere, Tenure: node.Tenure(m.Tenure), From: m.From, Until: m.Until}
}

func tagNode(t resident.Tag) *node.CareTag {
	return &node.CareTag{ID: t.Key.String(), Category: t.Category, LegalBasis: t.LegalBasis, Restricted: t.Restricted, SetOn: t.SetOn, ReviewOn: t.ReviewOn, ExpiresOn: t.ExpiresOn}
}

func categoryNode(c resident.Category) *node.CareCategory {
	return &node.CareCategory{Code: c.Code, Name: c.Chinese, NameEn: c.English, LegalBasis: c.LegalBasis, Restricted: c.Restricted, Version: c.Version}
}

func filledForm(f *resident.FilledForm) *node.FilledForm {
	if f == nil {
		return nil
	}
	out := &node.FilledForm{Form: f.Form.Version, FilledOn: f.FilledOn, Answers: []*node.FormAnswer{}}
	for _, item := range f.Form.Items {
		if answer, ok := f.Answers[item.Key]; ok {
			out.Answers = append(out.Answers, &node.FormAnswer{Key: item.Key, Answer: answer})
		}
	}
	return out
}

func (r *Resolver) careCategories(ctx context.Context) ([]*node.CareCategory, error) {
	s, err := r.files()
	if err != nil {
		return nil, err
	}
	list, err := s.Categories(ctx, account.FromContext(ctx))
	out := make([]*node.CareCategory, len(list))
	for i, c := range list {
		out[i] = categoryNode(c)
	}
	return out, err
}

func (r *Resolver) collectionForms(ctx context.Context) ([]*node.CollectionForm, error) {
	s, err := r.files()
	if err != nil {
		return nil, err
	}
	list, err := s.Forms(ctx, account.FromContext(ctx))
	out := make([]*node.CollectionForm, len(list))
	for i, f := range list {
		form := &node.CollectionForm{Version: f.Version, Since: f.Since, Items: make([]*node.FormItem, len(f.Items))}
		for j, item := range f.Items {
			of := &node.FormItem{Key: item.Key, Name: item.Chinese, NameEn: item.English, Kind: node.FormItemKind(item.Kind), Options: make([]*node.FormOption, len(item.Options))}
			for n, o := range item.Options {
				of.Options[n] = &node.FormOption{Key: o.Key, Name: o.Chinese, NameEn: o.English}
			}
			form.Items[j] = of
		}
		out[i] = form
	}
	return out, err
}

func why(purpose node.Purpose, number *string) resident.Why {
	return resident.Why{Purpose: audit.Purpose(purpose), Case: orEmpty(number)}
}

func (r *Resolver) revealResident(ctx context.Context, in node.RevealResidentInput) (*node.RevealResidentPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.RevealResidentPayload, error) {
		value, err := s.Reveal(ctx, a, k, resident.Field(in.Field), why(in.Purpose, in.CaseNumber))
		return &node.RevealResidentPayload{Value: value}, err
	})
}

func (r *Resolver) searchResident(ctx context.Context, in node.SearchResidentInput) (*node.SearchResidentPayload, error) {
	s, err := r.files()
	if err != nil {
		return nil, err
	}
	found, err := s.Search(ctx, account.FromContext(ctx), in.IdentityNumber, why(in.Purpose, in.CaseNumber))
	if err != nil {
		return nil, within("input", err)
	}
	out := &node.SearchResidentPayload{Residents: make([]*node.Resident, len(found))}
	for i, p := range found {
		out.Residents[i] = residentNode(p)
	}
	return out, nil
}

func (r *Resolver) createResident(ctx context.Context, in node.CreateResidentInput) (*node.CreateResidentPayload, error) {
	return filed(ctx, r, in.Household, "household", "resident.noHousehold", func(s *resident.Service, a account.Actor, k key.Key) (*node.CreateResidentPayload, error) {
		p, err := s.Create(ctx, a, resident.Entry{
			Household: k,
			Person:    resident.Person{Name: in.Name, Identity: orEmpty(in.IdentityNumber), Phone: orEmpty(in.Phone), Born: orEmpty(in.BirthDate)},
			Odd:       in.OddIdentityNumber != nil && *in.OddIdentityNumber,
			Residency: began(in.RegisteredHere, in.LivesHere, in.Tenure, in.From),
			HasFile:   in.HasFile != nil && *in.HasFile,
			RetryKey:  orEmpty(in.IdempotencyKey),
		})
		return &node.CreateResidentPayload{Resident: residentNode(p)}, err
	})
}

// began is a residency as it was typed.
func began(registered, lives bool, tenure node.Tenure, from *civil.Date) resident.Residency {
	out := resident.Residency{RegisteredHere: registered, LivesHere: lives, Tenure: resident.Tenure(tenure)}
	if from != nil {
		out.From = *from
	}
	return out
}

func (r *Resolver) updateResident(ctx context.Context, in node.UpdateResidentInput) (*node.UpdateResidentPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.UpdateResidentPayload, error) {
		p, err := s.Update(ctx, a, resident.Change{Resident: k, Version: in.Version, Name: in.Name, Identity: in.IdentityNumber, Phone: in.Phone, Birth: in.BirthDate,
			Odd: in.OddIdentityNumber != nil && *in.OddIdentityNumber})
		return &node.UpdateResidentPayload{Resident: residentNode(p)}, err
	})
}

func (r *Resolver) moveInResident(ctx context.Context, in node.MoveInResidentInput) (*node.MoveInResidentPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.MoveInResidentPayload, error) {
		household, ok := key.Parse(in.Household)
		if !ok {
			return nil, fault.New(fault.NotFound, "household", "resident.noHousehold")
		}
		m, err := s.MoveIn(ctx, a, k, household, began(in.RegisteredHere, in.LivesHere, in.Tenure, in.From))
		return &node.MoveInResidentPayload{Residency: residencyNode(m)}, err
	})
}

func (r *Resolver) moveOutResident(ctx context.Context, in node.MoveOutResidentInput) (*node.MoveOutResidentPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.noResidency", func(s *resident.Service, a account.Actor, k key.Key) (*node.MoveOutResidentPayload, error) {
		m, err := s.MoveOut(ctx, a, k, in.Until)
		return &node.MoveOutResidentPayload{Residency: residencyNode(m)}, err
	})
}

func (r *Resolver) exportResident(ctx context.Context, in node.ExportResidentInput) (*node.ExportResidentPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.ExportResidentPayload, error) {
		e, err := s.Export(ctx, a, k, why(in.Purpose, in.CaseNumber))
		if err != nil {
			return nil, err
		}
		text, err := json.MarshalIndent(e, "", "  ")
		return &node.ExportResidentPayload{Document: string(text)}, err
	})
}

func (r *Resolver) eraseResident(ctx context.Context, in node.EraseResidentInput) (*node.EraseResidentPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.EraseResidentPayload, error) {
		return &node.EraseResidentPayload{ID: in.ID}, s.Erase(ctx, a, k, resident.Reason(in.Reason))
	})
}

func (r *Resolver) mergeResidents(ctx context.Context, in node.MergeResidentsInput) (*node.MergeResidentsPayload, error) {
	return filed(ctx, r, in.Keep, "keep", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.MergeResidentsPayload, error) {
		other, ok := key.Parse(in.Other)
		if !ok {
			return nil, fault.New(fault.NotFound, "other", "resident.notFound")
		}
		p, err := s.Merge(ctx, a, resident.Merge{Keep: k, KeepVersion: in.KeepVersion, Other: other, OtherVersion: in.OtherVersion, SamePerson: in.SamePerson != nil && *in.SamePerson})
		return &node.MergeResidentsPayload{Resident: residentNode(p)}, err
	})
}

func (r *Resolver) setCareTag(ctx context.Context, in node.SetCareTagInput) (*node.SetCareTagPayload, error) {
	return filed(ctx, r, in.ID, "id", "resident.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.SetCareTagPayload, error) {
		t := resident.Tag{Category: in.Category, LegalBasis: orEmpty(in.LegalBasis)}
		if in.ReviewOn != nil {
			t.ReviewOn = *in.ReviewOn
		}
		if in.ExpiresOn != nil {
			t.ExpiresOn = *in.ExpiresOn
		}
		t, err := s.SetTag(ctx, a, k, t)
		return &node.SetCareTagPayload{Tag: tagNode(t)}, err
	})
}

func (r *Resolver) removeCareTag(ctx context.Context, in node.RemoveCareTagInput) (*node.RemoveCareTagPayload, error) {
	return filed(ctx, r, in.ID, "id", "care.notFound", func(s *resident.Service, a account.Actor, k key.Key) (*node.RemoveCareTagPayload, error) {
		return &node.RemoveCareTagPayload{ID: in.ID}, s.RemoveTag(ctx, a, k)
	})
}

func (r *Resolver) setCareCategory(ctx context.Context, in node.SetCareCategoryInput) (*node.SetCareCategoryPayload, error) {
	s, err := r.files()
	if err != nil {
		return nil, err
	}
	c, err := s.SetCategory(ctx, account.FromContext(ctx), resident.Category{Code: in.Code, Chinese: in.Name, English: in.NameEn, LegalBasis: in.LegalBasis,
		Restricted: in.Restricted, Version: in.Version})
	if err != nil {
		return nil, within("input", err)
	}
	return &node.SetCareCategoryPayload{Category: categoryNode(c)}, nil
}

func (r *Resolver) fillHouseholdForm(ctx context.Context, in node.FillHouseholdFormInput) (*node.FillHouseholdFormPayload, error) {
	return filed(ctx, r, in.Household, "household", "resident.noHousehold", func(s *resident.Service, a account.Actor, k key.Key) (*node.FillHouseholdFormPayload, error) {
		answers := make(map[string]string, len(in.Answers))
		for _, given := range in.Answers {
			answers[given.Key] = given.Answer
		}
		f, err := s.FillForm(ctx, a, k, in.Form, answers)
		return &node.FillHouseholdFormPayload{Form: filledForm(&f)}, err
	})
}
