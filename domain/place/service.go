package place

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// Service is what can be asked and done about places. Reading is for everyone, importing for operators, arranging for those whose posts do
// so there (FORBIDDEN to others; NOT_FOUND to those whose posts do so elsewhere). A nil asOf means now.
type Service struct {
	Store Store
	Now   func() time.Time

	// Tree is all divisions, where they are in memory; false where they are not, or nil: the store is asked.
	Tree func(ctx context.Context) (*Tree, bool)

	mu      sync.Mutex
	known   untold
	finding chan struct{} // closed when it was found anew what is untold; nil: nobody looks
}

// At is asOf, or now.
func (s *Service) At(asOf *time.Time) time.Time {
	if asOf != nil {
		return *asOf
	}
	return s.Now()
}

// Roots returns the divisions without a parent, by code.
func (s *Service) Roots(ctx context.Context, actor account.Actor, with Fields) ([]Division, error) {
	return s.Store.RootDivisions(ctx, actor, with)
}

// ByCode returns the division that has or had code. NOT_FOUND: none.
func (s *Service) ByCode(ctx context.Context, actor account.Actor, code string, with Fields) (Division, error) {
	d, ok, err := s.Store.DivisionByCode(ctx, actor, code, with)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "code", "division.notFound", "code", fault.Shorten(code, 40))
	}
	return d, err
}

// Communities returns the divisions that hold grids, by code.
func (s *Service) Communities(ctx context.Context, actor account.Actor) ([]Division, error) {
	return s.Store.DivisionsWithGrids(ctx, actor)
}

// Building returns a building by its key. NOT_FOUND: none.
func (s *Service) Building(ctx context.Context, actor account.Actor, k key.Key) (Building, error) {
	found, err := s.Store.BuildingsByKey(ctx, actor, []key.Key{k}, s.Now(), true)
	b, ok := found[k.ID]
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "building.notFound", "id", k.String())
	}
	return b, err
}

// BuildingsOf returns a page of the buildings of each grid, by code. The map's key is the grid's id.
func (s *Service) BuildingsOf(ctx context.Context, actor account.Actor, grids []key.Key, q BuildingQuery) (map[uuid.UUID]page.Page[Building], error) {
	return s.Store.BuildingsOfGrids(ctx, actor, grids, q)
}

// Policies returns the policy in force at each division: its own, with what it leaves open inherited.
func (s *Service) Policies(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID]SizePolicy, error) {
	out := make(map[uuid.UUID]SizePolicy, len(ids))
	err := s.Store.Do(ctx, actor, func(ctx context.Context) error {
		lines, err := s.Store.Ancestors(ctx, actor, ids, Fields{})
		if err != nil {
			return err
		}
		all := append([]uuid.UUID(nil), ids...)
		for _, line := range lines {
			for _, d := range line {
				all = append(all, d.ID)
			}
		}
		own, err := s.Store.Policies(ctx, actor, all)
		if err != nil {
			return err
		}
		for _, id := range ids {
			var line []SizePolicy
			for _, d := range lines[id] {
				if p, ok := own[d.ID]; ok {
					line = append(line, p)
				}
			}
			if p, ok := own[id]; ok {
				line = append(line, p)
			}
			if len(line) > 0 {
				out[id] = Effective(line)
			}
		}
		return nil
	})
	return out, err
}

// SetPolicy sets a division's own policy, for those who arrange it. INVALID: the numbers do not hold together;
// CONFLICT: p.Version is not the version in the store (0: none yet).
func (s *Service) SetPolicy(ctx context.Context, actor account.Actor, p SizePolicy) (SizePolicy, error) {
	if err := actor.Require(account.Arrange); err != nil {
		return SizePolicy{}, err
	}
	found, err := s.Store.DivisionsByID(ctx, actor, []uuid.UUID{p.DivisionID}, Fields{})
	if err != nil {
		return SizePolicy{}, err
	}
	if err := arranges(actor, found[p.DivisionID], "division"); err != nil {
		return SizePolicy{}, err
	}
	if p.Version < 0 {
		return SizePolicy{}, fault.New(fault.Invalid, "version", "policy.negative", "field", "version")
	}
	if err := CheckPolicy(p); err != nil {
		return SizePolicy{}, err
	}
	return s.Store.SavePolicy(ctx, actor, p)
}

