package geojson

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/load/feature"
)

const (
	house = `{"type":"Feature","id":7,"properties":{"name":"听雨楼"},"geometry":{"type":"Point","coordinates":[120.5,31.25]}}`
	shed  = `{"type":"Feature","id":"b","properties":null,"geometry":null}`
)

func TestFormsOfATextGiveTheSameRows(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"collection", `{"type":"FeatureCollection","features":[` + house + `,` + shed + `]}`},
		{"collection with type last", `{"features":[` + house + `,` + shed + `],"name":"x","type":"FeatureCollection"}`},
		{"collection after a byte order mark", "\ufeff" + `{"type":"FeatureCollection","features":[` + house + `,` + shed + `]}`},
		{"newline-delimited", house + "\n" + shed + "\n"},
		{"newline-delimited with CR and blank lines", "\r\n" + house + "\r\n\r\n" + shed},
		{"RFC 8142 sequence", "\x1e" + house + "\n\x1e" + shed + "\n"},
		{"pretty-printed one after the other", strings.ReplaceAll(house, ",", ",\n  ") + shed},
		{"sequence of collections", `{"type":"FeatureCollection","features":[` + house + `]}` + "\n" + `{"type":"FeatureCollection","features":[` + shed + `]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, bad, err := readAll(t, strings.NewReader(c.text), Options{})
			if err != nil || len(bad) > 0 {
				t.Fatalf("refused %v, error %v", bad, err)
			}
			want := []feature.Feature{
				{Source: "feature 1", ID: "7", Properties: map[string]any{"name": "听雨楼"}, Geometry: orb.Point{120.5, 31.25}},
				{Source: "feature 2", ID: "b"},
			}
			if !reflect.DeepEqual(rows, want) {
				t.Errorf("got %+v\nwant %+v", rows, want)
			}
		})
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	rows, _, err := readAll(t, strings.NewReader(`{"type":"Feature","geometry":null,"properties":{
		"code":310101001001,"real":310101001001.0,"long":31010100100100100101,"height":12.5,"list":[1,"a",null,true],"deep":{"a":{"b":2}}}}`), Options{})
	if err != nil || len(rows) != 1 {
		t.Fatal(len(rows), err)
	}
	want := map[string]any{"code": int64(310101001001), "real": int64(310101001001), "long": "31010100100100100101", "height": 12.5,
		"list": []any{int64(1), "a", nil, true}, "deep": map[string]any{"a": map[string]any{"b": int64(2)}}}
	if !reflect.DeepEqual(rows[0].Properties, want) {
		t.Errorf("got %#v\nwant %#v", rows[0].Properties, want)
	}
	for name, want := range map[string]string{"code": "310101001001", "real": "310101001001", "long": "31010100100100100101", "height": "12.5", "list": "", "none": ""} {
		if got, ok := rows[0].Text(name); got != want || ok != (want != "") {
			t.Errorf("Text(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestABadFeatureDoesNotEndTheFile(t *testing.T) {
	for _, c := range []struct{ name, feature, want string }{
		{"name twice", `{"type":"Feature","geometry":null,"properties":{"a":1,"a":2}}`, "feature 2, features[1].properties.a: the member appears twice (line 3, column 55)"},
		{"point off the Earth", `{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[31.25,120.5]}}`, "features[1].geometry.coordinates"},
		{"array instead", `[1]`, "features[1]: must be an object, is an array (line 3, column 1)"},
		{"no type", `{"properties":{},"geometry":null}`, "features[1].type: is missing"},
		{"number too large", `{"type":"Feature","geometry":null,"properties":{"a":1e999}}`, "features[1].properties.a: the number is too large"},
		{"member of a collection", `{"type":"Feature","features":[],"geometry":null,"properties":{}}`, "features[1].features: may not stand in a Feature"},
		{"bbox of five", `{"type":"Feature","bbox":[1,2,3,4,5],"geometry":null,"properties":{}}`, "features[1].bbox: must have 4 or 6 numbers, has 5"},
		{"projected system", `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2],"crs":{"type":"name","properties":{"name":"EPSG:3857"}}},"properties":{}}`, "features[1].geometry.crs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, bad, err := readAll(t, strings.NewReader("{\"type\":\"FeatureCollection\",\"features\":[\n"+house+",\n"+c.feature+",\n"+shed+"]}"), Options{})
			if err != nil || len(rows) != 2 || rows[1].Source != "feature 3" {
				t.Errorf("rows %+v, error %v; want features 1 and 3", rows, err)
			}
			if len(bad) != 1 || bad[0].Line != 3 || !strings.Contains(bad[0].Error(), c.want) {
				t.Errorf("refused %v; want %q on line 3", bad, c.want)
			}
		})
	}
}

func TestWhatEndsAFile(t *testing.T) {
	whole := "{\"type\":\"FeatureCollection\",\n\"features\":[" + house + "," + shed + "]}"
	crs := func(name string) string {
		return `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"` + name + `"}},"features":[]}`
	}
	for _, c := range []struct {
		name, text, want string
		offset           int64
	}{
		{"nothing", "", "the file is empty", 0},
		{"cut in a feature", whole[:120], "cut off after 0 whole features", 120},
		{"cut in a feature after a byte order mark", "\ufeff" + whole[:120], "cut off after 0 whole features", 123},
		{"misspelt type", `{"type":"featureCollection","features":[]}`, `"featureCollection" is not a GeoJSON type`, 8},
		{"cut between features", whole[:len(whole)-len(shed)-2], "cut off after 1 whole features", int64(len(whole) - len(shed) - 2)},
		{"cut before the last brace", whole[:len(whole)-1], "cut off after 2 whole features", int64(len(whole) - 1)},
		{"sequence cut in its second text", house + "\n" + shed[:20], "cut off after 1 whole features", int64(len(house) + 21)},
		{"something after the end", whole + "x", "is not JSON", int64(len(whole))},
		{"not UTF-8", strings.Replace(whole, "听雨楼", "\xcc\xfd\xd3\xea\xc2\xa5", 1), "is not UTF-8", int64(strings.Index(whole, "听雨楼"))},
		{"UTF-16", "\xff\xfe{\x00", "UTF-16", 0},
		{"features twice", `{"type":"FeatureCollection","features":[],"features":[]}`, "features: the member appears twice", 53},
		{"type says otherwise at the end", `{"features":[` + house + `],"type":"Feature"}`, "must be FeatureCollection", 0},
		{"projected system", crs("urn:ogc:def:crs:EPSG::3857"), "--crs epsg:N", 34},
		{"Gauss-Krüger", crs("EPSG:4549"), "neither WGS 84 nor CGCS2000", 34},
		{"unknown system", `{"type":"FeatureCollection","crs":null,"features":[]}`, "system is unknown", 34},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, bad, err := readAll(t, strings.NewReader(c.text), Options{})
			var whole *feature.FileError
			if len(bad) > 0 || !errors.As(err, &whole) || !strings.Contains(whole.Error(), c.want) {
				t.Fatalf("refused %v, error %v; want %q", bad, err, c.want)
			}
			if whole.Offset != c.offset {
				t.Errorf("%v: at byte %d, want %d", whole, whole.Offset, c.offset)
			}
		})
	}
}

func TestKnownSystemsPass(t *testing.T) {
	for _, name := range []string{"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4490", "urn:ogc:def:crs:EPSG::4490"} {
		text := `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"` + name + `"}},"features":[` + house + `]}`
		if rows, bad, err := readAll(t, strings.NewReader(text), Options{}); len(rows) != 1 || len(bad) > 0 || err != nil {
			t.Errorf("%s: %d rows, %v, %v", name, len(rows), bad, err)
		}
	}
	text := `{"type":"FeatureCollection","crs":null,"features":[` + house + `]}`
	if rows, _, err := readAll(t, strings.NewReader(text), Options{AnySystem: true}); len(rows) != 1 || err != nil {
		t.Errorf("AnySystem: %d rows, %v", len(rows), err)
	}
}

func TestCutGzipIsAnError(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, `{"type":"FeatureCollection","features":[`+house+`]}`)
	w.Close()
	for _, lost := range []int{4, 8} { // the length and the checksum at the end: the text itself is whole
		r, err := gzip.NewReader(bytes.NewReader(packed.Bytes()[:packed.Len()-lost]))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := readAll(t, r, Options{}); err == nil {
			t.Errorf("%d bytes lost: no error", lost)
		}
	}
}

func TestOneFeatureIsBounded(t *testing.T) {
	long := strings.Replace(house, "听雨楼", strings.Repeat("x", 3<<20), 1)
	for _, text := range []string{long, `{"type":"FeatureCollection","features":[` + house + "," + long + `]}`} {
		_, _, err := readAll(t, strings.NewReader(text), Options{MaxFeature: 1 << 20})
		if err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
			t.Errorf("got %v", err)
		}
		if _, _, err := readAll(t, strings.NewReader(text), Options{}); err != nil {
			t.Errorf("within the default limit: %v", err)
		}
	}
}

// endless gives n features without ever holding them.
type endless struct {
	n    int
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		switch {
		case e.n > 0:
			e.rest = []byte(house + ",")
		case e.n == 0:
			e.rest = []byte(house + "]}")
		default:
			return 0, io.EOF
		}
		e.n--
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestMemoryStaysFlat(t *testing.T) {
	const n = 100_000 // 11 MB
	r := NewReader(io.MultiReader(strings.NewReader(`{"type":"FeatureCollection","features":[`), &endless{n: n - 1}), Options{MaxFeature: 1 << 16})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range n {
		if _, err := r.Next(); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&now)
	if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("the reader holds %d bytes after %d features", grown, n)
	}
	runtime.KeepAlive(r)
}

func BenchmarkReader(b *testing.B) {
	text := `{"type":"FeatureCollection","features":[` + strings.Repeat(house+",", 9999) + house + `]}`
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if rows, _, err := readAll(b, strings.NewReader(text), Options{}); len(rows) != 10000 || err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzReader holds that no input makes the reader panic or loop, that every refusal has a reason and a place within
// the text, and that what is read does not depend on how the bytes arrive.
func FuzzReader(f *testing.F) {
	for _, text := range []string{house, shed, "\x1e" + house + "\n\x1e" + shed, "\ufeff{}", `{"features":[` + house + `,null],"type":"FeatureCollection"}`,
		`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":[1e5,{}]},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}`,
		`{"type":"Point","coordinates":[1]}`, "[", `{"type":"Fea`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, bad, err := readAll(t, bytes.NewReader(text), Options{MaxFeature: 1 << 16})
		lines := bytes.Count(text, []byte{'\n'}) + 1
		for _, b := range bad {
			if b.Reason == "" || b.Line < 1 || b.Line > lines || b.Column < 1 {
				t.Errorf("no reason or no place: %+v", b)
			}
		}
		var whole *feature.FileError
		if err != nil && (!errors.As(err, &whole) || whole.Reason == "" || whole.Offset < 0 || whole.Offset > int64(len(text)) || whole.Line < 1 || whole.Line > lines) {
			t.Errorf("no reason or no place: %+v", err)
		}
		again, badAgain, errAgain := readAll(t, &dripping{text}, Options{MaxFeature: 1 << 16})
		if !reflect.DeepEqual(rows, again) || len(bad) != len(badAgain) || (err == nil) != (errAgain == nil) {
			t.Errorf("read by the byte: %d rows, %d refused, %v; at once: %d, %d, %v", len(again), len(badAgain), errAgain, len(rows), len(bad), err)
		}
	})
}

// dripping gives one byte at a time.
type dripping struct{ rest []byte }

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	p[0], d.rest = d.rest[0], d.rest[1:]
	return 1, nil
}
