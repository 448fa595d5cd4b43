package paper

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func writePNG(t testing.TB, f *Fonts, s *Sheet, dpi float64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WritePNG(&b, s, f, dpi); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// painted is a sheet of 100 by 60 mm with 10 pixels to the millimetre.
func painted(t testing.TB, f *Fonts, items ...Item) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(writePNG(t, f, &Sheet{W: 100, H: 60, Items: items}, 254)))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, 1000, 600) {
		t.Fatalf("%v pixels", img.Bounds())
	}
	return img
}

// ink is the box of what is darker than half, in millimetres.
func ink(img image.Image) Box {
	b := image.Rectangle{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 {
				b = b.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return Box{float64(b.Min.X) / 10, float64(b.Min.Y) / 10, float64(b.Dx()) / 10, float64(b.Dy()) / 10}
}

func TestPNGShapes(t *testing.T) {
	f := fonts(t)
	red, black, white := Colour{255, 0, 0, 255}, Colour{A: 255}, color.NRGBA{255, 255, 255, 255}
	box := func(x0, y0, x1, y1 float64) []Point { return []Point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} }
	type spots map[image.Point]color.NRGBA // at pixels: tenths of a millimetre
	r, k := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 0, 255}
	for _, c := range []struct {
		name string
		item Item
		want spots
	}{
		{"area with a hole", &Shape{Paths: [][]Point{box(10, 10, 50, 50), box(20, 20, 30, 30)}, Closed: true, Fill: red},
			spots{{150, 150}: r, {250, 250}: white, {99, 300}: white, {100, 300}: r, {499, 300}: r, {500, 300}: white}},
		{"glass", &Shape{Paths: [][]Point{box(10, 10, 50, 50)}, Closed: true, Fill: Colour{255, 0, 0, 51}}, spots{{150, 150}: {255, 204, 204, 255}}},
		{"edge of an area, all round", &Shape{Paths: [][]Point{box(10, 10, 50, 50)}, Closed: true, Stroke: black, Width: 2},
			spots{{92, 300}: k, {108, 300}: k, {88, 300}: white, {112, 300}: white, {300, 92}: k, {500, 300}: k, {300, 500}: k, {300, 300}: white}},
		{"open line", &Shape{Paths: [][]Point{box(10, 10, 50, 50)}, Stroke: black, Width: 2}, spots{{500, 300}: k, {100, 300}: white}},
		{"round ends", &Shape{Paths: [][]Point{{{10, 10}, {50, 10}}}, Stroke: black, Width: 4}, spots{{85, 100}: k, {515, 100}: k, {82, 118}: white}},
		{"dashes", &Shape{Paths: [][]Point{{{10, 10}, {50, 10}}}, Stroke: black, Width: 4, Dash: []float64{5, 3}},
			spots{{98, 100}: white, {102, 100}: k, {148, 100}: k, {152, 100}: white, {178, 100}: white, {182, 100}: k}},
		{"cut off", &Group{Clip: &Box{20, 20, 10, 10}, Items: []Item{&Group{Clip: &Box{25, 0, 100, 100}, Items: []Item{&Shape{Paths: [][]Point{box(0, 0, 90, 50)}, Closed: true, Fill: red}}}}},
			spots{{250, 200}: r, {299, 299}: r, {249, 250}: white, {300, 250}: white, {270, 199}: white, {270, 300}: white}},
		{"no numbers, and far away", &Shape{Paths: [][]Point{{{math.NaN(), math.Inf(1)}, {2, 2}}, nil, {{-1e300, 1e300}, {1e18, 1}}}, Closed: true, Stroke: Colour{A: 1}, Width: 1, Dash: []float64{1e-9, math.NaN()}},
			spots{{900, 500}: white}},
	} {
		img := painted(t, f, c.item)
		for at, want := range c.want {
			if got := color.NRGBAModel.Convert(img.At(at.X, at.Y)).(color.NRGBA); got != want {
				t.Errorf("%s: %v is %v, want %v", c.name, at, got, want)
			}
		}
	}
}

