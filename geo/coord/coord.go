// Package coord holds the coordinate systems that maps of China come in, as types that cannot be mixed up,
// and the transforms between them. It knows points only: package geo/shape transforms whole geometries, and
// which places a deployment accepts is its configuration (Window).
//
// Longitude comes first everywhere, in degrees. WGS 84 and CGCS2000 differ by centimetres, and which centimetres
// depends on the epoch of the measurement, so the two are numerically equal here. GCJ-02 and BD-09 have no
// published definition; the formulas are those that the map SDKs are known to use, and what is converted into
// them is marked approximate (System.Approximate).
package coord

import "math"

// WGS84 is a place in the system of GPS, degrees (EPSG:4326).
type WGS84 struct{ Lng, Lat float64 }

// CGCS2000 is a place in the national system of China, degrees (EPSG:4490). wangge stores this one.
type CGCS2000 struct{ Lng, Lat float64 }

// GCJ02 is a place in the shifted system of AMap, Tencent Maps and Google Maps in mainland China, degrees.
// It lies 19 to 711 m from the true place.
type GCJ02 struct{ Lng, Lat float64 }

// BD09 is a place in the system of Baidu's maps, GCJ-02 shifted once more, degrees. It lies 690 to 1,523 m
// from the true place.
type BD09 struct{ Lng, Lat float64 }

// BD09MC is a place in metres of Baidu's Mercator projection, as Baidu's older interfaces give it.
type BD09MC struct{ X, Y float64 }

// CGCS2000 is p in the national system: the same numbers (see the package comment).
func (p WGS84) CGCS2000() CGCS2000 { return CGCS2000(p) }

// WGS84 is p in the system of GPS: the same numbers (see the package comment).
func (p CGCS2000) WGS84() WGS84 { return WGS84(p) }

// GCJ02 is p as AMap shows it. The closed formula is meaningful in mainland China only, and applied everywhere.
func (p WGS84) GCJ02() GCJ02 {
	dLng, dLat := gcjOffset(p.Lng, p.Lat)
	return GCJ02{p.Lng + dLng, p.Lat + dLat}
}

// WGS84 is the place that GCJ02 shows as p, by iteration: within 0.1 mm of the forward formula in mainland China.
func (p GCJ02) WGS84() WGS84 {
	lng, lat := invert(p.Lng, p.Lat, gcjOffset)
	return WGS84{lng, lat}
}

// BD09 is p as Baidu shows it.
func (p GCJ02) BD09() BD09 {
	dLng, dLat := bdOffset(p.Lng, p.Lat)
	return BD09{p.Lng + dLng, p.Lat + dLat}
}

// GCJ02 is the place that BD09 shows as p, by iteration: within 0.1 mm of the forward formula in mainland China.
func (p BD09) GCJ02() GCJ02 {
	lng, lat := invert(p.Lng, p.Lat, bdOffset)
	return GCJ02{lng, lat}
}

// The compositions, so that a caller writes where he wants to go and not the way there.

// BD09 is p as Baidu shows it.
func (p WGS84) BD09() BD09 { return p.GCJ02().BD09() }

// GCJ02 is p as AMap shows it.
func (p CGCS2000) GCJ02() GCJ02 { return p.WGS84().GCJ02() }

// BD09 is p as Baidu shows it.
func (p CGCS2000) BD09() BD09 { return p.WGS84().BD09() }

// CGCS2000 is the place that GCJ02 shows as p.
func (p GCJ02) CGCS2000() CGCS2000 { return p.WGS84().CGCS2000() }

// WGS84 is the place that BD09 shows as p.
func (p BD09) WGS84() WGS84 { return p.GCJ02().WGS84() }

// CGCS2000 is the place that BD09 shows as p.
func (p BD09) CGCS2000() CGCS2000 { return p.WGS84().CGCS2000() }

// Iteration stops when a pass moves the point by less than settled degrees. The offsets change by at most 2 %
// of a step, so what is then left is a fiftieth of that: 2 µm. Five passes reach it everywhere in China.
const (
	settled   = 1e-9
	maxPasses = 5
)

// invert finds the place that offset takes to lng, lat.
func invert(lng, lat float64, offset func(lng, lat float64) (dLng, dLat float64)) (float64, float64) {
	x, y := lng, lat
	for range maxPasses {
		dx, dy := offset(x, y)
		nextX, nextY := lng-dx, lat-dy
		moved := math.Max(math.Abs(nextX-x), math.Abs(nextY-y))
		x, y = nextX, nextY
		if moved < settled {
			break
		}
	}
	return x, y
}

// The ellipsoid of the GCJ-02 formula is Krasovsky 1940, with its own eccentricity squared.
const (
	krasovskyA  = 6378245.0
	krasovskyE2 = 0.00669342162296594323
)

// gcjOffset is how far GCJ-02 moves the place lng, lat, degrees. The polynomial and the waves give metres east and
// north of 105° E 35° N; the radii of curvature turn them into degrees. Source: the formula published since 2010 by
// many hands (eviltransform, coordtransform, gcoord), here against their vectors.
func gcjOffset(lng, lat float64) (dLng, dLat float64) {
	x, y := lng-105, lat-35
	wave := func(amplitude, v, halfPeriod float64) float64 {
		return amplitude * 2 / 3 * math.Sin(v*math.Pi/halfPeriod)
	}
	root := math.Sqrt(math.Abs(x))
	both := wave(20, x, 1.0/6) + wave(20, x, 1.0/2)
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + both +
		wave(20, x, 1) + wave(40, x, 3) + wave(150, x, 12) + wave(300, x, 30)
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + both +
		wave(20, y, 1) + wave(40, y, 3) + wave(160, y, 12) + wave(320, y, 30)

	sin, cos := math.Sincos(lat * math.Pi / 180)
	w2 := 1 - krasovskyE2*sin*sin
	meridian := krasovskyA * (1 - krasovskyE2) / (w2 * math.Sqrt(w2))
	parallel := krasovskyA / math.Sqrt(w2) * cos
	return east / parallel * 180 / math.Pi, north / meridian * 180 / math.Pi
}

// bdOffset is how far BD-09 moves the GCJ-02 place lng, lat, degrees: a wave along and across the line from 0, 0,
// and a constant.
func bdOffset(lng, lat float64) (dLng, dLat float64) {
	const k = math.Pi * 3000 / 180
	r := math.Hypot(lng, lat) + 0.00002*math.Sin(lat*k)
	angle := math.Atan2(lat, lng) + 0.000003*math.Cos(lng*k)
	sin, cos := math.Sincos(angle)
	return r*cos + 0.0065 - lng, r*sin + 0.006 - lat
}
