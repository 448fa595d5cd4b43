package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
)

// Every read of buildings has $1: whether the footprint is wanted.
const buildingColumns = `b.district, b.id, b.code, b.name, coalesce(b.address, ''), b.floors, b.estate_id, b.location,
	CASE WHEN $1::bool THEN b.footprint END, b.version`

const (
	buildingsByKey = `-- name: building.ByKey
SELECT ` + buildingColumns + `, bg.grid_id FROM building b
LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> $4::timestamptz
WHERE b.district = ANY($2) AND b.id = ANY($3) ORDER BY b.code, b.id`

	// $2 districts, $3 grids, $4 instant, $5 after this code, $6 and this id, $7 one more than asked for.
	buildingsOfGrids = `-- name: building.OfGrids
SELECT p.grid_id, x.* FROM unnest($3::uuid[]) AS p (grid_id)
CROSS JOIN LATERAL (
	SELECT ` + buildingColumns + ` FROM building_grid bg
	JOIN building b ON b.district = bg.district AND b.id = bg.building_id
	WHERE bg.district = ANY($2) AND bg.grid_id = p.grid_id AND bg.during @> $4::timestamptz
	  AND b.district = ANY($2) AND ($5::text IS NULL OR (b.code, b.id) > ($5, $6::uuid))
	ORDER BY b.code, b.id LIMIT $7
) x ORDER BY p.grid_id, x.code, x.id`

	// Distances are measured to the footprint, or to the point where that is all there is. $1 districts, $2 and $3 the point,
	// $4 no further than this on the map, $5 and further than this, $6 how many.
	buildingsReach = `-- name: building.Reach
SELECT count(*), coalesce(max(k.m), 0) FROM (
	SELECT ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($2, $3), 4490)::geography) AS m
	FROM building b
	WHERE b.district = ANY($1) AND b.shape_3857 && ST_Expand(` + flatPoint + `, $4::float8) AND b.shape_3857 <-> ` + flatPoint + ` > $5::float8
	ORDER BY b.shape_3857 <-> ` + flatPoint + ` LIMIT $6
) k ORDER BY 1`

	// $1 footprint, $2 and $3 the point, $4 no further than this on the map, $5 and at least this, $6 districts, $7 instant,
	// $8 metres at most, $9 after so many metres, $10 and this id, $11 one more than asked for.
	buildingsNear = `-- name: building.Near
WITH measured AS MATERIALIZED (
	SELECT b.district, b.id, ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($2, $3), 4490)::geography) AS m
	FROM building b
	WHERE b.district = ANY($6) AND b.shape_3857 && ST_Expand(` + flatPoint + `, $4::float8) AND b.shape_3857 <-> ` + flatPoint + ` >= $5::float8
), wanted AS MATERIALIZED (
	SELECT x.district, x.id, x.m FROM measured x WHERE x.m <= $8 AND (x.m, x.id) > ($9::float8, $10::uuid)
	ORDER BY x.m, x.id LIMIT $11
)
SELECT n.m, ` + buildingColumns + `, bg.grid_id FROM wanted n JOIN building b ON b.district = n.district AND b.id = n.id
LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> $7::timestamptz
ORDER BY n.m, n.id`

	// $1 districts, $2 and $3 the point, $4 surely too far on the map, $5 surely near enough, $6 metres.
	buildingsNearCounted = `-- name: building.NearCounted
SELECT count(*) FROM building b
WHERE b.district = ANY($1) AND b.shape_3857 && ST_Expand(` + flatPoint + `, $4::float8) AND (b.shape_3857 <-> ` + flatPoint + ` < $5::float8
	OR ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($2, $3), 4490)::geography) <= $6::float8)
ORDER BY 1`

	buildingsCounted = `-- name: building.Counted
SELECT bg.grid_id, count(*) FROM building_grid bg
WHERE bg.district = ANY($1) AND bg.grid_id = ANY($2) AND bg.during @> $3::timestamptz
GROUP BY bg.grid_id ORDER BY bg.grid_id`

	estatesByKey = `-- name: estate.ByKey
SELECT e.district, e.id, e.name, coalesce(e.managed_by, '') FROM estate e
WHERE e.district = ANY($1) AND e.id = ANY($2) ORDER BY e.name, e.id`
)

func scanBuilding(rows pgx.Rows, before []any, after ...any) (place.Building, error) {
	var b place.Building
	var location, footprint geom.T
	into := append(before, &b.Key.Home, &b.Key.ID, &b.Code, &b.Name, &b.Address, &b.Floors, &b.EstateID, &location, &footprint, &b.Version)
	err := rows.Scan(append(into, after...)...)
	b.Location, _ = location.(*geom.Point)
	b.Footprint = multi(footprint)
	return b, err
}

