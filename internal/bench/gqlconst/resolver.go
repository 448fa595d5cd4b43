package gqlconst

import "context"

// Resolver answers gridAt with Answer.
type Resolver struct {
	Answer func(ctx context.Context, lng, lat float64) (*GridMatch, error)
}

// GridAt is the resolver for the gridAt field.
func (r *queryResolver) GridAt(ctx context.Context, point PointInput) (*GridMatch, error) {
	return r.Answer(ctx, point.Lng, point.Lat)
}

// Query returns QueryResolver implementation.
func (r *Resolver) Query() QueryResolver { return &queryResolver{r} }

type queryResolver struct{ *Resolver }
