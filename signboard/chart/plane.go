package chart

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/simplify"

	"wangge/geo/measure"
	"wangge/signboard/paper"
)

const (
	// closest is the largest scale, millimetres a metre: 1:150, for a grid that is one house.
	closest = 1000.0 / 150
	// grain is how far a line may be from where it should be, millimetres: a dot of a printer with 300 dots an inch.
	grain = 0.08
	// rim is how far lines go on beyond the frame, in text sizes, so that no end and no edge of a stroke is seen.
	rim = 1.5
)

// plane is where places lie on the sheet. Here, and in all that follows, places on the sheet are orb.Points too: millimetres to the right and down.
type plane struct {
	local measure.Local
	scale float64 // millimetres a metre
	zero  orb.Point
	box   paper.Box
	text  float64
	shown orb.Bound // the sheet's frame and its rim, millimetres
	seen  orb.Bound // the same in degrees
	known orb.Bound // what the scene reaches, millimetres: beyond it nothing is known
}

// newPlane fits the grids into the box with a margin; false: there is nothing to fit, or no room.
func newPlane(s Scene, box paper.Box, o Options) (plane, bool) {
	degrees := none()
	for _, g := range s.Grids {
		degrees = around(degrees, g.Area)
	}
	if !finite(degrees) || !(box.W > 0 && box.H > 0) {
		return plane{}, false
	}
	here := degrees
	if s.Here != nil {
		here = here.Extend(*s.Here)
	}
	p := plane{local: measure.LocalAt(degrees.Center()), box: box, text: o.Text}
	margin := min(max(4*o.Text, 0.07*max(box.W, box.H)), 0.2*min(box.W, box.H))
	if o.Small {
		margin *= 0.6
	}
	var spare orb.Point // by how much the grids can be moved from the middle
	fit := func(points func(yield func(orb.Point))) {
		metres := none()
		points(func(q orb.Point) {
			x, y := p.local.XY(q)
			metres = metres.Extend(orb.Point{x, y})
		})
		w, h := metres.Max[0]-metres.Min[0], metres.Max[1]-metres.Min[1]
		p.scale = min((box.W-2*margin)/max(w, 1e-9), (box.H-2*margin)/max(h, 1e-9), closest)
		mid := metres.Center()
		p.zero = orb.Point{box.X + box.W/2 - mid[0]*p.scale, box.Y + box.H/2 + mid[1]*p.scale}
		spare = orb.Point{max(box.W/2-margin-w/2*p.scale, 0), max(box.H/2-margin-h/2*p.scale, 0)}
	}
	grids := func(yield func(orb.Point)) {
		for _, g := range s.Grids {
			eachPoint(g.Area, yield)
		}
	}
	fit(grids)
	// Who stands outside the grid is shown too, unless the grid would become half as large.
	if s.Here != nil && finite(here) {
		q := p.at(*s.Here)
		if alone := p; !frame(box).Contains(q) || nearEdge(box, q, 3*o.Text) {
			fit(func(yield func(orb.Point)) { grids(yield); yield(*s.Here) })
			if p.scale < alone.scale/2 {
				p, spare = alone, orb.Point{}
			}
		} else if !degrees.Contains(*s.Here) { // in the margin
			spare = orb.Point{}
		}
	}
	p.aside(s.reach(), spare)
	p.shown = frame(box).Pad(rim * o.Text)
	p.seen = orb.Bound{Min: p.back(orb.Point{p.shown.Min[0], p.shown.Max[1]}), Max: p.back(orb.Point{p.shown.Max[0], p.shown.Min[1]})}
	for _, c := range []orb.Point{p.shown.Min, p.shown.Max} {
		p.seen = p.seen.Extend(p.back(c))
	}
	return p, true
}

// aside moves what is shown, by spare at most to each side, so that the box shows what reaches as far as degrees, rather than nothing.
func (p *plane) aside(degrees orb.Bound, spare orb.Point) {
	if !finite(degrees) {
		p.known = frame(p.box)
		return
	}
	p.known = orb.Bound{Min: p.at(orb.Point{degrees.Min[0], degrees.Max[1]}), Max: p.at(orb.Point{degrees.Max[0], degrees.Min[1]})}
	b := frame(p.box)
	for i := range 2 {
		before, after := p.known.Min[i]-b.Min[i], b.Max[i]-p.known.Max[i] // what is empty; negative: what is not seen
		by := 0.0
		switch {
		case before > 0 && after < before:
			by = -min(before, (before-after)/2)
		case after > 0 && before < after:
			by = min(after, (after-before)/2)
		}
		by = min(max(by, -spare[i]), spare[i])
		p.zero[i], p.known.Min[i], p.known.Max[i] = p.zero[i]+by, p.known.Min[i]+by, p.known.Max[i]+by
	}
}

// reach is the box around the ground that s holds, degrees; none where it holds none. Neighbours and buildings do not count: they may stand out where the
// streets and the land were cut off.
func (s Scene) reach() orb.Bound {
	b := none()
	if len(s.Streets)+len(s.Land) == 0 {
		return b
	}
	for _, g := range s.Grids {
		b = around(b, g.Area)
	}
	for _, w := range s.Streets {
		for _, q := range w.Line {
			b = b.Extend(q)
		}
	}
	for _, l := range s.Land {
		b = around(b, l.Area)
	}
	return b
}

