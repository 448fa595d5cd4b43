package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// A change of codes. In each of these statements the ids and the codes that they get are two lists in one order.
const (
	recodeVersion = `-- name: recode.Version
SELECT d.version FROM division d WHERE d.id = $1 ORDER BY d.id FOR UPDATE`

	recodeGridVersion = `-- name: recode.GridVersion
SELECT g.version FROM grid g WHERE g.district = $1 AND g.id = $2 ORDER BY g.id FOR UPDATE`

	recodeCodes = `-- name: recode.Codes
SELECT d.id, d.code FROM division d WHERE d.id = ANY($1) ORDER BY d.code`

	recodeGridCodes = `-- name: recode.GridCodes
SELECT g.id, g.code FROM grid g WHERE g.district = ANY($1) AND g.community_id = ANY($2) ORDER BY g.code`

	recodeTaken = `-- name: recode.Taken
SELECT c.code FROM unnest($1::uuid[], $2::text[]) AS u (id, code) JOIN division_code c ON c.code = u.code AND c.division_id <> u.id
ORDER BY c.code LIMIT 1`

	recodeGridTaken = `-- name: recode.GridTaken
SELECT c.code FROM unnest($1::uuid[], $2::text[]) AS u (id, code) JOIN grid_code c ON c.code = u.code AND c.grid_id <> u.id
ORDER BY c.code LIMIT 1`

	recodeNewCodes = `-- name: recode.NewCodes
INSERT INTO division_code (code, division_id, since) SELECT u.code, u.id, now() FROM unnest($1::uuid[], $2::text[]) AS u (id, code)
ON CONFLICT (code) DO NOTHING`

	recodeNewGridCodes = `-- name: recode.NewGridCodes
INSERT INTO grid_code (code, district, grid_id, since)
SELECT u.code, g.district, g.id, now() FROM unnest($1::uuid[], $2::text[]) AS u (id, code) JOIN grid g ON g.district = ANY($3) AND g.id = u.id
ON CONFLICT (code) DO NOTHING`

	recodeDivisions = `-- name: recode.Divisions
UPDATE division d SET code = u.code, version = d.version + 1 FROM unnest($1::uuid[], $2::text[]) AS u (id, code) WHERE d.id = u.id`

	recodeGrids = `-- name: recode.Grids
UPDATE grid g SET code = u.code, version = g.version + 1 FROM unnest($1::uuid[], $2::text[]) AS u (id, code)
WHERE g.district = ANY($3) AND g.id = u.id`

	recodeHolders = `-- name: recode.Holders
SELECT DISTINCT a.worker_id FROM assignment a WHERE a.district = $1 AND a.area_id = $2 ORDER BY a.worker_id`

	recodeParent = `-- name: recode.Parent
UPDATE division SET parent_id = $2 WHERE id = $1 AND parent_id IS DISTINCT FROM $2`

	recodeMoved = `-- name: recode.Moved
UPDATE division SET version = version + 1 WHERE id = $1 AND version = $2`
)

// Renumber implements place.Store.
func (s *Places) Renumber(ctx context.Context, actor account.Actor, d place.Division, code string, parent *uuid.UUID, version int) error {
	return s.recode(ctx, actor, recodeVersion, []any{d.ID}, version, func(ctx context.Context, in *importing) error {
		beneath, err := s.subtrees(ctx, actor, []uuid.UUID{d.ID})
		if err != nil {
			return err
		}
		divisions, err := in.recode(ctx, recodeTaken, recodeNewCodes, recodeDivisions, nil, d.Code, code, recodeCodes, beneath.divisions)
		if err != nil {
			return err
		}
		grids, err := in.recode(ctx, recodeGridTaken, recodeNewGridCodes, recodeGrids, beneath.homes, d.Code, code, recodeGridCodes, beneath.homes, beneath.divisions)
		if err != nil {
			return err
		}
		// Whoever holds a post there is said to hold it at another code.
		beneathIt, held := these(beneath.divisions...), touched{any: true}
		moved, err := in.exec(ctx, recodeParent, d.ID, parent)
		if err != nil {
			return err
		}
		if moved == 0 {
			if divisions+grids == 0 {
				return nil
			}
			return noteChange(ctx, in.tx, change{what: changedOther, coverage: []uuid.UUID{d.ID}, gridsOf: beneathIt, divisions: beneathIt, workers: held, drawn: in.drawn})
		}
		if _, err := in.exec(ctx, recodeMoved, d.ID, version); err != nil { // where its code stayed
			return err
		}
		concerned := []uuid.UUID{d.ID}
		for _, p := range []*uuid.UUID{d.ParentID, parent} {
			if p != nil {
				concerned = append(concerned, *p)
			}
		}
		return noteChange(ctx, in.tx, change{what: changedBoundaries, coverage: concerned, gridsOf: beneathIt, divisions: beneathIt, workers: held, drawn: in.drawn})
	})
}

