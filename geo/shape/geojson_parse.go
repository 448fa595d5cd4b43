package shape

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/coord"
)

// MaxPoints is the largest number of positions in one geometry that ParseGeoJSON reads. The outlines of
// whole countries have fewer; what has more is a mistake or an attack on memory.
const MaxPoints = 2_000_000

// ParseError says what is wrong with a geometry, and where.
type ParseError struct {
	Path   string     // from the geometry object: "coordinates[0][3][1]", "geometries[2].type"; empty is the object itself
	Reason string     // what is wrong there
	At     *orb.Point // the position at fault, longitude and latitude, where one could be read
	Err    error      // the cause where it has a type of its own: *coord.RangeError, *coord.OutsideError
}

// Unwrap gives errors.As the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// Error is path, reason and position in one line.
func (e *ParseError) Error() string {
	var b strings.Builder
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	if e.At != nil {
		fmt.Fprintf(&b, " (at %v, %v)", e.At[0], e.At[1])
	}
	return b.String()
}

// under puts step, "[3]" or "geometries[3]", before the path, as the parser comes back up.
func (e *ParseError) under(step string) *ParseError {
	switch {
	case e.Path == "":
		e.Path = step
	case e.Path[0] == '[':
		e.Path = step + e.Path
	default:
		e.Path = step + "." + e.Path
	}
	return e
}

func wrong(format string, args ...any) *ParseError {
	return &ParseError{Reason: fmt.Sprintf(format, args...)}
}

// ParseGeoJSON reads one GeoJSON geometry object (RFC 7946, section 3.1): longitude first, degrees, in
// whatever system the caller knows it to be in. Every error is a *ParseError.
//
// It is strict, since what it lets through is stored: member names appear once, types are spelled exactly,
// a position has 2 or 3 numbers (the third, a height, is dropped) and lies on Earth, a line has 2 positions
// or more, a ring 4 or more with the last equal to the first, a bbox 4 or 6 numbers, collections are not
// nested, nothing is empty, members of other GeoJSON objects ("features", "properties" …) are refused, and a
// "crs" member, which RFC 7946 took out, must name longitude and latitude in degrees. Other foreign members
// are ignored. More than MaxPoints positions are refused. Whether rings cross themselves is not looked at.
func ParseGeoJSON(raw []byte) (orb.Geometry, error) {
	if err := checkSyntax(raw); err != nil {
		return nil, err
	}
	c := &cursor{data: raw}
	g, err := c.geometry(false)
	if err != nil {
		return nil, err
	}
	return g, nil
}

// cursor walks JSON whose syntax is known to be right, so that it need only tell values apart.
type cursor struct {
	data   []byte
	pos    int
	points int
}

// next returns the first byte of the next value or delimiter, and leaves it unread.
func (c *cursor) next() byte {
	for {
		switch b := c.data[c.pos]; b {
		case ' ', '\t', '\r', '\n':
			c.pos++
		default:
			return b
		}
	}
}

