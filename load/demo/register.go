package demo

import (
	"fmt"
	"math/rand/v2"
)

// What the community has in all.
const (
	allHouseholds = 3582
	allResidents  = 10388
)

// homes is how many households and residents each grid has, in the order of gridPlans. The policy of the community wants 200 to
// 450 households and 500 to 1,300 residents; two grids do not keep to it, and the factory need not.
var homes = []struct{ households, residents int }{
	{214, 640}, {218, 652}, {252, 748}, {262, 760}, {284, 802}, {292, 820},
	{472, 1371}, // oversized
	{282, 805}, {292, 848}, {296, 862}, {0, 0}, {262, 762},
	{168, 471}, // undersized
	{288, 847},
}

// Indices of the grids of the wrong size.
const (
	oversized  = 6
	undersized = 12
)

// inhabit makes the dwellings and says who lives in them.
func inhabit(t *Town, s *site) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	in := make([][]Building, len(gridPlans))
	for i, h := range s.houses {
		if h.units > 0 {
			g := gridAt(s, h.ring.centroid())
			in[g] = append(in[g], t.Buildings[i])
		}
	}
	for g, want := range homes {
		t.Dwellings = append(t.Dwellings, dwellings(in[g], want.households, want.residents, rnd)...)
	}
	t.Entities = entities(s, t.Buildings)
	t.Planted = planted(s, *t)
}

// gridAt is the index of the grid that holds a place; the last where two do, -1 where none does.
func gridAt(s *site, at pt) int {
	f := s.net.faceAt(at)
	found := -1
	for i, g := range gridPlans {
		for _, p := range g.faces {
			if f.ring.contains(p) {
				found = i
			}
		}
	}
	return found
}

// dwellings makes homes for so many households in the stairwells of houses. There are a few dwellings more, which are vacant,
// and a few have two households.
func dwellings(houses []Building, households, residents int, rnd *rand.Rand) []Dwelling {
	landings := 0
	for _, b := range houses {
		landings += b.Units * b.Floors
	}
	if landings == 0 {
		return nil
	}
	shared := households / 90
	homes := households - shared
	spare := homes / 18
	perLanding := (homes + spare + landings - 1) / landings
	var all []Dwelling
	for _, b := range houses {
		for u := range b.Units {
			for f := range b.Floors {
				for r := range perLanding {
					all = append(all, Dwelling{Building: b.Code, Unit: unitNames[u], Room: roomNames[f][r]})
				}
			}
		}
	}
	// Where there is more room than needed, some flats are two put together: their second number is left out.
	order := rnd.Perm(len(all))
	used := make([]bool, len(all))
	for k, x := range order[:homes+min(spare, len(all)-homes)] {
		d := &all[x]
		used[x] = true
		switch {
		case k >= homes:
			d.Use = "VACANT"
			continue
		case k < shared:
			d.Use, d.RentalManagement, d.Households = "RENTED", "房东自管", make([]int, 2)
		case k%6 == 0:
			d.Use, d.RentalManagement, d.Households = "RENTED", []string{"房东自管", "中介托管", "社区代管"}[rnd.IntN(3)], make([]int, 1)
		case k%8 == 1 && d.Room == "101":
			d.Use, d.Households = "BUSINESS", make([]int, 1) // the shop's people live behind it
		default:
			d.Use, d.Households = "OWNER", make([]int, 1)
		}
		for h := range d.Households {
			d.Households[h] = drawResidents(rnd)
			residents -= d.Households[h]
		}
	}
	out := all[:0]
	for x, d := range all {
		if used[x] {
			out = append(out, d)
		}
	}
	for residents != 0 { // until the sum is right
		d := out[rnd.IntN(len(out))]
		for h, n := range d.Households {
			switch {
			case residents > 0 && n < maxResidents:
				d.Households[h]++
				residents--
			case residents < 0 && n > 1:
				d.Households[h]--
				residents++
			}
		}
	}
	return out
}

const maxResidents = 7

// drawResidents is how many live in a household: 2.9 of them on average, as in the last census of such towns.
func drawResidents(rnd *rand.Rand) int {
	at := rnd.IntN(100)
	for n, upTo := range []int{14, 42, 71, 87, 96, 99, 100} {
		if at < upTo {
			return n + 1
		}
	}
	return maxResidents
}

// CreditPrefix begins the credit codes of the town's legal entities: no register gives out codes of department Y, "other",
// kind 9, in the region 990102, which there is none of.
const CreditPrefix = "Y9990102"

// creditCode is the n-th code, with the check digit of GB 32100: the digits, in their alphabet without I, O, S, V and Z,
// weighed by powers of 3 modulo 31.
func creditCode(n int) string {
	const digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	code := []byte(CreditPrefix + "MADEUP000")
	for i := len(code) - 1; n > 0; i-- {
		code[i] = digits[n%10]
		n /= 10
	}
	sum, weight := 0, 1
	for _, c := range code {
		for v := range digits {
			if digits[v] == c {
				sum += v * weight
			}
		}
		weight = weight * 3 % 31
	}
	return string(code) + string(digits[(31-sum%31)%31])
}

// entities are the shops, employers and offices, in the order of their houses.
func entities(s *site, buildings []Building) []Entity {
	var out []Entity
	fronts := 0 // houses on a street that could have a shop
	for i, b := range buildings {
		e := Entity{Building: b.Code, Address: b.Address, Point: toGround(s.houses[i].inside())}
		if known, ok := employers[b.Name]; ok {
			e.Name, e.Category, e.Employees, e.PartyMembers = known.name, known.category, known.employees, known.members
		} else {
			if b.Estate != "" || b.Name != b.Address || b.Floors < 2 {
				continue
			}
			if fronts++; fronts%3 != 1 || fronts/3 >= len(shops) {
				continue
			}
			shop := shops[fronts/3]
			e.Name, e.Category, e.Employees = shop.name, shop.category, 2+fronts%7
		}
		if e.PartyMembers >= 3 {
			e.PartyOrganisation = "中共" + e.Name + "支部委员会"
		}
		n := len(out) + 1
		e.Code, e.CreditCode = fmt.Sprintf("%s-E%03d", community, n), creditCode(n)
		out = append(out, e)
	}
	return out
}

// inside is a place in the house: the middle of its ground, or where that is a yard, behind a wall.
func (h house) inside() pt {
	built := func(p pt) bool {
		for _, hole := range h.holes {
			if hole.contains(p) {
				return false
			}
		}
		return h.ring.contains(p)
	}
	if c := h.ring.centroid(); built(c) {
		return c
	}
	for i, a := range h.ring {
		b := h.ring[(i+1)%len(h.ring)]
		if p := a.lerp(b, 0.5).add(b.sub(a).unit().left().mul(1.5)); built(p) {
			return p
		}
	}
	panic("demo: a house without room")
}
