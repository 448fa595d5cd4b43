package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/config"
	"wangge/internal/fault"
)

type serveCmd struct{ config.Server }

func (c *serveCmd) Run(r *run) error {
	s, err := r.settings(serverLevel)
	if err != nil {
		return err
	}
	server, err := c.Server.Check()
	if err != nil {
		return err
	}
	return r.program.Serve(r.ctx, s, server, r.out)
}

type demoCmd struct {
	Size     string `enum:"community,district,city,nation" default:"community" help:"How large a town: community (14 grids, 3,582 households), district (400 grids, 120,000 households; seconds) or city (10,000 grids, 3 million households; minutes). Each is part of the next. nation (1,000,000 grids) goes with --in-memory."`
	InMemory bool   `help:"With --size nation: store nothing, but hold a country's grids in memory, say how long that took, how much memory it needs and how fast points are located, and end."`
	IfEmpty  bool   `help:"Do nothing where there is a town already."`
	Beside   bool   `help:"Load it also where there is another town already."`
}

const nation = "nation"

func (c *demoCmd) Run(r *run) error {
	switch {
	case c.InMemory && c.Size != nation:
		return usage{in(r.lang, "--in-memory goes with --size nation; the other sizes are stored", "--in-memory 须与 --size nation 一起使用；其他规模会存入数据库")}
	case c.InMemory && (c.IfEmpty || c.Beside):
		return usage{in(r.lang, "--in-memory stores nothing: leave out --if-empty and --beside", "--in-memory 不存储任何数据：请去掉 --if-empty 和 --beside")}
	case c.Size == nation && !c.InMemory:
		return usage{in(r.lang, "a nation of 1,000,000 grids is for a look at its speed and is not stored: add --in-memory, or choose --size city",
			"全国规模（100 万个网格）仅用于测速，不存入数据库：请加 --in-memory，或改用 --size city")}
	case c.InMemory:
		return c.simulate(r)
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	bar := newBar(r.err, "divisions")
	text, err := r.program.Demo(r.ctx, s, DemoJob{Size: c.Size, IfEmpty: c.IfEmpty, Beside: c.Beside, Progress: bar.show})
	bar.end()
	if err == nil {
		fmt.Fprintln(r.out, text)
	}
	return err
}

func (c *demoCmd) simulate(r *run) error {
	bar := newBar(r.err, "grids")
	s, err := r.program.Simulate(r.ctx, bar.show)
	bar.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, in(r.lang, "%d communities with %d grids and %d vertices\ndrawn in %.1f s, built in %.1f s; %d MB, %d bytes a grid; the whole process at most %d MB\n",
		"%d 个社区，%d 个网格，%d 个顶点\n绘制 %.1f 秒，建立 %.1f 秒；占用 %d MB，每个网格 %d 字节；整个进程最多 %d MB\n"),
		s.Communities, s.Grids, s.Vertices, s.Draw.Seconds(), s.Build.Seconds(), s.Bytes>>20, s.Bytes/uint64(max(1, s.Grids)), s.Peak>>20)
	for _, line := range []struct {
		name  string
		speed Speed
	}{
		{in(r.lang, "a point in the nation", "全国一点"), s.Nation},
		{in(r.lang, "a point in a city of 10,000 grids", "一万个网格的城市中一点"), s.City},
	} {
		fmt.Fprintf(r.out, in(r.lang, "%s: %d ns near borders, %d ns spread out (processor time: %d, %d); %.3f million a second on all cores\n",
			"%s：边界附近 %d 纳秒，分散 %d 纳秒（处理器时间：%d、%d）；全部核心每秒 %.3f 百万点\n"),
			line.name, line.speed.Near.Nanoseconds(), line.speed.Spread.Nanoseconds(), line.speed.NearCPU.Nanoseconds(), line.speed.SpreadCPU.Nanoseconds(), line.speed.All/1e6)
	}
	return nil
}

var importable = []string{"divisions", "grids", "buildings", "roads", "land", "entities", "households", "residents"}

