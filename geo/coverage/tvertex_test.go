package coverage_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
	"wangge/geo/measure"
	"wangge/geo/shape"
)

// at is a place n and m units from 121.5, 31.2.
func at(n, m int64) orb.Point {
	return orb.Point{float64(121_5000_0000+n) / 1e8, float64(31_2000_0000+m) / 1e8}
}

// area is a polygon of such places; the last, which closes the ring, is left out.
func area(units ...[2]int64) orb.MultiPolygon {
	var ring orb.Ring
	for _, u := range units {
		ring = append(ring, at(u[0], u[1]))
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

func clone(areas []orb.MultiPolygon) []orb.MultiPolygon {
	out := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		out[i] = a.Clone()
	}
	return out
}

func TestInsertTVertices(t *testing.T) {
	left := area([2]int64{0, 0}, [2]int64{1000, 0}, [2]int64{1000, 900}, [2]int64{0, 900})
	tests := []struct {
		name  string
		areas []orb.MultiPolygon
		want  string
	}{
		{"a neighbour's corner in the middle of an edge", []orb.MultiPolygon{left, area([2]int64{1000, 300}, [2]int64{2000, 300}, [2]int64{2000, 600}, [2]int64{1000, 600})},
			"[0:1000,300 0:1000,600]"},
		{"both sides lack one", []orb.MultiPolygon{left, area([2]int64{1000, -100}, [2]int64{2000, 0}, [2]int64{2000, 600}, [2]int64{1000, 600})},
			"[0:1000,600 1:1000,0]"},
		{"half a unit off a slanted edge", []orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{1001, 0}, [2]int64{0, 77}), area([2]int64{500, 39}, [2]int64{1001, 0}, [2]int64{900, 900})},
			"[0:500,39]"},
		{"one unit off", []orb.MultiPolygon{left, area([2]int64{1001, 300}, [2]int64{2000, 300}, [2]int64{2000, 600})}, "[0:1001,300]"},
		{"two units off is a gap", []orb.MultiPolygon{left, area([2]int64{1002, 300}, [2]int64{2000, 300}, [2]int64{2000, 600})}, "[]"},
		{"the nearer of two, which leaves the other too far off", []orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{1000, 10}, [2]int64{500, 900}),
			area([2]int64{500, 6}, [2]int64{400, -900}, [2]int64{600, -900}), area([2]int64{540, 5}, [2]int64{700, -900}, [2]int64{800, -900})}, "[0:540,5]"},
		{"beyond the end of the edge", []orb.MultiPolygon{left, area([2]int64{1000, 901}, [2]int64{2000, 901}, [2]int64{1500, 1500})}, "[]"},
		{"a shared corner", []orb.MultiPolygon{left, area([2]int64{1000, 0}, [2]int64{2000, 0}, [2]int64{2000, 600})}, "[]"},
		{"many on one edge, in order", []orb.MultiPolygon{left, area([2]int64{300, 0}, [2]int64{200, 0}, [2]int64{100, 0}, [2]int64{150, -100}), area([2]int64{800, 0}, [2]int64{400, 0}, [2]int64{600, -500})},
			"[0:100,0 0:200,0 0:300,0 0:400,0 0:800,0]"},
		{"its own vertex on its own edge", []orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{1000, 0}, [2]int64{1000, 900}, [2]int64{500, 0}, [2]int64{0, 900})}, "[0:500,0]"},
		{"its own vertex a unit off its own edge stays a sliver", []orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{1000, 0}, [2]int64{500, 1})}, "[]"},
		{"a hole that touches", []orb.MultiPolygon{{{left[0][0], area([2]int64{0, 400}, [2]int64{100, 500}, [2]int64{100, 300})[0][0]}}}, "[0:0,400]"},
		{"one area alone", []orb.MultiPolygon{left}, "[]"},
		{"nothing", nil, "[]"},
		{"empty areas and rings", []orb.MultiPolygon{nil, {}, {{}}, {{{}}}, left}, "[]"},
		{"not finite", []orb.MultiPolygon{left, {{{{math.NaN(), 1}, {2, 2}, {math.Inf(1), 1}, {math.NaN(), 1}}}}}, "[]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			areas := clone(test.areas)
			old := clone(test.areas)
			inserted := coverage.InsertTVertices(areas)
			got := []string{}
			for _, in := range inserted {
				got = append(got, fmt.Sprintf("%d:%d,%d", in.Area, shape.Quantise(in.At[0])-121_5000_0000, shape.Quantise(in.At[1])-31_2000_0000))
				if !slices.Contains(areas[in.Area][in.Polygon][in.Ring], in.At) {
					t.Errorf("%v is not where it should be", in)
				}
			}
			if fmt.Sprint(got) != test.want {
				t.Errorf("got  %v\nwant %s", got, test.want)
			}
			for i, a := range areas { // taking out what was put in gives what was there
				for p := range a {
					for r, ring := range a[p] {
						rest := ring.Clone()
						for _, in := range inserted {
							if in.Area == i && in.Polygon == p && in.Ring == r {
								rest = slices.Delete(rest, slices.Index(rest[1:], in.At)+1, slices.Index(rest[1:], in.At)+2)
							}
						}
						if len(rest) != len(old[i][p][r]) {
							t.Errorf("area %d: %v, was %v", i, ring, old[i][p][r])
						}
					}
				}
			}
			if again := coverage.InsertTVertices(areas); len(again) != 0 {
				t.Errorf("a second call inserts %v", again)
			}
		})
	}
}

