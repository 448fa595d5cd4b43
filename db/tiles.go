package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/place"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"db.tiles.layer", "There is no tile layer {layer}.", "没有名为 {layer} 的瓦片图层。"},
)

// Tiles encodes vector tiles in PostGIS. What a layer shows at a zoom is decided here; from which zoom a layer exists,
// and everything of HTTP, is left to package tile.
type Tiles struct {
	// Now says what is in force; nil means time.Now.
	Now func() time.Time

	db   *DB
	zone *time.Location
}

// NewTiles returns the store of tiles. Who is away today is answered by the calendar of zone.
func NewTiles(d *DB, zone *time.Location) *Tiles { return &Tiles{db: d, zone: zone} }

// tileSQL holds the query of each layer. It yields geom in tile coordinates (extent 4096, y down, 64 units of buffer),
// the entity id as text, and the attributes. Selection is by && on the stored EPSG:3857 column with the buffer's margin
// (64/4096 of the tile), so that no row is transformed or compared exactly to be found.
//
// Borders that are shared (divisions, grids) are only rounded to the tile's own grid, which moves a vertex the same way
// on both sides: simplifying each polygon by itself would tear them apart.
var tileSQL = map[string]string{
	"divisions": `
	SELECT ST_AsMVTGeom(d.boundary_3857, ST_TileEnvelope(@z::int, @x::int, @y::int), 4096, 64, true) AS geom,
		d.id::text AS id, d.code, d.name, d.level
	FROM division d
	WHERE d.level = ANY(@levels::text[])
	  AND d.boundary_3857 && ST_TileEnvelope(@z::int, @x::int, @y::int, margin => 0.015625)`,

	"grids": `
	SELECT ST_AsMVTGeom(b.boundary_3857, ST_TileEnvelope(@z::int, @x::int, @y::int), 4096, 64, true) AS geom,
		` + gridColumnsOfTile + gridsOfTile,

	"grid_labels": `
	SELECT ST_AsMVTGeom(ST_Transform(b.label_point, 3857), ST_TileEnvelope(@z::int, @x::int, @y::int), 4096, 64, true) AS geom,
		` + gridColumnsOfTile + gridsOfTile,

	// The reports as they are stored: making one anew is no work for a tile. What would be a speck, or would vanish when it is
	// rounded to the tile's grid, is a point: a gap of a metre is somebody's door too.
	"gaps": `
	SELECT coalesce(CASE WHEN ST_Area(p.geometry_3857) >= @speck::float8 THEN ST_AsMVTGeom(p.geometry_3857, e.tile, 4096, 64, true) END,
			ST_AsMVTGeom(ST_PointOnSurface(p.geometry_3857), e.tile, 4096, 64, true)) AS geom,
		p.id::text AS id, p.kind, p.area_m2
	FROM coverage_problem p, ST_TileEnvelope(@z::int, @x::int, @y::int) e (tile)
	WHERE p.geometry_3857 && ST_TileEnvelope(@z::int, @x::int, @y::int, margin => 0.015625)`,
}

// Group and worker are worth their bytes from the zoom at which a grid can be pointed at.
const gridColumnsOfTile = `g.district || '-' || replace(g.id::text, '-', '') AS id, g.code, g.name, g.kind,
		CASE WHEN @z::int >= 12 THEN gg.name END AS "group", call.worker`

// gridsOfTile are the boundaries in force, and whom to call. The lateral part is staff.OnCall in SQL: of A and B of the
// grid and A and B of its group's leader, the first who is not away; nobody where the grid has neither A nor B. A test
// holds the two together.
//
// The absent are gathered once and looked up by hash: probing the GiST index of absences for each grid took twice as
// long as the whole rest of the tile.
const gridsOfTile = `
	FROM grid_boundary b
	JOIN grid g ON g.district = b.district AND g.id = b.grid_id
	LEFT JOIN grid_group gg ON gg.district = g.district AND gg.id = g.group_id
	LEFT JOIN LATERAL (
		SELECT (array_agg(w.name ORDER BY a.post <> 'GRID_WORKER', a.cover)
			FILTER (WHERE (a.district, a.worker_id) NOT IN (SELECT away.district, away.worker_id FROM away)))[1] AS worker
		FROM assignment a
		JOIN worker w ON w.district = a.district AND w.id = a.worker_id
		WHERE @z::int >= 12 AND a.district = g.district AND a.area_id IN (g.id, g.group_id) AND a.during @> @day::date
		  AND (a.grid_id = g.id AND a.post = 'GRID_WORKER' OR a.group_id = g.group_id AND a.post = 'GRID_LEADER')
		HAVING bool_or(a.post = 'GRID_WORKER')
	) call ON true
	WHERE b.district = ANY(@homes::text[]) AND b.during @> @now::timestamptz
	  AND b.boundary_3857 && ST_TileEnvelope(@z::int, @x::int, @y::int, margin => 0.015625)`

const awayOfTile = `away AS MATERIALIZED (
	SELECT v.district, v.worker_id FROM absence v WHERE v.district = ANY(@homes::text[]) AND v.during @> @day::date
)`

