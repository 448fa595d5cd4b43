package coverage

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

const (
	finerFrom      = 32 // edges in a cell from which it is divided again, if that tells them apart
	leastCell      = 100
	listedPerEdge  = 12                  // at most, on average, that the cells of a sheet may list; else all edges are listed once
	deepPerEdge    = 24                  // the same for a sheet and all finer ones in it, as what crosses many cells is listed in each anew
	crowdedPerEdge = 8                   // the same for areas in lists
	spreadPerEdge  = 8                   // the same for the shards in cells,
	spread         = 2 * across * across // and so many more
)

// scale is how large cells are, in units: those of the sheets of a coverage, and those of each finer level.
type scale []float64

// scaleFrom is the scale of cells of a size, in units. Finer cells may reach beyond the one that they divide, and are drawn with its edges only;
// but the last of each row begins in it, for sizes of more than across², so that no place is counted from elsewhere.
func scaleFrom(size float64) scale {
	size = math.Ceil(max(size, leastCell))
	s := scale{size}
	for size >= across*leastCell {
		size = math.Ceil(size / across)
		s = append(s, size)
	}
	return s
}

// drawer draws sheets. What it draws with is used again.
type drawer struct {
	scale  scale
	shards []*Shard
	store  *store
	levels []easel
	room   int // how many edges the cells of the sheet and of its finer ones may still list
	known  map[int32]corners
}

// corners is what of a shard covers the corner of a sheet, by number.
type corners struct {
	sheet int
	areas []int32
}

// easel is what a sheet of one level is drawn with.
type easel struct {
	shares []share
	crowds crowds
	words  []int32
}

// stroke is an edge of a shard, by its first vertex, and its arc.
type stroke struct{ first, arc int32 }

// share is what a shard has in a sheet.
type share struct {
	shard  int32
	edges  []stroke // in order
	corner []int32  // what covers it, in order
	// By cells:
	ends    [across * across]int32 // of their edges in listed
	corners [across * across]label
	listed  []stroke
	pairs   []listing // listed by edges, before it is by cells
}

// listing is a stroke in a cell.
type listing struct {
	cell int32
	stroke
}

func newDrawer(sc scale, shards []*Shard, st *store) *drawer {
	return &drawer{scale: sc, shards: shards, store: st, levels: make([]easel, len(sc)), known: map[int32]corners{}}
}

// next is room for one more share.
func (e *easel) next() *share {
	if len(e.shares) < cap(e.shares) {
		e.shares = e.shares[:len(e.shares)+1]
	} else {
		e.shares = append(e.shares, share{})
	}
	sh := &e.shares[len(e.shares)-1]
	sh.edges, sh.corner = sh.edges[:0], sh.corner[:0]
	return sh
}

// sheet draws what some shards, in order, have in sheet k, whose corner's vertices count from origin; nil where that is nothing. What covers
// the corner of the sheet after it is found on the way, and not looked for in whole shards; also from row to row, as these begin and end
// where nothing is.
func (d *drawer) sheet(k int, origin vertex, of []int32) *sheet {
	e := &d.levels[0]
	e.shares = e.shares[:0]
	from, size := cornerOf(origin), int64(across*d.scale[0])
	box := widened(orb.Bound{Min: from, Max: cornerOf(vertex{origin.x + size, origin.y + size})}, unit)
	to, total := cornerOf(vertex{origin.x + size, origin.y}), 0
	for _, n := range of {
		s, sh := d.shards[n], e.next()
		sh.shard = n
		s.eachEdge(box, func(first, arc int32) { sh.edges = append(sh.edges, stroke{first, arc}) })
		known, ok := d.known[n]
		if ok && known.sheet == k {
			sh.corner = append(sh.corner, known.areas...)
		} else {
			sh.corner = s.covers(from, sh.corner)
		}
		d.known[n] = corners{k + 1, s.step(sh.edges, from, to, append(known.areas[:0], sh.corner...))}
		if total += len(sh.edges); len(sh.edges)+len(sh.corner) == 0 {
			e.shares = e.shares[:len(e.shares)-1]
		}
	}
	if len(e.shares) == 0 {
		return nil
	}
	d.room = deepPerEdge*total + 64
	s := d.draw(origin, 0)
	if s == nil {
		s = d.drawWhole(origin)
	}
	e.words = e.words[:0]
	for k := range e.shares {
		e.words = append(e.words, e.shares[k].shard)
	}
	s.shards = d.store.keep(e.words)
	return s
}

