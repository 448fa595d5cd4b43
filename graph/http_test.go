package graph_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/graph"
)

const (
	oldType = "application/json"
	newType = "application/graphql-response+json"
)

func TestHTTP(t *testing.T) {
	s := bare(t)
	query := func(q string) string { return "/graphql?query=" + url.QueryEscape(q) }
	tests := []struct {
		name, method, target, contentType, accept, body string
		status                                          int
		code                                            string
	}{
		{"post", "POST", "/graphql", oldType, "", `{"query":"{__typename}"}`, 200, ""},
		{"post in UTF-8 by name", "POST", "/graphql", "application/json; charset=UTF-8", "", `{"query":"{__typename}"}`, 200, ""},
		{"post in another encoding", "POST", "/graphql", "application/json; charset=gb18030", "", `{"query":"{__typename}"}`, 415, "INVALID"},
		{"post of a form", "POST", "/graphql", "application/x-www-form-urlencoded", "", "query=%7B__typename%7D", 415, "INVALID"},
		{"post without a type", "POST", "/graphql", "", "", `{"query":"{__typename}"}`, 415, "INVALID"},
		{"get", "GET", query("{__typename}"), "", "", "", 200, ""},
		{"get of a mutation", "GET", query("mutation { __typename }"), "", "", "", 405, "INVALID"},
		{"get without a query", "GET", "/graphql", "", "", "", 400, "INVALID"},
		{"get with bad variables", "GET", query("{__typename}") + "&variables=[1]", "", "", "", 400, "INVALID"},
		{"put", "PUT", "/graphql", oldType, "", `{"query":"{__typename}"}`, 405, "INVALID"},
		{"a batch", "POST", "/graphql", oldType, "", ` [{"query":"{__typename}"}]`, 400, "INVALID"},
		{"no JSON", "POST", "/graphql", oldType, "", `{"query":`, 400, "INVALID"},
		{"null", "POST", "/graphql", oldType, "", `null`, 400, "INVALID"},
		{"a number", "POST", "/graphql", oldType, "", `7`, 400, "INVALID"},
		{"nothing", "POST", "/graphql", oldType, "", "", 400, "INVALID"},
		{"two objects", "POST", "/graphql", oldType, "", `{"query":"{__typename}"} {}`, 400, "INVALID"},
		{"not UTF-8", "POST", "/graphql", oldType, "", "{\"query\":\"{__typename} # \xff\"}", 400, "INVALID"},
		{"JSON 20,000 deep", "POST", "/graphql", oldType, "", `{"query":"{__typename}","variables":{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}}`, 400, "INVALID"},
		{"query of the wrong type", "POST", "/graphql", oldType, "", `{"query":7}`, 400, "INVALID"},
		{"variables of the wrong type", "POST", "/graphql", oldType, "", `{"query":"{__typename}","variables":"x"}`, 400, "INVALID"},
		{"an operation that is not there", "POST", "/graphql", oldType, newType, `{"query":"query a {__typename}","operationName":"b"}`, 400, "INVALID"},
		{"a wrong document, older type", "POST", "/graphql", oldType, oldType, `{"query":"{nothing}"}`, 200, "INVALID"},
		{"a wrong document, newer type", "POST", "/graphql", oldType, newType, `{"query":"{nothing}"}`, 400, "INVALID"},
		{"too deep, newer type", "POST", "/graphql", oldType, newType, `{"query":"` + strings.Repeat("{a", 2000) + `"}`, 429, "LIMITED"},
		{"newer type among others", "POST", "/graphql", oldType, newType + ", application/json;q=0.9", `{"query":"{nothing}"}`, 400, "INVALID"},
		{"newer type liked less", "POST", "/graphql", oldType, newType + ";q=0.1, application/json", `{"query":"{nothing}"}`, 200, "INVALID"},
		{"neither type", "POST", "/graphql", oldType, "text/html", `{"query":"{__typename}"}`, 406, "INVALID"},
		{"10 MiB", "POST", "/graphql", oldType, "", `{"query":"{__typename}"` + strings.Repeat(" ", 10<<20-25) + `}`, 200, ""},
		{"11 MB", "POST", "/graphql", oldType, "", `{"query":"{__typename}"` + strings.Repeat(" ", 11e6) + `}`, 413, "LIMITED"},
		{"3 million values", "POST", "/graphql", oldType, "", `{"query":"{__typename}","variables":{"s":[` + strings.Repeat("{},", 3_000_000) + `{}]}}`, 400, "LIMITED"},
		{"commas in a text are no values", "POST", "/graphql", oldType, "", `{"query":"{__typename}","variables":{"s":"\\\"` + strings.Repeat(",", 300_000) + `"}}`, 200, ""},
		{"a persisted query that is a number", "POST", "/graphql", oldType, newType, `{"query":"{__typename}","extensions":{"persistedQuery":1}}`, 400, "INVALID"},
		{"a persisted query of another version", "POST", "/graphql", oldType, newType, `{"query":"{__typename}","extensions":{"persistedQuery":{"version":"1","sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`, 400, "INVALID"},
		{"a persisted query with another's hash", "POST", "/graphql", oldType, newType, `{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`, 400, "INVALID"},
		{"a persisted query that is not known", "POST", "/graphql", oldType, newType, `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`, 200, "NOT_FOUND"},
		{"a persisted query that is sent", "POST", "/graphql", oldType, newType, `{"query":"{__typename}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`, 200, ""},
		{"a persisted query that is known", "POST", "/graphql", oldType, newType, `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`, 200, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			if test.accept != "" {
				r.Header.Set("Accept", test.accept)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			var a answer
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatalf("%v: %.300s", err, w.Body)
			}
			if w.Code != test.status || a.code() != test.code {
				t.Errorf("status %d, %.300s; want %d, %q", w.Code, w.Body, test.status, test.code)
			}
			if len(w.Body.String()) > 2000 {
				t.Errorf("the answer repeats what was sent: %d bytes", w.Body.Len())
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	s := bare(t)
	for _, test := range []struct{ search, header, want string }{
		{"", "", "Use POST, or GET for queries."},
		{"?lang=zh", "en", "请使用 POST；查询也可用 GET。"},
		{"", "fr-FR, zh-Hans-CN;q=0.8, en;q=0.7", "请使用 POST；查询也可用 GET。"},
		{"?lang=de", "zh", "请使用 POST；查询也可用 GET。"},
	} {
		r := httptest.NewRequest("DELETE", "/graphql"+test.search, nil)
		r.Header.Set("Accept-Language", test.header)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("lang %q, Accept-Language %q: %s", test.search, test.header, w.Body)
		}
	}
}

// TestPanic: a panic in a resolver is INTERNAL with an id that the log has, and says nothing else.
func TestPanic(t *testing.T) {
	var log strings.Builder
	s := serve(t, &graph.Resolver{}, &log) // without services every read of one panics
	a := s.ask(t, account.Anyone(), `query ($c: ID!) { division(code: $c) { name } }`, map[string]any{"c": "secret"})
	id := ""
	if len(a.Errors) == 1 {
		id = a.Errors[0].Extensions.ID
	}
	if a.code() != "INTERNAL" || id == "" || a.Errors[0].Message != "Something went wrong on our side." {
		t.Fatalf("answered %s", a.Raw)
	}
	if !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "panic: runtime.errorString") || strings.Contains(log.String(), "secret") {
		t.Errorf("logged %s", log.String())
	}
}

// slowly is a body of which only a part comes, until it is let go.
type slowly struct {
	first io.Reader
	came  chan<- struct{}
	until <-chan struct{}
}

func (s *slowly) Read(p []byte) (int, error) {
	n, err := s.first.Read(p)
	if err == io.EOF && s.came != nil {
		close(s.came)
		s.came = nil
		<-s.until
	}
	return n, err
}

func post(body io.Reader, length int64) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", body)
	r.Header.Set("Content-Type", oldType)
	r.ContentLength = length
	return r
}

