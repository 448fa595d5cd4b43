package ops

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/internal/answer"
	"wangge/internal/fault"
	"wangge/internal/traces"
)

// house is routes with everything around them, and what it logged.
type house struct {
	http.Handler
	log bytes.Buffer
	mux *http.ServeMux
	m   *Metrics
}

func build(t *testing.T, o Options) *house {
	t.Helper()
	h := &house{mux: http.NewServeMux(), m: NewMetrics(nil)}
	o.Log, o.Metrics = NewLogger(traces.Log(t, &h.log), slog.LevelDebug, true), h.m
	h.mux.HandleFunc("GET /where", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })
	h.Handler = Wrap(h.mux, o)
	return h
}

func (h *house) ask(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

func TestTheLogHoldsNoPositionAndNoToken(t *testing.T) {
	h := build(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}) // where requests of httptest come from
	h.mux.HandleFunc("POST /graphql", func(http.ResponseWriter, *http.Request) {})
	r := get("/where?lng=121.4737&lat=31.2304&crs=WGS84")
	r.Header.Set("Authorization", "Bearer SECRETSECRETSECRET")
	r.Header.Set("X-Request-Id", "front-4711")
	w := h.ask(r)
	h.ask(get("/no/such/place?lng=121.4737"))
	h.ask(httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"31.2304"}`)))
	if got := w.Header().Get("X-Request-Id"); got != "front-4711" {
		t.Errorf("id answered %q", got)
	}
	logged := h.log.String()
	for _, secret := range []string{"121.4737", "31.2304", "lng", "SECRET", "such"} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log holds %q: %s", secret, logged)
		}
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(strings.SplitN(logged, "\n", 2)[0]), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"route": "GET /where", "status": 200.0, "bytes": 4.0, "method": "GET", "request": "front-4711"} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
}

// TestRequestIDs: a request bears the id that a trusted proxy gave it, where that has the form of one, and no other sender's.
func TestRequestIDs(t *testing.T) {
	const number = "110101199003070003" // an identity number
	h := build(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}})
	seen := map[string]bool{}
	for _, c := range []struct {
		from, given string
		believed    bool
	}{
		{"10.0.0.1:80", "front-4711", true}, {"[::ffff:10.0.0.1]:80", "front-4712", true}, {"[fd00::1]:80", "front-4713", true},
		{"10.0.0.1:80", "", false}, {"10.0.0.1:80", "with space", false}, {"10.0.0.1:80", "a\u0000b", false}, {"10.0.0.1:80", strings.Repeat("x", 65), false}, {"10.0.0.1:80", "<script>", false},
		{"203.0.113.5:80", number, false}, {"[2001:db8::1]:80", number, false}, {"@", number, false}, {"203.0.113.5:80", "front-4711", false},
	} {
		r := get("/where")
		r.RemoteAddr = c.from
		r.Header.Set("X-Request-Id", c.given)
		id := h.ask(r).Header().Get("X-Request-Id")
		if (id == c.given) != c.believed || !sane(id) || seen[id] {
			t.Errorf("%q from %s answered with %q", c.given, c.from, id)
		}
		seen[id] = true
	}
	if strings.Contains(h.log.String(), number) {
		t.Errorf("the log holds what a stranger sent: %s", &h.log)
	}
}

// The id that a client is told is the one in the log, in the header and in the body.
func TestAFaultOfOursIsFoundByItsID(t *testing.T) {
	h := build(t, Options{})
	h.mux.HandleFunc("GET /broken", func(w http.ResponseWriter, r *http.Request) {
		answer.Refuse(r, NewLogger(&h.log, slog.LevelDebug, true), errors.New("column secret does not exist")).Write(w, r)
	})
	w := h.ask(get("/broken"))
	id := w.Header().Get("X-Request-Id")
	if w.Code != 500 || id == "" || !strings.Contains(w.Body.String(), `"id":"`+id+`"`) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s, id %q", w.Code, w.Body, id)
	}
	if logged := h.log.String(); strings.Count(logged, `"request":"`+id+`"`) != 2 || !strings.Contains(logged, "column secret") {
		t.Errorf("logged %s", logged)
	}
}

func TestAPanicIsAnswered(t *testing.T) {
	h := build(t, Options{})
	traces.Plant(t, "a telephone", "13812345678")
	h.mux.HandleFunc("GET /early", func(http.ResponseWriter, *http.Request) { panic("phone 13812345678") })
	h.mux.HandleFunc("GET /late", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("late")
	})
	w := h.ask(get("/early"))
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"INTERNAL"`) || strings.Contains(w.Body.String(), "138") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if strings.Contains(h.log.String(), "13812345678") || !strings.Contains(h.log.String(), "ops_test.go") {
		t.Errorf("the log should hold the stack and not the value: %s", h.log.String())
	}
	server := httptest.NewServer(h)
	defer server.Close()
	if resp, err := http.Get(server.URL + "/late"); err == nil {
		defer resp.Body.Close()
		if text, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("half an answer looks whole: %q", text)
		}
	}
}

