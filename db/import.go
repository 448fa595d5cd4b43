package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/geo/shape"
)

// lockPlaces lets one transaction at a time change where things lie and what they are called: an import, a placement by hand,
// a change of codes.
const lockPlaces = "SELECT pg_advisory_xact_lock(hashtext('wangge import'))"

// importing is one file on its way in: its rows are copied to a temporary table, judged and mended there, and then
// written, all in one transaction.
type importing struct {
	tx      pgx.Tx
	opts    place.ImportOptions
	report  place.Report
	refused map[int]bool // by row number, so that one row is refused once

	gridsOf, divisions, workers touched // see change
	drawn                       drawn
}

// Rows of every kind wait in one table; a kind leaves the columns it has no use for empty. n counts the file's rows from 1.
const stageTable = `-- name: import.Stage
CREATE TEMPORARY TABLE stage (
	n integer PRIMARY KEY, id uuid NOT NULL, home text, source text NOT NULL, code text NOT NULL, name text, aliases text[],
	shape geometry, at geometry, ground geometry, grid_id uuid, known uuid, known_home text, was_in uuid,
	level text, parent text, parents text[], limit_east text, limit_south text, limit_west text, limit_north text,
	supervision_phone text, station_name text, station_address text, station_hours text, station_hours_en text, station_phone text,
	kind text, basis text, community text, community_id uuid, in_group text, group_id uuid, worker text, work_phone text, worker_id uuid, term_id uuid, worker_now uuid, term_now uuid,
	address text, floors integer, estate text, managed_by text, estate_id uuid, class text,
	credit_code text, employees integer, party_organisation text, party_members integer, building_id uuid,
	drawn_at geometry, drawn_as text
) ON COMMIT DROP`

// errUndone ends the transaction of an import that is not to stay.
var errUndone = errors.New("the import was undone")

// importFile runs step with a stage for rows with a geometry; what is what the change log says of it.
func (d *DB) importFile(ctx context.Context, actor account.Actor, o place.ImportOptions, what string, step func(ctx context.Context, in *importing) error) (place.Report, error) {
	return d.importing(ctx, actor, o, func(ctx context.Context, in *importing) error {
		if err := in.run(ctx, stageTable); err != nil {
			return err
		}
		if err := step(ctx, in); err != nil {
			return err
		}
		if in.undone() {
			return nil
		}
		return in.changed(ctx, what)
	})
}

// importing runs step in a transaction of its own without a time limit, and undoes it all where a row was refused or
// o.DryRun asks for it.
func (d *DB) importing(ctx context.Context, actor account.Actor, o place.ImportOptions, step func(ctx context.Context, in *importing) error) (place.Report, error) {
	in := &importing{opts: o, refused: map[int]bool{}}
	err := d.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		in.tx = tx
		if err := in.run(ctx, "SET LOCAL statement_timeout = 0", lockPlaces); err != nil {
			return err
		}
		if err := step(ctx, in); err != nil {
			return err
		}
		if in.undone() {
			return errUndone
		}
		return nil
	})
	if errors.Is(err, errUndone) {
		err = nil
		if in.rejected() {
			in.report.Added, in.report.Updated, in.report.Ended = 0, 0, 0
		}
	}
	slices.SortStableFunc(in.report.Notes, func(a, b place.Note) int { return a.Row - b.Row })
	return in.report, err
}

// rejected reports whether refused rows keep the whole file out.
func (in *importing) rejected() bool { return in.report.Refused > 0 && !in.opts.SkipRefused }

// undone reports whether nothing of the import is to stay.
func (in *importing) undone() bool { return in.rejected() || in.opts.DryRun }

func (in *importing) exec(ctx context.Context, sql string, args ...any) (int, error) {
	tag, err := in.tx.Exec(ctx, sql, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", statementName(sql), err)
	}
	return int(tag.RowsAffected()), nil
}

// run executes statements one after the other.
func (in *importing) run(ctx context.Context, statements ...string) error {
	_, err := in.all(ctx, statements)
	return err
}

