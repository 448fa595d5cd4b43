package graph

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/staff"
	"wangge/graph/node"
	"wangge/internal/fault"
)

// What is asked and done about accounts.

// accounts is the service of accounts. UNAVAILABLE: this server has none.
func (r *Resolver) accounts() (*access.Service, error) {
	if r.Access == nil {
		return nil, fault.New(fault.Unavailable, "", "unavailable", "what", "accounts")
	}
	return r.Access, nil
}

// viewer is who is asking; nil for the public.
func (r *Resolver) viewer(ctx context.Context) (*node.Viewer, error) {
	actor := account.FromContext(ctx)
	if actor.Role == account.Public || actor.Role == "" {
		return nil, nil
	}
	v := &node.Viewer{ID: actor.ID, Name: actor.ID, Kind: string(actor.Role), Posts: []*node.HeldPost{}, ByToken: actor.Via != account.InPerson}
	if r.Access == nil {
		return v, nil
	}
	a, duties, called, ok, err := r.Access.Me(ctx, actor)
	if err != nil || !ok {
		return v, err
	}
	v.Name, v.Login = called, &a.Login
	for _, d := range duties {
		v.Posts = append(v.Posts, heldPost(d))
	}
	return v, nil
}

func heldPost(d staff.Duty) *node.HeldPost {
	p := &node.HeldPost{Post: d.Post, Cover: d.Cover, Area: &node.Area{Kind: d.Area.Kind, Name: d.AreaName}, Acts: d.Acts, Rights: []node.Right{}}
	for _, right := range d.Post.Rights().All() {
		p.Rights = append(p.Rights, node.Right(right.String()))
	}
	return p
}

func accountNode(a access.Account) *node.Account {
	n := &node.Account{ID: a.ID.String(), Login: a.Login, Role: node.AccountRole(strings.ToUpper(string(a.Role))), SecondFactor: a.SecondFactor != nil,
		MustChangePassword: a.MustChange, CreatedAt: a.Created, DisabledAt: a.Disabled, ProviderName: node.Optional(a.Provider)}
	if a.Worker != nil {
		worker := a.Worker.String()
		n.WorkerID = &worker
	}
	return n
}

// accountID reads the id of an account. NOT_FOUND: it is none.
func accountID(id string) (uuid.UUID, error) {
	read, err := uuid.Parse(id)
	if err != nil {
		return read, fault.New(fault.NotFound, "input.id", "access.notFound", "login", fault.Shorten(id, 60))
	}
	return read, nil
}

