package shape

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/coord"
)

// maxShiftedEdgeM is the longest edge that is converted to or from GCJ-02 and BD-09 by its ends alone. The shift
// varies along it: 0.5 cm on 200 m, 12 cm on 1 km, 3 m on 5 km.
const maxShiftedEdgeM = 1000

// maxDensified bounds what Transform makes of few but endless edges.
const maxDensified = 2 * MaxPoints

// Transform returns g with every position taken through fn. Edges of lines and rings longer than maxEdgeM metres
// (to 1 %) are cut into equal pieces first, straight in degrees; 0 cuts none. Two areas that share an edge
// get the same positions on it, whichever way round each runs.
//
// g is longitude, latitude in degrees; a box becomes a polygon. The first error of fn comes back as a *ParseError
// that names the position and wraps it; so does a geometry that would grow beyond 4,000,000 positions.
func Transform(g orb.Geometry, fn func(orb.Point) (orb.Point, error), maxEdgeM float64) (orb.Geometry, error) {
	t := &transformer{fn: fn, maxEdgeM: maxEdgeM}
	out, err := t.geometry(g)
	if err != nil {
		return nil, err // not a nil *ParseError in an error
	}
	return out, nil
}

type transformer struct {
	fn       func(orb.Point) (orb.Point, error)
	maxEdgeM float64
	made     int
}

func (t *transformer) point(p orb.Point) (orb.Point, *ParseError) {
	if t.made++; t.made > maxDensified {
		return p, &ParseError{Reason: fmt.Sprintf("has more than %d positions after its long edges were cut", maxDensified), At: &p}
	}
	q, err := t.fn(p)
	if err != nil {
		return p, &ParseError{Reason: err.Error(), At: &p, Err: err}
	}
	return q, nil
}

func (t *transformer) path(ps []orb.Point) ([]orb.Point, *ParseError) {
	out := make([]orb.Point, 0, len(ps))
	for i, p := range ps {
		if i > 0 {
			for _, cut := range cuts(ps[i-1], p, t.maxEdgeM) {
				q, err := t.point(cut)
				if err != nil {
					return nil, err.under(fmt.Sprintf("[%d]", i))
				}
				out = append(out, q)
			}
		}
		q, err := t.point(p)
		if err != nil {
			return nil, err.under(fmt.Sprintf("[%d]", i))
		}
		out = append(out, q)
	}
	return out, nil
}

// each builds a list by a function of its elements, and puts the index before the path of an error.
func each[S ~[]E, E any](in S, f func(E) (E, *ParseError)) (S, *ParseError) {
	out := make(S, len(in))
	for i, e := range in {
		var err *ParseError
		if out[i], err = f(e); err != nil {
			return nil, err.under(fmt.Sprintf("[%d]", i))
		}
	}
	return out, nil
}

func (t *transformer) ring(r orb.Ring) (orb.Ring, *ParseError)             { return t.path(r) }
func (t *transformer) line(l orb.LineString) (orb.LineString, *ParseError) { return t.path(l) }
func (t *transformer) polygon(p orb.Polygon) (orb.Polygon, *ParseError)    { return each(p, t.ring) }

func (t *transformer) geometry(g orb.Geometry) (orb.Geometry, *ParseError) {
	var out orb.Geometry
	var err *ParseError
	switch g := g.(type) {
	case nil:
		return nil, wrong("no geometry")
	case orb.Point:
		out, err = t.point(g)
	case orb.MultiPoint:
		out, err = each(g, t.point)
	case orb.LineString:
		out, err = t.line(g)
	case orb.MultiLineString:
		out, err = each(g, t.line)
	case orb.Ring:
		out, err = t.ring(g)
	case orb.Polygon:
		out, err = t.polygon(g)
	case orb.MultiPolygon:
		out, err = each(g, t.polygon)
	case orb.Bound:
		out, err = t.polygon(g.ToPolygon())
	case orb.Collection:
		out, err = each(g, t.geometry)
		if err != nil {
			return nil, err.under("geometries")
		}
		return out, nil
	default:
		return nil, wrong("geometry type %T is not known", g)
	}
	if err != nil {
		return nil, err.under("coordinates")
	}
	return out, nil
}

// cuts returns the positions that divide the edge from a to b into equal pieces of at most maxM metres.
func cuts(a, b orb.Point, maxM float64) []orb.Point {
	if maxM <= 0 {
		return nil
	}
	const degreeM = 111_320 // of a meridian, to 0.6 %
	length := degreeM * math.Hypot((b[0]-a[0])*math.Cos((a[1]+b[1])/2*math.Pi/180), b[1]-a[1])
	if !(length > maxM) { // NaN is fn's to refuse
		return nil
	}
	pieces := math.Ceil(length / maxM)
	if pieces > maxDensified {
		pieces = maxDensified + 2 // enough for the caller to refuse, and no more memory
	}
	n := int(pieces)
	// Interpolated from the lesser end always, so that the neighbour across the edge computes the same numbers.
	from, to, backwards := a, b, false
	if b[0] < a[0] || b[0] == a[0] && b[1] < a[1] {
		from, to, backwards = b, a, true
	}
	out := make([]orb.Point, n-1)
	for i := range out {
		s := float64(i+1) / float64(n)
		p := orb.Point{from[0] + s*(to[0]-from[0]), from[1] + s*(to[1]-from[1])}
		if backwards {
			out[n-2-i] = p
		} else {
			out[i] = p
		}
	}
	return out
}

// Convert takes g from the system given into CGCS2000, cutting edges above 1 km where the systems differ by a
// shift. Errors are *ParseError around what coord.ToCGCS2000 says. The result is not snapped.
func Convert(g orb.Geometry, from coord.System) (orb.Geometry, error) {
	return Transform(g, func(p orb.Point) (orb.Point, error) {
		q, err := coord.ToCGCS2000(from, p[0], p[1])
		return orb.Point{q.Lng, q.Lat}, err
	}, edgeLimit(from))
}

// Present gives g, in CGCS2000, in the system given, cutting edges as Convert does; to.Approximate says whether the
// answer must be marked so. It fails only where g is nil or would grow too large.
func Present(g orb.Geometry, to coord.System) (orb.Geometry, error) {
	return Transform(g, func(p orb.Point) (orb.Point, error) {
		lng, lat := coord.FromCGCS2000(to, coord.CGCS2000{Lng: p[0], Lat: p[1]})
		return orb.Point{lng, lat}, nil
	}, edgeLimit(to))
}

func edgeLimit(s coord.System) float64 {
	if s.Approximate() {
		return maxShiftedEdgeM
	}
	return 0
}
