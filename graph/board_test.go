package graph_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/testdb"
)

func TestBoards(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	op, anyone := account.TheOperator(), account.Anyone()
	var building key.Key
	if err := pool.QueryRow(t.Context(), "SELECT district, id FROM building WHERE code = $1", gridCode(c1, 3)+"-1").Scan(&building.Home, &building.ID); err != nil {
		t.Fatal(err)
	}
	expect := func(what string, a answer, want string) {
		t.Helper()
		if got := string(a.Data); got != want {
			t.Errorf("%s: answered %s, want %s", what, a.Raw, want)
		}
	}
	const never = `{ boardsNeverPrinted(division: "990102001001", first: 2) { nodes { grid { code worker { name } } building { name } revision printed { revision } changed } pageInfo { hasNextPage } } }`
	firstNever := s.ask(t, op, never, nil)
	expect("never printed", firstNever, fmt.Sprintf(`{"boardsNeverPrinted":{"nodes":[`+
		`{"grid":{"code":%q,"worker":{"name":"欧阳明"}},"building":null,"revision":1,"printed":null,"changed":[]},`+
		`{"grid":{"code":%q,"worker":{"name":"李二"}},"building":null,"revision":1,"printed":null,"changed":[]}],"pageInfo":{"hasNextPage":true}}}`, gridCode(c1, 1), gridCode(c1, 2)))

	var marks struct {
		BoardsNeverPrinted struct{ Nodes []struct{ Mark string } }
	}
	if err := json.Unmarshal(s.ask(t, op, `{ boardsNeverPrinted(division: "990102001001", first: 1) { nodes { mark } } }`, nil).Data, &marks); err != nil {
		t.Fatal(err)
	}
	mark := marks.BoardsNeverPrinted.Nodes[0].Mark
	const record = `mutation ($in: RecordBoardsPrintedInput!) { recordBoardsPrinted(input: $in) { prints { revision on by } } }`
	in := map[string]any{"boards": []any{map[string]any{"grid": gridCode(c1, 1), "mark": mark}, map[string]any{"building": building.String()}}}
	expect("printed", s.ask(t, op, record, map[string]any{"in": in}),
		`{"recordBoardsPrinted":{"prints":[{"revision":1,"on":"2026-03-02","by":"operator"},{"revision":1,"on":"2026-03-02","by":"operator"}]}}`)

	const reprint = `query ($after: String) { boardsToReprint(division: "9901", first: 1, after: $after) { edges { cursor node { grid { code } building { id name } revision printed { revision on by } changed } } pageInfo { hasNextPage } } }`
	expect("all current", s.ask(t, op, reprint, nil), `{"boardsToReprint":{"edges":[],"pageInfo":{"hasNextPage":false}}}`)
	const check = `query ($g: ID, $b: ID, $r: Int!, $m: String) { boardCheck(grid: $g, building: $b, revision: $r, mark: $m) { answer changed revision printedOn } }`
	first := map[string]any{"g": gridCode(c1, 1), "r": 1}
	expect("a board of today", s.ask(t, anyone, check, first), `{"boardCheck":{"answer":"CURRENT","changed":[],"revision":1,"printedOn":"2026-03-02"}}`)

	if a := s.ask(t, op, `mutation ($in: SetDivisionContactsInput!) { setDivisionContacts(input: $in) { division { code } } }`,
		map[string]any{"in": map[string]any{"division": c1, "version": 1, "supervisionPhone": "0555-1"}}); a.Errors != nil {
		t.Fatal(string(a.Raw))
	}
	var page struct {
		BoardsToReprint struct{ Edges []struct{ Cursor string } }
	}
	a := s.ask(t, op, reprint, nil)
	if err := json.Unmarshal(a.Data, &page); err != nil || len(page.BoardsToReprint.Edges) != 1 {
		t.Fatal(string(a.Raw))
	}
	cursor := page.BoardsToReprint.Edges[0].Cursor
	const changed = `"revision":2,"printed":{"revision":1,"on":"2026-03-02","by":"operator"},"changed":["CONTACTS"]}}]`
	expect("the first", a, fmt.Sprintf(`{"boardsToReprint":{"edges":[{"cursor":%q,"node":{"grid":{"code":%q},"building":null,%s,"pageInfo":{"hasNextPage":true}}}`, cursor, gridCode(c1, 1), changed))
	a = s.ask(t, op, reprint, map[string]any{"after": cursor})
	if err := json.Unmarshal(a.Data, &page); err != nil || len(page.BoardsToReprint.Edges) != 1 {
		t.Fatal(string(a.Raw))
	}
	expect("the second", a, fmt.Sprintf(`{"boardsToReprint":{"edges":[{"cursor":%q,"node":{"grid":null,"building":{"id":%q,"name":"1号楼"},%s,"pageInfo":{"hasNextPage":false}}}`,
		page.BoardsToReprint.Edges[0].Cursor, building.String(), changed))
	expect("an old board", s.ask(t, anyone, check, first), `{"boardCheck":{"answer":"OUTDATED","changed":["CONTACTS"],"revision":2,"printedOn":"2026-03-02"}}`)
	expect("by its mark alone", s.ask(t, anyone, check, map[string]any{"g": gridCode(c1, 1), "r": 9, "m": mark}), `{"boardCheck":{"answer":"OUTDATED","changed":["CONTACTS"],"revision":2,"printedOn":null}}`)
	expect("of a building", s.ask(t, anyone, check, map[string]any{"b": building.String(), "r": 2}), `{"boardCheck":{"answer":"UNKNOWN","changed":[],"revision":2,"printedOn":null}}`)

	const takeBack = `mutation ($in: TakeBackBoardsPrintedInput!) { takeBackBoardsPrinted(input: $in) { count } }`
	noted := func(revision int) map[string]any {
		return map[string]any{"in": map[string]any{"boards": []any{map[string]any{"grid": gridCode(c1, 1), "revision": revision}}}}
	}
	for _, c := range []struct {
		name, query string
		actor       account.Actor
		variables   map[string]any
		want        string
	}{
		{"the public notes a print", record, anyone, map[string]any{"in": in}, "FORBIDDEN"},
		{"the public reads what to reprint", reprint, anyone, nil, "FORBIDDEN"},
		{"the public reads what was never printed", never, anyone, nil, "FORBIDDEN"},
		{"what the board said before", record, op, map[string]any{"in": in}, "CONFLICT input boards 0 mark"},
		{"tomorrow", record, op, map[string]any{"in": map[string]any{"on": "2026-03-03", "boards": []any{map[string]any{"grid": c1 + "001"}}}}, "INVALID input on"},
		{"the public takes a print back", takeBack, anyone, noted(1), "FORBIDDEN"},
		{"a print that nobody noted", takeBack, op, noted(2), "CONFLICT input boards 0"},
		{"nothing to take back", takeBack, op, map[string]any{"in": map[string]any{"boards": []any{}}}, "INVALID input boards"},
		{"no division", reprint, op, map[string]any{"after": "x"}, "INVALID after"},
		{"no revision", check, anyone, map[string]any{"g": gridCode(c1, 1), "r": 0}, "INVALID revision"},
		{"no grid", check, anyone, map[string]any{"g": "x", "r": 1}, "NOT_FOUND grid"},
		{"no building", check, anyone, map[string]any{"b": "x", "r": 1}, "NOT_FOUND building"},
		{"nothing", check, anyone, map[string]any{"r": 1}, "INVALID"},
	} {
		a := s.ask(t, c.actor, c.query, c.variables)
		if got := refusedAs(t, a); got != c.want {
			t.Errorf("%s: %s: %s", c.name, got, a.Raw)
		}
	}
	again := map[string]any{"in": map[string]any{"on": "2026-03-01", "boards": []any{map[string]any{"building": building.String()}}}}
	const versions = `mutation ($in: RecordBoardsPrintedInput!) { recordBoardsPrinted(input: $in) { prints { revision version } } }`
	for i := 1; i <= 2; i++ { // its second revision
		expect("noted again", s.ask(t, op, versions, again), fmt.Sprintf(`{"recordBoardsPrinted":{"prints":[{"revision":2,"version":%d}]}}`, i))
	}
	ofBuilding := func(version int) map[string]any {
		return map[string]any{"in": map[string]any{"boards": []any{map[string]any{"building": building.String(), "revision": 2, "version": version}}}}
	}
	if got := refusedAs(t, s.ask(t, op, takeBack, ofBuilding(1))); got != "CONFLICT input boards 0" {
		t.Errorf("what was noted again is taken back: %s", got)
	}
	const houses = `{ boardsNeverPrinted(division: "990102001001", kind: BUILDING, first: 1) { nodes { grid { code } building { code } } } }`
	expect("boards of buildings", s.ask(t, op, houses, nil), fmt.Sprintf(`{"boardsNeverPrinted":{"nodes":[{"grid":null,"building":{"code":%q}}]}}`, gridCode(c1, 1)+"-1"))
	expect("to reprint, of grids", s.ask(t, op, `{ boardsToReprint(division: "9901", kind: GRID) { nodes { building { id } } } }`, nil), `{"boardsToReprint":{"nodes":[{"building":null}]}}`)
	expect("to reprint, of buildings", s.ask(t, op, `{ boardsToReprint(division: "9901", kind: BUILDING) { nodes { building { id } } } }`, nil), `{"boardsToReprint":{"nodes":[]}}`)
	expect("taken back with what was noted again", s.ask(t, op, takeBack, ofBuilding(2)), `{"takeBackBoardsPrinted":{"count":1}}`)
	expect("taken back", s.ask(t, op, takeBack, noted(1)), `{"takeBackBoardsPrinted":{"count":1}}`)
	expect("after it was taken back", s.ask(t, op, never, nil), string(firstNever.Data))
}

