package db

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/geo/shape"
)

// Coverage stores coverage reports, and reads what they are made from.
type Coverage struct{ *DB }

// NewCoverage returns the store of coverage reports.
func NewCoverage(d *DB) *Coverage { return &Coverage{d} }

var _ coverage.Store = (*Coverage)(nil)

const (
	coverageDivisions = `-- name: coverage.Divisions
SELECT d.id, d.parent_id, d.level, d.code, d.boundary IS NOT NULL, r.n, r.day
FROM division d LEFT JOIN coverage_report r ON r.division_id = d.id ORDER BY d.code`

	coverageStates = `-- name: coverage.States
SELECT d.id, d.parent_id, d.level, d.code, d.boundary IS NOT NULL, r.n, r.day
FROM division d LEFT JOIN coverage_report r ON r.division_id = d.id WHERE d.id = ANY($1) ORDER BY d.code`

	coverageChanges = `-- name: coverage.Changes
SELECT x.division_id, coalesce(max(x.n) FILTER (WHERE x.what <> 'staff'), 0), coalesce(max(x.n) FILTER (WHERE x.what = 'staff'), 0)
FROM (
	SELECT c.n, c.what, unnest(c.division_ids) AS division_id FROM change_log c WHERE c.n > $1 AND c.what <> 'other'
) x GROUP BY x.division_id ORDER BY x.division_id`

	// The divisions at and beneath each of $1.
	coverageDown = `
WITH RECURSIVE down AS (
	SELECT d.id AS root, d.id, 0 AS depth FROM division d WHERE d.id = ANY($1)
	UNION ALL
	SELECT down.root, d.id, down.depth + 1 FROM down JOIN division d ON d.parent_id = down.id WHERE down.depth < 20
)`

	coverageReports = `-- name: coverage.Reports` + coverageDown + `, found AS (
	SELECT down.root, q.kind, count(*) AS n FROM down JOIN coverage_problem q ON q.division_id = down.id GROUP BY down.root, q.kind
)
SELECT down.root, (SELECT coalesce(max(c.n), 0) FROM change_log c), max(r.day), max(r.checked_at), max(r.area_m2) FILTER (WHERE down.depth = 0), coalesce(sum(r.covered_m2), 0), coalesce(sum(r.gap_m2), 0),
	sum(r.overlap_m2), coalesce(sum(r.outside_m2), 0),
	(SELECT json_object_agg(f.kind, f.n) FROM found f WHERE f.root = down.root)
FROM down JOIN coverage_report r ON r.division_id = down.id GROUP BY down.root ORDER BY down.root`

	// $1 roots; $2 kinds or NULL; $3 the order of kinds; $4 to $6 what comes before, or NULL.
	coverageWhere = `
	FROM coverage_problem q WHERE q.division_id = ANY(p.divisions) AND ($2::text[] IS NULL OR q.kind = ANY($2))`
	coverageRoots = `
FROM (SELECT down.root, array_agg(down.id) AS divisions FROM down GROUP BY down.root) p`

	problemColumns = `ST_XMin(q.geometry), ST_YMin(q.geometry), ST_XMax(q.geometry), ST_YMax(q.geometry), q.area_m2, q.division_ids,
	q.grid_keys, q.building_key, q.buildings,
	(SELECT h.households FROM coverage_people h WHERE h.problem_id = q.id), q.fixes`

	coverageProblem = `-- name: coverage.Problem
SELECT q.division_id, r.n, q.id, q.kind, q.weight, q.geometry, ` + problemColumns + `
FROM coverage_problem q JOIN coverage_report r ON r.division_id = q.found_by WHERE q.id = $1 ORDER BY q.id`

	coverageProblems = `-- name: coverage.Problems` + coverageDown + `
SELECT p.root, x.*` + coverageRoots + ` CROSS JOIN LATERAL (
	SELECT array_position($3::text[], q.kind) AS rank, q.id, q.kind, q.weight, CASE WHEN $7::bool THEN q.geometry END, ` + problemColumns + coverageWhere + `
		AND ($4::int IS NULL OR (array_position($3::text[], q.kind), -q.weight, q.id) > ($4, -$5::float8, $6::uuid))
	ORDER BY 1, q.weight DESC, q.id LIMIT $8
) x ORDER BY p.root, x.rank, x.weight DESC, x.id`

	coverageCount = `-- name: coverage.Count` + coverageDown + `
SELECT p.root, x.n` + coverageRoots + ` CROSS JOIN LATERAL (SELECT count(*) AS n` + coverageWhere + `) x ORDER BY p.root`

	coverageSave = `-- name: coverage.Save
INSERT INTO coverage_report AS r (division_id, n, day, checked_at, area_m2, covered_m2, gap_m2, overlap_m2, outside_m2)
VALUES ($1, $2, $3, now(), $4, $5, $6, $7, $8)
ON CONFLICT (division_id) DO UPDATE SET n = excluded.n, day = excluded.day, checked_at = excluded.checked_at, area_m2 = excluded.area_m2,
	covered_m2 = excluded.covered_m2, gap_m2 = excluded.gap_m2, overlap_m2 = excluded.overlap_m2, outside_m2 = excluded.outside_m2`

	// Also of those that are kept in their place, $2, whoever found them before. It answers what was there: see toldOf.
	coverageForget = `-- name: coverage.Forget
DELETE FROM coverage_problem q WHERE q.found_by = ANY($1) OR q.shared_with = ANY($1) OR q.id = ANY($2) RETURNING ` + shownColumns

	// Two communities that are looked at at once both find what they share.
	coverageKeep = `-- name: coverage.Keep
WITH kept AS (INSERT INTO coverage_problem (id, division_id, found_by, shared_with, kind, weight, geometry, area_m2, division_ids, grid_keys, building_key,
	buildings, fixes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14)
ON CONFLICT (id) DO UPDATE SET division_id = excluded.division_id, found_by = excluded.found_by, shared_with = excluded.shared_with,
	weight = excluded.weight, geometry = excluded.geometry, area_m2 = excluded.area_m2, division_ids = excluded.division_ids,
	grid_keys = excluded.grid_keys, buildings = excluded.buildings, fixes = excluded.fixes)
INSERT INTO coverage_people (problem_id, households) SELECT $1, $13 WHERE $13::integer IS NOT NULL
ON CONFLICT (problem_id) DO UPDATE SET households = excluded.households`

	coverageSharing = `-- name: coverage.Sharing
SELECT 1 FROM coverage_problem q WHERE q.shared_with IS NOT NULL AND (q.found_by = ANY($1) OR q.shared_with = ANY($1)) ORDER BY 1 LIMIT 1`

	coverageForgetStaff = `-- name: coverage.ForgetStaff
DELETE FROM coverage_problem q WHERE q.found_by = ANY($1) AND q.kind = 'UNSTAFFED' OR q.id = ANY($2) RETURNING ` + shownColumns

	coverageSaveStaff = `-- name: coverage.SaveStaff
UPDATE coverage_report r SET n = greatest(r.n, $2), day = $3, checked_at = now() WHERE r.division_id = ANY($1)`
)

