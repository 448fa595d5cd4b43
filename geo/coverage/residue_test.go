package coverage_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/geo/coverage"
	"wangge/geo/measure"
)

// lattice divides a field of 10,000 by 10,000 units into n by n parts with ragged borders that they share, and gives their
// whole.
func lattice(r *rand.Rand, n int) (whole orb.MultiPolygon, parts []orb.MultiPolygon) {
	step := int64(10_000 / n)
	corner := make([][]orb.Point, n+1)
	for i := range corner {
		corner[i] = make([]orb.Point, n+1)
		for j := range corner[i] {
			dx, dy := r.Int64N(step/2)-step/4, r.Int64N(step/2)-step/4
			if i == 0 || i == n {
				dx = 0
			}
			if j == 0 || j == n {
				dy = 0
			}
			corner[i][j] = at(int64(i)*step+dx, int64(j)*step+dy)
		}
	}
	for i := range n {
		for j := range n {
			parts = append(parts, orb.MultiPolygon{{{corner[i][j], corner[i+1][j], corner[i+1][j+1], corner[i][j+1], corner[i][j]}}})
		}
	}
	var ring orb.Ring
	for i := range n {
		ring = append(ring, corner[i][0])
	}
	for j := range n {
		ring = append(ring, corner[n][j])
	}
	for i := range n {
		ring = append(ring, corner[n-i][n])
	}
	for j := range n {
		ring = append(ring, corner[0][n-j])
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}, parts
}

func moved(a orb.MultiPolygon, dx, dy int64) orb.MultiPolygon {
	a = a.Clone()
	for _, p := range a {
		for _, r := range p {
			for i := range r {
				r[i] = orb.Point{float64(int64(r[i][0]*1e8+0.5)+dx) / 1e8, float64(int64(r[i][1]*1e8+0.5)+dy) / 1e8}
			}
		}
	}
	return a
}

func TestResidueOfACover(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	for range 200 {
		whole, parts := lattice(r, 2+r.IntN(8))
		for _, p := range parts { // winding does not matter
			if r.IntN(2) == 0 {
				p[0][0].Reverse()
			}
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		if res := coverage.NewResidue(whole, parts); !res.Seamless() || len(res.Suspects()) != 0 {
			t.Fatal("a cover is not seamless")
		}
	}
}

// Whatever is wrong, a part that is not suspected lies in the whole and shares no spot with another.
func TestWhoIsNotSuspectedIsInnocent(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 92))
	innocent := 0
	for range 300 {
		whole, parts := lattice(r, 4+r.IntN(8))
		for range 1 + r.IntN(3) {
			k := r.IntN(len(parts))
			switch r.IntN(7) {
			case 0: // deleted
				parts = slices.Delete(parts, k, k+1)
			case 1: // doubled
				parts = append(parts, parts[k])
			case 2: // shifted
				parts[k] = moved(parts[k], r.Int64N(400)-200, 1+r.Int64N(200))
			case 3: // one inside
				parts = append(parts, area([2]int64{4000, 4000}, [2]int64{4100, 4000}, [2]int64{4100, 4100}, [2]int64{4000, 4100}))
			case 4: // one over many, whose borders meet none of theirs
				parts = append(parts, area([2]int64{1111, 1111}, [2]int64{8888, 1111}, [2]int64{8888, 8888}, [2]int64{1111, 8888}))
			case 5: // another cover on top
				_, more := lattice(r, 3)
				parts = append(parts, more...)
			case 6: // beyond, with a hole for nobody
				parts = append(parts, moved(whole, 9_000, 0))
			}
		}
		res := coverage.NewResidue(whole, parts)
		if res.Seamless() {
			t.Fatal("what is wrong was not seen")
		}
		suspects := res.Suspects()
		for i, p := range parts {
			if slices.Contains(suspects, i) {
				continue
			}
			innocent++
			for range 20 {
				b := p.Bound()
				spot := orb.Point{b.Min[0] + r.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + r.Float64()*(b.Max[1]-b.Min[1])}
				if !planar.MultiPolygonContains(p, spot) {
					continue
				}
				n := 0
				for _, q := range parts {
					if planar.MultiPolygonContains(q, spot) {
						n++
					}
				}
				if n != 1 || !planar.MultiPolygonContains(whole, spot) {
					t.Fatalf("part %d is not suspected and lies with %d others at %v, in the whole: %v", i, n-1, spot, planar.MultiPolygonContains(whole, spot))
				}
			}
		}
	}
	if innocent < 1000 {
		t.Errorf("only %d were not suspected", innocent)
	}
}

