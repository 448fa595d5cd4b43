package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
)

// Grids stores grids, their groups and their boundaries through time.
type Grids struct{ *DB }

// NewGrids returns the store of grids.
func NewGrids(d *DB) *Grids { return &Grids{d} }

var _ grid.Store = (*Grids)(nil)

// Every read of grids has $1: whether the boundary is wanted, and $2: the instant.
const (
	gridColumns = `g.district, g.id, g.code, g.name, g.kind, coalesce(g.basis, ''), g.version, g.community_id, g.group_id,
	coalesce(g.limit_east, ''), coalesce(g.limit_south, ''), coalesce(g.limit_west, ''), coalesce(g.limit_north, ''),
	ST_XMin(b.boundary), ST_YMin(b.boundary), ST_XMax(b.boundary), ST_YMax(b.boundary), b.area_m2, b.label_point,
	ARRAY(SELECT c.code FROM grid_code c WHERE c.district = g.district AND c.grid_id = g.id AND c.code <> g.code ORDER BY c.since, c.code),
	CASE WHEN $1::bool THEN b.boundary END`
	gridJoin = ` FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> $2::timestamptz `
)

const (
	gridsByKey = `-- name: grid.ByKey
SELECT ` + gridColumns + gridJoin + `
WHERE g.district = ANY($3) AND b.district = ANY($3) AND g.id = ANY($4) ORDER BY g.code`

	gridEnd = `-- name: grid.End
SELECT max(upper(b.during)) FROM grid_boundary b WHERE b.district = $1 AND b.grid_id = $2
HAVING bool_and(coalesce(upper(b.during) <= $3, false)) ORDER BY 1`

	gridsOfGroups = `-- name: grid.OfGroups
SELECT ` + gridColumns + gridJoin + `
WHERE g.district = ANY($3) AND b.district = ANY($3) AND g.group_id = ANY($4) ORDER BY g.code`

	// Shared borders carry the same vertices on both sides, so that their intersection is exact.
	gridNeighbours = `-- name: grid.Neighbours
WITH me AS MATERIALIZED (
	SELECT m.grid_id, m.boundary FROM grid_boundary m
	WHERE m.district = ANY($3) AND m.grid_id = ANY($4) AND m.during @> $2::timestamptz
)
SELECT * FROM (
	SELECT me.grid_id AS me, ST_Length(ST_CollectionExtract(ST_Intersection(ST_Boundary(me.boundary), ST_Boundary(b.boundary)), 2)::geography) AS shared_m,
	` + gridColumns + `
	FROM me JOIN grid_boundary b ON b.boundary && me.boundary AND b.grid_id <> me.grid_id AND b.district = ANY($5)
		AND b.during @> $2::timestamptz AND ST_Intersects(b.boundary, me.boundary)
	JOIN grid g ON g.district = b.district AND g.id = b.grid_id
) n WHERE n.shared_m > 0 ORDER BY n.me, n.shared_m DESC, n.code`

	groupsByKey = `-- name: group.ByKey
SELECT p.district, p.id, p.name, p.community_id FROM grid_group p
WHERE p.district = ANY($1) AND p.id = ANY($2) ORDER BY p.name, p.id`

	// Simplified each by itself, so that two neighbours may part by as much as the tolerance.
	gridSimplify = `-- name: grid.Simplify
SELECT ST_SimplifyPreserveTopology(u.shape, $2::float8) FROM unnest($1::geometry[]) WITH ORDINALITY AS u (shape, i) ORDER BY u.i`

	gridInvalidReasons = `-- name: grid.InvalidReasons
SELECT CASE WHEN ST_IsValid(u.shape) THEN '' ELSE ST_IsValidReason(u.shape) END
FROM unnest($1::geometry[]) WITH ORDINALITY AS u (shape, i) ORDER BY u.i`
)

func scanGrid(rows pgx.Rows, before ...any) (grid.Grid, error) {
	var g grid.Grid
	var label, boundary geom.T
	err := rows.Scan(append(before, &g.Key.Home, &g.Key.ID, &g.Code, &g.Name, &g.Kind, &g.Basis, &g.Version,
		&g.CommunityID, &g.GroupID, &g.Limits.East, &g.Limits.South, &g.Limits.West, &g.Limits.North,
		&g.BBox.West, &g.BBox.South, &g.BBox.East, &g.BBox.North, &g.AreaM2, &label, &g.FormerCodes, &boundary)...)
	g.LabelPoint, _ = label.(*geom.Point)
	g.Boundary = multi(boundary)
	return g, err
}

