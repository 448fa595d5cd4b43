package db

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/place"
)

const (
	// A row's code may be one that the division had before.
	importKnownDivisions = `-- name: import.KnownDivisions
UPDATE stage s SET known = c.division_id FROM division_code c WHERE c.code = s.code`

	// A row that names a division by a former code was written before the code changed: it cannot know where the division lies
	// now. The rest of what it says is taken.
	importFormerDivisions = `-- name: import.FormerDivisions
UPDATE stage s SET parent = NULL FROM division d WHERE d.id = s.known AND d.code <> s.code AND d.parent_id IS NOT NULL`

	importFormerDivisionCodes = `-- name: import.FormerDivisionCodes
SELECT s.source, s.code, d.code FROM stage s JOIN division d ON d.id = s.known AND d.code <> s.code ORDER BY s.n`

	// A parent that the file does not name is read off the code's digits, where there is one that stands higher.
	importParents = `-- name: import.ParentCodes
UPDATE stage s SET parent = (
	SELECT p.code FROM unnest(s.parents) WITH ORDINALITY AS p (code, i)
	LEFT JOIN stage o ON o.code = p.code
	LEFT JOIN division_code c ON c.code = p.code LEFT JOIN division d ON d.id = c.division_id
	WHERE array_position($1::text[], coalesce(o.level, d.level)) < array_position($1::text[], s.level)
	ORDER BY p.i LIMIT 1)
WHERE s.parent IS NULL AND NOT EXISTS (SELECT 1 FROM division k WHERE k.id = s.known AND k.parent_id IS NOT NULL)`

	importOrphans = `-- name: import.Orphans
SELECT s.n, s.source, s.code, 'parent', 'its parent ' || s.parent || ' is neither in the file nor in the store'
FROM stage s WHERE s.parent IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM division_code c WHERE c.code = s.parent)
  AND NOT EXISTS (SELECT 1 FROM stage o WHERE o.code = s.parent) ORDER BY s.n`

	importUpsideDown = `-- name: import.UpsideDown
SELECT s.n, s.source, s.code, 'parent', 'a ' || s.level || ' cannot lie in ' || s.parent || ', which is a ' || coalesce(o.level, d.level)
FROM stage s
LEFT JOIN stage o ON o.code = s.parent
LEFT JOIN division_code c ON c.code = s.parent LEFT JOIN division d ON d.id = c.division_id
WHERE s.parent IS NOT NULL
  AND array_position($1::text[], coalesce(o.level, d.level)) >= array_position($1::text[], s.level) ORDER BY s.n`

	// What stands above and beneath a division must still do so when its level changes.
	importLevels = `-- name: import.Levels
SELECT s.n, s.source, s.code, 'level', 'it cannot be a ' || s.level || ': ' || o.code || ', which lies ' || o.side || ' it, is a ' || o.level
FROM stage s JOIN division me ON me.id = coalesce(s.known, s.id)
CROSS JOIN LATERAL (
	SELECT c.code, c.level, 'beneath' AS side FROM division c
	WHERE c.parent_id = me.id AND array_position($1::text[], c.level) <= array_position($1::text[], me.level)
	UNION ALL
	SELECT p.code, p.level, 'above' FROM division p
	WHERE p.id = me.parent_id AND array_position($1::text[], p.level) >= array_position($1::text[], me.level)
) o ORDER BY s.n, o.code`

	// A division that came before its parent finds it now, by its digits. It keeps its home.
	importAdopt = `-- name: import.Adopt
UPDATE division o SET parent_id = x.parent, version = o.version + 1 FROM (
	SELECT DISTINCT ON (k.id) k.id, p.id AS parent FROM division k
	CROSS JOIN unnest(ARRAY[9, 6, 4, 2]) AS digits (n)
	JOIN division_code c ON c.code = left(k.code, digits.n) JOIN division p ON p.id = c.division_id
	WHERE k.parent_id IS NULL AND k.code ~ '^[0-9]+$' AND digits.n < length(k.code)
	  AND array_position($1::text[], p.level) < array_position($1::text[], k.level)
	ORDER BY k.id, digits.n DESC
) x WHERE o.id = x.id`

	importNewDivisions = `-- name: import.NewDivisions
INSERT INTO division (id, code, name, level, parent_id, home, boundary, limit_east, limit_south, limit_west, limit_north,
	supervision_phone, station_name, station_address, station_hours, station_hours_en, station_phone)
SELECT s.id, s.code, s.name, s.level, p.id,
	CASE WHEN p.level IN ('DISTRICT', 'TOWN', 'COMMUNITY') THEN p.home ELSE s.home END,
	ST_Multi(s.shape), s.limit_east, s.limit_south, s.limit_west, s.limit_north,
	s.supervision_phone, s.station_name, s.station_address, s.station_hours, s.station_hours_en, s.station_phone
FROM stage s
LEFT JOIN division_code c ON c.code = s.parent LEFT JOIN division p ON p.id = c.division_id
WHERE s.level = $1 AND s.known IS NULL ORDER BY s.n`

	importNewDivisionCodes = `-- name: import.NewDivisionCodes
INSERT INTO division_code (code, division_id, since)
SELECT s.code, s.id, now() FROM stage s WHERE s.level = $1 AND s.known IS NULL ORDER BY s.n`

	// What a file does not say stays as it is, but for another station than was known: what was said of that one is not true of it.
	importChangedDivisions = `-- name: import.ChangedDivisions
UPDATE division d SET name = s.name, level = s.level, parent_id = coalesce(p.id, d.parent_id),
	boundary = coalesce(ST_Multi(s.shape), d.boundary), limit_east = coalesce(s.limit_east, d.limit_east),
	limit_south = coalesce(s.limit_south, d.limit_south), limit_west = coalesce(s.limit_west, d.limit_west),
	limit_north = coalesce(s.limit_north, d.limit_north), supervision_phone = coalesce(s.supervision_phone, d.supervision_phone),
	station_name = coalesce(s.station_name, d.station_name),
	station_address = coalesce(s.station_address, CASE WHEN s.station_name IS NULL OR s.station_name = d.station_name THEN d.station_address END),
	station_hours = coalesce(s.station_hours, CASE WHEN s.station_name IS NULL OR s.station_name = d.station_name THEN d.station_hours END),
	station_hours_en = coalesce(s.station_hours_en, CASE WHEN s.station_name IS NULL OR s.station_name = d.station_name THEN d.station_hours_en END),
	station_phone = coalesce(s.station_phone, CASE WHEN s.station_name IS NULL OR s.station_name = d.station_name THEN d.station_phone END),
	version = d.version + 1
FROM stage s LEFT JOIN division_code c ON c.code = s.parent LEFT JOIN division p ON p.id = c.division_id
WHERE d.id = s.known`
)

