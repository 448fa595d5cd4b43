package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tileLayer is a layer as somebody else reads it from our tables: tegola, a plain ST_AsMVT, and the check of them all. The
// attributes are those of wangge's tiles, whom to call among them.
type tileLayer struct {
	shape   string // the stored column in EPSG:3857
	key     string // the attribute that tells the features apart
	columns string // the attributes
	gid     string // of what the features' numbers are made
	from    string // tables and conditions, without that of the place
}

var tileLayers = map[string]tileLayer{
	"divisions": {
		shape: "d.boundary_3857", key: "code", gid: "d.id",
		columns: `d.id::text AS id, d.code, d.name, d.level`,
		from:    `division d WHERE d.level = 'TOWN'`, // as zoom 8 shows them
	},
	"grids": {
		shape: "b.boundary_3857", key: "code", gid: "g.id",
		columns: `g.district || '-' || replace(g.id::text, '-', '') AS id, g.code, g.name, g.kind, gg.name AS "group", call.worker`,
		from: `grid_boundary b
JOIN grid g ON g.district = b.district AND g.id = b.grid_id
LEFT JOIN grid_group gg ON gg.district = g.district AND gg.id = g.group_id
LEFT JOIN LATERAL (
	SELECT (array_agg(w.name ORDER BY a.post <> 'GRID_WORKER', a.cover) FILTER (WHERE (a.district, a.worker_id) NOT IN (
		SELECT v.district, v.worker_id FROM absence v WHERE v.during @> ` + today + `)))[1] AS worker
	FROM assignment a JOIN worker w ON w.district = a.district AND w.id = a.worker_id
	WHERE a.district = g.district AND a.area_id IN (g.id, g.group_id) AND a.during @> ` + today + `
		AND (a.grid_id = g.id AND a.post = 'GRID_WORKER' OR a.group_id = g.group_id AND a.post = 'GRID_LEADER')
	HAVING bool_or(a.post = 'GRID_WORKER')
) call ON true
WHERE b.during @> now()`,
	},
	// Grids without what half of the time goes into: whom to call. tegola answers all layers whose names the asked one holds, so it
	// is not named grids with something.
	"grid_areas": {
		shape: "b.boundary_3857", key: "code", gid: "g.id",
		columns: `g.district || '-' || replace(g.id::text, '-', '') AS id, g.code, g.name, g.kind, gg.name AS "group"`,
		from: `grid_boundary b
JOIN grid g ON g.district = b.district AND g.id = b.grid_id
LEFT JOIN grid_group gg ON gg.district = g.district AND gg.id = g.group_id
WHERE b.during @> now()`,
	},
	"buildings": {
		shape: "b.shape_3857", key: "id", gid: "b.id",
		columns: `b.district || '-' || replace(b.id::text, '-', '') AS id, nullif(b.name, '') AS name, g.code AS grid, b.floors`,
		from: `building b
LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> now()
LEFT JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
WHERE true`,
	},
}

// today is the day where the town lies, as the servers' default has it.
const today = `(now() AT TIME ZONE 'Asia/Shanghai')::date`

// number makes an integer of an id, as tegola wants one and MVT's features have.
func (l tileLayer) number() string {
	return fmt.Sprintf("hashtextextended(%s::text, 0) & 9007199254740991 AS gid", l.gid)
}

// plainTile is a tile as one statement for $1/$2/$3: what ST_AsMVT's manual shows, with the geometry simplified by a unit of
// the tile where that is worth it.
func (l tileLayer) plainTile(name string) string {
	geom := l.shape
	if name != "buildings" {
		geom = fmt.Sprintf("ST_Simplify(%s, %.10f / (1 << $1::int), true)", l.shape, worldSide/tileExtent)
	}
	return fmt.Sprintf(`SELECT ST_AsMVT(t, '%s', %d, 'geom', 'gid') FROM (
SELECT ST_AsMVTGeom(%s, ST_TileEnvelope($1::int, $2::int, $3::int), %d, %d) AS geom, %s, %s
FROM %s AND %s && ST_TileEnvelope($1::int, $2::int, $3::int, margin => %g)) t`,
		name, tileExtent, geom, tileExtent, tileBuffer, l.number(), l.columns, l.from, l.shape, float64(tileBuffer)/tileExtent)
}

// expected is a statement whose rows are, as JSON, the attributes of the features near the tile $1/$2/$3, with the area that
// each has in the tile itself in square units of the tile ("area"; null outside).
func (l tileLayer) expected() string {
	return fmt.Sprintf(`SELECT row_to_json(t) FROM (
SELECT %[1]s, CASE WHEN ST_Intersects(%[2]s, e.tile) THEN ST_Area(ST_Intersection(%[2]s, e.tile)) / (%.10[3]f / (1 << $1::int)) ^ 2 END AS area
FROM ST_TileEnvelope($1::int, $2::int, $3::int) e (tile), %[4]s AND %[2]s && ST_TileEnvelope($1::int, $2::int, $3::int, margin => 0.1)) t`,
		l.columns, l.shape, worldSide/tileExtent, l.from)
}

// fullest is a statement for the n tiles ($1) of a zoom ($2) that hold most features, by the middles of their boxes.
func (l tileLayer) fullest() string {
	return fmt.Sprintf(`SELECT floor((ST_X(p) / %.10[1]f + 0.5) * (1 << $2::int))::int, floor((0.5 - ST_Y(p) / %.10[1]f) * (1 << $2::int))::int
FROM (SELECT ST_Centroid(ST_Envelope(%s)) FROM %s) s (p) GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT $1`, worldSide, l.shape, l.from)
}

const (
	worldSide  = 40_075_016.68557849 // of the zoom 0 tile, in units of EPSG:3857
	tileExtent = 4096
	tileBuffer = 64
)

// tegolaConfig is a configuration of tegola with a map of all layers, as its documentation sets up tables of PostGIS. Of its two
// ways to make a tile it is the quicker one, mvt_postgis: its own encoder takes from three times as long (buildings at zoom 16) to
// seconds a tile (grids at zoom 12).
func tegolaConfig(database, address string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[webserver]\nport = %q\n\n[[providers]]\nname = \"postgis\"\ntype = \"mvt_postgis\"\nuri = %q\n", address, database)
	names := slices.Sorted(maps.Keys(tileLayers))
	for _, name := range names {
		l := tileLayers[name]
		fmt.Fprintf(&b, "\n[[providers.layers]]\nname = %q\ngeometry_fieldname = \"geom\"\nid_fieldname = \"gid\"\nsrid = 3857\n"+
			"geometry_type = \"MultiPolygon\"\nsql = '''SELECT ST_AsMVTGeom(%s, !BBOX!) AS geom, %s, %s FROM %s AND %[2]s && !BBOX!'''\n",
			name, l.shape, l.number(), l.columns, l.from)
	}
	fmt.Fprint(&b, "\n[[maps]]\nname = \"town\"\n")
	for _, name := range names {
		fmt.Fprintf(&b, "\n[[maps.layers]]\nname = %q\nprovider_layer = \"postgis.%[1]s\"\nmin_zoom = 0\nmax_zoom = 22\n", name)
	}
	return b.String()
}
