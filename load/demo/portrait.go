package demo

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"math/rand/v2"
	"slices"

	"golang.org/x/image/vector"
)

const portraitSize = 240 // pixels, both ways

// How a woman wears her hair.
const (
	long = iota
	bob
	bun
	ponytail
)

// looks is what a portrait shows of its person; the rest is chance.
type looks struct{ woman, elder, vest bool }

// portrait draws a friendly face as PNG, from simple flat shapes.
func portrait(rnd *rand.Rand, who looks) []byte {
	p := &easel{img: image.NewRGBA(image.Rect(0, 0, portraitSize, portraitSize))}
	pick := func(from []uint32) color.RGBA { return hex(from[rnd.IntN(len(from))]) }

	wall := pick([]uint32{0xcfe3ee, 0xd9ead3, 0xf6e3c5, 0xf3d6cf, 0xe0d8ef, 0xd2e8e4, 0xf0dfe6})
	skin := pick([]uint32{0xf6d2b3, 0xf2c7a3, 0xeebd97, 0xe6b088})
	hair := pick([]uint32{0x2a2422, 0x332a27, 0x1f1d20, 0x463730})
	if who.elder {
		hair = pick([]uint32{0x6f6a68, 0x8d8783, 0x4a4543, 0xa9a39e, 0x3a3533})
	}
	cloth := pick([]uint32{0x4f7a9e, 0x7b8f5a, 0x9a6a5a, 0x5d6b86, 0xb0824a, 0x6a8a88, 0x8a6f9a, 0xc46f62})
	style := rnd.IntN(4)
	glasses := rnd.IntN(100) < 22 || who.elder && rnd.IntN(100) < 20

	p.fill(wall, rect(0, 0, 240, 240))
	p.fill(mix(wall, color.RGBA{255, 255, 255, 255}, 0.45), ellipse(120, 128, 100, 100))
	if who.woman && (!who.elder || style == bun) {
		p.hairBehind(hair, style)
	}
	p.body(skin, cloth, who.vest, rnd.IntN(3))
	p.head(skin)
	if who.woman {
		p.womansHair(hair, style, who.elder)
	} else {
		p.mansHair(hair, style, who.elder)
	}
	p.face(skin, hair, who, rnd.IntN(3))
	if glasses {
		p.glasses()
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p.paletted()); err != nil {
		panic(err) // a buffer takes everything and the size is fixed
	}
	return out.Bytes()
}

type easel struct{ img *image.RGBA }

