package node

import (
	"context"

	"wangge/domain/grid"
)

// GridMatch is an answer about a spot with what was loaded for it.
type GridMatch struct {
	grid.Match
	Loaded
}

// Grid is the grid that the spot belongs to.
func (m *GridMatch) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, m.Loaded) }

// Candidates are the grids that the spot may lie in.
func (m *GridMatch) Candidates(ctx context.Context) ([]*GridCandidate, error) {
	return loaded[[]*GridCandidate](ctx, m.Loaded)
}

// Building is the building that the spot lies on.
func (m *GridMatch) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, m.Loaded)
}

// Division is the smallest division around the spot.
func (m *GridMatch) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, m.Loaded)
}

// GridCandidate is a grid that a spot may lie in.
type GridCandidate struct {
	grid.Candidate
	Loaded
}

// Grid is the grid.
func (c *GridCandidate) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, c.Loaded) }