// PlaceBuilding puts a building in the grid that has or had a code, by hand, so that no redraw moves it as long as the grid is
// in force; a nil code puts it back in the grid that holds most of it. To say the same again changes nothing. It is for those who
// arrange the grid that the building lies in, and the one that it is to be in; one that lies in none anybody who arranges the latter may place.
// It returns the instant from which it is so, by the store's clock. NOT_FOUND: no such building, or no such grid now; INVALID:
// the grid lies in another district.
func (s *Service) PlaceBuilding(ctx context.Context, actor account.Actor, building key.Key, code *string) (time.Time, error) {
	if err := actor.Require(account.Arrange); err != nil {
		return time.Time{}, err
	}
	b, err := s.Building(ctx, actor, building)
	if err != nil {
		return time.Time{}, err
	}
	grid, err := s.target(ctx, actor, b.Key, thing{b.Key.ID, b.GridKey}, code, "building.notFound")
	if err != nil {
		return time.Time{}, err
	}
	return s.Store.PlaceBuilding(ctx, actor, b.Key, grid)
}

// PlaceUnit is PlaceBuilding for a unit; a nil code lets it go with its building again.
func (s *Service) PlaceUnit(ctx context.Context, actor account.Actor, unit key.Key, code *string) (time.Time, error) {
	if err := actor.Require(account.Arrange); err != nil {
		return time.Time{}, err
	}
	found, err := s.Store.UnitsByKey(ctx, actor, []key.Key{unit}, s.Now(), true)
	u, ok := found[unit.ID]
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "id", "unit.notFound", "id", unit.String())
	}
	if err != nil {
		return time.Time{}, err
	}
	grid, err := s.target(ctx, actor, u.Key, thing{u.BuildingID, u.GridKey}, code, "unit.notFound")
	if err != nil {
		return time.Time{}, err
	}
	return s.Store.PlaceUnit(ctx, actor, u.Key, grid)
}

// target is the grid in force that a thing is to be placed in; nil for a nil code. NOT_FOUND, also where the actor does not arrange what
// there is: the thing, as the sentence says, or the grid.
func (s *Service) target(ctx context.Context, actor account.Actor, k key.Key, t thing, code *string, sentence string) (*key.Key, error) {
	reach := actor.Reach(account.Arrange)
	areas, err := s.areasOf(ctx, actor, map[key.Key]thing{k: t})
	if err != nil {
		return nil, err
	}
	if stray := t.grid == nil && code != nil; !stray && !reach.Holds(areas[k]) {
		return nil, fault.New(fault.NotFound, "id", sentence, "id", k.String())
	}
	if code == nil {
		return nil, nil
	}
	grid, ok, err := s.Store.GridInForce(ctx, actor, *code)
	if err == nil && ok {
		areas, err = s.areasOf(ctx, actor, map[key.Key]thing{grid: {grid: &grid}})
		ok = reach.Holds(areas[grid])
	}
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "grid", "place.noGrid", "code", fault.Shorten(*code, 40))
	}
	if err != nil {
		return nil, err
	}
	return &grid, CheckPlacing(k.Home, grid)
}

// arranges refuses who does not arrange the division itself: a post of a community does not set what holds for its town. FORBIDDEN: who
// arranges nothing; NOT_FOUND, of the field: who arranges something else.
func arranges(actor account.Actor, d Division, field string) error {
	if err := actor.Require(account.Arrange); err != nil {
		return err
	}
	if !actor.Reach(account.Arrange).Holds(account.Area{District: d.Home, Community: d.ID}) {
		return fault.New(fault.NotFound, field, "division.notFound", "code", d.Code)
	}
	return nil
}

// RequireArranged refuses who does not arrange all grids that lie in a division and beneath it. FORBIDDEN: who arranges nothing; NOT_FOUND at "division": who arranges something else.
func (s *Service) RequireArranged(ctx context.Context, actor account.Actor, d Division) error {
	own := arranges(actor, d, "division")
	if own == nil || !fault.Is(own, fault.NotFound) {
		return own
	}
	areas, err := s.Store.AreasOfDivisions(ctx, actor, []uuid.UUID{d.ID})
	if err != nil {
		return err
	}
	reach := actor.Reach(account.Arrange)
	if beneath := areas[d.ID]; len(beneath) > 0 && !slices.ContainsFunc(beneath, func(a account.Area) bool { return !reach.Holds(a) }) {
		return nil
	}
	return own
}

