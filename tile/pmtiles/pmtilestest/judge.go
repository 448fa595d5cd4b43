package pmtilestest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"wangge/tile/pmtiles"
)

// goPMTiles is the program of the format's own authors, in a module of its own since it stands on 650 packages. The go command
// builds it where it has not kept it, which takes a minute.
var goPMTiles = sync.OnceValues(func() (program string, err error) {
	// Tests of several packages run at the same time: one builds, the others wait for what it keeps.
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("wangge-go-pmtiles-%d.lock", os.Getuid())), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	_, here, _, _ := runtime.Caller(0)
	build := exec.Command("go", "tool", "-n", "go-pmtiles")
	build.Dir = filepath.Join(filepath.Dir(here), "judge")
	var errOut strings.Builder
	build.Stderr = &errOut
	path, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, &errOut)
	}
	return strings.TrimSpace(string(path)), nil
})

// Judge has go-pmtiles verify an archive, and say of it what s does.
func Judge(t testing.TB, name string, s pmtiles.Summary) {
	t.Helper()
	program, err := goPMTiles()
	if err != nil && os.Getenv("CI") == "" {
		t.Logf("not judged: go-pmtiles cannot be built: %v", err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	// Of some faults it tells, but succeeds.
	if out, err := exec.Command(program, "verify", name).CombinedOutput(); err != nil || strings.Contains(strings.ToLower(string(out)), "invalid") {
		t.Errorf("go-pmtiles verify: %v\n%.2000s", err, out)
	}
	out, err := exec.Command(program, "show", name).CombinedOutput()
	want := fmt.Sprintf("min zoom: %d\nmax zoom: %d\n", s.MinZoom, s.MaxZoom)
	counts := fmt.Sprintf("addressed tiles count: %d\ntile entries count: %d\ntile contents count: %d\nclustered: true\n"+
		"internal compression: gzip\ntile compression: gzip\n", s.Tiles, s.Entries, s.Contents)
	if err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), counts) || !strings.Contains(string(out), "tile type: mvt") {
		t.Errorf("go-pmtiles show: %v\n%s", err, out)
	}
}
