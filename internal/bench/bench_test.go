package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The strips of the patch share every vertex, also where one has 22 grids and the next 23, and where a border bulges.
func TestPatchIsSeamless(t *testing.T) {
	grids := 0
	sides := map[[4]float64]int{}
	put := func(ring [][2]float64, by int) {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			k, sign := [4]float64{a[0], a[1], b[0], b[1]}, by
			if b[0] < a[0] || b[0] == a[0] && b[1] < a[1] {
				k, sign = [4]float64{b[0], b[1], a[0], a[1]}, -by
			}
			if sides[k] += sign; sides[k] == 0 {
				delete(sides, k)
			}
		}
	}
	for row := range patchCommunities {
		bulge := 0.0
		if row == 0 {
			bulge = 12
		}
		for col := range patchColumns(row) {
			grids++
			put(patchRing(row, col, col+1, bulge), 1)
		}
		put(patchRing(row, 0, patchColumns(row), 0), -1)
	}
	if grids != patchGrids || len(sides) != 0 {
		t.Errorf("%d grids, %d sides without a counterpart", grids, len(sides))
	}
	outline := map[[4]float64]bool{}
	for row := range patchCommunities {
		put(patchRing(row, 0, patchColumns(row), 0), 1)
	}
	for k := range sides {
		outline[k] = true
	}
	if want := 2*patchWidth + 2*10*patchCommunities; len(outline) != want {
		t.Errorf("the outline of all strips has %d sides, not %d: they do not meet", len(outline), want)
	}
}

// What the soak takes for right: the old and the new while nobody can know, and neither too early nor too late.
func TestHistoryAllows(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	h := &history{grace: time.Second, states: []state{{"a", at(0), at(0.1)}, {"b", at(10), at(10.1)}}}
	for _, c := range []struct {
		name, code  string
		from, until float64
		want        bool
	}{
		{"the old before", "a", 9, 9.1, true},
		{"the new before it was published", "b", 9, 9.1, false},
		{"the old while it is published", "a", 10.05, 10.06, true},
		{"the new while it is published", "b", 10.05, 10.06, true},
		{"a question that waited for it", "b", 9.9, 10.05, true},
		{"the old on its way out", "a", 10.9, 10.95, true},
		{"the old long after", "a", 11.2, 11.3, false},
		{"the new after", "b", 11.2, 11.3, true},
		{"what never was", "c", 11.2, 11.3, false},
	} {
		if got := h.allows(c.code, at(c.from), at(c.until)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	h.states = append(h.states, state{code: "a", began: at(20)})
	if !h.allows("a", at(21), at(22)) || !h.allows("b", at(30), at(30)) {
		t.Error("while a publication is not done, both are allowed")
	}
}

func TestRatioIsOfTheMedians(t *testing.T) {
	of := func(rates ...int64) (s score) {
		for _, r := range rates {
			s.runs = append(s.runs, result{Requests: r, Us: 1e6})
		}
		return s
	}
	mid, lo, hi := row{ours: of(70, 90, 80), over: of(100, 100, 160)}.ratio()
	if mid != 0.8 || lo != 0.5 || hi != 0.9 {
		t.Errorf("%g (%g to %g)", mid, lo, hi)
	}
}

func TestRewriteKeepsWhatPeopleWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.md")
	for _, text := range []string{"before\n" + partBegin + "\nold\n" + partEnd + "\nafter\n", "before\n" + partBegin + "\n" + partEnd + "\nafter\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := rewrite(path, "new\n"); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(path); string(b) != "before\n"+partBegin+"\nnew\n"+partEnd+"\nafter\n" {
			t.Errorf("%s", b)
		}
	}
	if err := os.WriteFile(path, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(path, "new"); err == nil || !strings.Contains(err.Error(), "has no lines") {
		t.Errorf("a file without marks: %v", err)
	}
}
