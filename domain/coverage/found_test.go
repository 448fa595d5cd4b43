package coverage

import (
	"testing"

	"github.com/twpayne/go-geom"

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

func TestPublicHouseholds(t *testing.T) {
	for _, test := range []struct {
		name  string
		kind  Kind
		n     int
		grids []int
		shown bool
	}{
		{"enough", Gap, 10, []int{300, 280}, true},
		{"none", Gap, 0, []int{5}, true},
		{"too few", Gap, 9, nil, false},
		{"one", Overlap, 1, []int{300}, false},
		{"the rest of a grid would be too few", Overlap, 291, []int{400, 300}, false},
		{"the rest of a grid is none", Outside, 300, []int{300}, true},
		{"the rest of a grid is enough", Outside, 290, []int{300}, true},
		{"a grid as a whole", Oversize, 500, []int{500}, false},
		{"a building", UnassignedBuilding, 60, nil, false},
	} {
		got := Problem{Kind: test.kind, Households: &test.n}.PublicHouseholds(test.grids)
		if (got != nil) != test.shown || got != nil && *got != test.n {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if (Problem{Kind: Gap}).PublicHouseholds(nil) != nil {
		t.Error("what nobody knows is shown")
	}
}
