package demo

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/domain/place"
	"wangge/geo/measure"
)

// once is the town that the tests read; it takes a second to build.
var once = sync.OnceValue(func() Town { t, _ := drawn(); return t })

var drawn = sync.OnceValues(drawTown)

func areaM2(t *testing.T, g orb.Geometry) float64 {
	t.Helper()
	a, err := measure.AreaM2(g)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSameEveryTime(t *testing.T) {
	if !reflect.DeepEqual(once(), Community()) {
		t.Error("two calls gave two towns")
	}
}

func TestCounts(t *testing.T) {
	town := once()
	for _, c := range []struct {
		what          string
		got, min, max int
	}{
		{"divisions", len(town.Divisions), 4, 4},
		{"groups", len(town.Groups), 7, 7},
		{"grids", len(town.Grids), 14, 14},
		{"estates", len(town.Estates), 5, 5},
		{"buildings", len(town.Buildings), 400, 460},
		{"roads", len(town.Roads), 50, 80},
		{"workers", len(town.Workers), 110, 130},
		{"planted faults", len(town.Planted), 9, 9},
		{"legal entities", len(town.Entities), 55, 65},
	} {
		if c.got < c.min || c.got > c.max {
			t.Errorf("%d %s, want %d to %d", c.got, c.what, c.min, c.max)
		}
	}
	dedicated, streets, managers := 0, map[string]bool{}, map[string]bool{}
	for _, g := range town.Grids {
		if g.Kind == "DEDICATED" {
			dedicated++
		}
	}
	if dedicated < 1 || dedicated > 2 {
		t.Errorf("%d dedicated grids, want 1 or 2", dedicated)
	}
	for _, r := range town.Roads {
		streets[r.Name] = true
	}
	for _, name := range []string{"澜江大道", "望舒路", "听雨路", "采薇街", "木槿街", "书院巷", "渡口巷"} {
		if !streets[name] {
			t.Errorf("no %s", name)
		}
	}
	for _, e := range town.Estates {
		managers[e.ManagedBy] = true
	}
	if len(managers) != 5 {
		t.Errorf("managers %v, want each of the 5 kinds", managers)
	}
	if got := areaM2(t, town.Divisions[3].Boundary); got < 0.78e6 || got > 0.82e6 {
		t.Errorf("the community has %.0f m², want 0.8 km²", got)
	}
}

func TestDivisionsNest(t *testing.T) {
	ds := once().Divisions
	codes := []string{"9901", "990102", "990102001", "990102001001"}
	lake := orb.Bound{Min: orb.Point{120.07, 31.14}, Max: orb.Point{120.22, 31.26}}
	for i, d := range ds {
		if d.Code != codes[i] {
			t.Errorf("division %d has code %s, want %s", i, d.Code, codes[i])
		}
		if d.Limits.East == "" || d.Limits.South == "" || d.Limits.West == "" || d.Limits.North == "" {
			t.Errorf("%s: limits %+v", d.Name, d.Limits)
		}
		b := d.Boundary.Bound()
		if !lake.Contains(b.Min) || !lake.Contains(b.Max) {
			t.Errorf("%s reaches %v, beyond the open water", d.Name, b)
		}
		if i == 0 {
			continue
		}
		if d.Parent != ds[i-1].Code {
			t.Errorf("%s: parent %s", d.Name, d.Parent)
		}
		if !reflect.DeepEqual(d.Boundary, ds[i-1].Boundary) {
			t.Errorf("%s, which has nothing else, is not %s", ds[i-1].Name, d.Name)
		}
	}
}

// flat takes a ring back to metres, in the frame of degrees that no code of
// the package under test uses, so that the tests do not repeat its mistakes.
func flat(r orb.Ring) ring {
	out := make(ring, 0, len(r)-1)
	for _, p := range r[:len(r)-1] {
		out = append(out, flatPoint(p))
	}
	return out
}

func flatPoint(p orb.Point) pt {
	// 95,290 and 110,860 m are a degree at 31.2° N, from tables.
	return pt{(p[0] - 120.15) * 95290, (p[1] - 31.2) * 110860}
}

func everyPolygon(town Town) map[string]orb.Polygon {
	all := map[string]orb.Polygon{}
	multi := func(key string, mp orb.MultiPolygon) {
		for i, p := range mp {
			all[key+strings.Repeat("'", i)] = p
		}
	}
	for _, d := range town.Divisions {
		multi(d.Code, d.Boundary)
	}
	for _, g := range town.Grids {
		multi(g.Code, g.Boundary)
	}
	for _, b := range town.Buildings {
		all[b.Code] = b.Footprint
	}
	for _, g := range town.Grounds {
		all[g.Code+" "+g.Name] = g.Shape
	}
	return all
}

func TestPolygonsAreValid(t *testing.T) {
	for key, p := range everyPolygon(once()) {
		for i, r := range p {
			if r[0] != r[len(r)-1] || len(r) < 4 {
				t.Errorf("%s: ring %d is not closed", key, i)
				continue
			}
			f := flat(r)
			if a := f.area(); (a > 0) != (i == 0) {
				t.Errorf("%s: ring %d runs the wrong way (%.1f m²)", key, i, a)
			}
			if at, bad := crossesItself(f); bad {
				t.Errorf("%s: ring %d crosses itself at %v", key, i, at)
			}
			if i > 0 && !covers(orb.MultiPolygon{{p[0]}}, f) {
				t.Errorf("%s: hole %d is not inside", key, i)
			}
			for _, q := range r {
				for _, v := range q {
					if v != math.Round(v*1e8)/1e8 {
						t.Errorf("%s: %v is not snapped", key, q)
					}
				}
			}
		}
	}
}

func crossesItself(r ring) (pt, bool) {
	n := len(r)
	for i := range r {
		if r[i] == r[(i+1)%n] {
			return r[i], true
		}
		for j := i + 2; j < n; j++ {
			if i == 0 && j == n-1 {
				continue
			}
			if segmentDist(r[i], r[i+1], r[j], r[(j+1)%n]) == 0 {
				return r[i], true
			}
		}
	}
	return pt{}, false
}

func TestHousesStandApart(t *testing.T) {
	town := once()
	type solid struct {
		name   string
		r      ring
		lo, hi pt
	}
	var houses []solid
	for _, b := range town.Buildings {
		r := flat(b.Footprint[0])
		lo, hi := r.box()
		houses = append(houses, solid{b.Name, r, lo, hi})
	}
	for i, a := range houses {
		for _, b := range houses[i+1:] {
			if !farther(a.lo, a.hi, b.lo, b.hi, 0.3) && a.r.gap(b.r) < 0.3 {
				t.Errorf("%s touches %s", a.name, b.name)
			}
		}
		for _, road := range town.Roads {
			var p path
			for _, q := range road.Line {
				p = append(p, flatPoint(q))
			}
			if a.name != passageHouse && a.r.toPath(p) < 1.5 {
				t.Errorf("%s stands on %s %s", a.name, road.Code, road.Name)
			}
		}
		for _, g := range town.Grounds {
			if g.Kind == Water && a.r.gap(flat(g.Shape[0])) < 1 {
				t.Errorf("%s stands in the water of %s", a.name, g.Name)
			}
		}
	}
}

// side is a border segment in the direction that keeps its area on the left.
type side [2]orb.Point

func sides(mp orb.MultiPolygon, into map[side]int) map[side]int {
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				into[side{r[i-1], r[i]}]++
			}
		}
	}
	return into
}

