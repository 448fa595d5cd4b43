package load

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"wangge/geo/coord"
	"wangge/load/feature"
	"wangge/load/geojson"
	"wangge/load/ogr"
	"wangge/load/osm"
)

// Kind is what a file is read for. It matters for OpenStreetMap only, where one file holds all sorts.
type Kind string

// The kinds, spelled as on the command line.
const (
	Divisions  Kind = "divisions"
	Grids      Kind = "grids"
	Buildings  Kind = "buildings"
	Roads      Kind = "roads"
	Households Kind = "households"
)

// Options of Open. The zero value believes what the file says of itself.
type Options struct {
	// CRS is the system of the file's coordinates: "wgs84", "cgcs2000", "gcj02", "bd09" or "epsg:N". Empty means
	// what the file says; WGS 84 for GeoJSON and OpenStreetMap. With gcj02 and bd09 it wins over what the file
	// says, for no format can say that; so does epsg:N.
	CRS string
	// Layer is the one to read where a file has several.
	Layer string
	// Encoding is the code page of a shapefile or CSV; empty finds it out.
	Encoding string
	// AdminLevel keeps only the administrative boundaries of this level, from OpenStreetMap.
	AdminLevel string
}

// Reader reads the rows of a file one at a time; memory does not grow with the file, but for the nodes of
// OpenStreetMap.
type Reader struct {
	ctx      context.Context
	name     string
	rows     feature.Rows
	system   coord.System
	progress func() (done, total int64)
	close    func() error
}

// Next returns the next row, or io.EOF after the last. After a *RowError the next call goes on with the row after
// it; any other error is final: a *FileError, or the context's.
func (r *Reader) Next() (Feature, error) {
	if err := r.ctx.Err(); err != nil {
		return Feature{}, err
	}
	f, err := r.rows.Next()
	var whole *FileError
	if errors.As(err, &whole) {
		err = fmt.Errorf("%s: %w", r.name, err)
	}
	return f, err
}

// System is the system that the coordinates of the rows are in.
func (r *Reader) System() coord.System { return r.system }

// Progress is how much has been read and how much there is, in a unit of the reader's own (bytes on disk, or rows);
// total is 0 where nobody knows. It may be called while another goroutine is in Next.
func (r *Reader) Progress() (done, total int64) { return r.progress() }

// Close ends reading and whatever runs for it. It may be called twice, and must be called once.
func (r *Reader) Close() error {
	return errors.Join(r.rows.Close(), r.close())
}

