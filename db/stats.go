package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
)

// Who lives in grids, in the districts $3. Today's count stands beside the units, with the grid that each lies in now. That of another
// time $2 is read from the households, and begins with the first that was ever noted: of the units placed in a grid by hand then, and those
// of its buildings that were not placed by hand elsewhere.
const (
	byHand = `, hand AS MATERIALIZED (
	SELECT coalesce(h.moved_to, h.district) AS district, h.district AS grid_district, h.unit_id, h.grid_id FROM unit_grid h WHERE h.district = ANY($3) AND h.during @> $2::timestamptz
), placed AS (`
	withBuilding = `
	SELECT bg.grid_id, u.district, u.id
	FROM building_grid bg JOIN unit u ON u.district = coalesce(bg.moved_to, bg.district) AND u.building_id = bg.building_id`
	alone = `
	WHERE bg.district = ANY($3) AND u.district = ANY($3) AND bg.during @> $2::timestamptz
	  AND NOT EXISTS (SELECT 1 FROM hand WHERE hand.district = u.district AND hand.unit_id = u.id)
	UNION ALL
	SELECT hand.grid_id, u.district, u.id
	FROM hand JOIN unit u ON u.district = hand.district AND u.id = hand.unit_id`
	unitsHere = byHand + withBuilding + `
	JOIN here ON here.district = bg.district AND here.id = bg.grid_id` + alone + `
	JOIN here ON here.district = hand.grid_district AND here.id = hand.grid_id WHERE u.district = ANY($3)
)`

	peopleNow = `, people AS MATERIALIZED (
	SELECT p.grid_id, count(*) AS units, sum(p.households) AS households, sum(p.residents) AS residents, true AS registered
	FROM unit_people p JOIN here ON here.district = p.district AND here.id = p.grid_id WHERE p.district = ANY($3) GROUP BY p.grid_id
)`
	peopleThen = `, people AS MATERIALIZED (
	SELECT p.grid_id, count(DISTINCT p.id) AS units, count(o.id) FILTER (WHERE o.until IS NULL OR o.until > $2) AS households,
		sum(o.residents) FILTER (WHERE o.until IS NULL OR o.until > $2) AS residents, count(o.id) > 0 AS registered
	FROM placed p LEFT JOIN dwelling w ON w.district = p.district AND w.unit_id = p.id AND w.district = ANY($3)
	LEFT JOIN household o ON o.district = w.district AND o.dwelling_id = w.id AND o.district = ANY($3) AND o.since <= $2
	GROUP BY p.grid_id
)`
)

// $1 communities, $2 instant, $3 districts, $4 grids. All grids of these communities and of those that these grids are in:
// whether households are registered is a matter of the community.
const (
	statsHere = `WITH here AS MATERIALIZED (
	SELECT g.district, g.id, g.community_id, g.code
	FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> $2::timestamptz
	WHERE g.district = ANY($3) AND b.district = ANY($3) AND g.community_id IN (
		SELECT c.id FROM unnest($1::uuid[]) AS c (id) UNION
		SELECT o.community_id FROM grid o WHERE o.district = ANY($3) AND o.id = ANY($4::uuid[]))
), built AS (
	SELECT bg.grid_id, count(*) AS buildings FROM building_grid bg`
	builtHere = ` JOIN here ON here.district = bg.district AND here.id = bg.grid_id`
	builtTail = ` WHERE bg.district = ANY($3) AND bg.during @> $2::timestamptz GROUP BY bg.grid_id
)`
	statsTail = `
SELECT here.id, here.community_id, here.code, coalesce(built.buildings, 0), coalesce(people.units, 0), coalesce(people.households, 0),
	coalesce(people.residents, 0), coalesce(people.registered, false)
FROM here LEFT JOIN built ON built.grid_id = here.id LEFT JOIN people ON people.grid_id = here.id ORDER BY here.id`

	statsNow = `-- name: stats.Now
` + statsHere + builtHere + builtTail + peopleNow + statsTail

	statsThen = `-- name: stats.Then
` + statsHere + builtHere + builtTail + unitsHere + peopleThen + statsTail

	statsOfMany = `-- name: stats.OfMany
` + statsHere + builtTail + peopleNow + statsTail

	statsNewest = `-- name: stats.Newest
SELECT c.n FROM change_log c WHERE c.what NOT IN ('staff', 'policy', 'refs', 'contacts', 'boards') ORDER BY c.n DESC LIMIT 1`

	// $1 districts, $2 grids.
	statsAreas = `-- name: stats.Areas
SELECT g.district, g.id, g.community_id FROM grid g WHERE g.district = ANY($1) AND g.id = ANY($2) ORDER BY g.id`

	// $1 districts, $2 roots and $3 the divisions beneath each, in pairs.
	statsAreasBeneath = `-- name: stats.AreasBeneath
SELECT t.root, d.home, d.id FROM unnest($2::uuid[], $3::uuid[]) AS t (root, division) JOIN division d ON d.id = t.division
WHERE EXISTS (SELECT 1 FROM grid g WHERE g.district = ANY($1) AND g.district = d.home AND g.community_id = d.id) ORDER BY t.root, d.id`

	divisionTree = `-- name: division.Tree
SELECT d.id, coalesce(d.parent_id, '00000000-0000-0000-0000-000000000000'), d.code, d.home FROM division d ORDER BY d.code`
)

// manyCommunities is where it becomes faster to count in all grids there are.
const manyCommunities = 200

// gridStats is a grid with what is counted in it. Registered is of the grid alone.
type gridStats struct {
	id, community uuid.UUID
	code          string
	place.Stats
}

