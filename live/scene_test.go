package live_test

import (
	"testing"
	"time"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/scene"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/live"
)

// noScenes is a store that nothing is to be asked of.
type noScenes struct{ scene.Store }

var world = place.Box{West: -180, South: -90, East: 180, North: 90}

func TestASceneOfNowIsTheState(t *testing.T) {
	h := newHouse(t, newTown(t))
	scenes, now := live.Scenes{Store: noScenes{}, Live: h.Live}, h.Clock()
	var s scene.Scene
	var err error
	ctx := t.Context()
	allocated := testing.AllocsPerRun(100, func() { s, err = scenes.Scene(ctx, account.Anyone(), world, now) })
	if state := h.State(); err != nil || s.Ground != state.Ground || s.Roster != state.Roster || s.Day != civil.Of(now, zone) || !s.At.Equal(now) {
		t.Errorf("it is not the state: %+v, %v", s, err)
	}
	if allocated > 0 {
		t.Errorf("it takes %v allocations", allocated)
	}
	scenes.Store = db.NewScenes(h.store)
	if _, err := scenes.Scene(ctx, account.Actor{}, world, now); fault.As(err).Code != fault.Unauthenticated {
		t.Errorf("nobody known asks: %v", err)
	}
}

// TestAPastSceneTakesFromMemoryWhatItKnows: the grids of before a publication, and who was in office yesterday, are read.
func TestAPastSceneTakesFromMemoryWhatItKnows(t *testing.T) {
	pool := newTown(t)
	exec(t, pool, `UPDATE grid_boundary SET during = tstzrange('2020-01-01', upper(during))`)
	exec(t, pool, `UPDATE assignment SET during = daterange('2020-01-01', upper(during))`)
	h := newHouse(t, pool)
	ctx := t.Context()
	scenes := live.Scenes{Store: db.NewScenes(h.store), Live: h.Live}
	const code = "990102001001003"
	was := h.State().Ground
	g := *was.ByCode(code)
	ref := staff.GridRef{Key: g.Key, GroupID: g.GroupID}
	now := h.Clock()
	today := civil.Of(now, zone)
	worker := h.State().Roster.OnCall(ref, today)
	if worker == nil {
		t.Fatal("nobody is on call")
	}
	// Away yesterday only.
	exec(t, pool, `INSERT INTO absence (district, id, worker_id, during) VALUES ($1, gen_random_uuid(), $2, daterange($3::date - 1, $3))`, worker.Worker.Key.Home, worker.Worker.Key.ID, today.Time())
	if err := bringGrid(ctx, h, grid.Row{Row: place.Row{Code: code, Source: "1", Geometry: moved(g, 1e-6)}, Community: code[:12]}); err != nil {
		t.Fatal(err)
	}
	state := h.State()
	for _, test := range []struct {
		name           string
		at             time.Time
		ground, roster bool // from memory
	}{
		{"now", h.Clock(), true, true},
		{"today, before the publication", state.Ground.Since().Add(-time.Microsecond), false, true},
		{"yesterday", now.Add(-24 * time.Hour), false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := scenes.Scene(ctx, account.Anyone(), g.BBox, test.at)
			if err != nil {
				t.Fatal(err)
			}
			if civil.Of(test.at, zone) != today && test.roster {
				t.Skip("midnight was a moment ago")
			}
			if (s.Ground == state.Ground) != test.ground || (s.Roster == state.Roster) != test.roster {
				t.Errorf("grids from memory %t, people %t", s.Ground == state.Ground, s.Roster == state.Roster)
			}
			for _, level := range place.Levels {
				if s.Ground.DivisionCover(level) != state.Ground.DivisionCover(level) {
					t.Errorf("%s: divisions are not those in memory", level)
				}
			}
			got, want := s.Ground.ByCode(code), &g
			if test.ground {
				want = state.Ground.ByCode(code)
			}
			if got == nil || got.Boundary.FlatCoords()[0] != want.Boundary.FlatCoords()[0] || got.AreaM2 != want.AreaM2 {
				t.Errorf("the grid is %+v", got)
			}
			on := s.Roster.OnCall(ref, s.Day)
			if test.roster != (on != nil && on.Worker.Key == worker.Worker.Key) {
				t.Errorf("on call is %+v", on)
			}
		})
	}
}

// TestWithoutMemoryTheStoreGivesScenes: nothing was read yet.
func TestWithoutMemoryTheStoreGivesScenes(t *testing.T) {
	pool := newTown(t)
	store := db.New(pool)
	idle := live.New(live.Options{Source: db.NewLive(store), Zone: zone})
	s, err := live.Scenes{Store: db.NewScenes(store), Live: idle}.Scene(t.Context(), account.Anyone(), world, time.Now())
	if err != nil || s.Ground.Len() != 14 || s.Ground.DivisionCover(place.Community).Len() == 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
