package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

//go:embed resident/*.html
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"asset":   assetURL,
	"metres":  metres,
	"percent": func(p float64) int { return int(math.Round(p * 100)) },
	"say":     say,
	"dict":    dict,
}).ParseFS(templateFiles, "resident/*.html"))

// dict makes one value of several for a template: names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// contentSecurityPolicy lets a page load scripts, styles, pictures and tiles from this server alone. MapLibre's worker is
// a file of ours; its controls carry their icons as data.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

// shownCandidates is how many grids a resident is asked to choose from, the likeliest first.
const shownCandidates = 5

// listed is how many communities the first page names before it links to all.
const listed = 12

// view is what the templates show.
type view struct {
	Lang     fault.Language
	Path     string // of this page, without its query
	Query    url.Values
	Title    string // of the answer; empty on the first page
	Boards   bool   // there are signboards to link to
	Public   string // PUBLIC_URL: what addresses in tiles start with
	Box      string // where the map looks at first
	Result   result
	Form     bool // the question by coordinates is open
	ErrField string

	Communities []place.Division // some, for the first page
	Total       int
	Towns       []town // all, for the list
	List        []face // the grids of Community
	Community   *place.Division
}

// town is a heading of the list of communities.
type town struct {
	Name        string
	Communities []place.Division
}

// result is the answer to one question. The zero result is "nothing asked yet".
type result struct {
	Face       *face
	Rule       grid.Rule
	Confirm    bool
	Candidates []candidate
	DistanceM  float64
	Lng, Lat   string // where the map puts its pin; empty: no pin
	AccuracyM  float64
	Building   *place.Building
	FormerCode string
	Error      string
	Incident   string
	Box        string
}

type candidate struct {
	Face                   *face
	Probability, DistanceM float64
}

// Link is the address of the same page with what makes it this page, in the other language or without.
func (v view) Link(path string) string {
	if v.Query.Get("lang") != "" {
		return path + "?lang=" + string(v.Lang)
	}
	return path
}

// OtherLanguage is this page's address in the other language.
func (v view) OtherLanguage() string {
	values := url.Values{}
	for name, list := range v.Query {
		if name != "part" {
			values[name] = list
		}
	}
	values.Set("lang", map[fault.Language]string{fault.Chinese: "en", fault.English: "zh"}[v.Lang])
	return v.Path + "?" + values.Encode()
}

// Say is the sentence in the view's language.
func (v view) Say(name string, args ...any) (string, error) { return say(v.Lang, name, args...) }

// Systems are the choices of the form.
func (v view) Systems() []coord.System { return coord.Systems }

// HTMLLang is the language as HTML names it.
func (v view) HTMLLang() string {
	if v.Lang == fault.Chinese {
		return "zh-CN"
	}
	return "en"
}

func (s *site) newView(r *http.Request) view {
	return view{Lang: languageOf(r, fault.Chinese), Path: r.URL.EscapedPath(), Query: r.URL.Query(), Boards: s.boards, Public: s.publicURL}
}

// home is the first page, and the answer where lng, lat and crs are given.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	status := http.StatusOK
	values, err := query(r.URL)
	if err == nil && (values.Has("lng") || values.Has("lat") || values.Has("crs")) {
		v.Result, err = s.ask(r, values)
	}
	if err != nil {
		status = s.fail(r, &v, err)
		v.Form, v.ErrField = true, parameter(err)
	}
	if v.Query.Get("part") == "" {
		communities, err := s.places.Communities(r.Context(), account.FromContext(r.Context()))
		if err != nil {
			status = s.fail(r, &v, err)
		}
		boxes := make([]*place.Box, len(communities))
		for i := range communities {
			boxes[i] = communities[i].BBox
		}
		v.Total, v.Communities, v.Box = len(communities), communities[:min(listed, len(communities))], box(around(boxes))
	}
	s.show(w, r, status, v)
}

