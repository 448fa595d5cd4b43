package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/graph"
	"wangge/internal/testdb"
)

var (
	auditor = account.Actor{Role: account.Auditor, ID: "auditor-1"}
	guards  = account.Actor{Role: account.Security, ID: "security-1"}
	worker  = account.Actor{Role: account.Staff, ID: "staff-1", Scope: account.NewScope(account.Grant{Rights: ^account.Set(0), Reach: account.Reach{Districts: []string{"d0000"}}})}
)

// TestEveryRootFieldSaysWhoMayAsk: and each mutation what the audit notes of it.
func TestEveryRootFieldSaysWhoMayAsk(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	seen := 0
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			seen++
			auth := f.Directives.ForName("auth")
			if auth == nil || len(auth.Arguments.ForName("roles").Value.Children) == 0 {
				t.Errorf("%s.%s does not say by @auth who may ask", root.Name, f.Name)
			}
			noted := f.Directives.ForName("audit")
			if root != schema.Mutation {
				continue
			}
			if noted == nil {
				t.Errorf("%s.%s does not say by @audit what is noted", root.Name, f.Name)
				continue
			}
			if strings.Contains(fmt.Sprint(auth.Arguments.ForName("roles").Value), "PUBLIC") {
				t.Errorf("%s.%s is for anyone", root.Name, f.Name)
			}
			if id := noted.Arguments.ForName("id"); id != nil {
				input := schema.Types[f.Arguments.ForName("input").Type.Name()]
				if of := input.Fields.ForName(id.Value.Raw); of == nil || of.Type.Name() != "ID" {
					t.Errorf("%s has no id %s", input.Name, id.Value.Raw)
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d root fields", seen)
	}
}

// TestRootFieldsAreForTheRolesThatTheyName: each field is asked for as each role, with nothing behind it, so that what is let through panics.
func TestRootFieldsAreForTheRolesThatTheyName(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	s := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t, t.Output())}))}
	asked := 0
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			roles := fmt.Sprint(f.Directives.ForName("auth").Arguments.ForName("roles").Value)
			for _, a := range []account.Actor{account.Anyone(), worker, account.TheOperator(), guards, auditor} {
				asked++
				may := strings.Contains(roles, "PUBLIC") || strings.Contains(roles, strings.ToUpper(string(a.Role)))
				query, variables := callOf(schema, root, f)
				got := s.ask(t, a, query, variables)
				if refused := got.code() == "FORBIDDEN"; refused == may {
					t.Errorf("%s as %s: %s", f.Name, a.Role, got.Raw)
				}
			}
		}
	}
	t.Logf("%d cases", asked)
}

// callOf asks for a field with the least that its arguments need.
func callOf(schema *ast.Schema, root *ast.Definition, f *ast.FieldDefinition) (string, map[string]any) {
	variables, declared, given := map[string]any{}, []string{}, []string{}
	for _, a := range f.Arguments {
		if a.Type.NonNull {
			declared = append(declared, "$"+a.Name+": "+a.Type.String())
			given = append(given, a.Name+": $"+a.Name)
			variables[a.Name] = leastOf(schema, a.Type)
		}
	}
	in, with := "", ""
	if len(given) > 0 {
		in, with = "("+strings.Join(declared, ", ")+")", "("+strings.Join(given, ", ")+")"
	}
	below := ""
	if schema.Types[f.Type.Name()].Kind == ast.Object {
		below = " { __typename }"
	}
	return strings.ToLower(root.Name) + in + " { " + f.Name + with + below + " }", variables
}

func leastOf(schema *ast.Schema, t *ast.Type) any {
	if t.Elem != nil {
		return []any{}
	}
	of := schema.Types[t.NamedType]
	switch of.Kind {
	case ast.InputObject:
		fields := map[string]any{}
		for _, f := range of.Fields {
			if f.Type.NonNull {
				fields[f.Name] = leastOf(schema, f.Type)
			}
		}
		return fields
	case ast.Enum:
		return of.EnumValues[0].Name
	}
	switch t.NamedType {
	case "Int", "Float":
		return 1
	case "Boolean":
		return true
	case "Date":
		return "2026-03-01"
	case "DateTime":
		return "2026-03-01T08:00:00Z"
	}
	return "x"
}

