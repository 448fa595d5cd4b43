package coverage

import (
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// index is the sheets over the shards of a coverage, side by side.
type index struct {
	origin        orb.Point // their south-west corner, in units: whole numbers
	per           float64   // cells a unit
	columns, rows float64   // of cells
	wide          uint      // sheets along a parallel
	sheets        []*sheet  // by rows, from the south-west; nil where nothing is
	scale         scale
	bound         orb.Bound // what they have room for
	edges         int       // of all shards
	chosenFor     int       // edges, when the scale was chosen
}

const (
	edgesPerCell = 1.5  // for how many there is a cell
	outgrown     = 4    // times as many edges as the scale was chosen for are too many
	slack        = 1e-6 // degrees that there is room for around one place
)

// newIndex lays sheets over shards.
func newIndex(shards []*Shard) index {
	x := index{bound: nowhere}
	for _, s := range shards {
		x.bound, x.edges = union(x.bound, s.bound()), x.edges+s.edges()
	}
	if x.bound == nowhere {
		return x
	}
	size := max(x.bound.Max[0]-x.bound.Min[0], x.bound.Max[1]-x.bound.Min[1])
	x.chosenFor = x.edges
	x.bound = widened(x.bound, size/16+slack) // for a town that grows
	low, high := quantise(x.bound.Min), quantise(x.bound.Max)
	x.origin = low.plane()
	extent := high.minus(low).plane()
	cells := max(float64(x.edges)/edgesPerCell, 1)
	x.scale = scaleFrom(math.Sqrt(extent[0] * extent[1] / cells)) // the room around makes what is thin some squares wide
	x.per = 1 / x.scale[0]
	side := across * x.scale[0]
	wide, tall := uint(extent[0]/side)+1, uint(extent[1]/side)+1
	x.wide, x.columns, x.rows = wide, float64(across*wide), float64(across*tall)
	x.sheets = make([]*sheet, wide*tall)

	of := map[int][]int32{}
	for i, s := range shards {
		x.eachSheet(s.bound(), func(k int) { of[k] = append(of[k], int32(i)) })
	}
	x.draw(shards, of, newStores(len(of), x.edges, cores(len(of))))
	return x
}

// with is x where shards that were are others now. ok is false where x has no room for them.
func (x *index) with(were, are []*Shard, changed map[int]*Shard) (next index, ok bool) {
	next = *x
	next.sheets = slices.Clone(x.sheets)
	of := map[int][]int32{}
	for i, s := range changed {
		was := at(were, i)
		next.edges += s.edges() - was.edges()
		if b := s.bound(); b != nowhere && x.bound.Union(b) != x.bound {
			return next, false
		}
		x.eachSheet(was.bound(), func(k int) { of[k] = nil })
		x.eachSheet(s.bound(), func(k int) { of[k] = nil })
	}
	if next.edges > outgrown*x.chosenFor {
		return next, false
	}
	for k := range of {
		if s := x.sheets[k]; s != nil {
			of[k] = slices.DeleteFunc(slices.Clone(s.shards), func(n int32) bool { _, ok := changed[int(n)]; return ok })
		}
	}
	for i, s := range changed {
		x.eachSheet(s.bound(), func(k int) { of[k] = append(of[k], int32(i)) })
	}
	for k := range of {
		slices.Sort(of[k])
	}
	next.draw(are, of, make([]store, cores(len(of))))
	return next, true
}

// cores is how many of them are of use for so many pieces of work.
func cores(pieces int) int { return min(runtime.GOMAXPROCS(0), pieces) }

// at is shard i, nil also past the end.
func at(shards []*Shard, i int) *Shard {
	if i < len(shards) {
		return shards[i]
	}
	return nil
}

// cell is the column and the row of a place, also of one that lies outside. It is found alike each time; a hair from a line it may be that beyond.
func (x *index) cell(p orb.Point) (column, row float64) {
	return (p[0]*1e8 - x.origin[0] - corner) * x.per, (p[1]*1e8 - x.origin[1] - corner) * x.per
}

// eachSheet calls f with the sheets, by number, that b meets, and perhaps one beside it.
func (x *index) eachSheet(b orb.Bound, f func(k int)) {
	if len(x.sheets) == 0 || b == nowhere {
		return
	}
	b = widened(b, unit)
	column, row := x.cell(b.Min)
	toColumn, toRow := x.cell(b.Max)
	if !(column < x.columns && row < x.rows && toColumn >= 0 && toRow >= 0) {
		return
	}
	west, south := int(max(column, 0)/across), int(max(row, 0)/across)
	east, north := int(min(toColumn, x.columns-1)/across), int(min(toRow, x.rows-1)/across)
	for j := south; j <= north; j++ {
		for i := west; i <= east; i++ {
			f(j*int(x.wide) + i)
		}
	}
}

// draw draws sheets, given by number with the shards whose boxes meet them, on as many cores as there are stores.
func (x *index) draw(shards []*Shard, of map[int][]int32, stores []store) {
	numbers := slices.Sorted(maps.Keys(of))
	piece := min(max(len(numbers)/(8*max(len(stores), 1)), 1), 64) // how many one draws in a row, so that all find some
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range stores {
		all.Go(func() {
			d, wide, side := newDrawer(x.scale, shards, &stores[i]), int(x.wide), across*x.scale[0]
			for end := int(next.Add(int64(piece))); end-piece < len(numbers); end = int(next.Add(int64(piece))) {
				for _, k := range numbers[end-piece : min(end, len(numbers))] {
					origin := orb.Point{x.origin[0] + side*float64(k%wide), x.origin[1] + side*float64(k/wide)}
					x.sheets[k] = d.sheet(k, vertex{int64(origin[0]), int64(origin[1])}, of[k])
				}
			}
		})
	}
	all.Wait()
}

// near appends the shards, in order, that may have an area in b.
func (x *index) near(shards []*Shard, b orb.Bound, out []int32) []int32 {
	x.eachSheet(b, func(k int) {
		if s := x.sheets[k]; s != nil {
			for _, n := range s.shards {
				if meets(shards[n].box, b) {
					out = append(out, n)
				}
			}
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// entry is where one comes from a place onto its sheet.
type entry struct {
	sheet       *sheet
	cell        cell
	column, row uint
}

// entry finds the cell of a place.
func (x *index) entry(p orb.Point) entry {
	column, row := x.cell(p)
	if !(column >= 0 && row >= 0 && column < x.columns && row < x.rows) { // nor for NaN
		return entry{cell: cell{shard: nothing}}
	}
	i, j := uint(column), uint(row)
	s := x.sheets[j/across*x.wide+i/across]
	if s == nil {
		return entry{cell: cell{shard: nothing}}
	}
	return entry{s, s.cells[j%across*across+i%across], i, j}
}

// locate appends the areas that cover p, which is entered at at, in order of shard and area.
func (x *index) locate(at entry, p orb.Point, out []Held) []Held {
	if at.cell.shard < nothing {
		return x.descend(at, p, out)
	}
	return at.cell.hold(out)
}

// hold appends the area that covers all of a cell, if there is one.
func (c cell) hold(out []Held) []Held {
	if c.shard == nothing {
		return out
	}
	return append(out, Held{Ref{c.shard, c.at}, false})
}

// descend is locate where the cell knows edges.
func (x *index) descend(at entry, p orb.Point, out []Held) []Held {
	px, py := p[0]*1e8-x.origin[0], p[1]*1e8-x.origin[1]
	origin := vertex{int64(x.origin[0]), int64(x.origin[1])}
	if at.cell.shard == whole {
		at.column, at.row = at.column/across*across, at.row/across*across
	}
	for level := 0; ; level++ {
		size := x.scale[level]
		px, py = px-float64(at.column)*size, py-float64(at.row)*size
		origin = vertex{origin.x + int64(at.column)*int64(size), origin.y + int64(at.row)*int64(size)}
		if at.cell.shard != divided {
			return at.sheet.locate(at.cell.at, p, px, py, origin, out)
		}
		size = x.scale[level+1]
		s := at.sheet.finer[at.cell.at]
		i, j := uint(min(max((px-corner)/size, 0), across-1)), uint(min(max((py-corner)/size, 0), across-1))
		at = entry{s, s.cells[j*across+i], i, j}
		if at.cell.shard >= nothing { // or an area
			return at.cell.hold(out) // locate would do as well, but in a circle the compiler takes out to the heap
		}
	}
}
