package acceptance

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wangge/domain/account"
	"wangge/internal/fault"
	"wangge/tile"
)

// ask has both servers keep all tiles.
func (m *mapTown) ask() {
	for _, s := range m.servers {
		for _, layers := range slices.Concat(drawnHere, drawnElse) {
			for _, at := range m.here {
				m.get(s.tiles, account.Anyone(), layers, at)
			}
		}
	}
}

func (m *mapTown) get(s *tile.Server, actor account.Actor, layers []string, at maptile.Tile) []byte {
	m.Helper()
	r, err := s.Tile(m.Context(), actor, layers, at)
	if err != nil {
		m.Fatal(layers, at, err)
	}
	return r.Body
}

// differing compares what the servers keep with what is made anew: everything, or most of what is drawn here and a part of the rest. What is not
// what it should be stays so until it is looked at.
func (m *mapTown) differing(everything bool) (out []string) {
	m.judge.look()
	for _, layers := range slices.Concat(drawnHere, drawnElse) {
		for _, at := range m.here {
			here := len(layers) == 1 && slices.ContainsFunc(drawnHere, func(l []string) bool { return l[0] == layers[0] })
			if !everything && (!here && m.random.IntN(40) > 0 || at.Z > 16 && m.random.IntN(3) > 0) {
				continue
			}
			from := m.judge.Server
			if m.random.IntN(500) == 0 {
				from = m.judge.alone
			}
			want := m.get(from, account.Anyone(), layers, at)
			for i, s := range m.servers {
				for _, actor := range []account.Actor{account.Anyone(), operator} {
					if got := m.get(s.tiles, actor, layers, at); !bytes.Equal(got, want) {
						out = append(out, fmt.Sprintf("server %d, %s: %s %d/%d/%d has %d bytes, made anew %d (from the server's memory the same: %t): %s", i, actor.Role, strings.Join(layers, ","), at.Z, at.X, at.Y,
							len(got), len(want), bytes.Equal(m.get(s.unkept, actor, layers, at), want), unlike(got, want)))
					}
				}
			}
		}
	}
	return out
}

// misses are how often tiles had to be made.
func (m *mapTown) misses() (n uint64) {
	for _, s := range m.servers {
		asked, _ := s.tiles.Stats()
		for _, a := range asked {
			n += a.Misses
		}
	}
	return n
}

// heard returns when every server has done what it was told of so far. The database tells in order, and a server hears over one connection: so a
// sign is sent until it has come, again where a connection broke meanwhile.
func (m *mapTown) heard() {
	m.Helper()
	sign := int64(m.next())
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if !slices.ContainsFunc(m.servers, func(s *mapServer) bool { return s.heard.Load() != sign }) {
			return
		}
		if time.Now().After(end) {
			m.Fatal("a server no longer hears what the database tells")
		}
		if _, err := m.pool.Exec(m.Context(), "SELECT pg_notify('wangge_report', $1)", fmt.Sprintf("%d 0 0 0", sign)); err != nil {
			m.Fatal(err)
		}
	}
}

// farther asks for the tiles far away, and returns how many of them were not kept.
func (m *mapTown) farther() uint64 {
	before := m.misses()
	for _, s := range m.servers {
		for _, layers := range slices.Concat(drawnHere, drawnElse[:4]) {
			for _, at := range m.far {
				m.get(s.tiles, account.Anyone(), layers, at)
			}
		}
	}
	return m.misses() - before
}

// agree holds that what is kept is what would be made; late says that servers may still hear of what happened.
func (m *mapTown) agree(what string, late, everything bool) {
	m.Helper()
	list := m.differing(everything)
	for end := time.Now().Add(3 * time.Second); late && len(list) > 0 && time.Now().Before(end); list = m.differing(everything) {
		time.Sleep(20 * time.Millisecond)
	}
	if len(list) > 0 {
		m.Fatalf("after %q %d tiles are not what they would be if they were made now:\n%s", what, len(list), strings.Join(list[:min(len(list), 12)], "\n"))
	}
}

