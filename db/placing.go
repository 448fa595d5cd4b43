package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/internal/fault"
)

// Which grid a building belongs to: the one that holds the largest share of its footprint, the lowest code where two hold
// the same; of a building that is known by a point, the one that holds the point. One that lies outside every grid but for a
// part belongs to the grid that has the part. What a person placed stays there as long as that grid is in force.

// sharesOfGround joins to x.ground, an area or a point, the grids in force (b and g) that hold some of it, with the part of
// it that each holds: 1 where that is all, which needs no intersection. Parts are of the area in square degrees, which within
// one building is as good as square metres, and rounded to a millionth, so that two halves are the same and a touch is none.
const sharesOfGround = `
	JOIN grid_boundary b ON b.boundary && x.ground AND b.during @> now()
	JOIN grid g ON g.district = b.district AND g.id = b.grid_id
	JOIN LATERAL (SELECT CASE WHEN ST_Covers(b.boundary, x.ground) THEN 1
		WHEN ST_Dimension(x.ground) = 2 AND ST_Intersects(b.boundary, x.ground)
		THEN round((ST_Area(ST_Intersection(b.boundary, x.ground)) / ST_Area(x.ground))::numeric, 6)
		ELSE 0 END AS part OFFSET 0) share ON share.part > 0`

const (
	placeChangedTable = `-- name: place.ChangedTable
CREATE TEMPORARY TABLE changed (shape geometry) ON COMMIT DROP`

	placeNearTable = `-- name: place.NearTable
CREATE TEMPORARY TABLE near (kind text, district text, id uuid, at geometry, ground geometry) ON COMMIT DROP`

	placeHomesTable = `-- name: place.HomesTable
CREATE TEMPORARY TABLE homes (kind text, district text, id uuid, home text) ON COMMIT DROP`

	placePlacings = `-- name: place.Placings
CREATE TEMPORARY TABLE placings (district text, building_id uuid, grid_id uuid, by_hand boolean) ON COMMIT DROP`

	// The areas that an import brought or took away.
	placeChanged = `-- name: place.Changed
INSERT INTO changed (shape)
SELECT s.shape FROM stage s WHERE s.shape IS NOT NULL
UNION ALL
SELECT o.boundary FROM stage s JOIN grid_boundary o ON o.district = s.home AND o.grid_id = s.known AND upper(o.during) = now()`

	// What lies near them; where a thing lies is decided by its ground, as when it is imported.
	placeNear = `-- name: place.Near
INSERT INTO near (kind, district, id, at, ground)
SELECT DISTINCT ON (b.district, b.id) 'building', b.district, b.id, b.location, coalesce(b.footprint, b.location)
FROM changed c JOIN building b ON b.footprint && c.shape OR b.footprint IS NULL AND b.location && c.shape
UNION ALL
SELECT DISTINCT ON (l.district, l.id) 'entity', l.district, l.id, l.location, l.location FROM changed c JOIN legal_entity l ON l.location && c.shape
UNION ALL
SELECT x.kind, x.district, x.id, x.at, x.at FROM (
	SELECT 'road' AS kind, r.district, r.id, ST_PointOnSurface(r.shape) AS at, r.shape FROM road r
	UNION ALL SELECT 'land', l.district, l.id, ST_PointOnSurface(l.shape), l.shape FROM land l
) x WHERE EXISTS (SELECT 1 FROM changed c WHERE c.shape && x.shape)`

	// What of it is kept with another district than it lies in, and which one that is: the district of the grid that holds
	// most of it, else of the smallest division around its point. An entity in a building goes where the building does.
	placeHomes = `-- name: place.Homes
INSERT INTO homes (kind, district, id, home)
SELECT n.kind, n.district, n.id, coalesce(hit.home, around.home) FROM near n
LEFT JOIN (
	SELECT DISTINCT ON (x.kind, x.district, x.id) x.kind, x.district, x.id, b.district AS home FROM near x` + sharesOfGround + `
	ORDER BY x.kind, x.district, x.id, share.part DESC, g.code
) hit ON hit.kind = n.kind AND hit.district = n.district AND hit.id = n.id
LEFT JOIN LATERAL (
	SELECT d.home FROM division d WHERE hit.home IS NULL AND d.boundary && n.at AND ST_Covers(d.boundary, n.at)
	AND d.level IN ('DISTRICT', 'TOWN', 'COMMUNITY')
	ORDER BY array_position(ARRAY['COMMUNITY', 'TOWN', 'DISTRICT'], d.level), d.code LIMIT 1
) around ON true
WHERE coalesce(hit.home, around.home) <> n.district AND NOT EXISTS (
	SELECT 1 FROM legal_entity l WHERE n.kind = 'entity' AND l.district = n.district AND l.id = n.id AND l.building_id IS NOT NULL)`

	// A thing stays where it is kept while its code, or a code or number of what would move with it, is taken where it belongs,
	// or something before it brings the same there; a building also while somebody holds a post for it, or it or a unit of it
	// is placed by hand.
	placeBound = `-- name: place.Bound
DELETE FROM homes x WHERE (x.district, x.id) IN (
	WITH brought AS (
		SELECT h.home, h.kind, h.district, h.id, 'building' AS what, '' AS system, b.code FROM homes h
		JOIN building b ON h.kind = 'building' AND b.district = h.district AND b.id = h.id
		UNION ALL
		SELECT h.home, h.kind, h.district, h.id, 'legal_entity', '', r.code FROM homes h
		JOIN legal_entity e ON h.kind = 'building' AND e.district = h.district AND e.building_id = h.id
		JOIN entity_record r ON r.district = e.district AND r.entity_id = e.id
		UNION ALL
		SELECT h.home, h.kind, h.district, h.id, 'legal_entity', '', r.code FROM homes h
		JOIN entity_record r ON h.kind = 'entity' AND r.district = h.district AND r.entity_id = h.id
		UNION ALL
		SELECT h.home, h.kind, h.district, h.id, 'road', '', r.code FROM homes h
		JOIN road r ON h.kind = 'road' AND r.district = h.district AND r.id = h.id
		UNION ALL
		SELECT h.home, h.kind, h.district, h.id, 'land', '', l.code FROM homes h
		JOIN land l ON h.kind = 'land' AND l.district = h.district AND l.id = h.id
		UNION ALL
		SELECT h.home, h.kind, h.district, h.id, f.owner_kind, f.system, f.code FROM homes h CROSS JOIN LATERAL (` + idsBeneath + `) o (id)
		JOIN external_ref f ON f.district = h.district AND f.owner_id = o.id
	)
		SELECT m.district, m.id FROM (
			SELECT b.*, row_number() OVER (PARTITION BY b.home, b.what, b.system, b.code ORDER BY b.kind, b.district, b.id) AS nth FROM brought b
		) m WHERE m.nth > 1
		UNION ALL SELECT m.district, m.id FROM brought m JOIN building o ON m.system = '' AND m.what = 'building' AND o.district = m.home AND o.code = m.code
		UNION ALL SELECT m.district, m.id FROM brought m JOIN entity_record o ON m.system = '' AND m.what = 'legal_entity' AND o.district = m.home AND o.code = m.code
		UNION ALL SELECT m.district, m.id FROM brought m JOIN road o ON m.what = 'road' AND o.district = m.home AND o.code = m.code
		UNION ALL SELECT m.district, m.id FROM brought m JOIN land o ON m.what = 'land' AND o.district = m.home AND o.code = m.code
		UNION ALL SELECT m.district, m.id FROM brought m
			JOIN external_ref o ON o.district = m.home AND o.system = m.system AND o.code = m.code AND o.owner_kind = m.what
) OR x.kind = 'building' AND (
	EXISTS (SELECT 1 FROM assignment a WHERE a.district = x.district AND a.building_id = x.id)
	OR EXISTS (SELECT 1 FROM building_grid bg JOIN grid_boundary v ON v.district = bg.district AND v.grid_id = bg.grid_id AND v.during @> now()
		WHERE bg.district = x.district AND bg.building_id = x.id AND bg.by_hand AND bg.during @> now())
	OR EXISTS (SELECT 1 FROM unit u JOIN unit_grid ug ON ug.district = u.district AND ug.unit_id = u.id AND ug.during @> now()
		WHERE u.district = x.district AND u.building_id = x.id))`

	// h.id and, where it is a building, all that is kept beneath it.
	idsBeneath = `
	SELECT h.id
	UNION ALL SELECT u.id FROM unit u WHERE u.district = h.district AND u.building_id = h.id
	UNION ALL SELECT d.id FROM unit u JOIN dwelling d ON d.district = u.district AND d.unit_id = u.id
		WHERE u.district = h.district AND u.building_id = h.id
	UNION ALL SELECT p.id FROM unit u JOIN dwelling d ON d.district = u.district AND d.unit_id = u.id
		JOIN household p ON p.district = d.district AND p.dwelling_id = d.id WHERE u.district = h.district AND u.building_id = h.id
	UNION ALL SELECT e.id FROM legal_entity e WHERE e.district = h.district AND e.building_id = h.id`

	placeMoveEstates = `-- name: place.MoveEstates
INSERT INTO estate (district, id, community_id, name, managed_by)
SELECT DISTINCT ON (h.home, e.name) h.home, gen_random_uuid(), NULL::uuid, e.name, e.managed_by
FROM homes h JOIN building b ON b.district = h.district AND b.id = h.id JOIN estate e ON e.district = b.district AND e.id = b.estate_id
WHERE h.kind = 'building' ORDER BY h.home, e.name
ON CONFLICT (district, community_id, name) DO NOTHING`

	// The entities in a building move as those without one do.
	moveTenants = `-- name: move.Tenants
INSERT INTO homes (kind, district, id, home)
SELECT 'entity', e.district, e.id, h.home FROM homes h JOIN legal_entity e ON e.district = h.district AND e.building_id = h.id WHERE h.kind = 'building'`

	moveNumbers = `-- name: move.Numbers
WITH gone AS (
	DELETE FROM external_ref f USING homes h CROSS JOIN LATERAL (` + idsBeneath + `) o (id)
	WHERE h.kind IN ('building', 'entity') AND f.district = h.district AND f.owner_id = o.id
	RETURNING h.home, f.owner_kind, f.owner_id, f.system, f.code
)
INSERT INTO external_ref (district, owner_kind, owner_id, system, code) SELECT g.home, g.owner_kind, g.owner_id, g.system, g.code FROM gone g`

	moveBuilding = `-- name: move.Building
INSERT INTO building (district, id, code, name, aliases, address, floors, estate_id, location, footprint, version)
SELECT h.home, b.id, b.code, b.name, b.aliases, b.address, b.floors,
	(SELECT n.id FROM estate o JOIN estate n ON n.name = o.name AND n.district = h.home AND n.community_id IS NULL
	 WHERE o.district = h.district AND o.id = b.estate_id), b.location, b.footprint, b.version
FROM homes h JOIN building b ON b.district = h.district AND b.id = h.id WHERE h.kind = 'building' ORDER BY h.district, h.id`

	moveUnits = `-- name: move.Units
INSERT INTO unit (district, id, building_id, name)
SELECT h.home, u.id, u.building_id, u.name
FROM homes h JOIN unit u ON u.district = h.district AND u.building_id = h.id WHERE h.kind = 'building' ORDER BY u.district, u.id`

	movePeople = `-- name: move.People
WITH gone AS (
	DELETE FROM unit_people p USING homes h WHERE h.kind = 'building' AND p.district = h.district AND p.building_id = h.id
	RETURNING h.home, p.unit_id, p.building_id, p.grid_id, p.community_id, p.households, p.residents
)
INSERT INTO unit_people (district, unit_id, building_id, grid_id, community_id, households, residents)
SELECT g.home, g.unit_id, g.building_id, g.grid_id, g.community_id, g.households, g.residents FROM gone g`

	moveDwellings = `-- name: move.Dwellings
INSERT INTO dwelling (district, id, unit_id, room, use, rental_management, building_id, grid_id, community_id)
SELECT h.home, d.id, d.unit_id, d.room, d.use, d.rental_management, d.building_id, d.grid_id, d.community_id
FROM homes h JOIN unit u ON u.district = h.district AND u.building_id = h.id
JOIN dwelling d ON d.district = u.district AND d.unit_id = u.id WHERE h.kind = 'building' ORDER BY d.district, d.id`

	moveHouseholds = `-- name: move.Households
WITH gone AS (
	DELETE FROM household p USING homes h, unit u, dwelling d WHERE h.kind = 'building' AND u.district = h.district AND u.building_id = h.id
	AND d.district = u.district AND d.unit_id = u.id AND p.district = d.district AND p.dwelling_id = d.id
	RETURNING h.home, p.id, p.dwelling_id, p.number, p.residents, p.since, p.until, p.building_id, p.grid_id, p.community_id
)
INSERT INTO household (district, id, dwelling_id, number, residents, since, until, building_id, grid_id, community_id)
SELECT g.home, g.id, g.dwelling_id, g.number, g.residents, g.since, g.until, g.building_id, g.grid_id, g.community_id FROM gone g`

	moveEntities = `-- name: move.Entities
INSERT INTO legal_entity (district, id, name, aliases, category, address, community_id, building_id, location, version)
SELECT h.home, e.id, e.name, e.aliases, e.category, e.address, e.community_id, e.building_id, e.location, e.version
FROM homes h JOIN legal_entity e ON e.district = h.district AND e.id = h.id WHERE h.kind = 'entity' ORDER BY h.district, h.id`

	moveRecords = `-- name: move.Records
WITH gone AS (
	DELETE FROM entity_record r USING homes h WHERE h.kind = 'entity' AND r.district = h.district AND r.entity_id = h.id
	RETURNING h.home, r.entity_id, r.code, r.credit_code, r.employees, r.party_organisation, r.party_members
)
INSERT INTO entity_record (district, entity_id, code, credit_code, employees, party_organisation, party_members)
SELECT g.home, g.entity_id, g.code, g.credit_code, g.employees, g.party_organisation, g.party_members FROM gone g`

	moveDropEntities = `-- name: move.DropEntities
DELETE FROM legal_entity e USING homes h WHERE h.kind = 'entity' AND e.district = h.district AND e.id = h.id`

	movePrints = `-- name: move.Prints
WITH gone AS (
	DELETE FROM board_print p USING homes h WHERE h.kind = 'building' AND p.district = h.district AND p.of_id = h.id
	RETURNING h.home, p.of_id, p.revision, p.of_kind, p.people, p.border, p.names, p.contacts, p.printed_on, p.printed_by, p.version
)
INSERT INTO board_print (district, of_id, revision, of_kind, people, border, names, contacts, printed_on, printed_by, version)
SELECT g.home, g.of_id, g.revision, g.of_kind, g.people, g.border, g.names, g.contacts, g.printed_on, g.printed_by, g.version FROM gone g`

	moveEnd = `-- name: move.End
UPDATE building_grid bg SET during = tstzrange(lower(bg.during), now(), '[)') FROM homes h
WHERE h.kind = 'building' AND bg.district = h.district AND bg.building_id = h.id AND bg.during @> now() AND lower(bg.during) < now()`

	moveUndo = `-- name: move.Undo
DELETE FROM building_grid bg USING homes h
WHERE h.kind = 'building' AND bg.district = h.district AND bg.building_id = h.id AND lower(bg.during) >= now()`

	// Which grids it belonged to stays with the district of those grids, and says where the building is kept now.
	movePast = `-- name: move.Past
UPDATE building_grid bg SET moved_to = nullif(h.home, bg.district) FROM homes h
WHERE h.kind = 'building' AND bg.building_id = h.id AND (bg.district = h.district OR bg.moved_to = h.district)`

	moveUnitsPast = `-- name: move.UnitsPast
UPDATE unit_grid ug SET moved_to = nullif(h.home, ug.district) FROM homes h JOIN unit u ON u.district = h.district AND u.building_id = h.id
WHERE h.kind = 'building' AND ug.unit_id = u.id AND (ug.district = h.district OR ug.moved_to = h.district)`

	moveDropDwellings = `-- name: move.DropDwellings
DELETE FROM dwelling d USING homes h, unit u
WHERE h.kind = 'building' AND u.district = h.district AND u.building_id = h.id AND d.district = u.district AND d.unit_id = u.id`

	moveDropUnits = `-- name: move.DropUnits
DELETE FROM unit u USING homes h WHERE h.kind = 'building' AND u.district = h.district AND u.building_id = h.id`

	moveDropBuilding = `-- name: move.DropBuilding
DELETE FROM building b USING homes h WHERE h.kind = 'building' AND b.district = h.district AND b.id = h.id`

	placeMoveRoads = `-- name: place.MoveRoads
WITH gone AS (
	DELETE FROM road r USING homes h WHERE h.kind = 'road' AND r.district = h.district AND r.id = h.id
	RETURNING h.home, r.id, r.code, r.name, r.aliases, r.class, r.shape
)
INSERT INTO road (district, id, code, name, aliases, class, shape) SELECT g.home, g.id, g.code, g.name, g.aliases, g.class, g.shape FROM gone g`

	placeMoveLand = `-- name: place.MoveLand
WITH gone AS (
	DELETE FROM land l USING homes h WHERE h.kind = 'land' AND l.district = h.district AND l.id = h.id
	RETURNING h.home, l.id, l.code, l.name, l.class, l.shape
)
INSERT INTO land (district, id, code, name, class, shape) SELECT g.home, g.id, g.code, g.name, g.class, g.shape FROM gone g`

	placeMovedNear = `-- name: place.MovedNear
UPDATE near n SET district = h.home FROM homes h WHERE h.kind = n.kind AND h.district = n.district AND h.id = n.id`

	// An entity is in the community of the grid that holds its point, else in the smallest division around it, as when it is
	// imported; one that lies in none stays where it was, so that somebody still lists it.
	placeEntities = `-- name: place.Entities
UPDATE legal_entity l SET community_id = x.community_id, building_id = x.building_id FROM (
	SELECT e.district, e.id, coalesce(hit.community_id, around.id, e.community_id) AS community_id, coalesce(e.building_id, inside.id) AS building_id
	FROM near n JOIN legal_entity e ON e.district = n.district AND e.id = n.id
	LEFT JOIN (
		SELECT DISTINCT ON (x.district, x.id) x.district, x.id, g.community_id FROM near x` + sharesOfGround + `
		WHERE x.kind = 'entity' AND b.district = x.district ORDER BY x.district, x.id, share.part DESC, g.code
	) hit ON hit.district = n.district AND hit.id = n.id
	LEFT JOIN LATERAL (
		SELECT d.id FROM division d WHERE hit.community_id IS NULL AND d.home = n.district AND d.boundary && n.at AND ST_Covers(d.boundary, n.at)
		AND d.level IN ('DISTRICT', 'TOWN', 'COMMUNITY')
		ORDER BY array_position(ARRAY['COMMUNITY', 'TOWN', 'DISTRICT'], d.level), d.code LIMIT 1
	) around ON true
	LEFT JOIN LATERAL (
		SELECT b.id FROM building b WHERE e.building_id IS NULL AND b.district = n.district` + holdsPoint + `
		ORDER BY ST_Area(b.footprint) NULLS LAST, b.code LIMIT 1
	) inside ON true
	WHERE n.kind = 'entity' AND n.district <> 'unplaced'
) x WHERE l.district = x.district AND l.id = x.id AND (l.community_id, l.building_id) IS DISTINCT FROM (x.community_id, x.building_id)`

	// The buildings whose grid is to be looked at again, with the grid of their district that they belong to by their ground.
	placeStaged = `-- name: place.Staged
INSERT INTO placings (district, building_id, grid_id, by_hand)
SELECT s.home, coalesce(s.known, s.id), s.grid_id, false FROM stage s ORDER BY s.n`

	placeMoved = `-- name: place.Moved
INSERT INTO placings (district, building_id, grid_id, by_hand)
SELECT n.district, n.id, hit.grid_id, false FROM near n LEFT JOIN (
	SELECT DISTINCT ON (x.district, x.id) x.district, x.id, b.grid_id FROM near x` + sharesOfGround + `
	WHERE x.kind = 'building' AND b.district = x.district ORDER BY x.district, x.id, share.part DESC, g.code
) hit ON hit.district = n.district AND hit.id = n.id WHERE n.kind = 'building' ORDER BY n.district, n.id`

	// What was placed by hand stays as long as its grid is in force.
	placeByHand = `-- name: place.ByHand
DELETE FROM placings p USING building_grid bg
WHERE bg.district = p.district AND bg.building_id = p.building_id AND bg.by_hand AND bg.during @> now() AND EXISTS (
	SELECT 1 FROM grid_boundary x WHERE x.district = bg.district AND x.grid_id = bg.grid_id AND x.during @> now())`

	// What began at this very instant is undone rather than ended: it was never so.
	placeUndo = `-- name: place.Undo
DELETE FROM building_grid bg USING placings p
WHERE bg.district = p.district AND bg.building_id = p.building_id AND bg.during @> now() AND lower(bg.during) = now()
  AND (bg.grid_id, bg.by_hand) IS DISTINCT FROM (p.grid_id, p.by_hand)`

	placeEnd = `-- name: place.End
UPDATE building_grid bg SET during = tstzrange(lower(bg.during), now(), '[)') FROM placings p
WHERE bg.district = p.district AND bg.building_id = p.building_id AND bg.during @> now()
  AND (bg.grid_id, bg.by_hand) IS DISTINCT FROM (p.grid_id, p.by_hand)`

	placeBegin = `-- name: place.Begin
INSERT INTO building_grid (district, id, building_id, grid_id, during, by_hand)
SELECT p.district, gen_random_uuid(), p.building_id, p.grid_id, tstzrange(now(), NULL, '[)'), p.by_hand FROM placings p
WHERE p.grid_id IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM building_grid bg WHERE bg.district = p.district AND bg.building_id = p.building_id AND bg.during @> now())
ORDER BY p.district, p.building_id`
)

