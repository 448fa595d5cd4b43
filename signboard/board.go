package signboard

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/domain/board"
	"wangge/domain/phone"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

// Format is how large a board is and which way it lies.
type Format struct {
	Size      string // a0 to a4
	Landscape bool
}

// Sizes are those of a Format, the smallest first.
var Sizes = []string{"a4", "a3", "a2", "a1", "a0"}

// upright are the width and height of a portrait sheet (ISO 216), millimetres.
var upright = map[string][2]float64{"a0": {841, 1189}, "a1": {594, 841}, "a2": {420, 594}, "a3": {297, 420}, "a4": {210, 297}, "a5": {148, 210}}

// mm are the width and height of the sheet.
func (f Format) mm() (w, h float64) {
	s := upright[f.Size]
	if f.Landscape {
		return s[1], s[0]
	}
	return s[0], s[1]
}

// What follows is designed for A3; A4 and A2 are that one smaller and larger, but for the map, which shows more where there is more room. A1 and A0 are wall
// charts, see wallW.
const (
	wallStreet = 18.7 // on the design of a wall chart: 60 pt on A1, 85 pt on A0
	margin     = 12.0 // no printer reaches further than 5 mm to the edge of an A4 sheet
	gap        = 5.0
	pad        = 6.0
	round      = 3.0
	columns    = 12
	tiny       = 3.12           // nothing is smaller: 2.2 mm on A4
	least      = 3.4            // size of the smallest font: 10 pt on A3, 7 pt on A4
	street     = 60 * 25.4 / 72 // size of the smallest phone number that is read from the street: 60 pt
)

// span are the left edge and the width of some of the twelve columns of a design that is w wide.
func span(w float64, first, n int) (x, width float64) {
	one := (w - 2*margin - (columns-1)*gap) / columns
	return margin + float64(first)*(one+gap), float64(n)*one + float64(n-1)*gap
}

// A wall chart (A0, A1) is read from two distances: the map up close, the rest from across the room. So it is no board made larger: these are the width
// and the height of its design.
const wallW, wallH = 525.0, 743.0

func (f Format) wall() bool { return f.Size == "a0" || f.Size == "a1" }

// design is how wide the design of a sheet is, which the sheet is larger than by the scale of its pen.
func (f Format) design() float64 {
	switch {
	case f.wall() && f.Landscape:
		return wallH
	case f.wall():
		return wallW
	case f.Landscape:
		return 420
	}
	return 297
}

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

// part is a part of a column: how high it is, at least and at most, and how it is drawn.
type part struct {
	h, least, most float64
	draw           func(paper.Box)
}

// column draws parts below each other, those without height left out. Where there is too much room those that can become higher do, then they move apart;
// where there is too little, those that can become lower do.
func (b *drawing) column(x paper.Box, parts ...part) {
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.h <= 0 })
	free, grow, shrink := x.H-gap*float64(len(parts)-1), 0.0, 0.0
	for _, p := range parts {
		free -= p.h
		grow += max(0, p.most-p.h)
		shrink += max(0, p.h-p.least)
	}
	between := gap
	if rest := free - grow; rest > 0 && len(parts) > 1 {
		between += min(rest/float64(len(parts)-1), 2*gap)
	}
	y := x.Y
	for _, p := range parts {
		h := p.h
		switch {
		case free > 0 && grow > 0:
			h += max(0, p.most-p.h) * min(1, free/grow)
		case free < 0 && shrink > 0:
			h -= max(0, p.h-p.least) * min(1, -free/shrink)
		}
		p.draw(paper.Box{X: x.X, Y: y, W: x.W, H: h})
		y += h + between
	}
}

// people are the parts of those who work in the grid; narrow has the phone beneath the photo.
func (b *drawing) people(narrow bool, card, most float64) []part {
	if b.faceless() {
		card, most = card*0.8, min(most, card*1.3)
	}
	return []part{
		{card, card * 0.86, most, func(x paper.Box) { b.worker(x, !narrow) }},
		b.team(),
	}
}

