package coverage

import (
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// mapPoint is a place on the map: Web Mercator (EPSG:3857), from its north-west corner east and south, in steps of the map's width divided by
// 2^mapBits, which is 0.6 mm on the equator.
type mapPoint struct{ x, y int64 }

const (
	mapBits  = 36
	mostLat  = 89.9 // degrees; the map ends at 85.05
	allZooms = 20   // from it on every vertex is drawn
)

func onMap(p orb.Point) mapPoint {
	sin := math.Sin(max(-mostLat, min(p[1], mostLat)) * math.Pi / 180)
	return mapPoint{
		int64(math.Round((p[0] + 180) / 360 * (1 << mapBits))),
		int64(math.Round((0.5 - math.Atanh(sin)/(2*math.Pi)) * (1 << mapBits))),
	}
}

// degrees is about where s is; exact to what float64 gives.
func (s mapPoint) degrees() orb.Point {
	return orb.Point{
		float64(s.x)/(1<<mapBits)*360 - 180,
		math.Asin(math.Tanh((0.5-float64(s.y)/(1<<mapBits))*2*math.Pi)) * 180 / math.Pi,
	}
}

func (s mapPoint) before(o mapPoint) bool { return s.x < o.x || s.x == o.x && s.y < o.y }

// frame is a box of places on the map; low past high where it holds none.
type frame struct{ low, high mapPoint }

var noFrame = frame{mapPoint{math.MaxInt64, math.MaxInt64}, mapPoint{math.MinInt64, math.MinInt64}}

// box is about f in degrees, a millimetre too large rather than too small.
func (f frame) box() orb.Bound {
	nw, se := f.low.degrees(), f.high.degrees()
	return widened(orb.Bound{Min: orb.Point{nw[0], se[1]}, Max: orb.Point{se[0], nw[1]}}, 2*unit)
}

func (f frame) with(s mapPoint) frame {
	return frame{mapPoint{min(f.low.x, s.x), min(f.low.y, s.y)}, mapPoint{max(f.high.x, s.x), max(f.high.y, s.y)}}
}

func (f frame) join(o frame) frame { return f.with(o.low).with(o.high) }

func (f frame) meets(o frame) bool {
	return f.low.x <= o.high.x && o.low.x <= f.high.x && f.low.y <= o.high.y && o.low.y <= f.high.y
}

// sketch is a shard made ready to be drawn: its vertices on the map, and of each from which zoom on it is drawn.
//
// Each piece of border between two nodes is simplified by itself, alike for all areas and shards beside it: nodes are where three edges or
// more meet, whoever's they are. Where a piece would sweep over a vertex that is not its own, or over a place that has to stay where it
// is, when it is straightened, it is not; so what is drawn crosses no more than what it is drawn from. That holds whatever else is
// straightened, since it is original vertices that are looked at.
type sketch struct {
	shard  *Shard
	spots  []mapPoint // of the vertices of the arcs
	levels []uint8    // of each: the zoom from which it is drawn
	arcs   []frame    // around each arc
	areas  []frame    // around each area
	back   []bool     // of each ring: run the other way around, its area lies on the left, seen with y upwards
}

// The longest distance from its border that a vertex may be left out at is 2^(slackBits+mapBits-12-zoom) steps of the map: of a tile of 4096 units,
// which is shown 512 pixels wide, four units, half a pixel.
const slackBits = 2

// levelOf is the zoom from which on a vertex is drawn that is so many steps away from the border without it.
func levelOf(distance float64) uint8 {
	if distance <= 0 {
		return allZooms
	}
	return uint8(min(max(slackBits+mapBits-12-math.Ilogb(distance), 0), allZooms))
}

// standOut is by how much a vertex counts for more than others that is the farthest of all between two nodes: an area between two pieces of
// border does not vanish as long as it is some quarter of that distance wide.
const standOut = 8

// deepest is how often a piece is divided where it is farthest from the straight line; then it is in the middle. Real borders are divided twenty times.
const deepest = 48

// boxBits: so many edges, as a power of two, are looked at one by one.
const boxBits = 4

// newSketch makes the sketch of s beside others whose boxes meet its box.
func newSketch(s *Shard, beside []*Shard) *sketch {
	n := len(s.places) + len(s.wide)
	k := &sketch{shard: s, spots: make([]mapPoint, n), levels: make([]uint8, n), arcs: make([]frame, len(s.arcs)-1),
		areas: make([]frame, s.Len()), back: make([]bool, len(s.rings)-1)}
	for i := range k.spots {
		k.spots[i] = onMap(s.at(int32(i)))
	}
	for i := range k.arcs {
		f := noFrame
		for _, at := range k.spots[s.arcs[i].first:s.arcs[i+1].first] {
			f = f.with(at)
		}
		k.arcs[i] = f
	}
	for i := range k.areas {
		f := noFrame
		for r, to := s.ringsOf(int32(i)); r < to; r++ {
			for _, a := range s.arcsOf(r) {
				f = f.join(k.arcs[max(a, ^a)])
			}
			k.back[r] = k.turn(r) > 0 == s.rings[r].hole
		}
		k.areas[i] = f
	}
	if n > 0 {
		t := sketchers.Get().(*sketcher)
		defer sketchers.Put(t)
		t.draw(k, beside)
	}
	return k
}

// turn is above 0 where ring r runs counterclockwise, seen with y upwards.
func (k *sketch) turn(r int32) float64 {
	var sum float64
	var start, was mapPoint
	first := true
	for _, a := range k.shard.arcsOf(r) {
		k.along(a, func(i int32) {
			at := k.spots[i]
			if first {
				start, was, first = at, at, false
			}
			ax, ay := float64(was.x-start.x), float64(was.y-start.y)
			bx, by := float64(at.x-start.x), float64(at.y-start.y)
			sum += ax*by - bx*ay
			was = at
		})
	}
	return sum
}

// along calls f with the vertices of arc a of a ring, as the ring runs, both ends included.
func (k *sketch) along(a int32, f func(i int32)) {
	from, to := k.shard.arcs[max(a, ^a)].first, k.shard.arcs[max(a, ^a)+1].first
	if a >= 0 {
		for i := from; i < to; i++ {
			f(i)
		}
		return
	}
	for i := to - 1; i >= from; i-- {
		f(i)
	}
}

// sketcher is what a sketch is made with; the next one is made in the same memory.
type sketcher struct {
	*sketch
	table table     // the vertices of the shard's outermost arcs
	node  []bool    // of each vertex
	path  []int32   // the piece at hand, by its vertices
	boxes [][]frame // around edges of path: see box
	boxed []frame
	turn  int32   // of ranks: pieces are counted by their lengths
	rank  []int32 // of each vertex of the shard: turn and its place in path, of the piece that it was in last

	obstacles []obstacle // by cell
	starts    []int32    // of each cell; and one past the last
	frame     frame      // of the cells
	shift     uint       // of a mapPoint to its cell
	wide      int        // cells in a row
}

// obstacle is a place that no border may sweep over.
type obstacle struct {
	mapPoint
	own int32 // the number of the vertex; -1: another shard's, or no vertex
}

var sketchers = sync.Pool{New: func() any { return &sketcher{} }}

func (t *sketcher) draw(k *sketch, beside []*Shard) {
	t.sketch = k
	defer func() { t.sketch = nil }()
	s, n := k.shard, len(k.spots)
	t.node = append(t.node[:0], make([]bool, n)...)
	t.rank, t.turn = append(t.rank[:0], make([]int32, n)...), 1
	for i := range k.levels {
		k.levels[i] = allZooms
	}
	loose := t.nodes()
	t.table.reset(2 * n)
	for i := range k.arcs {
		if a := &s.arcs[i]; a.left == none || a.right == none {
			for v := a.first; v < s.arcs[i+1].first; v++ {
				t.table.put(s.vertexAt(v), v)
			}
		}
	}
	t.obstacles = t.obstacles[:0]
	all := noFrame
	for _, f := range k.arcs {
		all = all.join(f)
	}
	for i := range k.arcs {
		end := s.arcs[i+1].first
		if loose[i] {
			end-- // its first again
		}
		for v := s.arcs[i].first; v < end; v++ {
			t.obstacles = append(t.obstacles, obstacle{k.spots[v], v})
		}
	}
	t.obstacles = appendMarks(t.obstacles, s, all)
	for _, o := range beside {
		t.meet(o)
		t.obstacles = appendMarks(t.obstacles, o, all)
	}
	t.sort(all)
	for i := range k.arcs {
		t.arc(int32(i), loose[i])
	}
}

func appendMarks(list []obstacle, s *Shard, within frame) []obstacle {
	for _, m := range s.marks {
		if at := onMap(m); within.meets(frame{at, at}) {
			list = append(list, obstacle{at, -1})
		}
	}
	return list
}

// nodes notes which vertices are nodes of the shard by itself. loose are the arcs that close where nothing else meets them.
func (t *sketcher) nodes() (loose []bool) {
	s := t.shard
	loose = make([]bool, len(t.arcs))
	t.table.reset(2 * len(t.arcs))
	ends := make([]int32, 2*len(t.arcs)) // how many arcs end at a vertex, by the first such end
	end := func(v int32, k int) { ends[t.table.put(s.vertexAt(v), int32(k))]++ }
	for i := range t.arcs {
		first, last := s.arcs[i].first, s.arcs[i+1].first-1
		end(first, 2*i)
		end(last, 2*i+1)
		t.node[first], t.node[last] = true, true
	}
	for i := range t.arcs {
		first, last := s.arcs[i].first, s.arcs[i+1].first-1
		if v := s.vertexAt(first); v == s.vertexAt(last) && ends[t.table.put(v, int32(2*i))] == 2 {
			loose[i] = true
			t.node[first], t.node[last] = false, false
		}
	}
	return loose
}

// meet notes where another shard's border leaves this one's, and what of it is an obstacle.
func (t *sketcher) meet(o *Shard) {
	s := t.shard
	box := s.box
	for i := range len(o.arcs) - 1 {
		first, end := o.arcs[i].first, o.arcs[i+1].first
		closed := o.vertexAt(first) == o.vertexAt(end-1)
		for v := first; v < end; v++ {
			p := o.at(v)
			if p[0] < box.Min[0] || p[0] > box.Max[0] || p[1] < box.Min[1] || p[1] > box.Max[1] {
				continue
			}
			at := o.vertexAt(v)
			mine, ok := t.table.get(at)
			if !ok {
				t.obstacles = append(t.obstacles, obstacle{onMap(p), -1})
				continue
			}
			if t.node[mine] {
				continue
			}
			before, after := t.beside(mine)
			leaves := func(to vertex) bool { return to != before && to != after }
			switch {
			case v > first && leaves(o.vertexAt(v-1)), v < end-1 && leaves(o.vertexAt(v+1)):
				t.markNode(mine)
			case v == first && !closed, v == end-1 && !closed: // other arcs go on from here
				t.markNode(mine)
			}
		}
	}
}

// markNode makes a vertex a node, and where a loose arc closes there, both its ends.
func (t *sketcher) markNode(v int32) {
	s := t.shard
	t.node[v] = true
	a := s.arcOf(v)
	first, last := s.arcs[a].first, s.arcs[a+1].first-1
	if (v == first || v == last) && s.vertexAt(first) == s.vertexAt(last) {
		t.node[first], t.node[last] = true, true
	}
}

// beside is the vertices before and after v, which is inside an arc, or where a loose one closes.
func (t *sketcher) beside(v int32) (before, after vertex) {
	s := t.shard
	a := s.arcOf(v)
	first, last := s.arcs[a].first, s.arcs[a+1].first-1
	b, c := v-1, v+1
	if v == first {
		b = last - 1
	}
	if v == last {
		c = first + 1
	}
	return s.vertexAt(b), s.vertexAt(c)
}

// sort puts the obstacles into cells.
func (t *sketcher) sort(all frame) {
	n := len(t.obstacles)
	side := max(all.high.x-all.low.x, all.high.y-all.low.y)
	t.frame, t.shift = all, 0
	for across := float64(side); across*across > float64(n); across /= 2 {
		t.shift++
	}
	t.wide = int((all.high.x-all.low.x)>>t.shift) + 1
	tall := int((all.high.y-all.low.y)>>t.shift) + 1
	t.starts = append(t.starts[:0], make([]int32, t.wide*tall+1)...)
	for _, o := range t.obstacles {
		t.starts[t.cell(o.mapPoint)+1]++
	}
	for i := 1; i < len(t.starts); i++ {
		t.starts[i] += t.starts[i-1]
	}
	sorted := make([]obstacle, n)
	next := slices.Clone(t.starts)
	for _, o := range t.obstacles {
		c := t.cell(o.mapPoint)
		sorted[next[c]] = o
		next[c]++
	}
	t.obstacles = sorted
}

// cell is the number of the cell of a mapPoint; what lies outside by rounding is in the outermost.
func (t *sketcher) cell(at mapPoint) int {
	at.x, at.y = min(max(at.x, t.frame.low.x), t.frame.high.x), min(max(at.y, t.frame.low.y), t.frame.high.y)
	return int((at.y-t.frame.low.y)>>t.shift)*t.wide + int((at.x-t.frame.low.x)>>t.shift)
}

// arc finds the levels of the vertices of an arc.
func (t *sketcher) arc(i int32, loose bool) {
	s := t.shard
	first, last := s.arcs[i].first, s.arcs[i+1].first-1
	start := first
	for v := first; v <= last; v++ {
		if t.node[v] {
			t.levels[v] = 0
		}
	}
	if loose { // it may begin anywhere: at its first node, or where whoever draws it begins
		start = -1
		for v := first; v < last && start < 0; v++ {
			if t.node[v] {
				start = v
			}
		}
		if start < 0 {
			start = first
			for v := first; v < last; v++ {
				if t.spots[v].before(t.spots[start]) {
					start = v
				}
			}
		}
		t.levels[start] = 0
	}
	n := last - first
	t.path = append(t.path[:0], start)
	for step := int32(1); step <= n; step++ {
		v := start + step
		if v > last || loose && v == last {
			v -= n
		}
		t.path = append(t.path, v)
		if t.node[v] || step == n {
			t.piece()
			t.path = append(t.path[:0], v)
		}
	}
	if loose {
		t.levels[last] = t.levels[first]
	}
}

// piece finds the levels of the vertices inside path, a piece of border between two nodes. Whoever draws it draws it alike: it is looked
// at from the end that lies further west, or where both are one, towards the vertex that does.
func (t *sketcher) piece() {
	p := t.path
	if len(p) < 3 {
		return
	}
	a, b := t.spots[p[0]], t.spots[p[len(p)-1]]
	if a == b {
		a, b = t.spots[p[1]], t.spots[p[len(p)-2]]
	}
	if b.before(a) {
		slices.Reverse(p)
	}
	for i, v := range p {
		t.rank[v] = t.turn + int32(i)
	}
	t.box()
	t.divide(0, len(p)-1, standOut, 0)
	t.turn += int32(len(p))
}

// divide finds the levels of the vertices between i and j of path, and returns the lowest. The one that is farthest from the straight line
// counts for as much more as is said. depth is how often it was divided before.
func (t *sketcher) divide(i, j int, more float64, depth int) uint8 {
	if j-i < 2 {
		return allZooms
	}
	a, b := t.spots[t.path[i]], t.spots[t.path[j]]
	bx, by := float64(b.x-a.x), float64(b.y-a.y)
	length := bx*bx + by*by
	far, at, middle := -1.0, i+1, (i+j)/2
	for k := i + 1; k < j; k++ {
		p := t.spots[t.path[k]]
		d := apart(float64(p.x-a.x), float64(p.y-a.y), bx, by, length)
		if d > far || d == far && max(k-middle, middle-k) < max(at-middle, middle-at) {
			far, at = d, k
		}
	}
	if depth > deepest {
		at = middle // a spiral would be divided turn by turn, in the square of the time
	}
	far = math.Sqrt(far)
	level := levelOf(far * more)
	if level > 0 && t.blocked(i, j, far) {
		level = 0
	}
	if a == b { // a loop has two halves on the same straight line
		more = standOut
	} else {
		more = 1
	}
	level = min(level, t.divide(i, at, more, depth+1), t.divide(at, j, more, depth+1))
	t.levels[t.path[at]] = level
	return level
}

// apart is the square of how far p is from the line from 0 to b, whose squared length is told.
func apart(px, py, bx, by, length float64) float64 {
	if along := px*bx + py*by; length > 0 && along > 0 {
		if along >= length {
			px, py = px-bx, py-by
		} else {
			c := px*by - py*bx
			return c * c / length
		}
	}
	return px*px + py*py
}

// blocked reports whether straightening path from i to j would sweep over an obstacle; far is how far its vertices are from the line.
func (t *sketcher) blocked(i, j int, far float64) bool {
	chain := t.path[i : j+1]
	a, b := t.spots[chain[0]], t.spots[chain[len(chain)-1]]
	f := noFrame
	for _, v := range chain {
		f = f.with(t.spots[v])
	}
	low, high := t.cell(f.low), t.cell(f.high)
	bx, by := float64(b.x-a.x), float64(b.y-a.y)
	length := bx*bx + by*by
	from, to := t.turn+int32(i), t.turn+int32(j)
	far *= far
	for row := low / t.wide; row <= high/t.wide; row++ {
		for _, o := range t.obstacles[t.starts[row*t.wide+low%t.wide]:t.starts[row*t.wide+high%t.wide+1]] {
			if o.own >= 0 && t.rank[o.own] >= from && t.rank[o.own] <= to || o.mapPoint == a || o.mapPoint == b {
				continue
			}
			if !f.meets(frame{o.mapPoint, o.mapPoint}) || apart(float64(o.x-a.x), float64(o.y-a.y), bx, by, length) > far {
				continue
			}
			if t.inside(o.mapPoint, i, j) {
				return true
			}
		}
	}
	return false
}

// inside reports whether p lies between path from i to j and the straight line between its ends, or on that line.
func (t *sketcher) inside(p mapPoint, i, j int) bool {
	in, on := passes(p, t.spots[t.path[j]], t.spots[t.path[i]])
	return on || in != t.odd(p, i, j, len(t.boxes)-1, 0)
}

// passes reports whether an edge runs east of p, from south of it to north or back, and whether p lies on it.
func passes(p, a, b mapPoint) (east, on bool) {
	ax, ay := float64(a.x-p.x), float64(a.y-p.y)
	bx, by := float64(b.x-p.x), float64(b.y-p.y)
	side := ax*by - bx*ay
	return ay > 0 != (by > 0) && side > 0 == (by > ay), side == 0 && ax*bx <= 0 && ay*by <= 0
}

// odd reports whether an odd number of the edges of path between i and j, as far as box k of a level has them, pass east of p. Boxes that lie
// beside p are not looked into: a long piece has many edges, and is asked about many places.
func (t *sketcher) odd(p mapPoint, i, j, level, k int) (odd bool) {
	from, to := k<<(level+boxBits), min((k+1)<<(level+boxBits), len(t.path)-1)
	if to <= i || from >= j {
		return false
	}
	f := &t.boxes[level][k]
	if f.high.x < p.x || f.high.y <= p.y || f.low.y > p.y {
		return false
	}
	from, to = max(from, i), min(to, j)
	switch {
	case f.low.x > p.x:
		return t.spots[t.path[from]].y > p.y != (t.spots[t.path[to]].y > p.y)
	case level > 0:
		odd = t.odd(p, i, j, level-1, 2*k)
		if 2*k+1 < len(t.boxes[level-1]) {
			odd = odd != t.odd(p, i, j, level-1, 2*k+1)
		}
	default:
		was := t.spots[t.path[from]]
		for _, v := range t.path[from+1 : to+1] {
			at := t.spots[v]
			if east, _ := passes(p, was, at); east {
				odd = !odd
			}
			was = at
		}
	}
	return odd
}

// box puts boxes around the edges of path, 2^boxBits of them each, and around each two boxes, up to one.
func (t *sketcher) box() {
	level := slices.Grow(t.boxed[:0], (len(t.path)-1)>>(boxBits-1)+64)
	t.boxes = t.boxes[:0]
	for from := 0; from < len(t.path)-1; from += 1 << boxBits {
		f := noFrame
		for _, v := range t.path[from:min(from+1<<boxBits+1, len(t.path))] {
			f = f.with(t.spots[v])
		}
		level = append(level, f)
	}
	t.boxed = level
	for {
		t.boxes = append(t.boxes, level)
		if len(level) < 2 {
			return
		}
		up := level[len(level):]
		for k := 0; k < len(level); k += 2 {
			f := level[k]
			if k+1 < len(level) {
				f = f.join(level[k+1])
			}
			up = append(up, f)
		}
		level = up
	}
}

// table finds numbers by vertex.
type table struct {
	keys   []vertex
	values []int32 // one more than what was put; 0: free
	bits   int
}

// reset empties t and makes room for n vertices.
func (t *table) reset(n int) {
	t.bits = 4
	for 1<<t.bits < 2*n {
		t.bits++
	}
	if size := 1 << t.bits; cap(t.keys) < size {
		t.keys, t.values = make([]vertex, size), make([]int32, size)
	} else {
		t.keys, t.values = t.keys[:size], t.values[:size]
		clear(t.values)
	}
}

func (t *table) slot(v vertex) uint64 {
	h := (uint64(v.x)*0x9e3779b97f4a7c15 ^ uint64(v.y)) * 0xd6e8feb86659fd93 >> (64 - t.bits)
	for t.values[h] != 0 && t.keys[h] != v {
		h = (h + 1) & (1<<t.bits - 1)
	}
	return h
}

// put notes n for v, unless another is noted, and returns what is.
func (t *table) put(v vertex, n int32) int32 {
	h := t.slot(v)
	if t.values[h] == 0 {
		t.keys[h], t.values[h] = v, n+1
	}
	return t.values[h] - 1
}

func (t *table) get(v vertex) (int32, bool) {
	n := t.values[t.slot(v)]
	return n - 1, n != 0
}
