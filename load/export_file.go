package load

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/coord"
	"wangge/load/ogr"
)

// ExportOptions of Create.
type ExportOptions struct {
	// System is the one the geometries are in when they are handed to WriteFeature; empty means CGCS2000. The file
	// says so where it can. One of GCJ-02 or BD-09 is marked as approximate, and Open asks for --crs then.
	System coord.System
	// Layer is the name of the layer, in formats that have layers; empty means the file's name.
	Layer string
}

// Export writes rows to a file that appears whole, or not at all: it is made in a hidden folder beside its place
// and moved there by Commit. A shapefile is several files, which are moved one after the other, the .shp last.
type Export struct {
	ctx    context.Context
	path   string
	opts   ExportOptions
	dir    string // the hidden folder; empty once it is gone
	file   *os.File
	buffer *bufio.Writer
	packed *gzip.Writer // nil where the file is not gzipped
	rows   *GeoJSONWriter
	ogr    bool
}

// Create begins an export to path; its extension says the format: .geojson and .json are one FeatureCollection,
// .geojsonl, .geojsons and .ndjson newline-delimited features, all of these also with .gz after it; .gpkg, .shp, .shz
// (zipped), .kml and .fgb are written by GDAL. Close must be called in any case.
func Create(ctx context.Context, path string, opts ExportOptions) (_ *Export, err error) {
	if opts.System == "" {
		opts.System = coord.SystemCGCS2000
	}
	e := &Export{ctx: ctx, path: path, opts: opts}
	name := strings.ToLower(filepath.Base(path))
	plain, zipped := strings.CutSuffix(name, ".gz")
	ext := filepath.Ext(plain)
	sequence := false
	switch {
	case ext == ".geojson", ext == ".json":
	case ext == ".geojsonl", ext == ".geojsons", ext == ".ndjson":
		sequence = true
	case !zipped && slices.Contains(ogr.Writable(), ext):
		e.ogr, sequence = true, true
	default:
		return nil, fmt.Errorf("%s cannot be exported to; name the file .geojson, .geojsonl (or either with .gz), %s",
			filepath.Base(path), strings.Join(ogr.Writable(), ", "))
	}
	if ext == ".kml" && opts.System.Approximate() {
		return nil, fmt.Errorf("KML is WGS 84 by definition; export %s to another format", opts.System)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is there already and not a regular file", path)
	}
	if e.dir, err = os.MkdirTemp(filepath.Dir(path), ".wangge-export-"); err != nil {
		return nil, fmt.Errorf("write beside %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	if e.file, err = os.Create(filepath.Join(e.dir, e.firstName())); err != nil {
		return nil, err
	}
	e.buffer = bufio.NewWriterSize(e.file, 256<<10)
	var out io.Writer = e.buffer
	if zipped {
		e.packed = gzip.NewWriter(e.buffer)
		out = e.packed
	}
	if sequence {
		e.rows = NewSequenceWriter(out)
	} else {
		e.rows = NewGeoJSONWriter(out, e.members()...)
	}
	return e, nil
}

// firstName is the file that rows are written to; GDAL makes the one that was asked for of it.
func (e *Export) firstName() string {
	if e.ogr {
		return "rows.geojsonl"
	}
	return filepath.Base(e.path)
}

// members mark coordinates that a reader must not take for WGS 84. The crs member is that of GeoJSON 2008: programs
// that know it refuse the file or ask, which is what they should.
func (e *Export) members() []Property {
	if !e.opts.System.Approximate() {
		return nil
	}
	return []Property{
		{"crs", map[string]any{"type": "name", "properties": map[string]any{"name": string(e.opts.System)}}},
		{"approximate", true},
	}
}

// WriteFeature implements RowWriter. A format with columns has the id as one of them, "id", only where no property
// is called so.
func (e *Export) WriteFeature(id string, properties []Property, g orb.Geometry) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	if e.ogr && id != "" && !slices.ContainsFunc(properties, func(p Property) bool { return strings.EqualFold(p.Name, "id") }) {
		properties = append([]Property{{"id", id}}, properties...)
	}
	if e.ogr {
		id = "" // GDAL makes a row number of it, or a second column
	}
	return e.rows.WriteFeature(id, properties, g)
}

// Commit ends the file and puts it in its place, over one that is there.
func (e *Export) Commit() error {
	if e.dir == "" {
		return errClosed
	}
	if err := e.finish(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(e.path), err)
	}
	made, err := os.ReadDir(e.dir)
	if err != nil {
		return err
	}
	last := filepath.Base(e.path)
	for _, entry := range made { // .cpg, .dbf, .prj, .shx
		if name := entry.Name(); name != last && name != "rows.geojsonl" {
			if err := os.Rename(filepath.Join(e.dir, name), filepath.Join(filepath.Dir(e.path), name)); err != nil {
				return err
			}
		}
	}
	if err := os.Rename(filepath.Join(e.dir, last), e.path); err != nil {
		return err
	}
	return e.Close()
}

func (e *Export) finish() error {
	if err := e.rows.Close(); err != nil {
		return err
	}
	if e.packed != nil {
		if err := e.packed.Close(); err != nil {
			return err
		}
	}
	if err := e.buffer.Flush(); err != nil {
		return err
	}
	if err := e.file.Sync(); err != nil {
		return err
	}
	if err := e.file.Close(); err != nil {
		return err
	}
	if !e.ogr {
		return nil
	}
	opts := ogr.WriteOptions{Layer: e.opts.Layer}
	switch e.opts.System {
	case coord.SystemCGCS2000:
		opts.EPSG = 4490
	case coord.SystemWGS84:
		opts.EPSG = 4326
	}
	return ogr.Write(e.ctx, e.file.Name(), filepath.Join(e.dir, filepath.Base(e.path)), opts)
}

// Close removes what Commit has not put in its place. After Commit it does nothing.
func (e *Export) Close() error {
	if e.dir == "" {
		return nil
	}
	dir := e.dir
	e.dir = ""
	if e.file != nil {
		if err := e.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			os.RemoveAll(dir)
			return err
		}
	}
	return os.RemoveAll(dir)
}
