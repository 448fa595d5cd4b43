package live_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/internal/testdb"
	"wangge/live"
)

// TestAWriterReadsItsOwnThoughClocksDiffer: a server's clock is behind the database's or ahead of it.
func TestAWriterReadsItsOwnThoughClocksDiffer(t *testing.T) {
	pool := newTown(t)
	for _, ahead := range []time.Duration{-3 * time.Second, 3 * time.Second} {
		h := newHouse(t, pool, func(o *live.Options) { o.Now = func() time.Time { return time.Now().Add(ahead) } })
		ctx := t.Context()
		g, err := h.Grids.ByCode(ctx, operator, "990102001001003", nil, grid.Fields{Boundary: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := bringGrid(ctx, h, grid.Row{Row: place.Row{Code: g.Code, Source: "1", Geometry: moved(g, 1e-6)}, Community: g.Code[:12]}); err != nil {
			t.Fatal(err)
		}
		after, err := h.Grids.ByCode(ctx, operator, g.Code, nil, grid.Fields{Boundary: true})
		if err != nil || after.Boundary.FlatCoords()[0] == g.Boundary.FlatCoords()[0] {
			t.Errorf("%v ahead: it reads the boundary of before, %v", ahead, err)
		}
		if _, ok := h.Version(); !ok {
			t.Errorf("%v ahead: no version", ahead)
		}
		if off := time.Until(h.Clock()).Abs(); off > time.Second {
			t.Errorf("%v ahead: its clock is %v off the database's", ahead, off)
		}
	}
}

// note adds a change that says nothing of what it changed, and returns its number.
func note(t *testing.T, pool *pgxpool.Pool) (n int64) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `WITH c AS (INSERT INTO change_log (n, at, what, division_ids) SELECT max(n) + 1, clock_timestamp(), 'staff', '{}' FROM change_log RETURNING n)
		SELECT n FROM c, pg_notify('wangge_change', n::text)`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// TestNumbersThatComeAgainAreOtherVersions: a database was put back to an older state and goes on from there.
func TestNumbersThatComeAgainAreOtherVersions(t *testing.T) {
	pool := newTown(t)
	h := newHouse(t, pool)
	reached := func(n int64) {
		t.Helper()
		eventually(t, 5*time.Second, "the change", func() bool { return h.State().N == n })
	}
	n := note(t, pool)
	reached(n)
	first := versionOf(h)
	exec(t, pool, `DELETE FROM change_log WHERE n = $1`, n)
	reached(n - 1)
	if note(t, pool) != n {
		t.Fatal("the number did not come again")
	}
	reached(n)
	if again := versionOf(h); first == "" || again == "" || again == first {
		t.Errorf("the version was %q and is %q", first, again)
	}
	began := time.Now()
	h.Committed(t.Context(), live.Mark{N: n - 2, At: time.Now()}) // put back once more, which is not known here yet
	if time.Since(began) < 100*time.Millisecond {
		t.Error("a number of another history counts as in force")
	}
}

// TestARestoreBringsChangesBeforeWhatTheyChanged: the grids come after the change log.
func TestARestoreBringsChangesBeforeWhatTheyChanged(t *testing.T) {
	pool := newTown(t)
	exec(t, pool, `CREATE TABLE boundaries AS TABLE grid_boundary`)
	exec(t, pool, `TRUNCATE grid_boundary`)
	h := newHouse(t, pool)
	if n := h.State().Ground.Len(); n != 0 {
		t.Fatal(n, "grids, though none came yet")
	}
	exec(t, pool, `INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point) SELECT district, id, grid_id, during, boundary, label_point FROM boundaries`)
	eventually(t, 5*time.Second, "the grids", func() bool { return h.State().Ground.Len() == 14 })
	sameAnswers(t, h)
	if loads := h.Figures().Loads; loads != 2 {
		t.Errorf("everything was read %d times", loads)
	}
}

// TestWhatCannotBeReadTheDatabaseAnswers: memory cannot be kept current though the database answers.
func TestWhatCannotBeReadTheDatabaseAnswers(t *testing.T) {
	pool := newTown(t)
	var last atomic.Pointer[live.Change]
	h := newHouse(t, pool, func(o *live.Options) { o.Changed = func(c live.Change) { last.Store(&c) } })
	const code = "990102001001"
	exec(t, pool, `ALTER TABLE grid_group RENAME TO elsewhere`) // which only reading needs
	exec(t, pool, `UPDATE division SET name = '新名' WHERE code = $1`, code)
	renamed := func() { // as who renames a division notes it, so that nothing else is read
		exec(t, pool, `WITH c AS (INSERT INTO change_log (n, at, what, division_ids, grids_of, divisions, workers)
			SELECT max(n) + 1, clock_timestamp(), 'boundaries', '{}', '{}', (SELECT array_agg(id) FROM division WHERE code = $1), '{}' FROM change_log RETURNING n)
			SELECT pg_notify('wangge_change', n::text) FROM c`, code)
	}
	renamed()
	eventually(t, 5*time.Second, "behind", h.Behind)
	if d, err := h.Places.ByCode(t.Context(), operator, code, place.Fields{}); err != nil || d.Name != "新名" {
		t.Errorf("behind, it answers %q, %v", d.Name, err)
	}
	sees := func() {
		t.Helper()
		if _, err := (live.Scenes{Store: db.NewScenes(h.store), Live: h.Live}).Scene(t.Context(), operator, place.Box{East: 1, North: 1}, h.Clock()); err != nil {
			t.Error(err)
		}
	}
	sees()
	if _, ok := h.Version(); ok || h.InTouch() || h.Age() == 0 {
		t.Error("behind, what is in memory counts as current")
	}
	began := time.Now()
	h.Committed(t.Context(), live.Mark{N: 1_000_000, At: began})
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("a writer waits %v though nothing is read", took)
	}
	exec(t, pool, `ALTER TABLE elsewhere RENAME TO grid_group`)
	eventually(t, 5*time.Second, "in touch again", h.InTouch)
	if h.Behind() {
		t.Error("in touch, it is behind")
	}
	sameAnswers(t, h)
	if !last.Load().Anew {
		t.Error("what the database showed meanwhile counts as compared")
	}
	sees()
	renamed()
	eventually(t, 5*time.Second, "the next change", func() bool { return !last.Load().Anew })
}

// TestTheFirstGridsOfATownWithoutBoundaries: they are where it is.
func TestTheFirstGridsOfATownWithoutBoundaries(t *testing.T) {
	h := newHouse(t, testdb.New(t))
	ctx := t.Context()
	_, err := h.Places.ImportDivisions(ctx, operator, func(yield func(place.DivisionRow, error) bool) {
		yield(place.DivisionRow{Row: place.Row{Code: "990102001001", Source: "1", Name: "某社区"}, Level: place.Community}, nil)
	}, place.ImportOptions{IDs: key.Random{}})
	if err != nil {
		t.Fatal(err)
	}
	square := geom.NewMultiPolygonFlat(geom.XY, []float64{121, 31, 121.01, 31, 121.01, 31.01, 121, 31.01, 121, 31}, [][]int{{10}}).SetSRID(4490)
	report, err := h.Grids.Import(ctx, operator, func(yield func(grid.Row, error) bool) {
		yield(grid.Row{Row: place.Row{Code: "990102001001001", Source: "1", Geometry: square}, Community: "990102001001"}, nil)
	}, grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: civil.Of(time.Now(), zone)})
	if err != nil || report.Refused > 0 {
		t.Fatal(report, err)
	}
	want := place.Box{West: 121, South: 31, East: 121.01, North: 31.01}
	if got := h.State().Extent; got == nil || *got != want {
		t.Errorf("it extends over %v, want %v", got, want)
	}
}
