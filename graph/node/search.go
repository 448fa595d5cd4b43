package node

import (
	"context"

	"github.com/twpayne/go-geom"

	"wangge/domain/search"
	"wangge/geo/coord"
	"wangge/geo/shape"
)

// AddressMatch is a place that was found, with what was loaded for it.
type AddressMatch struct {
	search.Match
	Loaded
}

// Building is the building.
func (m *AddressMatch) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, m.Loaded)
}

// Estate is the estate, or that of the building.
func (m *AddressMatch) Estate(ctx context.Context) (*Estate, error) {
	return loaded[*Estate](ctx, m.Loaded)
}

// Division is the division, or the smallest that it lies in.
func (m *AddressMatch) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, m.Loaded)
}

// Grid is the grid that it belongs to.
func (m *AddressMatch) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, m.Loaded) }

// Location is a point on it.
func (m *AddressMatch) Location(crs *coord.System) (*GeoJSON, error) {
	at := []float64{shape.SnapCoord(m.Match.Location.Lng), shape.SnapCoord(m.Match.Location.Lat)}
	return present(geom.NewPointFlat(geom.XY, at).SetSRID(shape.SRID), crs)
}
