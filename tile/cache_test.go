package tile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/domain/place"
)

var quiet = slog.New(slog.DiscardHandler)

func keep(t testing.TB, c *cache, k key, body []byte) *entry {
	t.Helper()
	e, err := c.get(t.Context(), k, true, time.Minute, func(context.Context) ([]byte, Reduction, error) { return body, Full, nil })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// shows is the rule of a purge by itself: whether the tile, widened, meets the box, in degrees.
func shows(k key, b place.Box) bool {
	n := math.Exp2(float64(k.z))
	lng := func(x float64) float64 { return x/n*360 - 180 }
	lat := func(y float64) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*y/n))) * 180 / math.Pi }
	x, y := float64(k.x), float64(k.y)
	return lng(x-reach) <= b.East && b.West <= lng(x+1+reach) && lat(y+1+reach) <= b.North && b.South <= lat(y-reach)
}

// A purge lets go of the tiles that show something of a box and hold one of its layers, and of no others.
func TestPurgeIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	dropped, stayed := 0, 0
	for round := range 60 {
		c := newCache(1<<30, quiet)
		model := map[key]bool{}
		for range 400 {
			z := uint8(random.IntN(ZoomLimit + 1))
			spread := min(uint32(1)<<z, 12) // near each other, in a town's tiles
			x, y := uint32(0.837*float64(uint32(1)<<z))+random.Uint32N(spread)-spread/2, uint32(0.409*float64(uint32(1)<<z))+random.Uint32N(spread)-spread/2
			last := uint32(1)<<z - 1
			k := key{x: min(x, last), y: min(y, last), z: z, layers: set(1 + random.IntN(1<<len(layers)-1)), scope: scope(random.IntN(2))}
			if random.IntN(20) == 0 {
				k.past, k.at, k.version = true, random.Int64(), "1.0"
			}
			keep(t, c, k, []byte("tile"))
			model[k] = true
		}
		var boxes []place.Box
		for range 1 + random.IntN(4) {
			lng, lat := 121.32+random.NormFloat64()*0.01, 31.2+random.NormFloat64()*0.01
			size := math.Exp(-random.Float64() * 14)
			if round%10 == 0 {
				size = 90
			}
			boxes = append(boxes, place.Box{West: lng, South: lat, East: min(lng+size*random.Float64(), 180), North: min(lat+size*random.Float64(), 90)})
		}
		list := set(1 + random.IntN(1<<len(layers)-1))
		want := 0
		for k := range model {
			hit := k.past
			for _, b := range boxes {
				hit = hit || k.layers&list != 0 && shows(k, b)
			}
			if hit {
				model[k] = false
				want++
			}
		}
		if got := c.purge(stain{list, 0, ZoomLimit, boxes}); got != want {
			t.Errorf("round %d: %d tiles purged, want %d", round, got, want)
		}
		for k, stays := range model {
			if got := c.find(k) != nil; got != stays {
				t.Fatalf("round %d: tile %+v is kept: %v, after a purge of %v", round, k, got, boxes)
			}
		}
		dropped, stayed = dropped+want, stayed+len(model)-want
		for range 2 {
			if got := c.purgeAll(); got != len(model)-want {
				t.Errorf("all: %d, want %d", got, len(model)-want)
			}
			want = len(model)
		}
	}
	if dropped < 1000 || stayed < 1000 {
		t.Errorf("too one-sided a test: %d dropped, %d stayed", dropped, stayed)
	}
}

// A tile shows what lies 64 units beyond its side, and what is rounded onto that rim.
func TestPurgeOfTheRim(t *testing.T) {
	for _, z := range []uint8{3, 10, 16, 22} {
		n := math.Exp2(float64(z))
		k := key{x: uint32(0.837 * n), y: uint32(0.409 * n), z: z, layers: 1}
		for _, side := range []struct{ x, y float64 }{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
			for units, want := range map[float64]int{64.9: 1, 65.1: 0} {
				c := newCache(1<<20, quiet)
				keep(t, c, k, []byte("tile"))
				x := float64(k.x) + .5 + side.x*(.5+units/4096)
				y := float64(k.y) + .5 + side.y*(.5+units/4096)
				lng, lat := x/n*360-180, math.Atan(math.Sinh(math.Pi*(1-2*y/n)))*180/math.Pi
				if got := c.purge(stain{1, 0, ZoomLimit, []place.Box{{West: lng, East: lng, South: lat, North: lat}}}); got != want {
					t.Errorf("zoom %d, %v units beyond %v: %d purged, want %d", z, units, side, got, want)
				}
			}
		}
	}
}

