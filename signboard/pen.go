package signboard

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/signboard/paper"
)

// Measurer knows the font that sheets are written in; paper.Fonts is one. Sizes and widths are millimetres.
type Measurer interface {
	paper.Measurer
	// Missing are the characters of text that the font has not, each once. They are drawn as 〓, the sign of printers for what is to be set by hand.
	Missing(text string) []rune
}

// The colours of all sheets. Every text on its ground has a contrast of at least 4.5.
var (
	white   = paper.Colour{R: 255, G: 255, B: 255, A: 255}
	ink     = paper.Colour{R: 0x1b, G: 0x26, B: 0x2f, A: 255}
	soft    = paper.Colour{R: 0x55, G: 0x65, B: 0x70, A: 255} // secondary text
	deep    = paper.Colour{R: 0x0d, G: 0x4a, B: 0x5f, A: 255} // bands, headings
	onDeep  = paper.Colour{R: 0xd3, G: 0xe6, B: 0xeb, A: 255} // secondary text on deep
	tint    = paper.Colour{R: 0xed, G: 0xf4, B: 0xf5, A: 255} // panels
	tinted  = paper.Colour{R: 0xd2, G: 0xe3, B: 0xe7, A: 255} // what stands on panels
	rule    = paper.Colour{R: 0xc3, G: 0xd3, B: 0xd8, A: 255}
	call    = paper.Colour{R: 0xa8, G: 0x2a, B: 0x1e, A: 255} // phone numbers that matter most
	paleRed = paper.Colour{R: 0xfb, G: 0xee, B: 0xeb, A: 255}
)

// style is how a line is written. Sizes are millimetres of the design.
type style struct {
	size   float64
	bold   bool
	colour paper.Colour
	anchor paper.Anchor
}

// leading is the distance of lines by the size of the font.
const leading = 1.36

// pen draws in millimetres of a design, which the sheet is larger than by scale.
type pen struct {
	m     Measurer
	scale float64
	items []paper.Item
}

func (p *pen) box(b paper.Box) paper.Box {
	return paper.Box{X: b.X * p.scale, Y: b.Y * p.scale, W: b.W * p.scale, H: b.H * p.scale}
}

func (p *pen) add(items ...paper.Item) { p.items = append(p.items, items...) }

// rect fills a rectangle with round corners.
func (p *pen) rect(b paper.Box, round float64, fill paper.Colour) {
	p.add(&paper.Shape{Paths: [][]paper.Point{p.path(b, round)}, Closed: true, Fill: fill})
}

// frame draws the outline of a rectangle with round corners.
func (p *pen) frame(b paper.Box, round, width float64, stroke paper.Colour) {
	p.add(&paper.Shape{Paths: [][]paper.Point{p.path(b, round)}, Closed: true, Stroke: stroke, Width: width * p.scale})
}

// path is the outline of a rectangle with round corners.
func (p *pen) path(b paper.Box, round float64) []paper.Point {
	b, round = p.box(b), min(round, b.W/2, b.H/2)*p.scale
	if round <= 0 {
		return []paper.Point{{X: b.X, Y: b.Y}, {X: b.X + b.W, Y: b.Y}, {X: b.X + b.W, Y: b.Y + b.H}, {X: b.X, Y: b.Y + b.H}}
	}
	const steps = 8
	var out []paper.Point
	for corner, at := range []paper.Point{{X: b.X + b.W - round, Y: b.Y + round}, {X: b.X + b.W - round, Y: b.Y + b.H - round}, {X: b.X + round, Y: b.Y + b.H - round}, {X: b.X + round, Y: b.Y + round}} {
		for i := range steps + 1 {
			sin, cos := math.Sincos((float64(corner) - 1 + float64(i)/steps) * math.Pi / 2)
			out = append(out, paper.Point{X: at.X + round*cos, Y: at.Y + round*sin})
		}
	}
	return out
}

// circle fills a circle.
func (p *pen) circle(x, y, r float64, fill paper.Colour) {
	const steps = 64
	path := make([]paper.Point, steps)
	for i := range path {
		sin, cos := math.Sincos(float64(i) / steps * 2 * math.Pi)
		path[i] = paper.Point{X: (x + r*cos) * p.scale, Y: (y + r*sin) * p.scale}
	}
	p.add(&paper.Shape{Paths: [][]paper.Point{path}, Closed: true, Fill: fill})
}

// stroke draws a line.
func (p *pen) stroke(x1, y1, x2, y2, width float64, c paper.Colour) {
	p.add(&paper.Shape{Paths: [][]paper.Point{{{X: x1 * p.scale, Y: y1 * p.scale}, {X: x2 * p.scale, Y: y2 * p.scale}}}, Stroke: c, Width: width * p.scale})
}

// width is how wide a line is in the design.
func (p *pen) width(text string, st style) float64 { return p.m.Width(text, st.size, st.bold) }

