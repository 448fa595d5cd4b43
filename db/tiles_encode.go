package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
)

// What is left out of a tile that would be too long: the steps of tile.Reduction.
const (
	attributesCut = iota + 1
	coarserCut
	aggregatedCut
)

// encodedLayers are the layers that PostGIS encodes, by how they are made: what is drawn (geom, in tile coordinates, extent 4096, y
// down, 64 units of buffer), the entity's id as text, the feature's number, and the attributes, by what is left out. Buildings are encoded
// where they are drawn coarser than they are; else their rows are read (buildingsShown). Selection is by
// && on the stored EPSG:3857 column with the buffer's margin, so that no row is transformed or compared exactly to be found.
// Districts are not named: a tile does not know which it lies in, and all of them are none.
var encodedLayers = map[string]func(cut uint8) string{
	"buildings": buildingsOfTile, "roads": roadsOfTile, "land": landOfTile,
}

// tileOf is the tile and the same with its margin; each is computed once, whatever the plan.
const tileOf = `tile AS MATERIALIZED (
	SELECT ST_TileEnvelope(@z::int, @x::int, @y::int) AS side, ST_TileEnvelope(@z::int, @x::int, @y::int, margin => 0.015625) AS wide
)`

const asTileGeometry = `ST_AsMVTGeom(%[1]s, (SELECT side FROM tile), 4096, 64, true)`

// buildingsShown are the buildings whose boxes meet the tile $1/$2/$3 with its margin, at $4: they are drawn, and put in order, where they go. To encode them in PostGIS takes it longer
// than all else together: ST_AsMVTGeom clips and mends what it need not, and the codes of their grids are in memory. (ADR 0012)
//
// Which grid one is in is read from an index by building alone, whatever district its row is kept with. The index of the constraint could answer that too,
// and is slow to probe: an array makes it one for a bitmap, which DB.alone rules out.
const buildingsShown = `-- name: tiles.Buildings
WITH tile AS MATERIALIZED (SELECT ST_TileEnvelope($1::int, $2::int, $3::int, margin => 0.015625) AS wide)
SELECT b.district, b.id, b.feature, b.name, coalesce(b.floors, -1), coalesce(bg.district, ''), coalesce(bg.grid_id, '00000000-0000-0000-0000-000000000000'), ST_AsBinary(coalesce(b.footprint, b.location))
FROM building b
LEFT JOIN building_grid bg ON bg.building_id = ANY (ARRAY[b.id]) AND (bg.during @> $4::timestamptz) IS TRUE
WHERE b.shape_3857 && (SELECT wide FROM tile)`

func buildingsOfTile(cut uint8) string {
	if cut == aggregatedCut {
		// A square for the buildings of each 128 units, where they lie on the average and as large as they are together. A building
		// counts where its location is, so that it counts in one tile.
		return `
	SELECT ST_ForcePolygonCCW(ST_MakeEnvelope(c.x - c.half, c.y - c.half, c.x + c.half, c.y + c.half)) AS geom, c.id, ` + featureOf("c.id") + `, c.count
	FROM (
		SELECT p.column || '-' || p.row AS id, count(*)::int AS count, round(avg(p.x)) AS x, round(avg(p.y)) AS y,
			least(greatest(round(sqrt(sum(p.area)) / 2), 1), 64) AS half
		FROM (
			SELECT q.x, q.y, q.area, floor(q.x / 128)::int AS column, floor(q.y / 128)::int AS row
			FROM building b, LATERAL (SELECT ST_X(b.location_3857) * @scale::float8 + @dx::float8 AS x, @dy::float8 - ST_Y(b.location_3857) * @scale::float8 AS y,
				ST_Area(b.shape_3857) * @scale::float8 * @scale::float8 AS area OFFSET 0) q
			WHERE b.shape_3857 && (SELECT wide FROM tile) AND q.x >= 0 AND q.x < 4096 AND q.y >= 0 AND q.y < 4096
		) p GROUP BY p.column, p.row
	) c`
	}
	return coarse(fmt.Sprintf(asTileGeometry, "b.shape_3857"), idOfTile("b"), "", `
	FROM building b
	WHERE b.shape_3857 && (SELECT wide FROM tile)`, 256)
}

func roadsOfTile(cut uint8) string {
	geom := fmt.Sprintf(asTileGeometry, "r.shape_3857")
	const from = `
	FROM road r
	WHERE r.shape_3857 && (SELECT wide FROM tile)
	  AND (r.class = ANY(@shown::text[]) OR @others::bool AND r.class <> ALL(@hidden::text[]))`
	switch cut {
	case attributesCut:
		return `
	SELECT ` + geom + ` AS geom, ` + idOfTile("r") + `, r.class` + from
	case coarserCut:
		return coarse(geom, idOfTile("r"), "r.class", from, 0)
	case aggregatedCut: // one feature for each of the main classes
		return `
	SELECT ST_CollectionExtract(ST_Collect(c.geom ORDER BY c.id COLLATE "C"), 2) AS geom, c.class AS id, ` + featureOf("c.class") + `, c.class
	FROM (` + coarse(geom, idOfTile("r"), "r.class", from+" AND r.class = ANY(@main::text[])", 0) + `) c
	WHERE c.geom IS NOT NULL GROUP BY c.class`
	}
	return `
	SELECT ` + geom + ` AS geom, ` + idOfTile("r") + `, nullif(r.name, '') AS name, r.class` + from
}

