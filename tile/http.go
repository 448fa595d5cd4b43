package tile

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb/maptile"
	"golang.org/x/text/language"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// clientLeft is the status noted for a request whose client went away: nobody reads it (nginx's convention).
const clientLeft = 499

// prefix is where the server stands.
const prefix = "/tiles/"

// ServeHTTP answers GET and HEAD of /tiles/{layers}/{z}/{x}/{y}.mvt and /tiles/{layers}.json for the actor in the
// request's context. The last segment is parsed here, since http.ServeMux has no pattern {y}.mvt.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, fault.New(fault.Invalid, "", "tile.method"), http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	actor := account.FromContext(ctx)

	segments := strings.Split(strings.TrimPrefix(r.URL.Path, prefix), "/")
	last, isTile := strings.CutSuffix(segments[len(segments)-1], ".mvt")
	names, isJSON := strings.CutSuffix(segments[0], ".json")
	switch {
	case len(segments) == 1 && isJSON:
		answer, err := s.tileJSON(ctx, actor, splitLayers(names), s.PublicURL(r))
		if err != nil {
			s.refuse(w, r, err, 0)
			return
		}
		s.send(w, r, actor, "application/json", answer)
	case len(segments) == 4 && isTile:
		s.serveTile(ctx, w, r, actor, segments[0], segments[1], segments[2], last)
	default:
		s.refuse(w, r, fault.New(fault.NotFound, "", "tile.path"), 0)
	}
}

func (s *Server) serveTile(ctx context.Context, w http.ResponseWriter, r *http.Request, actor account.Actor, names, z, x, y string) {
	start := time.Now()
	seen := Observation{}
	list, err := find(splitLayers(names))
	var t maptile.Tile
	if err == nil {
		t, err = parseTile(z, x, y)
	}
	if err != nil {
		s.refuse(w, r, err, 0) // not observed: what clients make up must not become labels of metrics
		return
	}
	canonical := make([]string, len(list))
	for i, l := range list {
		canonical[i] = l.Name
	}
	answer, err := s.Tile(ctx, actor, canonical, t)
	if err != nil {
		seen.Status, seen.Bytes = s.refuse(w, r, err, 0)
	} else {
		seen.Status, seen.Bytes = s.send(w, r, actor, "application/vnd.mapbox-vector-tile", answer)
	}
	if s.Observe != nil {
		seen.Layers, seen.Zoom, seen.Took = strings.Join(canonical, ","), int(t.Z), time.Since(start)
		s.Observe(r.Context(), seen)
	}
}

// splitLayers cuts off what is longer than any list of layers can be, which find then refuses.
func splitLayers(s string) []string { return strings.SplitN(s, ",", len(layers)+1) }

func parseTile(z, x, y string) (t maptile.Tile, err error) {
	zoom, err := parseNumber("z", z, ZoomLimit)
	if err != nil {
		return t, err
	}
	last := uint32(1)<<zoom - 1
	if t.X, err = parseNumber("x", x, last); err != nil {
		return t, err
	}
	t.Y, err = parseNumber("y", y, last)
	t.Z = maptile.Zoom(zoom)
	return t, err
}

func parseNumber(field, s string, last uint32) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > uint64(last) {
		return 0, outOfRange(field, short(s), last)
	}
	return uint32(n), nil
}

// send writes an answer and returns the status and the bytes of its body.
//
// Clients keep it and ask each time whether it still holds: a boundary may be published, and a worker go on leave, at
// any moment, and a map must not show yesterday's.
func (s *Server) send(w http.ResponseWriter, r *http.Request, actor account.Actor, mediaType string, answer Response) (status, n int) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding, Authorization")
	if actor.Role == account.Public {
		h.Set("Cache-Control", "public, no-cache")
	} else {
		h.Set("Cache-Control", "private, no-cache")
	}
	if answer.Empty() {
		w.WriteHeader(http.StatusNoContent)
		return http.StatusNoContent, 0
	}
	// The two encodings are two representations: a strong ETag must tell them apart (RFC 9110, 8.8.3.3).
	zipped := acceptsGzip(r.Header.Values("Accept-Encoding"))
	etag := answer.ETag
	if zipped {
		etag = strings.TrimSuffix(etag, `"`) + `-gzip"`
	}
	h.Set("ETag", etag)
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, 0
	}
	body := answer.Body
	if zipped {
		body = answer.Gzip()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return http.StatusOK, 0
	}
	n, _ = w.Write(body) // fails where the client left; there is nobody to tell
	return http.StatusOK, n
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip, or * where gzip is not named, unless its weight is 0.
func acceptsGzip(values []string) bool {
	accepts, named := false, false
	for _, item := range strings.Split(strings.Join(values, ","), ",") {
		coding, weight, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		name, q, _ := strings.Cut(strings.TrimSpace(weight), "=")
		refused := false
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			number, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			refused = err != nil || number <= 0
		}
		switch {
		case coding == "gzip" || coding == "x-gzip":
			accepts, named = !refused, true
		case coding == "*" && !named:
			accepts = !refused
		}
	}
	return accepts
}

// matches compares weakly, as If-None-Match asks (RFC 9110, 13.1.2).
func matches(values []string, etag string) bool {
	for _, item := range strings.Split(strings.Join(values, ","), ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}

// refuse writes an error and returns the status and the bytes of its body. status 0 is the one of the error's code.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error, status int) (int, int) {
	if r.Context().Err() != nil {
		w.WriteHeader(clientLeft)
		return clientLeft, 0
	}
	if errors.Is(err, context.DeadlineExceeded) && !fault.Is(err, fault.Unavailable) {
		err = fault.Wrap(err, fault.Unavailable, "", "timeout")
	}
	f := fault.As(err)
	if status == 0 {
		status = f.Code.Status()
	}
	if status >= http.StatusInternalServerError {
		s.Logger.ErrorContext(r.Context(), "tile refused", "path", r.URL.Path, "code", f.Code, "error", err)
	}
	var answer struct {
		Error struct {
			Code    fault.Code `json:"code"`
			Field   string     `json:"field"`
			Message string     `json:"message"`
		} `json:"error"`
	}
	answer.Error.Code, answer.Error.Field, answer.Error.Message = f.Code, f.Field, f.Text(languageOf(r))
	body, _ := json.Marshal(answer) // strings only
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return status, 0
	}
	n, _ := w.Write(body)
	return status, n
}

var spoken = language.NewMatcher([]language.Tag{language.English, language.Chinese})

// languageOf is ?lang=, or else what the browser prefers.
func languageOf(r *http.Request) fault.Language {
	_, at := language.MatchStrings(spoken, r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	if at == 1 {
		return fault.Chinese
	}
	return fault.English
}

func whereAsked(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
