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
	m, err := w.Grids.At(t.Context(), account.Anyone(), grid.AtQuery{System: coord.SystemCGCS2000, Lng: b[0], Lat: b[1]})
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