func scanNode(rows pgx.Rows) (coverage.Node, error) {
	d := coverage.Node{Change: -1}
	var n *int64
	var day *time.Time
	err := rows.Scan(&d.ID, &d.Parent, &d.Level, &d.Code, &d.Bounded, &n, &day)
	if n != nil {
		d.Change, d.Day = *n, civil.FromTime(*day)
	}
	return d, err
}

// Divisions implements coverage.Store.
func (s *Coverage) Divisions(ctx context.Context, actor account.Actor) (out []coverage.Node, err error) {
	err = s.each(ctx, actor, coverageDivisions, nil, func(rows pgx.Rows) error {
		d, err := scanNode(rows)
		out = append(out, d)
		return err
	})
	return out, err
}

// States implements coverage.Store.
func (s *Coverage) States(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (out []coverage.Node, err error) {
	err = s.each(ctx, actor, coverageStates, []any{divisions}, func(rows pgx.Rows) error {
		d, err := scanNode(rows)
		out = append(out, d)
		return err
	})
	return out, err
}

// Changes implements coverage.Store.
func (s *Coverage) Changes(ctx context.Context, actor account.Actor, after int64) (map[uuid.UUID]coverage.Changed, error) {
	out := map[uuid.UUID]coverage.Changed{}
	err := s.each(ctx, actor, coverageChanges, []any{after}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var c coverage.Changed
		err := rows.Scan(&id, &c.Ground, &c.Staff)
		out[id] = c
		return err
	})
	return out, err
}

// Reports implements coverage.Store.
func (s *Coverage) Reports(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]coverage.Report, error) {
	out := make(map[uuid.UUID]coverage.Report, len(divisions))
	err := s.each(ctx, actor, coverageReports, []any{divisions}, func(rows pgx.Rows) error {
		var r coverage.Report
		var area *float64
		var counts []byte
		var day time.Time
		if err := rows.Scan(&r.DivisionID, &r.Change, &day, &r.CheckedAt, &area, &r.CoveredM2, &r.GapM2, &r.OverlapM2, &r.OutsideM2, &counts); err != nil {
			return err
		}
		r.Day = civil.FromTime(day)
		if r.Bounded = area != nil; r.Bounded {
			r.AreaM2 = *area
		}
		r.Problems = map[coverage.Kind]int{}
		if counts != nil {
			if err := json.Unmarshal(counts, &r.Problems); err != nil {
				return err
			}
		}
		out[r.DivisionID] = r
		return nil
	})
	return out, err
}

