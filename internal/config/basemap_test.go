package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wangge/internal/fault"
)

const whose = "Tianditu <GS(2024)0650>"

func TestABasemapOfRasterTiles(t *testing.T) {
	se := server()
	se.BasemapURL = "https://tiles.example.org/ground/{z}/{x}/{y}.png http://127.0.0.1:8099/{z}/{x}/{y}.png?key=K https://tiles.example.org/names/{z}/{x}/{y}.png"
	se.BasemapAttribution = " " + whose + " "
	s, err := se.Check()
	if err != nil {
		t.Fatal(err)
	}
	b := s.Basemap
	if b.Attribution != whose || !slices.Equal(b.Origins, []string{"http://127.0.0.1:8099", "https://tiles.example.org"}) || len(b.Layers) != 3 || len(b.Sources) != 3 {
		t.Fatalf("%+v", b)
	}
	for i, address := range strings.Fields(se.BasemapURL) {
		source := b.Sources[b.Layers[i]["source"].(string)]
		if got := source["tiles"].([]string); source["type"] != "raster" || !slices.Equal(got, []string{address}) {
			t.Errorf("map %d from below is %v", i, source)
		}
	}
}

func TestTiandituNeedsItsKeyOnly(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	se := server()
	se.TiandituKey, se.BasemapAttribution = key, whose
	s, err := se.Check()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Basemap.Origins, []string{"https://t0.tianditu.gov.cn"}) {
		t.Errorf("origins %v", s.Basemap.Origins)
	}
	for i, name := range []string{"vec", "cva"} { // streets, and upon them names
		address := s.Basemap.Sources[s.Basemap.Layers[i]["source"].(string)]["tiles"].([]string)[0]
		for _, part := range []string{"/" + name + "_w/wmts?", "LAYER=" + name + "&", "TILEMATRIXSET=w&", "TILEMATRIX={z}&", "TILEROW={y}&", "TILECOL={x}&", "&tk=" + key} {
			if !strings.Contains(address, part) {
				t.Errorf("%s lacks %s", address, part)
			}
		}
	}
}

const vectors = `{"version":8,"name":"town","glyphs":"https://tiles.example.org/{fontstack}/{range}.pbf","sprite":"https://pictures.example.org/sprite",
	"sources":{"base":{"type":"vector","url":"https://tiles.example.org/town.json","attribution":"<b>me</b>"},"hills":{"type":"raster","tiles":["https://hills.example.org/{z}/{x}/{y}.png"]}},
	"layers":[{"id":"paper","type":"background"},{"id":"water","type":"fill","source":"base","source-layer":"water"},{"id":"hills","type":"raster","source":"hills"}]}`

