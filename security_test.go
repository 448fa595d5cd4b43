package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wangge/internal/testdb"
)

// routePattern is how routes are registered, where their paths have a name with it; pathPattern is how paths are named.
var (
	routePattern = regexp.MustCompile(`(?:mux\.Handle|mux\.HandleFunc)\("([^"]+)"(?:\+(\w+))?`)
	pathPattern  = regexp.MustCompile(`(\w+Path) *= "([^"]+)"`)
)

// TestEveryRouteTellsBrowsersWhatToHoldTo: each route of the program is asked for, and none lets a page run or style what is not its own.
func TestEveryRouteTellsBrowsersWhatToHoldTo(t *testing.T) {
	env := []string{"DATA=" + filepath.Join(t.TempDir(), "data"), "DATABASE_URL=" + testdb.URL(t), "ADDR=127.0.0.1:0", "LOG_LEVEL=error", "PUBLIC_URL=https://grid.example.org"}
	mustRun(t, env, "demo", "--size", "community")
	s := serve(t, env)
	get := func(method, path, origin string) (*http.Response, []byte) {
		t.Helper()
		r, err := http.NewRequest(method, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		r.Header.Set("Accept", "text/html,*/*")
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		body, err := io.ReadAll(io.LimitReader(w.Body, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		return w, body
	}
	_, home := get("GET", "/graphql?query="+"{grids(first:1){nodes{code+buildings(first:1){nodes{id}}+worker{id}}}}", "")
	one := func(name string) string {
		t.Helper()
		m := regexp.MustCompile(`"` + name + `":"([^"]+)"`).FindSubmatch(home)
		if m == nil {
			t.Fatalf("no %s in %s", name, home)
		}
		return string(m[1])
	}
	grid, building, worker := one("code"), regexp.MustCompile(`"nodes":\[\{"id":"([^"]+)"`).FindSubmatch(home), regexp.MustCompile(`"worker":\{"id":"([^"]+)"`).FindSubmatch(home)
	if building == nil || worker == nil {
		t.Fatalf("%s", home)
	}
	community := grid[:12]
	_, page := get("GET", "/", "")
	asset := regexp.MustCompile(`/assets/[^"?]+\.js`).Find(page)
	paths := []string{
		"/", "/g/" + grid, "/g/" + grid + "/map.svg", "/b/" + string(building[1]), "/w/" + string(worker[1]), "/c", "/c/" + community, "/c/" + community + "/map.svg", "/map.svg", "/coverage",
		"/coverage/" + community, "/where?lng=0&lat=0&crs=wgs84", "/search?q=x", "/photos/" + string(worker[1]), string(asset), "/favicon.ico", "/graphiql", "/templates/households.xlsx",
		"/sign-in", "/sign-in/code", "/account", "/account/password", "/account/second-factor", "/sign-in/provider", "/sign-in/provider/back", "/sign-out/provider", "/nowhere", "/signboards/print/" + community, "/signboards/" + grid, "/signboards/" + grid + ".svg", "/signboards/" + grid + ".pdf", "/signboards/" + grid + ".png",
		"/signboards/buildings/" + string(building[1]), "/signboards/cards/" + grid + ".svg", "/signboards/leaflet/" + grid + ".svg", "/signboards/badges/" + community + ".pdf",
		"/signboards/atlas/" + community + ".pdf", "/livez", "/readyz", "/metrics", "/graphql?query={__typename}", "/schema.graphql", "/tiles/grids/10/0/0.mvt", "/tiles/grids.json", "/style.json",
	}

	// No route is left out.
	mux, asked := http.NewServeMux(), map[string]bool{}
	for _, folder := range []string{".", "web", "signboard", "tile", "graph"} {
		files, _ := filepath.Glob(folder + "/*.go")
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			named := map[string]string{}
			for _, m := range pathPattern.FindAllSubmatch(text, -1) {
				named[string(m[1])] = string(m[2])
			}
			for _, m := range routePattern.FindAllSubmatch(text, -1) {
				route := string(m[1]) + named[string(m[2])]
				mux.HandleFunc(route, func(http.ResponseWriter, *http.Request) {})
				asked[route] = strings.HasPrefix(route, "POST ")
			}
		}
	}
	if len(asked) < 30 {
		t.Fatalf("only %d routes were found", len(asked))
	}
	for _, path := range paths {
		r, err := http.NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := mux.Handler(r)
		asked[pattern] = true
	}
	for pattern, was := range asked {
		if !was {
			t.Errorf("%s is not asked for", pattern)
		}
	}

	for _, path := range paths {
		w, body := get("GET", path, "https://evil.example.org")
		kind, policy := w.Header.Get("Content-Type"), w.Header.Get("Content-Security-Policy")
		if w.StatusCode >= 500 {
			t.Errorf("%s: %d %s", path, w.StatusCode, body)
		}
		want := map[string]string{"X-Content-Type-Options": "nosniff"}
		if strings.HasPrefix(kind, "text/html") {
			want["Strict-Transport-Security"], want["Cross-Origin-Opener-Policy"] = "max-age=63072000", "same-origin"
			if !strings.Contains(w.Header.Get("Permissions-Policy"), "geolocation=(self)") || w.Header.Get("Referrer-Policy") == "" {
				t.Errorf("%s: %v", path, w.Header)
			}
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors ") || !strings.Contains(policy, "base-uri 'none'") {
				t.Errorf("%s has the policy %q", path, policy)
			}
		}
		for name, value := range want {
			if got := w.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
		if strings.Contains(policy, "unsafe-") || kind != "application/vnd.mapbox-vector-tile" && policy == "" && w.StatusCode != http.StatusNoContent {
			t.Errorf("%s (%s) has the policy %q", path, kind, policy)
		}
		// A page of a stranger can read nothing with the rights of who looks at it.
		if w.Header.Get("Access-Control-Allow-Credentials") != "" || w.Header.Get("Access-Control-Allow-Origin") == "https://evil.example.org" {
			t.Errorf("%s lets others read: %v", path, w.Header)
		}
		if bytes.Contains(body, []byte("goroutine ")) || bytes.Contains(body, []byte(".go:")) {
			t.Errorf("%s shows a trace", path)
		}
	}
}
