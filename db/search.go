package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/search"
)

// Search implements search.Store.
type Search struct{ *DB }

// NewSearch returns a Search over d.
func NewSearch(d *DB) *Search { return &Search{d} }

// The condition is that of the index change_log_searched.
const searchNewest = `-- name: search.Newest
SELECT c.n FROM change_log c WHERE c.what IN ('boundaries', 'buildings', 'other') ORDER BY c.n DESC LIMIT 1`

// Newest implements search.Store: it leaves out changes of staff, households and policies, which nobody can search for.
func (s *Search) Newest(ctx context.Context, actor account.Actor) (n int64, err error) {
	err = s.each(ctx, actor, searchNewest, nil, func(rows pgx.Rows) error { return rows.Scan(&n) })
	return n, err
}

// The statements of search.Data. $1: the districts.
const (
	searchDivisions = `-- name: search.Divisions
SELECT d.id, d.name, d.parent_id, ST_X(p.at), ST_Y(p.at) FROM division d
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(d.boundary) AS at) p ORDER BY d.code`

	searchEstates = `-- name: search.Estates
SELECT e.district, e.id, e.name, e.community_id FROM estate e
WHERE e.district = ANY($1) AND EXISTS (SELECT 1 FROM building b WHERE b.district = e.district AND b.estate_id = e.id) ORDER BY e.name, e.id`

	searchBuildings = `-- name: search.Buildings
SELECT b.district, b.id, b.name, b.aliases, coalesce(b.address, ''), b.estate_id, bg.grid_id, g.community_id, ST_X(b.location), ST_Y(b.location)
FROM building b
LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> now()
LEFT JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
WHERE b.district = ANY($1) AND (b.name <> '' OR b.address <> '' OR cardinality(b.aliases) > 0) ORDER BY b.code, b.id`

	searchStreets = `-- name: search.Streets
SELECT r.district, r.name, r.aliases, ST_X(p.at), ST_Y(p.at), (
	SELECT b.grid_id FROM grid_boundary b
	WHERE b.district = r.district AND b.during @> now() AND ST_Covers(b.boundary, p.at) ORDER BY b.grid_id LIMIT 1)
FROM road r CROSS JOIN LATERAL (SELECT ST_PointOnSurface(r.shape) AS at) p
WHERE r.district = ANY($1) AND btrim(r.name) <> '' ORDER BY r.code, r.id`

	// What of an area lies in one grid, and what in none, but for the slivers between two files' borders: a twentieth. An area may be
	// kept with another district than a grid that it lies in, or with none.
	searchAreas = `-- name: search.Areas
SELECT l.district, l.name, p.district, p.grid_id, ST_X(ST_PointOnSurface(p.part)), ST_Y(ST_PointOnSurface(p.part)) FROM land l
CROSS JOIN LATERAL (
	WITH held AS MATERIALIZED (
		SELECT b.district, b.grid_id, ST_Intersection(l.shape, b.boundary) AS part FROM grid_boundary b
		WHERE b.district = ANY($1) AND b.during @> now() AND ST_Intersects(b.boundary, l.shape))
	SELECT h.district, h.grid_id, h.part FROM held h
	UNION ALL SELECT NULL, NULL, coalesce(ST_Difference(l.shape, (SELECT ST_Union(h.part) FROM held h)), l.shape)) p
WHERE l.district = ANY($1) AND l.class = 'residential' AND btrim(l.name) <> '' AND ST_Area(p.part) >= ST_Area(l.shape) / 20
ORDER BY l.code, l.id, p.grid_id`

	searchEntities = `-- name: search.Entities
SELECT l.district, l.id, l.name, l.aliases, coalesce(l.address, ''), l.community_id, l.building_id, ST_X(p.at), ST_Y(p.at)
FROM legal_entity l
LEFT JOIN building b ON b.district = l.district AND b.id = l.building_id
CROSS JOIN LATERAL (SELECT coalesce(l.location, b.location) AS at) p
WHERE l.district = ANY($1) ORDER BY l.name, l.id`

	searchGrids = `-- name: search.Grids
SELECT g.district, g.id, g.name, g.community_id, ST_X(b.label_point), ST_Y(b.label_point)
FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> now()
WHERE g.district = ANY($1) ORDER BY g.code, g.id`
)

// SearchData implements search.Store.
func (s *Search) SearchData(ctx context.Context, actor account.Actor) (data search.Data, err error) {
	point := func(lng, lat *float64) *grid.Point {
		if lng == nil || lat == nil {
			return nil
		}
		return &grid.Point{Lng: *lng, Lat: *lat}
	}
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		if data.Change, err = s.Newest(ctx, actor); err != nil {
			return err
		}
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		for _, read := range []struct {
			sql  string
			args []any
			scan func(pgx.Rows) error
		}{
			{searchDivisions, nil, func(rows pgx.Rows) error {
				var r search.DivisionRow
				var lng, lat *float64
				err := rows.Scan(&r.ID, &r.Name, &r.ParentID, &lng, &lat)
				r.At = point(lng, lat)
				data.Divisions = append(data.Divisions, r)
				return err
			}},
			{searchEstates, []any{homes}, func(rows pgx.Rows) error {
				var r search.EstateRow
				err := rows.Scan(&r.Key.Home, &r.Key.ID, &r.Name, &r.CommunityID)
				data.Estates = append(data.Estates, r)
				return err
			}},
			{searchBuildings, []any{homes}, func(rows pgx.Rows) error {
				var r search.BuildingRow
				err := rows.Scan(&r.Key.Home, &r.Key.ID, &r.Name, &r.Aliases, &r.Address, &r.EstateID, &r.GridID, &r.CommunityID, &r.At.Lng, &r.At.Lat)
				data.Buildings = append(data.Buildings, r)
				return err
			}},
			{searchStreets, []any{homes}, func(rows pgx.Rows) error {
				var r search.StreetRow
				err := rows.Scan(&r.Home, &r.Name, &r.Aliases, &r.At.Lng, &r.At.Lat, &r.GridID)
				data.Streets = append(data.Streets, r)
				return err
			}},
			{searchAreas, []any{homes}, func(rows pgx.Rows) error {
				var r search.AreaRow
				var home *string
				var in *uuid.UUID
				err := rows.Scan(&r.Home, &r.Name, &home, &in, &r.At.Lng, &r.At.Lat)
				if home != nil {
					r.Grid = &key.Key{Home: *home, ID: *in}
				}
				data.Areas = append(data.Areas, r)
				return err
			}},
			{searchEntities, []any{homes}, func(rows pgx.Rows) error {
				var r search.EntityRow
				var building *uuid.UUID
				var lng, lat *float64
				err := rows.Scan(&r.Key.Home, &r.Key.ID, &r.Name, &r.Aliases, &r.Address, &r.CommunityID, &building, &lng, &lat)
				if building != nil {
					r.Building = &key.Key{Home: r.Key.Home, ID: *building}
				}
				r.At = point(lng, lat)
				data.Entities = append(data.Entities, r)
				return err
			}},
			{searchGrids, []any{homes}, func(rows pgx.Rows) error {
				var r search.GridRow
				err := rows.Scan(&r.Key.Home, &r.Key.ID, &r.Name, &r.CommunityID, &r.At.Lng, &r.At.Lat)
				data.Grids = append(data.Grids, r)
				return err
			}},
		} {
			if err := s.each(ctx, actor, read.sql, read.args, read.scan); err != nil {
				return err
			}
		}
		return nil
	})
	return data, err
}
