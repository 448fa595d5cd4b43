package coverage

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// raster divides the box of a shard into cells. A cell knows the edges that come into it and what covers its corner, from which
// one gets to any place of the cell by counting the edges that are crossed on the way.
//
// It counts in units of 1e-8 degree from an origin a unit south-west of all vertices; its lines lie half a unit off theirs, so that no
// vertex is on one. It need not be exact, and only has to be the same each time: a cell lists the edges of a unit around it too, where a place is
// known to a hundred-thousandth.
//
// A coverage has the rasters of its shards side by side; that of a nil one has no cells.
type raster struct {
	// What each place needs fills one line of the processor's cache,
	origin     orb.Point // in units: whole numbers
	perX, perY float64   // cells a unit
	nx, ny     int32
	words      []int32
	// and what only a cell with edges needs, the next.
	width, height float64 // of a cell, in units: whole numbers
	places        []place // the vertices of the shard's arcs; nil where these lie too far apart,
	shard         *Shard
	short         bool // how runs are written
	_             [8]byte
}

// place is a vertex in units from the raster's origin; 2^31 of them are 21 degrees.
type place struct{ x, y int32 }

// The first nx·ny words are the cells, by rows, from the south-west. A cell without edges is the label of what covers it, doubled, plus 1;
// else it is double the index of its record among the words: the label of what covers its south-west corner, and the runs of edges.

// run is edges of one arc, one after the other, that come into a cell.
type run struct {
	first, end  int32 // of the vertices that they begin at, end excluded
	left, right label // of the arc
	more        bool  // another run follows
}

// A run is written in four words, or, where all runs of a shard can be, in two.
const (
	shortRun      = 1<<7 - 1  // edges
	shortVertices = 1 << 24   // that the first may be one of
	shortLabel    = 1<<15 - 1 // and -1<<15
)

func (r *raster) appendRun(words []int32, u run) []int32 {
	n, more := u.end-u.first, int32(0)
	if u.more {
		more = 1
	}
	if r.short {
		return append(words, u.first<<8|n<<1|more, int32(u.left)<<16|int32(u.right)&0xffff)
	}
	return append(words, u.first, n<<1|more, int32(u.left), int32(u.right))
}

// run reads the run at a word, and where the next one is.
func (r *raster) run(at int32) (u run, next int32) {
	if r.short {
		w := r.words[at : at+2 : at+2]
		first := int32(uint32(w[0]) >> 8)
		return run{first, first + w[0]>>1&shortRun, label(w[1] >> 16), label(int16(w[1])), w[0]&1 != 0}, at + 2
	}
	w := r.words[at : at+4 : at+4]
	return run{w[0], w[0] + w[1]>>1, label(w[2]), label(w[3]), w[1]&1 != 0}, at + 4
}

const (
	edgesPerCell   = 2
	listedPerEdge  = 12 // at most, on average; else the raster is made coarser
	crowdedPerEdge = 8  // the same for areas in lists
	leastCell      = 100
)

// column and row are those of a place in units, within the raster.
func (r *raster) column(x float64) int { return min(max(int((x-0.5)*r.perX), 0), int(r.nx)-1) }
func (r *raster) row(y float64) int    { return min(max(int((y-0.5)*r.perY), 0), int(r.ny)-1) }

// units is p in units from the origin, off by less than hair where p lies near.
func (r *raster) units(p orb.Point) (x, y float64) {
	return p[0]*1e8 - r.origin[0], p[1]*1e8 - r.origin[1]
}

// corner is the south-west corner of a cell, in degrees.
func (r *raster) corner(i, j int) orb.Point {
	return orb.Point{(r.origin[0] + float64(i)*r.width + 0.5) / 1e8, (r.origin[1] + float64(j)*r.height + 0.5) / 1e8}
}

// rasterise lays the raster over the arcs, whose vertices are points.
func (s *Shard) rasterise(b *builder) {
	n := len(b.points) - (len(s.arcs) - 1)
	if n == 0 {
		return
	}
	s.crowds = b.crowds.lists // those of the arcs
	kept := len(s.crowds)
	s.raster.short = len(b.points) <= shortVertices && len(s.boxes) <= shortLabel && len(s.crowds) <= shortLabel-1
	for wanted := max(1, n/edgesPerCell); ; wanted /= 4 {
		s.divide(max(1, wanted))
		listed, crowded := listedPerEdge*n+64, crowdedPerEdge*n+64
		if wanted <= 1 { // there is one cell
			listed, crowded = math.MaxInt, math.MaxInt
		}
		if !s.list(b, listed) {
			continue
		}
		b.crowds.forget(kept)
		if s.fill(b, crowded) {
			break
		}
	}
	s.raster.words = slices.Clone(b.words)
	s.crowds = slices.Clone(b.crowds.lists)
}

