package load

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/coord"
)

func TestGeoJSONWriter(t *testing.T) {
	var b bytes.Buffer
	w := NewGeoJSONWriter(&b)
	for _, row := range []struct {
		id         string
		properties []Property
		g          orb.Geometry
	}{
		{"grid-1", []Property{{"name", "听雨 <1>"}, {"area", 1.5}, {"code", nil}}, orb.Point{120.123456789, 31.5}},
		{"", nil, nil},
	} {
		if err := w.WriteFeature(row.id, row.properties, row.g); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteFeature("bad", nil, orb.Point{math.NaN(), 1}); err == nil {
		t.Error("a coordinate that is no number was written")
	}
	if err := w.WriteFeature("bad", []Property{{"x", math.Inf(1)}}, nil); err == nil || !strings.Contains(err.Error(), `property "x"`) {
		t.Errorf("a property that is no number: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"FeatureCollection","features":[
{"type":"Feature","id":"grid-1","properties":{"name":"听雨 <1>","area":1.5,"code":null},"geometry":{"type":"Point","coordinates":[120.12345679,31.5]}},
{"type":"Feature","properties":{},"geometry":null}
]}
`
	if b.String() != want {
		t.Errorf("got %s\nwant %s", &b, want)
	}
	if err := w.WriteFeature("", nil, nil); err == nil {
		t.Error("written after Close")
	}

	b.Reset()
	if err := NewGeoJSONWriter(&b, Property{"name", "空"}).Close(); err != nil || b.String() != "{\"type\":\"FeatureCollection\",\"name\":\"空\",\"features\":[\n]}\n" {
		t.Errorf("no rows: %q, %v", &b, err)
	}
}

// failing refuses to be written to.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestAFullDiskIsReported(t *testing.T) {
	w := NewGeoJSONWriter(&failing{left: 100})
	if err := w.WriteFeature("", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFeature("", nil, nil); err == nil {
		t.Error("no error")
	}
	if err := w.Close(); err == nil || err.Error() != "disk full" {
		t.Errorf("Close: %v", err)
	}
}

var (
	square = orb.Polygon{{{120.2, 31.2}, {120.21, 31.2}, {120.21, 31.21}, {120.2, 31.21}, {120.2, 31.2}}}
	twoFar = orb.MultiPolygon{square, {{{120.3, 31.3}, {120.31, 31.3}, {120.31, 31.31}, {120.3, 31.3}}}}
)

func export(t *testing.T, path string, opts ExportOptions) error {
	t.Helper()
	e, err := Create(context.Background(), path, opts)
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.WriteFeature("a1", []Property{{"code", "099010200100001"}, {"name", "听雨里一网格"}, {"households", 312}}, square); err != nil {
		return err
	}
	if err := e.WriteFeature("a2", []Property{{"code", "099010200100002"}, {"name", "采薇街网格"}, {"households", 288}}, twoFar); err != nil {
		return err
	}
	return e.Commit()
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestExportComesBack(t *testing.T) {
	for _, c := range []struct {
		file  string
		opts  ExportOptions
		crs   string
		files int
	}{
		{"grids.geojson", ExportOptions{}, "", 1},
		{"grids.geojson.gz", ExportOptions{}, "", 1},
		{"grids.geojsonl", ExportOptions{}, "", 1},
		{"grids.gpkg", ExportOptions{Layer: "网格"}, "", 1},
		{"网格.shp", ExportOptions{}, "", 5},
		{"grids.shz", ExportOptions{}, "", 1},
		{"grids.kml", ExportOptions{}, "", 1},
		{"grids.fgb", ExportOptions{}, "", 1},
		{"gcj.gpkg", ExportOptions{System: coord.SystemGCJ02}, "gcj02", 1},
		{"gcj.geojson", ExportOptions{System: coord.SystemGCJ02}, "gcj02", 1},
	} {
		t.Run(c.file, func(t *testing.T) {
			if !strings.Contains(c.file, "geojson") {
				needGDAL(t)
			}
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			if err := export(t, path, c.opts); err != nil {
				t.Fatal(err)
			}
			if got := names(t, dir); len(got) != c.files {
				t.Errorf("files: %v, want %d", got, c.files)
			}
			if err := export(t, path, c.opts); err != nil { // over the first
				t.Fatal(err)
			}
			if c.crs != "" {
				if _, _, _, err := readAll(t, path, Grids, Options{}); err == nil || !strings.Contains(err.Error(), "--crs") {
					t.Errorf("read without --crs: %v", err)
				}
			}
			rows, refused, system, err := readAll(t, path, Grids, Options{CRS: c.crs})
			if err != nil || len(refused) > 0 || len(rows) != 2 {
				t.Fatalf("%d rows, refused %v, error %v", len(rows), refused, err)
			}
			// FlatGeobuf has its rows in the order of its index.
			slices.SortFunc(rows, func(a, b Feature) int {
				x, _ := a.Text("code")
				y, _ := b.Text("code")
				return strings.Compare(x, y)
			})
			if c.crs != "" && system != coord.SystemGCJ02 {
				t.Errorf("in %s", system)
			}
			for i, want := range []struct{ code, name, count, id string }{{"099010200100001", "听雨里一网格", "312", "a1"}, {"099010200100002", "采薇街网格", "288", "a2"}} {
				row := rows[i]
				name := "name"
				if strings.HasSuffix(c.file, ".kml") {
					name = "Name"
				}
				for field, value := range map[string]string{"code": want.code, name: want.name, "households": want.count} {
					if got, _ := row.Text(field); got != value {
						t.Errorf("%s: %s is %q, want %q", row.Source, field, got, value)
					}
				}
				if id, _ := row.Text("id"); row.ID != want.id && id != want.id {
					t.Errorf("%s: id %q, column %q, want %q", row.Source, row.ID, id, want.id)
				}
			}
			got := rows[1].Geometry
			if g, ok := rows[0].Geometry.(orb.MultiPolygon); ok { // the formats with one type a layer
				rows[0].Geometry = g[0]
			}
			if !sameRings(rows[0].Geometry.(orb.Polygon), square) || !sameRings(got.(orb.MultiPolygon)[0], twoFar[0]) || !sameRings(got.(orb.MultiPolygon)[1], twoFar[1]) {
				t.Errorf("geometry came back as %v and %v", rows[0].Geometry, got)
			}
		})
	}
}

// sameRings compares to 1e-9 degree, whatever the direction and the beginning of the ring.
func sameRings(got, want orb.Polygon) bool {
	if len(got) != len(want) {
		return false
	}
	corners := func(r orb.Ring) map[[2]int64]bool {
		all := map[[2]int64]bool{}
		for _, p := range r {
			all[[2]int64{int64(math.Round(p[0] * 1e9)), int64(math.Round(p[1] * 1e9))}] = true
		}
		return all
	}
	for i := range got {
		if len(got[i]) != len(want[i]) || !reflect.DeepEqual(corners(got[i]), corners(want[i])) {
			return false
		}
	}
	return true
}

func TestAnExportThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "grids.geojson")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Create(context.Background(), path, ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.WriteFeature("a", nil, square); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Commit(); err == nil {
		t.Error("Commit after Close")
	}
	if raw, _ := os.ReadFile(path); string(raw) != "before" || len(names(t, dir)) != 1 {
		t.Errorf("left: %v, %q", names(t, dir), raw)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "a.dwg"):       "cannot be exported to",
		filepath.Join(dir, "a.gpkg.gz"):   "cannot be exported to",
		filepath.Join(dir, "no", "a.shp"): "no such file",
		"/dev/null.d/../null":             "cannot be exported to",
	} {
		if err := export(t, path, ExportOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := export(t, filepath.Join(dir, "a.kml"), ExportOptions{System: coord.SystemBD09}); err == nil || !strings.Contains(err.Error(), "KML is WGS 84") {
		t.Errorf("BD-09 as KML: %v", err)
	}
	if len(names(t, dir)) != 1 {
		t.Errorf("left: %v", names(t, dir))
	}
}

func TestACancelledExportLeavesNothing(t *testing.T) {
	needGDAL(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	e, err := Create(ctx, filepath.Join(dir, "a.gpkg"), ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.WriteFeature("a", nil, square); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := e.Commit(); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: %v", err)
	}
	if err := e.Close(); err != nil || len(names(t, dir)) > 0 {
		t.Errorf("%v, left %v", err, names(t, dir))
	}
}
