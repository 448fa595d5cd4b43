package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/testdb"
	"wangge/load"
	"wangge/tile"
)

// made asks each server for tiles of each layer alone, and returns which of them it had to make: by "layer z/x/y".
func (m *mapTown) made(tiles map[string][]maptile.Tile) []map[string]bool {
	misses := func(s *mapServer) (n uint64) {
		asked, _ := s.tiles.Stats()
		for _, a := range asked {
			n += a.Misses
		}
		return n
	}
	out := make([]map[string]bool, len(m.servers))
	for i, s := range m.servers {
		out[i] = map[string]bool{}
		for layer, list := range tiles {
			for _, at := range list {
				before := misses(s)
				m.get(s.tiles, account.Anyone(), []string{layer}, at)
				if misses(s) > before {
					out[i][name(layer, at)] = true
				}
			}
		}
	}
	return out
}

func name(layer string, at maptile.Tile) string {
	return fmt.Sprintf("%s %d/%d/%d", layer, at.Z, at.X, at.Y)
}

// letGo has something happen, and returns how long after the database told of it the last server had let go of its tiles.
func (m *mapTown) letGo(do func(s *mapServer)) time.Duration {
	m.Helper()
	conn, err := m.pool.Acquire(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(m.Context(), "LISTEN wangge_change"); err != nil {
		m.Fatal(err)
	}
	heard := make(chan time.Time, 1)
	go func() {
		_, _ = conn.Conn().WaitForNotification(m.Context())
		heard <- time.Now()
	}()
	do(m.servers[0])
	committed := <-heard
	mark := m.servers[0].State().Mark
	last := committed
	for _, s := range m.servers {
		s.Committed(m.Context(), mark)
		if !s.State().Mark.Is(mark) {
			m.Fatal("a server never heard of it")
		}
		if at := time.Unix(0, s.letGo.Load()); at.After(last) {
			last = at
		}
	}
	return last.Sub(committed)
}

// meeting are the tiles of layers, of those that exist at their zooms, that show something of boxes: 65 units of 4,096 around a tile are seen.
func meeting(tiles map[string][]maptile.Tile, layers []string, from maptile.Zoom, boxes ...place.Box) map[string]bool {
	out := map[string]bool{}
	for _, layer := range layers {
		for _, at := range tiles[layer] {
			if at.Z >= from && slices.ContainsFunc(boxes, func(b place.Box) bool { return at.Bound(65.0 / 4096).Intersects(bound(b)) }) {
				out[name(layer, at)] = true
			}
		}
	}
	return out
}

// TestWhatAShiftedBorderPurges: in each of three servers of a database, of the tiles that are kept those go that show what changed, no others.
func TestWhatAShiftedBorderPurges(t *testing.T) {
	m := &mapTown{TB: t, pool: testdb.New(t)}
	for range 3 {
		m.servers = append(m.servers, openMap(t, m.pool, 0, &m.ahead))
	}
	w := &town{DB: m.servers[0].store, Services: m.servers[0].Services}
	// Six grids of about 950 by 555 m in two rows; the border between the second and the third is to move 30 m east.
	const code = "990101001001"
	// bent is the second or the third grid, whose border is at 20 where others end at it, and somewhere else between.
	bent := func(from, to, x float64) string {
		at := func(x, y float64) string { return fmt.Sprintf("[%.4f,%.4f]", 121+x/1000, 31+y/1000) }
		a, b := []string{at(from, 0), at(to, 0)}, []string{at(to, 5), at(from, 5)}
		if from == 20 {
			b = append(b, at(x, 4), at(x, 1))
		} else {
			a = append(a, at(x, 1), at(x, 4))
		}
		return `{"type":"Polygon","coordinates":[[` + strings.Join(append(append(a, b...), a[0]), ",") + `]]}`
	}
	var grids []string
	for i := range 6 {
		x, y := float64(i%3)*10, float64(i/3)*5
		grids = append(grids, feature(fmt.Sprintf(`"code":"%s00%d","name":"第%d"`, code, i+1, i+1), box(x, y, x+10, y+5)))
	}
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: file(t, "d.geojson", collection(feature(`"code":"`+code+`","name":"河东","level":"COMMUNITY"`, box(0, 0, 30, 10))))})
	w.mustBring(t, load.Job{Kind: load.Grids, Path: file(t, "g.geojson", collection(grids...))})
	border := func(x float64) {
		w.mustBring(t, load.Job{Kind: load.Grids, Path: file(t, "g.geojson", collection(
			feature(`"code":"`+code+`002"`, bent(10, 20, x)), feature(`"code":"`+code+`003"`, bent(20, 30, x))))})
	}
	border(20)
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: file(t, "b.geojson", collection(feature(`"code":"b1"`, box(20.1, 2, 20.2, 2.1)), feature(`"code":"b2"`, box(1, 1, 2, 2))))})
	for _, s := range m.servers {
		s.Committed(t.Context(), m.servers[0].State().Mark)
	}

	labels := func(numbers ...string) (out []place.Box) {
		for _, n := range numbers {
			p := w.gridOf(t, code+n).LabelPoint
			out = append(out, place.Box{West: p.X(), South: p.Y(), East: p.X(), North: p.Y()})
		}
		return out
	}

	all := map[string][]maptile.Tile{}
	for _, l := range tile.Layers() {
		all[l.Name] = tilesOf(place.Box{West: 120.99, South: 30.99, East: 121.04, North: 31.02}, maptile.Zoom(max(l.MinZoom, 10)), 16)
	}
	count := 0
	for _, list := range all {
		count += len(list)
	}
	hold := func(what string, want map[string]bool, took time.Duration) {
		t.Helper()
		for i, got := range m.made(all) {
			if !maps.Equal(got, want) {
				t.Errorf("%s: server %d made %d tiles anew:\n%s\nwant %d:\n%s", what, i, len(got), listed(got), len(want), listed(want))
			}
		}
		t.Logf("%s: %d of %d tiles are let go, by the last of %d servers after %v", what, len(want), count, len(m.servers), took.Round(10*time.Microsecond))
		if took > 2*time.Second { // 100 ms on a quiet machine, which one that runs tests is not
			t.Errorf("%s: it took %v", what, took)
		}
	}
	m.made(all)
	hold("nothing", map[string]bool{}, 0)

	const by = 0.315 // 30 m, in thousandths of a degree of longitude here
	spots := labels("002", "003")
	took := m.letGo(func(*mapServer) { border(20 + by) })
	spots = append(spots, labels("002", "003")...)
	shape := spread(20, 0, 20+by, 5)
	want := meeting(all, []string{"grids"}, 0, shape)
	maps.Copy(want, meeting(all, []string{"grid_labels", "signboards"}, 0, append(spots, shape)...))
	maps.Copy(want, meeting(all, []string{"buildings"}, 0, spread(20.1, 2, 20.2, 2.1))) // which is in another grid now
	if listed(want) != shifted30m {
		t.Errorf("the tiles that show the border are\n%s", listed(want))
	}
	hold("a border is shifted by 30 m", want, took)

	took = m.letGo(func(s *mapServer) {
		fifth := w.gridOf(t, code+"005")
		worker, err := s.Staff.Add(t.Context(), operator, staff.NewWorker{Name: "新人", WorkPhone: "15499000002"}, staff.AreaGrid, fifth.Code)
		if err == nil {
			_, err = s.Staff.Appoint(t.Context(), operator, staff.Appointment{Worker: worker.Key, Post: staff.GridWorker, Cover: staff.CoverA, AreaKind: staff.AreaGrid, AreaName: fifth.Code})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	hold("a grid has a worker", meeting(all, []string{"grids", "grid_labels", "signboards"}, 12, w.gridOf(t, code+"005").BBox), took)
}

// The tiles of zooms 10 to 16 that show where the border was or is, or a name that has another place by it.
const shifted30m = `buildings 14/13699/6706
buildings 15/27399/13413
buildings 16/54799/26826
grid_labels 12/3424/1676
grid_labels 12/3425/1676
grid_labels 13/6849/3353
grid_labels 13/6850/3353
grid_labels 14/13699/6706
grid_labels 14/13700/6706
grid_labels 15/27399/13413
grid_labels 15/27400/13413
grid_labels 16/54798/26826
grid_labels 16/54799/26826
grid_labels 16/54799/26827
grid_labels 16/54800/26826
grids 10/856/419
grids 11/1712/838
grids 12/3424/1676
grids 13/6849/3353
grids 14/13699/6706
grids 15/27399/13413
grids 16/54799/26826
grids 16/54799/26827
signboards 14/13699/6706
signboards 14/13700/6706
signboards 15/27399/13413
signboards 15/27400/13413
signboards 16/54798/26826
signboards 16/54799/26826
signboards 16/54799/26827
signboards 16/54800/26826`

// spread is a box in thousandths of a degree from 121, 31.
func spread(w, s, e, n float64) place.Box {
	return place.Box{West: 121 + w/1000, South: 31 + s/1000, East: 121 + e/1000, North: 31 + n/1000}
}

func listed(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), "\n") }
