package acceptance

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/staff"
	"wangge/geo/coord"
	"wangge/internal/fault"
	"wangge/load"
	"wangge/load/demo"
)

func TestDemoTownTwice(t *testing.T) {
	w := newTown(t)
	made := demo.Community()
	for range 2 {
		said, err := load.Town(t.Context(), operator, w.Services, made)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, "7 groups with 14 grids") {
			t.Errorf("it says %q", said)
		}
	}
	grids, err := w.Grids.List(t.Context(), account.Anyone(), grid.Query{Order: grid.ByCode, At: w.Grids.Now(), Count: true})
	if err != nil || grids.Total != 14 {
		t.Fatalf("%d grids, %v; want 14", grids.Total, err)
	}
	// A building that nobody planted a fault on is in the grid that the answer names.
	b := made.Buildings[0].Footprint[0][0]
	m, err := w.Grids.At(t.Context(), account.Anyone(), grid.AtQuery{System: coord.SystemCGCS2000, Lng: b[0], Lat: b[1], Building: true})
	if err != nil || m.Rule != grid.RuleContains || m.BuildingKey == nil {
		t.Errorf("at the first building: %v, %v", m, err)
	}
}

func TestStaffComeInAllOrNone(t *testing.T) {
	w := newTown(t)
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: file(t, "d.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,
		"properties":{"code":"990199","name":"测试区","level":"DISTRICT"}}]}`)})
	entry := func(kind staff.AreaKind, name string, until *civil.Date) staff.Entry {
		return staff.Entry{ID: uuid.New(), NewWorker: staff.NewWorker{Name: "周明"}, Division: "990199", Terms: []staff.Term{{ID: uuid.New(),
			Post: staff.ChiefLeader, Cover: staff.CoverA, AreaKind: kind, AreaName: name, From: w.Staff.Day(nil), Until: until}}}
	}
	good, stranger, back := entry(staff.AreaDivision, "990199", nil), entry(staff.AreaGrid, "990199001001001", nil), w.Staff.Day(nil).AddDays(-1)
	for _, c := range []struct {
		name    string
		entries []staff.Entry
		code    fault.Code // "" where they come in
		added   int
	}{
		{"a grid that nobody knows", []staff.Entry{good, stranger}, fault.NotFound, 0},
		{"a term that ends before it begins", []staff.Entry{good, entry(staff.AreaDivision, "990199", &back)}, fault.Invalid, 0},
		{"two in one post", []staff.Entry{good, entry(staff.AreaDivision, "990199", nil)}, fault.Conflict, 0},
		{"one", []staff.Entry{good}, "", 1},
		{"the same again", []staff.Entry{good}, "", 0},
	} {
		added, err := w.Staff.Enter(t.Context(), operator, slices.Values(c.entries))
		var f *fault.Error
		if errors.As(err, &f) != (c.code != "") || f != nil && f.Code != c.code || added != c.added {
			t.Errorf("%s: %d added, %v", c.name, added, err)
		}
	}
	var workers, terms int
	w.row(t, "SELECT (SELECT count(*) FROM worker), (SELECT count(*) FROM assignment)", &workers, &terms)
	if workers != 1 || terms != 1 {
		t.Errorf("%d workers in %d posts", workers, terms)
	}
	if _, err := w.Staff.Enter(t.Context(), account.Anyone(), slices.Values([]staff.Entry{good})); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the public: %v", err)
	}
}

// TestStaffThatCameInAreNotedWhereTheyServe: and where they belong.
func TestStaffThatCameInAreNotedWhereTheyServe(t *testing.T) {
	w := newTown(t)
	w.give(t, load.Divisions, feature(`"code":"990101","name":"区","level":"DISTRICT"`, "null"),
		feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, box(0, 0, 20, 10)),
		feature(`"code":"990101002001","name":"河西","level":"COMMUNITY"`, box(20, 0, 30, 10)),
		feature(`"code":"990101003001","name":"河南","level":"COMMUNITY"`, box(30, 0, 40, 10)))
	w.give(t, load.Grids, feature(`"code":"990101001001001"`, box(0, 0, 20, 10)), feature(`"code":"990101002001001","group":"西组"`, box(20, 0, 30, 10)))
	w.give(t, load.Buildings, feature(`"code":"b1"`, box(1, 1, 2, 2)))
	for area, c := range map[string]struct {
		kind staff.AreaKind
		post staff.Post
		want string
	}{
		"990101001001001": {staff.AreaGrid, staff.GridWorker, "990101,990101001001"},
		"990101002001/西组": {staff.AreaGroup, staff.GridLeader, "990101,990101002001"},
		"b1":              {staff.AreaBuilding, staff.BuildingLeader, "990101,990101001001"},
		"990101003001":    {staff.AreaDivision, staff.StationHead, "990101,990101003001"},
	} {
		entry := staff.Entry{ID: uuid.New(), NewWorker: staff.NewWorker{Name: "周明"}, Division: "990101", Terms: []staff.Term{{ID: uuid.New(),
			Post: c.post, Cover: staff.CoverA, AreaKind: c.kind, AreaName: area, From: w.Staff.Day(nil)}}}
		if _, err := w.Staff.Enter(t.Context(), operator, slices.Values([]staff.Entry{entry})); err != nil {
			t.Fatalf("%s: %v", area, err)
		}
		var noted string
		w.row(t, `SELECT string_agg(d.code, ',' ORDER BY d.code) FROM change_log c JOIN division d ON d.id = ANY(c.division_ids)
			WHERE c.n = (SELECT max(n) FROM change_log)`, &noted)
		if noted != c.want {
			t.Errorf("a worker of %s is noted at %s, want %s", area, noted, c.want)
		}
	}
}
