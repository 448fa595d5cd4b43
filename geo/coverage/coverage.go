// Package coverage looks at areas together: grids that should meet along shared borders. What single geometries
// look like is left to geo/shape, metres to geo/measure.
//
// Geometry is longitude, latitude in degrees of CGCS2000, snapped to 1e-8 degree (shape.Snap). All comparison is exact: of
// vertices, on whole units of 1e-8 degree; of any place with a border, on the float64s that they are, as PostGIS has them.
//
// Degrees are a plane here, as in PostGIS' geometry: nothing wraps around at ±180°, so that areas on both sides of the date line are not
// neighbours and nothing is near across it, and an area across it has to be two. Distances, shares and what is around a place are
// for latitudes of less than 90°, and coarse within a few kilometres of a pole.
//
// What is located is built by NewShard (shard.go, arc.go) and New (index.go lays sheets out, draw.go draws them, store.go keeps them). A place is
// found by Locate (locate.go), which enters the index (index.go) and counts borders on a sheet (sheet.go); what float64 leaves in doubt there
// is decided by crosses and on (sheet.go), and these by orient (orient.go). Distances and shares are in near.go, neighbours in neighbour.go. The
// other files look at areas that are not yet in force: InsertTVertices, Residue, Faults and the overlay behind it.
package coverage

import (
	"cmp"
	"math"
	"math/bits"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// vertex is a position in whole units of 1e-8 degree.
type vertex struct{ x, y int64 }

func quantise(p orb.Point) vertex { return vertex{shape.Quantise(p[0]), shape.Quantise(p[1])} }

// point is the snapped position that v came from: the same float64, since both are nearest to one decimal.
func (v vertex) point() orb.Point { return orb.Point{float64(v.x) / 1e8, float64(v.y) / 1e8} }

// compare orders by x, then y.
func (v vertex) compare(w vertex) int {
	return cmp.Or(cmp.Compare(v.x, w.x), cmp.Compare(v.y, w.y))
}

// far bounds what dot and cross return exactly. It is larger than the square of no edge, but than the length of any:
// 360° is 3.6e10 units, less than 2^36.
const far = 1 << 40

// dot returns a·b, exactly where it lies within ±far, else far with its sign. Products of whole coordinates can pass
// 64 bits; but where float64 shows that the sum does not, arithmetic that wraps around gives it exactly.
func dot(a, b vertex) int64 {
	about := float64(a.x)*float64(b.x) + float64(a.y)*float64(b.y) // off by less than 1e6
	switch {
	case about > far:
		return far
	case about < -far:
		return -far
	default:
		return a.x*b.x + a.y*b.y
	}
}

// cross returns a×b in the same way: positive where b lies to the left of a.
func cross(a, b vertex) int64 { return dot(vertex{-a.y, a.x}, b) }

// plane is v as float64s, which hold it exactly.
func (v vertex) plane() orb.Point { return orb.Point{float64(v.x), float64(v.y)} }

func (v vertex) minus(w vertex) vertex { return vertex{v.x - w.x, v.y - w.y} }

// touches reports whether p lies beside the inside of the edge from a to b, at most one unit off its line, and how
// far off it is, as the cross product, which orders the candidates of one edge by distance.
func touches(a, b, p vertex) (off int64, ok bool) {
	ab, ap := b.minus(a), p.minus(a)
	if dot(ab, ap) <= 0 || dot(ab, b.minus(p)) <= 0 { // before a or past b: no inside there
		return 0, false
	}
	off = abs(cross(ab, ap))
	if off >= far {
		return 0, false
	}
	return off, squareAtMost(uint64(off), ab)
}

// squareAtMost reports off² ≤ |ab|², in 128 bits: the distance off/|ab| is at most 1.
func squareAtMost(off uint64, ab vertex) bool {
	xHi, xLo := square(ab.x)
	yHi, yLo := square(ab.y)
	lo, carry := bits.Add64(xLo, yLo, 0)
	hi, _ := bits.Add64(xHi, yHi, carry)
	oHi, oLo := bits.Mul64(off, off)
	return oHi < hi || oHi == hi && oLo <= lo
}

func square(v int64) (hi, lo uint64) {
	u := uint64(abs(v))
	return bits.Mul64(u, u)
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// finite reports whether p is a place that quantise can take.
func finite(p orb.Point) bool {
	return math.Abs(p[0]) <= 360 && math.Abs(p[1]) <= 360
}

func widened(b orb.Bound, by float64) orb.Bound {
	return orb.Bound{Min: orb.Point{b.Min[0] - by, b.Min[1] - by}, Max: orb.Point{b.Max[0] + by, b.Max[1] + by}}
}

func meets(a, b orb.Bound) bool {
	return a.Min[0] <= b.Max[0] && b.Min[0] <= a.Max[0] && a.Min[1] <= b.Max[1] && b.Min[1] <= a.Max[1]
}
