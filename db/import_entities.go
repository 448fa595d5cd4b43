package db

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

const (
	// One without a point lies where the only building with its address does.
	importEntityAddresses = `-- name: import.EntityAddresses
UPDATE stage s SET shape = x.location FROM (
	SELECT e.n, min(b.location::text)::geometry AS location FROM stage e
	JOIN building b ON ` + plainly + `(b.address, ` + plainFrom + `) = ` + plainly + `(e.address, ` + plainFrom + `)
	WHERE e.shape IS NULL AND e.address <> '' GROUP BY e.n HAVING count(*) = 1
) x WHERE x.n = s.n`

	importEntityDistrict = `-- name: import.EntityDistrict
UPDATE stage s SET home = $1 WHERE s.home = 'unplaced' AND s.at IS NULL AND $1 <> ''`

	// holdsPoint says of a building b that its footprint holds the point n.at, or that it stands there.
	holdsPoint = ` AND (b.footprint && n.at AND ST_Covers(b.footprint, n.at) OR b.location && n.at AND ST_Equals(b.location, n.at))`

	// The smallest building that holds the point.
	importEntityBuildings = `-- name: import.EntityBuildings
UPDATE stage s SET building_id = x.id FROM (
	SELECT DISTINCT ON (s.n) s.n, b.id FROM stage s CROSS JOIN LATERAL (SELECT s.at) n
	JOIN building b ON b.district = s.home` + holdsPoint + `
	WHERE s.home <> 'unplaced' ORDER BY s.n, ST_Area(b.footprint) NULLS LAST, b.code
) x WHERE x.n = s.n`

	// A code is an entity's own within its district. One elsewhere is the same only where its credit code is too.
	importKnownEntities = `-- name: import.KnownEntities
UPDATE stage s SET known = x.id, known_home = x.district FROM (
	SELECT DISTINCT ON (s.n) s.n, r.entity_id AS id, r.district FROM stage s JOIN entity_record r ON r.code = s.code
		AND (r.district IN (s.home, 'unplaced') OR s.home = 'unplaced' OR r.credit_code = s.credit_code)
	ORDER BY s.n, r.district = s.home DESC, r.district
) x WHERE x.n = s.n`

	// What a file does not say stays as it is; one that says nothing of where it lies stays there.
	importEntitiesUnsaid = `-- name: import.EntitiesUnsaid
UPDATE stage s SET name = coalesce(s.name, l.name), aliases = coalesce(s.aliases, l.aliases),
	credit_code = coalesce(s.credit_code, r.credit_code), class = coalesce(s.class, l.category),
	address = coalesce(s.address, l.address), employees = coalesce(s.employees, r.employees),
	party_organisation = coalesce(s.party_organisation, r.party_organisation), party_members = coalesce(s.party_members, r.party_members),
	home = CASE WHEN s.at IS NULL THEN l.district ELSE s.home END, at = coalesce(s.at, l.location),
	community_id = CASE WHEN s.at IS NULL THEN l.community_id ELSE s.community_id END,
	building_id = CASE WHEN s.at IS NULL THEN l.building_id ELSE s.building_id END
FROM legal_entity l JOIN entity_record r ON r.district = l.district AND r.entity_id = l.id WHERE l.district = s.known_home AND l.id = s.known`

	importEntitiesNoPlace = `-- name: import.EntitiesNoPlace
SELECT s.n, s.source, s.code FROM stage s WHERE s.at IS NULL ORDER BY s.n`

	importLeaveEntities = `-- name: import.LeaveEntities
DELETE FROM legal_entity l USING stage s WHERE s.known_home <> s.home AND l.district = s.known_home AND l.id = s.known`

	importChangedEntities = `-- name: import.ChangedEntities
UPDATE legal_entity l SET name = s.name, aliases = s.aliases, category = s.class, address = s.address, community_id = s.community_id,
	building_id = s.building_id, location = s.at, version = l.version + 1
FROM stage s WHERE s.known_home = s.home AND l.district = s.home AND l.id = s.known`

	importChangedRecords = `-- name: import.ChangedRecords
UPDATE entity_record r SET credit_code = s.credit_code, employees = s.employees, party_organisation = s.party_organisation, party_members = s.party_members
FROM stage s WHERE s.known_home = s.home AND r.district = s.home AND r.entity_id = s.known`

	importNewEntities = `-- name: import.NewEntities
INSERT INTO legal_entity (district, id, name, aliases, category, address, community_id, building_id, location)
SELECT s.home, coalesce(s.known, s.id), s.name, s.aliases, s.class, s.address, s.community_id, s.building_id, s.at
FROM stage s WHERE s.known IS NULL OR s.known_home <> s.home ORDER BY s.n`

	importNewRecords = `-- name: import.NewRecords
INSERT INTO entity_record (district, entity_id, code, credit_code, employees, party_organisation, party_members)
SELECT s.home, coalesce(s.known, s.id), s.code, s.credit_code, s.employees, s.party_organisation, s.party_members
FROM stage s WHERE s.known IS NULL OR s.known_home <> s.home ORDER BY s.n`

	importMovingEntities = `-- name: import.MovingEntities
INSERT INTO homes (kind, district, id, home) SELECT 'entity', s.known_home, s.known, s.home FROM stage s WHERE s.known_home <> s.home ORDER BY s.n`

	// What would move and cannot: its number is another's there, or two bring the same.
	importEntityNumbers = `-- name: import.EntityNumbers
SELECT x.n, x.source, x.code, 'geometry',
	'it would move to another district, where its number ' || x.number || ' of ' || x.system || ' is that of another; change the number first'
FROM (
	SELECT s.n, s.source, s.code, f.code AS number, f.system, row_number() OVER (PARTITION BY s.home, f.system, f.code ORDER BY s.n) AS nth, o.code IS NOT NULL AS taken
	FROM stage s JOIN external_ref f ON f.district = s.known_home AND f.owner_id = s.known
	LEFT JOIN external_ref o ON o.district = s.home AND o.system = f.system AND o.code = f.code AND o.owner_kind = f.owner_kind
	WHERE s.known_home <> s.home
) x WHERE x.taken OR x.nth > 1 ORDER BY x.n`
)

