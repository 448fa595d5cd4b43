package chart_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

var (
	update = flag.Bool("update", false, "rewrite the golden maps")
	look   = flag.String("look", "", "a folder for pictures of all maps, for somebody to look at")
)

// board is the map of an A4 board, landscape.
var board = paper.Box{X: 15, Y: 40, W: 180, H: 130}

// TestGolden keeps the looks of maps: whoever changes them sees the new ones.
func TestGolden(t *testing.T) {
	cover := townCover()
	cover.Buildings = nil
	all := odd()
	for _, c := range []struct {
		name string
		s    chart.Scene
		box  paper.Box
		o    chart.Options
	}{
		{"town", townScene(3), board, everything},
		{"town_in_two_parts", townScene(8), paper.Box{W: 100, H: 130}, everything},
		{"cover", cover, paper.Box{W: 150, H: 150}, chart.Options{North: true, ScaleBar: true}},
		{"here", all["here"], board, everything},
		{"narrow", all["narrow"], board, everything},
		{"hostile", all["hostile"], board, everything},
		{"bent", all["bent"], board, chart.Options{Language: chart.English, ScaleBar: true, North: true}},
	} {
		got := svg(chart.Draw(c.s, c.box, c.o, squares{}), c.box)
		golden := filepath.Join("testdata", c.name+".svg")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("the map looks different from %s; look at it after: go test ./signboard/chart -run Golden -update", golden)
		}
	}
}

// scenes are all there are, by name; of Lujiazui too, where its data are.
func scenes(t *testing.T) map[string]chart.Scene {
	all := map[string]chart.Scene{"town-cover": townCover()}
	for name, s := range odd() {
		all["odd-"+name] = s
	}
	for i := range town().Grids {
		all[fmt.Sprintf("town-%d", i)] = townScene(i)
	}
	if _, err := os.Stat(filepath.Join("..", "..", "..", "shared", "data", "osm-lujiazui")); err != nil {
		t.Logf("without the real data of Lujiazui: %v", err)
		return all
	}
	around, grids := lujiazui(t)
	for i := range grids {
		all[fmt.Sprintf("real-%d", i)] = lujiazuiOf(around, grids, i)
	}
	around.Grids = grids
	all["real-cover"] = around
	return all
}

// outline is where a text's letters are, without the air around them.
func outline(x *paper.Text) orb.Ring {
	w, h := squares{}.Width(x.Text, x.Size, x.Bold), 0.78*x.Size
	left := map[paper.Anchor]float64{paper.Start: 0, paper.Middle: -w / 2, paper.End: -w}[x.Anchor]
	sin, cos := math.Sincos(x.Turn * math.Pi / 180)
	var r orb.Ring
	for _, c := range [][2]float64{{left, -0.76 * x.Size}, {left + w, -0.76 * x.Size}, {left + w, h - 0.76*x.Size}, {left, h - 0.76*x.Size}} {
		r = append(r, orb.Point{x.At.X + c[0]*cos - c[1]*sin, x.At.Y + c[0]*sin + c[1]*cos})
	}
	return append(r, r[0])
}

// overlap says whether two convex rings do, by more than a touch.
func overlap(a, b orb.Ring) bool {
	for _, rings := range [][2]orb.Ring{{a, b}, {b, a}} {
		for i := 1; i < len(rings[0]); i++ {
			p, q := rings[0][i-1], rings[0][i]
			nx, ny := q[1]-p[1], p[0]-q[0]
			l := math.Hypot(nx, ny)
			span := func(r orb.Ring) (low, high float64) {
				low, high = math.Inf(1), math.Inf(-1)
				for _, c := range r {
					v := (c[0]*nx + c[1]*ny) / l
					low, high = min(low, v), max(high, v)
				}
				return low, high
			}
			al, ah := span(rings[0])
			bl, bh := span(rings[1])
			if ah < bl+0.03 || bh < al+0.03 {
				return false
			}
		}
	}
	return true
}

