package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/load/feature"
)

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAll is what a file says: a line a row, cells with their kind where they have one.
func readAll(t testing.TB, path string, o Options) (string, error) {
	t.Helper()
	r, err := Open(t.Context(), path, o)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var out strings.Builder
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.TrimSuffix(out.String(), "\n"), nil
		}
		if err != nil {
			return out.String(), err
		}
		fmt.Fprintf(&out, "%d:", row.Number)
		for _, c := range row.Cells {
			out.WriteString(" [" + c.Text + strings.Repeat("!", int(c.Kind)) + "]")
		}
		out.WriteString("\n")
	}
}

// book makes a workbook of one sheet.
func book(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packed makes an XLSX of a sheet's XML by hand.
func packed(t testing.TB, sheet string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="一" r:id="x1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="x1" Target="worksheets/a.xml"/></Relationships>`,
		"xl/worksheets/a.xml":        sheet,
		"xl/sharedStrings.xml":       `<sst><si><t>甲</t></si><si><r><t>乙</t></r><r><t>丙</t></r><rPh><t>イ</t></rPh></si></sst>`,
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWorkbooks(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		want string // "" with an error, whose text is wrong
		bad  string
	}{
		{"numbers, text, truth", book(t, func(f *excelize.File) {
			f.SetSheetRow("Sheet1", "A1", &[]any{"301", 301, 990102001001, 0.1, true, "=1+1"})
		}), "1: [301] [301] [990102001001] [0.1] [TRUE] [=1+1]", ""},
		{"rows and cells left out", book(t, func(f *excelize.File) { f.SetCellStr("Sheet1", "C5", "x") }), "5: [] [] [x]", ""},
		{"dates", book(t, func(f *excelize.File) {
			f.SetCellValue("Sheet1", "A1", time.Date(2024, 3, 12, 0, 0, 0, 0, time.UTC))
			month := `m"月"d"日"`
			style, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &month})
			f.SetCellInt("Sheet1", "B1", 45363)
			f.SetCellStyle("Sheet1", "B1", "B1", style)
			price := `"d"0.00`
			style, _ = f.NewStyle(&excelize.Style{CustomNumFmt: &price})
			f.SetCellInt("Sheet1", "C1", 7)
			f.SetCellStyle("Sheet1", "C1", "C1", style)
		}), "1: [45363!] [45363!] [7]", ""},
		{"a merged column goes down", book(t, func(f *excelize.File) {
			f.SetCellStr("Sheet1", "A2", "B1")
			f.MergeCell("Sheet1", "A2", "A4")
			for i := 2; i <= 5; i++ {
				f.SetCellInt("Sheet1", fmt.Sprint("B", i), int64(i))
			}
		}), "2: [B1] [2]\n3: [B1] [3]\n4: [B1] [4]\n5: [] [5]", ""},
		{"shared and inline text", packed(t, `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="inlineStr"><is><t> 丁 </t></is></c></row></sheetData></worksheet>`), "1: [甲] [乙丙] [ 丁 ]", ""},
		{"formulas and errors", packed(t, `<worksheet><sheetData><row><c><f>1+1</f><v>2</v></c><c><f>A1</f></c><c t="e"><v>#REF!</v></c><c t="str"><f>A1</f><v>x</v></c><c><f>A2</f><v></v></c><c t="str"><f>""</f><v></v></c></row></sheetData></worksheet>`), "1: [2] [!!!] [#REF!!!] [x] [!!!]", ""},
		{"a number with an exponent", packed(t, `<worksheet><sheetData><row><c><v>9.90102001001E11</v></c></row></sheetData></worksheet>`), "1: [990102001001]", ""},
		{"a sheet that breaks off", packed(t, `<worksheet><sheetData><row><c><v>1</v></c></row><row>`), "", "after row 2"},
		{"a sheet that breaks off between rows", packed(t, `<worksheet><sheetData><row><c><v>1</v></c></row>`), "", "after row 1"},
		{"text that is not there", packed(t, `<worksheet><sheetData><row><c t="s"><v>-1</v></c></row></sheetData></worksheet>`), "", "names text"},
		{"rows that go back", packed(t, `<worksheet><sheetData><row r="5"><c><v>1</v></c></row><row r="5"/></sheetData></worksheet>`), "", `row "5" follows`},
		{"two million rows", packed(t, `<worksheet><sheetData><row r="2000000"><c><v>1</v></c></row></sheetData></worksheet>`), "", "more than 1,048,576 rows"},
		{"a column without end", packed(t, `<worksheet><sheetData><row><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>`), "", "more than 500 columns"},
		{"a bomb", packed(t, `<worksheet>`+strings.Repeat(" ", 64<<20)), "", "unpacks to more"},
		{"text without end", packed(t, `<worksheet><sheetData><row><c t="inlineStr"><is><t>`+strings.Repeat("网", 1<<20)+`</t></is></c></row></sheetData></worksheet>`), "", "unpacks to more"},
		{"another packed file", func() []byte { var b bytes.Buffer; zip.NewWriter(&b).Close(); return b.Bytes() }(), "", "no .xlsx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readAll(t, write(t, "a.xlsx", c.file), Options{})
			var whole *feature.FileError
			switch {
			case c.bad != "" && (!errors.As(err, &whole) || !strings.Contains(err.Error(), c.bad)):
				t.Errorf("%q, %v; want %q", got, err, c.bad)
			case c.bad == "" && (err != nil || got != c.want):
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestWhatIsWrittenReadsAsItWas(t *testing.T) {
	rows := [][]string{{"a", "问题"}, {"=1+1", "-101", "+1", "@x", "\tx", "'x"}, {"", "x"}}
	for _, name := range []string{"a.csv", "a.xlsx"} {
		path := filepath.Join(t.TempDir(), name)
		w, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if got, err := readAll(t, path, Options{}); err != nil || got != "1: [a] [问题]\n2: [=1+1] [-101] [+1] [@x] [\tx] ['x]\n3: [] [x]" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if rest, err := os.ReadDir(filepath.Dir(path)); err != nil || len(rest) != 1 {
			t.Errorf("left behind: %v, %v", rest, err)
		}
	}
}

// FuzzXLSX: broken bytes end in an error, never in a panic or without end.
func FuzzXLSX(f *testing.F) {
	good := book(f, func(b *excelize.File) {
		b.SetSheetRow("Sheet1", "A1", &[]any{"楼栋编号", "房号", 3})
		b.MergeCell("Sheet1", "A1", "A3")
	})
	f.Add(good, 40, byte(0))
	f.Add(good, len(good)/2, byte(255))
	f.Fuzz(func(t *testing.T, file []byte, at int, b byte) {
		broken := bytes.Clone(file)
		if at >= 0 && at < len(broken) {
			broken[at] = b
		}
		_, _ = readAll(t, write(t, "a.xlsx", broken), Options{})
	})
}

// FuzzSheetXML is FuzzXLSX for what is in the package.
func FuzzSheetXML(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c><f/></c></row></sheetData><mergeCells><mergeCell ref="A1:B3"/></mergeCells></worksheet>`)
	f.Fuzz(func(t *testing.T, xml string) {
		_, _ = readAll(t, write(t, "a.xlsx", packed(t, xml)), Options{})
	})
}

func TestCellName(t *testing.T) {
	for column, want := range map[int]string{0: "A7", 3: "D7", 25: "Z7", 26: "AA7", 51: "AZ7", 52: "BA7", 701: "ZZ7", 702: "AAA7"} {
		if got := CellName(column, 7); got != want {
			t.Errorf("%d: %s; want %s", column, got, want)
		}
	}
}