// divide lays a raster of about so many cells, as square as may be.
func (s *Shard) divide(wanted int) {
	r := &s.raster
	w, h := math.Round((s.box.Max[0]-s.box.Min[0])*1e8)+1, math.Round((s.box.Max[1]-s.box.Min[1])*1e8)+1
	side := max(math.Sqrt(w*h/float64(wanted)), max(w, h)/float64(wanted), leastCell)
	r.nx, r.ny = max(1, int32(w/side)), max(1, int32(h/side))
	// The last column ends east of all, and the first begins west of all, so that nothing covers its corners.
	r.width, r.height = math.Floor(w/float64(r.nx))+1, math.Floor(h/float64(r.ny))+1
	r.perX, r.perY = 1/r.width, 1/r.height
}

// list gives the cells their edges, in order, and false where these would be more than most.
func (s *Shard) list(b *builder, most int) bool {
	r := &s.raster
	cells := r.nx * r.ny
	b.listed = b.listed[:0]
	b.ends = append(b.ends[:0], make([]int32, cells+1)...)
	for k := range len(s.arcs) - 1 {
		for e := s.arcs[k].first; e+1 < s.arcs[k+1].first; e++ {
			low, high := b.units[e], b.units[e+1]
			if low.y > high.y {
				low, high = high, low
			}
			x, y := float64(low.x), float64(low.y)
			toX, toY := float64(high.x), float64(high.y)
			slope := 0.0
			if toY > y {
				slope = (toX - x) / (toY - y)
			}
			for j, top := r.row(y-1), r.row(toY+1); j <= top; j++ {
				x1, x2 := x, toX
				if bottom := float64(j)*r.height - 0.5; y < bottom {
					x1 += slope * (min(bottom, toY) - y)
				}
				if top := float64(j+1)*r.height + 1.5; toY > top {
					x2 = x + slope*(max(top, y)-y)
				}
				for i, east := r.column(min(x1, x2)-1), r.column(max(x1, x2)+1); i <= east; i++ {
					at := int32(j*int(r.nx) + i)
					b.listed = append(b.listed, [2]int32{at, e})
					b.ends[at]++
				}
			}
			if len(b.listed) > most {
				return false
			}
		}
	}
	total := int32(0)
	for at, n := range b.ends { // from counts to beginnings, which filling moves to the ends
		b.ends[at] = total
		total += n
	}
	b.edgesOf = slices.Grow(b.edgesOf[:0], len(b.listed))[:len(b.listed)]
	for _, l := range b.listed {
		b.edgesOf[b.ends[l[0]]] = l[1]
		b.ends[l[0]]++
	}
	return true
}

// fill finds what covers the corners, from west to east, and writes the words. It gives false where lists of areas come to more
// than most.
func (s *Shard) fill(b *builder, most int) bool {
	r := &s.raster
	b.words = append(b.words[:0], make([]int32, int(r.nx*r.ny))...)
	begin := int32(0)
	for j := range int(r.ny) {
		covers := b.covers[:0]
		for i := range int(r.nx) {
			at := j*int(r.nx) + i
			edges := b.edgesOf[begin:b.ends[at]]
			begin = b.ends[at]
			corner := b.crowds.label(covers)
			if b.crowds.size > most {
				return false
			}
			if len(edges) == 0 {
				b.words[at] = int32(corner)<<1 | 1
				continue
			}
			b.words[at] = int32(len(b.words)) << 1
			b.words = append(b.words, int32(corner))
			from, to := r.corner(i, j), r.corner(i+1, j)
			for k := 0; k < len(edges); {
				of, odd := s.arcs[b.arcOf[edges[k]]], false
				u := run{edges[k], edges[k], of.left, of.right, false}
				for ; k < len(edges) && edges[k] == u.end && !(r.short && u.end-u.first == shortRun); k++ {
					if crosses(b.points[u.end], b.points[u.end+1], from, to) {
						odd = !odd
					}
					u.end++
				}
				u.more = k < len(edges)
				b.words = r.appendRun(b.words, u)
				if odd {
					covers = s.flip(of.right, s.flip(of.left, covers))
				}
			}
			slices.Sort(covers)
		}
		b.covers = covers
	}
	return true
}

// eachRun calls f with the runs of a cell.
func (r *raster) eachRun(cell int, f func(run)) {
	w := r.words[cell]
	if w&1 != 0 {
		return
	}
	for u, at := r.run(w>>1 + 1); ; u, at = r.run(at) {
		f(u)
		if !u.more {
			return
		}
	}
}

