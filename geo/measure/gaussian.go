package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// The 8-point Gauss-Legendre rule on [-1, 1] (Abramowitz and Stegun, table 25.4).
var legendre = [8][2]float64{
	{-0.9602898564975363, 0.1012285362903763}, {-0.7966664774136267, 0.2223810344533745},
	{-0.5255324099163290, 0.3137066458778873}, {-0.1834346424956498, 0.3626837833783620},
	{0.1834346424956498, 0.3626837833783620}, {0.5255324099163290, 0.3137066458778873},
	{0.7966664774136267, 0.2223810344533745}, {0.9602898564975363, 0.1012285362903763},
}

// GaussianShare returns the share, 0 to 1, of a two-dimensional Gaussian that lies in area: the probability that a
// position known as lng, lat (CGCS2000 degrees) with standard deviation sigmaM (metres, each axis) is in it.
//
// Seen from the centre, the mass of a wedge that reaches the distance r is dθ/2π · (1 − exp(−r²/2σ²)). Summed over
// the edges with the sign of their turn this is the mass of the polygon, holes subtracted. Each edge is integrated
// in steps of at most an eighth of a radian, which keeps the sum right to 1e-6; a plane stands for the ellipsoid,
// which over the few kilometres of a position's error changes less than that.
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
	if len(path) == 0 {
		return 0
	}
	mass := 0.0
	x1, y1 := b.plane.XY(path[0])
	x1, y1 = x1/b.sigmaM, y1/b.sigmaM
	for _, p := range path[1:] {
		x2, y2 := b.plane.XY(p)
		x2, y2 = x2/b.sigmaM, y2/b.sigmaM
		mass += wedge(x1, y1, x2, y2)
		x1, y1 = x2, y2
	}
	return mass
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

// wedge is the signed mass of a standard Gaussian in the triangle between its centre and an edge.
func wedge(x1, y1, x2, y2 float64) float64 {
	cross, dot := x1*y2-x2*y1, x1*x2+y1*y2
	if cross == 0 {
		return 0 // the centre is on the line; of the turn there, 0 or half, only signs of zeros would tell
	}
	turn := math.Atan2(cross, dot)
	length := math.Hypot(x2-x1, y2-y1)
	h := math.Abs(cross) / length // distance of the edge's line
	if h > 7 {                    // all but 2e-11 of the wedge lies before the edge
		return turn / (2 * math.Pi)
	}
	// Angle of the start seen from the foot of the perpendicular, growing in the direction of the edge.
	along := (x1*(x2-x1) + y1*(y2-y1)) / length
	start := math.Atan2(along, h)
	span := math.Abs(turn)
	steps := math.Ceil(span / 0.125)
	sum := 0.0
	for s := 0.0; s < steps; s++ {
		mid, half := start+span*(s+0.5)/steps, span/steps/2
		for _, node := range legendre {
			c := math.Cos(mid + half*node[0])
			if c > 1e-12 {
				sum += node[1] * half * -math.Expm1(-h*h/(2*c*c))
			} else {
				sum += node[1] * half
			}
		}
	}
	return math.Copysign(sum/(2*math.Pi), turn)
}
