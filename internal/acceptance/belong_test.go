package acceptance

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/load"
)

const (
	riverside = "990101001001" // the community of these tests, in district 990101
	beyond    = "990102001001" // one beside it, in district 990102
)

// exec runs SQL past the services.
func (w *town) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// gridOfBuilding is the code of the grid that a building belongs to at an instant, "" for none.
func (w *town) gridOfBuilding(t *testing.T, code string, at time.Time) string {
	t.Helper()
	found, err := w.Places.BuildingsByKey(t.Context(), account.Anyone(), []key.Key{w.building(t, code)}, &at, false)
	if err != nil || len(found) != 1 {
		t.Fatalf("building %s: %v %v", code, found, err)
	}
	for _, b := range found {
		if b.GridKey == nil {
			return ""
		}
		grids, err := w.Grids.ByKeys(t.Context(), account.Anyone(), []key.Key{*b.GridKey}, &at, grid.Fields{})
		if err != nil || len(grids) != 1 {
			t.Fatalf("the grid of %s: %v %v", code, grids, err)
		}
		return grids[b.GridKey.ID].Code
	}
	return ""
}

// gridOfUnit is the code of the grid that the only unit of a building belongs to at an instant, "" for none.
func (w *town) gridOfUnit(t *testing.T, building string, at time.Time) string {
	t.Helper()
	b := w.building(t, building)
	lists, err := w.Places.UnitsOf(t.Context(), account.Anyone(), []key.Key{b}, place.UnitQuery{Args: page.Args{First: 2}, At: at, Grids: true})
	if err != nil || len(lists[b.ID].Items) != 1 {
		t.Fatalf("the units of %s: %v %v", building, lists, err)
	}
	k := lists[b.ID].Items[0].Node.GridKey
	if k == nil {
		return ""
	}
	grids, err := w.Grids.ByKeys(t.Context(), account.Anyone(), []key.Key{*k}, &at, grid.Fields{})
	if err != nil || len(grids) != 1 {
		t.Fatalf("the grid of the unit of %s: %v %v", building, grids, err)
	}
	return grids[k.ID].Code
}

// TestAUnitThatMovedMeanwhile is placed nowhere, and the caller is told so.
func TestAUnitThatMovedMeanwhile(t *testing.T) {
	w := twoDistricts(t)
	w.people(t, "b2")
	var unit key.Key
	w.row(t, "SELECT district, id FROM unit", &unit.Home, &unit.ID)
	w.border(t, 6)
	before := w.number(t, "change_log")
	if _, err := w.Places.Store.PlaceUnit(t.Context(), operator, unit, nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("answered %v, want NOT_FOUND", err)
	}
	if n := w.number(t, "change_log"); n != before {
		t.Error("a change was noted")
	}
}

