package signboard

import (
	"cmp"
	"fmt"
	"math"

	"wangge/internal/fault"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

// Board lays out the board of f's grid, or of its building. missing are characters that the font has not: the print shop has to set them, where the
// sheet shows 〓.
func Board(f Facts, format Format, m Measurer) (sheet *paper.Sheet, missing []rune) {
	w, h := format.mm()
	design := format.design()
	b := &drawing{pen: pen{m: m, scale: w / design}, Facts: f, phoneLeast: street}
	if format.wall() {
		b.phoneLeast = wallStreet
	}
	b.lay(design, h/b.scale, format)
	return b.sheet(w, h)
}

// drawing is a sheet that is being laid out.
type drawing struct {
	pen
	Facts
	phoneLeast float64 // size of the worker's phone number
	leaflet    bool    // the code stands in the header, who stands in among the contacts
}

func (b *drawing) sheet(w, h float64) (*paper.Sheet, []rune) {
	return &paper.Sheet{W: w, H: h, Title: b.title(), Lang: b.tag(), Items: b.items}, b.missing(b.items)
}

func (b *drawing) tag() string {
	if b.Lang == fault.English {
		return "en"
	}
	return "zh-CN"
}

func (b *drawing) title() string {
	name := b.Grid.Name
	if b.Building != nil {
		name = b.buildingName()
	}
	return paper.Clean(name) + " · " + b.wBoard().in(b.Lang)
}

func (b *drawing) wBoard() words {
	if b.leaflet {
		return wLeaflet
	}
	if b.Building != nil {
		return wBuilding
	}
	return wBoard
}

func (b *drawing) buildingName() string {
	return cmp.Or(b.Building.Name, b.Building.Address, b.Grid.Name)
}

// lay lays the board out: a band on top, whom to call and the map in the middle, what else there is, a line at the foot.
func (b *drawing) lay(w, h float64, format Format) {
	const header, foot = 40.0, 6.0
	b.header(paper.Box{X: margin, Y: margin, W: w - 2*margin, H: header})
	b.foot(paper.Box{X: margin, Y: h - margin - foot, W: w - 2*margin, H: foot})
	top, bottom := margin+header+gap, h-margin-foot-gap*0.6
	switch {
	case format.wall():
		b.wall(w, h, top, bottom, format.Landscape)
	case format.Landscape:
		b.wide(w, top, bottom)
	default:
		b.tall(w, top, bottom)
	}
}

// wide has the people on the left and the map on the right.
func (b *drawing) wide(w, top, bottom float64) {
	const strip = 47.0
	x, width := span(w, 0, 5)
	b.column(paper.Box{X: x, Y: top, W: width, H: bottom - top}, append(b.people(true, 86, 140), b.dutiesPart(width), b.contactsPart())...)
	x, width = span(w, 5, 7)
	b.mapped(paper.Box{X: x, Y: top, W: width, H: bottom - top - strip - gap})
	b.strip(paper.Box{X: x, Y: bottom - strip, W: width, H: strip})
}

// tall has the map in the middle.
func (b *drawing) tall(w, top, bottom float64) {
	const strip = 44.0
	x, width := span(w, 0, columns)
	y := top
	for _, p := range b.people(false, 76, 76) {
		if p.h > 0 {
			p.draw(paper.Box{X: x, Y: y, W: width, H: p.h})
			y += p.h + gap
		}
	}
	leftX, leftW := span(w, 0, columns/2)
	rightX, rightW := span(w, columns/2, columns/2)
	low := min(max(b.dutiesHeight(leftW), b.contactsHeight()), 78)
	b.mapped(paper.Box{X: x, Y: y, W: width, H: bottom - strip - gap - low - gap - y})
	y = bottom - strip - gap - low
	b.duties(paper.Box{X: leftX, Y: y, W: leftW, H: low})
	b.contacts(paper.Box{X: rightX, Y: y, W: rightW, H: low})
	b.strip(paper.Box{X: x, Y: bottom - strip, W: width, H: strip})
}

// header is the band that says where this is.
func (b *drawing) header(x paper.Box) {
	b.rect(x, round, deep)
	name, above, kind := b.Grid.Name, join(" · ", b.District, b.Town, b.Community), kinds[b.Grid.Kind]
	low := join("  ·  ", join("  ", kind.in(b.Lang), kind.beside(b.Lang)), b.Grid.Group)
	if b.Building != nil {
		name, above = b.buildingName(), join(" · ", b.Community, b.Building.Address)
		low = wBelongs.in(b.Lang) + "  " + b.Grid.Name
	}
	// The right end: what this is, and the number.
	label := b.wBoard()
	st, small := style{size: 7, bold: true, colour: white, anchor: paper.End}, style{size: 4.4, colour: onDeep, anchor: paper.End}
	right := x.X + x.W - pad - 2
	if b.leaflet && b.URL != "" {
		code := paper.Box{X: x.X + x.W - 36, Y: x.Y + 2.5, W: 33.5, H: 35}
		b.rect(code, 2, white)
		b.add(paper.QR(b.URL, b.box(paper.Box{X: code.X, Y: code.Y, W: code.W, H: 31}), ink), &paper.Link{Box: b.box(code), URL: b.URL, Label: wScan.in(b.Lang)})
		b.centred(code.X+code.W/2, code.Y+31.4, b.fit(join(" ", wScan.zh, wScan.en), code.W-2, 4, style{size: 3.2, colour: ink, anchor: paper.Middle}, 2))
		right = code.X - 4
	}
	w := x.X + x.W - pad - 2 - right + max(b.width(label.in(b.Lang), st), b.width(label.beside(b.Lang), small))
	b.text(right, x.Y+13, label.in(b.Lang), st)
	b.text(right, x.Y+19.4, label.beside(b.Lang), small)
	if b.Grid.Number != "" {
		said := wNumber
		if b.Building != nil {
			said = wGridNumber
		}
		number := b.fit(fmt.Sprintf(said.in(b.Lang), b.Grid.Number), 60, 10, style{size: 6.4, bold: true, colour: white, anchor: paper.End}, 4)
		b.centred(right, x.Y+31, number)
		w = max(w, x.X+x.W-pad-2-right+b.width(number.lines[0], number.style))
	}
	room, left := x.W-3*pad-4-w, x.X+pad+2
	b.centred(left, x.Y+7.6, b.fit(above, room, 8, style{size: 5.6, colour: onDeep}, 3.8))
	b.centred(left, x.Y+20.6, b.fit(name, room, 17.5, style{size: 15.5, bold: true, colour: white}, 6))
	b.centred(left, x.Y+33.4, b.fit(low, room, 7, style{size: 4.8, colour: onDeep}, least))
}

// mapped is the map.
func (b *drawing) mapped(x paper.Box) {
	if x.W > 20 && x.H > 20 {
		b.add(chart.Draw(b.Scene, b.box(x), b.options(), b.m))
	}
}

// options let a larger sheet show more: its letters grow by less than it does, since who reads a map steps up to it.
func (b *drawing) options() chart.Options {
	o := chart.Options{Text: 3.1 * math.Pow(b.scale, 0.7), North: true, ScaleBar: true, End: true, Numbers: true, Key: true, Links: true}
	o.Least = max(0.8*o.Text, mapLeast)
	if b.Lang == fault.English {
		o.Language = chart.English
	}
	return o
}

// mapLeast is the size of the smallest letters on any board's map, millimetres on the sheet.
const mapLeast = 2.2

// strip is where the grid ends in words, and the code to scan.
func (b *drawing) strip(x paper.Box) {
	const why = 46.0 // beside the code
	switch {
	case b.URL == "":
		b.limits(x)
	case b.Limits.Empty():
		b.scan(x)
	default:
		b.scan(paper.Box{X: x.X + x.W - x.H - 3 - why, Y: x.Y, W: x.H + 3 + why, H: x.H})
		x.W -= x.H + 3 + why + gap
		b.limits(x)
	}
}

// scan is the code, and beside it what it is for.
func (b *drawing) scan(x paper.Box) {
	if b.URL == "" {
		return
	}
	c := paper.Box{X: x.X + x.W - x.H, Y: x.Y, W: x.H, H: x.H}
	b.frame(c, 2, 0.4, rule)
	b.add(paper.QR(b.URL, b.box(paper.Box{X: c.X + 1, Y: c.Y + 1, W: c.W - 2, H: c.H - 2}), ink))
	b.add(&paper.Link{Box: b.box(c), URL: b.URL, Label: wScan.in(b.Lang)})
	room := x.W - x.H - 3
	y := b.section(paper.Box{X: x.X, Y: x.Y, W: room, H: x.H}, wScan)
	for _, ask := range []words{wCurrent, wToday} {
		y = b.lines(x.X, y, b.fit(ask.in(b.Lang), room, 8, style{size: 5, bold: true, colour: ink}, 3.6))
		y = b.lines(x.X, y-0.6, b.fit(ask.beside(b.Lang), room, 6, style{size: 3.5, colour: soft}, tiny))
	}
	version := join(" · ", b.revision(), b.Date)
	b.lines(x.X, x.Y+x.H-6.4, b.fit(version, room, 6, style{size: 4.2, colour: deep, bold: true}, tiny))
}

// foot is the small line: of when this is, and whose the map.
func (b *drawing) foot(x paper.Box) {
	st := style{size: least, colour: soft}
	b.stroke(x.X, x.Y, x.X+x.W, x.Y, 0.3, rule)
	left := join("   ", join(" · ", b.revision(), b.Date), wCode.in(b.Lang)+" "+b.Grid.Code)
	right := b.Credit
	if b.Approval != "" {
		right = join("   ", wApproval.in(b.Lang)+" "+b.Approval, b.Credit)
	}
	f := b.fit(left, x.W*0.5, x.H, st, tiny)
	b.lines(x.X, x.Y+1.2, f)
	st.anchor = paper.End
	b.lines(x.X+x.W, x.Y+1.2, b.fit(right, x.W*0.48, x.H, st, tiny))
}

func (b *drawing) revision() string {
	if b.Revision == 0 {
		return ""
	}
	return fmt.Sprintf(wRevision.in(b.Lang), b.Revision)
}

const headed = 9.0 // height of a heading

// section writes the heading of a part and returns where its content begins.
func (b *drawing) section(x paper.Box, title words) float64 {
	b.rect(paper.Box{X: x.X, Y: x.Y + 0.6, W: 1.6, H: 6}, 0.4, call)
	b.pair(x.X+4, x.Y+5.5, title.in(b.Lang), title.beside(b.Lang), style{size: 5.8, bold: true, colour: deep}, soft, x.W-4)
	return x.Y + headed
}

// pill is a word on a ground of its own that begins at x, or ends there. It returns how wide it is.
func (b *drawing) pill(x, cy float64, text string, size float64, ends bool) float64 {
	st := style{size: size, bold: true, colour: white}
	w := b.width(text, st) + size*1.4
	if ends {
		x -= w
	}
	b.rect(paper.Box{X: x, Y: cy - size*0.8, W: w, H: size * 1.6}, size, deep)
	b.text(x+size*0.7, cy+size*middle, text, st)
	return w
}

// both is a word with the other language after it.
func (b *drawing) both(w words) string { return w.in(b.Lang) + " " + w.beside(b.Lang) }
