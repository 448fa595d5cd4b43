package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// Boards stores which boards were printed.
type Boards struct{ *DB }

// NewBoards returns the store of boards.
func NewBoards(d *DB) *Boards { return &Boards{d} }

var _ board.Store = (*Boards)(nil)

const (
	boardColumns = `p.district, p.of_id, p.of_kind, p.revision, p.people, p.border, p.names, p.contacts, p.printed_on, p.printed_by, p.version`

	boardLast = `-- name: board.Last
SELECT DISTINCT ON (p.district, p.of_id) ` + boardColumns + ` FROM board_print p WHERE p.district = ANY($1) AND p.of_id = ANY($2)
ORDER BY p.district, p.of_id, p.revision DESC`

	boardOne = `-- name: board.One
SELECT ` + boardColumns + ` FROM board_print p WHERE p.district = $1 AND p.of_id = $2 AND p.revision = $3 ORDER BY p.revision`

	boardGridsOf = `-- name: board.GridsOf
SELECT DISTINCT o.district, bg.grid_id FROM unnest($1::text[], $2::uuid[]) AS o(district, id)
LEFT JOIN building_grid bg ON bg.district = o.district AND bg.building_id = o.id AND bg.during @> now() ORDER BY o.district, bg.grid_id`

	boardSave = `-- name: board.Save
INSERT INTO board_print AS p (district, of_id, of_kind, revision, people, border, names, contacts, printed_on, printed_by)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[], $10::text[])
ON CONFLICT (district, of_id, revision) DO UPDATE SET printed_on = greatest(p.printed_on, excluded.printed_on), printed_by = excluded.printed_by, version = p.version + 1
WHERE (p.people, p.border, p.names, p.contacts) = (excluded.people, excluded.border, excluded.names, excluded.contacts)
RETURNING p.of_id, p.version`

	boardRemove = `-- name: board.Remove
DELETE FROM board_print p USING unnest($1::text[], $2::uuid[], $3::integer[]) AS t(district, of_id, revision)
WHERE p.district = ANY($1) AND p.district = t.district AND p.of_id = t.of_id AND p.revision = t.revision`

	// lockPrints lets one transaction at a time note prints or take them back: who looks whether a print is the last sees one that is just being noted.
	lockPrints = "SELECT pg_advisory_xact_lock(hashtext('wangge prints'))"

	// Of what follows $1 are the districts, $2 the divisions beneath, $3 the instant and $4 all districts, as a building may be kept with another than its grid.
	boardHouses = ` JOIN building_grid bg ON (bg.district = b.district OR bg.moved_to = b.district) AND bg.building_id = b.id AND bg.during @> $3::timestamptz
JOIN grid g ON g.district = bg.district AND g.id = bg.grid_id
WHERE b.district = ANY($4) AND bg.district = ANY($1) AND g.district = ANY($1) AND g.community_id = ANY($2)`

	boardGrids = ` JOIN grid_boundary gb ON gb.district = g.district AND gb.grid_id = g.id AND gb.during @> $3::timestamptz
WHERE g.district = ANY($1) AND gb.district = ANY($1) AND g.community_id = ANY($2)`

	boardBuildings = `-- name: board.Buildings
SELECT b.district, b.id, b.code FROM (SELECT DISTINCT p.district, p.of_id FROM board_print p WHERE p.district = ANY($4) AND p.of_kind = 'building') p
JOIN building b ON b.district = p.district AND b.id = p.of_id` + boardHouses + `
  AND ($5::text IS NULL OR (b.code, b.id) > ($5, $6::uuid)) ORDER BY b.code, b.id LIMIT $7`

	boardBuildingsNever = `-- name: board.BuildingsNever
SELECT b.district, b.id, b.code FROM building b` + boardHouses + `
  AND NOT EXISTS (SELECT FROM board_print p WHERE p.district = ANY($4) AND p.district = b.district AND p.of_id = b.id)
  AND ($5::text IS NULL OR (b.code, b.id) > ($5, $6::uuid)) ORDER BY b.code, b.id LIMIT $7`

	boardTally = `-- name: board.Tally
SELECT count(*) FILTER (WHERE p.of_id IS NOT NULL), count(*) FILTER (WHERE p.of_id IS NULL AND e.kind = 'grid'), count(*) FILTER (WHERE p.of_id IS NULL AND e.kind = 'building')
FROM (SELECT g.district, g.id, 'grid' AS kind FROM grid g` + boardGrids + `
  UNION ALL SELECT b.district, b.id, 'building' FROM building b` + boardHouses + `) e
LEFT JOIN (SELECT DISTINCT p.district, p.of_id FROM board_print p WHERE p.district = ANY($4)) p ON p.district = e.district AND p.of_id = e.id`

	// $5 is the kind, $6 to $10 the place to go on after: day, whether it is of a building, code, id and revision.
	boardHistory = `-- name: board.History
SELECT ` + boardColumns + `, p.code, NOT EXISTS (SELECT FROM board_print l
	WHERE l.district = ANY($4) AND l.district = p.district AND l.of_id = p.of_id AND l.revision > p.revision) FROM (
  SELECT p.*, g.code FROM board_print p JOIN grid g ON g.district = p.district AND g.id = p.of_id` + boardGrids + ` AND p.district = ANY($1)
  UNION ALL
  SELECT p.*, b.code FROM board_print p JOIN building b ON b.district = p.district AND b.id = p.of_id` + boardHouses + ` AND p.district = ANY($4)) p
WHERE ($5 = '' OR p.of_kind = $5) AND ($6::date IS NULL OR p.printed_on < $6
  OR p.printed_on = $6 AND (p.of_kind = 'building', p.code, p.of_id, -p.revision) > ($7::boolean, $8::text, $9::uuid, -$10::double precision))
ORDER BY p.printed_on DESC, p.of_kind = 'building', p.code, p.of_id, p.revision DESC LIMIT $11`
)

