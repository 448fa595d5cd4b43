package tile_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/scene"
	"wangge/internal/testdb"
	"wangge/tile"
)

const everything = "divisions,grids,grid_labels,buildings,roads,land,gaps"

// town serves the rows of db/testdata/tiles.sql, read on 2 March.
func town(t testing.TB) *tile.Server { return serve(t, "../db/testdata/tiles.sql") }

func serve(t testing.TB, file string) *tile.Server {
	t.Helper()
	pool := testdb.New(t)
	plant(t, pool, file)
	return serverOn(pool)
}

// plant runs a file of SQL.
func plant(t testing.TB, pool *pgxpool.Pool, file string) {
	t.Helper()
	sql, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), string(sql)); err != nil {
		t.Fatal(err)
	}
}

// serverOn serves a database as it is on 2 March.
func serverOn(pool *pgxpool.Pool) *tile.Server {
	zone := time.FixedZone("Asia/Shanghai", 8*60*60)
	store := db.New(pool)
	now := func() time.Time { return time.Date(2026, 3, 2, 1, 0, 0, 0, zone) }
	return tile.New(tile.Options{
		Source: db.NewTiles(store), Scenes: scene.Service{Store: db.NewScenes(store), Zone: zone}, Problems: db.NewCoverage(store), Now: now, Attribution: "made up & <drawn>",
		PublicURL: func(*http.Request) string { return "https://grids.example/" },
	})
}

func TestTileJSONAgreesWithTheTiles(t *testing.T) {
	server := town(t)
	w := get(server, "GET", "/tiles/"+everything+".json")
	var doc tile.TileJSON
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 {
		t.Fatalf("%d %s (%v)", w.Code, w.Body, err)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("ETag") == "" {
		t.Errorf("headers %v", w.Header())
	}
	if got := doc.Tiles[0]; got != "https://grids.example/tiles/"+everything+"/{z}/{x}/{y}.mvt" {
		t.Errorf("tiles at %s", got)
	}
	if doc.Version != "3.0.0" || doc.MinZoom != 0 || doc.MaxZoom != 16 || doc.Attribution != "made up &amp; &lt;drawn&gt;" {
		t.Errorf("got %+v", doc)
	}
	if len(doc.Bounds) != 4 || doc.Bounds[0] > 120.3 || doc.Bounds[1] > 31.077 || doc.Bounds[2] < 120.322 || doc.Bounds[3] < 31.086 ||
		doc.Bounds[2]-doc.Bounds[0] > 0.0221 || doc.Bounds[3]-doc.Bounds[1] > 0.0091 {
		t.Errorf("bounds %v", doc.Bounds)
	}
	if len(doc.Center) != 3 || math.Abs(doc.Center[0]-120.311) > 1e-4 || math.Abs(doc.Center[1]-31.0815) > 1e-4 || doc.Center[2] != 13 {
		t.Errorf("center %v", doc.Center)
	}

	// Every attribute is described with its type, and every one described is there in some tile.
	described := map[string]string{}
	for _, l := range doc.VectorLayers {
		for field, kind := range l.Fields {
			described[l.ID+"."+field] = kind
		}
	}
	found := map[string]string{}
	for _, at := range []maptile.Tile{maptile.New(106, 52, 7), maptile.New(13667, 6702, 14)} {
		for _, l := range read(t, server, everything, at) {
			for _, f := range l.Features {
				if f.ID != float64(tile.FeatureID(f.Properties["id"].(string))) {
					t.Errorf("%s %v has the feature id %v", l.Name, f.Properties["id"], f.ID)
				}
				for name, value := range f.Properties {
					kind := "String"
					if _, isNumber := value.(float64); isNumber {
						kind = "Number"
					}
					found[l.Name+"."+name] = kind
				}
			}
		}
	}
	if got, want := fmt.Sprint(found), fmt.Sprint(described); got != want {
		t.Errorf("tiles have     %s\nTileJSON says %s", got, want)
	}
	for _, private := range []string{"000-1000", "听雨路", "顾晓岚"} {
		if strings.Contains(get(server, "GET", "/tiles/"+everything+"/14/13667/6702.mvt").Body.String(), private) {
			t.Errorf("the tile holds %s", private)
		}
	}
	// A layer begins where TileJSON says.
	for _, l := range doc.VectorLayers {
		for z := uint32(0); z <= doc.MaxZoom; z++ {
			x, y := uint32(13667)>>(14-min(z, 14)), uint32(6702)>>(14-min(z, 14))
			if z > 14 {
				x, y = x<<(z-14)+1, y<<(z-14)+1
			}
			got := get(server, "GET", fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", l.ID, z, x, y)).Code
			if z < l.MinZoom && got != 204 || z == max(l.MinZoom, 7) && got != 200 {
				t.Errorf("%s at zoom %d: %d", l.ID, z, got)
			}
		}
	}
}

func read(t testing.TB, server *tile.Server, layers string, at maptile.Tile) mvt.Layers {
	t.Helper()
	answer, err := server.Tile(t.Context(), account.Anyone(), strings.Split(layers, ","), at)
	if err != nil {
		t.Fatal(err)
	}
	got, err := mvt.Unmarshal(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTileJSONWithoutData(t *testing.T) {
	store := db.New(testdb.New(t))
	server := tile.New(tile.Options{Source: db.NewTiles(store), Scenes: scene.Service{Store: db.NewScenes(store), Zone: time.UTC}, Problems: db.NewCoverage(store)})
	w := get(server, "GET", "/tiles/roads,grids.json")
	var doc map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 200 {
		t.Fatalf("%d %s (%v)", w.Code, w.Body, err)
	}
	if doc["bounds"] != nil || doc["center"] != nil || doc["minzoom"] != 10.0 {
		t.Errorf("got %v", doc)
	}
	if got := fmt.Sprint(doc["tiles"]); got != "[http://example.com/tiles/roads,grids/{z}/{x}/{y}.mvt]" {
		t.Errorf("tiles at %s", got)
	}
}

// GDAL reads the tile and finds what was planted, in its place.
func TestGDALReadsTheTile(t *testing.T) {
	ogr2ogr, err := exec.LookPath("ogr2ogr")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("GDAL is not installed: %v", err)
	}
	answer, err := town(t).Tile(t.Context(), account.Anyone(), strings.Split(everything, ","), maptile.New(13667, 6702, 14))
	if err != nil {
		t.Fatal(err)
	}
	// GDAL takes the tile's place from its path.
	file := filepath.Join(t.TempDir(), "14", "13667", "6702.mvt")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, answer.Body, 0o644); err != nil {
		t.Fatal(err)
	}
	// Outermost longitudes and latitudes as planted; GDAL cuts the river at the tile, without its buffer.
	tests := []struct {
		layer, want string
		box         [4]float64
	}{
		{"divisions", "听雨社区,湖东社区", [4]float64{120.304, 31.078, 120.316, 31.084}},
		{"grids", "湖东网格,第1网格,第2网格", [4]float64{120.304, 31.078, 120.316, 31.084}},
		{"grid_labels", "湖东网格,第1网格,第2网格", [4]float64{120.3055, 31.081, 120.313, 31.081}},
		{"buildings", ",,石榴苑1号楼", [4]float64{120.305, 31.080, 120.3182, 31.0812}},
		{"roads", ",书院巷,澜江大道", [4]float64{120.302, 31.077, 120.320, 31.084}},
		{"land", ",小澜河", [4]float64{120.300293, 31.082, 120.322, 31.086}},
	}
	for _, test := range tests {
		t.Run(test.layer, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), ogr2ogr, "-f", "GeoJSON", "-t_srs", "EPSG:4326", "/vsistdout/", "MVT:"+file, test.layer).Output()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var read struct {
				Features []struct {
					Properties map[string]any
					Geometry   struct{ Coordinates any }
				}
			}
			if err := json.Unmarshal(out, &read); err != nil {
				t.Fatal(err)
			}
			var names []string
			box := [4]float64{180, 90, -180, -90}
			for _, f := range read.Features {
				name, _ := f.Properties["name"].(string)
				names = append(names, name)
				widen(&box, f.Geometry.Coordinates)
			}
			slices.Sort(names)
			if got := strings.Join(names, ","); got != test.want {
				t.Errorf("names %s, want %s", got, test.want)
			}
			for i := range box { // a unit of the tile is 5.4e-6 degree of longitude
				if math.Abs(box[i]-test.box[i]) > 6e-6 {
					t.Errorf("box %v, want %v", box, test.box)
					break
				}
			}
		})
	}
}

