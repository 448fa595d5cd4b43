package demo

import (
	"math"
	"math/rand/v2"
	"slices"
)

// site is the ground being built on: what stands there already, and the rules
// by which something more may be added.
type site struct {
	net    *network
	rnd    *rand.Rand
	houses []house
	ways   []way
	ground []patch
}

// house is a building before it has a code and an address.
type house struct {
	ring   ring
	holes  []ring
	lo, hi pt
	plan
}

// plan is what is known of a house before there is a place for it.
type plan struct {
	name   string // as on the wall; "" takes the address
	estate string // key
	yard   string // key of the gate it shares a number with; "" where it has none
	street string // the street it is numbered on; "" where estate or yard number it
	floors int
	units  int
}

// way is a road inside a block, which divides no grids.
type way struct {
	name   string
	class  string
	half   float64
	path   path
	lo, hi pt
}

// patch is ground with a use, kept free of houses unless it is bare.
type patch struct {
	name   string
	kind   GroundKind
	ring   ring
	lo, hi pt
	bare   bool // houses may stand on it
}

func (s *site) addPatch(name string, kind GroundKind, bare bool, r ring) {
	if r.area() < 0 {
		r = ring(path(r).reversed())
	}
	lo, hi := r.box()
	s.ground = append(s.ground, patch{name, kind, r, lo, hi, bare})
}

// addWay lays a way as far as it runs inside f, so that it ends on the centre
// line of the street it leads to.
func (s *site) addWay(f *face, name, class string, half float64, p path) {
	for _, piece := range inside(p, f.ring) {
		lo, hi := ring(piece).box()
		s.ways = append(s.ways, way{name, class, half, piece, lo, hi})
	}
}

// inside cuts p into the pieces that lie within r.
func inside(p path, r ring) []path {
	var out []path
	var cur path
	if r.contains(p[0]) {
		cur = path{p[0]}
	}
	for i := 1; i < len(p); i++ {
		var cuts []float64
		for j, a := range r {
			if t, _, ok := crossing(p[i-1], p[i], a, r[(j+1)%len(r)]); ok {
				cuts = append(cuts, t)
			}
		}
		slices.Sort(cuts)
		for _, t := range cuts {
			q := p[i-1].lerp(p[i], t)
			if cur != nil {
				out = append(out, append(cur, q))
				cur = nil
			} else {
				cur = path{q}
			}
		}
		if cur != nil {
			cur = append(cur, p[i])
		}
	}
	if cur != nil {
		out = append(out, cur)
	}
	kept := out[:0]
	for _, c := range out {
		if c.length() > 8 { // a crumb on the far side of a bend is no road
			kept = append(kept, c)
		}
	}
	return kept
}

// fits tells whether r can stand in f: behind the building line of every
// street, off the ways and the ground kept free, and apart metres from the
// next house.
func (s *site) fits(f *face, r ring, apart float64) bool {
	if !f.ring.contains(r[0]) {
		return false
	}
	lo, hi := r.box()
	for i, a := range f.ring {
		b := f.ring[(i+1)%len(f.ring)]
		need := setback[s.net.lines[f.edges[i]].kind] - 0.3
		if farther(lo, hi, a.low(b), a.high(b), need) {
			continue
		}
		if r.toPath(path{a, b}) < need {
			return false
		}
	}
	return s.free(r, lo, hi, apart)
}

// free is fits without the streets.
func (s *site) free(r ring, lo, hi pt, apart float64) bool {
	for i := range s.houses {
		if h := &s.houses[i]; !farther(lo, hi, h.lo, h.hi, apart) && r.gap(h.ring) < apart {
			return false
		}
	}
	for i := range s.ways {
		w := &s.ways[i]
		if need := w.half + 1.3; !farther(lo, hi, w.lo, w.hi, need) && r.toPath(w.path) < need {
			return false
		}
	}
	for i := range s.ground {
		if g := &s.ground[i]; !g.bare && !farther(lo, hi, g.lo, g.hi, 2) && r.gap(g.ring) < 2 {
			return false
		}
	}
	return true
}

