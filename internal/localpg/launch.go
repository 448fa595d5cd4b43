//go:build linux

package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/internal/fault"
	"wangge/migrations"
)

const (
	noSpace   = "No space left on device"
	superuser = "postgres"
)

// settings are written to postgresql.conf when a database is made, for a machine of two cores that also runs wangge.
// An operator may change them there.
const settings = `
# Written by wangge when it made this database; change freely.
max_connections = 100
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1          # solid-state disks
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = on
jit = off                       # compiling costs more than these short queries take
`

// fixed are the settings that safety rests on, given at every start and stronger than postgresql.conf.
func (p place) fixed(disposable bool) []string {
	set := []string{
		"listen_addresses=", // never on the network
		"port=" + port,
		"unix_socket_directories=" + p.socketDir,
		"unix_socket_permissions=0700",
		"logging_collector=off", // this process reads the log
		"log_destination=stderr",
		"log_line_prefix=",
		"cluster_name=wangge",
		// Statements, parameters and rows hold personal data; errors reach the client in full anyway.
		"log_statement=none",
		"log_min_messages=log",
		"log_min_error_statement=panic",
		"log_error_verbosity=terse",
		"log_parameter_max_length=0",
		"log_parameter_max_length_on_error=0",
	}
	var shm syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &shm); err != nil || shm.Blocks*uint64(shm.Bsize) < 256<<20 || !p.switchTo {
		// Containers give 64 MB by default, where parallel queries fail; and when an ordinary user logs out, systemd
		// takes the shared memory away from the programs that go on.
		set = append(set, "dynamic_shared_memory_type=mmap")
	}
	if disposable {
		set = append(set, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"max_wal_size=256MB", "autovacuum_naptime=1h")
	}
	return set
}

// launch makes the database where there is none, starts the server and waits until it answers. The caller owns
// owner.lock, so that no other process of ours runs this server.
func launch(ctx context.Context, p place, opt Options) (*process, error) {
	made, err := p.madeBy()
	if err != nil {
		return nil, err
	}
	in, err := findInstall(opt.install, made, p.base)
	if err != nil {
		return nil, err
	}
	if made == 0 {
		if err := initialise(ctx, p, opt, in); err != nil {
			return nil, err
		}
	}
	if err := p.clearStale(ctx, opt.patience); err != nil {
		return nil, err
	}
	args := []string{"-D", p.data}
	for _, set := range p.fixed(opt.Disposable) {
		args = append(args, "-c", set)
	}
	for {
		server, err := p.spawn(opt.Log, syscall.SIGQUIT, filepath.Join(in.bin, "postgres"), args...)
		if err != nil {
			return nil, p.cannotRun(err)
		}
		if err = p.ready(ctx, server); err == nil {
			if err = p.furnish(ctx); err == nil {
				return server, nil
			}
		}
		server.stop()
		if strings.Contains(strings.Join(server.output(), "\n"), "pre-existing shared memory block") &&
			sleep(ctx, watchEvery) {
			continue // the children of a killed server need a moment to notice
		}
		return nil, p.explain(err, server)
	}
}

// initialise makes an empty database. It is made aside and renamed, so that a start that is interrupted leaves no
// half of one.
func initialise(ctx context.Context, p place, opt Options, in install) error {
	opt.Log.Info("making the private PostgreSQL database", "folder", p.base, "version", in.major)
	fresh := p.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return diskError(err, fresh)
	}
	if err := p.makeOwn(fresh); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", superuser, "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust",
		"--data-checksums", "--no-instructions"}
	if opt.Disposable {
		args = append(args, "--no-sync")
	}
	initdb, err := p.spawn(opt.Log, syscall.SIGKILL, filepath.Join(in.bin, "initdb"), args...)
	if err != nil {
		return p.cannotRun(err)
	}
	if err := initdb.wait(ctx); err != nil {
		initdb.stop()
		err = p.explain(err, initdb)
		return errors.Join(err, os.RemoveAll(fresh)) // gives the space back where the disk is full
	}
	conf := filepath.Join(fresh, "postgresql.conf")
	f, err := os.OpenFile(conf, os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return diskError(err, conf)
	}
	_, err = f.WriteString(settings)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(diskError(err, conf), os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, p.data); err != nil {
		return diskError(err, p.data)
	}
	return syncDir(p.base)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return diskError(err, dir)
	}
	return diskError(errors.Join(f.Sync(), f.Close()), dir)
}

// clearStale removes what a killed server leaves behind. PostgreSQL does so itself, but only where the process number
// in its files is free; after a restart of the machine or the container it often belongs to another program.
func (p place) clearStale(ctx context.Context, patience time.Duration) error {
	pidFile := filepath.Join(p.data, "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err == nil {
		first, _, _ := strings.Cut(string(text), "\n")
		if pid, err := strconv.Atoi(strings.TrimSpace(first)); err == nil && p.serves(pid) {
			// It dies with the owner whose lock we have just been given: a matter of milliseconds, unless it is a
			// server that somebody started by hand.
			deadline, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			for p.serves(pid) {
				if !sleep(deadline, pollEvery) {
					return fault.New(fault.Unavailable, "", "localpg.taken",
						"folder", p.data, "detail", fmt.Sprintf("process %d", pid))
				}
			}
		}
	}
	for _, name := range []string{pidFile, socketPath(p.socketDir), socketPath(p.socketDir) + ".lock"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return diskError(err, name)
		}
	}
	return nil
}

