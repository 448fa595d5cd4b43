package acceptance

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
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

// Every fix that is offered can be done: a border that is to move may move, and a building may be placed where it is said.
func TestFixesThatAreOfferedCanBeApplied(t *testing.T) {
	w, s := field(t)
	w.give(t, load.Divisions,
		feature(`"code":"990102","name":"邻区","level":"DISTRICT"`, box(30, 0, 60, 10)),
		feature(`"code":"990102001","name":"邻街道","level":"TOWN"`, box(30, 0, 60, 10)),
		feature(`"code":"990102001001","name":"邻","level":"COMMUNITY"`, box(30, 0, 60, 10)))
	w.give(t, load.Grids, feature(`"code":"990102001001001","name":"四","worker":"孙云"`, box(30, 0, 60, 10)))
	west := func(shape string) string {
		return feature(`"code":"990101001001","name":"西","level":"COMMUNITY"`, shape)
	}
	two := func(shape string) string { return feature(`"code":"990101001001002","name":"二"`, shape) }
	three := func(shape string) string { return feature(`"code":"990101001002001","name":"三"`, shape) }
	for _, c := range []struct {
		name string
		make func()
		kind coverage.Kind
		code string         // where to look
		want map[string]int // grids named in fixes, by action
	}{
		{"a gap between two communities belongs to neither", func() {
			w.give(t, load.Divisions, west(box(0, 0, 18, 10)))
			w.give(t, load.Grids, two(box(10, 0, 18, 10)))
		}, coverage.Gap, "990101001", map[string]int{}},
		{"a part that lies beside a neighbour's grid, within its own community", func() {
			w.give(t, load.Divisions, west(box(0, 0, 20, 10)))
			w.give(t, load.Grids, two(`{"type":"MultiPolygon","coordinates":[`+rings(10, 0, 18, 10)+`,`+rings(19, 4, 20, 6)+`]}`))
		}, coverage.Multipart, "990101001001", map[string]int{}},
		{"a building that lies in two communities", func() {
			w.give(t, load.Grids, two(box(10, 0, 20, 10)))
			w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(19, 4, 22, 5)))
		}, coverage.CutBuilding, "990101001002", map[string]int{"ASSIGN_BUILDING 三": 1}},
		{"a building that lies in two districts", func() {
			w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(1, 1, 2, 2)),
				feature(`"code":"b2","name":"二号楼"`, box(29, 4, 32, 5)))
		}, coverage.CutBuilding, "990102001001", map[string]int{"ASSIGN_BUILDING 四": 1}},
		{"the nearest grid is another district's", func() {
			w.give(t, load.Buildings, feature(`"code":"b2","name":"二号楼"`, box(33, 4, 34, 5)))
			w.give(t, load.Grids, three(box(20, 0, 26, 10)))
			w.give(t, load.Buildings, feature(`"code":"b3","name":"三号楼"`, box(29, 4, 29.5, 5)))
		}, coverage.UnassignedBuilding, "990101001002", map[string]int{"ASSIGN_BUILDING 三": 1}},
	} {
		c.make()
		report, list := w.found(t, s, c.code)
		got, found := map[string]int{}, false
		for _, p := range list {
			for i, f := range p.Fixes {
				var err error
				grids, e := w.Grids.ByKeys(t.Context(), operator, []key.Key{*f.Grid}, nil, grid.Fields{})
				if e != nil {
					t.Fatal(e)
				}
				g := grids[f.Grid.ID]
				switch f.Action {
				case coverage.AddToGrid:
					err = w.tryFix(t, s, p.ID, i, report.Version())
				case coverage.AssignBuilding:
					err = place.CheckPlacing(p.Building.Home, *f.Grid)
				}
				if err != nil {
					t.Errorf("%s: %s %s of %s: %v", c.name, f.Action, g.Name, p.Kind, err)
				}
				if p.Kind == c.kind {
					got[string(f.Action)+" "+g.Name]++
				}
			}
			found = found || p.Kind == c.kind
		}
		if !found || !maps.Equal(got, c.want) {
			t.Errorf("%s: %v (found: %v), want %v; %v", c.name, got, found, c.want, report.Problems)
		}
	}
}

// tryFix applies a fix and takes it back.
func (w *town) tryFix(t *testing.T, s *coverage.Service, problem uuid.UUID, fix int, version string) error {
	back := errors.New("taken back")
	err := w.Do(t.Context(), operator, func(ctx context.Context) error {
		if _, err := s.Apply(ctx, operator, problem, fix, version); err != nil {
			return err
		}
		return back
	})
	if errors.Is(err, back) {
		return nil
	}
	return err
}

// rings are the rings of a box.
func rings(w, s, e, n float64) string {
	return strings.TrimSuffix(strings.TrimPrefix(box(w, s, e, n), `{"type":"Polygon","coordinates":`), "}")
}

// Where a grid strayed into a neighbour's community, it is the one to cut, also where the neighbour's is larger.
func TestAnOverlapIsCutFromTheGridThatStrayed(t *testing.T) {
	w, s := field(t)
	// 三 is the larger one, and 二 reaches into it.
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(18, 0, 21, 10)))
	report, list := w.found(t, s, "990101001")
	p := only(t, list, coverage.Overlap)
	if g := w.gridOf(t, "990101001001002"); *p.Fixes[0].Grid != g.Key || len(p.Fixes) != 2 {
		t.Errorf("fixes %v, the first of which is to cut %v", p.Fixes, g.Key)
	}
	if err := w.tryFix(t, s, p.ID, 0, report.Version()); err != nil {
		t.Error(err)
	}
}

// A building that lies wholly in one grid is not cut by the border of another one that overlaps it.
func TestABuildingInOneGridIsNotCut(t *testing.T) {
	w, s := field(t)
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(8, 0, 20, 10)))
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(7.5, 4, 8.5, 5)))
	if got := w.kinds(t, s, "990101001001"); got[coverage.CutBuilding] != 0 || got[coverage.Overlap] != 1 {
		t.Errorf("found %v", got)
	}
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(7.5, 4, 10.5, 5)))
	_, list := w.found(t, s, "990101001001")
	if p := only(t, list, coverage.CutBuilding); p.Weight < 100 {
		t.Errorf("cut off are %v m²", p.Weight)
	}
}
