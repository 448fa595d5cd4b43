package acceptance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/load"
	"wangge/load/demo"
)

// reporter is the coverage service of a town.
func (w *town) reporter() *coverage.Service {
	return &coverage.Service{Store: db.NewCoverage(w.DB), Now: time.Now, Zone: time.FixedZone("CST", 8*3600)}
}

// found is a division's report and all its problems.
func (w *town) found(t testing.TB, s *coverage.Service, code string) (coverage.Report, []coverage.Problem) {
	t.Helper()
	d := w.division(t, code).ID
	reports, err := s.Reports(t.Context(), account.Anyone(), []uuid.UUID{d})
	if err != nil {
		t.Fatal(err)
	}
	var list []coverage.Problem
	q := coverage.Query{Args: page.Args{First: 7}, Count: true, Geometry: true}
	for {
		pages, err := s.ProblemsOf(t.Context(), operator, []uuid.UUID{d}, q)
		if err != nil {
			t.Fatal(err)
		}
		p := pages[d]
		for _, i := range p.Items {
			list = append(list, i.Node)
		}
		if !p.HasNext {
			total := 0
			for _, n := range reports[d].Problems {
				total += n
			}
			if p.Total != len(list) || total != len(list) {
				t.Errorf("%d problems listed, %d in the page's count, %d in the report's", len(list), p.Total, total)
			}
			return reports[d], list
		}
		q.Args.After = &p.Items[len(p.Items)-1].Cursor
	}
}

// Every fault that the made-up town has on purpose is found, with the figure of the drawing, and nothing else is.
func TestReportOfTheDemo(t *testing.T) {
	w := newTown(t)
	made := demo.Community()
	if _, err := load.Town(t.Context(), operator, w.Services, made); err != nil {
		t.Fatal(err)
	}
	s := w.reporter()
	r, list := w.found(t, s, "990102001001")
	grids, err := w.Grids.List(t.Context(), operator, allGrids)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[key.Key]string{}
	for _, g := range grids.Items {
		codes[g.Node.Key] = g.Node.Code
	}
	left := slices.Clone(list)
	for _, p := range made.Planted {
		i := slices.IndexFunc(left, func(q coverage.Problem) bool {
			var of []string
			for _, k := range q.Grids {
				of = append(of, codes[k])
			}
			slices.Sort(of)
			return string(q.Kind) == string(p.Kind) && (p.Grids == nil || slices.Equal(of, p.Grids))
		})
		if i < 0 {
			t.Errorf("%s %s was not found", p.Kind, p.Where)
			continue
		}
		q := left[i]
		left = slices.Delete(left, i, i+1)
		if math.Abs(*q.AreaM2-p.AreaM2) > 1e-4*p.AreaM2 {
			t.Errorf("%s %s: %.2f m², planted %.2f", p.Kind, p.Where, *q.AreaM2, p.AreaM2)
		}
		if q.Geometry == nil || q.Box == nil || q.Buildings == nil || len(q.DivisionIDs) != 1 || len(q.Fixes) == 0 {
			t.Errorf("%s %s lacks something: %+v", p.Kind, p.Where, q)
		}
		if p.Kind == demo.Gap || p.Kind == demo.Multipart {
			if f := q.Fixes[0]; f.Action != coverage.AddToGrid || len(q.Fixes) > 1 && f.Args[coverage.ArgSharedM].(float64) < q.Fixes[1].Args[coverage.ArgSharedM].(float64) {
				t.Errorf("%s %s: the first fix is %v of %v", p.Kind, p.Where, f, q.Fixes)
			}
		}
	}
	for _, q := range left {
		t.Errorf("nobody planted %s of %.2f m² at %v", q.Kind, *q.AreaM2, q.Box)
	}
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		rank := cmp.Compare(slices.Index(coverage.Kinds, a.Kind), slices.Index(coverage.Kinds, b.Kind))
		if rank > 0 || rank == 0 && a.Weight < b.Weight {
			t.Errorf("%s %v stands before %s %v", a.Kind, a.Weight, b.Kind, b.Weight)
		}
	}
	// The division's figures are the drawing's: a square metre of plaster is not in it.
	want := map[demo.ProblemKind]float64{}
	for _, p := range made.Planted {
		want[p.Kind] += p.AreaM2
	}
	for kind, got := range map[demo.ProblemKind]float64{demo.Gap: r.GapM2, demo.Overlap: r.OverlapM2, demo.Outside: r.OutsideM2} {
		if math.Abs(got-want[kind]) > 1e-4*want[kind] {
			t.Errorf("%s: %.2f m² in all, planted %.2f", kind, got, want[kind])
		}
	}
	if !r.Bounded || r.Seamless() || math.Abs(r.CoveredM2+r.GapM2-r.AreaM2) > 1e-9*r.AreaM2 {
		t.Errorf("covered %.4f + gap %.4f is not %.4f m²", r.CoveredM2, r.GapM2, r.AreaM2)
	}
	// What lies above sums up.
	for _, code := range []string{"990102001", "990102", "9901"} {
		up, _ := w.found(t, s, code)
		if up.OverlapM2 != r.OverlapM2 || up.OutsideM2 != r.OutsideM2 || math.Abs(up.CoveredM2-r.CoveredM2) > 1e-9*r.CoveredM2 ||
			math.Abs(up.CoveredM2+up.GapM2-up.AreaM2) > 1e-9*up.AreaM2 {
			t.Errorf("%s: covered %.4f + gap %.4f of %.4f m², overlap %.2f", code, up.CoveredM2, up.GapM2, up.AreaM2, up.OverlapM2)
		}
	}
}

