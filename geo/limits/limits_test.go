package limits_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/geo/limits"
	"wangge/geo/measure"
)

// The made-up ground is drawn in metres around a place, x east and y north.
var plane = measure.LocalAt(orb.Point{120.2, 31.2})

func path(xy ...float64) (out orb.LineString) {
	for i := 0; i < len(xy); i += 2 {
		out = append(out, plane.Point(xy[i], xy[i+1]))
	}
	return out
}

func polygon(xy ...float64) orb.Polygon {
	ring := orb.Ring(path(xy...))
	return orb.Polygon{append(ring, ring[0])}
}

func box(w, s, e, n float64) orb.Polygon { return polygon(w, s, e, s, e, n, w, n) }

func one(p orb.Polygon) orb.MultiPolygon { return orb.MultiPolygon{p} }

// turned is g turned around the place by degrees anticlockwise.
func turned[G orb.Geometry](g G, degrees float64) G {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	turn := func(path []orb.Point) {
		for i, p := range path {
			x, y := plane.XY(p)
			path[i] = plane.Point(x*cos-y*sin, x*sin+y*cos)
		}
	}
	g = orb.Clone(g).(G)
	switch s := any(g).(type) {
	case orb.LineString:
		turn(s)
	case orb.MultiPolygon:
		for _, p := range s {
			for _, r := range p {
				turn(r)
			}
		}
	}
	return g
}

// around are streets along the sides of the square of 200 m, 5 m off.
func around(degrees float64) []limits.Named {
	return []limits.Named{
		{Name: "东街", Shape: turned(path(105, -140, 105, 140), degrees)}, {Name: "南街", Shape: turned(path(-140, -105, 140, -105), degrees)},
		{Name: "西街", Shape: turned(path(-105, -140, -105, 140), degrees)}, {Name: "北街", Shape: turned(path(-140, 105, 140, 105), degrees)},
	}
}

// stairs is the half of the square of 200 m beneath its diagonal, which goes in steps of 4 m.
func stairs() orb.Polygon {
	corners := []float64{-100, -100, 100, -100}
	for at := 100.0; at > -100; at -= 4 {
		corners = append(corners, at, -at+4, at-4, -at+4)
	}
	return polygon(corners...)
}

