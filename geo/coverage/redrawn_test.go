package coverage_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
)

// TestRedrawn moves vertices of the demo city's grids, takes grids and communities away and puts them back, and holds that tiles outside the boxes that are
// told are drawn as before, at every zoom; and that the boxes are not larger than what was touched.
func TestRedrawn(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	communities := soundCity()[:60]
	box := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for _, areas := range communities {
		for _, a := range areas {
			box = box.Union(a.Bound())
		}
	}
	c := coverage.New(sharded(communities))
	told, changed := 0, 0
	for round := range 60 {
		var tiles []drawn
		for zoom := uint32(8); zoom <= 18; zoom++ {
			for _, tile := range tilesOf(box, zoom, 6, r) {
				tiles = append(tiles, draw(c, tile, zoom))
			}
		}
		i := r.IntN(len(communities))
		extent := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
		for _, a := range communities[i] {
			extent = extent.Union(a.Bound())
		}
		areas := slices.Clone(communities[i])
		switch round % 4 {
		case 0, 1: // a vertex of a shared border moves
			areas = nil
			ring := communities[i][r.IntN(len(communities[i]))][0][0]
			from := ring[r.IntN(len(ring)-1)]
			to := orb.Point{from[0] + 2e-6, from[1] - 1e-6}
			for _, a := range communities[i] {
				areas = append(areas, shiftedTo(a, from, to))
			}
			communities[i] = areas
		case 2: // a grid is gone for now
			areas = slices.Delete(areas, 0, 1)
		default: // all are
			areas = nil
		}
		next := c.Replace(i, coverage.NewShard(areas))
		if round%8 == 7 {
			next = c.Replace(i, nil)
		}
		gone := int32(0)
		if round%4 == 2 {
			gone = 1
		}
		before := func(r coverage.Ref) (coverage.Ref, bool) {
			if int(r.Shard) == i {
				r.Area += gone
			}
			return r, true
		}
		boxes := next.Redrawn(c, before)
		for _, b := range boxes {
			if around := (orb.Bound{Min: orb.Point{extent.Min[0] - 0.05, extent.Min[1] - 0.05}, Max: orb.Point{extent.Max[0] + 0.05, extent.Max[1] + 0.05}}); !around.Contains(b.Min) || !around.Contains(b.Max) {
				t.Errorf("round %d: told of %v, where %v changed", round, b, extent)
			}
		}
		for _, old := range tiles {
			now := draw(next, old.tile, old.tile.Zoom)
			for r, rings := range now.areas {
				if b, _ := before(r); !reflect.DeepEqual(old.areas[b], rings) {
					now.areas[coverage.Ref{Shard: -1}] = nil
				} else {
					delete(old.areas, b)
				}
			}
			if _, other := now.areas[coverage.Ref{Shard: -1}]; !other && len(old.areas) == 0 {
				continue
			}
			changed++
			if !slices.ContainsFunc(boxes, old.tile.Box().Intersects) {
				t.Fatalf("round %d: %v changed outside of %v", round, old.tile, boxes)
			}
		}
		told += len(boxes)
		c = next
		if round%4 > 1 {
			c = c.Replace(i, coverage.NewShard(communities[i]))
			if len(c.Redrawn(next, func(r coverage.Ref) (coverage.Ref, bool) { return r, false })) == 0 {
				t.Error("nothing changed when what was gone came back")
			}
		}
	}
	if told < 60 || changed < 100 {
		t.Errorf("told of %d boxes, %d tiles changed", told, changed)
	}
	if got := c.Redrawn(c, nil); got != nil {
		t.Errorf("without a change %v", got)
	}
}

func shiftedTo(a orb.MultiPolygon, from, to orb.Point) orb.MultiPolygon {
	a = a.Clone()
	for _, polygon := range a {
		for _, ring := range polygon {
			for i := range ring {
				if ring[i] == from {
					ring[i] = to
				}
			}
		}
	}
	return a
}
