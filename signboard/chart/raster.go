package chart

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/signboard/paper"
)

// raster is the sheet in small squares: whose each is, and what stands there. On it is looked for room.
type raster struct {
	box   paper.Box
	size  float64 // of a square, millimetres
	w, h  int
	cells []cell
}

type cell struct {
	owner int32 // index of a region; -1: nobody's
	busy  uint8 // 1: something is there
	rim   bool  // the border of the grids runs here
	edge  bool  // or beside
	land  bool  // in the piece of land whose name is to be written
	built bool  // a building stands here
}

func newRaster(b paper.Box, size float64) *raster {
	size = max(size, b.W/400, b.H/400)
	r := &raster{box: b, size: size, w: int(math.Ceil(b.W / size)), h: int(math.Ceil(b.H / size))}
	r.cells = make([]cell, r.w*r.h)
	for i := range r.cells {
		r.cells[i].owner = -1
	}
	return r
}

// index is the column and the row of a place, which may lie outside.
func (r *raster) index(q orb.Point) (x, y int) {
	return int(math.Floor((q[0] - r.box.X) / r.size)), int(math.Floor((q[1] - r.box.Y) / r.size))
}

// at is the cell at a place; nil: outside.
func (r *raster) at(q orb.Point) *cell {
	if x, y := r.index(q); x >= 0 && y >= 0 && x < r.w && y < r.h {
		return &r.cells[y*r.w+x]
	}
	return nil
}

// middle is the middle of a cell.
func (r *raster) middle(x, y int) orb.Point {
	return orb.Point{r.box.X + (float64(x)+0.5)*r.size, r.box.Y + (float64(y)+0.5)*r.size}
}

// fill does something with the cells whose middles lie in rings, of which those within others are holes.
func (r *raster) fill(rings []orb.Ring, do func(*cell)) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, ring := range rings {
		b := ring.Bound()
		low, high = min(low, b.Min[1]), max(high, b.Max[1])
	}
	_, from := r.index(orb.Point{0, max(low, r.box.Y)})
	_, to := r.index(orb.Point{0, min(high, r.box.Y+r.box.H)})
	var cross []float64
	for y := max(from, 0); y <= min(to, r.h-1); y++ {
		at := r.middle(0, y)[1]
		cross = cross[:0]
		for _, ring := range rings {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > at) != (b[1] > at) {
					cross = append(cross, a[0]+(at-a[1])/(b[1]-a[1])*(b[0]-a[0]))
				}
			}
		}
		slices.Sort(cross)
		for i := 1; i < len(cross); i += 2 {
			a := int(math.Ceil((cross[i-1]-r.box.X)/r.size - 0.5))
			b := int(math.Ceil((cross[i]-r.box.X)/r.size-0.5)) - 1
			for x := max(a, 0); x <= min(b, r.w-1); x++ {
				do(&r.cells[y*r.w+x])
			}
		}
	}
}

// along does something with the cells that a line goes through.
func (r *raster) along(line []orb.Point, do func(*cell)) {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		n := int(math.Hypot(b[0]-a[0], b[1]-a[1])/r.size) + 1
		for k := range n + 1 {
			t := float64(k) / float64(n)
			if c := r.at(orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}); c != nil {
				do(c)
			}
		}
	}
}

// border marks the cells that a line goes through and those beside them.
func (r *raster) border(line []orb.Point) {
	for _, by := range [][2]float64{{0, 0}, {r.size, 0}, {-r.size, 0}, {0, r.size}, {0, -r.size}} {
		moved := make([]orb.Point, len(line))
		for i, q := range line {
			moved[i] = orb.Point{q[0] + by[0], q[1] + by[1]}
		}
		r.along(moved, func(c *cell) { c.edge = true })
	}
	r.along(line, func(c *cell) { c.rim = true })
}

// sides does something with the regions of cells beside each other.
func (r *raster) sides(do func(a, b int32)) {
	seen := map[[2]int32]bool{}
	for i, c := range r.cells {
		for _, j := range []int{i + 1, i + r.w} {
			if j == i+1 && j%r.w == 0 || j >= len(r.cells) {
				continue
			}
			if k := [2]int32{c.owner, r.cells[j].owner}; k[0] != k[1] && k[0] >= 0 && k[1] >= 0 && !seen[k] {
				seen[k] = true
				do(k[0], k[1])
			}
		}
	}
}