func TestGridsShareTheirBorders(t *testing.T) {
	town := once()
	all, edge, faults := map[side]int{}, sides(town.Divisions[3].Boundary, map[side]int{}), map[side]int{}
	for _, g := range town.Grids {
		sides(g.Boundary, all)
	}
	for _, p := range town.Planted {
		if p.Kind == Gap || p.Kind == Overlap || p.Kind == Outside {
			sides(orb.MultiPolygon{p.Geometry.(orb.Polygon)}, faults)
		}
	}
	matched := 0
	for s := range all {
		back := side{s[1], s[0]}
		switch {
		case all[back] > 0:
			matched++
		case edge[s] > 0, faults[s] > 0, faults[back] > 0:
		default:
			t.Errorf("border %v has a grid on one side only", s)
		}
	}
	if matched < 500 {
		t.Errorf("only %d segments are shared", matched)
	}
}

func TestGridsCoverTheCommunity(t *testing.T) {
	town := once()
	want := areaM2(t, town.Divisions[3].Boundary)
	for _, p := range town.Planted {
		switch p.Kind {
		case Gap:
			want -= areaM2(t, p.Geometry)
		case Overlap, Outside:
			want += areaM2(t, p.Geometry)
		}
	}
	got := 0.0
	for i, g := range town.Grids {
		got += areaM2(t, g.Boundary)
		if wanted := town.Divisions[3].Code + []string{"001", "002", "003", "004", "005", "006", "007", "008", "009", "010", "011", "012", "013", "014"}[i]; g.Code != wanted {
			t.Errorf("grid %d has code %s", i, g.Code)
		}
	}
	if math.Abs(got-want) > 0.05 {
		t.Errorf("the grids have %.2f m², community − gap + overlap + outside is %.2f", got, want)
	}
}

