package portrait

import (
	"encoding/binary"
	"image"
	"image/color"

	"github.com/bep/imagemeta"
)

// needs is how many bytes the decoder of f holds at once while it reads file, about and at most. Pixels alone do not tell: it takes one byte for one of a palette and
// twenty-four for one of a progressive JPEG for print.
func needs(file []byte, f format, c image.Config) int {
	pixels := c.Width * c.Height
	switch f.meta {
	case imagemeta.PNG:
		return pixels * ofPNG(file, c.ColorModel)
	case imagemeta.JPEG:
		return int(float64(pixels) * ofJPEG(file, c.ColorModel))
	}
	return pixels * ofWebP(c.ColorModel)
}

// ofPNG is how many bytes a pixel takes. An interlaced PNG is put together of seven pictures, which are as large as it is.
func ofPNG(file []byte, m color.Model) int {
	n := 4 // also of gray, which has an alpha where one colour is transparent
	switch m {
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		n = 8
	}
	if _, ok := m.(color.Palette); ok {
		n = 1
	}
	const interlaced = 28 // where the header says so
	if len(file) > interlaced && file[interlaced] != 0 {
		n *= 2
	}
	return n
}

// ofWebP is how many bytes a pixel takes: lossless ones are transformed from one picture into another, and so is what a lossy one has of an alpha.
func ofWebP(m color.Model) int {
	switch m {
	case color.YCbCrModel:
		return 2
	case color.NYCbCrAModel:
		return 11
	}
	return 8
}

// ofJPEG is how many bytes a pixel takes: a byte a sample, and where it gets sharper step by step four more for the coefficient; then the colours for print, or RGB,
// in a picture of their own.
func ofJPEG(file []byte, m color.Model) float64 {
	samples, progressive := frameOf(file)
	n := samples
	if progressive {
		n *= 5
	}
	if m == color.CMYKModel || m == color.RGBAModel {
		n += 4
	}
	return n
}

// frameOf reads the header of a JPEG's frame (ITU T.81, B.2.2): how many samples there are for a pixel, and whether they come step by step. Of a file that is not made
// of segments up to there, of which decoders make what they can, it says the worst.
func frameOf(file []byte) (samples float64, progressive bool) {
	const sof0, sof2, rst0, sos, sampling = 0xc0, 0xc2, 0xd0, 0xda, 9
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, segment := file[at+1], file[at+2:]
		n := int(binary.BigEndian.Uint16(segment))
		if marker < sof0 || marker >= rst0 && marker <= sos || marker == 0xff || n < 2 || n > len(segment) {
			break // what has no length, or is the picture itself
		}
		if marker > sof2 {
			at += 2 + n
			continue
		}
		sum, most := 0, 1
		for i := sampling; i < n; i += 3 {
			each := int(segment[i]>>4) * int(segment[i]&15)
			sum, most = sum+each, max(most, each)
		}
		return float64(sum) / float64(most), marker == sof2
	}
	return 4, true
}
