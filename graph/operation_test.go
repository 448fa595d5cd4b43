package graph_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/graph"
	"wangge/graph/node"
	"wangge/internal/testdb"
)

// connections counts those that are taken from the pool.
type connections struct {
	counter
	held, most atomic.Int64
}

func (c *connections) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return ctx
}

func (c *connections) TraceAcquireEnd(_ context.Context, _ *pgxpool.Pool, d pgxpool.TraceAcquireEndData) {
	if d.Err != nil {
		return
	}
	now := c.held.Add(1)
	for m := c.most.Load(); now > m && !c.most.CompareAndSwap(m, now); m = c.most.Load() {
	}
}

func (c *connections) TraceRelease(*pgxpool.Pool, pgxpool.TraceReleaseData) { c.held.Add(-1) }

// TestOneConnection: a request with thirty root fields holds one connection at a time.
func TestOneConnection(t *testing.T) {
	pool := testdb.New(t)
	r := town(t, pool)
	config := pool.Config()
	config.MaxConns = 2
	taken := &connections{}
	config.ConnConfig.Tracer = taken
	small, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	r.Places = &place.Service{Store: db.NewPlaces(db.New(small)), Now: r.Places.Now}
	a := serve(t, r, t.Output()).ask(t, account.Anyone(), "{ "+repeat(30, `a#: division(code: "9901") { name sizePolicy { version } stats { grids } }`)+"}", nil)
	var data map[string]struct{ Name string }
	if err := json.Unmarshal(a.Data, &data); err != nil || len(data) != 30 || data["a29"].Name != "澜州市" {
		t.Errorf("answered %s", a.Raw)
	}
	if most := taken.most.Load(); most != 1 || taken.n.Load() < 30 {
		t.Errorf("the request held %d connections at once, want 1", most)
	}
}

// TestAnswerTooLong: data larger than a request's cost assumes are not answered with all they hold.
func TestAnswerTooLong(t *testing.T) {
	pool := testdb.New(t)
	s := serve(t, town(t, pool), t.Output())
	if _, err := pool.Exec(t.Context(), `UPDATE worker SET duties = ARRAY[repeat('x', 1000000)] WHERE name = '欧阳明'`); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO division (id, code, name, level, parent_id, home)
		SELECT gen_random_uuid(), 'x' || n, '街道', 'TOWN', id, home FROM division, generate_series(1, 4000) n WHERE code = '990102'`); err != nil {
		t.Fatal(err)
	}
	list := make([]any, 10_000)
	for i := range list {
		list[i] = map[string]any{"lng": 120.1005, "lat": 31.2005, "crs": "WGS84"}
	}
	const duties = `query ($p: [PointInput!]!) { gridsAt(points: $p) { grid { worker { duties } } } }`
	for _, test := range []struct {
		name, query string
		points      int
		code        string
	}{
		{"long texts", duties, 60, ""},
		{"longer texts", duties, 70, "LIMITED"},
		{"much longer texts", duties, 500, "LIMITED"},
		{"errors", "query ($p: [PointInput!]!) { gridsAt(points: $p) { division { " + repeat(7, "a#: grids(orderBy: DISTANCE, first: 0) { totalCount }") + "} } }", 10_000, "LIMITED"},
		{"lists longer than assumed", "{ " + repeat(6, `a#: division(code: "990102") { children { `+strings.ReplaceAll(repeat(29, "b#: name"), "%", "%%")+"} }") + "}", 0, "LIMITED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var variables any
			if test.points > 0 {
				variables = map[string]any{"p": list[:test.points]}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a := s.ask(t, account.Anyone(), test.query, variables)
			runtime.ReadMemStats(&after)
			// Buffers double as they grow: one of 64 MiB takes 128 more on its way, one of 500 MB above 1,000.
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; test.points == 500 && took > 800 {
				t.Errorf("%d MiB were allocated for an answer that is dropped", took)
			}
			if a.code() != test.code {
				t.Errorf("answered %d bytes, %.300s, want %q", len(a.Raw), a.Raw, test.code)
			}
			if test.code != "" && (string(a.Data) != "null" || len(a.Errors) != 1 || len(a.Raw) > 300) {
				t.Errorf("answered %d bytes, %.300s", len(a.Raw), a.Raw)
			}
		})
	}
}

// TestInternalError: what was thrown is not logged, and clients are told the request's id.
func TestInternalError(t *testing.T) {
	for _, test := range []struct {
		name string
		id   func(context.Context) string
		want func(string) bool
	}{
		{"the request's id", func(context.Context) string { return "request-7" }, func(id string) bool { return id == "request-7" }},
		{"outside a request", func(context.Context) string { return "" }, func(id string) bool { return len(id) == 36 }},
		{"not wired", nil, func(id string) bool { return len(id) == 36 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log strings.Builder
			r := &graph.Resolver{Tilesets: func(context.Context) ([]*node.Tileset, error) { panic("sent by a person") }}
			s := server{must(graph.NewHandler(r, graph.Options{Log: logger(t, &log), RequestID: test.id}))}
			a := s.ask(t, account.Anyone(), "{ tilesets { id } }", nil)
			if a.code() != "INTERNAL" || !test.want(a.Errors[0].Extensions.ID) {
				t.Fatalf("answered %s", a.Raw)
			}
			if text := log.String(); strings.Contains(text, "sent by a person") || !strings.Contains(text, "panic: string") || !strings.Contains(text, a.Errors[0].Extensions.ID) {
				t.Errorf("logged %s", text)
			}
		})
	}
}

// TestServicesOnly: doors ask the services, where what is allowed is decided, and never a store.
func TestServicesOnly(t *testing.T) {
	past := regexp.MustCompile(`\.Store\b`)
	for _, folder := range []string{".", "node", filepath.Join("..", "web")} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				if past.MatchString(line) {
					t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
				}
			}
		}
	}
}
