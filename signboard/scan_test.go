package signboard

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"wangge/signboard/paper"
)

// The codes of all that is printed are read where they stand, at the dots that a phone sees of them.
func TestCodesAreRead(t *testing.T) {
	m := fonts(t)
	f := demoFacts(t, "two-workers")
	board := func(size string, landscape bool) *paper.Sheet { s, _ := Board(f, Format{size, landscape}, m); return s }
	leaflet, _ := Leaflet(f, m)
	cards, _ := Cards(f, m)
	badge, _ := Badge(f, f.Workers[0], BadgeCard, m)
	hanging, _ := Badge(f, f.Workers[0], BadgeHanging, m)
	for _, c := range []struct {
		name  string
		sheet *paper.Sheet
		dots  float64
		part  [4]float64 // left, top, right, bottom of where the code is, as shares of the sheet
		want  string
	}{
		{"A3 landscape", board("a3", true), 120, [4]float64{0.8, 0.7, 1, 1}, f.URL},
		{"A4 portrait", board("a4", false), 150, [4]float64{0.75, 0.82, 1, 1}, f.URL},
		{"leaflet", leaflet, 200, [4]float64{0.35, 0, 0.5, 0.2}, f.URL},
		{"card", cards, 300, [4]float64{0.35, 0.15, 0.5, 0.3}, f.URL},
		{"badge", badge, 300, [4]float64{0.6, 0.4, 1, 1}, f.Workers[0].URL},
		{"hanging badge", hanging, 300, [4]float64{0.5, 0.65, 1, 1}, f.Workers[0].URL},
	} {
		var b bytes.Buffer
		if err := paper.WritePNG(&b, c.sheet, m, c.dots); err != nil {
			t.Fatal(err)
		}
		whole, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		w, h := float64(whole.Bounds().Dx()), float64(whole.Bounds().Dy())
		part := whole.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(image.Rect(int(c.part[0]*w), int(c.part[1]*h), int(c.part[2]*w), int(c.part[3]*h)))
		bits, err := gozxing.NewBinaryBitmapFromImage(part)
		if err != nil {
			t.Fatal(err)
		}
		read, err := qrcode.NewQRCodeReader().Decode(bits, nil)
		if err != nil || read.GetText() != c.want || c.want == "" {
			t.Errorf("%s: read %v, %v; want %s", c.name, read, err, c.want)
		}
	}
}