func TestBodiesAreLimited(t *testing.T) {
	h := build(t, Options{MaxBody: 10})
	reached := false
	h.mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		reached = true
		text, err := io.ReadAll(r.Body)
		if err != nil {
			answer.Refuse(r, slog.New(slog.DiscardHandler), err).Write(w, r)
			return
		}
		_, _ = w.Write(text)
	})
	for _, c := range []struct {
		name    string
		body    io.Reader
		status  int
		reached bool
	}{
		{"as long as allowed", strings.NewReader("0123456789"), 200, true},
		{"longer, and it says so", strings.NewReader("0123456789a"), 413, false},
		{"longer, found out on the way", io.MultiReader(strings.NewReader("0123456789a")), 413, true},
	} {
		reached = false
		if w := h.ask(httptest.NewRequest(http.MethodPost, "/echo", c.body)); w.Code != c.status || reached != c.reached {
			t.Errorf("%s: %d %s; it reached the handler: %v", c.name, w.Code, w.Body, reached)
		}
	}
}

func TestARequestTakesOnlySoLong(t *testing.T) {
	h := build(t, Options{Timeout: 20 * time.Millisecond})
	h.mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			answer.Refuse(r, slog.New(slog.DiscardHandler), r.Context().Err()).Write(w, r)
		case <-time.After(200 * time.Millisecond):
		}
	})
	if w := h.ask(get("/slow")); w.Code != 503 {
		t.Errorf("a slow request: %d", w.Code)
	}
	// Nothing streams yet, so that asking for a stream must not buy more time.
	for name, value := range map[string]string{"Accept": "text/event-stream", "Upgrade": "websocket"} {
		r := get("/slow")
		r.Header.Set(name, value)
		if w := h.ask(r); w.Code != 503 {
			t.Errorf("with %s: %s: %d", name, value, w.Code)
		}
	}
}

// The clock of a request starts when somebody waits for it, and must then run as it would have from the beginning.
func TestTheTimeOfARequest(t *testing.T) {
	type word struct{}
	parent, leave := context.WithCancel(context.WithValue(context.Background(), word{}, "said"))
	lasting := func(left time.Duration) *limited {
		l := new(limited)
		l.limit(parent, time.Now().Add(left))
		return l
	}

	l := lasting(20 * time.Millisecond)
	if deadline, ok := l.Deadline(); !ok || !deadline.Equal(l.until) || l.Err() != nil || l.Value(word{}) != "said" {
		t.Errorf("at the beginning: %v, %v, %v", deadline, l.Err(), l.Value(word{}))
	}
	before := runtime.NumGoroutine()
	child, cancel := context.WithCancel(l)
	defer cancel()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("a context made from it has %d goroutines of its own", n-before)
	}
	l.askedBy(account.TheOperator())
	if account.FromContext(l).Role != account.Operator || account.FromContext(child).Role != account.Operator {
		t.Error("who asks is not known once somebody waits")
	}
	<-child.Done()
	if !errors.Is(child.Err(), context.DeadlineExceeded) || !errors.Is(l.Err(), context.DeadlineExceeded) {
		t.Errorf("ended with %v, %v", child.Err(), l.Err())
	}

	unheard := lasting(-time.Second)
	if !errors.Is(unheard.Err(), context.DeadlineExceeded) {
		t.Errorf("its time is up, and nobody waited: %v", unheard.Err())
	}
	<-unheard.Done()

	over := lasting(time.Hour)
	ended := over.Done()
	over.stop()
	<-ended
	left := lasting(time.Hour)
	leave()
	if <-left.Done(); !errors.Is(left.Err(), context.Canceled) {
		t.Errorf("its sender left: %v", left.Err())
	}
}

