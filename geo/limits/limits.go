// Package limits finds what an area ends at on each of its four sides (四至): the street that runs along it, the water or park before it, else the
// neighbour, else what else there is. What counts as a street or a park, and how the sides are put into a sentence, is left to others.
//
// All geometry is longitude, latitude in degrees of CGCS2000 and is not changed. It is laid on a plane in metres around the area (measure.Local),
// so that an area is at most some 20 km across.
package limits

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/simplify"

	"wangge/geo/measure"
)

const (
	nearM      = 25.0 // so far from the border runs what it is told by, at most
	parallel   = 30.0 // and at such an angle to it, at most, degrees
	leastShare = 0.25 // of a side that a street, a shore or a neighbour must take up to name it,
	anyShare   = 0.05 // or, where nothing does, so much
	leastArea  = 0.2  // of the area that must lie behind what else names a side,
	mostEnds   = 3    // of which there are so many, at most
	facing     = 0.5  // a piece is of a side for that if so much of it is, at least,
	almost     = 0.99 // and wholly if it is more
	apartM     = 60.0 // parts no further apart, as on both sides of a street, are told as one

	pieceM     = 10.0 // the border is looked at in pieces of about this length,
	mostPieces = 600  // or longer ones where it would have more
	steps      = 5.0  // the border's small steps are smoothed out by so many metres first: their edges face anywhere
	slimM      = 25.0 // a strip no wider, like that between the two roadways of a street, has no sides
	itselfM    = 0.01 // what a place on a border meets so near is that border
	behindM    = 2.0  // what begins so far within the border still lies before it, as a river does whose far bank is the border

	// A border is of the side that it faces; from 35° to 55° off it passes gradually to the next, so that one at 45° is of both.
	wholly, partly = 35.0, 55.0
	turned         = 85.0 // as a last resort, of a triangle's side that is a corner: so far off
)

// Named is something with a name that an area may end at. Several with one name are one.
type Named struct {
	Name string
	// Shape is a street's line (LineString, MultiLineString), or ground (Polygon, MultiPolygon). Any other has no place.
	Shape orb.Geometry
}

// Sides, as Of lists them.
const (
	East = iota
	South
	West
	North
)

// Side is one side of an area.
type Side struct {
	Ends    []End   // what names it, from north to south or from west to east; none: nothing that has a name
	LengthM float64 // of the border on this side, metres
}

// End is something that a side ends at.
type End struct {
	Name   string
	Kind   int     // its place among the kinds that Of is asked about
	AlongM float64 // of the side, metres
}

// Of tells the four sides of an area, which is one or several polygons, by kinds of things with a name, what names a side best first: streets and shores,
// then neighbours. A side is the part of the outer borders that faces its quarter of the sky, but
// for what looks back at the area itself, across a street between two parts or a notch, and for strips no wider than 25 m. It is named by what runs along most of it: a street at most 25 m
// off and within 30° of its direction, or ground that begins at most 25 m before it. What is nearer counts up to twice as much, so that of a
// street and its promenade the one wins that is the border. Less than a quarter of a side names nothing; then the next kind is asked. Where none
// takes up as much, the side is named by what runs along most of it of all kinds.
//
// What names a side may leave out much of an area that is no plain block. So it is also named by what lies straight before a fifth of the area or more, kind by
// kind, where nothing runs along that names it already: three names, at most.
func Of(area orb.MultiPolygon, kinds ...[]Named) (sides [4]Side) {
	b := newBorder(area)
	b.face()
	if len(b.pieces) == 0 {
		return sides
	}
	found := make([]map[string][]float64, len(kinds))
	for k := range kinds {
		found[k] = b.along(kinds[k])
	}
	var main [4]End
	for i := range sides {
		for _, p := range b.pieces {
			sides[i].LengthM += p.lengthM * p.share[i]
		}
		main[i] = b.main(i, sides[i].LengthM, found)
	}
	for i := range sides {
		if main[i].Name != "" {
			sides[i].Ends = b.further(i, main, found)
		}
	}
	return sides
}

