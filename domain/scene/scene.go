// Package scene puts together what a map shows at an instant: the grids with their borders, the divisions, and who is in office. What these are
// is left to packages grid, place and staff; how they are drawn to package tile.
package scene

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// Scene is what is drawn from. It is never changed.
type Scene struct {
	At  time.Time
	Day civil.Date // of At in the deployment's zone, which decides who is in office

	// Ground is the grids in force at At. In a box it is whole: it has all grids of every community that has a grid whose box meets it, and of
	// every community whose box meets the box of one of those, since neighbours' borders are drawn together; so too for the divisions, by level and
	// parent. Elsewhere it may have less. Divisions have no versions: they are those of now.
	Ground *grid.Ground
	Roster *staff.Roster // knows who is in office on Day for the grids in the box and their groups
}

// Whole reports whether nothing is missing.
func (s Scene) Whole() bool { return s.Ground != nil && s.Roster != nil }

// Building is a building as a map shows it.
type Building struct {
	Key     key.Key
	Feature uint64 // the number of its feature: see tile.FeatureID
	Name    string
	Floors  *int
	GridKey key.Key      // the grid it belongs to; zero: in none
	Shape   orb.Geometry // its footprint, or its location where only that is known: CGCS2000 longitude, latitude, degrees
}

// Store is where the parts of a scene are read; package db implements it. Boxes are degrees of CGCS2000, and what touches one meets it. See
// place.Store.
type Store interface {
	Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error
	// Codes returns the codes of grids, in force or not; of such as there are not, none.
	Codes(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key]string, error)
	// Communities returns the communities that a Scene has for a box, with the grids in force at an instant and their groups.
	Communities(ctx context.Context, actor account.Actor, box place.Box, at time.Time) ([]grid.Community, error)
	// Divisions returns the divisions that a Scene has for a box, with their boundaries.
	Divisions(ctx context.Context, actor account.Actor, box place.Box) ([]place.Division, error)
	// Tenures returns who is in office on a day for the grids in force at an instant whose boxes meet a box, and for their groups, with the
	// absences of that day.
	Tenures(ctx context.Context, actor account.Actor, box place.Box, at time.Time, day civil.Date) ([]staff.Tenure, error)
}

// Service gives scenes from the store alone, as commands do that hold nothing in memory.
type Service struct {
	Store Store
	Zone  *time.Location // the deployment's
}

// Scene returns the scene of an instant that is whole in a box. UNAUTHENTICATED: the zero actor.
func (s Service) Scene(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (out Scene, err error) {
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		out, err = Complete(ctx, s.Store, actor, box, Scene{At: at, Day: civil.Of(at, s.Zone)}, nil)
		return err
	})
	return out, err
}

// Codes returns the codes of grids, which are those of now; of such as there are not, none. UNAUTHENTICATED: the zero actor.
func (s Service) Codes(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key]string, error) {
	return s.Store.Codes(ctx, actor, grids)
}

// Complete reads what a scene lacks for a box. divisions is a Ground whose divisions are known; nil: they are read too. ctx is that of a use case.
func Complete(ctx context.Context, store Store, actor account.Actor, box place.Box, s Scene, divisions *grid.Ground) (_ Scene, err error) {
	if s.Ground == nil {
		if s.Ground, err = ground(ctx, store, actor, box, s.At, divisions); err != nil {
			return s, err
		}
	}
	if s.Roster == nil {
		tenures, err := store.Tenures(ctx, actor, box, s.At, s.Day)
		if err != nil {
			return s, err
		}
		s.Roster = staff.NewRoster(s.Day, tenures)
	}
	return s, nil
}

func ground(ctx context.Context, store Store, actor account.Actor, box place.Box, at time.Time, divisions *grid.Ground) (*grid.Ground, error) {
	communities, err := store.Communities(ctx, actor, box, at)
	if err != nil {
		return nil, err
	}
	var list []place.Division
	if divisions == nil {
		if list, err = store.Divisions(ctx, actor, box); err != nil {
			return nil, err
		}
	}
	g, err := grid.NewGround(at, communities, list)
	if err == nil && divisions != nil {
		g = g.WithDivisionsOf(divisions)
	}
	return g, err
}