// residents is how many people the operator is told of in a grid at an instant.
func (w *town) residents(t *testing.T, code string, at time.Time) int {
	t.Helper()
	g, err := w.Grids.ByCode(t.Context(), operator, code, &at, grid.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := w.Places.GridStats(t.Context(), operator, []key.Key{g.Key}, &at)
	if err != nil {
		t.Fatal(err)
	}
	return stats[g.Key.ID].Residents
}

func (w *town) building(t *testing.T, code string) (k key.Key) {
	t.Helper()
	w.row(t, "SELECT district, id FROM building WHERE code = '"+code+"'", &k.Home, &k.ID)
	return k
}

func (w *town) number(t *testing.T, sql string) (n int) {
	t.Helper()
	w.row(t, "SELECT count(*) FROM "+sql, &n)
	return n
}

// TestTheLargestShareDecides: whichever comes first, buildings or grids.
func TestTheLargestShareDecides(t *testing.T) {
	// Its point lies on the arm in the first grid, most of it in the second.
	hammer := `{"type":"Polygon","coordinates":[[[121.007,31.005],[121.010,31.005],[121.010,31.000],[121.011,31.000],
		[121.011,31.010],[121.010,31.010],[121.010,31.006],[121.007,31.006],[121.007,31.005]]]}`
	cases := []struct{ code, shape, want string }{
		{"inside", box(1, 1, 2, 2), "001"},
		{"hammer", hammer, "002"},
		{"third", box(9, 1, 12, 2), "002"},
		{"halves", box(9, 3, 11, 4), "001"},
		{"halves-too", box(9.3, 4, 10.7, 4.7), "001"},
		{"mostly-outside", box(-3, 1, 1, 2), "001"},
		{"touching", box(-2, 3, 0, 4), ""},
		{"outside", box(30, 30, 31, 31), ""},
		{"point", `{"type":"Point","coordinates":[121.015,31.005]}`, "002"},
		{"point-on-border", `{"type":"Point","coordinates":[121.010,31.008]}`, "001"},
		{"point-outside", `{"type":"Point","coordinates":[121.030,31.008]}`, ""},
	}
	var buildings []string
	for _, c := range cases {
		buildings = append(buildings, feature(fmt.Sprintf(`"code":%q`, c.code), c.shape))
	}
	divisions := func(w *town) {
		w.give(t, load.Divisions, feature(`"code":"990101","name":"区","level":"DISTRICT"`, "null"),
			feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, "null"))
	}
	grids := func(w *town) {
		w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 20, 10)),
			feature(`"code":"990101001001001","name":"一"`, box(0, 0, 10, 10)))
	}
	for name, bring := range map[string]func(w *town){
		"grids first":     func(w *town) { divisions(w); grids(w); w.give(t, load.Buildings, buildings...) },
		"buildings first": func(w *town) { divisions(w); w.give(t, load.Buildings, buildings...); grids(w) },
		"twice": func(w *town) {
			divisions(w)
			w.give(t, load.Buildings, buildings...)
			grids(w)
			w.give(t, load.Buildings, buildings...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			bring(w)
			for _, c := range cases {
				want := c.want
				if want != "" {
					want = riverside + want
				}
				if got := w.gridOfBuilding(t, c.code, time.Now()); got != want {
					t.Errorf("%s belongs to %q, want %q", c.code, got, want)
				}
			}
			if n := w.number(t, "building_grid"); n != 8 {
				t.Errorf("%d rows of history, want one for each of 8 buildings", n)
			}
		})
	}
}

func TestAPointForABuildingWithAFootprintLeavesItsGround(t *testing.T) {
	w := village(t)
	w.give(t, load.Buildings, feature(`"code":"b4"`, box(9, 5, 12, 6)))
	w.give(t, load.Buildings, feature(`"code":"b4","name":"4号楼"`, `{"type":"Point","coordinates":[121.0095,31.0055]}`))
	if got := w.gridOfBuilding(t, "b4", time.Now()); got != riverside+"002" {
		t.Errorf("b4 belongs to %q", got)
	}
}

// TestARedrawLooksAtWhatIsNear: a building between two areas that change, in neither, is not looked at.
func TestARedrawLooksAtWhatIsNear(t *testing.T) {
	w := newTown(t)
	w.give(t, load.Divisions, feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, "null"))
	grids := func(west, east float64) {
		w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(west, 0, 10, 10)),
			feature(`"code":"990101001001002","name":"二"`, box(12, 0, 20, 10)), feature(`"code":"990101001001003","name":"三"`, box(22, 0, east, 10)))
	}
	grids(0, 30)
	w.give(t, load.Buildings, feature(`"code":"far"`, box(15, 1, 16, 2)), feature(`"code":"near"`, box(1, 1, 2, 2)))
	w.exec(t, "UPDATE building_grid SET grid_id = (SELECT id FROM grid WHERE code = $1)", riverside+"003")
	grids(-1, 31)
	if got := w.gridOfBuilding(t, "near", time.Now()); got != riverside+"001" {
		t.Errorf("the near one belongs to %q", got)
	}
	if got := w.gridOfBuilding(t, "far", time.Now()); got != riverside+"003" {
		t.Errorf("the far one was looked at: it belongs to %q", got)
	}
}

