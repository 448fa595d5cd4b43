package live

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// The stores of this file answer from the state what it knows, and ask the store beneath for the rest: for other times, other
// orders, for what is not in memory, and within a use case that wrote.

type pinKey struct{}

// pin is the context of a use case, with the state that it began with: all that it reads from memory is of it. Like a transaction it
// is for one goroutine at a time.
type pin struct {
	context.Context
	state *State // nil: the store answers all
	fits  bool   // the state is to be the one that the store is of when it is first asked
	moved bool   // the store is of another state than what memory may have answered already
}

// errMoved ends a use case that has to begin again. Nobody but do sees it.
var errMoved = errors.New("the store is of another state than memory")

// Value implements context.Context.
func (p *pin) Value(key any) any {
	if key == (pinKey{}) {
		return p
	}
	return p.Context.Value(key)
}

type doer interface {
	Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error
}

// do begins a use case, unless ctx is in one. It reads one state, in memory and in the store: where the store turns out to be of
// another when it is first asked, before anything can have been written, what was read until then is thrown away and fn runs once
// more, that time asking the store first. So fn must be able to run twice.
func (l *Live) do(ctx context.Context, actor account.Actor, store doer, fn func(ctx context.Context) error) error {
	s := l.serving()
	if s == nil || l.Source.Inside(ctx) {
		return store.Do(ctx, actor, fn)
	}
	p := &pin{Context: ctx, state: s}
	if err := store.Do(p, actor, fn); !p.moved {
		return err
	}
	return store.Do(&pin{Context: ctx, fits: true}, actor, func(ctx context.Context) error {
		if err := l.Source.Begin(ctx); err != nil {
			return err
		}
		return fn(ctx)
	})
}

// of is the state that answers in ctx; nil: none does.
func (l *Live) of(ctx context.Context) *State {
	if !l.Source.Inside(ctx) {
		return l.serving()
	}
	if p, ok := ctx.Value(pinKey{}).(*pin); ok && !p.moved {
		return p.state
	}
	return nil
}

// Sees implements db.Memory: newest is that of all that the use case will read from the store.
func (l *Live) Sees(ctx context.Context, newest Mark) error {
	p, ok := ctx.(*pin)
	switch {
	case !ok:
	case p.fits:
		p.state = l.fitting(ctx, newest)
	case !p.state.Mark.Is(newest):
		p.moved = true
		return errMoved
	}
	return nil
}

// fitting is the state of a change, for which it waits shortly; nil: it is not, or no more, in memory.
func (l *Live) fitting(ctx context.Context, mark Mark) (fit *State) {
	ctx, cancel := context.WithTimeout(ctx, fitPatience)
	defer cancel()
	_ = l.wait(ctx, func(s *State) bool { // where it ended without one, the store answers
		if s != nil && s.Mark.Is(mark) {
			fit = s
		}
		return fit != nil || s == nil || s.N > mark.N || !l.linked.Load()
	})
	return fit
}

// Wrote implements db.Memory: what the use case wrote only the store knows.
func (l *Live) Wrote(ctx context.Context) {
	if p, ok := ctx.(*pin); ok {
		p.state = nil
	}
}

// Grids is a grid.Store over memory.
type Grids struct {
	grid.Store
	Live *Live
}

// Do implements grid.Store.
func (s Grids) Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return s.Live.do(ctx, actor, s.Store, fn)
}

// at is the state with the grids in force at an instant; nil: they are not in memory, or nobody known asks.
func (s Grids) at(ctx context.Context, actor account.Actor, at time.Time) *State {
	if state := s.Live.of(ctx); state != nil && state.Holds(at) && actor.RequireKnown() == nil {
		return state
	}
	return nil
}

// ground is the grids of at.
func (s Grids) ground(ctx context.Context, actor account.Actor, at time.Time) *grid.Ground {
	if state := s.at(ctx, actor, at); state != nil {
		return state.Ground
	}
	return nil
}

// GridByCode implements grid.Store.
func (s Grids) GridByCode(ctx context.Context, actor account.Actor, code string, at time.Time, with grid.Fields) (grid.Grid, bool, error) {
	ground := s.ground(ctx, actor, at)
	if ground == nil {
		return s.Store.GridByCode(ctx, actor, code, at, with)
	}
	if g := ground.ByCode(code); g != nil {
		return g.Only(with), true, nil
	}
	return grid.Grid{}, false, nil
}

