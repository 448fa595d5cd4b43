//go:build linux

package localpg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/fault"
)

// helperVariable makes the test binary another wangge process: it starts or joins the server of the data folder that
// it names, says so, and closes when its input ends.
const helperVariable = "LOCALPG_TEST_HELPER"

// folderPrefix tells this run's servers from those of another that tests at the same time.
var folderPrefix = fmt.Sprintf("localpg-test-%d-", os.Getpid())

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		os.Exit(helper(dir))
	}
	// Twenty databases are made here; in memory that takes a third of the time.
	var shm syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &shm) == nil && shm.Bavail*uint64(shm.Bsize) > 2<<30 {
		os.Setenv("TMPDIR", "/dev/shm")
	}
	code := m.Run()
	if goldenDir != "" {
		os.RemoveAll(goldenDir)
	}
	if left := servers(folderPrefix); len(left) > 0 {
		fmt.Println("FAIL: servers left behind:", left)
		code = 1
	}
	os.Exit(code)
}

func helper(dir string) int {
	ctx := context.Background()
	s, err := Start(ctx, options(dir))
	if err != nil {
		fmt.Println("failed", fault.As(err).Key, err)
		return 1
	}
	fmt.Println("ready", s.Owner(), s.URL())
	io.Copy(io.Discard, os.Stdin)
	if err := s.Close(ctx); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("closed")
	return 0
}

func options(dir string) Options {
	return Options{DataDir: filepath.Join(dir, "d"), RootDir: filepath.Join(dir, "r"), patience: 2 * time.Second}
}

// folder makes one that other users can pass through, which t.TempDir's cannot be.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// makeGolden makes the database that the tests of one run copy; making one takes two seconds.
var (
	goldenDir  string
	makeGolden = sync.OnceValue(func() (err error) {
		if goldenDir, err = os.MkdirTemp("", folderPrefix); err != nil {
			return err
		}
		if err := os.Chmod(goldenDir, 0o711); err != nil {
			return err
		}
		ctx := context.Background()
		s, err := Start(ctx, options(goldenDir))
		if err != nil {
			return err
		}
		return errors.Join(s.Close(ctx), os.Rename(s.place.data, filepath.Join(goldenDir, "golden")))
	})
)

// furnished is a folder with a database in it.
func furnished(t *testing.T) string {
	t.Helper()
	needPostgres(t)
	if err := makeGolden(); err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	p, err := findPlace(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", filepath.Join(goldenDir, "golden"), p.data).CombinedOutput(); err != nil {
		t.Fatal(string(out), err)
	}
	return dir
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	needPostgres(t)
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(t, s) })
	return s
}

func needPostgres(t *testing.T) {
	t.Helper()
	if _, err := findInstall(nil, 0, ""); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func closeNow(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

// peer is another wangge process.
type peer struct {
	cmd   *exec.Cmd
	in    io.Closer
	out   *bufio.Reader
	owner bool
	url   string
}

// another starts one; user != 0 runs it as that user.
func another(t *testing.T, dir string, user uint32) *peer {
	t.Helper()
	p := begin(t, dir, user)
	p.ready(t)
	return p
}

func begin(t *testing.T, dir string, user uint32) *peer {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	if user != 0 {
		// go test's own folder is closed to other users.
		cmd.Path = filepath.Join(folder(t), "helper")
		text, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cmd.Path, text, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperVariable+"="+dir, "XDG_RUNTIME_DIR=")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &peer{cmd: cmd, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		cmd.Process.Kill() // where the test has not ended it
		cmd.Wait()
	})
	return p
}

func (p *peer) line() string {
	line, _ := p.out.ReadString('\n')
	return strings.TrimSpace(line)
}

func (p *peer) ready(t *testing.T) {
	t.Helper()
	words := strings.Fields(p.line())
	if len(words) != 3 || words[0] != "ready" {
		t.Fatalf("another process cannot start: %v", words)
	}
	p.owner, p.url = words[1] == "true", words[2]
}

func (p *peer) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait()
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	if err := try(url, sql); err != nil {
		t.Fatal(err)
	}
}

