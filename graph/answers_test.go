package graph_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/graph"
	"wangge/graph/node"
	"wangge/internal/fault"
	"wangge/internal/testdb"
)

// keeping is the API over a town of one division, whose name changes with every read.
type keeping struct {
	place.Store
	*graph.Handler
	reads   atomic.Int64
	version atomic.Pointer[string]
	old     atomic.Bool // the version may not be the newest
	fail    atomic.Bool
	slow    func(n int64) // a read, by its number
}

func (k *keeping) Do(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	return fn(ctx)
}

func (k *keeping) DivisionByCode(context.Context, account.Actor, string, place.Fields) (place.Division, bool, error) {
	n := k.reads.Add(1)
	if k.slow != nil {
		k.slow(n)
	}
	return place.Division{Code: "9901", ParentID: &parent, Name: fmt.Sprintf("澜州%d", n)}, !k.fail.Load(), nil
}

func (k *keeping) be(version string) { k.version.Store(&version) }

func newKeeping(t testing.TB, o graph.Options) *keeping {
	k := &keeping{}
	k.be("1")
	if o.Version == nil {
		o.Version = func() (string, bool) { return *k.version.Load(), !k.old.Load() }
	}
	o.Log = logger(t, t.Output())
	r := &graph.Resolver{
		Places:   &place.Service{Store: k, Now: time.Now},
		Tilesets: func(context.Context) ([]*node.Tileset, error) { return nil, fmt.Errorf("broken") },
	}
	k.Handler = must(graph.NewHandler(r, o))
	return k
}

// get asks, by POST where search is "", and returns the answer with its text unpacked.
func (k *keeping) get(t testing.TB, actor account.Actor, search, query string, headers ...string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"query": query})
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if search != "" {
		r = httptest.NewRequest(http.MethodGet, "/graphql?"+search+"query="+url.QueryEscape(query), nil)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), actor)))
	text := w.Body.String()
	if w.Header().Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(w.Body)
		if err == nil {
			var raw []byte
			raw, err = io.ReadAll(z)
			text = string(raw)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return w, text
}

var parent = uuid.New()

const named = `{ division(code: "9901") { name } }`

