// Package account says who is asking and what they may do.
// Until accounts arrive there are two: the public, and the operator who holds the token made at first start.
package account

import (
	"context"

	"wangge/internal/fault"
)

// Role of an actor.
type Role string

// The roles.
const (
	Public   Role = "public"   // anyone: grids, workers' public faces, signboards
	Operator Role = "operator" // runs the deployment: imports, appoints, sets policies
)

// Actor is who asks. The zero Actor may do nothing.
type Actor struct {
	Role Role
	ID   string // stable, for the database session and the log; never personal data
}

// Anyone returns the public actor.
func Anyone() Actor { return Actor{Role: Public, ID: "public"} }

// TheOperator returns the operator.
func TheOperator() Actor { return Actor{Role: Operator, ID: "operator"} }

// RequireKnown refuses the zero Actor: a request that reached a service without one is a mistake of ours.
func (a Actor) RequireKnown() error {
	if a.Role != Public && a.Role != Operator {
		return fault.New(fault.Unauthenticated, "", "badToken")
	}
	return nil
}

// RequireOperator refuses everyone else: FORBIDDEN.
func (a Actor) RequireOperator() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if a.Role != Operator {
		return fault.New(fault.Forbidden, "", "forbidden")
	}
	return nil
}

type contextKey struct{}

// NewContext returns ctx with the actor in it.
func NewContext(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// FromContext returns the actor of ctx, or the zero Actor.
func FromContext(ctx context.Context) Actor {
	a, _ := ctx.Value(contextKey{}).(Actor)
	return a
}
