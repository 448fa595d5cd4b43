package coverage

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/internal/fault"
)

func TestFixText(t *testing.T) {
	k := &key.Key{}
	for _, c := range []struct {
		fix    Fix
		en, zh string
	}{
		{Fix{AddToGrid, k, map[string]any{ArgAreaM2: 3760.97, ArgSharedM: 158.2}}, "Add the 3761 m² to grid 河东, which shares 158 m of border with it.", "将这 3761 平方米划入“河东”，两者共有边界 158 米。"},
		{Fix{AddToGrid, k, map[string]any{ArgAreaM2: 1.26}}, "Add the other 1.3 m² of it to grid 河东.", "将其余 1.3 平方米划入“河东”。"},
		{Fix{CutFromGrid, k, map[string]any{ArgAreaM2: 0.126}}, "Cut the 0.13 m² out of grid 河东.", "将这 0.13 平方米从“河东”划出。"},
		{Fix{CutFromGrid, k, map[string]any{ArgAreaM2: 3760.97, ArgWhole: true}}, "Give up grid 河东: another grid has all of its area.", "撤销“河东”：其全部范围已属于另一网格。"},
		{Fix{AssignBuilding, k, map[string]any{ArgDistanceM: 5.84}}, "Give the building to grid 河东, 5.8 m away.", "将该楼栋划给“河东”，相距 5.8 米。"},
		{Fix{AssignBuilding, k, map[string]any{ArgShare: 0.503}}, "Give the whole building to grid 河东, which holds 50 % of it.", "将整栋楼划给“河东”，该网格已占其 50%。"},
		{Fix{AppointWorker, k, nil}, "Appoint a grid worker for grid 河东.", "为“河东”任命网格员。"},
		{Fix{SplitGrid, k, map[string]any{ArgParts: 2.0}}, "Split grid 河东 into 2.", "将“河东”拆分为 2 个网格。"},
		{Fix{MergeGrids, k, nil}, "Merge it with grid 河东.", "与“河东”合并。"},
		{Fix{MergeGrids, k, map[string]any{ArgItself: true}}, "Merge grid 河东 with one beside it.", "将“河东”并入相邻网格。"},
	} {
		if en, zh := FixText(c.fix, "河东", fault.English), FixText(c.fix, "河东", fault.Chinese); en != c.en || zh != c.zh {
			t.Errorf("%v: %q %q, want %q %q", c.fix, en, zh, c.en, c.zh)
		}
	}
}

func TestBreach(t *testing.T) {
	low, top := 200, 450
	for _, c := range []struct {
		n             int
		low, most     *int
		kind          Kind
		share, people float64
	}{
		{200, &low, &top, "", 0, 0}, {450, &low, &top, "", 0, 0}, {451, &low, &top, Oversize, 0, 0}, {675, &low, &top, Oversize, 0.5, 0},
		{676, &low, &top, Oversize, 0.5, 0.5}, {901, &low, &top, Oversize, 1, 1}, {199, &low, &top, Undersize, 0, 0}, {100, &low, &top, Undersize, 0.5, 0},
		{99, &low, &top, Undersize, 0.5, 0.5}, {3, &low, &top, Undersize, 1, 0.5}, {0, &low, &top, Undersize, 1, 0.5},
		{0, nil, &top, "", 0, 0}, {9999, &low, nil, "", 0, 0},
	} {
		kind, limit, ok := breach(c.n, c.low, c.most)
		if kind != c.kind || ok != (c.kind != "") || ok && (tenths(c.n, limit) != c.share || halves(c.n, limit) != c.people) {
			t.Errorf("%d: %q %v by %v, of people %v", c.n, kind, ok, tenths(c.n, limit), halves(c.n, limit))
		}
	}
}

// TestHowGraveTellsOfNobody: whatever the limit, the weight of a breach is the same for all small counts, and no weight stands for
// fewer than ten counts in a row, but for those that the limit itself leaves.
func TestHowGraveTellsOfNobody(t *testing.T) {
	for limit := range 1000 {
		weights := map[float64]int{}
		for n := range limit {
			if kind, _, ok := breach(n, &limit, nil); kind != Undersize || !ok {
				t.Fatalf("%d of %d is not too small", n, limit)
			}
			weights[halves(n, limit)]++
			if place.Small(n) && halves(n, limit) != halves(1, limit) {
				t.Errorf("at a limit of %d, %d weighs %v", limit, n, halves(n, limit))
			}
		}
		for weight, counts := range weights {
			if counts < min(limit, 10) {
				t.Errorf("at a limit of %d, %d counts weigh %v", limit, counts, weight)
			}
		}
		for n := limit + 1; n < 10; n++ {
			if halves(n, limit) != halves(limit+1, limit) {
				t.Errorf("above a limit of %d, %d weighs %v", limit, n, halves(n, limit))
			}
		}
	}
}

