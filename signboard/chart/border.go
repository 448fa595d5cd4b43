package chart

import (
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/signboard/paper"
)

// region is what is seen of one part of a grid.
type region struct {
	of    int // index of the grid: the scene's grids, then its neighbours
	rings []orb.Ring
	bound orb.Bound
}

// edge is a piece of border between two places where three meet. Both sides have it, so that it is drawn once and simplified alike.
type edge struct {
	lines []orb.LineString
	of    [2]int // as in region; -1: nobody
}

// divide lays the areas of grids and neighbours on the sheet. Areas that share vertices share what is drawn of their border.
func (p plane) divide(s Scene) (regions []region, edges []edge) {
	t := tangle{ids: map[orb.Point]int32{}, sides: map[[2]int32]int{}}
	type outline struct {
		of    int
		rings [][]int32
	}
	var outlines []outline
	add := func(of int, mp orb.MultiPolygon) {
		for _, polygon := range mp {
			o := outline{of: of}
			for i, r := range polygon {
				ring := t.ring(p.thin(r))
				if ring == nil && i == 0 {
					break
				}
				if ring != nil {
					o.rings = append(o.rings, ring)
					t.sew(ring, of)
				}
			}
			if len(o.rings) > 0 {
				outlines = append(outlines, o)
			}
		}
	}
	n := 0
	for _, list := range [][]Grid{s.Grids, s.Neighbours} {
		for _, g := range list {
			add(n, g.Area)
			n++
		}
	}

	made := map[int]orb.LineString{} // arcs by their first side, in its direction
	for _, o := range outlines {
		r := region{of: o.of}
		for _, ring := range o.rings {
			var line orb.LineString
			t.arcs(ring, func(arc []int32) {
				back := backwards(arc)
				if back {
					arc = slices.Clone(arc)
					slices.Reverse(arc)
				}
				first := t.sides[side(arc[0], arc[1])]
				drawn, ok := made[first]
				if !ok {
					points := make([]orb.Point, len(arc))
					for i, id := range arc {
						points[i] = t.at[id]
					}
					drawn = p.lay(points)
					made[first] = drawn
					edges = append(edges, edge{lines: p.visible(drawn), of: t.owners[first]})
				}
				if back {
					drawn = slices.Clone(drawn)
					slices.Reverse(drawn)
				}
				if len(line) > 0 && len(drawn) > 0 {
					drawn = drawn[1:]
				}
				line = append(line, drawn...)
			})
			if cut := p.cut(orb.Ring(line)); cut != nil {
				r.rings = append(r.rings, cut)
			}
		}
		if len(r.rings) > 0 {
			r.bound = r.rings[0].Bound()
			regions = append(regions, r)
		}
	}
	return regions, edges
}

// tangle is all borders side by side.
type tangle struct {
	ids    map[orb.Point]int32
	at     []orb.Point
	degree []int32 // of a vertex: how many sides meet there
	sides  map[[2]int32]int
	owners [][2]int
}

func side(a, b int32) [2]int32 { return [2]int32{min(a, b), max(a, b)} }

// backwards says that an arc has another direction than the one it is drawn in.
func backwards(arc []int32) bool {
	a, b := arc[0], arc[len(arc)-1]
	if a == b {
		a, b = arc[1], arc[len(arc)-2]
	}
	return a > b
}

// ring is a closed path as ids, the first again at its end; nil: it encloses nothing.
func (t *tangle) ring(path []orb.Point) []int32 {
	var out []int32
	for _, q := range path {
		id, ok := t.ids[q]
		if !ok {
			id = int32(len(t.at))
			t.ids[q] = id
			t.at, t.degree = append(t.at, q), append(t.degree, 0)
		}
		if n := len(out); n == 0 || out[n-1] != id {
			out = append(out, id)
		}
	}
	if len(out) < 4 || out[0] != out[len(out)-1] {
		return nil
	}
	return out
}

// sew adds the sides of a ring.
func (t *tangle) sew(ring []int32, of int) {
	for i := 1; i < len(ring); i++ {
		k := side(ring[i-1], ring[i])
		n, ok := t.sides[k]
		if !ok {
			t.sides[k] = len(t.owners)
			t.owners = append(t.owners, [2]int{of, -1})
			t.degree[k[0]]++
			t.degree[k[1]]++
			continue
		}
		// Where areas lie on each other the two lowest are the ones to be told.
		if o := &t.owners[n]; of != o[0] && (o[1] < 0 || of < o[1]) {
			o[1] = of
		}
	}
}

