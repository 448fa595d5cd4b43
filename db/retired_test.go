package db_test

import (
	"testing"
	"time"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

// A grid that ended is still told by any code it had, as it was last; one that goes on, changed or not, is not retired.
func TestRetiredGrid(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	for _, sql := range []string{
		`UPDATE grid SET name = '旧网格' WHERE code = 'g5'`,
		`INSERT INTO grid_code (code, district, grid_id, since) SELECT 'older', district, id, '2019-01-01' FROM grid WHERE code = 'g5'`,
		`UPDATE grid_boundary SET during = tstzrange('2020-01-01', '2024-05-06 07:08:09.123456Z') WHERE grid_id IN (md5('g5')::uuid, md5('g6')::uuid)`,
		`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point) SELECT district, gen_random_uuid(), grid_id, tstzrange('2024-05-06 07:08:09.123456Z', NULL), boundary, label_point
			FROM grid_boundary WHERE grid_id = md5('g6')::uuid`,
		`UPDATE grid_boundary SET during = tstzrange('2020-01-01', '2999-01-01') WHERE grid_id = md5('g7')::uuid`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	s := &grid.Service{Store: db.NewGrids(db.New(pool)), Now: time.Now, NearestLimitM: 20, Window: &coord.Window{West: 119, South: 30, East: 122, North: 33}}
	since := time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
	for _, code := range []string{"g5", "older"} {
		g, at, err := s.Retired(t.Context(), account.Anyone(), code)
		if err != nil || g.Name != "旧网格" || g.LabelPoint == nil || !at.Equal(since) {
			t.Errorf("%s: %q since %v: %v", code, g.Name, at, err)
		}
	}
	for _, code := range []string{"g6", "g7", "g8", "none", "no code\x00"} {
		if _, at, err := s.Retired(t.Context(), account.Anyone(), code); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: retired since %v: %v", code, at, err)
		}
	}
	// Where it lay is no grid now. The nearest answers as far as is asked.
	g, _, _ := s.Retired(t.Context(), account.Anyone(), "g5")
	q := grid.AtQuery{System: coord.SystemCGCS2000, Lng: g.LabelPoint.X(), Lat: g.LabelPoint.Y()}
	if m, err := s.At(t.Context(), account.Anyone(), q); err != nil || m.Rule != grid.RuleNone {
		t.Errorf("within 20 m: %s %v", m.Rule, err)
	}
	q.WithinM = 2000
	if m, err := s.At(t.Context(), account.Anyone(), q); err != nil || m.Rule != grid.RuleNearest || *m.BoundaryDistanceM < 20 || *m.BoundaryDistanceM > 200 {
		t.Errorf("within 2 km: %+v %v", m, err)
	}
}
