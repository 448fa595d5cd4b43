package place

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/index"
)

// Tree is all divisions, in memory. It is never changed, nor may what it hands out be.
type Tree struct {
	all       index.Index[uuid.UUID, *branch]
	codes     index.Index[string, *Division] // those that it had before answer too
	roots     []*Division
	withGrids []*Division
}

type branch struct {
	Division
	children []*Division // by code
}

// NewTree keeps divisions, which have their boundaries. withGrids are the ids of those that hold grids, in force or not.
func NewTree(divisions []Division, withGrids []uuid.UUID) *Tree {
	branches := make([]index.Entry[uuid.UUID, *branch], len(divisions))
	byID := make(map[uuid.UUID]*branch, len(divisions))
	for i, d := range slices.SortedFunc(slices.Values(divisions), func(a, b Division) int { return cmp.Compare(a.Code, b.Code) }) {
		b := &branch{Division: d}
		branches[i], byID[d.ID] = index.Entry[uuid.UUID, *branch]{Key: d.ID, Value: b}, b
	}
	t := &Tree{}
	var codes []index.Entry[string, *Division]
	for _, e := range branches {
		d := &e.Value.Division
		codes = append(codes, index.Entry[string, *Division]{Key: d.Code, Value: d})
		for _, former := range d.FormerCodes {
			codes = append(codes, index.Entry[string, *Division]{Key: former, Value: d})
		}
		if d.ParentID == nil {
			t.roots = append(t.roots, d)
		} else if parent := byID[*d.ParentID]; parent != nil {
			parent.children = append(parent.children, d)
		}
	}
	t.all, t.codes = t.all.With(nil, branches), t.codes.With(nil, codes)
	return t.WithGrids(withGrids)
}

// WithGrids returns a Tree of the same divisions in which others hold grids.
func (t *Tree) WithGrids(ids []uuid.UUID) *Tree {
	with := *t
	with.withGrids = nil
	for _, id := range ids {
		if d := t.ByID(id); d != nil {
			with.withGrids = append(with.withGrids, d)
		}
	}
	slices.SortFunc(with.withGrids, func(a, b *Division) int { return cmp.Compare(a.Code, b.Code) })
	return &with
}

// Len is how many divisions there are.
func (t *Tree) Len() int { return t.all.Len() }

// ByID returns a division; nil: none.
func (t *Tree) ByID(id uuid.UUID) *Division {
	b, ok := t.all.Get(id)
	if !ok {
		return nil
	}
	return &b.Division
}

// ByCode returns the division that has or had a code; nil: none.
func (t *Tree) ByCode(code string) *Division {
	d, _ := t.codes.Get(code)
	return d
}

// Roots returns the divisions without a parent, by code.
func (t *Tree) Roots() []*Division { return t.roots }

// Communities returns the divisions that hold grids, in force or not, by code.
func (t *Tree) Communities() []*Division { return t.withGrids }

// Children returns the divisions directly within one, by code.
func (t *Tree) Children(id uuid.UUID) []*Division {
	b, ok := t.all.Get(id)
	if !ok {
		return nil
	}
	return b.children
}

// Ancestors returns the divisions around one, the largest first, without itself.
func (t *Tree) Ancestors(id uuid.UUID) []*Division {
	var out []*Division
	for d := t.ByID(id); d != nil && d.ParentID != nil && len(out) < t.Len(); {
		if d = t.ByID(*d.ParentID); d != nil {
			out = append(out, d)
		}
	}
	slices.Reverse(out)
	return out
}

// Subtree returns the ids of a division and all beneath it; nil: there is none.
func (t *Tree) Subtree(id uuid.UUID) []uuid.UUID {
	if t.ByID(id) == nil {
		return nil
	}
	out := []uuid.UUID{id}
	for i := 0; i < len(out) && i < t.Len(); i++ {
		for _, d := range t.Children(out[i]) {
			out = append(out, d.ID)
		}
	}
	return out
}

// Only returns d with those heavy fields alone that are asked for.
func (d *Division) Only(with Fields) Division {
	out := *d
	if !with.Boundary {
		out.Boundary = nil
	}
	return out
}
