package style

import (
	"maps"

	"wangge/domain/around"
)

// look is the colours of a map.
type look struct {
	paper, community           string // outside the grids, and where a division has no grid
	grids                      []string
	gridOpacity                float64
	casing, gridLine           string
	division                   string
	water, green, plaza        string
	road, roadEdge             string
	mainRoad, mainRoadEdge     string
	path                       string
	building, buildingEdge     string
	text, waterText            string
	divisionText               string
	gridText, halo, gridHalo   string
	buildingText, buildingHalo string

	gap, overlap, outside, house, other string // problems by kind

	calm, alarm, board string    // for staff: nothing to do here, somebody must, a signboard
	kinds              [2]string // comprehensive, dedicated
	bright             []string  // groups

	raster paint   // a basemap beneath
	veil   float64 // how much of the paper lies over one of vector tiles
}

// The colours of neighbouring grids differ by their numbers, which people give in the order of the map; seven hues are few
// enough to stay calm, and each comes in two shades, since grids whose numbers differ by seven are often neighbours too. None is the blue or the green of the ground: a grid must not be taken for a lake or a park.
var (
	light = look{
		paper: "#eeebe4", community: "#f8f6f1",
		grids: []string{"#f9d9bd", "#e3d8f1", "#f5e9b4", "#f4cfda", "#e5e6c3", "#ebcfe8", "#d2e5de",
			"#fcecde", "#f1ecf8", "#faf4da", "#fae7ec", "#f2f2e1", "#f5e7f4", "#e8f2ee"},
		gridOpacity: 0.75,
		casing:      "#ffffff", gridLine: "#8a8591",
		division: "#6f5583",
		water:    "#a8cfe4",
		green:    "#c1dcab", plaza: "#ece3d3",
		road: "#ffffff", roadEdge: "#d6cfc4",
		mainRoad: "#fdf0cd", mainRoadEdge: "#dfcb9c",
		path:     "#b9ae9d",
		building: "#fdfbf7", buildingEdge: "#c4b8a8",
		text: "#4d4840", waterText: "#2a6485",
		divisionText: "#54406a",
		gridText:     "#2b2733", halo: "#ffffff", gridHalo: "#ffffff",
		buildingText: "#6b5f50", buildingHalo: "#fdfbf7",
		gap: "#c1121f", overlap: "#6a2fb0", outside: "#0b6e8a", house: "#b25b00", other: "#5b6572",
		calm: "#e1e4e8", alarm: "#f08a7b", board: "#00695c",
		kinds:  [2]string{"#f4ecca", "#cdb5ea"},
		bright: []string{"#f6c394", "#cdb9ee", "#efdc83", "#efaec2", "#cfd394", "#dfacdb", "#a9d4c7", "#b3c2ea", "#cdb39a"},
		raster: paint{"raster-saturation": -0.35, "raster-contrast": -0.1},
	}
	dark = look{
		paper: "#14181d", community: "#1a1f25",
		grids: []string{"#4b3627", "#3a3350", "#454021", "#4c2e3a", "#3a3c25", "#472e48", "#333a40",
			"#32261e", "#282437", "#2f2c1a", "#33212a", "#282a1d", "#302132", "#23292d"},
		gridOpacity: 0.85,
		casing:      "#101317", gridLine: "#807c8b",
		division: "#ab94c0",
		water:    "#16384e",
		green:    "#253d29", plaza: "#37322b",
		road: "#4a4f57", roadEdge: "#1d2126",
		mainRoad: "#5d5440", mainRoadEdge: "#292419",
		path:     "#59606a",
		building: "#2b3138", buildingEdge: "#465059",
		text: "#d6d3cc", waterText: "#a5d0ea",
		divisionText: "#d9c6e8",
		gridText:     "#f3f1f6", halo: "#14181d", gridHalo: "#14181d",
		buildingText: "#c8c1b5", buildingHalo: "#20252b",
		gap: "#ff6b6b", overlap: "#c49bff", outside: "#5cc9e6", house: "#ffb35c", other: "#aeb8c4",
		calm: "#2d3238", alarm: "#9c3f37", board: "#6fd3c2",
		kinds:  [2]string{"#4a4424", "#5a4380"},
		bright: []string{"#74492a", "#544590", "#6b601f", "#7a3a50", "#565a25", "#6d3a70", "#2b5a50", "#3a4f86", "#5d4633"},
		raster: paint{"raster-saturation": -0.5, "raster-brightness-max": 0.45}, veil: 0.6,
	}
)

