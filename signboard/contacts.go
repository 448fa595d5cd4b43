package signboard

import (
	"cmp"
	"math"
	"slices"

	"wangge/domain/phone"
	"wangge/domain/place"
	"wangge/signboard/paper"
)

// contactsPart and dutiesPart give way to each other.
func (b *drawing) contactsPart() part {
	h := b.contactsHeight()
	most := h * 1.2
	if len(b.rows()) == 0 {
		most = h * 1.6
	}
	night := headed + b.nightHeight()
	return part{h, night + (h-night)*0.7, most, b.contacts}
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
	if s := b.Contacts.Station; s != nil {
		out = append(out, row{wStation, cmp.Or(s.Name, s.Address), join(" · ", s.Address, s.Opens(b.Lang)), s.Phone})
	}
	if number := b.Contacts.SupervisionPhone; number != "" && !(b.faceless() && b.instead().Post == string(place.Supervision)) {
		out = append(out, row{wSupervision, "", "", number})
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
	rowH     = 8.4
	nightH   = 15.0 // of a row of numbers
	nightRow = 4    // numbers side by side at most
	nightGap = 2.0
)

// nightRows are the numbers of the night, row by row, about as many in each.
func (b *drawing) nightRows() [][]place.NightNumber {
	_, _, called, _ := b.hero()
	list := slices.DeleteFunc(slices.Clone(b.Contacts.Night), func(n place.NightNumber) bool { return n.Phone == called })
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
			label := b.fit(n.Text(b.Lang), c.W-2, 6.4*larger, style{size: 3.7 * larger, colour: ink, anchor: paper.Middle}, tiny)
			up := 0.0
			if len(label.lines) > 1 {
				up = 1.4 * larger
			}
			b.centred(c.X+c.W/2, c.Y+high*0.373-up, number)
			b.centred(c.X+c.W/2, c.Y+high*0.76, label)
		}
	}
}
