package grid

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/key"
	"wangge/domain/place"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func hours(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }

// box is an area in thousandths of a degree from 121 E, 31 N.
func box(west, south, east, north float64) *geom.MultiPolygon {
	at := func(x, y float64) []float64 {
		return []float64{math.Round(121e8+x*1e5) / 1e8, math.Round(31e8+y*1e5) / 1e8}
	}
	ring := slices.Concat(at(west, south), at(east, south), at(east, north), at(west, north), at(west, south))
	return geom.NewMultiPolygonFlat(geom.XY, ring, [][]int{{len(ring)}}).SetSRID(4490)
}

func spot(x, y float64) Point { return Point{121 + x/1000, 31 + y/1000} }

// id is a made-up id: the n-th of a kind.
func id(kind byte, n int) uuid.UUID { return uuid.UUID{0: kind, 14: byte(n >> 8), 15: byte(n)} }

// version is a version of the n-th grid, of a community.
func version(n, community int, code string, area *geom.MultiPolygon, from int, until *int, former ...string) Version {
	v := Version{From: hours(from), Grid: Grid{Key: key.Key{Home: "home", ID: id('g', n)}, Code: code, FormerCodes: former,
		CommunityID: id('c', community), Boundary: area}}
	if until != nil {
		u := hours(*until)
		v.Until = &u
	}
	return v
}

func ground(t testing.TB, at int, communities []Community, divisions ...place.Division) *Ground {
	t.Helper()
	g, err := NewGround(hours(at), communities, divisions)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func codes(list []*Grid) (out []string) {
	for _, g := range list {
		out = append(out, g.Code)
	}
	return out
}

func brief(m Match) string {
	s := string(m.Rule)
	if m.Grid != nil {
		s += " " + m.Grid.Code
	}
	for _, c := range m.Candidates {
		s += fmt.Sprintf(" %s:%.3f@%.0f", c.Grid.Code, c.Probability, c.DistanceM)
	}
	if m.DivisionID != nil {
		s += fmt.Sprintf(" in %c%d", m.DivisionID[0], m.DivisionID[15])
	}
	if m.NeedsConfirmation {
		s += " ?"
	}
	return s
}

// TestTheRulesOfASpot asks about spots on two grids that share a border, one that laps over both, and one beyond a gap. A
// thousandth of a degree is 95 m eastwards and 111 m northwards; σ of 50 m is 33 m, so that Φ(48/33) = 0.926 lie on this side of a
// border 48 m away.
func TestTheRulesOfASpot(t *testing.T) {
	division := func(n int, level place.Level, code string, area *geom.MultiPolygon) place.Division {
		return place.Division{ID: id('d', n), Level: level, Code: code, Boundary: area}
	}
	g := ground(t, 0, []Community{
		{ID: id('c', 1), Versions: []Version{
			version(1, 1, "002", box(0, 0, 10, 10), 0, nil), version(2, 1, "001", box(10, 0, 20, 10), 0, nil),
			version(3, 1, "003", box(18, 0, 24, 10), 0, nil), version(4, 1, "000", box(0, 0, 30, 30), 5, nil)}},
		{ID: id('c', 2), Versions: []Version{version(5, 2, "005", box(26, 0, 30, 10), 0, nil), version(6, 2, "004", box(30, 12, 34, 16), 0, nil)}},
	}, division(1, place.Town, "01", box(0, 0, 40, 20)), division(2, place.Community, "0102", box(0, 0, 20, 10)),
		division(3, place.Community, "0101", box(20, 0, 40, 10)), division(4, place.District, "0", nil))
	for _, c := range []struct {
		name      string
		at        Point
		accuracyM float64
		want      string
	}{
		{"inside", spot(5, 5), 0, "CONTAINS 002 002:1.000@0 in d2"},
		{"on a border, the lowest code", spot(10, 5), 0, "BORDER 001 001:0.500@0 002:0.500@0 in d2 ?"},
		{"in two, of communities that touch the lowest code", spot(20, 5), 0, "BORDER 001 001:0.500@0 003:0.500@0 in d3 ?"},
		{"in two that overlap", spot(19, 5), 0, "CONTAINS 001 001:0.500@0 003:0.500@0 in d2 ?"},
		{"in a gap, the nearest", spot(24.8, 5), 0, "NEAREST 003 003:1.000@76 in d3 ?"},
		{"beyond a corner, equally near, the lowest code", spot(10, 10.5), 0, "NEAREST 001 001:1.000@55 in d1 ?"},
		{"in no community, in a town", spot(5, 11), 0, "NEAREST 002 002:1.000@111 in d1 ?"},
		{"too far from all", spot(5, 15), 0, "NONE in d1 ?"},
		{"in no division: that of the nearest grid", spot(-1, 5), 0, "NEAREST 002 002:1.000@95 in c1 ?"},
		{"nowhere", spot(500, 5), 0, "NONE ?"},
		{"vague, deep inside", spot(5, 5), 100, "CONTAINS 002 002:1.000@0 in d2"},
		{"vague, 48 m inside, with a neighbour", spot(9.5, 5), 50, "CONTAINS 002 002:0.926@0 001:0.074@48 in d2"},
		{"vague, nearer to a neighbour", spot(9.8, 5), 50, "CONTAINS 002 002:0.719@0 001:0.281@19 in d2 ?"},
		{"vague, on a border", spot(10, 5), 50, "BORDER 001 001:0.500@0 002:0.500@0 in d2 ?"},
		{"vague, in a gap", spot(24.8, 5), 50, "NEAREST 003 003:0.976@76 005:0.024@115 in d3 ?"},
		{"vague, inside, beside a gap", spot(0.2, 5), 50, "CONTAINS 002 002:1.000@0 in d2 ?"},
		{"vague, far from all", spot(500, 5), 50, "NONE ?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, less := g.match(c.at, 300, true, true), g.match(c.at, 300, false, true)
			if m.held() != (less.BoundaryDistanceM == nil && m.BoundaryDistanceM != nil) {
				t.Errorf("the distance is %v, and %v where it is not asked for", m.BoundaryDistanceM, less.BoundaryDistanceM)
			}
			if less.BoundaryDistanceM = m.BoundaryDistanceM; !reflect.DeepEqual(less, m) {
				t.Errorf("without distance %+v, with it %+v", less, m)
			}
			if r, vague := reach(m, &c.accuracyM); vague {
				g.weigh(&m, c.at, c.accuracyM, r)
			}
			if got := brief(m); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			total := 0.0
			for _, x := range m.Candidates {
				total += x.Probability
			}
			if len(m.Candidates) > 0 && math.Abs(total-1) > 1e-12 {
				t.Errorf("the probabilities add up to %v", total)
			}
		})
	}
	later, err := g.Later(hours(5))
	if err != nil {
		t.Fatal(err)
	}
	if got := brief(later.match(spot(5, 15), 300, true, true)); got != "CONTAINS 000 000:1.000@0 in d1" {
		t.Errorf("once the large grid is in force: %s", got)
	}
}

