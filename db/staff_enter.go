package db

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/portrait"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// A city has ten thousand grids and several workers in each: they wait in a stage, as the rows of an import do.
const staffStage = `-- name: staff.Stage
CREATE TEMPORARY TABLE entry (
	n integer PRIMARY KEY, id uuid NOT NULL, division text NOT NULL, name text NOT NULL, work_phone text, duties text[] NOT NULL,
	photo text, division_id uuid, home text, fresh boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE term (
	n integer NOT NULL, id uuid NOT NULL, post text NOT NULL, cover text NOT NULL, kind text NOT NULL, code text NOT NULL, in_group text NOT NULL,
	begins date NOT NULL, ends date, home text, area_id uuid
) ON COMMIT DROP`

const (
	staffHomes = `-- name: staff.Homes
UPDATE entry e SET division_id = d.id, home = d.home, fresh = NOT EXISTS (SELECT 1 FROM worker w WHERE w.district = d.home AND w.id = e.id)
FROM division_code c JOIN division d ON d.id = c.division_id WHERE c.code = e.division`

	staffOldTerms = `-- name: staff.OldTerms
DELETE FROM term t USING entry e WHERE e.n = t.n AND NOT e.fresh`

	staffAreas = `-- name: staff.Areas
UPDATE term t SET home = x.home, area_id = x.id FROM (
	SELECT t.id AS term, e.home, c.grid_id AS id FROM term t JOIN entry e ON e.n = t.n
	JOIN grid_code c ON c.code = t.code AND c.district = e.home WHERE t.kind = 'grid'
	UNION ALL
	SELECT t.id, e.home, d.id FROM term t JOIN entry e ON e.n = t.n
	JOIN division_code c ON c.code = t.code JOIN division d ON d.id = c.division_id AND d.home = e.home WHERE t.kind = 'division'
	UNION ALL
	SELECT t.id, e.home, p.id FROM term t JOIN entry e ON e.n = t.n JOIN division_code c ON c.code = t.code
	JOIN grid_group p ON p.district = e.home AND p.community_id = c.division_id AND p.name = t.in_group WHERE t.kind = 'group'
	UNION ALL
	SELECT t.id, e.home, b.id FROM term t JOIN entry e ON e.n = t.n
	JOIN building b ON b.district = e.home AND b.code = t.code WHERE t.kind = 'building'
) x WHERE x.term = t.id`

	staffUnknown = `-- name: staff.Unknown
SELECT x.kind, x.code FROM (
	SELECT e.n, 'division' AS kind, e.division AS code FROM entry e WHERE e.home IS NULL
	UNION ALL
	SELECT t.n, t.kind, concat_ws('/', t.code, nullif(t.in_group, '')) FROM term t WHERE t.area_id IS NULL
) x ORDER BY x.n LIMIT 1`

	staffNewWorkers = `-- name: staff.NewWorkers
INSERT INTO worker (district, id, name, work_phone, duties)
SELECT e.home, e.id, e.name, e.work_phone, e.duties FROM entry e WHERE e.fresh ORDER BY e.n`

	staffNewPhotos = `-- name: staff.NewPhotos
INSERT INTO worker_photo (district, worker_id, media_type, name)
SELECT e.home, e.id, $1, e.photo FROM entry e WHERE e.fresh AND e.photo IS NOT NULL ORDER BY e.n`

	staffPhotosTaken = `-- name: staff.PhotosTaken
DELETE FROM loose_photo l USING entry e WHERE e.fresh AND l.name = e.photo`

	staffNewAssignments = `-- name: staff.NewAssignments
INSERT INTO assignment (district, id, worker_id, post, cover, during, division_id, group_id, grid_id, building_id)
SELECT t.home, t.id, e.id, t.post, t.cover, daterange(t.begins, t.ends, '[)'), CASE WHEN t.kind = 'division' THEN t.area_id END,
	CASE WHEN t.kind = 'group' THEN t.area_id END, CASE WHEN t.kind = 'grid' THEN t.area_id END, CASE WHEN t.kind = 'building' THEN t.area_id END
FROM term t JOIN entry e ON e.n = t.n ORDER BY t.n, t.id`

	// One more than a line of the change log names is enough.
	staffFresh = `-- name: staff.Fresh
SELECT e.id FROM entry e WHERE e.fresh ORDER BY e.id LIMIT 1001`

	staffEntered = `-- name: staff.Entered
SELECT DISTINCT x.id FROM (
	SELECT e.division_id AS id FROM entry e WHERE e.fresh
	UNION ALL
	SELECT coalesce(p.community_id, g.community_id, t.area_id) FROM term t
	LEFT JOIN grid_group p ON t.kind = 'group' AND p.district = t.home AND p.id = t.area_id
	LEFT JOIN building_grid bg ON t.kind = 'building' AND bg.district = t.home AND bg.building_id = t.area_id AND upper_inf(bg.during)
	LEFT JOIN grid g ON g.district = t.home AND g.id = CASE t.kind WHEN 'grid' THEN t.area_id WHEN 'building' THEN bg.grid_id END
	WHERE t.kind <> 'building' OR g.id IS NOT NULL
) x ORDER BY x.id`
)

