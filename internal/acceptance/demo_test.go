package acceptance

import (
	"strings"
	"testing"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/geo/coord"
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