func TestWhatIsPlacedByHandStaysThere(t *testing.T) {
	w := village(t)
	first, second := riverside+"001", riverside+"002"
	b3 := w.building(t, "b3")
	place := func(code *string) time.Time {
		t.Helper()
		from, err := w.Places.PlaceBuilding(t.Context(), operator, b3, code)
		if err != nil {
			t.Fatal(err)
		}
		return from
	}
	before := time.Now()
	from := place(&first)
	for at, want := range map[time.Time]string{before: second, from: first, from.Add(-time.Microsecond): second, time.Now(): first} {
		if got := w.gridOfBuilding(t, "b3", at); got != want {
			t.Errorf("at %v b3 belongs to %q, want %q", at, got, want)
		}
	}
	changes, rows := w.number(t, "change_log"), w.number(t, "building_grid")
	place(&first)
	if c, r := w.number(t, "change_log"), w.number(t, "building_grid"); c != changes || r != rows {
		t.Errorf("to say it again wrote %d changes and %d rows", c-changes, r-rows)
	}
	if got := w.number(t, "change_log c, division d WHERE c.what = 'buildings' AND c.division_ids = ARRAY[d.id] AND d.code = '"+riverside+"' AND c.n = "+fmt.Sprint(changes)); got != 1 {
		t.Error("the community is not in the change log")
	}

	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 19.5, 10)))
	w.give(t, load.Buildings, feature(`"code":"b3","name":"3号楼"`, box(18, 1, 19, 2)))
	if got := w.gridOfBuilding(t, "b3", time.Now()); got != first {
		t.Errorf("after a redraw b3 belongs to %q, want %q", got, first)
	}
	place(nil)
	place(nil)
	if got := w.gridOfBuilding(t, "b3", time.Now()); got != second {
		t.Errorf("back to its ground b3 belongs to %q, want %q", got, second)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 15, 10)))
	if got := w.gridOfBuilding(t, "b3", time.Now()); got != "" {
		t.Errorf("b3 belongs to %q, want none", got)
	}

	// A grid that is no longer in force holds nothing.
	place(&first)
	w.exec(t, "UPDATE grid_boundary SET during = tstzrange(lower(during), now()) WHERE upper_inf(during) AND grid_id = (SELECT id FROM grid WHERE code = $1)", first)
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 20, 10)))
	if got := w.gridOfBuilding(t, "b3", time.Now()); got != second {
		t.Errorf("b3 belongs to %q, want %q", got, second)
	}
}

// TestTwoPlacementsInOneInstant: the first never was.
func TestTwoPlacementsInOneInstant(t *testing.T) {
	w := village(t)
	b3, first, third := w.building(t, "b3"), riverside+"001", riverside+"003"
	w.give(t, load.Grids, feature(`"code":"990101001001003","name":"三"`, box(0, 10, 20, 20)))
	if _, err := w.Places.PlaceBuilding(t.Context(), operator, b3, &first); err != nil {
		t.Fatal(err)
	}
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE building_grid SET during = tstzrange(now(), NULL) WHERE by_hand"); err != nil {
			return err
		}
		_, err := w.Places.PlaceBuilding(ctx, operator, b3, &third)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.gridOfBuilding(t, "b3", time.Now()); got != third || w.number(t, "building_grid WHERE by_hand") != 1 {
		t.Errorf("b3 belongs to %q, want %q", got, third)
	}
}

// TestPlacementsAtOnce: of many at once some are refused as conflicts, and the history holds together.
func TestPlacementsAtOnce(t *testing.T) {
	w := village(t)
	b3, first, second := w.building(t, "b3"), riverside+"001", riverside+"002"
	before := w.number(t, "change_log")
	var group sync.WaitGroup
	var placed atomic.Int32
	for i := range 12 {
		group.Go(func() {
			code := &first
			if i%2 == 0 {
				code = &second
			}
			switch _, err := w.Places.PlaceBuilding(t.Context(), operator, b3, code); {
			case err == nil:
				placed.Add(1)
			case !fault.Is(err, fault.Conflict):
				t.Error(err)
			}
		})
	}
	group.Wait()
	rows := w.number(t, "building_grid WHERE by_hand")
	if open := w.number(t, "building_grid bg JOIN building b ON b.id = bg.building_id WHERE upper_inf(bg.during) AND b.code = 'b3'"); open != 1 || placed.Load() == 0 || rows > int(placed.Load()) {
		t.Errorf("%d placed, %d rows, %d in force", placed.Load(), rows, open)
	}
	if noted := w.number(t, "change_log") - before; noted != rows {
		t.Errorf("%d changes noted, %d made", noted, rows)
	}
}