// ProblemsOf implements coverage.Store.
func (s *Coverage) ProblemsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q coverage.Query) (map[uuid.UUID]page.Page[coverage.Problem], error) {
	out := make(map[uuid.UUID]page.Page[coverage.Problem], len(divisions))
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		args := []any{divisions, q.Kinds, coverage.Kinds}
		if q.Count {
			if err := addTotals(ctx, s.DB, actor, coverageCount, []any{divisions, q.Kinds}, out); err != nil {
				return err
			}
		}
		after := []any{nil, nil, nil}
		if c := q.Args.After; c != nil {
			id, _ := uuid.Parse(c.ID) // a cursor that was made up finds the start of its weight
			after = []any{slices.Index(coverage.Kinds, coverage.Kind(c.Text)) + 1, c.Num, id}
		}
		args = append(append(args, after...), q.Geometry, q.Args.First+1)
		return s.each(ctx, actor, coverageProblems, args, func(rows pgx.Rows) error {
			root, x, err := scanProblem(rows, nil)
			if err != nil {
				return err
			}
			c := page.Cursor{Order: coverage.ByGravity, Text: string(x.Kind), Num: x.Weight, ID: x.ID.String()}
			addRow(out, root, q.Args, page.Item[coverage.Problem]{Node: x, Cursor: c})
			return nil
		})
	})
	return out, err
}

// Problem implements coverage.Store.
func (s *Coverage) Problem(ctx context.Context, actor account.Actor, id uuid.UUID) (p coverage.Kept, found bool, err error) {
	err = s.each(ctx, actor, coverageProblem, []any{id}, func(rows pgx.Rows) (err error) {
		found = true
		p.Division, p.Problem, err = scanProblem(rows, &p.Change)
		return err
	})
	return p, found, err
}

// fix is a coverage.Fix as the store keeps it.
type fix struct {
	Action coverage.Action `json:"action"`
	Grid   string          `json:"grid,omitempty"`
	Args   map[string]any  `json:"args,omitempty"`
}

// scanProblem reads a problem with the division that it is listed for; what stands before it goes to second.
func scanProblem(rows pgx.Rows, second any) (root uuid.UUID, p coverage.Problem, err error) {
	var west, south, east, north *float64
	var grids []string
	var building *string
	var raw []byte
	err = rows.Scan(&root, second, &p.ID, &p.Kind, &p.Weight, &p.Geometry, &west, &south, &east, &north, &p.AreaM2, &p.DivisionIDs, &grids,
		&building, &p.Buildings, &p.Households, &raw)
	if err != nil {
		return root, p, err
	}
	if west != nil {
		p.Box = &place.Box{West: *west, South: *south, East: *east, North: *north}
	}
	for _, g := range grids {
		if k, ok := key.Parse(g); ok {
			p.Grids = append(p.Grids, k)
		}
	}
	if building != nil {
		if k, ok := key.Parse(*building); ok {
			p.Building = &k
		}
	}
	var fixes []fix
	if err := json.Unmarshal(raw, &fixes); err != nil {
		return root, p, err
	}
	for _, f := range fixes {
		x := coverage.Fix{Action: f.Action, Args: f.Args}
		if k, ok := key.Parse(f.Grid); ok {
			x.Grid = &k
		}
		p.Fixes = append(p.Fixes, x)
	}
	return root, p, nil
}

// MayWait implements coverage.Store.
func (s *Coverage) MayWait() int { return max(cap(s.plain)/2, 1) }

// Alone implements coverage.Store. Of this program only a few are let in at once, so that there is a connection for those who
// only ask whether there is something to look at.
func (s *Coverage) Alone(ctx context.Context, actor account.Actor, divisions []uuid.UUID, fn func(ctx context.Context) error) error {
	names := make([]string, len(divisions))
	for i, d := range divisions {
		names[i] = d.String()
	}
	slices.Sort(names)
	select {
	case s.looks <- struct{}{}:
		defer func() { <-s.looks }()
	case <-ctx.Done():
		return asFault(ctx.Err())
	}
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = '10min'; SET LOCAL jit = off"); err != nil {
			return err
		}
		// One after the other, in the same order everywhere.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('wangge coverage ' || n, 0)) FROM unnest($1::text[]) AS n", names); err != nil {
			return err
		}
		return fn(ctx)
	})
}

// Save implements coverage.Store.
func (s *Coverage) Save(ctx context.Context, actor account.Actor, list []coverage.Findings) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		// What two communities share, both write. One at a time, or three of them could wait for each other.
		sharing := false
		divisions := make([]uuid.UUID, len(list))
		for i, f := range list {
			divisions[i] = f.Division
			sharing = sharing || len(f.WithOthers) > 0
		}
		if !sharing {
			err := eachRow(ctx, tx, coverageSharing, []any{divisions}, func(pgx.Rows) error { sharing = true; return nil })
			if err != nil {
				return err
			}
		}
		b, told := &pgx.Batch{}, newTold()
		if sharing {
			b.Queue("SELECT pg_advisory_xact_lock(hashtextextended('wangge coverage shared', 0))")
		}
		for _, f := range list {
			told.finds(f.Problems...)
			for _, p := range f.WithOthers {
				told.finds(p.Problem)
			}
		}
		queueRows(b, coverageForget, []any{divisions, told.ids}, told.gone)
		for _, f := range list {
			if err := save(b, f); err != nil {
				return err
			}
		}
		return told.send(ctx, tx, b)
	})
}