// Who asks after a purge is answered by data that is not older than it, whatever is being made, kept, compressed and pushed out
// meanwhile; and what is kept can all be found by purges.
func TestNothingOlderThanThePurge(t *testing.T) {
	const town, most = 6, 40_000 // tiles a side, bytes
	c := newCache(most, quiet)
	place1 := func(x, y uint32) place.Box { // the middle of a tile of zoom 14, which no neighbour shows
		n := math.Exp2(14)
		lng := (float64(x)+.5)/n*360 - 180
		lat := math.Atan(math.Sinh(math.Pi*(1-2*(float64(y)+.5)/n))) * 180 / math.Pi
		return place.Box{West: lng, East: lng, South: lat, North: lat}
	}
	const west, north = 13700, 6700
	var data, purged [town][town]atomic.Int64
	var wait sync.WaitGroup
	stop := make(chan struct{})
	time.AfterFunc(time.Second, func() { close(stop) })
	running := func() bool {
		select {
		case <-stop:
			return false
		default:
			runtime.Gosched()
			return true
		}
	}
	var purges, hits, asked atomic.Int64
	for i := range 2 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 3))
			for running() {
				x, y := random.IntN(town), random.IntN(town)
				is := data[x][y].Add(1)
				c.purge(stain{1, 0, ZoomLimit, []place.Box{place1(west+uint32(x), north+uint32(y))}})
				for was := purged[x][y].Load(); was < is && !purged[x][y].CompareAndSwap(was, is); was = purged[x][y].Load() {
				}
				purges.Add(1)
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	for i := range 6 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 4))
			for running() {
				x, y := random.IntN(town), random.IntN(town)
				k := key{x: west + uint32(x), y: north + uint32(y), z: 14, layers: set(1 + 2*random.IntN(2)), scope: scope(random.IntN(2))}
				ctx, leave := context.WithCancel(t.Context())
				if random.IntN(8) == 0 {
					time.AfterFunc(time.Duration(random.IntN(100))*time.Microsecond, leave)
				}
				takes := time.Duration(random.IntN(80)) * time.Microsecond
				atLeast := purged[x][y].Load()
				asked.Add(1)
				e := c.find(k)
				if e != nil {
					hits.Add(1)
				} else {
					var err error
					e, err = c.get(ctx, k, true, time.Minute, func(ctx context.Context) ([]byte, Reduction, error) {
						of := data[x][y].Load()
						time.Sleep(takes)
						if ctx.Err() != nil || of%11 == 0 {
							return nil, Full, errors.New("no luck")
						}
						return append(strconv.AppendInt(nil, of, 10), bytes.Repeat([]byte(" "), 1000)...), Full, nil
					})
					if err != nil {
						leave()
						continue
					}
				}
				leave()
				if random.IntN(2) == 0 {
					c.gzip(e)
				}
				if got, err := strconv.ParseInt(string(bytes.TrimSpace(e.body)), 10, 64); err != nil || got < atLeast {
					t.Errorf("answered by data %d (%v), %d was purged before", got, err, atLeast)
					return
				}
			}
		})
	}
	wait.Wait()
	if purges.Load() < 100 || hits.Load() < 100 || hits.Load() == asked.Load() {
		t.Errorf("too quiet a test: %d asked, %d kept, %d purges", asked.Load(), hits.Load(), purges.Load())
	}
	if len(c.making) > 0 {
		t.Errorf("%d are being made for nobody", len(c.making))
	}
	s := c.stats()
	if s.Evicted == 0 || s.Bytes > most {
		t.Errorf("figures %+v", s)
	}
	kept := 0
	for _, e := range c.kept.All() {
		kept++
		if !c.places.has(e) {
			t.Errorf("no purge finds %+v", e.key)
		}
	}
	if got := c.purgeAll(); got < kept { // what was pushed out a moment ago may still be listed
		t.Errorf("%d purged, of %d kept", got, kept)
	}
	if s := c.stats(); s.Entries != 0 || s.Bytes != 0 || len(c.places.all()) != 0 {
		t.Errorf("after all was purged: %+v, %d listed", s, len(c.places.all()))
	}
}