// scanPrint reads boardColumns, and what follows them.
func scanPrint(rows pgx.Rows, more ...any) (board.Print, error) {
	var p board.Print
	var on time.Time
	h := &p.Hashes
	err := rows.Scan(append([]any{&p.Of.Key.Home, &p.Of.Key.ID, &p.Of.Kind, &p.Revision, &h[0], &h[1], &h[2], &h[3], &on, &p.By, &p.Version}, more...)...)
	p.On = civil.FromTime(on)
	return p, err
}

// Last implements board.Store.
func (s *Boards) Last(ctx context.Context, actor account.Actor, keys []key.Key) (out map[uuid.UUID]board.Print, err error) {
	if len(keys) == 0 {
		return map[uuid.UUID]board.Print{}, nil
	}
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) (err error) {
		out, err = s.last(ctx, tx, keys)
		return err
	})
	return out, err
}

func (s *Boards) last(ctx context.Context, tx pgx.Tx, keys []key.Key) (map[uuid.UUID]board.Print, error) {
	out := map[uuid.UUID]board.Print{}
	homes, ids := split(keys)
	err := eachRow(ctx, tx, boardLast, []any{homes, ids}, func(rows pgx.Rows) error {
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

// lockBoards has the store note one print at a time, and says what the boards of prints belong to: their grids now; of buildings in none their districts.
func lockBoards(list []board.Print) func(context.Context, pgx.Tx) ([]locks, error) {
	return func(ctx context.Context, tx pgx.Tx) ([]locks, error) {
		if _, err := tx.Exec(ctx, lockPrints); err != nil {
			return nil, err
		}
		var homes, buildingHomes []string
		var grids, buildings []uuid.UUID
		for _, p := range list {
			if p.Of.Kind == board.OfGrid {
				homes, grids = append(homes, p.Of.Key.Home), append(grids, p.Of.Key.ID)
			} else {
				buildingHomes, buildings = append(buildingHomes, p.Of.Key.Home), append(buildings, p.Of.Key.ID)
			}
		}
		var out []locks
		err := eachRow(ctx, tx, boardGridsOf, []any{buildingHomes, buildings}, func(rows pgx.Rows) error {
			var home string
			var grid *uuid.UUID
			if err := rows.Scan(&home, &grid); err != nil {
				return err
			}
			if grid == nil {
				out = append(out, theDistrict(home))
				return nil
			}
			homes, grids = append(homes, home), append(grids, *grid)
			return nil
		})
		return append(out, theGrids(homes, grids)), err
	}
}

// Save implements board.Store.
func (s *Boards) Save(ctx context.Context, actor account.Actor, list []board.Print) (versions map[uuid.UUID]int, err error) {
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
	err = s.arranging(ctx, actor, lockBoards(list), func(ctx context.Context, tx pgx.Tx) error {
		versions = map[uuid.UUID]int{}
		args := []any{homes, ids, kinds, revisions, hashes[0], hashes[1], hashes[2], hashes[3], on, by}
		err := eachRow(ctx, tx, boardSave, args, func(rows pgx.Rows) error {
			var id uuid.UUID
			var version int
			err := rows.Scan(&id, &version)
			versions[id] = version
			return err
		})
		if err == nil && len(versions) != len(list) {
			err = fault.New(fault.Conflict, "", "conflict")
		}
		if err != nil {
			return err
		}
		return noteChange(ctx, tx, change{what: changedBoards})
	})
	return versions, err
}

// Remove implements board.Store.
func (s *Boards) Remove(ctx context.Context, actor account.Actor, list []board.Print) (n int, err error) {
	keys := make([]key.Key, len(list))
	for i, p := range list {
		keys[i] = p.Of.Key
	}
	err = s.arranging(ctx, actor, lockBoards(list), func(ctx context.Context, tx pgx.Tx) error {
		last, err := s.last(ctx, tx, keys)
		if err != nil {
			return err
		}
		var homes []string
		var ids []uuid.UUID
		var revisions []int
		for i, p := range list {
			at := fmt.Sprintf("boards.%d", i)
			switch l := last[p.Of.Key.ID]; {
			case l.Revision != p.Revision: // 0: there is none
				return fault.New(fault.Conflict, at, "board.notLast")
			case p.Version != 0 && l.Version != p.Version:
				return fault.New(fault.Conflict, at, "board.notedAgain")
			case !slices.Contains(ids, p.Of.Key.ID):
				homes, ids, revisions = append(homes, p.Of.Key.Home), append(ids, p.Of.Key.ID), append(revisions, p.Revision)
			}
		}
		tag, err := tx.Exec(ctx, boardRemove, homes, ids, revisions)
		if err == nil && int(tag.RowsAffected()) != len(ids) { // a building that moved to another district just now
			err = fault.New(fault.Conflict, "", "conflict")
		}
		if err != nil {
			return err
		}
		n = len(ids)
		return noteChange(ctx, tx, change{what: changedBoards})
	})
	return n, err
}

// ofDivision are the arguments that statements about a division's boards begin with.
func (s *Boards) ofDivision(ctx context.Context, actor account.Actor, division uuid.UUID, at time.Time) ([]any, error) {
	beneath, err := s.subtrees(ctx, actor, []uuid.UUID{division})
	if err != nil {
		return nil, err
	}
	all, err := s.everywhere(ctx, actor)
	return []any{beneath.homes, beneath.divisions, at, all}, err
}

// Buildings implements board.Store.
func (s *Boards) Buildings(ctx context.Context, actor account.Actor, division uuid.UUID, printed bool, at time.Time, after *board.Place, first int) (out []board.Place, err error) {
	args, err := s.ofDivision(ctx, actor, division, at)
	if err != nil {
		return nil, err
	}
	var code *string
	id := uuid.UUID{}
	if after != nil {
		code, id = &after.Code, after.Of.Key.ID
	}
	statement := boardBuildings
	if !printed {
		statement = boardBuildingsNever
	}
	err = s.each(ctx, actor, statement, append(args, code, id, first), func(rows pgx.Rows) error {
		p := board.Place{Of: board.Of{Kind: board.OfBuilding}}
		err := rows.Scan(&p.Of.Key.Home, &p.Of.Key.ID, &p.Code)
		out = append(out, p)
		return err
	})
	return out, err
}

// Tally implements board.Store.
func (s *Boards) Tally(ctx context.Context, actor account.Actor, division uuid.UUID, at time.Time) (t board.Tally, err error) {
	args, err := s.ofDivision(ctx, actor, division, at)
	if err != nil {
		return t, err
	}
	err = s.each(ctx, actor, boardTally, args, func(rows pgx.Rows) error {
		return rows.Scan(&t.Printed, &t.NeverGrids, &t.NeverBuildings)
	})
	return t, err
}

// History implements board.Store. A cursor holds the day, the kind and the code, and the revision as its number; one that was made up finds some place.
func (s *Boards) History(ctx context.Context, actor account.Actor, division uuid.UUID, kind board.Kind, at time.Time, after *page.Cursor, first int) (out []page.Item[board.Listed], err error) {
	args, err := s.ofDivision(ctx, actor, division, at)
	if err != nil {
		return nil, err
	}
	var day *time.Time
	var of, code string
	var id uuid.UUID
	var revision float64
	if after != nil {
		on, rest, _ := strings.Cut(after.Text, "/")
		of, code, _ = strings.Cut(rest, "/")
		parsed, _ := civil.Parse(on)
		begins := parsed.Time()
		day, revision = &begins, after.Num
		id, _ = uuid.Parse(after.ID)
	}
	args = append(args, string(kind), day, of == string(board.OfBuilding), code, id, revision, first)
	err = s.each(ctx, actor, boardHistory, args, func(rows pgx.Rows) error {
		var l board.Listed
		var code string
		p, err := scanPrint(rows, &code, &l.Last)
		l.Print = p
		out = append(out, page.Item[board.Listed]{Node: l, Cursor: page.Cursor{Order: board.ByDay,
			Text: fmt.Sprintf("%s/%s/%s", p.On, p.Of.Kind, code), Num: float64(p.Revision), ID: p.Of.Key.ID.String()}})
		return err
	})
	return out, err
}
