package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wangge/domain/audit"
	"wangge/domain/coverage"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/config"
	"wangge/internal/fault"
)

// recorder is a Program that notes what it was asked and answers with what a test wants. The commands against the
// real one are tested where it is wired, in package main.
type recorder struct {
	proved   Proved
	did      string
	settings config.Settings
	server   config.ServerSettings
	imported ImportJob
	report   place.Report
	tiles    TilesReport
	checked  []coverage.Checked
	moved    [2]int
	err      error
}

func (p *recorder) MovePhotos(_ context.Context, s config.Settings) (moved, left int, err error) {
	p.did, p.settings = "photos move", s
	return p.moved[0], p.moved[1], p.err
}

func (p *recorder) Users(_ context.Context, s config.Settings, job UserJob) ([]User, error) {
	p.did, p.settings = fmt.Sprintf("user %+v", job), s
	return []User{{Login: "li.na", Role: "staff", Worker: "w-1", Password: "ABCD-EFGH", Post: "网格员", Factor: true, Disabled: true}}, p.err
}

func (p *recorder) Keys(_ context.Context, s config.Settings) (KeysReport, error) {
	p.did, p.settings = "keys status", s
	return KeysReport{File: "ring.json", Ring: []RingKey{{ID: "k1", Made: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), DataKeys: 3}}, DataKeys: 3, Retired: 1, Values: 12, Left: 2}, p.err
}

func (p *recorder) RotateKeys(_ context.Context, s config.Settings, job RotateJob) (Rotated, error) {
	job.Progress(Progress{Rows: 5})
	job.Progress = nil
	p.did, p.settings = fmt.Sprintf("keys rotate %+v", job), s
	return Rotated{Key: "k2", DataKeys: 3, Retired: 3, Values: 12, Dropped: 1, RingDropped: 1}, p.err
}

func (p *recorder) Serve(_ context.Context, s config.Settings, server config.ServerSettings, out io.Writer) error {
	p.did, p.settings, p.server = "serve", s, server
	fmt.Fprintln(out, "listening on http://"+server.Addr)
	return p.err
}

func (p *recorder) Demo(_ context.Context, s config.Settings, job DemoJob) (string, error) {
	job.Progress(Progress{Kind: "grids", Rows: 1})
	job.Progress = nil
	p.did, p.settings = fmt.Sprintf("demo %+v", job), s
	return "loaded a town", p.err
}

func (p *recorder) Simulate(_ context.Context, progress func(Progress)) (Simulation, error) {
	progress(Progress{Kind: "grids", Rows: 1})
	p.did = "simulate"
	return Simulation{Communities: 100, Grids: 1000, Vertices: 30_000, Draw: time.Second, Build: 2500 * time.Millisecond, Bytes: 500_000, Peak: 3 << 20,
		Nation: Speed{200, 100, 190, 95, 5e6}, City: Speed{150, 80, 145, 75, 9e6}}, p.err
}

func (p *recorder) Import(ctx context.Context, s config.Settings, job ImportJob) (place.Report, error) {
	p.did, p.settings, p.imported = "import "+job.Kind, s, job
	job.Progress(Progress{Rows: 1, Done: 1, Total: 2})
	if ctx.Err() != nil {
		return place.Report{}, ctx.Err()
	}
	return p.report, p.err
}

func (p *recorder) Export(_ context.Context, s config.Settings, job ExportJob) (int, error) {
	p.did, p.settings = fmt.Sprintf("export %+v", job), s
	return 3, p.err
}

func (p *recorder) ExportTiles(_ context.Context, s config.Settings, job TilesJob) (TilesReport, error) {
	job.Progress(Progress{Rows: 1, Done: 1, Total: 2})
	job.Progress = nil
	p.did, p.settings = fmt.Sprintf("tiles export %+v", job), s
	return p.tiles, p.err
}

func (p *recorder) Template(w io.Writer, kind string) error {
	p.did = "template " + kind
	fmt.Fprint(w, "a workbook")
	return p.err
}

func (p *recorder) Check(_ context.Context, s config.Settings, job CheckJob) ([]coverage.Checked, error) {
	p.did, p.settings = "check "+job.Division, s
	job.Progress(1, 2)
	return p.checked, p.err
}

