package demo

import (
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

var theDistrict = sync.OnceValue(func() Region {
	town, border := drawn()
	return spread(town, border, districtBlock)
})

// net cancels every side of areas against the same one run the other way. What stays has an area on one side only.
type net map[side]int

func (n net) add(m orb.MultiPolygon, sign int) {
	put := func(s side, by int) {
		if n[s] += by; n[s] == 0 {
			delete(n, s)
		}
	}
	for _, p := range m {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				a, b := r[i-1], r[i]
				if a[0] < b[0] || a[0] == b[0] && a[1] < b[1] {
					put(side{a, b}, sign)
				} else {
					put(side{b, a}, -sign)
				}
			}
		}
	}
}

// covers checks that parts cover whole without a seam: their sides cancel out but for those of whole.
func (n net) covers(t *testing.T, what string) {
	t.Helper()
	for s := range n {
		t.Errorf("%s: the side %v has no counterpart (one of %d)", what, s, len(n))
		return
	}
}

// Every side of a grid runs the other way in its neighbour, or is the community's; likewise at each level above.
func TestDistrictIsSeamless(t *testing.T) {
	r := theDistrict()
	checkRegion(t, r, 1, 1, 4, 50)
	beneath := map[string]net{}
	at := map[string]Division{}
	for _, d := range r.Divisions {
		at[d.Code] = d
		beneath[d.Code] = net{}
		if d.Parent != "" {
			beneath[d.Parent].add(d.Boundary, 1)
		}
	}
	grids, households, residents := 0, 0, 0
	for town := range r.Communities {
		code := town.Groups[0].Community
		cover := beneath[code]
		for _, g := range town.Grids {
			grids++
			cover.add(g.Boundary, 1)
			for _, p := range g.Boundary {
				if f := flat(p[0]); f.area() < 5000 && code != community {
					t.Errorf("%s has %.0f m²", g.Code, f.area())
				} else if at, bad := crossesItself(f); bad {
					t.Errorf("%s crosses itself at %v", g.Code, at)
				}
			}
		}
		for _, p := range town.Planted { // the hand-drawn community's faults are known
			switch p.Kind {
			case Gap:
				cover.add(orb.MultiPolygon{p.Geometry.(orb.Polygon)}, 1)
			case Overlap, Outside:
				cover.add(orb.MultiPolygon{p.Geometry.(orb.Polygon)}, -1)
			}
		}
		for _, d := range town.Dwellings {
			households += len(d.Households)
			for _, n := range d.Households {
				residents += n
			}
		}
	}
	for code, n := range beneath {
		n.add(at[code].Boundary, -1)
		n.covers(t, at[code].Name+" "+code)
	}
	if grids != 400 || households != 120_000 || r.GridCount != grids || r.HouseholdCount != households {
		t.Errorf("%d grids and %d households, it says %d and %d", grids, households, r.GridCount, r.HouseholdCount)
	}
	if perHousehold := float64(residents) / float64(households); perHousehold < 2.8 || perHousehold > 3 {
		t.Errorf("%.2f residents a household", perHousehold)
	}
}

func checkRegion(t *testing.T, r Region, want ...int) {
	t.Helper()
	count := map[string]int{}
	codes, parents := map[string]bool{"": true}, map[string]bool{}
	for _, d := range r.Divisions {
		count[d.Level]++
		if codes[d.Code] || !codes[d.Parent] || d.Name == "" || len(d.Boundary) != 1 {
			t.Errorf("%s %s in %s", d.Code, d.Name, d.Parent)
		}
		codes[d.Code] = true
		parents[d.Parent] = true
		if at, bad := crossesItself(flat(d.Boundary[0][0])); bad && d.Level == "COMMUNITY" {
			t.Errorf("%s crosses itself at %v", d.Code, at)
		}
	}
	for i, level := range []string{"CITY", "DISTRICT", "TOWN", "COMMUNITY"} {
		if count[level] != want[i] {
			t.Errorf("%d of level %s, want %d", count[level], level, want[i])
		}
	}
	for _, d := range r.Divisions {
		if d.Level != "COMMUNITY" && !parents[d.Code] {
			t.Errorf("%s %s has nothing beneath it", d.Code, d.Name)
		}
	}
}

// A city is too much for every run; where -short is not given it is walked through once.
func TestCityWalk(t *testing.T) {
	if testing.Short() {
		t.Skip("a city takes seconds")
	}
	start := time.Now()
	town, border := drawn()
	r := spread(town, border, cityBlock)
	t.Logf("divisions after %v", time.Since(start))
	checkRegion(t, r, 1, 6, 73, 1053)
	var grids, buildings, households, workers, vertices int
	names := map[string]bool{}
	for town := range r.Communities {
		grids += len(town.Grids)
		for _, g := range town.Grids {
			vertices += len(g.Boundary[0][0])
		}
		buildings += len(town.Buildings)
		workers += len(town.Workers)
		for _, d := range town.Dwellings {
			households += len(d.Households)
		}
		for _, e := range town.Estates {
			names[e.Name] = true
		}
	}
	if grids != 10_000 || households != 3_000_000 {
		t.Errorf("%d grids, %d households", grids, households)
	}
	t.Logf("%d buildings, %d workers, %d vertices, %d names of estates in %v", buildings, workers, vertices, len(names), time.Since(start))
	if len(names) < 3000 {
		t.Errorf("%d names of estates", len(names))
	}
}