func TestParts(t *testing.T) {
	target, most := 300, 1300
	policy := place.SizePolicy{HouseholdsTarget: &target, ResidentsMax: &most}
	for _, c := range []struct{ households, residents, want int }{{460, 1000, 2}, {890, 1000, 3}, {310, 5200, 4}, {301, 1301, 2}} {
		if got := parts(policy, place.Stats{Households: c.households, Residents: c.residents}); got != c.want {
			t.Errorf("%d households, %d residents: %d parts, want %d", c.households, c.residents, got, c.want)
		}
	}
}

func box(west, south, east, north float64) orb.MultiPolygon {
	return orb.MultiPolygon{orb.Bound{Min: orb.Point{121 + west, 31 + south}, Max: orb.Point{121 + east, 31 + north}}.ToPolygon()}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		name string
		area orb.MultiPolygon
		want bool
	}{
		{"100 m by 1 m", box(0, 0, 1e-3, 1e-5), false},
		{"100 m by two units", box(0, 0, 1e-3, 2e-8), false},
		{"100 m by a unit", box(0, 0, 1e-3, 1e-8), false},
		{"a triangle of a unit's height", orb.MultiPolygon{{{{121, 31}, {121.001, 31}, {121.0005, 31 + 1e-8}, {121, 31}}}}, true},
		{"what a computation leaves", box(0, 0, 1e-3, 2e-14), true},
		{"2 cm by 2 cm", box(0, 0, 2e-7, 2e-7), true},
	} {
		if got := rounding(c.area); got != c.want {
			t.Errorf("%s: %v, want %v (%.6f m²)", c.name, got, c.want, areaM2(c.area))
		}
	}
}

func TestCutEither(t *testing.T) {
	grid := func(code string, b orb.MultiPolygon) Grid {
		return Grid{Key: key.Key{Home: code}, Code: code, Boundary: b}
	}
	large, small := box(0, 0, 0.01, 0.01), box(0.009, 0.009, 0.012, 0.012)
	inner := box(0.002, 0.002, 0.004, 0.004)
	for _, c := range []struct {
		name  string
		a, b  Grid
		m2    float64
		stray map[key.Key]bool
		first string
		whole []bool
	}{
		{"a corner: the larger spares it better", grid("1", small), grid("2", large), 10, nil, "2", []bool{false, false}},
		{"the smaller strayed", grid("1", small), grid("2", large), 10, map[key.Key]bool{{Home: "1"}: true}, "1", []bool{false, false}},
		{"one inside another: cut it out, or give it up", grid("1", inner), grid("2", large), areaM2(inner), nil, "2", []bool{false, true}},
		{"doubled: the later code goes", grid("1", large), grid("2", large), areaM2(large), nil, "2", []bool{true, true}},
	} {
		fixes := cutEither(c.a, c.b, c.m2, c.stray)
		var whole []bool
		for _, f := range fixes {
			w, _ := f.Args[ArgWhole].(bool)
			whole = append(whole, w)
		}
		if fixes[0].Grid.Home != c.first || !slices.Equal(whole, c.whole) {
			t.Errorf("%s: first %s, whole %v", c.name, fixes[0].Grid.Home, whole)
		}
	}
}

