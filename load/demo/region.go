package demo

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// Size is how large a made-up town is.
type Size string

// The sizes. Each holds the ones before it, drawn and coded the same.
const (
	SizeCommunity Size = "community" // the hand-drawn one: 14 grids, 3,582 households
	SizeDistrict  Size = "district"  // 50 communities, 400 grids, 120,000 households
	SizeCity      Size = "city"      // 1,053 communities, 10,000 grids, 3,000,000 households
)

// Region is a made-up town of any size: what is beneath its communities is made one community at a time, so that a city needs
// no more memory than a district. The divisions cover each other exactly: the boundary of each is that of its children
// together, with the same vertices.
type Region struct {
	Divisions []Division // parents before children
	Policies  []SizePolicy
	// Communities walks through the communities, made anew at each walk and the same each time. Their Divisions and Policies
	// are empty.
	Communities iter.Seq[Town]
	// Of what Communities comes to, for those who want to say how far they are.
	CommunityCount, GridCount, HouseholdCount int
}

// Name is what the town is called: its smallest division that holds all the others.
func (r Region) Name() string {
	name := r.Divisions[0].Name
	for i, d := range r.Divisions[1:] {
		if d.Parent != r.Divisions[i].Code || len(r.Divisions) > i+2 && r.Divisions[i+2].Parent == d.Parent {
			return name
		}
		name = d.Name
	}
	return name
}

// The codes of the hand-drawn community and its district.
const (
	HandCommunity = community
	HandDistrict  = district
)

// Community is the code of the community that a town made by [Region.Communities] is.
func (t Town) Community() string { return t.Groups[0].Community }

// Single is a town made in one piece as a region.
func Single(t Town) Region {
	inside := t
	inside.Divisions, inside.Policies = nil, nil
	households := 0
	for _, d := range t.Dwellings {
		households += len(d.Households)
	}
	return Region{t.Divisions, t.Policies, func(yield func(Town) bool) { yield(inside) }, 1, len(t.Grids), households}
}

// Make returns the made-up town of a size; the community, where it is none of the others.
func Make(size Size) Region {
	hand, border := drawTown()
	switch size {
	case SizeDistrict:
		return spread(hand, border, districtBlock)
	case SizeCity:
		return spread(hand, border, cityBlock)
	}
	return Single(hand)
}

// quota is what a part of the lattice has in all, spread evenly over its cells with chances that cancel each other.
type quota struct{ grids, households int }

var (
	districtQuota = quota{400 - len(gridPlans), 120_000 - allHouseholds}
	cityQuota     = quota{10_000 - 400, 3_000_000 - 120_000}
)

// lot is a cell's part of its quota.
type lot struct {
	quota
	grids, first int // first is the number of its first grid among those of the quota
}

var lots = sync.OnceValue(func() map[cell]lot {
	var inner, outer []cell
	cityBlock.each(func(c cell) {
		switch {
		case c == cell{}:
		case districtBlock.has(c):
			inner = append(inner, c)
		default:
			outer = append(outer, c)
		}
	})
	out := map[cell]lot{}
	for _, part := range []struct {
		cells []cell
		quota
	}{{inner, districtQuota}, {outer, cityQuota}} {
		first := 0
		for k, c := range part.cells {
			n := nth(k, len(part.cells), part.grids) + paired(k, len(part.cells), func(k int) int { return int(3*chance(ofGrids, part.grids, k)) - 1 })
			out[c] = lot{part.quota, n, first}
			first += n
		}
	}
	return out
})

// nth is the k-th of n parts of a whole, which are as even as can be.
func nth(k, n, whole int) int { return (k+1)*whole/n - k*whole/n }

// paired gives the even one of each two what it takes from the odd one.
func paired(k, n int, by func(int) int) int {
	switch {
	case k%2 == 1:
		return -by(k - 1)
	case k+1 < n:
		return by(k)
	}
	return 0
}

// gridsIn is the number of grids in cell c. Beyond the city nobody lives, but its border has vertices for them, and a [Country]
// has their areas.
func gridsIn(c cell) int {
	if l, ok := lots()[c]; ok {
		return l.grids
	}
	return inCountry(c)
}

