package paper

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func TestQR(t *testing.T) {
	f := fonts(t)
	for _, text := range []string{
		"https://wangge.example.org/g/310115007002?r=42",
		"https://example.org/b/0198c1f0-7d3a-7b3e-9d40-2f6f0f6a7c11?r=1234567&lang=zh",
		"采薇街道小澜河社区 07 网格",
		"12345",
		"HTTPS://EXAMPLE.ORG/G/1",
		strings.Repeat("https://example.org/", 15),
	} {
		for _, box := range []Box{{10, 5, 50, 50}, {20, 20, 70, 35}} {
			code := QR(text, box, Colour{20, 30, 60, 255})
			var b bytes.Buffer
			if err := WritePNG(&b, &Sheet{W: 100, H: 60, Items: []Item{code}}, f, 300); err != nil {
				t.Fatal(err)
			}
			if got := scan(t, b.Bytes()); got != text {
				t.Errorf("%q is read as %q", text, got)
			}

			// Square, in the middle, and four modules from every edge of what room there is: of n modules, which are 21, 25, 29 …
			x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
			for _, path := range code.Paths {
				for _, p := range path {
					x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
				}
			}
			side := min(box.W, box.H)
			n := 8 * (x1 - x0) / (side - (x1 - x0))
			near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
			if !near(x1-x0, y1-y0) || !near(x0+x1, 2*box.X+box.W) || !near(y0+y1, 2*box.Y+box.H) || !near(n, math.Round(n)) || int(math.Round(n))%4 != 1 {
				t.Errorf("%q in %v stands from %v, %v to %v, %v", text, box, x0, y0, x1, y1)
			}
		}
	}
	if got := QR(strings.Repeat("x", 2332), Box{0, 0, 10, 10}, Colour{A: 255}); len(got.Paths) != 0 {
		t.Errorf("a text that fits no code makes %d paths", len(got.Paths))
	}
}

// A tenth of the code is covered by dirt.
func TestQRDirt(t *testing.T) {
	const text = "https://wangge.example.org/g/310115007002?r=42"
	code := QR(text, Box{10, 5, 50, 50}, Colour{A: 255})
	dirt := &Shape{Paths: [][]Point{{{32, 27}, {46, 27}, {46, 38}, {32, 38}}}, Closed: true, Fill: Colour{255, 255, 255, 255}}
	if got := scan(t, writePNG(t, fonts(t), &Sheet{W: 100, H: 60, Items: []Item{code, dirt}}, 300)); got != text {
		t.Errorf("read as %q", got)
	}
}

// scan reads with somebody else's program.
func scan(t *testing.T, b []byte) string {
	t.Helper()
	var img image.Image
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	r, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "UTF-8"})
	if err != nil {
		return err.Error()
	}
	return r.GetText()
}
