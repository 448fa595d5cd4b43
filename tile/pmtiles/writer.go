// Package pmtiles writes archives of vector tiles in one file, PMTiles version 3, which a map reads by range requests
// from any file server. The specification is https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md. Which tiles
// there are, and reading archives, is left to others.
package pmtiles

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
)

// About is what an archive says of all its tiles.
type About struct {
	// West, South, East and North are the box of what the tiles show, in degrees of WGS 84. It is widened to 1e-7 degree,
	// and further where it has no area, which readers refuse.
	West, South, East, North float64
	// CenterLng, CenterLat and CenterZoom are where a map opens; the zoom is brought into those of the archive.
	CenterLng, CenterLat float64
	CenterZoom           uint8
	// Metadata is encoded as a JSON object; the specification asks of it vector_layers, as in TileJSON 3.0.
	Metadata any
}

// Summary is what an archive came to.
type Summary struct {
	Tiles            uint64 // that can be asked for
	Entries          uint64 // in the directories: runs of tiles with one content
	Contents         uint64 // that differ
	Bytes            int64  // of the file
	MinZoom, MaxZoom uint8
}

// Writer writes one archive. It holds the directories, and a hash of each content, in memory: some 120 bytes for each
// content that differs; the tiles go to the disk, where they take twice their size until the archive is complete.
type Writer struct {
	path string
	dir  string // hidden, beside path; "" when it is gone
	file *os.File
	data *bufio.Writer

	entries []entry
	kept    map[[16]byte]entry // of each content the place, by its hash
	length  uint64             // of the tiles so far
	tiles   uint64
	next    uint64 // the least id that may follow
}

// Create begins an archive that Commit will put at path. Until then everything lies in a hidden folder beside it.
// Close must be called in any case.
func Create(path string) (*Writer, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "create", Path: path, Err: errors.New("it is there already and not a regular file")}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".wangge-export-")
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, dir: dir, kept: map[[16]byte]entry{}}
	if w.file, err = os.Create(filepath.Join(dir, "tiles")); err != nil {
		w.Close()
		return nil, err
	}
	w.data = bufio.NewWriterSize(w.file, 256<<10)
	return w, nil
}

// Add adds a tile, gzipped. Ids ascend, so that the archive is clustered: who fetches what lies side by side on the map
// fetches what lies side by side in the file. A content that was there before is stored once.
func (w *Writer) Add(id uint64, zipped []byte) error {
	switch {
	case w.data == nil:
		return errClosed
	case id < w.next:
		return fmt.Errorf("pmtiles: tile %d comes after %d", id, w.next-1)
	case id >= First(MaxZoom+1):
		return fmt.Errorf("pmtiles: tile %d lies beneath zoom %d", id, MaxZoom)
	case len(zipped) == 0 || len(zipped) > math.MaxUint32:
		return fmt.Errorf("pmtiles: tile %d has %d bytes", id, len(zipped))
	}
	sum := sha256.Sum256(zipped)
	hash := [16]byte(sum[:])
	e, known := w.kept[hash]
	if !known {
		e = entry{offset: w.length, length: uint32(len(zipped))}
		if _, err := w.data.Write(zipped); err != nil {
			return err
		}
		w.kept[hash] = e
		w.length += uint64(len(zipped))
	}
	w.tiles++
	// A run stays in its zoom: readers take the zooms of an archive from where its first and its last run begin.
	z, _, _ := Tile(id)
	if n := len(w.entries); n > 0 && id == w.next && id != First(z) && w.entries[n-1].offset == e.offset && w.entries[n-1].run < math.MaxUint32 {
		w.entries[n-1].run++
	} else {
		w.entries = append(w.entries, entry{id: id, offset: e.offset, length: e.length, run: 1})
	}
	w.next = id + 1
	return nil
}

var (
	errClosed = errors.New("pmtiles: the archive is closed")
	// ErrEmpty is what Commit returns where no tile was added: a directory has an entry at least.
	ErrEmpty = errors.New("pmtiles: there is no tile")
)