// arcs goes along a ring from vertex to vertex where more than two sides meet; an island goes around from its first vertex by number.
func (t *tangle) arcs(ring []int32, do func([]int32)) {
	open := ring[:len(ring)-1]
	start := slices.IndexFunc(open, func(id int32) bool { return t.degree[id] != 2 })
	if start < 0 {
		start = slices.Index(open, slices.Min(open))
	}
	turned := slices.Concat(open[start:], open[:start], []int32{open[start]})
	from := 0
	for i := 1; i < len(turned); i++ {
		if t.degree[turned[i]] != 2 || i == len(turned)-1 {
			do(turned[from : i+1])
			from = i
		}
	}
}

// borders draws the borders, and a veil over what lies outside the grids.
func (d *drawing) borders() {
	var outside, inner, outer [][]paper.Point
	grids := len(d.scene.Grids)
	for _, e := range d.edges {
		own := 0
		for _, of := range e.of {
			if of >= 0 && of < grids {
				own++
			}
		}
		for _, l := range e.lines {
			to := &outside
			switch {
			case own == 2:
				to = &inner
				d.squares.border(l)
			case own == 1:
				to = &outer
				d.squares.border(l)
			}
			*to = append(*to, path(l))
		}
	}
	veil := [][]paper.Point{rectangle(d.plane.box)}
	for _, r := range d.regions {
		if r.of < grids {
			veil = append(veil, paths(r.rings)...)
		}
	}
	t := d.o.Text
	d.add(veilLayer, &paper.Shape{Paths: veil, Closed: true, Fill: pale})
	line := func(p [][]paper.Point, c paper.Colour, w float64, dash ...float64) {
		if len(p) > 0 {
			d.add(borderLayer, &paper.Shape{Paths: p, Stroke: c, Width: fine(w), Dash: dash})
		}
	}
	line(outside, white, 0.3*t)
	line(outside, neighbourLine, 0.1*t, 0.8*t, 0.4*t)
	line(inner, white, 0.42*t)
	line(inner, gridLine, 0.16*t)
	casing, width := outerCasing*t, outerLine*t
	if d.o.Small { // a gap between grids looks else like a loop of ink
		casing, width = 0.48*t, 0.2*t
	}
	line(outer, white, casing)
	line(outer, gridLine, width)
}

// Widths of the grids' own border, in text sizes.
const (
	outerCasing = 0.8
	outerLine   = 0.36
)

// tints says for each grid which of the colours it has: another one than its neighbours, by the fewest colours left first.
func (d *drawing) tints() []int {
	n := len(d.scene.Grids)
	beside := make([]map[int]bool, n)
	for i := range beside {
		beside[i] = map[int]bool{}
	}
	join := func(a, b int) {
		if a != b {
			beside[a][b], beside[b][a] = true, true
		}
	}
	for _, e := range d.edges {
		if a, b := e.of[0], e.of[1]; a >= 0 && b >= 0 && a < n && b < n {
			join(a, b)
		}
	}
	// Those that meet without shared vertices, as on rough data, are found on the raster.
	d.squares.sides(func(a, b int32) {
		if a, b := d.regions[a].of, d.regions[b].of; a < n && b < n {
			join(a, b)
		}
	})
	tint := make([]int, n)
	for i := range tint {
		tint[i] = -1
	}
	for range n {
		// The most hemmed-in one next (D. Brélaz, 1979).
		next, most, degree := -1, -1, -1
		for i := range tint {
			if tint[i] >= 0 {
				continue
			}
			used := uint(0)
			for j := range beside[i] {
				if tint[j] >= 0 {
					used |= 1 << tint[j]
				}
			}
			if n := bits.OnesCount(used); n > most || n == most && len(beside[i]) > degree {
				next, most, degree = i, n, len(beside[i])
			}
		}
		count := make([]int, len(gridTints))
		for j := range beside[next] {
			if tint[j] >= 0 {
				count[tint[j]]++
			}
		}
		best := 0
		for c := range count {
			if count[c] < count[best] {
				best = c
			}
		}
		tint[next] = best
	}
	return tint
}

// inside says whether a place on the sheet lies within rings, of which those within others are holes.
func inside(rings []orb.Ring, q orb.Point) bool {
	in := false
	for _, r := range rings {
		if planar.RingContains(r, q) {
			in = !in
		}
	}
	return in
}
