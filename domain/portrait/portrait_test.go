package portrait

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wangge/internal/fault"
)

var write = flag.String("write", "", "folder to write the portraits to, to look at them")

// Colours of the quarters of the made-up person's picture, by where they are when it is upright.
var (
	topLeft     = color.RGBA{200, 30, 30, 255}
	topRight    = color.RGBA{30, 160, 30, 255}
	bottomLeft  = color.RGBA{30, 30, 200, 255}
	bottomRight = color.RGBA{220, 200, 30, 255}
	skin        = color.RGBA{240, 200, 170, 255}
)

// person draws a head high in a picture whose quarters have colours, upright.
func person(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	short := min(w, h)
	for y := range h {
		for x := range w {
			c := topLeft
			switch {
			case x >= w/2 && y < h/2:
				c = topRight
			case x < w/2 && y >= h/2:
				c = bottomLeft
			case y >= h/2:
				c = bottomRight
			}
			dx, dy := float64(x-w/2)/float64(short), float64(y)/float64(short)-0.28
			if 16*dx*dx+10*dy*dy < 0.4 {
				c = skin
				if dy > -0.04 && dy < 0 && (dx > 0.03 && dx < 0.07 || dx < -0.03 && dx > -0.07) || dy > 0.08 && dy < 0.1 && dx > -0.05 && dx < 0.05 {
					c = color.RGBA{60, 30, 20, 255}
				}
			}
			p.Set(x, y, c)
		}
	}
	return p
}

