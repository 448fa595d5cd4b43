//go:build linux

// Package localpg runs a private PostgreSQL with PostGIS for a deployment that names no database of its own: made on
// first use under the data folder, reached through a Unix socket only, shared by every wangge process of the machine
// and gone with the last of them. It leaves schema, migrations and pools to package db.
//
// The first process owns the server; it is the server's parent, and the server ends with it even when the owner is
// killed. The others share it. When the owner goes while others remain, one of them takes the server over at the same
// address, so that their pools recover by reconnecting. Three locked files hold this together; the kernel releases
// them when a process ends in whatever way:
//
//	start.lock  held while someone starts, joins or stops the server, so that these do not overlap
//	owner.lock  held by the owner as long as it is one
//	users.lock  shared by everybody but the owner; an owner that stops waits until nobody holds it, as long as it is let
package localpg

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/fault"
)

// Options of Start. Only DataDir is required.
type Options struct {
	DataDir string       // the deployment's data folder; made where it is missing
	Log     *slog.Logger // nil: nothing is logged

	// RootDir is where the database lies when root runs the program, because PostgreSQL refuses to run as root and
	// an unprivileged user cannot reach a folder below /root. "" means /var/lib/wangge.
	RootDir string

	// Disposable trades durability for speed: what is committed survives the end of a process, but not a power
	// failure. For tests.
	Disposable bool

	// For tests of this package:
	install  []string      // folders to look for PostgreSQL in, instead of the machine's
	users    []string      // accounts to run it as under root, instead of postgres and nobody
	patience time.Duration // how long a server whose owner was killed may take to end; 0 means 15 s
}

// The database and the role that URL names. The role owns the database and may create others; it is not a superuser,
// so that what works here works on a server that somebody else administers.
const (
	Database = "wangge"
	Role     = "wangge"
)

const (
	port         = "5432" // only part of the socket's name: the server does not listen on the network
	startTimeout = 3 * time.Minute
	pollEvery    = 20 * time.Millisecond
	watchEvery   = 200 * time.Millisecond
)

// Server is a hold on the private PostgreSQL. The server runs at least until Close.
type Server struct {
	place place
	opt   Options
	log   *slog.Logger

	owner    *os.File // owner.lock while this process owns the server, else nil
	users    *os.File // users.lock while it shares it, else nil
	postgres *process // the server while this process owns it and it runs
	owns     atomic.Bool

	closeOnce sync.Once
	closing   chan struct{} // closed by Close; ends watch
	watched   chan struct{} // closed when watch has ended; from then on Close has the fields above
}

// Start makes the database where there is none, starts the server or joins the one that runs, and returns when it
// answers. The errors are UNAVAILABLE, with a sentence that names what to do.
func Start(ctx context.Context, opt Options) (*Server, error) {
	if opt.Log == nil {
		opt.Log = quietLog()
	}
	if opt.patience == 0 {
		opt.patience = 15 * time.Second // PostgreSQL itself kills its children after 5
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	where, err := findPlace(opt)
	if err != nil {
		return nil, err
	}
	s := &Server{place: where, opt: opt, log: opt.Log, closing: make(chan struct{}), watched: make(chan struct{})}
	if err := s.startOrJoin(ctx); err != nil {
		return nil, err
	}
	s.owns.Store(s.owner != nil)
	go s.watch()
	return s, nil
}

// URL is the address of the database, for pgx and for psql. It holds no secret: who may connect is decided by the
// socket's folder, which only the server's user (and root) can enter.
func (s *Server) URL() string { return s.place.url(Role, Database) }

// Owner reports whether this process runs the server. It may become the owner later, when the present one ends.
func (s *Server) Owner() bool { return s.owns.Load() }

// Close lets go of the server. The owner first waits for the others that use it, as long as ctx allows, and stops it;
// where ctx ends before they do, one of them starts it again after an interruption of about a second.
func (s *Server) Close(ctx context.Context) error {
	var err error
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.watched
		if s.owner == nil {
			s.users = release(s.users)
			return
		}
		err = s.stopWhenUnused(ctx)
	})
	return err
}

