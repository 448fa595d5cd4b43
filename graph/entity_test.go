package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/graph"
	"wangge/internal/testdb"
)

// withEntities adds five shops, one in each of the first buildings of the first five grids, and the last one outside of any.
func withEntities(t *testing.T, r *graph.Resolver) {
	t.Helper()
	var list []place.EntityRow
	for n := range 5 {
		at := geom.NewPointFlat(geom.XY, []float64{west + step*float64(n) + 0.0003, south + 0.0004}).SetSRID(4490)
		if n == 4 {
			at = geom.NewPointFlat(geom.XY, []float64{west + step*float64(n) + 0.0009, south + 0.0009}).SetSRID(4490)
		}
		employees, members := n, 3
		code := fmt.Sprint("shop-", n)
		list = append(list, place.EntityRow{Row: place.Row{Source: code, Code: code, Name: fmt.Sprintf("第%d商店", n), Geometry: at},
			CreditCode: "91350100M000100Y43", Category: "shop", Address: "晴川路1号", Employees: &employees, PartyOrganisation: "第一支部", PartyMembers: &members})
	}
	report, err := r.Places.ImportEntities(t.Context(), account.TheOperator(), rowsOf(list), place.ImportOptions{IDs: &ids{home: 90, n: 900}})
	if err != nil || report.Added != 5 {
		t.Fatalf("%+v, %v", report, err)
	}
}

