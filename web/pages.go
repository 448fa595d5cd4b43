package web

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/board"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/name"
	"wangge/domain/phone"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

//go:embed resident/*.html
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"asset":   assetURL,
	"metres":  metres,
	"grouped": phone.Grouped,
	"say":     say,
	"dict":    dict,
	"dial":    dial,
	"ground":  coverage.Ground,
	"covered": coveragePath,
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

// contentSecurityPolicy lets a page load scripts, styles, pictures and tiles from this server alone, and those of a basemap
// from its origins. MapLibre's worker is a file of ours; its controls carry their icons as data.
func contentSecurityPolicy(basemap []string) string {
	from := strings.Join(append([]string{""}, basemap...), " ")
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:" + from + "; connect-src 'self'" + from +
		"; worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
}

// shownCandidates is how many grids a resident is asked to choose from, the likeliest first.
const shownCandidates = 5

// mostListed is how many grids a page lists before it asks to choose a smaller division: more are no list for a person.
const mostListed = 500

// view is what the templates show.
type view struct {
	Lang     fault.Language
	Path     string // of this page, without its query
	Query    url.Values
	Title    string // of the answer; empty on the first page
	Boards   bool   // there are signboards to link to
	Since    string // the state that the page is not older than: the map asks what changed since
	Public   string // what addresses start with where they are seen from outside
	Worker   string // the address of the map's worker
	Kiosk    bool   // the page stands in a hall: nothing leads away, and it returns to the start
	Elder    bool   // 长辈版: larger
	Device   string // the system in which the device tells where it is; empty: WGS 84
	Box      string // where the map looks at first
	Result   result
	Form     bool // the question by coordinates is open
	ErrField string

	Outside   bool            // the position lies where this server knows nothing
	Lost      bool            // there is no page at Path
	Missing   bool            // there is nothing of the name in Path
	Near      *place.Division // that the name in Path begins with; nil: none
	Stale     string          // the time the data is of, where that is not now
	Total     int
	Towns     []town // all, for the list
	List      []face // the grids of Community
	CutFrom   int    // how many grids List is the beginning of; 0 where it is whole
	Beneath   []part // the divisions to choose from, where Community has too many grids to list
	Community *place.Division
	Covered   *covered
}

// town is a heading of the list of communities.
type town struct {
	Name        string
	Communities []place.Division
}

// part is a division and how many grids it has.
type part struct {
	place.Division
	Grids int
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
	Contacts   place.Contacts  // there, besides the grid's workers
	Building   *place.Building // that was meant, to confirm
	Matched    string          // what was meant, where that is no building
	Buildings  []nearBuilding  // of which one is meant
	Others     []candidate     // likely grids that none of Buildings is in
	Nearby     *nearby         // where there is no grid: the nearest, some way off
	Retired    *retired        // the grid that was asked for, where it is no more
	Asked      string          // the address
	Places     []hit           // that Asked may mean
	None       bool            // the person said that it is none of those
	FormerCode string
	Scanned    *scanned // nil: who asks did not come from a board
	Error      string
	Incident   string // the request's id, where the fault is ours
	Box        string
}

type candidate struct {
	Face      *face
	Percent   int // of all candidates together 100
	DistanceM float64
}

// Link is the address of path with what goes along from page to page: the language, the kiosk, the elder view and the device's system.
func (v view) Link(path string) string {
	at, own, _ := strings.Cut(path, "?")
	values, _ := url.ParseQuery(own) // our own
	for _, k := range v.Kept() {
		name := k.Name
		if name == "crs" && values.Has("crs") { // that of the question's own coordinates
			name = "from"
		}
		values.Set(name, k.Value)
	}
	if len(values) == 0 {
		return at
	}
	return at + "?" + values.Encode()
}

// kept is a parameter that goes along.
type kept struct{ Name, Value string }

// Kept are the parameters that go along from page to page.
func (v view) Kept() (out []kept) {
	if v.Query.Get("lang") != "" {
		out = append(out, kept{"lang", string(v.Lang)})
	}
	if v.Kiosk {
		out = append(out, kept{"kiosk", "1"})
	}
	if v.Elder {
		out = append(out, kept{"elder", "1"})
	}
	if v.Device != "" {
		out = append(out, kept{"crs", v.Device})
	}
	return out
}

// OtherLanguage is this page's address in the other language.
func (v view) OtherLanguage() string {
	return v.same("lang", map[fault.Language]string{fault.Chinese: "en", fault.English: "zh"}[v.Lang])
}

