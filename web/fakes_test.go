package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/portrait"
	"wangge/domain/search"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

// town is what the fakes answer from: two grids side by side, the first with a worker. Longitudes below 120.01 are in
// the first, up to 120.02 in the second, up to 120.03 near the second, above in none; 121 and beyond is outside the window.
type fakeTown struct {
	grids     []grid.Grid
	group     grid.Group
	community place.Division
	others    []place.Division  // further divisions
	children  []place.Division  // right beneath community
	counts    map[uuid.UUID]int // grids of each of children
	worker    staff.Worker
	leaders   []staff.Assignment // of group
	chiefs    []staff.Assignment // of community
	retired   *grid.Grid         // that is in force no more
	photo     staff.Photo
	small     []byte             // of photo
	uploaded  *portrait.Portrait // last
	posts     []staff.Assignment // of worker, today
	away      bool               // worker is, today
	by        staff.Post         // by which worker answers for the first grid; "": GridWorker
	building  place.Building
	boards    bool
	report    coverage.Report
	problems  []coverage.Problem // the gravest first
	err       error              // every call fails with it
	asked     grid.AtQuery
	asOf      time.Time          // of the data, where it is old
	apart     []string           // calls that did not join one state of the data
	team      []staff.Assignment // of the first grid
	near      []page.Item[place.Building]
	nearAsked place.NearQuery
	matches   []search.Match
	contacts  place.Contacts
	awayErr   error // of what the memory does not know
	check     board.Check
	checkErr  error
	checked   []board.Name
	atlases   []string  // that were asked about, with their marks
	aborted   error     // of a check, which ends the transaction that it was in
	state     string    // of the data
	log       io.Writer // nil: nobody reads it
}

func newTown() *fakeTown {
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	at := func(n byte) key.Key { return key.Key{Home: "d00test", ID: id(n)} }
	t := &fakeTown{
		community: place.Division{ID: id(1), Code: "990102001001", Name: "听雨社区", Level: place.Community,
			BBox: &place.Box{West: 120, South: 31, East: 120.02, North: 31.01}},
		group:  grid.Group{Key: at(2), Name: "第一网格组", CommunityID: id(1)},
		worker: staff.Worker{Key: at(3), Name: "欧阳 <b>雪</b>", WorkPhone: "190-0000 1234", Duties: []string{"走访 & 登记"}, HasPhoto: true, Version: 3},
		photo:  staff.Photo{MediaType: "image/jpeg", Image: []byte("\xff\xd8 picture"), Tag: "SECRETNAME", Public: true},
		small:  []byte("\xff\xd8 small"),
	}
	group := id(2)
	t.grids = []grid.Grid{
		{Key: at(11), Code: "990102001001001", FormerCodes: []string{"OLD-1"}, Name: `听雨里 "东" <script>alert(1)</script>`, CommunityID: id(1), GroupID: &group,
			BBox: place.Box{West: 120, South: 31, East: 120.01, North: 31.01}, Limits: place.Limits{East: "望舒路", North: "小澜河"}},
		{Key: at(12), Code: "990102001001002", Name: "采薇网格", CommunityID: id(1),
			BBox: place.Box{West: 120.01, South: 31, East: 120.02, North: 31.01}},
	}
	first := at(11)
	t.building = place.Building{Key: at(21), Name: "听雨里3号楼", Address: "望舒路 8 号", GridKey: &first,
		Location: geom.NewPointFlat(geom.XY, []float64{120.015, 31.005}).SetSRID(4490)} // by its place it would be in the second
	return t
}

type oneState struct{}

func (t fakePlaces) InOneState(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	t.aborted = nil
	return cmp.Or(fn(context.WithValue(ctx, oneState{}, true)), t.aborted)
}

// clockShows is the time by the clock of the data, which is not that of this machine.
var clockShows = time.Date(2031, 2, 3, 4, 5, 0, 0, time.FixedZone("", 8*3600))

func (t fakePlaces) At(asOf *time.Time) time.Time {
	if asOf != nil {
		return *asOf
	}
	return clockShows
}

