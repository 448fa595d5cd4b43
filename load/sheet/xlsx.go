package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/load/feature"
)

// Bounds of what a packed file may hold unpacked. A sheet of a million rows with ten columns has 400 MB and is packed ten to
// twenty times smaller; a thousand times is a bomb.
const (
	maxSheetBytes   = 2 << 30
	maxStringsBytes = 256 << 20
	maxPartBytes    = 16 << 20
	maxRatio        = 300
	maxTextBytes    = 1 << 20 // without a tag
	maxMerges       = 200_000
)

// bounded reads a part of the package up to a size, and refuses text without a tag that would fill the memory.
type bounded struct {
	in    io.Reader
	name  string
	left  int64
	run   int
	count func(n int)
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.left -= int64(n)
	if i := bytes.LastIndexByte(p[:n], '<'); i >= 0 {
		b.run = n - i
	} else {
		b.run += n
	}
	if b.count != nil {
		b.count(n)
	}
	if err != nil && err != io.EOF {
		err = wrong(fmt.Sprintf("is damaged: %s cannot be unpacked (%v)", b.name, err))
	}
	if b.left < 0 || b.run > maxTextBytes {
		err = wrong(fmt.Sprintf("unpacks to more than a list can be: %s", b.name))
	}
	return n, err
}

// part opens a part of the package, nil where there is none.
func part(pack *zip.Reader, name string, limit int64) (*bounded, io.Closer, error) {
	for _, f := range pack.File {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if f.UncompressedSize64 > uint64(limit) || f.UncompressedSize64 > 8<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxRatio {
			return nil, nil, wrong(fmt.Sprintf("unpacks to more than a list can be: %s has %d MB", name, f.UncompressedSize64>>20))
		}
		in, err := f.Open()
		if err != nil {
			return nil, nil, wrong(fmt.Sprintf("is damaged: %s cannot be unpacked (%v)", name, err))
		}
		return &bounded{in: in, name: name, left: limit}, in, nil
	}
	return nil, nil, nil
}

// decode reads a small part into v; nothing where the package has no such part.
func decode(pack *zip.Reader, name string, v any) error {
	in, file, err := part(pack, name, maxPartBytes)
	if in == nil || err != nil {
		return err
	}
	defer file.Close()
	return broken(name, xml.NewDecoder(in).Decode(v))
}

// broken is err as the reader's own, where it is XML that is wrong.
func broken(name string, err error) error {
	var own *feature.FileError
	if err == nil || errors.As(err, &own) {
		return err
	}
	return &feature.FileError{Reason: fmt.Sprintf("is damaged: %s: %v", name, err), Offset: -1, Err: err}
}

type merge struct{ row, until, column int }

type xlsx struct {
	r       *Reader
	name    string
	xml     *xml.Decoder
	strings []string
	dates   map[int]bool // styles that show a number as a date
	merges  []merge      // that go down, by their first row
	down    map[int]down // by column, what a merged cell says of the rows below
	row     int          // the last one read
	ended   bool
}

type down struct {
	cell  Cell
	until int
}

