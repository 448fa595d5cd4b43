package ogr

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"wangge/load/feature"
)

// formats are the drivers that may open a file, by its extension.
var formats = map[string][]string{
	".shp": {"ESRI Shapefile"}, ".shz": {"ESRI Shapefile"}, ".dbf": {"ESRI Shapefile"},
	".gpkg": {"GPKG"}, ".fgb": {"FlatGeobuf"}, ".gdb": {"OpenFileGDB"},
	".kml": {"LIBKML", "KML"}, ".kmz": {"LIBKML"}, ".gpx": {"GPX"},
	".tab": {"MapInfo File"}, ".mif": {"MapInfo File"}, ".dxf": {"DXF"},
	".csv": {"CSV"}, ".xlsx": {"XLSX"}, ".ods": {"ODS"},
	".geojson": {"GeoJSON"}, ".json": {"GeoJSON"}, ".geojsonl": {"GeoJSONSeq"}, ".geojsons": {"GeoJSONSeq"}, ".ndjson": {"GeoJSONSeq"},
}

// Known reports whether a file of this name is one that Open can read.
func Known(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".zip" || formats[ext] != nil
}

// source is a file as GDAL is told to open it.
type source struct {
	dataset     string // an absolute path, or one within an archive
	drivers     []string
	openOptions []string // NAME=VALUE
	temporary   string   // a folder to remove
}

func (s *source) close() error {
	if s.temporary == "" {
		return nil
	}
	dir := s.temporary
	s.temporary = ""
	return os.RemoveAll(dir)
}

// newSource makes sure that name is a local regular file of a known format.
func newSource(name string, opts Options) (*source, error) {
	info, err := os.Stat(name)
	if err != nil {
		var bad *os.PathError
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return nil, &feature.FileError{Reason: fmt.Sprintf("%s cannot be opened as a local file: %v", name, err), Offset: -1, Err: err}
	}
	if !info.Mode().IsRegular() {
		return nil, fileError(name + " is not a regular file")
	}
	full, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(full, "/vsi") { // GDAL would not take it for a local file
		return nil, fileError("the path must not begin with /vsi")
	}
	s := &source{dataset: full}
	ext := strings.ToLower(filepath.Ext(full))
	side := besideFile
	if ext == ".zip" {
		inner, err := s.unzip(full, opts.Layer)
		if err != nil {
			return nil, err
		}
		ext, side = strings.ToLower(path.Ext(inner)), besideInZip(full, inner)
	}
	if ext == ".gz" {
		if ext = strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(full), ".gz"))); strings.HasPrefix(ext, ".geojson") || ext == ".json" || ext == ".ndjson" {
			s.dataset = "/vsigzip/" + full
		} else {
			ext = ".gz" // nobody packs the others so
		}
	}
	if s.drivers = formats[ext]; s.drivers == nil {
		return nil, fileError(fmt.Sprintf("files named *%s are of no format that can be read", ext))
	}
	switch ext {
	case ".shp", ".dbf":
		encoding := opts.Encoding
		if encoding == "" {
			if encoding, err = shapefileEncoding(full, side); err != nil {
				return nil, err
			}
		}
		if encoding != "" {
			s.openOptions = append(s.openOptions, "ENCODING="+encoding)
		}
	case ".csv":
		s.openOptions = append(s.openOptions, "AUTODETECT_TYPE=NO") // a code keeps its leading zeros
		if err := s.csvAsUTF8(full, opts.Encoding); err != nil {
			s.close()
			return nil, err
		}
	default:
		if opts.Encoding != "" {
			return nil, fileError(fmt.Sprintf("a code page cannot be chosen for files named *%s", ext))
		}
	}
	return s, nil
}

// unzip finds what to read in an archive and points the dataset at it.
func (s *source) unzip(full, layer string) (inner string, err error) {
	if strings.ContainsAny(full, "{}") {
		return "", fileError("the path of an archive must not have braces in it")
	}
	archive, err := zip.OpenReader(full)
	if err != nil {
		return "", &feature.FileError{Reason: "is not a zip archive: " + err.Error(), Offset: -1, Err: err}
	}
	defer archive.Close()
	var names, shapes []string
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, "/")
		if dir, _, ok := strings.Cut(f.Name, ".gdb/"); ok {
			name = dir + ".gdb"
		}
		ext := strings.ToLower(path.Ext(name))
		if formats[ext] == nil || ext == ".dbf" || strings.HasPrefix(name, "__MACOSX/") || slices.Contains(names, name) || !filepath.IsLocal(name) {
			continue
		}
		names = append(names, name)
		if ext == ".shp" {
			shapes = append(shapes, name)
		}
	}
	if len(shapes) > 0 {
		names = shapes // the table of a .tab or .mif beside them is the same data
	}
	if len(names) > 1 {
		chosen := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			base := path.Base(name)
			return name != layer && base != layer && strings.TrimSuffix(base, path.Ext(base)) != layer
		})
		if len(chosen) != 1 {
			return "", severalError("the archive holds several files", names, layer)
		}
		names = chosen
	}
	if len(names) == 0 {
		return "", fileError("the archive holds no file of a known format")
	}
	s.dataset = "/vsizip/{" + full + "}/" + names[0]
	return names[0], nil
}

