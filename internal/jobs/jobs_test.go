package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"wangge/internal/jobs"
	"wangge/internal/testdb"
)

// run has jobs done by two servers until the test is over, or stop is called.
func run(t *testing.T, pool *pgxpool.Pool, list ...jobs.Job) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			q := jobs.Queue{Pool: pool, Jobs: list, Look: 200 * time.Millisecond, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
			if err := q.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}

// TestAJobIsDoneOnceInAllServers: in its period, whoever starts meanwhile; and again where it failed, of which the queue keeps no words.
func TestAJobIsDoneOnceInAllServers(t *testing.T) {
	pool := testdb.New(t)
	var count, again atomic.Int32
	once := jobs.Job{Name: "once", Every: 24 * time.Hour, Do: func(context.Context) error { count.Add(1); return nil }}
	wait := func(done chan struct{}) {
		t.Helper()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatal("it is not done")
		}
	}
	done := make(chan struct{})
	stop := run(t, pool, once, jobs.Job{Name: "again", Every: 24 * time.Hour, Do: func(context.Context) error {
		if again.Add(1) == 1 {
			return errors.New("of 张三")
		}
		close(done)
		return nil
	}})
	wait(done)
	time.Sleep(time.Second)
	stop()
	later := make(chan struct{})
	stop = run(t, pool, once, jobs.Job{Name: "later", Every: 24 * time.Hour, Do: func(context.Context) error { close(later); return nil }})
	wait(later)
	time.Sleep(time.Second)
	stop()
	if count.Load() != 1 || again.Load() != 2 {
		t.Errorf("done %d times, and what failed %d times", count.Load(), again.Load())
	}
	var kept string
	if err := pool.QueryRow(t.Context(), `SELECT string_agg(to_jsonb(j)::text, ' ' ORDER BY id) FROM river.river_job j`).Scan(&kept); err != nil ||
		strings.Contains(kept, "张三") || !strings.Contains(kept, "see the log") || !strings.Contains(kept, `{"job": "once"}`) {
		t.Errorf("%v, the queue keeps %s", err, kept)
	}
}

// TestTheTablesAreRivers: what the migration makes is what River's own migrations leave.
func TestTheTablesAreRivers(t *testing.T) {
	pool := testdb.New(t)
	if _, err := pool.Exec(t.Context(), "CREATE SCHEMA judge"); err != nil {
		t.Fatal(err)
	}
	theirs, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(pool), &rivermigrate.Config{Schema: "judge"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Migrate(t.Context(), rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
	made := func(schema string) (text string) {
		t.Helper()
		err := pool.QueryRow(t.Context(), `SELECT replace(string_agg(line, E'\n' ORDER BY line), $1::text || '.', '') FROM (
			SELECT concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), c.relpersistence)
				FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
				WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = to_regnamespace($1)
			UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = $1::text::text
			UNION ALL SELECT concat_ws(' ', 'value', enumlabel, row_number() OVER (ORDER BY enumsortorder)) FROM pg_enum e JOIN pg_type y ON y.oid = e.enumtypid WHERE y.typnamespace = to_regnamespace($1)
			UNION ALL SELECT concat_ws(' ', 'function', proname, regexp_replace(prosrc, '\s+', ' ', 'g')) FROM pg_proc WHERE pronamespace = to_regnamespace($1)
			UNION ALL SELECT concat_ws(' ', 'trigger', tgname) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = to_regnamespace($1) AND NOT g.tgisinternal
		) x (line)`, schema).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if ours, want := made(jobs.Schema), made("judge"); ours != want {
		t.Errorf("ours are\n%s\n\nRiver's are\n%s", ours, want)
	}
	ours, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(pool), &rivermigrate.Config{Schema: jobs.Schema})
	if err != nil {
		t.Fatal(err)
	}
	if is, err := ours.Validate(t.Context(), nil); err != nil || !is.OK {
		t.Errorf("%v, %+v", err, is)
	}
}

// TestRequestsHaveNoRightInTheQueue: the role that they are answered as does not even see it.
func TestRequestsHaveNoRightInTheQueue(t *testing.T) {
	pool := testdb.New(t)
	var n, may int
	err := pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE has_schema_privilege('wangge_app', c.relnamespace, 'USAGE') OR has_table_privilege('wangge_app', c.oid,
		'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) FROM pg_class c WHERE c.relnamespace = 'river'::regnamespace AND c.relkind = 'r'`).Scan(&n, &may)
	if err != nil || n != 5 || may != 0 {
		t.Errorf("it has rights in %d of %d tables, %v", may, n, err)
	}
}
