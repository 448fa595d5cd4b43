package grid

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/geo/coord"
	"wangge/geo/coverage"
	"wangge/internal/fault"
)

// MaxPoints is how many points one call may ask about.
const MaxPoints = 10_000

// AtQuery asks which grid a position belongs to.
type AtQuery struct {
	System    coord.System
	Lng, Lat  float64 // degrees in System
	AccuracyM *float64
	AsOf      *time.Time // nil: now
	Address   string     // what the person says the address is; see Service.address
	Building  bool       // whether Match.BuildingKey is wanted

	WithinM float64 // how far the nearest grid may be from a spot in none, metres; 0: as far as the service says

	// NoDistance: Match.BoundaryDistanceM is not wanted and may be left out, which is most of what a point in a grid costs.
	NoDistance bool
	// NoConfirmation: Match.NeedsConfirmation is not wanted and may be false, so that it is not looked for how near the border is.
	NoConfirmation bool
}

// distance reports whether the distance to the border is to be measured: for who asks, or to know how far candidates may be.
func (q *AtQuery) distance() bool { return !q.NoDistance || q.AccuracyM != nil }

// limit is how far the nearest grid may be from a spot in none, metres.
func (s *Service) limit(q *AtQuery) float64 { return cmp.Or(q.WithinM, s.NearestLimitM) }

var _ = fault.Register(
	[3]string{"point.bad", "{reason}.", "坐标有误：{reason}。"},
	[3]string{"point.number", "{axis} {value} is not a finite number.", "{axis} 的值 {value} 不是有效数字。"},
	[3]string{"point.range", "{axis} {value} is outside -{limit} to {limit} degrees.", "{axis} 的值 {value} 超出 -{limit} 到 {limit} 度的范围。"},
	[3]string{"point.swapped", "{axis} {value} is outside -{limit} to {limit} degrees; the axes look swapped: longitude comes first, then latitude.",
		"{axis} 的值 {value} 超出 -{limit} 到 {limit} 度的范围；经纬度似乎写反了：先经度，后纬度。"},
	[3]string{"point.outside", "The point {lng}, {lat} lies outside the area of this service ({window}: west, south, east, north).",
		"坐标 {lng}, {lat} 不在本服务范围内（{window}：西、南、东、北）。"},
	[3]string{"point.outsideSwapped", "The point {lng}, {lat} lies outside the area of this service ({window}: west, south, east, north); the axes look swapped: longitude comes first, then latitude.",
		"坐标 {lng}, {lat} 不在本服务范围内（{window}：西、南、东、北）；经纬度似乎写反了：先经度，后纬度。"},
	[3]string{"point.accuracy", "accuracyM must be a number of metres from 0 to 1,000,000.", "accuracyM 应为 0 到 1000000 之间的米数。"},
	[3]string{"points.vague", "{n} points are known so inexactly that weighing them all would take too long; ask about fewer at once.", "有 {n} 个点精度太低，一次全部判断耗时过长，请减少每次的点数。"},
	[3]string{"points.tooMany", "{n} points; at most {max} in one request.", "共 {n} 个点，一次最多 {max} 个。"},
)

// At says which grid a position belongs to, and what decided it. INVALID: the point is no position, or outside the
// deployment's window.
func (s *Service) At(ctx context.Context, actor account.Actor, q AtQuery) (Match, error) {
	if !q.Building && q.Address == "" {
		if err := actor.RequireKnown(); err != nil {
			return Match{}, err
		}
		p, err := s.position(ctx, actor, q)
		if err != nil {
			return Match{}, err
		}
		// A ground is one state of the data by itself, and nothing else is read.
		if ground, ok := s.held(ctx, s.at(q.AsOf)); ok {
			m := ground.match(p, s.limit(&q), q.distance(), !q.NoConfirmation)
			if radius, vague := reach(m, q.AccuracyM); vague {
				ground.weigh(&m, p, *q.AccuracyM, radius)
			}
			return m, nil
		}
	}
	matches, errs, err := s.AtMany(ctx, actor, []AtQuery{q})
	if err = cmp.Or(err, errs[0]); err != nil {
		return Match{}, err
	}
	return matches[0], nil
}

// AtMany is At for up to MaxPoints positions at one time (that of the first), answers in their order: for each a
// match or an error. INVALID as a whole: too many.
func (s *Service) AtMany(ctx context.Context, actor account.Actor, qs []AtQuery) ([]Match, []error, error) {
	if len(qs) > MaxPoints {
		return nil, nil, fault.New(fault.Invalid, "points", "points.tooMany", "n", len(qs), "max", MaxPoints)
	}
	matches, errs := make([]Match, len(qs)), make([]error, len(qs))
	if len(qs) == 0 {
		return matches, errs, nil
	}
	err := s.Store.Do(ctx, actor, func(ctx context.Context) error {
		clear(errs)
		points, index := make([]Point, 0, len(qs)), make([]int, 0, len(qs)) // of each point in qs
		for i, q := range qs {
			p, err := s.position(ctx, actor, q)
			var refused *fault.Error
			switch {
			case err == nil:
				points, index = append(points, p), append(index, i)
			case errors.As(err, &refused) && refused.Code == fault.Invalid:
				errs[i] = err
			default:
				return err
			}
		}
		located, err := s.locate(ctx, actor, qs, points, index)
		if err == nil {
			err = s.spoken(ctx, actor, qs, points, index, located, errs)
		}
		for j, i := range index {
			if err == nil {
				matches[i] = located[j]
			}
		}
		return err
	})
	return matches, errs, err
}