func save(b *pgx.Batch, f coverage.Findings) error {
	known := func(v float64) *float64 {
		if !f.Bounded {
			return nil
		}
		return &v
	}
	b.Queue(coverageSave, f.Division, f.Change, f.Day.Time(), known(f.AreaM2), known(f.CoveredM2), known(f.GapM2), f.OverlapM2, known(f.OutsideM2))
	for _, p := range f.Problems {
		if err := keep(b, p, f.Division, f.Division, nil); err != nil {
			return err
		}
	}
	for _, p := range f.WithOthers {
		if err := keep(b, p.Problem, p.Division, f.Division, &p.With); err != nil {
			return err
		}
	}
	return nil
}

func keep(b *pgx.Batch, p coverage.Problem, division, finder uuid.UUID, with *uuid.UUID) error {
	grids := []string{}
	for _, g := range p.Grids {
		grids = append(grids, g.String())
	}
	var building *string
	if p.Building != nil {
		k := p.Building.String()
		building = &k
	}
	fixes := []fix{}
	for _, f := range p.Fixes {
		x := fix{Action: f.Action, Args: f.Args}
		if f.Grid != nil {
			x.Grid = f.Grid.String()
		}
		fixes = append(fixes, x)
	}
	raw, err := json.Marshal(fixes)
	b.Queue(coverageKeep, p.ID, division, finder, with, p.Kind, p.Weight, p.Geometry, p.AreaM2, p.DivisionIDs, grids, building, p.Buildings, p.Households, raw)
	return err
}

// SaveStaff implements coverage.Store.
func (s *Coverage) SaveStaff(ctx context.Context, actor account.Actor, divisions []uuid.UUID, n int64, day civil.Date, found []coverage.Problem) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		b, told := &pgx.Batch{}, newTold()
		told.finds(found...)
		queueRows(b, coverageForgetStaff, []any{divisions, told.ids}, told.gone)
		b.Queue(coverageSaveStaff, divisions, n, day.Time())
		for _, p := range found {
			if err := keep(b, p, p.DivisionIDs[0], p.DivisionIDs[0], nil); err != nil {
				return err
			}
		}
		return told.send(ctx, tx, b)
	})
}