func (p *recorder) VerifyAudit(_ context.Context, s config.Settings, known []audit.Head, each func()) (Proved, error) {
	p.did, p.settings = fmt.Sprint("audit verify ", known), s
	each()
	p.proved.Heads = []audit.Head{{Chain: "unplaced", N: 12, Hash: audit.Hash{1}}}
	return p.proved, p.err
}

func (p *recorder) ListAudit(_ context.Context, s config.Settings, q audit.Query) (list page.Page[audit.Link], logins map[string]string, err error) {
	p.did, p.settings = fmt.Sprintf("audit list %+v", q), s
	e := audit.Entry{At: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Actor: "a-1", Role: "staff", Action: "REVEAL_RESIDENT",
		Object: audit.Object{Kind: "RESIDENT", ID: "near-1"}, District: "near", Purpose: audit.Incident, Case: "SQ-2026-1", Result: audit.OK}
	list.Items = append(list.Items, page.Item[audit.Link]{Node: audit.Link{Entry: e, N: 3}})
	return list, map[string]string{"a-1": "zhang.san"}, p.err
}

func (p *recorder) Migrate(_ context.Context, s config.Settings, to Direction, lose bool) (string, error) {
	p.did, p.settings = "migrate "+string(to), s
	if lose {
		p.did += " for good"
	}
	return "done", p.err
}

// plain takes the environment's settings away, so that the tests say the same everywhere.
func plain(t *testing.T) {
	for _, name := range []string{"DATA", "DATABASE_URL", "PHOTOS_URL", "SECRET_KEYS", "TIME_ZONE", "STATEMENT_TIMEOUT", "AUDIT_KEY", "AUDIT_DAYS", "LOG_LEVEL", "LOG_FORMAT", "ADDR",
		"PUBLIC_URL", "WINDOW", "NEAREST_LIMIT_M", "CORS_ORIGINS", "RATE_LIMIT", "TRUSTED_PROXIES"} {
		if value, set := os.LookupEnv(name); set {
			os.Unsetenv(name)
			t.Cleanup(func() { os.Setenv(name, value) })
		}
	}
	t.Setenv("LC_ALL", "C.UTF-8")
}

func call(t *testing.T, p *recorder, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = runMain(t.Context(), args, p, &o, &e)
	return code, o.String(), e.String()
}

