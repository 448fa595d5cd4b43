package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/signboard/paper"
)

// house is a building on the sheet.
type house struct {
	*Building
	rings  []orb.Ring // nil: only a point is known
	bound  orb.Bound
	middle orb.Point
	area   float64 // mm²
	own    bool    // in a grid that the map is about
	here   bool    // where the reader stands
	of     *estate // whose number it has; nil: it has none, or that is not known
	astray bool    // it stands at another street than its number is of, or far from that
}

// How large a building must be to be drawn, in squares of the text's size: in the grids, and outside.
const (
	speck        = 0.035
	speckOutside = 0.12
)

// houses draws the buildings.
func (d *drawing) houses() {
	for i := range d.scene.Buildings {
		b := &d.scene.Buildings[i]
		h := house{Building: b}
		if b.Area == nil {
			h.middle = d.plane.at(b.Point)
			h.bound = orb.Bound{Min: h.middle, Max: h.middle}.Pad(0.28 * d.o.Text)
		} else {
			if h.rings = d.plane.area(b.Area); h.rings == nil {
				continue
			}
			h.bound = h.rings[0].Bound()
			for _, r := range h.rings[1:] {
				h.bound = h.bound.Union(r.Bound())
			}
			h.middle, h.area = planar.CentroidArea(h.rings[0])
			h.area = math.Abs(h.area)
			h.here = d.scene.Here != nil && inside(h.rings, d.plane.at(*d.scene.Here))
		}
		if !h.bound.Intersects(frame(d.plane.box)) {
			continue
		}
		h.own = d.own(h.middle)
		if size := h.area / (d.o.Text * d.o.Text); h.rings != nil && (size < speck || size < speckOutside && !h.own) {
			continue
		}
		d.buildings = append(d.buildings, h)
		if h.rings != nil {
			d.squares.fill(h.rings, func(c *cell) { c.busy, c.built = 1, true })
		}
	}
	// The large below the small; those that do not lie on each other are one shape.
	slices.SortStableFunc(d.buildings, func(a, b house) int { return cmp.Compare(b.area, a.area) })
	var sheets []taken
	var shapes []*paper.Shape
	width := 0.05 * d.o.Text
	shape := func(rings []orb.Ring, fill paper.Colour) *paper.Shape {
		return &paper.Shape{Paths: paths(rings), Closed: true, Fill: fill, Stroke: houseEdge, Width: fine(width)}
	}
	var here []*paper.Shape
	for _, h := range d.buildings {
		switch {
		case h.rings == nil:
			h.rings = []orb.Ring{h.bound.ToRing()}
		case h.here:
			here = append(here, shape(h.rings, hereHouse))
			continue
		}
		// A sheet above all those that have something below it: then the small stays above the large.
		s := newSpot(h.bound.Center(), 0, h.bound.Max[0]-h.bound.Min[0], h.bound.Max[1]-h.bound.Min[1])
		n := len(sheets)
		for n > 0 && sheets[n-1].free(s) {
			n--
		}
		if n == len(sheets) {
			sheets, shapes = append(sheets, taken{}), append(shapes, shape(nil, houseFill))
		}
		sheets[n].take(s)
		shapes[n].Paths = append(shapes[n].Paths, paths(h.rings)...)
	}
	for _, s := range append(shapes, here...) {
		d.add(buildingLayer, s)
	}
}

// estate is an estate or a street, and the buildings in the grids that have its numbers.
type estate struct {
	name   string
	street bool
	houses []*house
	bound  orb.Bound
}

// farFrom is how far from its street a house stands at most, in text sizes, for nobody to wonder whose number it has.
const farFrom = 12

