package acceptance

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/geo/shape"
	"wangge/load/demo"
)

// nothingKept is a store that is never asked, since all is in memory.
type nothingKept struct{ grid.Store }

func (nothingKept) Do(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	return fn(ctx)
}

// cityInMemory is the made-up city of 10,000 grids, past the database: its communities, divisions and where it lies.
func cityInMemory(b *testing.B) (communities []grid.Community, divisions []place.Division, box orb.Bound) {
	b.Helper()
	area := func(m orb.MultiPolygon) *geom.MultiPolygon {
		g, err := shape.FromOrb(shape.Snap(m), shape.SRID)
		if err != nil {
			b.Fatal(err)
		}
		return g.(*geom.MultiPolygon)
	}
	region, ids := demo.Make(demo.SizeCity), map[string]uuid.UUID{}
	for _, d := range region.Divisions {
		ids[d.Code] = uuid.New()
		made := place.Division{ID: ids[d.Code], Code: d.Code, Level: place.Level(d.Level)}
		if parent, ok := ids[d.Parent]; ok {
			made.ParentID = &parent
		}
		if d.Boundary != nil {
			made.Boundary = area(d.Boundary)
			if len(divisions) == 0 {
				box = d.Boundary.Bound()
			}
		}
		divisions = append(divisions, made)
	}
	for town := range region.Communities {
		var c grid.Community
		for _, g := range town.Grids {
			c.ID = ids[g.Code[:12]]
			c.Versions = append(c.Versions, grid.Version{From: time.Unix(0, 0), Grid: grid.Grid{
				Key: key.Key{Home: "home", ID: uuid.New()}, Code: g.Code, CommunityID: c.ID, Boundary: area(g.Boundary)}})
		}
		communities = append(communities, c)
	}
	return communities, divisions, box
}

// BenchmarkCityInMemory locates in the ground of a city, without a store; "changed" is one community told anew.
func BenchmarkCityInMemory(b *testing.B) {
	communities, divisions, box := cityInMemory(b)
	now := time.Now()
	start := time.Now()
	ground, err := grid.NewGround(now, communities, divisions)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d grids of %d communities in %s", ground.Len(), len(communities), time.Since(start))
	service := &grid.Service{Store: nothingKept{}, Now: time.Now, NearestLimitM: 300, Window: &coord.Window{West: -180, South: -90, East: 180, North: 90},
		Ground: func(context.Context, time.Time) (*grid.Ground, bool) { return ground, true }}
	random := rand.New(rand.NewPCG(1, 2))
	qs := make([]grid.AtQuery, grid.MaxPoints)
	for i := range qs {
		qs[i] = grid.AtQuery{System: coord.SystemCGCS2000, Lng: box.Min[0] + random.Float64()*(box.Max[0]-box.Min[0]), Lat: box.Min[1] + random.Float64()*(box.Max[1]-box.Min[1])}
	}
	accuracy := 50.0
	vague := make([]grid.AtQuery, len(qs))
	for i, q := range qs {
		vague[i] = q
		vague[i].AccuracyM = &accuracy
	}
	for _, c := range []struct {
		name string
		qs   []grid.AtQuery
	}{{"At", qs}, {"At 50 m", vague}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := service.At(b.Context(), account.Anyone(), c.qs[i%len(c.qs)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, c := range []struct {
		name string
		qs   []grid.AtQuery
	}{{"AtMany of 10,000", qs}, {"AtMany of 10,000 vague", vague}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := service.AtMany(b.Context(), account.Anyone(), c.qs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("changed", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := ground.With(now, communities[i%len(communities):][:1]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first 100 of the city by code", func(b *testing.B) {
		for b.Loop() {
			ground.Beneath(nil, "", uuid.Nil, 100)
		}
	})
	b.Run("neighbours", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			ground.Neighbours(communities[i%len(communities)].Versions[0].Grid.Key)
		}
	})
}
