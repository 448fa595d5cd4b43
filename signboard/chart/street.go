package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/planar"

	"wangge/signboard/paper"
)

// way is what is seen of the streets of one name and class.
type way struct {
	name  string
	class *class
	width float64
	near  bool // in the grids, or along their border
	lines []orb.LineString
}

// ways draws the streets, the large ones above the small ones: first all edges of a class, then all that is between them, so that crossings are open.
func (d *drawing) ways() {
	t, metre := d.o.Text, 1/d.plane.scale // millimetre: metres
	type drawn struct {
		class  *class
		pieces []orb.LineString
		lines  [][]paper.Point
	}
	var list []*drawn
	by := map[*class]*drawn{}
	for _, s := range d.scene.Streets {
		c := classOf(s.Class)
		if c == nil || c == &footpath && metre*t > 40 || c == &service && metre*t > 60 || c == &minor && metre*t > 150 {
			continue // a tangle at that scale
		}
		for _, l := range d.plane.lines(s.Line) {
			if c == &footpath && metre*t > 20 && !d.own(l[0]) && !d.own(l[len(l)-1]) {
				continue
			}
			if by[c] == nil {
				by[c] = &drawn{class: c}
				list = append(list, by[c])
			}
			by[c].pieces = append(by[c].pieces, l)
			if c != &footpath {
				d.squares.along(l, func(c *cell) { c.busy = 1 })
			}
		}
	}
	for _, s := range list {
		for _, l := range chain(s.pieces) {
			if p := path(smooth(l)); len(p) > 1 {
				s.lines = append(s.lines, p)
			}
		}
	}
	slices.SortFunc(list, func(a, b *drawn) int { return cmp.Compare(b.class.rank, a.class.rank) })
	stroke := func(s *drawn, c paper.Colour, w float64, dash []float64) {
		var lengths []float64
		for _, v := range dash {
			lengths = append(lengths, fine(v*t))
		}
		d.add(streetLayer, &paper.Shape{Paths: s.lines, Stroke: c, Width: fine(w), Dash: lengths})
	}
	for _, s := range list {
		if s.class.dash != nil {
			stroke(s, s.class.fill, s.class.width(d.plane.scale, t), s.class.dash)
		}
	}
	for _, s := range list {
		if s.class.dash == nil {
			stroke(s, s.class.casing, s.class.width(d.plane.scale, t)+0.12*t, nil)
		}
	}
	for _, s := range list {
		if s.class.dash == nil {
			stroke(s, s.class.fill, s.class.width(d.plane.scale, t), nil)
		}
	}
}

