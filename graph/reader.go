package graph

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// reader reads values out of a text that is valid JSON, straight into what the resolvers take. Its methods return false where a
// value does not surely fit: the variables are then decoded as any others are, and what is wrong is found there. The methods for
// inputs are generated (written.go).
type reader struct {
	text []byte
	at   int
	last any // value of an enum: the next is often the same
}

// listReader reads a list of inputs: a slice of pointers to them.
type listReader func(*reader) (any, bool)

// ready is the value of a variable as the resolver takes it.
type ready struct{ list any }

// peek is the first byte of the next value or mark; 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// skip takes one mark.
func (r *reader) skip(mark byte) bool {
	ok := r.peek() == mark
	r.at++
	return ok
}

// object reads an object, of whose members value reads each.
func (r *reader) object(value func(name []byte) bool) bool {
	if !r.skip('{') {
		return false
	}
	for first := true; r.peek() != '}'; first = false {
		if !first && !r.skip(',') {
			return false
		}
		name, ok := r.quoted()
		if !ok || !r.skip(':') || !value(name) {
			return false
		}
	}
	return r.skip('}')
}

// readList reads a list of objects.
func readList[T any](r *reader, one func(*T) bool) ([]*T, bool) {
	if !r.skip('[') {
		return nil, false
	}
	list := []*T{}
	var room []T // for the next ones: one piece of memory for many
	for r.peek() != ']' {
		if len(list) > 0 && !r.skip(',') {
			return nil, false
		}
		if len(room) == 0 {
			room = make([]T, min(max(len(list), 4), 512))
		}
		if !one(&room[0]) {
			return nil, false
		}
		list, room = append(list, &room[0]), room[1:]
	}
	return list, r.skip(']')
}

// quoted reads a string in which nothing is escaped.
func (r *reader) quoted() ([]byte, bool) {
	if !r.skip('"') {
		return nil, false
	}
	n := bytes.IndexByte(r.text[r.at:], '"')
	if n < 0 {
		return nil, false
	}
	text := r.text[r.at : r.at+n]
	r.at += n + 1
	return text, bytes.IndexByte(text, '\\') < 0
}

// number reads a Float.
func (r *reader) number(to *float64) bool {
	r.peek()
	from := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789Ee", r.text[r.at]) >= 0 {
		r.at++
	}
	digits := r.text[from:r.at]
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(digits), len(digits)), 64)
	*to = f
	return err == nil && !math.IsInf(f, 0)
}

func (r *reader) null() bool {
	const null = "null"
	if r.peek() != null[0] {
		return false
	}
	r.at += len(null)
	return true
}

func (r *reader) numberOrNull(to **float64) bool {
	if *to = nil; r.null() {
		return true
	}
	*to = new(float64)
	return r.number(*to)
}

func (r *reader) textOrNull(to **string) bool {
	if *to = nil; r.null() {
		return true
	}
	text, ok := r.quoted()
	s := string(text)
	*to = &s
	return ok
}

// enum reads one of the values that read knows.
func enum[T ~string](r *reader, to *T, read func(any) (T, error)) bool {
	name, ok := r.quoted()
	if last, same := r.last.(T); ok && same && string(name) == string(last) {
		*to = last
		return true
	}
	v, err := read(string(name))
	*to, r.last = v, v
	return ok && err == nil
}

// value reads any value as it stands.
func (r *reader) value() json.RawMessage {
	r.peek()
	from, depth := r.at, 0
	for ; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '"':
			for r.at++; r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
				if r.text[r.at] == '\\' {
					r.at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return r.text[from:r.at]
			}
			depth--
		case ',':
			if depth == 0 {
				return r.text[from:r.at]
			}
		}
	}
	return r.text[from:min(r.at, len(r.text))]
}