// same tells the first thing that two grounds of one instant say differently of some grids, codes and spots; "" for none.
func same(got, want *Ground, communities, grids int, codes []string) string {
	if !got.Since().Equal(want.Since()) || !got.Until().Equal(want.Until()) {
		return fmt.Sprintf("from %s until %s, want from %s until %s", got.Since(), got.Until(), want.Since(), want.Until())
	}
	if got.Len() != want.Len() {
		return fmt.Sprintf("%d grids, want %d", got.Len(), want.Len())
	}
	differ := func(what string, n int, a, b any) string {
		if reflect.DeepEqual(a, b) {
			return ""
		}
		return fmt.Sprintf("%s %d: %v, want %v", what, n, a, b)
	}
	var all []uuid.UUID
	for n := range grids {
		k := key.Key{Home: "home", ID: id('g', n)}
		if d := differ("grid", n, got.ByKey(k), want.ByKey(k)); d != "" {
			return d
		}
		if d := differ("neighbours of grid", n, got.Neighbours(k), want.Neighbours(k)); d != "" {
			return d
		}
	}
	for n, code := range codes {
		if d := differ("code", n, got.ByCode(code), want.ByCode(code)); d != "" {
			return d
		}
	}
	for n := range communities {
		all = append(all, id('c', n))
		k := key.Key{Home: "home", ID: id('p', n)}
		if d := differ("grids of group", n, got.OfGroup(k), want.OfGroup(k)); d != "" {
			return d
		}
		a, known := got.Group(k)
		b, there := want.Group(k)
		if d := differ("group", n, a, b); d != "" || known != there {
			return fmt.Sprintf("group %d: %v %v", n, a, b)
		}
		if d := differ("grids of", n, got.Beneath(all[n:], "", uuid.Nil, 9), want.Beneath(all[n:], "", uuid.Nil, 9)); d != "" {
			return d
		}
	}
	if d := differ("all grids", 0, got.Beneath(nil, "", uuid.Nil, 1000), want.Beneath(nil, "", uuid.Nil, 1000)); d != "" {
		return d
	}
	for x := range 40 {
		for y := range 10 {
			p := spot(float64(x)/2, float64(y)/2)
			if a, b := brief(got.match(p, 300, true, true)), brief(want.match(p, 300, true, true)); a != b {
				return fmt.Sprintf("at %v: %s, want %s", p, a, b)
			}
		}
	}
	return ""
}