// main is what names side i, of some length in metres.
func (b *border) main(i int, lengthM float64, found []map[string][]float64) (end End) {
	for k := 0; k < len(found) && end.Name == ""; k++ {
		b.take(&end, i, k, found[k], leastShare*lengthM, 0)
	}
	if most := 0.0; end.Name == "" {
		for k := range found {
			most = b.take(&end, i, k, found[k], anyShare*lengthM, most)
		}
	}
	return end
}

// take makes an end of side i what of a kind runs along most of it, at least so many metres, and more than most, metres, which counts what is nearer
// more. It returns how much that is.
func (b *border) take(end *End, i, kind int, found map[string][]float64, leastM, most float64) float64 {
	for name, offs := range found {
		alongM, weight := 0.0, 0.0
		for k, p := range b.pieces {
			if m := p.lengthM * p.share[i]; m > 0 && offs[k] <= nearM {
				alongM += m
				weight += m * (1 - offs[k]/nearM/2)
			}
		}
		if alongM < leastM || alongM == 0 {
			continue
		}
		if weight > most || weight == most && end.Kind == kind && name < end.Name {
			most, *end = weight, End{name, kind, alongM}
		}
	}
	return most
}

// further are the ends of side i: what names it, and what else lies before a fifth of the area and more, where that does not run. What a neighbouring
// side is named by counts only where the border wholly faces this one: else it goes around a corner.
func (b *border) further(i int, main [4]End, found []map[string][]float64) []End {
	ends, behind, least := []End{main[i]}, b.behind(i), 0.0
	for _, ring := range b.rings {
		least += leastArea * planar.Area(ring)
	}
	told := func(e End, share float64) { // where a piece is of this side by no more than share
		for k, off := range found[e.Kind][e.Name] {
			if off <= nearM && b.pieces[k].share[i] <= share {
				behind[k] = 0
			}
		}
	}
	told(main[i], 1)
	for _, n := range [...]int{(i + 1) % 4, (i + 3) % 4} {
		if main[n].Name != "" {
			told(main[n], almost)
		}
	}
	for kind := range found {
		for len(ends) < mostEnds {
			e := b.before(i, kind, found[kind], behind, least)
			if e.Name == "" {
				break
			}
			ends = append(ends, e)
			told(e, 1)
		}
	}
	place := func(e End) float64 { return b.middle(i, found[e.Kind][e.Name]) }
	slices.SortStableFunc(ends, func(a, b End) int { return cmp.Compare(place(a), place(b)) })
	return ends
}

// before is what of a kind lies before most of the area that is behind pieces of side i, and before so much at least, square metres.
func (b *border) before(i, kind int, found map[string][]float64, behind []float64, least float64) (end End) {
	most := 0.0
	for name, offs := range found {
		area, weight, alongM := 0.0, 0.0, 0.0
		for k, m2 := range behind {
			if m2 > 0 && offs[k] <= nearM {
				area += m2
				weight += m2 * (1 - offs[k]/nearM/2)
				alongM += b.pieces[k].lengthM * b.pieces[k].share[i]
			}
		}
		if area >= least && (weight > most || weight == most && name < end.Name) {
			most, end = weight, End{name, kind, alongM}
		}
	}
	return end
}

// middle is where on side i the pieces lie that something runs along: metres south of the place that the plane is laid at, or east of it.
func (b *border) middle(i int, offs []float64) float64 {
	sum, length := 0.0, 0.0
	for k, off := range offs {
		if m := b.pieces[k].lengthM * b.pieces[k].share[i]; off <= nearM && m > 0 {
			length += m
			if i == East || i == West {
				sum -= m * b.pieces[k].at[1]
			} else {
				sum += m * b.pieces[k].at[0]
			}
		}
	}
	return sum / length
}

// behind is how much of the area lies straight behind each piece of side i, square metres.
func (b *border) behind(i int) []float64 {
	out := make([]float64, len(b.pieces))
	sin, cos := math.Sincos(sky[i] * math.Pi / 180)
	ahead, back := orb.Point{cos, sin}, orb.Point{-cos, -sin}
	for k, p := range b.pieces {
		if p.share[i] < facing || meets(p.at, ahead, b.rings, math.Inf(1)) {
			continue
		}
		// The way back is in the area until it meets the border, then out of it, and so on.
		var crossed []float64
		for _, ring := range b.rings {
			for n := 1; n < len(ring); n++ {
				if t, ok := hits(p.at, back, ring[n-1], ring[n]); ok && t > itselfM {
					crossed = append(crossed, t)
				}
			}
		}
		slices.Sort(crossed)
		depth := 0.0
		for n, t := range crossed {
			if n%2 == 0 {
				depth += t
			} else {
				depth -= t
			}
		}
		out[k] = max(0, depth*p.lengthM*(p.out[0]*cos+p.out[1]*sin))
	}
	return out
}

