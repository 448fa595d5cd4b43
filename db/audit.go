package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/page"
	"wangge/internal/fault"
)

const (
	auditHead = `-- name: audit.Head
SELECT e.n, e.hash FROM audit_entry e WHERE e.district = $1 ORDER BY e.n DESC LIMIT 1`

	auditAppend = `-- name: audit.Append
INSERT INTO audit_entry (district, n, at, actor, role, action, object_kind, object_id, purpose, case_number, result, change, request, network, previous, key_id, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

	auditColumns = `e.district, e.n, e.at, e.actor, e.role, e.action, coalesce(e.object_kind, ''), coalesce(e.object_id, ''), coalesce(e.purpose, ''),
	coalesce(e.case_number, ''), e.result, coalesce(e.change, 0), coalesce(e.request, ''), coalesce(e.network::text, ''), e.previous, e.key_id, e.hash`

	// The newest first. What is NULL is not asked for.
	auditList = `-- name: audit.List
SELECT ` + auditColumns + ` FROM audit_entry e
WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::timestamptz IS NULL OR e.at < $2) AND ($3::text IS NULL OR e.actor = $3)
	AND ($4::text IS NULL OR e.action = $4) AND ($5::text IS NULL OR e.object_kind = $5) AND ($6::text IS NULL OR e.object_id = $6)
	AND ($7::text IS NULL OR e.result = $7) AND ($8::timestamptz IS NULL OR (e.at, e.district, e.n) < ($8, $9, $10))
	AND ($11::text[] IS NULL OR e.action = ANY($11))
ORDER BY e.at DESC, e.district DESC, e.n DESC LIMIT $12`

	auditWalk = `-- name: audit.Walk
SELECT ` + auditColumns + ` FROM audit_entry e WHERE e.district = $1 AND e.n > $2 ORDER BY e.n LIMIT $3`

	// The chains one after another, each by one step into the index: their entries are not looked through.
	auditHeads = `-- name: audit.Heads
WITH RECURSIVE chain AS (
	(SELECT e.district FROM audit_entry e ORDER BY e.district LIMIT 1)
	UNION ALL
	SELECT (SELECT e.district FROM audit_entry e WHERE e.district > c.district ORDER BY e.district LIMIT 1) FROM chain c WHERE c.district IS NOT NULL
)
SELECT c.district, h.n, h.hash FROM chain c CROSS JOIN LATERAL (SELECT e.n, e.hash FROM audit_entry e WHERE e.district = c.district ORDER BY e.n DESC LIMIT 1) h
ORDER BY c.district`

	// An end that was, and whether its chain holds it, or begins after it.
	auditHold = `-- name: audit.Hold
SELECT a.chain, a.n, a.hash
FROM unnest($1::text[], $2::bigint[], $3::bytea[]) a (chain, n, hash)
	LEFT JOIN audit_entry e ON e.district = a.chain AND e.n = a.n
	LEFT JOIN LATERAL (SELECT f.n FROM audit_entry f WHERE f.district = a.chain ORDER BY f.n LIMIT 1) first ON true
WHERE coalesce(e.hash = a.hash, a.n < first.n)
ORDER BY a.chain, a.n`

	// What stays begins with the first entry that is young enough, or with the last that there is.
	auditKeepFrom = `-- name: audit.KeepFrom
SELECT coalesce((SELECT e.n FROM audit_entry e WHERE e.district = $1 AND e.at >= $2 ORDER BY e.n LIMIT 1),
	(SELECT e.n FROM audit_entry e WHERE e.district = $1 ORDER BY e.n DESC LIMIT 1)) ORDER BY 1`

	auditPrune = `-- name: audit.Prune
