package db

import (
	"context"
	"iter"

	"wangge/domain/account"
	"wangge/domain/place"
)

const (
	importLocations = `-- name: import.Locations
UPDATE stage s SET at = ` + pointOnShape + `, ground = CASE WHEN $1 THEN s.shape ELSE ` + pointOnShape + ` END`

	pointOnShape = `CASE WHEN ST_GeometryType(s.shape) = 'ST_Point' THEN s.shape ELSE ST_PointOnSurface(s.shape) END`

	// A row lies in the district of the grid that holds most of it, else of the smallest division around its point, else
	// nowhere known. Grid by grid rather than row by row: four times as fast on 100,000 points.
	importInGrids = `-- name: import.InGrids
UPDATE stage s SET home = hit.district, grid_id = hit.grid_id FROM (
	SELECT DISTINCT ON (x.n) x.n, b.district, b.grid_id FROM stage x` + sharesOfGround + `
	WHERE x.home IS NULL ORDER BY x.n, share.part DESC, g.code
) hit WHERE hit.n = s.n`

	// A city or province is no district: what lies in one and in nothing smaller waits.
	importInDivisions = `-- name: import.InDivisions
UPDATE stage s SET home = hit.home, community_id = hit.id FROM (
	SELECT DISTINCT ON (s.n) s.n, d.home, d.id
	FROM division d JOIN stage s ON s.ground && d.boundary AND ST_Covers(d.boundary, s.at)
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
UPDATE stage s SET known = x.id, known_home = x.district, drawn_at = x.drawn_at, drawn_as = x.drawn_as FROM (
	SELECT DISTINCT ON (s.n) s.n, b.id, b.district, coalesce(b.footprint, b.location) AS drawn_at, ` + buildingDrawnAs + ` AS drawn_as FROM stage s JOIN building b ON b.code = s.code
		AND (b.district IN (s.home, 'unplaced') OR ST_Intersects(coalesce(b.footprint, b.location), s.shape))
	ORDER BY s.n, b.district = s.home DESC, b.district
) x WHERE x.n = s.n`

	// A file that has a point only of what has a footprint says nothing of the ground: that stays, and decides.
	importOutlines = `-- name: import.Outlines
UPDATE stage s SET ground = b.footprint, home = NULL, grid_id = NULL, community_id = NULL FROM building b
WHERE b.district = s.known_home AND b.id = s.known AND b.footprint IS NOT NULL AND ST_Dimension(s.shape) = 0`

	importBound = `-- name: import.Bound
SELECT s.n, s.source, s.code, 'geometry', 'it would move to another district, and somebody holds a post for it; end that first'
FROM stage s WHERE s.known_home <> s.home AND EXISTS (
	SELECT 1 FROM assignment a WHERE a.district = s.known_home AND a.building_id = s.known) ORDER BY s.n`

	// What a file does not say stays as it is.
	importUnsaid = `-- name: import.Unsaid
UPDATE stage s SET name = coalesce(s.name, b.name), aliases = coalesce(s.aliases, b.aliases), address = coalesce(s.address, b.address), floors = coalesce(s.floors, b.floors),
	estate = coalesce(s.estate, e.name), managed_by = coalesce(s.managed_by, CASE WHEN s.estate IS NULL THEN e.managed_by END)
FROM building b LEFT JOIN estate e ON e.district = b.district AND e.id = b.estate_id
WHERE b.district = s.known_home AND b.id = s.known`

	importMoving = `-- name: import.Moving
INSERT INTO homes (kind, district, id, home) SELECT 'building', s.known_home, s.known, s.home FROM stage s WHERE s.known_home <> s.home ORDER BY s.n`

	// What cannot move stays where it is kept, and belongs to the grid there that holds most of it, if any.
	importStays = `-- name: import.Stays
UPDATE stage s SET home = s.known_home, grid_id = (
	SELECT b.grid_id FROM (SELECT s.ground) x` + sharesOfGround + `
	WHERE b.district = s.known_home ORDER BY share.part DESC, g.code LIMIT 1)
WHERE s.known_home <> s.home AND NOT EXISTS (SELECT 1 FROM homes h WHERE h.kind = 'building' AND h.district = s.known_home AND h.id = s.known)`

	// What is in a building that moved is in its community.
	importTenants = `-- name: import.Tenants
UPDATE legal_entity e SET community_id = s.community_id FROM stage s
WHERE s.known_home <> s.home AND e.district = s.home AND e.building_id = s.known`

	importMoved = `-- name: import.Moved
UPDATE stage s SET known_home = s.home WHERE s.known_home <> s.home`

	// An estate goes along to another community of its district where the file has all its buildings there.
	importMoveEstates = `-- name: import.MoveEstates
UPDATE estate e SET community_id = x.community_id FROM (
	SELECT DISTINCT ON (m.district, m.community_id, m.name) m.* FROM (
		SELECT o.district, o.id, o.name, min(s.community_id::text)::uuid AS community_id
		FROM estate o JOIN building b ON b.district = o.district AND b.estate_id = o.id
		LEFT JOIN stage s ON s.known_home = b.district AND s.known = b.id
		WHERE o.district IN (SELECT k.known_home FROM stage k) GROUP BY o.district, o.id, o.name, o.community_id
		HAVING bool_and(coalesce(s.home = o.district AND s.estate = o.name, false)) AND count(DISTINCT coalesce(s.community_id::text, '')) = 1
			AND o.community_id IS DISTINCT FROM min(s.community_id::text)::uuid
	) m WHERE NOT EXISTS (
		SELECT 1 FROM estate t WHERE t.district = m.district AND t.community_id IS NOT DISTINCT FROM m.community_id AND t.name = m.name)
	ORDER BY m.district, m.community_id, m.name, m.id
) x WHERE e.district = x.district AND e.id = x.id`

	importNewEstates = `-- name: import.NewEstates
INSERT INTO estate (district, id, community_id, name, managed_by)
SELECT DISTINCT ON (s.home, s.community_id, s.estate) s.home, s.estate_id, s.community_id, s.estate, s.managed_by
FROM stage s WHERE s.estate IS NOT NULL ORDER BY s.home, s.community_id, s.estate, s.managed_by NULLS LAST, s.n
ON CONFLICT (district, community_id, name) DO UPDATE SET managed_by = coalesce(excluded.managed_by, estate.managed_by)`

	importEstates = `-- name: import.Estates
UPDATE stage s SET estate_id = CASE WHEN s.estate IS NULL THEN NULL ELSE (
	SELECT e.id FROM estate e WHERE e.district = s.home AND e.community_id IS NOT DISTINCT FROM s.community_id AND e.name = s.estate) END`

	importNewBuildings = `-- name: import.NewBuildings
INSERT INTO building (district, id, code, name, aliases, address, floors, estate_id, location, footprint)
SELECT s.home, s.id, s.code, coalesce(s.name, ''), s.aliases, s.address, s.floors, s.estate_id, s.at,
	CASE WHEN ST_Dimension(s.shape) = 2 THEN ST_Multi(s.shape) END
FROM stage s WHERE s.known IS NULL ORDER BY s.n`

	importChangedBuildings = `-- name: import.ChangedBuildings
UPDATE building b SET name = s.name, aliases = s.aliases, address = s.address, floors = s.floors, estate_id = s.estate_id, location = s.at,
	footprint = CASE WHEN ST_Dimension(s.shape) = 2 THEN ST_Multi(s.shape) ELSE b.footprint END, version = b.version + 1
FROM stage s WHERE s.known_home = s.home AND b.district = s.home AND b.id = s.known`

	importCounts = `-- name: import.Counts
SELECT count(*) FILTER (WHERE s.known IS NULL), count(*) FILTER (WHERE s.known IS NOT NULL) FROM stage s`
)