// householdsIn is the number of households in each grid of a cell.
func householdsIn(c cell) []int {
	l := lots()[c]
	out := make([]int, l.grids)
	for x := range out {
		g := l.first + x
		out[x] = nth(g, l.quota.grids, l.households) + paired(g, l.quota.grids, func(g int) int { return int(math.Round(swing(45, ofHouseholds, l.households, g))) })
	}
	return out
}

// seat is where a cell lies among the divisions: the numbers of its district, town and community.
type seat struct{ district, town, community int }

func (p seat) district6() string   { return fmt.Sprintf("%s%02d", city, p.district) }
func (p seat) town9() string       { return fmt.Sprintf("%s%03d", p.district6(), p.town) }
func (p seat) community12() string { return fmt.Sprintf("%s%03d", p.town9(), p.community) }

// cut is a border between towns or districts, which is a column further or not in each row.
func cut(i, j int) int { return i + int(2*chance(ofDivide, i, j)) }

// areaIn is the district of a cell and something that tells its towns apart.
func areaIn(c cell) (district, town int) {
	west := c.i < cut(-8, c.j)
	switch {
	case c.j < -6:
		district = 5
	case c.j > 6:
		district = 3
	default:
		district = 2
	}
	band := 0
	for _, top := range []int{-16, -11, -7, -3, 2, 6, 10, 15} {
		if c.j > top {
			band++
		}
	}
	columns := []int{-4, -1, 3}
	switch {
	case west:
		district = map[int]int{2: 1, 3: 4, 5: 6}[district]
		columns = []int{-18, -14, -11}
	case districtBlock.has(c):
		columns = []int{-2, 1, 3}
		band = -1
	case c.j >= districtBlock.lo.j && c.j <= districtBlock.hi.j:
		columns = nil
	}
	column := 0
	for _, i := range columns {
		if c.i >= cut(i, c.j) {
			column++
		}
	}
	return district, 10*band + column
}

// places numbers the divisions: the hand-drawn community is the first of the first town of its district, and what belongs to
// the size district comes before the rest of its district.
var places = sync.OnceValue(func() map[cell]seat {
	type townKey struct{ district, town int }
	towns, last, communities := map[townKey]int{}, map[int]int{}, map[townKey]int{}
	out := map[cell]seat{}
	give := func(c cell) {
		if _, done := out[c]; done {
			return
		}
		d, t := areaIn(c)
		k := townKey{d, t}
		if towns[k] == 0 {
			last[d]++
			towns[k] = last[d]
		}
		communities[k]++
		out[c] = seat{d, towns[k], communities[k]}
	}
	give(cell{})
	districtBlock.each(give)
	cityBlock.each(give)
	return out
})

// spread is the hand-drawn community, whose border on the table is given, with the rest of a block around it.
func spread(hand Town, border ring, b block) Region {
	l := handLattice(border)
	r := Region{Policies: hand.Policies, GridCount: len(hand.Grids), HouseholdCount: allHouseholds}
	hand = within(hand)
	var cells []cell
	whole := map[string][]cell{}
	var codes []string // of divisions with children
	b.each(func(c cell) {
		cells = append(cells, c)
		p := places()[c]
		for _, code := range []string{city, p.district6(), p.town9()} {
			if whole[code] == nil {
				codes = append(codes, code)
			}
			whole[code] = append(whole[code], c)
		}
		if c != (cell{}) {
			r.GridCount += gridsIn(c)
			for _, n := range householdsIn(c) {
				r.HouseholdCount += n
			}
		}
	})
	r.CommunityCount = len(cells)
	slices.SortFunc(codes, byLength)
	for _, code := range codes {
		d := Division{Code: code, Boundary: l.around(whole[code])}
		switch len(code) {
		case 4:
			d.Level = "CITY"
		case 6:
			d.Level, d.Parent = "DISTRICT", code[:4]
		default:
			d.Level, d.Parent = "TOWN", code[:6]
		}
		d.Name, d.Limits = divisionName(code, whole[code])
		d.Contacts = contactsOf(d)
		r.Divisions = append(r.Divisions, d)
	}
	for _, c := range cells {
		d := Division{Code: places()[c].community12(), Level: "COMMUNITY", Parent: places()[c].town9(), Name: communityName(c),
			Boundary: orb.MultiPolygon{{l.border(c)}}, Limits: streetsAround(c)}
		d.Contacts = contactsOf(d)
		if c == (cell{}) {
			d = hand.Divisions[len(hand.Divisions)-1]
		}
		r.Divisions = append(r.Divisions, d)
	}
	hand.Divisions, hand.Policies = nil, nil
	r.Communities = func(yield func(Town) bool) {
		for _, c := range cells {
			t := hand
			if c != (cell{}) {
				t = l.settle(c)
			}
			if !yield(t) {
				return
			}
		}
	}
	return r
}

