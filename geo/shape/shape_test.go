package shape_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/geo/coord"
	"wangge/geo/measure"
	"wangge/geo/shape"
)

func ExampleMarshalGeoJSON() {
	yard := orb.Polygon{{{121.5, 31.2}, {121.5, 31.21}, {121.51, 31.2100000012}, {121.5, 31.2}}} // clockwise
	raw, _ := shape.MarshalGeoJSON(yard)
	fmt.Println(string(raw))
	// Output: {"type":"Polygon","coordinates":[[[121.5,31.2],[121.51,31.21],[121.5,31.21],[121.5,31.2]]]}
}

func TestSnapCoord(t *testing.T) {
	for in, want := range map[float64]float64{
		121.123456784: 121.12345678, 121.123456786: 121.12345679, -0.000000004: 0, 0: 0, 180: 180, -90: -90, 31.000000015001: 31.00000002,
	} {
		got := shape.SnapCoord(in)
		if got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("SnapCoord(%v) is %v, want %v", in, got, want)
		}
	}
	if !math.IsNaN(shape.SnapCoord(math.NaN())) || !math.IsInf(shape.SnapCoord(math.Inf(1)), 1) {
		t.Error("NaN and infinity became numbers")
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 500_000 {
		v := (r.Float64() - 0.5) * 360
		s := shape.SnapCoord(v)
		switch {
		case shape.SnapCoord(s) != s:
			t.Fatalf("%v: snapping again moves it to %v", s, shape.SnapCoord(s))
		case shape.Quantise(s) != shape.Quantise(v):
			t.Fatalf("%v: quantised %d before, %d after", v, shape.Quantise(v), shape.Quantise(s))
		case float64(shape.Quantise(s))/1e8 != s:
			t.Fatalf("%v: its units give %v", s, float64(shape.Quantise(s))/1e8)
		case math.Abs(s-v) > 0.5001e-8:
			t.Fatalf("%v moved to %v", v, s)
		}
	}
}

func TestSnap(t *testing.T) {
	const hair = 1e-9
	square := orb.Ring{{1, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 0}}
	speck := orb.Ring{{1.5, 0.5}, {1.5 + hair, 0.5}, {1.5, 0.5 + hair}, {1.5, 0.5}}
	thread := orb.Ring{{1, 1}, {2, 2}, {1.5, 1.5 + hair}, {1, 1}} // snaps to a line
	tests := []struct {
		name     string
		in, want orb.Geometry
		dropped  string
	}{
		{"a point moves", orb.Point{1.000000004, 2.000000006}, orb.Point{1, 2.00000001}, "[]"},
		{"points stay as many", orb.MultiPoint{{1, 2}, {1 + hair, 2}}, orb.MultiPoint{{1, 2}, {1, 2}}, "[]"},
		{"repeats go", orb.LineString{{1, 2}, {1 + hair, 2}, {3, 4}, {3, 4}}, orb.LineString{{1, 2}, {3, 4}}, "[]"},
		{"a line collapses", orb.MultiLineString{{{1, 2}, {1 + hair, 2}}, {{1, 2}, {3, 4}}}, orb.MultiLineString{{{1, 2}, {3, 4}}},
			"[line at 1, 2 is smaller than 1e-8 degree and was dropped]"},
		{"a hole collapses", orb.Polygon{square, speck}, orb.Polygon{square}, "[hole at 1.5, 0.5 is smaller than 1e-8 degree and was dropped]"},
		{"a part collapses with its hole", orb.MultiPolygon{{speck, square}, {square}}, orb.MultiPolygon{{square}},
			"[polygon at 1.5, 0.5 is smaller than 1e-8 degree and was dropped]"},
		{"a ring becomes a line", orb.Polygon{thread}, orb.Polygon(nil), "[polygon at 1, 1 is smaller than 1e-8 degree and was dropped]"},
		{"a ring for itself", speck, orb.Ring(nil), "[ring at 1.5, 0.5 is smaller than 1e-8 degree and was dropped]"},
		{"a smallest triangle stays", orb.Ring{{1, 1}, {1.00000001, 1}, {1, 1.00000001}, {1, 1}}, orb.Ring{{1, 1}, {1.00000001, 1}, {1, 1.00000001}, {1, 1}}, "[]"},
		{"a collection", orb.Collection{orb.Point{1 + hair, 1}, square}, orb.Collection{orb.Point{1, 1}, square}, "[]"},
		{"a box", orb.Bound{Min: orb.Point{1 + hair, 1}, Max: orb.Point{2, 2}}, orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{2, 2}}, "[]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := orb.Clone(test.in)
			got, dropped := shape.SnapReport(test.in)
			if !orb.Equal(got, test.want) || fmt.Sprint(dropped) != test.dropped {
				t.Errorf("got  %v %v\nwant %v %s", got, dropped, test.want, test.dropped)
			}
			if !orb.Equal(before, test.in) {
				t.Error("the argument was changed")
			}
			if again := shape.Snap(got); !orb.Equal(again, got) {
				t.Errorf("snapped again: %v", again)
			}
		})
	}
	if shape.Snap(nil) != nil {
		t.Error("nil became something")
	}
}

