package geojson

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

var errTooLarge = errors.New("geojson: too large")

// window passes bytes on and keeps those since the last advance, so that an error can be given its line, and a
// text that turned out to be no collection can be read as a whole.
type window struct {
	r     io.Reader
	buf   []byte
	head  int   // buf[:head] is forgotten
	base  int64 // offset of buf[head] in the file
	line  int   // of base, from 1
	bol   int64 // offset at which that line begins
	bom   int64 // bytes of the byte order mark, which the decoder never saw
	begun bool
	seq   bool  // RFC 8142: record separators are white space
	limit int64 // nothing is read past this offset
	err   error // the last error of r
}

func newWindow(r io.Reader) *window { return &window{r: r, line: 1} }

const (
	recordSeparator = 0x1e
	// readAhead bounds what lies in the window beyond the feature being read.
	readAhead = 64 << 10
)

func (w *window) Read(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		if err := w.mark(); err != nil {
			w.err = err
			return 0, err
		}
	}
	room := w.limit - w.end()
	if room <= 0 {
		return 0, errTooLarge
	}
	n, err := w.r.Read(p[:min(int64(len(p)), room, readAhead)])
	if err != nil {
		w.err = err
	}
	w.buf = append(w.buf, p[:n]...)
	if w.seq {
		for i, b := range p[:n] {
			if b == recordSeparator {
				p[i] = '\t' // white space between texts, refused within a string
			}
		}
	}
	return n, err
}

// mark looks at the first bytes for a byte order mark or a record separator.
func (w *window) mark() error {
	var head [3]byte
	n, err := io.ReadFull(w.r, head[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	switch {
	case n > 1 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff):
		return errors.New("it is UTF-16; save it as UTF-8")
	case n == 3 && head == [3]byte{0xef, 0xbb, 0xbf}:
		w.bom, w.base, w.bol = 3, 3, 3
		return nil
	}
	w.seq = n > 0 && head[0] == recordSeparator
	w.r = io.MultiReader(bytes.NewReader(head[:n]), w.r) // which says again how it ended
	return nil
}

func (w *window) end() int64 { return w.base + int64(len(w.buf)-w.head) }

// advance forgets what lies before offset.
func (w *window) advance(offset int64) {
	gone := w.bytes(w.base, offset)
	if i := bytes.LastIndexByte(gone, '\n'); i >= 0 {
		w.line += bytes.Count(gone, []byte{'\n'})
		w.bol = w.base + int64(i) + 1
	}
	w.head += len(gone)
	w.base += int64(len(gone))
	if w.head > len(w.buf)/2 { // moves each byte once on average
		w.buf = w.buf[:copy(w.buf, w.buf[w.head:])]
		w.head = 0
	}
}

// place is line and column of an offset that has not been forgotten.
func (w *window) place(offset int64) (line, column int) {
	before := w.bytes(w.base, offset)
	bol := w.bol
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		bol = w.base + int64(i) + 1
	}
	return w.line + bytes.Count(before, []byte{'\n'}), int(max(0, offset-bol)) + 1
}

// start is the offset of the first byte from offset on that is neither white space nor punctuation between values.
func (w *window) start(offset int64) int64 {
	for _, b := range w.bytes(offset, w.end()) {
		if strings.IndexByte(" \t\r\n,:\x1e", b) < 0 {
			break
		}
		offset++
	}
	return offset
}

func (w *window) bytes(from, to int64) []byte {
	from = min(max(from, w.base), w.end())
	to = min(max(to, from), w.end())
	at := w.head - int(w.base)
	return w.buf[at+int(from) : at+int(to)]
}
