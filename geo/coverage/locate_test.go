package coverage_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
	"wangge/geo/measure"
	"wangge/geo/shape"
)

// judged tells by rational arithmetic whether a covers p, and whether p is on its border: even and odd crossings of a ray.
func judged(a orb.MultiPolygon, p orb.Point) (inside, border bool) {
	rat := func(f float64) *big.Rat { return new(big.Rat).SetFloat64(f) }
	px, py := rat(p[0]), rat(p[1])
	for _, polygon := range a {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				u, v := ring[i-1], ring[i]
				if p[1] < min(u[1], v[1]) || p[1] > max(u[1], v[1]) || p[0] > max(u[0], v[0]) {
					continue
				}
				ux, uy := rat(u[0]), rat(u[1])
				left := new(big.Rat).Mul(new(big.Rat).Sub(rat(v[0]), ux), new(big.Rat).Sub(py, uy))
				right := new(big.Rat).Mul(new(big.Rat).Sub(px, ux), new(big.Rat).Sub(rat(v[1]), uy))
				side := left.Cmp(right) // of p, seen from u towards v
				if side == 0 && min(u[0], v[0]) <= p[0] {
					return true, true
				}
				if (u[1] <= p[1]) != (v[1] <= p[1]) && (side > 0) == (v[1] > u[1]) {
					inside = !inside
				}
			}
		}
	}
	return inside, false
}

// whole is what the judge says of all shards, in order.
func whole(shards []*coverage.Shard, p orb.Point) []coverage.Held {
	var out []coverage.Held
	for n, s := range shards {
		if s == nil {
			continue
		}
		for i := range s.Len() {
			if inside, border := judged(s.Area(i), p); inside {
				out = append(out, coverage.Held{Ref: coverage.Ref{Shard: int32(n), Area: int32(i)}, Border: border})
			}
		}
	}
	return out
}

// trials are the vertices of areas, the middles of their edges, the neighbours of these in float64, places on the same parallels and
// meridians, and random ones.
func trials(r *rand.Rand, areas []orb.MultiPolygon, random int) []orb.Point {
	var out []orb.Point
	box := orb.MultiPolygon{}.Bound()
	for k, a := range areas {
		if k == 0 {
			box = a.Bound()
		} else if len(a) > 0 {
			box = box.Union(a.Bound())
		}
		for _, polygon := range a {
			for _, ring := range polygon {
				for i := 1; i < len(ring); i++ {
					u, v := ring[i-1], ring[i]
					t := r.Float64()
					out = append(out, u, orb.Point{(u[0] + v[0]) / 2, (u[1] + v[1]) / 2}, orb.Point{u[0] + t*(v[0]-u[0]), u[1] + t*(v[1]-u[1])},
						orb.Point{u[0], box.Min[1] + r.Float64()*(box.Max[1]-box.Min[1])}, orb.Point{box.Min[0] + r.Float64()*(box.Max[0]-box.Min[0]), u[1]})
				}
			}
		}
	}
	for _, p := range slices.Clone(out) {
		for k := range p {
			p[k] = math.Nextafter(p[k], float64(r.IntN(3)-1)*1000)
		}
		out = append(out, p)
	}
	for range random {
		out = append(out, orb.Point{box.Min[0] + (r.Float64()*1.1-0.05)*(box.Max[0]-box.Min[0]), box.Min[1] + (r.Float64()*1.1-0.05)*(box.Max[1]-box.Min[1])})
	}
	return out
}

// agree locates points and has the judge look at each answer.
func agree(t *testing.T, shards []*coverage.Shard, points []orb.Point) (borders int) {
	t.Helper()
	c := coverage.New(shards)
	var held []coverage.Held
	for _, p := range points {
		held = c.Locate(p, held[:0])
		if want := whole(shards, p); !slices.Equal(held, want) {
			t.Fatalf("at %v: %v, want %v", p, held, want)
		}
		if len(held) > 0 && held[0].Border {
			borders++
		}
	}
	return borders
}

