package db

import (
	"context"
	"maps"
	"math"
	"slices"
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

// Boxes $1 west, $2 south, $3 east, $4 north, degrees.
const boxRows = ` unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[]) AS x (west, south, east, north) `

const (
	gridsAround = `-- name: grid.Around
SELECT DISTINCT b.district, b.grid_id FROM` + boxRows + `
JOIN grid_boundary b ON b.district = ANY($5) AND b.during @> $6::timestamptz AND b.boundary && ST_MakeEnvelope(x.west, x.south, x.east, x.north, 4490)
ORDER BY b.district, b.grid_id`

	divisionsAround = `-- name: division.Around
SELECT DISTINCT d.id FROM` + boxRows + `
JOIN division d ON d.boundary && ST_MakeEnvelope(x.west, x.south, x.east, x.north, 4490) ORDER BY d.id`

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

// cell is the side of the squares, degrees, within which points near each other are asked about by one box.
const cell = 0.01

// boxesAround returns boxes, as $1 to $4 of boxRows, that hold all within reachM[i] metres of points[i]: a degree of latitude is
// never under 110 km, one of longitude that times the cosine. reachM may be nil, for 0.
func boxesAround(points []grid.Point, reachM []float64) []any {
	boxes := map[[2]int]place.Box{}
	for i, p := range points {
		var dLng, dLat float64
		if reachM != nil {
			dLng, dLat = reachM[i]/(110_000*max(math.Cos(p.Lat*math.Pi/180), 0.01)), reachM[i]/110_000
		}
		at := [2]int{int(math.Floor(p.Lng / cell)), int(math.Floor(p.Lat / cell))}
		b, known := boxes[at]
		if !known {
			b = place.Box{West: p.Lng, South: p.Lat, East: p.Lng, North: p.Lat}
		}
		boxes[at] = place.Box{West: min(b.West, p.Lng-dLng), South: min(b.South, p.Lat-dLat), East: max(b.East, p.Lng+dLng), North: max(b.North, p.Lat+dLat)}
	}
	var west, south, east, north []float64
	for _, b := range boxes {
		west, south, east, north = append(west, b.West), append(south, b.South), append(east, b.East), append(north, b.North)
	}
	return []any{west, south, east, north}
}

// Around implements grid.Store.
func (s *Grids) Around(ctx context.Context, actor account.Actor, points []grid.Point, reachM []float64, at time.Time) (communities []grid.Community, divisions []place.Division, err error) {
	if len(points) == 0 {
		return nil, nil, nil
	}
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.homes(ctx, actor)
		if err != nil {
			return err
		}
		var keys []key.Key
		err = s.each(ctx, actor, gridsAround, append(boxesAround(points, reachM), homes, at), func(rows pgx.Rows) error {
			var k key.Key
			err := rows.Scan(&k.Home, &k.ID)
			keys = append(keys, k)
			return err
		})
		if err != nil {
			return err
		}
		grids, err := s.GridsByKey(ctx, actor, keys, at, grid.Fields{Boundary: true})
		if err != nil {
			return err
		}
		of := map[uuid.UUID][]grid.Version{}
		for _, g := range grids {
			of[g.CommunityID] = append(of[g.CommunityID], grid.Version{Grid: g, From: at})
		}
		for id, versions := range of {
			communities = append(communities, grid.Community{ID: id, Versions: versions})
		}
		return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
			ids, err := idsOf(ctx, tx, divisionsAround, boxesAround(points, nil)...)
			if err != nil {
				return err
			}
			found, err := NewPlaces(s.DB).DivisionsByID(ctx, actor, ids, place.Fields{Boundary: true})
			divisions = slices.Collect(maps.Values(found))
			return err
		})
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