func (s *Grids) grids(ctx context.Context, actor account.Actor, sql string, args ...any) ([]grid.Grid, error) {
	var out []grid.Grid
	err := s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		g, err := scanGrid(rows)
		out = append(out, g)
		return err
	})
	return out, err
}

// GridByCode implements grid.Store.
func (s *Grids) GridByCode(ctx context.Context, actor account.Actor, code string, at time.Time, with grid.Fields) (g grid.Grid, found bool, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		var k key.Key
		err := s.each(ctx, actor, areaOfGrid, []any{code}, func(rows pgx.Rows) error { return rows.Scan(&k.Home, &k.ID) })
		if err != nil {
			return err
		}
		list, err := s.GridsByKey(ctx, actor, []key.Key{k}, at, with)
		g, found = list[k.ID]
		return err
	})
	return g, found, err
}

// EndOfGrid implements grid.Store.
func (s *Grids) EndOfGrid(ctx context.Context, actor account.Actor, code string, at time.Time) (end *time.Time, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		var k key.Key
		err := s.each(ctx, actor, areaOfGrid, []any{code}, func(rows pgx.Rows) error { return rows.Scan(&k.Home, &k.ID) })
		if err != nil || k.Home == "" {
			return err
		}
		return s.each(ctx, actor, gridEnd, []any{k.Home, k.ID, at}, func(rows pgx.Rows) error { return rows.Scan(&end) })
	})
	return end, err
}

// GridsByKey implements grid.Store.
func (s *Grids) GridsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	homes, ids := split(keys)
	out := make(map[uuid.UUID]grid.Grid, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	list, err := s.grids(ctx, actor, gridsByKey, with.Boundary, at, homes, ids)
	for _, g := range list {
		out[g.Key.ID] = g
	}
	return out, err
}

// GridsOfGroups implements grid.Store.
func (s *Grids) GridsOfGroups(ctx context.Context, actor account.Actor, groups []key.Key, at time.Time, with grid.Fields) (map[uuid.UUID][]grid.Grid, error) {
	homes, ids := split(groups)
	out := make(map[uuid.UUID][]grid.Grid, len(ids))
	list, err := s.grids(ctx, actor, gridsOfGroups, with.Boundary, at, homes, ids)
	for _, g := range list {
		out[*g.GroupID] = append(out[*g.GroupID], g)
	}
	return out, err
}

// Groups implements grid.Store.
func (s *Grids) Groups(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]grid.Group, error) {
	homes, ids := split(keys)
	out := make(map[uuid.UUID]grid.Group, len(ids))
	err := s.each(ctx, actor, groupsByKey, []any{homes, ids}, func(rows pgx.Rows) error {
		var p grid.Group
		err := rows.Scan(&p.Key.Home, &p.Key.ID, &p.Name, &p.CommunityID)
		out[p.Key.ID] = p
		return err
	})
	return out, err
}

// Neighbours implements grid.Store: the longest shared border first.
func (s *Grids) Neighbours(ctx context.Context, actor account.Actor, grids []key.Key, at time.Time, with grid.Fields) (map[uuid.UUID][]grid.Neighbour, error) {
	homes, ids := split(grids)
	out := make(map[uuid.UUID][]grid.Neighbour, len(ids))
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		all, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		return s.each(ctx, actor, gridNeighbours, []any{with.Boundary, at, homes, ids, all}, func(rows pgx.Rows) error {
			var me uuid.UUID
			var shared float64
			g, err := scanGrid(rows, &me, &shared)
			out[me] = append(out[me], grid.Neighbour{Grid: g, SharedM: shared})
			return err
		})
	})
	return out, err
}

// metresPerDegree of latitude, for tolerances only.
const metresPerDegree = 111_000

// Simplify implements grid.Store.
func (s *Grids) Simplify(ctx context.Context, actor account.Actor, shapes []geom.T, toleranceM float64) ([]geom.T, error) {
	out := make([]geom.T, 0, len(shapes))
	err := s.each(ctx, actor, gridSimplify, []any{shapes, toleranceM / metresPerDegree}, func(rows pgx.Rows) error {
		var g geom.T
		err := rows.Scan(&g)
		out = append(out, g)
		return err
	})
	return out, err
}

// InvalidReasons implements grid.Store.
func (s *Grids) InvalidReasons(ctx context.Context, actor account.Actor, shapes []geom.T) ([]string, error) {
	out := make([]string, 0, len(shapes))
	err := s.each(ctx, actor, gridInvalidReasons, []any{shapes}, func(rows pgx.Rows) error {
		var reason string
		err := rows.Scan(&reason)
		out = append(out, reason)
		return err
	})
	return out, err
}
