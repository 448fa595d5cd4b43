package graph_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/internal/testdb"
)

// TestStaffSeeWhatTheirPostsReach: of every grid, unit and division of two communities exactly what the operator is told where their posts
// reach, and exactly what the public is told elsewhere.
func TestStaffSeeWhatTheirPostsReach(t *testing.T) {
	const c3 = "990102001003"
	pool := testdb.New(t)
	r := town(t, pool)
	village(t, r, pool, c3, 4, 8, 12, 60)
	s := serve(t, r, t.Output())
	one := func(sql string, args ...any) (id uuid.UUID) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), sql, args...).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	var home string
	if err := pool.QueryRow(t.Context(), "SELECT home FROM division WHERE code = $1", c1).Scan(&home); err != nil {
		t.Fatal(err)
	}
	division := func(code string) []uuid.UUID {
		return []uuid.UUID{one("SELECT id FROM division WHERE code = $1", code)}
	}
	gridID := func(code string) []uuid.UUID { return []uuid.UUID{one("SELECT id FROM grid WHERE code = $1", code)} }
	// seen is what is told of each thing, by a name for it.
	seen := func(actor account.Actor) map[string]string {
		out := map[string]string{}
		for _, community := range []string{c1, c3} {
			a := s.ask(t, actor, fmt.Sprintf(`{ division(code: %q) { code stats { households residents } parent { code stats { households residents } }
				grids(first: 20) { nodes { code stats { households residents } buildings(first: 20) { nodes { code units(first: 9) { nodes { id
					households(first: 50) { totalCount nodes { room number residents use } } } } } } } } } }`, community), nil)
			if a.Errors != nil {
				t.Fatalf("%s", a.Raw)
			}
			var of struct {
				Division struct {
					Code   string
					Stats  json.RawMessage
					Parent struct {
						Code  string
						Stats json.RawMessage
					}
					Grids struct {
						Nodes []struct {
							Code      string
							Stats     json.RawMessage
							Buildings struct {
								Nodes []struct {
									Code  string
									Units struct {
										Nodes []struct {
											ID         string
											Households json.RawMessage
										}
									}
								}
							}
						}
					}
				}
			}
			if err := json.Unmarshal(a.Data, &of); err != nil {
				t.Fatal(err)
			}
			d := of.Division
			out[d.Code], out[d.Parent.Code] = string(d.Stats), string(d.Parent.Stats)
			for _, g := range d.Grids.Nodes {
				out[g.Code] = string(g.Stats)
				for _, b := range g.Buildings.Nodes {
					for _, u := range b.Units.Nodes {
						out[u.ID] = string(u.Households)
					}
				}
			}
		}
		return out
	}
	exact, public := seen(account.TheOperator()), seen(account.Anyone())
	differ := 0
	for what := range exact {
		if exact[what] != public[what] {
			differ++
		}
	}
	if len(exact) < 40 || differ < 30 {
		t.Fatalf("%d things, %d of them are told the public otherwise", len(exact), differ)
	}
	// The grid and community of each thing, by the store.
	lies := map[string]account.Area{}
	rows, err := pool.Query(t.Context(), `SELECT u.district || '-' || replace(u.id::text, '-', ''), u.district, g.community_id, g.id, u.building_id FROM unit u
		LEFT JOIN unit_grid ug ON ug.unit_id = u.id AND ug.during @> now() JOIN building_grid bg ON bg.building_id = u.building_id AND bg.during @> now()
		JOIN grid g ON g.id = coalesce(ug.grid_id, bg.grid_id)
		UNION ALL SELECT g.code, g.district, g.community_id, g.id, '00000000-0000-0000-0000-000000000000' FROM grid g
		UNION ALL SELECT d.code, d.home, d.id, '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000' FROM division d WHERE d.level = 'COMMUNITY'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var what string
		var a account.Area
		if err := rows.Scan(&what, &a.District, &a.Community, &a.Grid, &a.Building); err != nil {
			t.Fatal(err)
		}
		lies[what] = a
	}
	for _, c := range []struct {
		name     string
		reach    account.Reach
		right    account.Right
		at, most int // how many things are told exactly that the public is not told so, at least and at most
		town     bool
	}{
		{"a grid", account.Reach{Grids: gridID(gridCode(c1, 3))}, account.Households, 2, 4, false},
		{"a grid where nobody lives", account.Reach{Grids: gridID(gridCode(c1, 7))}, account.Households, 0, 0, false},
		{"a grid with a unit placed by hand", account.Reach{Grids: gridID(gridCode(c1, 2))}, account.Households, 3, 6, false},
		{"a community", account.Reach{Communities: division(c3)}, account.Households, 10, 30, false},
		{"grids of both", account.Reach{Grids: append(gridID(gridCode(c1, 1)), gridID(gridCode(c3, 1))...)}, account.Households, 4, 10, false},
		{"a building", account.Reach{Buildings: []uuid.UUID{one("SELECT id FROM building WHERE code = $1", gridCode(c1, 1)+"-1")}}, account.Households, 2, 2, false},
		{"a district", account.Reach{Districts: []string{home}}, account.Households, differ, differ, true},
		{"another right", account.Reach{Districts: []string{home}}, account.Arrange, 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			actor := account.Actor{Role: account.Staff, ID: "worker", Scope: account.NewScope(account.Grant{Rights: account.SetOf(c.right), Reach: c.reach})}
			reach, more := actor.Reach(account.Households), 0
			for what, told := range seen(actor) {
				area, known := lies[what]
				within := known && reach.Holds(area) || !known && c.town
				want := public[what]
				if within {
					want = exact[what]
				}
				if told != want {
					t.Errorf("is told of %s %s, want %s; it lies within: %v", what, told, want, within)
				}
				if told != public[what] {
					more++
				}
			}
			if more < c.at || more > c.most {
				t.Errorf("%d things are told otherwise than to the public, want %d to %d", more, c.at, c.most)
			}
		})
	}
}