func TestATokenThatIsNotValid(t *testing.T) {
	h := build(t, Options{Auth: func(*http.Request) (account.Actor, error) {
		return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
	}})
	reached := false
	h.mux.HandleFunc("/graphql", func(http.ResponseWriter, *http.Request) { reached = true })
	for path, shape := range map[string]string{"/where": `{"error":{"code":"UNAUTHENTICATED"`, "/graphql": `{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}`} {
		w := h.ask(get(path))
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" || !strings.HasPrefix(w.Body.String(), shape) || reached {
			t.Errorf("%s: %d %v %s; reached: %v", path, w.Code, w.Header(), w.Body, reached)
		}
	}
}

// Who tries one token after another is slowed down like anybody else.
func TestTokensThatAreNotValidAreLimited(t *testing.T) {
	looked := 0
	h := build(t, Options{RateLimit: 0.1, Auth: func(r *http.Request) (account.Actor, error) { // a burst of one
		if looked++; r.Header.Get("Authorization") == "Bearer right" {
			return account.TheOperator(), nil
		}
		return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
	}})
	for i, want := range []int{401, 429, 429} {
		r := get("/where")
		r.Header.Set("Authorization", "Bearer wrong")
		if w := h.ask(r); w.Code != want || (w.Header().Get("WWW-Authenticate") != "") != (want == 401) {
			t.Errorf("token %d: %d %v", i+1, w.Code, w.Header())
		}
	}
	r := get("/where")
	r.Header.Set("Authorization", "Bearer right")
	if w := h.ask(r); w.Code != 200 || looked != 4 {
		t.Errorf("the right one: %d", w.Code)
	}
}

// Residents behind one address read a page, programs JSON.
func TestTooManyRequestsIsAPageForPeople(t *testing.T) {
	h := build(t, Options{RateLimit: 0.1}) // a burst of one
	h.ask(get("/where"))
	for _, c := range []struct{ path, accept, language, kind, says string }{
		{"/where", "", "zh", "application/json; charset=utf-8", `"code":"LIMITED"`},
		{"/where", "application/json", "zh", "application/json; charset=utf-8", `"code":"LIMITED"`},
		{"/where", "text/html,application/xhtml+xml,*/*;q=0.8", "", "text/html; charset=utf-8", `<html lang="zh-CN">`},
		{"/where", "text/html", "", "text/html; charset=utf-8", "请求过于频繁，请 10 秒后再试。"},
		{"/where", "text/html", "en-GB", "text/html; charset=utf-8", `<html lang="en">`},
		{"/where?lang=en", "text/html", "zh", "text/html; charset=utf-8", "Too many requests from your address; try again in 10 s."},
		{"/graphql", "text/html", "zh", "application/json; charset=utf-8", `{"errors":[`},
	} {
		r := get(c.path)
		r.Header.Set("Accept", c.accept)
		r.Header.Set("Accept-Language", c.language)
		w := h.ask(r)
		header := w.Header()
		if w.Code != 429 || header.Get("Content-Type") != c.kind || !strings.Contains(w.Body.String(), c.says) || header.Get("Retry-After") != "10" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%+v: %d %v %s", c, w.Code, header, w.Body)
		}
		if isPage := strings.HasPrefix(c.kind, "text/html"); isPage != (header.Get("Content-Security-Policy") == "default-src 'none'") {
			t.Errorf("%+v: %v", c, header)
		}
	}
}

// An answer that depends on who asks, on the page that asks and on the language says all three, whoever sets the last.
func TestWhatAnAnswerDependsOn(t *testing.T) {
	const friend = "https://map.example.org"
	h := build(t, Options{CORSOrigins: []string{friend}, Auth: func(*http.Request) (account.Actor, error) { return account.Anyone(), nil }})
	for range 2 { // the second must not find what the first added
		r := get("/where")
		r.Header.Set("Origin", friend)
		if got := strings.Join(h.ask(r).Header().Values("Vary"), ", "); got != "Origin, Authorization, Accept-Encoding" {
			t.Errorf("Vary: %s", got)
		}
	}
}