func TestWind(t *testing.T) {
	ccw := orb.Ring{{1, 0}, {2, 0}, {2, 1}, {1, 0}}
	cw := orb.Ring{{1, 0}, {2, 1}, {2, 0}, {1, 0}}
	flat := orb.Ring{{1, 0}, {2, 0}, {3, 0}, {1, 0}}
	worldCW := orb.Ring{{-180, -90}, {-180, 90}, {180, 90}, {180, -90}, {-180, -90}} // its area passes 64 bits
	worldCCW := orb.Ring{{-180, -90}, {180, -90}, {180, 90}, {-180, 90}, {-180, -90}}
	tests := []struct {
		name     string
		in, want orb.Geometry
	}{
		{"right already", orb.Polygon{ccw, cw}, orb.Polygon{ccw, cw}},
		{"both wrong", orb.Polygon{cw, ccw}, orb.Polygon{ccw, cw}},
		{"parts", orb.MultiPolygon{{cw}, {ccw, ccw}}, orb.MultiPolygon{{ccw}, {ccw, cw}}},
		{"in a collection", orb.Collection{orb.Point{1, 2}, cw}, orb.Collection{orb.Point{1, 2}, ccw}},
		{"the world", worldCW, worldCCW},
		{"the world, right", worldCCW, worldCCW},
		{"no area", flat, flat},
		{"a line", orb.LineString{{2, 1}, {1, 0}}, orb.LineString{{2, 1}, {1, 0}}},
		{"one millimetre", orb.Ring{{120, 30}, {120, 30.00000001}, {120.00000001, 30}, {120, 30}}, orb.Ring{{120, 30}, {120.00000001, 30}, {120, 30.00000001}, {120, 30}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := orb.Clone(test.in)
			if got := shape.Wind(test.in); !orb.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if !orb.Equal(before, test.in) {
				t.Error("the argument was changed")
			}
		})
	}
}

// Rings all over the world, whose areas pass 64 bits; math/big is the judge.
func TestWindIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 5000 {
		ring := make(orb.Ring, 3+r.IntN(6))
		for i := range ring {
			ring[i] = shape.SnapPoint(orb.Point{(r.Float64() - 0.5) * 360, (r.Float64() - 0.5) * 180})
		}
		if r.IntN(2) == 0 { // a sliver, one unit wide at its end
			d := ring[1]
			ring = orb.Ring{ring[0], d, {d[0], shape.SnapCoord(d[1] + float64(r.IntN(3)-1)*1e-8)}}
		}
		ring = append(ring, ring[0])
		area2 := new(big.Int)
		for i := 1; i < len(ring); i++ {
			q := func(i, k int) *big.Int { return big.NewInt(shape.Quantise(ring[i][k])) }
			area2.Add(area2, new(big.Int).Mul(q(i-1, 0), q(i, 1)))
			area2.Sub(area2, new(big.Int).Mul(q(i, 0), q(i-1, 1)))
		}
		turned := !shape.Wind(ring).(orb.Ring).Equal(ring)
		if want := area2.Sign() < 0; turned != want {
			t.Fatalf("%v, area %v: turned %v", ring, area2, turned)
		}
	}
}

func TestToAndFromOrb(t *testing.T) {
	ring := orb.Ring{{1, 0}, {2, 0}, {2, 1}, {1, 0}}
	hole := orb.Ring{{1.6, 0.2}, {1.7, 0.3}, {1.7, 0.2}, {1.6, 0.2}}
	for _, g := range []orb.Geometry{
		orb.Point{121.5, 31.2}, orb.MultiPoint{{1, 2}, {3, 4}}, orb.LineString{{1, 2}, {3, 4}}, orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}, {9, 9}}},
		orb.Polygon{ring, hole}, orb.MultiPolygon{{ring, hole}, {hole}, {ring}}, orb.Collection{orb.Point{1, 2}, orb.Polygon{ring}},
		orb.MultiPolygon{}, orb.Polygon{}, orb.LineString{}, orb.MultiPoint{},
	} {
		there, err := shape.FromOrb(g, 4490)
		if err != nil {
			t.Errorf("%v: %v", g, err)
			continue
		}
		if there.SRID() != 4490 || there.Layout() != geom.XY && !there.Empty() {
			t.Errorf("%v: SRID %d, layout %v", g, there.SRID(), there.Layout())
		}
		back, err := shape.ToOrb(there)
		if err != nil || !orb.Equal(back, g) {
			t.Errorf("%v came back as %v, %v", g, back, err)
		}
	}
	for _, g := range []orb.Geometry{ring, ring.Bound()} {
		if there, err := shape.FromOrb(g, 4490); err != nil || there.(*geom.Polygon).NumLinearRings() != 1 {
			t.Errorf("%v became %v, %v", g, there, err)
		}
	}
}

