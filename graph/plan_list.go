package graph

import (
	"context"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/page"
	"wangge/graph/node"
)

// listing says how pages of rows T become connections C, edges E and objects N.
type listing[T, N any, C connection[T, N], E edge[T, N]] struct {
	plan       *plan
	typeName   string // of the objects
	connection func() C
	edge       func() E
	node       func(T) *N
	load       func(ctx context.Context, nodes []*N, sel ast.SelectionSet) error
}

type connection[T, N any] interface {
	holder
	AsList() *node.List[T, N]
}

type edge[T, N any] interface {
	holder
	AsEntry() *node.Entry[T, N]
}

// of makes a connection of each page, and loads what sel asks of them.
func (l listing[T, N, C, E]) of(ctx context.Context, pages []page.Page[T], sel ast.SelectionSet) ([]C, error) {
	all := make([]C, len(pages))
	for i := range pages {
		all[i] = l.connection()
		all[i].AsList().Page = pages[i]
	}
	return all, each(ctx, l.plan, all, sel, l.typeName+"Connection", l.connectionField)
}

// putLists puts, for each node, the connection of the page that is its own by id, and loads what f asks of them.
func putLists[P holder, T, N any, C connection[T, N], E edge[T, N]](ctx context.Context, l listing[T, N, C, E], nodes []P, id func(P) uuid.UUID,
	pages map[uuid.UUID]page.Page[T], f field) error {
	ordered := make([]page.Page[T], len(nodes))
	for i, n := range nodes {
		ordered[i] = pages[id(n)]
	}
	lists, err := l.of(ctx, ordered, f.Selections)
	for i, n := range nodes {
		n.Put(f.Alias, lists[i])
	}
	return err
}

func (l listing[T, N, C, E]) connectionField(ctx context.Context, lists []C, f field) error {
	switch f.Name {
	case "nodes":
		var all []*N
		for _, list := range lists {
			items := list.AsList().Page.Items
			nodes := make([]*N, len(items))
			for i := range items {
				nodes[i] = l.node(items[i].Node)
			}
			list.Put(f.Alias, nodes)
			all = append(all, nodes...)
		}
		return l.load(ctx, all, f.Selections)
	case "edges":
		var all []E
		for _, list := range lists {
			items := list.AsList().Page.Items
			edges := make([]E, len(items))
			for i := range items {
				edges[i] = l.edge()
				edges[i].AsEntry().Item = items[i]
			}
			list.Put(f.Alias, edges)
			all = append(all, edges...)
		}
		return each(ctx, l.plan, all, f.Selections, l.typeName+"Edge", l.edgeField)
	}
	return nil // in the page already
}

func (l listing[T, N, C, E]) edgeField(ctx context.Context, edges []E, f field) error {
	if f.Name != "node" {
		return nil
	}
	nodes := make([]*N, len(edges))
	for i, e := range edges {
		nodes[i] = l.node(e.AsEntry().Item.Node)
		e.Put(f.Alias, nodes[i])
	}
	return l.load(ctx, nodes, f.Selections)
}

// pageOf reads first and after of a list that has no other arguments.
func (p *plan) pageOf(ctx context.Context, f field, order string) (page.Args, error) {
	args, err := p.ec.field_Building_units_args(ctx, f.ArgumentMap(p.op.Variables))
	if err != nil {
		return page.Args{}, unread
	}
	first, _ := args["first"].(*int)
	after, _ := args["after"].(*string)
	return p.page(first, after, order)
}
