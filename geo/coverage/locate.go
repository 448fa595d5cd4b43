package coverage

import (
	"cmp"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

// Coverage is shards side by side, as a rule the communities of a city. It does not change; With makes the next one.
type Coverage struct {
	shards []*Shard
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
	return &Coverage{slices.Clone(shards)}
}

// With is c with other shards at some places. A place at or past the end makes c longer, with nil between.
func (c *Coverage) With(shards map[int]*Shard) *Coverage {
	next := slices.Clone(c.shards)
	for _, i := range slices.Sorted(maps.Keys(shards)) {
		for len(next) <= i {
			next = append(next, nil)
		}
		next[i] = shards[i]
	}
	return &Coverage{next}
}

// Replace is With for one shard.
func (c *Coverage) Replace(i int, s *Shard) *Coverage { return c.With(map[int]*Shard{i: s}) }

// Len is how many shards there are, nil ones included.
func (c *Coverage) Len() int { return len(c.shards) }

// Shard is shard i, or nil.
func (c *Coverage) Shard(i int) *Shard { return c.shards[i] }

// Area is the area of r, made anew.
func (c *Coverage) Area(r Ref) orb.MultiPolygon { return c.shards[r.Shard].Area(int(r.Area)) }

// Locate appends to out all areas that cover p, as ST_Covers has it, in order of shard and area.
func (c *Coverage) Locate(p orb.Point, out []Held) []Held {
	for n, s := range c.shards {
		if s == nil {
			continue
		}
		for i := range s.areas {
			if inside, border := s.holds(i, p); inside {
				out = append(out, Held{Ref{int32(n), int32(i)}, border})
			}
		}
	}
	return out
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

// Nearest is the area nearest to p, at most limitM metres away, and how far it is: 0 where it covers p. Of areas equally far,
// the one that comes before the others is taken; nil for before is the order of shard and area.
func (c *Coverage) Nearest(p orb.Point, limitM float64, before func(a, b Ref) bool) (Ref, float64, bool) {
	var best Ref
	least, found := limitM, false
	for n, s := range c.shards {
		if s == nil {
			continue
		}
		for i := range s.areas {
			r := Ref{int32(n), int32(i)}
			d := 0.0
			if inside, _ := s.holds(i, p); !inside {
				d = c.DistanceToBorderM(r, p)
			}
			if d < least || d == least && (!found || before != nil && before(r, best)) {
				best, least, found = r, d, true
			}
		}
	}
	return best, least, found
}

// Around appends to out the areas whose boxes come within radiusM metres of p, in order of shard and area.
func (c *Coverage) Around(p orb.Point, radiusM float64, out []Ref) []Ref {
	plane := measure.LocalAt(p)
	for n, s := range c.shards {
		if s == nil {
			continue
		}
		for i, b := range s.boxes {
			if s.areas[i] == nil {
				continue
			}
			x, y := plane.XY(orb.Point{min(max(p[0], b.Min[0]), b.Max[0]), min(max(p[1], b.Min[1]), b.Max[1])})
			if math.Hypot(x, y) <= radiusM {
				out = append(out, Ref{int32(n), int32(i)})
			}
		}
	}
	return out
}

// DistanceToBorderM is how many metres p is away from the border of r, be it inside or outside (measure.DistanceToBoundaryM).
func (c *Coverage) DistanceToBorderM(r Ref, p orb.Point) float64 {
	return measure.DistanceToBoundaryM(p, c.shards[r.Shard].areas[r.Area])
}

// GaussianShare is the share of a position known to sigmaM that lies in r (measure.GaussianShare).
func (c *Coverage) GaussianShare(r Ref, p orb.Point, sigmaM float64) float64 {
	return measure.GaussianShare(p[0], p[1], sigmaM, c.shards[r.Shard].areas[r.Area])
}

// Neighbours are the areas that r has a border with, of any shard, the longest first.
func (c *Coverage) Neighbours(r Ref) []Neighbour {
	mine := c.shards[r.Shard]
	var out []Neighbour
	for n, s := range c.shards {
		if s == nil {
			continue
		}
		for i := range s.areas {
			other := Ref{int32(n), int32(i)}
			if other == r || !s.boxes[i].Intersects(mine.boxes[r.Area]) {
				continue
			}
			if m := SharedBorderM(mine.areas[r.Area], s.areas[i]); m > 0 {
				out = append(out, Neighbour{other, m})
			}
		}
	}
	slices.SortFunc(out, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.SharedM, a.SharedM), cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Area, b.Area))
	})
	return out
}
