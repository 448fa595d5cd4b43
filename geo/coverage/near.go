package coverage

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

// alike is how far two distances may differ that are the same, in metres: a border is as far off from both its sides.
const alike = 1e-6

// few edges are measured as quickly as the box around their block.
const few = 6

// Nearest is the area nearest to p, at most limitM metres away, and how far it is: 0 where it covers p. Of areas equally far,
// the one that comes before the others is taken; nil for before is the order of shard and area.
func (c *Coverage) Nearest(p orb.Point, limitM float64, before func(a, b Ref) bool) (Ref, float64, bool) {
	var space [8]Held
	if held := c.Locate(p, space[:0]); len(held) > 0 {
		best := held[0].Ref
		for _, h := range held[1:] {
			if before != nil && before(h.Ref, best) {
				best = h.Ref
			}
		}
		return best, 0, limitM >= 0
	}
	var best Ref
	least, found := limitM, false
	c.around(p, limitM, func(r Ref, boxM float64) {
		if boxM > least+alike {
			return
		}
		d := c.DistanceToBorderM(r, p)
		switch {
		case d > limitM || found && d > least+alike:
		case !found || d < least-alike || before != nil && before(r, best):
			best, least, found = r, d, true
		}
	})
	return best, least, found
}

// Around appends to out the areas whose boxes come within radiusM metres of p, in order of shard and area.
func (c *Coverage) Around(p orb.Point, radiusM float64, out []Ref) []Ref {
	c.around(p, radiusM, func(r Ref, _ float64) { out = append(out, r) })
	return out
}

// around calls f with the areas whose boxes come within radiusM metres of p, and how far their boxes are, at least.
func (c *Coverage) around(p orb.Point, radiusM float64, f func(r Ref, boxM float64)) {
	if !(math.Abs(p[0]) <= 360 && math.Abs(p[1]) < 90 && radiusM >= 0) {
		return
	}
	plane := measure.LocalAt(p)
	// A degree is never shorter than this: of latitude 110 km, of longitude that times the cosine at the far end.
	dy := radiusM / 110_000
	dx := radiusM / (110_000 * max(math.Cos(min(math.Abs(p[1])+dy, 89.9)*math.Pi/180), 1e-3))
	box := orb.Bound{Min: orb.Point{p[0] - dx, p[1] - dy}, Max: orb.Point{p[0] + dx, p[1] + dy}}
	var space [64]int32
	for _, n := range c.near(box, space[:0]) {
		for i, b := range c.shards[n].boxes {
			if b == nowhere || !meets(b, box) {
				continue
			}
			x, y := plane.ToBox(b)
			// The plane is right to a part in 1e5 here, and so must not say too much.
			if m := math.Hypot(x, y) * (1 - 1e-4); m <= radiusM {
				f(Ref{n, int32(i)}, m)
			}
		}
	}
}

// DistanceToBorderM is how many metres p is away from the border of r, be it inside or outside (measure.DistanceToBoundaryM).
func (c *Coverage) DistanceToBorderM(r Ref, p orb.Point) float64 {
	s := c.shards[r.Shard]
	approach := measure.ApproachTo(p)
	plane, shifts := approach.Plane(), s.shiftsFrom(p)
	least, share := int32(-1), 0.0 // the edge that comes nearest, and where
	for k, to := s.ringsOf(r.Area); k < to; k++ {
		for _, n := range s.arcsOf(k) {
			n = max(n, ^n)
			last := s.arcs[n+1].first - 1
			for e := s.arcs[n].first; e < last; {
				stop := min(e/block*block+block, last)
				if stop-e > few && approach.BeyondBox(s.blocks[e/block]) {
					e = stop
					continue
				}
				ax, ay := plane.Shift(shifts.of(e))
				for ; e < stop; e++ {
					bx, by := plane.Shift(shifts.of(e + 1))
					if !approach.Beyond(ax, ay, bx, by) {
						if t, ok := approach.Nearer(ax, ay, bx, by); ok {
							least, share = e, t
						}
					}
					ax, ay = bx, by
				}
			}
		}
	}
	if least < 0 {
		return math.Inf(1)
	}
	a, b := s.at(least), s.at(least+1)
	return measure.DistanceM(p, orb.Point{a[0] + share*(b[0]-a[0]), a[1] + share*(b[1]-a[1])})
}

// GaussianShare is the share of a position known to sigmaM that lies in r (measure.GaussianShare).
func (c *Coverage) GaussianShare(r Ref, p orb.Point, sigmaM float64) float64 {
	if sigmaM <= 0 {
		return 0
	}
	s := c.shards[r.Shard]
	bell, shifts := measure.BellAt(p, sigmaM), s.shiftsFrom(p)
	for k, to := s.ringsOf(r.Area); k < to; k++ {
		mass := 0.0
		for _, n := range s.arcsOf(k) {
			var w measure.Wedge
			arc := max(n, ^n)
			for i := s.arcs[arc].first; i < s.arcs[arc+1].first; i++ {
				w.To(bell.At(shifts.of(i)))
			}
			if n >= 0 {
				mass += w.Mass()
			} else {
				mass -= w.Mass()
			}
		}
		bell.Ring(mass, s.rings[k].hole)
	}
	return bell.Share()
}

// shifts tells how many degrees east and north of a place the vertices of a shard lie, to 1e-13.
type shifts struct {
	p      orb.Point
	x, y   float64 // p in units
	places []place
	shard  *Shard
}

func (s *Shard) shiftsFrom(p orb.Point) shifts {
	return shifts{p, p[0]*1e8 - float64(s.origin.x), p[1]*1e8 - float64(s.origin.y), s.places, s}
}

func (f *shifts) of(i int32) (dLng, dLat float64) {
	if f.places == nil {
		return f.far(i)
	}
	v := f.places[i]
	return (float64(v.x) - f.x) * 1e-8, (float64(v.y) - f.y) * 1e-8
}

func (f *shifts) far(i int32) (dLng, dLat float64) {
	v := f.shard.at(i)
	return v[0] - f.p[0], v[1] - f.p[1]
}
