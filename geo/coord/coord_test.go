package coord_test

import (
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wangge/geo/coord"
)

// metres is the distance between two nearby places, good to 1 % and better: enough to compare with a tolerance.
func metres(lng1, lat1, lng2, lat2 float64) float64 {
	const degree = 111_320
	return math.Hypot((lng1-lng2)*degree*math.Cos(lat1*math.Pi/180), (lat1-lat2)*degree)
}

// Published points; the source is in the name.
func TestPublishedPoints(t *testing.T) {
	const exact, oneStep = 1e-5, 0.25 // metres; the last is the error of the one-step inverse that others publish
	type pair struct{ lng, lat float64 }
	wg := func(p pair) pair { q := coord.WGS84(p2(p)).GCJ02(); return pair{q.Lng, q.Lat} }
	wb := func(p pair) pair { q := coord.WGS84(p2(p)).BD09(); return pair{q.Lng, q.Lat} }
	gw := func(p pair) pair { q := coord.GCJ02(p2(p)).WGS84(); return pair{q.Lng, q.Lat} }
	gb := func(p pair) pair { q := coord.GCJ02(p2(p)).BD09(); return pair{q.Lng, q.Lat} }
	bg := func(p pair) pair { q := coord.BD09(p2(p)).GCJ02(); return pair{q.Lng, q.Lat} }
	tests := []struct {
		name      string
		convert   func(pair) pair
		in, want  pair
		tolerance float64
	}{
		{"eviltransform, Shanghai", wg, pair{121.5272106, 31.1774276}, pair{121.531541859215, 31.17530398364597}, exact},
		{"eviltransform, Shenzhen", wg, pair{113.912316, 22.543847}, pair{113.9171764808363, 22.540796131694766}, exact},
		{"eviltransform, Beijing", wg, pair{116.377817, 39.911954}, pair{116.38404722455657, 39.91334545536069}, exact},
		{"coordtransform, forward", wg, pair{116.404, 39.915}, pair{116.41024449916938, 39.91640428150164}, exact},
		{"geo.md, WGS 84 to BD-09", wb, pair{116.403988, 39.914266}, pair{116.41661560068297, 39.92196580126834}, exact},
		{"gcoord, GCJ-02 to WGS 84", gw, pair{123, 45}, pair{122.99395581, 44.99804062}, 0.01},
		{"coordtransform, BD-09 of GCJ-02", gb, pair{116.404, 39.915}, pair{116.41036949371029, 39.92133699351021}, exact},
		{"coordtransform, GCJ-02 of BD-09 in one step", bg, pair{116.404, 39.915}, pair{116.39762729119315, 39.90865673957631}, oneStep},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.convert(test.in)
			if d := metres(test.want.lng, test.want.lat, got.lng, got.lat); !(d <= test.tolerance) {
				t.Errorf("%v → %v, want %v: %.6f m apart", test.in, got, test.want, d)
			}
		})
	}
}

func p2(p struct{ lng, lat float64 }) struct{ Lng, Lat float64 } {
	return struct{ Lng, Lat float64 }{p.lng, p.lat}
}

