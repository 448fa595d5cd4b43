package coverage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
)

type edge [2]coverage.Pixel

// drawn is a tile with what is on it.
type drawn struct {
	tile  coverage.Tile
	areas map[coverage.Ref][][]coverage.Pixel
}

func draw(c *coverage.Coverage, t coverage.Tile, detail uint32) drawn {
	d := drawn{t, map[coverage.Ref][][]coverage.Pixel{}}
	c.Draw(t, detail, func(r coverage.Ref, rings [][]coverage.Pixel) {
		for _, ring := range rings {
			d.areas[r] = append(d.areas[r], slices.Clone(ring))
		}
	})
	return d
}

func onSide(e edge) bool {
	a, b := e[0], e[1]
	const low, high = -coverage.Buffer, coverage.Extent + coverage.Buffer
	return a.X == b.X && (a.X == low || a.X == high) || a.Y == b.Y && (a.Y == low || a.Y == high)
}

func surveyed(ring []coverage.Pixel) (sum int64) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		sum += int64(a.X)*int64(b.Y) - int64(b.X)*int64(a.Y)
	}
	return sum
}

// faults are what is wrong with rings by themselves and among each other, and the edges that have no reverse.
func (d drawn) faults() (wrong []string, loose []edge) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	edges := map[edge]coverage.Ref{}
	for r, rings := range d.areas {
		for i, ring := range rings {
			if len(ring) < 3 {
				say("%v has a ring of %d", r, len(ring))
			}
			if twice := surveyed(ring); twice == 0 || i == 0 && twice < 0 {
				say("%v: ring %d has area %d", r, i, twice)
			}
			met := map[coverage.Pixel]bool{}
			for k, a := range ring {
				if met[a] {
					say("%v comes through %v twice", r, a)
				}
				met[a] = true
				if a.X < -coverage.Buffer || a.Y < -coverage.Buffer || a.X > coverage.Extent+coverage.Buffer || a.Y > coverage.Extent+coverage.Buffer {
					say("%v reaches out of sight, to %v", r, a)
				}
				e := edge{a, ring[(k+1)%len(ring)]}
				if other, ok := edges[e]; ok && !onSide(e) {
					say("%v and %v have %v the same way", r, other, e)
				}
				edges[e] = r
			}
		}
	}
	for e := range edges {
		if _, ok := edges[edge{e[1], e[0]}]; !ok && !onSide(e) {
			loose = append(loose, e)
		}
	}
	all := make([]edge, 0, len(edges))
	for e := range edges {
		all = append(all, e)
	}
	if a, b, ok := crossing(all); ok {
		say("%v crosses %v", a, b)
	}
	return wrong, loose
}

// crossing finds two edges that have more in common than an end.
func crossing(edges []edge) (a, b edge, found bool) {
	type cell [2]int32
	const size = 64
	in := map[cell][]edge{}
	for _, e := range edges {
		if e[0].X > e[1].X || e[0].X == e[1].X && e[0].Y > e[1].Y {
			continue // its reverse is looked at, or it has none
		}
		for x := e[0].X / size; x <= e[1].X/size; x++ {
			for y := min(e[0].Y, e[1].Y) / size; y <= max(e[0].Y, e[1].Y)/size; y++ {
				in[cell{x, y}] = append(in[cell{x, y}], e)
			}
		}
	}
	side := func(a, b, p coverage.Pixel) int {
		v := (int64(b.X)-int64(a.X))*(int64(p.Y)-int64(a.Y)) - (int64(b.Y)-int64(a.Y))*(int64(p.X)-int64(a.X))
		return int(min(max(v, -1), 1))
	}
	within := func(e edge, p coverage.Pixel) bool { // inside e, without its ends
		return p != e[0] && p != e[1] && side(e[0], e[1], p) == 0 &&
			min(e[0].X, e[1].X) <= p.X && p.X <= max(e[0].X, e[1].X) && min(e[0].Y, e[1].Y) <= p.Y && p.Y <= max(e[0].Y, e[1].Y)
	}
	for _, list := range in {
		for i, e := range list {
			for _, f := range list[:i] {
				if onSide(e) || onSide(f) {
					continue
				}
				if side(e[0], e[1], f[0])*side(e[0], e[1], f[1]) < 0 && side(f[0], f[1], e[0])*side(f[0], f[1], e[1]) < 0 ||
					within(e, f[0]) || within(e, f[1]) || within(f, e[0]) || within(f, e[1]) {
					return e, f, true
				}
			}
		}
	}
	return a, b, false
}

