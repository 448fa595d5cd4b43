package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ledongthuc/pdf"
)

func writePDF(t testing.TB, f *Fonts, sheets ...*Sheet) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WritePDF(&b, slices.Values(sheets), f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readPDF reads with somebody else's program.
func readPDF(t testing.TB, b []byte) *pdf.Reader {
	t.Helper()
	r, err := pdf.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said is the words of a page, as who copies them gets them.
func said(p pdf.Page) string {
	var b strings.Builder
	for _, text := range p.Content().Text {
		b.WriteString(text.S)
	}
	return b.String()
}

// drawn is what is drawn on a page: the operators of its content.
func drawn(t testing.TB, p pdf.Page) string {
	t.Helper()
	b, err := io.ReadAll(p.V.Key("Contents").Reader())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPDFText(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		name string
		text Text
		want string
	}{
		{"Chinese", Text{Text: "采薇街道（小澜河）“社区”"}, "采薇街道（小澜河）“社区”"},
		{"Latin and digits", Text{Text: "Grid 07, tel. 138 0013 8000"}, "Grid 07, tel. 138 0013 8000"},
		{"bold", Text{Text: "王采薇", Bold: true}, "王采薇"},
		{"in the middle, turned", Text{Text: "采薇路", Anchor: Middle, Turn: 37}, "采薇路"},
		{"a letter that the font has not", Text{Text: "王𪛖先生"}, "王𪛖先生"},
		{"two letters of one shape", Text{Text: "A\u00a0B C－D"}, "A\u00a0B C－D"},
		{"direction of writing", Text{Text: "\u202e张三\u202c"}, "张三"},
		{"what PDF writes commands with", Text{Text: `) Tj (x\) ET Q <</S/JavaScript>> endstream`}, `) Tj (x\) ET Q <</S/JavaScript>> endstream`},
		{"markup", Text{Text: `<script>alert("1")</script>`}, `<script>alert("1")</script>`},
		{"nothing", Text{Text: "\u200b\x00"}, ""},
	} {
		c.text.At, c.text.Size, c.text.Colour = Point{50, 50}, 5, Colour{A: 255}
		r := readPDF(t, writePDF(t, f, &Sheet{W: 210, H: 297, Items: []Item{&c.text}}))
		if got := said(r.Page(1)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}

	// The edge around letters is no text: between BDC and EMC it is told apart.
	page := readPDF(t, writePDF(t, f, &Sheet{W: 210, H: 297, Items: []Item{&Text{At: Point{50, 50}, Text: "路", Size: 5, Colour: Colour{A: 255}, Halo: 1}}})).Page(1)
	if got := drawn(t, page); strings.Count(got, "/Span<</ActualText<FEFF>>>BDC") != 1 || strings.Count(got, "EMC") != 2 ||
		strings.Index(got, "1 Tr") > strings.Index(got, "EMC") || strings.Index(got, "0 Tr") < strings.Index(got, "EMC") {
		t.Errorf("with an edge: %s", got)
	}
}

// Where a line begins, which way it goes and how long it is are read back: in millimetres from the lower left corner.
func TestPDFPlaces(t *testing.T) {
	f := fonts(t)
	for _, c := range []struct {
		text Text
		want string
	}{
		{Text{Text: "采薇路"}, "1 0 0 1 100 150 Tm"},
		{Text{Text: "采薇路", Anchor: Middle}, "1 0 0 1 85 150 Tm"},
		{Text{Text: "采薇路", Anchor: End}, "1 0 0 1 70 150 Tm"},
		{Text{Text: "采薇路", Anchor: End, Turn: 90}, "0 -1 1 0 100 180 Tm"}, // clockwise: downwards, so it begins higher
		{Text{Text: "采薇路", Anchor: End, Turn: 180}, "-1 0 0 -1 130 150 Tm"},
		{Text{Text: "采薇路", Turn: -30}, "0.86603 0.5 -0.5 0.86603 100 150 Tm"},
	} {
		c.text.At, c.text.Size, c.text.Colour = Point{100, 60}, 10, Colour{A: 255}
		page := readPDF(t, writePDF(t, f, &Sheet{W: 297, H: 210, Items: []Item{&c.text}})).Page(1)
		if got := drawn(t, page); !strings.Contains(got, "Tr "+c.want) {
			t.Errorf("%+v: %s, want %s", c.text, got, c.want)
		}
	}

	const text = "1采 W—i"
	page := readPDF(t, writePDF(t, f, &Sheet{W: 297, H: 210, Items: []Item{&Text{Text: text, Size: 10, Colour: Colour{A: 255}}}})).Page(1)
	face := page.Font("F0").V.Key("DescendantFonts").Index(0)
	widths := []float64{1000, 1000, 1000, 1000, 1000, 1000} // by code, which counts from 1
	for i := 0; i < face.Key("W").Len(); i += 2 {
		widths[face.Key("W").Index(i).Int64()-1] = face.Key("W").Index(i + 1).Index(0).Float64()
	}
	sum := 0.0
	for _, w := range widths {
		sum += w / 100
	}
	if want := f.Width(text, 10, false); face.Key("DW").Int64() != 1000 || math.Abs(sum-want) > 0.001 {
		t.Errorf("the letters are %v mm wide, want %v", sum, want)
	}
}

func TestPDFDocument(t *testing.T) {
	f := fonts(t)
	var sheets []*Sheet
	for i := range 30 {
		s := board(t, f, fmt.Sprintf("%02d", i))
		s.Title = fmt.Sprintf("不要下载 (%d) \\ 丐", i) // 不, 下, 丐: bytes 0D, 0B, 10
		sheets = append(sheets, s)
	}
	b := writePDF(t, f, sheets...)
	r := readPDF(t, b)
	root := r.Trailer().Key("Root")
	if got := r.Trailer().Key("Info").Key("Title").Text(); got != "不要下载 (0) \\ 丐" {
		t.Errorf("title %q", got)
	}
	if got := root.Key("Lang").Text(); got != "zh-CN" {
		t.Errorf("language %q", got)
	}
	if r.NumPage() != 30 {
		t.Errorf("%d pages", r.NumPage())
	}
	if o := r.Outline(); len(o.Child) != 30 || o.Child[29].Title != "不要下载 (29) \\ 丐" {
		t.Errorf("outline %+v", o)
	}
	if box := r.Page(3).V.Key("MediaBox"); math.Abs(box.Index(2).Float64()-1190.55) > 0.01 || math.Abs(box.Index(3).Float64()-841.89) > 0.01 {
		t.Errorf("page %v", box)
	}
	// Fonts and pictures are in it once.
	if n := bytes.Count(b, []byte("/FontFile2")); n != 1 {
		t.Errorf("%d fonts", n)
	}
	if n := bytes.Count(b, []byte("/Subtype/Image")); n != 1 {
		t.Errorf("%d pictures", n)
	}
	if one := writePDF(t, f, sheets[0]); len(one) > 60_000 || readPDF(t, one).Trailer().Key("Root").Key("Outlines").Kind() != pdf.Null {
		t.Errorf("one board is %d bytes", len(one))
	}

	// Links: of three, the path leads nowhere from paper.
	annots := r.Page(1).V.Key("Annots")
	var to []string
	for i := range annots.Len() {
		to = append(to, annots.Index(i).Key("A").Key("URI").RawString()+" "+annots.Index(i).Key("Contents").Text())
	}
	if want := []string{"tel:13800138000 打电话给王采薇", "https://example.org/g/00 网页"}; !slices.Equal(to, want) {
		t.Errorf("links %q, want %q", to, want)
	}
	rect := annots.Index(0).Key("Rect")
	for i, mm := range []float64{285, 297 - 140, 405, 297 - 115} {
		if math.Abs(rect.Index(i).Float64()-mm*pt) > 0.01 {
			t.Errorf("the link is at %v", rect)
		}
	}
	// What is outside the map's box is cut off, and nothing after it.
	page := drawn(t, r.Page(1))
	if strings.Count(page, "q ") == 0 || strings.Count(page, "q\n")+strings.Count(page, "q ") != strings.Count(page, "Q\n") || strings.Count(page, "W n\n") != 2 {
		t.Errorf("%d q, %d Q, %d clips", strings.Count(page, "q\n")+strings.Count(page, "q "), strings.Count(page, "Q\n"), strings.Count(page, "W n\n"))
	}

	if got := readPDF(t, writePDF(t, f)).NumPage(); got != 0 {
		t.Errorf("without sheets: %d pages", got)
	}
}

// Who cannot see a page hears lines in order, what pictures show, and where links lead; ornaments are passed over.
func TestPDFHeard(t *testing.T) {
	f := fonts(t)
	line := func(text string) *Text { return &Text{At: Point{10, 10}, Text: text, Size: 5, Colour: Colour{A: 255}} }
	box := &Shape{Paths: [][]Point{{{0, 0}, {9, 0}, {9, 9}}}, Closed: true, Fill: Colour{A: 255}}
	picture := func(alt string) *Picture {
		return &Picture{Box: Box{1, 1, 9, 9}, Data: portrait(t, "jpeg", 20), Alt: alt}
	}
	sheet := &Sheet{W: 210, H: 297, Title: "板", Lang: "zh-CN", Items: []Item{
		box, line("网格员"), picture("王采薇的照片"), picture(""),
		&Group{Label: "地图", Clip: &Box{0, 0, 50, 50}, Items: []Item{line("采薇路"), box, picture("不说"), &Group{Label: "不说", Items: []Item{line("小澜河")}}}},
		&Group{Items: []Item{line("电话")}}, &Link{Box: Box{1, 1, 9, 9}, URL: "tel:12345", Label: "拨打12345"},
		&Link{Box: Box{1, 9, 9, 9}, URL: "https://example.org/"}, line("\u200b"), &Shape{},
	}}
	english := &Sheet{W: 210, H: 297, Title: "Board", Lang: "en", Items: []Item{line("Grid worker")}}
	r := readPDF(t, writePDF(t, f, sheet, english))
	root := r.Trailer().Key("Root")
	if !root.Key("MarkInfo").Key("Marked").Bool() {
		t.Error("it does not say that it can be heard")
	}
	tree := root.Key("StructTreeRoot")
	whole := tree.Key("K")
	if whole.Key("S").Name() != "Document" || whole.Key("K").Len() != 2 {
		t.Fatalf("%v", whole)
	}
	above := func(key int64) pdf.Value { // what the tree of parents says of a page or a link
		nums := tree.Key("ParentTree").Key("Nums")
		for i := 0; i < nums.Len(); i += 2 {
			if nums.Index(i).Int64() == key {
				return nums.Index(i + 1)
			}
		}
		t.Fatalf("no parents of %d", key)
		return pdf.Value{}
	}
	for n, want := range [][]string{{"P", "Figure 王采薇的照片", "Figure 地图", "P", "Link 拨打12345", "Link https://example.org/"}, {"P"}} {
		section := whole.Key("K").Index(n)
		if title, lang := section.Key("T").Text(), section.Key("Lang").Text(); title != []string{"板", "Board"}[n] || lang != []string{"zh-CN", "en"}[n] {
			t.Errorf("page %d is %q in %q", n, title, lang)
		}
		marked := above(r.Page(n + 1).V.Key("StructParents").Int64())
		var got []string
		for i := range section.Key("K").Len() {
			e := section.Key("K").Index(i)
			got = append(got, strings.TrimSpace(e.Key("S").Name()+" "+e.Key("Alt").Text()))
			back := above
			if e.Key("K").Kind() == pdf.Integer {
				back = func(int64) pdf.Value { return marked.Index(int(e.Key("K").Int64())) }
			}
			if p := back(e.Key("K").Key("Obj").Key("StructParent").Int64()); p.String() != e.String() {
				t.Errorf("%v names %v, which belongs to %v", e, e.Key("K"), p)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("page %d says %q, want %q", n, got, want)
		}
	}
	// All that is drawn is either said or an ornament: marks stand one after the other, none within another, but for the white edges of letters.
	page := drawn(t, r.Page(1))
	if want := 4; strings.Count(page, "<</MCID ") != want || strings.Count(page, "/Artifact BMC") != 2 || strings.Count(page, "EMC\n") != want+2 {
		t.Errorf("marks: %s", page)
	}
	for i := range 4 {
		if strings.Count(page, fmt.Sprintf("<</MCID %d>>", i)) != 1 {
			t.Errorf("mark %d: %s", i, page)
		}
	}
}

// A link leads to a page that comes later, by its number.
func TestPDFLinksToPages(t *testing.T) {
	f := fonts(t)
	one := &Sheet{W: 50, H: 50, Items: []Item{&Link{Box: Box{5, 5, 10, 10}, Page: 3, Label: "第三页"}}}
	file := writePDF(t, f, one, &Sheet{W: 50, H: 50}, &Sheet{W: 50, H: 50})
	kids := regexp.MustCompile(`/Kids\[(\d+) 0 R (\d+) 0 R (\d+) 0 R\]`).FindSubmatch(file)
	if kids == nil {
		t.Fatalf("no pages: %s", file)
	}
	if want := fmt.Sprintf("/Dests<</P1[%s 0 R/Fit]/P2[%s 0 R/Fit]/P3[%s 0 R/Fit]>>", kids[1], kids[2], kids[3]); !bytes.Contains(file, []byte(want)) {
		t.Errorf("without %s", want)
	}
	if !bytes.Contains(file, []byte("/Dest/P3/Contents")) {
		t.Error("no link to page 3")
	}
	if file = writePDF(t, f, &Sheet{W: 50, H: 50}); bytes.Contains(file, []byte("/Dests")) {
		t.Error("names of pages that nothing leads to")
	}
}

// The same sheets make the same bytes: at another time, beside others, after others.
func TestPDFSame(t *testing.T) {
	f := fonts(t)
	s := board(t, f, "07")
	want := writePDF(t, f, s, board(t, f, "08"))
	synctest.Test(t, func(t *testing.T) { // in the year 2000
		time.Sleep(time.Hour)
		if !bytes.Equal(writePDF(t, f, s, board(t, f, "08")), want) {
			t.Error("at another time it is another file")
		}
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_ = writePDF(t, f, board(t, f, fmt.Sprint(i, "号楼东侧")))
			if !bytes.Equal(writePDF(t, f, s, board(t, f, "08")), want) {
				t.Error("beside others it is another file")
			}
		})
	}
	wg.Wait()
	// The library that cuts fonts writes into the font, were it not kept from it.
	if got, want := fonts(t).faces[0].sfnt, f.faces[0].sfnt; got.Maxp.NumGlyphs != want.Maxp.NumGlyphs || got.Hhea.NumberOfHMetrics != want.Hhea.NumberOfHMetrics {
		t.Errorf("of %d letters of the font %d are left", got.Maxp.NumGlyphs, want.Maxp.NumGlyphs)
	}
}

// A district's boards are one document: their number is not felt in memory.
func TestPDFMany(t *testing.T) {
	f := fonts(t)
	s := board(t, f, "07")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before, after uint64
	began := time.Now()
	err := WritePDF(io.Discard, func(yield func(*Sheet) bool) {
		for i := range 400 {
			s.Title = fmt.Sprint("网格", i)
			if !yield(s) {
				return
			}
			switch i {
			case 50:
				before = heap()
			case 399:
				after = heap()
			}
		}
	}, f)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("400 boards took %v", took)
	}
	if after > before+2_000_000 {
		t.Errorf("after 50 boards %d bytes are held, after 400 %d", before, after)
	}
}

func TestPDFPictures(t *testing.T) {
	f := fonts(t)
	sheet := func(data []byte) *Sheet {
		return &Sheet{W: 210, H: 297, Items: []Item{&Picture{Box: Box{50, 60, 30, 40}, Data: data, Alt: "照片"}}}
	}
	// Its middle fills the box: 400 by 400 pixels in 30 by 40 mm are 40 by 40, of which 5 are cut off left and right.
	page := readPDF(t, writePDF(t, f, sheet(portrait(t, "jpeg", 400)))).Page(1)
	if got, want := drawn(t, page), "50 237 m 80 237 l 80 197 l 50 197 l 50 237 l h W n\n40 0 0 40 45 197 cm\n"; !strings.Contains(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	for _, kind := range []string{"png", "jpeg"} {
		if b := writePDF(t, f, sheet(portrait(t, kind, 200))); !bytes.Contains(b, []byte("/Subtype/Image/Width 200/Height 200")) || bytes.Contains(b, []byte("/SMask")) {
			t.Errorf("no picture of a %s", kind)
		}
	}
	// What shines through stays so.
	glass := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	glass.SetNRGBA(1, 1, color.NRGBA{255, 0, 0, 100})
	var b bytes.Buffer
	if err := png.Encode(&b, glass); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(writePDF(t, f, sheet(b.Bytes())), []byte("/SMask")) {
		t.Error("a picture that shines through does not")
	}
	// A photograph as PNG does not make a board heavy.
	noise := image.NewNRGBA(image.Rect(0, 0, 500, 500))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = 100 + uint8(rng.IntN(60))
		if i%4 == 3 {
			noise.Pix[i] = 255
		}
	}
	b.Reset()
	if err := png.Encode(&b, noise); err != nil {
		t.Fatal(err)
	}
	if got := len(writePDF(t, f, sheet(b.Bytes()))); got > 300_000 {
		t.Errorf("a PNG of %d bytes makes a PDF of %d", b.Len(), got)
	}

	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("<svg onload=alert(1)>"), "cut off": portrait(t, "png", 100)[:200]} {
		if err := WritePDF(io.Discard, slices.Values([]*Sheet{sheet(data)}), f); err == nil || strings.Contains(err.Error(), "照片") || !strings.Contains(err.Error(), "picture") {
			t.Errorf("%s: %v, want an error about a picture that does not tell whose it is", name, err)
		}
	}
	// A few bytes that say they are 60,000 by 60,000 pixels.
	bomb := portrait(t, "png", 10)
	copy(bomb[16:24], []byte{0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60})
	if _, _, err := check(bomb); err == nil {
		t.Error("a picture of 3,600,000,000 pixels is opened")
	}
}

func TestPDFBadNumbers(t *testing.T) {
	f := fonts(t)
	nan, inf := math.NaN(), math.Inf(1)
	page := readPDF(t, writePDF(t, f, &Sheet{W: 210, H: 297, Items: []Item{
		&Shape{Paths: [][]Point{{{nan, 1}, {inf, 2}, {3, -inf}}, {}}, Closed: true, Fill: Colour{A: 255}, Stroke: Colour{A: 10}, Width: 1, Dash: []float64{nan}},
		&Text{At: Point{nan, nan}, Text: "字", Size: 5, Turn: inf, Colour: Colour{A: 255}},
		&Text{At: Point{1, 1}, Text: "不见", Size: nan, Colour: Colour{A: 255}},
	}})).Page(1)
	if got := drawn(t, page); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Errorf("%s", got)
	}
	if got := said(page); got != "字" {
		t.Errorf("text %q", got)
	}
}