// named are the streets that have a name, those in the grids and along their border first, then by class and length.
func (d *drawing) named() []*way {
	var list []*way
	by := map[string]*way{}
	length := map[*way]float64{}
	seen := frame(d.plane.box).Pad(-0.5 * d.o.Text)
	for _, s := range d.scene.Streets {
		name, c := clean(s.Name), classOf(s.Class)
		if name == "" || c == nil || c == &railway {
			continue
		}
		for _, l := range d.plane.lines(s.Line) {
			for _, piece := range clip.LineString(seen, l) {
				w := by[name]
				if w == nil {
					w = &way{name: name, class: c}
					by[name] = w
					list = append(list, w)
				}
				if c.rank < w.class.rank {
					w.class = c
				}
				w.width = max(w.width, c.width(d.plane.scale, d.o.Text))
				w.lines = append(w.lines, piece)
				length[w] += planar.Length(piece)
				d.squares.along(piece, func(c *cell) {
					if c.owner >= 0 && d.regions[c.owner].of < len(d.scene.Grids) {
						w.near = true
					}
				})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *way) int {
		if a.near != b.near {
			return map[bool]int{true: -1, false: 1}[a.near]
		}
		return cmp.Or(cmp.Compare(a.class.rank, b.class.rank), cmp.Compare(length[b], length[a]), strings.Compare(a.name, b.name))
	})
	return list
}

// chain joins pieces that go on where others end, as straight ahead as they do.
func chain(pieces []orb.LineString) []orb.LineString {
	type end struct {
		piece int
		last  bool
	}
	key := func(q orb.Point) orb.Point { return orb.Point{fine(q[0]), fine(q[1])} }
	ends := map[orb.Point][]end{}
	for i, p := range pieces {
		ends[key(p[0])] = append(ends[key(p[0])], end{i, false})
		ends[key(p[len(p)-1])] = append(ends[key(p[len(p)-1])], end{i, true})
	}
	used := make([]bool, len(pieces))
	extend := func(l orb.LineString) orb.LineString {
		for {
			a, b := l[len(l)-2], l[len(l)-1]
			best, turn := end{-1, false}, math.Pi/3
			for _, e := range ends[key(b)] {
				if used[e.piece] {
					continue
				}
				p := pieces[e.piece]
				c := p[1]
				if e.last {
					c = p[len(p)-2]
				}
				if by := math.Abs(turned(direction(a, b), direction(b, c))); by < turn {
					best, turn = e, by
				}
			}
			if best.piece < 0 {
				return l
			}
			used[best.piece] = true
			next := pieces[best.piece]
			if best.last {
				next = reversed(next)
			}
			l = append(l, next[1:]...)
		}
	}
	var out []orb.LineString
	for i, p := range pieces {
		if used[i] {
			continue
		}
		used[i] = true
		l := extend(slices.Clone(p))
		out = append(out, extend(reversed(l)))
	}
	return out
}

func reversed(l orb.LineString) orb.LineString {
	l = slices.Clone(l)
	slices.Reverse(l)
	return l
}

func direction(a, b orb.Point) float64 { return math.Atan2(b[1]-a[1], b[0]-a[0]) }

// turned is by how much one has to turn from a direction to another, -π to π.
func turned(from, to float64) float64 {
	d := math.Mod(to-from, 2*math.Pi)
	switch {
	case d > math.Pi:
		d -= 2 * math.Pi
	case d <= -math.Pi:
		d += 2 * math.Pi
	}
	return d
}

// reach is a line with the distance from its beginning at each vertex.
type reach struct {
	line orb.LineString
	at   []float64
}

func newReach(l orb.LineString) reach {
	r := reach{line: l, at: make([]float64, len(l))}
	for i := 1; i < len(l); i++ {
		r.at[i] = r.at[i-1] + planar.Distance(l[i-1], l[i])
	}
	return r
}

func (r reach) length() float64 { return r.at[len(r.at)-1] }

// point is the place so far along, straight on beyond the ends, and the direction there.
func (r reach) point(s float64) (orb.Point, float64) {
	i, _ := slices.BinarySearch(r.at, s)
	i = min(max(i, 1), len(r.line)-1)
	a, b := r.line[i-1], r.line[i]
	span := r.at[i] - r.at[i-1]
	if span == 0 {
		return a, direction(a, b)
	}
	t := (s - r.at[i-1]) / span
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}, direction(a, b)
}

// bow is how far the line between two places along it is from the straight one.
func (r reach) bow(from, to float64) (bow float64) {
	a, _ := r.point(from)
	b, _ := r.point(to)
	for i, at := range r.at {
		if at > from && at < to {
			bow = max(bow, planar.DistanceFromSegment(a, b, r.line[i]))
		}
	}
	return bow
}

// bend is by how much the line turns at most within a letter's width, between two places along it.
func (r reach) bend(from, to, letter float64) (bend float64) {
	_, before := r.point(from)
	for s := from + letter; s < to+letter; s += letter {
		_, now := r.point(min(s, to))
		bend = max(bend, math.Abs(turned(before, now)))
		before = now
	}
	return bend
}

// written is a name on its street.
type written struct {
	items  []paper.Item
	spots  []spot
	middle orb.Point
}

// streetNames writes names along the streets, each once, or twice far apart.
func (d *drawing) streetNames() {
	for _, w := range d.streets {
		if d.o.Small && !w.near {
			continue
		}
		var chains []reach
		for _, l := range chain(w.lines) {
			chains = append(chains, newReach(smooth(l)))
		}
		size, ok := d.o.Text, false
		if w.class.rank <= 1 {
			size *= 1.15
		}
		var first written
		for ; !ok && size >= d.o.Least-1e-9; size = next(size, d.o.Least) {
			if first, ok = d.along(w, chains, size, nil); ok {
				d.put(first)
				break
			}
		}
		if !ok {
			continue
		}
		d.told[w.name] = true
		if second, ok := d.along(w, chains, size, &first.middle); ok {
			d.put(second)
		}
	}
}

