package grid

import (
	"bytes"
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/index"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/coverage"
	"wangge/geo/shape"
)

// Version is a grid with its area for a time. Its Boundary is set.
type Version struct {
	Grid  Grid
	From  time.Time
	Until *time.Time // the first instant that it is no more in force; nil: not known
}

// Community is what a Ground is made of: the grids of one division that are in force at an instant or begin later, and its groups.
type Community struct {
	ID       uuid.UUID
	Versions []Version // of a grid as many as it has; of any time
	Groups   []Group
}

// Ground is the grids in force at an instant, in memory, with the divisions' areas. It is never changed, nor may what it hands out
// be: With, WithDivisions and Later make others that share what stayed.
type Ground struct {
	since, until time.Time // until is zero where nothing ends or begins later
	communities  []*part   // at the place of its shard in cover; nil: gone
	places       index.Index[uuid.UUID, int]
	cover        *coverage.Coverage
	grids        index.Index[uuid.UUID, placed]
	codes        index.Index[string, *Grid] // those that it had before answer too
	groups       index.Index[uuid.UUID, Group]
	ofGroup      index.Index[uuid.UUID, []*Grid] // by code
	divisions    *divisions
}

// part is a community's part of a Ground.
type part struct {
	Community
	grids []*Grid // in force, by code; in the order of shard's areas
	shard *coverage.Shard
	next  time.Time // when a version begins or ends; zero: never
}

type placed struct {
	*Grid
	ref coverage.Ref
}

// NewGround makes the Ground of an instant of all communities that have grids or groups, and the divisions that have a boundary.
func NewGround(at time.Time, communities []Community, divisions []place.Division) (*Ground, error) {
	g, err := (&Ground{cover: coverage.New(nil), divisions: &noDivisions}).With(at, communities)
	if err != nil {
		return nil, err
	}
	return g.WithDivisions(divisions)
}

// With returns the Ground of an instant, not before g's, where some communities are as they are told and all else stayed. One that
// has neither versions nor groups is no more. A grid that came from another community has left that.
func (g *Ground) With(at time.Time, changed []Community) (*Ground, error) {
	told := make(map[uuid.UUID]bool, len(changed))
	for _, c := range changed {
		told[c.ID] = true
	}
	left := map[uuid.UUID]bool{} // of communities that are not told
	for _, c := range changed {
		for _, v := range c.Versions {
			if old, ok := g.grids.Get(v.Grid.Key.ID); ok && !told[old.CommunityID] {
				left[v.Grid.Key.ID] = true
			}
		}
	}
	for _, c := range g.communities {
		if c == nil || told[c.ID] {
			continue
		}
		leaves := func(v Version) bool { return left[v.Grid.Key.ID] }
		switch {
		case len(left) > 0 && slices.ContainsFunc(c.Versions, leaves):
			stay := c.Community
			stay.Versions = slices.DeleteFunc(slices.Clone(c.Versions), leaves)
			changed = append(slices.Clip(changed), stay)
		case !c.next.IsZero() && !at.Before(c.next):
			changed = append(slices.Clip(changed), c.Community)
		}
	}
	return g.replaced(at, changed)
}

// Later returns the Ground of a later instant by what is known now.
func (g *Ground) Later(at time.Time) (*Ground, error) { return g.With(at, nil) }

// Since is the first instant that g answers for.
func (g *Ground) Since() time.Time { return g.since }

// Until is the first instant that g does not answer for any more, by what is known now; zero: there is none.
func (g *Ground) Until() time.Time { return g.until }

// replaced returns g with other parts for some communities.
func (g *Ground) replaced(at time.Time, changed []Community) (*Ground, error) {
	next := *g
	next.since = at
	next.communities = slices.Clone(g.communities)
	var e edits
	shards := make(map[int]*coverage.Shard, len(changed))
	for _, c := range changed {
		i, known := next.places.Get(c.ID)
		if known {
			e.remove(next.communities[i])
		} else {
			i = len(next.communities)
			next.communities = append(next.communities, nil)
			next.places = next.places.With(nil, []index.Entry[uuid.UUID, int]{{Key: c.ID, Value: i}})
		}
		p, err := newPart(c, at)
		if err != nil {
			return nil, err
		}
		next.communities[i], shards[i] = p, nil
		if p != nil {
			e.put(p, i)
			shards[i] = p.shard
		}
	}
	next.cover = g.cover.With(shards)
	e.apply(&next)
	next.until = time.Time{}
	for _, c := range next.communities {
		if c != nil && !c.next.IsZero() && (next.until.IsZero() || c.next.Before(next.until)) {
			next.until = c.next
		}
	}
	return &next, nil
}

