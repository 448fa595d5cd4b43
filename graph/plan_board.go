package graph

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/graph/node"
)

// boards is a page of boards that list reads, of both kinds for nil.
func (p *plan) boards(ctx context.Context, division string, kind *board.Kind, first *int, after *string, sel ast.SelectionSet,
	list func(context.Context, account.Actor, string, board.Kind, page.Args) (page.Page[board.Standing], error)) (*node.BoardConnection, error) {
	if err := p.actor.Require(account.Arrange); err != nil {
		return nil, err // before it is said what a cursor is
	}
	args, err := p.page(first, after, board.ByPlace)
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, p.actor, division, orZero(kind), args)
	if err != nil {
		return nil, err
	}
	lists, err := listing[board.Standing, node.Board, *node.BoardConnection, *node.BoardEdge]{
		plan:       p,
		typeName:   "Board",
		connection: func() *node.BoardConnection { return &node.BoardConnection{} },
		edge:       func() *node.BoardEdge { return &node.BoardEdge{} },
		node:       func(s board.Standing) *node.Board { return &node.Board{Standing: s} },
		load: func(ctx context.Context, nodes []*node.Board, sel ast.SelectionSet) error {
			return each(ctx, p, nodes, sel, "Board", p.board)
		},
	}.of(ctx, []page.Page[board.Standing]{found}, sel)
	return lists[0], err
}

// board loads one field of boards.
func (p *plan) board(ctx context.Context, nodes []*node.Board, f field) error {
	of := func(kind board.Kind) func(b *node.Board) key.Key {
		return func(b *node.Board) key.Key {
			if b.Of.Kind != kind {
				return key.Key{}
			}
			return b.Of.Key
		}
	}
	switch f.Name {
	case "grid":
		return oneGrid(ctx, p, nodes, func(b *node.Board) (key.Key, *grid.Grid) { return of(board.OfGrid)(b), nil }, f)
	case "building":
		return oneBuilding(ctx, p, nodes, of(board.OfBuilding), f)
	}
	return nil // in the node already
}

func (p *plan) boardCheck(ctx context.Context, gridCode, building *string, revision int, mark *string) (*node.BoardCheck, error) {
	c, err := p.Boards.Verify(ctx, p.actor, board.Name{Grid: orEmpty(gridCode), Building: orEmpty(building)}, revision, orEmpty(mark))
	if err != nil {
		return nil, err
	}
	return &node.BoardCheck{Check: c}, nil
}
