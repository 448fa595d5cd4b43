// Package tile serves the vector tiles of the map: it says which layers there are and from which zoom, checks what is
// asked for, compresses, and speaks HTTP. What a layer shows, and its encoding, is left to the Source; how the map
// looks to package style.
package tile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"tile.number", `{field} is "{value}"; it must be a whole number from 0 to {max}.`, `{field} 为“{value}”,必须是 0 到 {max} 的整数。`},
	[3]string{"tile.layer", `There is no layer "{layer}"; there are {layers}.`, `没有图层“{layer}”,可用的图层有 {layers}。`},
	[3]string{"tile.layerTwice", "Layer {layer} is named twice.", "图层 {layer} 重复。"},
	[3]string{"tile.tooMany", "These are more layers than there are: {layers}.", "图层过多，可用的图层有 {layers}。"},
	[3]string{"tile.path", "There are /tiles/LAYERS/Z/X/Y.mvt and /tiles/LAYERS.json.", "可用的地址是 /tiles/图层/Z/X/Y.mvt 和 /tiles/图层.json。"},
	[3]string{"tile.method", "Only GET and HEAD.", "只支持 GET 和 HEAD。"},
)

// Source encodes tiles.
type Source interface {
	// Tile returns the vector tile with layers, which are known and exist at z; empty where nothing lies in it.
	Tile(ctx context.Context, actor account.Actor, layers []string, z, x, y uint32) ([]byte, error)
	// Bounds returns the box of what there is in layers; nil where there is nothing.
	Bounds(ctx context.Context, actor account.Actor, layers []string) (*place.Box, error)
}

// Options of New.
type Options struct {
	Source      Source                     // required
	PublicURL   func(*http.Request) string // where clients find this server, without a slash at its end; nil: where they asked
	Attribution string                     // whose data it is; "" for none
	Timeout     time.Duration              // the longest a request may take; 0 means 10 s
	Logger      *slog.Logger               // for faults of ours; nil means slog.Default()
}

// Server answers for tiles.
type Server struct{ Options }

// New returns a Server.
func New(o Options) *Server {
	if o.PublicURL == nil {
		o.PublicURL = whereAsked
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Server{o}
}

// Response is a tile, or a TileJSON document.
type Response struct {
	Body []byte // empty where nothing lies in the tile
	ETag string // strong, quoted, of Body; "" where Body is empty
}

// Gzip compresses Body.
func (r Response) Gzip() []byte {
	var out bytes.Buffer
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&out)
	w.Write(r.Body) // a bytes.Buffer does not fail
	w.Close()
	return out.Bytes()
}

// Compressors hold 0.8 MB each, too much to make one for every tile.
var compressors = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// Empty reports whether nothing lies in the tile.
func (r Response) Empty() bool { return len(r.Body) == 0 }

func respond(body []byte) Response {
	r := Response{Body: body}
	if len(body) > 0 {
		sum := sha256.Sum256(body)
		r.ETag = `"` + hex.EncodeToString(sum[:16]) + `"`
	}
	return r
}

// Tile returns a vector tile with the layers named, in any order: the same set gives the same bytes. Layers that do
// not exist at its zoom are left out. INVALID: an unknown or repeated layer ("layers"), a tile outside the pyramid
// ("z", "x", "y"). UNAUTHENTICATED: the zero actor. UNAVAILABLE: it took too long.
func (s *Server) Tile(ctx context.Context, actor account.Actor, names []string, t maptile.Tile) (Response, error) {
	if err := actor.RequireKnown(); err != nil {
		return Response{}, err
	}
	list, err := find(names)
	if err != nil {
		return Response{}, err
	}
	if err := inPyramid(t); err != nil {
		return Response{}, err
	}
	names = names[:0:0]
	for _, l := range list {
		if uint32(t.Z) >= l.MinZoom {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		return respond(nil), nil
	}
	body, err := s.Source.Tile(ctx, actor, names, uint32(t.Z), t.X, t.Y)
	if err != nil {
		return Response{}, err
	}
	return respond(body), nil
}

// find returns the layers of these names in the order in which a tile holds them.
func find(names []string) ([]Layer, error) {
	if len(names) > len(layers) {
		return nil, fault.New(fault.Invalid, "layers", "tile.tooMany", "layers", layerNames())
	}
	var out []Layer
	for i, name := range names {
		at := slices.IndexFunc(layers, func(l Layer) bool { return l.Name == name })
		if at < 0 {
			return nil, fault.New(fault.Invalid, "layers", "tile.layer", "layer", fault.Shorten(name, 40), "layers", layerNames())
		}
		if slices.Contains(names[:i], name) {
			return nil, fault.New(fault.Invalid, "layers", "tile.layerTwice", "layer", name)
		}
		out = append(out, layers[at])
	}
	slices.SortFunc(out, func(a, b Layer) int { return rank(a) - rank(b) })
	return out, nil
}

func rank(l Layer) int {
	return slices.IndexFunc(layers, func(x Layer) bool { return x.Name == l.Name })
}

func layerNames() string { return strings.ReplaceAll(joined(layers), ",", ", ") }

// joined is list as the log names it.
func joined(list []Layer) string {
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.Name
	}
	return strings.Join(names, ",")
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
