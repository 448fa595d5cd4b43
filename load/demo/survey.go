package demo

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// Codes of the divisions, from the city down.
const (
	city      = "9901"
	district  = "990102"
	town      = "990102001"
	community = "990102001001"
)

// gridPlan is a grid as a list of places, one in each face that it takes in.
type gridPlan struct {
	name  string
	kind  string
	basis string
	group string
	faces []pt
}

var gridPlans = []gridPlan{
	{"采薇新村西网格", "COMPREHENSIVE", "VILLAGE_GROUP", "xincun", []pt{{-440, 300}}},
	{"采薇新村东网格", "COMPREHENSIVE", "VILLAGE_GROUP", "xincun", []pt{{-240, 290}}},
	{"木槿街网格", "COMPREHENSIVE", "STREET", "mujin", []pt{{-440, 40}}},
	{"听雨路网格", "COMPREHENSIVE", "STREET", "mujin", []pt{{-240, 90}}},
	{"石榴公园网格", "COMPREHENSIVE", "ESTATE", "tingyuli", []pt{{60, 300}}},
	{"书院巷网格", "COMPREHENSIVE", "ESTATE", "tingyuli", []pt{{60, 100}, inPocketPark}},
	{"望舒花园西网格", "COMPREHENSIVE", "ESTATE", "garden", []pt{{280, 200}, inPocketPark}},
	{"望舒花园东网格", "COMPREHENSIVE", "ESTATE", "garden", []pt{{440, 200}, inBusStation}},
	{"家属院西网格", "COMPREHENSIVE", "ESTATE", "works", []pt{{-400, -100}, inDormitories}},
	{"家属院东网格", "COMPREHENSIVE", "ESTATE", "works", []pt{{-100, -80}}},
	{"澜江机械厂专属网格", "DEDICATED", "EMPLOYER", "ferry", []pt{{-400, -300}}},
	{"渡口网格", "COMPREHENSIVE", "STREET", "ferry", []pt{{-10, -300}}},
	{"望舒二小网格", "COMPREHENSIVE", "STREET", "court", []pt{{250, -60}, {430, -80}}},
	{"澜江苑网格", "COMPREHENSIVE", "ESTATE", "court", []pt{{250, -280}, {430, -290}}},
}

var groupPlans = []struct{ key, name string }{
	{"xincun", "采薇新村网格组"},
	{"mujin", "木槿街网格组"},
	{"tingyuli", "听雨里网格组"},
	{"garden", "望舒花园网格组"},
	{"works", "机械厂家属院网格组"},
	{"ferry", "渡口网格组"},
	{"court", "澜江苑网格组"},
}

// Places in the faces that the planted faults are made of.
var (
	inPocketPark  = pt{238, 75}
	inBusStation  = pt{518, 170}
	inDormitories = pt{-135, -215}
	inPumpStrip   = pt{122, -290}
)

func gridCode(i int) string { return fmt.Sprintf("%s%03d", community, i+1) }

// survey turns the drawing into the town, without its people.
func survey(s *site) Town {
	t := Town{Divisions: divisions(s), Policies: policies()}
	for _, g := range groupPlans {
		t.Groups = append(t.Groups, Group{g.key, g.name, community})
	}
	for i, g := range gridPlans {
		var faces []*face
		for _, p := range g.faces {
			faces = append(faces, s.net.faceAt(p))
		}
		t.Grids = append(t.Grids, Grid{gridCode(i), g.name, g.kind, g.basis, g.group, groundArea(dissolve(faces))})
	}
	for _, e := range estatePlans {
		t.Estates = append(t.Estates, Estate{e.key, e.name, community, e.manager})
	}
	names, addresses := s.address()
	for i, h := range s.houses {
		p := orb.Polygon{groundRing(h.ring)}
		for _, hole := range h.holes {
			p = append(p, groundRing(hole.clockwise()))
		}
		t.Buildings = append(t.Buildings, Building{
			Code: fmt.Sprintf("%s-B%04d", community, i+1), Name: names[i], Address: addresses[i],
			Estate: h.estate, Floors: h.floors, Units: h.units, Footprint: p,
		})
	}
	for i, d := range t.Divisions {
		t.Divisions[i].Contacts = contactsOf(d)
	}
	station := t.Divisions[len(t.Divisions)-1].Contacts.Station
	station.Address = t.Buildings[slices.IndexFunc(t.Buildings, func(b Building) bool { return b.Name == "听雨社区居委会" })].Address
	t.Roads = roads(s)
	for i, g := range s.ground {
		t.Grounds = append(t.Grounds, Ground{fmt.Sprintf("%s-L%03d", community, i+1), g.name, g.kind, orb.Polygon{groundRing(g.ring)}})
	}
	return t
}

