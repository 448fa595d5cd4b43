// Package shape holds the form of geometries: the one snapping, ring winding, the one converter between go-geom (the
// database's side) and orb (everybody else's), strict GeoJSON, and the way of whole geometries between coordinate
// systems. It does not judge validity (rings that cross themselves are PostGIS' business), nor measure
// (geo/measure), nor look at neighbours (geo/coverage).
//
// Geometry is longitude, latitude in degrees; CGCS2000 (EPSG:4490) unless a function says otherwise. No function
// changes its argument.
package shape

// SRID is the reference system of all that is stored: CGCS2000, EPSG:4490, longitude and latitude in degrees.
const SRID = 4490
