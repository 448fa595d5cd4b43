package signboard

import (
	"slices"

	"wangge/domain/phone"
	"wangge/signboard/paper"
)

// Cards lays out eight contact cards (民情联系卡) of 90 × 54 mm on an A4 sheet, with marks to cut them by. missing is as Board's.
func Cards(f Facts, m Measurer) (sheet *paper.Sheet, missing []rune) {
	const across, down, w, h = 2, 4, 90.0, 54.0
	size := upright["a4"]
	left, top := (size[0]-across*w)/2, (size[1]-down*h)/2
	b := &drawing{pen: pen{m: m, scale: 1}, Facts: f}
	for i := range across + 1 {
		x := left + float64(i)*w
		b.stroke(x, top-9, x, top-3, 0.15, soft)
		b.stroke(x, top+down*h+3, x, top+down*h+9, 0.15, soft)
	}
	for i := range down + 1 {
		y := top + float64(i)*h
		b.stroke(left-9, y, left-3, y, 0.15, soft)
		b.stroke(left+across*w+3, y, left+across*w+9, y, 0.15, soft)
	}
	for i := range across * down {
		b.card(paper.Box{X: left + float64(i%across)*w, Y: top + float64(i/across)*h, W: w, H: h})
	}
	sheet, missing = b.sheet(size[0], size[1])
	sheet.Title = paper.Clean(f.Grid.Name) + " · " + wCard.in(f.Lang)
	return sheet, missing
}

// called is who is called first, by what right, and under which number.
func (b *drawing) called() (who Person, post words, number string) {
	who = b.instead()
	post, number = postOf(who.Post), who.Phone
	if w := b.first(); w != nil {
		who, post = w.Person, wWorker
		if w.Phone != "" {
			number = w.Phone
		}
	}
	return who, post, phone.Grouped(paper.Clean(number))
}

// card is one contact card.
func (b *drawing) card(x paper.Box) {
	const edge = 4.0 // what may be cut off askew
	band := paper.Box{X: x.X + edge, Y: x.Y + edge, W: x.W - 2*edge, H: 9.5}
	b.rect(band, 1.2, deep)
	cy := band.Y + band.H/2
	title := style{size: 4.4, bold: true, colour: white}
	b.centred(band.X+2.5, cy, b.fit(wCard.in(b.Lang), 34, 6, title, 3))
	place := b.fit(join(" · ", b.Community, b.Grid.Name), band.W-7-b.width(wCard.in(b.Lang), title), 8.4, style{size: 3.2, colour: white, anchor: paper.End}, 2.2)
	b.centred(band.X+band.W-2.5, cy, place)

	who, post, number := b.called()
	top := band.Y + band.H + 2.2
	photo := paper.Box{X: x.X + edge, Y: top, W: 15.6, H: 20.8}
	b.photo(photo, who)
	left, right := photo.X+photo.W+3, x.X+x.W-edge
	if b.URL != "" {
		code := paper.Box{X: right - 19.5, Y: top, W: 19.5, H: 19.5}
		b.add(paper.QR(b.URL, code, ink), &paper.Link{Box: code, URL: b.URL, Label: wScan.in(b.Lang)})
		right = code.X - 2
	}
	b.pair(left, top+3.2, post.in(b.Lang), post.beside(b.Lang), style{size: 3.2, colour: soft}, soft, right-left)
	b.centred(left, top+8.8, b.fit(who.Name, right-left, 8.6, style{size: 7, bold: true, colour: ink}, 2.8))
	b.centred(left, top+17.4, b.fit(number, right-left, 8, style{size: 7.4, bold: true, colour: call}, 3.4))
	b.add(&paper.Link{Box: paper.Box{X: left, Y: top + 13.4, W: right - left, H: 8}, URL: phone.Dial(number), Label: number})

	y := top + photo.H + 1.8
	b.stroke(x.X+edge, y, x.X+x.W-edge, y, 0.2, rule)
	var others []string
	if len(b.Workers) > 1 {
		others = append(others, join(" ", coverOf(b.Workers[1].Cover).in(b.Lang), b.Workers[1].Name, phone.Grouped(paper.Clean(b.Workers[1].Phone))))
	}
	for _, l := range b.Leaders {
		if l.Name != who.Name && len(others) < 2 {
			others = append(others, join(" ", postOf(l.Post).in(b.Lang), l.Name, phone.Grouped(paper.Clean(l.Phone))))
		}
	}
	if number := b.Contacts.SupervisionPhone; number != "" && len(others) < 3 {
		others = append(others, join(" ", wSupervision.in(b.Lang), number))
	}
	room := (x.W - 2*edge - 3) / 2
	for i, o := range others[:min(len(others), 2)] {
		b.centred(x.X+edge+float64(i)*(room+3), y+3, b.fit(o, room, 4, style{size: 2.9, colour: ink}, 2))
	}
	var night []string
	for _, n := range b.Contacts.Night {
		night = append(night, n.Phone+" "+n.Text(b.Lang))
	}
	b.centred(x.X+edge, y+7.6, b.fit(join("   ", night...), x.W*0.68, 4, style{size: 2.7, colour: soft}, 1.9))
	b.centred(x.X+x.W-edge, y+7.6, b.fit(join(" ", b.revision(), b.Date), x.W*0.2, 4, style{size: 2.1, colour: soft, anchor: paper.End}, 1.7))
}

