package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/signboard/paper"
)

// ground draws the grids' colours and the land on them.
func (d *drawing) ground() {
	n := len(d.scene.Grids)
	tints := make([]int, n)
	if n > 1 {
		tints = d.tints()
	}
	byTint := make([]*paper.Shape, len(gridTints))
	for _, r := range d.regions {
		switch {
		case r.of >= n:
			// Parts of neighbours lie on each other: one shape each.
			d.add(landLayer, &paper.Shape{Paths: paths(r.rings), Closed: true, Fill: aroundFill})
		case byTint[tints[r.of]] == nil:
			byTint[tints[r.of]] = &paper.Shape{Closed: true, Fill: gridTints[tints[r.of]]}
			fallthrough
		default:
			s := byTint[tints[r.of]]
			s.Paths = append(s.Paths, paths(r.rings)...)
		}
	}
	for _, s := range byTint {
		if s != nil {
			d.add(landLayer, s)
		}
	}
	type piece struct {
		of    int
		rings []orb.Ring
		area  float64
	}
	var list []piece
	for i, l := range d.scene.Land {
		if l.Ground > Plain {
			continue
		}
		if rings := d.plane.area(l.Area); rings != nil {
			if size := rings[0].Bound(); (size.Max[0]-size.Min[0])*(size.Max[1]-size.Min[1]) > 0.5 {
				list = append(list, piece{i, rings, math.Abs(planar.Area(rings[0]))})
			}
		}
	}
	// The large below the small, and water above the park that it lies in.
	slices.SortStableFunc(list, func(a, b piece) int { return cmp.Compare(b.area, a.area) })
	for _, p := range list {
		l := d.scene.Land[p.of]
		if l.Ground != Plain {
			d.add(landLayer, &paper.Shape{Paths: paths(p.rings), Closed: true, Fill: grounds[l.Ground]})
		}
		if clean(l.Name) != "" {
			d.land = append(d.land, named{clean(l.Name), l.Ground, p.rings})
		}
	}
}

// named is a piece of land with a name.
type named struct {
	name   string
	ground Ground
	rings  []orb.Ring
}

// crowd sums up what is in the way of names.
func (d *drawing) crowd() {
	d.busy = d.squares.sum(frame(d.plane.box), func(c *cell) int32 { return int32(c.busy) })
	d.rim = d.squares.sum(frame(d.plane.box), func(c *cell) int32 {
		if c.edge {
			return 1
		}
		return 0
	})
}

// search is what room looks for in a region.
type search struct {
	own, busy sums
	cells     int32     // how many
	middle    orb.Point // of their bound
}

// cellsOf are the squares of a region that no border of the grids runs through.
func (d *drawing) cellsOf(i int) search {
	return d.cells(d.regions[i].bound, func(c *cell) bool { return int(c.owner) == i })
}

func (d *drawing) cells(b orb.Bound, which func(*cell) bool) search {
	return d.squaresOf(b, func(c *cell) bool { return !c.edge && which(c) })
}

// squaresOf are cells, also those that a border runs through.
func (d *drawing) squaresOf(b orb.Bound, which func(*cell) bool) search {
	own := d.squares.sum(b, func(c *cell) int32 {
		if which(c) {
			return 1
		}
		return 0
	})
	return search{own: own, busy: d.busy, cells: own.in(own.x, own.y, own.x+own.w, own.y+own.h),
		middle: d.squares.middle(own.x+own.w/2, own.y+own.h/2)}
}

// place looks for room for a stack in a region, near prefer or else its middle. crowd is the share of the room where something else is.
func (d *drawing) place(in search, s stack, prefer *orb.Point) (at orb.Point, crowd float64, ok bool) {
	return d.placeWhere(in, s, prefer, func(orb.Point) bool { return true })
}

// placeWhere is place where only some places are allowed.
func (d *drawing) placeWhere(in search, s stack, prefer *orb.Point, allowed func(orb.Point) bool) (at orb.Point, crowd float64, ok bool) {
	w, h := s.w+0.3*d.o.Text, s.h
	if float64(in.cells)*d.squares.size*d.squares.size < w*h {
		return at, 0, false
	}
	near, pull := in.middle, 0.3
	if prefer != nil {
		near, pull = *prefer, 0.8
	}
	return d.squares.room(in.own, in.busy, w, h, near, pull, func(q orb.Point) bool { return d.possible(d.spot(s, q, 0)) && allowed(q) })
}

