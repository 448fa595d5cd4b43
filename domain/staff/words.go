package staff

import (
	"slices"

	"wangge/internal/fault"
)

// postNames are what posts are called, in Chinese and English. Pages and boards call them nothing else.
var postNames = map[Post][2]string{
	ChiefLeader:     {"总网格长", "Chief leader"},
	GridLeader:      {"网格长", "Grid leader"},
	GridWorker:      {"网格员", "Grid worker"},
	Assistant:       {"协管员", "Assistant"},
	SectionLeader:   {"片长", "Section leader"},
	GroupLeader:     {"居民小组长", "Residents' group leader"},
	ClusterLeader:   {"楼群组长", "Cluster leader"},
	BuildingLeader:  {"楼栋长", "Building leader"},
	LeadHouseholder: {"中心户长", "Lead householder"},
	UnitLeader:      {"单元长", "Unit leader"},
	Informant:       {"信息员", "Informant"},
	Volunteer:       {"志愿者", "Volunteer"},
	StationHead:     {"站长", "Head of station"},
	CounterStaff:    {"窗口服务人员", "Counter staff"},
	PlatformAdmin:   {"平台管理员", "Platform administrator"},
}

// Text is what p is called in a language; a post that there is not is somebody in charge.
func (p Post) Text(lang fault.Language) string {
	names, ok := postNames[p]
	if !ok {
		names = [2]string{"负责人", "In charge"}
	}
	if lang == fault.English {
		return names[1]
	}
	return names[0]
}

// coverNames are what the two that cover a post are called, in Chinese and English.
var coverNames = map[Cover][2]string{CoverA: {"A岗", "First to call"}, CoverB: {"B岗", "Stands in"}}

// Text is what c is called in a language.
func (c Cover) Text(lang fault.Language) string {
	if lang == fault.English {
		return coverNames[c][1]
	}
	return coverNames[c][0]
}

// generalDuties are what grid workers do everywhere, in Chinese and English.
var generalDuties = [][2]string{
	{"巡查网格，发现问题当场处理或上报", "Walk the grid; settle or report what is wrong"},
	{"走访住户，了解家庭变化和需要", "Visit households and hear what they need"},
	{"登记和核对房屋、人口信息", "Keep the records of homes and residents"},
	{"看望独居老人和需要照料的家庭", "Look after those who live alone or need care"},
	{"调解邻里纠纷", "Settle disputes between neighbours"},
	{"排查楼道、用电和燃气等安全隐患", "Look out for dangers in stairwells, of power and gas"},
	{"宣传政策，代办居民事项", "Explain policies and see to residents' papers"},
}

// GeneralDuties are what grid workers do everywhere, in a language: what pages and boards say where no duties of a worker's own are known.
func GeneralDuties(lang fault.Language) (out []string) {
	for _, d := range generalDuties {
		if lang == fault.English {
			out = append(out, d[1])
		} else {
			out = append(out, d[0])
		}
	}
	return out
}

// Duties are a worker's in a language: the general ones are said in it, a town's own stay as they were written.
func Duties(written []string, lang fault.Language) []string {
	if lang != fault.English {
		return written
	}
	out := slices.Clone(written)
	for i, d := range out {
		for _, general := range generalDuties {
			if d == general[0] {
				out[i] = general[1]
			}
		}
	}
	return out
}
