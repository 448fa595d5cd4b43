package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/localpg"
)

// town is the data that all contestants answer from: the demo town, and beside it a patch with exactly the shape that the
// nested read is about, 20 communities with 450 grids, each with a worker.
type town struct {
	dir     string // files of this run
	pg      *localpg.Server
	url     string // of the database
	baseURL string // of the older version's; "" without one
	old     string // the older version's program
	undo    []func()
	spots   []spot // inside grids, spread over all of them
}

// spot is a point and the code of the grid that PostGIS says holds it; of several the lowest, as the rule is.
type spot struct {
	lng, lat float64
	code     string
}

const (
	spotCount = 20_000

	patchTown        = "990201001"
	patchCommunities = 20
	patchGrids       = 450

	nowDatabase, baseDatabase = "bench_now", "bench_base"
)

// openTown makes the town, or finds it where an earlier run kept it. With a base the older version loads it and the newer one
// takes a copy over, so that both have the same.
func openTown(ctx context.Context, o options, out io.Writer) (_ *town, err error) {
	t := &town{}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.dir, err = os.MkdirTemp("", "wangge-bench-"); err != nil {
		return nil, err
	}
	t.undo = append(t.undo, func() { os.RemoveAll(t.dir) })
	data := o.keep
	if data == "" {
		data = filepath.Join(t.dir, "data")
	}
	if t.pg, err = localpg.Start(ctx, localpg.Options{DataDir: data}); err != nil {
		return nil, err
	}
	t.undo = append(t.undo, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		t.pg.Close(ctx)
		if o.keep == "" {
			t.forget(data)
		}
	})
	loader := o.wangge
	if o.base != "" {
		if t.old, err = t.buildBase(ctx, o.base, out); err != nil {
			return nil, err
		}
		loader = t.old
	}
	t.url = t.database(nowDatabase)
	there, err := t.databases(ctx)
	if err != nil {
		return nil, err
	}
	if !there[nowDatabase] {
		first := nowDatabase
		if o.base != "" {
			first = baseDatabase
		}
		began := time.Now()
		fmt.Fprintf(out, "loading the demo town (%s) …\n", o.size)
		if err := t.load(ctx, loader, first, o.size); err != nil {
			return nil, err
		}
		if first != nowDatabase {
			if err := t.admin(ctx, "CREATE DATABASE "+nowDatabase+" TEMPLATE "+baseDatabase+" STRATEGY file_copy"); err != nil {
				return nil, err
			}
			there[baseDatabase] = true
		}
		fmt.Fprintf(out, "loaded in %s\n", time.Since(began).Round(time.Second))
	}
	// Made by an older version, or kept by one.
	if _, err := command(ctx, []string{"DATABASE_URL=" + t.url}, o.wangge, "migrate", "up"); err != nil {
		return nil, err
	}
	// As PostgreSQL does by itself within minutes: what was just written is read by index alone only then, by all entrants.
	if err := t.exec(ctx, "VACUUM ANALYZE"); err != nil {
		return nil, err
	}
	if o.base != "" {
		if !there[baseDatabase] {
			return nil, fmt.Errorf("the town in %s was kept by a run without a base: remove it", o.keep)
		}
		t.baseURL = t.database(baseDatabase)
	}
	return t, t.readSpots(ctx)
}

func (t *town) close() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
	t.undo = nil
}

// forget removes the database's files. Run by root they lie elsewhere, and a file says where: see package localpg.
func (t *town) forget(data string) {
	if b, err := os.ReadFile(filepath.Join(data, "postgresql.path")); err == nil {
		if at := filepath.Clean(string(b)); filepath.Dir(at) == "/var/lib/wangge" {
			os.RemoveAll(at)
		}
	}
	os.RemoveAll(data)
}

// buildBase builds the older version in a worktree of its own.
func (t *town) buildBase(ctx context.Context, rev string, out io.Writer) (string, error) {
	fmt.Fprintf(out, "building %s …\n", rev)
	tree, program := filepath.Join(t.dir, "base"), filepath.Join(t.dir, "wangge-base")
	if _, err := command(ctx, nil, "git", "worktree", "add", "--detach", tree, rev); err != nil {
		return "", err
	}
	t.undo = append(t.undo, func() { command(context.Background(), nil, "git", "worktree", "remove", "--force", tree) })
	_, err := command(ctx, nil, "go", "build", "-C", tree, "-o", program, ".")
	return program, err
}

func (t *town) database(name string) string {
	c, err := pgx.ParseConfig(t.pg.URL())
	if err != nil {
		panic("bench: localpg's address: " + err.Error())
	}
	return fmt.Sprintf("postgres://%s@:%d/%s?host=%s", c.User, c.Port, name, c.Host)
}

