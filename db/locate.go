package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
)

// The points of a request, $1 longitudes and $2 latitudes; p.i counts from 1.
const pointRows = ` FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS p (lng, lat, i)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490) AS at) q `

// ST_Expand below makes, for the index, a box that holds all within a number of metres of a point: a degree of latitude
// is never under 110 km, one of longitude that times the cosine.
const (
	gridsCovering = `-- name: grid.Covering
SELECT p.i, b.district, b.grid_id, NOT ST_Contains(b.boundary, q.at)` + pointRows + `
JOIN grid_boundary b ON b.district = ANY($3) AND b.boundary && q.at AND b.during @> $4::timestamptz AND ST_Covers(b.boundary, q.at)
ORDER BY p.i, b.grid_id`

	buildingsCovering = `-- name: building.Covering
SELECT DISTINCT ON (p.i) p.i, b.district, b.id` + pointRows + `
JOIN building b ON b.district = ANY($3) AND b.footprint && q.at AND ST_Covers(b.footprint, q.at)
ORDER BY p.i, ST_Area(b.footprint), b.code, b.id`

	divisionsCovering = `-- name: division.Covering
SELECT DISTINCT ON (p.i) p.i, d.id` + pointRows + `
JOIN division d ON d.boundary && q.at AND ST_Covers(d.boundary, q.at)
ORDER BY p.i, array_position(ARRAY['COMMUNITY', 'TOWN', 'DISTRICT', 'CITY', 'PROVINCE'], d.level), d.code`

	gridsNearest = `-- name: grid.Nearest
SELECT p.i, n.district, n.grid_id, n.m` + pointRows + `
CROSS JOIN LATERAL (
	SELECT b.district, b.grid_id, ST_Distance(b.boundary::geography, q.at::geography) AS m, g.code
	FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id
	WHERE b.district = ANY($3) AND b.during @> $4::timestamptz AND b.boundary && ST_Expand(q.at, $5::float8 / (111000.0 * greatest(cos(radians(p.lat)), 0.01)), $5::float8 / 110000.0)
	ORDER BY m, g.code LIMIT 1
) n WHERE n.m <= $5::float8 ORDER BY p.i`

	gridsBoxed = `-- name: grid.Boxed
SELECT p.i, n.district, n.grid_id
FROM unnest($1::float8[], $2::float8[], $5::float8[]) WITH ORDINALITY AS p (lng, lat, radius, i)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490) AS at) q
CROSS JOIN LATERAL (
	SELECT b.district, b.grid_id FROM grid_boundary b
	WHERE b.district = ANY($3) AND b.during @> $4::timestamptz
	  AND b.boundary && ST_Expand(q.at, p.radius / (111000.0 * greatest(cos(radians(p.lat)), 0.01)), p.radius / 110000.0)
	ORDER BY b.boundary <-> q.at LIMIT 500
) n ORDER BY p.i, n.grid_id`

	gridsOfBuildings = `-- name: grid.OfBuildings
SELECT bg.building_id, bg.district, bg.grid_id FROM building_grid bg
WHERE (bg.district = ANY($1) OR bg.moved_to = ANY($1)) AND bg.building_id = ANY($2) AND (bg.during @> $3::timestamptz) IS TRUE ORDER BY bg.building_id`

	gridsOfEstates = `-- name: grid.OfEstates
SELECT b.estate_id, min(bg.district), min(bg.grid_id::text)::uuid FROM building b
LEFT JOIN building_grid bg ON (bg.district = b.district OR bg.moved_to = b.district) AND bg.building_id = b.id AND (bg.during @> $3::timestamptz) IS TRUE
WHERE b.district = ANY($1) AND b.estate_id = ANY($2)
GROUP BY b.estate_id HAVING count(DISTINCT bg.grid_id) = 1 AND count(*) = count(bg.grid_id) ORDER BY b.estate_id`

	extentOfAll = `-- name: place.Extent
SELECT ST_XMin(e.box), ST_YMin(e.box), ST_XMax(e.box), ST_YMax(e.box) FROM (
	SELECT ST_Extent(x.shape) AS box FROM (
		SELECT d.boundary::box3d::geometry AS shape FROM division d WHERE d.boundary IS NOT NULL
		UNION ALL
		SELECT b.boundary::box3d::geometry FROM grid_boundary b WHERE b.district = ANY($1)
	) x
) e WHERE e.box IS NOT NULL ORDER BY 1`
)