// ask finds the grid of the position in values.
func (s *site) ask(r *http.Request, values url.Values) (result, error) {
	q, err := question(values)
	if err != nil {
		return result{}, err
	}
	ctx, actor := r.Context(), account.FromContext(r.Context())
	match, err := s.grids.At(ctx, actor, q)
	if err != nil {
		return result{}, err
	}
	p, err := coord.ToCGCS2000(q.System, q.Lng, q.Lat)
	if err != nil {
		return result{}, err
	}
	out := result{Rule: match.Rule, Confirm: match.NeedsConfirmation, Lng: degrees(p.Lng), Lat: degrees(p.Lat)}
	if q.AccuracyM != nil {
		out.AccuracyM = math.Round(*q.AccuracyM)
	}
	if match.BoundaryDistanceM != nil {
		out.DistanceM = *match.BoundaryDistanceM
	}
	var grids []grid.Grid
	if match.Grid != nil {
		grids = append(grids, *match.Grid)
	}
	match.Candidates = match.Candidates[:min(shownCandidates, len(match.Candidates))]
	if match.NeedsConfirmation {
		for _, c := range match.Candidates {
			grids = append(grids, *c.Grid)
		}
	}
	faces, err := s.faces(ctx, actor, grids)
	if err != nil {
		return result{}, err
	}
	if match.Grid != nil {
		out.Face, faces = &faces[0], faces[1:]
		out.Box = out.Face.Box()
	}
	if match.NeedsConfirmation {
		for _, c := range match.Candidates {
			out.Candidates = append(out.Candidates, candidate{Face: &faces[0], Probability: c.Probability, DistanceM: c.DistanceM})
			faces = faces[1:]
		}
	}
	return out, nil
}

// gridPage is a grid; a former code leads to the grid it is today.
func (s *site) gridPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	ctx, actor := r.Context(), account.FromContext(r.Context())
	code := r.PathValue("code")
	g, err := s.grids.ByCode(ctx, actor, code, nil, grid.Fields{})
	if err == nil {
		v.Result, err = s.gridResult(r, g)
	}
	if err != nil {
		s.show(w, r, s.fail(r, &v, err), v)
		return
	}
	if g.Code != code {
		v.Result.FormerCode = code
	}
	v.Title, v.Box = g.Name, v.Result.Box
	s.show(w, r, http.StatusOK, v)
}

func (s *site) gridResult(r *http.Request, g grid.Grid) (result, error) {
	faces, err := s.faces(r.Context(), account.FromContext(r.Context()), []grid.Grid{g})
	if err != nil {
		return result{}, err
	}
	return result{Face: &faces[0], Rule: grid.RuleContains, Box: faces[0].Box()}, nil
}

// buildingPage is where the QR code on a building leads: the grid the building belongs to now, so that the board
// on the wall survives a redraw.
func (s *site) buildingPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	building, found, err := s.ofBuilding(r)
	if err != nil {
		s.show(w, r, s.fail(r, &v, err), v)
		return
	}
	v.Result = found
	v.Result.Building = &building
	v.Title, v.Box = building.Name, found.Box
	if building.Location != nil {
		v.Result.Lng, v.Result.Lat = degrees(building.Location.X()), degrees(building.Location.Y())
	}
	s.show(w, r, http.StatusOK, v)
}

