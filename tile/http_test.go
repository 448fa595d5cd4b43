package tile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/internal/fault"
	"wangge/tile"
)

// source answers every tile with body or err, and keeps what it was asked.
type source struct {
	body  []byte
	err   error
	wait  bool // until the context ends
	box   *place.Box
	asked [][]string
	at    time.Time                   // the instant that was asked about last
	cut   func(tile.Reduction) []byte // what is answered instead of body; nil: body
}

func (s *source) Stored(ctx context.Context, _ account.Actor, layers []string, _, _, _ uint32, at time.Time, cut uint8) ([]scene.Building, []byte, error) {
	s.asked, s.at = append(s.asked, layers), at
	if s.cut != nil {
		return nil, s.cut(tile.Reduction(cut)), s.err
	}
	if s.wait {
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	return nil, s.body, s.err
}

func (s *source) Bounds(context.Context, account.Actor, []string) (*place.Box, error) {
	return s.box, s.err
}

// get asks server for path as the public does; headers are alternating names and values.
func get(server *tile.Server, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), account.Anyone())))
	return w
}

type refusal struct {
	Error struct{ Code, Field, Message string }
}

func TestBadRequests(t *testing.T) {
	tests := []struct {
		name, path  string
		status      int
		code, field string
		says        string
	}{
		{"zoom 99", "/tiles/grids/99/0/0.mvt", 400, "INVALID", "z", "from 0 to 22"},
		{"zoom below 0", "/tiles/grids/-1/0/0.mvt", 400, "INVALID", "z", `"-1"`},
		{"x out of range", "/tiles/grids/2/4/0.mvt", 400, "INVALID", "x", "from 0 to 3"},
		{"y out of range", "/tiles/grids/2/3/4.mvt", 400, "INVALID", "y", "from 0 to 3"},
		{"x beyond 32 bits", "/tiles/grids/2/4294967296/0.mvt", 400, "INVALID", "x", "whole number"},
		{"y no number", "/tiles/grids/14/0/NaN.mvt", 400, "INVALID", "y", `"NaN"`},
		{"y a fraction", "/tiles/grids/14/0/1.5.mvt", 400, "INVALID", "y", `"1.5"`},
		{"z empty", "/tiles/grids//0/0.mvt", 400, "INVALID", "z", `""`},
		{"a number as long as a book", "/tiles/grids/" + strings.Repeat("9", 5000) + "/0/0.mvt", 400, "INVALID", "z", "…"},
		{"unknown layer", "/tiles/grids,households/14/0/0.mvt", 400, "INVALID", "layers", "grid_labels"},
		{"layer twice", "/tiles/grids,roads,grids/14/0/0.mvt", 400, "INVALID", "layers", "twice"},
		{"no layer", "/tiles//14/0/0.mvt", 400, "INVALID", "layers", `""`},
		{"a comma too many", "/tiles/grids,/14/0/0.mvt", 400, "INVALID", "layers", `""`},
		{"too many layers", "/tiles/" + strings.Repeat("grids,", 1000) + "roads/14/0/0.mvt", 400, "INVALID", "layers", "more layers"},
		{"TileJSON of an unknown layer", "/tiles/x.json", 400, "INVALID", "layers", `"x"`},
		{"TileJSON of none", "/tiles/.json", 400, "INVALID", "layers", `""`},
		{"another format", "/tiles/grids/14/0/0.png", 404, "NOT_FOUND", "", "/tiles/"},
		{"a segment too few", "/tiles/grids/14/0.mvt", 404, "NOT_FOUND", "", "/tiles/"},
		{"a segment too many", "/tiles/grids/14/0/0/0.mvt", 404, "NOT_FOUND", "", "/tiles/"},
		{"nothing", "/tiles/", 404, "NOT_FOUND", "", "/tiles/"},
	}
	s := &source{body: []byte("tile")}
	server := tile.New(tile.Options{Source: s})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := get(server, "GET", test.path)
			var body refusal
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatalf("%v in %q", err, w.Body)
			}
			e := body.Error
			if w.Code != test.status || e.Code != test.code || e.Field != test.field || !strings.Contains(e.Message, test.says) {
				t.Errorf("got %d %+v", w.Code, e)
			}
			if len(e.Message) > 300 {
				t.Errorf("the message has %d bytes", len(e.Message))
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("a refusal may be kept")
			}
		})
	}
	if len(s.asked) > 0 {
		t.Errorf("the source was asked for %v", s.asked)
	}
	if w := get(server, "GET", "/tiles/grids/99/0/0.mvt", "Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8"); !strings.Contains(w.Body.String(), "整数") {
		t.Errorf("not in Chinese: %s", w.Body)
	}
	if w := get(server, "POST", "/tiles/grids/14/0/0.mvt"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestFailures(t *testing.T) {
	secret := errors.New("password=hunter2")
	tests := []struct {
		name   string
		err    error
		wait   bool
		status int
		code   string
	}{
		{"the statement took too long", fault.Wrap(secret, fault.Unavailable, "", "timeout"), false, 503, "UNAVAILABLE"},
		{"the request took too long", nil, true, 503, "UNAVAILABLE"},
		{"a fault of ours", secret, false, 500, "INTERNAL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			server := tile.New(tile.Options{
				Source: &source{err: test.err, wait: test.wait}, Timeout: 20 * time.Millisecond,
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			w := get(server, "GET", "/tiles/land,roads/14/13668/6704.mvt")
			var body refusal
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != test.status || body.Error.Code != test.code {
				t.Errorf("got %d %s (%v)", w.Code, w.Body, err)
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Error("the cause is shown to the client")
			}
			if !strings.Contains(log.String(), "layers=roads,land zoom=14") {
				t.Errorf("not logged: %s", &log)
			}
			if strings.Contains(log.String(), "13668") || strings.Contains(log.String(), "6704") {
				t.Errorf("the log says where on the map: %s", &log)
			}
		})
	}
}

