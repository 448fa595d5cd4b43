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

	"wangge/domain/place"
	"wangge/internal/fault"
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
		{Gaps: true, Box: &place.Box{West: 120, South: 30, East: 121, North: 31}}} {
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
	for name, want := range map[string]string{"SOURCE": Source, "BENEATH": Beneath, "GROUND": Ground} {
		found := regexp.MustCompile(`export const ` + name + ` = "([^"]*)"`).FindSubmatch(source)
		if found == nil || string(found[1]) != want {
			t.Errorf("names.ts calls %s %q, the style %q", name, found, want)
		}
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
		Handler("", func() *place.Box { return town }).ServeHTTP(w, r)
		return w
	}
	first := get("/style.json?lang=zh", nil)
	if first.Code != 200 || first.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	if gaps := get("/style.json?show=gaps", nil).Body.String(); !strings.Contains(gaps, tileLayers+",gaps.json") || strings.Contains(first.Body.String(), "gaps") {
		t.Error("problems are to be on the map that asks for them, and on no other")
	}
	if !strings.Contains(first.Body.String(), `"url":"/tiles/`) {
		t.Error("without a public address the tiles are not relative")
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
	for target, field := range map[string]string{"/style.json?lang=fr": "lang", "/style.json?theme=pink": "theme", "/style.json?show=all": "show"} {
		refused := get(target, nil)
		var body struct {
			Error struct{ Code, Field, Message string }
		}
		if err := json.Unmarshal(refused.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if refused.Code != 400 || body.Error.Code != string(fault.Invalid) || body.Error.Field != field || body.Error.Message == "" {
			t.Errorf("%s: %d %+v", target, refused.Code, body)
		}
	}
}
