package coverage

import (
	"cmp"
	"slices"
)

// mender makes rings good again that were rounded, so that an area may touch or run along itself, or that reach out of sight: it cuts them
// at the edge of what is seen, takes away edges that run there and back, and goes around what is left.
type mender struct {
	ring, cut []Pixel
	edges     []leg
	sides     [4][]int32 // where rings come to the edges of sight: west, east, north, south
	starts    []Pixel    // where edges begin, in order
	first     []int32    // of each: its first edge; and one past the last
	used      []bool     // of each edge
	onPath    []int32    // of each start: its place on the path and one more; 0: it is not on it
	path      []int32    // edges, by number
	out       [][]Pixel
	store     []Pixel
	outer     [][]Pixel
	holes     [][]Pixel
}

// leg is an edge with its area on its left, seen with y upwards.
type leg struct{ a, b Pixel }

func comparePixels(a, b Pixel) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) }

// mend returns good rings for rings whose areas lie on their left: outer ones, each followed by its holes.
func (m *mender) mend(rings [][]Pixel) [][]Pixel {
	m.edges = m.edges[:0]
	for i := range m.sides {
		m.sides[i] = m.sides[i][:0]
	}
	for _, r := range rings {
		m.ring = append(m.ring[:0], r...)
		m.clip()
		for i, a := range m.ring {
			b := m.ring[(i+1)%len(m.ring)]
			if a != b {
				m.edges = append(m.edges, leg{a, b})
			}
			m.reach(a)
		}
	}
	m.split()
	m.cancel()
	return m.around()
}

// clip cuts the ring at the four edges of sight. Edges may run along them there and back.
func (m *mender) clip() {
	for side := range 4 {
		inside := func(p Pixel) bool {
			switch side {
			case 0:
				return p.X >= lowest
			case 1:
				return p.X <= highest
			case 2:
				return p.Y >= lowest
			default:
				return p.Y <= highest
			}
		}
		m.cut = m.cut[:0]
		add := func(p Pixel) {
			if n := len(m.cut); n == 0 || m.cut[n-1] != p {
				m.cut = append(m.cut, p)
			}
		}
		for i, p := range m.ring {
			was := m.ring[(i+len(m.ring)-1)%len(m.ring)]
			if inside(p) != inside(was) {
				add(cutAt(was, p, side))
			}
			if inside(p) {
				add(p)
			}
		}
		m.ring, m.cut = m.cut, m.ring
	}
}

// cutAt is where the edge between two pixels meets an edge of sight, rounded; the same in both directions.
func cutAt(a, b Pixel, side int) Pixel {
	if comparePixels(b, a) < 0 {
		a, b = b, a
	}
	at := int64(lowest)
	if side%2 == 1 {
		at = highest
	}
	ax, ay, bx, by := int64(a.X), int64(a.Y), int64(b.X), int64(b.Y)
	if side < 2 {
		return Pixel{int32(at), int32(ay + quotient((at-ax)*(by-ay), bx-ax))}
	}
	return Pixel{int32(ax + quotient((at-ay)*(bx-ax), by-ay)), int32(at)}
}

// quotient is n/d to the nearest whole number, halves upwards.
func quotient(n, d int64) int64 {
	if d < 0 {
		n, d = -n, -d
	}
	n = 2*n + d
	d *= 2
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}

// reach notes a vertex that lies on an edge of sight.
func (m *mender) reach(p Pixel) {
	switch p.X {
	case lowest:
		m.sides[0] = append(m.sides[0], p.Y)
	case highest:
		m.sides[1] = append(m.sides[1], p.Y)
	}
	switch p.Y {
	case lowest:
		m.sides[2] = append(m.sides[2], p.X)
	case highest:
		m.sides[3] = append(m.sides[3], p.X)
	}
}