// Parts are the parts of an area that lie apart, the largest first: polygons no more than 60 m from each other are one part, since people see them as
// one, with a street within.
func Parts(area orb.MultiPolygon) []orb.MultiPolygon {
	if len(area) < 2 {
		return []orb.MultiPolygon{area}
	}
	plane := measure.LocalAt(area.Bound().Center())
	rings := make([]orb.Ring, len(area))
	part := make([]int, len(area)) // of each polygon, the first polygon of its part
	size := make([]float64, len(area))
	for i, polygon := range area {
		part[i] = i
		if len(polygon) > 0 {
			rings[i] = (&border{plane: plane}).flat(polygon[0])
		}
		for j := range i {
			if part[j] != part[i] && near(rings[i], rings[j], apartM) {
				gone, stays := max(part[i], part[j]), min(part[i], part[j])
				for k := range i + 1 {
					if part[k] == gone {
						part[k] = stays
					}
				}
			}
		}
	}
	parts := make([]orb.MultiPolygon, len(area))
	for i, polygon := range area {
		parts[part[i]] = append(parts[part[i]], polygon)
		size[part[i]] += math.Abs(planar.Area(rings[i]))
	}
	var order []int
	for i := range parts {
		if parts[i] != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(size[b], size[a]) })
	out := make([]orb.MultiPolygon, len(order))
	for i, k := range order {
		out[i] = parts[k]
	}
	return out
}

// Run is how much of a street runs in an area, and how much of the area's outer border it runs along; metres.
type Run struct{ InM, AlongM float64 }

// Runs tells by name which streets, lines of several pieces maybe, run in an area or along its outer border, at most 25 m off and within 30° of its
// direction, and be it between two of its parts. What only ends at it does not.
func Runs(area orb.MultiPolygon, streets []Named) map[string]Run {
	b := newBorder(area)
	out := map[string]Run{}
	for name, offs := range b.along(streets) {
		r := Run{}
		for k, off := range offs {
			if off <= nearM {
				r.AlongM += b.pieces[k].lengthM
			}
		}
		out[name] = r
	}
	flat := make(orb.MultiPolygon, len(area))
	for i, polygon := range area {
		for _, ring := range polygon {
			flat[i] = append(flat[i], b.flat(ring))
		}
	}
	for _, s := range streets {
		lines, _ := s.Shape.(orb.MultiLineString)
		if line, ok := s.Shape.(orb.LineString); ok {
			lines = orb.MultiLineString{line}
		}
		for _, line := range lines {
			if m := lengthIn(flat, orb.LineString(b.flat(line))); m > 0 && s.Name != "" {
				r := out[s.Name]
				r.InM += m
				out[s.Name] = r
			}
		}
	}
	return out
}

// lengthIn is how much of a line lies in polygons: its edges are cut where they meet a border, and each bit is in or out.
func lengthIn(polygons orb.MultiPolygon, line orb.LineString) (length float64) {
	for _, polygon := range polygons {
		box := polygon.Bound()
		for i := 1; i < len(line); i++ {
			p, q := line[i-1], line[i]
			d := orb.Point{q[0] - p[0], q[1] - p[1]}
			if !box.Intersects(orb.MultiPoint{p, q}.Bound()) {
				continue
			}
			cuts := []float64{0, 1}
			for _, ring := range polygon {
				for k := 1; k < len(ring); k++ {
					if t, ok := hits(p, d, ring[k-1], ring[k]); ok && t < 1 {
						cuts = append(cuts, t)
					}
				}
			}
			slices.Sort(cuts)
			for k := 1; k < len(cuts); k++ {
				if mid := (cuts[k-1] + cuts[k]) / 2; planar.PolygonContains(polygon, orb.Point{p[0] + mid*d[0], p[1] + mid*d[1]}) {
					length += (cuts[k] - cuts[k-1]) * math.Hypot(d[0], d[1])
				}
			}
		}
	}
	return length
}

