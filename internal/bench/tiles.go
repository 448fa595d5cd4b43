package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"
)

// tileContest is one layer at one zoom, loaded over the tiles with most in them.
type tileContest struct {
	layer      string
	zoom       maptile.Zoom
	tiles      int
	least, aim float64 // of the ratio to tegola
}

// What is wanted is what the issue on tiles asks for.
var (
	ofTheTown = []tileContest{{"grids", 12, 12, 3.5, 6}, {"grids", 14, 48, 3.5, 6}, {"buildings", 16, 96, 1.5, 2.5}}
	ofTheArea = []tileContest{{"divisions", 8, 9, 2.5, 5}}
)

func (c tileContest) String() string { return fmt.Sprintf("%s z%d", c.layer, c.zoom) }

// The entrants' names, before the layer and zoom.
const (
	oursTile   = "wangge"
	tegolaTile = "tegola"
	tegolaLess = "tegola without workers"
	plainTiles = "ST_AsMVT"
	sameTiles  = "sametiles" // net/http: the very bytes and headers of tiles of ours
	tileSQL    = "tilesql"   // net/http: a tile as one statement through pgxpool
)

// tileEntrant serves a layer at paths of a form: layer, z, x, y.
type tileEntrant struct {
	name  string
	p     *process
	form  string
	layer string
}

// tileSize is how much the tiles of an entrant are.
type tileSize struct {
	contest, entrant string
	tiles, features  int
	raw, zipped      int     // bytes of all of them
	missing          int     // features that PostGIS finds and that are not there
	area, wanted     float64 // of all features in their tiles, square units
}

// areaTiles are tiles of the second data set.
func (s *stage) areaTiles(c *comparison, out io.Writer) error {
	database, err := s.t.openAreas(s.ctx, s.o, out)
	if err != nil {
		return err
	}
	return s.tiles(c, out, database, ofTheArea)
}

// tiles lets the servers of tiles contend, none of them with a cache.
func (s *stage) tiles(c *comparison, out io.Writer, database string, contests []tileContest) error {
	tegola, err := s.t.buildTegola(s.ctx, out)
	if err != nil {
		return err
	}
	ours, err := s.wangge(oursTile, s.o.wangge, database, "TILE_CACHE_MB=0")
	if err != nil {
		return err
	}
	defer ours.stop()
	other, err := s.t.startTegola(s.ctx, tegola, database)
	if err != nil {
		return err
	}
	defer other.stop()
	plain, err := s.other(tileSQL, "-database", database)
	if err != nil {
		return err
	}
	defer plain.stop()
	ours.settle(s.ctx)
	for _, k := range contests {
		list, err := fullestTiles(s.ctx, database, k)
		if err != nil {
			return err
		}
		all := []tileEntrant{
			{oursTile, ours, "/tiles/%s/%d/%d/%d.mvt", k.layer},
			{tegolaTile, other, "/maps/town/%s/%d/%d/%d.pbf", k.layer},
			{plainTiles, plain, "/tiles/%s/%d/%d/%d.mvt", k.layer},
		}
		if k.layer == "grids" {
			all = append(all, tileEntrant{tegolaLess, other, all[1].form, "grid_areas"})
		}
		var entrants []entrant
		near := map[string][]map[string]nearTile{}
		for _, e := range all {
			if near[e.layer] == nil {
				if near[e.layer], err = expectedIn(s.ctx, database, e.layer, list); err != nil {
					return err
				}
			}
			paths := make([]string, len(list))
			for i, tile := range list {
				paths[i] = fmt.Sprintf(e.form, e.layer, tile.Z, tile.X, tile.Y)
			}
			size, err := checkTiles(s.ctx, e.layer, near[e.layer], e.p.url, paths)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", k, e.name, err)
			}
			if off := math.Abs(size.area/size.wanted - 1); e.p == ours && off > areaAllowed {
				return fmt.Errorf("%s, %s: the areas are %.2f %% off", k, e.name, off*100)
			}
			size.contest, size.entrant = k.String(), e.name
			c.sizes = append(c.sizes, size)
			lines, err := s.t.lines("tiles-"+e.layer+"-"+e.name, paths...)
			if err != nil {
				return err
			}
			entrants = append(entrants, s.http(e.name+" "+k.String(), e.p, lines, "gzip"))
		}
		scores, err := contest(s.ctx, s.o, out, k.String()+" not cached", entrants...)
		if err != nil {
			return err
		}
		of := func(name string) score { return scores[name+" "+k.String()] }
		for _, e := range entrants {
			c.scores = append(c.scores, scores[e.name])
		}
		what := fmt.Sprintf("`%s` tile z%d, not cached", k.layer, k.zoom)
		c.rows = append(c.rows, row{what + " ÷ tegola", of(oursTile), of(tegolaTile), k.least, k.aim},
			row{what + " ÷ net/http with ST_AsMVT", of(oursTile), of(plainTiles), 0, 0})
		if k.layer == "grids" {
			c.rows = append(c.rows, row{what + " ÷ tegola without whom to call", of(oursTile), of(tegolaLess), 0, 0})
		}
	}
	return nil
}