// split divides edges along the edges of sight at all vertices there.
func (m *mender) split() {
	for i := range m.sides {
		slices.Sort(m.sides[i])
		m.sides[i] = slices.Compact(m.sides[i])
	}
	for i, n := 0, len(m.edges); i < n; i++ {
		a, b := m.edges[i].a, m.edges[i].b
		var side []int32
		from, to := a.Y, b.Y
		upright := a.X == b.X
		switch {
		case upright && a.X == lowest:
			side = m.sides[0]
		case upright && a.X == highest:
			side = m.sides[1]
		case a.Y == b.Y && a.Y == lowest:
			side = m.sides[2]
		case a.Y == b.Y && a.Y == highest:
			side = m.sides[3]
		}
		if side == nil {
			continue
		}
		at := func(v int32) Pixel { return Pixel{a.X, v} }
		if !upright {
			from, to = a.X, b.X
			at = func(v int32) Pixel { return Pixel{v, a.Y} }
		}
		low, _ := slices.BinarySearch(side, min(from, to)+1)
		high, _ := slices.BinarySearch(side, max(from, to))
		if low >= high {
			continue
		}
		between := side[low:high]
		last := a
		step := func(v int32) {
			m.edges = append(m.edges, leg{last, at(v)})
			last = at(v)
		}
		if from < to {
			for _, v := range between {
				step(v)
			}
		} else {
			for k := len(between) - 1; k >= 0; k-- {
				step(between[k])
			}
		}
		m.edges[i] = leg{last, b}
	}
}

// cancel takes away edges that run both ways, as often as they do.
func (m *mender) cancel() {
	ends := func(s leg) (low, high Pixel) {
		if comparePixels(s.b, s.a) < 0 {
			return s.b, s.a
		}
		return s.a, s.b
	}
	slices.SortFunc(m.edges, func(s, t leg) int {
		sl, sh := ends(s)
		tl, th := ends(t)
		return cmp.Or(comparePixels(sl, tl), comparePixels(sh, th))
	})
	left := m.edges[:0]
	for i := 0; i < len(m.edges); {
		low, high := ends(m.edges[i])
		n, j := 0, i
		for ; j < len(m.edges); j++ {
			if l, h := ends(m.edges[j]); l != low || h != high {
				break
			}
			if m.edges[j].a == low {
				n++
			} else {
				n--
			}
		}
		if n > 0 {
			left = append(left, leg{low, high})
		} else if n < 0 {
			left = append(left, leg{high, low})
		}
		i = j
	}
	m.edges = left
}

// around goes along the edges until all are used. Where a vertex is met again, what lies between is a ring.
func (m *mender) around() [][]Pixel {
	slices.SortFunc(m.edges, func(s, t leg) int { return cmp.Or(comparePixels(s.a, t.a), comparePixels(s.b, t.b)) })
	m.starts, m.first = m.starts[:0], m.first[:0]
	for i, e := range m.edges {
		if i == 0 || m.edges[i-1].a != e.a {
			m.starts, m.first = append(m.starts, e.a), append(m.first, int32(i))
		}
	}
	m.first = append(m.first, int32(len(m.edges)))
	m.used = append(m.used[:0], make([]bool, len(m.edges))...)
	m.onPath = append(m.onPath[:0], make([]int32, len(m.starts))...)
	m.outer, m.holes, m.store = m.outer[:0], m.holes[:0], slices.Grow(m.store[:0], len(m.edges))
	for i := range m.edges {
		if m.used[i] {
			continue
		}
		m.path = m.path[:0]
		for e := int32(i); e >= 0; {
			m.used[e] = true
			m.path = append(m.path, e)
			from, _ := slices.BinarySearchFunc(m.starts, m.edges[e].a, comparePixels)
			m.onPath[from] = int32(len(m.path))
			to, ok := slices.BinarySearchFunc(m.starts, m.edges[e].b, comparePixels)
			if !ok {
				break // edges of rings that overlap themselves, which is no area; the rest of the path is left out
			}
			if n := m.onPath[to]; n > 0 {
				m.close(int(n - 1))
			}
			e = m.next(int(to), m.edges[e])
			if len(m.path) == 0 {
				break
			}
		}
		for _, e := range m.path {
			from, _ := slices.BinarySearchFunc(m.starts, m.edges[e].a, comparePixels)
			m.onPath[from] = 0
		}
	}
	return m.grouped()
}

