package db

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// Households wait in a stage of their own, three million of them where a city is made: rows name their unit, and units their
// building, by a number, so that a building is looked for once. stage_home has the rows as they will be stored.
const householdStage = `-- name: households.Stage
CREATE TEMPORARY TABLE stage_building (
	b integer PRIMARY KEY, code text NOT NULL, estate text NOT NULL, name text NOT NULL, address text NOT NULL,
	found integer NOT NULL DEFAULT 0, codes text, district text, building_id uuid, other text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_unit (
	u integer PRIMARY KEY, b integer NOT NULL, name text NOT NULL, new_id uuid NOT NULL, district text, building_id uuid, id uuid, fresh boolean,
	which text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_household (
	n integer NOT NULL, id uuid NOT NULL, dwelling_id uuid NOT NULL, u integer NOT NULL, source text NOT NULL, room text NOT NULL,
	number text, residents integer, use text, rental text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_home (
	n integer NOT NULL, first_n integer NOT NULL, id uuid NOT NULL, district text NOT NULL, unit_id uuid NOT NULL, dwelling_id uuid NOT NULL, room text NOT NULL,
	number text, residents integer, use text, rental text, first boolean NOT NULL, fresh boolean NOT NULL, refit boolean NOT NULL, contrary boolean NOT NULL,
	was uuid, was_residents integer
) ON COMMIT DROP`