DELETE FROM audit_entry WHERE district = $1 AND n < $2`
)

// Audit implements audit.Store.
type Audit struct{ *DB }

// NewAudit returns the store of d. What is appended is sealed with d.Keys.
func NewAudit(d *DB) *Audit { return &Audit{d} }

// Append implements audit.Store.
func (s *Audit) Append(ctx context.Context, actor account.Actor, entries ...audit.Entry) error {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.actor == actor {
		open.entries = append(open.entries, entries...)
		return nil
	}
	return s.DB.appendNow(ctx, actor, entries)
}

// appendNow stores entries in a transaction of their own.
func (d *DB) appendNow(ctx context.Context, actor account.Actor, entries []audit.Entry) error {
	if _, inside := ctx.Value(txKey{}).(*openTx); inside {
		ctx = d.Apart(ctx) // who is inside holds a connection already
	}
	err := d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error { return d.seal(ctx, tx, entries) })
	if err == nil {
		d.sealed(entries)
	}
	return err
}

// sealed tells that entries were committed.
func (d *DB) sealed(entries []audit.Entry) {
	if d.Sealed != nil && len(entries) > 0 {
		d.Sealed()
	}
}

// seal adds entries to their chains. It is the last thing that a transaction does: from here to its commit nobody else adds to those
// chains. Chains come in one order for all, so that two never wait for each other, and after the lock of the change log.
func (d *DB) seal(ctx context.Context, tx pgx.Tx, entries []audit.Entry) error {
	if len(entries) > 0 && d.Keys == nil {
		return errors.New("audit: there is no key to seal entries with")
	}
	chains := map[string][]audit.Entry{}
	for _, e := range entries {
		chains[e.Chain()] = append(chains[e.Chain()], e)
	}
	for _, chain := range slices.Sorted(maps.Keys(chains)) {
		head, err := lockChain(ctx, tx, chain)
		if err != nil {
			return err
		}
		var batch pgx.Batch
		for _, e := range chains[chain] {
			l := d.Keys.Seal(head, e)
			head = audit.Head{Chain: chain, N: l.N, Hash: l.Hash}
			e := l.Entry
			batch.Queue(auditAppend, chain, l.N, e.At, e.Actor, string(e.Role), string(e.Action), orNull(e.Object.Kind), orNull(e.Object.ID), orNull(string(e.Purpose)),
				orNull(e.Case), e.Result, zeroNull(e.Change), orNull(e.Request), orNull(e.Network), l.Previous[:], l.KeyID, l.Hash[:])
		}
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return fmt.Errorf("audit: add to chain %s: %w", chain, err)
		}
	}
	return nil
}

// lockChain holds chain to the end of the transaction and returns its end.
func lockChain(ctx context.Context, tx pgx.Tx, chain string) (head audit.Head, err error) {
	head.Chain = chain
	var hash []byte
	var batch pgx.Batch // each statement sees what was committed when it began: the head is read under the lock
	batch.Queue("SELECT pg_advisory_xact_lock(hashtext('wangge audit'), hashtext($1))", chain)
	batch.Queue("SET LOCAL wangge.audit_chain = " + quote(chain))
	batch.Queue(auditHead, chain).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&head.N, &hash); !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil
	})
	err = tx.SendBatch(ctx, &batch).Close()
	copy(head.Hash[:], hash)
	return head, err
}

func zeroNull(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func scanLink(rows pgx.Rows) (l audit.Link, err error) {
	var previous, hash []byte
	e := &l.Entry
	err = rows.Scan(&e.District, &l.N, &e.At, &e.Actor, &e.Role, &e.Action, &e.Object.Kind, &e.Object.ID, &e.Purpose, &e.Case, &e.Result, &e.Change, &e.Request, &e.Network,
		&previous, &l.KeyID, &hash)
	copy(l.Previous[:], previous)
	copy(l.Hash[:], hash)
	return l, err
}

// List implements audit.Store.
func (s *Audit) List(ctx context.Context, actor account.Actor, q audit.Query) (out page.Page[audit.Link], err error) {
	instant := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	args := []any{instant(q.Since), instant(q.Until), orNull(q.Actor), orNull(string(q.Action)), orNull(q.Object.Kind), orNull(q.Object.ID), orNull(q.Result), nil, nil, nil, q.Deeds.Actions()}
	if after := q.Page.After; after != nil {
		at, err := time.Parse(time.RFC3339Nano, after.Text)
		if err != nil {
			return out, fault.New(fault.Invalid, "after", "page.badCursor")
		}
		args[7], args[8], args[9] = at, after.ID, int64(after.Num)
		out.HasPrevious = true
	}
	args = append(args, q.Page.First+1)
	err = s.each(ctx, actor, auditList, args, func(rows pgx.Rows) error {
		l, err := scanLink(rows)
		if err != nil {
			return err
		}
		if out.HasNext = len(out.Items) == q.Page.First; !out.HasNext {
			cursor := page.Cursor{Order: audit.Order, Text: l.Entry.At.UTC().Format(time.RFC3339Nano), Num: float64(l.N), ID: l.Entry.District}
			out.Items = append(out.Items, page.Item[audit.Link]{Node: l, Cursor: cursor})
		}
		return nil
	})
	return out, err
}

// Heads implements audit.Store.
func (s *Audit) Heads(ctx context.Context, actor account.Actor) ([]audit.Head, error) {
	return s.heads(ctx, actor, auditHeads)
}

// Hold implements audit.Store.
func (s *Audit) Hold(ctx context.Context, actor account.Actor, heads []audit.Head) ([]audit.Head, error) {
	if len(heads) == 0 {
		return nil, nil
	}
	chains, numbers, hashes := make([]string, len(heads)), make([]int64, len(heads)), make([][]byte, len(heads))
	for i, h := range heads {
		chains[i], numbers[i], hashes[i] = h.Chain, h.N, h.Hash[:]
	}
	return s.heads(ctx, actor, auditHold, chains, numbers, hashes)
}

func (s *Audit) heads(ctx context.Context, actor account.Actor, sql string, args ...any) (heads []audit.Head, err error) {
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var h audit.Head
		var hash []byte
		err := rows.Scan(&h.Chain, &h.N, &hash)
		copy(h.Hash[:], hash)
		heads = append(heads, h)
		return err
	})
	return heads, err
}

// walked is how many links are held in memory at a time.
const walked = 1_000

// Walk implements audit.Store.
func (s *Audit) Walk(ctx context.Context, actor account.Actor, chain string, fn func(audit.Link) error) error {
	return s.Do(ctx, actor, func(ctx context.Context) error {
		for last, n := int64(0), walked; n == walked; {
			n = 0
			err := s.each(ctx, actor, auditWalk, []any{chain, last, walked}, func(rows pgx.Rows) error {
				l, err := scanLink(rows)
				if err != nil {
					return err
				}
				n, last = n+1, l.N
				return fn(l)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Prune implements audit.Store, as the owner of the tables: nobody else may remove an entry.
func (s *Audit) Prune(ctx context.Context, before, at time.Time) (removed int, err error) {
	heads, err := s.Heads(ctx, audit.Machine())
	for _, h := range heads {
		if err == nil {
			err = s.pruneChain(ctx, h.Chain, before, at, &removed)
		}
	}
	return removed, asFault(err)
}

func (s *Audit) pruneChain(ctx context.Context, chain string, before, at time.Time, removed *int) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := lockChain(ctx, tx, chain); err != nil {
			return err
		}
		var from *int64
		if err := tx.QueryRow(ctx, auditKeepFrom, chain, before).Scan(&from); err != nil || from == nil {
			return err
		}
		tag, err := tx.Exec(ctx, auditPrune, chain, *from)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		*removed += int(tag.RowsAffected())
		by := account.TheOperator()
		return s.seal(ctx, tx, []audit.Entry{{At: at, Actor: by.ID, Role: by.Role, Action: audit.PruneAudit, Object: audit.Object{Kind: "AUDIT", ID: fmt.Sprint(*from)},
			District: chain, Result: audit.OK}})
	})
}

// undone are entries of a transaction that was: what they say was done was not, for err.
func undone(entries []audit.Entry, err error) []audit.Entry {
	for i := range entries {
		if e := &entries[i]; e.Result == audit.OK {
			e.Result, e.Change = string(fault.As(err).Code), 0
		}
	}
	return entries
}
