package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// What each root field of Query loads. The resolvers only call these.

func (p *plan) rootDivisions(ctx context.Context, sel ast.SelectionSet) ([]*node.Division, error) {
	list, err := p.Places.Roots(ctx, p.actor, p.divisionFields(sel))
	if err != nil {
		return nil, err
	}
	nodes := divisionNodes(list)
	return nodes, p.divisions(ctx, nodes, sel)
}

func (p *plan) divisionByCode(ctx context.Context, code string, sel ast.SelectionSet) (*node.Division, error) {
	d, err := p.Places.ByCode(ctx, p.actor, code, p.divisionFields(sel))
	if err != nil {
		return nil, err
	}
	nodes := divisionNodes([]place.Division{d})
	return nodes[0], p.divisions(ctx, nodes, sel)
}

func (p *plan) gridByCode(ctx context.Context, code string, sel ast.SelectionSet) (*node.Grid, error) {
	g, err := p.Grids.ByCode(ctx, p.actor, code, &p.at, p.gridFields(sel))
	if err != nil {
		return nil, err
	}
	nodes := gridNodes([]grid.Grid{g})
	return nodes[0], p.grids(ctx, nodes, sel)
}

func (p *plan) gridList(ctx context.Context, in *node.GridFilter, order *grid.Order, first *int, after *string, sel ast.SelectionSet) (*node.GridConnection, error) {
	q, err := p.gridQuery(ctx, in, order, first, after, sel)
	if err != nil {
		return nil, err
	}
	list, err := p.Grids.List(ctx, p.actor, q)
	if err != nil {
		return nil, err
	}
	lists, err := p.gridListing().of(ctx, []page.Page[grid.Grid]{list}, sel)
	return lists[0], err
}

func (p *plan) buildingByID(ctx context.Context, id string, sel ast.SelectionSet) (*node.Building, error) {
	k, ok := key.Parse(id)
	if !ok {
		return nil, fault.New(fault.NotFound, "id", "building.notFound", "id", fault.Shorten(id, 60))
	}
	b, err := p.Places.Building(ctx, p.actor, k)
	if err != nil {
		return nil, err
	}
	nodes := []*node.Building{{Building: b}}
	return nodes[0], p.buildings(ctx, nodes, sel)
}

func (p *plan) buildingsNear(ctx context.Context, in node.PointInput, withinM float64, first *int, after *string, sel ast.SelectionSet) (*node.BuildingConnection, error) {
	at, err := position(in.Crs, in.Lng, in.Lat, "lng", "lat")
	if err != nil {
		return nil, within("near", err)
	}
	q := place.NearQuery{Near: at, WithinM: withinM, At: p.at,
		Count:     p.asks(sel, "BuildingConnection", "totalCount"),
		Footprint: p.asksNodes(sel, "Building", "Building", "footprint")}
	if q.Args, err = p.page(first, after, place.ByDistance); err != nil {
		return nil, err
	}
	list, err := p.Places.BuildingsNear(ctx, p.actor, q)
	if err != nil {
		return nil, err
	}
	lists, err := p.buildingListing().of(ctx, []page.Page[place.Building]{list}, sel)
	return lists[0], err
}

func (p *plan) gridAt(ctx context.Context, in node.PointInput, sel ast.SelectionSet) (*node.GridMatch, error) {
	m, err := p.Grids.At(ctx, p.actor, p.asked(sel).of(in))
	if err != nil {
		return nil, within("point", err)
	}
	nodes := []*node.GridMatch{{Match: m}}
	return nodes[0], p.matches(ctx, nodes, sel)
}

// gridsAt answers for each point; one that is refused is null, and its error is added at its place in the answer.
func (p *plan) gridsAt(ctx context.Context, in []*node.PointInput, sel ast.SelectionSet) ([]*node.GridMatch, error) {
	spots, asked := make([]grid.AtQuery, len(in)), p.asked(sel)
	for i, point := range in {
		spots[i] = asked.of(*point)
	}
	matches, errs, err := p.Grids.AtMany(ctx, p.actor, spots)
	if err != nil {
		return nil, err
	}
	answers, nodes := make([]*node.GridMatch, len(in)), make([]node.GridMatch, len(in))
	found := make([]*node.GridMatch, 0, len(in))
	for i, m := range matches {
		if errs[i] == nil {
			answers[i], nodes[i].Match = &nodes[i], m
			found = append(found, answers[i])
		}
	}
	if err := p.matches(ctx, found, sel); err != nil {
		return nil, err
	}
	for i, err := range errs { // last, since all before may be read twice
		if err != nil {
			path := append(slices.Clone(graphql.GetPath(ctx)), ast.PathIndex(i))
			graphql.AddError(ctx, gqlerror.WrapPath(path, within(fmt.Sprintf("points.%d", i), err)))
		}
	}
	return answers, nil
}

// coverage is how a division is covered.
func (p *plan) coverage(ctx context.Context, code string) (*node.CoverageReport, error) {
	d, err := p.Places.ByCode(ctx, p.actor, code, place.Fields{})
	if err != nil {
		return nil, renamed(err, "code", "division")
	}
	nodes := divisionNodes([]place.Division{d})
	if err := p.coverageOf(ctx, nodes, graphql.GetFieldContext(ctx).Field); err != nil {
		return nil, err
	}
	return nodes[0].Coverage(ctx)
}

func (r *Resolver) tilesets(ctx context.Context) ([]*node.Tileset, error) {
	if r.Tilesets == nil {
		return nil, nil
	}
	return r.Tilesets(ctx)
}

// asked is what sel wants to know of spots.
func (p *plan) asked(sel ast.SelectionSet) spot {
	return spot{AsOf: &p.at, Building: p.asks(sel, "GridMatch", "building"), NoDistance: !p.asks(sel, "GridMatch", "boundaryDistanceM"),
		NoConfirmation: !p.asks(sel, "GridMatch", "needsConfirmation")}
}

// spot is a question that lacks the point.
type spot grid.AtQuery

func (s spot) of(in node.PointInput) grid.AtQuery {
	q := grid.AtQuery(s)
	q.System, q.Lng, q.Lat, q.AccuracyM = in.Crs, in.Lng, in.Lat, in.AccuracyM
	if in.Address != nil {
		q.Address = strings.TrimSpace(*in.Address)
	}
	return q
}
