// Package geojson reads GeoJSON (RFC 7946) of any size one feature at a time: a FeatureCollection, one Feature,
// one geometry, or a sequence of these, newline-delimited or as in RFC 8142. What the geometries themselves
// must be is left to geo/shape; coordinates are handed on in the system they are in.
package geojson

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"wangge/load/feature"
)

// Options of a Reader.
type Options struct {
	// MaxFeature is the largest size of one feature, in bytes; 0 means 64 MiB. It bounds the memory in use.
	MaxFeature int
	// AnySystem lets any "crs" member pass: the caller has been told the system by other means.
	AnySystem bool
}

const (
	defaultMaxFeature = 64 << 20
	// maxMember bounds what stands beside the features; names of files and systems, descriptions.
	maxMember = 1 << 20
)

// Reader reads features in the order of the file. It implements feature.Rows.
//
// It is strict. Refused with the place: what is not JSON or not UTF-8, a text cut off, member names that appear
// twice, unknown or misspelt types, missing members, members that would change what an object is ("coordinates"
// in a Feature), a bbox of other than 4 or 6 numbers, an id that is neither string nor number. A fault within one
// feature is a *feature.RowError and reading goes on; one of the file as a whole is a *feature.FileError. Since
// members may come in any order, a fault of the collection may be known only after its features were read.
type Reader struct {
	opts Options
	src  *window
	dec  *jsontext.Decoder
	text text // the top-level object being read
	rows int  // features so far
	err  error
}

// text is one top-level object while its members are being read.
type text struct {
	open       bool // within the object
	inFeatures bool // within its features array
	start      int64
	line, col  int // of start
	index      int // of the feature to come, in this text
	seen       map[string]bool
	typ        string // "" until its type member was read
}

// NewReader reads from r, which it does not close.
func NewReader(r io.Reader, opts Options) *Reader {
	if opts.MaxFeature <= 0 {
		opts.MaxFeature = defaultMaxFeature
	}
	w := newWindow(r)
	return &Reader{opts: opts, src: w, dec: jsontext.NewDecoder(w,
		// Reported a feature at a time where they occur (see parseFeature) instead of ending the file.
		jsontext.AllowDuplicateNames(true),
	)}
}

// Close makes Next return an error from now on.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = errors.New("geojson: reader is closed")
	}
	return nil
}

// Next implements feature.Rows.
func (r *Reader) Next() (feature.Feature, error) {
	if r.err != nil {
		return feature.Feature{}, r.err
	}
	f, err := r.next()
	var row *feature.RowError
	if err != nil && !errors.As(err, &row) {
		r.err = err
	}
	return f, err
}

func (r *Reader) next() (feature.Feature, error) {
	for {
		switch {
		case r.text.inFeatures:
			if r.dec.PeekKind() == ']' {
				if _, err := r.token(); err != nil {
					return feature.Feature{}, err
				}
				r.text.inFeatures = false
				continue
			}
			return r.element()
		case r.text.open:
			done, err := r.member()
			if err != nil {
				return feature.Feature{}, err
			}
			if done && r.text.typ != collection {
				return r.single()
			}
		default:
			if err := r.begin(); err != nil {
				return feature.Feature{}, err
			}
		}
	}
}

// begin enters the next top-level object, or returns io.EOF.
func (r *Reader) begin() error {
	r.src.advance(r.offset())
	r.allow(r.opts.MaxFeature)
	kind := r.dec.PeekKind()
	start := r.src.start(r.offset())
	if kind != jsontext.KindBeginObject {
		if kind != jsontext.KindInvalid {
			what := kindName(kind)
			if r.rows == 0 && r.text.seen == nil {
				return r.fault(start, "", "a GeoJSON object must stand here, not "+what)
			}
			return r.fault(start, "", fmt.Sprintf("after feature %d another GeoJSON object must stand here, not %s", r.rows, what))
		}
		if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return r.broken(err)
		}
		if r.text.seen == nil {
			return r.fault(r.offset(), "", "the file is empty")
		}
		return io.EOF
	}
	r.text = text{open: true, start: start, seen: map[string]bool{}}
	r.text.line, r.text.col = r.src.place(start)
	_, err := r.token()
	return err
}

// The members that must not stand in a FeatureCollection, for they would change what it is (RFC 7946, 7.1).
var notInCollection = map[string]bool{"coordinates": true, "geometries": true, "geometry": true, "properties": true}

// member reads one member of the top-level object. done says that the object ended; one that turned out to be
// no FeatureCollection has then been read to its end and is still in the window.
func (r *Reader) member() (done bool, err error) {
	t := &r.text
	if t.index > 0 || t.typ == collection { // surely a collection: nothing is read twice
		r.src.advance(r.offset())
		r.allow(r.opts.MaxFeature)
	}
	tok, err := r.token()
	if err != nil {
		return false, err
	}
	if tok.Kind() == jsontext.KindEndObject {
		return true, r.end()
	}
	name := tok.String()
	at := r.src.start(r.offset()) // of the value, or the colon before it: near enough
	if t.seen[name] {
		return false, r.fault(at, clip(name), "the member appears twice")
	}
	t.seen[name] = true
	if name == "features" && (t.typ == collection || t.typ == "") {
		switch kind := r.dec.PeekKind(); kind {
		case jsontext.KindBeginArray:
			t.inFeatures = true
			_, err = r.token()
			return false, err
		case jsontext.KindInvalid:
			_, err = r.token()
			return false, err
		default:
			return false, r.fault(at, "features", "must be an array, is "+kindName(kind))
		}
	}
	value, err := r.value()
	if err != nil {
		return false, err
	}
	switch name {
	case "type":
		if value.Kind() != jsontext.KindString {
			return false, r.fault(at, "type", "must be a string, is "+kindName(value.Kind()))
		}
		text, _ := jsontext.AppendUnquote(nil, value)
		t.typ = string(text)
		if !knownType(t.typ) {
			return false, r.fault(at, "type", fmt.Sprintf("%q is not a GeoJSON type (the names are case-sensitive)", clip(t.typ)))
		}
	case "crs":
		if reason := checkCRS(value); reason != "" && !r.opts.AnySystem {
			return false, r.fault(at, "crs", reason)
		}
	case "bbox":
		if reason := checkBBox(value); reason != "" {
			return false, r.fault(at, "bbox", reason)
		}
	}
	return false, nil
}

