package acceptance

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/coord"
	"wangge/internal/fault"
	"wangge/load"
)

// give imports features of a kind and fails where one is refused.
func (w *town) give(t *testing.T, kind load.Kind, features ...string) place.Report {
	t.Helper()
	return w.mustBring(t, load.Job{Kind: kind, Path: file(t, "f.geojson", collection(features...))})
}

func (w *town) gridOf(t *testing.T, code string) grid.Grid {
	t.Helper()
	g, err := w.Grids.ByCode(t.Context(), account.Anyone(), code, nil, grid.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTwoDistrictsMayNumberTheirBuildingsAlike(t *testing.T) {
	w := newTown(t)
	w.give(t, load.Divisions,
		feature(`"code":"990101","name":"甲区","level":"DISTRICT"`, box(0, 0, 10, 10)),
		feature(`"code":"990102","name":"乙区","level":"DISTRICT"`, box(10, 0, 20, 10)),
		feature(`"code":"990101001001","name":"甲社区","level":"COMMUNITY","parent":"990101"`, box(0, 0, 10, 10)),
		feature(`"code":"990102001001","name":"乙社区","level":"COMMUNITY","parent":"990102"`, box(10, 0, 20, 10)))
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"甲"`, box(0, 0, 10, 10)), feature(`"code":"990102001001001","name":"乙"`, box(10, 0, 20, 10)))
	for _, f := range []string{feature(`"code":"1","name":"甲一号楼"`, box(1, 1, 2, 2)), feature(`"code":"1","name":"乙一号楼"`, box(11, 1, 12, 2))} {
		if r := w.give(t, load.Buildings, f); r.Added != 1 || r.Updated != 0 {
			t.Errorf("%d added, %d updated; want 1, 0", r.Added, r.Updated)
		}
	}
	for _, code := range []string{"990101001001001", "990102001001001"} {
		if got := w.buildingsOf(t, code, time.Now()); got != "1" {
			t.Errorf("grid %s has %q, want 1", code, got)
		}
	}
	// The same building, its footprint drawn anew a little larger, is still the same.
	if r := w.give(t, load.Buildings, feature(`"code":"1","name":"甲一号楼"`, box(1, 1, 2.1, 2))); r.Added != 0 || r.Updated != 1 {
		t.Errorf("again: %d added, %d updated; want 0, 1", r.Added, r.Updated)
	}
}

func TestBuildingsThatCameWhenOnlyTheCityWasKnown(t *testing.T) {
	w := newTown(t)
	b := feature(`"code":"b1","name":"一号楼","floors":6,"estate":"甲苑"`, box(1, 1, 2, 2))
	w.give(t, load.Divisions, feature(`"code":"9901","name":"市","level":"CITY"`, box(0, 0, 10, 10)))
	w.give(t, load.Buildings, b)
	w.give(t, load.Divisions, feature(`"code":"990101","name":"区","level":"DISTRICT"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001","name":"社区","level":"COMMUNITY"`, box(0, 0, 10, 10)))
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, 10, 10)))
	if got := w.buildingsOf(t, "990101001001001", time.Now()); got != "b1" {
		t.Errorf("the grid has %q, want b1", got)
	}
	if r := w.give(t, load.Buildings, b); r.Added != 0 || r.Updated != 1 {
		t.Errorf("again: %d added, %d updated; want 0, 1", r.Added, r.Updated)
	}
}

