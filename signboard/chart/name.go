package chart

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wangge/signboard/paper"
)

// middleOf is how far above the baseline the middle of letters is, in sizes of the font: of Chinese ones, and nearly of Latin capitals.
const middleOf = 0.37

// spot is a rectangle on the sheet that may be turned.
type spot struct {
	middle orb.Point
	along  orb.Point // where its width goes, of length 1
	w, h   float64   // half of its width and height
	bound  orb.Bound
}

func newSpot(middle orb.Point, turn, w, h float64) spot {
	sin, cos := math.Sincos(turn)
	s := spot{middle: middle, along: orb.Point{cos, sin}, w: w / 2, h: h / 2}
	dx, dy := math.Abs(cos)*s.w+math.Abs(sin)*s.h, math.Abs(sin)*s.w+math.Abs(cos)*s.h
	s.bound = orb.Bound{Min: orb.Point{middle[0] - dx, middle[1] - dy}, Max: orb.Point{middle[0] + dx, middle[1] + dy}}
	return s
}

// meets says whether two rectangles overlap: no side of either has all of the other beyond it.
func (s *spot) meets(o *spot) bool {
	return s.bound.Intersects(o.bound) && !s.apart(o) && !o.apart(s)
}

func (s *spot) apart(o *spot) bool {
	dx, dy := o.middle[0]-s.middle[0], o.middle[1]-s.middle[1]
	cos := math.Abs(s.along[0]*o.along[0] + s.along[1]*o.along[1])
	sin := math.Abs(s.along[0]*o.along[1] - s.along[1]*o.along[0])
	return math.Abs(dx*s.along[0]+dy*s.along[1]) >= s.w+o.w*cos+o.h*sin ||
		math.Abs(dy*s.along[0]-dx*s.along[1]) >= s.h+o.w*sin+o.h*cos
}

// shrunk is the rectangle with so much of its width and height.
func (s *spot) shrunk(w, h float64) spot {
	return newSpot(s.middle, math.Atan2(s.along[1], s.along[0]), 2*s.w*w, 2*s.h*h)
}

// corners are those of the rectangle, the first again at the end.
func (s *spot) corners() orb.Ring {
	ux, uy := s.along[0]*s.w, s.along[1]*s.w
	vx, vy := -s.along[1]*s.h, s.along[0]*s.h
	m := s.middle
	return orb.Ring{{m[0] - ux - vx, m[1] - uy - vy}, {m[0] + ux - vx, m[1] + uy - vy}, {m[0] + ux + vx, m[1] + uy + vy},
		{m[0] - ux + vx, m[1] - uy + vy}, {m[0] - ux - vx, m[1] - uy - vy}}
}

// taken are the places where something stands that nothing may cover, found by the squares that they lie in.
type taken struct {
	spots   []spot
	squares map[[2]int][]int32
}

const square = 8.0 // millimetres

func (t *taken) each(b orb.Bound, do func(k [2]int) bool) {
	for x := int(math.Floor(b.Min[0] / square)); x <= int(math.Floor(b.Max[0]/square)); x++ {
		for y := int(math.Floor(b.Min[1] / square)); y <= int(math.Floor(b.Max[1]/square)); y++ {
			if !do([2]int{x, y}) {
				return
			}
		}
	}
}

func (t *taken) free(spots ...spot) bool {
	for i := range spots {
		s, free := &spots[i], true
		t.each(s.bound, func(k [2]int) bool {
			for _, n := range t.squares[k] {
				if t.spots[n].meets(s) {
					free = false
				}
			}
			return free
		})
		if !free {
			return false
		}
	}
	return true
}

func (t *taken) take(spots ...spot) {
	if t.squares == nil {
		t.squares = map[[2]int][]int32{}
	}
	for _, s := range spots {
		n := int32(len(t.spots))
		t.spots = append(t.spots, s)
		t.each(s.bound, func(k [2]int) bool {
			t.squares[k] = append(t.squares[k], n)
			return true
		})
	}
}

// inFrame says whether a rectangle lies within the frame, not touching its line.
func (d *drawing) inFrame(s *spot) bool {
	return within(s.bound, frame(d.plane.box).Pad(-0.25*d.o.Text))
}

// possible says whether something may stand in spots.
func (d *drawing) possible(spots ...spot) bool {
	for i := range spots {
		if !d.inFrame(&spots[i]) {
			return false
		}
	}
	return d.taken.free(spots...)
}