// TestAGroundThatChangesIsTheOneMadeAnew tells a ground of communities at random, whose grids begin, end, are recoded, go to another
// community or group, and lets time pass; it holds that each ground, also an old one, is what one made anew is.
func TestAGroundThatChangesIsTheOneMadeAnew(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 9))
	const communities, each = 6, 5
	const grids = communities * each
	var allCodes []string
	for n := range 10 * grids {
		allCodes = append(allCodes, fmt.Sprintf("%04d", n))
	}
	lives := random.Perm(grids) // where each grid is: community lives[n] / each
	told := make([]Community, communities)
	tell := func(c, now int) Community {
		out := Community{ID: id('c', c)}
		if random.IntN(8) == 0 {
			return out // nothing is left
		}
		group := Group{Key: key.Key{Home: "home", ID: id('p', c)}, Name: fmt.Sprint(random.IntN(5)), CommunityID: out.ID}
		if random.IntN(3) > 0 {
			out.Groups = append(out.Groups, group)
		}
		for n := range grids {
			if lives[n]/each != c {
				continue
			}
			code := fmt.Sprintf("%04d", n*10+random.IntN(10))
			area := box(float64(n%10)*2, float64(n/10)*2, float64(n%10)*2+2-random.Float64()/2, float64(n/10)*2+2)
			end, begin := now+random.IntN(6)-2, now+random.IntN(6)-2
			former := []string{fmt.Sprintf("%04d", n*10)}
			versions := []Version{version(n, c, code, area, begin-10, &begin, former...), version(n, c, code, area, begin, nil, former...)}
			switch random.IntN(3) {
			case 0:
				versions[1].From = hours(begin + 2) // none in between
			case 1:
				e := hours(begin + 1 + max(end, 0))
				versions[1].Until = &e
			}
			for i := range versions {
				if random.IntN(2) == 0 {
					versions[i].Grid.GroupID = &group.Key.ID
				}
			}
			out.Versions = append(out.Versions, versions...)
		}
		return out
	}
	for c := range told {
		told[c] = tell(c, 0)
	}
	type kept struct{ got, want *Ground }
	var all []kept
	g := ground(t, 0, told)
	for now := 0; now < 40; {
		changed := []int{random.IntN(communities)}
		switch random.IntN(4) {
		case 0: // time passes
			now++
			changed = nil
		case 1: // two grids change places, and only one community is told
			a, b := random.IntN(grids), random.IntN(grids)
			from := lives[b] / each
			lives[a], lives[b] = lives[b], lives[a]
			changed = []int{from}
			if other := lives[b] / each; other != from {
				changed = append(changed, other)
			}
		}
		var list []Community
		for _, c := range changed {
			told[c] = tell(c, now)
			list = append(list, told[c])
		}
		next, err := g.With(hours(now), list)
		if err != nil {
			t.Fatal(err)
		}
		g = next
		all = append(all, kept{g, ground(t, now, told)})
	}
	seen := 0
	for i, k := range all {
		if d := same(k.got, k.want, communities, grids, allCodes); d != "" {
			t.Fatalf("after %d changes: %s", i+1, d)
		}
		seen += k.got.Len()
	}
	if seen < 20*len(all)/2 {
		t.Errorf("only %d grids in %d grounds", seen, len(all))
	}
}

