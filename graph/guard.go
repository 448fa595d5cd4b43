package graph

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"auth.signIn", "This is for people who are signed in: sign in at /sign-in, or send a token.", "此功能须登录后使用：请在 /sign-in 登录，或使用令牌。"},
	[3]string{"auth.role", "This is not for your kind of account.", "您的账号类型无权使用此功能。"},
)

// guard is who may ask for a root field and what the audit notes of it, as its directives @auth and @audit say. What of it reaches which
// thing is asked by the services.
type guard struct {
	public bool
	roles  []account.Role
	right  account.Right // account.Rights: none is needed

	action   audit.Action
	kind, id string // of a mutation: what it is about, and the field of the input that names it
}

// guardOf is the guard of a root field. What the schema does not say is for nobody.
func guardOf(f *ast.FieldDefinition) *guard {
	g := &guard{right: account.Rights, action: audit.OfMutation(f.Name)}
	if d := f.Directives.ForName("auth"); d != nil {
		for _, role := range d.Arguments.ForName("roles").Value.Children {
			g.public = g.public || role.Value.Raw == "PUBLIC"
			g.roles = append(g.roles, account.Role(strings.ToLower(role.Value.Raw)))
		}
		if right := d.Arguments.ForName("right"); right != nil {
			g.right, _ = account.ParseRight(right.Value.Raw) // the schema knows no others
		}
	}
	if d := f.Directives.ForName("audit"); d != nil {
		g.kind = d.Arguments.ForName("kind").Value.Raw
		if id := d.Arguments.ForName("id"); id != nil {
			g.id = id.Value.Raw
		}
	}
	return g
}

// admit refuses an actor whom the field is not for: FORBIDDEN.
func (g *guard) admit(actor account.Actor) error {
	switch {
	case g.public:
		return nil
	case actor.RequireKnown() != nil:
		return actor.RequireKnown()
	case !actor.OneOf(g.roles...) && slices.Contains(g.roles, account.Operator):
		return fault.New(fault.Forbidden, "", "forbidden")
	case !actor.OneOf(g.roles...) && actor.Role == account.Public:
		return fault.New(fault.Forbidden, "", "auth.signIn")
	case !actor.OneOf(g.roles...):
		return fault.New(fault.Forbidden, "", "auth.role")
	case g.right != account.Rights:
		return actor.Require(g.right)
	}
	return nil
}

// entry is what the audit notes, with these arguments. The id of an input is what somebody sent: only what has the form of our keys and codes
// is taken from it.
func (g *guard) entry(args map[string]any) audit.Entry {
	e := audit.Entry{Action: g.action, Object: audit.Object{Kind: g.kind}}
	if g.id == "" {
		return e
	}
	input, _ := args["input"].(map[string]any)
	id, _ := input[g.id].(string)
	if k, ok := key.Parse(id); ok {
		e.District = k.Home
	}
	e.Object.ID = audit.Named(id)
	return e
}

// guarded refuses a root field to whom it is not for, and notes that. What is not for all knows where it is asked from, for what the services note.
func (o *operation) guarded(ctx context.Context, f *chosen) (context.Context, error) {
	g := f.guard
	if g == nil || g.public {
		return ctx, nil
	}
	if o.origin != nil {
		ctx = audit.From(ctx, o.origin(o.http))
	}
	actor := account.FromContext(ctx)
	err := g.admit(actor)
	if err != nil && o.audit != nil {
		if late := o.audit.Refused(ctx, actor, g.entry(f.ArgumentMap(o.Variables)), err); late != nil {
			err = errors.Join(err, late) // it is refused all the same
		}
	}
	return ctx, err
}

// deed does what a field of Mutation does, and notes it.
func deed[T any](ctx context.Context, w *writer, f *chosen, do func(context.Context) (T, error)) (v T, err error) {
	if w.op.audit == nil {
		return do(ctx)
	}
	err = w.op.audit.Do(ctx, account.FromContext(ctx), f.guard.entry(f.ArgumentMap(w.ec.Variables)), func(ctx context.Context) (err error) {
		v, err = do(ctx)
		return err
	})
	return v, err
}
