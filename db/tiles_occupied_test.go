package db_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

func TestOccupiedTiles(t *testing.T) {
	_, tiles := plantTiles(t)
	tests := []struct {
		name, layers string
		z            uint32
		x, y         []uint32
		want         string // of each tile 1 or 0
	}{
		{"the town and beside it", "grids", 14, []uint32{13666, 13667, 13668, 13667}, []uint32{6702, 6702, 6702, 6704}, "0100"},
		{"houses begin deeper", "buildings", 0, []uint32{0}, []uint32{0}, "1"},
		{"a footpath begins deeper", "roads", 10, []uint32{854, 855}, []uint32{418, 418}, "10"},
		{"one layer of several", "gaps,land", 14, []uint32{13667, 13660}, []uint32{6702, 6702}, "10"},
		{"signs stand in grids", "signboards", 14, []uint32{13667, 13660}, []uint32{6702, 6702}, "10"},
		{"districts are seen from afar", "divisions", 7, []uint32{106, 107}, []uint32{52, 52}, "10"},
		{"no tiles", "grids", 14, nil, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := tiles.Occupied(t.Context(), account.Anyone(), strings.Split(test.layers, ","), []place.Level{place.City, place.District}, test.z, test.x, test.y)
			if err != nil {
				t.Fatal(err)
			}
			var digits strings.Builder
			for _, holds := range got {
				digits.WriteByte("01"[map[bool]int{true: 1}[holds]])
			}
			if digits.String() != test.want {
				t.Errorf("got %s, want %s", &digits, test.want)
			}
		})
	}
}

// The box of a province holds a million tiles that show only its communities.
func TestOccupiedByLevelsThatAreShown(t *testing.T) {
	pool := testdb.New(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO division (id, code, name, level, home, boundary) VALUES
		(gen_random_uuid(), '99', '大区', 'DISTRICT', 'dist1', ST_Multi(ST_MakeEnvelope(110, 30, 120, 40, 4490))),
		(gen_random_uuid(), '98', '小区', 'COMMUNITY', 'dist2', ST_Multi(ST_MakeEnvelope(80, 30, 80.01, 30.01, 4490)))`); err != nil {
		t.Fatal(err)
	}
	tiles := tilesOn(pool)
	for _, test := range []struct {
		place  maptile.Tile
		z      uint32
		levels []place.Level
		want   bool
	}{
		{maptile.At(orb.Point{115, 35}, 16), 7, []place.Level{place.City, place.District, place.Town}, true},
		{maptile.At(orb.Point{115, 35}, 16), 16, []place.Level{place.Town, place.Community}, false},
		{maptile.At(orb.Point{80.005, 30.005}, 16), 5, []place.Level{place.City, place.District}, false},
		{maptile.At(orb.Point{80.005, 30.005}, 16), 16, []place.Level{place.Community}, true},
	} {
		got, err := tiles.Occupied(t.Context(), account.Anyone(), []string{"divisions"}, test.levels, test.z,
			[]uint32{test.place.X >> (16 - test.z)}, []uint32{test.place.Y >> (16 - test.z)})
		if err != nil || !slices.Equal(got, []bool{test.want}) {
			t.Errorf("%v of %v at zoom %d: %v, %v", test.levels, test.place, test.z, got, err)
		}
	}
}

func TestOccupiedRefusals(t *testing.T) {
	tiles := tilesOn(testdb.New(t))
	for _, test := range []struct {
		name   string
		actor  account.Actor
		layers []string
		want   fault.Code
	}{
		{"a layer that is not there", account.Anyone(), []string{"grids", "households"}, fault.Invalid},
		{"no layer", account.Anyone(), nil, fault.Invalid},
		{"nobody asks", account.Actor{}, []string{"grids"}, fault.Unauthenticated},
	} {
		if _, err := tiles.Occupied(t.Context(), test.actor, test.layers, nil, 0, []uint32{0}, []uint32{0}); !fault.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Tile by tile an index says whether anything is there.
func TestOccupiedUsesTheIndexes(t *testing.T) {
	trace := &statements{}
	pool, err := db.Open(t.Context(), testdb.URL(t), db.Options{Tracer: trace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), `INSERT INTO building (district, id, code, name, location)
		SELECT 'd1', gen_random_uuid(), 'b' || n, '', ST_SetSRID(ST_MakePoint(120 + random(), 31 + random()), 4490) FROM generate_series(1, 20000) n`); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `ANALYZE building`); err != nil {
		t.Fatal(err)
	}
	trace.sent = nil
	many := make([]uint32, 512)
	if _, err := tilesOn(pool).Occupied(t.Context(), account.Anyone(), []string{"buildings"}, nil, 12, many, many); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(trace.sent, func(s pgx.TraceQueryStartData) bool { return strings.HasPrefix(s.SQL, "-- name: tiles.Occupied") })
	if at < 0 {
		t.Fatal("no statement")
	}
	lines, err := pool.Query(context.WithoutCancel(t.Context()), `EXPLAIN `+trace.sent[at].SQL, trace.sent[at].Args...)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(lines, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`Index Cond: .*shape_3857 &&`).MatchString(strings.Join(plan, "\n")) {
		t.Errorf("no index condition in\n%s", strings.Join(plan, "\n"))
	}
}
