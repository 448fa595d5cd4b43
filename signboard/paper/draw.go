package paper

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png"
	"math"
	"strconv"
)

// What the writers have alike.

// number appends n with at most so many decimals. What is no number is 0, so that it cannot spoil a file.
func number(b []byte, n float64, decimals int) []byte {
	if math.IsNaN(n) || math.Abs(n) > 1e9 {
		n = 0
	}
	from := len(b)
	b = strconv.AppendFloat(b, n, 'f', decimals, 64)
	if decimals > 0 {
		b = bytes.TrimRight(b, "0")
		b = bytes.TrimSuffix(b, []byte("."))
	}
	if string(b[from:]) == "-0" {
		b = append(b[:from], '0')
	}
	return b
}

func (s *Shape) stroked() bool { return s.Stroke.A > 0 && s.Width > 0 }

// bold is the width of the stroke around the letters of t.
func (t *Text) bold() float64 {
	if !t.Bold {
		return 0
	}
	return boldness * t.Size
}

// start is where the first letter of t stands: before its anchor along the line, which is turned.
func (f *Fonts) start(t *Text) Point {
	back := -t.bold() / 2
	if t.Anchor != Start {
		w := f.Width(t.Text, t.Size, t.Bold)
		if t.Anchor == Middle {
			w /= 2
		}
		back += w
	}
	sin, cos := math.Sincos(t.Turn * math.Pi / 180)
	return Point{t.At.X - back*cos, t.At.Y - back*sin}
}

// outline is a closed path: straight steps, each with a curve to the next where corners are round.
type outline struct {
	from  Point
	steps []step
}

// step is a straight line and, round a corner, a cubic curve by a and b to to.
type step struct{ line, a, b, to Point }

// corners is the outline of a box whose corners have radius r.
func corners(b Box, r float64) outline {
	r = max(0, min(r, b.W/2, b.H/2))
	const k = 0.5522847498 // of the radius: a cubic curve so long is a quarter of a circle, to 0.03 %
	x0, y0, x1, y1, c := b.X, b.Y, b.X+b.W, b.Y+b.H, r*(1-k)
	return outline{from: Point{x0 + r, y0}, steps: []step{
		{Point{x1 - r, y0}, Point{x1 - c, y0}, Point{x1, y0 + c}, Point{x1, y0 + r}},
		{Point{x1, y1 - r}, Point{x1, y1 - c}, Point{x1 - c, y1}, Point{x1 - r, y1}},
		{Point{x0 + r, y1}, Point{x0 + c, y1}, Point{x0, y1 - c}, Point{x0, y1 - r}},
		{Point{x0, y0 + r}, Point{x0, y0 + c}, Point{x0 + c, y0}, Point{x0 + r, y0}},
	}}
}

// cover is where a picture of w by h pixels lies so that it fills p's box and its middle is in the box's; what lies outside is cut off.
func (p *Picture) cover(w, h int) Box {
	scale := max(p.Box.W/float64(w), p.Box.H/float64(h))
	bw, bh := scale*float64(w), scale*float64(h)
	return Box{p.Box.X + (p.Box.W-bw)/2, p.Box.Y + (p.Box.H-bh)/2, bw, bh}
}

// largest is the pixels of a picture that is opened: more would fill the memory.
const largest = 50_000_000

var errPicture = errors.New("neither PNG nor JPEG, or too large")

// check says which kind of picture data is, "png" or "jpeg".
func check(data []byte) (kind string, c image.Config, err error) {
	c, kind, err = image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", c, err
	}
	if kind != "png" && kind != "jpeg" || c.Width < 1 || c.Height < 1 || c.Width > largest/c.Height {
		return "", c, errPicture
	}
	return kind, c, nil
}

// pixels is a picture as a PDF holds it.
type pixels struct {
	w, h  int
	data  []byte // rows from above, 3 bytes a pixel, 1 where grey; or a JPEG
	alpha []byte // 1 byte a pixel; nil: nothing shines through
	grey  bool
	jpeg  bool
}

// heavy is the size from which a compressed picture is kept as a JPEG; drawings and codes, which suffer by it, are smaller.
const heavy = 100_000

func decode(data []byte) (*pixels, error) {
	kind, c, err := check(data)
	if err != nil {
		return nil, err
	}
	p := &pixels{w: c.Width, h: c.Height}
	if kind == "jpeg" && (c.ColorModel == color.YCbCrModel || c.ColorModel == color.GrayModel) {
		p.data, p.jpeg, p.grey = data, true, c.ColorModel == color.GrayModel
		return p, nil
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, p.w, p.h))
	draw.Draw(img, img.Rect, src, src.Bounds().Min, draw.Src)
	p.data, p.alpha = make([]byte, 0, 3*p.w*p.h), make([]byte, 0, p.w*p.h)
	opaque := true
	for i := 0; i < len(img.Pix); i += 4 {
		p.data, p.alpha = append(p.data, img.Pix[i:i+3]...), append(p.alpha, img.Pix[i+3])
		opaque = opaque && img.Pix[i+3] == 255
		img.Pix[i+3] = 255
	}
	if opaque {
		p.alpha = nil
	}
	if len(deflate(p.data)) > heavy {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 88}); err != nil {
			return nil, err
		}
		p.data, p.jpeg = b.Bytes(), true
	}
	return p, nil
}
