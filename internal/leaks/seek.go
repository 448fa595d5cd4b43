package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// value is something that nothing may tell. What says what it is, and is all that is ever printed of it.
type value struct {
	what, text string
	chance     bool // it was made by chance, of so many bits that a hash of it tells nothing
}

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
	both := func(form, text string) { add(form, text, strings.ToUpper(text)) }
	add("as it is", v.text)
	for _, parts := range people(v.text) {
		add("taken apart", parts)
	}
	if gbk, err := simplifiedchinese.GB18030.NewEncoder().String(v.text); err == nil {
		add("in GBK", gbk)
		add("in GBK, for an address", url.QueryEscape(gbk))
	}
	for _, escaped := range []string{url.QueryEscape(v.text), url.PathEscape(v.text)} {
		add("for an address", escaped, strings.ToLower(escaped))
		add("for an address, twice", url.QueryEscape(escaped))
	}
	var u, U, x, X, decimal, hexadecimal strings.Builder
	var big, little []byte
	for _, unit := range utf16.Encode([]rune(v.text)) {
		big, little = append(big, byte(unit>>8), byte(unit)), append(little, byte(unit), byte(unit>>8))
		if unit < utf8.RuneSelf {
			u.WriteByte(byte(unit))
			U.WriteByte(byte(unit))
			continue
		}
		fmt.Fprintf(&u, `\u%04x`, unit)
		fmt.Fprintf(&U, `\u%04X`, unit)
	}
	for _, b := range []byte(v.text) {
		if b < utf8.RuneSelf {
			x.WriteByte(b)
			X.WriteByte(b)
			continue
		}
		fmt.Fprintf(&x, `\x%02x`, b)
		fmt.Fprintf(&X, `\x%02X`, b)
	}
	for _, r := range v.text {
		fmt.Fprintf(&decimal, "&#%d;", r)
		fmt.Fprintf(&hexadecimal, "&#x%x;", r)
	}
	for _, w := range []string{u.String(), U.String()} {
		add(`with \u`, w)
		add(`with \u, twice`, strings.ReplaceAll(w, `\`, `\\`))
	}
	add(`with \x`, x.String(), X.String())
	add("for HTML", decimal.String(), hexadecimal.String())
	add("in UTF-16", string(big), string(little))
	both("in hex", hex.EncodeToString([]byte(v.text)))
	both("in hex of UTF-16", hex.EncodeToString(big))
	for before := range 3 { // what stands before it shifts what it is written as
		whole := base64.StdEncoding.EncodeToString(append(make([]byte, before), v.text...))
		inner := whole[(before*8+5)/6 : (before+len(v.text))*8/6]
		add("in base64", inner, strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	if v.chance {
		return all
	}
	// There are so few numbers, names and passwords that a hash of one without a key tells it.
	for name, sum := range map[string][]byte{"MD5": sumOf(md5.New(), v.text), "SHA-1": sumOf(sha1.New(), v.text), "SHA-256": sumOf(sha256.New(), v.text)} {
		add("by its "+name, string(sum), strings.TrimRight(base64.StdEncoding.EncodeToString(sum), "="), base64.RawURLEncoding.EncodeToString(sum))
		both("by its "+name, hex.EncodeToString(sum))
	}
	return all
}

func sumOf(h hash.Hash, text string) []byte {
	h.Write([]byte(text))
	return h.Sum(nil)
}

var (
	aPhone    = regexp.MustCompile(`^(\d{3})(\d{4})(\d{4})$`)
	anID      = regexp.MustCompile(`^(\d{6})(\d{8})(\d{3}[\dX])$`)
	aName     = regexp.MustCompile(`^\p{Han}{2,8}$`)
	fullWidth = strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４", "5", "５", "6", "６", "7", "７", "8", "８", "9", "９", "X", "Ｘ")
)

// people are the ways in which people write a telephone or identity number or a name.
func people(text string) (all []string) {
	for _, number := range []*regexp.Regexp{aPhone, anID} {
		if parts := number.FindStringSubmatch(text); parts != nil {
			all = append(all, strings.ToLower(text), fullWidth.Replace(text))
			for _, between := range []string{" ", "-", "\u00a0", "\u3000"} {
				all = append(all, strings.Join(parts[1:], between))
			}
		}
	}
	if aName.MatchString(text) {
		for _, between := range []string{" ", "\u3000", "·"} {
			all = append(all, strings.Join(strings.Split(text, ""), between))
		}
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

var zipped = []byte("PK\x03\x04")

// packings are how things are packed and how that begins.
var packings = []struct {
	name   string
	begins []string
	open   func(io.Reader) (io.Reader, error)
}{
	{"gzip", []string{"\x1f\x8b\x08"}, func(r io.Reader) (io.Reader, error) {
		z, err := gzip.NewReader(r)
		if err == nil {
			z.Multistream(false) // the next begins another
		}
		return z, err
	}},
	{"zlib", []string{"\x78\x01", "\x78\x5e", "\x78\x9c", "\x78\xda"}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
}

// text looks through what a file holds, and through what is packed in it: gzip and zlib wherever they begin (tiles of an archive, streams of a
// PDF, texts of a PNG, tables of a copy of the database), what is in a ZIP.
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
	for _, p := range packings {
		for _, begin := range p.begins {
			for at := range each(text, []byte(begin)) {
				r, err := p.open(bytes.NewReader(text[at:]))
				if err != nil {
					continue // bytes that happen to look so
				}
				inner, _ := io.ReadAll(io.LimitReader(r, most)) // what comes before a fault is looked through
				if len(inner) == most {
					return fmt.Errorf("%s unpacks to more than %d bytes", place, most)
				}
				if err := s.text(fmt.Sprintf("%s, %s at %d", place, p.name, at), inner, deep+1); err != nil {
					return err
				}
			}
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
