package ops

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"wangge/internal/answer"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"ops.starting", "The server is starting; try again in a moment.", "服务正在启动，请稍后再试。"},
)

// Door answers from the moment the address is open: until it is opened, that the process runs, that it is not ready, and 503 to
// all else.
type Door struct{ inside atomic.Pointer[http.Handler] }

// NewDoor returns a Door that is shut. Pages of origins can read that it is.
func NewDoor(origins []string) *Door {
	d := &Door{}
	d.Open(crossOrigin(starting(), origins))
	return d
}

// Open lets the requests that come from now on through to h.
func (d *Door) Open(h http.Handler) { d.inside.Store(&h) }

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*d.inside.Load()).ServeHTTP(w, r) }

// starting is what is answered while the data is read into memory.
func starting() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /livez", Live())
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "checks": map[string]string{"coverage": "loading"}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// It is expected, and over in seconds: nobody wants a line of the log a request.
		answer.Refuse(r, slog.New(slog.DiscardHandler), fault.New(fault.Unavailable, "", "ops.starting")).Write(w, r)
	})
	return mux
}
