// Package style draws the public map: a MapLibre style over the layers that package tile serves.
// It knows their names and fields, and leaves reading the data to package tile.
package style

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"wangge/domain/place"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"style.lang", "lang must be zh or en.", "lang 只能是 zh 或 en。"},
	[3]string{"style.theme", "theme must be light or dark.", "theme 只能是 light 或 dark。"},
	[3]string{"style.show", "show must be gaps, or left out.", "show 只能是 gaps，或不填。"},
)

// Options say which style is wanted. The zero value is the light Chinese map with addresses relative to
// the page that shows it.
type Options struct {
	PublicURL string // where this server is seen from outside, without a slash at its end
	Lang      string // "zh" (also for "") or "en"
	Dark      bool
	Gaps      bool       // also what the coverage reports find, which a resident's map does not shout about
	Box       *place.Box // where a map opens that is told nothing else; nil: nowhere in particular
}

// JSON returns a MapLibre style (style specification version 8) over the public layers.
//
// It names no glyphs: MapLibre GL JS 5.11 and later then draws every letter with the fonts of the reader's own
// machine, so that neither a glyph server nor 20,000 Chinese glyphs have to be shipped. Names stand at the points
// of grid_labels, not at polygons, which carry one label a tile; only from afar, where a polygon is small, they do.
//
// INVALID: a language there is no style in.
func JSON(o Options) ([]byte, error) {
	words, ok := languages[o.Lang]
	if !ok {
		return nil, fault.New(fault.Invalid, "lang", "style.lang")
	}
	look := light
	if o.Dark {
		look = dark
	}
	drawn, from := layers(look, words), tileLayers
	if o.Gaps {
		names := slices.IndexFunc(drawn, func(l layer) bool { return l.ID == Beneath })
		drawn, from = slices.Insert(drawn, names, gapLayers(look)...), tileLayers+",gaps"
	}
	center, zoom := view(o.Box)
	body, err := json.Marshal(document{
		Version: 8,
		Name:    words.name,
		Center:  center,
		Zoom:    zoom,
		Sources: map[string]any{Source: map[string]any{
			"type": "vector",
			"url":  strings.TrimSuffix(o.PublicURL, "/") + "/tiles/" + from + ".json",
		}},
		Layers: drawn,
	})
	if err != nil {
		return nil, fmt.Errorf("encode style: %w", err)
	}
	return body, nil
}

// view is the middle of a box, longitude and latitude, and the zoom at which it fits into a narrow map; nil and 0 without one.
// CGCS2000 and WGS 84 are the same here, to some centimetres.
func view(box *place.Box) (center []float64, zoom float64) {
	if box == nil {
		return nil, 0
	}
	const (
		mostLat = 85.05112 // degrees: where the map ends
		nearest = 16       // zoom, for a box that is hardly larger than a point
	)
	// Web Mercator, the world being 1 wide and high.
	x := func(lng float64) float64 { return lng / 360 }
	y := func(lat float64) float64 {
		return math.Asinh(math.Tan(max(-mostLat, min(lat, mostLat))*math.Pi/180)) / (2 * math.Pi)
	}
	south, north := y(box.South), y(box.North)
	middle := math.Atan(math.Sinh(math.Pi*(south+north))) * 180 / math.Pi
	zoom = math.Log2(narrow / worldPixels / max(x(box.East)-x(box.West), north-south))
	round := func(v float64) float64 { return math.Round(v*1e5) / 1e5 } // 1 m
	return []float64{round((box.West + box.East) / 2), round(middle)}, math.Floor(10*max(0, min(zoom, nearest))) / 10
}

// Of a map, in CSS pixels: how wide one on a phone is, and the world at zoom 0.
const (
	narrow      = 360.0
	worldPixels = 512.0
)