// note keeps the name of a call whose context joins no state.
func (t *fakeTown) note(ctx context.Context, call string) {
	if ctx.Value(oneState{}) == nil {
		t.apart = append(t.apart, call)
	}
}

func (t *fakeTown) At(ctx context.Context, _ account.Actor, q grid.AtQuery) (grid.Match, error) {
	t.note(ctx, "At")
	t.asked = q
	if t.err != nil {
		return grid.Match{}, t.err
	}
	distance := 12.4
	m := grid.Match{Rule: grid.RuleContains, BoundaryDistanceM: &distance, DivisionID: &t.community.ID}
	switch {
	case q.Lng >= 121:
		return grid.Match{}, fault.New(fault.Invalid, "point.lng", "point.outside", "lng", q.Lng, "lat", q.Lat, "window", "119,30,121,32")
	case q.Lng > 120.02 && q.Lng <= 120.03:
		distance = 84
		m.Grid, m.Rule, m.NeedsConfirmation = &t.grids[1], grid.RuleNearest, true
		m.Candidates = []grid.Candidate{{Grid: m.Grid, Probability: 1, DistanceM: distance}}
		return m, nil
	case q.Lng > 120.03 && q.Lng < 120.06 && q.WithinM >= 1000: // farther than a grid answers for, nearer than one is told of
		distance = 2345
		m.Grid, m.Rule, m.NeedsConfirmation = &t.grids[1], grid.RuleNearest, true
		return m, nil
	case q.Lng > 120.03:
		return grid.Match{Rule: grid.RuleNone, NeedsConfirmation: true}, nil
	case q.Lng > 120.01:
		m.Grid = &t.grids[1]
	default:
		m.Grid = &t.grids[0]
	}
	m.Candidates = []grid.Candidate{{Grid: m.Grid, Probability: 1}}
	if q.AccuracyM != nil && *q.AccuracyM >= 50 {
		m.NeedsConfirmation = true
		m.Candidates = []grid.Candidate{{Grid: &t.grids[0], Probability: 0.625}, {Grid: &t.grids[1], Probability: 0.375, DistanceM: 31}}
	}
	return m, nil
}

// AtAddress knows one building, in the second grid.
func (t *fakeTown) AtAddress(ctx context.Context, _ account.Actor, address string, _ *time.Time) (grid.Match, error) {
	t.note(ctx, "AtAddress")
	t.asked = grid.AtQuery{Address: address}
	switch address {
	case "too long":
		return grid.Match{}, fault.New(fault.Invalid, "address", "search.long", "max", 200)
	case "听雨里3号楼":
		return grid.Match{Rule: grid.RuleAddress, Grid: &t.grids[1], Candidates: []grid.Candidate{{Grid: &t.grids[1], Probability: 1}}}, t.err
	}
	return grid.Match{Rule: grid.RuleNone, NeedsConfirmation: true, Candidates: []grid.Candidate{{Grid: &t.grids[0], Probability: 1}}}, t.err
}

func (t *fakeTown) ByCode(ctx context.Context, _ account.Actor, code string, _ *time.Time, _ grid.Fields) (grid.Grid, error) {
	t.note(ctx, "ByCode")
	if !place.ValidCode(code) {
		return grid.Grid{}, errors.New("the store takes no such text")
	}
	for _, g := range t.grids {
		if g.Code == code || len(g.FormerCodes) > 0 && g.FormerCodes[0] == code {
			return g, t.err
		}
	}
	return grid.Grid{}, fault.New(fault.NotFound, "code", "grid.notFound", "code", code)
}

// Retired knows one grid that is in force no more.
func (t *fakeTown) Retired(ctx context.Context, _ account.Actor, code string) (grid.Grid, time.Time, error) {
	t.note(ctx, "Retired")
	if t.retired == nil || t.retired.Code != code {
		return grid.Grid{}, time.Time{}, fault.New(fault.NotFound, "code", "grid.notFound", "code", code)
	}
	return *t.retired, time.Date(2030, 4, 30, 16, 0, 0, 0, time.UTC), t.err
}

