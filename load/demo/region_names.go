package demo

import (
	"fmt"
	"math/rand/v2"
)

// The names of the larger towns are put together from parts, among them characters with several readings. They are invented:
// where a name exists somewhere, it is by chance.
var (
	communityFirst = []rune("枕望拾倚照漱扶临听晴揽渡栖闻抚行采煮卧踏数折引系点沐锄读织寻掬赏迎邀吟怀思醉隐")
	communityLast  = []rune("松溪云泉荷石桐月涧鹭篱桑竹藤棠舟萤茶芦麦柏菱杏帆乐曲重朝长藏")

	first = []rune("长乐重行朝都曾单柏盛藏会调夏和荣石曲宿蔚盖参折降晚晴云锦绿碧金银紫青翠红白清澄明听观望映沁漱枕芳兰荷桂梅竹松枫橘茶桑菱芦苇鹭鹤雁舟帆")
	last  = []rune("乐行盛桥堡铺塘溪浦湾洲渚汀泽澜涛泉潭岸渡津屿岭岗坡谷林园圃庭院轩阁亭台楼榭门桐棠棣槿薇蕙芷蘅荇菱舟笛筝琴歌韵诗")

	districtNames = []string{"蘅皋区", "汀兰区", "云岫区", "鹭屿区", "霁川区", "菱湾区"}
	townLast      = []string{"街道", "街道", "街道", "镇"}
	streetLast    = []string{"路", "路", "街", "路", "大街"}
	laneLast      = []string{"巷", "里", "弄", "中路", "支路", "胡同"}
	estateKinds   = []struct{ last, manager, house string }{
		{"花园", "COMPANY", "%s%d幢"}, {"苑", "COMPANY", "%s%d号楼"}, {"家园", "COMPANY", "%s%d栋"}, {"新村", "VILLAGE", "%s%d号楼"},
		{"公寓", "COMPANY", "%s%d座"}, {"里", "OWNERS", "%s%d号楼"}, {"小区", "COMMUNITY", "%s%d号楼"}, {"名邸", "COMPANY", "%s%d幢"},
		{"坊", "OWNERS", "%s%d号楼"}, {"厂宿舍", "EMPLOYER", "%s%d栋"}, {"华庭", "COMPANY", "%s%d号楼"}, {"雅居", "COMPANY", "%s%d幢"},
	}
)

func pick[T any](list []T, what ...int) T { return list[int(chance(what...)*float64(len(list)))] }

// twoOf is a word of two characters; the second is none that the first is.
func twoOf(a, b []rune, what ...int) string {
	for try := 0; ; try++ {
		x, y := pick(a, append(what, try, 1)...), pick(b, append(what, try, 2)...)
		if x != y {
			return string([]rune{x, y})
		}
	}
}

// communityNames gives each cell a name of its own.
func communityName(c cell) string {
	if c == (cell{}) {
		return "听雨社区"
	}
	width := cityBlock.hi.i - cityBlock.lo.i + 1
	k := ((c.j-cityBlock.lo.j)*width + c.i - cityBlock.lo.i) * 389 // prime, so that neighbours are called differently
	n := len(communityLast)
	return string([]rune{communityFirst[k/n%len(communityFirst)], communityLast[k%n]}) + "社区"
}

// divisionName is the name of a city, district or town with the cells it has.
func divisionName(code string, cells []cell) (string, Limits) {
	switch code {
	case city:
		return "澜州市", Limits{"大泽湖", "南屏山", "沅溪", "平芜县"}
	case town:
		return "望舒街道", edgesOf(cells)
	}
	var d, n int
	if len(code) == 6 {
		fmt.Sscanf(code[4:], "%02d", &d)
		return districtNames[d-1], edgesOf(cells)
	}
	fmt.Sscanf(code[4:], "%02d%03d", &d, &n)
	return twoOf(first, last, ofNames, 1, d, n) + pick(townLast, ofNames, 2, d, n), edgesOf(cells)
}

// edgesOf names the streets at the outermost cells.
func edgesOf(cells []cell) Limits {
	e, s, w, n := cells[0], cells[0], cells[0], cells[0]
	for _, c := range cells {
		if c.i > e.i {
			e = c
		}
		if c.i < w.i {
			w = c
		}
		if c.j > n.j {
			n = c
		}
		if c.j < s.j {
			s = c
		}
	}
	return Limits{streetsAround(e).East, streetsAround(s).South, streetsAround(w).West, streetsAround(n).North}
}

func streetsAround(c cell) Limits {
	return Limits{East: upStreet(cell{c.i + 1, c.j}), South: acrossStreet(c), West: upStreet(c), North: acrossStreet(cell{c.i, c.j + 1})}
}

// acrossStreet and upStreet name the streets along the borders of the communities; one runs along several of them.
func acrossStreet(c cell) string {
	section := (c.i + 101) / 7
	if section == 101/7 {
		switch c.j {
		case 0:
			return "澜江大道"
		case 1:
			return "采薇街"
		}
	}
	return twoOf(first, last, ofNames, 3, c.j, section) + pick(streetLast, ofNames, 4, c.j, section)
}

func upStreet(c cell) string {
	section := (c.j + 103) / 7
	if section == 103/7 {
		switch c.i {
		case 0:
			return "木槿街"
		case 1:
			return "望舒路"
		}
	}
	return twoOf(last, first, ofNames, 5, c.i, section) + pick(streetLast, ofNames, 6, c.i, section)
}

// lanesOf names the streets between the rows of grids, the one along the lower border first.
func lanesOf(c cell, n int) []string {
	out := []string{acrossStreet(c)}
	taken := map[string]bool{out[0]: true}
	for r := 1; len(out) < n; r++ {
		name := twoOf(first, last, ofNames, 7, c.i, c.j, r) + pick(laneLast, ofNames, 8, c.i, c.j, r)
		if !taken[name] {
			taken[name] = true
			out = append(out, name)
		}
	}
	return out
}

// estateName is the name of an estate, or of the streets that a grid without one is called by (manager is empty then).
type estateName struct{ name, manager, house string }

// estatesOf names the estates of a cell, no two the same there; elsewhere there may be another of the name.
func estatesOf(c cell, n int) []estateName {
	var out []estateName
	taken := map[string]bool{}
	for x := 0; len(out) < n; x++ {
		word := twoOf(first, last, ofNames, 9, c.i, c.j, x)
		e := estateName{name: word + pick(streetLast, ofNames, 10, c.i, c.j, x)}
		if chance(ofNames, 11, c.i, c.j, x) > 0.12 {
			kind := pick(estateKinds, ofNames, 12, c.i, c.j, x)
			e = estateName{word + kind.last, kind.manager, kind.house}
		}
		if !taken[e.name] {
			taken[e.name] = true
			out = append(out, e)
		}
	}
	return out
}

var allSurnames = func() (n int) {
	for _, s := range surnames {
		n += s.weight
	}
	return n
}()

func drawSurname(rnd *rand.Rand) string {
	at := 0
	for r := rnd.IntN(allSurnames); r >= surnames[at].weight; at++ {
		r -= surnames[at].weight
	}
	return surnames[at].name
}
