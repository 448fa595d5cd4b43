package demo

import (
	"math"
	"math/rand/v2"
	"slices"
)

// seed makes every town the same. Another seed moves the houses a little; the
// streets, grids and planted faults are drawn by hand and stay.
const seed = 990102001001

// streets is the skeleton of the town, in metres on the drawing table. What
// meets a street ends a few metres beyond its centre line; the network finds
// the crossing.
func streets() []line {
	l := func(key string, kind lineKind, through ...pt) line {
		return line{key, kind, spline(0.08, through...)}
	}
	return []line{
		l("澜江大道", trunk, pt{-1560, -500}, pt{-900, -438}, pt{-545, -408}, pt{0, -390}, pt{300, -394}, pt{526, -408}, pt{1000, -458}, pt{1560, -510}),
		l("望舒路", secondary, pt{568, -1080}, pt{550, -760}, pt{526, -410}, pt{500, -180}, pt{492, 20}, pt{502, 220}, pt{518, 388}, pt{544, 700}, pt{590, 1180}),
		l("采薇街", tertiary, pt{-1350, 466}, pt{-850, 424}, pt{-552, 390}, pt{-300, 374}, pt{-60, 366}, pt{200, 378}, pt{518, 388}, pt{1000, 378}, pt{1480, 406}),
		l("木槿街", tertiary, pt{-546, -422}, pt{-536, -200}, pt{-524, -20}, pt{-532, 180}, pt{-553, 410}, pt{-580, 700}, pt{-650, 1150}),
		l("听雨路", tertiary, pt{-1300, -84}, pt{-850, -46}, pt{-524, -18}, pt{-280, -4}, pt{-20, 18}, pt{250, 34}, pt{492, 18}, pt{900, 8}, pt{1450, 36}),
		l("书院巷", lane, pt{189, 402}, pt{176, 262}, pt{196, 130}, pt{222, 24}),
		l("渡口巷", lane, pt{-546, -206}, pt{-400, -207}, pt{-250, -190}, pt{-90, -174}, pt{60, -158}, pt{150, -153}, pt{300, -166}, pt{510, -184}),
		l("新村路", estate, pt{-335, 400}, pt{-350, 262}, pt{-331, 120}, pt{-339, -18}),
		l("新村中路", estate, pt{-544, 198}, pt{-440, 203}, pt{-345, 192}, pt{-250, 186}, pt{-128, 196}),
		l("听雨里中弄", estate, pt{-139, 181}, pt{-60, 190}, pt{60, 184}, pt{194, 197}),
		l("花园中路", estate, pt{352, 410}, pt{364, 300}, pt{346, 200}, pt{354, 100}, pt{362, 20}),
		l("厂前路", lane, pt{-269, 8}, pt{-263, -100}, pt{-262, -195}, pt{-250, -300}, pt{-236, -410}),
		l("二小路", lane, pt{338, 40}, pt{346, -60}, pt{352, -170}, pt{338, -290}, pt{329, -408}),
		l("小澜河", river, pt{-215, 620}, pt{-198, 500}, pt{-174, 388}, pt{-122, 300}, pt{-146, 205}, pt{-84, 108}, pt{-12, 18}, pt{62, -60}, pt{146, -152}, pt{168, -232}, pt{128, -312}, pt{150, -392}, pt{172, -490}, pt{180, -580}),

		// Borders on paper, which make the planted faults.
		l("泵站界", lineOnly, pt{184, -208}, pt{142, -216}, pt{120, -246}, pt{104, -284}, pt{112, -316}, pt{148, -330}),
		{"口袋公园界", lineOnly, path{{196, 97}, {258, 94}, {256, 52}, {248, 46}, {248, 26}}},
		{"公交站界", lineOnly, path{{490, 134}, {534, 131}, {540, 206}, {492, 210}}},
		{"宿舍界", lineOnly, path{{-172, -176}, {-167, -247}, {-98, -242}, {-102, -168}}},
	}
}

