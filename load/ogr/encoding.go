package ogr

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

const nameEncoding = "its code page cannot be found out; name it, --encoding GB18030"

// shapefileEncoding finds the code page of a shapefile's table, or "" where GDAL reads it rightly by itself: from
// the .cpg file, or from the table's own mark. Chinese shapefiles often have neither, or the mark of a Western
// Windows; then the text itself is looked at.
func shapefileEncoding(main string, beside sibling) (string, error) {
	if cpg, err := beside(main, "cpg"); err == nil {
		defer cpg.Close()
		if text, _ := io.ReadAll(io.LimitReader(cpg, 100)); len(bytes.TrimSpace(text)) > 0 {
			return "", nil
		}
	}
	dbf, err := beside(main, "dbf")
	if err != nil {
		return "", nil // GDAL says what it thinks of that
	}
	defer dbf.Close()
	mark, seen, err := scanDBF(dbf)
	if err != nil {
		return "", nil // likewise
	}
	western := mark == 0x03 || mark == 0x57
	switch {
	case mark != 0 && !western:
		return "", nil
	case seen.utf8:
		return "UTF-8", nil
	case seen.chinese(), seen.gb18030 && !western:
		return "GB18030", nil
	case western:
		return "", nil
	default:
		return "", fileError(nameEncoding)
	}
}

// texts says what all the text seen so far could be.
type texts struct {
	utf8, gb18030 bool
	// Of the bytes above 0x7F those that come as a pair above 0xA0, as the common Chinese characters (GB 2312)
	// do and accented letters hardly ever, and those that do not.
	pairs, others int
}

// chinese reports whether text that could be GB 18030 is more likely Chinese than Western.
func (t *texts) chinese() bool { return t.gb18030 && t.pairs > t.others }

// see looks at one text. full says that it fills its field, so that its last character may be cut.
func (t *texts) see(b []byte, full bool) {
	if ascii(b) {
		return
	}
	t.utf8 = t.utf8 && (utf8.Valid(b) || full && utf8.Valid(withoutCutRune(b)))
	if !t.gb18030 {
		return
	}
	out, _, err := transform.Bytes(simplifiedchinese.GB18030.NewDecoder(), b)
	if full {
		out = bytes.TrimSuffix(out, []byte("\ufffd"))
	}
	t.gb18030 = err == nil && !bytes.ContainsRune(out, utf8.RuneError)
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] < utf8.RuneSelf:
		case i+1 < len(b) && b[i] > 0xa0 && b[i+1] > 0xa0:
			t.pairs++
			i++
		default:
			t.others++
			if i+1 < len(b) && b[i+1] >= 0x40 { // the second half of a rare character, or the next letter
				i++
			}
		}
	}
}

// withoutCutRune drops the beginning of a character of UTF-8 at the end.
func withoutCutRune(b []byte) []byte {
	for n := 1; n <= min(3, len(b)); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) && !utf8.FullRune(tail) {
			return b[:len(b)-n]
		}
	}
	return b
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// scanDBF reads the names and the text fields of a dBASE table, and the language mark in its header.
// Layout: dBASE III, as in https://www.clicketyclick.dk/databases/xbase/format/dbf.html
func scanDBF(r io.Reader) (mark byte, seen texts, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head := make([]byte, 32)
	if _, err := io.ReadFull(in, head); err != nil {
		return 0, seen, err
	}
	mark = head[29]
	headLen, rowLen := int(binary.LittleEndian.Uint16(head[8:])), int(binary.LittleEndian.Uint16(head[10:]))
	if headLen < 33 || rowLen < 1 {
		return 0, seen, fmt.Errorf("dbf: header of %d and rows of %d bytes", headLen, rowLen)
	}
	rest := make([]byte, headLen-32)
	if _, err := io.ReadFull(in, rest); err != nil {
		return 0, seen, err
	}
	seen = texts{utf8: true, gb18030: true}
	type field struct{ from, to int }
	var fields []field
	at := 1 // after the mark of deletion
	for ; len(rest) >= 32 && rest[0] != '\r'; rest = rest[32:] {
		name, _, _ := bytes.Cut(rest[:11], []byte{0})
		seen.see(name, len(name) > 9)
		size := int(rest[16])
		if rest[11] == 'C' {
			fields = append(fields, field{at, at + size})
		}
		at += size
	}
	row := make([]byte, max(rowLen, at))
	for {
		if _, err := io.ReadFull(in, row[:rowLen]); err != nil {
			return mark, seen, nil // the end, or a cut that GDAL will report
		}
		for _, f := range fields {
			text := bytes.TrimRight(row[f.from:f.to], " \x00")
			seen.see(text, len(text) == f.to-f.from)
		}
	}
}

// csvAsUTF8 makes the source a temporary copy in UTF-8 where the file is in another code page: GDAL's CSV reader
// knows none.
func (s *source) csvAsUTF8(full, encoding string) error {
	if strings.HasPrefix(s.dataset, "/vsizip/") {
		return nil // what is not UTF-8 is refused when it comes out
	}
	if encoding == "" {
		f, err := os.Open(full)
		if err != nil {
			return err
		}
		defer f.Close()
		seen := texts{utf8: true, gb18030: true}
		lines := bufio.NewReaderSize(f, 1<<20)
		for {
			line, err := lines.ReadSlice('\n') // a code page has no newline within a character
			seen.see(line, false)
			if err == io.EOF {
				break
			}
			if err == bufio.ErrBufferFull {
				return fileError("a line of the file is longer than 1 MiB")
			}
			if err != nil {
				return err
			}
		}
		switch {
		case seen.utf8:
			return nil
		case !seen.gb18030:
			return fileError(nameEncoding)
		}
		encoding = "GB18030"
	}
	enc, err := ianaindex.IANA.Encoding(encoding)
	if err != nil || enc == nil {
		return fileError(fmt.Sprintf("code page %.40q is not known", encoding))
	}
	in, err := os.Open(full)
	if err != nil {
		return err
	}
	defer in.Close()
	if s.temporary, err = os.MkdirTemp("", "wangge-"); err != nil {
		return err
	}
	s.dataset = filepath.Join(s.temporary, filepath.Base(full))
	out, err := os.OpenFile(s.dataset, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, transform.NewReader(in, enc.NewDecoder())); err != nil {
		out.Close()
		return fmt.Errorf("read %s as %s: %w", filepath.Base(full), encoding, err)
	}
	return out.Close()
}
