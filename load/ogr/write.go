package ogr

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"wangge/load/feature"
)

// written are the drivers that Write uses, by extension, with their options.
var written = map[string][]string{
	".gpkg": {"GPKG"},
	".shp":  {"ESRI Shapefile", "-lco", "ENCODING=UTF-8"},
	".shz":  {"ESRI Shapefile", "-lco", "ENCODING=UTF-8"},
	".kml":  {"LIBKML"},
	".fgb":  {"FlatGeobuf"},
}

// Writable are the extensions that Write knows, in order.
func Writable() []string {
	all := make([]string, 0, len(written))
	for ext := range written {
		all = append(all, ext)
	}
	slices.Sort(all)
	return all
}

// WriteOptions of Write.
type WriteOptions struct {
	Layer string // the layer's name; empty means the file's
	// EPSG is the system the coordinates are in, longitude first as GeoJSON has them; they are not changed.
	// 0 leaves the file without one (GCJ-02 and BD-09 have no number).
	EPSG int
}

// Write makes the file to, whose extension says its format, from newline-delimited GeoJSON at from. Both are paths
// of ours, not of strangers. Polygons become multipolygons, since most formats hold one type a layer. A shapefile
// clips names to 10 bytes and text to 254.
func Write(ctx context.Context, from, to string, opts WriteOptions) error {
	format := written[strings.ToLower(filepath.Ext(to))]
	if format == nil {
		return fileError(fmt.Sprintf("files named *%s cannot be written", filepath.Ext(to)))
	}
	full, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	source, err := filepath.Abs(from)
	if err != nil {
		return err
	}
	if strings.HasPrefix(full, "/vsi") || strings.HasPrefix(source, "/vsi") {
		return fileError("the path must not begin with /vsi")
	}
	env, err := environment(ctx, []string{"GeoJSONSeq", format[0]})
	if err != nil {
		return err
	}
	layer := opts.Layer
	if layer == "" {
		layer = strings.TrimSuffix(filepath.Base(to), filepath.Ext(to))
	}
	system := "none"
	if opts.EPSG != 0 {
		system = "EPSG:" + strconv.Itoa(opts.EPSG)
	}
	args := append([]string{"-f"}, format...)
	args = append(args, "-nln", layer, "-nlt", "PROMOTE_TO_MULTI", "-a_srs", system, full, source)
	errs := &tail{}
	cmd := command(ctx, env, "ogr2ogr", args...)
	cmd.Stderr = errs
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errs.reason() != "":
		return &feature.FileError{Reason: errs.reason(), Offset: -1, Err: err}
	case err != nil:
		return &feature.FileError{Reason: "ogr2ogr failed: " + err.Error(), Offset: -1, Err: err}
	}
	return nil
}