// TestKeptAnswers: the same question of the public is answered from what is kept while the version stands, and only then.
func TestKeptAnswers(t *testing.T) {
	k := newKeeping(t, graph.Options{})
	public, operator := account.Anyone(), account.TheOperator()
	ask := func(step, want string, actor account.Actor, query string, headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		w, text := k.get(t, actor, "", query, headers...)
		if !strings.Contains(text, want) {
			t.Errorf("%s: answered %s, want %s", step, text, want)
		}
		return w
	}
	first := ask("first", "澜州1", public, named)
	again := ask("again", "澜州1", public, named)
	if first.Header().Get("ETag") == "" || first.Header().Get("ETag") != again.Header().Get("ETag") ||
		again.Header().Get("Cache-Control") != "no-cache" || first.Body.String() != again.Body.String() {
		t.Errorf("kept: %v %s", again.Header(), again.Body)
	}
	if w := ask("an operator", "澜州2", operator, named); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("an operator's answer says %v", w.Header())
	}
	ask("an operator again", "澜州3", operator, named)
	ask("the public after an operator", "澜州1", public, named)
	ask("another question", "澜州4", public, named+" ")
	if w := ask("the newer media type", "澜州5", public, named, "Accept", "application/graphql-response+json"); !strings.HasPrefix(w.Header().Get("Content-Type"), "application/graphql-response+json") {
		t.Errorf("the newer type is answered as %q", w.Header().Get("Content-Type"))
	}
	k.be("2")
	ask("a new version", "澜州6", public, named)
	k.old.Store(true)
	if w := ask("a version that may be old", "澜州7", public, named); w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("what may be old is kept: %v", w.Header())
	}
	k.old.Store(false)
	ask("current again", "澜州6", public, named)
	if s := k.AnswerStats(); s.Hits != 3 || s.Misses != 4 || s.Bytes < 4*uint64(first.Body.Len()) {
		t.Errorf("figures: %+v", s)
	}

	for name, c := range map[string]string{
		"an error":                  `{ division(code: "9901") { name } tilesets { id } }`,
		"a position":                `{ division(code: "9901") { name } gridAt(point: { lng: 999, lat: 31, crs: WGS84 }) { rule } }`,
		"a position with no answer": `{ division(code: "9901") { name } gridsAt(points: []) { rule } }`,
		"a mutation":                `mutation { __typename }`,
	} {
		reads := k.reads.Load()
		for range 2 {
			if w, text := k.get(t, public, "", c); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s is kept: %v %s", name, w.Header(), text)
			}
		}
		if got := k.reads.Load() - reads; name != "a mutation" && got != 2 {
			t.Errorf("%s was read %d times, asked twice", name, got)
		}
	}
	point, shape := `{ lng: 120.1, lat: 31.2, crs: WGS84 }`, `{ crs: WGS84, geometry: { type: "Point", coordinates: [120, 31] } }`
	for name, c := range map[string]struct {
		query string
		kept  bool
	}{
		"no filter":             {`{ grids { nodes { code } } }`, true},
		"codes and kinds":       {`{ grids(filter: { codes: ["990102001001001"], kinds: [] }) { nodes { code } } }`, true},
		"nulls":                 {`{ grids(filter: { near: null, text: null }) { nodes { code } } }`, true},
		"near":                  {`{ grids(filter: { near: ` + point + ` }) { nodes { code } } }`, false},
		"withinM":               {`{ grids(filter: { near: ` + point + `, withinM: 100 }) { nodes { code } } }`, false},
		"by distance":           {`{ grids(filter: { near: ` + point + ` }, orderBy: DISTANCE) { nodes { code } } }`, false},
		"text":                  {`{ grids(filter: { text: "一" }) { nodes { code } } }`, false},
		"box":                   {`{ grids(filter: { box: { west: 120, south: 31, east: 121, north: 32, crs: WGS84 } }) { nodes { code } } }`, false},
		"intersects":            {`{ grids(filter: { intersects: ` + shape + ` }) { nodes { code } } }`, false},
		"within":                {`{ grids(filter: { within: ` + shape + ` }) { nodes { code } } }`, false},
		"a problem":             {`{ grids(filter: { hasProblem: GAP }) { nodes { code } } }`, false},
		"a division's, by text": {`{ division(code: "9901") { grids(filter: { text: "一" }) { nodes { code } } } }`, false},
		"a fragment's":          {`{ division(code: "9901") { ...F } } fragment F on Division { a: grids(filter: { text: "一" }) { nodes { code } } }`, false},
		"one of two":            {`{ grids { nodes { code } } b: grids(filter: { text: "一" }) { nodes { code } } }`, false},
	} {
		if got := graph.Keeps(k.Handler, c.query, nil); got != c.kept {
			t.Errorf("%s: kept %v", name, got)
		}
	}
	const asked = `query ($f: GridFilter, $o: GridOrder, $t: String, $skip: Boolean = false) { grids(filter: $f, orderBy: $o) { nodes { code } } division(code: "9901") { grids(filter: { text: $t }) { nodes @skip(if: $skip) { code } } } }`
	for name, c := range map[string]struct {
		variables map[string]any
		kept      bool
	}{
		"none":        {nil, true},
		"codes":       {map[string]any{"f": map[string]any{"codes": []any{"1"}}}, true},
		"a position":  {map[string]any{"f": map[string]any{"near": map[string]any{"lng": 120.1, "lat": 31.2, "crs": "WGS84"}}}, false},
		"by distance": {map[string]any{"o": "DISTANCE"}, false},
		"a text":      {map[string]any{"t": "一"}, false},
	} {
		if got := graph.Keeps(k.Handler, asked, c.variables); got != c.kept {
			t.Errorf("with the variable %s: kept %v", name, got)
		}
	}
	long := named + "#" + strings.Repeat("x", 9000)
	if w, _ := k.get(t, public, "", long); w.Header().Get("ETag") != "" {
		t.Error("a long question is kept")
	}
}

