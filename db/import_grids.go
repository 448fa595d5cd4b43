package db

import (
	"context"
	"iter"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/place"
)

const (
	importCommunities = `-- name: import.Communities
UPDATE stage s SET community_id = d.id, home = d.home
FROM division_code c JOIN division d ON d.id = c.division_id WHERE c.code = s.community`

	importUnknownCommunities = `-- name: import.UnknownCommunities
SELECT DISTINCT s.community FROM stage s WHERE s.community IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM division_code c WHERE c.code = s.community) ORDER BY s.community`

	importMakeDivision = `-- name: import.MakeDivision
INSERT INTO division (id, code, name, level, parent_id, home)
SELECT $1, $2, $2, $3, p.id, CASE WHEN p.level IN ('DISTRICT', 'TOWN', 'COMMUNITY') THEN p.home ELSE $4 END
FROM (SELECT 1) one LEFT JOIN LATERAL (
	SELECT d.id, d.home, d.level FROM unnest($5::text[]) WITH ORDINALITY AS u (code, i)
	JOIN division_code c ON c.code = u.code JOIN division d ON d.id = c.division_id
	WHERE array_position($6::text[], d.level) < array_position($6::text[], $3) ORDER BY u.i LIMIT 1
) p ON true`

	importMakeDivisionCode = `-- name: import.MakeDivisionCode
INSERT INTO division_code (code, division_id, since) VALUES ($1, $2, now())`

	importNoCommunity = `-- name: import.NoCommunity
SELECT s.n, s.source, s.code, 'community', CASE WHEN s.community IS NULL
	THEN 'which division holds it is not said: name the property with --field community=PROPERTY, or the division of all with --division CODE'
	ELSE 'there is no division ' || s.community || '; import it first, or add --level COMMUNITY to make it here, without a boundary' END
FROM stage s WHERE s.community_id IS NULL ORDER BY s.n`

	importKnownGrids = `-- name: import.KnownGrids
UPDATE stage s SET known = c.grid_id, known_home = c.district, was_in = g.community_id
FROM grid_code c JOIN grid g ON g.district = c.district AND g.id = c.grid_id WHERE c.code = s.code`

	// As import.FormerDivisions.
	importFormerGrids = `-- name: import.FormerGrids
UPDATE stage s SET home = g.district, community_id = g.community_id FROM grid g
WHERE g.district = s.known_home AND g.id = s.known AND g.code <> s.code`

	importFormerGridCodes = `-- name: import.FormerGridCodes
SELECT s.source, s.code, g.code FROM stage s JOIN grid g ON g.district = s.known_home AND g.id = s.known AND g.code <> s.code ORDER BY s.n`

	importOtherDistrict = `-- name: import.OtherDistrict
SELECT s.n, s.source, s.code, 'community', 'the grid lies in another district already and cannot move between districts'
FROM stage s WHERE s.known IS NOT NULL AND s.known_home <> s.home ORDER BY s.n`

	importNewGroups = `-- name: import.NewGroups
INSERT INTO grid_group (district, id, community_id, name)
SELECT DISTINCT ON (s.home, s.community_id, s.in_group) s.home, s.group_id, s.community_id, s.in_group
FROM stage s WHERE s.in_group IS NOT NULL ORDER BY s.home, s.community_id, s.in_group, s.n
ON CONFLICT (district, community_id, name) DO NOTHING`

	importGroups = `-- name: import.Groups
UPDATE stage s SET group_id = p.id FROM grid_group p
WHERE p.district = s.home AND p.community_id = s.community_id AND p.name = s.in_group`

	importNewGrids = `-- name: import.NewGrids
INSERT INTO grid (district, id, code, name, kind, basis, community_id, group_id, limit_east, limit_south, limit_west, limit_north)
SELECT s.home, s.id, s.code, coalesce(s.name, s.code), coalesce(s.kind, 'COMPREHENSIVE'), s.basis, s.community_id, CASE WHEN s.in_group IS NOT NULL THEN s.group_id END,
	s.limit_east, s.limit_south, s.limit_west, s.limit_north
FROM stage s WHERE s.known IS NULL ORDER BY s.n`

	importNewGridCodes = `-- name: import.NewGridCodes
INSERT INTO grid_code (code, district, grid_id, since) SELECT s.code, s.home, s.id, now() FROM stage s WHERE s.known IS NULL ORDER BY s.n`

	importChangedGrids = `-- name: import.ChangedGrids
UPDATE grid g SET name = coalesce(s.name, g.name), kind = coalesce(s.kind, g.kind), basis = coalesce(s.basis, g.basis), community_id = s.community_id,
	group_id = CASE WHEN s.in_group IS NOT NULL THEN s.group_id ELSE g.group_id END,
	limit_east = coalesce(s.limit_east, g.limit_east), limit_south = coalesce(s.limit_south, g.limit_south),
	limit_west = coalesce(s.limit_west, g.limit_west), limit_north = coalesce(s.limit_north, g.limit_north),
	version = g.version + 1
FROM stage s WHERE g.district = s.home AND g.id = s.known`

	// The same boundary again is no new version of it.
	importSameBoundary = `-- name: import.SameBoundary
UPDATE stage s SET shape = NULL FROM grid_boundary b
WHERE b.district = s.home AND b.grid_id = s.known AND b.during @> now() AND ST_OrderingEquals(b.boundary, ST_Multi(s.shape))`

	importEndBoundaries = `-- name: import.EndBoundaries
UPDATE grid_boundary b SET during = tstzrange(lower(b.during), now(), '[)')
FROM stage s WHERE b.district = s.home AND b.grid_id = s.known AND s.shape IS NOT NULL AND b.during @> now() AND lower(b.during) < now()`

	importNewBoundaries = `-- name: import.NewBoundaries
INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point)
SELECT s.home, gen_random_uuid(), coalesce(s.known, s.id), tstzrange(now(), NULL, '[)'), ST_Multi(s.shape),
	CASE WHEN ST_Covers(s.shape, c.center) THEN c.center ELSE ST_PointOnSurface(s.shape) END
FROM stage s CROSS JOIN LATERAL (SELECT (ST_MaximumInscribedCircle(s.shape)).center) c
WHERE s.shape IS NOT NULL ORDER BY s.n`

	// Who holds the post today, of whom there is one at most. $1: the day. As for coverage: so written, the conditions are none for
	// the GiST index of the EXCLUDE, which takes a millisecond to probe.
	importHolders = `-- name: import.Holders
UPDATE stage s SET term_now = a.id, worker_now = a.worker_id FROM assignment a
WHERE s.worker IS NOT NULL AND a.district = s.home AND a.area_id = s.known AND (a.post = 'GRID_WORKER' AND a.cover = 'A' AND a.during @> $1::date) IS TRUE`

	importNewPhones = `-- name: import.NewPhones
UPDATE worker w SET work_phone = x.work_phone, version = w.version + 1 FROM (
	SELECT DISTINCT ON (s.home, s.worker_now, s.worker) s.home, s.worker_now, s.worker, s.work_phone FROM stage s
	WHERE s.worker_now IS NOT NULL AND s.work_phone IS NOT NULL ORDER BY s.home, s.worker_now, s.worker, s.n DESC
) x WHERE w.district = x.home AND w.id = x.worker_now AND w.name = x.worker AND w.work_phone IS DISTINCT FROM x.work_phone`

	// Who holds the post already is nobody new.
	importSameHolders = `-- name: import.SameHolders
UPDATE stage s SET worker = NULL FROM worker w WHERE w.district = s.home AND w.id = s.worker_now AND w.name = s.worker`

	importEndTerms = `-- name: import.EndTerms
UPDATE assignment a SET during = daterange(lower(a.during), $1::date, '[)')
FROM stage s WHERE a.district = s.home AND a.id = s.term_now AND s.worker IS NOT NULL AND lower(a.during) < $1::date`

	// Who came today and leaves today never held the post.
	importDropTerms = `-- name: import.DropTerms
DELETE FROM assignment a USING stage s WHERE a.district = s.home AND a.id = s.term_now AND s.worker IS NOT NULL AND lower(a.during) = $1::date`

	importSameWorkers = `-- name: import.SameWorkers
UPDATE stage u SET worker_id = x.id FROM (
	SELECT DISTINCT ON (s.n) s.n, coalesce(w.id, first_value(s.worker_id) OVER (PARTITION BY s.home, s.worker, s.work_phone ORDER BY s.n)) AS id
	FROM stage s LEFT JOIN worker w ON w.district = s.home AND w.name = s.worker AND w.work_phone IS NOT DISTINCT FROM s.work_phone
	WHERE s.worker IS NOT NULL ORDER BY s.n, w.id
) x WHERE x.n = u.n`

	importNewWorkers = `-- name: import.NewWorkers
INSERT INTO worker (district, id, name, work_phone) SELECT s.home, s.worker_id, s.worker, s.work_phone FROM stage s
WHERE s.worker IS NOT NULL ORDER BY s.n ON CONFLICT (district, id) DO NOTHING`

	// What the file changes of what servers hold in memory; one more than a line of the change log names is enough.
	importCommunitiesOf = `-- name: import.CommunitiesOf
SELECT DISTINCT x.id FROM (
	SELECT s.community_id AS id FROM stage s
	UNION ALL
	SELECT s.was_in FROM stage s WHERE s.was_in IS NOT NULL
) x ORDER BY x.id LIMIT 1001`

	importWorkersOf = `-- name: import.WorkersOf
SELECT DISTINCT x.id FROM (
	SELECT s.worker_id AS id FROM stage s WHERE s.worker_id IS NOT NULL
	UNION ALL
	SELECT s.worker_now FROM stage s WHERE s.worker_now IS NOT NULL
) x ORDER BY x.id LIMIT 1001`

	// Where somebody is to follow, until then.
	importNewTerms = `-- name: import.NewTerms
INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id)
SELECT s.home, s.term_id, s.worker_id, 'GRID_WORKER', 'A', daterange($1::date, (SELECT min(lower(a.during)) FROM assignment a
	WHERE a.district = s.home AND a.area_id = s.known AND (a.post = 'GRID_WORKER' AND a.cover = 'A' AND lower(a.during) > $1::date) IS TRUE), '[)'), coalesce(s.known, s.id)
FROM stage s WHERE s.worker IS NOT NULL ORDER BY s.n`
)

