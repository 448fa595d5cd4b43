package geojson

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/paulmach/orb"

	"wangge/geo/shape"
	"wangge/load/feature"
)

const collection = "FeatureCollection"

func knownType(name string) bool {
	switch name {
	case collection, "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
		"GeometryCollection":
		return true
	}
	return false
}

// fault is what is wrong with one feature. offset counts bytes from the beginning of the feature.
type fault struct {
	field, reason string
	at            *orb.Point
	offset        int64
}

// member is one name and value of an object.
type member struct {
	value  jsontext.Value
	offset int64
}

// members splits an object. Names that appear twice anywhere within it are a fault.
func members(raw []byte) (map[string]member, *fault) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw))
	if kind := dec.PeekKind(); kind != jsontext.KindBeginObject {
		return nil, &fault{reason: "must be an object, is " + kindName(kind)}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, syntaxFault(err)
	}
	all := map[string]member{}
	for dec.PeekKind() != jsontext.KindEndObject {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, syntaxFault(err)
		}
		name := tok.String()
		value, err := dec.ReadValue()
		if err != nil {
			return nil, syntaxFault(err)
		}
		end := dec.InputOffset()
		start := end - int64(len(value))
		all[name] = member{value: raw[start:end], offset: start} // a slice of raw: the decoder may reuse its own
	}
	return all, nil
}

func syntaxFault(err error) *fault {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return &fault{reason: err.Error()}
	}
	f := &fault{field: pathOf(syntax.JSONPointer), offset: syntax.ByteOffset}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		f.reason = "the member appears twice"
	} else {
		f.reason = "is not JSON: " + strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
	}
	return f
}

// parseFeature reads a Feature object.
func parseFeature(raw []byte) (feature.Feature, *fault) {
	var f feature.Feature
	all, bad := members(raw)
	if bad != nil {
		return f, bad
	}
	if typ, bad := typeOf(all); bad != nil {
		return f, bad
	} else if typ != "Feature" {
		return f, &fault{field: "type", offset: all["type"].offset,
			reason: fmt.Sprintf("must be \"Feature\", is %q (the names are case-sensitive)", clip(typ))}
	}
	for _, name := range []string{"coordinates", "geometries", "features"} {
		if m, ok := all[name]; ok {
			return f, &fault{field: name, offset: m.offset, reason: "may not stand in a Feature: it would change what the object is"}
		}
	}
	if m, ok := all["id"]; ok {
		switch m.value.Kind() {
		case jsontext.KindString:
			text, _ := jsontext.AppendUnquote(nil, m.value)
			f.ID = string(text)
		case jsontext.KindNumber:
			f.ID = string(m.value)
		case jsontext.KindNull: // as much as none
		default:
			return f, &fault{field: "id", offset: m.offset, reason: "must be a string or a number, is " + kindName(m.value.Kind())}
		}
	}
	if m, ok := all["bbox"]; ok {
		if reason := checkBBox(m.value); reason != "" {
			return f, &fault{field: "bbox", offset: m.offset, reason: reason}
		}
	}
	m, ok := all["properties"]
	switch {
	case !ok:
		return f, &fault{field: "properties", reason: "is missing: a Feature has the member, null where there are none"}
	case m.value.Kind() == jsontext.KindBeginObject:
		v, bad := value(jsontext.NewDecoder(bytes.NewBuffer(m.value)))
		if bad != nil {
			bad.field, bad.offset = join("properties", bad.field), m.offset+bad.offset
			return f, bad
		}
		f.Properties, _ = v.(map[string]any)
	case m.value.Kind() != jsontext.KindNull:
		return f, &fault{field: "properties", offset: m.offset, reason: "must be an object or null, is " + kindName(m.value.Kind())}
	}
	m, ok = all["geometry"]
	switch {
	case !ok:
		return f, &fault{field: "geometry", reason: "is missing: a Feature has the member, null where there is no place"}
	case m.value.Kind() != jsontext.KindNull:
		g, err := shape.ParseGeoJSON(m.value)
		if err != nil {
			bad := geometryFault(m.value, err)
			bad.field, bad.offset = join("geometry", bad.field), m.offset+bad.offset
			return f, bad
		}
		f.Geometry = g
	}
	return f, nil
}

// parseGeometry reads a geometry that stands for itself.
func parseGeometry(raw []byte) (feature.Feature, *fault) {
	g, err := shape.ParseGeoJSON(raw)
	if err != nil {
		return feature.Feature{}, geometryFault(raw, err)
	}
	return feature.Feature{Geometry: g}, nil
}

func geometryFault(raw []byte, err error) *fault {
	var parse *shape.ParseError
	if errors.As(err, &parse) {
		return &fault{field: parse.Path, reason: parse.Reason, at: parse.At, offset: locate(raw, parse.Path)}
	}
	return &fault{reason: err.Error()}
}

