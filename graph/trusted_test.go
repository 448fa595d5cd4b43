package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	free := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t.Output()), Trusted: folder}))}
	strict := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{Log: logger(t.Output()), Trusted: folder, OnlyTrusted: true}))}
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
	if err := os.WriteFile(filepath.Join(folder, "wrong.graphql"), []byte("{ nothing }"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := graph.NewHandler(&graph.Resolver{}, graph.Options{Trusted: folder}); err == nil || !strings.Contains(err.Error(), "wrong.graphql") {
		t.Errorf("a wrong document: %v", err)
	}
	if _, err := graph.NewHandler(&graph.Resolver{}, graph.Options{Trusted: folder + "/none"}); err == nil {
		t.Error("a folder that is not there is taken")
	}
}