// ImportEntities implements place.Store.
func (s *Places) ImportEntities(ctx context.Context, actor account.Actor, rows iter.Seq2[place.EntityRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importFile(ctx, actor, o, changedOther, func(ctx context.Context, in *importing) error {
		columns := []string{"class", "address", "credit_code", "employees", "party_organisation", "party_members"}
		ok, err := read(ctx, in, rows, func(r *place.EntityRow) *place.Row { return &r.Row }, columns, func(r *place.EntityRow) []any {
			return []any{orNull(r.Category), orNull(r.Address), orNull(r.CreditCode), r.Employees, orNull(r.PartyOrganisation), r.PartyMembers}
		}, points, "a Point", mergeTouching)
		if !ok || err != nil {
			return err
		}
		if _, err := in.exec(ctx, importEntityAddresses); err != nil {
			return err
		}
		if err := in.locate(ctx, false); err != nil {
			return err
		}
		if _, err := in.exec(ctx, importEntityDistrict, o.District); err != nil {
			return err
		}
		if err := in.run(ctx, importEntityBuildings, importKnownEntities); err != nil {
			return err
		}
		if err := in.refuseWhere(ctx, importSameThing); err != nil || in.report.Refused > 0 {
			return err
		}
		if err := in.run(ctx, importEntitiesUnsaid); err != nil {
			return err
		}
		if err := in.noteNoPlace(ctx); err != nil {
			return err
		}
		if err := in.refuseWhere(ctx, importEntityNumbers); err != nil || in.report.Refused > 0 {
			return err
		}
		if err := in.run(ctx, placeHomesTable, importMovingEntities, moveNumbers, importLeaveEntities, importChangedEntities, importChangedRecords,
			importNewEntities, importNewRecords); err != nil {
			return err
		}
		return in.counts(ctx)
	})
}

// noteNoPlace notes the entities of which neither the file nor the store knows where they lie.
func (in *importing) noteNoPlace(ctx context.Context) error {
	return in.each(ctx, importEntitiesNoPlace, nil, func(rows pgx.Rows) error {
		var n int
		var source, code string
		if err := rows.Scan(&n, &source, &code); err != nil {
			return err
		}
		note := place.NewNote(source, code, "address", fault.New(fault.Invalid, "address", "entity.noPlace"))
		note.Row, note.Kind = n, place.NoPlace
		in.report.Notes = append(in.report.Notes, note)
		return nil
	})
}
