package graph_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"wangge/graph"
)

// TestVariablesAreWhatTheValidatorMakesOfThem holds values made at random, right and wrong ones, against package validator.
func TestVariablesAreWhatTheValidatorMakesOfThem(t *testing.T) {
	h, err := graph.NewHandler(&graph.Resolver{}, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var operations ast.OperationList // without and with numbers, which are never left as they stand
	for _, more := range [][2]string{{}, {"$n: Int = 3, $f: Float = 1", "grids(first: $n) { totalCount } buildings(near: $p, withinM: $f) { totalCount }"}} {
		doc, list := gqlparser.LoadQueryWithRules(h.Schema(), `query Q($p: PointInput!, $list: [PointInput!]!, $filter: GridFilter, $at: DateTime, $id: ID!, $s: String!, $b: Boolean!, $ids: [ID!] `+more[0]+`) {
			gridAt(point: $p, asOf: $at) { rule } gridsAt(points: $list) { rule } some: grids(filter: $filter) { totalCount } others: grids(filter: {codes: $ids}) { totalCount }
			division(code: $id) { code @include(if: $b) } searchAddress(text: $s) { score } `+more[1]+` }`, nil)
		if list != nil {
			t.Fatal(list)
		}
		operations = append(operations, doc.Operations[0])
	}
	random := rand.New(rand.NewPCG(4, 2))
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	mostly := func(right string) string {
		if random.IntN(60) > 0 {
			return right
		}
		return one(`null`, `1`, `1.5`, `1e999`, `"x"`, `"1.5"`, `true`, `{}`, `[]`, `[null]`, `{"x": 1}`, `"wgs84"`)
	}
	point := func() string {
		fields := []string{`"lng": ` + mostly(one("1", "120.5", "-1e3")), `"lat": ` + mostly("31.25"), `"crs": ` + mostly(one(`"WGS84"`, `"GCJ02"`))}
		if random.IntN(3) == 0 {
			fields = append(fields, `"accuracyM": `+mostly("5"))
		}
		if random.IntN(60) == 0 {
			fields = append(fields, one(`"nothing": 1`, `"__typename": "PointInput"`, `"address": null`, `"address": "a"`))
		}
		return mostly("{" + strings.Join(fields[random.IntN(20)/19:], ", ") + "}")
	}
	ours, wrong := 0, 0
	for range 20_000 {
		fields := []string{`"p": ` + point(), `"list": ` + mostly("["+point()+", "+point()+"]"), `"id": ` + mostly(`"1"`), `"s": ` + mostly(`"1"`), `"b": ` + mostly("false")}
		for _, f := range []string{`"filter": {"codes": ["1"], "near": ` + point() + `, "withinM": 5}`, `"n": 1`, `"f": ` + mostly("1"), `"at": ` + mostly(`"2026-01-01T00:00:00Z"`),
			`"ids": ` + mostly(`["1", "2"]`), `"other": 1`} {
			if random.IntN(3) == 0 {
				fields = append(fields, f)
			}
		}
		text := "{" + strings.Join(fields[random.IntN(40)/39:], ", ") + "}"
		read := func() (m map[string]any) {
			d := json.NewDecoder(bytes.NewReader([]byte(text)))
			d.UseNumber()
			if err := d.Decode(&m); err != nil {
				t.Fatal(text, err)
			}
			return m
		}
		op := operations[random.IntN(2)]
		want, wantErr := validator.VariableValues(h.Schema(), op, read())
		got, err := h.ValuesOf(op, read())
		if !reflect.DeepEqual(got, want) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%s\n%#v, %v\nwant\n%#v, %v", text, got, err, want, wantErr)
		}
		if err == nil {
			ours++
		} else {
			wrong++
		}
	}
	if ours < 2000 || wrong < 2000 {
		t.Errorf("%d were right and %d wrong", ours, wrong)
	}
}
