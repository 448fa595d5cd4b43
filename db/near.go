package db

import (
	"context"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
)

// How lists by nearness find their rows. Distances are metres on the ellipsoid, which no index knows and which take long to
// compute; the index on the shapes in EPSG:3857 orders by distances on that map. There a metre of the map is about cos φ
// metres of ground, the same in all directions, so that a distance on the map bounds one on the ground within a few per
// cent. A list is read in two statements: the first takes as many rows as are wanted, the nearest on the map, and measures
// them, which bounds how far the last row of the answer can be; the second measures what lies within that bound.
const (
	// The point of a question, $2 longitude and $3 latitude, on the map, which ends before the poles.
	flatPoint = "ST_Transform(ST_SetSRID(ST_MakePoint($2::float8, least(greatest($3::float8, -85), 85)), 4490), 3857)"

	mapEdgeLat  = 85.0
	leastScale  = 0.993 // metres of ground a metre of the map and cos φ: M/a at the equator
	mostScale   = 1.004 // M/a and N/a at the poles
	edgeSlackM  = 50    // an edge of 60 km is straight on the map, a geodesic on the ground: they part by less
	everywhereM = 1e8   // further than any distance on the map
)

// onMap gives the distances on the map at which something is surely nearer than m metres to a point at lat degrees, and at
// which it is surely further; between them only measuring tells.
func onMap(lat, m float64) (nearer, further float64) {
	lat = math.Abs(lat)
	const degree = math.Pi / 180
	reach := (m + edgeSlackM) / 110_000 // degrees of latitude that a way so long can lead
	if lat+reach > mapEdgeLat {
		return 0, everywhereM
	}
	nearer = (m - edgeSlackM) / (mostScale * math.Cos(max(0, lat-reach)*degree))
	further = (m + edgeSlackM) / (leastScale * math.Cos((lat+reach)*degree))
	return max(0, nearer), further
}

const (
	// Distances are measured to the footprint, or to the point where that is all there is. $1 districts, $2 and $3 the point,
	// $4 no further than this on the map, $5 and further than this, $6 how many.
	buildingsReach = `-- name: building.Reach
SELECT count(*), coalesce(max(k.m), 0) FROM (
	SELECT ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($2, $3), 4490)::geography) AS m
	FROM building b
	WHERE b.district = ANY($1) AND b.shape_3857 && ST_Expand(` + flatPoint + `, $4::float8) AND b.shape_3857 <-> ` + flatPoint + ` > $5::float8
	ORDER BY b.shape_3857 <-> ` + flatPoint + ` LIMIT $6
) k ORDER BY 1`

	// $1 footprint, $2 and $3 the point, $4 no further than this on the map, $5 and at least this, $6 districts, $7 instant,
	// $8 metres at most, $9 after so many metres, $10 and this id, $11 one more than asked for.
	buildingsNear = `-- name: building.Near
` + measuredBuildings + `, wanted AS MATERIALIZED (
	SELECT x.district, x.id, x.m FROM measured x WHERE x.m <= $8 AND (x.m, x.id) > ($9::float8, $10::uuid)
	ORDER BY x.m, x.id LIMIT $11
)` + wantedBuildings

	// The same with $12 at most of each grid, of those with a name or an address.
	buildingsNearOfEach = `-- name: building.NearOfEach
` + measuredBuildings + `, placed AS MATERIALIZED (
	SELECT x.district, x.id, x.m, row_number() OVER (PARTITION BY bg.grid_id ORDER BY x.m, x.id) AS place
	FROM measured x LEFT JOIN building_grid bg ON bg.district = x.district AND bg.building_id = x.id AND bg.during @> $7::timestamptz
	WHERE x.m <= $8 AND (x.m, x.id) > ($9::float8, $10::uuid) AND x.called
), wanted AS MATERIALIZED (
	SELECT x.district, x.id, x.m FROM placed x WHERE x.place <= $12 ORDER BY x.m, x.id LIMIT $11
)` + wantedBuildings

	measuredBuildings = `WITH measured AS MATERIALIZED (
	SELECT b.district, b.id, b.name <> '' OR coalesce(b.address, '') <> '' AS called,
		ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($2, $3), 4490)::geography) AS m
	FROM building b
	WHERE b.district = ANY($6) AND b.shape_3857 && ST_Expand(` + flatPoint + `, $4::float8) AND b.shape_3857 <-> ` + flatPoint + ` >= $5::float8
)`

	wantedBuildings = `
SELECT n.m, ` + buildingColumns + `, bg.grid_id FROM wanted n JOIN building b ON b.district = n.district AND b.id = n.id
LEFT JOIN building_grid bg ON bg.district = b.district AND bg.building_id = b.id AND bg.during @> $7::timestamptz
ORDER BY n.m, n.id`

	// $1 districts, $2 and $3 the point, $4 surely too far on the map, $5 surely near enough, $6 metres.
	buildingsNearCounted = `-- name: building.NearCounted
SELECT count(*) FROM building b
WHERE b.district = ANY($1) AND b.shape_3857 && ST_Expand(` + flatPoint + `, $4::float8) AND (b.shape_3857 <-> ` + flatPoint + ` < $5::float8
	OR ST_Distance(coalesce(b.footprint, b.location)::geography, ST_SetSRID(ST_MakePoint($2, $3), 4490)::geography) <= $6::float8)
ORDER BY 1`
)

