package node

import (
	"context"

	"wangge/domain/place"
)

// Unit is a unit with what was loaded for it.
type Unit struct {
	place.Unit
	Loaded
}

// ID is permanent.
func (u *Unit) ID() string { return u.Key.String() }

// Building is the building that it is a part of.
func (u *Unit) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, u.Loaded)
}

// Grid is the grid that it belongs to.
func (u *Unit) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, u.Loaded) }

// Households are a page of its households; the plan has read the arguments, which stand here so that gqlgen checks them.
func (u *Unit) Households(ctx context.Context, first *int, after *string) (*HouseholdConnection, error) {
	return loaded[*HouseholdConnection](ctx, u.Loaded)
}

// UnitConnection is a page of units.
type UnitConnection struct{ List[place.Unit, Unit] }

// Edges are the units with their places.
func (c *UnitConnection) Edges(ctx context.Context) ([]*UnitEdge, error) {
	return loaded[[]*UnitEdge](ctx, c.Loaded)
}

// UnitEdge is a unit in a list.
type UnitEdge struct{ Entry[place.Unit, Unit] }

// Household is a household with what was loaded for it.
type Household struct {
	place.Household
	Loaded
}

// ID is permanent.
func (h *Household) ID() string { return h.Key.String() }

// Unit is the unit that it lives in.
func (h *Household) Unit(ctx context.Context) (*Unit, error) { return loaded[*Unit](ctx, h.Loaded) }

// Use is what its dwelling is used for; null where unknown.
func (h *Household) Use() *place.DwellingUse { return Optional(h.Household.Use) }

// RentalManagement is null where unknown.
func (h *Household) RentalManagement() *string { return Optional(h.Household.RentalManagement) }

// HouseholdConnection is a page of households.
type HouseholdConnection struct {
	List[place.Household, Household]
}

// Edges are the households with their places.
func (c *HouseholdConnection) Edges(ctx context.Context) ([]*HouseholdEdge, error) {
	return loaded[[]*HouseholdEdge](ctx, c.Loaded)
}

// HouseholdEdge is a household in a list.
type HouseholdEdge struct {
	Entry[place.Household, Household]
}
