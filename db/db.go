// Package db is the one store: PostgreSQL with PostGIS. There is a store a domain package, whose SQL stands as named
// constants beside the code that scans it. What is allowed is left to the domain's services.
package db

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/internal/fault"
	"wangge/live"
)

// DB opens transactions on a pool that Open made.
type DB struct {
	pool *pgxpool.Pool

	// plain leaves connections to those who work apart, since these may hold an open transaction meanwhile: were all
	// connections held so, nobody would go on. apart keeps them few, and looks those of them that take long fewer still.
	plain, apart, looks chan struct{}

	// Memory is told what use cases see and change. It is set before the first use; nil: nobody is told.
	Memory Memory

	// Zone is that of civil days. It is set before the first use; nil: this machine's.
	Zone *time.Location

	// Keys seal what is noted in the audit. They are set before the first use; nil: nothing can be noted.
	Keys *audit.Keys
	// Sealed is told when entries of the audit were committed. It does not wait. It is set before the first use; nil: nobody is told.
	Sealed func()

	noted atomic.Int64 // the highest number of a change that was committed here
}

// Memory holds what is in force outside the store; *live.Live implements it. Sees and Wrote are given the very ctx with which the
// use case was begun.
type Memory interface {
	// Sees is told which change is the newest that a use case knows which reads one state of the data, when it begins to read. An
	// error ends the use case.
	Sees(ctx context.Context, newest live.Mark) error
	// Wrote is told that a use case noted a change of its own.
	Wrote(ctx context.Context)
	// Committed is told of a change that has been committed, and holds its writer until it returns.
	Committed(ctx context.Context, mark live.Mark)
	// Away reports whether the database is known not to answer: then no transaction begins, for it would wait.
	Away() bool
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

// openTx is a transaction that begins with its first statement, so that what needs none takes no connection; it is the context of
// those who are in it.
type openTx struct {
	context.Context
	d     *DB
	actor account.Actor
	begin string
	apart bool

	conn    *pgxpool.Conn // nil until it began, as are tx and slot
	tx      pgx.Tx
	slot    chan struct{}
	refused error     // why it ended before its time: Memory's reason, or that it did not become its actor's again
	noted   live.Mark // the change that it noted; zero: none
	deed    bool      // it did what a deed does, whether or not it noted a change
	entries []audit.Entry
}

// Value implements context.Context.
func (o *openTx) Value(key any) any {
	if key == (txKey{}) {
		return o
	}
	return o.Context.Value(key)
}

// As is the one door to the store: it opens a transaction whose session knows who acts, runs fn in it, and commits
// where fn returns nil. Inside fn the store's methods called with fn's ctx join the same transaction; it is for one
// goroutine at a time.
func (d *DB) As(ctx context.Context, actor account.Actor, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return d.as(ctx, actor, "BEGIN", func(ctx context.Context, open *openTx) error {
		if err := open.start(ctx); err != nil {
			return err
		}
		return fn(ctx, open.tx)
	})
}

// Apart returns a ctx whose transactions do not join the one that ctx is in: they see what was committed since that one began,
// and stay where it is undone. At most four run at once.
func (d *DB) Apart(ctx context.Context) context.Context {
	return context.WithValue(ctx, txKey{}, apart{})
}

type apart struct{}

// auditTime is how long entries may take to be stored after their request's own time is up.
const auditTime = 5 * time.Second

const snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ"

// Do is As for a use case whose several reads must see one state of the data, that of the first.
func (d *DB) Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return d.as(ctx, actor, snapshot, func(ctx context.Context, _ *openTx) error { return fn(ctx) })
}

// Noted is the number of the last change that was committed through d; 0: none was.
func (d *DB) Noted() int64 { return d.noted.Load() }

// Inside reports whether ctx is that of a use case, whose reads are those of its transaction.
func (d *DB) Inside(ctx context.Context) bool {
	_, ok := ctx.Value(txKey{}).(*openTx)
	return ok
}

// Begin lets the use case of ctx begin to read, so that the state of the data that it sees is that of now. Without one it does nothing.
func (d *DB) Begin(ctx context.Context) error {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok {
		return open.start(ctx)
	}
	return nil
}