const (
	// Spaces and the width of digits tell no two buildings apart.
	householdsByCode = `-- name: households.ByCode
UPDATE stage_building s SET found = x.n, codes = x.codes, district = x.district, building_id = x.id FROM (
	SELECT w.b, count(*) AS n, string_agg(b.code, ', ' ORDER BY b.district) AS codes, min(b.district) AS district, min(b.id::text)::uuid AS id
	FROM stage_building w JOIN building b ON b.code = w.code
	WHERE w.code <> '' AND ($1 = '' OR b.district = $1) GROUP BY w.b
) x WHERE x.b = s.b`

	// A code and a name in one row are of one building, or one of the two is wrong.
	householdsNamed = `-- name: households.Named
SELECT s.b, s.estate, s.name, coalesce(e.name, ''), coalesce(b.name, '') FROM stage_building s
JOIN building b ON b.district = s.district AND b.id = s.building_id LEFT JOIN estate e ON e.district = b.district AND e.id = b.estate_id
WHERE s.found = 1 AND s.code <> '' AND (s.estate <> '' OR s.name <> '') ORDER BY s.b`

	householdsOther = `-- name: households.Other
UPDATE stage_building s SET found = -1, other = $2 WHERE s.b = $1`

	householdsUncoded = `-- name: households.Uncoded
SELECT s.b, s.estate, s.name, ` + plainly + `(s.address, ` + plainFrom + `) FROM stage_building s WHERE s.code = '' ORDER BY s.b`

	householdsBuildings = `-- name: households.Buildings
SELECT b.district, b.id, b.code, coalesce(b.name, ''), coalesce(e.name, ''), ` + plainly + `(coalesce(b.address, ''), ` + plainFrom + `)
FROM building b LEFT JOIN estate e ON e.district = b.district AND e.id = b.estate_id WHERE $1 = '' OR b.district = $1 ORDER BY b.code, b.district`

	householdsFound = `-- name: households.Found
UPDATE stage_building s SET found = x.n, codes = x.codes, district = x.district, building_id = x.id, other = x.other
FROM unnest($1::integer[], $2::integer[], $3::text[], $4::text[], $5::uuid[], $6::text[]) AS x(b, n, codes, district, id, other) WHERE x.b = s.b`

	plainly   = `translate`
	plainFrom = `'０１２３４５６７８９ 　', '0123456789'`

	householdsNowhere = `-- name: households.Nowhere
SELECT s.n, s.source, w.code, w.estate, w.name, w.address, w.found, w.found = 1, left(coalesce(w.codes, ''), 200), coalesce(w.other, '')
FROM stage_building w JOIN stage_unit u ON u.b = w.b JOIN stage_household s ON s.u = u.u
WHERE w.found <> 1 OR w.district = 'unplaced' ORDER BY s.n`

	// A row without a unit is of the only one that its building has, in the register and in the list. Where there are several it
	// says which they are; where rows without one were taken in before there was any other, it stays with those.
	householdsOneUnit = `-- name: households.OneUnit
UPDATE stage_unit s SET name = CASE WHEN x.named = 1 AND NOT x.nameless THEN x.name ELSE '' END, which = CASE WHEN x.named > 1 THEN x.names END
FROM stage_building w, (
	SELECT t.district, t.building_id, count(*) FILTER (WHERE t.name <> '') AS named, min(t.name) FILTER (WHERE t.name <> '') AS name,
		bool_or(t.name = '' AND t.stored) AS nameless, left(string_agg(t.name, ', ' ORDER BY length(t.name), t.name) FILTER (WHERE t.name <> ''), 200) AS names
	FROM (SELECT y.district, y.building_id, y.name, bool_or(y.stored) AS stored FROM (
		SELECT k.district, k.building_id, k.name, true AS stored FROM unit k
		JOIN (SELECT DISTINCT v.district, v.building_id FROM stage_building v WHERE v.found = 1) d ON d.district = k.district AND d.building_id = k.building_id
		UNION ALL
		SELECT v.district, v.building_id, u.name, false FROM stage_unit u JOIN stage_building v ON v.b = u.b WHERE v.found = 1
	) y GROUP BY y.district, y.building_id, y.name) t
	GROUP BY t.district, t.building_id
) x WHERE s.name = '' AND w.b = s.b AND w.found = 1 AND x.district = w.district AND x.building_id = w.building_id`

	householdsWhich = `-- name: households.Which
SELECT s.n, s.source, w.code, u.which FROM stage_unit u JOIN stage_building w ON w.b = u.b JOIN stage_household s ON s.u = u.u
WHERE u.which IS NOT NULL AND s.room <> '' ORDER BY s.n`

	householdsUnits = `-- name: households.Units
UPDATE stage_unit s SET district = x.district, building_id = x.building_id, id = coalesce(k.id, x.new_id), fresh = k.id IS NULL FROM (
	SELECT u.u, w.district, w.building_id, u.name, first_value(u.new_id) OVER (PARTITION BY w.district, w.building_id, u.name ORDER BY u.u) AS new_id
	FROM stage_unit u JOIN stage_building w ON w.b = u.b WHERE w.found = 1 AND w.district <> 'unplaced' AND u.which IS NULL
) x LEFT JOIN unit k ON k.district = x.district AND k.building_id = x.building_id AND k.name = x.name WHERE x.u = s.u`

	// A new dwelling has the id that its first row brings. One sort serves every window. What a list does not say of a dwelling
	// stays, but who lives in one says that it is not vacant.
	householdsHomes = `-- name: households.Homes
INSERT INTO stage_home (n, first_n, id, district, unit_id, dwelling_id, room, number, residents, use, rental, first, fresh, refit, contrary, was, was_residents)
SELECT x.n, x.first_n, x.id, x.district, x.unit_id, coalesce(x.known, x.dwelling_id), x.room, x.number, x.residents,
	coalesce(x.use, x.kept_use), coalesce(x.rental, x.was_rental), x.nth = 1, x.known IS NULL,
	x.nth = 1 AND x.known IS NOT NULL AND (coalesce(x.use, x.kept_use, '') <> coalesce(x.was_use, '') OR coalesce(x.rental <> coalesce(x.was_rental, ''), false)),
	coalesce(x.use <> x.other_use, false) OR x.lived_in AND x.empty, x.was, x.was_residents
FROM (
	SELECT y.*, CASE WHEN y.was_use <> 'VACANT' OR NOT y.lived_in THEN y.was_use END AS kept_use FROM (
	SELECT s.n, s.id, u.district, u.id AS unit_id, s.room, s.number, s.residents, d.id AS known, d.use AS was_use, d.rental_management AS was_rental,
		h.id AS was, h.residents AS was_residents, first_value(s.n) OVER same AS first_n, first_value(s.dwelling_id) OVER flat AS dwelling_id,
		row_number() OVER flat AS nth, min(s.use) OVER whole AS use, max(s.use) OVER whole AS other_use,
		bool_or(s.number IS NOT NULL) OVER whole AS lived_in, bool_or(s.number IS NULL) OVER whole AS empty, min(s.rental) OVER whole AS rental
	FROM stage_household s JOIN stage_unit u ON u.u = s.u
		LEFT JOIN dwelling d ON d.district = u.district AND d.unit_id = u.id AND d.room = s.room
		LEFT JOIN household h ON h.district = d.district AND h.dwelling_id = d.id AND h.number = s.number AND h.until IS NULL
	WHERE s.room <> '' AND u.id IS NOT NULL
	WINDOW whole AS (PARTITION BY u.district, u.id, s.room), flat AS (PARTITION BY u.district, u.id, s.room ORDER BY s.number, s.n),
		same AS (PARTITION BY u.district, u.id, s.room, s.number ORDER BY s.n)
	) y
) x`

	householdsContrary = `-- name: households.Contrary
SELECT s.n, s.source, w.code, s.room FROM stage_home x JOIN stage_household s ON s.n = x.n
JOIN stage_unit u ON u.u = s.u JOIN stage_building w ON w.b = u.b WHERE x.contrary ORDER BY s.n`

	householdsTwice = `-- name: households.Twice
SELECT s.n, s.source, w.code, o.source FROM stage_home x JOIN stage_household s ON s.n = x.n JOIN stage_household o ON o.n = x.first_n
JOIN stage_unit u ON u.u = s.u JOIN stage_building w ON w.b = u.b WHERE x.n <> x.first_n ORDER BY s.n`

	householdsDropRefused = `-- name: households.DropRefused
DELETE FROM stage_home WHERE contrary OR n <> first_n`

	householdsNewUnits = `-- name: households.NewUnits
INSERT INTO unit (district, id, building_id, name)
SELECT DISTINCT ON (u.id) u.district, u.id, u.building_id, u.name FROM stage_unit u WHERE u.fresh ORDER BY u.id`

	householdsNewPeople = `-- name: households.NewPeople
INSERT INTO unit_people (district, unit_id, building_id, grid_id, community_id)
SELECT DISTINCT ON (u.id) u.district, u.id, u.building_id, g.id, g.community_id FROM stage_unit u
LEFT JOIN building_grid bg ON bg.district = u.district AND bg.building_id = u.building_id AND (bg.during @> now()) IS TRUE
LEFT JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id WHERE u.fresh ORDER BY u.id`

	// What is new lies where its unit does.
	householdsNewDwellings = `-- name: households.NewDwellings
INSERT INTO dwelling (district, id, unit_id, room, use, rental_management, building_id, grid_id, community_id)
SELECT x.district, x.dwelling_id, x.unit_id, x.room, x.use, x.rental, p.building_id, p.grid_id, p.community_id
FROM stage_home x JOIN unit_people p ON p.district = x.district AND p.unit_id = x.unit_id WHERE x.first AND x.fresh`

	householdsDwellings = `-- name: households.Dwellings
UPDATE dwelling d SET use = x.use, rental_management = x.rental FROM stage_home x WHERE x.refit AND d.district = x.district AND d.id = x.dwelling_id`

	// What is replaced or vacant ends. What began at this very instant, or by a clock that was ahead, lasts a microsecond.
	householdsEnd = `-- name: households.End
UPDATE household h SET until = greatest(now(), h.since + interval '1 microsecond') FROM (
	SELECT x.district, x.dwelling_id FROM stage_home x WHERE x.number IS NULL
	UNION
	SELECT d.district, d.id FROM stage_building w JOIN unit u ON u.district = w.district AND u.building_id = w.building_id
		JOIN dwelling d ON d.district = u.district AND d.unit_id = u.id WHERE $1
) e WHERE h.district = e.district AND h.dwelling_id = e.dwelling_id AND h.until IS NULL
	AND NOT EXISTS (SELECT 1 FROM stage_home x WHERE x.was = h.id)`

	householdsChanged = `-- name: households.Changed
WITH ended AS (
	UPDATE household h SET until = greatest(now(), h.since + interval '1 microsecond') FROM stage_home x
	WHERE h.district = x.district AND h.id = x.was AND x.residents <> coalesce(x.was_residents, -1)
	RETURNING h.district, x.id, h.dwelling_id, h.number, x.residents, h.until, h.building_id, h.grid_id, h.community_id
)
INSERT INTO household (district, id, dwelling_id, number, residents, since, building_id, grid_id, community_id)
SELECT e.district, e.id, e.dwelling_id, e.number, e.residents, e.until, e.building_id, e.grid_id, e.community_id FROM ended e`

	householdsNew = `-- name: households.New
INSERT INTO household (district, id, dwelling_id, number, residents, since, building_id, grid_id, community_id)
SELECT x.district, x.id, x.dwelling_id, x.number, x.residents, now(), p.building_id, p.grid_id, p.community_id
FROM stage_home x JOIN unit_people p ON p.district = x.district AND p.unit_id = x.unit_id WHERE x.number IS NOT NULL AND x.was IS NULL`

	householdsCounts = `-- name: households.Counts
UPDATE unit_people u SET households = c.households, residents = c.residents FROM (
	SELECT t.district, t.id, count(h.id) AS households, coalesce(sum(h.residents), 0) AS residents
	FROM (SELECT DISTINCT s.district, s.building_id FROM stage_building s WHERE s.found = 1) w
	JOIN unit t ON t.district = w.district AND t.building_id = w.building_id
	LEFT JOIN dwelling d ON d.district = t.district AND d.unit_id = t.id
	LEFT JOIN household h ON h.district = d.district AND h.dwelling_id = d.id AND h.until IS NULL
	GROUP BY t.district, t.id
) c WHERE u.district = c.district AND u.unit_id = c.id AND (u.households, u.residents) IS DISTINCT FROM (c.households, c.residents)`

	householdsTold = `-- name: households.Told
SELECT count(*) FILTER (WHERE t.added), count(*) FILTER (WHERE t.updated AND NOT t.added), count(*) FILTER (WHERE NOT t.added AND NOT t.updated) FROM (
	SELECT x.number IS NOT NULL AND x.was IS NULL OR x.number IS NULL AND x.first AND x.fresh AS added,
		coalesce(x.refit OR x.residents <> coalesce(x.was_residents, -1), x.refit) AS updated FROM stage_home x
	UNION ALL
	SELECT e.fresh, false FROM (SELECT DISTINCT u.id, u.fresh FROM stage_household s JOIN stage_unit u ON u.u = s.u WHERE s.room = '' AND u.id IS NOT NULL) e
) t`

	// The communities whose figures change: those of the buildings' grids and estates, and the divisions around.
	householdsTouched = `-- name: households.Touched
SELECT DISTINCT x.id FROM (SELECT DISTINCT s.district, s.building_id FROM stage_building s WHERE s.found = 1) w
JOIN building b ON b.district = w.district AND b.id = w.building_id CROSS JOIN LATERAL (
	SELECT g.community_id AS id FROM building_grid bg JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
	WHERE bg.district = b.district AND bg.building_id = b.id AND bg.during @> now()
	UNION ALL
	SELECT g.community_id FROM unit u JOIN unit_grid ug ON ug.district = u.district AND ug.unit_id = u.id
	JOIN grid g ON g.district = ug.district AND g.id = ug.grid_id
	WHERE u.district = b.district AND u.building_id = b.id AND ug.during @> now()
	UNION ALL
	SELECT e.community_id FROM estate e WHERE e.district = b.district AND e.id = b.estate_id AND e.community_id IS NOT NULL
	UNION ALL
	SELECT d.id FROM division d WHERE d.home = b.district AND d.boundary && b.location AND ST_Covers(d.boundary, b.location)
		AND NOT EXISTS (SELECT 1 FROM division o WHERE o.parent_id = d.id)
) x ORDER BY x.id`
)