func try(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

func ask[T any](t *testing.T, url, sql string) (answer T) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// servers lists the PostgreSQL servers whose data lies below a folder whose path contains part.
func servers(part string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	found := map[int]int{} // process → parent
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		args := strings.Split(string(line), "\x00")
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		fields := strings.Fields(string(stat)) // pid (postgres) state parent
		if len(args) > 2 && filepath.Base(args[0]) == "postgres" && strings.Contains(args[2], part) && len(fields) > 3 {
			found[pid], _ = strconv.Atoi(fields[3])
		}
	}
	for pid, parent := range found {
		// A child has its server's command line until it gives itself a title.
		if _, child := found[parent]; !child {
			pids = append(pids, pid)
		}
	}
	return pids
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not come true that %s", what)
		}
	}
}

func wantKey(t *testing.T, err error, key string) {
	t.Helper()
	f := fault.As(err)
	if err == nil || f.Code != fault.Unavailable || f.Key != key {
		t.Fatalf("got %v, want %s", err, key)
	}
	for _, lang := range []fault.Language{fault.English, fault.Chinese} {
		if text := f.Text(lang); text == key || strings.Contains(text, "{") {
			t.Errorf("sentence is not complete: %s", text)
		}
	}
}

func TestStartAndStartAgain(t *testing.T) {
	dir := folder(t)
	s := start(t, options(dir))
	if !s.Owner() {
		t.Error("the only process is not the owner")
	}
	if got := ask[string](t, s.URL(), `SELECT concat_ws(' ', current_user, current_database(),
		postgis_lib_version() >= '3', current_setting('is_superuser'), current_setting('listen_addresses'),
		(SELECT datcollate FROM pg_database WHERE datname = current_database()),
		(SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'), current_setting('fsync'))`); got !=
		"wangge wangge t off  C.UTF-8 1 on" {
		t.Error("unexpected server:", got)
	}
	info, err := os.Stat(s.place.socketDir)
	if err != nil || info.Mode().Perm() != 0o700 || info.Sys().(*syscall.Stat_t).Uid != s.place.uid {
		t.Error("socket folder is not closed:", info.Mode(), err)
	}
	if psql, err := exec.LookPath("psql"); err == nil {
		if out, err := exec.Command(psql, s.URL(), "-Atc", "SELECT 7").CombinedOutput(); string(out) != "7\n" {
			t.Error("psql does not understand the URL:", string(out), err)
		}
	}
	run(t, s.URL(), `CREATE DATABASE another`)
	run(t, strings.Replace(s.URL(), "/wangge?", "/another?", 1), `SELECT ST_MakePoint(1, 2)`)
	run(t, s.URL(), `CREATE TABLE kept AS SELECT 1 AS n`)
	closeNow(t, s)
	closeNow(t, s) // twice is harmless
	if left := servers(dir); len(left) > 0 {
		t.Fatal("still running:", left)
	}
	began := time.Now()
	s = start(t, options(dir))
	t.Logf("second start took %v", time.Since(began))
	if got := ask[int](t, s.URL(), `SELECT n FROM kept`); got != 1 {
		t.Error(got)
	}
}

func TestOwnerWaitsForTheOthers(t *testing.T) {
	dir := furnished(t)
	owner := another(t, dir, 0)
	s := start(t, options(dir))
	if !owner.owner || s.Owner() || s.URL() != owner.url {
		t.Fatalf("owners: %v and %v; addresses %s and %s", owner.owner, s.Owner(), owner.url, s.URL())
	}
	owner.in.Close()
	said := make(chan string, 1)
	go func() { said <- owner.line() }()
	select {
	case line := <-said:
		t.Fatal("the owner did not wait:", line)
	case <-time.After(600 * time.Millisecond):
	}
	run(t, s.URL(), `SELECT 1`)
	closeNow(t, s)
	if line := <-said; line != "closed" {
		t.Fatal(line)
	}
	if left := servers(dir); len(left) > 0 {
		t.Fatal("still running:", left)
	}
}

