package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/internal/testdb"
)

// TestCoverage makes two grids smaller than they were: what was theirs is a gap, with a building in it.
func TestCoverage(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	run(t, pool, "UPDATE unit_people SET households = households + 50")
	s := serve(t, r, t.Output())
	public, op := account.Anyone(), account.TheOperator()
	into := func(a answer, v any) {
		t.Helper()
		if a.Errors != nil {
			t.Fatalf("answered %s", a.Raw)
		}
		if err := json.Unmarshal(a.Data, v); err != nil {
			t.Fatal(err)
		}
	}
	var before struct {
		Coverage struct {
			Seamless    bool
			DataVersion string
		}
	}
	const version = `{ coverage(division: "990102001001") { seamless dataVersion } }`
	if into(s.ask(t, public, version, nil), &before); !before.Coverage.Seamless {
		t.Fatalf("at first %+v", before)
	}

	var rows []grid.Row
	for _, n := range []int{1, 3} {
		code := gridCode(c1, n)
		rows = append(rows, grid.Row{Row: place.Row{Source: code, Code: code, Geometry: square(west+step*float64(n-1), south, 0.0005)}, Community: c1})
	}
	if _, err := r.Grids.Import(t.Context(), op, rowsOf(rows), grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: &ids{n: 1 << 40}}}); err != nil {
		t.Fatal(err)
	}

	type problem struct {
		ID, Kind   string
		AreaM2     float64
		Buildings  int
		Households *int
		Geometry   struct{ Type string }
		Grids      []struct{ Code string }
		Fixes      []struct {
			Action, Text string
			Grid         struct{ Code string }
		}
	}
	type answered struct {
		Coverage struct {
			GapM2, AreaM2, CoveredM2 float64
			Seamless                 bool
			DataVersion              string
			Problems                 struct {
				TotalCount int
				Edges      []struct {
					Cursor string
					Node   problem
				}
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
	}
	const ask = `query ($after: String) { coverage(division: "990102001001") { gapM2 areaM2 coveredM2 seamless dataVersion problems(kinds: [GAP], first: 1, after: $after) {
		totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id kind areaM2 buildings households geometry(crs: GCJ02) grids { code } fixes { action text grid { code } } } } } } }`
	var data, next, mended answered
	into(s.ask(t, op, ask, nil), &data)
	if p := data.Coverage.Problems.Edges[0].Node; p.Households == nil || *p.Households < 10 {
		t.Errorf("an operator is told %+v", p)
	}
	data = answered{}
	into(s.ask(t, public, ask, nil), &data)
	if p := data.Coverage.Problems.Edges[0].Node; p.Households != nil {
		t.Errorf("the public is told of %d households", *p.Households)
	}
	c := data.Coverage
	if c.Seamless || c.DataVersion == before.Coverage.DataVersion || c.GapM2 < 15_000 || c.CoveredM2+c.GapM2-c.AreaM2 > 1e-6*c.AreaM2 || c.AreaM2-c.CoveredM2-c.GapM2 > 1e-6*c.AreaM2 {
		t.Errorf("with gaps %+v", c)
	}
	if c.Problems.TotalCount != 2 || !c.Problems.PageInfo.HasNextPage || len(c.Problems.Edges) != 1 {
		t.Fatalf("problems %+v", c.Problems)
	}
	first := c.Problems.Edges[0].Node
	if first.Kind != "GAP" || first.Geometry.Type == "" || len(first.Grids) == 0 || len(first.Fixes) == 0 || first.Fixes[0].Action != "ADD_TO_GRID" ||
		!strings.HasPrefix(first.Fixes[0].Text, "Add the ") || first.Fixes[0].Grid.Code == "" {
		t.Errorf("the first %+v", first)
	}
	into(s.ask(t, public, ask, map[string]any{"after": c.Problems.PageInfo.EndCursor}), &next)
	second := next.Coverage.Problems.Edges[0].Node
	if second.ID == first.ID || second.AreaM2 > first.AreaM2 || next.Coverage.Problems.PageInfo.HasNextPage {
		t.Errorf("the next page %+v", next.Coverage.Problems)
	}
	body, err := json.Marshal(map[string]any{"query": ask})
	if err != nil {
		t.Fatal(err)
	}
	if zh := s.send(t, public, "?lang=zh", body); !strings.Contains(string(zh.Raw), "平方米划入") {
		t.Errorf("in Chinese %s", zh.Raw)
	}
	var with struct {
		Grids struct{ Nodes []struct{ Code string } }
	}
	into(s.ask(t, public, `{ grids(filter: { hasProblem: GAP, divisions: ["990102001001"] }) { nodes { code } } }`, nil), &with)
	beside := map[string]bool{}
	for _, p := range []problem{first, second} {
		for _, g := range p.Grids {
			beside[g.Code] = true
		}
	}
	if len(with.Grids.Nodes) != len(beside) || len(beside) < 2 {
		t.Errorf("grids with a gap %+v, beside the gaps %v", with.Grids.Nodes, beside)
	}

	const apply = `mutation ($in: ApplyFixInput!) { applyFix(input: $in) { grids { code name } } }`
	in := func(id string, fix int, version string) map[string]any {
		return map[string]any{"in": map[string]any{"problem": id, "fix": fix, "dataVersion": version}}
	}
	for _, test := range []struct {
		name        string
		actor       account.Actor
		in          map[string]any
		code, field string
	}{
		{"the public", public, in(first.ID, 0, c.DataVersion), "FORBIDDEN", "[]"},
		{"no id", op, in("x", 0, c.DataVersion), "NOT_FOUND", "[input problem]"},
		{"no such fix", op, in(first.ID, 99, c.DataVersion), "INVALID", "[input fix]"},
		{"made up", op, in(first.ID, 0, "9223372036854775807-x"), "CONFLICT", "[input dataVersion]"},
		{"from before the gap", op, in(first.ID, 0, before.Coverage.DataVersion), "CONFLICT", "[input dataVersion]"},
	} {
		if a := s.ask(t, test.actor, apply, test.in); a.code() != test.code || fmt.Sprint(a.Errors[0].Extensions.Field) != test.field {
			t.Errorf("%s: %s", test.name, a.Raw)
		}
	}
	var moved struct {
		ApplyFix struct{ Grids []struct{ Code string } }
	}
	into(s.ask(t, op, apply, in(first.ID, 0, c.DataVersion)), &moved)
	if got := moved.ApplyFix.Grids; len(got) != 1 || got[0].Code != first.Fixes[0].Grid.Code {
		t.Errorf("moved %+v", got)
	}
	into(s.ask(t, public, ask, nil), &mended)
	if p := mended.Coverage.Problems; p.TotalCount != 1 || p.Edges[0].Node.ID != second.ID {
		t.Errorf("after the fix %+v", p)
	}
}
