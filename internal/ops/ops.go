// Package ops is what stands around every HTTP request: its id, its line in the log, its figures, its limits, and the
// server's own start, readiness and stop. What a request asks for is left to the handlers inside; who asks is left to
// package httpauth.
package ops

import (
	"bytes"
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/rs/cors"

	"wangge/domain/account"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Limits that a deployment does not set.
const (
	MaxBody        = 10 << 20 // bytes of a request's body; above: 413
	requestTimeout = 30 * time.Second
	minGzip        = 1024 // bytes; smaller answers cost more to compress than they save
)

// Options of Wrap. Log and Metrics are required.
type Options struct {
	Log     *slog.Logger
	Metrics *Metrics

	Auth           func(*http.Request) (account.Actor, error) // who asks; a request it refuses goes no further; nil: nobody is known
	Looks          func(*http.Request) bool                   // whether Auth asks the database about a request, which then counts before it does; nil: never
	CORSOrigins    []string                                   // written out; none: no page of another origin may call
	RateLimit      float64                                    // public requests a second and address; 0: no limit
	TrustedProxies []netip.Prefix                             // whose X-Forwarded-For and X-Request-Id are believed
	HTTPS          bool                                       // people reach the server by https: browsers are told never to go without
	Compressed     string                                     // beginning of the paths whose answers their handlers compress; "": none
	MaxBody        int64                                      // bytes; 0: MaxBody
	Timeout        time.Duration                              // of one request; 0: 30 s
}

// edge is what every request passes through on its way to routes and back.
type edge struct {
	Options
	routes, packed http.Handler // as they are, and compressed
	rate           *limiter     // nil: no limit
	untold         sync.Once    // that a proxy is not trusted
	inner          http.Handler // what stands between the first look and the routes
	streams        streams
}

// Wrap puts everything around routes.
func Wrap(routes http.Handler, o Options) http.Handler {
	o.MaxBody, o.Timeout = cmp.Or(o.MaxBody, MaxBody), cmp.Or(o.Timeout, requestTimeout)
	e := &edge{Options: o, routes: routes, packed: compressed(routes), streams: streams{of: map[netip.Addr]int{}}}
	if o.RateLimit > 0 {
		e.rate = newLimiter(o.RateLimit)
	}
	e.inner = crossOrigin(http.HandlerFunc(e.admit), o.CORSOrigins)
	return e
}

// ServeHTTP gives the request its id, its time and what holds for every answer, and, when it is over, its line in the log
// and its place in the figures. It is one step instead of ten around each other because it is taken for every tile and every
// point: each r.WithContext on the way copies the request, each writer around a writer is called for every answer.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := requestID(r, e.TrustedProxies)
	x := &exchange{answered: answered{ResponseWriter: w, https: e.HTTPS}, id: [1]string{id}, edge: e, asked: r}
	x.streams = x
	x.limit(answer.NewContext(r.Context(), id), start.Add(e.Timeout))
	header := w.Header()
	header["X-Request-Id"] = x.id[:]
	header["X-Content-Type-Options"] = noSniff
	header["Vary"] = x.vary[:0]
	inside := r.WithContext(&x.limited)
	e.Metrics.begin()
	defer func() {
		again := e.recovered(recover(), x, inside)
		x.stop()
		e.over(x, r, inside.Pattern, time.Since(start))
		if again != nil {
			panic(again)
		}
	}()
	e.inner.ServeHTTP(&x.answered, inside)
}

// admit lets a request through to the routes: who asks is known, it does not ask too often, and its body has an end.
func (e *edge) admit(w http.ResponseWriter, r *http.Request) {
	var actor account.Actor
	counted := false
	if e.Auth != nil {
		if e.rate != nil && e.Looks != nil && e.Looks(r) {
			if !e.mayAskNow(w, r) { // what is made up is not to be looked up without end
				return
			}
			counted = true
		}
		if counted || e.Looks != nil && e.Looks(r) {
			if !e.onHand(w, r) {
				return
			}
		}
		var err error
		if actor, err = e.Auth(r); err != nil {
			if e.rate != nil && !counted && !e.mayAskNow(w, r) { // tokens cannot be tried one after another
				return
			}
			if fault.Is(err, fault.Unauthenticated) {
				w.Header()["Www-Authenticate"] = bearer
			}
			answer.Refuse(r, e.Log, err).Write(w, r)
			return
		}
		w.Header().Add("Vary", "Authorization")
		if actor.Role != account.Public && len(r.Header["Authorization"]) == 0 {
			w.Header().Add("Vary", "Cookie") // what the public is answered may be kept for all who send none
		}
		if limits, ok := r.Context().(*limited); ok {
			limits.askedBy(actor)
		}
	}
	if e.rate != nil && !counted && actor.Role != account.Operator && !e.mayAskNow(w, r) {
		return
	}
	if r.ContentLength > e.MaxBody {
		drain(r.Body)
		w.Header().Set("Connection", "close") // rather than reading what is left
		answer.Refuse(r, e.Log, &http.MaxBytesError{Limit: e.MaxBody}).Write(w, r)
		return
	}
	if body := r.Body; body != nil && body != http.NoBody {
		// Reading on past the limit gives *http.MaxBytesError.
		r.Body = http.MaxBytesReader(w, body, e.MaxBody)
		defer drain(body)
	}
	if e.Compressed != "" && strings.HasPrefix(r.URL.Path, e.Compressed) { // their handlers say what they depend on
		e.routes.ServeHTTP(w, r)
		return
	}
	if len(r.Header["Accept-Encoding"]) == 0 {
		w.Header().Add("Vary", "Accept-Encoding")
		e.routes.ServeHTTP(w, r)
		return
	}
	e.packed.ServeHTTP(w, r)
}

