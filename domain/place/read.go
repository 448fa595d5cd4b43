package place

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
)

// What is read of many places at once. Reading is for everyone; maps leave out what there is not. A nil asOf means now.

// InOneState runs fn so that all it reads with its ctx, here and in the services of the same database, is one state of
// the data. It is for one goroutine at a time.
func (s *Service) InOneState(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return s.Store.Do(ctx, actor, fn)
}

// DivisionsByID returns divisions by id.
func (s *Service) DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with Fields) (map[uuid.UUID]Division, error) {
	return s.Store.DivisionsByID(ctx, actor, ids, with)
}

// Division returns one division, of whose heavy fields nothing is said; nil: there is none. The answer may be shared and is not to
// be changed.
func (s *Service) Division(ctx context.Context, actor account.Actor, id uuid.UUID) (*Division, error) {
	if s.Tree != nil {
		if tree, ok := s.Tree(ctx); ok {
			return tree.ByID(id), actor.RequireKnown()
		}
	}
	found, err := s.DivisionsByID(ctx, actor, []uuid.UUID{id}, Fields{})
	if d, ok := found[id]; ok {
		return &d, err
	}
	return nil, err
}

// Children returns the divisions directly within each division, by code. The map's key is the parent's id.
func (s *Service) Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with Fields) (map[uuid.UUID][]Division, error) {
	return s.Store.Children(ctx, actor, parents, with)
}

// Ancestors returns the divisions around each division, the largest first. The map's key is the division's id.
func (s *Service) Ancestors(ctx context.Context, actor account.Actor, ids []uuid.UUID, with Fields) (map[uuid.UUID][]Division, error) {
	return s.Store.Ancestors(ctx, actor, ids, with)
}

// BuildingsByKey returns buildings by id; the footprint only where asked for.
func (s *Service) BuildingsByKey(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, footprint bool) (map[uuid.UUID]Building, error) {
	return s.Store.BuildingsByKey(ctx, actor, keys, s.At(asOf), footprint)
}

// UnitsOf returns a page of the units of each building, by name in natural order. The map's key is the building's id.
func (s *Service) UnitsOf(ctx context.Context, actor account.Actor, buildings []key.Key, q UnitQuery) (map[uuid.UUID]page.Page[Unit], error) {
	return s.Store.UnitsOfBuildings(ctx, actor, buildings, q)
}

// UnitsByKey returns units by id; in which grid each is, only where asked for.
func (s *Service) UnitsByKey(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, grids bool) (map[uuid.UUID]Unit, error) {
	return s.Store.UnitsByKey(ctx, actor, keys, s.At(asOf), grids)
}

// HouseholdsOf returns a page of the households of each unit, by room in natural order, then by number. The map's key is
// the unit's id; units that lie today where the actor may not see households are left out. FORBIDDEN to whose posts show none anywhere.
func (s *Service) HouseholdsOf(ctx context.Context, actor account.Actor, units []key.Key, q HouseholdQuery) (out map[uuid.UUID]page.Page[Household], err error) {
	if err := actor.Require(account.Households); err != nil {
		return nil, err
	}
	err = s.Store.Do(ctx, actor, func(ctx context.Context) error {
		within, err := s.unitsWithin(ctx, actor, account.Households, units)
		if err != nil {
			return err
		}
		if out, err = s.Store.HouseholdsOfUnits(ctx, actor, within, q); err != nil {
			return err
		}
		for _, u := range within {
			if _, any := out[u.ID]; !any {
				out[u.ID] = page.Page[Household]{}
			}
		}
		return nil
	})
	return out, err
}

// unitsWithin are those of the units that a right of the actor reaches. Where units lie is public, and so asked of what everybody sees,
// apart from what policies go by.
func (s *Service) unitsWithin(ctx context.Context, actor account.Actor, right account.Right, units []key.Key) ([]key.Key, error) {
	reach := actor.Reach(right)
	if reach.Everywhere || len(units) == 0 {
		return units, nil
	}
	found, err := s.Store.UnitsByKey(ctx, actor, units, s.Now(), true)
	if err != nil {
		return nil, err
	}
	things := make(map[key.Key]thing, len(found))
	for _, u := range found {
		things[u.Key] = thing{u.BuildingID, u.GridKey}
	}
	areas, err := s.areasOf(ctx, actor, things)
	var within []key.Key
	for _, k := range units {
		if a, there := areas[k]; there && reach.Holds(a) {
			within = append(within, k)
		}
	}
	return within, err
}

// thing is in a building, or is one, and lies in a grid now; nil: in none.
type thing struct {
	building uuid.UUID
	grid     *key.Key
}

// areasOf says where things lie.
func (s *Service) areasOf(ctx context.Context, actor account.Actor, things map[key.Key]thing) (map[key.Key]account.Area, error) {
	var grids []key.Key
	for _, t := range things {
		if t.grid != nil {
			grids = append(grids, *t.grid)
		}
	}
	in, err := s.Store.AreasOfGrids(ctx, actor, grids)
	if err != nil {
		return nil, err
	}
	out := make(map[key.Key]account.Area, len(things))
	for k, t := range things {
		a := account.Area{District: k.Home}
		if t.grid != nil && len(in[*t.grid]) == 1 {
			a = in[*t.grid][0]
		}
		a.Building = t.building
		out[k] = a
	}
	return out, nil
}

// Estates returns estates by id.
func (s *Service) Estates(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]Estate, error) {
	return s.Store.Estates(ctx, actor, keys)
}
