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
	"wangge/internal/fault"
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
	bad := []error{CheckRow(r.Row), CheckText(r.Row, "category", r.Category, 100), CheckText(r.Row, "address", r.Address, 300),
		CheckText(r.Row, "party_organisation", r.PartyOrganisation, 200)}
	if strings.TrimSpace(r.Name) == "" {
		bad = append(bad, refuseSaid(r.Row, "name", "entity.noName"))
	}
	if r.CreditCode != "" && !creditCodeForm.MatchString(r.CreditCode) {
		bad = append(bad, refuseSaid(r.Row, "credit_code", "entity.creditCode"))
	}
	for _, count := range []struct {
		field, called string
		n             *int
	}{{"employees", "employees", r.Employees}, {"party_members", "party members", r.PartyMembers}} {
		if count.n != nil && (*count.n < 0 || *count.n > maxPeople) {
			bad = append(bad, refuseSaid(r.Row, count.field, "entity.people", "field", count.called, "n", *count.n))
		}
	}
	return errors.Join(bad...)
}

var _ = fault.Register(
	[3]string{"entity.noName", "a legal entity needs a name; name the property that holds it with --field name=PROPERTY", "单位须有名称；请用 --field name=列名 指明名称所在的列"},
	[3]string{"entity.creditCode", "a credit code has 18 digits and capital letters", "统一社会信用代码须为 18 位数字和大写字母"},
	[3]string{"entity.people", "{field} {n}: 0 to 10,000,000 are allowed", "{field} {n}：须在 0 到 10000000 之间"},
	[3]string{"entity.noPlace", "It has no point, and no building that is known, or several, have its address.", "没有坐标，也无法按地址对应到唯一的楼栋。"},
)

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
