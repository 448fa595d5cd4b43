package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/graph"
	"wangge/internal/testdb"
	"wangge/live"
	"wangge/load"
	"wangge/load/demo"
)

// TestKeptAnswersAgreeWithTheStore: after every kind of change the public is told what the store says, by a server that keeps
// its answers and what is in force as by one that keeps nothing.
func TestKeptAnswersAgreeWithTheStore(t *testing.T) {
	ctx := t.Context()
	pool, zone := testdb.New(t), time.FixedZone("CST", 8*3600)
	store := db.New(pool)
	held := live.New(live.Options{Source: db.NewLive(store), Zone: zone, Log: slog.New(slog.DiscardHandler)})
	store.Memory = held
	w := load.Services{
		Places: &place.Service{Store: live.Places{Store: db.NewPlaces(store), Live: held}, Now: held.Clock},
		Grids:  &grid.Service{Store: live.Grids{Store: db.NewGrids(store), Live: held}, Now: held.Clock, NearestLimitM: 300, Ground: held.Ground},
		Staff:  &staff.Service{Store: live.Staff{Store: db.NewStaff(store), Live: held}, Now: held.Clock, Zone: zone, IDs: key.Random{}, Pictures: album.Folder(t.TempDir())},
	}
	running, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); held.Run(running) }()
	t.Cleanup(func() { cancel(); <-done })
	loading, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	if err := held.WaitLoaded(loading); err != nil {
		t.Fatal("never loaded:", err)
	}
	if _, err := load.Region(ctx, operator, w, demo.Make(demo.SizeCommunity), nil); err != nil {
		t.Fatal(err)
	}

	plain := db.New(pool)
	serve := func(s load.Services, d *db.DB, version func(context.Context, time.Time) (string, bool), o graph.Options) *graph.Handler {
		o.Log = slog.New(slog.DiscardHandler)
		h, err := graph.NewHandler(&graph.Resolver{Places: s.Places, Grids: s.Grids, Staff: s.Staff,
			Coverage: &coverage.Service{Store: db.NewCoverage(d), Now: time.Now, Zone: zone},
			Around:   &beside.Service{Store: db.NewAround(d), Grids: s.Grids, Places: s.Places, Now: s.Grids.Now, Version: version}}, o)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	keeps := serve(w, store, held.VersionIn, graph.Options{Version: held.Version, AsOf: held.AsOf})
	judge := serve(load.Services{
		Places: &place.Service{Store: db.NewPlaces(plain), Now: time.Now},
		Grids:  &grid.Service{Store: db.NewGrids(plain), Now: time.Now, NearestLimitM: 300},
		Staff:  &staff.Service{Store: db.NewStaff(plain), Now: time.Now, Zone: zone},
	}, plain, nil, graph.Options{AnswerCache: -1})
	ask := func(h http.Handler, query string) (string, http.Header) {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(account.NewContext(ctx, account.Anyone()), http.MethodPost, "/graphql", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Body.String(), rec.Header()
	}

	list, err := w.Grids.List(ctx, operator, grid.Query{Order: grid.ByCode, Args: page.Args{First: 1}, At: time.Now(), With: grid.Fields{Boundary: true}})
	if err != nil {
		t.Fatal(err)
	}
	g := list.Items[0].Node
	area := staff.Area{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}
	community := g.Code[:12]
	questions := []string{
		`{ rootDivisions { code name children { code name children { code name formerCodes } } } }`,
		`{ grids(first: 50) { totalCount nodes { id code formerCodes name version community { code } worker { name workPhone } onCall { worker { name } } } } }`,
		`{ grids(filter: { codes: ["` + g.Code + `"] }) { nodes { code formerCodes name bbox assignments { post worker { name } } } } }`,
		`{ grid(code: "` + g.Code + `") { code formerCodes name boundary worker { name workPhone } } }`,
		`{ grids(first: 20) { nodes { code limits { east south west north } } } }`,
		`{ division(code: "` + community + `") { code formerCodes name stats { grids buildings } grids { nodes { code name } } } }`,
	}
	before := map[string]string{}
	// agree compares all that is told, twice, and returns how many answers are others than before.
	agree := func(step string) (other int) {
		t.Helper()
		for _, q := range questions {
			want, _ := ask(judge, q)
			for range 2 {
				got, h := ask(keeps, q)
				if got != want {
					t.Errorf("after %s, %s:\n%s\nbut the store says\n%s", step, q, got, want)
				}
				if h.Get("ETag") == "" {
					t.Errorf("after %s the answer is not kept: %s %s", step, q, got)
				}
			}
			if want != before[q] {
				other++
			}
			before[q] = want
		}
		return other
	}
	agree("nothing")
	if n := agree("nothing again"); n != 0 {
		t.Fatalf("%d answers are others without a change", n)
	}

	today := civil.Of(time.Now(), zone)
	bring := func(row grid.Row) error {
		row.Source, row.Geometry, row.Community = "1", g.Boundary, community
		report, err := w.Grids.Import(ctx, operator, func(yield func(grid.Row, error) bool) { yield(row, nil) },
			grid.ImportOptions{ImportOptions: place.ImportOptions{IDs: key.Random{}}, Day: today})
		if err == nil && report.Refused > 0 {
			t.Fatal(report.Notes)
		}
		return err
	}
	var absence staff.Absence
	code := g.Code[:12] + "098"
	for _, change := range []struct {
		what string
		do   func() error
	}{
		{"another name of a grid", func() error { return bring(grid.Row{Row: place.Row{Code: g.Code, Name: "新名"}}) }},
		{"other names of the streets", func() error {
			_, err := w.Places.ImportRoads(ctx, operator, func(yield func(place.RoadRow, error) bool) {
				for town := range demo.Make(demo.SizeCommunity).Communities {
					for _, r := range town.Roads {
						line := geom.NewLineString(geom.XY).SetSRID(4490)
						for _, p := range r.Line {
							line = geom.NewLineStringFlat(geom.XY, append(line.FlatCoords(), p[0], p[1])).SetSRID(4490)
						}
						yield(place.RoadRow{Row: place.Row{Code: r.Code, Source: "1", Name: "路" + r.Code, Geometry: line}, Class: r.Class}, nil)
					}
				}
			}, place.ImportOptions{IDs: key.Random{}})
			return err
		}},
		{"another name of its", func() error { return bring(grid.Row{Row: place.Row{Code: g.Code, Name: "又一名"}}) }},
		{"another worker", func() error {
			return bring(grid.Row{Row: place.Row{Code: g.Code, Name: "新名"}, Worker: "陈一", WorkPhone: "15499000099"})
		}},
		{"another phone", func() error {
			return bring(grid.Row{Row: place.Row{Code: g.Code, Name: "新名"}, Worker: "陈一", WorkPhone: "15499000098"})
		}},
		{"an assistant", func() error {
			_, err := w.Staff.Enter(ctx, operator, func(yield func(staff.Entry) bool) {
				yield(staff.Entry{ID: uuid.New(), Division: community, NewWorker: staff.NewWorker{Name: "乙"}, Terms: []staff.Term{{ID: uuid.New(), Post: staff.Assistant, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: g.Code, From: today}}})
			})
			return err
		}},
		{"an absence", func() error {
			office, err := w.Staff.InOffice(ctx, operator, []staff.Area{area}, nil)
			if err != nil {
				return err
			}
			holders := slices.DeleteFunc(office[g.Key.ID], func(a staff.Assignment) bool { return a.Post != staff.GridWorker || a.Cover != staff.CoverA })
			absence, err = w.Staff.RecordAbsence(ctx, operator, holders[0].Worker.Key, today, today.AddDays(3))
			return err
		}},
		{"the absence's end", func() error {
			_, _, err := w.Staff.EndAbsence(ctx, operator, absence.Key, today)
			return err
		}},
		{"another code of a grid", func() error {
			now, err := w.Grids.ByCode(ctx, operator, g.Code, nil, grid.Fields{})
			if err == nil {
				_, err = w.Grids.Recode(ctx, operator, g.Code, code, now.Version)
			}
			return err
		}},
		{"the community's other number", func() error {
			d, err := w.Places.ByCode(ctx, operator, community, place.Fields{})
			if err == nil {
				_, err = w.Places.Renumber(ctx, operator, place.Renumbering{Code: d.Code, NewCode: "990102001777", Version: d.Version})
			}
			return err
		}},
	} {
		if err := change.do(); err != nil {
			t.Fatalf("%s: %v", change.what, err)
		}
		if n := agree(change.what); n == 0 {
			t.Errorf("%s changed no answer", change.what)
		}
	}
	if s := keeps.AnswerStats(); s.Hits < uint64(len(questions)) {
		t.Errorf("figures: %+v", s)
	}
}
