package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/name"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/geo/coord"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// Search finds places by what people write of them; package search implements it. INVALID names "text".
type Search interface {
	Search(ctx context.Context, actor account.Actor, q search.Query) ([]search.Match, error)
}

// How many places a person is asked to choose from, and how far around an uncertain position buildings are looked for, metres.
const (
	shownPlaces    = 8
	shownBuildings = 5
	hereM          = 10 // a finger is no surveyor
	leastNearM     = 40
	mostNearM      = 400
	nearShare      = 1.5 // of the accuracy: nine of ten such positions are within
	likelyPercent  = 5   // a grid that is less likely has no building for certain in the question
	streetM        = 150 // how far the houses of a street or an estate may be from the spot that stands for it
)

// hit is a place that a text may mean.
type hit struct {
	Label  string `json:"label"`
	Detail string `json:"detail,omitempty"` // what tells it from others: its address, its community
	Path   string `json:"url"`              // of the page that answers for it
}

// search answers GET /search?q=: what is typed so far may mean these places, the likeliest first. Places only, never who lives there.
func (s *site) search(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	var hits []hit
	values, err := query(r.URL, nil)
	if err == nil {
		var text string
		if text, err = single(values, "q"); err == nil {
			err = s.read(r, func(ctx context.Context, actor account.Actor) (err error) {
				hits, err = s.hits(ctx, actor, text)
				return err
			})
		}
	}
	var body []byte
	if err == nil {
		body, err = json.Marshal(map[string]any{"places": append([]hit{}, hits...)})
	}
	if err != nil {
		refusal := answer.Refuse(r, s.log, inQuery(err))
		refusal.Write(w, r)
		return
	}
	reply(w, r, http.StatusOK, asJSON, append(body, '\n'))
}

// inQuery names the parameter at fault: rules speak of "text" and "address".
func inQuery(err error) error {
	if refusal := fault.As(err); refusal.Field == "text" || refusal.Field == "address" {
		moved := *refusal
		moved.Field = "q"
		return &moved
	}
	return err
}

// hits are the places that text may mean.
func (s *site) hits(ctx context.Context, actor account.Actor, text string) ([]hit, error) {
	found, err := s.finder.Search(ctx, actor, search.Query{Text: text, First: shownPlaces})
	if err != nil {
		return nil, err
	}
	var buildings, grids []key.Key
	var divisions []uuid.UUID
	for _, m := range found {
		if m.Building != nil {
			buildings = append(buildings, *m.Building)
		} else if m.Grid != nil {
			grids = append(grids, *m.Grid)
		}
		if m.DivisionID != nil {
			divisions = append(divisions, *m.DivisionID)
		}
	}
	// While the database is away the index still knows the names; what stands beside them is left out.
	around, err := s.places.DivisionsByID(ctx, actor, divisions, place.Fields{})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return nil, err
	}
	codes, err := s.grids.ByKeys(ctx, actor, grids, nil, grid.Fields{})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return nil, err
	}
	var known map[uuid.UUID]place.Building
	err = soon(ctx, func(ctx context.Context) (err error) {
		known, err = s.places.BuildingsByKey(ctx, actor, buildings, nil, false)
		return err
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		return nil, err
	}
	var out []hit
	for _, m := range found {
		h := hit{Label: m.Label}
		if m.DivisionID != nil && m.Kind != search.Division {
			h.Detail = around[*m.DivisionID].Name
		}
		switch {
		case m.Building != nil:
			h.Path = buildingPath(*m.Building)
			b := known[m.Building.ID]
			if at := strings.TrimSuffix(cmp.Or(b.Address, b.Name), m.Label); at != "" {
				h.Detail = at
			}
		case m.Grid != nil && codes[m.Grid.ID].Code != "":
			h.Path = gridPath(codes[m.Grid.ID].Code)
			if m.Kind == search.Area { // it may lie in several
				h.Detail = codes[m.Grid.ID].Name
			}
		case m.Kind == search.Division && m.DivisionID != nil && around[*m.DivisionID].Code != "":
			h.Path = "/c/" + url.PathEscape(around[*m.DivisionID].Code)
		case m.Location != nil:
			h.Path = fmt.Sprintf("/?lng=%s&lat=%s&crs=CGCS2000&accuracy=%d", degrees(m.Location.Lng), degrees(m.Location.Lat), streetM)
		default:
			continue
		}
		h.Label, h.Detail = name.Plain(h.Label), name.Plain(h.Detail)
		out = append(out, h)
	}
	return out, nil
}

