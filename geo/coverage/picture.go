package coverage

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Tile is a square of the map (Web Mercator, EPSG:3857): of 2^Zoom by 2^Zoom, the one in column X from the west and row Y from the north. Zoom is at most 22.
type Tile struct{ Zoom, X, Y uint32 }

// Extent is how many units a tile is wide and high, and Buffer how many more are drawn on each side.
const (
	Extent = 4096
	Buffer = 64
)

// Pixel is a place on a tile in units from its north-west corner, east and south.
type Pixel struct{ X, Y int32 }

// Pixel is where a point (longitude and latitude in degrees) is on t, to the nearest unit; false: on another tile.
func (t Tile) Pixel(p orb.Point) (Pixel, bool) {
	v := viewOf(t)
	at := v.pixel(onMap(p))
	return at, at.X >= 0 && at.Y >= 0 && at.X < Extent && at.Y < Extent
}

// Seen is where a point is on t or in its buffer, as Pixel tells it; false: elsewhere.
func (t Tile) Seen(p orb.Point) (Pixel, bool) {
	at := viewOf(t).pixel(onMap(p))
	return at, at.seen()
}

// Box is about the box of t with its buffer, in degrees: a millimetre too large rather than too small.
func (t Tile) Box() orb.Bound { return t.box(sight) }

// box is that of t and so many units around it.
func (t Tile) box(margin int64) orb.Bound { return viewOf(t).frame(margin).box() }

// Areas calls each with the areas of c whose boxes meet a tile, without its buffer, in the order of shard and area.
func (c *Coverage) Areas(t Tile, each func(Ref)) { c.Meeting(t.box(1), each) }

// Meeting calls each with the areas of c whose boxes meet a box, degrees, in the order of shard and area.
func (c *Coverage) Meeting(box orb.Bound, each func(Ref)) {
	for _, i := range c.near(box, nil) {
		for n, b := range c.shards[i].boxes {
			if b != nowhere && meets(b, box) {
				each(Ref{i, int32(n)})
			}
		}
	}
}

// Draw calls each with the areas of c that are seen on a tile, as they are drawn there, in the order of shard and area, with their rings: of
// each polygon the outer one, whose surveyor's area is above 0 (clockwise as it is seen), and the holes in it. Rings are good until each
// returns. They have no last vertex that is the first again.
//
// Vertices are left out that change no border by more than half a pixel of a tile shown 512 pixels wide at zoom detail, which is at most
// the tile's own as a rule. What is left is rounded to the tile's units. Neighbours do not part: a border is drawn once for both, where
// vertices and other borders come to lie in one unit they are made to meet in it (snap rounding), and areas that have become narrower
// than that fall together. So every edge inside the tile is that of the neighbour in reverse, unless nobody is there; rings cross neither
// each other nor themselves, and all areas together cover what they covered. Only vertices in sight make a unit such a one: two borders
// that come through it from beyond to beyond, less than a unit apart, may still change sides, by less than a unit.
func (c *Coverage) Draw(t Tile, detail uint32, each func(r Ref, rings [][]Pixel)) {
	p := lay(c, t, detail)
	defer p.done()
	mark := int32(0)
	for _, a := range p.order {
		mark++
		p.assemble(a, mark)
		if len(p.rings) > 0 {
			each(Ref{p.shards[a.sketch], a.number}, settled(p.rings))
		}
	}
}

// DrawShards is Draw for whole shards, each as one area: borders between its areas are not drawn. each is told how many of its areas may be seen.
func (c *Coverage) DrawShards(t Tile, detail uint32, each func(shard int32, areas int, rings [][]Pixel)) {
	p := lay(c, t, detail)
	defer p.done()
	for from := 0; from < len(p.order); {
		to := from
		p.rings, p.store = p.rings[:0], p.store[:0]
		for ; to < len(p.order) && p.order[to].sketch == p.order[from].sketch; to++ {
			p.trace(p.order[to], 1)
		}
		p.rings = p.mender.mend(p.rings)
		if len(p.rings) > 0 {
			each(p.shards[p.order[from].sketch], to-from, settled(p.rings))
		}
		from = to
	}
}

// view is how a tile looks at the map.
type view struct {
	origin mapPoint // its north-west corner
	shift  uint     // of spots to units
}