// Open begins to read the local regular file at path, whose format it tells from its content and its extension.
func Open(ctx context.Context, path string, kind Kind, opts Options) (*Reader, error) {
	r, err := open(ctx, path, kind, opts)
	var whole *FileError
	if errors.As(err, &whole) {
		err = fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return r, err
}

func open(ctx context.Context, path string, kind Kind, opts Options) (*Reader, error) {
	crs, err := parseCRS(opts.CRS)
	if err != nil {
		return nil, err
	}
	f, err := newFile(path)
	if err != nil {
		return nil, err
	}
	head, err := f.head()
	if err != nil {
		return nil, err
	}
	r := &Reader{ctx: ctx, name: filepath.Base(path), system: crs.system, close: func() error { return nil }}
	if r.system == "" {
		r.system = coord.SystemWGS84
	}
	switch form(path, head) {
	case formOSM:
		if crs.epsg != 0 {
			return nil, wrongFile("OpenStreetMap data is in WGS 84; --crs epsg:N does not fit")
		}
		what := osm.Options{AdminLevel: opts.AdminLevel}
		switch kind {
		case Buildings:
			what.Kind = osm.Buildings
		case Roads:
			what.Kind = osm.Roads
		case Divisions, Grids:
			what.Kind = osm.Boundaries
		case Entities:
			return nil, wrongFile("legal entities are read from GeoJSON and CSV: ogr2ogr places.geojson FILE points makes one of OpenStreetMap data")
		default:
			return nil, wrongFile(fmt.Sprintf("OpenStreetMap data holds no %s", kind))
		}
		rows := osm.NewReader(ctx, f.open, what)
		r.rows = rows
		r.progress = func() (int64, int64) {
			_, total := rows.Scans()
			return f.read.Load(), f.size * int64(total)
		}
		return r, nil
	case formGeoJSON:
		if crs.epsg != 0 {
			break // GDAL knows how to transform
		}
		in, err := f.open()
		if err != nil {
			return nil, err
		}
		r.rows = geojson.NewReader(in, geojson.Options{AnySystem: opts.CRS != ""})
		r.close = in.Close
		r.progress = func() (int64, int64) { return f.read.Load(), f.size }
		return r, nil
	case formUnknown:
		return nil, wrongFile("is of no format that can be read: GeoJSON, OpenStreetMap (XML, PBF), shapefile (also zipped), " +
			"GeoPackage, KML, FlatGeobuf, MapInfo, DXF, GPX, CSV, XLSX, ODS")
	}
	through := ogr.Options{Layer: opts.Layer, EPSG: crs.epsg, Encoding: opts.Encoding}
	r.system = coord.SystemCGCS2000
	switch {
	case crs.system.Approximate():
		r.system, through.Keep = crs.system, true
	case crs.system != "":
		through.AssumeEPSG = 4490 // equal to 4326 for our purposes
	}
	rows, err := ogr.Open(ctx, path, through)
	if err != nil {
		return nil, err
	}
	r.rows, r.progress = rows, rows.Progress
	return r, nil
}

func wrongFile(reason string) error { return &FileError{Reason: reason, Offset: -1} }

// crs is a parsed Options.CRS: one of the two, or neither.
type crs struct {
	system coord.System
	epsg   int // neither 4326 nor 4490, which are systems
}

func parseCRS(s string) (crs, error) {
	if s == "" {
		return crs{}, nil
	}
	if number, ok := strings.CutPrefix(strings.ToLower(s), "epsg:"); ok {
		n, err := strconv.Atoi(number)
		switch {
		case err != nil || n < 1024 || n > 999999 || strings.HasPrefix(number, "+"):
			return crs{}, fmt.Errorf("%.40q is no EPSG code: epsg: and 4 to 6 digits, as in epsg:4549", s)
		case n == 4326:
			return crs{system: coord.SystemWGS84}, nil
		case n == 4490:
			return crs{system: coord.SystemCGCS2000}, nil
		}
		return crs{epsg: n}, nil
	}
	system, err := coord.ParseSystem(s)
	if err != nil {
		return crs{}, fmt.Errorf("%w, or epsg:N", err)
	}
	return crs{system: system}, nil
}

type format int

const (
	formUnknown format = iota
	formGeoJSON
	formOSM
	formOther // GDAL's
)

// form tells the format from the first bytes (unpacked) and the name.
func form(path string, head []byte) format {
	name := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".bz2"))
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	root := ""
	if len(text) > 0 && text[0] == '<' {
		root = osm.Root(text)
	}
	ext := filepath.Ext(name)
	switch {
	case osm.IsPBF(head), root == "osm", root == "osmChange", ext == ".osm", ext == ".pbf":
		return formOSM
	case ext == ".geojson", ext == ".json", ext == ".geojsonl", ext == ".geojsons", ext == ".ndjson", ext == ".geojsonseq":
		return formGeoJSON
	case ogr.Known(name):
		return formOther
	case len(text) > 0 && (text[0] == '{' || text[0] == 0x1e):
		return formGeoJSON
	default:
		return formUnknown
	}
}

// file is a local file that can be opened several times; what is read of it is counted as it lies on disk.
type file struct {
	path string
	size int64
	read atomic.Int64
}

func newFile(path string) (*file, error) {
	info, err := os.Stat(path)
	if err != nil {
		var bad *os.PathError
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return nil, &FileError{Reason: "cannot be opened as a local file: " + err.Error(), Offset: -1, Err: err}
	}
	if !info.Mode().IsRegular() {
		return nil, wrongFile("is not a regular file")
	}
	return &file{path: path, size: info.Size()}, nil
}

// head is the beginning of the file, unpacked.
func (f *file) head() ([]byte, error) {
	in, err := f.open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	defer f.read.Store(0)
	head := make([]byte, 4096)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, &FileError{Reason: "cannot be read: " + err.Error(), Offset: -1, Err: err}
	}
	return head[:n], nil
}

// open returns the file from its beginning, unpacked where it is gzip or bzip2, whatever its name.
func (f *file) open() (io.ReadCloser, error) {
	raw, err := os.Open(f.path)
	if err != nil {
		return nil, &FileError{Reason: "cannot be opened: " + err.Error(), Offset: -1, Err: err}
	}
	in := bufio.NewReaderSize(&counter{raw, &f.read}, 256<<10)
	mark, err := in.Peek(3)
	switch {
	case err != nil && err != io.EOF:
		raw.Close()
		return nil, &FileError{Reason: "cannot be read: " + err.Error(), Offset: -1, Err: err}
	case bytes.HasPrefix(mark, []byte{0x1f, 0x8b}):
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			raw.Close()
			return nil, &FileError{Reason: "is a damaged gzip file: " + err.Error(), Offset: -1, Err: err}
		}
		return &stream{unpacked, raw}, nil
	case bytes.HasPrefix(mark, []byte("BZh")):
		return &stream{bzip2.NewReader(in), raw}, nil
	}
	return &stream{in, raw}, nil
}

// stream reads from one thing and closes another.
type stream struct {
	io.Reader
	file *os.File
}

func (s *stream) Close() error {
	if err := s.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// counter adds up what is read; osmpbf reads in a goroutine of its own.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