// Whatever is drawn: words stand in the frame, on nothing that is written or on the arrow or the scale bar, large enough to be read, never upside down.
func TestEveryWordCanBeRead(t *testing.T) {
	words := 0
	for name, s := range scenes(t) {
		for _, box := range []paper.Box{board, {X: 5, Y: 5, W: 90, H: 90}, {W: 60, H: 150}} {
			for _, o := range []chart.Options{everything, {Text: 3.4, Least: 3, Numbers: true, Language: chart.English}} {
				g := chart.Draw(s, box, o, squares{})
				least := 0.8 * 2.6
				if o.Least > 0 {
					least = o.Least
				}
				where := fmt.Sprintf("%s in %g × %g", name, box.W, box.H)
				var rings []orb.Ring
				var what []string
				every(g.Items, func(i paper.Item) {
					switch i := i.(type) {
					case *paper.Group:
						if i.Name == "furniture" {
							for _, f := range i.Items {
								if p, ok := f.(*paper.Shape); ok && p.Fill.A == 0xd8 {
									b := bound(p)
									for _, other := range rings {
										if overlap(other, b.ToRing()) {
											t.Errorf("%s: a plate lies on something", where)
										}
									}
								}
							}
						}
					case *paper.Text:
						words++
						if i.Size < least-0.01 {
							t.Errorf("%s: %q is %.2f mm high", where, i.Text, i.Size)
						}
						if math.Abs(i.Turn) > 90 {
							t.Errorf("%s: %q is turned by %g°", where, i.Text, i.Turn)
						}
						r := outline(i)
						for _, c := range r {
							if c[0] < box.X || c[1] < box.Y || c[0] > box.X+box.W || c[1] > box.Y+box.H {
								t.Errorf("%s: %q stands beyond the frame", where, i.Text)
								break
							}
						}
						for k, other := range rings {
							if overlap(r, other) {
								t.Errorf("%s: %q stands on %q", where, i.Text, what[k])
							}
						}
						rings, what = append(rings, r), append(what, i.Text)
					}
				})
			}
		}
	}
	if words < 2000 {
		t.Errorf("only %d words were looked at", words)
	}
}

func bound(s *paper.Shape) orb.Bound {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, p := range s.Paths {
		for _, q := range p {
			b = b.Extend(orb.Point{q.X, q.Y})
		}
	}
	return b
}

// A board's map is small, and the grid is always named.
func TestBoards(t *testing.T) {
	f, err := paper.Load("")
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	for name, s := range scenes(t) {
		g := chart.Draw(s, board, everything, f)
		sheet := &paper.Sheet{W: 210, H: 210, Lang: "zh-CN", Items: []paper.Item{g}}
		if *look != "" {
			var png bytes.Buffer
			if err := paper.WritePNG(&png, sheet, f, 150); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(*look, name+".png"), png.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if *g.Clip != board {
			t.Errorf("%s is cut off at %v", name, *g.Clip)
		}
		if len(s.Grids) != 1 || strings.HasPrefix(name, "odd") {
			continue
		}
		var svg bytes.Buffer
		if err := paper.WriteSVG(&svg, sheet, f); err != nil {
			t.Fatal(err)
		}
		largest = max(largest, svg.Len())
		if svg.Len() > 170_000 {
			t.Errorf("%s is %d KB long", name, svg.Len()/1000)
		}
		if !slices.ContainsFunc(written(g), func(w string) bool { return strings.HasPrefix(w, s.Grids[0].Number) }) {
			t.Errorf("%s: the number of the grid is missing", name)
		}
		if !strings.Contains(g.Label, s.Grids[0].Name) {
			t.Errorf("%s: told is %q", name, g.Label)
		}
	}
	t.Logf("the largest has %d KB", largest/1000)
}

// The same scene gives the same map, and is not changed.
func TestPure(t *testing.T) {
	s, again := townScene(3), townScene(3)
	a, b := chart.Draw(s, board, everything, squares{}), chart.Draw(s, board, everything, squares{})
	if !reflect.DeepEqual(a, b) {
		t.Error("the second map is another one")
	}
	if !reflect.DeepEqual(s, again) {
		t.Error("the scene was changed")
	}
}

// Nothing that is asked for ends badly.
func TestAnyBox(t *testing.T) {
	for name, s := range odd() {
		for _, box := range []paper.Box{{}, {W: -5, H: 10}, {W: 0.5, H: 0.5}, {W: 12, H: 3}, {W: 25, H: 25}, {W: 841, H: 1189}, {W: math.NaN(), H: 5}} {
			for _, text := range []float64{0, 0.5, 12} {
				beyond := 1.6 * cmp.Or(text, 2.6)
				g := chart.Draw(s, box, chart.Options{Text: text, Links: true, North: true, ScaleBar: true, Numbers: true}, squares{})
				every(g.Items, func(i paper.Item) {
					if p, ok := i.(*paper.Shape); ok && box.W > 0 {
						if b := bound(p); math.IsNaN(b.Min[0]) || b.Max[0] > box.W+beyond || b.Min[1] < -beyond {
							t.Errorf("%s: a shape reaches %v in a box of %v", name, b, box)
						}
					}
				})
			}
		}
	}
}

// What a name holds is text, on one line, in the direction that it is read.
func TestNamesStayText(t *testing.T) {
	g := chart.Draw(odd()["hostile"], board, everything, squares{})
	scripts := 0
	look := func(s string) {
		if strings.Contains(s, "<scr") {
			scripts++
		}
		for _, r := range s {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) {
				t.Errorf("%q holds %U", s, r)
			}
		}
	}
	look(g.Label)
	every(g.Items, func(i paper.Item) {
		switch i := i.(type) {
		case *paper.Text:
			look(i.Text)
		case *paper.Link:
			look(i.Label)
		case *paper.Group:
			look(i.Label)
			if strings.Trim(i.Name, "abcdefghijklmnopqrstuvwxyz-") != "" {
				t.Errorf("a group is called %q", i.Name)
			}
		}
	})
	if scripts < 3 {
		t.Errorf("the name stands %d times", scripts)
	}
}