// OtherSize is this page's address in the elder view, or out of it.
func (v view) OtherSize() string {
	if v.Elder {
		return v.same("elder", "")
	}
	return v.same("elder", "1")
}

// same is this page's address with a parameter set, or without it.
func (v view) same(name, value string) string {
	values := maps.Clone(v.Query)
	delete(values, "part")
	values.Set(name, value)
	if value == "" {
		delete(values, name)
	}
	if len(values) == 0 {
		return v.Path
	}
	return v.Path + "?" + values.Encode()
}

// Home reports whether this is the first page, with nothing asked.
func (v view) Home() bool { return v.Blank() && v.Result.Error == "" }

// Shared is what others see of the page where its address is shared: what, and of whom.
func (v view) Shared() (string, error) {
	f := v.Result.Face
	if f == nil || f.Worker == nil || v.Result.Confirm {
		return v.Say("lead")
	}
	return v.Say("shared", f.Name, f.Worker.Name)
}

// Say is the sentence in the view's language.
func (v view) Say(name string, args ...any) (string, error) { return say(v.Lang, name, args...) }

// Blank reports whether nothing was asked: without script the form is then what there is to do.
func (v view) Blank() bool { return v.Path == "/" && v.Result.Rule == "" }

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
	v := viewOf(r)
	v.Boards, v.Public, v.Worker, v.Since = s.boards, s.publicURL, s.worker, s.state()
	return v
}

// viewOf is what r itself says of its view.
func viewOf(r *http.Request) view {
	v := view{Lang: answer.Language(r, fault.Chinese), Path: r.URL.EscapedPath(), Query: r.URL.Query()}
	v.Kiosk, v.Elder = v.Query.Get("kiosk") == "1", v.Query.Get("elder") == "1"
	// WGS 84 and CGCS2000 are the same to some centimetres; a mini-program's view may tell another.
	if of, err := coord.ParseSystem(cmp.Or(v.Query.Get("from"), v.Query.Get("crs"))); err == nil && (of == coord.SystemGCJ02 || of == coord.SystemBD09) {
		v.Device = string(of)
	}
	return v
}

// Asked is the address that was asked for, as it was given.
func (v view) Asked() string { return cmp.Or(v.Query.Get("q"), v.Query.Get("address")) }

// home is the first page, and the answer where q or address, an address, or lng, lat and crs are given.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	status := http.StatusOK
	values, err := query(r.URL, nil)
	switch {
	case err != nil:
	case values.has("lng", "lat"):
		v.Result, err = s.ask(r, typed(values))
	case trimmed(values) != "":
		err = s.read(r, func(ctx context.Context, actor account.Actor) (err error) {
			v.Result, err = s.byAddress(ctx, actor, trimmed(values), v.Query.Get("none") == "1")
			return err
		})
	}
	if b := v.Result.Building; b != nil && v.Asked() != "" {
		v.Title = b.Name
	}
	if err != nil {
		status = s.fail(r, &v, err)
		v.ErrField = parameter(err)
		v.Form = v.ErrField != "q"
	}
	if v.Query.Get("part") == "" {
		var communities []place.Division
		err := answer.Within(r.Context(), pagePatience, func(ctx context.Context) (err error) {
			communities, err = s.places.Communities(ctx, account.FromContext(ctx))
			return err
		})
		if err != nil {
			status = s.fail(r, &v, err)
		}
		v.Box = boxOf(communities)
	}
	s.show(w, r, status, v)
}

// ask finds the grid of the position in values.
func (s *site) ask(r *http.Request, values params) (out result, err error) {
	q, err := question(values)
	if err != nil {
		return out, err
	}
	err = s.read(r, func(ctx context.Context, actor account.Actor) (err error) {
		if out, err = s.found(ctx, actor, q); err != nil {
			return err
		}
		asked, _ := values.of("near")
		none, _ := values.of("none")
		again := out.Confirm || asked == "1"
		out.None = none == "1"
		if out.None {
			out.Confirm, out.Candidates = false, nil
			return nil
		}
		out.Confirm = again
		return s.which(ctx, actor, q, &out)
	})
	if err != nil {
		return out, err
	}
	p, err := coord.ToCGCS2000(q.System, q.Lng, q.Lat)
	if err != nil {
		return out, err
	}
	out.Lng, out.Lat = degrees(p.Lng), degrees(p.Lat)
	return out, nil
}