func viewOf(t Tile) view {
	shift := mapBits - 12 - uint(t.Zoom)
	return view{mapPoint{int64(t.X) * Extent << shift, int64(t.Y) * Extent << shift}, shift}
}

// pixel is the unit that a mapPoint lies in.
func (v view) pixel(s mapPoint) Pixel {
	return Pixel{v.unit(s.x - v.origin.x), v.unit(s.y - v.origin.y)}
}

// remote is farther away than any border is seen from.
const remote = 1 << 30

func (v view) unit(d int64) int32 {
	return int32(max(-remote, min((d+1<<(v.shift-1))>>v.shift, remote)))
}

// sight is how many units around a tile are looked at: its buffer, and what is rounded.
const sight = Buffer + 1

// frame is what the tile sees with so many units around it.
func (v view) frame(margin int64) frame {
	return frame{
		mapPoint{v.origin.x - margin<<v.shift, v.origin.y - margin<<v.shift},
		mapPoint{v.origin.x + (Extent+margin)<<v.shift, v.origin.y + (Extent+margin)<<v.shift},
	}
}

const (
	lowest  = -Buffer
	highest = Extent + Buffer
)

func (p Pixel) seen() bool {
	return p.X >= lowest && p.Y >= lowest && p.X <= highest && p.Y <= highest
}

// step is a vertex of a border as it is drawn.
type step struct {
	Pixel
	hot int32 // its number among the hot pixels; -1: it is not seen
}

// line is a border as it is drawn: steps[from:to].
type line struct{ from, to int32 }

// painter is what a tile is drawn with; the next one is drawn with the same.
type painter struct {
	view
	sketches []*sketch
	shards   []int32
	bases    []int32 // of each sketch: where its arcs are in lines
	lines    []line  // of the arcs of all sketches; to is 0 where it is not drawn yet
	order    []area
	xs, ys   []float64 // the vertices of the borders that come into sight, in units
	pixels   []step    // the same, rounded
	pieces   []sighted
	steps    []step

	// Hot pixels are those that vertices lie in.
	hot    []Pixel
	nexts  []int32 // the next one of its cell; -1: none
	cells  []int32 // the first one of each cell; -1: none
	marked []int32 // of each hot pixel: the last area that came through it
	bits   uint    // of a unit to its cell
	wide   int32   // cells in a row

	passed []passing
	rings  [][]Pixel
	store  []Pixel
	mender mender
}

type area struct{ sketch, number int32 }

// sighted is the vertices of an arc that are drawn: pixels[from:to].
type sighted struct{ arc, from, to int32 }

type passing struct {
	along float64
	step
}

var painters = sync.Pool{New: func() any { return &painter{} }}

// lay returns a painter that knows the areas that may be seen on a tile, and has drawn their borders. It is to be told when it is done with.
func lay(c *Coverage, t Tile, detail uint32) *painter {
	p := painters.Get().(*painter)
	p.view = viewOf(t)
	if p.find(c) {
		p.gather(uint8(min(detail, allZooms)))
		p.snap()
	}
	return p
}

// done keeps p for the next tile, without the sketches, which it must not keep from being let go.
func (p *painter) done() {
	clear(p.sketches)
	painters.Put(p)
}

// find finds the areas that may be seen, and the borders they have.
func (p *painter) find(c *Coverage) bool {
	seen := p.frame(sight)
	p.sketches, p.bases, p.order, p.lines = p.sketches[:0], p.bases[:0], p.order[:0], p.lines[:0]
	p.shards = c.index.near(c.shards, seen.box(), p.shards[:0])
	c.prepare(p.shards)
	for _, i := range p.shards {
		k := c.sketch(i)
		for n, f := range k.areas {
			if f.meets(seen) {
				p.order = append(p.order, area{int32(len(p.sketches)), int32(n)})
			}
		}
		p.sketches, p.bases = append(p.sketches, k), append(p.bases, int32(len(p.lines)))
		p.lines = append(p.lines, make([]line, len(k.arcs))...)
	}
	return len(p.order) > 0
}

