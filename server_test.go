package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/planar"

	"wangge/internal/testdb"
	"wangge/internal/traces"
	"wangge/load/demo"
	"wangge/tile"
	"wangge/tile/pmtiles"
	"wangge/tile/pmtiles/pmtilestest"
	"wangge/tile/style"
)

// These tests run the program itself, as a process: the test binary started once more.
const actAsProgram = "WANGGE_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(actAsProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is a run of wangge with no settings but env.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append([]string{actAsProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8"}, env...)
	cmd.Dir = t.TempDir()
	return cmd
}

func run(t *testing.T, env []string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &o, traces.Log(t, &e)
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// mustRun is run for what must succeed; it returns what a script would read.
func mustRun(t *testing.T, env []string, args ...string) string {
	t.Helper()
	code, out, errOut := run(t, env, args...)
	if code != 0 {
		t.Fatalf("wangge %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	return strings.TrimSpace(out)
}

// server is a running wangge serve.
type server struct {
	cmd    *exec.Cmd
	url    string
	before []string // lines before it was ready
	log    *growing
}

// growing is a text that one goroutine writes and others read meanwhile.
type growing struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (g *growing) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(p)
}

func (g *growing) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.String()
}

func serve(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	s := &server{cmd: command(t, env, append([]string{"serve"}, args...)...), log: &growing{}}
	s.cmd.Stderr = traces.Log(t, s.log)
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		if url, ready := strings.CutPrefix(lines.Text(), "listening on "); ready {
			s.url = url
			return s
		}
		s.before = append(s.before, lines.Text())
	}
	_ = s.cmd.Wait()
	t.Fatalf("it did not start: %s", s.log)
	return nil
}

// stop asks the server to end and returns its exit code.
func (s *server) stop(t *testing.T, with os.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(with); err != nil {
		t.Fatal(err)
	}
	err := s.cmd.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return s.cmd.ProcessState.ExitCode()
}

func (s *server) get(t *testing.T, path string, header ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// inside is a position in the middle of the demo town's largest grid, and the grid's code.
func inside(t *testing.T) (lng, lat float64, code string) {
	t.Helper()
	largest := slices.MaxFunc(demo.Community().Grids, func(a, b demo.Grid) int {
		return int(1e12 * (planar.Area(a.Boundary) - planar.Area(b.Boundary)))
	})
	centre, _ := planar.CentroidArea(largest.Boundary)
	if !planar.MultiPolygonContains(largest.Boundary, centre) {
		t.Fatalf("the centre of %s lies outside it", largest.Code)
	}
	return centre[0], centre[1], largest.Code
}

// needPrivate skips where no PostgreSQL is installed; in CI there must be one.
func needPrivate(t *testing.T) {
	t.Helper()
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) == 0 && os.Getenv("CI") == "" {
		t.Skip("PostgreSQL is not installed: run script/install-debian.sh")
	}
}

// dataFolder is an empty data folder. Under root the private PostgreSQL puts its files elsewhere; they are removed as well.
func dataFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wangge-test-") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		folders := []string{dir}
		if base := databaseFolder(dir); strings.HasPrefix(base, "/var/lib/wangge/") {
			folders = append(folders, base)
		}
		for _, f := range folders {
			// A server that a failed test left behind is just dying, and may still be writing.
			for deadline := time.Now().Add(5 * time.Second); os.RemoveAll(f) != nil && time.Now().Before(deadline); {
				time.Sleep(50 * time.Millisecond)
			}
		}
	})
	return dir
}

// databaseFolder is where the private PostgreSQL of a data folder lies.
func databaseFolder(data string) string {
	files, _ := filepath.Glob(filepath.Join(data, "*"))
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && strings.HasPrefix(string(text), "/var/lib/wangge/") {
			return strings.TrimSpace(string(text))
		}
	}
	found, _ := filepath.Glob(filepath.Join(data, "*", "data", "PG_VERSION"))
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(filepath.Dir(found[0]))
}

