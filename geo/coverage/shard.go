package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// Shard is areas that are looked at together, as a rule the grids of one community. It does not change.
type Shard struct {
	areas []orb.MultiPolygon
	boxes []orb.Bound
}

// NewShard makes a shard of areas, which are snapped (shape.Snap) and valid; they may overlap, have holes and parts, be empty.
// Vertices that neighbours lack are put in (InsertTVertices); areas itself is not changed. Area i of the shard is areas[i].
func NewShard(areas []orb.MultiPolygon) *Shard {
	s := &Shard{areas: make([]orb.MultiPolygon, len(areas)), boxes: make([]orb.Bound, len(areas))}
	for i, a := range areas {
		s.areas[i] = make(orb.MultiPolygon, len(a))
		for j, p := range a {
			s.areas[i][j] = slices.Clone(p) // InsertTVertices replaces rings, and leaves the old ones alone
		}
	}
	InsertTVertices(s.areas)
	for i, a := range s.areas {
		s.boxes[i] = a.Bound()
	}
	return s
}

// Len is how many areas the shard has.
func (s *Shard) Len() int { return len(s.areas) }

// Area is area i, made anew: what came in, and the vertices put in.
func (s *Shard) Area(i int) orb.MultiPolygon { return s.areas[i].Clone() }

// Box is the least box around area i.
func (s *Shard) Box(i int) orb.Bound { return s.boxes[i] }

// holds reports whether area i covers p, and whether p is on its border.
func (s *Shard) holds(i int, p orb.Point) (inside, border bool) {
	if b := s.boxes[i]; !(b.Min[0] <= p[0] && p[0] <= b.Max[0] && b.Min[1] <= p[1] && p[1] <= b.Max[1]) { // nor NaN
		return false, false
	}
	for _, polygon := range s.areas[i] {
		for _, ring := range polygon {
			for j := 1; j < len(ring); j++ {
				a, b := ring[j-1], ring[j]
				if min(a[1], b[1]) > p[1] || max(a[1], b[1]) < p[1] {
					continue
				}
				side := orient(a, b, p)
				if side == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) {
					return true, true
				}
				if (a[1] <= p[1]) != (b[1] <= p[1]) && (side > 0) == (b[1] > a[1]) {
					inside = !inside
				}
			}
		}
	}
	return inside, false
}