func lngLat(points []grid.Point) (lng, lat []float64) {
	lng, lat = make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lng[i], lat[i] = p.Lng, p.Lat
	}
	return lng, lat
}

// Covering implements grid.Store. PostGIS's ST_Covers is the judge of "in".
func (s *Grids) Covering(ctx context.Context, actor account.Actor, points []grid.Point, at time.Time) ([]grid.Around, error) {
	out := make([]grid.Around, len(points))
	if len(points) == 0 {
		return out, nil
	}
	lng, lat := lngLat(points)
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		err = s.each(ctx, actor, gridsCovering, []any{lng, lat, homes, at}, func(rows pgx.Rows) error {
			var i int
			var h grid.Holding
			err := rows.Scan(&i, &h.Key.Home, &h.Key.ID, &h.Border)
			out[i-1].Grids = append(out[i-1].Grids, h)
			return err
		})
		if err != nil {
			return err
		}
		err = s.each(ctx, actor, buildingsCovering, []any{lng, lat, append(homes, key.Unplaced)}, func(rows pgx.Rows) error {
			var i int
			var k key.Key
			err := rows.Scan(&i, &k.Home, &k.ID)
			out[i-1].BuildingKey = &k
			return err
		})
		if err != nil {
			return err
		}
		return s.each(ctx, actor, divisionsCovering, []any{lng, lat}, func(rows pgx.Rows) error {
			var i int
			var id uuid.UUID
			err := rows.Scan(&i, &id)
			out[i-1].DivisionID = &id
			return err
		})
	})
	return out, err
}

// Nearest implements grid.Store.
func (s *Grids) Nearest(ctx context.Context, actor account.Actor, points []grid.Point, limitM float64, at time.Time) ([]grid.Near, error) {
	out := make([]grid.Near, len(points))
	return out, s.around(ctx, actor, gridsNearest, points, limitM, at, func(rows pgx.Rows) error {
		var i int
		var n grid.Near
		err := rows.Scan(&i, &n.Key.Home, &n.Key.ID, &n.DistanceM)
		out[max(i, 1)-1] = n
		return err
	})
}

// Boxed implements grid.Store.
func (s *Grids) Boxed(ctx context.Context, actor account.Actor, points []grid.Point, radiiM []float64, at time.Time) ([][]key.Key, error) {
	out := make([][]key.Key, len(points))
	return out, s.around(ctx, actor, gridsBoxed, points, radiiM, at, func(rows pgx.Rows) error {
		var i int
		var k key.Key
		err := rows.Scan(&i, &k.Home, &k.ID)
		out[max(i, 1)-1] = append(out[max(i, 1)-1], k)
		return err
	})
}

// around runs one of the statements that look for grids near points; reach is how far, metres.
func (s *Grids) around(ctx context.Context, actor account.Actor, sql string, points []grid.Point, reach any, at time.Time, scan func(pgx.Rows) error) error {
	if len(points) == 0 {
		return nil
	}
	lng, lat := lngLat(points)
	return s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		return s.each(ctx, actor, sql, []any{lng, lat, homes, at, reach}, scan)
	})
}

// GridsOfBuildings implements grid.Store.
func (s *Grids) GridsOfBuildings(ctx context.Context, actor account.Actor, buildings []key.Key, at time.Time) (map[uuid.UUID]key.Key, error) {
	return s.assigned(ctx, actor, gridsOfBuildings, buildings, at)
}

// GridsOfEstates implements grid.Store.
func (s *Grids) GridsOfEstates(ctx context.Context, actor account.Actor, estates []key.Key, at time.Time) (map[uuid.UUID]key.Key, error) {
	return s.assigned(ctx, actor, gridsOfEstates, estates, at)
}

func (s *Grids) assigned(ctx context.Context, actor account.Actor, sql string, things []key.Key, at time.Time) (map[uuid.UUID]key.Key, error) {
	homes, ids := split(things)
	out := make(map[uuid.UUID]key.Key, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := s.each(ctx, actor, sql, []any{homes, ids, at}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var k key.Key
		err := rows.Scan(&id, &k.Home, &k.ID)
		out[id] = k
		return err
	})
	return out, err
}

// Extent implements grid.Store.
func (s *Grids) Extent(ctx context.Context, actor account.Actor) (box place.Box, found bool, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		return s.each(ctx, actor, extentOfAll, []any{homes}, func(rows pgx.Rows) error {
			found = true
			return rows.Scan(&box.West, &box.South, &box.East, &box.North)
		})
	})
	return box, found, err
}