// moveBuildings takes the buildings of the table homes, with all that is kept beneath them, and its entities to the districts
// that it says. Ids stay. What holds others goes in first and out last; a row never changes its district, which on Citus it cannot.
var moveBuildings = []string{moveTenants, moveEnd, moveUndo, movePast, moveUnitsPast, moveNumbers, movePrints, moveBuilding, moveUnits, movePeople,
	moveDwellings, moveHouseholds, moveEntities, moveRecords}

// moveLast removes them from where they were, when nothing refers to them any more.
var moveLast = []string{moveDropEntities, moveDropDwellings, moveDropUnits, moveDropBuilding}

// move moves buildings, and the people in them.
func (in *importing) move(ctx context.Context) error {
	if err := in.run(ctx, moveBuildings...); err != nil {
		return err
	}
	if err := in.moveFiles(ctx); err != nil {
		return err
	}
	return in.run(ctx, moveLast...)
}

// placeAll puts what an import of areas laid into another district there, and looks again at which grid each building near
// the change belongs to.
func (in *importing) placeAll(ctx context.Context) error {
	err := in.run(ctx, placeChangedTable, placeNearTable, placeHomesTable, placePlacings, settleTable, placeChanged,
		"CREATE INDEX ON changed USING gist (shape); ANALYZE changed", placeNear,
		"CREATE INDEX ON near USING gist (ground); ANALYZE near", placeHomes, placeBound, placeMoveEstates)
	if err != nil {
		return err
	}
	if err := in.move(ctx); err != nil {
		return err
	}
	if err := in.run(ctx, placeMoveRoads, placeMoveLand, placeMovedNear, placeEntities, placeMoved); err != nil {
		return err
	}
	if err := in.run(ctx, settleGrids); err != nil {
		return err
	}
	if err := in.assign(ctx); err != nil {
		return err
	}
	return in.draws(ctx, drawnMoved)
}

