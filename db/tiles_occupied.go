package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

// inTileSQL finds a row of each layer in a box of EPSG:3857, e.box: by the boxes of rows alone, and whatever the zoom at which a
// row is first drawn and the time at which it is in force. Divisions come in levels that each cover the whole, of which a zoom
// shows some: a province would otherwise lie in every tile of it down to the deepest.
var inTileSQL = map[string]string{
	"divisions":   `SELECT FROM division d WHERE d.boundary_3857 && e.box AND d.level = ANY(@levels::text[])`,
	"grids":       gridInTile,
	"grid_labels": gridInTile,
	"signboards":  gridInTile, // a sign stands in its grid
	"buildings":   `SELECT FROM building b WHERE b.shape_3857 && e.box`,
	"roads":       `SELECT FROM road r WHERE r.shape_3857 && e.box`,
	"land":        `SELECT FROM land l WHERE l.shape_3857 && e.box`,
	"gaps":        `SELECT FROM coverage_problem p WHERE p.geometry_3857 && e.box`,
}

const gridInTile = `SELECT FROM grid_boundary b WHERE b.boundary_3857 && e.box`

// Occupied reports of each tile x[i], y[i] of zoom z whether something of layers may lie in it, or in a tile within it, of divisions
// those of some levels; where it does not, all of these are empty. A tile's buffer belongs to it. INVALID: a layer that does not exist,
// or none.
func (s *Tiles) Occupied(ctx context.Context, actor account.Actor, layers []string, levels []place.Level, z uint32, x, y []uint32) ([]bool, error) {
	if len(layers) == 0 {
		return nil, fault.New(fault.Invalid, "layers", "required", "field", "layers")
	}
	var finds []string
	for _, layer := range layers {
		sql, ok := inTileSQL[layer]
		if !ok {
			return nil, fault.New(fault.Invalid, "layers", "db.tiles.layer", "layer", layer)
		}
		if sql = "EXISTS (" + sql + ")"; !slices.Contains(finds, sql) {
			finds = append(finds, sql)
		}
	}
	// The margin is wider than any layer's buffer. A tile's envelope with it holds those of the tiles within.
	sql := `-- name: tiles.Occupied
SELECT t.n FROM unnest(@x::int[], @y::int[]) WITH ORDINALITY t (x, y, n), ST_TileEnvelope(@z::int, t.x, t.y, margin => 0.0625) e (box)
WHERE ` + strings.Join(finds, "\n   OR ") + "\nORDER BY t.n"
	occupied := make([]bool, len(x))
	err := s.db.each(ctx, actor, sql, []any{pgx.QueryExecModeCacheDescribe,
		pgx.NamedArgs{"z": int32(z), "x": x, "y": y, "levels": levels}}, func(rows pgx.Rows) error {
		var n int
		err := rows.Scan(&n)
		if err == nil {
			occupied[n-1] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tiles that hold something: %w", err)
	}
	return occupied, nil
}
