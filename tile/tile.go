// Package tile serves the vector tiles of the map: it says which layers there are and from which zoom, checks what is
// asked for, draws divisions, grids, signboards, gaps and buildings, keeps what was made until something in it changes, compresses, and speaks
// HTTP. Roads and land are left to the Source, geometry to geo/coverage, how the map looks to package style.
package tile

import (
	"bytes"
	"context"
	"log/slog"
	"math/bits"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"tile.number", `{field} is "{value}"; it must be a whole number from 0 to {max}.`, `{field} 为“{value}”,必须是 0 到 {max} 的整数。`},
	[3]string{"tile.layer", `There is no layer "{layer}"; there are {layers}.`, `没有图层“{layer}”,可用的图层有 {layers}。`},
	[3]string{"tile.layerTwice", "Layer {layer} is named twice.", "图层 {layer} 重复。"},
	[3]string{"tile.tooMany", "These are more layers than there are: {layers}.", "图层过多，可用的图层有 {layers}。"},
	[3]string{"tile.path", "There are /tiles/LAYERS/Z/X/Y.mvt and /tiles/LAYERS.json.", "可用的地址是 /tiles/图层/Z/X/Y.mvt 和 /tiles/图层.json。"},
	[3]string{"tile.method", "Only GET and HEAD.", "只支持 GET 和 HEAD。"},
	[3]string{"tile.asOf", `asOf is "{value}"; it must be an instant of the years 1900 to 9998 with its time zone, like 2026-03-02T09:00:00Z.`,
		`asOf 为“{value}”，应为带时区的时刻(1900 至 9998 年)，如 2026-03-02T09:00:00Z。`},
	[3]string{"tile.past", "The layer {layer} is of now and has no past: ask for it without asOf.", "图层 {layer} 只反映当前情况，请去掉 asOf。"},
)

// Source encodes tiles.
type Source interface {
	// Stored returns what of layers, which are known and exist at z, is on a tile as they are at an instant: some as a vector tile, empty where nothing
	// lies in it, and before those the buildings, in no order. cut is a Reduction: how much is to be left out; much of it, and buildings are encoded too.
	Stored(ctx context.Context, actor account.Actor, layers []string, z, x, y uint32, at time.Time, cut uint8) (buildings []scene.Building, encoded []byte, err error)
	// Bounds returns the box of what there is in layers; nil where there is nothing.
	Bounds(ctx context.Context, actor account.Actor, layers []string) (*place.Box, error)
}

// Options of New.
type Options struct {
	Source      Source                     // of what is stored: buildings, roads, land; required
	Scenes      Scenes                     // what grids and divisions are drawn from; required
	Problems    Problems                   // what gaps are drawn from; required
	Now         func() time.Time           // nil: time.Now
	Signboards  string                     // address that the pages of signboards are under, without a slash at its end; "": relative
	PublicURL   func(*http.Request) string // where clients find this server, without a slash at its end; nil: where they asked
	Attribution string                     // whose data it is, plain text; "" for none
	Timeout     time.Duration              // the longest a tile may take to make; 0 means 10 s
	Logger      *slog.Logger               // for faults of ours; nil means slog.Default()

	Cache int64 // bytes of memory for tiles that were made; 0 keeps none
	Limit int   // bytes of a tile that is not compressed, above which it is made with less in it; 0: no limit

	// Version names the state of the data, and says whether it is known to be that of now; nil: it is not known, and tiles of
	// other instants than now are not kept.
	Version func() (string, bool)
}

// Server answers for tiles.
type Server struct {
	Options
	cache *cache
	asked tallies
	feed  *feed
	past  chan struct{} // holds one for each tile of another instant that is being drawn
}

// mostPast is how many tiles of other instants than now are drawn at a time; others wait. The scene of one may be a whole city, read from the database for
// it alone, and instants are many: nobody who asks for them may take all connections and all memory.
const mostPast = 2

