package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

// Places stores divisions, estates, buildings, roads and size policies.
type Places struct{ *DB }

// NewPlaces returns the store of places.
func NewPlaces(d *DB) *Places { return &Places{d} }

var _ place.Store = (*Places)(nil)

// Every read of divisions has $1: whether the boundary is wanted.
const divisionColumns = `d.id, d.code, d.name, d.level, d.parent_id, d.home, coalesce(d.limit_east, ''),
	coalesce(d.limit_south, ''), coalesce(d.limit_west, ''), coalesce(d.limit_north, ''),
	coalesce(d.supervision_phone, ''), d.station_name, coalesce(d.station_address, ''), coalesce(d.station_hours, ''),
	coalesce(d.station_hours_en, ''), coalesce(d.station_phone, ''), d.night_phones, d.night_names, d.night_names_en, ST_XMin(d.boundary),
	ST_YMin(d.boundary), ST_XMax(d.boundary), ST_YMax(d.boundary), CASE WHEN $1::bool THEN d.boundary END, d.version,
	ARRAY(SELECT c.code FROM division_code c WHERE c.division_id = d.id AND c.code <> d.code ORDER BY c.since, c.code)`

const (
	divisionRoots = `-- name: division.Roots
SELECT ` + divisionColumns + ` FROM division d WHERE d.parent_id IS NULL ORDER BY d.code`

	divisionByCode = `-- name: division.ByCode
SELECT ` + divisionColumns + ` FROM division_code c JOIN division d ON d.id = c.division_id WHERE c.code = $2 ORDER BY d.id`

	divisionsByID = `-- name: division.ByID
SELECT ` + divisionColumns + ` FROM division d WHERE d.id = ANY($2) ORDER BY d.code`

	divisionChildren = `-- name: division.Children
SELECT ` + divisionColumns + ` FROM division d WHERE d.parent_id = ANY($2) ORDER BY d.code`

	divisionAncestors = `-- name: division.Ancestors
WITH RECURSIVE up AS (
	SELECT d.id AS start, d.parent_id, 0 AS height FROM division d WHERE d.id = ANY($2)
	UNION ALL
	SELECT up.start, d.parent_id, up.height + 1 FROM up JOIN division d ON d.id = up.parent_id WHERE up.height < 20
)
SELECT up.start, ` + divisionColumns + ` FROM up JOIN division d ON d.id = up.parent_id ORDER BY up.start, up.height DESC`

	// A border shared is a line, or an area where boundaries were drawn over one another; a corner is neither.
	divisionNeighbours = `-- name: division.Neighbours
SELECT me.id, ` + divisionColumns + ` FROM division me
JOIN division d ON d.boundary && me.boundary AND d.level = me.level AND d.id <> me.id
	AND ST_Intersects(d.boundary, me.boundary) AND ST_Dimension(ST_Intersection(d.boundary, me.boundary)) > 0
WHERE me.id = ANY($2) ORDER BY me.id, d.code`

	// $1 roots and $2 the divisions beneath each, in pairs; $3 the districts; $4 the instant.
	divisionGridsCounted = `-- name: division.GridsCounted
SELECT count(*) FROM (SELECT unnest($2::uuid[]) AS id) u
JOIN grid g ON g.district = ANY($3) AND g.community_id = u.id
JOIN grid_boundary b ON b.district = ANY($3) AND b.grid_id = g.id AND b.during @> $4::timestamptz
WHERE $1::uuid[] IS NOT NULL ORDER BY 1`

	divisionUncovered = `-- name: division.Uncovered
SELECT d.id, ST_Multi(ST_CollectionExtract(ST_Difference(d.boundary, coalesce(x.covered, ST_GeomFromText('MULTIPOLYGON EMPTY', 4490)), 1e-8), 3))
FROM division d
LEFT JOIN LATERAL (
	SELECT ST_Union(b.boundary, 1e-8) AS covered FROM unnest($1::uuid[], $2::uuid[]) AS u (root, division)
	JOIN grid g ON g.district = ANY($3) AND g.community_id = u.division
	JOIN grid_boundary b ON b.district = ANY($3) AND b.grid_id = g.id AND b.during @> $4::timestamptz
	WHERE u.root = d.id
) x ON true
WHERE d.id = ANY($1) AND d.boundary IS NOT NULL ORDER BY d.id`

	divisionsWithGrids = `-- name: division.WithGrids
SELECT ` + divisionColumns + ` FROM division d
WHERE d.id IN (SELECT g.community_id FROM grid g WHERE g.district = ANY($2)) ORDER BY d.code`

	divisionHomes = `-- name: division.Homes
SELECT DISTINCT d.home FROM division d ORDER BY d.home`

	// The divisions at and beneath each of $1, with their homes.
	divisionSubtrees = `-- name: division.Subtrees
WITH RECURSIVE down AS (
	SELECT d.id AS root, d.id, d.home, 0 AS depth FROM division d WHERE d.id = ANY($1)
	UNION ALL
	SELECT down.root, d.id, d.home, down.depth + 1 FROM down JOIN division d ON d.parent_id = down.id WHERE down.depth < 20
)
SELECT root, id, home FROM down ORDER BY root, id`
)

