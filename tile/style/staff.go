package style

import (
	"slices"
	"strings"

	"wangge/domain/coverage"
	"wangge/internal/fault"
)

// Theme is what the colours of a staff map say.
type Theme string

// The themes.
const (
	Staffing Theme = "staffing" // which grids have nobody to call today
	Kind     Theme = "kind"     // comprehensive and dedicated grids
	Group    Theme = "group"    // which grids one leader looks after
	Gaps     Theme = "gaps"     // what the coverage reports find
)

// Entry is a colour of a map and what it means.
type Entry struct {
	Colour  string `json:"colour"` // #rrggbb
	Chinese string `json:"zh"`
	English string `json:"en"`
	Shape   string `json:"shape"` // what has the colour: fill, line or point
}

// The shapes of an Entry.
const (
	fill  = "fill"
	line  = "line"
	point = "point"
)

var (
	nobody    = Entry{Chinese: "今日无人可联系", English: "nobody to call today"}
	ungridded = Entry{Chinese: "未入网格的楼栋", English: "building in no grid"}
)

// themed paints drawn, the public layers, for staff by theme, and adds what staff look at besides. The legend begins with what
// the areas say.
func themed(drawn []layer, c look, w words, theme Theme, basemap bool) ([]layer, []Entry) {
	var legend []Entry
	var colour any
	missing := expr{"!", expr{"has", "worker"}}
	about := []any{w.staffName, map[string]any{}}
	switch theme {
	case Staffing:
		// Tiles from further away do not say who works where: there the reports do.
		colour = expr{"step", expr{"zoom"}, c.calm, pointsFrom, expr{"case", missing, c.alarm, c.calm}}
		drawn = above(drawn, gridFill, layer{ID: "unstaffed-far", Type: "fill", Source: Source, Layer: "gaps", MaxZoom: pointsFrom,
			Filter: expr{"all", shapeOf("Polygon"), expr{"==", expr{"get", "kind"}, string(coverage.Unstaffed)}},
			Paint:  paint{"fill-color": c.alarm, "fill-antialias": false}})
		drawn = above(drawn, "division-line", layer{ID: "unstaffed-far-point", Type: "circle", Source: Source, Layer: "gaps", MaxZoom: pointsFrom,
			Filter: expr{"all", shapeOf("Point"), expr{"==", expr{"get", "kind"}, string(coverage.Unstaffed)}},
			Paint:  paint{"circle-color": c.alarm, "circle-radius": 3, "circle-stroke-color": c.casing, "circle-stroke-width": 1}})
		legend = append(legend, Entry{c.alarm, nobody.Chinese, nobody.English, fill}, Entry{c.calm, "有人可联系", "somebody to call", fill})
	case Kind:
		colour = expr{"match", expr{"get", "kind"}, "DEDICATED", c.kinds[1], c.kinds[0]}
		legend = append(legend, Entry{c.kinds[0], "综合网格", "comprehensive grid", fill}, Entry{c.kinds[1], "专属网格", "dedicated grid", fill})
	case Group:
		colour = expr{"step", expr{"zoom"}, c.calm, pointsFrom, expr{"case", expr{"has", "group"}, byName("group", c.bright), c.calm}}
		about = append(about, expr{"case", expr{"has", "group"}, expr{"concat", "\n", expr{"get", "group"}}, ""}, map[string]any{"font-scale": 0.8})
		legend = append(legend, Entry{c.bright[0], "同色且相邻：通常同组，以组名为准", "neighbours of one colour: mostly one group; its name decides", fill},
			Entry{c.calm, "未编组", "in no group", fill})
	case Gaps:
		colour = c.calm
		legend = append(legend, gapLegend(c)...)
	}
	// The areas say something here: they show through what lies on them less than on the public's map.
	opacity := 0.9
	if basemap {
		opacity = 0.5
	}
	drawn = change(drawn, gridFill, func(l *layer) {
		l.Paint = with(l.Paint, paint{"fill-color": colour, "fill-opacity": opacity})
	})
	about = append(about, expr{"concat", "\n", expr{"coalesce", expr{"get", "worker"}, expr{"literal", w.nobody}}},
		map[string]any{"font-scale": 0.8, "text-color": expr{"case", missing, c.gap, c.gridText}})
	drawn = change(drawn, gridLabel, func(l *layer) {
		l.Layout = with(l.Layout, paint{"text-field": expr{"step", expr{"zoom"}, w.gridFar, wholeName, append(expr{"format"}, about...)}})
	})

	// Buildings that belong to no grid, and the boards that name the worker at the door.
	outside := expr{"!", expr{"has", "grid"}}
	drawn = above(drawn, "building-point",
		layer{ID: "building-outside", Type: "line", Source: Source, Layer: "buildings", MinZoom: 14, Filter: expr{"all", shapeOf("Polygon"), outside},
			Layout: paint{"line-join": "round"},
			Paint:  paint{"line-color": c.house, "line-width": zoomed(1, 14.0, 1.0, 18.0, 3.0)}},
		layer{ID: "building-outside-point", Type: "circle", Source: Source, Layer: "buildings", MinZoom: 14, Filter: expr{"all", shapeOf("Point"), outside},
			Paint: paint{"circle-color": c.building, "circle-stroke-color": c.house, "circle-stroke-width": 2, "circle-radius": zoomed(1, 14.0, 2.0, 18.0, 5.0)}})
	drawn = above(drawn, "division-line",
		layer{ID: "signboard", Type: "circle", Source: Source, Layer: "signboards", MinZoom: 16,
			// Above the name that stands at the same place.
			Paint: paint{"circle-color": c.board, "circle-stroke-color": c.casing, "circle-stroke-width": 1.5, "circle-translate": []float64{0, -26},
				"circle-radius": zoomed(1, 16.0, 3.0, 19.0, 5.0)}})
	return drawn, append(legend, Entry{c.house, ungridded.Chinese, ungridded.English, line}, Entry{c.board, "公示牌", "signboard", point})
}

