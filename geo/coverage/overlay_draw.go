package coverage

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// drawing draws the areas that faces make together.
type drawing struct {
	*overlay
	in     []bool // loops: has the area to its left
	border []bool // sides: of the area, and not drawn yet
}

// draw makes polygons of the faces to the left of loops.
func (d *drawing) draw(loops []int32) orb.MultiPolygon {
	for _, l := range loops {
		d.in[l] = true
	}
	var sides []side
	for _, l := range loops {
		for s := range d.sides(l) {
			if !d.in[d.loop[s.back()]] {
				d.border[s] = true
				sides = append(sides, s)
			}
		}
	}
	var out orb.MultiPolygon
	var holes []hole
	for _, s := range sides {
		if d.border[s] {
			d.rings(s, &out, &holes)
		}
	}
	for _, l := range loops {
		d.in[l] = false
	}
	for _, h := range holes {
		if i := h.within(out); i >= 0 {
			out[i] = append(out[i], h.ring)
		}
	}
	return out
}

// hole is a hole of some polygon.
type hole struct {
	ring orb.Ring
	area float64
}

// within returns the number of the smallest polygon around the hole, -1 where there is none: rounding has left nothing of it.
func (h hole) within(polygons orb.MultiPolygon) int {
	if len(polygons) == 1 {
		return 0
	}
	found, least := -1, math.Inf(1)
	for i, p := range polygons {
		m2 := size(p[0])
		if m2 < h.area || m2 >= least || !p[0].Bound().Contains(h.ring[0]) {
			continue
		}
		// They have one place in common at most: were there two, the ground around the hole would be two polygons.
		k := slices.IndexFunc(h.ring, func(q orb.Point) bool { return !slices.Contains(p[0], q) })
		if k >= 0 && planar.RingContains(p[0], h.ring[k]) {
			found, least = i, m2
		}
	}
	return found
}

// rings draws the border that s is of. Where the area meets itself in a spot the border turns so that it stays beside the
// same ground, and where it comes by a spot twice, the ground between is a ring of its own: a hole, or what a hole touches.
func (d *drawing) rings(s side, out *orb.MultiPolygon, holes *[]hole) {
	var path []side
	at := map[int32]int{} // where in path a spot is left
	polygon, inside := -1, []hole(nil)
	cut := func(n int) {
		for _, t := range path[n:] {
			delete(at, d.from(t))
		}
		ring, outer := d.ring(path[n:])
		path = path[:n]
		switch {
		case len(ring) < 4: // it is smaller than float64 tells
		case outer:
			polygon = len(*out)
			*out = append(*out, orb.Polygon{ring})
		default:
			inside = append(inside, hole{ring, size(ring)})
		}
	}
	for t := s; d.border[t]; {
		d.border[t] = false
		if n, been := at[d.from(t)]; been {
			cut(n)
		}
		at[d.from(t)] = len(path)
		path = append(path, t)
		next := d.beside(t.back())
		for !d.isBorder(next) {
			next = d.beside(next)
		}
		t = next
	}
	cut(0)
	if polygon < 0 {
		*holes = append(*holes, inside...)
		return
	}
	for _, h := range inside {
		(*out)[polygon] = append((*out)[polygon], h.ring)
	}
}

// isBorder is border, of what is drawn as well.
func (d *drawing) isBorder(s side) bool { return d.in[d.loop[s]] && !d.in[d.loop[s.back()]] }

// ring draws sides that end where they begin, and reports whether the area lies inside. Spots on a straight line are left out where
// they are nobody's vertices.
func (d *drawing) ring(sides []side) (ring orb.Ring, outer bool) {
	least := 0
	for i, s := range sides {
		if d.spots[d.from(s)].compare(d.spots[d.from(sides[least])]) < 0 {
			least = i
		}
	}
	before := func(i int) side { return sides[(i+len(sides)-1)%len(sides)] }
	ring = make(orb.Ring, 0, len(sides)+1)
	for k := range sides {
		i := (least + k) % len(sides)
		at := d.spots[d.from(sides[i])]
		if !at.whole() && cross(d.direction(before(i)), d.direction(sides[i])) == 0 {
			continue
		}
		if p := at.point(); len(ring) == 0 || ring[len(ring)-1] != p && (k < len(sides)-1 || ring[0] != p) {
			ring = append(ring, p)
		}
	}
	if len(ring) > 0 {
		ring = append(ring, ring[0])
	}
	// At its least spot a ring turns as it turns around what is inside.
	return ring, cross(d.direction(before(least)), d.direction(sides[least])) > 0
}

func size(r orb.Ring) float64 { return math.Abs(planar.Area(r)) }