func (r *Reader) openXLSX(f *os.File, size int64, sheet string) error {
	pack, err := zip.NewReader(f, size)
	if err != nil {
		return wrong("is damaged: it is no whole .xlsx file (" + err.Error() + ")")
	}
	x := &xlsx{r: r, down: map[int]down{}}
	if x.name, err = sheetPart(pack, sheet); err != nil {
		return err
	}
	if err := x.readStrings(pack); err != nil {
		return err
	}
	if err := x.readStyles(pack); err != nil {
		return err
	}
	if err := x.survey(pack); err != nil {
		return err
	}
	in, file, err := part(pack, x.name, maxSheetBytes)
	if err != nil {
		return err
	}
	in.count = func(n int) { r.done.Add(int64(n)) }
	x.xml = xml.NewDecoder(bufio.NewReaderSize(in, 64<<10))
	r.next = x.next
	r.close = func() error { return errors.Join(ignoreClosed(file.Close()), ignoreClosed(f.Close())) }
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// sheetPart is the part of the package that holds the sheet.
func sheetPart(pack *zip.Reader, sheet string) (string, error) {
	var book struct {
		Sheets []struct {
			Name string     `xml:"name,attr"`
			ID   []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		Links []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(decode(pack, "xl/workbook.xml", &book), decode(pack, "xl/_rels/workbook.xml.rels", &links)); err != nil {
		return "", err
	}
	if len(book.Sheets) == 0 {
		return "", wrong("is a packed file, and no .xlsx that holds a sheet")
	}
	var names []string
	for _, s := range book.Sheets {
		names = append(names, s.Name)
		if sheet != "" && s.Name != sheet {
			continue
		}
		for _, a := range s.ID {
			for _, l := range links.Links {
				if a.Name.Local == "id" && a.Value == l.ID {
					if strings.HasPrefix(l.Target, "/") {
						return strings.TrimPrefix(path.Clean(l.Target), "/"), nil
					}
					return path.Join("xl", l.Target), nil
				}
			}
		}
		return "", wrong(fmt.Sprintf("is damaged: sheet %q is missing", s.Name))
	}
	return "", wrong(fmt.Sprintf("has no sheet %q; it has %s", sheet, strings.Join(names[:min(len(names), 40)], ", ")))
}

func (x *xlsx) readStrings(pack *zip.Reader) error {
	const name = "xl/sharedStrings.xml"
	in, file, err := part(pack, name, maxStringsBytes)
	if in == nil || err != nil {
		return err
	}
	defer file.Close()
	d := xml.NewDecoder(bufio.NewReaderSize(in, 64<<10))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return broken(name, err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := richText(d)
			if err != nil {
				return broken(name, err)
			}
			x.strings = append(x.strings, text)
		}
	}
}

// richText is the text within the element that d is in, without the readings that stand beside Japanese.
func richText(d *xml.Decoder) (string, error) {
	var text strings.Builder
	inText := false
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				if err := d.Skip(); err != nil {
					return "", err
				}
				continue
			}
			depth, inText = depth+1, t.Name.Local == "t"
		case xml.EndElement:
			depth, inText = depth-1, false
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		}
	}
	return text.String(), nil
}

// inFormat is what a format of numbers holds besides its own letters: colours, characters as they are.
var inFormat = regexp.MustCompile(`\[[^\]]*\]|\\.|"[^"]*"|_.|\*.`)

// readStyles finds the styles that show a number as a date or a time. The numbers are those that ECMA-376 (18.8.30) gives
// to formats, with those of Chinese, Japanese and Korean.
func (x *xlsx) readStyles(pack *zip.Reader) error {
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Styles []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := decode(pack, "xl/styles.xml", &sheet); err != nil {
		return err
	}
	date := map[int]bool{}
	for _, f := range sheet.Formats {
		date[f.ID] = strings.ContainsAny(inFormat.ReplaceAllString(f.Code, ""), "yYmMdDhHsS")
	}
	x.dates = map[int]bool{}
	for i, s := range sheet.Styles {
		own, told := date[s.Format]
		n := s.Format
		x.dates[i] = told && own || !told && (n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58)
	}
	return nil
}

var mergeRef = regexp.MustCompile(`<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"`)

