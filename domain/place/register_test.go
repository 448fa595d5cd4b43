package place

import (
	"errors"
	"strings"
	"testing"

	"wangge/internal/fault"
)

func TestCreditCodes(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       bool
	}{
		{"the standard's example", "91350100M000100Y43", true},
		{"a public institution", "91110000101623741K", true},
		{"a sum that 31 divides", "000000000000000000", true},
		{"one digit wrong", "91350100M000100Y44", false},
		{"two digits exchanged", "19350100M000100Y43", false},
		{"a letter that is not used", "9135O100M000100Y43", false},
		{"small letters", "91350100m000100y43", false},
		{"too short", "91350100M000100Y4", false},
		{"empty", "", false},
		{"a character of three bytes", "91350100M000100网", false},
	} {
		if got := ValidCreditCode(c.code); got != c.want {
			t.Errorf("%s, %s: %v", c.name, c.code, got)
		}
	}
}

func FuzzValidCreditCode(f *testing.F) {
	f.Add("91350100M000100Y43")
	f.Fuzz(func(t *testing.T, s string) {
		if !ValidCreditCode(s) {
			return
		}
		// A code with one digit changed is no code.
		for i := range s {
			for _, d := range creditDigits {
				if changed := s[:i] + string(d) + s[i+1:]; changed != s && ValidCreditCode(changed) {
					t.Errorf("%s and %s", s, changed)
				}
			}
		}
	})
}

func TestHouseholdRules(t *testing.T) {
	count := func(n int) *int { return &n }
	for _, c := range []struct {
		name, field string // field at fault, "" where it is right
		row         HouseholdRow
	}{
		{"by code", "", HouseholdRow{Building: "B1", Room: "301", Residents: count(3)}},
		{"by estate and name", "", HouseholdRow{Estate: "机械厂家属院", BuildingName: "7号楼", Room: "301"}},
		{"by address", "", HouseholdRow{Address: "采薇街1号", Room: "301"}},
		{"a unit alone", "", HouseholdRow{Building: "B1", Unit: "1单元"}},
		{"a building with one unit that has no name", "", HouseholdRow{Building: "B1"}},
		{"an empty dwelling", "", HouseholdRow{Building: "B1", Room: "301", Use: VacantUse, Residents: count(0)}},
		{"a household of nobody", "", HouseholdRow{Building: "B1", Room: "301", Residents: count(0)}},
		{"the largest", "", HouseholdRow{Building: "B1", Room: "301", Residents: count(100)}},
		{"too large", "residents", HouseholdRow{Building: "B1", Room: "301", Residents: count(101)}},
		{"less than nobody", "residents", HouseholdRow{Building: "B1", Room: "301", Residents: count(-1)}},
		{"no building", "building", HouseholdRow{Room: "301"}},
		{"an estate alone", "building", HouseholdRow{Estate: "机械厂家属院", Room: "301"}},
		{"a name alone, which one building may have", "", HouseholdRow{BuildingName: "7号楼", Room: "301"}},
		{"somebody's room", "room", HouseholdRow{Building: "B1", Room: "张三家"}},
		{"a telephone for a room", "room", HouseholdRow{Building: "B1", Room: "13800138000"}},
		{"an identity number for a room", "room", HouseholdRow{Building: "B1", Room: "310101199001011234"}},
		{"a formula for a room", "room", HouseholdRow{Building: "B1", Room: "=1+1"}},
		{"somebody's number", "number", HouseholdRow{Building: "B1", Room: "301", Number: "李四"}},
		{"somebody's unit", "unit", HouseholdRow{Building: "B1", Unit: "张家单元", Room: "301"}},
		{"a telephone in the management", "rental_management", HouseholdRow{Building: "B1", Room: "301", RentalManagement: "王五13900001111"}},
		{"a telephone in full width", "rental_management", HouseholdRow{Building: "B1", Room: "301", RentalManagement: "１３９００００１１１１"}},
		{"a management of a sentence", "rental_management", HouseholdRow{Building: "B1", Room: "301", RentalManagement: strings.Repeat("托", 21)}},
		{"a management", "", HouseholdRow{Building: "B1", Room: "301", RentalManagement: "房屋托管"}},
		{"a code that can be none", "building", HouseholdRow{Building: "B 1", Room: "301"}},
		{"people without a room", "room", HouseholdRow{Building: "B1", Unit: "1单元", Residents: count(3)}},
		{"a number without a room", "room", HouseholdRow{Building: "B1", Number: "1"}},
		{"people in an empty dwelling", "use", HouseholdRow{Building: "B1", Room: "301", Use: VacantUse, Residents: count(3)}},
		{"a use that there is not", "use", HouseholdRow{Building: "B1", Room: "301", Use: "HOTEL"}},
		{"a long room", "room", HouseholdRow{Building: "B1", Room: strings.Repeat("号", 51)}},
		{"a room as long as can be", "", HouseholdRow{Building: "B1", Room: strings.Repeat("号", 50)}},
		{"a control character", "unit", HouseholdRow{Building: "B1", Unit: "1\x00"}},
		{"no text", "room", HouseholdRow{Building: "B1", Room: "\xff"}},
	} {
		err := CheckHousehold(c.row)
		var bad *RowError
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.field != "" && (!errors.As(err, &bad) || bad.Note.Field != c.field || bad.Note.In(fault.Chinese) == bad.Note.In(fault.English)):
			t.Errorf("%s: %v; want %s", c.name, err, c.field)
		}
	}
}

func TestEntityRules(t *testing.T) {
	count := func(n int) *int { return &n }
	for _, c := range []struct {
		name, field string
		row         EntityRow
	}{
		{"a name is enough", "", EntityRow{Row: Row{Code: "1", Name: "商店"}}},
		{"a wrong check digit is taken", "", EntityRow{Row: Row{Code: "1", Name: "商店"}, CreditCode: "91350100M000100Y44"}},
		{"no name", "name", EntityRow{Row: Row{Code: "1", Name: " "}}},
		{"no code", "code", EntityRow{Row: Row{Name: "商店"}}},
		{"no credit code", "credit_code", EntityRow{Row: Row{Code: "1", Name: "商店"}, CreditCode: "9135"}},
		{"fewer than none", "employees", EntityRow{Row: Row{Code: "1", Name: "商店"}, Employees: count(-1)}},
		{"more than there are", "party_members", EntityRow{Row: Row{Code: "1", Name: "商店"}, PartyMembers: count(1 << 40)}},
		{"a long category", "category", EntityRow{Row: Row{Code: "1", Name: "商店"}, Category: strings.Repeat("x", 101)}},
	} {
		err := CheckEntity(c.row)
		var bad *RowError
		if c.field == "" && err != nil || c.field != "" && (!errors.As(err, &bad) || bad.Note.Field != c.field) {
			t.Errorf("%s: %v; want %q", c.name, err, c.field)
		}
	}
}