// New returns a Server.
func New(o Options) *Server {
	if o.PublicURL == nil {
		o.PublicURL = answer.WhereAsked
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Server{Options: o, cache: newCache(o.Cache, o.Logger), feed: newFeed(), past: make(chan struct{}, mostPast)}
}

// Reduction is how much is left out of a tile that would be longer than the limit otherwise. Each step leaves out what those
// before it did.
type Reduction uint8

// The steps.
const (
	Full       Reduction = iota // nothing is left out
	Attributes                  // features keep their ids and what they are drawn by
	Coarser                     // drawn as for a smaller scale, without the smallest
	Aggregated                  // many features are told by one
)

// String is what the header Tile-Reduced says.
func (r Reduction) String() string {
	return [...]string{"", "attributes", "coarser", "aggregated"}[r]
}

// Response is a tile, or a TileJSON document.
type Response struct {
	Body    []byte    // empty where nothing lies in the tile
	ETag    string    // strong, quoted, of Body; "" where Body is empty
	Reduced Reduction // what is left out of it
}

// Gzip compresses Body.
func (r Response) Gzip() []byte { return compress(r.Body) }

// Empty reports whether nothing lies in the tile.
func (r Response) Empty() bool { return len(r.Body) == 0 }

func compress(body []byte) []byte {
	var out bytes.Buffer
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&out)
	w.Write(body) // a bytes.Buffer does not fail
	w.Close()
	return bytes.Clone(out.Bytes()) // it is kept: without the room that the buffer grew
}

// Compressors hold 0.8 MB each, too much to make one for every tile.
var compressors = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// job is a tile that is asked for.
type job struct {
	scope   scope
	layers  set // those that exist at its zoom
	z, x, y uint32
	at      time.Time // zero: now
}

// scope is what of the data somebody may see, which what is kept depends on.
type scope uint8

const (
	ofPublic scope = iota
	ofOperator
)

func scopeOf(a account.Actor) scope {
	if a.Role == account.Operator {
		return ofOperator
	}
	return ofPublic
}

// set is layers by their places in the list of all, the first by the lowest bit.
type set uint16

// first is the place of its first layer.
func (s set) first() int { return bits.TrailingZeros16(uint16(s)) }

// layers are its layers, in the order in which a tile holds them.
func (s set) layers() []Layer {
	out := make([]Layer, 0, bits.OnesCount16(uint16(s)))
	for i, l := range layers {
		if s&(1<<i) != 0 {
			out = append(out, l)
		}
	}
	return out
}

// names are those of its layers.
func (s set) names() []string {
	out := make([]string, 0, bits.OnesCount16(uint16(s)))
	for _, l := range s.layers() {
		out = append(out, l.Name)
	}
	return out
}

// all is every layer.
var all = set(1<<len(layers) - 1)

// setOf returns the layers of these names. INVALID ("layers"): one that there is not, or twice.
func setOf(names []string) (s set, err error) {
	known := strings.Join(all.names(), ", ")
	if len(names) > len(layers) {
		return 0, fault.New(fault.Invalid, "layers", "tile.tooMany", "layers", known)
	}
	for _, name := range names {
		at := rank(name)
		if at < 0 {
			return 0, fault.New(fault.Invalid, "layers", "tile.layer", "layer", fault.Shorten(name, 40), "layers", known)
		}
		if s&(1<<at) != 0 {
			return 0, fault.New(fault.Invalid, "layers", "tile.layerTwice", "layer", name)
		}
		s |= 1 << at
	}
	return s, nil
}

// rank is the place of a layer in the list of all; below 0: there is none of that name.
func rank(name string) int {
	return slices.IndexFunc(layers, func(l Layer) bool { return l.Name == name })
}

// shownAt are, for each zoom, the layers that exist there.
var shownAt = func() (out [ZoomLimit + 1]set) {
	for z := range out {
		for i, l := range layers {
			if uint32(z) >= l.MinZoom {
				out[z] |= 1 << i
			}
		}
	}
	return out
}()

