package graph_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/twpayne/go-geom"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	surround "wangge/domain/around"
	"wangge/domain/audit"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/portrait"
	"wangge/domain/search"
	"wangge/domain/staff"
	"wangge/geo/shape"
	"wangge/graph"
	"wangge/graph/node"
	"wangge/internal/testdb"
	"wangge/internal/traces"
)

// The town of these tests: 晴川社区 (990102001001) with 14 grids, 7 by 2, each 0.001 degree wide, in two groups, two
// buildings a grid; and 芳草社区 (990102001002) with one grid and no boundary. It is 10:00 on 2 March 2026, and all of it
// has been in force since 1 January.
const (
	west, south, step = 120.1, 31.2, 0.001
	columns, rows     = 7, 2
	c1, c2            = "990102001001", "990102001002"
)

var now = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// ids are counted, so that answers can be compared with files.
type ids struct {
	mu   sync.Mutex
	n    uint64
	home int
}

func (s *ids) NewID() uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], s.n)
	return id
}

func (s *ids) NewHome() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.home++
	return fmt.Sprintf("home%d", s.home)
}

func square(w, s, size float64) *geom.MultiPolygon {
	w, s, e, n := shape.SnapCoord(w), shape.SnapCoord(s), shape.SnapCoord(w+size), shape.SnapCoord(s+size)
	return geom.NewMultiPolygon(geom.XY).SetSRID(4490).MustSetCoords([][][]geom.Coord{{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}})
}

