package acceptance

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/internal/fault"
	"wangge/load"
	"wangge/load/demo"
)

// TestFixesMendAndHarmNothing applies the first fix of each planted fault of a border: the problem is gone, no other appears,
// and what the grids cover still adds up.
func TestFixesMendAndHarmNothing(t *testing.T) {
	w := newTown(t)
	if _, err := load.Town(t.Context(), operator, w.Services, demo.Community()); err != nil {
		t.Fatal(err)
	}
	s := w.reporter()
	const code = "990102001001"
	kinds := []coverage.Kind{coverage.Gap, coverage.Overlap, coverage.Outside, coverage.Multipart, coverage.CutBuilding}
	for _, kind := range kinds {
		before, list := w.found(t, s, code)
		p := only(t, list, kind)
		grids, err := s.Apply(t.Context(), operator, p.ID, 0, before.Version())
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		after, rest := w.found(t, s, code)
		was := map[uuid.UUID]coverage.Kind{}
		for _, q := range list {
			was[q.ID] = q.Kind
		}
		for _, q := range rest {
			if was[q.ID] == "" {
				t.Errorf("after %s was mended there is %s of %v m²", kind, q.Kind, q.AreaM2)
			}
		}
		if after.Problems[kind] != before.Problems[kind]-1 {
			t.Errorf("%s: %d problems before, %d after", kind, before.Problems[kind], after.Problems[kind])
		}
		if off := after.CoveredM2 + after.GapM2 - after.AreaM2; off > 1e-6*after.AreaM2 || off < -1e-6*after.AreaM2 {
			t.Errorf("%s: covered and gap are %g m² off the area", kind, off)
		}
		t.Logf("%s of %.1f m² mended with %d grids; gap %.4f overlap %.4f outside %.4f", kind, *p.AreaM2, len(grids), after.GapM2, after.OverlapM2, after.OutsideM2)

		now, err := w.Grids.ByKeys(t.Context(), operator, grids, nil, grid.Fields{Boundary: true})
		if err != nil || len(now) != len(grids) {
			t.Fatalf("%d grids, %v", len(now), err)
		}
		if _, err := s.Apply(t.Context(), operator, p.ID, 0, after.Version()); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s again: %v", kind, err)
		}
	}
	last, _ := w.found(t, s, code)
	if !last.Seamless() || last.GapM2 != 0 || last.OverlapM2 != 0 || last.OutsideM2 != 0 {
		t.Errorf("in the end %+v", last)
	}
}

func only(t *testing.T, list []coverage.Problem, kind coverage.Kind) (out coverage.Problem) {
	t.Helper()
	n := 0
	for _, p := range list {
		if p.Kind == kind {
			n, out = n+1, p
		}
	}
	if n != 1 {
		t.Fatalf("%d problems of kind %s", n, kind)
	}
	return out
}

func TestFixesThatAreRefused(t *testing.T) {
	w := newTown(t)
	if _, err := load.Town(t.Context(), operator, w.Services, demo.Community()); err != nil {
		t.Fatal(err)
	}
	s := w.reporter()
	report, list := w.found(t, s, "990102001001")
	gap, staff, overlap := only(t, list, coverage.Gap), only(t, list, coverage.Unstaffed), only(t, list, coverage.Overlap)
	for _, c := range []struct {
		name    string
		actor   account.Actor
		problem uuid.UUID
		fix     int
		version string
		want    fault.Code
	}{
		{"the public", account.Anyone(), gap.ID, 0, report.Version(), fault.Forbidden},
		{"no such problem", operator, uuid.UUID{1}, 0, report.Version(), fault.NotFound},
		{"no such fix", operator, gap.ID, len(gap.Fixes), report.Version(), fault.Invalid},
		{"a fix before the first", operator, gap.ID, -1, report.Version(), fault.Invalid},
		{"no border moves", operator, staff.ID, 0, report.Version(), fault.Invalid},
		{"an old version", operator, gap.ID, 0, "0-2026-03-02", fault.Conflict},
		{"no version", operator, gap.ID, 0, "latest", fault.Conflict},
	} {
		if _, err := s.Apply(t.Context(), c.actor, c.problem, c.fix, c.version); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Something else changes while a fix is on its way: it is not applied to what nobody has looked at.
	stale := staleStore{s.Store}
	if _, err := (&coverage.Service{Store: stale, Now: s.Now, Zone: s.Zone}).Apply(t.Context(), operator, overlap.ID, 0, report.Version()); !fault.Is(err, fault.Conflict) {
		t.Errorf("a change came between: %v", err)
	}
	if again, _ := w.found(t, s, "990102001001"); again.Version() != report.Version() || again.OverlapM2 != report.OverlapM2 {
		t.Errorf("a refused fix changed something: %+v", again)
	}
}

// staleStore says that it is asked to redraw a state that has passed.
type staleStore struct{ coverage.Store }

func (s staleStore) Redraw(ctx context.Context, actor account.Actor, r coverage.Redraw) error {
	r.Change--
	return s.Store.Redraw(ctx, actor, r)
}
