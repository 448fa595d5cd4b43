package ops

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/domain/audit"
)

// TestEndsOfTheAuditAreKept: by many at once, none undoing what another wrote; and nothing is written where nothing changed.
func TestEndsOfTheAuditAreKept(t *testing.T) {
	h := Heads{Data: filepath.Join(t.TempDir(), "data")}
	if list, err := h.Read(); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	var all sync.WaitGroup
	for n := range int64(16) {
		all.Go(func() {
			err := h.Turn(func(was []audit.Anchor) ([]audit.Anchor, bool, error) {
				return append(was, audit.Anchor{At: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), Head: audit.Head{Chain: "unplaced", N: n + 1, Hash: audit.Hash{1}}}), true, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := h.Read()
	if err != nil || len(list) != 16 || !list[0].At.Equal(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)) {
		t.Fatal(list, err)
	}
	numbers := map[int64]bool{}
	for _, a := range list {
		numbers[a.N] = true
	}
	if len(numbers) != 16 {
		t.Errorf("kept are %v", list)
	}
	file := filepath.Join(h.Data, HeadsFile)
	before, err := os.Stat(file)
	if err != nil || before.Mode().Perm() != 0o600 {
		t.Fatal(before, err)
	}
	if err := h.Turn(func(was []audit.Anchor) ([]audit.Anchor, bool, error) { return nil, false, nil }); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(file); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written: %v, %v", after, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	lines[3] = "2026-11-22T08:00:00Z unplaced:x"
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Read(); err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("a spoilt line: %v", err)
	}
	if err := h.Turn(func([]audit.Anchor) ([]audit.Anchor, bool, error) { return nil, true, nil }); err == nil {
		t.Error("a spoilt file was written over")
	}
	if left, _ := filepath.Glob(file + ".*"); !slices.Equal(left, []string{file + ".lock"}) {
		t.Errorf("files stay behind: %v", left)
	}
}