// found is what there is at q, with its rule and its doubts.
func (s *site) found(ctx context.Context, actor account.Actor, q grid.AtQuery) (result, error) {
	match, err := s.grids.At(ctx, actor, q)
	if err != nil {
		return result{}, err
	}
	out := result{Rule: match.Rule, Confirm: match.NeedsConfirmation}
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
	shares := percents(match.Candidates)
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
		if err := s.team(ctx, actor, out.Face); err != nil {
			return result{}, err
		}
		match.DivisionID = &match.Grid.CommunityID
	}
	if match.NeedsConfirmation {
		markAlike(faces)
		for i, c := range match.Candidates {
			out.Candidates = append(out.Candidates, candidate{Face: &faces[i], Percent: shares[i], DistanceM: c.DistanceM})
		}
	}
	if match.Rule == grid.RuleNone {
		if err := s.lookAround(ctx, actor, q, &out); err != nil {
			return result{}, err
		}
		if out.Nearby != nil && match.DivisionID == nil {
			match.DivisionID = &out.Nearby.Face.CommunityID
		}
	}
	if out.Contacts, err = s.contacts(ctx, actor, match.DivisionID); err != nil {
		return result{}, err
	}
	if match.Grid == nil { // the map shows the town beside the pin, where its grids are
		communities, err := s.places.Communities(ctx, actor)
		if err != nil {
			return result{}, err
		}
		out.Box = boxOf(communities)
	}
	return out, nil
}

// gridPage is a grid; a former code leads to the grid it is today.
func (s *site) gridPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	code := r.PathValue("code")
	err := s.readScanned(r, &v, func(ctx context.Context, actor account.Actor) (on printedOn, err error) {
		if !place.ValidCode(code) { // the store takes no NUL and nothing that is not UTF-8
			return on, fault.New(fault.NotFound, "code", "grid.notFound", "code", printable(code))
		}
		g, err := s.grids.ByCode(ctx, actor, code, nil, grid.Fields{})
		if err == nil {
			v.Result, err = s.itself(ctx, actor, g)
		}
		return printedOn{Name: board.Name{Grid: g.Code}}, err
	})
	if fault.Is(err, fault.NotFound) && place.ValidCode(code) && !wantsJSON(r) && s.after(r, &v, code) {
		v.Title, v.Box = v.Result.Retired.Name, v.Result.Box
		s.show(w, r, http.StatusGone, v)
		return
	}
	if err != nil {
		s.refuse(w, r, v, err)
		return
	}
	face := v.Result.Face
	if face.Code != code {
		v.Result.FormerCode = code
	}
	v.Title, v.Box = face.Name, v.Result.Box
	s.show(w, r, http.StatusOK, v)
}

// itself is the answer where there was no question: g.
func (s *site) itself(ctx context.Context, actor account.Actor, g grid.Grid) (result, error) {
	faces, err := s.faces(ctx, actor, []grid.Grid{g})
	if err != nil {
		return result{}, err
	}
	contacts, err := s.contacts(ctx, actor, &g.CommunityID)
	if err != nil {
		return result{}, err
	}
	return result{Face: &faces[0], Rule: grid.RuleContains, Box: faces[0].Box(), Contacts: contacts}, s.team(ctx, actor, &faces[0])
}

// buildingPage is where the QR code on a building leads: the grid the building belongs to now, so that the board
// on the wall survives a redraw.
func (s *site) buildingPage(w http.ResponseWriter, r *http.Request) {
	v := s.newView(r)
	var building place.Building
	err := s.readScanned(r, &v, func(ctx context.Context, actor account.Actor) (on printedOn, err error) {
		k, ok := key.Parse(r.PathValue("id"))
		if !ok {
			return on, fault.New(fault.NotFound, "id", "web.noBuilding")
		}
		err = answer.Within(ctx, answerPatience, func(ctx context.Context) (err error) {
			building, err = s.places.Building(ctx, actor, k)
			return err
		})
		if err == nil {
			v.Result, err = s.ofBuilding(ctx, actor, building)
		}
		return printedOn{Name: board.Name{Building: building.Key.String()}}, err
	})
	if err != nil {
		s.refuse(w, r, v, err)
		return
	}
	v.Title, v.Box = building.Name, v.Result.Box
	s.show(w, r, http.StatusOK, v)
}

// ofBuilding is the answer for b.
func (s *site) ofBuilding(ctx context.Context, actor account.Actor, b place.Building) (result, error) {
	out, err := s.gridOf(ctx, actor, b)
	out.Building = &b
	if b.Location != nil {
		out.Lng, out.Lat = degrees(b.Location.X()), degrees(b.Location.Y())
	}
	return out, err
}

