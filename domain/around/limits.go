package around

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/limits"
	"wangge/geo/shape"
	"wangge/internal/fault"
)

var (
	// Nobody in the street sees these, or they are none yet.
	noStreets = []string{"subway", "ferry", "proposed", "construction", "abandoned"}
	// Land whose shore a grid can end at, as OpenStreetMap and the demo call it.
	shores = []string{"water", "river", "riverbank", "stream", "canal", "lake", "pond", "reservoir", "basin", "bay", "wetland",
		"park", "garden", "forest", "wood", "natural_wood", "nature_reserve", "recreation_ground", "cemetery", "square"}
	// What runs beneath the ground is known by its name alone.
	beneath = []string{"隧道", "地道", "地下通道", "地下道", "tunnel", "underpass"}
)

var _ = fault.Register(
	[3]string{"around.away", "The database does not answer, so that limits in words that nobody entered are not computed now. Ask again later.", "数据库暂时无法访问，未录入的四至暂时无法推算，请稍后再试。"},
)

// reachM is how far around a grid named streets and land are read; geo/limits looks 25 m far.
const reachM = 60

// Limits returns what grids end at in words, by their ids, as it was at asOf, now where that is nil. What is stored stays, side by side; a side that is
// not is computed from the streets, water and green of now, else named after the neighbour, one in another community by that. A side where
// there is nothing with a name is empty. What was computed is kept until the data changes; else it is two reads for all grids.
//
// The public reads it. UNAVAILABLE: the store is away, and not all was kept; what is known is answered with the error.
func (s *Service) Limits(ctx context.Context, actor account.Actor, grids []grid.Grid, asOf *time.Time) (map[uuid.UUID]place.Limits, error) {
	out := make(map[uuid.UUID]place.Limits, len(grids))
	incomplete := false
	for _, g := range grids {
		out[g.Key.ID] = g.Limits
		incomplete = incomplete || !complete(g.Limits)
	}
	if !incomplete {
		return out, nil
	}
	if err := actor.RequireKnown(); err != nil {
		return nil, err
	}
	err := s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		at := s.at(asOf)
		version, named := "", false
		if s.Version != nil {
			version, named = s.Version(ctx, at)
		}
		var missing []grid.Grid
		asked := map[key.Key]bool{}
		for _, g := range grids {
			if complete(g.Limits) || asked[g.Key] {
				continue
			}
			asked[g.Key] = true
			if l, ok := s.known(version, g.Key); named && ok {
				out[g.Key.ID] = filled(g.Limits, l)
			} else {
				missing = append(missing, g)
			}
		}
		if len(missing) > 0 && s.InTouch != nil && !s.InTouch() {
			return fault.New(fault.Unavailable, "", "around.away")
		}
		computed, err := s.compute(ctx, actor, missing, at)
		if err != nil {
			return err
		}
		for i, l := range computed {
			g := missing[i]
			out[g.Key.ID] = filled(g.Limits, l)
			if named {
				s.keep(version, g.Key, l)
			}
		}
		return nil
	})
	return out, err
}

func complete(l place.Limits) bool {
	return l.East != "" && l.South != "" && l.West != "" && l.North != ""
}

// filled is stored where it says something, else computed.
func filled(stored, computed place.Limits) place.Limits {
	for _, side := range []struct {
		to   *string
		from string
	}{{&stored.East, computed.East}, {&stored.South, computed.South}, {&stored.West, computed.West}, {&stored.North, computed.North}} {
		if *side.to == "" {
			*side.to = side.from
		}
	}
	return stored
}

func (s *Service) known(version string, k key.Key) (place.Limits, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.kept[k]
	return l, ok && s.of == version
}

// keep keeps what was computed of a version and lets go of another's. Where two versions are asked about by turns, each is computed by turns.
func (s *Service) keep(version string, k key.Key, l place.Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != version || s.kept == nil {
		s.of, s.kept = version, map[key.Key]place.Limits{}
	}
	s.kept[k] = l
}