func TestOwnerKilled(t *testing.T) {
	dir := furnished(t)
	owner := another(t, dir, 0)
	run(t, owner.url, `CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n`)
	// A statement that does not look up from its work must not keep the server alive.
	go try(owner.url, `SELECT count(*) FROM generate_series(1, 1e9::bigint)`)
	time.Sleep(100 * time.Millisecond)
	owner.kill(t)
	eventually(t, "the server died with its owner", func() bool { return len(servers(dir)) == 0 })
	s := start(t, options(dir))
	if got := ask[int](t, s.URL(), `SELECT count(*) FROM kept`); got != 1000 {
		t.Fatal("rows lost:", got)
	}
}

func TestOthersTakeOverFromAKilledOwner(t *testing.T) {
	dir := furnished(t)
	owner := another(t, dir, 0)
	a, b := start(t, options(dir)), another(t, dir, 0)
	run(t, a.URL(), `CREATE TABLE kept AS SELECT 1 AS n`)
	owner.kill(t)
	eventually(t, "the server answers again", func() bool { return try(a.URL(), `SELECT n FROM kept`) == nil })
	if left := servers(dir); len(left) != 1 {
		t.Fatal("servers:", left)
	}
	b.in.Close()
	if a.Owner() {
		if line := b.line(); line != "closed" {
			t.Error(line)
		}
	}
	closeNow(t, a)
	eventually(t, "the server ended with the last process", func() bool { return len(servers(dir)) == 0 })
}

func TestServerKilledAlone(t *testing.T) {
	dir := furnished(t)
	s := start(t, options(dir))
	run(t, s.URL(), `CREATE TABLE kept AS SELECT 1 AS n`)
	for _, pid := range servers(dir) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the owner started it again", func() bool { return try(s.URL(), `SELECT n FROM kept`) == nil })
}

func TestSeveralStartAtOnce(t *testing.T) {
	needPostgres(t)
	dir := folder(t)
	var all []*peer
	for range 4 {
		all = append(all, begin(t, dir, 0))
	}
	owners := 0
	for _, p := range all {
		p.ready(t)
		if p.owner {
			owners++
		}
		if p.url != all[0].url {
			t.Error("another address:", p.url)
		}
	}
	if owners != 1 || len(servers(dir)) != 1 {
		t.Errorf("%d owners, servers %v", owners, servers(dir))
	}
	for _, p := range all {
		p.in.Close()
	}
	for _, p := range all {
		if line := p.line(); line != "closed" {
			t.Error(line)
		}
	}
}

// TestOrdinaryUser runs as nobody where the test is root's; otherwise every other test does what it would.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the other tests run as an ordinary user")
	}
	needPostgres(t)
	const nobody = 65534
	dir := folder(t)
	own := filepath.Join(dir, "d")
	if err := errors.Join(os.Mkdir(own, 0o700), os.Chown(own, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	p := another(t, dir, nobody)
	if !p.owner {
		t.Error("not the owner")
	}
	run(t, p.url, `CREATE TABLE kept AS SELECT 1 AS n`)
	p.kill(t)
	eventually(t, "the server died with its owner", func() bool { return len(servers(dir)) == 0 })
	p = another(t, dir, nobody)
	run(t, p.url, `SELECT n FROM kept`)
	p.in.Close()
	if line := p.line(); line != "closed" {
		t.Fatal(line)
	}

	s := start(t, options(dir)) // root serves the user's database as that user
	if s.place.uid != nobody || ask[int](t, s.URL(), `SELECT n FROM kept`) != 1 {
		t.Error("root did not find the user's database")
	}
}

// TestThreadsEnd: the parent-death signal means the thread that started the server, not the process.
func TestThreadsEnd(t *testing.T) {
	s := start(t, options(furnished(t)))
	before := ask[string](t, s.URL(), `SELECT pg_postmaster_start_time()::text`)
	for range 8 {
		var gate, all sync.WaitGroup
		gate.Add(1)
		for range 64 {
			all.Go(func() {
				runtime.LockOSThread() // and ends with it, which ends the thread
				gate.Wait()
			})
		}
		time.Sleep(20 * time.Millisecond)
		gate.Done()
		all.Wait()
	}
	time.Sleep(100 * time.Millisecond)
	eventually(t, "the server answers", func() bool { return try(s.URL(), `SELECT 1`) == nil })
	if after := ask[string](t, s.URL(), `SELECT pg_postmaster_start_time()::text`); after != before {
		t.Error("the server died with a thread and was started again")
	}
}