// TestETag: a client that has the answer is told so; each form has its own tag.
func TestETag(t *testing.T) {
	k := newKeeping(t, graph.Options{})
	long := "{ " + repeat(30, `a#: division(code: "9901") { name code bbox level former: formerCodes }`) + "}"
	plain, text := k.get(t, account.Anyone(), "a=1&", long)
	zipped, same := k.get(t, account.Anyone(), "a=1&", long, "Accept-Encoding", "br, gzip")
	tag, other := plain.Header().Get("ETag"), zipped.Header().Get("ETag")
	if text != same || zipped.Header().Get("Content-Encoding") != "gzip" || tag == other || tag == "" {
		t.Fatalf("%s and %s:\n%s\n%s", tag, other, text, same)
	}
	if vary := strings.Join(plain.Header().Values("Vary"), ", "); vary != "Accept, Accept-Language, Accept-Encoding" {
		t.Errorf("Vary: %s", vary)
	}
	around := httptest.NewRecorder() // what package ops has said by then
	around.Header()["Vary"] = []string{"Authorization", "Accept-Encoding"}
	k.ServeHTTP(around, httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}", nil))
	if vary := around.Header().Values("Vary"); len(vary) != 1 || vary[0] != "Authorization, Accept-Encoding, Accept, Accept-Language" {
		t.Errorf("Vary: %q", vary)
	}
	for sent, status := range map[string]int{tag: 304, other: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
		w, text := k.get(t, account.Anyone(), "a=1&", long, "If-None-Match", sent)
		if w.Code != status || (status == 304) != (text == "") || w.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d, %d bytes, %v", sent, w.Code, len(text), w.Header())
		}
	}
	if w, text := k.get(t, account.Anyone(), "", long, "If-None-Match", tag); w.Code != 200 || text == "" {
		t.Errorf("a POST with If-None-Match: %d %s", w.Code, text)
	}
	if w, _ := k.get(t, account.TheOperator(), "a=1&", long, "If-None-Match", tag); w.Code != 200 {
		t.Errorf("an operator is told %d", w.Code)
	}
}