// group finds the estates and streets whose numbers the buildings in the grids have, those with many first.
func (d *drawing) group() {
	d.streets = d.named()
	by, lines := map[string]*estate{}, map[string][]orb.LineString{}
	for _, w := range d.streets {
		lines[w.name] = w.lines
	}
	for i := range d.buildings {
		h := &d.buildings[i]
		name := clean(h.Of)
		if !h.own || name == "" || clean(h.Number) == "" {
			continue
		}
		e := by[name]
		if e == nil {
			_, street := lines[name]
			e = &estate{name: name, street: street, bound: none()}
			by[name] = e
			d.estates = append(d.estates, e)
		}
		h.of, e.houses, e.bound = e, append(e.houses, h), e.bound.Union(h.bound)
	}
	slices.SortFunc(d.estates, func(a, b *estate) int {
		return cmp.Or(cmp.Compare(len(b.houses), len(a.houses)), strings.Compare(a.name, b.name))
	})
	far := func(h *house, name string) float64 {
		least := math.Inf(1)
		for _, l := range lines[name] {
			least = min(least, planar.DistanceFrom(l, h.middle))
		}
		return least
	}
	for _, e := range d.estates {
		for _, h := range e.houses {
			own := far(h, e.name)
			h.astray = e.street && (own > farFrom*d.o.Text ||
				slices.ContainsFunc(d.estates, func(o *estate) bool { return o != e && o.street && far(h, o.name) < own }) ||
				own > 3*d.o.Text && slices.ContainsFunc(d.streets, func(w *way) bool { return far(h, w.name) < own/2 }))
		}
	}
}

// settled are the estates, not streets, that have more than one building here.
func (d *drawing) settled() (list []*estate) {
	for _, e := range d.estates {
		if !e.street && len(e.houses) > 1 {
			list = append(list, e)
		}
	}
	return list
}

// estateNames writes the name of each estate once, among its buildings.
func (d *drawing) estateNames() {
	if !d.o.Numbers {
		return
	}
	for _, e := range d.settled() {
		middle := orb.Point{}
		for _, h := range e.houses {
			middle[0] += h.middle[0] / float64(len(e.houses))
			middle[1] += h.middle[1] / float64(len(e.houses))
		}
		at := d.cells(e.bound.Pad(3*d.o.Text), func(c *cell) bool { return !c.built && d.ownCell(c) })
		mine := func(q orb.Point) bool { return d.nearest(q).of == e && !d.title.Pad(2.5*d.o.Text).Contains(q) }
		// Rather small than broken.
		for fold, done := 0, false; fold < len(forms) && !done; fold++ {
			for size := 1.35 * d.o.Text; size >= d.o.Least-1e-9; size = next(size, d.o.Least) {
				folds := d.folds(e.name, size, true)
				if fold >= len(folds) {
					break
				}
				s := d.stack(folds[fold]...)
				s.air = 0.8 * d.o.Text
				if q, crowd, ok := d.placeWhere(at, s, &middle, mine); ok && crowd < 0.25 {
					d.write(nameLayer, s, q, 0, estateText, 0.25*d.o.Text)
					d.told[e.name], done = true, true
					break
				}
			}
		}
	}
}

// nearest is the building in the grids that is nearest to a place; with a number of somewhere, where there is one.
func (d *drawing) nearest(q orb.Point) *house {
	best, least := &house{}, math.Inf(1)
	for _, e := range d.estates {
		for _, h := range e.houses {
			b := h.bound
			dx, dy := max(b.Min[0]-q[0], q[0]-b.Max[0], 0), max(b.Min[1]-q[1], q[1]-b.Max[1], 0)
			if by := dx*dx + dy*dy; by < least {
				best, least = h, by
			}
		}
	}
	return best
}

// buildingNames writes the numbers of the buildings in the grids, and the names of those that have none: in them where they fit, else a number beside.
// What stands alone is the number of an estate whose name stands over it, or with 号 that of a house on the street beside it, so that no two buildings
// that look alike are told apart by guessing; what can be told by neither is written in full. The one where the reader stands comes first, then the
// large ones.
func (d *drawing) buildingNames() {
	if !d.o.Numbers {
		return
	}
	list := make([]*house, 0, len(d.buildings))
	var all taken
	for i := range d.buildings {
		h := &d.buildings[i]
		b := h.bound
		all.take(newSpot(b.Center(), 0, b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]))
		if h.own {
			list = append(list, h)
		}
	}
	slices.SortStableFunc(list, func(a, b *house) int {
		if a.here != b.here {
			return map[bool]int{true: -1, false: 1}[a.here]
		}
		return 0
	})
	d.number = d.numberSize(list)
	var beside []*house
	for _, h := range list {
		if !d.nameInside(h) && clean(h.Number) != "" {
			beside = append(beside, h)
		}
	}
	for _, h := range beside {
		d.numberBeside(h, &all)
	}
}

