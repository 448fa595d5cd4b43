// Package portrait makes the picture of a worker that is kept and printed out of a file that somebody sent: upright, cut to 4:5, at most 600 by 750 pixels, JPEG,
// and nothing else of the file (where it was taken, when, by which phone). Where pictures lie, and who may send and see them, is left to others.
package portrait

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"runtime/debug"

	"github.com/bep/imagemeta"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"wangge/internal/fault"
)

// Portrait is a picture in two sizes, both JPEG in sRGB, 4:5, made of the same cut.
type Portrait struct {
	Full  []byte // at most 600 by 750 pixels, and no larger than what was sent
	Small []byte // 160 by 200 pixels, for phones
}

// MediaType is the type of every Portrait.
const MediaType = "image/jpeg"

// Limits of what may be sent, and what is made of it.
const (
	MaxBytes    = 8 << 20
	MinSide     = 200    // pixels of the shorter side: less is a blur on a printed board
	MaxSide     = 10_000 // pixels of the longer side
	MaxPixels   = 25_000_000
	maxMemory   = 150_000_000 // bytes that a decoder may hold at once, see needs; with what scaling takes a picture costs some 260 MB at most
	manyPixels  = 4_000_000   // of a picture whose memory is given back as soon as it is made
	maxScans    = 64          // of a JPEG that gets sharper step by step; cameras and editors make some ten
	maxTags     = 200         // looked at for the orientation, which stands near the beginning
	fullWidth   = 600
	fullHeight  = 750
	smallWidth  = 160
	smallHeight = 200
	quality     = 85
)

var _ = fault.Register(
	[3]string{"portrait.kind", "The photo must be a JPEG, PNG or WebP file.", "照片应为 JPEG、PNG 或 WebP 文件。"},
	[3]string{"portrait.bytes", "The photo is larger than {max} MiB.", "照片文件超过 {max} MiB。"},
	[3]string{"portrait.broken", "The photo cannot be read: the file is damaged or cut off.", "照片无法读取：文件已损坏或不完整。"},
	[3]string{"portrait.large", "The photo has {width} × {height} pixels; at most {side} on a side and {million} million in all are read. Send a smaller one.",
		"照片为 {width} × {height} 像素；边长不得超过 {side} 像素，总像素不得超过 {million} 百万。请缩小后再上传。"},
	[3]string{"portrait.heavy", "The photo has {width} × {height} pixels, and as it is stored it takes {needs} MB of memory to read; at most {max} MB are used. Save it as an ordinary JPEG, or smaller.",
		"照片为 {width} × {height} 像素，按其存储方式读取需占用 {needs} MB 内存，上限为 {max} MB。请另存为普通 JPEG 或缩小后再上传。"},
	[3]string{"portrait.small", "The photo has {width} × {height} pixels; each side must have at least {min}.", "照片为 {width} × {height} 像素；每边至少 {min} 像素。"},
)

// reading holds who reads a picture: one at a time, since a large one takes memory that several at once may not have.
var reading = make(chan struct{}, 1)

// Make makes a portrait out of a file: JPEG, PNG or WebP, told by its first bytes whatever it is called. The same file gives the same bytes, on every machine of one
// kind and with one version of the program. It waits until others are done; ctx ends the waiting. INVALID at "photo": no such file, damaged, too large, too small.
func Make(ctx context.Context, file []byte) (*Portrait, error) {
	if len(file) > MaxBytes {
		return nil, fault.New(fault.Invalid, "photo", "portrait.bytes", "max", MaxBytes>>20)
	}
	if err := CheckKind(file); err != nil {
		return nil, err
	}
	select {
	case reading <- struct{}{}:
		defer func() { <-reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	picture, turned, err := read(file)
	if err != nil {
		return nil, err
	}
	if picture.Bounds().Dx()*picture.Bounds().Dy() > manyPixels {
		defer debug.FreeOSMemory() // or the next one comes on top of it: the heap may grow threefold before it is collected
	}
	full := cut(picture, turned, fullWidth, fullHeight)
	small := image.NewRGBA(image.Rect(0, 0, smallWidth, smallHeight))
	draw.CatmullRom.Scale(small, small.Rect, full, full.Rect, draw.Src, nil)
	out := &Portrait{}
	for _, p := range []struct {
		picture *image.RGBA
		bytes   *[]byte
	}{{full, &out.Full}, {small, &out.Small}} {
		var text bytes.Buffer
		if err := jpeg.Encode(&text, p.picture, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		*p.bytes = text.Bytes()
	}
	return out, nil
}

// format is a kind of file that is read.
type format struct {
	size   func(file *bytes.Reader) (image.Config, error)
	decode func(file *bytes.Reader) (image.Image, error)
	meta   imagemeta.ImageFormat
}

var (
	asJPEG = format{func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }, imagemeta.JPEG}
	asPNG  = format{func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }, imagemeta.PNG}
	asWebP = format{func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) }, decodeWebP, imagemeta.WebP}
)