// paletted keeps the 255 commonest colours and gives every other pixel the one
// nearest to its own. Only blended edges are concerned, and the file is a third.
func (p *easel) paletted() *image.Paletted {
	count := map[color.RGBA]int{}
	for i := 0; i < len(p.img.Pix); i += 4 {
		count[p.pixel(i)]++
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	palette := make(color.Palette, 0, 255)
	for _, c := range colours[:min(255, len(colours))] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(p.img.Bounds(), palette)
	for i := range out.Pix {
		out.Pix[i] = index[p.pixel(4*i)]
	}
	return out
}

func (p *easel) pixel(i int) color.RGBA {
	return color.RGBA{p.img.Pix[i], p.img.Pix[i+1], p.img.Pix[i+2], p.img.Pix[i+3]}
}

// outline adds a closed shape to a rasterizer.
type outline func(*vector.Rasterizer)

func (p *easel) fill(c color.RGBA, shapes ...outline) {
	z := vector.NewRasterizer(portraitSize, portraitSize)
	z.DrawOp = draw.Over
	for _, s := range shapes {
		s(z)
	}
	z.Draw(p.img, p.img.Bounds(), image.NewUniform(c), image.Point{})
}

func rect(x, y, w, h float32) outline { return poly(x, y, x+w, y, x+w, y+h, x, y+h) }

func poly(xy ...float32) outline {
	return func(z *vector.Rasterizer) {
		z.MoveTo(xy[0], xy[1])
		for i := 2; i < len(xy); i += 2 {
			z.LineTo(xy[i], xy[i+1])
		}
		z.ClosePath()
	}
}

// curve starts at the first pair and goes on in cubic pieces of three pairs.
func curve(xy ...float32) outline {
	return func(z *vector.Rasterizer) {
		z.MoveTo(xy[0], xy[1])
		for i := 2; i+5 < len(xy); i += 6 {
			z.CubeTo(xy[i], xy[i+1], xy[i+2], xy[i+3], xy[i+4], xy[i+5])
		}
		z.ClosePath()
	}
}

func ellipse(x, y, a, b float32) outline {
	const k = 0.5523 // a quarter of a circle as a cubic curve
	return curve(x+a, y,
		x+a, y+k*b, x+k*a, y+b, x, y+b,
		x-k*a, y+b, x-a, y+k*b, x-a, y,
		x-a, y-k*b, x-k*a, y-b, x, y-b,
		x+k*a, y-b, x+a, y-k*b, x+a, y)
}

// hollow is an ellipse with an ellipse cut out, by running it backwards.
func hollow(x, y, a, b, w float32) outline {
	return func(z *vector.Rasterizer) {
		ellipse(x, y, a, b)(z)
		ellipse(x, y, -(a - w), b-w)(z)
	}
}

func (p *easel) body(skin, cloth color.RGBA, vest bool, collar int) {
	p.fill(cloth, curve(22, 240, 26, 200, 60, 186, 96, 176, 104, 174, 136, 174, 144, 176, 180, 186, 214, 200, 218, 240))
	p.fill(mix(skin, hex(0xa0522d), 0.18), curve(102, 140, 102, 160, 102, 172, 96, 178, 104, 196, 136, 196, 144, 178, 138, 172, 138, 160, 138, 140))
	light := mix(cloth, color.RGBA{255, 255, 255, 255}, 0.72)
	switch {
	case vest:
		// The red vest of a grid worker, with a badge.
		red := hex(0xc8402f)
		p.fill(light, poly(96, 176, 120, 200, 144, 176, 152, 184, 120, 222, 88, 184))
		p.fill(red, curve(52, 240, 54, 212, 62, 196, 76, 183, 82, 181, 86, 180, 90, 179, 100, 196, 112, 212, 118, 240))
		p.fill(red, curve(188, 240, 186, 212, 178, 196, 164, 183, 158, 181, 154, 180, 150, 179, 140, 196, 128, 212, 122, 240))
		p.fill(hex(0xf7d774), ellipse(154, 216, 7, 7))
		p.fill(hex(0xffffff), rect(76, 212, 24, 5), rect(76, 220, 16, 4))
	case collar == 0:
		p.fill(light, poly(97, 175, 120, 202, 106, 212, 88, 182), poly(143, 175, 120, 202, 134, 212, 152, 182))
	case collar == 1:
		p.fill(mix(cloth, color.RGBA{0, 0, 0, 255}, 0.16), curve(92, 177, 100, 206, 140, 206, 148, 177, 152, 180, 154, 182, 155, 184, 144, 216, 96, 216, 85, 184, 86, 182, 88, 180, 92, 177))
	default:
		p.fill(mix(cloth, color.RGBA{0, 0, 0, 255}, 0.2), poly(94, 177, 120, 212, 112, 240, 104, 240, 84, 184), poly(146, 177, 120, 212, 128, 240, 136, 240, 156, 184))
		p.fill(light, poly(97, 178, 120, 208, 143, 178, 138, 192, 120, 206, 102, 192))
	}
}

func (p *easel) head(skin color.RGBA) {
	ear := mix(skin, hex(0xa0522d), 0.1)
	p.fill(ear, ellipse(76, 112, 9, 12), ellipse(164, 112, 9, 12))
	p.fill(skin, curve(76, 98, 76, 60, 96, 48, 120, 48, 144, 48, 164, 60, 164, 98, 164, 132, 146, 162, 120, 162, 94, 162, 76, 132, 76, 98))
}

func (p *easel) hairBehind(c color.RGBA, style int) {
	switch style {
	case long:
		p.fill(c, curve(66, 100, 60, 30, 180, 30, 174, 100, 174, 150, 188, 178, 178, 204, 150, 214, 90, 214, 62, 204, 52, 178, 66, 150, 66, 100))
	case bob:
		p.fill(c, curve(64, 100, 58, 28, 182, 28, 176, 100, 178, 130, 180, 150, 172, 162, 150, 172, 90, 172, 68, 162, 60, 150, 62, 130, 64, 100))
	case bun:
		p.fill(c, ellipse(120, 36, 24, 20))
	case ponytail: // over the shoulder
		p.fill(c, curve(150, 60, 196, 70, 186, 140, 192, 190, 176, 206, 164, 180, 164, 150, 164, 120, 160, 90, 150, 60))
	}
}

func (p *easel) womansHair(c color.RGBA, style int, elder bool) {
	if elder && style != bun { // short and waved
		p.fill(c, ellipse(82, 84, 18, 24), ellipse(158, 84, 18, 24), ellipse(92, 62, 22, 20), ellipse(148, 62, 22, 20), ellipse(120, 52, 30, 18))
		p.fill(c, curve(74, 90, 76, 70, 100, 76, 124, 64, 146, 76, 160, 76, 166, 92, 170, 40, 140, 36, 120, 36, 96, 36, 70, 42, 74, 90))
		return
	}
	switch style {
	case long, ponytail: // parted to the side
		p.fill(c, curve(72, 104, 66, 40, 104, 36, 122, 38, 156, 36, 174, 60, 168, 106, 164, 84, 150, 72, 134, 58, 116, 78, 90, 84, 72, 104))
	case bob: // a fringe
		p.fill(c, curve(70, 110, 58, 16, 182, 16, 170, 110, 166, 96, 162, 88, 160, 82, 134, 92, 104, 92, 80, 82, 76, 90, 74, 98, 70, 110))
	default: // combed back
		p.fill(c, curve(74, 98, 70, 52, 96, 40, 120, 40, 144, 40, 170, 52, 166, 98, 160, 76, 142, 64, 120, 64, 98, 64, 80, 76, 74, 98))
	}
}

func (p *easel) mansHair(c color.RGBA, style int, elder bool) {
	if elder && style == 3 { // thin on top
		p.fill(c, curve(74, 108, 66, 86, 70, 66, 84, 60, 82, 76, 80, 92, 78, 106, 76, 108, 75, 108, 74, 108))
		p.fill(c, curve(166, 108, 174, 86, 170, 66, 156, 60, 158, 76, 160, 92, 162, 106, 164, 108, 165, 108, 166, 108))
		p.fill(c, curve(88, 58, 100, 44, 140, 44, 152, 58, 140, 52, 100, 52, 88, 58))
		return
	}
	switch style {
	case 0: // short
		p.fill(c, curve(74, 100, 64, 40, 100, 34, 122, 34, 148, 34, 178, 44, 166, 100, 164, 86, 160, 76, 154, 70, 130, 74, 104, 74, 86, 68, 80, 76, 76, 86, 74, 100))
	case 1: // side parting
		p.fill(c, curve(74, 100, 62, 44, 92, 32, 116, 36, 156, 26, 178, 54, 166, 100, 164, 86, 160, 78, 156, 70, 134, 74, 112, 70, 98, 58, 92, 70, 78, 78, 74, 100))
	case 2: // swept up
		p.fill(c, curve(74, 98, 68, 60, 78, 46, 92, 42, 104, 24, 150, 22, 158, 44, 172, 52, 172, 70, 166, 98, 164, 84, 160, 74, 152, 66, 130, 62, 108, 62, 88, 66, 80, 74, 76, 84, 74, 98))
	default: // crew cut
		p.fill(c, curve(75, 96, 70, 54, 94, 40, 120, 40, 146, 40, 170, 54, 165, 96, 163, 84, 160, 74, 156, 68, 140, 60, 100, 60, 84, 68, 80, 74, 77, 84, 75, 96))
	}
}

func (p *easel) face(skin, hair color.RGBA, who looks, mouth int) {
	brow := mix(hair, skin, 0.15)
	thick := float32(3.6)
	if who.woman {
		thick = 2.8
	}
	for _, x := range []float32{101, 139} {
		p.fill(brow, curve(x-11, 95, x-5, 90, x+5, 90, x+11, 95, x+5, 90+thick, x-5, 90+thick, x-11, 95))
		p.fill(hex(0x2b2422), ellipse(x, 107, 4.3, 5))
		p.fill(hex(0xffffff), ellipse(x+1.5, 105.2, 1.5, 1.6))
		if who.woman {
			p.fill(hex(0x2b2422), curve(x-7, 104, x-4, 99.5, x+4, 99.5, x+7, 104, x+4, 101.8, x-4, 101.8, x-7, 104))
		}
		blush := hex(0xe8795e)
		blush.R, blush.G, blush.B, blush.A = blush.R/6, blush.G/6, blush.B/6, 42 // premultiplied
		p.fill(blush, ellipse(120+(x-120)*1.55, 124, 10, 7))
	}
	p.fill(mix(skin, hex(0xa0522d), 0.3), curve(115, 122, 118, 126, 122, 126, 125, 122, 122, 128.5, 118, 128.5, 115, 122))
	lip := hex(0xb4524a)
	if who.woman {
		lip = hex(0xc44f55)
	}
	switch mouth {
	case 0: // an open smile
		p.fill(hex(0x8c3a36), curve(104, 137, 110, 154, 130, 154, 136, 137, 126, 140, 114, 140, 104, 137))
		p.fill(hex(0xffffff), curve(107, 138.3, 112, 144, 128, 144, 133, 138.3, 126, 140.4, 114, 140.4, 107, 138.3))
	case 1:
		p.fill(lip, curve(105, 138, 112, 147, 128, 147, 135, 138, 128, 143, 112, 143, 105, 138))
	default:
		p.fill(lip, curve(108, 139, 114, 148, 126, 148, 132, 139, 126, 142.5, 114, 142.5, 108, 139))
	}
	if who.elder {
		line := mix(skin, hex(0xa0522d), 0.25)
		p.fill(line, curve(93, 130, 90, 136, 91, 142, 94, 146, 92, 142, 91.5, 136, 93, 130))
		p.fill(line, curve(147, 130, 150, 136, 149, 142, 146, 146, 148, 142, 148.5, 136, 147, 130))
	}
}

func (p *easel) glasses() {
	p.fill(hex(0x3b3f4a), hollow(101, 108, 15, 13, 2.2), hollow(139, 108, 15, 13, 2.2),
		rect(115.5, 105.5, 9, 2.2), rect(76, 104, 11, 2), rect(153, 104, 11, 2))
}

func hex(rgb uint32) color.RGBA {
	return color.RGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 255}
}

func mix(a, b color.RGBA, share float64) color.RGBA {
	m := func(x, y uint8) uint8 { return uint8(float64(x)*(1-share) + float64(y)*share) }
	return color.RGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), 255}
}
