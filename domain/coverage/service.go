package coverage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"coverage.busy", "The coverage reports are being made anew, and many wait for them already; ask again in a moment.", "覆盖检查报告正在重新生成，等待的请求已较多，请稍后再试。"},
	[3]string{"coverage.moving", "The data keeps changing while the coverage report is added up; ask again in a moment.", "汇总覆盖检查报告期间数据不断变化，请稍后再试。"},
)

// triesToAdd is how often a report is added up again because something changed meanwhile.
const triesToAdd = 10

// Service says how grids cover divisions. Reading is for everyone; what the public may not see of it, its callers suppress.
// Reports are kept a division at a time and made anew where something changed since; all of that happens in transactions
// of its own, also where ctx is in one, so that the answer may be newer than what that one sees.
type Service struct {
	Store Store
	Now   func() time.Time
	Zone  *time.Location // the deployment's: decides which day it is

	refreshes singleflight.Group
	waiting   atomic.Int32 // for reports that are being made

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
// UNAVAILABLE: too many wait for reports already, or the data does not stand still.
func (s *Service) Reports(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (map[uuid.UUID]Report, error) {
	ctx = s.Store.Apart(ctx)
	for range triesToAdd {
		now, err := s.current(ctx, actor, divisions)
		if err != nil {
			return nil, err
		}
		if out, err := s.sum(ctx, actor, divisions, now); out != nil || err != nil {
			return out, err
		}
	}
	return nil, fault.New(fault.Unavailable, "", "coverage.moving")
}

// sum adds up the reports, which are of now; nil where something changed since, as the parts of a sum may then be of two states.
func (s *Service) sum(ctx context.Context, actor account.Actor, divisions []uuid.UUID, now stamp) (map[uuid.UUID]Report, error) {
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
		if now != (stamp{r.Change, r.Day}) {
			return nil, nil
		}
		out[id], s.summed[id] = r, r
	}
	return out, nil
}

// ProblemsOf returns a page of what is wrong in each division and beneath it, as of now: by kind, the gravest first, within
// a kind by weight. Cursors are of the order ByGravity. UNAVAILABLE: too many wait for reports already.
func (s *Service) ProblemsOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q Query) (map[uuid.UUID]page.Page[Problem], error) {
	ctx = s.Store.Apart(ctx)
	if _, err := s.current(ctx, actor, divisions); err != nil {
		return nil, err
	}
	return s.Store.ProblemsOf(ctx, actor, divisions, q)
}

// Current makes the reports of divisions and all beneath them current, and nothing else; nil stands for all divisions. It waits
// as long as that takes, and is for who holds no transaction meanwhile.
func (s *Service) Current(ctx context.Context, actor account.Actor, divisions []uuid.UUID) error {
	ctx = s.Store.Apart(ctx)
	now, err := s.now(ctx, actor)
	if err != nil || s.known(divisions, now) {
		return err
	}
	return s.join(ctx, actor, divisions, now)
}

// GridsWith returns the grids that have a problem of a kind, now, by key; never nil. UNAVAILABLE: see Reports.
func (s *Service) GridsWith(ctx context.Context, actor account.Actor, kind Kind) ([]key.Key, error) {
	ctx = s.Store.Apart(ctx)
	if _, err := s.current(ctx, actor, nil); err != nil {
		return nil, err
	}
	return s.Store.GridsWith(ctx, actor, kind)
}

// now is the state of the data.
func (s *Service) now(ctx context.Context, actor account.Actor) (stamp, error) {
	n, err := s.Store.Newest(ctx, actor)
	return stamp{n, civil.Of(s.Now(), s.Zone)}, err
}

// current is Current for who may hold a transaction: UNAVAILABLE where so many wait already that hardly anything would be left
// for those who ask for something else. It returns the state that the reports are of.
func (s *Service) current(ctx context.Context, actor account.Actor, divisions []uuid.UUID) (stamp, error) {
	now, err := s.now(ctx, actor)
	if err != nil || s.known(divisions, now) {
		return now, err
	}
	defer s.waiting.Add(-1)
	if int(s.waiting.Add(1)) > s.Store.MayWait() {
		return now, fault.New(fault.Unavailable, "", "coverage.busy")
	}
	return now, s.join(ctx, actor, divisions, now)
}

// errLeft is how a refresh ends where nobody waits any more who began it; those who joined begin anew.
var errLeft = errors.New("who made the reports current left")

// join makes the reports of divisions current, or waits for who is at it already.
func (s *Service) join(ctx context.Context, actor account.Actor, divisions []uuid.UUID, now stamp) error {
	name := "all"
	if divisions != nil {
		sorted := slices.SortedFunc(slices.Values(divisions), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		name = fmt.Sprint(sorted)
	}
	for {
		done := s.refreshes.DoChan(fmt.Sprint(name, now), func() (any, error) {
			err := s.refresh(ctx, divisions, now, func(int, int) {})
			if err != nil && ctx.Err() != nil {
				err = errLeft
			}
			return nil, err
		})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case r := <-done:
			if errors.Is(r.Err, errLeft) && ctx.Err() == nil {
				continue
			}
			return r.Err
		}
	}
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