func TestAGridLeavesACommunityThatIsNotTold(t *testing.T) {
	g := ground(t, 0, []Community{
		{ID: id('c', 1), Versions: []Version{version(1, 1, "001", box(0, 0, 5, 5), 0, nil), version(2, 1, "002", box(5, 0, 10, 5), 0, nil)}},
		{ID: id('c', 2), Versions: []Version{version(3, 2, "003", box(10, 0, 15, 5), 0, nil)}},
	})
	next, err := g.With(hours(1), []Community{{ID: id('c', 2), Versions: []Version{
		version(3, 2, "003", box(10, 0, 15, 5), 0, nil), version(2, 2, "102", box(5, 0, 10, 5), 1, nil, "002")}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := codes(next.Beneath([]uuid.UUID{id('c', 1)}, "", uuid.Nil, 9)); !slices.Equal(got, []string{"001"}) {
		t.Errorf("the community that it left has %v", got)
	}
	if next.ByCode("002") == nil || next.ByCode("002") != next.ByCode("102") || next.Len() != 3 {
		t.Errorf("%d grids, %v", next.Len(), next.ByCode("002"))
	}
	if next.ByKey(key.Key{Home: "elsewhere", ID: id('g', 2)}) != nil || next.Neighbours(key.Key{Home: "elsewhere", ID: id('g', 2)}) != nil {
		t.Error("a grid is found in another district")
	}
	if got := brief(next.match(spot(7, 2), 300, true, true)); got != "CONTAINS 102 102:1.000@0 in c2" {
		t.Error(got)
	}
}

func TestGridsAreListedByCode(t *testing.T) {
	var list []Community
	for n := range 4 {
		c := Community{ID: id('c', n)}
		for k := range 5 {
			i := 4*k + n // in turn, so that lists interleave
			c.Versions = append(c.Versions, version(i, n, fmt.Sprintf("%03d", i), box(float64(i), 0, float64(i+1), 1), 0, nil))
		}
		list = append(list, c)
	}
	g := ground(t, 0, list)
	for _, c := range []struct {
		name  string
		of    []uuid.UUID
		after string
		id    uuid.UUID
		limit int
		want  []string
	}{
		{"of all", nil, "", uuid.Nil, 3, []string{"000", "001", "002"}},
		{"of one", []uuid.UUID{id('c', 1)}, "", uuid.Nil, 9, []string{"001", "005", "009", "013", "017"}},
		{"of two, after one of them", []uuid.UUID{id('c', 3), id('c', 1)}, "007", id('g', 7), 3, []string{"009", "011", "013"}},
		{"after a code, before its id", []uuid.UUID{id('c', 3)}, "007", uuid.Nil, 2, []string{"007", "011"}},
		{"after the last", nil, "019", id('g', 19), 3, nil},
		{"of none", []uuid.UUID{}, "", uuid.Nil, 3, nil},
		{"of one that there is not", []uuid.UUID{id('c', 9)}, "", uuid.Nil, 3, nil},
	} {
		if got := codes(g.Beneath(c.of, c.after, c.id, c.limit)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if all, one := g.CountBeneath(nil), g.CountBeneath([]uuid.UUID{id('c', 2)}); all != 20 || one != 5 {
		t.Errorf("%d grids, %d of one community; want 20 and 5", all, one)
	}
}

func TestDivisionsThatStayedKeepTheirAreas(t *testing.T) {
	parent := id('d', 1)
	list := []place.Division{
		{ID: parent, Level: place.Town, Code: "01", Boundary: box(0, 0, 40, 20)},
		{ID: id('d', 2), Level: place.Community, Code: "0101", ParentID: &parent, Boundary: box(0, 0, 20, 10)},
	}
	g := ground(t, 0, nil, list...)
	list[1].Boundary = box(0, 0, 10, 10)
	next, err := g.WithDivisions(list)
	if err != nil {
		t.Fatal(err)
	}
	if got, was := brief(next.match(spot(15, 5), 1, true, true)), brief(g.match(spot(15, 5), 1, true, true)); got != "NONE in d1 ?" || was != "NONE in d2 ?" {
		t.Errorf("where a community drew back: %s, was %s", got, was)
	}
	if a, b := g.divisions[1].families[0].shard, next.divisions[1].families[0].shard; a != b {
		t.Error("a town that stayed was made anew")
	}
}

// TestASpotThatIsZeroMetresFromABorder: whether a person should confirm does not depend on whether the distance is asked for. A
// thousandth of a degree of latitude is 110.87 m here.
func TestASpotThatIsZeroMetresFromABorder(t *testing.T) {
	g := ground(t, 0, []Community{{ID: id('c', 1), Versions: []Version{version(1, 1, "1", box(0, 0, 10, 10), 0, nil), version(2, 1, "2", box(0, 10, 10, 20), 0, nil)}}})
	for _, c := range []struct {
		fromBorderM float64
		sure        bool
	}{{0.001, false}, {0.0049, false}, {0.0051, true}, {0.009, true}, {0.02, true}, {0.5, true}} {
		for _, side := range []float64{-1, 1} {
			p := spot(5, 10+side*c.fromBorderM/110.87)
			with, without := g.match(p, 300, true, true), g.match(p, 300, false, true)
			if with.Rule != RuleContains || with.NeedsConfirmation == c.sure || math.Abs(*with.BoundaryDistanceM-c.fromBorderM) > 1e-4 {
				t.Errorf("%v m from a border: %+v, %v m", c.fromBorderM, with, *with.BoundaryDistanceM)
			}
			if without.NeedsConfirmation != with.NeedsConfirmation || without.BoundaryDistanceM != nil {
				t.Errorf("%v m from a border, without its distance: %+v", c.fromBorderM, without)
			}
			if bare := g.match(p, 300, false, false); bare.Rule != with.Rule || bare.Grid != with.Grid || bare.NeedsConfirmation || bare.BoundaryDistanceM != nil {
				t.Errorf("%v m from a border, of which nothing is asked: %+v", c.fromBorderM, bare)
			}
		}
	}
}
