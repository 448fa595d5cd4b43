package acceptance

import (
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"wangge/geo/coverage"
	"wangge/load/demo"
)

// cover is a division with what should cover it.
type cover struct {
	code  string
	whole orb.MultiPolygon
	parts []orb.MultiPolygon
}

// cityCovers are all divisions of the made-up city: communities with their grids, the others with the divisions beneath.
var cityCovers = sync.OnceValue(func() []cover {
	city := demo.Make(demo.SizeCity)
	covers, at := make([]cover, len(city.Divisions)), map[string]int{}
	for i, d := range city.Divisions {
		covers[i].code, covers[i].whole, at[d.Code] = d.Code, d.Boundary, i
		if above, ok := at[d.Parent]; ok && d.Parent != "" {
			covers[above].parts = append(covers[above].parts, d.Boundary)
		}
	}
	for town := range city.Communities {
		c := &covers[at[town.Community()]]
		for _, g := range town.Grids {
			c.parts = append(c.parts, g.Boundary)
		}
	}
	return covers
})

// BenchmarkFaultsOfACity finds the faults of every division of 10,000 grids, from their polygons in memory.
func BenchmarkFaultsOfACity(b *testing.B) {
	covers := cityCovers()
	vertices := 0
	for _, c := range covers {
		for _, p := range c.parts {
			for _, polygon := range p {
				for _, ring := range polygon {
					vertices += len(ring)
				}
			}
		}
	}
	b.ReportMetric(float64(vertices), "vertices")
	for _, cores := range []int{1, 2} {
		b.Run(map[int]string{1: "one core", 2: "two cores"}[cores], func(b *testing.B) {
			found := make([]int, len(covers))
			for b.Loop() {
				var group errgroup.Group
				group.SetLimit(cores)
				for i, c := range covers {
					group.Go(func() error {
						f := coverage.FindFaults(c.whole, c.parts)
						found[i] = len(f.Gaps) + len(f.Overlaps) + len(f.Outside)
						return nil
					})
				}
				_ = group.Wait()
			}
			n := 0
			for _, f := range found {
				n += f
			}
			b.ReportMetric(float64(len(covers)), "divisions")
			b.ReportMetric(float64(n), "faults")
			b.ReportMetric(float64(vertices), "vertices")
		})
	}
}