func (d *DB) as(ctx context.Context, actor account.Actor, begin string, fn func(ctx context.Context, open *openTx) error) error {
	if err := actor.RequireKnown(); err != nil {
		return err
	}
	around := ctx.Value(txKey{})
	if open, ok := around.(*openTx); ok {
		switch actor {
		case open.actor:
			return fn(ctx, open)
		case account.TheCounter(), account.TheKeeper():
			return open.acting(ctx, actor, fn)
		}
	}
	if err := bounded(actor); err != nil {
		return err
	}
	open := &openTx{Context: ctx, d: d, actor: actor, begin: begin}
	_, open.apart = around.(apart)
	if err := open.run(fn); err != nil || open.noted.N == 0 {
		if late := open.audit(ctx, err); late != nil {
			err = errors.Join(err, late)
		}
		return err
	}
	for last := d.noted.Load(); last < open.noted.N && !d.noted.CompareAndSwap(last, open.noted.N); last = d.noted.Load() {
	}
	if d.Memory != nil { // it may wait, so it holds no connection
		d.Memory.Committed(ctx, open.noted)
	}
	return nil
}

func (o *openTx) run(fn func(ctx context.Context, open *openTx) error) (err error) {
	defer o.release()
	defer func() {
		if o.tx != nil && err != nil {
			// The request's context may be what ended it; the roll-back must still reach the server.
			err = errors.Join(err, ignoreClosed(o.tx.Rollback(context.WithoutCancel(o.Context))))
		}
	}()
	if err = cmp.Or(fn(o, o), o.refused); err != nil || o.tx == nil {
		return asFault(cancelled(o.Context, err))
	}
	if o.begin == snapshot { // it does not see where the chains end now
		return asFault(o.tx.Commit(o.Context))
	}
	entries := o.entries
	var ofDeed bool
	if o.deed || o.noted.N > 0 {
		var changed audit.Entry
		if changed, ofDeed = audit.Changed(o.Context, o.actor, o.noted.N); ofDeed {
			entries = append(slices.Clip(entries), changed)
			if o.actor == account.TheDoor() { // did it for somebody, whose entry it is
				if err = o.become(o, account.Actor{Role: changed.Role, ID: changed.Actor}); err != nil {
					return err
				}
			}
		}
	}
	if err = o.d.seal(o, o.tx, entries); err != nil {
		return asFault(err)
	}
	if err = o.tx.Commit(o.Context); err != nil {
		return asFault(err)
	}
	o.d.sealed(entries)
	o.entries = nil
	if ofDeed {
		audit.Stored(o.Context)
	}
	return nil
}

// audit stores the entries that the transaction did not: it was undone for err, or only read.
func (o *openTx) audit(ctx context.Context, err error) error {
	if len(o.entries) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTime)
	defer cancel()
	if err != nil {
		o.entries = undone(o.entries, err)
	}
	return o.d.appendNow(ctx, o.actor, o.entries)
}

// start begins the transaction where it did not begin yet.
func (o *openTx) start(ctx context.Context) (err error) {
	if o.tx != nil {
		return o.refused
	}
	if o.d.Memory != nil && o.d.Memory.Away() {
		return fault.New(fault.Unavailable, "", "database")
	}
	slot := o.d.plain
	if o.apart {
		slot = o.d.apart
	}
	select {
	case slot <- struct{}{}:
		o.slot = slot
	case <-ctx.Done():
		return asFault(ctx.Err())
	}
	if o.conn, err = o.d.pool.Acquire(ctx); err == nil {
		o.tx, err = o.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: o.begin + identity(o.actor)})
	}
	if err != nil {
		o.tx = nil
		o.release()
		return asFault(err)
	}
	if o.begin != snapshot || o.d.Memory == nil {
		return nil
	}
	var newest live.Mark
	if err := o.tx.QueryRow(ctx, liveMark).Scan(&newest.N, &newest.At); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return asFault(err)
	}
	o.refused = o.d.Memory.Sees(o.Context, newest)
	return o.refused
}

func (o *openTx) release() {
	if o.conn != nil {
		o.conn.Release()
	}
	if o.slot != nil {
		<-o.slot
	}
	o.conn, o.slot = nil, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}
