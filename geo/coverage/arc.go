package coverage

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// label names areas of a shard: none, one by its number, or several, by the place of their list in Shard.crowds.
type label int32

const none label = -1

// crowd is the label of the list at k.
func crowd(k int) label { return label(-2 - k) }

// areas are those of a label; one is where a label of one area is written down.
func (s *Shard) areas(l label, one *[1]int32) []int32 {
	switch {
	case l >= 0:
		one[0] = int32(l)
		return one[:]
	case l == none:
		return nil
	default:
		return s.crowds[-2-l]
	}
}

// crowds makes labels while a shard is built: the same areas have the same label.
type crowds struct {
	lists [][]int32
	known map[string]label
	size  int // of all lists
	key   []byte
}

// label takes areas in ascending order and copies what it keeps.
func (c *crowds) label(areas []int32) label {
	switch len(areas) {
	case 0:
		return none
	case 1:
		return label(areas[0])
	}
	c.key = c.key[:0]
	for _, a := range areas {
		c.key = append(c.key, byte(a), byte(a>>8), byte(a>>16), byte(a>>24))
	}
	l, ok := c.known[string(c.key)]
	if !ok {
		if c.known == nil {
			c.known = map[string]label{}
		}
		l = crowd(len(c.lists))
		c.known[string(c.key)] = l
		c.lists, c.size = append(c.lists, slices.Clone(areas)), c.size+len(areas)
	}
	return l
}

// forget takes back all lists but the first n.
func (c *crowds) forget(n int) {
	for _, list := range c.lists[n:] {
		c.size -= len(list)
	}
	c.lists = c.lists[:n]
	maps.DeleteFunc(c.known, func(_ string, l label) bool { return int(-2-l) >= n })
}

// arc is a piece of border between two nodes: all of it borders the same areas, and every ring through one of its edges runs along
// all of it. A node is where more or fewer than two edges meet, or one vertex of a ring that meets no other.
type arc struct {
	first       int32 // of its vertices in Shard.points; they end where the next arc's begin
	left, right label // the areas beside it, seen along it; as a rule one each, or none beyond the outermost border
}

// ring is a ring of an area: arcs one after the other, run forwards (the arc's number) or backwards (its complement, ^).
type ring struct {
	arcs int32 // its first in Shard.runs; they end where the next ring's begin
	skip int32 // by how many vertices the ring that came in begins later than its first arc
	hole bool
}

// arcs returns the arcs of ring k.
func (s *Shard) arcsOf(k int32) []int32 { return s.runs[s.rings[k].arcs:s.rings[k+1].arcs] }

// ringsOf returns the numbers of the rings of area i, from and to.
func (s *Shard) ringsOf(i int32) (from, to int32) { return s.starts[i], s.starts[i+1] }

// path is the vertices of arc k, both ends included.
func (s *Shard) path(k int32) []orb.Point { return s.points[s.arcs[k].first:s.arcs[k+1].first] }

// halfEdge is an edge as a ring runs along it.
type halfEdge struct {
	low, high int32 // vertices, by number
	ring, at  int32 // from the vertex at of the ring
}

// chain is what is known of an edge, whoever runs along it.
type chain struct {
	left, right label // seen from low to high
	arc         int32 // -1 while it has none
	up          bool  // the arc runs from low to high
}

