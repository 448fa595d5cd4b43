package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/signboard/paper"
)

// furniture puts the arrow and the scale bar into the corners where they cover the least of the grids.
func (d *drawing) furniture() {
	t, b := d.o.Text, d.plane.box
	whole := frame(b)
	grids := d.squares.sum(whole, func(c *cell) int32 {
		if d.ownCell(c) {
			return 1
		}
		return 0
	})
	gap := 0.6 * t
	if d.o.Squares > 0 {
		gap += 1.5 * t // the names of squares stand along the edges
	}
	room := func(w, h float64, corners string) (spot, bool) {
		if w+2*gap > b.W/2 || h+2*gap > b.H/2 {
			return spot{}, false // no room on so small a map
		}
		best, least := spot{}, math.Inf(1)
		for i, corner := range strings.Fields(corners) {
			x, y := b.X+gap, b.Y+gap
			if corner[1] == 'e' {
				x = b.X + b.W - gap - w
			}
			if corner[0] == 's' {
				y = b.Y + b.H - gap - h
			}
			s := newSpot(orb.Point{x + w/2, y + h/2}, 0, w, h)
			x0, y0 := d.squares.index(s.bound.Min)
			x1, y1 := d.squares.index(s.bound.Max)
			cost := float64(grids.in(x0, y0, x1+1, y1+1)) + 0.1*float64(i)
			if h := d.scene.Here; h != nil && s.bound.Pad(2*t).Contains(d.plane.at(*h)) {
				cost += 1e6
			}
			if cost < least && d.taken.free(s) {
				best, least = s, cost
			}
		}
		if math.IsInf(least, 1) {
			return spot{}, false
		}
		d.taken.take(best)
		return best, true
	}
	put := func(w, h float64, corners string, draw func(x, y float64)) {
		if s, ok := room(w, h, corners); ok {
			plate := paper.Box{X: fine(s.bound.Min[0]), Y: fine(s.bound.Min[1]), W: fine(w), H: fine(h)}
			d.plate(plate)
			draw(plate.X, plate.Y)
		}
	}
	if d.o.North {
		word := d.o.word("北", "N")
		w := max(2*t, d.m.Width(word, t, true)+0.6*t)
		put(w, 4*t, "ne nw se sw", func(x, y float64) { d.arrow(word, x+w/2, y) })
	}
	if d.o.ScaleBar {
		metres, length := d.bar()
		label := d.o.distance(metres)
		w := max(length+1.2*t, d.m.Width(label, d.o.Least, false)+0.8*t)
		w = max(w, length+0.8*t+d.m.Width(label, d.o.Least, false))
		put(w, 1.2*t+d.o.Least, "sw se nw ne", func(x, y float64) { d.scaleBar(label, length, x+0.5*t, y) })
	}
	if d.o.Key && d.o.Numbers {
		d.reserve(room)
	}
}

// keyRow is a line of the key: a number as it stands on the map, and what that is.
type keyRow struct {
	street bool
	sample string
	text   string
}

const keyLine = 1.55 // height of a line of the key, in sizes

// reserve keeps room for the key of what the numbers of buildings are: of an estate, and of houses on streets. The name of a single estate is told by it.
func (d *drawing) reserve(room func(w, h float64, corners string) (spot, bool)) {
	named := ""
	if list := d.settled(); len(list) > 0 {
		text := d.o.word("小区楼号", "No. in estate")
		if len(list) == 1 {
			named = list[0].name
			text = paper.Shorten(d.m, named, d.o.Least, 12*d.o.Least, false) + d.o.word("楼号", "building")
			if d.o.Language == English {
				text = paper.Shorten(d.m, named, d.o.Least, 12*d.o.Least, false) + " building"
			}
		}
		d.key = append(d.key, keyRow{false, clean(list[0].houses[0].Number), text})
	}
	if i := slices.IndexFunc(d.estates, func(e *estate) bool { return e.street }); i >= 0 {
		d.key = append(d.key, keyRow{true, housed(clean(d.estates[i].houses[0].Number)), d.o.word("沿街门牌", "Street no.")})
	}
	if len(d.key) == 0 {
		return
	}
	samples, texts := d.keyWidths()
	s, ok := room(samples+texts+2.1*d.o.Least, (keyLine*float64(len(d.key))+0.3)*d.o.Least, "se sw nw ne")
	if !ok {
		d.key = nil
		return
	}
	d.keyRoom = s.bound
	if named != "" {
		d.told[named] = true
	}
}