// mosaic is a lattice with things done to it: areas moved, doubled, dropped, laid over others, with holes and several parts, empty.
func mosaic(r *rand.Rand) []orb.MultiPolygon {
	all, parts := lattice(r, 2+r.IntN(6))
	for range r.IntN(4) {
		k := r.IntN(len(parts))
		switch r.IntN(8) {
		case 0:
			parts = slices.Delete(parts, k, k+1)
		case 1:
			parts = append(parts, parts[k])
		case 2:
			parts[k] = moved(parts[k], r.Int64N(400)-200, r.Int64N(400)-200)
		case 3: // a hole, and what fills it
			if len(parts[k]) == 0 {
				continue
			}
			hole := parts[k].Clone()
			c := hole[0][0].Bound().Center()
			for i, p := range hole[0][0] {
				hole[0][0][i] = orb.Point{math.Round((c[0]+(p[0]-c[0])/3)*1e8) / 1e8, math.Round((c[1]+(p[1]-c[1])/3)*1e8) / 1e8}
			}
			back := hole[0][0].Clone()
			back.Reverse()
			parts[k] = orb.MultiPolygon{{parts[k][0][0], back}}
			if r.IntN(2) == 0 {
				parts = append(parts, hole)
			}
		case 4: // two parts, apart or meeting at a corner
			if l := r.IntN(len(parts)); l != k && len(parts[k]) == 1 && len(parts[l]) == 1 && !sharesEdge(parts[k], parts[l]) {
				parts[k] = orb.MultiPolygon{parts[k][0], parts[l][0]}
				parts[l] = nil
			}
		case 5:
			parts = append(parts, all)
		case 6:
			parts = append(parts, orb.MultiPolygon{})
		case 7: // wound the other way
			ring := slices.Clone(parts[k])
			for i := range ring {
				ring[i] = slices.Clone(ring[i])
				for j := range ring[i] {
					ring[i][j] = ring[i][j].Clone()
					ring[i][j].Reverse()
				}
			}
			parts[k] = ring
		}
		if len(parts) == 0 {
			return []orb.MultiPolygon{all}
		}
	}
	return parts
}

func sharesEdge(a, b orb.MultiPolygon) bool { return coverage.SharedBorderM(a, b) > 0 }

func TestLocateAgreesWithTheJudge(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 7))
	borders := 0
	for range 20 {
		areas := mosaic(r)
		borders += agree(t, []*coverage.Shard{coverage.NewShard(areas)}, trials(r, areas, 200))
	}
	if borders < 1500 {
		t.Errorf("only %d points were on a border", borders)
	}
}

func TestLocateInSeveralShards(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 8))
	for range 10 {
		areas := mosaic(r)
		shards := make([]*coverage.Shard, 5) // of which the last stays nil
		for i := range 4 {
			var mine []orb.MultiPolygon
			for k, a := range areas {
				if k%4 == i {
					mine = append(mine, a)
				}
			}
			shards[i] = coverage.NewShard(mine)
		}
		agree(t, shards, trials(r, areas, 100))
	}
}

func TestLocateNowhere(t *testing.T) {
	shard := coverage.NewShard([]orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{100, 0}, [2]int64{0, 100})})
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []*coverage.Coverage{coverage.New(nil), coverage.New([]*coverage.Shard{nil}), coverage.New([]*coverage.Shard{coverage.NewShard(nil)}), coverage.New([]*coverage.Shard{shard})} {
		for _, p := range []orb.Point{{nan, nan}, {nan, 31.2}, {121.5, nan}, {inf, 31.2}, {121.5, -inf}, {0, 0}, {121.5, 31.3}} {
			if held := c.Locate(p, nil); len(held) != 0 {
				t.Errorf("%v lies in %v", p, held)
			}
			if near, _, ok := c.Nearest(p, 100, nil); ok {
				t.Errorf("%v is near %v", p, near)
			}
			if around := c.Around(p, 100, nil); len(around) != 0 {
				t.Errorf("around %v: %v", p, around)
			}
		}
	}
}

func TestLocateAll(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	areas := mosaic(r)
	c := coverage.New([]*coverage.Shard{coverage.NewShard(areas)})
	points := trials(r, areas, 5000)
	var mu sync.Mutex
	seen := make([]int, len(points))
	c.LocateAll(points, func(i int, held []coverage.Held) {
		want := c.Locate(points[i], nil)
		mu.Lock()
		defer mu.Unlock()
		seen[i]++
		if !slices.Equal(held, want) {
			t.Errorf("at %v: %v, want %v", points[i], held, want)
		}
	})
	if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
		t.Error("not each point once")
	}
	c.LocateAll(nil, func(int, []coverage.Held) { t.Error("called for no points") })
}

