package coverage

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// sheet is a square of a coverage, divided into cells. A cell says what covers all of it, or it knows the edges that come into it and what
// covers its south-west corner, from which one gets to any place of the cell by counting the edges that are crossed on the way. It does not change.
//
// A place is answered from few lines of the processor's cache: that of its cell, and near a border those of the cell's record.
type sheet struct {
	cells  [across * across]cell // by rows, from the south-west
	words  []int32               // records
	crowds [][]int32             // areas that labels name together
	finer  []*sheet              // cells that are divided again
	shards []int32               // all that have an area in the sheet, in order; of a finer one not told
}

const across = 16 // cells along a side of a sheet

// cell is an area that covers all of it, by its shard and its number there, or what else there is, instead of a shard, and where.
type cell struct{ shard, at int32 }

const (
	nothing = -1 - iota
	edged   // sheet.words has its record at at
	whole   // the same, of a record for all cells together, counted from the corner of the sheet
	divided // it is sheet.finer[at]
)

// A record is the shards that come into a cell, with all edges that come within a unit of it: a place a hair from the line between two cells may
// be looked up in either. In order:
//
//	shard, label of what covers the corner, runs<<2 | wide<<1 | whether another shard follows
//	of each run, which is edges of one arc one after the other: label left, label right, edges; the vertices, one more than edges
//
// A vertex is x and y in units from the corner, rounded up to whole ones: the corner lies half a unit south-west of their origin, as do all lines
// between cells, so that no vertex is on one. Where 32 bits are too few for a shard's vertices, it is wide, and each number takes two words.
type record []int32

const (
	wideBit   = 2
	followBit = 1
	runShift  = 2
	groupHead = 3
	runHead   = 3
)

// corner is where the south-west corner of a cell lies from the origin of its vertices, along both axes.
const corner = -0.5

// locate appends the areas that cover p, which lies at x, y from origin, by the record at at.
func (s *sheet) locate(at int32, p orb.Point, x, y float64, origin vertex, out []Held) []Held {
	r := record(s.words[at:])
	for {
		shard, cover, head := r[0], label(r[1]), r[2]
		end := groupHead
		var crossed [8][2]label
		m, sure := 0, head&wideBit == 0
		for left := head >> runShift; left > 0 && sure; left-- {
			run := r[end:]
			n := sizeOf(int(run[2]), false)
			var odd bool
			if odd, sure = crossesOddly(run[runHead:runHead+n], x, y); odd {
				if sure = m < len(crossed); sure {
					crossed[m] = [2]label{label(run[0]), label(run[1])}
					m++
				}
			}
			end += runHead + n
		}
		switch {
		case !sure:
			out, end = s.locateExactly(r, p, origin, out)
		case m == 0:
			out = s.hold(cover, shard, out)
		case m == 1 && crossed[0][0] == cover:
			out = s.hold(crossed[0][1], shard, out)
		case m == 1 && crossed[0][1] == cover:
			out = s.hold(crossed[0][0], shard, out)
		default:
			var room [32]int32
			covers := appendAreas(s.crowds, room[:0], cover)
			for _, c := range crossed[:m] {
				covers = appendAreas(s.crowds, covers, c[:]...)
			}
			for _, a := range oddly(covers) {
				out = append(out, Held{Ref{shard, a}, false})
			}
		}
		if head&followBit == 0 {
			return out
		}
		r = r[end:]
	}
}

// hold appends the areas of l, of which none has the place on its border.
func (s *sheet) hold(l label, shard int32, out []Held) []Held {
	if l >= 0 {
		return append(out, Held{Ref{shard, int32(l)}, false})
	}
	var one [1]int32
	for _, a := range areasOf(l, s.crowds, &one) {
		out = append(out, Held{Ref{shard, a}, false})
	}
	return out
}

// hair is more than the difference of two coordinates is off, in units. All are less than 2^37, which is more than three times around, where
// float64 rounds by 8e-6 at most, and five times: the place in units, and from the origin; vertex and corner, which are meant as the float64s that
// are nearest in degrees; the difference. That is 4e-5; what it grows by in a product is in crossesPast.
const hair = 1e-4

