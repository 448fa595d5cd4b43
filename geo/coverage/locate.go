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
	shards []*Shard
	root   *node
	frame  frame     // of the root
	box    orb.Bound // what the root has room for
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
	c := &Coverage{shards: slices.Clone(shards), box: nowhere}
	var changes []change
	for i, s := range c.shards {
		if b := s.box(); b != nowhere {
			if c.box == nowhere {
				c.box = b
			}
			c.box = c.box.Union(b)
			changes = append(changes, change{int32(i), nowhere, b})
		}
	}
	if c.box != nowhere { // room for a town that grows
		size := max(c.box.Max[0]-c.box.Min[0], c.box.Max[1]-c.box.Min[1])
		c.box = widened(c.box, size/16+slack)
		c.frame = frameOf(c.box, 1)
		c.root = (*node)(nil).with(c.frame, c.shards, changes)
	}
	return c
}

// With is c with other shards at some places. A place at or past the end makes c longer, with nil between. It costs what the fields
// of the changed shards cost.
func (c *Coverage) With(shards map[int]*Shard) *Coverage {
	next := &Coverage{slices.Clone(c.shards), c.root, c.frame, c.box}
	var changes []change
	for _, i := range slices.Sorted(maps.Keys(shards)) {
		for len(next.shards) <= i {
			next.shards = append(next.shards, nil)
		}
		ch := change{int32(i), next.shards[i].box(), shards[i].box()}
		next.shards[i] = shards[i]
		if ch.now != nowhere && (c.box == nowhere || c.box.Union(ch.now) != c.box) {
			for i, s := range shards {
				for len(next.shards) <= i {
					next.shards = append(next.shards, nil)
				}
				next.shards[i] = s
			}
			return New(next.shards)
		}
		if ch.was != nowhere || ch.now != nowhere {
			changes = append(changes, ch)
		}
	}
	if len(changes) > 0 {
		next.root = c.root.with(c.frame, next.shards, changes)
	}
	return next
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
	if !(c.box.Min[0] <= p[0] && p[0] <= c.box.Max[0] && c.box.Min[1] <= p[1] && p[1] <= c.box.Max[1]) { // nor for NaN
		return out
	}
	f := c.frame
	for n := c.root; ; {
		i, j := f.column(p[0]), f.row(p[1])
		var one [1]int32
		list, child := n.shards(j*fan+i, &one)
		if child == nil {
			for _, s := range list {
				out = c.shards[s].locate(p, s, out)
			}
			return out
		}
		n, f = child, f.child(i, j)
	}
}

// near appends the shards, in order, that may have an area in b.
func (c *Coverage) near(b orb.Bound, out []int32) []int32 {
	if c.root == nil || !meets(c.box, b) {
		return out
	}
	out = c.root.near(c.frame, b, out)
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
