package shape_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/shape"
)

// dataFolder is where real data lies, beside the module; a test that needs it skips without it.
func dataFolder(t testing.TB, parts ...string) string {
	t.Helper()
	dir := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("real data is not there: %v", err)
	}
	return dir
}

func TestParseGeoJSONRefuses(t *testing.T) {
	tests := []struct{ name, in, path, reason string }{
		{"nothing", ``, "", "is not JSON"},
		{"null", `null`, "", "must be a geometry object, is null"},
		{"a string", `"Point"`, "", "is a string"},
		{"no type", `{}`, "", "has no type"},
		{"type is an object", `{"type":{}}`, "type", "must be a string"},
		{"type in lower case", `{"type":"point","coordinates":[1,2]}`, "type", "case-sensitive"},
		{"a feature", `{"type":"Feature","geometry":null,"properties":{}}`, "type", "not a geometry"},
		{"type twice", `{"type":"Point","type":"Point","coordinates":[1,2]}`, "", "appears twice"},
		{"type twice, once escaped", `{"type":"Point","t\u0079pe":"Point","coordinates":[1,2]}`, "", "appears twice"},
		{"no coordinates", `{"type":"Point"}`, "", "has no coordinates"},
		{"coordinates null", `{"type":"Point","coordinates":null}`, "coordinates", "is null"},
		{"one number", `{"type":"Point","coordinates":[2]}`, "coordinates", "has 1"},
		{"no number", `{"type":"Point","coordinates":[]}`, "coordinates", "has 0"},
		{"four numbers", `{"type":"Point","coordinates":[2,4,6,8]}`, "coordinates[3]", "has more"},
		{"a number as a string", `{"type":"Point","coordinates":[121.5,"31.2"]}`, "coordinates[1]", "must be a number, is a string"},
		{"height as a string", `{"type":"Point","coordinates":[1,2,"f"]}`, "coordinates[2]", "must be a number"},
		{"NaN", `{"type":"LineString","coordinates":[[1,2],[NaN,2]]}`, "coordinates[1][0]", "NaN is not a finite number"},
		{"nan", `{"type":"LineString","coordinates":[[1,2],[3,nan]]}`, "coordinates[1][1]", "nan is not a finite number"},
		{"-Infinity", `{"type":"Point","coordinates":[-Infinity,2]}`, "coordinates[0]", "Infinity is not a finite number"},
		{"too large for a number", `{"type":"Point","coordinates":[1e999,2]}`, "coordinates[0]", "not a finite number"},
		{"a comma is missing", `{"type":"MultiPoint" "coordinates":[]}`, "", "is not JSON"},
		{"something after it", `{"type":"Point","coordinates":[1,2]} x`, "", "is not JSON"},
		{"axes swapped", `{"type":"Point","coordinates":[31.2,121.5]}`, "coordinates", "axes look swapped"},
		{"metres", `{"type":"Point","coordinates":[13524564.1,3662521.2]}`, "coordinates", "latitude (lat) 3.6625212e+06 is outside"},
		{"line of one", `{"type":"LineString","coordinates":[[100,0]]}`, "coordinates", "at least 2"},
		{"second line of one", `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6]]]}`, "coordinates[1]", "at least 2"},
		{"ring of three", `{"type":"Polygon","coordinates":[[[1,0],[2,0],[1,0]]]}`, "coordinates[0]", "at least 4"},
		{"open ring", `{"type":"Polygon","coordinates":[[[1,0],[2,0],[2,1],[1,1]]]}`, "coordinates[0][3]", "not closed"},
		{"ring open in height", `{"type":"Polygon","coordinates":[[[1,0,5],[2,0,5],[2,1,5],[1,0,6]]]}`, "coordinates[0][3]", "differ in height"},
		{"open hole of the second polygon", `{"type":"MultiPolygon","coordinates":[[[[1,0],[2,0],[2,1],[1,0]]],
			[[[1,0],[2,0],[2,1],[1,0]],[[1,0],[2,0],[2,1],[1,1]]]]}`, "coordinates[1][1][3]", "not closed"},
		{"a point called polygon", `{"type":"MultiPolygon","coordinates":[1,2]}`, "coordinates[0]", "array of rings, is a number"},
		{"polygon without rings", `{"type":"Polygon","coordinates":[]}`, "coordinates", "is empty"},
		{"collection without geometries", `{"type":"GeometryCollection","geometries":[]}`, "geometries", "is empty"},
		{"collection of false", `{"type":"GeometryCollection","geometries":[false]}`, "geometries[0]", "is a boolean"},
		{"collection in a collection", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},
			{"type":"GeometryCollection","geometries":[]}]}`, "geometries[1].type", "within a GeometryCollection"},
		{"fault inside a collection", `{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,true]]}]}`,
			"geometries[0].coordinates[1][1]", "is a boolean"},
		{"members of a feature", `{"type":"Point","geometry":null,"coordinates":[1,2]}`, "geometry", "may not have"},
		{"features in a point", `{"type":"Point","features":[],"coordinates":[1,2]}`, "features", "may not have"},
		{"bbox of three", `{"type":"Point","coordinates":[2,2],"bbox":[1,2,3]}`, "bbox", "has 3"},
		{"bbox of five", `{"type":"Point","coordinates":[2,2],"bbox":[1,2,3,4,5]}`, "bbox", "has 5"},
		{"bbox with a string", `{"type":"Point","coordinates":[2,2],"bbox":[1,2,3,"4"]}`, "bbox[3]", "is a string"},
		{"bbox a string", `{"type":"Point","coordinates":[2,2],"bbox":"x"}`, "bbox", "is a string"},
		{"metres by its crs", `{"type":"Point","coordinates":[2,2],"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}}}`,
			"crs", "EPSG::3857"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := shape.ParseGeoJSON([]byte(test.in))
			var bad *shape.ParseError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, %v; want a *ParseError", g, err)
			}
			if bad.Path != test.path || !strings.Contains(bad.Reason, test.reason) {
				t.Errorf("got path %q, reason %q\nwant path %q, reason with %q", bad.Path, bad.Reason, test.path, test.reason)
			}
		})
	}
}

