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
			fmt.Fprintln(w, "refused:", noteLine(n, lang))
		}
		printed++
	}
	if more := printed - shown; more > 0 {
		where := "--report FILE.csv lists them all"
		if reportFile != "" {
			where = reportFile + " lists them all"
		}
		fmt.Fprintf(w, "… and %d more; %s\n", more, where)
	}
	for _, c := range []struct {
		kind place.NoteKind
		text string
	}{
		{place.Made, "divisions made without a boundary"},
		{place.Former, "under a former code"},
		{place.Repaired, "repaired"},
		{place.Merged, "areas made of several rows that share a code"},
		{place.Inserted, "vertices inserted where a border lacked a neighbour's"},
		{place.Warned, "credit codes with a wrong check digit; taken in as they are"},
		{place.LeftOut, "rows without a name left out"},
		{place.Snapped, "parts smaller than a millimetre left out"},
	} {
		if n := changes[c.kind]; n > 0 {
			fmt.Fprintf(w, "%d %s\n", n, c.text)
		}
	}
	if result.Ended > 0 {
		fmt.Fprintf(w, "%d households end: the list no longer has them\n", result.Ended)
	}
	if result.Refused > 0 && job.Refused != "" {
		fmt.Fprintf(w, "the reasons are in %s, beside the rows\n", job.Refused)
	}
	switch {
	case result.Refused > 0 && job.SkipRefused && !job.DryRun:
		fmt.Fprintln(w, "the other rows were imported; correct these and import them")
	case result.Refused > 0 && !job.SkipRefused:
		hint := ""
		if broken && !job.Repair {
			hint = ", or try --repair, which mends broken geometry"
		}
		fmt.Fprintf(w, "nothing was imported: a file goes in whole or not at all; correct the rows%s\n", hint)
	case job.DryRun:
		fmt.Fprintln(w, "dry run: nothing was changed")
	}
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

func (r *reportFile) write(notes []place.Note) error {
	if r == nil {
		return nil
	}
	err := writeNotes(r.file, notes)
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
func writeNotes(w io.Writer, notes []place.Note) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	if err := c.Write([]string{"source", "code", "kind", "field", "reason", "lng", "lat"}); err != nil {
		return err
	}
	for _, n := range notes {
		row := []string{cell(n.Source), cell(n.Code), cell(string(n.Kind)), cell(n.Field), cell(n.Reason), degrees(n.Lng), degrees(n.Lat)}
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