// gridOf is the grid that b was given to; where it was given to none, what there is at its place, which may be that
// the nearest grid is some way off.
func (s *site) gridOf(ctx context.Context, actor account.Actor, b place.Building) (result, error) {
	none := result{Rule: grid.RuleNone, Confirm: true}
	if b.GridKey != nil {
		grids, err := s.grids.ByKeys(ctx, actor, []key.Key{*b.GridKey}, nil, grid.Fields{})
		if err != nil {
			return none, err
		}
		if g, ok := grids[b.GridKey.ID]; ok {
			return s.itself(ctx, actor, g)
		}
	}
	if b.Location == nil {
		return none, nil
	}
	found, err := s.found(ctx, actor, grid.AtQuery{System: coord.SystemCGCS2000, Lng: b.Location.X(), Lat: b.Location.Y()})
	if fault.Is(err, fault.Invalid) { // it lies outside the window: that is no mistake of who opens its page
		return none, nil
	}
	return found, err
}

var _ = fault.Register([3]string{"web.noBuilding", "There is no such building.", "没有这栋楼。"})

// fail puts the refusal on the page and returns the status that belongs to it.
func (s *site) fail(r *http.Request, v *view, err error) int {
	refusal := answer.Refuse(r, s.log, err)
	v.Outside = strings.HasPrefix(fault.As(err).Key, "point.outside")
	v.Missing = fault.Is(err, fault.NotFound)
	v.Result.Error, v.Result.Incident = forPeople(refusal.Fault, v.Lang), refusal.ID
	return refusal.Status
}

// refuse writes the page that says why there is none, or the refusal alone for a program that asked for JSON.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, v view, err error) {
	if wantsJSON(r) {
		w.Header().Add("Vary", "Accept, Accept-Language")
		answer.Refuse(r, s.log, err).Write(w, r)
		return
	}
	s.show(w, r, s.fail(r, &v, err), v)
}

// show writes the page, or with part=answer only the answer, which the page's own script puts in place.
func (s *site) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	part := "page"
	if v.Query.Get("part") == "answer" {
		part = "answer"
	}
	if face := v.Result.Face; face != nil {
		s.bound(r, v.Lang, face)
	}
	v.Title = name.Plain(v.Title) // nothing sets a title apart
	stale := s.staleSince()
	v.Stale = clock(stale, time.Now())
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, part, v); err != nil {
		answer.Refuse(r, s.log, fmt.Errorf("page template: %w", err)).Write(w, r)
		return
	}
	header := w.Header()
	header.Add("Vary", "Accept, Accept-Language")
	header.Set("Content-Language", v.HTMLLang())
	header.Set("Content-Security-Policy", s.policy)
	header.Set("Referrer-Policy", "same-origin") // the address may hold where somebody lives
	header.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
	s.sayAge(header, stale)
	replyTagged(w, r, status, asHTML, body.Bytes(), tagBut(body.Bytes(), ` data-since="`+template.HTMLEscapeString(v.Since)+`"`))
}

// tagBut is an ETag of body without the first of part. With another state the page is the same to who has it, since one that is older asks the map to look
// further back; the tag is a weak one, as the bytes are not.
func tagBut(body []byte, part string) string {
	return "W/" + etag(bytes.Replace(body, []byte(part), nil, 1))
}

// bound puts a grid's limits in words on the page. Where they cannot be computed, it goes without: who asks came for a name.
func (s *site) bound(r *http.Request, lang fault.Language, f *face) {
	if s.around == nil {
		return
	}
	var found map[uuid.UUID]beside.Limits
	err := soon(r.Context(), func(ctx context.Context) (err error) {
		found, err = s.around.Limits(ctx, account.FromContext(ctx), []grid.Grid{f.Grid}, nil)
		return err
	})
	if err != nil && !fault.Is(err, fault.Unavailable) {
		answer.Refuse(r, s.log, err) // logs it
	}
	if l, ok := found[f.Key.ID]; ok {
		f.Limits, f.Apart = l.In(lang, 0), l.Others
	}
}

// clock is at as people say it on the day of now: the time, and before that the day. Zero is "".
func clock(at, now time.Time) string {
	switch {
	case at.IsZero():
		return ""
	case at.Format(time.DateOnly) == now.In(at.Location()).Format(time.DateOnly):
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}