func TestLinks(t *testing.T) {
	links := func(s chart.Scene, o chart.Options) (list []*paper.Link) {
		every(chart.Draw(s, board, o, squares{}).Items, func(i paper.Item) {
			if l, ok := i.(*paper.Link); ok {
				list = append(list, l)
			}
		})
		return list
	}
	s := townScene(3)
	got := links(s, chart.Options{Links: true, Tap: 11})
	if len(got) != len(s.Neighbours) {
		t.Errorf("%d neighbours have %d links", len(s.Neighbours), len(got))
	}
	for _, l := range got {
		at := slices.IndexFunc(s.Neighbours, func(g chart.Grid) bool { return g.URL == l.URL })
		if at < 0 || !strings.Contains(l.Label, s.Neighbours[at].Name) {
			t.Errorf("%q leads to %s", l.Label, l.URL)
		}
		if l.Box.W < 11 || l.Box.H < 11 || l.Box.X < board.X || l.Box.Y < board.Y || l.Box.X+l.Box.W > board.X+board.W || l.Box.Y+l.Box.H > board.Y+board.H {
			t.Errorf("%s can be tapped on %v", l.Label, l.Box)
		}
	}
	// As far as its area reaches: 280 m of 600 that fill 154.8 mm, and 160 m high.
	if wide := links(odd()["parts"], chart.Options{Links: true}); len(wide) != 1 || wide[0].Box.W < 66 || wide[0].Box.W > 73 || wide[0].Box.H < 36 || wide[0].Box.H > 42 {
		t.Errorf("what lies between the parts can be tapped on %+v", wide)
	}
	if n := len(links(s, chart.Options{})); n > 0 {
		t.Errorf("on paper there are %d links", n)
	}
	for i := range s.Neighbours {
		s.Neighbours[i].URL = ""
	}
	if n := len(links(s, chart.Options{Links: true})); n > 0 {
		t.Errorf("%d links lead nowhere", n)
	}
}

// line is a scene of one street across a block, in direction of so many degrees from east towards north.
func oneStreet(name string, degrees float64) chart.Scene {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-100, -100, 100, 100)}}},
		Streets: []chart.Street{{Name: name, Class: "residential", Line: orb.LineString{at(-90*cos, -90*sin), at(0, 0), at(90*cos, 90*sin)}}}}
}

func TestNamesRunAlongStreets(t *testing.T) {
	box := paper.Box{W: 150, H: 150}
	for _, c := range []struct {
		name    string
		degrees float64
		turn    float64 // clockwise; the text is one piece
		upright bool    // letter by letter
	}{
		{"听雨路", 0, 0, false}, {"听雨路", 30, -30, false}, {"听雨路", 180, 0, false}, {"听雨路", 210, -30, false}, {"听雨路", -40, 40, false},
		{"听雨路", 90, 0, true}, {"听雨路", -90, 0, true}, {"听雨路", 80, 0, true}, {"听雨路", 100, 0, true}, {"听雨路", 260, 0, true},
		{"North Road", 90, -90, false}, {"North Road", 80, -80, false}, {"North Road", 100, 80, false}, {"听雨1路", 85, -85, false},
	} {
		g := chart.Draw(oneStreet(c.name, c.degrees), box, chart.Options{}, squares{})
		got := texts(g)
		if c.upright {
			var read strings.Builder
			for i, x := range got {
				read.WriteString(x.Text)
				if x.Turn != 0 || i > 0 && x.At.Y < got[i-1].At.Y+x.Size {
					if read.Len() <= len(c.name) {
						t.Errorf("%s at %g°: letter %d stands at %v, turned by %g°", c.name, c.degrees, i, x.At, x.Turn)
					}
				}
			}
			if !strings.HasPrefix(read.String(), c.name) {
				t.Errorf("%s at %g° reads %q", c.name, c.degrees, read.String())
			}
		} else {
			if len(got) == 0 || got[0].Text != c.name || math.Abs(got[0].Turn-c.turn) > 0.2 {
				t.Errorf("%s at %g°: %+v", c.name, c.degrees, got)
				continue
			}
		}
		// The middles of the letters lie on the street, which goes through the middle of the frame.
		sin, cos := math.Sincos(c.degrees * math.Pi / 180)
		for _, x := range got {
			s, k := math.Sincos(x.Turn * math.Pi / 180)
			m := orb.Point{x.At.X + 0.37*x.Size*s, x.At.Y - 0.37*x.Size*k}
			if off := math.Abs((m[0]-75)*sin + (m[1]-75)*cos); off > 0.1*x.Size {
				t.Errorf("%s at %g°: %q stands %.2f mm beside the street", c.name, c.degrees, x.Text, off)
			}
		}
	}
}

