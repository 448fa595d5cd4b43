package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/domain/account"
	"wangge/graph"
	"wangge/internal/testdb"
)

var update = flag.Bool("update", false, "write what is answered to the want.json files")

// TestCases asks what each folder of testdata/api asks, in the order of their names, and compares the answers. A case
// whose name ends in _operator is asked by the operator, all others by the public. Queries are asked of gqlgen's executor
// too, which must answer with the same bytes.
func TestCases(t *testing.T) {
	r := town(t, testdb.New(t))
	s, judge := serve(t, r, t.Output()), server{must(graph.Judged(r, graph.Options{Log: logger(t, t.Output())}))}
	queries, err := filepath.Glob("testdata/api/*/*/query.graphql")
	if err != nil || len(queries) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range queries {
		folder := filepath.Dir(file)
		t.Run(strings.TrimPrefix(filepath.ToSlash(folder), "testdata/api/"), func(t *testing.T) {
			query, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var variables any
			if raw, err := os.ReadFile(filepath.Join(folder, "variables.json")); err == nil {
				d := json.NewDecoder(bytes.NewReader(raw))
				d.UseNumber()
				if err := d.Decode(&variables); err != nil {
					t.Fatal(err)
				}
			}
			actor := account.Anyone()
			if strings.HasSuffix(folder, "_operator") {
				actor = account.TheOperator()
			}
			answer := s.ask(t, actor, string(query), variables).Raw
			if changes := strings.HasPrefix(strings.TrimSpace(string(query)), "mutation"); !changes {
				if judged := judge.ask(t, actor, string(query), variables).Raw; !bytes.Equal(answer, judged) {
					t.Errorf("answered\n%s\ngqlgen answers\n%s", answer, judged)
				}
			}
			got := indented(t, answer)
			wantFile := filepath.Join(folder, "want.json")
			if *update {
				if err := os.WriteFile(wantFile, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("answered\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// indented is raw in a form that is read and compared easily. The sentences of errors are left out: they belong to the
// packages that register them, which may word them better.
func indented(t *testing.T, raw []byte) []byte {
	t.Helper()
	var a struct {
		Errors []map[string]any `json:"errors,omitempty"`
		Data   json.RawMessage  `json:"data,omitempty"`
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	for _, e := range a.Errors {
		if m, _ := e["message"].(string); m == "" {
			t.Errorf("an error says nothing: %v", e)
		}
		delete(e, "message")
		delete(e, "locations")
	}
	out, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}
