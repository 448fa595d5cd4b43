package acceptance

import (
	"testing"
	"time"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/testdb"
	"wangge/load"
)

// house gives a building a unit with n households of three, who moved in at an instant.
func (w *town) house(t *testing.T, building, unit string, n int, since time.Time) {
	t.Helper()
	b := w.building(t, building)
	w.exec(t, `WITH u AS (INSERT INTO unit (district, id, building_id, name)
			VALUES ($1, gen_random_uuid(), $2, $3) RETURNING district, id),
		d AS (INSERT INTO dwelling (district, id, unit_id, room) SELECT u.district, gen_random_uuid(), u.id, k FROM u, generate_series(1, $4::int) k RETURNING district, id)
		INSERT INTO household (district, id, dwelling_id, residents, since) SELECT d.district, gen_random_uuid(), d.id, 3, $5 FROM d`, b.Home, b.ID, unit, n, since)
	testdb.Settle(func(sql string) { w.exec(t, sql) })
}

func (w *town) statsOf(t *testing.T, actor account.Actor, code string, at *time.Time) place.Stats {
	t.Helper()
	g, err := w.Grids.ByCode(t.Context(), operator, code, at, grid.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := w.Places.GridStats(t.Context(), actor, []key.Key{g.Key}, at)
	if err != nil {
		t.Fatal(err)
	}
	return stats[g.Key.ID]
}

// TestThePublicIsToldNoPast: some households leave a grid, then it grows by many. Operators read what was; the public does not,
// for two counts beside each other tell of those who left, and one beside today's sums of what was hidden then.
func TestThePublicIsToldNoPast(t *testing.T) {
	long := time.Now().Add(-time.Hour)
	west, east := riverside+"001", beyond+"001"
	for _, c := range []struct {
		name string
		move func(t *testing.T, w *town)
	}{
		{"their building, to another district", func(t *testing.T, w *town) { w.border(t, 6) }},
		{"their building, by hand", func(t *testing.T, w *town) {
			other := riverside + "002"
			if _, err := w.Places.PlaceBuilding(t.Context(), operator, w.building(t, "b2"), &other); err != nil {
				t.Fatal(err)
			}
		}},
		{"their unit, by hand", func(t *testing.T, w *town) {
			var unit key.Key
			w.row(t, "SELECT district, id FROM unit WHERE name = 'moves'", &unit.Home, &unit.ID)
			other := riverside + "002"
			if _, err := w.Places.PlaceUnit(t.Context(), operator, unit, &other); err != nil {
				t.Fatal(err)
			}
		}},
		{"they move out", func(t *testing.T, w *town) {
			w.exec(t, "UPDATE household SET until = $1 FROM dwelling d, unit u WHERE d.id = dwelling_id AND u.id = d.unit_id AND u.name = 'moves'", time.Now())
			testdb.Settle(func(sql string) { w.exec(t, sql) })
		}},
	} {
		for _, n := range []int{5, 12} { // also many: who knows that it was many knows it was not few elsewhere
			t.Run(c.name, func(t *testing.T) {
				w := twoDistricts(t)
				w.give(t, load.Grids, feature(`"code":"990101001001002","name":"三"`, box(0, 20, 10, 30)))
				w.give(t, load.Buildings, feature(`"code":"b4"`, box(15, 1, 16, 2)), feature(`"code":"b5"`, box(1, 21, 2, 22)))
				w.house(t, "b1", "stays", 20, long)
				w.house(t, "b2", "moves", n, long)
				w.house(t, "b4", "there", 30, long)
				w.house(t, "b5", "there", 30, long)
				before := time.Now().Add(-time.Millisecond) // the store keeps microseconds
				c.move(t, w)
				after := time.Now()
				for _, b := range []string{"b1", "b4", "b5"} {
					w.house(t, b, "new", 30, after.Add(time.Millisecond))
				}
				for _, x := range []struct {
					at         *time.Time
					households int
				}{{&before, 20 + n}, {&after, 20}, {nil, 50}} {
					got, exact := w.statsOf(t, account.Anyone(), west, x.at), w.statsOf(t, operator, west, x.at)
					if exact.Households != x.households || exact.Residents != 3*x.households {
						t.Errorf("there were %d households with %d residents, want %d", exact.Households, exact.Residents, x.households)
					}
					want := exact
					if x.at != nil {
						want.Households, want.Residents, want.Suppressed = 0, 0, true
					}
					if got != want {
						t.Errorf("where %d of %d left the public is told %+v, want %+v", n, 20+n, got, want)
					}
				}
				if got := w.statsOf(t, account.Anyone(), east, &before); !got.Suppressed {
					t.Errorf("of the neighbour the public is told %+v", got)
				}
			})
		}
	}
}

// TestWhatIsHiddenFollowsTheStore: also where the program's clock is behind the store's, and is found anew only where counts may
// have changed.
func TestWhatIsHiddenFollowsTheStore(t *testing.T) {
	w := village(t)
	long := time.Now().Add(-time.Hour)
	w.house(t, "b1", "a few", 5, long)
	w.house(t, "b2", "many", 20, long)
	w.Places.Now = func() time.Time { return time.Now().Add(-time.Minute) }
	for range 2 {
		if hidden, err := w.Places.HiddenGrids(t.Context(), account.Anyone()); err != nil || len(hidden) != 2 {
			t.Errorf("hidden are %v, %v; want both grids", hidden, err)
		}
		w.Places.Now = time.Now
	}
	newest := func() int64 {
		t.Helper()
		n, err := db.NewPlaces(w.DB).NewestOfCounts(t.Context(), operator)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := newest()
	w.office(t, "李雷", staff.CoverA, riverside+"001", civil.Of(time.Now(), time.UTC), nil)
	if n := newest(); n != before {
		t.Errorf("a new worker counts as a change of counts: %d after %d", n, before)
	}
	first := riverside + "001"
	if _, err := w.Places.PlaceBuilding(t.Context(), operator, w.building(t, "b2"), &first); err != nil {
		t.Fatal(err)
	}
	if n := newest(); n <= before {
		t.Error("a building that moved counts as none")
	}
}