func TestWhatIsMadeUpIsNotLookedUpWithoutEnd(t *testing.T) {
	looked := 0
	h := build(t, Options{RateLimit: 1, Looks: func(r *http.Request) bool { return r.Header.Get("Cookie") != "" },
		Auth: func(*http.Request) (account.Actor, error) { looked++; return account.Anyone(), nil }})
	for range 50 {
		r := get("/where")
		r.Header.Set("Cookie", "wangge=made-up")
		h.ask(r)
	}
	if looked < burstSeconds || looked > burstSeconds+2 { // a second may pass meanwhile
		t.Errorf("%d of 50 were looked up", looked)
	}
}

// TestWhoAsksIsFoundOutWhenAllWasSent: what is sent slowly is done for who they are then, not for who they were when they began.
func TestWhoAsksIsFoundOutWhenAllWasSent(t *testing.T) {
	body, send := io.Pipe()
	asked := make(chan struct{})
	h := build(t, Options{MaxBody: 64, Looks: func(*http.Request) bool { return true },
		Auth: func(*http.Request) (account.Actor, error) { close(asked); return account.Anyone(), nil }})
	r := httptest.NewRequest(http.MethodPost, "/where", body)
	done := make(chan struct{})
	go func() { defer close(done); h.ask(r) }()
	io.WriteString(send, "the beginning")
	select {
	case <-asked:
		t.Error("it was asked before all was sent")
	case <-time.After(50 * time.Millisecond):
	}
	send.Close()
	<-done
	<-asked

	h = build(t, Options{MaxBody: 64, Looks: func(*http.Request) bool { return true },
		Auth: func(*http.Request) (account.Actor, error) {
			t.Error("it is asked who sends too much")
			return account.Anyone(), nil
		}})
	long := httptest.NewRequest(http.MethodPost, "/where", strings.NewReader(strings.Repeat("x", 65)))
	long.ContentLength = -1
	if got := h.ask(long).Code; got != http.StatusRequestEntityTooLarge {
		t.Errorf("too much: %d", got)
	}
}

func TestWhatIsAnsweredToWhoSignedInIsKeptForNobodyElse(t *testing.T) {
	h := build(t, Options{Auth: func(*http.Request) (account.Actor, error) { return account.Actor{Role: account.Staff, ID: "s"}, nil }})
	if got := strings.Join(h.ask(get("/where")).Header().Values("Vary"), ", "); got != "Authorization, Cookie, Accept-Encoding" {
		t.Errorf("Vary: %s", got)
	}
}

// What stands around a request must not cost more than what it asks for.
func BenchmarkAround(b *testing.B) {
	h := Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Options{
		Log: NewLogger(io.Discard, slog.LevelWarn, false), Metrics: NewMetrics(nil), RateLimit: 1e9,
		Auth: func(*http.Request) (account.Actor, error) { return account.Anyone(), nil },
	})
	r, w := get("/where"), httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
}

func TestASenderWhoLeavesIsNoErrorOfOurs(t *testing.T) {
	h := build(t, Options{})
	h.mux.HandleFunc("GET /query", func(w http.ResponseWriter, r *http.Request) {
		answer.Refuse(r, NewLogger(&h.log, slog.LevelDebug, true), r.Context().Err()).Write(w, r)
	})
	h.mux.HandleFunc("GET /careless", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.ask(get("/query").WithContext(ctx))
	h.ask(get("/careless").WithContext(ctx))
	if logged := h.log.String(); strings.Count(logged, `"status":499`) != 2 || strings.Contains(logged, "ERROR") {
		t.Errorf("logged %s", logged)
	}
}

func TestTextIsCompressed(t *testing.T) {
	h := build(t, Options{})
	long := strings.Repeat("天网格 ", 1000)
	for _, c := range []struct {
		name, contentType, encoding, body, want string
	}{
		{"JSON", "application/json", "", long, "gzip"},
		{"a page", "text/html; charset=utf-8", "", long, "gzip"},
		{"a short answer", "application/json", "", "{}", ""},
		{"a picture", "image/png", "", long, ""},
		{"a tile, which is compressed already", "application/vnd.mapbox-vector-tile", "gzip", long, "gzip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := "/" + strings.ReplaceAll(strings.ReplaceAll(c.name, " ", "-"), ",", "")
			h.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				if c.encoding != "" {
					w.Header().Set("Content-Encoding", c.encoding)
				}
				_, _ = io.WriteString(w, c.body)
			})
			r := get(path)
			r.Header.Set("Accept-Encoding", "gzip")
			w := h.ask(r)
			if got := w.Header().Get("Content-Encoding"); got != c.want {
				t.Fatalf("encoding %q", got)
			}
			if c.want == "gzip" && c.encoding == "" {
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				if text, err := io.ReadAll(z); err != nil || string(text) != c.body {
					t.Errorf("unpacked to %d bytes, %v", len(text), err)
				}
			} else if w.Body.String() != c.body {
				t.Error("the body was changed")
			}
		})
	}
}