// Fonts: the first entry only says the weight, which MapLibre reads from it; the rest are the Chinese faces of
// Apple's, Microsoft's, Huawei's, Xiaomi's and Linux machines.
var (
	regular  = fonts("Regular")
	semibold = fonts("Semibold")
)

func fonts(weight string) []string {
	return []string{weight, "PingFang SC", "HarmonyOS Sans SC", "MiSans", "Microsoft YaHei", "Noto Sans CJK SC",
		"Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "sans-serif"}
}

// Classes of roads, as in OpenStreetMap.
var (
	mainRoads  = []string{"motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"}
	streets    = []string{"secondary", "tertiary", "secondary_link", "tertiary_link"}
	footways   = []string{"footway", "path", "steps", "cycleway", "bridleway", "corridor", "track", "pedestrian"}
	waterKinds = around.Classes(around.Water)
)

const (
	pointsFrom = 12 // zoom from which tiles hold a point for each grid's name, and its group and worker
	wholeName  = 15 // zoom from which there is room for a grid's whole name
)

// Layers that a theme changes.
const (
	gridFill  = "grid-fill"
	gridLabel = "grid-label"
)

// layers are the public style, from the paper up. Over a basemap the grids let it shine through, and the ground that it draws
// itself stays hidden; the layers are there all the same, since pages put theirs beneath them.
func layers(c look, w words, basemap bool) []layer {
	ground := func(l layer) layer {
		if basemap {
			l.Layout = with(l.Layout, paint{"visibility": "none"})
		}
		return l
	}
	grids, houses := c.gridOpacity, 0.95
	if basemap {
		grids, houses = 0.4, 0.3
	}
	return []layer{
		{ID: "paper", Type: "background", Paint: paint{"background-color": c.paper}},
		ground(layer{ID: "division-fill", Type: "fill", Source: Source, Layer: "divisions",
			Paint: paint{"fill-color": c.community, "fill-antialias": false}}),
		{ID: gridFill, Type: "fill", Source: Source, Layer: "grids",
			Paint: paint{"fill-color": gridColour(c.grids), "fill-antialias": false,
				"fill-opacity": zoomed(1, 10.0, grids, 15.0, grids, 18.0, grids*0.7)}},

		// Their edges would show where a lake or a river is of several parts.
		ground(layer{ID: Ground, Type: "fill", Source: Source, Layer: "land",
			Filter: oneOf("class", around.Classes(around.Green)),
			Paint:  paint{"fill-color": c.green, "fill-opacity": 0.85, "fill-antialias": false}}),
		ground(layer{ID: "plaza", Type: "fill", Source: Source, Layer: "land", MinZoom: 14, Filter: oneOf("class", around.Classes(around.Paved)),
			Paint: paint{"fill-color": c.plaza, "fill-opacity": 0.9, "fill-antialias": false}}),
		ground(layer{ID: "water", Type: "fill", Source: Source, Layer: "land", Filter: oneOf("class", waterKinds),
			Paint: paint{"fill-color": c.water, "fill-antialias": false}}),

		ground(layer{ID: "road-area", Type: "fill", Source: Source, Layer: "roads", MinZoom: 14, Filter: shapeOf("Polygon"),
			Paint: paint{"fill-color": c.plaza, "fill-opacity": 0.9}}),
		ground(layer{ID: "path", Type: "line", Source: Source, Layer: "roads", MinZoom: 15.5,
			Filter: expr{"all", shapeOf("LineString"), oneOf("class", footways)},
			Layout: paint{"line-cap": "round", "line-join": "round"},
			Paint: paint{"line-color": c.path, "line-dasharray": []float64{1.5, 2},
				"line-width": zoomed(1.5, 15.5, 0.6, 20.0, 2.4)}}),
		ground(layer{ID: "road-edge", Type: "line", Source: Source, Layer: "roads", MinZoom: 13,
			Filter: expr{"all", shapeOf("LineString"), expr{"!", oneOf("class", footways)}},
			Layout: roadLayout(),
			Paint: paint{"line-color": byClass(mainRoads, c.mainRoadEdge, c.roadEdge),
				"line-width": roadWidth(1.4)}}),
		ground(layer{ID: "road", Type: "line", Source: Source, Layer: "roads", MinZoom: 11,
			Filter: expr{"all", shapeOf("LineString"), expr{"!", oneOf("class", footways)}},
			Layout: roadLayout(),
			Paint:  paint{"line-color": byClass(mainRoads, c.mainRoad, c.road), "line-width": roadWidth(0)}}),

		{ID: "building", Type: "fill", Source: Source, Layer: "buildings", MinZoom: 13.5, Filter: shapeOf("Polygon"),
			Paint: paint{"fill-color": c.building, "fill-opacity": zoomed(1, 13.5, 0.0, 14.5, houses)}},
		{ID: "building-edge", Type: "line", Source: Source, Layer: "buildings", MinZoom: 15, Filter: shapeOf("Polygon"),
			Paint: paint{"line-color": c.buildingEdge, "line-width": zoomed(1.4, 15.0, 0.5, 19.0, 1.4)}},
		{ID: "building-point", Type: "circle", Source: Source, Layer: "buildings", MinZoom: 15, Filter: shapeOf("Point"),
			Paint: paint{"circle-color": c.building, "circle-stroke-color": c.buildingEdge, "circle-stroke-width": 1,
				"circle-radius": zoomed(1, 15.0, 1.5, 18.0, 4.0)}},

		{ID: "grid-casing", Type: "line", Source: Source, Layer: "grids", MinZoom: 11,
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": c.casing, "line-opacity": 0.9,
				"line-width": zoomed(1.4, 11.0, 0.8, 13.0, 2.2, 16.0, 5.0, 18.0, 8.0)}},
		{ID: "grid-line", Type: "line", Source: Source, Layer: "grids", MinZoom: 12,
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": c.gridLine,
				"line-width": zoomed(1.4, 12.0, 0.4, 14.0, 0.9, 18.0, 2.2)}},
		// Solid: each border is drawn from both sides, whose dashes would fall between each other.
		{ID: "division-casing", Type: "line", Source: Source, Layer: "divisions", MinZoom: 11,
			Layout: paint{"line-join": "round"},
			Paint:  paint{"line-color": c.casing, "line-width": zoomed(1.2, 11.0, 2.0, 14.0, 5.0, 18.0, 10.0)}},
		{ID: "division-line", Type: "line", Source: Source, Layer: "divisions",
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": c.division, "line-opacity": zoomed(1, 9.0, 0.55, 13.0, 0.9),
				"line-width": zoomed(1.2, 4.0, 0.6, 10.0, 0.7, 12.0, 1.1, 14.0, 2.0, 18.0, 4.0)}},

		{ID: Beneath, Type: "symbol", Source: Source, Layer: "roads", MinZoom: 14,
			// Pavements are called as their street is.
			Filter: expr{"all", shapeOf("LineString"), named, expr{"any", expr{"!", oneOf("class", footways)}, expr{"==", expr{"get", "class"}, "pedestrian"}}},
			Layout: paint{"symbol-placement": "line", "text-field": expr{"get", "name"}, "text-font": regular,
				"text-size":           zoomed(1, 14.0, 10.5, 18.0, 14.0),
				"text-letter-spacing": 0.12, "text-max-angle": 35, "text-padding": 6, "symbol-spacing": 420},
			// A border often runs along the street: the halo must fill the characters, or its line becomes a stroke of them.
			Paint: paint{"text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 2.5}},
		{ID: "water-label", Type: "symbol", Source: Source, Layer: "land", MinZoom: 14.5,
			Filter: expr{"all", oneOf("class", waterKinds), named},
			Layout: paint{"symbol-placement": "line", "text-field": expr{"get", "name"}, "text-font": regular,
				"text-size": 12, "text-letter-spacing": 0.25, "text-max-angle": 30, "symbol-spacing": 500,
				"text-offset": []float64{0, 1}},
			Paint: paint{"text-color": c.waterText, "text-halo-color": c.halo, "text-halo-width": 1.2}},
		{ID: "building-label", Type: "symbol", Source: Source, Layer: "buildings", MinZoom: 16.5, Filter: named,
			Layout: paint{"text-field": expr{"get", "name"}, "text-font": regular, "symbol-avoid-edges": true,
				"text-size": zoomed(1, 16.5, 10.0, 19.0, 13.0), "text-max-width": 6, "text-padding": 3},
			Paint: paint{"text-color": c.buildingText, "text-halo-color": c.buildingHalo, "text-halo-width": 1.2}},
		// From afar names stand at polygons, once a tile: there the polygons are small, and there are no points for them yet.
		{ID: "grid-label-far", Type: "symbol", Source: Source, Layer: "grids", MinZoom: 11, MaxZoom: pointsFrom,
			Layout: paint{"text-field": w.gridFar, "text-font": regular, "text-size": 10, "text-max-width": 8,
				"text-padding": 5, "symbol-avoid-edges": true},
			Paint: paint{"text-color": c.gridText, "text-halo-color": c.gridHalo, "text-halo-width": 1.4}},
		{ID: "division-label", Type: "symbol", Source: Source, Layer: "divisions", MaxZoom: pointsFrom, Filter: named,
			Layout: paint{"text-field": expr{"get", "name"}, "text-font": semibold, "text-max-width": 10,
				"text-size": zoomed(1, 6.0, 12.5, 8.0, 12.0, 10.0, 11.0, 12.0, 13.0), "text-padding": 4, "symbol-avoid-edges": true},
			Paint: paint{"text-color": c.divisionText, "text-halo-color": c.gridHalo, "text-halo-width": 1.6}},
		{ID: gridLabel, Type: "symbol", Source: Source, Layer: "grid_labels", MinZoom: pointsFrom,
			Layout: paint{"text-field": expr{"step", expr{"zoom"}, w.gridFar, wholeName, w.gridNear}, "text-font": semibold,
				"text-size":    zoomed(1, 12.0, 10.0, 14.0, 11.5, 15.0, 13.5, 16.0, 15.5, 18.0, 19.0),
				"text-padding": expr{"step", expr{"zoom"}, 2, 15, 0},
				// A name moves a little to make room for its neighbours' and for the pin; from afar not sideways, into another grid.
				"text-variable-anchor": expr{"step", expr{"zoom"}, literal("center", "top", "bottom"), 14, literal("center", "top", "bottom", "left", "right")},
				"text-radial-offset":   0.4, "text-justify": "center",
				"text-max-width": expr{"step", expr{"zoom"}, 8, 15, 10}, "text-line-height": 1.25,
				"symbol-sort-key": expr{"case", expr{"==", expr{"get", "kind"}, "DEDICATED"}, 1, 0}},
			Paint: paint{"text-color": c.gridText, "text-halo-color": c.gridHalo, "text-halo-width": 2}},
	}
}

