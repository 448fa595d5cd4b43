package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/graph"
	"wangge/internal/testdb"
)

// bare is the API without a database: for requests that are refused before anything is read.
func bare(t testing.TB) server { return serve(t, &graph.Resolver{}, t.Output()) }

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, strings.ReplaceAll(format, "#", "%[1]d"), i)
		b.WriteByte(' ')
	}
	return b.String()
}

// twice nests a selection that is asked for twice at each level.
func twice(depth int) string {
	if depth == 0 {
		return "{ code }"
	}
	below := twice(depth - 1)
	return "{ children " + below + " children " + below + " }"
}

func TestLimits(t *testing.T) {
	s := bare(t)
	deep := func(n int) string {
		return "{ division(code: \"1\") " + strings.Repeat("{ parent ", n) + "{ code }" + strings.Repeat(" }", n+1)
	}
	chain := func(n int, body string) string { // fragments F0 … Fn, each spreading the next
		b := "{ division(code: \"1\") { ...F0 } }\n"
		for i := range n {
			b += fmt.Sprintf("fragment F%d on Division { %s }\n", i, strings.ReplaceAll(body, "NEXT", fmt.Sprintf("...F%d", i+1)))
		}
		return b + fmt.Sprintf("fragment F%d on Division { code }", n)
	}
	tests := []struct {
		name, query, code, message string
	}{
		{"deeper than 15", deep(14), "LIMITED", "deeper"},
		{"2,000 deep", deep(2000), "LIMITED", "nests"},
		{"50,000 deep", deep(50_000), "LIMITED", "nests"},
		{"2,000 brackets of a list", "{ grids(filter: { codes: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + " }) { totalCount } }", "LIMITED", "nests"},
		{"brackets that never close", strings.Repeat("{a", 5000), "LIMITED", "nests"},
		{"two passwords", `mutation { a: changePassword(input: {oldPassword: "a", password: "b"}) { id } ...F } fragment F on Mutation { b: changePassword(input: {oldPassword: "c", password: "b"}) { id } }`, "LIMITED", "changePassword once"},
		{"30 passwords", "mutation { " + repeat(30, `a#: changePassword(input: {oldPassword: "a#", password: "b"}) { id } `) + "}", "LIMITED", "changePassword once"},
		{"31 aliases in one selection", "{ " + repeat(31, "a#: __typename") + "}", "LIMITED", "30 aliases"},
		{"210 aliases in all", "{ " + repeat(7, "a#: division(code: \"1\") { "+strings.ReplaceAll(repeat(30, "b#: code"), "%", "%%")+"}") + "}", "LIMITED", "200 aliases"},
		{"100 fields of one name", "{ " + strings.Repeat("__typename ", 250) + "nothing }", "INVALID", ""},
		{"310 fields of one name", "{ " + strings.Repeat("__typename ", 310) + "}", "LIMITED", "300 tokens"},
		{"fragments of many fields of one name", "{ " + strings.Repeat("...A ", 100) + "nothing }" + strings.Repeat(" fragment A on Query { "+strings.Repeat("__typename ", 290)+"}", 5), "INVALID", ""},
		{"tokens", "{ ...A }" + strings.Repeat(" fragment A on Query { "+strings.Repeat("__typename ", 250)+"}", 8), "LIMITED", "2000 tokens"},
		{"tokens of arguments", "{ grids(filter: { codes: [" + strings.Repeat("1 ", 160_000) + "] }) { totalCount } }", "LIMITED", "150000 tokens"},
		{"a long document", "{ __typename } #" + strings.Repeat("x", 1<<20), "LIMITED", "bytes"},
		{"selections doubled eight times", "{ division(code: \"1\") " + twice(8) + " nothing }", "INVALID", ""},
		{"fragments that multiply", chain(13, "a: children { NEXT } b: children { NEXT }"), "LIMITED", ""},
		{"fragments that multiply without a list", chain(13, "a: parent { NEXT } b: parent { NEXT }"), "LIMITED", "aliases"},
		{"fragments beside one another", strings.NewReplacer("division(code: \"1\")", "viewer", "Division", "Viewer", "code", "id").Replace(chain(100, "NEXT NEXT NEXT")), "", ""},
		{"fragments in a circle", "{ division(code: \"1\") { ...A } } fragment A on Division { ...B } fragment B on Division { ...A }", "INVALID", ""},
		{"dear lists", `{ division(code: "1") { grids(first: 200) { nodes { neighbours { grid { neighbours { grid { neighbours { grid { buildings(first: 200) { nodes { id name } } } } } } } } } } } }`, "LIMITED", "cost"},
		{"what nobody covers, many times", "{ " + repeat(30, "a#: division(code: \"1\") { uncovered }") + "}", "LIMITED", "cost"},
		{"grids with problems beneath all divisions", "{ " + repeat(30, "a#: division(code: \"1\") { children { grids(filter: { hasProblem: GAP }) { totalCount } } }") + "}", "LIMITED", "cost"},
		{"reports beneath all divisions, many times", "{ " + repeat(30, "a#: division(code: \"1\") { children { children { children { coverage { gapM2 } problems { totalCount } } } } }") + "}", "LIMITED", "cost"},
		{"a list of two billion", `{ grids(first: 2000000000) { nodes { code buildings(first: 2000000000) { nodes { name } } } } }`, "LIMITED", "cost"},
		{"the same root field many times", "{ " + strings.ReplaceAll(repeat(30, "a#: grids(first: 200) { nodes { boundary buildings(first: 200) { nodes { id name } } } }"), "%", "%%") + "}", "LIMITED", "cost"},
		{"introspection that goes round", "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", "INVALID", ""},
		{"a number that is none", "{ gridAt(point: { lng: 1e400, lat: 1, crs: WGS84 }) { rule } }", "INVALID", "1e400"},
		{"a whole number that is none", "{ grids(first: 99999999999999999999) { totalCount } }", "INVALID", "out of range"},
		{"a whole number beyond 32 bits", "{ grids(first: 3000000000) { totalCount } }", "INVALID", "whole number"},
		{"introspection with many aliases", "{ __schema { types { " + repeat(6, "a#: fields { type { fields { "+strings.ReplaceAll(repeat(29, "b#: name"), "%", "%%")+"} } }") + "} } }", "LIMITED", "cost"},
		{"communities' boundaries many times", "{ " + repeat(30, "a#: division(code: \"1\") { children { children { children { boundary } } } }") + "}", "LIMITED", "cost"},
		{"no suggestions", "{ gridd }", "INVALID", "Cannot query field \"gridd\" on type \"Query\"."},
		{"no document", "#", "INVALID", ""},
		{"half a document", "{", "INVALID", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			a := s.ask(t, account.Anyone(), test.query, nil)
			if took := time.Since(start); took > time.Second {
				t.Errorf("it took %v", took)
			}
			if a.code() != test.code || test.code != "" && !strings.Contains(a.Errors[0].Message, test.message) {
				t.Errorf("answered %.400s, want %s … %s", a.Raw, test.code, test.message)
			}
			if test.name == "no suggestions" && a.Errors[0].Message != test.message {
				t.Errorf("said %q", a.Errors[0].Message)
			}
		})
	}
}