// The edge is as long as the world: products of its coordinates pass 64 bits. math/big is the judge.
func TestInsertTVerticesOnEndlessEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	hits := 0
	for range 3000 {
		a := orb.Point{shape.SnapCoord(-180 + r.Float64()), shape.SnapCoord(-80 + r.Float64()*160)}
		b := orb.Point{shape.SnapCoord(180 - r.Float64()), shape.SnapCoord(-80 + r.Float64()*160)}
		s := r.Float64()
		v := shape.SnapPoint(orb.Point{a[0] + s*(b[0]-a[0]), a[1] + s*(b[1]-a[1])})
		v[1] = shape.SnapCoord(v[1] + float64(r.IntN(5)-2)*1e-8)
		areas := []orb.MultiPolygon{{{{a, b, {0, 89}, a}}}, {{{v, {v[0], -89}, {v[0] + 1, -89}, v}}}}
		want := withinOneUnit(a, b, v)
		got := slices.ContainsFunc(coverage.InsertTVertices(areas), func(in coverage.Inserted) bool { return in.Area == 0 && in.At == v })
		if got != want {
			t.Fatalf("%v on the edge %v to %v: got %v, want %v", v, a, b, got, want)
		}
		if want {
			hits++
		}
	}
	if hits < 500 || hits > 2900 {
		t.Errorf("%d of 3000 on the line: the test does not test much", hits)
	}
}

func withinOneUnit(a, b, v orb.Point) bool {
	q := func(f float64) *big.Int { return big.NewInt(shape.Quantise(f)) }
	sub := func(x, y *big.Int) *big.Int { return new(big.Int).Sub(x, y) }
	mul := func(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }
	dx, dy := sub(q(b[0]), q(a[0])), sub(q(b[1]), q(a[1]))
	vx, vy := sub(q(v[0]), q(a[0])), sub(q(v[1]), q(a[1]))
	cross := sub(mul(dx, vy), mul(dy, vx))
	length2 := new(big.Int).Add(mul(dx, dx), mul(dy, dy))
	return mul(cross, cross).Cmp(length2) <= 0
}

// town is n × n crooked blocks whose borders have k pieces each. Inside the town each side has forgotten 3 in 10 of the
// vertices between corners; at its outer border, where there is no neighbour, none.
func town(r *rand.Rand, n, k int) []orb.MultiPolygon {
	const block = 20_000
	corner := make([][][2]int64, n+1)
	for y := range corner {
		corner[y] = make([][2]int64, n+1)
		for x := range corner[y] {
			corner[y][x] = [2]int64{int64(x*block + r.IntN(block/3)), int64(y*block + r.IntN(block/3))}
		}
	}
	// A border is a straight line, rounded to units: what one side forgets is a T-vertex of the other.
	border := func(a, b [2]int64, keep float64) [][2]int64 {
		out := [][2]int64{a}
		for i := 1; i < k; i++ {
			s := float64(i) / float64(k)
			if r.Float64() < keep {
				out = append(out, [2]int64{int64(math.Round(float64(a[0]) + s*float64(b[0]-a[0]))), int64(math.Round(float64(a[1]) + s*float64(b[1]-a[1])))})
			}
		}
		return out
	}
	backwards := func(a, b [2]int64, keep float64) [][2]int64 {
		out := append(border(b, a, keep), a)
		slices.Reverse(out)
		return out[:len(out)-1]
	}
	var areas []orb.MultiPolygon
	for y := range n {
		for x := range n {
			sw, se, ne, nw := corner[y][x], corner[y][x+1], corner[y+1][x+1], corner[y+1][x]
			keep := func(outer bool) float64 {
				if outer {
					return 1
				}
				return 0.7
			}
			ring := slices.Concat(border(sw, se, keep(y == 0)), border(se, ne, keep(x == n-1)), backwards(ne, nw, keep(y == n-1)), backwards(nw, sw, keep(x == 0)))
			areas = append(areas, area(ring...))
		}
	}
	return areas
}

