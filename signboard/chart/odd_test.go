package chart_test

import (
	"math"
	"strings"

	"github.com/paulmach/orb"

	"wangge/signboard/chart"
)

// The middle of what is made up here, in Beijing.
const midLng, midLat = 116.32, 40.0

// at is a place so many metres east and north of the middle, near enough.
func at(x, y float64) orb.Point {
	return orb.Point{midLng + x/85390, midLat + y/111035}
}

func ring(xy ...float64) orb.Ring {
	var r orb.Ring
	for i := 0; i < len(xy); i += 2 {
		r = append(r, at(xy[i], xy[i+1]))
	}
	return append(r, r[0])
}

func rect(x0, y0, x1, y1 float64) orb.Polygon {
	return orb.Polygon{ring(x0, y0, x1, y0, x1, y1, x0, y1)}
}

const hostile = "<script>alert(\"网格\")</script> \u202egnol yrev a si siht\u202c & 王家大院西侧第三巷道两侧商住楼及附属楼群联合网格责任区"

// odd are scenes as they hardly ever are.
func odd() map[string]chart.Scene {
	here := at(30, -20)
	away := at(900, 0)
	far := at(90000, 0)
	block := chart.Grid{Area: orb.MultiPolygon{rect(-100, -80, 100, 80)}, Name: "方块网格", Number: "01"}
	var houses []chart.Building
	for i := range 25 {
		for j := range 20 {
			x, y := -98+float64(i)*8, -78+float64(j)*8
			houses = append(houses, chart.Building{Number: strings.Repeat("1", 1+(i+j)%3) + "号", Area: orb.MultiPolygon{rect(x, y, x+5, y+5)}})
		}
	}
	var round orb.Ring
	for i := range 720 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 360)
		round = append(round, at(160*cos+8*math.Sin(float64(i)), 160*sin+8*math.Cos(1.7*float64(i))))
	}
	round = append(round, round[0])
	hole := block.Area[0][0].Clone()
	hole.Reverse()
	street := func(name, class string, xy ...float64) chart.Street {
		r := ring(xy...)
		return chart.Street{Name: name, Class: class, Line: orb.LineString(r[:len(r)-1])}
	}
	circle := make([]float64, 0, 80)
	for i := range 40 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 20)
		circle = append(circle, 55*cos, 55*sin)
	}
	return map[string]chart.Scene{
		"nothing":    {},
		"only-grid":  {Grids: []chart.Grid{block}},
		"no-streets": {Grids: []chart.Grid{block}, Buildings: houses},
		"narrow": {Grids: []chart.Grid{{Area: orb.MultiPolygon{{ring(-600, -8, 0, 0, 600, 30, 600, 38, 0, 8, -600, 0)}}, Name: "沿河带状网格", Number: "07"}},
			Neighbours: []chart.Grid{{Area: orb.MultiPolygon{{ring(-600, 0, 0, 8, 600, 38, 600, 400, -600, 400)}}, Name: "北岸网格", Number: "08"}},
			Streets:    []chart.Street{street("沿河路", "tertiary", -600, 4, 0, 12, 600, 42), street("桥头街", "residential", 20, -300, 20, 300)}},
		"tall": {Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-6, -500, 6, 500)}, Name: "一线天网格", Number: "12"}}},
		"parts": {Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-300, -80, -60, 80), rect(220, 20, 300, 90), rect(250, -60, 258, -50)}, Name: "两片网格", Number: "02"}},
			Neighbours: []chart.Grid{{Area: orb.MultiPolygon{rect(-60, -80, 220, 80)}, Name: "中间网格", Number: "03", URL: "/g/3"}}},
		"huge-neighbour": {Grids: []chart.Grid{block}, Neighbours: []chart.Grid{{Area: orb.MultiPolygon{{ring(-2e4, -2e4, 2e4, -2e4, 2e4, 2e4, -2e4, 2e4), hole}},
			Name: "包围网格", Number: "99", URL: "/g/99"}}},
		"ring": {Grids: []chart.Grid{{Area: orb.MultiPolygon{{round, hole}}, Name: "环形网格", Number: "05"}},
			Neighbours: []chart.Grid{{Area: block.Area, Name: "岛中网格", Number: "06", URL: "/g/6"}}},
		"hostile": {Grids: []chart.Grid{{Area: block.Area, Name: hostile, Number: "<b>1</b>"}},
			Neighbours: []chart.Grid{{Area: orb.MultiPolygon{rect(-900, -300, -100, 300)}, Name: hostile, URL: `/g/"<x>`}},
			Streets:    []chart.Street{street(hostile, "primary", -300, -90, 300, -90), street("长"+strings.Repeat("长", 58)+"路", "residential", -300, 0, 300, 0)},
			Land:       []chart.Land{{Ground: chart.Green, Name: hostile, Area: orb.MultiPolygon{rect(-80, 20, 0, 70)}}},
			Buildings:  []chart.Building{{Name: hostile, Number: hostile, Area: orb.MultiPolygon{rect(20, 20, 80, 60)}}}},
		"bent": {Grids: []chart.Grid{block}, Streets: []chart.Street{street("环岛路", "secondary", circle...), street("Ring Road East 东环路", "residential", -95, -70, -60, -50, -20, -60, 20, -50, 60, -62, 95, -50),
			street("之字巷", "residential", 70, 70, 80, 60, 70, 50, 80, 40, 70, 30, 80, 20), street("直上街", "residential", -80, -80, -80, 80), street("G1501", "trunk", 90, -80, 92, 80)}},
		"here":      {Grids: []chart.Grid{block}, Here: &here, Buildings: append([]chart.Building{{Number: "7幢", Name: "听雨楼", Area: orb.MultiPolygon{rect(10, -40, 50, -10)}}, {Number: "8幢", Point: at(-40, 30)}}, houses[:60]...)},
		"here-away": {Grids: []chart.Grid{block}, Here: &away},
		"here-far":  {Grids: []chart.Grid{block}, Here: &far},
		"one-point": {Grids: []chart.Grid{{Area: orb.MultiPolygon{{orb.Ring{at(0, 0), at(0, 0), at(0, 0), at(0, 0)}}}, Name: "无面积"}}},
		"not-closed": {Grids: []chart.Grid{block}, Neighbours: []chart.Grid{{Area: orb.MultiPolygon{{}, {orb.Ring{}}, {orb.Ring{at(0, 0)}}, {orb.Ring{at(0, 0), at(100, 200)}}}}},
			Streets: []chart.Street{{Name: "无", Line: nil}, {Name: "点", Line: orb.LineString{at(0, 0)}}, {Name: "点点", Line: orb.LineString{at(0, 0), at(0, 0)}}},
			Land:    []chart.Land{{Ground: 77, Area: block.Area}}, Buildings: []chart.Building{{Point: orb.Point{math.NaN(), 0}, Number: "1"}}},
	}
}
