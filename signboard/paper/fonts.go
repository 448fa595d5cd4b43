package paper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/tdewolff/font"

	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"paper.noFont", "There is no Chinese TrueType font on this machine. Install the Debian package fonts-wqy-microhei, or set a font file.",
		"本机没有中文 TrueType 字体。请安装 Debian 软件包 fonts-wqy-microhei，或指定字体文件。"},
	[3]string{"paper.badFont", "The font that is set cannot be used.", "指定的字体文件无法使用。"},
)

// places is where a font is looked for when none is set. Each has outlines of TrueType's kind (what PDF can cut to the characters used and every reader
// draws), Chinese and Latin; Noto's Chinese fonts, made of the other kind, are none.
var places = []string{
	"/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",           // Debian, Ubuntu
	"/usr/share/fonts/wqy-microhei-fonts/wqy-microhei.ttc",     // Fedora
	"/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",           // openEuler, Gentoo
	"/usr/share/fonts/wenquanyi/wqy-microhei/wqy-microhei.ttc", // Arch
	"/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",             // Debian's fonts-wqy-zenhei
	"/usr/share/fonts/truetype/arphic/uming.ttc",               // Debian's fonts-arphic-uming
	"/System/Library/Fonts/STHeiti Medium.ttc",                 // macOS
	"/System/Library/Fonts/Supplemental/Arial Unicode.ttf",     // macOS
	"/usr/local/share/fonts/truetype/wqy-microhei.ttc",         // put there by hand
	"/usr/share/fonts/truetype/arphic/ukai.ttc",                // Debian's fonts-arphic-ukai
	"/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf",   // Debian's fonts-arphic-gbsn00lp
	"/usr/share/fonts/truetype/arphic-gkai00mp/gkai00mp.ttf",   // Debian's fonts-arphic-gkai00mp
}

// rare is where letters are that the usual fonts have not: those of Unicode's extensions A to F, which stand in names. The files are large, so that they
// are opened when such a letter comes.
var rare = []string{
	"/usr/share/fonts/truetype/hanazono/HanaMinA.ttf", // Debian's fonts-hanazono
	"/usr/share/fonts/truetype/hanazono/HanaMinB.ttf",
}

// needed is what a first font must have to print a board at all.
const needed = "0123456789AZaz,.-()，。、：（）《》网格社区电话"

// boldness is the width of the stroke around bold letters, in parts of their size. Chinese fonts of TrueType's kind seldom have a bold face.
const boldness = 0.04

// Fonts measures text and has the outlines of its letters. It may be used by many at once.
type Fonts struct {
	faces []*face
	spare func() []*face // those of letters that faces have not; nil: none
	known string         // tells what spare opens, unopened
}

// face is one font file. What the first has not is taken from the next that has it.
type face struct {
	sfnt   *font.SFNT
	em     float64         // its units in the size of a letter
	sum    uint64          // of the file's bytes
	glyphs [1 << 16]uint16 // by character; 0: none
}

// Load opens the fonts of path, several separated as in PATH: what the first has not is taken from the next that has it. TrueType files (.ttf) and the first
// font of a collection (.ttc) can be used. Where path is empty, the usual places of this machine are searched, also for rare letters.
//
// INVALID: a file of path cannot be used. UNAVAILABLE: path is empty and there is none.
func Load(path string) (*Fonts, error) {
	if path != "" {
		f := &Fonts{}
		for _, p := range filepath.SplitList(path) {
			c, err := open(p)
			if err == nil && len(f.faces) == 0 {
				err = c.enough()
			}
			if err != nil {
				return nil, fault.Wrap(fmt.Errorf("font %s: %w", p, err), fault.Invalid, "font", "paper.badFont")
			}
			f.faces = append(f.faces, c)
		}
		return f, nil
	}
	var tried error
	for _, p := range places {
		c, err := open(p)
		if err == nil {
			err = c.enough()
		}
		if err == nil {
			return withSpare(&Fonts{faces: []*face{c}}, rare), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			tried = errors.Join(tried, fmt.Errorf("font %s: %w", p, err))
		}
	}
	return nil, fault.Wrap(tried, fault.Unavailable, "font", "paper.noFont")
}

