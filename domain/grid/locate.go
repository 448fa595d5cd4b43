package grid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/geo/coord"
	"wangge/geo/measure"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

// MaxPoints is how many points one call may ask about.
const MaxPoints = 10_000

// How an answer is judged. σ of a position is its accuracy over sigmaPerAccuracy: a phone's accuracy is the radius
// of the circle that holds it with 68 % probability, and a 2-D Gaussian keeps 68 % within 1.515 σ.
const (
	sigmaPerAccuracy = 1.515
	candidateSigmas  = 3.5    // grids further away hold less than 0.3 % of the probability
	maxCandidateM    = 3000.0 // grids further away are not listed, however inexact the position
	maxCandidates    = 20
	maxTotalReachM   = 3e6  // of all vague points of a request: a thousand at 3 km, ten thousand at 300 m
	sureAbove        = 0.9  // a likelier first candidate needs no confirmation
	leastProbability = 1e-3 // of the likelihood of all; a less likely candidate is not worth a line
)

// AtQuery asks which grid a position belongs to.
type AtQuery struct {
	System    coord.System
	Lng, Lat  float64 // degrees in System
	AccuracyM *float64
	AsOf      *time.Time // nil: now
	Address   string     // what the person says the address is; see Service.address
}

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
	matches, errs, err := s.AtMany(ctx, actor, []AtQuery{q})
	if err == nil {
		err = errs[0]
	}
	if err != nil {
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
		var points []Point
		var index []int // of each point in qs
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
			err = s.address(ctx, actor, qs, points, index, located, errs)
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

// locate answers for points; index[j] is the place of points[j] in qs.
func (s *Service) locate(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int) ([]Match, error) {
	at := s.at(qs[0].AsOf)
	around, err := s.Store.Covering(ctx, actor, points, at)
	if err != nil {
		return nil, err
	}
	var lost []int // places in points of those in no grid
	var lostPoints []Point
	var keys []key.Key
	for j, a := range around {
		for _, h := range a.Grids {
			keys = append(keys, h.Key)
		}
		if len(a.Grids) == 0 {
			lost, lostPoints = append(lost, j), append(lostPoints, points[j])
		}
	}
	nearest, err := s.Store.Nearest(ctx, actor, lostPoints, s.NearestLimitM, at)
	if err != nil {
		return nil, err
	}
	for _, n := range nearest {
		keys = append(keys, n.Key)
	}
	known, err := s.shapes(ctx, actor, keys, at)
	if err != nil {
		return nil, err
	}
	matches := make([]Match, len(points))
	for j, a := range around {
		matches[j] = covered(points[j], a, known)
	}
	for k, j := range lost {
		matches[j] = missed(around[j], nearest[k], known)
	}
	return matches, s.weighAll(ctx, actor, qs, points, index, around, matches, at)
}

// weighAll gives the matches of positions that are known only so well their candidates.
func (s *Service) weighAll(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int, around []Around, matches []Match, at time.Time) error {
	var vague []int // places in points
	var vaguePoints []Point
	var radii []float64
	total := 0.0
	for j, m := range matches {
		acc := qs[index[j]].AccuracyM
		if acc == nil || *acc <= 0 {
			continue
		}
		radius := min(*acc/sigmaPerAccuracy*candidateSigmas, maxCandidateM)
		if radius < maxCandidateM && len(around[j].Grids) == 1 && *m.BoundaryDistanceM >= radius {
			continue // all around it is the grid that holds it
		}
		vague, vaguePoints, radii = append(vague, j), append(vaguePoints, points[j]), append(radii, radius)
		total += radius
	}
	if len(vague) > 1 && total > maxTotalReachM {
		return fault.New(fault.Limited, "points", "points.vague", "n", len(vague))
	}
	boxed, err := s.Store.Boxed(ctx, actor, vaguePoints, radii, at)
	if err != nil {
		return err
	}
	known, err := s.shapes(ctx, actor, slices.Concat(boxed...), at)
	if err != nil {
		return err
	}
	for k, j := range vague {
		candidates, elsewhere := weigh(points[j], *qs[index[j]].AccuracyM, boxed[k], around[j], known)
		if len(candidates) > 0 {
			matches[j].Candidates = candidates
		}
		matches[j].NeedsConfirmation = unsure(matches[j], elsewhere)
	}
	return nil
}

// shaped is a grid with its boundary in the form that measuring wants.
type shaped struct {
	Grid
	area orb.MultiPolygon
}

// shapes loads grids with their boundaries, by id.
func (s *Service) shapes(ctx context.Context, actor account.Actor, keys []key.Key, at time.Time) (map[uuid.UUID]shaped, error) {
	known, err := s.Store.GridsByKey(ctx, actor, keys, at, Fields{Boundary: true})
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]shaped, len(known))
	for id, g := range known {
		o, err := shape.ToOrb(g.Boundary)
		if err != nil {
			return nil, fmt.Errorf("boundary of grid %s: %w", g.Code, err)
		}
		area, err := shape.MultiPolygon(o)
		if err != nil {
			return nil, fmt.Errorf("boundary of grid %s: %w", g.Code, err)
		}
		out[id] = shaped{g, area}
	}
	return out, nil
}