// crossesOddly reports whether the way from the corner to x, y, along the meridian first, then along the parallel, crosses an odd number of
// the edges along path. sure is false where coordinates right to a hair do not tell: near a border, as a rule.
func crossesOddly(path []int32, x, y float64) (odd, sure bool) {
	ax, ay := float64(path[0]), float64(path[1])
	east, north := ax > corner, ay > y
	if math.Abs(ay-y) < hair {
		return false, false
	}
	for i := 2; i+1 < len(path); i += 2 {
		bx, by := float64(path[i]), float64(path[i+1])
		if math.Abs(by-y) < hair {
			return false, false
		}
		wasEast, wasNorth := east, north
		east, north = bx > corner, by > y
		if north != wasNorth {
			crossed, sure := crossesBetween(ax, ay-y, bx, by-y, corner, x)
			if !sure {
				return false, false
			}
			odd = odd != crossed
		}
		if east != wasEast {
			crossed, sure := crossesBetween(ay, ax-corner, by, bx-corner, corner, y)
			if !sure {
				return false, false
			}
			odd = odd != crossed
		}
		ax, ay = bx, by
	}
	return odd, true
}

// crossesBetween reports whether the edge from a to b, which crosses the axis, does so between from and to along it.
func crossesBetween(ax, ay, bx, by, from, to float64) (between, sure bool) {
	past, sure := crossesPast(ax-from, ay, bx-from, by)
	if !sure {
		return false, false
	}
	beyond, sure := crossesPast(ax-to, ay, bx-to, by)
	return past != beyond, sure
}

// crossesPast reports whether the edge from a to b crosses the axis past 0.
func crossesPast(ax, ay, bx, by float64) (past, sure bool) {
	if ax > hair && bx > hair {
		return true, true
	}
	if ax < -hair && bx < -hair {
		return false, true
	}
	det := ax*by - bx*ay
	// Of each product: either factor times what the other is off, 4e-5, and what rounding it and the sum adds, 2^-52 of it, which is less
	// than 4e-5 times one factor, as the other is less than 2^37.
	bound := hair * (math.Abs(ax) + math.Abs(ay) + math.Abs(bx) + math.Abs(by))
	return det > 0 == (by > 0), math.Abs(det) > bound
}

// vertexAt is vertex i of path, from origin; so the float64s that came in can be had back.
func vertexAt(path []int32, i int, wide bool, origin vertex) vertex {
	if wide {
		w := path[4*i : 4*i+4]
		return vertex{origin.x + (int64(w[0])<<32 | int64(uint32(w[1]))), origin.y + (int64(w[2])<<32 | int64(uint32(w[3])))}
	}
	return vertex{origin.x + int64(path[2*i]), origin.y + int64(path[2*i+1])}
}

// cornerOf is the corner of a cell, in degrees.
func cornerOf(origin vertex) orb.Point {
	return orb.Point{(float64(origin.x) + corner) / 1e8, (float64(origin.y) + corner) / 1e8}
}

// locateExactly is locate for the first shard of a record, on the float64s that p and the vertices are; end is where the next shard's begins.
// Areas whose border p is on are known without counting, and for the others that edge does not count.
func (s *sheet) locateExactly(r record, p orb.Point, origin vertex, out []Held) (_ []Held, end int) {
	from, wide := cornerOf(origin), r[2]&wideBit != 0
	var one [1]int32
	var space, more [32]int32
	bordering := space[:0]
	covers := appendAreas(s.crowds, more[:0], label(r[1]))
	end = groupHead
	for range r[2] >> runShift {
		sides, n := [2]label{label(r[end]), label(r[end+1])}, int(r[end+2])
		path := r[end+runHead:]
		odd := false
		a := vertexAt(path, 0, wide, origin).point()
		for i := range n {
			b := vertexAt(path, i+1, wide, origin).point()
			if on(a, b, p) {
				for _, l := range sides {
					for _, area := range areasOf(l, s.crowds, &one) {
						if !slices.Contains(bordering, area) {
							bordering = append(bordering, area)
						}
					}
				}
			} else if crosses(a, b, from, p) {
				odd = !odd
			}
			a = b
		}
		if odd {
			covers = appendAreas(s.crowds, covers, sides[:]...)
		}
		end += runHead + sizeOf(n, wide)
	}
	inside := len(bordering)
	for _, a := range oddly(covers) {
		if !slices.Contains(bordering[:inside], a) {
			bordering = append(bordering, a)
		}
	}
	first := len(out)
	for k, a := range bordering {
		out = append(out, Held{Ref{r[0], a}, k < inside})
	}
	if len(bordering) > 1 {
		slices.SortFunc(out[first:], func(a, b Held) int { return int(a.Area) - int(b.Area) })
	}
	return out, end
}

// sizeOf is how many words the vertices of n edges take.
func sizeOf(n int, wide bool) int {
	if wide {
		return 4 * (n + 1)
	}
	return 2 * (n + 1)
}

// on reports whether p lies on the edge from a to b.
func on(a, b, p orb.Point) bool {
	return min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) && orient(a, b, p) == 0
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
