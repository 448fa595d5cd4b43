package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/graph/node"
)

func (p *plan) matches(ctx context.Context, nodes []*node.GridMatch, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "GridMatch", p.match)
}

// match loads one field of matches.
func (p *plan) match(ctx context.Context, nodes []*node.GridMatch, f field) error {
	switch f.Name {
	case "grid":
		return oneGrid(ctx, p, nodes, func(m *node.GridMatch) (key.Key, *grid.Grid) { return keyOf(m.Match.Grid) }, f)
	case "candidates":
		var all []*node.GridCandidate
		for _, m := range nodes {
			list := make([]*node.GridCandidate, 0, len(m.Match.Candidates))
			for _, c := range m.Match.Candidates {
				list = append(list, &node.GridCandidate{Candidate: c})
			}
			m.Put(f.Alias, list)
			all = append(all, list...)
		}
		return each(ctx, p, all, f.Selections, "GridCandidate", func(ctx context.Context, all []*node.GridCandidate, f field) error {
			if f.Name != "grid" {
				return nil
			}
			return oneGrid(ctx, p, all, func(c *node.GridCandidate) (key.Key, *grid.Grid) { return keyOf(c.Candidate.Grid) }, f)
		})
	case "building":
		return oneBuilding(ctx, p, nodes, func(m *node.GridMatch) key.Key { return orZero(m.BuildingKey) }, f)
	case "division":
		return oneDivision(ctx, p, nodes, func(m *node.GridMatch) uuid.UUID { return orZero(m.DivisionID) }, f)
	}
	return nil // in the node already
}

func keyOf(g *grid.Grid) (key.Key, *grid.Grid) {
	if g == nil {
		return key.Key{}, nil
	}
	return g.Key, g
}
