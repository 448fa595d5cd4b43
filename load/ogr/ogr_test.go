package ogr

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/load/feature"
)

// place is in 太湖: longitude and latitude differ enough to see an exchange of axes.
var place = orb.Point{120.2000123, 31.2000456}

const rows = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"听雨社区","code":"099010200100"},"geometry":{"type":"Polygon","coordinates":[[[120.2000123,31.2000456],[120.21,31.2000456],[120.21,31.21],[120.2000123,31.2000456]]]}},
{"type":"Feature","properties":{"name":"采薇街镕喆","code":"2"},"geometry":{"type":"Polygon","coordinates":[[[120.2,31.2],[120.19,31.2],[120.19,31.19],[120.2,31.2]]]}}]}`

// make has ogr2ogr write a file of another format from rows.
func makeFile(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("ogr2ogr is not installed")
		}
		t.Skip("ogr2ogr is not installed: apt-get install gdal-bin")
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "rows.geojson"), filepath.Join(dir, name)
	if err := os.WriteFile(from, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ogr2ogr", append(args, to, from)...).CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr: %v: %s", err, out)
	}
	return to
}

func readAll(t *testing.T, path string, opts Options) ([]feature.Feature, error) {
	t.Helper()
	r, err := Open(context.Background(), path, opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []feature.Feature
	for {
		f, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, f)
	}
}

// check compares with rows; places to 1e-9 degree, 0.1 mm.
func check(t *testing.T, got []feature.Feature, err error, nameField string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d rows, want 2", len(got))
	}
	for i, want := range []string{"听雨社区", "采薇街镕喆"} {
		if name, _ := got[i].Text(nameField); name != want {
			t.Errorf("row %d: name %q, want %q; all: %v", i+1, name, want, got[i].Properties)
		}
		if got[i].Geometry == nil {
			t.Errorf("row %d has no geometry", i+1)
			continue
		}
		if box := got[i].Geometry.Bound(); i == 0 && (math.Abs(box.Min[0]-place[0]) > 1e-9 || math.Abs(box.Min[1]-place[1]) > 1e-9) {
			t.Errorf("the first row begins at %v, want %v", box.Min, place)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, file string
		args       []string
		opts       Options
		field      string
	}{
		{"GeoPackage", "a.gpkg", []string{"-f", "GPKG"}, Options{}, "name"},
		{"GeoPackage in CGCS2000", "a.gpkg", []string{"-f", "GPKG", "-a_srs", "EPSG:4490"}, Options{}, "name"},
		{"FlatGeobuf", "a.fgb", []string{"-f", "FlatGeobuf", "-lco", "SPATIAL_INDEX=NO"}, Options{}, "name"},
		{"KML", "a.kml", []string{"-f", "LIBKML"}, Options{}, "Name"},
		{"MapInfo", "a.tab", []string{"-f", "MapInfo File", "-lco", "ENCODING=CP936", "-lco", "BOUNDS=73,3,136,54"}, Options{}, "name"},
		{"shapefile in UTF-8", "a.shp", []string{"-lco", "ENCODING=UTF-8"}, Options{}, "name"},
		{"shapefile in GBK with its mark", "a.shp", []string{"-lco", "ENCODING=CP936"}, Options{}, "name"},
		{"shapefile in Gauss-Krüger", "a.shp", []string{"-t_srs", "EPSG:4549", "-lco", "ENCODING=UTF-8"}, Options{}, "name"},
		{"GeoJSON in a system named by hand", "a.geojson", []string{"-f", "GeoJSON", "-t_srs", "EPSG:3857", "-lco", "COORDINATE_PRECISION=9"}, Options{EPSG: 3857}, "name"},
		{"the system named by hand wins", "a.shp", []string{"-t_srs", "EPSG:4549", "-a_srs", "EPSG:3857", "-lco", "ENCODING=UTF-8"}, Options{EPSG: 4549}, "name"},
		{"coordinates kept", "a.shp", []string{"-lco", "ENCODING=UTF-8"}, Options{Keep: true}, "name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if c.name == "the system named by hand wins" { // -a_srs would keep ogr2ogr from transforming
				args = []string{"-t_srs", "EPSG:4549", "-lco", "ENCODING=UTF-8"}
			}
			path := makeFile(t, c.file, args...)
			if c.name == "the system named by hand wins" {
				prj := strings.TrimSuffix(path, ".shp") + ".prj"
				if err := os.WriteFile(prj, []byte(`GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]]`), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := readAll(t, path, c.opts)
			if c.name == "MapInfo" && err == nil && len(got) > 0 { // its coordinates are integers on a grid over the bounds
				got[0].Geometry = orb.Clone(got[0].Geometry)
				if d := got[0].Geometry.Bound().Min; math.Abs(d[0]-place[0]) > 1e-7 {
					t.Errorf("begins at %v", d)
				}
				got[0].Geometry = orb.Polygon{{place, {121, 32}, {122, 33}, place}}
			}
			check(t, got, err, c.field)
		})
	}
}

// strip takes the code page away from a shapefile: the .cpg file and, if told to, the mark in the table.
func strip(t *testing.T, path string, mark byte) {
	t.Helper()
	base := strings.TrimSuffix(path, ".shp")
	os.Remove(base + ".cpg")
	f, err := os.OpenFile(base+".dbf", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{mark}, 29); err != nil {
		t.Fatal(err)
	}
}

func TestCodePageOfAShapefileIsFound(t *testing.T) {
	for _, c := range []struct {
		name, encoding string
		mark           byte
		opts           Options
	}{
		{"GBK without a mark", "CP936", 0, Options{}},
		{"GBK marked as Western Windows", "CP936", 0x57, Options{}},
		{"UTF-8 without a mark", "UTF-8", 0, Options{}},
		{"UTF-8 marked as Western Windows", "UTF-8", 0x57, Options{}},
		{"GBK named by hand", "CP936", 0x57, Options{Encoding: "GBK"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := makeFile(t, "图层.shp", "-lco", "ENCODING="+c.encoding)
			strip(t, path, c.mark)
			got, err := readAll(t, path, c.opts)
			check(t, got, err, "name")
		})
	}
	t.Run("accented letters stay Western", func(t *testing.T) {
		seen := texts{utf8: true, gb18030: true}
		seen.see([]byte("Caf\xe9s"), false)
		if seen.utf8 || seen.chinese() {
			t.Errorf("taken for %+v", seen)
		}
	})
	t.Run("a character cut by the field", func(t *testing.T) {
		utf, gbk := texts{utf8: true, gb18030: true}, texts{utf8: true, gb18030: true}
		utf.see([]byte("听雨\xe7\xa4"), true)
		text, _ := simplifiedchinese.GBK.NewEncoder().String("听雨社区")
		gbk.see([]byte(text[:len(text)-1]), true)
		if !utf.utf8 || gbk.utf8 || !gbk.gb18030 || !gbk.chinese() {
			t.Errorf("UTF-8: %+v, GBK: %+v", utf, gbk)
		}
	})
}

// pack zips every file beside path into dir/name, under the folder within.
func pack(t *testing.T, path, name, within string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), name)
	f, err := os.Create(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	for _, file := range files {
		if strings.HasSuffix(file, ".geojson") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := w.Create(within + filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		entry.Write(raw)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return target
}

func TestZippedShapefile(t *testing.T) {
	path := makeFile(t, "社区 1.shp", "-lco", "ENCODING=CP936")
	strip(t, path, 0)
	zipped := pack(t, path, "导出 (1).zip", "数据/")
	got, err := readAll(t, zipped, Options{})
	check(t, got, err, "name")

	second := strings.TrimSuffix(path, "社区 1.shp") + "second"
	for _, ext := range []string{".shp", ".shx", ".dbf", ".prj"} {
		raw, err := os.ReadFile(strings.TrimSuffix(path, ".shp") + ext)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(second+ext, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	zipped = pack(t, path, "two.zip", "")
	if _, err := readAll(t, zipped, Options{}); err == nil || !strings.Contains(err.Error(), "second.shp, 社区 1.shp") {
		t.Errorf("two shapefiles: %v", err)
	}
	got, err = readAll(t, zipped, Options{Layer: "社区 1"})
	check(t, got, err, "name")
}

func TestSeveralLayers(t *testing.T) {
	makeFile(t, "x.csv", "-f", "CSV") // skips without GDAL
	path := filepath.Join(t.TempDir(), "a.kml")
	folder := func(name string, rows ...string) string {
		text := "<Folder><name>" + name + "</name>"
		for _, row := range rows {
			text += "<Placemark><name>" + row + "</name><Point><coordinates>120.2000123,31.2000456</coordinates></Point></Placemark>"
		}
		return text + "</Folder>"
	}
	kml := `<kml xmlns="http://www.opengis.net/kml/2.2"><Document>` + folder("grids", "听雨社区", "采薇街镕喆") + folder("-sql", "x") + `</Document></kml>`
	if err := os.WriteFile(path, []byte(kml), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(t, path, Options{}); err == nil || !strings.Contains(err.Error(), "grids, -sql") {
		t.Errorf("no layer chosen: %v", err)
	}
	if _, err := readAll(t, path, Options{Layer: "roads"}); err == nil || !strings.Contains(err.Error(), `no layer "roads"`) {
		t.Errorf("unknown layer: %v", err)
	}
	if _, err := readAll(t, path, Options{Layer: "-sql"}); err == nil || !strings.Contains(err.Error(), "hyphen") {
		t.Errorf("layer named as an option: %v", err)
	}
	got, err := readAll(t, path, Options{Layer: "grids"})
	check(t, got, err, "Name")
}

func TestCSVHasNoGeometry(t *testing.T) {
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("户号,地址,人数\n007,听雨路1号,3\n008,\"采薇街2号,后门\",\n")
	if err != nil {
		t.Fatal(err)
	}
	makeFile(t, "x.csv", "-f", "CSV") // skips without GDAL
	t.Setenv("TMPDIR", t.TempDir())
	for name, text := range map[string]string{"GB18030": gbk, "UTF-8": "\ufeff户号,地址,人数\n007,听雨路1号,3\n008,\"采薇街2号,后门\",\n"} {
		path := filepath.Join(t.TempDir(), "households.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, path, Options{})
		if err != nil || len(got) != 2 {
			t.Fatalf("%s: %d rows, %v", name, len(got), err)
		}
		if got[0].Geometry != nil || got[0].Properties["户号"] != "007" || got[1].Properties["地址"] != "采薇街2号,后门" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNoCoordinateSystem(t *testing.T) {
	path := makeFile(t, "a.shp", "-lco", "ENCODING=UTF-8")
	os.Remove(strings.TrimSuffix(path, ".shp") + ".prj")
	if _, err := readAll(t, path, Options{}); err == nil || !strings.Contains(err.Error(), "does not say its coordinate system; name it, --crs") {
		t.Errorf("got %v", err)
	}
	got, err := readAll(t, path, Options{AssumeEPSG: 4490})
	check(t, got, err, "name")
}

func TestOnlyLocalFilesOfOneFormatAreOpened(t *testing.T) {
	makeFile(t, "x.csv", "-f", "CSV") // skips without GDAL
	dir := t.TempDir()
	t.Chdir(dir)
	for _, path := range []string{"/vsicurl/http://127.0.0.1:9/a.shp", "http://127.0.0.1:9/a.gpkg", "PG:dbname=x", "/vsistdin/", "WFS:http://127.0.0.1:9", "--version", dir, "nothing.shp"} {
		if _, err := readAll(t, path, Options{}); err == nil || !strings.Contains(err.Error(), "file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	// A virtual dataset would open whatever it names, under any file name.
	csv := filepath.Join(dir, "secret.csv")
	vrt := fmt.Sprintf(`<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>%s</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`, csv)
	if err := os.WriteFile(csv, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.shp", "a.gpkg", "a.kml", "a.geojson", "a.tab"} {
		if err := os.WriteFile(name, []byte(vrt), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readAll(t, name, Options{AssumeEPSG: 4490}); err == nil {
			t.Errorf("%s: a virtual dataset was opened: %v", name, got)
		}
	}
	if err := os.WriteFile("a.vrt", []byte(vrt), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(t, "a.vrt", Options{}); err == nil || !strings.Contains(err.Error(), "no format that can be read") {
		t.Errorf("a.vrt: %v", err)
	}
	// A name that looks like an option, or like a connection, is a file all the same.
	whole := makeFile(t, "a.gpkg", "-f", "GPKG")
	for _, name := range []string{"-sql.gpkg", "PG:dbname=x.gpkg"} {
		raw, _ := os.ReadFile(whole)
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, name, Options{})
		check(t, got, err, "name")
	}
}

func TestDamagedFilesSayWhy(t *testing.T) {
	path := makeFile(t, "a.gpkg", "-f", "GPKG")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw[:len(raw)/3], 0o600); err != nil {
		t.Fatal(err)
	}
	var bad *feature.FileError
	if _, err := readAll(t, path, Options{}); !errors.As(err, &bad) || bad.Reason == "" {
		t.Errorf("GeoPackage cut off: %v", err)
	}
	t.Log(bad)
	path = makeFile(t, "a.shp", "-lco", "ENCODING=UTF-8")
	if err := os.Truncate(path, 150); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(t, path, Options{}); !errors.As(err, &bad) {
		t.Errorf("shapefile cut off: %v", err)
	}
	t.Log(bad)
}

func TestWithoutGDAL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.gpkg")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := readAll(t, path, Options{}); err == nil || !strings.Contains(err.Error(), "apt-get install gdal-bin") {
		t.Errorf("got %v", err)
	}
}

func TestCancelEndsTheProcess(t *testing.T) {
	path := makeFile(t, "a.csv", "-f", "CSV")
	if err := os.WriteFile(path, []byte("a,b\n"+strings.Repeat("x,y\n", 300_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Open(ctx, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, total := r.Progress(); total != 300_000 {
		t.Errorf("of %d rows", total)
	}
	cancel()
	begin := time.Now()
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, context.Canceled) || time.Since(begin) > 3*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	if r.cmd.ProcessState == nil {
		t.Error("ogr2ogr was not waited for")
	}
}
