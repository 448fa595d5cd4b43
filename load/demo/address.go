package demo

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// estatePlans are the estates, one for each kind of manager. building is how
// its houses are called; 听雨里 counts doors instead.
var estatePlans = []struct{ key, name, manager, building string }{
	{"xincun", "采薇新村", "VILLAGE", "采薇新村%d号"},
	{"tingyuli", "听雨里", "OWNERS", ""},
	{"garden", "望舒花园", "COMPANY", "望舒花园%d幢"},
	{"works", "机械厂家属院", "EMPLOYER", "机械厂家属院%d号楼"},
	{"court", "澜江苑", "COMMUNITY", "澜江苑%d号楼"},
}

// gates are where a yard or an estate has its number.
var gates = []struct {
	key, street string
	at          pt
}{
	{"works", "厂前路", pt{-270, -72}},
	{"garden", "听雨路", pt{352, 40}},
	{"court", "二小路", pt{352, -272}},
	{"factory", "厂前路", pt{-264, -294}},
	{"school", "二小路", pt{330, -20}},
	{"academy", "书院巷", pt{160, 254}},
	{"market", "渡口巷", pt{52, -180}},
	{"park", "采薇街", pt{-60, 360}},
}

const (
	pumpHouse    = "小澜河泵站"
	passageHouse = "听雨里过街楼"
)

// address gives every house its name and address, in the order of s.houses.
//
// Streets are numbered from their beginning, even numbers on the left; a yard
// has one number, at its gate. The lanes and the village number their own.
func (s *site) address() (names, addresses []string) {
	type door struct {
		street string
		left   bool
		along  float64
		house  int // index, or -1-index of a gate
	}
	var doors []door
	add := func(street string, at pt, house int) {
		along, _, left := s.net.lineOf(street).nearest(at)
		doors = append(doors, door{street, left, along, house})
	}
	for i, g := range gates {
		add(g.street, g.at, -1-i)
	}
	for i, h := range s.houses {
		if h.street != "" {
			add(h.street, h.ring.centroid(), i)
		}
	}
	slices.SortStableFunc(doors, func(a, b door) int { return cmp.Compare(a.along, b.along) })

	type side struct {
		street string
		left   bool
	}
	last, first := map[side]int{}, map[string]float64{}
	gate := map[string]string{}
	addresses = make([]string, len(s.houses))
	for _, d := range doors {
		if _, ok := first[d.street]; !ok {
			first[d.street] = d.along
		}
		k := side{d.street, d.left}
		n := 2*int(math.Floor((d.along-first[d.street])/12)) + 1
		if d.left {
			n++
		}
		if before, ok := last[k]; ok && n <= before {
			n = before + 2
		}
		last[k] = n
		at := fmt.Sprintf("%s%d号", d.street, n)
		if d.house < 0 {
			gate[gates[-1-d.house].key] = at
		} else {
			addresses[d.house] = at
		}
	}

	names = make([]string, len(s.houses))
	count := map[string]int{}
	for i, h := range s.houses {
		names[i] = h.name
		switch {
		case h.yard != "":
			addresses[i] = gate[h.yard]
		case h.estate == "tingyuli" && h.name == "":
			n := count[h.estate]
			count[h.estate] += h.units
			names[i] = fmt.Sprintf("听雨里%d-%d号", n+1, n+h.units)
			addresses[i] = names[i]
		case h.estate == "tingyuli":
			addresses[i] = "听雨里中弄"
		case h.estate != "":
			for _, e := range estatePlans {
				if e.key != h.estate {
					continue
				}
				if h.name == "" {
					count[h.estate]++
					names[i] = fmt.Sprintf(e.building, count[h.estate])
				}
				addresses[i] = gate[h.estate] + names[i]
			}
		}
		if names[i] == "" {
			names[i] = addresses[i]
		}
	}
	return names, addresses
}
