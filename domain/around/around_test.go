package around

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/geo/limits"
	"wangge/internal/fault"
)

const (
	side = 0.002 // degrees: 190 m by 222 m
	west = 120.2
	base = 31.2
)

// square is the area in a column and a row.
func square(column, row int) *geom.MultiPolygon {
	w, s := west+float64(column)*side, base+float64(row)*side
	return geom.NewMultiPolygonFlat(geom.XY, []float64{w, s, w + side, s, w + side, s + side, w, s + side, w, s}, [][]int{{10}}).SetSRID(4490)
}

func gridAt(column, row int, name string, community byte) grid.Grid {
	w, s := west+float64(column)*side, base+float64(row)*side
	return grid.Grid{Key: key.Key{Home: "d00test", ID: uuid.UUID{1, byte(column + 10), byte(row + 10)}}, Name: name, CommunityID: uuid.UUID{15: community},
		BBox: place.Box{West: w, South: s, East: w + side, North: s + side}, Boundary: square(column, row)}
}

// fake is all that a Service needs: a grid with others on three sides, the east one of another community.
type fake struct {
	named    []limits.Named
	reads    int
	asked    int  // grids, at the last read
	twice    bool // use cases are run twice
	broken   error
	division bool // the other community is known
}

var middle = gridAt(0, 0, "中网格", 1)

func (f *fake) InOneState(ctx context.Context, _ account.Actor, fn func(context.Context) error) error {
	if f.twice {
		_ = fn(ctx)
	}
	return fn(ctx)
}

func (f *fake) DivisionsByID(_ context.Context, _ account.Actor, ids []uuid.UUID, with place.Fields) (map[uuid.UUID]place.Division, error) {
	out := map[uuid.UUID]place.Division{}
	for _, id := range ids {
		if with.Boundary != (id == middle.CommunityID) {
			return nil, fmt.Errorf("the boundary of %v is asked for: %t", id, with.Boundary)
		}
		if f.division {
			out[id] = place.Division{ID: id, Name: "邻社区"}
			if id == middle.CommunityID {
				out[id] = place.Division{ID: id, Name: "本社区", Boundary: square(0, 0)}
			}
		}
	}
	return out, nil
}

func (f *fake) ByKeys(_ context.Context, _ account.Actor, keys []key.Key, _ *time.Time, with grid.Fields) (map[uuid.UUID]grid.Grid, error) {
	if !with.Boundary {
		return nil, errors.New("without the boundary")
	}
	return map[uuid.UUID]grid.Grid{middle.Key.ID: middle}, nil
}

func (f *fake) Neighbours(context.Context, account.Actor, []key.Key, *time.Time, grid.Fields) (map[uuid.UUID][]grid.Neighbour, error) {
	return map[uuid.UUID][]grid.Neighbour{middle.Key.ID: {{Grid: gridAt(1, 0, "东一网格", 2)}, {Grid: gridAt(0, 1, "北网格", 1)}, {Grid: gridAt(-1, 0, "西网格", 1)}}}, nil
}

func (f *fake) Named(_ context.Context, _ account.Actor, boxes []place.Box, _, _ []string) ([][]limits.Named, error) {
	f.reads++
	f.asked = len(boxes)
	out := make([][]limits.Named, len(boxes))
	for i := range out {
		out[i] = f.named
	}
	return out, f.broken
}

func (f *fake) Scenery(context.Context, account.Actor, place.Box, time.Time, Most) (Scenery, error) {
	return Scenery{}, errors.New("not asked for")
}

func (f *fake) Communities(context.Context, account.Actor, place.Box, time.Time) ([]grid.Community, error) {
	return nil, errors.New("not asked for")
}

