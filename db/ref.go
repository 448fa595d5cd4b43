package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/internal/fault"
)

const (
	refsByOwner = `-- name: ref.ByOwner
SELECT r.owner_id, r.system, r.code FROM external_ref r WHERE r.district = ANY($1) AND r.owner_id = ANY($2) ORDER BY r.owner_id, r.system`

	refsByCode = `-- name: ref.ByCode
SELECT r.owner_kind, r.district, r.owner_id FROM external_ref r
WHERE r.district = ANY($1) AND r.system = $2 AND r.code = $3 ORDER BY r.owner_kind, r.district, r.owner_id`

	// Ids are unique among all kinds. Without a district it is a division's.
	refOwner = `-- name: ref.Owner
SELECT x.kind, x.district FROM (
	SELECT 'division' AS kind, d.home AS district FROM division d WHERE d.id = $2 AND $1 = ''
	UNION ALL SELECT 'grid', t.district FROM grid t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'estate', t.district FROM estate t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'building', t.district FROM building t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'unit', t.district FROM unit t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'dwelling', t.district FROM dwelling t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'household', t.district FROM household t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'legal_entity', t.district FROM legal_entity t WHERE t.district = $1 AND t.id = $2
	UNION ALL SELECT 'worker', t.district FROM worker t WHERE t.district = $1 AND t.id = $2
) x ORDER BY x.kind LIMIT 1`

	refSet = `-- name: ref.Set
INSERT INTO external_ref (district, owner_kind, owner_id, system, code) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (district, owner_id, system) DO UPDATE SET code = excluded.code`

	refRemove = `-- name: ref.Remove
DELETE FROM external_ref r WHERE r.district = $1 AND r.owner_id = $2 AND r.system = $3`
)

// ExternalRefs implements place.Store.
func (s *Places) ExternalRefs(ctx context.Context, actor account.Actor, owners []key.Key) (map[uuid.UUID][]place.ExternalRef, error) {
	homes, ids := split(owners)
	out := make(map[uuid.UUID][]place.ExternalRef, len(ids))
	err := s.each(ctx, actor, refsByOwner, []any{homes, ids}, func(rows pgx.Rows) error {
		var id uuid.UUID
		var ref place.ExternalRef
		err := rows.Scan(&id, &ref.System, &ref.Code)
		out[id] = append(out[id], ref)
		return err
	})
	return out, err
}

// OwnersOf implements place.Store.
func (s *Places) OwnersOf(ctx context.Context, actor account.Actor, ref place.ExternalRef) ([]place.RefOwner, error) {
	var out []place.RefOwner
	err := s.Do(ctx, actor, func(ctx context.Context) error {
		homes, err := s.everywhere(ctx, actor)
		if err != nil {
			return err
		}
		return s.each(ctx, actor, refsByCode, []any{homes, ref.System, ref.Code}, func(rows pgx.Rows) error {
			var o place.RefOwner
			err := rows.Scan(&o.Kind, &o.Key.Home, &o.Key.ID)
			out = append(out, o)
			return err
		})
	})
	return out, err
}

// SetExternalRef implements place.Store.
func (s *Places) SetExternalRef(ctx context.Context, actor account.Actor, owner key.Key, ref place.ExternalRef) (place.RefOwner, error) {
	found := place.RefOwner{Key: owner}
	err := s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockPlaces); err != nil { // a redraw may be moving what it is of
			return err
		}
		err := eachRow(ctx, tx, refOwner, []any{owner.Home, owner.ID}, func(rows pgx.Rows) error {
			return rows.Scan(&found.Kind, &found.Key.Home)
		})
		switch {
		case err != nil:
			return err
		case found.Kind == "":
			return fault.New(fault.NotFound, "id", "ref.notFound", "id", owner.ID)
		case ref.Code == "":
			_, err = tx.Exec(ctx, refRemove, found.Key.Home, owner.ID, ref.System)
		default:
			_, err = tx.Exec(ctx, refSet, found.Key.Home, found.Kind, owner.ID, ref.System, ref.Code)
		}
		if err != nil {
			return err
		}
		return noteChange(ctx, tx, change{what: changedRefs})
	})
	return found, err
}