// onHand reads the body of what somebody sends who may be signed in, before it is asked who: else a request that is sent slowly is done for somebody whose session has ended since.
// false: it is answered.
func (e *edge) onHand(w http.ResponseWriter, r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, e.MaxBody))
	if err != nil {
		w.Header().Set("Connection", "close")
		answer.Refuse(r, e.Log, err).Write(w, r)
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

// Header values that all answers share: nobody changes a slice in a header, net/http and its users replace or append.
var (
	bearer = []string{`Bearer realm="wangge"`}

	noSniff    = []string{"nosniff"}
	sameOrigin = []string{"same-origin"} // a page's address may hold a position
	framing    = []string{"SAMEORIGIN"}
	features   = []string{"geolocation=(self), camera=(), microphone=()"}
	nothing    = []string{"default-src 'none'; frame-ancestors 'self'"} // pages say themselves what they need
	opener     = []string{"same-origin"}
	transport  = []string{"max-age=63072000"} // two years; not of sub-domains, which may be others'
)

// vectorTile is the type of what browsers never show by itself.
const vectorTile = "application/vnd.mapbox-vector-tile"

// secure sets, when an answer begins, what browsers are to hold to; what a handler set itself stays. Where JSON is opened it shows
// nothing but itself. What links tell, what scripts may use, who may open them and how they are reached is asked of documents, which JSON is none of: eight headers fit into
// the map that net/http makes, copies and sorts for every answer, and a ninth costs more than the other eight.
//
// A vector tile is no page, cannot be shown or framed, and is sent by the hundred: it has what is sniffed forbidden, and nothing else.
//
// With 304 an answer that the client has kept is good for longer, whose headers those of the 304 replace, and its kind may be left
// out (as http.ServeContent does): the policy that it came with stays.
func secure(h http.Header, status int, https bool) {
	unless := func(name string, values []string) {
		if _, own := h[name]; !own {
			h[name] = values
		}
	}
	kind := h["Content-Type"]
	if len(kind) > 0 && kind[0] == vectorTile {
		return
	}
	unless("X-Frame-Options", framing)
	switch {
	case len(kind) > 0 && strings.HasPrefix(kind[0], "application/json"):
		unless("Content-Security-Policy", nothing)
		return
	case len(kind) > 0 || status != http.StatusNotModified:
		unless("Content-Security-Policy", nothing)
	}
	unless("Referrer-Policy", sameOrigin)
	unless("Permissions-Policy", features)
	unless("Cross-Origin-Opener-Policy", opener)
	if https {
		unless("Strict-Transport-Security", transport)
	}
}

// compressed compresses text. Pictures are left alone, which are compressed already; tiles do not come here.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minGzip), gzhttp.ContentTypes([]string{
		"application/json", "application/graphql-response+json", "application/geo+json", "application/javascript",
		"text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml",
	}))
	if err != nil {
		panic("ops: gzip options: " + err.Error()) // constants, tested
	}
	return wrap(next)
}

// crossOrigin lets the pages of origins call. Their people may be signed in, hence the credentials, and hence an
// explicit list, which package config holds to have no patterns.
func crossOrigin(next http.Handler, origins []string) http.Handler {
	if len(origins) == 0 {
		return next // cors.Options reads an empty list as "everyone"
	}
	return cors.New(cors.Options{
		AllowedOrigins:   origins,
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders:   []string{"Authorization", "Content-Type", "If-None-Match", "X-Request-Id"},
		ExposedHeaders:   []string{"ETag", "Retry-After", "Tile-Reduced", "X-Request-Id"},
		AllowCredentials: true,
		MaxAge:           600,
	}).Handler(next)
}

// drained is how much of a body that is too long is read and thrown away. Many clients send all of it before they look for
// an answer, and would meet a broken connection instead.
const drained = 64 << 20

func drain(body io.Reader) {
	io.CopyN(io.Discard, body, drained) // an error is the client's: it left, or took too long
}