// newPart is what of a community is in force at an instant or later; nil: nothing.
func newPart(c Community, at time.Time) (*part, error) {
	c.Versions = slices.DeleteFunc(slices.Clone(c.Versions), func(v Version) bool { return v.Until != nil && !at.Before(*v.Until) })
	if len(c.Versions) == 0 && len(c.Groups) == 0 {
		return nil, nil
	}
	p := &part{Community: c}
	change := func(t time.Time) {
		if at.Before(t) && (p.next.IsZero() || t.Before(p.next)) {
			p.next = t
		}
	}
	for i := range c.Versions {
		v := &c.Versions[i]
		v.Grid.Key.Home = key.SharedHome(v.Grid.Key.Home)
		change(v.From)
		if v.Until != nil {
			change(*v.Until)
		}
		if !at.Before(v.From) {
			p.grids = append(p.grids, &v.Grid)
		}
	}
	slices.SortFunc(p.grids, byCode)
	areas := make([]orb.MultiPolygon, len(p.grids))
	for i, g := range p.grids {
		var err error
		if areas[i], err = area(g); err != nil {
			return nil, err
		}
	}
	var names []orb.Point
	for _, g := range p.grids {
		if at := g.LabelPoint; at != nil {
			names = append(names, orb.Point{at.X(), at.Y()})
		}
	}
	p.shard = coverage.NewShard(areas, names...)
	return p, nil
}

// area is g's boundary in the form that geometry works on.
func area(g *Grid) (orb.MultiPolygon, error) {
	o, err := shape.ToOrb(g.Boundary)
	if err == nil {
		var m orb.MultiPolygon
		if m, err = shape.MultiPolygon(o); err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("boundary of grid %s: %w", g.Code, err)
}

func byCode(a, b *Grid) int {
	return cmp.Or(cmp.Compare(a.Code, b.Code), bytes.Compare(a.Key.ID[:], b.Key.ID[:]))
}

// edits are what changes in the look-ups of a Ground.
type edits struct {
	gone    []*Grid
	come    []index.Entry[uuid.UUID, placed]
	noGroup []uuid.UUID
	groups  []index.Entry[uuid.UUID, Group]
}

func (e *edits) remove(c *part) {
	if c == nil {
		return
	}
	e.gone = append(e.gone, c.grids...)
	for _, p := range c.Groups {
		e.noGroup = append(e.noGroup, p.Key.ID)
	}
}

func (e *edits) put(c *part, at int) {
	for i, g := range c.grids {
		e.come = append(e.come, index.Entry[uuid.UUID, placed]{Key: g.Key.ID, Value: placed{g, coverage.Ref{Shard: int32(at), Area: int32(i)}}})
	}
	for _, p := range c.Groups {
		e.groups = append(e.groups, index.Entry[uuid.UUID, Group]{Key: p.Key.ID, Value: p})
	}
}

func (e *edits) apply(g *Ground) {
	var ids []uuid.UUID
	var noCode []string
	var codes []index.Entry[string, *Grid]
	ofGroup := map[uuid.UUID][]*Grid{}
	others := func(group uuid.UUID) []*Grid { // those that stay
		list, known := ofGroup[group]
		if !known {
			list, _ = g.ofGroup.Get(group)
			list = slices.Clone(list)
		}
		return list
	}
	for _, old := range e.gone {
		ids, noCode = append(ids, old.Key.ID), append(append(noCode, old.Code), old.FormerCodes...)
		if p := old.GroupID; p != nil {
			ofGroup[*p] = slices.DeleteFunc(others(*p), func(x *Grid) bool { return x == old })
		}
	}
	for _, c := range e.come {
		codes = append(codes, index.Entry[string, *Grid]{Key: c.Value.Code, Value: c.Value.Grid})
		for _, former := range c.Value.FormerCodes {
			codes = append(codes, index.Entry[string, *Grid]{Key: former, Value: c.Value.Grid})
		}
		if p := c.Value.GroupID; p != nil {
			ofGroup[*p] = append(others(*p), c.Value.Grid)
		}
	}
	var empty []uuid.UUID
	var lists []index.Entry[uuid.UUID, []*Grid]
	for group, list := range ofGroup {
		if len(list) == 0 {
			empty = append(empty, group)
			continue
		}
		slices.SortFunc(list, byCode)
		lists = append(lists, index.Entry[uuid.UUID, []*Grid]{Key: group, Value: list})
	}
	g.grids, g.codes = g.grids.With(ids, e.come), g.codes.With(noCode, codes)
	g.groups, g.ofGroup = g.groups.With(e.noGroup, e.groups), g.ofGroup.With(empty, lists)
}

// Len is how many grids are in force.
func (g *Ground) Len() int { return g.grids.Len() }

// ByKey returns a grid; nil: there is none.
func (g *Ground) ByKey(k key.Key) *Grid {
	p, ok := g.grids.Get(k.ID)
	if !ok || p.Key != k {
		return nil
	}
	return p.Grid
}

// ByCode returns the grid that has or had a code; nil: there is none.
func (g *Ground) ByCode(code string) *Grid {
	found, _ := g.codes.Get(code)
	return found
}

// Group returns a grid group; false: there is none.
func (g *Ground) Group(k key.Key) (Group, bool) {
	p, ok := g.groups.Get(k.ID)
	return p, ok && p.Key == k
}

// OfGroup returns the grids of a group, by code.
func (g *Ground) OfGroup(k key.Key) []*Grid {
	list, _ := g.ofGroup.Get(k.ID)
	if len(list) == 0 || list[0].Key.Home != k.Home {
		return nil
	}
	return list
}

// Neighbours returns the grids that share a border with one, the longest border first. The Boundary of what it answers is set.
func (g *Ground) Neighbours(k key.Key) []Neighbour {
	me, ok := g.grids.Get(k.ID)
	if !ok || me.Key != k {
		return nil
	}
	var out []Neighbour
	for _, n := range g.cover.Neighbours(me.ref) {
		out = append(out, Neighbour{Grid: *g.at(n.Ref), SharedM: n.SharedM})
	}
	slices.SortFunc(out, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.SharedM, a.SharedM), cmp.Compare(a.Grid.Code, b.Grid.Code))
	})
	return out
}

