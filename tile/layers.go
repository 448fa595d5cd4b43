package tile

import (
	"crypto/sha256"
	"encoding/binary"
)

// Layer is a tile layer as TileJSON describes it.
type Layer struct {
	Name        string
	Description string
	MinZoom     uint32            // beneath it the layer is empty
	Fields      map[string]string // attribute to its type in TileJSON
	OfNow       bool              // it has no past
}

// Zooms. Tiles above MaxZoom are answered too, up to ZoomLimit; clients need not ask for them, since a zoom 16 tile
// holds 15 cm.
const (
	MaxZoom   = 16
	ZoomLimit = 22
)

const (
	text   = "String"
	number = "Number"
)

var layers = []Layer{
	{Name: "divisions", MinZoom: 0,
		Description: "Administrative divisions: cities and districts to zoom 7, towns at 8 and 9, communities from 9",
		Fields:      map[string]string{"id": text, "code": text, "name": text, "level": text}},
	{Name: "grids", MinZoom: 10,
		Description: "The grids in force; group and worker (whom to call today) from zoom 12. Where the header Tile-Reduced says aggregated, communities, and how many grids they have",
		Fields:      map[string]string{"id": text, "code": text, "name": text, "kind": text, "group": text, "worker": text}},
	{Name: "grid_labels", MinZoom: 12,
		Description: "One point in each grid, for its label",
		Fields:      map[string]string{"id": text, "code": text, "name": text, "kind": text, "group": text, "worker": text}},
	{Name: "buildings", MinZoom: 14,
		Description: "Buildings: footprints, or points where only those are known; grid is a grid's code",
		Fields:      map[string]string{"id": text, "name": text, "grid": text, "floors": number}},
	{Name: "roads", MinZoom: 10,
		Description: "Roads by class: trunk roads from zoom 10, streets from 13, footpaths from 15",
		Fields:      map[string]string{"id": text, "name": text, "class": text}},
	{Name: "land", MinZoom: 10,
		Description: "Water and green, for the look of the map",
		Fields:      map[string]string{"id": text, "name": text, "class": text}},
	{Name: "gaps", MinZoom: 8, OfNow: true,
		Description: "What the coverage reports find, kind by kind as GraphQL names them: areas, or points where an area would be too small to see",
		Fields:      map[string]string{"id": text, "kind": text, "area_m2": number}},
	{Name: "signboards", MinZoom: 14,
		Description: "One point a board: whom to call there, and the address that its code leads to; building is of boards that stand for one",
		Fields:      map[string]string{"grid": text, "building": text, "worker": text, "work_phone": text, "url": text}},
}

// Layers lists all layers, in the order in which a tile holds them.
func Layers() []Layer { return append([]Layer(nil), layers...) }

// FeatureID is the id that the feature of an entity has in every tile: the first 53 bits of the SHA-256 of the
// entity's id as text. MVT ids are integers, and JavaScript's are exact to 53 bits.
func FeatureID(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:8]) >> 11
}