// assign gives the buildings in the table placings their grids, from now on, and settles what is in them.
func (in *importing) assign(ctx context.Context) error {
	if err := in.run(ctx, "ANALYZE placings", settlePlaced, placeByHand, placeUndo, placeEnd, placeBegin); err != nil {
		return err
	}
	return in.settle(ctx)
}

const (
	// $3 is the grid that a person names; where it is NULL the ground decides.
	placeOne = `-- name: place.One
INSERT INTO placings (district, building_id, grid_id, by_hand)
SELECT o.district, o.id, coalesce($3::uuid, (
	SELECT b.grid_id FROM (SELECT coalesce(o.footprint, o.location) AS ground) x` + sharesOfGround + `
	WHERE b.district = o.district ORDER BY share.part DESC, g.code LIMIT 1)), $3::uuid IS NOT NULL
FROM building o WHERE o.district = $1 AND o.id = $2`

	// The communities whose coverage it concerns: those of the grids it is taken from and put in, and the one it stands in.
	placeConcerned = `-- name: place.Concerned
SELECT g.community_id AS id FROM placings p JOIN building_grid bg ON bg.district = p.district AND bg.building_id = p.building_id AND bg.during @> now()
JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
UNION SELECT g.community_id FROM placings p JOIN grid g ON g.district = p.district AND g.id = p.grid_id
UNION SELECT d.id FROM placings p JOIN building b ON b.district = p.district AND b.id = p.building_id
	JOIN division d ON d.boundary && b.location AND ST_Covers(d.boundary, b.location) AND NOT EXISTS (SELECT 1 FROM division o WHERE o.parent_id = d.id)
ORDER BY id`

	unitUndo = `-- name: unit.Undo
DELETE FROM unit_grid WHERE district = $1 AND unit_id = $2 AND during @> now() AND lower(during) = now() AND grid_id IS DISTINCT FROM $3`

	unitEnd = `-- name: unit.End
UPDATE unit_grid SET during = tstzrange(lower(during), now(), '[)')
WHERE district = $1 AND unit_id = $2 AND during @> now() AND grid_id IS DISTINCT FROM $3`

	unitBegin = `-- name: unit.Begin
INSERT INTO unit_grid (district, id, unit_id, grid_id, during)
SELECT u.district, gen_random_uuid(), u.id, $3, tstzrange(now(), NULL, '[)') FROM unit u
WHERE u.district = $1 AND u.id = $2 AND $3::uuid IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM unit_grid ug WHERE ug.district = u.district AND ug.unit_id = u.id AND ug.during @> now())`

	// $3 the grid that it is to be placed in. It is taken from the one it was placed in, else from its building's.
	unitConcerned = `-- name: unit.Concerned
SELECT DISTINCT g.community_id FROM unit u JOIN grid g ON g.district = u.district WHERE u.district = $1 AND u.id = $2 AND (g.id = $3
	OR g.id IN (SELECT ug.grid_id FROM unit_grid ug WHERE ug.district = $1 AND ug.unit_id = $2 AND ug.during @> now())
	OR g.id IN (SELECT bg.grid_id FROM building_grid bg WHERE bg.district = $1 AND bg.building_id = u.building_id AND bg.during @> now()))
ORDER BY g.community_id`

	unitHere = `-- name: unit.Here
SELECT u.district, u.id FROM unit u WHERE u.district = $1 AND u.id = $2 ORDER BY u.id`

	// The grid that a thing is in now, $1 and $2 its key.
	buildingIn = `-- name: building.In
SELECT bg.grid_id FROM building_grid bg WHERE bg.district = $1 AND bg.building_id = $2 AND bg.during @> now() ORDER BY bg.grid_id`

	unitIn = `-- name: unit.In
SELECT coalesce(ug.grid_id, bg.grid_id) AS grid_id FROM unit u
LEFT JOIN unit_grid ug ON ug.district = u.district AND ug.unit_id = u.id AND ug.during @> now()
LEFT JOIN building_grid bg ON bg.district = u.district AND bg.building_id = u.building_id AND bg.during @> now()
WHERE u.district = $1 AND u.id = $2 AND coalesce(ug.grid_id, bg.grid_id) IS NOT NULL ORDER BY grid_id`

	gridInForce = `-- name: grid.InForce
SELECT c.district, c.grid_id FROM grid_code c WHERE c.code = $1 AND EXISTS (
	SELECT 1 FROM grid_boundary b WHERE b.district = c.district AND b.grid_id = c.grid_id AND b.during @> now()) ORDER BY c.code`
)