// reach bounds how far the last row of a page by distance is from the point, metres: no page of any root goes further.
func (s *Grids) reach(ctx context.Context, actor account.Actor, q grid.Query, t subtree) (furthest float64, err error) {
	if q.Order != grid.ByDistance {
		return 0, nil
	}
	sql, args := list(q, t, listReach, 0)
	roots := map[uuid.UUID]bool{}
	for _, id := range t.roots {
		roots[id] = true
	}
	wanted, full := max(1, len(roots)), 0
	err = s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var root uuid.UUID
		var n int
		var m float64
		err := rows.Scan(&root, &n, &m, nil)
		if n > q.Args.First {
			full++
		}
		furthest = max(furthest, m)
		return err
	})
	if full < wanted {
		return everywhereM, err // of a root with fewer rows than a page all are wanted
	}
	return furthest, err
}

// BuildingsNear implements place.Store.
func (s *Places) BuildingsNear(ctx context.Context, actor account.Actor, q place.NearQuery) (p page.Page[place.Building], err error) {
	p.HasPrevious = q.Args.After != nil
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		lng, lat := q.Near.Lng, q.Near.Lat
		surely, tooFar := onMap(lat, q.WithinM)
		afterM, afterID, notNearer, behind := -1.0, uuid.Nil, 0.0, -1.0
		if c := q.Args.After; c != nil {
			afterM = c.Num
			afterID, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its distance
			notNearer, behind = onMap(lat, c.Num)
		}
		reach := q.WithinM
		if q.OfEach > 0 { // how far those reach is known when they are placed
			return s.readNear(ctx, actor, q, &p, buildingsNearOfEach, q.Footprint, lng, lat, tooFar, notNearer, homes, q.At, q.WithinM, afterM, afterID, q.Args.First+1, q.OfEach)
		}
		err = s.each(ctx, actor, buildingsReach, []any{homes, lng, lat, tooFar, behind, q.Args.First + 1}, func(rows pgx.Rows) error {
			var n int
			var m float64
			err := rows.Scan(&n, &m)
			if n > q.Args.First {
				reach = min(reach, m)
			}
			return err
		})
		if err != nil {
			return err
		}
		_, beyond := onMap(lat, reach)
		err = s.readNear(ctx, actor, q, &p, buildingsNear, q.Footprint, lng, lat, beyond, notNearer, homes, q.At, q.WithinM, afterM, afterID, q.Args.First+1)
		if err != nil || !q.Count {
			return err
		}
		return s.each(ctx, actor, buildingsNearCounted, []any{homes, lng, lat, tooFar, surely, q.WithinM}, func(rows pgx.Rows) error {
			return rows.Scan(&p.Total)
		})
	})
	return p, err
}

// readNear adds the rows of a list of buildings by distance to p.
func (s *Places) readNear(ctx context.Context, actor account.Actor, q place.NearQuery, p *page.Page[place.Building], sql string, args ...any) error {
	return s.each(ctx, actor, sql, args, func(rows pgx.Rows) error {
		var m float64
		var gridID *uuid.UUID
		b, err := scanBuilding(rows, []any{&m}, &gridID)
		if err != nil {
			return err
		}
		if len(p.Items) == q.Args.First {
			p.HasNext = true
			return nil
		}
		if gridID != nil {
			b.GridKey = &key.Key{Home: b.Key.Home, ID: *gridID}
		}
		p.Items = append(p.Items, page.Item[place.Building]{Node: b, DistanceM: &m,
			Cursor: page.Cursor{Order: place.ByDistance, Num: m, ID: b.Key.ID.String()}})
		return nil
	})
}
