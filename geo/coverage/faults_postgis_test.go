package coverage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/geo/coverage"
	"wangge/internal/testdb"
)

// overlaySQL is what PostGIS says of a whole ($1, WKB or NULL) and parts ($2): kind, numbers, square units.
const overlaySQL = `
WITH whole AS MATERIALIZED (SELECT ST_GeomFromWKB($1::bytea) AS area WHERE $1::bytea IS NOT NULL),
part AS MATERIALIZED (SELECT ST_GeomFromWKB(p.wkb) AS area, p.i - 1 AS i FROM unnest($2::bytea[]) WITH ORDINALITY AS p (wkb, i)),
found (kind, a, b, area) AS (
	SELECT 'overlap', x.i, y.i, ST_Intersection(x.area, y.area) FROM part x JOIN part y ON x.i < y.i AND ST_Relate(x.area, y.area, '2********')
	UNION ALL SELECT 'outside', p.i, 0, ST_Difference(p.area, w.area) FROM part p, whole w WHERE NOT ST_Covers(w.area, p.area)
	UNION ALL SELECT 'gap', 0, 0, g.geom FROM whole w, ST_Dump(ST_Difference(w.area, (SELECT ST_Union(p.area) FROM part p))) g
	UNION ALL SELECT 'covered', 0, 0, ST_Intersection(w.area, (SELECT ST_Union(p.area) FROM part p)) FROM whole w
)
SELECT kind, a, b, ST_Area(ST_CollectionExtract(area, 3)) * 1e16 FROM found ORDER BY 1, 2, 3, 4`

// PostGIS, which overlays every pair and unites all parts, says the same of random covers with faults, and that what is found is
// valid. What is below a square millimetre or two it leaves to rounding.
func TestFaultsAreThoseThatPostGISFinds(t *testing.T) {
	pool := testdb.New(t)
	r := rand.New(rand.NewPCG(58, 97))
	raw := func(g orb.Geometry) []byte {
		b, err := wkb.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const least = 2.0 // square units
	said, worst := 0, 0.0
	for round := range 400 {
		whole, parts := wrong(r)
		var w []byte
		if whole != nil {
			w = raw(whole)
		}
		ps := make([][]byte, len(parts))
		for i, p := range parts {
			ps[i] = raw(p)
		}
		want := map[string][]float64{}
		rows, err := pool.Query(t.Context(), overlaySQL, w, ps)
		if err != nil {
			t.Fatal(err)
		}
		var kind string
		var a, b int
		var size float64
		_, err = pgx.ForEachRow(rows, []any{&kind, &a, &b, &size}, func() error {
			if size >= least {
				name := fmt.Sprint(kind, " ", a, " ", b)
				want[name] = append(want[name], size)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		got := map[string][]float64{}
		var all [][]byte
		add := func(name string, m orb.MultiPolygon) {
			if size := units(m); size >= least {
				got[name] = append(got[name], size)
			}
			all = append(all, raw(m))
		}
		f := coverage.FindFaults(whole, parts)
		for _, o := range f.Overlaps {
			add(fmt.Sprint("overlap ", o.A, " ", o.B), o.Area)
		}
		for _, o := range f.Outside {
			add(fmt.Sprint("outside ", o.Part, " ", 0), o.Area)
		}
		for _, g := range f.Gaps {
			add("gap 0 0", orb.MultiPolygon{g})
		}
		if whole != nil {
			add("covered 0 0", coverage.Within(whole, parts, nil))
		}
		for name := range got {
			if _, ok := want[name]; !ok && slices.Max(got[name]) > 2*least {
				t.Errorf("round %d: %s: %v, PostGIS says nothing", round, name, got[name])
			}
		}
		for name, list := range want {
			slices.Sort(got[name])
			if slices.Max(list) < 2*least && len(got[name]) == 0 {
				continue
			}
			if len(list) != len(got[name]) {
				t.Errorf("round %d: %s: %v, PostGIS says %v", round, name, got[name], list)
				continue
			}
			for i, size := range list {
				said++
				off := math.Abs(size - got[name][i])
				worst = max(worst, off)
				if off > 1e-6*size+0.1 {
					t.Errorf("round %d: %s: %v, PostGIS says %v", round, name, got[name][i], size)
				}
			}
		}
		var bad *string
		if err := pool.QueryRow(t.Context(), `SELECT min(ST_IsValidReason(ST_GeomFromWKB(x))) FROM unnest($1::bytea[]) x WHERE NOT ST_IsValid(ST_GeomFromWKB(x))`, all).Scan(&bad); err != nil {
			t.Fatal(err)
		}
		if bad != nil {
			t.Errorf("round %d: %s", round, *bad)
		}
	}
	t.Logf("%d figures, the worst %.4f square units off", said, worst)
	if said < 1000 {
		t.Error("too few to tell")
	}
}
