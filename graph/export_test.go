package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Judged is the same API where gqlgen's own executor makes the answers: what it answers, writer must.
func Judged(r *Resolver, o Options) (http.Handler, error) {
	s, err := NewHandler(r, o)
	if err != nil {
		return nil, err
	}
	schema := NewExecutableSchema(Config{Resolvers: r})
	s.judge = func(ctx context.Context) ([]byte, gqlerror.List) {
		op := operationOf(ctx)
		op.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) }
		op.RootResolverMiddleware = func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler { return next(ctx) }
		own := *op.laid // laid out in gqlgen's context, so that the plan knows the selections that gqlgen comes with
		own.places = map[*ast.Selection]*selection{}
		l := layout{prepared: &own, op: &op.OperationContext}
		if _, err := l.of(own.operation.SelectionSet, own.root.typeName, 1); err != nil {
			panic(err)
		}
		op.laid = &own
		answer := schema.Exec(ctx)(ctx)
		var text bytes.Buffer
		if err := json.NewEncoder(&text).Encode(map[string]json.RawMessage{"data": answer.Data}); err != nil {
			panic(err)
		}
		return text.Bytes(), graphql.GetErrors(ctx)
	}
	return s, nil
}

// Schema is what is asked.
func (s *Handler) Schema() *ast.Schema { return s.schema.Schema() }

// ValuesOf is valuesOf.
func (s *Handler) ValuesOf(op *ast.OperationDefinition, given map[string]any) (map[string]any, error) {
	return s.valuesOf(op, given)
}

// Keeps reports whether the public's answer to a query would be kept.
func Keeps(s *Handler, query string, variables map[string]any) bool {
	r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
	op := s.newOperation(r)
	p, list := s.prepare(context.WithValue(r.Context(), operationKey{}, op), op, &request{query: query, variables: variables})
	if list != nil {
		panic(list)
	}
	return p.keeps(op.Variables)
}
