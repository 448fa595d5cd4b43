package node

import (
	"context"

	"wangge/domain/board"
	"wangge/domain/civil"
)

// Board is a signboard, with what was loaded for it.
type Board struct {
	board.Standing
	Loaded
}

// Grid is the grid that it is of; nil where it is of a building.
func (b *Board) Grid(ctx context.Context) (*Grid, error) { return loaded[*Grid](ctx, b.Loaded) }

// Building is the building that it is of; nil where it is of a grid.
func (b *Board) Building(ctx context.Context) (*Building, error) {
	return loaded[*Building](ctx, b.Loaded)
}

// Mark stands for what it says now.
func (b *Board) Mark() string { return b.Hashes.Mark() }

// Printed is the last print.
func (b *Board) Printed() *BoardPrint {
	if b.Standing.Printed == nil {
		return nil
	}
	return &BoardPrint{*b.Standing.Printed}
}

// Changed is what it says otherwise than the last print.
func (b *Board) Changed() []board.Part { return parts(b.Standing.Changed) }

// parts is list, which is never null.
func parts(list []board.Part) []board.Part {
	if list == nil {
		return []board.Part{}
	}
	return list
}

// BoardPrint is a revision of a board that was printed.
type BoardPrint struct{ board.Print }

// BoardConnection is a page of boards.
type BoardConnection struct {
	List[board.Standing, Board]
}

// Edges are the boards with their places.
func (c *BoardConnection) Edges(ctx context.Context) ([]*BoardEdge, error) {
	return loaded[[]*BoardEdge](ctx, c.Loaded)
}

// BoardEdge is a board in a list.
type BoardEdge struct {
	Entry[board.Standing, Board]
}

// BoardCheck is what a board on a wall is told of itself.
type BoardCheck struct{ board.Check }

// Changed is what is otherwise now.
func (c *BoardCheck) Changed() []board.Part { return parts(c.Check.Changed) }

// PrintedOn is when that revision was printed.
func (c *BoardCheck) PrintedOn() *civil.Date { return c.On }