func (s *site) ofBuilding(r *http.Request) (place.Building, result, error) {
	ctx, actor := r.Context(), account.FromContext(r.Context())
	id := r.PathValue("id")
	k, ok := key.Parse(id)
	if !ok {
		return place.Building{}, result{}, fault.New(fault.NotFound, "id", "web.noBuilding")
	}
	building, err := s.places.Building(ctx, actor, k)
	if err != nil {
		return building, result{}, err
	}
	if building.GridID != nil {
		gridKey := key.Key{Home: building.Key.Home, ID: *building.GridID}
		grids, err := s.grids.ByKeys(ctx, actor, []key.Key{gridKey}, nil, grid.Fields{})
		if err != nil {
			return building, result{}, err
		}
		if g, ok := grids[gridKey.ID]; ok {
			found, err := s.gridResult(r, g)
			return building, found, err
		}
	}
	if building.Location == nil {
		return building, result{Rule: grid.RuleNone}, nil
	}
	match, err := s.grids.At(ctx, actor, grid.AtQuery{System: coord.SystemCGCS2000,
		Lng: building.Location.X(), Lat: building.Location.Y()})
	if err != nil || match.Grid == nil {
		return building, result{Rule: grid.RuleNone}, err
	}
	found, err := s.gridResult(r, *match.Grid)
	return building, found, err
}

var _ = fault.Register([3]string{"web.noBuilding", "There is no such building.", "没有这栋楼。"})

// communitiesPage lists the communities that have grids, by town.
func (s *site) communitiesPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	ctx, actor := r.Context(), account.FromContext(r.Context())
	communities, err := s.places.Communities(ctx, actor)
	var parents map[uuid.UUID]place.Division
	if err == nil {
		var ids []uuid.UUID
		for _, c := range communities {
			if c.ParentID != nil {
				ids = append(ids, *c.ParentID)
			}
		}
		parents, err = s.places.Divisions(ctx, actor, ids)
	}
	if err != nil {
		s.show(w, r, s.fail(r, &v, err), v)
		return
	}
	places := map[string]int{}
	boxes := make([]*place.Box, 0, len(communities))
	for _, c := range communities {
		name := ""
		if c.ParentID != nil {
			name = parents[*c.ParentID].Name
		}
		at, ok := places[name]
		if !ok {
			at = len(v.Towns)
			places[name] = at
			v.Towns = append(v.Towns, town{Name: name})
		}
		v.Towns[at].Communities = append(v.Towns[at].Communities, c)
		boxes = append(boxes, c.BBox)
	}
	v.Total, v.Box = len(communities), box(around(boxes))
	v.Title, err = v.Say("communities")
	if err != nil {
		s.fail(r, &v, err)
	}
	s.show(w, r, http.StatusOK, v)
}

// communityPage lists the grids of a community with whom to call.
func (s *site) communityPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	ctx, actor := r.Context(), account.FromContext(r.Context())
	d, err := s.places.ByCode(ctx, actor, r.PathValue("code"), place.Fields{})
	var grids []grid.Grid
	if err == nil {
		grids, err = s.grids.OfCommunity(ctx, actor, d.ID)
	}
	if err == nil {
		v.List, err = s.faces(ctx, actor, grids)
	}
	if err != nil {
		s.show(w, r, s.fail(r, &v, err), v)
		return
	}
	boxes := []*place.Box{d.BBox}
	for i := range grids {
		boxes = append(boxes, &grids[i].BBox)
	}
	v.Community, v.Title, v.Box = &d, d.Name, box(around(boxes))
	s.show(w, r, http.StatusOK, v)
}

// fail puts the refusal on the page and returns the status that belongs to it.
func (s *site) fail(r *http.Request, v *view, err error) int {
	refusal, incident := s.refusal(r, err)
	v.Result.Error, v.Result.Incident = refusal.Text(v.Lang), incident
	return refusal.Code.Status()
}

// show writes the page, or with part=answer only the answer, which the page's own script puts in place.
func (s *site) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	name := "page"
	if v.Query.Get("part") == "answer" {
		name = "answer"
	}
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, name, v); err != nil {
		s.log.ErrorContext(r.Context(), "page template", "route", r.Pattern, "error", err)
		http.Error(w, fault.New(fault.Internal, "", "internal").Text(v.Lang), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Vary", "Accept-Language")
	header.Set("Content-Language", v.HTMLLang())
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("Referrer-Policy", "same-origin") // the address may hold where somebody lives
	header.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
	answer(w, r, status, "text/html; charset=utf-8", body.Bytes())
}
