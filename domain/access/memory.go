package access

import (
	"context"
	"strings"
	"sync"
	"time"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// A map asks for a hundred tiles at once: who asked is told again without looking, as long as the data and the day are the same, for keptFor at most. When something
// ends, a session, a password, an account, all is forgotten: here at once, in other servers when they hear of it (Forget), and where that is lost, after keptFor.
const (
	keptFor  = 2 * time.Second
	mostKept = 10_000
)

// memory is who sessions and tokens are of, as it was found out a moment ago.
type memory struct {
	mu   sync.Mutex
	era  uint64 // changes with each forgetting, so that what was read before it is not kept after it
	kept map[[32]byte]cachedActor
}

type cachedActor struct {
	actor   account.Actor
	version string
	until   time.Time
}

func (k *memory) find(hash [32]byte, version string, now time.Time) (actor account.Actor, ok bool, era uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.kept[hash]
	return t.actor, ok && t.version == version && now.Before(t.until), k.era
}

func (k *memory) keep(hash [32]byte, t cachedActor, era uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if era != k.era {
		return
	}
	if k.kept == nil || len(k.kept) >= mostKept {
		k.kept = map[[32]byte]cachedActor{}
	}
	k.kept[hash] = t
}

func (k *memory) forget(hash [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.era++
	delete(k.kept, hash)
}

func (k *memory) forgetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.era++
	clear(k.kept)
}

// Forget has who asks found out anew, of everybody: something ended, here or in another server, or may have.
func (s *Service) Forget() { s.told.forgetAll() }

// WhoSigned returns who the session of a browser's token is of: the public where it has ended, or where a step is to be taken yet.
func (s *Service) WhoSigned(ctx context.Context, token string) (account.Actor, error) {
	return s.who(ctx, token, func() (account.Actor, time.Time, error) {
		v, err := s.Visit(ctx, token)
		if fault.Is(err, fault.Unauthenticated) {
			return account.Anyone(), time.Time{}, nil
		}
		ends := v.Began.Add(s.Longest)
		if idle := v.Seen.Add(s.Idle); idle.Before(ends) {
			ends = idle
		}
		return v.Actor, ends, err
	})
}

// WhoHolds returns who the program with a personal access token asks for. UNAUTHENTICATED: the token is none, or none any more.
func (s *Service) WhoHolds(ctx context.Context, token string) (account.Actor, error) {
	if !strings.HasPrefix(token, TokenPrefix) {
		return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
	}
	return s.who(ctx, token, func() (account.Actor, time.Time, error) { return s.byToken(ctx, token) })
}

func (s *Service) who(ctx context.Context, token string, find func() (account.Actor, time.Time, error)) (account.Actor, error) {
	version, current := "", false
	if s.Version != nil {
		version, current = s.Version()
	}
	if isElsewhere(ctx) {
		version += " elsewhere" // who else asks by this token is told something else
	}
	hash, now := hashOf(token), s.Now()
	actor, ok, era := s.told.find(hash, version, now)
	if ok && current {
		return actor, nil
	}
	actor, ends, err := find()
	if until := now.Add(keptFor); err == nil && current && actor.Role != account.Public {
		if ends.Before(until) {
			until = ends
		}
		s.told.keep(hash, cachedActor{actor, version, until}, era)
	}
	return actor, err
}
