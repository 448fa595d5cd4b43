package signboard

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"wangge/domain/phone"
	"wangge/internal/fault"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

// AtlasFacts are what the atlas of a community says.
type AtlasFacts struct {
	Lang                      fault.Language
	Code                      string // of the community
	District, Town, Community string
	Date                      string // on which it is made
	Mark                      string // another where a board in it is another
	URL                       string // that the code on the cover leads to: the community's page, which checks Mark; "": there is no code
	Approval, Credit          string
	Scene                     chart.Scene // all grids of the community
	Grids                     []Facts     // a page each, by code
	Streets, Buildings        []Entry     // of the index
	Cut                       bool        // there are more streets and buildings than were read
}

// Entry is a name of the index and the grids where it is found, as places in AtlasFacts.Grids.
type Entry struct {
	Name  string
	Grids []int
}

const atlasSize = "a4"

// atlas is one that is being laid out.
type atlas struct {
	AtlasFacts
	contents [][]listing
	index    [][]section
	first    int // page of the first grid
}

// Atlas lays out a community page by page: cover, contents, a page a grid, index; with what the font lacks of each page, and the grid's code or the
// community's. Its pages are A4, portrait.
func Atlas(facts AtlasFacts, m Measurer) iter.Seq2[*paper.Sheet, MissingOn] {
	a := &atlas{AtlasFacts: facts}
	width, height := Format{Size: atlasSize}.mm()
	scale := width / 297
	h := height / scale
	blank := func() *drawing {
		return &drawing{pen: pen{m: m, scale: scale}, Facts: Facts{Lang: a.Lang}, phoneLeast: street}
	}
	a.plan(blank(), h)
	return func(yield func(*paper.Sheet, MissingOn) bool) {
		page := 0
		put := func(code, title string, draw func(b *drawing)) bool {
			page++
			b := blank()
			draw(b)
			if page > 1 {
				b.text(297/2, h-margin+1, fmt.Sprint(page), style{size: 5, bold: true, colour: deep, anchor: paper.Middle})
			}
			sheet, missing := b.sheet(width, height)
			sheet.Title = paper.Clean(title) // by which the page is found in the document
			return yield(sheet, MissingOn{code, string(missing)})
		}
		if !put(a.Code, join(" · ", a.Community, wAtlas.in(a.Lang)), func(b *drawing) { a.cover(b, 297, h) }) {
			return
		}
		for _, rows := range a.contents {
			if !put(a.Code, wContents.in(a.Lang), func(b *drawing) { a.listed(b, 297, h, rows) }) {
				return
			}
		}
		for _, f := range a.Grids {
			if !put(f.Grid.Code, join(" ", f.Grid.Number, f.Grid.Name), func(b *drawing) {
				b.Facts = f
				b.lay(297, h-4, Format{Size: atlasSize})
			}) {
				return
			}
		}
		for i, sections := range a.index {
			if !put(a.Code, a.spanOf(sections), func(b *drawing) { a.indexPage(b, 297, h, sections, i == len(a.index)-1) }) {
				return
			}
		}
	}
}

// plan says what stands on which page of the contents and the index.
func (a *atlas) plan(b *drawing, h float64) {
	rows := len(a.Grids)
	parts := []struct {
		title   words
		entries []Entry
	}{{wStreets, indexed(a.Streets)}, {wBuildings, indexed(a.Buildings)}}
	for _, p := range parts {
		rows += min(len(p.entries), 1)
	}
	a.first = 2 + (rows+contentsRows-1)/contentsRows
	var all []listing
	for i, f := range a.Grids {
		l := listing{number: f.Grid.Number, name: f.Grid.Name, page: a.first + i}
		if g := f.first(); g != nil {
			l.who, l.phone = g.Name, g.Phone
		} else {
			who := f.instead()
			l.who, l.phone, l.vacant = join(" ", wVacant.in(a.Lang), postOf(who.Post).in(a.Lang), who.Name), who.Phone, true
		}
		all = append(all, l)
	}
	last := a.first + len(a.Grids) // page of the index's first
	top, bottom := indexTop, h-margin-14
	y := bottom // of the page that is filled: none yet
	for _, p := range parts {
		rest := a.rows(b, p.entries)
		for n := 0; len(rest) > 0; n++ {
			if bottom-y < headed+max(8*indexRow, rest[0].height()) {
				a.index, y = append(a.index, nil), top
			}
			if n == 0 {
				all = append(all, listing{name: p.title.in(a.Lang), page: last + len(a.index) - 1})
			}
			s := section{title: p.title, top: y}
			s.columns, rest = flowed(rest, bottom-y-headed)
			y += headed + s.height() + 2*gap
			a.index[len(a.index)-1] = append(a.index[len(a.index)-1], s)
		}
	}
	a.contents = slices.Collect(slices.Chunk(all, contentsRows))
}