// locate finds the district of every staged row: by all its ground where whole says so, else by a point on it.
func (in *importing) locate(ctx context.Context, whole bool) error {
	if _, err := in.exec(ctx, importLocations, whole); err != nil {
		return err
	}
	return in.run(ctx, "CREATE INDEX ON stage USING gist (ground); ANALYZE stage", importInGrids, importInDivisions, importInCommunities, importNowhere)
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
		if err := in.locate(ctx, true); err != nil {
			return err
		}
		if err := in.run(ctx, importKnownBuildings); err != nil {
			return err
		}
		if known, err := in.exec(ctx, importOutlines); err != nil {
			return err
		} else if known > 0 {
			if err := in.run(ctx, importInGrids, importInDivisions, importInCommunities, importNowhere); err != nil {
				return err
			}
		}
		for _, sql := range []string{importSameThing, importBound} {
			if err := in.refuseWhere(ctx, sql); err != nil || in.report.Refused > 0 {
				return err
			}
		}
		if err := in.run(ctx, placeHomesTable, importMoving, placeBound); err != nil {
			return err
		}
		if stay, err := in.exec(ctx, importStays); err != nil {
			return err
		} else if stay > 0 {
			if err := in.run(ctx, importInCommunities); err != nil {
				return err
			}
		}
		if err := in.run(ctx, importUnsaid, importMoveEstates, importNewEstates, importEstates); err != nil {
			return err
		}
		if err := in.move(ctx); err != nil {
			return err
		}
		if err := in.run(ctx, importTenants, importMoved, importChangedBuildings, importNewBuildings, placePlacings, settleTable, placeStaged); err != nil {
			return err
		}
		if err := in.assign(ctx); err != nil {
			return err
		}
		if err := in.draws(ctx, drawnBuildings); err != nil {
			return err
		}
		return in.counts(ctx)
	})
}

