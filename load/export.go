package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// Property is one attribute of a row to be written. Value is what encoding/json writes.
type Property struct {
	Name  string
	Value any
}

// RowWriter takes rows, one at a time.
type RowWriter interface {
	// WriteFeature writes a row. id may be empty; properties keep their order; g is longitude, latitude in degrees,
	// written with at most 8 decimals, and nil where the row has no place.
	WriteFeature(id string, properties []Property, g orb.Geometry) error
}

// GeoJSONWriter writes features as they come. Close ends the text; it does not close what it writes to.
type GeoJSONWriter struct {
	w        io.Writer
	members  []Property // of the collection
	sequence bool
	rows     int
	row      bytes.Buffer // each row is written at once, or not at all
	err      error
}

// NewGeoJSONWriter writes one FeatureCollection to w, a feature a line. members are put before its features.
func NewGeoJSONWriter(w io.Writer, members ...Property) *GeoJSONWriter {
	return &GeoJSONWriter{w: w, members: members}
}

// NewSequenceWriter writes newline-delimited features to w.
func NewSequenceWriter(w io.Writer) *GeoJSONWriter { return &GeoJSONWriter{w: w, sequence: true} }

// WriteFeature implements RowWriter. A row that cannot be written (a coordinate that is no number) is an error that
// leaves the text as it was; an error of the writer below is final.
func (g *GeoJSONWriter) WriteFeature(id string, properties []Property, geometry orb.Geometry) error {
	if g.err != nil {
		return g.err
	}
	g.row.Reset()
	g.row.WriteString(g.lead())
	if g.err != nil {
		return g.err
	}
	g.row.WriteString(`{"type":"Feature",`)
	if id != "" {
		g.row.WriteString(`"id":`)
		if err := g.value(id); err != nil {
			return fmt.Errorf("write id: %w", err)
		}
		g.row.WriteByte(',')
	}
	g.row.WriteString(`"properties":{`)
	if err := g.list(properties); err != nil {
		return err
	}
	g.row.WriteString(`},"geometry":`)
	shaped, err := shape.AppendGeoJSON(g.row.AvailableBuffer(), geometry)
	if err != nil {
		return fmt.Errorf("write geometry: %w", err)
	}
	g.row.Write(shaped)
	g.row.WriteByte('}')
	if g.sequence {
		g.row.WriteByte('\n')
	}
	if _, g.err = g.w.Write(g.row.Bytes()); g.err == nil {
		g.rows++
	}
	return g.err
}

// lead is what stands between the rows.
func (g *GeoJSONWriter) lead() string {
	switch {
	case g.sequence:
		return ""
	case g.rows > 0:
		return ",\n"
	default:
		return g.begin()
	}
}

func (g *GeoJSONWriter) begin() string {
	at := g.row.Len()
	g.row.WriteString(`{"type":"FeatureCollection",`)
	if len(g.members) > 0 {
		if err := g.list(g.members); err != nil {
			g.err = err
		}
		g.row.WriteByte(',')
	}
	g.row.WriteString("\"features\":[\n")
	text := g.row.String()[at:]
	g.row.Truncate(at)
	return text
}

func (g *GeoJSONWriter) list(all []Property) error {
	for i, p := range all {
		if i > 0 {
			g.row.WriteByte(',')
		}
		if err := g.value(p.Name); err != nil {
			return fmt.Errorf("write property %q: %w", p.Name, err)
		}
		g.row.WriteByte(':')
		if err := g.value(p.Value); err != nil {
			return fmt.Errorf("write property %q: %w", p.Name, err)
		}
	}
	return nil
}

func (g *GeoJSONWriter) value(v any) error {
	if s, ok := v.(string); ok {
		v = strings.ToValidUTF8(s, "\ufffd")
	}
	enc := json.NewEncoder(&g.row)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	g.row.Truncate(g.row.Len() - 1) // the newline that Encode adds
	return nil
}

// Close ends the text, also one without a row.
func (g *GeoJSONWriter) Close() error {
	if g.err != nil || g.sequence {
		return g.err
	}
	text := "\n]}\n"
	if g.rows == 0 {
		g.row.Reset()
		text = g.begin() + "]}\n"
	}
	if g.err == nil {
		_, g.err = io.WriteString(g.w, text)
	}
	if g.err == nil {
		g.err = errClosed
		return nil
	}
	return g.err
}

var errClosed = errors.New("load: writer is closed")
