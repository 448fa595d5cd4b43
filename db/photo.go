package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
)

const (
	photoHold = `-- name: photo.Hold
UPDATE loose_photo SET since = now() WHERE name = ANY($1)`

	photoRemove = `-- name: photo.Remove
DELETE FROM loose_photo WHERE name = (SELECT l.name FROM loose_photo l WHERE l.name = $1 AND l.since = '-infinity' FOR UPDATE SKIP LOCKED)`
)

// HoldPhotos implements staff.Store.
func (s *Staff) HoldPhotos(ctx context.Context, actor account.Actor, names []string) error {
	return s.As(s.Apart(ctx), actor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, photoHold, names)
		return err
	})
}

// RemovePhoto implements staff.Store; the line is locked as in SweepPhoto.
func (s *Staff) RemovePhoto(ctx context.Context, actor account.Actor, name string, remove func() error) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, photoRemove, name)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return remove()
	})
}
