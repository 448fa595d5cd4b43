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
	District, Town, Community string
	Date                      string
	URL                       string
	Approval, Credit          string
	Scene                     chart.Scene // all grids of the community
	Grids                     []Facts     // a page each, by code
	Streets, Buildings        []Entry     // of the index
}

// Entry is a name of the index and the grids where it is found, as places in AtlasFacts.Grids.
type Entry struct {
	Name  string
	Grids []int
}

const atlasSize = "a4"

// Atlas lays out a community page by page: cover, contents, a page a grid, index. Its pages are A4, portrait.
func Atlas(a AtlasFacts, m Measurer) iter.Seq[*paper.Sheet] {
	contents := a.contents()
	first := 2 + len(contents) // page of the first grid
	return func(yield func(*paper.Sheet) bool) {
		page := 0
		put := func(title string, draw func(b *drawing, w, h float64)) bool {
			page++
			width, height := Format{Size: atlasSize}.mm()
			b := &drawing{pen: pen{m: m, scale: width / 297}, Facts: Facts{Lang: a.Lang}, phoneLeast: street}
			h := height / b.scale
			draw(b, 297, h)
			if page > 1 {
				b.text(297/2, h-margin+1, fmt.Sprint(page), style{size: 5, bold: true, colour: deep, anchor: paper.Middle})
			}
			sheet, _ := b.sheet(width, height)
			sheet.Title = paper.Clean(title) // by which the page is found in the document
			return yield(sheet)
		}
		if !put(join(" · ", a.Community, wAtlas.in(a.Lang)), a.cover) {
			return
		}
		for n, rows := range contents {
			if !put(wContents.in(a.Lang), func(b *drawing, w, h float64) { a.listed(b, w, h, rows, n*contentsRows, first) }) {
				return
			}
		}
		for i := range a.Grids {
			if !put(join(" ", a.Grids[i].Grid.Number, a.Grids[i].Grid.Name), func(b *drawing, w, h float64) {
				b.Facts = a.Grids[i]
				b.lay(w, h-4, Format{Size: atlasSize})
			}) {
				return
			}
		}
		for _, part := range []struct {
			title   words
			entries []Entry
		}{{wStreets, a.Streets}, {wBuildings, a.Buildings}} {
			for rows := range slices.Chunk(indexed(part.entries), indexRows*indexColumns) {
				if !put(part.title.in(a.Lang), func(b *drawing, w, h float64) { a.index(b, w, h, part.title, rows, first) }) {
					return
				}
			}
		}
	}
}

// heading is the band on top of a page, and where what is beneath begins.
func (a AtlasFacts) heading(b *drawing, w float64, title words) float64 {
	b.rect(paper.Box{X: margin, Y: margin, W: w - 2*margin, H: 22}, round, deep)
	b.pair(margin+pad+2, margin+14.4, title.in(a.Lang), title.beside(a.Lang), style{size: 10, bold: true, colour: white}, onDeep, w*0.5)
	b.centred(w-margin-pad-2, margin+11, b.fit(join(" · ", a.Town, a.Community), w*0.4, 8, style{size: 5.4, colour: onDeep, anchor: paper.End}, 3.4))
	return margin + 22 + 8
}

func (a AtlasFacts) cover(b *drawing, w, h float64) {
	const band = 62.0
	b.rect(paper.Box{X: margin, Y: margin, W: w - 2*margin, H: band}, round, deep)
	left, room := margin+pad+4, w-2*margin-2*pad-8
	b.centred(left, margin+14, b.fit(join(" · ", a.District, a.Town), room, 9, style{size: 7, colour: onDeep}, 4))
	b.centred(left, margin+32, b.fit(a.Community, room, 24, style{size: 21, bold: true, colour: white}, 9))
	b.pair(left, margin+53, wAtlas.in(a.Lang), wAtlas.beside(a.Lang), style{size: 8.4, bold: true, colour: white}, onDeep, room)
	bottom := h - margin - 12
	b.Scene = a.Scene
	x := paper.Box{X: margin, Y: margin + band + gap, W: w - 2*margin, H: bottom - margin - band - 2*gap}
	o := b.options()
	o.Numbers = false
	b.add(chart.Draw(a.Scene, b.box(x), o, b.m))
	st := style{size: least * 1.1, colour: soft}
	approval := ""
	if a.Approval != "" {
		approval = wApproval.in(a.Lang) + " " + a.Approval
	}
	b.lines(margin, bottom, b.fit(join("   ", a.Date, fmt.Sprintf(wGridsInAll.in(a.Lang), len(a.Grids))), room/2, 6, st, least))
	st.anchor = paper.End
	b.lines(w-margin, bottom, b.fit(join("   ", approval, a.Credit), room/2, 6, st, least*0.8))
}

