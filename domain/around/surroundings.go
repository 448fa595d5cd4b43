package around

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/coverage"
	"wangge/geo/limits"
	"wangge/internal/fault"
)

// mostShown is more than a printed map takes: a community of a city has a tenth of it.
var mostShown = Most{Streets: 3_000, Land: 1_000, Buildings: 4_000}

// mostDegrees is how wide and how high a box may be, and widest how far Box goes: a little less, since sums are rounded.
const (
	mostDegrees = 1.0
	widest      = mostDegrees - 1e-9
)

// mostNeighbours is how many grids are shown beside one.
const mostNeighbours = 200

var _ = fault.Register(
	[3]string{"around.box", "The box must have its west before its east and its south before its north, at most 1 degree apart.", "范围应满足西界小于东界、南界小于北界，且跨度不超过 1 度。"},
)

// Shown is a grid as a map shows it.
type Shown struct {
	Key       key.Key
	Code      string
	Name      string
	Number    string // tells it from the other grids of its community that are shown, see grid.Numbers; "": it is of another community
	Community bool   // it is of the community of the grid that the map is of
	Area      orb.MultiPolygon
	Label     orb.Point // where its number stands best
}

// Surroundings are what a map of a grid shows in a box, all of one state of the data.
type Surroundings struct {
	At         time.Time
	Box        place.Box
	Grid       Shown
	Neighbours []Shown // all other grids whose boxes meet Box, by code
	Streets    []Street
	Land       []Land
	Buildings  []Building
	Cut        Cut // of what there is more; those nearest to the middle are here, and are all but a few corners of a map
}

// Box is the box around b that reaches a share of its longer side further on each side, for a map of what it holds, in the proportion width : height
// that the paper has on the ground; 0: that of b. Where it would be wider or higher than Of takes, it loses of that proportion first, and of the margin then;
// only a b that is itself too large stays so.
func Box(b place.Box, margin, proportion float64) place.Box {
	lat := (b.South + b.North) / 2
	narrow := math.Cos(lat * math.Pi / 180) // metres a degree east, of those north
	w, h := (b.East-b.West)*narrow, b.North-b.South
	more := 2 * margin * max(w, h)
	w, h = w+more, h+more
	if proportion > 0 {
		w, h = max(w, h*proportion), max(h, w/proportion)
	}
	w, h = max(min(w, widest*narrow), (b.East-b.West)*narrow), max(min(h, widest), b.North-b.South)
	lng := (b.West + b.East) / 2
	return place.Box{West: lng - w/narrow/2, South: lat - h/2, East: lng + w/narrow/2, North: lat + h/2}
}

// Of returns what a map of a grid shows in a box, degrees, as it was at asOf, now where that is nil; streets, land and outlines are those of now. Grids come from
// memory where they are there, all else from the store in one turn.
//
// The public reads it. INVALID names "box"; NOT_FOUND: the grid has no area in the box then.
func (s *Service) Of(ctx context.Context, actor account.Actor, of key.Key, box place.Box, asOf *time.Time) (Surroundings, error) {
	return s.surroundings(ctx, actor, of, box, asOf, cmp.Or(s.Most, mostShown))
}

// Wide is Of without buildings, for a map of so much that none would be seen: they are not looked for.
func (s *Service) Wide(ctx context.Context, actor account.Actor, of key.Key, box place.Box, asOf *time.Time) (Surroundings, error) {
	most := cmp.Or(s.Most, mostShown)
	most.Buildings = 0
	return s.surroundings(ctx, actor, of, box, asOf, most)
}

func (s *Service) surroundings(ctx context.Context, actor account.Actor, of key.Key, box place.Box, asOf *time.Time, most Most) (Surroundings, error) {
	out := Surroundings{At: s.at(asOf), Box: box}
	if err := actor.RequireKnown(); err != nil {
		return out, err
	}
	if w, h := box.East-box.West, box.North-box.South; !(w > 0 && w <= mostDegrees && h > 0 && h <= mostDegrees) || box.West < -180 || box.East > 180 || box.South < -85 || box.North > 85 {
		return out, fault.New(fault.Invalid, "box", "around.box")
	}
	err := s.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		ground, err := s.ground(ctx, actor, box, out.At)
		if err != nil {
			return err
		}
		if err := out.place(ground, of); err != nil {
			return err
		}
		seen, err := s.Store.Scenery(ctx, actor, box, out.At, most)
		out.Streets, out.Land, out.Buildings, out.Cut = seen.Streets, seen.Land, seen.Buildings, seen.Cut
		for i := range out.Buildings {
			b := &out.Buildings[i]
			b.Number = numberOf(cmp.Or(b.Name, b.Address))
		}
		return err
	})
	return out, err
}

