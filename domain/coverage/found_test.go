package coverage

import (
	"testing"

	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/internal/fault"
)

func TestSpot(t *testing.T) {
	ring := func(flat ...float64) *geom.Polygon {
		return geom.NewPolygonFlat(geom.XY, flat, []int{len(flat)})
	}
	u := ring(0, 0, 10, 0, 10, 10, 9, 10, 9, 1, 2, 1, 2, 10, 0, 10, 0, 0) // its middle is not in it
	both := geom.NewMultiPolygon(geom.XY)
	for _, p := range []*geom.Polygon{ring(50, 50, 51, 50, 51, 51, 50, 50), u} {
		if err := both.Push(p); err != nil {
			t.Fatal(err)
		}
	}
	hole := geom.NewPolygonFlat(geom.XY, []float64{0, 0, 10, 0, 10, 10, 0, 10, 0, 0, 1, 1, 1, 9, 7, 9, 7, 1, 1, 1}, []int{10, 20})
	for _, test := range []struct {
		name     string
		at       geom.T
		lng, lat float64
		ok       bool
	}{
		{"no place", nil, 0, 0, false},
		{"a point", geom.NewPointFlat(geom.XY, []float64{3, 4}), 3, 4, true},
		{"the wider arm of a U", u, 1, 5, true},
		{"the larger of two parts", both, 1, 5, true},
		{"beside a hole", hole, 8.5, 5, true},
		{"nothing", geom.NewMultiPolygon(geom.XY), 0, 0, false},
		{"flat", ring(3, 4, 5, 4, 6, 4, 3, 4), 3, 4, true},
	} {
		lng, lat, ok := Problem{Geometry: test.at}.Spot()
		if lng != test.lng || lat != test.lat || ok != test.ok {
			t.Errorf("%s: %v, %v, %v", test.name, lng, lat, ok)
		}
	}
}

func TestEveryKindHasAName(t *testing.T) {
	for _, k := range Kinds {
		for _, lang := range []fault.Language{fault.English, fault.Chinese} {
			if text := k.Text(lang); text == "" || text == "coverage."+string(k) {
				t.Errorf("%s has no name in %s", k, lang)
			}
		}
	}
}

func TestHouseholdsAreForOperators(t *testing.T) {
	n := 25
	p := Problem{Kind: Outside, Households: &n}
	if got := p.HouseholdsFor(account.Anyone()); got != nil {
		t.Errorf("the public is told of %d", *got)
	}
	if got := p.HouseholdsFor(account.TheOperator()); got == nil || *got != n {
		t.Errorf("an operator is told %v", got)
	}
}
