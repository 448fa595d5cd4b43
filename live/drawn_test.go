package live_test

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twpayne/go-geom"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/live"
)

// told keeps what a Live's hook is told.
type told struct {
	mu   sync.Mutex
	list []live.Change
	busy atomic.Bool
}

func (r *told) changed(t *testing.T) func(live.Change) {
	return func(c live.Change) {
		if r.busy.Swap(true) {
			t.Error("it is told of two states at once")
		}
		time.Sleep(80 * time.Millisecond) // more than a writer looks again after
		r.mu.Lock()
		r.list = append(r.list, c)
		r.mu.Unlock()
		r.busy.Store(false)
	}
}

func (r *told) all() []live.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list
}

// TestEveryServerIsToldOfEachState: one after the other, of where what is not in memory is drawn otherwise too, and before who wrote
// goes on.
func TestEveryServerIsToldOfEachState(t *testing.T) {
	pool := newTown(t)
	ctx := t.Context()
	var told [2]told
	open := func(i int) *house {
		return newHouse(t, pool, func(o *live.Options) { o.Changed = told[i].changed(t) })
	}
	here, there := open(0), open(1)
	eventually(t, 5*time.Second, "both in touch", func() bool { return here.InTouch() && there.InTouch() })
	square := func(x float64) geom.T {
		return geom.NewPolygonFlat(geom.XY, []float64{x, 31, x + 1e-4, 31, x + 1e-4, 31.0001, x, 31.0001, x, 31}, []int{10}).SetSRID(4490)
	}
	bounds := func(x float64) place.Box { return place.Box{West: x, South: 31, East: x + 1e-4, North: 31.0001} }
	options := place.ImportOptions{IDs: key.Random{}}
	building := func(x float64) error {
		_, err := here.Places.ImportBuildings(ctx, operator, func(yield func(place.BuildingRow, error) bool) {
			yield(place.BuildingRow{Row: place.Row{Code: "new", Source: "1", Geometry: square(x)}}, nil)
		}, options)
		return err
	}
	cutOff := func() {
		exec(t, pool, `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	}
	const code = "990102001001003"
	const line = `INSERT INTO change_log (n, at, what, division_ids, grids_of, divisions, workers`
	for _, c := range []struct {
		what  string
		do    func() error
		drawn []live.Drawn
		all   bool // AllDrawn
		anew  bool
	}{
		{"a new building", func() error { return building(120) }, []live.Drawn{{Layers: []string{"buildings"}, Boxes: []place.Box{bounds(120)}}}, false, false},
		{"one that moves", func() error { return building(121) }, []live.Drawn{{Layers: []string{"buildings"}, Boxes: []place.Box{bounds(120), bounds(121)}}}, false, false},
		{"land", func() error {
			_, err := here.Places.ImportLand(ctx, operator, func(yield func(place.RoadRow, error) bool) {
				yield(place.RoadRow{Row: place.Row{Code: "new", Source: "1", Geometry: square(122)}, Class: "water"}, nil)
			}, options)
			return err
		}, []live.Drawn{{Layers: []string{"land"}, Boxes: []place.Box{bounds(122)}}}, false, false},
		{"a worker", func() error {
			_, err := here.Staff.Add(ctx, operator, staff.NewWorker{Name: "甲"}, staff.AreaGrid, code)
			return err
		}, nil, false, false},
		{"a grid where no building is another's", func() error {
			g, err := here.Grids.ByCode(ctx, operator, code, nil, grid.Fields{Boundary: true})
			if err != nil {
				return err
			}
			return bringGrid(ctx, here, grid.Row{Row: place.Row{Code: code, Source: "1", Name: "新名", Geometry: g.Boundary}, Community: code[:12]})
		}, nil, false, false},
		{"a line of an older program", func() error {
			_, err := pool.Exec(ctx, `WITH c AS (`+line+`) SELECT max(n) + 1, now(), 'boundaries', '{}'::uuid[], '{}'::uuid[], '{}'::uuid[], '{}'::uuid[] FROM change_log RETURNING n) SELECT pg_notify('wangge_change', n::text) FROM c`)
			return err
		}, nil, true, false},
		{"changes while out of touch", func() error {
			cutOff()
			_, err := pool.Exec(ctx, line+`, buildings_at, roads_at, land_at)
				SELECT max(n) + 1, now(), 'other', '{}'::uuid[], '{}'::uuid[], '{}'::uuid[], '{}'::uuid[], '{1,2,3,4}'::float8[], '{5,6,7,8}'::float8[], '{}'::float8[] FROM change_log`)
			return err
		}, []live.Drawn{{Layers: []string{"buildings"}, Boxes: []place.Box{{West: 1, South: 2, East: 3, North: 4}}},
			{Layers: []string{"roads"}, Boxes: []place.Box{{West: 5, South: 6, East: 7, North: 8}}}}, false, false},
		{"a change that is missing", func() error {
			cutOff()
			_, err := pool.Exec(ctx, line+`, buildings_at, roads_at, land_at)
				SELECT max(n) + 2, now(), 'other', '{}'::uuid[], '{}'::uuid[], '{}'::uuid[], '{}'::uuid[], '{1,2,3,4}'::float8[], '{}'::float8[], '{}'::float8[] FROM change_log`)
			return err
		}, nil, true, true},
	} {
		var n int64
		before := [2]int{len(told[0].all()), len(told[1].all())}
		last := here.State().N
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if err := pool.QueryRow(ctx, "SELECT max(n) FROM change_log").Scan(&n); err != nil || n == last {
			t.Fatalf("%s: change %d follows %d, %v", c.what, n, last, err)
		}
		if wrote := here.store.Noted() == n; wrote && len(told[0].all()) == before[0] {
			t.Errorf("%s: who wrote goes on before the hook was told", c.what)
		}
		for i, h := range []*house{here, there} {
			eventually(t, 5*time.Second, c.what, func() bool { return len(told[i].all()) > before[i] })
			got := told[i].all()[before[i]]
			if got.Is.N != n || got.Is != h.State() || got.Anew != c.anew || got.AllDrawn != c.all || !reflect.DeepEqual(got.Drawn, c.drawn) {
				t.Errorf("%s: server %d is told of change %d (anew %t), drawn %v (all %t)", c.what, i, got.Is.N, got.Anew, got.Drawn, got.AllDrawn)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}

	begins := time.Now().Add(2500 * time.Millisecond).Truncate(time.Microsecond)
	n := plantLater(t, pool, code, begins)
	for i := range told {
		eventually(t, 5*time.Second, "what the clock brought", func() bool {
			last := told[i].all()[len(told[i].all())-1]
			return last.Is.N == n && last.Was != nil && last.Was.N == n && !last.Anew && !last.AllDrawn && last.Drawn == nil &&
				last.Is.Ground.Since().Equal(begins)
		})
		var was *live.State
		for k, c := range told[i].all() {
			if c.Was != was || c.Is == nil {
				t.Errorf("server %d: what it is told of at %d does not follow what it was told of before", i, k)
			}
			was = c.Is
			if k == 0 && (!c.Anew || !c.AllDrawn) {
				t.Error("the first state is not anew")
			}
		}
	}
}