// Leaflet lays out a leaflet for every household, A5, twice on an A4 sheet that is cut in the middle. missing is as Board's.
func Leaflet(f Facts, m Measurer) (sheet *paper.Sheet, missing []rune) {
	size := upright["a4"]
	w, h := size[1], size[0]
	const design = 210.0
	b := &drawing{pen: pen{m: m, scale: w / 2 / design}, Facts: f, phoneLeast: 17, leaflet: true}
	tall := h / b.scale
	b.leaf(design, tall)
	once := b.items
	second := make([]paper.Item, 0, len(once))
	for _, item := range once {
		second = append(second, moved(item, w/2))
	}
	b.items = append(slices.Clone(once), second...)
	b.add(&paper.Shape{Paths: [][]paper.Point{{{X: w / 2, Y: 0}, {X: w / 2, Y: 6}}, {{X: w / 2, Y: h - 6}, {X: w / 2, Y: h}}}, Stroke: soft, Width: 0.15})
	sheet, missing = b.sheet(w, h)
	sheet.Title = paper.Clean(f.Grid.Name) + " · " + wLeaflet.in(f.Lang)
	return sheet, missing
}

// leaf is one leaflet.
func (b *drawing) leaf(w, h float64) {
	const header, foot = 40.0, 6.0
	card := 60.0
	if b.first() == nil { // why, and whom to call instead
		card = 70
	}
	b.header(paper.Box{X: margin, Y: margin, W: w - 2*margin, H: header})
	b.foot(paper.Box{X: margin, Y: h - margin - foot, W: w - 2*margin, H: foot})
	top, bottom := margin+header+gap, h-margin-foot-gap*0.6
	x, width := span(w, 0, columns)
	b.worker(paper.Box{X: x, Y: top, W: width, H: card}, true)
	y := top + card + gap
	leftX, leftW := span(w, 0, 5)
	rightX, rightW := span(w, 5, 7) // a station's name is long, and its number stands beside it
	duties, contacts := b.dutiesHeight(leftW), b.contactsHeight()
	low := min(max(min(duties, 70), contacts), 76)
	ends := b.ends(width)
	b.mapped(paper.Box{X: x, Y: y, W: width, H: bottom - low - gap - ends.height() - y})
	y = bottom - low
	b.lines(x, y-gap*0.6-ends.height(), ends)
	b.duties(paper.Box{X: leftX, Y: y, W: leftW, H: low})
	b.contacts(paper.Box{X: rightX, Y: y, W: rightW, H: low})
}

// ends are the limits in words in a line or two.
func (b *drawing) ends(w float64) fitted {
	if b.Limits.Empty() {
		return fitted{}
	}
	var f fitted
	for _, t := range tellings {
		text := wLimits.in(b.Lang) + words{"：", ": "}.in(b.Lang) + b.endsAt(b.Limits, t)
		if len(b.Apart) > 0 {
			text += words{"。", ". "}.in(b.Lang) + b.apart(t)
		}
		if f = b.fit(text, w, 13, style{size: 4.6, colour: ink}, 3.6); !f.cut {
			break
		}
	}
	return f
}

// moved is an item further to the right, millimetres.
func moved(item paper.Item, dx float64) paper.Item {
	switch i := item.(type) {
	case *paper.Shape:
		c := *i
		c.Paths = make([][]paper.Point, len(i.Paths))
		for n, path := range i.Paths {
			c.Paths[n] = make([]paper.Point, len(path))
			for k, p := range path {
				c.Paths[n][k] = paper.Point{X: p.X + dx, Y: p.Y}
			}
		}
		return &c
	case *paper.Text:
		c := *i
		c.At.X += dx
		return &c
	case *paper.Picture:
		c := *i
		c.Box.X += dx
		return &c
	case *paper.Link:
		c := *i
		c.Box.X += dx
		return &c
	case *paper.Group:
		c := *i
		if i.Clip != nil {
			clip := *i.Clip
			clip.X += dx
			c.Clip = &clip
		}
		c.Items = make([]paper.Item, len(i.Items))
		for n, in := range i.Items {
			c.Items[n] = moved(in, dx)
		}
		return &c
	}
	return item
}