// numberSize is how large the numbers are written, all alike: as large as nearly all have room for that have any in their building.
func (d *drawing) numberSize(list []*house) float64 {
	most := 0
	for size := d.o.Least; ; size *= 1.12 {
		n := 0
		for _, h := range list {
			if mark, _ := d.mark(h); mark != "" && h.rings != nil {
				s := newSpot(h.middle, longSide(h.rings[0]), d.m.Width(mark, size, false)+0.3*size, 1.2*size)
				level := newSpot(h.middle, 0, 2*s.w, 2*s.h)
				if s.w*s.h*4 < h.area && (holds(h.rings, level) || holds(h.rings, s)) {
					n++
				}
			}
		}
		if size == d.o.Least {
			most = n
		}
		switch {
		case most == 0 && d.o.Squares > 0: // on a wall names are larger too
			return max(d.o.Least, d.o.Text)
		case n < (most*9+9)/10 || size > 1.6*d.o.Text || n == 0:
			return max(d.o.Least, size/1.12)
		}
	}
}

// mark is what stands for a building whose number can stand alone; "": it cannot.
func (d *drawing) mark(h *house) (mark string, c paper.Colour) {
	mark = clean(h.Number)
	switch {
	case mark == "" || h.of == nil:
		return mark, houseText
	case h.astray || !d.told[h.of.name]:
		return "", houseText
	case h.of.street:
		return housed(mark), streetNumber
	}
	return mark, houseText
}

// housed is the number of a house on a street.
func housed(number string) string {
	if last, _ := utf8.DecodeLastRuneInString(number); last < 0x80 {
		return number + "号"
	}
	return number
}

// whole are the ways to write the name of a building in full, in a size. A number at its end stays whole, and alone on its line where it is broken.
func (d *drawing) whole(h *house, size float64) (tries []stack) {
	number, name := clean(h.Number), clean(h.Name)
	put := func(folded []string, more ...string) {
		if folded == nil {
			return
		}
		var lines []line
		for _, l := range append(folded, more...) {
			lines = append(lines, line{l, size, false})
		}
		tries = append(tries, d.stack(lines...))
	}
	of := ""
	if h.of != nil && strings.HasPrefix(name, h.of.name) && len(name) > len(h.of.name) {
		of = h.of.name
	}
	for _, f := range forms {
		switch {
		case name == "" || name == number:
		case of == "" && number != "" && !strings.Contains(name, number):
			put(d.fold(name, size, false, f.wide*size, f.count), number)
		case of == "":
			put(d.fold(name, size, false, f.wide*size, f.count))
		case f.count == 1 && d.m.Width(name, size, false) <= f.wide*size:
			put([]string{name})
			fallthrough
		default:
			put(d.fold(of, size, false, f.wide*size, f.count), strings.TrimPrefix(name, of))
		}
	}
	return tries
}

// nameInside writes what fits inside the outline.
func (d *drawing) nameInside(h *house) bool {
	size := d.o.Least
	mark, c := d.mark(h)
	if h.rings == nil {
		return false
	}
	var tries []stack
	if mark == "" || h.of == nil {
		for _, s := range d.numberSizes() {
			tries = append(tries, d.whole(h, s)...)
		}
	}
	if mark != "" {
		for _, s := range d.numberSizes() {
			tries = append(tries, d.stack(line{mark, s, false}))
		}
	}
	turn := longSide(h.rings[0])
	b := h.bound
	for _, s := range tries {
		if s.w*s.h > h.area {
			continue
		}
		s.air = 0.1 * size
		places := []orb.Point{h.middle, b.Center()}
		if s.w*s.h*4 < h.area {
			for _, fx := range []float64{0.3, 0.7, 0.15, 0.85} {
				for _, fy := range []float64{0.3, 0.7, 0.5, 0.15, 0.85} {
					places = append(places, orb.Point{b.Min[0] + fx*(b.Max[0]-b.Min[0]), b.Min[1] + fy*(b.Max[1]-b.Min[1])})
				}
			}
		}
		for _, a := range []float64{0, turn} {
			for _, q := range places {
				room := newSpot(q, a, s.w+0.1*size, s.h-0.1*size)
				if holds(h.rings, room) && d.offBorder(room) && d.possible(room) {
					d.write(nameLayer, s, q, a, c, 0)
					if mark != "" && h.of != nil {
						d.marked[h.of.street] = true
					}
					return true
				}
			}
			if turn == 0 {
				break
			}
		}
	}
	return false
}

