package demo

import (
	"fmt"
	"math"
	"slices"
)

// line is a street, a river or a border that takes part in dividing the plane.
type line struct {
	key  string
	kind lineKind
	path path
}

type lineKind int

const (
	trunk lineKind = iota
	secondary
	tertiary
	lane     // a named lane with cars
	estate   // a way inside an estate
	river    // the centre line of the river
	lineOnly // a border on paper, nothing on the ground
)

// How far from a line's centre the first wall stands, in metres.
var setback = [...]float64{trunk: 29, secondary: 18, tertiary: 14, lane: 6.5, estate: 5.5, river: 27, lineOnly: 3}

// face is a piece of ground with lines on all sides, anticlockwise.
type face struct {
	ring  ring
	edges []int // edges[i] is the line in network.lines that leads from ring[i] to ring[i+1]
}

type network struct {
	asDrawn []line
	lines   []line // noded: every crossing is a vertex of both lines
	faces   []face
}

// knot rounds a place to 0.1 mm, so that what meets there is equal.
func knot(p pt) pt { return pt{math.Round(p.u*1e4) / 1e4, math.Round(p.v*1e4) / 1e4} }

// newNetwork puts a vertex into both lines wherever two of them cross and
// finds the faces between them. Loose ends bound nothing and are left out of
// the faces, but stay in the lines.
func newNetwork(lines []line) *network {
	n := &network{asDrawn: lines, lines: node(lines)}
	next := map[pt]map[pt]int{} // from → to → line
	link := func(a, b pt, l int) {
		if next[a] == nil {
			next[a] = map[pt]int{}
		}
		next[a][b] = l
	}
	for i, l := range n.lines {
		for j := 1; j < len(l.path); j++ {
			link(l.path[j-1], l.path[j], i)
			link(l.path[j], l.path[j-1], i)
		}
	}
	prune(next)
	n.trace(next)
	return n
}

func node(lines []line) []line {
	type cut struct {
		t float64
		p pt
	}
	cuts := make([][][]cut, len(lines))
	for i, l := range lines {
		cuts[i] = make([][]cut, len(l.path))
	}
	for i, a := range lines {
		for j := i + 1; j < len(lines); j++ {
			b := lines[j]
			for x := 1; x < len(a.path); x++ {
				for y := 1; y < len(b.path); y++ {
					s, t, ok := crossing(a.path[x-1], a.path[x], b.path[y-1], b.path[y])
					if !ok {
						continue
					}
					p := knot(a.path[x-1].lerp(a.path[x], s))
					cuts[i][x] = append(cuts[i][x], cut{s, p})
					cuts[j][y] = append(cuts[j][y], cut{t, p})
				}
			}
		}
	}
	out := make([]line, len(lines))
	for i, l := range lines {
		var p path
		push := func(q pt) {
			// A crossing next to a vertex would leave a crumb of a segment.
			if len(p) == 0 || p[len(p)-1] != q {
				p = append(p, q)
			}
		}
		for x, q := range l.path {
			slices.SortFunc(cuts[i][x], func(a, b cut) int {
				if a.t < b.t {
					return -1
				}
				return 1
			})
			for _, c := range cuts[i][x] {
				push(c.p)
			}
			push(knot(q))
		}
		out[i] = line{l.key, l.kind, p}
	}
	return out
}

// prune takes away what hangs by one end, again and again.
func prune(next map[pt]map[pt]int) {
	for again := true; again; {
		again = false
		for a, to := range next {
			if len(to) != 1 {
				continue
			}
			for b := range to {
				delete(next[b], a)
			}
			delete(next, a)
			again = true
		}
	}
}

// trace walks around every face once: at each vertex it takes the next edge
// clockwise from the one it came by, which keeps the face on its left.
func (n *network) trace(next map[pt]map[pt]int) {
	angle := func(a, b pt) float64 { d := b.sub(a); return math.Atan2(d.v, d.u) }
	around := map[pt][]pt{}
	var starts []pt
	for a, to := range next {
		starts = append(starts, a)
		for b := range to {
			around[a] = append(around[a], b)
		}
		slices.SortFunc(around[a], func(x, y pt) int {
			if angle(a, x) < angle(a, y) {
				return -1
			}
			return 1
		})
	}
	slices.SortFunc(starts, byPlace)
	seen := map[[2]pt]bool{}
	for _, a := range starts {
		for _, b := range around[a] {
			if seen[[2]pt{a, b}] {
				continue
			}
			var f face
			for from, to := a, b; !seen[[2]pt{from, to}]; {
				seen[[2]pt{from, to}] = true
				f.ring = append(f.ring, from)
				f.edges = append(f.edges, next[from][to])
				out := around[to]
				i := slices.Index(out, from)
				from, to = to, out[(i+len(out)-1)%len(out)]
			}
			if f.ring.area() > 0 {
				n.faces = append(n.faces, f)
			}
		}
	}
}

func byPlace(a, b pt) int {
	switch {
	case a.u < b.u:
		return -1
	case a.u > b.u:
		return 1
	case a.v < b.v:
		return -1
	case a.v > b.v:
		return 1
	}
	return 0
}

// faceAt returns the face that holds p. The layout is fixed, so a place in no
// face is a mistake in it.
func (n *network) faceAt(p pt) *face {
	for i := range n.faces {
		if n.faces[i].ring.contains(p) {
			return &n.faces[i]
		}
	}
	panic(fmt.Sprintf("demo: no face at %v", p))
}

// lineOf returns the noded line of a key, drawn the same without the vertices
// that were put in where others cross it.
func (n *network) lineOf(key string) path { return find(n.lines, key) }
func (n *network) drawn(key string) path  { return find(n.asDrawn, key) }

func find(lines []line, key string) path {
	for _, l := range lines {
		if l.key == key {
			return l.path
		}
	}
	panic("demo: no line " + key)
}

// dissolve joins faces that border each other and returns the rings of what
// they make together: parts anticlockwise, holes clockwise. All vertices stay,
// so that neighbours keep sharing them.
func dissolve(faces []*face) []ring {
	type side struct{ a, b pt }
	open := map[side]bool{}
	for _, f := range faces {
		for i, a := range f.ring {
			b := f.ring[(i+1)%len(f.ring)]
			if open[side{b, a}] {
				delete(open, side{b, a})
			} else {
				open[side{a, b}] = true
			}
		}
	}
	next := map[pt]pt{}
	starts := make([]pt, 0, len(open))
	for s := range open {
		next[s.a] = s.b
		starts = append(starts, s.a)
	}
	slices.SortFunc(starts, byPlace)
	var out []ring
	done := map[pt]bool{}
	for _, a := range starts {
		if done[a] {
			continue
		}
		var r ring
		for p := a; !done[p]; p = next[p] {
			done[p] = true
			r = append(r, p)
		}
		out = append(out, r)
	}
	return out
}
