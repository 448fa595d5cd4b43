package coverage

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// label names areas of a shard: none, one by its number, or several, by the place of their list in the crowds of a shard or a sheet.
type label int32

const none label = -1

// crowd is the label of the list at k.
func crowd(k int) label { return label(-2 - k) }

// areasOf are those of a label; one is where a label of one area is written down.
func areasOf(l label, crowds [][]int32, one *[1]int32) []int32 {
	switch {
	case l >= 0:
		one[0] = int32(l)
		return one[:]
	case l == none:
		return nil
	default:
		return crowds[-2-l]
	}
}

// appendAreas appends the areas of labels. Of all borders that are crossed on the way to a place, and of the label where the way begins,
// those cover the place that are there oddly often (oddly).
func appendAreas(crowds [][]int32, out []int32, labels ...label) []int32 {
	var one [1]int32
	for _, l := range labels {
		out = append(out, areasOf(l, crowds, &one)...)
	}
	return out
}

// oddly keeps, in order, the areas that are in the list an odd number of times. However many there are, that takes no more than sorting.
func oddly(areas []int32) []int32 {
	slices.Sort(areas)
	out := areas[:0]
	for from := 0; from < len(areas); {
		to := from + 1
		for to < len(areas) && areas[to] == areas[from] {
			to++
		}
		if (to-from)%2 == 1 {
			out = append(out, areas[from])
		}
		from = to
	}
	return out
}

func (s *Shard) areas(l label, one *[1]int32) []int32 { return areasOf(l, s.crowds, one) }

// crowds makes labels while a shard is built or a sheet is drawn: the same areas have the same label.
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

// arc is a piece of border between two nodes: all of it borders the same areas, and every ring through one of its edges runs along
// all of it. A node is where more or fewer than two edges meet, or one vertex of a ring that meets no other.
type arc struct {
	first       int32 // of its vertices in the shard's; they end where the next arc's begin
	left, right label // the areas beside it, seen along it; as a rule one each, or none beyond the outermost border
}

func (a *arc) sides() [2]label { return [2]label{a.left, a.right} }

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

// halfEdge is an edge as a ring runs along it.
type halfEdge struct {
	ends     uint64 // vertices, by number: the lower and the higher
	ring, at int32  // from the vertex at of the ring
}

// chain is what is known of an edge, whoever runs along it.
type chain struct {
	left, right label // seen from low to high
	arc         int32 // -1 while it has none
	up          bool  // the arc runs from low to high
}

// meeting is how many edges meet at a vertex, and two of them.
type meeting struct{ edges, one, other int32 }

