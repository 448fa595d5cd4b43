package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

var auditor = account.Actor{Role: account.Auditor, ID: "auditor-1"}

// newAudit is an audit on a fresh database.
func newAudit(t testing.TB) (*audit.Service, *db.DB, *pgxpool.Pool) {
	t.Helper()
	pool := testdb.New(t)
	s, store := auditOn(t, pool)
	return s, store, pool
}

func auditOn(t testing.TB, pool *pgxpool.Pool) (*audit.Service, *db.DB) {
	t.Helper()
	store := db.New(pool)
	var err error
	if store.Keys, err = audit.NewKeys(strings.Repeat("k", audit.MinSecret)); err != nil {
		t.Fatal(err)
	}
	return &audit.Service{Store: db.NewAudit(store), Keys: store.Keys, Now: time.Now}, store
}

// noted are the entries of all chains, the oldest first, as "action result change".
func noted(t *testing.T, s *audit.Service) (list []string) {
	t.Helper()
	all, err := s.Store.List(t.Context(), auditor, audit.Query{Page: page.Args{First: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range slices.Backward(all.Items) {
		list = append(list, fmt.Sprint(item.Node.Entry.Action, " ", item.Node.Entry.Result, " ", item.Node.Entry.Change))
	}
	return list
}

// TestADeedIsNotedWithItsChange: in the change's own transaction, once, whether or not it is refused.
func TestADeedIsNotedWithItsChange(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	s, store := auditOn(t, pool)
	ctx, op := t.Context(), account.TheOperator()
	workers := &staff.Service{Store: db.NewStaff(store), Now: time.Now, Zone: shanghai, IDs: key.Random{}}
	add := func(ctx context.Context) error {
		_, err := workers.Add(ctx, op, staff.NewWorker{Name: "甲"}, staff.AreaDivision, "9901")
		return err
	}
	if err := s.Do(ctx, op, audit.Entry{Action: "CREATE_WORKER"}, add); err != nil {
		t.Fatal(err)
	}
	if err := s.Do(ctx, op, audit.Entry{Action: "CREATE_WORKER"}, func(ctx context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	refusal := fault.New(fault.Conflict, "", "conflict")
	if err := s.Do(ctx, op, audit.Entry{Action: "UPDATE_WORKER"}, func(context.Context) error { return refusal }); !errors.Is(err, refusal) {
		t.Fatal(err)
	}
	if want, got := []string{"CREATE_WORKER OK 1", "CREATE_WORKER OK 0", "UPDATE_WORKER CONFLICT 0"}, noted(t, s); !slices.Equal(got, want) {
		t.Errorf("noted are %q, want %q", got, want)
	}

	// What cannot be noted is not done.
	store.Keys = nil
	if err := s.Do(ctx, op, audit.Entry{Action: "CREATE_WORKER"}, add); err == nil {
		t.Error("a worker was added that the audit knows nothing of")
	}
	var n int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM worker`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d workers, %v", n, err)
	}
}

// TestReadsAreNoted: in whatever transaction they are done.
func TestReadsAreNoted(t *testing.T) {
	s, store, _ := newAudit(t)
	ctx, op := t.Context(), account.TheOperator()
	read := func(name string) error {
		return s.Record(ctx, op, audit.Entry{Action: audit.Action(name)})
	}
	if err := read("READ_ALONE"); err != nil {
		t.Fatal(err)
	}
	in := func(name string, result error, within func(context.Context, account.Actor, func(context.Context) error) error) {
		err := within(ctx, op, func(ctx context.Context) error {
			if _, err := store.Newest(ctx, op); err != nil {
				return err
			}
			if err := s.Record(t.Context(), op, audit.Entry{Action: "MEANWHILE"}); err != nil { // another adds to the chain
				return err
			}
			if err := s.Record(ctx, op, audit.Entry{Action: audit.Action(name)}); err != nil {
				return err
			}
			return result
		})
		if !errors.Is(err, result) {
			t.Errorf("%s: %v", name, err)
		}
	}
	as := func(ctx context.Context, a account.Actor, fn func(context.Context) error) error {
		return store.As(ctx, a, func(ctx context.Context, _ pgx.Tx) error { return fn(ctx) })
	}
	in("READ_IN_A_SNAPSHOT", nil, store.Do)
	in("READ_AND_WRITE", nil, as)
	gone := fault.New(fault.NotFound, "", "notFound")
	in("READ_IN_VAIN", gone, store.Do)
	in("WRITE_IN_VAIN", gone, as)
	if _, err := s.Verify(ctx, auditor, nil, nil); err != nil {
		t.Error(err)
	}
	want := []string{"READ_ALONE OK 0", "READ_IN_A_SNAPSHOT OK 0", "READ_AND_WRITE OK 0", "READ_IN_VAIN NOT_FOUND 0", "WRITE_IN_VAIN NOT_FOUND 0"}
	got := slices.DeleteFunc(noted(t, s), func(n string) bool { return n == "MEANWHILE OK 0" })
	if !slices.Equal(got, want) {
		t.Errorf("noted are %q, want %q", got, want)
	}
}

// TestManyAddToChainsAtOnce: numbers have no gaps, and each chain holds.
func TestManyAddToChainsAtOnce(t *testing.T) {
	s, _, _ := newAudit(t)
	ctx, op := t.Context(), account.TheOperator()
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for j := range 5 {
				district := []string{"", "east", "west"}[(i+j)%3]
				if err := s.Record(ctx, op, audit.Entry{Action: "TRY_IT", District: district, Object: audit.Object{Kind: "GRID", ID: fmt.Sprint(i, "-", j)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	links := 0
	heads, err := s.Verify(ctx, auditor, nil, func() { links++ })
	if err != nil || links != 200 || len(heads) != 3 || heads[0].N+heads[1].N+heads[2].N != 200 {
		t.Errorf("%d links, %v, %v", links, heads, err)
	}
}

// TestTheAuditIsOnlyAddedTo: by requests, as who they are; it is read by auditors.
func TestTheAuditIsOnlyAddedTo(t *testing.T) {
	s, store, pool := newAudit(t)
	ctx, op := t.Context(), account.TheOperator()
	if err := s.Record(ctx, op, audit.Entry{Action: "TRY_IT"}); err != nil {
		t.Fatal(err)
	}
	exec := func(a account.Actor, sql string) (n int64, err error) {
		err = store.As(ctx, a, func(ctx context.Context, tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, sql)
			n = tag.RowsAffected()
			return err
		})
		return n, err
	}
	for _, a := range []account.Actor{account.Anyone(), account.TheDoor(), op, auditor, {Role: account.Staff, ID: "s"}, {Role: account.Security, ID: "y"}} {
		for _, sql := range []string{`UPDATE audit_entry SET actor = 'x'`, `DELETE FROM audit_entry`, `TRUNCATE audit_entry`} {
			if _, err := exec(a, sql); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %s: %v", a.Role, sql, err)
			}
		}
		n, err := exec(a, `SELECT * FROM audit_entry`)
		if want := map[bool]int64{true: 1}[a.Role == account.Auditor]; n != want || err != nil {
			t.Errorf("%s reads %d entries, %v", a.Role, n, err)
		}
		if _, err := s.List(ctx, a, audit.Query{Page: page.Args{First: 1}}); fault.Is(err, fault.Forbidden) != (a.Role != account.Auditor) {
			t.Errorf("%s lists: %v", a.Role, err)
		}
		another := `INSERT INTO audit_entry (district, n, at, actor, role, action, result, previous, key_id, hash)
			VALUES ('unplaced', 77, now(), 'operator', '%s', 'TRY_IT', 'OK', decode(repeat('00', 32), 'hex'), '00000000', decode(repeat('00', 32), 'hex'))`
		if a == op {
			continue
		}
		if _, err := exec(a, fmt.Sprintf(another, op.Role)); err == nil || !strings.Contains(err.Error(), "row-level security") {
			t.Errorf("%s adds an entry in the operator's name: %v", a.Role, err)
		}
	}
	// The tables' owner may do all that, and is found out.
	if _, err := pool.Exec(ctx, `UPDATE audit_entry SET result = 'FORBIDDEN' WHERE n = 1`); err != nil {
		t.Fatal(err)
	}
	var wrong *audit.Wrong
	if _, err := s.Verify(ctx, auditor, nil, nil); !errors.As(err, &wrong) || wrong.N != 1 {
		t.Errorf("verified: %v", err)
	}
}

func TestOldEntriesAreRemovedAndTheChainHolds(t *testing.T) {
	s, _, _ := newAudit(t)
	ctx, op := t.Context(), account.TheOperator()
	day := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ends := &memory{}
	s.Anchors = ends
	for i := range 400 {
		s.Now = func() time.Time { return day.AddDate(0, 0, i) }
		if err := s.Record(ctx, op, audit.Entry{Action: "TRY_IT"}); err != nil {
			t.Fatal(err)
		}
		if i == 9 { // by a server that did not run since: what it anchored will be removed
			if _, err := s.Anchor(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := ends.list
	keep := func(days int) error {
		_, err := s.Prune(ctx, days)
		if err == nil {
			_, err = s.Anchor(ctx)
		}
		return err
	}
	if err := keep(179); !fault.Is(err, fault.Invalid) {
		t.Errorf("entries are kept 179 days: %v", err)
	}
	for range 2 { // the second time there is nothing to do
		if err := keep(180); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	heads, err := s.Verify(ctx, auditor, append(before, ends.list...), func() { n++ })
	if err != nil || n != 182 || heads[0].N != 401 || len(ends.list) != 1 || ends.list[0].Head != heads[0] {
		t.Errorf("%d entries, %v, anchored %v, %v", n, heads, ends.list, err)
	}
	// Where none is young, the last stays.
	s.Now = func() time.Time { return day.AddDate(5, 0, 0) }
	if err := keep(180); err != nil {
		t.Fatal(err)
	}
	n = 0
	if heads, err = s.Verify(ctx, auditor, ends.list, func() { n++ }); err != nil || n != 2 || heads[0].N != 402 {
		t.Errorf("%d entries, %v, %v", n, heads, err)
	}
}

// memory keeps anchors.
type memory struct {
	list []audit.Anchor
}

func (m *memory) Turn(fn func([]audit.Anchor) ([]audit.Anchor, bool, error)) error {
	is, changed, err := fn(slices.Clone(m.list))
	if err == nil && changed {
		m.list = is
	}
	return err
}

// TestWhatIsTakenFromAnEndIsMissed: by the next look and by who verifies, whatever is added meanwhile; and the proof stays.
func TestWhatIsTakenFromAnEndIsMissed(t *testing.T) {
	ctx, op := t.Context(), account.TheOperator()
	record := func(s *audit.Service, chain string, n int) {
		t.Helper()
		for range n {
			if err := s.Record(ctx, op, audit.Entry{Action: "TRY_IT", District: chain}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name, sql string
		add       int   // how many entries are added to the chain after it
		wrong     int64 // the number that is wrong; 0: nothing is
	}{
		{"nothing", "SELECT", 3, 0},
		{"the newest", "DELETE FROM audit_entry WHERE district = 'east' AND n = 5", 0, 5},
		{"the newest three", "DELETE FROM audit_entry WHERE district = 'east' AND n > 2", 0, 3},
		{"the newest three, and as many are added", "DELETE FROM audit_entry WHERE district = 'east' AND n > 2", 3, 5},
		{"the newest three, and more are added", "DELETE FROM audit_entry WHERE district = 'east' AND n > 2", 7, 5},
		{"a chain", "DELETE FROM audit_entry WHERE district = 'east'", 0, 1},
		{"a chain, which begins anew", "DELETE FROM audit_entry WHERE district = 'east'", 9, 5},
		{"all", "TRUNCATE audit_entry", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, pool := newAudit(t)
			ends := &memory{}
			s.Anchors = ends
			record(s, "east", 3)
			record(s, "west", 4)
			look := func() error { _, err := s.Anchor(ctx); return err }
			if err := look(); err != nil {
				t.Fatal(err)
			}
			record(s, "east", 2)
			if until, loose := audit.Loose([]audit.Head{{Chain: "east", N: 5}, {Chain: "west", N: 4}}, ends.list); until.IsZero() || loose != 2 {
				t.Errorf("anchored until %v, %d after it", until, loose)
			}
			if err := look(); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Exec(ctx, c.sql); err != nil {
				t.Fatal(err)
			}
			for i := range 3 { // each look sees more
				if _, err := s.Verify(ctx, auditor, ends.list, nil); c.wrong == 0 && err != nil {
					t.Error(err)
				} else if wrong := (*audit.Wrong)(nil); c.wrong > 0 && (!errors.As(err, &wrong) || i == 0 && c.add == 0 && wrong.N != c.wrong || !strings.Contains(err.Error(), "backup of before")) {
					t.Errorf("look %d: %v; entry %d is wrong", i, err, c.wrong)
				}
				lost := audit.Lost(nil)
				if err := look(); errors.As(err, &lost) != (c.wrong > 0) || c.wrong == 0 && err != nil {
					t.Errorf("look %d: %v", i, err)
				} else if c.wrong > 0 && !slices.ContainsFunc(lost, func(a audit.Anchor) bool { return a.Chain == "east" && a.N == 5 }) {
					t.Errorf("look %d: lost are %v", i, lost)
				}
				record(s, "east", c.add)
			}
			if c.wrong == 0 && len(ends.list) != 2 {
				t.Errorf("kept are %v", ends.list)
			}
		})
	}
}

// TestWhatIsSealedAsksForALook: what is committed, not what is undone.
func TestWhatIsSealedAsksForALook(t *testing.T) {
	s, store, _ := newAudit(t)
	ctx, op := t.Context(), account.TheOperator()
	told := 0
	store.Sealed = func() { told++ }
	in := func(result error) {
		_ = store.As(ctx, op, func(ctx context.Context, _ pgx.Tx) error {
			for _, chain := range []string{"east", "west"} {
				if err := s.Record(ctx, op, audit.Entry{Action: "TRY_IT", District: chain}); err != nil {
					return err
				}
			}
			return result
		})
	}
	in(nil)
	in(fault.New(fault.NotFound, "", "notFound")) // noted as refused
	store.Keys = nil
	in(nil)
	if told != 2 {
		t.Errorf("told %d times, want 2", told)
	}
}

// BenchmarkAudit is how many entries are noted a second: each by itself, in one chain or eight.
func BenchmarkAudit(b *testing.B) {
	for _, chains := range []int{1, 8} {
		b.Run(fmt.Sprint(chains, "chains"), func(b *testing.B) {
			s, _, _ := newAudit(b)
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if err := s.Record(b.Context(), account.TheOperator(), audit.Entry{Action: "TRY_IT", District: fmt.Sprint("district", i%chains)}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
