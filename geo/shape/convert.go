package shape

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
)

// ToOrb gives a geometry of go-geom in orb's types. Heights and measures are dropped, the SRID is not kept: the
// caller has checked it. An empty point, which orb cannot say, and nil are errors; other empty geometries pass.
func ToOrb(t geom.T) (orb.Geometry, error) {
	switch t := t.(type) {
	case *geom.Point:
		if t.Empty() {
			return nil, fmt.Errorf("an empty point has no place")
		}
		return orb.Point{t.X(), t.Y()}, nil
	case *geom.MultiPoint:
		out := make(orb.MultiPoint, t.NumPoints())
		for i := range out {
			p := t.Coord(i)
			if p == nil {
				return nil, fmt.Errorf("point %d of a MultiPoint is empty", i)
			}
			out[i] = orb.Point{p.X(), p.Y()}
		}
		return out, nil
	case *geom.LineString:
		return orb.LineString(points(t.FlatCoords(), t.Stride(), 0, len(t.FlatCoords()))), nil
	case *geom.LinearRing:
		return orb.Ring(points(t.FlatCoords(), t.Stride(), 0, len(t.FlatCoords()))), nil
	case *geom.MultiLineString:
		return paths[orb.MultiLineString](t.FlatCoords(), t.Stride(), 0, t.Ends()), nil
	case *geom.Polygon:
		return paths[orb.Polygon](t.FlatCoords(), t.Stride(), 0, t.Ends()), nil
	case *geom.MultiPolygon:
		out, start := make(orb.MultiPolygon, 0, t.NumPolygons()), 0
		for _, ends := range t.Endss() {
			out = append(out, paths[orb.Polygon](t.FlatCoords(), t.Stride(), start, ends))
			if n := len(ends); n > 0 {
				start = ends[n-1]
			}
		}
		return out, nil
	case *geom.GeometryCollection:
		out := make(orb.Collection, t.NumGeoms())
		for i, member := range t.Geoms() {
			g, err := ToOrb(member)
			if err != nil {
				return nil, fmt.Errorf("member %d of a collection: %w", i, err)
			}
			out[i] = g
		}
		return out, nil
	case nil:
		return nil, fmt.Errorf("no geometry")
	default:
		return nil, fmt.Errorf("geometry type %T is not known", t)
	}
}

// points reads XY out of go-geom's flat layout of stride numbers a position.
func points(flat []float64, stride, start, end int) []orb.Point {
	if stride == 0 || start == end {
		return nil
	}
	out := make([]orb.Point, 0, (end-start)/stride)
	for i := start; i < end; i += stride {
		out = append(out, orb.Point{flat[i], flat[i+1]})
	}
	return out
}

func paths[S ~[]P, P ~[]orb.Point](flat []float64, stride, start int, ends []int) S {
	out := make(S, 0, len(ends))
	for _, end := range ends {
		out = append(out, points(flat, stride, start, end))
		start = end
	}
	return out
}

// FromOrb gives a geometry of orb in go-geom's types, in two dimensions, with the SRID given. A ring or box becomes
// a polygon. nil is an error.
func FromOrb(g orb.Geometry, srid int) (geom.T, error) {
	switch g := g.(type) {
	case orb.Point:
		return geom.NewPointFlat(geom.XY, []float64{g[0], g[1]}).SetSRID(srid), nil
	case orb.MultiPoint:
		return geom.NewMultiPointFlat(geom.XY, flatten(nil, g)).SetSRID(srid), nil
	case orb.LineString:
		return geom.NewLineStringFlat(geom.XY, flatten(nil, g)).SetSRID(srid), nil
	case orb.MultiLineString:
		flat, ends := flattenAll(nil, g)
		return geom.NewMultiLineStringFlat(geom.XY, flat, ends).SetSRID(srid), nil
	case orb.Ring:
		return FromOrb(orb.Polygon{g}, srid)
	case orb.Bound:
		return FromOrb(g.ToPolygon(), srid)
	case orb.Polygon:
		flat, ends := flattenAll(nil, g)
		return geom.NewPolygonFlat(geom.XY, flat, ends).SetSRID(srid), nil
	case orb.MultiPolygon:
		var flat []float64
		endss := make([][]int, len(g))
		for i, p := range g {
			flat, endss[i] = flattenAll(flat, p)
		}
		return geom.NewMultiPolygonFlat(geom.XY, flat, endss).SetSRID(srid), nil
	case orb.Collection:
		out := geom.NewGeometryCollection()
		for i, member := range g {
			t, err := FromOrb(member, srid)
			if err != nil {
				return nil, fmt.Errorf("member %d of a collection: %w", i, err)
			}
			if err := out.Push(t); err != nil {
				return nil, fmt.Errorf("member %d of a collection: %w", i, err)
			}
		}
		return out.SetSRID(srid), nil
	case nil:
		return nil, fmt.Errorf("no geometry")
	default:
		return nil, fmt.Errorf("geometry type %T is not known", g)
	}
}

func flatten(flat []float64, ps []orb.Point) []float64 {
	for _, p := range ps {
		flat = append(flat, p[0], p[1])
	}
	return flat
}

func flattenAll[S ~[]P, P ~[]orb.Point](flat []float64, all S) ([]float64, []int) {
	ends := make([]int, len(all))
	for i, ps := range all {
		flat = flatten(flat, ps)
		ends[i] = len(flat)
	}
	return flat, ends
}

// MultiPolygon gives g as the type that every boundary has. A polygon, ring or box becomes one part; a collection
// is taken where all its members are areas. Anything else, nil included, is an error that says what g is.
func MultiPolygon(g orb.Geometry) (orb.MultiPolygon, error) {
	switch g := g.(type) {
	case orb.MultiPolygon:
		return g, nil
	case orb.Polygon:
		return orb.MultiPolygon{g}, nil
	case orb.Ring:
		return orb.MultiPolygon{{g}}, nil
	case orb.Bound:
		return orb.MultiPolygon{g.ToPolygon()}, nil
	case orb.Collection:
		var all orb.MultiPolygon
		for i, member := range g {
			part, err := MultiPolygon(member)
			if err != nil {
				return nil, fmt.Errorf("member %d of the collection: %w", i, err)
			}
			all = append(all, part...)
		}
		return all, nil
	case nil:
		return nil, fmt.Errorf("an area is needed, and there is no geometry")
	default:
		return nil, fmt.Errorf("an area is needed (Polygon or MultiPolygon), and this is a %s", g.GeoJSONType())
	}
}
