package coverage

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
)

// Service says how grids cover divisions. Reading is for everyone; what the public may not see of it, its callers suppress.
// Reports are kept a division at a time and made anew where something changed since; all of that happens in transactions
// of its own, also where ctx is in one, so that the answer may be newer than what that one sees.
type Service struct {
	Store Store
	Now   func() time.Time
	Zone  *time.Location // the deployment's: decides which day it is

	mu       sync.Mutex
	verified map[uuid.UUID]stamp  // of each division what it and all beneath it were found current for
	summed   map[uuid.UUID]Report // as last answered; adding a city up takes longer than all else of an answer
}

// stamp is a state of the data: the last change and the day.
type stamp struct {
	n   int64
	day civil.Date
}

// Reports returns the report of each division with all beneath it, as of now. Divisions that are not known are left out.
func (s *Service) Reports(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]Report, error) {
	ctx = s.Store.Apart(ctx)
	now, err := s.current(ctx, actor, divisions)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]Report, len(divisions))
	var fresh []uuid.UUID
	s.mu.Lock()
	for _, d := range divisions {
		if r, ok := s.summed[d]; ok && now == (stamp{r.Change, r.Day}) {
			out[d] = r
		} else {
			fresh = append(fresh, d)
		}
	}
	s.mu.Unlock()
	if len(fresh) == 0 {
		return out, nil
	}
	read, err := s.Store.Reports(ctx, actor, fresh)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.summed == nil {
		s.summed = map[uuid.UUID]Report{}
	}
	for id, r := range read {
		r.Change, r.Day = now.n, now.day
		out[id], s.summed[id] = r, r
	}
	return out, nil
}

// ProblemsOf returns a page of what is wrong in each division and beneath it, as of now: by kind, the gravest first, within
// a kind by weight. Cursors are of the order ByGravity.
func (s *Service) ProblemsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q Query) (map[uuid.UUID]page.Page[Problem], error) {
	ctx = s.Store.Apart(ctx)
	if err := s.Current(ctx, actor, divisions); err != nil {
		return nil, err
	}
	return s.Store.ProblemsOf(ctx, actor, divisions, q)
}

// Current makes the reports of divisions and all beneath them current, and nothing else; nil stands for all divisions.
func (s *Service) Current(ctx context.Context, actor account.Actor, divisions []uuid.UUID) error {
	_, err := s.current(s.Store.Apart(ctx), actor, divisions)
	return err
}

// GridsWith returns the grids that have a problem of a kind, now, by key; never nil.
func (s *Service) GridsWith(ctx context.Context, actor account.Actor, kind Kind) ([]key.Key, error) {
	ctx = s.Store.Apart(ctx)
	if _, err := s.current(ctx, actor, nil); err != nil {
		return nil, err
	}
	return s.Store.GridsWith(ctx, actor, kind)
}

// current returns the state that the reports are of.
func (s *Service) current(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (stamp, error) {
	n, err := s.Store.Newest(ctx, actor)
	now := stamp{n, civil.Of(s.Now(), s.Zone)}
	if err != nil || s.known(divisions, now) {
		return now, err
	}
	return now, s.refresh(ctx, actor, divisions, now)
}

// known reports whether the divisions' reports were found to be of now; uuid.Nil stands for all.
func (s *Service) known(divisions []uuid.UUID, now stamp) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verified[uuid.Nil] == now {
		return true
	}
	for _, d := range divisions {
		if s.verified[d] != now {
			return false
		}
	}
	return divisions != nil
}

// remember notes that the divisions' reports are of now. What was known of another state is forgotten.
func (s *Service) remember(divisions []uuid.UUID, now stamp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if divisions == nil {
		divisions = []uuid.UUID{uuid.Nil}
	}
	for d, at := range s.verified {
		if at != now {
			delete(s.verified, d)
		}
	}
	if s.verified == nil {
		s.verified = map[uuid.UUID]stamp{}
	}
	for _, d := range divisions {
		s.verified[d] = now
	}
}