// field is two communities side by side in a town, in cells of a thousandth of a degree: with two and one grids.
func field(t *testing.T) (*town, *coverage.Service) {
	w := newTown(t)
	w.give(t, load.Divisions,
		feature(`"code":"990101","name":"区","level":"DISTRICT"`, box(0, 0, 30, 10)),
		feature(`"code":"990101001","name":"街道","level":"TOWN"`, box(0, 0, 30, 10)),
		feature(`"code":"990101001001","name":"西","level":"COMMUNITY"`, box(0, 0, 20, 10)),
		feature(`"code":"990101001002","name":"东","level":"COMMUNITY"`, box(20, 0, 30, 10)))
	w.give(t, load.Grids,
		feature(`"code":"990101001001001","name":"一","worker":"王芳"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001002","name":"二","worker":"李明"`, box(10, 0, 20, 10)),
		feature(`"code":"990101001002001","name":"三","worker":"赵云"`, box(20, 0, 30, 10)))
	return w, w.reporter()
}

func (w *town) kinds(t *testing.T, s *coverage.Service, code string) map[coverage.Kind]int {
	t.Helper()
	r, list := w.found(t, s, code)
	if r.Bounded && math.Abs(r.CoveredM2+r.GapM2-r.AreaM2) > 1e-6*r.AreaM2 {
		t.Errorf("%s: covered %.4f + gap %.4f is not %.4f m²", code, r.CoveredM2, r.GapM2, r.AreaM2)
	}
	out := map[coverage.Kind]int{}
	for _, p := range list {
		out[p.Kind]++
	}
	return out
}

// saying holds a division's problems against "KIND:number" of each.
func (w *town) saying(t *testing.T, s *coverage.Service) func(code, want string) {
	return func(code, want string) {
		t.Helper()
		if got := fmt.Sprint(w.kinds(t, s, code)); got != "map["+want+"]" {
			t.Errorf("%s: %s, want [%s]", code, got, want)
		}
	}
}