// Tile returns a vector tile with the layers named, in any order: the same set gives the same bytes. Layers that do
// not exist at its zoom are left out. INVALID: an unknown or repeated layer ("layers"), a tile outside the pyramid
// ("z", "x", "y"). UNAUTHENTICATED: the zero actor. UNAVAILABLE: it took too long.
func (s *Server) Tile(ctx context.Context, actor account.Actor, names []string, t maptile.Tile) (Response, error) {
	if err := actor.RequireKnown(); err != nil {
		return Response{}, err
	}
	list, err := setOf(names)
	if err != nil {
		return Response{}, err
	}
	if err := inPyramid(t); err != nil {
		return Response{}, err
	}
	e, err := s.tile(ctx, actor, job{scope: scopeOf(actor), layers: list & shownAt[t.Z], z: uint32(t.Z), x: t.X, y: t.Y})
	if err != nil {
		return Response{}, err
	}
	r := Response{Body: e.body, Reduced: e.reduced}
	if len(e.body) > 0 {
		r.ETag = e.etag[0]
	}
	return r, nil
}

var empty = newEntry(key{}, nil, Full)

// tile returns what is kept of j, or makes it. The context of j's request ends the waiting; what is made ends with the last who waits.
func (s *Server) tile(ctx context.Context, actor account.Actor, j job) (*entry, error) {
	if j.layers == 0 {
		return empty, nil
	}
	k, keep := s.keyOf(j)
	if e := s.cache.find(k); e != nil {
		s.asked.hit(j)
		return e, nil
	}
	s.asked.miss(j)
	return s.cache.get(ctx, k, keep, s.Timeout, func(ctx context.Context) ([]byte, Reduction, error) { return s.fit(ctx, actor, j) })
}

// keyOf returns the key of j, and whether it may be kept under it: a version that is not known to be that of now says nothing.
// It is read before the tile is made, so that the tile is never older than it.
func (s *Server) keyOf(j job) (k key, keep bool) {
	k = key{scope: j.scope, layers: j.layers, z: uint8(j.z), x: j.x, y: j.y}
	if j.at.IsZero() {
		return k, true
	}
	k.past, k.at = true, j.at.UnixMicro()
	if s.Version != nil {
		if version, known := s.Version(); known {
			k.version, keep = version, true
		}
	}
	return k, keep
}

// fit makes j with as much in it as the limit lets through. What is too long at last is served all the same: a map with one slow tile
// is worth more than one with a hole.
func (s *Server) fit(ctx context.Context, actor account.Actor, j job) (body []byte, cut Reduction, err error) {
	past, turn := !j.at.IsZero(), false
	if !past {
		j.at = s.Now() // the same for all layers, and by a clock that is not behind what dates what is written
	}
	known := sync.OnceValues(func() (scene.Scene, error) { // for all cuts
		if past {
			select {
			case s.past <- struct{}{}:
				turn = true
			case <-ctx.Done():
				return scene.Scene{}, ctx.Err()
			}
		}
		return s.Scenes.Scene(ctx, actor, boxOf(j), j.at)
	})
	defer func() {
		if turn {
			<-s.past
		}
	}()
	for cut = Full; ; cut++ {
		body, err = s.make(ctx, actor, j, cut, known)
		if err != nil || s.Limit <= 0 || len(body) <= s.Limit || cut == Aggregated {
			return body, cut, err
		}
	}
}

func inPyramid(t maptile.Tile) error {
	if t.Z > ZoomLimit {
		return outOfRange("z", t.Z, ZoomLimit)
	}
	last := uint32(1)<<t.Z - 1
	if t.X > last {
		return outOfRange("x", t.X, last)
	}
	if t.Y > last {
		return outOfRange("y", t.Y, last)
	}
	return nil
}

func outOfRange(field string, value any, last uint32) error {
	return fault.New(fault.Invalid, field, "tile.number", "field", field, "value", value, "max", last)
}

// fitZoom is the zoom at which a box this many degrees wide fits into a 512 pixel tile.
func fitZoom(degrees float64) int {
	if degrees <= 0 {
		return ZoomLimit
	}
	return max(0, bits.Len64(uint64(360/degrees))-1)
}