// heading is the band on top of a page, and where what is beneath begins.
func (a *atlas) heading(b *drawing, w float64, title words) float64 {
	b.rect(paper.Box{X: margin, Y: margin, W: w - 2*margin, H: 22}, round, deep)
	b.pair(margin+pad+2, margin+14.4, title.in(a.Lang), title.beside(a.Lang), style{size: 10, bold: true, colour: white}, onDeep, w*0.5)
	b.centred(w-margin-pad-2, margin+11, b.fit(join(" · ", a.Town, a.Community), w*0.4, 8, style{size: 5.4, colour: onDeep, anchor: paper.End}, 3.4))
	return indexTop
}

// coverProportion is the width of the map on the cover by its height.
const coverProportion = 0.86

func (a *atlas) cover(b *drawing, w, h float64) {
	const band = 62.0
	b.rect(paper.Box{X: margin, Y: margin, W: w - 2*margin, H: band}, round, deep)
	left, room := margin+pad+4, w-2*margin-2*pad-8
	if a.URL != "" {
		c := paper.Box{X: w - margin - band + 5, Y: margin + 5, W: band - 10, H: band - 10}
		b.rect(c, 2, white)
		b.add(paper.QR(a.URL, b.box(paper.Box{X: c.X, Y: c.Y, W: c.W, H: c.H - 5}), ink), &paper.Link{Box: b.box(c), URL: a.URL, Label: wScanOnline.in(a.Lang)})
		b.centred(c.X+c.W/2, c.Y+c.H-4.4, b.fit(wScanOnline.in(a.Lang), c.W-3, 5, style{size: 4, colour: ink, anchor: paper.Middle}, 2.4))
		room -= band
	}
	b.centred(left, margin+14, b.fit(join(" · ", a.District, a.Town), room, 9, style{size: 7, colour: onDeep}, 4))
	b.centred(left, margin+32, b.fit(a.Community, room, 24, style{size: 21, bold: true, colour: white}, 7))
	b.pair(left, margin+53, wAtlas.in(a.Lang), wAtlas.beside(a.Lang), style{size: 8.4, bold: true, colour: white}, onDeep, room)
	bottom := h - margin - 14
	b.Scene = a.Scene
	x := paper.Box{X: margin, Y: margin + band + gap, W: w - 2*margin, H: bottom - margin - band - 2*gap}
	o := b.options()
	o.Numbers = false
	b.add(chart.Draw(a.Scene, b.box(x), o, b.m))
	b.lines(margin, bottom-1, b.fit(join(" · ", a.Date, a.mark(), fmt.Sprintf(wGridsInAll.in(a.Lang), len(a.Grids))), w*0.6, 8, style{size: 5, bold: true, colour: deep}, least))
	approval := ""
	if a.Approval != "" {
		approval = wApproval.in(a.Lang) + " " + a.Approval
	}
	st := style{size: least * 1.1, colour: soft, anchor: paper.End}
	b.lines(w-margin, bottom, b.fit(join("   ", approval, a.Credit), w*0.36, 12, st, least*0.8))
}

// mark is which state of the boards the atlas is of.
func (a *atlas) mark() string {
	if a.Mark == "" {
		return ""
	}
	return fmt.Sprintf(wMark.in(a.Lang), a.Mark)
}

const (
	contentsRows = 34
	indexTop     = margin + 22 + 8
)

// listing is a line of the contents.
type listing struct {
	number, name, who, phone string
	page                     int
	vacant                   bool
}

