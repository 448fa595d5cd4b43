// Package testdb gives each test a migrated PostGIS database of its own, a clone of a template that is migrated once.
//
// The databases live on one private PostgreSQL for all packages of a test run (internal/localpg), or on the server
// that WANGGE_TEST_DATABASE_URL names, whose role must be allowed to create databases and the extension postgis.
// Without PostgreSQL a test is skipped; where CI is "true", or a named server does not answer, it fails instead.
package testdb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/migrations"
)

const (
	urlVariable = "WANGGE_TEST_DATABASE_URL"
	setUpTime   = 2 * time.Minute

	// templateLock is the advisory lock held while the template is made and leftovers are dropped.
	templateLock = 7_014_301

	templatePrefix = "wangge_template_"
	keepTemplates  = 8 // several checkouts, with migrations of their own, may share the server

	// maxConns keeps a dozen tests at once, of several packages, within the server's 100 connections.
	maxConns = 8
)

// New returns a pool on a fresh migrated database, which is dropped when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return open(t, URL(t))
}

// Shared is a database that the tests of a package copy, which is cheaper than to fill one for each.
type Shared struct {
	made sync.Once
	name string // of the database; empty: it could not be made
}

// New returns a pool on a copy, which is dropped when the test ends. The first test that asks has the database filled.
func (d *Shared) New(t testing.TB, fill func(*pgxpool.Pool)) *pgxpool.Pool {
	t.Helper()
	d.made.Do(func() {
		s, err := theServer()
		if err != nil {
			giveUp(t, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
		defer cancel()
		name := newName()
		if err := s.do(ctx, func(conn *pgx.Conn) error { return s.clone(ctx, conn, name, s.template) }); err != nil {
			t.Fatalf("testdb: create database: %v", err)
		}
		pool, err := db.Open(ctx, s.address(name), db.Options{ApplicationName: "wangge-test", MaxConns: maxConns})
		if err != nil {
			t.Fatalf("testdb: %v", err)
		}
		defer pool.Close()
		fill(pool)
		d.name = name
	})
	return open(t, create(t, func(s *server) string {
		if d.name == "" {
			t.Fatal("testdb: the database that is shared was not made: see the first test that asked for it")
		}
		return d.name
	}))
}

// Drop drops what the copies were made of. It is for TestMain, after the tests; what a killed process leaves is dropped by a later one.
func (d *Shared) Drop() error {
	if d.name == "" {
		return nil
	}
	s, err := theServer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	return s.do(ctx, func(conn *pgx.Conn) error { return drop(ctx, conn, d.name) })
}

func open(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	pool, err := db.Open(ctx, address, db.Options{ApplicationName: "wangge-test", MaxConns: maxConns})
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL is New for a test that opens its own connections.
func URL(t testing.TB) string {
	t.Helper()
	return create(t, func(s *server) string { return s.template })
}

// Empty returns the address of a fresh database with the extensions but without our schema, for tests of migrations
// and of start-up. It is dropped when the test ends.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, func(*server) string { return "template1" })
}

func create(t testing.TB, from func(*server) string) string {
	t.Helper()
	s, err := theServer()
	if err != nil {
		giveUp(t, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	name := newName()
	err = s.do(ctx, func(conn *pgx.Conn) error {
		return s.clone(ctx, conn, name, from(s))
	})
	if err != nil {
		t.Fatalf("testdb: create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
		defer cancel()
		err := s.do(ctx, func(conn *pgx.Conn) error { return drop(ctx, conn, name) })
		if err != nil {
			t.Errorf("testdb: drop database: %v", err)
		}
	})
	return s.address(name)
}

func newName() string { return fmt.Sprintf("wangge_test_%d_%s", time.Now().Unix(), randomHex()) }

// giveUp skips the test, or fails it where somebody relies on it: in CI, or who named a server.
func giveUp(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv(urlVariable) != "" {
		t.Fatalf("testdb: no database to test with: %v", err)
	}
	t.Skipf("testdb: no database to test with: %v", err)
}

// server is where this process makes its databases.
type server struct {
	base     *url.URL // of its maintenance database
	template string   // the migrated database to clone
	strategy string   // how to clone, a clause of CREATE DATABASE
}

// theServer is found once a process: a test that fails here would fail in the same way again.
var theServer = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	address, strategy := os.Getenv(urlVariable), ""
	if address == "" {
		// Without fsync, copying files takes 0.10 s where the default takes 0.25; with it, the checkpoints that this
		// needs would cost more.
		strategy = "STRATEGY file_copy"
		var err error
		if address, err = startPrivate(ctx); err != nil {
			return nil, err
		}
	}
	base, err := url.Parse(address)
	if err != nil || base.Scheme == "" {
		return nil, fmt.Errorf("%s must be a URL like postgres://user@host/database", urlVariable)
	}
	s := &server{base: base, strategy: strategy}
	return s, s.do(ctx, func(conn *pgx.Conn) error { return s.makeTemplate(ctx, conn) })
})

func (s *server) address(database string) string {
	u := *s.base
	u.Path = "/" + database
	return u.String()
}

func (s *server) do(ctx context.Context, fn func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.base.String())
	if err != nil {
		return err
	}
	return errors.Join(fn(conn), conn.Close(ctx))
}

// makeTemplate finds or makes the database that holds the schema of these very migrations.
func (s *server) makeTemplate(ctx context.Context, conn *pgx.Conn) error {
	// Ends with the connection, also where the process is killed.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
		return err
	}
	hash, err := schemaHash(ctx, conn)
	if err != nil {
		return err
	}
	s.template = templatePrefix + hash
	var ready bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.template).Scan(&ready)
	if err != nil || ready {
		return err
	}
	if err := dropLeftovers(ctx, conn, time.Now()); err != nil {
		return err
	}
	// Under a name that nobody clones until it is whole.
	draft := newName()
	if err := s.clone(ctx, conn, draft, "template1"); err != nil {
		return err
	}
	if err := migrate(ctx, s.address(draft)); err != nil {
		return errors.Join(err, drop(ctx, conn, draft))
	}
	_, err = conn.Exec(ctx, `ALTER DATABASE `+draft+` RENAME TO `+s.template)
	return err
}