// widen adds GeoJSON coordinates of any depth to a box.
func widen(box *[4]float64, coordinates any) {
	list, _ := coordinates.([]any)
	if len(list) == 2 {
		lng, isLng := list[0].(float64)
		lat, isLat := list[1].(float64)
		if isLng && isLat {
			box[0], box[1] = min(box[0], lng), min(box[1], lat)
			box[2], box[3] = max(box[2], lng), max(box[3], lat)
			return
		}
	}
	for _, item := range list {
		widen(box, item)
	}
}

// A tile of a dense city with everything in it, from the database to the compressed answer.
func BenchmarkTile(b *testing.B) {
	server := serve(b, "../db/testdata/tiles_many.sql")
	for _, test := range []struct {
		layers  string
		z, x, y uint32
	}{
		{"grids", 10, 854, 419}, {"grids", 12, 3417, 1676}, {"grids", 14, 13668, 6704},
		{everything, 14, 13668, 6704}, {everything, 16, 54673, 26819},
	} {
		b.Run(fmt.Sprintf("%s/%d", test.layers, test.z), func(b *testing.B) {
			var answer tile.Response
			var err error
			for b.Loop() {
				answer, err = server.Tile(b.Context(), account.Anyone(), strings.Split(test.layers, ","), maptile.New(test.x, test.y, maptile.Zoom(test.z)))
				if err != nil {
					b.Fatal(err)
				}
				answer.Gzip()
			}
			b.ReportMetric(float64(len(answer.Body)), "bytes")
			b.ReportMetric(float64(len(answer.Gzip())), "gzipped")
		})
	}
}