// EnterWorkers implements staff.Store.
func (s *Staff) EnterWorkers(ctx context.Context, actor account.Actor, entries []staff.Entry) (added int, err error) {
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		in := &importing{tx: tx}
		if err := in.run(ctx, "SET LOCAL statement_timeout = 0", staffStage); err != nil {
			return err
		}
		if err := in.copyEntries(ctx, entries); err != nil {
			return err
		}
		if err := in.run(ctx, "ANALYZE entry", staffHomes, staffOldTerms, "ANALYZE term", staffAreas); err != nil {
			return err
		}
		err := in.each(ctx, staffUnknown, nil, func(rows pgx.Rows) error {
			var kind, name string
			if err := rows.Scan(&kind, &name); err != nil {
				return err
			}
			return fault.New(fault.NotFound, "area", "staff.area", "kind", kind, "name", name)
		})
		if err != nil {
			return err
		}
		if added, err = in.exec(ctx, staffNewWorkers); err != nil || added == 0 {
			return err
		}
		photos, err := in.exec(ctx, staffNewPhotos, portrait.MediaType)
		if err != nil {
			return err
		}
		if taken, err := in.exec(ctx, staffPhotosTaken); err != nil || taken != photos {
			return cmp.Or(err, errSwept)
		}
		if err := in.run(ctx, staffNewAssignments); err != nil {
			return err
		}
		entered, err := idsOf(ctx, tx, staffFresh)
		if err != nil {
			return err
		}
		return noteTouched(ctx, tx, change{what: changedStaff, workers: these(entered...)}, staffEntered)
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// copyEntries copies workers and their terms into their stages.
func (in *importing) copyEntries(ctx context.Context, entries []staff.Entry) error {
	var terms [][]any
	columns := []string{"n", "id", "division", "name", "work_phone", "duties", "photo"}
	_, err := in.tx.CopyFrom(ctx, pgx.Identifier{"entry"}, columns, pgx.CopyFromSlice(len(entries), func(n int) ([]any, error) {
		e := &entries[n]
		for _, t := range e.Terms {
			code, group := t.AreaName, ""
			if t.AreaKind == staff.AreaGroup {
				code, group, _ = strings.Cut(t.AreaName, "/")
			}
			var ends *time.Time
			if t.Until != nil {
				u := t.Until.Time()
				ends = &u
			}
			terms = append(terms, []any{n, t.ID, string(t.Post), string(t.Cover), string(t.AreaKind), code, group, t.From.Time(), ends})
		}
		duties := e.Duties
		if duties == nil {
			duties = []string{}
		}
		return []any{n, e.ID, e.Division, strings.TrimSpace(e.Name), orNull(e.WorkPhone), duties, orNull(e.PhotoName)}, nil
	}))
	if err != nil {
		return err
	}
	_, err = in.tx.CopyFrom(ctx, pgx.Identifier{"term"}, []string{"n", "id", "post", "cover", "kind", "code", "in_group", "begins", "ends"}, pgx.CopyFromRows(terms))
	return err
}
