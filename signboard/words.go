package signboard

import "wangge/internal/fault"

// words are what a board says by itself: Chinese and English.
type words struct{ zh, en string }

// in is the word in lang.
func (w words) in(lang fault.Language) string {
	if lang == fault.English {
		return w.en
	}
	return w.zh
}

// beside is the word in the other language.
func (w words) beside(lang fault.Language) string {
	if lang == fault.English {
		return w.zh
	}
	return w.en
}

var (
	wBoard        = words{"网格公示牌", "Grid signboard"}
	wBuilding     = words{"楼栋公示牌", "Building signboard"}
	wBelongs      = words{"本楼所属网格", "This building is in"}
	wWorker       = words{"网格员", "Grid worker"}
	wFirst        = words{"A岗", "First to call"}
	wSecond       = words{"B岗", "Stands in"}
	wNobody       = words{"网格员暂缺", "No grid worker at present"}
	wInstead      = words{"请先联系", "Please call"}
	wNoPhone      = words{"电话未公布，请拨", "No phone of their own: call"}
	wDuties       = words{"主要职责", "What we do for you"}
	wContacts     = words{"还可以找", "You can also ask"}
	wSupervision  = words{"监督电话", "Complaints"}
	wStation      = words{"服务站", "Service station"}
	wLimits       = words{"网格四至", "Where the grid ends"}
	wMap          = words{"网格范围图", "Map of the grid"}
	wScan         = words{"扫码核对", "Scan to check"}
	wCurrent      = words{"本牌是否最新？", "Is this board current?"}
	wToday        = words{"今天谁在岗？", "Who is in today?"}
	wRevision     = words{"第 %d 版", "Revision %d"}
	wNumber       = words{"%s 号", "No. %s"}
	wCode         = words{"网格编码", "Code"}
	wApproval     = words{"审图号", "Map approval no."}
	wEast         = words{"东至", "East"}
	wSouth        = words{"南至", "South"}
	wWest         = words{"西至", "West"}
	wNorth        = words{"北至", "North"}
	wMore         = words{"等共 %d 项，扫码查看", "%d in all: scan to see them"}
	wCard         = words{"民情联系卡", "Contact card"}
	wLeaflet      = words{"便民联系单", "Leaflet"}
	wBadge        = words{"网格工作证", "Grid worker's badge"}
	wProves       = words{"扫码核验：此人今日是否在岗", "Scan: is this person in office today?"}
	wAtlas        = words{"网格图册", "Atlas of grids"}
	wContents     = words{"目录", "Contents"}
	wStreets      = words{"街道索引", "Index of streets"}
	wBuildings    = words{"楼栋索引", "Index of buildings"}
	wIndex        = words{"地图索引", "Index of the map"}
	wIndexStreets = words{"街道", "Streets"}
	wIndexNames   = words{"其他", "Others"}
	wGridsInAll   = words{"共 %d 个网格", "%d grids"}
	wPhotoOf      = words{"%s的照片", "Photo of %s"}
)

// generalDuties are what grid workers do everywhere.
var generalDuties = []words{
	{"巡查网格，发现问题当场处理或上报", "Walk the grid; settle or report what is wrong"},
	{"走访住户，了解家庭变化和需要", "Visit households and hear what they need"},
	{"登记和核对房屋、人口信息", "Keep the records of homes and residents"},
	{"看望独居老人和需要照料的家庭", "Look after those who live alone or need care"},
	{"调解邻里纠纷", "Settle disputes between neighbours"},
	{"排查楼道、用电和燃气等安全隐患", "Look out for dangers in stairwells, of power and gas"},
	{"宣传政策，代办居民事项", "Explain policies and see to residents' papers"},
}

var kinds = map[string]words{
	"COMPREHENSIVE": {"综合网格", "General grid"},
	"DEDICATED":     {"专属网格", "Dedicated grid"},
}

var posts = map[string]words{
	"CHIEF_LEADER":   {"总网格长", "Chief leader"},
	"GRID_LEADER":    {"网格长", "Grid leader"},
	"GRID_WORKER":    {"网格员", "Grid worker"},
	"ASSISTANT":      {"协管员", "Assistant"},
	"SECTION_LEADER": {"片长", "Section leader"},
	"GROUP_LEADER":   {"居民小组长", "Group leader"},
	"STATION_HEAD":   {"站长", "Head of station"},
	"STATION":        {"服务站", "Service station"},
	"SUPERVISION":    {"监督电话", "Complaints"},
	"NIGHT":          {"热线", "Hotline"},
}

func postOf(post string) words {
	if w, ok := posts[post]; ok {
		return w
	}
	return words{"负责人", "In charge"}
}
