package graph

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/graph/node"
)

// writer executes an operation: it resolves its fields in turn and writes what they answer straight into one text. All
// that takes time was loaded by the plan before, so that nothing would gain by running at once. Its methods for the
// objects and types of the schema are generated (written.go); what they answer is what gqlgen's executor answers,
// which tests hold.
//
// The methods for values return false where a value that may not be null is; the error is noted by then. What was
// written since is then dropped by the object or list around it.
type writer struct {
	ctx   context.Context // of the operation
	op    *operation
	ec    *executionContext
	buf   []byte
	path  []step
	read  []map[string]any // arguments by chosen.args, once they were read
	asked node.Asked
}

// step is a field, or an entry of a list where field is nil.
type step struct {
	field *chosen
	entry int
}

// arguments are those of a field, under the name that the generated code knows them by.
type arguments struct{ Args map[string]any }

// writers are kept with their buffers, unless these have become long.
var writers = sync.Pool{New: func() any { return &writer{} }}

const longBuffer = 2 << 20 // bytes

// execute answers an operation: an object of JSON with its data and, where there are any, extensions as they are
// written. The text is valid until release is called.
func (p *prepared) execute(ctx context.Context, ec *executionContext, extensions string) (text []byte, list gqlerror.List, release func()) {
	const head = `{"data":`
	w := writers.Get().(*writer)
	w.ctx, w.op, w.ec, w.asked.Context = ctx, operationOf(ctx), ec, ctx
	w.buf, w.path = append(w.buf[:0], head...), w.path[:0]
	w.read = slices.Grow(w.read[:0], p.withArgs)[:p.withArgs]
	clear(w.read)
	var ok bool
	switch p.root.typeName {
	case "Mutation":
		ok = w._Mutation(p.root)
	case "Subscription":
		ok = w.told(p.root, w.op.event)
	default:
		ok = w._Query(p.root)
	}
	if !ok {
		w.buf = append(w.buf[:len(head)], "null"...)
	}
	w.buf = append(append(w.buf, extensions...), "}\n"...)
	return w.buf, graphql.GetErrors(ctx), w.release
}

func (w *writer) release() {
	clear(w.path[:cap(w.path)])
	clear(w.read)
	if w.ctx, w.op, w.ec, w.asked = nil, nil, nil, (node.Asked{}); cap(w.buf) <= longBuffer {
		writers.Put(w)
	}
}

// Write implements io.Writer, for values that write themselves.
func (w *writer) Write(text []byte) (int, error) {
	w.buf = append(w.buf, text...)
	return len(text), nil
}

// full reports whether the answer has become longer than it may be. It is dropped then, so that what is answered from
// then on does not matter.
func (w *writer) full() bool {
	if len(w.buf) > maxAnswer {
		w.op.bytes.Add(maxAnswer) // what was written may be dropped before the end
	}
	return w.op.tooLong()
}

// root resolves a field of Query or Mutation with a context that says so. A panic in it, or in anything beneath it, is
// an error at its place, and the field is null.
func (w *writer) root(f *chosen, nonNull bool, read func(context.Context, map[string]any) (map[string]any, error),
	resolve func(context.Context, arguments) bool) (ok bool) {
	start, depth := len(w.buf), len(w.path)
	w.enter(f)
	defer func() {
		if reason := recover(); reason != nil {
			at := w.at()
			graphql.AddError(at, graphql.Recover(at, reason))
			w.buf = w.buf[:start]
			ok = w.null(nonNull)
		}
		w.path = w.path[:depth]
	}()
	fc := &graphql.FieldContext{Object: f.ObjectDefinition.Name, Field: f.field, IsMethod: true, IsResolver: true}
	ctx, err := w.op.guarded(graphql.WithFieldContext(w.ctx, fc), f)
	if err != nil {
		return w.fail(err, nonNull)
	}
	if read != nil {
		if fc.Args, err = readArguments(ctx, f.ArgumentMap(w.ec.Variables), read); err != nil {
			graphql.AddError(ctx, err)
			return w.null(nonNull)
		}
	}
	return resolve(ctx, arguments{fc.Args})
}

// told writes an event of the one field of Subscription that is asked for. A panic in it is an error at its place.
func (w *writer) told(sel *selection, e *event) (ok bool) {
	f, start, depth := &sel.fields[0], len(w.buf), len(w.path)
	w.enter(f)
	defer func() {
		if reason := recover(); reason != nil {
			at := w.at()
			graphql.AddError(at, graphql.Recover(at, reason))
			ok = false
		}
		w.path = w.path[:depth]
		ok = w.close(start, 1, ok)
	}()
	w.key(0, f)
	return e.write(w)
}

