package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/graph/node"
)

// divisionFields says which heavy columns of divisions sel needs.
func (p *plan) divisionFields(sel ast.SelectionSet) place.Fields {
	return place.Fields{Boundary: p.asks(sel, "Division", "boundary")}
}

func divisionID(d *node.Division) uuid.UUID { return d.Division.ID }

func divisionNodes(list []place.Division) []*node.Division {
	out := make([]*node.Division, len(list))
	for i, d := range list {
		out[i] = &node.Division{Division: d}
	}
	return out
}

func (p *plan) divisions(ctx context.Context, nodes []*node.Division, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "Division", p.division)
}

// division loads one field of divisions.
func (p *plan) division(ctx context.Context, nodes []*node.Division, f field) error {
	switch f.Name {
	case "parent":
		return oneDivision(ctx, p, nodes, func(d *node.Division) uuid.UUID { return orZero(d.ParentID) }, f)
	case "ancestors":
		lists, err := p.Places.Ancestors(ctx, p.actor, distinct(nodes, divisionID), p.divisionFields(f.Selections))
		if err != nil {
			return err
		}
		return p.divisionLists(ctx, nodes, lists, f)
	case "children":
		lists, err := p.Places.Children(ctx, p.actor, distinct(nodes, divisionID), p.divisionFields(f.Selections))
		if err != nil {
			return err
		}
		var all []*node.Division
		for _, d := range nodes {
			children := divisionNodes(lists[d.Division.ID])
			d.Put(f.Alias, children)
			all = append(all, children...)
		}
		return p.divisions(ctx, all, f.Selections)
	case "boundary":
		return simplify(ctx, p, nodes, func(d *node.Division) *geom.MultiPolygon { return d.Division.Boundary }, f)
	case "grids":
		return p.gridsOf(ctx, nodes, f)
	case "stats":
		stats, err := p.Places.DivisionStats(ctx, p.actor, distinct(nodes, divisionID), p.asOf)
		for _, d := range nodes {
			d.Put(f.Alias, placeStats(stats[d.Division.ID]))
		}
		return err
	case "contacts":
		found, err := p.Places.Contacts(ctx, p.actor, distinct(nodes, divisionID))
		for _, d := range nodes {
			d.Put(f.Alias, &node.DivisionContacts{Here: found[d.Division.ID]})
		}
		return err
	case "coverage":
		return p.coverageOf(ctx, nodes, f)
	case "neighbours":
		lists, err := p.Places.DivisionNeighbours(ctx, p.actor, distinct(nodes, divisionID), p.divisionFields(f.Selections))
		if err != nil {
			return err
		}
		return p.divisionLists(ctx, nodes, lists, f)
	case "uncovered":
		return p.uncovered(ctx, nodes, f)
	case "onCall":
		args, err := p.ec.field_Division_onCall_args(ctx, f.ArgumentMap(p.op.Variables))
		if err != nil {
			return unread
		}
		return onCall(ctx, p, nodes, func(d *node.Division) staff.Covered {
			return staff.Covered{Area: staff.Area{Kind: staff.AreaDivision, Home: d.Home, ID: d.Division.ID}}
		}, args, f)
	case "vacancies":
		return p.vacanciesOf(ctx, nodes, f)
	case "problems":
		return problemsOf(ctx, p, nodes, divisionID, f)
	case "sizePolicy":
		return p.sizePolicies(ctx, nodes, f)
	case "legalEntities":
		return p.entitiesOfDivisions(ctx, nodes, f)
	case "externalRefs":
		return externalRefs(ctx, p, nodes, func(d *node.Division) key.Key { return key.Key{Home: d.Home, ID: d.Division.ID} }, f)
	}
	return nil // in the node already
}

// divisionLists puts the divisions that each division has, and loads what f asks of them; one that several have is read once.
func (p *plan) divisionLists(ctx context.Context, nodes []*node.Division, lists map[uuid.UUID][]place.Division, f field) error {
	var made once[uuid.UUID, node.Division]
	for _, d := range nodes {
		line := make([]*node.Division, 0, len(lists[d.Division.ID]))
		for _, a := range lists[d.Division.ID] {
			line = append(line, made.of(a.ID, func() *node.Division { return &node.Division{Division: a} }))
		}
		d.Put(f.Alias, line)
	}
	return p.divisions(ctx, made.all, f.Selections)
}

