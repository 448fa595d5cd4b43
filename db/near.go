package db

import "math"

// How lists by nearness find their rows. Distances are metres on the ellipsoid, which no index knows and which take long to
// compute; the index on the shapes in EPSG:3857 orders by distances on that map. There a metre of the map is about cos φ
// metres of ground, the same in all directions, so that a distance on the map bounds one on the ground within a few per
// cent. A list is read in two statements: the first takes as many rows as are wanted, the nearest on the map, and measures
// them, which bounds how far the last row of the answer can be; the second measures what lies within that bound.
const (
	// The point of a question, $2 longitude and $3 latitude, on the map, which ends before the poles.
	flatPoint = "ST_Transform(ST_SetSRID(ST_MakePoint($2::float8, least(greatest($3::float8, -85), 85)), 4490), 3857)"

	mapEdgeLat  = 85.0
	leastScale  = 0.993 // metres of ground a metre of the map and cos φ: M/a at the equator
	mostScale   = 1.004 // M/a and N/a at the poles
	edgeSlackM  = 50    // an edge of 60 km is straight on the map, a geodesic on the ground: they part by less
	everywhereM = 1e8   // further than any distance on the map
)

// onMap gives the distances on the map at which something is surely nearer than m metres to a point at lat degrees, and at
// which it is surely further; between them only measuring tells.
func onMap(lat, m float64) (nearer, further float64) {
	lat = math.Abs(lat)
	const degree = math.Pi / 180
	reach := (m + edgeSlackM) / 110_000 // degrees of latitude that a way so long can lead
	if lat+reach > mapEdgeLat {
		return 0, everywhereM
	}
	nearer = (m - edgeSlackM) / (mostScale * math.Cos(max(0, lat-reach)*degree))
	further = (m + edgeSlackM) / (leastScale * math.Cos((lat+reach)*degree))
	return max(0, nearer), further
}