func TestClientLeaves(t *testing.T) {
	server := tile.New(tile.Options{Source: &source{wait: true}})
	ctx, cancel := context.WithCancel(account.NewContext(t.Context(), account.Anyone()))
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		server.ServeHTTP(w, httptest.NewRequest("GET", "/tiles/roads/14/1/2.mvt", nil).WithContext(ctx))
		close(done)
	}()
	cancel()
	select {
	case <-done:
		if w.Code != 499 || w.Body.Len() > 0 {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("still waiting for the source")
	}
}

func TestEncodingsAndETags(t *testing.T) {
	body := bytes.Repeat([]byte("tile "), 1000)
	server := tile.New(tile.Options{Source: &source{body: body}})
	const path = "/tiles/roads/14/1/2.mvt"

	plain := get(server, "GET", path)
	if plain.Code != 200 || !bytes.Equal(plain.Body.Bytes(), body) || plain.Header().Get("Content-Encoding") != "" {
		t.Fatalf("plain: %d, %v", plain.Code, plain.Header())
	}
	if got := plain.Header().Get("Content-Type"); got != "application/vnd.mapbox-vector-tile" {
		t.Errorf("Content-Type %q", got)
	}
	if got := plain.Header().Get("Cache-Control"); got != "public, no-cache" {
		t.Errorf("Cache-Control %q", got)
	}
	zipped := get(server, "GET", path, "Accept-Encoding", "br, gzip")
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
		t.Errorf("unzipped: %v", err)
	}
	etag, zippedETag := plain.Header().Get("ETag"), zipped.Header().Get("ETag")
	if etag == zippedETag || !strings.HasPrefix(etag, `"`) || !strings.HasPrefix(zippedETag, `"`) {
		t.Errorf("ETags %s and %s must be strong and differ", etag, zippedETag)
	}
	for _, w := range []*httptest.ResponseRecorder{plain, zipped} {
		if !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("Vary %q", w.Header().Get("Vary"))
		}
	}

	encodings := []struct { // package answer has the others
		accept string
		gzip   bool
	}{{"gzip", true}, {"identity, *", true}, {"", false}, {"gzip;q=0", false}, {"br", false}}
	for _, test := range encodings {
		w := get(server, "GET", path, "Accept-Encoding", test.accept)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != test.gzip {
			t.Errorf("Accept-Encoding %q: gzip is %v", test.accept, got)
		}
	}

	conditions := []struct {
		name, match, accept string
		status              int
	}{
		{"the same", etag, "", 304},
		{"the same, weakly, in a list", `"x", W/` + etag, "", 304},
		{"any", "*", "", 304},
		{"another", `"x"`, "", 200},
		{"without its quotes", strings.Trim(etag, `"`), "", 200},
		{"the same, zipped", zippedETag, "gzip", 304},
		{"the other encoding", etag, "gzip", 200},
	}
	for _, test := range conditions {
		w := get(server, "GET", path, "If-None-Match", test.match, "Accept-Encoding", test.accept)
		if w.Code != test.status {
			t.Errorf("%s: %d", test.name, w.Code)
		}
		if w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") == "" || w.Header().Get("Cache-Control") == "") {
			t.Errorf("%s: 304 with %d bytes and %v", test.name, w.Body.Len(), w.Header())
		}
	}

	head := get(server, "HEAD", path)
	if head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("ETag") != etag || head.Header().Get("Content-Length") != "5000" {
		t.Errorf("HEAD: %d, %d bytes, %v", head.Code, head.Body.Len(), head.Header())
	}
	if other := get(tile.New(tile.Options{Source: &source{body: body[1:]}}), "GET", path); other.Header().Get("ETag") == etag {
		t.Error("other content has the same ETag")
	}
}

