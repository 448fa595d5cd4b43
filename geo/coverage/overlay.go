package coverage

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// overlay is borders laid over one another and cut wherever they meet: pieces between spots, which make loops around
// faces. It knows of each face what covers it. All of it is exact: a crossing is kept as the fraction that it is, nothing is
// moved, and so nothing comes to cross that did not. The one exception are crossings of edges of more than 42°, which are moved
// by less than a 2^62nd of a unit (finest): spots nearer to one another than that may become one, or change places.
//
// Borders come in layers. A layer is anything that has borders and a count of what lies to their left: an area, or what
// is left of the borders of many (Residue).
type overlay struct {
	edges  []edge // as they came, each once
	spans  []span // of the edges
	rows   rows   // over the edges
	spots  []spot
	pieces []piece
	around [][]side  // of each spot, the sides that leave it, counter-clockwise
	place  []int32   // of each side in around
	loop   []int32   // that each side is of
	first  []side    // of each loop
	cover  [][]count // of each loop: what covers the face to its left
}

// count is how many times a layer lies somewhere, or how many times more it does to the left of a line than to its right.
type count struct{ layer, n int32 }

// edge is a border of some layers, from a to b, where a is the lesser.
type edge struct {
	a, b   vertex
	counts []count
}

// piece is a part of an edge that nothing cuts. Its direction is the edge's.
type piece struct {
	from, to  int32 // spots
	direction vertex
	counts    []count
}

// side is a piece run along one way: 2n is piece n from its start, 2n+1 the same back. What a side borders lies to its left.
type side int32

func (s side) back() side { return s ^ 1 }

func (o *overlay) from(s side) int32 {
	p := &o.pieces[s>>1]
	if s&1 == 0 {
		return p.from
	}
	return p.to
}

func (o *overlay) direction(s side) vertex {
	d := o.pieces[s>>1].direction
	if s&1 == 0 {
		return d
	}
	return vertex{-d.x, -d.y}
}

// beside returns the side that leaves the same spot next, clockwise.
func (o *overlay) beside(s side) side {
	list := o.around[o.from(s)]
	return list[(int(o.place[s])+len(list)-1)%len(list)]
}

// newOverlay lays layers over one another.
func newOverlay(layers [][]leftEdge) *overlay {
	o := &overlay{edges: merged(layers)}
	o.spans = make([]span, len(o.edges))
	for i, e := range o.edges {
		o.spans[i] = spanOf(e.a, e.b)
	}
	o.rows = newRows(o.spans)
	o.divide(o.cuts())
	o.turn()
	o.walk()
	return o
}

// merged puts the layers' edges between the same vertices together.
func merged(layers [][]leftEdge) []edge {
	type one struct {
		a, b vertex
		count
	}
	n := 0
	for _, edges := range layers {
		n += len(edges)
	}
	all := make([]one, 0, n)
	for i, edges := range layers {
		for _, e := range edges {
			if e.a.compare(e.b) < 0 {
				all = append(all, one{e.a, e.b, count{int32(i), int32(e.count)}})
			} else {
				all = append(all, one{e.b, e.a, count{int32(i), -int32(e.count)}})
			}
		}
	}
	slices.SortFunc(all, func(e, f one) int { return cmp.Or(e.a.compare(f.a), e.b.compare(f.b), cmp.Compare(e.layer, f.layer)) })
	counts := make([]count, len(all)) // one after the other, those of an edge are a part of it
	var out []edge
	for i := 0; i < len(all); {
		from, j := i, i
		for ; j < len(all) && all[j].a == all[i].a && all[j].b == all[i].b; j++ {
			counts[j] = all[j].count
		}
		out = append(out, edge{all[i].a, all[i].b, sum(counts[from:j:j], nil, 1)})
		i = j
	}
	return out
}