// Who is in force now is asked as "(x.during @> now()) IS TRUE" where rows are found by key: so written, the condition is none for
// the GiST index of an EXCLUDE, which takes a millisecond to probe, and the planner takes the B-tree beside it.
const (
	coverageBoundaries = `-- name: coverage.Boundaries
SELECT d.id, d.boundary FROM division d WHERE d.id = ANY($1) AND d.boundary IS NOT NULL ORDER BY d.id`

	coverageGridColumns = `g.district, g.id, g.community_id, g.code, g.kind = 'DEDICATED', b.boundary`

	coverageGridsIn = `-- name: coverage.GridsIn
SELECT ` + coverageGridColumns + ` FROM division d
JOIN grid g ON g.district = d.home AND g.community_id = d.id
JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND (b.during @> now()) IS TRUE
WHERE d.id = ANY($1) ORDER BY g.code`

	// What was computed to lie on a border may lie beside it by a unit or two of 1e-8 degree.
	coverageGridsAt = `-- name: coverage.GridsAt
SELECT a.i, ` + coverageGridColumns + ` FROM unnest($1::geometry[]) WITH ORDINALITY AS a (area, i)
JOIN grid_boundary b ON b.boundary && ST_Expand(a.area, 3e-8) AND b.district = ANY($2) AND b.during @> now() AND ST_DWithin(b.boundary, a.area, 3e-8)
JOIN grid g ON g.district = b.district AND g.id = b.grid_id ORDER BY a.i, g.code`

	// The pairs come first, so that only those of two communities are compared.
	coverageForeign = `-- name: coverage.Foreign
WITH pair AS MATERIALIZED (
	SELECT b.district, b.grid_id, b.boundary, c.district AS to_district, c.grid_id AS to_id, c.boundary AS to_boundary FROM division d
	JOIN grid g ON g.district = d.home AND g.community_id = d.id
	JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND (b.during @> now()) IS TRUE
	JOIN grid_boundary c ON c.boundary && b.boundary AND c.district = ANY($2) AND c.during @> now()
	JOIN grid o ON o.district = c.district AND o.id = c.grid_id AND o.community_id <> g.community_id
	WHERE d.id = ANY($1)
)
SELECT ` + coverageGridColumns + `, o.district, o.id, o.community_id, o.code, o.kind = 'DEDICATED', b.to_boundary,
	ST_Multi(ST_CollectionExtract(ST_Intersection(b.boundary, b.to_boundary), 3))
FROM pair b JOIN grid g ON g.district = b.district AND g.id = b.grid_id JOIN grid o ON o.district = b.to_district AND o.id = b.to_id
WHERE ST_Relate(b.boundary, b.to_boundary, '2********') ORDER BY g.code, o.code`

	coverageGapsOf = `-- name: coverage.GapsOf
WITH RECURSIVE down AS (
	SELECT d.id AS root, d.id, 0 AS depth FROM division d WHERE d.id = ANY($1)
	UNION ALL
	SELECT down.root, d.id, down.depth + 1 FROM down JOIN division d ON d.parent_id = down.id WHERE down.depth < 20
)
SELECT down.root, ST_Multi(ST_CollectionExtract(ST_Union(q.geometry), 3)) FROM down JOIN coverage_problem q ON q.division_id = down.id AND q.kind = 'GAP'
GROUP BY down.root ORDER BY down.root`

	coverageContents = `-- name: coverage.Contents
SELECT a.i, count(b.id), coalesce(sum(u.households), 0), coalesce(bool_or(u.n > 0), false)
FROM unnest($1::geometry[]) WITH ORDINALITY AS a (area, i)
LEFT JOIN building b ON b.district = ANY($2) AND b.location && a.area AND ST_Covers(a.area, b.location)
LEFT JOIN LATERAL (SELECT count(*) AS n, sum(x.households) AS households FROM unit_people x WHERE x.district = b.district AND x.building_id = b.id) u ON true
GROUP BY a.i ORDER BY a.i`

	coverageSizes = `-- name: coverage.Sizes
SELECT g.id, count(bg.building_id), coalesce(sum(u.households), 0) + coalesce(min(h.households), 0), coalesce(sum(u.residents), 0) + coalesce(min(h.residents), 0)
FROM division d
JOIN grid g ON g.district = d.home AND g.community_id = d.id
LEFT JOIN building_grid bg ON bg.district = g.district AND bg.grid_id = g.id AND (bg.during @> now()) IS TRUE
LEFT JOIN LATERAL (
	SELECT sum(x.households) AS households, sum(x.residents) AS residents FROM unit_people x
	WHERE x.district = bg.district AND x.building_id = bg.building_id
	  AND NOT EXISTS (SELECT 1 FROM unit_grid ug WHERE ug.district = x.district AND ug.unit_id = x.unit_id AND (ug.during @> now()) IS TRUE)
) u ON true
LEFT JOIN LATERAL (
	SELECT sum(x.households) AS households, sum(x.residents) AS residents FROM unit_grid ug JOIN unit_people x ON x.district = ug.district AND x.unit_id = ug.unit_id
	WHERE ug.district = g.district AND ug.grid_id = g.id AND (ug.during @> now()) IS TRUE
) h ON true
WHERE d.id = ANY($1) GROUP BY g.id ORDER BY g.id`

	coverageRegistered = `-- name: coverage.Registered
SELECT d.id FROM division d WHERE d.id = ANY($1) AND EXISTS (
	SELECT 1 FROM grid g WHERE g.district = d.home AND g.community_id = d.id AND (EXISTS (
	SELECT 1 FROM building_grid bg JOIN unit x ON x.district = bg.district AND x.building_id = bg.building_id
	WHERE bg.district = g.district AND bg.grid_id = g.id AND (bg.during @> now()) IS TRUE
) OR EXISTS (
	SELECT 1 FROM unit_grid ug WHERE ug.district = g.district AND ug.grid_id = g.id AND (ug.during @> now()) IS TRUE
))) ORDER BY d.id`

	coverageCut = `-- name: coverage.Cut
WITH cut AS MATERIALIZED (
	SELECT DISTINCT d.id AS community_id, f.district, f.id FROM division d
	JOIN grid g ON g.district = d.home AND g.community_id = d.id
	JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND (b.during @> now()) IS TRUE
	JOIN building f ON f.district = ANY($2) AND f.footprint && b.boundary AND ST_Intersects(b.boundary, f.footprint) AND NOT ST_Covers(b.boundary, f.footprint)
	WHERE d.id = ANY($1)
)
SELECT cut.community_id, f.district, f.id, bg.grid_id, f.footprint,
	(SELECT sum(x.households) FROM unit_people x WHERE x.district = f.district AND x.building_id = f.id),
	` + coverageGridColumns + `, ST_Multi(ST_CollectionExtract(ST_Intersection(f.footprint, b.boundary), 3))
FROM cut JOIN building f ON f.district = cut.district AND f.id = cut.id
JOIN grid_boundary b ON b.boundary && f.footprint AND b.district = ANY($2) AND (b.during @> now()) IS TRUE AND ST_Relate(b.boundary, f.footprint, '2********')
JOIN grid g ON g.district = b.district AND g.id = b.grid_id
LEFT JOIN building_grid bg ON bg.district = f.district AND bg.building_id = f.id AND (bg.during @> now()) IS TRUE
ORDER BY cut.community_id, f.code, f.id, g.code`

	coverageUnassignedColumns = `SELECT b.district, b.id, coalesce(b.footprint, b.location), n.district, n.grid_id, n.m,
	(SELECT sum(x.households) FROM unit_people x WHERE x.district = b.district AND x.building_id = b.id)
`
	// Of the grids around, one of the building's district comes first: no other can be given it.
	coverageNearest = ` JOIN LATERAL (
	SELECT y.district, y.grid_id, y.community_id, ST_Distance(y.boundary::geography, b.location::geography) AS m FROM (
		SELECT x.district, x.grid_id, g.community_id, x.boundary FROM grid_boundary x JOIN grid g ON g.district = x.district AND g.id = x.grid_id
		WHERE x.district = ANY($2) AND x.during @> now() ORDER BY x.boundary <-> b.location LIMIT 8
	) y ORDER BY y.district <> b.district, m LIMIT 1
) n ON true `

	// Of few buildings each is looked up, of all it is cheaper to go through what all have.
	coverageStrays = `-- name: coverage.Strays
SELECT b.id, ST_X(b.location), ST_Y(b.location) FROM building b
WHERE b.district = ANY($1) AND NOT EXISTS (SELECT 1 FROM building_grid bg WHERE bg.district = b.district AND bg.building_id = b.id AND (bg.during @> now()) IS TRUE)
ORDER BY b.id`
	coverageStraysIn = `-- name: coverage.StraysIn
WITH here AS MATERIALIZED (
	SELECT x.district, x.id, x.location FROM building x WHERE x.district = ANY($1) AND x.location && ST_MakeEnvelope($2, $3, $4, $5, 4490)
)
SELECT b.id, ST_X(b.location), ST_Y(b.location) FROM here b LEFT JOIN LATERAL (
	SELECT true AS given FROM building_grid bg WHERE bg.district = b.district AND bg.building_id = b.id AND (bg.during @> now()) IS TRUE LIMIT 1
) g ON true WHERE g.given IS NULL ORDER BY b.id`

	// Where two divisions of one level overlap, a building is the one's with the lower code.
	coverageUnassignedIn = `-- name: coverage.UnassignedIn
` + coverageUnassignedColumns + `FROM building b LEFT` + coverageNearest + `
WHERE b.district = ANY($2) AND b.id = ANY($4) AND ST_Covers($1::geometry, b.location) AND NOT EXISTS (
	SELECT 1 FROM division d JOIN division e ON e.level = d.level AND e.code < d.code AND e.boundary && b.location AND ST_Covers(e.boundary, b.location)
	WHERE d.id = $3
) ORDER BY b.code, b.id`

	// Within $3 metres of the grids of a community, nearer to them than to others', and in no division that has a boundary.
	coverageUnassignedNear = `-- name: coverage.UnassignedNear
` + coverageUnassignedColumns + `FROM building b` + coverageNearest + `
WHERE b.district = ANY($2) AND b.id = ANY($4) AND n.community_id = $1 AND n.m <= $3
  AND NOT EXISTS (SELECT 1 FROM division e WHERE e.boundary && b.location AND ST_Covers(e.boundary, b.location))
ORDER BY b.code, b.id`

	coverageUnstaffed = `-- name: coverage.Unstaffed
SELECT ` + coverageGridColumns + `,
	(SELECT count(*) FROM building_grid bg WHERE bg.district = g.district AND bg.grid_id = g.id AND (bg.during @> now()) IS TRUE),
	CASE WHEN EXISTS (
		SELECT 1 FROM grid h JOIN building_grid bg ON bg.district = h.district AND bg.grid_id = h.id AND (bg.during @> now()) IS TRUE
		JOIN unit x ON x.district = bg.district AND x.building_id = bg.building_id
		WHERE h.district = g.district AND h.community_id = g.community_id
	) OR EXISTS (
		SELECT 1 FROM grid h JOIN unit_grid ug ON ug.district = h.district AND ug.grid_id = h.id AND (ug.during @> now()) IS TRUE
		WHERE h.district = g.district AND h.community_id = g.community_id
	) THEN coalesce((
		SELECT sum(x.households) FROM building_grid bg JOIN unit_people x ON x.district = bg.district AND x.building_id = bg.building_id
		WHERE bg.district = g.district AND bg.grid_id = g.id AND (bg.during @> now()) IS TRUE
		  AND NOT EXISTS (SELECT 1 FROM unit_grid ug WHERE ug.district = x.district AND ug.unit_id = x.unit_id AND (ug.during @> now()) IS TRUE)), 0)
	+ coalesce((
		SELECT sum(x.households) FROM unit_grid ug JOIN unit_people x ON x.district = ug.district AND x.unit_id = ug.unit_id
		WHERE ug.district = g.district AND ug.grid_id = g.id AND (ug.during @> now()) IS TRUE), 0) END
FROM division d
JOIN grid g ON g.district = d.home AND g.community_id = d.id
JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND (b.during @> now()) IS TRUE
WHERE d.id = ANY($1) AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.district = g.district AND a.area_id = g.id AND a.post = 'GRID_WORKER'
	AND a.during @> $2::date)
ORDER BY g.code`
)

