package coverage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/geo/coverage"
)

func box(x, y, wide, high int64) orb.MultiPolygon {
	return area([2]int64{x, y}, [2]int64{x + wide, y}, [2]int64{x + wide, y + high}, [2]int64{x, y + high})
}

// holed is a with the outer rings of others cut out.
func holed(a orb.MultiPolygon, others ...orb.MultiPolygon) orb.MultiPolygon {
	a = a.Clone()
	for _, o := range others {
		a[0] = append(a[0], o[0][0])
	}
	return a
}

// units is an area in square units.
func units(m orb.MultiPolygon) float64 {
	total := 0.0
	for _, p := range m {
		for i, r := range p {
			a := math.Abs(planar.Area(r)) * 1e16
			if i > 0 {
				a = -a
			}
			total += a
		}
	}
	return total
}

// told writes faults down: numbers, areas in square units, and for each how many rings its polygons have.
func told(f coverage.Faults) string {
	var out []string
	figure := func(m orb.MultiPolygon) string {
		var rings []int
		for _, p := range m {
			rings = append(rings, len(p))
		}
		slices.Sort(rings)
		return fmt.Sprintf("%.0f%v", units(m), rings)
	}
	var gaps []string
	for _, p := range f.Gaps {
		gaps = append(gaps, "gap "+figure(orb.MultiPolygon{p}))
	}
	slices.Sort(gaps)
	out = append(out, gaps...)
	for _, o := range f.Overlaps {
		out = append(out, fmt.Sprintf("%d∩%d %s", o.A, o.B, figure(o.Area)))
	}
	for _, o := range f.Outside {
		out = append(out, fmt.Sprintf("%d outside %s", o.Part, figure(o.Area)))
	}
	return strings.Join(out, ", ")
}