// breakUp makes the arcs and rings of areas, which carry the same vertices on both sides of shared borders.
func (s *Shard) breakUp(areas []orb.MultiPolygon, c *crowds) {
	var rings []orb.Ring // without the last vertex, which is the first again
	var area []int32
	var inner []int // 1 where the area lies to the left of its ring, -1 to the right
	total := 0
	s.starts = make([]int32, len(areas)+1)
	for i, a := range areas {
		for _, polygon := range a {
			for j, r := range polygon {
				turn := shape.Turn(r)
				if j > 0 {
					turn = -turn
				}
				s.rings = append(s.rings, ring{hole: j > 0})
				r = r[:max(len(r)-1, 0)]
				rings, area, inner, total = append(rings, r), append(area, int32(i)), append(inner, turn), total+len(r)
			}
		}
		s.starts[i+1] = int32(len(rings))
	}
	s.rings = slices.Clip(append(s.rings, ring{}))

	// Vertices get numbers.
	ids, at := make(map[orb.Point]int32, total/2), make([]int32, 0, total)
	begins := make([]int, len(rings)+1)
	for k, r := range rings {
		for _, p := range r {
			id, ok := ids[p]
			if !ok {
				id = int32(len(ids))
				ids[p] = id
			}
			at = append(at, id)
		}
		begins[k+1] = len(at)
	}
	vertices := len(ids)
	ids = nil

	// Edges get numbers, and the areas beside them.
	halves := make([]halfEdge, 0, total)
	for k := range rings {
		mine := at[begins[k]:begins[k+1]]
		for i, v := range mine {
			w := mine[(i+1)%len(mine)]
			halves = append(halves, halfEdge{min(v, w), max(v, w), int32(k), int32(i)})
		}
	}
	slices.SortFunc(halves, func(a, b halfEdge) int {
		return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.high, b.high), cmp.Compare(a.ring, b.ring), cmp.Compare(a.at, b.at))
	})
	edges, edgeAt := make([]chain, 0, total), make([]int32, total)
	meeting := make([]struct{ edges, one, other int32 }, vertices)
	var left, right []int32
	for i := 0; i < len(halves); {
		h := halves[i]
		left, right = left[:0], right[:0]
		for ; i < len(halves) && halves[i].low == h.low && halves[i].high == h.high; i++ {
			k, a := halves[i].ring, halves[i].at
			edgeAt[begins[k]+int(a)] = int32(len(edges))
			if (at[begins[k]+int(a)] == h.low) == (inner[k] >= 0) {
				left = append(left, area[k])
			} else {
				right = append(right, area[k])
			}
		}
		slices.Sort(left)
		slices.Sort(right)
		for _, v := range [2]int32{h.low, h.high} {
			m := &meeting[v]
			m.edges, m.one, m.other = m.edges+1, m.other, int32(len(edges))
		}
		edges = append(edges, chain{c.label(left), c.label(right), -1, false})
	}

	node := make([]bool, vertices)
	for v, m := range meeting {
		node[v] = m.edges != 2
		if m.edges == 2 { // no valid ring turns back at v, so that both edges border the same; held for others too
			e, f := edges[m.one], edges[m.other]
			node[v] = !(e.left == f.left && e.right == f.right || e.left == f.right && e.right == f.left)
		}
	}
	for k := range rings {
		if mine := at[begins[k]:begins[k+1]]; len(mine) > 0 && !slices.ContainsFunc(mine, func(v int32) bool { return node[v] }) {
			node[mine[0]] = true
		}
	}

	// Each ring goes from node to node. The first to come along an arc gives it its direction.
	points, runs := make([]orb.Point, 0, total/2+total/8), []int32(nil)
	for k, r := range rings {
		s.rings[k].arcs = int32(len(runs))
		mine := at[begins[k]:begins[k+1]]
		n := len(mine)
		if n == 0 {
			continue
		}
		begin := slices.IndexFunc(mine, func(v int32) bool { return node[v] })
		s.rings[k].skip = int32((n - begin) % n)
		for done := 0; done < n; {
			from := (begin + done) % n
			size := 1
			for !node[mine[(from+size)%n]] {
				size++
			}
			e := &edges[edgeAt[begins[k]+from]]
			next := mine[(from+1)%n]
			up := mine[from] < next
			if e.arc < 0 {
				number := int32(len(s.arcs))
				a := arc{first: int32(len(points)), left: e.left, right: e.right}
				if !up {
					a.left, a.right = a.right, a.left
				}
				s.arcs = append(s.arcs, a)
				for i := range size {
					here := (from + i) % n
					points = append(points, r[here])
					f := &edges[edgeAt[begins[k]+here]]
					f.arc, f.up = number, mine[here] < mine[(here+1)%n]
				}
				points = append(points, r[(from+size)%n])
			}
			if e.up == up {
				runs = append(runs, e.arc)
			} else {
				runs = append(runs, ^e.arc)
			}
			done += size
		}
	}
	s.rings[len(rings)].arcs = int32(len(runs))
	s.arcs = slices.Clip(append(s.arcs, arc{first: int32(len(points))}))
	s.points, s.runs = slices.Clone(points), slices.Clone(runs)
}