func buildingPath(k key.Key) string { return "/b/" + url.PathEscape(k.String()) }

// byAddress is the answer where text names one place for sure; else the places it may mean. none: the person said that it is none of them.
func (s *site) byAddress(ctx context.Context, actor account.Actor, text string, none bool) (result, error) {
	m := grid.Match{Rule: grid.RuleNone}
	err := soon(ctx, func(ctx context.Context) (err error) {
		m, err = s.grids.AtAddress(ctx, actor, text, nil)
		return err
	})
	if err != nil && !fault.Is(err, fault.Unavailable) { // what is found without the database can be chosen from
		return result{}, inQuery(err)
	}
	hits, err := s.hits(ctx, actor, text)
	if err != nil {
		return result{}, inQuery(err)
	}
	out := result{Rule: grid.RuleNone, Asked: text, None: none, Places: hits}
	switch {
	case none || m.Rule != grid.RuleAddress || m.NeedsConfirmation:
	case m.BuildingKey != nil:
		var b place.Building
		err := soon(ctx, func(ctx context.Context) (err error) {
			b, err = s.places.Building(ctx, actor, *m.BuildingKey)
			return err
		})
		if fault.Is(err, fault.Unavailable) { // its page can be opened when the database is back
			break
		}
		if err != nil {
			return out, err
		}
		return s.ofBuilding(ctx, actor, b)
	case m.Grid != nil:
		if out, err = s.itself(ctx, actor, *m.Grid); err == nil && len(hits) > 0 {
			out.Matched = hits[0].Label
		}
		return out, err
	}
	communities, err := s.places.Communities(ctx, actor) // the map shows the town
	out.Box = boxOf(communities)
	return out, err
}

// nearBuilding is a building to choose.
type nearBuilding struct {
	place.Building
	DistanceM float64
	Grid      string // the name of its grid; "": it is in none
}

// Label is what people call it; empty where nobody calls it anything.
func (b nearBuilding) Label() string { return cmp.Or(b.Name, b.Address) }

// Where is its address, as far as that says more than its name.
func (b nearBuilding) Where() string { return where(b.Building) }

func where(b place.Building) string {
	if b.Name == "" {
		return ""
	}
	return strings.TrimSuffix(b.Address, b.Name)
}

// Called is what the building that was meant is called.
func (r result) Called() string { return cmp.Or(r.Building.Name, r.Building.Address) }

// Where is the address of the building that was meant, as far as that says more than its name.
func (r result) Where() string { return where(*r.Building) }

// Path is where its page is.
func (b nearBuilding) Path() string { return buildingPath(b.Key) }

// near are the buildings with a name or an address within m metres of q, the nearest first, a few of each grid. While the database is away there are none.
func (s *site) near(ctx context.Context, actor account.Actor, q grid.AtQuery, m float64) ([]page.Item[place.Building], error) {
	at, err := coord.ToCGCS2000(q.System, q.Lng, q.Lat)
	if err != nil {
		return nil, err
	}
	var found page.Page[place.Building]
	err = soon(ctx, func(ctx context.Context) (err error) {
		found, err = s.places.BuildingsNear(ctx, actor, place.NearQuery{Near: at, WithinM: m, OfEach: shownBuildings, Args: page.Args{First: page.MaxPublic}, At: s.places.At(nil)})
		return err
	})
	if fault.Is(err, fault.Unavailable) {
		return nil, nil
	}
	return found.Items, err
}

