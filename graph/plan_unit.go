package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/graph/node"
)

// The orders of a building's units and of a unit's households, as cursors name them.
const (
	unitOrder      = "NAME"
	householdOrder = "ROOM"
)

func (p *plan) units(ctx context.Context, nodes []*node.Unit, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "Unit", p.unit)
}

// unit loads one field of units.
func (p *plan) unit(ctx context.Context, nodes []*node.Unit, f field) error {
	switch f.Name {
	case "building":
		return oneBuilding(ctx, p, nodes, func(u *node.Unit) key.Key { return key.Key{Home: u.Key.Home, ID: u.BuildingID} }, f)
	case "grid":
		return oneGrid(ctx, p, nodes, func(u *node.Unit) (key.Key, *grid.Grid) { return orZero(u.GridKey), nil }, f)
	case "households":
		return p.householdsOf(ctx, nodes, f)
	}
	return nil // in the node already
}

func (p *plan) unitsOf(ctx context.Context, nodes []*node.Building, f field) error {
	rows, err := p.pageOf(ctx, f, unitOrder)
	if err != nil {
		return err
	}
	of := func(b *node.Building) key.Key { return b.Key }
	pages, err := p.Places.UnitsOf(ctx, p.actor, distinct(nodes, of), place.UnitQuery{
		Args: rows, Count: p.asks(f.Selections, "UnitConnection", "totalCount"), Grids: p.asksNodes(f.Selections, "Unit", "Unit", "grid"), At: p.at,
	})
	if err != nil {
		return err
	}
	return putLists(ctx, listing[place.Unit, node.Unit, *node.UnitConnection, *node.UnitEdge]{
		plan:       p,
		typeName:   "Unit",
		connection: func() *node.UnitConnection { return &node.UnitConnection{} },
		edge:       func() *node.UnitEdge { return &node.UnitEdge{} },
		node:       func(row place.Unit) *node.Unit { return &node.Unit{Unit: row} },
		load:       p.units,
	}, nodes, func(b *node.Building) uuid.UUID { return b.Key.ID }, pages, f)
}

// householdsOf loads households for those who may see them. Where the actor may not they are null, without an error, so that one
// document serves all.
func (p *plan) householdsOf(ctx context.Context, nodes []*node.Unit, f field) error {
	rows, err := p.pageOf(ctx, f, householdOrder)
	if err != nil {
		return err
	}
	hide := func(nodes []*node.Unit) {
		for _, u := range nodes {
			u.Put(f.Alias, (*node.HouseholdConnection)(nil))
		}
	}
	if p.actor.Reach(account.Households).Empty() {
		hide(nodes)
		return nil
	}
	of := func(u *node.Unit) key.Key { return u.Key }
	pages, err := p.Places.HouseholdsOf(ctx, p.actor, distinct(nodes, of), place.HouseholdQuery{
		Args: rows, Count: p.asks(f.Selections, "HouseholdConnection", "totalCount"), At: p.at,
	})
	if err != nil {
		return err
	}
	var shown, hidden []*node.Unit
	for _, u := range nodes {
		if _, may := pages[u.Key.ID]; may {
			shown = append(shown, u)
		} else {
			hidden = append(hidden, u)
		}
	}
	hide(hidden)
	return putLists(ctx, listing[place.Household, node.Household, *node.HouseholdConnection, *node.HouseholdEdge]{
		plan:       p,
		typeName:   "Household",
		connection: func() *node.HouseholdConnection { return &node.HouseholdConnection{} },
		edge:       func() *node.HouseholdEdge { return &node.HouseholdEdge{} },
		node:       func(row place.Household) *node.Household { return &node.Household{Household: row} },
		load:       p.households,
	}, shown, func(u *node.Unit) uuid.UUID { return u.Key.ID }, pages, f)
}

func (p *plan) households(ctx context.Context, nodes []*node.Household, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "Household", func(ctx context.Context, nodes []*node.Household, f field) error {
		if f.Name != "unit" {
			return nil // in the node already
		}
		of := func(h *node.Household) key.Key { return key.Key{Home: h.Key.Home, ID: h.UnitID} }
		keys := distinct(nodes, of)
		found, err := p.Places.UnitsByKey(ctx, p.actor, keys, &p.at, p.asks(f.Selections, "Unit", "grid"))
		if err != nil {
			return err
		}
		var made once[key.Key, node.Unit]
		for _, k := range keys {
			if u, ok := found[k.ID]; ok {
				made.of(k, func() *node.Unit { return &node.Unit{Unit: u} })
			}
		}
		for _, h := range nodes {
			h.Put(f.Alias, made.nodes[of(h)])
		}
		return p.units(ctx, made.all, f.Selections)
	})
}