func (s *Server) startOrJoin(ctx context.Context) error {
	for {
		joined, err := s.startOrJoinOnce(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return fault.Wrap(err, fault.Unavailable, "", "localpg.noAnswer", "folder", s.place.base)
		}
		if joined || err != nil {
			return err
		}
		// An owner lives, but its server does not answer: it has just crashed and is being restarted.
		sleep(ctx, watchEvery)
	}
}

func (s *Server) startOrJoinOnce(ctx context.Context) (joined bool, err error) {
	turn, err := lock(ctx, s.place.startLock(), exclusive)
	if err != nil {
		return false, err
	}
	defer release(turn)
	owner, err := tryLock(s.place.ownerLock(), exclusive)
	if err != nil {
		return false, err
	}
	if owner != nil {
		if s.postgres, err = launch(ctx, s.place, s.opt); err != nil {
			release(owner)
			return false, err
		}
		s.owner = owner
		s.log.Info("private PostgreSQL started", "folder", s.place.base)
		return true, nil
	}
	users, err := lock(ctx, s.place.usersLock(), shared)
	if err != nil {
		return false, err
	}
	if err := s.place.ping(ctx); err != nil {
		release(users)
		return false, nil
	}
	s.users = users
	return true, nil
}

// watch restarts the server after a crash where this process owns it, and takes it over where the owner has gone.
func (s *Server) watch() {
	defer close(s.watched)
	wait := watchEvery
	for {
		var ended <-chan struct{}
		var tick <-chan time.Time
		switch {
		case s.postgres != nil:
			ended = s.postgres.ended
		case s.owner != nil:
			tick = time.After(wait)
		default:
			tick = time.After(watchEvery)
		}
		select {
		case <-s.closing:
			return
		case <-ended:
			s.log.Error("private PostgreSQL stopped by itself; starting it again", "reason", s.postgres.lastWords())
			s.postgres = nil
			continue
		case <-tick:
		}
		if err := s.revive(); err != nil {
			s.log.Error("private PostgreSQL cannot be started; trying again", "error", err)
			wait = min(2*wait, 30*time.Second)
			continue
		}
		wait = watchEvery
	}
}

// revive starts the server where this process owns it or can become its owner.
func (s *Server) revive() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	go func() {
		select {
		case <-s.closing: // Close must not wait for a start that it would undo
			cancel()
		case <-ctx.Done():
		}
	}()
	if s.owner == nil {
		owner, err := tryLock(s.place.ownerLock(), exclusive)
		if err != nil || owner == nil {
			return err
		}
		s.owner, s.users = owner, release(s.users)
		s.owns.Store(true)
		s.log.Info("the private PostgreSQL's owner has gone; taking it over", "folder", s.place.base)
	}
	var err error
	s.postgres, err = launch(ctx, s.place, s.opt)
	return err
}

// stopWhenUnused is Close for the owner.
func (s *Server) stopWhenUnused(ctx context.Context) error {
	told := false
	for {
		// Not ctx: without its turn, this process would stop the server under someone who is just joining.
		turn, err := lock(context.WithoutCancel(ctx), s.place.startLock(), exclusive)
		if err != nil {
			return err
		}
		alone, err := tryLock(s.place.usersLock(), exclusive)
		if err == nil && alone == nil && ctx.Err() == nil {
			release(turn)
			if !told {
				s.log.Info("waiting for other processes that use the private PostgreSQL", "folder", s.place.base)
				told = true
			}
			sleep(ctx, watchEvery)
			continue
		}
		if s.postgres != nil {
			s.postgres.stop()
			s.postgres = nil
		}
		release(alone)
		s.owner = release(s.owner)
		s.owns.Store(false)
		release(turn)
		return err
	}
}

// url is a connection string that means the same to pgx and to libpq.
func (p place) url(role, database string) string {
	q := url.Values{"host": {p.socketDir}, "port": {port}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

func (p place) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.url(Role, Database))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// sleep waits for d and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
