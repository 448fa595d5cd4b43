package place

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
)

// Counts of people are exact for operators, and for staff of places that lie in their reach altogether. Others are not told what Suppress
// hides, nor any of another time than now: two instants beside each other tell who moved in between, and those of then less today's sums
// what was hidden then. What a row of the past lies in today is not where it lay, so that of another time staff are told no more.

// untold are the places whose counts of people the public is not told, as of a change of the data.
type untold struct {
	change int64
	places map[uuid.UUID]bool // nil: not looked at yet
	grids  []account.Area     // those of the places that are grids
}

// GridStats counts what belongs to each grid, as far as the actor may know it.
func (s *Service) GridStats(ctx context.Context, actor account.Actor, grids []key.Key, asOf *time.Time) (map[uuid.UUID]Stats, error) {
	return counted(ctx, s, actor, asOf, grids, s.Store.AreasOfGrids, func(ctx context.Context, as account.Actor, grids []key.Key) (map[uuid.UUID]Stats, error) {
		return s.Store.GridStats(ctx, as, grids, s.At(asOf), asOf != nil)
	})
}

// DivisionStats counts what lies in each division and beneath it, as far as the actor may know it.
func (s *Service) DivisionStats(ctx context.Context, actor account.Actor, ids []uuid.UUID, asOf *time.Time) (map[uuid.UUID]Stats, error) {
	return counted(ctx, s, actor, asOf, ids, s.Store.AreasOfDivisions, func(ctx context.Context, as account.Actor, ids []uuid.UUID) (map[uuid.UUID]Stats, error) {
		// The public is not told the people of the past, and so they are not read for it: that takes seconds for a city.
		return s.Store.DivisionStats(ctx, as, ids, s.At(asOf), as == actor && asOf != nil)
	})
}

// counted is what count finds, in one state of the data: by the server, without what the public may not know; but of the people in places
// that the actor's posts reach as the actor, so that policies alone would hide others'.
func counted[K comparable](ctx context.Context, s *Service, actor account.Actor, asOf *time.Time, places []K,
	areas func(context.Context, account.Actor, []K) (map[K][]account.Area, error),
	count func(ctx context.Context, as account.Actor, places []K) (map[uuid.UUID]Stats, error)) (out map[uuid.UUID]Stats, err error) {
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		reach := actor.Reach(account.Households)
		if reach.Everywhere {
			out, err = count(ctx, actor, places)
			return err
		}
		within, err := reached(ctx, actor, reach, asOf, places, areas)
		if err != nil {
			return err
		}
		var mine map[uuid.UUID]Stats
		if len(within) > 0 {
			if mine, err = count(ctx, actor, within); err != nil {
				return err
			}
		}
		var hidden untold
		err = s.Store.Do(ctx, account.TheCounter(), func(ctx context.Context) error {
			if out, err = count(ctx, account.TheCounter(), places); err == nil {
				hidden, err = s.untold(ctx, account.TheCounter())
			}
			return err
		})
		if err != nil {
			return err
		}
		for id, n := range out {
			if own, ok := mine[id]; ok {
				n.Households, n.Residents = own.Households, own.Residents
			} else {
				n = n.told(hidden.places[id] || asOf != nil)
			}
			out[id] = n
		}
		return nil
	})
	return out, err
}

// reached are the places that lie altogether in reach.
func reached[K comparable](ctx context.Context, actor account.Actor, reach account.Reach, asOf *time.Time, places []K,
	areas func(context.Context, account.Actor, []K) (map[K][]account.Area, error)) (within []K, err error) {
	if reach.Empty() || asOf != nil {
		return nil, nil
	}
	lie, err := areas(ctx, actor, places)
	for _, p := range places {
		if holdsAll(reach, lie[p]) {
			within = append(within, p)
		}
	}
	return within, err
}

// holdsAll reports whether r holds of all areas; of none it does not.
func holdsAll(r account.Reach, areas []account.Area) bool {
	return len(areas) > 0 && !slices.ContainsFunc(areas, func(a account.Area) bool { return !r.Holds(a) })
}

// HiddenGrids are the grids whose counts of people now the actor may not know, in no order.
func (s *Service) HiddenGrids(ctx context.Context, actor account.Actor) (out []uuid.UUID, err error) {
	reach := actor.Reach(account.Households)
	if reach.Everywhere {
		return nil, nil
	}
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		hidden, err := s.untold(ctx, actor)
		for _, a := range hidden.grids {
			if !reach.Holds(a) {
				out = append(out, a.Grid)
			}
		}
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
			return s.find(ctx, change)
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
func (s *Service) find(ctx context.Context, change int64) (found untold, err error) {
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
	divisions, grids, err := s.Store.Cells(ctx, account.TheCounter())
	if err != nil {
		return untold{}, err
	}
	found = untold{change: change, places: Suppress(slices.Concat(divisions, grids))}
	for _, c := range grids {
		if found.places[c.ID] {
			found.grids = append(found.grids, account.Area{District: c.Home, Community: c.Parent, Grid: c.ID})
		}
	}
	return found, nil
}
