package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/civil"
	"wangge/geo/coord"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"scalar.id", "This must be an id: a string or a whole number.", "此处应为 ID:字符串或整数。"},
	[3]string{"scalar.int", "This must be a whole number from -2147483648 to 2147483647.", "此处应为 -2147483648 到 2147483647 之间的整数。"},
	[3]string{"scalar.float", "This must be a finite number.", "此处应为有限的数值。"},
	[3]string{"scalar.string", "This must be a string without a NUL character.", "此处应为不含空字符的字符串。"},
	[3]string{"scalar.boolean", "This must be true or false.", "此处应为 true 或 false。"},
	[3]string{"scalar.dateTime", "This must be an instant with a time zone, such as 2026-03-01T08:00:00+08:00.", "此处应为带时区的时刻,例如 2026-03-01T08:00:00+08:00。"},
	[3]string{"scalar.date", "This must be a day, such as 2026-03-01.", "此处应为日期,例如 2026-03-01。"},
	[3]string{"scalar.enum", "{value} is none of {known}.", "{value} 不是 {known} 之一。"},
	[3]string{"scalar.geoJSON", "The geometry is wrong: {reason}.", "几何对象有误:{reason}。"},
)

func invalid(key string, args ...any) error { return fault.New(fault.Invalid, "", key, args...) }

// MarshalID writes an ID.
func MarshalID(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalID reads an ID: a string or a whole number.
func UnmarshalID(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return UnmarshalString(v)
	case int64:
		return strconv.FormatInt(v, 10), nil
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v.String(), nil
		}
	}
	return "", invalid("scalar.id")
}

// MarshalInt writes an Int.
func MarshalInt(n int) graphql.Marshaler { return graphql.MarshalInt(n) }

// UnmarshalInt reads an Int: 32 bits, as GraphQL has it, and never a string.
func UnmarshalInt(v any) (int, error) {
	n, ok := v.(int64)
	if number, isNumber := v.(json.Number); isNumber {
		parsed, err := number.Int64()
		n, ok = parsed, err == nil
	}
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, invalid("scalar.int")
	}
	return int(n), nil
}

// MarshalFloat writes a Float in full, without an exponent.
func MarshalFloat(f float64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [32]byte
		w.Write(strconv.AppendFloat(buf[:0], f, 'f', -1, 64))
	})
}

// UnmarshalFloat reads a Float: finite, and never a string.
func UnmarshalFloat(v any) (float64, error) {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case int64:
		f = float64(v)
	case json.Number:
		parsed, err := v.Float64()
		if err != nil {
			return 0, invalid("scalar.float")
		}
		f = parsed
	default:
		return 0, invalid("scalar.float")
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, invalid("scalar.float")
	}
	return f, nil
}

// MarshalString writes a String.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a String, and takes no number for one.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok || strings.ContainsRune(s, 0) { // PostgreSQL has no text with a NUL
		return "", invalid("scalar.string")
	}
	return s, nil
}

// MarshalBoolean writes a Boolean.
func MarshalBoolean(b bool) graphql.Marshaler { return graphql.MarshalBoolean(b) }

// UnmarshalBoolean reads a Boolean, and takes no string for one.
func UnmarshalBoolean(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, invalid("scalar.boolean")
	}
	return b, nil
}

// MarshalDateTime writes an instant.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(t.Format(time.RFC3339Nano))
}

// UnmarshalDateTime reads an instant, RFC 3339, of the years 1900 to 9998.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1900 || t.Year() > 9998 {
		return time.Time{}, invalid("scalar.dateTime")
	}
	return t, nil
}

// MarshalDate writes a civil day.
func MarshalDate(d civil.Date) graphql.Marshaler { return graphql.MarshalString(d.String()) }

// UnmarshalDate reads a civil day.
func UnmarshalDate(v any) (civil.Date, error) {
	s, _ := v.(string)
	d, err := civil.Parse(s)
	if err != nil {
		return civil.Date{}, invalid("scalar.date")
	}
	return d, nil
}

// GeoJSON is a geometry object on its way in or out: as an input its Geometry, in the system that the input's crs
// names; as an answer its text, written as it is.
type GeoJSON struct {
	Geometry orb.Geometry
	text     []byte
}

// UnmarshalGQL reads a geometry object strictly. INVALID: it is none; the sentence says where and why.
func (g *GeoJSON) UnmarshalGQL(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return invalid("scalar.geoJSON", "reason", "it is no JSON")
	}
	g.Geometry, err = shape.ParseGeoJSON(raw)
	if err == nil {
		return nil
	}
	var at *shape.ParseError
	field := ""
	if errors.As(err, &at) {
		field = dotted(at.Path)
	}
	return fault.Wrap(err, fault.Invalid, field, "scalar.geoJSON", "reason", err.Error())
}

// MarshalGQL writes the text.
func (g GeoJSON) MarshalGQL(w io.Writer) { w.Write(g.text) }

// Len is how many bytes the text has; 0 for nil.
func (g *GeoJSON) Len() int {
	if g == nil {
		return 0
	}
	return len(g.text)
}

// dotted turns "coordinates[0][3]" into "coordinates.0.3".
func dotted(path string) string {
	out := make([]byte, 0, len(path))
	for _, c := range []byte(path) {
		switch {
		case c == '[' && len(out) > 0:
			out = append(out, '.')
		case c != '[' && c != ']':
			out = append(out, c)
		}
	}
	return string(out)
}

// present writes a stored geometry (CGCS2000) in the system that crs names; nil is CGCS2000. A nil g is null.
func present(g geom.T, crs *coord.System) (*GeoJSON, error) {
	if absent(g) {
		return nil, nil
	}
	o, err := shape.ToOrb(g)
	if err != nil {
		return nil, fmt.Errorf("write a geometry: %w", err)
	}
	if crs != nil {
		if o, err = shape.Present(o, *crs); err != nil {
			return nil, fmt.Errorf("write a geometry in %s: %w", *crs, err)
		}
	}
	text, err := shape.MarshalGeoJSON(o)
	if err != nil {
		return nil, fmt.Errorf("write a geometry: %w", err)
	}
	return &GeoJSON{text: text}, nil
}

// absent sees through an interface that holds a nil pointer.
func absent(g geom.T) bool {
	switch g := g.(type) {
	case nil:
		return true
	case *geom.MultiPolygon:
		return g == nil
	case *geom.Point:
		return g == nil
	}
	return false
}