func (r *Resolver) accountList(ctx context.Context, first *int, after *string) (*node.AccountConnection, error) {
	s, err := r.accounts()
	if err != nil {
		return nil, err
	}
	n := page.Default
	if first != nil {
		n = *first
	}
	q := access.Query{Count: true}
	if q.Args, err = page.Parse(n, page.MaxOperator, after, access.ByLogin); err != nil {
		return nil, err
	}
	p, err := s.List(ctx, account.FromContext(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &node.AccountConnection{TotalCount: p.Total, Nodes: []*node.Account{}, Edges: []*node.AccountEdge{}, PageInfo: (&node.List[access.Account, node.Account]{Page: p}).PageInfo()}
	for _, item := range p.Items {
		one := accountNode(item.Node)
		out.Nodes = append(out.Nodes, one)
		out.Edges = append(out.Edges, &node.AccountEdge{Node: one, Cursor: item.Cursor.Encode()})
	}
	return out, nil
}

func (r *Resolver) createAccount(ctx context.Context, in node.CreateAccountInput) (*node.CreateAccountPayload, error) {
	s, err := r.accounts()
	if err != nil {
		return nil, err
	}
	actor := account.FromContext(ctx)
	if err := actor.RequireRole(account.Security); err != nil {
		return nil, err // before a worker is looked up
	}
	worker, ok := key.Parse(in.WorkerID)
	if !ok {
		return nil, fault.New(fault.NotFound, "input.workerId", "worker.notFound", "id", fault.Shorten(in.WorkerID, 60))
	}
	a, password, err := s.Give(ctx, actor, access.NewAccount{Login: in.Login, Role: account.Staff, Worker: &worker})
	if err != nil {
		return nil, within("input", err)
	}
	return &node.CreateAccountPayload{Account: accountNode(a), Password: password}, nil
}

func (r *Resolver) disableAccount(ctx context.Context, in node.DisableAccountInput) (*node.DisableAccountPayload, error) {
	s, id, err := r.onAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	a, err := s.Disable(ctx, account.FromContext(ctx), id, in.Disabled)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.DisableAccountPayload{Account: accountNode(a)}, nil
}

// onAccount is the service and the account that an actor who may have one names.
func (r *Resolver) onAccount(ctx context.Context, name string) (*access.Service, uuid.UUID, error) {
	s, err := r.accounts()
	if err != nil {
		return nil, uuid.Nil, err
	}
	if actor := account.FromContext(ctx); actor.Role == account.Public {
		if err := actor.RequireRole(account.Security); err != nil {
			return nil, uuid.Nil, err
		}
	}
	id, err := accountID(name)
	return s, id, err
}

func (r *Resolver) resetPassword(ctx context.Context, in node.ResetPasswordInput) (*node.ResetPasswordPayload, error) {
	s, id, err := r.onAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	a, password, err := s.Reset(ctx, account.FromContext(ctx), id, in.SecondFactor)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.ResetPasswordPayload{Account: accountNode(a), Password: password}, nil
}

func (r *Resolver) linkAccount(ctx context.Context, in node.LinkAccountInput) (*node.LinkAccountPayload, error) {
	s, id, err := r.onAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	a, err := s.Link(ctx, account.FromContext(ctx), id, in.Name)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.LinkAccountPayload{Account: accountNode(a)}, nil
}

func (r *Resolver) endSessions(ctx context.Context, in node.EndSessionsInput) (*node.EndSessionsPayload, error) {
	s, id, err := r.onAccount(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.EndSessions(ctx, account.FromContext(ctx), id); err != nil {
		return nil, within("input", err)
	}
	return &node.EndSessionsPayload{ID: id.String()}, nil
}

func (r *Resolver) changePassword(ctx context.Context, in node.ChangePasswordInput) (*node.ChangePasswordPayload, error) {
	s, err := r.accounts()
	if err != nil {
		return nil, err
	}
	actor := account.FromContext(ctx)
	if err := s.ChangeOwnPassword(ctx, actor, in.OldPassword, in.Password); err != nil {
		return nil, within("input", err)
	}
	return &node.ChangePasswordPayload{ID: actor.ID}, nil
}

func (r *Resolver) createAccessToken(ctx context.Context, in node.CreateAccessTokenInput) (*node.CreateAccessTokenPayload, error) {
	s, err := r.accounts()
	if err != nil {
		return nil, err
	}
	n := access.NewToken{Name: in.Name, Writes: in.Writes, Expires: in.ExpiresAt}
	for _, one := range in.Rights {
		right, ok := account.ParseRight(string(one))
		if !ok {
			return nil, fault.New(fault.Invalid, "input.rights", "access.tokenRights")
		}
		n.Rights |= account.SetOf(right)
	}
	secret, t, err := s.MakeToken(ctx, account.FromContext(ctx), n)
	if err != nil {
		return nil, within("input", err)
	}
	return &node.CreateAccessTokenPayload{ID: t.ID.String(), Token: secret, ExpiresAt: t.Expires}, nil
}

func (r *Resolver) revokeAccessToken(ctx context.Context, in node.RevokeAccessTokenInput) (*node.RevokeAccessTokenPayload, error) {
	s, err := r.accounts()
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return nil, fault.New(fault.NotFound, "input.id", "access.noToken")
	}
	if err := s.TakeBack(ctx, account.FromContext(ctx), id); err != nil {
		return nil, within("input", err)
	}
	return &node.RevokeAccessTokenPayload{ID: in.ID}, nil
}