func TestTileAsksForLayersThatExist(t *testing.T) {
	tests := []struct {
		name   string
		layers []string
		z      maptile.Zoom
		want   string // what the source is asked for
	}{
		{"always in one order", []string{"land", "roads", "buildings"}, 14, "buildings,roads,land"},
		{"those of the zoom", []string{"roads", "land", "buildings"}, 10, "roads,land"},
		{"none at this zoom", []string{"roads"}, 9, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &source{body: []byte("tile")}
			answer, err := tile.New(tile.Options{Source: s}).Tile(t.Context(), account.Anyone(), test.layers, maptile.New(1, 2, test.z))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, asked := range s.asked {
				got += strings.Join(asked, ",")
			}
			if got != test.want || answer.Empty() != (test.want == "") {
				t.Errorf("asked for %q, empty %v", got, answer.Empty())
			}
		})
	}
	w := get(tile.New(tile.Options{Source: &source{}}), "GET", "/tiles/roads/14/1/2.mvt")
	if w.Code != http.StatusNoContent || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("empty tile: %d, %v", w.Code, w.Header())
	}
	if _, err := tile.New(tile.Options{Source: &source{}}).Tile(t.Context(), account.Actor{}, []string{"grids"}, maptile.New(0, 0, 0)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the zero actor: %v", err)
	}
}

func TestOperatorsTilesArePrivate(t *testing.T) {
	server := tile.New(tile.Options{Source: &source{body: []byte("tile")}})
	r := httptest.NewRequest("GET", "/tiles/roads/14/1/2.mvt", nil)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), account.TheOperator())))
	if got := w.Header().Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestBoundsAreRoundedOutward(t *testing.T) {
	tests := []struct {
		name           string
		box            place.Box
		bounds, center []float64
	}{
		{"a quarter", place.Box{West: 120.304004, South: 31.077998, East: 120.315996, North: 31.084006},
			[]float64{120.304, 31.07799, 120.316, 31.08401}, []float64{120.31, 31.081, 14}},
		{"beyond the pyramid of tiles", place.Box{West: -200, South: -90, East: 180, North: 90},
			[]float64{-180, -85.05112, 180, 85.05112}, []float64{0, 0, 10}},
		{"one point", place.Box{West: 120, South: 31, East: 120, North: 31},
			[]float64{120, 31, 120, 31}, []float64{120, 31, 16}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := tile.New(tile.Options{Source: &source{box: &test.box}}).TileJSON(t.Context(), account.Anyone(), []string{"grids"}, time.Time{}, "")
			if err != nil || !slices.Equal(doc.Bounds, test.bounds) || !slices.Equal(doc.Center, test.center) {
				t.Errorf("bounds %v, center %v, %v", doc.Bounds, doc.Center, err)
			}
		})
	}
}