func TestChildrenThatCameBeforeTheirParent(t *testing.T) {
	w := newTown(t)
	w.give(t, load.Divisions, feature(`"code":"990101001001","name":"社区","level":"COMMUNITY"`, "null"))
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, 10, 10)))
	w.give(t, load.Divisions, feature(`"code":"9901","name":"市","level":"CITY"`, "null"), feature(`"code":"990101","name":"区","level":"DISTRICT"`, "null"))
	roots, err := w.Places.Roots(t.Context(), account.Anyone(), place.Fields{})
	if err != nil || len(roots) != 1 || roots[0].Code != "9901" {
		t.Fatalf("roots %v, %v; want 9901", roots, err)
	}
	list, err := w.Grids.List(t.Context(), account.Anyone(), grid.Query{Order: grid.ByCode, At: time.Now(), Args: page.Args{First: 9}, Filter: grid.Filter{Divisions: []string{"990101"}}})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("the district has %d grids, %v; want 1", len(list.Items), err)
	}
	// Now that it lies in a district it cannot become one.
	r := w.bring(t, load.Job{Kind: load.Divisions, Path: file(t, "f.geojson", collection(feature(`"code":"990101001001","name":"社区","level":"CITY"`, "null")))})
	if r.Refused != 1 || !strings.Contains(r.Notes[0].Reason, "which lies above it") {
		t.Errorf("%d refused: %v", r.Refused, r.Notes)
	}
}

func TestWhatAFileDoesNotSayStays(t *testing.T) {
	w := village(t)
	w.give(t, load.Grids, feature(`"code":"990101001001002","kind":"DEDICATED","group":"东组","limit_east":"河"`, box(10, 0, 20, 10)))
	w.give(t, load.Grids, feature(`"code":"990101001001002"`, box(10, 0, 20, 10)))
	g := w.gridOf(t, "990101001001002")
	if g.Name != "二" || g.Kind != grid.Dedicated || g.GroupID == nil || g.Limits.East != "河" {
		t.Errorf("%+v", g)
	}
	w.give(t, load.Buildings, feature(`"code":"b1"`, box(1, 1, 2, 2)))
	var name string
	var floors int
	w.row(t, "SELECT name, floors FROM building WHERE code = 'b1'", &name, &floors)
	if name != "1号楼" || floors != 6 {
		t.Errorf("b1 is %q with %d floors", name, floors)
	}
	if g := w.gridOf(t, "990101001001001"); g.Name != "一" || g.Kind != grid.Comprehensive {
		t.Errorf("a new grid without a kind is %v", g.Kind)
	}
}

func TestWorkersOfAFile(t *testing.T) {
	w := village(t)
	people := func() (n int) { w.row(t, "SELECT count(*) FROM worker", &n); return n }
	onCall := func(code string) staff.Worker {
		t.Helper()
		g := w.gridOf(t, code)
		m, err := w.Staff.OnCall(t.Context(), account.Anyone(), []staff.GridRef{{Key: g.Key}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m[g.Key.ID].Worker
	}
	both := func(phone string) {
		w.give(t, load.Grids, feature(`"code":"990101001001001","worker":"王芳","work_phone":"`+phone+`"`, box(0, 0, 10, 10)),
			feature(`"code":"990101001001002","worker":"王芳","work_phone":"`+phone+`"`, box(10, 0, 20, 10)))
	}
	both("15499000001")
	if people() != 1 || onCall("990101001001001").Key != onCall("990101001001002").Key {
		t.Errorf("%d people; one in two grids is one", people())
	}
	both("15499000002")
	if people() != 1 || onCall("990101001001001").WorkPhone != "15499000002" {
		t.Errorf("%d people, phone %s", people(), onCall("990101001001001").WorkPhone)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001002","worker":"李强"`, box(10, 0, 20, 10)))
	if got := onCall("990101001001002").Name; got != "李强" {
		t.Errorf("%q is on call, want 李强", got)
	}
	// Somebody is to begin in a week: who comes today stays until then.
	today := civil.Of(time.Now(), w.Staff.Zone)
	next, err := w.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "赵敏"}, staff.AreaDivision, "990101001001")
	if err != nil {
		t.Fatal(err)
	}
	week := today.AddDays(7)
	g := w.gridOf(t, "990101001001002")
	office, _ := w.Staff.InOffice(t.Context(), operator, []staff.Area{{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}}, nil)
	if err := w.Staff.End(t.Context(), operator, office[g.Key.ID][0].Key, week); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: next.Key, Post: staff.GridWorker, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: g.Code, From: &week}); err != nil {
		t.Fatal(err)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001002","worker":"孙丽"`, box(10, 0, 20, 10)))
	if got := onCall("990101001001002").Name; got != "孙丽" {
		t.Errorf("%q is on call, want 孙丽", got)
	}
	later := time.Now().AddDate(0, 0, 8)
	m, _ := w.Staff.OnCall(t.Context(), account.Anyone(), []staff.GridRef{{Key: g.Key}}, &later)
	if got := m[g.Key.ID].Worker.Name; got != "赵敏" {
		t.Errorf("next week %q is on call, want 赵敏", got)
	}
}

