package live_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/portrait"
	"wangge/domain/staff"
)

// moved is g's boundary, somewhat further east, as a file brings it.
func moved(g grid.Grid, byDegrees float64) *geom.MultiPolygon {
	m := g.Boundary.Clone()
	for i := 0; i < len(m.FlatCoords()); i += 2 {
		m.FlatCoords()[i] = float64(int64((m.FlatCoords()[i]+byDegrees)*1e8+0.5)) / 1e8
	}
	return m
}

func bringGrid(ctx context.Context, h *house, row grid.Row) error {
	report, err := h.Grids.Import(ctx, operator, func(yield func(grid.Row, error) bool) { yield(row, nil) },
		grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: civil.Of(time.Now(), zone)})
	if err == nil && report.Refused > 0 {
		err = errors.New(report.Notes[0].Reason)
	}
	return err
}

// TestEveryKindOfChangeIsSeenByEveryServer: who wrote reads it at once, the other server soon, and both say what the store says.
func TestEveryKindOfChangeIsSeenByEveryServer(t *testing.T) {
	pool := newTown(t)
	here, there := newHouse(t, pool), newHouse(t, pool)
	ctx := t.Context()
	list, err := here.Grids.List(ctx, operator, grid.Query{Order: grid.ByCode, At: time.Now(), With: grid.Fields{Boundary: true}, Args: page.Args{First: 100}})
	if err != nil {
		t.Fatal(err)
	}
	g := list.Items[4].Node
	community, _, err := here.Places.Store.DivisionByCode(ctx, operator, g.Code[:12], place.Fields{Boundary: true})
	if err != nil {
		t.Fatal(err)
	}
	held := func(area staff.Area) staff.Assignment {
		in, err := here.Staff.InOffice(ctx, operator, []staff.Area{area}, nil)
		if err != nil || len(in[area.ID]) == 0 {
			t.Fatal("nobody is in office", err)
		}
		return in[area.ID][0]
	}
	ofGrid := staff.Area{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}
	var building key.Key // of another grid
	var buildingCode string
	err = pool.QueryRow(ctx, `SELECT b.district, b.id, b.code FROM building b JOIN building_grid x ON x.district = b.district AND x.building_id = b.id
		WHERE x.grid_id <> $1 AND EXISTS (SELECT 1 FROM unit u WHERE u.building_id = b.id) ORDER BY b.code LIMIT 1`, g.Key.ID).Scan(&building.Home, &building.ID, &buildingCode)
	if err != nil {
		t.Fatal(err)
	}
	today := civil.Of(time.Now(), zone)
	var worker staff.Worker
	var absence staff.Absence
	var appointed staff.Assignment
	name, photo := "更名", portrait.Portrait{Full: []byte("full"), Small: []byte("small")}
	for i, change := range []struct {
		what string
		do   func() error
	}{
		{"a boundary", func() error {
			return bringGrid(ctx, here, grid.Row{Row: place.Row{Code: g.Code, Source: "1", Geometry: moved(g, 1e-6)}, Community: g.Code[:12]})
		}},
		{"a name and a group of a grid", func() error {
			return bringGrid(ctx, here, grid.Row{Row: place.Row{Code: g.Code, Source: "1", Name: "新名", Geometry: moved(g, 1e-6)}, Community: g.Code[:12], Group: "新组"})
		}},
		{"a new grid with a worker", func() error {
			return bringGrid(ctx, here, grid.Row{Row: place.Row{Code: "990102001001099", Source: "1", Name: "九九", Geometry: moved(g, 0.05)}, Community: g.Code[:12], Worker: "陈一", WorkPhone: "15499000099"})
		}},
		{"another worker of it, and a new phone", func() error {
			return bringGrid(ctx, here, grid.Row{Row: place.Row{Code: "990102001001099", Source: "1", Geometry: moved(g, 0.05)}, Community: g.Code[:12], Worker: "陈二", WorkPhone: "15499000098"})
		}},
		{"a grid's code", func() error {
			_, err := here.Grids.Recode(ctx, operator, "990102001001099", "990102001001098", 2)
			return err
		}},
		{"what grids are to be like", func() error {
			most := 400
			_, err := here.Places.SetPolicy(ctx, operator, place.SizePolicy{DivisionID: community.ID, HouseholdsMax: &most, Version: 1})
			return err
		}},
		{"a building's grid", func() error {
			_, err := here.Places.PlaceBuilding(ctx, operator, building, &g.Code)
			return err
		}},
		{"a household", func() error {
			report, err := here.Places.ImportHouseholds(ctx, operator, func(yield func(place.HouseholdRow, error) bool) {
				yield(place.HouseholdRow{Source: "1", Building: buildingCode, Unit: "9单元", Room: "901", Use: place.OwnerUse}, nil)
			}, place.ImportOptions{IDs: key.Random{}})
			if err == nil && report.Refused > 0 {
				err = errors.New(report.Notes[0].Reason)
			}
			return err
		}},
		{"a border that a fix moved", func() error {
			x, y := g.LabelPoint.X(), g.LabelPoint.Y()
			area := geom.NewPolygonFlat(geom.XY, []float64{x, y, x + 1e-4, y, x + 1e-4, y + 1e-4, x, y + 1e-4, x, y}, []int{10}).SetSRID(4490)
			return db.NewCoverage(here.store).Redraw(ctx, operator, coverage.Redraw{Area: area, From: []key.Key{g.Key}, Change: here.State().N})
		}},
		{"a community without a boundary", func() error {
			_, err := here.Places.ImportDivisions(ctx, operator, func(yield func(place.DivisionRow, error) bool) {
				yield(place.DivisionRow{Row: place.Row{Code: "990102001066", Source: "1", Name: "无界社区"}, Level: place.Community}, nil)
			}, place.ImportOptions{IDs: key.Random{}})
			return err
		}},
		{"a grid that moves there", func() error {
			return bringGrid(ctx, here, grid.Row{Row: place.Row{Code: "990102001001098", Source: "1", Geometry: moved(g, 0.05)}, Community: "990102001066"})
		}},
		{"a division's boundary and name", func() error {
			report, err := here.Places.ImportDivisions(ctx, operator, func(yield func(place.DivisionRow, error) bool) {
				yield(place.DivisionRow{Row: place.Row{Code: community.Code, Source: "1", Name: "新社区", Geometry: moved(grid.Grid{Boundary: community.Boundary}, 1e-6)}, Level: community.Level}, nil)
			}, place.ImportOptions{IDs: key.Random{}})
			if err == nil && report.Refused > 0 {
				err = errors.New(report.Notes[0].Reason)
			}
			return err
		}},
		{"the codes of a community and of all in it", func() error {
			d, err := here.Places.ByCode(ctx, operator, community.Code, place.Fields{})
			if err == nil {
				_, err = here.Places.Renumber(ctx, operator, place.Renumbering{Code: d.Code, NewCode: "990102001777", Version: d.Version})
			}
			return err
		}},
		{"whom to call in a town", func() error {
			d, err := here.Places.ByCode(ctx, operator, "990102001", place.Fields{})
			if err != nil {
				return err
			}
			_, err = here.Places.SetContacts(ctx, operator, d.Code, place.Contacts{SupervisionPhone: "15400000001", Station: &place.Station{Name: "服务站"},
				Night: []place.NightNumber{{Phone: "110", Name: "报警"}}}, d.Version)
			return err
		}},
		{"a new worker", func() (err error) {
			worker, err = here.Staff.Add(ctx, operator, staff.NewWorker{Name: "甲"}, staff.AreaGrid, g.Code)
			return err
		}},
		{"an assistant", func() (err error) {
			appointed, err = here.Staff.Appoint(ctx, operator, staff.Appointment{Worker: worker.Key, Post: staff.Assistant, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: g.Code, From: &today})
			return err
		}},
		{"a name and a photo", func() error {
			_, err := here.Staff.Update(ctx, operator, staff.Change{Worker: worker.Key, Version: 1, Name: &name, Photo: &photo})
			return err
		}},
		{"an absence", func() (err error) {
			absence, err = here.Staff.RecordAbsence(ctx, operator, held(ofGrid).Worker.Key, today, today.AddDays(3))
			return err
		}},
		{"a shorter absence", func() error {
			_, _, err := here.Staff.EndAbsence(ctx, operator, absence.Key, today.AddDays(1))
			return err
		}},
		{"no absence", func() error {
			_, _, err := here.Staff.EndAbsence(ctx, operator, absence.Key, today)
			return err
		}},
		{"the end of a term", func() error { return here.Staff.End(ctx, operator, appointed.Key, today.AddDays(2)) }},
		{"many workers at once", func() error {
			_, err := here.Staff.Enter(ctx, operator, func(yield func(staff.Entry) bool) {
				yield(staff.Entry{ID: uuid.New(), Division: "990102001777", NewWorker: staff.NewWorker{Name: "乙"}, Terms: []staff.Term{{ID: uuid.New(), Post: staff.Volunteer, Cover: staff.CoverA, AreaKind: staff.AreaDivision, AreaName: "990102001777", From: today}}})
			})
			return err
		}},
		{"an external number, which memory does not hold", func() error {
			_, err := here.Places.SetExternalRef(ctx, operator, g.Key.String(), place.ExternalRef{System: "s", Code: "1"})
			return err
		}},
		{"a change that does not say what it changed", func() error {
			_, err := pool.Exec(ctx, `WITH c AS (INSERT INTO change_log (n, at, what, division_ids) SELECT max(n) + 1, now(), 'boundaries', '{}' FROM change_log RETURNING n)
				SELECT pg_notify('wangge_change', n::text) FROM c`)
			return err
		}},
		{"a change that nobody was told of, after one that is missing", func() error {
			_, err := pool.Exec(ctx, `UPDATE division SET name = name || '区' WHERE code = '990102001777'`)
			if err == nil {
				_, err = pool.Exec(ctx, `INSERT INTO change_log (n, at, what, division_ids, grids_of, divisions, workers) SELECT max(n) + 2, now(), 'boundaries', '{}', '{}', '{}', '{}' FROM change_log`)
			}
			return err
		}},
		{"numbers of a database that was put back", func() error {
			_, err := pool.Exec(ctx, `DELETE FROM change_log WHERE n > 3`)
			if err == nil {
				_, err = pool.Exec(ctx, `UPDATE division SET name = '旧' WHERE code = '990102001777'`)
			}
			return err
		}},
	} {
		before := here.State().N
		if err := change.do(); err != nil {
			t.Fatalf("%s: %v", change.what, err)
		}
		var n int64
		if err := pool.QueryRow(ctx, "SELECT max(n) FROM change_log").Scan(&n); err != nil || n == before {
			t.Fatalf("%s: change %d follows %d, %v", change.what, n, before, err)
		}
		if n == before+1 && change.what != "a change that does not say what it changed" && here.State().N != n {
			t.Errorf("%s: who wrote change %d goes on with %d in force", change.what, n, here.State().N)
		}
		for _, h := range []*house{here, there} {
			eventually(t, 5*time.Second, change.what, func() bool { return h.State().N == n })
		}
		sameAnswers(t, there)
		if i%4 == 0 || t.Failed() { // it takes the same way to who wrote
			sameAnswers(t, here)
		}
		if t.Failed() {
			t.Fatal("after a change of", change.what)
		}
	}
	sameAnswers(t, here)
}

