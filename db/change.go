package db

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/live"
)

// What a change can be about, as the table change_log names it.
const (
	changedBoundaries = "boundaries"
	changedBuildings  = "buildings"
	changedHouseholds = "households"
	changedStaff      = "staff"
	changedPolicy     = "policy"
	changedRefs       = "refs"
	changedContacts   = "contacts"
	changedBoards     = "boards" // which were printed
	changedOther      = "other"  // no coverage depends on it; searching does, as on boundaries and buildings
)

const (
	changeAppend = `-- name: change.Append
INSERT INTO change_log (n, at, what, division_ids, grids_of, divisions, workers, buildings_at, roads_at, land_at)
SELECT coalesce(max(c.n), 0) + 1, now(), $1, $2, $3, $4, $5, $6, $7, $8 FROM change_log c RETURNING n, at`

	// Its own statement: Citus would not plan it within another. Who listens is told at commit.
	changeTell = `-- name: change.Tell
SELECT pg_notify('wangge_change', $1::bigint::text) FROM (SELECT 1 AS one) o ORDER BY o.one`

	changeNewest = `-- name: change.Newest
SELECT c.n FROM change_log c ORDER BY c.n DESC LIMIT 1`

	// The divisions whose coverage a file's rows touch: the communities of the grids that meet their shapes, old and new, and
	// those that the grids were in before; the lowest divisions there; those that found something wrong with a building; and
	// the divisions that the file is of. Where a spot lies in no community, the smallest division around it, and
	// where in none at all, the communities of the grids within reach (reachM).
	changeTouched = `-- name: change.Touched
WITH shapes AS (
	SELECT s.shape FROM stage s WHERE s.shape IS NOT NULL
	UNION ALL
	SELECT o.boundary FROM stage s JOIN grid_boundary o ON o.district = s.known_home AND o.grid_id = s.known AND upper(o.during) = now()
)
SELECT DISTINCT x.id FROM (
	SELECT g.community_id AS id FROM shapes s JOIN grid_boundary b ON b.boundary && s.shape AND (b.during @> now() OR upper(b.during) = now())
	JOIN grid g ON g.district = b.district AND g.id = b.grid_id
	UNION ALL
	SELECT d.id FROM shapes s JOIN division d ON d.boundary && s.shape AND NOT EXISTS (SELECT 1 FROM division o WHERE o.parent_id = d.id)
	UNION ALL
	SELECT i.id FROM shapes s CROSS JOIN LATERAL (
		SELECT d.id FROM division d WHERE d.boundary && s.shape AND ST_Intersects(d.boundary, s.shape)
		ORDER BY array_position(ARRAY['COMMUNITY', 'TOWN', 'DISTRICT', 'CITY', 'PROVINCE'], d.level), d.code LIMIT 1
	) i
	UNION ALL
	SELECT g.community_id FROM shapes s JOIN grid_boundary b ON b.boundary && ST_Expand(s.shape, 0.006) AND b.during @> now()
	JOIN grid g ON g.district = b.district AND g.id = b.grid_id WHERE NOT EXISTS (SELECT 1 FROM division d WHERE d.boundary && s.shape)
	UNION ALL
	SELECT g.community_id FROM stage s JOIN grid g ON g.district = s.known_home AND g.id = s.known
	UNION ALL
	SELECT g.community_id FROM stage s JOIN grid g ON g.district = s.home AND g.id = s.id
	UNION ALL
	SELECT s.was_in FROM stage s WHERE s.was_in IS NOT NULL
	UNION ALL
	SELECT q.found_by FROM stage s JOIN coverage_problem q ON q.building_key = s.known_home || '-' || replace(s.known::text, '-', '')
	UNION ALL
	SELECT d.id FROM stage s JOIN division d ON d.id IN (s.known, s.id)
) x ORDER BY x.id`
)

// change is a line of the change log.
type change struct {
	what     string
	coverage []uuid.UUID // divisions whose coverage is to be looked at again; where there are none, none is

	// What servers hold in memory and have to read anew; nothing where empty.
	gridsOf   touched // the communities of grids and groups
	divisions touched
	workers   touched

	drawn drawn // and where tiles of what they do not hold in memory are no more what they were
}

// touched are some things of a kind, or where they cannot be told, any.
type touched struct {
	ids []uuid.UUID
	any bool
}

// mostTouched is how many things a line names; where there are more, reading all of them takes no longer.
const mostTouched = 1_000

func these(ids ...uuid.UUID) touched { return touched{ids: ids} }

func (t *touched) add(ids ...uuid.UUID) {
	for _, id := range ids {
		if !slices.Contains(t.ids, id) && len(t.ids) <= mostTouched {
			t.ids = append(t.ids, id)
		}
	}
}

// list is what the table keeps: NULL for any.
func (t touched) list() []uuid.UUID {
	if t.any || len(t.ids) > mostTouched {
		return nil
	}
	return append([]uuid.UUID{}, t.ids...)
}

// noteChange writes a line of the change log. It is the last thing that a transaction does: from here to its commit no
// other change is numbered, so that numbers appear in their order and without gaps. ctx is the transaction's.
//
// The log is the server's to write, for whoever changes something.
func noteChange(ctx context.Context, tx pgx.Tx, c change) error {
	open, ok := ctx.Value(txKey{}).(*openTx)
	if ok && open.actor.Role != account.Operator && open.actor.Role != account.Counter {
		return open.acting(ctx, account.TheCounter(), func(ctx context.Context, _ *openTx) error { return noteChange(ctx, tx, c) })
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('wangge change'))"); err != nil {
		return err
	}
	var noted live.Mark
	coverage := append([]uuid.UUID{}, c.coverage...) // never NULL
	err := tx.QueryRow(ctx, changeAppend, c.what, coverage, c.gridsOf.list(), c.divisions.list(), c.workers.list(),
		c.drawn.list(layerBuildings), c.drawn.list(layerRoads), c.drawn.list(layerLand)).Scan(&noted.N, &noted.At)
	if err != nil {
		return err
	}
	if ok {
		open.noted = noted
		if open.d.Memory != nil {
			open.d.Memory.Wrote(open.Context)
		}
	}
	_, err = tx.Exec(ctx, changeTell, noted.N)
	return err
}

// noteTouched is noteChange for the coverage of the divisions that sql answers.
func noteTouched(ctx context.Context, tx pgx.Tx, c change, sql string, args ...any) (err error) {
	if c.coverage, err = idsOf(ctx, tx, sql, args...); err != nil {
		return err
	}
	return noteChange(ctx, tx, c)
}

// Newest is the number of the last change; 0 where there was none. It is cheap, so that what is derived from the data can ask
// each time whether it is still of today.
func (d *DB) Newest(ctx context.Context, actor account.Actor) (n int64, err error) {
	err = d.each(ctx, actor, changeNewest, nil, func(rows pgx.Rows) error { return rows.Scan(&n) })
	return n, err
}

// changed notes what an import changed.
func (in *importing) changed(ctx context.Context, what string) error {
	return noteTouched(ctx, in.tx, change{what: what, gridsOf: in.gridsOf, divisions: in.divisions, workers: in.workers, drawn: in.drawn}, changeTouched)
}
