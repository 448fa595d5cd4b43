package coverage_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
	"wangge/geo/measure"
)

// Three squares in a row: the second is a neighbour of the first and 30 cm off the third.
func TestUnmatched(t *testing.T) {
	const side, off = 100_000, 300 // units: some 100 m and 0.3 m
	a := area([2]int64{0, 0}, [2]int64{side, 0}, [2]int64{side, side}, [2]int64{0, side})
	b := area([2]int64{side, 0}, [2]int64{2 * side, 0}, [2]int64{2 * side, side}, [2]int64{side, side})
	d := area([2]int64{2*side + off, 0}, [2]int64{3 * side, 0}, [2]int64{3 * side, side}, [2]int64{2*side + off, side})
	around := measure.LengthM(a) + measure.LengthM(b) + measure.LengthM(d) - 2*measure.DistanceM(at(side, 0), at(side, side))
	gap := measure.DistanceM(at(2*side, 0), at(2*side+off, 0))
	for name, shards := range map[string][]*coverage.Shard{
		"one shard":    {coverage.NewShard([]orb.MultiPolygon{a, b, d})},
		"three shards": {coverage.NewShard([]orb.MultiPolygon{a}), coverage.NewShard([]orb.MultiPolygon{b}), coverage.NewShard([]orb.MultiPolygon{d})},
	} {
		c := coverage.New(shards)
		total, slivers := 0.0, 0
		for i := range shards {
			for _, u := range c.Unmatched(i, 1) {
				total += u.Metres
				if u.Sliver {
					slivers++
					if want := measure.DistanceM(at(0, 0), at(0, side)); math.Abs(u.Metres-want) > 0.01 || math.Abs(u.ApartM-gap) > 0.01 || u.Beside == u.Of || len(u.Path) != 2 {
						t.Errorf("%s: %+v, want %v m, %v m apart", name, u, want, gap)
					}
				}
			}
		}
		if slivers != 2 || math.Abs(total-around) > 0.01 {
			t.Errorf("%s: %d slivers, want 2; %v m in all, want %v", name, slivers, total, around)
		}
		for i := range shards {
			for _, u := range c.Unmatched(i, 0.1) {
				if u.Sliver {
					t.Errorf("%s: a sliver of 30 cm within 10: %+v", name, u)
				}
			}
		}
	}
	if got := coverage.New([]*coverage.Shard{nil}).Unmatched(0, 1); got != nil {
		t.Errorf("nothing has %v", got)
	}
}

// FuzzLocate lays areas of a random mosaic over each other and asks for any place at all.
func FuzzLocate(f *testing.F) {
	f.Add(uint64(1), 121.5, 31.2)
	f.Add(uint64(2), 121.50005, 31.20005)
	f.Add(uint64(3), math.Nextafter(121.5, 0), math.Nextafter(31.2001, 90))
	f.Fuzz(func(t *testing.T, seed uint64, x, y float64) {
		for _, v := range [2]float64{x, y} {
			if v != 0 && math.Abs(v) < 1e-100 || math.Abs(v) > 1e100 {
				return // where products vanish or overflow
			}
		}
		areas := mosaic(rand.New(rand.NewPCG(seed, 1)))
		shards := []*coverage.Shard{coverage.NewShard(areas[:len(areas)/2]), coverage.NewShard(areas[len(areas)/2:])}
		agree(t, shards, []orb.Point{{x, y}, {121.5 + math.Mod(x, 1e-4), 31.2 + math.Mod(y, 1e-4)}})
	})
}
