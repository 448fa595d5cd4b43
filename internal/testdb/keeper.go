package testdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"wangge/internal/localpg"
	"wangge/internal/traces"
)

// The private server of the tests belongs to a process of its own, the keeper, because a test process ends without a
// word when its last test has run, while other packages still test. The keeper is the test binary started once more,
// recognised by keeperVariable; it ends a moment after the last test process, which it knows by a lock that every one
// of them holds and the kernel releases.
const (
	keeperVariable = "WANGGE_TESTDB_KEEPER" // set to the keeper's folder in its environment
	linger         = 3 * time.Second        // go test links the next package meanwhile
)

func init() {
	if dir := os.Getenv(keeperVariable); dir != "" {
		os.Exit(keep(dir, os.NewFile(3, "report")))
	}
}

// inUse is held for the life of this process; the keeper waits for it to be released.
//
//lint:ignore U1000 it is held, not read: closed by the garbage collector it would be released
var inUse *os.File

// startPrivate makes sure that a keeper runs and returns the address of its server.
func startPrivate(ctx context.Context) (string, error) {
	dir := filepath.Join(fastDir(), fmt.Sprintf("wangge-testdb-%d", os.Geteuid()))
	if err := ownDir(dir); err != nil {
		return "", err
	}
	var err error
	// Before the keeper is asked: one that is about to end holds this lock until it has.
	if inUse, err = flock(filepath.Join(dir, "tests.lock"), syscall.LOCK_SH); err != nil {
		return "", err
	}
	// One test process at a time: the second finds the first one's keeper ready, and does not own the server itself.
	turn, err := flock(filepath.Join(dir, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer turn.Close()
	if err := startKeeper(dir); err != nil {
		return "", err
	}
	shared, err := localpg.Start(ctx, options(dir))
	if err != nil {
		return "", err
	}
	return shared.URL(), nil // given back when the process ends
}

// fastDir is where the databases lie: in memory where there is plenty, which makes a clone twice as fast.
func fastDir() string {
	const shm, plenty = "/dev/shm", 4 << 30
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(shm, &fs) == nil && fs.Blocks*uint64(fs.Bsize) >= plenty {
		return shm
	}
	return os.TempDir()
}

func options(dir string) localpg.Options {
	return localpg.Options{
		DataDir:    filepath.Join(dir, "data"),
		RootDir:    filepath.Join(dir, "root"),
		Disposable: true,
	}
}

// ownDir makes the folder, which in a shared place like /tmp anybody could have put there first.
func ownDir(dir string) error {
	// 0755: under root the server's user passes through it. The server's own folders below are closed.
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(s.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s belongs to somebody else: remove it, or set TMPDIR", dir)
	}
	return nil
}

// startKeeper starts a keeper and waits until it, or the one that was there before, has its server ready.
func startKeeper(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), keeperVariable+"="+dir)
	cmd.Dir = "/"                                        // not a folder that a test may want to remove
	cmd.ExtraFiles = []*os.File{write}                   // and no output of ours, which go test would wait for
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C must not end it before the tests
	err = cmd.Start()
	write.Close()
	if err != nil {
		return err
	}
	report, err := bufio.NewReader(read).ReadString('\n')
	report = strings.TrimSpace(report)
	switch {
	case report == "ready":
		return cmd.Process.Release()
	case report == "other":
		return cmd.Wait()
	case report == "" && err != nil && !errors.Is(err, io.EOF):
		return err
	case report == "":
		return fmt.Errorf("the keeper of the test server ended: %w", cmd.Wait())
	}
	return errors.New(report)
}

// keep is the keeper's life; it returns the exit code. It writes one line to report: "ready", "other" where a keeper
// runs already, or what is wrong.
func keep(dir string, report io.WriteCloser) int {
	say := func(line string) {
		fmt.Fprintln(report, line) // a reader that has gone needs no answer
		report.Close()
	}
	mine, err := flock(filepath.Join(dir, "keeper.lock"), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		say("other")
		return 0
	}
	if err != nil {
		say(quiet(err))
		return 1
	}
	server, err := startFresh(dir)
	if err != nil {
		say(quiet(err))
		return 1
	}
	say("ready")
	tests := filepath.Join(dir, "tests.lock")
	for idle := false; ; {
		last, err := flock(tests, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && idle {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if server.Close(ctx) != nil {
				return 1
			}
			mine.Close() // before last: whoever waits for it starts a new keeper
			last.Close()
			return 0
		}
		wait := 200 * time.Millisecond
		if idle = err == nil; idle {
			last.Close()
			wait = linger
		}
		time.Sleep(wait)
	}
}

// startFresh starts the server, and makes its database anew where it is of no use: after a restart of the machine,
// which a database without fsync does not survive, or after an upgrade of PostgreSQL.
func startFresh(dir string) (*localpg.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	o := options(dir)
	log, err := traces.Open("postgresql")
	if err != nil {
		return nil, err
	}
	o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	wipe := func() error { return errors.Join(os.RemoveAll(o.DataDir), os.RemoveAll(o.RootDir)) }
	mark := filepath.Join(dir, "boot")
	if known, err := os.ReadFile(mark); err != nil || string(known) != string(boot) {
		if err := errors.Join(wipe(), os.WriteFile(mark, boot, 0o600)); err != nil {
			return nil, err
		}
	}
	server, err := localpg.Start(ctx, o)
	if err != nil {
		if err := wipe(); err != nil {
			return nil, err
		}
		server, err = localpg.Start(ctx, o)
	}
	return server, err
}

// flock takes a lock that ends with the file, and so with the process.
func flock(name string, how int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), how)
		switch {
		case err == nil:
			return f, nil
		case !errors.Is(err, syscall.EINTR):
			f.Close() // nothing was written
			return nil, err
		}
	}
}
