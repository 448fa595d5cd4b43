package access

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/domain/name"
	"wangge/internal/fault"
)

// TokenPrefix tells tokens of programs from others, for those who look for secrets where none should be.
const TokenPrefix = "wgp_"

const maxTokens = 20 // of an account

// NewToken is what is said of a token when one is made.
type NewToken struct {
	Name    string
	Writes  bool
	Rights  account.Set // of staff: one or more; of others none
	Expires time.Time
}

// MakeToken makes a token of who asks, in person, and returns it, this once. Accounts of staff and operators only: what is about accounts, and the audit,
// is for people. INVALID: it lives too long, has no name, or no right; UNAUTHENTICATED: the session has ended since it was asked.
func (s *Service) MakeToken(ctx context.Context, actor account.Actor, n NewToken) (secret string, t Token, err error) {
	id, err := own(actor)
	if err != nil {
		return "", t, err
	}
	now := s.Now()
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case actor.Role != account.Staff && actor.Role != account.Operator:
		return "", t, fault.New(fault.Forbidden, "", "access.tokenRole")
	case n.Name == "" || !name.Fits(n.Name, 100):
		return "", t, fault.New(fault.Invalid, "name", "access.tokenName")
	case !n.Expires.After(now) || n.Expires.After(now.Add(MaxTokenLife)):
		return "", t, fault.New(fault.Invalid, "expiresAt", "access.tokenLife")
	case (actor.Role == account.Staff) != (n.Rights != 0):
		return "", t, fault.New(fault.Invalid, "rights", "access.tokenRights")
	}
	if err := name.Check("name", n.Name); err != nil {
		return "", t, err
	}
	for _, r := range n.Rights.All() {
		if actor.Reach(r).Empty() {
			return "", t, fault.New(fault.Invalid, "rights", "access.tokenRights")
		}
	}
	list, err := s.Store.Tokens(ctx, id)
	if err != nil {
		return "", t, err
	}
	if len(list) >= maxTokens {
		return "", t, fault.New(fault.Limited, "", "access.tooManyTokens", "max", maxTokens)
	}
	secret = TokenPrefix + newSecret()
	t = Token{ID: uuid.Must(uuid.NewV7()), Account: Account{ID: id}, Name: n.Name, Writes: n.Writes, Rights: n.Rights, Created: now, Expires: n.Expires}
	audit.About(ctx, tokenKind, t.ID)
	if ok, err := s.Store.AddToken(ctx, t, hashOf(secret), actor.Session); err != nil || !ok {
		return "", t, cmp.Or(err, ended())
	}
	return secret, t, nil
}

// Tokens returns those of who asks, in person, the newest first.
func (s *Service) Tokens(ctx context.Context, actor account.Actor) ([]Token, error) {
	id, err := own(actor)
	if err != nil {
		return nil, err
	}
	return s.Store.Tokens(ctx, id)
}

// TakeBack ends a token of who asks, in person, at once. NOT_FOUND: it is none of theirs.
func (s *Service) TakeBack(ctx context.Context, actor account.Actor, token uuid.UUID) error {
	id, err := own(actor)
	if err != nil {
		return err
	}
	defer s.Forget()
	ok, err := s.Store.RemoveToken(ctx, id, token)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "access.noToken")
	}
	return err
}

// byToken is who a token's program asks for, and until when that may be told again.
func (s *Service) byToken(ctx context.Context, secret string) (account.Actor, time.Time, error) {
	nobody := fault.New(fault.Unauthenticated, "", "badToken")
	t, ok, err := s.Store.TokenByHash(ctx, hashOf(secret))
	if err != nil {
		return account.Actor{}, time.Time{}, err
	}
	now := s.Now()
	a := t.Account
	if !ok || !now.Before(t.Expires) || a.Disabled != nil || a.MustChange || s.demoShutOut(ctx, a) {
		return account.Actor{}, time.Time{}, nobody
	}
	if today := civil.Of(now, time.UTC).Time(); t.Used == nil || t.Used.Before(today) {
		if err := s.Store.UseToken(ctx, t.ID, today); err != nil {
			return account.Actor{}, time.Time{}, err
		}
	}
	actor := account.Actor{Role: a.Role, ID: a.ID.String()}
	if a.Role == account.Staff {
		duties, err := s.Staff.Duties(ctx, account.TheDoor(), *a.Worker)
		if err != nil {
			return account.Actor{}, time.Time{}, err
		}
		if needsFactor(a, duties) && a.SecondFactor == nil { // since a post was given that asks for one
			return account.Actor{}, time.Time{}, nobody
		}
		if actor, err = s.actor(ctx, a, duties, t.Rights); err != nil {
			return account.Actor{}, time.Time{}, err
		}
	}
	actor.Via = account.ByReadToken
	if t.Writes {
		actor.Via = account.ByToken
	}
	return actor, t.Expires, nil
}
