package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/domain/staff"

	"wangge/album"
	"wangge/db"
	"wangge/graph"
	"wangge/internal/testdb"
)

// counter counts the statements that reach the database.
type counter struct{ n atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// counted serves what r does, and counts what that costs.
func counted(t *testing.T, r *graph.Resolver, pool *pgxpool.Pool) (server, *counter) {
	count := &counter{}
	config := pool.Config()
	config.ConnConfig.Tracer = count
	traced, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(traced.Close)
	d := db.New(traced)
	r.Places = &place.Service{Store: db.NewPlaces(d), Now: r.Places.Now}
	r.Search = &search.Service{Store: db.NewSearch(d)}
	r.Grids = &grid.Service{Store: db.NewGrids(d), Addresses: r.Search, Now: r.Grids.Now, NearestLimitM: r.Grids.NearestLimitM}
	r.Staff = &staff.Service{Store: db.NewStaff(d), Now: r.Staff.Now, Zone: r.Staff.Zone, IDs: r.Staff.IDs, Pictures: album.Folder(t.TempDir())}
	r.Coverage = &coverage.Service{Store: db.NewCoverage(d), Now: r.Coverage.Now, Zone: r.Coverage.Zone}
	r.Around = &around.Service{Store: db.NewAround(d), Grids: r.Grids, Places: r.Places, Now: r.Grids.Now}
	return serve(t, r, t.Output()), count
}

// TestStatementsOfFiveLevels: from the division down to the household, and back up, at 1, 14 and 100 grids.
func TestStatementsOfFiveLevels(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	const code = "990102001009"
	village(t, r, pool, code, 100, 300, 600, 1200)
	s, count := counted(t, r, pool)
	const query = `query ($code: ID!, $n: Int) { division(code: $code) { stats { households } grids(first: $n, orderBy: HOUSEHOLDS) { totalCount nodes { code stats { households }
		buildings(first: 200) { totalCount nodes { name units(first: 50) { totalCount edges { node { name grid { code } building { name }
		households(first: 100) { totalCount nodes { room residents unit { name building { grid { stats { residents } } } } } } } } } } } } } } }`
	for actor, least := range map[account.Actor]int64{account.TheOperator(): 15, account.Anyone(): 12} {
		var got []int64
		for _, n := range []int{1, 14, 100} {
			variables := map[string]any{"code": code, "n": n}
			s.ask(t, actor, query, variables)
			before := count.n.Load()
			a := s.ask(t, actor, query, variables)
			got = append(got, count.n.Load()-before)
			if rooms := strings.Count(string(a.Raw), `"room"`); a.Errors != nil || actor.Role == account.Operator && rooms != 12*n {
				t.Fatalf("%d rooms: %.400s", rooms, a.Raw)
			}
		}
		t.Logf("%s: %d statements at 1, 14 and 100 grids", actor.Role, got)
		if slices.Min(got) != slices.Max(got) || got[0] < least {
			t.Errorf("%s: %d statements", actor.Role, got)
		}
	}
}

// TestStatements: a nested read costs the same number of statements however wide it is.
func TestStatements(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	s, count := counted(t, r, pool)
	// The second community has one grid in no group, without a worker; what is asked must not depend on that.
	if _, err := pool.Exec(t.Context(), `WITH g AS (INSERT INTO grid_group (district, id, community_id, name)
		SELECT home, gen_random_uuid(), id, '一组' FROM division WHERE code = $1 RETURNING id, community_id)
		UPDATE grid SET group_id = g.id FROM g WHERE grid.community_id = g.community_id`, c2); err != nil {
		t.Fatal(err)
	}

	tests := []struct{ name, query string }{
		{"division, grids, buildings", `query ($code: ID!, $n: Int) { division(code: $code) { name grids(first: $n) { totalCount
			nodes { code buildings(first: 50) { totalCount nodes { name estate { name } grid { code } } } } } } }`},
		{"legal entities and external numbers", `query ($code: ID!, $n: Int) { division(code: $code) { externalRefs { code }
			legalEntities(first: 100) { totalCount nodes { name location building { name externalRefs { code } } externalRefs { system } } }
			grids(first: $n) { nodes { externalRefs { code } buildings { nodes { externalRefs { code } estate { externalRefs { code } } legalEntities { totalCount nodes { name } } } } } } } }`},
		{"limits in words", `query ($code: ID!, $n: Int) { division(code: $code) { grids(first: $n) { nodes { code limits { east south west north } } } } }`},
		{"everything of a grid", `query ($code: ID!, $n: Int) { division(code: $code) { parent { name } ancestors { name } sizePolicy { division { name } } stats { buildings }
			grids(first: $n) { edges { cursor node { boundary simple: boundary(simplifyM: 2) worker { name } assignments { worker { name } } stats { buildings }
			community { name stats { grids } } group { name leader { name } grids { worker { name } } community { name } } buildings(first: 1) { edges { node { footprint } } } } } } } }`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ask := func(code string, n int) int64 {
				variables := map[string]any{"code": code, "n": n}
				s.ask(t, account.Anyone(), test.query, variables) // what a connection prepares once is not counted
				before := count.n.Load()
				if a := s.ask(t, account.Anyone(), test.query, variables); a.Errors != nil {
					t.Fatalf("answered %s", a.Raw)
				}
				return count.n.Load() - before
			}
			one, two, all := ask(c2, 50), ask(c1, 2), ask(c1, 50)
			t.Logf("%d statements at 1 grid, %d at 2, %d at 14", one, two, all)
			if one != all || two != all || all < 5 {
				t.Errorf("%d statements at 1 grid, %d at 2, %d at 14", one, two, all)
			}
		})
	}
	// same asks in several widths what must take the same number of statements.
	same := func(t *testing.T, query string, variables ...map[string]any) {
		t.Helper()
		var got []int64
		for _, v := range variables {
			s.ask(t, account.Anyone(), query, v) // what a connection prepares once is not counted
			before := count.n.Load()
			if a := s.ask(t, account.Anyone(), query, v); a.Data == nil || a.code() != "" && a.code() != "INVALID" {
				t.Fatalf("answered %s", a.Raw)
			}
			got = append(got, count.n.Load()-before)
		}
		t.Logf("%d statements", got)
		if slices.Min(got) != slices.Max(got) || got[0] < 3 {
			t.Errorf("%d statements", got)
		}
	}
	t.Run("coverage", func(t *testing.T) {
		same(t, `query ($code: ID!, $n: Int, $kinds: [ProblemKind!]) { coverage(division: $code) { gapM2 dataVersion division { name } problems(kinds: $kinds, first: $n) { totalCount edges { cursor node { id geometry households
			divisions { name coverage { seamless } } grids { name worker { name } boundary } building { name grid { name } } fixes { action text grid { name group { name } } } } } } }
			division(code: $code) { children { name coverage { gapM2 } problems(first: 2) { nodes { kind } } } } }`,
			map[string]any{"code": c1, "n": 1, "kinds": []string{"UNSTAFFED"}}, map[string]any{"code": c1, "n": 2}, map[string]any{"code": c1, "n": 50})
	})
	t.Run("grids with a problem", func(t *testing.T) {
		same(t, `query ($n: Int) { grids(filter: {hasProblem: UNSTAFFED}, first: $n) { totalCount nodes { code } } division(code: "990102001") { grids(filter: {hasProblem: GAP}, first: $n) { nodes { code } } } }`,
			map[string]any{"n": 1}, map[string]any{"n": 5}, map[string]any{"n": 100})
	})
	t.Run("neighbours, groups, leaders", func(t *testing.T) {
		same(t, `query ($n: Int) { division(code: "990102001001") { grids(first: $n) { nodes { neighbours { sharedM grid { boundary worker { name } group { name leader { name } community { name }
			grids { code neighbours { grid { code } } } } } } } } } }`, map[string]any{"n": 2}, map[string]any{"n": 7}, map[string]any{"n": 14})
	})
	t.Run("children", func(t *testing.T) {
		same(t, `query ($code: ID!) { division(code: $code) { children { name children { name } boundary simple: boundary(simplifyM: 1) stats { grids } sizePolicy { version division { name } } ancestors { name }
			parent { children { name } } grids(first: 3) { totalCount nodes { code } } } } }`,
			map[string]any{"code": "990102"}, map[string]any{"code": "990102001"})
	})
	t.Run("staff", func(t *testing.T) {
		same(t, `query ($code: ID!, $n: Int) { division(code: $code) { onCall { id } uncovered neighbours { name } vacancies(first: $n) { totalCount nodes { since last { worker { name } }
			grid { code worker { name } } group { name community { name } } division { name } } }
			grids(first: $n) { nodes { onCall { worker { name } } informants { count ok } group { onCall { worker { name } } } } } } }`,
			map[string]any{"code": c1, "n": 3}, map[string]any{"code": c1, "n": 14}, map[string]any{"code": "990102", "n": 100})
		children := `query ($n: Int) { rootDivisions { children { children { children { vacancies(first: $n) { totalCount nodes { last { worker { name } } grid { code } } } } } } } }`
		same(t, children, map[string]any{"n": 3}, map[string]any{"n": 50})
	})
	t.Run("workers", func(t *testing.T) {
		var got []int64
		for _, n := range []int{1, 2, 4} {
			before := count.n.Load()
			if a := s.ask(t, account.TheOperator(), `query ($n: Int) { workers(division: "990102001001", first: $n) { totalCount nodes { worker { name } assignments { area { name } } absences { from } } } }`,
				map[string]any{"n": n}); a.Errors != nil {
				t.Fatalf("answered %s", a.Raw)
			}
			got = append(got, count.n.Load()-before)
		}
		t.Logf("%d statements", got)
		if got[1] != got[2] {
			t.Errorf("%d statements", got)
		}
	})
	t.Run("nearest first", func(t *testing.T) {
		same(t, `query ($n: Int) { buildings(near: { lng: 120.103, lat: 31.201, crs: CGCS2000 }, withinM: 2000, first: $n) { totalCount edges { distanceM node { footprint grid { code worker { name } } } } }
			grids(filter: { near: { lng: 120.103, lat: 31.201, crs: CGCS2000 } }, orderBy: DISTANCE, first: $n) { edges { distanceM node { code } } } }`,
			map[string]any{"n": 1}, map[string]any{"n": 7}, map[string]any{"n": 100})
	})
	spots := func(n int, at ...[2]float64) map[string]any {
		var list []any
		for i := range n * len(at) {
			p := at[i%len(at)]
			list = append(list, map[string]any{"lng": p[0], "lat": p[1], "crs": "CGCS2000", "accuracyM": 20})
		}
		return map[string]any{"p": list}
	}
	const asked = `query ($p: [PointInput!]!) { gridsAt(points: $p) { rule grid { code boundary worker { name } } building { name estate { name } grid { code } }
		candidates { grid { code group { name leader { name } } } } division { name } } }`
	inside, beside, nowhere, outside := [2]float64{west + 0.0003, south + 0.0004}, [2]float64{west + 0.0075, south + 0.0005},
		[2]float64{west + 0.013, south + 0.0005}, [2]float64{100, 10}
	for _, test := range []struct {
		name string
		at   [][2]float64
	}{
		{"points in a grid", [][2]float64{inside}},
		{"points in a gap", [][2]float64{beside}},
		{"points far from every grid", [][2]float64{nowhere}},
		{"points outside the window", [][2]float64{inside, outside}},
		{"points of every kind", [][2]float64{inside, beside, nowhere, outside}},
	} {
		t.Run(test.name, func(t *testing.T) {
			same(t, asked, spots(1, test.at...), spots(14, test.at...), spots(100, test.at...))
		})
	}
	t.Run("points", func(t *testing.T) {
		var got []int64
		for _, n := range []int{1, 14, 200} {
			var points []any
			for i := range n {
				points = append(points, map[string]any{"lng": west + 0.0003 + step*float64(i%columns), "lat": south + 0.0004 + step*float64(i/columns%rows), "crs": "CGCS2000", "accuracyM": 20})
			}
			ask := func() answer {
				return s.ask(t, account.Anyone(), `query ($p: [PointInput!]!) { gridsAt(points: $p) { grid { code boundary worker { name } } building { name estate { name } grid { code } }
					candidates { grid { code group { name } } } division { name } } }`, map[string]any{"p": points})
			}
			ask()
			before := count.n.Load()
			if a := ask(); a.Errors != nil {
				t.Fatalf("answered %s", a.Raw)
			}
			got = append(got, count.n.Load()-before)
		}
		t.Logf("%d statements at 1, 14 and 200 points", got)
		if fmt.Sprint(got) != fmt.Sprint([]int64{got[0], got[0], got[0]}) {
			t.Errorf("%d statements at 1, 14 and 200 points", got)
		}
	})

	t.Run("found addresses", func(t *testing.T) {
		same(t, `query ($n: Int) { searchAddress(text: "晴川路1号", first: $n) { label building { name estate { name } grid { code } } estate { name } division { name }
			grid { code worker { name } } location } }`, map[string]any{"n": 2}, map[string]any{"n": 14}, map[string]any{"n": 50})
	})
	t.Run("points with addresses", func(t *testing.T) {
		named := func(n int) map[string]any {
			v := spots(n, inside)
			for i, p := range v["p"].([]any) {
				p.(map[string]any)["address"] = fmt.Sprintf("晴川路%d号1号楼", i%14+1)
			}
			return v
		}
		same(t, asked, named(1), named(14), named(100))
	})
}