func TestPagesOfOtherOrigins(t *testing.T) {
	const friend, stranger = "https://map.example.org", "https://evil.example.org"
	ask := func(h *house, origin string) string {
		r := get("/where")
		r.Header.Set("Origin", origin)
		return h.ask(r).Header().Get("Access-Control-Allow-Origin")
	}
	open, closed := build(t, Options{CORSOrigins: []string{friend}}), build(t, Options{})
	if got := ask(open, friend); got != friend {
		t.Errorf("the friend is answered %q", got)
	}
	if got := ask(open, stranger); got != "" {
		t.Errorf("the stranger is answered %q", got)
	}
	if got := ask(closed, friend); got != "" {
		t.Errorf("with no list, %q", got)
	}
	r := httptest.NewRequest(http.MethodOptions, "/graphql", nil)
	r.Header.Set("Origin", friend)
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	if w := open.ask(r); w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := build(t, Options{})
	h.mux.HandleFunc("GET /own", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
	})
	h.mux.HandleFunc("GET /json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		io.WriteString(w, "{}")
	})
	h.mux.HandleFunc("GET /kept", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("{}"))
	})
	always := []string{"X-Content-Type-Options", "Content-Security-Policy", "X-Frame-Options", "X-Request-Id"}
	documents := []string{"Referrer-Policy", "Permissions-Policy"}
	for path, names := range map[string][]string{"/where": append(documents, always...), "/nowhere": append(documents, always...), "/json": always} {
		header := h.ask(get(path)).Header()
		for _, name := range names {
			if header.Get(name) == "" {
				t.Errorf("%s lacks %s", path, name)
			}
		}
	}
	// What is opened of JSON may load and run nothing at all.
	if got := h.ask(get("/json")).Header().Get("Content-Security-Policy"); got != "default-src 'none'; frame-ancestors 'self'" {
		t.Errorf("JSON's policy is %q", got)
	}
	again := get("/kept")
	again.Header.Set("If-None-Match", `"1"`)
	if w := h.ask(again); w.Code != http.StatusNotModified || w.Header().Get("Content-Security-Policy") != "" {
		t.Errorf("JSON that a client has kept gets with %d another policy: %q", w.Code, w.Header().Get("Content-Security-Policy"))
	}
	if got := h.ask(get("/own")).Header().Get("Content-Security-Policy"); got != "default-src 'none'" {
		t.Errorf("a handler's own policy became %q", got)
	}
}

func TestFigures(t *testing.T) {
	h := build(t, Options{})
	h.mux.Handle("GET /metrics", h.m.Handler())
	h.ask(get("/where?lng=121.4737"))
	h.ask(get("/secret/13812345678"))
	h.ask(httptest.NewRequest("BREW", "/where", nil))
	text := h.ask(get("/metrics")).Body.String()
	for _, want := range []string{
		`wangge_http_request_seconds_count{method="GET",route="GET /where",status="200"} 1`,
		`wangge_http_request_seconds_count{method="GET",route="none",status="404"} 1`,
		`method="other"`, "go_goroutines", "wangge_http_requests_open 1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, secret := range []string{"121.4737", "13812345678", "BREW"} {
		if strings.Contains(text, secret) {
			t.Errorf("a label holds %q", secret)
		}
	}
}

