package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wangge/domain/account"
	"wangge/graph"
	"wangge/graph/node"
	"wangge/internal/answer"
	"wangge/internal/httpauth"
	"wangge/internal/ops"
	"wangge/internal/traces"
)

const followTiles = `subscription {tilesChanged {version tiles(minZoom: 3, maxZoom: 3) {x}}}`

// through is GraphQL as it is served: everything around it, over TCP. What is told comes from tell; a request may take 200 ms.
type through struct {
	url  string
	tell chan string
	log  *growing
	stop context.CancelFunc
	over chan error
}

func serveThrough(t *testing.T) *through {
	t.Helper()
	s := &through{tell: make(chan string), log: &growing{}, over: make(chan error, 1)}
	log := ops.NewLogger(traces.Log(t, s.log), 0, false)
	door, err := httpauth.New(httpauth.Options{Operator: "the operator's token"})
	if err != nil {
		t.Fatal(err)
	}
	api, err := graph.NewHandler(&graph.Resolver{
		TilesChanged: func(ctx context.Context, since string, layers []string) (func(context.Context) (*node.TilesChange, error), error) {
			who := account.FromContext(ctx)
			return func(ctx context.Context) (*node.TilesChange, error) {
				select {
				case version := <-s.tell:
					return &node.TilesChange{Version: version + " for " + who.ID, OfZooms: func(minZoom, maxZoom int) ([]node.TileID, error) {
						return make([]node.TileID, 2_000), nil // longer than what is compressed, and than a buffer
					}}, nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}, nil
		},
	}, graph.Options{Log: log, RequestID: answer.RequestID, Auth: door.Who})
	if err != nil {
		t.Fatal(err)
	}
	metrics := ops.NewMetrics(nil)
	if err := metrics.Subscriptions(api.Subscriptions); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	mux.Handle("GET /metrics", metrics.Handler())
	listener, err := ops.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.url, s.stop = "http://"+listener.Addr().String(), cancel
	handler := ops.Wrap(mux, ops.Options{Log: log, Metrics: metrics, Auth: door.Who, RateLimit: 1000,
		CORSOrigins: []string{"https://map.example.cn"}, Timeout: 200 * time.Millisecond})
	go func() { s.over <- ops.Serve(ctx, listener, handler, log) }()
	t.Cleanup(func() {
		cancel()
		if err := <-s.over; err != nil {
			t.Error(err)
		}
		s.over <- nil
	})
	return s
}

// figure is one of /metrics.
func (s *through) figure(t *testing.T, name string) string {
	t.Helper()
	answer, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "none"
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not so: " + what)
		}
	}
}

func (s *through) events(t *testing.T, ctx context.Context) (*bufio.Reader, *http.Response) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/graphql?query="+url.QueryEscape(followTiles), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Encoding", "gzip, br")
	r.Header.Set("Origin", "https://map.example.cn")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return bufio.NewReader(answer.Body), answer
}

// event reads up to the data of the next event.
func event(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return data
		}
	}
}

func (s *through) socket(t *testing.T, payload string) *websocket.Conn {
	t.Helper()
	header := http.Header{"Accept-Encoding": {"gzip"}, "Origin": {s.url}}
	conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	for _, m := range []string{`{"type":"connection_init"` + payload + `}`, `{"type":"subscribe","id":"1","payload":{"query":"` + followTiles + `"}}`} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if _, text, err := conn.Read(t.Context()); err != nil || string(text) != `{"type":"connection_ack"}` {
		t.Fatalf("%s, %v", text, err)
	}
	return conn
}

func versionOf(t *testing.T, text []byte, in ...string) string {
	t.Helper()
	var m struct {
		Data struct {
			TilesChanged struct {
				Version string
				Tiles   []struct{ X int }
			}
		}
	}
	for _, name := range in {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatalf("%v: %.200s", err, text)
		}
		text = members[name]
	}
	if err := json.Unmarshal(text, &m); err != nil || len(m.Data.TilesChanged.Tiles) != 2_000 {
		t.Fatalf("%v: %.200s", err, text)
	}
	return m.Data.TilesChanged.Version
}

