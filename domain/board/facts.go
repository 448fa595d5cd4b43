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
	"wangge/internal/fault"
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
	t, err := s.read(ctx, actor, boards)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]Facts, len(boards))
	for _, of := range boards {
		f, ok, err := t.facts(of)
		if err != nil {
			return nil, err
		}
		if ok {
			out[of.Key.ID] = f
		}
	}
	return out, nil
}

// town is what boards say, of one state of the data, by ids.
type town struct {
	buildings map[uuid.UUID]place.Building
	estates   map[uuid.UUID]place.Estate
	grids     map[uuid.UUID]grid.Grid
	limits    map[uuid.UUID]around.Limits // of grids
	groups    map[uuid.UUID]grid.Group
	own       map[uuid.UUID]place.Division   // communities
	above     map[uuid.UUID][]place.Division // what these lie in
	office    map[uuid.UUID][]staff.Assignment
}

// read reads what boards say: the buildings, then the grids, then what each grid has around it.
func (s *Service) read(ctx context.Context, actor account.Actor, boards []Of) (t town, err error) {
	var gridKeys, buildingKeys []key.Key
	for _, b := range boards {
		if b.Kind == OfBuilding {
			buildingKeys = append(buildingKeys, b.Key)
		} else {
			gridKeys = append(gridKeys, b.Key)
		}
	}
	if len(buildingKeys) > 0 {
		inGrids, err := s.readBuildings(ctx, actor, buildingKeys, &t)
		if err != nil {
			return t, err
		}
		gridKeys = append(gridKeys, inGrids...)
	}
	if t.grids, err = s.Grids.ByKeys(ctx, actor, gridKeys, nil, grid.Fields{Boundary: true}); err != nil {
		return t, err
	}
	if err = s.readAbove(ctx, actor, &t); err != nil {
		return t, err
	}
	if s.Limits != nil {
		t.limits, err = s.Limits.Limits(ctx, actor, slices.Collect(maps.Values(t.grids)), nil)
		return t, err
	}
	t.limits = make(map[uuid.UUID]around.Limits, len(t.grids))
	for id, g := range t.grids {
		t.limits[id] = around.Stored(g.Limits)
	}
	return t, nil
}

// readBuildings reads buildings and their estates, and returns the grids that they lie in.
func (s *Service) readBuildings(ctx context.Context, actor account.Actor, keys []key.Key, t *town) (grids []key.Key, err error) {
	if t.buildings, err = s.Places.BuildingsByKey(ctx, actor, keys, nil, true); err != nil {
		return nil, err
	}
	var estates []key.Key
	for _, b := range t.buildings {
		if b.GridKey != nil {
			grids = append(grids, *b.GridKey)
		}
		if b.EstateID != nil {
			estates = append(estates, key.Key{Home: b.Key.Home, ID: *b.EstateID})
		}
	}
	t.estates, err = s.Places.Estates(ctx, actor, estates)
	return grids, err
}

// readAbove reads the groups and divisions that t's grids belong to, and who is in office for all of them.
func (s *Service) readAbove(ctx context.Context, actor account.Actor, t *town) (err error) {
	var areas []staff.Area
	var groups []key.Key
	var communities []uuid.UUID
	seen := map[uuid.UUID]bool{}
	for _, g := range t.grids {
		for _, held := range Leading(g) {
			if seen[held.ID] {
				continue
			}
			seen[held.ID] = true
			areas = append(areas, held.Area)
			switch held.Kind {
			case staff.AreaGroup:
				groups = append(groups, key.Key{Home: held.Home, ID: held.ID})
			case staff.AreaDivision:
				communities = append(communities, held.ID)
			}
		}
	}
	if t.groups, err = s.Grids.Groups(ctx, actor, groups); err != nil {
		return err
	}
	if t.own, err = s.Places.DivisionsByID(ctx, actor, communities, place.Fields{}); err != nil {
		return err
	}
	if t.above, err = s.Places.Ancestors(ctx, actor, communities, place.Fields{}); err != nil {
		return err
	}
	t.office, err = s.Staff.InOffice(ctx, actor, areas, nil)
	return err
}

// facts are what a board says; ok is false where there is no such grid or building.
func (t town) facts(of Of) (f Facts, ok bool, err error) {
	in := &of.Key // the grid; nil: the building is in none
	if of.Kind == OfBuilding {
		b, ok := t.buildings[of.Key.ID]
		if !ok {
			return f, false, nil
		}
		if err := f.setBuilding(b, t.estates); err != nil {
			return f, false, err
		}
		if in = b.GridKey; in == nil {
			return f, true, nil
		}
	}
	g, ok := t.grids[in.ID]
	if !ok {
		return f, of.Kind == OfBuilding, nil
	}
	err = f.setGrid(g, t)
	return f, true, err
}

func (f *Facts) setBuilding(b place.Building, estates map[uuid.UUID]place.Estate) (err error) {
	f.Names.Building, f.Names.House, f.Names.Address = b.Code, b.Name, b.Address
	if b.EstateID != nil {
		f.Names.Estate = estates[*b.EstateID].Name
	}
	var shape geom.T = b.Location
	if b.Footprint != nil {
		shape = b.Footprint
	}
	if f.Border.Building, err = Fingerprint(shape); err != nil {
		return fmt.Errorf("the footprint of building %s: %w", b.Code, err)
	}
	return nil
}

func (f *Facts) setGrid(g grid.Grid, t town) (err error) {
	f.Names.Code, f.Names.Name, f.Names.Kind = g.Code, g.Name, string(g.Kind)
	if g.GroupID != nil {
		f.Names.Group = t.groups[*g.GroupID].Name
	}
	f.setPeople(g, t.office)
	var line []place.Contacts
	for _, d := range append(slices.Clone(t.above[g.CommunityID]), t.own[g.CommunityID]) {
		f.Names.Divisions, line = append(f.Names.Divisions, d.Name), append(line, d.Contacts)
	}
	f.setContacts(place.InForce(line))
	l := t.limits[g.Key.ID].In(fault.Chinese, 0)
	f.Border.East, f.Border.South, f.Border.West, f.Border.North = l.East, l.South, l.West, l.North
	for _, p := range t.limits[g.Key.ID].Others {
		l := p.In(fault.Chinese, 0)
		f.Border.Others = append(f.Border.Others, [5]string{string(p.Lies), l.East, l.South, l.West, l.North})
	}
	if f.Border.Grid, err = Fingerprint(g.Boundary); err != nil {
		return fmt.Errorf("the border of grid %s: %w", g.Code, err)
	}
	return nil
}