// named holds for what has a name.
var named = expr{"!=", expr{"coalesce", expr{"get", "name"}, ""}, ""}

func literal(values ...string) expr { return expr{"literal", values} }

// with is p with more.
func with(p, more paint) paint {
	out := maps.Clone(p)
	if out == nil {
		out = paint{}
	}
	maps.Copy(out, more)
	return out
}

// gapLayers draw what the coverage reports find, beneath the names. A grid that is wrong as a whole (nobody works there, it is
// too large) is outlined; what is wrong with the ground is filled, the fainter the larger it is: the open country around a town
// would drown all else.
func gapLayers(c look) []layer {
	colour := expr{"match", expr{"get", "kind"}}
	for _, found := range c.problems() {
		colour = append(colour, found.kinds, found.colour)
	}
	colour = append(colour, c.other)
	whole := oneOf("kind", []string{"UNSTAFFED", "OVERSIZE", "UNDERSIZE", "MULTIPART"})
	return []layer{
		{ID: "gap-fill", Type: "fill", Source: Source, Layer: "gaps", Filter: expr{"all", shapeOf("Polygon"), expr{"!", whole}},
			Paint: paint{"fill-color": colour, "fill-opacity": expr{"interpolate", expr{"linear"},
				expr{"coalesce", expr{"get", "area_m2"}, 0}, 10_000, 0.5, 500_000, 0.08}}},
		{ID: "gap-line", Type: "line", Source: Source, Layer: "gaps", Filter: shapeOf("Polygon"),
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": colour, "line-width": zoomed(1, 10.0, 1.0, 16.0, 2.5),
				"line-dasharray": []float64{2, 1}}},
		{ID: "gap-point", Type: "circle", Source: Source, Layer: "gaps", Filter: shapeOf("Point"),
			Paint: paint{"circle-color": colour, "circle-opacity": 0.9, "circle-stroke-color": c.casing, "circle-stroke-width": 1.5,
				"circle-radius": zoomed(1, 8.0, 2.5, 16.0, 6.0)}},
	}
}