// TestSlowBodies: clients that send long bodies slowly keep nobody else's from being read, and take no memory for what
// they did not send.
func TestSlowBodies(t *testing.T) {
	s := bare(t)
	until := make(chan struct{})
	var all sync.WaitGroup
	slow := func(sent int, length int64) *httptest.ResponseRecorder {
		came, w := make(chan struct{}), httptest.NewRecorder()
		all.Go(func() {
			s.ServeHTTP(w, post(&slowly{first: strings.NewReader(strings.Repeat(" ", sent)), came: came, until: until}, length))
		})
		<-came
		return w
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 400 {
		slow(1, 256<<10)
		slow(1, 10<<20)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
		t.Errorf("800 bodies of which one byte came took %d bytes", took)
	}
	long := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, post(strings.NewReader(`{"query":"{__typename}"`+strings.Repeat(" ", 1<<20)+`}`), -1))
		return w
	}
	if w := long(); w.Code != 200 {
		t.Errorf("beside slow bodies: %d %s", w.Code, w.Body)
	}
	for range 13 { // more than there is room for
		slow(9<<20+1<<19, -1)
	}
	if w := long(); w.Code != 200 {
		t.Errorf("beside 13 long bodies: %d %s", w.Code, w.Body)
	}
	full := httptest.NewRecorder()
	s.ServeHTTP(full, post(strings.NewReader(strings.Repeat(" ", 9<<20)), 9<<20))
	if full.Code != 503 || !strings.Contains(full.Body.String(), "UNAVAILABLE") {
		t.Errorf("without room: %d %.300s", full.Code, full.Body)
	}
	short := httptest.NewRecorder()
	if s.ServeHTTP(short, post(strings.NewReader(`{"query":"{__typename}"}`), 24)); short.Code != 200 {
		t.Errorf("a short one without room: %d %s", short.Code, short.Body)
	}
	close(until)
	all.Wait()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, post(strings.NewReader(`{"query":"{__typename}"`+strings.Repeat(" ", 9<<20)+`}`), -1))
	if w.Code != 200 {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
	if w := httptest.NewRecorder(); true {
		s.ServeHTTP(w, post(nil, 11<<20)) // nothing of it is read
		if w.Code != 413 {
			t.Errorf("11 MiB announced: %d %s", w.Code, w.Body)
		}
	}
}

