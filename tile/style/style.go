// Package style draws the public map: a MapLibre style over the layers that package tile serves.
// It knows their names and fields, and leaves reading the data to package tile.
package style

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"style.lang", "lang must be zh or en.", "lang 只能是 zh 或 en。"},
	[3]string{"style.theme", "theme must be light or dark.", "theme 只能是 light 或 dark。"},
	[3]string{"style.show", "show must be gaps, or left out.", "show 只能是 gaps，或不填。"},
	[3]string{"style.for", "for must be staff, or left out.", "for 只能是 staff，或不填。"},
	[3]string{"style.by", "by must be staffing, kind, group or gaps, and goes with for=staff.", "by 只能是 staffing、kind、group 或 gaps，且须与 for=staff 同用。"},
)

// Options say which style is wanted. The zero value is the light Chinese map with addresses relative to
// the page that shows it.
type Options struct {
	PublicURL string // where this server is seen from outside, without a slash at its end
	Lang      string // "zh" (also for "") or "en"
	Dark      bool
	Gaps      bool     // also what the coverage reports find, which a resident's map does not shout about
	Staff     Theme    // for staff, by this theme; "": for the public
	Basemap   *Basemap // beneath all; nil: none

	Attribution string // whose the data is, plain text; "": nobody is named

	At  time.Time  // the instant that is shown; zero: now. What coverage reports find and what staff see has none but now
	Box *place.Box // where a map opens that is told nothing else; nil: nowhere in particular
}

// Basemap is a map that lies beneath ours: Web Mercator, WGS 84 or CGCS2000. Its sources and layers are those of a style; names in it are its own.
type Basemap struct {
	Sources     map[string]map[string]any
	Layers      []map[string]any // the lowest first
	Sprite      string           // the address of its pictures; "": none
	Attribution string           // whose it is, as plain text
}

// beneath are the layers of a basemap with the names that they have in ours, and its sources, added to sources. Raster tiles become calmer; what is drawn of
// vector tiles has colours of its own, over which a dark map lays its paper as a veil.
func (b *Basemap) beneath(c look, sources map[string]any) []any {
	attribution := html.EscapeString(b.Attribution)
	for name, source := range b.Sources {
		source = maps.Clone(source)
		source["attribution"] = attribution
		sources[BasemapSource+name] = source
	}
	var drawn []any
	vector := false
	for _, l := range b.Layers {
		l = maps.Clone(l)
		l["id"] = BasemapSource + fmt.Sprint(l["id"])
		if source, ok := l["source"].(string); ok {
			l["source"] = BasemapSource + source
		}
		if l["type"] != "raster" {
			vector = true
		} else if _, own := l["paint"]; !own {
			l["paint"] = c.raster
		}
		drawn = append(drawn, l)
	}
	if vector && c.veil > 0 {
		drawn = append(drawn, layer{ID: "veil", Type: "background", Paint: paint{"background-color": c.paper, "background-opacity": c.veil}})
	}
	return drawn
}

