package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// Local is a plane in metres around an origin, x east and y north, for work that needs many distances and would
// wait for geodesics. Distances from the origin are right to 3 mm at 1 km and 0.5 m at 10 km at the
// latitudes of China; it is not for more than some 20 km, nor across the date line.
type Local struct {
	origin         orb.Point
	perLng, perLat float64 // metres a degree, at the origin
	narrowing      float64 // by how much perLng falls with each degree northwards, half of it: for the mean of both ends
}

// LocalAt returns the plane around origin, which is longitude, latitude in degrees and not a pole.
func LocalAt(origin orb.Point) Local {
	sin, cos := math.Sincos(origin[1] * radian)
	w2 := 1 - eccentric2*sin*sin
	normal := semiMajorM / math.Sqrt(w2)
	meridian := normal * (1 - eccentric2) / w2
	return Local{
		origin:    origin,
		perLng:    normal * cos * radian,
		perLat:    meridian * radian,
		narrowing: meridian * sin * radian * radian / 2, // d(N cos φ)/dφ = -M sin φ
	}
}

// XY returns p in metres east and north of the origin.
func (l Local) XY(p orb.Point) (x, y float64) {
	return l.Shift(p[0]-l.origin[0], p[1]-l.origin[1])
}

// Shift is XY of what lies some degrees east and north of the origin.
func (l Local) Shift(dLng, dLat float64) (x, y float64) {
	return dLng * (l.perLng - l.narrowing*dLat), dLat * l.perLat
}

// ToBox is XY of where b begins, seen from the origin: of the origin itself in b, else of the place with the nearest longitude and latitude.
func (l Local) ToBox(b orb.Bound) (x, y float64) {
	return l.XY(orb.Point{min(max(l.origin[0], b.Min[0]), b.Max[0]), min(max(l.origin[1], b.Min[1]), b.Max[1])})
}

// Point is the inverse of XY: longitude, latitude in degrees.
func (l Local) Point(x, y float64) orb.Point {
	dLat := y / l.perLat
	return orb.Point{l.origin[0] + x/(l.perLng-l.narrowing*dLat), l.origin[1] + dLat}
}

// DistanceToBoundaryM returns the distance in metres from p to the nearest place on any border of area, holes
// included, whether p is inside or outside; +Inf where area has no border. The nearest place is found in the
// plane around p, the distance to it is geodesic. Edges are straight in longitude and latitude, as PostGIS' geometry
// has them.
func DistanceToBoundaryM(p orb.Point, area orb.MultiPolygon) float64 {
	a := approach(p, area)
	return a.DistanceM()
}

func approach(p orb.Point, area orb.MultiPolygon) Approach {
	a := ApproachTo(p)
	for _, polygon := range area {
		for _, ring := range polygon {
			a.Along(ring)
		}
	}
	return a
}

// Approach seeks the place nearest to a point on paths that it is led along, one after the other, as DistanceToBoundaryM does, for
// those who keep borders in pieces.
type Approach struct {
	to      orb.Point
	plane   Local
	nearest orb.Point
	least   float64 // the square of its distance in the plane
}

// ApproachTo begins to seek what is nearest to p, longitude and latitude in degrees.
func ApproachTo(p orb.Point) Approach {
	return Approach{to: p, plane: LocalAt(p), least: math.Inf(1)}
}

// Along goes along a path.
func (a *Approach) Along(path []orb.Point) {
	if len(path) == 0 {
		return
	}
	ax, ay := a.plane.XY(path[0])
	if d := ax*ax + ay*ay; d < a.least {
		a.nearest, a.least = path[0], d
	}
	for i := 1; i < len(path); i++ {
		bx, by := a.plane.XY(path[i])
		if !a.Beyond(ax, ay, bx, by) {
			if t, ok := a.Nearer(ax, ay, bx, by); ok {
				p, q := path[i-1], path[i]
				a.nearest = orb.Point{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])}
			}
		}
		ax, ay = bx, by
	}
}

// Plane is the plane around the point.
func (a *Approach) Plane() Local { return a.plane }

// Beyond reports that the line through a and b, in the plane, comes no nearer than all edges before: most are found out by it, without
// a division.
func (a *Approach) Beyond(ax, ay, bx, by float64) bool {
	dx, dy, turn := bx-ax, by-ay, ax*by-ay*bx
	return turn*turn > a.least*(dx*dx+dy*dy)*(1+1e-9)
}

// BeyondBox reports that nothing in b, longitude and latitude in degrees, comes nearer than all before. Since the plane narrows, a place beside
// where b begins (ToBox) may be nearer, but not by as much as is left for it here.
func (a *Approach) BeyondBox(b orb.Bound) bool {
	x, y := a.plane.ToBox(b)
	return x*x+y*y > a.least*(1+1e-3)
}

// Nearer reports whether the edge from a to b, in the plane, comes nearer than all before, and at what share of the way.
func (a *Approach) Nearer(ax, ay, bx, by float64) (t float64, ok bool) {
	dx, dy := bx-ax, by-ay
	length2, toFoot := dx*dx+dy*dy, -(ax*dx + ay*dy)
	var d float64
	switch {
	case toFoot <= 0:
		t, d = 0, ax*ax+ay*ay
	case toFoot >= length2:
		t, d = 1, bx*bx+by*by
	default:
		t = toFoot / length2
		x, y := ax+t*dx, ay+t*dy
		d = x*x + y*y
	}
	if d >= a.least {
		return 0, false
	}
	a.least = d
	return t, true
}

// Place is the nearest place, and false where no path was gone along.
func (a *Approach) Place() (orb.Point, bool) { return a.nearest, !math.IsInf(a.least, 1) }

// DistanceM is how many metres it is to the nearest place, on the ellipsoid; +Inf where there is none.
func (a *Approach) DistanceM() float64 {
	q, ok := a.Place()
	if !ok {
		return math.Inf(1)
	}
	return DistanceM(a.to, q)
}