// BadgeFormat is how a badge is worn.
type BadgeFormat string

// The formats: a card as banks give out (ISO/IEC 7810 ID-1, 85.6 × 54 mm), and one that hangs from the neck, 70 × 100 mm.
const (
	BadgeCard    BadgeFormat = "card"
	BadgeHanging BadgeFormat = "hanging"
)

// Badge lays out the badge of a worker of f's grid. Its code leads to the page that says whether the person is in office today. missing is as Board's.
func Badge(f Facts, w Worker, format BadgeFormat, m Measurer) (sheet *paper.Sheet, missing []rune) {
	b := &drawing{pen: pen{m: m, scale: 1}, Facts: f}
	width, height := 85.6, 54.0
	if format == BadgeHanging {
		width, height = 70, 100
		b.hanging(w, width, height)
	} else {
		b.cardBadge(w, width, height)
	}
	sheet, missing = b.sheet(width, height)
	sheet.Title = paper.Clean(w.Name) + " · " + wBadge.in(f.Lang)
	return sheet, missing
}

func (b *drawing) cardBadge(w Worker, width, height float64) {
	const edge = 4.0
	b.rect(paper.Box{X: edge, Y: edge, W: width - 2*edge, H: 10}, 1.2, deep)
	b.centred(edge+2.5, edge+5, b.fit(wBadge.in(b.Lang), 34, 6, style{size: 4.4, bold: true, colour: white}, 3))
	b.centred(width-edge-2.5, edge+5, b.fit(join(" · ", b.District, b.Town), width-2*edge-42, 8, style{size: 3, colour: onDeep, anchor: paper.End}, 2))
	photo := paper.Box{X: edge, Y: 17, W: 24, H: 32}
	b.photo(photo, w.Person)
	left, right := photo.X+photo.W+4, width-edge
	code := paper.Box{X: right - 18, Y: 31, W: 18, H: 18}
	b.centred(left, 21.4, b.fit(w.Name, right-left, 9, style{size: 8, bold: true, colour: ink}, 3))
	b.pair(left, 29.4, postOf(w.Post).in(b.Lang), postOf(w.Post).beside(b.Lang), style{size: 3.8, bold: true, colour: call}, soft, right-left)
	room := right - left
	if w.URL != "" {
		b.add(paper.QR(w.URL, code, ink), &paper.Link{Box: code, URL: w.URL, Label: wProves.in(b.Lang)})
		room = code.X - 2 - left
	}
	y := b.lines(left, 31.4, b.fit(b.Community, room, 5, style{size: 3.2, colour: ink}, 2.2))
	b.lines(left, y, b.fit(b.Grid.Name, room, 8, style{size: 3.2, colour: ink}, 2.2))
	b.lines(left, 43.4, b.fit(wProves.in(b.Lang), room, 6, style{size: 2.4, colour: soft}, 1.8))
}

func (b *drawing) hanging(w Worker, width, height float64) {
	const edge = 5.0
	centre := width / 2
	b.frame(paper.Box{X: centre - 7, Y: 3, W: 14, H: 3}, 1.5, 0.15, rule) // where the slot is punched
	b.rect(paper.Box{X: edge, Y: 9, W: width - 2*edge, H: 13}, 1.6, deep)
	b.centred(centre, 13.4, b.fit(join(" · ", b.Town, b.Community), width-2*edge-4, 5, style{size: 3, colour: onDeep, anchor: paper.Middle}, 2))
	b.centred(centre, 18.4, b.fit(wBadge.in(b.Lang), width-2*edge-4, 6, style{size: 4.8, bold: true, colour: white, anchor: paper.Middle}, 3))
	photo := paper.Box{X: centre - 14.25, Y: 25, W: 28.5, H: 38}
	b.photo(photo, w.Person)
	b.centred(centre, 69.4, b.fit(w.Name, width-2*edge, 9, style{size: 8.4, bold: true, colour: ink, anchor: paper.Middle}, 3.4))
	left, right := edge, width-edge
	if w.URL != "" {
		code := paper.Box{X: right - 20, Y: 76, W: 20, H: 20}
		b.add(paper.QR(w.URL, code, ink), &paper.Link{Box: code, URL: w.URL, Label: wProves.in(b.Lang)})
		right = code.X - 2.5
	}
	b.pair(left, 80.4, postOf(w.Post).in(b.Lang), postOf(w.Post).beside(b.Lang), style{size: 4.4, bold: true, colour: call}, soft, right-left)
	b.lines(left, 82.2, b.fit(b.Grid.Name, right-left, 8.4, style{size: 3.4, colour: ink}, 2.4))
	b.lines(left, 91, b.fit(wProves.in(b.Lang), right-left, 7, style{size: 2.5, colour: soft}, 1.9))
}