// ImportHouseholds implements place.Store.
func (s *Places) ImportHouseholds(ctx context.Context, actor account.Actor, rows iter.Seq2[place.HouseholdRow, error], o place.ImportOptions) (place.Report, error) {
	return s.importing(ctx, actor, o, func(ctx context.Context, in *importing) error {
		// Sorting and joining a city's rows in pieces of 4 MB would take twice as long.
		if err := in.run(ctx, "SET LOCAL work_mem = '256MB'", householdStage); err != nil {
			return err
		}
		if err := in.copyHouseholds(ctx, rows); err != nil {
			return err
		}
		if err := in.findBuildings(ctx); err != nil {
			return err
		}
		if err := in.refuseNowhere(ctx); err != nil {
			return err
		}
		if err := in.run(ctx, householdsOneUnit); err != nil {
			return err
		}
		if err := in.refuseSaid(ctx, householdsWhich, fault.Invalid, "unit", "household.whichUnit", "units"); err != nil {
			return err
		}
		if err := in.run(ctx, householdsUnits, "ANALYZE stage_unit", householdsHomes, "ANALYZE stage_home"); err != nil {
			return err
		}
		if err := in.refuseSaid(ctx, householdsContrary, fault.Conflict, "use", "household.contrary", "room"); err != nil {
			return err
		}
		if err := in.refuseSaid(ctx, householdsTwice, fault.Conflict, "number", "household.twice", "other"); err != nil || in.rejected() {
			return err
		}
		if err := in.run(ctx, householdsDropRefused, householdsNewUnits, householdsNewPeople, householdsNewDwellings, householdsDwellings); err != nil {
			return err
		}
		var err error
		if in.report.Ended, err = in.exec(ctx, householdsEnd, o.Replace); err != nil {
			return err
		}
		if err := in.run(ctx, householdsChanged, householdsNew, householdsCounts); err != nil {
			return err
		}
		if err := in.tx.QueryRow(ctx, householdsTold).Scan(&in.report.Added, &in.report.Updated, &in.report.Unchanged); err != nil {
			return err
		}
		if in.undone() || in.report.Added+in.report.Updated+in.report.Ended == 0 {
			return nil
		}
		return noteTouched(ctx, in.tx, change{what: changedHouseholds}, householdsTouched)
	})
}