// withSpare lets f open files when a letter comes that it has not. Those that there are not, or that cannot be used, are left out.
func withSpare(f *Fonts, paths []string) *Fonts {
	var there []string
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil {
			there = append(there, p)
			f.known += fmt.Sprintf(" %s %d %d", p, info.Size(), info.ModTime().UnixNano())
		}
	}
	f.spare = sync.OnceValue(func() (list []*face) {
		for _, p := range there {
			if c, err := open(p); err == nil {
				list = append(list, c)
			}
		}
		return list
	})
	return f
}

func open(path string) (c *face, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defer func() { // the library trusts its file in places
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("not a font: %v", r)
		}
	}()
	s, err := font.ParseSFNT(b, 0)
	if err != nil {
		return nil, err
	}
	if !s.IsTrueType {
		return nil, errors.New("not a TrueType font")
	}
	c = &face{sfnt: s, em: float64(s.Head.UnitsPerEm), sum: xxhash.Sum64(b)}
	for r := range c.glyphs {
		c.glyphs[r] = s.GlyphIndex(rune(r))
	}
	return c, nil
}

// enough says which characters that every board has are missing.
func (c *face) enough() error {
	if m := (&Fonts{faces: []*face{c}}).Missing(needed); len(m) > 0 {
		return fmt.Errorf("it has no %s", string(m))
	}
	return nil
}

func (c *face) glyph(r rune) uint16 {
	if int(r) < len(c.glyphs) {
		return c.glyphs[r]
	}
	return c.sfnt.GlyphIndex(r)
}

// glyph is what r is drawn as: its own letter in the first face that has it; else 〓, as Chinese printers mark a letter that they have not; else nothing.
func (f *Fonts) glyph(r rune) (c *face, id uint16, ok bool) {
	if c, id := first(f.faces, r); id != 0 {
		return c, id, true
	}
	if f.spare != nil {
		if c, id := first(f.spare(), r); id != 0 {
			return c, id, true
		}
	}
	for _, want := range [...]rune{'〓', '?'} {
		if c, id := first(f.faces, want); id != 0 {
			return c, id, false
		}
	}
	return f.faces[0], 0, false
}

// first is the first of faces that has r, and its letter there; 0: none.
func first(faces []*face, r rune) (*face, uint16) {
	for _, c := range faces {
		if id := c.glyph(r); id != 0 {
			return c, id
		}
	}
	return nil, 0
}

// index is the place of a face among those of f, the spare ones last.
func (f *Fonts) index(c *face) int {
	if i := slices.Index(f.faces, c); i >= 0 {
		return i
	}
	return len(f.faces) + slices.Index(f.spare(), c)
}

// Fingerprint tells these fonts from others by what their files hold, in their order; those that are opened when they are needed by where they are, their
// size and their time.
func (f *Fonts) Fingerprint() string {
	var out strings.Builder
	for _, c := range f.faces {
		fmt.Fprintf(&out, "%016x", c.sum)
	}
	if f.known != "" {
		fmt.Fprintf(&out, "%016x", xxhash.Sum64String(f.known))
	}
	return out.String()
}

// Width is the length of a line of text in millimetres; size in millimetres.
func (f *Fonts) Width(text string, size float64, bold bool) float64 {
	w := 0.0
	for _, r := range Clean(text) {
		c, id, _ := f.glyph(r)
		w += float64(c.sfnt.GlyphAdvance(id)) / c.em
	}
	if bold && w > 0 {
		w += boldness
	}
	return w * size
}

// Missing lists the characters of text that no font has a letter for, each once, in the order of text. They are drawn as 〓, never as a box.
func (f *Fonts) Missing(text string) []rune {
	var list []rune
	seen := map[rune]bool{}
	for _, r := range Clean(text) {
		if seen[r] {
			continue
		}
		if _, _, ok := f.glyph(r); !ok {
			seen[r] = true
			list = append(list, r)
		}
	}
	return list
}

// Ascent is how far letters of size reach above the baseline, in millimetres.
func (f *Fonts) Ascent(size float64) float64 {
	return float64(f.faces[0].sfnt.Hhea.Ascender) / f.faces[0].em * size
}

// Descent is how far letters of size reach below the baseline, in millimetres.
func (f *Fonts) Descent(size float64) float64 {
	return -float64(f.faces[0].sfnt.Hhea.Descender) / f.faces[0].em * size
}