// all executes statements one after the other, each with args, and returns how many rows they changed together.
func (in *importing) all(ctx context.Context, statements []string, args ...any) (changed int, err error) {
	for _, sql := range statements {
		n, err := in.exec(ctx, sql, args...)
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// statementName is the name in a statement's first line, for errors and traces.
func statementName(sql string) string {
	first, _, _ := strings.Cut(sql, "\n")
	return strings.TrimPrefix(first, "-- name: ")
}

// each runs sql in the import's transaction and hands every row to scan.
func (in *importing) each(ctx context.Context, sql string, args []any, scan func(pgx.Rows) error) error {
	if err := eachRow(ctx, in.tx, sql, args, scan); err != nil {
		return fmt.Errorf("%s: %w", statementName(sql), err)
	}
	return nil
}

// copyRows streams rows into the stage, a few in memory at a time. columns are what values returns, after the
// row's number, id, source, code, name, aliases and shape. A row that cannot be taken is refused and left out.
func copyRows[T any](ctx context.Context, in *importing, rows iter.Seq2[T, error], base func(*T) *place.Row, columns []string, values func(*T) []any) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	all := append([]string{"n", "id", "source", "code", "name", "aliases", "shape"}, columns...)
	var unread error // what ended reading; PostgreSQL knows only that the copy was given up
	_, err := in.tx.CopyFrom(ctx, pgx.Identifier{"stage"}, all, pgx.CopyFromFunc(func() ([]any, error) {
		row, ok, err := nextRow(ctx, in, next)
		if unread = err; !ok || err != nil {
			return nil, err
		}
		b := base(&row)
		id := b.ID
		if id == uuid.Nil {
			id = in.opts.IDs.NewID()
		}
		return append([]any{in.report.Read, id, b.Source, b.Code, orNull(b.Name), b.Aliases, b.Geometry}, values(&row)...), nil
	}))
	if unread != nil {
		return unread
	}
	if err != nil {
		return err
	}
	// The planner knows nothing of a table made in this transaction.
	_, err = in.exec(ctx, "CREATE INDEX ON stage (code); ANALYZE stage")
	return err
}

// nextRow is the next row that can be taken; those before it are refused and counted. ok is false at the end.
func nextRow[T any](ctx context.Context, in *importing, next func() (T, error, bool)) (row T, ok bool, err error) {
	for {
		row, err, ok := next()
		if !ok {
			return row, false, nil
		}
		in.report.Read++
		if notes := place.Refusals(err); notes != nil {
			for i := range notes {
				notes[i].Row = in.report.Read
			}
			in.report.Refuse(notes...)
			continue
		}
		return row, true, cmp.Or(err, ctx.Err())
	}
}

// refuse refuses row n.
func (in *importing) refuse(n int, note place.Note) {
	if !in.refused[n] {
		in.refused[n] = true
		note.Row = n
		in.report.Refuse(note)
	}
}

// refuseWhere refuses the rows that a query finds: row number, source, code, field, reason.
func (in *importing) refuseWhere(ctx context.Context, sql string, args ...any) error {
	return in.each(ctx, sql, args, func(rows pgx.Rows) error {
		var n int
		var note place.Note
		if err := rows.Scan(&n, &note.Source, &note.Code, &note.Field, &note.Reason); err != nil {
			return err
		}
		in.refuse(n, note)
		return nil
	})
}

const (
	importKinds = `-- name: import.WrongKind
SELECT s.n, s.source, s.code, 'geometry', 'a ' || replace(ST_GeometryType(s.shape), 'ST_', '') || ' is given where ' || $2 || ' is needed'
FROM stage s WHERE s.shape IS NOT NULL AND NOT ST_GeometryType(s.shape) = ANY($1) ORDER BY s.n`

	importEmpty = `-- name: import.Empty
SELECT s.n, s.source, s.code, 'geometry', 'the geometry is empty' FROM stage s
WHERE s.shape IS NOT NULL AND ST_IsEmpty(s.shape) ORDER BY s.n`

	// PostGIS cannot measure an edge of half the world, and nothing that a town needs is that wide.
	importTooWide = `-- name: import.TooWide
SELECT s.n, s.source, s.code, 'geometry', 'it is more than 90 degrees wide or high' FROM stage s
WHERE ST_XMax(s.shape) - ST_XMin(s.shape) > 90 OR ST_YMax(s.shape) - ST_YMin(s.shape) > 90 ORDER BY s.n`

	importInvalid = `-- name: import.Invalid
SELECT s.n, s.source, s.code, reason(v.detail), ST_X(location(v.detail)), ST_Y(location(v.detail)),
	CASE WHEN $1 THEN ST_CollectionExtract(ST_MakeValid(s.shape, 'method=structure'), ST_Dimension(s.shape) + 1) END
FROM stage s CROSS JOIN LATERAL (SELECT ST_IsValidDetail(s.shape) AS detail) v
WHERE s.shape IS NOT NULL AND NOT valid(v.detail) ORDER BY s.n`

	importReshape = `-- name: import.Reshape
UPDATE stage s SET shape = $2 WHERE s.n = $1 AND ST_IsValid($2) AND NOT ST_IsEmpty($2)`

	// One area may come in parts, a road in pieces; two buildings that lie apart are two, and their code is none of theirs.
	importApart = `-- name: import.Apart
SELECT min(s.n), min(s.source), s.code, 'code', count(*) || ' rows share the code ' || s.code || ' and lie apart; name the property that tells them apart with --field code=PROPERTY'
FROM stage s GROUP BY s.code HAVING count(*) > 1 AND array_length(ST_ClusterIntersecting(s.shape), 1) > 1 ORDER BY 1`

	// Parts of one area agree in what they say; where they do not, one of the codes is wrong.
	importDisagree = `-- name: import.Disagree
SELECT min(s.n), min(s.source), s.code, 'code', count(*) || ' rows share the code ' || s.code || ' and say different things of it: ' ||
	string_agg(DISTINCT concat_ws(' ', s.name, s.community, s.level, s.worker, s.work_phone), ' / ')
FROM stage s GROUP BY s.code
HAVING count(DISTINCT (coalesce(s.name, ''), coalesce(s.community, ''), coalesce(s.level, ''), coalesce(s.worker, ''), coalesce(s.work_phone, ''))) > 1
ORDER BY 1`

	importDoubles = `-- name: import.Doubles
SELECT s.code, min(s.n), count(*), CASE WHEN ST_IsValid(ST_Collect(s.shape ORDER BY s.n)) THEN ST_Multi(ST_CollectionExtract(ST_Collect(s.shape ORDER BY s.n)))
	ELSE ST_Multi(ST_Union(s.shape)) END,
	(SELECT f.source FROM stage f WHERE f.code = s.code ORDER BY f.n LIMIT 1)
FROM stage s GROUP BY s.code HAVING count(*) > 1 ORDER BY min(s.n)`

	importSameThing = `-- name: import.SameThing
SELECT s.n, s.source, s.code, 'code', 'its code is another code of what ' || o.source || ' (' || o.code || ') is'
FROM stage s JOIN stage o ON o.known = s.known AND o.n < s.n ORDER BY s.n`

	importDropDoubles = `-- name: import.DropDoubles
DELETE FROM stage s USING stage f WHERE f.code = s.code AND f.n < s.n`
)

// polygons and lines are the kinds of geometry that areas and roads may have.
var (
	polygons = []string{"ST_Polygon", "ST_MultiPolygon"}
	points   = []string{"ST_Point"}
	lines    = []string{"ST_LineString", "ST_MultiLineString"}
)

// read takes a file's rows in and judges them; ok is false where the file is refused and nothing more is to be done.
func read[T any](ctx context.Context, in *importing, rows iter.Seq2[T, error], base func(*T) *place.Row, columns []string, values func(*T) []any, kinds []string, called, merge string) (ok bool, err error) {
	if err := copyRows(ctx, in, rows, base, columns, values); err != nil {
		return false, err
	}
	if err := in.judge(ctx, kinds, called); err != nil || in.report.Refused > 0 {
		return false, err
	}
	if err := in.merge(ctx, merge); err != nil || in.report.Refused > 0 {
		return false, err
	}
	return true, nil
}

// judge refuses geometry of the wrong kind, empty or broken, the last with its place and reason; with opts.Repair it is mended
// by PostGIS instead, and reported.
func (in *importing) judge(ctx context.Context, kinds []string, called string) error {
	if err := in.refuseWhere(ctx, importKinds, kinds, called); err != nil {
		return err
	}
	for _, sql := range []string{importEmpty, importTooWide} {
		if err := in.refuseWhere(ctx, sql); err != nil {
			return err
		}
	}
	type broken struct {
		n    int
		note place.Note
		mend geom.T
	}
	var list []broken
	err := in.each(ctx, importInvalid, []any{in.opts.Repair}, func(rows pgx.Rows) error {
		var b broken
		err := rows.Scan(&b.n, &b.note.Source, &b.note.Code, &b.note.Reason, &b.note.Lng, &b.note.Lat, &b.mend)
		list = append(list, b)
		return err
	})
	if err != nil {
		return err
	}
	for _, b := range list {
		b.note.Field = "geometry"
		if b.mend == nil {
			b.note.Reason += " (--repair mends this)"
			in.refuse(b.n, b.note)
			continue
		}
		ok, err := in.reshape(ctx, b.n, b.mend)
		switch {
		case err != nil:
			return err
		case ok:
			b.note.Kind = place.Repaired
			in.report.Notes = append(in.report.Notes, b.note)
		default:
			b.note.Reason += " (it could not be mended)"
			in.refuse(b.n, b.note)
		}
	}
	return nil
}

// reshape snaps g, which PostGIS computed, and gives it to row n; false where snapping broke it.
func (in *importing) reshape(ctx context.Context, n int, g geom.T) (bool, error) {
	o, err := shape.ToOrb(g)
	if err != nil {
		return false, err
	}
	snapped, err := shape.FromOrb(shape.Snap(o), shape.SRID)
	if err != nil {
		return false, err
	}
	changed, err := in.exec(ctx, importReshape, n, snapped)
	return changed == 1, err
}

// How rows that share a code become one.
const (
	mergeParts    = "parts"    // parts of one area, wherever they lie, as long as they say the same of it
	mergePieces   = "pieces"   // pieces of a road, wherever they lie and whatever they say
	mergeTouching = "touching" // only where they touch: they are refused otherwise
)

// merge makes one thing of the rows that share a code; the first row's other columns stay.
func (in *importing) merge(ctx context.Context, how string) error {
	refusing := map[string]string{mergeTouching: importApart, mergeParts: importDisagree}
	if sql, ok := refusing[how]; ok {
		if err := in.refuseWhere(ctx, sql); err != nil || in.report.Refused > 0 {
			return err
		}
	}
	type double struct {
		code, source string
		n, count     int
		shape        geom.T
	}
	var list []double
	err := in.each(ctx, importDoubles, nil, func(rows pgx.Rows) error {
		var d double
		err := rows.Scan(&d.code, &d.n, &d.count, &d.shape, &d.source)
		list = append(list, d)
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range list {
		note := place.Note{Kind: place.Merged, Source: d.source, Code: d.code, Field: "code",
			Reason: fmt.Sprintf("%d rows share this code and became one area", d.count)}
		if d.shape != nil {
			ok, err := in.reshape(ctx, d.n, d.shape)
			if err != nil {
				return err
			}
			if !ok {
				note.Reason = fmt.Sprintf("%d rows share this code and cannot become one area", d.count)
				in.refuse(d.n, note)
				continue
			}
		}
		in.report.Notes = append(in.report.Notes, note)
	}
	_, err = in.exec(ctx, importDropDoubles)
	return err
}
