package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Basemap is a map of somebody else's beneath ours: sources and layers as the MapLibre style specification has them, the lowest layer first.
type Basemap struct {
	Sources     map[string]map[string]any
	Layers      []map[string]any
	Sprite      string   // the address of its pictures; "": none
	Origins     []string // all that pages load of it comes from: scheme, host and port
	Attribution string   // plain text
}

// Bounds of a basemap.
const (
	mostBasemaps = 4       // raster maps over one another
	mostStyle    = 2 << 20 // bytes of a style; those of large providers have 0.2 MB
	mostLayers   = 1000

	rasterZoom = 18 // the nearest that raster tiles are made for
)

// shifted are the hosts whose maps are drawn in GCJ-02 or BD-09, and what ends in them.
var shifted = []string{"amap.com", "autonavi.com", "gtimg.com", "qq.com", "google.cn", "bdimg.com", "baidu.com"}

// basemap reads the settings of a basemap; nil where there is none. Pages load it, so that its origins are exact and nobody between can change it: https, or
// http on this machine. A key in an address is open to all who see the map, but stays out of the sentences of a refusal, which logs keep.
func (s Server) basemap() (*Basemap, error) {
	attribution := strings.TrimSpace(s.BasemapAttribution)
	var env, value string
	for _, one := range [][2]string{{"BASEMAP_URL", s.BasemapURL}, {"BASEMAP_STYLE", s.BasemapStyle}, {"TIANDITU_KEY", s.TiandituKey}} {
		switch {
		case one[1] == "":
		case env != "":
			return nil, Bad(one[0], "…", "but there is a basemap already: set %s or %s", env, one[0])
		default:
			env, value = one[0], one[1]
		}
	}
	if env == "" {
		if attribution != "" {
			return nil, Bad("BASEMAP_ATTRIBUTION", attribution, "but there is no basemap: set BASEMAP_URL, BASEMAP_STYLE or TIANDITU_KEY as well")
		}
		return nil, nil
	}
	if attribution == "" || len(attribution) > 300 || strings.ContainsAny(attribution, "\r\n") {
		return nil, Bad("BASEMAP_ATTRIBUTION", attribution, "but it must say in one line of at most 300 bytes whose the basemap is, with its review number (审图号)")
	}
	var out *Basemap
	var err error
	switch env {
	case "BASEMAP_URL":
		out, err = rasters(strings.Fields(value))
	case "TIANDITU_KEY":
		out, err = tianditu(value)
	default:
		out, err = styled(value)
	}
	if err != nil {
		return nil, err
	}
	out.Attribution = attribution
	return out, nil
}

// rasters are maps of raster tiles, the lowest first.
func rasters(templates []string) (*Basemap, error) {
	out := &Basemap{Sources: map[string]map[string]any{}}
	if len(templates) > mostBasemaps {
		return nil, Bad("BASEMAP_URL", "…", "but these are %d maps over one another; %d are the most", len(templates), mostBasemaps)
	}
	for i, template := range templates {
		bad := func(reason string) (*Basemap, error) {
			return nil, Bad("BASEMAP_URL", withoutQuery(template), "%s", reason)
		}
		for _, part := range []string{"{z}", "{x}", "{y}"} {
			if strings.Count(template, part) != 1 {
				return bad("but it must hold each of {z}, {x} and {y} once, like https://tiles.example.org/{z}/{x}/{y}.png")
			}
		}
		origin, reason := originOf(template)
		if reason != "" {
			return bad(reason)
		}
		out.from(origin)
		name := fmt.Sprint(i)
		out.Sources[name] = map[string]any{"type": "raster", "tiles": []string{template}, "tileSize": 256, "maxzoom": rasterZoom}
		out.Layers = append(out.Layers, map[string]any{"id": name, "type": "raster", "source": name})
	}
	return out, nil
}

var tiandituKey = regexp.MustCompile(`^[0-9A-Za-z]{16,64}$`)

// tianditu is the national map: streets, and their names above, both as WMTS in Web Mercator (CGCS2000).
func tianditu(key string) (*Basemap, error) {
	if !tiandituKey.MatchString(key) {
		return nil, Bad("TIANDITU_KEY", "…", "but a key (tk) of Tianditu is of 16 to 64 letters and digits")
	}
	layer := func(name string) string {
		return "https://t0.tianditu.gov.cn/" + name + "_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=" + name +
			"&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=" + key
	}
	return rasters([]string{layer("vec"), layer("cva")})
}

// kinds of sources and layers that a basemap may have: what can be drawn without data of its own in the style.
var (
	sourceKinds = []string{"vector", "raster", "raster-dem"}
	layerKinds  = []string{"background", "fill", "line", "symbol", "circle", "raster", "hillshade", "heatmap", "fill-extrusion"}
)