// survey goes through the sheet's bytes once: how long it is, that it can be unpacked, and the merged cells, which stand after
// the rows that they concern.
func (x *xlsx) survey(pack *zip.Reader) error {
	in, file, err := part(pack, x.name, maxSheetBytes)
	if err != nil {
		return err
	}
	if in == nil {
		return wrong("is damaged: " + x.name + " is missing")
	}
	defer file.Close()
	block := make([]byte, 256<<10)
	kept := 0
	for {
		n, err := io.ReadFull(in, block[kept:])
		text := block[:kept+n]
		x.r.total += int64(n)
		last := 0
		for _, m := range mergeRef.FindAllSubmatchIndex(text, -1) {
			last = m[1]
			from, _ := strconv.Atoi(string(text[m[4]:m[5]]))
			until, _ := strconv.Atoi(string(text[m[8]:m[9]]))
			if until > from {
				x.merges = append(x.merges, merge{from, until, columnNumber(string(text[m[2]:m[3]]))})
			}
		}
		if len(x.merges) > maxMerges {
			return wrong("has more merged cells than a list can have")
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
		from := max(last, len(text)-100) // a reference may go on in the next block
		kept = copy(block, text[from:])
	}
	slices.SortFunc(x.merges, func(a, b merge) int { return a.row - b.row })
	return nil
}

// columnNumber counts from 0: "A" is 0, "AA" is 26.
func columnNumber(letters string) int {
	n := 0
	for _, c := range letters {
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// next reads the next row element.
func (x *xlsx) next() (Row, error) {
	if x.ended {
		return Row{}, io.EOF
	}
	for {
		token, err := x.xml.Token()
		if err == io.EOF { // of a whole document: anything less is a syntax error
			x.ended = true
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, x.fail(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		x.row++
		if text := attribute(start, "r"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < x.row {
				return Row{}, x.fail(fmt.Errorf("row %q follows row %d", text, x.row-1))
			}
			x.row = n
		}
		if x.row > maxRows {
			return Row{}, wrong("has a sheet of more than 1,048,576 rows, which no spreadsheet reads: split it")
		}
		row, err := x.cells()
		if err != nil {
			return Row{}, x.fail(err)
		}
		x.fillDown(&row)
		return row, nil
	}
}

func (x *xlsx) fail(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return broken(fmt.Sprintf("%s after row %d", x.name, x.row), err)
}

// cells reads what stands within the row element.
func (x *xlsx) cells() (Row, error) {
	row := Row{Number: x.row}
	for {
		token, err := x.xml.Token()
		if err != nil {
			return row, err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return row, nil
		case xml.StartElement:
			if t.Name.Local != "c" {
				if err := x.xml.Skip(); err != nil {
					return row, err
				}
				continue
			}
			at := len(row.Cells)
			if ref := attribute(t, "r"); ref != "" {
				letters := strings.TrimRight(ref, "0123456789")
				if len(letters) == 0 || len(letters) > 3 || strings.Trim(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
					return row, fmt.Errorf("a cell is called %.20q", ref)
				}
				if at = columnNumber(letters); at < len(row.Cells) {
					return row, fmt.Errorf("cell %s stands twice", ref)
				}
			}
			cell, err := x.cell(t)
			if err != nil {
				return row, err
			}
			if cell == (Cell{}) {
				continue
			}
			if at >= maxColumns {
				return row, wrong(fmt.Sprintf("has more than %d columns", maxColumns))
			}
			for len(row.Cells) < at {
				row.Cells = append(row.Cells, Cell{})
			}
			row.Cells = append(row.Cells, cell)
		}
	}
}

// cell reads one cell to its end.
func (x *xlsx) cell(start xml.StartElement) (Cell, error) {
	var value, inline string
	var has, formula bool
	for {
		token, err := x.xml.Token()
		if err != nil {
			return Cell{}, err
		}
		if _, ends := token.(xml.EndElement); ends {
			break
		}
		t, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch t.Name.Local {
		case "is":
			inline, err = richText(x.xml)
		case "v":
			has = true
			err = x.xml.DecodeElement(&value, &t)
		default:
			formula = formula || t.Name.Local == "f"
			err = x.xml.Skip()
		}
		if err != nil {
			return Cell{}, err
		}
	}
	if formula && inline == "" && (!has || value == "" && attribute(start, "t") != "str") {
		return Cell{Kind: Formula}, nil
	}
	text, kind := value, Plain
	switch attribute(start, "t") {
	case "s":
		i, err := strconv.Atoi(value)
		if err != nil || i < 0 || i >= len(x.strings) {
			return Cell{}, fmt.Errorf("a cell names text %.20q of %d", value, len(x.strings))
		}
		text = x.strings[i]
	case "inlineStr":
		text = inline
	case "str":
	case "b":
		text = map[string]string{"1": "TRUE", "0": "FALSE"}[value]
	case "e":
		kind = Broken
	case "d":
		kind = Date
	default:
		if value == "" {
			break
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return Cell{}, fmt.Errorf("%.20q is no number", value)
		}
		if strings.ContainsAny(value, ".eE") {
			text = strconv.FormatFloat(number, 'f', -1, 64)
		}
		if style, _ := strconv.Atoi(attribute(start, "s")); x.dates[style] {
			kind = Date
		}
	}
	if utf8.RuneCountInString(text) > maxCell {
		return Cell{}, errors.New("a cell has more than 32,767 characters")
	}
	return Cell{text, kind}, nil
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// fillDown gives the row what cells that are merged with it say from above.
func (x *xlsx) fillDown(row *Row) {
	for len(x.merges) > 0 && x.merges[0].row <= row.Number {
		m := x.merges[0]
		x.merges = x.merges[1:]
		if m.row == row.Number && m.column < len(row.Cells) {
			x.down[m.column] = down{row.Cells[m.column], m.until}
		}
	}
	blank := true
	for _, c := range row.Cells {
		blank = blank && c == Cell{}
	}
	for column, d := range x.down {
		switch {
		case row.Number > d.until:
			delete(x.down, column)
		case blank: // a row of merged cells alone says nothing of its own
		default:
			for len(row.Cells) <= column {
				row.Cells = append(row.Cells, Cell{})
			}
			if row.Cells[column] == (Cell{}) {
				row.Cells[column] = d.cell
			}
		}
	}
}
