package place

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
)

var creditCodeForm = regexp.MustCompile(`^[0-9A-Z]{18}$`)

// creditDigits are the digits of a unified social credit code, by their values 0 to 30 (GB 32100-2015, 4.2).
const creditDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// ValidCreditCode reports whether s is a unified social credit code whose last digit checks the others (GB 32100-2015, 4.3:
// the sum of the digits with the weights 3^i modulo 31, taken from 31).
func ValidCreditCode(s string) bool {
	if len(s) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(creditDigits, s[i])
		if value < 0 {
			return false
		}
		sum, weight = sum+value*weight, weight*3%31
	}
	return s[17] == creditDigits[(31-sum%31)%31]
}

// CheckEntity is CheckRow with what a legal entity needs besides. A credit code whose check digit is wrong is taken: registers
// hold such codes.
func CheckEntity(r EntityRow) error {
	if err := CheckRow(r.Row); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(r.Name) == "":
		return refuseRow(r.Row, "name", "a legal entity needs a name; name the property that holds it with --field name=PROPERTY")
	case r.CreditCode != "" && !creditCodeForm.MatchString(r.CreditCode):
		return refuseRow(r.Row, "credit_code", "a credit code has 18 digits and capital letters")
	case r.Employees != nil && (*r.Employees < 0 || *r.Employees > maxPeople):
		return refuseRow(r.Row, "employees", "employees %d: 0 to 10,000,000 are allowed", *r.Employees)
	case r.PartyMembers != nil && (*r.PartyMembers < 0 || *r.PartyMembers > maxPeople):
		return refuseRow(r.Row, "party_members", "party members %d: 0 to 10,000,000 are allowed", *r.PartyMembers)
	}
	return errors.Join(CheckText(r.Row, "category", r.Category, 100), CheckText(r.Row, "address", r.Address, 300),
		CheckText(r.Row, "party_organisation", r.PartyOrganisation, 200))
}

// maxPeople is more than any employer has.
const maxPeople = 10_000_000

// ImportEntities is ImportDivisions for legal entities. One without a point lies where the building with its address does;
// o.District is the district of those that no building is found for.
func (s *Service) ImportEntities(ctx context.Context, actor account.Actor, rows iter.Seq2[EntityRow, error], o ImportOptions) (Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return Report{}, err
	}
	return s.Store.ImportEntities(ctx, actor, checked(rows, CheckEntity), o)
}

// EntitiesOf returns a page of the legal entities of each building, or in each division and beneath it, by name. The map's
// key is the building's or division's id. The public is not told codes, employees and the party's figures.
func (s *Service) EntitiesOf(ctx context.Context, actor account.Actor, q EntityQuery) (map[uuid.UUID]page.Page[LegalEntity], error) {
	found, err := s.Store.EntitiesOf(ctx, actor, q)
	if err != nil || actor.RequireOperator() == nil {
		return found, err
	}
	for _, list := range found {
		for i := range list.Items {
			e := &list.Items[i].Node
			e.Code, e.CreditCode, e.Employees, e.PartyOrganisation, e.PartyMembers = "", "", nil, "", nil
		}
	}
	return found, nil
}

// EntityQuery is which page of legal entities is read, of buildings or of divisions.
type EntityQuery struct {
	Buildings []key.Key
	Divisions []uuid.UUID
	Args      page.Args
	Count     bool // also count them all
}
