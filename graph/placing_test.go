package graph_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/testdb"
)

func TestPlacingsAndCodes(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	op := account.TheOperator()
	mutate := func(name, fields string, in map[string]any) string {
		t.Helper()
		input := string(name[0]-'a'+'A') + name[1:] + "Input"
		got := s.ask(t, op, "mutation ($in: "+input+"!) { "+name+"(input: $in) { "+fields+" } }", map[string]any{"in": in})
		if got.Errors != nil {
			t.Fatalf("%s answered %s", name, got.Raw)
		}
		var data map[string]json.RawMessage
		if err := json.Unmarshal(got.Data, &data); err != nil {
			t.Fatal(err)
		}
		return string(data[name])
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: answered %s, want %s", what, got, want)
		}
	}
	var b, u key.Key
	if err := pool.QueryRow(t.Context(), "SELECT district, id FROM building WHERE code = $1", gridCode(c1, 1)+"-1").Scan(&b.Home, &b.ID); err != nil {
		t.Fatal(err)
	}
	err := pool.QueryRow(t.Context(), "INSERT INTO unit (district, id, building_id, name) VALUES ($1, gen_random_uuid(), $2, '1单元') RETURNING district, id", b.Home, b.ID).Scan(&u.Home, &u.ID)
	if err != nil {
		t.Fatal(err)
	}
	first, second := gridCode(c1, 1), gridCode(c1, 2)
	at := func(grid string) string {
		return fmt.Sprintf(`{"building":{"id":%q,"grid":{"code":%q}},"again":{"name":"1号楼"},"__typename":"PlaceBuildingPayload"}`, b, grid)
	}
	const fields = "building { id grid { code } } again: building { name } __typename"
	expect("by hand", mutate("placeBuilding", fields, map[string]any{"building": b.String(), "grid": second}), at(second))
	expect("back", mutate("placeBuilding", fields, map[string]any{"building": b.String(), "grid": nil}), at(first))
	expect("with its report", mutate("placeBuilding", "building { grid { community { coverage { seamless } } } }", map[string]any{"building": b.String(), "grid": nil}),
		`{"building":{"grid":{"community":{"coverage":{"seamless":true}}}}}`)
	expect("left out", mutate("placeBuilding", fields, map[string]any{"building": b.String()}), at(first))
	expect("a unit", mutate("placeUnit", "unit { id grid { code } building { id } }", map[string]any{"unit": u.String(), "grid": second}), fmt.Sprintf(`{"unit":{"id":%q,"grid":{"code":%q},"building":{"id":%q}}}`, u, second, b))
	expect("a unit back", mutate("placeUnit", "unit { id grid { code } building { id } }", map[string]any{"unit": u.String()}), fmt.Sprintf(`{"unit":{"id":%q,"grid":{"code":%q},"building":{"id":%q}}}`, u, first, b))

	expect("a grid", mutate("recodeGrid", "grid { code formerCodes version community { code } }", map[string]any{"code": first, "newCode": "first", "version": 1}),
		fmt.Sprintf(`{"grid":{"code":"first","formerCodes":[%q],"version":2,"community":{"code":%q}}}`, first, c1))
	expect("a division", mutate("renumberDivision", "division { code formerCodes version parent { code } grids(first: 1) { totalCount nodes { code } } }",
		map[string]any{"code": c1, "newCode": "990102009", "newParent": "990102", "version": 1}),
		fmt.Sprintf(`{"division":{"code":"990102009","formerCodes":[%q],"version":2,"parent":{"code":"990102"},"grids":{"totalCount":14,"nodes":[{"code":"990102009002"}]}}}`, c1))

	other := gridCode(c2, 1)
	for _, test := range []struct {
		name, mutation, payload string
		in                      map[string]any
		code, field             string
	}{
		{"no such building", "placeBuilding", "building { id }", map[string]any{"building": "x", "grid": other}, "NOT_FOUND", "[input building]"},
		{"a building that is none", "placeBuilding", "building { id }", map[string]any{"building": u.String(), "grid": other}, "NOT_FOUND", "[input building]"},
		{"no such grid", "placeBuilding", "building { id }", map[string]any{"building": b.String(), "grid": "x"}, "NOT_FOUND", "[input grid]"},
		{"no such unit", "placeUnit", "unit { id }", map[string]any{"unit": b.String(), "grid": other}, "NOT_FOUND", "[input unit]"},
		{"a version that moved", "renumberDivision", "division { id }", map[string]any{"code": c2, "newCode": "7", "version": 9}, "CONFLICT", "[input version]"},
		{"a code that is taken", "renumberDivision", "division { id }", map[string]any{"code": c2, "newCode": c1, "version": 1}, "CONFLICT", "[input newCode]"},
		{"no such parent", "renumberDivision", "division { id }", map[string]any{"code": c2, "newCode": "7", "newParent": "7", "version": 1}, "NOT_FOUND", "[input newParent]"},
		{"a grid's code that is taken", "recodeGrid", "grid { id }", map[string]any{"code": other, "newCode": first, "version": 1}, "CONFLICT", "[input newCode]"},
		{"a grid that is none", "recodeGrid", "grid { id }", map[string]any{"code": "x", "newCode": "y", "version": 1}, "NOT_FOUND", "[input code]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			query := fmt.Sprintf("mutation ($in: %s!) { %s(input: $in) { %s } }", string(test.mutation[0]-'a'+'A')+test.mutation[1:]+"Input", test.mutation, test.payload)
			got := s.ask(t, op, query, map[string]any{"in": test.in})
			if got.code() != test.code || fmt.Sprint(got.Errors[0].Extensions.Field) != test.field {
				t.Errorf("answered %s, want %s at %s", got.Raw, test.code, test.field)
			}
			if got := s.ask(t, account.Anyone(), query, map[string]any{"in": test.in}); got.code() != "FORBIDDEN" {
				t.Errorf("the public was answered %s", got.Raw)
			}
		})
	}
}
