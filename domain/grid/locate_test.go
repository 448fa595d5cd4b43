package grid

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"wangge/domain/account"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

func TestMisplacedSaysWhatIsWrongInBothLanguages(t *testing.T) {
	window := coord.Window{West: 120, South: 30, East: 122, North: 32}
	refuse := func(lng, lat float64) error { _, err := coord.ToCGCS2000(coord.SystemWGS84, lng, lat); return err }
	for _, c := range []struct {
		name              string
		err               error
		field, en, zhHans string
	}{
		{"too far north", refuse(10, 91), "lat", "lat 91 is outside -90 to 90 degrees; the axes look swapped: longitude comes first, then latitude.", "lat 的值 91 超出 -90 到 90 度的范围；经纬度似乎写反了：先经度，后纬度。"},
		{"no number", refuse(math.NaN(), 31), "lng", "lng NaN is not a finite number.", "lng 的值 NaN 不是有效数字。"},
		{"off the world", refuse(200, 31), "lng", "lng 200 is outside -180 to 180 degrees.", "lng 的值 200 超出 -180 到 180 度的范围。"},
		{"elsewhere", window.Check(coord.CGCS2000{Lng: 7, Lat: 43}), "lng", "The point 7, 43 lies outside the area of this service (120,30,122,32: west, south, east, north).", "坐标 7, 43 不在本服务范围内（120,30,122,32：西、南、东、北）。"},
		{"swapped", window.Check(coord.CGCS2000{Lng: 31, Lat: 121}), "lng", "The point 31, 121 lies outside the area of this service (120,30,122,32: west, south, east, north); the axes look swapped: longitude comes first, then latitude.", "坐标 31, 121 不在本服务范围内（120,30,122,32：西、南、东、北）；经纬度似乎写反了：先经度，后纬度。"},
		{"some other reason", errors.New("no such system"), "lng", "no such system.", "坐标有误：no such system。"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Misplaced(c.err)
			if f.Code != fault.Invalid || f.Field != c.field || f.Text(fault.English) != c.en || f.Text(fault.Chinese) != c.zhHans {
				t.Errorf("%s at %q\n%s\n%s", f.Code, f.Field, f.Text(fault.English), f.Text(fault.Chinese))
			}
		})
	}
}

// A position is answered from a ground in memory without a look at the store, of which this service has none, and to nobody whom
// the store would refuse.
func TestAPositionInMemoryAsksNoStore(t *testing.T) {
	in := ground(t, 0, []Community{{ID: id('c', 1), Versions: []Version{version(1, 1, "A1", box(0, 0, 1, 1), 0, nil)}}})
	s := &Service{Now: func() time.Time { return hours(0) }, Window: &coord.Window{West: 120, South: 30, East: 122, North: 32}, NearestLimitM: 100,
		Ground: func(context.Context, time.Time) (*Ground, bool) { return in, true }}
	here := spot(0.5, 0.5)
	q := AtQuery{System: coord.SystemCGCS2000, Lng: here.Lng, Lat: here.Lat}
	if m, err := s.At(t.Context(), account.Anyone(), q); err != nil || m.Grid == nil || m.Grid.Code != "A1" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := s.At(t.Context(), account.Actor{}, q); !fault.Is(err, fault.Unauthenticated) || m.Grid != nil {
		t.Errorf("somebody unknown is told %+v, %v", m, err)
	}
}
