package signboard

import (
	"fmt"
	"strings"

	"wangge/domain/around"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

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
	each, wide := (x.Y+x.H-y)/4, (x.W-float64(columns-1)*gap)/float64(columns)
	sides, apart := b.limitsIn(wide-16, each-air, paper.Box{W: x.W, H: 2*each - air})
	for i, s := range [...]place.Side{place.East, place.South, place.West, place.North} {
		left, cy := x.X+float64(i%columns)*(wide+gap), y+(float64(i/columns)+0.5)*each
		if i >= columns {
			b.stroke(left, cy-each/2, left+wide, cy-each/2, 0.25, rule)
		}
		b.centred(left, cy, b.fit(s.Text(b.Lang), 15, each, style{size: 5, colour: soft}, 4))
		b.centred(left+16, cy, sides[s])
	}
	if columns > 1 {
		top := y + 2*each
		b.stroke(x.X, top, x.X+x.W, top, 0.25, rule)
		b.lines(x.X, top+air, apart)
	}
}

// telling is how much of the limits a sheet tells: so many names a side, and so many of the parts that lie apart.
type telling struct{ names, parts int }

// fullest is all that anybody reads; the map shows more.
var fullest = telling{0, 3}

// tellings are tried in turn until one fits, so that no name is cut and no side left out: names go first, for all sides alike, then the parts.
var tellings = []telling{fullest, {2, 3}, {1, 3}, {1, 2}, {1, 1}, {1, 0}}

// air is between a rule and what stands under it.
const air = 0.8

// limitsIn fits what each side ends at, by place.Side, into a width and a height, and what is told of parts that lie apart into a box.
func (b *drawing) limitsIn(w, h float64, beneath paper.Box) (sides [4]fitted, apart fitted) {
	for _, t := range tellings {
		cut := false
		for _, s := range b.Limits.In(b.Lang, t.names).Sides() {
			st := style{size: 5, bold: true, colour: ink}
			if s.Name == "" {
				s.Name, st = wSeeMap.in(b.Lang), style{size: 4.4, colour: soft}
			}
			sides[s.Side] = b.fit(s.Name, w, h, st, least)
			crowded := len(sides[s.Side].lines) > 1 && sides[s.Side].height() > h // its lines touch the rules
			cut = cut || sides[s.Side].cut || crowded && t.names != 1
		}
		if len(b.Apart) > 0 {
			apart = b.fit(b.apart(t), beneath.W, beneath.H, style{size: 4.6, colour: ink}, least*0.9)
		}
		if !cut && !apart.cut {
			break
		}
	}
	return sides, apart
}

// endsAt are limits as a sentence; sides that end at the same are told together: 东、南至渡口网格，北至渡口巷.
func (f Facts) endsAt(l around.Sides, t telling) string {
	var order []string
	alike := map[string][]string{}
	for _, s := range l.In(f.Lang, t.names).Sides() {
		if s.Name == "" {
			continue
		}
		if alike[s.Name] == nil {
			order = append(order, s.Name)
		}
		alike[s.Name] = append(alike[s.Name], s.Text(f.Lang))
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
func (f Facts) apart(t telling) string {
	var parts []string
	for _, p := range f.Apart[:min(len(f.Apart), t.parts)] {
		parts = append(parts, p.Lies.Apart(f.Lang)+words{"", " "}.in(f.Lang)+f.endsAt(p.Sides, t))
	}
	if len(f.Apart) > t.parts {
		parts = append(parts, fmt.Sprintf(wMoreApart.in(f.Lang), len(f.Apart)))
	}
	return strings.Join(parts, words{"；", ". "}.in(f.Lang)) + words{"。", "."}.in(f.Lang)
}
