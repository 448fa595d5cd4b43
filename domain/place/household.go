package place

import (
	"context"
	"errors"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/domain/account"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"household.noBuilding", "It says no building: give the building's code, its estate and name, or its address.", "未指明楼栋：请填写楼栋编号，或小区和楼栋名称，或地址。"},
	[3]string{"household.unknownBuilding", "There is no building {what}.", "没有楼栋 {what}。"},
	[3]string{"household.manyBuildings", "{what} is {n} buildings ({codes}): give the building's code.", "{what} 对应 {n} 栋楼（{codes}）：请填写楼栋编号。"},
	[3]string{"household.sameCode", "{n} districts have a building {what}: name the division, --division CODE.", "有 {n} 个区县存在编号为 {what} 的楼栋：请用 --division 指明行政区划。"},
	[3]string{"household.unplaced", "Building {what} lies in no known division: import the divisions first, then the buildings again.", "楼栋 {what} 不在任何已知行政区划内：请先导入行政区划，再重新导入楼栋。"},
	[3]string{"household.noRoom", "It says something of a household and no room.", "填写了住户信息但缺少房号。"},
	[3]string{"household.tooLong", "{field} is longer than {max} characters.", "{field} 超过 {max} 个字符。"},
	[3]string{"household.control", "{field} holds a control character.", "{field} 含有控制字符。"},
	[3]string{"household.residents", "Residents {value}: a whole number from 0 to 100 is needed.", "人数 {value}：须为 0 到 100 的整数。"},
	[3]string{"household.use", "Use {value}: OWNER, RENTED, VACANT or BUSINESS is needed.", "用途 {value}：须为自住、出租、空置或经营。"},
	[3]string{"household.vacant", "A vacant dwelling has {n} residents.", "空置房屋却有 {n} 人。"},
	[3]string{"household.contrary", "The rows of room {room} contradict each other in its use: give them all the same.", "房号 {room} 的各行用途互相矛盾：请统一填写。"},
	[3]string{"household.designation", "{field} {value}: a designation is needed, such as {example}, without names, telephone or identity numbers.", "{field} {value}：只能填写编号，如 {example}；不得含姓名、电话或证件号码。"},
	[3]string{"household.rental", "{field}: at most {max} characters, without telephone or identity numbers.", "{field}：最多 {max} 个字符，且不得含电话或证件号码。"},
	[3]string{"household.otherUnit", "Room {room} names another unit than {unit}.", "房号 {room} 中的单元与 {unit} 不一致。"},
	[3]string{"household.otherBuilding", "Room {room} names another building than {name}.", "房号 {room} 中的楼栋与 {name} 不一致。"},
	[3]string{"household.otherName", "Building {what} is {name}, not {other}: one of the two is wrong.", "楼栋 {what} 是 {name}，而不是 {other}：两者必有一误。"},
	[3]string{"household.whichUnit", "The building has several units ({units}): which unit?", "该楼栋有多个单元（{units}）：请填写单元。"},
	[3]string{"household.nearBuilding", "There is no building {what}; near ones are {near}.", "没有楼栋 {what}；相近的有 {near}。"},
	[3]string{"household.emptiesBuilding", "With --replace a row with a building alone would end all its households: give rooms, or the use VACANT where it is empty.", "使用 --replace 时，仅填写楼栋的行会注销该楼全部住户：请填写房号；确已无人居住的，用途填写空置。"},
	[3]string{"household.twice", "It is the household of {other} again: tell the households of one room apart by their number.", "与 {other} 是同一户：同一房号有多户时请用户号区分。"},
)

// The uses of a dwelling.
const (
	OwnerUse    DwellingUse = "OWNER"    // 自住
	RentedUse   DwellingUse = "RENTED"   // 出租
	VacantUse   DwellingUse = "VACANT"   // 空置
	BusinessUse DwellingUse = "BUSINESS" // 经营
)

// MaxResidents is the most that one household may have; a dormitory is many households.
const MaxResidents = 100

// Vacant reports whether the row is a dwelling in which nobody lives: it makes no household, and ends the one there.
func (r HouseholdRow) Vacant() bool { return r.Use == VacantUse }

// RefuseHousehold is the error for a row whose field is wrong, with its reason in both languages. args are as in fault.New.
func (r HouseholdRow) RefuseHousehold(field, key string, args ...any) error {
	return &RowError{NewNote(r.Source, r.Building, field, fault.New(fault.Invalid, field, key, args...))}
}

// NewNote is a refusal whose reason is a sentence in both languages.
func NewNote(source, code, field string, f *fault.Error) Note {
	return Note{Source: source, Code: code, Kind: Refused, Field: field, Reason: f.Text(fault.English), Said: f}
}

// In is the note's reason in a language, where it is known in it, else in English.
func (n Note) In(lang fault.Language) string {
	if n.Said != nil {
		return n.Said.Text(lang)
	}
	return n.Reason
}

