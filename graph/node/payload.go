package node

import "context"

// What mutations answer that a plan loads.

// PlaceBuildingPayload is the building that was placed.
type PlaceBuildingPayload struct{ Loaded }

// Building is the building, as it is now.
func (p *PlaceBuildingPayload) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, p.Loaded)
}

// PlaceUnitPayload is the unit that was placed.
type PlaceUnitPayload struct{ Loaded }

// Unit is the unit, as it is now.
func (p *PlaceUnitPayload) Unit(ctx context.Context) (*Unit, error) {
	return loaded[*Unit](ctx, p.Loaded)
}

// RenumberDivisionPayload is the division whose code changed.
type RenumberDivisionPayload struct{ Loaded }

// Division is the division, as it is now.
func (p *RenumberDivisionPayload) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, p.Loaded)
}

// RecodeGridPayload is the grid whose code changed.
type RecodeGridPayload struct{ Loaded }

// Grid is the grid, as it is now.
func (p *RecodeGridPayload) Grid(ctx context.Context) (*Grid, error) {
	return loaded[*Grid](ctx, p.Loaded)
}
