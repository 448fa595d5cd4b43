package db

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/civil"
)

// Rows of residents' files say where they lie, since policies compare nothing else. Whoever changes what belongs where keeps them in step in the same transaction, as the
// keeper: who may place a building may not read who lives in it.
const (
	unitsSettling = `-- name: settle.Units
SELECT p.district, p.unit_id, p.grid_id, p.community_id FROM (SELECT DISTINCT district, unit_id FROM settling) s
JOIN unit_people p ON p.district = s.district AND p.unit_id = s.unit_id ORDER BY p.district, p.unit_id`

	// $1 districts, $2 units, $3 grids, $4 communities: lists of one length, since the keeper may not read unit_people.
	unitsLie = ` FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) x (district, id, grid_id, community_id) `

	settleForms = `-- name: settle.Forms
UPDATE household_form f SET grid_id = x.grid_id, community_id = x.community_id` + unitsLie + `
WHERE f.district = x.district AND f.unit_id = x.id AND (f.grid_id, f.community_id) IS DISTINCT FROM (x.grid_id, x.community_id)`

	settleResidencies = `-- name: settle.Residencies
UPDATE residency i SET grid_id = x.grid_id, community_id = x.community_id` + unitsLie + `
WHERE i.district = x.district AND i.unit_id = x.id AND (i.grid_id, i.community_id) IS DISTINCT FROM (x.grid_id, x.community_id)
RETURNING i.district, i.resident_id`

	// Where the people of s are, a table (district, id, day): where they belong on that day or later; who is nowhere, where they were last.
	whereabouts = ` (SELECT y.district, y.resident_id AS id, array_remove(array_agg(DISTINCT y.community_id), NULL) AS communities,
		array_remove(array_agg(DISTINCT y.grid_id), NULL) AS grids, array_agg(DISTINCT y.building_id) AS buildings
	FROM (SELECT i.*, s.day, coalesce(upper(i.during), 'infinity') AS until, max(coalesce(upper(i.during), 'infinity')) OVER (PARTITION BY i.district, i.resident_id) AS latest
		FROM s JOIN residency i ON i.district = s.district AND i.resident_id = s.id) y
	WHERE y.until > y.day OR y.until = y.latest GROUP BY y.district, y.resident_id) `

	// $1 districts, $2 people: pairs; $3 the day.
	settleResidents = `-- name: settle.Residents
WITH s AS (SELECT DISTINCT s.district, s.id, $3::date AS day FROM unnest($1::text[], $2::uuid[]) s (district, id))
UPDATE resident r SET communities = x.communities, grids = x.grids, buildings = x.buildings FROM` + whereabouts + `x WHERE r.district = x.district AND r.id = x.id`

	settleTags = `-- name: settle.Tags
UPDATE care_tag t SET communities = r.communities, grids = r.grids, buildings = r.buildings
FROM (SELECT DISTINCT s.* FROM unnest($1::text[], $2::uuid[]) s (district, id)) s JOIN resident r ON r.district = s.district AND r.id = s.id
WHERE t.district = r.district AND t.resident_id = r.id`

	// People whose rows still name a place that they have left. $1 districts, $2 the day.
	peopleGone = `-- name: settle.PeopleGone
WITH s AS (SELECT DISTINCT i.district, i.resident_id AS id, $2::date AS day FROM residency i WHERE i.district = ANY($1) AND upper(i.during) <= $2::date)
SELECT r.district, r.id FROM resident r JOIN` + whereabouts + `x ON x.district = r.district AND x.id = r.id
WHERE (r.communities, r.grids, r.buildings) IS DISTINCT FROM (x.communities, x.grids, x.buildings) ORDER BY r.district, r.id`

	// A building that moves to another district takes its people along: each as they lie, sealed under whichever keys. Who also belongs to a household that stays
	// is known in both districts then.
	moveResidents = `-- name: move.Residents
INSERT INTO resident (district, id, name, identity, identity_lookup, odd_identity, phone, born, communities, grids, buildings, version)
SELECT DISTINCT ON (h.home, r.id) h.home, r.id, r.name, r.identity, r.identity_lookup, r.odd_identity, r.phone, r.born, r.communities, r.grids, r.buildings, r.version
FROM homes h JOIN residency i ON i.district = h.district AND i.building_id = h.id JOIN resident r ON r.district = i.district AND r.id = i.resident_id
WHERE h.kind = 'building' ORDER BY h.home, r.id ON CONFLICT (district, id) DO NOTHING`

	moveCareTags = `-- name: move.CareTags
INSERT INTO care_tag (district, id, resident_id, restricted, tag, lookup, set_by, set_on, review_on, expires_on, communities, grids, buildings)
SELECT DISTINCT ON (h.home, t.id) h.home, t.id, t.resident_id, t.restricted, t.tag, t.lookup, t.set_by, t.set_on, t.review_on, t.expires_on, t.communities, t.grids, t.buildings
FROM homes h JOIN residency i ON i.district = h.home AND i.building_id = h.id JOIN care_tag t ON t.district = h.district AND t.resident_id = i.resident_id
WHERE h.kind = 'building' ORDER BY h.home, t.id ON CONFLICT DO NOTHING`

	moveResidencies = `-- name: move.Residencies
WITH gone AS (
	DELETE FROM residency i USING homes h WHERE h.kind = 'building' AND i.district = h.district AND i.building_id = h.id
	RETURNING h.home, i.*
)
INSERT INTO residency (district, id, resident_id, unit_id, dwelling_id, number, registered_here, lives_here, tenure, during, community_id, grid_id, building_id)
SELECT g.home, g.id, g.resident_id, g.unit_id, g.dwelling_id, g.number, g.registered_here, g.lives_here, g.tenure, g.during, NULL, NULL, g.building_id FROM gone g`

	moveForms = `-- name: move.Forms
WITH gone AS (
	DELETE FROM household_form f USING homes h WHERE h.kind = 'building' AND f.district = h.district AND f.building_id = h.id
	RETURNING h.home, f.*
)
INSERT INTO household_form (district, id, unit_id, dwelling_id, number, form, answers, filled_on, filled_by, community_id, grid_id, building_id)
SELECT g.home, g.id, g.unit_id, g.dwelling_id, g.number, g.form, g.answers, g.filled_on, g.filled_by, NULL, NULL, g.building_id FROM gone g`

	// Who belongs to a household that stayed.
	movePeopleLeft = `-- name: move.PeopleLeft
SELECT DISTINCT r.district, r.id FROM homes h JOIN residency m ON m.district = h.home AND m.building_id = h.id
JOIN resident r ON r.district = h.district AND r.id = m.resident_id WHERE h.kind = 'building' ORDER BY r.district, r.id`

	// Who has nothing left in the district that a building left.
	moveEmptied = `-- name: move.Emptied
DELETE FROM resident r USING homes h, residency m WHERE h.kind = 'building' AND m.district = h.home AND m.building_id = h.id
AND r.district = h.district AND r.id = m.resident_id AND NOT EXISTS (SELECT 1 FROM residency i WHERE i.district = r.district AND i.resident_id = r.id)`
)