func fullestTiles(ctx context.Context, database string, k tileContest) ([]maptile.Tile, error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, tileLayers[k.layer].fullest(), k.tiles, int(k.zoom))
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (maptile.Tile, error) {
		var x, y int
		err := row.Scan(&x, &y)
		return maptile.New(uint32(x), uint32(y), k.zoom), err
	})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("no tile has any of %s", k.layer)
	}
	return list, err
}

// Without the standard library's own gzip: it would hide what was sent.
var bare = &http.Client{Timeout: client.Timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}

// fetch gets a tile, gzipped or not.
func fetch(ctx context.Context, url string, zipped bool) (http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, nil, err
	}
	if zipped {
		r.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := bare.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.300s", url, res.Status, b)
	}
	return res.Header, b, err
}

const (
	missingAllowed = 0.005 // of the features: what collapses at this zoom may be left out
	areaAllowed    = 0.005 // of our area in the tiles: what simplifying and rounding may change
)

// checkTiles asks for each tile, plain and gzipped, and holds it against PostGIS: every feature that meets the tile is there with
// all its attributes, and none from elsewhere.
func checkTiles(ctx context.Context, layer string, near []map[string]nearTile, url string, paths []string) (size tileSize, err error) {
	size.tiles = len(paths)
	expected := 0
	for i := range paths {
		_, raw, err := fetch(ctx, url+paths[i], false)
		if err != nil {
			return size, err
		}
		_, zipped, err := fetch(ctx, url+paths[i], true)
		if err != nil {
			return size, err
		}
		layers, err := mvt.Unmarshal(raw)
		if err != nil {
			return size, fmt.Errorf("%s: %w", paths[i], err)
		}
		again, err := mvt.UnmarshalGzipped(zipped)
		if err != nil {
			return size, fmt.Errorf("%s gzipped: %w", paths[i], err)
		}
		found, err := compareTile(layer, layers, near[i])
		if err == nil && (len(again) != len(layers) || len(again[0].Features) != len(layers[0].Features)) {
			err = errors.New("gzipped it is another")
		}
		if err != nil {
			return size, fmt.Errorf("%s: %w", paths[i], err)
		}
		size.raw, size.zipped = size.raw+len(raw), size.zipped+len(zipped)
		size.features, size.missing, expected = size.features+len(layers[0].Features), size.missing+found.missing, expected+found.expected
		size.area, size.wanted = size.area+found.area, size.wanted+found.wanted
	}
	if float64(size.missing) > missingAllowed*float64(expected) {
		err = fmt.Errorf("%d of %d features are missing", size.missing, expected)
	}
	return size, err
}

// nearTile is a feature in or near a tile: its attributes, and its area in the tile, nil where it does not meet it.
type nearTile struct {
	attributes map[string]any
	area       *float64
}

// expectedIn asks PostGIS what is near each of the tiles, by its code or id.
func expectedIn(ctx context.Context, database, layer string, list []maptile.Tile) (all []map[string]nearTile, err error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	l := tileLayers[layer]
	for _, tile := range list {
		rows, err := conn.Query(ctx, l.expected(), int(tile.Z), int(tile.X), int(tile.Y))
		if err != nil {
			return nil, err
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return nil, err
		}
		near := map[string]nearTile{}
		for _, text := range texts {
			var n nearTile
			if err := json.Unmarshal(text, &n.attributes); err != nil {
				return nil, err
			}
			if a, ok := n.attributes["area"].(float64); ok {
				n.area = &a
			}
			for k, v := range n.attributes {
				if k == "area" || v == nil {
					delete(n.attributes, k)
				}
			}
			near[fmt.Sprint(n.attributes[l.key])] = n
		}
		all = append(all, near)
	}
	return all, nil
}

// tileFound is what of PostGIS's features a tile has.
type tileFound struct {
	expected, missing int // features that meet the tile
	area, wanted      float64
}

