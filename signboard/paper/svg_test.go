package paper

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func writeSVG(t testing.TB, f *Fonts, s *Sheet) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSVG(&b, s, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// element is one of an SVG, as a reader of XML sees it.
type element struct {
	name, text string
	attrs      map[string]string
}

// elements lists those named name; "" all.
func elements(t testing.TB, svg, name string) (list []element) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	var open []int
	for {
		token, err := d.Token()
		if err == io.EOF {
			return slices.DeleteFunc(list, func(e element) bool { return name != "" && e.name != name })
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := element{name: x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			open, list = append(open, len(list)), append(list, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				list[open[len(open)-1]].text += string(x)
			}
		}
	}
}

func TestSVGText(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		name string
		text Text
		want string
		has  map[string]string
	}{
		{"plain", Text{Text: "采薇路"}, "采薇路", map[string]string{"x": "50", "y": "60.5", "font-size": "5", "textLength": "15", "fill": "#0a141e", "text-anchor": "", "transform": "", "stroke": ""}},
		{"bold, in the middle", Text{Text: "采薇路", Bold: true, Anchor: Middle}, "采薇路", map[string]string{"font-weight": "bold", "text-anchor": "middle", "textLength": "15.2"}},
		{"at the end, turned", Text{Text: "采薇路", Anchor: End, Turn: -30}, "采薇路", map[string]string{"text-anchor": "end", "transform": "rotate(-30 50 60.5)"}},
		{"with an edge", Text{Text: "采薇路", Halo: 0.5}, "采薇路", map[string]string{"paint-order": "stroke", "stroke": "#ffffff", "stroke-width": "1"}},
		{"a letter that the font has not", Text{Text: "王𪛖"}, "王𪛖", map[string]string{"textLength": "10"}},
		{"markup", Text{Text: `</text><script>alert(1)</script>`}, `</text><script>alert(1)</script>`, nil},
		{"entities", Text{Text: `&lt;b&#x3c;"'`}, `&lt;b&#x3c;"'`, nil},
		{"CDATA", Text{Text: `]]><![CDATA[<a onclick="x">`}, `]]><![CDATA[<a onclick="x">`, nil},
		{"direction of writing", Text{Text: "\u202e张\u2067三\u202c"}, "张三", nil},
		{"control characters, no text", Text{Text: "a\x00\x08\xff\ufffeb"}, "ab", nil},
	} {
		c.text.At, c.text.Size, c.text.Colour = Point{50, 60.5}, 5, Colour{10, 20, 30, 255}
		svg := writeSVG(t, f, &Sheet{W: 210, H: 297, Title: c.text.Text, Items: []Item{&c.text}})
		list := elements(t, svg, "text")
		if len(list) != 1 || list[0].text != c.want || elements(t, svg, "title")[0].text != c.want || elements(t, svg, "svg")[0].attrs["aria-label"] != c.want {
			t.Errorf("%s: %+v, want %q in\n%s", c.name, list, c.want, svg)
			continue
		}
		for k, v := range c.has {
			if list[0].attrs[k] != v {
				t.Errorf("%s: %s is %q, want %q", c.name, k, list[0].attrs[k], v)
			}
		}
	}
}