// decodeWebP reads a WebP. Lossy ones keep luma from 16 to 235 and chroma from 16 to 240 (RFC 6386, 9.2), which x/image hands on as they are, as if they went from 0 to
// 255 like those of a JPEG: black would be grey.
func decodeWebP(r *bytes.Reader) (image.Image, error) {
	picture, err := webp.Decode(r)
	var lossy *image.YCbCr
	switch p := picture.(type) {
	case *image.YCbCr:
		lossy = p
	case *image.NYCbCrA:
		lossy = &p.YCbCr
	}
	if err != nil || lossy == nil {
		return picture, err
	}
	stretch(lossy.Y, 219, 16, 0)
	stretch(lossy.Cb, 224, 128, 128)
	stretch(lossy.Cr, 224, 128, 128)
	return picture, nil
}

// stretch makes values whose range is span wide span 255, so that from becomes to.
func stretch(values []uint8, span, from, to int) {
	var table [256]uint8
	for v := range table {
		table[v] = uint8(min(255, max(0, to+int(math.Round(float64(v-from)*255/float64(span))))))
	}
	for i, v := range values {
		values[i] = table[v]
	}
}

// formatOf tells a file by its first bytes. Other decoders that the program may hold, as of GIF, are never asked.
func formatOf(file []byte) (format, bool) {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		return asJPEG, true
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return asPNG, true
	case len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		return asWebP, true
	}
	return format{}, false
}

// KindBytes are as many first bytes of a file as CheckKind needs.
const KindBytes = 12

// CheckKind tells by its first bytes whether a file says that it is one that Make reads. INVALID at "photo": it does not.
func CheckKind(first []byte) error {
	if _, ok := formatOf(first); !ok {
		return fault.New(fault.Invalid, "photo", "portrait.kind")
	}
	return nil
}

// Whole reports whether a picture that was kept, JPEG or PNG, can be decoded to its last pixel. One that is larger than what Make reads is none.
func Whole(image []byte) bool {
	f, ok := formatOf(image)
	if !ok || f.meta == imagemeta.WebP {
		return false
	}
	size, err := f.size(bytes.NewReader(image))
	if err != nil || tooLarge(size) || needs(image, f, size) > maxMemory {
		return false
	}
	_, err = f.decode(bytes.NewReader(image))
	return err == nil
}

// tooLarge reports whether a picture of this size is not decoded.
func tooLarge(c image.Config) bool {
	return c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels
}

// read decodes a file whose size is found fit before a pixel of it is.
func read(file []byte) (image.Image, turn, error) {
	broken := func(err error) (image.Image, turn, error) {
		return nil, turn{}, fault.Wrap(err, fault.Invalid, "photo", "portrait.broken")
	}
	f, _ := formatOf(file) // it has one
	size, err := f.size(bytes.NewReader(file))
	if err != nil {
		return broken(err)
	}
	w, h := size.Width, size.Height
	switch {
	case tooLarge(size):
		return nil, turn{}, fault.New(fault.Invalid, "photo", "portrait.large", "width", w, "height", h, "side", MaxSide, "million", MaxPixels/1_000_000)
	case w < MinSide || h < MinSide:
		return nil, turn{}, fault.New(fault.Invalid, "photo", "portrait.small", "width", w, "height", h, "min", MinSide)
	case f.meta == imagemeta.JPEG && bytes.Count(file, []byte{0xff, 0xda}) > maxScans:
		// Each scan goes over the whole picture and may be a few bytes long: a small file could keep a processor busy for minutes.
		return broken(nil)
	}
	if n := needs(file, f, size); n > maxMemory {
		return nil, turn{}, fault.New(fault.Invalid, "photo", "portrait.heavy", "width", w, "height", h, "needs", n/1_000_000, "max", maxMemory/1_000_000)
	}
	picture, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return broken(err)
	}
	return picture, orientation(file, f.meta), nil
}

