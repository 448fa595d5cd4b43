package coverage

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// raster divides the box of a shard into cells. A cell knows the edges that come into it and what covers its corner, from which
// one gets to any place of the cell by counting the edges that are crossed on the way.
//
// What is on which side of what is decided exactly, on the float64s themselves. The raster need not be exact, and only has to
// be the same each time: a cell lists the edges of a margin around it too, much wider than rounding errors are.
type raster struct {
	box           orb.Bound // of all areas
	origin        orb.Point // of the raster: outside all areas
	width, height float64   // of a cell, in degrees
	perX, perY    float64   // cells a degree
	nx, ny        int
	cells         []cell // by rows, from the south-west; and one past the last
	// edges are those of the cells, each by the number of its first vertex in Shard.points.
	edges []int32
	// hints tells of every hintEvery'th vertex which arc it belongs to.
	hints []int32
}

type cell struct {
	corner label // what covers the south-west corner
	edges  int32 // its first in raster.edges; they end where the next cell's begin
}

const (
	hintEvery = 8

	edgesPerCell   = 2
	listedPerEdge  = 12 // at most, on average; else the raster is made coarser
	crowdedPerEdge = 8  // the same for areas in lists
	leastCell      = 1e-6
	margin         = 1e-6 // of a cell: 1e-12 degree at least, where coordinates are rounded to 3e-14
)

// column and row are monotonous, whatever rounding does, and so always give the same cells.
func (r *raster) column(x float64) int {
	return min(max(int((x-r.origin[0])*r.perX), 0), r.nx-1)
}

func (r *raster) row(y float64) int {
	return min(max(int((y-r.origin[1])*r.perY), 0), r.ny-1)
}

// corner is the south-west corner of a cell, computed in one way only: the conversions keep compilers from fusing.
func (r *raster) corner(i, j int) orb.Point {
	return orb.Point{r.origin[0] + float64(float64(i)*r.width), r.origin[1] + float64(float64(j)*r.height)}
}

// holds reports whether p, which may be NaN, lies in the box.
func (r *raster) holds(p orb.Point) bool {
	return r.box.Min[0] <= p[0] && p[0] <= r.box.Max[0] && r.box.Min[1] <= p[1] && p[1] <= r.box.Max[1]
}

func (s *Shard) rasterise(c *crowds) {
	r := &s.raster
	r.box = nowhere
	for _, b := range s.boxes {
		if b != nowhere {
			if r.box == nowhere {
				r.box = b
			}
			r.box = r.box.Union(b)
		}
	}
	n := len(s.points) - (len(s.arcs) - 1)
	if n == 0 {
		return
	}
	r.hints = make([]int32, (len(s.points)+hintEvery-1)/hintEvery)
	for k := range int32(len(s.arcs) - 1) {
		for i := (s.arcs[k].first + hintEvery - 1) / hintEvery * hintEvery; i < s.arcs[k+1].first; i += hintEvery {
			r.hints[i/hintEvery] = k
		}
	}
	kept := len(c.lists)
	s.crowds = c.lists // those of the arcs
	for wanted := max(1, n/edgesPerCell); ; wanted /= 4 {
		s.divide(wanted)
		if wanted > 1 && !s.list(listedPerEdge*n+64) {
			continue
		} else if wanted <= 1 {
			s.list(math.MaxInt)
		}
		c.forget(kept)
		if s.label(c, crowdedPerEdge*n+64) || wanted <= 1 {
			break
		}
	}
	s.crowds = slices.Clip(c.lists)
}

// divide lays a raster of about so many cells, as square as may be.
func (s *Shard) divide(wanted int) {
	r := &s.raster
	size := orb.Point{r.box.Max[0] - r.box.Min[0], r.box.Max[1] - r.box.Min[1]}
	side := max(math.Sqrt(size[0]*size[1]/float64(wanted)), max(size[0], size[1])/float64(wanted), leastCell)
	r.nx, r.ny = max(1, int(size[0]/side)), max(1, int(size[1]/side))
	// The first column begins west of all, so that nothing covers its corners.
	r.width, r.height = (size[0]+2*leastCell)/float64(r.nx), (size[1]+2*leastCell)/float64(r.ny)
	r.origin = orb.Point{r.box.Min[0] - leastCell, r.box.Min[1] - leastCell}
	r.perX, r.perY = 1/r.width, 1/r.height
}