// What must pass: see the constants in limits.go.
func TestWithinLimits(t *testing.T) {
	s := newTown(t)
	point := map[string]any{"lng": 120.1005, "lat": 31.2005, "crs": "WGS84"}
	points := func(n int) map[string]any {
		list := make([]any, n)
		for i := range list {
			list[i] = point
		}
		return map[string]any{"p": list}
	}
	spoken := func(n int, address string) map[string]any {
		list := make([]any, n)
		for i := range list {
			list[i] = map[string]any{"lng": 120.1005, "lat": 31.2005, "crs": "WGS84", "address": address}
		}
		return map[string]any{"p": list}
	}
	addressed := func(n int) map[string]any { return spoken(n, "河东苑") }
	const many = "query ($p: [PointInput!]!) { gridsAt(points: $p) { %s } }"
	asking := func(what string) string { return fmt.Sprintf(many, what) }
	const threeTimes = `query ($p: [PointInput!]!) {
		a: gridsAt(points: $p) { rule } b: gridsAt(points: $p) { rule } c: gridsAt(points: $p) { rule } }`
	const worker = "rule needsConfirmation grid { code name worker { name workPhone } }"
	tests := []struct {
		name, query, code string
		variables         any
	}{
		{"four levels of a community", `{ division(code: "990102001") { name grids(first: 200) { nodes { code name kind areaM2 boundary
			buildings(first: 200) { nodes { id name address floors location estate { id name managedBy }
			units(first: 50) { totalCount edges { cursor node { id name } } } } } } } } }`, "", nil},
		{"five levels of a community, without households", fiveLevels, "", map[string]any{"code": "990102001"}},
		{"the boundaries of units' grids", `{ grids(first: 200) { nodes { buildings(first: 200) { nodes { units(first: 50) { nodes { grid { boundary } } } } } } } }`, "LIMITED", nil},
		{"boundaries of a page", `{ grids(first: 200) { nodes { code boundary } } }`, "", nil},
		{"boundaries of all communities", `{ rootDivisions { children { children { children { name boundary } } } } }`, "", nil},
		{"the introspection that tools send", introspection, "", nil},
		{"10,000 points", asking(worker), "", points(10_000)},
		{"10,001 points", asking(worker), "INVALID", points(10_001)},
		{"5,000 points and their candidates", asking(worker + " candidates { probability distanceM grid { code name } }"), "", points(5_000)},
		{"10,000 points and their candidates", asking("candidates { probability distanceM grid { code name } }"), "LIMITED", points(10_000)},
		{"70 points and their candidates' boundaries", asking("candidates { grid { boundary } }"), "", points(70)},
		{"100 points and their candidates' boundaries", asking("candidates { grid { boundary } }"), "LIMITED", points(100)},
		{"10,000 points and boundaries", asking("grid { boundary }"), "LIMITED", points(10_000)},
		{"10,000 points and divisions' boundaries", asking("division { boundary }"), "LIMITED", points(10_000)},
		{"10,000 points and their buildings", asking("grid { buildings(first: 200) { nodes { name } } }"), "LIMITED", points(10_000)},
		{"200 points with addresses", asking("rule"), "", addressed(200)},
		{"three times 190 points with addresses", threeTimes, "", addressed(190)},
		{"three times 200 points with addresses", threeTimes, "LIMITED", addressed(200)},
		{"three times 400 points with blank ones", threeTimes, "", spoken(400, " ")},
		{"15 deep", "{ division(code: \"990102001001\") " + strings.Repeat("{ parent ", 13) + "{ code }" + strings.Repeat(" }", 14), "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			a := s.ask(t, account.Anyone(), test.query, test.variables)
			t.Logf("%v, %d bytes", time.Since(start), len(a.Raw))
			if a.code() != test.code {
				t.Errorf("answered %.400s, want code %q", a.Raw, test.code)
			}
		})
	}
	t.Run("1,000 points written out", func(t *testing.T) {
		query := "{ gridsAt(points: [" + strings.Repeat("{ lng: 120.1005, lat: 31.2005, crs: WGS84 } ", 1000) + "]) { grid { code } } }"
		a := s.ask(t, account.Anyone(), query, nil)
		var data struct{ GridsAt []json.RawMessage }
		if err := json.Unmarshal(a.Data, &data); err != nil || len(data.GridsAt) != 1000 {
			t.Errorf("answered %.400s", a.Raw)
		}
	})
}

