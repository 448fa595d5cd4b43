package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"wangge/internal/cell"
	"wangge/load/feature"
)

func itoa(n int) string { return strconv.Itoa(n) }

// maxRecord bounds what a quotation mark that is never closed can swallow.
const maxRecord = 4 << 20

// lens counts what is read of the file, and ends a record that is too long.
type lens struct {
	in     io.Reader
	r      *Reader
	record int
}

func (l *lens) Read(p []byte) (int, error) {
	if l.record > maxRecord {
		return 0, wrong("holds a row of more than 4 MiB; a quotation mark may not be closed")
	}
	n, err := l.in.Read(p)
	l.record += n
	l.r.done.Add(int64(n))
	return n, err
}

func (r *Reader) openCSV(f *os.File, size int64, name string) error {
	code, comma, err := csvForm(f, name)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r.total = size
	count := &lens{in: f, r: r}
	in := csv.NewReader(bufio.NewReaderSize(transform.NewReader(count, code.NewDecoder()), 64<<10))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = comma, -1, true
	r.next = func() (Row, error) {
		count.record = 0
		record, err := in.Read()
		var bad *csv.ParseError
		switch {
		case errors.As(err, &bad):
			return Row{}, &feature.FileError{Reason: "is no proper CSV: " + bad.Err.Error(), Offset: in.InputOffset(), Line: bad.Line, Column: bad.Column, Err: err}
		case err != nil:
			return Row{}, err
		case len(record) > maxColumns:
			return Row{}, wrong(fmt.Sprintf("has more than %d columns", maxColumns))
		}
		line, _ := in.FieldPos(0)
		row := Row{Number: line, Cells: make([]Cell, len(record))}
		for i, text := range record {
			if utf8.RuneCountInString(text) > maxCell {
				return Row{}, wrongRow(line, "holds a cell of more than 32,767 characters")
			}
			row.Cells[i].Text = cell.Unguard(text)
		}
		return row, nil
	}
	return nil
}

// csvForm finds the code page and the separator of a CSV file by reading it once.
func csvForm(f *os.File, name string) (encoding.Encoding, rune, error) {
	in := bufio.NewReaderSize(f, 1<<20)
	head, err := in.Peek(64 << 10)
	if err != nil && err != io.EOF {
		return nil, 0, wrong("cannot be read: " + err.Error())
	}
	comma := separator(head)
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		text, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(head)
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), separator(text), nil
	case name != "":
		code, err := ianaindex.IANA.Encoding(name)
		if err != nil || code == nil {
			return nil, 0, wrong(fmt.Sprintf("code page %.40q is not known", name))
		}
		return code, comma, nil
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, 0, wrong("is neither XLSX nor CSV")
	}
	// A byte of GB 18030 is valid UTF-8 by chance now and then, a whole file of them is not.
	isUTF8, rest := true, []byte(nil)
	block := make([]byte, 64<<10)
	for isUTF8 {
		n, err := in.Read(block)
		text := append(rest, block[:n]...)
		whole := len(text)
		for cut := 1; cut < utf8.UTFMax && cut <= len(text); cut++ {
			if b := text[len(text)-cut]; utf8.RuneStart(b) {
				if !utf8.FullRune(text[len(text)-cut:]) {
					whole -= cut
				}
				break
			}
		}
		isUTF8 = utf8.Valid(text[:whole])
		rest = append([]byte(nil), text[whole:]...)
		if err == io.EOF {
			isUTF8 = isUTF8 && len(rest) == 0
			break
		}
		if err != nil {
			return nil, 0, wrong("cannot be read: " + err.Error())
		}
	}
	if isUTF8 {
		return unicode.UTF8BOM, comma, nil
	}
	return simplifiedchinese.GB18030, comma, nil
}

// separator is what stands most often in the first line that has one.
func separator(head []byte) rune {
	for line := range bytes.Lines(head) {
		best, most := ',', 0
		for _, c := range []rune{',', '\t', ';'} {
			if n := bytes.Count(line, []byte(string(c))); n > most {
				best, most = c, n
			}
		}
		if most > 0 {
			return best
		}
	}
	return ','
}
