// Package sheet reads the rows of a table, from XLSX or CSV, one at a time, and writes such files. It knows nothing of what
// the columns mean.
//
// XLSX is read here and not by the library that writes it: that one takes a sheet that breaks off for its end, hands dates
// on as text that looks like a number of a room, and unpacks to files on disk. What is broken here is an error with its place.
package sheet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"wangge/load/feature"
)

// Bounds of what is read; a larger table is no list of households.
const (
	maxColumns = 500
	maxCell    = 32767     // characters, as in Excel
	maxRows    = 1_048_576 // of a sheet, as in Excel
)

// Kind of a cell that is more than text or a number.
type Kind int

// The kinds.
const (
	Plain   Kind = iota
	Date         // a date or a time: its text is the number that the file holds
	Broken       // an error of the spreadsheet: its text is #REF! or the like
	Formula      // a formula whose result the file does not hold
)

// Cell is one cell. Numbers are written out in full, never with an exponent.
type Cell struct {
	Text string
	Kind Kind
}

// Row is one row that is not blank.
type Row struct {
	Number int // as a spreadsheet shows it; of CSV, the line
	Cells  []Cell
}

// Options of Open.
type Options struct {
	Sheet    string // the one to read; empty is the first
	Encoding string // code page of CSV; empty finds it out: UTF-8 or GB 18030, or what its mark says
}

// CellName is a cell as a spreadsheet calls it: column 3 of row 12 is D12. Columns count from 0.
func CellName(column, row int) string {
	letters := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return letters + itoa(row)
}

// Reader reads the rows of one table.
type Reader struct {
	ctx   context.Context
	next  func() (Row, error)
	close func() error
	done  atomic.Int64
	total int64
	xlsx  bool
}

// Open begins to read the table in the file at path. A *feature.FileError says what is wrong with the file as a whole.
func Open(ctx context.Context, path string, o Options) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		var bad *os.PathError
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return nil, &feature.FileError{Reason: "cannot be opened: " + err.Error(), Offset: -1, Err: err}
	}
	r, err := open(ctx, f, o)
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func open(ctx context.Context, f *os.File, o Options) (*Reader, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, wrong("is not a regular file")
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, wrong("cannot be read: " + err.Error())
	}
	head = head[:n]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := &Reader{ctx: ctx, close: f.Close}
	switch {
	case len(head) == 0:
		return nil, wrong("is empty")
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return nil, wrong("is protected by a password, or is of the old .xls format: save it as .xlsx without a password")
	case bytes.HasPrefix(head, []byte("PK")):
		r.xlsx = true
		return r, r.openXLSX(f, info.Size(), o.Sheet)
	}
	return r, r.openCSV(f, info.Size(), o.Encoding)
}

// Next returns the next row that is not blank, or io.EOF after the last. Every other error is final.
func (r *Reader) Next() (Row, error) {
	if err := r.ctx.Err(); err != nil {
		return Row{}, err
	}
	for {
		row, err := r.next()
		if err != nil {
			return Row{}, err
		}
		for _, c := range row.Cells {
			if c.Kind != Plain || strings.TrimSpace(c.Text) != "" {
				return row, nil
			}
		}
	}
}

// XLSX reports whether the file is XLSX; else it is CSV.
func (r *Reader) XLSX() bool { return r.xlsx }

// Progress is how much has been read and how much there is, in a unit of the reader's own.
func (r *Reader) Progress() (done, total int64) { return r.done.Load(), r.total }

// Close ends reading.
func (r *Reader) Close() error { return r.close() }

func wrong(reason string) error { return &feature.FileError{Reason: reason, Offset: -1} }

func wrongRow(row int, reason string) error {
	return &feature.FileError{Field: "row " + itoa(row), Reason: reason, Offset: -1}
}