// listed is a page of the contents.
func (a *atlas) listed(b *drawing, w, h float64, rows []listing) {
	y := a.heading(b, w, wContents)
	each := min(11.5, (h-margin-14-y)/contentsRows)
	x := []float64{margin + 2, margin + 22, w * 0.4, w*0.4 + 84, w - margin - 2}
	for i, l := range rows {
		if i%2 == 0 {
			b.rect(paper.Box{X: margin, Y: y, W: w - 2*margin, H: each}, 1, tint)
		}
		cy := y + each/2
		who := style{size: 5, colour: ink}
		if l.vacant {
			who.colour = call
		}
		b.centred(x[0], cy, b.fit(l.number, 18, each, style{size: 5, bold: true, colour: deep}, 3))
		b.centred(x[1], cy, b.fit(l.name, x[2]-x[1]-4, each, style{size: 5, colour: ink}, 3))
		b.centred(x[2], cy, b.fit(l.who, x[3]-x[2]-3, each, who, 3))
		b.centred(x[3], cy, b.fit(phone.Grouped(paper.Clean(l.phone)), x[4]-x[3]-14, each, style{size: 5, colour: ink}, 3))
		b.text(x[4], cy+5*middle, fmt.Sprint(l.page), style{size: 5, bold: true, colour: deep, anchor: paper.End})
		b.toPage(paper.Box{X: margin, Y: y, W: w - 2*margin, H: each}, l.page, join(" ", l.number, l.name))
		y += each
	}
}

// toPage makes a box lead to a page.
func (b *drawing) toPage(x paper.Box, page int, label string) {
	b.add(&paper.Link{Box: b.box(x), Page: page, Label: label})
}

