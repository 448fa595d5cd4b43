package pmtiles_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wangge/tile/pmtiles"
	"wangge/tile/pmtiles/pmtilestest"
)

var zipper = gzip.NewWriter(nil) // making one takes longer than to use it

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipper.Reset(&out)
	_, err := io.WriteString(zipper, text)
	if err := errors.Join(err, zipper.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var town = pmtiles.About{West: 120.3, South: 31.07, East: 120.32, North: 31.08, CenterLng: 120.31, CenterLat: 31.075, CenterZoom: 13,
	Metadata: map[string]any{"name": "town", "vector_layers": []any{}}}

// write makes an archive of tiles, by id.
func write(t *testing.T, about pmtiles.About, tiles map[uint64]string) (string, pmtiles.Summary) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "town.pmtiles")
	w, err := pmtiles.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, id := range slices.Sorted(maps.Keys(tiles)) {
		if err := w.Add(id, zip(t, tiles[id])); err != nil {
			t.Fatal(err)
		}
	}
	s, err := w.Commit(about)
	if err != nil {
		t.Fatal(err)
	}
	return name, s
}

// many is a city's worth of tiles: all that there are, so that directories hardly shrink. Some contents come again, side by
// side and apart.
func many(n int) map[uint64]string {
	random := rand.New(rand.NewPCG(1, 2))
	tiles := map[uint64]string{0: "all", 3: "all"}
	id := pmtiles.First(12)
	for range n {
		id += 1 + random.Uint64N(5)/4*random.Uint64N(3000)
		tiles[id] = fmt.Sprintf("%d %s", random.Uint64N(uint64(n)), strings.Repeat("x", int(random.Uint64N(200))))
		if random.IntN(5) == 0 {
			tiles[id] = "land"
		}
	}
	return tiles
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, n := range []int{0, 1, 1_000, 12_000, 20_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			tiles := many(n)
			name, s := write(t, town, tiles)
			a := pmtilestest.Read(t, name)
			if !maps.Equal(a.Found, tiles) {
				t.Fatalf("%d tiles were written, %d read, or others", len(tiles), len(a.Found))
			}
			different, offsets, end := map[string]bool{}, map[uint64]bool{}, uint64(0)
			for _, text := range tiles {
				different[text] = true
			}
			for _, r := range a.Runs {
				if !offsets[r[2]] && r[2] != end {
					t.Errorf("the content of tile %d lies at %d, want %d, behind those before it", r[0], r[2], end)
				}
				offsets[r[2]], end = true, max(end, r[2]+r[3])
			}
			if int(a.Contents) != len(different) || len(offsets) != len(different) {
				t.Errorf("%d contents at %d offsets, want %d", a.Contents, len(offsets), len(different))
			}
			if int(a.Tiles) != len(tiles) || int(a.Entries) != len(a.Runs) || !a.Clustered {
				t.Errorf("%d tiles in %d runs, want %d in %d; clustered: %v", a.Tiles, a.Entries, len(tiles), len(a.Runs), a.Clustered)
			}
			info, err := os.Stat(name)
			if err != nil || s != (pmtiles.Summary{Tiles: a.Tiles, Entries: a.Entries, Contents: a.Contents, Bytes: info.Size(), MinZoom: a.Zooms[0], MaxZoom: a.Zooms[1]}) {
				t.Errorf("it sums up %+v (%v)", s, err)
			}
			if leaves := n > 1_000; (a.Depth == 1) != leaves || (a.Leaves[1] > 0) != leaves {
				t.Errorf("directories are %d deep, leaves take %d bytes", a.Depth, a.Leaves[1])
			}
			if a.Metadata["name"] != "town" || a.Degrees != [6]int32{1203000000, 310700000, 1203200000, 310800000, 1203100000, 310750000} {
				t.Errorf("it says of itself %v, %v", a.Metadata, a.Degrees)
			}
			again, _ := write(t, town, tiles)
			if !bytes.Equal(bytesOf(t, name), bytesOf(t, again)) {
				t.Error("the same tiles give other bytes")
			}
			pmtilestest.Judge(t, name, s)
		})
	}
}

