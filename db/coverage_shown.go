package db

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"

	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/place"
	"wangge/geo/shape"
)

const (
	// What a map shows of a problem.
	shownColumns = `q.id, q.kind, q.area_m2, q.geometry`

	// The box $1 to $4. The index is on Web Mercator, which has no poles.
	coverageShown = `-- name: coverage.Shown
SELECT ` + shownColumns + ` FROM coverage_problem q
WHERE q.geometry_3857 && ST_Transform(ST_MakeEnvelope($1, greatest($2::float8, -89.9), $3, least($4::float8, 89.9), 4490), 3857) ORDER BY q.id`

	// Its own statement, as change.Tell. Who listens is told at commit.
	coverageTell = `-- name: coverage.Tell
SELECT pg_notify('wangge_report', x.box) FROM unnest($1::text[]) AS x (box) ORDER BY x.box`
)

// Shown returns what the stored reports found that lies in a box, degrees of CGCS2000, by id. It makes no report anew. Everyone may see it: it tells of
// nobody.
func (s *Coverage) Shown(ctx context.Context, actor account.Actor, box place.Box) (out []coverage.Shown, err error) {
	args := []any{pgx.QueryExecModeCacheDescribe, box.West, box.South, box.East, box.North} // planned anew each time, for this box
	err = s.each(ctx, actor, coverageShown, args, func(rows pgx.Rows) error {
		var p coverage.Shown
		var g geom.T
		err := rows.Scan(&p.ID, &p.Kind, &p.AreaM2, &g)
		if err == nil {
			p.Shape, err = shape.ToOrb(g)
		}
		out = append(out, p)
		return err
	})
	return out, err
}

// mostTold is how many boxes are told apart when reports are stored; where there are more, one around them all is told.
const mostTold = 32

// told finds out where reports that are stored say something else than those before them, so that who keeps tiles of them makes
// only those anew.
type told struct {
	ids   []uuid.UUID                    // of what is found
	is    map[uuid.UUID]coverage.Problem // what is found
	boxes []place.Box
}

func newTold() *told { return &told{ids: []uuid.UUID{}, is: map[uuid.UUID]coverage.Problem{}} }

// finds takes problems that are to be stored.
func (t *told) finds(list ...coverage.Problem) {
	for _, p := range list {
		t.ids = append(t.ids, p.ID)
		t.is[p.ID] = p
	}
}

// gone takes a problem that was stored.
func (t *told) gone(rows pgx.Rows) error {
	var was coverage.Problem
	if err := rows.Scan(&was.ID, &was.Kind, &was.AreaM2, &was.Geometry); err != nil {
		return err
	}
	is, stays := t.is[was.ID]
	if stays && sameShown(was, is) {
		delete(t.is, was.ID)
	} else {
		t.at(was.Geometry)
	}
	return nil
}

// at notes that something else is shown where g is.
func (t *told) at(g geom.T) {
	if g == nil || g.Empty() {
		return
	}
	b := g.Bounds()
	t.boxes = append(t.boxes, place.Box{West: b.Min(0), South: b.Min(1), East: b.Max(0), North: b.Max(1)})
}

// send runs a batch that stores reports and has gone among it, then tells where they are others.
func (t *told) send(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, p := range t.is { // what is new or other
		t.at(p.Geometry)
	}
	if len(t.boxes) == 0 {
		return nil
	}
	if len(t.boxes) > mostTold {
		all := t.boxes[0]
		for _, x := range t.boxes {
			all = all.Around(x)
		}
		t.boxes = []place.Box{all}
	}
	texts := make([]string, len(t.boxes))
	for i, x := range t.boxes {
		texts[i] = formatBox(x)
	}
	_, err := tx.Exec(ctx, coverageTell, texts)
	return err
}

// sameShown reports whether a map shows both alike.
func sameShown(a, b coverage.Problem) bool {
	if a.Kind != b.Kind || (a.AreaM2 == nil) != (b.AreaM2 == nil) || a.AreaM2 != nil && *a.AreaM2 != *b.AreaM2 || (a.Geometry == nil) != (b.Geometry == nil) {
		return false
	}
	if a.Geometry == nil {
		return true
	}
	x, err := ewkb.Marshal(a.Geometry, binary.LittleEndian)
	y, err2 := ewkb.Marshal(b.Geometry, binary.LittleEndian)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// formatBox writes a box as a notification carries it: west, south, east, north.
func formatBox(b place.Box) string {
	var words []string
	for _, v := range []float64{b.West, b.South, b.East, b.North} {
		words = append(words, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return strings.Join(words, " ")
}

// parseBox reads what formatBox wrote; nil where it is something else.
func parseBox(text string) *place.Box {
	words := strings.Fields(text)
	if len(words) != 4 {
		return nil
	}
	var v [4]float64
	for i, w := range words {
		var err error
		if v[i], err = strconv.ParseFloat(w, 64); err != nil {
			return nil
		}
	}
	return &place.Box{West: v[0], South: v[1], East: v[2], North: v[3]}
}