func TestPNGText(t *testing.T) {
	f := fonts(t)
	black := Colour{A: 255}
	// 口 fills most of its square, which stands on 0.12 of its size below the baseline.
	for _, c := range []struct {
		name string
		text Text
		want Box // in which the ink is, nearly filling it
	}{
		{"start", Text{Text: "口口"}, Box{50, 22, 20, 10}},
		{"middle", Text{Text: "口口", Anchor: Middle}, Box{40, 22, 20, 10}},
		{"end", Text{Text: "口口", Anchor: End}, Box{30, 22, 20, 10}},
		{"clockwise", Text{Text: "口口", Turn: 90}, Box{48, 30, 10, 20}},
		{"on its head", Text{Text: "口口", Turn: 180}, Box{30, 28, 20, 10}},
		{"bold", Text{Text: "口口", Bold: true}, Box{50, 22, 20.4, 10.2}},
		{"bold at the end", Text{Text: "口口", Bold: true, Anchor: End}, Box{29.6, 22, 20.4, 10.2}},
		{"missing", Text{Text: "𪛖"}, Box{50, 22, 10, 10}},
	} {
		c.text.At, c.text.Size, c.text.Colour = Point{50, 30}, 10, black
		got := ink(painted(t, f, &c.text))
		if got.X < c.want.X || got.Y < c.want.Y || got.X+got.W > c.want.X+c.want.W || got.Y+got.H > c.want.Y+c.want.H || got.W < c.want.W-5 || got.H < c.want.H-5 {
			t.Errorf("%s: ink in %v, want it in %v", c.name, got, c.want)
		}
	}
	if plain, bold := ink(painted(t, f, &Text{At: Point{50, 30}, Text: "一", Size: 40, Colour: black})), ink(painted(t, f, &Text{At: Point{50, 30}, Text: "一", Size: 40, Bold: true, Colour: black})); math.Abs(bold.H-plain.H-40*boldness) > 0.2 {
		t.Errorf("一 is %v mm thick, bold %v", plain.H, bold.H)
	}
	// A white edge on a black ground.
	ground := &Shape{Paths: [][]Point{{{0, 0}, {100, 0}, {100, 60}, {0, 60}}}, Closed: true, Fill: black}
	img := painted(t, f, ground, &Text{At: Point{20, 30}, Text: "一", Size: 40, Colour: Colour{255, 0, 0, 255}, Halo: 1})
	var seen []color.Color // downwards through the stroke
	for y := range 600 {
		if c := img.At(400, y); len(seen) == 0 || seen[len(seen)-1] != c {
			seen = append(seen, c)
		}
	}
	var white int
	for _, c := range seen {
		if r, g, b, _ := c.RGBA(); r > 0xF000 && g > 0xF000 && b > 0xF000 {
			white++
		}
	}
	if white != 2 {
		t.Errorf("through a letter with an edge: %v", seen)
	}
	painted(t, f, &Text{At: Point{math.NaN(), 1}, Text: "字", Size: math.Inf(1), Turn: math.NaN(), Colour: black, Halo: math.Inf(1)}) // does not panic
}

func TestPNGPicture(t *testing.T) {
	f := fonts(t)
	// Blue to the left and right of red, twice as wide as high.
	src := image.NewNRGBA(image.Rect(0, 0, 80, 40))
	for i := range 80 * 40 {
		src.SetNRGBA(i%80, i/80, color.NRGBA{0, 0, 255, 255})
		if x := i % 80; x >= 22 && x < 58 {
			src.SetNRGBA(x, i/80, color.NRGBA{255, 0, 0, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, src); err != nil {
		t.Fatal(err)
	}
	img := painted(t, f, &Picture{Box: Box{10, 10, 20, 20}, Data: b.Bytes(), Round: 5})
	for at, want := range map[image.Point]color.NRGBA{
		{200, 200}: {255, 0, 0, 255}, {105, 200}: {0, 0, 255, 255}, {295, 200}: {0, 0, 255, 255}, {200, 101}: {255, 0, 0, 255},
		{98, 200}: {255, 255, 255, 255}, {302, 200}: {255, 255, 255, 255}, {105, 105}: {255, 255, 255, 255}, {295, 295}: {255, 255, 255, 255},
	} {
		if got := color.NRGBAModel.Convert(img.At(at.X, at.Y)).(color.NRGBA); got != want {
			t.Errorf("%v is %v, want %v", at, got, want)
		}
	}
	if err := WritePNG(io.Discard, &Sheet{W: 10, H: 10, Items: []Item{&Picture{Data: []byte("x"), Alt: "照片"}}}, f, 96); err == nil || strings.Contains(err.Error(), "照片") || !strings.Contains(err.Error(), "picture") {
		t.Errorf("a picture that is none: %v", err)
	}
}

func TestPNGDocument(t *testing.T) {
	f := fonts(t)
	s := board(t, f, "07")
	b := writePNG(t, f, s, 50)
	if c, err := png.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width != 827 || c.Height != 585 {
		t.Errorf("%+v, %v", c, err)
	}
	if i := bytes.Index(b, []byte("pHYs")); i < 0 || binary.BigEndian.Uint32(b[i+4:]) != 1969 || binary.BigEndian.Uint32(b[i+8:]) != 1969 || b[i+12] != 1 {
		t.Error("it does not say how large a pixel is")
	}
	if !bytes.Equal(writePNG(t, f, s, 50), b) {
		t.Error("written again it is another file")
	}
	for _, dpi := range []float64{0, -1, math.NaN(), math.Inf(1), 10_000} {
		if err := WritePNG(io.Discard, s, f, dpi); err == nil {
			t.Errorf("%v dpi is taken", dpi)
		}
	}
}

func TestDashes(t *testing.T) {
	line := []Point{{0, 0}, {10, 0}, {10, 10}}
	for _, c := range []struct {
		name    string
		pattern []float64
		want    [][]Point
	}{
		{"round a corner", []float64{6, 2}, [][]Point{{{0, 0}, {6, 0}}, {{8, 0}, {10, 0}, {10, 4}}, {{10, 6}, {10, 10}}}},
		{"an odd number", []float64{8}, [][]Point{{{0, 0}, {8, 0}}, {{10, 6}, {10, 10}}}},
		{"none", nil, [][]Point{line}},
		{"nothing but gaps of nothing", []float64{0, 0}, [][]Point{line}},
		{"less than nothing", []float64{-1, 5}, [][]Point{line}},
		{"no number", []float64{math.NaN()}, [][]Point{line}},
	} {
		if got := dashes(line, c.pattern); !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	f := fonts(b)
	s := board(b, f, "07")
	for b.Loop() {
		b.ReportMetric(float64(len(writePNG(b, f, s, 96))), "bytes")
	}
}
