package db

import (
	"context"
	"iter"

	"wangge/domain/account"
	"wangge/domain/place"
)

const (
	importLocations = `-- name: import.Locations
UPDATE stage s SET at = CASE WHEN ST_GeometryType(s.shape) = 'ST_Point' THEN s.shape ELSE ST_PointOnSurface(s.shape) END`

	// A row lies in the district of the grid that holds it (the lowest code on a border), else of the smallest division, else
	// nowhere known. Grid by grid rather than row by row: four times as fast on 100,000 points.
	importInGrids = `-- name: import.InGrids
UPDATE stage s SET home = hit.district, grid_id = hit.grid_id FROM (
	SELECT DISTINCT ON (s.n) s.n, b.district, b.grid_id
	FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id
	JOIN stage s ON s.at && b.boundary AND ST_Covers(b.boundary, s.at)
	WHERE b.during @> now() ORDER BY s.n, g.code
) hit WHERE hit.n = s.n`

	// A city or province is no district: what lies in one and in nothing smaller waits.
	importInDivisions = `-- name: import.InDivisions
UPDATE stage s SET home = hit.home, community_id = hit.id FROM (
	SELECT DISTINCT ON (s.n) s.n, d.home, d.id
	FROM division d JOIN stage s ON s.at && d.boundary AND ST_Covers(d.boundary, s.at)
	WHERE d.level IN ('DISTRICT', 'TOWN', 'COMMUNITY')
	ORDER BY s.n, array_position(ARRAY['COMMUNITY', 'TOWN', 'DISTRICT'], d.level), d.code
) hit WHERE hit.n = s.n AND s.home IS NULL`

	importInCommunities = `-- name: import.InCommunities
UPDATE stage s SET community_id = g.community_id FROM grid g WHERE g.district = s.home AND g.id = s.grid_id`

	importNowhere = `-- name: import.Nowhere
UPDATE stage s SET home = 'unplaced' WHERE s.home IS NULL`

	// A code is a building's own within its district. One elsewhere is the same building only where it stands on the same
	// ground: two districts may number theirs alike.
	importKnownBuildings = `-- name: import.KnownBuildings
UPDATE stage s SET known = x.id, known_home = x.district FROM (
	SELECT DISTINCT ON (s.n) s.n, b.id, b.district FROM stage s JOIN building b ON b.code = s.code
		AND (b.district IN (s.home, 'unplaced') OR ST_Intersects(coalesce(b.footprint, b.location), s.shape))
	ORDER BY s.n, b.district = s.home DESC, b.district
) x WHERE x.n = s.n`

	importBound = `-- name: import.Bound
SELECT s.n, s.source, s.code, 'geometry', 'it would move to another district, and somebody holds a post for it; end that first'
FROM stage s WHERE s.known_home <> s.home AND EXISTS (
	SELECT 1 FROM assignment a WHERE a.district = s.known_home AND a.building_id = s.known) ORDER BY s.n`

	// What a file does not say stays as it is.
	importUnsaid = `-- name: import.Unsaid
UPDATE stage s SET name = coalesce(s.name, b.name), address = coalesce(s.address, b.address), floors = coalesce(s.floors, b.floors),
	estate = coalesce(s.estate, e.name), managed_by = coalesce(s.managed_by, CASE WHEN s.estate IS NULL THEN e.managed_by END)
FROM building b LEFT JOIN estate e ON e.district = b.district AND e.id = b.estate_id
WHERE b.district = s.known_home AND b.id = s.known`

	// What moves to another district keeps its id.
	importLeave = `-- name: import.Leave
DELETE FROM building b USING stage s WHERE s.known_home <> s.home AND b.district = s.known_home AND b.id = s.known`

	importNewEstates = `-- name: import.NewEstates
INSERT INTO estate (district, id, community_id, name, managed_by)
SELECT DISTINCT ON (s.home, s.community_id, s.estate) s.home, s.estate_id, s.community_id, s.estate, s.managed_by
FROM stage s WHERE s.estate IS NOT NULL ORDER BY s.home, s.community_id, s.estate, s.managed_by NULLS LAST, s.n
ON CONFLICT (district, community_id, name) DO UPDATE SET managed_by = coalesce(excluded.managed_by, estate.managed_by)`

	importEstates = `-- name: import.Estates
UPDATE stage s SET estate_id = CASE WHEN s.estate IS NULL THEN NULL ELSE (
	SELECT e.id FROM estate e WHERE e.district = s.home AND e.community_id IS NOT DISTINCT FROM s.community_id AND e.name = s.estate) END`

	importNewBuildings = `-- name: import.NewBuildings
INSERT INTO building (district, id, code, name, address, floors, estate_id, location, footprint)
SELECT s.home, coalesce(s.known, s.id), s.code, coalesce(s.name, ''), s.address, s.floors, s.estate_id, s.at,
	CASE WHEN ST_Dimension(s.shape) = 2 THEN ST_Multi(s.shape) END
FROM stage s WHERE s.known IS NULL OR s.known_home <> s.home ORDER BY s.n`

	importChangedBuildings = `-- name: import.ChangedBuildings
UPDATE building b SET name = s.name, address = s.address, floors = s.floors, estate_id = s.estate_id, location = s.at,
	footprint = CASE WHEN ST_Dimension(s.shape) = 2 THEN ST_Multi(s.shape) ELSE b.footprint END, version = b.version + 1
FROM stage s WHERE s.known_home = s.home AND b.district = s.home AND b.id = s.known`

	importCounts = `-- name: import.Counts
SELECT count(*) FILTER (WHERE s.known IS NULL), count(*) FILTER (WHERE s.known IS NOT NULL) FROM stage s`

	// The buildings whose grid is to be looked at again, with the grid that holds them now.
	placeStaged = `-- name: place.Staged
CREATE TEMPORARY TABLE placings ON COMMIT DROP AS
SELECT s.home AS district, coalesce(s.known, s.id) AS building_id, s.grid_id FROM stage s`

	placeMoved = `-- name: place.Moved
CREATE TEMPORARY TABLE placings ON COMMIT DROP AS
SELECT DISTINCT ON (b.district, b.id) b.district, b.id AS building_id, hit.grid_id
FROM building b LEFT JOIN LATERAL (
	SELECT x.grid_id, g.code FROM grid_boundary x JOIN grid g ON g.district = x.district AND g.id = x.grid_id
	WHERE x.district = b.district AND x.boundary && b.location AND x.during @> now() AND ST_Covers(x.boundary, b.location)
	ORDER BY g.code LIMIT 1
) hit ON true
WHERE b.location && (SELECT ST_SetSRID(ST_Extent(x.shape)::geometry, 4490) FROM (
	SELECT s.shape FROM stage s
	UNION ALL
	SELECT o.boundary FROM stage s JOIN grid_boundary o ON o.district = s.home AND o.grid_id = s.known WHERE upper(o.during) = now()
) x) ORDER BY b.district, b.id`

	placeEnd = `-- name: place.End
UPDATE building_grid bg SET during = tstzrange(lower(bg.during), now(), '[)') FROM placings p
WHERE bg.district = p.district AND bg.building_id = p.building_id AND bg.during @> now() AND lower(bg.during) < now()
  AND NOT bg.by_hand AND bg.grid_id IS DISTINCT FROM p.grid_id`

	placeBegin = `-- name: place.Begin
INSERT INTO building_grid (district, id, building_id, grid_id, during)
SELECT p.district, gen_random_uuid(), p.building_id, p.grid_id, tstzrange(now(), NULL, '[)') FROM placings p
WHERE p.grid_id IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM building_grid bg WHERE bg.district = p.district AND bg.building_id = p.building_id AND bg.during @> now())
ORDER BY p.district, p.building_id`

	// Buildings, roads and land near the change, or nowhere known until now, that lie in another district than they are kept
	// with, and which one: that of the grid that holds them, else of the smallest division.
	placeHomes = `-- name: place.Homes
CREATE TEMPORARY TABLE homes ON COMMIT DROP AS
SELECT x.kind, x.district, x.id, h.home FROM (
	SELECT 'building' AS kind, b.district, b.id, b.location AS at, b.location AS shape FROM building b
	UNION ALL SELECT 'road', r.district, r.id, ST_PointOnSurface(r.shape), r.shape FROM road r
	UNION ALL SELECT 'land', l.district, l.id, ST_PointOnSurface(l.shape), l.shape FROM land l
) x CROSS JOIN LATERAL (
	SELECT coalesce(
		(SELECT b.district FROM grid_boundary b JOIN grid g ON g.district = b.district AND g.id = b.grid_id
		 WHERE b.boundary && x.at AND b.during @> now() AND ST_Covers(b.boundary, x.at) ORDER BY g.code LIMIT 1),
		(SELECT d.home FROM division d WHERE d.boundary && x.at AND ST_Covers(d.boundary, x.at)
		 AND d.level IN ('DISTRICT', 'TOWN', 'COMMUNITY')
		 ORDER BY array_position(ARRAY['COMMUNITY', 'TOWN', 'DISTRICT'], d.level), d.code LIMIT 1)) AS home
) h
WHERE x.shape && (SELECT ST_SetSRID(ST_Extent(s.shape)::geometry, 4490) FROM stage s) AND h.home <> x.district`

	placeMoveEstates = `-- name: place.MoveEstates
INSERT INTO estate (district, id, community_id, name, managed_by)
SELECT DISTINCT ON (h.home, e.name) h.home, gen_random_uuid(), NULL::uuid, e.name, e.managed_by
FROM homes h JOIN building b ON b.district = h.district AND b.id = h.id JOIN estate e ON e.district = b.district AND e.id = b.estate_id
WHERE h.kind = 'building' ORDER BY h.home, e.name
ON CONFLICT (district, community_id, name) DO NOTHING`

	// A building that somebody holds a post for, or whose code is taken where it belongs, stays where it is kept.
	placeMoveBuildings = `-- name: place.MoveBuildings
WITH gone AS (
	DELETE FROM building b USING homes h WHERE h.kind = 'building' AND b.district = h.district AND b.id = h.id
	AND NOT EXISTS (SELECT 1 FROM building o WHERE o.district = h.home AND o.code = b.code)
	AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.district = b.district AND a.building_id = b.id)
	RETURNING h.district, h.home, b.id, b.code, b.name, b.address, b.floors, b.estate_id, b.location, b.footprint, b.version
)
INSERT INTO building (district, id, code, name, address, floors, estate_id, location, footprint, version)
SELECT g.home, g.id, g.code, g.name, g.address, g.floors,
	(SELECT n.id FROM estate o JOIN estate n ON n.name = o.name AND n.district = g.home AND n.community_id IS NULL
	 WHERE o.district = g.district AND o.id = g.estate_id), g.location, g.footprint, g.version
FROM gone g`

	placeMoveRoads = `-- name: place.MoveRoads
WITH gone AS (
	DELETE FROM road r USING homes h WHERE h.kind = 'road' AND r.district = h.district AND r.id = h.id
	AND NOT EXISTS (SELECT 1 FROM road o WHERE o.district = h.home AND o.code = r.code)
	RETURNING h.home, r.id, r.code, r.name, r.class, r.shape
)
INSERT INTO road (district, id, code, name, class, shape) SELECT g.home, g.id, g.code, g.name, g.class, g.shape FROM gone g`

	placeMoveLand = `-- name: place.MoveLand
WITH gone AS (
	DELETE FROM land l USING homes h WHERE h.kind = 'land' AND l.district = h.district AND l.id = h.id
	AND NOT EXISTS (SELECT 1 FROM land o WHERE o.district = h.home AND o.code = l.code)
	RETURNING h.home, l.id, l.code, l.name, l.class, l.shape
)
INSERT INTO land (district, id, code, name, class, shape) SELECT g.home, g.id, g.code, g.name, g.class, g.shape FROM gone g`
)