// serves reports whether process pid is a PostgreSQL server on this data folder, which is its working folder.
func (p place) serves(pid int) bool {
	proc := fmt.Sprintf("/proc/%d/", pid)
	name, err := os.ReadFile(proc + "comm")
	if err != nil || !strings.HasPrefix(string(name), "postgres") {
		return false
	}
	cwd, err := os.Stat(proc + "cwd")
	if err != nil {
		return false // it has ended, or belongs to somebody who could not have opened this folder
	}
	data, err := os.Stat(p.data)
	return err == nil && os.SameFile(cwd, data)
}

// ready waits until the server answers; replaying the log after a crash may take a while.
func (p place) ready(ctx context.Context, server *process) error {
	for {
		conn, err := pgx.Connect(ctx, p.url(superuser, "template1"))
		if err == nil {
			return conn.Close(ctx)
		}
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code != "57P03" { // 57P03: it is starting up
			return err
		}
		select {
		case <-server.ended:
			return errors.New("postgres ended during its start")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// furnish gives a new database what the program needs and may not make itself: its role and that of requests, its database and the
// extensions, in template1 so that databases made later have them as well. On a furnished one it only looks.
func (p place) furnish(ctx context.Context) error {
	var furnished bool
	err := p.asSuperuser(ctx, "template1", func(conn *pgx.Conn) error {
		if err := extend(ctx, conn); err != nil {
			return err
		}
		var owner, requests bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), EXISTS (SELECT FROM pg_roles WHERE rolname = $2),
			EXISTS (SELECT FROM pg_database WHERE datname = $3)`, Role, migrations.RequestRole, Database).Scan(&owner, &requests, &furnished)
		if err == nil && !owner {
			_, err = conn.Exec(ctx, `CREATE ROLE `+Role+` LOGIN CREATEDB`)
		}
		if err == nil && !requests {
			_, err = conn.Exec(ctx, `CREATE ROLE `+migrations.RequestRole+` NOLOGIN ROLE `+Role)
		}
		return err
	})
	if err != nil {
		return err
	}
	if furnished {
		return p.asSuperuser(ctx, Database, func(conn *pgx.Conn) error { return extend(ctx, conn) })
	}
	return p.asSuperuser(ctx, "postgres", func(conn *pgx.Conn) error { // not template1, which is being copied
		_, err := conn.Exec(ctx, `CREATE DATABASE `+Database+` OWNER `+Role)
		return err
	})
}

// extend creates the extensions, and brings PostGIS up to the version that is installed after an upgrade.
func extend(ctx context.Context, conn *pgx.Conn) error {
	var postgis, gist, old bool
	err := conn.QueryRow(ctx, `SELECT
		EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis'),
		EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gist'),
		EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis' AND installed_version <> default_version)`).
		Scan(&postgis, &gist, &old)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		needed bool
		sql    string
	}{
		{!postgis, `CREATE EXTENSION IF NOT EXISTS postgis`},
		{!gist, `CREATE EXTENSION IF NOT EXISTS btree_gist`},
		{old, `ALTER EXTENSION postgis UPDATE`},
	} {
		if !step.needed {
			continue
		}
		if _, err := conn.Exec(ctx, step.sql); err != nil {
			return fmt.Errorf("%s: %w", step.sql, err)
		}
	}
	return nil
}

func (p place) asSuperuser(ctx context.Context, database string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, p.url(superuser, database))
	if err != nil {
		return err
	}
	return errors.Join(do(conn), conn.Close(context.WithoutCancel(ctx)))
}

// cannotRun explains why a program could not even be started: root without the right to become another user.
func (p place) cannotRun(err error) error {
	if p.switchTo && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)) {
		return fault.Wrap(err, fault.Unavailable, "", "localpg.noUser", "detail", err.Error())
	}
	return fault.Wrap(err, fault.Unavailable, "", "localpg.failed", "folder", p.base, "detail", err.Error())
}

// explain finds the sentence for a start that failed with err, from what the program wrote.
func (p place) explain(err error, c *process) error {
	var pg *pgconn.PgError
	if errors.Is(err, context.Canceled) {
		return err
	}
	output := strings.Join(c.output(), "\n")
	detail := c.lastWords()
	if errors.As(err, &pg) {
		detail = pg.Message
	}
	is := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(output, part) {
				return true
			}
		}
		return false
	}
	switch {
	case pg != nil && pg.Code == "53100", is(noSpace, "Disk quota exceeded"):
		return fault.Wrap(err, fault.Unavailable, "", "localpg.diskFull", "folder", p.base)
	case is("Is another postmaster", "Is another postgres", "Address already in use"):
		return fault.Wrap(err, fault.Unavailable, "", "localpg.taken", "folder", p.data, "detail", detail)
	case is("Cannot allocate memory"):
		return fault.Wrap(err, fault.Unavailable, "", "localpg.noMemory", "folder", p.data, "detail", detail)
	case is("Permission denied", "Operation not permitted", "Read-only file system", "invalid permissions"):
		return fault.Wrap(err, fault.Unavailable, "", "localpg.notWritable", "folder", p.data, "detail", detail)
	}
	return fault.Wrap(err, fault.Unavailable, "", "localpg.failed", "folder", p.base, "detail", detail)
}