func file(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "town.geojson")
	if err := os.WriteFile(name, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestEveryCommandTakesDataAfterItsWords(t *testing.T) {
	plain(t)
	f := file(t)
	for _, words := range []string{
		"serve", "demo", "check", "migrate up", "migrate down", "migrate status",
		"import divisions|" + f, "import grids|" + f, "import buildings|" + f, "import roads|" + f, "import land|" + f,
		"export divisions|" + f, "export grids|" + f, "export buildings|" + f, "tiles export|town.pmtiles", "photos move", "keys status", "keys rotate",
		"audit verify", "audit list",
	} {
		before, after, _ := strings.Cut(words, "|")
		args := append(strings.Fields(before), "--data", "/some/where")
		if after != "" {
			args = append(args, after)
		}
		p := &recorder{}
		code, _, errOut := call(t, p, args...)
		if code != ok || p.settings.Data != "/some/where" || !strings.HasPrefix(p.did, strings.Fields(before)[0]) {
			t.Errorf("%v: exit %d, did %q with data %q; %s", args, code, p.did, p.settings.Data, errOut)
		}
	}
}

func TestDefaults(t *testing.T) {
	plain(t)
	p := &recorder{}
	if code, out, errOut := call(t, p, "serve"); code != ok || out != "listening on http://127.0.0.1:8080\n" || errOut != "" {
		t.Fatalf("exit %d, out %q, err %q", code, out, errOut)
	}
	s := p.settings
	if s.Data != ".wangge" || s.DatabaseURL != "" || s.Zone.String() != "Asia/Shanghai" || s.StatementTimeout != 10*time.Second ||
		s.LogLevel != slog.LevelInfo || s.LogJSON {
		t.Errorf("settings %+v", s)
	}
	if v := p.server; v.Addr != "127.0.0.1:8080" || v.NearestLimitM != 300 || v.RateLimit != 200 || v.PublicURL != nil || v.Window != nil {
		t.Errorf("server %+v", v)
	}
	if call(t, p, "migrate", "down"); p.did != "migrate down" {
		t.Error(p.did)
	}
	if call(t, p, "migrate", "down", "--lose-data"); p.did != "migrate down for good" {
		t.Error(p.did)
	}
	call(t, p, "migrate", "status")
	if p.settings.LogLevel != slog.LevelWarn {
		t.Errorf("a command logs from %v", p.settings.LogLevel)
	}
}

func TestTheEnvironmentSetsAndAFlagIsStronger(t *testing.T) {
	plain(t)
	t.Setenv("DATA", "/env")
	t.Setenv("ADDR", "127.0.0.1:9001")
	t.Setenv("RATE_LIMIT", "0")
	t.Setenv("WINDOW", "120,31,121,32")
	p := &recorder{}
	call(t, p, "serve", "--addr", "127.0.0.1:0")
	if p.settings.Data != "/env" || p.server.Addr != "127.0.0.1:0" || p.server.RateLimit != 0 || p.server.Window == nil {
		t.Errorf("%+v %+v", p.settings, p.server)
	}
	t.Setenv("CORS_ORIGINS", "https://*")
	code, _, errOut := call(t, p, "serve")
	if code != misused || !strings.Contains(errOut, "CORS_ORIGINS") || strings.Count(errOut, "\n") != 1 {
		t.Errorf("exit %d, %q", code, errOut)
	}
}

func TestWhatIsNotUnderstood(t *testing.T) {
	plain(t)
	f := file(t)
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "expected one of"},
		{"srve", "unexpected argument srve"},
		{"serve --prot 1", "unknown flag --prot"},
		{"demo --size village", "--size must be one of"},
		{"import wards " + f, `"wards" cannot be imported`},
		{"import grids --replace " + f, "are for households"},
		{"import grids", "<file>"},
		{"import grids /no/such/file", "/no/such/file cannot be opened: no such file or directory"},
		{"import grids --crs utm " + f, "--crs utm"},
		{"import grids --crs epsg:x " + f, "--crs epsg:x"},
		{"import grids --level parish " + f, "--level parish"},
		{"import grids --division a/b " + f, "--division a/b"},
		{"import grids --field =NAME " + f, "--field =NAME"},
		{"export grids --crs epsg:4527 x.geojson", "--crs epsg:4527"},
		{"import residents " + f, "--purpose is for residents"},
		{"import grids --purpose VISIT " + f, "--purpose is for residents"},
		{"import grids --case SJ-2026-1 " + f, "--case goes with it"},
		{"import grids --field name " + f, "--field name"},
		{"import grids --field name=A --field name=B " + f, "given twice"},
		{"import grids --report /no/such/folder/r.csv " + f, "--report"},
		{"import grids --report " + f + " " + f, "is the file that is imported"},
		{"import grids --report . " + f, "is no file that can be written"},
		{"export roads x.geojson", `"roads" cannot be exported`},
		{"photos", "expected"},
		{"photos move --photos-url /srv/photos", "PHOTOS_URL"},
		{"tiles", "expected"},
		{"tiles export", "<file>"},
		{"tiles export town.mbtiles", "a .pmtiles file"},
		{"tiles export --zooms 16-3 town.pmtiles", "--zooms 16-3: write the first and the last"},
		{"tiles export --zooms all town.pmtiles", "--zooms all"},
		{"tiles export --zooms=-3 town.pmtiles", "--zooms -3"},
		{"tiles export --zooms 3- town.pmtiles", "--zooms 3-"},
		{"migrate sideways", "must be one of"},
		{"migrate up --lose-data", "--lose-data is for migrate down"},
		{"check --fail-on gap,hole", "--fail-on hole: the kinds are gap, overlap, outside, unassigned_building"},
		{"check --division a/b", "--division a/b"},
	} {
		p := &recorder{}
		code, _, errOut := call(t, p, strings.Fields(c.args)...)
		if code != misused || !strings.Contains(errOut, c.want) || p.did != "" || strings.Count(strings.TrimSpace(errOut), "\n") > 0 {
			t.Errorf("%q: exit %d, did %q, said %q", c.args, code, p.did, errOut)
		}
	}
}

