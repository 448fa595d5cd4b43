package db

import "context"

// Rows that policies guard say themselves where they lie: see unit_people. Whoever changes what belongs where writes down which units that
// concerns in the table settling, and has them settled in the same transaction.
const (
	settleTable = `-- name: settle.Table
CREATE TEMPORARY TABLE settling (district text, unit_id uuid) ON COMMIT DROP`

	settlePlaced = `-- name: settle.Placed
INSERT INTO settling (district, unit_id) SELECT u.district, u.id FROM placings p JOIN unit u ON u.district = p.district AND u.building_id = p.building_id
ORDER BY u.district, u.id`

	// The units of grids that another community has got.
	settleGrids = `-- name: settle.Grids
INSERT INTO settling (district, unit_id) SELECT p.district, p.unit_id FROM stage s JOIN grid g ON g.district = s.home AND g.id = s.known
JOIN unit_people p ON p.district = g.district AND p.grid_id = g.id WHERE p.community_id <> g.community_id ORDER BY p.district, p.unit_id`

	settleUnit = `-- name: settle.Unit
INSERT INTO settling (district, unit_id) VALUES ($1, $2)`

	settlePeople = `-- name: settle.People
UPDATE unit_people p SET grid_id = x.grid_id, community_id = x.community_id FROM (
	SELECT s.district, s.unit_id, g.id AS grid_id, g.community_id FROM (SELECT DISTINCT district, unit_id FROM settling) s
	JOIN unit u ON u.district = s.district AND u.id = s.unit_id
	LEFT JOIN unit_grid ug ON ug.district = u.district AND ug.unit_id = u.id AND (ug.during @> now()) IS TRUE
	LEFT JOIN building_grid bg ON bg.district = u.district AND bg.building_id = u.building_id AND (bg.during @> now()) IS TRUE
	LEFT JOIN grid g ON g.district = u.district AND g.id = coalesce(ug.grid_id, bg.grid_id)
) x WHERE p.district = x.district AND p.unit_id = x.unit_id AND (p.grid_id, p.community_id) IS DISTINCT FROM (x.grid_id, x.community_id)`

	settleDwellings = `-- name: settle.Dwellings
UPDATE dwelling d SET grid_id = p.grid_id, community_id = p.community_id
FROM (SELECT DISTINCT district, unit_id FROM settling) s JOIN unit_people p ON p.district = s.district AND p.unit_id = s.unit_id
WHERE d.district = s.district AND d.unit_id = s.unit_id AND (d.grid_id, d.community_id) IS DISTINCT FROM (p.grid_id, p.community_id)`

	settleHouseholds = `-- name: settle.Households
UPDATE household h SET grid_id = d.grid_id, community_id = d.community_id
FROM (SELECT DISTINCT district, unit_id FROM settling) s JOIN dwelling d ON d.district = s.district AND d.unit_id = s.unit_id
WHERE h.district = d.district AND h.dwelling_id = d.id AND (h.grid_id, h.community_id) IS DISTINCT FROM (d.grid_id, d.community_id)`
)

// settle keeps in step where the units of the table settling, and what is beneath them, lie.
func (in *importing) settle(ctx context.Context) error {
	if err := in.run(ctx, "ANALYZE settling", settlePeople, settleDwellings, settleHouseholds); err != nil {
		return err
	}
	return in.settleFiles(ctx)
}