func TestToOrbDropsHeights(t *testing.T) {
	tests := []struct {
		in   geom.T
		want orb.Geometry
	}{
		{geom.NewPointFlat(geom.XYZ, []float64{1, 2, 3}), orb.Point{1, 2}},
		{geom.NewLineStringFlat(geom.XYZM, []float64{1, 2, 3, 4, 5, 6, 7, 8}), orb.LineString{{1, 2}, {5, 6}}},
		{geom.NewLinearRingFlat(geom.XYM, []float64{1, 2, 3, 4, 5, 6, 1, 2, 3}), orb.Ring{{1, 2}, {4, 5}, {1, 2}}},
		{geom.NewMultiPolygonFlat(geom.XYZ, []float64{1, 0, 9, 2, 0, 9, 2, 1, 9, 1, 0, 9, 5, 0, 9, 6, 0, 9, 6, 1, 9, 5, 0, 9}, [][]int{{12}, {24}}),
			orb.MultiPolygon{{{{1, 0}, {2, 0}, {2, 1}, {1, 0}}}, {{{5, 0}, {6, 0}, {6, 1}, {5, 0}}}}},
		{geom.NewMultiPointFlat(geom.XYZ, []float64{1, 2, 3, 4, 5, 6}), orb.MultiPoint{{1, 2}, {4, 5}}},
	}
	for _, test := range tests {
		if got, err := shape.ToOrb(test.in); err != nil || !orb.Equal(got, test.want) {
			t.Errorf("got %v, %v; want %v", got, err, test.want)
		}
	}
	inside := geom.NewGeometryCollection().MustPush(geom.NewPointEmpty(geom.XY))
	for _, bad := range []geom.T{nil, geom.NewPointEmpty(geom.XY), inside} {
		if got, err := shape.ToOrb(bad); err == nil {
			t.Errorf("%v became %v", bad, got)
		}
	}
	if got, err := shape.FromOrb(orb.Collection{nil}, 4490); err == nil {
		t.Errorf("nil in a collection became %v", got)
	}
}

func TestMultiPolygon(t *testing.T) {
	ring := orb.Ring{{1, 0}, {2, 0}, {2, 1}, {1, 0}}
	for _, g := range []orb.Geometry{ring, orb.Polygon{ring}, orb.MultiPolygon{{ring}}, orb.Collection{orb.Polygon{ring}}} {
		if got, err := shape.MultiPolygon(g); err != nil || !got.Equal(orb.MultiPolygon{{ring}}) {
			t.Errorf("%v: got %v, %v", g, got, err)
		}
	}
	for _, g := range []orb.Geometry{nil, orb.Point{1, 2}, orb.LineString{{1, 2}, {3, 4}}, orb.Collection{orb.Polygon{ring}, orb.Point{1, 2}}} {
		if got, err := shape.MultiPolygon(g); err == nil || !strings.Contains(err.Error(), "an area is needed") {
			t.Errorf("%v: got %v, %v", g, got, err)
		}
	}
}

func TestMarshalGeoJSON(t *testing.T) {
	ring := orb.Ring{{1, 0}, {2, 0}, {2, 1}, {1, 0}}
	for want, g := range map[string]orb.Geometry{
		`null`: nil,
		`{"type":"Point","coordinates":[121.12345679,-0.00000001]}`:                                                              orb.Point{121.123456786, -0.0000000123},
		`{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`:                                                                      orb.MultiPoint{{1, 2}, {3, 4}},
		`{"type":"LineString","coordinates":[[1,2],[3,4]]}`:                                                                      orb.LineString{{1, 2}, {3, 4}},
		`{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}`:                                                 orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}},
		`{"type":"Polygon","coordinates":[[[1,0],[2,0],[2,1],[1,0]]]}`:                                                           ring,
		`{"type":"MultiPolygon","coordinates":[[[[1,0],[2,0],[2,1],[1,0]]]]}`:                                                    orb.MultiPolygon{{ring}},
		`{"type":"Polygon","coordinates":[[[1,2],[3,2],[3,4],[1,4],[1,2]]]}`:                                                     orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}},
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Point","coordinates":[3,4]}]}`: orb.Collection{orb.Point{1, 2}, orb.Point{3, 4}},
		`{"type":"MultiPolygon","coordinates":[]}`:                                                                               orb.MultiPolygon{},
	} {
		if got, err := shape.MarshalGeoJSON(g); err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	for _, g := range []orb.Geometry{orb.Point{math.NaN(), 1}, orb.MultiPolygon{{{{1, 2}, {1, math.Inf(1)}}}}, orb.Collection{orb.Point{1, math.NaN()}}} {
		if got, err := shape.MarshalGeoJSON(g); err == nil {
			t.Errorf("%v was written as %s", g, got)
		}
	}
}

