package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/signboard/paper"
)

// net are the squares of a map by which places are found: letters from the left to the right, numbers from above down.
type net struct {
	box        paper.Box
	size       float64 // of a square, millimetres
	wide, high int
}

func newNet(b paper.Box, wide int) net {
	n := net{box: b, size: b.W / float64(wide), wide: wide}
	n.high = max(1, int(math.Round(b.H/n.size)))
	return n
}

// letter names a column: A to Z, then AA.
func letter(x int) string {
	if x < 26 {
		return string(rune('A' + x))
	}
	return letter(x/26-1) + letter(x%26)
}

// square is where a place lies; false: outside.
func (n net) square(q orb.Point) (name [2]int, ok bool) {
	x, y := int(math.Floor((q[0]-n.box.X)/n.size)), int(math.Floor((q[1]-n.box.Y)/n.box.H*float64(n.high)))
	return [2]int{x, y}, x >= 0 && y >= 0 && x < n.wide && y < n.high
}

// net draws the squares and their names along all edges, before anything else is named.
func (d *drawing) net() {
	if d.o.Squares <= 0 {
		return
	}
	n, b, size := newNet(d.plane.box, d.o.Squares), d.plane.box, d.o.Text
	tall := b.H / float64(n.high)
	var lines [][]paper.Point
	for i := 1; i < n.wide; i++ {
		x := fine(b.X + float64(i)*n.size)
		lines = append(lines, []paper.Point{{X: x, Y: b.Y}, {X: x, Y: b.Y + b.H}})
	}
	for i := 1; i < n.high; i++ {
		y := fine(b.Y + float64(i)*tall)
		lines = append(lines, []paper.Point{{X: b.X, Y: y}, {X: b.X + b.W, Y: y}})
	}
	d.add(netLayer, &paper.Shape{Paths: lines, Stroke: netLine, Width: fine(0.06 * size)})
	put := func(name string, at orb.Point) {
		s := d.stack(line{name, size, true})
		plate := newSpot(at, 0, 1.5*size, 1.5*size)
		d.plate(paper.Box{X: fine(plate.bound.Min[0]), Y: fine(plate.bound.Min[1]), W: fine(1.5 * size), H: fine(1.5 * size)})
		d.taken.take(plate)
		d.add(furnitureLayer, &paper.Text{At: lowered(at, 0, s.lines[0].size), Text: name, Size: fine(size), Bold: true, Colour: ink, Anchor: paper.Middle})
	}
	edge := 0.95 * size
	for i := range n.wide {
		x := b.X + (float64(i)+0.5)*n.size
		put(letter(i), orb.Point{x, b.Y + edge})
		put(letter(i), orb.Point{x, b.Y + b.H - edge})
	}
	for i := range n.high {
		y := b.Y + (float64(i)+0.5)*tall
		put(fmt.Sprint(i+1), orb.Point{b.X + edge, y})
		put(fmt.Sprint(i+1), orb.Point{b.X + b.W - edge, y})
	}
}

// Place is a street or building of the grids that a map is about, and where it is found.
type Place struct {
	Of      string   // the estate or street that Name is a number of; "": Name is a name
	Name    string   // "12", "第二小学"
	Squares []string // "B3"; of a street all that it runs through in the grids and along their border
}

// Places are the streets and the buildings of the grids in the order of the scene, as Draw finds them with the same options; Squares must be set.
func Places(s Scene, box paper.Box, o Options) (streets, buildings []Place) {
	if o.Text <= 0 {
		o.Text = 2.6
	}
	p, ok := newPlane(s, box, o)
	if !ok || o.Squares <= 0 {
		return nil, nil
	}
	d, n := newDrawing(s, p, o, nil), newNet(box, o.Squares)
	names := func(at map[[2]int]bool) (out []string) {
		list := make([][2]int, 0, len(at))
		for k := range at {
			list = append(list, k)
		}
		slices.SortFunc(list, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		for _, k := range list {
			out = append(out, letter(k[0])+fmt.Sprint(k[1]+1))
		}
		return out
	}
	by := map[string]map[[2]int]bool{}
	var order []string
	beside := 2 * o.Text
	for _, st := range s.Streets {
		name, c := clean(st.Name), classOf(st.Class)
		if name == "" || c == nil || c == &railway {
			continue
		}
		for _, l := range p.lines(st.Line) {
			for i := 1; i < len(l); i++ {
				steps := int(math.Hypot(l[i][0]-l[i-1][0], l[i][1]-l[i-1][1])/o.Text) + 1
				for k := range steps + 1 {
					t := float64(k) / float64(steps)
					q := orb.Point{l[i-1][0] + t*(l[i][0]-l[i-1][0]), l[i-1][1] + t*(l[i][1]-l[i-1][1])}
					at, in := n.square(q)
					if !in || !d.beside(q, beside) {
						continue
					}
					if by[name] == nil {
						by[name] = map[[2]int]bool{}
						order = append(order, name)
					}
					by[name][at] = true
				}
			}
		}
	}
	for _, name := range order {
		streets = append(streets, Place{Name: name, Squares: names(by[name])})
	}
	for _, b := range s.Buildings {
		q := p.at(b.Point)
		if b.Area != nil {
			rings := p.area(b.Area)
			if rings == nil {
				continue
			}
			q = rings[0].Bound().Center()
		}
		name, of, number := clean(b.Name), clean(b.Of), clean(b.Number)
		at, in := n.square(q)
		if !in || !d.own(q) || name == "" && number == "" {
			continue
		}
		place := Place{Name: cmp.Or(name, number), Squares: []string{letter(at[0]) + fmt.Sprint(at[1]+1)}}
		if of != "" && number != "" {
			place.Of, place.Name = of, number
		}
		buildings = append(buildings, place)
	}
	return streets, buildings
}