// near reports whether two rings that do not cross come within so many metres of each other.
func near(a, b orb.Ring, m float64) bool {
	if !a.Bound().Pad(m).Intersects(b.Bound()) {
		return false
	}
	for _, rings := range [...][2]orb.Ring{{a, b}, {b, a}} { // where they are nearest, one of them has a corner
		for _, p := range rings[0] {
			for i := 1; i < len(rings[1]); i++ {
				if planar.DistanceFromSegment(rings[1][i-1], rings[1][i], p) <= m {
					return true
				}
			}
		}
	}
	return false
}

// piece is a bit of border. at, along and out are metres; along and out are of length 1.
type piece struct {
	place      orb.Point // degrees
	at         orb.Point
	along, out orb.Point
	lengthM    float64
	share      [4]float64 // how far it is of each side, together 1 as a rule
}

// border is the outer border of an area in pieces, from west to east.
type border struct {
	plane  measure.Local
	rings  []orb.Ring // smoothed, anticlockwise, in metres
	pieces []piece
}

func newBorder(area orb.MultiPolygon) *border {
	b := &border{}
	if len(area) == 0 {
		return b
	}
	b.plane = measure.LocalAt(area.Bound().Center())
	total := 0.0
	for _, polygon := range area {
		if len(polygon) == 0 {
			continue
		}
		ring := simplify.DouglasPeucker(steps).Ring(b.flat(polygon[0]))
		if len(ring) < 4 {
			continue
		}
		if ring.Orientation() == orb.CW {
			ring.Reverse()
		}
		b.rings = append(b.rings, ring)
		total += planar.Length(ring)
	}
	size := max(pieceM, total/mostPieces)
	for _, ring := range b.rings {
		for i := 1; i < len(ring); i++ {
			b.cut(ring[i-1], ring[i], size)
		}
	}
	slices.SortFunc(b.pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.at[0], b.at[0]), cmp.Compare(a.at[1], b.at[1])) })
	return b
}

// flat is a path in metres.
func (b *border) flat(path []orb.Point) orb.Ring {
	out := make(orb.Ring, len(path))
	for i, p := range path {
		out[i][0], out[i][1] = b.plane.XY(p)
	}
	return out
}

// cut adds the pieces of an edge that has the area on its left.
func (b *border) cut(p, q orb.Point, size float64) {
	dx, dy := q[0]-p[0], q[1]-p[1]
	m := math.Hypot(dx, dy)
	if m == 0 {
		return
	}
	n := math.Ceil(m / size)
	for i := range int(n) {
		t := (float64(i) + 0.5) / n
		at := orb.Point{p[0] + t*dx, p[1] + t*dy}
		b.pieces = append(b.pieces, piece{place: b.plane.Point(at[0], at[1]), at: at, along: orb.Point{dx / m, dy / m}, out: orb.Point{dy / m, -dx / m}, lengthM: m / n})
	}
}

// meets reports whether one of rings is met in a direction from a place on one, at most so many metres off.
func meets(from, out orb.Point, rings []orb.Ring, within float64) bool {
	for _, r := range rings {
		for i := 1; i < len(r); i++ {
			if t, ok := hits(from, out, r[i-1], r[i]); ok && t > itselfM && t <= within {
				return true
			}
		}
	}
	return false
}

// hits is how far from p in a direction the edge from a to b is met; false: it is not, or lies behind.
func hits(p, out, a, b orb.Point) (t float64, ok bool) {
	ax, ay, dx, dy := a[0]-p[0], a[1]-p[1], b[0]-a[0], b[1]-a[1]
	turn := out[0]*dy - out[1]*dx
	if turn == 0 {
		return 0, false
	}
	u := (ax*out[1] - ay*out[0]) / turn
	if u < 0 || u > 1 {
		return 0, false
	}
	t = (ax*dy - ay*dx) / turn
	return t, t >= 0
}

// sky is where each side faces, degrees anticlockwise from east.
var sky = [4]float64{East: 0, South: -90, West: 180, North: 90}

