package graph

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/twpayne/go-geom"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/page"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// plan reads what one root field asks for. It walks the requested fields level by level and makes one call of the
// store for each level and field, however many objects the level has; the methods of the nodes then return what it put
// there. Everything is as of one instant and for one actor.
type plan struct {
	*Resolver
	op    *operation
	ec    *executionContext // reads arguments the way the executor will
	actor account.Actor
	at    time.Time  // the instant that is read
	asOf  *time.Time // the same where it was asked for; nil: now
	away  error      // why the store could not be read, once it could not
}

type field = graphql.CollectedField

// planned runs fn, which reads a root field and all beneath it, so that every read sees one state of the data, the
// one at asOf or now. fn gets the selection under the root field that ctx resolves.
func planned[T any](ctx context.Context, r *Resolver, asOf *time.Time, fn func(ctx context.Context, p *plan, sel ast.SelectionSet) (T, error)) (T, error) {
	op := operationOf(ctx)
	p := &plan{
		Resolver: r,
		op:       op,
		ec:       op.ec,
		actor:    account.FromContext(ctx),
		at:       r.Places.At(asOf),
		asOf:     asOf,
	}
	var out, none T
	err := r.Places.InOneState(ctx, p.actor, func(ctx context.Context) (err error) {
		out, err = fn(ctx, p, graphql.GetFieldContext(ctx).Field.Selections)
		return err
	})
	switch {
	case err != nil && p.away != nil: // it had been read before: its transaction ended then
		return none, p.away
	case err != nil:
		return none, err
	}
	return out, nil
}

// fields are the fields that sel asks of a type: fragments followed, skip and include heeded, fields of one response
// key merged.
func (p *plan) fields(sel ast.SelectionSet, typeName string) []field {
	if len(sel) == 0 {
		return nil
	}
	return p.op.laid.places[&sel[0]].of(typeName)
}

// asks reports whether sel asks a type for a field, under whatever name.
func (p *plan) asks(sel ast.SelectionSet, typeName, name string) bool {
	for _, f := range p.fields(sel, typeName) {
		if f.Name == name {
			return true
		}
	}
	return false
}

// asksNodes reports whether sel asks the nodes of a connection for a field, in nodes or in edges. list is the connection's
// name without Connection.
func (p *plan) asksNodes(sel ast.SelectionSet, list, typeName, name string) bool {
	for _, f := range p.fields(sel, list+"Connection") {
		switch f.Name {
		case "nodes":
			if p.asks(f.Selections, typeName, name) {
				return true
			}
		case "edges":
			for _, e := range p.fields(f.Selections, list+"Edge") {
				if e.Name == "node" && p.asks(e.Selections, typeName, name) {
					return true
				}
			}
		}
	}
	return false
}

// page reads first and after; nil is what was left out.
func (p *plan) page(first *int, after *string, order string) (page.Args, error) {
	n, most := page.Default, page.MaxPublic
	if first != nil {
		n = *first
	}
	switch p.actor.Role {
	case account.Operator:
		most = page.MaxOperator
	case account.Staff:
		most = page.MaxStaff
	}
	return page.Parse(n, most, after, order)
}

// holder is a node: it keeps what each field will answer.
type holder interface{ Put(key string, v any) }

// each loads the fields that sel asks of nodes of a type. Where load refuses one, that is the field's error for every
// node and the rest is still loaded; so it is where the store is away, since much is read from memory. Any other error
// ends the root field.
func each[N holder](ctx context.Context, p *plan, nodes []N, sel ast.SelectionSet, typeName string, load func(context.Context, []N, field) error) error {
	if len(nodes) == 0 {
		return nil
	}
	fields := p.fields(sel, typeName)
	if !p.op.read(len(nodes) * len(fields)) {
		return errTooLong // before it is read
	}
	for _, f := range fields {
		err := load(ctx, nodes, f)
		if err == nil {
			continue
		}
		if !refusal(err) {
			if p.away == nil && fault.Is(err, fault.Unavailable) {
				p.away = err
			}
			if p.away == nil {
				return err
			}
			err = p.away // what fails from then on fails for that
		}
		for _, n := range nodes {
			n.Put(f.Alias, err)
		}
	}
	return nil
}

// refusal reports whether err says no to what was asked, and nothing of the store.
func refusal(err error) bool {
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	switch f.Code {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Limited:
		return true
	case fault.Unavailable:
		return f.Err == nil // with a cause it is the store's, and the transaction is over
	}
	return false
}

// once makes one node for each key, so that what many objects refer to is read once.
type once[K comparable, N any] struct {
	nodes map[K]*N
	all   []*N // in the order they were first asked for
}

func (o *once[K, N]) of(k K, make func() *N) *N {
	if n, ok := o.nodes[k]; ok {
		return n
	}
	if o.nodes == nil {
		o.nodes = map[K]*N{}
	}
	n := make()
	o.nodes[k], o.all = n, append(o.all, n)
	return n
}

// distinct returns each key that of gives, once, in their order. The zero key stands for none.
func distinct[N any, K comparable](list []N, of func(N) K) []K {
	var none K
	seen := map[K]bool{none: true}
	var out []K
	for _, n := range list {
		if k := of(n); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// unread is the error of arguments that cannot be read: the executor finds the same and makes it the field's error
// with its path, so that what the plan puts is never asked for.
var unread = fault.New(fault.Invalid, "", "input.bad")

// maxSimplifyM is the largest tolerance that a boundary is simplified with, metres: beyond it no town has a form.
const maxSimplifyM = 10_000

var _ = fault.Register(
	[3]string{"simplify.range", "simplifyM must be 0 to {max} metres.", "simplifyM 应为 0 到 {max} 米。"},
)

// simplify puts the simplified boundary where f asks for one; a boundary without simplifyM is in the node already.
func simplify[N holder](ctx context.Context, p *plan, nodes []N, shape func(N) *geom.MultiPolygon, f field) error {
	args, err := p.ec.field_Grid_boundary_args(ctx, f.ArgumentMap(p.op.Variables))
	if err != nil {
		return unread
	}
	tolerance, _ := args["simplifyM"].(*float64)
	if tolerance == nil {
		return nil
	}
	if !(*tolerance >= 0 && *tolerance <= maxSimplifyM) {
		return fault.New(fault.Invalid, "simplifyM", "simplify.range", "max", maxSimplifyM)
	}
	var whole []geom.T
	for _, n := range nodes {
		if s := shape(n); s != nil {
			whole = append(whole, s)
		}
	}
	simple, err := p.Grids.Simplify(ctx, p.actor, whole, *tolerance)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		var s node.Shape
		if shape(n) != nil {
			s.T, simple = multi(simple[0]), simple[1:]
		}
		n.Put(f.Alias, s)
	}
	return nil
}

// multi makes an area of one part the type that every boundary has; PostGIS simplifies it to a Polygon.
func multi(t geom.T) geom.T {
	part, ok := t.(*geom.Polygon)
	if !ok {
		return t
	}
	whole := geom.NewMultiPolygon(part.Layout())
	if err := whole.Push(part); err != nil {
		return t // of another layout, which whole has from part
	}
	return whole
}
