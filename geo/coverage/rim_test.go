package coverage

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// What follows is asked of places where rounding could put a point into another cell than its neighbours: on the lines between them,
// and a last bit beside.

// ringOf is a closed ring of vertices.
func ringOf(list ...vertex) orb.MultiPolygon {
	var ring orb.Ring
	for _, v := range list {
		ring = append(ring, v.point())
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// beside calls f with p and all places that are a few last bits beside it.
func beside(p orb.Point, f func(orb.Point)) {
	steps := func(v float64) (out [5]float64) {
		out[2] = v
		out[1], out[3] = math.Nextafter(v, -1e9), math.Nextafter(v, 1e9)
		out[0], out[4] = math.Nextafter(out[1], -1e9), math.Nextafter(out[3], 1e9)
		return out
	}
	for _, x := range steps(p[0]) {
		for _, y := range steps(p[1]) {
			f(orb.Point{x, y})
		}
	}
}

// coversByRat is what covers p, of areas of one ring each, by rational arithmetic.
func coversByRat(areas []orb.MultiPolygon, p orb.Point) (out []Held) {
	for i, a := range areas {
		inside, border := false, false
		ring := a[0][0]
		for k := 1; k < len(ring); k++ {
			u, v := ring[k-1], ring[k]
			if p[1] < min(u[1], v[1]) || p[1] > max(u[1], v[1]) {
				continue
			}
			side := orientByRat(u, v, p)
			border = border || side == 0 && min(u[0], v[0]) <= p[0] && p[0] <= max(u[0], v[0])
			if (u[1] <= p[1]) != (v[1] <= p[1]) && (side > 0) == (v[1] > u[1]) {
				inside = !inside
			}
		}
		if inside || border {
			out = append(out, Held{Ref{0, int32(i)}, border})
		}
	}
	return out
}

// Borders that run exactly through a corner of cells, where four of them meet and two of them only there: of the large cells, and of finer ones.
func TestLocateAtCornersOfCells(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	asked, finer := 0, 0
	for round := range 200 {
		west, south := 12_150_000_000+r.Int64N(1e8)-8e9*int64(round%3), 3_120_000_000+r.Int64N(1e8)
		wide := 20_000 + r.Int64N(900_000)
		high := wide/2 + r.Int64N(wide)
		// Two areas side by side in a box; where the border between them runs does not change the scale: it has as many edges.
		halves := func(from, to vertex) []orb.MultiPolygon {
			sw, se := vertex{west, south}, vertex{west + wide, south}
			nw, ne := vertex{west, south + high}, vertex{west + wide, south + high}
			s, n := vertex{west + wide/2, south}, vertex{west + wide/2, south + high}
			if from.x > west+wide/2 {
				s, n = vertex{west + wide - 1, south}, vertex{west + wide - 1, south + high}
			}
			var rim []vertex // makes for more cells, and in odd rounds for one that is divided
			for k := range int64(80) {
				if round%2 == 0 {
					rim = append(rim, vertex{west, south + high - high*(k+1)/82})
				} else {
					rim = append(rim, vertex{west, south + high - 1 - 10*k})
				}
			}
			return []orb.MultiPolygon{
				ringOf(append([]vertex{sw, s, from, to, n, nw}, rim...)...),
				ringOf(s, se, ne, n, to, from),
			}
		}
		x := New([]*Shard{NewShard(halves(vertex{west + wide/2, south + high/3}, vertex{west + wide/2, south + 2*high/3}))}).index
		size, at := int64(x.scale[0]), vertex{int64(x.origin[0]), int64(x.origin[1])}
		if round%2 == 1 { // a corner in the cell where the rim's north end is
			column, row := x.cell(vertex{west, south + high - 300}.point())
			at = vertex{at.x + int64(column)*size, at.y + int64(row)*size}
			if len(x.scale) < 2 {
				continue
			}
			size = int64(x.scale[1])
		}
		for range 12 {
			i, k := r.Int64N(int64(x.columns)), r.Int64N(int64(x.rows))
			if round%2 == 1 {
				i, k = 1+r.Int64N(across-1), 1+r.Int64N(across-1)
			}
			on := vertex{at.x + i*size - 1, at.y + k*size - 1} // the corner is half a unit north-east of it
			if on.x-west < 10 || west+wide-on.x < 10 || on.y-south < 10 || south+high-on.y < 10 {
				continue
			}
			dx, dy := r.Int64N(min(on.x-west, west+wide-on.x)/2), 1+r.Int64N(min(on.y-south, south+high-on.y)/2)
			if r.IntN(2) == 0 {
				dx = -dx - 1
			}
			areas := halves(vertex{on.x - dx, on.y - dy}, vertex{on.x + 1 + dx, on.y + 1 + dy})
			c := New([]*Shard{NewShard(areas)})
			if c.index.scale[0] != x.scale[0] || c.index.origin != x.origin {
				continue // a vertex fell on the straight line of another edge
			}
			if round%2 == 1 {
				finer++
			}
			corner := cornerOf(vertex{on.x + 1, on.y + 1})
			beside(corner, func(p orb.Point) {
				asked++
				got, want := c.Locate(p, nil), coversByRat(areas, p)
				if len(got) != len(want) || len(got) > 0 && got[0] != want[0] || len(got) > 1 && got[1] != want[1] {
					t.Fatalf("at %v, beside the corner of cells %v: %v, want %v (%v)", p, corner, got, want, areas)
				}
			})
		}
	}
	if asked < 10_000 || finer < 100 {
		t.Errorf("only %d places, %d in finer cells", asked, finer)
	}
}

// Shards that meet in the middle of the sheets. Half of them are where degrees are small, and float64s finer than cells are found.
func TestLocateWhereShardsMeet(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2))
	for round := range 300 {
		x, y, reach := 12_150_000_000+r.Int64N(1e8), 3_120_000_000+r.Int64N(1e8), 100_000+r.Int64N(1e7)
		if round%2 == 0 {
			x, y = r.Int64N(2000)-1000, r.Int64N(2000)-1000
		}
		square := func(x, y, size int64) *Shard {
			return NewShard([]orb.MultiPolygon{ringOf(vertex{x, y}, vertex{x + size, y}, vertex{x + size, y + size}, vertex{x, y + size})})
		}
		const size = 1000
		shards := []*Shard{square(x-size, y-size, size), square(x, y-size, size), square(x-size, y, size), square(x, y, size),
			square(x-reach, y-reach, 10), square(x+reach-10, y+reach-10, 10)}
		c := New(shards)
		for _, at := range []vertex{{x, y}, {x - size/2, y}, {x + size/2, y}, {x, y - size/2}, {x, y + size/2}} {
			beside(at.point(), func(p orb.Point) {
				var want []Held
				for n, s := range shards {
					for _, h := range coversByRat([]orb.MultiPolygon{s.Area(0)}, p) {
						want = append(want, Held{Ref{int32(n), 0}, h.Border})
					}
				}
				got := c.Locate(p, nil)
				if len(got) != len(want) {
					t.Fatalf("at %v: %v, want %v", p, got, want)
				}
				for k := range got {
					if got[k] != want[k] {
						t.Fatalf("at %v: %v, want %v", p, got, want)
					}
				}
			})
		}
	}
}

