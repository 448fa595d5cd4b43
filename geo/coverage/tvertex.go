package coverage

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Inserted is a vertex that InsertTVertices put into an edge.
type Inserted struct {
	Area, Polygon, Ring int       // where: areas[Area][Polygon][Ring]
	At                  orb.Point // the vertex, longitude and latitude in degrees
}

// InsertTVertices makes neighbouring areas carry the same vertices along their shared borders. Where a vertex of one
// area lies on the inside of an edge of another, at most one unit (1e-8 degree, 1 mm) off its line, it is put
// into that edge; so is a vertex of the same area, if it lies on the line exactly. Without this geodesic areas of
// neighbours do not add up, and edges do not pair.
//
// Areas must be snapped (shape.Snap); rings are closed. Changed rings are replaced in areas, that is, the caller's
// slices hold the new rings, while the old rings' positions stay as they were. What was inserted is returned in the
// order of areas, polygons, rings and edges; the same input gives the same answer, and a second call inserts nothing.
// No vertex moves, and no new place comes up. Drawn in degrees, an insertion changes an area by at most its edge's
// length times half a unit, 0.6 m² on an edge of 1 km, and by nothing where the vertex is on the line.
//
// It repairs borders that are meant to be one. Gaps and overlaps wider than a unit, and edges that cross, stay, for
// problem finding; and a ring with two parts of itself within a unit of each other can come to touch itself, so
// validity is checked after this, not before.
//
// Cost: sorting all vertices, then for each edge the vertices near it. 10,000 areas of 250 vertices take some 2 s.
func InsertTVertices(areas []orb.MultiPolygon) []Inserted {
	ins := &inserter{index: newStrips(areas)}
	for a, area := range areas {
		ins.enter(area)
		for p, polygon := range area {
			for r, ring := range polygon {
				if changed, ok := ins.ring(ring); ok {
					polygon[r] = changed
					for _, v := range ins.added {
						ins.all = append(ins.all, Inserted{Area: a, Polygon: p, Ring: r, At: v.point()})
					}
				}
			}
		}
	}
	return ins.all
}

type inserter struct {
	index *strips
	all   []Inserted
	added []vertex // into the ring at work

	area orb.MultiPolygon    // at work
	own  map[vertex]struct{} // its vertices; made when first asked for, since most areas never ask
}

func (ins *inserter) enter(area orb.MultiPolygon) { ins.area, ins.own = area, nil }

// owns reports whether v is a vertex of the area at work, insertions included.
func (ins *inserter) owns(v vertex) bool {
	if ins.own == nil {
		ins.own = map[vertex]struct{}{}
		eachVertex(ins.area, func(v vertex) { ins.own[v] = struct{}{} })
		for _, v := range ins.added { // the ring at work is not in the area yet
			ins.own[v] = struct{}{}
		}
	}
	_, ok := ins.own[v]
	return ok
}

// ring returns r with the vertices that it lacked, and false where it lacks none. They are left in added.
func (ins *inserter) ring(r orb.Ring) (orb.Ring, bool) {
	ins.added = ins.added[:0]
	var out orb.Ring // made at the first insertion
	for i := 1; i < len(r); i++ {
		if !finite(r[i-1]) || !finite(r[i]) {
			return nil, false // not snapped geometry, and nothing to compare
		}
		before := len(ins.added)
		ins.edge(quantise(r[i-1]), quantise(r[i]))
		if len(ins.added) > before && out == nil {
			out = append(make(orb.Ring, 0, len(r)+8), r[:i]...)
		}
		if out == nil {
			continue
		}
		for _, v := range ins.added[before:] {
			out = append(out, v.point())
		}
		out = append(out, r[i])
	}
	return out, out != nil
}

// edge appends to added, from a to b, the vertices to be put between. It takes the one nearest to the line and goes
// on with both halves, which may have vertices beside them that the whole had not. Both halves are shorter than the
// whole, since the vertex lies within a unit of the line and not past its ends, so this comes to an end. The neighbour
// runs along the edge from b to a, so nothing here may depend on the direction.
func (ins *inserter) edge(a, b vertex) {
	v, ok := ins.nearest(a, b)
	if !ok {
		return
	}
	ins.edge(a, v)
	ins.added = append(ins.added, v)
	if ins.own != nil {
		ins.own[v] = struct{}{}
	}
	ins.edge(v, b)
}