// A street in pieces is named as one, twice at most and only far apart; so is one with two carriageways.
func TestNamesAreRareEnough(t *testing.T) {
	pieces := chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-100, -100, 100, 100)}}}}
	for i := range 36 {
		x := -180 + 10*float64(i)
		for _, y := range []float64{0, 12} {
			l := orb.LineString{at(x, y), at(x+10, y)}
			if i%2 == 1 {
				l.Reverse()
			}
			pieces.Streets = append(pieces.Streets, chart.Street{Name: "听雨路", Class: "primary", Line: l})
		}
	}
	all := map[string]chart.Scene{"pieces": pieces, "town": townScene(3), "cover": townCover()}
	for name, s := range all {
		by := map[string][]orb.Point{}
		streets := map[string]bool{}
		for _, w := range s.Streets {
			streets[w.Name] = true
		}
		for _, x := range texts(chart.Draw(s, board, everything, squares{})) {
			if streets[x.Text] {
				by[x.Text] = append(by[x.Text], orb.Point{x.At.X, x.At.Y})
			}
		}
		if len(by) == 0 || name == "pieces" && len(by["听雨路"]) != 2 {
			t.Errorf("%s: %v", name, by)
		}
		for street, at := range by {
			if len(at) > 2 || len(at) == 2 && planar.Distance(at[0], at[1]) < 0.44*board.W {
				t.Errorf("%s: %s stands at %v", name, street, at)
			}
		}
	}
}

// The names of streets that are a grid's border stand beside its line.
func TestNamesKeepOffTheBorder(t *testing.T) {
	s := chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-100, -60, 100, 60)}, Number: "1"}},
		Streets: []chart.Street{{Name: "边界路", Class: "residential", Line: orb.LineString{at(-100, 60), at(100, 60)}}}}
	box := paper.Box{W: 150, H: 100}
	g := chart.Draw(s, box, chart.Options{}, squares{})
	for _, x := range texts(g) {
		if x.Text != "边界路" {
			continue
		}
		// 200 m fill 129.2 mm: the border is 38.8 mm above the middle.
		top := outline(x).Bound()
		border := 50 - 60*129.2/200
		if top.Max[1] > border-0.3 {
			t.Errorf("the name reaches %.1f mm, the border is at %.1f", top.Max[1], border)
		}
		return
	}
	t.Errorf("written is %v", written(g))
}

func TestBuildings(t *testing.T) {
	s := chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-100, -60, 100, 60)}}},
		Buildings: []chart.Building{
			{Number: "1号", Area: orb.MultiPolygon{rect(-90, 20, -60, 50)}},                                         // fits
			{Number: "2号", Area: orb.MultiPolygon{rect(-40, 20, -38, 50)}},                                         // does not: beside
			{Number: "3号", Name: "第二小学", Area: orb.MultiPolygon{rect(0, 10, 60, 50)}},                              // both fit
			{Number: "4号", Area: orb.MultiPolygon{rect(120, 20, 150, 50)}},                                         // in no grid
			{Number: "5号", Point: at(-50, -40)},                                                                    // a point
			{Number: "6号", Area: orb.MultiPolygon{rect(60, -50, 62, -48)}},                                         // hemmed in by the next four
			{Area: orb.MultiPolygon{rect(50, -52, 59.5, -46)}}, {Area: orb.MultiPolygon{rect(62.5, -52, 72, -46)}}, // left, right
			{Area: orb.MultiPolygon{rect(55, -47.5, 70, -40)}}, {Area: orb.MultiPolygon{rect(55, -58, 70, -50.5)}}, // above, below
		}}
	box := paper.Box{W: 150, H: 100}
	at := func(x *paper.Text) orb.Point { // metres from the middle
		c := outline(x).Bound().Center()
		return orb.Point{(c[0] - 75) / 129.2 * 200, (50 - c[1]) / 129.2 * 200}
	}
	got := map[string]orb.Point{}
	for _, x := range texts(chart.Draw(s, box, chart.Options{Numbers: true}, squares{})) {
		got[x.Text] = at(x)
	}
	in := func(name string, west, south, east, north float64) bool {
		p, ok := got[name]
		return ok && p[0] > west && p[0] < east && p[1] > south && p[1] < north
	}
	if !in("1号", -90, 20, -60, 50) || !in("3号", 0, 10, 60, 50) || !in("第二小学", 0, 10, 60, 50) {
		t.Errorf("not in their buildings: %v", got)
	}
	if !in("2号", -55, 10, -25, 60) || in("2号", -40, 20, -38, 50) || !in("5号", -65, -55, -35, -25) {
		t.Errorf("not beside: %v", got)
	}
	if _, ok := got["4号"]; ok {
		t.Error("a building of another grid is numbered")
	}
	if _, ok := got["6号"]; ok {
		t.Error("a number stands where it may be another building's")
	}
	if n := len(texts(chart.Draw(s, box, chart.Options{}, squares{}))); n > 0 {
		t.Errorf("%d numbers without being asked for", n)
	}
}

