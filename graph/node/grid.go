package node

import (
	"context"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/staff"
	"wangge/geo/coord"
)

// Grid is a grid with what was loaded for it.
type Grid struct {
	grid.Grid
	Loaded
}

// ID is permanent.
func (g *Grid) ID() string { return g.Key.String() }

// Community is the division that it lies in.
func (g *Grid) Community(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, g.Loaded)
}

// Group is the group that it belongs to.
func (g *Grid) Group(ctx context.Context) (*GridGroup, error) {
	return loaded[*GridGroup](ctx, g.Loaded)
}

// Boundary is its area; with simplifyM the plan has simplified it.
func (g *Grid) Boundary(ctx context.Context, crs *coord.System, simplifyM *float64) (*GeoJSON, error) {
	return boundary(ctx, g.Loaded, g.Grid.Boundary, crs, simplifyM)
}

// Bbox is west, south, east, north.
func (g *Grid) Bbox() []float64 { return box(g.BBox) }

// LabelPoint is where a label stands best.
func (g *Grid) LabelPoint(crs *coord.System) (*GeoJSON, error) {
	return present(g.Grid.LabelPoint, crs)
}

// Limits are the four bounds in words; the plan has computed those that nobody stored.
func (g *Grid) Limits(ctx context.Context) (*Limits, error) {
	return loaded[*Limits](ctx, g.Loaded)
}

// Neighbours are the grids that share a border.
func (g *Grid) Neighbours(ctx context.Context) ([]*GridNeighbour, error) {
	return loaded[[]*GridNeighbour](ctx, g.Loaded)
}

// Buildings are a page of its buildings; the plan has read the arguments, which stand here so that gqlgen checks them.
func (g *Grid) Buildings(ctx context.Context, first *int, after *string) (*BuildingConnection, error) {
	return loaded[*BuildingConnection](ctx, g.Loaded)
}

// Stats are counts for it.
func (g *Grid) Stats(ctx context.Context) (*PlaceStats, error) {
	return loaded[*PlaceStats](ctx, g.Loaded)
}

// Assignments are who is in office for it.
func (g *Grid) Assignments(ctx context.Context) ([]*Assignment, error) {
	return loaded[[]*Assignment](ctx, g.Loaded)
}

// Worker is the one to call.
func (g *Grid) Worker(ctx context.Context) (*Worker, error) {
	return loaded[*Worker](ctx, g.Loaded)
}

// OnCall is who answers for a post; the plan has read the arguments, which stand here so that gqlgen checks them.
func (g *Grid) OnCall(ctx context.Context, post *staff.Post, on *civil.Date) (*Assignment, error) {
	return loaded[*Assignment](ctx, g.Loaded)
}

// Informants are whether it has as many as it should.
func (g *Grid) Informants(ctx context.Context) (*InformantCheck, error) {
	return loaded[*InformantCheck](ctx, g.Loaded)
}

// GridNeighbour is a grid beside another.
type GridNeighbour struct {
	grid.Neighbour
	Loaded
}

// Grid is the other grid.
func (n *GridNeighbour) Grid(ctx context.Context) (*Grid, error) {
	return loaded[*Grid](ctx, n.Loaded)
}

// GridGroup is a group with what was loaded for it.
type GridGroup struct {
	grid.Group
	Loaded
}

// ID is permanent.
func (g *GridGroup) ID() string { return g.Key.String() }

// Community is the division that it lies in.
func (g *GridGroup) Community(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, g.Loaded)
}

// Grids are its grids.
func (g *GridGroup) Grids(ctx context.Context) ([]*Grid, error) {
	return loaded[[]*Grid](ctx, g.Loaded)
}

// Leader is the leader who is in.
func (g *GridGroup) Leader(ctx context.Context) (*Worker, error) {
	return loaded[*Worker](ctx, g.Loaded)
}

// OnCall is who answers for a post of it.
func (g *GridGroup) OnCall(ctx context.Context, post *staff.Post, on *civil.Date) (*Assignment, error) {
	return loaded[*Assignment](ctx, g.Loaded)
}

// GridConnection is a page of grids.
type GridConnection struct{ List[grid.Grid, Grid] }

// Edges are the grids with their places.
func (c *GridConnection) Edges(ctx context.Context) ([]*GridEdge, error) {
	return loaded[[]*GridEdge](ctx, c.Loaded)
}

// GridEdge is a grid in a list.
type GridEdge struct{ Entry[grid.Grid, Grid] }

// DistanceM is metres from the point that the list was asked by.
func (e *GridEdge) DistanceM() *float64 { return e.Item.DistanceM }
