package demo

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// The middle of the drawing table on the ground, and how far it is turned
// there: the rows of houses face a little east of south, as they do in Jiangnan.
const (
	originLng, originLat = 120.15, 31.20 // degrees
	tableTurn            = 6.5 * math.Pi / 180
)

// Metres in a degree at originLat on the CGCS2000 ellipsoid. Over the half
// kilometre to the edge of the community the scale changes by less than
// 1 part in 20,000.
var metresPerLng, metresPerLat = degreeScale(originLat)

func degreeScale(lat float64) (lngScale, latScale float64) {
	const a, f = 6378137, 1 / 298.257222101
	e2 := f * (2 - f)
	s, c := math.Sincos(lat * math.Pi / 180)
	w := math.Sqrt(1 - e2*s*s)
	return a / w * c * math.Pi / 180, a * (1 - e2) / (w * w * w) * math.Pi / 180
}

// toGround gives longitude and latitude of a place on the table.
func toGround(p pt) orb.Point {
	g := p.turn(tableTurn)
	return shape.SnapPoint(orb.Point{originLng + g.u/metresPerLng, originLat + g.v/metresPerLat})
}

func groundRing(r ring) orb.Ring {
	out := make(orb.Ring, 0, len(r)+1)
	for _, p := range r {
		if q := toGround(p); len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	return append(out, out[0])
}

func groundLine(p path) orb.LineString {
	out := make(orb.LineString, 0, len(p))
	for _, q := range p {
		if g := toGround(q); len(out) == 0 || out[len(out)-1] != g {
			out = append(out, g)
		}
	}
	return out
}

// groundArea puts rings from dissolve together: each hole to its part.
func groundArea(rings []ring) orb.MultiPolygon {
	var out orb.MultiPolygon
	var parts []ring
	for _, r := range rings {
		if r.area() > 0 {
			parts = append(parts, r)
			out = append(out, orb.Polygon{groundRing(r)})
		}
	}
	for _, r := range rings {
		if r.area() > 0 {
			continue
		}
		for i, p := range parts {
			if p.contains(r[0]) {
				out[i] = append(out[i], groundRing(r))
			}
		}
	}
	return out
}