// copyHouseholds streams rows into their stage. The buildings and units that they name are kept in memory: a city has a
// hundred thousand of the one and a quarter of a million of the other.
func (in *importing) copyHouseholds(ctx context.Context, rows iter.Seq2[place.HouseholdRow, error]) error {
	type building struct{ code, estate, name, address string }
	type unit struct {
		b    int32
		name string
	}
	var buildings []building
	var units []unit
	buildingAt, unitAt := map[building]int32{}, map[unit]int32{}
	b, u := int32(-1), int32(-1) // of the row before: lists are in order, mostly
	number := func(w building, name string) int32 {
		if b < 0 || buildings[b] != w {
			var known bool
			if b, known = buildingAt[w]; !known {
				b = int32(len(buildings))
				buildings, buildingAt[w] = append(buildings, w), b
			}
		}
		if t := (unit{b, name}); u < 0 || units[u] != t {
			var known bool
			if u, known = unitAt[t]; !known {
				u = int32(len(units))
				units, unitAt[t] = append(units, t), u
			}
		}
		return u
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	var unread error // as in copyRows
	columns := []string{"n", "id", "dwelling_id", "u", "source", "room", "number", "residents", "use", "rental"}
	_, err := in.tx.CopyFrom(ctx, pgx.Identifier{"stage_household"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		r, ok, err := nextRow(ctx, in, next)
		if unread = err; !ok || err != nil {
			return nil, err
		}
		u := number(building{r.Building, r.Estate, r.BuildingName, r.Address}, r.Unit)
		home := orNull(cmp.Or(r.Number, "1"))
		if r.Vacant() {
			home = nil
		}
		return []any{in.report.Read, in.opts.IDs.NewID(), in.opts.IDs.NewID(), u, r.Source, r.Room, home, r.Residents,
			orNull(string(r.Use)), orNull(r.RentalManagement)}, nil
	}))
	if err = cmp.Or(unread, err); err != nil {
		return err
	}
	_, err = in.tx.CopyFrom(ctx, pgx.Identifier{"stage_building"}, []string{"b", "code", "estate", "name", "address"},
		pgx.CopyFromSlice(len(buildings), func(i int) ([]any, error) {
			w := buildings[i]
			return []any{i, w.code, w.estate, w.name, w.address}, nil
		}))
	if err != nil {
		return err
	}
	_, err = in.tx.CopyFrom(ctx, pgx.Identifier{"stage_unit"}, []string{"u", "b", "name", "new_id"},
		pgx.CopyFromSlice(len(units), func(i int) ([]any, error) {
			return []any{i, units[i].b, units[i].name, in.opts.IDs.NewID()}, nil
		}))
	if err != nil {
		return err
	}
	return in.run(ctx, "ANALYZE stage_building", "ANALYZE stage_unit", "ANALYZE stage_household")
}

