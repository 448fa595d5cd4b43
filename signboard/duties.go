package signboard

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"wangge/signboard/paper"
)

const dutySize = 4.7

// dutiesPart and contactsPart give way to each other.
func (b *drawing) dutiesPart(w float64) part {
	h := b.dutiesHeight(w)
	most := h * 1.5
	if b.faceless() { // there is little else
		most = h * 1.7
	}
	return part{h, min(h, 26), most, b.duties}
}

// duties are what the workers do, as they are laid out: columns of lines.
type duties struct {
	list    []string
	columns int
	size    float64
	most    float64 // lines of each
	more    float64 // between them
}

// dutiesHeight is how high the duties stand where there is room.
func (b *drawing) dutiesHeight(w float64) float64 {
	list := b.Facts.duties()
	return headed + b.dutyLines(duties{list, b.dutyColumns(list), dutySize, 2, 0}, w, nil) + 1
}

// dutyColumns is how many columns there are where there is room: English lines are long.
func (b *drawing) dutyColumns(list []string) int {
	latin := slices.ContainsFunc(list, func(d string) bool { return !strings.ContainsFunc(d, func(r rune) bool { return r >= 0x2e80 }) })
	if len(list) < 4 || latin || b.leaflet {
		return 1
	}
	return 2
}

// dutyLines is how high the duties stand.
func (b *drawing) dutyLines(d duties, w float64, each func(x, y float64, f fitted)) (height float64) {
	n := d.columns
	column := (w - float64(n-1)*gap) / float64(n)
	rows := (len(d.list) + n - 1) / n
	for c := range n {
		y := 0.0
		for _, text := range d.list[min(c*rows, len(d.list)):min((c+1)*rows, len(d.list))] {
			f := b.fit(text, column-d.size*1.1, d.size*leading*d.most, style{size: d.size, colour: ink}, d.size)
			if each != nil {
				each(float64(c)*(column+gap), y, f)
			}
			y += f.height() + d.more
		}
		height = max(height, y)
	}
	return height
}

// duties lists what the workers do: larger where there are few; where there are many smaller, then each on one line, then counted.
func (b *drawing) duties(x paper.Box) {
	list := b.Facts.duties()
	d := duties{list, b.dutyColumns(list), dutySize * 1.5, 2, 0}
	all := len(d.list)
	y := b.section(x, wDuties)
	note := 0.0
	for b.dutyLines(d, x.W, nil)+note > x.Y+x.H-y+1 {
		switch {
		case d.size > least+0.01:
			d.size = max(least, d.size*0.96)
		case d.columns == 1 && all > 3 && !b.leaflet:
			d.columns, d.size = 2, dutySize
		case d.most > 1:
			d.most, d.size = 1, dutySize
		case len(d.list) > 1:
			d.list, note = d.list[:len(d.list)-1], least*leading
		default:
			d.most = 0
		}
		if d.most == 0 {
			return
		}
	}
	// Rather a little smaller than broken within words.
	fewest := math.MaxInt
	for try, least := d, max(least, d.size*0.84); try.size >= least && len(d.list) == all && d.most > 1; try.size -= 0.1 {
		breaks := 0
		b.dutyLines(try, x.W, func(_, _ float64, f fitted) { breaks += 2*awkward(f.lines) + len(f.lines) })
		if breaks < fewest {
			d, fewest = try, breaks
		}
	}
	if left := x.Y + x.H - y - note - b.dutyLines(d, x.W, nil); left > 0 {
		d.more = min(d.size*0.5, left/float64(len(d.list)))
	}
	bottom := b.dutyLines(d, x.W, func(dx, dy float64, f fitted) {
		b.circle(x.X+dx+d.size*0.35, y+dy+d.size*leading/2, d.size*0.17, call)
		b.lines(x.X+dx+d.size*1.1, y+dy, f)
	})
	if len(d.list) < all {
		b.lines(x.X+d.size*1.1, y+bottom, b.fit(fmt.Sprintf(wMore.in(b.Lang), all), x.W, 6, style{size: least, colour: soft}, least))
	}
}
