package paper

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
)

// families are the fonts that a browser is asked for, in turn: none is sent with a sheet. Every line is as long as it was measured, whichever is found.
const families = "Noto Sans CJK SC,Source Han Sans SC,PingFang SC,Microsoft YaHei,WenQuanYi Micro Hei,sans-serif"

// WriteSVG writes s as an SVG 2 image in millimetres, without style sheets and scripts, so that it can stand in a page under any policy. Its text is text;
// what f has no letter for is left to the fonts of who looks. Where it has links it is a group for those who cannot see it, else one picture.
// The same sheet and fonts make the same bytes.
func WriteSVG(w io.Writer, s *Sheet, f *Fonts) error {
	v := &vector{fonts: f, clips: map[string]bool{}}
	role := "img"
	if linked(s.Items) {
		role = "group" // within a picture nothing can be chosen
	}
	title := Clean(s.Title)
	v.b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg"`)
	v.numbers("viewBox", 0, 0, s.W, s.H)
	if s.Screen {
		fmt.Fprintf(&v.b, ` width="100%%" height="100%%" role="%s"`, role)
	} else {
		fmt.Fprintf(&v.b, ` width="%smm" height="%smm" role="%s"`, number(nil, s.W, 2), number(nil, s.H, 2), role)
	}
	v.attr("lang", s.Lang)
	v.attr("aria-label", title)
	v.b.WriteString("><title>")
	v.escape(title)
	v.b.WriteString("</title>\n<g stroke-linejoin=\"round\" fill-rule=\"evenodd\"")
	v.attr("font-family", families)
	v.b.WriteString("><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	if err := v.items(s.Items); err != nil {
		return fmt.Errorf("a sheet: %w", err)
	}
	v.b.WriteString("</g></svg>\n")
	_, err := w.Write(v.b.Bytes())
	return err
}

// vector is an SVG that is being written.
type vector struct {
	b     bytes.Buffer
	fonts *Fonts
	clips map[string]bool // that were written
}

func linked(list []Item) bool {
	for _, item := range list {
		switch i := item.(type) {
		case *Link:
			if address(i.URL) != "" {
				return true
			}
		case *Group:
			if linked(i.Items) {
				return true
			}
		}
	}
	return false
}

func (v *vector) escape(text string) {
	_ = xml.EscapeText(&v.b, []byte(text)) // a buffer takes all
}

// attr writes an attribute; an empty one is left out.
func (v *vector) attr(name, text string) {
	if text != "" {
		v.b.WriteString(" " + name + `="`)
		v.escape(text)
		v.b.WriteByte('"')
	}
}

func (v *vector) numbers(name string, list ...float64) {
	v.b.WriteString(" " + name + `="`)
	for i, n := range list {
		if i > 0 {
			v.b.WriteByte(' ')
		}
		v.b.Write(number(v.b.AvailableBuffer(), n, 2))
	}
	v.b.WriteByte('"')
}

// colour writes c as a fill or a stroke.
func (v *vector) colour(name string, c Colour) {
	if c.A == 0 {
		v.b.WriteString(" " + name + `="none"`)
		return
	}
	fmt.Fprintf(&v.b, ` %s="#%02x%02x%02x"`, name, c.R, c.G, c.B)
	if c.A < 255 {
		fmt.Fprintf(&v.b, ` %s-opacity="%s"`, name, number(nil, float64(c.A)/255, 3))
	}
}

func (v *vector) items(list []Item) error {
	for _, item := range list {
		switch i := item.(type) {
		case *Shape:
			v.shape(i)
		case *Text:
			v.text(i)
		case *Picture:
			if err := v.picture(i); err != nil {
				return err
			}
		case *Link:
			v.link(i)
		case *Group:
			clip := ""
			if i.Clip != nil {
				clip = v.clip(*i.Clip, 0)
			}
			v.b.WriteString("<g")
			v.attr("class", i.Name)
			if label := Clean(i.Label); label != "" {
				role := "img"
				if linked(i.Items) {
					role = "group"
				}
				v.attr("role", role)
				v.attr("aria-label", label)
			}
			v.attr("clip-path", clip)
			v.b.WriteString(">\n")
			if err := v.items(i.Items); err != nil {
				return err
			}
			v.b.WriteString("</g>\n")
		}
	}
	return nil
}

// clip writes a box with corners of radius r to cut by, where it was not, and says where it is. Its name is its place, so that two sheets in one page that
// have the same name have the same box.
func (v *vector) clip(b Box, r float64) string {
	id := "cut"
	for _, n := range [...]float64{b.X, b.Y, b.W, b.H, r} {
		id += "_" + strconv.Itoa(hundredths(n))
	}
	if !v.clips[id] {
		v.clips[id] = true
		v.b.WriteString(`<clipPath id="` + id + `"><rect`)
		v.box(b)
		if r > 0 {
			v.numbers("rx", r)
		}
		v.b.WriteString("/></clipPath>\n")
	}
	return "url(#" + id + ")"
}

