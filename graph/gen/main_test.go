package main

import (
	"go/types"
	"testing"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"
)

// A field that is something else where it is left out is none that the reader knows.
func TestFieldsWithADefaultAreNotRead(t *testing.T) {
	f := &codegen.Field{Object: &codegen.Object{Definition: &ast.Definition{Kind: ast.InputObject}}, FieldDefinition: &ast.FieldDefinition{Name: "lng"}, TypeReference: &config.TypeReference{
		Definition: &ast.Definition{Kind: ast.Scalar, Name: "Float"}, GQL: ast.NonNullNamedType("Float", nil), GO: types.Typ[types.Float64], Target: types.Typ[types.Float64],
	}}
	if got := reads(f); got != "number" {
		t.Errorf("a Float is read by %q", got)
	}
	f.Default = 1.0
	if got := reads(f); got != "" {
		t.Errorf("a Float with a default is read by %q", got)
	}
}
