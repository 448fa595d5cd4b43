package node

import (
	"context"

	"wangge/domain/page"
)

// List is a page of rows T that are answered as objects N. Its nodes and its edges hold objects of their own, since a
// request may ask different things of them.
type List[T, N any] struct {
	Page page.Page[T]
	Loaded
}

// AsList is l: what all kinds of list have in common.
func (l *List[T, N]) AsList() *List[T, N] { return l }

// TotalCount counts the whole list; the plan has it counted where it is asked for.
func (l *List[T, N]) TotalCount() int { return l.Page.Total }

// Nodes are the objects.
func (l *List[T, N]) Nodes(ctx context.Context) ([]*N, error) { return loaded[[]*N](ctx, l.Loaded) }

// PageInfo is where the page lies.
func (l *List[T, N]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: l.Page.HasNext, HasPreviousPage: l.Page.HasPrevious}
	if n := len(l.Page.Items); n > 0 {
		first, last := l.Page.Items[0].Cursor.Encode(), l.Page.Items[n-1].Cursor.Encode()
		info.StartCursor, info.EndCursor = &first, &last
	}
	if l.Page.End != nil {
		end := l.Page.End.Encode()
		info.EndCursor = &end
	}
	return info
}

// Entry is a row T in a list, answered as an object N.
type Entry[T, N any] struct {
	Item page.Item[T]
	Loaded
}

// AsEntry is e: what all kinds of edge have in common.
func (e *Entry[T, N]) AsEntry() *Entry[T, N] { return e }

// Node is the object.
func (e *Entry[T, N]) Node(ctx context.Context) (*N, error) { return loaded[*N](ctx, e.Loaded) }

// Cursor is its place.
func (e *Entry[T, N]) Cursor() string { return e.Item.Cursor.Encode() }