// layOut draws the town on the table.
func layOut() *site {
	s := &site{net: newNetwork(streets()), rnd: rand.New(rand.NewPCG(seed, 1))}
	s.drawWater()
	s.village()
	s.listeningStreet()
	s.lanes()
	s.garden()
	s.factory()
	s.ferry()
	s.school()
	s.riverCourt()
	return s
}

// riverbed is the half width of 小澜河 at each fraction of its length.
func riverbed(t float64) float64 {
	switch {
	case t < 0.35:
		return 11.5
	case t < 0.55: // wider at the park
		return 13.5
	}
	return 13
}

func (s *site) drawWater() {
	c := s.net.drawn("小澜河") // crossings put vertices so close together that an offset would stumble
	bed := append(ring{}, c.offset(riverbed).reversed()...)
	bed = append(bed, c.offset(func(t float64) float64 { return -riverbed(t) })...)
	s.addPatch("小澜河", Water, false, bed)
	big := spline(0.5, pt{-2300, -760}, pt{-1400, -690}, pt{-600, -640}, pt{100, -655}, pt{800, -700}, pt{1500, -770}, pt{2300, -800})
	wide := func(side float64) func(float64) float64 {
		return func(t float64) float64 { return side * (105 + 18*(t-0.5)) }
	}
	s.addPatch("澜江滨江绿带", Park, false, append(ring(big.offset(wide(0.9))), big.offset(func(t float64) float64 { return 137 + 12*math.Sin(16*t) }).reversed()...))
	s.addPatch("澜江", Water, false, append(ring(big.offset(wide(-1))), big.offset(wide(1)).reversed()...))
	// Green and a promenade along each bank.
	upper := c[:len(c)-1]
	for upper[len(upper)-1].v < -530 {
		upper = upper[:len(upper)-1]
	}
	for _, side := range []float64{-1, 1} {
		bank := func(t float64) float64 { return side * riverbed(t) }
		green := func(t float64) float64 { return side * (23 + 2*math.Sin(40*t)) }
		g := append(ring{}, upper.offset(bank)...)
		g = append(g, upper.offset(green).reversed()...)
		s.addPatch("小澜河滨河绿带", Park, false, g)
		p := c.offset(func(float64) float64 { return side * 18.5 })
		for i := range s.net.faces {
			s.addWay(&s.net.faces[i], "", "footway", 1.2, p)
		}
	}
}