func TestEveryHouseIsInOneGrid(t *testing.T) {
	town := once()
	want := map[string]int{}
	for _, b := range town.Buildings {
		want[b.Code] = 1
	}
	for _, p := range town.Planted {
		if p.Building != "" {
			want[p.Building] = 0 // in no grid, or in none as a whole
		}
	}
	perGrid := map[string]int{}
	for _, b := range town.Buildings {
		got := 0
		for _, g := range town.Grids {
			if covers(g.Boundary, flat(b.Footprint[0])) {
				got++
				perGrid[g.Code]++
			}
		}
		if got != want[b.Code] {
			t.Errorf("%s is wholly in %d grids, want %d", b.Name, got, want[b.Code])
		}
	}
	for _, g := range town.Grids {
		if perGrid[g.Code] < 8 {
			t.Errorf("%s has %d buildings", g.Name, perGrid[g.Code])
		}
	}
}

func covers(mp orb.MultiPolygon, r ring) bool {
	for _, p := range mp {
		outer, whole := flat(p[0]), true
		for i, q := range r {
			if !outer.contains(q) {
				whole = false
				break
			}
			for j, a := range outer {
				if _, _, cut := crossing(q, r[(i+1)%len(r)], a, outer[(j+1)%len(outer)]); cut {
					whole = false
				}
			}
		}
		if whole {
			return true
		}
	}
	return false
}

func TestPlanted(t *testing.T) {
	town := once()
	grids, buildings, seen := map[string]Grid{}, map[string]Building{}, map[ProblemKind]Planted{}
	for _, g := range town.Grids {
		grids[g.Code] = g
	}
	for _, b := range town.Buildings {
		buildings[b.Code] = b
	}
	for _, p := range town.Planted {
		if _, twice := seen[p.Kind]; twice {
			t.Errorf("%s is planted twice", p.Kind)
		}
		seen[p.Kind] = p
		if p.Where == "" || p.Note == "" || p.Geometry == nil {
			t.Errorf("%s is not described", p.Kind)
		}
		for _, code := range p.Grids {
			if _, ok := grids[code]; !ok {
				t.Errorf("%s: no grid %s", p.Kind, code)
			}
		}
		// The table is flat, the ellipsoid is not: 1 in 10,000 between them.
		if got := areaM2(t, p.Geometry); math.Abs(got-p.AreaM2) > got/10000+0.02 {
			t.Errorf("%s has %.2f m² on the ellipsoid, %.2f by construction", p.Kind, got, p.AreaM2)
		}
	}
	for _, k := range []ProblemKind{Gap, Overlap, Outside, Multipart, UnassignedBuilding, CutBuilding, Unstaffed, Oversize, Undersize} {
		if _, ok := seen[k]; !ok {
			t.Errorf("no %s", k)
		}
	}

	gap := seen[Gap].Geometry.(orb.Polygon)
	pump := buildings[seen[UnassignedBuilding].Building]
	if pump.Name != pumpHouse || !covers(orb.MultiPolygon{gap}, flat(pump.Footprint[0])) {
		t.Error("the pump house is not in the gap")
	}
	whole := town.Divisions[3].Boundary
	inside := func(p Planted) bool {
		return flat(whole[0][0]).contains(flat(p.Geometry.(orb.Polygon)[0]).centroid())
	}
	if !inside(seen[Gap]) || !inside(seen[Overlap]) || inside(seen[Outside]) {
		t.Error("gap and overlap lie within the community, the rest outside")
	}
	for _, p := range []Planted{seen[Overlap], seen[Outside], seen[Multipart]} {
		c := flat(p.Geometry.(orb.Polygon)[0]).centroid()
		for code, g := range grids {
			in := false
			for _, part := range g.Boundary {
				in = in || flat(part[0]).contains(c)
			}
			if in != slices.Contains(p.Grids, code) {
				t.Errorf("%s: grid %s holds it: %v", p.Kind, code, in)
			}
		}
	}
	for code, g := range grids {
		parts := 1
		if slices.Contains(seen[Multipart].Grids, code) {
			parts = 2
		}
		if len(g.Boundary) != parts {
			t.Errorf("%s has %d parts, want %d", g.Name, len(g.Boundary), parts)
		}
	}
	cut := flat(buildings[seen[CutBuilding].Building].Footprint[0])
	for _, code := range seen[CutBuilding].Grids {
		share := 0
		for _, q := range cut {
			if flat(grids[code].Boundary[0][0]).contains(q) {
				share++
			}
		}
		if share != 2 {
			t.Errorf("%d corners of the cut building are in %s, want 2", share, code)
		}
	}
}