func TestTilesAreExported(t *testing.T) {
	plain(t)
	for _, c := range []struct{ args, did string }{
		{"town.pmtiles", "tiles export {File:town.pmtiles Layers:[] First:0 Last:16 Settings:{PublicURL:<nil> TileLimit:1048576 Attribution:} Progress:<nil>}"},
		{"--layers grids,grid_labels --zooms 10-14 a/TOWN.PMTILES", "tiles export {File:a/TOWN.PMTILES Layers:[grids grid_labels] First:10 Last:14 Settings:{PublicURL:<nil> TileLimit:1048576 Attribution:} Progress:<nil>}"},
		{"--zooms 7 town.pmtiles", "tiles export {File:town.pmtiles Layers:[] First:7 Last:7 Settings:{PublicURL:<nil> TileLimit:1048576 Attribution:} Progress:<nil>}"},
	} {
		p := &recorder{tiles: TilesReport{Tiles: 69, Contents: 42, MinZoom: 3, MaxZoom: 16, Bytes: 1_234_567}}
		code, out, errOut := call(t, p, append([]string{"tiles", "export"}, strings.Fields(c.args)...)...)
		if code != ok || p.did != c.did || !strings.HasPrefix(out, "69 tiles of zooms 3 to 16, 42 of them different, written to ") || !strings.HasSuffix(out, ": 1.2 MB\n") || strings.Contains(errOut, "again") {
			t.Errorf("%s: exit %d, did %q, said %q, %q", c.args, code, p.did, out, errOut)
		}
	}
	if code, _, errOut := call(t, &recorder{}, "tiles", "export", "--tile-limit-kb", "much", "town.pmtiles"); code != misused || !strings.Contains(errOut, "TILE_LIMIT_KB") {
		t.Errorf("a limit that is none: exit %d, %q", code, errOut)
	}
	p := &recorder{tiles: TilesReport{Tiles: 1, Moved: true}}
	if code, _, errOut := call(t, p, "tiles", "export", "town.pmtiles"); code != ok || !strings.Contains(errOut, "export again") {
		t.Errorf("the data changed: exit %d, said %q", code, errOut)
	}
	p = &recorder{err: context.Canceled}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var o, e bytes.Buffer
	if code := runMain(ctx, []string{"tiles", "export", "town.pmtiles"}, p, &o, &e); code != interrupted || o.Len() > 0 {
		t.Errorf("Ctrl-C: exit %d, %q", code, &o)
	}
}

func TestPhotosAreMoved(t *testing.T) {
	plain(t)
	for _, c := range []struct {
		lang, out, err string
		left           int
	}{{"C.UTF-8", "7 photos moved\n", "", 0}, {"C.UTF-8", "7 photos moved\n", "2 stay in the database", 2}, {"zh_CN.UTF-8", "已移动 7 张照片\n", "2 张仍在数据库中", 2}} {
		t.Setenv("LC_ALL", c.lang)
		p := &recorder{moved: [2]int{7, c.left}}
		code, out, errOut := call(t, p, "photos", "move", "--photos-url", "s3://town?region=cn-north-1")
		if code != ok || out != c.out || !strings.Contains(errOut, c.err) || (c.err == "") != (errOut == "") || p.settings.PhotosURL.Host != "town" {
			t.Errorf("exit %d, said %q, %q", code, out, errOut)
		}
	}
	p := &recorder{err: fault.New(fault.Unavailable, "", "database")}
	if code, out, errOut := call(t, p, "photos", "move"); code != failed || out != "" || errOut == "" {
		t.Errorf("exit %d, said %q, %q", code, out, errOut)
	}
}

func TestKeysAreTold(t *testing.T) {
	plain(t)
	for _, c := range []struct{ args, did, out string }{
		{"status --secret-keys /run/ring.json", "keys status", "keys in ring.json\nk1  made 2026-11-22  3 data keys\n3 data keys in use, 1 retired; 12 values sealed, 2 of them under retired keys\n"},
		{"rotate", "keys rotate {DataKeys:false DropUnused:false Progress:<nil>}", "key k2 is current: 3 data keys sealed under it\n"},
		{"rotate --data-keys --drop-unused", "keys rotate {DataKeys:true DropUnused:true Progress:<nil>}",
			"key k2 is current: 3 data keys sealed under it\n3 data keys retired, 12 values sealed anew, 1 old data keys removed\n1 keys taken out of the file\n"},
	} {
		p := &recorder{}
		code, out, errOut := call(t, p, append([]string{"keys"}, strings.Fields(c.args)...)...)
		if code != ok || p.did != c.did || out != c.out || (p.settings.SecretKeys == "/run/ring.json") != (c.did == "keys status") {
			t.Errorf("%s: exit %d, did %q, said %q, %q", c.args, code, p.did, out, errOut)
		}
	}
	p := &recorder{err: fault.New(fault.Unavailable, "", "database")}
	if code, out, errOut := call(t, p, "keys", "rotate"); code != failed || out != "" || errOut == "" {
		t.Errorf("exit %d, said %q, %q", code, out, errOut)
	}
}