// TestAskedAtOnce: many who ask the same at a time are answered by one read, and none waits longer than its time.
func TestAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeeping(t, graph.Options{Timeout: 20 * time.Second})
		k.slow = func(int64) { time.Sleep(5 * time.Second) }
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, text := k.get(t, account.Anyone(), "", named); !strings.Contains(text, "澜州1") {
					t.Errorf("answered %s", text)
				}
			})
		}
		all.Wait()
		if n := k.reads.Load(); n != 1 {
			t.Errorf("%d reads", n)
		}
		// What is for nobody else is read by each.
		k.be("2")
		k.fail.Store(true)
		for range 5 {
			all.Go(func() {
				if _, text := k.get(t, account.Anyone(), "", named); !strings.Contains(text, "NOT_FOUND") {
					t.Errorf("answered %s", text)
				}
			})
		}
		all.Wait()
		if n := k.reads.Load(); n != 6 {
			t.Errorf("%d reads", n)
		}
		// One that is in a hurry makes its own, while there is time.
		k.be("3")
		k.fail.Store(false)
		k.slow = func(n int64) {
			if n == 7 {
				time.Sleep(5 * time.Second)
			}
		}
		go k.get(t, account.Anyone(), "", named)
		synctest.Wait()
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"`+strings.ReplaceAll(named, `"`, `\"`)+`"}`))
		r.Header.Set("Content-Type", "application/json")
		ctx, cancel := context.WithTimeout(account.NewContext(t.Context(), account.Anyone()), time.Second)
		defer cancel()
		w, start := httptest.NewRecorder(), time.Now()
		k.ServeHTTP(w, r.WithContext(ctx))
		if took := time.Since(start); took != time.Second/2 || !strings.Contains(w.Body.String(), "澜州8") {
			t.Errorf("after %v it was answered %s", took, w.Body)
		}
		time.Sleep(time.Minute)
	})
}

// unread is a client that does not read its answer.
type unread struct {
	*httptest.ResponseRecorder
	until chan struct{}
}

func (u unread) Write(p []byte) (int, error) {
	<-u.until
	return u.ResponseRecorder.Write(p)
}

// TestASlowReaderKeepsNobodyWaiting: who asked first and does not read what it is answered is in nobody's way.
func TestASlowReaderKeepsNobodyWaiting(t *testing.T) {
	for name, fails := range map[string]bool{"an answer that is kept": false, "one that is not": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKeeping(t, graph.Options{})
				k.fail.Store(fails)
				k.slow = func(int64) { time.Sleep(time.Second) }
				body, _ := json.Marshal(map[string]any{"query": named})
				r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				slow := unread{httptest.NewRecorder(), make(chan struct{})}
				go k.ServeHTTP(slow, r.WithContext(account.NewContext(r.Context(), account.Anyone())))
				synctest.Wait()
				start := time.Now()
				_, text := k.get(t, account.Anyone(), "", named)
				if took := time.Since(start); took > 2*time.Second || strings.Contains(text, "UNAVAILABLE") {
					t.Errorf("after %v it was answered %s", took, text)
				}
				close(slow.until)
				synctest.Wait()
				if !json.Valid(slow.Body.Bytes()) {
					t.Errorf("the slow one got %s", slow.Body)
				}
			})
		})
	}
}

// TestDataAsOf: an answer from old data says how old.
func TestDataAsOf(t *testing.T) {
	var old atomic.Bool
	k := newKeeping(t, graph.Options{AsOf: func() (time.Time, bool) { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), !old.Load() }})
	if _, text := k.get(t, account.Anyone(), "", "{ __typename }"); text != `{"data":{"__typename":"Query"}}`+"\n" {
		t.Errorf("current: %s", text)
	}
	old.Store(true)
	w, text := k.get(t, account.Anyone(), "", "{  __typename }")
	if text != `{"data":{"__typename":"Query"},"extensions":{"dataAsOf":"2026-03-01T00:00:00Z"}}`+"\n" || w.Header().Get("ETag") != "" {
		t.Errorf("old: %s %v", text, w.Header())
	}
}

// TestKeptTown: what the public reads of a town is the same kept and not, and an operator's answer is never the public's.
func TestKeptTown(t *testing.T) {
	r := town(t, testdb.New(t))
	s := server{must(graph.NewHandler(r, graph.Options{Log: logger(t, t.Output()), Version: func() (string, bool) { return "1", true }}))}
	plain := serve(t, r, t.Output())
	for _, query := range []string{
		`{ viewer { id } division(code: "990102001001") { name stats { households { count suppressed } } } }`,
		`{ grids(first: 3) { nodes { code worker { name workPhone } } } }`,
	} {
		for _, actor := range []account.Actor{account.TheOperator(), account.Anyone(), account.TheOperator(), account.Anyone()} {
			if got, want := s.ask(t, actor, query, nil), plain.ask(t, actor, query, nil); !bytes.Equal(got.Raw, want.Raw) {
				t.Errorf("%s: answered %s, want %s", actor.Role, got.Raw, want.Raw)
			}
		}
	}
}

func (k *keeping) DivisionsByID(context.Context, account.Actor, []uuid.UUID, place.Fields) (map[uuid.UUID]place.Division, error) {
	return nil, fault.Wrap(errors.New("connection refused"), fault.Unavailable, "", "database")
}

// TestAwayBeneath: what needs a store that is away is null with its own error, beside what was known.
func TestAwayBeneath(t *testing.T) {
	k := newKeeping(t, graph.Options{})
	w, text := k.get(t, account.Anyone(), "", `{ division(code: "9901") { name parent { name } } }`)
	if !strings.Contains(text, `"data":{"division":{"name":"澜州1","parent":null}}`) || !strings.Contains(text, `"path":["division","parent"]`) ||
		!strings.Contains(text, "UNAVAILABLE") || w.Header().Get("ETag") != "" {
		t.Errorf("answered %s", text)
	}
}