// GridsByKey implements grid.Store.
func (s Grids) GridsByKey(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	ground := s.ground(ctx, actor, at)
	if ground == nil {
		return s.Store.GridsByKey(ctx, actor, keys, at, with)
	}
	return byID(keys, func(k key.Key) (grid.Grid, bool) {
		if g := ground.ByKey(k); g != nil {
			return g.Only(with), true
		}
		return grid.Grid{}, false
	}), nil
}

// GridsOfGroups implements grid.Store.
func (s Grids) GridsOfGroups(ctx context.Context, actor account.Actor, groups []key.Key, at time.Time, with grid.Fields) (map[uuid.UUID][]grid.Grid, error) {
	ground := s.ground(ctx, actor, at)
	if ground == nil {
		return s.Store.GridsOfGroups(ctx, actor, groups, at, with)
	}
	return byID(groups, func(k key.Key) ([]grid.Grid, bool) {
		list := ground.OfGroup(k)
		grids := make([]grid.Grid, len(list))
		for i, g := range list {
			grids[i] = g.Only(with)
		}
		return grids, len(list) > 0
	}), nil
}

// Groups implements grid.Store.
func (s Grids) Groups(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]grid.Group, error) {
	state := s.Live.of(ctx)
	if state == nil || actor.RequireKnown() != nil {
		return s.Store.Groups(ctx, actor, keys)
	}
	return byID(keys, state.Ground.Group), nil
}

// Neighbours implements grid.Store.
func (s Grids) Neighbours(ctx context.Context, actor account.Actor, grids []key.Key, at time.Time, with grid.Fields) (map[uuid.UUID][]grid.Neighbour, error) {
	ground := s.ground(ctx, actor, at)
	if ground == nil {
		return s.Store.Neighbours(ctx, actor, grids, at, with)
	}
	return byID(grids, func(k key.Key) ([]grid.Neighbour, bool) {
		list := ground.Neighbours(k)
		for i := range list {
			list[i].Grid = list[i].Grid.Only(with)
		}
		return list, len(list) > 0
	}), nil
}

// byID is what find finds for keys, by their ids.
func byID[V any](keys []key.Key, find func(key.Key) (V, bool)) map[uuid.UUID]V {
	out := make(map[uuid.UUID]V, len(keys))
	for _, k := range keys {
		if v, ok := find(k); ok {
			out[k.ID] = v
		}
	}
	return out
}

// Extent implements grid.Store.
func (s Grids) Extent(ctx context.Context, actor account.Actor) (place.Box, bool, error) {
	state := s.Live.of(ctx)
	if state == nil || actor.RequireKnown() != nil {
		return s.Store.Extent(ctx, actor)
	}
	if state.Extent == nil {
		return place.Box{}, false, nil
	}
	return *state.Extent, true, nil
}

// listed reports whether a list is one that memory holds: of all grids, or those beneath divisions, by code.
func listed(q grid.Query) bool {
	f := q.Filter
	return q.Order == grid.ByCode && f.Codes == nil && f.Keys == nil && f.Kinds == nil && f.Text == "" && f.Box == nil &&
		f.Intersects == nil && f.Within == nil && f.Near == nil && f.WithinM == nil
}

// ListGrids implements grid.Store.
func (s Grids) ListGrids(ctx context.Context, actor account.Actor, q grid.Query) (page.Page[grid.Grid], error) {
	state := s.at(ctx, actor, q.At)
	if state == nil || !listed(q) {
		return s.Store.ListGrids(ctx, actor, q)
	}
	var divisions []uuid.UUID // nil for all
	if q.Filter.Divisions != nil {
		allowed, err := beneath(state.Tree, q.Filter.Divisions)
		if err != nil {
			return page.Page[grid.Grid]{}, err
		}
		divisions = make([]uuid.UUID, 0, len(allowed))
		for id := range allowed {
			divisions = append(divisions, id)
		}
	}
	p, _ := pageOf(state.Ground, divisions, q)
	return p, nil
}

// ListGridsOf implements grid.Store.
func (s Grids) ListGridsOf(ctx context.Context, actor account.Actor, roots []uuid.UUID, q grid.Query) (map[uuid.UUID]page.Page[grid.Grid], error) {
	state := s.at(ctx, actor, q.At)
	if state == nil || !listed(q) {
		return s.Store.ListGridsOf(ctx, actor, roots, q)
	}
	tree := state.Tree
	var allowed map[uuid.UUID]bool
	if q.Filter.Divisions != nil {
		var err error
		if allowed, err = beneath(tree, q.Filter.Divisions); err != nil {
			return nil, err
		}
	}
	out := make(map[uuid.UUID]page.Page[grid.Grid], len(roots))
	for _, root := range roots {
		if _, done := out[root]; done {
			continue
		}
		divisions := append([]uuid.UUID{}, tree.Subtree(root)...)
		if allowed != nil {
			divisions = slices.DeleteFunc(divisions, func(id uuid.UUID) bool { return !allowed[id] })
		}
		if p, any := pageOf(state.Ground, divisions, q); any {
			out[root] = p
		}
	}
	return out, nil
}