// close makes a ring of the path from n on, and takes it off.
func (m *mender) close(n int) {
	from := len(m.store)
	for _, e := range m.path[n:] {
		m.store = append(m.store, m.edges[e].a)
		at, _ := slices.BinarySearchFunc(m.starts, m.edges[e].a, comparePixels)
		m.onPath[at] = 0
	}
	m.path = m.path[:n]
	ring := m.store[from:len(m.store):len(m.store)]
	switch twice := twiceArea(ring); {
	case twice > 0:
		m.outer = append(m.outer, ring)
	case twice < 0:
		m.holes = append(m.holes, ring)
	}
}

// next is the edge to go on with from a start, having come along another: that which keeps to the same piece of area; -1: none is left.
func (m *mender) next(start int, came leg) int32 {
	best := int32(-1)
	var rx, ry, kx, ky int64
	rx, ry = int64(came.a.X)-int64(came.b.X), int64(came.a.Y)-int64(came.b.Y)
	half := func(x, y int64) int { // how far clockwise from where one came
		c := rx*y - ry*x
		switch {
		case c < 0:
			return 0
		case c == 0 && rx*x+ry*y < 0:
			return 1
		case c > 0:
			return 2
		default:
			return 3
		}
	}
	for e := m.first[start]; e < m.first[start+1]; e++ {
		if m.used[e] {
			continue
		}
		x, y := int64(m.edges[e].b.X)-int64(came.b.X), int64(m.edges[e].b.Y)-int64(came.b.Y)
		if best >= 0 {
			h, was := half(x, y), half(kx, ky)
			if h > was || h == was && x*ky-y*kx <= 0 {
				continue
			}
		}
		best, kx, ky = e, x, y
	}
	return best
}

// grouped is outer rings, each with the holes in it.
func (m *mender) grouped() [][]Pixel {
	m.out = m.out[:0]
	if len(m.outer) == 1 {
		m.out = append(append(m.out, m.outer[0]), m.holes...)
		return m.out
	}
	of := make([]int, len(m.holes))
	for i, h := range m.holes {
		of[i] = -1
		for j, o := range m.outer {
			if around(o, h) && (of[i] < 0 || twiceArea(o) < twiceArea(m.outer[of[i]])) {
				of[i] = j
			}
		}
	}
	for j, o := range m.outer {
		m.out = append(m.out, o)
		for i, h := range m.holes {
			if of[i] == j {
				m.out = append(m.out, h)
			}
		}
	}
	return m.out
}

// twiceArea is twice the surveyor's area of a ring, which is above 0 where it runs counterclockwise, seen with y upwards.
func twiceArea(ring []Pixel) (sum int64) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		sum += int64(a.X)*int64(b.Y) - int64(b.X)*int64(a.Y)
	}
	return sum
}

// around reports whether a ring lies in another, whose vertices it may have but none of whose edges: by the middle of its first edge.
func around(outer, hole []Pixel) bool {
	x, y := int64(hole[0].X)+int64(hole[1].X), int64(hole[0].Y)+int64(hole[1].Y)
	in := false
	for i, p := range outer {
		q := outer[(i+1)%len(outer)]
		ax, ay, bx, by := 2*int64(p.X)-x, 2*int64(p.Y)-y, 2*int64(q.X)-x, 2*int64(q.Y)-y
		if side := ax*by - bx*ay; ay > 0 != (by > 0) && side > 0 == (by > ay) {
			in = !in
		}
	}
	return in
}
