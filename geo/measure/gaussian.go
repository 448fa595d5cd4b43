package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// GaussianShare returns the share, 0 to 1, of a two-dimensional Gaussian that lies in area: the probability that a
// position known as lng, lat (CGCS2000 degrees) with standard deviation sigmaM (metres, each axis) is in it.
//
// Seen from the centre, the mass of a wedge that reaches the distance r is dθ/2π · (1 − exp(−r²/2σ²)). Summed over
// the edges with the sign of their turn this is the mass of the polygon, holes subtracted. It is right to 1e-6; a plane stands
// for the ellipsoid, which over the few kilometres of a position's error changes less than that.
func GaussianShare(lng, lat, sigmaM float64, area orb.MultiPolygon) float64 {
	if sigmaM <= 0 {
		return 0
	}
	bell := BellAt(orb.Point{lng, lat}, sigmaM)
	for _, polygon := range area {
		for i, ring := range polygon {
			bell.Ring(bell.Beneath(ring), i > 0)
		}
	}
	return bell.Share()
}

// Bell is a Gaussian as GaussianShare has it, for those who keep rings in pieces: what lies Beneath the pieces of a Ring is summed
// up ring by ring, and the Share is that of all rings.
type Bell struct {
	plane  Local
	sigmaM float64
	total  float64
}

// BellAt is the Gaussian of a position known as p, longitude and latitude in degrees, with standard deviation sigmaM, above 0.
func BellAt(p orb.Point, sigmaM float64) Bell { return Bell{plane: LocalAt(p), sigmaM: sigmaM} }

// Beneath is the signed mass between a path and the centre; run backwards it has the other sign.
func (b *Bell) Beneath(path []orb.Point) float64 {
	var w Wedge
	for _, p := range path {
		w.To(b.At(p[0]-b.plane.origin[0], p[1]-b.plane.origin[1]))
	}
	return w.Mass()
}

// At is what lies some degrees east and north of the centre, in standard deviations.
func (b *Bell) At(dLng, dLat float64) (x, y float64) {
	x, y = b.plane.Shift(dLng, dLat)
	return x / b.sigmaM, y / b.sigmaM
}

// Ring adds a ring whose mass all its pieces come to, run one way or the other; a hole is taken off.
func (b *Bell) Ring(mass float64, hole bool) {
	if hole {
		b.total -= math.Abs(mass)
	} else {
		b.total += math.Abs(mass)
	}
}

// Share is what the rings come to, 0 to 1.
func (b *Bell) Share() float64 { return min(max(b.total, 0), 1) }

// Wedge sums up the mass of a standard Gaussian between its centre and a path that is gone along, To one vertex after the other.
type Wedge struct {
	x, y    float64 // where the path is
	begun   bool
	turned  float64 // around the centre, in turns, but for the part of a turn since from
	from    float64
	outside float64 // the mass of the wedge beyond the path
}

// To goes straight on to x, y, in standard deviations.
func (w *Wedge) To(x, y float64) {
	x1, y1 := w.x, w.y
	w.x, w.y = x, y
	if !w.begun {
		w.begun, w.from = true, turns(x, y)
		return
	}
	cross := x1*y - x*y1
	switch { // past half a turn the angle begins anew
	case cross == 0: // the centre is on the line; of the turn there, 0 or half, only signs of zeros would tell
		w.turned += turns(x1, y1) - w.from
		w.from = turns(x, y)
		return
	case cross > 0 && y1 >= 0 && y < 0:
		w.turned++
	case cross < 0 && y1 < 0 && y >= 0:
		w.turned--
	}
	dx, dy := x-x1, y-y1
	length2, from, to := dx*dx+dy*dy, x1*dx+y1*dy, x*dx+y*dy
	if cross*cross > reach*reach*length2 || from > 0 && from*from > reach*reach*length2 || to < 0 && to*to > reach*reach*length2 {
		return // nothing lies beyond
	}
	length := math.Sqrt(length2)
	w.outside += math.Copysign(beyond(math.Abs(cross)/length, max(from/length, -reach), min(to/length, reach)), cross)
}

// Mass is what lies between.
func (w *Wedge) Mass() float64 {
	if !w.begun {
		return 0
	}
	return w.turned + turns(w.x, w.y) - w.from - w.outside
}

// turns is the direction of a place in turns, from -1/2 to 1/2.
func turns(x, y float64) float64 { return math.Atan2(y+0, x) / (2 * math.Pi) } // + 0 takes the sign from -0

const (
	reach = 6.5 // beyond which there is nothing: 7e-10
	piece = 1.0 // of an edge that is integrated at once
)

// Gauss-Legendre rules on [-1, 1] with 2 and 4 points (Abramowitz and Stegun, table 25.4).
var (
	twoPoints  = [][2]float64{{-0.5773502691896257, 1}, {0.5773502691896257, 1}}
	fourPoints = [][2]float64{{-0.8611363115940526, 0.3478548451374538}, {-0.3399810435848563, 0.6521451548625461},
		{0.3399810435848563, 0.6521451548625461}, {0.8611363115940526, 0.3478548451374538}}
)

// beyond is the mass of a standard Gaussian behind an edge, seen from the centre: the edge lies at distance h, above 0, and goes from a to b
// along its line, from the foot of the perpendicular. With r² = h² + s² it is ∫ h/r² · exp(−r²/2) ds / 2π.
//
// Near the centre that has a pole, and what lies before the edge has none: ∫ h/r² · (1 − exp(−r²/2)) ds / 2π, the whole being the angle.
func beyond(h, a, b float64) float64 {
	total := 0.0
	n := math.Ceil((b - a) / piece)
	half := (b - a) / n / 2
	for k := 0.0; k < n; k++ {
		mid := a + (2*k+1)*half
		near := math.Sqrt(h*h+mid*mid) < 4*half
		points := fourPoints
		if half < 0.05 && h*h+mid*mid > 400*half*half {
			points = twoPoints
		}
		sum := 0.0
		for _, point := range points {
			s := mid + half*point[0]
			r2 := h*h + s*s
			if near {
				sum += point[1] * -math.Expm1(-r2/2) / r2
			} else {
				sum += point[1] * math.Exp(-r2/2) / r2
			}
		}
		sum *= h * half
		if near {
			sum = math.Atan2(2*half*h, h*h+mid*mid-half*half) - sum
		}
		total += sum
	}
	return total / (2 * math.Pi)
}