// GridInForce implements place.Store.
func (s *Places) GridInForce(ctx context.Context, actor account.Actor, code string) (k key.Key, found bool, err error) {
	err = s.each(ctx, actor, gridInForce, []any{code}, func(rows pgx.Rows) error {
		found = true
		return rows.Scan(&k.Home, &k.ID)
	})
	return k, found, err
}

// PlaceBuilding implements place.Store.
func (s *Places) PlaceBuilding(ctx context.Context, actor account.Actor, building key.Key, grid *key.Key) (time.Time, error) {
	return s.placeOne(ctx, actor, buildingIn, building, grid, func(ctx context.Context, in *importing) ([]uuid.UUID, int, error) {
		if err := in.run(ctx, placePlacings, settleTable); err != nil {
			return nil, 0, err
		}
		found, err := in.exec(ctx, placeOne, building.Home, building.ID, idOf(grid))
		if err == nil && found == 0 { // it moved since it was read
			err = fault.New(fault.NotFound, "id", "building.notFound", "id", building.String())
		}
		if err != nil {
			return nil, 0, err
		}
		concerned, err := idsOf(ctx, in.tx, placeConcerned)
		if err != nil {
			return nil, 0, err
		}
		changed, err := in.all(ctx, []string{placeUndo, placeEnd, placeBegin})
		if err != nil || changed == 0 {
			return concerned, changed, err
		}
		if err := in.run(ctx, settlePlaced); err != nil {
			return nil, 0, err
		}
		if err := in.settle(ctx); err != nil {
			return nil, 0, err
		}
		return concerned, changed, in.draws(ctx, drawnPlaced)
	})
}