func (t *town) admin(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, t.pg.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func (t *town) databases(ctx context.Context) (map[string]bool, error) {
	conn, err := pgx.Connect(ctx, t.pg.URL())
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database")
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	there := map[string]bool{}
	for _, n := range names {
		there[n] = true
	}
	return there, err
}

// load makes the town's database.
func (t *town) load(ctx context.Context, wangge, name, size string) error {
	divisions, grids := filepath.Join(t.dir, "divisions.geojson"), filepath.Join(t.dir, "grids.geojson")
	if err := writePatch(divisions, grids); err != nil {
		return err
	}
	return t.loadInto(ctx, name, wangge, []string{"demo", "--size", size}, []string{"import", "divisions", divisions}, []string{"import", "grids", grids})
}

// loadInto makes a database and fills it by commands of wangge. Under another name until it is whole: a run that was stopped must
// not leave half a town.
func (t *town) loadInto(ctx context.Context, name, wangge string, commands ...[]string) error {
	draft := name + "_draft"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + draft, "CREATE DATABASE " + draft + " TEMPLATE template1"} {
		if err := t.admin(ctx, sql); err != nil {
			return err
		}
	}
	env := []string{"DATABASE_URL=" + t.database(draft), "DATA=" + t.dir}
	for _, args := range commands {
		if _, err := command(ctx, env, wangge, args...); err != nil {
			return err
		}
	}
	return t.admin(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
}

// readSpots draws points in every grid; the same ones every time.
func (t *town) readSpots(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, t.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `WITH p AS MATERIALIZED (
	SELECT round(ST_X(d.geom)::numeric, 8)::float8 AS lng, round(ST_Y(d.geom)::numeric, 8)::float8 AS lat
	FROM grid_boundary b CROSS JOIN LATERAL ST_Dump(ST_GeneratePoints(b.boundary, ($1 / (SELECT count(*) FROM grid))::int + 1, 1)) d
	WHERE upper_inf(b.during)
)
SELECT p.lng, p.lat, min(g.code) FROM p
JOIN grid_boundary b ON upper_inf(b.during) AND ST_Covers(b.boundary, ST_SetSRID(ST_MakePoint(p.lng, p.lat), 4490))
JOIN grid g ON g.district = b.district AND g.id = b.grid_id
GROUP BY 1, 2 ORDER BY md5(p.lng::text || p.lat::text) LIMIT $1`, spotCount)
	if err != nil {
		return err
	}
	t.spots, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s spot, err error) {
		return s, row.Scan(&s.lng, &s.lat, &s.code)
	})
	if err == nil && len(t.spots) < 1000 {
		err = fmt.Errorf("the town has %d spots only", len(t.spots))
	}
	return err
}

// writePatch writes the patch: each community is a strip of 22 or 23 grids, all borders wavy and shared vertex by vertex. It
// lies on the open sea, away from the demo town.
func writePatch(divisions, grids string) error {
	type feature struct {
		Type       string         `json:"type"`
		Properties map[string]any `json:"properties"`
		Geometry   any            `json:"geometry"`
	}
	write := func(path string, list []feature) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		err = json.NewEncoder(w).Encode(map[string]any{"type": "FeatureCollection", "features": list})
		if err == nil {
			err = w.Flush()
		}
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		return err
	}
	of := func(level, code, parent string, ring [][2]float64) feature {
		f := feature{Type: "Feature", Properties: map[string]any{"code": code, "name": "测" + code, "level": level, "parent": parent}}
		if ring != nil {
			f.Geometry = map[string]any{"type": "Polygon", "coordinates": [][][2]float64{ring}}
		}
		return f
	}
	list := []feature{of("CITY", "9902", "", nil), of("DISTRICT", "990201", "9902", nil), of("TOWN", patchTown, "990201", nil)}
	var cells []feature
	for row := range patchCommunities {
		code := patchCommunity(row)
		n := patchColumns(row)
		list = append(list, of("COMMUNITY", code, patchTown, patchRing(row, 0, n, 0)))
		for col := range n {
			f := of("", patchGrid(row, col), "", patchRing(row, col, col+1, 0))
			f.Properties = map[string]any{"code": patchGrid(row, col), "name": fmt.Sprintf("第%d网格", col+1), "community": code,
				"worker": fmt.Sprintf("王%d%d", row, col), "work_phone": fmt.Sprintf("0571-%03d%03d", row, col)}
			cells = append(cells, f)
		}
	}
	if err := write(divisions, list); err != nil {
		return err
	}
	return write(grids, cells)
}

func patchCommunity(row int) string { return fmt.Sprintf("%s%03d", patchTown, row+1) }
func patchGrid(row, col int) string { return fmt.Sprintf("%s%03d", patchCommunity(row), col+1) }

// A strip is patchWidth steps wide, which 22 and 23 both divide, so that strips divided otherwise share their vertices.
const patchWidth = 22 * 23

func patchColumns(row int) int { return 22 + row%2 }

// patchAt is the place x steps to the right and y communities up, longitude and latitude.
func patchAt(x, y float64) [2]float64 {
	round := func(d float64) float64 { return math.Round(d*1e8) / 1e8 }
	return [2]float64{round(122.6 + 0.00011*(x+2.5*math.Sin(2.1*y+0.02*x))), round(30.2 + 0.002*(y+0.12*math.Sin(0.08*x+0.4*y)))}
}

// patchRing is the ring around the grids of a row from column lo to before column hi, anticlockwise. The border between the
// first two columns bulges to the right by so many steps; its ends stay.
func patchRing(row, lo, hi int, bulge float64) (ring [][2]float64) {
	const steps = 10 // vertices of a border that runs upwards
	each := patchWidth / patchColumns(row)
	upwards := func(col, k int) [2]float64 {
		t := float64(k) / steps
		x := float64(col * each)
		if col == 1 {
			x += bulge * math.Sin(math.Pi*t)
		}
		return patchAt(x, float64(row)+t)
	}
	for i := lo * each; i < hi*each; i++ {
		ring = append(ring, patchAt(float64(i), float64(row)))
	}
	for k := range steps {
		ring = append(ring, upwards(hi, k))
	}
	for i := hi * each; i > lo*each; i-- {
		ring = append(ring, patchAt(float64(i), float64(row+1)))
	}
	for k := steps; k > 0; k-- {
		ring = append(ring, upwards(lo, k))
	}
	return append(ring, ring[0])
}
