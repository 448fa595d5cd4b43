package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"db.tiles.layer", "There is no tile layer {layer}.", "没有名为 {layer} 的瓦片图层。"},
)

// Tiles encodes the layers of vector tiles that are not drawn from memory, in PostGIS: buildings, roads and land. What these show at a
// zoom is decided here; from which zoom a layer exists, and everything of HTTP, is left to package tile.
type Tiles struct{ db *DB }

// NewTiles returns the store of tiles.
func NewTiles(d *DB) *Tiles { return &Tiles{db: d} }

// Encoded returns the vector tile (MVT 2.1) z/x/y with layers, in their order, as they are at an instant;
// empty where nothing of them lies in it. The same data and the same layers give the same bytes. cut is a tile.Reduction.
// INVALID: a layer that PostGIS does not encode, or none.
func (s *Tiles) Encoded(ctx context.Context, actor account.Actor, layers []string, z, x, y uint32, at time.Time, cut uint8) ([]byte, error) {
	if len(layers) == 0 {
		return nil, fault.New(fault.Invalid, "layers", "required", "field", "layers")
	}
	for _, layer := range layers {
		if encodedLayers[layer] == nil {
			return nil, fault.New(fault.Invalid, "layers", "db.tiles.layer", "layer", layer)
		}
	}
	args := arguments(z, x, y, at)
	sql, values, err := args.RewriteQuery(ctx, nil, encodeStatement(layers, z, cut), []any{args})
	if err != nil {
		return nil, err
	}
	var data []byte
	if err := s.db.alone(ctx, actor, sql, values, &data); err != nil {
		return nil, fmt.Errorf("tile of %s: %w", strings.Join(layers, ","), err) // not which: a position is personal
	}
	return data, nil
}

// arguments are those of every layer; pgx sends those that the statement names.
func arguments(z, x, y uint32, at time.Time) pgx.NamedArgs {
	shown, hidden := roadClasses(z)
	main, _ := roadClasses(min(z, 12))
	side := world / float64(uint64(1)<<z)
	scale := 4096 / side
	return pgx.NamedArgs{
		"z": int32(z), "x": int32(x), "y": int32(y),
		"now":   at,
		"shown": shown, "hidden": hidden, "others": z >= otherRoadsFrom,
		"main": main, "smallest": smallestLand(z),
		// Of EPSG:3857 to units of the tile: x * scale + dx, dy - y * scale.
		"scale": scale, "dx": (world/2 - float64(x)*side) * scale, "dy": (world/2 - float64(y)*side) * scale,
	}
}

// roadsFrom is the zoom from which a class of road is drawn: OpenStreetMap's values of "highway".
var roadsFrom = map[string]uint32{
	"motorway": 10, "trunk": 10, "primary": 10,
	"secondary": 11, "motorway_link": 11, "trunk_link": 11,
	"tertiary": 12, "primary_link": 12, "secondary_link": 12,
	"service": 14, "track": 14,
	"footway": 15, "path": 15, "steps": 15, "cycleway": 15, "bridleway": 15, "corridor": 15,
}

// otherRoadsFrom is the zoom from which all other classes are drawn: streets, and what other sources call theirs.
const otherRoadsFrom = 13

func roadClasses(z uint32) (shown, hidden []string) {
	shown, hidden = []string{}, []string{}
	for class, from := range roadsFrom {
		if z >= from {
			shown = append(shown, class)
		} else {
			hidden = append(hidden, class)
		}
	}
	return shown, hidden
}

// smallestLand is the area in square units of EPSG:3857 beneath which water and green are not drawn: about four pixels
// of a tile shown 512 wide. Unlike grids and divisions they cover nothing, so leaving some out tears nothing.
func smallestLand(z uint32) float64 {
	if z >= 14 {
		return 0
	}
	side := world / float64(uint64(1)<<z) / 256
	return side * side
}

// world is the side of the zoom 0 tile in EPSG:3857.
const world = 40_075_016.68557849

// tileColumns is the stored column behind each layer.
var tileColumns = map[string][2]string{
	"divisions":   {"division", "boundary_3857"},
	"grids":       {"grid_boundary", "boundary_3857"},
	"grid_labels": {"grid_boundary", "boundary_3857"},
	"signboards":  {"grid_boundary", "boundary_3857"},
	"buildings":   {"building", "shape_3857"},
	"roads":       {"road", "shape_3857"},
	"land":        {"land", "shape_3857"},
	"gaps":        {"coverage_problem", "geometry_3857"},
}

// tileBounds joins the boxes at the root of the spatial indexes of $1 tables and their $2 columns. Such a box is never
// too small; it may be a metre too wide, and stay wide after a deletion. Reading the rows instead takes 0.1 s for
// 100,000 buildings.
const tileBounds = `-- name: tiles.Bounds
SELECT ST_XMin(e.box), ST_YMin(e.box), ST_XMax(e.box), ST_YMax(e.box)
FROM (
	SELECT ST_Transform(ST_SetSRID(ST_Extent(ST_EstimatedExtent(c.t, c.g)::geometry)::geometry, 3857), 4326) AS box
	FROM unnest($1::text[], $2::text[]) AS c (t, g)
) e WHERE NOT ST_IsEmpty(e.box)`

// Bounds returns the box of what there is in layers, in degrees; nil where there is nothing.
// INVALID: a layer that does not exist.
func (s *Tiles) Bounds(ctx context.Context, actor account.Actor, layers []string) (*place.Box, error) {
	var tables, columns []string
	for _, layer := range layers {
		c, ok := tileColumns[layer]
		if !ok {
			return nil, fault.New(fault.Invalid, "layers", "db.tiles.layer", "layer", layer)
		}
		tables, columns = append(tables, c[0]), append(columns, c[1])
	}
	var box *place.Box
	err := s.db.each(ctx, actor, tileBounds, []any{tables, columns}, func(rows pgx.Rows) error {
		box = new(place.Box)
		return rows.Scan(&box.West, &box.South, &box.East, &box.North)
	})
	if err != nil {
		return nil, fmt.Errorf("bounds of tiles: %w", err)
	}
	return box, nil
}