// beneath is the divisions that have or had one of codes, and all beneath them. NOT_FOUND: there is none of a code.
func beneath(tree *place.Tree, codes []string) (map[uuid.UUID]bool, error) {
	out := map[uuid.UUID]bool{}
	for _, code := range codes {
		d := tree.ByCode(code)
		if d == nil {
			return nil, fault.New(fault.NotFound, "filter.divisions", "division.notFound", "code", code)
		}
		for _, id := range tree.Subtree(d.ID) {
			out[id] = true
		}
	}
	return out, nil
}

// pageOf is a page of the grids of divisions, nil for all; false: there is nothing to say of them.
func pageOf(ground *grid.Ground, divisions []uuid.UUID, q grid.Query) (p page.Page[grid.Grid], any bool) {
	var code string
	var id uuid.UUID
	if c := q.Args.After; c != nil {
		code = c.Text
		id, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its code
	}
	found := ground.Beneath(divisions, code, id, q.Args.First+1)
	if len(found) > 0 {
		p.HasPrevious = q.Args.After != nil
	}
	if p.HasNext = len(found) > q.Args.First; p.HasNext {
		found = found[:q.Args.First]
	}
	any = len(found) > 0 || p.HasNext
	for _, g := range found {
		p.Items = append(p.Items, page.Item[grid.Grid]{Node: g.Only(q.With),
			Cursor: page.Cursor{Order: string(q.Order), Text: g.Code, ID: g.Key.ID.String()}})
	}
	if q.Count {
		p.Total = ground.CountBeneath(divisions)
		any = any || p.Total > 0
	}
	return p, any
}

// Staff is a staff.Store over memory.
type Staff struct {
	staff.Store
	Live *Live
}

// Do implements staff.Store.
func (s Staff) Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return s.Live.do(ctx, actor, s.Store, fn)
}

// InOffice implements staff.Store.
func (s Staff) InOffice(ctx context.Context, actor account.Actor, areas []staff.Area, day civil.Date) (map[uuid.UUID][]staff.Assignment, error) {
	state := s.Live.of(ctx)
	if state == nil || day.Before(state.Roster.From()) || actor.RequireKnown() != nil {
		return s.Store.InOffice(ctx, actor, areas, day)
	}
	out := make(map[uuid.UUID][]staff.Assignment, len(areas))
	for _, a := range areas {
		if list, _ := state.Roster.InOffice(a, day); len(list) > 0 {
			out[a.ID] = list
		}
	}
	return out, nil
}

// Places is a place.Store over memory.
type Places struct {
	place.Store
	Live *Live
}

// Do implements place.Store.
func (s Places) Do(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error {
	return s.Live.do(ctx, actor, s.Store, fn)
}

// tree is all divisions; nil: they are not in memory, or nobody known asks.
func (s Places) tree(ctx context.Context, actor account.Actor) *place.Tree {
	if state := s.Live.of(ctx); state != nil && actor.RequireKnown() == nil {
		return state.Tree
	}
	return nil
}

// only is divisions with the heavy fields that are asked for; nil for none.
func only(list []*place.Division, with place.Fields) []place.Division {
	var out []place.Division
	for _, d := range list {
		out = append(out, d.Only(with))
	}
	return out
}

// RootDivisions implements place.Store.
func (s Places) RootDivisions(ctx context.Context, actor account.Actor, with place.Fields) ([]place.Division, error) {
	tree := s.tree(ctx, actor)
	if tree == nil {
		return s.Store.RootDivisions(ctx, actor, with)
	}
	return only(tree.Roots(), with), nil
}

// DivisionByCode implements place.Store.
func (s Places) DivisionByCode(ctx context.Context, actor account.Actor, code string, with place.Fields) (place.Division, bool, error) {
	tree := s.tree(ctx, actor)
	if tree == nil {
		return s.Store.DivisionByCode(ctx, actor, code, with)
	}
	if d := tree.ByCode(code); d != nil {
		return d.Only(with), true, nil
	}
	return place.Division{}, false, nil
}

// DivisionsByID implements place.Store.
func (s Places) DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error) {
	tree := s.tree(ctx, actor)
	if tree == nil {
		return s.Store.DivisionsByID(ctx, actor, ids, with)
	}
	out := make(map[uuid.UUID]place.Division, len(ids))
	for _, id := range ids {
		if d := tree.ByID(id); d != nil {
			out[id] = d.Only(with)
		}
	}
	return out, nil
}

