package demo

import (
	"testing"

	"github.com/paulmach/orb"
)

// The city is drawn in the country as it is by itself, the border around it included.
func TestCountryHoldsTheCity(t *testing.T) {
	nation, city := Nation(), CityAlone()
	w := nationBlock.width()
	k := 0
	cityBlock.each(func(c cell) {
		want, got := city.Grids(k), nation.Grids((c.j-nationBlock.lo.j)*w+c.i-nationBlock.lo.i)
		k++
		if len(want) != len(got) {
			t.Fatalf("%v has %d grids, in the country %d", c, len(want), len(got))
		}
		for i := range want {
			if !orb.Equal(want[i], got[i]) {
				t.Fatalf("grid %d of %v is drawn otherwise in the country", i, c)
			}
		}
	})
	around := block{cell{cityBlock.lo.i - 1, cityBlock.lo.j - 1}, cell{cityBlock.hi.i + 1, cityBlock.hi.j + 1}}
	around.each(func(c cell) {
		if n := gridsIn(c); !cityBlock.has(c) && n != 9 {
			t.Errorf("%v has %d grids: the city's border was drawn for nine", c, n)
		}
	})
	if k != city.Len() {
		t.Errorf("the city has %d communities, drawn are %d", k, city.Len())
	}
}

// Every side of a grid runs the other way in its neighbour, within the community and beyond. The hand-drawn community has faults
// on purpose; this looks at the ground north of it, where the city ends.
func TestCountryIsSeamless(t *testing.T) {
	nation := Nation()
	w := nationBlock.width()
	part := block{cell{-30, 12}, cell{0, 26}}
	sides, outer := net{}, 0
	shapes := map[int]bool{}
	part.each(func(c cell) {
		grids := nation.Grids((c.j-nationBlock.lo.j)*w + c.i - nationBlock.lo.i)
		shapes[len(grids)] = true
		for _, g := range grids {
			sides.add(g, 1)
			if f := flat(g[0][0]); f.area() < 5000 {
				t.Errorf("a grid of %v has %.0f m²", c, f.area())
			} else if at, bad := crossesItself(f); bad {
				t.Errorf("a grid of %v crosses itself at %v", c, at)
			}
		}
	})
	for range sides {
		outer++
	}
	around := net{}
	around.add(nation.lattice.around(cellsOf(part)), 1)
	if len(around) != outer {
		t.Errorf("%d sides have no counterpart, the ground's own border has %d", outer, len(around))
	}
	if len(shapes) < 9 {
		t.Errorf("communities have %d different numbers of grids", len(shapes))
	}
}

func cellsOf(b block) (list []cell) {
	b.each(func(c cell) { list = append(list, c) })
	return list
}

func TestNationHasAMillionGrids(t *testing.T) {
	n := 0
	nationBlock.each(func(c cell) {
		if c == (cell{}) {
			n += len(gridPlans)
		} else {
			n += gridsIn(c)
		}
	})
	if k := Nation().Len(); k != 100_172 || n != 1_001_005 {
		t.Errorf("%d communities with %d grids", k, n)
	}
}

func BenchmarkCountry(b *testing.B) {
	nation := Nation()
	grids, vertices := 0, 0
	for k := 0; b.Loop(); k++ {
		for _, g := range nation.Grids(k % nation.Len()) {
			grids, vertices = grids+1, vertices+len(g[0][0])
		}
	}
	b.ReportMetric(float64(vertices)/float64(grids), "vertices/grid")
}
