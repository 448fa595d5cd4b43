package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/key"
)

const coverageGridsWith = `-- name: coverage.GridsWith
SELECT DISTINCT k.grid FROM coverage_problem p CROSS JOIN LATERAL unnest(p.grid_keys) AS k (grid)
WHERE p.kind = $1 ORDER BY k.grid`

// GridsWith implements coverage.Store.
func (s *Coverage) GridsWith(ctx context.Context, actor account.Actor, kind coverage.Kind) ([]key.Key, error) {
	out := []key.Key{}
	err := s.each(ctx, actor, coverageGridsWith, []any{kind}, func(rows pgx.Rows) error {
		var text string
		err := rows.Scan(&text)
		if k, ok := key.Parse(text); ok {
			out = append(out, k)
		}
		return err
	})
	return out, err
}
