package shape

import (
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
)

// MarshalGeoJSON writes g as a GeoJSON geometry object (RFC 7946): longitude first, at most 8 decimals, rings wound
// as Wind does. A ring or box is written as a polygon, nil as null. It refuses coordinates that are not
// finite, which JSON cannot say.
func MarshalGeoJSON(g orb.Geometry) ([]byte, error) { return AppendGeoJSON(nil, g) }

// AppendGeoJSON is MarshalGeoJSON to the end of dst.
func AppendGeoJSON(dst []byte, g orb.Geometry) ([]byte, error) {
	switch g := Wind(g).(type) {
	case nil:
		return append(dst, "null"...), nil
	case orb.Ring:
		return AppendGeoJSON(dst, orb.Polygon{g})
	case orb.Bound:
		return AppendGeoJSON(dst, g.ToPolygon())
	case orb.Point:
		return appendObject(dst, g, appendPosition)
	case orb.MultiPoint:
		return appendObject(dst, g, appendPath[orb.MultiPoint])
	case orb.LineString:
		return appendObject(dst, g, appendPath[orb.LineString])
	case orb.MultiLineString:
		return appendObject(dst, g, appendPaths[orb.MultiLineString])
	case orb.Polygon:
		return appendObject(dst, g, appendPaths[orb.Polygon])
	case orb.MultiPolygon:
		return appendObject(dst, g, func(dst []byte, g orb.MultiPolygon) ([]byte, error) {
			return appendList(dst, g, appendPaths[orb.Polygon])
		})
	case orb.Collection:
		dst = append(dst, `{"type":"GeometryCollection","geometries":`...)
		dst, err := appendList(dst, g, AppendGeoJSON)
		return append(dst, '}'), err
	default:
		return dst, fmt.Errorf("geometry type %T is not known", g)
	}
}

func appendObject[G orb.Geometry](dst []byte, g G, coordinates func([]byte, G) ([]byte, error)) ([]byte, error) {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, g.GeoJSONType()...)
	dst = append(dst, `","coordinates":`...)
	dst, err := coordinates(dst, g)
	return append(dst, '}'), err
}

func appendList[S ~[]E, E any](dst []byte, s S, one func([]byte, E) ([]byte, error)) ([]byte, error) {
	dst = append(dst, '[')
	for i, e := range s {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = one(dst, e); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendPath[P ~[]orb.Point](dst []byte, ps P) ([]byte, error) {
	return appendList(dst, ps, appendPosition)
}

func appendPaths[S ~[]P, P ~[]orb.Point](dst []byte, s S) ([]byte, error) {
	return appendList(dst, s, appendPath[P])
}

func appendPosition(dst []byte, p orb.Point) ([]byte, error) {
	for i, v := range p {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return dst, fmt.Errorf("position %v, %v is not finite and cannot be written as JSON", p[0], p[1])
		}
		dst = append(dst, "[,"[i])
		// The shortest decimal that reads back as a snapped coordinate has 8 decimals at most.
		dst = strconv.AppendFloat(dst, SnapCoord(v), 'f', -1, 64)
	}
	return append(dst, ']'), nil
}