func bytesOf(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRuns(t *testing.T) {
	tests := []struct {
		name  string
		tiles map[uint64]string
		runs  string // id×run@offset in lengths of a content, which are all the same
	}{
		{"side by side", map[uint64]string{5: "a", 6: "a", 7: "a"}, "5×3@0"},
		{"a gap between", map[uint64]string{5: "a", 7: "a"}, "5×1@0 7×1@0"},
		{"another between", map[uint64]string{5: "a", 6: "b", 7: "a"}, "5×1@0 6×1@1 7×1@0"},
		// A reader that took the deepest zoom from where the last run begins would miss zoom 1.
		{"the next zoom", map[uint64]string{0: "a", 1: "a", 2: "a"}, "0×1@0 1×2@0"},
		{"the first tiles of a zoom", map[uint64]string{19: "b", 20: "a", 21: "a", 22: "b"}, "19×1@0 20×1@1 21×1@1 22×1@0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name, _ := write(t, town, test.tiles)
			a := pmtilestest.Read(t, name)
			var got []string
			for _, r := range a.Runs {
				got = append(got, fmt.Sprintf("%d×%d@%d", r[0], r[1], r[2]/a.Runs[0][3]))
			}
			if strings.Join(got, " ") != test.runs {
				t.Errorf("got %s, want %s", got, test.runs)
			}
		})
	}
}

func TestBoxesWithoutAreaAndZoomsApart(t *testing.T) {
	tests := []struct {
		name  string
		about pmtiles.About
		want  [6]int32
		zoom  byte
	}{
		{"a point", pmtiles.About{West: 120.3, South: 31, East: 120.3, North: 31, CenterZoom: 22}, [6]int32{1202999999, 309999999, 1203000000, 310000000}, 12},
		{"a point far south-west", pmtiles.About{West: -180, South: -90, East: -180, North: -90}, [6]int32{-1800000000, -900000000, -1799999999, -899999999}, 11},
		{"a point far north-east", pmtiles.About{West: 180, South: 90, East: 180, North: 90}, [6]int32{1799999999, 899999999, 1800000000, 900000000}, 11},
		{"outward", pmtiles.About{West: -0.00000001, South: 1e-9, East: 0.00000001, North: 0.15e-6}, [6]int32{-1, 0, 1, 2}, 11},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name, s := write(t, test.about, map[uint64]string{pmtiles.First(11): "a", pmtiles.First(12): "b"})
			a := pmtilestest.Read(t, name)
			if a.Degrees != test.want || a.Zooms != [3]byte{11, 12, test.zoom} {
				t.Errorf("got %v, zooms %v", a.Degrees, a.Zooms)
			}
			pmtilestest.Judge(t, name, s)
		})
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "town.pmtiles")
	w, err := pmtiles.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(town); !errors.Is(err, pmtiles.ErrEmpty) {
		t.Errorf("no tile: %v", err)
	}
	if err := w.Add(7, zip(t, "a")); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		name string
		id   uint64
		tile []byte
	}{
		{"the same again", 7, zip(t, "b")}, {"one before", 6, zip(t, "b")}, {"an empty one", 8, nil}, {"one too deep", pmtiles.First(32), zip(t, "b")},
	} {
		if err := w.Add(bad.id, bad.tile); err == nil {
			t.Errorf("%s is taken", bad.name)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(9, zip(t, "a")); err == nil {
		t.Error("a closed archive takes a tile")
	}
	if _, err := w.Commit(town); err == nil {
		t.Error("a closed archive is committed")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
	if _, err := pmtiles.Create(filepath.Join(dir, "none", "town.pmtiles")); err == nil {
		t.Error("a folder that is not there is written to")
	}
	if _, err := pmtiles.Create(dir); err == nil {
		t.Error("a folder is written over")
	}
}

// What stood there before stays until the new archive is complete.
func TestItAppearsWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "town.pmtiles")
	if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := pmtiles.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Add(0, zip(t, "a")); err != nil {
		t.Fatal(err)
	}
	if got := bytesOf(t, name); string(got) != "before" {
		t.Errorf("it holds %q before it is complete", got)
	}
	if _, err := w.Commit(town); err != nil {
		t.Fatal(err)
	}
	if a := pmtilestest.Read(t, name); a.Found[0] != "a" {
		t.Errorf("it holds %v", a.Found)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("beside it lie %v (%v)", left, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o044 == 0 {
		t.Errorf("a file server cannot read it: %v (%v)", info.Mode(), err)
	}
}
