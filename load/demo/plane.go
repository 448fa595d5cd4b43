package demo

import "math"

// pt is a place on the drawing table: metres, u to the right and v up. The
// table lies turned by tableTurn on the ground, see toGround.
type pt struct{ u, v float64 }

func (a pt) add(b pt) pt             { return pt{a.u + b.u, a.v + b.v} }
func (a pt) sub(b pt) pt             { return pt{a.u - b.u, a.v - b.v} }
func (a pt) mul(k float64) pt        { return pt{a.u * k, a.v * k} }
func (a pt) dot(b pt) float64        { return a.u*b.u + a.v*b.v }
func (a pt) cross(b pt) float64      { return a.u*b.v - a.v*b.u }
func (a pt) len() float64            { return math.Sqrt(a.u*a.u + a.v*a.v) }
func (a pt) left() pt                { return pt{-a.v, a.u} }
func (a pt) dist(b pt) float64       { return a.sub(b).len() }
func (a pt) lerp(b pt, t float64) pt { return a.add(b.sub(a).mul(t)) }
func (a pt) unit() pt {
	if l := a.len(); l > 0 {
		return a.mul(1 / l)
	}
	return pt{1, 0}
}

// turn rotates a about the origin, anticlockwise by radians.
func (a pt) turn(radians float64) pt {
	s, c := math.Sincos(radians)
	return pt{a.u*c - a.v*s, a.u*s + a.v*c}
}

// path is an open polyline, ring a closed one without its first point repeated.
type (
	path []pt
	ring []pt
)

func (p path) length() float64 {
	sum := 0.0
	for i := 1; i < len(p); i++ {
		sum += p[i].dist(p[i-1])
	}
	return sum
}

// at returns the place s metres along p and the direction there.
func (p path) at(s float64) (pt, pt) {
	for i := 1; i < len(p); i++ {
		d := p[i].dist(p[i-1])
		if s <= d || i == len(p)-1 {
			dir := p[i].sub(p[i-1]).unit()
			return p[i-1].add(dir.mul(s)), dir
		}
		s -= d
	}
	return p[0], pt{1, 0}
}

// nearest returns how far along p the place nearest to q lies, its distance,
// and whether q is on the left of p there.
func (p path) nearest(q pt) (along, dist float64, left bool) {
	dist = math.Inf(1)
	run := 0.0
	for i := 1; i < len(p); i++ {
		d := p[i].sub(p[i-1])
		l := d.len()
		t := max(0, min(1, q.sub(p[i-1]).dot(d)/(l*l)))
		if e := q.dist(p[i-1].add(d.mul(t))); e < dist {
			along, dist, left = run+t*l, e, d.cross(q.sub(p[i-1])) > 0
		}
		run += l
	}
	return along, dist, left
}

// offset moves p sideways by the distance that by gives at each fraction of
// its length; positive is left. p must bend more gently than the distance.
func (p path) offset(by func(t float64) float64) path {
	total, run := p.length(), 0.0
	out := make(path, len(p))
	for i := range p {
		a, b := p[max(i-1, 0)], p[min(i+1, len(p)-1)]
		if i > 0 {
			run += p[i].dist(p[i-1])
		}
		out[i] = p[i].add(b.sub(a).unit().left().mul(by(run / total)))
	}
	return out
}

func (p path) reversed() path {
	out := make(path, len(p))
	for i := range p {
		out[len(p)-1-i] = p[i]
	}
	return out
}

// spline draws a centripetal Catmull-Rom curve through the given places and
// drops the points that lie within flat metres of their chord.
func spline(flat float64, through ...pt) path {
	n := len(through)
	if n < 3 {
		return path(through)
	}
	ends := make([]pt, 0, n+2)
	ends = append(ends, through[0].mul(2).sub(through[1]))
	ends = append(ends, through...)
	ends = append(ends, through[n-1].mul(2).sub(through[n-2]))
	out := path{through[0]}
	for i := 1; i < n; i++ {
		out = append(out, catmullRom(ends[i-1], ends[i], ends[i+1], ends[i+2])...)
	}
	return thin(out, flat)
}

// splineRing is spline for a closed curve.
func splineRing(flat float64, through ...pt) ring {
	n := len(through)
	var out path
	for i := range through {
		out = append(out, catmullRom(through[(i+n-1)%n], through[i], through[(i+1)%n], through[(i+2)%n])...)
	}
	out = append(path{out[len(out)-1]}, out...)
	out = thin(out, flat)
	return ring(out[:len(out)-1])
}