// Roads and land differ in their table only. Known, moved, changed, new: as for buildings.
const (
	importKnownRoads = `-- name: import.KnownRoads
UPDATE stage s SET known = x.id, known_home = x.district, name = coalesce(s.name, x.name), aliases = coalesce(s.aliases, x.aliases),
	class = coalesce(s.class, x.class), drawn_at = x.shape, drawn_as = x.drawn_as FROM (
	SELECT DISTINCT ON (s.n) s.n, r.id, r.district, r.name, r.aliases, r.class, r.shape, ` + roadDrawnAs + ` AS drawn_as FROM stage s JOIN road r ON r.code = s.code
		AND (r.district IN (s.home, 'unplaced') OR ST_Intersects(r.shape, s.shape))
	ORDER BY s.n, r.district = s.home DESC, r.district
) x WHERE x.n = s.n`
	importLeaveRoads = `-- name: import.LeaveRoads
DELETE FROM road r USING stage s WHERE s.known_home <> s.home AND r.district = s.known_home AND r.id = s.known`
	importChangedRoads = `-- name: import.ChangedRoads
UPDATE road r SET name = s.name, aliases = s.aliases, class = s.class, shape = s.shape FROM stage s
WHERE s.known_home = s.home AND r.district = s.home AND r.id = s.known`
	importNewRoads = `-- name: import.NewRoads
INSERT INTO road (district, id, code, name, aliases, class, shape)
SELECT s.home, coalesce(s.known, s.id), s.code, coalesce(s.name, ''), s.aliases, coalesce(s.class, 'other'), s.shape
FROM stage s WHERE s.known IS NULL OR s.known_home <> s.home ORDER BY s.n`

	importKnownLand = `-- name: import.KnownLand
UPDATE stage s SET known = x.id, known_home = x.district, name = coalesce(s.name, x.name), class = coalesce(s.class, x.class),
	drawn_at = x.shape, drawn_as = x.drawn_as FROM (
	SELECT DISTINCT ON (s.n) s.n, l.id, l.district, l.name, l.class, l.shape, ` + landDrawnAs + ` AS drawn_as FROM stage s JOIN land l ON l.code = s.code
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
	return s.importRoads(ctx, actor, rows, o, append(lines, polygons...), "a LineString or MultiLineString", drawnRoads, importKnownRoads, importLeaveRoads, importChangedRoads, importNewRoads)
}

// ImportLand implements place.Store.
func (s *Places) ImportLand(ctx context.Context, actor account.Actor, rows iter.Seq2[place.RoadRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importRoads(ctx, actor, rows, o, polygons, "a Polygon or MultiPolygon", drawnLand, importKnownLand, importLeaveLand, importChangedLand, importNewLand)
}

func (s *Places) importRoads(ctx context.Context, actor account.Actor, rows iter.Seq2[place.RoadRow, error], o place.ImportOptions, kinds []string, called, drawn string, statements ...string) (place.Report, error) {
	return s.importFile(ctx, actor, o, changedOther, func(ctx context.Context, in *importing) error {
		ok, err := read(ctx, in, rows, func(r *place.RoadRow) *place.Row { return &r.Row }, []string{"class"}, func(r *place.RoadRow) []any {
			return []any{orNull(r.Class)}
		}, kinds, called, mergePieces)
		if !ok || err != nil {
			return err
		}
		if err := in.locate(ctx, false); err != nil {
			return err
		}
		if err := in.run(ctx, statements...); err != nil {
			return err
		}
		if err := in.draws(ctx, drawn); err != nil {
			return err
		}
		return in.counts(ctx)
	})
}