// draw draws the shares of a level, cell by cell; nil where cells would list too much.
func (d *drawer) draw(origin vertex, level int) *sheet {
	e := &d.levels[level]
	e.crowds, e.words = crowds{}, e.words[:0]
	total := 0
	for k := range e.shares {
		total += len(e.shares[k].edges)
	}
	most := min(listedPerEdge*total+64, d.room)
	room, cells, crowded := most, spreadPerEdge*total+spread, crowdedPerEdge*total+64
	for k := range e.shares {
		sh := &e.shares[k]
		if room -= d.list(sh, origin, d.scale[level], room); room < 0 {
			return nil
		}
		cells -= d.walk(sh, origin, int64(d.scale[level]), &e.crowds, crowded)
		if cells < 0 || e.crowds.size > crowded {
			return nil
		}
	}
	d.room -= most - room
	s := d.store.sheet()
	for at := range s.cells {
		s.cells[at] = d.cell(s, int32(at), origin, level)
	}
	s.words, s.crowds = d.store.keep(e.words), e.crowds.lists
	return s
}

// drawWhole draws the shares of a sheet as one record for all its cells.
func (d *drawer) drawWhole(origin vertex) *sheet {
	e, s := &d.levels[0], d.store.sheet()
	e.crowds, e.words = crowds{}, e.words[:0]
	for k := range e.shares {
		sh := &e.shares[k]
		d.record(e, sh.shard, e.crowds.label(sh.corner), sh.edges, origin, k+1 < len(e.shares))
	}
	for at := range s.cells {
		s.cells[at].shard = whole
	}
	s.words, s.crowds = d.store.keep(e.words), e.crowds.lists
	return s
}

// in are the edges of a share that come into a cell.
func (sh *share) in(at int32) []stroke {
	begin := int32(0)
	if at > 0 {
		begin = sh.ends[at-1]
	}
	return sh.listed[begin:sh.ends[at]]
}

// has reports whether a share has an edge in a cell, or covers its corner.
func (sh *share) has(at int32) bool { return len(sh.in(at)) > 0 || sh.corners[at] != none }

// cell draws a cell.
func (d *drawer) cell(s *sheet, at int32, origin vertex, level int) cell {
	e := &d.levels[level]
	last, groups, n := -1, 0, 0
	for k := range e.shares {
		if sh := &e.shares[k]; sh.has(at) {
			last, groups, n = k, groups+1, n+len(sh.in(at))
		}
	}
	if groups == 0 {
		return cell{shard: nothing}
	}
	if sh := &e.shares[last]; groups == 1 && n == 0 && sh.corners[at] >= 0 {
		return cell{sh.shard, int32(sh.corners[at])}
	}
	size := int64(d.scale[level])
	origin = vertex{origin.x + int64(at%across)*size, origin.y + int64(at/across)*size}
	if n >= finerFrom && level+1 < len(d.scale) {
		f := &d.levels[level+1]
		f.shares = f.shares[:0]
		var one [1]int32
		for k := range e.shares {
			if sh := &e.shares[k]; sh.has(at) {
				in := f.next()
				in.shard, in.edges = sh.shard, append(in.edges, sh.in(at)...)
				in.corner = append(in.corner, areasOf(sh.corners[at], e.crowds.lists, &one)...)
			}
		}
		if finer := d.draw(origin, level+1); finer != nil {
			s.finer = append(s.finer, finer)
			return cell{divided, int32(len(s.finer) - 1)}
		}
	}
	begin := len(e.words)
	for k := range last + 1 {
		if sh := &e.shares[k]; sh.has(at) {
			d.record(e, sh.shard, sh.corners[at], sh.in(at), origin, k < last)
		}
	}
	return cell{edged, int32(begin)}
}

