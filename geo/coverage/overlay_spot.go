package coverage

import (
	"cmp"
	"math/big"
	"math/bits"

	"github.com/paulmach/orb"
)

// spot is a place in whole units and fractions of them: where edges cross. Equal spots are the same place.
type spot struct {
	x, y   int64 // rounded down
	fx, fy fraction
}

// fraction is over/under in lowest terms, at least 0 and less than 1. It is exact but for edges across half a continent (finest).
type fraction struct{ over, under uint64 }

func spotAt(v vertex) spot { return spot{v.x, v.y, fraction{0, 1}, fraction{0, 1}} }

// whole reports whether s is a vertex.
func (s spot) whole() bool { return s.fx.over == 0 && s.fy.over == 0 }

// compare orders by x, then y.
func (s spot) compare(t spot) int {
	return cmp.Or(cmp.Compare(s.x, t.x), s.fx.compare(t.fx), cmp.Compare(s.y, t.y), s.fy.compare(t.fy))
}

func (f fraction) compare(g fraction) int {
	fHi, fLo := bits.Mul64(f.over, g.under)
	gHi, gLo := bits.Mul64(g.over, f.under)
	return cmp.Or(cmp.Compare(fHi, gHi), cmp.Compare(fLo, gLo))
}

// point is s in degrees, to the last place of float64.
func (s spot) point() orb.Point {
	return orb.Point{(float64(s.x) + s.fx.float()) / 1e8, (float64(s.y) + s.fy.float()) / 1e8}
}

func (f fraction) float() float64 { return float64(f.over) / float64(f.under) }

// crossing is where the edges from a to b and from c to d cross, inside both.
func crossing(a, b, c, d vertex) spot {
	ab, cd, ac := b.minus(a), d.minus(c), c.minus(a)
	over, under := product(ac, cd), product(ab, cd) // of the way from a to b
	x, fx := onTheWay(a.x, ab.x, over, under)
	y, fy := onTheWay(a.y, ab.y, over, under)
	return spot{x, y, fx, fy}
}

// product is v×w without a limit.
func product(v, w vertex) *big.Int {
	p := new(big.Int).Mul(big.NewInt(v.x), big.NewInt(w.y))
	return p.Sub(p, new(big.Int).Mul(big.NewInt(v.y), big.NewInt(w.x)))
}

// finest is the denominator of fractions that have none of 64 bits, which are rounded down: those of crossings of two edges of which each, or
// the geometric mean of both, is longer than 42°.
var finest = new(big.Int).Lsh(big.NewInt(1), 62)

// onTheWay is start + way × over/under.
func onTheWay(start, way int64, over, under *big.Int) (int64, fraction) {
	if under.Sign() < 0 {
		over, under = new(big.Int).Neg(over), new(big.Int).Neg(under)
	}
	n := new(big.Int).Mul(big.NewInt(way), over)
	q, rest := new(big.Int).DivMod(n, under, new(big.Int)) // rounds down, the rest is not negative
	divisor := new(big.Int).GCD(nil, nil, rest, under)
	rest.Quo(rest, divisor)
	under = new(big.Int).Quo(under, divisor)
	if !under.IsUint64() {
		rest.Quo(rest.Mul(rest, finest), under)
		zeros := min(rest.TrailingZeroBits(), 62)
		if rest.Sign() == 0 {
			zeros = 62
		}
		rest, under = rest.Rsh(rest, zeros), new(big.Int).Rsh(finest, zeros)
	}
	return start + q.Int64(), fraction{rest.Uint64(), under.Uint64()}
}
