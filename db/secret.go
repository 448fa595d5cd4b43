package db

import (
	"context"
	"time"

	"github.com/google/uuid"
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

	// Only where it is still sealed as we read it, so that two who turn keys at once do not overwrite each other.
	dataKeyRewrap = `-- name: key.Rewrap
UPDATE data_key SET ring_key = $2, sealed = $3 WHERE id = $1 AND ring_key = $4`

	dataKeysRetire = `-- name: key.Retire
UPDATE data_key SET retired = greatest($1::timestamptz, made) WHERE retired IS NULL`

	dataKeyDrop = `-- name: key.Drop
DELETE FROM data_key WHERE id = $1 AND retired < $2`

	// Who takes in a list of a district's residents has the lock (lockNumbers) until it is committed.
	tryNumbers = "SELECT pg_try_advisory_xact_lock(hashtext('wangge numbers'), hashtext($1))"
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

// resealed is how many rows one transaction seals anew: who writes one of them waits for it.
const resealed = 500

// Reseal implements secret.Rotation. Tables and columns are ours, never typed.
func (s *Secrets) Reseal(ctx context.Context, of secret.Column, under []uuid.UUID, after secret.Row, anew func(secret.Row) (secret.Row, error)) (last secret.Row, n int, more bool, err error) {
	table, column := pgx.Identifier{of.Table}.Sanitize(), pgx.Identifier{of.Column}.Sanitize()
	heads := make([][]byte, len(under))
	for i, id := range under {
		heads[i] = id[:]
	}
	err = s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var rows []secret.Row
		err := eachRow(ctx, tx, "SELECT district, id, "+column+" FROM "+table+" WHERE (district, id) > ($1, $2) AND substring("+column+" FROM 2 FOR 16) = ANY($3) ORDER BY district, id LIMIT $4 FOR UPDATE",
			[]any{after.Home, after.ID, heads, resealed}, func(found pgx.Rows) error {
				var r secret.Row
				err := found.Scan(&r.Home, &r.ID, &r.Sealed)
				rows = append(rows, r)
				return err
			})
		if err != nil {
			return err
		}
		set := column + " = $3"
		if of.Lookup != "" {
			set += ", " + pgx.Identifier{of.Lookup}.Sanitize() + " = $4"
		}
		var batch pgx.Batch
		for i, r := range rows {
			if rows[i], err = anew(r); err != nil {
				return err
			}
			args := []any{r.Home, r.ID, rows[i].Sealed}
			if of.Lookup != "" {
				args = append(args, rows[i].Lookup)
			}
			batch.Queue("UPDATE "+table+" SET "+set+" WHERE district = $1 AND id = $2", args...)
		}
		if n, more = len(rows), len(rows) == resealed; n > 0 {
			last = rows[n-1]
		}
		return tx.SendBatch(ctx, &batch).Close()
	})
	return last, n, more, err
}

// SealedUnder implements secret.Rotation.
func (s *Secrets) SealedUnder(ctx context.Context, columns []secret.Column) (map[uuid.UUID]int, error) {
	out := map[uuid.UUID]int{}
	err := s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, c := range columns {
			column := pgx.Identifier{c.Column}.Sanitize()
			err := eachRow(ctx, tx, "SELECT substring("+column+" FROM 2 FOR 16), count(*) FROM "+pgx.Identifier{c.Table}.Sanitize()+" WHERE "+column+" IS NOT NULL GROUP BY 1 ORDER BY 1", nil,
				func(rows pgx.Rows) error {
					var head []byte
					var n int
					if err := rows.Scan(&head, &n); err != nil {
						return err
					}
					id, err := uuid.FromBytes(head)
					out[id] += n
					return err
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Retire implements secret.Rotation.
func (s *Secrets) Retire(ctx context.Context, at time.Time) (n int, err error) {
	err = s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, dataKeysRetire, at)
		n = int(tag.RowsAffected())
		return err
	})
	return n, err
}

// Drop implements secret.Rotation.
func (s *Secrets) Drop(ctx context.Context, key secret.Wrapped, columns []secret.Column, before time.Time) (dropped bool, err error) {
	err = s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		dropped = false
		var alone bool
		if err := tx.QueryRow(ctx, tryNumbers, key.Home).Scan(&alone); err != nil || !alone {
			return err
		}
		for _, c := range columns { // after the lock, since what was being taken in is there now
			column := pgx.Identifier{c.Column}.Sanitize()
			var seals bool
			sql := "SELECT EXISTS (SELECT 1 FROM " + pgx.Identifier{c.Table}.Sanitize() + " WHERE substring(" + column + " FROM 2 FOR 16) = $1)"
			if err := tx.QueryRow(ctx, sql, key.ID[:]).Scan(&seals); err != nil || seals {
				return err
			}
		}
		tag, err := tx.Exec(ctx, dataKeyDrop, key.ID, before)
		dropped = err == nil && tag.RowsAffected() > 0
		return err
	})
	return dropped, err
}

// Rewrap implements secret.Rotation.
func (s *Secrets) Rewrap(ctx context.Context, from, to secret.Wrapped) error {
	return s.kept(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, dataKeyRewrap, to.ID, to.RingKey, to.Sealed, from.RingKey)
		return err
	})
}
