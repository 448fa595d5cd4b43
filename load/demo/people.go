package demo

import (
	"fmt"
	"math/rand/v2"

	"wangge/domain/staff"
	"wangge/internal/fault"
)

// unstaffed is the index of the grid without a worker.
const unstaffed = 13

// Indices of the grids whose worker is away: today with somebody to stand in,
// today without (so it falls to the leader of the group), and next week.
const (
	awayCovered = 4
	awayAlone   = 9
	awaySoon    = 6
)

// Indices of the grids with the wrong number of informants: three, and none.
const (
	fewInformants = 11
	noInformants  = 10
)

// standIns says who is B in which grid: the index of the grid whose own worker
// helps out, or -1 for somebody who does nothing else.
var standIns = map[int]int{0: 1, 1: 0, 3: -1, 4: -1, 6: 7, 7: 6, 10: -1, 12: 11}

var duties = map[string][]string{
	"GRID_WORKER": append(staff.GeneralDuties(fault.Chinese), "汛期查看沿河低洼处和老房屋"),
	"GRID_LEADER": {
		"带领本组网格员开展工作",
		"网格员不在岗时接手其事务",
		"组织每周网格例会",
		"协调跨网格的问题",
		"把网格解决不了的事报到社区",
		"核对网格走访和巡查记录",
	},
	"CHIEF_LEADER": {
		"统筹全社区网格工作",
		"主持网格联席会议",
		"把社区解决不了的事报到街道",
		"安排网格员的分工和培训",
		"听取居民意见并公开办理结果",
		"组织应急值守",
	},
	"ASSISTANT": {
		"协助网格员巡查和走访",
		"整理网格台账",
		"协助组织居民活动",
		"网格员请假时代为巡查",
		"协助张贴通知、更新公示牌",
		"协助老人办理生活事项",
	},
	"BUILDING_LEADER": {
		"收集本楼居民的意见",
		"发现楼道隐患及时告诉网格员",
		"转发通知到每一户",
		"关心本楼的独居老人",
		"组织楼道清洁",
		"协助调解楼内小矛盾",
	},
	"INFORMANT": {
		"留意身边五十到一百户的情况",
		"有急事马上联系网格员",
		"把居民反映的问题告诉网格员",
		"帮助传达通知",
		"协助看望需要照料的邻居",
		"参加每月一次的网格碰头会",
	},
}

type cast struct {
	t     *Town
	names *namer
}

// fillPosts hires who works in the town.
func fillPosts(t *Town) {
	c := &cast{t, newNamer(rand.New(rand.NewPCG(seed, 2)))}
	inCommunity := func(from int) []post { return []post{{"CHIEF_LEADER", "A", Area{Division: community}, from, 0}} }

	c.hire("CHIEF_LEADER", true, true, "", inCommunity(-1460))
	for i, g := range t.Groups {
		names := map[int]string{3: compoundName}
		c.hire("GRID_LEADER", i%3 == 1, i%2 == 0, names[i], []post{{"GRID_LEADER", "A", Area{Group: g.Key}, -900 + 37*i, 0}})
	}

	workers := map[int]string{} // grid → key of its A
	special := map[int]string{1: astralName, 5: longName, 8: rareName}
	woman := map[int]bool{5: true, 8: true, 0: true, 3: true, 4: true, 7: true, 10: true, 12: true}
	for i, g := range t.Grids {
		in := post{"GRID_WORKER", "A", Area{Grid: g.Code}, -800 + 41*i, 0}
		if i == unstaffed {
			in.until = -20
		}
		workers[i] = c.hire("GRID_WORKER", woman[i], i%5 == 2, special[i], []post{in})
	}
	for i, g := range t.Grids {
		helper, ok := standIns[i]
		if !ok {
			continue
		}
		b := post{"GRID_WORKER", "B", Area{Grid: g.Code}, -300, 0}
		if helper < 0 {
			c.hire("GRID_WORKER", i%2 == 0, false, "", []post{b})
		} else {
			c.assign(workers[helper], b)
		}
	}
	for n, i := range []int{0, 2, 5, 7, 9, 11} {
		c.hire("ASSISTANT", n%2 == 1, n%3 == 0, "", []post{{"ASSISTANT", "A", Area{Grid: t.Grids[i].Code}, -210 + 11*n, 0}})
	}
	// A leader in one of every few blocks of flats, and informants in nearly every grid.
	flats := 0
	for _, b := range t.Buildings {
		if b.Units < 2 || b.Estate == "" || b.Estate == "tingyuli" {
			continue
		}
		if flats++; flats%5 == 2 {
			c.hire("BUILDING_LEADER", flats%2 == 0, flats%3 != 0, "", []post{{"BUILDING_LEADER", "A", Area{Building: b.Code}, -500, 0}})
		}
	}
	for _, i := range []int{4, 9, 0, 1, 2, 3, 5, 6, 7, 8, 11, 12, 13} {
		count := 6
		switch i {
		case oversized:
			count = 7
		case fewInformants:
			count = 3
		}
		for n := range count {
			c.hire("INFORMANT", n%2 == 0, n%4 != 3, "", []post{{"INFORMANT", "A", Area{Grid: t.Grids[i].Code}, -365, 0}})
		}
	}
	t.Notes = []Note{
		{"INFORMANTS", t.Grids[fewInformants].Name, "信息员太少。Three informants are too few for the grid.", t.Grids[fewInformants].Code, 3},
		{"INFORMANTS", t.Grids[noInformants].Name, "厂区没有住户，也没有信息员。Nobody lives in the factory, and it has no informants.", t.Grids[noInformants].Code, 0},
	}

	t.Absences = []Absence{
		{workers[awayCovered], -1, 4},
		{workers[awayAlone], -2, 3},
		{workers[awaySoon], 7, 10},
	}
}

type post struct {
	name, cover string
	area        Area
	from, until int
}

// hire invents a person for the posts and returns the key. An empty name is
// drawn.
func (c *cast) hire(duty string, woman, elder bool, name string, posts []post) string {
	n := len(c.t.Workers) + 1
	if name == "" {
		name = c.names.next(woman, elder)
	}
	w := Worker{
		Key: fmt.Sprintf("demo-%03d", n), Name: name,
		WorkPhone: fmt.Sprintf("%s%04d%04d", PhonePrefix, 9901, 1000+n*37),
		Duties:    duties[duty],
		Portrait:  portrait(rand.New(rand.NewPCG(seed, uint64(1000+n))), looks{woman: woman, elder: elder, vest: duty == "GRID_WORKER" || duty == "ASSISTANT"}),
	}
	c.t.Workers = append(c.t.Workers, w)
	for _, p := range posts {
		c.assign(w.Key, p)
	}
	return w.Key
}

func (c *cast) assign(worker string, p post) {
	c.t.Assignments = append(c.t.Assignments, Assignment{
		Worker: worker, Post: p.name, Cover: p.cover, Area: p.area, FromDays: p.from, UntilDays: p.until,
	})
}