// uncovered puts what the grids of divisions leave over.
func (p *plan) uncovered(ctx context.Context, nodes []*node.Division, f field) error {
	left, err := p.Places.Uncovered(ctx, p.actor, distinct(nodes, divisionID), &p.at)
	if err != nil {
		return err
	}
	shape := func(d *node.Division) *geom.MultiPolygon { return left[d.Division.ID] }
	for _, d := range nodes {
		var s node.Shape
		if left := shape(d); left != nil {
			s.T = left
		}
		d.Put(f.Alias, s)
	}
	return simplify(ctx, p, nodes, shape, f)
}

// oneDivision loads a field that answers one division, or none where id is zero.
func oneDivision[N holder](ctx context.Context, p *plan, nodes []N, id func(N) uuid.UUID, f field) error {
	var made once[uuid.UUID, node.Division]
	if ids := distinct(nodes, id); len(ids) > 0 {
		found, err := p.Places.DivisionsByID(ctx, p.actor, ids, p.divisionFields(f.Selections))
		if err != nil {
			return err
		}
		for _, id := range ids {
			if d, ok := found[id]; ok {
				made.of(id, func() *node.Division { return &node.Division{Division: d} })
			}
		}
	}
	for _, n := range nodes {
		n.Put(f.Alias, made.nodes[id(n)])
	}
	return p.divisions(ctx, made.all, f.Selections)
}

func (p *plan) gridsOf(ctx context.Context, nodes []*node.Division, f field) error {
	args, err := p.ec.field_Division_grids_args(ctx, f.ArgumentMap(p.op.Variables))
	if err != nil {
		return unread
	}
	filter, _ := args["filter"].(*node.GridFilter)
	order, _ := args["orderBy"].(*grid.Order)
	first, _ := args["first"].(*int)
	after, _ := args["after"].(*string)
	q, err := p.gridQuery(ctx, filter, order, first, after, f.Selections)
	if err != nil {
		return err
	}
	pages, err := p.Grids.ListOf(ctx, p.actor, distinct(nodes, divisionID), q)
	if err != nil {
		return err
	}
	return putLists(ctx, p.gridListing(), nodes, divisionID, pages, f)
}

func (p *plan) sizePolicies(ctx context.Context, nodes []*node.Division, f field) error {
	policies, err := p.Places.Policies(ctx, p.actor, distinct(nodes, divisionID))
	if err != nil {
		return err
	}
	var all []*node.SizePolicy
	for _, d := range nodes {
		var policy *node.SizePolicy
		if found, ok := policies[d.Division.ID]; ok {
			policy = &node.SizePolicy{SizePolicy: found}
			all = append(all, policy)
		}
		d.Put(f.Alias, policy)
	}
	return each(ctx, p, all, f.Selections, "SizePolicy", func(ctx context.Context, all []*node.SizePolicy, f field) error {
		if f.Name != "division" {
			return nil
		}
		return oneDivision(ctx, p, all, func(s *node.SizePolicy) uuid.UUID { return s.DivisionID }, f)
	})
}

// placeStats is what is known of a place. Units, households and residents are null where none are registered,
// households and residents where who asks may not know them.
func placeStats(s place.Stats) *node.PlaceStats {
	out := &node.PlaceStats{Grids: &s.Grids, Buildings: &s.Buildings, Suppressed: s.Suppressed}
	if s.Registered {
		out.Units = &s.Units
	}
	if s.Registered && !s.Suppressed {
		out.Households, out.Residents = &s.Households, &s.Residents
	}
	return out
}

// keyIn is the key of what is kept with the district home and has the id; the zero key, which stands for none, where id is nil.
func keyIn(home string, id *uuid.UUID) key.Key {
	if id == nil {
		return key.Key{}
	}
	return key.Key{Home: home, ID: *id}
}

// orZero is what v points at, or the zero value, which stands for none.
func orZero[T any](v *T) (out T) {
	if v != nil {
		out = *v
	}
	return out
}