// Commit completes the archive and puts it in its place, over one that is there. The sections lie in the order that the
// specification recommends: header, root directory, metadata, leaf directories, tiles.
func (w *Writer) Commit(about About) (Summary, error) {
	if w.data == nil {
		return Summary{}, errClosed
	}
	if len(w.entries) == 0 {
		return Summary{}, ErrEmpty
	}
	root, leaves, err := directories(w.entries, leafEntries)
	if err != nil {
		return Summary{}, err
	}
	plain, err := json.Marshal(about.Metadata)
	if err != nil {
		return Summary{}, fmt.Errorf("encode metadata: %w", err)
	}
	metadata, err := zip(plain)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{Tiles: w.tiles, Entries: uint64(len(w.entries)), Contents: uint64(len(w.kept))}
	s.MinZoom, _, _ = Tile(w.entries[0].id)
	s.MaxZoom, _, _ = Tile(w.next - 1)
	front := header(about, s, [4]int{len(root), len(metadata), len(leaves), int(w.length)})
	s.Bytes = int64(len(front)+len(root)+len(metadata)+len(leaves)) + int64(w.length)

	if err := w.data.Flush(); err != nil {
		return Summary{}, err
	}
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return Summary{}, err
	}
	whole, err := os.Create(filepath.Join(w.dir, "archive"))
	if err != nil {
		return Summary{}, err
	}
	defer whole.Close()
	for _, part := range [][]byte{front, root, metadata, leaves} {
		if _, err := whole.Write(part); err != nil {
			return Summary{}, err
		}
	}
	if _, err := io.Copy(whole, w.file); err != nil {
		return Summary{}, err
	}
	if err := errors.Join(whole.Sync(), whole.Close()); err != nil {
		return Summary{}, err
	}
	if err := os.Rename(whole.Name(), w.path); err != nil {
		return Summary{}, err
	}
	return s, w.Close()
}

// Close removes what was not committed; after Commit it does nothing.
func (w *Writer) Close() error {
	if w.dir == "" {
		return nil
	}
	if w.file != nil {
		w.file.Close() // it goes with the folder
	}
	err := os.RemoveAll(w.dir)
	w.dir, w.data = "", nil
	return err
}

const headerLength = 127

// Values of the header's enums.
const (
	gzipped = 2
	mvt     = 1
)

// header encodes the header ("Header Design"). lengths are those of root directory, metadata, leaf directories and tiles.
func header(about About, s Summary, lengths [4]int) []byte {
	b := append(make([]byte, 0, headerLength), "PMTiles\x03"...)
	offset := uint64(headerLength)
	for _, length := range lengths {
		b = binary.LittleEndian.AppendUint64(b, offset)
		b = binary.LittleEndian.AppendUint64(b, uint64(length))
		offset += uint64(length)
	}
	for _, count := range []uint64{s.Tiles, s.Entries, s.Contents} {
		b = binary.LittleEndian.AppendUint64(b, count)
	}
	b = append(b, 1, gzipped, gzipped, mvt, s.MinZoom, s.MaxZoom) // 1: clustered
	west, east := span(about.West, about.East, 180)
	south, north := span(about.South, about.North, 90)
	for _, degrees := range []int32{west, south, east, north} {
		b = binary.LittleEndian.AppendUint32(b, uint32(degrees))
	}
	b = append(b, max(s.MinZoom, min(about.CenterZoom, s.MaxZoom)))
	for _, degrees := range []float64{about.CenterLng, about.CenterLat} {
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(math.Round(degrees*e7))))
	}
	return b
}

// e7 is how many parts of a degree the header counts in.
const e7 = 1e7

// span is an interval in parts of a degree that holds from and to, and is one part long at least.
func span(from, to, limit float64) (int32, int32) {
	a := int32(math.Floor(max(-limit, min(from, limit)) * e7))
	b := int32(math.Ceil(max(-limit, min(to, limit)) * e7))
	switch {
	case a < b:
		return a, b
	case a > 0:
		return b - 1, b
	default:
		return a, a + 1
	}
}
