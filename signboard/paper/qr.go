package paper

import (
	"image/color"

	"github.com/boombuler/barcode/qr"
)

// quiet is the width of the empty edge that readers need around a code, in its modules.
const quiet = 4

// QR is text as a QR code in c on whatever lies below, which should be white; level M, of which a seventh may be spoiled. It stands in the middle of box, as
// large as fits with the empty edge that readers need, which is within box. More than 2,331 bytes fit no code: nothing is drawn.
func QR(text string, box Box, c Colour) *Shape {
	s := &Shape{Closed: true, Fill: c}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return s
	}
	n := code.Bounds().Dx()
	module := min(box.W, box.H) / float64(n+2*quiet)
	left, top := box.X+(box.W-module*float64(n))/2, box.Y+(box.H-module*float64(n))/2
	dark := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < n && y < n && code.At(x, y) == color.Color(color.Black)
	}

	// The outlines of dark areas: squares beside each other would show seams on many screens. Each side of a dark module that has none beyond it is walked
	// once, with the dark to the right.
	type corner struct{ x, y int }
	sides := map[corner][]corner{}
	for y := range n {
		for x := range n {
			if !dark(x, y) {
				continue
			}
			for _, side := range [...]struct {
				beyond   bool
				from, to corner
			}{
				{dark(x, y-1), corner{x, y}, corner{x + 1, y}},
				{dark(x+1, y), corner{x + 1, y}, corner{x + 1, y + 1}},
				{dark(x, y+1), corner{x + 1, y + 1}, corner{x, y + 1}},
				{dark(x-1, y), corner{x, y + 1}, corner{x, y}},
			} {
				if !side.beyond {
					sides[side.from] = append(sides[side.from], side.to)
				}
			}
		}
	}
	for y := range n + 1 {
		for x := range n + 1 {
			start := corner{x, y}
			for len(sides[start]) > 0 {
				var path []Point
				at, before := start, corner{-1, -1}
				for len(sides[at]) > 0 {
					to := sides[at][0]
					sides[at] = sides[at][1:]
					if way := (corner{to.x - at.x, to.y - at.y}); way != before { // else it goes straight on
						path = append(path, Point{left + module*float64(at.x), top + module*float64(at.y)})
						before = way
					}
					at = to
				}
				s.Paths = append(s.Paths, path)
			}
		}
	}
	return s
}
