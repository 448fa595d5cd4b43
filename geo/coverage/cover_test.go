package coverage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
)

// unitPoint is a place in units of 1e-8 degree.
type unitPoint struct{ x, y int64 }

func (p unitPoint) point() orb.Point { return orb.Point{float64(p.x) / 1e8, float64(p.y) / 1e8} }

// seamless makes a random cover of the whole map without overlap or gap: cells of a distorted lattice, whose borders are jagged, are put together into
// areas with holes, islands and corners that touch; the last area is all that lies around them.
func seamless(r *rand.Rand) (areas []orb.MultiPolygon, marks []orb.Point) {
	wide, tall := 2+r.IntN(7), 2+r.IntN(7)
	least := int64(50)
	axis := func(n int, low, high int64) []int64 {
		reach := math.Pow(10, 2.5+r.Float64()*math.Log10(float64(high-low)/float64(2*n)/330))
		spread := r.Float64() * 4
		steps := make([]int64, n)
		sum := int64(0)
		for i := range steps {
			steps[i] = max(least, int64(reach*math.Pow(10, -spread*r.Float64())))
			sum += steps[i]
		}
		at := low + r.Int64N(max(high-low-sum, 1))
		if r.IntN(2) == 0 { // about Shanghai
			at = min(max((low+high)/2+int64(float64(high-low)*0.33), low), high-sum)
		}
		out := []int64{at}
		for _, s := range steps {
			at += s
			out = append(out, at)
		}
		return out
	}
	xs, ys := axis(wide, -179e8, 179e8), axis(tall, -84e8, 84e8)
	room := func(at []int64, i int) int64 {
		least := int64(math.MaxInt64)
		if i > 0 {
			least = at[i] - at[i-1]
		}
		if i < len(at)-1 {
			least = min(least, at[i+1]-at[i])
		}
		return least * 3 / 10
	}
	jitter := func(by int64) int64 { return r.Int64N(2*by+1) - by }
	nodes := make([][]unitPoint, wide+1)
	plain := r.IntN(4) == 0
	for i := range nodes {
		nodes[i] = make([]unitPoint, tall+1)
		for j := range nodes[i] {
			nodes[i][j] = unitPoint{xs[i], ys[j]}
			if !plain {
				nodes[i][j] = unitPoint{xs[i] + jitter(room(xs, i)), ys[j] + jitter(room(ys, j))}
			}
		}
	}
	// path is the border between two nodes beside each other, both ends included.
	most := []int{0, 3, 30, 300}[r.IntN(4)]
	path := func(i, j int, upright bool) []unitPoint {
		a := nodes[i][j]
		along, across, n, m := xs, ys, i, j
		var b unitPoint
		if upright {
			along, across, n, m = ys, xs, j, i
			b = nodes[i][j+1]
		} else {
			b = nodes[i+1][j]
		}
		out := []unitPoint{a}
		length, width := along[n+1]-along[n], room(across, m)
		low, high := along[n]+length*35/100, along[n+1]-length*35/100
		add := func(u, v int64) {
			if upright {
				u, v = v, u
			}
			if last := out[len(out)-1]; last.x != u || last.y != v {
				out = append(out, unitPoint{u, v})
			}
		}
		k := r.IntN(most + 1)
		k = min(k, int((high-low)/4), int(width/4))
		switch r.IntN(5) {
		case 0: // straight
		case 3: // teeth, of which many are as far as others
			for s := range k {
				add(low+(high-low)*int64(s)/int64(k), across[m]+width*int64(s%2))
			}
		case 1, 2: // onwards
			rough := float64(width) * math.Pow(r.Float64(), 3)
			for s := range k {
				add(low+(high-low)*int64(s)/int64(k), across[m]+int64(rough*(2*r.Float64()-1)))
			}
		default: // to and fro
			for s := range k {
				u := low + (high-low)*r.Int64N(20)/100
				if s%2 == 0 {
					u = high - (high-low)*r.Int64N(20)/100
				}
				if s == 0 || s == k-1 {
					u = []int64{low, high}[min(s, 1)]
				}
				add(u, across[m]-width+2*width*int64(s)/int64(k))
			}
		}
		return append(out, b)
	}
	type side struct {
		i, j    int
		upright bool
	}
	paths := map[side][]unitPoint{}
	for i := range wide + 1 {
		for j := range tall + 1 {
			if i < wide {
				paths[side{i, j, false}] = path(i, j, false)
			}
			if j < tall {
				paths[side{i, j, true}] = path(i, j, true)
			}
		}
	}
	// Cells beside each other of one colour are an area.
	colours := 1 + r.IntN(4)
	colour := make([][]int, wide)
	of := make([][]int, wide)
	for i := range colour {
		colour[i], of[i] = make([]int, tall), make([]int, tall)
		for j := range colour[i] {
			colour[i][j], of[i][j] = r.IntN(colours), -1
		}
	}
	count := 0
	for i := range wide {
		for j := range tall {
			if of[i][j] >= 0 {
				continue
			}
			stack := [][2]int{{i, j}}
			of[i][j] = count
			for len(stack) > 0 {
				c := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				for _, d := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
					x, y := c[0]+d[0], c[1]+d[1]
					if x >= 0 && y >= 0 && x < wide && y < tall && of[x][y] < 0 && colour[x][y] == colour[i][j] {
						of[x][y] = count
						stack = append(stack, [2]int{x, y})
					}
				}
			}
			a, b := nodes[i][j], nodes[i+1][j+1]
			marks = append(marks, unitPoint{(a.x + b.x) / 2, (a.y + b.y) / 2}.point())
			count++
		}
	}
	at := func(i, j int) int {
		if i < 0 || j < 0 || i >= wide || j >= tall {
			return count
		}
		return of[i][j]
	}
	// Each side of a cell bounds the areas on both sides, where these are two.
	type way struct {
		from, to [2]int
		path     []unitPoint
	}
	ways := make([][]way, count+1)
	put := func(area int, from, to [2]int, p []unitPoint, turned bool) {
		p = slices.Clone(p)
		if turned {
			from, to = to, from
			slices.Reverse(p)
		}
		ways[area] = append(ways[area], way{from, to, p})
	}
	for i := range wide + 1 {
		for j := range tall + 1 {
			if i < wide {
				if above, below := at(i, j), at(i, j-1); above != below {
					put(above, [2]int{i, j}, [2]int{i + 1, j}, paths[side{i, j, false}], false)
					put(below, [2]int{i, j}, [2]int{i + 1, j}, paths[side{i, j, false}], true)
				}
			}
			if j < tall {
				if left, right := at(i-1, j), at(i, j); left != right {
					put(left, [2]int{i, j}, [2]int{i, j + 1}, paths[side{i, j, true}], false)
					put(right, [2]int{i, j}, [2]int{i, j + 1}, paths[side{i, j, true}], true)
				}
			}
		}
	}
	for k := range ways {
		var outer []orb.Ring
		var holes []orb.Ring
		left := ways[k]
		for len(left) > 0 {
			trail := []way{left[0]}
			left = left[1:]
			for len(trail) > 0 {
				last := trail[len(trail)-1]
				if n := slices.IndexFunc(trail, func(w way) bool { return w.from == last.to }); n >= 0 {
					var ring orb.Ring
					for _, w := range trail[n:] {
						for _, p := range w.path[:len(w.path)-1] {
							ring = append(ring, p.point())
						}
					}
					ring = append(ring, ring[0])
					if ring.Orientation() == orb.CCW {
						outer = append(outer, ring)
					} else {
						holes = append(holes, ring)
					}
					trail = trail[:n]
					continue
				}
				n := slices.IndexFunc(left, func(w way) bool { return w.from == last.to })
				trail = append(trail, left[n])
				left = slices.Delete(left, n, n+1)
			}
		}
		if k == count { // around all
			outer = []orb.Ring{{{-200, -89.9}, {200, -89.9}, {200, 89.9}, {-200, 89.9}, {-200, -89.9}}}
		}
		if len(outer) != 1 {
			panic(fmt.Sprint("an area in ", len(outer)))
		}
		areas = append(areas, orb.MultiPolygon{append(orb.Polygon{outer[0]}, holes...)})
	}
	marks = append(marks, orb.Point{-190, 0})
	return areas, marks
}