func TestHelp(t *testing.T) {
	plain(t)
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"import", "--help"}} {
		code, out, errOut := call(t, &recorder{}, args...)
		if code != ok || !strings.Contains(out, "Usage: wangge") || errOut != "" {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, errOut)
		}
	}
	_, out, _ := call(t, &recorder{}, "serve", "--help")
	for _, name := range []string{"ADDR", "DATABASE_URL", "PUBLIC_URL", "WINDOW", "NEAREST_LIMIT_M", "CORS_ORIGINS", "RATE_LIMIT", "TIME_ZONE", "STATEMENT_TIMEOUT", "LOG_LEVEL", "LOG_FORMAT", "DATA", "TRUSTED_PROXIES"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), name) {
			t.Errorf("the help does not name %s", name)
		}
	}
}

func TestAnImportSaysWhatItDid(t *testing.T) {
	plain(t)
	f := file(t)
	p := &recorder{report: place.Report{Read: 20, Added: 14, Updated: 6, Notes: []place.Note{{Source: "feature 3", Kind: place.Repaired}}}}
	code, out, errOut := call(t, p, "import", "grids", "--crs", "GCJ-02", "--field", "code=VILL=CODE", "--field", "name=名称",
		"--level", "community", "--division", "990102001001", "--repair", "--dry-run", f)
	if code != ok || out != "20 grids read, 14 added, 6 updated, 0 refused\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	if !strings.Contains(errOut, "1 repaired") || !strings.Contains(errOut, "dry run: nothing was changed") {
		t.Errorf("said %q", errOut)
	}
	j := p.imported
	if j.CRS != "gcj02" || j.Fields["code"] != "VILL=CODE" || j.Fields["name"] != "名称" || j.Level != place.Community ||
		j.Division != "990102001001" || !j.Repair || !j.DryRun || j.File != f {
		t.Errorf("job %+v", j)
	}
}