// next is the next smaller size to try: down to least, and then below it, which ends the trying.
func next(size, least float64) float64 {
	if smaller := size * 0.88; smaller > least || size <= least+1e-9 {
		return smaller
	}
	return least
}

func (d *drawing) put(w written) {
	d.add(nameLayer, w.items...)
	d.taken.take(w.spots...)
}

// along looks for the best stretch of a street for its name; of a second one, far from the first.
func (d *drawing) along(w *way, chains []reach, size float64, first *orb.Point) (best written, ok bool) {
	bold := w.class.rank <= 1
	wide := d.m.Width(w.name, size, bold)
	far := max(0.45*max(d.plane.box.W, d.plane.box.H), 2.5*wide)
	middle := orb.Point{d.plane.box.X + d.plane.box.W/2, d.plane.box.Y + d.plane.box.H/2}
	type stretch struct {
		in         reach
		from, cost float64
	}
	var list []stretch
	for _, r := range chains {
		total := r.length()
		if total < 0.7*wide || first != nil && total < 3*wide {
			continue
		}
		step := max(0.8*size, (total-wide)/60)
		for from := min(0, (total-wide)/2); from <= max(total-wide, (total-wide)/2); from += step {
			q, _ := r.point(from + wide/2)
			if first != nil && planar.Distance(q, *first) < far {
				continue
			}
			cost := 0.3 * planar.Distance(q, middle) / (d.plane.box.W + d.plane.box.H)
			if !d.beside(q, 1.5*size+w.width) {
				cost += 0.6
			}
			cost += min(r.bow(from, from+wide)/size, 2) + max(0, wide-total)/size
			list = append(list, stretch{r, from, cost})
		}
	}
	slices.SortStableFunc(list, func(a, b stretch) int { return cmp.Compare(a.cost, b.cost) })
	// Rather off the grids' border, else across a little of it.
	least := 0.2
	for _, s := range list {
		for _, set := range d.settings(w.name, size, wide, bold, s.in, s.from) {
			if over := d.overBorder(set.spots); over < least && d.possible(set.spots...) {
				if best, ok, least = set, true, over; over == 0 {
					return best, true
				}
			}
		}
	}
	return best, ok
}

// overBorder is the share of rectangles that the border of the grids runs through, along their middle and their sides.
func (d *drawing) overBorder(spots []spot) float64 {
	n, all := 0, 0
	for _, s := range spots {
		steps := int(2*s.w/d.squares.size) + 1
		for i := range steps + 1 {
			at := 2*float64(i)/float64(steps) - 1
			for _, side := range []float64{-0.8, 0, 0.8} {
				q := orb.Point{s.middle[0] + at*s.w*s.along[0] - side*s.h*s.along[1], s.middle[1] + at*s.w*s.along[1] + side*s.h*s.along[0]}
				all++
				if c := d.squares.at(q); c != nil && c.rim {
					n++
				}
			}
		}
	}
	return float64(n) / float64(all)
}

// beside says whether a place lies in the grids or no farther from them.
func (d *drawing) beside(q orb.Point, by float64) bool {
	return d.own(q) || d.own(orb.Point{q[0] + by, q[1]}) || d.own(orb.Point{q[0] - by, q[1]}) || d.own(orb.Point{q[0], q[1] + by}) || d.own(orb.Point{q[0], q[1] - by})
}

const (
	straight = 0.22               // of the size: how far a street may be from a straight line that is set as one
	bendMost = math.Pi / 8        // from letter to letter
	turnMost = 88 * math.Pi / 180 // of a letter by itself
	steep    = 62 * math.Pi / 180
)