func nearEdge(b paper.Box, q orb.Point, by float64) bool {
	return q[0] < b.X+by || q[0] > b.X+b.W-by || q[1] < b.Y+by || q[1] > b.Y+b.H-by
}

// at is where longitude, latitude in degrees lies on the sheet.
func (p plane) at(q orb.Point) orb.Point {
	x, y := p.local.XY(q)
	return orb.Point{p.zero[0] + x*p.scale, p.zero[1] - y*p.scale}
}

// back is the inverse of at.
func (p plane) back(q orb.Point) orb.Point {
	return p.local.Point((q[0]-p.zero[0])/p.scale, (p.zero[1]-q[1])/p.scale)
}

// thin leaves out what lies beyond one side of seen together with what comes before and after it: of a country's border remains what is seen, and what
// is seen stays exactly as it is. A ring stays closed; nil: nothing is seen.
func (p plane) thin(path []orb.Point) []orb.Point {
	all, last := 15, 0
	var out []orb.Point
	for i, q := range path {
		c := p.side(q)
		all &= c
		if i > 0 && i < len(path)-1 && last&c != 0 && last&c&p.side(path[i+1]) != 0 {
			continue
		}
		out, last = append(out, q), c
	}
	if all != 0 {
		return nil
	}
	return out
}

// side says beyond which sides of seen q lies.
func (p plane) side(q orb.Point) (sides int) {
	if q[0] < p.seen.Min[0] {
		sides |= 1
	}
	if q[0] > p.seen.Max[0] {
		sides |= 2
	}
	if q[1] < p.seen.Min[1] {
		sides |= 4
	}
	if q[1] > p.seen.Max[1] {
		sides |= 8
	}
	return sides
}

// lay lays a path on the sheet, as fine as it prints.
func (p plane) lay(path []orb.Point) orb.LineString { return smooth(p.place(path)) }

// place lays a path on the sheet, with all its vertices.
func (p plane) place(path []orb.Point) orb.LineString {
	out := make(orb.LineString, 0, len(path))
	for _, q := range path {
		if at := p.at(q); finitePoint(at) {
			out = append(out, at)
		}
	}
	return out
}

// smooth leaves out the vertices that are not seen.
func smooth(l orb.LineString) orb.LineString {
	if len(l) < 3 {
		return l
	}
	return simplify.DouglasPeucker(grain).LineString(l)
}

// area is what is seen of an area, on the sheet: rings of which a later one within another is a hole.
func (p plane) area(mp orb.MultiPolygon) (rings []orb.Ring) {
	for _, polygon := range mp {
		for i, r := range polygon {
			ring := p.cut(orb.Ring(p.lay(p.thin(r))))
			if ring == nil && i == 0 {
				break
			}
			if ring != nil {
				rings = append(rings, ring)
			}
		}
	}
	return rings
}

// cut cuts off what of a ring on the sheet lies beyond the rim; nil: nothing is left.
func (p plane) cut(r orb.Ring) orb.Ring {
	if len(r) < 4 {
		return nil
	}
	b := r.Bound()
	if !b.Intersects(p.shown) {
		return nil
	}
	if !within(b, p.shown) {
		if r = clip.Ring(p.shown, r); len(r) < 4 {
			return nil
		}
	}
	return r
}

// lines are what is seen of a line, on the sheet, with all its vertices.
func (p plane) lines(line orb.LineString) []orb.LineString { return p.visible(p.place(p.thin(line))) }

// visible are the pieces of a line on the sheet that are not beyond the rim.
func (p plane) visible(l orb.LineString) []orb.LineString {
	if len(l) < 2 {
		return nil
	}
	b := l.Bound()
	switch {
	case !b.Intersects(p.shown):
		return nil
	case within(b, p.shown):
		return []orb.LineString{l}
	}
	return clip.LineString(p.shown, l)
}

func within(b, of orb.Bound) bool { return of.Contains(b.Min) && of.Contains(b.Max) }

func frame(b paper.Box) orb.Bound {
	return orb.Bound{Min: orb.Point{b.X, b.Y}, Max: orb.Point{b.X + b.W, b.Y + b.H}}
}

func none() orb.Bound {
	return orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
}

func around(b orb.Bound, mp orb.MultiPolygon) orb.Bound {
	eachPoint(mp, func(q orb.Point) { b = b.Extend(q) })
	return b
}

func eachPoint(mp orb.MultiPolygon, do func(orb.Point)) {
	for _, polygon := range mp {
		for _, ring := range polygon {
			for _, q := range ring {
				do(q)
			}
		}
	}
}

func finite(b orb.Bound) bool { return finitePoint(b.Min) && finitePoint(b.Max) }

func finitePoint(q orb.Point) bool {
	return !math.IsInf(q[0], 0) && !math.IsInf(q[1], 0) && !math.IsNaN(q[0]) && !math.IsNaN(q[1])
}

// paths are rings as areas are written: not closed by the first place again.
func paths(rings []orb.Ring) (out [][]paper.Point) {
	for _, r := range rings {
		if p := path(r[:len(r)-1]); len(p) > 2 {
			out = append(out, p)
		}
	}
	return out
}

func path(line []orb.Point) []paper.Point {
	out := make([]paper.Point, 0, len(line))
	for _, q := range line {
		at := paper.Point{X: fine(q[0]), Y: fine(q[1])}
		if n := len(out); n == 0 || out[n-1] != at {
			out = append(out, at)
		}
	}
	return out
}