// outline is the edges of the areas that no other area has in reverse, in degrees.
func outline(communities [][]orb.MultiPolygon) (out [][2]orb.Point) {
	all := map[[2]orb.Point]bool{}
	for _, areas := range communities {
		s := coverage.NewShard(areas)
		for i := range s.Len() {
			for _, polygon := range s.Area(i) {
				for _, ring := range polygon {
					for k := 1; k < len(ring); k++ {
						all[[2]orb.Point{ring[k-1], ring[k]}] = true
					}
				}
			}
		}
	}
	for e := range all {
		if !all[[2]orb.Point{e[1], e[0]}] {
			out = append(out, e)
		}
	}
	return out
}

// inUnits is where p is on t, not rounded.
func inUnits(t coverage.Tile, p orb.Point) (x, y float64) {
	world := coverage.Extent * math.Exp2(float64(t.Zoom))
	sin := math.Sin(p[1] * math.Pi / 180)
	return (p[0]+180)/360*world - coverage.Extent*float64(t.X), (0.5-math.Log((1+sin)/(1-sin))/(4*math.Pi))*world - coverage.Extent*float64(t.Y)
}

func distance(px, py, ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((px-ax)*dx+(py-ay)*dy)/l, 0), 1)
	}
	return math.Hypot(px-ax-t*dx, py-ay-t*dy)
}

// tilesOf are up to n tiles of a zoom that meet a box, spread over it.
func tilesOf(box orb.Bound, zoom uint32, n int, r *rand.Rand) (out []coverage.Tile) {
	at := func(p orb.Point) (uint32, uint32) {
		x, y := inUnits(coverage.Tile{Zoom: zoom}, p)
		last := float64(uint32(1)<<zoom - 1)
		return uint32(min(max(x/coverage.Extent, 0), last)), uint32(min(max(y/coverage.Extent, 0), last))
	}
	west, south := at(box.Min)
	east, north := at(box.Max)
	if int(east-west+1)*int(south-north+1) <= n {
		for x := west; x <= east; x++ {
			for y := north; y <= south; y++ {
				out = append(out, coverage.Tile{Zoom: zoom, X: x, Y: y})
			}
		}
		return out
	}
	for range n {
		out = append(out, coverage.Tile{Zoom: zoom, X: west + r.Uint32N(east-west+1), Y: north + r.Uint32N(south-north+1)})
	}
	return out
}

// scattered puts areas into n shards, so that borders run between shards everywhere.
func scattered(areas []orb.MultiPolygon, n int) [][]orb.MultiPolygon {
	out := make([][]orb.MultiPolygon, n)
	for i, a := range areas {
		out[i%n] = append(out[i%n], a)
	}
	return out
}

// soundCity is the communities of the demo city without planted overlaps.
func soundCity() [][]orb.MultiPolygon {
	return slices.DeleteFunc(slices.Clone(city()), func(areas []orb.MultiPolygon) bool {
		return len(coverage.FindFaults(nil, areas).Overlaps) > 0
	})
}