func (t *fakeTown) ByKeys(ctx context.Context, _ account.Actor, keys []key.Key, _ *time.Time, _ grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	t.note(ctx, "ByKeys")
	out := map[uuid.UUID]grid.Grid{}
	for _, k := range keys {
		for _, g := range t.grids {
			if g.Key == k {
				out[k.ID] = g
			}
		}
	}
	return out, t.err
}

func (t *fakeTown) OfCommunity(ctx context.Context, _ account.Actor, id uuid.UUID) ([]grid.Grid, error) {
	t.note(ctx, "OfCommunity")
	if id != t.community.ID {
		return nil, t.err
	}
	return t.grids, t.err
}

func (t *fakeTown) Groups(ctx context.Context, _ account.Actor, keys []key.Key) (map[uuid.UUID]grid.Group, error) {
	t.note(ctx, "Groups")
	out := map[uuid.UUID]grid.Group{}
	for _, k := range keys {
		if k == t.group.Key {
			out[k.ID] = t.group
		}
	}
	return out, t.err
}

func (t *fakeTown) OnCall(ctx context.Context, _ account.Actor, refs []staff.GridRef, _ *time.Time) (map[uuid.UUID]staff.Assignment, error) {
	t.note(ctx, "OnCall")
	out := map[uuid.UUID]staff.Assignment{}
	for _, ref := range refs {
		if ref.Key == t.grids[0].Key && ref.GroupID != nil {
			out[ref.Key.ID] = staff.Assignment{Worker: t.worker, Post: cmp.Or(t.by, staff.GridWorker), Cover: staff.CoverA}
		}
	}
	return out, t.err
}

func (t *fakeTown) OnCallOf(ctx context.Context, actor account.Actor, ref staff.GridRef, asOf *time.Time) (*staff.Assignment, error) {
	found, err := t.OnCall(ctx, actor, []staff.GridRef{ref}, asOf)
	if a, ok := found[ref.Key.ID]; ok {
		return &a, err
	}
	return nil, err
}

func (t *fakeTown) InOffice(ctx context.Context, _ account.Actor, areas []staff.Area, _ *time.Time) (map[uuid.UUID][]staff.Assignment, error) {
	t.note(ctx, "InOffice")
	out := map[uuid.UUID][]staff.Assignment{}
	for _, a := range areas {
		if a.ID == t.grids[0].Key.ID && a.Kind == staff.AreaGrid {
			out[a.ID] = t.team
		}
		if a.ID == t.group.Key.ID && a.Kind == staff.AreaGroup && a.Home == t.group.Key.Home {
			out[a.ID] = t.leaders
		}
		if a.ID == t.community.ID && a.Kind == staff.AreaDivision {
			out[a.ID] = t.chiefs
		}
	}
	return out, t.err
}

func (t *fakeTown) Photo(_ context.Context, _ account.Actor, k key.Key, small bool, known func(string) bool) (staff.Photo, error) {
	if k != t.worker.Key {
		return staff.Photo{}, fault.New(fault.NotFound, "worker", "web.noPhoto")
	}
	p := t.photo
	if small {
		p.Image = t.small
		p.Tag += " small"
	}
	if p.Tag != "" && known != nil && known(p.Tag) {
		p.Image = nil
	}
	return p, t.err
}

func (t *fakeTown) Update(ctx context.Context, actor account.Actor, c staff.Change) (staff.Worker, error) {
	switch {
	case actor.RequireOperator() != nil:
		return staff.Worker{}, actor.RequireOperator()
	case c.Worker != t.worker.Key:
		return staff.Worker{}, fault.New(fault.NotFound, "workerId", "worker.notFound", "id", c.Worker.String())
	case c.Version != t.worker.Version:
		return staff.Worker{}, fault.New(fault.Conflict, "version", "conflict")
	}
	t.uploaded, t.err = portrait.Make(ctx, c.PhotoFile)
	t.worker.Version++
	return t.worker, t.err
}

// places is the half of the town whose ByCode is that of divisions.
type fakePlaces struct{ *fakeTown }

func (t fakePlaces) all() []place.Division { return append([]place.Division{t.community}, t.others...) }

