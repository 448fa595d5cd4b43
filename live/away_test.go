package live_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/localpg"
)

// TestTheDatabaseIsAway stops the database under a house: it goes on answering, says since when, and what begins by the clock begins
// all the same. When the database is back it is current again by itself.
func TestTheDatabaseIsAway(t *testing.T) {
	folder, err := os.MkdirTemp("", "wangge-away-")
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.MkdirTemp("/var/tmp", "wangge-away-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder); os.RemoveAll(root) })
	ctx := t.Context()
	start := func() *localpg.Server {
		server, err := localpg.Start(ctx, localpg.Options{DataDir: folder, RootDir: root, Disposable: true})
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
		return server
	}
	server := start()
	stop := func() {
		t.Helper()
		ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Close(ending); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { stop() })
	pool, err := db.Open(ctx, server.URL(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := db.MigrateUp(ctx, pool); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, pool)
	fill(t, pool)
	eventually(t, 10*time.Second, "the town", func() bool { return h.State().Ground.Len() == 14 })

	const code = "990102001001003"
	began := *h.State().Ground.ByCode(code)
	begins := time.Now().Add(6 * time.Second).Truncate(time.Microsecond)
	n := plantLater(t, pool, code, begins)
	eventually(t, 3*time.Second, "the version that is to come", func() bool { return h.State().N == n })
	stop()
	eventually(t, 2*time.Second, "the loss", func() bool { return !h.InTouch() })
	if time.Now().After(begins) {
		t.Fatal("stopping took too long for this test")
	}
	asked := grid.AtQuery{System: "CGCS2000", Lng: began.LabelPoint.X(), Lat: began.LabelPoint.Y()}
	area := func() float64 {
		m, err := h.Grids.At(ctx, account.Anyone(), asked)
		if err != nil || m.Grid == nil {
			t.Fatalf("while the database is away: %+v, %v", m, err)
		}
		return m.Grid.AreaM2
	}
	if got := area(); got != began.AreaM2 {
		t.Errorf("before its time %v m², want %v", got, began.AreaM2)
	}
	on, err := h.Staff.OnCall(ctx, account.Anyone(), []staff.GridRef{{Key: began.Key, GroupID: began.GroupID}}, nil)
	if err != nil || len(on) != 1 {
		t.Errorf("while the database is away %d are on call, %v", len(on), err)
	}
	if d, err := h.Places.ByCode(ctx, account.Anyone(), code[:12], place.Fields{}); err != nil || d.Code != code[:12] {
		t.Errorf("while the database is away: %+v, %v", d, err)
	}
	past := time.Now().Add(-24 * time.Hour)
	if _, err := h.Grids.ByCode(ctx, account.Anyone(), code, &past, grid.Fields{}); fault.As(err).Code != fault.Unavailable {
		t.Errorf("the past, which only the database knows: %v", err)
	}
	eventually(t, 5*time.Second, "the database known to be away", h.Away)
	asking := time.Now()
	if _, err := h.Grids.ByCode(ctx, account.Anyone(), code, &past, grid.Fields{}); fault.As(err).Code != fault.Unavailable || time.Since(asking) > 100*time.Millisecond {
		t.Errorf("known to be away, it is waited for %v: %v", time.Since(asking), err)
	}
	if _, ok := h.Version(); ok {
		t.Error("it names a data version, though nobody knows whether that is of now")
	}
	eventually(t, time.Until(begins)+100*time.Millisecond, "what begins by the clock", func() bool {
		return h.State().Ground.ByCode(code).AreaM2 < began.AreaM2/2
	})
	if time.Now().Before(begins) {
		t.Errorf("in force %v too early", time.Until(begins))
	}
	if got := area(); got > began.AreaM2/2 {
		t.Errorf("after its time %v m²", got)
	}
	if asOf, current := h.AsOf(); current || asOf.IsZero() || h.Age() < 100*time.Millisecond {
		t.Errorf("away, it says it is of %v, current %t, %v old", asOf, current, h.Age())
	}
	server = start()
	eventually(t, 5*time.Second, "in touch again", h.InTouch)
	if h.Away() {
		t.Error("in touch, the database is said to be away")
	}
	if h.Age() != 0 {
		t.Errorf("in touch, it is %v old", h.Age())
	}
	sameAnswers(t, h)
}

// plantLater ends a grid's boundary at an instant, from which a small one around its middle is in force, and returns the number of
// that change.
func plantLater(t *testing.T, pool *pgxpool.Pool, code string, begins time.Time) (n int64) {
	t.Helper()
	for _, sql := range []string{
		`UPDATE grid_boundary SET during = tstzrange(lower(during), $1) WHERE grid_id = (SELECT grid_id FROM grid_code WHERE code = '` + code + `')`,
		`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point) SELECT district, gen_random_uuid(), grid_id, tstzrange($1, NULL),
			ST_Multi(ST_Buffer(label_point, 0.0001)), label_point FROM grid_boundary WHERE grid_id = (SELECT grid_id FROM grid_code WHERE code = '` + code + `')`,
	} {
		if _, err := pool.Exec(t.Context(), sql, begins); err != nil {
			t.Fatal(err)
		}
	}
	err := pool.QueryRow(t.Context(), `INSERT INTO change_log (n, at, what, division_ids) SELECT max(n) + 1, now(), 'boundaries', '{}' FROM change_log RETURNING n`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