// ImportDivisions implements place.Store.
func (s *Places) ImportDivisions(ctx context.Context, actor account.Actor, rows iter.Seq2[place.DivisionRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importFile(ctx, actor, o, changedBoundaries, func(ctx context.Context, in *importing) error {
		columns := []string{"home", "level", "parent", "parents", "limit_east", "limit_south", "limit_west", "limit_north",
			"supervision_phone", "station_name", "station_address", "station_hours", "station_hours_en", "station_phone"}
		ok, err := read(ctx, in, rows, func(r *place.DivisionRow) *place.Row { return &r.Row }, columns, func(r *place.DivisionRow) []any {
			c, station := r.Contacts, place.Station{}
			if c.Station != nil {
				station = *c.Station
			}
			return []any{o.IDs.NewHome(), string(r.Level), orNull(r.Parent), place.ParentCodes(r.Code),
				orNull(r.Limits.East), orNull(r.Limits.South), orNull(r.Limits.West), orNull(r.Limits.North),
				orNull(c.SupervisionPhone), orNull(station.Name), orNull(station.Address), orNull(station.Hours), orNull(station.HoursEnglish), orNull(station.Phone)}
		}, polygons, "a Polygon or MultiPolygon", mergeParts)
		if !ok || err != nil {
			return err
		}
		if err := in.run(ctx, importKnownDivisions, importFormerDivisions); err != nil {
			return err
		}
		if err := in.noteFormer(ctx, importFormerDivisionCodes); err != nil {
			return err
		}
		if _, err := in.exec(ctx, importParents, place.Levels); err != nil {
			return err
		}
		for _, sql := range []string{importSameThing, importOrphans} {
			if err := in.refuseWhere(ctx, sql); err != nil {
				return err
			}
		}
		if err := in.refuseWhere(ctx, importUpsideDown, place.Levels); err != nil {
			return err
		}
		if in.report.Refused > 0 {
			return nil
		}
		if err := in.shareVertices(ctx); err != nil {
			return err
		}
		for _, level := range place.Levels {
			added, err := in.exec(ctx, importNewDivisions, level)
			if err != nil {
				return err
			}
			in.report.Added += added
			if _, err := in.exec(ctx, importNewDivisionCodes, level); err != nil {
				return err
			}
		}
		if in.report.Updated, err = in.exec(ctx, importChangedDivisions); err != nil {
			return err
		}
		if _, err := in.exec(ctx, importAdopt, place.Levels); err != nil {
			return err
		}
		in.divisions.any = true // also those that were adopted; and divisions are not imported often
		if err := in.refuseWhere(ctx, importLevels, place.Levels); err != nil {
			return err
		}
		return in.placeAll(ctx)
	})
}

// noteFormer notes the rows that name what they are about by a former code.
func (in *importing) noteFormer(ctx context.Context, sql string) error {
	return in.each(ctx, sql, nil, func(rows pgx.Rows) error {
		n := place.Note{Kind: place.Former, Field: "code"}
		var code string
		err := rows.Scan(&n.Source, &n.Code, &code)
		n.Reason = "this code became " + code + "; it keeps that, and its place in the tree"
		in.report.Notes = append(in.report.Notes, n)
		return err
	})
}