// Whatever names are, the file has the elements and attributes that it would have of others, and nothing that runs.
func TestSVGHostile(t *testing.T) {
	f := fonts(t)
	sheet := func(name, url string) *Sheet {
		return &Sheet{W: 210, H: 297, Title: name, Lang: "zh-CN", Items: []Item{
			&Group{Name: "map", Label: name, Clip: &Box{1, 2, 3, 4}, Items: []Item{&Text{Text: name, Size: 5, Colour: Colour{A: 255}}}},
			&Picture{Box: Box{1, 1, 10, 10}, Data: portrait(t, "png", 8), Alt: name},
			&Link{Box: Box{1, 1, 10, 10}, URL: url, Label: name},
		}}
	}
	skeleton := func(svg string) (list []string) {
		for _, e := range elements(t, svg, "") {
			var keys []string
			for k := range e.attrs {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			list = append(list, e.name+" "+strings.Join(keys, " "))
		}
		return list
	}
	want := skeleton(writeSVG(t, f, sheet("采薇路", "/g/1")))
	for _, name := range []string{
		`"><script>alert(1)</script>`, `' onload='alert(1)`, `" onload="alert(1)" x="`, "-->\n<!--<foreignObject>", "\u202e<a href=x>", "&xxe; <!ENTITY x SYSTEM 'file:///etc/passwd'>",
		strings.Repeat("很", 60), "\x00\x1f x", "`${1}`", "<?xml version='1.0'?>",
	} {
		svg := writeSVG(t, f, sheet(name, "/g/1?x="+strings.NewReplacer("\n", "", "\x00", "", "\x1f", "").Replace(name)))
		if got := skeleton(svg); !slices.Equal(got, want) {
			t.Errorf("%q makes %q, want %q", name, got, want)
		}
	}
	if svg := writeSVG(t, f, sheet("采薇路", "javascript:alert(1)")); strings.Contains(svg, "javascript") || len(elements(t, svg, "a")) != 0 {
		t.Errorf("a link to a script: %s", svg)
	}
}

func TestSVGShapes(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		name  string
		shape Shape
		want  string
	}{
		{"area with a hole", Shape{Paths: [][]Point{{{0, 0}, {9, 0}, {9, 9}}, {{1, 1}, {2, 1}, {2, 2}}}, Closed: true, Fill: Colour{1, 2, 3, 51}},
			`<path d="M0 0l9 0 0 9zM1 1l1 0 0 1z" fill="#010203" fill-opacity="0.2"/>`},
		{"line", Shape{Paths: [][]Point{{{1.234, 5}, {0, 4.5}}}, Stroke: Colour{255, 0, 0, 255}, Width: 0.25},
			`<path d="M1.23 5l-1.23-0.5" fill="none" stroke="#ff0000" stroke-width="0.25" stroke-linecap="round"/>`},
		{"dashes", Shape{Paths: [][]Point{{{1, 1}, {2, 2}}}, Stroke: Colour{A: 255}, Width: 1, Dash: []float64{3, 1}},
			`<path d="M1 1l1 1" fill="none" stroke="#000000" stroke-width="1" stroke-dasharray="3 1"/>`},
		{"no numbers", Shape{Paths: [][]Point{{{math.NaN(), math.Inf(1)}, {2, 2}}, nil}, Closed: true, Fill: Colour{A: 255}}, `<path d="M0 0l2 2z" fill="#000000"/>`},
		{"unseen", Shape{Paths: [][]Point{{{1, 1}, {2, 2}}}, Stroke: Colour{A: 255}}, ""},
	} {
		svg := writeSVG(t, f, &Sheet{W: 10, H: 10, Items: []Item{&c.shape}})
		if got := len(elements(t, svg, "path")); !strings.Contains(svg, c.want) || (c.want == "") != (got == 0) {
			t.Errorf("%s: want %s in\n%s", c.name, c.want, svg)
		}
	}

	// Small steps do not add up to a large mistake.
	var ring []Point
	for i := range 10_000 {
		ring = append(ring, Point{0.0049 * float64(i), 0.0151 * float64(i)})
	}
	d := elements(t, writeSVG(t, f, &Sheet{W: 10, H: 10, Items: []Item{&Shape{Paths: [][]Point{ring}, Fill: Colour{A: 255}}}}), "path")[0].attrs["d"]
	var at Point
	numbers := strings.Fields(strings.NewReplacer("M", " ", "l", " ", "-", " -").Replace(d))
	for i := 0; i+1 < len(numbers); i += 2 {
		x, _ := strconv.ParseFloat(numbers[i], 64)
		y, _ := strconv.ParseFloat(numbers[i+1], 64)
		at.X, at.Y = at.X+x, at.Y+y
	}
	if last := ring[len(ring)-1]; math.Abs(at.X-last.X) > 0.006 || math.Abs(at.Y-last.Y) > 0.006 {
		t.Errorf("it ends at %v, want %v", at, last)
	}
}

func TestSVGDocument(t *testing.T) {
	f := fonts(t)
	s := board(t, f, "07")
	svg := writeSVG(t, f, s)
	if len(svg) > 80_000 {
		t.Errorf("%d bytes", len(svg))
	}
	root := elements(t, svg, "svg")[0].attrs
	for k, v := range map[string]string{"viewBox": "0 0 420 297", "width": "420mm", "height": "297mm", "lang": "zh-CN", "role": "group", "aria-label": s.Title} {
		if root[k] != v {
			t.Errorf("%s is %q, want %q", k, root[k], v)
		}
	}
	for _, bad := range []string{"<style", "style=", "<script", "@font-face", "NaN"} {
		if strings.Contains(svg, bad) {
			t.Errorf("it has %s", bad)
		}
	}
	var to []string
	for _, a := range elements(t, svg, "a") {
		to = append(to, a.attrs["href"]+" "+a.attrs["aria-label"])
	}
	if want := []string{"tel:13800138000 打电话给王采薇", "https://example.org/g/07 网页", "/g/07 路径"}; !slices.Equal(to, want) {
		t.Errorf("links %q, want %q", to, want)
	}
	groups := elements(t, svg, "g")
	if g := groups[1].attrs; g["class"] != "map" || g["role"] != "img" || g["aria-label"] != "网格07的地图" || g["clip-path"] != "url(#cut_1500_4500_25500_23500_0)" {
		t.Errorf("the map is %v", g)
	}
	if cuts := elements(t, svg, "clipPath"); len(cuts) != 2 || cuts[0].attrs["id"] != "cut_1500_4500_25500_23500_0" {
		t.Errorf("clips %v", cuts)
	}
	image := elements(t, svg, "image")[0].attrs
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(image["href"], "data:image/jpeg;base64,"))
	if err != nil || !bytes.Equal(data, portrait(t, "jpeg", 300)) || image["preserveAspectRatio"] != "xMidYMid slice" || image["aria-label"] != "网格员王采薇的照片" {
		t.Errorf("the picture is %.80v", fmt.Sprint(image))
	}
	if again := writeSVG(t, f, s); again != svg {
		t.Error("written again it is another file")
	}
	// Without links it is one picture.
	if got := elements(t, writeSVG(t, f, &Sheet{W: 10, H: 10, Title: "图", Items: []Item{&Link{URL: "javascript:1"}}}), "svg")[0].attrs["role"]; got != "img" {
		t.Errorf("role %q, want img", got)
	}
	if err := WriteSVG(io.Discard, &Sheet{Items: []Item{&Picture{Data: []byte("<svg onload='x'/>"), Alt: "照片"}}}, f); err == nil || strings.Contains(err.Error(), "照片") || !strings.Contains(err.Error(), "picture") {
		t.Errorf("a picture that is none: %v", err)
	}
}

func BenchmarkSVG(b *testing.B) {
	f := fonts(b)
	s := board(b, f, "07")
	for b.Loop() {
		b.ReportMetric(float64(len(writeSVG(b, f, s))), "bytes")
	}
}