// Where the quick way of counting an edge is sure, it says what the exact way says: places a hair and less beside edges of all sizes, counted
// from origins as far away as a coverage of the whole Earth has them.
func TestSureIsRight(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 3))
	const west, south = -18_000_000_000, -8_000_000_000
	sure := 0
	for range 300_000 {
		corner := vertex{west + r.Int64N([]int64{1e6, 2e10, 3.5e10}[r.IntN(3)]), south + r.Int64N(1.6e10)}
		size := []int64{200, 5000, 1e6, 1e9}[r.IntN(4)]
		some := func() vertex { return vertex{r.Int64N(2*size) - size/2, r.Int64N(2*size) - size/2} }
		from, to := some(), some()
		a, b := vertex{corner.x + from.x, corner.y + from.y}.point(), vertex{corner.x + to.x, corner.y + to.y}.point()
		share, off := r.Float64(), (r.Float64()-0.5)*math.Pow(10, -8*r.Float64())*1e-8
		p := orb.Point{a[0] + share*(b[0]-a[0]) + off, a[1] + share*(b[1]-a[1]) + off}
		x, y := p[0]*1e8-west-float64(corner.x-west), p[1]*1e8-south-float64(corner.y-south)
		odd, ok := crossesOddly([]int32{int32(from.x), int32(from.y), int32(to.x), int32(to.y)}, x, y)
		if !ok {
			continue
		}
		sure++
		if want := crosses(a, b, cornerOf(corner), p); odd != want {
			t.Fatalf("the way from %v to %v crosses the edge from %v to %v: %v, want %v", corner, p, a, b, odd, want)
		}
	}
	if sure < 50_000 {
		t.Errorf("only %d sure", sure)
	}
}