// gather collects the borders' vertices. A border that is not seen is as good as the straight line between its ends.
func (p *painter) gather(detail uint8) {
	seen := p.frame(sight)
	p.xs, p.ys, p.pixels, p.pieces, p.steps = p.xs[:0], p.ys[:0], p.pixels[:0], p.pieces[:0], p.steps[:0]
	scale := 1 / float64(int64(1)<<p.shift)
	for at, k := range p.sketches {
		for i := range k.arcs {
			if !k.arcs[i].meets(seen) {
				continue
			}
			from := int32(len(p.pixels))
			add := func(v int32) {
				s := k.spots[v]
				// Half a step of the map keeps vertices off the lines between units.
				x, y := (float64(s.x-p.origin.x)+0.5)*scale, (float64(s.y-p.origin.y)+0.5)*scale
				if n := len(p.xs); n > int(from) {
					p.leave(p.xs[n-1], p.ys[n-1], x, y)
				}
				p.xs, p.ys, p.pixels = append(p.xs, x), append(p.ys, y), append(p.pixels, step{p.pixel(s), -1})
			}
			first := k.shard.arcs[i].first
			start := first
			for v := first; v < k.shard.arcs[i+1].first; v++ {
				if k.levels[v] <= detail {
					if len(p.pixels) == int(from) {
						start = v
					}
					add(v)
				}
			}
			if len(p.pixels) > int(from) && k.levels[first] > detail { // it closes elsewhere
				add(start)
			}
			p.pieces = append(p.pieces, sighted{p.bases[at] + int32(i), from, int32(len(p.pixels))})
		}
	}
	// Cells are so large that each has a few vertices.
	p.bits = 8
	for p.bits > 4 && (highest-lowest)>>p.bits*((highest-lowest)>>p.bits) < len(p.pixels) {
		p.bits--
	}
	p.wide = (highest-lowest)>>p.bits + 1
	p.cells = slices.Grow(p.cells[:0], int(p.wide*p.wide))[:p.wide*p.wide]
	for i := range p.cells {
		p.cells[i] = -1
	}
	p.hot, p.nexts, p.marked = p.hot[:0], p.nexts[:0], p.marked[:0]
	for i := range p.pixels {
		if s := &p.pixels[i]; s.seen() {
			s.hot = p.heat(s.Pixel)
		}
	}
}

// leave appends where the straight line between two vertices comes to the edges of sight: hot pixels like vertices. Lines that are bent at those in
// sight only would otherwise cross on their way to what is out of it.
func (p *painter) leave(ax, ay, bx, by float64) {
	turned := bx < ax || bx == ax && by < ay
	if turned { // the same from both ends
		ax, ay, bx, by = bx, by, ax, ay
	}
	var met [4]struct{ along, x, y float64 }
	n := 0
	for _, side := range [2]float64{lowest, highest} {
		if ax < side != (bx < side) {
			t := (side - ax) / (bx - ax)
			met[n].along, met[n].x, met[n].y = t, side, ay+t*(by-ay)
			n++
		}
		if ay < side != (by < side) {
			t := (side - ay) / (by - ay)
			met[n].along, met[n].x, met[n].y = t, ax+t*(bx-ax), side
			n++
		}
	}
	if n > 1 {
		slices.SortFunc(met[:n], func(a, b struct{ along, x, y float64 }) int { return cmp.Compare(a.along, b.along) })
	}
	if turned {
		slices.Reverse(met[:n])
	}
	for _, m := range met[:n] {
		p.xs, p.ys = append(p.xs, m.x), append(p.ys, m.y)
		p.pixels = append(p.pixels, step{Pixel{nearest(m.x), nearest(m.y)}, -1})
	}
}

// nearest is the unit that a coordinate lies in.
func nearest(x float64) int32 { return int32(max(-remote, min(math.Floor(x+0.5), remote))) }

// heat is the number of a pixel that is seen among the hot ones.
func (p *painter) heat(at Pixel) int32 {
	cell := &p.cells[(at.Y-lowest)>>p.bits*p.wide+(at.X-lowest)>>p.bits]
	for n := *cell; n >= 0; n = p.nexts[n] {
		if p.hot[n] == at {
			return n
		}
	}
	n := int32(len(p.hot))
	p.hot, p.nexts, p.marked = append(p.hot, at), append(p.nexts, *cell), append(p.marked, 0)
	*cell = n
	return n
}

// snap draws the borders: from the middle of a hot pixel to that of the next one that they come through.
func (p *painter) snap() {
	for _, b := range p.pieces {
		from := int32(len(p.steps))
		for i := b.from; i < b.to; i++ {
			if i > b.from {
				p.pass(i-1, i)
			}
			if s := p.pixels[i]; len(p.steps) == int(from) || p.steps[len(p.steps)-1].Pixel != s.Pixel {
				p.steps = append(p.steps, s)
			}
		}
		p.lines[b.arc] = line{from, int32(len(p.steps))}
	}
}

