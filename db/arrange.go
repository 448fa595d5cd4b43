package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// Staff write nothing of what everybody may know. Who arranges something there locks the grids or divisions that it concerns, which policies let them do where
// their right holds, and the server writes it. So each row that decides says itself where it lies.
const (
	arrangeGrids = `-- name: arrange.Grids
SELECT g.id FROM grid g WHERE g.district = ANY($1) AND g.id = ANY($2) ORDER BY g.id FOR SHARE`

	arrangeDivision = `-- name: arrange.Division
SELECT d.id FROM division d WHERE d.id = $1 ORDER BY d.id FOR NO KEY UPDATE`

	// The district of what lies in no grid.
	arrangeDistrict = `-- name: arrange.District
SELECT d.id FROM division d WHERE d.home = $1 AND d.level = 'DISTRICT' ORDER BY d.id FOR SHARE`
)

// locks is what an actor has to lock before something is written for them: how many rows, by which statement.
type locks struct {
	sql  string
	args []any
	n    int
}

func theDivision(id uuid.UUID) locks { return locks{arrangeDivision, []any{id}, 1} }

func theDistrict(home string) locks { return locks{arrangeDistrict, []any{home}, 1} }

// theGrids are grids by their ids, each once or more.
func theGrids(homes []string, ids []uuid.UUID) locks {
	different := map[uuid.UUID]bool{}
	for _, id := range ids {
		different[id] = true
	}
	return locks{arrangeGrids, []any{homes, ids}, len(different)}
}

// arranging runs write in a transaction as the server, for an actor who arranges what of says. FORBIDDEN: who does not, or no more. Operators arrange everything.
func (d *DB) arranging(ctx context.Context, actor account.Actor, of func(ctx context.Context, tx pgx.Tx) ([]locks, error), write func(ctx context.Context, tx pgx.Tx) error) error {
	return d.as(ctx, actor, "BEGIN", func(ctx context.Context, open *openTx) error {
		if err := open.start(ctx); err != nil {
			return err
		}
		needed, err := of(ctx, open.tx)
		if err != nil {
			return err
		}
		if actor.Role == account.Operator {
			return write(ctx, open.tx)
		}
		for _, l := range needed {
			locked, err := idsOf(ctx, open.tx, l.sql, l.args...)
			if err != nil {
				return err
			}
			if len(locked) < l.n {
				return fault.New(fault.Forbidden, "", "beyond")
			}
		}
		return open.acting(ctx, account.TheCounter(), func(ctx context.Context, open *openTx) error { return write(ctx, open.tx) })
	})
}
