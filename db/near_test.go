package db_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

// plantMany makes two communities with n grids each beside each other, hexagons of about 200 m, and n buildings, of which
// every third is a point; at 120 degrees east and a latitude.
func plantMany(t testing.TB, n int, lat float64) *pgxpool.Pool {
	t.Helper()
	pool := testdb.New(t)
	for _, sql := range []string{
		`INSERT INTO division (id, code, name, level, home) VALUES ('00000000-0000-0000-0000-000000000001', '9901', '区', 'DISTRICT', 'near')`,
		`INSERT INTO division (id, code, name, level, home, parent_id)
			SELECT ('00000000-0000-0000-0000-00000000001' || i)::uuid, '99010100100' || i, '社区' || i, 'COMMUNITY', 'near',
				'00000000-0000-0000-0000-000000000001' FROM generate_series(1, 2) i`,
		`INSERT INTO division_code (code, division_id, since) SELECT code, id, '2020-01-01' FROM division`,
		fmt.Sprintf(`CREATE TABLE hexagon AS SELECT row_number() OVER (ORDER BY h.j, h.i) AS n, ST_SnapToGrid(h.geom, 1e-8) AS shape
			FROM ST_HexagonGrid(0.001, ST_SetSRID(ST_MakeEnvelope(120, %[1]g, 120 + 0.0014 * sqrt(2 * %[2]d), %[1]g + 0.0016 * sqrt(2 * %[2]d)), 4490)) h
			ORDER BY h.j, h.i LIMIT %[3]d`, lat, n, 2*n),
		`INSERT INTO grid (district, id, code, name, kind, community_id) SELECT 'near', md5('g' || n)::uuid, 'g' || n, 'n', 'COMPREHENSIVE',
			('00000000-0000-0000-0000-00000000001' || 1 + n % 2)::uuid FROM hexagon`,
		`INSERT INTO grid_code (code, district, grid_id, since) SELECT code, district, id, '2020-01-01' FROM grid`,
		`INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point) SELECT 'near', gen_random_uuid(), md5('g' || n)::uuid,
			tstzrange('2020-01-01', NULL), ST_Multi(shape), ST_Centroid(shape) FROM hexagon`,
		`INSERT INTO building (district, id, code, name, location, footprint) SELECT 'near', md5('b' || n)::uuid, 'b' || n, '', ST_Centroid(shape),
			CASE WHEN n % 3 > 0 THEN ST_Multi(ST_SnapToGrid(ST_Buffer(ST_Centroid(shape), 0.0001 * (1 + n % 5), 2), 1e-8)) END FROM hexagon`,
		`ANALYZE`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return pool
}

// nearest is the whole order by distance as PostGIS gives it when everything is measured.
func nearest(t testing.TB, pool *pgxpool.Pool, sql string, p grid.Point) (ids []uuid.UUID) {
	t.Helper()
	rows, err := pool.Query(t.Context(), sql, p.Lng, p.Lat)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// TestNearestFirst reads lists by distance page by page, and compares them with PostGIS's own order of all.
func TestNearestFirst(t *testing.T) {
	const inGrids = `SELECT b.grid_id FROM grid_boundary b ORDER BY ST_Distance(b.boundary::geography, ST_SetSRID(ST_MakePoint($1, $2), 4490)::geography), b.grid_id`
	const inBuildings = `SELECT b.id FROM building b WHERE ST_DWithin(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($1, $2), 4490)::geography, 1500)
		ORDER BY ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($1, $2), 4490)::geography), b.id`
	for _, lat := range []float64{0, 31.2, -52, 84.99} {
		t.Run(fmt.Sprintf("at latitude %g", lat), func(t *testing.T) {
			pool := plantMany(t, 300, lat)
			d, anyone := db.New(pool), account.Anyone()
			grids, places := db.NewGrids(d), db.NewPlaces(d)
			random := rand.New(rand.NewPCG(1, 2))
			for i, p := range []grid.Point{
				{Lng: 120.02 + 0.01*random.Float64(), Lat: lat + 0.02},
				{Lng: 120, Lat: lat},                      // a corner
				{Lng: 120.01, Lat: min(lat+1.5, 90)},      // far north
				{Lng: 119.0, Lat: max(min(lat, 89), -89)}, // far west
			} {
				want := nearest(t, pool, inGrids, p)
				for _, first := range []int{37, 1000} {
					var got []uuid.UUID
					q := grid.Query{Order: grid.ByDistance, Args: page.Args{First: first}, At: time.Now(), Filter: grid.Filter{Near: &p}}
					for more := true; more; {
						list, err := grids.ListGrids(t.Context(), anyone, q)
						if err != nil {
							t.Fatal(err)
						}
						for _, item := range list.Items {
							got = append(got, item.Node.Key.ID)
						}
						if more = list.HasNext && len(list.Items) > 0; more {
							q.Args.After = &list.Items[len(list.Items)-1].Cursor
						}
					}
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("point %d, %d a page: %d grids in another order, want %d", i, first, len(got), len(want))
					}
				}
				wanted := nearest(t, pool, inBuildings, p)
				for _, first := range []int{23, 1000} {
					var got []uuid.UUID
					q := place.NearQuery{Near: coord.CGCS2000{Lng: p.Lng, Lat: p.Lat}, WithinM: 1500, Args: page.Args{First: first}, Count: true, At: time.Now()}
					for more := true; more; {
						list, err := places.BuildingsNear(t.Context(), anyone, q)
						if err != nil {
							t.Fatal(err)
						}
						if list.Total != len(wanted) {
							t.Errorf("point %d: %d buildings counted, want %d", i, list.Total, len(wanted))
						}
						for _, item := range list.Items {
							got = append(got, item.Node.Key.ID)
						}
						if more = list.HasNext && len(list.Items) > 0; more {
							q.Args.After = &list.Items[len(list.Items)-1].Cursor
						}
					}
					if fmt.Sprint(got) != fmt.Sprint(wanted) {
						t.Errorf("point %d, %d a page: %d buildings in another order, want %d", i, first, len(got), len(wanted))
					}
				}
			}
		})
	}
}

// TestNearestOfEachGrid compares what a list with OfEach holds with what is taken by hand from the whole list.
func TestNearestOfEachGrid(t *testing.T) {
	pool := plantMany(t, 300, 31.2)
	for _, sql := range []string{ // every fourth has no name, every eighth an address instead; every tenth is in no grid
		`UPDATE building b SET name = CASE WHEN n % 4 > 0 THEN '楼' || n ELSE '' END, address = CASE WHEN n % 8 = 0 THEN n || '号' END
			FROM (SELECT substr(code, 2)::int AS n, id FROM building) k WHERE k.id = b.id`,
		`INSERT INTO building_grid (district, id, building_id, grid_id, during) SELECT 'near', gen_random_uuid(), b.id, md5('g' || 1 + n % 7)::uuid, tstzrange('2020-01-01', NULL)
			FROM (SELECT substr(code, 2)::int AS n, id FROM building) b WHERE n % 10 > 0`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	places := db.NewPlaces(db.New(pool))
	q := place.NearQuery{Near: coord.CGCS2000{Lng: 120.017, Lat: 31.215}, WithinM: 700, Args: page.Args{First: 1000}, At: time.Now()}
	whole, err := places.BuildingsNear(t.Context(), account.Anyone(), q)
	if err != nil || len(whole.Items) < 50 || whole.HasNext {
		t.Fatalf("%d of the whole list: %v", len(whole.Items), err)
	}
	for _, of := range []int{1, 3, 1000} {
		q.OfEach = of
		list, err := places.BuildingsNear(t.Context(), account.Anyone(), q)
		if err != nil {
			t.Fatal(err)
		}
		taken := map[uuid.UUID]int{}
		var want, got []string
		for _, item := range whole.Items {
			b, in := item.Node, uuid.Nil
			if b.GridKey != nil {
				in = b.GridKey.ID
			}
			if b.Name+b.Address != "" && taken[in] < of {
				taken[in]++
				want = append(want, fmt.Sprintf("%s in %s at %.2f", b.Code, in, *item.DistanceM))
			}
		}
		for _, item := range list.Items {
			in := uuid.Nil
			if item.Node.GridKey != nil {
				in = item.Node.GridKey.ID
			}
			got = append(got, fmt.Sprintf("%s in %s at %.2f", item.Node.Code, in, *item.DistanceM))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || len(taken) != 8 {
			t.Errorf("%d of each:\n%v\nwant\n%v", of, got, want)
		}
	}
}

// BenchmarkNearestFirst asks 10,000 grids and 100,000 buildings, first and deep in the list.
func BenchmarkNearestFirst(b *testing.B) {
	pool := plantMany(b, 5_000, 31.2)
	for _, sql := range []string{
		`INSERT INTO building (district, id, code, name, location, footprint) SELECT b.district, gen_random_uuid(), b.code || '-' || i, '',
			ST_Translate(b.location, i * 0.00007, i * 0.00005), ST_Translate(b.footprint, i * 0.00007, i * 0.00005) FROM building b, generate_series(1, 9) i`,
		`ANALYZE`} {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	d, anyone := db.New(pool), account.Anyone()
	grids, places := db.NewGrids(d), db.NewPlaces(d)
	p := grid.Point{Lng: 120.06, Lat: 31.28}
	var deepGrid, deepBuilding *page.Cursor
	ask := func(after *page.Cursor) page.Page[grid.Grid] {
		list, err := grids.ListGrids(b.Context(), anyone, grid.Query{Order: grid.ByDistance, Args: page.Args{First: 50, After: after}, At: time.Now(), Filter: grid.Filter{Near: &p}})
		if err != nil || len(list.Items) != 50 {
			b.Fatal(len(list.Items), err)
		}
		return list
	}
	near := func(after *page.Cursor, count bool) page.Page[place.Building] {
		list, err := places.BuildingsNear(b.Context(), anyone, place.NearQuery{Near: coord.CGCS2000(p), WithinM: place.MaxNearM,
			Args: page.Args{First: 50, After: after}, At: time.Now(), Count: count})
		if err != nil || len(list.Items) != 50 {
			b.Fatal(len(list.Items), err)
		}
		return list
	}
	deepGrid = &page.Cursor{Order: "DISTANCE", Num: 8000, ID: uuid.Nil.String()}
	deepBuilding = &page.Cursor{Order: "DISTANCE", Num: 4000, ID: uuid.Nil.String()}
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"grids", func() { ask(nil) }}, {"grids 8 km away", func() { ask(deepGrid) }},
		{"buildings", func() { near(nil, false) }}, {"buildings 4 km away", func() { near(deepBuilding, false) }}, {"buildings counted", func() { near(nil, true) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.do()
			}
		})
	}
	b.Logf("%d buildings within 5 km", near(nil, true).Total)
}

// TestUncovered lets PostGIS judge what grids leave over, and how long it takes for as many as are taken at once.
func TestUncovered(t *testing.T) {
	pool := plantMany(t, 1000, 31.2)
	first, second := uuid.MustParse("00000000-0000-0000-0000-000000000011"), uuid.MustParse("00000000-0000-0000-0000-000000000001")
	for _, sql := range []string{
		`UPDATE division SET boundary = (SELECT ST_Multi(ST_Envelope(ST_Collect(shape))) FROM hexagon) WHERE level <> 'COMMUNITY'`,
		`UPDATE division SET boundary = (SELECT ST_Multi(ST_SnapToGrid(ST_Union(b.boundary, 1e-8), 1e-8)) FROM grid_boundary b JOIN grid g ON g.id = b.grid_id WHERE g.community_id = division.id)
			WHERE code LIKE '%1' AND level = 'COMMUNITY'`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	places := db.NewPlaces(db.New(pool))
	start := time.Now()
	got, err := places.Uncovered(t.Context(), account.Anyone(), []uuid.UUID{first, second, uuid.MustParse("00000000-0000-0000-0000-000000000012")}, time.Now(), 4000)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("some 3,600 grids: %v", time.Since(start))
	if len(got) != 2 {
		t.Errorf("%d divisions answered, want 2: one has no boundary", len(got))
	}
	if m := got[first]; m == nil || m.NumPolygons() != 0 {
		t.Errorf("a community that is the union of its grids has %d parts left over", m.NumPolygons())
	}
	var differ, area float64
	err = pool.QueryRow(t.Context(), `SELECT ST_Area(ST_SymDifference($1, ST_Difference(d.boundary, (SELECT ST_Union(shape) FROM hexagon)))::geography), ST_Area($1::geography)
		FROM division d WHERE d.id = $2`, got[second], second).Scan(&differ, &area)
	if err != nil || area < 1000 || differ > 1e-3*area {
		t.Errorf("%g m² left over, %g m² otherwise than PostGIS says, %v", area, differ, err)
	}
	if _, err := places.Uncovered(t.Context(), account.Anyone(), []uuid.UUID{second}, time.Now(), 1000); fault.As(err).Code != fault.Limited {
		t.Errorf("more grids than are allowed: %v", err)
	}
}

func TestDivisionNeighbours(t *testing.T) {
	pool := testdb.New(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO division (id, code, name, level, home, boundary)
		SELECT ('00000000-0000-0000-0000-00000000000' || v.i)::uuid, 'd' || v.i, '区' || v.i, v.level, 'near', ST_Multi(ST_MakeEnvelope(v.w, v.s, v.w + 1, v.s + 1, 4490))
		FROM (VALUES (1, 'TOWN', 0, 0), (2, 'TOWN', 1, 0), (3, 'TOWN', 1, 1), (4, 'TOWN', 0.5, -0.5), (5, 'DISTRICT', 0, 0), (6, 'TOWN', 5, 5)) v (i, level, w, s)`); err != nil {
		t.Fatal(err)
	}
	var ids []uuid.UUID
	for i := range 6 {
		ids = append(ids, uuid.UUID{15: byte(i + 1)})
	}
	got, err := db.NewPlaces(db.New(pool)).DivisionNeighbours(t.Context(), account.Anyone(), ids, place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	// 1 and 3 meet in a corner, 1 and 4 overlap, 5 is of another level.
	for i, want := range []string{"d2 d4 ", "d1 d3 d4 ", "d2 ", "d1 d2 ", "", ""} {
		line := ""
		for _, d := range got[ids[i]] {
			line += d.Code + " "
		}
		if line != want {
			t.Errorf("neighbours of d%d: %q, want %q", i+1, line, want)
		}
	}
}
