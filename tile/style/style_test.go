package style

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/place"
	"wangge/internal/fault"
)

var (
	basemap = &Basemap{Attribution: "Survey & Maps <GS>",
		Sources: map[string]map[string]any{"0": {"type": "raster", "tiles": []string{"https://tiles.example.org/{z}/{x}/{y}.png"}, "tileSize": 256}},
		Layers:  []map[string]any{{"id": "0", "type": "raster", "source": "0"}}}
	vectors = &Basemap{Attribution: "Survey & Maps <GS>", Sprite: "https://tiles.example.org/sprite",
		Sources: map[string]map[string]any{"town": {"type": "vector", "url": "https://tiles.example.org/town.json"}},
		Layers: []map[string]any{{"id": "paper", "type": "background"},
			{"id": "road", "type": "line", "source": "town", "source-layer": "road", "paint": map[string]any{"line-color": "#123456"}}}}
)

func TestStyleIsValid(t *testing.T) {
	if _, err := os.Stat("../../web/node_modules/@maplibre/maplibre-gl-style-spec"); err != nil {
		t.Skip("the validator is not installed: npm ci in web")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	validate := func(style []byte) (string, error) {
		command := exec.Command(node, "check-style.mjs")
		command.Dir, command.Stdin = "../../web", bytes.NewReader(style)
		out, err := command.CombinedOutput()
		return string(out), err
	}
	for _, o := range []Options{{}, {Lang: "zh", PublicURL: "https://grid.example"}, {Lang: "en"}, {Dark: true}, {Gaps: true}, {Gaps: true, Dark: true, Lang: "en"},
		{Gaps: true, Box: &place.Box{West: 120, South: 30, East: 121, North: 31}},
		{Basemap: basemap, Attribution: "Town"}, {Basemap: basemap, Dark: true, Staff: Group}, {Basemap: vectors}, {Basemap: vectors, Dark: true}, {Staff: Staffing}, {Staff: Kind, Lang: "en"}, {Staff: Group, Dark: true}, {Staff: Gaps},
		{Staff: Kind, Gaps: true}} {
		style, err := JSON(o)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if out, err := validate(style); err != nil {
			t.Errorf("%+v: %v\n%s", o, err, out)
		}
	}
	if out, err := validate([]byte(`{"version":8,"sources":{},"layers":[{"id":"a","type":"fill","source":"b"}]}`)); err == nil {
		t.Errorf("the validator passed a layer without a source: %s", out)
	}
}

func TestStyleNamesOneSourceAndKnownLayers(t *testing.T) {
	body, err := JSON(Options{PublicURL: "https://grid.example/", Lang: "zh"})
	if err != nil {
		t.Fatal(err)
	}
	var style struct {
		Glyphs, Sprite any
		Sources        map[string]struct{ Type, URL string }
		Layers         []struct {
			ID, Type, Source string
			SourceLayer      string         `json:"source-layer"`
			MaxZoom          float64        `json:"maxzoom"`
			Layout           map[string]any `json:"layout"`
		}
	}
	if err := json.Unmarshal(body, &style); err != nil {
		t.Fatal(err)
	}
	if len(style.Sources) != 1 || style.Sources[Source].URL != "https://grid.example/tiles/divisions,grids,grid_labels,buildings,roads,land.json" {
		t.Errorf("sources %+v", style.Sources)
	}
	if style.Glyphs != nil || style.Sprite != nil {
		t.Error("the style asks for glyphs or a sprite, which nobody serves")
	}
	known := map[string]bool{}
	for _, name := range strings.Split(tileLayers, ",") {
		known[name] = true
	}
	ids := map[string]bool{}
	for _, layer := range style.Layers {
		if ids[layer.ID] {
			t.Errorf("layer %s twice", layer.ID)
		}
		ids[layer.ID] = true
		if layer.Type != "background" && (layer.Source != Source || !known[layer.SourceLayer]) {
			t.Errorf("layer %s reads %s/%s", layer.ID, layer.Source, layer.SourceLayer)
		}
		if (layer.SourceLayer == "grids" || layer.SourceLayer == "divisions") && layer.Layout["text-field"] != nil &&
			(layer.MaxZoom == 0 || layer.MaxZoom > pointsFrom || layer.Layout["symbol-avoid-edges"] != true) {
			t.Errorf("layer %s labels polygons from near: one label a tile", layer.ID)
		}
	}
	if !ids[Beneath] || !ids[Ground] {
		t.Errorf("there is no layer %s or %s to put a page's own beneath", Beneath, Ground)
	}
}

// The page adds layers of its own to the style; what it calls the source and the layer to go beneath is written
// in TypeScript once more.
func TestPageAgreesOnNames(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "web", "resident", "names.ts"))
	if err != nil {
		t.Skip("the pages are not here: ", err)
	}
	for name, want := range map[string]string{"SOURCE": Source, "BENEATH": Beneath, "GROUND": Ground, "BASEMAP": BasemapSource} {
		found := regexp.MustCompile(`export const ` + name + ` = "([^"]*)"`).FindSubmatch(source)
		if found == nil || string(found[1]) != want {
			t.Errorf("names.ts calls %s %q, the style %q", name, found, want)
		}
	}
}