// village is 采薇新村: detached houses along narrow, winding ways.
func (s *site) village() {
	s.addPatch("新村小广场", Square, false, splineRing(0.2, pt{-452, 300}, pt{-428, 302}, pt{-425, 280}, pt{-450, 277}))
	s.addPatch("荷塘", Water, false, splineRing(0.2, pt{-262, 262}, pt{-236, 272}, pt{-216, 258}, pt{-228, 240}, pt{-252, 238}))
	w, e, sw := s.net.faceAt(pt{-440, 300}), s.net.faceAt(pt{-240, 290}), s.net.faceAt(pt{-440, 100})
	blocks := []struct {
		f            *face
		across, down []path // houses stand along the ways across
	}{
		{w, []path{
			spline(0.1, pt{-560, 330}, pt{-480, 336}, pt{-420, 327}, pt{-340, 332}),
			spline(0.1, pt{-560, 287}, pt{-490, 283}, pt{-420, 289}, pt{-340, 281}),
			spline(0.1, pt{-560, 240}, pt{-470, 247}, pt{-410, 238}, pt{-340, 243}),
		}, []path{
			spline(0.1, pt{-488, 410}, pt{-482, 330}, pt{-490, 260}, pt{-484, 190}),
			spline(0.1, pt{-411, 405}, pt{-416, 330}, pt{-408, 260}, pt{-414, 190}),
		}},
		{e, []path{
			spline(0.1, pt{-350, 330}, pt{-290, 322}, pt{-230, 330}, pt{-172, 324}),
			spline(0.1, pt{-350, 284}, pt{-290, 290}, pt{-220, 284}, pt{-142, 294}),
			spline(0.1, pt{-350, 236}, pt{-290, 229}, pt{-220, 221}, pt{-164, 228}),
		}, []path{
			spline(0.1, pt{-281, 400}, pt{-276, 330}, pt{-284, 260}, pt{-278, 180}),
		}},
		{sw, []path{
			spline(0.1, pt{-540, 152}, pt{-450, 158}, pt{-340, 150}),
			spline(0.1, pt{-540, 108}, pt{-450, 106}, pt{-340, 110}),
		}, []path{
			spline(0.1, pt{-448, 204}, pt{-444, 150}, pt{-450, 107}),
		}},
	}
	for _, b := range blocks {
		for _, p := range slices.Concat(b.across, b.down) {
			s.addWay(b.f, "", "footway", 1.6, p)
		}
	}
	shop := func(w float64) plan { return plan{street: "采薇街", floors: s.intBetween(2, 3)} }
	for _, f := range []*face{w, e} {
		s.fillFront(f, front{street: "采薇街", from: 0, to: 1, widths: []float64{16, 21, 27}, depth: [2]float64{10, 12}, apart: 0.8, plan: shop})
	}
	shape := func() ring {
		w, d := s.between(11, 15), s.between(10.5, 12.5)
		switch s.rnd.IntN(5) {
		case 0:
			return ell(w+1, d+1, 5.5, -1)
		case 1:
			return ell(w+1, d+1, 5.5, 1)
		}
		return box(w, d)
	}
	for _, b := range blocks {
		for _, p := range b.across {
			s.fillVillage(b.f, p, shape, func() plan { return plan{estate: "xincun", floors: s.intBetween(2, 4), units: 1} })
		}
	}
}

// listeningStreet is the north side of 听雨路, west of the river: a
// kindergarten, shops, old houses of no estate, and the community's office.
func (s *site) listeningStreet() {
	sw, se := s.net.faceAt(pt{-440, 40}), s.net.faceAt(pt{-240, 90})
	s.addPatch("采薇幼儿园操场", Pitch, false, box(34, 22).place(pt{-398, 48}, 0.02))
	s.put(plan{name: "采薇幼儿园", street: "新村路", floors: 3}, ell(46, 34, 13, -1).place(pt{-396, 68}, 0.02))
	shop := func(w float64) plan { return plan{street: "听雨路", floors: s.intBetween(2, 3)} }
	s.fillFront(sw, front{street: "听雨路", from: 0, to: 1, widths: []float64{20, 26, 32}, depth: [2]float64{11, 13}, apart: 0.8, plan: shop})
	s.fillRows(sw, rows{
		within: ring{{-540, -10}, {-424, -10}, {-424, 84}, {-540, 84}},
		turn:   0.01, pitch: 25, apart: 6, sizes: []int{4, 3, 2},
		shape: func(n int) ring { return slab(n, 15, 11) },
		plan:  func(n int) plan { return plan{street: "木槿街", floors: 5, units: n} },
	})

	// East of 新村路.
	s.addPatch("社区党群广场", Square, false, box(38, 26).place(pt{-205, 22}, 0.06))
	s.put(plan{name: "听雨社区居委会", street: "听雨路", floors: 3}, horseshoe(40, 26, 9).place(pt{-206, 52}, 0.06))
	s.addWay(se, "", "service", 2.2, spline(0.1, pt{-345, 128}, pt{-260, 124}, pt{-150, 134}, pt{-128, 140}))
	s.addWay(se, "", "service", 2.2, spline(0.1, pt{-242, 190}, pt{-240, 128}))
	s.addWay(se, "", "service", 2.2, spline(0.1, pt{-246, 126}, pt{-248, 60}, pt{-244, -6}))
	s.fillFront(se, front{street: "听雨路", from: 0, to: 1, widths: []float64{20, 26, 32}, depth: [2]float64{11, 13}, apart: 0.8, plan: shop})
	s.fillRows(se, rows{
		turn: 0.05, pitch: 23.5, apart: 6, sizes: []int{4, 3, 2},
		shape: func(n int) ring { return slab(n, 15, 11) },
		plan:  func(n int) plan { return plan{street: "听雨路", floors: s.intBetween(5, 6), units: n} },
	})
}

