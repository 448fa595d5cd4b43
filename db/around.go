package db

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/limits"
)

// Around reads what lies around grids.
type Around struct{ Scenes }

// NewAround returns the store of what lies around grids.
func NewAround(d *DB) *Around { return &Around{Scenes{d}} }

var _ around.Store = (*Around)(nil)

// Districts are not named, as for tiles: a box does not know which it lies in. What reaches far beyond a box is cut off outside it, that a long river
// is not sent whole; the new edges lie beyond what is looked at.
const (
	// $1 to $4 the box, $5 how many at most, one more than that where there are more; for streets and land $6 to $9 where they are cut off.
	aroundBox = `&& ST_Transform(ST_MakeEnvelope($1::float8, $2::float8, $3::float8, $4::float8, 4490), 3857)`
	aroundMid = `<-> ST_Transform(ST_SetSRID(ST_MakePoint(($1::float8 + $3::float8) / 2, ($2::float8 + $4::float8) / 2), 4490), 3857)`
	aroundCut = `ST_MakeEnvelope($6::float8, $7::float8, $8::float8, $9::float8, 4490)::box2d`

	aroundStreets = `-- name: around.Streets
SELECT r.name, r.class, ST_AsBinary(ST_ClipByBox2D(r.shape, ` + aroundCut + `)) FROM road r
WHERE r.shape_3857 ` + aroundBox + ` ORDER BY r.shape_3857 ` + aroundMid + `, r.id LIMIT $5`

	aroundLand = `-- name: around.Land
SELECT l.name, l.class, ST_AsBinary(ST_ClipByBox2D(l.shape, ` + aroundCut + `)) FROM land l
WHERE l.shape_3857 ` + aroundBox + ` ORDER BY l.shape_3857 ` + aroundMid + `, l.id LIMIT $5`

	// $6 the instant. For the grid see tiles.Buildings.
	aroundBuildings = `-- name: around.Buildings
SELECT b.district, b.id, b.name, coalesce(b.address, ''), coalesce(bg.district, ''), coalesce(bg.grid_id, '00000000-0000-0000-0000-000000000000'),
	ST_AsBinary(coalesce(b.footprint, b.location))
FROM (
	SELECT n.district, n.id, n.name, n.address, n.footprint, n.location, n.shape_3857 FROM building n WHERE n.shape_3857 ` + aroundBox + ` ORDER BY n.shape_3857 ` + aroundMid + `, n.id LIMIT $5
) b
LEFT JOIN building_grid bg ON bg.building_id = ANY (ARRAY[b.id]) AND (bg.during @> $6::timestamptz) IS TRUE
ORDER BY b.shape_3857 ` + aroundMid + `, b.id`

	// $1 to $4 the boxes: wests, souths, easts, norths; $5 classes of streets that are left out, $6 those of land that are meant. What is found is cut off
	// one half of a box further. The numbers of the boxes begin at 1.
	aroundNamed = `-- name: around.Named
SELECT x.i, n.name, ST_AsBinary(ST_ClipByBox2D(n.shape, ST_Expand(x.box, (ST_XMax(x.box) - ST_XMin(x.box)) / 2, (ST_YMax(x.box) - ST_YMin(x.box)) / 2)::box2d))
FROM (
	SELECT b.i, ST_MakeEnvelope(b.w, b.s, b.e, b.n, 4490) AS box,
		ST_Transform(ST_MakeEnvelope(b.w, greatest(b.s, -89.9), b.e, least(b.n, 89.9), 4490), 3857) AS flat
	FROM unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[]) WITH ORDINALITY AS b (w, s, e, n, i)
) x CROSS JOIN LATERAL (
	SELECT r.id, r.name, r.shape FROM road r WHERE r.shape_3857 && x.flat AND r.name <> '' AND r.class <> ALL($5::text[])
	UNION ALL
	SELECT l.id, l.name, l.shape FROM land l WHERE l.shape_3857 && x.flat AND l.name <> '' AND l.class = ANY($6::text[])
) n ORDER BY x.i, n.id`
)

// outside is how much further than a box its streets and land are drawn, as a share of it.
const outside = 0.05

