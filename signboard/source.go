package signboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/portrait"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/signboard/chart"
)

// Grids answers which grids there are; grid.Service is one.
type Grids interface {
	// ByCode answers for former codes too. NOT_FOUND: none.
	ByCode(ctx context.Context, actor account.Actor, code string, asOf *time.Time, with grid.Fields) (grid.Grid, error)
	ByKeys(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error)
	// ListOf returns pages of the grids of divisions and beneath.
	ListOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q grid.Query) (map[uuid.UUID]page.Page[grid.Grid], error)
	// OfCommunity returns all grids of a division and beneath, by code.
	OfCommunity(ctx context.Context, actor account.Actor, communityID uuid.UUID) ([]grid.Grid, error)
	Groups(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]grid.Group, error)
}

// Staff answers who is in office; staff.Service is one.
type Staff interface {
	InOffice(ctx context.Context, actor account.Actor, areas []staff.Area, asOf *time.Time) (map[uuid.UUID][]staff.Assignment, error)
	// Photo: NOT_FOUND where there is none, or the actor may not see it.
	Photo(ctx context.Context, actor account.Actor, worker key.Key, small bool, known func(tag string) bool) (staff.Photo, error)
	Day(asOf *time.Time) civil.Date
}

// Places answers where grids and buildings lie, and whom else to call there; place.Service is one.
type Places interface {
	// ByCode: NOT_FOUND where there is no such division.
	ByCode(ctx context.Context, actor account.Actor, code string, with place.Fields) (place.Division, error)
	DivisionsByID(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error)
	Ancestors(ctx context.Context, actor account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error)
	Contacts(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID]place.Here, error)
	Roots(ctx context.Context, actor account.Actor, with place.Fields) ([]place.Division, error)
	Children(ctx context.Context, actor account.Actor, parents []uuid.UUID, with place.Fields) (map[uuid.UUID][]place.Division, error)
	// BuildingsByKey leaves out what there is not.
	BuildingsByKey(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, footprint bool) (map[uuid.UUID]place.Building, error)
	InOneState(ctx context.Context, actor account.Actor, fn func(ctx context.Context) error) error
	// RequireArranged: NOT_FOUND where others arrange the division.
	RequireArranged(ctx context.Context, actor account.Actor, d place.Division) error
}

// Around answers what lies around a grid; around.Service is one.
type Around interface {
	Limits(ctx context.Context, actor account.Actor, grids []grid.Grid, asOf *time.Time) (map[uuid.UUID]around.Limits, error)
	Of(ctx context.Context, actor account.Actor, of key.Key, box place.Box, asOf *time.Time) (around.Surroundings, error)
	// Wide is Of without buildings.
	Wide(ctx context.Context, actor account.Actor, of key.Key, box place.Box, asOf *time.Time) (around.Surroundings, error)
}

// Boards answers which revision of a board says what holds; board.Service is one.
type Boards interface {
	// Revision: NOT_FOUND where there is no such grid or building.
	Revision(ctx context.Context, actor account.Actor, of board.Of) (board.Standing, error)
}

// Source reads what boards say. All but Approval, Credit and Log are required.
type Source struct {
	Grids     Grids
	Staff     Staff
	Places    Places
	Around    Around
	Boards    Boards
	PublicURL string       // that codes begin with, without / at the end
	Approval  string       // of the map: 审图号
	Credit    string       // whose the map's data is
	Log       *slog.Logger // nil: slog.Default()

	unread sync.Map // keys of workers whose photo could not be read, which is logged
	whole  sync.Map // the photo of a worker that was found to be a picture, by its tag
}

var _ = fault.Register(
	[3]string{"board.noGrid", "The building belongs to no grid, so there is no board of it.", "该楼栋不属于任何网格，没有公示牌。"},
	[3]string{"board.noBuilding", "There is no such building.", "没有这栋楼。"},
	[3]string{"board.largeAtlas", "An atlas holds at most {max} grids, and here are {n}: ask for the communities within.", "图册最多收录 {max} 个网格，这里有 {n} 个：请按社区制作。"},
	[3]string{"board.noGrids", "There are no grids in {code}.", "{code} 没有网格。"},
)

// Grid is what the board of a grid says in a language. Former codes answer. NOT_FOUND: no such grid.
func (s *Source) Grid(ctx context.Context, actor account.Actor, code string, lang fault.Language) (Facts, error) {
	f, err := s.readGrid(ctx, actor, code, lang)
	if err == nil {
		err = s.photos(ctx, actor, &f)
	}
	return f, err
}