func (v *vector) box(b Box) {
	v.numbers("x", b.X)
	v.numbers("y", b.Y)
	v.numbers("width", b.W)
	v.numbers("height", b.H)
}

// hundredths is mm in hundredths of a millimetre; what is no number is 0.
func hundredths(mm float64) int {
	if math.IsNaN(mm) || math.Abs(mm) > 1e9 {
		return 0
	}
	return int(math.Round(mm * 100))
}

func (v *vector) shape(s *Shape) {
	if s.Fill.A == 0 && !s.stroked() {
		return
	}
	v.b.WriteString(`<path d="`)
	// Steps from point to point, which are shorter than places; of rounded places, so that nothing adds up.
	x, y := 0, 0
	step := func(n int) {
		if c := v.b.Bytes()[v.b.Len()-1]; n >= 0 && '0' <= c && c <= '9' {
			v.b.WriteByte(' ')
		}
		v.b.Write(number(v.b.AvailableBuffer(), float64(n)/100, 2))
	}
	for _, path := range s.Paths {
		if len(path) == 0 {
			continue
		}
		for i, q := range path {
			toX, toY := hundredths(q.X), hundredths(q.Y)
			switch {
			case i == 0:
				v.b.WriteByte('M')
				x, y = 0, 0
			case i == 1:
				v.b.WriteByte('l')
			case toX == x && toY == y:
				continue
			}
			step(toX - x)
			step(toY - y)
			x, y = toX, toY
		}
		if s.Closed {
			v.b.WriteByte('z')
		}
	}
	v.b.WriteByte('"')
	v.colour("fill", s.Fill)
	if s.stroked() {
		v.colour("stroke", s.Stroke)
		v.numbers("stroke-width", s.Width)
		if len(s.Dash) > 0 {
			v.numbers("stroke-dasharray", s.Dash...)
		} else {
			v.attr("stroke-linecap", "round")
		}
	}
	v.b.WriteString("/>\n")
}

func (v *vector) text(t *Text) {
	text := Clean(t.Text)
	if text == "" || t.Colour.A == 0 || !(t.Size > 0) {
		return
	}
	v.b.WriteString("<text")
	v.numbers("x", t.At.X)
	v.numbers("y", t.At.Y)
	v.numbers("font-size", t.Size)
	v.numbers("textLength", v.fonts.Width(text, t.Size, t.Bold))
	v.attr("lengthAdjust", "spacingAndGlyphs")
	v.attr("text-anchor", [...]string{"", "middle", "end"}[t.Anchor])
	if t.Bold {
		v.attr("font-weight", "bold")
	}
	if turn := string(number(nil, t.Turn, 2)); turn != "0" {
		v.attr("transform", fmt.Sprintf("rotate(%s %s %s)", turn, number(nil, t.At.X, 2), number(nil, t.At.Y, 2)))
	}
	v.colour("fill", t.Colour)
	if t.Halo > 0 {
		v.colour("stroke", Colour{255, 255, 255, t.Colour.A})
		v.numbers("stroke-width", 2*t.Halo)
		v.attr("paint-order", "stroke")
	}
	v.b.WriteByte('>')
	v.escape(text)
	v.b.WriteString("</text>\n")
}

func (v *vector) picture(p *Picture) error {
	kind, _, err := check(p.Data)
	if err != nil {
		return fmt.Errorf("a picture: %w", err)
	}
	clip := ""
	if p.Round > 0 {
		clip = v.clip(p.Box, p.Round)
	}
	v.b.WriteString("<image")
	v.box(p.Box)
	v.attr("preserveAspectRatio", "xMidYMid slice")
	v.attr("clip-path", clip)
	if alt := Clean(p.Alt); alt != "" {
		v.attr("role", "img")
		v.attr("aria-label", alt)
	} else {
		v.attr("aria-hidden", "true")
	}
	v.b.WriteString(` href="data:image/` + kind + ";base64,")
	v.b.WriteString(base64.StdEncoding.EncodeToString(p.Data))
	v.b.WriteString("\"/>\n")
	return nil
}

func (v *vector) link(l *Link) {
	to := address(l.URL)
	if to == "" {
		return
	}
	v.b.WriteString("<a")
	v.attr("href", to)
	v.attr("aria-label", Clean(l.Label))
	v.b.WriteString("><rect")
	v.box(l.Box)
	v.b.WriteString(" fill=\"none\" pointer-events=\"all\"/></a>\n")
}