// Only changes of what the page shows are told to it.
func TestPageFollowsTheLayersOfTheStyle(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "web", "resident", "names.ts"))
	if err != nil {
		t.Skip("the pages are not here: ", err)
	}
	want := `export const LAYERS = ["` + strings.ReplaceAll(tileLayers, ",", `", "`) + `"]`
	if !bytes.Contains(source, []byte(want)) {
		t.Errorf("names.ts lacks %s", want)
	}
}

func TestAMapOpensOnWhatIsServed(t *testing.T) {
	for _, test := range []struct {
		name     string
		box      *place.Box
		lng, lat float64
		zoom     float64
	}{
		{"a city, wider than high", &place.Box{West: 120, South: 30, East: 121, North: 30.5}, 120.5, 30.25032, 7.9},
		{"higher than wide", &place.Box{West: 120, South: 29, East: 120.1, North: 31}, 120.05, 30.00504, 6.7},
		{"a point", &place.Box{West: 120, South: 30, East: 120, North: 30}, 120, 30, 16},
		{"the world", &place.Box{West: -180, South: -90, East: 180, North: 90}, 0, 0, 0},
	} {
		body, err := JSON(Options{Gaps: true, Box: test.box})
		if err != nil {
			t.Fatal(err)
		}
		var style struct {
			Center []float64
			Zoom   float64
		}
		if err := json.Unmarshal(body, &style); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(style.Center, []float64{test.lng, test.lat}) || style.Zoom != test.zoom {
			t.Errorf("%s: opens at %v, zoom %v", test.name, style.Center, style.Zoom)
		}
	}
	body, err := JSON(Options{})
	if err != nil || bytes.Contains(body, []byte(`"center":[`)) || bytes.Contains(body, []byte(`"zoom":`)) {
		t.Errorf("where nothing is served the style says where to open: %.200s, %v", body, err)
	}
}

func TestHandler(t *testing.T) {
	var town *place.Box
	get := func(target string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		for name, values := range header {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		Handler(Site{Box: func() *place.Box { return town }}).ServeHTTP(w, r)
		return w
	}
	first := get("/style.json?lang=zh", nil)
	if first.Code != 200 || first.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	if gaps := get("/style.json?show=gaps", nil).Body.String(); !strings.Contains(gaps, tileLayers+",gaps.json") || strings.Contains(first.Body.String(), "gaps") {
		t.Error("problems are to be on the map that asks for them, and on no other")
	}
	if !strings.Contains(first.Body.String(), `"url":"http://example.com/tiles/`) {
		t.Errorf("a page of another origin does not find the tiles: %.300s", first.Body)
	}
	if secure := get("https://grid.example:8443/style.json", nil); !strings.Contains(secure.Body.String(), `"url":"https://grid.example:8443/tiles/`) {
		t.Errorf("asked by https: %.300s", secure.Body)
	}
	if again := get("/style.json?lang=zh", http.Header{"If-None-Match": {first.Header().Get("ETag")}}); again.Code != http.StatusNotModified {
		t.Errorf("asked again with its ETag: %d", again.Code)
	}
	for _, target := range []string{"/style.json?lang=en", "/style.json?theme=dark", "/style.json?show=gaps"} {
		if other := get(target, nil); other.Code != 200 || bytes.Equal(other.Body.Bytes(), first.Body.Bytes()) {
			t.Errorf("%s: %d, or the same style", target, other.Code)
		}
	}
	town = &place.Box{West: 120, South: 30, East: 120.1, North: 30.1}
	if moved := get("/style.json?show=gaps", nil); !strings.Contains(moved.Body.String(), `"center":[120.05,30.05`) {
		t.Errorf("a map of problems does not open on the town: %.200s", moved.Body)
	}
	for target, field := range map[string]string{"/style.json?lang=fr": "lang", "/style.json?theme=pink": "theme", "/style.json?show=all": "show",
		"/style.json?for=me": "for", "/style.json?by=kind": "by"} {
		for language, said := range map[string]string{"en": field + " must be", "zh-CN": field + " 只能是"} {
			refused := get(target, http.Header{"Accept-Language": {language}})
			var body struct {
				Error struct{ Code, Field, Message string }
			}
			if err := json.Unmarshal(refused.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if refused.Code != 400 || body.Error.Code != string(fault.Invalid) || body.Error.Field != field || !strings.HasPrefix(body.Error.Message, said) {
				t.Errorf("%s in %s: %d %+v", target, language, refused.Code, body)
			}
			if refused.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept: %v", target, refused.Header())
			}
		}
	}
}

func TestAStyleOfAnotherTimeNamesTilesOfThatTime(t *testing.T) {
	refused := fault.New(fault.Invalid, "asOf", "style.for")
	site := Site{Box: func() *place.Box { return nil }, AsOf: func(query string, layers []string) (time.Time, error) {
		if slices.Contains(layers, "gaps") {
			return time.Time{}, refused
		}
		if query != "asOf=x&unknown=1" {
			return time.Time{}, nil
		}
		return time.Date(2026, 3, 2, 17, 0, 0, 0, time.FixedZone("", 8*3600)), nil
	}}
	for target, want := range map[string]string{
		"/style.json?asOf=x&unknown=1":   tileLayers + `.json?asOf=2026-03-02T09:00:00Z"`,
		"/style.json?unknown=1":          tileLayers + `.json"`,
		"/style.json?show=gaps&asOf=now": `"field":"asOf"`,
	} {
		w := httptest.NewRecorder()
		Handler(site).ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.300s", target, w.Code, w.Body)
		}
	}
}

