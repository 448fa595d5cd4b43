package acceptance

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/album"
	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/live"
	"wangge/load"
	"wangge/tile"
)

// clocked is a database whose clock runs ahead.
type clocked struct {
	live.Source
	ahead *atomic.Int64
}

func (c clocked) Connect(ctx context.Context) (live.Link, error) {
	link, err := c.Source.Connect(ctx)
	return clockedLink{link, c.ahead}, err
}

type clockedLink struct {
	live.Link
	ahead *atomic.Int64
}

func (c clockedLink) Look(ctx context.Context) (live.Sight, error) {
	sight, err := c.Link.Look(ctx)
	sight.Now = sight.Now.Add(time.Duration(c.ahead.Load()))
	return sight, err
}

// mapServer is a server of a database as the program makes it: memory, services, tiles that are kept.
type mapServer struct {
	*live.Live
	load.Services
	store    *db.DB
	coverage *coverage.Service
	tiles    *tile.Server
	unkept   *tile.Server // of the same memory
	letGo    atomic.Int64 // when tiles were let go of last, Unix nanoseconds
	heard    atomic.Int64 // the last sign of mapTown.heard that came here
}

const signboards = "https://town.example"

var mapZone = time.FixedZone("CST", 8*3600)

// openMap runs a server. Its own clock is skew ahead of the database's, which is ahead of the real one.
func openMap(t testing.TB, pool *pgxpool.Pool, skew time.Duration, ahead *atomic.Int64) *mapServer {
	t.Helper()
	store := db.New(pool)
	quiet := slog.New(slog.DiscardHandler)
	now := func() time.Time { return time.Now().Add(skew + time.Duration(ahead.Load())) }
	h := live.New(live.Options{Source: clocked{db.NewLive(store), ahead}, Zone: mapZone, Log: quiet, Now: now})
	store.Memory = h
	s := &mapServer{Live: h, store: store, coverage: &coverage.Service{Store: db.NewCoverage(store), Now: h.Clock, Zone: mapZone}, Services: load.Services{
		Places: &place.Service{Store: live.Places{Store: db.NewPlaces(store), Live: h}, Now: h.Clock, Tree: h.Tree},
		Grids:  &grid.Service{Store: live.Grids{Store: db.NewGrids(store), Live: h}, Now: h.Clock, NearestLimitM: 300, Ground: h.Ground},
		Staff:  &staff.Service{Store: live.Staff{Store: db.NewStaff(store), Live: h}, Now: h.Clock, Zone: mapZone, IDs: key.Random{}, Pictures: album.Folder(t.TempDir()), Roster: h.Roster},
	}}
	o := tile.Options{Source: db.NewTiles(store), Scenes: live.Scenes{Store: db.NewScenes(store), Live: h}, Problems: db.NewCoverage(store),
		Now: h.Clock, Signboards: signboards, Version: h.Version, Logger: quiet}
	s.unkept = tile.New(o)
	o.Cache = 256 << 20
	s.tiles = tile.New(o)
	h.Reported = func(box *place.Box) {
		if box != nil && *box == (place.Box{West: box.West}) {
			s.heard.Store(int64(box.West))
			return
		}
		s.tiles.Reported(box)
	}
	sceneOf := func(s *live.State) scene.Scene {
		return scene.Scene{At: s.Ground.Since(), Day: s.Roster.From(), Ground: s.Ground, Roster: s.Roster}
	}
	h.Changed = func(c live.Change) {
		turn := tile.Turn{Is: sceneOf(c.Is), Version: c.Is.Order(), Anew: c.Anew || c.AllDrawn}
		if c.Was != nil {
			turn.Was = sceneOf(c.Was)
		}
		for _, d := range c.Drawn {
			turn.Drawn = append(turn.Drawn, tile.Drawn(d))
		}
		s.tiles.Changed(turn)
		s.letGo.Store(time.Now().UnixNano())
	}
	running, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(running) }()
	t.Cleanup(func() { cancel(); <-done })
	loading, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := h.WaitLoaded(loading); err != nil {
		t.Fatal("never loaded:", err)
	}
	return s
}

// judge makes tiles from the database alone and keeps none. The scene of all there is is read once for each time that it is asked to look,
// since 5,000 tiles are drawn from it.
type judge struct {
	*tile.Server
	alone *tile.Server // reads what each tile needs
	plain scene.Service
	box   place.Box
	mu    sync.Mutex
	whole *scene.Scene
}

func newJudge(pool *pgxpool.Pool, ahead *atomic.Int64, box place.Box) *judge {
	store := db.New(pool)
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	j := &judge{plain: scene.Service{Store: db.NewScenes(store), Zone: mapZone}, box: box}
	o := tile.Options{Source: db.NewTiles(store), Scenes: j, Problems: db.NewCoverage(store), Now: now, Signboards: signboards}
	j.Server = tile.New(o)
	o.Scenes = j.plain
	j.alone = tile.New(o)
	return j
}

func (j *judge) look() {
	j.mu.Lock()
	j.whole = nil
	j.mu.Unlock()
}

func (j *judge) Scene(ctx context.Context, actor account.Actor, _ place.Box, at time.Time) (scene.Scene, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.whole == nil {
		sc, err := j.plain.Scene(ctx, actor, j.box, at)
		if err != nil {
			return sc, err
		}
		j.whole = &sc
	}
	return *j.whole, nil
}

func (j *judge) Codes(ctx context.Context, actor account.Actor, grids []key.Key) (map[key.Key]string, error) {
	return j.plain.Codes(ctx, actor, grids)
}