// compute is the limits of each of grids, in their order. ctx is that of a use case.
func (s *Service) compute(ctx context.Context, actor account.Actor, grids []grid.Grid, at time.Time) ([]place.Limits, error) {
	if len(grids) == 0 {
		return nil, nil
	}
	areas, err := s.areas(ctx, actor, grids, at)
	if err != nil {
		return nil, err
	}
	keys, boxes := make([]key.Key, len(grids)), make([]place.Box, len(grids))
	for i, g := range grids {
		keys[i], boxes[i] = g.Key, widened(g.BBox, reachM)
	}
	neighbours, err := s.Grids.Neighbours(ctx, actor, keys, &at, grid.Fields{Boundary: true})
	if err != nil {
		return nil, err
	}
	communities, err := s.communities(ctx, actor, grids, neighbours)
	if err != nil {
		return nil, err
	}
	named, err := s.Store.Named(ctx, actor, boxes, noStreets, shores)
	if err != nil {
		return nil, err
	}
	out := make([]place.Limits, len(grids))
	for i, g := range grids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var beside []limits.Named
		for _, n := range neighbours[g.Key.ID] {
			name := n.Grid.Name
			if c, ok := communities[n.Grid.CommunityID]; ok && n.Grid.CommunityID != g.CommunityID {
				name = c.Name
			}
			area, err := areaOf(n.Grid.Boundary)
			if err != nil {
				return nil, err
			}
			beside = append(beside, limits.Named{Name: name, Shape: area})
		}
		sides := limits.Of(areas[i], seen(named[i]), beside)
		out[i] = place.Limits{East: sides[limits.East].Name, South: sides[limits.South].Name, West: sides[limits.West].Name, North: sides[limits.North].Name}
	}
	return out, nil
}

// areas are the areas of grids, in their order; of one that was not in force then, nothing.
func (s *Service) areas(ctx context.Context, actor account.Actor, grids []grid.Grid, at time.Time) ([]orb.MultiPolygon, error) {
	var missing []key.Key
	for _, g := range grids {
		if g.Boundary == nil {
			missing = append(missing, g.Key)
		}
	}
	var read map[uuid.UUID]grid.Grid
	if len(missing) > 0 {
		var err error
		if read, err = s.Grids.ByKeys(ctx, actor, missing, &at, grid.Fields{Boundary: true}); err != nil {
			return nil, err
		}
	}
	out := make([]orb.MultiPolygon, len(grids))
	for i, g := range grids {
		boundary := g.Boundary
		if boundary == nil {
			boundary = read[g.Key.ID].Boundary
		}
		var err error
		if out[i], err = areaOf(boundary); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// communities are those of neighbours that are another than a grid's own.
func (s *Service) communities(ctx context.Context, actor account.Actor, grids []grid.Grid, neighbours map[uuid.UUID][]grid.Neighbour) (map[uuid.UUID]place.Division, error) {
	asked := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, g := range grids {
		for _, n := range neighbours[g.Key.ID] {
			if id := n.Grid.CommunityID; id != g.CommunityID && !asked[id] {
				asked[id] = true
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Places.DivisionsByID(ctx, actor, ids, place.Fields{})
}

// seen leaves out what runs beneath the ground.
func seen(list []limits.Named) []limits.Named {
	var out []limits.Named
	for _, n := range list {
		below, lower := false, strings.ToLower(n.Name)
		for _, word := range beneath {
			below = below || strings.Contains(lower, word)
		}
		if !below {
			out = append(out, n)
		}
	}
	return out
}

// areaOf is a boundary in the form that geometry works on; nil: nothing.
func areaOf(boundary *geom.MultiPolygon) (orb.MultiPolygon, error) {
	if boundary == nil {
		return nil, nil
	}
	g, err := shape.ToOrb(boundary)
	if err != nil {
		return nil, err
	}
	return shape.MultiPolygon(g)
}