func TestRefusedRowsAreNamedAndTheExitCodeSaysSo(t *testing.T) {
	plain(t)
	f := file(t)
	lng, lat := -73.5, 45.5
	report := place.Report{Read: 40}
	for i := range 25 {
		report.Refuse(place.Note{Source: fmt.Sprintf("relation %d", 11384697+i), Code: "=1+1", Field: "geometry", Reason: "ring 1\x1b[31m crosses itself, \"here\"", Lng: &lng, Lat: &lat})
	}
	p := &recorder{report: report}
	csvFile := filepath.Join(t.TempDir(), "refused.csv")
	code, out, errOut := call(t, p, "import", "buildings", "--report", csvFile, f)
	if code != failed || out != "40 buildings read, 0 added, 0 updated, 25 refused\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	if strings.Count(errOut, "refused: ") != shown || !strings.Contains(errOut, "and 5 more; "+csvFile) || !strings.Contains(errOut, "try --repair") ||
		!strings.Contains(errOut, "relation 11384697 (=1+1), geometry: ring 1") || !strings.Contains(errOut, "(at -73.5, 45.5)") || strings.Contains(errOut, "\x1b") {
		t.Errorf("said %s", errOut)
	}
	text, err := os.ReadFile(csvFile)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 26 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := strings.Join(rows[25], "|"); got != "relation 11384721|'=1+1|refused|geometry|ring 1\x1b[31m crosses itself, \"here\"|-73.5|45.5" {
		t.Errorf("last row %q", got)
	}
	if rest, err := os.ReadDir(filepath.Dir(csvFile)); err != nil || len(rest) != 1 {
		t.Errorf("beside the report: %v", rest)
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "1=1": "1=1", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=": "'\t=", "\r=": "'\r=", "\n=": "'\n=", "网格": "网格",
	} {
		if got := cell(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestFailuresAreOneSentence(t *testing.T) {
	plain(t)
	f := file(t)
	for _, c := range []struct {
		name string
		err  error
		lang string
		code int
		want string
	}{
		{"a fault", fault.New(fault.Unavailable, "", "database"), "C", failed, "wangge: The database cannot be reached.\n"},
		{"in Chinese", fault.New(fault.Unavailable, "", "database"), "zh_CN.UTF-8", failed, "wangge: 无法连接数据库。\n"},
		{"what nobody foresaw", errors.New("disk is on fire"), "C", failed, "wangge: disk is on fire\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("LC_ALL", c.lang)
			csvFile := filepath.Join(t.TempDir(), "r.csv")
			code, out, errOut := call(t, &recorder{err: c.err}, "import", "grids", "--report", csvFile, f)
			if code != c.code || out != "" || errOut != c.want {
				t.Errorf("exit %d, %q, %q", code, out, errOut)
			}
			if rest, err := os.ReadDir(filepath.Dir(csvFile)); err != nil || len(rest) != 0 {
				t.Errorf("left behind: %v", rest)
			}
		})
	}
}

func TestCtrlC(t *testing.T) {
	plain(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	code := runMain(ctx, []string{"import", "grids", file(t)}, &recorder{}, &out, &errOut)
	if code != interrupted || out.Len() > 0 || errOut.String() != "wangge: stopped; nothing was left half done\n" {
		t.Errorf("exit %d, %q, %q", code, out.String(), errOut.String())
	}
}

func TestProgressWithoutATerminal(t *testing.T) {
	var w bytes.Buffer
	b := newBar(&w, "buildings")
	b.show(Progress{Rows: 1, Done: 1, Total: 100})
	if w.Len() > 0 {
		t.Errorf("at once: %q", w.String())
	}
	b.last = b.last.Add(-lineEvery)
	b.show(Progress{Rows: 4000, Done: 50, Total: 100})
	b.last = b.last.Add(-lineEvery)
	b.show(Progress{Rows: 8000})
	b.show(Progress{Rows: 9000, Done: 100, Total: 100})
	b.end()
	if w.String() != "4000 buildings read, 50 %\n8000 buildings read\n9000 buildings read, 100 %\n" {
		t.Errorf("wrote %q", w.String())
	}
	w.Reset()
	b = newBar(&w, "divisions")
	b.last = b.last.Add(-lineEvery) // the database took so long to start
	b.show(Progress{Total: 100})
	b.end()
	if w.Len() > 0 {
		t.Errorf("of nothing: %q", w.String())
	}
}

func TestNationIsHeldInMemoryOnly(t *testing.T) {
	plain(t)
	for _, c := range []struct {
		name, args, language, want string
	}{
		{"stored", "--size nation", "C.UTF-8", "wangge: a nation of 1,000,000 grids is for a look at its speed and is not stored: add --in-memory, or choose --size city\n"},
		{"stored, Chinese", "--size nation", "zh_CN.UTF-8", "wangge: 全国规模（100 万个网格）仅用于测速，不存入数据库：请加 --in-memory，或改用 --size city\n"},
		{"a town in memory", "--in-memory", "C.UTF-8", "wangge: --in-memory goes with --size nation; the other sizes are stored\n"},
		{"what asks for a database", "--size nation --in-memory --beside", "C.UTF-8", "wangge: --in-memory stores nothing: leave out --if-empty and --beside\n"},
	} {
		t.Setenv("LC_ALL", c.language)
		p := &recorder{}
		if code, _, errOut := call(t, p, append([]string{"demo"}, strings.Fields(c.args)...)...); code != misused || errOut != c.want || p.did != "" {
			t.Errorf("%s: exit %d, did %q, said %q", c.name, code, p.did, errOut)
		}
	}
	t.Setenv("LC_ALL", "C.UTF-8")
	p := &recorder{}
	code, out, _ := call(t, p, "demo", "--size", "nation", "--in-memory")
	want := `100 communities with 1000 grids and 30000 vertices
drawn in 1.0 s, built in 2.5 s; 0 MB, 500 bytes a grid; the whole process at most 3 MB
a point in the nation: 200 ns near borders, 100 ns spread out (processor time: 190, 95); 5.000 million a second on all cores
a point in a city of 10,000 grids: 150 ns near borders, 80 ns spread out (processor time: 145, 75); 9.000 million a second on all cores
`
	if code != ok || p.did != "simulate" || out != want {
		t.Errorf("exit %d, did %q, said\n%s", code, p.did, out)
	}
}
