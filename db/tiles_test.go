package db_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb/encoding/mvt"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

var allLayers = []string{"divisions", "grids", "grid_labels", "buildings", "roads", "land", "gaps"}

// planted is when testdata/tiles.sql is to be read: 2 March in Shanghai, 1 March in Greenwich.
var planted = time.Date(2026, 3, 2, 1, 0, 0, 0, shanghai)

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

func tilesOn(pool *pgxpool.Pool) *db.Tiles {
	return db.NewTiles(db.New(pool))
}

func plantTiles(t testing.TB) (*pgxpool.Pool, *db.Tiles) {
	t.Helper()
	sql, err := os.ReadFile("testdata/tiles.sql")
	if err != nil {
		t.Fatal(err)
	}
	pool := testdb.New(t)
	if _, err := pool.Exec(t.Context(), string(sql)); err != nil {
		t.Fatal(err)
	}
	return pool, tilesOn(pool)
}

// rows writes a layer as text, one feature a line: its attributes by name.
func rows(read mvt.Layers, layer string) string {
	var out []string
	for _, l := range read {
		if l.Name != layer {
			continue
		}
		for _, f := range l.Features {
			var line []string
			for name, value := range f.Properties {
				line = append(line, fmt.Sprintf("%s=%v", name, value))
			}
			slices.Sort(line)
			out = append(out, f.Geometry.GeoJSONType()+" "+strings.Join(line, " "))
		}
	}
	return strings.Join(out, "\n")
}

