package acceptance

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/geo/coverage"
	"wangge/geo/measure"
	"wangge/geo/shape"
	"wangge/internal/testdb"
	"wangge/load/demo"
)

// filed are the areas of a file, snapped as an import does.
func filed(t *testing.T, name string) []orb.MultiPolygon {
	t.Helper()
	raw, err := os.ReadFile(data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct{ Geometry json.RawMessage }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var out []orb.MultiPolygon
	for _, f := range file.Features {
		g, err := shape.ParseGeoJSON(f.Geometry)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := shape.MultiPolygon(shape.Snap(g)); err == nil { // the wards' file has label points too
			out = append(out, a)
		}
	}
	return out
}

// shifted moves one area in fifty 20 m, each its own way: gaps and overlaps.
func shifted(areas []orb.MultiPolygon) []orb.MultiPolygon {
	for i := 0; i < len(areas); i += 50 {
		plane, turn := measure.LocalAt(areas[i][0][0][0]), float64(i)
		d := plane.Point(20*math.Cos(turn), 20*math.Sin(turn))
		dx, dy := d[0]-areas[i][0][0][0][0], d[1]-areas[i][0][0][0][1]
		for _, polygon := range areas[i] {
			for _, ring := range polygon {
				for k := range ring {
					ring[k] = shape.SnapPoint(orb.Point{ring[k][0] + dx, ring[k][1] + dy})
				}
			}
		}
	}
	return areas
}

// demoCity is the grids of the demo city by community: its borders alone, without the people whom demo.Make settles.
func demoCity() [][]orb.MultiPolygon {
	city := demo.CityAlone()
	out := make([][]orb.MultiPolygon, city.Len())
	for k := range out {
		out[k] = city.Grids(k)
	}
	return out
}

// TestTheCoreAgreesWithSTCovers asks the coverage core and PostGIS the same: random points, vertices, and the middles of edges; fifty
// thousand in all, or with SOAK=1 a million random points and every vertex and edge there is.
func TestTheCoreAgreesWithSTCovers(t *testing.T) {
	soak := os.Getenv("SOAK") == "1"
	pool := testdb.New(t)
	for _, c := range []struct {
		name   string
		share  int // of fifty thousand points
		shards func(t *testing.T) [][]orb.MultiPolygon
	}{
		{"Lujiazui", 10_000, func(t *testing.T) [][]orb.MultiPolygon {
			return [][]orb.MultiPolygon{filed(t, "osm-lujiazui/lujiazui-grids.geojson"), filed(t, "osm-lujiazui/lujiazui-divisions.geojson")}
		}},
		{"Tottori", 12_000, func(t *testing.T) [][]orb.MultiPolygon {
			return [][]orb.MultiPolygon{filed(t, "tottori-chome/tottori-city-chome.geojson")}
		}},
		{"Tottori, shifted", 10_000, func(t *testing.T) [][]orb.MultiPolygon {
			return [][]orb.MultiPolygon{shifted(filed(t, "tottori-chome/tottori-city-chome.geojson"))}
		}},
		{"Monaco", 4_000, func(t *testing.T) [][]orb.MultiPolygon {
			return [][]orb.MultiPolygon{filed(t, "osm-monaco/monaco-admin.geojson")}
		}},
		{"the demo city", 14_000, func(*testing.T) [][]orb.MultiPolygon { return demoCity() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var shards []*coverage.Shard
			var bodies [][]byte
			var at [][2]int32
			var spots []orb.Point // vertices and middles
			box := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
			for n, areas := range c.shards(t) {
				s := coverage.NewShard(areas)
				shards = append(shards, s)
				for i := range s.Len() {
					a := s.Area(i)
					body, err := wkb.Marshal(a)
					if err != nil {
						t.Fatal(err)
					}
					bodies, at, box = append(bodies, body), append(at, [2]int32{int32(n), int32(i)}), box.Union(a.Bound())
					for _, polygon := range a {
						for _, ring := range polygon {
							for k := 1; k < len(ring); k++ {
								spots = append(spots, ring[k], orb.Point{(ring[k-1][0] + ring[k][0]) / 2, (ring[k-1][1] + ring[k][1]) / 2})
							}
						}
					}
				}
			}
			random := rand.New(rand.NewPCG(20261122, 4))
			n := c.share
			if soak {
				n = 20*c.share + len(spots)
			} else if len(spots) > n/2 {
				random.Shuffle(len(spots), func(i, k int) { spots[i], spots[k] = spots[k], spots[i] })
				spots = spots[:n/2]
			}
			bordering := len(spots)
			for len(spots) < n {
				spots = append(spots, orb.Point{box.Min[0] + random.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + random.Float64()*(box.Max[1]-box.Min[1])})
			}

			core := coverage.New(shards)
			got := make([][]coverage.Held, len(spots))
			core.LocateAll(spots, func(i int, held []coverage.Held) { got[i] = slices.Clone(held) })

			conn, err := pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Release()
			exec := func(sql string, args ...any) {
				t.Helper()
				if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
					t.Fatal(err)
				}
			}
			exec(`SET statement_timeout = 0`)
			exec(`DROP TABLE IF EXISTS judge, spot`)
			exec(`CREATE TEMP TABLE judge AS SELECT i - 1 AS i, ST_GeomFromWKB(body, 4490) AS area FROM unnest($1::bytea[]) WITH ORDINALITY u (body, i)`, bodies)
			var invalid int
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM judge WHERE NOT ST_IsValid(area)`).Scan(&invalid); err != nil || invalid > 0 {
				t.Fatalf("%d areas are not valid; %v", invalid, err)
			}
			wrong, onBorder := 0, 0
			const batch = 100_000
			for start := 0; start < len(spots); start += batch {
				part := spots[start:min(start+batch, len(spots))]
				lng, lat := make([]float64, len(part)), make([]float64, len(part))
				for i, p := range part {
					lng[i], lat[i] = p[0], p[1]
				}
				exec(`DROP TABLE IF EXISTS spot`)
				exec(`CREATE TEMP TABLE spot AS SELECT i - 1 AS i, ST_SetSRID(ST_MakePoint(lng, lat), 4490) AS at FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY u (lng, lat, i)`, lng, lat)
				exec(`CREATE INDEX ON spot USING gist (at)`)
				exec(`ANALYZE spot`)
				rows, err := conn.Query(t.Context(), `SELECT s.i, j.i, NOT ST_Contains(j.area, s.at) FROM judge j
					CROSS JOIN LATERAL (SELECT s.i, s.at FROM spot s WHERE s.at && j.area AND ST_Covers(j.area, s.at) OFFSET 0) s ORDER BY s.i, j.i`)
				if err != nil {
					t.Fatal(err)
				}
				want := make([][]coverage.Held, len(part))
				var i, j int
				var border bool
				if _, err := pgx.ForEachRow(rows, []any{&i, &j, &border}, func() error {
					want[i] = append(want[i], coverage.Held{Ref: coverage.Ref{Shard: at[j][0], Area: at[j][1]}, Border: border})
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				for i, p := range part {
					if !slices.Equal(got[start+i], want[i]) {
						if wrong++; wrong < 10 {
							t.Errorf("at %v: %v, PostGIS says %v", p, got[start+i], want[i])
						}
					}
					if len(want[i]) > 0 && want[i][0].Border {
						onBorder++
					}
				}
			}
			t.Logf("%d areas, %d points, %d of them on a border: %d differences", len(at), len(spots), onBorder, wrong)
			if onBorder < bordering/3 { // every vertex is; a middle may be rounded off it
				t.Error("too few points on borders to tell")
			}
		})
	}
}