// at is the grid whose area cover knows as r.
func (g *Ground) at(r coverage.Ref) *Grid { return g.communities[r.Shard].grids[r.Area] }

// Cover is the grids' areas, a shard a community, for who draws them. The Ref of an area is that of At.
func (g *Ground) Cover() *coverage.Coverage { return g.cover }

// At returns the grid whose area Cover knows as r, which must be one of g's.
func (g *Ground) At(r coverage.Ref) *Grid { return g.at(r) }

// Beneath returns up to limit grids of some divisions, nil for all, by code: those that come after a code and id.
func (g *Ground) Beneath(divisions []uuid.UUID, afterCode string, afterID uuid.UUID, limit int) []*Grid {
	after := Grid{Code: afterCode, Key: key.Key{ID: afterID}}
	var lists merge
	g.eachOf(divisions, func(c *part) {
		i, found := slices.BinarySearchFunc(c.grids, &after, byCode)
		if found {
			i++
		}
		if i < len(c.grids) {
			lists = append(lists, c.grids[i:])
		}
	})
	heap.Init(&lists)
	var out []*Grid
	for len(lists) > 0 && len(out) < limit {
		out = append(out, lists[0][0])
		if lists[0] = lists[0][1:]; len(lists[0]) == 0 {
			heap.Pop(&lists)
		} else {
			heap.Fix(&lists, 0)
		}
	}
	return out
}

// CountBeneath is how many grids some divisions have, nil for all.
func (g *Ground) CountBeneath(divisions []uuid.UUID) (n int) {
	g.eachOf(divisions, func(c *part) { n += len(c.grids) })
	return n
}

func (g *Ground) eachOf(divisions []uuid.UUID, do func(*part)) {
	if divisions == nil {
		for _, c := range g.communities {
			if c != nil {
				do(c)
			}
		}
	}
	for _, id := range divisions {
		if i, ok := g.places.Get(id); ok && g.communities[i] != nil {
			do(g.communities[i])
		}
	}
}

// merge is a heap of lists of grids by code, the one with the lowest first code on top; none is empty.
type merge [][]*Grid

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return byCode(m[i][0], m[j][0]) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.([]*Grid)) }
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// Only returns g with those heavy fields alone that are asked for.
func (g *Grid) Only(with Fields) Grid {
	out := *g
	if !with.Boundary {
		out.Boundary = nil
	}
	return out
}
