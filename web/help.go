package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// What leads on where there is no answer: the nearest grid, the grid that came after another, the community that a code begins with.

// nearbyM is how far away a grid may be, metres, for who stands in none to be told of it: as far as one walks to ask.
const nearbyM = 5_000

// nearby is a grid that is not the answer, but not far.
type nearby struct {
	Face *face
	M    float64
}

// Kilometres is how far it is, as people say it.
func (n nearby) Kilometres() string { return kilometres(n.M) }

// lookAround adds to out, the answer at q where there is no grid, the nearest within nearbyM and the community to ask there.
func (s *site) lookAround(ctx context.Context, actor account.Actor, q grid.AtQuery, out *result) error {
	q.AccuracyM, q.WithinM = nil, nearbyM
	match, err := s.grids.At(ctx, actor, q)
	if err != nil || match.Grid == nil || match.BoundaryDistanceM == nil {
		return err
	}
	faces, err := s.faces(ctx, actor, []grid.Grid{*match.Grid})
	if err == nil {
		out.Nearby = &nearby{Face: &faces[0], M: *match.BoundaryDistanceM}
	}
	return err
}

// retired is a grid that is no more.
type retired struct {
	Name, Code string
	Since      string // the day, as people say it
	Community  *place.Division
}

// after is what there is to say of a code that no grid has: of a retired grid since when it is none, and which grid the middle of it is in now. false: it was
// none either, and Community is that which the code begins with, if there is one.
func (s *site) after(r *http.Request, v *view, code string) (was bool) {
	err := s.read(r, func(ctx context.Context, actor account.Actor) error {
		was = false // it may run twice
		g, since, err := s.grids.Retired(ctx, actor, code)
		if fault.Is(err, fault.NotFound) {
			within := grid.CommunityCode(code)
			if within == "" {
				return nil
			}
			d, err := s.places.ByCode(ctx, actor, within, place.Fields{})
			if err == nil {
				v.Near = &d
			}
			if fault.Is(err, fault.NotFound) {
				err = nil
			}
			return err
		}
		if err != nil {
			return err
		}
		if v.Result, err = s.instead(ctx, actor, g); err != nil {
			return err
		}
		own := &retired{Name: g.Name, Code: g.Code, Since: day(since.In(s.places.At(nil).Location()), v.Lang)}
		if own.Community, err = s.places.Division(ctx, actor, g.CommunityID); err != nil {
			return err
		}
		v.Result.Retired, was = own, true
		return nil
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		answer.Refuse(r, s.log, err) // logs it: that there is no such grid is said all the same
	}
	return was && err == nil
}

// instead is the grid that the middle of g, which is retired, lies in now; where it lies in none, whom else to call there.
func (s *site) instead(ctx context.Context, actor account.Actor, g grid.Grid) (result, error) {
	if p := g.LabelPoint; p != nil {
		found, err := s.found(ctx, actor, grid.AtQuery{System: coord.SystemCGCS2000, Lng: p.X(), Lat: p.Y()})
		switch {
		case err == nil && (found.Rule == grid.RuleContains || found.Rule == grid.RuleBorder):
			found.Confirm, found.Candidates = false, nil
			return found, nil
		case err != nil && !fault.Is(err, fault.Invalid): // outside the window: nobody's mistake
			return result{}, err
		}
	}
	contacts, err := s.contacts(ctx, actor, &g.CommunityID)
	return result{Rule: grid.RuleNone, Contacts: contacts}, err
}

// day is the day of t as people write it.
func day(t time.Time, lang fault.Language) string {
	if lang == fault.English {
		return t.Format("2 January 2006")
	}
	return t.Format("2006年1月2日")
}

// Printed is where what is printed lies, in the page's language. Nothing else goes along: there is no way back from it into a kiosk.
func (v view) Printed(path string) string { return path + "?lang=" + string(v.Lang) }

// PlanPath is where the plan to choose from is, of what the page is about; empty where none can be drawn.
func (v view) PlanPath() string {
	switch {
	case !v.Boards || v.Box == "":
		return ""
	case v.Community != nil:
		return "/c/" + url.PathEscape(v.Community.Code) + "/map.svg"
	}
	return "/map.svg"
}

// OwnPath is where the page of the building that was meant is.
func (r result) OwnPath() string { return buildingPath(r.Building.Key) }

// BoardPath is where the signboard of the building that was meant is, empty where there is none: that of a building in no grid would name nobody.
func (r result) BoardPath() string {
	if r.Building == nil || r.Building.GridKey == nil {
		return ""
	}
	return "/signboards/buildings/" + r.Building.Key.String()
}

// named gives each of list the name of its grid, as far as it is known.
func (s *site) named(ctx context.Context, actor account.Actor, list []nearBuilding) error {
	var keys []key.Key
	for _, b := range list {
		if b.GridKey != nil {
			keys = append(keys, *b.GridKey)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	grids, err := s.grids.ByKeys(ctx, actor, unique(keys), nil, grid.Fields{})
	if fault.Is(err, fault.Unavailable) {
		return nil
	}
	for i, b := range list {
		if b.GridKey != nil {
			list[i].Grid = grids[b.GridKey.ID].Name
		}
	}
	return err
}
