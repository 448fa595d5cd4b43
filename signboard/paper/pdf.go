package paper

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/tdewolff/font"
)

// pt is the points in a millimetre.
const pt = 72 / 25.4

// WritePDF writes sheets as the pages of one document, each as it comes: kept in memory are one page and which letters and pictures were used. The same
// sheets and fonts make the same bytes. The title and language are the first sheet's; of several, each is listed by its own title.
// Characters that no font has are named among its keywords. Who cannot see it hears the lines of text in the order of Items, and of pictures and groups what they are labelled. A link to a path is left out: a
// printed page has no server.
func WritePDF(w io.Writer, sheets iter.Seq[*Sheet], f *Fonts) error {
	d := &document{sum: sha256.New(), fonts: f, pictures: map[[32]byte]picture{}}
	d.w = bufio.NewWriter(io.MultiWriter(w, d.sum))
	d.print("%%PDF-1.7\n%%\xe5\xad\x97\n")
	catalog, info, tree := d.reserve(), d.reserve(), d.reserve()
	root, whole, parents := d.reserve(), d.reserve(), d.reserve()

	var title, lang string
	var kids, sections []int
	var titles []string
	for s := range sheets {
		if len(kids) == 0 {
			title, lang = Clean(s.Title), s.Lang
		}
		page, section, err := d.page(s, tree, whole)
		if err != nil {
			return err
		}
		kids, sections, titles = append(kids, page), append(sections, section), append(titles, Clean(s.Title))
		if d.err != nil {
			return d.err
		}
	}
	for _, l := range d.used {
		if l != nil {
			if err := d.letters(l); err != nil {
				return err
			}
		}
	}

	outline := ""
	if len(kids) > 1 {
		outline = fmt.Sprintf("/PageMode/UseOutlines/Outlines %d 0 R", d.outline(kids, titles))
	}
	if lang != "" {
		lang = "/Lang" + words(lang)
	}
	d.object(root, "<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>", whole, parents, len(d.parents))
	d.object(whole, "<</Type/StructElem/S/Document/P %d 0 R/K[%s]>>", root, refs(sections))
	var nums strings.Builder
	for i, o := range d.parents {
		fmt.Fprintf(&nums, "%d %d 0 R ", i, o)
	}
	d.object(parents, "<</Nums[%s]>>", nums.String())
	if d.led {
		outline += "/Dests<<"
		for i, o := range kids {
			outline += fmt.Sprintf("/P%d[%d 0 R/Fit]", i+1, o)
		}
		outline += ">>"
	}
	d.object(catalog, "<</Type/Catalog/Pages %d 0 R%s%s/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R/ViewerPreferences<</DisplayDocTitle true>>>>",
		tree, lang, outline, root)
	d.object(info, "<</Title%s%s/Producer(wangge)>>", words(title), d.lacking())
	d.object(tree, "<</Type/Pages/Count %d/Kids[%s]>>", len(kids), refs(kids))
	return d.close(catalog, info)
}

// document is a PDF that is being written.
type document struct {
	w        *bufio.Writer
	sum      hash.Hash
	at       int64
	offsets  []int64 // of objects, by number - 1
	err      error
	fonts    *Fonts
	used     []*letters // by face; nil: none
	pictures map[[32]byte]picture
	parents  []int // what belongs to the pages and links, by the number that they name
	led      bool  // a link leads to a page

	// Of the page that is being drawn.
	b       bytes.Buffer
	height  float64
	opacity uint8          // in force
	state   map[uint8]bool // opacities used
	faces   map[int]bool
	images  map[int]bool
	links   []int
	number  int   // the page's object
	section int   // the element of all that it says
	said    []int // its elements in order
	marked  []int // those of what is drawn, by their numbers in the page
	within  bool  // an element: what is drawn is part of it
}

// picture is one that was written: its object and its pixels. The same one is written once.
type picture struct{ number, w, h int }

// letters is what is used of a face. A character's code in the document is its index here, so that what is copied out of it is just what was written.
type letters struct {
	face   *face
	object int
	codes  map[rune]uint16
	runes  []rune
	glyphs []uint16
}