func TestMakingIsShared(t *testing.T) {
	k := key{layers: 1}
	for _, most := range []int64{0, 1 << 20} {
		c := newCache(most, quiet)
		started, let := make(chan context.Context, 10), make(chan struct{})
		made := func(ctx context.Context) ([]byte, Reduction, error) {
			started <- ctx
			select {
			case <-let:
				return nil, Coarser, nil
			case <-ctx.Done():
				return nil, Full, ctx.Err()
			}
		}
		waiting := func(n int) {
			for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
				c.mu.Lock()
				m := c.making[k]
				got := 0
				if m != nil {
					got = m.waiting
				}
				c.mu.Unlock()
				if got == n {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d wait, want %d", got, n)
				}
			}
		}
		ask := func(ctx context.Context) chan error {
			answered := make(chan error, 1)
			go func() {
				e, err := c.get(ctx, k, true, time.Minute, made)
				if err == nil && (len(e.body) > 0 || e.reduced != Coarser) {
					err = fmt.Errorf("got %+v", e)
				}
				answered <- err
			}()
			return answered
		}
		// The first leaves: the others are answered.
		ctx, leave := context.WithCancel(t.Context())
		first := ask(ctx)
		waiting(1)
		second, third := ask(t.Context()), ask(t.Context())
		waiting(3)
		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		waiting(2)
		close(let)
		if err := errors.Join(<-second, <-third); err != nil {
			t.Error(err)
		}
		if len(started) != 1 {
			t.Errorf("made %d times", len(started))
		}
		if got := c.find(k) != nil; got != (most > 0) {
			t.Errorf("the empty tile is kept: %v, with room for %d", got, most)
		}
		<-started
		c.purgeAll()

		// All leave: it is ended, and who asks then begins anew.
		let = make(chan struct{})
		ctx, leave = context.WithCancel(t.Context())
		first, second = ask(ctx), ask(ctx)
		waiting(2)
		leave()
		if err := errors.Join(<-first, <-second); !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		select {
		case <-(<-started).Done():
		case <-time.After(5 * time.Second):
			t.Fatal("it goes on for nobody")
		}
		waiting(0)
	}

	c := newCache(1<<20, quiet)
	for name, fails := range map[string]maker{
		"an error":    func(context.Context) ([]byte, Reduction, error) { return nil, Full, errors.New("no database") },
		"a panic":     func(context.Context) ([]byte, Reduction, error) { panic("phone 13812345678") },
		"out of time": func(ctx context.Context) ([]byte, Reduction, error) { <-ctx.Done(); return nil, Full, ctx.Err() },
	} {
		if e, err := c.get(t.Context(), k, true, time.Millisecond, fails); err == nil || e != nil || c.find(k) != nil || len(c.making) > 0 {
			t.Errorf("%s: %v, %v, kept %v", name, e, err, c.find(k))
		}
	}
	if _, err := c.get(t.Context(), k, false, time.Minute, func(context.Context) ([]byte, Reduction, error) { return nil, Full, nil }); err != nil || c.find(k) != nil {
		t.Errorf("it was not to be kept: %v", err)
	}
}

// What is kept is counted with both its forms, and stays within the budget.
func TestBytesAreCounted(t *testing.T) {
	c := newCache(1<<20, quiet)
	body := make([]byte, 10_000)
	for i := range body {
		body[i] = byte(i * i >> 3)
	}
	e := keep(t, c, key{layers: 1}, body)
	if got := c.stats(); got.Bytes != entryBytes+10_000 || got.Entries != 1 {
		t.Errorf("without gzip: %+v", got)
	}
	c.gzip(e)
	c.gzip(e)
	if got := c.stats(); got.Bytes != uint64(entryBytes+10_000+len(e.zipped)) || got.Entries != 1 || len(e.zipped) == 0 {
		t.Errorf("with gzip: %+v", got)
	}
	c.purgeAll()
	c.gzip(keep(t, c, key{layers: 1}, body))
	for x := range uint32(500) {
		c.gzip(keep(t, c, key{layers: 1, z: 16, x: x}, body))
	}
	if got := c.stats(); got.Bytes > 1<<20 || got.Entries > 100 || got.Evicted == 0 {
		t.Errorf("figures %+v", got)
	}
}

// A purge after every change must not be felt: 100,000 tiles of a city are kept, and a border moves.
func BenchmarkPurge(b *testing.B) {
	c := newCache(1<<30, quiet)
	for z := uint8(10); z <= 16; z++ {
		side := uint32(4) << (z - 10)
		x0, y0 := uint32(0.837*float64(uint32(1)<<z)), uint32(0.409*float64(uint32(1)<<z))
		for x := range side {
			for y := range side {
				keep(b, c, key{x: x0 + x, y: y0 + y, z: z, layers: 1}, []byte("tile"))
			}
		}
	}
	b.Logf("%d tiles", c.stats().Entries)
	box := func(size float64) place.Box {
		return place.Box{West: 121.35, South: 31.18, East: 121.35 + size, North: 31.18 + size}
	}
	for _, test := range []struct {
		name  string
		boxes []place.Box
	}{{"grid", []place.Box{box(.002)}}, {"few", []place.Box{box(.002), box(.003), box(.01)}}, {"town", []place.Box{box(.05)}}, {"others", []place.Box{{West: -170, South: -80, East: 80, North: 80}}}} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() { // of a layer that none holds: what is found stays
				c.purge(stain{2, 0, ZoomLimit, test.boxes})
			}
		})
	}
	b.Run("dropped", func(b *testing.B) {
		var n, times int
		for b.Loop() {
			n += c.purge(stain{1, 0, ZoomLimit, []place.Box{box(.003)}})
			times++
			b.StopTimer()
			areas := []area{areaOf(box(.003))}
			for z := uint8(10); z <= 16; z++ {
				for r, x := areas[0].at(z), areas[0].at(z).west; x <= r.east; x++ {
					for y := r.north; y <= r.south; y++ {
						keep(b, c, key{x: uint32(x), y: uint32(y), z: z, layers: 1}, []byte("tile"))
					}
				}
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(n)/float64(times), "tiles")
	})
}
