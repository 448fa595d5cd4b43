package place

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
)

// Counts of people are exact for operators. The public is not told what Suppress hides, nor any of another time than now:
// two instants beside each other tell who moved in between, and those of then less today's sums what was hidden then.

// untold are the places whose counts of people the public is not told, as of a change of the data.
type untold struct {
	change int64
	places map[uuid.UUID]bool // nil: not looked at yet
	grids  []uuid.UUID        // those of the places that are grids
}

// GridStats counts what belongs to each grid, as far as the actor may know it.
func (s *Service) GridStats(ctx context.Context, actor account.Actor, grids []key.Key, asOf *time.Time) (map[uuid.UUID]Stats, error) {
	return s.told(ctx, actor, asOf, func(ctx context.Context) (map[uuid.UUID]Stats, error) {
		return s.Store.GridStats(ctx, actor, grids, s.At(asOf), asOf != nil)
	})
}

// DivisionStats counts what lies in each division and beneath it, as far as the actor may know it.
func (s *Service) DivisionStats(ctx context.Context, actor account.Actor, ids []uuid.UUID, asOf *time.Time) (map[uuid.UUID]Stats, error) {
	return s.told(ctx, actor, asOf, func(ctx context.Context) (map[uuid.UUID]Stats, error) {
		// The public is not told the people of the past, and so they are not read for it: that takes seconds for a city.
		return s.Store.DivisionStats(ctx, actor, ids, s.At(asOf), actor.Role == account.Operator && asOf != nil)
	})
}

// told is what count finds, in one state of the data, without what the actor may not know.
func (s *Service) told(ctx context.Context, actor account.Actor, asOf *time.Time, count func(context.Context) (map[uuid.UUID]Stats, error)) (out map[uuid.UUID]Stats, err error) {
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		if out, err = count(ctx); err != nil || actor.Role == account.Operator {
			return err
		}
		hidden, err := s.untold(ctx, actor)
		if err != nil {
			return err
		}
		for id, n := range out {
			out[id] = n.told(hidden.places[id] || asOf != nil)
		}
		return nil
	})
	return out, err
}

// HiddenGrids are the grids whose counts of people now the actor may not know, in no order.
func (s *Service) HiddenGrids(ctx context.Context, actor account.Actor) (out []uuid.UUID, err error) {
	if actor.Role == account.Operator {
		return nil, nil
	}
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		hidden, err := s.untold(ctx, actor)
		out = hidden.grids
		return err
	})
	return out, err
}

// told is what the public is told of n. Counts that are small by themselves are never told, whatever hidden says.
func (n Stats) told(hidden bool) Stats {
	if n.Registered && (hidden || Small(n.Households) || Small(n.Residents)) {
		n.Households, n.Residents, n.Suppressed = 0, 0, true
	}
	return n
}

// untold finds what is hidden in the state of the data that ctx reads, once a change: others wait for who looks. It looks at
// all places, since a small one at one end of a city can hide one at the other.
func (s *Service) untold(ctx context.Context, actor account.Actor) (untold, error) {
	change, err := s.Store.NewestOfCounts(ctx, actor)
	if err != nil {
		return untold{}, err
	}
	for {
		s.mu.Lock()
		known, finding := s.known, s.finding
		if known.places != nil && known.change == change {
			s.mu.Unlock()
			return known, nil
		}
		if finding == nil {
			s.finding = make(chan struct{})
			s.mu.Unlock()
			return s.find(ctx, actor, change)
		}
		s.mu.Unlock()
		select {
		case <-finding:
		case <-ctx.Done():
			return untold{}, ctx.Err()
		}
	}
}

// find finds what is hidden as of a change, and lets those go who wait for it.
func (s *Service) find(ctx context.Context, actor account.Actor, change int64) (found untold, err error) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// Who reads an older state than is known keeps it to himself.
		if err == nil && (s.known.places == nil || s.known.change < change) {
			s.known = found
		}
		close(s.finding)
		s.finding = nil
	}()
	divisions, grids, err := s.Store.Cells(ctx, actor)
	if err != nil {
		return untold{}, err
	}
	found = untold{change: change, places: Suppress(slices.Concat(divisions, grids))}
	for _, c := range grids {
		if found.places[c.ID] {
			found.grids = append(found.grids, c.ID)
		}
	}
	return found, nil
}