// TestABodyHasItsTime: over a connection, a long body that does not come is given up.
func TestABodyHasItsTime(t *testing.T) {
	s := httptest.NewServer(must(graph.NewHandler(&graph.Resolver{}, graph.Options{Timeout: 100 * time.Millisecond})))
	defer s.Close()
	from, to := io.Pipe()
	defer to.Close()
	go io.WriteString(to, "{")
	answer, err := http.Post(s.URL, oldType, from)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// stuck is a store that never answers.
type stuck struct{ place.Store }

func (stuck) Do(ctx context.Context, _ account.Actor, _ func(context.Context) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTimeout(t *testing.T) {
	r := &graph.Resolver{Places: &place.Service{Store: stuck{}, Now: time.Now}}
	s := server{must(graph.NewHandler(r, graph.Options{Timeout: 20 * time.Millisecond}))}
	a := s.ask(t, account.Anyone(), `{ division(code: "1") { name } }`, nil)
	if a.code() != "UNAVAILABLE" || a.Status != 200 {
		t.Errorf("answered %d %s", a.Status, a.Raw)
	}
}

// TestNobody: a request that reached the API without an actor reads nothing.
func TestNobody(t *testing.T) {
	s := newTown(t)
	a := s.ask(t, account.Actor{}, `{ division(code: "9901") { name } }`, nil)
	if a.code() != "UNAUTHENTICATED" {
		t.Errorf("answered %s", a.Raw)
	}
}

// TestAudit runs the public graphql-http suite: no error, and no warning or notice that is not explained in run.mjs.
func TestAudit(t *testing.T) {
	if _, err := os.Stat(filepath.Join("audit", "node_modules", "graphql-http")); err != nil {
		t.Skip("the audit suite is not installed: run npm ci in graph/audit")
	}
	listening := httptest.NewServer(bare(t))
	defer listening.Close()
	cmd := exec.CommandContext(t.Context(), "node", "run.mjs", listening.URL)
	cmd.Dir = "audit"
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the audit failed: %v", err)
	}
}

// FuzzRequest: whatever is sent is answered with JSON, and not as a fault of ours before anything is read.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		`{"query":"{__typename}"}`, `{"query":"query($a:Float){__typename}","variables":{"a":1e400}}`, `[]`,
		`{"query":"{__schema{types{name}}}"}`, `{"query":"{a(b:\"\\u0000\"){...F}} fragment F on Q{a}"}`,
		`{"query":"query($a:Boolean!){viewer @include(if:$a){id}}","variables":{"a":null}}`,
	} {
		f.Add([]byte(body))
	}
	s := server{must(graph.NewHandler(&graph.Resolver{}, graph.Options{}))}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", oldType)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}
