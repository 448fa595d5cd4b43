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
SELECT ` + buildingColumns + `, bg.district, bg.grid_id FROM building b
LEFT JOIN building_grid bg ON (bg.district = b.district OR bg.moved_to = b.district) AND bg.building_id = b.id AND bg.during @> $4::timestamptz
WHERE b.district = ANY($2) AND b.id = ANY($3) ORDER BY b.code, b.id`

	// $2 districts, $3 grids, $4 instant, $5 after this code, $6 and this id, $7 one more than asked for. A building that moved
	// to another district since is read there.
	buildingsOfGrids = `-- name: building.OfGrids
SELECT p.grid_id, x.* FROM unnest($3::uuid[]) AS p (grid_id)
CROSS JOIN LATERAL (
	SELECT ` + buildingColumns + `, bg.district AS grid_district FROM building_grid bg
	JOIN building b ON b.district = coalesce(bg.moved_to, bg.district) AND b.id = bg.building_id
	WHERE bg.district = ANY($2) AND bg.grid_id = p.grid_id AND bg.during @> $4::timestamptz
	  AND ($5::text IS NULL OR (b.code, b.id) > ($5, $6::uuid))
	ORDER BY b.code, b.id LIMIT $7
) x ORDER BY p.grid_id, x.code, x.id`

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
	read := func(homes []string) error {
		return s.each(ctx, actor, buildingsByKey, []any{footprint, homes, ids, at}, func(rows pgx.Rows) error {
			var home *string
			var gridID *uuid.UUID
			b, err := scanBuilding(rows, nil, &home, &gridID)
			if gridID != nil {
				b.GridKey = &key.Key{Home: *home, ID: *gridID}
			}
			out[b.Key.ID] = b
			return err
		})
	}
	if err := read(homes); err != nil || len(out) == len(ids) {
		return out, err
	}
	// A redraw may have moved a building to another district since its key was given out.
	all, err := s.homes(ctx, actor)
	if err == nil {
		err = read(all)
	}
	return out, err
}

// BuildingsOfGrids implements place.Store.
func (s *Places) BuildingsOfGrids(ctx context.Context, actor account.Actor, grids []key.Key, q place.BuildingQuery) (map[uuid.UUID]page.Page[place.Building], error) {
	out := make(map[uuid.UUID]page.Page[place.Building], len(grids))
	homes, ids := split(grids)
	code, id := after(q.Args)
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		args := []any{q.Footprint, homes, ids, q.At, code, parseID(id), q.Args.First + 1}
		err := s.each(ctx, actor, buildingsOfGrids, args, func(rows pgx.Rows) error {
			var grid uuid.UUID
			var home string
			b, err := scanBuilding(rows, []any{&grid}, &home)
			b.GridKey = &key.Key{Home: home, ID: grid}
			addRow(out, grid, q.Args, page.Item[place.Building]{Node: b, Cursor: page.Cursor{Order: "CODE", Text: b.Code, ID: b.Key.ID.String()}})
			return err
		})
		if err != nil || !q.Count {
			return err
		}
		return addTotals(ctx, s.DB, actor, buildingsCounted, []any{homes, ids, q.At}, out)
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