// reachM is how far from its grids a community without a boundary is asked for buildings of no grid, in metres.
const reachM = 300

// toGeoms gives areas as parameters; an empty one is an empty MultiPolygon.
func toGeoms(areas []orb.MultiPolygon) ([]geom.T, error) {
	out := make([]geom.T, len(areas))
	for i, a := range areas {
		g, err := shape.FromOrb(a, shape.SRID)
		if err != nil {
			return nil, err
		}
		out[i] = g
	}
	return out, nil
}

// area is toMultiPolygon where NULL is none.
func area(g geom.T) (orb.MultiPolygon, error) {
	if g == nil {
		return nil, nil
	}
	return toMultiPolygon(g)
}

func intoGrid(g *coverage.Grid, boundary *geom.T) []any {
	return []any{&g.Key.Home, &g.Key.ID, &g.CommunityID, &g.Code, &g.Dedicated, boundary}
}

func scanCoverageGrid(rows pgx.Rows, before ...any) (g coverage.Grid, err error) {
	var boundary geom.T
	if err = rows.Scan(append(before, intoGrid(&g, &boundary)...)...); err == nil {
		g.Boundary, err = area(boundary)
	}
	return g, err
}

// Boundaries implements coverage.Sources.
func (s *Coverage) Boundaries(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]orb.MultiPolygon, error) {
	return s.areasByID(ctx, actor, coverageBoundaries, divisions)
}