// ImportGrids implements grid.Store.
func (s *Grids) ImportGrids(ctx context.Context, actor account.Actor, rows iter.Seq2[grid.Row, error], o grid.ImportOptions) (place.Report, error) {
	return s.importFile(ctx, actor, o.ImportOptions, changedBoundaries, func(ctx context.Context, in *importing) error {
		columns := []string{"kind", "basis", "community", "in_group", "group_id", "worker", "work_phone", "worker_id", "term_id", "limit_east", "limit_south", "limit_west", "limit_north"}
		ok, err := read(ctx, in, rows, func(r *grid.Row) *place.Row { return &r.Row }, columns, func(r *grid.Row) []any {
			var worker, term *uuid.UUID
			if r.Worker != "" {
				ids := [2]uuid.UUID{o.IDs.NewID(), o.IDs.NewID()}
				worker, term = &ids[0], &ids[1]
			}
			return []any{orNull(string(r.Kind)), orNull(r.Basis), orNull(grid.CommunityOf(*r, o)), orNull(r.Group), o.IDs.NewID(),
				orNull(r.Worker), orNull(r.WorkPhone), worker, term, orNull(r.Limits.East), orNull(r.Limits.South), orNull(r.Limits.West), orNull(r.Limits.North)}
		}, polygons, "a Polygon or MultiPolygon", mergeParts)
		if !ok || err != nil {
			return err
		}
		if err := in.makeCommunities(ctx, o); err != nil {
			return err
		}
		if err := in.run(ctx, importCommunities, importKnownGrids, importFormerGrids); err != nil {
			return err
		}
		if err := in.noteFormer(ctx, importFormerGridCodes); err != nil {
			return err
		}
		for _, sql := range []string{importNoCommunity, importOtherDistrict, importSameThing} {
			if err := in.refuseWhere(ctx, sql); err != nil {
				return err
			}
		}
		if in.report.Refused > 0 {
			return nil
		}
		if err := in.shareVertices(ctx); err != nil {
			return err
		}
		if err := in.run(ctx, importNewGroups, importGroups); err != nil {
			return err
		}
		if in.report.Added, err = in.exec(ctx, importNewGrids); err != nil {
			return err
		}
		if in.report.Updated, err = in.exec(ctx, importChangedGrids); err != nil {
			return err
		}
		if err := in.run(ctx, importNewGridCodes, importSameBoundary, importEndBoundaries, importNewBoundaries); err != nil {
			return err
		}
		if err := in.importWorkers(ctx, o.Day); err != nil {
			return err
		}
		for sql, to := range map[string]*touched{importCommunitiesOf: &in.gridsOf, importWorkersOf: &in.workers} {
			ids, err := idsOf(ctx, in.tx, sql)
			if err != nil {
				return err
			}
			to.add(ids...)
		}
		return in.placeAll(ctx)
	})
}