// numberBeside writes a number beside a building that is too small for it, where no other building is.
func (d *drawing) numberBeside(h *house, all *taken) {
	mark, c := d.mark(h)
	alone := mark != "" && h.of != nil
	if mark == "" {
		mark = clean(h.Name)
	}
	b, air := h.bound, 0.15*d.o.Text
	at := b.Center()
	for _, size := range d.numberSizes() {
		s := d.stack(line{mark, size, false})
		if mark == "" || s.w > 8*d.o.Least {
			continue
		}
		s.air = air
		dx, dy := (b.Max[0]-b.Min[0])/2+s.w/2+air, (b.Max[1]-b.Min[1])/2+s.h/2
		for _, q := range []orb.Point{{at[0] + dx, at[1]}, {at[0], at[1] + dy}, {at[0], at[1] - dy}, {at[0] - dx, at[1]}} {
			tight := newSpot(q, 0, s.w, 0.8*s.h)
			if all.free(tight) && d.own(q) && d.offBorder(tight) && d.possible(d.spot(s, q, 0)) {
				d.write(nameLayer, s, q, 0, c, 0.2*d.o.Text)
				if alone {
					d.marked[h.of.street] = true
				}
				return
			}
		}
	}
}

// numberSizes are the sizes of numbers to try: that of all, then smaller ones where there is no room.
func (d *drawing) numberSizes() []float64 {
	if d.number <= d.o.Least {
		return []float64{d.o.Least}
	}
	return []float64{d.number, math.Sqrt(d.number * d.o.Least), d.o.Least}
}

// offBorder says whether no border of the grids runs through a rectangle.
func (d *drawing) offBorder(s spot) bool {
	x0, y0 := d.squares.index(s.bound.Min)
	x1, y1 := d.squares.index(s.bound.Max)
	return d.rim.in(x0, y0, x1+1, y1+1) == 0
}

// holds says whether a rectangle lies within rings.
func holds(rings []orb.Ring, s spot) bool {
	if !inside(rings, s.middle) {
		return false
	}
	corners := s.corners()
	for _, r := range rings {
		for i := 1; i < len(r); i++ {
			for k := 1; k < len(corners); k++ {
				if cross(r[i-1], r[i], corners[k-1], corners[k]) {
					return false
				}
			}
		}
	}
	// A ring may still lie within the rectangle as a whole.
	for _, r := range rings {
		if inside([]orb.Ring{corners}, r[0]) {
			return false
		}
	}
	return true
}

// cross says whether two edges meet.
func cross(a, b, c, d orb.Point) bool {
	turn := func(p, q, r orb.Point) float64 { return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0]) }
	return turn(a, b, c)*turn(a, b, d) <= 0 && turn(c, d, a)*turn(c, d, b) <= 0
}

// longSide is the direction of the longest side of a ring as text is turned: never upside down, and level where it nearly is.
func longSide(r orb.Ring) float64 {
	longest, turn := 0.0, 0.0
	for i := 1; i < len(r); i++ {
		if l := planar.DistanceSquared(r[i-1], r[i]); l > longest {
			longest, turn = l, direction(r[i-1], r[i])
		}
	}
	turn = math.Mod(turn, math.Pi)
	switch {
	case turn > math.Pi/2:
		turn -= math.Pi
	case turn <= -math.Pi/2:
		turn += math.Pi
	}
	if math.Abs(turn) < 0.03 {
		return 0
	}
	return turn
}
