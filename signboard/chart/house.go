package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

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
			d.squares.fill(h.rings, func(c *cell) { c.busy = 1 })
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

// buildingNames writes the numbers of the buildings in the grids, and their names: in them where they fit, else a number beside. The one where the
// reader stands comes first, then the large ones.
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

// nameInside writes what fits inside the outline.
func (d *drawing) nameInside(h *house) bool {
	number, name := clean(h.Number), clean(h.Name)
	if h.rings == nil || number == "" && name == "" {
		return false
	}
	size := d.o.Least
	var tries []stack
	if name != "" && name != number {
		for _, f := range forms {
			folded := d.fold(name, size, false, f.wide*size, f.count)
			if folded == nil {
				continue
			}
			var lines []line
			for _, l := range folded {
				lines = append(lines, line{l, size, false})
			}
			if number != "" && !strings.Contains(name, number) {
				lines = append(lines, line{number, size, false})
			}
			tries = append(tries, d.stack(lines...))
		}
	}
	if number != "" {
		tries = append(tries, d.stack(line{number, size, false}))
	}
	turn := longSide(h.rings[0])
	b := h.bound
	for _, s := range tries {
		if s.w*s.h > h.area {
			continue
		}
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
					d.write(nameLayer, s, q, a, houseText, 0)
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
	s := d.stack(line{clean(h.Number), d.o.Least, false})
	b, air := h.bound, 0.15*d.o.Text
	if s.w > 8*d.o.Least {
		return
	}
	c := b.Center()
	dx, dy := (b.Max[0]-b.Min[0])/2+s.w/2+air, (b.Max[1]-b.Min[1])/2+s.h/2
	for _, q := range []orb.Point{{c[0] + dx, c[1]}, {c[0], c[1] + dy}, {c[0], c[1] - dy}, {c[0] - dx, c[1]}} {
		tight := newSpot(q, 0, s.w, 0.8*s.h)
		if all.free(tight) && d.own(q) && d.offBorder(tight) && d.possible(d.spots(s, q, 0)...) {
			d.write(nameLayer, s, q, 0, houseText, 0.2*d.o.Text)
			return
		}
	}
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