// TestAFilesWorkersAreOneChange: an import that noted each worker would hold up every other change until it ends.
func TestAFilesWorkersAreOneChange(t *testing.T) {
	w := village(t)
	before := w.number(t, "change_log")
	w.give(t, load.Grids, feature(`"code":"990101001001001","worker":"李强"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001002","worker":"孙丽"`, box(10, 0, 20, 10)))
	if n := w.number(t, "change_log") - before; n != 1 {
		t.Errorf("one file with two workers is %d changes", n)
	}
	if n := w.number(t, "assignment"); n != 2 {
		t.Errorf("%d assignments; who came and left on one day never held the post", n)
	}
}

// TestAFilesWorkersBesideTheOldOnes: who holds a post stays with the phone that the file has last, also where only some rows
// have one; who came before today ends today; who has the name and another phone is somebody else.
func TestAFilesWorkersBesideTheOldOnes(t *testing.T) {
	w := village(t)
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE assignment SET during = daterange(lower(during) - 30, NULL)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001001","worker":"王芳","work_phone":"15499000001"`, box(0, 0, 10, 10)))
	w.give(t, load.Grids, feature(`"code":"990101001001001","worker":"王芳","work_phone":"15499000002"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001002","worker":"王芳"`, box(10, 0, 20, 10)))
	var people, terms, version int
	var phone string
	w.row(t, "SELECT count(*), min(work_phone), max(version), (SELECT count(*) FROM assignment) FROM worker", &people, &phone, &version, &terms)
	if people != 1 || phone != "15499000002" || version != 2 || terms != 2 {
		t.Errorf("%d people with %s, version %d, %d terms; want 1, 15499000002, 2, 2", people, phone, version, terms)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001001","worker":"王芳","work_phone":"15499000003"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001002","worker":"李强","work_phone":"15499000004"`, box(10, 0, 20, 10)))
	w.row(t, "SELECT work_phone FROM worker WHERE name = '王芳'", &phone)
	if phone != "15499000003" {
		t.Errorf("one of two posts was taken from 王芳, whose phone is %s; want 15499000003", phone)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001001","worker":"李强","work_phone":"15499000004"`, box(0, 0, 10, 10)),
		feature(`"code":"990101001001003","worker":"王芳","work_phone":"15499000009"`, box(20, 0, 30, 10)))
	var ended int
	w.row(t, `SELECT (SELECT count(*) FROM worker), count(*), count(*) FILTER (WHERE NOT upper_inf(during)) FROM assignment`, &people, &terms, &ended)
	if people != 3 || terms != 4 || ended != 1 {
		t.Errorf("%d people, %d terms, %d of them ended; want 3, 4, 1", people, terms, ended)
	}
}

