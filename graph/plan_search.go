package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/graph/node"
)

// searchAddress finds what text may mean.
func (p *plan) searchAddress(ctx context.Context, text string, near *node.PointInput, first *int, sel ast.SelectionSet) ([]*node.AddressMatch, error) {
	q := search.Query{Text: text, First: 10}
	if first != nil {
		q.First = *first
	}
	if near != nil {
		c, err := position(near.Crs, near.Lng, near.Lat, "lng", "lat")
		if err != nil {
			return nil, within("near", err)
		}
		q.Near = &grid.Point{Lng: c.Lng, Lat: c.Lat}
	}
	found, err := p.Search.Search(ctx, p.actor, q)
	if err != nil {
		return nil, err
	}
	nodes := make([]*node.AddressMatch, len(found))
	for i, m := range found {
		nodes[i] = &node.AddressMatch{Match: m}
	}
	var buildings map[uuid.UUID]place.Building // nil: the matches know their grids as they were
	if p.asks(sel, "AddressMatch", "building") || p.asks(sel, "AddressMatch", "grid") && !p.Search.Away() {
		if buildings, err = p.matchedBuildings(ctx, nodes, sel); err != nil {
			return nil, err
		}
	}
	return nodes, each(ctx, p, nodes, sel, "AddressMatch", func(ctx context.Context, nodes []*node.AddressMatch, f field) error {
		return p.addressMatch(ctx, nodes, f, buildings)
	})
}

// matchedBuildings are the buildings of matches as they are now, by id: the index may be older than their assignment.
func (p *plan) matchedBuildings(ctx context.Context, nodes []*node.AddressMatch, sel ast.SelectionSet) (map[uuid.UUID]place.Building, error) {
	footprint := false
	for _, f := range p.fields(sel, "AddressMatch") {
		footprint = footprint || f.Name == "building" && p.asks(f.Selections, "Building", "footprint")
	}
	keys := distinct(nodes, func(m *node.AddressMatch) key.Key { return orZero(m.Match.Building) })
	return p.Places.BuildingsByKey(ctx, p.actor, keys, &p.at, footprint)
}

// addressMatch loads one field of matches.
func (p *plan) addressMatch(ctx context.Context, nodes []*node.AddressMatch, f field, buildings map[uuid.UUID]place.Building) error {
	switch f.Name {
	case "building":
		var made once[uuid.UUID, node.Building]
		for _, m := range nodes {
			var n *node.Building
			if b, ok := buildings[orZero(m.Match.Building).ID]; ok {
				n = made.of(b.Key.ID, func() *node.Building { return &node.Building{Building: b} })
			}
			m.Put(f.Alias, n)
		}
		return p.buildings(ctx, made.all, f.Selections)
	case "estate":
		return oneEstate(ctx, p, nodes, func(m *node.AddressMatch) key.Key { return orZero(m.Match.Estate) }, f)
	case "division":
		return oneDivision(ctx, p, nodes, func(m *node.AddressMatch) uuid.UUID { return orZero(m.DivisionID) }, f)
	case "grid":
		return oneGrid(ctx, p, nodes, func(m *node.AddressMatch) (key.Key, *grid.Grid) {
			if k := m.Match.Building; k != nil && buildings != nil {
				return orZero(buildings[k.ID].GridKey), nil
			}
			return orZero(m.Match.Grid), nil
		}, f)
	}
	return nil // in the node already
}
