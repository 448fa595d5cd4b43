package signboard

import (
	"context"
	"net/url"
	"slices"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/geo/shape"
	"wangge/internal/fault"
	"wangge/signboard/chart"
)

// How many areas an overview shows. So many grids are all named, and so can all be tapped (see chart.Draw); of more areas those are that have room for a name, and
// of yet more a phone shows nothing.
const (
	mostNamed      = 40
	mostInOverview = 120
)

// Overview is a map to choose from: the grids of a community, or of a larger division the first divisions beneath it among which there is a choice, each leading to its page. Code
// "" is all there is. Of areas that are still too many those with the lowest codes are shown. Former codes answer. NOT_FOUND: no such division, or nothing in it has a border.
func (s *Source) Overview(ctx context.Context, actor account.Actor, code string, lang fault.Language) (f Facts, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		f = Facts{Lang: lang} // it may run twice
		var within []place.Division
		var err error
		if code == "" {
			within, err = s.Places.Roots(ctx, actor, place.Fields{Boundary: true})
		} else {
			within = make([]place.Division, 1)
			within[0], err = s.Places.ByCode(ctx, actor, code, place.Fields{Boundary: true})
		}
		if err != nil {
			return err
		}
		// Down to where there is a choice.
		for {
			held, grids, err := s.holding(ctx, actor, within)
			if err != nil {
				return err
			}
			if len(held) != 1 {
				if f.Scene.Grids = areasOf(held); len(f.Scene.Grids) < min(len(held), mostInOverview) && grids <= mostNamed { // some have no border
					f.Scene.Grids = nil
					return s.gridsOn(ctx, actor, held, &f)
				}
				return nil
			}
			f.Grid.Name = held[0].Name
			beneath, err := s.Places.Children(ctx, actor, []uuid.UUID{held[0].ID}, place.Fields{Boundary: true})
			if err != nil {
				return err
			}
			if len(beneath[held[0].ID]) == 0 { // a community
				return s.gridsOn(ctx, actor, held, &f)
			}
			within = beneath[held[0].ID]
		}
	})
	if err == nil && len(f.Scene.Grids) == 0 {
		err = fault.New(fault.NotFound, "code", "board.noGrids", "code", fault.Shorten(code, 40))
	}
	return f, err
}

// holding are those of list that hold grids, and how many they hold together.
func (s *Source) holding(ctx context.Context, actor account.Actor, list []place.Division) (held []place.Division, grids int, err error) {
	ids := make([]uuid.UUID, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	lists, err := s.Grids.ListOf(ctx, actor, ids, grid.Query{Order: grid.ByCode, Args: page.Args{First: 1}, Count: true})
	for _, d := range list {
		if n := lists[d.ID].Total; n > 0 {
			held, grids = append(held, d), grids+n
		}
	}
	return held, grids, err
}

// areasOf are divisions as a map shows grids.
func areasOf(list []place.Division) (out []chart.Grid) {
	for _, d := range list[:min(len(list), mostInOverview)] {
		if area := areaOf(d.Boundary); area != nil {
			out = append(out, chart.Grid{Area: area, Name: d.Name, URL: "/c/" + url.PathEscape(d.Code)})
		}
	}
	simple(out)
	return out
}

// gridsOn puts the grids of divisions on a map, with the streets and the land around them where the whole is no larger than a town.
func (s *Source) gridsOn(ctx context.Context, actor account.Actor, of []place.Division, f *Facts) error {
	var keys []key.Key
	for _, d := range of {
		grids, err := s.Grids.OfCommunity(ctx, actor, d.ID)
		if err != nil {
			return err
		}
		for _, g := range grids[:min(len(grids), mostInOverview)] {
			keys = append(keys, g.Key)
		}
	}
	known, err := s.Grids.ByKeys(ctx, actor, keys, nil, grid.Fields{Boundary: true})
	if err != nil {
		return err
	}
	communities := map[uuid.UUID]bool{}
	var codes []string
	var list []grid.Grid
	for _, k := range keys {
		if g, ok := known[k.ID]; ok {
			list = append(list, g)
			codes = append(codes, g.Code)
			communities[g.CommunityID] = true
		}
	}
	if len(list) == 0 {
		return nil
	}
	if len(communities) == 1 { // the map is of it, whatever lies around it
		of, err := s.Places.DivisionsByID(ctx, actor, []uuid.UUID{list[0].CommunityID}, place.Fields{})
		if err != nil {
			return err
		}
		f.Grid.Name = of[list[0].CommunityID].Name
	}
	box, numbers := list[0].BBox, grid.Numbers(codes)
	for _, g := range list {
		area := areaOf(g.Boundary)
		if area == nil {
			continue
		}
		shown := chart.Grid{Area: area, Name: g.Name, URL: "/g/" + url.PathEscape(g.Code)}
		if n := grid.Number(g.Code); numbers[g.Code] == n { // else another has the same, and names tell them apart
			shown.Number = n
		}
		if p := g.LabelPoint; p != nil {
			shown.Label = &orb.Point{p.X(), p.Y()}
		}
		f.Scene.Grids = append(f.Scene.Grids, shown)
		box = box.Around(g.BBox)
	}
	seen, err := s.Around.Wide(ctx, actor, list[0].Key, around.Box(box, 0.3, 1), nil)
	switch {
	case fault.Is(err, fault.Invalid): // it is larger
		simple(f.Scene.Grids)
		return nil
	case err != nil:
		return err
	}
	scene := sceneOf(seen, "", false)
	f.Scene.Streets, f.Scene.Land = scene.Streets, scene.Land
	return nil
}

// simple leaves out what is too fine for a phone: each shape by itself, a two-thousandth of the whole.
func simple(list []chart.Grid) {
	var box orb.Bound
	for i, g := range list {
		if i == 0 {
			box = g.Area.Bound()
		}
		box = box.Union(g.Area.Bound())
	}
	by := simplify.DouglasPeucker(max(box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]) / 2000)
	for i, g := range list {
		if fine := by.MultiPolygon(g.Area.Clone()); len(fine) > 0 {
			list[i].Area = slices.DeleteFunc(fine, func(p orb.Polygon) bool { return len(p) == 0 || len(p[0]) < 4 })
		}
	}
}

// areaOf is a boundary as a map draws it; nil: there is none.
func areaOf(b *geom.MultiPolygon) orb.MultiPolygon {
	if b == nil {
		return nil
	}
	drawn, err := shape.ToOrb(b)
	if err != nil {
		return nil
	}
	area, _ := drawn.(orb.MultiPolygon)
	return area
}
