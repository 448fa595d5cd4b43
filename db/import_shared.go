package db

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/place"
	"wangge/geo/coverage"
	"wangge/geo/shape"
)

// A border that two areas share must carry the same vertices on both sides, or their measures do not add up. These
// statements read the areas that a file brings and the ones beside them, and write back those that were given a vertex.
//
// NOT IN, which is hashed: the planner, who knows nothing of known yet, would join ten thousand rows to a thousand one by one.
const (
	sharedStaged = `-- name: shared.Staged
SELECT s.n, s.source, s.code, s.shape FROM stage s WHERE s.shape IS NOT NULL ORDER BY s.n`

	sharedDivisions = `-- name: shared.Divisions
SELECT d.home, d.id, d.id, d.code, d.boundary FROM division d
WHERE d.boundary && (SELECT ST_SetSRID(ST_Extent(s.shape)::geometry, 4490) FROM stage s)
  AND d.id NOT IN (SELECT s.known FROM stage s WHERE s.known IS NOT NULL) ORDER BY d.code`

	sharedGrids = `-- name: shared.Grids
SELECT b.district, b.id, g.community_id, g.code, b.boundary FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id
WHERE b.boundary && (SELECT ST_SetSRID(ST_Extent(s.shape)::geometry, 4490) FROM stage s) AND b.during @> now()
  AND g.id NOT IN (SELECT s.known FROM stage s WHERE s.known IS NOT NULL) ORDER BY g.code`

	sharedSetDivision = `-- name: shared.SetDivision
UPDATE division d SET boundary = $2 WHERE d.home = $3 AND d.id = $1 AND ST_IsValid($2)`

	sharedSetGrid = `-- name: shared.SetGrid
UPDATE grid_boundary b SET boundary = $2 WHERE b.district = $3 AND b.id = $1 AND ST_IsValid($2) AND ST_Covers($2, b.label_point)`
)

// shareVertices inserts, along the borders of the staged areas and of those beside them, the vertices that only one side
// has, and reports each. An area that a vertex would break is left as it is.
func (in *importing) shareVertices(ctx context.Context) error {
	type owner struct {
		source, code string
		write        func(geom.T) (int, error)
	}
	var areas []orb.MultiPolygon
	var owners []owner
	add := func(g geom.T, o owner) error {
		area, err := toMultiPolygon(g)
		if err != nil {
			return fmt.Errorf("%s: %w", o.code, err)
		}
		areas, owners = append(areas, area), append(owners, o)
		return nil
	}
	err := in.each(ctx, sharedStaged, nil, func(rows pgx.Rows) error {
		var n int
		var o owner
		var g geom.T
		if err := rows.Scan(&n, &o.source, &o.code, &g); err != nil {
			return err
		}
		o.write = func(g geom.T) (int, error) { return in.exec(ctx, importReshape, n, g) }
		return add(g, o)
	})
	if err != nil {
		return err
	}
	for _, sql := range []struct {
		read, write string
		touches     *touched
	}{{sharedDivisions, sharedSetDivision, &in.divisions}, {sharedGrids, sharedSetGrid, &in.gridsOf}} {
		err := in.each(ctx, sql.read, nil, func(rows pgx.Rows) error {
			var home string
			var id, division uuid.UUID
			var o owner
			var g geom.T
			if err := rows.Scan(&home, &id, &division, &o.code, &g); err != nil {
				return err
			}
			o.write = func(g geom.T) (int, error) {
				sql.touches.add(division)
				return in.exec(ctx, sql.write, id, g, home)
			}
			return add(g, o)
		})
		if err != nil {
			return err
		}
	}
	inserted := map[int][]orb.Point{}
	for _, v := range coverage.InsertTVertices(areas) {
		inserted[v.Area] = append(inserted[v.Area], v.At)
	}
	for i, area := range areas {
		if len(inserted[i]) == 0 {
			continue
		}
		g, err := shape.FromOrb(area, shape.SRID)
		if err != nil {
			return err
		}
		written, err := owners[i].write(g)
		if err != nil {
			return err
		}
		if written == 0 {
			continue // it would have broken the area
		}
		for _, at := range inserted[i] {
			in.report.Notes = append(in.report.Notes, place.Note{Kind: place.Inserted, Source: owners[i].source, Code: owners[i].code,
				Field: "geometry", Reason: "a vertex of a neighbour was inserted in the border", Lng: &at[0], Lat: &at[1]})
		}
	}
	return nil
}

func toMultiPolygon(g geom.T) (orb.MultiPolygon, error) {
	o, err := shape.ToOrb(g)
	if err != nil {
		return nil, err
	}
	return shape.MultiPolygon(o)
}