// kind names the next value for an error.
func (c *cursor) kind() string {
	switch c.next() {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// array calls each at every element; each must read it whole.
func (c *cursor) array(of string, each func(i int) *ParseError) *ParseError {
	if c.next() != '[' {
		return wrong("must be an array of %s, is %s", of, c.kind())
	}
	c.pos++
	for i := 0; ; i++ {
		if c.next() == ']' {
			c.pos++
			return nil
		}
		if err := each(i); err != nil {
			return err.under("[" + strconv.Itoa(i) + "]")
		}
		if c.next() == ',' {
			c.pos++
		}
	}
}

func (c *cursor) number() (float64, *ParseError) {
	if b := c.next(); b != '-' && (b < '0' || b > '9') {
		return 0, wrong("must be a number, is %s", c.kind())
	}
	start := c.pos
	for c.pos < len(c.data) && strings.IndexByte("+-.0123456789eE", c.data[c.pos]) >= 0 {
		c.pos++
	}
	v, err := strconv.ParseFloat(string(c.data[start:c.pos]), 64)
	if err != nil { // the syntax is right, so it is too large for a float64
		return 0, wrong("%s is not a finite number", clip(c.data[start:c.pos]))
	}
	return v, nil
}

// str reads a string. The caller has seen the quotation mark.
func (c *cursor) str() string {
	start := c.pos
	c.skipString()
	var s string
	if err := json.Unmarshal(c.data[start:c.pos], &s); err != nil {
		return string(c.data[start:c.pos]) // cannot be: the syntax has been checked
	}
	return s
}

func (c *cursor) skipString() {
	for c.pos++; c.data[c.pos] != '"'; c.pos++ {
		if c.data[c.pos] == '\\' {
			c.pos++
		}
	}
	c.pos++
}

// skip passes over one value and returns its text. It counts brackets instead of calling itself, so that
// depth costs no stack.
func (c *cursor) skip() []byte {
	c.next()
	start, depth := c.pos, 0
	for {
		switch c.next() {
		case '{', '[':
			depth++
			c.pos++
		case '}', ']':
			depth--
			c.pos++
		case ',', ':':
			c.pos++
		case '"':
			c.skipString()
		default:
			for c.pos < len(c.data) && strings.IndexByte(" \t\r\n,]}", c.data[c.pos]) < 0 {
				c.pos++
			}
		}
		if depth == 0 {
			return c.data[start:c.pos]
		}
	}
}

// geometry reads an object. Members come in any order, so the value of coordinates waits until type is known.
func (c *cursor) geometry(inCollection bool) (orb.Geometry, *ParseError) {
	if c.next() != '{' {
		return nil, wrong("must be a geometry object, is %s", c.kind())
	}
	c.pos++
	at := map[string]int{} // where the value of each member begins
	for c.next() != '}' {
		if c.next() == ',' {
			c.pos++
			c.next()
		}
		name := c.str()
		if _, again := at[name]; again {
			return nil, wrong("member %s appears twice", clip([]byte(name)))
		}
		c.next()
		c.pos++ // the colon
		c.next()
		at[name] = c.pos
		c.skip()
	}
	c.pos++
	end := c.pos

	typ, err := c.typeName(at, inCollection)
	if err != nil {
		return nil, err
	}
	if err := c.members(at, typ); err != nil {
		return nil, err
	}
	content := "coordinates"
	if typ == "GeometryCollection" {
		content = "geometries"
	}
	c.pos = at[content]
	g, err := c.content(typ)
	if err != nil {
		return nil, err.under(content)
	}
	c.pos = end
	return g, nil
}

func (c *cursor) typeName(at map[string]int, inCollection bool) (string, *ParseError) {
	pos, ok := at["type"]
	if !ok {
		return "", wrong("has no type")
	}
	c.pos = pos
	if c.next() != '"' {
		return "", wrong("must be a string, is %s", c.kind()).under("type")
	}
	typ := c.str()
	switch typ {
	case "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon":
	case "GeometryCollection":
		if inCollection {
			return "", wrong("a GeometryCollection within a GeometryCollection is refused").under("type")
		}
	case "Feature", "FeatureCollection":
		return "", wrong("%s is not a geometry", typ).under("type")
	default:
		return "", wrong("%q is not a GeoJSON geometry type (the names are case-sensitive)", clip([]byte(typ))).under("type")
	}
	return typ, nil
}

// members checks everything in a geometry object but its type and content.
func (c *cursor) members(at map[string]int, typ string) *ParseError {
	content, other := "coordinates", "geometries"
	if typ == "GeometryCollection" {
		content, other = other, content
	}
	if _, ok := at[content]; !ok {
		return wrong("%s has no %s", typ, content)
	}
	for _, name := range []string{other, "geometry", "properties", "features"} {
		if _, ok := at[name]; ok {
			return wrong("%s may not have a member %q: it belongs to another kind of GeoJSON object", typ, name).under(name)
		}
	}
	if pos, ok := at["bbox"]; ok {
		c.pos = pos
		n := 0
		err := c.array("4 or 6 numbers", func(int) *ParseError {
			n++
			_, err := c.number()
			return err
		})
		if err == nil && n != 4 && n != 6 {
			err = wrong("must have 4 or 6 numbers, has %d", n)
		}
		if err != nil {
			return err.under("bbox")
		}
	}
	if pos, ok := at["crs"]; ok {
		c.pos = pos
		return checkCRS(c.skip())
	}
	return nil
}

// checkCRS refuses a crs member (GeoJSON of 2008) that says the numbers are anything but longitude and latitude.
// null says nothing, and the datum is the caller's business: WGS 84 and CGCS2000 pass.
func checkCRS(raw []byte) *ParseError {
	var crs *struct{ Properties struct{ Name string } }
	if err := json.Unmarshal(raw, &crs); err != nil {
		return wrong("is not an object with properties.name").under("crs")
	}
	if crs == nil {
		return nil
	}
	name := crs.Properties.Name
	for _, known := range []string{"CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490"} {
		if strings.HasSuffix(name, known) {
			return nil
		}
	}
	return wrong("%q is not longitude and latitude in degrees; convert the file first", clip([]byte(name))).under("crs")
}

func (c *cursor) content(typ string) (orb.Geometry, *ParseError) {
	switch typ {
	case "Point":
		p, err := c.position()
		return p.xy, err
	case "MultiPoint":
		ps, err := c.positions(1)
		return orb.MultiPoint(ps), err
	case "LineString":
		ps, err := c.positions(2)
		return orb.LineString(ps), err
	case "MultiLineString":
		return list[orb.MultiLineString](c, "lines", func() (orb.LineString, *ParseError) {
			ps, err := c.positions(2)
			return ps, err
		})
	case "Polygon":
		return c.polygon()
	case "MultiPolygon":
		return list[orb.MultiPolygon](c, "polygons", c.polygon)
	default: // GeometryCollection: typeName lets no other through
		return list[orb.Collection](c, "geometries", func() (orb.Geometry, *ParseError) { return c.geometry(true) })
	}
}

// list reads an array of one element or more.
func list[S ~[]E, E any](c *cursor, of string, read func() (E, *ParseError)) (S, *ParseError) {
	var all S
	err := c.array(of, func(int) *ParseError {
		e, err := read()
		all = append(all, e)
		return err
	})
	if err == nil && len(all) == 0 {
		err = wrong("is empty; a thing without a place has the geometry null")
	}
	return all, err
}

func (c *cursor) polygon() (orb.Polygon, *ParseError) {
	return list[orb.Polygon](c, "rings", c.ring)
}

// position is a place as written, with its height, so that a ring's ends can be compared in full.
type position struct {
	xy   orb.Point
	z    float64
	dims int
}

func (c *cursor) position() (position, *ParseError) {
	var p position
	var v [3]float64
	err := c.array("2 or 3 numbers", func(i int) *ParseError {
		if i == len(v) {
			return wrong("a position has 2 or 3 numbers, this one has more")
		}
		n, err := c.number()
		if err == nil {
			v[i], p.dims = n, i+1
		}
		return err
	})
	p.xy, p.z = orb.Point{v[0], v[1]}, v[2]
	switch {
	case err != nil:
		if p.dims >= 2 {
			err.At = &orb.Point{v[0], v[1]}
		}
		return p, err
	case p.dims < 2:
		return p, wrong("a position has 2 or 3 numbers, this one has %d", p.dims)
	}
	if bad := coord.CheckWorld(v[0], v[1]); bad != nil {
		return p, &ParseError{Reason: bad.Error(), At: &orb.Point{v[0], v[1]}, Err: bad}
	}
	if c.points++; c.points > MaxPoints {
		return p, wrong("has more than %d positions", MaxPoints)
	}
	return p, nil
}

func (c *cursor) positions(least int) ([]orb.Point, *ParseError) {
	ps, _, _, err := c.walk(least)
	return ps, err
}

// walk reads positions and also returns the first and the last of them as they were written.
func (c *cursor) walk(least int) (ps []orb.Point, first, last position, err *ParseError) {
	err = c.array("positions", func(i int) *ParseError {
		p, err := c.position()
		if err != nil {
			return err
		}
		if i == 0 {
			first = p
		}
		last = p
		ps = append(ps, p.xy)
		return nil
	})
	if err == nil && len(ps) < least {
		err = wrong("needs at least %d positions, has %d", least, len(ps))
		if len(ps) > 0 {
			err.At = &ps[0]
		}
	}
	return ps, first, last, err
}

func (c *cursor) ring() (orb.Ring, *ParseError) {
	ps, first, last, err := c.walk(4)
	if err != nil {
		return nil, err
	}
	if first != last {
		err := wrong("ring is not closed: it begins at %v, %v and its last position differs", first.xy[0], first.xy[1])
		if first.xy == last.xy {
			err = wrong("ring is not closed: its first and last position differ in height")
		}
		err.At = &last.xy
		return nil, err.under("[" + strconv.Itoa(len(ps)-1) + "]")
	}
	return ps, nil
}

// checkSyntax returns nil for valid JSON, or an error with the path at which it breaks.
func checkSyntax(raw []byte) error {
	if json.Valid(raw) {
		return nil
	}
	var bad *json.SyntaxError
	if err := json.Unmarshal(raw, new(json.RawMessage)); !errors.As(err, &bad) {
		return wrong("is not JSON: %v", err)
	}
	path := pathTo(raw, bad.Offset)
	rest := raw[max(0, min(int(bad.Offset)-1, len(raw))):]
	for _, word := range []string{"NaN", "Infinity", "nan", "inf"} {
		if bytes.HasPrefix(rest, []byte(word)) || bytes.HasPrefix(rest, []byte(word[1:])) && bytes.HasSuffix(raw[:len(raw)-len(rest)], []byte(word[:1])) {
			return &ParseError{Path: path, Reason: word + " is not a finite number, nor JSON"}
		}
	}
	return &ParseError{Path: path, Reason: fmt.Sprintf("is not JSON: %v, at byte %d", bad, bad.Offset)}
}

// pathTo names the value in which raw breaks at offset, by reading tokens until the reader stumbles.
func pathTo(raw []byte, offset int64) string {
	type level struct {
		array bool
		index int
		name  string
		isKey bool // within an object: the next string is a name
	}
	var stack []level
	dec := json.NewDecoder(io.LimitReader(bytes.NewReader(raw), offset))
	dec.UseNumber()
	for {
		tok, err := dec.Token()
		if err != nil {
			break
		}
		if n := len(stack); n > 0 {
			if d, ok := tok.(json.Delim); ok && (d == ']' || d == '}') {
				stack = stack[:n-1]
				if n = len(stack); n == 0 {
					break
				}
			}
		}
		if d, ok := tok.(json.Delim); ok && (d == '[' || d == '{') {
			stack = append(stack, level{array: d == '[', isKey: d == '{'})
			continue
		}
		if n := len(stack); n > 0 {
			top := &stack[n-1]
			switch {
			case top.array:
				top.index++
			case top.isKey:
				top.name, _ = tok.(string)
				top.isKey = false
			default:
				top.isKey, top.name = true, ""
			}
		}
	}
	e := &ParseError{}
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].array {
			e.under("[" + strconv.Itoa(stack[i].index) + "]")
		} else if stack[i].name != "" {
			e.under(clip([]byte(stack[i].name)))
		}
	}
	return e.Path
}

// clip keeps a hostile name or number from filling the log.
func clip(b []byte) string {
	const most = 40
	if len(b) > most {
		return strings.ToValidUTF8(string(b[:most]), "") + "…"
	}
	return string(b)
}
