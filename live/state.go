package live

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// State is what is in force, as of a change. It is never changed.
type State struct {
	Mark
	Ground *grid.Ground  // the grids, from its Since to its Until
	Roster *staff.Roster // who is in office, from its From on
	Tree   *place.Tree
	Extent *place.Box // of all that ever was; nil: there is nothing

	divisions map[uuid.UUID]place.Division
	holding   map[uuid.UUID]bool // the communities that have grids, in force or not
	began     time.Time          // what the clock brought last came into force then: a boundary, or the roster's first day
	dayEnds   time.Time          // when the day after the roster's first begins
	epoch     int64              // how often everything had been read then
	version   string
}

// Holds reports whether the grids in force at an instant are known.
func (s *State) Holds(at time.Time) bool {
	until := s.Ground.Until()
	return !at.Before(s.Ground.Since()) && (until.IsZero() || at.Before(until))
}

// Until is when the next state begins by the clock alone: a version of a boundary, or a day.
func (s *State) Until() time.Time {
	if until := s.Ground.Until(); !until.IsZero() && until.Before(s.dayEnds) {
		return until
	}
	return s.dayEnds
}

// newState makes a state of everything, or of what a state was and what changed since.
func newState(was *State, d Data, now time.Time, zone *time.Location) (*State, error) {
	day := civil.Of(now, zone)
	s := &State{Mark: d.Mark}
	if was == nil {
		ground, err := grid.NewGround(time.Time{}, nil, nil)
		if err != nil {
			return nil, err
		}
		s.Ground, s.Roster, s.Tree = ground, staff.NewRoster(day, nil), place.NewTree(nil, nil)
	} else {
		s.Ground, s.Roster, s.Tree, s.Extent, s.divisions, s.holding = was.Ground, was.Roster, was.Tree, was.Extent, was.divisions, was.holding
	}
	if err := s.takeGrids(d); err != nil {
		return nil, err
	}
	if err := s.takeDivisions(d); err != nil {
		return nil, err
	}
	switch {
	case d.Areas.All:
		s.Roster = staff.NewRoster(day, d.Tenures)
	case !d.Areas.None():
		s.Roster = s.Roster.With(d.Areas.IDs, d.Tenures)
	}
	s.dayEnds = startOf(s.Roster.From().AddDays(1), zone)
	return s.at(now, zone)
}

// at is s as it is at a later instant by what is known.
func (s *State) at(now time.Time, zone *time.Location) (*State, error) {
	next := *s
	for until := next.Ground.Until(); !until.IsZero() && !now.Before(until); until = next.Ground.Until() {
		var err error
		if next.Ground, err = next.Ground.Later(until); err != nil {
			return nil, err
		}
	}
	if day := civil.Of(now, zone); next.Roster.From().Before(day) {
		next.Roster = next.Roster.At(day)
		next.dayEnds = startOf(day.AddDays(1), zone)
	}
	if next.began = next.Ground.Since(); next.began.Before(startOf(next.Roster.From(), zone)) {
		next.began = startOf(next.Roster.From(), zone)
	}
	return &next, nil
}

// startOf is when a day begins in a zone.
func startOf(day civil.Date, zone *time.Location) time.Time {
	y, m, d := day.Time().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

func (s *State) takeGrids(d Data) (err error) {
	if d.GridsOf.None() {
		return nil
	}
	// What is in force has been so since the last change of any version: of an instant before it the database is asked.
	since := d.Ended
	for _, c := range d.Communities {
		for _, v := range c.Versions {
			if v.From.After(since) && !v.From.After(d.Now) {
				since = v.From
			}
		}
	}
	had := s.holding
	if d.GridsOf.All {
		if s.Ground, err = grid.NewGround(since, d.Communities, slices.Collect(maps.Values(s.divisions))); err != nil {
			return err
		}
		s.holding = nil
	} else {
		for until := s.Ground.Until(); !until.IsZero() && !d.Now.Before(until); until = s.Ground.Until() {
			if s.Ground, err = s.Ground.Later(until); err != nil {
				return err
			}
		}
		if since.Before(s.Ground.Since()) {
			since = s.Ground.Since()
		}
		if s.Ground, err = s.Ground.With(since, d.Communities); err != nil {
			return err
		}
	}
	holding := maps.Clone(s.holding)
	if holding == nil {
		holding = map[uuid.UUID]bool{}
	}
	for _, id := range d.GridsOf.IDs {
		delete(holding, id)
	}
	for _, id := range d.Holding {
		holding[id] = true
	}
	s.holding = holding
	if !maps.Equal(holding, had) {
		s.Tree = s.Tree.WithGrids(slices.Collect(maps.Keys(holding)))
	}
	for _, c := range d.Communities {
		for _, v := range c.Versions {
			box := v.Grid.BBox
			if e := s.Extent; e != nil {
				box = box.Around(*e)
			}
			s.Extent = &box
		}
	}
	return nil
}

func (s *State) takeDivisions(d Data) (err error) {
	if d.DivisionIDs.None() {
		return nil
	}
	divisions := map[uuid.UUID]place.Division{}
	if !d.DivisionIDs.All {
		divisions = maps.Clone(s.divisions)
		for _, id := range d.DivisionIDs.IDs {
			delete(divisions, id)
		}
	}
	for _, division := range d.Divisions {
		divisions[division.ID] = division
	}
	list := slices.Collect(maps.Values(divisions))
	s.divisions, s.Extent = divisions, d.Extent
	s.Tree = place.NewTree(list, slices.Collect(maps.Keys(s.holding)))
	s.Ground, err = s.Ground.WithDivisions(list)
	return err
}

// Order names s among the states of a database, the same in every server: the number of its last change, and the Unix nanoseconds at which what the
// clock brought last came into force. A later state has neither less.
func (s *State) Order() string { return fmt.Sprintf("%d.%d", s.N, max(0, s.began.UnixNano())) }
