package coverage_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
	"wangge/load/demo"
)

// city is the grids of the demo city by community, made once.
var city = sync.OnceValue(func() [][]orb.MultiPolygon {
	by := map[string][]orb.MultiPolygon{}
	for town := range demo.Make(demo.SizeCity).Communities {
		for _, g := range town.Grids {
			by[town.Community()] = append(by[town.Community()], g.Boundary)
		}
	}
	out := make([][]orb.MultiPolygon, 0, len(by))
	for _, code := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[code])
	}
	return out
})

func sharded(communities [][]orb.MultiPolygon) []*coverage.Shard {
	out := make([]*coverage.Shard, len(communities))
	for i, areas := range communities {
		out[i] = coverage.NewShard(areas)
	}
	return out
}

// places are n points each, within some 10 m of a border and spread over the box of all.
func places(communities [][]orb.MultiPolygon, n int) (near, spread []orb.Point) {
	r := rand.New(rand.NewPCG(1, 4))
	var vertices []orb.Point
	box := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for _, areas := range communities {
		for _, a := range areas {
			box = box.Union(a.Bound())
			for _, polygon := range a {
				for _, ring := range polygon {
					for i := 1; i < len(ring); i++ {
						t := r.Float64()
						vertices = append(vertices, orb.Point{ring[i-1][0] + t*(ring[i][0]-ring[i-1][0]), ring[i-1][1] + t*(ring[i][1]-ring[i-1][1])})
					}
				}
			}
		}
	}
	for range n {
		v := vertices[r.IntN(len(vertices))]
		near = append(near, orb.Point{v[0] + (r.Float64()-0.5)*2e-4, v[1] + (r.Float64()-0.5)*2e-4})
		spread = append(spread, orb.Point{box.Min[0] + r.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + r.Float64()*(box.Max[1]-box.Min[1])})
	}
	return near, spread
}

// sets are the coverages that figures are taken on.
func sets(b *testing.B) map[string][][]orb.MultiPolygon {
	return map[string][][]orb.MultiPolygon{
		"Lujiazui": {readAreas(b, "osm-lujiazui", "lujiazui-grids.geojson")},
		"Tottori":  {readAreas(b, "tottori-chome", "tottori-city-chome.geojson")},
		"city":     city(),
	}
}

