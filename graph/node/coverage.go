package node

import (
	"context"

	"wangge/domain/coverage"
	"wangge/geo/coord"
)

// CoverageReport is how a division is covered, with what was loaded for it.
type CoverageReport struct {
	coverage.Report
	Loaded
}

// Division is the division.
func (r *CoverageReport) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, r.Loaded)
}

// DataVersion is the state of the data that was looked at.
func (r *CoverageReport) DataVersion() string { return r.Version() }

// Problems are a page of what is wrong; the plan has read the arguments, which stand here so that gqlgen checks them.
func (r *CoverageReport) Problems(ctx context.Context, kinds []coverage.Kind, first *int, after *string) (*ProblemConnection, error) {
	return loaded[*ProblemConnection](ctx, r.Loaded)
}

// CoverageProblem is something wrong, with what was loaded for it.
type CoverageProblem struct {
	coverage.Problem
	Loaded
}

// ID stays while the problem does.
func (p *CoverageProblem) ID() string { return p.Problem.ID.String() }

// Geometry is where.
func (p *CoverageProblem) Geometry(crs *coord.System) (*GeoJSON, error) {
	return present(p.Problem.Geometry, crs)
}

// Bbox is west, south, east, north.
func (p *CoverageProblem) Bbox() []float64 {
	if p.Box == nil {
		return nil
	}
	return box(*p.Box)
}

// Divisions are those it concerns.
func (p *CoverageProblem) Divisions(ctx context.Context) ([]*Division, error) {
	return loaded[[]*Division](ctx, p.Loaded)
}

// Grids are those it concerns.
func (p *CoverageProblem) Grids(ctx context.Context) ([]*Grid, error) {
	return loaded[[]*Grid](ctx, p.Loaded)
}

// Building is the one it concerns.
func (p *CoverageProblem) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, p.Loaded)
}

// Households are those that live there, as far as the one who asks may know.
func (p *CoverageProblem) Households(ctx context.Context) (*int, error) {
	return loaded[*int](ctx, p.Loaded)
}

// Fixes are what would mend it.
func (p *CoverageProblem) Fixes(ctx context.Context) ([]*ProblemFix, error) {
	return loaded[[]*ProblemFix](ctx, p.Loaded)
}

// ProblemFix is something that would mend a problem, with what was loaded for it.
type ProblemFix struct {
	coverage.Fix
	Loaded
}

// Grid is the grid to do it with.
func (f *ProblemFix) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, f.Loaded) }

// Text is the same as a sentence.
func (f *ProblemFix) Text(ctx context.Context) (string, error) { return loaded[string](ctx, f.Loaded) }

// ProblemConnection is a page of problems.
type ProblemConnection struct {
	List[coverage.Problem, CoverageProblem]
}

// Edges are the problems with their places.
func (c *ProblemConnection) Edges(ctx context.Context) ([]*ProblemEdge, error) {
	return loaded[[]*ProblemEdge](ctx, c.Loaded)
}

// ProblemEdge is a problem in a list.
type ProblemEdge struct {
	Entry[coverage.Problem, CoverageProblem]
}

// ApplyFixPayload is what moved.
type ApplyFixPayload struct{ Loaded }

// Grids are those whose border moved.
func (p *ApplyFixPayload) Grids(ctx context.Context) ([]*Grid, error) {
	return loaded[[]*Grid](ctx, p.Loaded)
}