func TestNamesAndAddresses(t *testing.T) {
	town := once()
	estates, streets := map[string]bool{"": true}, map[string]bool{}
	for _, e := range town.Estates {
		estates[e.Key] = true
	}
	for _, r := range town.Roads {
		streets[r.Name] = true
	}
	address := regexp.MustCompile(`^(?:(\p{Han}+?)\d+号(?:机械厂.*|望舒花园.*|澜江苑.*)?|采薇新村\d+号|听雨里\d+-\d+号|听雨里中弄)$`)
	code := regexp.MustCompile(`^990102001001-B\d{4}$`)
	codes, names := map[string]bool{}, map[string]string{}
	for _, b := range town.Buildings {
		if !code.MatchString(b.Code) || codes[b.Code] {
			t.Errorf("code %s", b.Code)
		}
		codes[b.Code] = true
		if other, twice := names[b.Name]; twice || b.Name == "" {
			t.Errorf("%s and %s are both called %q", other, b.Code, b.Name)
		}
		names[b.Name] = b.Code
		m := address.FindStringSubmatch(b.Address)
		if m == nil || m[1] != "" && !streets[m[1]] && m[1] != "采薇新村" {
			t.Errorf("%s: address %q", b.Name, b.Address)
		}
		if b.Floors < 1 || b.Floors > 33 || b.Units < 0 || b.Units > 12 || !estates[b.Estate] {
			t.Errorf("%+v", b)
		}
	}
	for _, name := range []string{"望舒二小教学楼", "听雨社区卫生服务站", "渡口农贸市场", "澜江机械厂一车间", "采薇幼儿园", "望舒幼儿园", "听雨社区居委会", "机械厂家属院7号楼"} {
		if names[name] == "" {
			t.Errorf("no %s", name)
		}
	}
}

func TestContacts(t *testing.T) {
	town := once()
	address := ""
	for _, b := range town.Buildings {
		if b.Name == "听雨社区居委会" {
			address = b.Address
		}
	}
	if s := town.Divisions[3].Contacts.Station; s == nil || s.Address == "" || s.Address != address {
		t.Errorf("the community's station is %+v, want it at %s", s, address)
	}
	if town.Divisions[3].Contacts.SupervisionPhone != "" || town.Divisions[2].Contacts.SupervisionPhone == "" {
		t.Error("the community is to inherit the town's supervision phone")
	}
	phone := regexp.MustCompile(`^154\d{8}$`)
	numbers, own, inherits := map[string]bool{}, 0, 0
	for _, d := range Make(SizeDistrict).Divisions {
		c := d.Contacts
		list := []string{c.SupervisionPhone}
		if c.Station != nil {
			list = append(list, c.Station.Phone)
			if strings.HasPrefix(c.Station.Address, "0") || !strings.Contains(c.Station.Address, "号") {
				t.Errorf("%s: address %q", d.Name, c.Station.Address)
			}
		}
		if d.Level == "COMMUNITY" && c.Station != nil {
			own++
		} else if d.Level == "COMMUNITY" {
			inherits++
		}
		for _, n := range list {
			if n != "" && (!phone.MatchString(n) || numbers[n]) {
				t.Errorf("%s: number %q", d.Name, n)
			}
			numbers[n] = true
		}
	}
	if own < 30 || inherits < 3 {
		t.Errorf("%d communities have a station, %d inherit one", own, inherits)
	}
}