// sums are what the cells of a part of the raster add up to, so that any rectangle takes four look-ups (F. C. Crow, 1984).
type sums struct {
	x, y, w, h int // the part
	s          []int32
}

// sum adds up what value gives in the part of the raster around a bound.
func (r *raster) sum(b orb.Bound, value func(*cell) int32) sums {
	x0, y0 := r.index(b.Min)
	x1, y1 := r.index(b.Max)
	p := sums{x: min(max(x0, 0), r.w), y: min(max(y0, 0), r.h)}
	p.w, p.h = max(min(x1+1, r.w)-p.x, 0), max(min(y1+1, r.h)-p.y, 0)
	p.s = make([]int32, (p.w+1)*(p.h+1))
	for y := range p.h {
		row := int32(0)
		for x := range p.w {
			row += value(&r.cells[(p.y+y)*r.w+p.x+x])
			p.s[(y+1)*(p.w+1)+x+1] = p.s[y*(p.w+1)+x+1] + row
		}
	}
	return p
}

// in is the sum of the cells from x0, y0 up to but not x1, y1; outside the part there is nothing.
func (p sums) in(x0, y0, x1, y1 int) int32 {
	x0, y0 = min(max(x0-p.x, 0), p.w), min(max(y0-p.y, 0), p.h)
	x1, y1 = min(max(x1-p.x, 0), p.w), min(max(y1-p.y, 0), p.h)
	if x0 >= x1 || y0 >= y1 {
		return 0
	}
	n := p.w + 1
	return p.s[y1*n+x1] - p.s[y0*n+x1] - p.s[y1*n+x0] + p.s[y0*n+x0]
}

// grow widens a box to all sides as far as own counts all cells. What of the box itself is not counted is left as it is.
func (r *raster) grow(own sums, b orb.Bound) orb.Bound {
	x0, y0 := r.index(b.Min)
	x1, y1 := r.index(b.Max)
	x1, y1 = x1+1, y1+1
	for grown := true; grown; {
		grown = false
		for _, by := range [][4]int{{-1, 0, 0, 0}, {0, 0, 1, 0}, {0, -1, 0, 0}, {0, 0, 0, 1}} {
			a0, b0, a1, b1 := x0+by[0], y0+by[1], x1+by[2], y1+by[3]
			if more := (a1-a0)*(b1-b0) - (x1-x0)*(y1-y0); int(own.in(a0, b0, a1, b1)-own.in(x0, y0, x1, y1)) == more {
				x0, y0, x1, y1, grown = a0, b0, a1, b1, true
			}
		}
	}
	return b.Union(orb.Bound{Min: orb.Point{r.box.X + float64(x0)*r.size, r.box.Y + float64(y0)*r.size},
		Max: orb.Point{r.box.X + float64(x1)*r.size, r.box.Y + float64(y1)*r.size}})
}

// room looks for where a rectangle w × h stands best among the cells that own counts, all of them: away from their edge, where little else is, and by
// pull near prefer. free says whether a middle is possible; crowd is the share of the rectangle where something is. False: nowhere.
func (r *raster) room(own, busy sums, w, h float64, prefer orb.Point, pull float64, free func(middle orb.Point) bool) (best orb.Point, crowd float64, ok bool) {
	nx, ny := int(math.Ceil(w/r.size)), int(math.Ceil(h/r.size))
	least := math.Inf(1)
	ease := max(ny, 2)
	want := float64((nx + 2*ease) * (ny + 2*ease))
	diagonal := math.Hypot(float64(own.w), float64(own.h)) * r.size
	for y := own.y; y+ny <= own.y+own.h; y++ {
		for x := own.x; x+nx <= own.x+own.w; x++ {
			if int(own.in(x, y, x+nx, y+ny)) < nx*ny {
				continue
			}
			middle := orb.Point{r.box.X + (float64(x)+float64(nx)/2)*r.size, r.box.Y + (float64(y)+float64(ny)/2)*r.size}
			cost := 1 - float64(own.in(x-ease, y-ease, x+nx+ease, y+ny+ease))/want
			full := float64(busy.in(x, y, x+nx, y+ny)) / float64(nx*ny)
			cost += 1.5 * full
			cost += pull * math.Hypot(middle[0]-prefer[0], middle[1]-prefer[1]) / diagonal
			if cost < least && free(middle) {
				best, crowd, least, ok = middle, full, cost, true
			}
		}
	}
	return best, crowd, ok
}