// lanes is 听雨里 with the park at the bend of the river and the old academy.
func (s *site) lanes() {
	n, south := s.net.faceAt(pt{60, 300}), s.net.faceAt(pt{60, 100})
	s.addPatch("石榴公园", Park, false, splineRing(0.2, pt{-130, 345}, pt{-80, 341}, pt{-24, 339}, pt{-2, 312}, pt{-12, 262}, pt{-4, 222}, pt{-30, 203}, pt{-80, 202}, pt{-118, 208}, pt{-112, 245}, pt{-97, 300}, pt{-109, 330}))
	s.addPatch("石榴池", Water, false, splineRing(0.15, pt{-72, 300}, pt{-44, 306}, pt{-30, 288}, pt{-40, 268}, pt{-34, 250}, pt{-56, 240}, pt{-72, 256}, pt{-66, 278}))
	for _, p := range []path{
		{{-60, 378}, {-56, 345}},
		spline(0.1, pt{-56, 345}, pt{-84, 318}, pt{-80, 285}, pt{-88, 250}, pt{-66, 226}, pt{-36, 230}, pt{-20, 262}, pt{-22, 300}, pt{-40, 322}, pt{-56, 345}),
		spline(0.1, pt{-36, 230}, pt{-20, 214}, pt{-22, 180}),
		spline(0.1, pt{-20, 262}, pt{0, 266}, pt{14, 270}),
	} {
		s.addWay(n, "", "footway", 1, p)
	}
	s.put(plan{name: "石榴亭", yard: "park", floors: 1}, disc(4.2, 6).place(pt{-52, 316}, 0.3))
	s.put(plan{name: "石榴公园茶室", yard: "park", floors: 1}, ell(17, 12, 5, 1).place(pt{-24, 324}, -0.1))

	// The passage house stands across the lane, and across the border.
	s.put(plan{name: passageHouse, estate: "tingyuli", floors: 3}, box(15, 24).place(pt{84, 185.3}, 0.05))

	s.put(plan{name: "听雨书院", yard: "academy", floors: 2}, box(40, 44).place(pt{150, 286}, 0.04), box(22, 24).place(pt{150, 287}, 0.04))
	s.put(plan{name: "听雨书院藏书楼", yard: "academy", floors: 2}, box(30, 11).place(pt{148, 318}, 0.04))
	s.addPatch("书院前广场", Square, false, box(34, 16).place(pt{151, 253}, 0.04))

	s.put(plan{name: "听雨社区卫生服务站", street: "听雨路", floors: 4}, ell(36, 26, 12, 1).place(pt{182, 62}, 0.06))
	s.addPatch("", Parking, false, box(18, 16).place(pt{150, 60}, 0.06))

	s.addWay(n, "听雨里一弄", "residential", 2, spline(0.1, pt{14, 385}, pt{16, 300}, pt{10, 240}, pt{16, 180}))
	s.addWay(n, "听雨里二弄", "residential", 2, spline(0.1, pt{98, 392}, pt{96, 300}, pt{100, 240}, pt{97, 180}))
	s.addWay(n, "", "footway", 1.4, spline(0.1, pt{16, 268}, pt{60, 265}, pt{98, 268}))
	s.addWay(south, "听雨里三弄", "residential", 2, spline(0.1, pt{-30, 195}, pt{-28, 120}, pt{-20, 60}, pt{-16, 10}))
	s.addWay(south, "听雨里四弄", "residential", 2, spline(0.1, pt{50, 190}, pt{48, 120}, pt{54, 60}, pt{56, 10}))
	s.addWay(south, "听雨里五弄", "residential", 2, spline(0.1, pt{126, 195}, pt{122, 120}, pt{128, 60}, pt{128, 10}))
	shop := func(street string) func(float64) plan {
		return func(w float64) plan { return plan{street: street, floors: s.intBetween(2, 3)} }
	}
	for _, f := range []*face{n, south} {
		s.fillFront(f, front{street: "采薇街", from: 0.4, to: 0.8, widths: []float64{15, 19, 25}, depth: [2]float64{9, 11}, apart: 0.6, plan: shop("采薇街")})
		s.fillFront(f, front{street: "听雨路", from: 0.3, to: 0.8, widths: []float64{15, 19, 25}, depth: [2]float64{9, 11}, apart: 0.6, plan: shop("听雨路")})
		s.fillFront(f, front{street: "书院巷", from: 0, to: 1, widths: []float64{14, 18, 22}, depth: [2]float64{9, 10}, apart: 0.6, plan: shop("书院巷")})
	}
	terraces := rows{
		turn: 0.045, pitch: 14.6, apart: 2.2, sizes: []int{10, 9, 8, 7, 6, 5},
		shape: func(n int) ring { return terrace(n, 4.2, 11) },
		plan:  func(n int) plan { return plan{estate: "tingyuli", floors: s.intBetween(2, 3), units: n} },
	}
	terraces.within = ring{{0, 190}, {190, 190}, {190, 400}, {0, 400}}
	s.fillRows(n, terraces)
	terraces.within = nil
	s.fillRows(south, terraces)
}

