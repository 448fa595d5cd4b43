package osm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
	"github.com/paulmach/osm/osmxml"

	"wangge/load/feature"
)

// scope says which elements a scan is for, so that PBF can pass over the others undecoded.
type scope int

const (
	scanAll scope = iota
	scanNodes
	scanWays
)

// scan reads the file once and calls each for every element of the scope, and perhaps for others.
func (r *Reader) scan(ctx context.Context, s scope, each func(osm.Object) error) error {
	r.scans.Add(1)
	file, err := r.open()
	if err != nil {
		return err
	}
	defer file.Close()
	head := bufio.NewReaderSize(file, 64<<10)
	start, err := head.Peek(4096)
	if err != nil && err != io.EOF {
		return &feature.FileError{Reason: "cannot be read: " + err.Error(), Offset: -1, Err: err}
	}
	var scanner osm.Scanner
	isPBF := IsPBF(start)
	if isPBF {
		pbf := osmpbf.New(ctx, &wholeBlocks{r: head}, min(4, runtime.GOMAXPROCS(0)))
		pbf.SkipNodes = s == scanWays
		pbf.SkipWays = s == scanNodes
		pbf.SkipRelations = s != scanAll
		scanner = pbf
	} else {
		if root := Root(start); root != "osm" {
			return &feature.FileError{Reason: notOSM(root), Offset: 0}
		}
		scanner = osmxml.New(ctx, head)
	}
	defer scanner.Close()
	for scanner.Scan() {
		o := scanner.Object()
		if !isPBF {
			markVisible(o)
		}
		if err := each(o); err != nil {
			return err
		}
	}
	return scanError(scanner.Err())
}

func notOSM(root string) string {
	switch root {
	case "":
		return "is neither OSM XML nor PBF"
	case "osmChange":
		return "is a list of changes (osmChange), not a map"
	default:
		return fmt.Sprintf("is XML, but <%s> instead of <osm>", root)
	}
}

// markVisible undoes that osmxml takes a missing visible attribute for "deleted": only files with history have
// deleted elements, most programs leave the attribute out. osmpbf gets it right.
func markVisible(o osm.Object) {
	switch o := o.(type) {
	case *osm.Node:
		o.Visible = true
	case *osm.Way:
		o.Visible = true
	case *osm.Relation:
		o.Visible = true
	}
}

func scanError(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &syntax):
		reason := "is not XML: " + syntax.Msg
		if strings.Contains(syntax.Msg, "EOF") {
			reason = "the file is cut off"
		}
		return &feature.FileError{Reason: fmt.Sprintf("%s (line %d)", reason, syntax.Line), Offset: -1, Err: err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &feature.FileError{Reason: "the file is cut off", Offset: -1, Err: err}
	default:
		return &feature.FileError{Reason: "cannot be read: " + err.Error(), Offset: -1, Err: err}
	}
}

// wholeBlocks turns the end of a PBF file within a block into an error: osmpbf takes it for the end of the file
// where it falls between a block's length, header and body. It reads the 4 bytes of the length by themselves,
// and no header or body is as short as that.
type wholeBlocks struct{ r io.Reader }

func (w *wholeBlocks) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if n == 0 && err == io.EOF && len(p) != 4 {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// IsPBF reports whether a file begins as OSM PBF: the length of a block header, then its type.
func IsPBF(start []byte) bool {
	return len(start) > 15 && start[0] == 0 && bytes.Contains(start[4:min(len(start), 32)], []byte("OSMHeader"))
}

// Root returns the name of the root element of what may be XML, or "".
func Root(start []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(start))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		tok, err := dec.Token()
		if err != nil {
			return ""
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return tok.Name.Local
		case xml.CharData:
			if len(bytes.TrimSpace(bytes.TrimPrefix(tok, []byte("\ufeff")))) > 0 {
				return ""
			}
		}
	}
}
