package access

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// everyRight is the set of all rights.
const everyRight = account.Set(1<<account.Rights - 1)

// actor is an account that is signed in, with what its duties reach today; of its rights only those in allowed.
func (s *Service) actor(ctx context.Context, a Account, duties []staff.Duty, allowed account.Set) (account.Actor, error) {
	out := account.Actor{Role: a.Role, ID: a.ID.String()}
	if a.Role != account.Staff {
		return out, nil
	}
	if a.Worker != nil {
		out.Worker = a.Worker.ID
	}
	var grants []account.Grant
	for _, d := range duties {
		rights := d.Post.Rights() & allowed
		if !d.Acts || rights == 0 {
			continue
		}
		reach, err := s.reach(ctx, d.Area)
		if err != nil {
			return account.Actor{}, err
		}
		grants = append(grants, account.Grant{Rights: rights, Reach: reach})
	}
	if grants != nil {
		out.Scope = account.NewScope(grants...)
	}
	return out, nil
}

// reach is what an area of a post reaches: a group its grids, a division what lies beneath it.
func (s *Service) reach(ctx context.Context, a staff.Area) (account.Reach, error) {
	switch a.Kind {
	case staff.AreaGrid:
		return account.Reach{Grids: []uuid.UUID{a.ID}}, nil
	case staff.AreaBuilding:
		return account.Reach{Buildings: []uuid.UUID{a.ID}}, nil
	case staff.AreaGroup:
		k := key.Key{Home: a.Home, ID: a.ID}
		found, err := s.Grids.GridsOfGroups(ctx, account.TheDoor(), []key.Key{k}, nil, grid.Fields{})
		var out account.Reach
		for _, g := range found[a.ID] {
			out.Grids = append(out.Grids, g.Key.ID)
		}
		return out, err
	}
	return s.divisionReach(ctx, a.ID)
}

// divisionReach is whole districts where the division is one or larger, and communities beneath where it is smaller. What is no district and holds no division is taken for a
// community: some towns have none.
func (s *Service) divisionReach(ctx context.Context, id uuid.UUID) (out account.Reach, err error) {
	found, err := s.Places.DivisionsByID(ctx, account.TheDoor(), []uuid.UUID{id}, place.Fields{})
	if err != nil {
		return out, err
	}
	d, ok := found[id]
	if !ok {
		return out, nil
	}
	for level := []place.Division{d}; len(level) > 0; {
		var parents []uuid.UUID
		for _, d := range level {
			if d.Level == place.District {
				out.Districts = append(out.Districts, d.Home)
			} else {
				parents = append(parents, d.ID)
			}
		}
		children, err := s.Places.Children(ctx, account.TheDoor(), parents, place.Fields{})
		if err != nil {
			return account.Reach{}, err
		}
		level = nil
		for _, p := range parents {
			if len(children[p]) == 0 {
				out.Communities = append(out.Communities, p)
			}
			level = slices.Concat(level, children[p])
		}
	}
	return out, nil
}
