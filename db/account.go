package db

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/staff"
)

const accountColumns = `a.id, a.login, a.role, a.worker_home, a.worker_id, a.demo, a.must_change, a.second_factor_since, coalesce(a.provider_name, ''), a.created_at, a.created_by, a.disabled_at`

const (
	// Its own statement, as that of changes. Every server is told at commit that it asks anew who somebody is.
	accountTell = `-- name: account.Tell
SELECT pg_notify('wangge_access', '') FROM (SELECT 1 AS one) o ORDER BY o.one`

	accountAdd = `-- name: account.Add
INSERT INTO account (id, login, role, worker_home, worker_id, demo, must_change, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

	accountAddSecret = `-- name: account.AddSecret
INSERT INTO account_secret (account_id, password) VALUES ($1, $2)`

	accountList = `-- name: account.List
SELECT ` + accountColumns + ` FROM account a WHERE ($1::text IS NULL OR a.login > $1) ORDER BY a.login LIMIT $2`

	accountCount = `-- name: account.Count
SELECT count(*) FROM account`

	accountLogins = `-- name: account.Logins
SELECT a.id, a.login FROM account a WHERE a.id = ANY($1) ORDER BY a.id`

	accountByLogin = `-- name: account.ByLogin
SELECT ` + accountColumns + ` FROM account a WHERE a.login = $1 ORDER BY a.id`

	accountByID = `-- name: account.ByID
SELECT ` + accountColumns + ` FROM account a WHERE a.id = $1 ORDER BY a.id`

	accountDisable = `-- name: account.Disable
UPDATE account SET disabled_at = $2 WHERE id = $1`

	accountLink = `-- name: account.Link
UPDATE account SET provider_name = $2, provider_issuer = NULL, provider_subject = NULL, must_change = false WHERE id = $1`

	accountLinked = `-- name: account.Linked
SELECT ` + accountColumns + ` FROM account a WHERE a.provider_issuer = $1 AND a.provider_subject = $2 ORDER BY a.id`

	// Two who come at once are one after another here: the second finds it taken.
	accountTake = `-- name: account.Take
UPDATE account SET provider_issuer = $1, provider_subject = $2 WHERE provider_name = $3 AND provider_issuer IS NULL AND disabled_at IS NULL`

	accountWorkerOf = `-- name: account.WorkerOf
SELECT s.district, s.worker_id FROM assignment s
WHERE s.district = ANY($1) AND s.post = $2 AND s.cover = 'A' AND s.during @> $3::date AND NOT s.worker_id = ANY($4)
ORDER BY NOT EXISTS (SELECT FROM assignment o JOIN grid g ON g.district = o.district AND g.id = o.area_id
    WHERE o.worker_id = $5 AND o.during @> $3::date AND s.area_id IN (g.id, g.group_id, g.community_id)), s.district, s.area_id, s.worker_id LIMIT 1`

	accountWorkers = `-- name: account.Workers
SELECT worker_id FROM account WHERE worker_id IS NOT NULL ORDER BY worker_id`

	// The rows are there and locked afterwards, whoever makes them; all that locks several does it in their order, and none waits for another in a circle.
	tryLock = `-- name: try.Lock
INSERT INTO sign_in_try (name, login, tries, tried_at, until, forget_at)
SELECT name, login, 0, '-infinity', '-infinity', '-infinity' FROM unnest($1::bytea[], $2::bytea[]) AS t (name, login) ORDER BY name
ON CONFLICT (name) DO UPDATE SET tries = sign_in_try.tries RETURNING name, tries, tried_at, until`

	trySet = `-- name: try.Set
UPDATE sign_in_try t SET tries = n.tries, tried_at = n.tried_at, until = n.until, forget_at = n.forget_at
FROM unnest($1::bytea[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[]) AS n (name, tries, tried_at, until, forget_at) WHERE t.name = n.name`

	trySweep = `-- name: try.Sweep
DELETE FROM sign_in_try WHERE name IN (SELECT name FROM sign_in_try WHERE forget_at <= $1 ORDER BY forget_at LIMIT 20000 FOR UPDATE SKIP LOCKED)`

	tryForget = `-- name: try.Forget
DELETE FROM sign_in_try WHERE name IN (SELECT name FROM sign_in_try WHERE login = $1 ORDER BY name FOR UPDATE)`

	credentialsByLogin = `-- name: credentials.ByLogin
SELECT ` + accountColumns + `, coalesce(s.password, ''), s.factor FROM account a JOIN account_secret s ON s.account_id = a.id WHERE a.login = $1 ORDER BY a.id`

	credentialsByID = `-- name: credentials.ByID
SELECT ` + accountColumns + `, coalesce(s.password, ''), s.factor FROM account a JOIN account_secret s ON s.account_id = a.id WHERE a.id = $1 ORDER BY a.id`

	// What changes several rows of an account holds the account's first, then its secret's, then those of sessions and tokens: who comes at once waits there, and reads after that.
	accountHold = `-- name: account.Hold
SELECT id FROM account WHERE id = $1 ORDER BY id FOR NO KEY UPDATE`

	passwordHold = `-- name: password.Hold
SELECT a.id FROM account a JOIN account_secret s ON s.account_id = a.id
WHERE a.id = $1 AND ($2 = '' OR s.password = $2 AND a.provider_name IS NULL AND a.disabled_at IS NULL) ORDER BY a.id FOR NO KEY UPDATE`

	passwordSet = `-- name: password.Set
UPDATE account_secret SET password = $2 WHERE account_id = $1`

	passwordGone = `-- name: password.Gone
UPDATE account_secret SET password = NULL WHERE account_id = $1`

	passwordGiven = `-- name: password.Given
UPDATE account SET must_change = $2, provider_name = NULL, provider_issuer = NULL, provider_subject = NULL WHERE id = $1`

	factorUnproven = `-- name: factor.Unproven
UPDATE account_secret s SET factor = NULL FROM account a WHERE s.account_id = $1 AND a.id = s.account_id AND a.second_factor_since IS NULL`

	tokenEndAll = `-- name: token.EndAll
DELETE FROM access_token WHERE account_id = $1`

	factorHold = `-- name: factor.Hold
SELECT a.id FROM account a JOIN session s ON s.account_id = a.id WHERE a.id = $1 AND a.second_factor_since IS NULL AND s.hash = $2 ORDER BY a.id FOR NO KEY UPDATE`

	factorSet = `-- name: factor.Set
UPDATE account_secret s SET factor = coalesce(s.factor, $2) WHERE s.account_id = $1 RETURNING s.factor`

	factorTake = `-- name: factor.Take
UPDATE account_secret SET factor_step = $3 WHERE account_id = $1 AND factor = $2`

	factorProve = `-- name: factor.Prove
UPDATE account SET second_factor_since = $2 WHERE id = $1`

	factorStep = `-- name: factor.Step
UPDATE account_secret SET factor_step = $2 WHERE account_id = $1 AND factor_step < $2`

	factorDrop = `-- name: factor.Drop
UPDATE account_secret SET factor = NULL, factor_step = 0 WHERE account_id = $1`

	factorGone = `-- name: factor.Gone
UPDATE account SET second_factor_since = NULL WHERE id = $1`

	recoveryClear = `-- name: recovery.Clear
DELETE FROM recovery_code WHERE account_id = $1`

	recoveryAdd = `-- name: recovery.Add
INSERT INTO recovery_code (account_id, hash) SELECT $1, unnest($2::bytea[])`

	recoveryUse = `-- name: recovery.Use
DELETE FROM recovery_code WHERE account_id = $1 AND hash = $2`

	sessionAdd = `-- name: session.Add
INSERT INTO session (hash, account_id, handle, browser, system, factor, began_at, seen_at)
SELECT $1, a.id, $3, $4, $5, $6, $7, $8 FROM account a JOIN account_secret k ON k.account_id = a.id
WHERE a.id = $2 AND a.disabled_at IS NULL AND (k.password = $9 AND a.provider_name IS NULL OR a.provider_issuer = $10 AND a.provider_subject = $11) ORDER BY a.id FOR SHARE`

	sessionSweep = `-- name: session.Sweep
DELETE FROM session WHERE hash = $1 OR began_at < $2`

	sessionRenew = `-- name: session.Renew
UPDATE session SET hash = $2, factor = true, seen_at = $3 WHERE hash = $1`

	sessionColumns = `, s.handle, s.browser, s.system, s.factor, s.began_at, s.seen_at`

	sessionByHash = `-- name: session.ByHash
SELECT ` + accountColumns + sessionColumns + ` FROM session s JOIN account a ON a.id = s.account_id WHERE s.hash = $1 ORDER BY s.hash`

	sessionSee = `-- name: session.See
UPDATE session SET seen_at = $2 WHERE hash = $1 AND seen_at < $2`

	sessionEnd = `-- name: session.End
DELETE FROM session WHERE hash = $1`

	sessionEndOf = `-- name: session.EndOf
DELETE FROM session WHERE account_id = $1 AND handle = $2`

	sessionEndAll = `-- name: session.EndAll
DELETE FROM session WHERE account_id = $1 AND hash <> $2`

	sessionsOf = `-- name: session.Of
SELECT ` + accountColumns + sessionColumns + ` FROM session s JOIN account a ON a.id = s.account_id WHERE s.account_id = $1 ORDER BY s.began_at DESC, s.hash`

	tokenColumns = `, t.id, t.name, t.writes, t.rights, t.created_at, t.expires_at, t.used_on`

	tokenAdd = `-- name: token.Add
INSERT INTO access_token (id, account_id, name, hash, writes, rights, created_at, expires_at)
SELECT $1, a.id, $3, $4, $5, $6, $7, $8 FROM account a JOIN session s ON s.account_id = a.id
WHERE a.id = $2 AND s.handle = $9 AND a.disabled_at IS NULL ORDER BY s.hash FOR SHARE`

	tokenByHash = `-- name: token.ByHash
SELECT ` + accountColumns + tokenColumns + ` FROM access_token t JOIN account a ON a.id = t.account_id WHERE t.hash = $1 ORDER BY t.id`

	tokensOf = `-- name: token.Of
SELECT ` + accountColumns + tokenColumns + ` FROM access_token t JOIN account a ON a.id = t.account_id WHERE t.account_id = $1 ORDER BY t.created_at DESC, t.id`

	tokenUse = `-- name: token.Use
UPDATE access_token SET used_on = $2 WHERE id = $1`

	tokenEnd = `-- name: token.End
DELETE FROM access_token WHERE account_id = $1 AND id = $2`
)

// Accounts is the store of accounts, sessions and tokens; it implements access.Store.
type Accounts struct{ *DB }

// NewAccounts returns the store of accounts of d.
func NewAccounts(d *DB) *Accounts { return &Accounts{d} }

var _ access.Store = (*Accounts)(nil)

// intoAccount are where accountColumns go; done makes the account whole.
func intoAccount(a *access.Account) (into []any, done func()) {
	var home *string
	var worker *uuid.UUID
	return []any{&a.ID, &a.Login, &a.Role, &home, &worker, &a.Demo, &a.MustChange, &a.SecondFactor, &a.Provider, &a.Created, &a.CreatedBy, &a.Disabled}, func() {
		if home != nil && worker != nil {
			a.Worker = &key.Key{Home: *home, ID: *worker}
		}
	}
}

// accounts reads accounts, each with what more follows its columns.
func (s *Accounts) accounts(ctx context.Context, actor account.Actor, sql string, args []any, more func() []any, take func(access.Account)) error {
	return s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var a access.Account
		into, done := intoAccount(&a)
		if err := rows.Scan(append(into, more()...)...); err != nil {
			return err
		}
		done()
		take(a)
		return nil
	})
}

func nothingMore() []any { return nil }

// step is a part of a transaction, which says how many rows it concerned.
type step func(ctx context.Context, tx pgx.Tx) (int64, error)

// inOrder runs steps and returns how many rows the last concerned, and whether one concerned any.
func inOrder(ctx context.Context, tx pgx.Tx, steps ...step) (rows int64, some bool, err error) {
	for _, run := range steps {
		if rows, err = run(ctx, tx); err != nil {
			return rows, some, err
		}
		some = some || rows > 0
	}
	return rows, some, nil
}

// exec runs steps by which the server does something to an account for somebody, in one transaction, and returns how many rows the last concerned. Where one concerned
// any, the deed is noted in that transaction.
func (s *Accounts) exec(ctx context.Context, steps ...step) (rows int64, err error) {
	return s.aside(ctx, func(ctx context.Context, tx pgx.Tx) (int64, error) {
		rows, some, err := inOrder(ctx, tx, steps...)
		if some {
			noteDeed(ctx)
		}
		return rows, err
	})
}

// noteDeed has the transaction of ctx noted as what a deed does, though no line of the change log says so.
func noteDeed(ctx context.Context) {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok {
		open.deed = true
	}
}

// aside runs a step that is no deed: what is counted, seen or used up while the server finds out who asks, and signing out, which is noted after it. It returns
// how many rows it concerned.
func (s *Accounts) aside(ctx context.Context, run step) (rows int64, err error) {
	err = s.As(ctx, account.TheDoor(), func(ctx context.Context, tx pgx.Tx) (err error) {
		rows, err = run(ctx, tx)
		return err
	})
	return rows, err
}

func statement(sql string, args ...any) step {
	return func(ctx context.Context, tx pgx.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, sql, args...)
		return tag.RowsAffected(), err
	}
}

// ending is a statement that ends what servers may hold in memory: where it does, all are told.
func ending(sql string, args ...any) step {
	end := statement(sql, args...)
	return func(ctx context.Context, tx pgx.Tx) (int64, error) {
		n, err := end(ctx, tx)
		if err == nil && n > 0 {
			_, err = tx.Exec(ctx, accountTell)
		}
		return n, err
	}
}

// needing is a step without whose row nothing is done: errNotTaken.
func needing(run step) step {
	return func(ctx context.Context, tx pgx.Tx) (int64, error) {
		n, err := run(ctx, tx)
		if err == nil && n == 0 {
			err = errNotTaken
		}
		return n, err
	}
}

// all is exec of steps some of which are needing; false: nothing is done.
func (s *Accounts) all(ctx context.Context, steps ...step) (bool, error) {
	_, err := s.exec(ctx, steps...)
	if errors.Is(err, errNotTaken) {
		return false, nil
	}
	return err == nil, err
}

// AddAccount implements access.Store.
func (s *Accounts) AddAccount(ctx context.Context, actor account.Actor, a access.Account, password string) error {
	var home *string
	var worker *uuid.UUID
	if a.Worker != nil {
		home, worker = &a.Worker.Home, &a.Worker.ID
	}
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		noteDeed(ctx)
		_, err := tx.Exec(ctx, accountAdd, a.ID, a.Login, a.Role, home, worker, a.Demo, a.MustChange, a.Created, a.CreatedBy)
		if err == nil {
			_, err = tx.Exec(ctx, accountAddSecret, a.ID, password)
		}
		return err
	})
}

// Accounts implements access.Store.
func (s *Accounts) Accounts(ctx context.Context, actor account.Actor, q access.Query) (p page.Page[access.Account], err error) {
	p.HasPrevious = q.Args.After != nil
	from, _ := after(q.Args)
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		err := s.accounts(ctx, actor, accountList, []any{from, q.Args.First + 1}, nothingMore, func(a access.Account) {
			if len(p.Items) == q.Args.First {
				p.HasNext = true
				return
			}
			p.Items = append(p.Items, page.Item[access.Account]{Node: a, Cursor: page.Cursor{Order: access.ByLogin, Text: a.Login, ID: a.ID.String()}})
		})
		if err != nil || !q.Count {
			return err
		}
		return s.each(ctx, actor, accountCount, nil, func(rows pgx.Rows) error { return rows.Scan(&p.Total) })
	})
	return p, err
}

// Logins implements access.Store.
func (s *Accounts) Logins(ctx context.Context, ids []uuid.UUID) (map[string]string, error) {
	out := make(map[string]string, len(ids))
	err := s.each(ctx, account.TheDoor(), accountLogins, []any{ids}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var login string
		err := rows.Scan(&id, &login)
		out[id.String()] = login
		return err
	})
	return out, err
}

func (s *Accounts) one(ctx context.Context, actor account.Actor, sql string, arg any) (a access.Account, ok bool, err error) {
	err = s.accounts(ctx, actor, sql, []any{arg}, nothingMore, func(found access.Account) { a, ok = found, true })
	return a, ok, err
}

// AccountByLogin implements access.Store.
func (s *Accounts) AccountByLogin(ctx context.Context, actor account.Actor, login string) (access.Account, bool, error) {
	return s.one(ctx, actor, accountByLogin, login)
}

// AccountByID implements access.Store.
func (s *Accounts) AccountByID(ctx context.Context, actor account.Actor, id uuid.UUID) (access.Account, bool, error) {
	return s.one(ctx, actor, accountByID, id)
}

// SetDisabled implements access.Store.
func (s *Accounts) SetDisabled(ctx context.Context, actor account.Actor, id uuid.UUID, since *time.Time) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		noteDeed(ctx)
		if _, err := ending(accountDisable, id, since)(ctx, tx); err != nil {
			return err
		}
		return actingIn(ctx, account.TheDoor(), func(ctx context.Context) error {
			_, _, err := inOrder(ctx, tx, statement(factorUnproven, id), ending(sessionEndAll, id, []byte{}), ending(tokenEndAll, id))
			return err
		})
	})
}

// Link implements access.Store.
func (s *Accounts) Link(ctx context.Context, id uuid.UUID, name string) error {
	_, err := s.exec(ctx, statement(accountLink, id, name), statement(passwordGone, id), statement(factorUnproven, id), ending(sessionEndAll, id, []byte{}), ending(tokenEndAll, id))
	return err
}

// Linked implements access.Store.
func (s *Accounts) Linked(ctx context.Context, who access.Identity) (a access.Account, ok bool, err error) {
	find := func(ctx context.Context) error {
		return s.accounts(ctx, account.TheDoor(), accountLinked, []any{who.Issuer, who.Subject}, nothingMore, func(found access.Account) { a, ok = found, true })
	}
	if err = find(ctx); err != nil || ok || who.Name == "" {
		return a, ok, err
	}
	err = s.As(ctx, account.TheDoor(), func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, accountTake, who.Issuer, who.Subject, who.Name); err != nil {
			return err
		}
		return find(ctx)
	})
	return a, ok, err
}

// WorkerOf implements access.Store.
func (s *Accounts) WorkerOf(ctx context.Context, actor account.Actor, post staff.Post, over uuid.UUID, day civil.Date) (k key.Key, ok bool, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		taken := []uuid.UUID{}
		err = s.each(ctx, actor, accountWorkers, nil, func(rows pgx.Rows) error {
			var id uuid.UUID
			err := rows.Scan(&id)
			taken = append(taken, id)
			return err
		})
		if err != nil {
			return err
		}
		return s.each(ctx, actor, accountWorkerOf, []any{homes, post, day.Time(), taken, over}, func(rows pgx.Rows) error {
			ok = true
			return rows.Scan(&k.Home, &k.ID)
		})
	})
	return k, ok, err
}

// errNotTaken undoes a transaction: what is refused leaves no row.
var errNotTaken = errors.New("not taken")

// Count implements access.Store. What was before any is told as the zero Tries.
func (s *Accounts) Count(ctx context.Context, counts []access.Count, next func([]access.Tries) bool) error {
	names, logins, place := make([][]byte, len(counts)), make([][]byte, len(counts)), map[[32]byte]int{}
	for i, c := range counts {
		names[i], place[c.Name] = c.Name[:], i
		if c.Login != nil {
			logins[i] = c.Login[:]
		}
	}
	err := s.As(ctx, account.TheDoor(), func(ctx context.Context, tx pgx.Tx) error {
		tries := make([]access.Tries, len(counts))
		rows, err := tx.Query(ctx, tryLock, names, logins)
		if err != nil {
			return err
		}
		var name []byte
		var n int
		var last, until pgtype.Timestamptz
		if _, err := pgx.ForEachRow(rows, []any{&name, &n, &last, &until}, func() error {
			tries[place[[32]byte(name)]] = access.Tries{N: n, Last: last.Time, Until: until.Time}
			return nil
		}); err != nil {
			return err
		}
		if !next(tries) {
			return errNotTaken
		}
		ns, lasts, untils, forgets := make([]int, len(tries)), make([]time.Time, len(tries)), make([]time.Time, len(tries)), make([]time.Time, len(tries))
		for i, t := range tries {
			ns[i], lasts[i], untils[i], forgets[i] = t.N, t.Last, t.Until, t.Forget
		}
		_, err = tx.Exec(ctx, trySet, names, ns, lasts, untils, forgets)
		return err
	})
	if errors.Is(err, errNotTaken) {
		return nil
	}
	return err
}

// ForgetTries implements access.Store.
func (s *Accounts) ForgetTries(ctx context.Context, login [32]byte) error {
	_, err := s.aside(ctx, statement(tryForget, login[:]))
	return err
}

// SweepCounts implements access.Store.
func (s *Accounts) SweepCounts(ctx context.Context, now time.Time) error {
	_, err := s.aside(ctx, statement(trySweep, now))
	return err
}

func (s *Accounts) credentials(ctx context.Context, sql string, arg any) (c access.Credentials, ok bool, err error) {
	err = s.accounts(ctx, account.TheDoor(), sql, []any{arg}, func() []any { return []any{&c.Password, &c.Factor} },
		func(a access.Account) { c.Account, ok = a, true })
	return c, ok, err
}

// CredentialsByLogin implements access.Store.
func (s *Accounts) CredentialsByLogin(ctx context.Context, login string) (access.Credentials, bool, error) {
	return s.credentials(ctx, credentialsByLogin, login)
}

// CredentialsByID implements access.Store.
func (s *Accounts) CredentialsByID(ctx context.Context, id uuid.UUID) (access.Credentials, bool, error) {
	return s.credentials(ctx, credentialsByID, id)
}

// SetPassword implements access.Store.
func (s *Accounts) SetPassword(ctx context.Context, id uuid.UUID, password string, given bool, had string) (bool, error) {
	return s.all(ctx, needing(statement(passwordHold, id, had)), statement(passwordSet, id, password), statement(passwordGiven, id, given), statement(factorUnproven, id),
		ending(sessionEndAll, id, []byte{}), ending(tokenEndAll, id))
}

// SetFactor implements access.Store.
func (s *Accounts) SetFactor(ctx context.Context, id uuid.UUID, session [32]byte, sealed []byte) (kept []byte, ok bool, err error) {
	ok, err = s.all(ctx, needing(statement(factorHold, id, session[:])), func(ctx context.Context, tx pgx.Tx) (int64, error) {
		return 1, tx.QueryRow(ctx, factorSet, id, sealed).Scan(&kept)
	})
	return kept, ok, err
}

// ProveFactor implements access.Store.
func (s *Accounts) ProveFactor(ctx context.Context, p access.ProvenFactor, had, hash [32]byte, now time.Time) (bool, error) {
	return s.all(ctx, needing(statement(factorHold, p.Account, had[:])), needing(statement(factorTake, p.Account, p.Sealed, p.Step)), statement(factorProve, p.Account, now),
		statement(recoveryClear, p.Account), statement(recoveryAdd, p.Account, p.Recovery), needing(ending(sessionRenew, had[:], hash[:], now)))
}

// UseStep implements access.Store.
func (s *Accounts) UseStep(ctx context.Context, id uuid.UUID, step int64) (bool, error) {
	n, err := s.aside(ctx, statement(factorStep, id, step))
	return n == 1, err
}

// UseRecovery implements access.Store.
func (s *Accounts) UseRecovery(ctx context.Context, id uuid.UUID, hash [32]byte) (bool, error) {
	n, err := s.aside(ctx, statement(recoveryUse, id, hash[:]))
	return n == 1, err
}

// DropFactor implements access.Store.
func (s *Accounts) DropFactor(ctx context.Context, id uuid.UUID) error {
	_, err := s.exec(ctx, ending(factorGone, id), statement(factorDrop, id), statement(recoveryClear, id))
	return err
}

// AddSession implements access.Store.
func (s *Accounts) AddSession(ctx context.Context, hash [32]byte, one access.Session, shown access.Proof, had [32]byte, swept time.Time) (bool, error) {
	return s.all(ctx, needing(statement(sessionAdd, hash[:], one.ID, one.Handle, one.Device.Browser, one.Device.System, one.Factor, one.Began, one.Seen, shown.Password, shown.Issuer, shown.Subject)),
		ending(sessionSweep, had[:], swept))
}

// RenewSession implements access.Store.
func (s *Accounts) RenewSession(ctx context.Context, had, hash [32]byte, now time.Time) (bool, error) {
	n, err := s.exec(ctx, ending(sessionRenew, had[:], hash[:], now))
	return n == 1, err
}

func (s *Accounts) sessions(ctx context.Context, sql string, arg any) (list []access.Session, err error) {
	var of access.Session
	err = s.accounts(ctx, account.TheDoor(), sql, []any{arg}, func() []any {
		return []any{&of.Handle, &of.Device.Browser, &of.Device.System, &of.Factor, &of.Began, &of.Seen}
	}, func(a access.Account) {
		of.Account = a
		list = append(list, of)
	})
	return list, err
}

// SessionByHash implements access.Store.
func (s *Accounts) SessionByHash(ctx context.Context, hash [32]byte) (access.Session, bool, error) {
	list, err := s.sessions(ctx, sessionByHash, hash[:])
	if err != nil || len(list) == 0 {
		return access.Session{}, false, err
	}
	return list[0], true, nil
}

// SeeSession implements access.Store.
func (s *Accounts) SeeSession(ctx context.Context, hash [32]byte, now time.Time) error {
	_, err := s.aside(ctx, statement(sessionSee, hash[:], now))
	return err
}

// EndSession implements access.Store.
func (s *Accounts) EndSession(ctx context.Context, hash [32]byte) error {
	_, err := s.aside(ctx, ending(sessionEnd, hash[:]))
	return err
}

// EndSessionOf implements access.Store.
func (s *Accounts) EndSessionOf(ctx context.Context, of, handle uuid.UUID) (bool, error) {
	n, err := s.exec(ctx, ending(sessionEndOf, of, handle))
	return n == 1, err
}

// EndSessions implements access.Store.
func (s *Accounts) EndSessions(ctx context.Context, of uuid.UUID, but [32]byte) error {
	_, err := s.exec(ctx, statement(accountHold, of), statement(factorUnproven, of), ending(sessionEndAll, of, but[:]))
	return err
}

// Sessions implements access.Store.
func (s *Accounts) Sessions(ctx context.Context, of uuid.UUID) ([]access.Session, error) {
	return s.sessions(ctx, sessionsOf, of)
}

// AddToken implements access.Store.
func (s *Accounts) AddToken(ctx context.Context, t access.Token, hash [32]byte, session uuid.UUID) (bool, error) {
	rights := []string{}
	for _, r := range t.Rights.All() {
		rights = append(rights, r.String())
	}
	n, err := s.exec(ctx, statement(tokenAdd, t.ID, t.Account.ID, t.Name, hash[:], t.Writes, rights, t.Created, t.Expires, session))
	return n == 1, err
}

func (s *Accounts) tokens(ctx context.Context, sql string, arg any) (list []access.Token, err error) {
	var t access.Token
	var rights []string
	err = s.accounts(ctx, account.TheDoor(), sql, []any{arg},
		func() []any { return []any{&t.ID, &t.Name, &t.Writes, &rights, &t.Created, &t.Expires, &t.Used} },
		func(a access.Account) {
			t.Account, t.Rights = a, 0
			for _, name := range rights {
				if r, ok := account.ParseRight(name); ok { // one that there is no more gives nothing
					t.Rights |= account.SetOf(r)
				}
			}
			list = append(list, t)
		})
	return list, err
}

// TokenByHash implements access.Store.
func (s *Accounts) TokenByHash(ctx context.Context, hash [32]byte) (access.Token, bool, error) {
	list, err := s.tokens(ctx, tokenByHash, hash[:])
	if err != nil || len(list) == 0 {
		return access.Token{}, false, err
	}
	return list[0], true, nil
}

// UseToken implements access.Store.
func (s *Accounts) UseToken(ctx context.Context, id uuid.UUID, day time.Time) error {
	_, err := s.aside(ctx, statement(tokenUse, id, day))
	return err
}

// Tokens implements access.Store.
func (s *Accounts) Tokens(ctx context.Context, of uuid.UUID) ([]access.Token, error) {
	return s.tokens(ctx, tokensOf, of)
}

// RemoveToken implements access.Store.
func (s *Accounts) RemoveToken(ctx context.Context, of, id uuid.UUID) (bool, error) {
	n, err := s.exec(ctx, ending(tokenEnd, of, id))
	return n == 1, err
}
