package graph

import (
	"context"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/page"
	"wangge/graph/node"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"audit.notServed", "This server keeps no audit.", "本服务未启用审计。"},
)

// auditList reads a page of the audit.
func (r *Resolver) auditList(ctx context.Context, f *node.AuditFilter, first *int, after *string) (*node.AuditConnection, error) {
	if r.Audit == nil {
		return nil, fault.New(fault.Unavailable, "", "audit.notServed")
	}
	n := page.Default
	if first != nil {
		n = *first
	}
	args, err := page.Parse(n, page.MaxOperator, after, audit.Order)
	if err != nil {
		return nil, err
	}
	q := audit.Query{Page: args}
	if f != nil {
		q.Actor, q.Action, q.Result = orEmpty(f.Actor), audit.Action(orEmpty(f.Action)), orEmpty(f.Result)
		q.Object = audit.Object{Kind: orEmpty(f.Kind), ID: orEmpty(f.Object)}
		if f.Deeds != nil {
			q.Deeds = audit.Deeds(*f.Deeds)
		}
		if f.Since != nil {
			q.Since = *f.Since
		}
		if f.Until != nil {
			q.Until = *f.Until
		}
	}
	actor := account.FromContext(ctx)
	list, err := r.Audit.List(ctx, actor, q)
	if err != nil || r.Access == nil {
		return &node.AuditConnection{Page: list}, err
	}
	logins, err := r.Access.Logins(ctx, actor, list.Items)
	return &node.AuditConnection{Page: list, Logins: logins}, err
}
