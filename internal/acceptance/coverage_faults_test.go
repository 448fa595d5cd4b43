package acceptance

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"golang.org/x/sync/errgroup"

	geocoverage "wangge/geo/coverage"
	"wangge/geo/shape"
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

// shift moves every 50th part of covers by some 20 m: 2 %.
func shift(covers []cover) []cover {
	out, n := slices.Clone(covers), 0
	for i := range out {
		out[i].parts = slices.Clone(out[i].parts)
		for j, p := range out[i].parts {
			if n++; n%50 == 0 {
				out[i].parts[j] = shape.Snap(moved(p, 14.142/95_400, 14.142/110_900)).(orb.MultiPolygon)
			}
		}
	}
	return out
}

// moved is m, moved by degrees.
func moved(m orb.MultiPolygon, lng, lat float64) orb.MultiPolygon {
	m = m.Clone()
	for _, p := range m {
		for _, r := range p {
			for i := range r {
				r[i] = orb.Point{r[i][0] + lng, r[i][1] + lat}
			}
		}
	}
	return m
}

// tottori are the areas of Tottori with the vertices that they share, as an import would make them.
func tottori(t testing.TB) (parts []orb.MultiPolygon) {
	t.Helper()
	at := map[string]int{}
	for _, a := range chome(t) {
		g, err := geojson.UnmarshalGeometry(fmt.Appendf(nil, `{"type":%q,"coordinates":%s}`, a.Geometry.Type, a.Geometry.Coordinates))
		if err != nil {
			t.Fatal(err)
		}
		m, ok := g.Geometry().(orb.MultiPolygon)
		if !ok {
			m = orb.MultiPolygon{g.Geometry().(orb.Polygon)}
		}
		m = shape.Snap(m).(orb.MultiPolygon)
		if i, known := at[a.code()]; known {
			parts[i] = append(parts[i], m...)
			continue
		}
		at[a.code()] = len(parts)
		parts = append(parts, m)
	}
	geocoverage.InsertTVertices(parts)
	return parts
}

// BenchmarkFaults finds the faults of every division of 10,000 made-up grids, and of 666 areas without a whole, from their
// polygons in memory: as they are, and with 2 % of all areas shifted by 20 m.
func BenchmarkFaults(b *testing.B) {
	real := []cover{{"31201", nil, tottori(b)}}
	city := cityCovers()
	for _, c := range []struct {
		name   string
		covers []cover
	}{{"city", city}, {"city, shifted", shift(city)}, {"Tottori", real}, {"Tottori, shifted", shift(real)}} {
		for _, cores := range []int{1, 2} {
			b.Run(fmt.Sprint(c.name, ", cores: ", cores), func(b *testing.B) {
				found := make([]int, len(c.covers))
				for b.Loop() {
					var group errgroup.Group
					group.SetLimit(cores)
					for i, c := range c.covers {
						group.Go(func() error {
							f := geocoverage.FindFaults(c.whole, c.parts)
							found[i] = len(f.Gaps) + len(f.Overlaps) + len(f.Outside)
							return nil
						})
					}
					_ = group.Wait() // nothing refuses
				}
				n := 0
				for _, f := range found {
					n += f
				}
				b.ReportMetric(float64(len(c.covers)), "divisions")
				b.ReportMetric(float64(n), "faults")
			})
		}
	}
}