func TestLimits(t *testing.T) {
	along := func(dy float64, name string) limits.Named { // a street along the southern border
		return limits.Named{Name: name, Shape: orb.LineString{{west - side, base + dy}, {west + 2*side, base + dy}}}
	}
	for _, test := range []struct {
		name   string
		stored place.Limits
		fake   fake
		want   place.Limits
	}{
		{"a street, and neighbours, of another community by that", place.Limits{}, fake{named: []limits.Named{along(0, "南街")}, division: true},
			place.Limits{East: "邻社区", South: "南街", West: "西网格", North: "北网格"}},
		{"a community that is not known", place.Limits{}, fake{named: []limits.Named{along(0, "南街")}},
			place.Limits{East: "东一网格", South: "南街", West: "西网格", North: "北网格"}},
		{"what is stored stays", place.Limits{East: "老槐树", North: "北山"}, fake{named: []limits.Named{along(0, "南街")}, division: true},
			place.Limits{East: "老槐树", South: "南街", West: "西网格", North: "北山"}},
		{"a tunnel beneath a street", place.Limits{}, fake{named: []limits.Named{along(0, "延安东路隧道"), along(0, "环路地道"), along(0, "River Tunnel"), along(0.0001, "延安东路")}},
			place.Limits{East: "东一网格", South: "延安东路", West: "西网格", North: "北网格"}},
		{"the edge of the community in the south", place.Limits{}, fake{division: true}, place.Limits{East: "邻社区", South: "本社区界", West: "西网格", North: "北网格"}},
		{"nothing with a name in the south", place.Limits{}, fake{}, place.Limits{East: "东一网格", West: "西网格", North: "北网格"}},
		{"a use case that is run twice", place.Limits{}, fake{twice: true}, place.Limits{East: "东一网格", West: "西网格", North: "北网格"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, bounded := range []bool{true, false} {
				s := &Service{Store: &test.fake, Grids: &test.fake, Places: &test.fake, Now: time.Now}
				g := middle
				if g.Limits = test.stored; !bounded {
					g.Boundary = nil
				}
				got, err := s.Limits(t.Context(), account.Anyone(), []grid.Grid{g, g}, nil)
				if err != nil || len(got) != 1 || test.fake.asked != 1 || got[g.Key.ID].In(fault.Chinese, 0) != test.want || len(got[g.Key.ID].Others) > 0 {
					t.Errorf("with its boundary %t: %v, want %v; %v", bounded, got[g.Key.ID], test.want, err)
				}
			}
		})
	}
}