func TestReportsFollowChanges(t *testing.T) {
	w, s := field(t)
	say := w.saying(t, s)
	say("990101", "")
	// A grid shrinks, and what it left is nobody's; a building that comes there too.
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 18, 10)))
	say("990101001001", "GAP:1")
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(18.5, 1, 19, 2)))
	say("990101001001", "GAP:1 UNASSIGNED_BUILDING:1")
	say("990101001002", "")
	// The building moves into a grid.
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(22, 1, 23, 2)))
	say("990101", "GAP:1")
	// The neighbour takes the place over the border: outside, and still a gap of the community that owns it.
	w.give(t, load.Grids, feature(`"code":"990101001002001","name":"三"`, box(18, 0, 30, 10)))
	say("990101001001", "GAP:1")
	say("990101001002", "OUTSIDE:1")
	// The grid comes back, and two communities' grids overlap: a matter of the town above both.
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 20, 10)))
	say("990101001001", "")
	say("990101001002", "OUTSIDE:1")
	say("990101001", "OUTSIDE:1 OVERLAP:1")
	// The neighbour goes away for good: its old border must be asked too.
	w.give(t, load.Grids, feature(`"code":"990101001002001","name":"三"`, box(26, 0, 30, 10)))
	say("990101001", "GAP:1 UNASSIGNED_BUILDING:1")
	w.give(t, load.Grids, feature(`"code":"990101001002001","name":"三"`, box(20, 0, 30, 10)))
	say("990101", "")
	// A grid that changes its community leaves the one it was in.
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二","community":"990101001002"`, box(10, 0, 20, 10)))
	say("990101001001", "GAP:1")
	say("990101001002", "OUTSIDE:1")
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二","community":"990101001001"`, box(10, 0, 20, 10)))
	// Policies are inherited.
	five := 5
	if _, err := w.Places.SetPolicy(t.Context(), operator, place.SizePolicy{DivisionID: w.division(t, "990101").ID, GridsMin: &five}); err != nil {
		t.Fatal(err)
	}
	say("990101", "UNDERSIZE:2")
}

func TestDivisionsAreACoverToo(t *testing.T) {
	w, s := field(t)
	for _, c := range []struct {
		name, west, east string // boundaries of the communities
		want             map[coverage.Kind]int
	}{
		{"a strip between them", box(0, 0, 20, 10), box(21, 0, 30, 10), map[coverage.Kind]int{coverage.Gap: 1, coverage.Outside: 1}},
		{"they overlap, and both cover", box(0, 0, 20, 10), box(19, 0, 30, 10), map[coverage.Kind]int{coverage.Overlap: 1, coverage.Gap: 1}},
		{"one reaches out of the town", box(0, 0, 20, 10), box(20, 0, 31, 10), map[coverage.Kind]int{coverage.Outside: 1, coverage.Gap: 1}},
		{"as they were", box(0, 0, 20, 10), box(20, 0, 30, 10), map[coverage.Kind]int{}},
	} {
		w.give(t, load.Divisions, feature(`"code":"990101001001","name":"西","level":"COMMUNITY"`, c.west), feature(`"code":"990101001002","name":"东","level":"COMMUNITY"`, c.east))
		if got := w.kinds(t, s, "990101"); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		r, _ := w.found(t, s, "990101")
		t.Logf("%s: %.2f + %.2f of %.2f m²", c.name, r.CoveredM2, r.GapM2, r.AreaM2)
	}
}

func TestWithoutABoundaryGapsAreUnknown(t *testing.T) {
	w := newTown(t)
	w.give(t, load.Divisions, feature(`"code":"990101001","name":"街道","level":"TOWN"`, box(0, 0, 30, 10)))
	w.mustBring(t, load.Job{Kind: load.Grids, Level: "COMMUNITY", Path: file(t, "g.geojson", collection(
		feature(`"code":"990101001001001","name":"一","worker":"王芳"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001002","name":"二"`, box(9, 0, 20, 10)),
		feature(`"code":"990101001002001","name":"三","worker":"赵云"`, box(20, 0, 29, 10))))})
	s := w.reporter()
	r, _ := w.found(t, s, "990101001001")
	if r.Bounded || r.GapM2 != 0 || r.OverlapM2 < 90_000 || r.Problems[coverage.Overlap] != 1 || r.Problems[coverage.Unstaffed] != 1 {
		t.Errorf("the community: %+v", r)
	}
	// The town has a boundary, and its communities' grids stand for them.
	r, _ = w.found(t, s, "990101001")
	if !r.Bounded || r.Problems[coverage.Gap] != 1 || r.Problems[coverage.Outside] != 0 || math.Abs(r.CoveredM2+r.GapM2-r.AreaM2) > 1e-6*r.AreaM2 {
		t.Errorf("the town: %+v", r)
	}
}

