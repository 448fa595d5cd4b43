package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// fewVertices is how many a ring may have for its edges to be looked through pair by pair.
const fewVertices = 64

// DrawAlone is Draw of one area that has a border with nobody, like a building or a gap; it is snapped (shape.Snap) and valid. each is not called
// where nothing of it is seen, or where it is narrower than a unit.
func DrawAlone(t Tile, detail uint32, area orb.MultiPolygon, each func(rings [][]Pixel)) {
	p := painters.Get().(*painter)
	defer p.done()
	p.view = viewOf(t)
	if p.round(area) {
		if len(p.rings) > 0 {
			each(settled(p.rings))
		}
		return
	}
	New([]*Shard{NewShard([]orb.MultiPolygon{area})}).Draw(t, detail, func(_ Ref, rings [][]Pixel) { each(rings) })
}

// round draws an area of one short ring in p.rings whose vertices need only be rounded, and its edges cut where they leave sight: nothing comes to lie on
// anything else by that. Most buildings are such.
func (p *painter) round(area orb.MultiPolygon) bool {
	p.rings, p.store = p.rings[:0], p.store[:0]
	if len(area) != 1 || len(area[0]) != 1 || len(area[0][0]) < 4 || len(area[0][0]) > fewVertices {
		return false
	}
	out := false
	outline := area[0][0]
	for _, vertex := range outline[1:] {
		at := p.pixel(onMap(vertex))
		out = out || !at.seen()
		p.store = append(p.store, at)
	}
	ring := straightened(p.store)
	if len(ring) < 3 {
		return true
	}
	if !simple(ring) {
		return false
	}
	if twiceArea(ring) < 0 {
		slices.Reverse(ring)
	}
	p.rings = append(p.rings, ring)
	if out {
		p.rings = p.mender.mend(p.rings)
		return len(p.rings) == 0 || len(p.rings) == 1 && len(p.rings[0]) <= fewVertices && simple(p.rings[0])
	}
	return true
}

// straightened leaves out vertices that are those before them again, that lie on the straight line between those beside them, or that are as far as a
// ring runs there and back.
func straightened(ring []Pixel) []Pixel {
	for was := 0; was != len(ring); {
		was = len(ring)
		for i := 0; i < len(ring); {
			n := len(ring)
			if turn(ring[(i+n-1)%n], ring[i], ring[(i+1)%n]) == 0 {
				ring = slices.Delete(ring, i, i+1)
			} else {
				i++
			}
		}
	}
	return ring
}

// simple reports whether no edge of a ring touches one that is not beside it.
func simple(ring []Pixel) bool {
	n := len(ring)
	for i := range n {
		a, b := ring[i], ring[(i+1)%n]
		west, east, north, south := min(a.X, b.X), max(a.X, b.X), min(a.Y, b.Y), max(a.Y, b.Y)
		for k := i + 2; k < n; k++ {
			if i == 0 && k == n-1 {
				break
			}
			c, d := ring[k], ring[(k+1)%n]
			if max(c.X, d.X) < west || min(c.X, d.X) > east || max(c.Y, d.Y) < north || min(c.Y, d.Y) > south {
				continue
			}
			if turn(a, b, c)*turn(a, b, d) <= 0 && turn(c, d, a)*turn(c, d, b) <= 0 {
				return false
			}
		}
	}
	return true
}

// turn is above 0 where c lies on one side of the line from a to b, beneath 0 on the other, 0 on it.
func turn(a, b, c Pixel) int {
	x := int64(b.X-a.X)*int64(c.Y-a.Y) - int64(b.Y-a.Y)*int64(c.X-a.X)
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