// TestAUseCaseThatWroteReadsTheStore: what a use case wrote it reads, though memory does not know it before it is committed.
func TestAUseCaseThatWroteReadsTheStore(t *testing.T) {
	h := newHouse(t, newTown(t))
	ctx := t.Context()
	err := h.Places.InOneState(ctx, operator, func(ctx context.Context) error {
		d, err := h.Places.ByCode(ctx, operator, "990102001001", place.Fields{})
		if err != nil {
			return err
		}
		if d, err = h.Places.Renumber(ctx, operator, place.Renumbering{Code: d.Code, NewCode: "990102001555", Version: d.Version}); err != nil {
			return err
		}
		if d.Code != "990102001555" {
			t.Errorf("the use case reads %s, not what it wrote", d.Code)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := h.Places.ByCode(ctx, operator, "990102001001", place.Fields{}); err != nil || d.Code != "990102001555" {
		t.Errorf("after it %s, %v", d.Code, err)
	}
}

// TestAUseCaseIsOfOneState: what is changed while it runs it does not see, in memory or in the store. Where the store is first read
// after the change, the use case begins again and sees it in both.
func TestAUseCaseIsOfOneState(t *testing.T) {
	pool := newTown(t)
	here, there := newHouse(t, pool), newHouse(t, pool)
	id := here.State().Tree.ByCode("990102001001").ID
	for _, first := range []bool{false, true} {
		runs := 0
		var seen []string
		err := here.Places.InOneState(t.Context(), account.Anyone(), func(ctx context.Context) error {
			runs++
			seen = nil
			see := func(places place.Store) error {
				found, err := places.DivisionsByID(ctx, account.Anyone(), []uuid.UUID{id}, place.Fields{})
				seen = append(seen, found[id].Code)
				return err
			}
			memory, store := here.Places.Store, db.NewPlaces(here.store)
			err := see(memory)
			if first {
				err = errors.Join(err, see(store))
			}
			if runs == 1 {
				is := there.State().Tree.ByID(id)
				_, e := there.Places.Renumber(t.Context(), operator, place.Renumbering{Code: is.Code, NewCode: is.Code[:11] + strconv.Itoa(len(is.FormerCodes)+5), Version: is.Version})
				err = errors.Join(err, e)
			}
			return errors.Join(err, see(memory), see(store), see(memory))
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 2, true: 1}[first]; runs != want {
			t.Errorf("store read first %t: it ran %d times, want %d", first, runs, want)
		}
		now := there.State().Tree.ByID(id).Code
		if len(slices.Compact(seen)) != 1 || (seen[0] == now) == first {
			t.Errorf("store read first %t: it saw %v, now it is %s", first, seen, now)
		}
		eventually(t, time.Second, "both the same", func() bool { return here.State().N == there.State().N })
	}
}

// TestPublicationsAreInForceSoon publishes time and again while others read, and measures how long the other server takes.
func TestPublicationsAreInForceSoon(t *testing.T) {
	pool := newTown(t)
	here, there := newHouse(t, pool), newHouse(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	list, err := here.Grids.List(ctx, operator, grid.Query{Order: grid.ByCode, At: time.Now(), With: grid.Fields{Boundary: true}, Args: page.Args{First: 100}})
	if err != nil {
		t.Fatal(err)
	}
	g := list.Items[4].Node
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				m, err := there.Grids.At(ctx, account.Anyone(), grid.AtQuery{System: "CGCS2000", Lng: g.LabelPoint.X(), Lat: g.LabelPoint.Y()})
				if err != nil && ctx.Err() == nil || err == nil && (m.Grid == nil || m.Grid.Key != g.Key) {
					t.Errorf("while it was published: %+v, %v", m, err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	var took []time.Duration
	for i := range 40 {
		if err := bringGrid(ctx, here, grid.Row{Row: place.Row{Code: g.Code, Source: "1", Geometry: moved(g, float64(1+i%2)*1e-6)}, Community: g.Code[:12]}); err != nil {
			t.Fatal(err)
		}
		committed, n := time.Now(), here.State().N
		eventually(t, 2*time.Second, "a publication in force in the other server", func() bool { return there.State().N >= n })
		took = append(took, time.Since(committed))
	}
	cancel()
	readers.Wait()
	slices.Sort(took)
	t.Logf("in force in the other server after %v (median), %v (the longest of %d)", took[len(took)/2], took[len(took)-1], len(took))
}

// TestWhatBeginsByTheClockBeginsOnTime plants a version of a boundary that begins soon.
func TestWhatBeginsByTheClockBeginsOnTime(t *testing.T) {
	pool := newTown(t)
	h := newHouse(t, pool)
	const code = "990102001001003"
	begins := time.Now().Add(2500 * time.Millisecond).Truncate(time.Microsecond)
	n := plantLater(t, pool, code, begins)
	eventually(t, 2*time.Second, "the version that is to come", func() bool { return h.State().N == n })
	area := func() float64 {
		g := h.State().Ground.ByCode(code)
		if g == nil {
			return 0
		}
		return g.AreaM2
	}
	before, version := area(), versionOf(h)
	for time.Now().Before(begins) {
		if got := area(); got != before && time.Now().Before(begins) {
			t.Fatalf("%v too early: %v m² instead of %v", time.Until(begins), got, before)
		}
		time.Sleep(time.Millisecond)
	}
	eventually(t, time.Until(begins)+100*time.Millisecond, "the version in force", func() bool { return area() < before/2 })
	if got := versionOf(h); got == version || got == "" {
		t.Errorf("the data version is %q as before", got)
	}
	sameAnswers(t, h)
}

func versionOf(h *house) string {
	v, _ := h.Version()
	return v
}

func TestALostConnectionIsMadeAgain(t *testing.T) {
	pool := newTown(t)
	h := newHouse(t, pool)
	ctx := t.Context()
	eventually(t, 5*time.Second, "in touch at first", h.InTouch) // which comes a moment after it is loaded
	if _, current := h.AsOf(); !current || h.Age() != 0 {
		t.Errorf("not current at first: %v", h.Age())
	}
	loads := h.Figures().Loads
	// It listens again and again, however often that is ended, and knows what was changed meanwhile.
	for i := range 3 {
		_, err := pool.Exec(ctx, `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, 2*time.Second, "the loss is known", func() bool { return !h.InTouch() || i > 0 })
		name := "甲"
		w, err := h.Staff.Add(ctx, operator, staff.NewWorker{Name: name}, staff.AreaDivision, "990102001001")
		if err != nil || w.Name != name {
			t.Fatal(err)
		}
		eventually(t, 5*time.Second, "in touch again", h.InTouch)
		sameAnswers(t, h)
	}
	if got := h.Figures().Loads; got != loads {
		t.Errorf("after a loss everything was read anew %d times, though no change was missed", got-loads)
	}
}

// TestCommandsWaitForServers: a command that committed a change knows when the servers have it in force, and does not wait for one
// that is gone.
func TestCommandsWaitForServers(t *testing.T) {
	pool := newTown(t)
	command := db.NewLive(db.New(pool))
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	if !command.AwaitServers(soon(), 1_000) {
		t.Error("it waits though no server runs")
	}
	h := newHouse(t, pool)
	if !command.AwaitServers(soon(), h.State().N) {
		t.Error("it waits for a server that has the change")
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if command.AwaitServers(short, h.State().N+1) {
		t.Error("it does not wait for a server that has not the change")
	}
	source := db.NewLive(db.New(pool))
	link, err := source.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := link.Applied(t.Context(), h.State().N); err != nil {
		t.Fatal(err)
	}
	n := h.State().N + 1
	if _, err := pool.Exec(t.Context(), `INSERT INTO change_log (n, at, what, division_ids) SELECT max(n) + 1, now(), 'staff', '{}' FROM change_log`); err != nil {
		t.Fatal(err)
	}
	go func() { time.Sleep(300 * time.Millisecond); link.Close() }() // a server that dies
	began := time.Now()
	if !command.AwaitServers(soon(), n) || time.Since(began) < 250*time.Millisecond {
		t.Errorf("waited %v for a server that died", time.Since(began))
	}
}
