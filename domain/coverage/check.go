package coverage

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// Check looks at the division with code or, where it is empty, at those that lie in no other, and returns all that is wrong
// there. progress hears how many divisions of those that something changed in were looked at. Operators only, FORBIDDEN to others: households are not
// suppressed. NOT_FOUND: there is no such division.
func (s *Service) Check(ctx context.Context, actor account.Actor, places *place.Service, grids *grid.Service, code string, progress func(done, total int)) ([]Checked, error) {
	if err := actor.RequireOperator(); err != nil {
		return nil, err
	}
	divisions, err := asked(ctx, actor, places, code)
	if err != nil {
		return nil, err
	}
	if err := s.follow(ctx, actor, idsOf(divisions), progress); err != nil {
		return nil, err
	}
	reports, err := s.Reports(ctx, actor, idsOf(divisions))
	if err != nil {
		return nil, err
	}
	out := make([]Checked, len(divisions))
	for i, d := range divisions {
		out[i] = Checked{Division: d, Report: reports[d.ID]}
		q := Query{Args: page.Args{First: page.MaxOperator}, Geometry: true}
		for more := true; more; {
			pages, err := s.ProblemsOf(ctx, actor, []uuid.UUID{d.ID}, q)
			if err != nil {
				return nil, err
			}
			p := pages[d.ID]
			found, err := Named(ctx, actor, places, grids, p.Items)
			if err != nil {
				return nil, err
			}
			out[i].Problems = append(out[i].Problems, found...)
			if more = p.HasNext; more {
				q.Args.After = &p.Items[len(p.Items)-1].Cursor
			}
		}
	}
	return out, nil
}

// follow is Current for who wants to hear how far it is.
func (s *Service) follow(ctx context.Context, actor account.Actor, divisions []uuid.UUID, progress func(done, total int)) error {
	ctx = s.Store.Apart(ctx)
	now, err := s.now(ctx, actor)
	if err != nil || s.known(divisions, now) {
		return err
	}
	return s.refresh(ctx, divisions, now, progress)
}

func asked(ctx context.Context, actor account.Actor, places *place.Service, code string) ([]place.Division, error) {
	if code == "" {
		return places.Roots(ctx, actor, place.Fields{})
	}
	d, err := places.ByCode(ctx, actor, code, place.Fields{})
	return []place.Division{d}, err
}

func idsOf(divisions []place.Division) []uuid.UUID {
	out := make([]uuid.UUID, len(divisions))
	for i, d := range divisions {
		out[i] = d.ID
	}
	return out
}

// Places and Grids say what things are called.
type (
	Places interface {
		DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error)
		BuildingsByKey(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, footprint bool) (map[uuid.UUID]place.Building, error)
	}
	Grids interface {
		ByKeys(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error)
	}
)

// Named finds what problems concern, with one read a kind of thing.
func Named(ctx context.Context, actor account.Actor, places Places, grids Grids, items []page.Item[Problem]) ([]Found, error) {
	var divisionIDs []uuid.UUID
	var gridKeys, buildingKeys []key.Key
	for _, item := range items {
		p := item.Node
		divisionIDs = append(divisionIDs, p.DivisionIDs...)
		gridKeys = append(gridKeys, p.Grids...)
		for _, f := range p.Fixes {
			if f.Grid != nil {
				gridKeys = append(gridKeys, *f.Grid)
			}
		}
		if p.Building != nil {
			buildingKeys = append(buildingKeys, *p.Building)
		}
	}
	divisions, err := places.DivisionsByID(ctx, actor, divisionIDs, place.Fields{})
	if err != nil {
		return nil, err
	}
	gridsByID, err := grids.ByKeys(ctx, actor, gridKeys, nil, grid.Fields{})
	if err != nil {
		return nil, err
	}
	buildings, err := places.BuildingsByKey(ctx, actor, buildingKeys, nil, false)
	if err != nil {
		return nil, err
	}
	out := make([]Found, len(items))
	for i, item := range items {
		f := Found{Problem: item.Node, fixGrids: map[key.Key]string{}}
		for _, id := range f.DivisionIDs {
			if d, ok := divisions[id]; ok {
				f.Divisions = append(f.Divisions, d)
			}
		}
		for _, k := range f.Problem.Grids {
			if g, ok := gridsByID[k.ID]; ok {
				f.Grids = append(f.Grids, g)
			}
		}
		for _, fix := range f.Fixes {
			if fix.Grid != nil {
				f.fixGrids[*fix.Grid] = gridsByID[fix.Grid.ID].Name
			}
		}
		if k := f.Problem.Building; k != nil {
			if b, ok := buildings[k.ID]; ok {
				f.Building = &b
			}
		}
		out[i] = f
	}
	return out, nil
}

// FixText is what the i-th fix would do.
func (f Found) FixText(i int, lang fault.Language) string {
	name := ""
	if k := f.Fixes[i].Grid; k != nil {
		name = f.fixGrids[*k]
	}
	return FixText(f.Fixes[i], name, lang)
}