func TestFindFaults(t *testing.T) {
	field := box(0, 0, 1000, 1000)
	west, east := box(0, 0, 500, 1000), box(500, 0, 500, 1000)
	lake := box(400, 400, 200, 200)
	diamond := area([2]int64{500, 400}, [2]int64{600, 500}, [2]int64{500, 600}, [2]int64{400, 500})
	for _, c := range []struct {
		name  string
		whole orb.MultiPolygon
		parts []orb.MultiPolygon
		want  string
	}{
		{"a cover", field, []orb.MultiPolygon{west, east}, ""},
		{"nothing", nil, nil, ""},
		{"nobody", field, nil, "gap 1000000[1]"},
		{"one is missing", field, []orb.MultiPolygon{west}, "gap 500000[1]"},
		{"a vertex on one side only", field, []orb.MultiPolygon{west, area([2]int64{500, 0}, [2]int64{1000, 0}, [2]int64{1000, 1000}, [2]int64{500, 1000}, [2]int64{500, 300})}, ""},
		{"shifted to the east", field, []orb.MultiPolygon{moved(west, 10, 0), east}, "gap 10000[1], 0∩1 10000[1]"},
		{"shifted to the north", field, []orb.MultiPolygon{moved(west, 0, 10), east}, "gap 5000[1], 0 outside 5000[1]"},
		{"twice", field, []orb.MultiPolygon{west, east, east}, "1∩2 500000[1]"},
		{"three times", field, []orb.MultiPolygon{west, east, east, east}, "1∩2 500000[1], 1∩3 500000[1], 2∩3 500000[1]"},
		{"one inside another, touching nothing", field, []orb.MultiPolygon{west, east, box(100, 100, 50, 50)}, "0∩2 2500[1]"},
		{"one in a corner of another", field, []orb.MultiPolygon{west, east, box(450, 950, 50, 50)}, "0∩2 2500[1]"},
		{"one over a border of two", field, []orb.MultiPolygon{west, east, box(400, 100, 200, 50)}, "0∩2 5000[1], 1∩2 5000[1]"},
		{"one over the corner of all", field, []orb.MultiPolygon{west, east, box(-50, -50, 100, 100)}, "0∩2 2500[1], 2 outside 7500[1]"},
		{"far outside", field, []orb.MultiPolygon{west, east, box(5000, 0, 10, 10)}, "2 outside 100[1]"},
		{"two far outside, one on the other", field, []orb.MultiPolygon{west, east, box(5000, 0, 10, 10), box(5005, 0, 10, 10)},
			"2∩3 50[1], 2 outside 100[1], 3 outside 100[1]"},
		{"all outside of nowhere", orb.MultiPolygon{}, []orb.MultiPolygon{west}, "0 outside 500000[1]"},
		{"without a whole", nil, []orb.MultiPolygon{west, east, box(400, 100, 200, 50)}, "0∩2 5000[1], 1∩2 5000[1]"},
		{"without a whole, a gap is none", nil, []orb.MultiPolygon{west, box(600, 0, 10, 10), box(2000, 0, 100, 100)}, ""},
		{"without a whole, one inside", nil, []orb.MultiPolygon{field, lake}, "0∩1 40000[1]"},
		{"a hole that nobody fills", field, []orb.MultiPolygon{holed(field, lake)}, "gap 40000[1]"},
		{"a hole that another fills", field, []orb.MultiPolygon{holed(field, lake), lake}, ""},
		{"a hole that another fills too well", field, []orb.MultiPolygon{holed(field, lake), box(390, 400, 210, 200)}, "0∩1 2000[1]"},
		{"a hole of the whole", holed(field, lake), []orb.MultiPolygon{holed(field, lake)}, ""},
		{"a hole of the whole, covered", holed(field, lake), []orb.MultiPolygon{west, east}, "0 outside 20000[1], 1 outside 20000[1]"},
		{"a hole of the whole, covered by one", holed(field, lake), []orb.MultiPolygon{field}, "0 outside 40000[1]"},
		{"an island in a gap", field, []orb.MultiPolygon{box(0, 0, 300, 1000), lake, box(700, 0, 300, 1000)}, "gap 360000[2]"},
		{"an island in a gap, touching it in a corner", field, []orb.MultiPolygon{box(0, 0, 300, 1000), area([2]int64{300, 500}, [2]int64{400, 400}, [2]int64{400, 600}),
			area([2]int64{300, 400}, [2]int64{300, 500}, [2]int64{0, 500}), box(700, 0, 300, 1000)}, "gap 390000[2], 0∩2 15000[1]"},
		{"two gaps that touch in a corner", field, []orb.MultiPolygon{box(0, 0, 500, 500), box(500, 500, 500, 500)}, "gap 250000[1], gap 250000[1]"},
		{"a gap around what touches it in four places", box(400, 400, 200, 200), []orb.MultiPolygon{diamond}, "gap 5000[1], gap 5000[1], gap 5000[1], gap 5000[1]"},
		{"many parts of one", field, []orb.MultiPolygon{{west[0], box(700, 0, 100, 1000)[0]}, box(500, 0, 200, 1000), box(790, 0, 210, 1000)}, "0∩2 10000[1]"},
		{"one over many parts of another", field, []orb.MultiPolygon{{box(0, 0, 1000, 300)[0], box(0, 600, 1000, 400)[0]}, box(0, 300, 1000, 300), box(100, 250, 100, 500)},
			"0∩2 20000[1 1], 1∩2 30000[1]"},
		{"a ring around an overlap that is an island", field, []orb.MultiPolygon{field, holed(box(100, 100, 800, 800), box(200, 200, 600, 600)), box(300, 300, 100, 100)},
			"0∩1 280000[2], 0∩2 10000[1]"},
		{"the whole within one part, and far from it", lake, []orb.MultiPolygon{field}, "0 outside 960000[2]"},
	} {
		if got := told(coverage.FindFaults(c.whole, c.parts)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestWithin(t *testing.T) {
	field, west, east := box(0, 0, 1000, 1000), box(0, 0, 500, 1000), box(500, 0, 500, 1000)
	lake := box(100, 100, 200, 200)
	for _, c := range []struct {
		name         string
		whole        orb.MultiPolygon
		areas, minus []orb.MultiPolygon
		want         float64
		rings        int
	}{
		{"all", field, []orb.MultiPolygon{west, east}, nil, 1_000_000, 1},
		{"one", field, []orb.MultiPolygon{east}, nil, 500_000, 1},
		{"nobody", field, nil, nil, 0, 0},
		{"nowhere", nil, []orb.MultiPolygon{east}, nil, 0, 0},
		{"beyond the whole", west, []orb.MultiPolygon{box(-100, 0, 200, 1000)}, nil, 100_000, 1},
		{"one less a lake", field, []orb.MultiPolygon{west, east}, []orb.MultiPolygon{lake}, 960_000, 2},
		{"a lake that another covers", field, []orb.MultiPolygon{west, east, box(0, 0, 200, 1000)}, []orb.MultiPolygon{lake, nil, nil}, 980_000, 2},
		{"less a lake at its border", field, []orb.MultiPolygon{west}, []orb.MultiPolygon{box(0, 0, 200, 200)}, 460_000, 1},
		{"less what is not all its own", field, []orb.MultiPolygon{west}, []orb.MultiPolygon{box(400, 0, 200, 1000)}, 400_000, 1},
		{"less what another has a part of", field, []orb.MultiPolygon{west, east}, []orb.MultiPolygon{box(400, 0, 200, 1000)}, 900_000, 2},
		{"less all of it", field, []orb.MultiPolygon{west}, []orb.MultiPolygon{west}, 0, 0},
	} {
		got := coverage.Within(c.whole, c.areas, c.minus)
		rings := 0
		for _, p := range got {
			rings += len(p)
		}
		if math.Abs(units(got)-c.want) > 1e-3 || rings != c.rings {
			t.Errorf("%s: %.3f in %d rings, want %.0f in %d", c.name, units(got), rings, c.want, c.rings)
		}
		checkShape(t, got)
	}
}

// Crossings of edges all across Earth are no fractions of 64 bits, and are rounded.
func TestFaultsOfAllEarth(t *testing.T) {
	one := orb.MultiPolygon{{{{-170, -70}, {171.12345678, 70.7654321}, {-168.1, 72.5}, {-170, -70}}}}
	two := orb.MultiPolygon{{{{170, -70.3}, {173.3, 77.1}, {-171.7, 70.02}, {170, -70.3}}}}
	f := coverage.FindFaults(nil, []orb.MultiPolygon{one, two})
	// By hand: the sides of one and two cross in four spots, and two has its tip west of one.
	if len(f.Overlaps) != 1 || len(f.Overlaps[0].Area) != 1 {
		t.Fatal(told(f))
	}
	all, both, f2 := units(one)+units(two), units(f.Overlaps[0].Area), coverage.FindFaults(one, []orb.MultiPolygon{two})
	rest := 0.0
	for _, g := range f2.Gaps {
		rest += units(orb.MultiPolygon{g})
	}
	for _, o := range f2.Outside {
		rest += units(o.Area)
	}
	if math.Abs(all-2*both-rest) > 1e-12*all || both < all/10 || rest < all/10 {
		t.Errorf("%g in all, %g in both, %g in one", all, both, rest)
	}
}

// A whole the size of a large country, with children whose borders, 30° to 69° long, cross near its middle, near one another and in common.
func TestFaultsOfACountry(t *testing.T) {
	whole := orb.MultiPolygon{{{{75, 18}, {135, 18}, {135, 53}, {75, 53}, {75, 18}}}}
	parts := []orb.MultiPolygon{
		{{{{75, 18}, {135, 18}, {135, 53.00000001}, {75, 18}}}},                            // beyond the whole by a unit
		{{{{75, 18}, {134.99999999, 53}, {75, 53}, {75, 18}}}},                             // its border runs beside the first one's
		{{{{75, 53}, {135, 18}, {135, 18.00000001}, {75, 53}}}},                            // 69° long, a unit wide
		{{{{75.00000003, 53}, {134.99999999, 18}, {135, 18.00000002}, {75.00000003, 53}}}}, // and across that one
		{{{{90.12345677, 20.7654321}, {132.98765433, 51.01234567}, {80.3141592, 47.2718281}, {90.12345677, 20.7654321}}}},
	}
	f := coverage.FindFaults(whole, parts)
	if len(f.Overlaps) < 6 {
		t.Fatal(told(f))
	}
	// Each square of ground counts once: parts less what is outside, and the gaps, are the whole and what two, three and more share.
	got, want := 0.0, units(whole)
	for _, g := range f.Gaps {
		got += units(orb.MultiPolygon{g})
	}
	inside := coverage.Within(whole, parts, nil)
	if all := got + units(inside); math.Abs(all-want) > 1e-12*want {
		t.Errorf("gaps %g and what is covered %g are not the whole, %g", got, units(inside), want)
	}
	for i, p := range parts {
		in, out := units(coverage.Within(whole, parts[i:i+1], nil)), 0.0
		for _, o := range f.Outside {
			if o.Part == i {
				out += units(o.Area)
			}
		}
		if math.Abs(in+out-units(p)) > 1e-12*want {
			t.Errorf("part %d: %g inside, %g outside, %g in all", i, in, out, units(p))
		}
		for j := range i { // two by two, asked the other way around
			shared := 0.0
			for _, o := range f.Overlaps {
				if o.A == j && o.B == i {
					shared = units(o.Area)
				}
			}
			if both := units(coverage.Within(parts[j], parts[i:i+1], nil)); math.Abs(both-shared) > 1e-12*want {
				t.Errorf("parts %d and %d share %g, and %g asked the other way", j, i, shared, both)
			}
		}
	}
}

// What faults say, dice say too: at random spots the parts that cover it are counted by another program.
func TestFaultsAreThoseThatDiceFind(t *testing.T) {
	r := rand.New(rand.NewPCG(26, 53))
	hits := map[string]int{}
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for round := range rounds {
		whole, parts := wrong(r)
		checkFaults(t, r, whole, parts, hits)
		if t.Failed() {
			t.Fatalf("round %d: %v %v", round, whole, parts)
		}
	}
	t.Log(hits)
	for _, kind := range []string{"gap", "overlap", "outside", "sound", "nobody's"} {
		if hits[kind] < 100 {
			t.Errorf("%d spots were %s", hits[kind], kind)
		}
	}
}

// wrong is a cover with faults of all sorts, without a whole at times.
func wrong(r *rand.Rand) (whole orb.MultiPolygon, parts []orb.MultiPolygon) {
	whole, parts = lattice(r, 2+r.IntN(6))
	blob := func() orb.MultiPolygon { // a star around a place
		x, y, n := r.Int64N(12_000)-1000, r.Int64N(12_000)-1000, 3+r.IntN(9)
		reach := 50 + r.Float64()*4000
		var ring orb.Ring
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.6*r.Float64()) / float64(n))
			m := reach * (0.3 + 0.7*r.Float64())
			ring = append(ring, at(x+int64(m*cos), y+int64(m*sin)))
		}
		return orb.MultiPolygon{{append(ring, ring[0])}}
	}
	for range r.IntN(5) {
		k := r.IntN(len(parts))
		switch r.IntN(9) {
		case 0:
			if len(parts) > 1 {
				parts = slices.Delete(parts, k, k+1)
			}
		case 1:
			parts = append(parts, parts[k])
		case 2:
			parts[k] = moved(parts[k], r.Int64N(400)-200, r.Int64N(400)-200)
		case 3:
			parts = append(parts, blob())
		case 4: // two or more in one, as far apart as they come
			l := r.IntN(len(parts))
			if far := parts[l].Bound(); !far.Intersects(parts[k].Bound()) {
				parts[k] = append(parts[k].Clone(), parts[l]...)
				parts = slices.Delete(parts, l, l+1)
			}
		case 5: // a hole, filled or not
			b := parts[k].Bound()
			c := b.Center()
			x, y := int64(math.Round((c[0]-121.5)*1e8)), int64(math.Round((c[1]-31.2)*1e8))
			hole := box(x-20, y-30, 50, 60)
			if small := b.Max[0]-b.Min[0] < 400e-8; small || len(parts[k]) > 1 || len(parts[k][0]) > 1 || !inside(parts[k], hole) {
				continue
			}
			parts[k] = holed(parts[k], hole)
			if r.IntN(2) == 0 {
				parts = append(parts, hole)
			}
		case 6:
			if len(whole) == 1 && len(whole[0]) == 1 {
				whole = holed(whole, box(2000+r.Int64N(4000), 2000+r.Int64N(4000), 1+r.Int64N(2000), 1+r.Int64N(2000)))
			}
		case 7: // a whole of many parts
			if len(whole) == 1 {
				whole = append(whole.Clone(), box(20_000, 0, 500, 500)[0])
			}
		case 8: // a few units beside: edges that nearly coincide
			parts[k] = moved(parts[k], r.Int64N(5)-2, r.Int64N(5)-2)
		}
	}
	if r.IntN(5) == 0 {
		whole = nil
	}
	for i, p := range parts { // winding does not matter
		if r.IntN(3) == 0 {
			p = p.Clone()
			p[0][0].Reverse()
			parts[i] = p
		}
	}
	return whole, parts
}

