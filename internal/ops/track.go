package ops

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/felixge/httpsnoop"

	"wangge/internal/answer"
)

// request is what becomes known of a request on its way.
type request struct {
	route  string // the pattern that matched, "GET /where"; never the path, which may name a person's place
	status int    // 0 until the answer begins
	bytes  int64  // of the body as sent
}

type requestKey struct{}

// NewLogger returns a logger whose lines carry the id of the request whose context they are given.
func NewLogger(w io.Writer, level slog.Level, asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if asJSON {
		return slog.New(withID{slog.NewJSONHandler(w, options)})
	}
	return slog.New(withID{slog.NewTextHandler(w, options)})
}

type withID struct{ slog.Handler }

func (h withID) Handle(ctx context.Context, r slog.Record) error {
	if id := answer.RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withID) WithAttrs(a []slog.Attr) slog.Handler { return withID{h.Handler.WithAttrs(a)} }
func (h withID) WithGroup(name string) slog.Handler   { return withID{h.Handler.WithGroup(name)} }

// saneID is what is taken over from a proxy in front; anything else could forge lines of a log.
var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// track gives the request its id and, when it is over, its line in the log and its place in the figures. The line
// holds no query string, which holds positions, and nothing of headers or bodies.
func track(next http.Handler, log *slog.Logger, metrics *Metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := r.Header.Get("X-Request-Id")
		if !saneID.MatchString(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		info := &request{}
		ctx := context.WithValue(answer.NewContext(r.Context(), id), requestKey{}, info)
		metrics.begin()
		defer func() {
			took := time.Since(start)
			switch gone := r.Context().Err() != nil; {
			case gone && (info.status == 0 || info.status >= 500): // what failed is that nobody listens
				info.status = answer.StatusClosed
			case info.status == 0: // nothing was written: net/http answers 200
				info.status = http.StatusOK
			}
			route := info.route
			if route == "" {
				route = "none"
			}
			metrics.end(method(r), route, info.status, took)
			log.LogAttrs(ctx, logLevel(route, info.status), "request",
				slog.String("method", method(r)), slog.String("route", route), slog.Int("status", info.status),
				slog.Int64("bytes", info.bytes), slog.Duration("took", took))
		}()
		next.ServeHTTP(watched(w, info), r.WithContext(ctx))
	})
}

// watched notes the status and the size of what is written.
func watched(w http.ResponseWriter, info *request) http.ResponseWriter {
	begun := func(status int) {
		if info.status == 0 && status >= 200 { // 1xx go before the answer
			info.status = status
		}
	}
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(status int) { begun(status); next(status) }
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(b []byte) (int, error) {
				begun(http.StatusOK)
				n, err := next(b)
				info.bytes += int64(n)
				return n, err
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) {
				begun(http.StatusOK)
				n, err := next(src)
				info.bytes += n
				return n, err
			}
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				info.status = http.StatusSwitchingProtocols // what follows is not ours to see
				return next()
			}
		},
	})
}

// recordRoute is innermost: http.ServeMux writes the pattern into the request it is given, and every r.WithContext on
// the way made a copy.
func recordRoute(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if info, ok := r.Context().Value(requestKey{}).(*request); ok {
				info.route = r.Pattern
			}
		}()
		mux.ServeHTTP(w, r)
	})
}

// recovered answers 500 for a handler that panicked. Where the answer had begun, the connection is broken off: half
// an answer must not look whole.
func recovered(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			log.ErrorContext(r.Context(), "panic", "value", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			if info, ok := r.Context().Value(requestKey{}).(*request); ok && info.status != 0 {
				panic(http.ErrAbortHandler)
			}
			answer.Refuse(r, log, fmt.Errorf("panic: %T", p)).Write(w, r) // not its value, which may hold what was sent
		}()
		next.ServeHTTP(w, r)
	})
}

// method is r's, or "other": whoever calls must not be able to invent labels.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

func logLevel(route string, status int) slog.Level {
	switch {
	case status >= 500 && status != http.StatusServiceUnavailable:
		return slog.LevelError
	case status >= 500:
		return slog.LevelWarn
	case isProbe(route):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// isProbe reports whether route is one of those that machines ask every few seconds.
func isProbe(route string) bool {
	switch route {
	case "GET /livez", "GET /readyz", "GET /metrics":
		return true
	}
	return false
}