// Without a whole the rim is left, and who lies within it is as innocent as with one.
func TestSuspectsWithoutAWhole(t *testing.T) {
	_, parts := lattice(rand.New(rand.NewPCG(65, 35)), 8)
	parts = append(parts, moved(parts[0], 50_000, 0), area([2]int64{4600, 4600}, [2]int64{4610, 4600}, [2]int64{4610, 4610}))
	// Of the 64 the 28 at the rim; the one apart; the small one, and one to four that it may touch.
	if n := len(coverage.NewResidue(nil, parts).Suspects()); n < 31 || n > 34 {
		t.Errorf("%d are suspected", n)
	}
}

func TestResidueWithHolesAndParts(t *testing.T) {
	square := func(x, y, size int64) orb.Ring {
		return area([2]int64{x, y}, [2]int64{x + size, y}, [2]int64{x + size, y + size}, [2]int64{x, y + size})[0][0]
	}
	lake := orb.MultiPolygon{{square(0, 0, 1000), square(400, 400, 200)}}
	island := orb.MultiPolygon{{square(400, 400, 200)}}
	apart := orb.MultiPolygon{{square(0, 0, 1000)}, {square(5000, 0, 1000)}}
	for _, c := range []struct {
		name  string
		whole orb.MultiPolygon
		parts []orb.MultiPolygon
		want  bool
	}{
		{"a grid with a hole in a whole with the same", lake, []orb.MultiPolygon{lake}, true},
		{"a grid with a hole, and one in it", orb.MultiPolygon{{square(0, 0, 1000)}}, []orb.MultiPolygon{lake, island}, true},
		{"a grid with a hole that nobody fills", orb.MultiPolygon{{square(0, 0, 1000)}}, []orb.MultiPolygon{lake}, false},
		{"a grid over a hole of the whole", lake, []orb.MultiPolygon{lake, island}, false},
		{"two parts", apart, []orb.MultiPolygon{apart}, true},
		{"two parts, two grids", apart, []orb.MultiPolygon{apart[:1], apart[1:]}, true},
		{"nothing of nothing", nil, nil, true},
		{"nobody", apart, nil, false},
	} {
		if got := coverage.NewResidue(c.whole, c.parts).Seamless(); got != c.want {
			t.Errorf("%s: seamless is %v", c.name, got)
		}
	}
}

func TestSharedBorderM(t *testing.T) {
	a := area([2]int64{0, 0}, [2]int64{1_000_000, 0}, [2]int64{1_000_000, 400_000}, [2]int64{1_000_000, 1_000_000}, [2]int64{0, 1_000_000})
	side := measure.DistanceM(at(1_000_000, 0), at(1_000_000, 1_000_000))
	for _, c := range []struct {
		name string
		b    orb.MultiPolygon
		want float64
	}{
		{"a whole side", area([2]int64{1_000_000, 0}, [2]int64{2_000_000, 0}, [2]int64{2_000_000, 1_000_000}, [2]int64{1_000_000, 1_000_000}, [2]int64{1_000_000, 400_000}), side},
		{"part of a side", area([2]int64{1_000_000, 400_000}, [2]int64{2_000_000, 400_000}, [2]int64{2_000_000, 1_000_000}, [2]int64{1_000_000, 1_000_000}), 0.6 * side},
		{"an edge that runs on", area([2]int64{1_000_000, -700_000}, [2]int64{2_000_000, 0}, [2]int64{1_000_000, 1_900_000}), side},
		{"a corner", area([2]int64{1_000_000, 1_000_000}, [2]int64{2_000_000, 1_000_000}, [2]int64{2_000_000, 2_000_000}), 0},
		{"an edge that crosses in the middle", area([2]int64{500_000, 200_000}, [2]int64{1_500_000, 200_000}, [2]int64{1_500_000, 300_000}), 0},
		{"apart", area([2]int64{3_000_000, 0}, [2]int64{4_000_000, 0}, [2]int64{4_000_000, 1_000_000}), 0},
		{"a unit beside, as computed borders are", area([2]int64{1_000_001, -100}, [2]int64{2_000_000, 0}, [2]int64{1_000_001, 1_000_100}), side},
		{"a metre beside", area([2]int64{1_001_000, 0}, [2]int64{2_000_000, 0}, [2]int64{1_001_000, 1_000_000}), 0},
	} {
		if got := coverage.SharedBorderM(a, c.b); got < c.want-0.01 || got > c.want+0.01 {
			t.Errorf("%s: %.3f m, want %.3f", c.name, got, c.want)
		}
	}
}

func BenchmarkResidue(b *testing.B) {
	whole, parts := lattice(rand.New(rand.NewPCG(1, 1)), 100)
	for b.Loop() {
		if !coverage.NewResidue(whole, parts).Seamless() {
			b.Fatal("not seamless")
		}
	}
}
