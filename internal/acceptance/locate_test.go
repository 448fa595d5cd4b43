package acceptance

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/geo/coord"
	"wangge/load"
	"wangge/migrations"
)

// judge holds a file's areas as PostGIS reads them, untouched by our import, and answers by ST_Covers alone.
func (w *town) judge(t *testing.T, path, codeField string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "RESET ROLE"); err != nil { // requests make no tables
			return err
		}
		_, err := tx.Exec(ctx, `CREATE TABLE judge AS
			SELECT f -> 'properties' ->> $2 AS code, ST_SetSRID(ST_GeomFromGeoJSON(f -> 'geometry'), 4490) AS area
			FROM jsonb_array_elements($1::jsonb -> 'features') f`, raw, codeField)
		if err == nil {
			_, err = tx.Exec(ctx, "CREATE INDEX ON judge USING gist (area); GRANT SELECT ON judge TO "+migrations.RequestRole)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// verdicts are the judge's codes for points: the lowest that covers each, "" for none.
func (w *town) verdicts(t *testing.T, points [][2]float64) []string {
	t.Helper()
	lng, lat := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lng[i], lat[i] = p[0], p[1]
	}
	out := make([]string, len(points))
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT p.i, min(j.code COLLATE "C") FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY p (lng, lat, i)
			JOIN judge j ON ST_Covers(j.area, ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490)) GROUP BY p.i`, lng, lat)
		if err != nil {
			return err
		}
		var i int
		var code string
		_, err = pgx.ForEachRow(rows, []any{&i, &code}, func() error { out[i-1] = code; return nil })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// spots are every vertex and edge midpoint of a file's polygons, and random points in their box (west, south, east, north), n in all
// at least.
func spots(t *testing.T, path string, n int) (out [][2]float64, box [4]float64) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct {
			Geometry struct{ Coordinates json.RawMessage }
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	box = [4]float64{180, 90, -180, -90}
	var walk func(raw json.RawMessage)
	walk = func(raw json.RawMessage) {
		var ring [][2]float64
		if json.Unmarshal(raw, &ring) == nil && len(ring) > 0 {
			for i, p := range ring {
				out = append(out, p)
				box = [4]float64{min(box[0], p[0]), min(box[1], p[1]), max(box[2], p[0]), max(box[3], p[1])}
				if i > 0 {
					out = append(out, [2]float64{(ring[i-1][0] + p[0]) / 2, (ring[i-1][1] + p[1]) / 2})
				}
			}
			return
		}
		var parts []json.RawMessage
		if json.Unmarshal(raw, &parts) == nil {
			for _, part := range parts {
				walk(part)
			}
		}
	}
	for _, f := range file.Features {
		walk(f.Geometry.Coordinates)
	}
	random := rand.New(rand.NewPCG(20261121, 1))
	for len(out) < n {
		out = append(out, [2]float64{box[0] + random.Float64()*(box[2]-box[0]), box[1] + random.Float64()*(box[3]-box[1])})
	}
	return out, box
}

// hold gives the service the ground in force in memory.
func (w *town) hold(t testing.TB, box [4]float64) {
	t.Helper()
	middle := grid.Point{Lng: (box[0] + box[2]) / 2, Lat: (box[1] + box[3]) / 2}
	now := time.Now()
	communities, divisions, err := w.Grids.Store.Around(t.Context(), operator, []grid.Point{middle}, []float64{1e6}, now)
	if err != nil {
		t.Fatal(err)
	}
	ground, err := grid.NewGround(now, communities, divisions)
	if err != nil {
		t.Fatal(err)
	}
	w.Grids.Ground = func(_ context.Context, at time.Time) (*grid.Ground, bool) { return ground, !at.Before(now) }
}

// nearest are the judge's codes for points that no grid holds, and how far away these are, metres; "" for none within limitM.
func (w *town) nearest(t *testing.T, points [][2]float64, limitM float64) (codes []string, metres []float64) {
	t.Helper()
	codes, metres = make([]string, len(points)), make([]float64, len(points))
	lng, lat := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lng[i], lat[i] = p[0], p[1]
	}
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT p.i, n.code, n.m FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY p (lng, lat, i)
			CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490) AS at) q
			CROSS JOIN LATERAL (SELECT j.code, ST_Distance(j.area::geography, q.at::geography) AS m FROM judge j
				WHERE j.area && ST_Expand(q.at, 0.01) ORDER BY m, j.code COLLATE "C" LIMIT 1) n WHERE n.m <= $3`, lng, lat, limitM)
		if err != nil {
			return err
		}
		var i int
		var code string
		var m float64
		_, err = pgx.ForEachRow(rows, []any{&i, &code, &m}, func() error { codes[i-1], metres[i-1] = code, m; return nil })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes, metres
}