// inside reports whether all corners of b lie in a.
func inside(a, b orb.MultiPolygon) bool {
	return !slices.ContainsFunc(b[0][0], func(p orb.Point) bool { return !covers(a, p) })
}

func checkFaults(t *testing.T, r *rand.Rand, whole orb.MultiPolygon, parts []orb.MultiPolygon, hits map[string]int) {
	t.Helper()
	f := coverage.FindFaults(whole, parts)
	if whole != nil { // what is covered and the gaps make the whole
		total, covered, gaps := units(whole), units(coverage.Within(whole, parts, nil)), units(orb.MultiPolygon(f.Gaps))
		if math.Abs(covered+gaps-total) > 1e-7*total {
			t.Errorf("covered %f and gaps %f are not %f", covered, gaps, total)
		}
	} else if len(f.Gaps)+len(f.Outside) > 0 {
		t.Errorf("without a whole: %s", told(f))
	}
	overlaps, outside := map[[2]int]orb.MultiPolygon{}, map[int]orb.MultiPolygon{}
	for _, o := range f.Overlaps {
		overlaps[[2]int{o.A, o.B}] = o.Area
		checkShape(t, o.Area)
	}
	for _, o := range f.Outside {
		outside[o.Part] = o.Area
		checkShape(t, o.Area)
	}
	gaps := orb.MultiPolygon(f.Gaps)
	checkShape(t, gaps)
	look := func(spot orb.Point) {
		var holders []int
		for i, p := range parts {
			if covers(p, spot) {
				holders = append(holders, i)
			}
		}
		inside := whole == nil || covers(whole, spot)
		gap := inside && len(holders) == 0 && whole != nil
		if covers(gaps, spot) != gap {
			t.Errorf("%v is covered by %v, in the whole: %v; a gap: %v", spot, holders, inside, !gap)
		}
		for i := range parts {
			holds := slices.Contains(holders, i)
			if covers(outside[i], spot) != (holds && !inside) {
				t.Errorf("%v is covered by %v, in the whole: %v; outside of %d: %v", spot, holders, inside, i, !(holds && !inside))
			}
			for j := i + 1; j < len(parts); j++ {
				if both := holds && slices.Contains(holders, j); covers(overlaps[[2]int{i, j}], spot) != both {
					t.Errorf("%v is covered by %v; shared by %d and %d: %v", spot, holders, i, j, !both)
				}
			}
		}
		switch {
		case gap:
			hits["gap"]++
		case len(holders) > 1:
			hits["overlap"]++
		case len(holders) == 1 && !inside:
			hits["outside"]++
		case len(holders) == 1:
			hits["sound"]++
		default:
			hits["nobody's"]++
		}
	}
	for range 30 {
		look(orb.Point{121.5 + (r.Float64()*12_000-1000)/1e8, 31.2 + (r.Float64()*12_000-1000)/1e8})
	}
	// Small ones are missed by dice thrown over the whole.
	small := slices.Clone(gaps)
	for _, m := range overlaps {
		small = append(small, m...)
	}
	for _, m := range outside {
		small = append(small, m...)
	}
	for _, p := range small {
		b := p.Bound()
		for range 3 {
			look(orb.Point{b.Min[0] + r.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + r.Float64()*(b.Max[1]-b.Min[1])})
		}
	}
}

