package resident

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"wangge/domain/key"
	"wangge/domain/secret"
)

// place is where a value is kept, which it is bound to.
func place(table, column string, row uuid.UUID) secret.Place {
	return secret.Place{Table: table, Column: column, Row: row}
}

// Columns are all that sealed values are kept in.
var Columns = []secret.Column{
	{Table: "resident", Column: "name", Category: NameKeys},
	{Table: "resident", Column: "identity", Category: IdentityKeys, Lookup: "identity_lookup", Hashed: func(plain []byte) (string, error) { return string(plain), nil }},
	{Table: "resident", Column: "phone", Category: ContactKeys},
	{Table: "resident", Column: "born", Category: NameKeys},
	{Table: "care_tag", Column: "tag", Category: CareKeys, Lookup: "lookup", Hashed: func(plain []byte) (string, error) {
		var in inTag
		err := json.Unmarshal(plain, &in)
		if err != nil {
			err = errUnreadable // what the decoder says could quote a tag
		}
		return in.Category, err
	}},
	{Table: "household_form", Column: "answers", Category: FormKeys},
}

// seal seals what is known of a person.
func (s *Service) seal(ctx context.Context, to Sealed, p Person) (Sealed, error) {
	to.Identity, to.IdentityLookup, to.Phone, to.Born = nil, nil, nil, nil
	for _, v := range []struct {
		column string
		of     secret.Category
		value  string
		to     *[]byte
	}{
		{"name", NameKeys, p.Name, &to.Name}, {"identity", IdentityKeys, p.Identity, &to.Identity}, {"phone", ContactKeys, p.Phone, &to.Phone}, {"born", NameKeys, p.Born, &to.Born},
	} {
		if v.value == "" {
			continue
		}
		k, err := s.Keys.For(ctx, to.Key.Home, v.of)
		if err != nil {
			return to, err
		}
		*v.to = k.Seal(place("resident", v.column, to.Key.ID), []byte(v.value))
		if v.column == "identity" {
			to.IdentityLookup = k.Lookup(v.value)
		}
	}
	return to, nil
}

// open opens what is known of a person.
func (s *Service) open(ctx context.Context, from Sealed) (p Person, err error) {
	for _, v := range []struct {
		column string
		sealed []byte
		to     *string
	}{{"name", from.Name, &p.Name}, {"identity", from.Identity, &p.Identity}, {"phone", from.Phone, &p.Phone}, {"born", from.Born, &p.Born}} {
		if v.sealed == nil {
			continue
		}
		plain, err := s.Keys.Open(ctx, place("resident", v.column, from.Key.ID), v.sealed)
		if err != nil {
			return Person{}, err
		}
		*v.to = string(plain)
	}
	return p, nil
}

// inTag is what of a tag is sealed: that somebody is ill or poor is told by its category.
type inTag struct {
	Category   string `json:"c"`
	LegalBasis string `json:"b"`
}

func (s *Service) sealTag(ctx context.Context, t Tag) (SealedTag, error) {
	k, err := s.Keys.For(ctx, t.Key.Home, CareKeys)
	if err != nil {
		return SealedTag{}, err
	}
	plain, err := json.Marshal(inTag{t.Category, t.LegalBasis})
	if err != nil {
		return SealedTag{}, err
	}
	out := SealedTag{Tag: t, Sealed: k.Seal(place("care_tag", "tag", t.Key.ID), plain), Lookup: k.Lookup(t.Category)}
	out.Category, out.LegalBasis = "", ""
	return out, nil
}

func (s *Service) openTag(ctx context.Context, t SealedTag) (Tag, error) {
	plain, err := s.Keys.Open(ctx, place("care_tag", "tag", t.Key.ID), t.Sealed)
	if err != nil {
		return Tag{}, err
	}
	var in inTag
	if err := json.Unmarshal(plain, &in); err != nil {
		return Tag{}, errUnreadable
	}
	t.Category, t.LegalBasis = in.Category, in.LegalBasis
	return t.Tag, nil
}

// Export is everything known of somebody, as a file for them.
type Export struct {
	Resident    string            `json:"resident"`
	At          time.Time         `json:"at"`
	Name        string            `json:"name"`
	Identity    string            `json:"identityNumber,omitempty"`
	Phone       string            `json:"phone,omitempty"`
	Born        string            `json:"birthDate,omitempty"`
	Residencies []ExportResidency `json:"residencies"`
	Tags        []ExportTag       `json:"careTags"`
	NotIncluded []string          `json:"notIncluded"` // what may be held besides, and who tells it, in Chinese and English
}

// What an export leaves out. Each is named whether there is such a thing or not, since that is not told either.
const (
	leavesRestricted = "受限照护类别：由总网格长办理。 Restricted categories of care: the community's chief leader tells them."
	leavesElsewhere  = "经办人辖区以外的居住、户籍记录：由当地网格或社区办理。 Residencies outside the area of who made this: whoever keeps files there tells them."
	leavesForms      = "所在户的采集表：在该户档案中查阅。 What the household answered: it stands in the household's file."
	leavesAudit      = "何人何时查阅过本档案：由安全审计员办理。 Who read this file, and when: the auditor tells it."
)

// ExportResidency is where somebody belonged, and when.
type ExportResidency struct {
	Dwelling       string `json:"dwelling"`
	Number         string `json:"number"`
	RegisteredHere bool   `json:"registeredHere"`
	LivesHere      bool   `json:"livesHere"`
	Tenure         Tenure `json:"tenure"`
	From           string `json:"from"`
	Until          string `json:"until,omitempty"`
}

// ExportTag is a care tag.
type ExportTag struct {
	Category   string `json:"category"`
	LegalBasis string `json:"legalBasis"`
	SetOn      string `json:"setOn"`
	ReviewOn   string `json:"reviewOn"`
	ExpiresOn  string `json:"expiresOn"`
}

func exportOf(k key.Key, p Person, residencies []Residency, tags []Tag, restricted bool, now time.Time) Export {
	out := Export{Resident: k.String(), At: now.UTC().Truncate(time.Second), Name: p.Name, Identity: p.Identity, Phone: p.Phone, Born: p.Born,
		Residencies: []ExportResidency{}, Tags: []ExportTag{}, NotIncluded: []string{leavesElsewhere, leavesForms, leavesAudit}}
	if !restricted {
		out.NotIncluded = append(out.NotIncluded, leavesRestricted)
	}
	for _, r := range residencies {
		e := ExportResidency{Dwelling: key.Key{Home: k.Home, ID: r.Dwelling}.String(), Number: r.Number, RegisteredHere: r.RegisteredHere, LivesHere: r.LivesHere,
			Tenure: r.Tenure, From: r.From.String()}
		if r.Until != nil {
			e.Until = r.Until.String()
		}
		out.Residencies = append(out.Residencies, e)
	}
	for _, t := range tags {
		out.Tags = append(out.Tags, ExportTag{t.Category, t.LegalBasis, t.SetOn.String(), t.ReviewOn.String(), t.ExpiresOn.String()})
	}
	return out
}