// eachCell calls f with the cells that the edge from a to b comes into or within a margin of, and perhaps with some others.
func (r *raster) eachCell(a, b orb.Point, f func(cell int)) {
	if a[1] > b[1] {
		a, b = b, a
	}
	mx, my := margin*r.width, margin*r.height
	slope := (b[0] - a[0]) / (b[1] - a[1])
	for j, to := r.row(a[1]-my), r.row(b[1]+my); j <= to; j++ {
		x1, x2 := a[0], b[0]
		if bottom := r.corner(0, j)[1] - my; a[1] < bottom {
			x1 += slope * (min(bottom, b[1]) - a[1])
		}
		if top := r.corner(0, j+1)[1] + my; b[1] > top {
			x2 = a[0] + slope*(max(top, a[1])-a[1])
		}
		for i, to := r.column(min(x1, x2)-mx), r.column(max(x1, x2)+mx); i <= to; i++ {
			f(j*r.nx + i)
		}
	}
}

// list gives the cells their edges, and false where these would be more than most.
func (s *Shard) list(most int) bool {
	r := &s.raster
	r.cells = make([]cell, r.nx*r.ny+1)
	total := 0
	for k := range int32(len(s.arcs) - 1) {
		for i := s.arcs[k].first; i+1 < s.arcs[k+1].first; i++ {
			r.eachCell(s.points[i], s.points[i+1], func(cell int) { r.cells[cell].edges++; total++ })
			if total > most {
				return false
			}
		}
	}
	at := int32(0)
	for i := range r.cells { // from counts to ends, which filling moves back to the beginnings
		at += r.cells[i].edges
		r.cells[i].edges = at
	}
	r.edges = make([]int32, total)
	for k := len(s.arcs) - 2; k >= 0; k-- {
		for i := s.arcs[k+1].first - 2; i >= s.arcs[k].first; i-- {
			r.eachCell(s.points[i], s.points[i+1], func(cell int) {
				r.cells[cell].edges--
				r.edges[r.cells[cell].edges] = i
			})
		}
	}
	return true
}

// label finds what covers the corners, from west to east, and gives false where lists of areas come to more than most.
func (s *Shard) label(c *crowds, most int) bool {
	r := &s.raster
	var covers []int32
	for j := range r.ny {
		covers = covers[:0]
		for i := range r.nx {
			at := j*r.nx + i
			r.cells[at].corner = c.label(covers)
			if c.size > most {
				return false
			}
			from, to := r.corner(i, j), r.corner(i+1, j)
			for _, e := range r.edges[r.cells[at].edges:r.cells[at+1].edges] {
				if crosses(s.points[e], s.points[e+1], from, to) {
					covers = s.cross(s.arcOf(e), covers)
				}
			}
			slices.Sort(covers)
		}
	}
	return true
}

// arcOf is the arc of the edge that begins at vertex e.
func (s *Shard) arcOf(e int32) int32 {
	k := s.raster.hints[e/hintEvery]
	for s.arcs[k+1].first <= e {
		k++
	}
	return k
}

