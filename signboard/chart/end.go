package chart

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/signboard/paper"
)

// How wide a strip of which nothing is known is at least, in text sizes, to be hatched and to be named: a narrower one is a margin.
const (
	leastEnd = 1.5
	saidEnd  = 4
)

// end hatches what the data do not reach: who looks there should not take it for empty land.
func (d *drawing) end() {
	f, k := frame(d.plane.box), d.plane.known
	least := leastEnd * d.o.Text
	for _, b := range []orb.Bound{
		{Min: f.Min, Max: orb.Point{k.Min[0], f.Max[1]}},
		{Min: orb.Point{k.Max[0], f.Min[1]}, Max: f.Max},
		{Min: orb.Point{max(f.Min[0], k.Min[0]), f.Min[1]}, Max: orb.Point{min(f.Max[0], k.Max[0]), k.Min[1]}},
		{Min: orb.Point{max(f.Min[0], k.Min[0]), k.Max[1]}, Max: orb.Point{min(f.Max[0], k.Max[0]), f.Max[1]}},
	} {
		if b.Max[0]-b.Min[0] >= least && b.Max[1]-b.Min[1] >= least {
			d.ends = append(d.ends, b)
			d.add(landLayer, &paper.Shape{Paths: hatched(b, 2*d.o.Text), Stroke: hatch, Width: fine(0.07 * d.o.Text)})
		}
	}
}

// hatched are lines across b that rise to the right, so far apart to the right; those of two boxes beside each other meet.
func hatched(b orb.Bound, apart float64) (lines [][]paper.Point) {
	// On a line x + y is the same.
	for sum := apart * math.Ceil((b.Min[0]+b.Min[1])/apart); sum < b.Max[0]+b.Max[1]; sum += apart {
		left, right := max(b.Min[0], sum-b.Max[1]), min(b.Max[0], sum-b.Min[1])
		if l := path(orb.LineString{{left, sum - left}, {right, sum - right}}); len(l) == 2 {
			lines = append(lines, l)
		}
	}
	return lines
}

// endNames says what the hatching means, in the largest of the places where it has room.
func (d *drawing) endNames() {
	if !d.o.End {
		return
	}
	words := []line{{d.o.word("资料至此", "End of data"), d.o.Least, false}}
	if d.o.Language == Both {
		words = []line{{"资料至此", d.o.Least, false}, {"End of data", d.o.Least, false}}
	}
	s := d.stack(words...)
	var largest search
	for _, b := range d.ends {
		if min(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]) < saidEnd*d.o.Text {
			continue
		}
		in := d.cells(b, func(c *cell) bool { return c.owner < 0 })
		if in.cells > largest.cells {
			largest = in
		}
	}
	if at, _, ok := d.place(largest, s, nil); ok {
		d.write(nameLayer, s, at, 0, neighbourText, 0.25*d.o.Text)
	}
}