// gridNames writes the numbers of the grids as large as there is room for, and their names below: in the largest part both, in the others the number.
func (d *drawing) gridNames() {
	parts := make([][]int, len(d.scene.Grids))
	spaces := map[int]search{}
	for i, r := range d.regions {
		if r.of < len(parts) {
			parts[r.of] = append(parts[r.of], i)
			spaces[i] = d.cellsOf(i)
		}
	}
	// Small grids first: they have the least choice.
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
		slices.SortStableFunc(parts[i], func(a, b int) int { return cmp.Compare(spaces[b].cells, spaces[a].cells) })
	}
	cells := func(of int) int32 {
		if len(parts[of]) == 0 {
			return 0
		}
		return spaces[parts[of][0]].cells
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cells(a), cells(b)) })
	for _, of := range order {
		g := &d.scene.Grids[of]
		var prefer *orb.Point
		if g.Label != nil {
			at := d.plane.at(*g.Label)
			prefer = &at
		}
		for k, part := range parts[of] {
			at, s, ok := d.gridName(part, spaces[part], g, prefer, k == 0)
			if ok {
				d.write(nameLayer, s, at, 0, gridText, 0.28*d.o.Text)
				d.link(spaces[part], g, at, s)
				if b := d.spot(s, at, 0).bound; len(parts) == 1 && k == 0 {
					d.title = b
				}
			}
			if k == 0 && !ok && len(parts) <= fewGrids && !d.besideGrid(part, g) {
				d.link(spaces[part], g, d.inGrid(part), stack{})
			}
			prefer = nil
		}
	}
}

// count notes how many grids have each name but for the number in it.
func (d *drawing) count() {
	d.counted = map[string]int{}
	for _, g := range d.scene.Grids {
		d.counted[withoutNumber(clean(g.Name))]++
	}
}

// withoutNumber is a name without its numerals: 滨江东第2网格 and 滨江东第3网格 are told apart by their numbers.
func withoutNumber(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || strings.ContainsRune("一二三四五六七八九十百〇零", r) {
			return -1
		}
		return r
	}, name)
}

// fewGrids is how many grids there are at most where those without room have their names beside them: among more nobody would find them.
const fewGrids = 40

// leads is how long a line from a name to its grid is at most, as a share of the shorter side of the picture: a longer one nobody follows.
const leads = 0.25

// inGrid is some place of a part of a grid, in the frame; the middle one of its squares where it has some.
func (d *drawing) inGrid(part int) orb.Point {
	var squares []orb.Point
	for y := range d.squares.h {
		for x := range d.squares.w {
			if int(d.squares.cells[y*d.squares.w+x].owner) == part {
				squares = append(squares, d.squares.middle(x, y))
			}
		}
	}
	if len(squares) > 0 {
		return squares[len(squares)/2]
	}
	return d.regions[part].rings[0][0]
}

// besideGrid writes what a grid is called beside it, with a line that leads to it: it is too narrow. false: there is no room near it.
func (d *drawing) besideGrid(part int, g *Grid) bool {
	to, longest := d.inGrid(part), leads*min(d.plane.box.W, d.plane.box.H)
	in := d.cells(frame(d.plane.box), func(c *cell) bool { return !d.ownCell(c) })
	t := d.o.Text
	number, name := clean(g.Number), clean(g.Name)
	if d.o.Small && number != "" {
		name = "" // it is on the page
	}
	var tries [][]line
	for _, lines := range d.folds(name, t, true) {
		if number != "" {
			lines = slices.Insert(lines, 0, line{number, 1.6 * t, true})
		}
		tries = append(tries, lines)
	}
	if number != "" {
		tries = append(tries, []line{{number, 1.6 * t, true}}, []line{{number, d.o.Least, true}})
	}
	for _, lines := range tries {
		s := d.stack(lines...)
		at, _, ok := d.squares.room(in.own, in.busy, s.w+0.3*t, s.h, to, 8, func(q orb.Point) bool {
			return planar.Distance(q, to) <= longest && d.possible(d.spot(s, q, 0))
		})
		if !ok {
			continue
		}
		d.add(nameLayer, &paper.Shape{Paths: [][]paper.Point{path(orb.LineString{at, to})}, Stroke: gridText, Width: fine(0.1 * t)},
			&paper.Shape{Paths: [][]paper.Point{circle(to, 0.22*t)}, Closed: true, Fill: gridText})
		d.write(nameLayer, s, at, 0, gridText, 0.28*t)
		d.link(search{}, g, at, s)
		return true
	}
	return false
}

