package db

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

// The grids whose border moves, as they are to be: $1 districts and $2 the grids, of which $3 gets the area $4 and the others
// lose it. Computed on the grid that all coordinates lie on. The last column is what of the area would lie outside the
// community, in square degrees.
const coverageRedrawn = `-- name: coverage.Redrawn
SELECT g.code, d.code, ST_Multi(ST_CollectionExtract(CASE WHEN g.id = $3 THEN ST_Union(b.boundary, $4::geometry, 1e-8)
	ELSE ST_Difference(b.boundary, $4::geometry, 1e-8) END, 3)),
	CASE WHEN g.id = $3 AND d.boundary IS NOT NULL THEN ST_Area(ST_Difference($4::geometry, d.boundary, 1e-8)) ELSE 0 END
FROM grid g JOIN grid_boundary b ON b.district = g.district AND b.grid_id = g.id AND b.during @> now()
JOIN division d ON d.id = g.community_id
WHERE g.district = ANY($1) AND g.id = ANY($2) AND b.district = ANY($1) ORDER BY g.code`

// leastBeyond is what may lie outside a community by rounding, square degrees: 0.01 m².
const leastBeyond = 1e-12

// Redraw implements coverage.Store. It is an import of the grids whose border moves, so that neighbours get the vertices that
// they share, buildings are placed again, and what it was is kept as an earlier version.
func (s *Coverage) Redraw(ctx context.Context, actor account.Actor, r coverage.Redraw) error {
	keys, to := r.Grids(), uuid.Nil
	if r.To != nil {
		to = r.To.ID
	}
	return s.As(ctx, actor, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockPlaces); err != nil {
			return err
		}
		var rows []grid.Row
		homes, ids := split(keys)
		err := s.each(ctx, actor, coverageRedrawn, []any{homes, ids, to, r.Area}, func(found pgx.Rows) error {
			var row grid.Row
			var g geom.T
			var beyond float64
			if err := found.Scan(&row.Code, &row.Community, &g, &beyond); err != nil {
				return err
			}
			if beyond > leastBeyond {
				return fault.New(fault.Invalid, "fix", "coverage.beyond")
			}
			if g.Empty() {
				return fault.New(fault.Invalid, "fix", "coverage.nothingLeft")
			}
			o, err := shape.ToOrb(g)
			if err != nil {
				return err
			}
			row.Source = row.Code
			row.Geometry, err = shape.FromOrb(shape.Snap(o), shape.SRID)
			rows = append(rows, row)
			return err
		})
		if err != nil {
			return err
		}
		if len(rows) != len(keys) {
			return fault.New(fault.Conflict, "dataVersion", "conflict") // one of them is gone
		}
		report, err := NewGrids(s.DB).ImportGrids(ctx, actor, func(yield func(grid.Row, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}, grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: civil.Date{}})
		if err != nil {
			return err
		}
		if report.Refused > 0 {
			return fault.New(fault.Invalid, "fix", "coverage.notDrawn", "reason", report.Notes[0].Reason)
		}
		// The import has noted its change, and until it is committed nobody notes another: any since r.Change came between.
		var n int64
		if err := tx.QueryRow(ctx, changeNewest).Scan(&n); err != nil {
			return err
		}
		if n != r.Change+1 {
			return fault.New(fault.Conflict, "dataVersion", "conflict")
		}
		return nil
	})
}

var _ = fault.Register(
	[3]string{"coverage.notDrawn", "The new border cannot be drawn: {reason}.", "无法画出新的边界：{reason}。"},
)