func migrate(ctx context.Context, address string) error {
	pool, err := db.Open(ctx, address, db.Options{ApplicationName: "wangge-test"})
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = db.MigrateUp(ctx, pool)
	return err
}

func (s *server) clone(ctx context.Context, conn *pgx.Conn, name, from string) error {
	_, err := conn.Exec(ctx, `CREATE DATABASE `+name+` TEMPLATE `+from+` `+s.strategy)
	return err
}

// drop drops a database and cuts off who is still connected; for a superuser, whom our role may not cut off, it waits
// the few seconds that DROP DATABASE does.
func drop(ctx context.Context, conn *pgx.Conn, name string) error {
	_, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "42501" {
		_, err = conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name)
	}
	return err
}

// schemaHash names the migrations and the versions that they ran on.
func schemaHash(ctx context.Context, conn *pgx.Conn) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.FS, name)
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		return "", err
	}
	var versions string
	err = conn.QueryRow(ctx, `SELECT concat_ws(' ', current_setting('server_version'),
		(SELECT default_version FROM pg_available_extensions WHERE name = 'postgis'))`).Scan(&versions)
	fmt.Fprint(hash, versions)
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}

var leftover = regexp.MustCompile(`^wangge_test_(\d{10})_[0-9a-f]{12}$`)

// dropLeftovers drops what killed test processes left behind, and the templates of bygone migrations.
func dropLeftovers(ctx context.Context, conn *pgx.Conn, now time.Time) error {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database ORDER BY oid DESC`) // newest first
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	templates := 0
	for _, name := range names {
		if strings.HasPrefix(name, templatePrefix) {
			templates++
		}
		if !isLeftover(name, now) && !(strings.HasPrefix(name, templatePrefix) && templates > keepTemplates) {
			continue
		}
		if err := drop(ctx, conn, name); err != nil {
			return err
		}
	}
	return nil
}

// isLeftover reports whether a database is one of ours whose test must have ended: go test stops after ten minutes.
func isLeftover(name string, now time.Time) bool {
	match := leftover.FindStringSubmatch(name)
	if match == nil {
		return false
	}
	made, err := strconv.ParseInt(match[1], 10, 64)
	return err == nil && now.Sub(time.Unix(made, 0)) > time.Hour
}

func randomHex() string {
	var b [6]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// quiet shortens an error to its first line, for a message between processes.
func quiet(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
