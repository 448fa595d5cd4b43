package coverage

import (
	"slices"

	"github.com/paulmach/orb"
)

// Shard is areas that are looked at together, as a rule the grids of one community. It does not change.
//
// Borders are kept as arcs, each once, whoever it is the border of: a ring is a list of arcs. What changes an arc changes
// both sides, so that neighbours cannot come apart. Over the arcs lies a raster of cells, which finds what covers a place.
type Shard struct {
	points []orb.Point // the vertices of the arcs
	arcs   []arc       // and one past the last
	runs   []int32     // the arcs of the rings
	rings  []ring      // and one past the last
	starts []int32     // of each area: its first ring; and one past the last
	crowds [][]int32   // areas that are named together
	boxes  []orb.Bound // of each area; of an empty one, what holds nothing
	raster raster
}

// NewShard makes a shard of areas, which are snapped (shape.Snap) and valid; they may overlap, have holes and parts, be empty.
// Vertices that neighbours lack are put in (InsertTVertices); areas itself is not changed. Area i of the shard is areas[i].
func NewShard(areas []orb.MultiPolygon) *Shard {
	work := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		work[i] = make(orb.MultiPolygon, len(a))
		for j, p := range a {
			work[i][j] = slices.Clone(p) // InsertTVertices replaces rings, and leaves the old ones alone
		}
	}
	InsertTVertices(work)

	s := &Shard{boxes: make([]orb.Bound, len(areas))}
	for i, a := range work {
		s.boxes[i] = boxOf(a)
	}
	c := &crowds{}
	s.breakUp(work, c)
	s.rasterise(c)
	return s
}

// nowhere is a box that holds nothing and comes near nothing.
var nowhere = orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}

func boxOf(a orb.MultiPolygon) orb.Bound {
	box := nowhere
	for _, polygon := range a {
		for _, r := range polygon {
			for _, p := range r {
				if box == nowhere {
					box = orb.Bound{Min: p, Max: p}
				}
				box = box.Extend(p)
			}
		}
	}
	return box
}

// box is the least box around all areas.
func (s *Shard) box() orb.Bound {
	if s == nil || s.raster.nx == 0 {
		return nowhere
	}
	return s.raster.box
}

// Len is how many areas the shard has.
func (s *Shard) Len() int { return len(s.boxes) }

// Box is the least box around area i; Min lies past Max where it is empty.
func (s *Shard) Box(i int) orb.Bound { return s.boxes[i] }

// Area is area i, made anew: what came in, and the vertices put in.
func (s *Shard) Area(i int) orb.MultiPolygon {
	area := orb.MultiPolygon{}
	for k, to := s.ringsOf(int32(i)); k < to; k++ {
		n := 1
		for _, a := range s.arcsOf(k) {
			n += len(s.path(max(a, ^a))) - 1
		}
		r := make(orb.Ring, 0, n)
		for _, a := range s.arcsOf(k) {
			r = s.appendArc(r, a)
		}
		if n > 1 {
			rotate(r, int(s.rings[k].skip))
			r = append(r, r[0])
		}
		if !s.rings[k].hole {
			area = append(area, nil)
		}
		area[len(area)-1] = append(area[len(area)-1], r)
	}
	return area
}

// appendArc appends an arc, run as in a ring, without its last vertex.
func (s *Shard) appendArc(r orb.Ring, a int32) orb.Ring {
	path := s.path(max(a, ^a))
	if a >= 0 {
		return append(r, path[:len(path)-1]...)
	}
	for i := len(path) - 1; i > 0; i-- {
		r = append(r, path[i])
	}
	return r
}

// rotate makes r begin with what is at n.
func rotate(r orb.Ring, n int) {
	slices.Reverse(r[:n])
	slices.Reverse(r[n:])
	slices.Reverse(r)
}
