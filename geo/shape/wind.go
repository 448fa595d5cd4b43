package shape

import (
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
)

// Wind returns g with rings wound as RFC 7946 wants: the outer ring of each polygon counter-clockwise, its holes
// clockwise. A ring for itself counts as outer. Rings without area, measured on the snapping grid, stay as they are.
// What need not be turned is shared with g, not copied.
func Wind(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Ring:
		return windRing(g, 1)
	case orb.Polygon:
		return windPolygon(g)
	case orb.MultiPolygon:
		out := make(orb.MultiPolygon, len(g))
		for i, p := range g {
			out[i] = windPolygon(p)
		}
		return out
	case orb.Collection:
		out := make(orb.Collection, len(g))
		for i, member := range g {
			out[i] = Wind(member)
		}
		return out
	default:
		return g
	}
}

func windPolygon(p orb.Polygon) orb.Polygon {
	out := make(orb.Polygon, len(p))
	for i, r := range p {
		want := 1
		if i > 0 {
			want = -1
		}
		out[i] = windRing(r, want)
	}
	return out
}

func windRing(r orb.Ring, want int) orb.Ring {
	if Turn(r) != -want {
		return r
	}
	r = r.Clone()
	slices.Reverse(r)
	return r
}

// Turn is the sign of r's area on the snapping grid, exactly: 1 counter-clockwise, -1 clockwise, 0 none. The
// shoelace sum is kept in 128 bits, since products of two longitudes in 1e-8 degree pass 64.
func Turn(r orb.Ring) int {
	if len(r) < 3 {
		return 0
	}
	var hi, lo uint64 // two's complement
	add := func(a, b int64, negative bool) {
		h, l := bits.Mul64(magnitude(a), magnitude(b))
		if (a < 0) != (b < 0) != negative {
			var borrow uint64
			lo, borrow = bits.Sub64(lo, l, 0)
			hi, _ = bits.Sub64(hi, h, borrow)
			return
		}
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi, _ = bits.Add64(hi, h, carry)
	}
	x0, y0 := Quantise(r[0][0]), Quantise(r[0][1])
	var ax, ay int64
	for _, p := range r[1:] {
		bx, by := Quantise(p[0])-x0, Quantise(p[1])-y0
		add(ax, by, false)
		add(ay, bx, true)
		ax, ay = bx, by
	}
	switch {
	case hi == 0 && lo == 0:
		return 0
	case int64(hi) < 0:
		return -1
	default:
		return 1
	}
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}