// garden is 望舒花园: towers in a park, shops at its foot.
func (s *site) garden() {
	w, e := s.net.faceAt(pt{280, 200}), s.net.faceAt(pt{440, 200})
	s.addPatch("口袋公园", Park, false, splineRing(0.1, pt{226, 88}, pt{248, 86}, pt{252, 68}, pt{238, 56}, pt{222, 60}))
	s.addPatch("望舒幼儿园操场", Pitch, false, box(36, 22).place(pt{296, 72}, 0))
	s.put(plan{name: "望舒幼儿园", street: "听雨路", floors: 3}, horseshoe(50, 30, 11).place(pt{305, 104}, 0))
	s.addPatch("望舒花园中心花园", Garden, true, splineRing(0.2, pt{226, 326}, pt{300, 338}, pt{342, 340}, pt{350, 280}, pt{334, 200}, pt{340, 148}, pt{290, 144}, pt{244, 150}, pt{224, 220}, pt{220, 300}))
	s.addPatch("月池", Water, false, splineRing(0.15, pt{262, 262}, pt{288, 270}, pt{314, 260}, pt{310, 242}, pt{288, 248}, pt{266, 242}))
	s.addPatch("", Garden, true, splineRing(0.2, pt{372, 338}, pt{400, 340}, pt{436, 336}, pt{449, 308}, pt{442, 200}, pt{438, 122}, pt{414, 102}, pt{366, 104}, pt{360, 200}, pt{374, 290}))
	s.addPatch("", Pitch, false, box(15, 28).place(pt{438, 210}, 0))
	s.put(plan{name: "望舒花园会所", estate: "garden", floors: 2}, ell(30, 20, 9, 1).place(pt{396, 60}, 0.05))
	s.addPatch("望舒路公交首末站", Parking, false, ring{{510, 141}, {527, 140}, {531, 198}, {512, 200}})
	ring1 := spline(0.1, pt{376, 356}, pt{340, 352}, pt{300, 346}, pt{228, 340}, pt{209, 300}, pt{212, 220}, pt{234, 142}, pt{290, 136}, pt{362, 138})
	ring2 := spline(0.1, pt{340, 352}, pt{390, 350}, pt{438, 348}, pt{458, 318}, pt{451, 200}, pt{448, 116}, pt{420, 92}, pt{345, 94})
	s.addWay(w, "", "service", 2.4, ring1)
	s.addWay(e, "", "service", 2.4, ring2)
	podium := func(street string) func(float64) plan {
		return func(w float64) plan { return plan{street: street, floors: 2} }
	}
	for _, f := range []*face{w, e} {
		s.fillFront(f, front{street: "听雨路", from: 0.5, to: 0.8, widths: []float64{22, 30, 36}, depth: [2]float64{12, 14}, apart: 3, plan: podium("听雨路")})
	}
	s.fillFront(e, front{street: "望舒路", from: 0.4, to: 0.72, widths: []float64{26, 34, 40}, depth: [2]float64{12, 14}, apart: 4, plan: podium("望舒路")})
	towers := rows{
		turn: 0.02, pitch: 50, apart: 17, sizes: []int{2, 1}, shift: 24,
		shape: func(n int) ring {
			if n == 2 {
				return butterfly(32, 21)
			}
			return point(27, 22)
		},
		plan: func(n int) plan {
			return plan{estate: "garden", floors: []int{18, 24, 26, 28, 32, 33}[s.rnd.IntN(6)], units: n}
		},
	}
	s.fillRows(w, towers)
	towers.sizes = []int{1}
	s.fillRows(e, towers)
}