// A disk that is full ends it at once.
func TestPDFWriter(t *testing.T) {
	f := fonts(t)
	pages := 0
	err := WritePDF(full{}, func(yield func(*Sheet) bool) {
		for range 100 {
			if pages++; !yield(board(t, f, "07")) {
				return
			}
		}
	}, f)
	if err != io.ErrShortWrite || pages > 5 {
		t.Errorf("%v after %d pages", err, pages)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAddress(t *testing.T) {
	for s, want := range map[string]string{
		"https://example.org/g/3101?x=1&y=网": "https://example.org/g/3101?x=1&y=%E7%BD%91",
		"http://localhost:8080/网格":           "http://localhost:8080/%E7%BD%91%E6%A0%BC",
		"tel:+86-138-0013-8000":              "tel:+86-138-0013-8000",
		"/g/3101#map":                        "/g/3101#map",
		"javascript:alert(1)":                "",
		"JavaScript:alert(1)":                "",
		" javascript:alert(1)":               "",
		"java\nscript:alert(1)":              "",
		"data:text/html,<script>":            "",
		"vbscript:x":                         "",
		"file:///etc/passwd":                 "",
		"//evil.example/x":                   "",
		`/\evil.example`:                     "",
		"https:evil":                         "",
		"https://user:pass@example.org/":     "",
		"tel:1<script>":                      "",
		"tel:":                               "",
		"g/3101":                             "",
		"":                                   "",
		"%zz":                                "",
	} {
		if got := address(s); got != want {
			t.Errorf("address(%q) = %q, want %q", s, got, want)
		}
	}
}

func BenchmarkPDF(b *testing.B) {
	f := fonts(b)
	s := board(b, f, "07")
	for b.Loop() {
		b.ReportMetric(float64(len(writePDF(b, f, s))), "bytes")
	}
}