func TestReadiness(t *testing.T) {
	var down error
	var at time.Time
	current, behind := false, false
	asOf := func() (time.Time, bool) { return at, current }
	h := Ready(slog.New(slog.DiscardHandler), asOf, Check{"database", func(context.Context) error { return down }}, Coverage(asOf, func() bool { return behind }))
	ask := func() (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, get("/readyz"))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	again := func() (int, string) {
		time.Sleep(checkEvery + 10*time.Millisecond)
		return ask()
	}
	if status, body := ask(); status != 503 || body != `{"checks":{"coverage":"failed","database":"ok"},"ready":false}` {
		t.Errorf("before anything is loaded: %d %s", status, body)
	}
	at, current = time.Now(), true
	if status, body := again(); status != 200 || body != `{"checks":{"coverage":"ok","database":"ok"},"ready":true}` {
		t.Errorf("got %d %s", status, body)
	}
	behind = true
	if status, body := again(); status != 503 || body != `{"checks":{"coverage":"failed","database":"ok"},"ready":false}` {
		t.Errorf("behind a database that answers: %d %s", status, body)
	}
	behind, down = false, errors.New("password authentication failed for user wangge")
	at, current = time.Now().Add(-time.Minute), false
	want := `{"checks":{"coverage":"ok","database":"failed"},"dataAgeS":60,"dataAsOf":"` + at.UTC().Format(time.RFC3339) + `","ready":false}`
	if status, body := again(); status != 503 || body != want {
		t.Errorf("got %d %s, want %s", status, body, want)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, get("/readyz?for=residents"))
	want = `{"checks":{"coverage":"ok"},"dataAgeS":60,"dataAsOf":"` + at.UTC().Format(time.RFC3339) + `","ready":true}`
	if body := strings.TrimSpace(w.Body.String()); w.Code != 200 || body != want {
		t.Errorf("for residents, from memory: %d %s, want %s", w.Code, body, want)
	}
	at = time.Time{}
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, get("/readyz?for=residents")); w.Code != 503 {
		t.Errorf("for residents, with nothing in memory: %d", w.Code)
	}
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, get("/readyz?for=resident")); w.Code != 400 {
		t.Errorf("for somebody unknown: %d", w.Code)
	}
}

func TestTheDoorBeforeItIsOpen(t *testing.T) {
	d := NewDoor([]string{"https://map.example.org"})
	elsewhere := httptest.NewRequest(http.MethodGet, "/style.json", nil)
	elsewhere.Header.Set("Origin", "https://map.example.org")
	w := httptest.NewRecorder()
	if d.ServeHTTP(w, elsewhere); w.Code != 503 || w.Header().Get("Access-Control-Allow-Origin") != "https://map.example.org" {
		t.Errorf("a page of another origin cannot read that we start: %d %v", w.Code, w.Header())
	}
	ask := func(r *http.Request) (int, string, string) {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code, strings.TrimSpace(w.Body.String()), w.Header().Get("Retry-After")
	}
	if status, body, _ := ask(get("/livez")); status != 200 || body != `{"live":true}` {
		t.Errorf("/livez: %d %s", status, body)
	}
	for _, probe := range []string{"/readyz", "/readyz?for=residents"} {
		if status, body, _ := ask(get(probe)); status != 503 || body != `{"checks":{"coverage":"loading"},"ready":false}` {
			t.Errorf("%s: %d %s", probe, status, body)
		}
	}
	for _, path := range []string{"/", "/where?lng=1", "/graphql", "/metrics"} {
		if status, body, after := ask(httptest.NewRequest(http.MethodPost, path, nil)); status != 503 || !strings.Contains(body, "UNAVAILABLE") || after == "" {
			t.Errorf("%s: %d %s, Retry-After %q", path, status, body, after)
		}
	}
	d.Open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	if status, _, _ := ask(get("/readyz")); status != http.StatusTeapot {
		t.Errorf("open: %d", status)
	}
}

func TestErrorsAndTimesInTheLog(t *testing.T) {
	err := fmt.Errorf("failed to connect to `user=wangge`:\n\t%w", errors.Join(errors.New("127.0.0.1:1: refused"), errors.New("127.0.0.1:1: refused"), errors.New("127.0.0.2:1: refused")))
	var text, asJSON bytes.Buffer
	NewLogger(&text, slog.LevelInfo, false).Warn("away", "error", err, "took", 1500*time.Microsecond)
	NewLogger(&asJSON, slog.LevelInfo, true).Warn("away", "error", err, "took", 1500*time.Microsecond)
	want := "failed to connect to `user=wangge`: 127.0.0.1:1: refused; 127.0.0.2:1: refused"
	if got := text.String(); !strings.Contains(got, `error="`+want+`" took=1.5ms`) {
		t.Errorf("as text: %s", got)
	}
	if got := asJSON.String(); !strings.Contains(got, `"error":"`+want+`","took_ms":1.5}`) {
		t.Errorf("as JSON: %s", got)
	}
}