// cpu is the processor time that the process has taken, which what else the machine does changes less than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkLocate(b *testing.B) {
	all := sets(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		near, spread := places(all[name], 1<<20)
		c := coverage.New(sharded(all[name]))
		for _, at := range []struct {
			name   string
			points []orb.Point
		}{{"near borders", near}, {"spread out", spread}} {
			b.Run(name+"/"+at.name, func(b *testing.B) {
				b.ReportAllocs()
				var held []coverage.Held
				i, began := 0, cpu()
				for b.Loop() {
					held = c.Locate(at.points[i&(1<<20-1)], held[:0])
					i++
				}
				b.ReportMetric(float64((cpu()-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
			})
		}
		b.Run(name+"/all cores, near borders", func(b *testing.B) {
			for b.Loop() {
				c.LocateAll(near, func(int, []coverage.Held) {})
			}
			b.ReportMetric(float64(b.N)*float64(len(near))/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}

func BenchmarkCityBuild(b *testing.B) {
	communities := city()
	for b.Loop() {
		coverage.New(sharded(communities))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := coverage.New(sharded(communities))
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/10_000, "B/area")
	runtime.KeepAlive(c)
}

func BenchmarkCityWith(b *testing.B) {
	shards := sharded(city())
	c := coverage.New(shards)
	i := 0
	for b.Loop() {
		c.With(map[int]*coverage.Shard{i % len(shards): nil, (i + 1) % len(shards): shards[(i+1)%len(shards)], (i + 2) % len(shards): shards[(i+2)%len(shards)]})
		i++
	}
}

func BenchmarkOneArea(b *testing.B) {
	c := coverage.New([]*coverage.Shard{coverage.NewShard([]orb.MultiPolygon{disc(250)})})
	p := at(100_000, 20_000)
	ref := coverage.Ref{}
	b.Run("DistanceToBorderM of 250 vertices", func(b *testing.B) {
		b.ReportAllocs()
		began := cpu()
		for b.Loop() {
			c.DistanceToBorderM(ref, p)
		}
		b.ReportMetric(float64((cpu()-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
	})
	b.Run("GaussianShare of 250 vertices", func(b *testing.B) {
		b.ReportAllocs()
		began := cpu()
		for b.Loop() {
			c.GaussianShare(ref, p, 20)
		}
		b.ReportMetric(float64((cpu()-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
	})
	town := coverage.New(sharded(city()))
	b.Run("Neighbours", func(b *testing.B) {
		i := 0
		for b.Loop() {
			town.Neighbours(coverage.Ref{Shard: int32(i % town.Len())})
			i++
		}
	})
	b.Run("Nearest", func(b *testing.B) {
		near, _ := places(city(), 1000)
		i := 0
		for b.Loop() {
			p := near[i%1000]
			town.Nearest(orb.Point{p[0] + 1, p[1]}, 50, nil)
			i++
		}
	})
}

// disc is n vertices around a circle of some 300 m.
func disc(n int) orb.MultiPolygon {
	units := make([][2]int64, n)
	for i := range units {
		s, c := math.Sincos(float64(i) / float64(n) * 2 * math.Pi)
		units[i] = [2]int64{int64(300_000 * c), int64(300_000 * s)}
	}
	return area(units...)
}

func TestLocateAllocatesNothing(t *testing.T) {
	areas := readAreas(t, "osm-lujiazui", "lujiazui-grids.geojson")
	near, spread := places([][]orb.MultiPolygon{areas}, 1000)
	points := append(near, spread...)
	for _, a := range areas { // borders and vertices too
		for _, p := range a[0][0] {
			points = append(points, p)
		}
	}
	c := coverage.New([]*coverage.Shard{coverage.NewShard(areas), coverage.NewShard(areas)})
	held := make([]coverage.Held, 0, 16)
	if n := testing.AllocsPerRun(10, func() {
		for _, p := range points {
			held = c.Locate(p, held[:0])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		for _, p := range points {
			var room [8]coverage.Held // which stays on the stack
			c.Locate(p, room[:0])
		}
	}); n != 0 {
		t.Errorf("%v allocations with room of the caller's own", n)
	}
}

// BenchmarkDraw draws the tile of the city with the most grids, and makes the sketches of all communities.
func BenchmarkDraw(b *testing.B) {
	shards := sharded(city())
	c := coverage.New(shards)
	box := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for _, areas := range city() {
		for _, a := range areas {
			box = box.Union(a.Bound())
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, zoom := range []uint32{10, 12, 14, 16} {
		var most coverage.Tile
		areas, vertices := 0, 0
		for _, t := range tilesOf(box, zoom, 64, r) {
			n, k := 0, 0
			c.Draw(t, zoom, func(_ coverage.Ref, rings [][]coverage.Pixel) {
				n++
				for _, ring := range rings {
					k += len(ring)
				}
			})
			if n > areas {
				most, areas, vertices = t, n, k
			}
		}
		b.Run(fmt.Sprintf("zoom %d", zoom), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Draw(most, zoom, func(coverage.Ref, [][]coverage.Pixel) {})
			}
			b.ReportMetric(float64(areas), "areas")
			b.ReportMetric(float64(vertices), "vertices")
		})
	}
	b.Run("sketches", func(b *testing.B) {
		for b.Loop() {
			coverage.New(shards).Draw(coverage.Tile{Zoom: 5, X: uint32(16 * (box.Center()[0] + 180) / 180), Y: 13}, 5, func(coverage.Ref, [][]coverage.Pixel) {})
		}
		b.ReportMetric(float64(len(shards)), "shards")
	})
}
