package acceptance

import (
	"slices"
	"testing"

	"wangge/geo/measure"
	"wangge/internal/fault"
	"wangge/load"
	"wangge/load/demo"
)

// some is a region with a few communities of r only, and what stands above them.
func some(r demo.Region, communities ...string) demo.Region {
	out := r
	out.Divisions = slices.DeleteFunc(slices.Clone(r.Divisions), func(d demo.Division) bool {
		return d.Level == "COMMUNITY" && !slices.Contains(communities, d.Code)
	})
	out.Communities = func(yield func(demo.Town) bool) {
		for t := range r.Communities {
			if slices.Contains(communities, t.Community()) && !yield(t) {
				return
			}
		}
	}
	return out
}

// Three communities of the made-up district side by side: nothing between them, nothing doubled when they come again.
func TestDemoDistrict(t *testing.T) {
	w := newTown(t)
	all := demo.Make(demo.SizeDistrict)
	// The hand-drawn community, the one beyond its bus station, and one that it has no border with.
	beside, far := "", ""
	station := made(t, all).Planted[3].Geometry.Bound().Center()
	for _, d := range all.Divisions {
		if d.Level == "COMMUNITY" && d.Code != demo.HandCommunity {
			if d.Boundary.Bound().Contains(station) {
				beside = d.Code
			} else {
				far = d.Code
			}
		}
	}
	region := some(all, demo.HandCommunity, beside, far)
	type figures struct{ divisions, grids, boundaries, buildings, placed, roads, units, dwellings, households, entities, workers, assignments int }
	count := func() (f figures) {
		w.row(t, `SELECT (SELECT count(*) FROM division), (SELECT count(*) FROM grid), (SELECT count(*) FROM grid_boundary), (SELECT count(*) FROM building),
			(SELECT count(*) FROM building_grid), (SELECT count(*) FROM road), (SELECT count(*) FROM unit), (SELECT count(*) FROM dwelling),
			(SELECT count(*) FROM household), (SELECT count(*) FROM legal_entity), (SELECT count(*) FROM worker), (SELECT count(*) FROM assignment)`,
			&f.divisions, &f.grids, &f.boundaries, &f.buildings, &f.placed, &f.roads, &f.units, &f.dwellings, &f.households, &f.entities, &f.workers, &f.assignments)
		return f
	}
	// First the community alone, which the district then is put around.
	for _, r := range []demo.Region{demo.Single(demo.Community()), region} {
		if _, err := load.Region(t.Context(), operator, w.Services, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := count()
	if _, err := load.Region(t.Context(), operator, w.Services, region, nil); err != nil {
		t.Fatal(err)
	}
	if after := count(); after != before {
		t.Errorf("loaded again there are %+v, before %+v", after, before)
	}

	var strays, seams int
	w.row(t, `SELECT count(*) FROM building b LEFT JOIN building_grid bg ON bg.building_id = b.id
		WHERE b.code NOT LIKE '`+demo.HandCommunity+`%' AND (bg.id IS NULL OR EXISTS (SELECT 1 FROM grid_boundary a
		WHERE ST_Relate(a.boundary, b.footprint, 'T********') AND (a.grid_id <> bg.grid_id OR NOT ST_Covers(a.boundary, b.footprint))))`, &strays)
	w.row(t, `SELECT count(*) FROM division c CROSS JOIN LATERAL (SELECT ST_Union(a.boundary) AS all FROM grid g JOIN grid_boundary a ON a.grid_id = g.id
		WHERE g.community_id = c.id) x WHERE c.level = 'COMMUNITY' AND c.code <> '`+demo.HandCommunity+`' AND NOT ST_Equals(c.boundary, x.all)`, &seams)
	if strays != 0 || seams != 0 {
		t.Errorf("%d buildings are not in one grid as a whole, %d communities not their grids together", strays, seams)
	}
	var stored float64
	w.row(t, "SELECT area_m2 FROM division WHERE code = '"+demo.HandDistrict+"'", &stored)
	if drawn, err := measure.AreaM2(all.Divisions[1].Boundary); err != nil || drawn-stored > 1 || stored-drawn > 1 {
		t.Errorf("the district has %.1f m², drawn are %.1f; %v", stored, drawn, err)
	}
	var lo, hi int
	w.row(t, "SELECT min(n), max(n) FROM (SELECT sum(u.households) AS n FROM building_grid bg JOIN grid g ON g.id = bg.grid_id JOIN unit_people u ON u.building_id = bg.building_id WHERE g.code NOT LIKE '"+
		demo.HandCommunity+"%' GROUP BY g.id) x", &lo, &hi)
	if lo < 200 || hi > 450 {
		t.Errorf("grids have %d to %d households, 200 to 450 is the policy", lo, hi)
	}

	if err := load.CheckAlone(t.Context(), operator, w.Services, all); err != nil {
		t.Errorf("a part of the town is in its way: %v", err)
	}
	if err := load.CheckAlone(t.Context(), operator, w.Services, demo.Single(made(t, all))); !fault.Is(err, fault.Conflict) {
		t.Errorf("the community goes in where there is a district: %v", err)
	}
}

// made is the hand-drawn community, with divisions.
func made(t *testing.T, r demo.Region) demo.Town {
	t.Helper()
	for town := range r.Communities {
		if town.Community() == demo.HandCommunity {
			town.Divisions = r.Divisions[:1]
			return town
		}
	}
	t.Fatal("no hand-drawn community")
	return demo.Town{}
}
