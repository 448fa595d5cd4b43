package tile

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wangge/domain/account"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// prefix is where the server stands.
const prefix = "/tiles/"

// ServeHTTP answers GET and HEAD of /tiles/{layers}/{z}/{x}/{y}.mvt and /tiles/{layers}.json for the actor in the
// request's context, as of the instant ?asOf; what else stands in the query does not matter. The path is parsed here, since
// http.ServeMux has no pattern {y}.mvt.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refusal := answer.Refuse(r, s.Logger, fault.New(fault.Invalid, "", "tile.method"))
		refusal.Status = http.StatusMethodNotAllowed
		refusal.Write(w, r)
		return
	}
	actor := account.FromContext(r.Context())
	path := strings.TrimPrefix(r.URL.Path, prefix)
	if names, rest, ok := strings.Cut(path, "/"); ok {
		z, rest, _ := strings.Cut(rest, "/")
		x, rest, ok := strings.Cut(rest, "/")
		if y, isTile := strings.CutSuffix(rest, ".mvt"); ok && isTile && strings.IndexByte(y, '/') < 0 {
			s.serveTile(w, r, actor, names, z, x, y)
			return
		}
	} else if names, isJSON := strings.CutSuffix(path, ".json"); isJSON {
		s.serveTileJSON(w, r, actor, names)
		return
	}
	answer.Refuse(r, s.Logger, fault.New(fault.NotFound, "", "tile.path")).Write(w, r)
}

