package coverage

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Coverage is shards side by side, as a rule the communities of a city. It does not change; With makes the next one.
type Coverage struct {
	index    index
	shards   []*Shard
	sketches []atomic.Pointer[lazySketch] // of each shard; nil where it was not drawn yet
}

// Ref names an area of a coverage: its shard and its number in that shard.
type Ref struct{ Shard, Area int32 }

// Held is an area that covers a place. Border says that the place is on its border.
type Held struct {
	Ref
	Border bool
}

// Neighbour is an area that another one has a border with, and how many metres of it.
type Neighbour struct {
	Ref
	SharedM float64
}

// New makes a coverage of shards. nil holds nothing; positions are kept: Ref.Shard is the index in shards.
func New(shards []*Shard) *Coverage {
	return &Coverage{newIndex(shards), slices.Clone(shards), make([]atomic.Pointer[lazySketch], len(shards))}
}

// With is c with other shards at some places. A place at or past the end makes c longer, with nil between. It costs some bytes a shard and
// a sheet, and the drawing anew of the sheets on which a changed shard lies or lay; of all where the town outgrows them.
func (c *Coverage) With(shards map[int]*Shard) *Coverage {
	are := slices.Clone(c.shards)
	for i, s := range shards {
		for len(are) <= i {
			are = append(are, nil)
		}
		are[i] = s
	}
	next, ok := c.index.with(c.shards, are, shards)
	if !ok {
		next = newIndex(are)
	}
	return &Coverage{next, are, c.sketchesWith(are, shards)}
}

// Replace is With for one shard.
func (c *Coverage) Replace(i int, s *Shard) *Coverage { return c.With(map[int]*Shard{i: s}) }

// Len is how many shards there are, nil ones included.
func (c *Coverage) Len() int { return len(c.shards) }

// Shard is shard i, or nil; i is less than Len.
func (c *Coverage) Shard(i int) *Shard { return c.shards[i] }

// Area is the area of r, made anew.
func (c *Coverage) Area(r Ref) orb.MultiPolygon { return c.shards[r.Shard].Area(int(r.Area)) }

// Locate appends to out all areas that cover p, as ST_Covers has it, in order of shard and area. It allocates nothing where out
// has room, unless dozens of areas lie on top of one another.
func (c *Coverage) Locate(p orb.Point, out []Held) []Held {
	return c.index.locate(c.index.entry(p), p, out)
}

// near appends the shards, in order, that may have an area in b.
func (c *Coverage) near(b orb.Bound, out []int32) []int32 { return c.index.near(c.shards, b, out) }

// batch is how many points a core takes at a time.
const batch = 256

// ahead is of how many of them the cells are read first. None of these reads waits for another, so that memory is waited for once.
const ahead = 16

// LocateAll locates points on all cores. each is called with the index of a point and what holds it, at once from several
// goroutines, the caller's among them, and in no order; held is each's to change and only good until it returns.
func (c *Coverage) LocateAll(points []orb.Point, each func(i int, held []Held)) {
	var next atomic.Int64
	work := func() {
		var held []Held
		var entries [ahead]entry
		for {
			start := int(next.Add(batch)) - batch
			if start >= len(points) {
				return
			}
			end := min(start+batch, len(points))
			for ; start < end; start += ahead {
				some := points[start:min(start+ahead, end)]
				for k, p := range some {
					entries[k] = c.index.entry(p)
				}
				for k, p := range some {
					held = c.index.locate(entries[k], p, held[:0])
					each(start+k, held)
				}
			}
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(points)+batch-1)/batch) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