// factory is 澜江机械厂 and the estate it built for its people.
func (s *site) factory() {
	works := s.net.faceAt(pt{-400, -300})
	hall := func(name string, floors int, r ring, at pt, turn float64) {
		s.put(plan{name: "澜江机械厂" + name, yard: "factory", floors: floors}, r.place(at, turn))
	}
	s.addWay(works, "", "service", 3, spline(0.1, pt{-240, -292}, pt{-330, -296}, pt{-430, -297}, pt{-508, -296}))
	s.addWay(works, "", "service", 3, spline(0.1, pt{-330, -296}, pt{-331, -232}))
	s.addWay(works, "", "service", 3, spline(0.1, pt{-420, -297}, pt{-418, -362}))
	hall("一车间", 1, box(82, 40), pt{-468, -254}, 0.01)
	hall("二车间", 1, box(74, 40), pt{-376, -253}, 0.01)
	hall("总装车间", 2, comb(76, 48, 20), pt{-466, -334}, 0.01)
	hall("仓库", 1, box(50, 24), pt{-382, -325}, 0.01)
	hall("办公楼", 5, ell(34, 46, 13, -1), pt{-295, -336}, 0.05)
	hall("职工食堂", 2, box(32, 24), pt{-303, -242}, 0.03)
	hall("配电房", 1, box(11, 9), pt{-346, -356}, 0.02)
	s.put(plan{name: "澜江机械厂水塔", yard: "factory", floors: 1}, disc(5, 12).place(pt{-340, -322}, 0))
	s.addPatch("", Parking, false, box(34, 20).place(pt{-300, -279}, 0.05))

	w, e := s.net.faceAt(pt{-400, -100}), s.net.faceAt(pt{-100, -80})
	s.addPatch("家属院篮球场", Pitch, false, box(28, 15).place(pt{-330, -186}, 0.03))
	s.addPatch("", Garden, true, box(30, 24).place(pt{-368, -104}, 0.02))
	s.put(plan{name: "机械厂工人俱乐部", street: "厂前路", floors: 3}, box(30, 24).place(pt{-222, -150}, 0.06))
	s.addWay(w, "", "service", 2.4, spline(0.1, pt{-390, -4}, pt{-392, -100}, pt{-388, -210}))
	s.addWay(w, "", "service", 2.2, spline(0.1, pt{-540, -96}, pt{-460, -98}, pt{-392, -100}))
	s.addWay(w, "", "service", 2.2, spline(0.1, pt{-391, -74}, pt{-330, -72}, pt{-260, -70}))
	s.addWay(e, "", "service", 2.2, spline(0.1, pt{-264, -96}, pt{-180, -90}, pt{-90, -82}, pt{-10, -76}))
	s.addWay(e, "", "service", 2.2, spline(0.1, pt{-130, 10}, pt{-126, -90}, pt{-122, -180}))
	shop := func(w float64) plan { return plan{street: "听雨路", floors: s.intBetween(1, 2)} }
	for _, f := range []*face{w, e} {
		s.fillFront(f, front{street: "听雨路", from: 0, to: 0.7, widths: []float64{24, 32, 40}, depth: [2]float64{9, 10}, apart: 0.8, plan: shop})
	}
	slabs := rows{
		turn: 0.012, pitch: 26.5, apart: 7, sizes: []int{4, 3, 2},
		shape: func(n int) ring { return slab(n, 16, 11.5) },
		plan:  func(n int) plan { return plan{estate: "works", floors: s.intBetween(5, 6), units: n} },
	}
	s.fillRows(w, slabs)
	slabs.turn = 0.06
	s.fillRows(e, slabs)
}