func (d *document) print(format string, args ...any) {
	if d.err == nil {
		var n int
		n, d.err = fmt.Fprintf(d.w, format, args...)
		d.at += int64(n)
	}
}

func (d *document) reserve() int {
	d.offsets = append(d.offsets, 0)
	return len(d.offsets)
}

func (d *document) object(number int, format string, args ...any) {
	d.offsets[number-1] = d.at
	d.print("%d 0 obj\n", number)
	d.print(format, args...)
	d.print("\nendobj\n")
}

// stream writes data, compressed where dict names no filter of its own.
func (d *document) stream(number int, dict string, data []byte) {
	if !strings.Contains(dict, "/Filter") {
		dict += "/Filter/FlateDecode"
		data = deflate(data)
	}
	d.object(number, "<<%s/Length %d>>stream\n%s\nendstream", dict, len(data), data)
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data) // a buffer takes all
	_ = z.Close()
	return b.Bytes()
}

func (d *document) close(catalog, info int) error {
	xref := d.at
	d.print("xref\n0 %d\n0000000000 65535 f \n", len(d.offsets)+1)
	for _, o := range d.offsets {
		d.print("%010d 00000 n \n", o)
	}
	if d.err == nil {
		d.err = d.w.Flush()
	}
	id := d.sum.Sum(nil)[:16]
	d.print("trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%x><%x>]>>\nstartxref\n%d\n%%%%EOF\n", len(d.offsets)+1, catalog, info, id, id, xref)
	if d.err == nil {
		d.err = d.w.Flush()
	}
	return d.err
}

