package chart

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/geo/measure"
	"wangge/load/demo"
	"wangge/signboard/paper"
)

func squareAt(lng, lat, metres float64) Scene {
	dLat := metres / 2 / 111_000
	dLng := dLat / math.Cos(lat*math.Pi/180)
	b := orb.Bound{Min: orb.Point{lng - dLng, lat - dLat}, Max: orb.Point{lng + dLng, lat + dLat}}
	return Scene{Grids: []Grid{{Area: orb.MultiPolygon{b.ToPolygon()}}}}
}

// The error that Draw tells, against geodesics.
func TestScale(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		lat, most float64 // of a length for each kilometre from the middle
	}{{18, 3e-5}, {31, 5e-5}, {53, 1.1e-4}} {
		for _, km := range []float64{0.3, 2, 10} {
			p, ok := newPlane(squareAt(121.5, c.lat, km*1000), paper.Box{X: 20, Y: 30, W: 180, H: 130}, Options{Text: 2.6})
			if !ok {
				t.Fatal("no plane")
			}
			worst := 0.0
			for range 2000 {
				a := p.back(orb.Point{20 + 180*random.Float64(), 30 + 130*random.Float64()})
				// Something as long as a house to a block, in any direction.
				sin, cos := math.Sincos(2 * math.Pi * random.Float64())
				b := p.back(orb.Point{p.at(a)[0] + 3*cos, p.at(a)[1] + 3*sin})
				geodesic, drawn := measure.DistanceM(a, b), 3/p.scale
				away := measure.DistanceM(a, p.back(orb.Point{110, 95})) / 1000
				worst = max(worst, math.Abs(drawn/geodesic-1)/(away+0.1))
			}
			if worst > c.most {
				t.Errorf("at %g° N a map of %g km is wrong by %.2g of a length for each kilometre, told are %.2g", c.lat, km, worst, c.most)
			}
		}
	}
}

func TestFrameIsFilled(t *testing.T) {
	for _, c := range []struct {
		name string
		box  paper.Box
		long int // the side that fits
	}{{"landscape", paper.Box{X: 5, Y: 5, W: 200, H: 100}, 1}, {"portrait", paper.Box{X: -3, W: 100, H: 220}, 0}} {
		s := squareAt(121.5, 31, 400)
		p, _ := newPlane(s, c.box, Options{Text: 2.6})
		b := none()
		eachPoint(s.Grids[0].Area, func(q orb.Point) { b = b.Extend(p.at(q)) })
		side, room := b.Max[c.long]-b.Min[c.long], []float64{c.box.W, c.box.H}[c.long]
		margin := max(4*2.6, 0.07*max(c.box.W, c.box.H))
		if math.Abs(side-(room-2*margin)) > 0.01 {
			t.Errorf("%s: the grid takes %.2f mm of %g with margins of %.1f", c.name, side, room, margin)
		}
		if mid := b.Center(); math.Abs(mid[0]-c.box.X-c.box.W/2) > 0.01 || math.Abs(mid[1]-c.box.Y-c.box.H/2) > 0.01 {
			t.Errorf("%s: the grid's middle is at %v", c.name, mid)
		}
		if north := p.at(orb.Point{121.5, 31.001}); north[1] >= p.at(orb.Point{121.5, 31})[1] {
			t.Errorf("%s: north is not up", c.name)
		}
	}
	if p, _ := newPlane(squareAt(121.5, 31, 0.5), paper.Box{W: 100, H: 100}, Options{Text: 2.6}); p.scale > closest {
		t.Errorf("half a metre is drawn at 1:%.0f", 1000/p.scale)
	}
}

// What is left of a path shows the same: a place that is seen lies within the ring or not, as before.
func TestThinKeepsWhatIsSeen(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	p := plane{seen: orb.Bound{Min: orb.Point{-1, -1}, Max: orb.Point{1, 1}}}
	dropped := 0
	for n := range 300 {
		ring := make(orb.Ring, 0, 61)
		for range 60 {
			ring = append(ring, orb.Point{8 * (random.Float64() - 0.5), 8 * (random.Float64() - 0.5)})
		}
		if n%3 == 0 { // a country far around
			for i := range ring {
				sin, cos := math.Sincos(2 * math.Pi * float64(i) / 60)
				ring[i] = orb.Point{5 * cos, 5 * sin}
			}
		}
		ring = append(ring, ring[0])
		thin := orb.Ring(p.thin(ring))
		dropped += len(ring) - len(thin)
		for range 100 {
			q := orb.Point{2 * (random.Float64() - 0.5), 2 * (random.Float64() - 0.5)}
			want := planar.RingContains(ring, q)
			if got := thin != nil && planar.RingContains(thin, q); got != want {
				t.Fatalf("%v lies within the ring: %v, within what is left of it: %v", q, want, got)
			}
		}
	}
	if dropped < 1000 {
		t.Errorf("only %d places were left out", dropped)
	}
}