func TestRowsThatShareACode(t *testing.T) {
	w := village(t)
	apart := collection(feature(`"code":"1500","name":"a"`, box(1, 4, 2, 5)), feature(`"code":"1500","name":"b"`, box(6, 6, 7, 7)))
	r := w.bring(t, load.Job{Kind: load.Buildings, Path: file(t, "f.geojson", apart)})
	if r.Refused != 1 || !strings.Contains(r.Notes[0].Reason, "2 rows share the code 1500 and lie apart") {
		t.Errorf("apart: %d refused, %v", r.Refused, r.Notes)
	}
	if r := w.give(t, load.Buildings, feature(`"code":"wing","name":"a"`, box(1, 4, 2, 5)), feature(`"code":"wing","name":"b"`, box(2, 4, 3, 5))); r.Added != 1 {
		t.Errorf("two wings of one building: %d added", r.Added)
	}
	bowtie := `{"type":"Polygon","coordinates":[[[121.001,31.001],[121.002,31.002],[121.002,31.001],[121.001,31.002],[121.001,31.001]]]}`
	r = w.bring(t, load.Job{Kind: load.Grids, Path: file(t, "f.geojson", collection(feature(`"code":"990101001001003","name":"三"`, bowtie), feature(`"code":"990101001001003","name":"三"`, box(0, 0, 1, 1))))})
	if r.Refused != 1 || r.Notes[0].Lng == nil {
		t.Errorf("broken and doubled: %d refused, %v", r.Refused, r.Notes)
	}
	for _, bad := range []string{`"code":"b1","address":"一\u0000二"`, `"code":"b1","estate":"一\n二"`} {
		if r := w.bring(t, load.Job{Kind: load.Buildings, Path: file(t, "f.geojson", collection(feature(bad, box(1, 1, 2, 2))))}); r.Refused != 1 {
			t.Errorf("%s: %d refused", bad, r.Refused)
		}
	}
	if r := w.bring(t, load.Job{Kind: load.Grids, Path: file(t, "f.geojson", collection(feature(`"code":"990101001001001","worker":"王","work_phone":"1"`, box(0, 0, 10, 10))))}); r.Refused != 1 {
		t.Errorf("a phone of one digit: %d refused", r.Refused)
	}
}

func TestHowExactAPositionIs(t *testing.T) {
	w := village(t)
	at := func(lng, lat, accuracy float64) grid.Match {
		t.Helper()
		m, err := w.Grids.At(t.Context(), account.Anyone(), grid.AtQuery{System: coord.SystemCGCS2000, Lng: lng, Lat: lat, AccuracyM: &accuracy})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, accuracy := range []float64{1, 50, 300, 2000, 20_000, 100_000, 1_000_000} {
		m := at(121.009, 31.005, accuracy) // 95 m west of the border between the two
		sum := 0.0
		for _, c := range m.Candidates {
			sum += c.Probability
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("known to %v m: the probabilities add up to %v", accuracy, sum)
		}
		if want := accuracy > 60; m.NeedsConfirmation != want {
			t.Errorf("known to %v m: confirmation %v, want %v (%v)", accuracy, m.NeedsConfirmation, want, m.Candidates)
		}
		if m.Rule != grid.RuleContains || m.Grid.Code != "990101001001001" || m.Candidates[0].Grid.Code != "990101001001001" {
			t.Errorf("known to %v m: %v %v", accuracy, m.Rule, m.Candidates)
		}
	}
	if m := at(121.3, 31.005, 30); m.Rule != grid.RuleNone || !m.NeedsConfirmation || len(m.Candidates) != 0 {
		t.Errorf("far from all: %v, confirmation %v, %v", m.Rule, m.NeedsConfirmation, m.Candidates)
	}
	if m := at(121.0205, 31.005, 40); m.Rule != grid.RuleNearest || !m.NeedsConfirmation || math.Abs(*m.BoundaryDistanceM-47.7) > 0.2 {
		t.Errorf("48 m outside: %v %v", m.Rule, *m.BoundaryDistanceM)
	}
	// Many vague points are refused before they take long; a thousand are not too many.
	for _, c := range []struct {
		n       int
		limited bool
	}{{1000, false}, {2000, true}} {
		accuracy := 5000.0
		qs := make([]grid.AtQuery, c.n)
		for i := range qs {
			qs[i] = grid.AtQuery{System: coord.SystemCGCS2000, Lng: 121.009, Lat: 31.005, AccuracyM: &accuracy}
		}
		if _, _, err := w.Grids.AtMany(t.Context(), account.Anyone(), qs); fault.Is(err, fault.Limited) != c.limited {
			t.Errorf("%d vague points: %v", c.n, err)
		}
	}
}