// tileStatement is one statement for all layers, whose answers are joined: a tile is its layers one after the other.
// The rows are gathered before they are encoded, since ST_AsMVT over several shards loses the attributes' names, and
// are encoded in the order of their ids, so that the same data gives the same bytes. The feature id is the first 53
// bits of the id's SHA-256: MVT ids are integers and JavaScript's are exact to 53 bits.
func tileStatement(layers []string) (string, error) {
	var with, encode []string
	if slices.ContainsFunc(layers, ofGrids) {
		with = append(with, awayOfTile)
	}
	for _, layer := range layers {
		sql, ok := tileSQL[layer]
		if !ok {
			return "", fault.New(fault.Invalid, "layers", "db.tiles.layer", "layer", layer)
		}
		with = append(with, fmt.Sprintf("%s AS MATERIALIZED (%s\n)", layer, sql))
		encode = append(encode, fmt.Sprintf(`(SELECT ST_AsMVT(f, '%[1]s', 4096, 'geom', 'feature' ORDER BY f.id) FROM (
	SELECT t.*, ('x' || left(encode(sha256(convert_to(t.id, 'UTF8')), 'hex'), 14))::bit(56)::bigint >> 3 AS feature
	FROM %[1]s t WHERE t.geom IS NOT NULL) f)`, layer))
	}
	return "-- name: tiles." + strings.Join(layers, "+") + "\nWITH " + strings.Join(with, ", ") +
		"\nSELECT " + strings.Join(encode, "\n|| "), nil
}

func ofGrids(layer string) bool { return layer == "grids" || layer == "grid_labels" }

// ofDistricts holds for the layers whose tables are sharded.
func ofDistricts(layer string) bool { return layer != "divisions" && layer != "gaps" }

// Tile is Encoded of now, with nothing left out.
func (s *Tiles) Tile(ctx context.Context, actor account.Actor, layers []string, z, x, y uint32) ([]byte, error) {
	return s.Encoded(ctx, actor, layers, z, x, y, time.Time{}, 0)
}

// Encoded returns the vector tile (MVT 2.1) z/x/y with layers, in their order, as they are at an instant, or now where that is zero;
// empty where nothing of them lies in it. The same data and the same layers give the same bytes. cut is a tile.Reduction.
// INVALID: a layer that does not exist, or none.
func (s *Tiles) Encoded(ctx context.Context, actor account.Actor, layers []string, z, x, y uint32, at time.Time, cut uint8) ([]byte, error) {
	if len(layers) == 0 {
		return nil, fault.New(fault.Invalid, "layers", "required", "field", "layers")
	}
	args := s.arguments(z, x, y, at)
	var data []byte
	for _, part := range parts(layers) {
		encode := s.together
		if encodes(part[0]) {
			encode = s.encode
		}
		more, err := encode(ctx, actor, part, z, args, cut)
		if err != nil {
			return nil, fmt.Errorf("tile of %s: %w", strings.Join(part, ","), err) // not which: a position is personal
		}
		data = append(data, more...)
	}
	return data, nil
}

// together runs the statement of layers of which nothing is left out.
func (s *Tiles) together(ctx context.Context, actor account.Actor, layers []string, _ uint32, args pgx.NamedArgs, _ uint8) ([]byte, error) {
	sql, err := tileStatement(layers)
	if err != nil {
		return nil, err
	}
	var data []byte
	err = s.db.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if slices.ContainsFunc(layers, ofDistricts) {
			// All of them: a district may lack a boundary, and a lake or a road may leave its own.
			homes, err := s.db.everywhere(ctx, actor)
			if err != nil {
				return err
			}
			args["homes"] = homes
		}
		// Planned anew each time: the plan for any tile whatever, which PostgreSQL turns to after five executions, took
		// 80 ms where the plan for the tile takes 11 ms (1,024 grids at zoom 12).
		return tx.QueryRow(ctx, sql, pgx.QueryExecModeCacheDescribe, args).Scan(&data)
	})
	return data, err
}

// arguments are those of every layer; pgx sends those that the statement names.
func (s *Tiles) arguments(z, x, y uint32, at time.Time) pgx.NamedArgs {
	now := cmp.Or(at, time.Now())
	if at.IsZero() && s.Now != nil {
		now = s.Now()
	}
	shown, hidden := roadClasses(z)
	main, _ := roadClasses(min(z, 12))
	side := world / float64(uint64(1)<<z)
	scale := 4096 / side
	return pgx.NamedArgs{
		"z": int32(z), "x": int32(x), "y": int32(y),
		"now": now, "day": civil.Of(now, s.zone).Time(),
		"levels": divisionLevels(z),
		"shown":  shown, "hidden": hidden, "others": z >= otherRoadsFrom,
		"main": main, "smallest": smallestLand(z), "speck": speck(z),
		// Of EPSG:3857 to units of the tile: x * scale + dx, dy - y * scale.
		"scale": scale, "dx": (world/2 - float64(x)*side) * scale, "dy": (world/2 - float64(y)*side) * scale,
	}
}

// divisionLevels says which divisions are drawn at a zoom; each level covers the whole by itself.
func divisionLevels(z uint32) []string {
	switch {
	case z <= 7:
		return []string{string(place.City), string(place.District)}
	case z == 8:
		return []string{string(place.Town)}
	case z == 9:
		return []string{string(place.Town), string(place.Community)}
	default:
		return []string{string(place.Community)}
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
	return speck(z)
}

// world is the side of the zoom 0 tile in EPSG:3857.
const world = 40_075_016.68557849

// speck is the area of about four pixels of a tile shown 512 wide, in square units of EPSG:3857.
func speck(z uint32) float64 {
	side := world / float64(uint64(1)<<z) / 256
	return side * side
}

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