// arcOf is the arc of the edge that begins at vertex e.
func (s *Shard) arcOf(e int32) int32 {
	k, _ := slices.BinarySearchFunc(s.arcs, e+1, func(a arc, v int32) int { return int(a.first) - int(v) })
	return int32(k) - 1
}

// flip takes those areas of l away that are there and adds those that are not.
func (s *Shard) flip(l label, covers []int32) []int32 {
	if l == none {
		return covers
	}
	var one [1]int32
	for _, a := range s.areas(l, &one) {
		if i := slices.Index(covers, a); i >= 0 {
			covers[i] = covers[len(covers)-1]
			covers = covers[:len(covers)-1]
		} else {
			covers = append(covers, a)
		}
	}
	return covers
}

// crosses reports whether the way from one place to another crosses the edge from a to b an odd number of times. The way goes along
// the meridian first, then along the parallel. So that it meets no vertex and runs along no edge, all of it is thought to lie
// a trifle further east, and a far smaller trifle further north.
func crosses(a, b, from, to orb.Point) bool {
	alongMeridian, alongParallel := (a[0] <= from[0]) != (b[0] <= from[0]), (a[1] <= to[1]) != (b[1] <= to[1])
	if !alongMeridian && !alongParallel {
		return false
	}
	turn := besides(a, b, orb.Point{from[0], to[1]})
	return (alongMeridian && besides(a, b, from) != turn) != (alongParallel && besides(a, b, to) != turn)
}

// besides is the side of p, moved by both trifles.
func besides(a, b, p orb.Point) bool {
	switch side := orient(a, b, p); {
	case side != 0:
		return side > 0
	case a[1] != b[1]:
		return a[1] > b[1]
	default:
		return a[0] < b[0]
	}
}

// hair is more than a place or a vertex is off in units, in float64: of 36e9 units, the whole way around, the last bit is 8e-6.
const hair = 1e-5

// locate appends the areas of the shard, which is number n of a coverage, that cover p, in order.
//
// It goes from the corner of p's cell along the meridian, then along the parallel, and counts the edges that it crosses, in float64 units.
// What that leaves in doubt, which a place on a border does, is located exactly.
func (r *raster) locate(p orb.Point, n int32, out []Held) []Held {
	px, py := r.units(p)
	column, row := (px-0.5)*r.perX, (py-0.5)*r.perY
	if !(column >= 0 && row >= 0) {
		return out
	}
	i, j := int(column), int(row)
	if i >= int(r.nx) || j >= int(r.ny) {
		return out
	}
	w := r.words[j*int(r.nx)+i]
	if w&1 != 0 {
		if l := label(w >> 1); l >= none {
			if l != none {
				out = append(out, Held{Ref{n, int32(l)}, false})
			}
			return out
		}
		return r.shard.hold(label(w>>1), n, out)
	}
	if r.places == nil {
		return r.shard.locateExactly(p, i, j, n, out)
	}
	cx, cy := float64(i)*r.width+0.5, float64(j)*r.height+0.5
	corner := label(r.words[w>>1])
	var crossed [8][2]label
	m := 0
	for run, next := r.run(w>>1 + 1); ; run, next = r.run(next) {
		path := r.places[run.first : run.end+1]
		ax, ay := float64(path[0].x), float64(path[0].y)
		east, north := ax > cx, ay > py
		if math.Abs(ay-py) < hair {
			return r.shard.locateExactly(p, i, j, n, out)
		}
		odd := false
		for _, b := range path[1:] {
			bx, by := float64(b.x), float64(b.y)
			if math.Abs(by-py) < hair {
				return r.shard.locateExactly(p, i, j, n, out)
			}
			wasEast, wasNorth := east, north
			east, north = bx > cx, by > py
			if north != wasNorth { // it crosses the parallel: east of the corner, east of p, or both?
				eastOfP, sure := crossesEast(ax-px, ay-py, bx-px, by-py)
				if !sure {
					return r.shard.locateExactly(p, i, j, n, out)
				}
				if eastOfP {
					odd = !odd
				}
				eastOfC, sure := crossesEast(ax-cx, ay-py, bx-cx, by-py)
				if !sure {
					return r.shard.locateExactly(p, i, j, n, out)
				}
				if eastOfC {
					odd = !odd
				}
			}
			if east != wasEast { // it crosses the meridian: north of p, of the corner, or both?
				northOfP, sure := crossesEast(ay-py, ax-cx, by-py, bx-cx)
				if !sure {
					return r.shard.locateExactly(p, i, j, n, out)
				}
				if northOfP {
					odd = !odd
				}
				northOfC, sure := crossesEast(ay-cy, ax-cx, by-cy, bx-cx)
				if !sure {
					return r.shard.locateExactly(p, i, j, n, out)
				}
				if northOfC {
					odd = !odd
				}
			}
			ax, ay = bx, by
		}
		if odd {
			if m == len(crossed) {
				return r.shard.locateExactly(p, i, j, n, out)
			}
			crossed[m] = [2]label{run.left, run.right}
			m++
		}
		if !run.more {
			break
		}
	}
	if m == 0 {
		return r.shard.hold(corner, n, out)
	}
	if m == 1 && crossed[0][0] == corner {
		return r.shard.hold(crossed[0][1], n, out)
	}
	if m == 1 && crossed[0][1] == corner {
		return r.shard.hold(crossed[0][0], n, out)
	}
	s := r.shard
	var one [1]int32
	var room [16]int32
	covers := append(room[:0], s.areas(corner, &one)...)
	for _, c := range crossed[:m] {
		covers = s.flip(c[1], s.flip(c[0], covers))
	}
	slices.Sort(covers)
	for _, a := range covers {
		out = append(out, Held{Ref{n, a}, false})
	}
	return out
}