// TestAUnitOfACutTower goes to another grid than its building, and stays there.
func TestAUnitOfACutTower(t *testing.T) {
	w := village(t)
	first := riverside + "001"
	w.people(t, "b3")
	var unit key.Key
	w.row(t, "SELECT district, id FROM unit", &unit.Home, &unit.ID)
	for _, code := range []*string{&first, &first, nil, nil, &first} {
		if _, err := w.Places.PlaceUnit(t.Context(), operator, unit, code); err != nil {
			t.Fatal(err)
		}
	}
	if all, now := w.number(t, "unit_grid"), w.number(t, "unit_grid u JOIN grid g ON g.id = u.grid_id WHERE upper_inf(u.during) AND g.code = '"+first+"'"); all != 2 || now != 1 {
		t.Errorf("%d rows, %d in force; want 2 and 1", all, now)
	}
	w.give(t, load.Grids, feature(`"code":"990101001001002","name":"二"`, box(10, 0, 21, 10)))
	if n := w.number(t, "unit_grid WHERE upper_inf(during)"); n != 1 {
		t.Error("a redraw took the unit away")
	}
	if got := w.gridOfBuilding(t, "b3", time.Now()); got != riverside+"002" {
		t.Errorf("its building belongs to %q", got)
	}
}

func TestPlacementsThatAreRefused(t *testing.T) {
	w := twoDistricts(t)
	w.people(t, "b2")
	var unit key.Key
	w.row(t, "SELECT district, id FROM unit", &unit.Home, &unit.ID)
	b2, far, mine, none := w.building(t, "b2"), beyond+"001", riverside+"001", "990109001001001"
	w.exec(t, "INSERT INTO grid_code VALUES ('old', $1, gen_random_uuid(), now())", b2.Home)
	gone := "old"
	unknown := key.Key{Home: b2.Home, ID: key.Random{}.NewID()}
	for _, c := range []struct {
		name  string
		actor account.Actor
		thing key.Key
		code  *string
		want  fault.Code
	}{
		{"the public", account.Anyone(), b2, &mine, fault.Forbidden},
		{"another district", operator, b2, &far, fault.Invalid},
		{"no such grid", operator, b2, &none, fault.NotFound},
		{"a grid that is no more", operator, b2, &gone, fault.NotFound},
		{"nothing of that id", operator, unknown, &mine, fault.NotFound},
		{"nothing of that id, to its ground", operator, unknown, nil, fault.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := w.Places.PlaceBuilding(t.Context(), c.actor, c.thing, c.code); !fault.Is(err, c.want) {
				t.Errorf("a building: %v, want %s", err, c.want)
			}
			if c.thing == b2 {
				c.thing = unit
			}
			if _, err := w.Places.PlaceUnit(t.Context(), c.actor, c.thing, c.code); !fault.Is(err, c.want) {
				t.Errorf("a unit: %v, want %s", err, c.want)
			}
		})
	}
}

// twoDistricts has a community in each of two districts side by side, a grid in each, and b2 in the first near the border.
func twoDistricts(t *testing.T) *town {
	w := newTown(t)
	w.give(t, load.Divisions,
		feature(`"code":"990101","name":"东区","level":"DISTRICT"`, "null"), feature(`"code":"990102","name":"西区","level":"DISTRICT"`, "null"),
		feature(`"code":"990101001001","name":"河东","level":"COMMUNITY"`, "null"), feature(`"code":"990102001001","name":"河西","level":"COMMUNITY"`, "null"))
	w.border(t, 10)
	w.give(t, load.Buildings, feature(`"code":"b1"`, box(1, 1, 2, 2)), feature(`"code":"b2","name":"2号楼","estate":"河苑"`, box(7, 1, 9, 2)))
	return w
}

// border draws the two grids anew, with the border between the districts at x.
func (w *town) border(t *testing.T, x float64) {
	t.Helper()
	w.give(t, load.Grids, feature(`"code":"990101001001001","name":"一"`, box(0, 0, x, 10)), feature(`"code":"990102001001001","name":"二"`, box(x, 0, 20, 10)))
}