func TestGridAtAgreesWithSTCovers(t *testing.T) {
	for _, c := range []struct {
		name, grids, codeField string
		before                 []load.Job
	}{
		{"Lujiazui", "osm-lujiazui/lujiazui-grids.geojson", "code", []load.Job{{Kind: load.Divisions, Path: "osm-lujiazui/lujiazui-divisions.geojson"}}},
		{"Tottori", "tottori-chome/tottori-city-chome.geojson", "KEY_CODE", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := data(t, c.grids)
			w := newTown(t)
			for _, job := range c.before {
				job.Path = data(t, job.Path)
				w.mustBring(t, job)
			}
			job := load.Job{Kind: load.Grids, Path: path, Fields: map[string]string{"code": c.codeField}}
			if c.before == nil {
				job.Division, job.Level = "31201", "COMMUNITY"
			}
			w.mustBring(t, job)
			w.judge(t, path, c.codeField)

			points, box := spots(t, path, 100_000)
			for _, way := range []string{"from the store", "from memory"} {
				if way == "from memory" {
					w.hold(t, box)
				}
				w.agree(t, way, points)
			}
		})
	}
}

// agree holds that the service says of points what the judge says of them.
func (w *town) agree(t *testing.T, way string, points [][2]float64) {
	t.Helper()
	rules, wrong := map[grid.Rule]int{}, 0
	var missed [][2]float64 // some of those that no grid holds
	var answers []grid.Match
	const at = grid.MaxPoints / 4 // a fraction, so that a busy machine meets no statement timeout
	for start := 0; start < len(points); start += at {
		batch := points[start:min(start+at, len(points))]
		qs := make([]grid.AtQuery, len(batch))
		for i, p := range batch {
			qs[i] = grid.AtQuery{System: coord.SystemCGCS2000, Lng: p[0], Lat: p[1]}
		}
		matches, errs, err := w.Grids.AtMany(t.Context(), account.Anyone(), qs)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range w.verdicts(t, batch) {
			got := ""
			if m := matches[i]; m.Rule == grid.RuleContains || m.Rule == grid.RuleBorder {
				got = m.Grid.Code
			} else if rules[m.Rule]%10 == 0 {
				missed, answers = append(missed, batch[i]), append(answers, m)
			}
			rules[matches[i].Rule]++
			if got != want || errs[i] != nil {
				wrong++
				t.Errorf("%s, at %v: %q (%s), PostGIS says %q; %v", way, batch[i], got, matches[i].Rule, want, errs[i])
			}
		}
	}
	codes, metres := w.nearest(t, missed, w.Grids.NearestLimitM)
	for i, m := range answers {
		code, far := "", 0.0
		if m.Grid != nil {
			code, far = m.Grid.Code, *m.BoundaryDistanceM
		}
		// An edge is straight in degrees to us and a geodesic to PostGIS: 5 cm between them in the middle of 2 km.
		if code != codes[i] || math.Abs(far-metres[i]) > 0.1 {
			wrong++
			t.Errorf("%s, at %v: %q is nearest, %.3f m away, PostGIS says %q, %.3f m", way, missed[i], code, far, codes[i], metres[i])
		}
	}
	t.Logf("%s: %d points, %d differences, decided by %v; of %d the nearest was compared", way, len(points), wrong, rules, len(missed))
}