func TestSides(t *testing.T) {
	square := one(box(-100, -100, 100, 100))
	neighbours := []limits.Named{{Name: "东网格", Shape: box(100, -100, 300, 100)}, {Name: "南网格", Shape: box(-100, -300, 100, -100)}}
	for _, test := range []struct {
		name  string
		area  orb.MultiPolygon
		named []limits.Named
		want  string // east, south, west, north; a neighbour has a star
	}{
		{"a street on each side", square, around(0), "东街 南街 西街 北街"},
		{"nothing has a name", square, []limits.Named{{Shape: path(105, -140, 105, 140)}}, "东网格* 南网格*  "},
		{"turned by 30°", turned(square, 30), around(30), "东街 南街 西街 北街"},
		{"turned by 44°", turned(square, 44), around(44), "东街 南街 西街 北街"},
		{"turned by 60°, so that the north street is in the west", turned(square, 60), around(60), "南街 西街 北街 东街"},
		{"clockwise", one(polygon(-100, -100, -100, 100, 100, 100, 100, -100)), around(0), "东街 南街 西街 北街"},
		{"a street half the way", square, []limits.Named{{"东街", path(105, -140, 105, 0)}}, "东网格*、东街 南网格*  "},
		{"a street a fifth of the way", square, []limits.Named{{"东街", path(105, -140, 105, -85)}}, "东网格* 南网格*  "},
		{"a street in two rows is one", square, []limits.Named{{"东街", path(105, -100, 105, -45)}, {"东街", orb.MultiLineString{path(105, 15, 105, 100)}}}, "东街 南网格*  "},
		{"of two streets the longer", square, []limits.Named{{"短街", path(100, 40, 100, 100)}, {"长街", path(104, 40, 104, -100)}}, "长街 南网格*  "},
		{"of two streets side by side the nearer", square, []limits.Named{{"辅路", path(120, -100, 120, 100)}, {"主路", path(100, -100, 100, 100)}}, "主路 南网格*  "},
		{"a street 30 m off", square, []limits.Named{{"东街", path(130, -100, 130, 100)}}, "东网格* 南网格*  "},
		{"a street across", square, []limits.Named{{"横街", path(-300, 0, 300, 0)}, {"斜街", path(60, -60, 140, 60)}}, "东网格* 南网格*  "},
		{"a street that ends here", square, []limits.Named{{"尽头路", path(100, 0, 400, 0)}}, "东网格* 南网格*  "},
		{"a river beyond the bank", square, []limits.Named{{"小澜河", box(-500, 110, 500, 150)}}, "东网格* 南网格*  小澜河"},
		{"a river whose middle is the border", square, []limits.Named{{"大江", box(-500, -400, 500, 200)}}, "大江 大江 大江 大江"},
		{"a river whose far bank is the border", square, []limits.Named{{"小溪", box(-500, 92, 500, 100)}}, "东网格* 南网格*  小溪"},
		{"a park of its own", square, []limits.Named{{"园中园", box(-90, -90, 90, 90)}}, "东网格* 南网格*  "},
		{"a promenade before a river", square, []limits.Named{{"江边步道", path(-100, 102, 100, 102)}, {"小澜河", box(-500, 120, 500, 150)}}, "东网格* 南网格*  江边步道"},
		{"small steps", one(polygon(-100, -100, 100, -100, 100, -50, 96, -50, 96, 0, 100, 0, 100, 50, 96, 50, 96, 100, -100, 100)), around(0), "东街 南街 西街 北街"},
		{"a notch, whose sides face each other", one(polygon(-100, -100, 100, -100, 100, 100, 20, 100, 20, -80, -20, -80, -20, 100, -100, 100)),
			append(around(0), limits.Named{Name: "弄堂", Shape: path(0, -60, 0, 300)}), "东街 南街 西街 北街"},
		{"a corner cut off", one(polygon(-100, -100, 100, -100, 100, 0, 0, 0, 0, 100, -100, 100)), []limits.Named{{"内街", path(5, 5, 5, 200)}, {"东街", path(100, -100, 100, 20)}}, "内街、东街 南网格*  "},
		{"a lobe beyond a street, behind a fifth of the area", one(polygon(-100, -100, 20, -100, 20, -160, 100, -160, 100, 100, -100, 100)),
			[]limits.Named{{"南街", path(-140, -105, 20, -105)}, {"滨江路", path(10, -165, 110, -165)}}, "东网格* 南街、滨江路 南网格* "},
		{"a lobe that is too small for that", one(polygon(-100, -100, 70, -100, 70, -160, 100, -160, 100, 100, -100, 100)),
			[]limits.Named{{"南街", path(-140, -105, 70, -105)}, {"滨江路", path(60, -165, 110, -165)}}, "东网格* 南街 南网格* "},
		{"four streets on a side, of which three are told, from west to east", one(polygon(-300, -100, -140, -100, -140, -50, 10, -50, 10, -150, 160, -150, 160, -50, 300, -50, 300, 300, -300, 300)),
			[]limits.Named{{"甲路", path(-300, -103, -140, -103)}, {"乙路", path(-140, -53, 10, -53)}, {"丙路", path(10, -153, 160, -153)}, {"丁路", path(160, -53, 300, -53)}}, "东网格* 甲路、乙路、丙路 南网格* "},
		{"a street around a corner of 45° is the neighbouring side's", one(polygon(-100, -100, 0, -100, 100, 0, 100, 100, -100, 100)),
			[]limits.Named{{"环路", orb.MultiLineString{path(0, -100, 100, 0), path(100, 0, 100, 100)}}, {"南街", path(-100, -105, 0, -105)}}, "环路 南街  "},
		{"two parts, a street between them", orb.MultiPolygon{box(-100, -100, -10, 100), box(10, -100, 100, 100)},
			append(around(0), limits.Named{Name: "中街", Shape: path(0, -300, 0, 300)}), "东街 南街 西街 北街"},
		{"two parts close to each other", orb.MultiPolygon{box(-100, -100, -2, 100), box(2, -100, 100, 100)},
			append(around(0), limits.Named{Name: "中街", Shape: path(0, -300, 0, 300)}), "东街 南街 西街 北街"},
		{"a border in steps, along a street that has none", one(stairs()), []limits.Named{{"斜街", path(-100, 100, 100, -100)}}, "斜街 南网格*  斜街"},
		{"a strip between two roadways", one(polygon(-100, -100, 100, -100, 100, 85, 400, 85, 400, 100, -100, 100)),
			[]limits.Named{{"南街", path(-140, -105, 140, -105)}, {"大道", path(-140, 82, 410, 82)}, {"大道", path(-140, 102, 410, 102)}}, "东网格* 南街  大道"},
		{"slim all over", one(box(-100, -8, 100, 8)), around(0)[:1], "东街   "},
		{"a hole is no side", orb.MultiPolygon{{box(-100, -100, 100, 100)[0], box(-90, -90, 90, 90)[0]}}, append(around(0), limits.Named{Name: "内环", Shape: orb.LineString(box(-88, -88, 88, 88)[0])}), "东街 南街 西街 北街"},
		{"long and thin, along a winding river", one(polygon(-500, -30, 500, -30, 500, 30, 300, 60, 100, 20, -100, 60, -300, 20, -500, 30)),
			[]limits.Named{{"曲水", polygon(-520, 40, -300, 25, -100, 65, 100, 25, 300, 65, 520, 32, 520, 200, -520, 200)}, {"东街", path(500, -60, 500, 60)}}, "东街 东网格*  曲水"},
		{"a triangle that ends in a corner", one(polygon(-100, -100, 100, -100, 0, 300)), []limits.Named{{"坡路", path(110, -110, 5, 310)}, {"基街", path(-100, -100, 100, -100)}}, "坡路 基街  坡路"},
		{"nothing", nil, around(0), "   "},
		{"shapes that are none", square, []limits.Named{{"点", orb.Point{120.2, 31.2}}, {"空", orb.LineString{}}, {"无", nil}, {"无", orb.Polygon{{}}}}, "东网格* 南网格*  "},
	} {
		t.Run(test.name, func(t *testing.T) {
			sides := limits.Of(test.area, test.named, neighbours)
			got := ""
			for i, s := range sides {
				if i > 0 {
					got += " "
				}
				for k, e := range s.Ends {
					if k > 0 {
						got += "、"
					}
					if got += e.Name; e.Kind == 1 {
						got += "*"
					}
				}
			}
			if got != test.want {
				t.Errorf("%q, want %q: %+v", got, test.want, sides)
			}
		})
	}
}

