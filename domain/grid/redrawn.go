package grid

import (
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/coverage"
)

// Redrawn is where a map looks different than before, in boxes, degrees of CGCS2000.
type Redrawn struct {
	Shapes   []place.Box // borders are others
	Captions []place.Box // of areas: what is written about them, or how they are coloured
	Labels   []place.Box // names stand elsewhere
}

// Redrawn tells where a map of g's grids looks different than one of was's, from which g was made in any number of steps.
func (g *Ground) Redrawn(was *Ground) (out Redrawn) {
	before := func(r coverage.Ref) (coverage.Ref, bool) {
		old, ok := was.grids.Get(g.at(r).Key.ID)
		return old.ref, ok
	}
	for _, b := range g.cover.Redrawn(was.cover, before) {
		out.Shapes = append(out.Shapes, boxOf(b))
	}
	for i, c := range g.communities {
		if c == nil || i < len(was.communities) && was.communities[i] == c {
			continue
		}
		for _, now := range c.grids {
			old, ok := was.grids.Get(now.Key.ID)
			if !ok {
				continue // its area is new
			}
			if now.Code != old.Code || now.Name != old.Name || now.Kind != old.Kind || !sameGroup(now, old.Grid) ||
				g.groupName(now) != was.groupName(old.Grid) {
				out.Captions = append(out.Captions, now.BBox.Around(old.BBox))
			}
			if a, b := now.LabelPoint, old.LabelPoint; a != nil && b != nil && (a.X() != b.X() || a.Y() != b.Y()) {
				out.Labels = append(out.Labels, place.Box{West: a.X(), South: a.Y(), East: a.X(), North: a.Y()},
					place.Box{West: b.X(), South: b.Y(), East: b.X(), North: b.Y()})
			}
		}
	}
	return out
}

// sameGroup reports whether both are in one group, or in none: who leads it may have to be called.
func sameGroup(a, b *Grid) bool {
	if a.GroupID == nil || b.GroupID == nil {
		return a.GroupID == b.GroupID
	}
	return *a.GroupID == *b.GroupID
}

// groupName is "" for a grid without a group.
func (g *Ground) groupName(of *Grid) string {
	if of.GroupID == nil {
		return ""
	}
	p, _ := g.Group(key.Key{Home: of.Key.Home, ID: *of.GroupID})
	return p.Name
}

func boxOf(b orb.Bound) place.Box {
	return place.Box{West: b.Min[0], South: b.Min[1], East: b.Max[0], North: b.Max[1]}
}

// RedrawnDivisions tells the same of the divisions of a level.
func (g *Ground) RedrawnDivisions(was *Ground, of place.Level) (out Redrawn) {
	now, old := g.divisions.of(of), was.divisions.of(of)
	if now == nil || now == old {
		return out
	}
	type known struct {
		*place.Division
		ref coverage.Ref
	}
	before := map[uuid.UUID]known{}
	for i, f := range old.families {
		for j := range f.all() {
			before[f.members[j].ID] = known{&f.members[j], coverage.Ref{Shard: int32(i), Area: int32(j)}}
		}
	}
	boxes := now.cover.Redrawn(old.cover, func(r coverage.Ref) (coverage.Ref, bool) {
		b, ok := before[now.families[r.Shard].members[r.Area].ID]
		return b.ref, ok
	})
	for _, b := range boxes {
		out.Shapes = append(out.Shapes, boxOf(b))
	}
	for _, f := range now.families {
		for j, m := range f.all() {
			if b, ok := before[m.ID]; ok && (b.Code != m.Code || b.Name != m.Name || b.Level != m.Level) {
				out.Captions = append(out.Captions, boxOf(f.shard.Box(j)))
			}
		}
	}
	return out
}

// all are the members of a family; nil has none.
func (f *family) all() []place.Division {
	if f == nil {
		return nil
	}
	return f.members
}

// Of returns the grid that has an id, or the grids of the group that has it.
func (g *Ground) Of(id uuid.UUID) []*Grid {
	if p, ok := g.grids.Get(id); ok {
		return []*Grid{p.Grid}
	}
	list, _ := g.ofGroup.Get(id)
	return list
}
