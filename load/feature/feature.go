// Package feature is what every reader of files hands on: one row with its properties and its geometry, or the
// reason why a row cannot be read. It knows no file format and nothing of what a row means to wangge.
package feature

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Feature is one row of a file.
type Feature struct {
	// Source is how the file names the row, for reports: "feature 12" (counted from 1), "way 4711".
	Source string
	// ID is the source's own stable id where it has one ("way/4711", a GeoJSON feature's id), else empty.
	// A later import of the same file finds its rows again by it.
	ID string
	// Properties are the attribute columns or tags. A value is nil, a string, a bool, an int64 where a number
	// is whole, else a float64, or []any and map[string]any of these. A whole number beyond int64 is the
	// string of its digits, so that no code of a place is ever rounded.
	Properties map[string]any
	// Geometry is nil where the row has none; longitude, latitude in degrees, in the system the reader names.
	Geometry orb.Geometry
}

// Text returns property name as text, trimmed, and whether there is any: a missing, null or blank one is none,
// and so are lists and objects. Numbers are written out in full, never with an exponent: a code that a
// spreadsheet made a number stays a code.
func (f *Feature) Text(name string) (string, bool) {
	var s string
	switch v := f.Properties[name].(type) {
	case string:
		s = strings.TrimSpace(v)
	case bool:
		s = strconv.FormatBool(v)
	case int64:
		s = strconv.FormatInt(v, 10)
	case float64:
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return s, s != ""
}

// RowError says why one row cannot be read. The rows after it still can.
type RowError struct {
	Source string     // the row, as in Feature
	ID     string     // its stable id, where it was known by then
	Field  string     // what is at fault: "geometry.coordinates[0][3]", "properties.name"; empty for the row as a whole
	Reason string     // a sentence without the row's name
	At     *orb.Point // the place at fault, where there is one, for a map
	Line   int        // where in the file, from 1; 0 where lines mean nothing
	Column int        // in bytes, from 1
}

// Error is everything but the place on the map, in one line.
func (e *RowError) Error() string {
	var b strings.Builder
	b.WriteString(e.Source)
	if e.Field != "" {
		b.WriteString(", " + e.Field)
	}
	b.WriteString(": " + e.Reason)
	if e.Line > 0 {
		fmt.Fprintf(&b, " (line %d, column %d)", e.Line, e.Column)
	}
	return b.String()
}

// FileError says why reading cannot begin or go on: the file is cut off, is not what it seems to be, or holds
// something that leaves the rest without meaning.
type FileError struct {
	Field  string // where in the file's own terms: "features[12].properties"; may be empty
	Reason string
	Offset int64 // bytes from the start of the (unpacked) file; -1 where unknown
	Line   int   // from 1; 0 where lines mean nothing
	Column int   // in bytes, from 1
	Err    error // the cause, may be nil
}

// Error is field, reason and place in one line.
func (e *FileError) Error() string {
	var b strings.Builder
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Reason)
	switch {
	case e.Line > 0:
		fmt.Fprintf(&b, " (line %d, column %d, byte %d)", e.Line, e.Column, e.Offset)
	case e.Offset >= 0:
		fmt.Fprintf(&b, " (byte %d)", e.Offset)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Rows is a stream of rows.
type Rows interface {
	// Next returns the next row, or io.EOF after the last. After a *RowError the next call goes on with the row
	// after it; any other error is final and is returned again.
	Next() (Feature, error)
	// Close stops reading and frees what is held. It may be called at any time, also twice.
	Close() error
}

// Number is the value of a number as a property holds it (see Feature.Properties). ok is false where text is
// too large for a float64.
func Number(text string) (value any, ok bool) {
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
		return text, true
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, false
	}
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 { // above that float64 has lost digits already
		return int64(v), true
	}
	return v, true
}
