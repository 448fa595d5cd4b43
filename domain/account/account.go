// Package account says who is asking and what they may do: the vocabulary that every use case asks. Who signs in, and what the posts
// of a worker reach today, is found out elsewhere (domain/access).
package account

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"account.token", "This is not for access tokens: sign in.", "访问令牌不能执行此操作，请登录后进行。"},
	[3]string{"account.readOnly", "This access token may only read.", "该访问令牌只能读取。"},
)

// Role of an actor: what kind of account asks. What of people an account may see is a matter of its Scope.
type Role string

// The roles. Those who run the deployment, who give accounts and who read the audit are three: none may do what another does.
const (
	Public   Role = "public"   // anyone: grids, workers' public faces, signboards
	Staff    Role = "staff"    // a worker with an account: what the posts of today reach
	Operator Role = "operator" // runs the deployment: imports, appoints, sets policies; opens nobody's file
	Security Role = "security" // gives accounts, ends sessions; sees no more of people than the public
	Auditor  Role = "auditor"  // reads the audit; sees no more of people than the public
	Door     Role = "door"     // the server itself while it finds out who asks: reads accounts, sessions and tokens, nothing else
	Counter  Role = "counter"  // the server itself while it counts people for what is told suppressed, and keeps in step where rows lie
	Keeper   Role = "keeper"   // the server itself while it keeps residents' files: their keys, where they lie, how long they stay; answers nobody
)

// known are the roles that there are.
var known = map[Role]bool{Public: true, Staff: true, Operator: true, Security: true, Auditor: true, Door: true, Counter: true, Keeper: true}

// Administrative reports whether a role is one of those that run the deployment, give accounts or read the audit.
func Administrative(r Role) bool { return r == Operator || r == Security || r == Auditor }

// Actor is who asks. The zero Actor may do nothing. Two that are equal may do the same.
type Actor struct {
	Role  Role
	ID    string // stable, for the database session, the audit and the log; never personal data
	Scope *Scope // of Staff: what the posts reach; nil: nothing
	Via   Via

	Worker uuid.UUID // of Staff: who it is, since nobody appoints themselves

	Session uuid.UUID // the handle of the session by which somebody asks who is signed in; zero: none
}

// Via is how an actor asks.
type Via uint8

// The ways.
const (
	InPerson    Via = iota // signed in, or the machine's own
	ByToken                // a program, with a personal access token
	ByReadToken            // a program, with one that may change nothing
)

// Anyone returns the public actor.
func Anyone() Actor { return Actor{Role: Public, ID: "public"} }

// TheOperator returns the operator: who holds the token of the data folder, works on the machine, or is the server at work.
func TheOperator() Actor { return Actor{Role: Operator, ID: "operator"} }

// TheDoor returns the server while it finds out who asks.
func TheDoor() Actor { return Actor{Role: Door, ID: "door"} }

// TheCounter returns the server while it counts people, of whom the actor that it works for may not know all: what it reads is
// suppressed before anybody is told. No service lets it do anything else.
func TheCounter() Actor { return Actor{Role: Counter, ID: "counter"} }

// TheKeeper returns the server while it keeps residents' files. What it reads is told to nobody; no service lets it in.
func TheKeeper() Actor { return Actor{Role: Keeper, ID: "keeper"} }

// RequireKnown refuses the zero Actor: a request that reached a service without one is a mistake of ours.
func (a Actor) RequireKnown() error {
	if !known[a.Role] {
		return fault.New(fault.Unauthenticated, "", "badToken")
	}
	return nil
}

// RequireOperator refuses everyone else: FORBIDDEN.
func (a Actor) RequireOperator() error { return a.RequireRole(Operator) }

// RequireRole refuses all who are not of that role: FORBIDDEN.
func (a Actor) RequireRole(r Role) error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if !a.OneOf(r) {
		return fault.New(fault.Forbidden, "", "forbidden")
	}
	return nil
}

// OneOf reports whether the actor has one of these roles.
func (a Actor) OneOf(roles ...Role) bool { return unchecked() || slices.Contains(roles, a.Role) }

// RequirePerson refuses programs: FORBIDDEN. What is about accounts is for their people.
func (a Actor) RequirePerson() error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	if a.Via != InPerson {
		return fault.New(fault.Forbidden, "", "account.token")
	}
	return nil
}

// RequireWriter refuses programs whose token may only read: FORBIDDEN.
func (a Actor) RequireWriter() error {
	if a.Via == ByReadToken {
		return fault.New(fault.Forbidden, "", "account.readOnly")
	}
	return nil
}

// Require refuses whom a right reaches nothing: FORBIDDEN. Whether it reaches the thing at hand is asked of Reach.
func (a Actor) Require(r Right) error {
	if err := a.RequireKnown(); err != nil {
		return err
	}
	switch {
	case !a.Reach(r).Empty():
		return nil
	case a.Role == Staff:
		return fault.New(fault.Forbidden, "", "beyond")
	}
	return fault.New(fault.Forbidden, "", "forbidden")
}

// Reach is where a right of the actor holds.
func (a Actor) Reach(r Right) Reach {
	if unchecked() {
		return Reach{Everywhere: true}
	}
	return a.Given(r)
}

// Given is Reach for the store, which tells PostgreSQL where a right holds whatever else is checked.
func (a Actor) Given(r Right) Reach {
	switch {
	case a.Role == Operator && ofOperator.Has(r):
		return Reach{Everywhere: true}
	case a.Role == Staff && a.Scope != nil:
		return a.Scope.Of(r)
	}
	return Reach{}
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
