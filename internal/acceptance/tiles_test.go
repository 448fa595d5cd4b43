package acceptance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"github.com/twpayne/go-geom"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/geo/shape"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/live"
	"wangge/load"
	"wangge/load/demo"
	"wangge/tile"
	"wangge/tile/style"
)

// clocked is a database whose clock runs ahead.
type clocked struct {
	live.Source
	ahead *atomic.Int64
}

func (c clocked) Connect(ctx context.Context) (live.Link, error) {
	link, err := c.Source.Connect(ctx)
	return clockedLink{link, c.ahead}, err
}

type clockedLink struct {
	live.Link
	ahead *atomic.Int64
}

func (c clockedLink) Look(ctx context.Context) (live.Sight, error) {
	sight, err := c.Link.Look(ctx)
	sight.Now = sight.Now.Add(time.Duration(c.ahead.Load()))
	return sight, err
}

// mapServer is a server of a database as the program makes it: memory, services, tiles that are kept.
type mapServer struct {
	*live.Live
	load.Services
	store    *db.DB
	coverage *coverage.Service
	tiles    *tile.Server
	unkept   *tile.Server // of the same memory
	letGo    atomic.Int64 // when tiles were let go of last, Unix nanoseconds
	heard    atomic.Int64 // the last sign of mapTown.heard that came here
}

const signboards = "https://town.example"

var mapZone = time.FixedZone("CST", 8*3600)

// openMap runs a server. Its own clock is skew ahead of the database's, which is ahead of the real one.
func openMap(t testing.TB, pool *pgxpool.Pool, skew time.Duration, ahead *atomic.Int64) *mapServer {
	t.Helper()
	store := db.New(pool)
	quiet := slog.New(slog.DiscardHandler)
	now := func() time.Time { return time.Now().Add(skew + time.Duration(ahead.Load())) }
	h := live.New(live.Options{Source: clocked{db.NewLive(store), ahead}, Zone: mapZone, Log: quiet, Now: now})
	store.Memory = h
	s := &mapServer{Live: h, store: store, coverage: &coverage.Service{Store: db.NewCoverage(store), Now: h.Clock, Zone: mapZone}, Services: load.Services{
		Places: &place.Service{Store: live.Places{Store: db.NewPlaces(store), Live: h}, Now: h.Clock, Tree: h.Tree},
		Grids:  &grid.Service{Store: live.Grids{Store: db.NewGrids(store), Live: h}, Now: h.Clock, NearestLimitM: 300, Ground: h.Ground},
		Staff:  &staff.Service{Store: live.Staff{Store: db.NewStaff(store), Live: h}, Now: h.Clock, Zone: mapZone, IDs: key.Random{}, Pictures: album.Folder(t.TempDir()), Roster: h.Roster},
	}}
	o := tile.Options{Source: db.NewTiles(store), Scenes: live.Scenes{Store: db.NewScenes(store), Live: h}, Problems: db.NewCoverage(store),
		Now: h.Clock, Signboards: signboards, Version: h.Version, Logger: quiet}
	s.unkept = tile.New(o)
	o.Cache = 256 << 20
	s.tiles = tile.New(o)
	h.Reported = func(box *place.Box) {
		if box != nil && *box == (place.Box{West: box.West}) {
			s.heard.Store(int64(box.West))
			return
		}
		s.tiles.Reported(box)
	}
	sceneOf := func(s *live.State) scene.Scene {
		return scene.Scene{At: s.Ground.Since(), Day: s.Roster.From(), Change: s.N, Ground: s.Ground, Roster: s.Roster}
	}
	h.Changed = func(c live.Change) {
		turn := tile.Turn{Is: sceneOf(c.Is), Version: c.Is.Order(), Anew: c.Anew || c.AllDrawn}
		if c.Was != nil {
			turn.Was = sceneOf(c.Was)
		}
		for _, d := range c.Drawn {
			turn.Drawn = append(turn.Drawn, tile.Drawn(d))
		}
		s.tiles.Changed(turn)
		s.letGo.Store(time.Now().UnixNano())
	}
	running, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(running) }()
	t.Cleanup(func() { cancel(); <-done })
	loading, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := h.WaitLoaded(loading); err != nil {
		t.Fatal("never loaded:", err)
	}
	return s
}

// judge makes tiles from the database alone and keeps none. The scene of all there is is read once for each time that it is asked to look,
// since 5,000 tiles are drawn from it.
type judge struct {
	*tile.Server
	alone *tile.Server // reads what each tile needs
	plain scene.Service
	box   place.Box
	mu    sync.Mutex
	whole *scene.Scene
}

func newJudge(pool *pgxpool.Pool, ahead *atomic.Int64, box place.Box) *judge {
	store := db.New(pool)
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	j := &judge{plain: scene.Service{Store: db.NewScenes(store), Zone: mapZone}, box: box}
	o := tile.Options{Source: db.NewTiles(store), Scenes: j, Problems: db.NewCoverage(store), Now: now, Signboards: signboards}
	j.Server = tile.New(o)
	o.Scenes = j.plain
	j.alone = tile.New(o)
	return j
}

func (j *judge) look() {
	j.mu.Lock()
	j.whole = nil
	j.mu.Unlock()
}

func (j *judge) Scene(ctx context.Context, actor account.Actor, _ place.Box, at time.Time) (scene.Scene, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.whole == nil {
		sc, err := j.plain.Scene(ctx, actor, j.box, at)
		if err != nil {
			return sc, err
		}
		j.whole = &sc
	}
	return *j.whole, nil
}

func (j *judge) Codes(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key]string, error) {
	return j.plain.Codes(ctx, actor, grids)
}