// GapsOf implements coverage.Sources.
func (s *Coverage) GapsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]orb.MultiPolygon, error) {
	return s.areasByID(ctx, actor, coverageGapsOf, divisions)
}

func (s *Coverage) areasByID(ctx context.Context, actor account.Actor, sql string, divisions []uuid.UUID) (map[uuid.UUID]orb.MultiPolygon, error) {
	out := map[uuid.UUID]orb.MultiPolygon{}
	err := s.each(ctx, actor, sql, []any{divisions}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var g geom.T
		err := rows.Scan(&id, &g)
		if err == nil {
			out[id], err = area(g)
		}
		return err
	})
	return out, err
}

// GridsIn implements coverage.Sources.
func (s *Coverage) GridsIn(ctx context.Context, actor account.Actor, communities []uuid.UUID) (out []coverage.Grid, err error) {
	err = s.each(ctx, actor, coverageGridsIn, []any{communities}, func(rows pgx.Rows) error {
		g, err := scanCoverageGrid(rows)
		out = append(out, g)
		return err
	})
	return out, err
}

// GridsAt implements coverage.Sources.
func (s *Coverage) GridsAt(ctx context.Context, actor account.Actor, areas []orb.MultiPolygon) ([][]coverage.Grid, error) {
	out := make([][]coverage.Grid, len(areas))
	args, err := s.withHomes(ctx, actor, areas)
	if err != nil {
		return nil, err
	}
	return out, s.each(ctx, actor, coverageGridsAt, args, func(rows pgx.Rows) error {
		var i int
		g, err := scanCoverageGrid(rows, &i)
		if err == nil {
			out[i-1] = append(out[i-1], g)
		}
		return err
	})
}

// withHomes are the arguments of a statement about areas in all districts.
func (s *Coverage) withHomes(ctx context.Context, actor account.Actor, areas []orb.MultiPolygon) ([]any, error) {
	shapes, err := toGeoms(areas)
	if err != nil {
		return nil, err
	}
	homes, err := s.everywhere(ctx, actor)
	return []any{shapes, homes}, err
}

// Foreign implements coverage.Sources.
func (s *Coverage) Foreign(ctx context.Context, actor account.Actor, communities []uuid.UUID) (out []coverage.Foreign, err error) {
	homes, err := s.homes(ctx, actor)
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, actor, coverageForeign, []any{communities, homes}, func(rows pgx.Rows) error {
		var f coverage.Foreign
		var a, b, shared geom.T
		err := rows.Scan(append(append(intoGrid(&f.A, &a), intoGrid(&f.B, &b)...), &shared)...)
		for _, x := range []struct {
			to *orb.MultiPolygon
			g  geom.T
		}{{&f.A.Boundary, a}, {&f.B.Boundary, b}, {&f.Shared, shared}} {
			if err == nil {
				*x.to, err = area(x.g)
			}
		}
		out = append(out, f)
		return err
	})
	return out, err
}

// Contents implements coverage.Sources.
func (s *Coverage) Contents(ctx context.Context, actor account.Actor, areas []orb.MultiPolygon) ([]coverage.Content, error) {
	out := make([]coverage.Content, len(areas))
	args, err := s.withHomes(ctx, actor, areas)
	if err != nil {
		return nil, err
	}
	return out, s.each(ctx, actor, coverageContents, args, func(rows pgx.Rows) error {
		var i int
		var c coverage.Content
		err := rows.Scan(&i, &c.Buildings, &c.Households, &c.Registered)
		if err == nil {
			out[i-1] = c
		}
		return err
	})
}