// list gives the cells of a share their edges, in order, and returns how many those are; once they are more than most it stops.
func (d *drawer) list(sh *share, origin vertex, size float64, most int) int {
	s := d.shards[sh.shard]
	sh.pairs = sh.pairs[:0]
	clear(sh.ends[:])
	place := func(v float64) int { return int(min(max((v-corner)/size, 0), across-1)) }
	for _, e := range sh.edges {
		a, b := s.vertexAt(e.first).minus(origin), s.vertexAt(e.first+1).minus(origin)
		if a.y > b.y {
			a, b = b, a
		}
		x, y, toX, toY := float64(a.x), float64(a.y), float64(b.x), float64(b.y)
		slope := 0.0
		if toY > y {
			slope = (toX - x) / (toY - y)
		}
		for j, top := place(y-1), place(toY+1); j <= top; j++ {
			x1, x2 := x, toX
			if bottom := float64(j)*size + corner - 1; y < bottom {
				x1 += slope * (min(bottom, toY) - y)
			}
			if top := float64(j+1)*size + corner + 1; toY > top {
				x2 = x + slope*(max(top, y)-y)
			}
			west, east := min(x1, x2)-1, max(x1, x2)+1
			if east < corner || west > across*size {
				continue
			}
			for i, east := place(west), place(east); i <= east; i++ {
				at := int32(j*across + i)
				sh.pairs = append(sh.pairs, listing{at, e})
				sh.ends[at]++
			}
		}
		if len(sh.pairs) > most {
			return len(sh.pairs)
		}
	}
	total := int32(0)
	for at, n := range sh.ends { // from counts to beginnings, which filling moves to the ends
		sh.ends[at] = total
		total += n
	}
	sh.listed = slices.Grow(sh.listed[:0], len(sh.pairs))[:len(sh.pairs)]
	for _, l := range sh.pairs {
		sh.listed[sh.ends[l.cell]] = l.stroke
		sh.ends[l.cell]++
	}
	return len(sh.pairs)
}

// step is what of s covers a place, by what covers another one and all edges that the way between them may cross; in order.
func (s *Shard) step(edges []stroke, from, to orb.Point, covers []int32) []int32 {
	for _, e := range edges {
		if crosses(s.at(e.first), s.at(e.first+1), from, to) {
			covers = s.appendSides(e.arc, covers)
		}
	}
	return oddly(covers)
}

// walk finds what of a share covers the corners of cells: from the sheet's corner north, and from each row's beginning east. It returns how many
// cells have some of it; where lists of areas come to more than most it stops.
func (d *drawer) walk(sh *share, origin vertex, size int64, crowds *crowds, most int) (cells int) {
	s := d.shards[sh.shard]
	at := func(i, j int64) orb.Point { return cornerOf(vertex{origin.x + i*size, origin.y + j*size}) }
	var space, more [16]int32
	covers, row := append(space[:0], sh.corner...), more[:0]
	first := crowds.label(covers)
	for j := range int64(across) {
		row = append(row[:0], covers...)
		l := first
		for i := range int64(across) {
			k := int32(j*across + i)
			sh.corners[k] = l
			if sh.has(k) {
				cells++
			}
			if in := sh.in(k); i+1 < across && len(in) > 0 {
				row = s.step(in, at(i, j), at(i+1, j), row)
				l = crowds.label(row)
			}
		}
		if k := int32(j * across); j+1 < across && len(sh.in(k)) > 0 {
			covers = s.step(sh.in(k), at(0, j), at(0, j+1), covers)
			first = crowds.label(covers)
		}
		if crowds.size > most {
			break
		}
	}
	return cells
}

// record writes what a cell holds of one shard.
func (d *drawer) record(e *easel, shard int32, cover label, list []stroke, origin vertex, follows bool) {
	s := d.shards[shard]
	head, at := int32(0), len(e.words)
	if follows {
		head = followBit
	}
	if slices.ContainsFunc(list, func(e stroke) bool {
		return !s.vertexAt(e.first).minus(origin).short() || !s.vertexAt(e.first+1).minus(origin).short()
	}) {
		head |= wideBit
	}
	write := func(i int32) {
		v := s.vertexAt(i).minus(origin)
		if head&wideBit != 0 {
			e.words = append(e.words, int32(v.x>>32), int32(v.x), int32(v.y>>32), int32(v.y))
		} else {
			e.words = append(e.words, int32(v.x), int32(v.y))
		}
	}
	e.words = append(e.words, shard, int32(cover), 0)
	for k := 0; k < len(list); {
		of, first := s.arcs[list[k].arc], list[k].first
		n := int32(1)
		for k++; k < len(list) && list[k] == (stroke{first + n, list[k-1].arc}); k++ {
			n++
		}
		e.words = append(e.words, int32(d.label(e, s, of.left)), int32(d.label(e, s, of.right)), n)
		for i := range n + 1 {
			write(first + i)
		}
		head += 1 << runShift
	}
	e.words[at+2] = head
}

// label is that of a shard's areas in the sheet.
func (d *drawer) label(e *easel, s *Shard, l label) label {
	if l >= none {
		return l
	}
	return e.crowds.label(s.crowds[-2-l])
}

// short reports whether 32 bits are enough for v.
func (v vertex) short() bool {
	return int64(int32(v.x)) == v.x && int64(int32(v.y)) == v.y
}