func TestAsOf(t *testing.T) {
	s := &source{body: []byte("tile")}
	version, known := "7.1", true
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) // by the clock of what is written, not by this machine's
	server := tile.New(tile.Options{Source: s, Cache: 1 << 20, Version: func() (string, bool) { return version, known }, Now: func() time.Time { return now }})
	const path = "/tiles/roads/14/1/2.mvt"
	tests := []struct {
		name, query string
		want        time.Time
		code, says  string
	}{
		{name: "now", query: "", want: now},
		{name: "other things are ignored", query: "?v=7&asof=yesterday&z=1", want: now},
		{name: "and may be no query", query: "?v=%zz", want: now},
		{name: "an instant", query: "?v=7&asOf=2026-03-02T01:00:00.123456789Z", want: time.Date(2026, 3, 2, 1, 0, 0, 123456000, time.UTC)},
		{name: "of another zone", query: "?asOf=2026-03-02T09:00:00%2B08:00", want: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)},
		{name: "its name escaped", query: "?%61sOf=2026-03-02T01:00:00Z", want: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)},
		{name: "its name alone", query: "?asOf", code: "INVALID", says: `""`},
		{name: "its plus not escaped", query: "?asOf=2026-03-02T09:00:00+08:00", want: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)},
		{name: "to come", query: "?asOf=2090-01-01T00:00:00Z", want: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)},
		{name: "no instant", query: "?asOf=yesterday", code: "INVALID", says: "yesterday"},
		{name: "a day", query: "?asOf=2026-03-02", code: "INVALID", says: "2026-03-02"},
		{name: "nothing", query: "?asOf=", code: "INVALID", says: `""`},
		{name: "before all times", query: "?asOf=1492-10-12T00:00:00Z", code: "INVALID", says: "1900"},
		{name: "a query that cannot be read", query: "?asOf=%zz", code: "INVALID", says: "asOf"},
		{name: "a book", query: "?asOf=" + strings.Repeat("9", 5000), code: "INVALID", says: "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.asked = nil
			w := get(server, "GET", path+test.query)
			if test.code != "" {
				var body refusal
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 400 || body.Error.Code != test.code || body.Error.Field != "asOf" ||
					!strings.Contains(body.Error.Message, test.says) || len(body.Error.Message) > 300 || len(s.asked) > 0 {
					t.Errorf("got %d %s (%v), asked %v", w.Code, w.Body, err, s.asked)
				}
				return
			}
			if w.Code != 200 || !s.at.Equal(test.want) {
				t.Errorf("got %d, asked as of %v", w.Code, s.at)
			}
		})
	}
	asks := func(query string) int {
		s.asked = nil
		get(server, "GET", path+query)
		return len(s.asked)
	}
	const then = "?asOf=2025-01-01T00:00:00Z"
	for _, step := range []struct {
		name  string
		query string
		do    func()
		made  int
	}{
		{"the first time", then, func() {}, 1},
		{"the same instant", then, func() {}, 0},
		{"written otherwise", "?asOf=2025-01-01T08:00:00%2B08:00&v=2", func() {}, 0},
		{"another instant", "?asOf=2025-01-01T00:00:01Z", func() {}, 1},
		{"now", "?v=1", func() {}, 0},
		{"the data have changed", then, func() { version = "8.1" }, 1},
		{"the data of now are not known", then, func() { known = false }, 1},
		{"still not", then, func() {}, 1},
		{"now meanwhile", "", func() {}, 0},
		{"known again", then, func() { known = true }, 0},
	} {
		step.do()
		if got := asks(step.query); got != step.made {
			t.Errorf("%s: made %d times, want %d", step.name, got, step.made)
		}
	}

	var refused refusal
	if w := get(server, "GET", "/tiles/grids,gaps/14/1/2.mvt"+then, "Accept-Language", "zh"); w.Code != 400 ||
		json.Unmarshal(w.Body.Bytes(), &refused) != nil || refused.Error.Field != "asOf" || !strings.Contains(refused.Error.Message, "gaps 只反映当前") {
		t.Errorf("what coverage reports find, of the past: %d %s", w.Code, w.Body)
	}
	var doc tile.TileJSON
	w := get(server, "GET", "/tiles/grids.json?asOf=2026-03-02T09:00:00%2B08:00")
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || len(doc.Tiles) != 1 || !strings.HasSuffix(doc.Tiles[0], "/tiles/grids/{z}/{x}/{y}.mvt?asOf=2026-03-02T01:00:00Z") {
		t.Errorf("TileJSON %s (%v)", w.Body, err)
	}
	if w := get(server, "GET", "/tiles/grids.json?asOf=x"); w.Code != 400 {
		t.Errorf("TileJSON of no instant: %d", w.Code)
	}
}