// mapTown is a town whose map is watched through all that happens to it.
//
// Several servers of one database keep all tiles of it; another makes them anew. Things happen through the services of any of them.
type mapTown struct {
	testing.TB
	random  *rand.Rand
	pool    *pgxpool.Pool
	ahead   atomic.Int64
	servers []*mapServer
	judge   *judge

	near       []string       // codes of the communities that things happen in, as they were at first
	here       []maptile.Tile // of there
	far        []maptile.Tile // of one that nothing happens in
	gone       []grid.Row
	asked, got uint64 // of far tiles: requests, and those that were made anew though nothing happened there
	serial     int
}

// The layers that are drawn here, each asked for alone, and the others, with the map's.
var (
	drawnHere = [][]string{{"divisions"}, {"grids"}, {"grid_labels"}, {"signboards"}}
	drawnElse = [][]string{{"buildings"}, {"roads"}, {"land"}, {"gaps"}, style.Layers(), append(style.Layers(), "gaps", "signboards")}
)

// newMapTown has the hand-drawn community, one that it has a border with, and one far away, without their people.
func newMapTown(t testing.TB, seed uint64) *mapTown {
	t.Helper()
	began := time.Now()
	m := &mapTown{TB: t, random: rand.New(rand.NewPCG(seed, 5)), pool: testdb.New(t)}
	all := demo.Make(demo.SizeDistrict)
	station := demo.Community().Planted[3].Geometry.Bound().Center()
	var far string
	most := 0.0
	for _, d := range all.Divisions {
		if d.Level != "COMMUNITY" {
			continue
		}
		b := d.Boundary.Bound()
		if d.Code == demo.HandCommunity || b.Contains(station) {
			m.near = append(m.near, d.Code)
		}
		if off := max(b.Min[0]-station[0], station[0]-b.Max[0]); off > most {
			far, most = d.Code, off
		}
	}
	region := some(all, append(m.near, far)...)
	var towns []demo.Town
	for town := range region.Communities {
		town.Dwellings, town.Entities = nil, nil
		for i := range town.Workers {
			town.Workers[i].Portrait = nil
		}
		towns = append(towns, town)
	}
	region.Communities, region.Policies = slices.Values(towns), nil
	m.servers = append(m.servers, openMap(t, m.pool, 0, &m.ahead))
	if _, err := load.Region(t.Context(), operator, m.servers[0].Services, region, nil); err != nil {
		t.Fatal(err)
	}
	m.servers = append(m.servers, openMap(t, m.pool, -2*time.Second, &m.ahead))
	nearBox, farBox := m.extent(m.near...), m.extent(far)
	m.here = tilesOf(grown(nearBox, 0.0005), 8, 18)
	m.far = slices.DeleteFunc(tilesOf(farBox, 12, 17), func(at maptile.Tile) bool { return at.Bound(0.1).Intersects(bound(grown(nearBox, 0.01))) })
	t.Logf("a town is made in %v", time.Since(began).Round(time.Millisecond))
	m.judge = newJudge(m.pool, &m.ahead, grown(around(nearBox, farBox), 1))
	return m
}

func around(a, b place.Box) place.Box {
	return place.Box{West: min(a.West, b.West), South: min(a.South, b.South), East: max(a.East, b.East), North: max(a.North, b.North)}
}

// tilesOf are the tiles of these zooms that a box lies on.
func tilesOf(b place.Box, from, to maptile.Zoom) (out []maptile.Tile) {
	for z := from; z <= to; z++ {
		first, last := maptile.At([2]float64{b.West, b.North}, z), maptile.At([2]float64{b.East, b.South}, z)
		for x := first.X; x <= last.X; x++ {
			for y := first.Y; y <= last.Y; y++ {
				out = append(out, maptile.New(x, y, z))
			}
		}
	}
	return out
}

func grown(b place.Box, by float64) place.Box {
	return place.Box{West: b.West - by, South: b.South - by, East: b.East + by, North: b.North + by}
}

func bound(b place.Box) (out orb.Bound) {
	return orb.Bound{Min: orb.Point{b.West, b.South}, Max: orb.Point{b.East, b.North}}
}

// extent is the box of some communities.
func (m *mapTown) extent(codes ...string) (out place.Box) {
	for i, code := range codes {
		d := m.division(m.servers[0], code)
		if i == 0 {
			out = *d.BBox
		}
		out = around(out, *d.BBox)
	}
	return out
}

func (m *mapTown) division(s *mapServer, code string) place.Division {
	m.Helper()
	d, err := s.Places.ByCode(m.Context(), operator, code, place.Fields{Boundary: true})
	if err != nil {
		m.Fatal(err)
	}
	return d
}

// grids are those of the communities in which things happen, with the communities' codes.
func (m *mapTown) grids(s *mapServer) (list []grid.Grid, of map[uuid.UUID]string) {
	m.Helper()
	of = map[uuid.UUID]string{}
	for _, code := range m.near {
		d := m.division(s, code)
		of[d.ID] = d.Code
		q := allGrids
		q.At, q.With = s.Clock(), grid.Fields{Boundary: true}
		found, err := s.Grids.ListOf(m.Context(), operator, []uuid.UUID{d.ID}, q)
		if err != nil {
			m.Fatal(err)
		}
		for _, x := range found[d.ID].Items {
			list = append(list, x.Node)
		}
	}
	return list, of
}

// errNot says that something cannot happen as things stand: something else is tried.
var errNot = errors.New("it cannot be")

func rowsOf[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func taken(r place.Report, err error) error {
	if err == nil && r.Refused > 0 {
		err = errNot
	}
	return err
}

func (m *mapTown) bring(s *mapServer, rows ...grid.Row) error {
	for i := range rows {
		rows[i].Source = fmt.Sprint(i + 1)
	}
	return taken(s.Grids.Import(m.Context(), operator, rowsOf(rows...), grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: s.Staff.Day(nil)}))
}

