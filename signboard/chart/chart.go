// Package chart draws the map that stands on a printed signboard, on cards and in the atlas, and as SVG where there is no WebGL: grids with their
// neighbours, streets with their names along them, buildings with their numbers. It is pure: what is shown, and how wide letters are, comes from
// outside. What stands around a map is left to package signboard, files to package paper.
//
// What goes in is longitude, latitude in degrees, CGCS2000 (EPSG:4490); what comes out is millimetres on a sheet. Nothing that goes in is changed.
// The same scene gives the same map.
package chart

import (
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/signboard/paper"
)

// Scene is what there is to be shown. Whatever lies outside the frame may be left out, and need not be.
type Scene struct {
	Grids      []Grid // what the map is about, and fills it: one as a rule; on the cover of an atlas all of a community
	Neighbours []Grid // around them, pale
	Streets    []Street
	Land       []Land
	Buildings  []Building
	Here       *orb.Point // where the reader stands; nil: that is not said
}

// Grid is a grid (网格).
type Grid struct {
	Area   orb.MultiPolygon // may be in several parts
	Name   string           // "听雨社区第三网格"
	Number string           // short, shown large: "03"; "": there is none
	Label  *orb.Point       // where its name stands by preference; nil: wherever there is room
	URL    string           // where a tap leads; "": nowhere
}

// Street is a street or a piece of one; pieces with one name are named together.
type Street struct {
	Name  string // "": it has none
	Class string // OpenStreetMap's value of highway
	Line  orb.LineString
}

// Ground is what a piece of land is.
type Ground uint8

const (
	Water Ground = iota
	Green        // parks, gardens, grass
	Paved        // squares, parking, sports grounds
	Plain        // anything else: its name stands on the map, but no colour
)

// Land is a piece of land.
type Land struct {
	Ground Ground
	Name   string // "": it has none
	Area   orb.MultiPolygon
}

// Building is a building. Numbers and names are shown of those in Grids.
type Building struct {
	Number string           // short: "12"; "": none is known
	Of     string           // whose number that is: a street's name, or an estate's; "": that is not known
	Name   string           // in full: "采薇新村12号", "第二小学"
	Area   orb.MultiPolygon // nil: only a point is known
	Point  orb.Point        // where Area is nil
}

// Language is what the words are in that are not names.
type Language uint8

const (
	Both Language = iota // Chinese with English beside it
	Chinese
	English
)

// Options say how a map looks. The zero value is a map without links, arrow, scale bar and numbers.
type Options struct {
	Text     float64 // millimetres: the size of streets' names, by which everything else is measured; 0: 2.6
	Least    float64 // millimetres: nothing is written smaller; 0: 0.8 × Text
	Tap      float64 // millimetres: a link is at least so wide and high; 0: 8
	Links    bool    // grids with a URL can be tapped, around their names as far as they reach
	North    bool    // an arrow says where north is
	ScaleBar bool
	Numbers  bool // of buildings
	Small    bool // a small screen shows many grids: fewer names, and more of the ground
	End      bool // where the data end is said
	Key      bool // what the numbers of buildings are is said in a corner
	Squares  int  // so many squares beside each other are marked by letters and numbers along the edges, for Places; 0: none
	Language Language
}

// Draw draws s to fill box, north up. Nothing is seen outside box. Names that find no room are left out, in this order: buildings, land,
// neighbours, estates, streets; of the grids themselves only where there are more than forty. Where it is Small, streets around the grids have none, and of grids
// whose names differ by numbers the numbers alone are written. Without a grid there is nothing to draw: the frame is empty.
//
// Where nothing of the scene reaches, the frame is hatched; the grids stand aside of its middle where that shows more.
//
// One millimetre is as many metres in all directions and everywhere, but for 5e-5 of a length for each kilometre that it is away from the middle at
// 31° N (1.1e-4 at 53° N): less than can be printed on what a board shows. It is not for more than some 20 km, nor across the date line.
func Draw(s Scene, box paper.Box, o Options, m paper.Measurer) *paper.Group {
	out := &paper.Group{Name: "map", Label: o.caption(s), Clip: &box}
	if o.Text <= 0 {
		o.Text = 2.6
	}
	if o.Least <= 0 {
		o.Least = 0.8 * o.Text
	}
	if o.Tap <= 0 {
		o.Tap = 8
	}
	out.Items = append(out.Items, &paper.Shape{Paths: [][]paper.Point{rectangle(box)}, Closed: true, Fill: beyond})
	if p, ok := newPlane(s, box, o); ok {
		d := newDrawing(s, p, o, m)
		d.end()
		d.ground()
		d.houses()
		d.ways()
		d.borders()
		d.net()
		d.group()
		d.furniture()
		d.crowd()
		d.marker()
		d.count()
		d.gridNames()
		d.streetNames()
		d.estateNames()
		d.neighbourNames()
		d.endNames()
		d.landNames()
		d.buildingNames()
		d.writeKey()
		out.Items = append(out.Items, d.groups()...)
	}
	w := 0.1 * o.Text
	edge := paper.Box{X: box.X + w/2, Y: box.Y + w/2, W: box.W - w, H: box.H - w}
	out.Items = append(out.Items, &paper.Shape{Paths: [][]paper.Point{rectangle(edge)}, Closed: true, Stroke: ink, Width: w})
	return out
}