func TestOperatorsAndProbesAreNotLimited(t *testing.T) {
	asOperator := func(r *http.Request) (account.Actor, error) {
		if r.Header.Get("Authorization") != "" {
			return account.TheOperator(), nil
		}
		return account.Anyone(), nil
	}
	h := build(t, Options{RateLimit: 0.1, Auth: asOperator}) // a burst of one
	h.mux.Handle("GET /livez", Live())
	if w := h.ask(get("/where")); w.Code != 200 {
		t.Fatalf("the first: %d", w.Code)
	}
	w := h.ask(get("/where"))
	if w.Code != 429 || w.Header().Get("Retry-After") != "10" || !strings.Contains(w.Body.String(), `"LIMITED"`) {
		t.Errorf("the second: %d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	r := get("/where")
	r.Header.Set("Authorization", "x")
	if w := h.ask(r); w.Code != 200 {
		t.Errorf("an operator: %d", w.Code)
	}
	if w := h.ask(get("/livez")); w.Code != 200 {
		t.Errorf("a probe: %d", w.Code)
	}
	other := get("/where")
	other.RemoteAddr = "198.51.100.7:999"
	if w := h.ask(other); w.Code != 200 {
		t.Errorf("another address: %d", w.Code)
	}
	free := build(t, Options{})
	for range 50 {
		if w := free.ask(get("/where")); w.Code != 200 {
			t.Fatalf("without a limit: %d", w.Code)
		}
	}
}

func TestStreamsPassThrough(t *testing.T) {
	h := build(t, Options{})
	h.mux.HandleFunc("GET /stream", func(w http.ResponseWriter, _ *http.Request) {
		flusher, ok := w.(http.Flusher)
		_, hijack := w.(http.Hijacker)
		if !ok || !hijack {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, "data: 1\n\n")
		flusher.Flush()
	})
	server := httptest.NewServer(h)
	defer server.Close()
	resp, err := http.Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("a handler cannot flush or hijack: %d", resp.StatusCode)
	}
}

// A client that sends all of a body that is too long before it reads still gets its answer.
func TestALongBodyIsAnswered(t *testing.T) {
	server := httptest.NewServer(Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}), Options{MaxBody: 1 << 20, Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(nil)}))
	defer server.Close()
	for _, framing := range []string{"Content-Length: 12000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb71b00\r\n"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\n%s", framing)
		if _, err := conn.Write(bytes.Repeat([]byte("x"), 12_000_000)); err != nil {
			t.Errorf("%q: the connection broke: %v", framing, err)
			continue
		}
		if strings.HasPrefix(framing, "Transfer") {
			fmt.Fprint(conn, "\r\n0\r\n\r\n")
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%q: %v, %v; want 413", framing, r, err)
		}
	}
}

// A tile is sent by the hundred and is no page: it has no headers for pages, and nobody compresses it once more or tries to.
func TestTilesAreSentAsTheyAre(t *testing.T) {
	h := build(t, Options{Compressed: "/tiles/"})
	long := strings.Repeat("tile ", 1000)
	h.mux.HandleFunc("GET /tiles/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", vectorTile)
		if strings.HasSuffix(r.URL.Path, ".json") {
			w.Header().Set("Content-Type", "application/json")
		}
		_, _ = io.WriteString(w, long)
	})
	for path, policy := range map[string]bool{"/tiles/grids/1/2/3.mvt": false, "/tiles/grids.json": true} {
		r := get(path)
		r.Header.Set("Accept-Encoding", "gzip")
		w := h.ask(r)
		if w.Body.String() != long || w.Header().Get("Content-Encoding") != "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d bytes, %v", path, w.Body.Len(), w.Header())
		}
		for _, name := range []string{"Content-Security-Policy", "X-Frame-Options"} {
			if got := w.Header().Get(name) != ""; got != policy {
				t.Errorf("%s: %s %q", path, name, w.Header().Get(name))
			}
		}
	}
}