// coverScene is the made-up community as the cover of an atlas.
func coverScene() Scene {
	var s Scene
	for _, g := range demo.Community().Grids {
		s.Grids = append(s.Grids, Grid{Area: g.Boundary, Number: g.Code[12:]})
	}
	return s
}

// Both sides of a border are the same line after it was simplified: what remains of all sides is the border of the whole.
func TestBordersAreShared(t *testing.T) {
	country := demo.CityAlone()
	var s Scene
	for k := range 12 {
		for _, a := range country.Grids(k) {
			s.Grids = append(s.Grids, Grid{Area: a})
		}
	}
	p, ok := newPlane(s, paper.Box{W: 300, H: 300}, Options{Text: 2.6})
	if !ok {
		t.Fatal("no plane")
	}
	regions, edges := p.divide(s)
	if len(regions) != len(s.Grids) {
		t.Fatalf("%d regions of %d grids", len(regions), len(s.Grids))
	}
	open := map[[2]orb.Point]int{}
	vertices := 0
	for _, r := range regions {
		for _, ring := range r.rings {
			vertices += len(ring)
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if open[[2]orb.Point{b, a}] > 0 {
					open[[2]orb.Point{b, a}]--
				} else {
					open[[2]orb.Point{a, b}]++
				}
			}
		}
	}
	left, outer := 0, 0
	for _, n := range open {
		left += n
	}
	before := 0
	for _, g := range s.Grids {
		eachPoint(g.Area, func(orb.Point) { before++ })
	}
	for _, e := range edges {
		if e.of[1] < 0 {
			for _, l := range e.lines {
				outer += len(l) - 1
			}
		}
	}
	if left != outer || outer == 0 {
		t.Errorf("%d sides have no counterpart, the border of the whole has %d", left, outer)
	}
	if vertices > before*2/3 {
		t.Errorf("of %d vertices %d are drawn: nothing was simplified", before, vertices)
	}
}

func TestNeighboursHaveOtherColours(t *testing.T) {
	s := coverScene()
	p, _ := newPlane(s, paper.Box{W: 180, H: 200}, Options{Text: 2.6})
	d := newDrawing(s, p, Options{Text: 2.6}, nil)
	tints := d.tints()
	used := map[int]bool{}
	beside := 0
	for _, e := range d.edges {
		a, b := e.of[0], e.of[1]
		if b < 0 || a == b {
			continue
		}
		beside++
		used[tints[a]], used[tints[b]] = true, true
		if tints[a] == tints[b] {
			t.Errorf("%s and %s have the same colour", s.Grids[a].Number, s.Grids[b].Number)
		}
	}
	if beside < len(s.Grids) || len(used) > 5 {
		t.Errorf("%d borders, %d colours", beside, len(used))
	}
}

func TestScaleBarIsRound(t *testing.T) {
	for _, c := range []struct{ metres, want float64 }{{60, 10}, {150, 20}, {400, 100}, {900, 200}, {2000, 500}, {9000, 2000}} {
		s := squareAt(121.5, 31, c.metres)
		p, _ := newPlane(s, paper.Box{W: 180, H: 180}, Options{Text: 2.6})
		d := newDrawing(s, p, Options{Text: 2.6}, nil)
		metres, length := d.bar()
		if metres != c.want || math.Abs(length-metres*p.scale) > 1e-9 || length > 45 {
			t.Errorf("%g m wide: %g m is %.1f mm long, wanted %g m", c.metres, metres, length, c.want)
		}
	}
}

// Text keeps a contrast of 4.5 (WCAG 2, 1.4.3) on everything that it may stand on.
func TestContrast(t *testing.T) {
	light := func(c paper.Colour) float64 {
		channel := func(v uint8) float64 {
			s := float64(v) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
	}
	below := append([]paper.Colour{white, beyond, aroundFill, mainFill, streetFill, houseFill, hereHouse}, gridTints...)
	below = append(below, grounds[:]...)
	for _, text := range []paper.Colour{ink, gridText, neighbourText, streetText, waterText, greenText, houseText} {
		for _, b := range below {
			if ratio := (light(b) + 0.05) / (light(text) + 0.05); ratio < 4.5 {
				t.Errorf("%v on %v has a contrast of %.1f", text, b, ratio)
			}
		}
	}
	if ratio := 1.05 / (light(hereFill) + 0.05); ratio < 4.5 {
		t.Errorf("the words beside the dot have a contrast of %.1f on their white edge", ratio)
	}
	// The line of the grid is told from all else in black and white too.
	for _, b := range below {
		if ratio := (light(b) + 0.05) / (light(gridLine) + 0.05); ratio < 3 {
			t.Errorf("the grid's line on %v has a contrast of %.1f", b, ratio)
		}
	}
}
