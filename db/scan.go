package db

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
)

// each runs sql and hands every row to scan.
func (d *DB) each(ctx context.Context, actor account.Actor, sql string, args []any, scan func(pgx.Rows) error) error {
	return d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		return eachRow(ctx, tx, sql, args, scan)
	})
}

// queryer is a connection or a transaction on one.
type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func eachRow(ctx context.Context, tx queryer, sql string, args []any, scan func(pgx.Rows) error) error {
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

// idsOf runs sql, which answers ids alone.
func idsOf(ctx context.Context, tx queryer, sql string, args ...any) (out []uuid.UUID, err error) {
	err = eachRow(ctx, tx, sql, args, func(rows pgx.Rows) error {
		var id uuid.UUID
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statementName(sql), err)
	}
	return out, nil
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

// after is the place that a page begins after: its text, nil for the start, and the id that breaks ties.
func after(args page.Args) (text *string, id string) {
	if args.After == nil {
		return nil, ""
	}
	return &args.After.Text, args.After.ID
}

// parseID is the id in a cursor; one that was made up finds the start of its order key.
func parseID(s string) uuid.UUID {
	id, _ := uuid.Parse(s)
	return id
}

// addRow adds a row to the page beneath parent; the one beyond what was asked for says that there is more.
func addRow[T any](pages map[uuid.UUID]page.Page[T], parent uuid.UUID, args page.Args, item page.Item[T]) {
	p := pages[parent]
	p.HasPrevious = args.After != nil
	if len(p.Items) == args.First {
		p.HasNext = true
	} else {
		p.Items = append(p.Items, item)
	}
	pages[parent] = p
}

// addTotals reads the id of a parent and the length of its list a row.
func addTotals[T any](ctx context.Context, d *DB, actor account.Actor, sql string, args []any, pages map[uuid.UUID]page.Page[T]) error {
	return d.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var id uuid.UUID
		var n int
		err := rows.Scan(&id, &n)
		p := pages[id]
		p.Total = n
		pages[id] = p
		return err
	})
}
