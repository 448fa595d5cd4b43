package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/internal/fault"
)

// Boards stores which boards were printed.
type Boards struct{ *DB }

// NewBoards returns the store of boards.
func NewBoards(d *DB) *Boards { return &Boards{d} }

var _ board.Store = (*Boards)(nil)

const (
	boardColumns = `p.district, p.of_id, p.of_kind, p.revision, p.people, p.border, p.names, p.contacts, p.printed_on, p.printed_by`

	boardLast = `-- name: board.Last
SELECT DISTINCT ON (p.district, p.of_id) ` + boardColumns + ` FROM board_print p WHERE p.district = ANY($1) AND p.of_id = ANY($2)
ORDER BY p.district, p.of_id, p.revision DESC`

	boardOne = `-- name: board.One
SELECT ` + boardColumns + ` FROM board_print p WHERE p.district = $1 AND p.of_id = $2 AND p.revision = $3 ORDER BY p.revision`

	boardSave = `-- name: board.Save
INSERT INTO board_print AS p (district, of_id, of_kind, revision, people, border, names, contacts, printed_on, printed_by)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[], $10::text[])
ON CONFLICT (district, of_id, revision) DO UPDATE SET printed_on = greatest(p.printed_on, excluded.printed_on), printed_by = excluded.printed_by
WHERE (p.people, p.border, p.names, p.contacts) = (excluded.people, excluded.border, excluded.names, excluded.contacts)`

	boardRemove = `-- name: board.Remove
DELETE FROM board_print p USING unnest($1::text[], $2::uuid[], $3::integer[]) AS t(district, of_id, revision)
WHERE p.district = ANY($1) AND p.district = t.district AND p.of_id = t.of_id AND p.revision = t.revision
  AND NOT EXISTS (SELECT FROM board_print l WHERE l.district = ANY($1) AND l.district = p.district AND l.of_id = p.of_id AND l.revision > p.revision)`

	// lockPrints lets one transaction at a time note prints or take them back: who looks whether a print is the last sees one that is just being noted.
	lockPrints = "SELECT pg_advisory_xact_lock(hashtext('wangge prints'))"

	// $1 the districts, $2 the divisions beneath, $3 the instant; a building may be kept with another district than its grid.
	boardBuildings = `-- name: board.Buildings
SELECT b.district, b.id, b.code FROM (SELECT DISTINCT p.district, p.of_id FROM board_print p WHERE p.district = ANY($4) AND p.of_kind = 'building') p
JOIN building b ON b.district = p.district AND b.id = p.of_id
JOIN building_grid bg ON (bg.district = b.district OR bg.moved_to = b.district) AND bg.building_id = b.id AND bg.during @> $3::timestamptz
JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
WHERE b.district = ANY($4) AND bg.district = ANY($1) AND g.district = ANY($1) AND g.community_id = ANY($2)
  AND ($5::text IS NULL OR (b.code, b.id) > ($5, $6::uuid)) ORDER BY b.code, b.id LIMIT $7`
)

func scanPrint(rows pgx.Rows) (board.Print, error) {
	var p board.Print
	var on time.Time
	h := &p.Hashes
	err := rows.Scan(&p.Of.Key.Home, &p.Of.Key.ID, &p.Of.Kind, &p.Revision, &h[0], &h[1], &h[2], &h[3], &on, &p.By)
	p.On = civil.FromTime(on)
	return p, err
}

// Last implements board.Store.
func (s *Boards) Last(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]board.Print, error) {
	out := map[uuid.UUID]board.Print{}
	if len(keys) == 0 {
		return out, nil
	}
	homes, ids := split(keys)
	err := s.each(ctx, actor, boardLast, []any{homes, ids}, func(rows pgx.Rows) error {
		p, err := scanPrint(rows)
		out[p.Of.Key.ID] = p
		return err
	})
	return out, err
}

// PrintOf implements board.Store.
func (s *Boards) PrintOf(ctx context.Context, actor account.Actor, k key.Key, revision int) (p board.Print, ok bool, err error) {
	err = s.each(ctx, actor, boardOne, []any{k.Home, k.ID, revision}, func(rows pgx.Rows) (err error) {
		p, err = scanPrint(rows)
		ok = true
		return err
	})
	return p, ok, err
}

// Save implements board.Store.
func (s *Boards) Save(ctx context.Context, actor account.Actor, list []board.Print) error {
	var homes, kinds, by []string
	var ids []uuid.UUID
	var revisions []int
	var hashes [4][]string
	var on []time.Time
	for _, p := range list {
		homes, ids, kinds = append(homes, p.Of.Key.Home), append(ids, p.Of.Key.ID), append(kinds, string(p.Of.Kind))
		revisions, on, by = append(revisions, p.Revision), append(on, p.On.Time()), append(by, p.By)
		for i, h := range p.Hashes {
			hashes[i] = append(hashes[i], h)
		}
	}
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockPrints); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, boardSave, homes, ids, kinds, revisions, hashes[0], hashes[1], hashes[2], hashes[3], on, by)
		if err == nil && int(tag.RowsAffected()) != len(list) {
			err = fault.New(fault.Conflict, "", "conflict")
		}
		if err != nil {
			return err
		}
		return noteChange(ctx, tx, change{what: changedBoards})
	})
}

// Remove implements board.Store.
func (s *Boards) Remove(ctx context.Context, actor account.Actor, list []board.Print) error {
	var homes []string
	var ids []uuid.UUID
	var revisions []int
	for _, p := range list {
		homes, ids, revisions = append(homes, p.Of.Key.Home), append(ids, p.Of.Key.ID), append(revisions, p.Revision)
	}
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockPrints); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, boardRemove, homes, ids, revisions)
		if err == nil && int(tag.RowsAffected()) != len(list) {
			err = fault.New(fault.Conflict, "boards", "board.notLast")
		}
		if err != nil {
			return err
		}
		return noteChange(ctx, tx, change{what: changedBoards})
	})
}

// PrintedBuildings implements board.Store.
func (s *Boards) PrintedBuildings(ctx context.Context, actor account.Actor, division uuid.UUID, at time.Time, after *board.Place, first int) (out []board.Place, err error) {
	beneath, err := s.subtrees(ctx, actor, []uuid.UUID{division})
	if err != nil {
		return nil, err
	}
	all, err := s.everywhere(ctx, actor)
	if err != nil {
		return nil, err
	}
	var code *string
	id := uuid.UUID{}
	if after != nil {
		code, id = &after.Code, after.Of.Key.ID
	}
	args := []any{beneath.homes, beneath.divisions, at, all, code, id, first}
	err = s.each(ctx, actor, boardBuildings, args, func(rows pgx.Rows) error {
		p := board.Place{Of: board.Of{Kind: board.OfBuilding}}
		err := rows.Scan(&p.Of.Key.Home, &p.Of.Key.ID, &p.Code)
		out = append(out, p)
		return err
	})
	return out, err
}