// TestSidesThatNothingTakesUp: then the border of what is around names them, and where that is elsewhere what little there is.
func TestSidesThatNothingTakesUp(t *testing.T) {
	square := one(box(-100, -100, 100, 100))
	streets := []limits.Named{{"东街", path(105, -140, 105, 140)}, {"短街", path(-140, -105, -70, -105)}, {"斜街", path(-105, 94, -101, 98)}}
	beside := []limits.Named{{"一网格", box(-100, -130, -60, -100)}, {"二网格", box(60, -130, 100, -100)}}
	edges := []limits.Named{{"某社区界", orb.LineString(box(-100, -100, 900, 900)[0])}}
	for _, test := range []struct {
		name  string
		edges []limits.Named
		want  [4]string
		kinds [4]int
	}{
		{"a quarter of it is the edge", edges, [4]string{"东街", "某社区界", "某社区界", ""}, [4]int{0, 2, 2, 0}},
		{"there is no edge", nil, [4]string{"东街", "短街", "", ""}, [4]int{}},
	} {
		for i, s := range limits.Of(square, streets, beside, test.edges) {
			if s.Ends = append(s.Ends, limits.End{}); s.Ends[0].Name != test.want[i] || s.Ends[0].Kind != test.kinds[i] {
				t.Errorf("%s: side %d is %+v, want %s of kind %d", test.name, i, s, test.want[i], test.kinds[i])
			}
		}
	}
}

