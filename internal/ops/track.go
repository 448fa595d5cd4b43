package ops

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wangge/domain/account"
	"wangge/internal/answer"
)

// exchange is one request on its way: the writer that sees its answer pass and the context it is answered in, made at once.
type exchange struct {
	answered
	limited
	id   [1]string // as a header's values
	vary [4]string // room for those of Vary

	edge      *edge
	asked     *http.Request // as it came
	streaming bool          // its answer has no end
}

// answered notes how an answer begins and how long it is.
type answered struct {
	http.ResponseWriter
	status int   // 0 until the answer begins
	bytes  int64 // of the body as sent
	https  bool  // see Options.HTTPS
}

func (a *answered) begin(status int) {
	if a.status == 0 && status >= 200 { // 1xx go before the answer
		a.status = status
		secure(a.Header(), status, a.https)
	}
}

// WriteHeader implements http.ResponseWriter.
func (a *answered) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answered) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// WriteString implements io.StringWriter.
func (a *answered) WriteString(s string) (int, error) {
	a.begin(http.StatusOK)
	n, err := io.WriteString(a.ResponseWriter, s)
	a.bytes += int64(n)
	return n, err
}

// ReadFrom implements io.ReaderFrom, so that files go out without passing through this program.
func (a *answered) ReadFrom(src io.Reader) (int64, error) {
	a.begin(http.StatusOK)
	n, err := io.Copy(a.ResponseWriter, src)
	a.bytes += n
	return n, err
}

// Flush implements http.Flusher.
func (a *answered) Flush() {
	a.begin(http.StatusOK)
	_ = http.NewResponseController(a.ResponseWriter).Flush() // where nothing is held back there is nothing to do
}

// Hijack implements http.Hijacker.
func (a *answered) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.status = http.StatusSwitchingProtocols // what follows is not ours to see
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// limited is a context that ends at until, so that a request's statements are cancelled. Its clock starts when somebody first
// waits for it to end: an answer from memory is there before anybody does, and a timer made and stopped for nothing is
// a good part of what such an answer costs. It is made by limit.
type limited struct {
	until    time.Time
	now      atomic.Pointer[stage]
	changing sync.Mutex // held by who replaces now
	first    stage      // what now begins with
	streams  answer.Streams
}

// stage is what a limited is until it learns more. It is never changed.
type stage struct {
	context.Context
	cancel context.CancelFunc // stops the clock of Context; nil: nobody waits yet, it has none
}

// limit lets l end with ctx and at until, at the latest.
func (l *limited) limit(ctx context.Context, until time.Time) {
	l.until, l.first.Context = until, ctx
	l.now.Store(&l.first)
}

// Deadline implements context.Context.
func (l *limited) Deadline() (time.Time, bool) {
	if sooner, ok := l.now.Load().Deadline(); ok && sooner.Before(l.until) {
		return sooner, true
	}
	return l.until, true
}

// Done implements context.Context.
func (l *limited) Done() <-chan struct{} {
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.now.Load()
	if now.cancel == nil {
		timed, cancel := context.WithDeadline(now.Context, l.until)
		now = &stage{timed, cancel}
		l.now.Store(now)
	}
	return now.Done()
}

// Err implements context.Context.
func (l *limited) Err() error {
	now := l.now.Load()
	if err := now.Err(); err != nil || now.cancel != nil || time.Now().Before(l.until) {
		return err
	}
	return context.DeadlineExceeded
}

// Value implements context.Context. Once somebody waits it is asked of the clock, by which package context finds that a
// context made from this one can end with it without a goroutine of its own.
func (l *limited) Value(key any) any {
	if key == answer.StreamsKey {
		return l.streams
	}
	return l.now.Load().Value(key)
}

// askedBy puts the actor into l, which spares the request another copy.
func (l *limited) askedBy(actor account.Actor) {
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.now.Load()
	l.now.Store(&stage{account.NewContext(now.Context, actor), now.cancel})
}

// stop lets go of the clock.
func (l *limited) stop() {
	if cancel := l.now.Load().cancel; cancel != nil {
		cancel()
	}
}