// TestMutationsAreNoted: what is done with its change and the thing, what is refused with its code, and no value of either.
func TestMutationsAreNoted(t *testing.T) {
	r := town(t, testdb.New(t))
	s := server{must(graph.NewHandler(r, graph.Options{Log: logger(t, t.Output()), Origin: func(*http.Request) audit.Origin { return audit.Origin{From: netip.MustParseAddr("203.0.113.77")} }}))}
	op, third := account.TheOperator(), gridCode(c1, 3)
	const create = `mutation ($in: CreateWorkerInput!) { createWorker(input: $in) { worker { id } } }`
	in := func(name string) map[string]any {
		return map[string]any{"in": map[string]any{"name": name, "workPhone": "0555-7654321", "area": map[string]any{"kind": "GRID", "name": third}}}
	}
	var made struct {
		CreateWorker struct{ Worker struct{ ID string } }
	}
	if a := s.ask(t, op, create, in("欧阳甲")); a.Errors != nil || json.Unmarshal(a.Data, &made) != nil {
		t.Fatalf("%s", a.Raw)
	}
	id := made.CreateWorker.Worker.ID
	s.ask(t, op, `mutation ($in: UpdateWorkerInput!) { updateWorker(input: $in) { version } }`, map[string]any{"in": map[string]any{"id": id, "version": 77, "name": "欧阳乙"}})
	s.ask(t, op, `mutation ($in: RecodeGridInput!) { recodeGrid(input: $in) { grid { code } } }`, map[string]any{"in": map[string]any{"code": "13800138000", "newCode": "x-1", "version": 1}})
	s.ask(t, account.Anyone(), create, in("欧阳丙"))
	s.ask(t, auditor, create, in("欧阳丁"))

	got := s.ask(t, auditor, `{ audit(first: 10) { nodes { chain number at actor actorLogin role action kind object result change network hash } edges { cursor node { number } } pageInfo { hasNextPage endCursor } } }`, nil)
	var list struct {
		Audit struct {
			Nodes []struct {
				Chain, At, Actor, Role, Action, Result, Hash string
				Number                                       int
				Kind, Object, Network                        *string
				Change                                       *int
			}
			PageInfo struct{ HasNextPage bool }
		}
	}
	if got.Errors != nil || json.Unmarshal(got.Data, &list) != nil || list.Audit.PageInfo.HasNextPage {
		t.Fatalf("%s", got.Raw)
	}
	or := func(p *string) string {
		if p == nil {
			return "-"
		}
		return strings.ReplaceAll(*p, id, "WORKER")
	}
	var lines []string
	for _, n := range slices.Backward(list.Audit.Nodes) {
		lines = append(lines, fmt.Sprint(n.Role, " ", n.Action, " ", or(n.Kind), " ", or(n.Object), " ", n.Result, " ", n.Change != nil, " ", or(n.Network)))
	}
	slices.Sort(lines) // they are of one instant
	want := []string{
		"auditor CREATE_WORKER WORKER - FORBIDDEN false 203.0.113.0/24",
		"auditor READ_AUDIT - - OK false 203.0.113.0/24",
		"operator CREATE_WORKER WORKER WORKER OK true 203.0.113.0/24",
		"operator RECODE_GRID GRID - NOT_FOUND false 203.0.113.0/24",
		"operator UPDATE_WORKER WORKER WORKER CONFLICT false 203.0.113.0/24",
		"public CREATE_WORKER WORKER - FORBIDDEN false -",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("noted are\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	for _, value := range []string{"欧阳", "7654321", "13800138000"} {
		if strings.Contains(string(got.Raw), value) {
			t.Errorf("the audit holds %s", value)
		}
	}
	if _, err := r.Audit.Verify(t.Context(), auditor, nil, nil); err != nil {
		t.Error(err)
	}

	// Strangers fill nothing.
	for range 100 {
		s.ask(t, account.Anyone(), create, in("欧阳丙"))
	}
	n := 0
	if _, err := r.Audit.Verify(t.Context(), auditor, nil, func() { n++ }); err != nil || n > 70 {
		t.Errorf("%d entries after 100 refusals of strangers, %v", n, err)
	}
}

// TestTheAuditIsListedPageByPage: by what is asked for, the newest first.
func TestTheAuditIsListedPageByPage(t *testing.T) {
	r := town(t, testdb.New(t))
	s := serve(t, r, t.Output())
	for i := range 7 {
		if err := r.Audit.Record(t.Context(), account.TheOperator(), audit.Entry{Action: "TRY_IT", Object: audit.Object{Kind: "GRID", ID: fmt.Sprint("g", i)}}); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	var after *string
	for range 5 {
		a := s.ask(t, auditor, `query ($after: String) { audit(filter: {action: "TRY_IT", kind: "GRID"}, first: 3, after: $after) { nodes { object } pageInfo { hasNextPage endCursor } } }`, map[string]any{"after": after})
		var data struct {
			Audit struct {
				Nodes    []struct{ Object string }
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		if a.Errors != nil || json.Unmarshal(a.Data, &data) != nil {
			t.Fatalf("%s", a.Raw)
		}
		for _, n := range data.Audit.Nodes {
			found = append(found, n.Object)
		}
		if after = data.Audit.PageInfo.EndCursor; !data.Audit.PageInfo.HasNextPage {
			break
		}
	}
	if want := []string{"g6", "g5", "g4", "g3", "g2", "g1", "g0"}; !slices.Equal(found, want) {
		t.Errorf("found %v", found)
	}
	for _, action := range []audit.Action{"REVEAL_RESIDENT_PHONE", "UPDATE_RESIDENT", "SEARCH_RESIDENT"} {
		if err := r.Audit.Record(t.Context(), account.TheOperator(), audit.Entry{Action: action}); err != nil {
			t.Fatal(err)
		}
	}
	for deeds, want := range map[string]string{
		"READ_PERSONAL":   `{"audit":{"nodes":[{"action":"SEARCH_RESIDENT"},{"action":"REVEAL_RESIDENT_PHONE"}]}}`,
		"CHANGE_PERSONAL": `{"audit":{"nodes":[{"action":"UPDATE_RESIDENT"}]}}`,
	} {
		if a := s.ask(t, auditor, `{ audit(filter: {deeds: `+deeds+`}) { nodes { action } } }`, nil); string(a.Data) != want {
			t.Errorf("%s: %s", deeds, a.Raw)
		}
	}
	if a := s.ask(t, account.TheOperator(), `{ audit { nodes { object } } }`, nil); a.code() != "FORBIDDEN" || strings.Contains(string(a.Raw), "operator") {
		t.Errorf("%s", a.Raw)
	}
	if a := s.ask(t, auditor, `{ audit(after: "x") { nodes { object } } }`, nil); a.code() != "INVALID" {
		t.Errorf("%s", a.Raw)
	}
}
