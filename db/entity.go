package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/page"
	"wangge/domain/place"
)

const (
	entityColumns = `l.district, l.id, coalesce(r.code, ''), l.name, coalesce(r.credit_code, ''), coalesce(l.category, ''), coalesce(l.address, ''), r.employees,
	coalesce(r.party_organisation, ''), r.party_members, l.community_id, l.building_id, l.location, l.version`
	entityRecord = ` LEFT JOIN entity_record r ON r.district = l.district AND r.entity_id = l.id`
)

const (
	// $1 districts, $2 buildings, $3 after this name, $4 and this id, $5 one more than asked for.
	entitiesOfBuildings = `-- name: entity.OfBuildings
SELECT p.id, x.* FROM unnest($2::uuid[]) AS p (id) CROSS JOIN LATERAL (
	SELECT ` + entityColumns + ` FROM legal_entity l` + entityRecord + ` WHERE l.district = ANY($1) AND l.building_id = p.id
	  AND ($3::text IS NULL OR (l.name, l.id) > ($3, $4::uuid))
	ORDER BY l.name, l.id LIMIT $5
) x ORDER BY p.id, x.name, x.id`

	entitiesCountedInBuildings = `-- name: entity.CountedInBuildings
SELECT l.building_id, count(*) FROM legal_entity l WHERE l.district = ANY($1) AND l.building_id = ANY($2) GROUP BY l.building_id ORDER BY l.building_id`

	// $1 districts, $2 roots and $3 the divisions beneath each, in pairs; $4 to $6 as above. A division has its own entities in
	// an index by name, from which no more are taken than the page holds.
	entitiesOfDivisions = `-- name: entity.OfDivisions
SELECT p.id, x.* FROM (SELECT DISTINCT root AS id FROM unnest($2::uuid[]) AS root) p CROSS JOIN LATERAL (
	SELECT y.* FROM unnest($2::uuid[], $3::uuid[]) AS t (root, division) CROSS JOIN LATERAL (
		SELECT ` + entityColumns + ` FROM legal_entity l` + entityRecord + ` WHERE l.district = ANY($1) AND l.community_id = t.division
		  AND ($4::text IS NULL OR (l.name, l.id) > ($4, $5::uuid))
		ORDER BY l.name, l.id LIMIT $6
	) y WHERE t.root = p.id ORDER BY y.name, y.id LIMIT $6
) x ORDER BY p.id, x.name, x.id`

	entitiesCountedInDivisions = `-- name: entity.CountedInDivisions
SELECT t.root, count(*) FROM unnest($2::uuid[], $3::uuid[]) AS t (root, division)
JOIN legal_entity l ON l.district = ANY($1) AND l.community_id = t.division GROUP BY t.root ORDER BY t.root`
)

// EntitiesOf implements place.Store.
func (s *Places) EntitiesOf(ctx context.Context, actor account.Actor, q place.EntityQuery) (map[uuid.UUID]page.Page[place.LegalEntity], error) {
	out := map[uuid.UUID]page.Page[place.LegalEntity]{}
	var afterName *string
	var afterID uuid.UUID
	if c := q.Args.After; c != nil {
		afterName = &c.Text
		afterID, _ = uuid.Parse(c.ID) // a cursor that was made up finds the start of its name
	}
	list := func(ctx context.Context, sql, counting string, keys ...any) error {
		err := s.each(ctx, actor, sql, append(keys[:len(keys):len(keys)], afterName, afterID, q.Args.First+1), func(rows pgx.Rows) error {
			var of uuid.UUID
			var e place.LegalEntity
			var location geom.T
			err := rows.Scan(&of, &e.Key.Home, &e.Key.ID, &e.Code, &e.Name, &e.CreditCode, &e.Category, &e.Address, &e.Employees, &e.PartyOrganisation,
				&e.PartyMembers, &e.CommunityID, &e.BuildingID, &location, &e.Version)
			if err != nil {
				return err
			}
			e.Location, _ = location.(*geom.Point)
			addRow(out, of, q.Args, page.Item[place.LegalEntity]{Node: e, Cursor: page.Cursor{Order: "NAME", Text: e.Name, ID: e.Key.ID.String()}})
			return nil
		})
		if err != nil || !q.Count {
			return err
		}
		return addTotals(ctx, s.DB, actor, counting, keys, out)
	}
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		if homes, ids := split(q.Buildings); len(ids) > 0 {
			if err := list(ctx, entitiesOfBuildings, entitiesCountedInBuildings, homes, ids); err != nil {
				return err
			}
		}
		if len(q.Divisions) == 0 {
			return nil
		}
		t, err := s.subtrees(ctx, actor, q.Divisions)
		if err != nil {
			return err
		}
		return list(ctx, entitiesOfDivisions, entitiesCountedInDivisions, t.homes, t.roots, t.divisions)
	})
	return out, err
}