// Handler answers GET /style.json?lang=zh|en&theme=light|dark&show=gaps. publicURL is as in Options, box the Box there as it is
// when it is asked for.
func Handler(publicURL string, box func() *place.Box) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		o := Options{PublicURL: publicURL, Lang: query.Get("lang"), Box: box()}
		var err error
		switch query.Get("theme") {
		case "", "light":
		case "dark":
			o.Dark = true
		default:
			err = fault.New(fault.Invalid, "theme", "style.theme")
		}
		switch query.Get("show") {
		case "":
		case "gaps":
			o.Gaps = true
		default:
			err = fault.New(fault.Invalid, "show", "style.show")
		}
		var body []byte
		if err == nil {
			body, err = JSON(o)
		}
		header := w.Header()
		header.Set("Content-Type", "application/json; charset=utf-8")
		header.Set("X-Content-Type-Options", "nosniff")
		if err != nil {
			refusal := fault.As(err)
			header.Set("Cache-Control", "no-store")
			w.WriteHeader(refusal.Code.Status())
			json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
				"code": refusal.Code, "field": refusal.Field, "message": refusal.Text(fault.English)}})
			return
		}
		sum := sha256.Sum256(body)
		header.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
		// The tiles come from an origin that others may draw maps from; so may the style. An hour is short
		// enough for a new look to arrive the same day.
		header.Set("Cache-Control", "public, max-age=3600")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// What the style and the pages that add to it agree on (web/resident/map.ts; a test compares).
const (
	Source  = "wangge"     // the one source
	Beneath = "road-label" // lines that a page draws go beneath this layer, so that names stay readable
	Ground  = "green"      // and areas beneath this one, so that houses and water stay as they are

	tileLayers = "divisions,grids,grid_labels,buildings,roads,land"
)

// gridName breaks a long name before its last word, 网格, and nowhere else on a map seen from afar, so that on a phone's
// width every grid of a community keeps its name.
var gridName = expr{"let", "name", expr{"get", "name"},
	expr{"case", expr{"all", expr{"==", expr{"slice", expr{"var", "name"}, -2}, "网格"}, expr{">", expr{"length", expr{"var", "name"}}, 4}},
		expr{"concat", expr{"slice", expr{"var", "name"}, 0, -2}, "\n网格"}, expr{"var", "name"}}}

// gridNumber is the part of a code that tells the grids of a community apart, where codes are made so (12 + 3 digits).
var gridNumber = expr{"case", expr{"==", expr{"length", expr{"get", "code"}}, 15}, expr{"slice", expr{"get", "code"}, -3}, expr{"get", "code"}}

// The names as a style calls them. English pages show the grid's number beneath its Chinese name, so that a
// reader of neither can find the number on the page again.
type words struct {
	name      string
	gridName  expr // from afar
	gridLabel expr
}

var languages = map[string]words{
	"":   {"网格地图", gridName, expr{"step", expr{"zoom"}, gridName, 15, expr{"get", "name"}}},
	"zh": {"网格地图", gridName, expr{"step", expr{"zoom"}, gridName, 15, expr{"get", "name"}}},
	"en": {"Map of the grids", gridName, expr{"format",
		expr{"get", "name"}, map[string]any{},
		"\n", map[string]any{},
		expr{"concat", "No. ", gridNumber}, map[string]any{"font-scale": 0.8}}},
}

type document struct {
	Version int            `json:"version"`
	Name    string         `json:"name"`
	Center  []float64      `json:"center,omitempty"`
	Zoom    float64        `json:"zoom,omitempty"`
	Sources map[string]any `json:"sources"`
	Layers  []layer        `json:"layers"`
}

type layer struct {
	ID      string         `json:"id"`
	Type    string         `json:"type"`
	Source  string         `json:"source,omitempty"`
	Layer   string         `json:"source-layer,omitempty"`
	MinZoom float64        `json:"minzoom,omitempty"`
	MaxZoom float64        `json:"maxzoom,omitempty"`
	Filter  expr           `json:"filter,omitempty"`
	Layout  map[string]any `json:"layout,omitempty"`
	Paint   map[string]any `json:"paint,omitempty"`
}

// expr is an expression of the style specification.
type expr []any
