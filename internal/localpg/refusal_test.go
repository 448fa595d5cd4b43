//go:build linux

package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fakeInstall makes a folder with programs that answer like PostgreSQL of that version.
func fakeInstall(t *testing.T, version string, postgis bool) string {
	t.Helper()
	dir := folder(t)
	share := filepath.Join(dir, "share")
	if err := os.MkdirAll(filepath.Join(share, "extension"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"postgres":  "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n",
		"initdb":    "#!/bin/sh\nexit 1\n",
		"pg_config": "#!/bin/sh\necho " + share + "\n",
	}
	if postgis {
		files["share/extension/postgis.control"] = ""
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindInstall(t *testing.T) {
	empty := folder(t)
	old, bare := fakeInstall(t, "14.9", true), fakeInstall(t, "17.2 (Debian 17.2-1)", false)
	whole, newest := fakeInstall(t, "15.18", true), fakeInstall(t, "16.1", true)
	for _, c := range []struct {
		name    string
		folders []string
		made    int
		want    string // a folder, or the key of a sentence
	}{
		{"nothing there", []string{}, 0, "localpg.notInstalled"},
		{"folder without programs", []string{empty}, 0, "localpg.notInstalled"},
		{"only an old one", []string{old}, 0, "localpg.tooOld"},
		{"no PostGIS", []string{bare, old}, 0, "localpg.noPostGIS"},
		{"the newest with PostGIS", []string{whole, bare, newest, old}, 0, newest},
		{"the one that made the data", []string{whole, newest}, 15, whole},
		{"the one that made the data is gone", []string{newest}, 15, "localpg.otherMajor"},
		{"the one that made the data has no PostGIS", []string{newest, bare}, 17, "localpg.noPostGIS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := findInstall(c.folders, c.made, "/data")
			if strings.HasPrefix(c.want, "localpg.") {
				wantKey(t, err, c.want)
			} else if err != nil || in.bin != c.want {
				t.Errorf("got %v, %v; want %s", in, err, c.want)
			}
		})
	}
}

func TestNotInstalled(t *testing.T) {
	o := options(folder(t))
	o.install = []string{}
	_, err := Start(context.Background(), o)
	wantKey(t, err, "localpg.notInstalled")
}

func TestMadeByAnotherVersion(t *testing.T) {
	o := options(furnished(t))
	p, err := findPlace(o)
	if err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(p.data, "PG_VERSION")
	if err := os.WriteFile(version, []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Start(context.Background(), o)
	wantKey(t, err, "localpg.otherMajor")

	if err := os.Remove(version); err != nil {
		t.Fatal(err)
	}
	_, err = Start(context.Background(), o)
	wantKey(t, err, "localpg.notWritable") // never a new database over an old one
	if _, err := os.Stat(p.data + ".new"); err == nil {
		t.Error("a new database was begun")
	}
}

func TestFolders(t *testing.T) {
	ctx := context.Background()
	root := os.Geteuid() == 0
	t.Run("a file is in the way", func(t *testing.T) {
		dir := folder(t)
		if err := os.WriteFile(filepath.Join(dir, "d"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Start(ctx, options(dir))
		wantKey(t, err, "localpg.notWritable")
	})
	t.Run("the data folder is closed to the server's user", func(t *testing.T) {
		if !root {
			t.Skip("needs root")
		}
		dir := furnished(t)
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := Start(ctx, options(dir))
		wantKey(t, err, "localpg.notWritable")
	})
	t.Run("an ordinary user on a folder of root's", func(t *testing.T) {
		if !root {
			t.Skip("needs root")
		}
		dir := furnished(t)
		if err := os.Chmod(filepath.Join(dir, "d"), 0o755); err != nil {
			t.Fatal(err)
		}
		if line := begin(t, dir, 65534).line(); !strings.HasPrefix(line, "failed localpg.rootsFolder ") {
			t.Error(line)
		}
	})
	t.Run("an ordinary user without the right to write", func(t *testing.T) {
		if !root {
			t.Skip("needs root")
		}
		if line := begin(t, folder(t), 65534).line(); !strings.HasPrefix(line, "failed localpg.notWritable ") {
			t.Error(line)
		}
	})
	t.Run("the recorded folder has gone", func(t *testing.T) {
		if !root {
			t.Skip("only root's database lies elsewhere")
		}
		o := options(furnished(t))
		if err := os.RemoveAll(o.RootDir); err != nil {
			t.Fatal(err)
		}
		_, err := Start(ctx, o)
		wantKey(t, err, "localpg.missing")
	})
	t.Run("a moved data folder finds its database", func(t *testing.T) {
		if !root {
			t.Skip("only root's database lies elsewhere")
		}
		o := options(furnished(t))
		before, err := findPlace(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(o.DataDir, o.DataDir+"2"); err != nil {
			t.Fatal(err)
		}
		o.DataDir += "2"
		if after, err := findPlace(o); err != nil || after.base != before.base {
			t.Error(after.base, before.base, err)
		}
	})
	t.Run("root without an unprivileged user", func(t *testing.T) {
		if !root {
			t.Skip("needs root")
		}
		o := options(folder(t))
		o.users = []string{"no-such-user", "root"}
		_, err := Start(ctx, o)
		wantKey(t, err, "localpg.noUser")
	})
}

func TestSocketPath(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	p, err := findPlace(options(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(p.socketDir)
	if n := len(socketPath(p.socketDir)); n > socketPathMax || strings.HasPrefix(p.socketDir, dir) {
		t.Error(n, p.socketDir)
	}
	s := start(t, options(dir))
	run(t, s.URL(), `SELECT 1`)
	closeNow(t, s)

	if os.Geteuid() != 0 {
		t.Skip("root is needed to give the folder away")
	}
	if err := os.Chown(p.socketDir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	_, err = Start(context.Background(), options(dir))
	wantKey(t, err, "localpg.socketTaken")
}

// TestStaleFiles leaves the files of a dead server whose process number now belongs to another program of the same
// user, at which PostgreSQL alone refuses to start.
func TestStaleFiles(t *testing.T) {
	o := options(furnished(t))
	p, err := findPlace(o)
	if err != nil {
		t.Fatal(err)
	}
	other := exec.Command("sleep", "60")
	if p.switchTo {
		other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.uid, Gid: p.gid}}
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		other.Process.Kill()
		other.Wait()
	}()
	text := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n", other.Process.Pid, p.data, p.socketDir)
	for _, name := range []string{"data/postmaster.pid", "run/.s.PGSQL.5432.lock", "run/.s.PGSQL.5432"} {
		name = filepath.Join(p.base, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(name, int(p.uid), int(p.gid)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, start(t, o).URL(), `SELECT 1`)
}

func TestServerStartedByHand(t *testing.T) {
	o := options(furnished(t))
	p, err := findPlace(o)
	if err != nil {
		t.Fatal(err)
	}
	in, err := findInstall(nil, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(p.base, "run")
	by, err := p.spawn(quietLog(), syscall.SIGQUIT, filepath.Join(in.bin, "postgres"),
		"-D", p.data, "-c", "listen_addresses=", "-k", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer by.stop()
	eventually(t, "it answers", func() bool { return try(p.url(Role, Database), `SELECT 1`) == nil })
	_, err = Start(context.Background(), o)
	wantKey(t, err, "localpg.taken")
	run(t, p.url(Role, Database), `SELECT 1`) // and was left alone
}

func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a small disk")
	}
	needPostgres(t)
	small := func(t *testing.T, size string) (dir string) {
		t.Helper()
		dir = folder(t)
		mount := filepath.Join(dir, "r")
		if err := os.Mkdir(mount, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "mode=755,size="+size); err != nil {
			t.Skip("cannot mount a small disk:", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(mount, 0); err != nil {
				t.Error(err)
			}
		})
		return dir
	}
	t.Run("while it is made", func(t *testing.T) {
		dir := small(t, "12m")
		_, err := Start(context.Background(), options(dir))
		wantKey(t, err, "localpg.diskFull")
		var fs syscall.Statfs_t
		if err := syscall.Statfs(filepath.Join(dir, "r"), &fs); err != nil || fs.Bavail < fs.Blocks*9/10 {
			t.Errorf("the space was not given back: %d of %d blocks free, %v", fs.Bavail, fs.Blocks, err)
		}
	})
	t.Run("later", func(t *testing.T) {
		dir := small(t, "150m")
		o := options(dir)
		s := start(t, o)
		run(t, s.URL(), `CREATE TABLE kept AS SELECT 1 AS n`)
		filler := filepath.Join(s.place.base, "filler")
		fill(t, filler)
		err := try(s.URL(), `CREATE TABLE big AS SELECT repeat(md5(n::text), 20) FROM generate_series(1, 100000) AS n`)
		if err == nil {
			t.Fatal("the disk is not full")
		}
		closeNow(t, s)
		fill(t, filler+"2")
		_, err = Start(context.Background(), o)
		wantKey(t, err, "localpg.diskFull")
		if err := errors.Join(os.Remove(filler), os.Remove(filler+"2")); err != nil {
			t.Fatal(err)
		}
		s = start(t, o)
		if got := ask[int](t, s.URL(), `SELECT n FROM kept`); got != 1 {
			t.Error(got)
		}
		closeNow(t, s) // before the disk is taken away
	})
}

// fill writes a file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func TestCancelled(t *testing.T) {
	needPostgres(t)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	dir := folder(t)
	if _, err := Start(ctx, options(dir)); err == nil {
		t.Fatal("made a database in no time")
	}
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range lines {
		if line, err := os.ReadFile(name); err == nil && strings.Contains(string(line), dir) {
			t.Errorf("still running: %q", line)
		}
	}
}