// people gives a building a unit, a dwelling, two households in turn, a shop and numbers in another system.
func (w *town) people(t *testing.T, building string) {
	t.Helper()
	b := w.building(t, building)
	for _, sql := range []string{
		`INSERT INTO unit (district, id, building_id, name) VALUES ($1, gen_random_uuid(), $2, '1单元')`,
		`INSERT INTO dwelling (district, id, unit_id, room, use) SELECT district, gen_random_uuid(), id, '301', 'RENTED' FROM unit WHERE district = $1 AND building_id = $2`,
		`INSERT INTO household (district, id, dwelling_id, residents, since, until) SELECT d.district, gen_random_uuid(), d.id, 2, '2020-01-01', '2021-01-01'
			FROM dwelling d JOIN unit u ON u.id = d.unit_id WHERE u.district = $1 AND u.building_id = $2`,
		`INSERT INTO household (district, id, dwelling_id, residents, since) SELECT d.district, gen_random_uuid(), d.id, 3, '2021-01-01'
			FROM dwelling d JOIN unit u ON u.id = d.unit_id WHERE u.district = $1 AND u.building_id = $2`,
		`WITH l AS (INSERT INTO legal_entity (district, id, name, building_id) VALUES ($1, gen_random_uuid(), '小店', $2) RETURNING district, id)
			INSERT INTO entity_record (district, entity_id, code, employees) SELECT district, id, 'shop', 4 FROM l`,
		`INSERT INTO external_ref SELECT district, 'building', id, 'grid.example', 'B-1' FROM building WHERE district = $1 AND id = $2`,
		`INSERT INTO external_ref SELECT u.district, 'household', h.id, 'grid.example', h.id::text FROM household h JOIN unit u ON u.district = h.district
			WHERE u.district = $1 AND u.building_id = $2`,
	} {
		w.exec(t, sql, b.Home, b.ID)
	}
	testdb.Settle(func(sql string) { w.exec(t, sql) })
}

// kept are the rows of a building and all beneath it, without their districts.
const kept = `SELECT coalesce(string_agg(x.line, E'\n' ORDER BY x.line), '') FROM (
	SELECT concat_ws('|', 'building', id, code, name, version) AS line FROM building WHERE district = '%[1]s' AND code = 'b2'
	UNION ALL SELECT concat_ws('|', 'unit', id, u.building_id, name, households, residents) FROM unit u JOIN unit_people p ON p.district = u.district AND p.unit_id = u.id WHERE u.district = '%[1]s'
	UNION ALL SELECT concat_ws('|', 'dwelling', id, unit_id, room, use) FROM dwelling WHERE district = '%[1]s'
	UNION ALL SELECT concat_ws('|', 'household', id, dwelling_id, number, residents, since, until) FROM household WHERE district = '%[1]s'
	UNION ALL SELECT concat_ws('|', 'entity', id, code, name, employees, building_id) FROM legal_entity l JOIN entity_record r ON r.district = l.district AND r.entity_id = l.id
		WHERE l.district = '%[1]s'
	UNION ALL SELECT concat_ws('|', 'number', owner_kind, owner_id, system, code) FROM external_ref WHERE district = '%[1]s'
) x`

func (w *town) kept(t *testing.T, home string) (lines string) {
	t.Helper()
	w.row(t, fmt.Sprintf(kept, home), &lines)
	return lines
}