// A report is of a day: at midnight the one who leaves is missed, and nothing else is looked at again.
func TestTheReportStepsPastMidnight(t *testing.T) {
	w := village(t)
	now := time.Date(2030, 5, 1, 23, 59, 0, 0, time.FixedZone("CST", 8*3600))
	s := w.reporter()
	s.Now = func() time.Time { return now }
	w.Staff.Now = s.Now
	until := civil.Of(now, s.Zone).AddDays(1)
	for code, until := range map[string]*civil.Date{"990101001001001": &until} {
		worker, err := w.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "李明"}, staff.AreaGrid, code)
		if err != nil {
			t.Fatal(err)
		}
		from := civil.Of(now, s.Zone).AddDays(-10)
		_, err = w.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: worker.Key, Post: staff.GridWorker, Cover: staff.CoverB, AreaKind: staff.AreaGrid, AreaName: code, From: &from, Until: until})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := w.kinds(t, s, "990101001001"); got[coverage.Unstaffed] != 0 {
		t.Errorf("before midnight: %v", got)
	}
	now = now.Add(2 * time.Minute)
	if got := w.kinds(t, s, "990101001001"); got[coverage.Unstaffed] != 1 {
		t.Errorf("after midnight: %v", got)
	}
}

// Several processes may look at the same division at once, and a caller's own transaction is no hindrance, nor all of them
// together.
func TestManyAskAtOnce(t *testing.T) {
	w, _ := field(t)
	w.give(t, load.Grids, feature(`"code":"990101001002001","name":"三"`, box(18, 0, 30, 10)))
	id := w.division(t, "990101").ID
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for range 20 {
		s := w.reporter()
		group.Go(func() error {
			return w.Do(ctx, operator, func(ctx context.Context) error {
				if _, err := w.Places.Roots(ctx, operator, place.Fields{}); err != nil { // the snapshot is taken
					return err
				}
				r, err := s.Reports(ctx, operator, []uuid.UUID{id})
				if err == nil && (r[id].Problems[coverage.Overlap] != 1 || r[id].Problems[coverage.Outside] != 1) {
					err = fmt.Errorf("found %v", r[id].Problems)
				}
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// A building in no grid is somebody's: one community's where two overlap, and where it lies outside of all, the nearest one's.
// Its households are known where its units are, whoever finds it, and read by the operator alone.
func TestABuildingOfNoGridIsOnePlacesMatter(t *testing.T) {
	w, s := field(t)
	say := w.saying(t, s)
	say("990101", "")
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(31, 1, 32, 2)))
	say("990101001002", "UNASSIGNED_BUILDING:1")
	say("990101", "UNASSIGNED_BUILDING:1")
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(22, 1, 23, 2)))
	say("990101", "")

	w.give(t, load.Divisions, feature(`"code":"990101001001","name":"西","level":"COMMUNITY"`, box(0, 0, 22, 10)))
	w.give(t, load.Grids, feature(`"code":"990101001002001","name":"三"`, box(22, 0, 30, 10)))
	w.give(t, load.Buildings, feature(`"code":"b1","name":"一号楼"`, box(20.5, 1, 21.5, 2)))
	say("990101001001", "GAP:1 UNASSIGNED_BUILDING:1")
	say("990101001002", "GAP:1")

	w.give(t, load.Divisions, feature(`"code":"990101001001","name":"西","level":"COMMUNITY"`, box(0, 0, 20, 10)),
		feature(`"code":"990101001002","name":"东","level":"COMMUNITY"`, box(22, 0, 30, 10)))
	w.people(t, "b1")
	_, list := w.found(t, s, "990101001")
	p := only(t, list, coverage.UnassignedBuilding)
	if p.Households == nil || *p.Households == 0 {
		t.Errorf("households %v", p.Households)
	}
	if told, err := s.Problem(t.Context(), account.Anyone(), p.ID); err != nil || told.Households != nil {
		t.Errorf("the public reads %v households, %v", told.Households, err)
	}
}
