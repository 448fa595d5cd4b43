package demo

import "math/rand/v2"

// surnames with how many in ten thousand bear them, after the ministry's yearly
// name reports; the tail is left out.
var surnames = []struct {
	name   string
	weight int
}{
	{"王", 720}, {"李", 710}, {"张", 680}, {"刘", 540}, {"陈", 500}, {"杨", 310}, {"黄", 220}, {"赵", 210}, {"吴", 205},
	{"周", 190}, {"徐", 145}, {"孙", 140}, {"马", 130}, {"朱", 125}, {"胡", 120}, {"郭", 115}, {"何", 115}, {"林", 110},
	{"高", 105}, {"罗", 95}, {"郑", 92}, {"梁", 85}, {"谢", 80}, {"宋", 75}, {"唐", 70}, {"许", 68}, {"韩", 65},
	{"邓", 62}, {"冯", 60}, {"曹", 58}, {"彭", 56}, {"曾", 55}, {"肖", 54}, {"田", 50}, {"董", 50}, {"潘", 48},
	{"袁", 47}, {"蔡", 46}, {"蒋", 45}, {"余", 44}, {"于", 43}, {"杜", 42}, {"叶", 42}, {"程", 41}, {"魏", 40},
	{"苏", 39}, {"吕", 38}, {"丁", 37}, {"沈", 36}, {"任", 35}, {"姚", 34}, {"卢", 33}, {"钟", 32}, {"姜", 31},
	{"崔", 30}, {"陆", 30}, {"范", 29}, {"汪", 28}, {"廖", 27}, {"金", 26}, {"顾", 25}, {"贾", 25}, {"夏", 24},
}

// Given names by sex and age. They are everyday ones, and chosen so that none
// makes a well-known person with a surname above.
var given = map[bool]map[bool][]string{ // woman → elder
	true: {
		true: {
			"秀琴", "惠芬", "玉珍", "桂香", "美凤", "月英", "雅珍", "红霞", "素梅", "丽萍", "建芳", "春兰", "巧云", "银娣", "淑贤",
			"金凤", "彩珍", "爱华", "菊芬", "琴芳", "招娣", "凤仙", "云珠", "翠英", "文珍",
		},
		false: {
			"思宁", "晓雯", "雨桐", "欣妍", "佳禾", "静姝", "梦洁", "若溪", "书瑶", "婉清", "诗涵", "怡然", "梓萱", "知夏", "沐晴",
			"海燕", "文秀", "雪慧", "晓燕", "婷玉", "凌云", "心悦", "亚男", "依依", "颖慧",
		},
	},
	false: {
		true: {
			"根生", "国良", "永福", "德明", "福根", "金生", "志刚", "文林", "宝林", "长河", "正华", "根宝", "守勤", "水生", "庆余",
			"阿兴", "伯明", "泉兴", "顺发", "树根", "荣生", "耀庭", "鹤年", "春生", "来福",
		},
		false: {
			"浩然", "宇航", "博文", "晨阳", "一帆", "子轩", "嘉树", "明远", "景行", "修远", "俊峰", "启明", "书恒", "立诚", "少杰",
			"海涛", "振东", "伟民", "家骏", "思源", "瑞霖", "承志", "逸舟", "鹏程", "松年",
		},
	},
}

// namer hands out invented names, none twice, and goes round the given names
// evenly, so that a small community does not have four of one.
type namer struct {
	rnd    *rand.Rand
	used   map[string]bool
	uses   map[string]int        // of a given name
	drawn  map[bool]map[bool]int // by sex and age
	weight int                   // of all surnames
}

func newNamer(rnd *rand.Rand) *namer {
	n := &namer{rnd, map[string]bool{}, map[string]int{}, map[bool]map[bool]int{true: {}, false: {}}, 0}
	for _, s := range surnames {
		n.weight += s.weight
	}
	return n
}

func (n *namer) next(woman, elder bool) string {
	list := given[woman][elder]
	for {
		at := 0
		for r := n.rnd.IntN(n.weight); r >= surnames[at].weight; at++ {
			r -= surnames[at].weight
		}
		g := list[n.rnd.IntN(len(list))]
		name := surnames[at].name + g
		if n.used[name] || n.uses[g] > n.drawn[woman][elder]/len(list) {
			continue
		}
		n.used[name] = true
		n.uses[g]++
		n.drawn[woman][elder]++
		return name
	}
}

// Names that a page, a font and a column must be able to hold: a compound
// surname, a long name with a middle dot, a character of the name list that
// lies beyond the first 65,536 (𫖯, U+2B5AF), and one that many fonts lack.
const (
	compoundName = "欧阳知远"
	longName     = "迪丽拜尔·阿卜杜克热木"
	astralName   = "梁𫖯"
	rareName     = "陈㛃"
)

// PhonePrefix begins every telephone number of the town. China has given 154
// to no operator: it is a blank in the mobile range 13x to 19x of the
// numbering plan, and libphonenumber's pattern for Chinese mobile numbers
// leaves it out. So the numbers look right and ring nowhere.
const PhonePrefix = "154"