// face gives pieces to the sides, and drops those that are of none: what looks back at the area, and slim strips, but where there is nothing else.
func (b *border) face() {
	b.pieces = slices.DeleteFunc(b.pieces, func(p piece) bool { return meets(p.at, p.out, b.rings, math.Inf(1)) })
	slim := func(p piece) bool { return meets(p.at, orb.Point{-p.out[0], -p.out[1]}, b.rings, slimM) }
	if slices.ContainsFunc(b.pieces, func(p piece) bool { return !slim(p) }) {
		b.pieces = slices.DeleteFunc(b.pieces, slim)
	}
	for i, middle := range sky {
		any := false
		for k := range b.pieces {
			p := &b.pieces[k]
			p.share[i] = min(1, max(0, (partly-p.off(middle))/(partly-wholly)))
			any = any || p.share[i] > 0
		}
		for k := range b.pieces {
			if p := &b.pieces[k]; !any && p.off(middle) < turned {
				p.share[i] = math.Cos(p.off(middle) * math.Pi / 180)
			}
		}
	}
}

// off is how many degrees p faces away from a direction.
func (p *piece) off(middle float64) float64 {
	return math.Abs(math.Remainder(math.Atan2(p.out[1], p.out[0])*180/math.Pi-middle, 360))
}

// along tells by name how far off each piece something runs, metres; +Inf: nowhere near.
func (b *border) along(named []Named) map[string][]float64 {
	out := map[string][]float64{}
	for _, n := range named {
		offs := out[n.Name]
		note := func(k int, m float64) {
			if offs == nil {
				offs = slices.Repeat([]float64{math.Inf(1)}, len(b.pieces))
				out[n.Name] = offs
			}
			offs[k] = min(offs[k], m)
		}
		switch s := n.Shape.(type) {
		case orb.LineString:
			b.street(s, note)
		case orb.MultiLineString:
			for _, line := range s {
				b.street(line, note)
			}
		case orb.Polygon:
			b.ground(s, note)
		case orb.MultiPolygon:
			for _, polygon := range s {
				b.ground(polygon, note)
			}
		}
	}
	delete(out, "")
	return out
}

// street notes the pieces that a line runs along.
func (b *border) street(line orb.LineString, note func(k int, m float64)) {
	least := math.Cos(parallel * math.Pi / 180)
	b.edges(line, nearM, func(p, q orb.Point, k int) {
		one := &b.pieces[k]
		dx, dy := q[0]-p[0], q[1]-p[1]
		if math.Abs(dx*one.along[0]+dy*one.along[1]) < least*math.Hypot(dx, dy) {
			return
		}
		if m := planar.DistanceFromSegment(p, q, one.at); m <= nearM {
			note(k, m)
		}
	})
}

// ground notes the pieces that a polygon lies before, or around.
func (b *border) ground(polygon orb.Polygon, note func(k int, m float64)) {
	for _, ring := range polygon {
		b.edges(ring, nearM+behindM, func(p, q orb.Point, k int) {
			one := &b.pieces[k]
			behind := orb.Point{one.at[0] - behindM*one.out[0], one.at[1] - behindM*one.out[1]}
			if t, ok := hits(behind, one.out, p, q); ok && t <= nearM+behindM {
				note(k, max(0, t-behindM))
			}
		})
	}
	box := polygon.Bound()
	for k, one := range b.pieces {
		if box.Contains(one.place) && planar.PolygonContains(polygon, one.place) {
			note(k, 0)
		}
	}
}

// edges calls each with the edges of a path, in metres, and the pieces that come within m metres of their boxes.
func (b *border) edges(path []orb.Point, m float64, each func(p, q orb.Point, k int)) {
	flat := b.flat(path)
	for i := 1; i < len(flat); i++ {
		p, q := flat[i-1], flat[i]
		if p == q {
			continue
		}
		low, high := min(p[1], q[1])-m, max(p[1], q[1])+m
		east := max(p[0], q[0]) + m
		k, _ := slices.BinarySearchFunc(b.pieces, min(p[0], q[0])-m, func(one piece, x float64) int { return cmp.Compare(one.at[0], x) })
		for ; k < len(b.pieces) && b.pieces[k].at[0] <= east; k++ {
			if y := b.pieces[k].at[1]; y >= low && y <= high {
				each(p, q, k)
			}
		}
	}
}
