package measure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// square is a square of side metres whose south-west corner is east, north metres from 121.5, 31.2.
func square(east, north, side float64) orb.Polygon {
	at := LocalAt(orb.Point{121.5, 31.2}).Point
	return orb.Polygon{{at(east, north), at(east+side, north), at(east+side, north+side), at(east, north+side), at(east, north)}}
}

func TestGaussianShare(t *testing.T) {
	within1 := math.Erf(1 / math.Sqrt2) // of one axis within one σ
	hole := append(square(-1000, -1000, 2000), square(-10, -10, 20)[0])
	for _, c := range []struct {
		name string
		area orb.MultiPolygon
		want float64
	}{
		{"a square two σ wide around the point", orb.MultiPolygon{square(-10, -10, 20)}, within1 * within1},
		{"everything", orb.MultiPolygon{square(-1000, -1000, 2000)}, 1},
		{"one side of a line through the point", orb.MultiPolygon{square(0, -1000, 2000)}, 0.5},
		{"a corner at the point", orb.MultiPolygon{square(0, 0, 2000)}, 0.25},
		{"far away", orb.MultiPolygon{square(500, 500, 20)}, 0},
		{"beside the point", orb.MultiPolygon{square(10, -10, 20)}, within1 * (math.Erf(3/math.Sqrt2) - within1) / 2},
		{"everything but a hole", orb.MultiPolygon{hole}, 1 - within1*within1},
		{"two parts", orb.MultiPolygon{square(0, 0, 2000), square(-2000, -2000, 2000)}, 0.5},
		{"nothing", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := GaussianShare(121.5, 31.2, 10, c.area); math.Abs(got-c.want) > 1e-6 {
				t.Errorf("share %.8f, want %.8f", got, c.want)
			}
		})
	}
}

func TestGaussianShareOfAMosaicAddsUpToOne(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		x, y := random.Float64()*600-300, random.Float64()*600-300
		p := LocalAt(orb.Point{121.5, 31.2}).Point(x, y)
		sum := 0.0
		for i := -10.0; i < 10; i++ {
			for j := -10.0; j < 10; j++ {
				sum += GaussianShare(p[0], p[1], 40, orb.MultiPolygon{square(i*100, j*100, 100)})
			}
		}
		if math.Abs(sum-1) > 1e-5 {
			t.Fatalf("at %.1f, %.1f the shares add up to %.8f", x, y, sum)
		}
	}
}

// A vertex at the very point: what the corner there spans, whichever way the ring is run and wherever it lies.
func TestGaussianShareAtAVertex(t *testing.T) {
	p := orb.Point{121.5, 31.2}
	plane := LocalAt(p)
	for turn := range 8 {
		from, to := float64(turn)*math.Pi/4+0.2, float64(turn)*math.Pi/4+0.9
		there := orb.Ring{p, plane.Point(2000*math.Cos(from), 2000*math.Sin(from)), plane.Point(2000*math.Cos(to), 2000*math.Sin(to)), p}
		back := there.Clone()
		back.Reverse()
		for _, r := range []orb.Ring{there, back} {
			if got, want := GaussianShare(p[0], p[1], 10, orb.MultiPolygon{{r}}), 0.7/(2*math.Pi); math.Abs(got-want) > 1e-5 {
				t.Errorf("towards %.1f: %.6f, want %.6f", from, got, want)
			}
		}
	}
}

// slow is the mass between the centre and an edge by Simpson's rule: along the line of the edge, at distance h, s = h sinh t.
func slow(x1, y1, x2, y2 float64) float64 {
	cross, length := x1*y2-x2*y1, math.Hypot(x2-x1, y2-y1)
	h := math.Abs(cross) / length
	from, to := math.Asinh((x1*(x2-x1)+y1*(y2-y1))/length/h), math.Asinh((x2*(x2-x1)+y2*(y2-y1))/length/h)
	f := func(t float64) float64 { return -math.Expm1(-h*h*math.Cosh(t)*math.Cosh(t)/2) / math.Cosh(t) }
	const n = 1000
	sum, step := f(from)+f(to), (to-from)/n
	for k := 1; k < n; k++ {
		sum += f(from+float64(k)*step) * float64(2+2*(k%2))
	}
	return math.Copysign(sum*step/3/(2*math.Pi), cross)
}

func TestWedge(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	worst := 0.0
	for range 3000 {
		// An edge of some length, anywhere along a line at some distance, in any direction.
		h, length := math.Pow(10, 8*random.Float64()-7), math.Pow(10, 5*random.Float64()-3)
		s, turn := (random.Float64()-0.5)*(length+16), random.Float64()*2*math.Pi
		sin, cos := math.Sincos(turn)
		at := func(s float64) (x, y float64) { return h*cos - s*sin, h*sin + s*cos }
		x1, y1 := at(s)
		x2, y2 := at(s + length)
		if random.IntN(2) == 0 {
			x1, y1, x2, y2 = x2, y2, x1, y1
		}
		var w Wedge
		w.To(x1, y1)
		w.To(x2, y2)
		worst = max(worst, math.Abs(w.Mass()-slow(x1, y1, x2, y2)))
	}
	t.Logf("off by at most %.1e", worst)
	if worst > 1e-7 { // of an edge; an area has tens of them near a position
		t.Errorf("off by %.1e", worst)
	}
}