// spoken adds to matches what the store knows beside the ground: the buildings that are asked for, and what addresses decide.
func (s *Service) spoken(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int, matches []Match, errs []error) error {
	if err := s.buildings(ctx, actor, qs, points, index, matches); err != nil {
		return err
	}
	return s.address(ctx, actor, qs, points, index, matches, errs)
}

// buildings notes on which building those points lie that ask for it.
func (s *Service) buildings(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int, matches []Match) error {
	var asked []Point
	var of []int // place in points
	for j, i := range index {
		if qs[i].Building {
			asked, of = append(asked, points[j]), append(of, j)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	found, err := s.Store.BuildingsAt(ctx, actor, asked)
	for k, b := range found {
		matches[of[k]].BuildingKey = b
	}
	return err
}

// position is where q is, CGCS2000; INVALID where it is nowhere that this deployment answers for.
func (s *Service) position(ctx context.Context, actor account.Actor, q AtQuery) (Point, error) {
	c, err := coord.ToCGCS2000(q.System, q.Lng, q.Lat)
	if err != nil {
		return Point{}, Misplaced(err)
	}
	if a := q.AccuracyM; a != nil && !(*a >= 0 && *a <= 1e6) {
		return Point{}, fault.New(fault.Invalid, "accuracyM", "point.accuracy")
	}
	return Point{c.Lng, c.Lat}, s.inWindow(ctx, actor, c)
}

// Misplaced is why coord refused a position, as a fault: INVALID at "lng" or "lat".
func Misplaced(err error) *fault.Error {
	var off *coord.RangeError
	var outside *coord.OutsideError
	switch {
	case errors.As(err, &off):
		limit := 180
		if off.Coordinate == "lat" {
			limit = 90
		}
		key := "point.range"
		switch {
		case math.IsNaN(off.Value) || math.IsInf(off.Value, 0):
			key = "point.number"
		case off.Swapped:
			key = "point.swapped"
		}
		return fault.Wrap(err, fault.Invalid, off.Coordinate, key, "axis", off.Coordinate, "value", off.Value, "limit", limit)
	case errors.As(err, &outside):
		key := "point.outside"
		if outside.Swapped {
			key = "point.outsideSwapped"
		}
		return fault.Wrap(err, fault.Invalid, "lng", key, "lng", outside.Lng, "lat", outside.Lat, "window", outside.Window)
	}
	return fault.Wrap(err, fault.Invalid, "lng", "point.bad", "reason", err.Error())
}

// held is the ground of an instant, where it is in memory.
func (s *Service) held(ctx context.Context, at time.Time) (*Ground, bool) {
	if s.Ground == nil {
		return nil, false
	}
	return s.Ground(ctx, at)
}

// ground makes the ground around points from the store: all that answers for them can depend on.
func (s *Service) ground(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int, at time.Time) (*Ground, error) {
	reachM := make([]float64, len(points))
	for j, i := range index {
		reachM[j] = s.limit(&qs[i])
		if a := qs[i].AccuracyM; a != nil {
			reachM[j] = max(reachM[j], radius(*a))
		}
	}
	communities, divisions, err := s.Store.Around(ctx, actor, points, reachM, at)
	if err != nil {
		return nil, err
	}
	return NewGround(at, communities, divisions)
}

// locate answers for points; index[j] is the place of points[j] in qs.
func (s *Service) locate(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int) ([]Match, error) {
	at := s.at(qs[0].AsOf)
	ground, ok := s.held(ctx, at)
	if !ok {
		var err error
		if ground, err = s.ground(ctx, actor, qs, points, index, at); err != nil {
			return nil, err
		}
	}
	matches, here := make([]Match, len(points)), make([]orb.Point, len(points))
	for j, p := range points {
		here[j] = orb.Point{p.Lng, p.Lat}
	}
	ground.cover.LocateAll(here, func(j int, held []coverage.Held) {
		q := &qs[index[j]]
		matches[j] = ground.decide(here[j], held, s.limit(q), q.distance(), !q.NoConfirmation)
	})

	var vague []int // places in points
	var radii []float64
	total := 0.0
	for j, m := range matches {
		if r, ok := reach(m, qs[index[j]].AccuracyM); ok {
			vague, radii = append(vague, j), append(radii, r)
			total += r
		}
	}
	if len(vague) > 1 && total > maxTotalReachM {
		return nil, fault.New(fault.Limited, "points", "points.vague", "n", len(vague))
	}
	onAllCores(len(vague), func(k int) {
		j := vague[k]
		ground.weigh(&matches[j], points[j], *qs[index[j]].AccuracyM, radii[k])
	})
	return matches, nil
}

// onAllCores calls do with 0 to n-1, at once from several goroutines, each of which takes some at a time.
func onAllCores(n int, do func(i int)) {
	const atATime = 16
	var next atomic.Int64
	work := func() {
		for {
			end := int(next.Add(int64(atATime)))
			for i := end - atATime; i < min(end, n); i++ {
				do(i)
			}
			if end >= n {
				return
			}
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+atATime-1)/atATime) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