// ferry is the old landing: market, shops, a mix of houses, and two dormitories
// of the factory on ground that its grid kept.
func (s *site) ferry() {
	f := s.net.faceAt(pt{-10, -300})
	for i, at := range []pt{{-134, -203}, {-133, -230}} {
		s.put(plan{name: []string{"机械厂单身宿舍1号楼", "机械厂单身宿舍2号楼"}[i], estate: "works", floors: 6, units: 2}, slab(3, 15, 11.5).place(at, 0.08))
	}
	s.put(plan{name: pumpHouse, street: "渡口巷", floors: 1}, ell(11, 8, 4, 1).place(pt{117, -268}, 1.15))

	s.put(plan{name: "渡口农贸市场", yard: "market", floors: 2}, box(70, 38).place(pt{50, -204}, 0.07))
	s.put(plan{name: "渡口农贸市场水产区", yard: "market", floors: 1}, ell(38, 26, 11, -1).place(pt{58, -246}, 0.07))
	s.addPatch("渡口码头广场", Square, false, splineRing(0.1, pt{98, -176}, pt{122, -176}, pt{126, -194}, pt{104, -200}, pt{97, -190}))
	s.addWay(f, "", "service", 2.6, spline(0.1, pt{-8, -160}, pt{-6, -240}, pt{4, -320}, pt{12, -400}))
	s.addWay(f, "", "service", 2.2, spline(0.1, pt{-260, -276}, pt{-160, -272}, pt{-60, -268}, pt{-4, -264}))
	s.addWay(f, "", "service", 2.2, spline(0.1, pt{2, -300}, pt{50, -296}, pt{84, -292}))

	s.put(plan{name: "澜江商务楼", street: "澜江大道", floors: 16}, point(34, 26).place(pt{-20, -348}, 0))
	s.put(plan{name: "渡口宾馆", street: "澜江大道", floors: 9}, ell(40, 26, 13, 1).place(pt{46, -348}, 0))
	shop := func(w float64) plan { return plan{street: "澜江大道", floors: s.intBetween(3, 5)} }
	s.fillFront(f, front{street: "澜江大道", from: 0.3, to: 0.6, widths: []float64{18, 24, 30}, depth: [2]float64{13, 15}, apart: 2, plan: shop})
	s.fillFront(f, front{street: "渡口巷", from: 0, to: 0.7, widths: []float64{16, 20, 26}, depth: [2]float64{9, 10}, apart: 0.6,
		plan: func(w float64) plan { return plan{street: "渡口巷", floors: s.intBetween(2, 3)} }})
	s.fillFront(f, front{street: "厂前路", from: 0.4, to: 1, widths: []float64{20, 26}, depth: [2]float64{9, 10}, apart: 0.6,
		plan: func(w float64) plan { return plan{street: "厂前路", floors: s.intBetween(2, 3)} }})
	s.fillRows(f, rows{
		turn: 0.05, pitch: 25, apart: 7, sizes: []int{4, 3, 2},
		shape: func(n int) ring { return slab(n, 15.5, 11) },
		plan:  func(n int) plan { return plan{street: "渡口巷", floors: s.intBetween(5, 7), units: n} },
	})
}

