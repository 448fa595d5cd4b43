package graph_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/domain/account"
	"wangge/graph"
)

func idOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestTrustedDocuments(t *testing.T) {
	own, err := os.ReadFile("documents/where_am_i.graphql")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	const added = "query Added { __typename viewer { id } }"
	if err := os.WriteFile(filepath.Join(folder, "added.graphql"), []byte(added), 0o644); err != nil {
		t.Fatal(err)
	}
	free := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t, t.Output()), Trusted: folder}))}
	strict := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t, t.Output()), Trusted: folder, OnlyTrusted: true}))}
	body := func(members map[string]any) []byte {
		raw, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	hash := strings.TrimPrefix(idOf("{ __typename }"), "sha256:")
	for _, c := range []struct {
		name           string
		members        map[string]any
		actor          account.Actor
		free, strictly string // the codes
	}{
		{"ours by its id", map[string]any{"documentId": idOf(string(own)), "variables": map[string]any{"point": map[string]any{"lng": 999, "lat": 31, "crs": "WGS84", "accuracyM": "x"}}}, account.Anyone(), "INVALID", "INVALID"},
		{"one of the folder", map[string]any{"documentId": idOf(added)}, account.Anyone(), "", ""},
		{"one of the folder by its text", map[string]any{"query": added}, account.Anyone(), "", ""},
		{"an id that nobody knows", map[string]any{"documentId": idOf("x")}, account.Anyone(), "NOT_FOUND", "NOT_FOUND"},
		{"an id of another kind", map[string]any{"documentId": "7"}, account.Anyone(), "NOT_FOUND", "NOT_FOUND"},
		{"an id without what it begins with", map[string]any{"documentId": strings.TrimPrefix(idOf(added), "sha256:")}, account.Anyone(), "NOT_FOUND", "NOT_FOUND"},
		{"an id and a text", map[string]any{"documentId": idOf(added), "query": added}, account.Anyone(), "INVALID", "INVALID"},
		{"any text", map[string]any{"query": "{ __typename }"}, account.Anyone(), "", "FORBIDDEN"},
		{"any text that is to be remembered", map[string]any{"query": "{ __typename }", "extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}, account.Anyone(), "", "FORBIDDEN"},
		{"any text that was remembered", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}, account.Anyone(), "", "FORBIDDEN"},
		{"any text of the operator", map[string]any{"query": "{ __schema { queryType { name } } }"}, account.TheOperator(), "", ""},
		{"nothing", map[string]any{}, account.Anyone(), "INVALID", "INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := free.send(t, c.actor, "", body(c.members)); a.code() != c.free {
				t.Errorf("answered %s, want %q", a.Raw, c.free)
			}
			if a := strict.send(t, c.actor, "", body(c.members)); a.code() != c.strictly {
				t.Errorf("where only trusted ones are taken: %s, want %q", a.Raw, c.strictly)
			}
		})
	}
	for id, want := range map[string]string{idOf("x"): "No document sha256:", strings.TrimPrefix(idOf(added), "sha256:"): "a documentId is sha256: and"} {
		for _, kind := range []struct {
			accept string
			status int
		}{{oldType, 200}, {newType, 404}} {
			r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body(map[string]any{"documentId": id})))
			r.Header.Set("Content-Type", oldType)
			r.Header.Set("Accept", kind.accept)
			w := httptest.NewRecorder()
			free.ServeHTTP(w, r)
			if w.Code != kind.status || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s as %s: %d %s", id, kind.accept, w.Code, w.Body)
			}
		}
	}
	for name, text := range map[string]string{
		"wrong.graphql":   "{ nothing { a } b }",
		"dear.graphql":    "query A { __typename } query B($n: Int = 200) { grids(first: $n) { nodes { boundary neighbours { grid { boundary } } buildings(first: $n) { nodes { footprint } } } } }",
		"nothing.graphql": "fragment F on Grid { code }",
		"broken.graphql":  "{",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err = graph.NewHandler(&graph.Resolver{}, graph.Options{Trusted: folder})
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("wrong documents: %v", err)
	}
	t.Log(err)
	for _, want := range []string{"wrong.graphql: ", "dear.graphql: ", "may cost more than 600000", "nothing.graphql: ", "broken.graphql: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("wrong documents, without %q: %v", want, err)
		}
	}
	if _, err := graph.NewHandler(&graph.Resolver{}, graph.Options{Trusted: folder + "/none"}); err == nil {
		t.Error("a folder that is not there is taken")
	}
}