// covered is the answer for a point that grids hold: the one with the lowest code.
func covered(p Point, a Around, grids map[uuid.UUID]shaped) Match {
	m := Match{Rule: RuleContains, BuildingKey: a.BuildingKey, DivisionID: a.DivisionID, NeedsConfirmation: len(a.Grids) > 1}
	slices.SortFunc(a.Grids, func(x, y Holding) int { return cmp.Compare(grids[x.Key.ID].Code, grids[y.Key.ID].Code) })
	for _, h := range a.Grids {
		g := grids[h.Key.ID]
		if m.Grid == nil {
			edge := measure.DistanceToBoundaryM(orb.Point{p.Lng, p.Lat}, g.area)
			m.Grid, m.BoundaryDistanceM = &g.Grid, &edge
			if h.Border {
				m.Rule = RuleBorder
			}
		}
		m.Candidates = append(m.Candidates, Candidate{Grid: &g.Grid, Probability: 1 / float64(len(a.Grids))})
	}
	if m.DivisionID == nil && m.Grid != nil {
		m.DivisionID = &m.Grid.CommunityID
	}
	return m
}

// missed is the answer for a point that no grid holds: the nearest grid in reach, or none.
func missed(a Around, n Near, grids map[uuid.UUID]shaped) Match {
	m := Match{Rule: RuleNone, BuildingKey: a.BuildingKey, DivisionID: a.DivisionID, NeedsConfirmation: true}
	g, ok := grids[n.Key.ID]
	if !ok {
		return m
	}
	m.Rule, m.Grid, m.BoundaryDistanceM = RuleNearest, &g.Grid, &n.DistanceM
	m.Candidates = []Candidate{{Grid: &g.Grid, Probability: 1, DistanceM: n.DistanceM}}
	if m.DivisionID == nil {
		m.DivisionID = &g.CommunityID
	}
	return m
}

// weigh gives each grid near p its share of the Gaussian that p, known to accuracyM metres, stands for, given that it
// lies in one of them: the likeliest first, adding up to 1. elsewhere is how likely it lies in none.
func weigh(p Point, accuracyM float64, near []key.Key, a Around, grids map[uuid.UUID]shaped) (list []Candidate, elsewhere float64) {
	inAny := 0.0
	for _, k := range near {
		g := grids[k.ID]
		share := measure.GaussianShare(p.Lng, p.Lat, accuracyM/sigmaPerAccuracy, g.area)
		inAny += share
		list = append(list, Candidate{Grid: &g.Grid, Probability: share})
	}
	slices.SortFunc(list, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(y.Probability, x.Probability), cmp.Compare(x.Grid.Code, y.Grid.Code))
	})
	kept, total := list[:0], 0.0
	for _, c := range list {
		if len(kept) < maxCandidates && c.Probability > 0 && c.Probability >= leastProbability*inAny {
			kept, total = append(kept, c), total+c.Probability
		}
	}
	for i := range kept {
		c := &kept[i]
		c.Probability /= total
		if !slices.ContainsFunc(a.Grids, func(h Holding) bool { return h.Key == c.Grid.Key }) {
			c.DistanceM = measure.DistanceToBoundaryM(orb.Point{p.Lng, p.Lat}, grids[c.Grid.Key.ID].area)
		}
	}
	return kept, max(0, 1-inAny)
}

// unsure reports whether a person should confirm m: by itself, or because another candidate, or no grid at all, is nearly
// as likely.
func unsure(m Match, elsewhere float64) bool {
	if len(m.Candidates) == 0 {
		return true
	}
	first := m.Candidates[0]
	return m.Grid == nil || m.Rule == RuleNearest || first.Grid.Key != m.Grid.Key || first.Probability*(1-elsewhere) < sureAbove
}