// findBuildings finds the building of each distinct one that the rows name: by its code, by its name, by its address. Names are
// compared as FoldBuilding writes them, so all buildings are read once where some row gives no code.
func (in *importing) findBuildings(ctx context.Context) error {
	if _, err := in.exec(ctx, householdsByCode, in.opts.District); err != nil {
		return err
	}
	others := map[int]string{}
	err := in.each(ctx, householdsNamed, nil, func(rows pgx.Rows) error {
		var b int
		var estate, name, storedEstate, storedName string
		if err := rows.Scan(&b, &estate, &name, &storedEstate, &storedName); err != nil {
			return err
		}
		if !place.SameBuilding(estate, name, storedEstate, storedName) {
			others[b] = strings.TrimSpace(storedEstate + " " + storedName)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for b, other := range others {
		if _, err := in.exec(ctx, householdsOther, b, other); err != nil {
			return err
		}
	}
	return in.findUncoded(ctx)
}

// wantedBuilding is a building that rows name without its code, and what was found of it.
type wantedBuilding struct {
	b                     int32
	estate, name, address string // as compared
	byName, byAddress     []foundBuilding
	asked                 string // its name as it was given
}

type foundBuilding struct {
	district, code string
	id             uuid.UUID
}

func (in *importing) findUncoded(ctx context.Context) error {
	var wanted []*wantedBuilding
	names, estates, addresses := map[string][]*wantedBuilding{}, map[string][]string{}, map[string][]*wantedBuilding{}
	err := in.each(ctx, householdsUncoded, nil, func(rows pgx.Rows) error {
		w := &wantedBuilding{}
		var estate string
		if err := rows.Scan(&w.b, &estate, &w.asked, &w.address); err != nil {
			return err
		}
		wanted = append(wanted, w)
		w.estate, w.name = place.FoldEstate(estate), place.FoldBuilding(w.asked)
		if (place.HouseholdRow{Estate: estate, BuildingName: w.asked, Address: w.address}).ByName() {
			for _, key := range place.NamedBuilding(w.estate, w.name) {
				names[key] = append(names[key], w)
			}
			if w.estate != "" {
				estates[w.estate] = nil
			}
		}
		if w.address != "" {
			addresses[w.address] = append(addresses[w.address], w)
		}
		return nil
	})
	if err != nil || len(wanted) == 0 {
		return err
	}
	err = in.each(ctx, householdsBuildings, []any{in.opts.District}, func(rows pgx.Rows) error {
		var f foundBuilding
		var name, estate, address string
		if err := rows.Scan(&f.district, &f.id, &f.code, &name, &estate, &address); err != nil {
			return err
		}
		folded, in := place.FoldBuilding(name), place.FoldEstate(estate)
		if list, ok := estates[in]; ok && name != "" {
			estates[in] = append(list, name)
		}
		if name != "" {
			for _, key := range place.StoredBuilding(in, folded) {
				for _, w := range names[key] {
					if n := len(w.byName); n == 0 || w.byName[n-1] != f {
						w.byName = append(w.byName, f)
					}
				}
			}
		}
		for _, w := range addresses[address] {
			if w.name == "" || place.SameBuilding(w.estate, w.asked, estate, name) {
				w.byAddress = append(w.byAddress, f)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var at, found []int32
	var codes, districts, near []string
	var ids []uuid.UUID
	for _, w := range wanted {
		list := w.byName
		if len(list) == 0 {
			list = w.byAddress
		}
		var first foundBuilding
		var several []string
		for _, f := range list[:min(len(list), 20)] {
			several = append(several, f.code)
		}
		if len(list) > 0 {
			first = list[0]
		}
		others := ""
		if len(list) == 0 && w.estate != "" {
			others = strings.Join(place.NearBuildings(w.asked, estates[w.estate]), ", ")
		}
		at, found, ids = append(at, w.b), append(found, int32(len(list))), append(ids, first.id)
		codes, districts, near = append(codes, strings.Join(several, ", ")), append(districts, first.district), append(near, others)
	}
	_, err = in.exec(ctx, householdsFound, at, found, codes, districts, ids, near)
	return err
}

// refuseNowhere refuses the rows whose building is unknown, one of several, or in no known district, where nobody would count them.
func (in *importing) refuseNowhere(ctx context.Context) error {
	return in.each(ctx, householdsNowhere, nil, func(rows pgx.Rows) error {
		var n, found int
		var unplaced bool
		var r place.HouseholdRow
		var codes, other string
		if err := rows.Scan(&n, &r.Source, &r.Building, &r.Estate, &r.BuildingName, &r.Address, &found, &unplaced, &codes, &other); err != nil {
			return err
		}
		what := cmp.Or(r.Building, strings.TrimSpace(r.Estate+" "+r.BuildingName))
		if r.Building == "" && !r.ByName() {
			what = strings.TrimSpace(r.Address + " " + r.BuildingName)
		}
		field, said := "building", fault.New(fault.Invalid, "building", "household.unknownBuilding", "what", what)
		switch {
		case found < 0:
			said = fault.New(fault.Invalid, field, "household.otherName", "what", what, "name", other, "other", strings.TrimSpace(r.Estate+" "+r.BuildingName))
		case found == 0 && other != "":
			said = fault.New(fault.Invalid, field, "household.nearBuilding", "what", what, "near", other)
		case unplaced:
			said = fault.New(fault.Invalid, field, "household.unplaced", "what", what)
		case found > 1 && r.Building != "":
			said = fault.New(fault.Invalid, field, "household.sameCode", "what", what, "n", found)
		case found > 1:
			said = fault.New(fault.Invalid, field, "household.manyBuildings", "what", what, "n", found, "codes", codes)
		}
		in.refuse(n, place.NewNote(r.Source, r.Building, field, said))
		return nil
	})
}

// refuseSaid refuses the rows that a query finds: row number, source, the building's code, and the sentence's arguments as text.
func (in *importing) refuseSaid(ctx context.Context, sql string, code fault.Code, field, key string, names ...string) error {
	return in.each(ctx, sql, nil, func(rows pgx.Rows) error {
		var n int
		var source, building string
		to, args := []any{&n, &source, &building}, make([]any, 0, 2*len(names))
		for _, name := range names {
			value := new(string)
			to, args = append(to, value), append(args, name, value)
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		for i := 1; i < len(args); i += 2 {
			args[i] = *args[i].(*string)
		}
		in.refuse(n, place.NewNote(source, building, field, fault.New(code, field, key, args...)))
		return nil
	})
}