// PlaceUnit implements place.Store.
func (s *Places) PlaceUnit(ctx context.Context, actor account.Actor, unit key.Key, grid *key.Key) (time.Time, error) {
	return s.placeOne(ctx, actor, unitIn, unit, grid, func(ctx context.Context, in *importing) ([]uuid.UUID, int, error) {
		found, err := in.exec(ctx, unitHere, unit.Home, unit.ID)
		if err == nil && found == 0 { // it moved since it was read
			err = fault.New(fault.NotFound, "id", "unit.notFound", "id", unit.String())
		}
		if err != nil {
			return nil, 0, err
		}
		concerned, err := idsOf(ctx, in.tx, unitConcerned, unit.Home, unit.ID, idOf(grid))
		if err != nil {
			return nil, 0, err
		}
		changed, err := in.all(ctx, []string{unitUndo, unitEnd, unitBegin}, unit.Home, unit.ID, idOf(grid))
		if err != nil || changed == 0 {
			return concerned, changed, err
		}
		if err := in.run(ctx, settleTable); err != nil {
			return nil, 0, err
		}
		if _, err := in.exec(ctx, settleUnit, unit.Home, unit.ID); err != nil {
			return nil, 0, err
		}
		return concerned, changed, in.settle(ctx)
	})
}

// placeOne runs a placement by hand in a transaction, notes the communities that it concerns where it changed something, and
// returns the instant from which it holds. It is for who arranges the grid that the thing is in, as the statement says, and the one that
// it is to be in; where there is neither, their district.
func (s *Places) placeOne(ctx context.Context, actor account.Actor, isIn string, thing key.Key, to *key.Key, step func(context.Context, *importing) ([]uuid.UUID, int, error)) (from time.Time, err error) {
	of := func(ctx context.Context, tx pgx.Tx) ([]locks, error) {
		if _, err := tx.Exec(ctx, lockPlaces); err != nil {
			return nil, err
		}
		grids, err := idsOf(ctx, tx, isIn, thing.Home, thing.ID)
		if to != nil {
			grids = append(grids, to.ID)
		}
		if len(grids) == 0 {
			return []locks{theDistrict(thing.Home)}, err
		}
		return []locks{theGrids([]string{thing.Home}, grids)}, err
	}
	err = s.arranging(ctx, actor, of, func(ctx context.Context, tx pgx.Tx) error {
		in := &importing{tx: tx}
		concerned, changed, err := step(ctx, in)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT now()").Scan(&from); err != nil || changed == 0 {
			return err
		}
		return noteChange(ctx, tx, change{what: changedBuildings, coverage: concerned, drawn: in.drawn})
	})
	return from, err
}

func idOf(k *key.Key) *uuid.UUID {
	if k == nil {
		return nil
	}
	return &k.ID
}