func scanDivision(rows pgx.Rows, before ...any) (place.Division, error) {
	var d place.Division
	var west, south, east, north *float64
	var boundary geom.T
	var c contactRow
	err := rows.Scan(append(before, &d.ID, &d.Code, &d.Name, &d.Level, &d.ParentID, &d.Home, &d.Limits.East,
		&d.Limits.South, &d.Limits.West, &d.Limits.North, &c.supervision, &c.station, &c.address, &c.hours, &c.hoursEnglish, &c.phone,
		&c.nightPhones, &c.nightNames, &c.nightNamesEnglish, &west, &south, &east, &north, &boundary, &d.Version, &d.FormerCodes)...)
	if west != nil {
		d.BBox = &place.Box{West: *west, South: *south, East: *east, North: *north}
	}
	d.Boundary, d.Contacts = multi(boundary), c.contacts()
	return d, err
}

func (s *Places) divisions(ctx context.Context, actor account.Actor, sql string, args ...any) ([]place.Division, error) {
	var out []place.Division
	err := s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		d, err := scanDivision(rows)
		out = append(out, d)
		return err
	})
	return out, err
}

// RootDivisions implements place.Store.
func (s *Places) RootDivisions(ctx context.Context, actor account.Actor, with place.Fields) ([]place.Division, error) {
	return s.divisions(ctx, actor, divisionRoots, with.Boundary)
}

// DivisionByCode implements place.Store.
func (s *Places) DivisionByCode(ctx context.Context, actor account.Actor, code string, with place.Fields) (place.Division, bool, error) {
	list, err := s.divisions(ctx, actor, divisionByCode, with.Boundary, code)
	if err != nil || len(list) == 0 {
		return place.Division{}, false, err
	}
	return list[0], true, nil
}

// DivisionsByID implements place.Store.
func (s *Places) DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error) {
	out := make(map[uuid.UUID]place.Division, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	list, err := s.divisions(ctx, actor, divisionsByID, with.Boundary, ids)
	for _, d := range list {
		out[d.ID] = d
	}
	return out, err
}

// Children implements place.Store.
func (s *Places) Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error) {
	out := make(map[uuid.UUID][]place.Division, len(parents))
	list, err := s.divisions(ctx, actor, divisionChildren, with.Boundary, parents)
	for _, d := range list {
		out[*d.ParentID] = append(out[*d.ParentID], d)
	}
	return out, err
}

// Ancestors implements place.Store: from the root down, without the division itself.
func (s *Places) Ancestors(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error) {
	out := make(map[uuid.UUID][]place.Division, len(ids))
	err := s.each(ctx, actor, divisionAncestors, []any{with.Boundary, ids}, func(rows pgx.Rows) error {
		var start uuid.UUID
		d, err := scanDivision(rows, &start)
		out[start] = append(out[start], d)
		return err
	})
	return out, err
}

// DivisionNeighbours implements place.Store.
func (s *Places) DivisionNeighbours(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error) {
	out := make(map[uuid.UUID][]place.Division, len(ids))
	err := s.each(ctx, actor, divisionNeighbours, []any{with.Boundary, ids}, func(rows pgx.Rows) error {
		var me uuid.UUID
		d, err := scanDivision(rows, &me)
		out[me] = append(out[me], d)
		return err
	})
	return out, err
}

// Uncovered implements place.Store. PostGIS computes on the snapping grid, which its rounding leaves by a last place.
func (s *Places) Uncovered(ctx context.Context, actor account.Actor, ids []uuid.UUID, at time.Time, mostGrids int) (map[uuid.UUID]*geom.MultiPolygon, error) {
	out := make(map[uuid.UUID]*geom.MultiPolygon, len(ids))
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		t, err := s.subtrees(ctx, actor, ids)
		if err != nil {
			return err
		}
		args := []any{t.roots, t.divisions, t.homes, at}
		err = s.each(ctx, actor, divisionGridsCounted, args, func(rows pgx.Rows) error {
			var n int
			if err := rows.Scan(&n); err != nil || n <= mostGrids {
				return err
			}
			return fault.New(fault.Limited, "", "division.manyGrids", "n", n, "max", mostGrids)
		})
		if err != nil {
			return err
		}
		return s.each(ctx, actor, divisionUncovered, args, func(rows pgx.Rows) error {
			var id uuid.UUID
			var left geom.T
			if err := rows.Scan(&id, &left); err != nil {
				return err
			}
			o, err := shape.ToOrb(left)
			if err != nil {
				return err
			}
			snapped, err := shape.FromOrb(shape.Snap(o), shape.SRID)
			out[id] = multi(snapped)
			return err
		})
	})
	return out, err
}

