// Package pmtilestest is for tests: it reads archives, by a reader that shares nothing with package pmtiles but the
// specification, and has the program of the format's own authors judge them.
package pmtilestest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"testing"
)

// Archive is what a file holds.
type Archive struct {
	Root, JSON, Leaves, Data [2]uint64 // offset, length
	Tiles, Entries, Contents uint64
	Clustered                bool
	Zooms                    [3]byte  // min, max, center
	Degrees                  [6]int32 // west, south, east, north, center; in parts of 1e-7
	Metadata                 map[string]any
	Found                    map[uint64]string // by id, unzipped
	Runs                     [][4]uint64       // id, run, offset, length: in their order
	Depth                    int               // of the directories beneath the root
}

// Read reads the file called name; what it finds that no archive may have is an error of t.
func Read(t testing.TB, name string) Archive {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(file[at:]) }
	i32 := func(at int) int32 { return int32(binary.LittleEndian.Uint32(file[at:])) }
	if string(file[:7]) != "PMTiles" || file[7] != 3 {
		t.Fatalf("it begins with %q", file[:8])
	}
	a := Archive{
		Root: [2]uint64{u64(8), u64(16)}, JSON: [2]uint64{u64(24), u64(32)}, Leaves: [2]uint64{u64(40), u64(48)}, Data: [2]uint64{u64(56), u64(64)},
		Tiles: u64(72), Entries: u64(80), Contents: u64(88), Clustered: file[96] == 1,
		Zooms: [3]byte{file[100], file[101], file[118]}, Degrees: [6]int32{i32(102), i32(106), i32(110), i32(114), i32(119), i32(123)},
		Found: map[uint64]string{},
	}
	if got := [3]byte(file[97:100]); got != [3]byte{2, 2, 1} {
		t.Errorf("compressed and typed %v, want gzip, gzip, MVT", got)
	}
	if a.Root[0]+a.Root[1] > 16_384 {
		t.Errorf("header and root directory take %d bytes", a.Root[0]+a.Root[1])
	}
	if end := a.Data[0] + a.Data[1]; end != uint64(len(file)) {
		t.Errorf("tiles end at %d of %d", end, len(file))
	}
	section := func(s [2]uint64, offset, length uint64) []byte {
		if offset+length > s[1] {
			t.Fatalf("%d bytes at %d of a section of %d", length, offset, s[1])
		}
		return unzip(t, file[s[0]+offset:s[0]+offset+length])
	}
	if err := json.Unmarshal(section(a.JSON, 0, a.JSON[1]), &a.Metadata); err != nil {
		t.Fatal(err)
	}
	var walk func(directory []byte, depth int)
	walk = func(directory []byte, depth int) {
		a.Depth = max(a.Depth, depth)
		from := bytes.NewReader(directory)
		number := func() uint64 {
			n, err := binary.ReadUvarint(from)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		list := make([][4]uint64, number())
		if len(list) == 0 {
			t.Fatal("an empty directory")
		}
		last := uint64(0)
		for i := range list {
			last += number()
			list[i][0] = last
		}
		for i := range list {
			list[i][1] = number()
		}
		for i := range list {
			list[i][3] = number()
		}
		for i := range list {
			if n := number(); n > 0 {
				list[i][2] = n - 1
			} else if i == 0 {
				t.Fatal("the first offset follows none")
			} else {
				list[i][2] = list[i-1][2] + list[i-1][3]
			}
		}
		if from.Len() > 0 {
			t.Errorf("%d bytes behind a directory", from.Len())
		}
		for _, e := range list {
			if e[1] == 0 {
				walk(section(a.Leaves, e[2], e[3]), depth+1)
				continue
			}
			a.Runs = append(a.Runs, e)
			for id := e[0]; id < e[0]+e[1]; id++ {
				if _, twice := a.Found[id]; twice {
					t.Errorf("tile %d is there twice", id)
				}
				a.Found[id] = string(section(a.Data, e[2], e[3]))
			}
		}
	}
	walk(section(a.Root, 0, a.Root[1]), 0)
	return a
}

func unzip(t testing.TB, zipped []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
