package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
)

// Scenes reads what a map shows at an instant.
type Scenes struct{ *DB }

// NewScenes returns the store of scenes.
func NewScenes(d *DB) *Scenes { return &Scenes{d} }

var _ scene.Store = (*Scenes)(nil)

const (
	// $1 to $4 the box, $5 the districts, $6 the instant. The boxes of communities are kept nowhere, so that no index finds one that reaches
	// around others without a grid near them, like an L. But where the boxes of two communities meet, so do their extents in longitude and in
	// latitude: one in a single piece has a grid somewhere above or beneath the other, and one somewhere beside it. One in several pieces may
	// lie wholly on both sides of these strips. Its boundary as a division finds it; without one it has no border near the other either.
	//
	// ARRAY[g.id] and IS TRUE keep the planner from the GiST index of the EXCLUDE: see liveGridColumns.
	sceneCommunities = `-- name: scene.Communities
WITH here AS MATERIALIZED (
	SELECT DISTINCT g.community_id AS id FROM grid_boundary b JOIN grid g ON g.district = ANY($5) AND g.district = b.district AND g.id = b.grid_id
	WHERE b.district = ANY($5) AND b.boundary && ST_MakeEnvelope($1, $2, $3, $4, 4490) AND b.during @> $6::timestamptz
), reach AS MATERIALIZED (
	SELECT ST_SetSRID(ST_Extent(b.boundary)::geometry, 4490) AS box FROM here JOIN grid g ON g.district = ANY($5) AND g.community_id = here.id
	JOIN grid_boundary b ON b.district = ANY($5) AND b.district = g.district AND b.grid_id = ANY(ARRAY[g.id]) AND (b.during @> $6::timestamptz) IS TRUE
)
SELECT n.id FROM (
	SELECT g.community_id AS id FROM reach r
	JOIN grid_boundary b ON b.district = ANY($5) AND b.boundary && ST_MakeEnvelope(ST_XMin(r.box), -90, ST_XMax(r.box), 90, 4490) AND b.during @> $6::timestamptz
	JOIN grid g ON g.district = ANY($5) AND g.district = b.district AND g.id = b.grid_id
	INTERSECT
	SELECT g.community_id FROM reach r
	JOIN grid_boundary b ON b.district = ANY($5) AND b.boundary && ST_MakeEnvelope(-180, ST_YMin(r.box), 180, ST_YMax(r.box), 4490) AND b.during @> $6::timestamptz
	JOIN grid g ON g.district = ANY($5) AND g.district = b.district AND g.id = b.grid_id
	UNION
	SELECT d.id FROM reach r JOIN division d ON d.boundary && r.box
) n ORDER BY n.id`

	// $1 districts, $2 communities, $3 the instant.
	sceneGrids = `-- name: scene.Grids
SELECT ` + versionColumns + ` FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = ANY(ARRAY[g.id]) AND b.district = ANY($1)
	AND (b.during @> $3::timestamptz) IS TRUE
WHERE g.district = ANY($1) AND g.community_id = ANY($2) ORDER BY g.code, g.id`

	// $2 to $5 the box.
	sceneDivisions = `-- name: scene.Divisions
WITH family AS MATERIALIZED (
	SELECT d.level, coalesce(d.parent_id, '00000000-0000-0000-0000-000000000000') AS parent,
		ST_SetSRID(ST_Extent(d.boundary::box2d::geometry)::geometry, 4490) AS box, bool_or(d.boundary && ST_MakeEnvelope($2, $3, $4, $5, 4490)) AS here
	FROM division d WHERE d.boundary IS NOT NULL GROUP BY 1, 2
), near AS MATERIALIZED (
	SELECT DISTINCT f.level, f.parent FROM family h JOIN family f ON f.level = h.level AND f.box && h.box WHERE h.here
)
SELECT ` + divisionColumns + ` FROM near n
JOIN division d ON d.level = n.level AND coalesce(d.parent_id, '00000000-0000-0000-0000-000000000000') = n.parent AND d.boundary IS NOT NULL
ORDER BY d.code`

	// The grids that meet the box $1 to $4, and their groups; $5 districts, $6 the instant.
	sceneAreas = `-- name: scene.Areas
SELECT DISTINCT a.id FROM grid_boundary b JOIN grid g ON g.district = ANY($5) AND g.district = b.district AND g.id = b.grid_id
CROSS JOIN LATERAL (VALUES (g.id), (g.group_id)) AS a (id)
WHERE b.district = ANY($5) AND b.boundary && ST_MakeEnvelope($1, $2, $3, $4, 4490) AND b.during @> $6::timestamptz AND a.id IS NOT NULL ORDER BY a.id`

	// $1 districts, $2 grids.
	sceneCodes = `-- name: scene.Codes
SELECT g.district, g.id, g.code FROM grid g WHERE g.district = ANY($1) AND g.id = ANY($2) ORDER BY g.district, g.id`

	// $1 districts, $2 areas, $3 the day.
	sceneTenures = `-- name: scene.Tenures
` + liveTenureColumns + `AND a.area_id = ANY($2) AND (a.during @> $3::date) IS TRUE ORDER BY a.area_id, a.id`

	sceneAbsences = `-- name: scene.Absences
SELECT ` + absenceColumns + ` FROM absence x WHERE x.district = ANY($1) AND upper(x.during) > $3::date AND (x.during @> $3::date) IS TRUE AND x.worker_id IN (
	SELECT a.worker_id FROM assignment a WHERE a.district = ANY($1) AND a.area_id = ANY($2) AND (a.during @> $3::date) IS TRUE
) ORDER BY x.worker_id, x.during`
)

