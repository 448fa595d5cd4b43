package node

import (
	"context"

	"wangge/domain/place"
	"wangge/geo/coord"
)

// Building is a building with what was loaded for it.
type Building struct {
	place.Building
	Loaded
}

// ID is permanent.
func (b *Building) ID() string { return b.Key.String() }

// Address is null where unknown.
func (b *Building) Address() *string { return Optional(b.Building.Address) }

// Location is a point on it.
func (b *Building) Location(crs *coord.System) (*GeoJSON, error) {
	return present(b.Building.Location, crs)
}

// Footprint is its outline, where known.
func (b *Building) Footprint(crs *coord.System) (*GeoJSON, error) {
	return present(b.Building.Footprint, crs)
}

// Estate is the estate that it belongs to.
func (b *Building) Estate(ctx context.Context) (*Estate, error) {
	return loaded[*Estate](ctx, b.Loaded)
}

// Grid is the grid that it belongs to.
func (b *Building) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, b.Loaded) }

// Units are a page of its units; the plan has read the arguments, which stand here so that gqlgen checks them.
func (b *Building) Units(ctx context.Context, first *int, after *string) (*UnitConnection, error) {
	return loaded[*UnitConnection](ctx, b.Loaded)
}

// Estate is an estate.
type Estate struct {
	place.Estate
	Loaded
}

// ID is permanent.
func (e *Estate) ID() string { return e.Key.String() }

// ManagedBy is null where unknown.
func (e *Estate) ManagedBy() *place.Manager { return Optional(e.Estate.ManagedBy) }

// BuildingConnection is a page of buildings.
type BuildingConnection struct{ List[place.Building, Building] }

// Edges are the buildings with their places.
func (c *BuildingConnection) Edges(ctx context.Context) ([]*BuildingEdge, error) {
	return loaded[[]*BuildingEdge](ctx, c.Loaded)
}

// BuildingEdge is a building in a list.
type BuildingEdge struct {
	Entry[place.Building, Building]
}

// DistanceM is metres from the point that the list was asked by.
func (e *BuildingEdge) DistanceM() *float64 { return e.Item.DistanceM }