// RecodeGrid implements grid.Store.
func (s *Grids) RecodeGrid(ctx context.Context, actor account.Actor, g grid.Grid, code string, version int) error {
	return s.recode(ctx, actor, recodeGridVersion, []any{g.Key.Home, g.Key.ID}, version, func(ctx context.Context, in *importing) error {
		if code == g.Code {
			return nil
		}
		if err := in.give(ctx, recodeGridTaken, recodeNewGridCodes, recodeGrids, []uuid.UUID{g.Key.ID}, []string{code}, []string{g.Key.Home}); err != nil {
			return err
		}
		holders, err := idsOf(ctx, in.tx, recodeHolders, g.Key.Home, g.Key.ID)
		if err != nil {
			return err
		}
		return noteChange(ctx, in.tx, change{what: changedOther, coverage: []uuid.UUID{g.CommunityID}, gridsOf: these(g.CommunityID), workers: these(holders...), drawn: in.drawn})
	})
}

// recode runs a change of codes in a transaction. CONFLICT: what it is about has another version than was read.
func (d *DB) recode(ctx context.Context, actor account.Actor, read string, args []any, version int, step func(context.Context, *importing) error) error {
	return d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		in := &importing{tx: tx}
		if err := in.run(ctx, lockPlaces); err != nil {
			return err
		}
		var stored int
		if err := in.each(ctx, read, args, func(rows pgx.Rows) error { return rows.Scan(&stored) }); err != nil {
			return err
		}
		if stored != version {
			return fault.New(fault.Conflict, "version", "conflict")
		}
		return step(ctx, in)
	})
}

// recode gives what the statement read finds, and whose code begins with old, the code that begins with new instead. It returns
// how many there were.
func (in *importing) recode(ctx context.Context, taken, add, write string, homes []string, old, new, read string, args ...any) (int, error) {
	byCode := map[string]uuid.UUID{}
	var codes []string
	err := in.each(ctx, read, args, func(rows pgx.Rows) error {
		var id uuid.UUID
		var code string
		err := rows.Scan(&id, &code)
		byCode[code], codes = id, append(codes, code)
		return err
	})
	if err != nil {
		return 0, err
	}
	list, err := place.Recode(old, new, codes)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	ids, next := make([]uuid.UUID, len(list)), make([]string, len(list))
	for i, r := range list {
		ids[i], next[i] = byCode[r.From], r.To
	}
	return len(list), in.give(ctx, taken, add, write, ids, next, homes)
}

// give gives each of ids its code: grids, where homes says in which districts, else divisions. CONFLICT: one of them is or was another's.
func (in *importing) give(ctx context.Context, taken, add, write string, ids []uuid.UUID, codes, homes []string) error {
	args := []any{ids, codes}
	var other string
	if err := in.each(ctx, taken, args, func(rows pgx.Rows) error { return rows.Scan(&other) }); err != nil {
		return err
	}
	if other != "" {
		return fault.New(fault.Conflict, "newCode", "code.taken", "code", other)
	}
	if homes != nil {
		args = append(args, homes)
	}
	if _, err := in.all(ctx, []string{add, write}, args...); err != nil || homes == nil {
		return err
	}
	return in.draws(ctx, drawnCodes, ids, homes)
}