// Arranged returns which of grids and buildings the actor arranges, by id, as things lie now.
func (s *Service) Arranged(ctx context.Context, actor account.Actor, grids, buildings []key.Key) (map[uuid.UUID]bool, error) {
	found, err := s.Store.BuildingsByKey(ctx, actor, buildings, s.Now(), false)
	if err != nil {
		return nil, err
	}
	things := make(map[key.Key]thing, len(grids)+len(found))
	for _, k := range grids {
		things[k] = thing{grid: &k}
	}
	for _, b := range found {
		things[b.Key] = thing{b.Key.ID, b.GridKey}
	}
	areas, err := s.areasOf(ctx, actor, things)
	out := make(map[uuid.UUID]bool, len(things))
	reach := actor.Reach(account.Arrange)
	for k := range things {
		out[k.ID] = reach.Holds(areas[k])
	}
	return out, err
}

// Renumber gives a division another code, and where newParent is given another parent. The divisions and grids beneath it
// whose codes begin with its code change theirs alike; every code that was stays an alias. Homes, ids and buildings' codes stay.
// Operators only. NOT_FOUND: no such division or parent; INVALID: no code, or the parent stands no higher; CONFLICT: version is
// not the division's, or a code is or was another's, which the error names.
func (s *Service) Renumber(ctx context.Context, actor account.Actor, r Renumbering) (Division, error) {
	if err := actor.RequireOperator(); err != nil {
		return Division{}, err
	}
	d, err := s.ByCode(ctx, actor, r.Code, Fields{})
	if err != nil {
		return d, err
	}
	parentID := d.ParentID
	if r.NewParent != nil {
		parent, ok, err := s.Store.DivisionByCode(ctx, actor, *r.NewParent, Fields{})
		if err == nil && !ok {
			err = fault.New(fault.NotFound, "newParent", "division.notFound", "code", fault.Shorten(*r.NewParent, 40))
		}
		if err != nil {
			return d, err
		}
		if err := CheckParent(d, parent); err != nil {
			return d, err
		}
		parentID = &parent.ID
	}
	if err := CheckNewCode(r.NewCode); err != nil {
		return d, err
	}
	if err := s.Store.Renumber(ctx, actor, d, r.NewCode, parentID, r.Version); err != nil {
		return d, err
	}
	return s.ByCode(ctx, actor, r.NewCode, Fields{})
}

// checked yields rows through check; a row that an iterator could not read stays refused.
func checked[T any](rows iter.Seq2[T, error], check func(T) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range rows {
			if err == nil {
				err = check(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// ImportDivisions takes divisions in. Operators only. Rows that cannot be taken are in the report, and refuse the whole
// file; an error is a fault of the store or of reading.
func (s *Service) ImportDivisions(ctx context.Context, actor account.Actor, rows iter.Seq2[DivisionRow, error], o ImportOptions) (Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return Report{}, err
	}
	return s.Store.ImportDivisions(ctx, actor, checked(rows, CheckDivision), o)
}

// ImportBuildings is ImportDivisions for buildings.
func (s *Service) ImportBuildings(ctx context.Context, actor account.Actor, rows iter.Seq2[BuildingRow, error], o ImportOptions) (Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return Report{}, err
	}
	return s.Store.ImportBuildings(ctx, actor, checked(rows, CheckBuilding), o)
}

// ImportRoads is ImportDivisions for roads.
func (s *Service) ImportRoads(ctx context.Context, actor account.Actor, rows iter.Seq2[RoadRow, error], o ImportOptions) (Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return Report{}, err
	}
	return s.Store.ImportRoads(ctx, actor, checked(rows, CheckRoad), o)
}

// ImportLand is ImportDivisions for water and green.
func (s *Service) ImportLand(ctx context.Context, actor account.Actor, rows iter.Seq2[RoadRow, error], o ImportOptions) (Report, error) {
	if err := actor.RequireOperator(); err != nil {
		return Report{}, err
	}
	return s.Store.ImportLand(ctx, actor, checked(rows, CheckRoad), o)
}

// ExportDivisions hands every division, parents first, to yield. Operators only.
func (s *Service) ExportDivisions(ctx context.Context, actor account.Actor, yield func(DivisionRow) error) error {
	if err := actor.RequireOperator(); err != nil {
		return err
	}
	return s.Store.ExportDivisions(ctx, actor, yield)
}

// ExportBuildings hands every building, by code, to yield. Operators only.
func (s *Service) ExportBuildings(ctx context.Context, actor account.Actor, yield func(BuildingRow) error) error {
	if err := actor.RequireOperator(); err != nil {
		return err
	}
	return s.Store.ExportBuildings(ctx, actor, s.Now(), yield)
}
