package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

// Neighbours are the areas that r has a border with, of any shard, the longest first. Within a shard that is an arc that both have;
// across shards, edges that are the same or run within a unit (1e-8 degree) of each other for more than a point. A point in
// common is no border.
func (c *Coverage) Neighbours(r Ref) []Neighbour {
	var out []Neighbour
	add := func(other Ref, m float64) {
		i := slices.IndexFunc(out, func(n Neighbour) bool { return n.Ref == other })
		if i < 0 {
			i, out = len(out), append(out, Neighbour{Ref: other})
		}
		out[i].SharedM += m
	}
	mine := c.shards[r.Shard]
	var space [64]int32
	var others []int32
	var path []orb.Point
	if b := mine.boxes[r.Area]; b != nowhere {
		others = c.near(widened(b, unit), space[:0])
	}
	var one [1]int32
	for k, to := mine.ringsOf(r.Area); k < to; k++ {
		for _, n := range mine.arcsOf(k) {
			n = max(n, ^n)
			path = mine.appendPath(path[:0], n)
			metres := -1.0
			mine.beside(n, &one, func(area int32) {
				if area != r.Area {
					if metres < 0 {
						metres = measure.LengthM(orb.LineString(path))
					}
					add(Ref{r.Shard, area}, metres)
				}
			})
			for _, o := range others {
				if o == r.Shard {
					continue
				}
				for i := 1; i < len(path); i++ {
					c.shards[o].alongside(path[i-1], path[i], func(arc int32, from, to orb.Point) {
						m := measure.DistanceM(from, to)
						c.shards[o].beside(arc, &one, func(area int32) { add(Ref{o, area}, m) })
					})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.SharedM, a.SharedM), cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Area, b.Area))
	})
	return out
}

// unit is more than a unit of 1e-8 degree, less than two.
const unit = 1.5e-8

// beside calls f with the areas beside arc n, on either side.
func (s *Shard) beside(n int32, one *[1]int32, f func(area int32)) {
	for _, l := range s.arcs[n].sides() {
		for _, a := range s.areas(l, one) {
			f(a)
		}
	}
}

// alongside calls f with the arcs of the edges that run along the one from p to q, and from where to where.
func (s *Shard) alongside(p, q orb.Point, f func(arc int32, from, to orb.Point)) {
	s.eachEdge(widened(orb.MultiPoint{p, q}.Bound(), unit), func(e, arc int32) {
		if from, to, ok := together(p, q, s.at(e), s.at(e+1)); ok {
			f(arc, from, to)
		}
	})
}

// together is where the edges from p to q and from a to b run together: between two vertices of either that both pass, at most
// a unit off.
func together(p, q, a, b orb.Point) (from, to orb.Point, ok bool) {
	if p == a && q == b || p == b && q == a {
		return p, q, true
	}
	vp, vq, va, vb := quantise(p), quantise(q), quantise(a), quantise(b)
	var ends [4]vertex
	n := 0
	take := func(v, u, w vertex) {
		_, on := touches(u, w, v)
		if (on || v == u || v == w) && !slices.Contains(ends[:n], v) {
			ends[n], n = v, n+1
		}
	}
	take(vp, va, vb)
	take(vq, va, vb)
	take(va, vp, vq)
	take(vb, vp, vq)
	if n < 2 {
		return p, q, false
	}
	along := func(v vertex) float64 {
		d, e := vq.minus(vp), v.minus(vp)
		return float64(d.x)*float64(e.x) + float64(d.y)*float64(e.y)
	}
	low := slices.MinFunc(ends[:n], func(v, w vertex) int { return cmp.Compare(along(v), along(w)) })
	high := slices.MaxFunc(ends[:n], func(v, w vertex) int { return cmp.Compare(along(v), along(w)) })
	if d := high.minus(low); abs(d.x)+abs(d.y) <= 4 { // what is shorter may be two borders that cross
		return p, q, false
	}
	return low.point(), high.point(), true
}