// end checks a top-level object of which everything has been read.
func (r *Reader) end() error {
	t := &r.text
	t.open = false
	switch {
	case t.typ == "":
		return r.fault(t.start, "type", "is missing: every GeoJSON object has one")
	case t.typ == collection && !t.seen["features"]:
		return r.fault(t.start, "features", "is missing: a FeatureCollection has one")
	case t.typ != collection && t.index > 0:
		return r.fault(t.start, "type", fmt.Sprintf("must be FeatureCollection where there are features, is %s", t.typ))
	case t.typ != collection:
		return nil
	}
	for name := range notInCollection {
		if t.seen[name] {
			return r.fault(t.start, name, "may not stand in a FeatureCollection: it would change what the object is")
		}
	}
	return nil
}

// element reads one feature of a collection.
func (r *Reader) element() (feature.Feature, error) {
	r.src.advance(r.offset())
	r.allow(r.opts.MaxFeature)
	raw, err := r.value()
	if err != nil {
		return feature.Feature{}, err
	}
	field := fmt.Sprintf("features[%d]", r.text.index)
	r.text.index++
	return r.parse(raw, r.offset()-int64(len(raw)), field, false)
}

// single reads a top-level object that is no collection.
func (r *Reader) single() (feature.Feature, error) {
	return r.parse(r.src.bytes(r.text.start, r.offset()), r.text.start, "", r.text.typ != "Feature")
}

// parse makes a row of raw, which begins at offset.
func (r *Reader) parse(raw []byte, offset int64, prefix string, bare bool) (feature.Feature, error) {
	r.rows++
	source := fmt.Sprintf("feature %d", r.rows)
	var f feature.Feature
	var bad *fault
	if bare {
		f, bad = parseGeometry(raw)
	} else {
		f, bad = parseFeature(raw)
	}
	if bad == nil {
		f.Source = source
		return f, nil
	}
	row := &feature.RowError{Source: source, ID: f.ID, Field: join(prefix, bad.field), Reason: bad.reason, At: bad.at}
	row.Line, row.Column = r.src.place(offset + bad.offset)
	return feature.Feature{}, row
}

func (r *Reader) offset() int64 { return r.dec.InputOffset() + r.src.bom }

// allow lets the decoder read n bytes past what it has consumed.
func (r *Reader) allow(n int) { r.src.limit = r.offset() + int64(n) + maxMember }

func (r *Reader) token() (jsontext.Token, error) {
	tok, err := r.dec.ReadToken()
	if err != nil {
		return tok, r.broken(err)
	}
	return tok, nil
}

func (r *Reader) value() (jsontext.Value, error) {
	v, err := r.dec.ReadValue()
	if err != nil {
		return nil, r.broken(err)
	}
	return v, nil
}

// fault is an error of the whole file at offset.
func (r *Reader) fault(offset int64, field, reason string) error {
	e := &feature.FileError{Field: field, Reason: reason, Offset: offset}
	if e.Line, e.Column = r.src.place(offset); offset == r.text.start && r.text.line > 0 {
		e.Line, e.Column = r.text.line, r.text.col // may have left the window
	}
	return e
}

// broken turns an error of the decoder into one with its place.
func (r *Reader) broken(err error) error {
	var syntax *jsontext.SyntacticError
	field := pathOf(r.dec.StackPointer())
	switch {
	case errors.Is(err, errTooLarge):
		return r.fault(r.offset(), field, fmt.Sprintf("is larger than %d bytes", r.opts.MaxFeature))
	case r.src.err != nil && r.src.err != io.EOF && r.src.err != io.ErrUnexpectedEOF:
		e := r.fault(r.src.end(), "", "cannot be read on: "+r.src.err.Error()).(*feature.FileError)
		e.Err = r.src.err
		return e
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e := r.fault(r.src.end(), field, fmt.Sprintf("the file is cut off after %d whole features", r.rows)).(*feature.FileError)
		e.Err = io.ErrUnexpectedEOF
		return e
	case errors.As(err, &syntax):
		reason := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
		if strings.Contains(reason, "UTF-8") {
			reason = "is not UTF-8; save the file in that encoding"
		} else {
			reason = "is not JSON: " + reason
		}
		e := r.fault(syntax.ByteOffset+r.src.bom, pathOf(syntax.JSONPointer), reason).(*feature.FileError)
		e.Err = err
		return e
	default:
		return fmt.Errorf("read GeoJSON: %w", err)
	}
}
