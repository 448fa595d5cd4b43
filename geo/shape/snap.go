package shape

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// unitsPerDegree is the grid that everything stored lies on: 1e-8 degree, about 1 mm.
const unitsPerDegree = 1e8

// SnapCoord rounds v, degrees, to 1e-8 degree. The result is the float64 nearest to that
// decimal, so that two coordinates are the same place exactly if == says so, and 8 decimals print it in full.
// NaN and infinities stay what they are; -0 becomes 0.
func SnapCoord(v float64) float64 {
	return math.Round(v*unitsPerDegree)/unitsPerDegree + 0 // + 0 takes the sign from -0
}

// Quantise gives v, degrees, in whole units of 1e-8 degree, for exact comparison and arithmetic. v is finite
// and on Earth; SnapCoord(v) and v have the same.
func Quantise(v float64) int64 { return int64(math.Round(v * unitsPerDegree)) }

// SnapPoint is SnapCoord of both coordinates.
func SnapPoint(p orb.Point) orb.Point { return orb.Point{SnapCoord(p[0]), SnapCoord(p[1])} }

// Collapse is a part of a geometry that was too small for the snapping grid and was dropped.
type Collapse struct {
	Part string    // "line", "polygon", "hole", or "ring" where a ring stands for itself
	At   orb.Point // where it was
}

// String says what was dropped and where.
func (c Collapse) String() string {
	return fmt.Sprintf("%s at %v, %v is smaller than 1e-8 degree and was dropped", c.Part, c.At[0], c.At[1])
}

// Snap is SnapReport for callers that do not tell anybody what collapsed.
func Snap(g orb.Geometry) orb.Geometry {
	snapped, _ := SnapReport(g)
	return snapped
}

// SnapReport rounds every coordinate of g to 1e-8 degree (SnapCoord), drops positions of lines and rings that have
// become equal to the one before, and drops what has collapsed: lines to a point, rings to a line, polygons
// with their outer ring. It returns a new geometry of the same type, which may be empty, and the parts dropped.
// Snapping twice is snapping once. Validity is to be checked afterwards: rounding can make a ring touch itself.
func SnapReport(g orb.Geometry) (orb.Geometry, []Collapse) {
	var s snapper
	return s.geometry(g), s.dropped
}

type snapper struct{ dropped []Collapse }

func (s *snapper) drop(part string, ps []orb.Point) {
	c := Collapse{Part: part}
	if len(ps) > 0 {
		c.At = SnapPoint(ps[0])
	}
	s.dropped = append(s.dropped, c)
}

func (s *snapper) geometry(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Point:
		return SnapPoint(g)
	case orb.MultiPoint:
		out := make(orb.MultiPoint, len(g))
		for i, p := range g {
			out[i] = SnapPoint(p)
		}
		return out
	case orb.LineString:
		line, _ := s.line(g)
		return line
	case orb.MultiLineString:
		out := make(orb.MultiLineString, 0, len(g))
		for _, l := range g {
			if line, ok := s.line(l); ok {
				out = append(out, line)
			}
		}
		return out
	case orb.Ring:
		ring, _ := s.ring(g, "ring")
		return ring
	case orb.Polygon:
		polygon, _ := s.polygon(g)
		return polygon
	case orb.MultiPolygon:
		out := make(orb.MultiPolygon, 0, len(g))
		for _, p := range g {
			if polygon, ok := s.polygon(p); ok {
				out = append(out, polygon)
			}
		}
		return out
	case orb.Bound:
		return orb.Bound{Min: SnapPoint(g.Min), Max: SnapPoint(g.Max)}
	case orb.Collection:
		out := make(orb.Collection, len(g))
		for i, member := range g {
			out[i] = s.geometry(member)
		}
		return out
	default:
		return nil
	}
}

func (s *snapper) line(l orb.LineString) (orb.LineString, bool) {
	out := snapPath(l)
	if len(out) < 2 {
		s.drop("line", l)
		return nil, false
	}
	return out, true
}

func (s *snapper) polygon(p orb.Polygon) (orb.Polygon, bool) {
	out := make(orb.Polygon, 0, len(p))
	for i, r := range p {
		part := "hole"
		if i == 0 {
			part = "polygon"
		}
		ring, ok := s.ring(r, part)
		if ok {
			out = append(out, ring)
		} else if i == 0 {
			return nil, false
		}
	}
	return out, len(out) > 0
}

func (s *snapper) ring(r orb.Ring, part string) (orb.Ring, bool) {
	out := orb.Ring(snapPath(r))
	if len(out) < 4 || flat(out) {
		s.drop(part, r)
		return nil, false
	}
	return out, true
}

// flat reports whether all of r lies on one line. A ring may also have no area because it crosses itself, like a
// bow tie; that is broken, not small, and is left for whoever checks validity to refuse.
func flat(r orb.Ring) bool {
	for i := 2; i < len(r); i++ {
		if Turn(orb.Ring{r[0], r[1], r[i]}) != 0 {
			return false
		}
	}
	return true
}

// snapPath keeps what is there where nothing is repeated, and so costs one allocation.
func snapPath(ps []orb.Point) []orb.Point {
	out := make([]orb.Point, 0, len(ps))
	for _, p := range ps {
		p = SnapPoint(p)
		if n := len(out); n == 0 || out[n-1] != p {
			out = append(out, p)
		}
	}
	return out
}