// A number alone is one of the estate whose name stands over it, one with 号 of the street beside it; what neither tells is written in full.
func TestNumbersSayWhoseTheyAre(t *testing.T) {
	house := func(of, number string, x, y float64) chart.Building {
		return chart.Building{Of: of, Number: number, Name: of + number + "号", Area: orb.MultiPolygon{rect(x, y, x+16, y+12)}}
	}
	s := chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-100, -60, 100, 60)}}},
		Streets: []chart.Street{
			{Name: "采薇街", Class: "residential", Line: orb.LineString{at(-100, 56), at(100, 56)}},
			{Name: "木槿街", Class: "residential", Line: orb.LineString{at(-100, -56), at(100, -56)}}},
		Buildings: []chart.Building{
			house("采薇新村", "13", -80, -10), house("采薇新村", "14", -50, -10), house("采薇街", "13", -80, 38), house("采薇街", "15", -50, 38),
			house("木槿街", "13", -80, -46), house("木槿街", "13甲", 60, 38), house("澜江大厦", "13", 30, -10)}}
	box := paper.Box{W: 240, H: 160}
	g := chart.Draw(s, box, chart.Options{Numbers: true, Key: true, Language: chart.Chinese}, squares{})
	count := map[string]int{}
	for _, w := range written(g) {
		count[w]++
	}
	// 采薇新村 stands over its buildings, 澜江大厦 on the line above its number; of the key are a sample of each, and the words.
	for w, n := range map[string]int{"13": 1 + 1, "14": 1, "13号": 2 + 1 + 1, "15号": 1, "采薇新村": 1, "澜江大厦": 1, "木槿街": 2, "13甲": 0, "采薇新村楼号": 1, "沿街门牌": 1} {
		if count[w] != n {
			t.Errorf("%q stands %d times, wanted %d: %q", w, count[w], n, written(g))
		}
	}
	for w := range count {
		if strings.Contains(w, "村1") || strings.HasPrefix(w, "号") {
			t.Errorf("%q is told by nothing, or broken", w)
		}
	}
	// 木槿街13甲 stands on 采薇街, and is written in full.
	if !slices.Contains(written(g), "13甲号") {
		t.Errorf("written is %q", written(g))
	}
	// So is one that is far from its street; of numbers that do not stand alone there is no key.
	s.Buildings = []chart.Building{house("采薇街", "7", 0, -50)}
	if got := written(chart.Draw(s, box, chart.Options{Numbers: true, Key: true, Language: chart.Chinese}, squares{})); slices.Contains(got, "沿街门牌") || !slices.Contains(got, "采薇街7号") {
		t.Errorf("written is %q", got)
	}
}

// polygons are the outlines of a group.
func polygons(g *paper.Group, name string) (out []orb.Ring) {
	every(g.Items, func(i paper.Item) {
		if in, ok := i.(*paper.Group); ok && in.Name == name {
			for _, item := range in.Items {
				for _, p := range item.(*paper.Shape).Paths {
					var r orb.Ring
					for _, q := range p {
						r = append(r, orb.Point{q.X, q.Y})
					}
					out = append(out, append(r, r[0]))
				}
			}
		}
	})
	return out
}