func (m *mapTown) bringDivisions(s *mapServer, rows ...place.DivisionRow) error {
	for i := range rows {
		rows[i].Source = fmt.Sprint(i + 1)
	}
	return taken(s.Places.ImportDivisions(m.Context(), operator, rowsOf(rows...), place.ImportOptions{IDs: key.Random{}}))
}

func rowOf(g grid.Grid, community string, boundary geom.T) grid.Row {
	return grid.Row{Row: place.Row{Code: g.Code, Geometry: boundary}, Community: community}
}

func one[T any](m *mapTown, list []T) (x T, err error) {
	if len(list) == 0 {
		return x, errNot
	}
	return list[m.random.IntN(len(list))], nil
}

// off is a way of so many metres at most in any direction, degrees.
func (m *mapTown) off(metres float64) orb.Point {
	const metre = 1 / 111_000.0
	return orb.Point{(2*m.random.Float64() - 1) * metres * metre / 0.86, (2*m.random.Float64() - 1) * metres * metre}
}

// put is an area with what is at from at to; the same, where nothing is.
func put(area *geom.MultiPolygon, from, to orb.Point) (*geom.MultiPolygon, bool) {
	flat, found := slices.Clone(area.FlatCoords()), false
	for i := 0; i < len(flat); i += 2 {
		if flat[i] == from[0] && flat[i+1] == from[1] {
			flat[i], flat[i+1], found = to[0], to[1], true
		}
	}
	return geom.NewMultiPolygonFlat(geom.XY, flat, area.Endss()).SetSRID(area.SRID()), found
}

// bend moves a vertex of one of grids' borders for all that have it, the divisions too where they are to follow.
func (m *mapTown) bend(s *mapServer, with func(holders []grid.Grid) bool, divisions bool) error {
	list, of := m.grids(s)
	for range 200 {
		g := list[m.random.IntN(len(list))]
		flat := g.Boundary.FlatCoords()
		k := 2 * m.random.IntN(len(flat)/2)
		from := orb.Point{flat[k], flat[k+1]}
		way := m.off(25)
		to := shape.SnapPoint(orb.Point{from[0] + way[0], from[1] + way[1]})
		var holders []grid.Grid
		var rows []grid.Row
		for _, h := range list {
			if area, found := put(h.Boundary, from, to); found {
				holders, rows = append(holders, h), append(rows, rowOf(h, of[h.CommunityID], area))
			}
		}
		if !with(holders) {
			continue
		}
		if err := m.bring(s, rows...); err == errNot {
			continue
		} else if err != nil || !divisions {
			return err
		}
		var around []place.DivisionRow
		err := s.Places.ExportDivisions(m.Context(), operator, func(d place.DivisionRow) error {
			if area, ok := d.Geometry.(*geom.MultiPolygon); ok && area != nil {
				if area, found := put(area, from, to); found {
					d.Geometry = area
					around = append(around, d)
				}
			}
			return nil
		})
		if err != nil || len(around) == 0 {
			return err
		}
		return m.bringDivisions(s, around...)
	}
	return errNot
}

// past writes past the services, and notes what that changed.
func (m *mapTown) past(s *mapServer, community uuid.UUID, sql string, args ...any) error {
	tx, err := m.pool.Begin(m.Context())
	if err != nil {
		return err
	}
	defer tx.Rollback(m.Context())
	if _, err := tx.Exec(m.Context(), "SELECT pg_advisory_xact_lock(hashtext('wangge change'))"); err != nil {
		return err
	}
	if _, err := tx.Exec(m.Context(), sql, args...); err != nil {
		return err
	}
	var mark live.Mark
	err = tx.QueryRow(m.Context(), `INSERT INTO change_log (n, at, what, division_ids, grids_of, divisions, workers, buildings_at, roads_at, land_at)
		SELECT max(n) + 1, now(), 'boundaries', '{}', ARRAY[$1::uuid], '{}', '{}', '{}', '{}', '{}' FROM change_log RETURNING n, at`, community).Scan(&mark.N, &mark.At)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(m.Context(), "SELECT pg_notify('wangge_change', $1::text)", fmt.Sprint(mark.N)); err != nil {
		return err
	}
	if err := tx.Commit(m.Context()); err != nil {
		return err
	}
	s.Committed(m.Context(), mark)
	return nil
}

func (m *mapTown) next() int { m.serial++; return m.serial }

// office is somebody in office for a grid where things happen, mostly one who is to be called for it.
func (m *mapTown) office(s *mapServer) (staff.Assignment, error) {
	list, _ := m.grids(s)
	g := list[m.random.IntN(len(list))]
	if m.random.IntN(4) > 0 {
		call, err := s.Staff.OnCallOf(m.Context(), operator, staff.GridRef{Key: g.Key, GroupID: g.GroupID}, nil)
		if err != nil || call == nil {
			return staff.Assignment{}, cmp.Or(err, errNot)
		}
		return *call, nil
	}
	areas := []staff.Area{{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}}
	if g.GroupID != nil {
		areas = append(areas, staff.Area{Kind: staff.AreaGroup, Home: g.Key.Home, ID: *g.GroupID})
	}
	office, err := s.Staff.InOffice(m.Context(), operator, areas, nil)
	if err != nil {
		return staff.Assignment{}, err
	}
	var all []staff.Assignment
	for _, a := range areas {
		all = append(all, office[a.ID]...)
	}
	return one(m, all)
}

func (m *mapTown) appoint(s *mapServer, post staff.Post, kind staff.AreaKind, home, area string, from civil.Date) error {
	n := m.next()
	w, err := s.Staff.Add(m.Context(), operator, staff.NewWorker{Name: fmt.Sprintf("新人%d", n), WorkPhone: fmt.Sprintf("154990%05d", n)}, kind, area)
	if err != nil {
		return err
	}
	_, err = s.Staff.Appoint(m.Context(), operator, staff.Appointment{Worker: w.Key, Post: post, Cover: []staff.Cover{staff.CoverA, staff.CoverB}[m.random.IntN(2)],
		AreaKind: kind, AreaName: area, From: &from})
	return err
}