// A street is one of a grid's if it runs through it for so many metres, or along so many of its border.
const throughM, besideM = 5, 20

// rails are classes that nobody lives at.
var rails = []string{"rail", "railway", "light_rail", "tram", "monorail", "narrow_gauge", "funicular"}

// Named are the names of the streets that run through the grid or along it, sorted. What runs beneath the ground or on rails, and ferries, nobody looks for.
func (s Surroundings) Named() []string {
	var streets []limits.Named
	for _, st := range s.Streets {
		if st.Name = strings.TrimSpace(st.Name); st.Name != "" && !slices.Contains(noStreets, st.Class) && !slices.Contains(rails, st.Class) {
			streets = append(streets, limits.Named{Name: st.Name, Shape: st.Lines})
		}
	}
	var out []string
	for name, run := range limits.Runs(s.Grid.Area, seen(streets)) {
		if run.InM >= throughM || run.AlongM >= besideM {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// ground is the grids around a box.
func (s *Service) ground(ctx context.Context, actor account.Actor, box place.Box, at time.Time) (*grid.Ground, error) {
	if s.Ground != nil {
		if ground, ok := s.Ground(ctx, at); ok {
			return ground, nil
		}
	}
	communities, err := s.Store.Communities(ctx, actor, box, at)
	if err != nil {
		return nil, err
	}
	return grid.NewGround(at, communities, nil)
}

// place notes a grid and its neighbours. It may be called again.
func (out *Surroundings) place(ground *grid.Ground, of key.Key) error {
	me := ground.ByKey(of)
	out.Grid, out.Neighbours = Shown{}, nil
	if me == nil {
		return fault.New(fault.NotFound, "code", "grid.notFound", "code", "")
	}
	cover := ground.Cover()
	var beside []*Shown
	var codes []string // of the community
	cover.Meeting(orb.Bound{Min: orb.Point{out.Box.West, out.Box.South}, Max: orb.Point{out.Box.East, out.Box.North}}, func(r coverage.Ref) {
		g := ground.At(r)
		shown := Shown{Key: g.Key, Code: g.Code, Name: g.Name, Community: g.CommunityID == me.CommunityID, Area: cover.Area(r)}
		if p := g.LabelPoint; p != nil {
			shown.Label = orb.Point{p.X(), p.Y()}
		}
		if shown.Community {
			codes = append(codes, g.Code)
		}
		if g == me {
			out.Grid = shown
		} else {
			beside = append(beside, &shown)
		}
	})
	if out.Grid.Area == nil {
		return fault.New(fault.NotFound, "code", "grid.notFound", "code", me.Code)
	}
	middle := orb.Point{(out.Box.West + out.Box.East) / 2, (out.Box.South + out.Box.North) / 2}
	off := func(g *Shown) float64 { return math.Hypot(g.Label[0]-middle[0], g.Label[1]-middle[1]) }
	if len(beside) > mostNeighbours {
		slices.SortFunc(beside, func(a, b *Shown) int { return cmp.Or(cmp.Compare(off(a), off(b)), cmp.Compare(a.Code, b.Code)) })
		beside = beside[:mostNeighbours]
	}
	slices.SortFunc(beside, func(a, b *Shown) int { return cmp.Compare(a.Code, b.Code) })
	numbers := grid.Numbers(codes)
	for _, g := range append(beside, &out.Grid) {
		if g.Community {
			g.Number = numbers[g.Code]
		}
	}
	for _, g := range beside {
		out.Neighbours = append(out.Neighbours, *g)
	}
	return nil
}

// numbered is a name that ends with a number: 听雨里12号楼, 望舒花园A3幢, 西门外大街1-8号, 1号楼.
var numbered = regexp.MustCompile(`([A-Za-z]?[0-9]+(?:-[0-9]+)?[A-Za-z]?|[A-Z])(?:号楼|号院|号|栋|幢|座|楼|#楼|#)$`)

// numberOf is the number in a building's name; "": there is none.
func numberOf(name string) string {
	if m := numbered.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return ""
}

// widened is b and so many metres around it, or a little more.
func widened(b place.Box, m float64) place.Box {
	lat := m / 110_000
	lng := lat / math.Max(0.01, math.Cos(math.Max(math.Abs(b.South), math.Abs(b.North))*math.Pi/180))
	return place.Box{West: b.West - lng, South: b.South - lat, East: b.East + lng, North: b.North + lat}
}