// line is a line of text of some size.
type line struct {
	text string
	size float64
	bold bool
}

// stack is lines below each other, their middles in one column.
type stack struct {
	lines []line
	w, h  float64
	air   float64 // millimetres that it keeps clear; 0: as usual
}

const leading = 1.18 // from line to line, in sizes

func (d *drawing) stack(lines ...line) stack {
	s := stack{lines: lines}
	for _, l := range lines {
		s.w = max(s.w, d.m.Width(l.text, l.size, l.bold))
		s.h += l.size * leading
	}
	return s
}

// spot is the room of a stack with its middle at a place. Nothing stands between its lines, nor beside a short one.
func (d *drawing) spot(s stack, middle orb.Point, turn float64) spot {
	air := s.air
	if air == 0 {
		air = 0.3 * d.o.Text
	}
	return newSpot(middle, turn, s.w+air, s.h+air/2-0.16*s.lines[0].size)
}

// write puts a stack down.
func (d *drawing) write(layer int, s stack, middle orb.Point, turn float64, c paper.Colour, halo float64) {
	down := -s.h / 2
	for _, l := range s.lines {
		at := lowered(aside(middle, turn, down+l.size*leading/2), turn, l.size)
		d.add(layer, &paper.Text{At: at, Text: l.text, Size: fine(l.size), Bold: l.bold, Colour: c, Anchor: paper.Middle, Turn: fine(turn * 180 / math.Pi),
			Halo: fine(halo)})
		down += l.size * leading
	}
	d.taken.take(d.spot(s, middle, turn))
}

// clean is a name as it is written.
func clean(name string) string { return strings.TrimSpace(paper.Clean(name)) }

// chinese says that a letter stands by itself in a square, so that it may stand upright on a street that goes down.
func chinese(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// fold breaks a name into so many lines, none wider than most and all about as wide. Nil: it needs more or fewer, or its last letter would stand alone.
func (d *drawing) fold(text string, size float64, bold bool, most float64, count int) []string {
	total := d.m.Width(text, size, bold)
	switch {
	case text == "" || total > most*float64(count):
		return nil
	case count == 1:
		return []string{text}
	}
	lines := paper.Broken(d.m, text, size, most, bold, count, ends)
	if lines == nil || d.m.Width(lines[count-1], size, bold) < 0.3*d.m.Width(lines[0], size, bold) {
		return nil
	}
	return lines
}

// ends says how naturally a Chinese name of a place breaks between two pieces of it: after what such names end with, before what 大厦, 广场, 中心, 公园, 银行
// and the like begin with, never before 号.
func ends(before, after string) float64 {
	first, _ := utf8.DecodeRuneInString(after)
	before = strings.TrimRight(before, " \u3000")
	last, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case strings.ContainsRune("村园苑街路里巷弄院厂区社学店场楼厦桥站", last), !chinese(last) && !unicode.IsDigit(last):
		return 1
	case unicode.IsDigit(last):
		return 0
	case strings.ContainsRune("大广中公银小幼", first):
		return 0.85
	}
	return 0.4
}

// cut is the beginning of a name that has room in so many lines, with "…" at its end.
func (d *drawing) cut(text string, size float64, bold bool, most float64, count int) []string {
	lines := paper.Lines(d.m, text, size, most, bold)
	if len(lines) > count {
		lines[count-1] = paper.Shorten(d.m, strings.Join(lines[count-1:], " "), size, most, bold)
		lines = lines[:count]
	}
	return lines
}

// forms are the ways to break names that are tried, in widths of Chinese letters.
var forms = []struct {
	wide  float64
	count int
}{{9, 1}, {9, 2}, {6, 2}, {4, 2}, {7, 3}, {4, 3}, {5, 4}, {3, 4}}

// folds are the ways to write a name in a size, the plainest first; those too long for any are cut off.
func (d *drawing) folds(text string, size float64, bold bool) (list [][]line) {
	add := func(folded []string) {
		var lines []line
		for _, l := range folded {
			lines = append(lines, line{l, size, bold})
		}
		if lines != nil && !slices.ContainsFunc(list, func(o []line) bool { return slices.Equal(o, lines) }) {
			list = append(list, lines)
		}
	}
	for _, f := range forms {
		add(d.fold(text, size, bold, f.wide*size, f.count))
	}
	if len(list) == 0 && text != "" {
		add(d.cut(text, size, bold, 7*size, 3))
		add(d.cut(text, size, bold, 4*size, 3))
	}
	return list
}