// Scenery implements around.Store. The statements are planned anew each time, for this box.
func (s *Around) Scenery(ctx context.Context, actor account.Actor, box place.Box, at time.Time, most around.Most) (out around.Scenery, err error) {
	out = around.Scenery{}
	x, y := (box.East-box.West)*outside, (box.North-box.South)*outside
	ask := func(limit int, more ...any) []any {
		return append([]any{pgx.QueryExecModeCacheDescribe, box.West, box.South, box.East, box.North, limit + 1}, more...)
	}
	wide := []any{box.West - x, box.South - y, box.East + x, box.North + y}
	var name, class string
	var outline pgtype.DriverBytes // good until the next row
	shape := func(rows pgx.Rows) (orb.Geometry, error) {
		if err := rows.Scan(&name, &class, &outline); err != nil {
			return nil, err
		}
		return wkb.Unmarshal(outline)
	}
	err = s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		n := 0
		err := eachRow(ctx, tx, aroundStreets, ask(most.Streets, wide...), func(rows pgx.Rows) error {
			g, err := shape(rows)
			if lines := linesOf(g, nil); n < most.Streets && lines != nil {
				out.Streets = append(out.Streets, around.Street{Name: name, Class: class, Lines: lines})
			}
			n++
			return err
		})
		if err != nil {
			return err
		}
		out.Cut.Streets, n = n > most.Streets, 0
		err = eachRow(ctx, tx, aroundLand, ask(most.Land, wide...), func(rows pgx.Rows) error {
			g, err := shape(rows)
			if area := areasOf(g, nil); n < most.Land && area != nil {
				out.Land = append(out.Land, around.Land{Name: name, Class: class, Area: area})
			}
			n++
			return err
		})
		if err != nil {
			return err
		}
		if out.Cut.Land = n > most.Land; most.Buildings == 0 {
			return nil
		}
		return eachRow(ctx, tx, aroundBuildings, ask(most.Buildings, at), func(rows pgx.Rows) error {
			if len(out.Buildings) == most.Buildings {
				out.Cut.Buildings = true
				return nil
			}
			var b around.Building
			var grid uuid.UUID
			err := rows.Scan(&b.Key.Home, &b.Key.ID, &b.Name, &b.Address, &b.GridKey.Home, &grid, &outline)
			if err == nil {
				b.GridKey = key.Key{Home: b.GridKey.Home, ID: grid}
				b.Shape, err = wkb.Unmarshal(outline)
			}
			out.Buildings = append(out.Buildings, b)
			return err
		})
	})
	return out, err
}

// Named implements around.Store.
func (s *Around) Named(ctx context.Context, actor account.Actor, boxes []place.Box, without, land []string) ([][]limits.Named, error) {
	sides := make([][]float64, 4)
	for _, b := range boxes {
		for i, v := range []float64{b.West, b.South, b.East, b.North} {
			sides[i] = append(sides[i], v)
		}
	}
	out := make([][]limits.Named, len(boxes))
	args := []any{pgx.QueryExecModeCacheDescribe, sides[0], sides[1], sides[2], sides[3], without, land}
	var outline pgtype.DriverBytes
	err := s.each(ctx, actor, aroundNamed, args, func(rows pgx.Rows) error {
		var i int64
		var n limits.Named
		err := rows.Scan(&i, &n.Name, &outline)
		if err == nil {
			n.Shape, err = wkb.Unmarshal(outline)
		}
		if err != nil {
			return err
		}
		for _, shape := range plain(n.Shape) {
			out[i-1] = append(out[i-1], limits.Named{Name: n.Name, Shape: shape})
		}
		return nil
	})
	return out, err
}

// plain is what a collection holds, or g itself.
func plain(g orb.Geometry) []orb.Geometry {
	if c, ok := g.(orb.Collection); ok {
		return c
	}
	return []orb.Geometry{g}
}

// linesOf appends the lines of g; of areas, their borders.
func linesOf(g orb.Geometry, out orb.MultiLineString) orb.MultiLineString {
	switch g := g.(type) {
	case orb.LineString:
		if len(g) > 1 {
			out = append(out, g)
		}
	case orb.MultiLineString:
		for _, line := range g {
			out = linesOf(line, out)
		}
	case orb.Polygon:
		for _, ring := range g {
			out = linesOf(orb.LineString(ring), out)
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			out = linesOf(polygon, out)
		}
	case orb.Collection:
		for _, part := range g {
			out = linesOf(part, out)
		}
	}
	return out
}

// areasOf appends the areas of g.
func areasOf(g orb.Geometry, out orb.MultiPolygon) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		if len(g) > 0 {
			out = append(out, g)
		}
	case orb.MultiPolygon:
		out = append(out, g...)
	case orb.Collection:
		for _, part := range g {
			out = areasOf(part, out)
		}
	}
	return out
}
