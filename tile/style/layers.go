package style

// look is the colours of a map.
type look struct {
	paper, community           string // outside the grids, and where a division has no grid
	grids                      []string
	gridOpacity                float64
	casing, gridLine           string
	division                   string
	water, waterLine           string
	green, greenEdge, plaza    string
	road, roadEdge             string
	mainRoad, mainRoadEdge     string
	path                       string
	building, buildingEdge     string
	text, quiet, waterText     string
	gridText, halo, gridHalo   string
	buildingText, buildingHalo string

	gap, overlap, outside, house, other string // problems by kind
}

// The colours of neighbouring grids differ by their numbers, which people give in the order of the map; seven of them
// are few enough to stay calm.
var (
	light = look{
		paper: "#eeebe4", community: "#f8f6f1",
		grids:       []string{"#fbd8ba", "#cde3f2", "#dbebc6", "#f3cddd", "#f6eab2", "#ded5f0", "#c6e8de"},
		gridOpacity: 0.72,
		casing:      "#ffffff", gridLine: "#7b8794",
		division: "#8f7f9c",
		water:    "#a9d0e6", waterLine: "#8dbcd7",
		green: "#bfdcaa", greenEdge: "#a5c98d", plaza: "#efe6d6",
		road: "#ffffff", roadEdge: "#d3ccc0",
		mainRoad: "#fdeec4", mainRoadEdge: "#dcc48c",
		path:     "#b9ae9d",
		building: "#fdfbf7", buildingEdge: "#c4b8a8",
		text: "#4d4840", quiet: "#6b645a", waterText: "#2a6485",
		gridText: "#1f2d3a", halo: "#ffffff", gridHalo: "#ffffff",
		buildingText: "#6b5f50", buildingHalo: "#fdfbf7",
		gap: "#c1121f", overlap: "#6a2fb0", outside: "#0b6e8a", house: "#b25b00", other: "#5b6572",
	}
	dark = look{
		paper: "#14181d", community: "#1a1f25",
		grids:       []string{"#4a3526", "#263e4d", "#34422a", "#4a2c3b", "#463f20", "#39324c", "#22443d"},
		gridOpacity: 0.8,
		casing:      "#0d1013", gridLine: "#9aa7b5",
		division: "#a796b5",
		water:    "#1c3d52", waterLine: "#2b5672",
		green: "#28402a", greenEdge: "#355538", plaza: "#2e2b26",
		road: "#3a4048", roadEdge: "#20252b",
		mainRoad: "#5a4f33", mainRoadEdge: "#2a2519",
		path:     "#59606a",
		building: "#2b3138", buildingEdge: "#465059",
		text: "#d6d3cc", quiet: "#b6b1a8", waterText: "#a5d0ea",
		gridText: "#f2f5f8", halo: "#14181d", gridHalo: "#14181d",
		buildingText: "#c8c1b5", buildingHalo: "#20252b",
		gap: "#ff6b6b", overlap: "#c49bff", outside: "#5cc9e6", house: "#ffb35c", other: "#aeb8c4",
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
	waterKinds = []string{"water", "river", "riverbank", "stream", "canal", "lake", "reservoir", "pond", "basin"}
	paved      = []string{"plaza", "square", "parking", "pedestrian", "pitch", "playground", "track"}
)

// pointsFrom is the zoom from which tiles hold a point for each grid's name.
const pointsFrom = 12

// layers are the style, from the paper up.
func layers(c look, w words) []layer {
	return []layer{
		{ID: "paper", Type: "background", Paint: paint{"background-color": c.paper}},
		{ID: "division-fill", Type: "fill", Source: Source, Layer: "divisions",
			Paint: paint{"fill-color": c.community, "fill-antialias": false}},
		{ID: "grid-fill", Type: "fill", Source: Source, Layer: "grids",
			Paint: paint{"fill-color": gridColour(c.grids), "fill-antialias": false,
				"fill-opacity": zoomed(1, 10.0, c.gridOpacity, 15.0, c.gridOpacity, 18.0, c.gridOpacity*0.7)}},

		{ID: Ground, Type: "fill", Source: Source, Layer: "land",
			Filter: expr{"!", expr{"any", oneOf("class", waterKinds), oneOf("class", paved)}},
			Paint:  paint{"fill-color": c.green, "fill-opacity": 0.85, "fill-outline-color": c.greenEdge}},
		{ID: "plaza", Type: "fill", Source: Source, Layer: "land", MinZoom: 14, Filter: oneOf("class", paved),
			Paint: paint{"fill-color": c.plaza, "fill-opacity": 0.9}},
		{ID: "water", Type: "fill", Source: Source, Layer: "land", Filter: oneOf("class", waterKinds),
			Paint: paint{"fill-color": c.water, "fill-outline-color": c.waterLine}},

		{ID: "road-area", Type: "fill", Source: Source, Layer: "roads", MinZoom: 14, Filter: shapeOf("Polygon"),
			Paint: paint{"fill-color": c.plaza, "fill-opacity": 0.9}},
		{ID: "path", Type: "line", Source: Source, Layer: "roads", MinZoom: 15.5,
			Filter: expr{"all", shapeOf("LineString"), oneOf("class", footways)},
			Layout: paint{"line-cap": "round", "line-join": "round"},
			Paint: paint{"line-color": c.path, "line-dasharray": []float64{1.5, 2},
				"line-width": zoomed(1.5, 15.5, 0.6, 20.0, 2.4)}},
		{ID: "road-edge", Type: "line", Source: Source, Layer: "roads", MinZoom: 12,
			Filter: expr{"all", shapeOf("LineString"), expr{"!", oneOf("class", footways)}},
			Layout: roadLayout(),
			Paint: paint{"line-color": byClass(mainRoads, c.mainRoadEdge, c.roadEdge),
				"line-width": roadWidth(1.6)}},
		{ID: "road", Type: "line", Source: Source, Layer: "roads", MinZoom: 11,
			Filter: expr{"all", shapeOf("LineString"), expr{"!", oneOf("class", footways)}},
			Layout: roadLayout(),
			Paint:  paint{"line-color": byClass(mainRoads, c.mainRoad, c.road), "line-width": roadWidth(0)}},

		{ID: "building", Type: "fill", Source: Source, Layer: "buildings", MinZoom: 13.5,
			Paint: paint{"fill-color": c.building, "fill-opacity": zoomed(1, 13.5, 0.0, 14.5, 0.95)}},
		{ID: "building-edge", Type: "line", Source: Source, Layer: "buildings", MinZoom: 15,
			Paint: paint{"line-color": c.buildingEdge, "line-width": zoomed(1.4, 15.0, 0.5, 19.0, 1.4)}},

		{ID: "grid-casing", Type: "line", Source: Source, Layer: "grids",
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": c.casing, "line-opacity": 0.9,
				"line-width": zoomed(1.4, 11.0, 1.5, 14.0, 4.0, 18.0, 9.0)}},
		{ID: "grid-line", Type: "line", Source: Source, Layer: "grids", MinZoom: 12,
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": c.gridLine,
				"line-width": zoomed(1.4, 12.0, 0.4, 14.0, 1.0, 18.0, 2.4)}},
		{ID: "division-casing", Type: "line", Source: Source, Layer: "divisions", MinZoom: 11,
			Layout: paint{"line-join": "round"},
			Paint:  paint{"line-color": c.casing, "line-width": zoomed(1, 11.0, 2.0, 16.0, 6.5)}},
		{ID: "division-line", Type: "line", Source: Source, Layer: "divisions",
			Layout: paint{"line-join": "round"},
			Paint: paint{"line-color": c.division, "line-dasharray": []float64{4, 2},
				"line-width": zoomed(1, 4.0, 0.6, 12.0, 1.4, 16.0, 2.6)}},

		{ID: Beneath, Type: "symbol", Source: Source, Layer: "roads", MinZoom: 13.5,
			Filter: expr{"all", shapeOf("LineString"), expr{"!=", expr{"get", "name"}, ""}},
			Layout: paint{"symbol-placement": "line", "text-field": expr{"get", "name"}, "text-font": regular,
				"text-size":           zoomed(1, 13.5, 10.5, 18.0, 14.0),
				"text-letter-spacing": 0.12, "text-max-angle": 35, "text-padding": 4, "symbol-spacing": 320},
			// A border often runs along the street: the halo must fill the characters, or its line becomes a stroke of them.
			Paint: paint{"text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 3}},
		{ID: "water-label", Type: "symbol", Source: Source, Layer: "land", MinZoom: 14.5,
			Filter: expr{"all", oneOf("class", waterKinds), expr{"!=", expr{"get", "name"}, ""}},
			Layout: paint{"symbol-placement": "line", "text-field": expr{"get", "name"}, "text-font": regular,
				"text-size": 12, "text-letter-spacing": 0.25, "text-max-angle": 30, "symbol-spacing": 500,
				"text-offset": []float64{0, 1}},
			Paint: paint{"text-color": c.waterText, "text-halo-color": c.halo, "text-halo-width": 1.2}},
		{ID: "building-label", Type: "symbol", Source: Source, Layer: "buildings", MinZoom: 16.5,
			Filter: expr{"!=", expr{"get", "name"}, ""},
			Layout: paint{"text-field": expr{"get", "name"}, "text-font": regular,
				"text-size": zoomed(1, 16.5, 10.0, 19.0, 13.0), "text-max-width": 6, "text-padding": 3},
			Paint: paint{"text-color": c.buildingText, "text-halo-color": c.buildingHalo, "text-halo-width": 1.2}},
		// From afar names stand at polygons, once a tile: there the polygons are small, and there are no points for them yet.
		{ID: "grid-label-far", Type: "symbol", Source: Source, Layer: "grids", MaxZoom: pointsFrom,
			Layout: paint{"text-field": w.gridName, "text-font": regular, "text-size": 10.5, "text-max-width": 8,
				"text-padding": 5, "symbol-avoid-edges": true},
			Paint: paint{"text-color": c.gridText, "text-halo-color": c.gridHalo, "text-halo-width": 1.6}},
		{ID: "division-label", Type: "symbol", Source: Source, Layer: "divisions", MaxZoom: pointsFrom,
			Filter: expr{"!=", expr{"get", "name"}, ""},
			Layout: paint{"text-field": expr{"get", "name"}, "text-font": semibold, "text-max-width": 10,
				"text-size": zoomed(1, 6.0, 12.0, 12.0, 15.0), "text-padding": 6, "symbol-avoid-edges": true},
			Paint: paint{"text-color": c.text, "text-halo-color": c.gridHalo, "text-halo-width": 2}},
		{ID: "grid-label", Type: "symbol", Source: Source, Layer: "grid_labels", MinZoom: pointsFrom,
			Layout: paint{"text-field": w.gridLabel, "text-font": semibold,
				"text-size":    zoomed(1, 12.0, 9.5, 14.0, 10.5, 15.0, 13.5, 16.0, 15.5, 18.0, 19.0),
				"text-padding": 0,
				// A name moves a little to make room for its neighbours' and for the pin.
				"text-variable-anchor": []string{"center", "top", "bottom", "left", "right"},
				"text-radial-offset":   0.4, "text-justify": "center",
				"text-max-width": expr{"step", expr{"zoom"}, 8, 15, 10}, "text-line-height": 1.25,
				"symbol-sort-key": expr{"case", expr{"==", expr{"get", "kind"}, "DEDICATED"}, 1, 0}},
			Paint: paint{"text-color": c.gridText, "text-halo-color": c.gridHalo, "text-halo-width": 2}},
	}
}

// gapLayers draw what the coverage reports find, beneath the names. A grid that is wrong as a whole (nobody works there, it is
// too large) is outlined; what is wrong with the ground is filled, the fainter the larger it is: the open country around a town
// would drown all else.
func gapLayers(c look) []layer {
	colour := expr{"match", expr{"get", "kind"}, "GAP", c.gap, "OVERLAP", c.overlap, "OUTSIDE", c.outside,
		[]string{"UNASSIGNED_BUILDING", "CUT_BUILDING"}, c.house, c.other}
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