// breakUp makes the arcs and rings of areas, which carry the same vertices on both sides of shared borders.
func (s *Shard) breakUp(areas []orb.MultiPolygon, b *builder) {
	b.rings, b.area, b.inner, b.at, b.begins = b.rings[:0], b.area[:0], b.inner[:0], b.at[:0], append(b.begins[:0], 0)
	defer func() { clear(b.rings) }() // they are the caller's
	s.starts = make([]int32, len(areas)+1)
	total := 0
	for i, a := range areas {
		for _, polygon := range a {
			for j, r := range polygon {
				turn := shape.Turn(r)
				if j > 0 {
					turn = -turn
				}
				r = r[:max(len(r)-1, 0)]
				b.rings, b.area, b.inner = append(b.rings, r), append(b.area, int32(i)), append(b.inner, int8(turn))
				total += len(r)
			}
		}
		s.starts[i+1] = int32(len(b.rings))
	}
	s.rings = make([]ring, len(b.rings)+1)
	for i := range areas {
		k := s.starts[i]
		for _, polygon := range areas[i] {
			for j := range polygon {
				s.rings[k].hole = j > 0
				k++
			}
		}
	}
	s.number(b, total)

	// Edges get numbers, and the areas beside them.
	b.halves = b.halves[:0]
	for k := range b.rings {
		mine := b.ring(k)
		for i, v := range mine {
			w := mine[0]
			if i+1 < len(mine) {
				w = mine[i+1]
			}
			b.halves = append(b.halves, halfEdge{uint64(min(v, w))<<32 | uint64(max(v, w)), int32(k), int32(i)})
		}
	}
	slices.SortFunc(b.halves, func(a, b halfEdge) int {
		if a.ends != b.ends {
			return cmp.Compare(a.ends, b.ends)
		}
		return cmp.Or(int(a.ring-b.ring), int(a.at-b.at))
	})
	b.edges, b.edgeAt = b.edges[:0], slices.Grow(b.edgeAt[:0], total)[:total]
	b.meeting = append(b.meeting[:0], make([]meeting, len(b.vertices))...)
	var left, right []int32
	for i := 0; i < len(b.halves); {
		ends := b.halves[i].ends
		low, high := int32(ends>>32), int32(ends&math.MaxInt32)
		left, right = left[:0], right[:0]
		for ; i < len(b.halves) && b.halves[i].ends == ends; i++ {
			k, a := b.halves[i].ring, b.begins[b.halves[i].ring]+b.halves[i].at
			b.edgeAt[a] = int32(len(b.edges))
			if (b.at[a] == low) == (b.inner[k] >= 0) {
				left = append(left, b.area[k])
			} else {
				right = append(right, b.area[k])
			}
		}
		slices.Sort(left)
		slices.Sort(right)
		for _, v := range [2]int32{low, high} {
			m := &b.meeting[v]
			m.edges, m.one, m.other = m.edges+1, m.other, int32(len(b.edges))
		}
		b.edges = append(b.edges, chain{b.crowds.label(left), b.crowds.label(right), -1, false})
	}

	b.node = slices.Grow(b.node[:0], len(b.vertices))[:len(b.vertices)]
	for v, m := range b.meeting {
		b.node[v] = m.edges != 2
		if m.edges == 2 { // no valid ring turns back at v, so that both edges border the same; held for others too
			e, f := b.edges[m.one], b.edges[m.other]
			b.node[v] = !(e.left == f.left && e.right == f.right || e.left == f.right && e.right == f.left)
		}
	}
	isNode := func(v int32) bool { return b.node[v] }
	for k := range b.rings {
		if mine := b.ring(k); len(mine) > 0 && !slices.ContainsFunc(mine, isNode) {
			b.node[mine[0]] = true
		}
	}

	// Each ring goes from node to node. The first to come along an arc gives it its direction.
	b.units, b.runs, b.arcs = b.units[:0], b.runs[:0], b.arcs[:0]
	for k := range b.rings {
		s.rings[k].arcs = int32(len(b.runs))
		mine, edgeAt := b.ring(k), b.edgeAt[b.begins[k]:]
		n := len(mine)
		if n == 0 {
			continue
		}
		begin := slices.IndexFunc(mine, isNode)
		s.rings[k].skip = int32((n - begin) % n)
		for done := 0; done < n; {
			from := (begin + done) % n
			size := 1
			for !b.node[mine[(from+size)%n]] {
				size++
			}
			e := &b.edges[edgeAt[from]]
			up := mine[from] < mine[(from+1)%n]
			if e.arc < 0 {
				number := int32(len(b.arcs))
				a := arc{first: int32(len(b.units)), left: e.left, right: e.right}
				if !up {
					a.left, a.right = a.right, a.left
				}
				b.arcs = append(b.arcs, a)
				for i := range size + 1 {
					here := (from + i) % n
					b.units = append(b.units, b.vertices[mine[here]])
					if i < size {
						f := &b.edges[edgeAt[here]]
						f.arc, f.up = number, mine[here] < mine[(here+1)%n]
					}
				}
			}
			if e.up == up {
				b.runs = append(b.runs, e.arc)
			} else {
				b.runs = append(b.runs, ^e.arc)
			}
			done += size
		}
	}
	s.rings[len(b.rings)].arcs = int32(len(b.runs))
	s.arcs, s.runs = slices.Clone(append(b.arcs, arc{first: int32(len(b.units))})), slices.Clone(b.runs)
	s.keep(b)
}

// ring is the vertices of ring k, by number.
func (b *builder) ring(k int) []int32 { return b.at[b.begins[k]:b.begins[k+1]] }

// number gives vertices numbers, in the order in which they come up.
func (s *Shard) number(b *builder, total int) {
	bits := 64 - bits.LeadingZeros64(uint64(2*total))
	b.table = slices.Grow(b.table[:0], 1<<bits)[:1<<bits]
	clear(b.table)
	b.vertices = b.vertices[:0]
	for _, r := range b.rings {
		for _, p := range r {
			v := quantise(p)
			h := (uint64(v.x)*0x9e3779b97f4a7c15 ^ uint64(v.y)) * 0xd6e8feb86659fd93 >> (64 - bits)
			for b.table[h] != 0 && b.vertices[b.table[h]-1] != v {
				h = (h + 1) & (1<<bits - 1)
			}
			if b.table[h] == 0 {
				b.vertices = append(b.vertices, v)
				b.table[h] = int32(len(b.vertices))
			}
			b.at = append(b.at, b.table[h]-1)
		}
		b.begins = append(b.begins, int32(len(b.at)))
	}
}

// keep stores the vertices of the arcs, and what is around each block of them.
func (s *Shard) keep(b *builder) {
	if len(b.units) == 0 {
		return
	}
	low, high := b.units[0], b.units[0]
	for _, v := range b.units {
		low, high = vertex{min(low.x, v.x), min(low.y, v.y)}, vertex{max(high.x, v.x), max(high.y, v.y)}
	}
	s.origin = low
	if high.minus(low).short() {
		s.places = make([]place, len(b.units))
		for i, v := range b.units {
			s.places[i] = place{int32(v.x - low.x), int32(v.y - low.y)}
		}
	} else {
		s.wide = slices.Clone(b.units)
	}
	s.blocks = make([]orb.Bound, (len(b.units)+block-1)/block)
	for i := range s.blocks {
		box := nowhere
		for _, v := range b.units[i*block : min(i*block+block+1, len(b.units))] { // the last edge ends in the next block
			box = union(box, orb.Bound{Min: v.point(), Max: v.point()})
		}
		s.blocks[i] = box
	}
}
