package coverage

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// Residue is what is left of the borders of parts where each is cancelled by the one that runs along it the other way, the
// border of the whole included. Where nothing is left the parts cover the whole exactly once: the number of parts that
// cover a spot, less one inside the whole, changes across borders only, by what is left of them, and is 0 far away.
//
// Borders must carry the same vertices on both sides (InsertTVertices); where they do not, more is left than is wrong,
// never less. Without a whole (nil) what is left is what the parts have in all, their outer rims among it.
type Residue struct {
	edges []leftEdge
	parts []span
	whole bool // there is one
}

// leftEdge is an edge that is left, run from a to b count times; what it is the border of lies to its left.
type leftEdge struct {
	a, b  vertex
	count int
}

// span is a box in whole units.
type span struct{ low, high vertex }

func (s span) meets(t span) bool {
	return s.low.x <= t.high.x && t.low.x <= s.high.x && s.low.y <= t.high.y && t.low.y <= s.high.y
}

func spanOf(a, b vertex) span {
	return span{vertex{min(a.x, b.x), min(a.y, b.y)}, vertex{max(a.x, b.x), max(a.y, b.y)}}
}

// NewResidue looks at parts of a whole. All is snapped (shape.Snap) and valid; winding does not matter. Holes of the whole
// are not to be covered.
func NewResidue(whole orb.MultiPolygon, parts []orb.MultiPolygon) *Residue {
	type edge struct{ a, b vertex }
	left := map[edge]int{}
	add := func(area orb.MultiPolygon, sign int) {
		eachEdge(area, func(a, b vertex) {
			e, s := edge{a, b}, sign
			if a.compare(b) > 0 {
				e, s = edge{b, a}, -sign
			}
			if left[e] += s; left[e] == 0 {
				delete(left, e)
			}
		})
	}
	r := &Residue{parts: make([]span, len(parts)), whole: whole != nil}
	add(whole, -1)
	for i, part := range parts {
		add(part, 1)
		r.parts[i] = extent(part)
	}
	for _, e := range slices.SortedFunc(maps.Keys(left), func(e, f edge) int { return cmp.Or(e.a.compare(f.a), e.b.compare(f.b)) }) {
		r.edges = append(r.edges, leftEdge{e.a, e.b, left[e]})
	}
	return r
}

// Seamless reports whether nothing is left: no gap, no overlap, nothing outside.
func (r *Residue) Seamless() bool { return len(r.edges) == 0 }

// Suspects are the parts that something may be wrong with, by number. All others lie within the whole, where there is one, and
// share no spot with any part: none of what is left meets their boxes, so that the count is the same all over each box, and it
// is as it should be there.
func (r *Residue) Suspects() []int {
	spans := make([]span, len(r.edges))
	for i, e := range r.edges {
		spans[i] = spanOf(e.a, e.b)
	}
	rows := newRows(spans)
	sound := 0
	if !r.whole {
		sound = 1 // the part itself
	}
	var out []int
	for i, s := range r.parts {
		if rows.meet(spans, s) || r.excess(rows, s.low) != sound {
			out = append(out, i)
		}
	}
	return out
}

// excess is how many parts too many cover p, which lies on nothing that is left: the turns that it makes around p. Without a
// whole it is how many cover p.
func (r *Residue) excess(rows rows, p vertex) int {
	n := 0
	for _, i := range rows.at(p.y) {
		e := &r.edges[i]
		switch {
		case e.a.y <= p.y && p.y < e.b.y && cross(e.b.minus(e.a), p.minus(e.a)) > 0:
			n += e.count
		case e.b.y <= p.y && p.y < e.a.y && cross(e.b.minus(e.a), p.minus(e.a)) < 0:
			n -= e.count
		}
	}
	return n
}

// eachEdge calls f with the edges of the area's rings, the inside to their left.
func eachEdge(area orb.MultiPolygon, f func(a, b vertex)) {
	for _, polygon := range shape.Wind(area).(orb.MultiPolygon) {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				if !finite(ring[i-1]) || !finite(ring[i]) {
					continue
				}
				if a, b := quantise(ring[i-1]), quantise(ring[i]); a != b {
					f(a, b)
				}
			}
		}
	}
}

func extent(area orb.MultiPolygon) span {
	b := area.Bound()
	return span{quantise(b.Min), quantise(b.Max)}
}
