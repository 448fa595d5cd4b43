package graph_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/coder/websocket"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/graph"
	"wangge/graph/node"
	"wangge/internal/fault"
)

const everyField = `subscription S($since: String, $layers: [String!]) { changed: tilesChanged(since: $since, layers: $layers) {
	__typename version everything layers extents tiles(minZoom: 9, maxZoom: 10) { z x y } none: tiles(minZoom: 1, maxZoom: 0) { z } } }`

// telling tells what a test puts in to who followed last, and notes who asked for what.
type telling struct {
	mu    sync.Mutex
	to    chan *node.TilesChange // nil: nobody followed yet
	asked []string
}

func newTelling() *telling { return &telling{} }

func (s *telling) tell(version string) { s.followed(1) <- changed(version) }

// followed waits until so many have asked, and returns the channel of the last.
func (s *telling) followed(n int) chan *node.TilesChange {
	for {
		s.mu.Lock()
		to, asked := s.to, len(s.asked)
		s.mu.Unlock()
		if asked >= n && to != nil {
			return to
		}
		time.Sleep(time.Millisecond)
	}
}

func changed(version string) *node.TilesChange {
	return &node.TilesChange{Version: version, Layers: []string{"grids", "图层\n"}, Boxes: []place.Box{{West: 120.1, South: 31.2, East: 120.2, North: 31.3}},
		OfZooms: func(minZoom, maxZoom int) ([]node.TileID, error) {
			if minZoom > maxZoom {
				return nil, fault.New(fault.Invalid, "minZoom", "subscription.one")
			}
			return []node.TileID{{Z: minZoom, X: 1, Y: 2}, {Z: maxZoom, X: 3, Y: 4}}, nil
		}}
}

func (s *telling) follow(ctx context.Context, since string, layers []string) (func(context.Context) (*node.TilesChange, error), error) {
	changes := make(chan *node.TilesChange)
	s.mu.Lock()
	s.asked, s.to = append(s.asked, fmt.Sprint(account.FromContext(ctx).Role, " ", since, " ", layers)), changes
	s.mu.Unlock()
	if since == "no version" {
		return nil, fault.New(fault.Invalid, "since", "subscription.one")
	}
	if since == "panic" {
		panic("in the resolver")
	}
	return func(ctx context.Context) (*node.TilesChange, error) {
		select {
		case c, ok := <-changes:
			if !ok {
				return nil, io.EOF
			}
			return c, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, nil
}

func (s *telling) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

// listen serves over a real connection.
func listen(t *testing.T, s *telling, o graph.Options) (*graph.Handler, string) {
	t.Helper()
	o.Log = logger(t, t.Output())
	if o.Auth == nil {
		o.Auth = func(r *http.Request) (account.Actor, error) {
			if r.Header.Get("Authorization") != "Bearer right" {
				return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
			}
			return account.TheOperator(), nil
		}
	}
	h := must(graph.NewHandler(&graph.Resolver{TilesChanged: s.follow}, o))
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), account.Anyone())))
	}))
	t.Cleanup(at.Close)
	t.Cleanup(func() { alone(t, h) })
	return h, at.URL
}

// alone waits until nobody is told anything any more.
func alone(t *testing.T, h *graph.Handler) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); h.Subscriptions() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%d subscriptions are left", h.Subscriptions())
			return
		}
	}
}

// events reads server-sent events: each name with its data and id.
type events struct {
	*http.Response
	lines *bufio.Scanner
}

func stream(t *testing.T, r *http.Request) *events {
	t.Helper()
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &events{answer, bufio.NewScanner(answer.Body)}
}

func (e *events) next(t *testing.T) (name, data, id string) {
	t.Helper()
	for e.lines.Scan() {
		switch field, value, _ := strings.Cut(e.lines.Text(), ": "); field {
		case "event":
			name = value
		case "data":
			data = value
		case "id":
			id = value
		case "":
			if name != "" {
				return name, data, id
			}
		}
	}
	return "the end", "", ""
}

func getFrom(base, query string, variables map[string]any) *http.Request {
	raw, err := json.Marshal(variables)
	if err != nil {
		panic(err)
	}
	return must(http.NewRequest("GET", base+"/graphql?query="+url.QueryEscape(query)+"&variables="+url.QueryEscape(string(raw)), nil))
}

