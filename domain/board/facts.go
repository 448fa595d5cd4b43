package board

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
)

// Facts returns what boards say now, by the id of the grid or building; what there is not is left out. However many boards there are, it is
// read in the same few turns.
func (s *Service) Facts(ctx context.Context, actor account.Actor, boards []Of) (out map[uuid.UUID]Facts, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		out, err = s.facts(ctx, actor, boards)
		return err
	})
	return out, err
}

func (s *Service) facts(ctx context.Context, actor account.Actor, boards []Of) (map[uuid.UUID]Facts, error) {
	var gridKeys, buildingKeys, groupKeys, estateKeys []key.Key
	for _, b := range boards {
		if b.Kind == OfBuilding {
			buildingKeys = append(buildingKeys, b.Key)
		} else {
			gridKeys = append(gridKeys, b.Key)
		}
	}
	var buildings map[uuid.UUID]place.Building
	var estates map[uuid.UUID]place.Estate
	var err error
	if len(buildingKeys) > 0 {
		if buildings, err = s.Places.BuildingsByKey(ctx, actor, buildingKeys, nil, true); err != nil {
			return nil, err
		}
		for _, b := range buildings {
			if b.GridKey != nil {
				gridKeys = append(gridKeys, *b.GridKey)
			}
			if b.EstateID != nil {
				estateKeys = append(estateKeys, key.Key{Home: b.Key.Home, ID: *b.EstateID})
			}
		}
		if estates, err = s.Places.Estates(ctx, actor, estateKeys); err != nil {
			return nil, err
		}
	}
	grids, err := s.Grids.ByKeys(ctx, actor, gridKeys, nil, grid.Fields{Boundary: true})
	if err != nil {
		return nil, err
	}
	var areas []staff.Area
	var communities []uuid.UUID
	seen := map[uuid.UUID]bool{}
	for _, g := range grids {
		for _, held := range Leading(g) {
			if seen[held.ID] {
				continue
			}
			seen[held.ID] = true
			areas = append(areas, held.Area)
			switch held.Kind {
			case staff.AreaGroup:
				groupKeys = append(groupKeys, key.Key{Home: held.Home, ID: held.ID})
			case staff.AreaDivision:
				communities = append(communities, held.ID)
			}
		}
	}
	groups, err := s.Grids.Groups(ctx, actor, groupKeys)
	if err != nil {
		return nil, err
	}
	own, err := s.Places.DivisionsByID(ctx, actor, communities, place.Fields{})
	if err != nil {
		return nil, err
	}
	above, err := s.Places.Ancestors(ctx, actor, communities, place.Fields{})
	if err != nil {
		return nil, err
	}
	office, err := s.Staff.InOffice(ctx, actor, areas, nil)
	if err != nil {
		return nil, err
	}
	limits := make(map[uuid.UUID]around.Limits, len(grids))
	for _, g := range grids {
		limits[g.Key.ID] = around.Stored(g.Limits)
	}
	if s.Limits != nil {
		if limits, err = s.Limits.Limits(ctx, actor, slices.Collect(maps.Values(grids)), nil); err != nil {
			return nil, err
		}
	}
	ofGrid := func(f *Facts, k key.Key) error {
		g, ok := grids[k.ID]
		if !ok {
			return nil
		}
		f.Names.Code, f.Names.Name, f.Names.Kind = g.Code, g.Name, string(g.Kind)
		l := limits[g.Key.ID]
		f.Border.East, f.Border.South, f.Border.West, f.Border.North = l.East, l.South, l.West, l.North
		for _, p := range l.Others {
			f.Border.Others = append(f.Border.Others, [5]string{string(p.Lies), p.Limits.East, p.Limits.South, p.Limits.West, p.Limits.North})
		}
		if g.GroupID != nil {
			f.Names.Group = groups[*g.GroupID].Name
		}
		f.setPeople(g, office)
		var line []place.Contacts
		for _, d := range append(above[g.CommunityID][:len(above[g.CommunityID]):len(above[g.CommunityID])], own[g.CommunityID]) {
			f.Names.Divisions, line = append(f.Names.Divisions, d.Name), append(line, d.Contacts)
		}
		f.setContacts(place.InForce(line))
		if f.Border.Grid, err = Fingerprint(g.Boundary); err != nil {
			return fmt.Errorf("the border of grid %s: %w", g.Code, err)
		}
		return nil
	}
	out := make(map[uuid.UUID]Facts, len(boards))
	for _, of := range boards {
		var f Facts
		k, ok := of.Key, true
		if of.Kind == OfBuilding {
			var b place.Building
			if b, ok = buildings[k.ID]; ok {
				f.Names.Building, f.Names.House, f.Names.Address = b.Code, b.Name, b.Address
				if b.EstateID != nil {
					f.Names.Estate = estates[*b.EstateID].Name
				}
				var shape geom.T = b.Location
				if b.Footprint != nil {
					shape = b.Footprint
				}
				if f.Border.Building, err = Fingerprint(shape); err != nil {
					return nil, fmt.Errorf("the footprint of building %s: %w", b.Code, err)
				}
				if k = (key.Key{}); b.GridKey != nil {
					k = *b.GridKey
				}
			}
		} else {
			_, ok = grids[k.ID]
		}
		if !ok {
			continue
		}
		if err := ofGrid(&f, k); err != nil {
			return nil, err
		}
		out[of.Key.ID] = f
	}
	return out, nil
}