const (
	contentsRows = 34
	indexRows    = 56
	indexColumns = 3
)

func (a AtlasFacts) contents() [][]Facts { return slices.Collect(slices.Chunk(a.Grids, contentsRows)) }

// listed is a page of the contents.
func (a AtlasFacts) listed(b *drawing, w, h float64, rows []Facts, before, first int) {
	y := a.heading(b, w, wContents)
	each := min(11.5, (h-margin-14-y)/contentsRows)
	x := []float64{margin + 2, margin + 22, w*0.5 + 4, w*0.5 + 48, w - margin - 2}
	for i, f := range rows {
		if i%2 == 0 {
			b.rect(paper.Box{X: margin, Y: y, W: w - 2*margin, H: each}, 1, tint)
		}
		cy := y + each/2
		who, number := "—", ""
		if g := f.first(); g != nil {
			who, number = g.Name, g.Phone
		}
		b.centred(x[0], cy, b.fit(f.Grid.Number, 18, each, style{size: 5, bold: true, colour: deep}, 3))
		b.centred(x[1], cy, b.fit(f.Grid.Name, x[2]-x[1]-4, each, style{size: 5, colour: ink}, 3))
		b.centred(x[2], cy, b.fit(who, x[3]-x[2]-3, each, style{size: 5, colour: ink}, 3))
		b.centred(x[3], cy, b.fit(phone.Grouped(paper.Clean(number)), x[4]-x[3]-18, each, style{size: 5, colour: ink}, 3))
		b.text(x[4], cy+5*middle, fmt.Sprint(first+before+i), style{size: 5, bold: true, colour: deep, anchor: paper.End})
		y += each
	}
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

// index is a page of the index, in columns.
func (a AtlasFacts) index(b *drawing, w, h float64, title words, rows []Entry, first int) {
	top := a.heading(b, w, title)
	each := (h - margin - 14 - top) / indexRows
	column := (w - 2*margin - (indexColumns-1)*8) / indexColumns
	st := style{size: min(4.2, each*0.72), colour: ink}
	for i, e := range rows {
		x := margin + float64(i/indexRows)*(column+8)
		cy := top + (float64(i%indexRows)+0.5)*each
		var pages []string
		for _, g := range e.Grids {
			pages = append(pages, fmt.Sprint(first+g))
		}
		right := st
		right.anchor, right.bold, right.colour = paper.End, true, deep
		number := b.fit(strings.Join(pages, ", "), column*0.45, each, right, st.size*0.6)
		b.centred(x+column, cy, number)
		name := b.fit(e.Name, column-b.width(number.lines[0], number.style)-3, each, st, st.size*0.7)
		b.centred(x, cy, name)
		from, to := x+b.width(name.lines[0], name.style)+1.2, x+column-b.width(number.lines[0], number.style)-1.2
		if to-from > 2 {
			b.add(&paper.Shape{Paths: [][]paper.Point{{{X: from * b.scale, Y: (cy + st.size*0.3) * b.scale}, {X: to * b.scale, Y: (cy + st.size*0.3) * b.scale}}},
				Stroke: rule, Width: 0.25 * b.scale, Dash: []float64{0.3 * b.scale, 1.2 * b.scale}})
		}
	}
}