// locate is where in raw the value with the path stands, so that an editor can jump to it; 0 where there is none.
func locate(raw []byte, path string) int64 {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw))
	for path != "" {
		tok, err := dec.ReadToken()
		if err != nil {
			return 0
		}
		// A name has the pointer of its value; the value comes next.
		if kind, n := dec.StackIndex(dec.StackDepth()); kind == jsontext.KindBeginObject && n%2 == 1 {
			continue
		}
		if tok.Kind() != jsontext.KindEndArray && tok.Kind() != jsontext.KindEndObject && pathOf(dec.StackPointer()) == path {
			end := dec.InputOffset()
			switch tok.Kind() {
			case jsontext.KindString, jsontext.KindNumber:
				return end - 1 // its last character: the token does not know how long it was
			default:
				return end - int64(len(tok.String()))
			}
		}
	}
	return 0
}

func typeOf(all map[string]member) (string, *fault) {
	m, ok := all["type"]
	if !ok {
		return "", &fault{field: "type", reason: "is missing: every GeoJSON object has one"}
	}
	if m.value.Kind() != jsontext.KindString {
		return "", &fault{field: "type", offset: m.offset, reason: "must be a string, is " + kindName(m.value.Kind())}
	}
	text, _ := jsontext.AppendUnquote(nil, m.value)
	return string(text), nil
}

// value reads the next JSON value as feature.Feature.Properties holds it. The depth is bounded by jsontext (10,000).
func value(dec *jsontext.Decoder) (any, *fault) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, syntaxFault(err)
	}
	switch tok.Kind() {
	case jsontext.KindNull:
		return nil, nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return tok.Bool(), nil
	case jsontext.KindString:
		return tok.String(), nil
	case jsontext.KindNumber:
		v, ok := feature.Number(tok.String())
		if !ok {
			return nil, &fault{field: pathOf(dec.StackPointer()), offset: dec.InputOffset(), reason: "the number is too large"}
		}
		return v, nil
	case jsontext.KindBeginArray:
		list := []any{}
		for dec.PeekKind() != jsontext.KindEndArray {
			v, bad := value(dec)
			if bad != nil {
				return nil, bad
			}
			list = append(list, v)
		}
		_, err = dec.ReadToken()
		return list, endFault(err)
	default:
		object := map[string]any{}
		for dec.PeekKind() != jsontext.KindEndObject {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, syntaxFault(err)
			}
			key := name.String()
			v, bad := value(dec)
			if bad != nil {
				return nil, bad
			}
			object[key] = v
		}
		_, err = dec.ReadToken()
		return object, endFault(err)
	}
}

func endFault(err error) *fault {
	if err != nil {
		return syntaxFault(err)
	}
	return nil
}

// checkBBox returns what is wrong with a bbox, or "".
func checkBBox(raw jsontext.Value) string {
	if raw.Kind() != jsontext.KindBeginArray {
		return "must be an array of 4 or 6 numbers, is " + kindName(raw.Kind())
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw))
	_, err := dec.ReadToken()
	n := 0
	for ; err == nil && dec.PeekKind() != jsontext.KindEndArray; n++ {
		if kind := dec.PeekKind(); kind != jsontext.KindNumber {
			return "must hold numbers only, holds " + kindName(kind)
		}
		_, err = dec.ReadToken()
	}
	if n != 4 && n != 6 {
		return fmt.Sprintf("must have 4 or 6 numbers, has %d", n)
	}
	return ""
}

// checkCRS returns what is wrong with a "crs" member, or "". RFC 7946 took the member out, many programs still
// write it. WGS 84 and CGCS2000 are equal for our purposes, and programs that name EPSG:4326 or EPSG:4490 here
// write longitude first all the same.
func checkCRS(raw jsontext.Value) string {
	const help = "name the system on the command line, --crs epsg:N"
	if raw.Kind() == jsontext.KindNull {
		return "says that the system is unknown; " + help
	}
	all, bad := members(raw)
	if bad != nil {
		return "is not understood; " + help
	}
	properties, bad := members(all["properties"].value)
	if bad != nil || properties["name"].value.Kind() != jsontext.KindString {
		return "does not name a system; " + help
	}
	text, _ := jsontext.AppendUnquote(nil, properties["name"].value)
	switch name := strings.ToLower(string(text)); name {
	case "urn:ogc:def:crs:ogc:1.3:crs84", "urn:ogc:def:crs:ogc::crs84", "ogc:crs84", "crs84",
		"urn:ogc:def:crs:epsg::4326", "epsg:4326", "urn:ogc:def:crs:epsg::4490", "epsg:4490":
		return ""
	default:
		return fmt.Sprintf("%q is neither WGS 84 nor CGCS2000 in degrees; %s", clip(string(text)), help)
	}
}

// pathOf writes a JSON pointer, "/features/3/geometry", as features[3].geometry.
func pathOf(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if token != "" && strings.Trim(token, "0123456789") == "" {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(clip(token))
	}
	return b.String()
}

func join(prefix, field string) string {
	if prefix == "" || field == "" || field[0] == '[' {
		return prefix + field
	}
	return prefix + "." + field
}

// clip keeps a hostile name from filling the report.
func clip(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	default:
		return "nothing that is JSON"
	}
}
