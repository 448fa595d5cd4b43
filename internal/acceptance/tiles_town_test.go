package acceptance

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"github.com/twpayne/go-geom"

	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/shape"
	"wangge/internal/testdb"
	"wangge/live"
	"wangge/load"
	"wangge/load/demo"
	"wangge/tile/style"
)

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
