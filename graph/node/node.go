// Package node holds the objects of the GraphQL schema: a value of the domain, and what the request's plan loaded for
// it. Nothing here reads a store; package graph plans and loads. The inputs and plain objects in models_gen.go are
// generated from the schema.
package node

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/place"
)

// Loaded is what the plan read for an object, by response key: the name or alias that the request gave the field.
// One field asked for twice under two aliases is two entries. It is filled before the object is handed out and only
// read afterwards.
//
// It is a list, not a map: an object has a few entries, an answer a hundred thousand objects.
type Loaded struct{ values []value }

type value struct {
	key string
	v   any
}

// Put notes what a field answers: a value of the type that the field's method returns, or an error.
func (l *Loaded) Put(key string, v any) {
	for i := range l.values {
		if l.values[i].key == key {
			l.values[i].v = v
			return
		}
	}
	l.values = append(l.values, value{key, v})
}

func (l Loaded) get(key string) any {
	for _, e := range l.values {
		if e.key == key {
			return e.v
		}
	}
	return nil
}

// Asked is the context of a field of a node while it is written: cheaper than one of gqlgen's a field, and used again for
// the next.
type Asked struct {
	context.Context
	Field *ast.Field
}

func asked(ctx context.Context) *ast.Field {
	if a, ok := ctx.(*Asked); ok {
		return a.Field
	}
	return graphql.GetFieldContext(ctx).Field.Field
}

// loaded returns what the plan put for the field that is being resolved.
func loaded[T any](ctx context.Context, l Loaded) (T, error) {
	var none T
	field := asked(ctx)
	switch v := l.get(field.Alias).(type) {
	case T:
		return v, nil
	case error:
		return none, v
	default:
		return none, fmt.Errorf("the plan loaded %T for %s.%s", v, field.ObjectDefinition.Name, field.Name)
	}
}

// Optional is nil for an empty text: it is not known.
func Optional[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}

// LimitsOf are limits as they are answered; nil where none is known.
func LimitsOf(l place.Limits) *Limits {
	if l.Empty() {
		return nil
	}
	return &Limits{East: Optional(l.East), South: Optional(l.South), West: Optional(l.West), North: Optional(l.North)}
}

func box(b place.Box) []float64 { return []float64{b.West, b.South, b.East, b.North} }