// lacking are the characters that no font has, for the entry Keywords, where a print shop can find them; "" where there are none.
func (d *document) lacking() string {
	var list []rune
	for _, l := range d.used {
		if l == nil {
			continue
		}
		for _, r := range l.runes[1:] {
			if _, _, ok := d.fonts.glyph(r); !ok && !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.Sort(list)
	text := "缺字 missing characters:"
	for _, r := range list {
		text += fmt.Sprintf(" %c U+%04X", r, r)
	}
	return "/Keywords" + words(text)
}

// outline lists the pages by their titles and returns its object.
func (d *document) outline(kids []int, titles []string) int {
	root := d.reserve()
	first := len(d.offsets) + 1
	for i := range kids {
		d.reserve()
		near := ""
		if i > 0 {
			near += fmt.Sprintf("/Prev %d 0 R", first+i-1)
		}
		if i < len(kids)-1 {
			near += fmt.Sprintf("/Next %d 0 R", first+i+1)
		}
		d.object(first+i, "<</Title%s/Parent %d 0 R%s/Dest[%d 0 R/Fit]>>", words(titles[i]), root, near, kids[i])
	}
	d.object(root, "<</Type/Outlines/Count %d/First %d 0 R/Last %d 0 R>>", len(kids), first, first+len(kids)-1)
	return root
}

// refs names objects in a list.
func refs(list []int) string {
	var b strings.Builder
	for _, o := range list {
		fmt.Fprintf(&b, "%d 0 R ", o)
	}
	return strings.TrimSuffix(b.String(), " ")
}

// words is text for people as PDF writes it.
func words(text string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// page writes s and returns its object and that of the element of all that it says, which is part of whole.
func (d *document) page(s *Sheet, tree, whole int) (page, section int, err error) {
	d.b.Reset()
	d.height, d.state, d.faces, d.images, d.links = s.H, map[uint8]bool{}, map[int]bool{}, map[int]bool{}, nil
	d.number, d.section, d.said, d.marked = d.reserve(), d.reserve(), nil, nil
	d.put("", pt, 0, 0, pt, 0, 0)
	d.b.WriteString("cm 1 j\n")
	if err := d.items(s.Items); err != nil {
		return 0, 0, fmt.Errorf("a sheet: %w", err)
	}
	contents, marked := d.reserve(), d.reserve()
	d.stream(contents, "", d.b.Bytes())
	d.object(marked, "[%s]", refs(d.marked))
	d.parents = append(d.parents, marked)
	lang := ""
	if s.Lang != "" {
		lang = "/Lang" + words(s.Lang)
	}
	d.object(d.section, "<</Type/StructElem/S/Sect/P %d 0 R/T%s%s/K[%s]>>", whole, words(Clean(s.Title)), lang, refs(d.said))

	list := func(name string, entries []string) string {
		if len(entries) == 0 {
			return ""
		}
		return "/" + name + "<<" + strings.Join(entries, "") + ">>"
	}
	var states, faces, images []string
	for _, a := range slices.Sorted(maps.Keys(d.state)) {
		states = append(states, fmt.Sprintf("/A%d<</ca %.3f/CA %.3f>>", a, float64(a)/255, float64(a)/255))
	}
	for _, i := range slices.Sorted(maps.Keys(d.faces)) {
		faces = append(faces, fmt.Sprintf("/F%d %d 0 R", i, d.used[i].object))
	}
	for _, o := range slices.Sorted(maps.Keys(d.images)) {
		images = append(images, fmt.Sprintf("/I%d %d 0 R", o, o))
	}
	annots := ""
	if len(d.links) > 0 {
		annots = "/Annots[" + refs(d.links) + "]"
	}
	d.object(d.number, "<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.2f %.2f]/Group<</S/Transparency/CS/DeviceRGB>>/Resources<<%s%s%s>>/Contents %d 0 R"+
		"/StructParents %d/Tabs/S%s>>", tree, s.W*pt, s.H*pt, list("ExtGState", states), list("Font", faces), list("XObject", images), contents,
		len(d.parents)-1, annots)
	return d.number, d.section, nil
}

// element draws what is one thing for those who cannot see it: a paragraph ("P") or a picture ("Figure"), told by alt.
func (d *document) element(kind, alt string, draw func() error) error {
	if d.within {
		return draw()
	}
	d.within = true
	fmt.Fprintf(&d.b, "/%s<</MCID %d>>BDC\n", kind, len(d.marked))
	err := draw()
	d.b.WriteString("EMC\n")
	d.within = false
	if alt != "" {
		alt = "/Alt" + words(alt)
	}
	e := d.reserve()
	d.object(e, "<</Type/StructElem/S/%s/P %d 0 R/Pg %d 0 R/K %d%s>>", kind, d.section, d.number, len(d.marked), alt)
	d.marked, d.said = append(d.marked, e), append(d.said, e)
	return err
}

// ornament draws what says nothing.
func (d *document) ornament(draw func()) {
	if d.within {
		draw()
		return
	}
	d.b.WriteString("/Artifact BMC\n")
	draw()
	d.b.WriteString("EMC\n")
}

// put writes what, and numbers before it; a number that is none is 0.
func (d *document) put(what string, numbers ...float64) {
	for _, n := range numbers {
		d.b.Write(number(d.b.AvailableBuffer(), n, 5))
		d.b.WriteByte(' ')
	}
	d.b.WriteString(what)
	if what != "" {
		d.b.WriteByte('\n')
	}
}

// to writes a place, to a hundredth of a millimetre, and what.
func (d *document) to(p Point, what string) {
	d.b.Write(number(d.b.AvailableBuffer(), p.X, 2))
	d.b.WriteByte(' ')
	d.b.Write(number(d.b.AvailableBuffer(), d.height-p.Y, 2))
	d.b.WriteString(what)
}

func (d *document) items(list []Item) error {
	for _, item := range list {
		switch i := item.(type) {
		case *Shape:
			if (i.Fill.A > 0 || i.stroked()) && len(i.Paths) > 0 {
				d.ornament(func() { d.shape(i) })
			}
		case *Text:
			if text := Clean(i.Text); text != "" && i.Colour.A > 0 && i.Size > 0 {
				_ = d.element("P", "", func() error { d.text(text, i); return nil })
			}
		case *Picture:
			draw := func() error { return d.picture(i) }
			var err error
			if alt := Clean(i.Alt); alt != "" {
				err = d.element("Figure", alt, draw)
			} else {
				d.ornament(func() { err = draw() })
			}
			if err != nil {
				return err
			}
		case *Link:
			d.link(i)
		case *Group:
			draw := func() error { return d.group(i) }
			if label := Clean(i.Label); label != "" {
				if err := d.element("Figure", label, draw); err != nil {
					return err
				}
			} else if err := draw(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *document) group(g *Group) error {
	if g.Clip != nil {
		d.b.WriteString("q ")
		d.box(*g.Clip, 0)
		d.b.WriteString("W n\n")
	}
	if err := d.items(g.Items); err != nil {
		return err
	}
	if g.Clip != nil {
		d.b.WriteString("Q\n")
	}
	return nil
}

// box is the outline of b, with corners of radius r.
func (d *document) box(b Box, r float64) {
	path := corners(b, r)
	d.to(path.from, " m ")
	for _, c := range path.steps {
		d.to(c.line, " l ")
		if r > 0 {
			d.to(c.a, " ")
			d.to(c.b, " ")
			d.to(c.to, " c ")
		}
	}
	d.b.WriteString("h ")
}

func (d *document) shape(s *Shape) {
	d.b.WriteString("q\n")
	d.opacity = 255
	if s.Fill.A > 0 {
		d.colour(s.Fill, "rg")
	}
	// Where opacities differ, the stroke is drawn apart.
	paint := [][2]bool{{s.Fill.A > 0, s.stroked()}}
	if s.Fill.A > 0 && s.stroked() && s.Fill.A != s.Stroke.A {
		paint = [][2]bool{{true, false}, {false, true}}
	}
	for _, p := range paint {
		if p[1] {
			d.colour(s.Stroke, "RG")
			d.put("w", s.Width)
			if len(s.Dash) > 0 {
				d.b.WriteByte('[')
				d.put("", s.Dash...)
				d.b.WriteString("] 0 d\n")
			} else {
				d.b.WriteString("1 J\n")
			}
		}
		for _, path := range s.Paths {
			for i, q := range path {
				if i == 0 {
					d.to(q, " m\n")
				} else {
					d.to(q, " l\n")
				}
			}
			if s.Closed && len(path) > 0 {
				d.b.WriteString("h\n")
			}
		}
		d.b.WriteString(map[[2]bool]string{{true, true}: "B*\n", {true, false}: "f*\n", {false, true}: "S\n"}[p])
	}
	d.b.WriteString("Q\n")
}

// colour sets c, also its opacity, for what is filled ("rg") or stroked ("RG").
func (d *document) colour(c Colour, what string) {
	for _, v := range [...]uint8{c.R, c.G, c.B} {
		d.b.Write(number(d.b.AvailableBuffer(), float64(v)/255, 3))
		d.b.WriteByte(' ')
	}
	d.b.WriteString(what)
	if c.A != d.opacity {
		d.opacity = c.A
		d.state[c.A] = true
		fmt.Fprintf(&d.b, " /A%d gs", c.A)
	}
	d.b.WriteByte('\n')
}

// text draws t, which says text.
func (d *document) text(text string, t *Text) {
	line := d.line(text, t)
	d.b.WriteString("q\n")
	d.opacity = 255
	if t.Halo > 0 {
		// It is no text of its own: who copies the page gets the words once.
		d.b.WriteString("/Span<</ActualText<FEFF>>>BDC\n")
		d.colour(Colour{255, 255, 255, t.Colour.A}, "RG")
		d.put("w", 2*t.Halo+t.bold())
		d.b.WriteString("BT 1 Tr " + line + "ET EMC\n")
	}
	d.colour(t.Colour, "rg")
	mode := "0"
	if t.Bold {
		d.colour(t.Colour, "RG")
		d.put("w", t.bold())
		mode = "2"
	}
	d.b.WriteString("BT " + mode + " Tr " + line + "ET\nQ\n")
}

// line is where the letters of text stand, and they.
func (d *document) line(text string, t *Text) string {
	var b []byte
	sin, cos := math.Sincos(t.Turn * math.Pi / 180)
	start := d.fonts.start(t)
	for _, n := range [...]float64{cos, -sin, sin, cos} {
		b = append(number(b, n, 5), ' ')
	}
	b = append(number(b, start.X, 3), ' ')
	b = append(number(b, d.height-start.Y, 3), " Tm "...)
	last := -1
	for _, r := range text {
		c, id, _ := d.fonts.glyph(r)
		i := d.fonts.index(c)
		if i != last {
			if last >= 0 {
				b = append(b, ">Tj "...)
			}
			b = append(number(fmt.Appendf(b, "/F%d ", i), t.Size, 3), " Tf <"...)
			last = i
		}
		b = fmt.Appendf(b, "%04X", d.code(i, c, r, id))
	}
	return string(append(b, ">Tj "...))
}

// code is the number of r, drawn as glyph id of face c, the i-th, in the document.
func (d *document) code(i int, c *face, r rune, id uint16) uint16 {
	for len(d.used) <= i {
		d.used = append(d.used, nil)
	}
	l := d.used[i]
	if l == nil {
		l = &letters{face: c, object: d.reserve(), codes: map[rune]uint16{}, runes: []rune{0}, glyphs: []uint16{0}}
		d.used[i] = l
	}
	d.faces[i] = true
	code, ok := l.codes[r]
	if !ok {
		code = uint16(len(l.runes))
		l.codes[r] = code
		l.runes, l.glyphs = append(l.runes, r), append(l.glyphs, id)
	}
	return code
}

// letters writes the font of l, cut to what is used.
func (d *document) letters(l *letters) error {
	file, err := l.face.cut(l.glyphs)
	if err != nil {
		return err
	}
	program, unicode := d.reserve(), d.reserve()
	d.stream(program, fmt.Sprintf("/Length1 %d", len(file)), file)

	var b strings.Builder
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	for from := 1; from < len(l.runes); from += 100 { // no more are allowed at once
		list := l.runes[from:min(from+100, len(l.runes))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(list))
		for i, r := range list {
			fmt.Fprintf(&b, "<%04X><", from+i)
			for _, u := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end")
	d.stream(unicode, "", []byte(b.String()))

	widths := []byte{'['}
	for code, id := range l.glyphs {
		if w := 1000 * float64(l.face.sfnt.GlyphAdvance(id)) / l.face.em; code > 0 && w != 1000 {
			widths = append(number(fmt.Appendf(widths, "%d[", code), w, 2), ']')
		}
	}
	name := "Font"
	if n := l.face.sfnt.Name; n != nil {
		for _, r := range n.Get(font.NamePostScript) {
			if s := r.String(); s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == "" {
				name = s
			}
		}
	}
	sum := sha256.Sum256(file) // a cut font has six letters of its own before its name
	for i := range 6 {
		sum[i] = 'A' + sum[i]%26
	}
	name = string(sum[:6]) + "+" + name
	s, k := l.face.sfnt, 1000/l.face.em
	d.object(l.object, "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/ToUnicode %d 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/%s"+
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 1000/W%s]"+
		"/FontDescriptor<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%.0f %.0f %.0f %.0f]/ItalicAngle 0/Ascent %.0f/Descent %.0f/CapHeight %.0f/StemV 80"+
		"/FontFile2 %d 0 R>>>>]>>", name, unicode, name, widths, name, k*float64(s.Head.XMin), k*float64(s.Head.YMin), k*float64(s.Head.XMax), k*float64(s.Head.YMax),
		k*float64(s.Hhea.Ascender), k*float64(s.Hhea.Descender), k*float64(s.Hhea.Ascender), program)
	return nil
}

// cut is a font file of glyphs alone, numbered as they are listed; a glyph may be listed twice.
func (c *face) cut(glyphs []uint16) ([]byte, error) {
	// The library writes into the tables of the font that it cuts, which others use at this moment.
	s := *c.sfnt
	maxp, head, hhea := *s.Maxp, *s.Head, *s.Hhea
	s.Maxp, s.Head, s.Hhea = &maxp, &head, &hhea
	part, err := s.Subset(slices.Clone(glyphs), font.SubsetOptions{Tables: []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"}})
	if err != nil {
		return nil, fmt.Errorf("cut font: %w", err)
	}

	// Its own writer puts the time of day into the file.
	tags := slices.Sorted(maps.Keys(part.Tables))
	n := len(tags)
	log := int(math.Log2(float64(n)))
	be := binary.BigEndian
	b := be.AppendUint32(nil, 0x00010000)
	for _, v := range [...]int{n, 16 << log, log, 16*n - 16<<log} {
		b = be.AppendUint16(b, uint16(v))
	}
	var body []byte
	adjust := 0
	for _, tag := range tags {
		table := slices.Clone(part.Tables[tag])
		at := 12 + 16*n + len(body)
		if tag == "head" {
			adjust = at + 8
			clear(table[8:12])
		}
		size := len(table)
		table = append(table, make([]byte, -size&3)...)
		b = append(b, tag...)
		b = be.AppendUint32(be.AppendUint32(be.AppendUint32(b, checksum(table)), uint32(at)), uint32(size))
		body = append(body, table...)
	}
	b = append(b, body...)
	be.PutUint32(b[adjust:], 0xB1B0AFBA-checksum(b))
	return b, nil
}

func checksum(b []byte) (sum uint32) {
	for ; len(b) > 0; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	return sum
}

func (d *document) link(l *Link) {
	to, action := address(l.URL), ""
	switch {
	case l.Page > 0:
		d.led = true
		to, action = fmt.Sprint(l.Page), fmt.Sprintf("/Dest/P%d", l.Page)
	case to == "" || to[0] == '/':
		return
	default:
		action = fmt.Sprintf("/A<</S/URI/URI<%X>>>", to)
	}
	label := Clean(l.Label)
	if label == "" {
		label = to
	}
	o, e := d.reserve(), d.reserve()
	d.object(o, "<</Type/Annot/Subtype/Link/Border[0 0 0]/F 4/Rect[%.2f %.2f %.2f %.2f]%s/Contents%s/StructParent %d>>",
		l.Box.X*pt, (d.height-l.Box.Y-l.Box.H)*pt, (l.Box.X+l.Box.W)*pt, (d.height-l.Box.Y)*pt, action, words(label), len(d.parents))
	d.object(e, "<</Type/StructElem/S/Link/P %d 0 R/Pg %d 0 R/Alt%s/K<</Type/OBJR/Obj %d 0 R>>>>", d.section, d.number, words(label), o)
	d.links, d.said, d.parents = append(d.links, o), append(d.said, e), append(d.parents, e)
}

func (d *document) picture(p *Picture) error {
	key := sha256.Sum256(p.Data)
	object, ok := d.pictures[key]
	if !ok {
		img, err := decode(p.Data)
		if err != nil {
			return fmt.Errorf("a picture: %w", err)
		}
		mask := ""
		dict := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/Interpolate true", img.w, img.h)
		if img.alpha != nil {
			o := d.reserve()
			d.stream(o, dict+"/ColorSpace/DeviceGray", img.alpha)
			mask = fmt.Sprintf("/SMask %d 0 R", o)
		}
		object = picture{d.reserve(), img.w, img.h}
		if img.jpeg {
			mask += "/Filter/DCTDecode"
		}
		d.stream(object.number, dict+"/ColorSpace/"+map[bool]string{true: "DeviceGray", false: "DeviceRGB"}[img.grey]+mask, img.data)
		d.pictures[key] = object
	}
	d.images[object.number] = true
	d.b.WriteString("q ")
	d.box(p.Box, p.Round)
	d.b.WriteString("W n\n")
	all := p.cover(object.w, object.h)
	d.put("cm", all.W, 0, 0, all.H, all.X, d.height-all.Y-all.H)
	fmt.Fprintf(&d.b, "/I%d Do Q\n", object.number)
	return nil
}