// readGrid is Grid without photos.
func (s *Source) readGrid(ctx context.Context, actor account.Actor, code string, lang fault.Language) (f Facts, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		g, err := s.Grids.ByCode(ctx, actor, code, nil, grid.Fields{})
		if err == nil {
			f, _, err = s.of(ctx, actor, g, lang)
		}
		return err
	})
	return f, err
}

// Building is what the board of a building says: that of its grid, and where the building stands. NOT_FOUND: no such building, or it is in no grid.
func (s *Source) Building(ctx context.Context, actor account.Actor, k key.Key, lang fault.Language) (Facts, error) {
	f, err := s.readBuilding(ctx, actor, k, lang)
	if err == nil {
		err = s.photos(ctx, actor, &f)
	}
	return f, err
}

// readBuilding is Building without photos.
func (s *Source) readBuilding(ctx context.Context, actor account.Actor, k key.Key, lang fault.Language) (f Facts, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		found, err := s.Places.BuildingsByKey(ctx, actor, []key.Key{k}, nil, true)
		if err != nil {
			return err
		}
		b, ok := found[k.ID]
		switch {
		case !ok:
			return fault.New(fault.NotFound, "id", "board.noBuilding")
		case b.GridKey == nil:
			return fault.New(fault.NotFound, "id", "board.noGrid")
		}
		grids, err := s.Grids.ByKeys(ctx, actor, []key.Key{*b.GridKey}, nil, grid.Fields{})
		if err != nil {
			return err
		}
		g, ok := grids[b.GridKey.ID]
		if !ok {
			return fault.New(fault.NotFound, "id", "board.noGrid")
		}
		if f, _, err = s.of(ctx, actor, g, lang); err != nil {
			return err
		}
		f.Building = &Building{Name: b.Name, Address: b.Address}
		f.URL = s.PublicURL + "/b/" + k.String()
		if err := s.revision(ctx, actor, board.Of{Kind: board.OfBuilding, Key: k}, &f); err != nil {
			return err
		}
		if b.Location != nil {
			f.Scene.Here = &orb.Point{b.Location.X(), b.Location.Y()}
		}
		return nil
	})
	return f, err
}

// reach is how much further than the grid its scene goes, and proportion the widest map that it fills, width by height; the highest is a square.
const (
	reach      = 0.25
	proportion = 3.0
)

// of is what the board of g says, and what lies around g. ctx is that of a use case.
func (s *Source) of(ctx context.Context, actor account.Actor, g grid.Grid, lang fault.Language) (Facts, around.Surroundings, error) {
	f := Facts{Lang: lang, Approval: s.Approval, Credit: s.Credit, URL: s.PublicURL + "/g/" + url.PathEscape(g.Code),
		Grid: Grid{Code: g.Code, Name: g.Name, Kind: string(g.Kind)}}
	if err := s.divisions(ctx, actor, g.CommunityID, &f); err != nil {
		return f, around.Surroundings{}, err
	}
	if err := s.revision(ctx, actor, board.Of{Kind: board.OfGrid, Key: g.Key}, &f); err != nil {
		return f, around.Surroundings{}, err
	}
	if g.GroupID != nil {
		groups, err := s.Grids.Groups(ctx, actor, []key.Key{{Home: g.Key.Home, ID: *g.GroupID}})
		if err != nil {
			return f, around.Surroundings{}, err
		}
		f.Grid.Group = groups[*g.GroupID].Name
	}
	if err := s.people(ctx, actor, g, &f); err != nil {
		return f, around.Surroundings{}, err
	}
	limits, err := s.Around.Limits(ctx, actor, []grid.Grid{g}, nil)
	if err != nil {
		return f, around.Surroundings{}, err
	}
	f.Limits, f.Apart = limits[g.Key.ID].Sides, limits[g.Key.ID].Others
	seen, err := s.seen(ctx, actor, g)
	f.Scene, f.Grid.Number = sceneOf(seen, s.PublicURL, false), seen.Grid.Number
	return f, seen, err
}

// seen is what the map of g shows.
func (s *Source) seen(ctx context.Context, actor account.Actor, g grid.Grid) (around.Surroundings, error) {
	return s.Around.Of(ctx, actor, g.Key, around.Box(g.BBox, reach, proportion).Around(around.Box(g.BBox, reach, 1)), nil)
}

