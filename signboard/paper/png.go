package paper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"github.com/golang/freetype/raster"
	"github.com/tdewolff/font"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/fixed"
)

// WritePNG writes s as pixels, dpi to the inch, on white; the file says how many. At most 50 million are written. Links are left out.
// The same sheet and fonts make the same bytes.
func WritePNG(w io.Writer, s *Sheet, f *Fonts, dpi float64) error {
	scale := dpi / 25.4
	width, height := math.Round(s.W*scale), math.Round(s.H*scale)
	if !(width >= 1 && height >= 1 && width*height <= largest) {
		return fmt.Errorf("a sheet of %v by %v mm at %v dpi: %w", s.W, s.H, dpi, errSize)
	}
	img := image.NewRGBA(image.Rect(0, 0, int(width), int(height)))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	p := &painter{img: img, whole: raster.NewRasterizer(int(width), int(height)), scale: scale, fonts: f}
	if err := p.items(s.Items); err != nil {
		return fmt.Errorf("a sheet: %w", err)
	}

	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	// The library does not write how large a pixel is; it stands behind the first chunk, which is always as long.
	const head = 8 + 12 + 13
	dots := binary.BigEndian.AppendUint32([]byte("pHYs"), uint32(math.Round(1000*scale)))
	dots = append(dots, dots[4:]...)
	dots = append(dots, 1) // a metre
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(dots)-4)), dots...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(dots))
	for _, part := range [][]byte{b.Bytes()[:head], chunk, b.Bytes()[head:]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

var errSize = errors.New("no pixels, or too many")

// painter paints on an image, or the part of it that is not cut off.
type painter struct {
	img   *image.RGBA
	whole *raster.Rasterizer
	scale float64 // pixels in a millimetre
	fonts *Fonts
}

// at is a place in pixels. What is far away from every sheet is brought nearer, since the library counts in 32 bits.
func (p *painter) at(x, y float64) fixed.Point26_6 {
	const far = 100_000
	fix := func(mm float64) fixed.Int26_6 {
		px := mm * p.scale
		if math.IsNaN(px) {
			px = 0
		}
		return fixed.Int26_6(math.Round(64 * max(-far, min(far, px))))
	}
	return fixed.Point26_6{X: fix(x), Y: fix(y)}
}

func (p *painter) items(list []Item) error {
	for _, item := range list {
		switch i := item.(type) {
		case *Shape:
			p.shape(i)
		case *Text:
			p.text(i)
		case *Picture:
			if err := p.picture(i); err != nil {
				return err
			}
		case *Group:
			part := *p
			if i.Clip != nil {
				part.img = p.img.SubImage(p.pixels(*i.Clip)).(*image.RGBA)
			}
			if err := part.items(i.Items); err != nil {
				return err
			}
		}
	}
	return nil
}

// pixels is the pixels whose middle is in b.
func (p *painter) pixels(b Box) image.Rectangle {
	from, to := p.at(b.X, b.Y), p.at(b.X+b.W, b.Y+b.H)
	return image.Rect(from.X.Round(), from.Y.Round(), to.X.Round(), to.Y.Round())
}

// fill fills path with c.
func (p *painter) fill(path raster.Path, c Colour, evenOdd bool) {
	p.whole.Clear()
	p.whole.UseNonZeroWinding = !evenOdd
	p.whole.AddPath(path)
	p.paint(c)
}

// stroke draws lines along path with c, width in millimetres; their ends are round or butt.
func (p *painter) stroke(path raster.Path, c Colour, width float64, end raster.Capper) {
	p.whole.Clear()
	p.whole.UseNonZeroWinding = true
	p.whole.AddStroke(path, p.at(width, 0).X, end, raster.RoundJoiner)
	p.paint(c)
}

func (p *painter) paint(c Colour) {
	to := raster.NewRGBAPainter(p.img)
	to.SetColor(color.NRGBA{c.R, c.G, c.B, c.A})
	p.whole.Rasterize(to)
}

func (p *painter) shape(s *Shape) {
	if s.Fill.A > 0 {
		var area raster.Path
		for _, path := range s.Paths {
			p.lines(&area, path, true)
		}
		p.fill(area, s.Fill, true)
	}
	if !s.stroked() {
		return
	}
	var lines raster.Path
	end := raster.RoundCapper
	for _, path := range s.Paths {
		if s.Closed && len(path) > 0 {
			path = append(path[:len(path):len(path)], path[0])
		}
		if len(s.Dash) == 0 {
			p.lines(&lines, path, false)
			continue
		}
		end = raster.ButtCapper
		for _, part := range dashes(path, s.Dash) {
			p.lines(&lines, part, false)
		}
	}
	p.stroke(lines, s.Stroke, s.Width, end)
}

// lines adds path, closed where it is an area. Points that fall together are one: the library knows no direction between them.
func (p *painter) lines(to *raster.Path, path []Point, closed bool) {
	var first, last fixed.Point26_6
	n := 0
	for _, q := range path {
		at := p.at(q.X, q.Y)
		switch {
		case n == 0:
			first = at
			to.Start(at)
		case at == last:
			continue
		default:
			to.Add1(at)
		}
		last = at
		n++
	}
	if closed && n > 0 && last != first {
		to.Add1(first)
	}
}

// dashes cuts path into the strokes of pattern, which begins anew with each path: lengths of strokes and gaps in turns.
func dashes(path []Point, pattern []float64) (parts [][]Point) {
	sum := 0.0
	for _, d := range pattern {
		sum += d
		if !(d >= 0) {
			sum = math.NaN()
		}
	}
	if !(sum > 0.1) || math.IsInf(sum, 0) { // no pattern, or one too fine to be seen
		return [][]Point{path}
	}
	i, left, on := 0, pattern[0], true
	var part []Point
	for k := range path {
		if k == 0 {
			part = []Point{path[0]}
			continue
		}
		a, b := path[k-1], path[k]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		if !(length < 1e5) {
			continue
		}
		done := 0.0
		for length-done > left {
			done += left
			q := Point{a.X + (b.X-a.X)*done/length, a.Y + (b.Y-a.Y)*done/length}
			if on {
				parts = append(parts, append(part, q))
			}
			on = !on
			part = []Point{q}
			i = (i + 1) % len(pattern)
			left = pattern[i]
		}
		left -= length - done
		if on {
			part = append(part, b)
		}
	}
	if on && len(part) > 1 {
		parts = append(parts, part)
	}
	return parts
}

func (p *painter) text(t *Text) {
	if t.Colour.A == 0 || !(t.Size > 0) {
		return
	}
	l := letterer{p: p, from: p.fonts.start(t)}
	l.sin, l.cos = math.Sincos(t.Turn * math.Pi / 180)
	for _, r := range Clean(t.Text) {
		c, id, _ := p.fonts.glyph(r)
		unit := t.Size / c.em
		// One that the library cannot read stays empty, as it does in a reader of the PDF.
		_ = c.sfnt.GlyphPath(&l, id, 0, l.pen, 0, unit, font.NoHinting)
		l.Close()
		l.pen += unit * float64(c.sfnt.GlyphAdvance(id))
	}
	if len(l.path) == 0 {
		return
	}
	if t.Halo > 0 {
		p.stroke(l.path, Colour{255, 255, 255, t.Colour.A}, 2*t.Halo+t.bold(), raster.RoundCapper)
	}
	if t.Bold {
		p.stroke(l.path, t.Colour, t.bold(), raster.RoundCapper)
	}
	p.fill(l.path, t.Colour, false)
}

// letterer takes outlines of letters, which are upwards and in millimetres from the beginning of a line, onto the image.
type letterer struct {
	p           *painter
	from        Point
	sin, cos    float64
	pen         float64
	path        raster.Path
	first, last fixed.Point26_6
	open        bool
}

func (l *letterer) at(x, y float64) fixed.Point26_6 {
	return l.p.at(l.from.X+x*l.cos+y*l.sin, l.from.Y+x*l.sin-y*l.cos)
}

func (l *letterer) MoveTo(x, y float64) {
	l.Close()
	l.first = l.at(x, y)
	l.last = l.first
	l.open = true
	l.path.Start(l.first)
}

func (l *letterer) LineTo(x, y float64) {
	if to := l.at(x, y); to != l.last {
		l.path.Add1(to)
		l.last = to
	}
}

func (l *letterer) QuadTo(bx, by, x, y float64) {
	if to := l.at(x, y); to != l.last {
		l.path.Add2(l.at(bx, by), to)
		l.last = to
	}
}

// CubeTo is for fonts of another kind than those that Load takes.
func (l *letterer) CubeTo(_, _, _, _, x, y float64) { l.LineTo(x, y) }

func (l *letterer) Close() {
	if l.open && l.last != l.first {
		l.path.Add1(l.first)
	}
	l.open = false
}

func (p *painter) picture(i *Picture) error {
	_, c, err := check(i.Data)
	if err != nil {
		return fmt.Errorf("a picture: %w", err)
	}
	src, _, err := image.Decode(bytes.NewReader(i.Data))
	if err != nil {
		return fmt.Errorf("a picture: %w", err)
	}
	part := p.pixels(i.Box).Intersect(p.img.Rect)
	if part.Empty() {
		return nil
	}
	scaled := image.NewRGBA(part)
	draw.CatmullRom.Scale(scaled, p.pixels(i.cover(c.Width, c.Height)), src, src.Bounds(), draw.Src, nil)

	mask := image.NewAlpha(part)
	path := corners(i.Box, i.Round)
	var edge raster.Path
	edge.Start(p.at(path.from.X, path.from.Y))
	for _, s := range path.steps {
		edge.Add1(p.at(s.line.X, s.line.Y))
		if i.Round > 0 {
			edge.Add3(p.at(s.a.X, s.a.Y), p.at(s.b.X, s.b.Y), p.at(s.to.X, s.to.Y))
		}
	}
	p.whole.Clear()
	p.whole.UseNonZeroWinding = true
	p.whole.AddPath(edge)
	p.whole.Rasterize(raster.NewAlphaOverPainter(mask))
	draw.DrawMask(p.img, part, scaled, part.Min, mask, part.Min, draw.Over)
	return nil
}