type importCmd struct {
	Kind     string   `arg:"" help:"divisions, grids, buildings, roads, land (water and green), entities (employers, shops, offices), households, or residents (of households that are known)."`
	File     string   `arg:"" help:"The file."`
	CRS      string   `name:"crs" placeholder:"SYSTEM" help:"wgs84, cgcs2000, gcj02, bd09 or epsg:N; default: what the file says, else wgs84."`
	Field    []string `sep:"none" placeholder:"OURS=THEIRS" help:"The file's name for a field, e.g. code=VILLCODE; again for each field."`
	Level    string   `placeholder:"LEVEL" help:"Level of divisions that name none: PROVINCE, CITY, DISTRICT, TOWN or COMMUNITY. For grids: make --division at this level where it is unknown."`
	Division string   `placeholder:"CODE" help:"The division that holds the rows that name none."`
	Repair   bool     `help:"Mend broken geometry and say what was changed, instead of refusing it."`
	DryRun   bool     `help:"Do everything and then undo it."`
	Report   string   `placeholder:"FILE.csv" help:"Write every row that was refused or changed, and why. Of households: the list again with the reasons in a column, .xlsx or .csv; default: NAME.refused.xlsx or .csv beside it."`

	Replace     bool `help:"Households: the file is the full list of each building in it; households that it no longer has end."`
	SkipRefused bool `help:"Households: take in the rows that are not refused."`

	Purpose string `placeholder:"PURPOSE" help:"Residents: what they are taken in for, as it is recorded: INCIDENT, VISIT, SERVICE, CORRECTION, SUBJECT, EMERGENCY or AUTHORITY."`
	Case    string `placeholder:"NUMBER" help:"Residents: the number of the case, such as SJ-2026-17."`

	Layer      string `placeholder:"NAME" help:"The layer to read where the file has several."`
	Encoding   string `placeholder:"NAME" help:"Code page of a shapefile or CSV file, e.g. GBK; default: found out."`
	AdminLevel string `placeholder:"N" help:"Read only OpenStreetMap boundaries of this admin_level."`
}

func (c *importCmd) Run(r *run) error {
	job, err := c.job()
	if err != nil {
		return err
	}
	job.Language = r.lang
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	notes := c.Report
	if c.Kind == "households" { // theirs is the list itself, which load writes
		notes = ""
	}
	report, err := createReport(notes, c.File)
	if err != nil {
		return err
	}
	defer report.abandon()
	bar := newBar(r.err, c.Kind)
	job.Progress = bar.show
	result, err := r.program.Import(r.ctx, s, job)
	bar.end()
	if err != nil {
		return err
	}
	if err := report.write(result.Notes, r.lang); err != nil {
		return err
	}
	tell(r.err, result, job, cmp.Or(c.Report, job.Refused), r.lang)
	fmt.Fprintf(r.out, "%d %s read, %d added, %d updated, %d refused\n", result.Read, c.Kind, result.Added, result.Updated, result.Refused)
	if result.Refused > 0 {
		r.code = failed
	}
	return nil
}

// job checks what was typed before anything is started.
func (c *importCmd) job() (ImportJob, error) {
	switch {
	case !slices.Contains(importable, c.Kind):
		return ImportJob{}, usage{fmt.Sprintf("%q cannot be imported; %s can", c.Kind, strings.Join(importable, ", "))}
	case (c.Kind == "residents") != (c.Purpose != ""), c.Kind != "residents" && c.Case != "":
		return ImportJob{}, usage{"--purpose is for residents, who are not taken in without it; --case goes with it"}
	case c.Kind != "households" && (c.Replace || c.SkipRefused):
		return ImportJob{}, usage{"--replace and --skip-refused are for households"}
	}
	job := ImportJob{Kind: c.Kind, File: c.File, Layer: c.Layer, Encoding: c.Encoding, AdminLevel: c.AdminLevel,
		Division: c.Division, Repair: c.Repair, DryRun: c.DryRun, Fields: map[string]string{}, Replace: c.Replace, SkipRefused: c.SkipRefused, Purpose: c.Purpose, Case: c.Case}
	if c.Kind == "households" {
		job.Refused = cmp.Or(c.Report, refusedFile(c.File, c.DryRun))
	}
	for _, f := range c.Field {
		ours, theirs, _ := strings.Cut(f, "=")
		if ours == "" || theirs == "" {
			return ImportJob{}, usage{fmt.Sprintf("--field %s: write OURS=THEIRS, as in code=VILLCODE", f)}
		}
		if _, twice := job.Fields[ours]; twice {
			return ImportJob{}, usage{fmt.Sprintf("--field %s is given twice", ours)}
		}
		job.Fields[ours] = theirs
	}
	if c.Level != "" {
		job.Level = place.Level(strings.ToUpper(c.Level))
		if job.Level.Rank() < 0 {
			return ImportJob{}, usage{fmt.Sprintf("--level %s: PROVINCE, CITY, DISTRICT, TOWN or COMMUNITY", c.Level)}
		}
	}
	if c.Division != "" && !place.ValidCode(c.Division) {
		return ImportJob{}, usage{fmt.Sprintf("--division %s: a code is 1 to 32 letters, digits and hyphens", c.Division)}
	}
	var err error
	if job.CRS, err = system(c.CRS); err != nil {
		return ImportJob{}, err
	}
	if _, err := os.Stat(c.File); err != nil {
		return ImportJob{}, usage{fmt.Sprintf("%s cannot be opened: %v", c.File, reason(err))}
	}
	return job, nil
}

