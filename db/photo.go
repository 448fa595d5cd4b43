package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
)

const photoHold = `-- name: photo.Hold
UPDATE loose_photo SET since = now() WHERE name = ANY($1)`

// HoldPhotos implements staff.Store.
func (s *Staff) HoldPhotos(ctx context.Context, actor account.Actor, names []string) error {
	return s.As(s.Apart(ctx), actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, photoHold, names)
		return err
	})
}
