package measure_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.6f, want %.6f ± %g", what, got, want, tolerance)
	}
}

// Figures published with GeographicLib (GeodSolve and Planimeter manuals), on WGS 84; CGCS2000 differs
// by 1.6e-11 of the flattening.
func TestAgainstGeographicLib(t *testing.T) {
	near(t, "JFK to London Heathrow, 40.6 -73.8 to 51.6 -0.5", measure.DistanceM(orb.Point{-73.8, 40.6}, orb.Point{-0.5, 51.6}), 5551759.400, 0.01)
	antarctica := orb.Ring{
		{-58, -63.1}, {-74, -72.9}, {-102, -71.9}, {-102, -74.9}, {-131, -74.3}, {-163, -77.5}, {163, -77.4}, {172, -71.7}, {140, -65.9},
		{113, -65.7}, {88, -66.6}, {59, -66.9}, {25, -69.8}, {-4, -70.0}, {-14, -71.0}, {-33, -77.3}, {-46, -77.9}, {-61, -74.7}, {-58, -63.1},
	}
	near(t, "Antarctica, m", measure.LengthM(antarctica), 16831067.893, 0.01)
}

// Areas between parallels and meridians are published in closed form. The whole of GRS 80 from H. Moritz, Geodetic Reference
// System 1980, J. Geodesy 74 (2000) 128–133: the radius of the sphere of the same surface is 6371007.1810 m.
func TestAreaM2OfQuadrangles(t *testing.T) {
	area := func(west, south, east, north float64) float64 {
		m2, err := measure.AreaM2(box(west, south, east, north))
		if err != nil {
			t.Fatal(err)
		}
		return m2
	}
	whole := 4 * math.Pi * 6371007.1810 * 6371007.1810
	near(t, "the Earth", area(-180, -90, 180, 90)/whole, 1, 1e-10)
	near(t, "a hemisphere", area(-180, 0, 180, 90)/(whole/2), 1, 1e-10)
	// ∫ M N cos φ dφ by Simpson, another way to the same.
	for _, lat := range []float64{-60, 0, 22.5, 35, 53, 89} {
		const n, a, f = 1000, 6378137.0, 1 / 298.257222101
		e2, h, sum := f*(2-f), math.Pi/180/n, 0.0
		for i := range n + 1 {
			sin, cos := math.Sincos(lat*math.Pi/180 + float64(i)*h)
			weight := 2.0
			if i == 0 || i == n {
				weight = 1
			} else if i%2 == 1 {
				weight = 4
			}
			sum += weight * a * a * (1 - e2) * cos / math.Pow(1-e2*sin*sin, 2)
		}
		near(t, "a degree square", area(10, lat, 11, lat+1)/(sum*h/3*math.Pi/180), 1, 1e-11)
	}
}

func TestAreaM2AddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, wide := range []float64{1e-5, 1e-3, 0.1, 5} {
		for range 500 {
			// A triangle is cut from a corner to a point on the opposite side, in degrees.
			x, y := 100+r.Float64()*20, 20+r.Float64()*30
			at := func() orb.Point { return orb.Point{x + r.Float64()*wide, y + r.Float64()*wide} }
			a, b, c, k := at(), at(), at(), r.Float64()
			d := orb.Point{b[0] + k*(c[0]-b[0]), b[1] + k*(c[1]-b[1])}
			m2 := func(ring ...orb.Point) float64 {
				v, err := measure.AreaM2(orb.Ring(append(ring, ring[0])))
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			whole, withD, left, right := m2(a, b, c), m2(a, b, d, c), m2(a, b, d), m2(a, d, c)
			// d itself is off the line by the rounding of a coordinate: 1.4e-14° of 1e-5.
			tolerance := max(1e-12, 1e-13/wide) * wide * wide * 1.3e10
			near(t, "a vertex more", withD, whole, tolerance)
			near(t, "two parts", left+right, whole, tolerance)
		}
	}
}

func TestAreaM2(t *testing.T) {
	ground, yard := box(121.50, 31.20, 121.51, 31.21), box(121.502, 31.202, 121.504, 31.204)
	area := func(g orb.Geometry) float64 {
		t.Helper()
		m2, err := measure.AreaM2(g)
		if err != nil {
			t.Fatal(err)
		}
		return m2
	}
	whole, hole := area(ground), area(yard)
	near(t, "a hole is subtracted", area(orb.Polygon{ground[0], yard[0]}), whole-hole, 1e-6)
	backwards := ground[0].Clone()
	backwards.Reverse()
	near(t, "winding does not matter", area(orb.Polygon{backwards, yard[0]}), whole-hole, 1e-6)
	far := box(121.6, 31.20, 121.61, 31.21)
	near(t, "parts add up", area(orb.MultiPolygon{ground, far}), whole+area(far), 1e-6)
	near(t, "a collection adds up", area(orb.Collection{ground, orb.MultiPolygon{far}}), whole+area(far), 1e-6)
	near(t, "a box", area(orb.Bound{Min: orb.Point{121.50, 31.20}, Max: orb.Point{121.51, 31.21}}), whole, 1e-6)
	for _, g := range []orb.Geometry{nil, orb.Polygon(nil), orb.MultiPolygon{}, orb.Polygon{{}}} {
		near(t, "nothing", area(g), 0, 0)
	}
}