// missing are the characters of items that the font has not, each once, sorted.
func (p *pen) missing(items []paper.Item) []rune {
	var said strings.Builder
	var hear func([]paper.Item)
	hear = func(items []paper.Item) {
		for _, item := range items {
			switch i := item.(type) {
			case *paper.Text:
				said.WriteString(i.Text)
			case *paper.Group:
				hear(i.Items)
			}
		}
	}
	hear(items)
	list := p.m.Missing(said.String())
	slices.Sort(list)
	return list
}

// text writes one line on a baseline.
func (p *pen) text(x, y float64, text string, st style) {
	p.raw(x, y, paper.Clean(text), st)
}

func (p *pen) raw(x, y float64, text string, st style) {
	if text == "" {
		return
	}
	p.add(&paper.Text{At: paper.Point{X: x * p.scale, Y: y * p.scale}, Text: text, Size: st.size * p.scale, Bold: st.bold, Colour: st.colour, Anchor: st.anchor})
}

// middle is how far below the middle of a line its baseline is, by the size of the font.
const middle = 0.36

// fitted are lines and the size at which they fit.
type fitted struct {
	lines []string
	style
	cut bool // the last line ends in …
}

// height of the lines together.
func (f fitted) height() float64 { return float64(len(f.lines)) * f.size * leading }

// fit finds how text fits into a width and a height: on one line at st's size or smaller, down to least; else on several, as large as they fit; else at
// least cut off, with ….
func (p *pen) fit(text string, w, h float64, st style, least float64) fitted {
	text = paper.Clean(text)
	if text == "" {
		return fitted{style: st}
	}
	if one := st.size * w / max(p.width(text, st), 1e-9); one >= least {
		st.size = min(st.size, one)
		if st.size*0.98 <= h {
			return fitted{lines: []string{text}, style: st}
		}
	}
	// A word is not broken where it fits on a line, if smaller.
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r > 'z' || !unicode.IsLetter(r) }) {
		st.size = min(st.size, max(least, 0.999*st.size*w/p.width(word, st)))
	}
	for {
		lines := paper.Lines(p.m, text, st.size, w, st.bold)
		room := int(math.Floor(h/(st.size*leading) + 0.3)) // the last line needs no lead
		if len(lines) <= room {
			return fitted{lines: paper.Even(p.m, text, st.size, w, st.bold, pauses), style: st}
		}
		if st.size <= least {
			return fitted{p.shorten(lines, max(room, 1), w, st), st, len(lines) > max(room, 1)}
		}
		st.size = max(least, st.size*0.96)
	}
}

// pauses says how naturally a text breaks between two pieces of it: after a mark or a space, before 和 and the like.
func pauses(before, after string) float64 {
	first, _ := utf8.DecodeRuneInString(after)
	switch last, _ := utf8.DecodeLastRuneInString(before); {
	case !unicode.IsLetter(last) && !unicode.IsDigit(last):
		return 1
	case strings.ContainsRune("和与及或并", first):
		return 0.9
	}
	return 0.4
}

// awkward is how many of the breaks between lines are not natural.
func awkward(lines []string) (n int) {
	for i := 1; i < len(lines); i++ {
		if latin, _ := utf8.DecodeRuneInString(lines[i]); latin >= 0x2e80 && pauses(lines[i-1], lines[i]) < 0.9 {
			n++
		}
	}
	return n
}

// shorten keeps so many lines, of which the last ends in ….
func (p *pen) shorten(lines []string, keep int, w float64, st style) []string {
	if len(lines) <= keep {
		return lines
	}
	lines = slices.Clone(lines[:keep])
	last := strings.TrimRight(lines[keep-1], " ，、；,;") + "…"
	if p.width(last, st) > w {
		last = paper.Shorten(p.m, last, st.size, w, st.bold)
	}
	lines[keep-1] = last
	return lines
}

// lines writes lines from a top down and returns the bottom.
func (p *pen) lines(x, top float64, f fitted) float64 {
	for _, l := range f.lines {
		top += f.size * leading
		p.raw(x, top-f.size*(leading/2-middle), l, f.style)
	}
	return top
}

// centred writes lines around the middle of a height.
func (p *pen) centred(x, cy float64, f fitted) {
	p.lines(x, cy-f.height()/2, f)
}

// pair writes a word with the other language beside it, small, on one baseline within a width, and returns its end.
func (p *pen) pair(x, y float64, first, second string, st style, beside paper.Colour, w float64) float64 {
	f := p.fit(first, w, st.size*leading, st, st.size*0.6)
	if len(f.lines) == 0 {
		return x
	}
	p.raw(x, y, f.lines[0], f.style)
	end := x + p.width(f.lines[0], f.style)
	small := style{size: st.size * 0.62, colour: beside}
	if gap := st.size * 0.4; second != "" && end+gap+p.width(second, small) <= x+w {
		p.text(end+gap, y, second, small)
		end += gap + p.width(second, small)
	}
	return end
}