func TestLegalEntities(t *testing.T) {
	r := town(t, testdb.New(t))
	withEntities(t, r)
	s := serve(t, r, t.Output())
	const fields = `{ name category address code creditCode employees partyOrganisation partyMembers location building { name } }`
	for _, c := range []struct {
		name, query, want string
		actor             account.Actor
	}{
		{"what the public sees", `{ division(code: "` + c1 + `") { legalEntities(first: 1) { totalCount nodes ` + fields + ` pageInfo { hasNextPage } } } }`,
			`{"division":{"legalEntities":{"totalCount":5,"nodes":[{"name":"第0商店","category":"shop","address":"晴川路1号","code":null,"creditCode":null,"employees":null,"partyOrganisation":null,"partyMembers":null,"location":{"type":"Point","coordinates":[120.1003,31.2004]},"building":{"name":"1号楼"}}],"pageInfo":{"hasNextPage":true}}}}`, account.Anyone()},
		{"what an operator sees", `{ division(code: "` + c1 + `") { legalEntities(first: 1) { nodes { code creditCode employees partyOrganisation partyMembers } } } }`,
			`{"division":{"legalEntities":{"nodes":[{"code":"shop-0","creditCode":"91350100M000100Y43","employees":0,"partyOrganisation":"第一支部","partyMembers":3}]}}}`, account.TheOperator()},
		{"of the divisions above and beside", `{ up: division(code: "9901") { legalEntities { totalCount nodes { name } } } beside: division(code: "` + c2 + `") { legalEntities { totalCount nodes { name } } } }`,
			`{"up":{"legalEntities":{"totalCount":5,"nodes":[{"name":"第0商店"},{"name":"第1商店"},{"name":"第2商店"},{"name":"第3商店"},{"name":"第4商店"}]}},"beside":{"legalEntities":{"totalCount":0,"nodes":[]}}}`, account.Anyone()},
		{"of buildings", `{ grid(code: "` + gridCode(c1, 2) + `") { buildings { nodes { name legalEntities { totalCount edges { node { name } } } } } } }`,
			`{"grid":{"buildings":{"nodes":[{"name":"1号楼","legalEntities":{"totalCount":1,"edges":[{"node":{"name":"第1商店"}}]}},{"name":"2号楼","legalEntities":{"totalCount":0,"edges":[]}}]}}}`, account.Anyone()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := s.ask(t, c.actor, c.query, nil); a.Errors != nil || string(a.Data) != c.want {
				t.Errorf("%s", a.Raw)
			}
		})
	}
	// Page by page, each once.
	var names []string
	for after := (*string)(nil); ; {
		var data struct {
			Division struct {
				LegalEntities struct {
					Nodes    []struct{ Name string }
					PageInfo struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
		}
		a := s.ask(t, account.Anyone(), `query ($a: String) { division(code: "990102") { legalEntities(first: 2, after: $a) { nodes { name } pageInfo { hasNextPage endCursor } } } }`, map[string]any{"a": after})
		if err := json.Unmarshal(a.Data, &data); err != nil || a.Errors != nil {
			t.Fatalf("%v %s", err, a.Raw)
		}
		for _, n := range data.Division.LegalEntities.Nodes {
			names = append(names, n.Name)
		}
		if !data.Division.LegalEntities.PageInfo.HasNextPage {
			break
		}
		after = data.Division.LegalEntities.PageInfo.EndCursor
	}
	if got := strings.Join(names, " "); got != "第0商店 第1商店 第2商店 第3商店 第4商店" {
		t.Errorf("pages hold %s", got)
	}
}

func TestExternalRefs(t *testing.T) {
	r := town(t, testdb.New(t))
	withEntities(t, r)
	s := serve(t, r, t.Output())
	op := account.TheOperator()
	var seen struct {
		Division struct {
			ID            string
			LegalEntities struct{ Nodes []struct{ ID string } }
			Grids         struct {
				Nodes []struct {
					ID        string
					Worker    *struct{ ID string }
					Buildings struct {
						Nodes []struct {
							ID     string
							Estate struct{ ID string }
						}
					}
				}
			}
		}
	}
	a := s.ask(t, op, `{ division(code: "`+c1+`") { id legalEntities(first: 1) { nodes { id } } grids(first: 2) { nodes { id worker { id } buildings { nodes { id estate { id } } } } } } }`, nil)
	if err := json.Unmarshal(a.Data, &seen); err != nil || a.Errors != nil {
		t.Fatalf("%v %s", err, a.Raw)
	}
	g := seen.Division.Grids.Nodes
	set := func(actor account.Actor, id, system string, code any) answer {
		return s.ask(t, actor, `mutation ($in: SetExternalRefInput!) { setExternalRef(input: $in) { owner { kind id } externalRefs { system code } } }`,
			map[string]any{"in": map[string]any{"id": id, "system": system, "code": code}})
	}
	for kind, id := range map[string]string{"DIVISION": seen.Division.ID, "GRID": g[0].ID, "BUILDING": g[0].Buildings.Nodes[0].ID,
		"ESTATE": g[0].Buildings.Nodes[0].Estate.ID, "LEGAL_ENTITY": seen.Division.LegalEntities.Nodes[0].ID, "WORKER": g[0].Worker.ID} {
		want := `{"setExternalRef":{"owner":{"kind":"` + kind + `","id":"` + id + `"},"externalRefs":[{"system":"police","code":"P-1"}]}}`
		for range 2 { // set again it is the same
			if a := set(op, id, "police", "P-1"); string(a.Data) != want {
				t.Errorf("%s: %s", kind, a.Raw)
			}
		}
	}
	for _, c := range []struct {
		name string
		got  answer
		code string
	}{
		{"by the public", set(account.Anyone(), g[0].ID, "police", "P-2"), "FORBIDDEN"},
		{"another grid's number", set(op, g[1].ID, "police", "P-1"), "CONFLICT"},
		{"of nothing", set(op, "home1-00000000000000000000000000009999", "police", "P-2"), "NOT_FOUND"},
		{"of no id", set(op, "grid", "police", "P-2"), "NOT_FOUND"},
		{"of no system", set(op, g[0].ID, "警方", "P-2"), "INVALID"},
		{"a number of blanks", set(op, g[0].ID, "police", "  "), "INVALID"},
		{"asked by the public", s.ask(t, account.Anyone(), `{ byExternalRef(system: "police", code: "P-1") { id } }`, nil), "FORBIDDEN"},
	} {
		if c.got.code() != c.code {
			t.Errorf("%s: %s", c.name, c.got.Raw)
		}
	}
	a = s.ask(t, op, `{ byExternalRef(system: "police", code: "P-1") { kind } none: byExternalRef(system: "police", code: "x") { id } }`, nil)
	if string(a.Data) != `{"byExternalRef":[{"kind":"BUILDING"},{"kind":"DIVISION"},{"kind":"ESTATE"},{"kind":"GRID"},{"kind":"LEGAL_ENTITY"},{"kind":"WORKER"}],"none":[]}` {
		t.Errorf("%s", a.Raw)
	}
	const ofAll = `{ division(code: "` + c1 + `") { externalRefs { code } legalEntities(first: 1) { nodes { externalRefs { code } } }
		grids(first: 1) { nodes { externalRefs { system code } buildings(first: 1) { nodes { externalRefs { code } estate { externalRefs { code } } } } } } } }`
	if a := s.ask(t, account.Anyone(), ofAll, nil); a.Errors != nil || strings.Count(string(a.Data), `"externalRefs":[]`) != 5 {
		t.Errorf("the public is told %s", a.Raw)
	}
	a = s.ask(t, op, ofAll, nil)
	if string(a.Data) != `{"division":{"externalRefs":[{"code":"P-1"}],"legalEntities":{"nodes":[{"externalRefs":[{"code":"P-1"}]}]},"grids":{"nodes":[{"externalRefs":[{"system":"police","code":"P-1"}],"buildings":{"nodes":[{"externalRefs":[{"code":"P-1"}],"estate":{"externalRefs":[{"code":"P-1"}]}}]}}]}}}` {
		t.Errorf("%s", a.Raw)
	}
	if a := set(op, g[0].ID, "police", nil); !strings.Contains(string(a.Data), `"externalRefs":[]`) {
		t.Errorf("removed: %s", a.Raw)
	}
}