// refusedEnd is what refusedFile adds to a name.
var refusedEnd = regexp.MustCompile(`\.refused(-[0-9]+)?$`)

// refusedFile is where the rows of a list go that were refused, where nobody says: beside the list, and not into the list itself
// where that is such a file. keep leaves what an earlier import wrote.
func refusedFile(list string, keep bool) string {
	ext := filepath.Ext(list)
	base := refusedEnd.ReplaceAllString(strings.TrimSuffix(list, ext), "") + ".refused"
	end := ".xlsx"
	if strings.EqualFold(ext, ".csv") {
		end = ".csv"
	}
	for n, name := 2, base+end; ; n, name = n+1, fmt.Sprintf("%s-%d%s", base, n, end) {
		_, err := os.Stat(name)
		if filepath.Clean(name) != filepath.Clean(list) && (!keep || errors.Is(err, fs.ErrNotExist)) {
			return name
		}
	}
}

// system checks a coordinate system as typed.
func system(s string) (string, error) {
	low := strings.ToLower(s)
	if n, found := strings.CutPrefix(low, "epsg:"); found {
		if n == "" || len(n) > 6 || strings.Trim(n, "0123456789") != "" {
			return "", usage{fmt.Sprintf("--crs %s: write epsg: and a number, like epsg:4527", s)}
		}
		return low, nil
	}
	if s == "" {
		return "", nil
	}
	known, err := coord.ParseSystem(s)
	if err != nil {
		return "", usage{fmt.Sprintf("--crs %s: wgs84, cgcs2000, gcj02, bd09 or epsg:N", s)}
	}
	return strings.ToLower(string(known)), nil
}

type templateCmd struct {
	Kind string `arg:"" enum:"households,residents" help:"households, or residents."`
	File string `arg:"" help:"The file to write, .xlsx."`
}

func (c *templateCmd) Run(r *run) error {
	if !strings.EqualFold(filepath.Ext(c.File), ".xlsx") {
		return usage{fmt.Sprintf("%s: a template is an .xlsx file", c.File)}
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage{fmt.Sprintf("%s is there already: choose another name", c.File)}
	}
	if err != nil {
		return usage{fmt.Sprintf("%s cannot be written: %v", c.File, reason(err))}
	}
	if err := errors.Join(r.program.Template(f, c.Kind), f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File))
	}
	fmt.Fprintf(r.out, in(r.lang, "template written to %s\n", "模板已写入 %s\n"), c.File)
	return nil
}

type exportCmd struct {
	Kind string `arg:"" help:"divisions, grids or buildings."`
	File string `arg:"" help:"The file; its extension says the format: .geojson, .gpkg, .shp."`
	CRS  string `name:"crs" placeholder:"SYSTEM" help:"wgs84, cgcs2000, gcj02 or bd09; default cgcs2000."`
}