// householdFields are the names of a row's fields as both languages' sentences can say them.
var householdFields = map[string]string{"building": "building/楼栋编号", "estate": "estate/小区", "building_name": "building_name/楼栋",
	"address": "address/地址", "unit": "unit/单元", "room": "room/房号", "number": "number/户号", "rental_management": "rental_management/租赁管理"}

// designationExamples are what fields that hold designations look like.
var designationExamples = map[string]string{"unit": "2单元", "room": "301", "number": "1"}

// maxRental is in characters: a kind of management is a word or two.
const maxRental = 20

// CheckHousehold refuses a row that names no building, holds more than the store keeps or a person's data, or contradicts
// itself. The error joins a *RowError for each field at fault.
func CheckHousehold(r HouseholdRow) error {
	var bad []error
	refuse := func(field, key string, args ...any) {
		bad = append(bad, r.RefuseHousehold(field, key, args...))
	}
	for _, t := range []struct {
		field, text string
		max         int
	}{
		{"building", r.Building, 32}, {"estate", r.Estate, 200}, {"building_name", r.BuildingName, 200}, {"address", r.Address, 300},
		{"unit", r.Unit, 50}, {"room", r.Room, 50}, {"number", r.Number, 50},
	} {
		example, designation := designationExamples[t.field]
		switch {
		case len(t.text) > t.max && utf8.RuneCountInString(t.text) > t.max:
			refuse(t.field, "household.tooLong", "field", householdFields[t.field], "max", t.max)
		case !printable(t.text):
			refuse(t.field, "household.control", "field", householdFields[t.field])
		case designation && t.text != "" && !Designates(t.text):
			refuse(t.field, "household.designation", "field", householdFields[t.field], "value", fault.Shorten(t.text, 20), "example", example)
		}
	}
	switch {
	case !printable(r.RentalManagement):
		refuse("rental_management", "household.control", "field", householdFields["rental_management"])
	case utf8.RuneCountInString(r.RentalManagement) > maxRental, tooManyDigits(r.RentalManagement):
		refuse("rental_management", "household.rental", "field", householdFields["rental_management"], "max", maxRental)
	}
	switch {
	case r.Building == "" && r.BuildingName == "" && r.Address == "":
		refuse("building", "household.noBuilding")
	case r.Building != "" && !ValidCode(r.Building):
		refuse("building", "household.unknownBuilding", "what", fault.Shorten(r.Building, 40))
	}
	if r.Residents != nil && (*r.Residents < 0 || *r.Residents > MaxResidents) {
		refuse("residents", "household.residents", "value", *r.Residents)
	}
	if r.Room == "" && (r.Number != "" || r.Residents != nil && (*r.Residents > 0 || !r.Vacant()) || r.Use != "" && !r.Vacant() || r.RentalManagement != "") {
		refuse("room", "household.noRoom")
	}
	switch r.Use {
	case "", OwnerUse, RentedUse, BusinessUse:
	case VacantUse:
		if r.Residents != nil && *r.Residents > 0 {
			refuse("use", "household.vacant", "n", *r.Residents)
		}
	default:
		refuse("use", "household.use", "value", fault.Shorten(string(r.Use), 40))
	}
	return errors.Join(bad...)
}

// checkReplaced refuses a row without a room that says more, or less, than the whole list may: with replace one that names a
// building alone would end all its households, and without it one that calls a building vacant would end none.
func checkReplaced(r HouseholdRow, replace bool) error {
	switch {
	case r.Room != "":
	case r.Vacant() && !replace:
		return r.RefuseHousehold("room", "household.noRoom")
	case replace && !r.Vacant() && r.Unit == "":
		return r.RefuseHousehold("room", "household.emptiesBuilding")
	}
	return nil
}

// judged settles and checks rows. A row that a reader found fault with is refused for what else is wrong with it, too, but for
// each field once.
func judged(rows iter.Seq2[HouseholdRow, error], replace bool) iter.Seq2[HouseholdRow, error] {
	return func(yield func(HouseholdRow, error) bool) {
		for row, err := range rows {
			if err == nil || Refusals(err) != nil {
				var contradiction error
				row, contradiction = row.Settle()
				err = onePerField(errors.Join(err, contradiction, CheckHousehold(row), checkReplaced(row, replace)))
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// onePerField drops refusals of fields that one before them is about.
func onePerField(err error) error {
	var kept []error
	seen := map[string]bool{}
	for _, n := range Refusals(err) {
		if !seen[n.Field] {
			seen[n.Field] = true
			kept = append(kept, &RowError{n})
		}
	}
	return errors.Join(kept...)
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
		}
	}
	return true
}

// ImportHouseholds takes households in, as counts: the building of each must be known; units and dwellings that are new are
// made. A household whose residents changed ends and begins anew, so that the past can be asked for; with o.Replace those of
// the buildings in the file end which the file no longer has. Operators only. Refused rows are as in ImportDivisions, but that
// o.SkipRefused takes the others in.
func (s *Service) ImportHouseholds(ctx context.Context, actor account.Actor, rows iter.Seq2[HouseholdRow, error], o ImportOptions) (Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return Report{}, err
	}
	return s.Store.ImportHouseholds(ctx, actor, judged(rows, o.Replace), o)
}
