package grid

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/geo/measure"
	"wangge/internal/fault"
)

// What an address may do. A building's assignment is known where its place on the map is not exact, so that an address which
// names one for sure decides; but a person far from it means another town's street of that name, or sends an old position.
const (
	maxAddresses = 200    // in one list: each is a search
	addressM     = 1000.0 // a point further from what its address names decides itself
)

var _ = fault.Register(
	[3]string{"points.addresses", "{n} points have an address; at most {max} in one list.", "共 {n} 个点带有地址，一个列表最多 {max} 个。"},
)

// Addresses finds what addresses name; package search implements it.
type Addresses interface {
	// Named answers in the order of what is asked. Its error is the store's; what is wrong with a text is in its answer.
	Named(ctx context.Context, actor account.Actor, asked []Address) ([]Named, error)
}

// Address is what a person says the address is.
type Address struct {
	Text string
	Near *Point // tells apart what is called alike
}

// Named is what an address names, the likeliest first.
type Named struct {
	Places []NamedPlace
	Sure   bool  // the first is meant, and nothing else
	Err    error // INVALID: the text cannot be looked for
}

// NamedPlace is a building, or an estate or other area that lies in one grid.
type NamedPlace struct {
	Building *key.Key // its assignment decides
	Estate   *key.Key // the estate itself, or the building's
	Grid     *key.Key // of an estate or area, now; of a building, when it was last read
	At       Point
	Score    float64 // 0 to 1
}

// address lets what the addresses of qs name decide. points[j] is the position of qs[index[j]], matches[j] what the point
// alone says.
//
// The address decides (ADDRESS) where it names one place for sure, that place's grid is known, and the point lies within a
// kilometre of it. Else the point decides as it would without, and the answer needs confirmation; so too while the database
// is away, which alone knows what addresses name today, and the points are known all the same.
func (s *Service) address(ctx context.Context, actor account.Actor, qs []AtQuery, points []Point, index []int, matches []Match, errs []error) error {
	var asked []Address
	var of []int // place in points
	for j, i := range index {
		if qs[i].Address == "" || s.Addresses == nil {
			continue
		}
		asked, of = append(asked, Address{Text: qs[i].Address, Near: &points[j]}), append(of, j)
	}
	if len(asked) == 0 {
		return nil
	}
	if len(asked) > maxAddresses {
		return fault.New(fault.Limited, "points", "points.addresses", "n", len(asked), "max", maxAddresses)
	}
	var named []Named
	var grids map[uuid.UUID]shaped
	err := error(fault.New(fault.Unavailable, "", "database"))
	if !s.away() {
		named, err = s.Addresses.Named(ctx, actor, asked)
	}
	if err == nil {
		grids, err = s.gridsNamed(ctx, actor, named, qs[0].AsOf)
	}
	switch {
	case err != nil && fault.As(err).Key == "database": // a statement that took too long has spoilt what is read after it
		for _, j := range of {
			matches[j].NeedsConfirmation = true
		}
		return nil
	case err != nil:
		return err
	}
	for k, j := range of {
		i := index[j]
		if named[k].Err != nil {
			errs[i] = inAddress(named[k].Err)
			continue
		}
		matches[j] = addressed(matches[j], asked[k].Near, named[k], grids)
	}
	return nil
}

// inAddress names the input at fault.
func inAddress(err error) error {
	moved := *fault.As(err)
	moved.Field = "address"
	return &moved
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
		a, err := area(&g)
		if err != nil {
			return nil, err
		}
		out[id] = shaped{g, a}
	}
	return out, nil
}

