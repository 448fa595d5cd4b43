package place

import (
	"strings"

	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"division.notFound", "There is no division {code}.", "没有行政区划 {code}。"},
	[3]string{"building.notFound", "There is no building {id}.", "没有楼栋 {id}。"},
	[3]string{"unit.notFound", "There is no unit {id}.", "没有单元 {id}。"},
	[3]string{"place.noGrid", "There is no grid {code} now.", "目前没有网格 {code}。"},
	[3]string{"place.otherDistrict", "The grid lies in another district.", "该网格不属于同一个区。"},
	[3]string{"code.form", "A code is 1 to 32 letters, digits and hyphens.", "代码应为 1 到 32 位字母、数字或连字符。"},
	[3]string{"code.taken", "Code {code} is or was that of another.", "代码 {code} 正在或曾经由其他对象使用。"},
	[3]string{"division.parent", "A {level} cannot lie in {parent}, which is a {parentLevel}.", "{level} 不能隶属于 {parent}（{parentLevel}）。"},
	[3]string{"policy.order", "{field}: the least, the target and the most must not pass each other.", "{field}：最小、目标、最大值顺序有误。"},
	[3]string{"policy.negative", "{field} must not be negative.", "{field} 不能为负数。"},
)

// What holds where no division of the line says anything: 6 to 8 informants a grid, each with 50 to 100 households.
const (
	usualInformantsMin, usualInformantsMax                         = 6, 8
	usualHouseholdsPerInformantMin, usualHouseholdsPerInformantMax = 50, 100
)

// Effective is the policy in force at the end of a line of divisions given from the root down: what a division
// leaves open it inherits from the nearest division above that says it. How many informants there should be is always
// known: where nobody says either limit, both are the usual.
func Effective(line []SizePolicy) SizePolicy {
	var out SizePolicy
	for _, p := range line {
		out.DivisionID, out.Version = p.DivisionID, p.Version
		for _, f := range []struct{ to, from **int }{
			{&out.HouseholdsMin, &p.HouseholdsMin}, {&out.HouseholdsTarget, &p.HouseholdsTarget},
			{&out.HouseholdsMax, &p.HouseholdsMax}, {&out.ResidentsMin, &p.ResidentsMin},
			{&out.ResidentsMax, &p.ResidentsMax}, {&out.GridsMin, &p.GridsMin}, {&out.GridsMax, &p.GridsMax},
			{&out.InformantsMin, &p.InformantsMin}, {&out.InformantsMax, &p.InformantsMax},
			{&out.HouseholdsPerInformantMin, &p.HouseholdsPerInformantMin}, {&out.HouseholdsPerInformantMax, &p.HouseholdsPerInformantMax},
		} {
			if *f.from != nil {
				*f.to = *f.from
			}
		}
	}
	usual := func(least, most **int, min, max int) {
		if *least == nil && *most == nil {
			*least, *most = &min, &max
		}
	}
	usual(&out.InformantsMin, &out.InformantsMax, usualInformantsMin, usualInformantsMax)
	usual(&out.HouseholdsPerInformantMin, &out.HouseholdsPerInformantMax, usualHouseholdsPerInformantMin, usualHouseholdsPerInformantMax)
	return out
}

// CheckPolicy refuses numbers that cannot hold together: INVALID.
func CheckPolicy(p SizePolicy) error {
	for _, rule := range []struct {
		field  string
		values []*int // in rising order
	}{
		{"households", []*int{p.HouseholdsMin, p.HouseholdsTarget, p.HouseholdsMax}},
		{"residents", []*int{p.ResidentsMin, p.ResidentsMax}},
		{"grids", []*int{p.GridsMin, p.GridsMax}},
		{"informants", []*int{p.InformantsMin, p.InformantsMax}},
		{"householdsPerInformant", []*int{p.HouseholdsPerInformantMin, p.HouseholdsPerInformantMax}},
	} {
		last := 0
		for _, v := range rule.values {
			switch {
			case v == nil:
				continue
			case *v < 0:
				return fault.New(fault.Invalid, rule.field, "policy.negative", "field", rule.field)
			case *v < last:
				return fault.New(fault.Invalid, rule.field, "policy.order", "field", rule.field)
			}
			last = *v
		}
	}
	return nil
}

// CheckPlacing refuses a grid of another district than the one that what is placed is kept with: INVALID.
func CheckPlacing(home string, grid key.Key) error {
	if grid.Home != home {
		return fault.New(fault.Invalid, "grid", "place.otherDistrict")
	}
	return nil
}

// CheckNewCode refuses what cannot be a code: INVALID.
func CheckNewCode(code string) error {
	if !ValidCode(code) {
		return fault.New(fault.Invalid, "newCode", "code.form")
	}
	return nil
}

// CheckParent refuses a parent that stands no higher than d: INVALID. So none lies within what it is to hold.
func CheckParent(d, parent Division) error {
	if parent.Level.Rank() >= d.Level.Rank() {
		return fault.New(fault.Invalid, "newParent", "division.parent", "level", string(d.Level), "parent", parent.Code, "parentLevel", string(parent.Level))
	}
	return nil
}

// Recoded is one code of a change of codes.
type Recoded struct{ From, To string }

// Recode says which of codes change, and to what, where old becomes new: those that begin with old. INVALID: one would be no
// code.
func Recode(old, new string, codes []string) ([]Recoded, error) {
	var out []Recoded
	for _, code := range codes {
		rest, begins := strings.CutPrefix(code, old)
		if !begins || new == old {
			continue
		}
		if err := CheckNewCode(new + rest); err != nil {
			return nil, err
		}
		out = append(out, Recoded{code, new + rest})
	}
	return out, nil
}