// within runs sql with the box, the districts and the instant, and gives the ids that it answers. It is planned anew each time: a plan for any box whatever
// takes several times as long.
func (s *Scenes) within(ctx context.Context, actor account.Actor, sql string, box place.Box, homes []string, at time.Time) (ids []uuid.UUID, err error) {
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		ids, err = idsOf(ctx, tx, sql, pgx.QueryExecModeCacheDescribe, box.West, box.South, box.East, box.North, homes, at)
		return err
	})
	return ids, err
}

// Communities implements scene.Store.
func (s *Scenes) Communities(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (list []grid.Community, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		ids, err := s.within(ctx, actor, sceneCommunities, box, homes, at)
		if err != nil || len(ids) == 0 {
			return err
		}
		var read communityRows
		batch := &pgx.Batch{}
		queueRows(batch, liveFormerCodesOf, []any{homes, ids}, read.formerCode)
		queueRows(batch, sceneGrids, []any{homes, ids, at}, func(rows pgx.Rows) error {
			_, err := read.version(rows)
			return err
		})
		queueRows(batch, liveGroupsOf, []any{homes, ids}, read.group)
		err = s.send(ctx, actor, batch)
		list = read.list
		return err
	})
	return list, err
}

// Codes implements scene.Store.
func (s *Scenes) Codes(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key]string, error) {
	homes, ids := split(grids)
	codes := make(map[key.Key]string, len(grids))
	err := s.each(ctx, actor, sceneCodes, []any{homes, ids}, func(rows pgx.Rows) error {
		var k key.Key
		var code string
		err := rows.Scan(&k.Home, &k.ID, &code)
		codes[k] = code
		return err
	})
	return codes, err
}

// send runs a batch.
func (s *Scenes) send(ctx context.Context, actor account.Actor, batch *pgx.Batch) error {
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error { return tx.SendBatch(ctx, batch).Close() })
}

// Divisions implements scene.Store.
func (s *Scenes) Divisions(ctx context.Context, actor account.Actor, box place.Box) ([]place.Division, error) {
	return NewPlaces(s.DB).divisions(ctx, actor, sceneDivisions, true, box.West, box.South, box.East, box.North)
}

// Tenures implements scene.Store.
func (s *Scenes) Tenures(ctx context.Context, actor account.Actor, box place.Box, at time.Time, day civil.Date) (list []staff.Tenure, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		areas, err := s.within(ctx, actor, sceneAreas, box, homes, at)
		if err != nil || len(areas) == 0 {
			return err
		}
		var read tenureRows
		batch := &pgx.Batch{}
		queueRows(batch, sceneTenures, []any{homes, areas, day.Time()}, read.tenure)
		queueRows(batch, sceneAbsences, []any{homes, areas, day.Time()}, read.absence)
		err = s.send(ctx, actor, batch)
		list = read.list
		return err
	})
	return list, err
}