func TestPeople(t *testing.T) {
	town := once()
	phone := regexp.MustCompile(`^154\d{8}$`)
	name := regexp.MustCompile(`^\p{Han}{2,4}$|^\p{Han}{2,6}·\p{Han}{2,8}$`)
	keys, names, phones, faces := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, w := range town.Workers {
		if keys[w.Key] || names[w.Name] || phones[w.WorkPhone] || faces[string(w.Portrait)] {
			t.Errorf("%s (%s) is somebody's double", w.Name, w.Key)
		}
		keys[w.Key], names[w.Name], phones[w.WorkPhone], faces[string(w.Portrait)] = true, true, true, true
		if !phone.MatchString(w.WorkPhone) {
			t.Errorf("%s: a number that may be somebody's: %s", w.Name, w.WorkPhone)
		}
		if !name.MatchString(w.Name) {
			t.Errorf("name %q", w.Name)
		}
		if len(w.Duties) < 6 || len(w.Duties) > 8 {
			t.Errorf("%s has %d duties", w.Name, len(w.Duties))
		}
		c, err := png.DecodeConfig(bytes.NewReader(w.Portrait))
		if err != nil || c.Width != 240 || c.Height != 240 || len(w.Portrait) > 12<<10 {
			t.Errorf("%s: portrait %dx%d, %d bytes, %v", w.Name, c.Width, c.Height, len(w.Portrait), err)
		}
	}
	for _, n := range []string{compoundName, longName, astralName, rareName} {
		if !names[n] {
			t.Errorf("nobody is called %s", n)
		}
	}
	if r, _ := utf8.DecodeLastRuneInString(astralName); r <= 0xffff {
		t.Errorf("%c is in the basic plane", r)
	}
}

func TestPosts(t *testing.T) {
	town := once()
	type seat struct {
		post, cover string
		area        Area
	}
	now, workers := map[seat]string{}, map[string]bool{}
	for _, w := range town.Workers {
		workers[w.Key] = true
	}
	areas := map[Area]bool{{Division: community}: true}
	for _, g := range town.Groups {
		areas[Area{Group: g.Key}] = true
	}
	for _, g := range town.Grids {
		areas[Area{Grid: g.Code}] = true
	}
	for _, b := range town.Buildings {
		areas[Area{Building: b.Code}] = true
	}
	for _, a := range town.Assignments {
		if !workers[a.Worker] || !areas[a.Area] {
			t.Errorf("nobody or nowhere: %+v", a)
		}
		if a.FromDays > 0 || a.UntilDays != 0 && a.UntilDays <= a.FromDays {
			t.Errorf("dates of %+v", a)
		}
		if a.UntilDays != 0 && a.UntilDays <= 0 {
			continue
		}
		s := seat{a.Post, a.Cover, a.Area}
		if now[s] != "" && a.Post != "INFORMANT" {
			t.Errorf("two people in %+v", s)
		}
		now[s] = a.Worker
	}
	empty := ""
	for _, p := range town.Planted {
		if p.Kind == Unstaffed {
			empty = p.Grids[0]
		}
	}
	away := map[string]bool{}
	for _, a := range town.Absences {
		if !workers[a.Worker] || a.UntilDays <= a.FromDays {
			t.Errorf("absence %+v", a)
		}
		if a.FromDays <= 0 && a.UntilDays > 0 {
			away[a.Worker] = true
		}
	}
	covered, alone := 0, 0
	for _, g := range town.Grids {
		a, b := now[seat{"GRID_WORKER", "A", Area{Grid: g.Code}}], now[seat{"GRID_WORKER", "B", Area{Grid: g.Code}}]
		if (a == "") != (g.Code == empty) {
			t.Errorf("%s: worker %q", g.Name, a)
		}
		if a == b && a != "" || away[b] {
			t.Errorf("%s: %q cannot stand in for %q", g.Name, b, a)
		}
		if away[a] && b != "" {
			covered++
		} else if away[a] {
			alone++
			if now[seat{"GRID_LEADER", "A", Area{Group: g.Group}}] == "" {
				t.Errorf("%s: no leader to stand in", g.Name)
			}
		}
	}
	if covered != 1 || alone != 1 || len(town.Absences) != 3 {
		t.Errorf("%d away with and %d without a stand-in, %d absences", covered, alone, len(town.Absences))
	}
	for _, g := range town.Groups {
		if now[seat{"GRID_LEADER", "A", Area{Group: g.Key}}] == "" {
			t.Errorf("%s has no leader", g.Name)
		}
	}
	if now[seat{"CHIEF_LEADER", "A", Area{Division: community}}] == "" {
		t.Error("no chief leader")
	}
}