func (t fakePlaces) DivisionsByID(ctx context.Context, _ account.Actor, ids []uuid.UUID, _ place.Fields) (map[uuid.UUID]place.Division, error) {
	t.note(ctx, "Divisions")
	out := map[uuid.UUID]place.Division{}
	for _, d := range t.all() {
		if slices.Contains(ids, d.ID) {
			out[d.ID] = d
		}
	}
	return out, t.err
}

func (t fakePlaces) Division(ctx context.Context, actor account.Actor, id uuid.UUID) (*place.Division, error) {
	found, err := t.DivisionsByID(ctx, actor, []uuid.UUID{id}, place.Fields{})
	if d, ok := found[id]; ok {
		return &d, err
	}
	return nil, err
}

func (t fakePlaces) ByCode(ctx context.Context, _ account.Actor, code string, _ place.Fields) (place.Division, error) {
	t.note(ctx, "ByCode")
	if !place.ValidCode(code) {
		return place.Division{}, errors.New("the store takes no such text")
	}
	if code != t.community.Code {
		return place.Division{}, fault.New(fault.NotFound, "code", "division.notFound", "code", code)
	}
	return t.community, t.err
}

func (t fakePlaces) Communities(ctx context.Context, _ account.Actor) ([]place.Division, error) {
	t.note(ctx, "Communities")
	return slices.DeleteFunc(t.all(), func(d place.Division) bool { return d.Level != place.Community }), t.err
}

func (t fakePlaces) DivisionStats(ctx context.Context, _ account.Actor, ids []uuid.UUID, _ *time.Time) (map[uuid.UUID]place.Stats, error) {
	t.note(ctx, "DivisionStats")
	out := map[uuid.UUID]place.Stats{}
	for _, id := range ids {
		out[id] = place.Stats{Grids: t.counts[id]}
		if id == t.community.ID {
			out[id] = place.Stats{Grids: len(t.grids)}
		}
	}
	return out, t.err
}

func (t fakePlaces) Children(ctx context.Context, _ account.Actor, ids []uuid.UUID, _ place.Fields) (map[uuid.UUID][]place.Division, error) {
	t.note(ctx, "Children")
	out := map[uuid.UUID][]place.Division{}
	if slices.Contains(ids, t.community.ID) {
		out[t.community.ID] = t.children
	}
	return out, t.err
}

func (t fakePlaces) Roots(ctx context.Context, _ account.Actor, _ place.Fields) ([]place.Division, error) {
	t.note(ctx, "Roots")
	return []place.Division{t.community}, t.err
}

func (t fakePlaces) BuildingsByKey(ctx context.Context, _ account.Actor, keys []key.Key, _ *time.Time, _ bool) (map[uuid.UUID]place.Building, error) {
	t.note(ctx, "BuildingsByKey")
	if t.awayErr != nil {
		return nil, t.awayErr
	}
	out := map[uuid.UUID]place.Building{}
	if slices.Contains(keys, t.building.Key) {
		out[t.building.Key.ID] = t.building
	}
	return out, t.err
}

func (t fakePlaces) Contacts(ctx context.Context, _ account.Actor, ids []uuid.UUID) (map[uuid.UUID]place.Here, error) {
	t.note(ctx, "Contacts")
	out := map[uuid.UUID]place.Here{}
	if slices.Contains(ids, t.community.ID) && t.awayErr == nil {
		out[t.community.ID] = place.Here{Own: t.contacts, InForce: place.InForce([]place.Contacts{t.contacts})}
	}
	return out, cmp.Or(t.awayErr, t.err)
}

func (t fakePlaces) BuildingsNear(ctx context.Context, _ account.Actor, q place.NearQuery) (page.Page[place.Building], error) {
	t.note(ctx, "BuildingsNear")
	t.nearAsked = q
	var out page.Page[place.Building]
	each := map[key.Key]int{}
	for _, item := range t.near {
		if item.Node.Name+item.Node.Address == "" && q.OfEach > 0 {
			continue
		}
		if k := item.Node.GridKey; k != nil && q.OfEach > 0 {
			if each[*k]++; each[*k] > q.OfEach {
				continue
			}
		}
		if *item.DistanceM <= q.WithinM && len(out.Items) < q.Args.First {
			out.Items = append(out.Items, item)
		}
	}
	return out, cmp.Or(t.awayErr, t.err)
}