// cross changes what covers a place by going over arc k.
func (s *Shard) cross(k int32, covers []int32) []int32 {
	return s.flip(s.arcs[k].right, s.flip(s.arcs[k].left, covers))
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

// locate appends the areas of the shard, which is number n of a coverage, that cover p, in order.
func (s *Shard) locate(p orb.Point, n int32, out []Held) []Held {
	r := &s.raster
	if !r.holds(p) || r.nx == 0 {
		return out
	}
	i, j := r.column(p[0]), r.row(p[1])
	at := j*r.nx + i
	here, end := r.cells[at], r.cells[at+1].edges
	var one [1]int32
	if here.edges == end {
		for _, a := range s.areas(here.corner, &one) {
			out = append(out, Held{Ref{n, a}, false})
		}
		return out
	}
	corner := r.corner(i, j)
	west, east := min(corner[0], p[0]), max(corner[0], p[0])
	south, north := min(corner[1], p[1]), max(corner[1], p[1])
	var space [16]int32
	crossed := space[:0] // arcs
	for _, e := range r.edges[here.edges:end] {
		a, b := s.points[e], s.points[e+1]
		if (a[1] <= p[1]) != (b[1] <= p[1]) { // the edge meets the parallel of p
			if a[0] > east && b[0] > east || a[0] < west && b[0] < west {
				continue // it meets neither the parallel between nor the meridian
			}
		} else if a[1] == p[1] || b[1] == p[1] { // it only touches it
			if on(a, b, p) {
				return s.locateOnBorder(p, n, out)
			}
		}
		if (a[0] <= corner[0]) == (b[0] <= corner[0]) || a[1] > north && b[1] > north || a[1] < south && b[1] < south {
			// It does not meet the meridian between.
			if (a[1] <= p[1]) == (b[1] <= p[1]) {
				continue
			}
			side := orient(a, b, p)
			if side == 0 {
				return s.locateOnBorder(p, n, out)
			}
			if (side > 0) != besides(a, b, orb.Point{corner[0], p[1]}) {
				crossed = append(crossed, s.arcOf(e))
			}
			continue
		}
		if on(a, b, p) {
			return s.locateOnBorder(p, n, out)
		}
		if crosses(a, b, corner, p) {
			crossed = append(crossed, s.arcOf(e))
		}
	}
	if len(crossed) == 0 {
		for _, a := range s.areas(here.corner, &one) {
			out = append(out, Held{Ref{n, a}, false})
		}
		return out
	}
	var more [16]int32
	covers := append(more[:0], s.areas(here.corner, &one)...)
	for _, k := range crossed {
		covers = s.cross(k, covers)
	}
	slices.Sort(covers)
	for _, a := range covers {
		out = append(out, Held{Ref{n, a}, false})
	}
	return out
}

// comesInto reports whether an area of the shard comes into b, as far as cells tell.
func (s *Shard) comesInto(b orb.Bound) bool {
	r := &s.raster
	if r.nx == 0 || !meets(r.box, b) {
		return false
	}
	for j, top := r.row(b.Min[1]), r.row(b.Max[1]); j <= top; j++ {
		for i, east := r.column(b.Min[0]), r.column(b.Max[0]); i <= east; i++ {
			if at := j*r.nx + i; r.cells[at].corner != none || r.cells[at].edges != r.cells[at+1].edges {
				return true
			}
		}
	}
	return false
}

// on reports whether p lies on the edge from a to b.
func on(a, b, p orb.Point) bool {
	return min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) && orient(a, b, p) == 0
}

// locateOnBorder is locate for a p that lies on an edge: those whose border it is are known without counting, and for the
// others that edge does not count.
func (s *Shard) locateOnBorder(p orb.Point, n int32, out []Held) []Held {
	r := &s.raster
	i, j := r.column(p[0]), r.row(p[1])
	at, corner := j*r.nx+i, r.corner(i, j)
	var one [1]int32
	var space, more [16]int32
	bordering := space[:0]
	covers := append(more[:0], s.areas(r.cells[at].corner, &one)...)
	for _, e := range r.edges[r.cells[at].edges:r.cells[at+1].edges] {
		a, b := s.points[e], s.points[e+1]
		k := s.arcOf(e)
		if !on(a, b, p) {
			if crosses(a, b, corner, p) {
				covers = s.cross(k, covers)
			}
			continue
		}
		for _, l := range [2]label{s.arcs[k].left, s.arcs[k].right} {
			for _, a := range s.areas(l, &one) {
				if !slices.Contains(bordering, a) {
					bordering = append(bordering, a)
				}
			}
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
	slices.SortFunc(out[first:], func(a, b Held) int { return int(a.Area) - int(b.Area) })
	return out
}
