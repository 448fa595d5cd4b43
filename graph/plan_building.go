package graph

import (
	"context"

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
		return p.estateOf(ctx, nodes, f)
	case "grid":
		return oneGrid(ctx, p, nodes, func(b *node.Building) (key.Key, *grid.Grid) {
			if b.GridID == nil {
				return key.Key{}, nil
			}
			return key.Key{Home: b.Key.Home, ID: *b.GridID}, nil
		}, f)
	}
	return nil // in the node already
}

func (p *plan) estateOf(ctx context.Context, nodes []*node.Building, f field) error {
	of := func(b *node.Building) key.Key {
		if b.EstateID == nil {
			return key.Key{}
		}
		return key.Key{Home: b.Key.Home, ID: *b.EstateID}
	}
	estates := map[key.Key]*node.Estate{}
	if keys := distinct(nodes, of); len(keys) > 0 {
		found, err := p.Places.Store.Estates(ctx, p.actor, keys)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if e, ok := found[k.ID]; ok {
				estates[k] = &node.Estate{Estate: e}
			}
		}
	}
	for _, b := range nodes {
		b.Put(f.Alias, estates[of(b)])
	}
	return nil
}

func (p *plan) buildingsOf(ctx context.Context, nodes []*node.Grid, f field) error {
	args, err := p.ec.field_Grid_buildings_args(ctx, f.ArgumentMap(p.op.Variables))
	if err != nil {
		return unread
	}
	first, _ := args["first"].(*int)
	after, _ := args["after"].(*string)
	rows, err := p.page(first, after, buildingOrder)
	if err != nil {
		return err
	}
	pages, err := p.Places.BuildingsOf(ctx, p.actor, distinct(nodes, gridKey), place.BuildingQuery{
		Args:      rows,
		Count:     p.asks(f.Selections, "BuildingConnection", "totalCount"),
		Footprint: p.asksNodes(f.Selections, "Building", "footprint"),
		At:        p.at,
	})
	if err != nil {
		return err
	}
	lists := make([]*node.BuildingConnection, len(nodes))
	for i, g := range nodes {
		lists[i] = &node.BuildingConnection{Page: pages[g.Key.ID]}
		g.Put(f.Alias, lists[i])
	}
	return each(ctx, p, lists, f.Selections, "BuildingConnection", p.buildingConnection)
}

func (p *plan) buildingConnection(ctx context.Context, lists []*node.BuildingConnection, f field) error {
	switch f.Name {
	case "nodes":
		var all []*node.Building
		for _, list := range lists {
			buildings := make([]*node.Building, len(list.Page.Items))
			for i, item := range list.Page.Items {
				buildings[i] = &node.Building{Building: item.Node}
			}
			list.Put(f.Alias, buildings)
			all = append(all, buildings...)
		}
		return p.buildings(ctx, all, f.Selections)
	case "edges":
		var all []*node.BuildingEdge
		for _, list := range lists {
			edges := make([]*node.BuildingEdge, len(list.Page.Items))
			for i, item := range list.Page.Items {
				edges[i] = &node.BuildingEdge{Item: item}
			}
			list.Put(f.Alias, edges)
			all = append(all, edges...)
		}
		return each(ctx, p, all, f.Selections, "BuildingEdge", p.buildingEdge)
	}
	return nil // in the page already
}

func (p *plan) buildingEdge(ctx context.Context, edges []*node.BuildingEdge, f field) error {
	if f.Name != "node" {
		return nil
	}
	buildings := make([]*node.Building, len(edges))
	for i, e := range edges {
		buildings[i] = &node.Building{Building: e.Item.Node}
		e.Put(f.Alias, buildings[i])
	}
	return p.buildings(ctx, buildings, f.Selections)
}