// gridsNamed are the grids of the named places at asOf, or now, by the id of the building, else of the estate, else of an area's own. While the
// database is away a building's grid of now is the one that was last read.
func (s *Service) gridsNamed(ctx context.Context, actor account.Actor, named []Named, asOf *time.Time) (map[uuid.UUID]shaped, error) {
	at := s.at(asOf)
	var buildings, estates, keys []key.Key
	now := map[uuid.UUID]key.Key{}
	away := s.away()
	for _, n := range named {
		for _, p := range n.Places {
			switch {
			case p.Building != nil && asOf == nil && away:
				if p.Grid != nil {
					now[p.Building.ID] = *p.Grid
				}
			case p.Building != nil:
				buildings = append(buildings, *p.Building)
			case p.Estate == nil && asOf != nil: // nobody knows where an area lay then
			case p.Estate == nil:
				now[p.Grid.ID] = *p.Grid
			case asOf != nil:
				estates = append(estates, *p.Estate)
			default:
				now[p.Estate.ID] = *p.Grid
			}
		}
	}
	assigned := now
	if len(buildings) > 0 {
		of, err := s.Store.GridsOfBuildings(ctx, actor, buildings, at)
		if err != nil {
			return nil, err
		}
		maps.Copy(assigned, of)
	}
	if len(estates) > 0 {
		of, err := s.Store.GridsOfEstates(ctx, actor, estates, at)
		if err != nil {
			return nil, err
		}
		maps.Copy(assigned, of)
	}
	for _, k := range assigned {
		keys = append(keys, k)
	}
	known, err := s.shapes(ctx, actor, keys, at)
	if err != nil {
		return nil, err
	}
	for id, k := range assigned {
		if g, ok := known[k.ID]; ok {
			known[id] = g
		}
	}
	return known, nil
}

func (p NamedPlace) id() uuid.UUID {
	if p.Building != nil {
		return p.Building.ID
	}
	if p.Estate != nil {
		return p.Estate.ID
	}
	return p.Grid.ID
}

// addressed is m, what the point says, where n may decide instead. Without a point and not sure, the grids of what the address
// may name are the candidates, by how well they fit.
func addressed(m Match, point *Point, n Named, grids map[uuid.UUID]shaped) Match {
	if !n.Sure {
		m.NeedsConfirmation = true
		if point == nil {
			m.Candidates = fitting(n, grids)
		}
		return m
	}
	first := n.Places[0]
	g, ok := grids[first.id()]
	spot := first.At
	if point != nil {
		spot = *point
	}
	here := orb.Point{spot.Lng, spot.Lat}
	if !ok || measure.DistanceM(here, orb.Point{first.At.Lng, first.At.Lat}) > addressM {
		m.NeedsConfirmation = true
		return m
	}
	edge := measure.DistanceToBoundaryM(here, g.area)
	c := Candidate{Grid: &g.Grid, Probability: 1}
	if m.Grid == nil || m.Grid.Key != g.Key || m.Rule == RuleNearest {
		if point != nil {
			c.DistanceM = edge
		}
	}
	return Match{Grid: &g.Grid, Rule: RuleAddress, Candidates: []Candidate{c}, BoundaryDistanceM: &edge,
		BuildingKey: first.Building, DivisionID: &g.CommunityID}
}

// fitting are the grids of what n names, each once, with the share of the scores.
func fitting(n Named, grids map[uuid.UUID]shaped) []Candidate {
	var list []Candidate
	total := 0.0
	for _, p := range n.Places {
		g, ok := grids[p.id()]
		if !ok {
			continue
		}
		total += p.Score
		known := false
		for i := range list {
			if list[i].Grid.Key == g.Key {
				list[i].Probability += p.Score
				known = true
			}
		}
		if !known {
			list = append(list, Candidate{Grid: &g.Grid, Probability: p.Score})
		}
	}
	for i := range list {
		list[i].Probability /= total
	}
	return list
}

// AtAddress is At where nothing but an address is known: where it names no one place for sure, NONE with the grids that it may
// mean as candidates. While the database is away it answers by what was last read, and needs confirmation. INVALID: the address
// is blank or too long; UNAVAILABLE: the database is away and nothing was read before.
func (s *Service) AtAddress(ctx context.Context, actor account.Actor, text string, asOf *time.Time) (Match, error) {
	m := Match{Rule: RuleNone, NeedsConfirmation: true}
	if s.Addresses == nil {
		return m, nil
	}
	err := s.Store.Do(ctx, actor, func(ctx context.Context) error {
		named, err := s.Addresses.Named(ctx, actor, []Address{{Text: text}})
		if err != nil {
			return err
		}
		if named[0].Err != nil {
			return inAddress(named[0].Err)
		}
		grids, err := s.gridsNamed(ctx, actor, named, asOf)
		if err != nil {
			return err
		}
		m = addressed(m, nil, named[0], grids)
		m.NeedsConfirmation = m.NeedsConfirmation || s.away()
		return nil
	})
	return m, err
}