func (c *exportCmd) Run(r *run) error {
	if !slices.Contains([]string{"divisions", "grids", "buildings"}, c.Kind) {
		return usage{fmt.Sprintf("%q cannot be exported; divisions, grids and buildings can", c.Kind)}
	}
	crs, err := system(c.CRS)
	if err == nil && strings.HasPrefix(crs, "epsg:") {
		err = usage{fmt.Sprintf("--crs %s: files are written in wgs84, cgcs2000, gcj02 or bd09; ogr2ogr converts them further", c.CRS)}
	}
	if err != nil {
		return err
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	n, err := r.program.Export(r.ctx, s, ExportJob{Kind: c.Kind, File: c.File, CRS: crs})
	if err == nil {
		fmt.Fprintf(r.out, "%d %s written to %s\n", n, c.Kind, c.File)
	}
	return err
}

type tilesCmd struct {
	Export tilesExportCmd `cmd:"" help:"Write every tile of the public map to one file, PMTiles version 3, which a CDN serves: a snapshot."`
}

type tilesExportCmd struct {
	File   string   `arg:"" help:"The file to write, .pmtiles; one that is there is replaced."`
	Layers []string `placeholder:"A,B" help:"Layers, as in /tiles/A,B.json; default: those of the public map."`
	Zooms  string   `default:"0-16" placeholder:"FIRST-LAST" help:"Zooms; default 0-16. Maps show the last one also when they are zoomed in further."`
	config.Archive
}

func (c *tilesExportCmd) Run(r *run) error {
	if !strings.EqualFold(filepath.Ext(c.File), ".pmtiles") {
		return usage{fmt.Sprintf(in(r.lang, "%s: an archive is a .pmtiles file", "%s：归档文件须以 .pmtiles 结尾"), c.File)}
	}
	job := TilesJob{File: c.File, Layers: c.Layers}
	var err error
	if job.First, job.Last, err = zooms(c.Zooms, r.lang); err != nil {
		return err
	}
	if job.Settings, err = c.Archive.Check(); err != nil {
		return err
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	bar := newBar(r.err, in(r.lang, "tiles", "瓦片"))
	bar.did = in(r.lang, "drawn", "已绘制")
	job.Progress = bar.show
	report, err := r.program.ExportTiles(r.ctx, s, job)
	bar.end()
	if err != nil {
		return err
	}
	if report.Moved {
		fmt.Fprintln(r.err, in(r.lang, "the data changed while the file was written: some tiles show what was before; export again for tiles of one state",
			"写入期间数据有变化：部分瓦片为变化前的内容；如需一致请重新导出"))
	}
	fmt.Fprintf(r.out, in(r.lang, "%d tiles of zooms %d to %d, %d of them different, written to %s: %.1f MB\n", "%d 张瓦片（级别 %d 到 %d，其中 %d 张内容不同）已写入 %s：%.1f MB\n"),
		report.Tiles, report.MinZoom, report.MaxZoom, report.Contents, c.File, float64(report.Bytes)/1e6)
	return nil
}

// zooms reads FIRST-LAST, or one zoom. How deep there are any is left to the program.
func zooms(s string, lang fault.Language) (first, last uint32, err error) {
	from, to, several := strings.Cut(s, "-")
	if !several {
		to = from
	}
	a, errA := strconv.ParseUint(from, 10, 8)
	b, errB := strconv.ParseUint(to, 10, 8)
	if errA != nil || errB != nil || a > b {
		return 0, 0, usage{fmt.Sprintf(in(lang, "--zooms %s: write the first and the last, like 0-16", "--zooms %s：请写起止级别，如 0-16"), s)}
	}
	return uint32(a), uint32(b), nil
}

type photosCmd struct {
	Move photosMoveCmd `cmd:"" help:"Take photos that lie in the database to where photos are kept (PHOTOS_URL). Until then they are served from the database."`
}

type photosMoveCmd struct{}

func (photosMoveCmd) Run(r *run) error {
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	moved, left, err := r.program.MovePhotos(r.ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, in(r.lang, "%d photos moved\n", "已移动 %d 张照片\n"), moved)
	if left > 0 {
		fmt.Fprintf(r.err, in(r.lang, "%d stay in the database: they are too small, or no pictures that are taken in\n", "%d 张仍在数据库中：图片过小，或格式不受支持\n"), left)
	}
	return nil
}

type migrateCmd struct {
	Direction string `arg:"" enum:"up,down,status" help:"up, down (one step; stop the servers first, which start with all steps again) or status."`
	LoseData  bool   `help:"Down: also where workers, accounts, the audit or residents' files are lost, which nothing makes anew."`
}

func (c *migrateCmd) Run(r *run) error {
	if c.LoseData && Direction(c.Direction) != Down {
		return usage{"--lose-data is for migrate down"}
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	text, err := r.program.Migrate(r.ctx, s, Direction(c.Direction), c.LoseData)
	if err == nil {
		fmt.Fprintln(r.out, text)
	}
	return err
}

type versionCmd struct{}

func (versionCmd) Run(r *run) error {
	fmt.Fprintln(r.out, "wangge", Version())
	return nil
}

// Version is what the build says of itself: the module's version, else the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	version := "devel"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			version = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			version += " with changes"
		}
	}
	return version
}