func rowsOf[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func gridCode(community string, n int) string { return fmt.Sprintf("%s%03d", community, n) }

// town fills an empty database and returns what answers for it.
func town(t testing.TB, pool *pgxpool.Pool) *graph.Resolver {
	t.Helper()
	ctx, op := context.Background(), account.TheOperator()
	source := &ids{}
	clock := func() time.Time { return now }
	zone := time.FixedZone("CST", 8*3600)
	d := db.New(pool)
	d.Keys = must(audit.NewKeys(strings.Repeat("k", audit.MinSecret)))
	finder := &search.Service{Store: db.NewSearch(d)}
	r := &graph.Resolver{
		Places:   &place.Service{Store: db.NewPlaces(d), Now: clock},
		Grids:    &grid.Service{Store: db.NewGrids(d), Addresses: finder, Now: clock, NearestLimitM: 200},
		Search:   finder,
		Staff:    &staff.Service{Store: db.NewStaff(d), Now: clock, Zone: zone, IDs: source, Pictures: album.Folder(t.TempDir())},
		Coverage: &coverage.Service{Store: db.NewCoverage(d), Now: clock, Zone: zone},
		PhotoURL: func(w staff.Worker) string { return "/photos/" + w.Key.String() },
		Tilesets: func(context.Context) ([]*node.Tileset, error) {
			return []*node.Tileset{{ID: "grids", TileURL: "/tiles/grids/{z}/{x}/{y}.mvt", TileJSONURL: "/tiles/grids.json", MinZoom: 10, MaxZoom: 16}}, nil
		},
	}
	r.Audit = &audit.Service{Store: db.NewAudit(d), Keys: d.Keys, Now: clock}
	r.Around = &surround.Service{Store: db.NewAround(d), Grids: r.Grids, Places: r.Places, Now: clock}
	took := func(report place.Report, err error) {
		t.Helper()
		if err != nil || report.Refused > 0 {
			t.Fatalf("fill the town: %v %+v", err, report.Notes)
		}
	}
	o := place.ImportOptions{IDs: source}
	division := func(code, name string, level place.Level, boundary geom.T) place.DivisionRow {
		return place.DivisionRow{Row: place.Row{Source: code, Code: code, Name: name, Geometry: boundary}, Level: level}
	}
	around := geom.NewMultiPolygon(geom.XY).SetSRID(4490).MustSetCoords([][][]geom.Coord{{{{west, south}, {west + columns*step, south},
		{west + columns*step, south + rows*step}, {west, south + rows*step}, {west, south}}}})
	first := division(c1, "晴川社区", place.Community, around)
	first.Limits = place.Limits{East: "渡口巷", West: "书院巷"}
	took(r.Places.ImportDivisions(ctx, op, rowsOf([]place.DivisionRow{
		division("9901", "澜州市", place.City, nil), division("990102", "汀兰区", place.District, nil),
		division("990102001", "望舒街道", place.Town, nil), first, division(c2, "芳草社区", place.Community, nil),
	}), o))

	var grids []grid.Row
	var buildings []place.BuildingRow
	add := func(community string, n int, w, s, size float64, group string) {
		code := gridCode(community, n)
		kind := grid.Comprehensive
		if n%7 == 0 {
			kind = grid.Dedicated
		}
		grids = append(grids, grid.Row{Row: place.Row{Source: code, Code: code, Name: fmt.Sprintf("第%d网格", n), Geometry: square(w, s, size)},
			Kind: kind, Group: group, Community: community})
		for b := range 2 {
			floors := n
			buildings = append(buildings, place.BuildingRow{Row: place.Row{Source: code, Code: fmt.Sprintf("%s-%d", code, b+1),
				Name: fmt.Sprintf("%d号楼", b+1), Geometry: square(w+0.0002+0.0004*float64(b), s+0.0003, 0.0002)},
				Address: fmt.Sprintf("晴川路%d号", n), Floors: &floors, Estate: "晴川里", EstateManagedBy: "COMPANY"})
		}
	}
	for n := range columns * rows {
		add(c1, n+1, west+step*float64(n%columns), south+step*float64(n/columns), step, []string{"南组", "北组"}[n/columns])
	}
	add(c2, 1, west+0.02, south, 0.0009, "")
	took(r.Grids.Import(ctx, op, rowsOf(grids), grid.ImportOptions{ImportOptions: o}))
	took(r.Places.ImportBuildings(ctx, op, rowsOf(buildings), o))
	// The stores write what is in force from the server's clock on; these tests have a clock of their own.
	for _, table := range []string{"grid_boundary", "building_grid"} {
		if _, err := pool.Exec(ctx, "UPDATE "+table+" SET during = tstzrange('2026-01-01', NULL)"); err != nil {
			t.Fatal(err)
		}
	}

	register(t, pool)

	appoint := func(name string, post staff.Post, cover staff.Cover, kind staff.AreaKind, area string, photo *portrait.Portrait) staff.Worker {
		t.Helper()
		w, err := r.Staff.Add(ctx, op, staff.NewWorker{Name: name, WorkPhone: "0555-0000", Duties: []string{"巡查"}, Photo: photo}, staff.AreaDivision, c1)
		if err != nil {
			t.Fatal(err)
		}
		from, _ := civil.Parse("2026-01-01")
		if _, err := r.Staff.Appoint(ctx, op, staff.Appointment{Worker: w.Key, Post: post, Cover: cover, AreaKind: kind, AreaName: area, From: &from}); err != nil {
			t.Fatal(err)
		}
		return w
	}
	appoint("欧阳明", staff.GridWorker, staff.CoverA, staff.AreaGrid, gridCode(c1, 1), &portrait.Portrait{Full: []byte("full"), Small: []byte("small")})
	away := appoint("王一", staff.GridWorker, staff.CoverA, staff.AreaGrid, gridCode(c1, 2), nil)
	appoint("李二", staff.GridWorker, staff.CoverB, staff.AreaGrid, gridCode(c1, 2), nil)
	from, _ := civil.Parse("2026-03-01")
	if _, err := r.Staff.RecordAbsence(ctx, op, away.Key, from, from.AddDays(7)); err != nil {
		t.Fatal(err)
	}
	var southern string // the group's id
	if err := pool.QueryRow(ctx, "SELECT district || '-' || replace(id::text, '-', '') FROM grid_group WHERE name = '南组'").Scan(&southern); err != nil {
		t.Fatal(err)
	}
	appoint("赵长", staff.GridLeader, staff.CoverA, staff.AreaGroup, southern, nil)
	most, target := 500, 300
	city, err := r.Places.ByCode(ctx, op, "9901", place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Places.SetPolicy(ctx, op, place.SizePolicy{DivisionID: city.ID, HouseholdsMax: &most, HouseholdsTarget: &target}); err != nil {
		t.Fatal(err)
	}
	r.Boards = &board.Service{Store: db.NewBoards(d), Places: r.Places, Grids: r.Grids, Staff: r.Staff}
	return r
}

var _ key.Source = (*ids)(nil)

// server is the API as it is served, for one actor.
type server struct{ http.Handler }

func serve(t testing.TB, r *graph.Resolver, log io.Writer) server {
	return server{must(graph.NewHandler(r, graph.Options{Log: logger(t, log)}))}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func logger(t testing.TB, w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(traces.Log(t, w), nil))
}

// answer is what a client reads.
type answer struct {
	Status int
	Data   json.RawMessage
	Errors []problem
	Raw    []byte
}

type problem struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Reason, ID string
		Field            []any
	}
}

func (s server) ask(t testing.TB, actor account.Actor, query string, variables any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return s.send(t, actor, "", body)
}

func (s server) send(t testing.TB, actor account.Actor, search string, body []byte) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql"+search, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(account.NewContext(r.Context(), actor)))
	a := answer{Status: w.Code, Raw: w.Body.Bytes()}
	if err := json.Unmarshal(a.Raw, &a); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%s", err, a.Raw)
	}
	return a
}

// code is that of the first error, "" where there is none.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

func newTown(t testing.TB) server {
	t.Helper()
	return serve(t, town(t, testdb.New(t)), t.Output())
}