// put builds without asking.
func (s *site) put(p plan, r ring, holes ...ring) {
	lo, hi := r.box()
	s.houses = append(s.houses, house{r, holes, lo, hi, p})
}

// try builds where there is room.
func (s *site) try(f *face, p plan, r ring, apart float64) bool {
	if !s.fits(f, r, apart) {
		return false
	}
	s.put(p, r)
	return true
}

func (s *site) between(lo, hi float64) float64 { return lo + s.rnd.Float64()*(hi-lo) }
func (s *site) intBetween(lo, hi int) int      { return lo + s.rnd.IntN(hi-lo+1) }

// rows fills a face, or the part of it within, from the top row to the bottom
// one, each from the left, with the longest piece that still fits.
type rows struct {
	within ring    // nil: the whole face
	turn   float64 // of the rows, radians
	pitch  float64 // from row to row
	apart  float64 // between neighbours
	sizes  []int   // numbers of stairwells or bays, longest first
	shape  func(n int) ring
	plan   func(n int) plan
	shift  float64 // every other row starts this much further right
}

func (s *site) fillRows(f *face, o rows) {
	area := o.within
	if area == nil {
		area = f.ring
	}
	c := area.centroid()
	lo, hi := area.place(c.mul(-1), 0).place(pt{}, -o.turn).box()
	shapes := make([]ring, len(o.sizes))
	for i, n := range o.sizes {
		shapes[i] = o.shape(n)
	}
	row := 0
	for v := hi.v; v > lo.v; row++ {
		placed := false
		u := lo.u
		if row%2 == 1 {
			u += o.shift
		}
		for u < hi.u {
			step := 1.5
			for i, n := range o.sizes {
				shape := shapes[i]
				sLo, sHi := shape.box()
				at := pt{u - sLo.u, v}.turn(o.turn).add(c)
				if !area.contains(at) {
					continue
				}
				r := shape.place(at, o.turn)
				if !s.fits(f, r, o.apart) {
					continue
				}
				s.put(o.plan(n), r)
				step, placed = sHi.u-sLo.u+o.apart, true
				break
			}
			u += step
		}
		if placed {
			v -= o.pitch
		} else {
			v, row = v-1, row-1
		}
	}
}

// front lines one side of a street with houses that face it.
type front struct {
	street   string
	from, to float64 // share of the street's length
	widths   []float64
	depth    [2]float64
	apart    float64
	plan     func(w float64) plan
}

func (s *site) fillFront(f *face, o front) {
	p := s.net.lineOf(o.street)
	var kind lineKind
	for _, l := range s.net.lines {
		if l.key == o.street {
			kind = l.kind
		}
	}
	total := p.length()
	for at := o.from * total; at < o.to*total; {
		w, d := o.widths[s.rnd.IntN(len(o.widths))], math.Round(s.between(o.depth[0], o.depth[1]))
		here, dir := p.at(at + w/2)
		in := dir.left()
		if !f.ring.contains(here.add(in.mul(setback[kind] + 2))) {
			in = in.mul(-1)
		}
		r := box(w, d).place(here.add(in.mul(setback[kind]+d/2)), math.Atan2(dir.v, dir.u))
		if s.try(f, o.plan(w), r, o.apart) {
			at += w + o.apart + 0.2
		} else {
			at += 2
		}
	}
}

// fillVillage sets detached houses on both sides of a way, none quite in line
// with the next, and leaves a plot empty now and then.
func (s *site) fillVillage(f *face, p path, shape func() ring, plan func() plan) {
	const hedge, plot, sway, emptyPlots = 3.4, 19, 0.07, 0.07
	for _, side := range []float64{1, -1} {
		for at := 4.0; at < p.length(); {
			here, dir := p.at(at)
			r := shape()
			lo, hi := r.box()
			off := dir.left().mul(side * (hedge + (hi.v-lo.v)/2 + s.between(0, 1)))
			r = r.place(here.add(off), math.Atan2(dir.v, dir.u)+s.between(-sway, sway))
			if !s.fits(f, r, 2.6) {
				at += 2
				continue
			}
			if s.rnd.Float64() >= emptyPlots {
				s.put(plan(), r)
			}
			at += plot + s.between(-1.5, 1.5)
		}
	}
}
