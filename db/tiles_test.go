package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/encoding/wkt"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

var allLayers = []string{"divisions", "grids", "grid_labels", "buildings", "roads", "land", "gaps"}

// planted is when testdata/tiles.sql is to be read: 2 March in Shanghai, 1 March in Greenwich.
var planted = time.Date(2026, 3, 2, 1, 0, 0, 0, shanghai)

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

func tilesOn(pool *pgxpool.Pool) *db.Tiles {
	s := db.NewTiles(db.New(pool), shanghai)
	s.Now = func() time.Time { return planted }
	return s
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

func readTile(t testing.TB, s *db.Tiles, layers []string, z, x, y uint32) mvt.Layers {
	t.Helper()
	data, err := s.Tile(context.Background(), account.Anyone(), layers, z, x, y)
	if err != nil {
		t.Fatal(err)
	}
	read, err := mvt.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return read
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
		{name: "cities and districts far out", layer: "divisions", z: 7, x: 106, y: 52, want: `
Polygon code=9901 id=00000000-0000-0000-0000-000000000001 level=CITY name=澜州市
Polygon code=990102 id=00000000-0000-0000-0000-000000000002 level=DISTRICT name=汀兰区
Polygon code=990103 id=00000000-0000-0000-0000-000000000003 level=DISTRICT name=湖东区`},
		{name: "towns", layer: "divisions", z: 8, x: 213, y: 104, want: `
Polygon code=990102001 id=00000000-0000-0000-0000-000000000004 level=TOWN name=望舒街道`},
		{name: "towns and communities", layer: "divisions", z: 9, x: 427, y: 209, want: `
Polygon code=990102001 id=00000000-0000-0000-0000-000000000004 level=TOWN name=望舒街道
Polygon code=990102001001 id=00000000-0000-0000-0000-000000000005 level=COMMUNITY name=听雨社区
Polygon code=990103001001 id=00000000-0000-0000-0000-000000000006 level=COMMUNITY name=湖东社区`},
		{name: "communities", layer: "divisions", z: 14, x: 13667, y: 6702, want: `
Polygon code=990102001001 id=00000000-0000-0000-0000-000000000005 level=COMMUNITY name=听雨社区
Polygon code=990103001001 id=00000000-0000-0000-0000-000000000006 level=COMMUNITY name=湖东社区`},
		{name: "grids far out have fewer columns", layer: "grids", z: 10, x: 854, y: 418, want: `
Polygon code=990102001001001 id=dist1-00000000000000000000000000000021 kind=COMPREHENSIVE name=第1网格
Polygon code=990102001001002 id=dist1-00000000000000000000000000000022 kind=DEDICATED name=第2网格
Polygon code=990103001001001 id=dist2-00000000000000000000000000000023 kind=COMPREHENSIVE name=湖东网格`},
		{name: "grids", layer: "grids", z: 14, x: 13667, y: 6702, want: `
Polygon code=990102001001001 group=第一组 id=dist1-00000000000000000000000000000021 kind=COMPREHENSIVE name=第1网格 worker=沈砚
Polygon code=990102001001002 group=第一组 id=dist1-00000000000000000000000000000022 kind=DEDICATED name=第2网格 worker=欧阳明
Polygon code=990103001001001 id=dist2-00000000000000000000000000000023 kind=COMPREHENSIVE name=湖东网格`},
		{name: "labels", layer: "grid_labels", z: 14, x: 13667, y: 6702, want: `
Point code=990102001001001 group=第一组 id=dist1-00000000000000000000000000000021 kind=COMPREHENSIVE name=第1网格 worker=沈砚
Point code=990102001001002 group=第一组 id=dist1-00000000000000000000000000000022 kind=DEDICATED name=第2网格 worker=欧阳明
Point code=990103001001001 id=dist2-00000000000000000000000000000023 kind=COMPREHENSIVE name=湖东网格`},
		{name: "buildings", layer: "buildings", z: 14, x: 13667, y: 6702, want: `
Polygon floors=6 grid=990102001001001 id=dist1-00000000000000000000000000000071 name=石榴苑1号楼
Point grid=990102001001002 id=dist1-00000000000000000000000000000072
Polygon floors=2 id=unplaced-00000000000000000000000000000073`},
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
		{name: "nothing there", layer: "grids", z: 14, x: 13660, y: 6702},
		{name: "problems, of which none vanishes", layer: "gaps", z: 14, x: 13667, y: 6702, want: `
Polygon area_m2=10500 id=00000000-0000-0000-0000-0000000000b1 kind=GAP
Point area_m2=63.5 id=00000000-0000-0000-0000-0000000000b2 kind=OVERLAP
Point id=00000000-0000-0000-0000-0000000000b3 kind=UNASSIGNED_BUILDING`},
		{name: "problems far out are points", layer: "gaps", z: 9, x: 427, y: 209, want: `
Point area_m2=10500 id=00000000-0000-0000-0000-0000000000b1 kind=GAP
Point area_m2=63.5 id=00000000-0000-0000-0000-0000000000b2 kind=OVERLAP
Point id=00000000-0000-0000-0000-0000000000b3 kind=UNASSIGNED_BUILDING`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := rows(readTile(t, tiles, []string{test.layer}, test.z, test.x, test.y), test.layer)
			if want := strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestTileFollowsTheClock(t *testing.T) {
	_, tiles := plantTiles(t)
	at := func(when string) string {
		now, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		tiles.Now = func() time.Time { return now }
		return rows(readTile(t, tiles, []string{"grids"}, 14, 13667, 6702), "grids")
	}
	tests := []struct{ name, when, contains, lacks string }{
		{"before grid 2 was cut off", "2026-02-28T12:00:00+08:00", "worker=顾晓岚", "990102001001002"},
		{"the last moment before the leave begins here", "2026-03-01T23:59:59+08:00", "worker=顾晓岚", "沈砚"},
		{"the first moment of the leave", "2026-03-02T00:00:00+08:00", "worker=沈砚", "顾晓岚"},
		{"the leave is over", "2026-03-03T00:00:00+08:00", "worker=顾晓岚", "沈砚"},
		{"grid 3 is no more", "2026-04-01T00:00:00+08:00", "990102001001002", "990103001001001"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := at(test.when)
			if !strings.Contains(got, test.contains) || strings.Contains(got, test.lacks) {
				t.Errorf("want %s and not %s in\n%s", test.contains, test.lacks, got)
			}
		})
	}
}

// The worker in a tile is staff.OnCall: every mixture of A and B being in, away or vacant, for the grid and its group.
func TestWorkerOfTileIsOnCall(t *testing.T) {
	pool := testdb.New(t)
	tiles := tilesOn(pool)
	batch := &pgx.Batch{}
	community := uuid.New()
	batch.Queue(`INSERT INTO division (id, code, name, level, home) VALUES ($1, '1', 'x', 'COMMUNITY', 'dist1')`, community)

	const vacant, in, away = 0, 1, 2
	want := map[string]string{} // grid code to the rule's answer
	// appoint adds an assignment that may be away, and returns it as the rule wants it.
	appoint := func(name string, post staff.Post, cover staff.Cover, column string, area uuid.UUID, state int) []staff.Assignment {
		if state == vacant {
			return nil
		}
		id := uuid.New()
		batch.Queue(`INSERT INTO worker (district, id, name) VALUES ('dist1', $1, $2)`, id, name)
		batch.Queue(`INSERT INTO assignment (district, id, worker_id, post, cover, during, `+column+`)
			VALUES ('dist1', $1, $2, $3, $4, '[2026-01-01,2027-01-01)', $5)`, uuid.New(), id, post, cover, area)
		batch.Queue(`INSERT INTO absence (district, id, worker_id, during) VALUES ('dist1', $1, $2, '[2026-02-20,2026-03-02)')`, uuid.New(), id)
		if state == away {
			batch.Queue(`INSERT INTO absence (district, id, worker_id, during) VALUES ('dist1', $1, $2, '[2026-03-02,2026-03-03)')`, uuid.New(), id)
		}
		return []staff.Assignment{{Worker: staff.Worker{Key: key.Key{Home: "dist1", ID: id}, Name: name}, Post: post, Cover: cover, Away: state == away}}
	}
	n := 0
	add := func(group *uuid.UUID, ofGroup []staff.Assignment, a, b int) {
		grid, code := uuid.New(), fmt.Sprintf("g%03d", n)
		west := 120.304 + float64(n)*0.0001
		n++
		batch.Queue(`INSERT INTO grid (district, id, code, name, kind, community_id, group_id)
			VALUES ('dist1', $1, $2, $2, 'COMPREHENSIVE', $3, $4)`, grid, code, community, group)
		batch.Queue(`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point)
			SELECT 'dist1', $1, $2, '[2026-01-01,)', ST_Multi(b), ST_Centroid(b) FROM ST_MakeEnvelope($3::float8, 31.08, $3::float8 + 0.0001, 31.081, 4490) b`,
			uuid.New(), grid, west)
		ofGrid := slices.Concat(
			appoint(code+"A", staff.GridWorker, staff.CoverA, "grid_id", grid, a),
			appoint(code+"B", staff.GridWorker, staff.CoverB, "grid_id", grid, b),
			// Of other posts nobody is called for a grid.
			appoint(code+"leader", staff.GridLeader, staff.CoverA, "grid_id", grid, in),
			appoint(code+"informant", staff.Informant, staff.CoverA, "grid_id", grid, in))
		// Nor those who held the post before.
		former := uuid.New()
		batch.Queue(`INSERT INTO worker (district, id, name) VALUES ('dist1', $1, 'former')`, former)
		batch.Queue(`INSERT INTO assignment (district, id, worker_id, post, cover, during, grid_id)
			VALUES ('dist1', $1, $2, 'GRID_WORKER', 'A', '[2025-01-01,2026-01-01)', $3)`, uuid.New(), former, grid)
		want[code] = ""
		if w := staff.OnCall(staff.GridWorker, ofGrid, ofGroup); w != nil {
			want[code] = w.Worker.Name
		}
	}
	for a := vacant; a <= away; a++ {
		for b := vacant; b <= away; b++ {
			add(nil, nil, a, b)
		}
	}
	for leaderA := vacant; leaderA <= away; leaderA++ {
		for leaderB := vacant; leaderB <= away; leaderB++ {
			group, name := uuid.New(), fmt.Sprintf("group%d%d", leaderA, leaderB)
			batch.Queue(`INSERT INTO grid_group (district, id, community_id, name) VALUES ('dist1', $1, $2, $3)`, group, community, name)
			ofGroup := slices.Concat(
				appoint(name+"A", staff.GridLeader, staff.CoverA, "group_id", group, leaderA),
				appoint(name+"B", staff.GridLeader, staff.CoverB, "group_id", group, leaderB),
				appoint(name+"worker", staff.GridWorker, staff.CoverA, "group_id", group, in))
			for a := vacant; a <= away; a++ {
				for b := vacant; b <= away; b++ {
					add(&group, ofGroup, a, b)
				}
			}
		}
	}
	if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range readTile(t, tiles, []string{"grids"}, 14, 13667, 6702)[0].Features {
		worker, _ := f.Properties["worker"].(string)
		got[f.Properties["code"].(string)] = worker
	}
	if len(got) != 90 {
		t.Errorf("%d grids in the tile, want 90", len(got))
	}
	for code, worker := range want {
		if got[code] != worker {
			t.Errorf("grid %s: tile says %q, rule says %q", code, got[code], worker)
		}
	}
}

// Shared borders stay shared: at every zoom the grids in a tile overlap and leave holes by less than a pixel altogether.
// Not by nothing: where rounding folds a neck narrower than a unit of the tile, making the polygon valid cuts it off.
func TestTilesNeverTear(t *testing.T) {
	pool := plantLujiazui(t)
	tiles := tilesOn(pool)
	for z := uint32(10); z <= 16; z++ {
		west, north := tileAt(121.4802, 31.2510, z)
		east, south := tileAt(121.5208, 31.2264, z)
		seen := 0
		for x := west; x <= east; x++ {
			for y := north; y <= south; y++ {
				var shapes []string
				for _, l := range readTile(t, tiles, []string{"grids"}, z, x, y) {
					for _, f := range l.Features {
						shapes = append(shapes, wkt.MarshalString(f.Geometry))
					}
				}
				seen += len(shapes)
				var invalid int
				var overlap, holes float64
				err := pool.QueryRow(t.Context(), `
WITH g AS (SELECT ST_GeomFromText(w) AS g FROM unnest($1::text[]) w),
u AS (SELECT count(*) FILTER (WHERE NOT ST_IsValid(g)) AS invalid, sum(ST_Area(g)) AS total, ST_Union(ST_MakeValid(g)) AS g FROM g)
SELECT invalid, coalesce(total - ST_Area(g), 0), coalesce((SELECT sum(ST_Area(ST_BuildArea(ST_ExteriorRing((d).geom)))) FROM ST_Dump(g) d) - ST_Area(g), 0)
FROM u`, shapes).Scan(&invalid, &overlap, &holes)
				if err != nil {
					t.Fatal(err)
				}
				const pixel = 8 * 8 // a tile of 4096 units is drawn 512 pixels wide
				if invalid > 0 || overlap+holes >= pixel {
					t.Errorf("tile %d/%d/%d: of %d grids %d are not valid; %.1f square units overlap, %.1f are holes", z, x, y, len(shapes), invalid, overlap, holes)
				}
			}
		}
		if seen == 0 {
			t.Errorf("no grids at zoom %d", z)
		}
	}
}

// plantLujiazui loads the real grids and communities of Lujiazui.
func plantLujiazui(t testing.TB) *pgxpool.Pool {
	t.Helper()
	folder := filepath.Join("..", "..", "shared", "data", "osm-lujiazui")
	grids, err := os.ReadFile(filepath.Join(folder, "lujiazui-grids.geojson"))
	if err != nil {
		t.Skipf("the real grids of Lujiazui are missing: %v", err)
	}
	divisions, err := os.ReadFile(filepath.Join(folder, "lujiazui-divisions.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	pool := testdb.New(t)
	for _, insert := range []struct {
		sql  string
		file []byte
	}{
		{`INSERT INTO division (id, code, name, level, home, boundary)
		SELECT gen_random_uuid(), f->'properties'->>'code', f->'properties'->>'name', 'COMMUNITY', 'dist1',
			ST_Multi(ST_SetSRID(ST_GeomFromGeoJSON(f->'geometry'), 4490))
		FROM jsonb_array_elements($1::jsonb->'features') f WHERE f->'properties'->>'level' = 'COMMUNITY'`, divisions},
		{`WITH f AS (
			SELECT gen_random_uuid() AS id, f->'properties'->>'code' AS code,
				ST_Multi(ST_SetSRID(ST_GeomFromGeoJSON(f->'geometry'), 4490)) AS b
			FROM jsonb_array_elements($1::jsonb->'features') f
		), g AS (
			INSERT INTO grid (district, id, code, name, kind, community_id)
			SELECT 'dist1', f.id, f.code, f.code, 'COMPREHENSIVE', d.id FROM f JOIN division d ON d.code = left(f.code, 12)
		)
		INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point)
		SELECT 'dist1', gen_random_uuid(), id, '[2020-01-01,)', b, ST_PointOnSurface(b) FROM f`, grids},
	} {
		if _, err := pool.Exec(t.Context(), insert.sql, string(insert.file)); err != nil {
			t.Fatal(err)
		}
	}
	return pool
}

func tileAt(lng, lat float64, z uint32) (x, y uint32) {
	n := math.Exp2(float64(z))
	return uint32((lng + 180) / 360 * n), uint32((1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * n)
}

func TestTileBytesAreStable(t *testing.T) {
	_, tiles := plantTiles(t)
	first, err := tiles.Tile(t.Context(), account.Anyone(), allLayers, 14, 13667, 6702)
	if err != nil {
		t.Fatal(err)
	}
	var apart []byte
	for _, layer := range allLayers {
		data, err := tiles.Tile(t.Context(), account.TheOperator(), []string{layer}, 14, 13667, 6702)
		if err != nil {
			t.Fatal(err)
		}
		apart = append(apart, data...)
	}
	if !bytes.Equal(first, apart) {
		t.Error("the layers together are not the layers one by one")
	}
	for range 10 { // after five times PostgreSQL may choose another plan
		again, err := tiles.Tile(t.Context(), account.Anyone(), allLayers, 14, 13667, 6702)
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("the same tile has other bytes: %v", err)
		}
	}
	for _, private := range []string{"000-10001", "000-10002", "顾晓岚", "听雨路1号"} {
		if bytes.Contains(first, []byte(private)) {
			t.Errorf("the tile holds %s", private)
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

func TestTileIsTwoStatementsThatUseTheIndexes(t *testing.T) {
	trace := &statements{}
	pool, err := db.Open(t.Context(), testdb.URL(t), db.Options{Tracer: trace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	trace.sent = nil
	if _, err := tilesOn(pool).Tile(t.Context(), account.Anyone(), []string{"divisions", "grids", "grid_labels"}, 14, 13667, 6702); err != nil {
		t.Fatal(err)
	}
	var reads []pgx.TraceQueryStartData
	for _, s := range trace.sent {
		if strings.HasPrefix(s.SQL, "-- name: ") {
			reads = append(reads, s)
		}
	}
	if len(reads) != 2 {
		t.Fatalf("%d statements, want 2: %v", len(reads), reads)
	}
	// The tables are empty: without this the planner would rightly read them through.
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), `SET LOCAL enable_seqscan = off`); err != nil {
		t.Fatal(err)
	}
	lines, err := tx.Query(t.Context(), `EXPLAIN `+reads[1].SQL, reads[1].Args...)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(lines, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"boundary_3857"} {
		if !regexp.MustCompile(`Index Cond: .*` + column + ` &&`).MatchString(strings.Join(plan, "\n")) {
			t.Errorf("no index condition on %s in\n%s", column, strings.Join(plan, "\n"))
		}
	}
	for _, index := range []string{"division_boundary_3857", "grid_boundary_boundary_3857"} {
		if !strings.Contains(strings.Join(plan, "\n"), index) {
			t.Errorf("index %s is not used in\n%s", index, strings.Join(plan, "\n"))
		}
	}
}

func TestTileRefusals(t *testing.T) {
	pool := testdb.New(t)
	tiles := tilesOn(pool)
	tests := []struct {
		name   string
		actor  account.Actor
		layers []string
		want   fault.Code
	}{
		{"a layer that is not there", account.Anyone(), []string{"grids", "households"}, fault.Invalid},
		{"a layer that is SQL", account.Anyone(), []string{"grids'; DROP TABLE grid; --"}, fault.Invalid},
		{"no layer", account.Anyone(), nil, fault.Invalid},
		{"nobody asks", account.Actor{}, []string{"grids"}, fault.Unauthenticated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := tiles.Tile(t.Context(), test.actor, test.layers, 14, 1, 1); !fault.Is(err, test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := tiles.Bounds(t.Context(), account.Anyone(), []string{"households"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("bounds of an unknown layer: %v", err)
	}
}

// A client that leaves, and a statement that takes too long, end what the database does for them.
func TestTileIsCancelled(t *testing.T) {
	pool, err := db.Open(t.Context(), testdb.URL(t), db.Options{StatementTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	tiles := tilesOn(pool)
	lock, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback(context.Background())
	if _, err := lock.Exec(t.Context(), `LOCK TABLE grid IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, leave)
	start := time.Now()
	if _, err := tiles.Tile(ctx, account.Anyone(), []string{"grids"}, 14, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("the client left: %v", err)
	}
	if took := time.Since(start); took > 800*time.Millisecond {
		t.Errorf("the query went on for %v after its client had left", took)
	}
	if _, err := tiles.Tile(t.Context(), account.Anyone(), []string{"grids"}, 14, 1, 1); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the statement took too long: %v", err)
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
