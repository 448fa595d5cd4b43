package db

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/domain/place"
)

// Where something is drawn otherwise on the tiles that PostGIS encodes: a line of the change log says it in boxes, so that every
// server drops the tiles that it keeps of there and no others. What tiles show of a building is its ground, its name, its floors
// and the code of its grid; of a road and of land, shape, name and class; and of each its id, which tells its district.

// The layers, as tiles call them.
const (
	layerBuildings = "buildings"
	layerRoads     = "roads"
	layerLand      = "land"
)

const (
	// The building b belongs to another grid from now on: the rows that end and begin at this instant tell. One that
	// ended and began again is the same. = ANY(ARRAY[…]) is nothing for the GiST index of the EXCLUDE, which is slow to probe.
	anotherGrid = `EXISTS (SELECT 1 FROM building_grid bg WHERE bg.district = b.district AND bg.building_id = ANY(ARRAY[b.id])
		AND (upper(bg.during) = now() OR lower(bg.during) = now()) GROUP BY bg.grid_id HAVING count(*) = 1)`

	// Boxes of what is drawn otherwise, those of a layer within about 200 m as one: cells (nearby) of 0.002 degrees, by the box's middle.
	drawnBoxes = `
SELECT d.layer, min(ST_XMin(d.shape)), min(ST_YMin(d.shape)), max(ST_XMax(d.shape)), max(ST_YMax(d.shape)) FROM drawn d
GROUP BY d.layer, floor((ST_XMin(d.shape) + ST_XMax(d.shape)) / 0.004), floor((ST_YMin(d.shape) + ST_YMax(d.shape)) / 0.004)
ORDER BY 1, 2, 3, 4, 5`

	// Of the buildings that were placed.
	drawnPlacings = `SELECT 'buildings', coalesce(b.footprint, b.location) FROM placings p
	JOIN building b ON b.district = p.district AND b.id = p.building_id WHERE ` + anotherGrid

	drawnPlaced = `-- name: drawn.Placed
WITH drawn (layer, shape) AS (
	` + drawnPlacings + `
)` + drawnBoxes

	// Of those, and of all that went to another district.
	drawnMoved = `-- name: drawn.Moved
WITH drawn (layer, shape) AS (
	` + drawnPlacings + `
	UNION ALL
	SELECT 'buildings', coalesce(b.footprint, b.location) FROM homes h JOIN building b ON h.kind = 'building' AND b.district = h.home AND b.id = h.id
	UNION ALL
	SELECT 'roads', r.shape FROM homes h JOIN road r ON h.kind = 'road' AND r.district = h.home AND r.id = h.id
	UNION ALL
	SELECT 'land', l.shape FROM homes h JOIN land l ON h.kind = 'land' AND l.district = h.home AND l.id = h.id
)` + drawnBoxes

	// Of what a file brought: where it was (drawn_at) and where it is, unless it is as it was.
	drawnBuildings = `-- name: drawn.Buildings
WITH drawn (layer, shape) AS (
	SELECT 'buildings', x.shape FROM stage s JOIN building b ON b.district = s.home AND b.id = coalesce(s.known, s.id)
	CROSS JOIN LATERAL (VALUES (coalesce(b.footprint, b.location)), (s.drawn_at)) x (shape)
	WHERE x.shape IS NOT NULL AND (s.drawn_as IS DISTINCT FROM ` + buildingDrawnAs + ` OR s.drawn_at IS DISTINCT FROM coalesce(b.footprint, b.location) OR ` + anotherGrid + `)
)` + drawnBoxes
	buildingDrawnAs = `row(b.district, b.name, b.floors)::text`

	drawnRoads = `-- name: drawn.Roads
WITH drawn (layer, shape) AS (
	SELECT 'roads', x.shape FROM stage s JOIN road r ON r.district = s.home AND r.id = coalesce(s.known, s.id)
	CROSS JOIN LATERAL (VALUES (r.shape), (s.drawn_at)) x (shape)
	WHERE x.shape IS NOT NULL AND (s.drawn_as IS DISTINCT FROM ` + roadDrawnAs + ` OR s.drawn_at IS DISTINCT FROM r.shape)
)` + drawnBoxes
	roadDrawnAs = `row(r.district, r.name, r.class)::text`

	drawnLand = `-- name: drawn.Land
WITH drawn (layer, shape) AS (
	SELECT 'land', x.shape FROM stage s JOIN land l ON l.district = s.home AND l.id = coalesce(s.known, s.id)
	CROSS JOIN LATERAL (VALUES (l.shape), (s.drawn_at)) x (shape)
	WHERE x.shape IS NOT NULL AND (s.drawn_as IS DISTINCT FROM ` + landDrawnAs + ` OR s.drawn_at IS DISTINCT FROM l.shape)
)` + drawnBoxes
	landDrawnAs = `row(l.district, l.name, l.class)::text`

	// Of the buildings that show the codes of the grids $1 in the districts $2.
	drawnCodes = `-- name: drawn.Codes
WITH drawn (layer, shape) AS (
	SELECT 'buildings', coalesce(b.footprint, b.location) FROM building_grid bg JOIN building b ON b.district = bg.district AND b.id = bg.building_id
	WHERE bg.district = ANY($2) AND bg.grid_id = ANY($1) AND bg.during @> now()
)` + drawnBoxes
)