// TestLimitsOfParts: what lies apart is told by itself, and where; what is stored is of the largest part; the edge of a community is said in both languages.
func TestLimitsOfParts(t *testing.T) {
	g := middle
	g.Boundary = geom.NewMultiPolygon(geom.XY).SetSRID(4490)
	for _, at := range [][2]int{{1, -3}, {0, 0}, {0, -1}} { // the last two touch
		if err := g.Boundary.Push(square(at[0], at[1]).Polygon(0)); err != nil {
			t.Fatal(err)
		}
	}
	g.Limits = place.Limits{West: "老槐树"}
	f := &fake{division: true, named: []limits.Named{{Name: "西大街", Shape: orb.LineString{{west, base - 5*side}, {west, base + 2*side}}},
		{Name: "南河", Shape: orb.Bound{Min: orb.Point{west, base - 4*side}, Max: orb.Point{west + 2*side, base - 3*side}}.ToPolygon()}}}
	s := &Service{Store: f, Grids: f, Places: f, Now: time.Now}
	found, err := s.Limits(t.Context(), account.Anyone(), []grid.Grid{g}, nil)
	got, want := found[g.Key.ID], Stored(place.Limits{East: "邻社区", South: "", West: "老槐树", North: "北网格"})
	want.Others = []Part{{"S", Stored(place.Limits{South: "南河"}).Sides}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v; %v", got, want, err)
	}
	found, err = s.Limits(t.Context(), account.Anyone(), []grid.Grid{middle}, nil)
	if l := found[middle.Key.ID]; err != nil || l.In(fault.Chinese, 0).South != "本社区界" || l.In(fault.English, 0).South != "edge of 本社区" || l.In(fault.English, 0).North != "北网格" {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestSidesWithFewerNames: what is left out is said, and only there.
func TestSidesWithFewerNames(t *testing.T) {
	three := []string{"A", "B", "C"}
	s := Sides{Chinese: [4][]string{three, three[:2], three[:1]}, English: [4][]string{three, three[:2], three[:1]}}
	for most, want := range map[int][2]place.Limits{
		0: {{East: "A、B、C", South: "A、B", West: "A"}, {East: "A, B and C", South: "A and B", West: "A"}},
		3: {{East: "A、B、C", South: "A、B", West: "A"}, {East: "A, B and C", South: "A and B", West: "A"}},
		2: {{East: "A、B等", South: "A、B", West: "A"}, {East: "A, B and more", South: "A and B", West: "A"}},
		1: {{East: "A等", South: "A等", West: "A"}, {East: "A and more", South: "A and more", West: "A"}},
	} {
		if zh, en := s.In(fault.Chinese, most), s.In(fault.English, most); zh != want[0] || en != want[1] {
			t.Errorf("%d: %v and %v", most, zh, en)
		}
	}
}

// TestNamedStreets: a street counts that crosses the grid, whether it has a corner there or not, or that runs along it; one that ends at it does not.
func TestNamedStreets(t *testing.T) {
	line := func(xy ...float64) orb.MultiLineString {
		var out orb.LineString
		for i := 0; i < len(xy); i += 2 {
			out = append(out, orb.Point{west + xy[i]*side, base + xy[i+1]*side})
		}
		return orb.MultiLineString{out}
	}
	s := Surroundings{Grid: Shown{Area: orb.MultiPolygon{orb.Bound{Min: orb.Point{west, base}, Max: orb.Point{west + side, base + side}}.ToPolygon()}}, Streets: []Street{
		{"横贯路", "primary", line(-5, 0.5, 5, 0.5)}, {" 边街 ", "residential", line(0, 1.02, 1, 1.02)}, {"到头巷", "residential", line(1, 0.5, 3, 0.5)},
		{"", "residential", line(0, 0.5, 1, 0.5)}, {"地铁一号线", "subway", line(-5, 0.5, 5, 0.5)}, {"轻轨三号线", "rail", line(-5, 0.5, 5, 0.5)}, {"江底隧道", "primary", line(-5, 0.5, 5, 0.5)}, {"横贯路", "primary", line(5, 5, 6, 6)},
	}}
	if got := s.Named(); !slices.Equal(got, []string{"横贯路", "边街"}) {
		t.Errorf("%v", got)
	}
}

func TestWay(t *testing.T) {
	from := orb.Point{120, 60}
	for want, to := range map[Way]orb.Point{"E": {120.02, 60}, "NE": {120.02, 60.01}, "N": {120, 60.01}, "NW": {119.98, 60.01}, "W": {119.98, 60.001}, "SW": {119.98, 59.99},
		"S": {120.001, 59.99}, "SE": {120.02, 59.99}} {
		if got := way(from, to); got != want {
			t.Errorf("%v is %s, want %s", to, got, want)
		}
	}
	if zh, en := Way("SE").Apart(fault.Chinese), Way("SE").Apart(fault.English); zh != "另有一片在东南：" || en != "Another part, to the south-east:" {
		t.Errorf("%q %q", zh, en)
	}
}

// TestLimitsAreKept: of one version, and never where it has no name.
func TestLimitsAreKept(t *testing.T) {
	f := &fake{}
	version, named := "1", true
	s := &Service{Store: f, Grids: f, Places: f, Now: time.Now, Version: func(context.Context, time.Time) (string, bool) { return version, named }}
	ask := func() {
		t.Helper()
		if _, err := s.Limits(t.Context(), account.Anyone(), []grid.Grid{middle}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		version string
		named   bool
		reads   int
	}{{"1", true, 1}, {"1", true, 1}, {"2", true, 2}, {"2", true, 2}, {"1", true, 3}, {"", false, 4}, {"", false, 5}, {"1", true, 5}} {
		version, named = step.version, step.named
		if ask(); f.reads != step.reads {
			t.Errorf("step %d: read %d times, want %d", i, f.reads, step.reads)
		}
	}
	whole := middle
	whole.Limits = place.Limits{East: "一", South: "二", West: "三", North: "四"}
	version = "9"
	f.broken = errors.New("broken")
	if got, err := s.Limits(t.Context(), account.Anyone(), []grid.Grid{whole}, nil); err != nil || got[whole.Key.ID].In(fault.Chinese, 0) != whole.Limits || got[whole.Key.ID].In(fault.English, 0) != whole.Limits {
		t.Errorf("all is stored: %v, %v", got, err)
	}
	if _, err := s.Limits(t.Context(), account.Anyone(), []grid.Grid{middle}, nil); !errors.Is(err, f.broken) {
		t.Errorf("a store that fails: %v", err)
	}
	f.broken = nil
	if got, err := s.Limits(t.Context(), account.Anyone(), []grid.Grid{middle}, nil); err != nil || got[middle.Key.ID].Empty() {
		t.Errorf("what failed was kept: %v, %v", got, err)
	}
}

func TestNumberOf(t *testing.T) {
	for name, want := range map[string]string{
		"听雨里12号楼": "12", "望舒花园A3幢": "A3", "花园3栋": "3", "B座": "B", "西大街1-8号": "1-8", "12号院": "12", "3#楼": "3", "5#": "5", "15A号": "15A",
		"望舒二小教学楼": "", "听雨书院": "", "": "", "2号线地铁站": "", "12": "", "第3小学": "",
	} {
		if got := numberOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestBox: it has the paper's proportion on the ground, and room on each side.
func TestBox(t *testing.T) {
	narrow := math.Cos(31.25 * math.Pi / 180)
	for _, proportion := range []float64{0, 0.7, 1.414} {
		b := place.Box{West: 120, South: 31.2, East: 120.1, North: 31.3}
		got := Box(b, 0.1, proportion)
		w, h := (got.East-got.West)*narrow, got.North-got.South
		if proportion > 0 && math.Abs(w/h-proportion) > 1e-9 {
			t.Errorf("%v: %v is %v wide to its height", proportion, got, w/h)
		}
		if room := min(b.South-got.South, got.North-b.North, (b.West-got.West)*narrow, (got.East-b.East)*narrow); math.Abs(room-0.01) > 1e-9 {
			t.Errorf("%v: %v leaves %v", proportion, got, room)
		}
	}
}

// TestBoxOfALargeGrid: whatever the grid, as far as it is no larger than the map may be, its box is one that Of takes, and holds it.
func TestBoxOfALargeGrid(t *testing.T) {
	for _, size := range []float64{0.01, 0.19, 0.4, 0.9, 1 - 1e-9} {
		for _, b := range []place.Box{{West: 120.1, South: 45.3, East: 120.1 + size, North: 45.3 + size}, {West: 120.1, South: 45.3, East: 120.1 + size, North: 45.3 + size/10},
			{West: 120.1, South: 45.3, East: 120.1 + size/10, North: 45.3 + size}} {
			got := Box(b, 0.25, 3)
			if w, h := got.East-got.West, got.North-got.South; w > mostDegrees || h > mostDegrees {
				t.Errorf("%v: %v is %v × %v degrees", b, got, w, h)
			}
			const rounded = 1e-12
			if got.West > b.West+rounded || got.South > b.South+rounded || got.East < b.East-rounded || got.North < b.North-rounded {
				t.Errorf("%v: %v does not hold it", b, got)
			}
		}
	}
	// The proportion is lost before the margin.
	b := place.Box{West: 120.1, South: 31.2, East: 120.5, North: 31.6}
	if got := Box(b, 0.25, 3); b.South-got.South < 0.0999 || b.West-got.West < 0.1 {
		t.Errorf("%v leaves less room than it could around %v", got, b)
	}
}
