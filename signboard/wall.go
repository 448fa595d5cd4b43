package signboard

import (
	"math"
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

const (
	mapShare   = 0.605 // of a wall chart that is map, at least
	wallSquare = 62.0  // about how wide a square of its map is
	wallPeople = 150.0 // width of the column of people
)

// wall is a wall chart that is w × h: a map with squares, an index of what is on it where there is room, and the people beside it or beneath.
func (b *drawing) wall(w, h, top, bottom float64, landscape bool) {
	x, width := span(w, 0, columns)
	at := paper.Box{X: x, Y: top, W: width, H: bottom - top}
	if landscape {
		at.X, at.W = x+wallPeople+gap, width-wallPeople-gap
	} else {
		at.H -= b.panel(w, bottom) + gap
	}
	o := b.options()
	o.Text = 4 * b.scale
	o.Least, o.Squares = 0.7*o.Text, int(math.Round(at.W/wallSquare))
	people := append(b.people(true, 86, 120), b.dutiesPart(wallPeople), b.contactsPart(), b.limitsPart(), b.scanPart())
	within := false // the index is, in the column of people
	streets, buildings := chart.Places(b.Scene, b.box(at), o)
	if landscape {
		if i := b.indexed(streets, buildings, wallPeople, bottom-top-gap-stacked(people)); i.whole {
			people = slices.Insert(people, len(people)-1, part{i.height(), i.height(), i.height(), func(x paper.Box) { b.writeIndex(x, i) }})
			within = true
		}
		b.column(paper.Box{X: x, Y: top, W: wallPeople, H: bottom - top}, people...)
	}
	if within {
		streets, buildings = nil, nil
	}
	if i := b.indexed(streets, buildings, at.W, at.H-gap-mapShare*w*h/at.W); i.rows > 0 {
		high := i.height()
		at.H -= high + gap
		streets, buildings = chart.Places(b.Scene, b.box(at), o)
		if moved := b.indexed(streets, buildings, at.W, high); moved.rows > 0 { // with the map, which is lower now
			i = moved
		}
		b.writeIndex(paper.Box{X: at.X, Y: at.Y + at.H + gap, W: at.W, H: high}, i)
	}
	b.add(chart.Draw(b.Scene, b.box(at), o, b.m))
}

// stacked is how high parts are below each other.
func stacked(parts []part) float64 {
	sum := -gap
	for _, p := range parts {
		if p.h > 0 {
			sum += p.h + gap
		}
	}
	return sum
}

// panel is the people of a wall chart in three columns above bottom. It returns how high it is.
func (b *drawing) panel(w, bottom float64) float64 {
	cols := [3]paper.Box{}
	x := margin
	for i, share := range []float64{0.465, 0.225, 0.31} {
		cols[i].X, cols[i].W = x, share*(w-2*margin-2*gap)
		x += cols[i].W + gap
	}
	parts := [3][]part{b.people(false, 80, 120), {b.dutiesPart(cols[1].W), b.limitsPart()}, {b.contactsPart(), b.scanPart()}}
	high := 0.0
	for _, list := range parts {
		high = max(high, stacked(list))
	}
	high = min(high, 152)
	for i, list := range parts {
		cols[i].Y, cols[i].H = bottom-high, high
		b.column(cols[i], list...)
	}
	return high
}

func (b *drawing) limitsPart() part {
	if b.Limits.Empty() {
		return part{}
	}
	return part{h: headed + 4*8, least: headed + 4*6.5, most: headed + 4*9, draw: b.limits}
}

func (b *drawing) scanPart() part {
	if b.URL == "" {
		return part{}
	}
	return b.fixed(44, b.scan)
}

// index is what is on a wall chart's map, laid out in columns of lines.
type index struct {
	size          float64
	columns, rows int
	column        float64 // width
	cells         []indexCell
	whole         bool // nothing is left out
}

// indexCell is a piece of text on a line of an index.
type indexCell struct {
	line int // of all columns together
	x    float64
	text string
	style
}

const indexLeading = 1.32

func (i index) height() float64 { return headed + float64(i.rows)*i.size*indexLeading }

// indexed lays the index of places out that fits into a width and a height, in the largest letters; of the streets alone where the buildings are too many; of nothing where
// those are too many too.
func (b *drawing) indexed(streets, buildings []chart.Place, w, most float64) index {
	for _, list := range [][]chart.Place{buildings, nil} {
		groups := b.groups(streets, list)
		for size := 4.2; size > 3.1 && len(groups) > 0; size -= 0.2 {
			if i := b.layIndex(groups, w, size); i.height() <= most+1e-9 {
				i.whole = len(list) == len(buildings)
				return i
			}
		}
	}
	return index{}
}

// indexGroup is what an index says under one word.
type indexGroup struct {
	title string
	list  []chart.Place
}

// groups are the streets, then the numbers of each estate and street, then the names, all by how they are read in Chinese (pinyin).
func (b *drawing) groups(streets, buildings []chart.Place) (out []indexGroup) {
	c := collate.New(language.MustParse("zh-u-co-pinyin"), collate.Numeric)
	put := func(title string, list []chart.Place) {
		list = slices.Clone(list) // the caller's stays in its order
		slices.SortStableFunc(list, func(x, y chart.Place) int { return c.CompareString(x.Name, y.Name) })
		list = slices.CompactFunc(list, func(x, y chart.Place) bool { return x.Name == y.Name && slices.Equal(x.Squares, y.Squares) })
		if len(list) > 0 {
			out = append(out, indexGroup{title, list})
		}
	}
	put(wIndexStreets.in(b.Lang), streets)
	by := map[string][]chart.Place{}
	var titles []string
	for _, p := range buildings {
		if by[p.Of] == nil && p.Of != "" {
			titles = append(titles, p.Of)
		}
		by[p.Of] = append(by[p.Of], p)
	}
	c.SortStrings(titles)
	for _, t := range titles {
		put(t, by[t])
	}
	put(wIndexNames.in(b.Lang), by[""])
	return out
}

// layIndex lays groups out in columns w wide together.
func (b *drawing) layIndex(groups []indexGroup, w, size float64) index {
	const between = 8.0
	i := index{size: size, columns: max(1, int(w/(30*size)))}
	i.column = (w - between*float64(i.columns-1)) / float64(i.columns)
	name, square := style{size: size, colour: ink}, style{size: size * 0.9, bold: true, colour: deep}
	lines, heads := 0, map[int]bool{}
	for _, g := range groups {
		title := b.fit(g.title, i.column, size*leading, style{size: size, bold: true, colour: call}, size*0.8)
		cell, squares := 0.0, make([]string, len(g.list))
		for k, p := range g.list {
			squares[k] = p.Squares[0]
			if n := len(p.Squares); n > 1 {
				squares[k] += "–" + p.Squares[n-1]
			}
			cell = max(cell, b.width(p.Name, name)+size*0.4+b.width(squares[k], square))
		}
		cell = min(cell+size*1.1, i.column)
		per := max(1, int((i.column+size*1.1)/cell))
		cell = i.column / float64(per)
		i.cells = append(i.cells, indexCell{lines, 0, title.lines[0], title.style})
		heads[lines] = true
		lines++
		at := 0
		for k, p := range g.list {
			if at >= per {
				lines, at = lines+1, 0
			}
			x := float64(at) * cell
			f := b.fit(p.Name, cell-size*1.1-b.width(squares[k], square), size*leading, name, size*0.8)
			i.cells = append(i.cells, indexCell{lines, x, f.lines[0], f.style}, indexCell{lines, x + b.width(f.lines[0], f.style) + size*0.4, squares[k], square})
			at++
		}
		lines++
	}
	// A heading at the foot of a column moves to the next, with all that follows.
	moved := make([]int, lines)
	for i.rows = max(2, (lines+i.columns-1)/i.columns); ; i.rows++ {
		by := 0
		for line := range moved {
			if heads[line] && (line+by)%i.rows == i.rows-1 {
				by++
			}
			moved[line] = line + by
		}
		if lines+by <= i.rows*i.columns {
			break
		}
	}
	for k := range i.cells {
		i.cells[k].line = moved[i.cells[k].line]
	}
	return i
}

// writeIndex writes an index into a box.
func (b *drawing) writeIndex(x paper.Box, i index) {
	y := b.section(x, wMapIndex)
	each := (x.Y + x.H - y) / float64(i.rows)
	for _, c := range i.cells {
		left := x.X + float64(c.line/i.rows)*(x.W+8)/float64(i.columns)
		b.text(left+c.x, y+(float64(c.line%i.rows)+0.5)*each+c.size*middle, c.text, c.style)
	}
}
