package load

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wangge/geo/coord"
)

func data(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data is not here: %v", err)
	}
	return path
}

func needGDAL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ogr2ogr is not installed")
		}
		t.Skip("ogr2ogr is not installed: apt-get install gdal-bin")
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func readAll(t testing.TB, path string, kind Kind, opts Options) (rows []Feature, refused []*RowError, system coord.System, err error) {
	t.Helper()
	r, err := Open(context.Background(), path, kind, opts)
	if err != nil {
		return nil, nil, "", err
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	before := int64(0)
	for {
		f, err := r.Next()
		if done, total := r.Progress(); done < before || total > 0 && done > total {
			t.Fatalf("progress went from %d to %d of %d", before, done, total)
		} else {
			before = done
		}
		var row *RowError
		switch {
		case errors.As(err, &row):
			refused = append(refused, row)
		case err == io.EOF:
			if done, total := r.Progress(); done != total {
				t.Errorf("at the end: %d of %d", done, total)
			}
			return rows, refused, r.System(), nil
		case err != nil:
			return rows, refused, r.System(), err
		default:
			rows = append(rows, f)
		}
	}
}

func TestRealFilesThroughOpen(t *testing.T) {
	for _, c := range []struct {
		path []string
		kind Kind
		want int
	}{
		{[]string{"osm-lujiazui", "lujiazui-buildings.geojson"}, Buildings, 1450},
		{[]string{"osm-lujiazui", "lujiazui-roads.geojson"}, Roads, 1094},
		{[]string{"osm-haidian", "beijing-haidian-pku-tsinghua-2017-06.osm"}, Buildings, 521},
		{[]string{"osm-haidian", "beijing-haidian-pku-tsinghua-2017-06.osm"}, Roads, 678},
		{[]string{"osm-monaco", "monaco-2021-04-21.osm.pbf"}, Buildings, 1207},
		{[]string{"osm-monaco", "monaco-2021-04-21.osm.pbf"}, Roads, 2361},
		{[]string{"tottori-chome", "tottori-city-chome.geojson"}, Grids, 676},
	} {
		t.Run(c.path[1]+" "+string(c.kind), func(t *testing.T) {
			rows, refused, system, err := readAll(t, data(t, c.path...), c.kind, Options{})
			if err != nil || len(refused) > 0 || len(rows) != c.want || system != coord.SystemWGS84 {
				t.Errorf("%d rows in %s, %d refused, error %v; want %d", len(rows), system, len(refused), err, c.want)
			}
		})
	}
}

const (
	house      = `{"type":"Feature","id":7,"properties":{"name":"听雨楼"},"geometry":{"type":"Point","coordinates":[120.5,31.25]}}`
	collection = `{"type":"FeatureCollection","features":[` + house + `]}`
	osmXML     = `<osm><node id="1" lat="31" lon="121"/><node id="2" lat="31" lon="122"/><way id="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="path"/></way></osm>`
)

func TestFormIsToldFromContentAndName(t *testing.T) {
	for _, c := range []struct{ name, file, text string }{
		{"collection", "a.geojson", collection},
		{"collection gzipped", "a.geojson.gz", packed(t, collection)},
		{"gzipped without saying so", "a.geojson", packed(t, collection)},
		{"sequence", "a.geojsonl", house + "\n"},
		{"record separators", "a", "\x1e" + house},
		{"no extension", "a", "\ufeff \n" + collection},
		{"OSM", "a.osm", osmXML},
		{"OSM gzipped", "a.osm.gz", packed(t, osmXML)},
		{"OSM called xml", "a.xml", "<?xml version='1.0'?><!-- made -->" + osmXML},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, refused, _, err := readAll(t, writeFile(t, c.file, c.text), Roads, Options{})
			if err != nil || len(refused) > 0 || len(rows) != 1 {
				t.Errorf("%d rows, refused %v, error %v", len(rows), refused, err)
			}
		})
	}
}

func TestSystems(t *testing.T) {
	gcj := `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"GCJ02"}},"features":[` + house + `]}`
	mercator := `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:3857"}},"features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[13413998.6468,3664445.9]}}]}`
	for _, c := range []struct {
		name, file, text, crs string
		want                  coord.System
		refused               string
	}{
		{"GeoJSON by itself", "a.geojson", collection, "", coord.SystemWGS84, ""},
		{"GeoJSON said to be GCJ-02", "a.geojson", collection, "gcj02", coord.SystemGCJ02, ""},
		{"GeoJSON said to be CGCS2000 by number", "a.geojson", collection, "EPSG:4490", coord.SystemCGCS2000, ""},
		{"GeoJSON that says GCJ-02 itself", "a.geojson", gcj, "", "", "--crs"},
		{"GeoJSON that says GCJ-02, and so does the caller", "a.geojson", gcj, "gcj-02", coord.SystemGCJ02, ""},
		{"projected GeoJSON", "a.geojson", mercator, "", "", "--crs epsg:N"},
		{"projected GeoJSON, named", "a.geojson", mercator, "epsg:3857", coord.SystemCGCS2000, ""},
		{"projected GeoJSON gzipped, named", "a.geojson.gz", packed(t, mercator), "epsg:3857", coord.SystemCGCS2000, ""},
		{"OSM", "a.osm", osmXML, "", coord.SystemWGS84, ""},
		{"OSM projected", "a.osm", osmXML, "epsg:4549", "", "does not fit"},
		{"unknown name", "a.geojson", collection, "wgs72", "", "not known"},
		{"no number", "a.geojson", collection, "epsg:--help", "", "no EPSG code"},
		{"unknown number", "a.geojson", collection, "epsg:999998", "", "GDAL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasPrefix(c.crs, "epsg:") {
				needGDAL(t)
			}
			rows, refused, system, err := readAll(t, writeFile(t, c.file, c.text), Roads, Options{CRS: c.crs})
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("got %v, want %q", err, c.refused)
				}
				return
			}
			if err != nil || len(refused) > 0 || len(rows) != 1 || system != c.want {
				t.Errorf("%d rows in %q, refused %v, error %v; want one in %s", len(rows), system, refused, err, c.want)
			}
			if p := rows[0].Geometry.Bound().Min; p[0] < 120 || p[0] > 122 || p[1] < 31 || p[1] > 32 {
				t.Errorf("lies at %v", p)
			}
		})
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	for _, c := range []struct {
		path, want string
		kind       Kind
	}{
		{"nothing.geojson", "nothing.geojson: cannot be opened as a local file: no such file or directory", Grids},
		{t.TempDir(), "is not a regular file", Grids},
		{"/dev/null", "is not a regular file", Grids},
		{"http://127.0.0.1:9/a.geojson", "cannot be opened as a local file", Grids},
		{writeFile(t, "a.txt", "hello"), "a.txt: is of no format that can be read", Grids},
		{writeFile(t, "a.exe", "MZ"), "is of no format that can be read", Grids},
		{writeFile(t, "empty", ""), "is of no format that can be read", Grids},
		{writeFile(t, "empty.geojson", ""), "empty.geojson: the file is empty", Grids},
		{writeFile(t, "a.osm", osmXML), "holds no households", Households},
		{writeFile(t, "a.geojson.gz", packed(t, collection)[:30]), "cut off", Grids},
		{writeFile(t, "a.gz", "\x1f\x8bnonsense..."), "damaged gzip", Grids},
	} {
		if _, _, _, err := readAll(t, c.path, c.kind, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.path, err, c.want)
		}
	}
}

func TestCancelEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Open(ctx, data(t, "tottori-chome", "tottori-city-chome.geojson"), Grids, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	r.Close()
	if err := r.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}