func compareTile(layer string, layers mvt.Layers, near map[string]nearTile) (found tileFound, err error) {
	if len(layers) != 1 || layers[0].Name != layer || layers[0].Extent != tileExtent {
		return found, fmt.Errorf("not one layer %s of extent %d", layer, tileExtent)
	}
	seen := map[string]bool{}
	for _, f := range layers[0].Features {
		key := fmt.Sprint(f.Properties[tileLayers[layer].key])
		n, ok := near[key]
		if !ok {
			return found, fmt.Errorf("%s is not near this tile", key)
		}
		if seen[key] {
			return found, fmt.Errorf("%s is there twice", key)
		}
		seen[key] = true
		if err := sameAttributes(f, n.attributes); err != nil {
			return found, fmt.Errorf("%s: %w", key, err)
		}
		found.area += areaInTile(f.Geometry)
	}
	for key, n := range near {
		if n.area == nil {
			continue
		}
		found.expected++
		found.wanted += *n.area
		if !seen[key] {
			found.missing++
		}
	}
	return found, nil
}

func sameAttributes(f *geojson.Feature, want map[string]any) error {
	for k, v := range want {
		if fmt.Sprint(f.Properties[k]) != fmt.Sprint(v) {
			return fmt.Errorf("%s is %v, PostGIS says %v", k, f.Properties[k], v)
		}
	}
	for k := range f.Properties {
		if _, ok := want[k]; !ok {
			return fmt.Errorf("%s is %v, PostGIS has none", k, f.Properties[k])
		}
	}
	return nil
}

func areaInTile(g orb.Geometry) float64 {
	switch g.(type) {
	case orb.Polygon, orb.MultiPolygon:
		return math.Abs(planar.Area(clip.Geometry(orb.Bound{Max: orb.Point{tileExtent, tileExtent}}, orb.Clone(g))))
	}
	return 0
}

// cached compares tiles that wangge has kept with the same bytes written by net/http.
func (s *stage) cached(c *comparison, out io.Writer, ours *process) error {
	k := tileContest{layer: "grids", zoom: 14, tiles: 48}
	list, err := fullestTiles(s.ctx, s.t.url, k)
	if err != nil {
		return err
	}
	paths := make([]string, len(list))
	for i, tile := range list {
		paths[i] = fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", k.layer, tile.Z, tile.X, tile.Y)
	}
	near, err := expectedIn(s.ctx, s.t.url, k.layer, list)
	if err != nil {
		return err
	}
	if _, err := checkTiles(s.ctx, k.layer, near, ours.url, paths); err != nil {
		return fmt.Errorf("%s, cached: %w", k, err)
	}
	lines, err := s.t.lines("cached", paths...)
	if err != nil {
		return err
	}
	for _, way := range []struct {
		name   string
		accept []string
	}{{"plain", nil}, {"gzip", []string{"gzip"}}} {
		answers := map[string]answerOf{}
		for _, path := range paths {
			header, b, err := fetch(s.ctx, ours.url+path, way.accept != nil)
			if err != nil {
				return err
			}
			answers[path] = answerOf{headersOf(header), b}
		}
		saved, err := json.Marshal(answers)
		if err != nil {
			return err
		}
		file := filepath.Join(s.t.dir, "tiles.json")
		if err := os.WriteFile(file, saved, 0o600); err != nil {
			return err
		}
		same, err := s.other(sameTiles, "-answer", file)
		if err != nil {
			return err
		}
		theirs, mine := sameTiles+" "+k.String()+" "+way.name, "wangge cached "+k.String()+" "+way.name
		scores, err := contest(s.ctx, s.o, out, "cached tile, "+way.name, s.http(theirs, same, lines, way.accept...), s.http(mine, ours, lines, way.accept...))
		same.stop()
		if err != nil {
			return err
		}
		c.scores = append(c.scores, scores[theirs], scores[mine])
		c.rows = append(c.rows, row{fmt.Sprintf("cached tile (%s), %s ÷ net/http writing the same bytes", k, way.name), scores[mine], scores[theirs], 0.9, 0})
	}
	return nil
}

// sizesText is the table of what the tiles are.
func sizesText(list []tileSize) string {
	var b strings.Builder
	fmt.Fprint(&b, "\n| tiles | entrant | how many | features a tile | KB a tile | gzipped | features left out | area |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range list {
		n := float64(s.tiles)
		fmt.Fprintf(&b, "| %s | %s | %d | %.0f | %.1f | %.1f | %d | %+.2f %% |\n", s.contest, s.entrant, s.tiles, float64(s.features)/n,
			float64(s.raw)/n/1000, float64(s.zipped)/n/1000, s.missing, (s.area/s.wanted-1)*100)
	}
	return b.String()
}