// crossesEast reports whether the edge from a to b, which crosses the parallel through 0, does so east of 0; sure is false where coordinates
// right to a hair do not tell.
func crossesEast(ax, ay, bx, by float64) (east, sure bool) {
	if ax > hair && bx > hair {
		return true, true
	}
	if ax < -hair && bx < -hair {
		return false, true
	}
	det := ax*by - bx*ay
	// A hair of each coordinate times the others, twice that for what rounding adds: less than 1e-15 of products of at most 2^31 each.
	bound := 2 * hair * (math.Abs(ax) + math.Abs(ay) + math.Abs(bx) + math.Abs(by))
	return det > 0 == (by > 0), math.Abs(det) > bound
}

// hold appends the areas of l, of which none has p on its border.
func (s *Shard) hold(l label, n int32, out []Held) []Held {
	if l >= 0 {
		return append(out, Held{Ref{n, int32(l)}, false})
	}
	var one [1]int32
	for _, a := range s.areas(l, &one) {
		out = append(out, Held{Ref{n, a}, false})
	}
	return out
}

// on reports whether p lies on the edge from a to b.
func on(a, b, p orb.Point) bool {
	return min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) && orient(a, b, p) == 0
}

// locateExactly is locate for p in a cell with edges, on the float64s that p and the vertices are. Those whose border p is on are known without
// counting, and for the others that edge does not count.
func (s *Shard) locateExactly(p orb.Point, i, j int, n int32, out []Held) []Held {
	r := &s.raster
	corner := r.corner(i, j)
	at := r.words[j*int(r.nx)+i] >> 1
	var one [1]int32
	var space, more [16]int32
	bordering := space[:0]
	covers := append(more[:0], s.areas(label(r.words[at]), &one)...)
	for run, next := r.run(at + 1); ; run, next = r.run(next) {
		odd := false
		a := s.at(run.first)
		for e := run.first; e < run.end; e++ {
			b := s.at(e + 1)
			if on(a, b, p) {
				for _, l := range [2]label{run.left, run.right} {
					for _, a := range s.areas(l, &one) {
						if !slices.Contains(bordering, a) {
							bordering = append(bordering, a)
						}
					}
				}
			} else if crosses(a, b, corner, p) {
				odd = !odd
			}
			a = b
		}
		if odd {
			covers = s.flip(run.right, s.flip(run.left, covers))
		}
		if !run.more {
			break
		}
	}
	inside := len(bordering)
	for _, a := range covers {
		if !slices.Contains(bordering[:inside], a) {
			bordering = append(bordering, a)
		}
	}
	first := len(out)
	for k, a := range bordering {
		out = append(out, Held{Ref{n, a}, k < inside})
	}
	if len(bordering) > 1 {
		slices.SortFunc(out[first:], func(a, b Held) int { return int(a.Area) - int(b.Area) })
	}
	return out
}

// cells are those that b, in degrees, comes into, and false where there are none.
func (r *raster) cells(b orb.Bound) (cells, bool) {
	if r.nx == 0 || !meets(r.shard.box, b) {
		return cells{}, false
	}
	x1, y1 := r.units(b.Min)
	x2, y2 := r.units(b.Max)
	return cells{r.column(x1), r.row(y1), r.column(x2), r.row(y2)}, true
}

// comesInto reports whether an area of the shard comes into b, as far as cells tell.
func (s *Shard) comesInto(b orb.Bound) bool {
	r := &s.raster
	c, ok := r.cells(b)
	for j := c.south; ok && j <= c.north; j++ {
		for i := c.west; i <= c.east; i++ {
			if w := r.words[j*int(r.nx)+i]; w&1 == 0 || label(w>>1) != none {
				return true
			}
		}
	}
	return false
}
