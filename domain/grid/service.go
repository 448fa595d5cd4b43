package grid

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

// windowMargin widens the box of all divisions to the window of points that are answered, degrees.
const windowMargin = 0.5

// Service is what can be asked and done about grids. Reading is for everyone, importing for operators.
type Service struct {
	Store         Store
	Addresses     Addresses // what finds a place by its address; nil: an address is not looked at
	Now           func() time.Time
	NearestLimitM float64 // a spot in no grid belongs to the nearest one within so many metres
	// Ground is the ground of an instant where it is in memory; false where it is not, as for the past, or nil: it is made from the
	// store around the points that are asked about.
	Ground func(ctx context.Context, at time.Time) (*Ground, bool)
	// InTouch reports whether the store answers, as far as is known: where it does not, it is not asked what addresses name, for it
	// may not even refuse. nil: it does.
	InTouch func() bool
	Window  *coord.Window // points outside are refused; nil: the box of the divisions, widened

	extent atomic.Pointer[extent] // as last read; nil: nothing was
}

// extent is the box of all data, widened, at the time that it was read.
type extent struct {
	coord.Window
	read time.Time
}

var _ = fault.Register(
	[3]string{"grid.notFound", "There is no grid {code}.", "没有网格 {code}。"},
	[3]string{"grid.orderNeedsNear", "Ordering by DISTANCE needs filter.near.", "按距离排序需要提供 filter.near。"},
	[3]string{"grid.pastHouseholds", "Grids are ordered by the households of another time for operators only.", "仅运营人员可按过往户数排序。"},
	[3]string{"grid.withinNeedsNear", "filter.withinM needs filter.near and must be 0 to 100,000 metres.", "filter.withinM 需要 filter.near，且应为 0 到 100000 米。"},
)

func (s *Service) away() bool { return s.InTouch != nil && !s.InTouch() }

func (s *Service) at(asOf *time.Time) time.Time {
	if asOf != nil {
		return *asOf
	}
	return s.Now()
}

// ByCode returns the grid that has or had code, as it was at asOf. NOT_FOUND: none, or not then.
func (s *Service) ByCode(ctx context.Context, actor account.Actor, code string, asOf *time.Time, with Fields) (Grid, error) {
	g, ok, err := s.Store.GridByCode(ctx, actor, code, s.at(asOf), with)
	if err == nil && !ok {
		if !place.ValidCode(code) {
			code = ""
		}
		err = fault.New(fault.NotFound, "code", "grid.notFound", "code", code)
	}
	return g, err
}

// ByKeys returns grids by their keys, as they were at asOf; what there is not, or not then, is left out.
func (s *Service) ByKeys(ctx context.Context, actor account.Actor, keys []key.Key, asOf *time.Time, with Fields) (map[uuid.UUID]Grid, error) {
	return s.Store.GridsByKey(ctx, actor, keys, s.at(asOf), with)
}

// List returns a page of the grids that hold what q.Filter says. INVALID: an order or distance without a point;
// FORBIDDEN: who may not see them everywhere asks for the order by households of another time.
func (s *Service) List(ctx context.Context, actor account.Actor, q Query) (page.Page[Grid], error) {
	if err := check(actor, q); err != nil {
		return page.Page[Grid]{}, err
	}
	return s.Store.ListGrids(ctx, actor, q)
}

// ListOf is List for the grids of each division and all beneath it, now where q.At is zero. The map's key is the division's id.
func (s *Service) ListOf(ctx context.Context, actor account.Actor, divisions []uuid.UUID, q Query) (map[uuid.UUID]page.Page[Grid], error) {
	if err := check(actor, q); err != nil {
		return nil, err
	}
	if q.At.IsZero() {
		q.At = s.Now()
	}
	return s.Store.ListGridsOf(ctx, actor, divisions, q)
}

