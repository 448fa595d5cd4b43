package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// portrait is a picture with a gradient, in PNG or JPEG.
func portrait(t testing.TB, kind string, size int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			img.SetNRGBA(x, y, color.NRGBA{uint8(200 * x / size), uint8(200 * y / size), 180, 255})
		}
	}
	var b bytes.Buffer
	var err error
	if kind == "png" {
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// board is an A3 sheet with everything that a board has, and as much of it: a map with 40 streets and 150 numbered buildings, text in lines, a portrait.
func board(t testing.TB, f *Fonts, code string) *Sheet {
	t.Helper()
	const w, h = 420, 297
	black, blue, red := Colour{20, 20, 20, 255}, Colour{30, 80, 160, 255}, Colour{200, 40, 40, 255}
	s := &Sheet{W: w, H: h, Title: "采薇街道小澜河社区 网格" + code, Lang: "zh-CN"}
	add := func(i ...Item) { s.Items = append(s.Items, i...) }

	add(&Text{At: Point{w / 2, 28}, Text: s.Title, Size: 18, Bold: true, Colour: blue, Anchor: Middle})
	add(&Text{At: Point{w / 2, 38}, Text: "Grid " + code + ", Xiaolan River Community", Size: 6, Colour: black, Anchor: Middle})

	plan := &Group{Name: "map", Label: "网格" + code + "的地图", Clip: &Box{15, 45, 255, 235}}
	area := func(q Point, r float64, n int) []Point {
		var ring []Point
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			ring = append(ring, Point{q.X + r*cos, q.Y + r*sin*(1+0.2*cos)})
		}
		return ring
	}
	plan.Items = append(plan.Items, &Shape{Paths: [][]Point{{{15, 45}, {270, 45}, {270, 280}, {15, 280}}}, Closed: true, Fill: Colour{244, 241, 234, 255}})
	for i := range 40 {
		y := 30 + 7*float64(i)
		plan.Items = append(plan.Items, &Shape{Paths: [][]Point{{{0, y}, {140, y + 12}, {300, y - 5}}}, Stroke: Colour{255, 255, 255, 255}, Width: 3})
	}
	// With a hole, through which what lies below is seen.
	plan.Items = append(plan.Items, &Shape{Paths: [][]Point{area(Point{140, 160}, 95, 200), area(Point{110, 190}, 20, 40)}, Closed: true,
		Fill: Colour{90, 160, 90, 90}, Stroke: red, Width: 1.2, Dash: []float64{6, 2, 1, 2}})
	for i := range 150 {
		x, y := 30+15*float64(i%15), 60+20*float64(i/15)
		plan.Items = append(plan.Items, &Shape{Paths: [][]Point{{{x, y}, {x + 9, y}, {x + 9, y + 6}, {x + 5, y + 6}, {x + 5, y + 9}, {x, y + 9}}}, Closed: true,
			Fill: Colour{205, 200, 190, 255}, Stroke: Colour{150, 145, 135, 255}, Width: 0.2},
			&Text{At: Point{x + 4, y + 5}, Text: fmt.Sprint(i+1, "号"), Size: 3, Colour: black, Anchor: Middle, Halo: 0.5})
	}
	for i := range 8 {
		plan.Items = append(plan.Items, &Text{At: Point{140, 70 + 26*float64(i)}, Text: "采薇路 Caiwei Road", Size: 5, Colour: black, Anchor: Middle,
			Turn: float64(i)*10 - 30, Halo: 0.8})
	}
	add(plan)

	add(&Picture{Box: Box{285, 50, 45, 60}, Data: portrait(t, "jpeg", 300), Alt: "网格员王采薇的照片", Round: 4})
	add(&Text{At: Point{340, 65}, Text: "网格员", Size: 8, Colour: black}, &Text{At: Point{340, 82}, Text: "王采薇", Size: 14, Bold: true, Colour: black})
	size, _ := Fit(f, "138 0013 8000", 22, 8, 120, true)
	add(&Text{At: Point{285, 135}, Text: "138 0013 8000", Size: size, Bold: true, Colour: red})
	add(&Link{Box: Box{285, 115, 120, 25}, URL: "tel:13800138000", Label: "打电话给王采薇"})
	y := 150.0
	for _, line := range Lines(f, "负责：日常巡查、隐患排查、矛盾纠纷化解、走访特殊人群、政策宣传、代办服务（老人、残疾人优先）。東至采薇街，南至小澜河；西至“幸福里（二期）”，北至中山路128号。", 6, 120, false) {
		add(&Text{At: Point{285, y}, Text: line, Size: 6, Colour: black})
		y += 8.5
	}
	add(QR("https://example.org/g/"+code, Box{285, 230, 45, 45}, black))
	add(&Link{Box: Box{285, 230, 45, 45}, URL: "https://example.org/g/" + code, Label: "网页"}, &Link{Box: Box{285, 230, 45, 45}, URL: "/g/" + code, Label: "路径"})
	return s
}

// FuzzText takes whatever text there is through all that is done to it: nothing panics, nothing is lost on the way, and somebody else's programs read it.
func FuzzText(f *testing.F) {
	for _, s := range []string{"采薇街道，（小澜河）“社区”。", "\u202eabc <script>&'\"", "𪛖😀\xff\x00", "a\u0301\u0301\u0301 \u3000b\n\nc", "13800138000 https://example.org/g/1?x=%20"} {
		f.Add(s)
	}
	m := fonts(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 500 {
			return
		}
		want := Clean(text)
		if Clean(want) != want {
			t.Errorf("cleaned again it is %q", Clean(want))
		}
		bare := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r == ' ' || r == '\u3000' {
					return -1
				}
				return r
			}, s)
		}
		lines := Lines(m, text, 5, 40, true)
		joined := ""
		for _, line := range lines {
			joined += bare(line)
			if m.Width(line, 5, true) > 40 && uniseg.GraphemeClusterCount(line) > 1 {
				t.Errorf("too long: %q", line)
			}
		}
		parts := "" // a line break keeps what is before and behind it from being composed
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }) {
			parts += bare(Clean(part))
		}
		if joined != parts {
			t.Errorf("lines say %q, want %q", joined, parts)
		}
		sheet := &Sheet{W: 210, H: 297, Title: text, Items: []Item{&Text{At: Point{10, 10}, Text: text, Size: 5, Colour: Colour{A: 255}}}}
		got := ""
		for _, e := range elements(t, writeSVG(t, m, sheet), "text") {
			got += e.text
		}
		if got != want {
			t.Errorf("SVG says %q, want %q", got, want)
		}
		r := readPDF(t, writePDF(t, m, sheet))
		if got := said(r.Page(1)); got != want {
			t.Errorf("PDF says %q, want %q", got, want)
		}
		if got := r.Trailer().Key("Info").Key("Title").Text(); got != want {
			t.Errorf("the PDF's title is %q, want %q", got, want)
		}
		writePNG(t, m, sheet, 20)
	})
}