// holdPlaces holds places of the tile that are not near a border against what is drawn there.
func (d drawn) holdPlaces(t *testing.T, c *coverage.Coverage, detail uint32, r *rand.Rand) {
	t.Helper()
	for range 20 {
		at := coverage.Pixel{X: r.Int32N(coverage.Extent), Y: r.Int32N(coverage.Extent)}
		p := inDegrees(d.tile, at)
		held := c.Locate(p, nil)
		metres := 40_075_016 * math.Cos(p[1]*math.Pi/180) / math.Exp2(float64(d.tile.Zoom)) / coverage.Extent
		slack := metres * (4*math.Exp2(float64(d.tile.Zoom)-float64(min(detail, d.tile.Zoom))) + 1.5)
		want := map[coverage.Ref]bool{}
		for _, h := range held {
			want[h.Ref] = true
		}
		for ref := range d.areas {
			if c.DistanceToBorderM(ref, p) > slack && shows(d.areas[ref], at) != want[ref] {
				t.Fatalf("%v, detail %d: %v is drawn at %v: %v, %.0f m from its border", d.tile, detail, ref, at, !want[ref], c.DistanceToBorderM(ref, p))
			}
			delete(want, ref)
		}
		for ref := range want {
			if c.DistanceToBorderM(ref, p) > slack {
				t.Fatalf("%v, detail %d: %v is not drawn, though it covers %v", d.tile, detail, ref, at)
			}
		}
	}
}

// inDegrees is the middle of a unit.
func inDegrees(t coverage.Tile, at coverage.Pixel) orb.Point {
	world := coverage.Extent * math.Exp2(float64(t.Zoom))
	x, y := (float64(t.X)*coverage.Extent+float64(at.X))/world, (float64(t.Y)*coverage.Extent+float64(at.Y))/world
	return orb.Point{x*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi}
}

// shows reports whether rings hold p, which lies on none of them.
func shows(rings [][]coverage.Pixel, p coverage.Pixel) bool {
	in := false
	for _, ring := range rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if a.Y > p.Y != (b.Y > p.Y) {
				side := int64(a.X-p.X)*int64(b.Y-p.Y) - int64(b.X-p.X)*int64(a.Y-p.Y)
				if side > 0 == (b.Y > a.Y) {
					in = !in
				}
			}
		}
	}
	return in
}

func TestTilesDoNotTear(t *testing.T) {
	tottori := readAreas(t, "tottori-chome", "tottori-city-chome.geojson")
	coverage.InsertTVertices(tottori)
	for _, test := range []struct {
		name        string
		communities [][]orb.MultiPolygon
	}{
		{"Lujiazui", [][]orb.MultiPolygon{readAreas(t, "osm-lujiazui", "lujiazui-grids.geojson")}},
		{"Lujiazui in three", scattered(readAreas(t, "osm-lujiazui", "lujiazui-grids.geojson"), 3)},
		{"Tottori", [][]orb.MultiPolygon{tottori}},
		{"Tottori in seven", scattered(tottori, 7)},
		{"city", soundCity()},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := coverage.New(sharded(test.communities))
			rim := outline(test.communities)
			box := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
			for _, areas := range test.communities {
				for _, a := range areas {
					box = box.Union(a.Bound())
				}
			}
			r := rand.New(rand.NewPCG(5, 4))
			first := uint32(0)
			if test.name == "city" {
				first = 9
			}
			for zoom := first; zoom <= 18; zoom++ {
				tiles, edges := 0, 0
				for _, tile := range tilesOf(box, zoom, 3, r) {
					for _, detail := range []uint32{zoom, []uint32{20, max(zoom, 3) - 3}[r.IntN(2)]} {
						d := draw(c, tile, detail)
						wrong, loose := d.faults()
						if len(wrong) > 0 {
							t.Fatalf("%v, detail %d: %d faults: %s", tile, detail, len(wrong), wrong[0])
						}
						tiles++
						edges += len(loose)
						d.holdPlaces(t, c, detail, r)
						// Where an edge has no reverse, nobody is on its other side.
						slack := 4*math.Exp2(float64(zoom)-float64(min(detail, zoom))) + 1.5
						var near [][4]float64
						for _, e := range rim {
							ax, ay := inUnits(tile, e[0])
							bx, by := inUnits(tile, e[1])
							if max(ax, bx) > -100-slack && max(ay, by) > -100-slack && min(ax, bx) < coverage.Extent+100+slack && min(ay, by) < coverage.Extent+100+slack {
								near = append(near, [4]float64{ax, ay, bx, by})
							}
						}
						for _, e := range loose {
							x, y := float64(e[0].X+e[1].X)/2, float64(e[0].Y+e[1].Y)/2
							if !slices.ContainsFunc(near, func(b [4]float64) bool { return distance(x, y, b[0], b[1], b[2], b[3]) <= slack }) {
								t.Fatalf("%v, detail %d: nobody is beside %v, and %d more", tile, detail, e, len(loose))
							}
						}
					}
				}
				if testing.Verbose() {
					t.Logf("zoom %d: %d tiles, %d edges of the rim", zoom, tiles, edges)
				}
			}
		})
	}
}

