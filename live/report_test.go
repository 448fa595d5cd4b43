package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/place"
	"wangge/live"
)

// TestReportsAreToldToEveryServer: where a report says something else than the one before, and nowhere else.
func TestReportsAreToldToEveryServer(t *testing.T) {
	pool := newTown(t)
	listening := func(to chan *place.Box) *house {
		return newHouse(t, pool, func(o *live.Options) { o.Reported = func(box *place.Box) { to <- box } })
	}
	toHere, toThere := make(chan *place.Box, 100), make(chan *place.Box, 100)
	here, there := listening(toHere), listening(toThere)
	told := func(what string, want ...*place.Box) {
		t.Helper()
		for name, to := range map[string]chan *place.Box{"the server that stored it": toHere, "the other server": toThere} {
			missing := map[string]int{}
			for _, w := range want {
				missing[fmt.Sprintf("%+v", w)]++
			}
			for range want {
				select {
				case got := <-to:
					if missing[fmt.Sprintf("%+v", got)]--; missing[fmt.Sprintf("%+v", got)] < 0 {
						t.Fatalf("%s: %s was told of %+v", what, name, got)
					}
				case <-time.After(5 * time.Second):
					t.Fatalf("%s: %s was not told of all: %v", what, name, missing)
				}
			}
		}
	}
	told("at first", nil)

	id := here.State().Tree.ByCode("990102001001").ID
	day := civil.Of(time.Now(), zone)
	store := db.NewCoverage(here.store)
	area := func(m float64) *float64 { return &m }
	problem := func(kind coverage.Kind, x float64) coverage.Problem {
		return coverage.Problem{ID: uuid.NewSHA1(id, fmt.Append(nil, kind, int(x))), Kind: kind, AreaM2: area(1), DivisionIDs: []uuid.UUID{id},
			Geometry: geom.NewMultiPolygonFlat(geom.XY, []float64{x, 31, x + 0.1, 31, x + 0.1, 31.1, x, 31.1, x, 31}, [][]int{{10}}).SetSRID(4490)}
	}
	box := func(x float64) *place.Box { return &place.Box{West: x, South: 31, East: x + 0.1, North: 31.1} }
	save := func(list ...coverage.Problem) {
		t.Helper()
		if err := store.Save(t.Context(), operator, []coverage.Findings{{Division: id, Day: day, Problems: list}}); err != nil {
			t.Fatal(err)
		}
	}
	saveStaff := func(list ...coverage.Problem) {
		t.Helper()
		if err := store.SaveStaff(t.Context(), operator, []uuid.UUID{id}, 1, day, list); err != nil {
			t.Fatal(err)
		}
	}
	gap, overlap, vacancy := problem(coverage.Gap, 120), problem(coverage.Overlap, 121.3), problem(coverage.Unstaffed, 122)
	placeless := coverage.Problem{ID: uuid.New(), Kind: coverage.Oversize, DivisionIDs: []uuid.UUID{id}}

	save(gap, placeless)
	told("a gap", box(120))
	save(gap, placeless) // says the same, so that nobody is told
	save(gap, overlap)
	told("an overlap", box(121.3))
	larger := overlap
	larger.Geometry = problem(coverage.Overlap, 121.35).Geometry
	save(gap, larger)
	told("an overlap that moved", box(121.3), box(121.35))
	wider := gap
	wider.AreaM2 = area(2)
	save(wider, larger)
	told("a gap of another area", box(120))
	saveStaff(vacancy)
	told("a vacancy", box(122))
	saveStaff(vacancy)
	saveStaff()
	told("a vacancy that is filled", box(122))
	save(wider)
	told("an overlap that is mended", box(121.35))
	var many []coverage.Problem
	for i := range 40 {
		many = append(many, problem(coverage.Outside, 100+float64(i)))
	}
	save(append(many, wider)...)
	told("many", &place.Box{West: 100, South: 31, East: 139.1, North: 31.1})

	eventually(t, 5*time.Second, "in touch", func() bool { return here.InTouch() && there.InTouch() })
	exec(t, pool, `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	told("a lost connection", nil)
	save(gap)
	told("after it", &place.Box{West: 100, South: 31, East: 139.1, North: 31.1})
	for _, to := range []chan *place.Box{toHere, toThere} {
		if len(to) > 0 {
			t.Errorf("told once too often: %+v", <-to)
		}
	}
}

// TestAReportMadeAnewThatSaysTheSameIsNotTold: what the program finds is read back as it was stored.
func TestAReportMadeAnewThatSaysTheSameIsNotTold(t *testing.T) {
	pool := newTown(t)
	exec(t, pool, `DELETE FROM assignment WHERE post = 'GRID_WORKER' AND cover = 'A' AND grid_id IN (SELECT id FROM grid ORDER BY code LIMIT 3)`)
	exec(t, pool, `DELETE FROM assignment WHERE post = 'GRID_WORKER' AND cover = 'B' AND grid_id IN (SELECT id FROM grid ORDER BY code LIMIT 3)`)
	exec(t, pool, `UPDATE grid_boundary SET during = tstzrange(lower(during), now()) WHERE grid_id = (SELECT id FROM grid ORDER BY code DESC LIMIT 1)`)
	heard := make(chan *place.Box, 100)
	h := newHouse(t, pool, func(o *live.Options) { o.Reported = func(box *place.Box) { heard <- box } })
	service := &coverage.Service{Store: db.NewCoverage(h.store), Now: time.Now, Zone: zone}
	var checked [2]time.Time
	for i := range checked {
		if i > 0 {
			exec(t, pool, `INSERT INTO change_log (n, at, what, division_ids) SELECT max(n) + 1, clock_timestamp(), 'boundaries', (SELECT array_agg(id) FROM division) FROM change_log`)
		}
		if err := service.Current(t.Context(), operator, nil); err != nil {
			t.Fatal(err)
		}
		if err := pool.QueryRow(t.Context(), `SELECT max(checked_at) FROM coverage_report`).Scan(&checked[i]); err != nil {
			t.Fatal(err)
		}
		exec(t, pool, `SELECT pg_notify('wangge_report', $1)`, fmt.Sprintf("%d 0 0 0", i))
	}
	var kinds int
	if err := pool.QueryRow(t.Context(), `SELECT count(DISTINCT kind) FROM coverage_problem WHERE geometry IS NOT NULL`).Scan(&kinds); err != nil || kinds < 3 || !checked[1].After(checked[0]) {
		t.Fatalf("%d kinds of problems, reports of %v, %v", kinds, checked, err)
	}
	told := map[int]int{} // before the first and the second mark
	for mark := 0; mark < 2; {
		select {
		case box := <-heard:
			if box != nil && *box == (place.Box{West: float64(mark)}) {
				mark++
			} else if box != nil {
				told[mark]++
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the marks are not heard")
		}
	}
	if told[0] == 0 || told[1] > 0 {
		t.Errorf("of new reports it was told %d times, of the same ones %d times", told[0], told[1])
	}
}