// TestWhoArrangesNotesPrints: a post reads the lists of what it arranges altogether, and notes no board beyond, nor any beside it.
func TestWhoArrangesNotesPrints(t *testing.T) {
	const town1 = "990102001"
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	communities := map[string]uuid.UUID{}
	for _, code := range []string{c1, c2} {
		var id uuid.UUID
		if err := pool.QueryRow(t.Context(), "SELECT id FROM division WHERE code = $1", code).Scan(&id); err != nil {
			t.Fatal(err)
		}
		communities[code] = id
	}
	staffOf := func(right account.Right, codes ...string) account.Actor {
		var r account.Reach
		for _, code := range codes {
			r.Communities = append(r.Communities, communities[code])
		}
		return account.Actor{Role: account.Staff, ID: "staff", Scope: account.NewScope(account.Grant{Rights: account.SetOf(right), Reach: r})}
	}
	one, both := staffOf(account.Arrange, c1), staffOf(account.Arrange, c1, c2)
	const never = `query ($d: ID!) { boardsNeverPrinted(division: $d, first: 1) { nodes { revision } } }`
	const record = `mutation ($in: RecordBoardsPrintedInput!) { recordBoardsPrinted(input: $in) { prints { revision } } }`
	const takeBack = `mutation ($in: TakeBackBoardsPrintedInput!) { takeBackBoardsPrinted(input: $in) { count } }`
	boards := func(grids ...string) map[string]any {
		var list []any
		for _, g := range grids {
			list = append(list, map[string]any{"grid": g})
		}
		return map[string]any{"in": map[string]any{"boards": list}}
	}
	noted := func(grids ...string) map[string]any {
		v := boards(grids...)
		for _, b := range v["in"].(map[string]any)["boards"].([]any) {
			b.(map[string]any)["revision"] = 1
		}
		return v
	}
	mine, other := gridCode(c1, 1), gridCode(c2, 1)
	for _, c := range []struct {
		name  string
		actor account.Actor
		query string
		v     map[string]any
		want  string
	}{
		{"its community", one, never, map[string]any{"d": c1}, ""},
		{"the community beside it", one, never, map[string]any{"d": c2}, "NOT_FOUND"},
		{"the town, of which another arranges the rest", one, never, map[string]any{"d": town1}, "NOT_FOUND"},
		{"the town, all of it", both, never, map[string]any{"d": town1}, ""},
		{"one without the right", staffOf(account.Appoint, c1), never, map[string]any{"d": c1}, "FORBIDDEN"},
		{"one that is another's among its own", one, record, boards(mine, other), "NOT_FOUND"},
		{"its own", one, record, boards(mine), ""},
		{"another's", both, record, boards(other), ""},
		{"takes back another's", one, takeBack, noted(mine, other), "NOT_FOUND"},
		{"takes back its own", one, takeBack, noted(mine), ""},
	} {
		if a := s.ask(t, c.actor, c.query, c.v); a.code() != c.want {
			t.Errorf("%s: answered %s, want %q", c.name, a.Raw, c.want)
		}
	}
}