// team is those who stand in, and beneath them the assistants.
func (b *drawing) team() part {
	second, assistants := b.secondHeight(), b.assistantsHeight()
	between := 0.0
	if second > 0 && assistants > 0 {
		between = 2
	}
	h := second + between + assistants
	return part{h, h - second*0.24, h, func(x paper.Box) {
		if second > 0 {
			b.second(paper.Box{X: x.X, Y: x.Y, W: x.W, H: x.H - between - assistants})
		}
		if assistants > 0 {
			b.assistants(paper.Box{X: x.X, Y: x.Y + x.H - assistants, W: x.W, H: assistants})
		}
	}}
}

func (b *drawing) fixed(h float64, draw func(paper.Box)) part { return part{h, h, h, draw} }

// dutiesPart and contactsPart give way to each other.
func (b *drawing) dutiesPart(w float64) part {
	h := b.dutiesHeight(w)
	most := h * 1.5
	if b.faceless() { // there is little else
		most = h * 1.7
	}
	return part{h, min(h, 26), most, b.duties}
}

func (b *drawing) contactsPart() part {
	h := b.contactsHeight()
	most := h * 1.2
	if len(b.rows()) == 0 {
		most = h * 1.6
	}
	night := headed + b.nightHeight()
	return part{h, night + (h-night)*0.7, most, b.contacts}
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

// secondHeight is how high the row of those who stand in is.
func (b *drawing) secondHeight() float64 {
	if len(b.Workers) < 2 || b.leaflet {
		return 0
	}
	return 27
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

// hero is whom the card says to call, by which number, and why where that is not the worker's own.
func (b *drawing) hero() (w *Worker, who Person, number, note string) {
	w, instead := b.first(), b.instead()
	switch {
	case w == nil:
		return nil, instead, instead.Phone, ""
	case w.Phone == "":
		return w, w.Person, instead.Phone, join(" ", wNoPhone.in(b.Lang), postOf(instead.Post).in(b.Lang), instead.Name)
	}
	return w, w.Person, w.Phone, ""
}

// desk says that a post is no person, so that there is no face.
func desk(post string) bool { return post == "STATION" || post == "SUPERVISION" || post == "NIGHT" }

// faceless says that the card names nobody: there is no worker, nor a leader to stand in.
func (b *drawing) faceless() bool { return b.first() == nil && desk(b.instead().Post) }

// nobody is the card where there is no person to call: what to call instead, and the number as large as it goes,
// beneath or where the card is wide beside.
func (b *drawing) nobody(x paper.Box, wide bool) {
	_, who, number, _ := b.hero()
	left, room := x.X+pad+4, x.W-2*pad-4
	if wide = wide && x.W > 2.8*x.H; wide {
		room *= 0.42
	}
	b.pair(left, x.Y+pad+5.8, wNobody.in(b.Lang), wNobody.beside(b.Lang), style{size: 6.4, bold: true, colour: call}, soft, room)
	name := style{size: 12, bold: true, colour: ink}
	b.centred(left, x.Y+pad+12.6, b.fit(b.please(who), room, 7, style{size: 4.8, colour: soft}, least))
	b.centred(left, x.Y+pad+24, b.fit(who.Name, room, 15, name, 5))
	if wide {
		b.phone(paper.Box{X: left + room + pad, Y: x.Y + pad, W: x.W - room - 3*pad - 4, H: x.H - 2*pad}, number)
		return
	}
	y := x.Y + pad + 33
	b.phone(paper.Box{X: left, Y: y, W: room, H: x.Y + x.H - pad*0.5 - y}, number)
}

// please asks to call somebody, and says what they are but where the name does: a hotline is called one.
func (b *drawing) please(who Person) string {
	if who.Post == "NIGHT" {
		return b.both(wInstead)
	}
	return join(" ", wInstead.in(b.Lang), b.both(postOf(who.Post)))
}

// worker is the card of whom to call first. wide lets the phone stand beside the photo, not beneath it.
func (b *drawing) worker(x paper.Box, wide bool) {
	b.rect(x, round, tint)
	b.rect(paper.Box{X: x.X, Y: x.Y + round, W: 2.2, H: x.H - 2*round}, 0, call)
	if b.faceless() {
		b.nobody(x, wide)
		return
	}
	w, who, number, note := b.hero()
	// A long number stands on two lines; what is below 60 pt on A3 is not read from the street.
	phoneH := 31.0
	inner := x.W - 2*pad - 2
	if two := b.width(phone.Grouped(paper.Clean(number)), style{size: b.phoneLeast, bold: true}); two > inner && !wide || two > inner-(x.H-2*pad)*3/4-pad && wide {
		phoneH = 2 * b.phoneLeast * 1.08
	}
	photo := paper.Box{X: x.X + pad + 2, Y: x.Y + pad, H: x.H - 2*pad}
	if !wide {
		photo.H -= phoneH
	}
	photo.W = photo.H * 3 / 4
	b.photo(photo, who)
	left := photo.X + photo.W + pad
	room := x.X + x.W - pad - left
	phone := paper.Box{X: photo.X, Y: photo.Y + photo.H + 1, W: inner, H: phoneH + 3}
	bottom := photo.Y + photo.H // of the name
	if wide {
		phone = paper.Box{X: left, Y: x.Y + x.H - phoneH - 3, W: room, H: phoneH}
		bottom = phone.Y - 1
	}
	if note != "" {
		b.centred(phone.X, phone.Y+2.6, b.fit(note, phone.W, 6, style{size: 4.8, colour: soft}, least))
		phone.Y, phone.H = phone.Y+6, phone.H-7
	}
	y := x.Y + pad
	if w == nil {
		b.pair(left, y+5.8, wNobody.in(b.Lang), wNobody.beside(b.Lang), style{size: 6.4, bold: true, colour: call}, soft, room)
		y += b.lines(left, y+8, b.fit(b.please(who), room, 7, style{size: 4.8, colour: soft}, least)) - y
	} else {
		taken := 0.0
		if len(b.Workers) > 1 || w.Cover == "B" {
			taken = b.pill(x.X+x.W-pad, y+3.4, b.both(coverOf(w.Cover)), 4.4, true) + 3
		}
		b.pair(left, y+5.8, wWorker.in(b.Lang), wWorker.beside(b.Lang), style{size: 6.8, bold: true, colour: deep}, soft, room-taken)
		y += 8
	}
	b.centred(left, (y+bottom)/2, b.fit(who.Name, room, bottom-y-2, style{size: 23, bold: true, colour: ink}, 8))
	b.phone(phone, number)
}

// coverOf names the cover of a worker: A is called first.
func coverOf(cover string) words {
	if cover == "B" {
		return wSecond
	}
	return wFirst
}

// phone writes a number as large as it goes, never under 60 pt of A3 but where it is longer than two lines.
func (b *drawing) phone(x paper.Box, number string) {
	number = phone.Grouped(paper.Clean(number))
	if number == "" {
		return
	}
	b.add(&paper.Link{Box: b.box(x), URL: phone.Dial(number), Label: number})
	st := style{size: 1, bold: true, colour: call}
	st.size = min(x.W/b.width(number, st), x.H/0.86)
	f := fitted{[]string{paper.Clean(number)}, st}
	if st.size < b.phoneLeast {
		st.size = b.phoneLeast
		if f = (fitted{paper.Lines(b.m, paper.Clean(number), b.phoneLeast, x.W, true), st}); float64(len(f.lines))*b.phoneLeast*0.98 > x.H {
			f = b.fit(number, x.W, x.H, st, b.phoneLeast*0.4)
		}
	}
	step := f.size * 1.04
	y := x.Y + x.H/2 - step*float64(len(f.lines)-1)/2 + f.size*middle
	for i, l := range f.lines {
		b.raw(x.X, y+float64(i)*step, l, f.style)
	}
}

// second is the row of those who stand in.
func (b *drawing) second(x paper.Box) {
	shown := b.Workers[1:min(len(b.Workers), board.MostWorkers)]
	each := (x.W - gap*float64(len(shown)-1)) / float64(len(shown))
	for i, w := range shown {
		c := paper.Box{X: x.X + float64(i)*(each+gap), Y: x.Y, W: each, H: x.H}
		b.rect(c, round, tint)
		photo := paper.Box{X: c.X + 4, Y: c.Y + 3, W: (c.H - 6) * 3 / 4, H: c.H - 6}
		b.photo(photo, w.Person)
		left := photo.X + photo.W + 4
		room := c.X + c.W - 4 - left
		label := coverOf(w.Cover)
		if len(shown) == 1 {
			number := phone.Grouped(paper.Clean(w.Phone))
			st := style{size: 12.5, bold: true, colour: call, anchor: paper.End}
			wide := min(b.width(number, st), room*0.62)
			if number != "" {
				f := b.fit(number, wide, c.H, st, 6)
				b.centred(c.X+c.W-pad, c.Y+c.H/2, f)
			} else {
				wide = 0
			}
			b.pill(left, c.Y+6.8, b.both(label), 4, false)
			b.centred(left, c.Y+c.H/2+3.6, b.fit(w.Name, room-wide-6, c.H-13, style{size: 9, bold: true, colour: ink}, 4.4))
			continue
		}
		b.pill(left, c.Y+6, b.both(label), 3.6, false)
		b.centred(left, c.Y+c.H/2, b.fit(w.Name, room, 8, style{size: 6.6, bold: true, colour: ink}, 4))
		b.centred(left, c.Y+c.H-6.4, b.fit(phone.Grouped(paper.Clean(w.Phone)), room, 9, style{size: 8, bold: true, colour: call}, 4))
	}
}

const assistantH = 11.0 // of a row

// assistantsHeight is how high the assistants stand.
func (b *drawing) assistantsHeight() float64 {
	if b.leaflet {
		return 0
	}
	return float64((min(len(b.Facts.Assistants), board.MostAssistants)+1)/2) * assistantH
}

// assistants are shown with their phones, two beside each other.
func (b *drawing) assistants(x paper.Box) {
	list := b.Facts.Assistants[:min(len(b.Facts.Assistants), board.MostAssistants)]
	b.rect(x, round, tint)
	each := x.W / float64(min(len(list), 2))
	for i, a := range list {
		left, cy := x.X+float64(i%2)*each, x.Y+(float64(i/2)+0.5)*assistantH
		right := left + each - 3
		if i%2 == 1 {
			b.stroke(left, cy-3.6, left, cy+3.6, 0.25, rule)
		}
		left += 4
		left += b.pill(left, cy, postOf(a.Post).in(b.Lang), 3.4, false) + 2
		number := b.fit(phone.Grouped(paper.Clean(a.Phone)), (right-left)*0.6, assistantH, style{size: 5.4, bold: true, colour: call, anchor: paper.End}, 3.4)
		if a.Phone != "" {
			b.centred(right, cy, number)
			right -= b.width(number.lines[0], number.style) + 2
		}
		b.centred(left, cy, b.fit(a.Name, right-left, assistantH-1, style{size: 5.6, bold: true, colour: ink}, tiny))
	}
}

// both is a word with the other language after it.
func (b *drawing) both(w words) string { return w.in(b.Lang) + " " + w.beside(b.Lang) }

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

// photo is a person's, or the first character of the name in a circle.
func (b *drawing) photo(x paper.Box, who Person) {
	if len(who.Photo) > 0 {
		b.add(&paper.Picture{Box: b.box(x), Data: who.Photo, Alt: fmt.Sprintf(wPhotoOf.in(b.Lang), paper.Clean(who.Name)), Round: 2 * b.scale})
		return
	}
	b.rect(x, 2, tinted)
	r := min(x.W, x.H) * 0.36
	b.circle(x.X+x.W/2, x.Y+x.H/2, r, deep)
	in := "?"
	switch first, _ := utf8.DecodeRuneInString(strings.ToUpper(paper.Clean(who.Name))); {
	case desk(who.Post): // nobody whose face there could be
		in = postOf(who.Post).in(b.Lang)
	case first != utf8.RuneError:
		in = string(first)
	}
	b.centred(x.X+x.W/2, x.Y+x.H/2, b.fit(in, r*1.6, r*1.6, style{size: r * 1.1, bold: true, colour: white, anchor: paper.Middle}, r*0.2))
}

// section writes the heading of a part and returns where its content begins.
func (b *drawing) section(x paper.Box, title words) float64 {
	b.rect(paper.Box{X: x.X, Y: x.Y + 0.6, W: 1.6, H: 6}, 0.4, call)
	b.pair(x.X+4, x.Y+5.5, title.in(b.Lang), title.beside(b.Lang), style{size: 5.8, bold: true, colour: deep}, soft, x.W-4)
	return x.Y + headed
}

const (
	headed   = 9.0 // height of a heading
	dutySize = 4.7
	rowH     = 8.4
)

// duties are what the workers do, as they are laid out: columns of lines.
type duties struct {
	list []string
	size float64
	most float64 // lines of each
	more float64 // between them
}

// dutiesHeight is how high the duties stand where there is room.
func (b *drawing) dutiesHeight(w float64) float64 {
	list := b.Facts.duties()
	return headed + b.dutyLines(duties{list, dutySize, 2, 0}, w, nil) + 1
}

func (b *drawing) dutyColumns(list []string) int {
	latin := slices.ContainsFunc(list, func(d string) bool { return !strings.ContainsFunc(d, func(r rune) bool { return r >= 0x2e80 }) })
	if len(list) < 4 || latin || b.leaflet {
		return 1
	}
	return 2
}

// dutyLines is how high the duties stand.
func (b *drawing) dutyLines(d duties, w float64, each func(x, y float64, f fitted)) (height float64) {
	n := b.dutyColumns(d.list)
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
	d := duties{b.Facts.duties(), dutySize * 1.5, 2, 0}
	all := len(d.list)
	y := b.section(x, wDuties)
	note := 0.0
	for b.dutyLines(d, x.W, nil)+note > x.Y+x.H-y+1 {
		switch {
		case d.size > least+0.01:
			d.size = max(least, d.size*0.96)
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

// row is a line of the contacts.
type row struct {
	label words
	text  string
	small string // beneath
	phone string
}

func (b *drawing) rows() (out []row) {
	if b.leaflet && len(b.Workers) > 1 {
		w := b.Workers[1]
		out = append(out, row{words{wWorker.zh + coverOf(w.Cover).zh, coverOf(w.Cover).en}, w.Name, "", w.Phone})
	}
	leaders, above := 0, -1
	if b.first() == nil {
		above = b.leader()
	}
	for i, l := range b.Leaders {
		if i == above {
			continue
		}
		if leaders++; leaders > 2 {
			break
		}
		out = append(out, row{postOf(l.Post), l.Name, "", l.Phone})
	}
	if s := b.Station; s != nil {
		out = append(out, row{wStation, cmp.Or(s.Name, s.Address), join(" · ", s.Address, s.Hours), s.Phone})
	}
	if b.Supervision != "" && !(b.faceless() && b.instead().Post == "SUPERVISION") {
		out = append(out, row{wSupervision, "", "", b.Supervision})
	}
	return out
}

func (r row) height() float64 {
	if r.small != "" {
		return rowH + 5
	}
	return rowH
}

const (
	nightH   = 15.0 // of a row of numbers
	nightRow = 4    // numbers side by side at most
	nightGap = 2.0
)

// nightRows are the numbers of the night, row by row, about as many in each.
func (b *drawing) nightRows() [][]Number {
	_, _, called, _ := b.hero()
	list := slices.DeleteFunc(slices.Clone(b.Facts.night()), func(n Number) bool { return n.Phone == called })
	if len(list) == 0 {
		return nil
	}
	rows := (len(list) + nightRow - 1) / nightRow
	return slices.Collect(slices.Chunk(list, (len(list)+rows-1)/rows))
}

// nightHeight is how high the numbers of the night stand.
func (b *drawing) nightHeight() float64 {
	n := float64(len(b.nightRows()))
	return n*nightH + max(0, n-1)*nightGap
}

// contactsHeight is how high the contacts stand where there is room.
func (b *drawing) contactsHeight() float64 {
	h := headed + b.nightHeight()
	for _, r := range b.rows() {
		h += r.height()
	}
	return h + 2
}

// contacts is whom else to call: rows, and the numbers of the night at the bottom.
func (b *drawing) contacts(x paper.Box) {
	rows, night := b.rows(), b.nightHeight()
	if len(rows) == 0 {
		night = min(x.H-headed, 1.7*night)
		x.H = headed + night
	}
	y := b.section(x, wContacts)
	need := 0.0
	for _, r := range rows {
		need += r.height()
	}
	room := x.Y + x.H - night - y - 1
	k := min(1.25, room/max(need, 1)) // higher or lower than designed
	size := min(5, 5*math.Sqrt(k))
	labels := 0.0
	for _, r := range rows {
		labels = max(labels, b.width(r.label.in(b.Lang), style{size: size}))
	}
	share := 0.3
	if b.leaflet { // narrow, and the station's name is to be read in whole
		share = 0.24
	}
	labels = min(labels, x.W*share) + 4
	for i, r := range rows {
		h := r.height() * k
		if i > 0 {
			b.stroke(x.X, y, x.X+x.W, y, 0.25, rule)
		}
		cy := y + h/2
		if r.small != "" {
			cy = y + h*0.34
		}
		b.centred(x.X, cy, b.fit(r.label.in(b.Lang), labels-3, h, style{size: size, colour: soft}, max(size*0.6, tiny)))
		right := x.X + x.W
		if r.phone != "" {
			f := b.fit(phone.Grouped(paper.Clean(r.phone)), x.W*0.48, h, style{size: size * 1.2, bold: true, colour: ink, anchor: paper.End}, size*0.8)
			b.centred(right, cy, f)
			right -= b.width(f.lines[0], f.style) + 4
		}
		if r.text != "" {
			high, smallest := h, max(tiny, size*0.7) // on two lines where need be
			if r.small != "" {
				high, smallest = size*leading, max(tiny, size*0.6)
			}
			b.centred(x.X+labels, cy, b.fit(r.text, right-x.X-labels, high, style{size: size, bold: true, colour: ink}, smallest))
		}
		if r.small != "" {
			b.centred(x.X+labels, y+h*0.74, b.fit(r.small, x.W-labels, max(tiny, 4.6*k), style{size: max(tiny, min(3.9, 3.9*k)), colour: soft}, tiny))
		}
		y += h
	}
	b.night(paper.Box{X: x.X, Y: x.Y + x.H - night, W: x.W, H: night})
}

// night are the numbers of the night, side by side in rows.
func (b *drawing) night(x paper.Box) {
	rows := b.nightRows()
	high := (x.H - nightGap*float64(len(rows)-1)) / float64(max(1, len(rows)))
	larger := min(1.4, high/nightH)
	for r, list := range rows {
		each := (x.W - nightGap*float64(len(list)-1)) / float64(len(list))
		for i, n := range list {
			c := paper.Box{X: x.X + float64(i)*(each+nightGap), Y: x.Y + float64(r)*(high+nightGap), W: each, H: high}
			b.rect(c, 2, paleRed)
			number := b.fit(n.Phone, c.W-3, 8*larger, style{size: 7 * larger, bold: true, colour: call, anchor: paper.Middle}, tiny)
			label := b.fit(words{n.For, n.ForEng}.in(b.Lang), c.W-2, 6.4*larger, style{size: 3.7 * larger, colour: ink, anchor: paper.Middle}, tiny)
			up := 0.0
			if len(label.lines) > 1 {
				up = 1.4 * larger
			}
			b.centred(c.X+c.W/2, c.Y+high*0.373-up, number)
			b.centred(c.X+c.W/2, c.Y+high*0.76, label)
		}
	}
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

// limits are where the grid ends, in words.
func (b *drawing) limits(x paper.Box) {
	if b.Limits.Empty() {
		return
	}
	y := b.section(x, wLimits)
	columns := 1 // of sides; what lies apart is told beneath
	if len(b.Apart) > 0 {
		columns = 2
	}
	sides := sidesOf(b.Limits)
	each, wide := (x.Y+x.H-y)/4, (x.W-float64(columns-1)*gap)/float64(columns)
	for i, s := range sides {
		left, cy := x.X+float64(i%columns)*(wide+gap), y+(float64(i/columns)+0.5)*each
		if i >= columns {
			b.stroke(left, cy-each/2, left+wide, cy-each/2, 0.25, rule)
		}
		b.centred(left, cy, b.fit(s.label.in(b.Lang), 15, each, style{size: 5, colour: soft}, 4))
		st := style{size: 5, bold: true, colour: ink}
		if s.name == "" {
			s.name, st = wSeeMap.in(b.Lang), style{size: 4.4, colour: soft}
		}
		b.centred(left+16, cy, b.fit(s.name, wide-16, each, st, least))
	}
	if columns > 1 {
		top := y + 2*each
		b.stroke(x.X, top, x.X+x.W, top, 0.25, rule)
		b.lines(x.X, top+0.8, b.fit(b.apart(), x.W, 2*each-0.8, style{size: 4.6, colour: ink}, least*0.9))
	}
}

// side is one of the limits in words.
type side struct {
	label words
	name  string
}

func sidesOf(l place.Limits) [4]side {
	return [4]side{{wEast, l.East}, {wSouth, l.South}, {wWest, l.West}, {wNorth, l.North}}
}

// endsAt are limits as a sentence; sides that end at the same are told together: 东、南至渡口网格，北至渡口巷.
func (f Facts) endsAt(l place.Limits) string {
	var order []string
	alike := map[string][]string{}
	for _, s := range sidesOf(l) {
		if s.name == "" {
			continue
		}
		if alike[s.name] == nil {
			order = append(order, s.name)
		}
		alike[s.name] = append(alike[s.name], s.label.in(f.Lang))
	}
	var parts []string
	for _, name := range order {
		if f.Lang == fault.English {
			parts = append(parts, strings.ToLower(strings.Join(alike[name], ", "))+": "+name)
			continue
		}
		last := len(alike[name]) - 1 // 至 is said once
		for i, label := range alike[name][:last] {
			alike[name][i] = strings.TrimSuffix(label, "至")
		}
		parts = append(parts, strings.Join(alike[name], "、")+name)
	}
	return strings.Join(parts, words{"，", "; "}.in(f.Lang))
}

// apart tells the parts that lie apart.
func (f Facts) apart() string {
	const most = 3 // as many as anybody reads; the map shows all
	var parts []string
	for _, p := range f.Apart[:min(len(f.Apart), most)] {
		parts = append(parts, p.Lies.Apart(f.Lang)+words{"", " "}.in(f.Lang)+f.endsAt(p.Limits))
	}
	if len(f.Apart) > most {
		parts = append(parts, fmt.Sprintf(wMoreApart.in(f.Lang), len(f.Apart)))
	}
	return strings.Join(parts, words{"；", ". "}.in(f.Lang)) + words{"。", "."}.in(f.Lang)
}

func (b *drawing) revision() string {
	if b.Revision == 0 {
		return ""
	}
	return fmt.Sprintf(wRevision.in(b.Lang), b.Revision)
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

// join joins what is not empty.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