// JSON returns a MapLibre style (style specification version 8) over the public layers, for staff also over those that staff look
// at. Where its colours mean something its metadata say what: "wangge:legend" is a list of Entry.
//
// It names no glyphs: MapLibre GL JS 5.11 and later then draws every letter with the fonts of the reader's own
// machine, so that neither a glyph server nor 20,000 Chinese glyphs have to be shipped. Names stand at the points
// of grid_labels, not at polygons, which carry one label a tile; only from afar, where a polygon is small, they do.
//
// INVALID: a language there is no style in ("lang"), a theme that there is not ("by").
func JSON(o Options) ([]byte, error) {
	words, ok := languages[o.Lang]
	if !ok {
		return nil, fault.New(fault.Invalid, "lang", "style.lang")
	}
	look := light
	if o.Dark {
		look = dark
	}
	drawn, from := layers(look, words, o.Basemap != nil), tileLayers
	var legend []Entry
	switch o.Staff {
	case "":
		if o.Gaps {
			from, legend = from+",gaps", gapLegend(look)
		}
	case Staffing, Kind, Group, Gaps:
		from += ",gaps,signboards"
		drawn, legend = themed(drawn, look, words, o.Staff, o.Basemap != nil)
		if o.Gaps && o.Staff != Gaps {
			legend = append(legend, gapLegend(look)...)
		}
	default:
		return nil, fault.New(fault.Invalid, "by", "style.by")
	}
	if o.Gaps || o.Staff == Gaps {
		names := slices.IndexFunc(drawn, func(l layer) bool { return l.ID == Beneath })
		drawn = slices.Insert(drawn, names, gapLayers(look)...)
		// Among the problems are the buildings in no grid, in the same colour.
		legend = slices.DeleteFunc(legend, func(e Entry) bool { return e.Chinese == ungridded.Chinese })
	}
	tiles := strings.TrimSuffix(o.PublicURL, "/") + "/tiles/" + from + ".json"
	if !o.At.IsZero() {
		tiles += "?asOf=" + o.At.UTC().Format(time.RFC3339Nano) // with Z, so that nothing in it needs to be escaped
	}
	data := map[string]any{"type": "vector", "url": tiles}
	if o.Attribution != "" {
		data["attribution"] = html.EscapeString(o.Attribution) // MapLibre puts it into the page as HTML
	}
	sources := map[string]any{Source: data}
	center, zoom := view(o.Box)
	doc := document{Version: 8, Name: words.name, Center: center, Zoom: zoom, Sources: sources}
	for i, l := range drawn {
		doc.Layers = append(doc.Layers, l)
		if i == 0 && o.Basemap != nil { // upon the paper
			doc.Layers = append(doc.Layers, o.Basemap.beneath(look, sources)...)
			doc.Sprite = o.Basemap.Sprite
		}
	}
	if legend != nil {
		doc.Metadata = map[string]any{"wangge:legend": legend}
	}
	body, err := json.Marshal(doc)
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

// Site is what all styles of a server have alike.
type Site struct {
	PublicURL string            // as in Options; "": the address that the style is asked at
	Basemap   *Basemap          // as in Options
	Box       func() *place.Box // the Box of Options, when it is asked for; required
	// AsOf reads the instant from the query of a request for tiles of layers: zero where it names none. nil: there is only now.
	AsOf        func(query string, layers []string) (time.Time, error)
	Attribution string // as in Options

	Log *slog.Logger // for faults of ours; nil means slog.Default()
}

// Handler answers GET /style.json?lang=zh|en&theme=light|dark&show=gaps&asOf=INSTANT, and for the operator
// &for=staff&by=staffing|kind|group|gaps. INVALID: a value that there is not, its parameter is the field.
// FORBIDDEN: a style for staff to somebody else.
func Handler(site Site) http.Handler {
	if site.Log == nil {
		site.Log = slog.Default()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o, err := site.asked(r)
		var body []byte
		if err == nil {
			body, err = JSON(o)
		}
		if err != nil {
			answer.Refuse(r, site.Log, err).Write(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "application/json; charset=utf-8")
		header.Set("X-Content-Type-Options", "nosniff")
		sum := sha256.Sum256(body)
		header.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
		if o.Staff != "" {
			header.Set("Cache-Control", "private, no-cache")
		} else {
			// The tiles come from an origin that others may draw maps from; so may the style. An hour is short
			// enough for a new look to arrive the same day.
			header.Set("Cache-Control", "public, max-age=3600")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// asked reads which style r asks for.
func (s Site) asked(r *http.Request) (Options, error) {
	query := r.URL.Query()
	o := Options{PublicURL: cmp.Or(s.PublicURL, answer.WhereAsked(r)), Basemap: s.Basemap, Attribution: s.Attribution, Lang: query.Get("lang"), Box: s.Box()}
	switch query.Get("theme") {
	case "", "light":
	case "dark":
		o.Dark = true
	default:
		return o, fault.New(fault.Invalid, "theme", "style.theme")
	}
	switch query.Get("show") {
	case "":
	case "gaps":
		o.Gaps = true
	default:
		return o, fault.New(fault.Invalid, "show", "style.show")
	}
	switch query.Get("for") {
	case "":
		if query.Has("by") {
			return o, fault.New(fault.Invalid, "by", "style.by")
		}
	case "staff":
		if err := account.FromContext(r.Context()).RequireOperator(); err != nil {
			return o, err
		}
		o.Staff = cmp.Or(Theme(query.Get("by")), Staffing)
	default:
		return o, fault.New(fault.Invalid, "for", "style.for")
	}
	if s.AsOf == nil {
		return o, nil
	}
	from := strings.Split(tileLayers, ",")
	if o.Gaps || o.Staff != "" {
		from = append(from, "gaps")
	}
	var err error
	o.At, err = s.AsOf(r.URL.RawQuery, from)
	return o, err
}

// What the style and the pages that add to it agree on (web/resident/map.ts; a test compares).
const (
	Source  = "wangge"     // the one source
	Beneath = "road-label" // lines that a page draws go beneath this layer, so that names stay readable
	Ground  = "green"      // and areas beneath this one, so that houses and water stay as they are

	BasemapSource = "basemap-" // what the names of a basemap's sources and layers begin with

	tileLayers = "divisions,grids,grid_labels,buildings,roads,land"
)

// gridName leaves out the last word, 网格, of a name on a map seen from afar, where all are grids and few names have room; after a
// number, which would mean nothing alone, it stays.
var gridName = expr{"let", "name", expr{"to-string", expr{"get", "name"}},
	expr{"case",
		expr{"any", expr{"<", expr{"length", expr{"var", "name"}}, 5}, expr{"!=", expr{"slice", expr{"var", "name"}, -2}, "网格"}}, expr{"var", "name"},
		expr{"in", expr{"slice", expr{"var", "name"}, -3, -2}, expr{"literal", "0123456789一二三四五六七八九十"}}, expr{"concat", expr{"slice", expr{"var", "name"}, 0, -2}, "\n网格"},
		expr{"slice", expr{"var", "name"}, 0, -2}}}

// gridNumber is the part of a code that tells the grids of a community apart, where codes are made so (12 + 3 digits).
var gridNumber = expr{"case", expr{"==", expr{"length", expr{"get", "code"}}, 15}, expr{"slice", expr{"get", "code"}, -3}, expr{"get", "code"}}

// words are the names as a style calls them. English pages show the grid's number beneath its Chinese name, so that a
// reader of neither can find the number on the page again.
type words struct {
	name      string
	gridFar   expr
	gridNear  expr
	staffName expr // above what staff read beneath it
	nobody    string
}

var (
	whole   = expr{"get", "name"}
	chinese = words{"网格地图", gridName, whole, whole, nobody.Chinese}
	english = words{"Map of the grids", numbered(gridName), numbered(whole), expr{"concat", whole, "\nNo. ", gridNumber}, nobody.English}

	languages = map[string]words{"": chinese, "zh": chinese, "en": english}
)

func numbered(name expr) expr {
	return expr{"format", name, map[string]any{}, "\n", map[string]any{},
		expr{"concat", "No. ", gridNumber}, map[string]any{"font-scale": 0.8}}
}

type document struct {
	Version  int            `json:"version"`
	Name     string         `json:"name"`
	Center   []float64      `json:"center,omitempty"`
	Zoom     float64        `json:"zoom,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Sprite   string         `json:"sprite,omitempty"` // of a basemap; we have no pictures
	Sources  map[string]any `json:"sources"`
	Layers   []any          `json:"layers"`
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