func (d *DB) gridStats(ctx context.Context, actor account.Actor, homes []string, communities, grids []uuid.UUID, at any, history bool) ([]gridStats, error) {
	sql := statsNow
	switch {
	case history:
		sql = statsThen
		all, err := d.homes(ctx, actor) // what lived here then may be kept with another district now
		if err != nil {
			return nil, err
		}
		homes = all
	case len(communities) > manyCommunities:
		sql = statsOfMany
	}
	var out []gridStats
	// Planned anew each time: one grid and a whole city want different plans.
	err := d.each(ctx, actor, sql, []any{pgx.QueryExecModeCacheDescribe, communities, at, homes, grids}, func(rows pgx.Rows) error {
		n := gridStats{Stats: place.Stats{Grids: 1}}
		err := rows.Scan(&n.id, &n.community, &n.code, &n.Buildings, &n.Units, &n.Households, &n.Residents, &n.Registered)
		out = append(out, n)
		return err
	})
	return out, err
}

// GridStats implements place.Store.
func (s *Places) GridStats(ctx context.Context, actor account.Actor, grids []key.Key, at time.Time, history bool) (map[uuid.UUID]place.Stats, error) {
	homes, ids := split(grids)
	out := make(map[uuid.UUID]place.Stats, len(ids))
	list, err := s.gridStats(ctx, actor, homes, nil, ids, at, history)
	if err != nil {
		return nil, err
	}
	asked := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	registered := map[uuid.UUID]bool{} // communities
	for _, n := range list {
		registered[n.community] = registered[n.community] || n.Registered
	}
	for _, n := range list {
		if n.Registered = registered[n.community]; asked[n.id] { // others of their communities are not counted for this actor
			out[n.id] = n.Stats
		}
	}
	return out, nil
}

// DivisionStats implements place.Store.
func (s *Places) DivisionStats(ctx context.Context, actor account.Actor, ids []uuid.UUID, at time.Time, history bool) (map[uuid.UUID]place.Stats, error) {
	out := make(map[uuid.UUID]place.Stats, len(ids))
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		t, err := s.subtrees(ctx, actor, ids)
		if err != nil {
			return err
		}
		list, err := s.gridStats(ctx, actor, t.homes, t.divisions, nil, at, history)
		if err != nil {
			return err
		}
		in := map[uuid.UUID]place.Stats{}
		for _, n := range list {
			in[n.community] = sum(in[n.community], n.Stats)
		}
		for i, root := range t.roots {
			out[root] = sum(out[root], in[t.divisions[i]])
		}
		return nil
	})
	return out, err
}

func sum(a, b place.Stats) place.Stats {
	return place.Stats{Grids: a.Grids + b.Grids, Buildings: a.Buildings + b.Buildings, Units: a.Units + b.Units,
		Households: a.Households + b.Households, Residents: a.Residents + b.Residents, Registered: a.Registered || b.Registered}
}

// AreasOfGrids implements place.Store.
func (s *Places) AreasOfGrids(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key][]account.Area, error) {
	homes, ids := split(grids)
	out := make(map[key.Key][]account.Area, len(ids))
	err := s.each(ctx, actor, statsAreas, []any{homes, ids}, func(rows pgx.Rows) error {
		var a account.Area
		err := rows.Scan(&a.District, &a.Grid, &a.Community)
		out[key.Key{Home: a.District, ID: a.Grid}] = []account.Area{a}
		return err
	})
	return out, err
}

// AreasOfDivisions implements place.Store.
func (s *Places) AreasOfDivisions(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID][]account.Area, error) {
	out := make(map[uuid.UUID][]account.Area, len(ids))
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		t, err := s.subtrees(ctx, actor, ids)
		if err != nil {
			return err
		}
		return s.each(ctx, actor, statsAreasBeneath, []any{t.homes, t.roots, t.divisions}, func(rows pgx.Rows) error {
			var root uuid.UUID
			var a account.Area
			err := rows.Scan(&root, &a.District, &a.Community)
			out[root] = append(out[root], a)
			return err
		})
	})
	return out, err
}

// NewestOfCounts implements place.Store.
func (s *Places) NewestOfCounts(ctx context.Context, actor account.Actor) (n int64, err error) {
	err = s.each(ctx, actor, statsNewest, nil, func(rows pgx.Rows) error { return rows.Scan(&n) })
	return n, err
}

// Cells implements place.Store. It counts what is in force without an end, whatever the program's clock says: what it answers
// is kept until the next change, and the store's clock may be ahead.
func (s *Places) Cells(ctx context.Context, actor account.Actor) (divisions, grids []place.Cell, err error) {
	err = s.Do(ctx, actor, func(ctx context.Context) error {
		homes, ids, seen := []string{}, []uuid.UUID{}, map[string]bool{}
		homeOf := map[uuid.UUID]string{}
		err := s.each(ctx, actor, divisionTree, nil, func(rows pgx.Rows) error {
			var c place.Cell
			err := rows.Scan(&c.ID, &c.Parent, &c.Code, &c.Home)
			divisions, ids, homeOf[c.ID] = append(divisions, c), append(ids, c.ID), c.Home
			if !seen[c.Home] {
				seen[c.Home] = true
				homes = append(homes, c.Home)
			}
			return err
		})
		if err != nil {
			return err
		}
		list, err := s.gridStats(ctx, actor, homes, ids, nil, pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, false)
		for _, n := range list {
			grids = append(grids, place.Cell{ID: n.id, Parent: n.community, Home: homeOf[n.community], Code: n.code, Households: n.Households, Residents: n.Residents})
		}
		return err
	})
	return divisions, grids, err
}