// keeping runs fn in the transaction of ctx as the keeper.
func keeping(ctx context.Context, fn func(ctx context.Context) error) error {
	return actingIn(ctx, account.TheKeeper(), fn)
}

// today is the day in the deployment's zone, for the transaction of ctx.
func today(ctx context.Context) time.Time {
	d := ctx.Value(txKey{}).(*openTx).d
	return civil.Of(time.Now(), cmp.Or(d.Zone, time.Local)).Time()
}

// settleFiles keeps in step where people are, and their households' forms, in the units of the table settling.
func (in *importing) settleFiles(ctx context.Context) error {
	var homes []string
	var units []uuid.UUID
	var grids, communities []*uuid.UUID
	err := in.each(ctx, unitsSettling, nil, func(rows pgx.Rows) error {
		var home string
		var unit uuid.UUID
		var grid, community *uuid.UUID
		err := rows.Scan(&home, &unit, &grid, &community)
		homes, units, grids, communities = append(homes, home), append(units, unit), append(grids, grid), append(communities, community)
		return err
	})
	if err != nil || len(units) == 0 {
		return err
	}
	return keeping(ctx, func(ctx context.Context) error {
		if _, err := in.exec(ctx, settleForms, homes, units, grids, communities); err != nil {
			return err
		}
		homes, people, err := in.pairs(ctx, settleResidencies, homes, units, grids, communities)
		if err != nil || len(people) == 0 {
			return err
		}
		return settleWhere(ctx, in.tx, homes, people, today(ctx))
	})
}

// settleMoved is settleWhere for who moved in or out, also where that is out of the actor's reach.
func settleMoved(ctx context.Context, tx pgx.Tx, homes []string, people []uuid.UUID, day time.Time) error {
	return keeping(ctx, func(ctx context.Context) error { return settleWhere(ctx, tx, homes, people, day) })
}

// settleWhere keeps in step where people are on a day, and their tags.
func settleWhere(ctx context.Context, tx pgx.Tx, homes []string, people []uuid.UUID, day time.Time) error {
	if _, err := tx.Exec(ctx, settleResidents, homes, people, day); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, settleTags, homes, people)
	return err
}

// moveFiles takes those along who belong to households in the buildings of the table homes, and keeps in step where those are who stay.
func (in *importing) moveFiles(ctx context.Context) error {
	return keeping(ctx, func(ctx context.Context) error {
		if err := in.run(ctx, moveResidents, moveResidencies, moveCareTags, moveForms, moveEmptied); err != nil {
			return err
		}
		homes, people, err := in.pairs(ctx, movePeopleLeft)
		if err != nil || len(people) == 0 {
			return err
		}
		return settleWhere(ctx, in.tx, homes, people, today(ctx))
	})
}

// pairs are what sql answers: districts, and ids in them.
func (in *importing) pairs(ctx context.Context, sql string, args ...any) (homes []string, ids []uuid.UUID, err error) {
	err = in.each(ctx, sql, args, func(rows pgx.Rows) error {
		var home string
		var id uuid.UUID
		err := rows.Scan(&home, &id)
		homes, ids = append(homes, home), append(ids, id)
		return err
	})
	return homes, ids, err
}