func byLength(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}

// within leaves out of the hand-drawn town the streets and the water that run on into where its neighbours are now.
func within(t Town) Town {
	border := t.Divisions[len(t.Divisions)-1].Boundary[0][0]
	box := border.Bound().Pad(0.0003) // some 30 m
	var roads []Road
	for _, r := range t.Roads {
		var kept orb.LineString
		for _, p := range r.Line {
			if box.Contains(p) {
				kept = append(kept, p)
			} else if len(kept) > 1 {
				break
			} else {
				kept = nil
			}
		}
		if len(kept) > 1 {
			r.Line = kept
			roads = append(roads, r)
		}
	}
	t.Roads = roads
	t.Grounds = slices.DeleteFunc(slices.Clone(t.Grounds), func(g Ground) bool {
		b := g.Shape.Bound()
		return !box.Contains(b.Min) || !box.Contains(b.Max)
	})
	return t
}

// settle fills cell c.
func (l *lattice) settle(c cell) Town {
	code := places()[c].community12()
	q, plots, streets := l.plots(c)
	rnd := rand.New(rand.NewPCG(seed, uint64((c.i+100)*1000+c.j+100)))
	names := estatesOf(c, len(plots))
	lanes := lanesOf(c, len(streets))
	var t Town
	for r, line := range streets[:len(streets)-1] {
		class := "residential"
		if r == 0 {
			class = "tertiary"
			if c.j%3 == 0 {
				class = "secondary"
			}
			if c == (cell{0, 1}) {
				continue // drawn by hand
			}
		} else {
			t.Groups = append(t.Groups, Group{})
		}
		t.Roads = append(t.Roads, Road{fmt.Sprintf("%s-R%03d", code, len(t.Roads)+1), lanes[r], class, slices.Clone(line.on)})
	}
	if c != (cell{1, 0}) {
		t.Roads = append(t.Roads, Road{fmt.Sprintf("%s-R%03d", code, len(t.Roads)+1), upStreet(c), "tertiary", slices.Clone(q.west.on)})
	}
	t.Groups = t.Groups[:0]
	for r := range len(streets) - 1 {
		t.Groups = append(t.Groups, Group{Key: fmt.Sprint(r), Name: lanes[r] + "网格组", Community: code})
	}
	households := householdsIn(c)
	p := &crew{town: &t, rnd: rnd, community: code}
	p.hire("CHIEF_LEADER", Area{Division: code})
	for _, g := range t.Groups {
		p.hire("GRID_LEADER", Area{Group: g.Key})
	}
	for x, plot := range plots {
		g := Grid{Code: fmt.Sprintf("%s%03d", code, x+1), Name: names[x].name + "网格", Kind: "COMPREHENSIVE", Basis: "ESTATE",
			Group: t.Groups[plot.row].Key, Boundary: orb.MultiPolygon{{plot.border}}}
		if names[x].manager == "" {
			g.Basis = "STREET"
		} else {
			t.Estates = append(t.Estates, Estate{Key: fmt.Sprint(x), Name: names[x].name, Community: code, ManagedBy: names[x].manager})
		}
		t.Grids = append(t.Grids, g)
		t.build(q, plot, names[x], fmt.Sprint(x), lanes[plot.row], households[x], rnd)
		p.hire("GRID_WORKER", Area{Grid: g.Code})
		for range informantsFor(households[x]) {
			p.hire("INFORMANT", Area{Grid: g.Code})
		}
	}
	return t
}

