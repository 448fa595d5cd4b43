package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/coverage"
	"wangge/geo/shape"
	"wangge/load"
)

// area is a feature of a file whose areas a test moves about.
type area struct {
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties"`
	Geometry   struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

// chome are the areas of Tottori, one feature a code.
func chome(t testing.TB) []area {
	t.Helper()
	raw, err := os.ReadFile(data(t, "tottori-chome/tottori-city-chome.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Features []area }
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f.Features
}

func (a area) code() string { return a.Properties["KEY_CODE"].(string) }

// moved is a with every position changed by fn, which is given the whole and the centre of its box.
func (a area) moved(t testing.TB, fn func(p, centre [2]float64) [2]float64) area {
	t.Helper()
	low, high := [2]float64{180, 90}, [2]float64{-180, -90}
	var walk func(raw json.RawMessage, fn func(p [2]float64) [2]float64) json.RawMessage
	walk = func(raw json.RawMessage, fn func(p [2]float64) [2]float64) json.RawMessage {
		var p [2]float64
		if json.Unmarshal(raw, &p) == nil {
			p = fn(p)
			return json.RawMessage(fmt.Sprintf("[%.8f,%.8f]", p[0], p[1]))
		}
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		for i := range list {
			list[i] = walk(list[i], fn)
		}
		out, _ := json.Marshal(list)
		return out
	}
	walk(a.Geometry.Coordinates, func(p [2]float64) [2]float64 {
		for i := range p {
			low[i], high[i] = min(low[i], p[i]), max(high[i], p[i])
		}
		return p
	})
	centre := [2]float64{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2}
	a.Geometry.Coordinates = walk(a.Geometry.Coordinates, func(p [2]float64) [2]float64 { return fn(p, centre) })
	return a
}

func featureFile(t testing.TB, name string, list []area) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": list})
	if err != nil {
		t.Fatal(err)
	}
	return file(t, name, string(raw))
}

// verdict is what PostGIS says of a cover, from the files as they are and by its own measure.
type verdict struct {
	total, covered float64
	pairs          map[string]float64 // two codes, the lesser first, to m²
	outside        map[string]float64
	gaps           []float64 // the largest first
}

// worth is what the verdict and the report must agree on; the report names smaller things where they are real.
const worth = 0.01 // m²

func (w *town) verdict(t testing.TB, areas, whole, codeField string) verdict {
	t.Helper()
	v := verdict{pairs: map[string]float64{}, outside: map[string]float64{}}
	read := func(path string) []byte {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE part ON COMMIT DROP AS SELECT f -> 'properties' ->> $2 AS code, ST_Union(ST_SetSRID(ST_GeomFromGeoJSON(f -> 'geometry'), 4490)) AS area
			FROM jsonb_array_elements($1::jsonb -> 'features') f GROUP BY 1`, read(areas), codeField)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `CREATE TEMPORARY TABLE whole ON COMMIT DROP AS SELECT ST_SetSRID(ST_GeomFromGeoJSON(f -> 'geometry'), 4490) AS area
			FROM jsonb_array_elements($1::jsonb -> 'features') f`, read(whole))
		if err != nil {
			return err
		}
		collect := func(sql string, add func(name string, m2 float64)) error {
			rows, err := tx.Query(ctx, sql)
			if err != nil {
				return err
			}
			var name string
			var m2 float64
			_, err = pgx.ForEachRow(rows, []any{&name, &m2}, func() error { add(name, m2); return nil })
			return err
		}
		for _, q := range []struct {
			sql string
			add func(name string, m2 float64)
		}{
			{`SELECT '', ST_Area(area::geography) FROM whole`, func(_ string, m2 float64) { v.total = m2 }},
			{`SELECT '', ST_Area(ST_Intersection(w.area, (SELECT ST_Union(p.area) FROM part p))::geography) FROM whole w`, func(_ string, m2 float64) { v.covered = m2 }},
			{`SELECT p.code || ' ' || q.code, ST_Area(ST_CollectionExtract(ST_Intersection(p.area, q.area), 3)::geography) FROM part p JOIN part q ON p.code < q.code AND ST_Intersects(p.area, q.area)`,
				func(name string, m2 float64) { v.pairs[name] = m2 }},
			{`SELECT p.code, ST_Area(ST_Difference(p.area, w.area)::geography) FROM part p, whole w`, func(name string, m2 float64) { v.outside[name] = m2 }},
			{`SELECT '', ST_Area(x.geom::geography) FROM whole w, ST_Dump(ST_Difference(w.area, (SELECT ST_Union(p.area) FROM part p))) x ORDER BY 2 DESC`,
				func(_ string, m2 float64) {
					if m2 >= worth {
						v.gaps = append(v.gaps, m2)
					}
				}},
		} {
			if err := collect(q.sql, q.add); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// agree compares a report's problems of a kind, by the codes of their grids, with the verdict's.
func agree(t *testing.T, kind coverage.Kind, got, want map[string]float64) {
	t.Helper()
	worst, n := 0.0, 0
	for name, m2 := range want {
		if m2 < worth {
			continue
		}
		n++
		is, ok := got[name]
		off := math.Abs(is-m2) / m2
		if worst = max(worst, off); !ok || off > 1e-3 {
			t.Errorf("%s %s: %.4f m², PostGIS says %.4f", kind, name, is, m2)
		}
	}
	for name, is := range got {
		if want[name] < is/2 {
			t.Errorf("%s %s: %.6f m², PostGIS says %.6f", kind, name, is, want[name])
		}
	}
	t.Logf("%s: %d, the worst figure %.1e off", kind, n, worst)
}

// judge compares the report of a community with what PostGIS says of the files it was imported from.
func (w *town) judgeReport(t *testing.T, community, areas, whole, codeField string) (coverage.Report, []coverage.Problem) {
	t.Helper()
	start := time.Now()
	r, list := w.found(t, w.reporter(), community)
	took := time.Since(start)
	v := w.verdict(t, areas, whole, codeField)
	names := map[string]string{}
	grids, err := w.Grids.List(t.Context(), operator, allGrids)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grids.Items {
		names[g.Node.Key.String()] = g.Node.Code
	}
	pairs, outside, gaps, sum := map[string]float64{}, map[string]float64{}, []float64{}, 0.0
	for _, p := range list {
		var codes []string
		for _, k := range p.Grids {
			codes = append(codes, names[k.String()])
		}
		if p.Kind == coverage.Overlap {
			slices.Sort(codes)
		}
		name := strings.Join(codes, " ")
		switch p.Kind {
		case coverage.Overlap:
			pairs[name] = *p.AreaM2
		case coverage.Outside:
			outside[name] = *p.AreaM2
		case coverage.Gap:
			sum += *p.AreaM2
			if *p.AreaM2 >= worth {
				gaps = append(gaps, *p.AreaM2)
			}
		}
	}
	agree(t, coverage.Overlap, pairs, v.pairs)
	agree(t, coverage.Outside, outside, v.outside)
	slices.Sort(gaps)
	slices.Reverse(gaps)
	if len(gaps) != len(v.gaps) {
		t.Errorf("%d gaps, PostGIS says %d", len(gaps), len(v.gaps))
	}
	for i := range min(len(gaps), len(v.gaps)) {
		if math.Abs(gaps[i]-v.gaps[i]) > 1e-3*v.gaps[i] {
			t.Errorf("gap %d: %.4f m², PostGIS says %.4f", i, gaps[i], v.gaps[i])
		}
	}
	if math.Abs(r.CoveredM2+r.GapM2-r.AreaM2) > 1e-6*r.AreaM2 || math.Abs(sum-r.GapM2) > 1e-6*r.AreaM2 {
		t.Errorf("covered %.2f + gap %.2f = %.2f, total %.2f", r.CoveredM2, r.GapM2, r.CoveredM2+r.GapM2, r.AreaM2)
	}
	if math.Abs(r.CoveredM2-v.covered) > 1e-4*v.covered || math.Abs(r.AreaM2-v.total) > 1e-4*v.total {
		t.Errorf("covered %.2f of %.2f m², PostGIS says %.2f of %.2f", r.CoveredM2, r.AreaM2, v.covered, v.total)
	}
	t.Logf("%v in %v; covered + gap − total = %.1e of it", r.Problems, took, (r.CoveredM2+r.GapM2-r.AreaM2)/r.AreaM2)
	return r, list
}

// union writes the union of a file's areas as one community.
func (w *town) union(t testing.TB, path, code string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var whole string
	err = w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT ST_AsGeoJSON(ST_Union(ST_GeomFromGeoJSON(f -> 'geometry')), 8) FROM jsonb_array_elements($1::jsonb -> 'features') f`, raw).Scan(&whole)
	})
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "whole.geojson", collection(feature(fmt.Sprintf(`"code":%q,"name":"鳥取市","level":"COMMUNITY"`, code), whole)))
}

