package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
)

// What a change can be about, as the table change_log names it.
const (
	changedBoundaries = "boundaries"
	changedBuildings  = "buildings"
	changedHouseholds = "households"
	changedStaff      = "staff"
	changedPolicy     = "policy"
	changedOther      = "other" // no coverage depends on it; searching may
)

const (
	changeAppend = `-- name: change.Append
INSERT INTO change_log (n, at, what, division_ids) SELECT coalesce(max(c.n), 0) + 1, now(), $1, $2 FROM change_log c`

	changeNewest = `-- name: change.Newest
SELECT c.n FROM change_log c ORDER BY c.n DESC LIMIT 1`

	// The divisions that a file's shapes touch, old and new: the communities of the grids there, and the divisions whose own
	// boundary is there.
	changeTouched = `-- name: change.Touched
SELECT DISTINCT x.id FROM stage s CROSS JOIN LATERAL (
	SELECT g.community_id AS id FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id
	WHERE b.boundary && s.shape AND (b.during @> now() OR upper(b.during) = now())
	UNION ALL
	SELECT d.id FROM division d WHERE d.boundary && s.shape AND NOT EXISTS (SELECT 1 FROM division o WHERE o.parent_id = d.id)
	UNION ALL
	SELECT g.community_id FROM grid g WHERE g.district = s.known_home AND g.id = s.known
	UNION ALL
	SELECT d.id FROM division d WHERE d.id IN (s.known, s.id)
) x ORDER BY x.id`
)

// noteChange writes a line of the change log. It is the last thing that a transaction does: from here to its commit no
// other change is numbered, so that numbers appear in their order and without gaps.
func noteChange(ctx context.Context, tx pgx.Tx, what string, divisions []uuid.UUID) error {
	if divisions == nil {
		divisions = []uuid.UUID{}
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('wangge change'))"); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, changeAppend, what, divisions)
	return err
}

// Newest is the number of the last change; 0 where there was none. It is cheap, so that what is derived from the data can ask
// each time whether it is still of today.
func (d *DB) Newest(ctx context.Context, actor account.Actor) (n int64, err error) {
	err = d.each(ctx, actor, changeNewest, nil, func(rows pgx.Rows) error { return rows.Scan(&n) })
	return n, err
}

// changed notes what an import changed.
func (in *importing) changed(ctx context.Context, what string) error {
	touched, err := in.ids(ctx, changeTouched)
	if err != nil {
		return err
	}
	return noteChange(ctx, in.tx, what, touched)
}
