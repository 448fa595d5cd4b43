package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/load"
)

// TestRowsSayWhereTheyLieWhateverHappens: after each of many changes in any order, of borders between grids, communities and districts, of
// where buildings stand, of placements by hand, of households and of codes, what guarded rows say of where they lie, and units of how many
// live there, is what follows from the rest.
func TestRowsSayWhereTheyLieWhateverHappens(t *testing.T) {
	const seeds, steps = 6, 40
	done := map[string]int{}
	for seed := range uint64(seeds) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		w := twoDistricts(t)
		w.give(t, load.Divisions, feature(`"code":"990101001002","name":"河北","level":"COMMUNITY"`, "null"))
		grids := []string{"990101001001001", "990101001001002", "990102001001001"}
		communities, west, east := []string{"990101001001", "990101001002"}, 5.0, 10.0
		buildings := []string{"b1", "b2", "b3", "b4", "b5"}
		stand := func(code string) {
			x, y := 18*rnd.Float64(), 1+7*rnd.Float64()
			w.give(t, load.Buildings, feature(`"code":"`+code+`"`, box(x, y, x+1.5, y+1)))
		}
		for _, b := range buildings[2:] {
			stand(b)
		}
		one := func(list []string) string { return list[rnd.IntN(len(list))] }
		code := func() *string {
			if rnd.IntN(3) == 0 {
				return nil
			}
			c := one(grids)
			return &c
		}
		must := func(err error, allowed ...fault.Code) {
			t.Helper()
			for _, c := range allowed {
				if fault.Is(err, c) {
					return
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		live := func() {
			var rows []place.HouseholdRow
			b := one(buildings)
			for range 1 + rnd.IntN(6) {
				n := rnd.IntN(5)
				rows = append(rows, place.HouseholdRow{Source: fmt.Sprint(len(rows)), Building: b, Unit: fmt.Sprintf("%d单元", 1+rnd.IntN(2)),
					Room: fmt.Sprint(101 + len(rows)), Residents: &n})
			}
			report, err := w.Places.ImportHouseholds(t.Context(), operator, func(yield func(place.HouseholdRow, error) bool) {
				for _, r := range rows {
					if !yield(r, nil) {
						return
					}
				}
			}, place.ImportOptions{IDs: key.Random{}, Replace: rnd.IntN(3) == 0})
			if err != nil || report.Added+report.Updated+report.Unchanged == 0 && report.Refused == 0 {
				t.Fatalf("%v %+v", err, report)
			}
		}
		live()
		changes := []struct {
			name string
			do   func()
		}{
			{"borders", func() {
				west, east = 3+6*rnd.Float64(), 10+7*rnd.Float64()
				w.give(t, load.Grids, feature(`"code":"`+grids[0]+`","community":"990101001001"`, box(0, 0, west, 10)),
					feature(`"code":"`+grids[1]+`","community":"`+one(communities)+`"`, box(west, 0, east, 10)), feature(`"code":"`+grids[2]+`","community":"990102001001"`, box(east, 0, 20, 10)))
			}},
			{"a grid to another community", func() {
				w.give(t, load.Grids, feature(`"code":"`+grids[1]+`","community":"`+one(communities)+`"`, box(west, 0, east, 10)))
			}},
			{"a building elsewhere", func() { stand(one(buildings)) }},
			{"a building by hand", func() {
				_, err := w.Places.PlaceBuilding(t.Context(), operator, w.building(t, one(buildings)), code())
				must(err, fault.Invalid, fault.NotFound)
			}},
			{"a unit by hand", func() {
				var u key.Key
				w.row(t, fmt.Sprintf("SELECT district, id FROM unit ORDER BY md5(id::text || '%d') LIMIT 1", rnd.IntN(99)), &u.Home, &u.ID)
				_, err := w.Places.PlaceUnit(t.Context(), operator, u, code())
				must(err, fault.Invalid, fault.NotFound)
			}},
			{"households", live},
			{"a code", func() {
				d := w.division(t, "990101001002")
				_, err := w.Places.Renumber(t.Context(), operator, place.Renumbering{Code: d.Code, NewCode: fmt.Sprint(990101001100 + rnd.IntN(99)), Version: d.Version})
				must(err, fault.Conflict)
			}},
		}
		for step := range steps {
			c := changes[rnd.IntN(len(changes))]
			c.do()
			done[c.name]++
			var wrong string
			w.row(t, testdb.Unsettled, &wrong)
			if wrong != "" {
				t.Fatalf("seed %d, after step %d, %s:\n%s", seed, step, c.name, wrong)
			}
		}
		done["rows in more than one community"] += w.number(t, "(SELECT 1 FROM household WHERE grid_id IS NOT NULL GROUP BY community_id OFFSET 1) x")
		done["households"] += w.number(t, "household")
	}
	t.Log(done)
	if done["households"] < 100 || done["rows in more than one community"] == 0 {
		t.Errorf("too little happened: %v", done)
	}
}