// gridName is what finds room in a part of a grid, and where: as large as goes without covering a building, at least the number; where there is no such
// room, the number where it covers the least.
func (d *drawing) gridName(i int, in search, g *Grid, prefer *orb.Point, whole bool) (orb.Point, stack, bool) {
	number, name := clean(g.Number), clean(g.Name)
	if number == "" {
		number, name = name, ""
	}
	if number == "" {
		return orb.Point{}, stack{}, false
	}
	if !whole || name == number || d.o.Small && d.counted[withoutNumber(name)] > 1 {
		name = ""
	}
	t, area := d.o.Text, float64(in.cells)*d.squares.size*d.squares.size
	most, sizes, share := 0.12, []float64{3.2, 2.5, 2, 1.6, 1.3, 1, 0}, 0.42
	many := len(d.scene.Grids) > 1
	if many { // grids side by side are read together: about alike in size, whatever their room
		most, sizes, share = 0.45, sizes[3:], 0.55
	}
	// tries are the ways to write it in a size: name below the number, then beside it, then the number alone.
	tries := func(size float64, alone bool) (list []stack) {
		if clean(g.Number) == "" { // a name may be long
			for _, lines := range d.folds(number, size, true) {
				list = append(list, d.stack(lines...))
			}
			return list
		}
		if small := min(max(share*size, t), size); name != "" {
			for _, below := range d.folds(name, small, true) {
				if d.o.Small && len(below) > 2 { // the number larger rather than a column of words
					continue
				}
				list = append(list, d.stack(append([]line{{number, size, true}}, below...)...))
			}
			if size <= 2*t && !many {
				list = append(list, d.stack(line{number + " " + name, small, true}))
			}
		}
		if name == "" || alone {
			list = append(list, d.stack(line{number, size, true}))
		}
		return list
	}
	type pass struct {
		in    search
		crowd float64
		alone bool
	}
	passes := []pass{{in, 1, false}, {in, 1, true}} // of many the names come before houses
	// On a small screen rather on a little of its border than beside it.
	if d.o.Small {
		passes = append(passes, pass{d.squaresOf(d.regions[i].bound, func(c *cell) bool { return int(c.owner) == i }), 1, true})
	}
	if !many && len(d.buildings)+len(d.scene.Streets) > 0 {
		free := d.cells(d.regions[i].bound, func(c *cell) bool { return int(c.owner) == i && !c.built })
		passes = []pass{{free, 0.2, false}, {free, 0.6, true}, {in, 1, true}}
	}
	for _, pass := range passes {
		for _, by := range sizes {
			if many && pass.alone && by > 1.3 { // about as large as those with names
				continue
			}
			for _, s := range tries(max(by*t, d.o.Least), pass.alone && by <= 2.5) {
				if by > 1 && s.w*s.h > most*area {
					continue
				}
				s.air = min(0.8*t, 0.3*t+0.5*by*t) // even the least number finds room
				if at, crowd, ok := d.place(pass.in, s, prefer); ok && crowd <= pass.crowd {
					return at, s, true
				}
			}
		}
	}
	return orb.Point{}, stack{}, false
}

