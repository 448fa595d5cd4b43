package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo/coverage"
	"wangge/load/demo"
)

// Simulation says how a made-up country of a million grids did in memory, beside the made-up city, which is a hundredth of it.
// Nothing of it is stored.
type Simulation struct {
	Communities, Grids, Vertices int
	Draw                         time.Duration // to make the areas up, on all cores
	Build                        time.Duration // to make the structure of them, on all cores
	Bytes                        uint64        // of the structure, after collection
	Peak                         uint64        // bytes that the whole process ever had resident; 0 where the system does not say
	Nation, City                 Speed
}

// Speed is the time that one core takes to locate a point, and what all cores together do.
type Speed struct {
	Near   time.Duration // a point, where all lie within a metre of a border
	Spread time.Duration // a point, where they are spread over the grids
	// The same in processor time, which a machine that is busy with other things does not spoil; 0 where the system does not say.
	NearCPU, SpreadCPU time.Duration
	All                float64 // points a second spread over the grids, on all cores
}

// Simulate draws the country a batch of communities at a time, builds the structure as it goes, and measures it. An error means that
// a vertex was not found in a grid that it is of: the figures would be worth nothing.
func Simulate(ctx context.Context, progress Progress) (s Simulation, err error) {
	// The structure is what is left; collecting often keeps what is not from standing beside it.
	defer debug.SetGCPercent(debug.SetGCPercent(15))
	city, nation := demo.CityAlone(), demo.Nation()
	small, _, err := build(ctx, city, &Simulation{}, func(string, int, int) {})
	if err != nil {
		return s, err
	}
	before := heap()
	large, grids, err := build(ctx, nation, &s, progress)
	if err != nil {
		return s, err
	}
	s.Communities, s.Grids, s.Bytes = nation.Len(), grids, heap()-before
	speeds, err := measure(ctx, ground{city, small}, ground{nation, large})
	if err != nil {
		return s, err
	}
	s.City, s.Nation, s.Peak = speeds[0], speeds[1], peak()
	return s, nil
}

// peak is the largest memory that this process had resident, bytes, where Linux says it.
func peak() uint64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kb uint64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	return 0
}

func heap() uint64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// batch is how many communities are drawn before they are built: few enough to need little memory, enough to keep all cores busy.
const batch = 2000

func build(ctx context.Context, c *demo.Country, s *Simulation, progress Progress) (_ *coverage.Coverage, grids int, err error) {
	shards := make([]*coverage.Shard, c.Len())
	drawn := make([][]orb.MultiPolygon, batch)
	for first := 0; first < c.Len(); first += batch {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		progress("grids", grids, 0)
		n := min(batch, c.Len()-first)
		began := time.Now()
		onAllCores(n, func(i int) { drawn[i] = c.Grids(first + i) })
		s.Draw += time.Since(began)
		began = time.Now()
		onAllCores(n, func(i int) { shards[first+i] = coverage.NewShard(drawn[i]) })
		s.Build += time.Since(began)
		for _, d := range drawn[:n] {
			grids += len(d)
			for _, g := range d {
				s.Vertices += len(g[0][0]) - 1
			}
		}
	}
	began := time.Now()
	whole := coverage.New(shards)
	s.Build += time.Since(began)
	return whole, grids, nil
}

// onAllCores calls do with 0 to n-1.
func onAllCores(n int, do func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}

const (
	sampled = 100_000 // points of each kind
	tries   = 7       // of which the median counts
)

// ground is a country with the structure of its grids.
type ground struct {
	country *demo.Country
	whole   *coverage.Coverage
}

// measure says how fast points are located on each ground; in turns, so that what else the machine does meets all alike.
func measure(ctx context.Context, grounds ...ground) ([]Speed, error) {
	type figures struct{ near, spread, nearCPU, spreadCPU, all []float64 } // seconds a point
	runtime.LockOSThread()                                                 // whose time is taken
	defer runtime.UnlockOSThread()
	near, spread := make([][]orb.Point, len(grounds)), make([][]orb.Point, len(grounds))
	for k, g := range grounds {
		var err error
		if near[k], spread[k], err = g.sample(); err != nil {
			return nil, err
		}
	}
	took := make([]figures, len(grounds))
	held := make([]coverage.Held, 0, 16)
	for range tries {
		for k, g := range grounds {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			one := func(points []orb.Point, wall, cpu *[]float64) {
				began, used := time.Now(), threadTime()
				for _, p := range points {
					held = g.whole.Locate(p, held[:0])
				}
				*cpu = append(*cpu, (threadTime()-used).Seconds()/float64(len(points)))
				*wall = append(*wall, time.Since(began).Seconds()/float64(len(points)))
			}
			f := &took[k]
			one(near[k], &f.near, &f.nearCPU)
			one(spread[k], &f.spread, &f.spreadCPU)
			began := time.Now()
			g.whole.LocateAll(spread[k], func(int, []coverage.Held) {})
			f.all = append(f.all, time.Since(began).Seconds()/float64(len(spread[k])))
		}
	}
	middle := func(list []float64) float64 { slices.Sort(list); return list[len(list)/2] }
	point := func(list []float64) time.Duration { return time.Duration(middle(list) * 1e9) }
	out := make([]Speed, len(grounds))
	for k, f := range took {
		out[k] = Speed{point(f.near), point(f.spread), point(f.nearCPU), point(f.spreadCPU), 1 / middle(f.all)}
	}
	return out, nil
}

// sample takes points from all over the country, in no order: within a metre or so of a border, and spread over the grids. Each border's
// vertex must be found on the border.
func (g ground) sample() (near, spread []orb.Point, err error) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for len(near) < sampled {
		k := rnd.IntN(g.country.Len())
		grids := g.country.Grids(k)
		for range 10 {
			area := rnd.IntN(len(grids))
			ring := grids[area][0][0]
			i := 1 + rnd.IntN(len(ring)-1)
			of := coverage.Ref{Shard: int32(k), Area: int32(area)}
			if !slices.Contains(g.whole.Locate(ring[i], nil), coverage.Held{Ref: of, Border: true}) {
				return nil, nil, fmt.Errorf("vertex %v of %v is not found on its border", ring[i], of)
			}
			const metre = 1e-5 // degrees, more or less
			t := rnd.Float64()
			a, b := ring[i-1], ring[i]
			near = append(near, orb.Point{a[0] + t*(b[0]-a[0]) + metre*(2*rnd.Float64()-1), a[1] + t*(b[1]-a[1]) + metre*(2*rnd.Float64()-1)})
			box := ring.Bound()
			spread = append(spread, orb.Point{box.Min[0] + rnd.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + rnd.Float64()*(box.Max[1]-box.Min[1])})
		}
	}
	// Neighbours in the list must not be neighbours on the ground.
	rnd.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
	rnd.Shuffle(len(spread), func(i, j int) { spread[i], spread[j] = spread[j], spread[i] })
	return near, spread, nil
}