// styled is the map that the MapLibre style (version 8) in file draws, of vector or raster tiles. Its glyphs are left out: names are drawn with the reader's own
// fonts. Every address in it must be written out, since pages may load from these origins and no other: tiles that a TileJSON names come from one of them.
func styled(file string) (*Basemap, error) {
	bad := func(format string, args ...any) (*Basemap, error) {
		return nil, Bad("BASEMAP_STYLE", file, format, args...)
	}
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > mostStyle {
		return bad("but it must be a file of at most 2 MB that holds a MapLibre style; an address is fetched first: curl -o basemap.json ADDRESS")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return bad("which cannot be read")
	}
	var style struct {
		Version int                       `json:"version"`
		Sources map[string]map[string]any `json:"sources"`
		Layers  []map[string]any          `json:"layers"`
		Sprite  string                    `json:"sprite"`
	}
	if err := json.Unmarshal(raw, &style); err != nil || style.Version != 8 || len(style.Layers) == 0 {
		return bad("which is no MapLibre style: a JSON object with version 8, sources, layers, and sprite, if any, as one address")
	}
	if len(style.Layers) > mostLayers {
		return bad("which has %d layers; %d are the most", len(style.Layers), mostLayers)
	}
	out := &Basemap{Sources: style.Sources, Layers: style.Layers, Sprite: style.Sprite}
	addresses := []string{}
	if style.Sprite != "" {
		addresses = append(addresses, style.Sprite)
	}
	for name, source := range style.Sources {
		kind, _ := source["type"].(string)
		if !slices.Contains(sourceKinds, kind) {
			return bad("whose source %q is neither of vector nor of raster tiles", name)
		}
		tiles, _ := source["tiles"].([]any)
		if at, named := source["url"]; named {
			tiles = append(slices.Clone(tiles), at)
		}
		if len(tiles) == 0 {
			return bad("whose source %q names no address", name)
		}
		for _, at := range tiles {
			text, _ := at.(string) // what is no text is no address
			addresses = append(addresses, text)
		}
		delete(source, "attribution") // it is HTML of somebody else's; BASEMAP_ATTRIBUTION says whose the map is
	}
	for _, at := range addresses {
		origin, reason := originOf(at)
		if reason != "" {
			return bad("which names %q, %s", withoutQuery(at), reason)
		}
		out.from(origin)
	}
	ids := map[string]bool{}
	for i, layer := range style.Layers {
		id, _ := layer["id"].(string)
		kind, _ := layer["type"].(string)
		source, _ := layer["source"].(string)
		if id == "" || ids[id] || !slices.Contains(layerKinds, kind) || kind != "background" && style.Sources[source] == nil {
			return bad("whose layer %d (%q) has no name of its own, no known type or no source", i+1, id)
		}
		ids[id] = true
	}
	return out, nil
}

// from adds an origin that something is loaded from.
func (b *Basemap) from(origin string) {
	if i, there := slices.BinarySearch(b.Origins, origin); !there {
		b.Origins = slices.Insert(b.Origins, i, origin)
	}
}

var placeholder = regexp.MustCompile(`\{(z|x|y|ratio|quadkey|prefix|bbox-epsg-3857)\}`)

// originOf is scheme, host and port of an address that may hold what MapLibre fills in, or the reason why pages must not load from it.
func originOf(address string) (origin, reason string) {
	bare := placeholder.ReplaceAllString(address, "0")
	u, err := url.Parse(bare)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(bare, "{}<>\"'; \t\r\n"):
		return "", "but it must be an address like https://tiles.example.org/{z}/{x}/{y}.png, without other braces, spaces or signs"
	case !strings.HasPrefix(address, u.Scheme+"://"+u.Host+"/"):
		return "", "but {z}, {x} and {y} must come after the host, which is one and written out"
	case !oneHost(u):
		return "", "but its host must be one, of a-z, 0-9, hyphens and single dots (xn--… of others) or an IP address, and its port 1 to 65535"
	case u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u)):
		return "", "but pages load it from elsewhere: it must begin with https://"
	}
	host := strings.ToLower(u.Hostname())
	for _, other := range shifted {
		if host == other || strings.HasSuffix(host, "."+other) {
			return "", "whose maps are drawn in GCJ-02 or BD-09 and lie 300 to 700 m beside ours; take one in WGS 84 or CGCS2000, such as Tianditu's"
		}
	}
	return u.Scheme + "://" + u.Host, ""
}

var hostName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// oneHost reports whether an address has a host and a port that a browser takes for just these: in a policy * stands for any host, and a comma begins another policy.
func oneHost(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(host); !hostName.MatchString(host) && (err != nil || ip.Zone() != "") {
		return false
	}
	_, after, _ := strings.Cut(u.Host[strings.LastIndex(u.Host, "]")+1:], ":")
	port, err := strconv.ParseUint(after, 10, 16)
	return !strings.HasSuffix(u.Host, ":") && (after == "" || err == nil && port > 0)
}

// withoutQuery is an address without what may hold a key or a password.
func withoutQuery(address string) string {
	bare, query, asked := strings.Cut(address, "?")
	if scheme, rest, ok := strings.Cut(bare, "://"); ok {
		if i := strings.LastIndex(rest, "@"); i >= 0 {
			bare = scheme + "://…" + rest[i:]
		}
	}
	if asked && query != "" {
		bare += "?…"
	}
	return bare
}