func TestGeoJSONThereAndBack(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		o := orb.Point{(r.Float64() - 0.5) * 358, (r.Float64() - 0.5) * 178}
		ring := orb.Ring{o, {o[0] + r.Float64() + 0.001, o[1]}, {o[0], o[1] + r.Float64() + 0.001}, o}
		g := shape.Snap(orb.MultiPolygon{{ring}})
		raw, err := shape.MarshalGeoJSON(g)
		if err != nil {
			t.Fatal(err)
		}
		back, err := shape.ParseGeoJSON(raw)
		if err != nil || !orb.Equal(back, g) {
			t.Fatalf("%v became %v, %v", g, back, err)
		}
	}
}

// The way between the ends of an edge is converted, too: the judge takes 1,000 places of each edge through coord.
func TestConvertFollowsLongEdges(t *testing.T) {
	edge := orb.LineString{{121.40, 31.10}, {121.45, 31.14}} // 6.5 km in GCJ-02
	got, err := shape.Convert(edge, coord.SystemGCJ02)
	if err != nil {
		t.Fatal(err)
	}
	line := got.(orb.LineString)
	if len(line) != 8 {
		t.Errorf("6.5 km became %d positions, want 8", len(line))
	}
	offBy := func(line orb.LineString) float64 {
		worst := 0.0
		for k := range 1001 {
			s := float64(k) / 1000
			p, err := coord.ToCGCS2000(coord.SystemGCJ02, edge[0][0]+s*(edge[1][0]-edge[0][0]), edge[0][1]+s*(edge[1][1]-edge[0][1]))
			if err != nil {
				t.Fatal(err)
			}
			ring := append(append(orb.Ring{}, line...), line[0])
			if len(line) > 2 { // there and back along the line, so that no closing edge comes between
				ring = append(orb.Ring{}, line...)
				for i := len(line) - 2; i >= 0; i-- {
					ring = append(ring, line[i])
				}
			}
			worst = max(worst, measure.DistanceToBoundaryM(orb.Point{p.Lng, p.Lat}, orb.MultiPolygon{{ring}}))
		}
		return worst
	}
	ends := orb.LineString{line[0], line[len(line)-1]}
	dense, bare := offBy(line), offBy(ends)
	t.Logf("off by at most %.3f m, by its ends alone %.3f m", dense, bare)
	if dense > 0.05 || bare < 5*dense {
		t.Errorf("off by %.3f m, by its ends alone %.3f m", dense, bare)
	}
	for _, s := range []coord.System{coord.SystemWGS84, coord.SystemCGCS2000} {
		if same, err := shape.Convert(edge, s); err != nil || !orb.Equal(same, edge) {
			t.Errorf("%s: %v, %v", s, same, err)
		}
	}
}

func TestNeighboursStayNeighbours(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	same := func(p orb.Point) (orb.Point, error) { return p, nil }
	for range 300 {
		a := orb.Point{100 + r.Float64()*20, 20 + r.Float64()*20}
		b := orb.Point{a[0] + r.Float64() - 0.5, a[1] + r.Float64() - 0.5}
		there, err1 := shape.Transform(orb.LineString{a, b}, same, 1000)
		back, err2 := shape.Transform(orb.LineString{b, a}, same, 1000)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		l1, l2 := there.(orb.LineString), back.(orb.LineString)
		slices.Reverse(l2)
		if !l1.Equal(l2) {
			t.Fatalf("from %v to %v: %v\nback: %v", a, b, l1, l2)
		}
		for i := 1; i < len(l1); i++ {
			if d := measure.DistanceM(l1[i-1], l1[i]); d > 1010 || len(l1) > 2 && d < 400 {
				t.Fatalf("a piece of %v to %v is %.0f m long", a, b, d)
			}
		}
	}
}