func TestParseGeoJSONSaysWhere(t *testing.T) {
	_, err := shape.ParseGeoJSON([]byte(`{"type":"Polygon","coordinates":[[[1,0],[2,0],[2,1],[1.5,1]]]}`))
	var bad *shape.ParseError
	if !errors.As(err, &bad) || bad.At == nil || *bad.At != (orb.Point{1.5, 1}) {
		t.Fatalf("got %+v, want the position 1.5, 1", bad)
	}
	want := "coordinates[0][3]: ring is not closed: it begins at 1, 0 and its last position differs (at 1.5, 1)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestParseGeoJSONReads(t *testing.T) {
	ring := orb.Ring{{1, 0}, {2, 0}, {2, 1}, {1, 0}}
	tests := []struct {
		name, in string
		want     orb.Geometry
	}{
		{"point", `{"type":"Point","coordinates":[121.5,31.2]}`, orb.Point{121.5, 31.2}},
		{"height is dropped", `{"type":"Point","coordinates":[121.5,31.2,4.5]}`, orb.Point{121.5, 31.2}},
		{"coordinates before type", ` { "coordinates" : [ 1e1 , -2.5 ] , "type" : "Point" } `, orb.Point{10, -2.5}},
		{"foreign members", `{"x":{"a":[1,"]}"],"b":{}},"type":"Point","y":"\"}","coordinates":[1,2],"z":null}`, orb.Point{1, 2}},
		{"bbox in three dimensions", `{"type":"Point","bbox":[1,2,0,1,2,0],"coordinates":[1,2]}`, orb.Point{1, 2}},
		{"a crs that says nothing new", `{"type":"Point","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"coordinates":[1,2]}`, orb.Point{1, 2}},
		{"points", `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`, orb.MultiPoint{{1, 2}, {3, 4}}},
		{"line", `{"type":"LineString","coordinates":[[1,2],[3,4,9]]}`, orb.LineString{{1, 2}, {3, 4}}},
		{"lines", `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}`, orb.MultiLineString{{{1, 2}, {3, 4}}}},
		{"polygon", `{"type":"Polygon","coordinates":[[[1,0],[2,0],[2,1],[1,0]]]}`, orb.Polygon{ring}},
		{"polygons", `{"type":"MultiPolygon","coordinates":[[[[1,0],[2,0],[2,1],[1,0]]]]}`, orb.MultiPolygon{{ring}}},
		{"collection", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`, orb.Collection{orb.Point{1, 2}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := shape.ParseGeoJSON([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if !orb.Equal(g, test.want) {
				t.Errorf("got %v, want %v", g, test.want)
			}
		})
	}
}

func TestParseGeoJSONBoundsSize(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 10 MB of JSON")
	}
	in := `{"type":"MultiPoint","coordinates":[` + strings.Repeat("[1,2],", shape.MaxPoints) + `[1,2]]}`
	_, err := shape.ParseGeoJSON([]byte(in))
	if err == nil || !strings.Contains(err.Error(), "coordinates[2000000]: has more than 2000000 positions") {
		t.Errorf("got %v", err)
	}
	deep := `{"type":"Point","x":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + `,"coordinates":[1,2]}`
	if _, err := shape.ParseGeoJSON([]byte(deep)); err == nil || !strings.Contains(err.Error(), "max depth") {
		t.Errorf("a million brackets: %v", err)
	}
}

// geometriesIn finds every geometry object in the value of a GeoJSON file, without any rules of its own.
func geometriesIn(raw json.RawMessage) []json.RawMessage {
	var o struct {
		Features []json.RawMessage
		Geometry json.RawMessage
		Type     string
	}
	if json.Unmarshal(raw, &o) != nil {
		return []json.RawMessage{raw}
	}
	switch o.Type {
	case "Feature":
		if o.Geometry == nil || string(o.Geometry) == "null" {
			return nil
		}
		return []json.RawMessage{o.Geometry}
	case "FeatureCollection":
		var all []json.RawMessage
		for _, f := range o.Features {
			all = append(all, geometriesIn(f)...)
		}
		return all
	}
	return []json.RawMessage{raw}
}

// The files are placemark/check-geojson's; see the data's README. Files whose fault lies in the feature around
// the geometry are the business of package load/geojson and are named here, so that none is forgotten.
func TestParseGeoJSONAgainstCheckGeoJSON(t *testing.T) {
	inTheFeature := []string{
		"bad-duplicate-properties", "bad-properties-as-array", "badfeature-no-properties", "badfeatureid",
		"expected_object", "feature_changed_semantics", "featurecollection", "featurecollection_changed_semantics",
	}
	fixture := dataFolder(t, "bad-geojson", "test", "fixture")
	for _, kind := range []string{"bad", "good"} {
		files, err := filepath.Glob(filepath.Join(fixture, kind, "*.geojson"))
		if err != nil || len(files) < 17 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".geojson")
			t.Run(kind+"/"+name, func(t *testing.T) {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var faults []error
				for i, g := range geometriesIn(raw) {
					if _, err := shape.ParseGeoJSON(g); err != nil {
						faults = append(faults, fmt.Errorf("geometry %d: %w", i, err))
					}
				}
				t.Log(faults)
				wantFault := kind == "bad" && !slices.Contains(inTheFeature, name)
				if wantFault != (len(faults) > 0) {
					t.Errorf("want a fault: %v; got %v", wantFault, faults)
				}
			})
		}
	}
}

func FuzzParseGeoJSON(f *testing.F) {
	for _, s := range []string{
		`{"type":"Point","coordinates":[121.5,31.2]}`,
		`{"type":"Polygon","coordinates":[[[1,0],[2,0],[2,1],[1,0]]],"bbox":[1,2,3,4]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,4,5]]}]}`,
		`{"type":"MultiPoint","coordinates":[[NaN,1]]}`, `{"a":"\"","type":"x"}`, `[[[`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		g, err := shape.ParseGeoJSON(raw)
		if err != nil {
			if bad := new(shape.ParseError); !errors.As(err, &bad) || bad.Reason == "" {
				t.Fatalf("error without a reason: %v", err)
			}
			return
		}
		if !json.Valid(raw) {
			t.Fatal("read what is not JSON")
		}
		if b := g.Bound(); b.Min[0] < -180 || b.Max[0] > 180 || b.Min[1] < -90 || b.Max[1] > 90 {
			t.Fatalf("outside the world: %v", b)
		}
	})
}