// Search implements Search.
func (t *fakeTown) Search(ctx context.Context, _ account.Actor, q search.Query) ([]search.Match, error) {
	t.note(ctx, "Search")
	if len(q.Text) > 100 {
		return nil, fault.New(fault.Invalid, "text", "search.long", "max", 200)
	}
	return t.matches, t.err
}

func (t *fakeTown) Current(context.Context, account.Actor, []uuid.UUID) error { return t.err }

func (t *fakeTown) Reports(ctx context.Context, _ account.Actor, ids []uuid.UUID) (map[uuid.UUID]coverage.Report, error) {
	t.note(ctx, "Reports")
	out := map[uuid.UUID]coverage.Report{}
	for _, id := range ids {
		out[id] = t.report
	}
	return out, t.err
}

func (t *fakeTown) ProblemsOf(ctx context.Context, _ account.Actor, ids []uuid.UUID, q coverage.Query) (map[uuid.UUID]page.Page[coverage.Problem], error) {
	t.note(ctx, "ProblemsOf")
	var items []page.Item[coverage.Problem]
	for _, p := range t.problems[:min(q.Args.First, len(t.problems))] {
		items = append(items, page.Item[coverage.Problem]{Node: p})
	}
	return map[uuid.UUID]page.Page[coverage.Problem]{ids[0]: {Items: items}}, t.err
}

func (t *fakeTown) Problem(ctx context.Context, _ account.Actor, id uuid.UUID) (coverage.Problem, error) {
	t.note(ctx, "Problem")
	for _, p := range t.problems {
		if p.ID == id {
			return p, t.err
		}
	}
	return coverage.Problem{}, fault.New(fault.NotFound, "id", "web.noBuilding")
}

func (t fakePlaces) Building(ctx context.Context, _ account.Actor, k key.Key) (place.Building, error) {
	t.note(ctx, "Building")
	if k != t.building.Key {
		return place.Building{}, fault.New(fault.NotFound, "id", "web.noBuilding")
	}
	return t.building, t.err
}

// get asks the pages over t. headers are names and values in turn.
func (t *fakeTown) get(method, target string, headers ...string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	log := t.log
	if log == nil {
		log = io.Discard
	}
	Register(mux, Options{Grids: t, Staff: t, Places: fakePlaces{t}, Coverage: t, Search: t, Printed: t, Boards: t.boards, State: func() string { return cmp.Or(t.state, "41.5") }, PublicURL: "https://grid.example/",
		Log: slog.New(slog.NewTextHandler(log, nil)), AsOf: func() (time.Time, bool) { return t.asOf, t.asOf.IsZero() }})
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r.WithContext(answer.NewContext(r.Context(), "the-request")))
	return w
}

func wantContains(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not in\n%s", part, body)
		}
	}
}

// Badge is that of the first grid's worker.
func (t *fakeTown) Badge(ctx context.Context, _ account.Actor, worker key.Key) (staff.Badge, error) {
	t.note(ctx, "Badge")
	if worker != t.worker.Key || len(t.posts) == 0 {
		return staff.Badge{}, fault.New(fault.NotFound, "worker", "worker.noBadge")
	}
	return staff.Badge{Worker: t.worker, Posts: t.posts, Away: t.away}, t.err
}

// Verify implements Printed.
func (t *fakeTown) Verify(ctx context.Context, _ account.Actor, n board.Name, revision int, mark string) (board.Check, error) {
	t.note(ctx, "Verify")
	t.checked = append(t.checked, n)
	if !fault.Is(t.checkErr, fault.NotFound) && !fault.Is(t.checkErr, fault.Invalid) {
		t.aborted = t.checkErr
	}
	return t.check, t.checkErr
}

// VerifyAtlas implements Printed.
func (t *fakeTown) VerifyAtlas(ctx context.Context, _ account.Actor, division uuid.UUID, mark string) (board.Answer, error) {
	t.note(ctx, "VerifyAtlas")
	t.atlases = append(t.atlases, division.String()+" "+mark)
	t.aborted = t.checkErr
	return t.check.Answer, t.checkErr
}
