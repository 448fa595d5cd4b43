package geojson

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/load/feature"
)

func data(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the real data is not here: %v", err)
	}
	return path
}

// readAll returns what a text holds: rows, the rows that cannot be read, and the error that ended it.
func readAll(t testing.TB, r io.Reader, opts Options) (rows []feature.Feature, bad []*feature.RowError, err error) {
	t.Helper()
	reader := NewReader(r, opts)
	defer reader.Close()
	for {
		f, err := reader.Next()
		var row *feature.RowError
		switch {
		case errors.As(err, &row):
			bad = append(bad, row)
		case err == io.EOF:
			return rows, bad, nil
		case err != nil:
			if _, again := reader.Next(); again != err {
				t.Errorf("a final error %v was followed by %v", err, again)
			}
			return rows, bad, err
		default:
			rows = append(rows, f)
		}
	}
}

func TestBadFilesAreRefusedWithReasonAndPlace(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(data(t, "bad-geojson", "test", "fixture", "bad"), "*.geojson"))
	if len(files) != 42 {
		t.Fatalf("%d bad files, want 42", len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			_, bad, err := readAll(t, file, Options{})
			var whole *feature.FileError
			switch {
			case len(bad) > 0:
				for _, b := range bad {
					t.Log(b)
				}
				if b := bad[0]; b.Line < 1 || b.Column < 1 || b.Reason == "" || !strings.HasPrefix(b.Source, "feature ") {
					t.Errorf("no reason or no place: %+v", b)
				}
			case errors.As(err, &whole):
				t.Log(whole)
				if whole.Line < 1 || whole.Column < 1 || whole.Reason == "" {
					t.Errorf("no reason or no place: %+v", whole)
				}
			case err != nil:
				t.Errorf("error without a place: %v", err)
			default:
				t.Error("was read without complaint")
			}
		})
	}
}

func TestGoodFilesAreRead(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(data(t, "bad-geojson", "test", "fixture", "good"), "*.geojson"))
	if len(files) != 17 {
		t.Fatalf("%d good files, want 17", len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			rows, bad, err := readAll(t, file, Options{})
			if err != nil || len(bad) > 0 || len(rows) == 0 {
				t.Errorf("%d rows, refused %v, error %v", len(rows), bad, err)
			}
		})
	}
}

func TestCountsOfTheRealFiles(t *testing.T) {
	for _, c := range []struct {
		path []string
		want int
	}{
		{[]string{"osm-lujiazui", "lujiazui-buildings.geojson"}, 1450},
		{[]string{"osm-lujiazui", "lujiazui-roads.geojson"}, 1094},
		{[]string{"osm-lujiazui", "lujiazui-pois.geojson"}, 493},
		{[]string{"osm-lujiazui", "lujiazui-divisions.geojson"}, 5},
		{[]string{"osm-lujiazui", "lujiazui-grids.geojson"}, 20},
		{[]string{"osm-monaco", "monaco-admin.geojson"}, 6},
		{[]string{"tottori-chome", "tottori-city-chome.geojson"}, 676},
	} {
		t.Run(c.path[1], func(t *testing.T) {
			file, err := os.Open(data(t, c.path...))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			rows, bad, err := readAll(t, file, Options{})
			if len(rows) != c.want || len(bad) > 0 || err != nil {
				t.Errorf("%d rows, %d refused (%v), error %v; want %d rows", len(rows), len(bad), bad, err, c.want)
			}
		})
	}
}