// chosen are those of list, the nearest first, that a person is asked to choose from: the nearest of each likely grid, and as many more as there is room for
// of those within m metres.
func chosen(list []page.Item[place.Building], likely []candidate, m float64) []nearBuilding {
	wanted := map[key.Key]bool{} // likely grids without a building so far
	for _, c := range likely {
		wanted[c.Face.Key] = true
	}
	in := make([]bool, len(list))
	n := 0
	for i, item := range list {
		if k := item.Node.GridKey; k != nil && wanted[*k] && n < shownBuildings {
			wanted[*k], in[i] = false, true
			n++
		}
	}
	for i, item := range list {
		if !in[i] && n < shownBuildings && item.DistanceM != nil && *item.DistanceM <= m {
			in[i] = true
			n++
		}
	}
	var out []nearBuilding
	for i, item := range list {
		if !in[i] {
			continue
		}
		b := nearBuilding{Building: item.Node}
		if item.DistanceM != nil {
			b.DistanceM = *item.DistanceM
		}
		out = append(out, b)
	}
	return out
}

// which adds to out, the answer at q, the building that q is on, or asks which of those near it is meant: where the position is not
// exact, where its building belongs to another grid, and where the person asks for it.
func (s *site) which(ctx context.Context, actor account.Actor, q grid.AtQuery, out *result) error {
	if !out.Confirm {
		on, err := s.near(ctx, actor, q, hereM)
		if err != nil || len(on) == 0 {
			return err
		}
		b := on[0]
		if out.Face != nil && b.Node.GridKey != nil && *b.Node.GridKey == out.Face.Key {
			out.Building = &b.Node
			return nil
		}
		if b.Node.GridKey == nil || b.DistanceM == nil || *b.DistanceM > 0 {
			return nil
		}
	}
	list, err := s.near(ctx, actor, q, min(max(nearShare*out.AccuracyM, leastNearM), mostNearM))
	if err != nil {
		return err
	}
	var likely []candidate
	for _, c := range out.Candidates {
		if c.Percent >= likelyPercent {
			likely = append(likely, c)
		}
	}
	circle := out.AccuracyM
	if circle == 0 || len(out.Candidates) == 0 { // the spot is exact: the person looks for a building beside it
		circle = max(circle, leastNearM)
	}
	out.Buildings = chosen(list, likely, circle)
	for _, c := range likely {
		if !slices.ContainsFunc(out.Buildings, func(b nearBuilding) bool { return b.GridKey != nil && *b.GridKey == c.Face.Key }) {
			out.Others = append(out.Others, c)
		}
	}
	return s.named(ctx, actor, out.Buildings)
}

// about is the question by coordinates that is asked anew, and answered another way, with one parameter more.
func (r result) about(more string) string {
	if r.Asked != "" {
		return "/?q=" + url.QueryEscape(r.Asked) + "&" + more
	}
	if r.Lng == "" {
		return ""
	}
	out := "/?lng=" + r.Lng + "&lat=" + r.Lat + "&crs=CGCS2000&" + more
	if r.AccuracyM > 0 {
		out += fmt.Sprintf("&accuracy=%.0f", r.AccuracyM)
	}
	return out
}

// NotThis asks which building is meant instead; empty where that cannot be asked.
func (r result) NotThis() string { return r.about("near=1") }

// NoneOfThese says that it is none of the buildings or places that were shown.
func (r result) NoneOfThese() string { return r.about("none=1") }

// Nowhere reports whether there is no grid to answer for, and nothing to choose from.
func (r result) Nowhere() bool {
	return r.Face == nil && len(r.Buildings) == 0 && (len(r.Places) == 0 || r.None)
}

// trimmed is the text that was asked for, as the form's q or, in links, as address; empty where none was.
func trimmed(values params) string {
	for _, name := range []string{"q", "address"} {
		given, _ := values.of(name)
		if given = strings.TrimSpace(given); given != "" {
			return given
		}
	}
	return ""
}