// makeCommunities makes the divisions that the file's grids lie in and nobody knows yet, without a boundary and with their
// code for a name, where o says their level.
func (in *importing) makeCommunities(ctx context.Context, o grid.ImportOptions) error {
	if o.Level == "" {
		return nil
	}
	var unknown []string
	err := in.each(ctx, importUnknownCommunities, nil, func(rows pgx.Rows) error {
		var code string
		err := rows.Scan(&code)
		unknown = append(unknown, code)
		return err
	})
	if err != nil {
		return err
	}
	for _, code := range unknown {
		id := o.IDs.NewID()
		if _, err := in.exec(ctx, importMakeDivision, id, code, o.Level, o.IDs.NewHome(), place.ParentCodes(code), place.Levels); err != nil {
			return err
		}
		if _, err := in.exec(ctx, importMakeDivisionCode, code, id); err != nil {
			return err
		}
		in.divisions.add(id)
		in.report.Notes = append(in.report.Notes, place.Note{Kind: place.Made, Source: "--level", Code: code, Field: "community",
			Reason: "the division was unknown; it was made without a boundary, with its code for a name"})
	}
	return nil
}

// importWorkers puts the workers that the file names in office from day. One who holds the post already stays, and gets the
// phone that the file has; another one's time ends. A person of the same name and phone in the district is the same person.
func (in *importing) importWorkers(ctx context.Context, day civil.Date) error {
	if _, err := in.exec(ctx, importHolders, day.Time()); err != nil {
		return err
	}
	if err := in.run(ctx, importNewPhones, importSameHolders); err != nil {
		return err
	}
	if _, err := in.all(ctx, []string{importEndTerms, importDropTerms}, day.Time()); err != nil {
		return err
	}
	if err := in.run(ctx, importSameWorkers, importNewWorkers); err != nil {
		return err
	}
	_, err := in.exec(ctx, importNewTerms, day.Time())
	return err
}
