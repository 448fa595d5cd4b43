package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// gridFields says which heavy columns of grids sel needs.
func (p *plan) gridFields(sel ast.SelectionSet) grid.Fields {
	return grid.Fields{Boundary: p.asks(sel, "Grid", "boundary")}
}

func gridKey(g *node.Grid) key.Key { return g.Key }

func gridNodes(list []grid.Grid) []*node.Grid {
	out := make([]*node.Grid, len(list))
	for i, g := range list {
		out[i] = &node.Grid{Grid: g}
	}
	return out
}

func (p *plan) grids(ctx context.Context, nodes []*node.Grid, sel ast.SelectionSet) error {
	return each(ctx, p, nodes, sel, "Grid", p.grid)
}

// grid loads one field of grids.
func (p *plan) grid(ctx context.Context, nodes []*node.Grid, f field) error {
	switch f.Name {
	case "community":
		return oneDivision(ctx, p, nodes, func(g *node.Grid) uuid.UUID { return g.CommunityID }, f)
	case "group":
		return p.groupOf(ctx, nodes, f)
	case "boundary":
		return simplify(ctx, p, nodes, func(g *node.Grid) *geom.MultiPolygon { return g.Grid.Boundary }, f)
	case "limits":
		return p.limits(ctx, nodes, f)
	case "neighbours":
		return p.neighbours(ctx, nodes, f)
	case "buildings":
		return p.buildingsOf(ctx, nodes, f)
	case "externalRefs":
		return externalRefs(ctx, p, nodes, gridKey, f)
	case "stats":
		stats, err := p.Places.GridStats(ctx, p.actor, distinct(nodes, gridKey), p.asOf)
		for _, g := range nodes {
			g.Put(f.Alias, placeStats(stats[g.Key.ID]))
		}
		return err
	case "assignments":
		office, err := p.Staff.InOffice(ctx, p.actor, areas(staff.AreaGrid, distinct(nodes, gridKey)), &p.at)
		for _, g := range nodes {
			g.Put(f.Alias, p.assignments(office[g.Key.ID]))
		}
		return err
	case "onCall":
		args, err := p.ec.field_Grid_onCall_args(ctx, f.ArgumentMap(p.op.Variables))
		if err != nil {
			return unread
		}
		return onCall(ctx, p, nodes, func(g *node.Grid) staff.Covered {
			return staff.Covered{Area: staff.Area{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}, GroupID: g.GroupID}
		}, args, f)
	case "informants":
		return p.informants(ctx, nodes, f)
	case "worker":
		refs := make([]staff.GridRef, len(nodes))
		for i, g := range nodes {
			refs[i] = staff.GridRef{Key: g.Key, GroupID: g.GroupID}
		}
		workers, err := p.Staff.OnCall(ctx, p.actor, refs, &p.at)
		for _, g := range nodes {
			var worker *node.Worker
			if w, ok := workers[g.Key.ID]; ok {
				worker = p.worker(w.Worker)
			}
			g.Put(f.Alias, worker)
		}
		return err
	}
	return nil // in the node already
}

// oneGrid loads a field that answers one grid, or none where of gives the zero key. of also gives the grid where it is
// known already; it is read again where its boundary is asked for.
func oneGrid[N holder](ctx context.Context, p *plan, nodes []N, of func(N) (key.Key, *grid.Grid), f field) error {
	with := p.gridFields(f.Selections)
	var made once[key.Key, node.Grid]
	missing := distinct(nodes, func(n N) key.Key {
		k, known := of(n)
		if known == nil || with.Boundary {
			return k
		}
		made.of(k, func() *node.Grid { return &node.Grid{Grid: *known} })
		return key.Key{}
	})
	if len(missing) > 0 {
		found, err := p.Grids.ByKeys(ctx, p.actor, missing, &p.at, with)
		if err != nil {
			return err
		}
		for _, k := range missing {
			if g, ok := found[k.ID]; ok {
				made.of(k, func() *node.Grid { return &node.Grid{Grid: g} })
			}
		}
	}
	for _, n := range nodes {
		k, _ := of(n)
		n.Put(f.Alias, made.nodes[k])
	}
	return p.grids(ctx, made.all, f.Selections)
}

func (p *plan) limits(ctx context.Context, nodes []*node.Grid, f field) error {
	var found map[uuid.UUID]around.Limits
	if p.Around != nil {
		grids := make([]grid.Grid, len(nodes))
		for i, g := range nodes {
			grids[i] = g.Grid
		}
		var err error
		if found, err = p.Around.Limits(ctx, p.actor, grids, &p.at); err != nil {
			return err
		}
	}
	for _, g := range nodes {
		l, computed := found[g.Key.ID]
		if !computed {
			l = around.Stored(g.Grid.Limits)
		}
		g.Put(f.Alias, node.LimitsOf(l.In(fault.Chinese, 0)))
	}
	return nil
}