// loose counts the edges that have no partner running the other way.
func loose(areas []orb.MultiPolygon) int {
	open := map[[2]orb.Point]int{}
	for _, a := range areas {
		for _, p := range a {
			for _, ring := range p {
				for i := 1; i < len(ring); i++ {
					u, v := ring[i-1], ring[i]
					if open[[2]orb.Point{v, u}] > 0 {
						open[[2]orb.Point{v, u}]--
					} else {
						open[[2]orb.Point{u, v}]++
					}
				}
			}
		}
	}
	n := 0
	for _, k := range open {
		n += k
	}
	return n
}

func TestInsertTVerticesPairsEveryEdge(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		const n, k = 6, 9
		areas := town(r, n, k)
		before := clone(areas)
		inserted := coverage.InsertTVertices(areas)
		if len(inserted) < n*n*k/4 {
			t.Fatalf("seed %d: only %d inserted", seed, len(inserted))
		}
		// What is left without a partner is the town's outer border.
		if got := loose(areas); got != 4*n*k {
			t.Errorf("seed %d: %d edges without a partner after, %d before; the outer border has %d", seed, got, loose(before), 4*n*k)
		}
		if again := coverage.InsertTVertices(areas); len(again) > 0 {
			t.Errorf("seed %d: a second call inserts %d, first %v", seed, len(again), again[0])
		}
		for i := range areas {
			was, is := planarUnits2(before[i]), planarUnits2(areas[i])
			if math.Abs(was-is) > 20_000*4 { // four borders, 20,000 units long, each off by at most a unit
				t.Errorf("seed %d: area %d changed by %.0f square units", seed, i, is-was)
			}
		}
		twin := clone(before)
		if other := coverage.InsertTVertices(twin); !slices.Equal(other, inserted) {
			t.Errorf("seed %d: the same input gave two answers", seed)
		}
	}
}

// Vertices so close together that half of them lie within a unit of some edge: whatever happens, it ends, and a second
// call finds nothing to do.
func TestInsertTVerticesInAThicket(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	inserted := 0
	for round := range 2000 {
		var areas []orb.MultiPolygon
		for range 2 + r.IntN(6) {
			var units [][2]int64
			for range 3 + r.IntN(6) {
				units = append(units, [2]int64{r.Int64N(25), r.Int64N(25)})
			}
			areas = append(areas, area(units...))
		}
		inserted += len(coverage.InsertTVertices(areas))
		if again := coverage.InsertTVertices(areas); len(again) > 0 {
			t.Fatalf("round %d: a second call inserts %v into %v", round, again[0], areas[again[0].Area])
		}
	}
	if inserted < 10_000 {
		t.Errorf("only %d inserted", inserted)
	}
}

// planarUnits2 is the area of the outer ring of a in square units of 1e-8 degree.
func planarUnits2(a orb.MultiPolygon) float64 {
	sum := 0.0
	ring := a[0][0]
	for i := 1; i < len(ring); i++ {
		x0, y0 := float64(shape.Quantise(ring[i-1][0])-121_5000_0000), float64(shape.Quantise(ring[i-1][1])-31_2000_0000)
		x1, y1 := float64(shape.Quantise(ring[i][0])-121_5000_0000), float64(shape.Quantise(ring[i][1])-31_2000_0000)
		sum += x0*y1 - x1*y0
	}
	return sum / 2
}

