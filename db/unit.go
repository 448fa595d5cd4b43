package db

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
)

// Names and rooms are in natural order: by the number that they begin with, those without one last; then the shorter
// first; then by text. So 2单元 comes before 10单元, 3-301 before 10-101, 301 before 301A, and A2 before A10.
const (
	unitOrder      = `coalesce(substring(u.name FROM '^[0-9]+')::numeric, 'Infinity'), char_length(u.name), u.name, u.id`
	unitAfter      = `coalesce(substring($5::text FROM '^[0-9]+')::numeric, 'Infinity'), char_length($5), $5, $6::uuid`
	householdOrder = `coalesce(substring(w.room FROM '^[0-9]+')::numeric, 'Infinity'), char_length(w.room), w.room,
	char_length(o.number), o.number, o.id`
	householdAfter = `coalesce(substring($4::text FROM '^[0-9]+')::numeric, 'Infinity'), char_length($4), $4,
	char_length($5::text), $5, $6::uuid`
)

const (
	// Every read of units has $1 districts, $3 the instant, $4 whether the grids are wanted. A grid that one belonged to before a
	// redraw moved it is kept with the district of then. IS TRUE: see db/coverage.go.
	unitColumns = `u.district, u.id, u.building_id, u.name, g.district AS grid_district, g.grid_id`
	unitGrids   = ` LEFT JOIN LATERAL (
	SELECT x.district, x.grid_id FROM (
		SELECT 1 AS nth, ug.district, ug.grid_id FROM unit_grid ug
		WHERE (ug.district = u.district OR ug.moved_to = u.district) AND ug.unit_id = u.id AND (ug.during @> $3::timestamptz) IS TRUE
		UNION ALL
		SELECT 2, bg.district, bg.grid_id FROM building_grid bg
		WHERE (bg.district = u.district OR bg.moved_to = u.district) AND bg.building_id = u.building_id AND (bg.during @> $3::timestamptz) IS TRUE
	) x WHERE $4::bool ORDER BY x.nth LIMIT 1
) g ON true`

	// $2 buildings, $5 after this name, $6 and this id, $7 one more than asked for.
	unitsOfBuildings = `-- name: unit.OfBuildings
SELECT x.* FROM unnest($2::uuid[]) AS p (building_id)
CROSS JOIN LATERAL (
	SELECT ` + unitColumns + `, row_number() OVER (ORDER BY ` + unitOrder + `) AS n FROM unit u` + unitGrids + `
	WHERE u.district = ANY($1) AND u.building_id = p.building_id AND ($5::text IS NULL OR (` + unitOrder + `) > (` + unitAfter + `))
	ORDER BY ` + unitOrder + ` LIMIT $7
) x ORDER BY p.building_id, x.n`

	unitsCounted = `-- name: unit.Counted
SELECT u.building_id, count(*) FROM unit u WHERE u.district = ANY($1) AND u.building_id = ANY($2)
GROUP BY u.building_id ORDER BY u.building_id`

	// $2 units.
	unitsByKey = `-- name: unit.ByKey
SELECT ` + unitColumns + `, 1 FROM unit u` + unitGrids + ` WHERE u.district = ANY($1) AND u.id = ANY($2) ORDER BY u.id`

	householdsHere = ` FROM dwelling w JOIN household o ON o.district = w.district AND o.dwelling_id = w.id
	WHERE w.district = ANY($1) AND o.district = ANY($1) AND o.since <= $3::timestamptz AND (o.until IS NULL OR o.until > $3)`

	// $1 districts, $2 units, $3 instant, $4 after this room, $5 this number, $6 and this id, $7 one more than asked for.
	householdsOfUnits = `-- name: household.OfUnits
SELECT x.* FROM unnest($2::uuid[]) AS p (unit_id)
CROSS JOIN LATERAL (
	SELECT w.district, o.id, w.unit_id, w.room, o.number, o.residents, coalesce(w.use, ''), coalesce(w.rental_management, ''),
		row_number() OVER (ORDER BY ` + householdOrder + `) AS n` + householdsHere + `
	  AND w.unit_id = p.unit_id AND ($4::text IS NULL OR (` + householdOrder + `) > (` + householdAfter + `))
	ORDER BY ` + householdOrder + ` LIMIT $7
) x ORDER BY p.unit_id, x.n`

	householdsCounted = `-- name: household.Counted
SELECT w.unit_id, count(*)` + householdsHere + ` AND w.unit_id = ANY($2) GROUP BY w.unit_id ORDER BY w.unit_id`
)