// keyWidths are the widths of the key's samples and texts.
func (d *drawing) keyWidths() (samples, texts float64) {
	for _, r := range d.key {
		samples, texts = max(samples, d.m.Width(r.sample, d.o.Least, false)), max(texts, d.m.Width(r.text, d.o.Least, false))
	}
	return samples, texts
}

// writeKey writes the key in its room: of the numbers that stand on the map, now that it is known which do.
func (d *drawing) writeKey() {
	samples, _ := d.keyWidths()
	d.key = slices.DeleteFunc(d.key, func(r keyRow) bool { return !d.marked[r.street] })
	if len(d.key) == 0 {
		return
	}
	size, b := d.o.Least, d.keyRoom
	high := (keyLine*float64(len(d.key)) + 0.3) * size
	y := b.Min[1]
	if b.Center()[1] > d.plane.box.Y+d.plane.box.H/2 {
		y = b.Max[1] - high
	}
	d.plate(paper.Box{X: fine(b.Min[0]), Y: fine(y), W: fine(b.Max[0] - b.Min[0]), H: fine(high)})
	box := samples + 0.8*size
	for i, r := range d.key {
		c := houseText
		if r.street {
			c = streetNumber
		}
		cy := y + (keyLine*float64(i)+0.92)*size
		house := paper.Box{X: fine(b.Min[0] + 0.4*size), Y: fine(cy - 0.65*size), W: fine(box), H: fine(1.3 * size)}
		d.add(furnitureLayer, &paper.Shape{Paths: [][]paper.Point{rectangle(house)}, Closed: true, Fill: houseFill, Stroke: houseEdge, Width: fine(0.05 * d.o.Text)},
			&paper.Text{At: paper.Point{X: fine(house.X + box/2), Y: fine(cy + middleOf*size)}, Text: r.sample, Size: fine(size), Colour: c, Anchor: paper.Middle},
			&paper.Text{At: paper.Point{X: fine(house.X + box + 0.5*size), Y: fine(cy + middleOf*size)}, Text: r.text, Size: fine(size), Colour: ink})
	}
}

// plate is the bright ground of furniture.
func (d *drawing) plate(b paper.Box) {
	d.add(furnitureLayer, &paper.Shape{Paths: [][]paper.Point{rectangle(b)}, Closed: true, Fill: paper.Colour{R: 255, G: 255, B: 255, A: 0xd8}})
}

// arrow points north from x, its middle, y, its top.
func (d *drawing) arrow(word string, x, y float64) {
	t := d.o.Text
	p := func(dx, dy float64) paper.Point { return paper.Point{X: fine(x + dx*t), Y: fine(y + dy*t)} }
	d.add(furnitureLayer,
		&paper.Text{At: p(0, 1.15), Text: word, Size: fine(t), Bold: true, Colour: ink, Anchor: paper.Middle},
		&paper.Shape{Paths: [][]paper.Point{{p(0, 1.45), p(0, 3.2), p(-0.7, 3.7)}}, Closed: true, Fill: ink, Stroke: ink, Width: fine(0.06 * t)},
		&paper.Shape{Paths: [][]paper.Point{{p(0, 1.45), p(0, 3.2), p(0.7, 3.7)}}, Closed: true, Fill: white, Stroke: ink, Width: fine(0.06 * t)})
}

// bar is a round length that takes up to a quarter of the map: in metres and on the sheet.
func (d *drawing) bar() (metres, length float64) {
	most := min(0.25*d.plane.box.W, 16*d.o.Text) / d.plane.scale
	metres = math.Pow(10, math.Floor(math.Log10(most)))
	for _, by := range []float64{5, 2} {
		if by*metres <= most {
			metres *= by
			break
		}
	}
	return metres, metres * d.plane.scale
}

// distance is a length as it is written on the scale bar.
func (o Options) distance(metres float64) string {
	zh, en, n := "米", "m", metres
	if metres >= 1000 {
		zh, en, n = "千米", "km", metres/1000
	}
	switch o.Language {
	case Chinese:
		return fmt.Sprintf("%g %s", n, zh)
	case English:
		return fmt.Sprintf("%g %s", n, en)
	}
	return fmt.Sprintf("%g %s %s", n, zh, en)
}