func postTo(base, query string) *http.Request {
	r := must(http.NewRequest("POST", base+"/graphql", strings.NewReader(string(must(json.Marshal(map[string]any{"query": query}))))))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// told is what everyField says of a change.
func told(version string) string {
	return `{"errors":[{"message":"A subscription asks for one field of Subscription.","path":["changed","none"],"locations":[{"line":2,"column":88}],"extensions":{"code":"INVALID","field":["minZoom"]}}],` +
		`"data":{"changed":{"__typename":"TilesChange","version":"` + version + `","everything":false,"layers":["grids","图层\n"],"extents":[[120.1,31.2,120.2,31.3]],` +
		`"tiles":[{"z":9,"x":1,"y":2},{"z":10,"x":3,"y":4}],"none":null}}}`
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Errorf("%s: %v: %s", what, err, got)
		return
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

func TestServerSentEvents(t *testing.T) {
	for _, test := range []struct {
		ask   func(base string) *http.Request
		asked string
	}{
		{func(base string) *http.Request {
			return getFrom(base, everyField, map[string]any{"since": "1.1", "layers": []string{"grids"}})
		}, "public 1.1 [grids]"},
		{func(base string) *http.Request { return postTo(base, everyField) }, "public  []"},
	} {
		s := newTelling()
		_, base := listen(t, s, graph.Options{})
		r := test.ask(base)
		e := stream(t, r)
		if kind := e.Header.Get("Content-Type"); e.StatusCode != 200 || kind != "text/event-stream; charset=utf-8" || e.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d, %v", r.Method, e.StatusCode, e.Header)
		}
		for _, version := range []string{"2.1", "3.1"} {
			s.tell(version)
			name, data, id := e.next(t)
			if name != "next" || id != version {
				t.Errorf("%s: event %s with id %s", r.Method, name, id)
			}
			same(t, r.Method, data, told(version))
		}
		if s.last() != test.asked {
			t.Errorf("%s asked for %q", r.Method, s.last())
		}
	}
	s := newTelling()
	_, base := listen(t, s, graph.Options{})
	back := getFrom(base, everyField, map[string]any{"since": "1.1"})
	back.Header.Set("Last-Event-ID", "3.1")
	e := stream(t, back)
	if s.last() != "public 3.1 []" {
		t.Errorf("who comes back is followed from %q", s.last())
	}
	close(s.followed(1))
	if name, data, _ := e.next(t); name != "complete" || data != "" {
		t.Errorf("where there is no more: %s %s", name, data)
	}
}

// TestServerSentEventsOfOtherRequests: what is refused is told as an event where the document is at fault, since an EventSource
// reads nothing else, and by its status where the request is.
func TestServerSentEventsOfOtherRequests(t *testing.T) {
	_, base := listen(t, newTelling(), graph.Options{})
	upgrading := func(r *http.Request) *http.Request {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "h2c")
		return r
	}
	plain := func(r *http.Request) *http.Request { r.Header.Set("Accept", "application/json"); return r }
	for _, test := range []struct {
		name   string
		r      *http.Request
		status int
		says   string // in the one event, or the body
	}{
		{"a query", postTo(base, "{__typename}"), 200, `{"data":{"__typename":"Query"}}`},
		{"a query by GET", getFrom(base, "{__typename}", nil), 200, `{"data":{"__typename":"Query"}}`},
		{"a mutation by GET", getFrom(base, "mutation {__typename}", nil), 405, `"code":"INVALID"`},
		{"a wrong document", getFrom(base, "subscription {nothing}", nil), 200, `"code":"INVALID"`},
		{"two fields", getFrom(base, "subscription {a: tilesChanged {version} b: tilesChanged {version}}", nil), 200, `"code":"INVALID"`},
		{"none", getFrom(base, "subscription {tilesChanged @skip(if: true) {version}}", nil), 200, `"code":"INVALID"`},
		{"its type", getFrom(base, "subscription {__typename}", nil), 200, `"code":"INVALID"`},
		{"no version", getFrom(base, `subscription {tilesChanged(since: "no version") {version}}`, nil), 200, `"extensions":{"code":"INVALID","field":["since"]}`},
		{"a panic", getFrom(base, `subscription {tilesChanged(since: "panic") {version}}`, nil), 200, `"code":"INTERNAL"`},
		{"too dear", getFrom(base, "subscription {tilesChanged {"+repeat(20, "a#: tiles {z x y}")+"}}", nil), 200, `"code":"LIMITED"`},
		{"one that would rather have HTTP/2", upgrading(postTo(base, "{__typename}")), 200, `{"data":{"__typename":"Query"}}`},
		{"no document", getFrom(base, "", nil), 400, `"code":"INVALID"`},
		{"a subscription as JSON", plain(postTo(base, "subscription {tilesChanged {version}}")), 406, `"code":"INVALID"`},
		{"a subscription by GET as JSON", plain(getFrom(base, "subscription {tilesChanged {version}}", nil)), 406, `"code":"INVALID"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.r.Header.Get("Accept") == "" {
				test.r.Header.Set("Accept", "text/event-stream")
			}
			answer, err := http.DefaultClient.Do(test.r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body := string(must(io.ReadAll(answer.Body)))
			if answer.StatusCode != test.status || !strings.Contains(body, test.says) {
				t.Errorf("%d %s; want %d, %s", answer.StatusCode, body, test.status, test.says)
			}
			whole := strings.HasPrefix(body, "event: next\ndata: {") && strings.HasSuffix(body, "}\n\nevent: complete\ndata:\n\n")
			if whole != (test.status == 200) || whole != strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
				t.Errorf("%s: %q", answer.Header.Get("Content-Type"), body)
			}
		})
	}
}

// socket is a client of graphql-transport-ws.
type socket struct {
	*websocket.Conn
	t *testing.T
}

func dial(t *testing.T, base string, header http.Header) *socket {
	t.Helper()
	conn, answer, err := websocket.Dial(t.Context(), base+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 101 {
		t.Fatal(answer.Status)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &socket{conn, t}
}

func (s *socket) send(messages ...string) *socket {
	s.t.Helper()
	for _, m := range messages {
		if err := s.Write(s.t.Context(), websocket.MessageText, []byte(m)); err != nil {
			s.t.Fatal(err)
		}
	}
	return s
}

// get returns the next message, or the code that the connection was closed with.
func (s *socket) get() string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	_, text, err := s.Read(ctx)
	if code := websocket.CloseStatus(err); code > 0 {
		return fmt.Sprint("closed ", int(code))
	}
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func subscribe(id, query string, more ...any) string {
	payload := map[string]any{"query": query}
	for i := 0; i < len(more); i += 2 {
		payload[more[i].(string)] = more[i+1]
	}
	return string(must(json.Marshal(map[string]any{"type": "subscribe", "id": id, "payload": payload})))
}

const (
	begin = `{"type":"connection_init"}`
	ack   = `{"type":"connection_ack"}`
	short = "subscription {tilesChanged {version}}"
)

func TestWebSocket(t *testing.T) {
	s := newTelling()
	h, base := listen(t, s, graph.Options{})
	c := dial(t, base, nil).send(begin, subscribe("一\"", everyField, "variables", map[string]any{"since": "1.1", "layers": []string{"grids"}}))
	if got := c.get(); got != ack {
		t.Fatal(got)
	}
	for _, version := range []string{"2.1", "3.1"} {
		s.tell(version)
		same(t, "next", c.get(), `{"id":"一\"","type":"next","payload":`+told(version)+`}`)
	}
	if s.last() != "public 1.1 [grids]" || h.Subscriptions() != 1 {
		t.Errorf("asked for %q, %d open", s.last(), h.Subscriptions())
	}
	c.send(`{"type":"ping","payload":{"a":1}}`)
	if got := c.get(); got != `{"type":"pong"}` {
		t.Errorf("ping: %s", got)
	}
	c.send(`{"type":"pong"}`, `{"id":"一\"","type":"complete"}`, `{"id":"another","type":"complete"}`, subscribe("一\"", short), `{"type":"ping"}`)
	c.get() // all before it was read
	s.followed(2)
	s.tell("4.1")
	same(t, "the same id again", c.get(), `{"id":"一\"","type":"next","payload":{"data":{"tilesChanged":{"version":"4.1"}}}}`)
	close(s.followed(1))
	same(t, "no more", c.get(), `{"id":"一\"","type":"complete"}`)
	c.send(subscribe("x", "{nothing}"))
	if got := c.get(); !strings.HasPrefix(got, `{"id":"x","type":"error","payload":[{"message":`) {
		t.Errorf("a wrong document: %s", got)
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

func TestWebSocketRefuses(t *testing.T) {
	_, base := listen(t, newTelling(), graph.Options{})
	many := make([]string, 10)
	for i := range many {
		many[i] = subscribe(fmt.Sprint(i), short)
	}
	var begun []string
	for i := range 201 {
		begun = append(begun, subscribe(fmt.Sprint(i), "{__typename}"))
	}
	for _, test := range []struct {
		name string
		send []string
		want string // in the last message
	}{
		{"to subscribe before it begins", []string{subscribe("1", short)}, "closed 4401"},
		{"what is no message", []string{"{"}, "closed 4400"},
		{"a payload of another type", []string{`{"type":"connection_init","payload":7}`}, "closed 4400"},
		{"a wrong token", []string{`{"type":"connection_init","payload":{"Authorization":"Bearer wrong"}}`}, "closed 4403"},
		{"to begin twice", []string{begin, begin}, "closed 4429"},
		{"an unknown type", []string{begin, `{"type":"start"}`}, "closed 4400"},
		{"what is no message later", []string{begin, "[]"}, "closed 4400"},
		{"no id", []string{begin, subscribe("", short)}, "closed 4400"},
		{"a long id", []string{begin, subscribe(strings.Repeat("i", 129), short)}, "closed 4400"},
		{"the same id", []string{begin, subscribe("1", short), subscribe("1", short)}, "closed 4409"},
		{"a long message", []string{begin, subscribe("1", strings.Repeat(" ", 65<<10))}, "closed 1009"},
		{"a query", []string{begin, subscribe("1", "{__typename}")}, `{"id":"1","type":"error","payload":[{"message":"Only subscriptions are taken over a WebSocket; send queries and mutations by POST.","extensions":{"code":"INVALID"}}]}`},
		{"no query", []string{begin, `{"type":"subscribe","id":"1","payload":{}}`}, `"code":"INVALID"`},
		{"no payload", []string{begin, `{"type":"subscribe","id":"1"}`}, `"code":"INVALID"`},
		{"no version", []string{begin, subscribe("1", `subscription {tilesChanged(since: "no version") {version}}`)}, `"field":["since"]`},
		{"a panic", []string{begin, subscribe("1", `subscription {tilesChanged(since: "panic") {version}}`)}, `"code":"INTERNAL"`},
		{"what is too dear", []string{begin, subscribe("1", "subscription {tilesChanged {"+repeat(20, "a#: tiles {z x y}")+"}}")}, `"code":"LIMITED"`},
		{"an eleventh at a time", append(append([]string{begin}, many...), subscribe("one more", short)), `"id":"one more","type":"error","payload":[{"message":"A connection may have 10 subscriptions at a time.","extensions":{"code":"LIMITED"}}]`},
		{"more than 200 in all", append([]string{begin}, begun...), "closed 4429"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, base, nil)
			wait := make(chan string)
			go func() {
				last := ""
				for !strings.Contains(last, test.want) && (strings.HasPrefix(last, "{") || last == "") {
					last = c.get()
				}
				wait <- last
			}()
			for _, m := range test.send {
				if c.Write(t.Context(), websocket.MessageText, []byte(m)) != nil {
					break // it is closed, or being closed
				}
			}
			if got := <-wait; !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhoOpensAWebSocket(t *testing.T) {
	s := newTelling()
	_, base := listen(t, s, graph.Options{Origins: []string{"https://Map.example.cn"}})
	host := strings.TrimPrefix(base, "http://")
	for origin, want := range map[string]int{"": 101, base: 101, "https://" + host: 101, "https://map.example.cn": 101, "http://map.example.cn": 403,
		"https://map.example.cn.evil.example": 403, "https://evil.example": 403, "null": 403, "%": 403} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, answer, err := websocket.Dial(t.Context(), base+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
		if err == nil {
			conn.CloseNow()
		}
		if answer == nil || answer.StatusCode != want {
			t.Errorf("Origin %q: %v", origin, err)
		} else if want == 403 {
			if body := string(must(io.ReadAll(answer.Body))); !strings.Contains(body, `"code":"FORBIDDEN"`) {
				t.Errorf("Origin %q: %s", origin, body)
			}
		}
	}
	_, answer, err := websocket.Dial(t.Context(), base+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	if err == nil || answer.StatusCode != 400 {
		t.Errorf("another protocol: %v", err)
	}
	c := dial(t, base, nil).send(`{"type":"connection_init","payload":{"Authorization":"Bearer right","other":[1]}}`, subscribe("1", short))
	if got := c.get(); got != ack {
		t.Fatal(got)
	}
	s.tell("1.1")
	if got := c.get(); !strings.Contains(got, "1.1") || s.last() != "operator  []" {
		t.Errorf("%s; asked for %q", got, s.last())
	}
}

// TestTrustedSubscriptions: the limits of documents hold for what never ends.
func TestTrustedSubscriptions(t *testing.T) {
	folder, s := t.TempDir(), newTelling()
	if err := os.WriteFile(filepath.Join(folder, "tiles.graphql"), []byte(short), 0o600); err != nil {
		t.Fatal(err)
	}
	_, base := listen(t, s, graph.Options{Trusted: folder, OnlyTrusted: true})
	sum := sha256.Sum256([]byte(short))
	id := "sha256:" + hex.EncodeToString(sum[:])
	c := dial(t, base, nil).send(begin, subscribe("1", "", "documentId", id), subscribe("2", short+" "))
	if got := c.get(); got != ack {
		t.Fatal(got)
	}
	if got := c.get(); !strings.Contains(got, `"id":"2","type":"error"`) || !strings.Contains(got, `"code":"FORBIDDEN"`) {
		t.Errorf("an unknown document: %s", got)
	}
	s.tell("1.1")
	if got := c.get(); !strings.Contains(got, `{"id":"1","type":"next","payload":{"data":{"tilesChanged":{"version":"1.1"}}}}`) {
		t.Error(got)
	}
	s = newTelling() // the one that was asked before may not have noticed yet that its client left
	_, base = listen(t, s, graph.Options{Trusted: folder, OnlyTrusted: true})
	e := stream(t, must(http.NewRequest("GET", base+"/graphql?documentId="+id, nil)))
	s.tell("2.1")
	if name, data, _ := e.next(t); name != "next" || data != `{"data":{"tilesChanged":{"version":"2.1"}}}` {
		t.Errorf("%s %s", name, data)
	}
	if _, data, _ := stream(t, getFrom(base, short+" ", nil)).next(t); !strings.Contains(data, `"code":"FORBIDDEN"`) {
		t.Errorf("an unknown document: %s", data)
	}
}

// TestEventsAreJudged: gqlgen's own executor says the same of an event, but for the path of an error, which it begins below the
// field of Subscription.
func TestEventsAreJudged(t *testing.T) {
	s := newTelling()
	go s.tell("2.1")
	judge := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &graph.Resolver{TilesChanged: s.follow}}))
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(t.Context()))
	defer cancel()
	op, list := judge.CreateOperationContext(ctx, &graphql.RawParams{Query: everyField})
	if list != nil {
		t.Fatal(list)
	}
	responses, ctx := judge.DispatchOperation(ctx, op)
	first := responses(ctx)
	var want struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(told("2.1")), &want); err != nil {
		t.Fatal(err)
	}
	if string(first.Data) != string(want.Data) || len(first.Errors) != 1 {
		t.Errorf("got  %q, %v\nwant %q", first.Data, first.Errors, want.Data)
	}
}

// TestNotServed: a server that follows no tiles says so.
func TestNotServed(t *testing.T) {
	s := bare(t)
	r := httptest.NewRequest("GET", "/graphql?query="+url.QueryEscape(short), nil)
	r.Header.Set("Accept", "text/event-stream")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"code":"UNAVAILABLE"`) {
		t.Errorf("%s", w.Body)
	}
}