func severalError(what string, names []string, layer string) error {
	const most = 20
	list := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		list += ", …"
	}
	if layer != "" {
		return fileError(fmt.Sprintf("there is no layer %q: %s: %s", layer, what, list))
	}
	return fileError(fmt.Sprintf("%s, choose one with --layer: %s", what, list))
}

// A sibling opens the file beside the main one with another extension ("cpg"), whatever its case.
type sibling func(main, ext string) (io.ReadCloser, error)

func besideFile(main, ext string) (io.ReadCloser, error) {
	base := strings.TrimSuffix(main, filepath.Ext(main))
	f, err := os.Open(base + "." + ext)
	if os.IsNotExist(err) {
		f, err = os.Open(base + "." + strings.ToUpper(ext))
	}
	if err != nil { // not the nil *os.File, which would be no nil interface
		return nil, err
	}
	return f, nil
}

func besideInZip(full, inner string) sibling {
	return func(_, ext string) (io.ReadCloser, error) {
		archive, err := zip.OpenReader(full)
		if err != nil {
			return nil, err
		}
		want := strings.TrimSuffix(inner, path.Ext(inner)) + "." + ext
		for _, f := range archive.File {
			if strings.EqualFold(f.Name, want) {
				r, err := f.Open()
				if err != nil {
					archive.Close()
					return nil, err
				}
				return both{r, archive}, nil
			}
		}
		archive.Close()
		return nil, os.ErrNotExist
	}
}

// both closes the archive with the file in it.
type both struct {
	io.ReadCloser
	archive io.Closer
}

func (b both) Close() error { return errors.Join(b.ReadCloser.Close(), b.archive.Close()) }

// layer is one table of a dataset.
type layer struct {
	name      string
	geometry  string // as ogrinfo names it: "Polygon", "None"
	hasSystem bool
	count     int64 // of rows; 0 where unknown
	one       bool  // the dataset has no other
}

// layer asks ogrinfo what there is and picks the one wanted.
func (s *source) layer(ctx context.Context, env []string, wanted string) (*layer, error) {
	args := []string{"-ro", "-so", "-al", "-noextent", "-nomd", s.dataset}
	for _, o := range s.openOptions {
		args = append(args, "-oo", o)
	}
	errs := &tail{}
	cmd := command(ctx, env, "ogrinfo", args...)
	cmd.Stderr = errs
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	all := layersOf(string(out))
	if err != nil || len(all) == 0 {
		reason := errs.reason()
		if reason == "" {
			reason = fmt.Sprintf("is not a file of this format (%s), or is damaged", strings.Join(s.drivers, ", "))
		}
		return nil, &feature.FileError{Reason: reason, Offset: -1, Err: err}
	}
	if len(all) == 1 { // a name given for it need not fit: in an archive it was the file's
		all[0].one = true
		return &all[0], nil
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].name
		if all[i].name == wanted {
			return &all[i], nil
		}
	}
	return nil, severalError("the file has several layers", names, wanted)
}

// layersOf reads the summary that ogrinfo prints of each layer.
func layersOf(summary string) []layer {
	var all []layer
	inSystem := false
	for line := range strings.Lines(summary) {
		line = strings.TrimRight(line, "\r\n")
		if name, ok := strings.CutPrefix(line, "Layer name: "); ok {
			all = append(all, layer{name: name})
			continue
		}
		if len(all) == 0 {
			continue
		}
		last := &all[len(all)-1]
		switch {
		case strings.HasPrefix(line, "Geometry: "):
			last.geometry = strings.TrimPrefix(line, "Geometry: ")
		case strings.HasPrefix(line, "Feature Count: "):
			last.count, _ = strconv.ParseInt(strings.TrimPrefix(line, "Feature Count: "), 10, 64)
		case line == "Layer SRS WKT:":
			inSystem = true
			continue
		case inSystem:
			// GeoPackage has a number for "undefined", which GDAL shows as a system.
			last.hasSystem = line != "(unknown)" && !strings.Contains(line, `"Undefined `)
		}
		inSystem = false
	}
	return all
}