// pass appends the hot pixels between two vertices that the straight line between them comes through, in order.
func (p *painter) pass(i, j int32) {
	ax, ay, bx, by := p.xs[i], p.ys[i], p.xs[j], p.ys[j]
	if max(ax, bx) < lowest-1 || max(ay, by) < lowest-1 || min(ax, bx) > highest+1 || min(ay, by) > highest+1 || p.pixels[i].Pixel == p.pixels[j].Pixel {
		return
	}
	dx, dy := bx-ax, by-ay
	reach := (math.Abs(dx) + math.Abs(dy)) / 2
	west, east := p.cellOf(min(ax, bx)-0.5), p.cellOf(max(ax, bx)+0.5)
	north, south := p.cellOf(min(ay, by)-0.5), p.cellOf(max(ay, by)+0.5)
	p.passed = p.passed[:0]
	for row := north; row <= south; row++ {
		first, last := west, east
		if north != south && east-west > 1 {
			// Of this row only the cells that the line comes near to.
			top, low := float64(lowest+row<<p.bits)-1, float64(lowest+(row+1)<<p.bits)+1
			x, y := ax+dx*(top-ay)/dy, ax+dx*(low-ay)/dy
			first, last = max(first, p.cellOf(min(x, y)-1)), min(last, p.cellOf(max(x, y)+1))
		}
		for _, n := range p.cells[row*p.wide+first : row*p.wide+max(last+1, first)] {
			for ; n >= 0; n = p.nexts[n] {
				h := p.hot[n]
				x, y := float64(h.X), float64(h.Y)
				if x+0.5 <= min(ax, bx) || x-0.5 >= max(ax, bx) || y+0.5 <= min(ay, by) || y-0.5 >= max(ay, by) ||
					math.Abs(dx*(y-ay)-dy*(x-ax)) >= reach || n == p.pixels[i].hot || n == p.pixels[j].hot {
					continue
				}
				p.passed = append(p.passed, passing{dx*(x-ax) + dy*(y-ay), step{h, n}})
			}
		}
	}
	if len(p.passed) > 1 {
		slices.SortFunc(p.passed, func(a, b passing) int { return cmp.Compare(a.along, b.along) })
	}
	for _, s := range p.passed {
		p.steps = append(p.steps, s.step)
	}
}

// cellOf is the column or row of cells that a coordinate lies in, or the nearest one.
func (p *painter) cellOf(x float64) int32 {
	return int32(math.Floor(max(lowest, min(x, highest)))-lowest) >> p.bits
}

// assemble makes the rings of an area, as they are drawn, in p.rings.
func (p *painter) assemble(a area, mark int32) {
	p.rings, p.store = p.rings[:0], p.store[:0]
	if p.trace(a, mark) {
		p.rings = p.mender.mend(p.rings)
	}
}

// trace appends the rings of an area. mend: they are not good yet.
func (p *painter) trace(a area, mark int32) (mend bool) {
	k := p.sketches[a.sketch]
	for r, to := k.shard.ringsOf(a.number); r < to; r++ {
		from := len(p.store)
		again, out := p.traceRing(k, p.bases[a.sketch], r, mark)
		if len(p.store)-from < 3 {
			p.store = p.store[:from]
			mend = mend || again
			continue
		}
		mend = mend || again || out
		if k.back[r] {
			slices.Reverse(p.store[from:])
		}
		p.rings = append(p.rings, p.store[from:len(p.store):len(p.store)])
	}
	return mend
}

