package grid

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/place"
	"wangge/geo/coverage"
	"wangge/geo/shape"
)

// divisions are the areas of divisions, the smallest level first: which of them is the smallest that holds a point.
type divisions [5]level

var noDivisions = divisions{{cover: coverage.New(nil)}, {cover: coverage.New(nil)}, {cover: coverage.New(nil)}, {cover: coverage.New(nil)}, {cover: coverage.New(nil)}}

// level is the divisions of one level, in families of the same parent.
type level struct {
	cover    *coverage.Coverage
	families []*family // at the place of its shard in cover; nil: gone
}

type family struct {
	parent  uuid.UUID
	members []place.Division // in the order of shard's areas
	shard   *coverage.Shard
}

// WithDivisions returns g with other divisions. What has the same areas as before is not made anew.
func (g *Ground) WithDivisions(list []place.Division) (*Ground, error) {
	var by [len(divisions{})]map[uuid.UUID][]place.Division
	for i := range by {
		by[i] = map[uuid.UUID][]place.Division{}
	}
	for _, d := range list {
		if rank := d.Level.Rank(); rank >= 0 && d.Boundary != nil {
			i, parent := len(by)-1-rank, uuid.Nil
			if d.ParentID != nil {
				parent = *d.ParentID
			}
			by[i][parent] = append(by[i][parent], d)
		}
	}
	next := *g
	next.divisions = &divisions{}
	for i := range by {
		was, l := &g.divisions[i], &next.divisions[i]
		l.families = slices.Clone(was.families)
		changed := map[int]*coverage.Shard{}
		places := make(map[uuid.UUID]int, len(was.families))
		for k, f := range was.families {
			if f == nil {
				continue
			}
			if places[f.parent] = k; by[i][f.parent] == nil {
				l.families[k], changed[k] = nil, nil
			}
		}
		for parent, members := range by[i] {
			slices.SortFunc(members, func(a, b place.Division) int { return cmp.Compare(a.Code, b.Code) })
			k, known := places[parent]
			if known && slices.EqualFunc(l.families[k].members, members, sameArea) {
				l.families[k] = &family{parent, members, l.families[k].shard} // names and codes may be others
				continue
			}
			f, err := newFamily(parent, members)
			if err != nil {
				return nil, err
			}
			if !known {
				k, l.families = len(l.families), append(l.families, nil)
			}
			l.families[k], changed[k] = f, f.shard
		}
		if l.cover = was.cover; len(changed) > 0 {
			l.cover = was.cover.With(changed)
		}
	}
	return &next, nil
}

// WithDivisionsOf returns g with the divisions of another Ground, which both share.
func (g *Ground) WithDivisionsOf(other *Ground) *Ground {
	next := *g
	next.divisions = other.divisions
	return &next
}

// DivisionCover is the areas of the divisions of one level that have a boundary, a shard for those of one parent, for who draws them; of an
// unknown level, nothing. The Ref of an area is that of DivisionAt.
func (g *Ground) DivisionCover(of place.Level) *coverage.Coverage {
	if l := g.divisions.of(of); l != nil {
		return l.cover
	}
	return coverage.New(nil)
}

// DivisionAt returns the division whose area DivisionCover of its level knows as r, which must be one of g's.
func (g *Ground) DivisionAt(of place.Level, r coverage.Ref) *place.Division {
	return &g.divisions.of(of).families[r.Shard].members[r.Area]
}

// of is a level; nil: there is no such level.
func (d *divisions) of(l place.Level) *level {
	if rank := l.Rank(); rank >= 0 {
		return &d[len(d)-1-rank]
	}
	return nil
}

func newFamily(parent uuid.UUID, members []place.Division) (*family, error) {
	areas := make([]orb.MultiPolygon, len(members))
	for i, d := range members {
		o, err := shape.ToOrb(d.Boundary)
		if err == nil {
			areas[i], err = shape.MultiPolygon(o)
		}
		if err != nil {
			return nil, fmt.Errorf("boundary of division %s: %w", d.Code, err)
		}
	}
	return &family{parent, members, coverage.NewShard(areas)}, nil
}

func sameArea(a, b place.Division) bool {
	return a.ID == b.ID && (a.Boundary == b.Boundary || sameRings(a.Boundary, b.Boundary))
}

func sameRings(a, b *geom.MultiPolygon) bool {
	return slices.Equal(a.FlatCoords(), b.FlatCoords()) && slices.EqualFunc(a.Endss(), b.Endss(), slices.Equal[[]int])
}

// around returns the smallest division that holds p, of one level the one with the lowest code; nil: there is none.
func (d *divisions) around(p orb.Point) *uuid.UUID {
	var room [8]coverage.Held
	for i := range d {
		var found *place.Division
		for _, h := range d[i].cover.Locate(p, room[:0]) {
			if m := &d[i].families[h.Shard].members[h.Area]; found == nil || m.Code < found.Code {
				found = m
			}
		}
		if found != nil {
			return &found.ID
		}
	}
	return nil
}
