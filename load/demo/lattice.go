package demo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// The larger towns lie on a lattice of communities around the hand-drawn one, which is cell 0, 0: i grows to the right of the
// drawing table, j up. Every place is a function of its cell alone, so that a town is the same part of every larger one and
// neighbours agree on their border without asking each other.
type cell struct{ i, j int }

// block is the cells from lo to hi, hi included.
type block struct{ lo, hi cell }

// What belongs to a district and to a city beside the hand-drawn community.
var (
	districtBlock = block{cell{-4, -2}, cell{5, 2}}
	cityBlock     = block{cell{-21, -19}, cell{5, 19}}
)

func (b block) has(c cell) bool {
	return c.i >= b.lo.i && c.i <= b.hi.i && c.j >= b.lo.j && c.j <= b.hi.j
}

// each calls do at every cell, row by row.
func (b block) each(do func(cell)) {
	for j := b.lo.j; j <= b.hi.j; j++ {
		for i := b.lo.i; i <= b.hi.i; i++ {
			do(cell{i, j})
		}
	}
}

// chance is a number from 0 to 1 that what alone decides.
func chance(what ...int) float64 {
	x := uint64(seed)
	for _, w := range what { // splitmix64
		x += uint64(w)*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}

// swing is a chance from -by to by.
func swing(by float64, what ...int) float64 { return by * (2*chance(what...) - 1) }

// What a chance is of, so that no two are the same.
const (
	ofCornerU = iota
	ofCornerV
	ofBend
	ofWave
	ofColumns
	ofRows
	ofGrids
	ofDivide
	ofHouseholds
	ofNames
	ofBuilding
	ofPeople
	ofCountry
)

// Width and height of a community that is not drawn by hand, in metres.
const cellWidth, cellHeight = 720, 560

// lattice knows the borders of the hand-drawn community: south, east, north and west, the first and third from left to
// right, the others upwards.
type lattice struct{ south, east, north, west strand }

// strand is a border from 0 to 1. What is to share it shares its vertices.
type strand struct {
	at    []float64
	table path
	on    []orb.Point
}

func newStrand(at []float64, table path) strand {
	s := strand{at: at, table: table, on: make([]orb.Point, len(table))}
	for i, p := range table {
		s.on[i] = toGround(p)
	}
	return s
}

// nearest is the index of the vertex nearest to t.
func (s strand) nearest(t float64) int {
	i, found := slices.BinarySearch(s.at, t)
	if !found && i > 0 && (i == len(s.at) || t-s.at[i-1] < s.at[i]-t) {
		i--
	}
	return i
}

// point is the place on the table at t.
func (s strand) point(t float64) pt {
	i, _ := slices.BinarySearch(s.at, t)
	i = min(max(i, 1), len(s.at)-1)
	return s.table[i-1].lerp(s.table[i], (t-s.at[i-1])/(s.at[i]-s.at[i-1]))
}

// between is the vertices on the ground from the one nearest to a to the one nearest to b; backwards where b is less.
func (s strand) between(a, b float64) []orb.Point {
	i, j := s.nearest(a), s.nearest(b)
	if i <= j {
		return s.on[i : j+1]
	}
	out := slices.Clone(s.on[j : i+1])
	slices.Reverse(out)
	return out
}

// handLattice is the lattice around the hand-drawn community.
func handLattice(border ring) *lattice {
	return newLattice(border, pt{-546, -412}, pt{526, -410}, pt{518, 388}, pt{-552, 390})
}

// newLattice takes the hand-drawn community's border, anticlockwise, and its corners at the crossings of its four streets.
func newLattice(border ring, sw, se, ne, nw pt) *lattice {
	corner := func(q pt) int {
		best := 0
		for i, p := range border {
			if p.dist(q) < border[best].dist(q) {
				best = i
			}
		}
		return best
	}
	side := func(from, to pt, turned bool) strand {
		var p path
		for i := corner(from); ; i = (i + 1) % len(border) {
			p = append(p, border[i])
			if i == corner(to) {
				break
			}
		}
		if turned {
			p = p.reversed()
		}
		total, run := p.length(), 0.0
		at := make([]float64, len(p))
		for i := range p {
			if i > 0 {
				run += p[i].dist(p[i-1])
			}
			at[i] = run / total
		}
		at[len(at)-1] = 1
		return newStrand(at, p)
	}
	return &lattice{side(sw, se, false), side(se, ne, false), side(ne, nw, true), side(nw, sw, true)}
}

// corner is the place at the lower left of cell c.
func (l *lattice) corner(c cell) pt {
	sw, ne := l.south.table[0], l.east.table[len(l.east.table)-1]
	switch c {
	case cell{0, 0}:
		return sw
	case cell{1, 0}:
		return l.east.table[0]
	case cell{0, 1}:
		return l.north.table[0]
	case cell{1, 1}:
		return ne
	}
	p := pt{sw.u + float64(c.i)*cellWidth, sw.v + float64(c.j)*cellHeight}
	if c.i > 0 {
		p.u = ne.u + float64(c.i-1)*cellWidth
	}
	if c.j > 0 {
		p.v = ne.v + float64(c.j-1)*cellHeight
	}
	return p.add(pt{swing(55, ofCornerU, c.i, c.j), swing(42, ofCornerV, c.i, c.j)})
}

// across is the border below cell c, from left to right.
func (l *lattice) across(c cell) strand {
	switch c {
	case cell{0, 0}:
		return l.south
	case cell{0, 1}:
		return l.north
	}
	above, below := divide(c), divide(cell{c.i, c.j - 1})
	return l.bend(c, 0, l.corner(c), l.corner(cell{c.i + 1, c.j}), above.columns[0], below.columns[len(below.columns)-1])
}

// up is the border to the left of cell c, upwards.
func (l *lattice) up(c cell) strand {
	switch c {
	case cell{0, 0}:
		return l.west
	case cell{1, 0}:
		return l.east
	}
	return l.bend(c, 1, l.corner(c), l.corner(cell{c.i, c.j + 1}), divide(c).rows, divide(cell{c.i - 1, c.j}).rows)
}

// bend draws a street from a to b with vertices where the grids on both sides meet it.
func (l *lattice) bend(c cell, direction int, a, b pt, splits ...[]float64) strand {
	at := ticks(a.dist(b), splits...)
	bow, wave := swing(20, ofBend, direction, c.i, c.j), swing(11, ofWave, direction, c.i, c.j)
	aside := b.sub(a).unit().left()
	p := make(path, len(at))
	for i, t := range at {
		p[i] = a.lerp(b, t).add(aside.mul(bow*math.Sin(math.Pi*t) + wave*math.Sin(2*math.Pi*t)))
	}
	p[0], p[len(p)-1] = a, b
	return newStrand(at, p)
}

// ticks are the places from 0 to 1 where a line so many metres long has a vertex: every 30 metres or so, and at the splits.
func ticks(metres float64, splits ...[]float64) []float64 {
	n := max(2, int(metres/30))
	at := make([]float64, 0, n+8)
	for k := range n + 1 {
		at = append(at, float64(k)/float64(n))
	}
	for _, s := range splits {
		at = append(at, s...)
	}
	slices.Sort(at)
	return slices.CompactFunc(at, func(a, b float64) bool { return math.Abs(a-b) < 1e-3 }) // what lies that near is one place
}

// rowsAndColumns says how a community is divided: rows of grids, each row into columns, as fractions from 0 to 1.
type rowsAndColumns struct {
	rows    []float64
	columns [][]float64
}

// divide divides cell c.
func divide(c cell) rowsAndColumns {
	n := gridsIn(c)
	each := []int{n / 3, n / 3, n / 3}
	switch n % 3 {
	case 1:
		each[1]++
	case 2:
		each[0]++
		each[2]++
	}
	d := rowsAndColumns{rows: []float64{0, 1./3 + swing(0.03, ofRows, c.i, c.j, 1), 2./3 + swing(0.03, ofRows, c.i, c.j, 2), 1}}
	for r, k := range each {
		columns := make([]float64, k+1)
		for x := 1; x < k; x++ {
			columns[x] = (float64(x) + swing(0.12, ofColumns, c.i, c.j, r, x)) / float64(k)
		}
		columns[k] = 1
		d.columns = append(d.columns, columns)
	}
	return d
}

// quilt is the ground of a community as a square from 0, 0 to 1, 1 that its four sides pull into shape.
type quilt struct{ south, east, north, west strand }

func (l *lattice) quilt(c cell) quilt {
	return quilt{l.across(c), l.up(cell{c.i + 1, c.j}), l.across(cell{c.i, c.j + 1}), l.up(c)}
}

// at is the place on the table at s to the right and t up: Coons' patch.
func (q quilt) at(s, t float64) pt {
	sw, se := q.south.table[0], q.south.table[len(q.south.table)-1]
	nw, ne := q.north.table[0], q.north.table[len(q.north.table)-1]
	rows := q.south.point(s).lerp(q.north.point(s), t)
	columns := q.west.point(t).lerp(q.east.point(t), s)
	return rows.add(columns).sub(sw.lerp(se, s).lerp(nw.lerp(ne, s), t))
}

// inner draws a border from a to b that follows the quilt: place says where it is at each of the fractions.
func inner(a, b pt, at []float64, place func(t float64) pt) strand {
	p := make(path, len(at))
	slipA, slipB := a.sub(place(0)), b.sub(place(1)) // a and b are vertices; the quilt may have missed them by metres
	for i, t := range at {
		p[i] = place(t).add(slipA.lerp(slipB, t))
	}
	p[0], p[len(p)-1] = a, b
	return newStrand(at, p)
}

// plot is a grid on the lattice.
type plot struct {
	row, column int
	lo, hi      pt // its corners on the quilt, from 0 to 1
	border      orb.Ring
}

// plots divides the community at c into its grids, row by row from below, and returns the borders between the rows.
func (l *lattice) plots(c cell) (q quilt, list []plot, streets []strand) {
	q = l.quilt(c)
	d := divide(c)
	last := len(d.rows) - 1
	streets = make([]strand, last+1)
	streets[0], streets[last] = q.south, q.north
	for r := 1; r < last; r++ {
		t := d.rows[r]
		a, b := q.west.table[q.west.nearest(t)], q.east.table[q.east.nearest(t)]
		streets[r] = inner(a, b, ticks(a.dist(b), d.columns[r-1], d.columns[r]), func(s float64) pt { return q.at(s, t) })
	}
	for r := range last {
		below, above, t0, t1 := streets[r], streets[r+1], d.rows[r], d.rows[r+1]
		columns := d.columns[r]
		up := func(k int) []orb.Point {
			switch k {
			case 0:
				return q.west.between(t0, t1)
			case len(columns) - 1:
				return q.east.between(t0, t1)
			}
			a, b := below.table[below.nearest(columns[k])], above.table[above.nearest(columns[k])]
			return inner(a, b, ticks(a.dist(b)), func(t float64) pt { return q.at(columns[k], t0+t*(t1-t0)) }).on
		}
		left := up(0)
		for k := 1; k < len(columns); k++ {
			right := up(k)
			g := plot{row: r, column: k - 1, lo: pt{columns[k-1], t0}, hi: pt{columns[k], t1}}
			g.border = joined(below.between(columns[k-1], columns[k]), right, above.between(columns[k], columns[k-1]), turned(left))
			list = append(list, g)
			left = right
		}
	}
	return q, list, streets
}

// border is the ring around the community at c.
func (l *lattice) border(c cell) orb.Ring {
	q := l.quilt(c)
	return joined(q.south.on, q.east.on, turned(q.north.on), turned(q.west.on))
}

func turned(p []orb.Point) []orb.Point {
	out := slices.Clone(p)
	slices.Reverse(out)
	return out
}

// joined makes a ring of lines of which each begins where the one before ends.
func joined(lines ...[]orb.Point) orb.Ring {
	var out orb.Ring
	for _, l := range lines {
		out = append(out, l[:len(l)-1]...)
	}
	return append(out, out[0])
}

// around is the boundary of cells that lie together: every border between one of them and a cell that is not.
func (l *lattice) around(cells []cell) orb.MultiPolygon {
	in := make(map[cell]bool, len(cells))
	for _, c := range cells {
		in[c] = true
	}
	type side struct {
		to   cell
		line []orb.Point
	}
	from := map[cell]side{} // from corner to corner, the cells on the left
	for _, c := range cells {
		right, above := cell{c.i + 1, c.j}, cell{c.i, c.j + 1}
		corner := cell{c.i + 1, c.j + 1}
		if !in[cell{c.i, c.j - 1}] {
			from[c] = side{right, l.across(c).on}
		}
		if !in[right] {
			from[right] = side{corner, l.up(right).on}
		}
		if !in[above] {
			from[corner] = side{above, turned(l.across(above).on)}
		}
		if !in[cell{c.i - 1, c.j}] {
			from[above] = side{c, turned(l.up(c).on)}
		}
	}
	var start cell
	for c := range from { // the lowest corner, leftmost: the same at every call
		if _, ok := from[start]; !ok || c.j < start.j || c.j == start.j && c.i < start.i {
			start = c
		}
	}
	var lines [][]orb.Point
	for c := start; ; {
		s, ok := from[c]
		if !ok {
			panic("demo: cells that do not lie together")
		}
		delete(from, c)
		lines = append(lines, s.line)
		if c = s.to; c == start {
			break
		}
	}
	if len(from) > 0 {
		panic("demo: cells that do not lie together")
	}
	return orb.MultiPolygon{{joined(lines...)}}
}