// traceRing appends the pixels of ring r to the store. again: it comes through one of them twice, or through one where the area was before. out: some are not seen.
func (p *painter) traceRing(k *sketch, base, r, mark int32) (again, out bool) {
	from := len(p.store)
	add := func(s step) {
		p.store = append(p.store, s.Pixel)
		if s.hot < 0 {
			out = true
		} else if p.marked[s.hot] == mark {
			again = true
		} else {
			p.marked[s.hot] = mark
		}
	}
	arcs := k.shard.arcsOf(r)
	for j, a := range arcs {
		n := max(a, ^a)
		l := p.lines[base+n]
		if l.to == 0 { // not seen
			first, last := k.shard.arcs[n].first, k.shard.arcs[n+1].first-1
			from := int32(len(p.steps))
			p.steps = append(p.steps, step{p.pixel(k.spots[first]), -1}, step{p.pixel(k.spots[last]), -1})
			l = line{from, int32(len(p.steps))}
			p.lines[base+n] = l
		}
		steps := p.steps[l.from:l.to]
		for i := range steps {
			at := steps[i]
			if a < 0 {
				at = steps[len(steps)-1-i]
			}
			if k := len(p.store); i == 0 && k > from && p.store[k-1] == at.Pixel || i == len(steps)-1 && k > from && p.store[from] == at.Pixel && j == len(arcs)-1 {
				continue // where arcs meet, and where the ring closes
			}
			add(at)
		}
	}
	if n := len(p.store); n-from > 1 && p.store[n-1] == p.store[from] {
		p.store = p.store[:n-1]
	}
	return again, out
}

// settled has each ring begin at its first vertex from west to east, or of several from north to south, and polygons and their holes follow each
// other likewise: an area is drawn the same wherever its rings begin in the data, which may become another place though its border stays.
func settled(rings [][]Pixel) [][]Pixel {
	for _, ring := range rings {
		begin := 0
		for i := range ring {
			if comparePixels(ring[i], ring[begin]) < 0 {
				begin = i
			}
		}
		if begin > 0 {
			rotate(ring, begin)
		}
	}
	byStart := func(a, b []Pixel) int { return slices.CompareFunc(a, b, comparePixels) }
	var polygons [][][]Pixel
	for from := 0; len(rings) > 1 && from < len(rings); {
		to := from + 1
		for to < len(rings) && twiceArea(rings[to]) < 0 {
			to++
		}
		slices.SortFunc(rings[from+1:to], byStart)
		polygons = append(polygons, rings[from:to])
		from = to
	}
	if len(polygons) > 1 {
		slices.SortFunc(polygons, func(a, b [][]Pixel) int { return byStart(a[0], b[0]) })
		copy(rings, slices.Concat(polygons...))
	}
	return rings
}

// lazySketch is a sketch that is made when it is first asked for.
type lazySketch struct {
	once sync.Once
	made atomic.Pointer[sketch]
}

// prepare makes the sketches of shards on all cores, where they are not made yet.
func (c *Coverage) prepare(shards []int32) {
	var missing []int32
	for _, i := range shards {
		if lazy := c.sketches[i].Load(); lazy == nil || lazy.made.Load() == nil {
			missing = append(missing, i)
		}
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range cores(len(missing)) {
		all.Go(func() {
			for n := int(next.Add(1)); n <= len(missing); n = int(next.Add(1)) {
				c.sketch(missing[n-1])
			}
		})
	}
	all.Wait()
}

// sketch is that of shard i, which holds something.
func (c *Coverage) sketch(i int32) *sketch {
	at := &c.sketches[i]
	lazy := at.Load()
	if lazy == nil {
		at.CompareAndSwap(nil, &lazySketch{})
		lazy = at.Load()
	}
	lazy.once.Do(func() {
		var beside []*Shard
		for _, n := range c.near(c.shards[i].box, nil) {
			if n != i {
				beside = append(beside, c.shards[n])
			}
		}
		lazy.made.Store(newSketch(c.shards[i], beside))
	})
	return lazy.made.Load()
}

// sketchesWith is c's sketches, for other shards in some places: those of shards that are the same, and have the same beside them.
func (c *Coverage) sketchesWith(are []*Shard, changed map[int]*Shard) []atomic.Pointer[lazySketch] {
	next := make([]atomic.Pointer[lazySketch], len(are))
	for i := range c.sketches {
		if lazy := c.sketches[i].Load(); lazy != nil && are[i] == c.shards[i] && !c.besideAny(i, changed) {
			next[i].Store(lazy)
		}
	}
	return next
}

// besideAny reports whether shard i lies beside one of those that change, as it is or will be.
func (c *Coverage) besideAny(i int, changed map[int]*Shard) bool {
	box := c.shards[i].bound()
	for n, s := range changed {
		if meets(box, s.bound()) || meets(box, at(c.shards, n).bound()) {
			return true
		}
	}
	return false
}
