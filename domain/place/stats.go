package place

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
)

// Counts of people are exact for operators. The public is not told what Suppress hides, nor, of another time than now,
// the counts of divisions, those of grids that are hidden now, and those of grids that had at any two times counts that differ
// by 1 to 9: a redraw that moved one small building would tell how many live in it.

// untold are the places whose counts of people the public is not told, as of a change of the data.
type untold struct {
	change int64
	places map[uuid.UUID]bool // nil: not looked at yet
	grids  []uuid.UUID        // those of the places that are grids
}

// GridStats counts what belongs to each grid, as far as the actor may know it.
func (s *Service) GridStats(ctx context.Context, actor account.Actor, grids []key.Key, asOf *time.Time) (out map[uuid.UUID]Stats, err error) {
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		if out, err = s.Store.GridStats(ctx, actor, grids, s.At(asOf), asOf != nil); err != nil || actor.Role == account.Operator {
			return err
		}
		hidden, err := s.untold(ctx, actor)
		if err != nil {
			return err
		}
		var now map[uuid.UUID]Stats
		var changes map[uuid.UUID][]PeopleChange
		if asOf != nil {
			if now, err = s.Store.GridStats(ctx, actor, grids, s.Now(), false); err != nil {
				return err
			}
			if changes, err = s.Store.PeopleChanges(ctx, actor, slices.Collect(maps.Keys(out))); err != nil {
				return err
			}
		}
		for id, n := range out {
			out[id] = n.told(hidden.places[id] || asOf != nil && pastTells(changes[id], n, now[id]))
		}
		return nil
	})
	return out, err
}

// DivisionStats counts what lies in each division and beneath it, as far as the actor may know it.
func (s *Service) DivisionStats(ctx context.Context, actor account.Actor, ids []uuid.UUID, asOf *time.Time) (out map[uuid.UUID]Stats, err error) {
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		// The public is not told the past, and so it is not read for it: that takes seconds for a city.
		staff := actor.Role == account.Operator
		if out, err = s.Store.DivisionStats(ctx, actor, ids, s.At(asOf), staff && asOf != nil); err != nil || staff {
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

// PeopleChange is how many households and residents more there are from an instant on; less than 0: fewer.
type PeopleChange struct{ Households, Residents int }

// pastTells reports whether the counts that a place had one after the other, beginning with none, and those of more tell of a
// few people: two of them differ by 1 to 9.
func pastTells(changes []PeopleChange, more ...Stats) bool {
	households, residents := []int{0}, []int{0}
	for i, c := range changes {
		households = append(households, households[i]+c.Households)
		residents = append(residents, residents[i]+c.Residents)
	}
	for _, n := range more {
		households, residents = append(households, n.Households), append(residents, n.Residents)
	}
	for _, counts := range [][]int{households, residents} {
		slices.Sort(counts)
		for i := 1; i < len(counts); i++ {
			if Small(counts[i] - counts[i-1]) {
				return true
			}
		}
	}
	return false
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
