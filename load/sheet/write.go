package sheet

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/cell"
)

// Writer writes a table of text beside its final name, which it takes when it is complete.
type Writer struct {
	path string
	file *os.File
	csv  *csv.Writer
	book *excelize.File
	rows *excelize.StreamWriter
	row  int
}

// Create begins a table at path: CSV with a byte order mark, without which Excel reads Chinese as something else, where the
// name ends in .csv, else XLSX.
func Create(path string) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, file: f}
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		w.csv = csv.NewWriter(f)
		_, err = io.WriteString(f, "\ufeff")
	} else {
		w.book = excelize.NewFile()
		w.rows, err = w.book.NewStreamWriter("Sheet1")
	}
	if err != nil {
		w.Abandon()
		return nil, err
	}
	return w, nil
}

// Write writes one row. What begins like a formula is kept from being one.
func (w *Writer) Write(row []string) error {
	w.row++
	if w.csv != nil {
		guarded := make([]string, len(row))
		for i, text := range row {
			guarded[i] = cell.Guard(text)
		}
		return w.csv.Write(guarded)
	}
	values := make([]any, len(row))
	for i, text := range row {
		values[i] = text // a string is a string, also where it begins with an equals sign
	}
	return w.rows.SetRow("A"+strconv.Itoa(w.row), values)
}

// Commit completes the file and gives it its name.
func (w *Writer) Commit() error {
	var err error
	if w.csv != nil {
		w.csv.Flush()
		err = w.csv.Error()
	} else {
		err = w.rows.Flush()
		if err == nil {
			_, err = w.book.WriteTo(w.file)
		}
		err = errors.Join(err, w.book.Close())
	}
	if err = errors.Join(err, w.file.Chmod(0o644), w.file.Close()); err == nil {
		err = os.Rename(w.file.Name(), w.path)
	}
	if err != nil {
		os.Remove(w.file.Name())
	}
	w.file = nil
	return err
}

// Abandon removes a file that was not completed.
func (w *Writer) Abandon() {
	if w == nil || w.file == nil {
		return
	}
	if w.book != nil {
		w.book.Close()
	}
	w.file.Close()
	os.Remove(w.file.Name())
	w.file = nil
}

// Shown is a cell's text as a person would write it: a date as one.
func (c Cell) Shown() string {
	if c.Kind == Date {
		if days, err := strconv.ParseFloat(c.Text, 64); err == nil {
			if at, err := excelize.ExcelDateToTime(days, false); err == nil {
				return strings.TrimSuffix(at.Format(time.DateTime), " 00:00:00")
			}
		}
	}
	return c.Text
}
