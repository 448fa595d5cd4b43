package signboard

import (
	"fmt"
	"strings"

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
	for i, s := range b.Limits.Sides() {
		left, cy := x.X+float64(i%columns)*(wide+gap), y+(float64(i/columns)+0.5)*each
		if i >= columns {
			b.stroke(left, cy-each/2, left+wide, cy-each/2, 0.25, rule)
		}
		b.centred(left, cy, b.fit(s.Text(b.Lang), 15, each, style{size: 5, colour: soft}, 4))
		st := style{size: 5, bold: true, colour: ink}
		if s.Name == "" {
			s.Name, st = wSeeMap.in(b.Lang), style{size: 4.4, colour: soft}
		}
		b.centred(left+16, cy, b.fit(s.Name, wide-16, each, st, least))
	}
	if columns > 1 {
		top := y + 2*each
		b.stroke(x.X, top, x.X+x.W, top, 0.25, rule)
		b.lines(x.X, top+0.8, b.fit(b.apart(), x.W, 2*each-0.8, style{size: 4.6, colour: ink}, least*0.9))
	}
}

// endsAt are limits as a sentence; sides that end at the same are told together: 东、南至渡口网格，北至渡口巷.
func (f Facts) endsAt(l place.Limits) string {
	var order []string
	alike := map[string][]string{}
	for _, s := range l.Sides() {
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
