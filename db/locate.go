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

const (
	// $1 and $2 are Fields and instant as in every read of grids, $3 longitudes, $4 latitudes and $5 metres of each point, $6
	// districts. ST_Expand makes a box that holds all within a number of metres of a point: a degree of latitude is never under
	// 110 km, one of longitude that times the cosine.
	gridsAround = `-- name: grid.Around
SELECT ` + gridColumns + gridJoin + `
WHERE g.district = ANY($6) AND b.district = ANY($6) AND b.id IN (
	SELECT o.id FROM unnest($3::float8[], $4::float8[], $5::float8[]) AS p (lng, lat, m)
	JOIN grid_boundary o ON o.district = ANY($6) AND o.during @> $2::timestamptz
		AND o.boundary && ST_Expand(ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490), p.m / (111000.0 * greatest(cos(radians(p.lat)), 0.01)), p.m / 110000.0)
) ORDER BY g.community_id, g.code`

	divisionsAround = `-- name: division.Around
SELECT ` + divisionColumns + ` FROM division d
WHERE EXISTS (SELECT 1 FROM unnest($2::float8[], $3::float8[]) AS p (lng, lat) WHERE d.boundary && ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490)) ORDER BY d.code`

	buildingsAt = `-- name: building.At
SELECT DISTINCT ON (p.i) p.i, b.district, b.id` + pointRows + `
JOIN building b ON b.district = ANY($3) AND b.footprint && q.at AND ST_Covers(b.footprint, q.at)
ORDER BY p.i, ST_Area(b.footprint), b.code, b.id`

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

// Around implements grid.Store.
func (s *Grids) Around(ctx context.Context, actor account.Actor, points []grid.Point, reachM []float64, at time.Time) (communities []grid.Community, divisions []place.Division, err error) {
	if len(points) == 0 {
		return nil, nil, nil
	}
	lng, lat := lngLat(points)
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		grids, err := s.grids(ctx, actor, gridsAround, true, at, lng, lat, reachM, homes)
		if err != nil {
			return err
		}
		for _, g := range grids {
			if n := len(communities); n == 0 || communities[n-1].ID != g.CommunityID {
				communities = append(communities, grid.Community{ID: g.CommunityID})
			}
			last := &communities[len(communities)-1]
			last.Versions = append(last.Versions, grid.Version{Grid: g, From: at})
		}
		divisions, err = NewPlaces(s.DB).divisions(ctx, actor, divisionsAround, true, lng, lat)
		return err
	})
	return communities, divisions, err
}

// BuildingsAt implements grid.Store. PostGIS's ST_Covers is the judge of "covers".
func (s *Grids) BuildingsAt(ctx context.Context, actor account.Actor, points []grid.Point) ([]*key.Key, error) {
	out := make([]*key.Key, len(points))
	if len(points) == 0 {
		return out, nil
	}
	lng, lat := lngLat(points)
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		return s.each(ctx, actor, buildingsAt, []any{lng, lat, homes}, func(rows pgx.Rows) error {
			var i int
			var k key.Key
			err := rows.Scan(&i, &k.Home, &k.ID)
			out[i-1] = &k
			return err
		})
	})
	return out, err
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