func catmullRom(a, b, c, d pt) []pt {
	knot := func(t float64, p, q pt) float64 { return t + math.Sqrt(math.Max(p.dist(q), 1e-6)) }
	t0 := 0.0
	t1 := knot(t0, a, b)
	t2 := knot(t1, b, c)
	t3 := knot(t2, c, d)
	mix := func(p, q pt, from, to, t float64) pt { return p.lerp(q, (t-from)/(to-from)) }
	steps := int(math.Ceil(b.dist(c) / 6))
	out := make([]pt, 0, steps)
	for i := 1; i < steps; i++ {
		t := t1 + (t2-t1)*float64(i)/float64(steps)
		a1, a2, a3 := mix(a, b, t0, t1, t), mix(b, c, t1, t2, t), mix(c, d, t2, t3, t)
		b1, b2 := mix(a1, a2, t0, t2, t), mix(a2, a3, t1, t3, t)
		out = append(out, mix(b1, b2, t1, t2, t))
	}
	return append(out, c)
}

// thin is Douglas and Peucker's simplification.
func thin(p path, flat float64) path {
	if len(p) < 3 {
		return p
	}
	far, at := 0.0, 0
	for i := 1; i < len(p)-1; i++ {
		if d := toSegment(p[i], p[0], p[len(p)-1]); d > far {
			far, at = d, i
		}
	}
	if far <= flat {
		return path{p[0], p[len(p)-1]}
	}
	head := thin(p[:at+1], flat)
	return append(head[:len(head)-1:len(head)-1], thin(p[at:], flat)...)
}

func toSegment(q, a, b pt) float64 {
	d := b.sub(a)
	l2 := d.dot(d)
	if l2 == 0 {
		return q.dist(a)
	}
	return q.dist(a.add(d.mul(max(0, min(1, q.sub(a).dot(d)/l2)))))
}

// crossing returns how far along ab and cd they cross, each from 0 to 1.
// Parallel segments do not cross.
func crossing(a, b, c, d pt) (s, t float64, ok bool) {
	r, q := b.sub(a), d.sub(c)
	den := r.cross(q)
	if den == 0 {
		return 0, 0, false
	}
	s, t = c.sub(a).cross(q)/den, c.sub(a).cross(r)/den
	return s, t, s >= 0 && s <= 1 && t >= 0 && t <= 1
}

func segmentDist(a, b, c, d pt) float64 {
	if _, _, ok := crossing(a, b, c, d); ok {
		return 0
	}
	return min(toSegment(a, c, d), toSegment(b, c, d), toSegment(c, a, b), toSegment(d, a, b))
}

// area is signed: positive where r runs anticlockwise. Square metres.
func (r ring) area() float64 {
	sum := 0.0
	for i, p := range r {
		sum += p.cross(r[(i+1)%len(r)])
	}
	return sum / 2
}

func (r ring) contains(q pt) bool {
	in := false
	for i, a := range r {
		b := r[(i+1)%len(r)]
		if (a.v > q.v) != (b.v > q.v) && q.u < a.u+(q.v-a.v)/(b.v-a.v)*(b.u-a.u) {
			in = !in
		}
	}
	return in
}

func (r ring) box() (lo, hi pt) {
	lo, hi = pt{math.Inf(1), math.Inf(1)}, pt{math.Inf(-1), math.Inf(-1)}
	for _, p := range r {
		lo, hi = lo.low(p), hi.high(p)
	}
	return lo, hi
}

// centroid is the centre of r's area.
func (r ring) centroid() pt {
	var c pt
	o, sum := r[0], 0.0 // relative to a corner: r is far from the origin for its size
	for i := range r {
		a, b := r[i].sub(o), r[(i+1)%len(r)].sub(o)
		k := a.cross(b)
		c, sum = c.add(a.add(b).mul(k)), sum+k
	}
	return o.add(c.mul(1 / (3 * sum)))
}

func (r ring) place(at pt, radians float64) ring {
	out := make(ring, len(r))
	for i, p := range r {
		out[i] = p.turn(radians).add(at)
	}
	return out
}

// gap is the distance between two areas: 0 where they touch or overlap.
func (r ring) gap(o ring) float64 {
	if r.contains(o[0]) || o.contains(r[0]) {
		return 0
	}
	return min(r.toPath(path(o)), r.toPath(path{o[len(o)-1], o[0]}))
}

// toPath is the distance from r to p: 0 where p enters r.
func (r ring) toPath(p path) float64 {
	if r.contains(p[0]) {
		return 0
	}
	best := math.Inf(1)
	lo, hi := r.box()
	for j := 1; j < len(p); j++ {
		// A segment further from the box than the best so far cannot beat it.
		if farther(lo, hi, p[j-1].low(p[j]), p[j-1].high(p[j]), best) {
			continue
		}
		for i, a := range r {
			best = min(best, segmentDist(a, r[(i+1)%len(r)], p[j-1], p[j]))
		}
	}
	return best
}

func (a pt) low(b pt) pt  { return pt{min(a.u, b.u), min(a.v, b.v)} }
func (a pt) high(b pt) pt { return pt{max(a.u, b.u), max(a.v, b.v)} }

// farther tells without measuring whether the boxes of a and b are more than
// d metres apart.
func farther(aLo, aHi, bLo, bHi pt, d float64) bool {
	return aLo.u-bHi.u > d || bLo.u-aHi.u > d || aLo.v-bHi.v > d || bLo.v-aHi.v > d
}