func TestKeptTiles(t *testing.T) {
	s := &source{body: bytes.Repeat([]byte("tile "), 1000)}
	server := tile.New(tile.Options{Source: s, Cache: 1 << 20})
	as := func(actor account.Actor, path string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), actor)))
		return w
	}
	made := func() int { n := len(s.asked); s.asked = nil; return n }
	first := as(account.Anyone(), "/tiles/roads,land/14/1/2.mvt")
	again := as(account.Anyone(), "/tiles/land,roads/14/1/2.mvt?v=3")
	if n := made(); n != 1 || !bytes.Equal(first.Body.Bytes(), again.Body.Bytes()) || fmt.Sprint(first.Header()) != fmt.Sprint(again.Header()) {
		t.Errorf("made %d times; first %v, again %v", n, first.Header(), again.Header())
	}
	for _, path := range []string{"/tiles/roads/14/1/2.mvt", "/tiles/roads,land/14/2/2.mvt", "/tiles/roads,land/14/1/3.mvt", "/tiles/roads,land/15/1/2.mvt"} {
		as(account.Anyone(), path)
		if made() != 1 {
			t.Errorf("%s is taken for another", path)
		}
	}
	w := as(account.TheOperator(), "/tiles/roads,land/14/1/2.mvt")
	if made() != 1 || w.Header().Get("Cache-Control") != "private, no-cache" {
		t.Error("the operator is given what the public is")
	}
	as(account.TheOperator(), "/tiles/roads,land/14/1/2.mvt")
	if made() != 0 {
		t.Error("the operator's is not kept")
	}
	// Layers that do not exist at a zoom make no difference.
	as(account.Anyone(), "/tiles/roads/10/1/2.mvt")
	as(account.Anyone(), "/tiles/buildings,roads/10/1/2.mvt")
	if n := made(); n != 1 {
		t.Errorf("made %d times", n)
	}
	if w := as(account.Actor{}, "/tiles/roads,land/14/1/2.mvt"); w.Code != 401 {
		t.Errorf("nobody is answered %d", w.Code)
	}
	asked, kept := server.Stats()
	got := fmt.Sprint(asked, kept.Entries, kept.Purged)
	if want := "[{roads 10 1 1} {roads 14 2 5} {roads 15 0 1} {land 14 2 4} {land 15 0 1}] 7 0"; got != want {
		t.Errorf("figures %s, want %s", got, want)
	}
	server.Changed(tile.Turn{Version: "1.1", Anew: true})
	if _, kept := server.Stats(); kept.Entries != 0 || kept.Purged != 7 {
		t.Errorf("%d entries are left of what was kept, %d purged", kept.Entries, kept.Purged)
	}

	s.err = errors.New("no luck")
	if w := as(account.Anyone(), "/tiles/roads/14/1/2.mvt"); w.Code != 500 {
		t.Errorf("got %d", w.Code)
	}
	s.err = nil
	if w := as(account.Anyone(), "/tiles/roads/14/1/2.mvt"); w.Code != 200 {
		t.Errorf("an error was kept: %d", w.Code)
	}
}

