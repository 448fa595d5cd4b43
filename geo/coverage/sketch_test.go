package coverage

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// TestLongBorders sketches borders that a farthest vertex divides turn by turn, and that have many others between their turns: with 40,000
// vertices, most of a minute where that takes the square of the time.
func TestLongBorders(t *testing.T) {
	const n = 40_000
	at := vertex{12_150_000_000, 3_120_000_000}
	spiral := func(turn float64) *Shard {
		var out, in []vertex
		for i := range n / 2 {
			phi := float64(i) / (n / 2) * 2 * math.Pi * 50
			sin, cos := math.Sincos(phi + turn)
			reach := 1e6 + 1e5*phi
			out = append(out, vertex{at.x + int64(reach*cos), at.y + int64(reach*sin)})
			in = append(in, vertex{at.x + int64((reach+1e5)*cos), at.y + int64((reach+1e5)*sin)})
		}
		for i := range in {
			out = append(out, in[len(in)-1-i])
		}
		return NewShard([]orb.MultiPolygon{ringOf(out...)})
	}
	comb := func(dx int64) *Shard {
		var ring []vertex
		for i := range int64(n / 4) {
			x := at.x + dx + 400*i
			ring = append(ring, vertex{x, at.y}, vertex{x, at.y + 1e7}, vertex{x + 100, at.y + 1e7}, vertex{x + 100, at.y})
		}
		return NewShard([]orb.MultiPolygon{ringOf(append(ring, vertex{at.x + dx + 100*n, at.y - 1000}, vertex{at.x + dx - 1, at.y - 1000})...)})
	}
	for name, shards := range map[string][]*Shard{"spirals": {spiral(0), spiral(math.Pi)}, "combs": {comb(0), comb(200)}} {
		c := New(shards)
		start := time.Now()
		for i := range shards {
			c.sketch(int32(i))
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// TestInside holds what lies between a path and its straight line, found by boxes, against all its edges.
func TestInside(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	in := 0
	for range 300 {
		k := &sketcher{sketch: &sketch{}}
		reach := int64(1) << (2 + r.IntN(30))
		p := mapPoint{}
		for v := range 2 + r.IntN(200) {
			p = mapPoint{p.x + r.Int64N(reach) - reach/3, p.y + r.Int64N(reach) - reach/2}
			k.spots, k.path = append(k.spots, p), append(k.path, int32(v))
		}
		k.box()
		for range 200 {
			i := r.IntN(len(k.path) - 1)
			j := i + 1 + r.IntN(len(k.path)-i-1)
			q := k.spots[i+r.IntN(j-i+1)]
			q = mapPoint{q.x + r.Int64N(3)*r.Int64N(reach), q.y + r.Int64N(3)*r.Int64N(reach)}
			want, on := passes(q, k.spots[j], k.spots[i])
			for v := i; v < j; v++ {
				east, _ := passes(q, k.spots[v], k.spots[v+1])
				want = want != east
			}
			want = want || on
			if got := k.inside(q, i, j); got != want {
				t.Fatalf("%v in %v from %d to %d: %v", q, k.spots, i, j, got)
			}
			if want {
				in++
			}
		}
	}
	if in < 5000 {
		t.Errorf("only %d inside", in)
	}
}