// build puts the houses of a grid on its plot, some 30 households each.
func (t *Town) build(q quilt, g plot, name estateName, key, street string, households int, rnd *rand.Rand) {
	const columns = 3
	n := max(1, (households+15)/30)
	rows := (n + columns - 1) / columns
	gate := 2*int((g.lo.u*float64(cellWidth))/12) + 1 + rnd.IntN(2)
	for k := range n {
		at := func(x float64, n int) float64 { // of n places beside each other, none near the border
			if n == 1 {
				return 0.5
			}
			return 0.22 + 0.56*x/float64(n-1)
		}
		s := g.lo.u + (g.hi.u-g.lo.u)*at(float64(k%columns), columns)
		v := g.lo.v + (g.hi.v-g.lo.v)*at(float64(k/columns), rows)
		middle := q.at(s, v)
		dir := q.at(s+0.01, v).sub(q.at(s-0.01, v))
		count := nth(k, n, households)
		units := 2 + rnd.IntN(2)
		floors := (count + 2*units - 1) / (2 * units)
		half := pt{float64(units) * 6.2, 5.4 + rnd.Float64()}
		b := Building{Code: fmt.Sprintf("%s-B%04d", t.Groups[0].Community, len(t.Buildings)+1), Floors: floors, Units: units,
			Footprint: orb.Polygon{groundRing(ring{{-half.u, -half.v}, {half.u, -half.v}, {half.u, half.v}, {-half.u, half.v}}.place(middle, math.Atan2(dir.v, dir.u)))}}
		if name.manager != "" {
			b.Estate = key
			b.Name = fmt.Sprintf(name.house, name.name, k+1)
			b.Address = fmt.Sprintf("%s%d号%s", street, gate, b.Name)
		} else {
			b.Address = fmt.Sprintf("%s%d号", street, gate+2*k)
			b.Name = b.Address
		}
		t.Buildings = append(t.Buildings, b)
		t.move(b, count, rnd)
	}
}

// move fills a house with so many households, two a landing.
func (t *Town) move(b Building, households int, rnd *rand.Rand) {
	residents := make([]int, households)
	for x := range residents {
		residents[x] = drawResidents(rnd)
		d := Dwelling{Building: b.Code, Unit: unitNames[x/(2*b.Floors)], Room: roomNames[x/2%b.Floors][x%2], Use: "OWNER", Households: residents[x : x+1]}
		if x%7 == 3 {
			d.Use = "RENTED"
		}
		t.Dwellings = append(t.Dwellings, d)
	}
}

var unitNames = [...]string{"1单元", "2单元", "3单元", "4单元", "5单元", "6单元", "7单元", "8单元", "9单元", "10单元"}

// roomNames are the rooms of a landing, by floor from the first.
var roomNames = func() (out [40][4]string) {
	for f := range out {
		for r := range out[f] {
			out[f][r] = fmt.Sprintf("%d%02d", f+1, r+1)
		}
	}
	return out
}()

// crew hires the people of a community that nobody drew a portrait of.
type crew struct {
	town      *Town
	rnd       *rand.Rand
	community string
}

func (c *crew) hire(post string, area Area) {
	n := len(c.town.Workers) + 1
	woman, elder := c.rnd.IntN(2) == 0, c.rnd.IntN(3) == 0
	list := given[woman][elder]
	w := Worker{Key: fmt.Sprintf("%s-W%03d", c.community, n), Name: drawSurname(c.rnd) + list[c.rnd.IntN(len(list))], Duties: duties[post][:4],
		WorkPhone: fmt.Sprintf("%s%08d", PhonePrefix, c.rnd.IntN(1e8))}
	c.town.Workers = append(c.town.Workers, w)
	c.town.Assignments = append(c.town.Assignments, Assignment{Worker: w.Key, Post: post, Cover: "A", Area: area, FromDays: -100 - c.rnd.IntN(900)})
}

// informantsFor is how many informants a grid has, who look after 50 to 100 households each.
func informantsFor(households int) int { return max(6, (households+99)/100) }