// sum is a + sign × b, by layer, those left out that come to 0. Both are by layer; a may hold a layer several times. It does
// not change them.
func sum(a, b []count, sign int32) []count {
	out := make([]count, 0, len(a)+len(b))
	add := func(c count) {
		if n := len(out); n > 0 && out[n-1].layer == c.layer {
			out[n-1].n += c.n
		} else {
			out = append(out, c)
		}
	}
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].layer <= b[0].layer {
			add(a[0])
			a = a[1:]
		} else {
			add(count{b[0].layer, sign * b[0].n})
			b = b[1:]
		}
	}
	return slices.DeleteFunc(out, func(c count) bool { return c.n == 0 })
}

// cuts returns for each edge the spots inside it where it meets another.
func (o *overlay) cuts() [][]spot {
	out := make([][]spot, len(o.edges))
	o.rows.meetings(o.spans, func(i, j int32) {
		a, b, c, d := o.edges[i].a, o.edges[i].b, o.edges[j].a, o.edges[j].b
		ab, cd := b.minus(a), d.minus(c)
		sideC, sideD := sign(cross(ab, c.minus(a))), sign(cross(ab, d.minus(a)))
		if sideC*sideD > 0 {
			return
		}
		sideA, sideB := sign(cross(cd, a.minus(c))), sign(cross(cd, b.minus(c)))
		if sideA*sideB > 0 {
			return
		}
		for _, x := range []struct {
			side int
			v    vertex
			of   int32
		}{{sideC, c, i}, {sideD, d, i}, {sideA, a, j}, {sideB, b, j}} {
			// What lies on the line between its ends lies between them in the order of vertices.
			if e := &o.edges[x.of]; x.side == 0 && e.a.compare(x.v) < 0 && x.v.compare(e.b) < 0 {
				out[x.of] = append(out[x.of], spotAt(x.v))
			}
		}
		if sideC*sideD < 0 && sideA*sideB < 0 {
			s := crossing(a, b, c, d)
			out[i], out[j] = append(out[i], s), append(out[j], s)
		}
	})
	return out
}

// divide makes the spots and the pieces between them.
func (o *overlay) divide(cuts [][]spot) {
	numbers := make(map[spot]int32, len(o.edges))
	number := func(s spot) int32 {
		n, known := numbers[s]
		if !known {
			n = int32(len(o.spots))
			numbers[s] = n
			o.spots = append(o.spots, s)
		}
		return n
	}
	all := make([]piece, 0, len(o.edges))
	for i, e := range o.edges {
		slices.SortFunc(cuts[i], spot.compare)
		from, direction := number(spotAt(e.a)), e.b.minus(e.a)
		for _, s := range append(cuts[i], spotAt(e.b)) {
			if to := number(s); to != from {
				all = append(all, piece{from, to, direction, e.counts})
				from = to
			}
		}
	}
	// Edges that lie on one line have pieces in common.
	slices.SortFunc(all, func(p, q piece) int { return cmp.Or(cmp.Compare(p.from, q.from), cmp.Compare(p.to, q.to)) })
	o.pieces = all[:0]
	for _, p := range all {
		if n := len(o.pieces); n > 0 && o.pieces[n-1].from == p.from && o.pieces[n-1].to == p.to {
			o.pieces[n-1].counts = sum(o.pieces[n-1].counts, p.counts, 1)
		} else {
			o.pieces = append(o.pieces, p)
		}
	}
}

// turn puts the sides around each spot in order.
func (o *overlay) turn() {
	degree := make([]int32, len(o.spots)+1)
	for s := range side(2 * len(o.pieces)) {
		degree[o.from(s)+1]++
	}
	for i := range o.spots {
		degree[i+1] += degree[i]
	}
	sides := make([]side, 2*len(o.pieces))
	o.around = make([][]side, len(o.spots))
	for i := range o.around {
		o.around[i] = sides[degree[i]:degree[i]:degree[i+1]]
	}
	for s := range side(2 * len(o.pieces)) {
		o.around[o.from(s)] = append(o.around[o.from(s)], s)
	}
	o.place = make([]int32, 2*len(o.pieces))
	for _, list := range o.around {
		slices.SortFunc(list, func(s, t side) int { return o.direction(s).turn(o.direction(t)) })
		for i, s := range list {
			o.place[s] = int32(i)
		}
	}
}