// TestDrawnTheSameWhereverRingsBegin: nothing of a picture depends on at which vertex the data begin a ring, nor on the order of polygons and holes.
func TestDrawnTheSameWhereverRingsBegin(t *testing.T) {
	ring := func(w, s, e, n float64) orb.Ring {
		return orb.Ring{{w, s}, {(w + e) / 2, s - 0.0003}, {e, s}, {e, n}, {w + 0.0001, n}, {w, s}}
	}
	hole := func(w, s, e, n float64) orb.Ring { return orb.Ring{{w, s}, {w, n}, {e, n}, {e, s}, {w, s}} }
	area := orb.MultiPolygon{
		{ring(121, 31, 121.02, 31.02), hole(121.004, 31.004, 121.008, 31.008), hole(121.012, 31.004, 121.016, 31.008)},
		{ring(121.03, 31, 121.05, 31.02), hole(121.034, 31.004, 121.038, 31.008)},
	}
	beside := orb.MultiPolygon{{orb.Ring{{121, 31}, {120.98, 31}, {120.98, 31.02}, {121.0001, 31.02}, {121, 31}}}}
	random := rand.New(rand.NewPCG(3, 3))
	tiles := []coverage.Tile{{Zoom: 10, X: 856, Y: 419}, {Zoom: 13, X: 6849, Y: 3353}, {Zoom: 13, X: 6850, Y: 3353}, {Zoom: 14, X: 13699, Y: 6706}}
	pictures := func(areas ...orb.MultiPolygon) (out []drawn) {
		c := coverage.New([]*coverage.Shard{coverage.NewShard(areas)})
		for _, tile := range tiles {
			out = append(out, draw(c, tile, tile.Zoom))
			whole := drawn{tile, map[coverage.Ref][][]coverage.Pixel{}}
			c.DrawShards(tile, tile.Zoom, func(_ int32, _ int, rings [][]coverage.Pixel) {
				for _, ring := range rings {
					whole.areas[coverage.Ref{}] = append(whole.areas[coverage.Ref{}], slices.Clone(ring))
				}
			})
			out = append(out, whole)
		}
		return out
	}
	want := pictures(area, beside)
	if len(want[0].areas) != 2 || len(want[0].areas[coverage.Ref{}]) != 5 {
		t.Fatalf("drawn is %v", want[0])
	}
	for range 50 {
		other := area.Clone()
		for _, polygon := range other {
			for k, ring := range polygon {
				begin := random.IntN(len(ring) - 1)
				turned := append(slices.Clone(ring[begin:len(ring)-1]), ring[:begin]...)
				polygon[k] = append(turned, turned[0])
			}
			holes := polygon[1:]
			random.Shuffle(len(holes), func(i, k int) { holes[i], holes[k] = holes[k], holes[i] })
		}
		random.Shuffle(2, func(i, k int) { other[i], other[k] = other[k], other[i] })
		if got := pictures(other, beside); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\nis drawn as\n%v\nnot as\n%v", other, got, want)
		}
	}
}
