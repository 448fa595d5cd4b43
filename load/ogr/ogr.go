// Package ogr reads and writes the file formats that GDAL knows, shapefile, GeoPackage, KML, MapInfo, CSV and more,
// by running its ogr2ogr. What comes out is read as strictly as any other GeoJSON; GDAL does the formats, the
// projections and the code pages, and nothing else.
//
// Files come from strangers, so GDAL is held to one format a file (the others, some of which fetch from the network
// or open further files, are switched off), is given only local regular files by absolute path, and inherits no
// environment beyond what it needs to run.
package ogr

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"wangge/load/feature"
	"wangge/load/geojson"
)

// Options of Open.
type Options struct {
	// Layer is the one to read; needed only where the file has several.
	Layer string
	// EPSG is the system of the file's coordinates, whatever the file itself says; 0 believes the file.
	EPSG int
	// AssumeEPSG is the system where neither EPSG nor the file says one; 0 makes that an error.
	AssumeEPSG int
	// Keep hands coordinates on as they are in the file, for systems that GDAL does not know (GCJ-02, BD-09).
	Keep bool
	// Encoding is the code page of a shapefile's or CSV file's text, "GB18030"; empty finds it out.
	Encoding string
}

// Reader reads the rows of one layer. It implements feature.Rows. Coordinates are longitude, latitude in degrees of
// EPSG:4490 (CGCS2000), or as in the file with Options.Keep; heights are dropped.
type Reader struct {
	rows  *geojson.Reader
	cmd   *exec.Cmd
	out   io.ReadCloser
	errs  *tail
	src   *source
	ctx   context.Context
	read  atomic.Int64
	total int64
	err   error
	ended bool
}

// Open begins to read the file at path. Errors say in one sentence what helps: GDAL not installed, a format not
// known, several layers (named), no coordinate system, a code page that cannot be found out.
func Open(ctx context.Context, path string, opts Options) (*Reader, error) {
	src, err := newSource(path, opts)
	if err != nil {
		return nil, err
	}
	r, err := open(ctx, src, opts)
	if err != nil {
		src.close()
		return nil, err
	}
	return r, nil
}

func open(ctx context.Context, src *source, opts Options) (*Reader, error) {
	env, err := environment(ctx, append([]string{"GeoJSON"}, src.drivers...))
	if err != nil {
		return nil, err
	}
	layer, err := src.layer(ctx, env, opts.Layer)
	if err != nil {
		return nil, err
	}
	args := []string{"-f", "GeoJSON", "/vsistdout/", src.dataset, "-dim", "XY", "-noNativeData",
		"-lco", "RFC7946=NO", // it would turn rings and cut at the antimeridian
		"-lco", "COORDINATE_PRECISION=12"}
	for _, o := range src.openOptions {
		args = append(args, "-oo", o)
	}
	switch {
	case layer.geometry == "None":
	case opts.Keep:
		args = append(args, "-a_srs", "EPSG:4326") // assigned, not transformed
	default:
		from := opts.EPSG
		if from == 0 && !layer.hasSystem {
			if from = opts.AssumeEPSG; from == 0 {
				return nil, fileError("the file does not say its coordinate system; name it, --crs epsg:N (or wgs84, cgcs2000, gcj02, bd09)")
			}
		}
		if from != 0 {
			args = append(args, "-s_srs", "EPSG:"+strconv.Itoa(from))
		}
		args = append(args, "-t_srs", "EPSG:4490")
	}
	if layer.one {
		// Not passed: a layer can have any name, also that of an option.
	} else if strings.HasPrefix(layer.name, "-") {
		return nil, fileError(fmt.Sprintf("layer %q cannot be read beside others: its name begins with a hyphen", layer.name))
	} else {
		args = append(args, layer.name)
	}
	r := &Reader{src: src, ctx: ctx, total: layer.count, errs: &tail{}}
	r.cmd = command(ctx, env, "ogr2ogr", args...)
	r.cmd.Stderr = r.errs
	if r.out, err = r.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start ogr2ogr: %w", err)
	}
	r.rows = geojson.NewReader(r.out, geojson.Options{AnySystem: true})
	return r, nil
}

// Next implements feature.Rows.
func (r *Reader) Next() (feature.Feature, error) {
	if r.err != nil {
		return feature.Feature{}, r.err
	}
	f, err := r.rows.Next()
	var row *feature.RowError
	switch {
	case errors.As(err, &row):
		r.read.Add(1)
		row.Line, row.Column = 0, 0 // of GDAL's output, which nobody sees
		return f, row
	case err != nil:
		r.err = r.end(err)
		return feature.Feature{}, r.err
	}
	r.read.Add(1)
	return f, nil
}