// caption says what the map shows, for those who cannot see it.
func (o Options) caption(s Scene) string {
	var names []string
	for _, g := range s.Grids {
		if n := clean(g.Name); n != "" {
			names = append(names, n)
		} else if n := clean(g.Number); n != "" {
			names = append(names, n)
		}
	}
	switch what := strings.Join(names, "、"); {
	case what == "":
		return o.word("地图", "Map")
	case o.Language == English:
		return "Map of " + strings.Join(names, ", ")
	case o.Language == Chinese:
		return "地图:" + what
	default:
		return "地图 Map:" + what
	}
}

// word is a word in the map's language.
func (o Options) word(zh, en string) string {
	switch o.Language {
	case Chinese:
		return zh
	case English:
		return en
	}
	return zh + " " + en
}

// drawing is a map in the making. What is drawn lies in layers, each above those before.
type drawing struct {
	scene Scene
	plane plane
	o     Options
	m     paper.Measurer

	regions   []region // the parts of the grids, then of the neighbours
	edges     []edge   // their borders
	buildings []house
	land      []named
	busy, rim sums            // what is in the way of names, and the border of the grids
	counted   map[string]int  // grids by their names without numbers
	told      map[string]bool // estates and streets whose name stands on the map, or in its key
	estates   []*estate       // whose numbers the buildings have
	streets   []*way
	number    float64   // size of the numbers of buildings
	title     orb.Bound // of the name of the one grid
	key       []keyRow
	keyRoom   orb.Bound
	marked    map[bool]bool // whether numbers stand alone on the map: of streets, of estates
	ends      []orb.Bound   // what nothing is known of
	squares   *raster
	taken     taken // where names and furniture stand

	layers [layerCount]paper.Group
	links  []paper.Item
}

// The layers from the ground up.
const (
	landLayer = iota
	streetLayer
	buildingLayer
	veilLayer
	netLayer
	borderLayer
	nameLayer
	furnitureLayer
	hereLayer
	layerCount
)

var layerNames = [layerCount]string{"land", "streets", "buildings", "outside", "squares", "borders", "names", "furniture", "here"}

func newDrawing(s Scene, p plane, o Options, m paper.Measurer) *drawing {
	d := &drawing{scene: s, plane: p, o: o, m: m, told: map[string]bool{}, marked: map[bool]bool{}, title: none()}
	for i := range d.layers {
		d.layers[i].Name = layerNames[i]
	}
	d.regions, d.edges = p.divide(s)
	grain := 0.35 * o.Text
	if o.Small { // small grids have room for a number
		grain = 0.2 * o.Text
	}
	d.squares = newRaster(p.box, grain)
	for i, r := range slices.Backward(d.regions) { // grids lie above their neighbours
		d.squares.fill(r.rings, func(c *cell) { c.owner = int32(i) })
	}
	return d
}

func (d *drawing) add(layer int, items ...paper.Item) {
	d.layers[layer].Items = append(d.layers[layer].Items, items...)
}

func (d *drawing) groups() (items []paper.Item) {
	for i := range d.layers {
		if len(d.layers[i].Items) > 0 {
			items = append(items, &d.layers[i])
		}
	}
	if len(d.links) > 0 {
		items = append(items, &paper.Group{Name: "links", Items: d.links})
	}
	return items
}

// own says whether a place on the sheet lies in a grid that the map is about.
func (d *drawing) own(at orb.Point) bool {
	c := d.squares.at(at)
	return c != nil && d.ownCell(c)
}

func rectangle(b paper.Box) []paper.Point {
	return []paper.Point{{X: b.X, Y: b.Y}, {X: b.X + b.W, Y: b.Y}, {X: b.X + b.W, Y: b.Y + b.H}, {X: b.X, Y: b.Y + b.H}}
}

// fine is v to a hundredth of a millimetre, which is finer than anything prints.
func fine(v float64) float64 { return math.Round(v*100) / 100 }
