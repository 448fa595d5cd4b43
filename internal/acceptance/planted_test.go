package acceptance

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/load"
	"wangge/load/demo"
)

// What is planted in the made-up community is all that is wrong with it: PostGIS, which drew none of it, finds the same.
func TestPlantedIsAllThereIs(t *testing.T) {
	w := newTown(t)
	made := demo.Community()
	if _, err := load.Town(t.Context(), operator, w.Services, made); err != nil {
		t.Fatal(err)
	}
	// found is, for each kind, what it is about and how large: square metres, or households.
	found := map[string]map[string]float64{}
	look := func(kind demo.ProblemKind, sql string) {
		found[string(kind)] = map[string]float64{}
		err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `WITH
				community AS (SELECT id, boundary FROM division WHERE level = 'COMMUNITY'),
				area AS (SELECT g.code, g.kind, b.boundary, g.id FROM grid g JOIN grid_boundary b ON b.grid_id = g.id AND b.during @> now()),
				people AS (SELECT a.code, a.kind, count(h.id) AS households, coalesce(sum(h.residents), 0) AS residents FROM area a
					LEFT JOIN building_grid bg ON bg.grid_id = a.id AND bg.during @> now() LEFT JOIN unit u ON u.building_id = bg.building_id
					LEFT JOIN dwelling d ON d.unit_id = u.id LEFT JOIN household h ON h.dwelling_id = d.id AND h.until IS NULL GROUP BY a.code, a.kind),
				policy AS (SELECT p.* FROM size_policy p JOIN community c ON c.id = p.division_id)
				SELECT what, size::float8 FROM (`+sql+`) x (what, size) ORDER BY what`)
			if err != nil {
				return err
			}
			var what string
			var size float64
			_, err = pgx.ForEachRow(rows, []any{&what, &size}, func() error {
				found[string(kind)][what] = size
				return nil
			})
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	look(demo.Gap, `SELECT 'gap ' || row_number() OVER (), ST_Area(p.geom::geography) FROM community c,
		ST_Dump(ST_Difference(c.boundary, (SELECT ST_Union(a.boundary) FROM area a))) p`)
	look(demo.Overlap, `SELECT a.code || ' ' || b.code, ST_Area(ST_Intersection(a.boundary, b.boundary)::geography) FROM area a JOIN area b ON a.code < b.code
		WHERE ST_Relate(a.boundary, b.boundary, 'T********')`)
	look(demo.Outside, `SELECT a.code, ST_Area(ST_Difference(a.boundary, c.boundary)::geography) FROM area a, community c
		WHERE NOT ST_Covers(c.boundary, a.boundary)`)
	// Its lesser part is what is planted.
	look(demo.Multipart, `SELECT a.code, min(ST_Area(p.geom::geography)) FROM area a, ST_Dump(a.boundary) p GROUP BY a.code HAVING count(*) > 1`)
	look(demo.UnassignedBuilding, `SELECT b.code, ST_Area(b.footprint::geography) FROM building b
		WHERE NOT EXISTS (SELECT 1 FROM building_grid bg WHERE bg.building_id = b.id AND bg.during @> now())`)
	// Also what is grazed by a centimetre, and what lies partly in nothing.
	look(demo.CutBuilding, `SELECT b.code, ST_Area(b.footprint::geography) FROM building b
		WHERE (SELECT count(*) FROM area a WHERE ST_Relate(a.boundary, b.footprint, 'T********')) > 1
		OR EXISTS (SELECT 1 FROM area a WHERE ST_Relate(a.boundary, b.footprint, 'T********') AND NOT ST_Covers(a.boundary, b.footprint))`)
	look(demo.Unstaffed, `SELECT a.code, ST_Area(a.boundary::geography) FROM area a WHERE NOT EXISTS (SELECT 1 FROM assignment s
		WHERE s.grid_id = a.id AND s.post = 'GRID_WORKER' AND s.during @> (now() AT TIME ZONE 'Asia/Shanghai')::date)`)
	look(demo.Oversize, `SELECT n.code, n.households FROM people n, policy p WHERE n.kind <> 'DEDICATED'
		AND (n.households > p.households_max OR n.residents > p.residents_max)`)
	look(demo.Undersize, `SELECT n.code, n.households FROM people n, policy p WHERE n.kind <> 'DEDICATED'
		AND (n.households < p.households_min OR n.residents < p.residents_min)`)
	look("GRIDS", `SELECT 'too many or too few', count(*) FROM area a, policy p GROUP BY p.grids_min, p.grids_max
		HAVING count(*) NOT BETWEEN p.grids_min AND p.grids_max`)

	want := map[string]map[string]float64{"GRIDS": {}}
	for _, p := range made.Planted {
		what, size := strings.Join(p.Grids, " "), p.AreaM2
		switch p.Kind {
		case demo.Gap:
			what = "gap 1"
		case demo.UnassignedBuilding, demo.CutBuilding:
			what = p.Building
		case demo.Oversize, demo.Undersize:
			size = float64(p.Households)
		}
		want[string(p.Kind)] = map[string]float64{what: size}
	}
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		if len(found[kind]) != len(want[kind]) {
			t.Errorf("%s: found %v, planted is %v", kind, found[kind], want[kind])
			continue
		}
		for what, size := range want[kind] {
			// The drawing table is flat, the ellipsoid is not: 1 in 10,000 between them.
			if got, ok := found[kind][what]; !ok || math.Abs(got-size) > size/10_000+0.02 {
				t.Errorf("%s: found %v, planted is %v", kind, found[kind], want[kind])
			}
		}
	}
	if len(want) != 10 {
		t.Errorf("%d kinds are planted, want all nine", len(want)-1)
	}
	var households, residents int
	w.row(t, "SELECT sum(households), sum(residents) FROM unit_people", &households, &residents)
	if households != 3582 || residents != 10388 {
		t.Errorf("%d households with %d residents", households, residents)
	}
	checkAffected(t, w, made)
}

// checkAffected counts what stands in the places of the planted faults.
func checkAffected(t *testing.T, w *town, made demo.Town) {
	t.Helper()
	for _, p := range made.Planted {
		var where []string
		switch g := p.Geometry.(type) {
		case orb.Polygon:
			where = append(where, wkt(g))
		case orb.MultiPolygon:
			for _, part := range g {
				where = append(where, wkt(part))
			}
		}
		var got demo.Affected
		w.row(t, fmt.Sprintf(`SELECT count(DISTINCT b.id), coalesce(sum(u.households), 0), coalesce(sum(u.residents), 0) FROM building b
			LEFT JOIN unit_people u ON u.building_id = b.id WHERE ST_Covers(ST_Multi(ST_GeomFromText('MULTIPOLYGON(%s)', 4490)), b.location)`, strings.Join(where, ",")),
			&got.Buildings, &got.Households, &got.Residents)
		if got != p.Affected {
			t.Errorf("%s affects %+v, planted is %+v", p.Kind, got, p.Affected)
		}
	}
}

// wkt is the inside of a polygon's well-known text.
func wkt(p orb.Polygon) string {
	var rings []string
	for _, r := range p {
		var points []string
		for _, q := range r {
			points = append(points, fmt.Sprintf("%.8f %.8f", q[0], q[1]))
		}
		rings = append(rings, "("+strings.Join(points, ",")+")")
	}
	return "(" + strings.Join(rings, ",") + ")"
}
