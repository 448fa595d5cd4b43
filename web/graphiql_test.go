package web

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// The example queries of the explorer fit the schema.
func TestExamplesFitTheSchema(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "graph", "schema", "*.graphqls"))
	if err != nil || len(files) == 0 {
		t.Skip("the schema is not here: graph/schema/*.graphqls")
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile(filepath.Join("graphiql", "examples.ts"))
	if err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile("(?s)query: `(.*?)`").FindAllStringSubmatch(string(examples), -1)
	if len(queries) < 2 {
		t.Fatalf("%d examples", len(queries))
	}
	for _, query := range queries {
		if _, err := gqlparser.LoadQueryWithRules(schema, query[1], rules.NewDefaultRules()); err != nil {
			t.Errorf("%v in\n%s", err, query[1])
		}
	}
}
