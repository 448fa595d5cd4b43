package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wangge/domain/place"
	"wangge/internal/fault"
)

// shown is how many refused rows are printed; the report file holds them all.
const shown = 20

// tell prints what happened to rows, for a person.
func tell(w io.Writer, result place.Report, job ImportJob, reportFile string, lang fault.Language) {
	printed, broken := 0, false
	changes := map[place.NoteKind]int{}
	for _, n := range result.Notes {
		if n.Kind == place.Ignored {
			fmt.Fprintln(w, printable(n.In(lang)))
			continue
		}
		if n.Kind != place.Refused {
			changes[n.Kind]++
			continue
		}
		broken = broken || n.Field == "geometry" && n.Lng != nil
		if printed < shown {
			fmt.Fprintln(w, in(lang, "refused: ", "拒绝：")+noteLine(n, lang))
		}
		printed++
	}
	if more := printed - shown; more > 0 {
		if reportFile == "" {
			reportFile = "--report FILE.csv"
		}
		fmt.Fprintf(w, in(lang, "… and %d more; %s lists them all\n", "……另有 %d 条；全部见 %s\n"), more, reportFile)
	}
	for _, c := range []struct {
		kind place.NoteKind
		text string
		zh   string
	}{
		{place.Made, "divisions made without a boundary", "个行政区划已建立，尚无边界"},
		{place.Former, "under a former code", "行使用旧编号"},
		{place.Repaired, "repaired", "行已修复"},
		{place.Merged, "areas made of several rows that share a code", "个区域由编号相同的多行合成"},
		{place.Inserted, "vertices inserted where a border lacked a neighbour's", "个顶点已补入边界，与相邻区域一致"},
		{place.Warned, "credit codes with a wrong check digit; taken in as they are", "个统一社会信用代码校验位有误，已照原样导入"},
		{place.NoPlace, "without a place: no point, and no building with their address", "个单位没有位置：没有坐标，也没有对应其地址的楼栋"},
		{place.LeftOut, "rows without a name left out", "行没有名称，未导入"},
		{place.Snapped, "parts smaller than a millimetre left out", "处小于一毫米的部分已略去"},
	} {
		if n := changes[c.kind]; n > 0 {
			fmt.Fprintf(w, "%d %s\n", n, in(lang, c.text, c.zh))
		}
	}
	if result.Ended > 0 {
		fmt.Fprintf(w, in(lang, "%d households end: the list no longer has them\n", "%d 户已注销：名单中不再有\n"), result.Ended)
	}
	if result.Unchanged > 0 {
		fmt.Fprintf(w, in(lang, "%d unchanged\n", "%d 行无变化\n"), result.Unchanged)
	}
	if result.Refused > 0 && job.Refused != "" {
		fmt.Fprintf(w, in(lang, "the reasons are in %s, beside the rows\n", "原因已写入 %s，与各行并列\n"), job.Refused)
	}
	switch {
	case result.Refused > 0 && job.SkipRefused && !job.DryRun:
		fmt.Fprintln(w, in(lang, "the other rows were imported; correct these and import them", "其余各行已导入；请更正这些行后再导入"))
	case result.Refused > 0 && !job.SkipRefused:
		hint := ""
		if broken && !job.Repair {
			hint = in(lang, ", or try --repair, which mends broken geometry", "，或加 --repair 修复几何错误")
		}
		fmt.Fprintf(w, in(lang, "nothing was imported: a file goes in whole or not at all; correct the rows%s\n", "未导入任何数据：文件要么全部导入，要么全不导入；请更正各行%s\n"), hint)
	case job.DryRun:
		fmt.Fprintln(w, in(lang, "dry run: nothing was changed", "试运行：未做任何更改"))
	}
}

// in is what a person reads in the terminal's language.
func in(lang fault.Language, english, chinese string) string {
	if lang == fault.Chinese {
		return chinese
	}
	return english
}

func noteLine(n place.Note, lang fault.Language) string {
	var b strings.Builder
	b.WriteString(n.Source)
	if n.Code != "" {
		b.WriteString(" (" + n.Code + ")")
	}
	if n.Field != "" {
		b.WriteString(", " + n.Field)
	}
	b.WriteString(": " + n.In(lang))
	if n.Lng != nil && n.Lat != nil {
		fmt.Fprintf(&b, " (at %s, %s)", degrees(n.Lng), degrees(n.Lat))
	}
	return printable(b.String())
}

// printable replaces control characters: a file's text must not steer the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, s)
}

func degrees(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// reportFile is the file of --report. It is opened before the import begins, so that a folder that cannot be written
// is found out then, and takes its name when it is complete. Nil is no report.
type reportFile struct {
	name string
	file *os.File // nil once it has its name
}

// input is the file that is imported, which the report must not replace.
func createReport(name, input string) (*reportFile, error) {
	if name == "" {
		return nil, nil
	}
	if there, err := os.Stat(name); err == nil {
		from, err := os.Stat(input)
		switch {
		case err == nil && os.SameFile(there, from):
			return nil, usage{fmt.Sprintf("--report %s is the file that is imported: choose another name", name)}
		case !there.Mode().IsRegular():
			return nil, usage{fmt.Sprintf("--report %s is no file that can be written", name)}
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return nil, usage{fmt.Sprintf("--report %s cannot be written: %v", name, reason(err))}
	}
	return &reportFile{name, f}, nil
}

// abandon removes a report that was not completed.
func (r *reportFile) abandon() {
	if r != nil && r.file != nil {
		r.file.Close()
		os.Remove(r.file.Name())
	}
}

func (r *reportFile) write(notes []place.Note, lang fault.Language) error {
	if r == nil {
		return nil
	}
	err := writeNotes(r.file, notes, lang)
	if err := errors.Join(err, r.file.Chmod(0o644), r.file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", r.name, err)
	}
	if err := os.Rename(r.file.Name(), r.name); err != nil {
		return fmt.Errorf("write %s: %w", r.name, err)
	}
	r.file = nil
	return nil
}

// writeNotes writes the report. It begins with a byte order mark, without which Excel reads Chinese as something else.
func writeNotes(w io.Writer, notes []place.Note, lang fault.Language) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	if err := c.Write([]string{"source", "code", "kind", "field", "reason", "lng", "lat"}); err != nil {
		return err
	}
	for _, n := range notes {
		row := []string{cell(n.Source), cell(n.Code), cell(string(n.Kind)), cell(n.Field), cell(n.In(lang)), degrees(n.Lng), degrees(n.Lat)}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// cell keeps a spreadsheet from taking a file's text for a formula. Numbers of our own need no such care.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// reason is what went wrong without the file's name, which the sentence names already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
