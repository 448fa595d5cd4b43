package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// value is something that nothing may tell. What says what it is, and is all that is ever printed of it.
type value struct{ what, text string }

// find is a place where a value stands: which, written how, in which file at which byte (of what was packed, of what it unpacks to).
type find struct {
	value, form, place string
	at                 int
}

func (f find) String() string {
	return fmt.Sprintf("%s (%s) in %s at byte %d", f.value, f.form, f.place, f.at)
}

// writing is one way in which a value can be written.
type writing struct {
	of    value
	form  string
	bytes []byte
}

// minText is the least that a value or a way to write it has: what is shorter stands anywhere by chance.
const minText = 6

// writings are the ways in which v is looked for.
func writings(v value) (all []writing) {
	add := func(form string, text ...string) {
		for _, t := range text {
			same := func(w writing) bool { return string(w.bytes) == t }
			if len(t) >= minText && !slices.ContainsFunc(all, same) {
				all = append(all, writing{v, form, []byte(t)})
			}
		}
	}
	add("as it is", v.text)
	if gbk, err := simplifiedchinese.GB18030.NewEncoder().String(v.text); err == nil {
		add("in GBK", gbk)
		add("in GBK, for an address", url.QueryEscape(gbk))
	}
	add("for an address", url.QueryEscape(v.text), url.PathEscape(v.text), strings.ToLower(url.QueryEscape(v.text)))
	small, big, wide := "", "", []byte(nil)
	for _, unit := range utf16.Encode([]rune(v.text)) {
		wide = append(wide, byte(unit>>8), byte(unit))
		if unit < 0x80 {
			small, big = small+string(rune(unit)), big+string(rune(unit))
		} else {
			small, big = small+fmt.Sprintf(`\u%04x`, unit), big+fmt.Sprintf(`\u%04X`, unit)
		}
	}
	add(`with \u`, small, big)
	add("in UTF-16", string(wide))
	add("in hex", hex.EncodeToString([]byte(v.text)), strings.ToUpper(hex.EncodeToString([]byte(v.text))), hex.EncodeToString(wide))
	for before := range 3 { // what stands before it shifts what it is written as
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, before), v.text...))
		inner := whole[(before*8+5)/6 : (before+len(v.text))*8/6]
		add("in base64", inner, strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	return all
}

// seeker looks for values, and counts what it looked through.
type seeker struct {
	values int
	begin  [1 << 24 / 64]uint64 // whether a writing begins with these three bytes: most places are passed by this alone
	byHead map[[4]byte][]writing
	files  int
	bytes  int64
	found  []find
}

func newSeeker(values []value) (*seeker, error) {
	s := &seeker{values: len(values), byHead: map[[4]byte][]writing{}}
	for _, v := range values {
		if len(v.text) < minText {
			return nil, fmt.Errorf("%s is too short to be looked for", v.what)
		}
		for _, w := range writings(v) {
			head := [4]byte(w.bytes)
			if at := three(w.bytes); s.begin[at>>6]&(1<<(at&63)) == 0 {
				s.begin[at>>6] |= 1 << (at & 63)
			}
			s.byHead[head] = append(s.byHead[head], w)
		}
	}
	return s, nil
}

func three(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// most is the largest file and the most that one may unpack to: what is larger fails rather than being passed by.
const most = 1 << 29

// deepest is how often what was packed is looked into.
const deepest = 3

// folder looks through all files under dir but those that skip names. What goes while it looks is of no use to who would read it later.
func (s *seeker) folder(dir string, skip func(path string) bool) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() || skip(path) {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Size() > most {
			return fmt.Errorf("%s is too large to look through: %d bytes", path, info.Size())
		}
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		s.files++
		s.text(path, []byte(path), 0)
		return s.text(path, text, 0)
	})
}

var (
	gzipped   = []byte{0x1f, 0x8b, 8}
	pdfStream = []byte("stream")
	zipped    = []byte("PK\x03\x04")
)

// text looks through what a file holds, and through what is packed in it: gzip wherever it begins (tiles of an archive too), streams of
// a PDF, what is in a ZIP.
func (s *seeker) text(place string, text []byte, deep int) error {
	s.bytes += int64(len(text))
	for i := 0; i+minText <= len(text); i++ {
		if at := three(text[i:]); s.begin[at>>6]&(1<<(at&63)) == 0 {
			continue
		}
		for _, w := range s.byHead[[4]byte(text[i:])] {
			if bytes.HasPrefix(text[i:], w.bytes) {
				s.found = append(s.found, find{w.of.what, w.form, place, i})
			}
		}
	}
	if deep == deepest {
		return nil
	}
	if bytes.HasPrefix(text, zipped) {
		if err := s.zip(place, text, deep); err != nil {
			return err
		}
	}
	open := func(kind string, at int, unpack func(io.Reader) (io.Reader, error)) error {
		r, err := unpack(bytes.NewReader(text[at:]))
		if err != nil {
			return nil // bytes that happen to look so
		}
		inner, _ := io.ReadAll(io.LimitReader(r, most)) // what comes before a fault is looked through
		if len(inner) == most {
			return fmt.Errorf("%s unpacks to more than %d bytes", place, most)
		}
		return s.text(fmt.Sprintf("%s, %s at %d", place, kind, at), inner, deep+1)
	}
	for at := range each(text, gzipped) {
		if err := open("gzip", at, func(r io.Reader) (io.Reader, error) {
			z, err := gzip.NewReader(r)
			if err == nil {
				z.Multistream(false) // the next begins another
			}
			return z, err
		}); err != nil {
			return err
		}
	}
	if !bytes.HasPrefix(text, []byte("%PDF")) {
		return nil
	}
	for at := range each(text, pdfStream) {
		body := at + len(pdfStream)
		for body < len(text) && (text[body] == '\r' || text[body] == '\n') {
			body++
		}
		if err := open("stream", body, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }); err != nil {
			return err
		}
	}
	return nil
}

// each yields where mark stands.
func each(text, mark []byte) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := bytes.Index(text[from:], mark)
			if i < 0 || !yield(from+i) {
				return
			}
			from += i + len(mark)
		}
	}
}

// zip looks through the files of a ZIP, such as a spreadsheet.
func (s *seeker) zip(place string, text []byte, deep int) error {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil // no ZIP, though it begins like one
	}
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", place, file.Name, err)
		}
		inner, err := io.ReadAll(io.LimitReader(r, most))
		if err == nil {
			err = s.text(place+", "+file.Name, inner, deep+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