func TestParts(t *testing.T) {
	a, across, far, farther := box(-100, -100, 100, 100), box(120, -100, 160, 100), box(300, 0, 350, 50), box(370, 0, 440, 50)
	between := box(190, 0, 260, 20)
	for _, test := range []struct {
		name string
		area orb.MultiPolygon
		want []orb.MultiPolygon
	}{
		{"one", orb.MultiPolygon{a}, []orb.MultiPolygon{{a}}},
		{"across a street", orb.MultiPolygon{across, a}, []orb.MultiPolygon{{across, a}}},
		{"two, the larger first", orb.MultiPolygon{far, a, farther}, []orb.MultiPolygon{{a}, {far, farther}}},
		{"a last one that joins all", orb.MultiPolygon{far, across, farther, a, between}, []orb.MultiPolygon{{far, across, farther, a, between}}},
		{"within a hole", orb.MultiPolygon{{a[0], box(-80, -80, 80, 80)[0]}, box(-10, -10, 10, 10)}, []orb.MultiPolygon{{{a[0], box(-80, -80, 80, 80)[0]}}, {box(-10, -10, 10, 10)}}},
	} {
		if got := limits.Parts(test.area); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	if got := limits.Parts(nil); len(got) != 1 || got[0] != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestRuns(t *testing.T) {
	ring := orb.MultiPolygon{{box(-100, -100, 100, 100)[0], box(-20, -20, 20, 20)[0]}, box(300, -100, 400, 100)}
	apart := orb.MultiPolygon{box(-100, -100, -10, 100), box(10, -100, 100, 100)}
	notched := one(polygon(-100, -100, 100, -100, 100, 100, 20, 100, 20, -80, -20, -80, -20, 100, -100, 100))
	slim := orb.MultiPolygon{box(-100, -10, 100, 10), box(300, -100, 400, 100)}
	for _, test := range []struct {
		name      string
		area      orb.MultiPolygon
		line      orb.Geometry
		in, along float64
	}{
		{"straight through, no vertex within", ring, path(-500, 50, 500, 50), 300, 0},
		{"across the hole", ring, path(-500, 0, 500, 0), 260, 0},
		{"with vertices within", ring, path(-500, 50, -10, 50, 10, 50, 150, 50), 200, 0},
		{"ends at the border", ring, path(100, 60, 250, 60), 0, 0},
		{"begins within", ring, path(80, 60, 250, 60), 20, 0},
		{"a lane within", ring, path(30, 30, 38, 30), 8, 0},
		{"around the corner, in pieces", ring, orb.MultiLineString{path(-90, 50, -60, 50), path(-60, 50, -60, 200)}, 80, 0},
		{"along the border", ring, path(-100, 105, 100, 105), 0, 200},
		{"touches a corner", ring, path(50, 150, 150, 50), 0, 0},
		{"elsewhere", ring, path(-500, 500, 500, 500), 0, 0},
		{"a point", ring, orb.Point{120.2, 31.2}, 0, 0},
		{"between two parts", apart, path(0, -100, 0, 100), 0, 400},
		{"in a notch", notched, path(0, -60, 0, 100), 0, 360},
		{"along a slim strip", slim, path(-100, 20, 100, 20), 0, 200},
	} {
		got := limits.Runs(test.area, []limits.Named{{Name: "街", Shape: test.line}, {Shape: test.line}})
		if r := got["街"]; math.Abs(r.InM-test.in) > 0.01 || math.Abs(r.AlongM-test.along) > 1 || got[""] != (limits.Run{}) {
			t.Errorf("%s: %+v, want %v m in it and %v m along it", test.name, got, test.in, test.along)
		}
	}
}

// TestSidesAreMeasured: a square's side is a quarter of its border, and a street half the way is half of it.
func TestSidesAreMeasured(t *testing.T) {
	sides := limits.Of(one(box(-100, -100, 100, 100)), []limits.Named{{"东街", path(105, -140, 105, 0)}}, nil)
	for i, s := range sides {
		along := map[int]float64{limits.East: 120}[i] // half, and to where it is 25 m past its end
		alongM := 0.0
		for _, e := range s.Ends {
			alongM += e.AlongM
		}
		if math.Abs(s.LengthM-200) > 0.1 || math.Abs(alongM-along) > 10 {
			t.Errorf("side %d is %.1f m long, %.1f m of it along something", i, s.LengthM, alongM)
		}
	}
}

// BenchmarkOf: a grid of 400 m by 300 m among 300 streets of 40 vertices and a river of 1,000.
func BenchmarkOf(b *testing.B) {
	var named []limits.Named
	for k := range 300 {
		var line orb.LineString
		for i := range 40 {
			line = append(line, path(float64(k%20)*60-600, float64(i)*30-600)...)
		}
		named = append(named, limits.Named{Name: string(rune('一' + k)), Shape: line})
	}
	river := orb.Ring{}
	for i := range 1000 {
		river = append(river, path(float64(i)-500, 170+10*math.Sin(float64(i)/20))...)
	}
	river = append(river, append(path(500, 300, -500, 300), river[0])...)
	named = append(named, limits.Named{Name: "江", Shape: orb.Polygon{river}})
	area := one(box(-200, -150, 200, 150))
	for b.Loop() {
		limits.Of(area, named, nil)
	}
}

// TestSidesOfMadeUpAreas: whatever the shape, what lies straight before a quarter of the area is named where no three others are, and together the names leave
// out little. Each edge has a street of its own.
func TestSidesOfMadeUpAreas(t *testing.T) {
	ahead := [4]orb.Point{limits.East: {1, 0}, limits.South: {0, -1}, limits.West: {-1, 0}, limits.North: {0, 1}}
	r := rand.New(rand.NewPCG(1, 2))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	for _, test := range []struct {
		name  string
		least float64 // share of the places that must be told by what names a side
		rings func() [][]float64
	}{
		{"blocks", 1, func() [][]float64 {
			w, h := between(100, 400), between(100, 400)
			return [][]float64{{0, 0, w, 0, w, h, 0, h}}
		}},
		{"L", 0.96, func() [][]float64 {
			w, h := between(200, 500), between(200, 500)
			x, y := between(60, w-60), between(60, h-60)
			return [][]float64{{0, 0, w, 0, w, y, x, y, x, h, 0, h}}
		}},
		{"T", 0.92, func() [][]float64 {
			w, h := between(300, 500), between(200, 500)
			a, y := between(60, w/2-40), between(60, h-60)
			b := between(a+60, w-60)
			return [][]float64{{a, 0, b, 0, b, y, w, y, w, h, 0, h, 0, y, a, y}}
		}},
		{"two parts", 0.95, func() [][]float64 {
			w, h, y, z := between(100, 400), between(100, 400), between(-80, 80), between(100, 400)
			return [][]float64{{0, 0, w, 0, w, h, 0, h}, {w + 30, y, w + 200, y, w + 200, y + z, w + 30, y + z}}
		}},
	} {
		var was, now, all float64
		for range 40 {
			turn := between(-25, 25) * math.Pi / 180
			sin, cos := math.Sincos(turn)
			at := func(x, y float64) orb.Point { return orb.Point{x*cos - y*sin, x*sin + y*cos} }
			var flat, area orb.MultiPolygon
			var streets []limits.Named
			var edges [][2]orb.Point // that of each street
			for _, xy := range test.rings() {
				var ring, placed orb.Ring
				for i := 0; i < len(xy); i += 2 {
					ring = append(ring, at(xy[i], xy[i+1]))
				}
				ring = append(ring, ring[0])
				for i, p := range ring {
					placed = append(placed, plane.Point(p[0], p[1]))
					if i > 0 {
						edges = append(edges, [2]orb.Point{ring[i-1], p})
						streets = append(streets, limits.Named{Name: fmt.Sprint("street ", len(edges)), Shape: orb.LineString{placed[i-1], placed[i]}})
					}
				}
				flat, area = append(flat, orb.Polygon{ring}), append(area, orb.Polygon{placed})
			}
			sides := limits.Of(area, streets)
			box, points := flat.Bound(), 0
			var behind [4]map[string]int // points of the area, by side and by what the way straight on from them leaves it at
			for i := range behind {
				behind[i] = map[string]int{}
			}
			for x := box.Min[0]; x < box.Max[0]; x += 8 {
				for y := box.Min[1]; y < box.Max[1]; y += 8 {
					if !planar.MultiPolygonContains(flat, orb.Point{x, y}) {
						continue
					}
					points++
					for i, d := range ahead {
						last, name := 0.0, ""
						for k, e := range edges {
							dx, dy := e[1][0]-e[0][0], e[1][1]-e[0][1]
							turn := d[0]*dy - d[1]*dx
							u := ((e[0][0]-x)*d[1] - (e[0][1]-y)*d[0]) / turn
							if far := ((e[0][0]-x)*dy - (e[0][1]-y)*dx) / turn; u >= 0 && u <= 1 && far > last {
								last, name = far, ""
								if math.Abs(turn) > math.Hypot(dx, dy)*math.Cos(math.Pi/6) { // it faces this side
									name = streets[k].Name
								}
							}
						}
						if name != "" {
							behind[i][name]++
						}
					}
				}
			}
			for i, s := range sides {
				longest := slices.MaxFunc(s.Ends, func(a, b limits.End) int { return cmp.Compare(a.AlongM, b.AlongM) })
				for name, n := range behind[i] {
					named := slices.ContainsFunc(s.Ends, func(e limits.End) bool { return e.Name == name })
					if !named {
						now += float64(n)
						if n*4 > points && len(s.Ends) < 3 {
							t.Errorf("%s: %s lies before %d of %d points on side %d, which ends at %+v", test.name, name, n, points, i, s.Ends)
						}
					}
					if name != longest.Name {
						was += float64(n)
					}
					all += float64(n)
				}
			}
		}
		t.Logf("%s: %.1f %% left out by the longest street of a side, %.1f %% by all that name it", test.name, 100*was/all, 100*now/all)
		if 1-now/all < test.least {
			t.Errorf("%s: that is too much", test.name)
		}
	}
}