// DivisionsWithGrids implements place.Store.
func (s *Places) DivisionsWithGrids(ctx context.Context, actor account.Actor) ([]place.Division, error) {
	var out []place.Division
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		out, err = s.divisions(ctx, actor, divisionsWithGrids, false, homes)
		return err
	})
	return out, err
}

// homes returns the home keys of all districts.
func (d *DB) homes(ctx context.Context, actor account.Actor) ([]string, error) {
	homes := []string{}
	err := d.each(ctx, actor, divisionHomes, nil, func(rows pgx.Rows) error {
		var h string
		err := rows.Scan(&h)
		homes = append(homes, h)
		return err
	})
	return homes, err
}

// everywhere are the home keys under which anything can be kept: those of all districts, and that of what lies in none.
func (d *DB) everywhere(ctx context.Context, actor account.Actor) ([]string, error) {
	homes, err := d.homes(ctx, actor)
	return append(homes, key.Unplaced), err
}

// subtree is what lies at and beneath some divisions: pairs of a root and a division, and the districts' homes.
type subtree struct {
	roots, divisions []uuid.UUID
	homes            []string
}

func (d *DB) subtrees(ctx context.Context, actor account.Actor, roots []uuid.UUID) (subtree, error) {
	t := subtree{homes: []string{}}
	seen := map[string]bool{}
	err := d.each(ctx, actor, divisionSubtrees, []any{roots}, func(rows pgx.Rows) error {
		var root, id uuid.UUID
		var home string
		if err := rows.Scan(&root, &id, &home); err != nil {
			return err
		}
		t.roots, t.divisions = append(t.roots, root), append(t.divisions, id)
		if !seen[home] {
			seen[home] = true
			t.homes = append(t.homes, home)
		}
		return nil
	})
	return t, err
}

const (
	policiesByDivision = `-- name: policy.ByDivision
SELECT p.division_id, p.households_min, p.households_target, p.households_max, p.residents_min, p.residents_max,
	p.grids_min, p.grids_max, p.informants_min, p.informants_max, p.households_per_informant_min, p.households_per_informant_max, p.version
FROM size_policy p WHERE p.division_id = ANY($1) ORDER BY p.division_id`

	policyAdd = `-- name: policy.Add
INSERT INTO size_policy (division_id, households_min, households_target, households_max, residents_min, residents_max,
	grids_min, grids_max, informants_min, informants_max, households_per_informant_min, households_per_informant_max, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)
ON CONFLICT (division_id) DO NOTHING`

	policyChange = `-- name: policy.Change
UPDATE size_policy SET households_min = $2, households_target = $3, households_max = $4, residents_min = $5,
	residents_max = $6, grids_min = $7, grids_max = $8, informants_min = $9, informants_max = $10,
	households_per_informant_min = $11, households_per_informant_max = $12, version = version + 1
WHERE division_id = $1 AND version = $13`
)

// Policies implements place.Store.
func (s *Places) Policies(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID]place.SizePolicy, error) {
	out := map[uuid.UUID]place.SizePolicy{}
	err := s.each(ctx, actor, policiesByDivision, []any{ids}, func(rows pgx.Rows) error {
		var p place.SizePolicy
		err := rows.Scan(&p.DivisionID, &p.HouseholdsMin, &p.HouseholdsTarget, &p.HouseholdsMax, &p.ResidentsMin,
			&p.ResidentsMax, &p.GridsMin, &p.GridsMax, &p.InformantsMin, &p.InformantsMax, &p.HouseholdsPerInformantMin,
			&p.HouseholdsPerInformantMax, &p.Version)
		out[p.DivisionID] = p
		return err
	})
	return out, err
}

// SavePolicy implements place.Store. CONFLICT: p.Version is not the one stored (0: none yet).
func (s *Places) SavePolicy(ctx context.Context, actor account.Actor, p place.SizePolicy) (place.SizePolicy, error) {
	args := []any{p.DivisionID, p.HouseholdsMin, p.HouseholdsTarget, p.HouseholdsMax, p.ResidentsMin, p.ResidentsMax, p.GridsMin, p.GridsMax,
		p.InformantsMin, p.InformantsMax, p.HouseholdsPerInformantMin, p.HouseholdsPerInformantMax}
	sql := policyAdd
	if p.Version > 0 {
		sql, args = policyChange, append(args, p.Version)
	}
	err := s.arranging(ctx, actor, func(context.Context, pgx.Tx) ([]locks, error) { return []locks{theDivision(p.DivisionID)}, nil }, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.Conflict, "version", "conflict")
		}
		if err != nil {
			return err
		}
		return noteChange(ctx, tx, change{what: changedPolicy, coverage: []uuid.UUID{p.DivisionID}})
	})
	p.Version++
	return p, err
}
