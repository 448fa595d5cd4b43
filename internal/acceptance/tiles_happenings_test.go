package acceptance

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/db"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/shape"
)

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
