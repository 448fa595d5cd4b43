package web

import (
	"errors"
	"math"
	"net/url"
	"regexp"
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

// decimal is how people and programs write a number; ParseFloat alone also takes hexadecimal, NaN and Inf.
var decimal = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

// query reads the parameters; INVALID where the query is malformed, instead of quietly leaving part of it out.
func query(u *url.URL) (url.Values, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "", "where.query")
	}
	return values, nil
}

// question reads lng, lat (degrees), crs and, where given, accuracy (metres). There is no default for crs: a phone
// that sends GCJ-02 as WGS 84 is hundreds of metres off. INVALID names the parameter.
func question(values url.Values) (grid.AtQuery, error) {
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
	if values.Has("accuracy") {
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
func addressOf(values url.Values) (address string, alone bool, err error) {
	if strings.TrimSpace(values.Get("address")) == "" && len(values["address"]) < 2 {
		return "", false, nil
	}
	address, err = single(values, "address")
	return address, !values.Has("lng") && !values.Has("lat") && !values.Has("crs") && !values.Has("accuracy"), err
}

func single(values url.Values, name string) (string, error) {
	given := values[name]
	if len(given) > 1 {
		return "", fault.New(fault.Invalid, name, "where.twice", "field", name)
	}
	if len(given) == 0 || strings.TrimSpace(given[0]) == "" {
		return "", fault.New(fault.Invalid, name, "where.missing", "field", name)
	}
	return strings.TrimSpace(given[0]), nil
}

func number(values url.Values, name string) (float64, error) {
	text, err := single(values, name)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !decimal.MatchString(text) || math.IsInf(v, 0) {
		return 0, fault.New(fault.Invalid, name, "where.number", "field", name)
	}
	return v, nil
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