// happens has something happen while tiles are asked for, and compares all afterwards. False: it could not.
func (m *mapTown) happens(h happening, everything bool) bool {
	m.Helper()
	s := m.servers[m.random.IntN(len(m.servers))]
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for _, s := range m.servers {
		at, random := m.here, rand.New(rand.NewPCG(m.random.Uint64(), 1))
		asking.Go(func() {
			for all := slices.Concat(drawnHere, drawnElse); ; {
				select {
				case <-stop:
					return
				default:
				}
				// What fails is found when it is compared.
				_, _ = s.tiles.Tile(m.Context(), account.Anyone(), all[random.IntN(len(all))], at[random.IntN(len(at))])
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	err := h.do(s)
	if h.late {
		m.heard() // else what comes of it late would be taken for the next thing's
	}
	mark := s.State().Mark
	for _, o := range m.servers {
		if n := o.State().N; n > mark.N {
			mark = o.State().Mark
		}
	}
	for _, o := range m.servers {
		o.Committed(m.Context(), mark)
	}
	close(stop)
	asking.Wait()
	if err != nil && err != errNot && fault.As(err).Code == fault.Internal {
		m.Fatalf("%s: %v", h.name, err)
	}
	if anew := m.farther(); !h.wide {
		m.asked += uint64(len(m.far) * (len(drawnHere) + 4) * len(m.servers))
		if m.got += anew; anew > 0 {
			m.Fatalf("%s: %d tiles far away were made anew", h.name, anew)
		}
	}
	m.agree(h.name, h.late, everything)
	return err == nil
}

// live has so many things happen, each kind once where that is enough, or as many as there is time for.
func (m *mapTown) live(atLeast int, until time.Time) (n int) {
	m.agree("nothing", false, true)
	m.farther()
	refused := map[string]int{}
	var waiting []happening
	for n < atLeast || time.Now().Before(until) {
		if len(waiting) == 0 {
			waiting = m.happenings()
			m.random.Shuffle(len(waiting), func(i, k int) { waiting[i], waiting[k] = waiting[k], waiting[i] })
		}
		h := waiting[0]
		waiting = waiting[1:]
		began := time.Now()
		if !m.happens(h, false) {
			if refused[h.name]++; refused[h.name] < 5 {
				waiting = append(waiting, h)
			}
			continue
		}
		if testing.Verbose() {
			m.Logf("%s: %v", h.name, time.Since(began).Round(time.Millisecond))
		}
		n++
	}
	m.agree("all", false, true)
	return n
}

// TestKeptTilesAreAsMadeAnew: whatever happens to a town, in whichever order, a tile that is kept is byte for byte the one that would be made
// now, in every server; and what lies far away stays kept. With SOAK=1 for the duration DURATION (10m), town after town.
func TestKeptTilesAreAsMadeAnew(t *testing.T) {
	var until time.Time
	if os.Getenv("SOAK") == "1" {
		for_, err := time.ParseDuration(cmp.Or(os.Getenv("DURATION"), "10m"))
		if err != nil {
			t.Fatal(err)
		}
		until = time.Now().Add(for_)
	}
	for seed := uint64(20261122); ; seed++ {
		m := newMapTown(t, seed)
		began := time.Now()
		most := func(of int) time.Time {
			if until.IsZero() {
				return until
			}
			end := time.Now().Add(time.Duration(of) * time.Minute)
			if end.After(until) {
				return until
			}
			return end
		}
		n := m.live(len(m.happenings()), most(2))
		m.ahead.Store(1)
		n += m.live(8, most(1))
		_, kept := m.servers[0].tiles.Stats()
		t.Logf("town %d: %d things happened in %v; %d tiles near and %d far, %d kept, %d let go; of %d asked far away %d were made anew",
			seed, n, time.Since(began).Round(time.Millisecond), len(m.here), len(m.far), kept.Entries, kept.Purged, m.asked, m.got)
		if !time.Now().Before(until) {
			return
		}
	}
}

// unlike says what two tiles differ in, as far as it fits in a line or two.
func unlike(a, b []byte) string {
	features := func(body []byte) map[string]string {
		layers, err := mvt.Unmarshal(body)
		if err != nil {
			return map[string]string{"": err.Error()}
		}
		out := map[string]string{}
		for _, l := range layers {
			for _, f := range l.Features {
				out[fmt.Sprint(l.Name, " ", f.ID)] = fmt.Sprint(f.Properties, f.Geometry)
			}
		}
		return out
	}
	kept, anew := features(a), features(b)
	for k, v := range anew {
		if kept[k] != v {
			return fmt.Sprintf("%.40s is kept as %.200q, made anew it is %.200q", k, kept[k], v)
		}
	}
	for k := range kept {
		if _, ok := anew[k]; !ok {
			return k + " is there no more"
		}
	}
	return "features are in another order, or begin elsewhere"
}