// gcoord's cities in all systems; their bias of about 0.7 m against WGS 84 is theirs, see the data's README.
func TestCities(t *testing.T) {
	name := filepath.Join("..", "..", "..", "shared", "data", "coord-vectors", "vectors-wgs84-gcj02-bd09.csv")
	file, err := os.Open(name)
	if err != nil {
		t.Skipf("real data is not there: %v", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	worst := map[string]float64{}
	limit := map[string]float64{
		"WGS84→GCJ02": 1, "GCJ02→WGS84": 1, "WGS84→BD09": 1, "BD09→WGS84": 1, "GCJ02→BD09": 0.05, "BD09→GCJ02": 0.05,
		"BD09→BD09MC south": 0.04, "BD09→BD09MC north": 0.3, "BD09MC→BD09 south": 0.04, "BD09MC→BD09 north": 0.3,
	}
	cities := 0
	for _, row := range rows[1:] {
		if row[0] != "gcoord" {
			continue
		}
		cities++
		var v [8]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(row[2+i], 64); err != nil {
				t.Fatal(row, err)
			}
		}
		w, g, b, m := coord.WGS84{v[0], v[1]}, coord.GCJ02{v[2], v[3]}, coord.BD09{v[4], v[5]}, coord.BD09MC{v[6], v[7]}
		note := func(what string, d float64) { worst[what] = max(worst[what], d) }
		gg, bb, wb := w.GCJ02(), g.BD09(), w.BD09()
		gw, bw, bg := g.WGS84(), b.WGS84(), b.GCJ02()
		note("WGS84→GCJ02", metres(g.Lng, g.Lat, gg.Lng, gg.Lat))
		note("GCJ02→WGS84", metres(w.Lng, w.Lat, gw.Lng, gw.Lat))
		note("WGS84→BD09", metres(b.Lng, b.Lat, wb.Lng, wb.Lat))
		note("BD09→WGS84", metres(w.Lng, w.Lat, bw.Lng, bw.Lat))
		note("GCJ02→BD09", metres(b.Lng, b.Lat, bb.Lng, bb.Lat))
		note("BD09→GCJ02", metres(g.Lng, g.Lat, bg.Lng, bg.Lat))
		half := " south"
		if b.Lat > 45 {
			half = " north"
		}
		bm, mb := b.Mercator(), m.BD09()
		note("BD09→BD09MC"+half, math.Hypot(bm.X-m.X, bm.Y-m.Y))
		note("BD09MC→BD09"+half, metres(b.Lng, b.Lat, mb.Lng, mb.Lat))
	}
	if cities != 664 {
		t.Errorf("%d cities, want 664", cities)
	}
	for what, d := range worst {
		t.Logf("%s: worst %.4f m of %d cities", what, d, cities)
		if !(d <= limit[what]) {
			t.Errorf("%s: %.4f m off, want at most %v", what, d, limit[what])
		}
	}
}

// roundTrip is how far, in metres, the ways there and back end from where they began.
func roundTrip(lng, lat float64) float64 {
	w, g, b := coord.WGS84{lng, lat}, coord.GCJ02{lng, lat}, coord.BD09{lng, lat}
	w1, w2, w3 := w.GCJ02().WGS84(), w.BD09().WGS84(), w.CGCS2000().WGS84()
	g1, g2 := g.WGS84().GCJ02(), g.BD09().GCJ02()
	b1, b2 := b.GCJ02().BD09(), b.Mercator().BD09()
	worst := 0.0
	for _, q := range [][2]float64{{w1.Lng, w1.Lat}, {w2.Lng, w2.Lat}, {w3.Lng, w3.Lat}, {g1.Lng, g1.Lat}, {g2.Lng, g2.Lat},
		{b1.Lng, b1.Lat}, {b2.Lng, b2.Lat}} {
		d := metres(lng, lat, q[0], q[1])
		if math.IsNaN(d) {
			return d
		}
		worst = max(worst, d)
	}
	return worst
}

func TestRoundTripUnderOneMillimetre(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	worst := 0.0
	check := func(lng, lat float64) {
		d := roundTrip(lng, lat)
		if !(d < 0.001) {
			t.Fatalf("%v, %v: %.6f m", lng, lat, d)
		}
		worst = max(worst, d)
	}
	for range 200_000 {
		check(73.4+r.Float64()*61.7, 18+r.Float64()*35.6)
	}
	for range 1000 { // the formula has a cusp at 105° E
		check(105+(r.Float64()-0.5)*1e-6, 18+r.Float64()*35.6)
	}
	t.Logf("worst round trip %.6f mm", worst*1000)
}

// What geo.md says of the size of the offsets, on points of mainland China's rectangle.
func TestOffsetSizes(t *testing.T) {
	p := coord.WGS84{116.404, 39.915}
	g, b := p.GCJ02(), p.BD09()
	if d := metres(p.Lng, p.Lat, g.Lng, g.Lat); d < 500 || d > 600 {
		t.Errorf("GCJ-02 in Beijing is %.0f m off, want about 555", d)
	}
	if d := metres(p.Lng, p.Lat, b.Lng, b.Lat); d < 1200 || d > 1400 {
		t.Errorf("BD-09 in Beijing is %.0f m off", d)
	}
}

func TestParseSystem(t *testing.T) {
	for in, want := range map[string]coord.System{
		"WGS84": coord.SystemWGS84, "wgs84": coord.SystemWGS84, "WGS 84": coord.SystemWGS84, "cgcs2000": coord.SystemCGCS2000,
		"gcj02": coord.SystemGCJ02, "GCJ-02": coord.SystemGCJ02, "bd09": coord.SystemBD09, "Bd-09": coord.SystemBD09,
	} {
		if got, err := coord.ParseSystem(in); got != want || err != nil {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "WGS72", "4326", "BD09MC"} {
		if got, err := coord.ParseSystem(in); err == nil || !strings.Contains(err.Error(), "CGCS2000, GCJ02") {
			t.Errorf("%q: got %q, %v; want an error that lists the systems", in, got, err)
		}
	}
	for _, s := range coord.Systems {
		if want := s == "GCJ02" || s == "BD09"; s.Approximate() != want {
			t.Errorf("%s approximate: %v", s, s.Approximate())
		}
	}
}

func TestToCGCS2000Refuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	tests := []struct {
		name     string
		system   coord.System
		lng, lat float64
		message  string
	}{
		{"NaN longitude", coord.SystemWGS84, nan, 31, "longitude (lng) NaN is not a finite number"},
		{"infinite latitude", coord.SystemGCJ02, 121, inf, "latitude (lat) -Inf is not a finite number"},
		{"NaN latitude", coord.SystemBD09, 121, nan, "latitude (lat) NaN is not a finite number"},
		{"east of the world", coord.SystemCGCS2000, 180.0001, 31, "longitude (lng) 180.0001 is outside -180..180"},
		{"south of the world", coord.SystemCGCS2000, 180, -91, "latitude (lat) -91 is outside -90..90"},
		{"swapped", coord.SystemWGS84, 31.2, 121.5, "latitude (lat) 121.5 is outside -90..90; the axes look swapped"},
		{"swapped GCJ-02", coord.SystemGCJ02, 31.2, 121.5, "axes look swapped"},
		{"GCJ-02 in Monaco", coord.SystemGCJ02, 7.42, 43.73, "7.42, 43.73 is outside the window 72.004,0.8293,137.8347,55.8271"},
		{"BD-09 at the pole", coord.SystemBD09, 100, 90, "outside the window"},
		{"unknown system", "MARS", 121, 31, `coordinate system "MARS" is not known`},
		{"system in lower case", "gcj02", 121, 31, "must be spelled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := coord.ToCGCS2000(test.system, test.lng, test.lat)
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, %v; want an error with %q", got, err, test.message)
			}
		})
	}
	_, err := coord.ToCGCS2000(coord.SystemWGS84, 31.2, 121.5)
	var bad *coord.RangeError
	if !errors.As(err, &bad) || bad.Coordinate != "lat" || !bad.Swapped {
		t.Errorf("got %#v, want a RangeError of lat, swapped", err)
	}
	if _, err := coord.ToCGCS2000(coord.SystemWGS84, 200, 121.5); err == nil || strings.Contains(err.Error(), "swapped") {
		t.Errorf("200, 121.5 is no place either way round: %v", err)
	}
}