// school is 望舒二小 with its running track.
func (s *site) school() {
	f := s.net.faceAt(pt{250, -60})
	hall := func(name string, floors int, r ring, at pt, turn float64) {
		s.put(plan{name: "望舒二小" + name, yard: "school", floors: floors}, r.place(at, turn))
	}
	s.addPatch("望舒二小操场", Pitch, false, track(100, 46).place(pt{260, -112}, -0.04))
	hall("教学楼", 4, comb(86, 46, 12), pt{272, -34}, -0.02)
	hall("综合楼", 5, box(40, 14), pt{172, -52}, 0)
	hall("体育馆", 2, box(38, 30), pt{184, -94}, -0.02)
	hall("食堂", 2, box(24, 16), pt{194, -20}, 0)
	s.addPatch("", Square, false, box(26, 40).place(pt{214, -32}, 0))
	shop := func(w float64) plan { return plan{street: "听雨路", floors: s.intBetween(2, 4)} }
	s.fillFront(f, front{street: "听雨路", from: 0.4, to: 0.6, widths: []float64{20, 28}, depth: [2]float64{10, 12}, apart: 0.8, plan: shop})
	s.fillRows(f, rows{
		within: ring{{60, -60}, {150, -150}, {150, 20}, {40, 20}},
		turn:   -0.02, pitch: 24, apart: 7, sizes: []int{3, 2, 1},
		shape: func(n int) ring { return slab(n, 15, 11) },
		plan:  func(n int) plan { return plan{street: "听雨路", floors: 6, units: n} },
	})
}

// riverCourt is 澜江苑, built for those who made way for the boulevard.
func (s *site) riverCourt() {
	n, w, e := s.net.faceAt(pt{430, -80}), s.net.faceAt(pt{250, -280}), s.net.faceAt(pt{430, -290})
	s.addWay(n, "", "service", 2.4, spline(0.1, pt{335, -70}, pt{400, -74}, pt{500, -70}))
	s.addWay(w, "", "service", 2.4, spline(0.1, pt{262, -150}, pt{258, -230}, pt{250, -300}, pt{256, -330}, pt{345, -334}))
	s.addWay(e, "", "service", 2.4, spline(0.1, pt{330, -270}, pt{420, -274}, pt{540, -280}))
	s.addWay(e, "", "service", 2.4, spline(0.1, pt{424, -160}, pt{428, -274}, pt{426, -340}))
	s.addPatch("", Garden, true, splineRing(0.2, pt{392, -86}, pt{440, -82}, pt{470, -92}, pt{460, -112}, pt{400, -110}))
	s.addPatch("", Pitch, false, box(28, 15).place(pt{430, -98}, 0))
	shop := func(street string) func(float64) plan {
		return func(w float64) plan { return plan{street: street, floors: s.intBetween(2, 3)} }
	}
	s.fillFront(n, front{street: "听雨路", from: 0.5, to: 0.8, widths: []float64{20, 26, 34}, depth: [2]float64{11, 13}, apart: 1, plan: shop("听雨路")})
	s.fillFront(n, front{street: "望舒路", from: 0.3, to: 0.6, widths: []float64{20, 26, 34}, depth: [2]float64{11, 13}, apart: 1, plan: shop("望舒路")})
	s.fillFront(e, front{street: "望舒路", from: 0.25, to: 0.6, widths: []float64{20, 26, 34}, depth: [2]float64{11, 13}, apart: 1, plan: shop("望舒路")})
	for _, f := range []*face{w, e} {
		s.fillFront(f, front{street: "澜江大道", from: 0.5, to: 0.75, widths: []float64{26, 34}, depth: [2]float64{14, 16}, apart: 5, plan: shop("澜江大道")})
	}
	slabs := rows{
		turn: -0.03, pitch: 33, apart: 9, sizes: []int{3, 2},
		shape: func(n int) ring { return slab(n, 19, 13) },
		plan:  func(n int) plan { return plan{estate: "court", floors: s.intBetween(9, 11), units: n} },
	}
	s.fillRows(n, slabs)
	s.fillRows(w, slabs)
	s.fillRows(e, slabs)
}
