package coverage

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Coverage is shards side by side, as a rule the communities of a city. It does not change; With makes the next one.
type Coverage struct {
	frame   frame
	root    *node
	rasters []raster // of shards
	shards  []*Shard
	edits   int // that it took to come here, one after the other
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
	c := &Coverage{shards: slices.Clone(shards), rasters: make([]raster, len(shards)), frame: frame{box: nowhere}}
	box := nowhere
	for i, s := range c.shards {
		box = union(box, s.bound())
		c.place(i, s)
	}
	if box == nowhere {
		return c
	}
	size := max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1])
	c.frame = frameOf(widened(box, size/16+slack)) // room for a town that grows
	c.root = newRoot(len(c.shards), c.edits)
	e := edit{c.edits, &c.frame, c.shards}
	for i, s := range c.shards {
		if s.bound() != nowhere {
			e.insert(c.root, everywhere, int32(i))
		}
	}
	return c
}

// With is c with other shards at some places. A place at or past the end makes c longer, with nil between. It costs a copy of the root,
// some bytes a shard, and what the fields of the changed shards cost.
func (c *Coverage) With(shards map[int]*Shard) *Coverage {
	next := &Coverage{c.frame, c.root, slices.Clone(c.rasters), slices.Clone(c.shards), c.edits + 1}
	fits := true
	for i, s := range shards {
		for len(next.shards) <= i {
			next.shards, next.rasters = append(next.shards, nil), append(next.rasters, raster{})
		}
		next.place(i, s)
		if b := s.bound(); b != nowhere && (c.root == nil || c.frame.box.Union(b) != c.frame.box) {
			fits = false
		}
	}
	if !fits {
		return New(next.shards)
	}
	if c.root == nil {
		return next
	}
	e := edit{next.edits, &next.frame, next.shards}
	next.root = e.own(c.root)
	for _, i := range slices.Sorted(maps.Keys(shards)) {
		if i < len(c.shards) {
			if was := c.shards[i].bound(); was != nowhere {
				e.remove(next.root, everywhere, int32(i), was)
			}
		}
		if shards[i].bound() != nowhere {
			e.insert(next.root, everywhere, int32(i))
		}
	}
	return next
}

// place puts a shard at its place, not yet into the index.
func (c *Coverage) place(i int, s *Shard) {
	c.shards[i], c.rasters[i] = s, raster{}
	if s != nil {
		c.rasters[i] = s.raster
	}
}

// Replace is With for one shard.
func (c *Coverage) Replace(i int, s *Shard) *Coverage { return c.With(map[int]*Shard{i: s}) }

// Len is how many shards there are, nil ones included.
func (c *Coverage) Len() int { return len(c.shards) }

// Shard is shard i, or nil.
func (c *Coverage) Shard(i int) *Shard { return c.shards[i] }

// Area is the area of r, made anew.
func (c *Coverage) Area(r Ref) orb.MultiPolygon { return c.shards[r.Shard].Area(int(r.Area)) }

// Locate appends to out all areas that cover p, as ST_Covers has it, in order of shard and area. It allocates nothing where out
// has room, unless dozens of areas lie on top of one another.
func (c *Coverage) Locate(p orb.Point, out []Held) []Held {
	f := &c.frame
	if !(f.box.Min[0] <= p[0] && p[0] <= f.box.Max[0] && f.box.Min[1] <= p[1] && p[1] <= f.box.Max[1]) { // nor for NaN
		return out
	}
	i, j := f.column(p[0]), f.row(p[1])
	for n := c.root; ; {
		v := n.fields[n.field(i, j)]
		if v >= 0 {
			if v != empty {
				out = c.rasters[v].locate(p, v, out)
			}
			return out
		}
		b := &n.branches[^v]
		if b.child == nil {
			for _, s := range b.list {
				out = c.rasters[s].locate(p, s, out)
			}
			return out
		}
		n = b.child
	}
}

// near appends the shards, in order, that may have an area in b.
func (c *Coverage) near(b orb.Bound, out []int32) []int32 {
	if c.root == nil || !meets(c.frame.box, b) {
		return out
	}
	out = c.root.near(everywhere, c.frame.cells(b), out)
	slices.Sort(out)
	return slices.Compact(out)
}

// batch is how many points a core takes at a time.
const batch = 1024

// LocateAll locates points on all cores. each is called with the index of a point and what holds it, at once from several
// goroutines and in no order; held is only good until each returns.
func (c *Coverage) LocateAll(points []orb.Point, each func(i int, held []Held)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(points)+batch-1)/batch) {
		all.Go(func() {
			var held []Held
			for {
				start := int(next.Add(batch)) - batch
				if start >= len(points) {
					return
				}
				for i := start; i < min(start+batch, len(points)); i++ {
					held = c.Locate(points[i], held[:0])
					each(i, held)
				}
			}
		})
	}
	all.Wait()
}
