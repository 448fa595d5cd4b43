package acceptance

import (
	"math"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/db"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/geo/coverage"
	"wangge/geo/shape"
	"wangge/load"
	"wangge/load/demo"
)

// TestNeighboursAreWhatPostGISSays compares the neighbours that the structure knows, each community a shard, with those that the store finds.
func TestNeighboursAreWhatPostGISSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		bring func(t *testing.T, w *town)
		least int // neighbours in all
	}{
		{"the demo community", func(t *testing.T, w *town) {
			if _, err := load.Town(t.Context(), operator, w.Services, demo.Community()); err != nil {
				t.Fatal(err)
			}
		}, 40},
		{"Lujiazui", func(t *testing.T, w *town) {
			w.mustBring(t, load.Job{Kind: load.Divisions, Path: data(t, "osm-lujiazui/lujiazui-divisions.geojson")})
			w.mustBring(t, load.Job{Kind: load.Grids, Path: data(t, "osm-lujiazui/lujiazui-grids.geojson")})
		}, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t)
			c.bring(t, w)
			q := allGrids
			q.With.Boundary = true
			all, err := w.Grids.List(t.Context(), operator, q)
			if err != nil {
				t.Fatal(err)
			}
			var keys []key.Key
			var communities []uuid.UUID
			areas, ids := map[uuid.UUID][]orb.MultiPolygon{}, map[coverage.Ref]uuid.UUID{}
			refs := map[uuid.UUID]coverage.Ref{}
			for _, e := range all.Items {
				g := e.Node
				o, err := shape.ToOrb(g.Boundary)
				if err != nil {
					t.Fatal(err)
				}
				area, err := shape.MultiPolygon(o)
				if err != nil {
					t.Fatal(err)
				}
				k := slices.Index(communities, g.CommunityID)
				if k < 0 {
					k, communities = len(communities), append(communities, g.CommunityID)
				}
				ref := coverage.Ref{Shard: int32(k), Area: int32(len(areas[g.CommunityID]))}
				areas[g.CommunityID] = append(areas[g.CommunityID], area)
				keys, ids[ref], refs[g.Key.ID] = append(keys, g.Key), g.Key.ID, ref
			}
			var shards []*coverage.Shard
			for _, id := range communities {
				shards = append(shards, coverage.NewShard(areas[id]))
			}
			whole := coverage.New(shards)
			said, err := db.NewGrids(w.DB).Neighbours(t.Context(), operator, keys, q.At, grid.Fields{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, k := range keys {
				got, want := map[uuid.UUID]float64{}, map[uuid.UUID]float64{}
				for _, neighbour := range whole.Neighbours(refs[k.ID]) {
					got[ids[neighbour.Ref]] = neighbour.SharedM
				}
				for _, neighbour := range said[k.ID] {
					want[neighbour.Grid.Key.ID] = neighbour.SharedM
				}
				for id, m := range want {
					if is, ok := got[id]; !ok || math.Abs(is-m) > 1e-6 {
						t.Errorf("%v and %v share %.9f m, PostGIS says %.9f m", k.ID, id, is, m)
					}
					n++
				}
				for id, m := range got {
					if _, ok := want[id]; !ok {
						t.Errorf("%v and %v share %v m, PostGIS says they do not meet", k.ID, id, m)
					}
				}
			}
			t.Logf("%d grids of %d communities, %d neighbours", len(keys), len(communities), n)
			if n < c.least {
				t.Errorf("only %d neighbours", n)
			}
		})
	}
}
