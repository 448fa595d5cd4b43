package place

import "wangge/internal/fault"

var _ = fault.Register(
	[3]string{"division.notFound", "There is no division {code}.", "没有行政区划 {code}。"},
	[3]string{"building.notFound", "There is no building {id}.", "没有楼栋 {id}。"},
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
