package coverage

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

// Unmatched is a piece of border that is one area's only. Where another area's border runs Beside it, a hair off, the two are a sliver,
// a gap or an overlap, and were perhaps meant to be one; else it is where a town ends, or a gap begins.
type Unmatched struct {
	Of     Ref
	Path   orb.LineString // as the arc runs, longitude and latitude in degrees
	Metres float64        // its length
	Beside Ref            // whose border runs beside it, where Sliver
	Sliver bool
	ApartM float64 // at most so many metres off, where Sliver
}

// Unmatched returns the borders in shard i that have one owner only and are no other's border, also of no other shard, cut where what
// runs beside them within withinM metres changes. Two borders run beside each other where both ends and the middle of an
// edge are that near to the other, and both point the same way, to 30°.
func (c *Coverage) Unmatched(i int, withinM float64) []Unmatched {
	s := c.shards[i]
	if s == nil {
		return nil
	}
	var out []Unmatched
	var one [1]int32
	for k := range int32(len(s.arcs) - 1) {
		a := s.arcs[k]
		if (a.left == none) == (a.right == none) || min(a.left, a.right) < none {
			continue
		}
		of := Ref{int32(i), int32(max(a.left, a.right))}
		open := false // the last of out goes on
		path := s.appendPath(nil, k)
		for n := 1; n < len(path); n++ {
			p, q := path[n-1], path[n]
			if c.matched(int32(i), p, q) {
				open = false
				continue
			}
			u := Unmatched{Of: of, Path: orb.LineString{p, q}, Metres: measure.DistanceM(p, q)}
			u.Beside, u.ApartM, u.Sliver = c.runsBeside(of, p, q, withinM, &one)
			if last := len(out) - 1; open && out[last].Sliver == u.Sliver && out[last].Beside == u.Beside {
				out[last].Path = append(out[last].Path, q)
				out[last].Metres += u.Metres
				out[last].ApartM = max(out[last].ApartM, u.ApartM)
				continue
			}
			out, open = append(out, u), true
		}
	}
	return out
}

// matched reports whether an edge of shard i is a border in another shard too, along all of it.
func (c *Coverage) matched(i int32, p, q orb.Point) bool {
	var space [64]int32
	covered, whole := 0.0, measure.DistanceM(p, q)
	for _, n := range c.near(widened(orb.MultiPoint{p, q}.Bound(), unit), space[:0]) {
		if n != i {
			c.shards[n].alongside(p, q, func(_ int32, from, to orb.Point) { covered += measure.DistanceM(from, to) })
		}
	}
	return covered > whole*(1-1e-6)-1e-2
}

// runsBeside finds the area, other than of, whose border runs nearest beside the edge from p to q.
func (c *Coverage) runsBeside(of Ref, p, q orb.Point, withinM float64, one *[1]int32) (beside Ref, apartM float64, ok bool) {
	middle := orb.Point{(p[0] + q[0]) / 2, (p[1] + q[1]) / 2}
	plane := measure.LocalAt(middle)
	px, py := plane.XY(p)
	qx, qy := plane.XY(q)
	degree := withinM / (110_000 * max(math.Cos(middle[1]*math.Pi/180), 1e-3))
	box := widened(orb.MultiPoint{p, q}.Bound(), degree)
	var space [64]int32
	type run struct{ p, q, middle float64 }
	runs := map[Ref]run{}
	for _, n := range c.near(box, space[:0]) {
		s := c.shards[n]
		s.eachEdge(box, func(e, arc int32) {
			a, b := s.at(e), s.at(e+1)
			ax, ay := plane.XY(a)
			bx, by := plane.XY(b)
			dot, size := (qx-px)*(bx-ax)+(qy-py)*(by-ay), math.Hypot(qx-px, qy-py)*math.Hypot(bx-ax, by-ay)
			if math.Abs(dot) < size*math.Cos(math.Pi/6) {
				return
			}
			s.beside(arc, one, func(area int32) {
				r := Ref{n, area}
				if r == of {
					return
				}
				old, known := runs[r]
				if !known {
					old = run{math.Inf(1), math.Inf(1), math.Inf(1)}
				}
				edge := []orb.Point{a, b}
				off := func(p orb.Point, least float64) float64 {
					to := measure.ApproachTo(p)
					to.Along(edge)
					return min(least, to.DistanceM())
				}
				runs[r] = run{off(p, old.p), off(q, old.q), off(middle, old.middle)}
			})
		})
	}
	apartM = math.Inf(1)
	for r, d := range runs {
		m := max(d.p, d.q, d.middle)
		if m <= withinM && (m < apartM || m == apartM && (r.Shard < beside.Shard || r.Shard == beside.Shard && r.Area < beside.Area)) {
			beside, apartM, ok = r, m, true
		}
	}
	if !ok {
		return Ref{}, 0, false
	}
	return beside, apartM, true
}
