package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
)

// each runs sql and hands every row to scan.
func (d *DB) each(ctx context.Context, actor account.Actor, sql string, args []any, scan func(pgx.Rows) error) error {
	return d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		return eachRow(ctx, tx, sql, args, scan)
	})
}

func eachRow(ctx context.Context, tx pgx.Tx, sql string, args []any, scan func(pgx.Rows) error) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// multi returns g as a MultiPolygon; nil where it is none, as for NULL.
func multi(g geom.T) *geom.MultiPolygon {
	m, _ := g.(*geom.MultiPolygon)
	return m
}

// split returns the distinct homes of keys and the ids, for queries that name the districts they read.
func split(keys []key.Key) (homes []string, ids []uuid.UUID) {
	homes, ids = []string{}, []uuid.UUID{}
	for _, h := range byHome(keys) {
		homes = append(homes, h.home)
		ids = append(ids, h.ids...)
	}
	return homes, ids
}

type homeIDs struct {
	home string
	ids  []uuid.UUID
}

func byHome(keys []key.Key) []homeIDs {
	var out []homeIDs
	at := map[string]int{}
	seen := map[key.Key]bool{}
	for _, k := range keys {
		if k == (key.Key{}) || seen[k] {
			continue
		}
		seen[k] = true
		i, ok := at[k.Home]
		if !ok {
			i = len(out)
			at[k.Home] = i
			out = append(out, homeIDs{home: k.Home})
		}
		out[i].ids = append(out[i].ids, k.ID)
	}
	return out
}

// orNull returns nil for an empty text, so that the store keeps NULL.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
