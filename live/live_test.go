package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/testdb"
	"wangge/live"
	"wangge/load"
	"wangge/load/demo"
)

var (
	operator = account.TheOperator()
	zone     = time.FixedZone("CST", 8*3600)
)

// house is a server's services over one database, with a Live of its own.
type house struct {
	load.Services
	*live.Live
	store *db.DB
	pool  *pgxpool.Pool
}

// newHouse is a house on pool whose Live runs until the test ends.
func newHouse(t testing.TB, pool *pgxpool.Pool, change ...func(*live.Options)) *house {
	t.Helper()
	h := &house{store: db.New(pool), pool: pool}
	o := live.Options{Source: db.NewLive(h.store), Zone: zone, Log: slog.New(slog.NewTextHandler(testLog{t}, nil))}
	for _, c := range change {
		c(&o)
	}
	h.Live = live.New(o)
	h.store.Memory = h.Live
	h.Services = load.Services{
		Places: &place.Service{Store: live.Places{Store: db.NewPlaces(h.store), Live: h.Live}, Now: h.Clock},
		Grids:  &grid.Service{Store: live.Grids{Store: db.NewGrids(h.store), Live: h.Live}, Now: h.Clock, NearestLimitM: 300, Ground: h.Live.Ground},
		Staff:  &staff.Service{Store: live.Staff{Store: db.NewStaff(h.store), Live: h.Live}, Now: h.Clock, Zone: zone, IDs: key.Random{}, Pictures: album.Folder(t.TempDir())},
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	loading, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := h.WaitLoaded(loading); err != nil {
		t.Fatal("never loaded:", err)
	}
	return h
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// town is what newTown copies.
var town testdb.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	if err := town.Drop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// newTown is the demo's hand-drawn town in a database of its own.
func newTown(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return town.New(t, func(pool *pgxpool.Pool) { fill(t, pool) })
}

// fill loads the demo's hand-drawn town.
func fill(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	d := db.New(pool)
	services := load.Services{
		Places: &place.Service{Store: db.NewPlaces(d), Now: time.Now},
		Grids:  &grid.Service{Store: db.NewGrids(d), Now: time.Now},
		Staff:  &staff.Service{Store: db.NewStaff(d), Now: time.Now, Zone: zone, IDs: key.Random{}, Pictures: album.Folder(t.TempDir())},
	}
	if _, err := load.Region(t.Context(), operator, services, demo.Make(demo.SizeCommunity), nil); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until a condition holds, and fails the test where that takes longer than a bound.
func eventually(t testing.TB, bound time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(bound); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}

// sameAnswers compares what memory and the store say, deeply, and lets memory ask nothing of the store.
func sameAnswers(t *testing.T, h *house) {
	t.Helper()
	ctx := t.Context()
	at := time.Now()
	if !h.State().Holds(at) {
		t.Fatalf("the state does not hold of now: %v to %v", h.State().Ground.Since(), h.State().Ground.Until())
	}
	plainGrids, plainStaff, plainPlaces := db.NewGrids(h.store), db.NewStaff(h.store), db.NewPlaces(h.store)
	grids, workers, places := live.Grids{Store: noGrids{plainGrids}, Live: h.Live}, live.Staff{Store: noStaff{}, Live: h.Live}, live.Places{Store: noPlaces{}, Live: h.Live}
	same := func(what string, memory, store any, errs ...error) {
		t.Helper()
		for i, err := range errs {
			if err != nil {
				t.Fatalf("%s: error %d: %v", what, i, err)
			}
		}
		if !reflect.DeepEqual(memory, store) {
			t.Errorf("%s: memory says\n%.2000s\nthe store\n%.2000s", what, fmt.Sprintf("%+v", memory), fmt.Sprintf("%+v", store))
		}
	}

	var divisions, roots []uuid.UUID
	var codes []string
	all, err := plainPlaces.RootDivisions(ctx, operator, place.Fields{})
	for _, d := range all {
		roots = append(roots, d.ID)
	}
	for len(all) > 0 && err == nil {
		var ids []uuid.UUID
		for _, d := range all {
			ids, divisions, codes = append(ids, d.ID), append(divisions, d.ID), append(append(codes, d.Code), d.FormerCodes...)
		}
		var beneath map[uuid.UUID][]place.Division
		beneath, err = plainPlaces.Children(ctx, operator, ids, place.Fields{})
		all = nil
		for _, id := range ids {
			all = append(all, beneath[id]...)
		}
	}
	if err != nil || len(divisions) == 0 {
		t.Fatal("no divisions", err)
	}
	for _, with := range []bool{false, true} {
		f := place.Fields{Boundary: with}
		m1, e1 := places.RootDivisions(ctx, operator, f)
		s1, e2 := plainPlaces.RootDivisions(ctx, operator, f)
		same("RootDivisions", m1, s1, e1, e2)
		m2, e1 := places.DivisionsByID(ctx, operator, append(divisions, uuid.New()), f)
		s2, e2 := plainPlaces.DivisionsByID(ctx, operator, append(divisions, uuid.New()), f)
		same("DivisionsByID", m2, s2, e1, e2)
		m3, e1 := places.Children(ctx, operator, divisions, f)
		s3, e2 := plainPlaces.Children(ctx, operator, divisions, f)
		same("Children", m3, s3, e1, e2)
		m4, e1 := places.Ancestors(ctx, operator, divisions, f)
		s4, e2 := plainPlaces.Ancestors(ctx, operator, divisions, f)
		same("Ancestors", m4, s4, e1, e2)
		for _, code := range append(codes, "nowhere") {
			m5, ok1, e1 := places.DivisionByCode(ctx, operator, code, f)
			s5, ok2, e2 := plainPlaces.DivisionByCode(ctx, operator, code, f)
			same("DivisionByCode "+code, []any{m5, ok1}, []any{s5, ok2}, e1, e2)
		}
	}
	m, e1 := places.DivisionsWithGrids(ctx, operator)
	s, e2 := plainPlaces.DivisionsWithGrids(ctx, operator)
	same("DivisionsWithGrids", m, s, e1, e2)

	q := grid.Query{Order: grid.ByCode, Args: page.Args{First: 10_000}, At: at, With: grid.Fields{Boundary: true}}
	every, err := plainGrids.ListGrids(ctx, operator, q)
	if err != nil || len(every.Items) == 0 {
		t.Fatal("no grids", err)
	}
	var keys, groups []key.Key
	var areas []staff.Area
	codes = nil
	for _, item := range every.Items {
		g := item.Node
		keys, codes = append(keys, g.Key), append(append(codes, g.Code), g.FormerCodes...)
		areas = append(areas, staff.Area{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID},
			staff.Area{Kind: staff.AreaDivision, Home: g.Key.Home, ID: g.CommunityID})
		if g.GroupID != nil {
			k := key.Key{Home: g.Key.Home, ID: *g.GroupID}
			groups = append(groups, k)
			areas = append(areas, staff.Area{Kind: staff.AreaGroup, Home: k.Home, ID: k.ID})
		}
	}
	keys, groups = append(keys, key.Key{Home: "near", ID: uuid.New()}), append(groups, key.Key{Home: "near", ID: uuid.New()})
	for _, with := range []bool{false, true} {
		f := grid.Fields{Boundary: with}
		for _, code := range append(codes, "nowhere") {
			m1, ok1, e1 := grids.GridByCode(ctx, operator, code, at, f)
			s1, ok2, e2 := plainGrids.GridByCode(ctx, operator, code, at, f)
			same("GridByCode "+code, []any{m1, ok1}, []any{s1, ok2}, e1, e2)
		}
		m2, e1 := grids.GridsByKey(ctx, operator, keys, at, f)
		s2, e2 := plainGrids.GridsByKey(ctx, operator, keys, at, f)
		same("GridsByKey", m2, s2, e1, e2)
		m3, e1 := grids.GridsOfGroups(ctx, operator, groups, at, f)
		s3, e2 := plainGrids.GridsOfGroups(ctx, operator, groups, at, f)
		same("GridsOfGroups", m3, s3, e1, e2)
		m4, e1 := grids.Neighbours(ctx, operator, keys, at, f)
		s4, e2 := plainGrids.Neighbours(ctx, operator, keys, at, f)
		same("Neighbours", rounded(m4), rounded(s4), e1, e2)
	}
	m6, e1 := grids.Groups(ctx, operator, groups)
	s6, e2 := plainGrids.Groups(ctx, operator, groups)
	same("Groups", m6, s6, e1, e2)
	m7, ok1, e1 := grids.Extent(ctx, operator)
	s7, ok2, e2 := plainGrids.Extent(ctx, operator)
	same("Extent", []any{m7, ok1}, []any{s7, ok2}, e1, e2)
	for _, code := range append(codes, "nowhere") {
		m8, ok1, e1 := places.GridInForce(ctx, operator, code)
		s8, ok2, e2 := plainPlaces.GridInForce(ctx, operator, code)
		same("GridInForce "+code, []any{m8, ok1}, []any{s8, ok2}, e1, e2)
	}

	asked := []grid.Query{
		{Args: page.Args{First: 10_000}}, {Args: page.Args{First: 3}, Count: true}, {Args: page.Args{First: 0}, Count: true}, {Args: page.Args{First: 0}},
		{Args: page.Args{First: 5, After: &every.Items[2].Cursor}, Count: true}, {Args: page.Args{First: 5, After: &every.Items[len(every.Items)-1].Cursor}, Count: true},
		{Args: page.Args{First: 5, After: &page.Cursor{Order: "CODE", Text: every.Items[3].Node.Code, ID: "made up"}}},
		{Args: page.Args{First: 5}, With: grid.Fields{Boundary: true}},
	}
	root := codesOf(t, plainPlaces, roots)
	for i, q := range asked {
		for _, of := range [][]string{nil, {}, root, {root[0], every.Items[0].Node.Code[:12]}, {every.Items[0].Node.Code[:12]}} {
			q.Order, q.At, q.Filter.Divisions = grid.ByCode, at, of
			what := fmt.Sprintf("list %d of %v", i, of)
			m9, e1 := grids.ListGrids(ctx, operator, q)
			s9, e2 := plainGrids.ListGrids(ctx, operator, q)
			same(what, m9, s9, e1, e2)
			m10, e1 := grids.ListGridsOf(ctx, operator, append(divisions, uuid.New(), divisions[0]), q)
			s10, e2 := plainGrids.ListGridsOf(ctx, operator, append(divisions, uuid.New(), divisions[0]), q)
			same(what+" of divisions", m10, s10, e1, e2)
		}
	}
	q.Filter.Divisions = []string{root[0], "nowhere", "nobody"}
	_, e1 = grids.ListGrids(ctx, operator, q)
	_, e2 = plainGrids.ListGrids(ctx, operator, q)
	if e1 == nil || e2 == nil || e1.Error() != e2.Error() {
		t.Errorf("of no division memory says %v, the store %v", e1, e2)
	}

	var buildings []key.Key
	rows, err := h.pool.Query(ctx, "SELECT district, building_id FROM assignment WHERE building_id IS NOT NULL")
	for err == nil && rows.Next() {
		var k key.Key
		err = rows.Scan(&k.Home, &k.ID)
		buildings = append(buildings, k)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range buildings {
		areas = append(areas, staff.Area{Kind: staff.AreaBuilding, Home: k.Home, ID: k.ID})
	}
	today := civil.Of(at, zone)
	held := 0
	for _, day := range []civil.Date{today, today.AddDays(1), today.AddDays(2), today.AddDays(3), today.AddDays(8), today.AddDays(400)} {
		m11, e1 := workers.InOffice(ctx, operator, areas, day)
		s11, e2 := plainStaff.InOffice(ctx, operator, areas, day)
		same("InOffice on "+day.String(), m11, s11, e1, e2)
		held += len(m11)
	}
	if held == 0 {
		t.Error("nobody is in office")
	}
}

func codesOf(t *testing.T, places *db.Places, ids []uuid.UUID) (codes []string) {
	t.Helper()
	found, err := places.DivisionsByID(t.Context(), operator, ids, place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	return codes
}

// rounded is neighbours with their metres to a hundredth.
func rounded(in map[uuid.UUID][]grid.Neighbour) map[uuid.UUID][]grid.Neighbour {
	for _, list := range in {
		for i := range list {
			list[i].SharedM = math.Round(list[i].SharedM*100) / 100
		}
	}
	return in
}

// Stores that nothing is to be asked of.
type (
	noGrids  struct{ grid.Store }
	noStaff  struct{ staff.Store }
	noPlaces struct{ place.Store }
)

func TestMemoryAnswersAsTheStoreDoes(t *testing.T) {
	pool := newTown(t)
	sameAnswers(t, newHouse(t, pool))
}