// TestWhatStaffMayAsk: more than the public and less than the operator, as it is set; households, which they are told of, are counted.
func TestWhatStaffMayAsk(t *testing.T) {
	usual := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t, t.Output())}))}
	more := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t, t.Output()), StaffCost: 3_000_000}))}
	public, worker, op := account.Anyone(), account.Actor{Role: account.Staff, ID: "staff"}, account.TheOperator()
	grids := func(n int, below string) string {
		return fmt.Sprintf(`{ division(code: "1") { grids(first: %d) { nodes { code buildings(first: 200) { nodes { id units(first: 50) { nodes { id name %s } } } } } } } }`, n, below)
	}
	households := "households(first: 100) { nodes { number room use residents } }"
	for _, c := range []struct {
		name  string
		at    server
		actor account.Actor
		query string
		ok    bool
	}{
		{"no households, which cost the public nothing", usual, public, grids(200, households), true},
		{"households of 100 grids", usual, worker, grids(100, households), true},
		{"of 200", usual, worker, grids(200, households), false},
		{"of 200, where it is set", more, worker, grids(200, households), true},
		{"of 300, where it is set", more, worker, grids(300, households), false},
		{"of 200, as operator", usual, op, grids(200, households), true},
	} {
		a := c.at.ask(t, c.actor, c.query, nil)
		if dear := a.code() == "LIMITED" && strings.Contains(string(a.Raw), "cost"); dear == c.ok {
			t.Errorf("%s: answered %.300s", c.name, a.Raw)
		}
	}
	pages := serve(t, town(t, testdb.New(t)), t.Output())
	for _, c := range []struct {
		actor account.Actor
		most  int
	}{{public, 200}, {worker, 500}, {op, 1000}} {
		for first, want := range map[int]string{c.most: "", c.most + 1: "INVALID"} {
			if a := pages.ask(t, c.actor, fmt.Sprintf("{ grids(first: %d) { nodes { code } } }", first), nil); a.code() != want {
				t.Errorf("%s asks for %d: %s", c.actor.Role, first, a.Raw)
			}
		}
	}
}