func TestTileLayers(t *testing.T) {
	_, tiles := plantTiles(t)
	tests := []struct {
		name, layer string
		z, x, y     uint32
		want        string
	}{
		{name: "main roads far out", layer: "roads", z: 10, x: 854, y: 418, want: `
LineString class=primary id=dist1-00000000000000000000000000000091 name=澜江大道`},
		{name: "streets, and classes of other sources", layer: "roads", z: 14, x: 13667, y: 6702, want: `
LineString class=primary id=dist1-00000000000000000000000000000091 name=澜江大道
LineString class=residential id=dist1-00000000000000000000000000000092 name=书院巷
LineString class=minor_road id=dist2-00000000000000000000000000000094`},
		{name: "a pond is too small far out", layer: "land", z: 11, x: 1708, y: 837, want: `
Polygon class=water id=dist1-000000000000000000000000000000a1 name=小澜河`},
		{name: "land", layer: "land", z: 14, x: 13667, y: 6702, want: `
Polygon class=water id=dist1-000000000000000000000000000000a1 name=小澜河
Polygon class=park id=dist1-000000000000000000000000000000a2`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			read, _ := encoded(t, tiles, []string{test.layer}, test.z, test.x, test.y, 0)
			got := rows(read, test.layer)
			if want := strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Buildings are read with the grid that each is in at the time, whatever district that is kept with, and not twice.
func TestStoredBuildings(t *testing.T) {
	pool, tiles := plantTiles(t)
	// One was kept with another district while it was in that one's grid.
	_, err := pool.Exec(t.Context(), `
UPDATE building_grid SET during = tstzrange('2026-01-01', NULL) WHERE building_id = '00000000-0000-0000-0000-000000000071';
INSERT INTO building_grid (district, id, building_id, grid_id, during, moved_to)
SELECT 'dist2', gen_random_uuid(), '00000000-0000-0000-0000-000000000071', g.id, tstzrange('2025-01-01', '2026-01-01'), 'dist1' FROM grid g WHERE g.district = 'dist2' LIMIT 1`)
	if err != nil {
		t.Fatal(err)
	}
	told := func(at time.Time, cut uint8) string {
		list, data, err := tiles.Stored(t.Context(), account.Anyone(), []string{"buildings"}, 14, 13667, 6702, at, cut)
		if err != nil || len(data) > 0 {
			t.Fatalf("%d bytes are encoded, %v", len(data), err)
		}
		var lines []string
		for _, b := range list {
			line := fmt.Sprintf("%s %s %q in %s", b.Shape.GeoJSONType(), b.Key, b.Name, b.GridKey)
			if b.Floors != nil {
				line += fmt.Sprintf(", %d floors", *b.Floors)
			}
			lines = append(lines, line)
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	var elsewhere string
	if err := pool.QueryRow(t.Context(), `SELECT district || '-' || replace(grid_id::text, '-', '') FROM building_grid WHERE moved_to IS NOT NULL`).Scan(&elsewhere); err != nil {
		t.Fatal(err)
	}
	const rest = `
MultiPolygon unplaced-00000000000000000000000000000073 "" in -00000000000000000000000000000000, 2 floors
Point dist1-00000000000000000000000000000072 "" in dist1-00000000000000000000000000000022`
	first := func(grid string) string {
		return `MultiPolygon dist1-00000000000000000000000000000071 "石榴苑1号楼" in ` + grid + `, 6 floors`
	}
	for _, cut := range []uint8{0, 1} {
		if got, want := told(planted, cut), first("dist1-00000000000000000000000000000021")+rest; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	got := told(time.Date(2025, 6, 1, 0, 0, 0, 0, shanghai), 0)
	if line, _, _ := strings.Cut(got, "\n"); line != first(elsewhere) {
		t.Errorf("last year it is %s\nwant %s", line, first(elsewhere))
	}
}

func tileAt(lng, lat float64, z uint32) (x, y uint32) {
	n := math.Exp2(float64(z))
	return uint32((lng + 180) / 360 * n), uint32((1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * n)
}

func TestTileBytesAreStable(t *testing.T) {
	_, tiles := plantTiles(t)
	_, first := encoded(t, tiles, storedLayers, 14, 13667, 6702, 2)
	var apart []byte
	for _, layer := range storedLayers {
		_, data, err := tiles.Stored(t.Context(), account.TheOperator(), []string{layer}, 14, 13667, 6702, planted, 2)
		if err != nil {
			t.Fatal(err)
		}
		apart = append(apart, data...)
	}
	if !bytes.Equal(first, apart) {
		t.Error("the layers together are not the layers one by one")
	}
	for range 10 { // after five times PostgreSQL may choose another plan
		if _, again := encoded(t, tiles, storedLayers, 14, 13667, 6702, 2); !bytes.Equal(first, again) {
			t.Fatal("the same tile has other bytes")
		}
	}
}

// statements keeps the queries that were sent, with their arguments.
type statements struct {
	mu   sync.Mutex
	sent []pgx.TraceQueryStartData
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, data)
	return ctx
}

func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestTileRefusals(t *testing.T) {
	pool := testdb.New(t)
	tiles := tilesOn(pool)
	tests := []struct {
		name   string
		actor  account.Actor
		layers []string
		want   fault.Code
	}{
		{"a layer that is not there", account.Anyone(), []string{"roads", "households"}, fault.Invalid},
		{"a layer that is drawn elsewhere", account.Anyone(), []string{"grids"}, fault.Invalid},
		{"no layer", account.Anyone(), nil, fault.Invalid},
		{"nobody asks", account.Actor{}, []string{"roads"}, fault.Unauthenticated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := tiles.Stored(t.Context(), test.actor, test.layers, 14, 1, 1, planted, 0); !fault.Is(err, test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := tiles.Bounds(t.Context(), account.Anyone(), []string{"households"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("bounds of an unknown layer: %v", err)
	}
}

func TestTileBounds(t *testing.T) {
	empty := tilesOn(testdb.New(t))
	if box, err := empty.Bounds(t.Context(), account.Anyone(), allLayers); err != nil || box != nil {
		t.Errorf("bounds of nothing: %v, %v", box, err)
	}
	_, tiles := plantTiles(t)
	tests := []struct {
		layers                   []string
		west, south, east, north float64
	}{
		{[]string{"divisions"}, 120.304, 31.078, 120.316, 31.084},
		{[]string{"grids"}, 120.304, 31.078, 120.316, 31.084},
		{[]string{"roads"}, 120.302, 31.077, 120.320, 31.084},
		{[]string{"buildings"}, 120.305, 31.080, 120.3182, 31.0812},
		{allLayers, 120.300, 31.077, 120.322, 31.086},
	}
	for _, test := range tests {
		box, err := tiles.Bounds(t.Context(), account.Anyone(), test.layers)
		if err != nil || box == nil {
			t.Fatalf("%v: %v, %v", test.layers, box, err)
		}
		// Never too small, and at most two metres too wide.
		for _, side := range []struct{ got, want, outward float64 }{
			{box.West, test.west, -1}, {box.South, test.south, -1}, {box.East, test.east, 1}, {box.North, test.north, 1},
		} {
			if by := (side.got - side.want) * side.outward; by < -1e-9 || by > 2e-5 {
				t.Errorf("%v: %v is %g degrees outside %v", test.layers, side.got, by, side.want)
			}
		}
	}
}

func TestShownProblemsAreThoseInTheBox(t *testing.T) {
	pool, _ := plantTiles(t)
	store := db.NewCoverage(db.New(pool))
	for _, test := range []struct {
		name string
		box  place.Box
		want string
	}{
		{"all", place.Box{West: 120.3, South: 31.07, East: 120.33, North: 31.1}, "b1 GAP Polygon 10500, b2 OVERLAP Polygon 63.5, b3 UNASSIGNED_BUILDING Point none"},
		{"the world, with its poles", place.Box{West: -180, South: -90, East: 180, North: 90}, "b1 GAP Polygon 10500, b2 OVERLAP Polygon 63.5, b3 UNASSIGNED_BUILDING Point none"},
		{"one that it only touches", place.Box{West: 120.312, South: 31.0815, East: 120.313, North: 31.0818}, "b1 GAP Polygon 10500"},
		{"none", place.Box{West: 120.3121, South: 31.0815, East: 120.313, North: 31.0818}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := store.Shown(t.Context(), account.Anyone(), test.box)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range found {
				area := "none"
				if p.AreaM2 != nil {
					area = fmt.Sprint(*p.AreaM2)
				}
				got = append(got, fmt.Sprintf("%s %s %s %s", p.ID.String()[34:], p.Kind, p.Shape.GeoJSONType(), area))
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
	if _, err := store.Shown(t.Context(), account.Actor{}, place.Box{}); fault.As(err).Code != fault.Unauthenticated {
		t.Errorf("nobody known asks: %v", err)
	}
}