// gapLegend names the colours of gapLayers.
func gapLegend(c look) []Entry {
	name := func(lang fault.Language, between string, kinds []coverage.Kind) string {
		var names []string
		for _, kind := range kinds {
			names = append(names, kind.Text(lang))
		}
		return strings.Join(names, between)
	}
	var legend []Entry
	rest := slices.Clone(coverage.Kinds)
	for _, found := range c.problems() {
		legend = append(legend, Entry{found.colour, name(fault.Chinese, "、", found.kinds), name(fault.English, ", ", found.kinds), fill})
		rest = slices.DeleteFunc(rest, func(k coverage.Kind) bool { return slices.Contains(found.kinds, k) })
	}
	return append(legend, Entry{c.other, name(fault.Chinese, "、", rest), name(fault.English, ", ", rest), line})
}

type problem struct {
	colour string
	kinds  []coverage.Kind
}

// problems are the kinds with a colour of their own; the others share one.
func (c look) problems() []problem {
	return []problem{
		{c.gap, []coverage.Kind{coverage.Gap}},
		{c.overlap, []coverage.Kind{coverage.Overlap}},
		{c.outside, []coverage.Kind{coverage.Outside}},
		{c.house, []coverage.Kind{coverage.UnassignedBuilding, coverage.CutBuilding}},
	}
}

// above returns list with more above the layer id.
func above(list []layer, id string, more ...layer) []layer {
	return slices.Insert(list, slices.IndexFunc(list, func(l layer) bool { return l.ID == id })+1, more...)
}

// change lets do change the layer id.
func change(list []layer, id string, do func(*layer)) []layer {
	do(&list[slices.IndexFunc(list, func(l layer) bool { return l.ID == id })])
	return list
}

// byName picks one of the colours by a text. Expressions have no number for a text: they compare its first characters with some
// of those that there are, so that the same name has the same colour on every map, and others mostly another.
func byName(field string, colours []string) expr {
	const counted = "0123456789一二三四五六七八九十东南西北中甲乙丙丁" // what names of one community often differ by alone
	const first, last, bins = 0x4e00, 0x9fa6, 64
	var bin func(from, to int) any
	bin = func(from, to int) any {
		if to-from == 1 {
			return from
		}
		middle := (from + to) / 2
		at := string(rune(first + (last-first)*middle/bins))
		return expr{"case", expr{">=", expr{"var", "c"}, at}, bin(middle, to), bin(from, middle)}
	}
	sum := expr{"+"}
	for i, weight := range []int{1, 3, 5, 2, 4} {
		sum = append(sum, expr{"*", weight, expr{"let", "c", expr{"slice", expr{"var", "name"}, i, i + 1},
			expr{"let", "n", expr{"index-of", expr{"var", "c"}, expr{"literal", counted}},
				expr{"case", expr{">=", expr{"var", "n"}, 0}, expr{"var", "n"}, bin(0, bins)}}}})
	}
	match := expr{"match", expr{"%", sum, len(colours)}}
	for i, colour := range colours[:len(colours)-1] {
		match = append(match, i, colour)
	}
	return expr{"let", "name", expr{"to-string", expr{"get", field}}, append(match, colours[len(colours)-1])}
}