// Map is what the map of a grid says, and no more: its name and scene. Former codes answer. NOT_FOUND: no such grid.
func (s *Source) Map(ctx context.Context, actor account.Actor, code string, lang fault.Language) (f Facts, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		g, err := s.Grids.ByCode(ctx, actor, code, nil, grid.Fields{})
		if err != nil {
			return err
		}
		f = Facts{Lang: lang, Grid: Grid{Code: g.Code, Name: g.Name}}
		seen, err := s.seen(ctx, actor, g)
		f.Scene = sceneOf(seen, s.PublicURL, false)
		return err
	})
	return f, err
}

// revision says which revision of its board f is, and since when: the day on which that was printed, else today. The address of the code ends with it,
// so that a scan tells a board of today from one of yesterday.
func (s *Source) revision(ctx context.Context, actor account.Actor, of board.Of, f *Facts) error {
	st, err := s.Boards.Revision(ctx, actor, of)
	if err != nil {
		return err
	}
	f.standing, f.Revision, f.Date = st, st.Revision, s.Staff.Day(nil).String()
	if st.Printed != nil && st.Printed.Revision == st.Revision {
		f.Date = st.Printed.On.String()
	}
	f.URL += fmt.Sprintf("?r=%d&m=%s", st.Revision, st.Hashes.Mark())
	return nil
}

// divisions names the community and what is around it, and says whom else to call there.
func (s *Source) divisions(ctx context.Context, actor account.Actor, community uuid.UUID, f *Facts) error {
	ids := []uuid.UUID{community}
	own, err := s.Places.DivisionsByID(ctx, actor, ids, place.Fields{})
	if err != nil {
		return err
	}
	lines, err := s.Places.Ancestors(ctx, actor, ids, place.Fields{})
	if err != nil {
		return err
	}
	for _, d := range append(slices.Clone(lines[community]), own[community]) {
		switch d.Level {
		case place.District:
			f.District = d.Name
		case place.Town:
			f.Town = d.Name
		case place.Community:
			f.Community = d.Name
		}
	}
	all, err := s.Places.Contacts(ctx, actor, ids)
	if err != nil {
		return err
	}
	f.community, f.Contacts = own[community].Code, all[community].InForce
	return nil
}

// people are the workers in office, whether in today or away, and the leaders.
func (s *Source) people(ctx context.Context, actor account.Actor, g grid.Grid, f *Facts) error {
	var areas []staff.Area
	for _, held := range board.Leading(g) {
		areas = append(areas, held.Area)
	}
	office, err := s.Staff.InOffice(ctx, actor, areas, nil)
	if err != nil {
		return err
	}
	workers, leaders, instead := board.Shown(g, office)
	for _, a := range workers {
		w := Worker{Person: Person{Name: a.Worker.Name, Post: string(a.Post), Phone: a.Worker.WorkPhone}, Cover: string(a.Cover), Duties: a.Worker.Duties,
			URL: s.PublicURL + "/w/" + a.Worker.Key.String()}
		if a.Worker.HasPhoto {
			w.photoOf = a.Worker.Key
		}
		f.Workers = append(f.Workers, w)
	}
	for _, a := range board.Assistants(office[g.Key.ID]) {
		f.Assistants = append(f.Assistants, Person{Name: a.Worker.Name, Post: string(a.Post), Phone: a.Worker.WorkPhone})
	}
	for i, a := range leaders {
		p := Person{Name: a.Worker.Name, Post: string(a.Post), Phone: a.Worker.WorkPhone}
		if i == instead && a.Worker.HasPhoto {
			p.photoOf = a.Worker.Key
		}
		f.Leaders = append(f.Leaders, p)
	}
	return nil
}

// photosTake is how long the photos of boards that are read together may take, and photosAtOnce how many are read at a time.
const (
	photosTake   = 3 * time.Second
	photosAtOnce = 8
)