// placeAll puts what lay nowhere known into the districts that the import made or changed, and looks again at which grid
// each building near the change belongs to.
func (in *importing) placeAll(ctx context.Context) error {
	if err := in.run(ctx, placeHomes, placeMoveEstates, placeMoveBuildings, placeMoveRoads, placeMoveLand, placeMoved); err != nil {
		return err
	}
	return in.assign(ctx)
}

// assign gives the buildings in the table placings their grids, from now on.
func (in *importing) assign(ctx context.Context) error {
	return in.run(ctx, "ANALYZE placings", placeEnd, placeBegin)
}

// locate finds the district of every staged row.
func (in *importing) locate(ctx context.Context) error {
	return in.run(ctx, importLocations, "CREATE INDEX ON stage USING gist (at); ANALYZE stage", importInGrids, importInDivisions, importInCommunities, importNowhere)
}

func (in *importing) counts(ctx context.Context) error {
	return in.tx.QueryRow(ctx, importCounts).Scan(&in.report.Added, &in.report.Updated)
}

// ImportBuildings implements place.Store.
func (s *Places) ImportBuildings(ctx context.Context, actor account.Actor, rows iter.Seq2[place.BuildingRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importFile(ctx, actor, o, changedBuildings, func(ctx context.Context, in *importing) error {
		columns := []string{"address", "floors", "estate", "managed_by", "estate_id"}
		ok, err := read(ctx, in, rows, func(r *place.BuildingRow) *place.Row { return &r.Row }, columns, func(r *place.BuildingRow) []any {
			return []any{orNull(r.Address), r.Floors, orNull(r.Estate), orNull(string(r.EstateManagedBy)), o.IDs.NewID()}
		}, append(points, polygons...), "a Polygon, MultiPolygon or Point", mergeTouching)
		if !ok || err != nil {
			return err
		}
		if err := in.locate(ctx); err != nil {
			return err
		}
		if _, err := in.exec(ctx, importKnownBuildings); err != nil {
			return err
		}
		for _, sql := range []string{importSameThing, importBound} {
			if err := in.refuseWhere(ctx, sql); err != nil || in.report.Refused > 0 {
				return err
			}
		}
		if err := in.run(ctx, importUnsaid, importNewEstates, importEstates, importLeave, importChangedBuildings, importNewBuildings, placeStaged); err != nil {
			return err
		}
		if err := in.assign(ctx); err != nil {
			return err
		}
		return in.counts(ctx)
	})
}

// Roads and land differ in their table only. Known, moved, changed, new: as for buildings.
const (
	importKnownRoads = `-- name: import.KnownRoads
UPDATE stage s SET known = x.id, known_home = x.district, name = coalesce(s.name, x.name), class = coalesce(s.class, x.class) FROM (
	SELECT DISTINCT ON (s.n) s.n, r.id, r.district, r.name, r.class FROM stage s JOIN road r ON r.code = s.code
		AND (r.district IN (s.home, 'unplaced') OR ST_Intersects(r.shape, s.shape))
	ORDER BY s.n, r.district = s.home DESC, r.district
) x WHERE x.n = s.n`
	importLeaveRoads = `-- name: import.LeaveRoads
DELETE FROM road r USING stage s WHERE s.known_home <> s.home AND r.district = s.known_home AND r.id = s.known`
	importChangedRoads = `-- name: import.ChangedRoads
UPDATE road r SET name = s.name, class = s.class, shape = s.shape FROM stage s
WHERE s.known_home = s.home AND r.district = s.home AND r.id = s.known`
	importNewRoads = `-- name: import.NewRoads
INSERT INTO road (district, id, code, name, class, shape)
SELECT s.home, coalesce(s.known, s.id), s.code, coalesce(s.name, ''), coalesce(s.class, 'other'), s.shape
FROM stage s WHERE s.known IS NULL OR s.known_home <> s.home ORDER BY s.n`

	importKnownLand = `-- name: import.KnownLand
UPDATE stage s SET known = x.id, known_home = x.district, name = coalesce(s.name, x.name), class = coalesce(s.class, x.class) FROM (
	SELECT DISTINCT ON (s.n) s.n, l.id, l.district, l.name, l.class FROM stage s JOIN land l ON l.code = s.code
		AND (l.district IN (s.home, 'unplaced') OR ST_Intersects(l.shape, s.shape))
	ORDER BY s.n, l.district = s.home DESC, l.district
) x WHERE x.n = s.n`
	importLeaveLand = `-- name: import.LeaveLand
DELETE FROM land l USING stage s WHERE s.known_home <> s.home AND l.district = s.known_home AND l.id = s.known`
	importChangedLand = `-- name: import.ChangedLand
UPDATE land l SET name = s.name, class = s.class, shape = ST_Multi(s.shape) FROM stage s
WHERE s.known_home = s.home AND l.district = s.home AND l.id = s.known`
	importNewLand = `-- name: import.NewLand
INSERT INTO land (district, id, code, name, class, shape)
SELECT s.home, coalesce(s.known, s.id), s.code, coalesce(s.name, ''), coalesce(s.class, 'other'), ST_Multi(s.shape)
FROM stage s WHERE s.known IS NULL OR s.known_home <> s.home ORDER BY s.n`
)

// ImportRoads implements place.Store.
func (s *Places) ImportRoads(ctx context.Context, actor account.Actor, rows iter.Seq2[place.RoadRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importRoads(ctx, actor, rows, o, append(lines, polygons...), "a LineString or MultiLineString", importKnownRoads, importLeaveRoads, importChangedRoads, importNewRoads)
}

// ImportLand implements place.Store.
func (s *Places) ImportLand(ctx context.Context, actor account.Actor, rows iter.Seq2[place.RoadRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importRoads(ctx, actor, rows, o, polygons, "a Polygon or MultiPolygon", importKnownLand, importLeaveLand, importChangedLand, importNewLand)
}

func (s *Places) importRoads(ctx context.Context, actor account.Actor, rows iter.Seq2[place.RoadRow, error], o place.ImportOptions, kinds []string, called string, statements ...string) (place.Report, error) {
	return s.importFile(ctx, actor, o, changedOther, func(ctx context.Context, in *importing) error {
		ok, err := read(ctx, in, rows, func(r *place.RoadRow) *place.Row { return &r.Row }, []string{"class"}, func(r *place.RoadRow) []any {
			return []any{orNull(r.Class)}
		}, kinds, called, mergePieces)
		if !ok || err != nil {
			return err
		}
		if err := in.locate(ctx); err != nil {
			return err
		}
		if err := in.run(ctx, statements...); err != nil {
			return err
		}
		return in.counts(ctx)
	})
}