func TestToAndFromCGCS2000(t *testing.T) {
	for _, s := range coord.Systems {
		p, err := coord.ToCGCS2000(s, 121.5, 31.2)
		if err != nil {
			t.Fatal(s, err)
		}
		shifted := metres(121.5, 31.2, p.Lng, p.Lat) > 100
		if shifted != s.Approximate() {
			t.Errorf("%s: 121.5, 31.2 became %v", s, p)
		}
		lng, lat := coord.FromCGCS2000(s, p)
		if d := metres(121.5, 31.2, lng, lat); !(d < 0.001) {
			t.Errorf("%s: back at %v, %v, %.6f m off", s, lng, lat, d)
		}
	}
	for _, s := range coord.Systems {
		if lng, lat := coord.FromCGCS2000(s, coord.CGCS2000{7.42, 90}); lng != 7.42 || lat != 90 {
			t.Errorf("%s: a place outside China became %v, %v", s, lng, lat)
		}
	}
}

func TestWindow(t *testing.T) {
	w, err := coord.ParseWindow(" 121.4, 31.1,121.6 ,31.3")
	if err != nil || w != (coord.Window{West: 121.4, South: 31.1, East: 121.6, North: 31.3}) {
		t.Fatalf("got %v, %v", w, err)
	}
	if w.String() != "121.4,31.1,121.6,31.3" {
		t.Errorf("String is %q", w)
	}
	for _, p := range []coord.CGCS2000{{121.4, 31.1}, {121.6, 31.3}, {121.5, 31.2}} {
		if !w.Contains(p) || w.Check(p) != nil {
			t.Errorf("%v is not in %v", p, w)
		}
	}
	for _, p := range []coord.CGCS2000{{121.39999, 31.2}, {121.60001, 31.2}, {121.5, 31.09999}, {121.5, 31.30001}, {math.NaN(), 31.2}, {121.5, math.NaN()}} {
		if w.Contains(p) || w.Check(p) == nil {
			t.Errorf("%v is in %v", p, w)
		}
	}
	if err := w.Check(coord.CGCS2000{31.2, 121.5}); err == nil || !strings.Contains(err.Error(), "swapped") {
		t.Errorf("got %v", err)
	}
	if !coord.World.Contains(coord.CGCS2000{-180, 90}) {
		t.Error("the world has no corner")
	}
	for in, message := range map[string]string{
		"":                 "has 1",
		"1,2,3":            "has 3",
		"1,2,3,4,5":        "has 5",
		"1,x,3,4":          "south is not a number",
		"1,2,NaN,4":        "not a finite number",
		"5,2,3,4":          "west must be less",
		"1,4,3,4":          "south must be less",
		"31.1,121.4,32,99": "axes look swapped",
	} {
		if got, err := coord.ParseWindow(in); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: got %v, %v; want an error with %q", in, got, err, message)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(121.5, 31.2)
	f.Add(105.0, 35.0)
	f.Add(73.5, 53.5)
	f.Fuzz(func(t *testing.T, lng, lat float64) {
		p, err := coord.ToCGCS2000(coord.SystemBD09, lng, lat)
		if err == nil && (math.IsNaN(p.Lng) || math.IsNaN(p.Lat)) {
			t.Fatalf("%v, %v became %v", lng, lat, p)
		}
		if !(lng >= 73.4 && lng <= 135.1 && lat >= 3 && lat <= 53.6) {
			return
		}
		if d := roundTrip(lng, lat); !(d < 0.001) {
			t.Errorf("%v, %v: %v m", lng, lat, d)
		}
	})
}

func FuzzParseWindow(f *testing.F) {
	f.Add("121.4,31.1,121.6,31.3")
	f.Add("-180,-90,180,90")
	f.Add("1e-7,0x1p-3,2,3")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := coord.ParseWindow(s)
		if err != nil {
			return
		}
		again, err := coord.ParseWindow(w.String())
		if err != nil || again != w {
			t.Errorf("%q → %v → %v, %v", s, w, again, err)
		}
	})
}

func BenchmarkGCJ02ToWGS84(b *testing.B) {
	p := coord.GCJ02{121.5, 31.2}
	for b.Loop() {
		p.WGS84()
	}
}

func BenchmarkBD09ToWGS84(b *testing.B) {
	p := coord.BD09{121.5, 31.2}
	for b.Loop() {
		p.WGS84()
	}
}