// photos reads the photos on boards, each once, outside of any transaction: they lie in files, or far away. One that cannot be read now leaves its place to the
// initial; that is logged once for a worker, until it can be read again.
func (s *Source) photos(ctx context.Context, actor account.Actor, boards ...*Facts) error {
	type album struct {
		image   []byte
		passing bool
	}
	found := map[key.Key]*album{}
	each := func(do func(f *Facts, p *Person)) {
		for _, f := range boards {
			for i := range f.Workers {
				do(f, &f.Workers[i].Person)
			}
			for i := range f.Leaders {
				do(f, &f.Leaders[i])
			}
		}
	}
	each(func(_ *Facts, p *Person) {
		if p.photoOf != (key.Key{}) {
			found[p.photoOf] = &album{}
		}
	})
	limited, cancel := context.WithTimeoutCause(ctx, photosTake, errLate)
	defer cancel()
	group, reading := errgroup.WithContext(limited)
	group.SetLimit(photosAtOnce)
	for worker, a := range found {
		group.Go(func() (err error) {
			defer caught(&err)
			a.image, a.passing, err = s.photo(reading, actor, worker)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	each(func(f *Facts, p *Person) {
		if a := found[p.photoOf]; a != nil {
			p.Photo, f.passing = a.image, f.passing || a.passing
		}
	})
	return ctx.Err()
}

// photo reads the photo of a worker; nil where there is none, and where it cannot be read now or in time, which passes.
func (s *Source) photo(ctx context.Context, actor account.Actor, worker key.Key) (image []byte, passing bool, err error) {
	read, err := s.Staff.Photo(ctx, actor, worker, false, nil)
	switch {
	case err == nil && s.isPicture(worker, read):
		s.unread.Delete(worker)
		return read.Image, false, nil
	case err == nil:
		s.without(worker, errNoPicture)
		return nil, false, nil
	case fault.Is(err, fault.NotFound):
		return nil, false, nil
	case ctx.Err() != nil && context.Cause(ctx) != errLate: // who asked left, or another photo ended it all
		return nil, false, ctx.Err()
	case fault.Is(err, fault.Unavailable), ctx.Err() != nil:
		s.without(worker, err)
		return nil, true, nil
	}
	return nil, false, err
}

var (
	errNoPicture = errors.New("it is no picture, or damaged")
	errLate      = errors.New("the photos took too long")
)

// without says once that the boards of a worker do without the photo.
func (s *Source) without(worker key.Key, err error) {
	if _, known := s.unread.LoadOrStore(worker, true); !known {
		cmp.Or(s.Log, slog.Default()).Warn("a photo cannot be read; boards do without", "worker", worker.String(), "error", err)
	}
}

// isPicture reports whether a worker's photo can be drawn to its last pixel. It is looked at once, unless it lies in the database from before.
func (s *Source) isPicture(worker key.Key, photo staff.Photo) bool {
	if tag, ok := s.whole.Load(worker); ok && tag == photo.Tag && photo.Tag != "" {
		return true
	}
	if !portrait.Whole(photo.Image) {
		return false
	}
	s.whole.Store(worker, photo.Tag)
	return true
}

// local reports whether codes lead to this machine alone, so that on paper they lead nowhere.
func (s *Source) local() bool {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" {
		return true
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// sceneOf is what a map shows of surroundings, but for what runs beneath the ground. whole takes all grids of the community for what it is about.
func sceneOf(seen around.Surroundings, public string, whole bool) chart.Scene {
	var out chart.Scene
	shown := func(g around.Shown) chart.Grid {
		label := orb.Point(g.Label)
		return chart.Grid{Area: g.Area, Name: g.Name, Number: g.Number, Label: &label, URL: public + "/g/" + url.PathEscape(g.Code)}
	}
	own := map[key.Key]bool{seen.Grid.Key: true}
	out.Grids = append(out.Grids, shown(seen.Grid))
	for _, n := range seen.Neighbours {
		if whole && n.Community {
			out.Grids = append(out.Grids, shown(n))
			own[n.Key] = true
		} else {
			out.Neighbours = append(out.Neighbours, shown(n))
		}
	}
	for _, st := range seen.Streets {
		if around.Beneath(st.Name) {
			continue
		}
		for _, line := range st.Lines {
			out.Streets = append(out.Streets, chart.Street{Name: st.Name, Class: st.Class, Line: line})
		}
	}
	for _, l := range seen.Land {
		out.Land = append(out.Land, chart.Land{Ground: groundOf(l.Class), Name: l.Name, Area: l.Area})
	}
	for _, b := range seen.Buildings {
		house := chart.Building{Name: b.Name}
		if own[b.GridKey] && b.Number != "" {
			house.Number, house.Name = b.Number, cmp.Or(b.Name, b.Address)
			house.Of = strings.TrimSpace(house.Name[:max(0, strings.LastIndex(house.Name, b.Number))])
		}
		switch s := b.Shape.(type) {
		case orb.MultiPolygon:
			house.Area = s
		case orb.Polygon:
			house.Area = orb.MultiPolygon{s}
		case orb.Point:
			house.Point = s
		default:
			continue
		}
		out.Buildings = append(out.Buildings, house)
	}
	return out
}

// groundOf is what a class of land is drawn as.
func groundOf(class string) chart.Ground {
	switch around.GroundOf(class) {
	case around.Water:
		return chart.Water
	case around.Green:
		return chart.Green
	case around.Paved:
		return chart.Paved
	}
	return chart.Plain
}

// readCommunity is what the atlas of a community says in a language, without photos. Former codes answer. NOT_FOUND: no such division, or it has no grids. LIMITED: it has
// too many.
func (s *Source) readCommunity(ctx context.Context, actor account.Actor, code string, lang fault.Language) (a AtlasFacts, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		a = AtlasFacts{} // it may run twice
		d, err := s.Places.ByCode(ctx, actor, code, place.Fields{})
		if err != nil {
			return err
		}
		lists, err := s.Grids.ListOf(ctx, actor, []uuid.UUID{d.ID}, grid.Query{Order: grid.ByCode, Args: page.Args{First: board.MostInAtlas}, Count: true})
		if err != nil {
			return err
		}
		switch n := lists[d.ID].Total; {
		case n == 0:
			return fault.New(fault.NotFound, "code", "board.noGrids", "code", fault.Shorten(code, 40))
		case n > board.MostInAtlas:
			return fault.New(fault.Limited, "code", "board.largeAtlas", "n", n, "max", board.MostInAtlas)
		}
		var grids []grid.Grid
		codes := map[uuid.UUID][]string{}
		for _, item := range lists[d.ID].Items {
			g := item.Node
			grids = append(grids, g)
			codes[g.CommunityID] = append(codes[g.CommunityID], g.Code)
		}
		numbers := map[string]string{}
		for _, of := range codes {
			maps.Copy(numbers, grid.Numbers(of))
		}
		box := grids[0].BBox
		var boards []board.Hashes
		for i, g := range grids {
			f, seen, err := s.of(ctx, actor, g, lang)
			if err != nil {
				return err
			}
			f.Grid.Number, f.Scene.Grids[0].Number = numbers[g.Code], numbers[g.Code] // among all in the atlas, not only those nearby
			a.Grids = append(a.Grids, f)
			box = box.Around(g.BBox)
			a.Cut = a.Cut || seen.Cut.Streets || seen.Cut.Buildings
			for _, name := range seen.Named() {
				a.Streets = append(a.Streets, Entry{name, []int{i}})
			}
			for _, b := range seen.Buildings {
				if b.GridKey == g.Key {
					a.Buildings = append(a.Buildings, Entry{cmp.Or(b.Name, b.Address), []int{i}})
				}
			}
			boards = append(boards, f.standing.Hashes)
		}
		a.Mark = board.AtlasMark(boards)
		seen, err := s.Around.Of(ctx, actor, grids[0].Key, around.Box(box, 0.2, coverProportion), nil)
		if err != nil {
			return err
		}
		first := a.Grids[0]
		a.Lang, a.Code, a.District, a.Town, a.Community, a.Date = lang, d.Code, first.District, first.Town, d.Name, s.Staff.Day(nil).String()
		a.URL, a.Approval, a.Credit = s.PublicURL+"/c/"+url.PathEscape(d.Code)+"?m="+a.Mark, s.Approval, s.Credit
		a.Scene = sceneOf(seen, s.PublicURL, true)
		return nil
	})
	return a, err
}

// Codes are the codes of all grids of a division and beneath it. Former codes of divisions answer. NOT_FOUND: no such division.
func (s *Source) Codes(ctx context.Context, actor account.Actor, division string) (codes []string, err error) {
	err = s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		codes = nil // it may run twice
		d, err := s.Places.ByCode(ctx, actor, division, place.Fields{})
		if err != nil {
			return err
		}
		grids, err := s.Grids.OfCommunity(ctx, actor, d.ID)
		for _, g := range grids {
			codes = append(codes, g.Code)
		}
		return err
	})
	return codes, err
}