var roadClass = [...]string{trunk: "trunk", secondary: "secondary", tertiary: "tertiary", lane: "residential", estate: "service"}

func roads(s *site) []Road {
	var out []Road
	add := func(name, class string, p path) {
		out = append(out, Road{fmt.Sprintf("%s-R%03d", community, len(out)+1), name, class, groundLine(p)})
	}
	uses := map[pt]int{}
	for _, l := range s.net.lines {
		if l.kind != river && l.kind != lineOnly {
			for _, p := range l.path {
				uses[p]++
			}
		}
	}
	stream := s.net.lineOf("小澜河")
	for _, l := range s.net.lines {
		if l.kind == river || l.kind == lineOnly {
			continue
		}
		p := l.path
		if l.kind == estate { // these have no bridge: they end at the promenade
			p = dryPart(p, stream)
		}
		add(l.key, roadClass[l.kind], trimmed(p, uses))
	}
	for _, w := range s.ways {
		add(w.name, w.class, w.path)
	}
	return out
}

// trimmed takes off the few metres by which a street runs past the one it
// ends at.
func trimmed(p path, uses map[pt]int) path {
	const overrun = 30
	for range 2 {
		for i, q := range p {
			if uses[q] > 1 {
				if p[:i+1].length() < overrun {
					p = p[i:]
				}
				break
			}
		}
		p = p.reversed()
	}
	return p
}

// dryPart is p up to where it comes within a promenade's distance of stream.
func dryPart(p, stream path) path {
	const promenade = 18.5
	var out path
	for i, q := range p {
		_, d, _ := stream.nearest(q)
		if d >= promenade {
			out = append(out, q)
			continue
		}
		if i == 0 { // it begins in the river: look from the other end
			return dryPart(p.reversed(), stream).reversed()
		}
		wet, dry := q, p[i-1]
		for range 30 {
			mid := dry.lerp(wet, 0.5)
			if _, d, _ := stream.nearest(mid); d < promenade {
				wet = mid
			} else {
				dry = mid
			}
		}
		return append(out, dry)
	}
	return out
}

// communityRing is the border of the community on the table.
func communityRing(s *site) ring {
	whole := []*face{s.net.faceAt(inPumpStrip)}
	seen := map[*face]bool{s.net.faceAt(inBusStation): true}
	for _, g := range gridPlans {
		for _, p := range g.faces {
			if f := s.net.faceAt(p); !seen[f] {
				seen[f] = true
				whole = append(whole, f)
			}
		}
	}
	return dissolve(whole)[0]
}

// divisions are the community with the town, district and city above it. These have no other community, and so its boundary.
func divisions(s *site) []Division {
	boundary := func() orb.MultiPolygon { return groundArea([]ring{communityRing(s)}) }
	return []Division{
		{city, "澜州市", "CITY", "", boundary(), Limits{"望舒路", "澜江大道", "木槿街", "采薇街"}, Contacts{}},
		{district, "汀兰区", "DISTRICT", city, boundary(), Limits{"望舒路", "澜江大道", "木槿街", "采薇街"}, Contacts{}},
		{town, "望舒街道", "TOWN", district, boundary(), Limits{"望舒路", "澜江大道", "木槿街", "采薇街"}, Contacts{}},
		{community, "听雨社区", "COMMUNITY", town, boundary(), Limits{"望舒路", "澜江大道", "木槿街", "采薇街"}, Contacts{}},
	}
}