func TestWhatIsStale(t *testing.T) {
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	day := civil.Of(time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), time.UTC)
	// 1 holds 2 and 3; 2 holds 4 and 5; 6 stands beside.
	parents := map[byte]byte{2: 1, 3: 1, 4: 2, 5: 2}
	var nodes []Node
	for n := byte(1); n <= 6; n++ {
		d := Node{ID: id(n), Change: 10, Day: day}
		if p, ok := parents[n]; ok {
			up := id(p)
			d.Parent = &up
		}
		nodes = append(nodes, d)
	}
	for _, c := range []struct {
		name         string
		named        map[byte]Changed
		today        civil.Date
		asked        []byte
		whole, staff []byte
	}{
		{"nothing changed", nil, day, []byte{1, 6}, nil, nil},
		{"a change from before", map[byte]Changed{4: {Ground: 10}}, day, []byte{1, 6}, nil, nil},
		{"a community: itself and all above", map[byte]Changed{4: {Ground: 11}}, day, []byte{1, 6}, []byte{4, 2, 1}, nil},
		{"a town: all beneath it too", map[byte]Changed{2: {Ground: 11}}, day, []byte{1, 6}, []byte{4, 5, 2, 1}, nil},
		{"a division that is gone", map[byte]Changed{9: {Ground: 11}}, day, []byte{1, 6}, nil, nil},
		{"another's", map[byte]Changed{4: {Ground: 11}}, day, []byte{3, 6}, nil, nil},
		{"only what is asked", map[byte]Changed{2: {Ground: 11}}, day, []byte{5}, []byte{5}, nil},
		{"staff", map[byte]Changed{4: {Staff: 11}}, day, []byte{2}, nil, []byte{4, 2}},
		{"both", map[byte]Changed{4: {Ground: 11, Staff: 12}, 3: {Staff: 12}}, day, []byte{1}, []byte{4, 2, 1}, []byte{3}},
		{"the next day", map[byte]Changed{4: {Ground: 11}}, day.AddDays(1), []byte{2}, []byte{4, 2}, []byte{5}},
	} {
		tr := newTree(nodes)
		named := map[uuid.UUID]Changed{}
		for n, x := range c.named {
			named[id(n)] = x
		}
		var asked []uuid.UUID
		for _, n := range c.asked {
			asked = append(asked, id(n))
		}
		whole, staff := tr.stale(tr.under(asked), tr.spread(named), stamp{12, c.today})
		bytes := func(list []uuid.UUID) (out []byte) {
			for _, d := range list {
				out = append(out, d[15])
			}
			return out
		}
		if !slices.Equal(bytes(whole), c.whole) || !slices.Equal(bytes(staff), c.staff) {
			t.Errorf("%s: %v altogether and %v for staff, want %v and %v", c.name, bytes(whole), bytes(staff), c.whole, c.staff)
		}
	}
	tr := newTree(nodes)
	for pair, want := range map[[2]byte]byte{{4, 5}: 2, {4, 3}: 1, {4, 2}: 2, {4, 6}: 0} {
		got := tr.common(id(pair[0]), id(pair[1]))
		if got != id(want) {
			t.Errorf("%v: %v above both, want %d", pair, got, want)
		}
	}
	if h := slices.Sorted(maps.Values(map[byte]int{1: tr.height(id(1)), 2: tr.height(id(2)), 3: tr.height(id(3))})); !slices.Equal(h, []int{0, 1, 2}) {
		t.Errorf("heights %v", h)
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		area, covered, gap float64
		gaps               int
		want               string
	}{
		{0, 0, 0, 0, "–"},
		{8e9, 8e9, 0, 0, "100%"},
		{8e9, 8e9 * (1 - 1e-12), 0, 0, "100%"},    // all that is added up to it is off by a little
		{8e9, 8e9 * (1 - 1e-10), 0.8, 0, "100%"},  // no gap was found
		{8e9, 8e9 * (1 - 1e-12), 1e-5, 1, "100%"}, // another division covers it
		{8e9, 8e9 - 1, 1, 1, "99.99%"},
		{200, 100 * (1 - 1e-12), 100, 1, "50%"},
		{300, 200, 100, 1, "66.66%"},
		{300, 0, 300, 1, "0%"},
		{300, -1e-7, 300, 1, "0%"},
	} {
		r := Report{AreaM2: c.area, CoveredM2: c.covered, GapM2: c.gap, Problems: map[Kind]int{Gap: c.gaps}}
		if got := r.Share(); got != c.want {
			t.Errorf("%v of %v m², a gap of %v: %s, want %s", c.covered, c.area, c.gap, got, c.want)
		}
	}
}

func TestGround(t *testing.T) {
	for m2, want := range map[float64]string{-3e-7: "0 m²", 0: "0 m²", 0.0126: "0.013 m²", 1.26: "1.3 m²", 3760.97: "3761 m²", 1.5e6: "1.50 km²"} {
		if got := Ground(m2); got != want {
			t.Errorf("%v: %s, want %s", m2, got, want)
		}
	}
}