// end learns from ogr2ogr how it ended; what it says comes before what reading its output said.
func (r *Reader) end(readErr error) error {
	if readErr != io.EOF {
		// Most likely it stopped by itself and its output is cut off; if not, it must not wait for us.
		io.Copy(io.Discard, io.LimitReader(r.out, 1<<20))
	}
	r.out.Close()
	err := r.cmd.Wait()
	r.ended = true
	r.src.close()
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case r.errs.reason() != "": // also where it ends with 0: it goes on after rows it could not transform
		return &feature.FileError{Reason: r.errs.reason(), Offset: -1, Err: err}
	case err != nil && readErr == io.EOF:
		return &feature.FileError{Reason: "ogr2ogr failed: " + err.Error(), Offset: -1, Err: err}
	default:
		return readErr
	}
}

// Close implements feature.Rows. It ends ogr2ogr.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = errors.New("ogr: reader is closed")
	}
	if !r.ended {
		r.ended = true
		r.cmd.Cancel()
		r.out.Close()
		r.cmd.Wait()
	}
	return r.src.close()
}

// Progress is how many rows have been read, and of how many; 0 where GDAL cannot tell. It may be called at any time.
func (r *Reader) Progress() (read, total int64) { return r.read.Load(), r.total }

func fileError(reason string) error { return &feature.FileError{Reason: reason, Offset: -1} }

// command runs one of GDAL's programs in a process group of its own, which ends with ctx.
func command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// passed are the variables that GDAL may need: where its own files are, where programs and temporary files are.
var passed = []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "GDAL_DATA", "PROJ_DATA", "PROJ_LIB"}

// environment is what GDAL is run with: every format but those named is switched off, and so is the network.
func environment(ctx context.Context, drivers []string) ([]string, error) {
	env := []string{"LC_ALL=C.UTF-8", "PROJ_NETWORK=OFF", "CPL_DEBUG=OFF"}
	for _, name := range passed {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		return nil, &feature.FileError{Offset: -1, Err: err,
			Reason: "this format is read and written by GDAL's ogr2ogr, which is not installed: apt-get install gdal-bin"}
	}
	all, err := allDrivers(ctx, env)
	if err != nil {
		return nil, err
	}
	var skip []string
	missing := slices.Clone(drivers)
	for _, name := range all {
		if i := slices.Index(missing, name); i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		if !slices.Contains(drivers, name) {
			skip = append(skip, name)
		}
	}
	if len(missing) == len(drivers) { // KML has two drivers, of which one will do
		return nil, fileError("this build of GDAL cannot handle " + strings.Join(missing, ", "))
	}
	return append(env, "OGR_SKIP="+strings.Join(skip, ",")), nil
}

// known are GDAL's drivers, asked for once: they do not change while we run.
var known struct {
	sync.Mutex
	drivers []string
}

func allDrivers(ctx context.Context, env []string) ([]string, error) {
	known.Lock()
	defer known.Unlock()
	if known.drivers != nil {
		return known.drivers, nil
	}
	out, err := command(ctx, env, "ogr2ogr", "--formats").Output()
	if err != nil {
		return nil, fmt.Errorf("ask ogr2ogr for its formats: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		// "  ESRI Shapefile -vector- (rw+v): ESRI Shapefile"
		if name, _, ok := strings.Cut(line, " -"); ok && strings.TrimSpace(name) != "" {
			known.drivers = append(known.drivers, strings.TrimSpace(name))
		}
	}
	return known.drivers, nil
}

// tail keeps the beginning of what a program says on its standard error.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := 64<<10 - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// reason is the first error among the lines, or "". Warnings are none, but for those that say text was damaged.
func (t *tail) reason() string {
	lines := bufio.NewScanner(bytes.NewReader(t.Bytes()))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.Contains(line, "valid UTF-8"), strings.Contains(line, "converted correctly"), strings.Contains(line, "Recode from"):
			return "the text is in another code page than the file says; name it, --encoding GB18030 (GDAL: " + line + ")"
		case strings.HasPrefix(line, "ERROR "):
			if _, text, ok := strings.Cut(line, ": "); ok {
				return "GDAL: " + text
			}
			return "GDAL: " + line
		}
	}
	return ""
}