// styleFile writes a style and returns its name.
func styleFile(t *testing.T, style string) string {
	file := filepath.Join(t.TempDir(), "style.json")
	if err := os.WriteFile(file, []byte(style), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestABasemapOfVectorTiles(t *testing.T) {
	se := server()
	se.BasemapStyle, se.BasemapAttribution = styleFile(t, vectors), whose
	s, err := se.Check()
	if err != nil {
		t.Fatal(err)
	}
	b := s.Basemap
	if want := []string{"https://hills.example.org", "https://pictures.example.org", "https://tiles.example.org"}; !slices.Equal(b.Origins, want) {
		t.Errorf("origins %v", b.Origins)
	}
	if len(b.Layers) != 3 || b.Layers[1]["source-layer"] != "water" || b.Sprite != "https://pictures.example.org/sprite" {
		t.Errorf("%+v", b)
	}
	if _, foreign := b.Sources["base"]["attribution"]; foreign {
		t.Error("somebody else's HTML would get into the page")
	}
}

func TestABadBasemapIsNamedAndItsKeyIsNot(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(vectors, old, new, 1) }
	for _, c := range []struct{ name, env, value string }{
		{"without rows", "BASEMAP_URL", "https://tiles.example.org/{z}/{x}.png?key=secret"},
		{"a column twice", "BASEMAP_URL", "https://tiles.example.org/{z}/{x}/{x}/{y}.png"},
		{"servers to choose from", "BASEMAP_URL", "https://{s}.example.org/{z}/{x}/{y}.png"},
		{"a host that changes", "BASEMAP_URL", "https://t{x}.example.org/{z}/{y}.png"},
		{"anybody can change it", "BASEMAP_URL", "http://tiles.example.org/{z}/{x}/{y}.png"},
		{"it would add to a policy", "BASEMAP_URL", "https://a.org;script-src/{z}/{x}/{y}.png"},
		{"any server", "BASEMAP_URL", "https://*/{z}/{x}/{y}.png"},
		{"any server of a name", "BASEMAP_URL", "https://*.example.org/{z}/{x}/{y}.png"},
		{"two servers", "BASEMAP_URL", "https://a.example,b/{z}/{x}/{y}.png"},
		{"a name that is not as browsers write it", "BASEMAP_URL", "https://地图.example.org/{z}/{x}/{y}.png"},
		{"no port", "BASEMAP_URL", "https://a.org:99999/{z}/{x}/{y}.png"},
		{"port 0", "BASEMAP_URL", "https://a.org:0/{z}/{x}/{y}.png"},
		{"an empty port", "BASEMAP_URL", "https://a.org:/{z}/{x}/{y}.png"},
		{"in GCJ-02, with a dot more", "BASEMAP_URL", "https://wprd01.is.autonavi.com./appmaptile?x={x}&y={y}&z={z}"},
		{"a dot more", "BASEMAP_URL", "https://a.org./{z}/{x}/{y}.png"},
		{"no name between dots", "BASEMAP_URL", "https://a..org/{z}/{x}/{y}.png"},
		{"an address in brackets that is none", "BASEMAP_URL", "https://[::g]/{z}/{x}/{y}.png"},
		{"an address with a zone", "BASEMAP_URL", "https://[fe80::1%25eth0]/{z}/{x}/{y}.png"},
		{"a password", "BASEMAP_URL", "https://me:secret@tiles.example.org/{z}/{x}/{y}.png"},
		{"without its scheme", "BASEMAP_URL", "tiles.example.org/{z}/{x}/{y}.png"},
		{"in GCJ-02", "BASEMAP_URL", "https://webrd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}"},
		{"the second in GCJ-02", "BASEMAP_URL", "https://a.org/{z}/{x}/{y}.png https://wprd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}"},
		{"too many", "BASEMAP_URL", strings.Repeat("https://a.org/{z}/{x}/{y}.png?key=secret ", 5)},
		{"a key that adds to the address", "TIANDITU_KEY", "secret&LAYER=img"},
		{"no file", "BASEMAP_STYLE", "/nonexistent"},
		{"an address for a file", "BASEMAP_STYLE", "https://tiles.example.org/style.json"},
		{"no style", "BASEMAP_STYLE", "config.go"},
		{"an older version", "BASEMAP_STYLE", change(`"version":8`, `"version":7`)},
		{"a style's host that anybody can change", "BASEMAP_STYLE", change("https://hills.example.org/{z}/{x}/{y}.png", "http://hills.example.org/{z}/{x}/{y}.png?key=secret")},
		{"a style's map in BD-09", "BASEMAP_STYLE", change("hills.example.org", "maponline0.bdimg.com")},
		{"an address of a service that needs a program", "BASEMAP_STYLE", change("https://tiles.example.org/town.json", "mapbox://town")},
		{"no address", "BASEMAP_STYLE", change(`,"url":"https://tiles.example.org/town.json"`, "")},
		{"data of its own", "BASEMAP_STYLE", change(`"type":"vector"`, `"type":"geojson"`)},
		{"a layer of no source", "BASEMAP_STYLE", change(`"source":"base"`, `"source":"bas"`)},
		{"a layer twice", "BASEMAP_STYLE", change(`"id":"water"`, `"id":"paper"`)},
		{"a layer that is a program", "BASEMAP_STYLE", change(`"type":"fill"`, `"type":"custom"`)},
		{"nobody's", "BASEMAP_ATTRIBUTION", ""},
		{"whose in two lines", "BASEMAP_ATTRIBUTION", "Town\nhall"},
		{"whose no basemap is", "BASEMAP_ATTRIBUTION", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			se := server()
			se.BasemapAttribution = whose
			switch c.env {
			case "BASEMAP_URL":
				se.BasemapURL = c.value
			case "TIANDITU_KEY":
				se.TiandituKey = c.value
			case "BASEMAP_STYLE":
				if se.BasemapStyle = c.value; strings.HasPrefix(c.value, "{") {
					se.BasemapStyle = styleFile(t, c.value)
				}
			default:
				se.BasemapAttribution = c.value
				if c.value != "-" {
					se.BasemapURL = "https://a.org/{z}/{x}/{y}.png"
				}
			}
			_, err := se.Check()
			f := fault.As(err)
			if err == nil || f.Code != fault.Invalid || f.Field != c.env {
				t.Fatalf("got %v", err)
			}
			if text := f.Error(); !strings.HasPrefix(text, c.env+" (--") || strings.Contains(text, "\n") || strings.Contains(text, "secret") {
				t.Errorf("the sentence does not begin with the variable, or holds a key: %s", text)
			}
			t.Log(f.Error())
		})
	}
	both := server()
	both.BasemapURL, both.TiandituKey, both.BasemapAttribution = "https://a.org/{z}/{x}/{y}.png", "0123456789abcdef", whose
	if _, err := both.Check(); err == nil || fault.As(err).Field != "TIANDITU_KEY" || strings.Contains(err.Error(), "0123456789") {
		t.Errorf("two basemaps: %v", err)
	}
}