// settings are the ways to write a name on a stretch of street: in its middle, or where the grid's border runs there, on either side of that.
func (d *drawing) settings(name string, size, wide float64, bold bool, r reach, from float64) (list []written) {
	a, _ := r.point(from)
	b, _ := r.point(from + wide)
	turn := direction(a, b)
	letters := []rune(name)
	upright := allChinese(letters)
	isSteep := math.Abs(math.Cos(turn)) < math.Cos(steep)
	back := math.Cos(turn) < 0
	if upright && isSteep {
		back = math.Sin(turn) < 0 // from above downwards
	} else if math.Abs(math.Cos(turn)) < 1e-6 {
		back = math.Sin(turn) > 0 // read from below
	}
	if back {
		turn = turned(math.Pi, turn)
	}
	offsets := []float64{0}
	if d.onBorder(r, from, from+wide, 0.7*size) {
		by := 0.5*outerCasing*d.o.Text + 0.62*size
		offsets = []float64{by, -by}
		// Outside the grids there is more room: what is in them has numbers.
		q, along := r.point(from + wide/2)
		if d.own(aside(q, along, by)) && !d.own(aside(q, along, -by)) {
			offsets = []float64{-by, by}
		}
	}
	bow := r.bow(from, from+wide)
	for _, off := range offsets {
		w := written{middle: orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}}
		write := func(text string, q orb.Point, turn, wide float64) {
			w.items = append(w.items, &paper.Text{At: lowered(q, turn, size), Text: text, Size: fine(size), Bold: bold, Colour: streetText, Anchor: paper.Middle,
				Turn: fine(turn * 180 / math.Pi), Halo: fine(0.2 * size)})
			w.spots = append(w.spots, newSpot(q, turn, wide, 1.1*size))
		}
		if !(upright && isSteep && len(letters) > 1) && bow <= straight*size {
			write(name, aside(w.middle, direction(a, b), off), turn, wide+0.4*size)
			list = append(list, w)
			continue
		}
		// Letter by letter, a little apart, so that none covers the one before.
		apart := 0.16 * size
		long := wide + apart*float64(len(letters)-1)
		start := from + (wide-long)/2
		if len(letters) < 2 || r.bend(start, start+long, size) > bendMost {
			continue
		}
		done, fits := 0.0, true
		for i, l := range letters {
			to := d.m.Width(string(letters[:i+1]), size, bold)
			at := (done+to)/2 + apart*float64(i)
			advance := to - done
			done = to
			if l == ' ' {
				continue
			}
			if back {
				at = long - at
			}
			q, along := r.point(start + at)
			turn := along
			switch {
			case upright && isSteep:
				turn = 0
			case back:
				turn = turned(math.Pi, along)
			}
			write(string(l), aside(q, along, off), turn, advance*1.05)
			fits = fits && math.Abs(turn) <= turnMost
			if n := len(w.spots); n > 1 {
				a, b := w.spots[n-2].shrunk(0.95, 0.8), w.spots[n-1].shrunk(0.95, 0.8)
				fits = fits && !a.meets(&b)
			}
		}
		if fits {
			list = append(list, w)
		}
	}
	return list
}

// onBorder says whether the border of the grids runs along most of a stretch: on one side of it they are, on the other not.
func (d *drawing) onBorder(r reach, from, to, by float64) bool {
	const places = 8
	n := 0
	for i := range places {
		q, along := r.point(from + (to-from)*(float64(i)+0.5)/places)
		a, b := d.squares.at(aside(q, along, by)), d.squares.at(aside(q, along, -by))
		if c := d.squares.at(q); c != nil && c.rim {
			n++
			continue
		}
		if a != nil && b != nil && a.owner != b.owner && (d.ownCell(a) || d.ownCell(b)) {
			n++
		}
	}
	return n >= 2
}

func (d *drawing) ownCell(c *cell) bool {
	return c.owner >= 0 && d.regions[c.owner].of < len(d.scene.Grids)
}

// aside is the place so far to the right of one, seen in a direction.
func aside(q orb.Point, along, by float64) orb.Point {
	sin, cos := math.Sincos(along)
	return orb.Point{q[0] - by*sin, q[1] + by*cos}
}

// lowered is where the baseline is of text whose middle is at a place.
func lowered(q orb.Point, turn, size float64) paper.Point {
	at := aside(q, turn, middleOf*size)
	return paper.Point{X: fine(at[0]), Y: fine(at[1])}
}

func allChinese(letters []rune) bool {
	return !slices.ContainsFunc(letters, func(r rune) bool { return !chinese(r) })
}