// held returns p as a camera stores it that was held as the orientation says (EXIF 2.3, 4.6.4: where the visual top and left are).
func held(p image.Image, orientation int) image.Image {
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	sw, sh := w, h
	if orientation >= 5 {
		sw, sh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for row := range sh {
		for col := range sw {
			var x, y int
			switch orientation {
			case 1: // row 0 is the top, column 0 the left
				x, y = col, row
			case 2: // top, right
				x, y = w-1-col, row
			case 3: // bottom, right
				x, y = w-1-col, h-1-row
			case 4: // bottom, left
				x, y = col, h-1-row
			case 5: // left, top
				x, y = row, col
			case 6: // right, top
				x, y = w-1-row, col
			case 7: // right, bottom
				x, y = w-1-row, h-1-col
			case 8: // left, bottom
				x, y = row, h-1-col
			}
			out.Set(col, row, p.At(x, y))
		}
	}
	return out
}

// exif is a TIFF with the orientation, the maker of the phone and a position.
func exif(orientation int) []byte {
	var b bytes.Buffer
	put := func(v any) { binary.Write(&b, binary.BigEndian, v) }
	entry := func(tag, kind uint16, count, value uint32) { put(tag); put(kind); put(count); put(value) }
	b.WriteString("MM\x00*")
	put(uint32(8))
	put(uint16(3))
	entry(0x010f, 2, 12, 50) // Make
	entry(0x0112, 3, 1, uint32(orientation)<<16)
	entry(0x8825, 4, 1, 62) // GPS
	put(uint32(0))
	b.WriteString("SECRETPHONE\x00")
	put(uint16(2))
	entry(1, 2, 2, 'N'<<24) // latitude: north
	entry(2, 5, 3, 92)
	put(uint32(0))
	for _, v := range []uint32{31, 1, 14, 1, 98765, 1000} {
		put(v)
	}
	return b.Bytes()
}

func asJPEGFile(t testing.TB, p image.Image, meta []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if meta == nil {
		return out.Bytes()
	}
	body := append([]byte("Exif\x00\x00"), meta...)
	segment := append([]byte{0xff, 0xe1, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	return append(append(append([]byte{}, out.Bytes()[:2]...), segment...), out.Bytes()[2:]...)
}

func asPNGFile(t testing.TB, p image.Image, meta []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	if meta == nil {
		return out.Bytes()
	}
	const header = 8 + 25 // the signature and IHDR
	return append(append(append([]byte{}, out.Bytes()[:header]...), pngChunk("eXIf", meta)...), out.Bytes()[header:]...)
}

func pngChunk(kind string, data []byte) []byte {
	body := append([]byte(kind), data...)
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

func made(t *testing.T, file []byte) (p *Portrait, full, small image.Image) {
	t.Helper()
	p, err := Make(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	decode := func(b []byte) image.Image {
		picture, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return picture
	}
	full, small = decode(p.Full), decode(p.Small)
	if *write != "" {
		for end, b := range map[string][]byte{"": p.Full, "-160": p.Small} {
			if err := os.WriteFile(filepath.Join(*write, strings.ReplaceAll(filepath.Base(t.Name()), " ", "_")+end+".jpg"), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p, full, small
}

func near(a color.Color, b color.RGBA) bool {
	r, g, bl, _ := a.RGBA()
	off := func(x uint32, y uint8) bool { d := int(x>>8) - int(y); return d > 12 || d < -12 }
	return !off(r, b.R) && !off(g, b.G) && !off(bl, b.B)
}

// wantPerson holds a picture against the corners of the person's that it should show.
func wantPerson(t *testing.T, name string, p image.Image) {
	t.Helper()
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	for _, c := range []struct {
		where string
		x, y  int
		want  color.RGBA
	}{{"top left", 3, 3, topLeft}, {"top right", w - 4, 3, topRight}, {"bottom left", 3, h - 4, bottomLeft}, {"bottom right", w - 4, h - 4, bottomRight}} {
		if got := p.At(c.x, c.y); !near(got, c.want) {
			t.Errorf("%s: %v at the %s, want %v", name, got, c.where, c.want)
		}
	}
}

func TestTheEightWaysToHoldACamera(t *testing.T) {
	for o := 1; o <= 8; o++ {
		for kind, file := range map[string][]byte{
			"JPEG": asJPEGFile(t, held(person(900, 1200), o), exif(o)),
			"PNG":  asPNGFile(t, held(person(900, 1200), o), exif(o)),
		} {
			t.Run(kind+" "+string(rune('0'+o)), func(t *testing.T) {
				p, full, small := made(t, file)
				if full.Bounds() != image.Rect(0, 0, 600, 750) || small.Bounds() != image.Rect(0, 0, 160, 200) {
					t.Errorf("%v and %v", full.Bounds(), small.Bounds())
				}
				wantPerson(t, "full", full)
				wantPerson(t, "small", small)
				if !near(full.At(300, 100), skin) {
					t.Errorf("the head is not above: %v", full.At(300, 100))
				}
				for _, b := range [][]byte{p.Full, p.Small} {
					for _, left := range []string{"Exif", "SECRETPHONE", "MM\x00*", "\xff\xe1", "ICC_PROFILE"} {
						if bytes.Contains(b[:600], []byte(left)) {
							t.Errorf("%q is left in the portrait", left)
						}
					}
				}
			})
		}
	}
}

func TestTheSameFileGivesTheSamePortrait(t *testing.T) {
	file := asJPEGFile(t, person(1000, 1000), exif(6))
	a, _, _ := made(t, file)
	b, _, _ := made(t, file)
	if !bytes.Equal(a.Full, b.Full) || !bytes.Equal(a.Small, b.Small) {
		t.Error("two portraits of one file differ")
	}
}

func TestWhatIsKeptOfAPicture(t *testing.T) {
	for _, c := range []struct {
		name string
		w, h int
		want image.Rectangle
	}{
		{"4 to 5", 800, 1000, image.Rect(0, 0, 800, 1000)},
		{"a phone held upright", 3000, 4000, image.Rect(0, 0, 3000, 3750)},
		{"a long phone", 1080, 2400, image.Rect(0, 0, 1080, 1350)},
		{"a phone held across", 4000, 3000, image.Rect(800, 0, 3200, 3000)},
		{"a square", 240, 240, image.Rect(24, 0, 216, 240)},
		{"one more pixel of width", 801, 1000, image.Rect(0, 0, 800, 1000)},
	} {
		if got := frame(c.w, c.h); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestKindsAndSizes(t *testing.T) {
	seen := person(500, 625)
	for y := range 625 {
		for x := range 500 {
			if x < 100 { // the left is not there
				seen.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 0})
			} else if x < 200 { // nor half of what is beside it
				c := seen.NRGBAAt(x, y)
				c.A = 128
				seen.SetNRGBA(x, y, c)
			}
		}
	}
	gray := image.NewGray16(image.Rect(0, 0, 400, 500))
	for i := range gray.Pix {
		gray.Pix[i] = 0x80
	}
	webpFile, err := os.ReadFile("testdata/person.webp")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		file []byte
		size image.Point
		at   map[image.Point]color.RGBA
	}{
		{"a PNG one can see through", asPNGFile(t, seen, nil), image.Pt(500, 625), map[image.Point]color.RGBA{
			{50, 300}: {255, 255, 255, 255}, {150, 30}: {227, 142, 142, 255}, {480, 30}: topRight, {480, 600}: bottomRight}},
		{"a PNG of 16 bits without colours", asPNGFile(t, gray, nil), image.Pt(400, 500), map[image.Point]color.RGBA{{200, 200}: {128, 128, 128, 255}}},
		{"a WebP", webpFile, image.Pt(480, 600), map[image.Point]color.RGBA{{10, 10}: topLeft, {470, 590}: bottomRight, {240, 100}: skin}},
		{"a picture of 200 pixels", asJPEGFile(t, person(200, 200), nil), image.Pt(160, 200), map[image.Point]color.RGBA{{4, 4}: topLeft, {155, 195}: bottomRight}},
		{"a panorama", asJPEGFile(t, person(3000, 300), nil), image.Pt(240, 300), map[image.Point]color.RGBA{{4, 4}: topLeft, {235, 295}: bottomRight}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, full, small := made(t, c.file)
			if full.Bounds().Size() != c.size || small.Bounds().Size() != image.Pt(160, 200) {
				t.Errorf("%v and %v, want %v", full.Bounds().Size(), small.Bounds().Size(), c.size)
			}
			for at, want := range c.at {
				if got := full.At(at.X, at.Y); !near(got, want) {
					t.Errorf("%v at %v, want %v", got, at, want)
				}
			}
		})
	}
}

// pngBomb says in a few bytes that it has so many pixels.
func pngBomb(w, h uint32) []byte { return pngBombOf(w, h, 8, 6) }

// pngBombOf says so many bits a colour as well, and the kind: 0 grey, 2 RGB, 4 grey with alpha, 6 RGB with alpha.
func pngBombOf(w, h uint32, bits, kind byte) []byte { return pngBombIn(w, h, bits, kind, 0) }

// pngBombIn says whether it is interlaced (1) as well.
func pngBombIn(w, h uint32, bits, kind, interlaced byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(head, bits, kind, 0, 0, interlaced))...)
	return append(append(out, pngChunk("IDAT", []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})...), pngChunk("IEND", nil)...)
}

// jpegBomb says in its frame's header how many pixels it has, whether they come step by step (0xc2) or not (0xc0), and how often each component is sampled. What stands
// before that header is put there.
func jpegBomb(w, h uint16, frame byte, before string, sampled ...byte) []byte {
	out := append([]byte("\xff\xd8"), before...)
	out = append(out, 0xff, frame, 0, byte(8+3*len(sampled)), 8)
	out = append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(out, h), w), byte(len(sampled)))
	for i, hv := range sampled {
		out = append(out, byte(i+1), hv, 0)
	}
	return append(out, 0xff, 0xda, 0, 2)
}

// webpBomb is a WebP whose one chunk, of VP8L, says that it has 16,384 × 16,384 pixels; with a small canvas before it where canvas is set.
func webpBomb(canvas bool) []byte {
	body := []byte("WEBP")
	if canvas {
		body = append(body, "VP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x01\x00\xff\x01\x00"...)
	}
	body = append(body, "VP8L\x0a\x00\x00\x00\x2f\xff\xff\xff\x0f\x00\x00\x00\x00\x00"...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestWhatIsNoPhoto(t *testing.T) {
	good := asJPEGFile(t, person(800, 1000), nil)
	goodPNG := asPNGFile(t, person(300, 300), nil)
	webpFile, err := os.ReadFile("testdata/person.webp")
	if err != nil {
		t.Fatal(err)
	}
	var anim bytes.Buffer
	if err := gif.Encode(&anim, person(300, 300), nil); err != nil {
		t.Fatal(err)
	}
	// A baseline JPEG may say the same scan again and again.
	first := bytes.Index(good, []byte{0xff, 0xda})
	scans := func(n int) []byte {
		end := len(good) - 2
		return slices.Concat(good[:first], bytes.Repeat(good[first:end], n), good[end:])
	}
	if _, err := Make(t.Context(), scans(64)); err != nil {
		t.Errorf("64 scans: %v", err)
	}
	bomb := append([]byte{}, good...)
	frameAt := bytes.Index(bomb, []byte{0xff, 0xc0}) + 5
	binary.BigEndian.PutUint16(bomb[frameAt:], 30_000)
	binary.BigEndian.PutUint16(bomb[frameAt+2:], 30_000)
	for _, c := range []struct {
		name string
		file []byte
		want string // the sentence's key
	}{
		{"nothing", nil, "portrait.kind"},
		{"a page", []byte("<!DOCTYPE html><html><script>alert(1)</script></html>"), "portrait.kind"},
		{"a page that begins like a JPEG", append([]byte("\xff\xd8\xff\xe0"), "<html><script>alert(1)</script></html>"...), "portrait.broken"},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "portrait.kind"},
		{"a GIF", anim.Bytes(), "portrait.kind"},
		{"a JPEG cut off", good[:len(good)*2/3], "portrait.broken"},
		{"a JPEG cut off in its head", good[:30], "portrait.broken"},
		{"a PNG cut off", goodPNG[:len(goodPNG)/2], "portrait.broken"},
		{"a WebP cut off", webpFile[:len(webpFile)/2], "portrait.broken"},
		{"a JPEG of 30,000 × 30,000", bomb, "portrait.large"},
		{"a PNG of 30,000 × 30,000", pngBomb(30_000, 30_000), "portrait.large"},
		{"a PNG of 26 megapixels", pngBomb(5_200, 5_000), "portrait.large"},
		{"a PNG of 20 megapixels of 16 bits, one can see through", pngBombOf(4_000, 5_000, 16, 6), "portrait.heavy"},
		{"a PNG of 20 megapixels of 16 bits", pngBombOf(4_000, 5_000, 16, 2), "portrait.heavy"},
		{"a PNG of 20 megapixels of 16 bits without colours", pngBombOf(4_000, 5_000, 16, 0), "portrait.heavy"},
		{"a PNG of 20 megapixels of 16 bits without colours, one can see through", pngBombOf(4_000, 5_000, 16, 4), "portrait.heavy"},
		{"an interlaced PNG of 20 megapixels", pngBombIn(4_000, 5_000, 8, 6, 1), "portrait.heavy"},
		{"a progressive JPEG of 12 megapixels, every colour of each", jpegBomb(3_000, 4_000, 0xc2, "", 0x11, 0x11, 0x11), "portrait.heavy"},
		{"a progressive JPEG of 24 megapixels", jpegBomb(4_000, 6_000, 0xc2, "", 0x22, 0x11, 0x11), "portrait.heavy"},
		{"a progressive JPEG of 12 megapixels behind bytes that fill", jpegBomb(3_000, 4_000, 0xc2, "\xff", 0x22, 0x11, 0x11), "portrait.heavy"},
		{"a progressive JPEG of 12 megapixels behind what is no segment", jpegBomb(3_000, 4_000, 0xc2, "\xff\xe0\x00\x02x", 0x22, 0x11, 0x11), "portrait.heavy"},
		{"a progressive JPEG of 12 megapixels, cut off", jpegBomb(3_000, 4_000, 0xc2, "", 0x22, 0x11, 0x11), "portrait.broken"},
		{"a progressive JPEG of 7 megapixels for print", jpegBomb(2_000, 3_500, 0xc2, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00", 0x11, 0x11, 0x11, 0x11), "portrait.heavy"},
		{"a JPEG of 20 megapixels for print", jpegBomb(4_000, 5_000, 0xc0, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x02", 0x22, 0x11, 0x11, 0x22), "portrait.broken"},
		{"a JPEG of 25 megapixels, cut off", jpegBomb(5_000, 5_000, 0xc0, "", 0x11, 0x11, 0x11), "portrait.broken"},
		{"a PNG of 26 megapixels of 16 bits", pngBombOf(5_200, 5_000, 16, 6), "portrait.large"},
		{"a PNG of 13 megapixels of 8 bits, cut off", pngBombOf(3_250, 4_000, 8, 6), "portrait.broken"},
		{"a PNG of 2,000,000,000 × 1", pngBomb(2_000_000_000, 1), "portrait.large"},
		{"a WebP of 16,384 × 16,384", webpBomb(false), "portrait.large"},
		{"a WebP with a small canvas and a large picture", webpBomb(true), "portrait.broken"},
		{"a JPEG of 65 scans", scans(65), "portrait.broken"},
		{"8 MiB and a byte", append([]byte("\xff\xd8\xff"), make([]byte, MaxBytes)...), "portrait.bytes"},
		{"a stamp", asPNGFile(t, person(199, 300), nil), "portrait.small"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f *fault.Error
			p, err := Make(t.Context(), c.file)
			if f = fault.As(err); err == nil || f.Code != fault.Invalid || f.Field != "photo" || f.Key != c.want {
				t.Errorf("made: %v, %v; want INVALID at photo, %s", p != nil, err, c.want)
			}
			if en, zh := f.Text(fault.English), f.Text(fault.Chinese); en == zh || strings.ContainsAny(en+zh, "{}") {
				t.Errorf("%q, %q", en, zh)
			}
		})
	}
}

// What was kept is a picture to its last pixel, or none.
func TestWhole(t *testing.T) {
	full, small := asJPEGFile(t, person(240, 300), nil), asPNGFile(t, person(20, 20), nil)
	bad := bytes.Clone(small)
	bad[len(bad)-20] ^= 0xff
	webpFile, err := os.ReadFile("testdata/person.webp")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want bool
	}{
		"JPEG": {full, true}, "small PNG": {small, true}, "cut off": {full[:len(full)/2], false}, "damaged": {bad, false}, "nothing": {nil, false}, "a page": {[]byte("<html>"), false},
		"a WebP": {webpFile, false}, "too large": {pngBomb(20_000, 20_000), false}, "too large of 16 bits": {pngBombOf(4_000, 5_000, 16, 6), false},
	} {
		if got := Whole(c.file); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWaitingForOthersEnds(t *testing.T) {
	reading <- struct{}{}
	defer func() { <-reading }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Make(ctx, asJPEGFile(t, person(300, 300), nil)); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

// FuzzMake looks for files that end the program, or are taken and give no picture.
func FuzzMake(f *testing.F) {
	f.Add(asJPEGFile(f, person(200, 250), exif(6)))
	f.Add(asPNGFile(f, person(200, 250), exif(3)))
	f.Add(webpBomb(true))
	if file, err := os.ReadFile("testdata/person.webp"); err == nil {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := Make(t.Context(), file)
		if err != nil {
			if fault.As(err).Code != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(p.Full)); err != nil || c.Width > 600 || c.Height > 750 || c.Width < 160 {
			t.Fatal(c, err)
		}
	})
}

func BenchmarkMake12Megapixels(b *testing.B) {
	file := asJPEGFile(b, held(person(3000, 4000), 6), exif(6))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Make(b.Context(), file); err != nil {
			b.Fatal(err)
		}
	}
}