func TestWith(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	shards := make([]*coverage.Shard, 12)
	var areas []orb.MultiPolygon
	make1 := func(i int) *coverage.Shard {
		mine := mosaic(r)
		for k := range mine {
			mine[k] = moved(mine[k], int64(i%4)*9_000, int64(i/4)*9_000) // overlapping a little
		}
		areas = append(areas, mine...)
		return coverage.NewShard(mine)
	}
	for i := range shards {
		if i%5 != 3 {
			shards[i] = make1(i)
		}
	}
	c := coverage.New(shards)
	for range 15 {
		old, were := c, slices.Clone(shards)
		change := map[int]*coverage.Shard{}
		for range 1 + r.IntN(3) {
			i := r.IntN(len(shards) + 1)
			if i == len(shards) {
				shards = append(shards, nil)
			}
			change[i] = nil
			if r.IntN(3) > 0 {
				change[i] = make1(r.IntN(20)) // somewhere, also beyond what was
			}
			shards[i] = change[i]
		}
		c = c.With(change)
		points := trials(r, areas[max(0, len(areas)-40):], 50)
		for _, p := range points {
			if got, want := c.Locate(p, nil), whole(shards, p); !slices.Equal(got, want) {
				t.Fatalf("at %v: %v, want %v", p, got, want)
			}
		}
		for _, p := range points[:50] {
			if got, want := old.Locate(p, nil), whole(were, p); !slices.Equal(got, want) {
				t.Fatalf("the old one, at %v: %v, want %v", p, got, want)
			}
		}
	}
}

func TestWithNothing(t *testing.T) {
	shard := coverage.NewShard([]orb.MultiPolygon{area([2]int64{0, 0}, [2]int64{100, 0}, [2]int64{0, 100})})
	p := at(10, 10)
	for _, c := range []*coverage.Coverage{coverage.New(nil), coverage.New([]*coverage.Shard{nil}), coverage.New([]*coverage.Shard{coverage.NewShard(nil)})} {
		for _, change := range []map[int]*coverage.Shard{nil, {0: nil}, {3: coverage.NewShard(nil)}} {
			empty := c.With(change)
			if held := empty.Locate(p, nil); len(held) != 0 {
				t.Errorf("%v holds %v", change, held)
			}
			if held := empty.Replace(1, shard).Locate(p, nil); !slices.Equal(held, []coverage.Held{{Ref: coverage.Ref{Shard: 1}}}) {
				t.Errorf("after %v: %v", change, held)
			}
			if held := empty.Replace(1, shard).Replace(1, nil).Locate(p, nil); len(held) != 0 {
				t.Errorf("taken away after %v: %v", change, held)
			}
		}
	}
}

func TestAreaGivesBackWhatCameIn(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	for range 100 {
		areas := mosaic(r)
		want := clone(areas)
		coverage.InsertTVertices(want)
		before := clone(areas)
		s := coverage.NewShard(areas)
		if s.Len() != len(areas) {
			t.Fatalf("%d areas of %d", s.Len(), len(areas))
		}
		for i := range areas {
			if !s.Area(i).Equal(want[i]) {
				t.Fatalf("area %d is %v, want %v", i, s.Area(i), want[i])
			}
			if !areas[i].Equal(before[i]) {
				t.Fatalf("area %d was changed", i)
			}
			if len(want[i]) > 0 && s.Box(i) != want[i].Bound() {
				t.Fatalf("the box of area %d is %v", i, s.Box(i))
			}
		}
	}
}