func (w *town) bringCover(t testing.TB, areas, whole, community, codeField string) {
	t.Helper()
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: whole})
	w.mustBring(t, load.Job{Kind: load.Grids, Path: areas, Division: community, Fields: map[string]string{"code": codeField}})
}

func TestTottoriIsSeamless(t *testing.T) {
	w := newTown(t)
	areas := featureFile(t, "areas.geojson", chome(t))
	whole := w.union(t, areas, "31201")
	w.bringCover(t, areas, whole, "31201", "KEY_CODE")
	r, _ := w.judgeReport(t, "31201", areas, whole, "KEY_CODE")
	t.Log(r)
}

func TestWhatIsPlantedInTottoriIsFound(t *testing.T) {
	w := newTown(t)
	all := chome(t)
	whole := w.union(t, featureFile(t, "areas.geojson", all), "31201")
	uses := map[string]int{}
	for _, a := range all {
		uses[a.code()]++
	}
	var planted []area
	shifted := 0
	for i, a := range all {
		switch {
		case uses[a.code()] > 1:
			planted = append(planted, a)
		case i == 100: // deleted
		case i == 200: // doubled
			b := a.moved(t, func(p, _ [2]float64) [2]float64 { return p })
			b.Properties = map[string]any{"KEY_CODE": "double"}
			planted = append(planted, a, b)
		case i == 300: // another inside it
			b := a.moved(t, func(p, c [2]float64) [2]float64 {
				return [2]float64{c[0] + (p[0]-c[0])/4, c[1] + (p[1]-c[1])/4}
			})
			b.Properties = map[string]any{"KEY_CODE": "inside"}
			planted = append(planted, a, b)
		case i%50 == 7: // 20 m to the north-east
			shifted++
			planted = append(planted, a.moved(t, func(p, _ [2]float64) [2]float64 {
				return [2]float64{shape.SnapCoord(p[0] + 14.142/90_700), shape.SnapCoord(p[1] + 14.142/110_950)}
			}))
		default:
			planted = append(planted, a)
		}
	}
	areas := featureFile(t, "planted.geojson", planted)
	w.bringCover(t, areas, whole, "31201", "KEY_CODE")
	r, list := w.judgeReport(t, "31201", areas, whole, "KEY_CODE")
	if shifted < len(all)/55 || r.Problems[coverage.Gap] < shifted || r.Problems[coverage.Overlap] < shifted {
		t.Errorf("%d shifted, and only %v found", shifted, r.Problems)
	}
	for _, p := range list {
		if p.Kind != coverage.Unstaffed && (p.Geometry == nil || p.Box == nil || p.Buildings == nil) {
			t.Errorf("%s %v lacks where it is", p.Kind, p.ID)
		}
		if p.Kind == coverage.Gap && len(p.Fixes) == 0 && *p.AreaM2 > 1 {
			t.Errorf("nobody can take the gap of %.2f m² at %v", *p.AreaM2, p.Box)
		}
	}
}

