package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/graph/node"
)

// buildingOrder is the order of a grid's buildings, as cursors name it.
const buildingOrder = "CODE"

func (p *plan) buildings(ctx context.Context, nodes []*node.Building, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "Building", p.building)
}

// building loads one field of buildings.
func (p *plan) building(ctx context.Context, nodes []*node.Building, f field) error {
	switch f.Name {
	case "estate":
		return oneEstate(ctx, p, nodes, func(b *node.Building) key.Key { return keyIn(b.Key.Home, b.EstateID) }, f)
	case "units":
		return p.unitsOf(ctx, nodes, f)
	case "grid":
		return oneGrid(ctx, p, nodes, func(b *node.Building) (key.Key, *grid.Grid) { return orZero(b.GridKey), nil }, f)
	case "legalEntities":
		return p.entitiesOfBuildings(ctx, nodes, f)
	case "externalRefs":
		return externalRefs(ctx, p, nodes, buildingKey, f)
	}
	return nil // in the node already
}

// oneBuilding loads a field that answers one building, or none where of gives the zero key.
func oneBuilding[N holder](ctx context.Context, p *plan, nodes []N, of func(N) key.Key, f field) error {
	var made once[key.Key, node.Building]
	if keys := distinct(nodes, of); len(keys) > 0 {
		found, err := p.Places.BuildingsByKey(ctx, p.actor, keys, &p.at, p.asks(f.Selections, "Building", "footprint"))
		if err != nil {
			return err
		}
		for _, k := range keys {
			if b, ok := found[k.ID]; ok {
				made.of(k, func() *node.Building { return &node.Building{Building: b} })
			}
		}
	}
	for _, n := range nodes {
		n.Put(f.Alias, made.nodes[of(n)])
	}
	return p.buildings(ctx, made.all, f.Selections)
}

func buildingKey(b *node.Building) key.Key { return b.Key }

// oneEstate loads a field that answers one estate, or none where of gives the zero key.
func oneEstate[N holder](ctx context.Context, p *plan, nodes []N, of func(N) key.Key, f field) error {
	var made once[key.Key, node.Estate]
	if keys := distinct(nodes, of); len(keys) > 0 {
		found, err := p.Places.Estates(ctx, p.actor, keys)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if e, ok := found[k.ID]; ok {
				made.of(k, func() *node.Estate { return &node.Estate{Estate: e} })
			}
		}
	}
	for _, n := range nodes {
		n.Put(f.Alias, made.nodes[of(n)])
	}
	return each(ctx, p, made.all, f.Selections, "Estate", func(ctx context.Context, all []*node.Estate, f field) error {
		if f.Name != "externalRefs" {
			return nil
		}
		return externalRefs(ctx, p, all, func(e *node.Estate) key.Key { return e.Key }, f)
	})
}

func (p *plan) buildingsOf(ctx context.Context, nodes []*node.Grid, f field) error {
	rows, err := p.pageOf(ctx, f, buildingOrder)
	if err != nil {
		return err
	}
	pages, err := p.Places.BuildingsOf(ctx, p.actor, distinct(nodes, gridKey), place.BuildingQuery{
		Args:      rows,
		Count:     p.asks(f.Selections, "BuildingConnection", "totalCount"),
		Footprint: p.asksNodes(f.Selections, "Building", "Building", "footprint"),
		At:        p.at,
	})
	if err != nil {
		return err
	}
	return putLists(ctx, p.buildingListing(), nodes, func(g *node.Grid) uuid.UUID { return g.Key.ID }, pages, f)
}

// buildingListing says how pages of buildings are answered.
func (p *plan) buildingListing() listing[place.Building, node.Building, *node.BuildingConnection, *node.BuildingEdge] {
	return listing[place.Building, node.Building, *node.BuildingConnection, *node.BuildingEdge]{
		plan:       p,
		typeName:   "Building",
		connection: func() *node.BuildingConnection { return &node.BuildingConnection{} },
		edge:       func() *node.BuildingEdge { return &node.BuildingEdge{} },
		node:       func(row place.Building) *node.Building { return &node.Building{Building: row} },
		load:       p.buildings,
	}
}
