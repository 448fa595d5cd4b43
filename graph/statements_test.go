package graph_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"

	"wangge/db"
	"wangge/internal/testdb"
)

// counter counts the statements that reach the database.
type counter struct{ n atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestStatements: a nested read costs the same number of statements however wide it is.
func TestStatements(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	count := &counter{}
	config := pool.Config()
	config.ConnConfig.Tracer = count
	traced, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	d := db.New(traced)
	r.Places = &place.Service{Store: db.NewPlaces(d), Now: r.Places.Now}
	r.Grids = &grid.Service{Store: db.NewGrids(d), Now: r.Grids.Now, NearestLimitM: r.Grids.NearestLimitM}
	r.Staff = &staff.Service{Store: db.NewStaff(d), Now: r.Staff.Now, Zone: r.Staff.Zone, IDs: r.Staff.IDs}
	s := serve(r, t.Output())
	// The second community has one grid in no group, without a worker; what is asked must not depend on that.
	if _, err := pool.Exec(t.Context(), `WITH g AS (INSERT INTO grid_group (district, id, community_id, name)
		SELECT home, gen_random_uuid(), id, '一组' FROM division WHERE code = $1 RETURNING id, community_id)
		UPDATE grid SET group_id = g.id FROM g WHERE grid.community_id = g.community_id`, c2); err != nil {
		t.Fatal(err)
	}

	tests := []struct{ name, query string }{
		{"division, grids, buildings", `query ($code: ID!, $n: Int) { division(code: $code) { name grids(first: $n) { totalCount
			nodes { code buildings(first: 50) { totalCount nodes { name estate { name } grid { code } } } } } } }`},
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
}
