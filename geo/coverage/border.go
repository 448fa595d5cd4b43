package coverage

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/measure"
)

// along is how far off a border, in units of 1e-8 degree, a point may lie that was computed to be on it and snapped.
const along = 2

// SharedBorderM returns how many metres of a's border run along b's. The borders are noded alike: an edge of a runs along b's border as a
// whole or not at all, so that its middle tells. A point in common is no border.
func SharedBorderM(a, b orb.MultiPolygon) float64 {
	box := extent(b)
	box.low, box.high = vertex{box.low.x - along, box.low.y - along}, vertex{box.high.x + along, box.high.y + along}
	var edges [][2]vertex
	eachEdge(b, func(p, q vertex) { edges = append(edges, [2]vertex{p, q}) })
	total := 0.0
	for _, polygon := range a {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				p, q := quantise(ring[i-1]), quantise(ring[i])
				if !box.meets(spanOf(p, q)) || p == q {
					continue
				}
				for _, e := range edges {
					if follows(p, q, e[0], e[1]) {
						total += measure.DistanceM(ring[i-1], ring[i])
						break
					}
				}
			}
		}
	}
	return total
}

// follows reports whether the middle of the edge from p to q lies on the edge from a to b, as near as computed borders do,
// and both run the same way or the opposite one.
func follows(p, q, a, b vertex) bool {
	mx, my := float64(p.x+q.x)/2, float64(p.y+q.y)/2
	if s := spanOf(a, b); mx < float64(s.low.x)-along || mx > float64(s.high.x)+along || my < float64(s.low.y)-along || my > float64(s.high.y)+along {
		return false
	}
	ax, ay := float64(b.x-a.x), float64(b.y-a.y)
	px, py := float64(q.x-p.x), float64(q.y-p.y)
	length := math.Hypot(ax, ay)
	if math.Abs(ax*(my-float64(a.y))-ay*(mx-float64(a.x))) > along*length {
		return false
	}
	// The ends may each be off by as much.
	return math.Abs(ax*py-ay*px) <= 2*along*length
}
