package web

import (
	"cmp"
	"context"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/name"
	"wangge/domain/phone"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// face is a grid as a resident sees it.
type face struct {
	grid.Grid
	Group     string // empty where none
	Community *place.Division
	Worker    *staff.Worker // nil where there is nobody to call
	Post      staff.Post    // by which Worker answers: the grid worker's own, or another's who stands in
	Cover     staff.Cover
	Unstaffed bool   // the grid has no worker at present; Worker is then its nearest leader, if one is in
	number    string // see markAlike
	Team      []staff.Assignment
	Apart     []beside.Part // parts of the grid that lie apart, and what they end at
}

// faces looks up what stands beside grids: one statement each for groups, communities and workers, whatever their
// number. The order is that of grids.
func (s *site) faces(ctx context.Context, actor account.Actor, grids []grid.Grid) ([]face, error) {
	if len(grids) == 0 {
		return nil, nil
	}
	var groupKeys []key.Key
	var communities []uuid.UUID
	refs := make([]staff.GridRef, len(grids))
	seen := map[uuid.UUID]bool{}
	for i, g := range grids {
		refs[i] = staff.GridRef{Key: g.Key, GroupID: g.GroupID}
		if g.GroupID != nil && !seen[*g.GroupID] {
			seen[*g.GroupID] = true
			groupKeys = append(groupKeys, key.Key{Home: g.Key.Home, ID: *g.GroupID})
		}
		if !seen[g.CommunityID] {
			seen[g.CommunityID] = true
			communities = append(communities, g.CommunityID)
		}
	}
	onCall, err := s.staff.OnCall(ctx, actor, refs, nil)
	if err != nil {
		return nil, err
	}
	divisions, err := s.places.DivisionsByID(ctx, actor, communities, place.Fields{})
	if err != nil {
		return nil, err
	}
	groups := map[uuid.UUID]grid.Group{}
	if len(groupKeys) > 0 {
		if groups, err = s.grids.Groups(ctx, actor, groupKeys); err != nil {
			return nil, err
		}
	}
	out := make([]face, len(grids))
	leaders, err := s.leaders(ctx, actor, grids, onCall)
	if err != nil {
		return nil, err
	}
	for i, g := range grids {
		out[i] = face{Grid: g}
		if g.GroupID != nil {
			out[i].Group = groups[*g.GroupID].Name
		}
		if d, ok := divisions[g.CommunityID]; ok {
			out[i].Community = &d
		}
		if w, ok := onCall[g.Key.ID]; ok {
			out[i].Worker, out[i].Post, out[i].Cover = &w.Worker, w.Post, w.Cover
			continue
		}
		out[i].Unstaffed = true
		if l := leaders[g.Key.ID]; l != nil {
			out[i].Worker, out[i].Post, out[i].Cover = &l.Worker, l.Post, l.Cover
		}
	}
	return out, nil
}

// Path is where the grid's page is.
func (f face) Path() string { return gridPath(f.Code) }

// BoardPath is where the grid's signboard is.
func (f face) BoardPath() string { return "/signboards/" + url.PathEscape(f.Code) }

// LeafletPath is where the leaflet for the grid's households is.
func (f face) LeafletPath() string { return "/signboards/leaflet/" + url.PathEscape(f.Code) + ".pdf" }

// Box is the grid's box for the map.
func (f face) Box() string { return box(&f.BBox) }

// Number is the part of the code that tells the grids of one community apart; where it does not, the whole code.
func (f face) Number() string { return cmp.Or(f.number, grid.Number(f.Code)) }

// markAlike notes the numbers of faces that are shown beside each other.
func markAlike(faces []face) {
	codes := make([]string, len(faces))
	for i, f := range faces {
		codes[i] = f.Code
	}
	numbers := grid.Numbers(codes)
	for i := range faces {
		faces[i].number = numbers[faces[i].Code]
	}
}

// percents are the probabilities of list in whole percent. They add up to what the probabilities do: what rounding
// down leaves goes to those that lost most by it.
func percents(list []grid.Candidate) []int {
	out := make([]int, len(list))
	order := make([]int, len(list))
	lost := make([]float64, len(list))
	total := 0.0
	left := 0
	for i, c := range list {
		exact := c.Probability * 100
		out[i], order[i] = int(math.Floor(exact+1e-9)), i
		lost[i] = exact - float64(out[i])
		total += exact
		left -= out[i]
	}
	left += int(math.Round(total))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lost[b], lost[a]) })
	for _, i := range order[:min(max(left, 0), len(order))] {
		out[i]++
	}
	return out
}

// PhotoPath is where the worker's photo is, the small one, empty where there is none.
func (f face) PhotoPath() string {
	if f.Worker == nil || !f.Worker.HasPhoto {
		return ""
	}
	return photoPath(*f.Worker) + "?size=160"
}

// Initial stands in for a missing photo.
func (f face) Initial() string {
	if f.Worker != nil {
		for _, r := range name.Plain(f.Worker.Name) {
			return string(r)
		}
	}
	return ""
}

// dial is phone.Dial for a template: html/template lets no tel: through by itself.
func dial(number string) template.URL { return template.URL(phone.Dial(number)) }

// contacts are whom to call in a division besides its grid workers; where none is known, or the database is away, the numbers that hold everywhere.
func (s *site) contacts(ctx context.Context, actor account.Actor, division *uuid.UUID) (place.Contacts, error) {
	if division == nil {
		return place.InForce(nil), nil
	}
	found, err := s.places.Contacts(ctx, actor, []uuid.UUID{*division})
	if fault.Is(err, fault.Unavailable) {
		err = nil
	}
	if here, ok := found[*division]; ok {
		return here.InForce, err
	}
	return place.InForce(nil), err
}

// Night are the numbers that answer at night.
func (v view) Night() []place.NightNumber {
	return place.InForce([]place.Contacts{v.Result.Contacts}).Night
}

// box is west,south,east,north for the map, empty where there is none.
func box(b *place.Box) string {
	if b == nil {
		return ""
	}
	parts := []string{degrees(b.West), degrees(b.South), degrees(b.East), degrees(b.North)}
	return strings.Join(parts, ",")
}

// boxOf is the box around list.
func boxOf(list []place.Division) string {
	boxes := make([]*place.Box, len(list))
	for i := range list {
		boxes[i] = list[i].BBox
	}
	return box(around(boxes))
}

// around is the box that holds all of bs; nil where none is known.
func around(bs []*place.Box) *place.Box {
	var all *place.Box
	for _, b := range bs {
		switch {
		case b == nil:
		case all == nil:
			copied := *b
			all = &copied
		default:
			all.West, all.South = math.Min(all.West, b.West), math.Min(all.South, b.South)
			all.East, all.North = math.Max(all.East, b.East), math.Max(all.North, b.North)
		}
	}
	return all
}

// degrees has six decimals, a tenth of a metre: as exact as a finger or a phone.
func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }

// metres is rounded as people say it: to 1 m below 20, to 5 below 100, to 10 above.
func metres(v float64) int {
	step := 10.0
	switch {
	case v < 20:
		step = 1
	case v < 100:
		step = 5
	}
	return int(math.Round(v/step) * step)
}

// kilometres is so many metres as people say it: to 0.1 km below 10, to 1 above.
func kilometres(m float64) string {
	if m < 9_950 {
		return strconv.FormatFloat(math.Max(m, 100)/1000, 'f', 1, 64)
	}
	return strconv.FormatFloat(math.Round(m/1000), 'f', 0, 64)
}