func (s *Server) serveTileJSON(w http.ResponseWriter, r *http.Request, actor account.Actor, names string) {
	list, err := setOf(splitLayers(names))
	var at time.Time
	if err == nil {
		at, err = asOf(r.URL.RawQuery, list)
	}
	if err != nil {
		answer.Refuse(r, s.Logger, err).Write(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	body, err := s.encodedTileJSON(ctx, actor, splitLayers(names), at, s.PublicURL(r))
	if err != nil {
		answer.Refuse(r, s.Logger, err, "layers", strings.Join(list.names(), ",")).Write(w, r)
		return
	}
	s.send(w, r, actor, typeJSON, newEntry(key{}, body, Full))
}

func (s *Server) serveTile(w http.ResponseWriter, r *http.Request, actor account.Actor, names, z, x, y string) {
	j, err := parse(names, z, x, y, r.URL.RawQuery)
	if err == nil {
		err = actor.RequireKnown()
	}
	if err != nil {
		answer.Refuse(r, s.Logger, err).Write(w, r)
		return
	}
	j.scope = scopeOf(actor)
	found, err := s.tile(r.Context(), actor, j)
	if err != nil { // x and y stay out of the log: they say where somebody looks
		answer.Refuse(r, s.Logger, err, "layers", strings.Join(j.layers.names(), ","), "zoom", j.z).Write(w, r)
		return
	}
	s.send(w, r, actor, typeMVT, found)
}

// parse reads what is asked for. INVALID: the field at fault.
func parse(names, z, x, y, query string) (j job, err error) {
	list, ok := known.find(names)
	if !ok {
		if list, err = setOf(splitLayers(names)); err != nil {
			return j, err
		}
		known.add(names, list)
	}
	if j.z, err = parseNumber("z", z, ZoomLimit); err != nil {
		return j, err
	}
	last := uint32(1)<<j.z - 1
	if j.x, err = parseNumber("x", x, last); err != nil {
		return j, err
	}
	if j.y, err = parseNumber("y", y, last); err != nil {
		return j, err
	}
	j.at, err = asOf(query, list)
	j.layers = list & shownAt[j.z]
	return j, err
}

// known are the sets behind what clients wrote of layers: they write the same few again with every tile.
var known knownNames

type knownNames struct {
	sets  sync.Map // string to set
	count atomic.Int32
}

func (k *knownNames) find(names string) (set, bool) {
	s, ok := k.sets.Load(names)
	if !ok {
		return 0, false
	}
	return s.(set), true
}

// add remembers up to 256: there are many orders in which layers can be written, and nobody may fill our memory with them.
func (k *knownNames) add(names string, s set) {
	if k.count.Load() < 256 {
		k.count.Add(1)
		k.sets.Store(strings.Clone(names), s)
	}
}

// ofNow are the layers that are of now only: what coverage reports find is not kept for later.
var ofNow = func() (s set) {
	for i, l := range layers {
		if l.OfNow {
			s |= 1 << i
		}
	}
	return s
}()

// asOf is the instant that query names, to the microsecond, as PostgreSQL knows it; zero where it names none. INVALID: it is none,
// or a layer is of now only.
func asOf(query string, list set) (at time.Time, err error) {
	if !strings.Contains(query, "asOf") && strings.IndexByte(query, '%') < 0 { // a name may be escaped
		return at, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil || !values.Has("asOf") {
		if err != nil && strings.Contains(query, "asOf") {
			return at, fault.New(fault.Invalid, "asOf", "tile.asOf", "value", fault.Shorten(query, 40))
		}
		return at, nil
	}
	text := values.Get("asOf")
	at, err = time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+")) // a plus that was not escaped
	if err != nil || at.Year() < 1900 || at.Year() > 9998 {
		return time.Time{}, fault.New(fault.Invalid, "asOf", "tile.asOf", "value", fault.Shorten(text, 40))
	}
	if list &= ofNow; list != 0 {
		return time.Time{}, fault.New(fault.Invalid, "asOf", "tile.past", "layer", layers[list.first()].Name)
	}
	return at.UTC().Truncate(time.Microsecond), nil
}

// AsOf is the instant that the query of an address asks for, of layers that there are; zero where it asks for none. INVALID ("asOf"):
// it is none, or a layer is of now only; as with tiles.
func AsOf(query string, layers []string) (time.Time, error) {
	list, err := setOf(layers)
	if err != nil {
		return time.Time{}, err
	}
	return asOf(query, list)
}

// splitLayers cuts off what is longer than any list of layers can be, which find then refuses.
func splitLayers(s string) []string { return strings.SplitN(s, ",", len(layers)+1) }

func parseNumber(field, s string, last uint32) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > uint64(last) {
		return 0, outOfRange(field, fault.Shorten(s, 40), last)
	}
	return uint32(n), nil
}

// Header values that answers share: nobody changes a slice in a header, net/http and its users replace or append.
var (
	typeMVT  = []string{"application/vnd.mapbox-vector-tile"}
	typeJSON = []string{"application/json"}
	gzipped  = []string{"gzip"}
	forAll   = []string{"public, no-cache"}
	forOne   = []string{"private, no-cache"}
	reduced  = [...][]string{Attributes: {Attributes.String()}, Coarser: {Coarser.String()}, Aggregated: {Aggregated.String()}}
)

// send writes what was found. A header is set once: net/http's map holds eight, and one that is full grows also where a value is only replaced. That the
// kind is not to be sniffed is said around us (package ops).
//
// Clients keep it and ask each time whether it still holds: a boundary may be published, and a worker go on leave, at
// any moment, and a map must not show yesterday's.
func (s *Server) send(w http.ResponseWriter, r *http.Request, actor account.Actor, mediaType []string, found *entry) {
	h := w.Header()
	vary(h, "Accept-Encoding")
	vary(h, "Authorization")
	h["Cache-Control"] = forAll
	if actor.Role != account.Public {
		h["Cache-Control"] = forOne
	}
	if found.reduced > Full {
		h["Tile-Reduced"] = reduced[found.reduced]
	}
	if len(found.body) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, etag, length := found.body, found.etag, found.length
	zipped := answer.AcceptsGzip(r)
	if zipped {
		s.cache.gzip(found)
		body, etag, length = found.zipped, found.zipETag, found.zipLength
	}
	h["Etag"] = etag
	if asked := r.Header["If-None-Match"]; len(asked) > 0 && matches(asked, etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if zipped {
		h["Content-Encoding"] = gzipped
	}
	h["Content-Type"] = mediaType
	h["Content-Length"] = length
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails where the client left; there is nobody to tell
	}
}

// vary says that the answer depends on a header, unless somebody around us has said so.
func vary(h http.Header, name string) {
	if said := h["Vary"]; !slices.Contains(said, name) {
		h["Vary"] = append(said, name)
	}
}

// matches compares weakly, as If-None-Match asks (RFC 9110, 13.1.2).
func matches(values []string, etag string) bool {
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			item = strings.TrimSpace(item)
			if item == "*" || strings.TrimPrefix(item, "W/") == etag {
				return true
			}
		}
	}
	return false
}