func policies() []SizePolicy {
	return []SizePolicy{
		{Division: city, HouseholdsMin: 200, HouseholdsTarget: 350, HouseholdsMax: 500, ResidentsMin: 500, ResidentsMax: 1500, GridsMin: 5, GridsMax: 20,
			InformantsMin: 6, InformantsMax: 8, PerInformantMin: 25, PerInformantMax: 100},
		{Division: community, HouseholdsMin: 200, HouseholdsTarget: 300, HouseholdsMax: 450, ResidentsMin: 500, ResidentsMax: 1300, GridsMin: 10, GridsMax: 16},
	}
}

// planted lists the faults that gridPlans, layOut, homes and staff contain. Areas are those of the faces on the drawing table.
func planted(s *site, t Town) []Planted {
	living := map[string]Affected{} // by building
	for _, d := range t.Dwellings {
		a := living[d.Building]
		for _, n := range d.Households {
			a.Households++
			a.Residents += n
		}
		living[d.Building] = a
	}
	// affected counts the houses in faces.
	affected := func(places ...pt) (a Affected) {
		for i, h := range s.houses {
			for _, at := range places {
				if s.net.faceAt(at).ring.contains(h.ring.centroid()) {
					in := living[t.Buildings[i].Code]
					a = Affected{a.Buildings + 1, a.Households + in.Households, a.Residents + in.Residents}
				}
			}
		}
		return a
	}
	on := func(k ProblemKind, at pt, where, note string, grids ...string) Planted {
		r := s.net.faceAt(at).ring
		return Planted{k, where, note, grids, "", orb.Polygon{groundRing(r)}, r.area(), affected(at)}
	}
	inBuilding := func(k ProblemKind, name, where, note string, grids ...string) Planted {
		for i, h := range s.houses {
			if h.name == name {
				b := t.Buildings[i]
				in := living[b.Code]
				return Planted{k, where, note, grids, b.Code, b.Footprint, h.ring.area(), Affected{1, in.Households, in.Residents}}
			}
		}
		panic("demo: no house " + name)
	}
	inGrid := func(k ProblemKind, i int, note string) Planted {
		m2 := 0.0
		for _, p := range gridPlans[i].faces {
			m2 += s.net.faceAt(p).ring.area()
		}
		return Planted{k, t.Grids[i].Name, note, []string{t.Grids[i].Code}, "", t.Grids[i].Boundary, m2, affected(gridPlans[i].faces...)}
	}
	return []Planted{
		on(Gap, inPumpStrip, "小澜河西岸，泵站一带", "网格以泵站围墙为界，没有画到河中线。The grid stops at the pumping station's wall instead of the middle of the river.",
			gridCode(11), gridCode(13)),
		inBuilding(UnassignedBuilding, pumpHouse, "小澜河西岸", "泵站落在空白地带，不属于任何网格。The pump house stands in the gap."),
		on(Overlap, inPocketPark, "书院巷南口的口袋公园", "公园改建后，两个网格都把它画进来了。Both grids took in the new pocket park.",
			gridCode(5), gridCode(6)),
		on(Outside, inBusStation, "望舒路东侧公交首末站", "公交站在社区界外。The bus terminus lies across the community's border.",
			gridCode(7)),
		on(Multipart, inDormitories, "渡口巷南侧的机械厂单身宿舍", "宿舍随家属院管理，与网格主体不相连。The dormitories go with the factory's estate, a street away from the rest of its grid.",
			gridCode(8)),
		inBuilding(CutBuilding, passageHouse, "听雨里中弄上的过街楼", "网格沿弄堂中线划界，从楼下穿过。The border follows the lane, which runs through the house.",
			gridCode(4), gridCode(5)),
		inGrid(Unstaffed, unstaffed, "原网格员已离任，还没有人接任。The last worker left and nobody has been appointed."),
		inGrid(Oversize, oversized, "高层交付后住户增加，网格没有重新划分。The towers filled up and nobody divided the grid again."),
		inGrid(Undersize, undersized, "学校占地大，住户少。The school takes most of the ground; few people live there."),
	}
}