// square is an area of some metres near a place.
func (m *mapTown) square(at orb.Point, metres float64) *geom.MultiPolygon {
	side := metres / 111_000
	w, s := shape.SnapCoord(at[0]), shape.SnapCoord(at[1])
	e, n := shape.SnapCoord(at[0]+side), shape.SnapCoord(at[1]+side)
	return geom.NewMultiPolygonFlat(geom.XY, []float64{w, s, e, s, e, n, w, n, w, s}, [][]int{{10}}).SetSRID(shape.SRID)
}

func (m *mapTown) somewhere() orb.Point {
	b := m.extent(m.near...)
	return orb.Point{b.West + m.random.Float64()*(b.East-b.West), b.South + m.random.Float64()*(b.North-b.South)}
}

// happening is a kind of thing that happens.
type happening struct {
	name string
	do   func(s *mapServer) error
	wide bool // also far away
	late bool // servers hear of it after who wrote goes on
}

func (m *mapTown) happenings() []happening {
	ctx := m.Context()
	pick := func(s *mapServer) (grid.Grid, string) {
		list, of := m.grids(s)
		g := list[m.random.IntN(len(list))]
		return g, of[g.CommunityID]
	}
	same := func(change func(r *grid.Row)) func(s *mapServer) error {
		return func(s *mapServer) error {
			g, community := pick(s)
			r := rowOf(g, community, g.Boundary)
			change(&r)
			return m.bring(s, r)
		}
	}
	building := func(s *mapServer) (place.Building, error) {
		g, _ := pick(s)
		lists, err := s.Places.BuildingsOf(ctx, operator, []key.Key{g.Key}, place.BuildingQuery{Args: page.Args{First: 200}, At: s.Clock(), Footprint: true})
		if err != nil {
			return place.Building{}, err
		}
		x, err := one(m, lists[g.Key.ID].Items)
		return x.Node, err
	}
	buildings := func(s *mapServer, rows ...place.BuildingRow) error {
		return taken(s.Places.ImportBuildings(ctx, operator, rowsOf(rows...), place.ImportOptions{IDs: key.Random{}}))
	}
	community := func(s *mapServer) place.Division { return m.division(s, m.near[m.random.IntN(len(m.near))]) }
	above := func(s *mapServer) (place.Division, error) {
		list, err := s.Places.Ancestors(ctx, operator, []uuid.UUID{community(s).ID}, place.Fields{Boundary: true})
		if err != nil {
			return place.Division{}, err
		}
		for _, l := range list {
			return one(m, l)
		}
		return place.Division{}, errNot
	}
	divisionRow := func(d place.Division) place.DivisionRow {
		r := place.DivisionRow{Row: place.Row{Code: d.Code, Name: d.Name}, Level: d.Level}
		if d.Boundary != nil {
			r.Geometry = d.Boundary
		}
		return r
	}
	bent := func(area *geom.MultiPolygon) *geom.MultiPolygon {
		flat := area.FlatCoords()
		k, way := 2*m.random.IntN(len(flat)/2), m.off(40)
		from := orb.Point{flat[k], flat[k+1]}
		out, _ := put(area, from, shape.SnapPoint(orb.Point{from[0] + way[0], from[1] + way[1]}))
		return out
	}
	shared := func(list []grid.Grid) bool { return len(list) > 1 }
	between := func(list []grid.Grid) bool {
		return len(list) > 1 && slices.ContainsFunc(list, func(g grid.Grid) bool { return g.CommunityID != list[0].CommunityID })
	}
	absent := func(from int) func(s *mapServer) error {
		return func(s *mapServer) error {
			a, err := m.office(s)
			if err != nil {
				return err
			}
			first := s.Staff.Day(nil).AddDays(from)
			_, err = s.Staff.RecordAbsence(ctx, operator, a.Worker.Key, first, first.AddDays(1+m.random.IntN(3)))
			return err
		}
	}
	appoint := func(from int) func(s *mapServer) error {
		return func(s *mapServer) error {
			g, _ := pick(s)
			return m.appoint(s, staff.GridWorker, staff.AreaGrid, g.Key.Home, g.Code, s.Staff.Day(nil).AddDays(from))
		}
	}
	update := func(change func(c *staff.Change)) func(s *mapServer) error {
		return func(s *mapServer) error {
			a, err := m.office(s)
			if err != nil {
				return err
			}
			w, err := s.Staff.Worker(ctx, operator, a.Worker.Key)
			if err != nil {
				return err
			}
			c := staff.Change{Worker: w.Key, Version: w.Version}
			change(&c)
			_, err = s.Staff.Update(ctx, operator, c)
			return err
		}
	}
	land := func(bring func(s *mapServer, rows iter.Seq2[place.RoadRow, error]) (place.Report, error), classes []string, shapeOf func() geom.T) func(s *mapServer) error {
		return func(s *mapServer) error {
			return taken(bring(s, rowsOf(place.RoadRow{Row: place.Row{Source: "1", Code: fmt.Sprint("x", m.random.IntN(4)), Name: fmt.Sprint("第", m.next()), Geometry: shapeOf()},
				Class: classes[m.random.IntN(len(classes))]})))
		}
	}
	outline := func(g grid.Grid) orb.Ring {
		o, _ := shape.ToOrb(g.Boundary)
		return slices.Clone(o.(orb.MultiPolygon)[0][0])
	}
	areaOf := func(ring ...orb.Point) geom.T {
		g, _ := shape.FromOrb(orb.MultiPolygon{{append(orb.Ring(ring), ring[0])}}, shape.SRID)
		return g
	}
	list := []happening{
		{name: "a vertex of a border moves", do: func(s *mapServer) error { return m.bend(s, shared, false) }},
		{name: "a vertex between communities moves", do: func(s *mapServer) error { return m.bend(s, between, false) }},
		{name: "and their boundaries with it", do: func(s *mapServer) error { return m.bend(s, between, true) }},
		{name: "an end of one grid alone moves", do: func(s *mapServer) error {
			return m.bend(s, func(list []grid.Grid) bool { return len(list) == 1 }, false)
		}},
		{name: "a vertex moves there and back", do: func(s *mapServer) error {
			before, of := m.grids(s)
			if err := m.bend(s, shared, false); err != nil {
				return err
			}
			var rows []grid.Row
			for _, g := range before {
				rows = append(rows, rowOf(g, of[g.CommunityID], g.Boundary))
			}
			return m.bring(s, rows...)
		}},
		{name: "a grid is shifted", do: func(s *mapServer) error {
			g, community := pick(s)
			flat, way := slices.Clone(g.Boundary.FlatCoords()), m.off(20)
			for i := range flat {
				flat[i] = shape.SnapCoord(flat[i] + way[i%2])
			}
			return m.bring(s, rowOf(g, community, geom.NewMultiPolygonFlat(geom.XY, flat, g.Boundary.Endss()).SetSRID(shape.SRID)))
		}},
		{name: "a grid is split", do: func(s *mapServer) error {
			g, community := pick(s)
			ring := outline(g)
			ring = ring[:len(ring)-1]
			i, k := m.random.IntN(len(ring)), m.random.IntN(len(ring))
			if i > k {
				i, k = k, i
			}
			if k-i < 2 || k-i > len(ring)-2 || g.Boundary.NumPolygons() > 1 || g.Boundary.Polygon(0).NumLinearRings() > 1 {
				return errNot
			}
			one, two := rowOf(g, community, areaOf(ring[i:k+1:k+1]...)), rowOf(g, community, areaOf(append(slices.Clone(ring[k:]), ring[:i+1]...)...))
			two.Code, two.Name = fmt.Sprintf("%s%03d", community, 500+m.next()), "新分"
			return m.bring(s, one, two)
		}},
		{name: "two grids become one", do: func(s *mapServer) error {
			g, community := pick(s)
			beside, err := s.Grids.Neighbours(ctx, operator, []key.Key{g.Key}, nil, grid.Fields{Boundary: true})
			if err != nil {
				return err
			}
			with, err := one(m, slices.DeleteFunc(beside[g.Key.ID], func(n grid.Neighbour) bool { return n.Grid.CommunityID != g.CommunityID }))
			if err != nil {
				return err
			}
			var both *geom.MultiPolygon
			err = m.pool.QueryRow(ctx, "SELECT ST_Multi(ST_CollectionExtract(ST_Union(a.boundary, b.boundary, 1e-8), 3)) FROM grid_boundary a, grid_boundary b WHERE upper_inf(a.during) AND upper_inf(b.during) AND a.grid_id = $1 AND b.grid_id = $2",
				g.Key.ID, with.Grid.Key.ID).Scan(&both)
			if err != nil {
				return err
			}
			if err := m.bring(s, rowOf(g, community, both)); err != nil {
				return err
			}
			return m.past(s, g.CommunityID, "UPDATE grid_boundary SET during = tstzrange(lower(during), now()) WHERE upper_inf(during) AND grid_id = $1", with.Grid.Key.ID)
		}},
		{name: "a grid is given up", do: func(s *mapServer) error {
			g, community := pick(s)
			r := rowOf(g, community, g.Boundary)
			m.gone = append(m.gone, r)
			return m.past(s, g.CommunityID, "UPDATE grid_boundary SET during = tstzrange(lower(during), now()) WHERE upper_inf(during) AND grid_id = $1", g.Key.ID)
		}},
		{name: "a grid comes back", do: func(s *mapServer) error {
			r, err := one(m, m.gone)
			if err != nil {
				return err
			}
			return m.bring(s, r)
		}},
		{name: "another name of a grid", do: same(func(r *grid.Row) { r.Name = fmt.Sprint("改名", m.next()) })},
		{name: "another kind of a grid", do: same(func(r *grid.Row) { r.Kind = []grid.Kind{grid.Comprehensive, grid.Dedicated}[m.random.IntN(2)] })},
		{name: "another group of a grid", do: same(func(r *grid.Row) { r.Group = fmt.Sprint("第", m.random.IntN(3), "组") })},
		{name: "another community of a grid", do: same(func(r *grid.Row) { r.Community = m.near[m.random.IntN(len(m.near))] })},
		{name: "a worker by import", do: same(func(r *grid.Row) { r.Worker, r.WorkPhone = fmt.Sprint("导入", m.next()), "15499000001" })},
		{name: "another code of a grid", do: func(s *mapServer) error {
			g, community := pick(s)
			_, err := s.Grids.Recode(ctx, operator, g.Code, fmt.Sprintf("%s%03d", community, 500+m.next()), g.Version)
			return err
		}},
		{name: "a community's number", do: func(s *mapServer) error {
			d := community(s)
			_, err := s.Places.Renumber(ctx, operator, place.Renumbering{Code: d.Code, NewCode: fmt.Sprintf("%s%03d", d.Code[:9], 500+m.next()), Version: d.Version})
			return err
		}},
		{name: "a community's name", do: func(s *mapServer) error {
			r := divisionRow(community(s))
			r.Name = fmt.Sprint("社区", m.next())
			return m.bringDivisions(s, r)
		}},
		{name: "a community's boundary", do: func(s *mapServer) error {
			d := community(s)
			r := divisionRow(d)
			r.Geometry = bent(d.Boundary)
			return m.bringDivisions(s, r)
		}},
		{name: "a name above", do: func(s *mapServer) error {
			d, err := above(s)
			if err != nil {
				return err
			}
			r := divisionRow(d)
			r.Name = fmt.Sprint("上级", m.next())
			return m.bringDivisions(s, r)
		}},
		{name: "a boundary above", do: func(s *mapServer) error {
			d, err := above(s)
			if err != nil || d.Boundary == nil {
				return errNot
			}
			r := divisionRow(d)
			r.Geometry = bent(d.Boundary)
			return m.bringDivisions(s, r)
		}},
		{name: "a town's number", wide: true, do: func(s *mapServer) error {
			d, err := above(s)
			if err != nil || d.Level != place.Town {
				return errNot
			}
			_, err = s.Places.Renumber(ctx, operator, place.Renumbering{Code: d.Code, NewCode: fmt.Sprintf("%s%03d", d.Code[:6], 500+m.next()), Version: d.Version})
			return err
		}},
		{name: "a worker is appointed", do: appoint(0)},
		{name: "a worker from tomorrow", do: appoint(1)},
		{name: "a leader is appointed", do: func(s *mapServer) error {
			g, _ := pick(s)
			if g.GroupID == nil {
				return errNot
			}
			return m.appoint(s, staff.GridLeader, staff.AreaGroup, g.Key.Home, key.Key{Home: g.Key.Home, ID: *g.GroupID}.String(), s.Staff.Day(nil))
		}},
		{name: "a term ends", do: func(s *mapServer) error {
			a, err := m.office(s)
			if err != nil {
				return err
			}
			return s.Staff.End(ctx, operator, a.Key, s.Staff.Day(nil).AddDays(m.random.IntN(2)))
		}},
		{name: "a worker's name", do: update(func(c *staff.Change) { name := fmt.Sprint("更名", m.next()); c.Name = &name })},
		{name: "a work phone", do: update(func(c *staff.Change) { phone := fmt.Sprintf("154991%05d", m.next()); c.WorkPhone = &phone })},
		{name: "duties", do: update(func(c *staff.Change) { c.Duties = []string{fmt.Sprint("职责", m.next())} })},
		{name: "somebody is away", do: absent(0)},
		{name: "somebody will be away", do: absent(1)},
		{name: "somebody is back", do: func(s *mapServer) error {
			a, err := m.office(s)
			if err != nil {
				return err
			}
			day := s.Staff.Day(nil)
			list, err := s.Staff.AbsencesOf(ctx, operator, []key.Key{a.Worker.Key}, day)
			if err != nil {
				return err
			}
			away, err := one(m, list[a.Worker.Key.ID])
			if err != nil {
				return err
			}
			_, _, err = s.Staff.EndAbsence(ctx, operator, away.Key, day)
			return err
		}},
		{name: "buildings", do: func(s *mapServer) error {
			at := m.somewhere()
			floors := m.random.IntN(30) + 1
			return buildings(s,
				place.BuildingRow{Row: place.Row{Source: "1", Code: fmt.Sprint("n", m.random.IntN(5)), Name: fmt.Sprint(m.next(), "号楼"), Geometry: m.square(at, 15)}, Floors: &floors},
				place.BuildingRow{Row: place.Row{Source: "2", Code: fmt.Sprint("p", m.random.IntN(5)), Geometry: geom.NewPointFlat(geom.XY, []float64{shape.SnapCoord(at[0] + 0.001), shape.SnapCoord(at[1])}).SetSRID(shape.SRID)}})
		}},
		{name: "a building that stood there", do: func(s *mapServer) error {
			b, err := building(s)
			if err != nil || b.Footprint == nil {
				return errNot
			}
			r := place.BuildingRow{Row: place.Row{Source: "1", Code: b.Code, Geometry: b.Footprint}}
			switch m.random.IntN(3) {
			case 0:
				r.Name = fmt.Sprint(m.next(), "幢")
			case 1:
				floors := m.random.IntN(30) + 1
				r.Floors = &floors
			default:
				r.Geometry = bent(b.Footprint)
			}
			return buildings(s, r)
		}},
		{name: "a building placed by hand", do: func(s *mapServer) error {
			b, err := building(s)
			if err != nil {
				return err
			}
			g, _ := pick(s)
			to := &g.Code
			if m.random.IntN(3) == 0 {
				to = nil
			}
			_, err = s.Places.PlaceBuilding(ctx, operator, b.Key, to)
			return err
		}},
		{name: "a road", do: land(func(s *mapServer, rows iter.Seq2[place.RoadRow, error]) (place.Report, error) {
			return s.Places.ImportRoads(ctx, operator, rows, place.ImportOptions{IDs: key.Random{}})
		}, []string{"primary", "residential", "footway"}, func() geom.T {
			a, b := m.somewhere(), m.somewhere()
			return geom.NewLineStringFlat(geom.XY, []float64{shape.SnapCoord(a[0]), shape.SnapCoord(a[1]), shape.SnapCoord(b[0]), shape.SnapCoord(b[1])}).SetSRID(shape.SRID)
		})},
		{name: "land", do: land(func(s *mapServer, rows iter.Seq2[place.RoadRow, error]) (place.Report, error) {
			return s.Places.ImportLand(ctx, operator, rows, place.ImportOptions{IDs: key.Random{}})
		}, []string{"water", "park"}, func() geom.T { return m.square(m.somewhere(), 10+m.random.Float64()*150) })},
		{name: "reports are made", late: true, wide: true, do: func(s *mapServer) error { return s.coverage.Current(ctx, operator, nil) }},
		{name: "an area is handed over", do: func(s *mapServer) error {
			g, _ := pick(s)
			b := g.BBox
			area := m.square(orb.Point{b.West + m.random.Float64()*(b.East-b.West), b.South + m.random.Float64()*(b.North-b.South)}, 30)
			list, _ := m.grids(s)
			r := coverage.Redraw{Area: area, To: &g.Key, Change: s.State().N}
			for _, h := range list {
				if h.Key != g.Key && bound(h.BBox).Intersects(bound(g.BBox)) {
					r.From = append(r.From, h.Key)
				}
			}
			return db.NewCoverage(s.store).Redraw(ctx, operator, r)
		}},
		{name: "both servers write at once", do: func(*mapServer) error {
			var done sync.WaitGroup
			errs := make([]error, len(m.servers))
			for i, s := range m.servers {
				g, community := pick(s)
				r := rowOf(g, community, g.Boundary)
				r.Name = fmt.Sprint("同时", m.next())
				done.Go(func() { errs[i] = m.bring(s, r) })
			}
			done.Wait()
			return errors.Join(errs...)
		}},
		{name: "out of touch", late: true, wide: true, do: func(s *mapServer) error {
			if _, err := m.pool.Exec(ctx, `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
				AND l.classid::bigint = (hashtext('wangge live')::bigint & 4294967295) AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
				return err
			}
			g, community := pick(s)
			r := rowOf(g, community, bent(g.Boundary))
			r.Name = fmt.Sprint("失联", m.next())
			return m.bring(s, r)
		}},
	}
	if m.ahead.Load() == 0 { // what is dated by the database comes after what the clock has brought
		list = append(list, happening{name: "a boundary comes into force", late: true, do: func(s *mapServer) error {
			g, _ := pick(s)
			way, begins := m.off(30), time.Now().Add(400*time.Millisecond).Truncate(time.Microsecond)
			err := m.past(s, g.CommunityID, `WITH ended AS (UPDATE grid_boundary SET during = tstzrange(lower(during), $2) WHERE upper_inf(during) AND grid_id = $1 RETURNING district, grid_id, boundary, label_point)
				INSERT INTO grid_boundary (district, id, grid_id, during, boundary, label_point)
				SELECT district, gen_random_uuid(), grid_id, tstzrange($2, NULL), ST_SnapToGrid(ST_Translate(boundary, $3, $4), 1e-8), ST_Translate(label_point, $3, $4) FROM ended`, g.Key.ID, begins, way[0], way[1])
			if err != nil {
				return err
			}
			m.ask() // what is of before is kept until then
			time.Sleep(time.Until(begins))
			return nil
		}})
	} else {
		midnight := func(before time.Duration) {
			now := m.servers[0].Clock().In(mapZone)
			y, mo, d := now.Date()
			m.ahead.Add(int64(time.Date(y, mo, d+1, 0, 0, 0, 0, mapZone).Sub(now) - before))
		}
		change := same(func(r *grid.Row) { r.Name = fmt.Sprint("新日", m.next()) })
		list = append(list,
			happening{name: "a day begins", late: true, do: func(s *mapServer) error {
				midnight(300 * time.Millisecond)
				err := change(s) // whoever waits for the clock looks at it again
				m.ask()
				time.Sleep(300 * time.Millisecond)
				return err
			}},
			happening{name: "a day begins with a change", late: true, do: func(s *mapServer) error {
				midnight(-time.Second)
				return change(s)
			}})
	}
	return list
}

// ask has both servers keep all tiles.
func (m *mapTown) ask() {
	for _, s := range m.servers {
		for _, layers := range slices.Concat(drawnHere, drawnElse) {
			for _, at := range m.here {
				m.get(s.tiles, account.Anyone(), layers, at)
			}
		}
	}
}

func (m *mapTown) get(s *tile.Server, actor account.Actor, layers []string, at maptile.Tile) []byte {
	m.Helper()
	r, err := s.Tile(m.Context(), actor, layers, at)
	if err != nil {
		m.Fatal(layers, at, err)
	}
	return r.Body
}

// differing compares what the servers keep with what is made anew: everything, or most of what is drawn here and a part of the rest. What is not
// what it should be stays so until it is looked at.
func (m *mapTown) differing(everything bool) (out []string) {
	m.judge.look()
	for _, layers := range slices.Concat(drawnHere, drawnElse) {
		for _, at := range m.here {
			here := len(layers) == 1 && slices.ContainsFunc(drawnHere, func(l []string) bool { return l[0] == layers[0] })
			if !everything && (!here && m.random.IntN(40) > 0 || at.Z > 16 && m.random.IntN(3) > 0) {
				continue
			}
			from := m.judge.Server
			if m.random.IntN(500) == 0 {
				from = m.judge.alone
			}
			want := m.get(from, account.Anyone(), layers, at)
			for i, s := range m.servers {
				for _, actor := range []account.Actor{account.Anyone(), operator} {
					if got := m.get(s.tiles, actor, layers, at); !bytes.Equal(got, want) {
						out = append(out, fmt.Sprintf("server %d, %s: %s %d/%d/%d has %d bytes, made anew %d (from the server's memory the same: %t): %s", i, actor.Role, strings.Join(layers, ","), at.Z, at.X, at.Y,
							len(got), len(want), bytes.Equal(m.get(s.unkept, actor, layers, at), want), unlike(got, want)))
					}
				}
			}
		}
	}
	return out
}

// misses are how often tiles had to be made.
func (m *mapTown) misses() (n uint64) {
	for _, s := range m.servers {
		asked, _ := s.tiles.Stats()
		for _, a := range asked {
			n += a.Misses
		}
	}
	return n
}

// heard returns when every server has done what it was told of so far. The database tells in order, and a server hears over one connection: so a
// sign is sent until it has come, again where a connection broke meanwhile.
func (m *mapTown) heard() {
	m.Helper()
	sign := int64(m.next())
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if !slices.ContainsFunc(m.servers, func(s *mapServer) bool { return s.heard.Load() != sign }) {
			return
		}
		if time.Now().After(end) {
			m.Fatal("a server no longer hears what the database tells")
		}
		if _, err := m.pool.Exec(m.Context(), "SELECT pg_notify('wangge_report', $1)", fmt.Sprintf("%d 0 0 0", sign)); err != nil {
			m.Fatal(err)
		}
	}
}

// farther asks for the tiles far away, and returns how many of them were not kept.
func (m *mapTown) farther() uint64 {
	before := m.misses()
	for _, s := range m.servers {
		for _, layers := range slices.Concat(drawnHere, drawnElse[:4]) {
			for _, at := range m.far {
				m.get(s.tiles, account.Anyone(), layers, at)
			}
		}
	}
	return m.misses() - before
}

// agree holds that what is kept is what would be made; late says that servers may still hear of what happened.
func (m *mapTown) agree(what string, late, everything bool) {
	m.Helper()
	list := m.differing(everything)
	for end := time.Now().Add(3 * time.Second); late && len(list) > 0 && time.Now().Before(end); list = m.differing(everything) {
		time.Sleep(20 * time.Millisecond)
	}
	if len(list) > 0 {
		m.Fatalf("after %q %d tiles are not what they would be if they were made now:\n%s", what, len(list), strings.Join(list[:min(len(list), 12)], "\n"))
	}
}

// happens has something happen while tiles are asked for, and compares all afterwards. False: it could not.
func (m *mapTown) happens(h happening, everything bool) bool {
	m.Helper()
	s := m.servers[m.random.IntN(len(m.servers))]
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for _, s := range m.servers {
		at, random := m.here, rand.New(rand.NewPCG(m.random.Uint64(), 1))
		asking.Go(func() {
			for all := slices.Concat(drawnHere, drawnElse); ; {
				select {
				case <-stop:
					return
				default:
				}
				// What fails is found when it is compared.
				_, _ = s.tiles.Tile(m.Context(), account.Anyone(), all[random.IntN(len(all))], at[random.IntN(len(at))])
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	err := h.do(s)
	if h.late {
		m.heard() // else what comes of it late would be taken for the next thing's
	}
	mark := s.State().Mark
	for _, o := range m.servers {
		if n := o.State().N; n > mark.N {
			mark = o.State().Mark
		}
	}
	for _, o := range m.servers {
		o.Committed(m.Context(), mark)
	}
	close(stop)
	asking.Wait()
	if err != nil && err != errNot && fault.As(err).Code == fault.Internal {
		m.Fatalf("%s: %v", h.name, err)
	}
	if anew := m.farther(); !h.wide {
		m.asked += uint64(len(m.far) * (len(drawnHere) + 4) * len(m.servers))
		if m.got += anew; anew > 0 {
			m.Fatalf("%s: %d tiles far away were made anew", h.name, anew)
		}
	}
	m.agree(h.name, h.late, everything)
	return err == nil
}

// live has so many things happen, each kind once where that is enough, or as many as there is time for.
func (m *mapTown) live(atLeast int, until time.Time) (n int) {
	m.agree("nothing", false, true)
	m.farther()
	refused := map[string]int{}
	var waiting []happening
	for n < atLeast || time.Now().Before(until) {
		if len(waiting) == 0 {
			waiting = m.happenings()
			m.random.Shuffle(len(waiting), func(i, k int) { waiting[i], waiting[k] = waiting[k], waiting[i] })
		}
		h := waiting[0]
		waiting = waiting[1:]
		began := time.Now()
		if !m.happens(h, false) {
			if refused[h.name]++; refused[h.name] < 5 {
				waiting = append(waiting, h)
			}
			continue
		}
		if testing.Verbose() {
			m.Logf("%s: %v", h.name, time.Since(began).Round(time.Millisecond))
		}
		n++
	}
	m.agree("all", false, true)
	return n
}

// TestKeptTilesAreAsMadeAnew: whatever happens to a town, in whichever order, a tile that is kept is byte for byte the one that would be made
// now, in every server; and what lies far away stays kept. With SOAK=1 for the duration DURATION (10m), town after town.
func TestKeptTilesAreAsMadeAnew(t *testing.T) {
	var until time.Time
	if os.Getenv("SOAK") == "1" {
		for_, err := time.ParseDuration(cmp.Or(os.Getenv("DURATION"), "10m"))
		if err != nil {
			t.Fatal(err)
		}
		until = time.Now().Add(for_)
	}
	for seed := uint64(20261122); ; seed++ {
		m := newMapTown(t, seed)
		began := time.Now()
		most := func(of int) time.Time {
			if until.IsZero() {
				return until
			}
			end := time.Now().Add(time.Duration(of) * time.Minute)
			if end.After(until) {
				return until
			}
			return end
		}
		n := m.live(len(m.happenings()), most(2))
		m.ahead.Store(1)
		n += m.live(8, most(1))
		_, kept := m.servers[0].tiles.Stats()
		t.Logf("town %d: %d things happened in %v; %d tiles near and %d far, %d kept, %d let go; of %d asked far away %d were made anew",
			seed, n, time.Since(began).Round(time.Millisecond), len(m.here), len(m.far), kept.Entries, kept.Purged, m.asked, m.got)
		if !time.Now().Before(until) {
			return
		}
	}
}

// unlike says what two tiles differ in, as far as it fits in a line or two.
func unlike(a, b []byte) string {
	features := func(body []byte) map[string]string {
		layers, err := mvt.Unmarshal(body)
		if err != nil {
			return map[string]string{"": err.Error()}
		}
		out := map[string]string{}
		for _, l := range layers {
			for _, f := range l.Features {
				out[fmt.Sprint(l.Name, " ", f.ID)] = fmt.Sprint(f.Properties, f.Geometry)
			}
		}
		return out
	}
	kept, anew := features(a), features(b)
	for k, v := range anew {
		if kept[k] != v {
			return fmt.Sprintf("%.40s is kept as %.200q, made anew it is %.200q", k, kept[k], v)
		}
	}
	for k := range kept {
		if _, ok := anew[k]; !ok {
			return k + " is there no more"
		}
	}
	return "features are in another order, or begin elsewhere"
}
