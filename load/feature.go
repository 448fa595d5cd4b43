// Package load is how data comes into wangge and leaves it: readers for GeoJSON, OpenStreetMap and whatever GDAL
// knows, behind one Reader, and writers for exports. What a row means, and whether its geometry is sound, is left
// to the domain and to PostGIS.
package load

import "wangge/load/feature"

// Feature is one row of a file; see feature.Feature.
type Feature = feature.Feature

// RowError says why one row cannot be read; reading goes on after it.
type RowError = feature.RowError

// FileError says why a file cannot be read at all, or not to its end.
type FileError = feature.FileError
