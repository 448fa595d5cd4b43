package demo

import "github.com/paulmach/orb"

// Country is a made-up country, of which only the areas of the grids are drawn: enough to see how the structure that holds
// them does. The city is part of it, drawn the same; around it the lattice goes on.
type Country struct {
	block   block
	lattice *lattice
	hand    []orb.MultiPolygon // the grids of the hand-drawn community
}

// 317 × 316 communities of ten grids each, more or less.
var nationBlock = block{cell{-168, -160}, cell{148, 155}}

// Nation is a country of 100,172 communities with 1,001,005 grids.
func Nation() *Country { return newCountry(nationBlock) }

// CityAlone is the city as a country: 1,053 communities with 10,000 grids.
func CityAlone() *Country { return newCountry(cityBlock) }

func newCountry(b block) *Country {
	s := layOut()
	c := &Country{block: b, lattice: handLattice(communityRing(s))}
	for _, g := range survey(s).Grids {
		c.hand = append(c.hand, g.Boundary)
	}
	return c
}

// Len is the number of communities.
func (c *Country) Len() int { return c.block.width() * (c.block.hi.j - c.block.lo.j + 1) }

// Grids draws the grids of community k, from 0, row by row from the south-west. Neighbours, also those of other communities, have
// the same vertices along their border. It may be called from several goroutines.
func (c *Country) Grids(k int) []orb.MultiPolygon {
	w := c.block.width()
	at := cell{c.block.lo.i + k%w, c.block.lo.j + k/w}
	if at == (cell{}) {
		return c.hand
	}
	_, plots, _ := c.lattice.plots(at)
	out := make([]orb.MultiPolygon, len(plots))
	for i, p := range plots {
		out[i] = orb.MultiPolygon{{p.border}}
	}
	return out
}

func (b block) width() int { return b.hi.i - b.lo.i + 1 }

// inCountry is the number of grids in a cell beyond the city: six to fourteen, so that two beside each other have twenty. Those
// around the city have nine, as its border was drawn.
func inCountry(c cell) int {
	if near := (block{cell{cityBlock.lo.i - 1, cityBlock.lo.j - 1}, cell{cityBlock.hi.i + 1, cityBlock.hi.j + 1}}); near.has(c) {
		return 9
	}
	n := int(9*chance(ofCountry, c.i&^1, c.j)) - 4
	if c.i&1 == 1 {
		n = -n
	}
	return 10 + n
}
