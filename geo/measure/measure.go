// Package measure gives areas, lengths and distances in metres on the CGCS2000 ellipsoid. It leaves validity and
// other coordinate systems to others: what is measured must first be brought to CGCS2000 (package geo/shape).
//
// All input is longitude, latitude in degrees (EPSG:4490; WGS 84 gives the same to 0.1 mm on 1,000 km) and is not
// changed. Edges are geodesics. Method: C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87 (2013) 43–55,
// doi:10.1007/s00190-012-0578-z.
package measure

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

// The ellipsoid of CGCS2000 (GB 22021-2008; EPSG:1024).
const (
	semiMajorM  = 6378137.0
	flattening  = 1 / 298.257222101
	eccentric2  = flattening * (2 - flattening)
	radian      = math.Pi / 180
	leastOfRing = 4 // a triangle, and its first position again
)

var ellipsoid = geodesic.NewEllipsoid(semiMajorM, flattening)

// DistanceM returns the length of the geodesic from a to b in metres, right to a few nanometres.
// It is NaN where a coordinate is NaN or a latitude beyond ±90.
func DistanceM(a, b orb.Point) float64 {
	var m float64
	ellipsoid.Inverse(a[1], a[0], b[1], b[0], &m, nil, nil)
	return m
}

// LengthM returns the length of lines, or of all borders of areas, holes included, in metres. Points have length 0,
// and so does nil.
func LengthM(g orb.Geometry) float64 {
	switch g := g.(type) {
	case orb.LineString:
		return pathM(g)
	case orb.MultiLineString:
		return sum(g, func(l orb.LineString) float64 { return pathM(l) })
	case orb.Ring:
		return pathM(orb.LineString(g))
	case orb.Polygon:
		return sum(g, func(r orb.Ring) float64 { return pathM(orb.LineString(r)) })
	case orb.MultiPolygon:
		return sum(g, func(p orb.Polygon) float64 { return LengthM(p) })
	case orb.Bound:
		return LengthM(g.ToRing())
	case orb.Collection:
		return sum(g, LengthM)
	default:
		return 0
	}
}

func sum[S ~[]E, E any](s S, f func(E) float64) float64 {
	total := 0.0
	for _, e := range s {
		total += f(e)
	}
	return total
}

func pathM(line orb.LineString) float64 {
	total := 0.0
	for i := 1; i < len(line); i++ {
		total += DistanceM(line[i-1], line[i])
	}
	return total
}

// AreaM2 returns the area of a ring, polygon, multipolygon, box or collection of these, in square metres. Holes are
// subtracted; winding does not matter; rings that cross themselves give what their turns sum up to. Empty areas
// and nil have 0. Points and lines, and rings that are not closed or not finite, are errors.
func AreaM2(g orb.Geometry) (float64, error) {
	switch g := g.(type) {
	case nil:
		return 0, nil
	case orb.Ring:
		return ringM2(g)
	case orb.Polygon:
		total := 0.0
		for i, r := range g {
			m2, err := ringM2(r)
			if err != nil {
				return 0, fmt.Errorf("ring %d: %w", i, err)
			}
			if i > 0 {
				m2 = -m2
			}
			total += m2
		}
		return total, nil
	case orb.MultiPolygon:
		return sumM2(g, func(p orb.Polygon) (float64, error) { return AreaM2(p) })
	case orb.Bound:
		return ringM2(g.ToRing())
	case orb.Collection:
		return sumM2(g, AreaM2)
	default:
		return 0, fmt.Errorf("a %s has no area", g.GeoJSONType())
	}
}

func sumM2[S ~[]E, E any](s S, area func(E) (float64, error)) (float64, error) {
	total := 0.0
	for i, e := range s {
		m2, err := area(e)
		if err != nil {
			return 0, fmt.Errorf("part %d: %w", i, err)
		}
		total += m2
	}
	return total, nil
}

// ringM2 is never negative.
func ringM2(r orb.Ring) (float64, error) {
	if len(r) == 0 {
		return 0, nil
	}
	if len(r) < leastOfRing || r[0] != r[len(r)-1] {
		return 0, fmt.Errorf("ring of %d positions is not closed, or has fewer than %d", len(r), leastOfRing)
	}
	p := ellipsoid.PolygonInit(false)
	for _, v := range r[:len(r)-1] {
		p.AddPoint(v[1], v[0])
	}
	var m2 float64
	p.Compute(false, true, &m2, nil)
	if math.IsNaN(m2) || math.IsInf(m2, 0) {
		return 0, fmt.Errorf("ring has a position that is not on Earth")
	}
	return math.Abs(m2), nil
}
