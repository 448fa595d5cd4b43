package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/secret"
)

const (
	dataKeys = `-- name: key.All
SELECT k.id, k.home, k.category, k.cipher, k.ring_key, k.sealed, k.made, k.retired FROM data_key k ORDER BY k.made, k.id`

	dataKeyAdd = `-- name: key.Add
INSERT INTO data_key (id, home, category, cipher, ring_key, sealed, made) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (home, category) WHERE retired IS NULL DO NOTHING`

	dataKeyInUse = `-- name: key.InUse
SELECT k.id, k.home, k.category, k.cipher, k.ring_key, k.sealed, k.made, k.retired FROM data_key k
WHERE k.home = $1 AND k.category = $2 AND k.retired IS NULL ORDER BY k.id`

	// Sealed anew it is the same key: what it was sealed under before says that nobody did so meanwhile.
	dataKeyRewrap = `-- name: key.Rewrap
UPDATE data_key SET ring_key = $2, sealed = $3 WHERE id = $1 AND ring_key = $4`

	dataKeysRetire = `-- name: key.Retire
UPDATE data_key SET retired = greatest($1::timestamptz, made) WHERE retired IS NULL`

	dataKeyDrop = `-- name: key.Drop
DELETE FROM data_key WHERE id = $1 AND retired < $2`
)

// Secrets keeps data keys, as the keeper and in transactions of its own.
type Secrets struct{ *DB }

// NewSecrets returns the store of data keys.
func NewSecrets(d *DB) *Secrets { return &Secrets{d} }

func (s *Secrets) kept(ctx context.Context, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return s.As(s.Apart(ctx), account.TheKeeper(), fn)
}

func scanKey(rows pgx.Rows) (w secret.Wrapped, err error) {
	err = rows.Scan(&w.ID, &w.Home, &w.Category, &w.Cipher, &w.RingKey, &w.Sealed, &w.Made, &w.Retired)
	return w, err
}

// DataKeys implements secret.Store.
func (s *Secrets) DataKeys(ctx context.Context) (out []secret.Wrapped, err error) {
	err = s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		out = nil
		return eachRow(ctx, tx, dataKeys, nil, func(rows pgx.Rows) error {
			w, err := scanKey(rows)
			out = append(out, w)
			return err
		})
	})
	return out, err
}

// AddDataKey implements secret.Store.
func (s *Secrets) AddDataKey(ctx context.Context, w secret.Wrapped) (out secret.Wrapped, err error) {
	err = s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, dataKeyAdd, w.ID, w.Home, w.Category, w.Cipher, w.RingKey, w.Sealed, w.Made); err != nil {
			return err
		}
		return eachRow(ctx, tx, dataKeyInUse, []any{w.Home, w.Category}, func(rows pgx.Rows) (err error) {
			out, err = scanKey(rows)
			return err
		})
	})
	return out, err
}

// Rewrap implements secret.Rotation.
func (s *Secrets) Rewrap(ctx context.Context, from, to secret.Wrapped) error {
	return s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, dataKeyRewrap, to.ID, to.RingKey, to.Sealed, from.RingKey)
		return err
	})
}
