package around

import (
	"context"
	"math"
	"slices"
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

// Limits are what a grid ends at in words (四至).
type Limits struct {
	Sides         // of a grid whose parts lie apart, those of its largest part
	Others []Part // the other parts, the largest first; none where all is stored, since whoever entered that spoke of the whole grid
}

// Part is a part of a grid that lies apart from its largest.
type Part struct {
	Lies Way // from the largest
	Sides
}

// Sides are the names of what an area ends at, by its sides as place.Side has them; a side of no plain block may have several.
type Sides struct {
	Chinese [4][]string
	English [4][]string // the same for who reads English: what is no name is said in it
}

// In is s in a language with so many names a side, at most; where a side has more that is said. Zero: all.
func (s Sides) In(lang fault.Language, most int) place.Limits {
	names, say := s.Chinese, listed
	if lang == fault.English {
		names, say = s.English, listedEnglish
	}
	return place.Limits{East: say(names[place.East], most), South: say(names[place.South], most), West: say(names[place.West], most), North: say(names[place.North], most)}
}

// Empty reports whether none is known.
func (s Sides) Empty() bool { return s.In(fault.Chinese, 0).Empty() }

// listed is a list in Chinese: 甲、乙、丙; of more than most: 甲、乙等.
func listed(names []string, most int) string {
	if 0 < most && most < len(names) {
		return strings.Join(names[:most], "、") + "等"
	}
	return strings.Join(names, "、")
}

// listedEnglish is a list in English: A, B and C; of more than most: A, B and more.
func listedEnglish(names []string, most int) string {
	last := len(names) - 1
	switch {
	case last < 1:
		return strings.Join(names, "")
	case 0 < most && most <= last:
		return strings.Join(names[:most], ", ") + " and more"
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Way is one of eight: "N", "NE", "E", "SE", "S", "SW", "W", "NW".
type Way string

// wayNames are what the ways are called, in Chinese and English.
var wayNames = map[Way][2]string{
	"N": {"北", "north"}, "NE": {"东北", "north-east"}, "E": {"东", "east"}, "SE": {"东南", "south-east"},
	"S": {"南", "south"}, "SW": {"西南", "south-west"}, "W": {"西", "west"}, "NW": {"西北", "north-west"},
}

// Text is what w is called in a language.
func (w Way) Text(lang fault.Language) string {
	if lang == fault.English {
		return wayNames[w][1]
	}
	return wayNames[w][0]
}

// Apart announces the limits of a part that lies w from the largest, with a colon.
func (w Way) Apart(lang fault.Language) string {
	if lang == fault.English {
		return "Another part, to the " + w.Text(lang) + ":"
	}
	return "另有一片在" + w.Text(lang) + "："
}

// Limits returns what grids end at in words, by their ids, as it was at asOf, now where that is nil. What is stored stays, side by side; a side that is
// not is computed from the streets, water and green of now, else named after the neighbour, one in another community by that, else as the edge of the
// grid's community. A side where there is none of these is empty. Parts that lie apart are told one by one. What was computed is kept until the data changes; else it is two reads for all grids.
//
// The public reads it. UNAVAILABLE: the store is away, and not all was kept; what is known is answered with the error.
func (s *Service) Limits(ctx context.Context, actor account.Actor, grids []grid.Grid, asOf *time.Time) (map[uuid.UUID]Limits, error) {
	out := make(map[uuid.UUID]Limits, len(grids))
	incomplete := false
	for _, g := range grids {
		out[g.Key.ID] = Stored(g.Limits)
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
				out[g.Key.ID] = l.with(g.Limits)
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
			out[g.Key.ID] = l.with(g.Limits)
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

// Stored are limits as somebody entered them.
func Stored(l place.Limits) Limits { return Limits{}.with(l) }

// with is computed where stored says nothing.
func (computed Limits) with(stored place.Limits) Limits {
	for _, s := range stored.Sides() {
		if s.Name != "" {
			computed.Chinese[s.Side], computed.English[s.Side] = []string{s.Name}, []string{s.Name}
		}
	}
	return computed
}

func (s *Service) known(version string, k key.Key) (Limits, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.kept[k]
	return l, ok && s.of == version
}

// keep keeps what was computed of a version and lets go of another's. Where two versions are asked about by turns, each is computed by turns.
func (s *Service) keep(version string, k key.Key, l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != version || s.kept == nil {
		s.of, s.kept = version, map[key.Key]Limits{}
	}
	s.kept[k] = l
}

// compute is the limits of each of grids, in their order. ctx is that of a use case.
func (s *Service) compute(ctx context.Context, actor account.Actor, grids []grid.Grid, at time.Time) ([]Limits, error) {
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
	names, edges, err := s.communities(ctx, actor, grids, neighbours)
	if err != nil {
		return nil, err
	}
	named, err := s.Store.Named(ctx, actor, boxes, noStreets, shores)
	if err != nil {
		return nil, err
	}
	out := make([]Limits, len(grids))
	for i, g := range grids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var beside []limits.Named
		for _, n := range neighbours[g.Key.ID] {
			name := n.Grid.Name
			if c, ok := names[n.Grid.CommunityID]; ok && n.Grid.CommunityID != g.CommunityID {
				name = c
			}
			area, err := areaOf(n.Grid.Boundary)
			if err != nil {
				return nil, err
			}
			beside = append(beside, limits.Named{Name: name, Shape: area})
		}
		streets, parts := seen(named[i]), limits.Parts(areas[i])
		for n, part := range parts {
			sides := namesOf(limits.Of(part, streets, beside, edges[g.CommunityID]))
			switch {
			case n == 0:
				out[i].Sides = sides
			case !sides.Empty():
				out[i].Others = append(out[i].Others, Part{way(parts[0].Bound().Center(), part.Bound().Center()), sides})
			}
		}
	}
	return out, nil
}

// edgeOf is the border of a community as something that a grid ends at; nothing where it is not known.
func edgeOf(d place.Division) ([]limits.Named, error) {
	area, err := areaOf(d.Boundary)
	if err != nil {
		return nil, err
	}
	var lines orb.MultiLineString
	for _, polygon := range area {
		for _, ring := range polygon {
			lines = append(lines, orb.LineString(ring))
		}
	}
	return []limits.Named{{Name: d.Name, Shape: lines}}, nil
}

// ofEdges is the place of edges among the kinds that limits are computed of.
const ofEdges = 2

// namesOf are the names of what was found.
func namesOf(found [4]limits.Side) (out Sides) {
	add := func(to *[]string, name string) {
		if !slices.Contains(*to, name) { // a street may be called what a grid beside it is
			*to = append(*to, name)
		}
	}
	for i, to := range [...]place.Side{limits.East: place.East, limits.South: place.South, limits.West: place.West, limits.North: place.North} {
		for _, e := range found[i].Ends {
			zh, en := e.Name, e.Name
			if e.Kind == ofEdges {
				zh, en = e.Name+"界", "edge of "+e.Name
			}
			add(&out.Chinese[to], zh)
			add(&out.English[to], en)
		}
	}
	return out
}

// ways are those of the compass, anticlockwise from the east.
var ways = [...]Way{"E", "NE", "N", "NW", "W", "SW", "S", "SE"}

// way is which way one place lies from another, degrees.
func way(from, to orb.Point) Way {
	dx, dy := (to[0]-from[0])*math.Cos(from[1]*math.Pi/180), to[1]-from[1]
	eighth := int(math.Round(math.Atan2(dy, dx) / (math.Pi / 4)))
	return ways[(eighth+len(ways))%len(ways)]
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

// communities are the names of those of grids and of their neighbours, and the edges of those of grids: of the others that is much to read for nothing.
func (s *Service) communities(ctx context.Context, actor account.Actor, grids []grid.Grid, neighbours map[uuid.UUID][]grid.Neighbour) (names map[uuid.UUID]string, edges map[uuid.UUID][]limits.Named, err error) {
	asked := map[uuid.UUID]bool{}
	var own, others []uuid.UUID
	ask := func(to *[]uuid.UUID, id uuid.UUID) {
		if !asked[id] {
			asked[id] = true
			*to = append(*to, id)
		}
	}
	for _, g := range grids {
		ask(&own, g.CommunityID)
	}
	for _, g := range grids {
		for _, n := range neighbours[g.Key.ID] {
			ask(&others, n.Grid.CommunityID)
		}
	}
	names, edges = map[uuid.UUID]string{}, map[uuid.UUID][]limits.Named{}
	for _, read := range []struct {
		ids  []uuid.UUID
		with place.Fields
	}{{own, place.Fields{Boundary: true}}, {others, place.Fields{}}} {
		if len(read.ids) == 0 {
			continue
		}
		found, err := s.Places.DivisionsByID(ctx, actor, read.ids, read.with)
		if err != nil {
			return nil, nil, err
		}
		for id, d := range found {
			names[id] = d.Name
			if read.with.Boundary {
				if edges[id], err = edgeOf(d); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return names, edges, nil
}

// seen leaves out what runs beneath the ground.
func seen(list []limits.Named) []limits.Named {
	return slices.DeleteFunc(list, func(n limits.Named) bool { return Beneath(n.Name) })
}

// Beneath reports whether a street of that name runs beneath the ground, where nobody in the street sees it.
func Beneath(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(beneath, func(word string) bool { return strings.Contains(name, word) })
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
