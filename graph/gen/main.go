// Command gen makes the Go code of the schema: what gqlgen makes, and written.go, which writes answers. It is run by
// go generate, in the folder of gqlgen.yml or below.
package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"os"
	"path/filepath"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed written.gotpl
var written string

func main() {
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err == nil {
		err = api.Generate(cfg, api.AddPlugin(writers{}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// writers is the plugin of gqlgen that makes written.go from what gqlgen has worked out: one method of writer for each
// object and for each type of a field.
type writers struct{}

// Name implements plugin.Plugin.
func (writers) Name() string { return "writers" }

// GenerateCode implements plugin.CodeGenerator. Fields that are maps, batched, or directives with code of their own are
// refused, since the template knows nothing of them.
func (writers) GenerateCode(data *codegen.Data) error {
	isListed := listed(data)
	for _, in := range data.Inputs {
		for _, f := range in.Fields {
			if isListed(in) && reads(f) == "" {
				return fmt.Errorf("%s.%s: written.gotpl cannot read such a field", in.Name, f.Name)
			}
		}
	}
	for _, o := range data.Objects {
		for _, f := range o.Fields {
			if f.IsMap() || f.IsBatch() || f.HasHaser || f.VOkFunc || f.HasDirectives() || o.Stream && !f.IsResolver {
				return fmt.Errorf("%s.%s: written.gotpl cannot write such a field", o.Name, f.Name)
			}
		}
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        filepath.Join(data.Config.Exec.Dir(), "written.go"),
		Template:        written,
		Data:            data,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
		Funcs: map[string]any{
			"isOutput": func(t *config.TypeReference) bool {
				return t.Definition.Kind == ast.Object || t.Definition.Kind == ast.Scalar || t.Definition.Kind == ast.Enum
			},
			"plain":  plain,
			"listed": listed(data),
			"reads":  reads,
		},
	})
}

// listed tells the inputs that a field of Query takes lists of: those come by the thousand.
func listed(data *codegen.Data) func(*codegen.Object) bool {
	names := map[string]bool{}
	for _, f := range data.QueryRoot.Fields {
		for _, a := range f.Args {
			if t := a.TypeReference; t.IsSlice() && t.Definition.Kind == ast.InputObject {
				names[t.Definition.Name] = true
			}
		}
	}
	return func(in *codegen.Object) bool { return names[in.Name] }
}

// reads is the method of reader that reads a field of an input, where there is one.
func reads(f *codegen.Field) string {
	t := f.TypeReference
	basic, ok := t.Target.Underlying().(*types.Basic)
	if !ok || t.IsSlice() || f.IsResolver || f.Default != nil || f.HasDirectives() {
		return ""
	}
	switch {
	case t.Definition.Name == "Float" && basic.Kind() == types.Float64 && t.GQL.NonNull:
		return "number"
	case t.Definition.Name == "Float" && basic.Kind() == types.Float64 && t.IsPtr():
		return "numberOrNull"
	case t.Definition.Name == "String" && basic.Kind() == types.String && t.IsPtr():
		return "textOrNull"
	case t.Definition.Kind == ast.Enum && basic.Kind() == types.String && t.GQL.NonNull && t.Unmarshaler != nil:
		return "enum"
	}
	return ""
}

// plain is the method of writer that writes a scalar or enum straight, where there is one: those whose marshaller writes
// the Go value as it is.
func plain(t *config.TypeReference) string {
	if t.Marshaler == nil {
		return ""
	}
	switch t.Marshaler.Name() {
	case "MarshalAreaKind": // in other letters than the domain's
		return ""
	}
	basic, ok := t.Target.Underlying().(*types.Basic)
	if !ok {
		return ""
	}
	switch basic.Kind() {
	case types.String:
		return "text"
	case types.Int:
		return "whole"
	case types.Float64:
		return "number"
	case types.Bool:
		return "truth"
	}
	return ""
}
