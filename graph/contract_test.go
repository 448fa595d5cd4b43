package graph_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/graph"
)

// TestContract: what the contract names is built, with exactly its signature.
func TestContract(t *testing.T) {
	file := filepath.Join("..", "..", "shared", "design", "schema.graphqls")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("the contract is not beside this checkout: %v", err)
	}
	contract, err := gqlparser.LoadSchema(&ast.Source{Name: file, Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	built := graph.NewExecutableSchema(graph.Config{}).Schema()
	for name, want := range contract.Types {
		got := built.Types[name]
		if want.BuiltIn {
			continue
		}
		if got == nil || got.Kind != want.Kind {
			t.Errorf("%s is not in the schema as a %s", name, want.Kind)
			continue
		}
		for _, v := range want.EnumValues {
			if got.EnumValues.ForName(v.Name) == nil {
				t.Errorf("%s.%s is missing", name, v.Name)
			}
		}
		for _, f := range want.Fields {
			compare(t, name, f, got.Fields.ForName(f.Name))
		}
	}
}

func compare(t *testing.T, typeName string, want, got *ast.FieldDefinition) {
	t.Helper()
	name := typeName + "." + want.Name
	if got == nil {
		t.Errorf("%s is missing", name)
		return
	}
	if got.Type.String() != want.Type.String() {
		t.Errorf("%s is %s, want %s", name, got.Type, want.Type)
	}
	if len(got.Arguments) != len(want.Arguments) {
		t.Errorf("%s has %d arguments, want %d", name, len(got.Arguments), len(want.Arguments))
	}
	for _, a := range want.Arguments {
		have := got.Arguments.ForName(a.Name)
		switch {
		case have == nil:
			t.Errorf("%s(%s:) is missing", name, a.Name)
		case have.Type.String() != a.Type.String() || have.DefaultValue.String() != a.DefaultValue.String():
			t.Errorf("%s(%s:) is %s = %s, want %s = %s", name, a.Name, have.Type, have.DefaultValue, a.Type, a.DefaultValue)
		}
	}
	if got.DefaultValue.String() != want.DefaultValue.String() {
		t.Errorf("%s defaults to %s, want %s", name, got.DefaultValue, want.DefaultValue)
	}
}

// TestSchemaIsTheManual: everything in the schema is described.
func TestSchemaIsTheManual(t *testing.T) {
	for name, d := range graph.NewExecutableSchema(graph.Config{}).Schema().Types {
		if d.BuiltIn {
			continue
		}
		if d.Description == "" {
			t.Errorf("%s is not described", name)
		}
		for _, f := range d.Fields {
			if f.Description == "" && f.Name[0] != '_' {
				t.Errorf("%s.%s is not described", name, f.Name)
			}
		}
		for _, v := range d.EnumValues {
			if v.Description == "" {
				t.Errorf("%s.%s is not described", name, v.Name)
			}
		}
	}
}
