package node

import (
	"context"

	"wangge/domain/place"
	"wangge/geo/coord"
)

// LegalEntity is a legal entity with what was loaded for it. Package place leaves empty what its viewer may not see.
type LegalEntity struct {
	place.LegalEntity
	Loaded
}

// ID is permanent.
func (e *LegalEntity) ID() string { return e.Key.String() }

// Code is null for the public.
func (e *LegalEntity) Code() *string { return Optional(e.LegalEntity.Code) }

// CreditCode is null where unknown, and for the public.
func (e *LegalEntity) CreditCode() *string { return Optional(e.LegalEntity.CreditCode) }

// Category is null where unknown.
func (e *LegalEntity) Category() *string { return Optional(e.LegalEntity.Category) }

// Address is null where unknown.
func (e *LegalEntity) Address() *string { return Optional(e.LegalEntity.Address) }

// PartyOrganisation is null where there is none known, and for the public.
func (e *LegalEntity) PartyOrganisation() *string { return Optional(e.LegalEntity.PartyOrganisation) }

// Location is null where unknown.
func (e *LegalEntity) Location(crs *coord.System) (*GeoJSON, error) {
	return present(e.LegalEntity.Location, crs)
}

// Building is the one that it is in.
func (e *LegalEntity) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, e.Loaded)
}

// ExternalRefs are the numbers that other systems know it by.
func (e *LegalEntity) ExternalRefs(ctx context.Context) ([]place.ExternalRef, error) {
	return loaded[[]place.ExternalRef](ctx, e.Loaded)
}

// ExternalRefs are the numbers that other systems know it by.
func (d *Division) ExternalRefs(ctx context.Context) ([]place.ExternalRef, error) {
	return loaded[[]place.ExternalRef](ctx, d.Loaded)
}

// LegalEntities are a page of the legal entities in it and beneath it.
func (d *Division) LegalEntities(ctx context.Context, first *int, after *string) (*LegalEntityConnection, error) {
	return loaded[*LegalEntityConnection](ctx, d.Loaded)
}

// ExternalRefs are the numbers that other systems know it by.
func (g *Grid) ExternalRefs(ctx context.Context) ([]place.ExternalRef, error) {
	return loaded[[]place.ExternalRef](ctx, g.Loaded)
}

// ExternalRefs are the numbers that other systems know it by.
func (b *Building) ExternalRefs(ctx context.Context) ([]place.ExternalRef, error) {
	return loaded[[]place.ExternalRef](ctx, b.Loaded)
}

// LegalEntities are a page of the legal entities in it.
func (b *Building) LegalEntities(ctx context.Context, first *int, after *string) (*LegalEntityConnection, error) {
	return loaded[*LegalEntityConnection](ctx, b.Loaded)
}

// ExternalRefs are the numbers that other systems know it by.
func (e *Estate) ExternalRefs(ctx context.Context) ([]place.ExternalRef, error) {
	return loaded[[]place.ExternalRef](ctx, e.Loaded)
}

// LegalEntityConnection is a page of legal entities.
type LegalEntityConnection struct {
	List[place.LegalEntity, LegalEntity]
}

// Edges are the legal entities with their places.
func (c *LegalEntityConnection) Edges(ctx context.Context) ([]*LegalEntityEdge, error) {
	return loaded[[]*LegalEntityEdge](ctx, c.Loaded)
}

// LegalEntityEdge is a legal entity in a list.
type LegalEntityEdge struct {
	Entry[place.LegalEntity, LegalEntity]
}