// indexed are the entries by how they are read in Chinese (pinyin), each name once.
func indexed(list []Entry) []Entry {
	at := map[string]int{}
	var out []Entry
	for _, e := range list {
		if e.Name = paper.Clean(e.Name); strings.TrimSpace(e.Name) == "" {
			continue
		}
		n, seen := at[e.Name]
		if !seen {
			n = len(out)
			at[e.Name] = n
			out = append(out, Entry{Name: e.Name})
		}
		out[n].Grids = append(out[n].Grids, e.Grids...)
	}
	c := collate.New(language.MustParse("zh-u-co-pinyin"), collate.Numeric)
	var keys collate.Buffer
	sorted := make(map[string][]byte, len(out))
	for i := range out {
		slices.Sort(out[i].Grids)
		out[i].Grids = slices.Compact(out[i].Grids)
		sorted[out[i].Name] = c.KeyFromString(&keys, out[i].Name)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if d := slices.Compare(sorted[a.Name], sorted[b.Name]); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

const (
	indexColumns = 3
	indexSize    = 4.2
	indexRow     = 5.9 // height of a line
	indexWidth   = (297 - 2*margin - (indexColumns-1)*8) / indexColumns
)

// section is a part of the index on one page.
type section struct {
	title   words
	top     float64
	columns [indexColumns][]entryRow
}

// entryRow is a name of the index as it is laid out.
type entryRow struct {
	name  fitted
	pages [][]pages // line by line
}

// pages are pages one after the other.
type pages struct{ from, to int }

func (p pages) String() string {
	switch p.to {
	case p.from:
		return fmt.Sprint(p.from)
	case p.from + 1:
		return fmt.Sprintf("%d, %d", p.from, p.to)
	}
	return fmt.Sprintf("%d–%d", p.from, p.to)
}

func (r entryRow) height() float64 { return indexRow * float64(max(len(r.name.lines), len(r.pages))) }

func heightOf(rows []entryRow) (h float64) {
	for _, r := range rows {
		h += r.height()
	}
	return h
}

func (s section) height() (h float64) {
	for _, c := range s.columns {
		h = max(h, heightOf(c))
	}
	return h
}

var (
	indexName  = style{size: indexSize, colour: ink}
	indexPages = style{size: indexSize, bold: true, colour: deep}
)

// lineOf is pages in a line.
func lineOf(line []pages) string {
	var parts []string
	for _, p := range line {
		parts = append(parts, p.String())
	}
	return strings.Join(parts, ", ")
}

// rows lays names out in the width of a column: the pages take half of it at most, on as many lines as they need, the name what they leave.
func (a *atlas) rows(b *drawing, entries []Entry) (out []entryRow) {
	for _, e := range entries {
		var all []pages
		for _, g := range e.Grids {
			page := a.first + g
			if n := len(all); n > 0 && all[n-1].to == page-1 {
				all[n-1].to = page
			} else {
				all = append(all, pages{page, page})
			}
		}
		row, wide := entryRow{pages: [][]pages{nil}}, 0.0
		for _, p := range all {
			last := &row.pages[len(row.pages)-1]
			if len(*last) > 0 && b.width(lineOf(append(slices.Clone(*last), p)), indexPages) > indexWidth*0.5 {
				row.pages = append(row.pages, nil)
				last = &row.pages[len(row.pages)-1]
			}
			*last = append(*last, p)
			wide = max(wide, b.width(lineOf(*last), indexPages))
		}
		row.name = b.fit(e.Name, indexWidth-wide-4, 2*indexRow, indexName, indexSize*0.8)
		out = append(out, row)
	}
	return out
}

// flowed puts as many rows into columns of a height as there is room for, in columns about as high where all have room, and returns the rest.
func flowed(rows []entryRow, height float64) (columns [indexColumns][]entryRow, rest []entryRow) {
	for even := heightOf(rows) / indexColumns; ; even += indexRow {
		rest = rows
		for i := range columns {
			n, used := 0, 0.0
			for n < len(rest) && used+rest[n].height() <= min(even, height)+1e-9 {
				used += rest[n].height()
				n++
			}
			columns[i], rest = rest[:n], rest[n:]
		}
		if len(rest) == 0 || even >= height {
			return columns, rest
		}
	}
}

// spanOf is the title of a page of the index: from which name to which.
func (a *atlas) spanOf(sections []section) string {
	var parts []string
	for _, s := range sections {
		all := slices.Concat(s.columns[:]...)
		first, last := strings.Join(all[0].name.lines, ""), strings.Join(all[len(all)-1].name.lines, "")
		parts = append(parts, s.title.in(a.Lang)+" "+first+" – "+last)
	}
	return strings.Join(parts, " · ")
}

// indexPage is a page of the index.
func (a *atlas) indexPage(b *drawing, w, h float64, sections []section, last bool) {
	a.heading(b, w, wIndex)
	for _, s := range sections {
		top := b.section(paper.Box{X: margin, Y: s.top, W: w - 2*margin, H: headed}, s.title)
		for i, rows := range s.columns {
			x, y := margin+float64(i)*(indexWidth+8), top
			for _, r := range rows {
				a.entry(b, x, y, r)
				y += r.height()
			}
		}
	}
	if a.Cut && last {
		b.text(margin, h-margin-6, wCut.in(a.Lang), style{size: least * 1.1, colour: soft})
	}
}

// entry writes a name of the index and its pages, each of which leads there.
func (a *atlas) entry(b *drawing, x, y float64, r entryRow) {
	right := x + indexWidth
	for i, l := range r.name.lines {
		b.raw(x, y+(float64(i)+0.5)*indexRow+r.name.size*middle, l, r.name.style)
	}
	for i, line := range r.pages {
		text := lineOf(line)
		left, cy := right-b.width(text, indexPages), y+(float64(i)+0.5)*indexRow
		b.text(left, cy+indexSize*middle, text, indexPages)
		for k, p := range line {
			from := left + b.width(lineOf(line[:k])+", ", indexPages)
			if k == 0 {
				from = left
			}
			b.toPage(paper.Box{X: from, Y: cy - indexRow/2, W: b.width(p.String(), indexPages), H: indexRow}, p.from, p.String())
		}
		if i > 0 || len(r.name.lines) > 1 {
			continue
		}
		if from, to := x+b.width(r.name.lines[0], r.name.style)+1.2, left-1.2; to-from > 2 {
			b.add(&paper.Shape{Paths: [][]paper.Point{{{X: from * b.scale, Y: (cy + indexSize*0.3) * b.scale}, {X: to * b.scale, Y: (cy + indexSize*0.3) * b.scale}}},
				Stroke: rule, Width: 0.25 * b.scale, Dash: []float64{0.3 * b.scale, 1.2 * b.scale}})
		}
	}
}
