package tile

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// prefix is where the server stands.
const prefix = "/tiles/"

// ServeHTTP answers GET and HEAD of /tiles/{layers}/{z}/{x}/{y}.mvt and /tiles/{layers}.json for the actor in the
// request's context. The last segment is parsed here, since http.ServeMux has no pattern {y}.mvt.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refusal := answer.Refuse(r, s.Logger, fault.New(fault.Invalid, "", "tile.method"))
		refusal.Status = http.StatusMethodNotAllowed
		refusal.Write(w, r)
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
		s.serveTileJSON(ctx, w, r, actor, names)
	case len(segments) == 4 && isTile:
		s.serveTile(ctx, w, r, actor, segments[0], segments[1], segments[2], last)
	default:
		answer.Refuse(r, s.Logger, fault.New(fault.NotFound, "", "tile.path")).Write(w, r)
	}
}

func (s *Server) serveTileJSON(ctx context.Context, w http.ResponseWriter, r *http.Request, actor account.Actor, names string) {
	list, err := find(splitLayers(names))
	if err != nil {
		answer.Refuse(r, s.Logger, err).Write(w, r)
		return
	}
	found, err := s.tileJSON(ctx, actor, splitLayers(names), s.PublicURL(r))
	if err != nil {
		answer.Refuse(r, s.Logger, err, "layers", joined(list)).Write(w, r)
		return
	}
	s.send(w, r, actor, "application/json", found)
}

func (s *Server) serveTile(ctx context.Context, w http.ResponseWriter, r *http.Request, actor account.Actor, names, z, x, y string) {
	list, err := find(splitLayers(names))
	var t maptile.Tile
	if err == nil {
		t, err = parseTile(z, x, y)
	}
	if err != nil {
		answer.Refuse(r, s.Logger, err).Write(w, r)
		return
	}
	found, err := s.Tile(ctx, actor, splitLayers(names), t)
	if err != nil { // x and y stay out of the log: they say where somebody looks
		answer.Refuse(r, s.Logger, err, "layers", joined(list), "zoom", t.Z).Write(w, r)
		return
	}
	s.send(w, r, actor, "application/vnd.mapbox-vector-tile", found)
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
		return 0, outOfRange(field, fault.Shorten(s, 40), last)
	}
	return uint32(n), nil
}

// send writes what was found.
//
// Clients keep it and ask each time whether it still holds: a boundary may be published, and a worker go on leave, at
// any moment, and a map must not show yesterday's.
func (s *Server) send(w http.ResponseWriter, r *http.Request, actor account.Actor, mediaType string, found Response) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding, Authorization")
	if actor.Role == account.Public {
		h.Set("Cache-Control", "public, no-cache")
	} else {
		h.Set("Cache-Control", "private, no-cache")
	}
	if found.Empty() {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	// The two encodings are two representations: a strong ETag must tell them apart (RFC 9110, 8.8.3.3).
	zipped := answer.AcceptsGzip(r)
	etag := found.ETag
	if zipped {
		etag = strings.TrimSuffix(etag, `"`) + `-gzip"`
	}
	h.Set("ETag", etag)
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := found.Body
	if zipped {
		body = found.Gzip()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails where the client left; there is nobody to tell
	}
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

func whereAsked(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