// TestABuildingMovesToAnotherDistrictWithAllThatIsInIt: by a redraw of the border, and back; and by a file that has it elsewhere.
func TestABuildingMovesToAnotherDistrictWithAllThatIsInIt(t *testing.T) {
	west, east := riverside+"001", beyond+"001"
	start := func(t *testing.T) (w *town, here key.Key, all string) {
		w = twoDistricts(t)
		w.people(t, "b2")
		here = w.building(t, "b2")
		all = w.kept(t, here.Home)
		if strings.Count(all, "\n") != 8 {
			t.Fatalf("the building starts with %s", all)
		}
		return w, here, all
	}
	moved := func(t *testing.T, w *town, here key.Key, all string) key.Key {
		t.Helper()
		there := w.building(t, "b2")
		if there.Home == here.Home || there.ID != here.ID {
			t.Fatalf("it was %v and is %v", here, there)
		}
		if got := w.kept(t, there.Home); got != all {
			t.Errorf("moved are\n%s\nwant\n%s", got, all)
		}
		if got := w.kept(t, here.Home); got != "" {
			t.Errorf("left behind are\n%s", got)
		}
		return there
	}
	t.Run("by a redraw", func(t *testing.T) {
		w, here, all := start(t)
		was := time.Now()
		w.border(t, 6)
		between := time.Now()
		moved(t, w, here, all)
		check := func() {
			t.Helper()
			for _, c := range []struct {
				at         time.Time
				grid, list string
			}{{was, west, "b1 b2"}, {between, west, "b1"}, {was, east, ""}, {between, east, "b2"}} {
				if got := w.buildingsOf(t, c.grid, c.at); got != c.list {
					t.Errorf("%s has %q, want %q", c.grid, got, c.list)
				}
				want := 0
				if strings.Contains(c.list, "b2") {
					want = 3
				}
				if got := w.residents(t, c.grid, c.at); got != want {
					t.Errorf("%s has %d residents at %v, want %d", c.grid, got, c.at, want)
				}
			}
			if a, b := w.gridOfBuilding(t, "b2", was), w.gridOfBuilding(t, "b2", between); a != west || b != east {
				t.Errorf("b2 belonged to %q, then to %q", a, b)
			}
			if a, b := w.gridOfUnit(t, "b2", was), w.gridOfUnit(t, "b2", between); a != west || b != east {
				t.Errorf("its unit belonged to %q, then to %q", a, b)
			}
			k := w.building(t, "b2")
			for at, want := range map[time.Time]string{was: west, between: east} {
				found, err := w.Grids.Store.GridsOfBuildings(t.Context(), account.Anyone(), []key.Key{k}, at)
				if g := w.gridOf(t, want); err != nil || found[k.ID] != g.Key {
					t.Errorf("an address finds its grid in %v %v at %v, want %v", found[k.ID], err, at, g.Key)
				}
			}
		}
		check()
		if b, err := w.Places.Building(t.Context(), account.Anyone(), here); err != nil || b.Code != "b2" {
			t.Errorf("by the key that it had it is %+v, %v", b, err)
		}
		w.border(t, 10)
		if back := w.building(t, "b2"); back != here || w.kept(t, here.Home) != all {
			t.Errorf("it did not come back: %v", back)
		}
		check()
		if got := w.buildingsOf(t, west, time.Now()); got != "b1 b2" {
			t.Errorf("back again %s has %q", west, got)
		}
	})
	t.Run("by a file", func(t *testing.T) {
		w, here, all := start(t)
		was := time.Now()
		w.give(t, load.Buildings, feature(`"code":"b2"`, box(9, 1, 13, 2)))
		all = strings.Replace(all, "2号楼|1", "2号楼|2", 1) // a version of it is one more
		moved(t, w, here, all)
		if a, b := w.gridOfBuilding(t, "b2", was), w.gridOfBuilding(t, "b2", time.Now()); a != west || b != east {
			t.Errorf("b2 belonged to %q, then to %q", a, b)
		}
		if n := w.number(t, "building b JOIN estate e ON e.district = b.district AND e.id = b.estate_id WHERE b.code = 'b2' AND e.name = '河苑'"); n != 1 {
			t.Error("it lost its estate")
		}
	})
	for name, hold := range map[string]string{
		"placed by hand":          "UPDATE building_grid SET by_hand = true WHERE building_id = $1",
		"a unit placed by hand":   "INSERT INTO unit_grid SELECT u.district, gen_random_uuid(), u.id, g.id, tstzrange(now(), NULL) FROM unit u JOIN grid g ON g.district = u.district WHERE u.building_id = $1",
		"its code is taken there": "INSERT INTO building (district, id, code, name, location) SELECT g.district, gen_random_uuid(), 'b2', '', ST_SetSRID(ST_MakePoint(121.019, 31.009), 4490) FROM grid g WHERE g.code = '990102001001001' AND $1::uuid IS NOT NULL",
		"its shop's code is taken": "WITH l AS (INSERT INTO legal_entity (district, id, name) SELECT g.district, gen_random_uuid(), '别家' FROM grid g WHERE g.code = '990102001001001' AND $1::uuid IS NOT NULL RETURNING district, id) " +
			"INSERT INTO entity_record (district, entity_id, code) SELECT district, id, 'shop' FROM l",
		"its number is taken": "INSERT INTO external_ref SELECT g.district, 'building', g.id, 'grid.example', 'B-1' FROM grid g WHERE g.code = '990102001001001' AND $1::uuid IS NOT NULL",
	} {
		t.Run(name, func(t *testing.T) {
			w, here, all := start(t)
			w.exec(t, hold, here.ID)
			w.border(t, 6)
			if got := w.kept(t, here.Home); got != all {
				t.Errorf("it did not stay: kept are\n%s", got)
			}
		})
	}
}
