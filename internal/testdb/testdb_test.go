package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func has(t *testing.T, address, relation string) (ok bool) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, relation).Scan(&ok); err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestDatabasesAreSeparateAndDropped(t *testing.T) {
	ctx := context.Background()
	var name string
	t.Run("first", func(t *testing.T) {
		first, second := New(t), New(t)
		if _, err := first.Exec(ctx, `CREATE TABLE mine AS SELECT ST_MakePoint(1, 2) AS at`); err != nil {
			t.Fatal(err)
		}
		var seen, migrated bool
		err := second.QueryRow(ctx, `SELECT to_regclass('mine') IS NOT NULL, to_regclass('table_class') IS NOT NULL`).
			Scan(&seen, &migrated)
		if err != nil || seen || !migrated {
			t.Errorf("seen %v, migrated %v, %v", seen, migrated, err)
		}
		name = first.Config().ConnConfig.Database
	})
	var left bool
	err := New(t).QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&left)
	if err != nil || left || name == "" {
		t.Errorf("database %s left behind: %v, %v", name, left, err)
	}
}

func TestSharedIsFilledOnceAndCopied(t *testing.T) {
	ctx := context.Background()
	var shared Shared
	filled := 0
	fill := func(pool *pgxpool.Pool) {
		filled++
		if _, err := pool.Exec(ctx, `CREATE TABLE mine AS SELECT 1 AS n`); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // what is done to a copy is not seen in the next
		var n int
		if err := shared.New(t, fill).QueryRow(ctx, `INSERT INTO mine SELECT 2 RETURNING (SELECT count(*) FROM mine)`).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	}
	if err := shared.Drop(); err != nil || filled != 1 {
		t.Errorf("filled %d times, %v", filled, err)
	}
	var left bool
	err := New(t).QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, shared.name).Scan(&left)
	if err != nil || left || shared.name == "" {
		t.Errorf("database %s left behind: %v, %v", shared.name, left, err)
	}
}

func TestURLAndEmpty(t *testing.T) {
	if address := URL(t); !has(t, address, "table_class") {
		t.Error("not migrated")
	}
	if address := Empty(t); has(t, address, "table_class") || !has(t, address, "spatial_ref_sys") {
		t.Error("not empty, or without PostGIS")
	}
}

func TestManyAtOnce(t *testing.T) {
	for range 6 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if err := New(t).Ping(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLeftovers(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, want := range map[string]bool{
		"wangge_test_1799990000_0123456789ab":  true,
		"wangge_test_1799999000_0123456789ab":  false, // a quarter of an hour old
		"wangge_test_1799990000_0123456789abc": false,
		"wangge_template_0123456789abcdef":     false,
		"wangge_test_mine":                     false,
		"wangge":                               false,
	} {
		if isLeftover(name, now) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// recorder is a test that notes how it was given up.
type recorder struct {
	testing.TB
	how string
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.how += "failed" }
func (r *recorder) Skipf(string, ...any)  { r.how += "skipped" }

func TestGiveUp(t *testing.T) {
	for _, c := range []struct{ ci, url, want string }{
		{"", "", "skipped"},
		{"true", "", "failed"},
		{"", "postgres://u@h/d", "failed"},
	} {
		t.Setenv("CI", c.ci)
		t.Setenv(urlVariable, c.url)
		var r recorder
		if giveUp(&r, errors.New("no PostgreSQL")); !strings.HasPrefix(r.how, c.want) {
			t.Errorf("CI %q, URL %q: %s, want %s", c.ci, c.url, r.how, c.want)
		}
	}
}

// helperVariable makes the test binary another package's tests, which use the server until their input ends.
const helperVariable = "WANGGE_TESTDB_HELPER"

func TestHelper(t *testing.T) {
	if os.Getenv(helperVariable) == "" {
		t.Skip("only another process of TestServerEndsWithTheLastProcess")
	}
	var server string
	err := New(t).QueryRow(context.Background(), `SELECT concat('server ', pg_postmaster_start_time())`).Scan(&server)
	fmt.Println(server, err)
	os.Stdin.Read(make([]byte, 1))
}

func TestServerEndsWithTheLastProcess(t *testing.T) {
	if os.Getenv(urlVariable) != "" {
		t.Skip("the server is somebody else's")
	}
	URL(t) // gives up where there is no PostgreSQL
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "testdb") // t.TempDir's is closed to the server's user
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	type process struct {
		*exec.Cmd
		said string
	}
	start := func() *process {
		cmd := exec.Command(program, "-test.run=^TestHelper$", "-test.v")
		cmd.Env = append(os.Environ(), helperVariable+"=1", "TMPDIR="+dir)
		if _, err := cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		p := &process{Cmd: cmd}
		said := regexp.MustCompile(`(?m)^server .*$`)
		for buf := make([]byte, 4096); p.said == ""; {
			n, err := out.Read(buf)
			if err != nil {
				t.Fatal("another process ended:", string(buf))
			}
			p.said = said.FindString(string(buf[:n]))
		}
		return p
	}
	running := func() bool {
		pids, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range pids {
			line, _ := os.ReadFile(p + "/cmdline")
			environ, _ := os.ReadFile(p + "/environ")
			if strings.Contains(string(line), dir) || strings.Contains(string(environ), keeperVariable+"="+dir) {
				return true
			}
		}
		return false
	}
	first := start()
	second := start()
	if first.said != second.said || !strings.HasSuffix(first.said, "<nil>") {
		t.Errorf("not the same server: %s and %s", first.said, second.said)
	}
	// The first is killed, as by a timeout of go test; the second goes on undisturbed.
	first.Process.Kill()
	first.Wait()
	time.Sleep(linger + 500*time.Millisecond)
	if third := start(); third.said != second.said {
		t.Errorf("the server did not stay for the second: %s and %s", third.said, second.said)
	} else {
		third.Process.Kill()
		third.Wait()
	}
	if !running() {
		t.Fatal("cannot see the server")
	}
	second.Process.Kill()
	second.Wait()
	for end := time.Now().Add(linger + 15*time.Second); running(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server or its keeper did not end")
		}
	}
}
