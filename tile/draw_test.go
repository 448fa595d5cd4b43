package tile_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"

	"wangge/db"
	"wangge/domain/scene"
	"wangge/internal/testdb"
	"wangge/tile"
)

// rows writes a layer as text, one feature a line, in the order of the lines: its attributes by name.
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
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestDrawnLayers(t *testing.T) {
	server := town(t)
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
		{name: "nothing there", layer: "grids", z: 14, x: 13660, y: 6702},
		{name: "problems, of which none vanishes", layer: "gaps", z: 14, x: 13667, y: 6702, want: `
Polygon area_m2=10500 id=00000000-0000-0000-0000-0000000000b1 kind=GAP
Point area_m2=63.5 id=00000000-0000-0000-0000-0000000000b2 kind=OVERLAP
Point id=00000000-0000-0000-0000-0000000000b3 kind=UNASSIGNED_BUILDING`},
		{name: "problems far out are points", layer: "gaps", z: 9, x: 427, y: 209, want: `
Point area_m2=10500 id=00000000-0000-0000-0000-0000000000b1 kind=GAP
Point area_m2=63.5 id=00000000-0000-0000-0000-0000000000b2 kind=OVERLAP
Point id=00000000-0000-0000-0000-0000000000b3 kind=UNASSIGNED_BUILDING`},
		{name: "buildings", layer: "buildings", z: 14, x: 13667, y: 6702, want: `
Polygon floors=6 grid=990102001001001 id=dist1-00000000000000000000000000000071 name=石榴苑1号楼
Point grid=990102001001002 id=dist1-00000000000000000000000000000072
Polygon floors=2 id=unplaced-00000000000000000000000000000073`},
		{name: "signboards", layer: "signboards", z: 14, x: 13667, y: 6702, want: `
Point grid=990102001001001 url=/g/990102001001001 work_phone=000-10002 worker=沈砚
Point grid=990102001001002 url=/g/990102001001002 work_phone=000-10003 worker=欧阳明
Point grid=990103001001001 url=/g/990103001001001`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := rows(read(t, server, test.layer, maptile.New(test.x, test.y, maptile.Zoom(test.z))), test.layer)
			lines := strings.Split(strings.TrimPrefix(test.want, "\n"), "\n")
			slices.Sort(lines)
			if want := strings.Join(lines, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestDrawnFollowsTheClock(t *testing.T) {
	server := town(t)
	at := func(when string) string {
		now, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		server.Now = func() time.Time { return now }
		return rows(read(t, server, "grids", maptile.New(13667, 6702, 14)), "grids")
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

// Shared borders stay shared: at every zoom the real grids of Lujiazui neither overlap in a tile nor leave holes.
func TestDrawnGridsNeverTear(t *testing.T) {
	pool := testdb.New(t)
	plantLujiazui(t, pool)
	server := serverOn(pool)
	for z := maptile.Zoom(10); z <= 16; z++ {
		nw, se := maptile.At([2]float64{121.4802, 31.2510}, z), maptile.At([2]float64{121.5208, 31.2264}, z)
		seen := 0
		for x := nw.X; x <= se.X; x++ {
			for y := nw.Y; y <= se.Y; y++ {
				var shapes []string
				for _, l := range read(t, server, "grids", maptile.New(x, y, z)) {
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
				if invalid > 0 || math.Abs(overlap)+math.Abs(holes) >= 0.001 {
					t.Errorf("tile %d/%d/%d: of %d grids %d are not valid; %.3f square units overlap, %.3f are holes", z, x, y, len(shapes), invalid, overlap, holes)
				}
			}
		}
		if seen == 0 {
			t.Errorf("no grids at zoom %d", z)
		}
	}
}

// plantLujiazui loads the real grids and communities of Lujiazui.
func plantLujiazui(t testing.TB, pool *pgxpool.Pool) {
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
}

// A building in the tile as a whole is drawn as ST_AsMVTGeom draws it: the same corners, wound the same way; one that is cut off so but for a unit.
func TestBuildingsAreDrawnAsPostGISDoes(t *testing.T) {
	pool := testdb.New(t)
	server := serverOn(pool)
	plant(t, pool, "../db/testdata/tiles.sql")
	_, err := pool.Exec(t.Context(), `
INSERT INTO building (district, id, code, name, location, footprint)
SELECT 'dist1', gen_random_uuid(), 'many' || n, '', ST_PointOnSurface(f), ST_Multi(f) FROM (
	SELECT n, CASE n % 3
		WHEN 0 THEN ST_MakeEnvelope(x, y, x + 0.0002, y + 0.0001, 4490)
		WHEN 1 THEN ST_Reverse(ST_Difference(ST_MakeEnvelope(x, y, x + 0.0002, y + 0.0002, 4490), ST_MakeEnvelope(x + 0.0001, y + 0.0001, x + 0.00015, y + 0.00015, 4490)))
		ELSE ST_Difference(ST_MakeEnvelope(x, y, x + 0.0002, y + 0.0002, 4490), ST_MakeEnvelope(x + 0.0001, y + 0.0001, x + 0.0003, y + 0.0003, 4490)) END AS f
	FROM (SELECT n, 120.30372 + n % 20 * 0.0003 AS x, 31.078 + n / 20 * 0.0003 AS y FROM generate_series(0, 399) n) p
) q`)
	if err != nil {
		t.Fatal(err)
	}
	whole, cutOff := 0, 0
	for z := uint32(14); z <= 18; z++ {
		first := maptile.At(orb.Point{120.30372, 31.084}, maptile.Zoom(z))
		for x := first.X; x <= first.X+1; x++ {
			for y := first.Y; y <= first.Y+1; y++ {
				for _, l := range read(t, server, "buildings", maptile.New(x, y, maptile.Zoom(z))) {
					for _, f := range l.Features {
						var off float64
						var same, valid bool
						var theirs string
						err := pool.QueryRow(t.Context(), `
SELECT ST_AsText(g), ST_Equals(ST_GeomFromText($5), g), ST_HausdorffDistance(ST_GeomFromText($5), g), ST_IsValid(ST_GeomFromText($5)) FROM (
	SELECT ST_SetSRID(ST_AsMVTGeom(shape_3857, ST_TileEnvelope($1::int, $2::int, $3::int), 4096, 64, true), 0) g FROM building
	WHERE district || '-' || replace(id::text, '-', '') = $4) q`, z, x, y, f.Properties["id"], wkt.MarshalString(f.Geometry)).Scan(&theirs, &same, &off, &valid)
						p, isArea := f.Geometry.(orb.Polygon)
						b := f.Geometry.Bound()
						isCut := isArea && (b.Min[0] < -63 || b.Min[1] < -63 || b.Max[0] > 4159 || b.Max[1] > 4159)
						if err != nil || !valid || !same && !isCut || off > 1.5 {
							t.Errorf("tile %d/%d/%d: ours %s, valid %v; theirs %s, %v units off (%v)", z, x, y, wkt.MarshalString(f.Geometry), valid, theirs, off, err)
						}
						if isCut {
							cutOff++
						} else {
							whole++
						}
						// The specification's: an outside has a positive area where y points down, a hole a negative one.
						for i, ring := range p {
							if area := planar.Area(ring); (area > 0) != (i == 0) {
								t.Errorf("tile %d/%d/%d: ring %d of %s has the area %v", z, x, y, i, wkt.MarshalString(p), area)
							}
						}
					}
				}
			}
		}
	}
	if whole < 100 || cutOff < 10 {
		t.Errorf("too one-sided a test: %d whole, %d cut off", whole, cutOff)
	}
}

// Where much is left out of a tile, buildings keep their ids first.
func TestBuildingsWithLess(t *testing.T) {
	pool := testdb.New(t)
	plant(t, pool, "../db/testdata/tiles.sql")
	full := get(serverOn(pool), "GET", "/tiles/buildings/14/13667/6702.mvt")
	less := tile.Options{Source: db.NewTiles(db.New(pool)), Scenes: scene.Service{Store: db.NewScenes(db.New(pool)), Zone: time.UTC}, Limit: full.Body.Len() - 1}
	w := get(tile.New(less), "GET", "/tiles/buildings/14/13667/6702.mvt")
	layers, err := mvt.Unmarshal(w.Body.Bytes())
	if err != nil || w.Header().Get("Tile-Reduced") != "attributes" {
		t.Fatal(w.Header(), err)
	}
	const want = `Point id=dist1-00000000000000000000000000000072
Polygon id=dist1-00000000000000000000000000000071
Polygon id=unplaced-00000000000000000000000000000073`
	if got := rows(layers, "buildings"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