// neighbourNames writes the names of the neighbours on what is seen of them, and links them.
func (d *drawing) neighbourNames() {
	type part struct {
		i  int
		in search
	}
	first, last := len(d.scene.Grids), len(d.scene.Grids)+len(d.scene.Neighbours)
	parts := map[int]part{}
	for i, r := range d.regions {
		if r.of < first || r.of >= last {
			continue
		}
		if in := d.cellsOf(i); in.cells > parts[r.of].in.cells {
			parts[r.of] = part{i, in}
		}
	}
	for of := first; of < last; of++ {
		p, ok := parts[of]
		if !ok {
			continue
		}
		g := &d.scene.Neighbours[of-first]
		s, at, ok := d.caption(p.in, clean(g.Number), clean(g.Name), 1.15*d.o.Text)
		if ok {
			d.write(nameLayer, s, at, 0, neighbourText, 0.25*d.o.Text)
		} else {
			// Its link stands where a square has the most room.
			at, _, ok = d.squares.room(p.in.own, sums{}, 0.5*d.o.Text, 0.5*d.o.Text, p.in.middle, 0.1, func(orb.Point) bool { return true })
		}
		if ok {
			d.link(p.in, g, at, s)
		}
	}
}

// caption is what of a number and a name finds room in a region.
func (d *drawing) caption(in search, number, name string, size float64) (stack, orb.Point, bool) {
	if number == name {
		number = ""
	}
	for _, plain := range []bool{false, true} {
		for size := size; size >= d.o.Least-1e-9; size = next(size, d.o.Least) {
			tries := [][]line{nil}
			if !plain {
				tries = d.folds(name, size, false)
			}
			for _, lines := range tries {
				if number != "" {
					lines = slices.Insert(lines, 0, line{number, size, true})
				}
				if len(lines) == 0 {
					continue
				}
				s := d.stack(lines...)
				if at, _, ok := d.place(in, s, nil); ok {
					return s, at, true
				}
			}
		}
	}
	return stack{}, orb.Point{}, false
}

// link lets a grid be tapped around its name, as far as a rectangle reaches in it.
func (d *drawing) link(in search, g *Grid, at orb.Point, s stack) {
	if !d.o.Links || g.URL == "" {
		return
	}
	b := d.plane.box
	box := newSpot(at, 0, s.w, s.h).bound
	if in.cells > 0 {
		box = d.squares.grow(in.own, box)
	}
	box = orb.Bound{Min: orb.Point{max(box.Min[0], b.X), max(box.Min[1], b.Y)}, Max: orb.Point{min(box.Max[0], b.X+b.W), min(box.Max[1], b.Y+b.H)}}
	mid := box.Center()
	w, h := min(max(box.Max[0]-box.Min[0], d.o.Tap), b.W), min(max(box.Max[1]-box.Min[1], d.o.Tap), b.H)
	x := min(max(mid[0]-w/2, b.X), b.X+b.W-w)
	y := min(max(mid[1]-h/2, b.Y), b.Y+b.H-h)
	label := clean(g.Name)
	if n := clean(g.Number); n != "" && !strings.Contains(label, n) {
		label = strings.TrimSpace(n + " " + label)
	}
	d.links = append(d.links, &paper.Link{Box: paper.Box{X: fine(x), Y: fine(y), W: fine(w), H: fine(h)}, URL: g.URL, Label: label})
}

// landNames writes the names of waters and parks where they have room in them, each once.
func (d *drawing) landNames() {
	done := map[string]bool{}
	for _, l := range d.land {
		if done[l.name] {
			continue
		}
		bound := none()
		for _, r := range l.rings {
			bound = bound.Union(r.Bound())
		}
		if size := d.o.Least; (bound.Max[0]-bound.Min[0])*(bound.Max[1]-bound.Min[1]) < size*d.m.Width(l.name, size, false) && len([]rune(l.name)) < 20 {
			continue // no room, however it is broken
		}
		d.squares.fill(l.rings, func(c *cell) { c.land = true })
		// On one side of the grids' border.
		for _, own := range []bool{true, false} {
			in := d.cells(bound, func(c *cell) bool { return c.land && d.ownCell(c) == own })
			s, at, ok := d.caption(in, "", l.name, d.o.Text)
			if !ok {
				continue
			}
			c := greenText
			switch l.ground {
			case Water:
				c = waterText
			case Paved, Plain:
				c = houseText
			}
			s.air = 0.9 * d.o.Text
			d.write(nameLayer, s, at, 0, c, 0.2*d.o.Text)
			done[l.name] = true
			break
		}
		d.squares.fill(l.rings, func(c *cell) { c.land = false })
	}
}