// paint is the properties of a layer.
type paint = map[string]any

// gridColour picks one of the colours by the last three digits of the code, or, where they are no number, by the
// feature's id.
func gridColour(colours []string) expr {
	number := expr{"to-number", expr{"slice", expr{"get", "code"}, -3}, expr{"id"}, 0}
	match := expr{"match", expr{"%", number, len(colours)}}
	for i, colour := range colours[:len(colours)-1] {
		match = append(match, i, colour)
	}
	return append(match, colours[len(colours)-1])
}

func oneOf(field string, values []string) expr {
	return expr{"in", expr{"get", field}, expr{"literal", values}}
}

// shapeOf holds for a geometry and its multiple: "LineString" is part of "MultiLineString".
func shapeOf(name string) expr { return expr{"in", name, expr{"geometry-type"}} }

func byClass(values []string, then, otherwise any) expr {
	return expr{"match", expr{"get", "class"}, values, then, otherwise}
}

func roadLayout() paint {
	return paint{"line-cap": "round", "line-join": "round",
		"line-sort-key": expr{"match", expr{"get", "class"}, mainRoads, 2, streets, 1, 0}}
}

// roadWidth is about the width of the street on the ground from zoom 17 on, with extra pixels for its edge.
func roadWidth(extra float64) expr {
	at := func(main, street, other float64) expr {
		return expr{"match", expr{"get", "class"}, mainRoads, main + extra, streets, street + extra, other + extra}
	}
	return expr{"interpolate", expr{"exponential", 1.6}, expr{"zoom"},
		11, at(1.2, 0.6, 0.2), 14, at(4, 2.6, 1.2), 17, at(15, 10, 5.5), 20, at(60, 40, 24)}
}

// zoomed interpolates between zoom, value pairs; base 1 is linear.
func zoomed(base float64, pairs ...float64) expr {
	e := expr{"interpolate", expr{"exponential", base}, expr{"zoom"}}
	for _, v := range pairs {
		e = append(e, v)
	}
	return e
}