func TestMeasuresAreThoseOfPolygons(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 10 {
		areas := mosaic(r)
		s := coverage.NewShard(areas)
		c := coverage.New([]*coverage.Shard{nil, s})
		for _, p := range trials(r, areas, 50)[:60] {
			least, nearest := math.Inf(1), -1
			for i := range areas {
				ref, a := coverage.Ref{Shard: 1, Area: int32(i)}, s.Area(i)
				want := measure.DistanceToBoundaryM(p, a)
				if got := c.DistanceToBorderM(ref, p); math.Abs(got-want) > 1e-8 && got != want {
					t.Fatalf("%v is %v m from area %d, want %v", p, got, i, want)
				}
				if got, want := c.GaussianShare(ref, p, 3), measure.GaussianShare(p[0], p[1], 3, a); math.Abs(got-want) > 1e-7 {
					t.Fatalf("%v lies in area %d by %v, want %v", p, i, got, want)
				}
				if inside, _ := judged(a, p); inside {
					want = 0
				}
				if want < least {
					least, nearest = want, i
				}
			}
			ref, d, ok := c.Nearest(p, 10, nil)
			if ok != (least <= 10) || ok && math.Abs(d-least) > 1e-8 {
				t.Fatalf("nearest to %v: %v, %v m, %v; want %d, %v m", p, ref, d, ok, nearest, least)
			}
			if ok { // of those as near as can be told, any may come first
				last, _, _ := c.Nearest(p, 10, func(a, b coverage.Ref) bool { return a.Area > b.Area })
				for _, ref := range []coverage.Ref{ref, last} {
					if inside, _ := judged(s.Area(int(ref.Area)), p); !inside && c.DistanceToBorderM(ref, p) > least+2e-6 {
						t.Fatalf("%v is not nearest to %v", ref, p)
					}
				}
				if last.Area < ref.Area {
					t.Fatalf("nearest to %v: %v before %v", p, last, ref)
				}
			}
			for i := range areas {
				ref := coverage.Ref{Shard: 1, Area: int32(i)}
				around := slices.Contains(c.Around(p, 2, nil), ref)
				if d := c.DistanceToBorderM(ref, p); d < 2 && !around {
					t.Fatalf("area %d is %v m from %v, but not around it", i, d, p)
				}
			}
		}
	}
}

// Of rings of many edges, most are passed over a block at a time.
func TestDistanceToLongBorders(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for _, lat := range []float64{0, 31, -53, 75} {
		for _, size := range []float64{0.0001, 0.003, 0.05, 1} { // degrees
			ring := make(orb.Ring, 400)
			for i := range ring {
				s, c := math.Sincos(float64(i) / float64(len(ring)) * 2 * math.Pi)
				far := size * (0.7 + 0.3*r.Float64())
				ring[i] = shape.SnapPoint(orb.Point{110 + far*c, lat + far*s})
			}
			a := orb.MultiPolygon{{append(ring, ring[0])}}
			shards := []*coverage.Shard{coverage.NewShard([]orb.MultiPolygon{a})}
			c := coverage.New(shards)
			for range 200 {
				p := orb.Point{110 + 3*size*(r.Float64()-0.5), lat + 3*size*(r.Float64()-0.5)}
				want := measure.DistanceToBoundaryM(p, c.Area(coverage.Ref{}))
				if got := c.DistanceToBorderM(coverage.Ref{}, p); math.Abs(got-want) > 1e-8+1e-12*want {
					t.Fatalf("%v is %v m from a ring of %v° around 110, %v; want %v", p, got, size, lat, want)
				}
			}
		}
	}
}

func TestNeighbours(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 15 {
		areas := mosaic(r)
		n := 1 + r.IntN(3)
		of := make([][]orb.MultiPolygon, n)
		var refs []coverage.Ref
		for _, a := range areas {
			k := r.IntN(n)
			refs = append(refs, coverage.Ref{Shard: int32(k), Area: int32(len(of[k]))})
			of[k] = append(of[k], a)
		}
		shards := make([]*coverage.Shard, n)
		for k := range of {
			shards[k] = coverage.NewShard(of[k])
		}
		c := coverage.New(shards)
		for i, ref := range refs {
			got := c.Neighbours(ref)
			for k := 1; k < len(got); k++ {
				if got[k].SharedM > got[k-1].SharedM {
					t.Fatalf("not the longest first: %v", got)
				}
			}
			for j, other := range refs {
				want := 0.0
				if i != j {
					want = coverage.SharedBorderM(c.Area(ref), c.Area(other))
				}
				is := 0.0
				if k := slices.IndexFunc(got, func(n coverage.Neighbour) bool { return n.Ref == other }); k >= 0 {
					is = got[k].SharedM
					found++
				}
				if math.Abs(is-want) > 1e-9+1e-9*want {
					t.Fatalf("areas %d and %d share %v m, want %v", i, j, is, want)
				}
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d neighbours", found)
	}
}