// Children implements place.Store.
func (s Places) Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error) {
	tree := s.tree(ctx, actor)
	if tree == nil {
		return s.Store.Children(ctx, actor, parents, with)
	}
	return lists(parents, tree.Children, with), nil
}

// Ancestors implements place.Store.
func (s Places) Ancestors(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error) {
	tree := s.tree(ctx, actor)
	if tree == nil {
		return s.Store.Ancestors(ctx, actor, ids, with)
	}
	return lists(ids, tree.Ancestors, with), nil
}

// lists is a list of divisions by each of ids, without those that have none.
func lists(ids []uuid.UUID, of func(uuid.UUID) []*place.Division, with place.Fields) map[uuid.UUID][]place.Division {
	out := make(map[uuid.UUID][]place.Division, len(ids))
	for _, id := range ids {
		if list := of(id); len(list) > 0 {
			out[id] = only(list, with)
		}
	}
	return out
}

// DivisionsWithGrids implements place.Store.
func (s Places) DivisionsWithGrids(ctx context.Context, actor account.Actor) ([]place.Division, error) {
	tree := s.tree(ctx, actor)
	if tree == nil {
		return s.Store.DivisionsWithGrids(ctx, actor)
	}
	return only(tree.Communities(), place.Fields{}), nil
}

// GridInForce implements place.Store.
func (s Places) GridInForce(ctx context.Context, actor account.Actor, code string) (key.Key, bool, error) {
	state := s.Live.of(ctx)
	if state == nil || !state.Holds(s.Live.Clock()) || actor.RequireKnown() != nil {
		return s.Store.GridInForce(ctx, actor, code)
	}
	g := state.Ground.ByCode(code)
	if g == nil {
		return key.Key{}, false, nil
	}
	return g.Key, true, nil
}

// Scenes gives scenes: from memory what it knows, the rest from the store.
type Scenes struct {
	Store scene.Store
	Live  *Live
}

// Scene returns the scene of an instant that is whole in a box, degrees of CGCS2000. What memory knows all of costs nothing; of other instants
// the grids are read, and for other days who is in office, of the same state of the data. UNAUTHENTICATED: the zero actor.
func (s Scenes) Scene(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (scene.Scene, error) {
	if known, _ := s.known(ctx, at); known.Whole() && actor.RequireKnown() == nil {
		return known, nil
	}
	return s.read(ctx, actor, box, at)
}

// Codes returns the codes of grids, which are those of now; of such as there are not, none. Grids that are no longer in force are read. UNAUTHENTICATED:
// the zero actor.
func (s Scenes) Codes(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key]string, error) {
	if err := actor.RequireKnown(); err != nil {
		return nil, err
	}
	state := s.Live.of(ctx)
	if state == nil {
		return s.Store.Codes(ctx, actor, grids)
	}
	codes := make(map[key.Key]string, len(grids))
	var others []key.Key
	for _, k := range grids {
		if g := state.Ground.ByKey(k); g != nil {
			codes[k] = g.Code
		} else {
			others = append(others, k)
		}
	}
	if len(others) == 0 {
		return codes, nil
	}
	read, err := s.Store.Codes(ctx, actor, others)
	maps.Copy(codes, read)
	return codes, err
}

func (s Scenes) read(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (out scene.Scene, err error) {
	if s.Live.Behind() {
		s.Live.strayed.Store(true)
	}
	err = s.Live.do(ctx, actor, s.Store, func(ctx context.Context) error {
		known, state := s.known(ctx, at)
		var divisions *grid.Ground
		if state != nil {
			divisions = state.Ground
		}
		out, err = scene.Complete(ctx, s.Store, actor, box, known, divisions)
		return err
	})
	return out, err
}

// known is what memory knows of a scene, and the state that it is of; nil: none answers.
func (s Scenes) known(ctx context.Context, at time.Time) (scene.Scene, *State) {
	out := scene.Scene{At: at, Day: civil.Of(at, s.Live.Zone)}
	state := s.Live.of(ctx)
	if state == nil {
		return out, nil
	}
	if state.Holds(at) {
		out.Ground = state.Ground
	}
	if !out.Day.Before(state.Roster.From()) {
		out.Roster = state.Roster
	}
	return out, state
}