// scaleBar is drawn in two halves, dark and bright, from x on.
func (d *drawing) scaleBar(label string, length, x, y float64) {
	t := d.o.Text
	top := y + 0.35*t + d.o.Least
	half := func(from, to float64, fill paper.Colour) *paper.Shape {
		b := paper.Box{X: fine(from), Y: fine(top), W: fine(to - from), H: fine(0.4 * t)}
		return &paper.Shape{Paths: [][]paper.Point{rectangle(b)}, Closed: true, Fill: fill, Stroke: ink, Width: fine(0.08 * t)}
	}
	text := func(at float64, s string, a paper.Anchor) *paper.Text {
		return &paper.Text{At: paper.Point{X: fine(at), Y: fine(y + 0.1*t + 0.9*d.o.Least)}, Text: s, Size: fine(d.o.Least), Colour: ink, Anchor: a}
	}
	d.add(furnitureLayer, half(x, x+length/2, ink), half(x+length/2, x+length, white), text(x, "0", paper.Start))
	// The number stands above the end of the bar, its unit beyond.
	number, _, _ := strings.Cut(label, " ")
	d.add(furnitureLayer, text(x+length-d.m.Width(number, d.o.Least, false)/2, label, paper.Start))
}

// marker says where the reader stands.
func (d *drawing) marker() {
	if d.scene.Here == nil {
		return
	}
	t, q := d.o.Text, d.plane.at(*d.scene.Here)
	r := 0.75 * t
	dot := newSpot(q, 0, 2.4*r, 2.4*r)
	if !within(newSpot(q, 0, r, r).bound, frame(d.plane.box)) {
		return
	}
	d.taken.take(dot)
	d.add(hereLayer,
		&paper.Shape{Paths: [][]paper.Point{circle(q, r*1.25)}, Closed: true, Fill: white, Stroke: ink, Width: fine(0.08 * t)},
		&paper.Shape{Paths: [][]paper.Point{circle(q, r)}, Closed: true, Fill: hereFill},
		&paper.Shape{Paths: [][]paper.Point{circle(q, 0.35*r)}, Closed: true, Fill: white})
	var lines []line
	switch d.o.Language {
	case Both:
		lines = []line{{"您在这里", 1.25 * t, true}, {"You are here", max(0.9*t, d.o.Least), true}}
	case Chinese:
		lines = []line{{"您在这里", 1.25 * t, true}}
	default:
		lines = []line{{"You are here", 1.25 * t, true}}
	}
	s := d.stack(lines...)
	dx, dy := r*1.25+0.4*t+s.w/2, r*1.25+0.2*t+s.h/2
	// Beside the building with its number, rather on free ground, else on it.
	if b := d.footprint(); b.Min[0] <= b.Max[0] {
		b = b.Union(dot.bound).Pad(0.4 * t)
		best, least := orb.Point{}, int32(-1)
		for _, at := range []orb.Point{{b.Max[0] + s.w/2, q[1]}, {b.Min[0] - s.w/2, q[1]}, {q[0], b.Min[1] - s.h/2}, {q[0], b.Max[1] + s.h/2}} {
			spot := d.spot(s, at, 0)
			if planar.Distance(at, q) > farLabel*t+s.w/2 || !d.possible(spot) {
				continue
			}
			x0, y0 := d.squares.index(spot.bound.Min)
			x1, y1 := d.squares.index(spot.bound.Max)
			if busy := d.busy.in(x0, y0, x1+1, y1+1); least < 0 || busy < least {
				best, least = at, busy
			}
		}
		if least >= 0 {
			d.write(hereLayer, s, best, 0, hereFill, 0.3*t)
			return
		}
	}
	for _, by := range [][2]float64{{dx, 0}, {-dx, 0}, {0, -dy}, {0, dy}, {dx, -dy}, {-dx, -dy}, {dx, dy}, {-dx, dy}} {
		at := orb.Point{q[0] + by[0], q[1] + by[1]}
		if d.possible(d.spot(s, at, 0)) {
			d.write(hereLayer, s, at, 0, hereFill, 0.3*t)
			return
		}
	}
}

// farLabel is how far from where the reader stands the word for it begins at most, in text sizes.
const farLabel = 9

// footprint is the bound of the building where the reader stands; that of nothing where it has no outline.
func (d *drawing) footprint() orb.Bound {
	b := none()
	for _, h := range d.buildings {
		if h.here {
			b = b.Union(h.bound)
		}
	}
	return b
}

func circle(q orb.Point, r float64) []paper.Point {
	const corners = 32
	out := make([]paper.Point, corners)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		out[i] = paper.Point{X: fine(q[0] + r*cos), Y: fine(q[1] + r*sin)}
	}
	return out
}
