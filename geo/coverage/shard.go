package coverage

import (
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// Shard is areas that are looked at together, as a rule the grids of one community. It does not change.
//
// Borders are kept as arcs, each once, whoever it is the border of: a ring is a list of arcs. What changes an arc changes
// both sides, so that neighbours cannot come apart.
type Shard struct {
	box    orb.Bound   // of all areas; nowhere where they are empty
	origin vertex      // the south-west corner of the box
	places []place     // the vertices of the arcs, from the origin; nil where these lie too far apart,
	wide   []vertex    // and then these, from Greenwich and the equator
	blocks []orb.Bound // of each block of edges, by their first vertices
	arcs   []arc       // and one past the last
	runs   []int32     // the arcs of the rings
	rings  []ring      // and one past the last
	starts []int32     // of each area: its first ring; and one past the last
	crowds [][]int32   // areas that are named together
	boxes  []orb.Bound // of each area; of an empty one, what holds nothing
	marks  []orb.Point // places that stay on their side of each border, however that is drawn
}

// NewShard makes a shard of areas, which are snapped (shape.Snap) and valid; they may overlap, have holes and parts, be empty.
// Vertices that neighbours lack are put in (InsertTVertices); areas itself is not changed. Area i of the shard is areas[i]. Marks are
// places that stay on their side of each border, however that is simplified to be drawn (Draw): of names, as a rule.
func NewShard(areas []orb.MultiPolygon, marks ...orb.Point) *Shard {
	work := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		work[i] = make(orb.MultiPolygon, len(a))
		for j, p := range a {
			work[i][j] = slices.Clone(p) // InsertTVertices replaces rings, and leaves the old ones alone
		}
	}
	InsertTVertices(work)

	s := &Shard{boxes: make([]orb.Bound, len(areas)), box: nowhere, marks: marks}
	for i, a := range work {
		s.boxes[i] = boxOf(a)
		s.box = union(s.box, s.boxes[i])
	}
	b := builders.Get().(*builder)
	defer builders.Put(b)
	b.crowds = crowds{}
	s.breakUp(work, b)
	s.crowds = b.crowds.lists
	return s
}

// place is a vertex in units from the origin of its shard; 2^31 of them are 21 degrees.
type place struct{ x, y int32 }

// block is how many edges are passed over at a time where they are looked for.
const block = 32

// builder is what a shard is built with; the next one is built in the same memory.
type builder struct {
	crowds   crowds
	units    []vertex // of the arcs
	table    []int32  // vertices by hash, their number and 1 more
	vertices []vertex
	rings    []orb.Ring // without the last vertex, which is the first again
	area     []int32    // of each ring
	inner    []int8     // 1 where the area lies to the left of its ring, -1 to the right
	begins   []int32    // of the rings in at, and one past the last
	at       []int32    // vertices of the rings, by number
	halves   []halfEdge
	edges    []chain
	edgeAt   []int32 // of each vertex in at: the edge that begins there
	meeting  []meeting
	node     []bool
	runs     []int32
	arcs     []arc
}

var builders = sync.Pool{New: func() any { return &builder{} }}

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

// union is the box around both.
func union(a, b orb.Bound) orb.Bound {
	switch nowhere {
	case a:
		return b
	case b:
		return a
	default:
		return a.Union(b)
	}
}

// bound is the least box around all areas.
func (s *Shard) bound() orb.Bound {
	if s == nil {
		return nowhere
	}
	return s.box
}

// Len is how many areas the shard has.
func (s *Shard) Len() int { return len(s.boxes) }

// Box is the least box around area i; Min lies past Max where it is empty.
func (s *Shard) Box(i int) orb.Bound { return s.boxes[i] }

// edges is how many edges the arcs have.
func (s *Shard) edges() int {
	if s == nil {
		return 0
	}
	return len(s.places) + len(s.wide) - (len(s.arcs) - 1)
}

// vertexAt is vertex i of the arcs.
func (s *Shard) vertexAt(i int32) vertex {
	if s.places == nil {
		return s.wide[i]
	}
	p := s.places[i]
	return vertex{s.origin.x + int64(p.x), s.origin.y + int64(p.y)}
}

// at is vertex i of the arcs in degrees: the float64s that came in.
func (s *Shard) at(i int32) orb.Point { return s.vertexAt(i).point() }

// eachEdge calls f with each edge whose box meets b, by its first vertex, in order, and its arc.
func (s *Shard) eachEdge(b orb.Bound, f func(first, arc int32)) {
	for k, box := range s.blocks {
		if !meets(box, b) {
			continue
		}
		first, last := int32(k*block), s.arcs[len(s.arcs)-1].first
		arc := s.arcOf(first)
		p := s.at(first)
		for e := first; e < min(first+block, last-1); e++ {
			q := s.at(e + 1)
			if e+1 == s.arcs[arc+1].first { // between two arcs
				arc++
			} else if min(p[0], q[0]) <= b.Max[0] && b.Min[0] <= max(p[0], q[0]) && min(p[1], q[1]) <= b.Max[1] && b.Min[1] <= max(p[1], q[1]) {
				f(e, arc)
			}
			p = q
		}
	}
}

// arcOf is the arc that vertex i is of.
func (s *Shard) arcOf(i int32) int32 {
	k, _ := slices.BinarySearchFunc(s.arcs, i+1, func(a arc, v int32) int { return int(a.first) - int(v) })
	return int32(k) - 1
}

// covers appends the areas that cover p, which is no vertex and thought to lie a trifle further north-east (crosses), to out, which is empty.
func (s *Shard) covers(p orb.Point, out []int32) []int32 {
	west := orb.Point{s.box.Min[0] - 1, p[1]}
	s.eachEdge(orb.Bound{Min: west, Max: p}, func(e, arc int32) {
		if crosses(s.at(e), s.at(e+1), west, p) {
			out = s.appendSides(arc, out)
		}
	})
	return oddly(out)
}

// appendSides appends the areas on both sides of arc k.
func (s *Shard) appendSides(k int32, out []int32) []int32 {
	sides := s.arcs[k].sides()
	return appendAreas(s.crowds, out, sides[:]...)
}

// appendPath appends the vertices of arc k, both ends included.
func (s *Shard) appendPath(path []orb.Point, k int32) []orb.Point {
	for i := s.arcs[k].first; i < s.arcs[k+1].first; i++ {
		path = append(path, s.at(i))
	}
	return path
}

// Area is area i, made anew: what came in, and the vertices put in.
func (s *Shard) Area(i int) orb.MultiPolygon {
	area := orb.MultiPolygon{}
	for k, to := s.ringsOf(int32(i)); k < to; k++ {
		n := 1
		for _, a := range s.arcsOf(k) {
			n += s.edgesIn(max(a, ^a))
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

// edgesIn is how many edges arc k has.
func (s *Shard) edgesIn(k int32) int { return int(s.arcs[k+1].first-s.arcs[k].first) - 1 }

// appendArc appends an arc, run as in a ring, without its last vertex.
func (s *Shard) appendArc(r orb.Ring, a int32) orb.Ring {
	from := len(r)
	r = orb.Ring(s.appendPath(r, max(a, ^a)))
	if a < 0 {
		slices.Reverse(r[from:])
	}
	return r[:len(r)-1]
}

// rotate makes r begin with what is at n.
func rotate[T any](r []T, n int) {
	slices.Reverse(r[:n])
	slices.Reverse(r[n:])
	slices.Reverse(r)
}