// The number of a grid covers no building where there is room beside them.
func TestGridNamesStandOffBuildings(t *testing.T) {
	for i := range town().Grids {
		g := chart.Draw(townScene(i), board, everything, squares{})
		houses := polygons(g, "buildings")
		for _, x := range texts(g) {
			if !x.Bold || !strings.HasPrefix(x.Text, town().Grids[i].Code[12:]) {
				continue
			}
			letters := outline(x)
			for _, h := range houses {
				covered := slices.ContainsFunc(h, func(q orb.Point) bool { return planar.RingContains(letters, q) })
				if covered || slices.ContainsFunc(letters, func(q orb.Point) bool { return planar.RingContains(h, q) }) {
					t.Errorf("%s stands on a building at %v", x.Text, x.At)
				}
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	s := chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-100, -60, 100, 60)}}},
		Streets:   []chart.Street{{Name: "横街", Class: "residential", Line: orb.LineString{at(-300, 0), at(300, 0)}}, {Name: "远街", Class: "residential", Line: orb.LineString{at(-300, 90), at(300, 90)}}},
		Buildings: []chart.Building{{Of: "听雨里", Number: "7", Name: "听雨里7号", Area: orb.MultiPolygon{rect(-90, 40, -80, 50)}}, {Name: "小学", Point: at(90, -50)}, {Name: "外面", Point: at(110, 0)}}}
	// 200 m fill 129.2 of 150 mm: the grid's corners are 10.4 mm from the sides, 11.2 mm from above and below; squares are 30 × 33.3 mm.
	box, o := paper.Box{X: 10, Y: 20, W: 150, H: 100}, chart.Options{Squares: 5}
	streets, buildings := chart.Places(s, box, o)
	want := []chart.Place{{Name: "横街", Squares: []string{"A2", "B2", "C2", "D2", "E2"}}}
	if !reflect.DeepEqual(streets, want) {
		t.Errorf("streets: %+v", streets)
	}
	if want := []chart.Place{{Of: "听雨里", Name: "7", Squares: []string{"A1"}}, {Name: "小学", Squares: []string{"E3"}}}; !reflect.DeepEqual(buildings, want) {
		t.Errorf("buildings: %+v", buildings)
	}
	got := map[string]int{}
	for _, w := range written(chart.Draw(s, box, o, squares{})) {
		got[w]++
	}
	for _, name := range []string{"A", "B", "C", "D", "E", "1", "2", "3"} {
		if got[name] != 2 {
			t.Errorf("%s stands %d times along the edges", name, got[name])
		}
	}
	if a, b := chart.Places(s, box, chart.Options{}); a != nil || b != nil {
		t.Error("places without squares")
	}
}

func TestHere(t *testing.T) {
	all := odd()
	for _, c := range []struct {
		name string
		want bool
	}{{"here", true}, {"here-away", false}, {"here-far", false}, {"only-grid", false}} {
		got := slices.Contains(written(chart.Draw(all[c.name], board, everything, squares{})), "您在这里")
		if got != c.want {
			t.Errorf("%s: it is said where the reader stands: %v", c.name, got)
		}
	}
	// A little outside: the frame reaches that far.
	s := all["only-grid"]
	near := at(180, 0)
	s.Here = &near
	if !slices.Contains(written(chart.Draw(s, board, everything, squares{})), "您在这里") {
		t.Error("who stands beside the grid is not shown")
	}
	// Nor does the map move away from them, whatever there is to be seen on the other side.
	near = at(-70, 0)
	s = chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-50, -50, 50, 50)}}}, Streets: []chart.Street{{Class: "residential", Line: orb.LineString{at(-50, 0), at(900, 0)}}}, Here: &near}
	if !slices.Contains(written(chart.Draw(s, paper.Box{W: 200, H: 100}, everything, squares{})), "您在这里") {
		t.Error("the map moves away from who stands beside the grid")
	}
}

// Whoever stands where the arrow would be pushes it into another corner; on a map without room there is none.
func TestFurniture(t *testing.T) {
	furniture := func(s chart.Scene, box paper.Box) (arrow, bar *paper.Text) {
		for _, x := range texts(chart.Draw(s, box, chart.Options{North: true, ScaleBar: true, Language: chart.Chinese}, squares{})) {
			switch {
			case x.Text == "北":
				arrow = x
			case strings.HasSuffix(x.Text, "米"):
				bar = x
			}
		}
		return arrow, bar
	}
	s := odd()["only-grid"]
	arrow, bar := furniture(s, board)
	if arrow == nil || bar == nil || arrow.At.X < board.X+board.W/2 || arrow.At.Y > board.Y+board.H/2 || bar.At.Y < board.Y+board.H/2 || bar.Text != "50 米" {
		t.Errorf("the arrow is %+v, the bar %+v", arrow, bar)
	}
	corner := at(124.5, 86)
	s.Here = &corner
	if arrow, _ := furniture(s, board); arrow == nil || arrow.At.X > board.X+board.W/2 {
		t.Errorf("the arrow lies on who stands there: %+v", arrow)
	}
	if arrow, bar := furniture(odd()["only-grid"], paper.Box{W: 14, H: 14}); arrow != nil || bar != nil {
		t.Error("furniture fills a stamp")
	}
}

