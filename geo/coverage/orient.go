package coverage

import (
	"math"

	"github.com/paulmach/orb"
)

// orient tells on which side of the line from a to b p lies: 1 left, -1 right, 0 on it. It is exact for the float64s that it is
// given, whatever they are, as long as products of their differences neither overflow nor vanish.
//
// Method: J. R. Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric predicates, Discrete &
// Computational Geometry 18 (1997) 305–363, doi:10.1007/PL00009321: his error bound first, in doubt the sum in full.
func orient(a, b, p orb.Point) int {
	left, right := (a[0]-p[0])*(b[1]-p[1]), (a[1]-p[1])*(b[0]-p[0])
	det := float64(left) - float64(right) // no FMA: the bound is that of rounded products
	bound := 3.3306690738754716e-16 * (math.Abs(left) + math.Abs(right))
	switch {
	case det > bound:
		return 1
	case det < -bound:
		return -1
	}
	return orientExactly(a, b, p)
}

// orientExactly sums ax·by − ay·bx + ay·px − ax·py + bx·py − by·px (six products, twelve terms) without any rounding.
func orientExactly(a, b, p orb.Point) int {
	var e expansion
	e.addProduct(a[0], b[1])
	e.addProduct(-a[1], b[0])
	e.addProduct(a[1], p[0])
	e.addProduct(-a[0], p[1])
	e.addProduct(b[0], p[1])
	e.addProduct(-b[1], p[0])
	return e.sign()
}

// expansion is a sum of float64s that do not overlap, the smallest first.
type expansion struct {
	terms [12]float64
	n     int
}

// addProduct adds x·y.
func (e *expansion) addProduct(x, y float64) {
	high := x * y
	e.add(math.FMA(x, y, -high))
	e.add(high)
}

// add is Shewchuk's GROW-EXPANSION, zeros left out.
func (e *expansion) add(q float64) {
	n := 0
	for _, t := range e.terms[:e.n] {
		sum := q + t
		back := sum - q
		rest := (q - (sum - back)) + (t - back)
		if rest != 0 {
			e.terms[n] = rest
			n++
		}
		q = sum
	}
	if q != 0 {
		e.terms[n] = q
		n++
	}
	e.n = n
}

// sign is that of the largest term.
func (e *expansion) sign() int {
	switch {
	case e.n == 0:
		return 0
	case e.terms[e.n-1] > 0:
		return 1
	default:
		return -1
	}
}