// onPlane reports whether a place lies in an area on the map, where borders are straight, and how many units away from its border.
func onPlane(t coverage.Tile, area orb.MultiPolygon, p orb.Point) (inside bool, away float64) {
	away = math.Inf(1)
	x, y := inUnits(t, p)
	for _, polygon := range area {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				ax, ay := inUnits(t, ring[i-1])
				bx, by := inUnits(t, ring[i])
				away = min(away, distance(x, y, ax, ay, bx, by))
				if ay > y != (by > y) && (ax-x)*(by-y)-(bx-x)*(ay-y) > 0 == (by > ay) {
					inside = !inside
				}
			}
		}
	}
	return inside, away
}

// TestSeamlessCoversStaySeamless draws tiles of random covers of the whole map, spread over shards, from the world to needles of some units: each edge is
// its neighbour's in reverse, and what is seen is covered once, exactly.
func TestSeamlessCoversStaySeamless(t *testing.T) {
	for round := range uint64(60) {
		r := rand.New(rand.NewPCG(11, round))
		areas, marks := seamless(r)
		n := 1 + r.IntN(4)
		shards := make([]*coverage.Shard, n)
		parts, names := make([][]orb.MultiPolygon, n), make([][]orb.Point, n)
		where := map[coverage.Ref]int{}
		for i, a := range areas {
			k := r.IntN(n)
			where[coverage.Ref{Shard: int32(k), Area: int32(len(parts[k]))}] = i
			parts[k], names[k] = append(parts[k], a), append(names[k], marks[i])
		}
		for k := range shards {
			shards[k] = coverage.NewShard(parts[k], names[k]...)
		}
		c := coverage.New(shards)
		for range 40 {
			ring := areas[r.IntN(len(areas))][0]
			vertices := ring[r.IntN(len(ring))]
			p := vertices[r.IntN(len(vertices))]
			zoom := r.Uint32N(23)
			tile := tilesOf(orb.Bound{Min: p, Max: p}, zoom, 1, r)[0]
			detail := []uint32{zoom, 20, r.Uint32N(zoom + 1)}[r.IntN(3)]
			d := draw(c, tile, detail)
			wrong, loose := d.faults()
			if len(loose) > 0 {
				wrong = append(wrong, fmt.Sprintf("no neighbour: %v", loose[0]))
			}
			var sum int64
			for _, rings := range d.areas {
				for _, ring := range rings {
					sum += surveyed(ring)
				}
			}
			const side = coverage.Extent + 2*coverage.Buffer
			if sum != 2*side*side {
				wrong = append(wrong, fmt.Sprintf("all areas have %d, and %d is seen", sum, 2*side*side))
			}
			for ref, i := range where {
				at, here := tile.Pixel(marks[i])
				if inside, away := onPlane(tile, areas[i], marks[i]); here && inside && away > 1.5 && !shows(d.areas[ref], at) {
					off := math.Inf(1)
					for _, ring := range d.areas[ref] {
						for k, a := range ring {
							b := ring[(k+1)%len(ring)]
							off = min(off, distance(float64(at.X), float64(at.Y), float64(a.X), float64(a.Y), float64(b.X), float64(b.Y)))
						}
					}
					if off > 1.5 {
						wrong = append(wrong, fmt.Sprintf("the name of %v at %v, %f units in it, is drawn %f outside of %d", ref, at, away, off, len(d.areas[ref])))
					}
				}
			}
			if len(wrong) > 0 {
				t.Fatalf("round %d: %v, detail %d: %d faults: %s", round, tile, detail, len(wrong), wrong)
			}
		}
	}
}