func TestGridNames(t *testing.T) {
	block := odd()["only-grid"].Grids[0].Area
	for _, c := range []struct {
		grid chart.Grid
		want []string
	}{
		{chart.Grid{Area: block, Number: "03", Name: "听雨社区"}, []string{"03", "听雨社区"}},
		{chart.Grid{Area: block, Name: "听雨社区"}, []string{"听雨社区"}},
		{chart.Grid{Area: block, Number: "03"}, []string{"03"}},
		{chart.Grid{Area: block, Number: "03", Name: "03"}, []string{"03"}},
		{chart.Grid{Area: block, Number: "03", Name: "听雨路小学东侧专属网格"}, []string{"03", "听雨路小学", "东侧专属网格"}},
		{chart.Grid{Area: block, Number: "03", Name: strings.Repeat("听雨社区网格", 10)}, []string{"03", "听雨社区网格听", "雨社区网格听雨", "社区网格听雨…"}},
		{chart.Grid{Area: block}, nil},
	} {
		s := chart.Scene{Grids: []chart.Grid{c.grid}}
		if got := written(chart.Draw(s, board, chart.Options{}, squares{})); !slices.Equal(got, c.want) {
			t.Errorf("%s %s is written %q, wanted %q", c.grid.Number, c.grid.Name, got, c.want)
		}
	}
	// Where it stands by preference.
	west := at(-60, 40)
	g := chart.Draw(chart.Scene{Grids: []chart.Grid{{Area: block, Number: "03", Label: &west}}}, board, chart.Options{}, squares{})
	if x := texts(g)[0]; x.At.X > board.X+0.35*board.W || x.At.Y > board.Y+0.45*board.H {
		t.Errorf("it stands at %v", x.At)
	}
}

// A grid in parts has its number on each that has room.
func TestParts(t *testing.T) {
	n := 0
	for _, x := range written(chart.Draw(odd()["parts"], board, everything, squares{})) {
		if x == "02" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("the number stands %d times", n)
	}
}

// TestLeadersAreShort: nobody follows a line from a name to its grid across the map.
func TestLeadersAreShort(t *testing.T) {
	box := paper.Box{W: 98, H: 98}
	// Strips too narrow for a number, beside each other in the middle.
	s := chart.Scene{}
	for n := range 30 {
		x := float64(n) * 8
		ring := orb.Ring{at(x, 0), at(x+8, 0), at(x+8, 700), at(x, 700), at(x, 0)}
		s.Grids = append(s.Grids, chart.Grid{Area: orb.MultiPolygon{{ring}}, Number: fmt.Sprintf("%03d", n), Name: "很长的名字网格", URL: fmt.Sprintf("/g/%d", n)})
	}
	lines, links := 0, 0
	var look func(items []paper.Item)
	look = func(items []paper.Item) {
		for _, item := range items {
			switch i := item.(type) {
			case *paper.Group:
				if i.Name == "names" || i.Name == "links" || i.Name == "map" {
					look(i.Items)
				}
			case *paper.Link:
				links++
			case *paper.Shape:
				if len(i.Paths) == 1 && len(i.Paths[0]) == 2 && !i.Closed {
					lines++
					p := i.Paths[0]
					if by := math.Hypot(p[0].X-p[1].X, p[0].Y-p[1].Y); by > 98.0/4+0.1 {
						t.Errorf("a line is %.1f mm long", by)
					}
				}
			}
		}
	}
	look([]paper.Item{chart.Draw(s, box, chart.Options{Text: 3.2, Tap: 12, Links: true}, squares{})})
	if lines == 0 || links != len(s.Grids) {
		t.Errorf("%d lines, %d links", lines, links)
	}
}

