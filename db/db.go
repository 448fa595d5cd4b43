// Package db is the one store: PostgreSQL with PostGIS. There is a store a domain package, whose SQL stands as named
// constants beside the code that scans it. What is allowed is left to the domain's services.
package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
)

// DB opens transactions on a pool that Open made.
type DB struct {
	pool *pgxpool.Pool

	// plain leaves connections to those who work apart, since these may hold an open transaction meanwhile: were all
	// connections held so, nobody would go on. apart keeps them few, and looks those of them that take long fewer still.
	plain, apart, looks chan struct{}
}

// How many transactions may run apart at once, how many of them for long, and how many connections are left to them where there
// are that many.
const (
	atOnceApart = 4
	longApart   = 2
	leftToApart = longApart + 1
)

// New returns a DB over pool, which has two connections at least.
func New(pool *pgxpool.Pool) *DB {
	most := pool.Config().MaxConns
	return &DB{pool: pool, plain: make(chan struct{}, max(most-leftToApart, most/2, 1)), apart: make(chan struct{}, atOnceApart),
		looks: make(chan struct{}, longApart)}
}

type txKey struct{}

type openTx struct {
	tx    pgx.Tx
	actor account.Actor
}

// As is the one door to the store: it opens a transaction whose session knows who acts, runs fn in it, and commits
// where fn returns nil. Inside fn the store's methods called with fn's ctx join the same transaction; it is for one
// goroutine at a time.
func (d *DB) As(ctx context.Context, actor account.Actor, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return d.as(ctx, actor, "BEGIN", fn)
}

// Apart returns a ctx whose transactions do not join the one that ctx is in: they see what was committed since that one began,
// and stay where it is undone. At most four run at once.
func (d *DB) Apart(ctx context.Context) context.Context {
	return context.WithValue(ctx, txKey{}, apart{})
}

type apart struct{}

// Do is As for a use case whose several reads must see one state of the data.
func (d *DB) Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return d.as(ctx, actor, "BEGIN ISOLATION LEVEL REPEATABLE READ", func(ctx context.Context, _ pgx.Tx) error { return fn(ctx) })
}

func (d *DB) as(ctx context.Context, actor account.Actor, begin string, fn func(ctx context.Context, tx pgx.Tx) error) (err error) {
	if err := actor.RequireKnown(); err != nil {
		return err
	}
	if open, ok := ctx.Value(txKey{}).(openTx); ok && open.actor == actor {
		return fn(ctx, open.tx)
	}
	slot := d.plain
	if _, ok := ctx.Value(txKey{}).(apart); ok {
		slot = d.apart
	}
	select {
	case slot <- struct{}{}:
		defer func() { <-slot }()
	case <-ctx.Done():
		return asFault(ctx.Err())
	}
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return asFault(err)
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin + identity(actor)})
	if err != nil {
		return asFault(err)
	}
	defer func() {
		if err != nil {
			// The request's context may be what ended it; the roll-back must still reach the server.
			err = errors.Join(err, ignoreClosed(tx.Rollback(context.WithoutCancel(ctx))))
		}
	}()
	if err = fn(context.WithValue(ctx, txKey{}, openTx{tx, actor}), tx); err != nil {
		return asFault(err)
	}
	return asFault(tx.Commit(ctx))
}

// identity names the actor to row-level policies, in one round trip with BEGIN. SET LOCAL, not set_config: the latter
// never reaches the workers of a Citus cluster.
func identity(a account.Actor) string {
	return fmt.Sprintf("; SET LOCAL wangge.role = %s; SET LOCAL wangge.actor = %s", quote(string(a.Role)), quote(a.ID))
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func ignoreClosed(err error) error {
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}