func TestTooLongTilesAreReduced(t *testing.T) {
	sizes := map[tile.Reduction]int{tile.Full: 5000, tile.Attributes: 4000, tile.Coarser: 2000, tile.Aggregated: 1000}
	s := &source{cut: func(r tile.Reduction) []byte { return bytes.Repeat([]byte("t"), sizes[r]) }}
	for _, test := range []struct {
		limit, size, made int
		says              string
	}{
		{0, 5000, 1, ""}, {5000, 5000, 1, ""}, {4999, 4000, 2, "attributes"}, {2000, 2000, 3, "coarser"}, {1999, 1000, 4, "aggregated"},
		{10, 1000, 4, "aggregated"}, // a map with one slow tile is worth more than one with a hole
	} {
		s.asked = nil
		server := tile.New(tile.Options{Source: s, Limit: test.limit, Cache: 1 << 20})
		for range 2 {
			w := get(server, "GET", "/tiles/buildings/14/1/2.mvt")
			if w.Code != 200 || w.Body.Len() != test.size || w.Header().Get("Tile-Reduced") != test.says {
				t.Errorf("limit %d: %d, %d bytes, Tile-Reduced %q", test.limit, w.Code, w.Body.Len(), w.Header().Get("Tile-Reduced"))
			}
		}
		if len(s.asked) != test.made {
			t.Errorf("limit %d: made %d times", test.limit, len(s.asked))
		}
		w := get(server, "GET", "/tiles/buildings/14/1/2.mvt", "If-None-Match", "*")
		if w.Code != 304 || w.Header().Get("Tile-Reduced") != test.says {
			t.Errorf("limit %d: 304 is %d, Tile-Reduced %q", test.limit, w.Code, w.Header().Get("Tile-Reduced"))
		}
	}
}

// pastScenes gives no scene before it is told to go on, and counts how many are asked for.
type pastScenes struct {
	asked atomic.Int32
	goOn  chan struct{}
}

func (p *pastScenes) Scene(ctx context.Context, _ account.Actor, _ place.Box, _ time.Time) (scene.Scene, error) {
	p.asked.Add(1)
	select {
	case <-p.goOn:
	case <-ctx.Done():
	}
	return scene.Scene{}, fault.New(fault.Unavailable, "", "tile.path")
}

func (*pastScenes) Codes(context.Context, account.Actor, []key.Key) (map[key.Key]string, error) {
	return nil, nil
}

// TestTilesOfThePastTakeTurns asks for tiles of many instants, for each of which a city may be read: a few are made at a time, tiles of now do not wait for
// them, and those who have waited too long are told so.
func TestTilesOfThePastTakeTurns(t *testing.T) {
	scenes := &pastScenes{goOn: make(chan struct{})}
	server := tile.New(tile.Options{Source: &source{body: []byte("tile")}, Scenes: scenes, Timeout: time.Second, Cache: 1 << 20})
	const most = 2
	codes := make(chan int, 40)
	for i := range cap(codes) {
		go func() {
			codes <- get(server, "GET", fmt.Sprintf("/tiles/grids/10/1/2.mvt?asOf=2026-03-02T01:00:00.%06dZ", i)).Code
		}()
	}
	for scenes.asked.Load() < most {
		time.Sleep(time.Millisecond)
	}
	if w := get(server, "GET", "/tiles/roads/14/1/2.mvt?asOf=2026-03-02T01:00:00Z"); w.Code != 200 {
		t.Errorf("what needs no scene waits: %d", w.Code)
	}
	if n := scenes.asked.Load(); n != most {
		t.Errorf("%d scenes at a time", n)
	}
	for range cap(codes) {
		if code := <-codes; code != 503 {
			t.Errorf("got %d", code)
		}
	}
	close(scenes.goOn)
	before := scenes.asked.Load()
	if get(server, "GET", "/tiles/grids/10/1/2.mvt?asOf=2026-03-03T01:00:00Z"); scenes.asked.Load() != before+1 {
		t.Error("a turn was not given back")
	}
	if get(server, "GET", "/tiles/grids/10/1/2.mvt"); scenes.asked.Load() != before+2 {
		t.Error("a tile of now is not made")
	}
}