// TestStreamsThroughTheServer: subscriptions outlive the time of a request, pass all that stands around it, are counted, and end
// when the client leaves.
func TestStreamsThroughTheServer(t *testing.T) {
	t.Parallel()
	s := serveThrough(t)
	for range 2 {
		ctx, leave := context.WithCancel(t.Context())
		lines, opened := s.events(t, ctx)
		h := opened.Header
		if opened.StatusCode != 200 || h.Get("Content-Encoding") != "" || h.Get("Access-Control-Allow-Origin") != "https://map.example.cn" || h.Get("X-Request-Id") == "" {
			t.Fatalf("%d, %v", opened.StatusCode, h)
		}
		for i := range 3 {
			time.Sleep(150 * time.Millisecond) // three of these are longer than a request may take
			s.tell <- fmt.Sprint(i, ".1")
			if got, want := versionOf(t, []byte(event(t, lines))), fmt.Sprint(i, ".1 for public"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		if open, subscribed, asked := s.figure(t, "wangge_http_streams_open"), s.figure(t, "wangge_graphql_subscriptions_open"), s.figure(t, "wangge_http_requests_open"); open != "1" || subscribed != "1" || asked != "1" {
			t.Errorf("%s streams, %s subscriptions, %s requests are open", open, subscribed, asked)
		}
		leave()
		await(t, "nothing is open", func() bool {
			return s.figure(t, "wangge_http_streams_open") == "0" && s.figure(t, "wangge_graphql_subscriptions_open") == "0"
		})
	}
	conn := s.socket(t, `,"payload":{"Authorization":"Bearer the operator's token"}`)
	for i := range 3 {
		time.Sleep(150 * time.Millisecond)
		s.tell <- fmt.Sprint(i, ".1")
		_, text, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := versionOf(t, text, "payload"), fmt.Sprint(i, ".1 for operator"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if open := s.figure(t, "wangge_http_streams_open"); open != "1" {
		t.Errorf("%s streams are open", open)
	}
	conn.CloseNow()
	await(t, "nothing is open", func() bool {
		return s.figure(t, "wangge_http_streams_open") == "0" && s.figure(t, "wangge_graphql_subscriptions_open") == "0"
	})
	await(t, "the log has a line for each", func() bool { return strings.Count(s.log.String(), "msg=stream") == 3 })
	for _, line := range []string{"level=INFO msg=stream method=GET route=/graphql status=200 bytes=", "level=INFO msg=stream method=GET route=/graphql status=101 took="} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("the log lacks %q:\n%s", line, s.log)
		}
	}
	if log := s.log.String(); strings.Contains(log, "superfluous") || strings.Contains(log, "hijacked") || strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
		t.Errorf("the log says:\n%s", log)
	}
	if slow := s.figure(t, `wangge_http_request_seconds_count{method="GET",route="/graphql",status="200"}`); slow != "none" {
		t.Errorf("%s streams count as slow requests", slow)
	}
}

// TestStreamsEndWithTheServer: who follows is told that the server stops, which does not wait for its longest time.
func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := serveThrough(t)
	lines, _ := s.events(t, t.Context())
	conn := s.socket(t, "")
	await(t, "both are open", func() bool { return s.figure(t, "wangge_graphql_subscriptions_open") == "2" })
	start := time.Now()
	s.stop()
	if rest, err := io.ReadAll(lines); err != nil || bytes.Contains(rest, []byte("complete")) {
		t.Errorf("the events end with %q, %v", rest, err) // an EventSource is to come back
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the WebSocket ends with %v", err)
	}
	if err := <-s.over; err != nil {
		t.Error(err)
	}
	s.over <- nil
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if strings.Contains(s.log.String(), "cut off") {
		t.Error(s.log)
	}
}

// TestTooManyStreams: an address has so many, others still get theirs.
func TestTooManyStreams(t *testing.T) {
	t.Parallel()
	s := serveThrough(t)
	for range 200 {
		s.events(t, t.Context())
	}
	_, refused := s.events(t, t.Context())
	body, err := io.ReadAll(refused.Body)
	if refused.StatusCode != 429 || err != nil || !bytes.Contains(body, []byte(`"code":"LIMITED"`)) {
		t.Errorf("%d %s", refused.StatusCode, body)
	}
	_, answer, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err == nil || answer.StatusCode != 429 {
		t.Errorf("a WebSocket: %v", err)
	}
	header := http.Header{"Authorization": {"Bearer the operator's token"}}
	conn, _, err := websocket.Dial(t.Context(), s.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if err != nil {
		t.Errorf("the operator's: %v", err)
		return
	}
	conn.CloseNow()
}

// TestASlowReader: one who reads nothing keeps nobody waiting, and is let go.
func TestASlowReader(t *testing.T) {
	t.Parallel()
	s := serveThrough(t)
	s.events(t, t.Context()) // never read on
	begun := time.Now()
	for i := 0; ; i++ {
		select {
		case s.tell <- fmt.Sprint(i, ".1"):
		case <-time.After(100 * time.Millisecond):
		}
		if s.figure(t, "wangge_http_streams_open") == "0" {
			break
		}
		if time.Since(begun) > 60*time.Second {
			t.Fatal(errors.New("it is still served"))
		}
	}
}
