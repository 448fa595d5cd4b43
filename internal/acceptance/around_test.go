package acceptance

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/internal/testdb"
	"wangge/live"
	"wangge/load"
	"wangge/load/demo"
)

// asked counts the statements that reach the database, without those that keep memory current: when it reads, its own connection decides.
type asked struct{ n atomic.Int64 }

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if !strings.HasPrefix(q.SQL, "-- name: live.") {
		a.n.Add(1)
	}
	return ctx
}

func (a *asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// alive is a town with what is in force in memory, whose statements are counted.
type alive struct {
	load.Services
	*live.Live
	asked
	ice
	pool   *pgxpool.Pool
	around *beside.Service
	folder string // of photos
}

func newAlive(t testing.TB) *alive {
	t.Helper()
	w := &alive{folder: t.TempDir()}
	config := testdb.New(t).Config()
	config.ConnConfig.DialFunc = w.ice.dial(config.ConnConfig.DialFunc)
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { // not for the connection that memory has for itself
		c.Tracer = &w.asked
		return nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w.pool = pool
	zone, store := time.FixedZone("CST", 8*3600), db.New(pool)
	w.Live = live.New(live.Options{Source: db.NewLive(store), Zone: zone, Log: slog.New(slog.DiscardHandler)})
	store.Memory = w.Live
	w.Services = load.Services{
		Places: &place.Service{Store: live.Places{Store: db.NewPlaces(store), Live: w.Live}, Now: w.Clock},
		Grids:  &grid.Service{Store: live.Grids{Store: db.NewGrids(store), Live: w.Live}, Now: w.Clock, NearestLimitM: 300, Ground: w.Live.Ground},
		Staff:  &staff.Service{Store: live.Staff{Store: db.NewStaff(store), Live: w.Live}, Now: w.Clock, Zone: zone, IDs: key.Random{}, Pictures: album.Folder(w.folder)},
	}
	w.around = &beside.Service{Store: db.NewAround(store), Grids: w.Grids, Places: w.Places, Now: w.Clock, Ground: w.Live.Ground, Version: w.VersionIn}
	running, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(running) }()
	t.Cleanup(func() { cancel(); <-done })
	loading, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := w.WaitLoaded(loading); err != nil {
		t.Fatal("never loaded:", err)
	}
	return w
}

// grids are all grids in force, by code.
func (w *alive) grids(t testing.TB) (out []grid.Grid) {
	t.Helper()
	p, err := w.Grids.List(t.Context(), operator, grid.Query{Order: grid.ByCode, Args: page.Args{First: 1_000}, At: w.Clock(), With: grid.Fields{Boundary: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Items {
		out = append(out, i.Node)
	}
	return out
}

// sides are limits as people say them.
func sides(l place.Limits) string {
	return fmt.Sprintf("东至%s，南至%s，西至%s，北至%s", l.East, l.South, l.West, l.North)
}

func (w *alive) limits(t testing.TB) map[string]string {
	t.Helper()
	grids := w.grids(t)
	began := time.Now()
	found, err := w.around.Limits(t.Context(), account.Anyone(), grids, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("limits of %d grids: %v", len(grids), time.Since(began))
	out := map[string]string{}
	for _, g := range grids {
		out[g.Name] = sides(found[g.Key.ID].In(fault.Chinese, 0))
		for _, p := range found[g.Key.ID].Others {
			out[g.Name] += "；另有一片" + string(p.Lies) + "：" + sides(p.In(fault.Chinese, 0))
		}
	}
	return out
}

// spoken are lines of a name and what it has.
func spoken(text string) map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name, of, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[name] = of
	}
	return out
}

func sameLimits(t *testing.T, got map[string]string, want string) {
	t.Helper()
	for name, l := range spoken(want) {
		if got[name] != l {
			t.Errorf("%s\n%s, want\n%s", name, got[name], l)
		}
	}
	if len(got) != len(spoken(want)) {
		t.Errorf("%d grids", len(got))
	}
}

// What the map of the demo shows (load/demo/testdata/community.svg), by eye.
const demoLimits = `
	采薇新村西网格 东至新村路，南至新村中路，西至木槿街，北至采薇街
	采薇新村东网格 东至小澜河，南至新村中路，西至新村路，北至采薇街
	木槿街网格 东至新村路，南至听雨路，西至木槿街，北至新村中路
	听雨路网格 东至小澜河，南至听雨路，西至新村路，北至新村中路
	石榴公园网格 东至书院巷，南至听雨里中弄，西至小澜河，北至采薇街
	书院巷网格 东至书院巷、望舒花园西网格，南至听雨路，西至小澜河，北至听雨里中弄
	望舒花园西网格 东至花园中路，南至听雨路，西至书院巷，北至采薇街
	望舒花园东网格 东至望舒路，南至听雨路，西至花园中路，北至采薇街
	家属院西网格 东至厂前路，南至渡口巷，西至木槿街，北至听雨路；另有一片E：东至渡口网格，南至渡口网格，西至渡口网格，北至渡口巷
	家属院东网格 东至小澜河，南至渡口巷，西至厂前路，北至听雨路
	澜江机械厂专属网格 东至厂前路，南至澜江大道，西至木槿街，北至渡口巷
	渡口网格 东至小澜河，南至澜江大道，西至厂前路，北至渡口巷
	望舒二小网格 东至望舒路，南至渡口巷，西至小澜河，北至听雨路
	澜江苑网格 东至望舒路，南至澜江大道，西至小澜河，北至渡口巷`

// TestLimitsOfTheDemo: all grids at once; what is stored stays; what was computed is kept until something changes.
func TestLimitsOfTheDemo(t *testing.T) {
	w, ctx := newAlive(t), t.Context()
	if _, err := load.Region(ctx, operator, w.Services, demo.Make(demo.SizeCommunity), nil); err != nil {
		t.Fatal(err)
	}
	before := w.n.Load()
	sameLimits(t, w.limits(t), demoLimits)
	if n := w.n.Load() - before; n != 3 {
		t.Errorf("%d statements, want BEGIN, the names and COMMIT", n)
	}
	before = w.n.Load()
	sameLimits(t, w.limits(t), demoLimits)
	if n := w.n.Load() - before; n != 0 {
		t.Errorf("%d statements for what is known", n)
	}

	g, err := w.Grids.ByCode(ctx, operator, demo.HandCommunity+"001", nil, grid.Fields{Boundary: true})
	if err != nil {
		t.Fatal(err)
	}
	row := grid.Row{Row: place.Row{Code: g.Code, Source: "1", Name: g.Name, Geometry: g.Boundary}, Kind: g.Kind, Community: demo.HandCommunity, Limits: place.Limits{South: "村口老槐树"}}
	options := place.ImportOptions{IDs: key.Random{}}
	report, err := w.Grids.Import(ctx, operator, func(yield func(grid.Row, error) bool) { yield(row, nil) }, grid.ImportOptions{ImportOptions: options, Day: w.Staff.Day(nil)})
	if err != nil || report.Updated != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	want := strings.Replace(demoLimits, "采薇新村西网格 东至新村路，南至新村中路", "采薇新村西网格 东至新村路，南至村口老槐树", 1)
	sameLimits(t, w.limits(t), want)

	var street *demo.Road
	for town := range demo.Make(demo.SizeCommunity).Communities {
		for i := range town.Roads {
			if town.Roads[i].Name == "花园中路" {
				street = &town.Roads[i]
			}
		}
	}
	line := geom.NewLineString(geom.XY).SetSRID(4490)
	for _, p := range street.Line {
		line = geom.NewLineStringFlat(geom.XY, append(line.FlatCoords(), p[0], p[1])).SetSRID(4490)
	}
	report, err = w.Places.ImportRoads(ctx, operator, func(yield func(place.RoadRow, error) bool) {
		yield(place.RoadRow{Row: place.Row{Code: street.Code, Source: "1", Name: "东风路", Geometry: line}, Class: street.Class}, nil)
	}, options)
	if err != nil || report.Updated != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	want = strings.ReplaceAll(want, "花园中路", "东风路")
	sameLimits(t, w.limits(t), want)

	// Without the store, what was computed is answered; by who computed nothing, what is stored.
	grids := w.grids(t)
	w.around.InTouch = func() bool { return false }
	before = w.n.Load()
	sameLimits(t, w.limits(t), want)
	fresh := &beside.Service{Store: w.around.Store, Grids: w.Grids, Places: w.Places, Now: w.Clock, Ground: w.Live.Ground, Version: w.VersionIn, InTouch: w.around.InTouch}
	found, err := fresh.Limits(ctx, account.Anyone(), grids, nil)
	if !fault.Is(err, fault.Unavailable) || found[g.Key.ID].In(fault.Chinese, 0) != row.Limits || w.n.Load() != before {
		t.Errorf("without the store: %v, %v, %d statements", found[g.Key.ID], err, w.n.Load()-before)
	}
	w.around.InTouch = nil

	if _, err := w.around.Limits(ctx, account.Actor{}, w.grids(t), nil); fault.As(err).Code != fault.Unauthenticated {
		t.Errorf("nobody known is answered: %v", err)
	}
	past := time.Now().Add(-time.Hour)
	g.Boundary = nil
	was, err := w.around.Limits(ctx, account.Anyone(), []grid.Grid{g}, &past)
	if err != nil || !was[g.Key.ID].Empty() {
		t.Errorf("before it was there it ends at %v, %v", was, err)
	}
}

// TestLimitsOfLujiazui: real streets, in many pieces and with tunnels beneath, and a real river. By eye, on the map.
func TestLimitsOfLujiazui(t *testing.T) {
	w := newAlive(t)
	for _, j := range []load.Job{{Kind: load.Divisions, Path: "divisions"}, {Kind: load.Grids, Path: "grids"}, {Kind: load.Roads, Path: "roads"}, {Kind: load.Land, Path: "water"}} {
		j.Path = data(t, "osm-lujiazui/lujiazui-"+j.Path+".geojson")
		if r, err := load.Import(t.Context(), operator, w.Services, j); err != nil || r.Refused > 0 {
			t.Fatal(r, err)
		}
	}
	sameLimits(t, w.limits(t), `
		滨江东第1网格 东至东方路、滨江东第2网格，南至银城中路，西至银城东路、陆家嘴环路，北至黄浦江
		滨江东第2网格 东至滨江东社区界，南至世纪大道、滨江东社区界，西至浦东南路、南泉北路，北至银城中路、滨江东第1网格、黄浦江
		滨江东第3网格 东至富城路，南至黄浦江，西至规二路、黄浦江，北至规二路、丰和路、富城路
		滨江东第4网格 东至陆家嘴环路，南至丰和路、滨江东第3网格、陆家嘴环路，西至黄浦江，北至黄浦江
		滨江东第5网格 东至陆家嘴环路、滨江东第8网格，南至东园路，西至东园路，北至陆家嘴环路
		滨江东第6网格 东至浦东南路，南至东城路，西至金洲街，北至银城中路
		滨江东第7网格 东至即墨路，南至东城路，西至浦东南路，北至银城中路
		滨江东第8网格 东至陆家嘴环路，南至陆家嘴环路，西至陆家嘴环路，北至银城中路
		滨江东第9网格 东至即墨路，南至浦东大道，西至浦东南路，北至东城路
		滨江东第10网格 东至陆家嘴环路，南至名商路，西至富城路，北至陆家嘴西路
		滨江东第11网格 东至浦东南路，南至世纪大道，西至陆家嘴环路，北至陆家嘴东路
		滨江东第12网格 东至南泉北路，南至滨江东社区界，西至黄浦江，北至世纪大道
		滨江东第13网格 东至陆家嘴环路、东泰路，南至富城路、东昌路，西至银城中路，北至陆家嘴环路
		滨江东第14网格 东至陆家嘴环路，南至花园石桥路，西至富城路，北至名商路
		滨江西第1网格 东至黄浦江、中山东二路，南至金陵东路，西至中山东一路、滨江西社区界，北至苏州河
		滨江西第2网格 东至中山东一路，南至滇池路，西至虎丘路、滨江西社区界，北至南苏州路
		滨江西第3网格 东至中山东一路，南至汉口路，西至四川中路、沙市一路，北至滇池路
		滨江西第4网格 东至中山东一路，南至广东路、延安东路，西至滨江西社区界、江西中路，北至汉口路
		滨江西第5网格 东至黄浦江，南至滨江西社区界，西至紫金路、河南南路，北至金陵东路、黄浦江
		滨江西第6网格 东至中山东二路，南至人民路，西至永安路，北至金陵东路`)
}

// TestSurroundingsOfAGrid: what a map of it shows is what PostGIS finds in the box, in a fixed number of statements.
func TestSurroundingsOfAGrid(t *testing.T) {
	w, ctx := newAlive(t), t.Context()
	if _, err := load.Region(ctx, operator, w.Services, demo.Make(demo.SizeCommunity), nil); err != nil {
		t.Fatal(err)
	}
	g, err := w.Grids.ByCode(ctx, operator, demo.HandCommunity+"006", nil, grid.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	box := beside.Box(g.BBox, 0.1, 1.4)
	count := func(sql string) (n int) {
		err := w.pool.QueryRow(ctx, "SELECT count(*) FROM "+sql+" && ST_Transform(ST_MakeEnvelope($1, $2, $3, $4, 4490), 3857) AND ST_Intersects(ST_Transform(shape_3857, 4490), ST_Expand(ST_MakeEnvelope($1, $2, $3, $4, 4490), 0.05 * ($3::float8 - $1::float8), 0.05 * ($4::float8 - $2::float8)))", box.West, box.South, box.East, box.North).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := w.n.Load()
	began := time.Now()
	s, err := w.around.Of(ctx, account.Anyone(), g.Key, box, nil)
	t.Logf("%d streets, %d pieces of land, %d buildings, %d neighbours in %v", len(s.Streets), len(s.Land), len(s.Buildings), len(s.Neighbours), time.Since(began))
	if n := w.n.Load() - before; err != nil || n != 5 {
		t.Errorf("%d statements, want BEGIN, three reads and COMMIT; %v", n, err)
	}
	streets, land, buildings := count("road WHERE shape_3857"), count("land WHERE shape_3857"), count("building WHERE shape_3857")
	if len(s.Streets) != streets || len(s.Land) != land || len(s.Buildings) != buildings || streets*land*buildings == 0 {
		t.Errorf("%d streets, %d land, %d buildings; PostGIS has %d, %d, %d", len(s.Streets), len(s.Land), len(s.Buildings), streets, land, buildings)
	}
	if s.Cut != (beside.Cut{}) || s.Grid.Name != "书院巷网格" || s.Grid.Number != "006" || len(s.Grid.Area) != 1 || !s.Grid.Area.Bound().Contains(s.Grid.Label) {
		t.Errorf("cut %+v, %+v", s.Cut, s.Grid)
	}
	var names []string
	for _, n := range s.Neighbours {
		names = append(names, n.Number)
		if !n.Community || len(n.Area) == 0 {
			t.Errorf("%+v", n)
		}
	}
	if got := strings.Join(names, " "); got != "002 004 005 007 009 010 013" {
		t.Errorf("beside it lie %s", got)
	}
	own, numbers := 0, 0
	for _, b := range s.Buildings {
		if b.GridKey == g.Key {
			own++
		}
		if b.Number != "" {
			numbers++
		}
		if _, ok := b.Shape.(orb.MultiPolygon); !ok {
			t.Errorf("%s is a %T", b.Name, b.Shape)
		}
	}
	var want int
	if err := w.pool.QueryRow(ctx, "SELECT count(*) FROM building_grid WHERE grid_id = $1 AND upper_inf(during)", g.Key.ID).Scan(&want); err != nil || own != want || want == 0 || numbers < own/2 {
		t.Errorf("%d of its buildings are shown, it has %d, %d have a number, %v", own, want, numbers, err)
	}
	outer := beside.Box(box, 0.06, 0)
	for _, street := range s.Streets {
		if b := street.Lines.Bound(); b.Min[0] < outer.West || b.Max[0] > outer.East || b.Min[1] < outer.South || b.Max[1] > outer.North {
			t.Errorf("%s goes on to %v", street.Name, b)
		}
	}
	middle := func(b orb.Bound) float64 {
		return math.Hypot(b.Center()[0]-(box.West+box.East)/2, b.Center()[1]-(box.South+box.North)/2)
	}
	before = w.n.Load()
	wide, err := w.around.Wide(ctx, account.Anyone(), g.Key, box, nil)
	if n := w.n.Load() - before; err != nil || n != 4 || len(wide.Buildings) > 0 || wide.Cut.Buildings || len(wide.Streets) != len(s.Streets) || len(wide.Land) != len(s.Land) || len(wide.Neighbours) != len(s.Neighbours) {
		t.Errorf("without buildings: %d, of %d streets %d; %d statements, %v", len(wide.Buildings), len(s.Streets), len(wide.Streets), n, err)
	}
	w.around.Most = beside.Most{Streets: 3, Land: 1, Buildings: 10}
	few, err := w.around.Of(ctx, account.Anyone(), g.Key, box, nil)
	if err != nil || few.Cut != (beside.Cut{Streets: true, Land: true, Buildings: true}) || len(few.Streets) != 3 || len(few.Land) != 1 || len(few.Buildings) != 10 {
		t.Fatalf("%+v, %d, %d, %d, %v", few.Cut, len(few.Streets), len(few.Land), len(few.Buildings), err)
	}
	last := middle(few.Buildings[9].Shape.Bound())
	for _, b := range few.Buildings {
		if far := (box.East - box.West) / 4; middle(b.Shape.Bound()) > far {
			t.Errorf("a building %.5f off is kept, the last %.5f", middle(b.Shape.Bound()), last)
		}
	}
	w.around.Most = beside.Most{}

	// From the store alone the grids are the same.
	w.around.Ground = nil
	read, err := w.around.Of(ctx, account.Anyone(), g.Key, box, &s.At)
	if err != nil || !reflect.DeepEqual(read, s) {
		t.Errorf("read, it is another: %d neighbours, %v", len(read.Neighbours), err)
	}
	for name, bad := range map[string]place.Box{"inside out": {West: 121, East: 120, South: 31, North: 31.1}, "a country": {West: 100, East: 120, South: 20, North: 40}, "none": {West: math.NaN(), East: 120, South: 31, North: 31.1}} {
		if _, err := w.around.Of(ctx, account.Anyone(), g.Key, bad, nil); fault.As(err).Code != fault.Invalid || fault.As(err).Field != "box" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, far := range map[string]place.Box{"elsewhere": {West: 100, East: 100.1, South: 31, North: 31.1}} {
		if _, err := w.around.Of(ctx, account.Anyone(), g.Key, far, nil); fault.As(err).Code != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}
