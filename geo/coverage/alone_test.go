package coverage

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// building is an area of a few corners, some of them nearer to each other than a unit.
func building(r *rand.Rand, at orb.Point, side float64) orb.MultiPolygon {
	n, ring := 3+r.IntN(12), orb.Ring{}
	turned, long := r.Float64()*2*math.Pi, 0.2+r.Float64()
	for i := range n {
		angle, far := turned+2*math.Pi*(float64(i)+r.Float64()*0.8)/float64(n), side*(0.05+r.Float64())
		ring = append(ring, shape.SnapPoint(orb.Point{at[0] + far*math.Cos(angle), at[1] + long*far*math.Sin(angle)}))
	}
	if r.IntN(2) == 0 {
		ring.Reverse()
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// TestDrawAlone draws buildings small and large, in the middle of tiles and across their edges: they are drawn valid, as in a coverage of their own but
// for a unit along their outline.
func TestDrawAlone(t *testing.T) {
	drawn, quick, cut := 0, 0, 0
	for round := range uint64(20_000) {
		r := rand.New(rand.NewPCG(5, round))
		zoom := 13 + r.Uint32N(10)
		unit := 360 / math.Exp2(float64(zoom)) / Extent // degrees
		area := building(r, orb.Point{119 + r.Float64(), 31 + r.Float64()}, unit*math.Exp(r.Float64()*8))
		tile := tileAt(area[0][0][r.IntN(len(area[0][0]))], zoom)
		var is, wanted [2]float64 // twice the area, and the length of the outline
		sum := func(into *[2]float64, rings [][]Pixel) {
			for _, ring := range rings {
				into[0] += float64(twiceArea(ring))
				for i, a := range ring {
					b := ring[(i+1)%len(ring)]
					into[1] += math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y))
				}
			}
		}
		DrawAlone(tile, allZooms, area, func(rings [][]Pixel) {
			drawn++
			if wrong := unsound(rings); wrong != "" {
				t.Fatalf("round %d: %v: %s of %v", round, tile, wrong, area)
			}
			sum(&is, rings)
		})
		New([]*Shard{NewShard([]orb.MultiPolygon{area})}).Draw(tile, allZooms, func(_ Ref, rings [][]Pixel) { sum(&wanted, rings) })
		if off := math.Abs(is[0] - wanted[0]); off > 2*(is[1]+wanted[1])+16 {
			t.Fatalf("round %d: %v: twice the area is %v, in a coverage %v: %v", round, tile, is[0], wanted[0], area)
		}
		p := painter{view: viewOf(tile)}
		if p.round(area) {
			quick++
		}
		for _, v := range area[0][0] {
			if !p.pixel(onMap(v)).seen() {
				cut++
				break
			}
		}
	}
	t.Logf("%d drawn, %d of them the quick way, %d cut off", drawn, quick, cut)
	if drawn < 10_000 || quick < drawn*2/3 || quick == 20_000 || cut < 1000 {
		t.Errorf("too one-sided: %d drawn, %d quickly, %d cut off", drawn, quick, cut)
	}
}

// TestDrawAloneOfParts: with holes and in parts it is what Draw draws.
func TestDrawAloneOfParts(t *testing.T) {
	at := func(x, y float64) orb.Point { return shape.SnapPoint(orb.Point{120 + x/1e5, 31 + y/1e5}) }
	square := func(x, y, side float64) orb.Ring {
		return orb.Ring{at(x, y), at(x+side, y), at(x+side, y+side), at(x, y+side), at(x, y)}
	}
	hole := square(3, 3, 3)
	hole.Reverse()
	tile := tileAt(at(5, 5), 17)
	var got [][]int64
	for _, area := range []orb.MultiPolygon{{{square(0, 0, 10), hole}}, {{square(0, 0, 10)}, {square(20, 0, 10)}}, {{square(0, 0, 1e-3)}}, {{square(9000, 0, 10)}}} {
		var sizes []int64
		DrawAlone(tile, allZooms, area, func(rings [][]Pixel) {
			for _, ring := range rings {
				sizes = append(sizes, max(-1, min(1, twiceArea(ring))))
			}
		})
		got = append(got, sizes)
	}
	if len(got[0]) != 2 || got[0][0] != 1 || got[0][1] != -1 || len(got[1]) != 2 || got[1][1] != 1 || got[2] != nil || got[3] != nil {
		t.Errorf("drawn are %v", got)
	}
}

func BenchmarkDrawAlone(b *testing.B) {
	r := rand.New(rand.NewPCG(6, 6))
	var areas []orb.MultiPolygon
	for range 100 {
		areas = append(areas, building(r, orb.Point{119.001 + r.Float64()*0.004, 31.001 + r.Float64()*0.004}, 0.0001))
	}
	tile := tileAt(orb.Point{119.003, 31.003}, 16)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		DrawAlone(tile, allZooms, areas[i%len(areas)], func([][]Pixel) {})
	}
}