func TestAreaM2Refuses(t *testing.T) {
	tests := []struct {
		name    string
		g       orb.Geometry
		message string
	}{
		{"a point", orb.Point{1, 2}, "a Point has no area"},
		{"a line in a collection", orb.Collection{orb.LineString{{1, 2}, {3, 4}}}, "part 0: a LineString has no area"},
		{"an open ring", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, "part 0: ring 0: ring of 4 positions is not closed"},
		{"a ring of three", orb.Ring{{0, 0}, {1, 0}, {0, 0}}, "fewer than 4"},
		{"NaN", orb.Ring{{0, 0}, {1, math.NaN()}, {1, 1}, {0, 0}}, "not on Earth"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m2, err := measure.AreaM2(test.g)
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, %v; want an error with %q", m2, err, test.message)
			}
		})
	}
}

func TestLengthM(t *testing.T) {
	a, b, c := orb.Point{121.5, 31.2}, orb.Point{121.51, 31.2}, orb.Point{121.51, 31.21}
	ab, bc := measure.DistanceM(a, b), measure.DistanceM(b, c)
	near(t, "a degree of longitude at 31.2° N / 100", ab, 953.1, 0.2)
	near(t, "line", measure.LengthM(orb.LineString{a, b, c}), ab+bc, 1e-9)
	near(t, "lines", measure.LengthM(orb.MultiLineString{{a, b}, {b, c}}), ab+bc, 1e-9)
	near(t, "collection", measure.LengthM(orb.Collection{orb.LineString{a, b}, c}), ab, 1e-9)
	for _, bad := range []orb.Point{{121.5, 90.5}, {math.NaN(), 31}, {121.5, math.NaN()}} {
		if d := measure.DistanceM(a, bad); !math.IsNaN(d) {
			t.Errorf("%v is %v m away", bad, d)
		}
	}
	ring := orb.Ring{a, b, c, a}
	ca := measure.DistanceM(c, a)
	near(t, "border", measure.LengthM(orb.MultiPolygon{{ring, ring}}), 2*(ab+bc+ca), 1e-9)
	near(t, "point", measure.LengthM(a), 0, 0)
	near(t, "nil", measure.LengthM(nil), 0, 0)
}

func TestLocal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		o := orb.Point{73.5 + r.Float64()*61, 18 + r.Float64()*35}
		reach := 1000.0
		limit := 0.003
		if r.IntN(2) == 0 {
			reach, limit = 10_000, 0.5
		}
		angle := r.Float64() * 2 * math.Pi
		plane := measure.LocalAt(o)
		x, y := reach*math.Cos(angle), reach*math.Sin(angle)
		p := plane.Point(x, y)
		if d := measure.DistanceM(o, p); math.Abs(d-reach) > limit {
			t.Fatalf("%v to %v: %.4f m in the plane, %.4f m on the ellipsoid", o, p, reach, d)
		}
		if bx, by := plane.XY(p); math.Hypot(bx-x, by-y) > 1e-5 {
			t.Fatalf("there and back: %v, %v became %v, %v", x, y, bx, by)
		}
	}
}

// The judge is brute force: geodesics to 2,000 places on every edge.
func TestDistanceToBoundaryM(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		c := orb.Point{75 + r.Float64()*55, 20 + r.Float64()*30}
		var ring orb.Ring
		for i := range 7 {
			angle := float64(i) / 7 * 2 * math.Pi
			reach := 0.002 + r.Float64()*0.02
			ring = append(ring, orb.Point{c[0] + reach*math.Cos(angle), c[1] + reach*math.Sin(angle)})
		}
		ring = append(ring, ring[0])
		p := orb.Point{c[0] + (r.Float64()-0.5)*0.05, c[1] + (r.Float64()-0.5)*0.05}
		least := math.Inf(1)
		for i := 1; i < len(ring); i++ {
			for k := range 2001 {
				s := float64(k) / 2000
				q := orb.Point{ring[i-1][0] + s*(ring[i][0]-ring[i-1][0]), ring[i-1][1] + s*(ring[i][1]-ring[i-1][1])}
				least = min(least, measure.DistanceM(p, q))
			}
		}
		got := measure.DistanceToBoundaryM(p, orb.MultiPolygon{{ring}})
		if got > least+0.001 || got < least-0.5 {
			t.Errorf("%v to %v: got %.4f m, brute force %.4f m", p, ring, got, least)
		}
	}
	square := box(121.50, 31.20, 121.51, 31.21)
	near(t, "on the border", measure.DistanceToBoundaryM(orb.Point{121.505, 31.2}, orb.MultiPolygon{square}), 0, 1e-6)
	yard := box(121.502, 31.202, 121.504, 31.204)
	near(t, "in the yard, 0.0005° from its wall", measure.DistanceToBoundaryM(orb.Point{121.503, 31.2035}, orb.MultiPolygon{{square[0], yard[0]}}), 55.43, 0.02)
	if d := measure.DistanceToBoundaryM(orb.Point{121.5, 31.2}, nil); !math.IsInf(d, 1) {
		t.Errorf("no border is at %v m", d)
	}
}

func ring250() orb.MultiPolygon {
	var ring orb.Ring
	for i := range 250 {
		s, c := math.Sincos(float64(i) / 250 * 2 * math.Pi)
		ring = append(ring, orb.Point{121.5 + 0.003*c, 31.2 + 0.003*s})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

func BenchmarkAreaM2Of250Vertices(b *testing.B) {
	g := ring250()
	for b.Loop() {
		if _, err := measure.AreaM2(g); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDistanceToBoundaryMOf250Vertices(b *testing.B) {
	g := ring250()
	for b.Loop() {
		measure.DistanceToBoundaryM(orb.Point{121.5, 31.21}, g)
	}
}