// introspection is getIntrospectionQuery() of graphql-js 16 with all its options.
const introspection = `query IntrospectionQuery { __schema { description queryType { name } mutationType { name } subscriptionType { name }
  types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

// TestNoNameIsGuessed: what was mistyped is named, and nothing that the schema has besides.
func TestNoNameIsGuessed(t *testing.T) {
	s := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{}))}
	for _, query := range []string{
		"{ gridd }", `{ grid(cod: "1") { code } }`, `{ grid(code: "1") }`, "{ ... on Queryy { viewer { id } } }", "query ($x: GridFilterr) { viewer { id } }",
		"{ grids(orderBy: COD) { nodes { code } } }", `{ grids(orderBy: "CODE") { nodes { code } } }`, "{ grids(filter: {kindd: [COMPREHENSIVE]}) { nodes { code } } }",
		"{ grids(filter: {kinds: [COMPREHENSIV]}) { nodes { code } } }", "{ viewer { id @skipp(if: true) } }", "{ viewer { id @skip(iff: true) } }", "{ ...frag } fragment fragg on Query { viewer { id } }",
		`mutation { updateWorker(input: {idd: "x", version: 1}) { version } }`, "{ viewer }",
	} {
		if a := s.ask(t, account.Anyone(), query, nil); a.code() != "INVALID" || strings.Contains(string(a.Raw), "Did you mean") {
			t.Errorf("%s: %s", query, a.Raw)
		}
	}
	for _, variables := range []map[string]any{{"f": map[string]any{"kindd": 1}}, {"f": map[string]any{"kinds": []string{"COMPREHENSIV"}}}} {
		if a := s.ask(t, account.Anyone(), "query ($f: GridFilter) { grids(filter: $f) { nodes { code } } }", variables); a.code() != "INVALID" || strings.Contains(string(a.Raw), "Did you mean") {
			t.Errorf("%v: %s", variables, a.Raw)
		}
	}
}