func TestLujiazuiIsWhatPostGISSays(t *testing.T) {
	w := newTown(t)
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: data(t, "osm-lujiazui/lujiazui-divisions.geojson")})
	w.mustBring(t, load.Job{Kind: load.Grids, Path: data(t, "osm-lujiazui/lujiazui-grids.geojson")})
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: data(t, "osm-lujiazui/lujiazui-buildings.geojson")})
	for _, code := range []string{"990101001001", "990101001002", "9901"} {
		start := time.Now()
		r, list := w.found(t, w.reporter(), code)
		t.Logf("%s: %v in %v; %v", code, r.Problems, time.Since(start), r)
		for _, p := range list {
			if p.Kind == coverage.Gap || p.Kind == coverage.Overlap || p.Kind == coverage.Outside || p.Kind == coverage.Multipart {
				t.Log(p.Kind, *p.AreaM2, p.Box, p.DivisionIDs)
			}
		}
	}
}

// BenchmarkReport looks at 666 areas of 180 vertices as one community: after a change, asked again, and asked of a process that knows nothing yet.
func BenchmarkReport(b *testing.B) {
	w := newTown(b)
	areas := featureFile(b, "areas.geojson", chome(b))
	w.bringCover(b, areas, w.union(b, areas, "31201"), "31201", "KEY_CODE")
	id := []uuid.UUID{w.division(b, "31201").ID}
	ask := func(s *coverage.Service) {
		if _, err := s.Reports(b.Context(), operator, id); err != nil {
			b.Fatal(err)
		}
	}
	change := func() {
		err := w.As(b.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO change_log SELECT max(n) + 1, now(), 'boundaries', $1 FROM change_log", id)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	s := w.reporter()
	ask(s)
	b.Run("changed", func(b *testing.B) {
		for b.Loop() {
			change()
			ask(s)
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			ask(s)
		}
	})
	b.Run("by another process", func(b *testing.B) {
		for b.Loop() {
			ask(w.reporter())
		}
	})
}