// NewLogger returns a logger whose lines carry the id of the request whose context they are given. An error is one line. In JSON,
// where a number has no unit, a time that something took is in milliseconds, and its name says so: took_ms.
func NewLogger(w io.Writer, level slog.Level, asJSON bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Value.Kind() {
		case slog.KindAny:
			if err, ok := a.Value.Any().(error); ok {
				a.Value = slog.StringValue(oneLine(err.Error()))
			}
		case slog.KindDuration:
			if asJSON {
				return slog.Float64(a.Key+"_ms", float64(a.Value.Duration().Microseconds())/1e3)
			}
		}
		return a
	}}
	if asJSON {
		return slog.New(withID{slog.NewJSONHandler(w, options)})
	}
	return slog.New(withID{slog.NewTextHandler(w, options)})
}

// oneLine is what errors that were joined say, what several say alike once: a connection is tried with and without TLS, and at
// each address of a name.
func oneLine(text string) string {
	var told []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !slices.ContainsFunc(told, func(other string) bool { return strings.HasSuffix(other, line) }) {
			told = append(told, line)
		}
	}
	return strings.ReplaceAll(strings.Join(told, "; "), ":; ", ": ")
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

// requestID is r's own where a trusted proxy gave it one that cannot forge lines of a log, else a new one: anybody else could have the log and the audit hold an
// identity number, or another's id.
func requestID(r *http.Request, trusted []netip.Prefix) string {
	if given := r.Header["X-Request-Id"]; len(given) > 0 && sane(given[0]) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && within(trusted, peer.Addr().Unmap()) {
			return given[0]
		}
	}
	return newID()
}

// sane reports whether id is 1 to 64 of A-Z, a-z, 0-9, point, line and underscore.
func sane(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 64
}

// newID is 24 letters and digits, 120 bits. An id must not come twice; that it could be guessed does no harm.
func newID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [24]byte
	for half := 0; half < len(id); half += 12 {
		bits := rand.Uint64()
		for i := range 12 {
			id[half+i] = letters[bits&31]
			bits >>= 5
		}
	}
	return string(id[:])
}

// over writes the line of a request that is over and counts it. The line holds no query string, which holds positions, and
// nothing of headers or bodies.
func (e *edge) over(x *exchange, r *http.Request, route string, took time.Duration) {
	switch gone := r.Context().Err() != nil; {
	case gone && (x.status == 0 || x.status >= 500): // what failed is that nobody listens
		x.status = answer.StatusClosed
	case x.status == 0: // nothing was written: net/http answers 200
		x.begin(http.StatusOK)
	}
	if route == "" {
		route = "none"
	}
	what, bytes := "request", slog.Int64("bytes", x.bytes)
	if x.streaming {
		what = "stream" // took is how long it was open
		if x.status == http.StatusSwitchingProtocols {
			bytes = slog.Attr{} // nobody knows: it was another's connection
		}
		e.Metrics.streamEnd()
	} else {
		e.Metrics.end(method(r), route, x.status, took)
	}
	if level := logLevel(route, x.status); e.Log.Enabled(&x.limited, level) {
		e.Log.LogAttrs(&x.limited, level, what,
			slog.String("method", method(r)), slog.String("route", route), slog.Int("status", x.status),
			bytes, slog.Duration("took", took))
	}
}

// recovered answers 500 for a handler that panicked with p; nil where it did not. Where the answer had begun, the connection
// is to be broken off by the panic that is returned: half an answer must not look whole.
func (e *edge) recovered(p any, x *exchange, r *http.Request) (again any) {
	if p == nil {
		return nil
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return p
	}
	e.Log.ErrorContext(r.Context(), "panic", "value", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	if x.status != 0 {
		return http.ErrAbortHandler
	}
	answer.Refuse(r, e.Log, fmt.Errorf("panic: %T", p)).Write(&x.answered, r) // not its value, which may hold what was sent
	return nil
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
	case isProbe(strings.TrimPrefix(route, "GET ")):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// isProbe reports whether path is one of those that machines ask every few seconds.
func isProbe(path string) bool {
	switch path {
	case "/livez", "/readyz", "/metrics":
		return true
	}
	return false
}