// drawn is where something of each layer is drawn otherwise.
type drawn map[string][]place.Box

// draws notes where something is drawn otherwise, as sql says.
func (in *importing) draws(ctx context.Context, sql string, args ...any) error {
	if in.drawn == nil {
		in.drawn = drawn{}
	}
	return in.each(ctx, sql, args, func(rows pgx.Rows) error {
		var layer string
		var box place.Box
		err := rows.Scan(&layer, &box.West, &box.South, &box.East, &box.North)
		in.drawn[layer] = append(in.drawn[layer], box)
		return err
	})
}

// list is what the table keeps of a layer.
func (d drawn) list(layer string) []float64 {
	out := []float64{}
	for _, b := range few(d[layer]) {
		out = append(out, b.West, b.South, b.East, b.North)
	}
	return out
}

const (
	mostBoxes = 48    // that a line names of a layer
	nearby    = 0.002 // degrees: what lies nearer than this to each other need not be told apart
)

// few is some boxes, mostBoxes at most, that hold all of boxes and little else: beginning with one around all, the box is cut in
// two that leaves out most by it, as long as that is anything.
func few(boxes []place.Box) []place.Box {
	if len(boxes) == 0 {
		return nil
	}
	parts := []part{cut(boxes)}
	for len(parts) < mostBoxes {
		i := 0
		for k, p := range parts {
			if p.saves > parts[i].saves {
				i = k
			}
		}
		if parts[i].saves <= 0 {
			break
		}
		p := parts[i]
		parts[i] = cut(p.boxes[:p.at])
		parts = append(parts, cut(p.boxes[p.at:]))
	}
	out := make([]place.Box, len(parts))
	for i, p := range parts {
		out[i] = p.around
	}
	return out
}

// part is some boxes, and what is the best place to cut them in two.
type part struct {
	boxes  []place.Box
	around place.Box
	at     int     // the first box of the second half
	saves  float64 // square degrees; not above 0: it is best as it is
}

// cut finds the best cut, from west to east or from south to north; the part's boxes are in that order.
func cut(boxes []place.Box) part {
	best := part{boxes: boxes, around: boxes[0]}
	for _, b := range boxes {
		best.around = best.around.Around(b)
	}
	second := make([]float64, len(boxes)) // what the boxes from there on take
	for _, middle := range []func(place.Box) float64{
		func(b place.Box) float64 { return b.West + b.East },
		func(b place.Box) float64 { return b.South + b.North },
	} {
		sorted := slices.Clone(boxes)
		slices.SortFunc(sorted, func(a, b place.Box) int { return cmp.Compare(middle(a), middle(b)) })
		rest := sorted[len(sorted)-1]
		for i := len(sorted) - 1; i > 0; i-- {
			rest = rest.Around(sorted[i])
			second[i] = takes(rest)
		}
		first := sorted[0]
		for i := 1; i < len(sorted); i++ {
			if saves := takes(best.around) - takes(first) - second[i]; saves > best.saves {
				best.boxes, best.at, best.saves = sorted, i, saves
			}
			first = first.Around(sorted[i])
		}
	}
	return best
}

// takes is what a box costs, square degrees: its area with what is nearby.
func takes(b place.Box) float64 { return (b.East - b.West + nearby) * (b.North - b.South + nearby) }
