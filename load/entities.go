package load

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/domain/place"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"entity.nameless", "It has no name.", "没有名称。"},
	[3]string{"entity.count", "{field} {value}: a whole number is needed.", "{field} {value}：须为整数。"},
	[3]string{"entity.checkDigit", "The check digit of the credit code {code} is wrong.", "统一社会信用代码 {code} 的校验位有误。"},
	[3]string{"entity.point", "{lng}, {lat} is no place: longitude and latitude in degrees are needed, both or none.", "{lng}、{lat} 不是有效位置：经度和纬度须以度为单位，且须同时填写。"},
	[3]string{"entity.projected", "Columns of longitude and latitude are in degrees: --crs wgs84, cgcs2000, gcj02 or bd09.", "经度、纬度列以度为单位：--crs 须为 wgs84、cgcs2000、gcj02 或 bd09。"},
)

// entityColumns are the names that lists of legal entities give our fields besides ours.
var entityColumns = map[string][]string{
	"code": {"编号", "单位编号"}, "name": {"单位名称", "名称"}, "credit_code": {"统一社会信用代码", "信用代码"}, "category": {"类别", "单位类别", "行业"},
	"address": {"地址", "单位地址"}, "employees": {"从业人数", "从业人员数", "职工人数"}, "party_organisation": {"党组织", "党组织名称"},
	"party_members": {"党员人数", "党员数"}, "lng": {"经度", "longitude", "lon"}, "lat": {"纬度", "latitude"},
}

// placeTags are what maps of places call a place's category, and the parts of its address.
var placeTags = []string{"kind", "shop", "office", "amenity", "tourism", "leisure", "craft"}

// point is where the row's columns of longitude and latitude say it is, in the file's system; nil where they are empty.
func (in *intake) point(f Feature) (orb.Geometry, error) {
	lngText, latText := in.text(f, "lng"), in.text(f, "lat")
	if lngText == "" && latText == "" {
		return nil, nil
	}
	refuse := func(key string) (orb.Geometry, error) {
		said := fault.New(fault.Invalid, "lng", key, "lng", fault.Shorten(lngText, 30), "lat", fault.Shorten(latText, 30))
		return nil, &place.RowError{Note: place.NewNote(f.Source, in.text(f, "code"), "lng", said)}
	}
	if crs, err := parseCRS(in.job.Options.CRS); err == nil && crs.epsg != 0 {
		return refuse("entity.projected")
	}
	lng, badLng := strconv.ParseFloat(halfWidth(lngText), 64)
	lat, badLat := strconv.ParseFloat(halfWidth(latText), 64)
	if badLng != nil || badLat != nil || !(lng >= -180 && lng <= 180 && lat >= -90 && lat <= 90) {
		return refuse("entity.point")
	}
	return orb.Point{lng, lat}, nil
}

func (in *intake) entity(f Feature, base place.Row) (place.EntityRow, error) {
	r := place.EntityRow{Row: base, CreditCode: strings.ToUpper(in.text(f, "credit_code")), Category: in.text(f, "category"),
		Address: in.text(f, "address"), PartyOrganisation: in.text(f, "party_organisation")}
	note := func(kind place.NoteKind, field, key string, args ...any) {
		n := place.NewNote(base.Source, r.Code, field, fault.New(fault.Invalid, field, key, args...))
		n.Kind = kind
		in.notes = append(in.notes, n)
	}
	if base.Name == "" && r.CreditCode == "" { // a bench, a bus stop: maps of places hold those too
		note(place.LeftOut, "name", "entity.nameless")
		return r, errLeftOut
	}
	if _, named := in.job.Fields["code"]; !named && in.text(f, "code") == "" && r.CreditCode != "" {
		r.Code = r.CreditCode
	}
	for _, other := range placeTags {
		if r.Category == "" {
			r.Category, _ = f.Text(other)
		}
	}
	if r.Address == "" {
		r.Address = streetAddress(f)
	}
	for _, count := range []struct {
		field string
		to    **int
	}{{"employees", &r.Employees}, {"party_members", &r.PartyMembers}} {
		text := in.text(f, count.field)
		if text == "" {
			continue
		}
		n, ok := people(strings.TrimSpace(halfWidth(text)))
		if !ok {
			return r, &place.RowError{Note: place.NewNote(base.Source, r.Code, count.field, fault.New(fault.Invalid, count.field, "entity.count",
				"field", strings.ReplaceAll(count.field, "_", " "), "value", fault.Shorten(text, 40)))}
		}
		*count.to = n
	}
	if r.CreditCode != "" && !place.ValidCreditCode(r.CreditCode) {
		note(place.Warned, "credit_code", "entity.checkDigit", "code", fault.Shorten(r.CreditCode, 20))
	}
	return r, nil
}

// ignoredColumns are notes of the columns of a table that mean nothing to us.
func (in *intake) ignoredColumns() []place.Note {
	if in.drawn {
		return nil
	}
	meant := append([]string{"id", "addr_street", "addr_housenumber"}, placeTags...)
	for ours := range strings.FieldsSeq(fieldsOf[Entities]) {
		meant = append(append(meant, ours), entityColumns[ours]...)
	}
	meant = slices.AppendSeq(meant, maps.Values(in.job.Fields))
	var notes []place.Note
	for _, column := range slices.Sorted(maps.Keys(in.columns)) {
		if !slices.Contains(meant, column) && !otherName.MatchString(column) {
			n := place.NewNote("", "", column, fault.New(fault.Invalid, "", "household.ignored", "column", fault.Shorten(column, 60)))
			n.Kind = place.Ignored
			notes = append(notes, n)
		}
	}
	return notes
}
