package node

import (
	"context"

	"github.com/twpayne/go-geom"

	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/coord"
)

// Division is a division with what was loaded for it.
type Division struct {
	place.Division
	Loaded
}

// ID is permanent.
func (d *Division) ID() string { return d.Division.ID.String() }

// Parent is the division around it.
func (d *Division) Parent(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, d.Loaded)
}

// Ancestors are the divisions around it, the largest first.
func (d *Division) Ancestors(ctx context.Context) ([]*Division, error) {
	return loaded[[]*Division](ctx, d.Loaded)
}

// Children are the divisions directly within it.
func (d *Division) Children(ctx context.Context) ([]*Division, error) {
	return loaded[[]*Division](ctx, d.Loaded)
}

// Boundary is its area; with simplifyM the plan has simplified it.
func (d *Division) Boundary(ctx context.Context, crs *coord.System, simplifyM *float64) (*GeoJSON, error) {
	return boundary(ctx, d.Loaded, d.Division.Boundary, crs, simplifyM)
}

// Bbox is west, south, east, north.
func (d *Division) Bbox() []float64 {
	if d.BBox == nil {
		return nil
	}
	return box(*d.BBox)
}

// Limits are the four bounds in words.
func (d *Division) Limits() *Limits { return limits(d.Division.Limits) }

// Grids are a page of the grids in it and beneath it; the plan has read the arguments, which
// stand here so that gqlgen checks them.
func (d *Division) Grids(ctx context.Context, filter *GridFilter, orderBy *grid.Order, first *int, after *string) (*GridConnection, error) {
	return loaded[*GridConnection](ctx, d.Loaded)
}

// Stats are counts beneath it.
func (d *Division) Stats(ctx context.Context) (*PlaceStats, error) {
	return loaded[*PlaceStats](ctx, d.Loaded)
}

// Neighbours are the divisions of its level that share a border with it.
func (d *Division) Neighbours(ctx context.Context) ([]*Division, error) {
	return loaded[[]*Division](ctx, d.Loaded)
}

// Uncovered is what its grids leave over; the plan has simplified it.
func (d *Division) Uncovered(ctx context.Context, crs *coord.System, simplifyM *float64) (*GeoJSON, error) {
	left, err := loaded[Shape](ctx, d.Loaded)
	if err != nil {
		return nil, err
	}
	return present(left.T, crs)
}

// OnCall is who answers for a post; the plan has read the arguments, which stand here so that gqlgen checks them.
func (d *Division) OnCall(ctx context.Context, post *staff.Post, on *civil.Date) (*Assignment, error) {
	return loaded[*Assignment](ctx, d.Loaded)
}

// Vacancies are a page of the posts that nobody is in office for.
func (d *Division) Vacancies(ctx context.Context, posts []staff.Post, on *civil.Date, first *int, after *string) (*VacancyConnection, error) {
	return loaded[*VacancyConnection](ctx, d.Loaded)
}

// Contacts are whom to call besides the grid workers.
func (d *Division) Contacts(ctx context.Context) (*DivisionContacts, error) {
	return loaded[*DivisionContacts](ctx, d.Loaded)
}

// Coverage is how its grids cover it.
func (d *Division) Coverage(ctx context.Context) (*CoverageReport, error) {
	return loaded[*CoverageReport](ctx, d.Loaded)
}

// Problems are a page of what is wrong in it and beneath it; the plan has read the arguments.
func (d *Division) Problems(ctx context.Context, kinds []coverage.Kind, first *int, after *string) (*ProblemConnection, error) {
	return loaded[*ProblemConnection](ctx, d.Loaded)
}

// SizePolicy is the policy in force.
func (d *Division) SizePolicy(ctx context.Context) (*SizePolicy, error) {
	return loaded[*SizePolicy](ctx, d.Loaded)
}

// SizePolicy is a size policy with the division that it was set for.
type SizePolicy struct {
	place.SizePolicy
	Loaded
}

// Division is where it was set.
func (p *SizePolicy) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, p.Loaded)
}

// boundary presents whole, or what the plan made of it where it was to be simplified.
func boundary(ctx context.Context, l Loaded, whole *geom.MultiPolygon, crs *coord.System, simplifyM *float64) (*GeoJSON, error) {
	if simplifyM == nil {
		return present(whole, crs)
	}
	simple, err := loaded[Shape](ctx, l)
	if err != nil {
		return nil, err
	}
	return present(simple.T, crs)
}

// Shape is a geometry that the plan made; T is nil where there is none.
type Shape struct{ geom.T }

// SetSizePolicyPayload is the division whose policy was set.
type SetSizePolicyPayload struct{ Loaded }

// Division is the division, as it is now.
func (p *SetSizePolicyPayload) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, p.Loaded)
}
