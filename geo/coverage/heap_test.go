package coverage_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
)

// What no town has and a file may: all must be answered rightly, and be built in time and memory that go with the number of edges.
func TestLocateInHeaps(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	square := func(x, y, size int64) orb.MultiPolygon {
		return area([2]int64{x, y}, [2]int64{x + size, y}, [2]int64{x + size, y + size}, [2]int64{x, y + size})
	}
	var nested, same, needles []orb.MultiPolygon
	for i := range int64(400) {
		nested = append(nested, square(10*i, 7*i, 10_000-20*i))
		same = append(same, square(0, 0, 10_000))
		needles = append(needles, area([2]int64{0, 20 * i}, [2]int64{1_000_000, 20*i + 3000}, [2]int64{1_000_000, 20*i + 3002}))
	}
	world := []orb.MultiPolygon{
		{{{{-180, -90}, {180, -90}, {180, 90}, {-180, 90}, {-180, -90}}}},
		{{{{-179.5, -33.33333333}, {179, 12.34567891}, {0, 80}, {-179.5, -33.33333333}}}},
		square(0, 0, 1000), nil,
	}
	star := func(n int) []orb.MultiPolygon { // as many vertices as ten communities have, in and out
		units := make([][2]int64, n)
		for i := range units {
			s, c := math.Sincos(float64(i) / float64(n) * 2 * math.Pi)
			reach := 10_000_000 * float64(8+i%2) / 9
			units[i] = [2]int64{int64(reach * c), int64(reach * s)}
		}
		return []orb.MultiPolygon{area(units...)}
	}
	var many []orb.MultiPolygon // more than 15 bits tell apart
	for i := range int64(34_000) {
		many = append(many, square(i%200*50, i/200*50, 50))
	}
	var bend [][2]int64 // hundreds of edges in one cell
	for i := range int64(300) {
		bend = append(bend, [2]int64{i, i * i / 10})
	}
	curve := []orb.MultiPolygon{area(append(bend, [2]int64{-100, 8940})...), square(-1_000_000, -1_000_000, 500_000), square(9_000_000, 9_000_000, 500_000)}
	for _, c := range []struct {
		name   string
		areas  []orb.MultiPolygon
		points int
	}{
		{"nested", nested, 60}, {"the same 400 times", same, 40}, {"needles", needles, 60}, {"the world", world, 300}, {"100,000 vertices", star(100_000), 2},
		{"34,000 areas", append(many, many...), 20}, {"a curve", append(curve, nil, nil), 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			shards := []*coverage.Shard{coverage.NewShard(c.areas[:(len(c.areas)+1)/2]), coverage.NewShard(c.areas[(len(c.areas)+1)/2:])}
			coverage.New(shards)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("built in %v", took)
			}
			points := trials(r, c.areas, 50)
			r.Shuffle(len(points), func(i, k int) { points[i], points[k] = points[k], points[i] })
			agree(t, shards, points[:min(len(points), c.points)])
			t.Log(time.Since(start))
		})
	}
}

// A ring of one place has no inside. It is not valid, and must not keep anybody waiting.
func TestLocateInARingOfOnePlace(t *testing.T) {
	p := at(0, 0)
	for _, ring := range []orb.Ring{{p}, {p, p}, {p, p, p, p}} {
		c := coverage.New([]*coverage.Shard{coverage.NewShard([]orb.MultiPolygon{{{ring}}})})
		if held := c.Locate(at(10, 10), nil); len(held) > 0 {
			t.Errorf("%v: %v", ring, held)
		}
	}
}