// BuildingsByKey implements place.Store.
func (s *Places) BuildingsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, footprint bool) (map[uuid.UUID]place.Building, error) {
	homes, ids := split(keys)
	out := make(map[uuid.UUID]place.Building, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := s.each(ctx, actor, buildingsByKey, []any{footprint, homes, ids, at}, func(rows pgx.Rows) error {
		var gridID *uuid.UUID
		b, err := scanBuilding(rows, nil, &gridID)
		b.GridID = gridID
		out[b.Key.ID] = b
		return err
	})
	return out, err
}

// BuildingsOfGrids implements place.Store.
func (s *Places) BuildingsOfGrids(ctx context.Context, actor account.Actor, grids []key.Key, q place.BuildingQuery) (map[uuid.UUID]page.Page[place.Building], error) {
	out := make(map[uuid.UUID]page.Page[place.Building], len(grids))
	homes, ids := split(grids)
	var afterCode *string
	var afterID uuid.UUID
	if c := q.Args.After; c != nil {
		afterCode = &c.Text
		afterID, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its code
	}
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		args := []any{q.Footprint, homes, ids, q.At, afterCode, afterID, q.Args.First + 1}
		err := s.each(ctx, actor, buildingsOfGrids, args, func(rows pgx.Rows) error {
			var grid uuid.UUID
			b, err := scanBuilding(rows, []any{&grid})
			if err != nil {
				return err
			}
			p := out[grid]
			p.HasPrevious = q.Args.After != nil
			if len(p.Items) == q.Args.First {
				p.HasNext = true
			} else {
				b.GridID = &grid
				p.Items = append(p.Items, page.Item[place.Building]{Node: b,
					Cursor: page.Cursor{Order: "CODE", Text: b.Code, ID: b.Key.ID.String()}})
			}
			out[grid] = p
			return nil
		})
		if err != nil || !q.Count {
			return err
		}
		counts, err := s.buildingCounts(ctx, actor, homes, ids, q.At)
		for id, n := range counts {
			p := out[id]
			p.Total = n
			out[id] = p
		}
		return err
	})
	return out, err
}

// BuildingsNear implements place.Store.
func (s *Places) BuildingsNear(ctx context.Context, actor account.Actor, q place.NearQuery) (p page.Page[place.Building], err error) {
	p.HasPrevious = q.Args.After != nil
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		homes = append(homes, key.Unplaced)
		lng, lat := q.Near.Lng, q.Near.Lat
		surely, tooFar := onMap(lat, q.WithinM)
		afterM, afterID, notNearer, behind := -1.0, uuid.Nil, 0.0, -1.0
		if c := q.Args.After; c != nil {
			afterM = c.Num
			afterID, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its distance
			notNearer, behind = onMap(lat, c.Num)
		}
		reach := q.WithinM
		err = s.each(ctx, actor, buildingsReach, []any{homes, lng, lat, tooFar, behind, q.Args.First + 1}, func(rows pgx.Rows) error {
			var n int
			var m float64
			err := rows.Scan(&n, &m)
			if n > q.Args.First {
				reach = min(reach, m)
			}
			return err
		})
		if err != nil {
			return err
		}
		_, beyond := onMap(lat, reach)
		args := []any{q.Footprint, lng, lat, beyond, notNearer, homes, q.At, q.WithinM, afterM, afterID, q.Args.First + 1}
		err = s.each(ctx, actor, buildingsNear, args, func(rows pgx.Rows) error {
			var m float64
			var gridID *uuid.UUID
			b, err := scanBuilding(rows, []any{&m}, &gridID)
			if err != nil {
				return err
			}
			if len(p.Items) == q.Args.First {
				p.HasNext = true
				return nil
			}
			b.GridID = gridID
			p.Items = append(p.Items, page.Item[place.Building]{Node: b, DistanceM: &m,
				Cursor: page.Cursor{Order: place.ByDistance, Num: m, ID: b.Key.ID.String()}})
			return nil
		})
		if err != nil || !q.Count {
			return err
		}
		return s.each(ctx, actor, buildingsNearCounted, []any{homes, lng, lat, tooFar, surely, q.WithinM}, func(rows pgx.Rows) error {
			return rows.Scan(&p.Total)
		})
	})
	return p, err
}

func (d *DB) buildingCounts(ctx context.Context, actor account.Actor, homes []string, grids []uuid.UUID, at time.Time) (map[uuid.UUID]int, error) {
	out := make(map[uuid.UUID]int, len(grids))
	err := d.each(ctx, actor, buildingsCounted, []any{homes, grids, at}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var n int
		err := rows.Scan(&id, &n)
		out[id] = n
		return err
	})
	return out, err
}

// Estates implements place.Store.
func (s *Places) Estates(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]place.Estate, error) {
	out := make(map[uuid.UUID]place.Estate, len(keys))
	homes, ids := split(keys)
	err := s.each(ctx, actor, estatesByKey, []any{homes, ids}, func(rows pgx.Rows) error {
		var e place.Estate
		err := rows.Scan(&e.Key.Home, &e.Key.ID, &e.Name, &e.ManagedBy)
		out[e.Key.ID] = e
		return err
	})
	return out, err
}