func scanUnit(rows pgx.Rows) (place.Unit, error) {
	var u place.Unit
	var home *string
	var gridID *uuid.UUID
	var n int
	err := rows.Scan(&u.Key.Home, &u.Key.ID, &u.BuildingID, &u.Name, &home, &gridID, &n)
	if gridID != nil {
		u.GridKey = &key.Key{Home: *home, ID: *gridID}
	}
	return u, err
}

// UnitsOfBuildings implements place.Store.
func (s *Places) UnitsOfBuildings(ctx context.Context, actor account.Actor, buildings []key.Key, q place.UnitQuery) (map[uuid.UUID]page.Page[place.Unit], error) {
	homes, ids := split(buildings)
	out := make(map[uuid.UUID]page.Page[place.Unit], len(ids))
	name, id := after(q.Args)
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		err := s.each(ctx, actor, unitsOfBuildings, []any{homes, ids, q.At, q.Grids, name, parseID(id), q.Args.First + 1}, func(rows pgx.Rows) error {
			u, err := scanUnit(rows)
			addRow(out, u.BuildingID, q.Args, page.Item[place.Unit]{Node: u, Cursor: page.Cursor{Order: "NAME", Text: u.Name, ID: u.Key.ID.String()}})
			return err
		})
		if err != nil || !q.Count {
			return err
		}
		return addTotals(ctx, s.DB, actor, unitsCounted, []any{homes, ids}, out)
	})
	return out, err
}

// UnitsByKey implements place.Store.
func (s *Places) UnitsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, grids bool) (map[uuid.UUID]place.Unit, error) {
	homes, ids := split(keys)
	out := make(map[uuid.UUID]place.Unit, len(ids))
	err := s.each(ctx, actor, unitsByKey, []any{homes, ids, at, grids}, func(rows pgx.Rows) error {
		u, err := scanUnit(rows)
		out[u.Key.ID] = u
		return err
	})
	return out, err
}

// HouseholdsOfUnits implements place.Store. A cursor's ID is the household's number and id.
func (s *Places) HouseholdsOfUnits(ctx context.Context, actor account.Actor, units []key.Key, q place.HouseholdQuery) (map[uuid.UUID]page.Page[place.Household], error) {
	homes, ids := split(units)
	out := make(map[uuid.UUID]page.Page[place.Household], len(ids))
	room, last := after(q.Args)
	cut := strings.LastIndexByte(last, '/') + 1
	number, id := strings.TrimSuffix(last[:cut], "/"), last[cut:]
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		err := s.each(ctx, actor, householdsOfUnits, []any{homes, ids, q.At, room, number, parseID(id), q.Args.First + 1}, func(rows pgx.Rows) error {
			var h place.Household
			var n int
			err := rows.Scan(&h.Key.Home, &h.Key.ID, &h.UnitID, &h.Room, &h.Number, &h.Residents, &h.Use, &h.RentalManagement, &n)
			addRow(out, h.UnitID, q.Args, page.Item[place.Household]{Node: h, Cursor: page.Cursor{Order: "ROOM", Text: h.Room, ID: h.Number + "/" + h.Key.ID.String()}})
			return err
		})
		if err != nil || !q.Count {
			return err
		}
		return addTotals(ctx, s.DB, actor, householdsCounted, []any{homes, ids, q.At}, out)
	})
	return out, err
}