// orientation reads from the EXIF data of a file how the camera was held. What cannot be read says that it was upright.
func orientation(file []byte, kind imagemeta.ImageFormat) turn {
	value := 1
	_, _ = imagemeta.Decode(imagemeta.Options{ // what is wrong with the data about a picture is no fault of the picture
		R: bytes.NewReader(file), ImageFormat: kind, Sources: imagemeta.EXIF, LimitNumTags: maxTags,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if v, ok := tag.Value.(uint16); ok && v >= 1 && int(v) <= len(turns) {
				value = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return turns[value-1]
}

// turn is how a stored picture becomes upright: first x and y are exchanged, then each may run backwards.
type turn struct{ swap, flipX, flipY bool }

// turns are the eight orientations of EXIF 2.3 (tag 0x0112), from 1 on.
var turns = [8]turn{{}, {flipX: true}, {flipX: true, flipY: true}, {flipY: true},
	{swap: true}, {swap: true, flipX: true}, {swap: true, flipX: true, flipY: true}, {swap: true, flipY: true}}

// stored is where the spot (x, y) of an upright picture of w by h pixels lies in the stored one.
func (t turn) stored(x, y, w, h int) (int, int) {
	if t.flipX {
		x = w - x
	}
	if t.flipY {
		y = h - y
	}
	if t.swap {
		return y, x
	}
	return x, y
}

// frame is the part of an upright picture of w by h pixels that is kept: the largest of 4:5. Of a wide picture the middle is kept, of a tall one the top: in a picture
// of a person the head is above, and what is below the chest can be missed. No face is looked for.
func frame(w, h int) image.Rectangle {
	if w*fullHeight >= h*fullWidth {
		kept := max(1, int(math.Round(float64(h)*fullWidth/fullHeight)))
		return image.Rect(0, 0, kept, h).Add(image.Pt((w-kept)/2, 0))
	}
	return image.Rect(0, 0, w, max(1, int(math.Round(float64(w)*fullHeight/fullWidth))))
}

// cut draws what is kept of a stored picture upright, on white, at most w by h pixels and never larger than it was.
func cut(stored image.Image, t turn, w, h int) *image.RGBA {
	b := stored.Bounds()
	upright := b.Size()
	if t.swap {
		upright.X, upright.Y = upright.Y, upright.X
	}
	kept := frame(upright.X, upright.Y)
	if kept.Dx() < w {
		w, h = kept.Dx(), kept.Dy()
	}
	// Scaled lying as it is stored, and turned when it is small.
	x0, y0 := t.stored(kept.Min.X, kept.Min.Y, upright.X, upright.Y)
	x1, y1 := t.stored(kept.Max.X, kept.Max.Y, upright.X, upright.Y)
	lying := image.Rect(0, 0, w, h)
	if t.swap {
		lying = image.Rect(0, 0, h, w)
	}
	scaled := image.NewRGBA(lying)
	draw.Draw(scaled, lying, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(scaled, lying, stored, image.Rect(x0, y0, x1, y1).Add(b.Min), draw.Over, nil)
	if t == (turn{}) {
		return scaled
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			// The middle of a pixel, in half pixels: an edge would turn into the next one.
			sx, sy := t.stored(2*x+1, 2*y+1, 2*w, 2*h)
			out.SetRGBA(x, y, scaled.RGBAAt(sx/2, sy/2))
		}
	}
	return out
}