// Sizes implements coverage.Sources.
func (s *Coverage) Sizes(ctx context.Context, actor account.Actor, communities []uuid.UUID) (map[uuid.UUID]place.Stats, error) {
	out := map[uuid.UUID]place.Stats{}
	err := s.each(ctx, actor, coverageSizes, []any{communities}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var n place.Stats
		err := rows.Scan(&id, &n.Buildings, &n.Households, &n.Residents)
		out[id] = n
		return err
	})
	return out, err
}

// Registered implements coverage.Sources.
func (s *Coverage) Registered(ctx context.Context, actor account.Actor, communities []uuid.UUID) (map[uuid.UUID]bool, error) {
	out := map[uuid.UUID]bool{}
	err := s.each(ctx, actor, coverageRegistered, []any{communities}, func(rows pgx.Rows) error {
		var id uuid.UUID
		err := rows.Scan(&id)
		out[id] = true
		return err
	})
	return out, err
}

// Cut implements coverage.Sources.
func (s *Coverage) Cut(ctx context.Context, actor account.Actor, communities []uuid.UUID) (map[uuid.UUID][]coverage.Cut, error) {
	homes, err := s.everywhere(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID][]coverage.Cut{}
	err = s.each(ctx, actor, coverageCut, []any{communities, homes}, func(rows pgx.Rows) error {
		var community uuid.UUID
		var c coverage.Cut
		var g coverage.Grid
		var footprint, boundary, part geom.T
		before := []any{&community, &c.Building.Home, &c.Building.ID, &c.Own, &footprint, &c.Households}
		if err := rows.Scan(append(append(before, intoGrid(&g, &boundary)...), &part)...); err != nil {
			return err
		}
		list := out[community]
		if n := len(list); n == 0 || list[n-1].Building != c.Building {
			if c.Footprint, err = area(footprint); err != nil {
				return err
			}
			list = append(list, c)
			out[community] = list
		}
		last := &list[len(list)-1]
		p, err := area(part)
		last.Grids, last.Parts = append(last.Grids, g), append(last.Parts, p)
		return err
	})
	return out, err
}

// Strays implements coverage.Sources.
func (s *Coverage) Strays(ctx context.Context, actor account.Actor, box *orb.Bound) (out []coverage.Stray, err error) {
	homes, err := s.everywhere(ctx, actor)
	if err != nil {
		return nil, err
	}
	sql, args := coverageStrays, []any{homes}
	if box != nil {
		sql, args = coverageStraysIn, []any{homes, box.Left(), box.Bottom(), box.Right(), box.Top()}
	}
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var b coverage.Stray
		err := rows.Scan(&b.ID, &b.At[0], &b.At[1])
		out = append(out, b)
		return err
	})
	return out, err
}

// Unassigned implements coverage.Sources.
func (s *Coverage) Unassigned(ctx context.Context, actor account.Actor, community uuid.UUID, within orb.MultiPolygon, among []uuid.UUID) (out []coverage.Unassigned, err error) {
	homes, err := s.everywhere(ctx, actor)
	if err != nil {
		return nil, err
	}
	sql, args := coverageUnassignedNear, []any{community, homes, float64(reachM), among}
	if within != nil {
		shapes, err := toGeoms([]orb.MultiPolygon{within})
		if err != nil {
			return nil, err
		}
		sql, args = coverageUnassignedIn, []any{shapes[0], homes, community, among}
	}
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var u coverage.Unassigned
		var g geom.T
		var home *string
		var id *uuid.UUID
		var m *float64
		if err := rows.Scan(&u.Building.Home, &u.Building.ID, &g, &home, &id, &m, &u.Households); err != nil {
			return err
		}
		if home != nil {
			u.Nearest, u.DistanceM = &key.Key{Home: *home, ID: *id}, *m
		}
		u.Shape, err = shape.ToOrb(g)
		out = append(out, u)
		return err
	})
	return out, err
}

// Unstaffed implements coverage.Sources.
func (s *Coverage) Unstaffed(ctx context.Context, actor account.Actor, communities []uuid.UUID, day civil.Date) (out []coverage.Empty, err error) {
	err = s.each(ctx, actor, coverageUnstaffed, []any{communities, day.Time()}, func(rows pgx.Rows) error {
		var e coverage.Empty
		var boundary geom.T
		err := rows.Scan(append(intoGrid(&e.Grid, &boundary), &e.Buildings, &e.Households)...)
		if err == nil {
			e.Grid.Boundary, err = area(boundary)
		}
		out = append(out, e)
		return err
	})
	return out, err
}

// Policies implements coverage.Sources.
func (s *Coverage) Policies(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]place.SizePolicy, error) {
	return NewPlaces(s.DB).Policies(ctx, actor, divisions)
}