func landOfTile(cut uint8) string {
	geom := fmt.Sprintf(asTileGeometry, "l.shape_3857")
	const from = `
	FROM land l
	WHERE l.shape_3857 && (SELECT wide FROM tile)
	  AND ST_Area(l.shape_3857) >= @smallest::float8`
	switch cut {
	case attributesCut:
		return `
	SELECT ` + geom + ` AS geom, ` + idOfTile("l") + `, l.class` + from
	case coarserCut:
		return coarse(geom, idOfTile("l"), "l.class", from, 256)
	case aggregatedCut: // the large ones only: a side of 32 pixels
		return coarse(geom, idOfTile("l"), "l.class", from, 1<<16)
	}
	return `
	SELECT ` + geom + ` AS geom, ` + idOfTile("l") + `, nullif(l.name, '') AS name, l.class` + from
}

func idOfTile(table string) string {
	return fmt.Sprintf("%[1]s.district || '-' || encode(uuid_send(%[1]s.id), 'hex') AS id, %[1]s.feature", table)
}

// featureOf is the number of a feature that stands for several, as it is stored of those of one entity (tile.FeatureID): the first 53
// bits of the id's SHA-256, since MVT ids are integers and JavaScript's are exact to 53 bits. To compute it for each building took a
// tenth of the statement.
func featureOf(id string) string {
	return fmt.Sprintf("('x' || left(encode(sha256(convert_to(%s, 'UTF8')), 'hex'), 14))::bit(56)::bigint >> 3 AS feature", id)
}

// coarse draws geom rounded to 8 units, a pixel of a tile shown 512 wide, without areas beneath so many square units. One that
// rounding folds is drawn as its box.
func coarse(geom, id, attribute, from string, smallest int) string {
	outer := "f.id, f.feature"
	if attribute != "" {
		id, outer = id+", "+attribute, outer+", f.class"
	}
	return fmt.Sprintf(`
	SELECT CASE WHEN ST_Dimension(f.drawn) < 2 THEN s.geom WHEN ST_Area(f.drawn) < %d THEN NULL
		WHEN ST_IsValid(s.geom) THEN s.geom ELSE ST_ForcePolygonCCW(ST_Envelope(s.geom)) END AS geom, %s
	FROM (SELECT %s AS drawn, %s%s) f, LATERAL (SELECT ST_SnapToGrid(f.drawn, 8) AS geom OFFSET 0) s`, smallest, outer, geom, id, from)
}

// encodeStatement is one statement for all layers, whose answers are joined: a tile is its layers one after the other.
// The rows are gathered before they are encoded, since ST_AsMVT over several shards loses the attributes' names, and
// are encoded in the order of their ids, so that the same data gives the same bytes.
func encodeStatement(layers []string, cut uint8) string {
	with, encode := []string{tileOf}, []string(nil)
	for _, layer := range layers {
		with = append(with, fmt.Sprintf("%s AS MATERIALIZED (%s\n)", layer, encodedLayers[layer](cut)))
		encode = append(encode, fmt.Sprintf(`(SELECT ST_AsMVT(f, '%[1]s', 4096, 'geom', 'feature' ORDER BY f.id COLLATE "C") FROM %[1]s f WHERE f.geom IS NOT NULL)`, layer))
	}
	return "-- name: tiles." + strings.Join(layers, "+") + "\nWITH " + strings.Join(with, ", ") + "\nSELECT " + strings.Join(encode, "\n|| ")
}

// alone is As for statements that read, and whose plans are the same for all arguments: all of it goes to the server and back once, where As takes three
// turns, and they are planned once a connection. Statements planned anew took 2 to 3 ms to plan where they run 3 ms.
func (d *DB) alone(ctx context.Context, actor account.Actor, queue func(*pgx.Batch)) error {
	if err := errors.Join(actor.RequireKnown(), bounded(actor)); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	if d.Inside(ctx) {
		queue(batch)
		return d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error { return tx.SendBatch(ctx, batch).Close() })
	}
	select {
	case d.plain <- struct{}{}:
		defer func() { <-d.plain }()
	case <-ctx.Done():
		return asFault(ctx.Err())
	}
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return asFault(err)
	}
	defer conn.Release()
	batch.Queue("BEGIN READ ONLY")
	for _, setting := range append(settings(actor), "SET LOCAL plan_cache_mode = force_generic_plan", "SET LOCAL enable_bitmapscan = off", "SET LOCAL jit = off") {
		batch.Queue(setting)
	}
	queue(batch)
	batch.Queue("COMMIT")
	if err = conn.SendBatch(ctx, batch).Close(); err != nil {
		rollBack(ctx, conn)
	}
	return asFault(err)
}

// rollBack ends the transaction that a batch left open, that its connection can be used again.
func rollBack(ctx context.Context, conn *pgxpool.Conn) {
	if !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I' {
		conn.Exec(context.WithoutCancel(ctx), "ROLLBACK") // where it fails, the pool closes the connection
	}
}