// TestSmall: on a small screen numbers stand for names that differ by them alone, all in their grids, no street around is named, and nothing is small.
func TestSmall(t *testing.T) {
	s := chart.Scene{Streets: []chart.Street{{Name: "里弄", Class: "residential", Line: orb.LineString{at(-300, 150), at(-10, 150)}}, {Name: "外路", Class: "primary", Line: orb.LineString{at(-400, 545), at(400, 545)}},
		{Name: "名字很长的短弄堂", Class: "residential", Line: orb.LineString{at(100, 250), at(180, 250)}}}}
	for i, name := range []string{"滨江第1网格", "滨江第十二网格", "江边", "滨江第4网格"} {
		x := float64(i-2) * 200
		s.Grids = append(s.Grids, chart.Grid{Area: orb.MultiPolygon{rect(x, -500, x+200, 500)}, Number: fmt.Sprintf("%03d", i+1), Name: name})
	}
	// A triangle in which a number finds room on its border alone.
	s.Grids = append(s.Grids, chart.Grid{Area: orb.MultiPolygon{{{at(-400, -500), at(-240, -500), at(-320, -620), at(-400, -500)}}}, Number: "005", Name: "滨江第5网格"},
		chart.Grid{Area: orb.MultiPolygon{rect(400, -500, 406, 500)}, Number: "006", Name: "河边"})
	box, o := paper.Box{W: 98, H: 98}, chart.Options{Text: 3.2, Least: 3.2}
	large := written(chart.Draw(s, box, o, squares{}))
	o.Small = true
	g := chart.Draw(s, box, o, squares{})
	small, leads := written(g), 0
	every([]paper.Item{g}, func(item paper.Item) {
		if i, ok := item.(*paper.Group); ok && i.Name == "names" {
			leads += len(i.Items) - len(texts(i))
		}
	})
	slices.Sort(small)
	if want := []string{"001", "002", "003", "004", "005", "006", "江边", "里弄"}; !slices.Equal(small, want) || leads != 2 { // a line and its dot
		t.Errorf("%q is written, want %q; %d shapes lead to grids", small, want, leads)
	}
	if joined := strings.Join(large, ""); !strings.Contains(joined, "外路") || !strings.Contains(joined, "滨江第") {
		t.Errorf("on paper %q is written", large)
	}
}

// TestEndOfData: the map stands aside of the middle where that shows more, and what the data do not reach is hatched; a grid alone has nothing around it to end.
func TestEndOfData(t *testing.T) {
	box, o := paper.Box{W: 200, H: 100}, chart.Options{Text: 3}
	street := func(west, east float64) []chart.Street {
		return []chart.Street{{Class: "residential", Line: orb.LineString{at(west, 0), at(east, 0)}}}
	}
	for _, c := range []struct {
		name    string
		streets []chart.Street
		aside   int // of the grid: 1 to the right
		hatched bool
	}{
		{"nothing around", nil, 0, false}, {"far on both sides", street(-900, 900), 0, true}, {"far to the west", street(-900, 60), 1, true},
		{"far to the east", street(-60, 900), -1, true}, {"a little on both sides", street(-60, 70), -1, true},
	} {
		s := chart.Scene{Grids: []chart.Grid{{Area: orb.MultiPolygon{rect(-50, -50, 50, 50)}, Number: "1"}}, Streets: c.streets}
		var own orb.Bound
		var hatches []paper.Point
		every([]paper.Item{chart.Draw(s, box, o, squares{})}, func(item paper.Item) {
			if i, ok := item.(*paper.Shape); ok && i.Fill == (paper.Colour{R: 0xff, G: 0xf6, B: 0xdc, A: 0xff}) {
				own = bound(i)
			} else if ok && i.Stroke == (paper.Colour{R: 0xd4, G: 0xd4, B: 0xd4, A: 0xff}) {
				hatches = append(hatches, slices.Concat(i.Paths...)...)
			}
		})
		mid, aside := own.Center()[0], 0
		if math.Abs(mid-100) > 0.5 {
			aside = map[bool]int{true: 1, false: -1}[mid > 100]
		}
		if aside != c.aside || own.Min[0] < 4*o.Text-0.5 || own.Max[0] > 200-4*o.Text+0.5 || (len(hatches) > 0) != c.hatched {
			t.Errorf("%s: the grid takes %v, %d places are hatched", c.name, own, len(hatches))
		}
		known := own
		if c.streets != nil {
			for i, side := range []*float64{&known.Min[0], &known.Max[0]} {
				*side = mid + (own.Max[0]-mid)*(c.streets[0].Line[i].Lon()-midLng)/(at(50, 0).Lon()-midLng)
			}
		}
		for _, p := range hatches {
			if p.X < -0.01 || p.X > 200.01 || p.Y < -0.01 || p.Y > 100.01 || known.Pad(-0.1).Contains(orb.Point{p.X, p.Y}) {
				t.Errorf("%s: %v is hatched; known is %v", c.name, p, known)
				break
			}
		}
		for _, o.End = range []bool{false, true} {
			if said := slices.Contains(written(chart.Draw(s, box, o, squares{})), "资料至此"); said != (o.End && c.hatched) {
				t.Errorf("%s: its end is said: %t", c.name, said)
			}
		}
	}
}