// turn orders directions counter-clockwise, those from just right of south to north before the others.
func (v vertex) turn(w vertex) int {
	west := func(d vertex) int {
		if d.x < 0 || d.x == 0 && d.y < 0 {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(west(v), west(w)), -sign(cross(v, w)))
}

// walk finds the loops and what covers the faces to their left: outside of what hangs together what lies around it covers,
// and from loop to loop the counts of the pieces between them tell.
func (o *overlay) walk() {
	o.loop = make([]int32, 2*len(o.pieces))
	for s := range o.loop {
		o.loop[s] = -1
	}
	for s := range side(len(o.loop)) {
		if o.loop[s] < 0 {
			n := int32(len(o.first))
			o.first = append(o.first, s)
			for t := s; o.loop[t] < 0; t = o.beside(t.back()) {
				o.loop[t] = n
			}
		}
	}
	o.cover = make([][]count, len(o.first))
	known := make([]bool, len(o.first))
	seen := make([]bool, len(o.spots))
	for s := range o.spots {
		if seen[s] {
			continue
		}
		least, reached := int32(s), []int32{int32(s)}
		seen[s] = true
		for len(reached) > 0 {
			at := reached[len(reached)-1]
			reached = reached[:len(reached)-1]
			if o.spots[at].compare(o.spots[least]) < 0 {
				least = at
			}
			for _, t := range o.around[at] {
				if to := o.from(t.back()); !seen[to] {
					seen[to] = true
					reached = append(reached, to)
				}
			}
		}
		// All that leaves the least spot runs to its east, and the last of it, counter-clockwise, has the outside to its left.
		last := o.around[least][len(o.around[least])-1]
		outside := o.loop[last]
		o.cover[outside], known[outside] = o.westOf(o.spots[least]), true
		loops := []int32{outside}
		for len(loops) > 0 {
			l := loops[len(loops)-1]
			loops = loops[:len(loops)-1]
			for t := range o.sides(l) {
				if m := o.loop[t.back()]; !known[m] {
					way := int32(-1)
					if t&1 == 1 {
						way = 1
					}
					o.cover[m], known[m] = sum(o.cover[l], o.pieces[t>>1].counts, way), true
					loops = append(loops, m)
				}
			}
		}
	}
}

// sides walks along a loop.
func (o *overlay) sides(loop int32) func(yield func(side) bool) {
	return func(yield func(side) bool) {
		first := o.first[loop]
		for t := first; ; {
			if !yield(t) {
				return
			}
			if t = o.beside(t.back()); t == first {
				return
			}
		}
	}
}

// westOf tells what covers the ground just west of a spot that is the most western, and of these the most southern, of all
// that hangs together with it: an end of an edge, for crossings have something to their west.
func (o *overlay) westOf(s spot) []count {
	p := vertex{s.x, s.y}
	var out []count
	for _, i := range o.rows.at(p.y) {
		e := &o.edges[i]
		up := e.a.y <= p.y && p.y < e.b.y
		down := e.b.y <= p.y && p.y < e.a.y
		if !up && !down {
			continue
		}
		switch off := cross(e.b.minus(e.a), p.minus(e.a)); {
		case up && off < 0:
			out = sum(out, e.counts, -1)
		case down && off > 0:
			out = sum(out, e.counts, 1)
		}
	}
	return out
}

// regions gives, for each name, all the ground that has it, as valid polygons wound as shape.Wind does. names calls its second
// argument with all names that what covers a spot gives it.
func regions[K comparable](o *overlay, names func(cover []count, name func(K))) map[K]orb.MultiPolygon {
	loops := map[K][]int32{}
	for l, cover := range o.cover {
		names(cover, func(k K) { loops[k] = append(loops[k], int32(l)) })
	}
	out := make(map[K]orb.MultiPolygon, len(loops))
	d := drawing{overlay: o, in: make([]bool, len(o.first)), border: make([]bool, 2*len(o.pieces))}
	for k, list := range loops {
		if area := d.draw(list); len(area) > 0 {
			out[k] = area
		}
	}
	return out
}

func sign(v int64) int { return cmp.Compare(v, 0) }