func check(actor account.Actor, q Query) error {
	switch {
	case q.Order == ByHouseholds && q.History && !actor.Reach(account.Households).Everywhere:
		return fault.New(fault.Forbidden, "orderBy", "grid.pastHouseholds")
	case q.Order == ByDistance && q.Filter.Near == nil:
		return fault.New(fault.Invalid, "orderBy", "grid.orderNeedsNear")
	case q.Filter.WithinM != nil && (q.Filter.Near == nil || !(*q.Filter.WithinM >= 0 && *q.Filter.WithinM <= 100_000)):
		return fault.New(fault.Invalid, "filter.withinM", "grid.withinNeedsNear")
	}
	return nil
}

// OfCommunity returns all grids of a division and beneath, by code.
func (s *Service) OfCommunity(ctx context.Context, actor account.Actor, id uuid.UUID) ([]Grid, error) {
	var out []Grid
	q := Query{Order: ByCode, At: s.Now(), Args: page.Args{First: page.MaxOperator}}
	for {
		lists, err := s.Store.ListGridsOf(ctx, actor, []uuid.UUID{id}, q)
		if err != nil {
			return nil, err
		}
		items := lists[id].Items
		for _, item := range items {
			out = append(out, item.Node)
		}
		if !lists[id].HasNext {
			return out, nil
		}
		q.Args.After = &items[len(items)-1].Cursor
	}
}

// Groups returns grid groups by their keys.
func (s *Service) Groups(ctx context.Context, actor account.Actor, keys []key.Key) (map[uuid.UUID]Group, error) {
	return s.Store.Groups(ctx, actor, keys)
}

// inWindow refuses c outside the window: INVALID. Where nothing is known yet the window is the world.
func (s *Service) inWindow(ctx context.Context, actor account.Actor, c coord.CGCS2000) error {
	window := s.Window
	if window == nil {
		var err error
		if window, err = s.extentAround(ctx, actor, c); err != nil || window == nil {
			return err
		}
	}
	if err := window.Check(c); err != nil {
		return Misplaced(err)
	}
	return nil
}

// extentAround is the widened box of all data; nil where there is none. It is read again where c lies outside what is
// known, for data may have come since, but at most once a second: points outside are cheap to send.
func (s *Service) extentAround(ctx context.Context, actor account.Actor, c coord.CGCS2000) (*coord.Window, error) {
	known := s.extent.Load()
	if known != nil && (known.Contains(c) || s.Now().Sub(known.read) < time.Second) {
		return &known.Window, nil
	}
	now := s.Now()
	box, ok, err := s.Store.Extent(ctx, actor)
	if err != nil || !ok {
		return nil, err
	}
	w := &extent{coord.Window{West: box.West - windowMargin, South: box.South - windowMargin, East: box.East + windowMargin, North: box.North + windowMargin}, now}
	s.extent.Store(w)
	return &w.Window, nil
}

// Recode gives a grid another code; the old one stays an alias. Operators only. NOT_FOUND: no such grid now; INVALID: no code;
// CONFLICT: version is not the grid's, or the code is or was another's.
func (s *Service) Recode(ctx context.Context, actor account.Actor, code, newCode string, version int) (Grid, error) {
	if err := actor.RequireOperator(); err != nil {
		return Grid{}, err
	}
	g, err := s.ByCode(ctx, actor, code, nil, Fields{})
	if err != nil {
		return g, err
	}
	if err := place.CheckNewCode(newCode); err != nil {
		return g, err
	}
	if err := s.Store.RecodeGrid(ctx, actor, g, newCode, version); err != nil {
		return g, err
	}
	return s.ByCode(ctx, actor, newCode, nil, Fields{})
}

// Import takes grids in. Operators only. See place.Service.ImportDivisions.
func (s *Service) Import(ctx context.Context, actor account.Actor, rows iter.Seq2[Row, error], o ImportOptions) (place.Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return place.Report{}, err
	}
	return s.Store.ImportGrids(ctx, actor, func(yield func(Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				err = CheckRow(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}, o)
}

// Export hands every grid in force, by code, to yield, with the worker in office on day. Operators only.
func (s *Service) Export(ctx context.Context, actor account.Actor, day civil.Date, yield func(Row) error) error {
	if err := actor.RequireOperator(); err != nil {
		return err
	}
	return s.Store.ExportGrids(ctx, actor, s.Now(), day, yield)
}