func TestAStyleSaysWhoseTheDataIs(t *testing.T) {
	w := httptest.NewRecorder()
	Handler(Site{Box: func() *place.Box { return nil }, Attribution: "Survey & <GS>"}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/style.json", nil))
	var style struct {
		Sources map[string]struct{ Attribution string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &style); err != nil || style.Sources[Source].Attribution != "Survey &amp; &lt;GS&gt;" {
		t.Errorf("%+v, %v", style, err)
	}
}

func TestOnlyTheOperatorGetsAStyleForStaff(t *testing.T) {
	get := func(actor account.Actor, target string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		w := httptest.NewRecorder()
		Handler(Site{Box: func() *place.Box { return nil }}).ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), actor)))
		return w
	}
	for actor, status := range map[account.Actor]int{account.Anyone(): 403, {}: 401} {
		if w := get(actor, "/style.json?for=staff&by=kind"); w.Code != status || strings.Contains(w.Body.String(), "layers") {
			t.Errorf("%v: %d", actor, w.Code)
		}
	}
	if w := get(account.TheOperator(), "/style.json?for=staff&by=colour"); w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"by"`) {
		t.Errorf("a theme that there is not: %d %s", w.Code, w.Body)
	}
	first := get(account.TheOperator(), "/style.json?for=staff").Body.String()
	seen := map[string]bool{}
	for _, theme := range []string{"staffing", "kind", "group", "gaps", "kind&show=gaps"} {
		w := get(account.TheOperator(), "/style.json?for=staff&by="+theme)
		if w.Code != 200 || w.Header().Get("Cache-Control") != "private, no-cache" {
			t.Fatalf("%s: %d %v", theme, w.Code, w.Header())
		}
		if seen[w.Body.String()] {
			t.Errorf("%s looks like another theme", theme)
		}
		seen[w.Body.String()] = true
		if theme == "staffing" && w.Body.String() != first {
			t.Error("who names no theme does not get staffing")
		}
		var style struct {
			Metadata struct {
				Legend []Entry `json:"wangge:legend"`
			}
			Sources map[string]struct{ URL string }
			Layers  []struct {
				ID string
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &style); err != nil {
			t.Fatal(err)
		}
		if style.Sources[Source].URL != "http://example.com/tiles/"+tileLayers+",gaps,signboards.json" {
			t.Errorf("%s: sources %v", theme, style.Sources)
		}
		ids := map[string]bool{}
		for _, l := range style.Layers {
			if ids[l.ID] {
				t.Errorf("%s: layer %s twice", theme, l.ID)
			}
			ids[l.ID] = true
		}
		if !ids["signboard"] || !ids["building-outside"] || ids["gap-fill"] != strings.HasSuffix(theme, "gaps") || !ids[Beneath] || !ids[Ground] {
			t.Errorf("%s: layers %v", theme, ids)
		}
		drawn := strings.SplitN(w.Body.String(), `"layers":`, 2)[1]
		said := map[string]bool{}
		for _, entry := range style.Metadata.Legend {
			if said[entry.Colour] || !slices.Contains([]string{"fill", "line", "point"}, entry.Shape) {
				t.Errorf("%s: %+v has the colour of another, or a shape that there is not", theme, entry)
			}
			said[entry.Colour] = true
			if entry.Chinese == "" || entry.English == "" || !strings.Contains(drawn, entry.Colour) {
				t.Errorf("%s: %+v is not on the map, or not named", theme, entry)
			}
		}
		if len(style.Metadata.Legend) < 3 {
			t.Errorf("%s: legend %v", theme, style.Metadata.Legend)
		}
	}
}

func TestABasemapLiesBeneathAndShinesThrough(t *testing.T) {
	read := func(o Options) (style struct {
		Sources map[string]struct {
			Type, Attribution string
			Tiles             []string
		}
		Sprite string
		Layers []struct {
			ID, Source string
			Layout     struct{ Visibility string }
			Paint      map[string]any
		}
	}) {
		body, err := JSON(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &style); err != nil {
			t.Fatal(err)
		}
		return style
	}
	if n := len(read(Options{}).Sources); n != 1 {
		t.Error("there is a basemap that nobody set")
	}
	over := read(Options{Basemap: basemap})
	if s := over.Sources[BasemapSource+"0"]; s.Type != "raster" || !slices.Equal(s.Tiles, []string{"https://tiles.example.org/{z}/{x}/{y}.png"}) || s.Attribution != "Survey &amp; Maps &lt;GS&gt;" {
		t.Errorf("source %+v", s)
	}
	if over.Layers[0].ID != "paper" || over.Layers[1].ID != BasemapSource+"0" || over.Layers[1].Paint["raster-saturation"] == nil {
		t.Errorf("beneath lie %+v", over.Layers[:2])
	}
	for night, want := range map[bool][]string{false: {"paper", BasemapSource + "paper", BasemapSource + "road", "division-fill"},
		true: {"paper", BasemapSource + "paper", BasemapSource + "road", "veil", "division-fill"}} {
		drawn := read(Options{Basemap: vectors, Dark: night})
		for i, id := range want {
			if drawn.Layers[i].ID != id {
				t.Errorf("in the dark %v: layer %d is %s, not %s", night, i, drawn.Layers[i].ID, id)
			}
		}
		if s := drawn.Sources[BasemapSource+"town"]; s.Type != "vector" || s.Attribution != "Survey &amp; Maps &lt;GS&gt;" || drawn.Sprite != vectors.Sprite {
			t.Errorf("source %+v, pictures %q", s, drawn.Sprite)
		}
		if drawn.Layers[2].Paint["line-color"] != "#123456" || drawn.Layers[2].Source != BasemapSource+"town" {
			t.Errorf("a road of the basemap is %+v", drawn.Layers[2])
		}
	}
	if vectors.Layers[1]["source"] != "town" {
		t.Error("what was set is changed by an answer")
	}
	for _, l := range over.Layers {
		hidden := l.Layout.Visibility == "none"
		if ground := slices.Contains([]string{"division-fill", Ground, "plaza", "water", "road-area", "path", "road-edge", "road"}, l.ID); hidden != ground {
			t.Errorf("layer %s hidden: %v", l.ID, hidden)
		}
		if opacity, ok := l.Paint["fill-opacity"].([]any); l.ID == "grid-fill" && (!ok || opacity[4].(float64) > 0.5) {
			t.Errorf("grids hide the basemap: %v", l.Paint["fill-opacity"])
		}
	}
}

// TestGroundIsThatOfBoards: land has the colours that boards give it, and homes, schools and what nobody knows have none.
func TestGroundIsThatOfBoards(t *testing.T) {
	body, err := JSON(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var style struct {
		Layers []struct {
			ID          string
			Type        string
			SourceLayer string `json:"source-layer"`
			Filter      json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &style); err != nil {
		t.Fatal(err)
	}
	want := map[string]around.Ground{Ground: around.Green, "plaza": around.Paved, "water": around.Water}
	found := 0
	for _, l := range style.Layers {
		if l.Type != "fill" || l.SourceLayer != "land" {
			continue
		}
		found++
		filter, err := json.Marshal([]any{"in", []string{"get", "class"}, []any{"literal", around.Classes(want[l.ID])}})
		if err != nil {
			t.Fatal(err)
		}
		if string(l.Filter) != string(filter) {
			t.Errorf("%s fills %s, want %s", l.ID, l.Filter, filter)
		}
	}
	if found != len(want) {
		t.Errorf("%d layers fill land, want %d", found, len(want))
	}
}
