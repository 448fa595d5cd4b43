package web

import (
	"cmp"
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/domain/grid"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"where.query", "The address cannot be read; check its % signs.", "网址无法识别，请检查其中的 % 转义。"},
	[3]string{"where.missing", "{field} is missing.", "缺少 {field}。"},
	[3]string{"where.twice", "{field} is given more than once.", "{field} 出现了多次。"},
	[3]string{"where.number", "{field} must be a number.", "{field} 应为数字。"},
	[3]string{"where.accuracy", "accuracy must be 0 or more metres.", "accuracy 应为不小于 0 的米数。"},
	[3]string{"where.crs", "crs must be WGS84, CGCS2000, GCJ02 or BD09: which system the coordinates are in. Your map SDK's manual says it.",
		"crs 应为 WGS84、CGCS2000、GCJ02 或 BD09，即坐标所属的坐标系，请查阅地图 SDK 的说明。"},
)

// params are a query's parameters in their order, as url.ParseQuery reads them, without a map made for five of them.
type params []param

type param struct{ name, value string }

// of returns the first value of name and how many there are.
func (p params) of(name string) (first string, n int) {
	for _, one := range p {
		if one.name != name {
			continue
		}
		if n++; n == 1 {
			first = one.value
		}
	}
	return first, n
}

// has reports whether any of names is given.
func (p params) has(names ...string) bool {
	return slices.ContainsFunc(p, func(one param) bool { return slices.Contains(names, one.name) })
}

// query adds the parameters to out; INVALID where the query is malformed, instead of quietly leaving part of it out.
func query(u *url.URL, out params) (params, error) {
	for rest := u.RawQuery; rest != ""; {
		var pair string
		if pair, rest, _ = strings.Cut(rest, "&"); pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		err := cmp.Or(nameErr, valueErr)
		if err == nil && strings.Contains(pair, ";") {
			err = errors.New("a semicolon separates nothing")
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "", "where.query")
		}
		out = append(out, param{name, value})
	}
	return out, nil
}

// question reads lng, lat (degrees), crs and, where given, accuracy (metres). There is no default for crs: a phone
// that sends GCJ-02 as WGS 84 is hundreds of metres off. INVALID names the parameter.
func question(values params) (grid.AtQuery, error) {
	var q grid.AtQuery
	var err error
	if q.Lng, err = number(values, "lng"); err != nil {
		return q, err
	}
	if q.Lat, err = number(values, "lat"); err != nil {
		return q, err
	}
	name, err := single(values, "crs")
	if err != nil {
		return q, err
	}
	if q.System, err = coord.ParseSystem(name); err != nil {
		return q, fault.Wrap(err, fault.Invalid, "crs", "where.crs")
	}
	if values.has("accuracy") {
		accuracy, err := number(values, "accuracy")
		if err != nil {
			return q, err
		}
		if accuracy < 0 {
			return q, fault.New(fault.Invalid, "accuracy", "where.accuracy")
		}
		q.AccuracyM = &accuracy
	}
	return q, nil
}

// addressOf reads the address, "" where none is given, and whether it stands alone, without a point.
func addressOf(values params) (address string, alone bool, err error) {
	if given, n := values.of("address"); strings.TrimSpace(given) == "" && n < 2 {
		return "", false, nil
	}
	address, err = single(values, "address")
	return address, !values.has("lng", "lat", "crs", "accuracy"), err
}

func single(values params, name string) (string, error) {
	given, n := values.of(name)
	given = strings.TrimSpace(given)
	switch {
	case n > 1:
		return "", fault.New(fault.Invalid, name, "where.twice", "field", name)
	case given == "":
		return "", fault.New(fault.Invalid, name, "where.missing", "field", name)
	}
	return given, nil
}

func number(values params, name string) (float64, error) {
	text, err := single(values, name)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !decimal(text) || math.IsInf(v, 0) {
		return 0, fault.New(fault.Invalid, name, "where.number", "field", name)
	}
	return v, nil
}

// decimal reports whether text, which ParseFloat takes, is a number as people and programs write it: ParseFloat also takes
// hexadecimal, underscores, NaN, Inf and exponents that go on and on.
func decimal(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9', c == '+', c == '-', c == '.':
		case c == 'e' || c == 'E':
			return len(strings.TrimLeft(text[i+1:], "+-")) <= 3
		default:
			return false
		}
	}
	return true
}

// parameter names the query parameter behind the field of a refusal: rules speak of "point.accuracyM".
func parameter(err error) string {
	var refusal *fault.Error
	if !errors.As(err, &refusal) {
		return ""
	}
	field := strings.TrimPrefix(refusal.Field, "point.")
	if field == "accuracyM" {
		return "accuracy"
	}
	return field
}