// covers counts how often rings are crossed, without the package under test.
func covers(m orb.MultiPolygon, p orb.Point) bool {
	in := false
	for _, polygon := range m {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
					in = !in
				}
			}
		}
	}
	return in
}

// checkShape looks at what can be seen of validity without computing: rings are closed, wound as they should be and come by no
// place twice.
func checkShape(t *testing.T, m orb.MultiPolygon) {
	t.Helper()
	for _, p := range m {
		for i, r := range p {
			if len(r) < 4 || r[0] != r[len(r)-1] {
				t.Errorf("ring %v is not closed", r)
				continue
			}
			if size := planar.Area(r) * 1e16; math.Abs(size) > 1e-3 && (r.Orientation() == orb.CCW) != (i == 0) {
				t.Errorf("ring %d of %v, %g square units, is wound the wrong way", i, p, size)
			}
			seen := map[orb.Point]bool{}
			for _, q := range r[1:] {
				if seen[q] {
					t.Errorf("ring %v comes by %v twice", r, q)
				}
				seen[q] = true
			}
		}
	}
}

// FuzzFaults makes triangles of a few bytes each, the first of which is the whole: the sums must be right. Of rings of any sort,
// which are no areas, it asks only that something comes back.
func FuzzFaults(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 200, 0, 0, 200, 10, 10, 90, 10, 10, 90, 20, 20, 120, 60, 30, 90})
	f.Add([]byte{0, 1, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 9, 9, 0, 9, 3, 3, 6, 3, 3, 6})
	f.Add([]byte{1, 0, 0, 0, 5, 5, 0, 5, 5, 0, 0, 0, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < 2 || len(raw) > 200 {
			return
		}
		wild, bare, corners := raw[0]%2 == 1, raw[1]%2 == 1, 3
		if wild {
			corners = 5
		}
		var shapes []orb.MultiPolygon
		for raw = raw[2:]; len(raw) >= 2*corners; raw = raw[2*corners:] {
			var ring orb.Ring
			for i := range corners {
				ring = append(ring, at(int64(raw[2*i]), int64(raw[2*i+1])))
			}
			if m := (orb.MultiPolygon{{append(ring, ring[0])}}); wild || units(m) > 0.1 {
				shapes = append(shapes, m)
			}
		}
		if len(shapes) < 2 {
			return
		}
		whole, parts := shapes[0], shapes[1:]
		if bare {
			whole = nil
		}
		found := coverage.FindFaults(whole, parts)
		within := coverage.Within(shapes[0], parts, parts[1:])
		if wild {
			return
		}
		checkShape(t, within)
		equal := func(what string, a, b float64) {
			if math.Abs(a-b) > 0.01 {
				t.Errorf("%s: %f is not %f; %v %v: %s", what, a, b, whole, parts, told(found))
			}
		}
		all := box(-1, -1, 300, 300)
		shared := map[[2]int]float64{}
		for _, o := range found.Overlaps {
			checkShape(t, o.Area)
			shared[[2]int{o.A, o.B}] = units(o.Area)
		}
		for i := range parts {
			for j := range i {
				both := coverage.Within(all, []orb.MultiPolygon{parts[j], parts[i]}, nil)
				equal("two parts, less what they share", units(parts[i])+units(parts[j])-shared[[2]int{j, i}], units(both))
			}
		}
		if bare {
			return
		}
		outside := map[int]float64{}
		for _, o := range found.Outside {
			outside[o.Part] = units(o.Area)
		}
		for i, p := range parts {
			equal("what is outside, and the rest", outside[i]+units(coverage.Within(whole, parts[i:i+1], nil)), units(p))
		}
		gaps := orb.MultiPolygon(found.Gaps)
		checkShape(t, gaps)
		equal("gaps, and what is covered", units(gaps)+units(coverage.Within(whole, parts, nil)), units(whole))
	})
}