func postmaster(t *testing.T, data string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(databaseFolder(data), "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// The newcomer's way: no set-up, the demo town, a question, an answer; then what can go wrong on the way.
func TestANewcomersFirstHour(t *testing.T) {
	needPrivate(t)
	data := dataFolder(t)
	lng, lat, code := inside(t)
	where := fmt.Sprintf("/where?lng=%v&lat=%v&crs=CGCS2000", lng, lat)

	if out := mustRun(t, nil, "demo", "--data", data, "--size", "community"); !strings.Contains(out, "听雨社区") || !strings.Contains(out, "14 grids") {
		t.Errorf("demo says %q", out)
	}
	if out := mustRun(t, nil, "demo", "--data", data, "--if-empty"); !strings.HasPrefix(out, "there is a town already") {
		t.Errorf("demo --if-empty says %q", out)
	}
	s := serve(t, nil, "--data", data, "--addr", "127.0.0.1:0")
	token, err := os.ReadFile(filepath.Join(data, "operator.token"))
	if err != nil || len(s.before) != 1 || s.before[0] != "operator token "+strings.TrimSpace(string(token)) {
		t.Errorf("before it was ready it said %q; the file: %v", s.before, err)
	}

	t.Run("a point finds its grid", func(t *testing.T) {
		status, body := s.get(t, where)
		var answer struct {
			Rule string
			Grid struct{ Code string }
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.Rule != "CONTAINS" || answer.Grid.Code != code {
			t.Errorf("%d %s, want CONTAINS %s", status, body, code)
		}
		if strings.Contains(s.log.String(), fmt.Sprint(lng)) {
			t.Error("the log holds the position")
		}
	})
	t.Run("what is wrong with the town", func(t *testing.T) {
		// Nobody asked for a report yet; the server keeps them made, so that the map has them.
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if status, _ := s.get(t, "/tiles/gaps/12/3415/1674.mvt"); status == 200 {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("the tile of problems: %d", status)
			}
		}
		exit, out, errOut := run(t, nil, "check", "--data", data, "--division", "990102001001")
		if exit != 1 || !strings.Contains(out, "990102001001 听雨社区") || !strings.Contains(out, "gap (gap): 1") || errOut != "" {
			t.Errorf("exit %d, %s, %s", exit, out, errOut)
		}
		if exit, out, _ := run(t, nil, "check", "--data", data, "--division", "990102001001", "--fail-on", "undersize"); exit != 1 {
			t.Errorf("--fail-on undersize: exit %d, %s", exit, out)
		}
		if exit, _, errOut := run(t, nil, "check", "--data", data, "--division", "7"); exit != 1 || !strings.Contains(errOut, "7") {
			t.Errorf("an unknown division: exit %d, %s", exit, errOut)
		}
		exit, out, _ = run(t, nil, "check", "--data", data, "--json")
		var doc struct {
			Divisions []struct {
				Code     string
				Counts   map[string]int
				Problems []struct{ Kind string }
			}
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil || exit != 1 || len(doc.Divisions) != 1 || doc.Divisions[0].Code != "9901" {
			t.Fatalf("exit %d, %v, %.300s", exit, err, out)
		}
		total := 0
		for _, n := range doc.Divisions[0].Counts {
			total += n
		}
		if total != len(doc.Divisions[0].Problems) || doc.Divisions[0].Counts["OVERLAP"] != 1 {
			t.Errorf("counted %v, listed %d", doc.Divisions[0].Counts, len(doc.Divisions[0].Problems))
		}
	})
	t.Run("every door opens", func(t *testing.T) {
		for path, want := range map[string]int{"/": 200, "/g/" + code: 200, "/g/none": 404, "/tiles/grids.json": 200, "/tiles/grids/99/0/0.mvt": 400,
			"/style.json": 200, "/style.json?show=gaps": 200, "/coverage": 200, "/coverage/990102001001": 200, "/coverage/none": 404, "/livez": 200, "/readyz": 200, "/metrics": 200, "/graphiql": 200, "/schema.graphql": 200,
			"/graphql?query=%7Bviewer%7Bkind%7D%7D": 200, "/where": 400, "/nowhere": 404} {
			if status, body := s.get(t, path); status != want {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
		if _, body := s.get(t, "/schema.graphql"); !strings.Contains(body, "type Query") || !strings.Contains(body, "type Grid ") {
			t.Error("the schema is not whole")
		}
		_, body := s.get(t, "/graphql?query=%7Btilesets%7BtileJsonUrl%7D%7D")
		if want := s.url + "/tiles/grids.json"; !strings.Contains(body, want) {
			t.Errorf("the tilesets are %s, want %s among them", body, want)
		}
		if status, body := s.get(t, "/where", "Authorization", "Bearer wrong"); status != 401 || !strings.Contains(body, "UNAUTHENTICATED") {
			t.Errorf("a wrong token: %d %s", status, body)
		}
		if status, _ := s.get(t, where, "Authorization", "Bearer "+strings.TrimSpace(string(token))); status != 200 {
			t.Errorf("the operator's token: %d", status)
		}
	})
	t.Run("the port is taken", func(t *testing.T) {
		code, out, errOut := run(t, nil, "serve", "--data", data, "--addr", strings.TrimPrefix(s.url, "http://"))
		if code != 1 || out != "" || !strings.Contains(errOut, "is taken by another program") || strings.Count(errOut, "\n") != 1 {
			t.Errorf("exit %d, %q, %q", code, out, errOut)
		}
	})
	t.Run("out and in again beside the running server", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "grids.geojson")
		if out := mustRun(t, nil, "export", "grids", "--data", data, file); !strings.HasPrefix(out, "14 grids written") {
			t.Errorf("export says %q", out)
		}
		if out := mustRun(t, nil, "import", "grids", "--data", data, "--dry-run", file); out != "14 grids read, 0 added, 14 updated, 0 refused" {
			t.Errorf("import says %q", out)
		}
	})
	t.Run("the map for a CDN is what the server serves", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "town.pmtiles")
		if out := mustRun(t, nil, "tiles", "export", "--data", data, file); !strings.Contains(out, " tiles of zooms ") || !strings.Contains(out, "written to "+file) {
			t.Errorf("tiles export says %q", out)
		}
		archive := pmtilestest.Read(t, file)
		var layers []string
		for _, l := range archive.Metadata["vector_layers"].([]any) {
			layers = append(layers, l.(map[string]any)["id"].(string))
		}
		slices.Sort(layers)
		if public := slices.Sorted(slices.Values(style.Layers())); !slices.Equal(layers, public) || len(archive.Found) < 50 || archive.Zooms[1] != tile.MaxZoom {
			t.Errorf("%d tiles of %v, zooms %v; the public map has %v", len(archive.Found), layers, archive.Zooms, public)
		}
		for id, body := range archive.Found {
			z, x, y := pmtiles.Tile(id)
			if status, served := s.get(t, fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", strings.Join(layers, ","), z, x, y)); status != 200 || served != body {
				t.Errorf("%d/%d/%d: %d with %d bytes is served, %d bytes are in the archive", z, x, y, status, len(served), len(body))
			}
		}
		pmtilestest.Judge(t, file, pmtiles.Summary{Tiles: archive.Tiles, Entries: archive.Entries, Contents: archive.Contents, MinZoom: archive.Zooms[0], MaxZoom: archive.Zooms[1]})
	})
	t.Run("the database is lost and comes back", func(t *testing.T) {
		if err := syscall.Kill(postmaster(t, data), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		away, deadline := false, time.Now().Add(30*time.Second)
		for {
			if status, body := s.get(t, where); status != 200 {
				t.Fatalf("without its database /where answers %d %s", status, body)
			}
			if status, body := s.get(t, "/readyz?for=residents"); status != 200 {
				t.Fatalf("without its database /readyz?for=residents answers %d %s", status, body)
			}
			status, body := s.get(t, "/readyz")
			// What was found is said for a second, longer than the database may be away; of when the data are, at once.
			if old := strings.Contains(body, "dataAsOf"); old || status == 503 {
				away = true
			} else if away {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("away %t, /readyz says %d %s: %s", away, status, body, s.log)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Run("it stops when asked", func(t *testing.T) {
		pid := postmaster(t, data)
		start := time.Now()
		if code := s.stop(t, syscall.SIGTERM); code != 0 {
			t.Errorf("exit %d: %s", code, s.log)
		}
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("that took %v", took)
		}
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("PostgreSQL is left behind as process %d", pid)
		}
		again := serve(t, []string{"WINDOW=1,1,2,2"}, "--data", data, "--addr", "127.0.0.1:0")
		if len(again.before) != 0 {
			t.Errorf("at the second start it says %q", again.before)
		}
		if status, body := again.get(t, where); status != 400 || !strings.Contains(body, `"INVALID"`) {
			t.Errorf("a point outside WINDOW: %d %s", status, body)
		}
		if code := again.stop(t, os.Interrupt); code != 0 {
			t.Errorf("after Ctrl-C: exit %d", code)
		}
	})
}

// TestItAnswersBeforeItIsLoaded: while the database is made, the address is open already and says that it is not ready.
func TestItAnswersBeforeItIsLoaded(t *testing.T) {
	needPrivate(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	before := make(chan map[string]int)
	go func() {
		seen := map[string]int{}
		for {
			select {
			case <-ready:
				before <- seen
				return
			case <-time.After(20 * time.Millisecond):
			}
			for _, path := range []string{"/livez", "/readyz", "/"} {
				if resp, err := http.Get("http://" + addr + path); err == nil {
					seen[fmt.Sprint(path, " ", resp.StatusCode)]++
					resp.Body.Close()
				}
			}
		}
	}()
	s := serve(t, []string{"DATA=" + dataFolder(t)}, "--addr", addr)
	close(ready)
	seen := <-before
	for _, want := range []string{"/livez 200", "/readyz 503", "/ 503"} {
		if seen[want] == 0 {
			t.Errorf("never %s before it was loaded: %v", want, seen)
		}
	}
	for _, path := range []string{"/readyz", "/readyz?for=residents", "/"} {
		if status, body := s.get(t, path); status != 200 {
			t.Errorf("loaded, %s: %d %s", path, status, body)
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestMigrations(t *testing.T) {
	env := []string{"DATABASE_URL=" + testdb.Empty(t), "DATA=" + t.TempDir()}
	if out := mustRun(t, env, "migrate", "status"); !strings.Contains(out, "pending") || strings.Contains(out, "applied") {
		t.Errorf("status of an empty database:\n%s", out)
	}
	if out := mustRun(t, env, "migrate", "up"); !strings.HasPrefix(out, "applied 00001") {
		t.Errorf("up says %q", out)
	}
	if out := mustRun(t, env, "migrate", "up"); !strings.HasPrefix(out, "nothing to do") {
		t.Errorf("up again says %q", out)
	}
	s := serve(t, env, "--addr", "127.0.0.1:0")
	if out := mustRun(t, env, "migrate", "down"); !strings.HasPrefix(out, "took back 000") {
		t.Errorf("down says %q", out)
	}
	if status, body := s.get(t, "/readyz"); status != 503 || !strings.Contains(body, `"migrations":"failed"`) || !strings.Contains(body, `"database":"ok"`) {
		t.Errorf("with the last step taken back, /readyz: %d %s", status, body)
	}
	if out := mustRun(t, env, "migrate", "status"); strings.Count(out, "pending") != 1 {
		t.Errorf("status:\n%s", out)
	}
}

// Whatever door it shows at, a fault of ours is told by the id under which the log knows its cause.
func TestAFaultOfOursIsFoundByItsID(t *testing.T) {
	url := testdb.URL(t)
	s := serve(t, []string{"DATABASE_URL=" + url, "DATA=" + t.TempDir(), "TRUSTED_PROXIES=127.0.0.1"}, "--addr", "127.0.0.1:0")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	// What is not held in memory: buildings, and what search asks the database each time. One at a time, as servers read both.
	for _, table := range []string{"building", "change_log"} {
		if _, err := conn.Exec(t.Context(), "ALTER TABLE "+table+" RENAME TO mislaid_"+table); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	position := "lng=120.123456&lat=31.1&crs=CGCS2000"
	for i, path := range []string{"/where?address=1&" + position, "/b/990101-0190a1b2c3d4e5f60718293a4b5c6d7e",
		"/tiles/buildings/16/54617/26812.mvt", "/graphql?query=%7Bbuildings(near:%7Blng:120.123456,lat:31.1,crs:CGCS2000%7D,withinM:9)%7BtotalCount%7D%7D"} {
		id := fmt.Sprintf("front-%d", i)
		status, body := s.get(t, path, "X-Request-Id", id)
		if status != 500 && !strings.HasPrefix(path, "/graphql") || !strings.Contains(body, id) || strings.Contains(body, "mislaid") {
			t.Errorf("%s: %d %s", path, status, body)
		}
		ids = append(ids, id)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 { // from here on the log is whole
		t.Errorf("exit %d", code)
	}
	for _, id := range ids {
		if !regexp.MustCompile(`level=ERROR .*does not exist.* request=` + id + "\n").MatchString(s.log.String()) {
			t.Errorf("the log has no cause under %s:\n%s", id, s.log)
		}
	}
	if strings.Contains(s.log.String(), "120.12") {
		t.Errorf("the log holds the position:\n%s", s.log)
	}
}

const twoBuildings = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"b1","name":"1号楼"},"geometry":{"type":"Polygon","coordinates":[[[120.1,31.1],[120.101,31.1],[120.101,31.101],[120.1,31.1]]]}},
{"type":"Feature","properties":{"code":"b2","name":"2号楼"},"geometry":%s}]}`

const (
	soundRing = `{"type":"Polygon","coordinates":[[[120.2,31.1],[120.201,31.1],[120.201,31.101],[120.2,31.1]]]}`
	bowTie    = `{"type":"Polygon","coordinates":[[[120.2,31.1],[120.201,31.101],[120.201,31.1],[120.2,31.102],[120.2,31.1]]]}`
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func count(t *testing.T, url, table string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAFileGoesInWholeOrNotAtAll(t *testing.T) {
	url := testdb.URL(t)
	env := []string{"DATABASE_URL=" + url, "DATA=" + t.TempDir()}
	bad, good := write(t, "bad.geojson", fmt.Sprintf(twoBuildings, bowTie)), write(t, "good.geojson", fmt.Sprintf(twoBuildings, soundRing))
	report := filepath.Join(t.TempDir(), "report.csv")

	code, out, errOut := run(t, env, "import", "buildings", "--report", report, bad)
	if code != 1 || !strings.HasPrefix(out, "2 buildings read, 0 added, 0 updated, 1 refused") || !strings.Contains(errOut, "feature 2") {
		t.Errorf("exit %d, %q, %q", code, out, errOut)
	}
	if text, err := os.ReadFile(report); err != nil || !strings.Contains(string(text), "feature 2,b2,refused") {
		t.Errorf("the report: %s, %v", text, err)
	}
	if n := count(t, url, "building"); n != 0 {
		t.Errorf("%d buildings of the refused file stayed", n)
	}
	for _, c := range []struct {
		args []string
		want string
		kept int
	}{
		{[]string{"--dry-run", good}, "2 buildings read, 2 added, 0 updated, 0 refused", 0},
		{[]string{good}, "2 buildings read, 2 added, 0 updated, 0 refused", 2},
		{[]string{good}, "2 buildings read, 0 added, 2 updated, 0 refused", 2},
		{[]string{"--repair", bad}, "2 buildings read, 0 added, 2 updated, 0 refused", 2},
	} {
		if out := mustRun(t, env, append([]string{"import", "buildings"}, c.args...)...); out != c.want {
			t.Errorf("import %v says %q, want %q", c.args, out, c.want)
		}
		if n := count(t, url, "building"); n != c.kept {
			t.Errorf("after import %v there are %d buildings, want %d", c.args, n, c.kept)
		}
	}
}

func TestCtrlCLeavesNothingHalfDone(t *testing.T) {
	url := testdb.URL(t)
	interruptAt(t, url, "building", "import", "buildings", write(t, "good.geojson", fmt.Sprintf(twoBuildings, soundRing)))
	if n := count(t, url, "building"); n != 0 {
		t.Errorf("%d buildings stayed", n)
	}
}

// interruptAt runs a command until it waits for a table, and interrupts it there.
func interruptAt(t *testing.T, url, table string, args ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context())) // which gives the table free
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE "+table+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, []string{"DATABASE_URL=" + url, "DATA=" + t.TempDir()}, args...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var waiting bool
		if err := tx.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = $1::text::regclass AND NOT granted)", table).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting {
			break
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("%v never came to the table: %s", args, &errOut)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code says it
	if code := cmd.ProcessState.ExitCode(); code != 130 || errOut.String() != "wangge: stopped; nothing was left half done\n" {
		t.Errorf("%v: exit %d, %q", args, code, &errOut)
	}
}

func TestNoArchiveOfTilesIsLeftHalfDone(t *testing.T) {
	url := testdb.URL(t)
	env := []string{"DATABASE_URL=" + url, "DATA=" + t.TempDir()}
	dir := t.TempDir()
	file := filepath.Join(dir, "town.pmtiles")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--layers", "grids,households", file}, `There is no layer "households"`},
		{[]string{"--zooms", "3-17", file}, "zooms from 0 to 16"},
		{[]string{file}, "There is nothing of divisions"},
	} {
		code, out, errOut := run(t, env, append([]string{"tiles", "export"}, c.args...)...)
		if code != 1 || out != "" || !strings.Contains(errOut, c.says) || strings.Count(errOut, "\n") != 1 {
			t.Errorf("tiles export %v: exit %d, %q, %q", c.args, code, out, errOut)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), `INSERT INTO building (district, id, code, name, location) VALUES ('dist1', gen_random_uuid(), 'b', '', ST_SetSRID(ST_MakePoint(120, 31), 4490)); ANALYZE building`); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := run(t, env, "tiles", "export", filepath.Join(dir, "none", "town.pmtiles")); code != 1 || !strings.Contains(errOut, "none/town.pmtiles cannot be written: no such file or directory.") {
		t.Errorf("a folder that is not there: exit %d, %q", code, errOut)
	}

	interruptAt(t, url, "land", "tiles", "export", "--layers", "land,buildings", file)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}

func TestABadSettingStartsNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, env := range []string{"CORS_ORIGINS=*", "WINDOW=1,2,3", "ADDR=nowhere", "TIME_ZONE=Mars", "RATE_LIMIT=much", "DATABASE_URL=postgres://localhost:1/none", "TRUSTED_DOCUMENTS=/nonexistent"} {
		code, out, errOut := run(t, []string{env, "DATA=" + data}, "serve")
		if code == 0 || out != "" || strings.Count(strings.TrimSpace(errOut), "\n") != 0 {
			t.Errorf("%s: exit %d, %q, %q", env, code, out, errOut)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "postgresql")); err == nil {
		t.Error("a database was made")
	}
}