func TestRegister(t *testing.T) {
	town := once()
	buildings, used := map[string]Building{}, map[string]bool{}
	for _, b := range town.Buildings {
		buildings[b.Code] = b
	}
	var households, residents, vacant, rented, business, shared int
	for _, d := range town.Dwellings {
		b, ok := buildings[d.Building]
		key := d.Building + " " + d.Unit + " " + d.Room
		if !ok || used[key] || d.Unit > fmt.Sprint(b.Units)+"单元" && b.Units < 10 || len(d.Room) < 3 {
			t.Errorf("%+v in %+v", d, b)
		}
		used[key] = true
		if floor := d.Room[:len(d.Room)-2]; len(floor) == len(fmt.Sprint(b.Floors)) && floor > fmt.Sprint(b.Floors) {
			t.Errorf("room %s of a house with %d floors", d.Room, b.Floors)
		}
		if (d.Use == "VACANT") != (len(d.Households) == 0) {
			t.Errorf("%+v", d)
		}
		switch d.Use {
		case "VACANT":
			vacant++
		case "RENTED":
			rented++
		case "BUSINESS":
			business++
		}
		if len(d.Households) > 1 {
			shared++
		}
		for _, n := range d.Households {
			households, residents = households+1, residents+n
			if n < 1 || n > 7 {
				t.Errorf("%d residents in %+v", n, d)
			}
		}
	}
	if households != 3582 || residents != 10388 {
		t.Errorf("%d households with %d residents, want 3582 and 10388", households, residents)
	}
	if vacant < 100 || rented < 400 || business < 5 || shared < 20 {
		t.Errorf("%d vacant, %d rented, %d business, %d shared", vacant, rented, business, shared)
	}
}

func TestEntities(t *testing.T) {
	town := once()
	buildings, seen, categories := map[string]Building{}, map[string]bool{}, map[string]bool{}
	for _, b := range town.Buildings {
		buildings[b.Code] = b
	}
	for _, e := range town.Entities {
		b, ok := buildings[e.Building]
		if !ok || !place.ValidCreditCode(e.CreditCode) || !strings.HasPrefix(e.CreditCode, CreditPrefix) || seen[e.CreditCode] || seen[e.Name] || e.Name == "" {
			t.Errorf("%+v", e)
		}
		if !planar.PolygonContains(b.Footprint, e.Point) || e.Address != b.Address || e.Employees < 1 || (e.PartyOrganisation != "") != (e.PartyMembers >= 3) {
			t.Errorf("%+v in %+v", e, b)
		}
		seen[e.CreditCode], seen[e.Name], categories[e.Category] = true, true, true
	}
	if len(categories) < 10 {
		t.Errorf("only the categories %v", categories)
	}
}

func TestInformants(t *testing.T) {
	town := once()
	count, wrong := map[string]int{}, map[string]int{}
	for _, a := range town.Assignments {
		if a.Post == "INFORMANT" {
			count[a.Area.Grid]++
		}
	}
	for _, n := range town.Notes {
		wrong[n.Grid] = n.Count
	}
	rule := town.Policies[0]
	for i, g := range town.Grids {
		n, each := count[g.Code], 0
		if n > 0 {
			each = homes[i].households / n
		}
		ok := n >= rule.InformantsMin && n <= rule.InformantsMax && each >= rule.PerInformantMin && each <= rule.PerInformantMax
		if said, noted := wrong[g.Code]; noted == ok || noted && said != n {
			t.Errorf("%s has %d informants for %d households each", g.Name, n, each)
		}
	}
	if len(wrong) != 2 {
		t.Errorf("%d notes", len(wrong))
	}
}
