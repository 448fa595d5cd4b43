package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"db.tiles.layer", "There is no tile layer {layer}.", "没有名为 {layer} 的瓦片图层。"},
)

// Tiles reads the layers of vector tiles that are not drawn from memory: buildings, roads and land, the last two encoded by PostGIS. What these show at a
// zoom is decided here; from which zoom a layer exists, how buildings are drawn, and everything of HTTP, is left to package tile.
type Tiles struct{ db *DB }

// NewTiles returns the store of tiles.
func NewTiles(d *DB) *Tiles { return &Tiles{db: d} }

// Stored returns what of layers is on the tile z/x/y as they are at an instant, in one turn: buildings, in no order, and the others as a vector tile
// (MVT 2.1), in their order; empty where nothing of them lies in it. The same data and the same layers give the same bytes. cut is a
// tile.Reduction; where it is Coarser or more, buildings are encoded too.
// INVALID: a layer that is not stored, or none.
func (s *Tiles) Stored(ctx context.Context, actor account.Actor, layers []string, z, x, y uint32, at time.Time, cut uint8) (buildings []scene.Building, encoded []byte, err error) {
	if len(layers) == 0 {
		return nil, nil, fault.New(fault.Invalid, "layers", "required", "field", "layers")
	}
	var toEncode []string
	for _, layer := range layers {
		if encodedLayers[layer] == nil {
			return nil, nil, fault.New(fault.Invalid, "layers", "db.tiles.layer", "layer", layer)
		}
		if layer != "buildings" || cut >= coarserCut {
			toEncode = append(toEncode, layer)
		}
	}
	var read buildingRows
	err = s.db.alone(ctx, actor, func(b *pgx.Batch) {
		if len(toEncode) < len(layers) {
			b.Queue(buildingsShown, int32(z), int32(x), int32(y), at).Query(read.all)
		}
		if len(toEncode) > 0 {
			args := arguments(z, x, y)
			sql, values, _ := args.RewriteQuery(ctx, nil, encodeStatement(toEncode, cut), []any{args}) // never fails
			b.Queue(sql, values...).QueryRow(func(row pgx.Row) error { return row.Scan(&encoded) })
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("tile of %s: %w", strings.Join(layers, ","), err) // not which: a position is personal
	}
	return read.list, encoded, nil
}

// buildingRows reads what buildingsShown answers.
type buildingRows struct {
	list []scene.Building
}

func (r *buildingRows) all(rows pgx.Rows) error {
	var b scene.Building
	var id, grid [16]byte // the type that pgx knows reads faster than uuid.UUID
	var feature int64
	var floors int
	var outline pgtype.DriverBytes // good until the next row
	for rows.Next() {
		err := rows.Scan(&b.Key.Home, &id, &feature, &b.Name, &floors, &b.GridKey.Home, &grid, &outline)
		if err == nil {
			b.Shape, err = wkb.Unmarshal(outline)
		}
		if err != nil {
			return err
		}
		b.Key.ID, b.GridKey.ID, b.Feature, b.Floors = id, grid, uint64(feature), nil
		if floors >= 0 {
			known := floors
			b.Floors = &known
		}
		r.list = append(r.list, b)
	}
	return rows.Err()
}

// arguments are those of every layer; pgx sends those that the statement names.
func arguments(z, x, y uint32) pgx.NamedArgs {
	shown, hidden := roadClasses(z)
	main, _ := roadClasses(min(z, 12))
	side := world / float64(uint64(1)<<z)
	scale := 4096 / side
	return pgx.NamedArgs{
		"z": int32(z), "x": int32(x), "y": int32(y),
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