// readAreas reads the areas of a GeoJSON file of the real data, snapped.
func readAreas(t testing.TB, folder, file string) []orb.MultiPolygon {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", folder, file))
	if err != nil {
		t.Skipf("real data is not there: %v", err)
	}
	var c struct {
		Features []struct{ Geometry json.RawMessage }
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	var areas []orb.MultiPolygon
	for i, f := range c.Features {
		g, err := shape.ParseGeoJSON(f.Geometry)
		if err != nil {
			t.Fatalf("feature %d: %v", i, err)
		}
		a, err := shape.MultiPolygon(shape.Snap(g))
		if err != nil {
			t.Fatalf("feature %d: %v", i, err)
		}
		areas = append(areas, a)
	}
	return areas
}

func totalM2(t testing.TB, areas []orb.MultiPolygon) float64 {
	t.Helper()
	total := 0.0
	for _, a := range areas {
		m2, err := measure.AreaM2(a)
		if err != nil {
			t.Fatal(err)
		}
		total += m2
	}
	return total
}

func TestInsertTVerticesOnRealData(t *testing.T) {
	for _, test := range []struct{ folder, file string }{
		{"tottori-chome", "tottori-city-chome.geojson"}, {"osm-lujiazui", "lujiazui-grids.geojson"}, {"osm-lujiazui", "lujiazui-divisions.geojson"},
	} {
		t.Run(test.file, func(t *testing.T) {
			areas := readAreas(t, test.folder, test.file)
			before, looseBefore := totalM2(t, areas), loose(areas)
			start := time.Now()
			inserted := coverage.InsertTVertices(areas)
			took := time.Since(start)
			after := totalM2(t, areas)
			t.Logf("%d areas, %d vertices inserted in %v, edges without a partner %d → %d, area changed by %.3f of %.0f m²",
				len(areas), len(inserted), took.Round(time.Microsecond), looseBefore, loose(areas), after-before, before)
			if math.Abs(after-before) > 1e-6*before {
				t.Errorf("the area changed from %.1f to %.1f m²", before, after)
			}
			if again := coverage.InsertTVertices(areas); len(again) > 0 {
				t.Errorf("a second call inserts %d", len(again))
			}
		})
	}
}

// A vertex forgotten on one side comes back: plant it in real data.
func TestInsertTVerticesFindsWhatWasTakenOut(t *testing.T) {
	areas := readAreas(t, "osm-lujiazui", "lujiazui-grids.geojson")
	coverage.InsertTVertices(areas)
	whole := loose(areas)
	planted := 0
	for i := range areas {
		ring := areas[i][0][0]
		u, v := ring[0], ring[1]
		mid := shape.SnapPoint(orb.Point{(u[0] + v[0]) / 2, (u[1] + v[1]) / 2})
		if mid == u || mid == v {
			continue
		}
		areas[i][0][0] = slices.Insert(ring.Clone(), 1, mid)
		planted++
	}
	looseNow := loose(areas)
	inserted := coverage.InsertTVertices(areas)
	if planted < 15 || looseNow <= whole {
		t.Fatalf("%d planted, %d edges without a partner, %d before", planted, looseNow, whole)
	}
	// Each planted vertex also splits its own edge, and those of the outer border have no partner before or after.
	if got := loose(areas); got > whole+planted {
		t.Errorf("%d planted, %d inserted: %d edges without a partner, %d before", planted, len(inserted), got, whole)
	}
	if len(inserted) == 0 || len(inserted) > planted {
		t.Errorf("%d planted, %d inserted", planted, len(inserted))
	}
}

// 10,000 areas of about 250 vertices, a third of them forgotten on one side or the other.
func BenchmarkInsertTVerticesOfACity(b *testing.B) {
	if testing.Short() {
		b.Skip("takes seconds")
	}
	areas := town(rand.New(rand.NewPCG(1, 1)), 100, 90)
	vertices := 0
	for _, a := range areas {
		vertices += len(a[0][0])
	}
	inserted := 0
	for b.Loop() {
		b.StopTimer()
		work := clone(areas)
		b.StartTimer()
		inserted = len(coverage.InsertTVertices(work))
	}
	b.ReportMetric(float64(vertices), "vertices")
	b.ReportMetric(float64(inserted), "inserted")
}

// One edge with 50,000 vertices of others on it must not cost the square of it.
func TestInsertTVerticesOnACrowdedEdge(t *testing.T) {
	const n = 50_000
	areas := []orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{n * 10, n}, [2]int64{0, n * 10})}
	for i := int64(1); i < n; i++ {
		areas = append(areas, area([2]int64{i * 10, i}, [2]int64{i*10 + 4, i - 9}, [2]int64{i*10 + 5, i - 8}))
	}
	start := time.Now()
	inserted := coverage.InsertTVertices(areas)
	took := time.Since(start)
	if len(inserted) != n-1 {
		t.Errorf("%d inserted, want %d", len(inserted), n-1)
	}
	t.Log(took)
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