// readArguments reads the arguments of a root field but for those that are ready.
func readArguments(ctx context.Context, given map[string]any, read func(context.Context, map[string]any) (map[string]any, error)) (map[string]any, error) {
	lists := map[string]any{}
	for name, v := range given {
		if v, ok := v.(ready); ok {
			lists[name] = v.list
			delete(given, name) // it was made for this field
		}
	}
	args, err := read(ctx, given)
	if err == nil {
		maps.Copy(args, lists)
	}
	return args, err
}

// arguments reads those of a field, once for all objects. False: they cannot be read, which is noted.
func (w *writer) arguments(f *chosen, read func(context.Context, map[string]any) (map[string]any, error)) (arguments, bool) {
	if args := w.read[f.args]; args != nil {
		return arguments{args}, true
	}
	at := w.at()
	args, err := read(at, f.ArgumentMap(w.ec.Variables))
	if err != nil {
		graphql.AddError(at, err)
		return arguments{}, false
	}
	w.read[f.args] = args
	return arguments{args}, true
}

// asking is the context for a field of a node.
func (w *writer) asking(f *chosen) context.Context {
	w.asked.Field = f.Field
	return &w.asked
}

// at is the context of the field or entry that is written, as gqlgen would have it: it gives an error its path.
func (w *writer) at() context.Context {
	ctx := w.ctx
	for _, s := range w.path {
		fc := &graphql.FieldContext{}
		if s.field != nil {
			fc.Object, fc.Field = s.field.ObjectDefinition.Name, s.field.field
		} else {
			fc.Index = &s.entry
		}
		ctx = graphql.WithFieldContext(ctx, fc)
	}
	return ctx
}

func (w *writer) enter(f *chosen)  { w.path = append(w.path, step{field: f}) }
func (w *writer) enterEntry(i int) { w.comma(i); w.path = append(w.path, step{entry: i}) }
func (w *writer) leave()           { w.path = w.path[:len(w.path)-1] }

func (w *writer) comma(i int) {
	if i > 0 {
		w.buf = append(w.buf, ',')
	}
}

// key writes what stands before the i-th value of an object.
func (w *writer) key(i int, f *chosen) {
	if i == 0 {
		w.buf = append(w.buf, '{')
	} else {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, f.quoted...)
}

// close ends an object of n fields that began at start.
func (w *writer) close(start, n int, ok bool) bool {
	switch {
	case !ok:
		w.buf = w.buf[:start]
	case n == 0:
		w.buf = append(w.buf, "{}"...)
	default:
		w.buf = append(w.buf, '}')
	}
	return ok
}

// sample is how many entries of a list are written until it is told how long the others will be.
const sample = 16

// expect makes room for a list of n entries of which a sample was written from start on, so that the text is not copied again and
// again as it grows.
func (w *writer) expect(start, n int) {
	more := (len(w.buf) - start) / sample * (n - sample)
	w.buf = slices.Grow(w.buf, min(more+more/8, maxAnswer))
}

// closeList ends a list that began at start.
func (w *writer) closeList(start int, ok, nonNull bool) bool {
	if !ok {
		w.buf = w.buf[:start]
		return w.null(nonNull)
	}
	w.buf = append(w.buf, ']')
	return true
}

// null writes null where that may be.
func (w *writer) null(nonNull bool) bool {
	if nonNull {
		return false
	}
	w.buf = append(w.buf, "null"...)
	return true
}

// missing notes that a value is null that may not be, unless an error says why already.
func (w *writer) missing() bool {
	at := w.at()
	if !graphql.HasFieldError(at, graphql.GetFieldContext(at)) {
		graphql.AddErrorf(at, "the requested element is null which the schema does not allow")
	}
	return false
}

// fail notes a field's error.
func (w *writer) fail(err error, nonNull bool) bool {
	at := w.at()
	graphql.AddError(at, graphql.AddFieldLocationToError(at, err))
	return w.null(nonNull)
}

func (w *writer) marshal(v graphql.Marshaler) bool {
	v.MarshalGQL(w)
	return true
}

func (w *writer) text(s string) bool {
	w.buf = quote(w.buf, s)
	return true
}

func (w *writer) whole(n int) bool {
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	return true
}

func (w *writer) number(f float64) bool {
	w.buf = strconv.AppendFloat(w.buf, f, 'f', -1, 64)
	return true
}

func (w *writer) truth(b bool) bool {
	w.buf = strconv.AppendBool(w.buf, b)
	return true
}

// quote appends s as a string of JSON. What is not UTF-8 becomes U+FFFD.
func quote(out []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				out = append(append(out, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		out = append(out, s[from:i]...)
		switch c {
		case '\t':
			out = append(out, `\t`...)
		case '\r':
			out = append(out, `\r`...)
		case '\n':
			out = append(out, `\n`...)
		case '\\', '"':
			out = append(out, '\\', c)
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
		i++
		from = i
	}
	out = append(out, s[from:]...)
	return append(out, '"')
}
