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
	Code       string
	Households int // of a division: found by summing up
	Residents  int
}

// Suppress returns the cells whose counts are not told to the public.
//
// A cell with 1 to 9 households or residents is hidden, by itself. A division's count is the sum of those within it, so
// that one hidden among shown ones would be found by subtraction. Hence, wherever a division is shown:
//
//   - the hidden grids that can be summed up, those reached through hidden divisions alone, come to 0 or to at least 10,
//     in households and in residents;
//   - a hidden division has a hidden grid beneath it, else it could be summed up;
//   - of what lies directly within it, none is hidden or at least two are. This follows: the first that is hidden is small
//     and cannot come to 10 by itself.
//
// What is hidden for that is always the smallest that is shown and not empty, by households, then by code: first of what
// lies directly within, then deeper. It always suffices: with everything hidden, the sum is the count of the division
// itself, which is shown and so not small.
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
	for households, residents := c.secret(); Small(households) || Small(residents); households, residents = c.secret() {
		next := smallest(c.within, nil)
		if next == nil {
			next = c.deeper(nil)
		}
		next.hide()
	}
}

// secret sums up the grids hidden within c, directly and through hidden divisions.
func (c *cell) secret() (households, residents int) {
	for _, k := range c.within {
		if !k.hidden {
			continue
		}
		h, r := k.Households, k.Residents
		if len(k.within) > 0 {
			h, r = k.secret()
		}
		households, residents = households+h, residents+r
	}
	return households, residents
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
