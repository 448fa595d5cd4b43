package place

import (
	"cmp"

	"github.com/google/uuid"
)

// Fewest is the least count of people that the public is told, besides 0.
const Fewest = 10

// Small reports whether a count of people is too small to be told to the public.
func Small(n int) bool { return n > 0 && n < Fewest }

// Cell is a place whose people are counted: a grid with its own, or a division with those of all cells within it.
type Cell struct {
	ID         uuid.UUID
	Parent     uuid.UUID // the division it lies in; uuid.Nil: none
	Home       string    // of its district
	Code       string
	Households int // of a division: found by summing up
	Residents  int
}

// Suppress returns the cells whose counts are not told to the public.
//
// A cell with 1 to 9 households or residents is hidden, by itself. A division's count is the sum of those within it, so
// that one hidden among shown ones would be found by subtraction. Hence, wherever a division is shown:
//
//   - the hidden grids that can be summed up, those reached through hidden divisions alone, are none, or their sum leaves room, in
//     households and in residents: at least 10 more than one each, since a count of 0 is told, and, where all of them are small,
//     at least 10 less than nine each;
//   - a hidden division has a hidden grid beneath it, else it could be summed up;
//   - of what lies directly within it, none is hidden or at least two are. This follows: the first that is hidden is small
//     and cannot come to 10 by itself.
//
// What is hidden for that is always the smallest that is shown and not empty, by households, then by code: first of what
// lies directly within, then deeper. Where everything is hidden and that does not suffice, the division is hidden too.
//
// With it, what shown counts determine are sums of shown cells and, for each shown division, the sum of the hidden grids
// reached from it; never one hidden cell.
func Suppress(cells []Cell) map[uuid.UUID]bool {
	all := make(map[uuid.UUID]*cell, len(cells))
	for _, c := range cells {
		all[c.ID] = &cell{Cell: c}
	}
	var roots []*cell
	for _, c := range cells {
		if parent, ok := all[c.Parent]; ok {
			parent.within = append(parent.within, all[c.ID])
		} else {
			roots = append(roots, all[c.ID])
		}
	}
	for _, root := range roots {
		root.protect()
	}
	out := map[uuid.UUID]bool{}
	for id, c := range all {
		if c.hidden {
			out[id] = true
		}
	}
	return out
}

type cell struct {
	Cell
	within []*cell
	hidden bool
}

// protect sums c up and hides what must be hidden of it and beneath it.
func (c *cell) protect() {
	for _, k := range c.within {
		k.protect()
		c.Households += k.Households
		c.Residents += k.Residents
	}
	if Small(c.Households) || Small(c.Residents) {
		c.hidden = true // and so is a cell beneath it, which is as small
		return
	}
	for c.secret().tells() {
		next := smallest(c.within, nil)
		if next == nil {
			next = c.deeper(nil)
		}
		if next == nil {
			c.hidden = true
			return
		}
		next.hide()
	}
}

// secret is what is known of hidden grids together.
type secret struct {
	grids, households, residents int
	large                        bool // one of them is hidden for the others' sake
}

// tells reports whether the sums leave too little room for what each grid may have.
func (s secret) tells() bool {
	if s.grids == 0 {
		return false
	}
	least := min(s.households, s.residents) - s.grids
	return least < Fewest || !s.large && s.grids*(Fewest-1)-s.households < Fewest
}

// secret sums up the grids hidden within c, directly and through hidden divisions.
func (c *cell) secret() (all secret) {
	for _, k := range c.within {
		switch {
		case !k.hidden:
		case len(k.within) > 0:
			s := k.secret()
			all = secret{all.grids + s.grids, all.households + s.households, all.residents + s.residents, all.large || s.large}
		default:
			all = secret{all.grids + 1, all.households + k.Households, all.residents + k.Residents, all.large || !Small(k.Households)}
		}
	}
	return all
}

// hide hides c and, where nothing beneath it is hidden, a grid there.
func (c *cell) hide() {
	c.hidden = true
	for _, k := range c.within {
		if k.hidden {
			return
		}
	}
	if next := smallest(c.within, nil); next != nil {
		next.hide()
	}
}

// deeper is the smallest of best and what is shown within hidden divisions beneath c.
func (c *cell) deeper(best *cell) *cell {
	for _, k := range c.within {
		if k.hidden {
			best = k.deeper(smallest(k.within, best))
		}
	}
	return best
}

// smallest is the smallest of best and the cells of a list that are shown and not empty; nil: none.
func smallest(list []*cell, best *cell) *cell {
	for _, c := range list {
		if c.hidden || c.Households == 0 && c.Residents == 0 {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(c.Households, best.Households), cmp.Compare(c.Code, best.Code)) < 0 {
			best = c
		}
	}
	return best
}