func (p *plan) neighbours(ctx context.Context, nodes []*node.Grid, f field) error {
	lists, err := p.Grids.Neighbours(ctx, p.actor, distinct(nodes, gridKey), &p.at, grid.Fields{})
	if err != nil {
		return err
	}
	var all []*node.GridNeighbour
	for _, g := range nodes {
		beside := make([]*node.GridNeighbour, len(lists[g.Key.ID]))
		for i, n := range lists[g.Key.ID] {
			beside[i] = &node.GridNeighbour{Neighbour: n}
		}
		g.Put(f.Alias, beside)
		all = append(all, beside...)
	}
	return each(ctx, p, all, f.Selections, "GridNeighbour", func(ctx context.Context, all []*node.GridNeighbour, f field) error {
		if f.Name != "grid" {
			return nil
		}
		return oneGrid(ctx, p, all, func(n *node.GridNeighbour) (key.Key, *grid.Grid) {
			return n.Neighbour.Grid.Key, &n.Neighbour.Grid
		}, f)
	})
}

func (p *plan) groupOf(ctx context.Context, nodes []*node.Grid, f field) error {
	return oneGroup(ctx, p, nodes, func(g *node.Grid) key.Key { return keyIn(g.Key.Home, g.GroupID) }, f)
}

// oneGroup loads a field that answers one group, or none where of gives the zero key.
func oneGroup[N holder](ctx context.Context, p *plan, nodes []N, of func(N) key.Key, f field) error {
	var made once[key.Key, node.GridGroup]
	if keys := distinct(nodes, of); len(keys) > 0 {
		found, err := p.Grids.Groups(ctx, p.actor, keys)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if group, ok := found[k.ID]; ok {
				made.of(k, func() *node.GridGroup { return &node.GridGroup{Group: group} })
			}
		}
	}
	for _, g := range nodes {
		g.Put(f.Alias, made.nodes[of(g)])
	}
	return each(ctx, p, made.all, f.Selections, "GridGroup", p.group)
}

// group loads one field of groups.
func (p *plan) group(ctx context.Context, nodes []*node.GridGroup, f field) error {
	keys := distinct(nodes, func(g *node.GridGroup) key.Key { return g.Key })
	switch f.Name {
	case "community":
		return oneDivision(ctx, p, nodes, func(g *node.GridGroup) uuid.UUID { return g.CommunityID }, f)
	case "grids":
		lists, err := p.Grids.GridsOfGroups(ctx, p.actor, keys, &p.at, p.gridFields(f.Selections))
		if err != nil {
			return err
		}
		var all []*node.Grid
		for _, g := range nodes {
			grids := gridNodes(lists[g.Key.ID])
			g.Put(f.Alias, grids)
			all = append(all, grids...)
		}
		return p.grids(ctx, all, f.Selections)
	case "onCall":
		args, err := p.ec.field_GridGroup_onCall_args(ctx, f.ArgumentMap(p.op.Variables))
		if err != nil {
			return unread
		}
		return onCall(ctx, p, nodes, func(g *node.GridGroup) staff.Covered {
			return staff.Covered{Area: staff.Area{Kind: staff.AreaGroup, Home: g.Key.Home, ID: g.Key.ID}}
		}, args, f)
	case "leader":
		office, err := p.Staff.InOffice(ctx, p.actor, areas(staff.AreaGroup, keys), &p.at)
		for _, g := range nodes {
			var leader *node.Worker
			if w := staff.Leader(office[g.Key.ID]); w != nil {
				leader = p.worker(w.Worker)
			}
			g.Put(f.Alias, leader)
		}
		return err
	}
	return nil // in the node already
}

// gridListing says how pages of grids are answered.
func (p *plan) gridListing() listing[grid.Grid, node.Grid, *node.GridConnection, *node.GridEdge] {
	return listing[grid.Grid, node.Grid, *node.GridConnection, *node.GridEdge]{
		plan:       p,
		typeName:   "Grid",
		connection: func() *node.GridConnection { return &node.GridConnection{} },
		edge:       func() *node.GridEdge { return &node.GridEdge{} },
		node:       func(row grid.Grid) *node.Grid { return &node.Grid{Grid: row} },
		load:       p.grids,
	}
}

// areas are what keys name as areas that posts are held for.
func areas(kind staff.AreaKind, keys []key.Key) []staff.Area {
	out := make([]staff.Area, len(keys))
	for i, k := range keys {
		out[i] = staff.Area{Kind: kind, Home: k.Home, ID: k.ID}
	}
	return out
}

// worker is a worker's public face with the address of the photo.
func (r *Resolver) worker(w staff.Worker) *node.Worker {
	out := &node.Worker{Worker: w}
	if w.HasPhoto && r.PhotoURL != nil {
		url := r.PhotoURL(w)
		out.PhotoURL = &url
	}
	return out
}

func (r *Resolver) assignment(a staff.Assignment) *node.Assignment {
	return &node.Assignment{Assignment: a, Worker: r.worker(a.Worker)}
}

func (r *Resolver) assignments(list []staff.Assignment) []*node.Assignment {
	out := make([]*node.Assignment, len(list))
	for i, a := range list {
		out[i] = r.assignment(a)
	}
	return out
}
