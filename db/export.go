package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
)

const (
	exportDivisions = `-- name: export.Divisions
SELECT d.code, d.name, d.level, coalesce(p.code, ''), coalesce(d.limit_east, ''), coalesce(d.limit_south, ''),
	coalesce(d.limit_west, ''), coalesce(d.limit_north, ''), coalesce(d.supervision_phone, ''), d.station_name,
	coalesce(d.station_address, ''), coalesce(d.station_hours, ''), coalesce(d.station_hours_en, ''), coalesce(d.station_phone, ''), d.boundary
FROM division d LEFT JOIN division p ON p.id = d.parent_id
ORDER BY array_position(ARRAY['PROVINCE', 'CITY', 'DISTRICT', 'TOWN', 'COMMUNITY'], d.level), d.code`

	exportBuildings = `-- name: export.Buildings
SELECT b.code, b.name, b.aliases, coalesce(b.address, ''), b.floors, coalesce(e.name, ''), coalesce(e.managed_by, ''), coalesce(g.code, ''),
	coalesce(b.footprint, b.location)
FROM building b
LEFT JOIN estate e ON e.district = b.district AND e.id = b.estate_id
LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> $2::timestamptz
LEFT JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
WHERE b.district = ANY($1) ORDER BY b.code, b.id`

	exportGrids = `-- name: export.Grids
SELECT g.code, g.name, g.kind, coalesce(g.basis, ''), d.code, coalesce(p.name, ''), coalesce(g.limit_east, ''),
	coalesce(g.limit_south, ''), coalesce(g.limit_west, ''), coalesce(g.limit_north, ''), coalesce(w.name, ''), coalesce(w.work_phone, ''), b.boundary
FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> $2::timestamptz
JOIN division d ON d.id = g.community_id
LEFT JOIN grid_group p ON p.district = g.district AND p.id = g.group_id
LEFT JOIN assignment a ON a.district = g.district AND a.grid_id = g.id AND a.post = 'GRID_WORKER' AND a.cover = 'A' AND a.during @> $3::date
LEFT JOIN worker w ON w.district = a.district AND w.id = a.worker_id
WHERE g.district = ANY($1) ORDER BY g.code, g.id`
)

// ExportDivisions implements place.Store.
func (s *Places) ExportDivisions(ctx context.Context, actor account.Actor, yield func(place.DivisionRow) error) error {
	return s.export(ctx, actor, exportDivisions, nil, func(rows pgx.Rows) error {
		var r place.DivisionRow
		var c contactRow
		err := rows.Scan(&r.Code, &r.Name, &r.Level, &r.Parent, &r.Limits.East, &r.Limits.South, &r.Limits.West, &r.Limits.North,
			&c.supervision, &c.station, &c.address, &c.hours, &c.hoursEnglish, &c.phone, &r.Geometry)
		if err != nil {
			return err
		}
		r.Contacts = c.contacts()
		return yield(r)
	})
}

// ExportBuildings implements place.Store.
func (s *Places) ExportBuildings(ctx context.Context, actor account.Actor, at time.Time, yield func(place.BuildingRow) error) error {
	return s.export(ctx, actor, exportBuildings, []any{at}, func(rows pgx.Rows) error {
		var r place.BuildingRow
		err := rows.Scan(&r.Code, &r.Name, &r.Aliases, &r.Address, &r.Floors, &r.Estate, &r.EstateManagedBy, &r.Grid, &r.Geometry)
		if err != nil {
			return err
		}
		return yield(r)
	})
}

// ExportGrids implements grid.Store.
func (s *Grids) ExportGrids(ctx context.Context, actor account.Actor, at time.Time, day civil.Date, yield func(grid.Row) error) error {
	return s.export(ctx, actor, exportGrids, []any{at, day.Time()}, func(rows pgx.Rows) error {
		var r grid.Row
		err := rows.Scan(&r.Code, &r.Name, &r.Kind, &r.Basis, &r.Community, &r.Group, &r.Limits.East, &r.Limits.South, &r.Limits.West, &r.Limits.North, &r.Worker, &r.WorkPhone, &r.Geometry)
		if err != nil {
			return err
		}
		return yield(r)
	})
}

// export hands the rows of sql, whose $1 is the districts, to scan as they come, without a time limit.
func (d *DB) export(ctx context.Context, actor account.Actor, sql string, args []any, scan func(pgx.Rows) error) error {
	return d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		homes, err := d.homes(ctx, actor)
		if err != nil {
			return err
		}
		if args != nil {
			args = append([]any{append(homes, key.Unplaced)}, args...)
		}
		return d.each(ctx, actor, sql, args, scan)
	})
}