// nearest finds the vertex on the inside of the edge that is least off its line; of several the one nearest the
// middle, so that an edge with thousands of them is halved each time; of these the least by x, y.
func (ins *inserter) nearest(a, b vertex) (best vertex, found bool) {
	var least, middle int64
	ins.index.near(a, b, func(v vertex) {
		off, ok := touches(a, b, v)
		if !ok {
			return
		}
		aside := abs(2*v.x-a.x-b.x) + abs(2*v.y-a.y-b.y)
		if found && cmp.Or(cmp.Compare(off, least), cmp.Compare(aside, middle), v.compare(best)) >= 0 {
			return
		}
		// The area's own vertex a hair off its own edge marks a sliver, which insertion would flatten to nothing.
		if off != 0 && ins.owns(v) {
			return
		}
		best, least, middle, found = v, off, aside, true
	})
	return best, found
}

// eachVertex calls f with every vertex of the area's rings but the last of each, which is the first again.
func eachVertex(area orb.MultiPolygon, f func(vertex)) {
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, p := range ring {
				if i == len(ring)-1 && i > 0 && p == ring[0] {
					break
				}
				if finite(p) {
					f(quantise(p))
				}
			}
		}
	}
}

// strips is an index of vertices: horizontal strips as high as the mean edge, each sorted by x. An edge then meets
// two strips on average, however uneven the data are.
type strips struct {
	height   int64
	vertices []vertex // by strip, then x, then y, each once
	starts   map[int64][2]int32
}

func newStrips(areas []orb.MultiPolygon) *strips {
	var n int
	var rise float64
	for _, area := range areas {
		for _, polygon := range area {
			for _, ring := range polygon {
				n += len(ring)
				for i := 1; i < len(ring); i++ {
					if d := math.Abs(ring[i][1] - ring[i-1][1]); d <= 360 {
						rise += d * 1e8
					}
				}
			}
		}
	}
	s := &strips{height: 16, starts: map[int64][2]int32{}}
	if n > 0 {
		s.height = max(s.height, int64(rise/float64(n))*2)
	}
	s.vertices = make([]vertex, 0, n)
	for _, area := range areas {
		eachVertex(area, func(v vertex) { s.vertices = append(s.vertices, v) })
	}
	slices.SortFunc(s.vertices, func(v, w vertex) int {
		return cmp.Or(cmp.Compare(s.strip(v.y), s.strip(w.y)), v.compare(w))
	})
	s.vertices = slices.Compact(s.vertices)
	for i := 0; i < len(s.vertices); {
		row, j := s.strip(s.vertices[i].y), i+1
		for j < len(s.vertices) && s.strip(s.vertices[j].y) == row {
			j++
		}
		s.starts[row] = [2]int32{int32(i), int32(j)}
		i = j
	}
	return s
}

// strip rounds down, below the equator as well.
func (s *strips) strip(y int64) int64 {
	q := y / s.height
	if y%s.height < 0 {
		q--
	}
	return q
}

// near calls f with every vertex within one unit of the edge from a to b, and some others.
func (s *strips) near(a, b vertex, f func(vertex)) {
	if a.y > b.y {
		a, b = b, a
	}
	for row := s.strip(a.y - 1); row <= s.strip(b.y+1); row++ {
		span, ok := s.starts[row]
		if !ok {
			continue
		}
		west, east := reach(a, b, row*s.height-1, (row+1)*s.height)
		strip := s.vertices[span[0]:span[1]]
		first, _ := slices.BinarySearchFunc(strip, west, func(v vertex, x int64) int {
			if v.x < x {
				return -1
			}
			return 1
		})
		for _, v := range strip[first:] {
			if v.x > east {
				break
			}
			f(v)
		}
	}
}

// reach is how far west and east the edge from a up to b goes between the latitudes south and north, and two units
// more: one for what may lie off the line, one for rounding.
func reach(a, b vertex, south, north int64) (west, east int64) {
	x1, x2 := float64(a.x), float64(b.x)
	if rise := float64(b.y - a.y); rise > 0 {
		slope := (x2 - x1) / rise
		if south > a.y {
			x1 += slope * float64(min(south, b.y)-a.y)
		}
		if north < b.y {
			x2 = float64(a.x) + slope*float64(max(north, a.y)-a.y)
		}
	}
	return int64(math.Floor(min(x1, x2))) - 2, int64(math.Ceil(max(x1, x2))) + 2
}