func TestConvertAndPresentEverything(t *testing.T) {
	ring := orb.Ring{{121.5, 31.2}, {121.501, 31.2}, {121.501, 31.201}, {121.5, 31.2}}
	for _, g := range []orb.Geometry{
		orb.Point{121.5, 31.2}, orb.MultiPoint{{121.5, 31.2}}, orb.LineString{{121.5, 31.2}, {121.501, 31.2}}, orb.MultiLineString{{{121.5, 31.2}, {121.501, 31.2}}},
		ring, orb.Polygon{ring}, orb.MultiPolygon{{ring}, {ring, ring}}, orb.Collection{orb.Point{121.5, 31.2}, orb.Polygon{ring}},
	} {
		for _, s := range coord.Systems {
			there, err := shape.Present(g, s)
			if err != nil {
				t.Fatal(err)
			}
			if moved := !orb.Equal(there, g); moved != s.Approximate() {
				t.Errorf("%s: %v became %v", s, g, there)
			}
			back, err := shape.Convert(there, s)
			if err != nil || !orb.Equal(shape.Snap(back), shape.Snap(g)) {
				t.Errorf("%s: %v came back as %v, %v", s, g, back, err)
			}
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	ring := orb.Ring{{121.5, 31.2}, {121.501, 31.2}, {31.2, 121.5}, {121.5, 31.2}}
	tests := []struct {
		name string
		g    orb.Geometry
		s    coord.System
		want string
	}{
		{"swapped in a part", orb.MultiPolygon{{ring[:2]}, {ring}}, coord.SystemWGS84,
			"coordinates[1][0][2]: latitude (lat) 121.5 is outside -90..90; the axes look swapped: longitude comes first, then latitude (at 31.2, 121.5)"},
		{"in a collection", orb.Collection{orb.Point{1, 2}, orb.LineString{{1, 2}, {3, math.NaN()}}}, coord.SystemCGCS2000,
			"geometries[1].coordinates[1]: latitude (lat) NaN is not a finite number (at 3, NaN)"},
		{"GCJ-02 abroad", orb.Point{7.4, 43.7}, coord.SystemGCJ02, "coordinates: 7.4, 43.7 is outside the window"},
		{"unknown system", orb.Point{7.4, 43.7}, "MARS", "is not known"},
		{"nothing", nil, coord.SystemWGS84, "no geometry"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := shape.Convert(test.g, test.s)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v\nwant %s", got, err, test.want)
			}
		})
	}
	_, err := shape.Convert(orb.Point{31.2, 121.5}, coord.SystemWGS84)
	var bad *coord.RangeError
	if !errors.As(err, &bad) || !bad.Swapped {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestTransformBoundsSize(t *testing.T) {
	long := make(orb.LineString, 3000) // to and fro around the world: 3,000 × 20,000 km
	for i := range long {
		long[i] = orb.Point{float64(i%2)*179 + 0.5, 0}
	}
	same := func(p orb.Point) (orb.Point, error) { return p, nil }
	if _, err := shape.Transform(long, same, 1000); err == nil || !strings.Contains(err.Error(), "more than 4000000 positions") {
		t.Errorf("got %v", err)
	}
	if got, err := shape.Transform(long, same, 0); err != nil || !orb.Equal(got, long) {
		t.Errorf("0 must cut nothing: %v", err)
	}
}

func tottori(b *testing.B) []byte {
	raw, err := os.ReadFile(filepath.Join(dataFolder(b, "tottori-chome"), "tottori-city-chome.geojson"))
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

func BenchmarkParseGeoJSON(b *testing.B) {
	all := geometriesIn(tottori(b))
	size := 0
	for _, raw := range all {
		size += len(raw)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, raw := range all {
			if _, err := shape.ParseGeoJSON(raw); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkMarshalGeoJSONOf250Vertices(b *testing.B) {
	g := circle(250)
	for b.Loop() {
		if _, err := shape.MarshalGeoJSON(g); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnapOf250Vertices(b *testing.B) {
	g := circle(250)
	for b.Loop() {
		shape.Snap(g)
	}
}

func BenchmarkConvertGCJ02Of250Vertices(b *testing.B) {
	g := circle(250)
	for b.Loop() {
		if _, err := shape.Convert(g, coord.SystemGCJ02); err != nil {
			b.Fatal(err)
		}
	}
}

func circle(n int) orb.MultiPolygon {
	var ring orb.Ring
	for i := range n {
		s, c := math.Sincos(float64(i) / float64(n) * 2 * math.Pi)
		ring = append(ring, orb.Point{121.5 + 0.003*c, 31.2 + 0.003*s})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}
