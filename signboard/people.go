package signboard

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"wangge/domain/board"
	"wangge/domain/phone"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

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
func desk(post string) bool { return place.Desk(post).Text(fault.Chinese) != "" }

// faceless says that the card names nobody: there is no worker, nor a leader to stand in.
func (b *drawing) faceless() bool { return b.first() == nil && desk(b.instead().Post) }

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
	if who.Post == string(place.Hotline) {
		return b.both(wInstead)
	}
	return join(" ", wInstead.in(b.Lang), b.both(postOf(who.Post)))
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
	f := fitted{lines: []string{paper.Clean(number)}, style: st}
	if st.size < b.phoneLeast {
		st.size = b.phoneLeast
		if f = (fitted{lines: paper.Lines(b.m, paper.Clean(number), b.phoneLeast, x.W, true), style: st}); float64(len(f.lines))*b.phoneLeast*0.98 > x.H {
			f = b.fit(number, x.W, x.H, st, b.phoneLeast*0.4)
		}
	}
	step := f.size * 1.04
	y := x.Y + x.H/2 - step*float64(len(f.lines)-1)/2 + f.size*middle
	for i, l := range f.lines {
		b.raw(x.X, y+float64(i)*step, l, f.style)
	}
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

// secondHeight is how high the row of those who stand in is.
func (b *drawing) secondHeight() float64 {
	if len(b.Workers) < 2 || b.leaflet {
		return 0
	}
	return 27
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
