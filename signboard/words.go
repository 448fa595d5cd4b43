package signboard

import (
	"wangge/domain/staff"
	"wangge/internal/fault"
)

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
	wBoard       = words{"网格公示牌", "Grid signboard"}
	wBuilding    = words{"楼栋公示牌", "Building signboard"}
	wBelongs     = words{"本楼所属网格", "This building is in"}
	wWorker      = postOf(string(staff.GridWorker))
	wFirst       = words{staff.CoverA.Text(fault.Chinese), staff.CoverA.Text(fault.English)}
	wSecond      = words{staff.CoverB.Text(fault.Chinese), staff.CoverB.Text(fault.English)}
	wNobody      = words{"网格员暂缺", "No grid worker at present"}
	wInstead     = words{"请先联系", "Please call"}
	wNoPhone     = words{"电话未公布，请拨", "No phone of their own: call"}
	wDuties      = words{"主要职责", "What we do for you"}
	wContacts    = words{"还可以找", "You can also ask"}
	wSupervision = words{"监督电话", "Complaints"}
	wStation     = words{"服务站", "Service station"}
	wLimits      = words{"网格四至", "Where the grid ends"}
	wMap         = words{"网格范围图", "Map of the grid"}
	wScan        = words{"扫码核对", "Scan to check"}
	wCurrent     = words{"本牌是否最新？", "Is this board current?"}
	wToday       = words{"今天谁在岗？", "Who is in today?"}
	wRevision    = words{"第 %d 版", "Revision %d"}
	wNumber      = words{"%s 号", "No. %s"}
	wCode        = words{"网格编码", "Code"}
	wApproval    = words{"审图号", "Map approval no."}
	wEast        = words{"东至", "East"}
	wSouth       = words{"南至", "South"}
	wWest        = words{"西至", "West"}
	wNorth       = words{"北至", "North"}
	wMore        = words{"等共 %d 项，扫码查看", "%d in all: scan to see them"}
	wCard        = words{"民情联系卡", "Contact card"}
	wLeaflet     = words{"便民联系单", "Leaflet"}
	wBadge       = words{"网格工作证", "Grid worker's badge"}
	wProves      = words{"扫码核验：此人今日是否在岗", "Scan: is this person in office today?"}
	wAtlas       = words{"网格图册", "Atlas of grids"}
	wContents    = words{"目录", "Contents"}
	wStreets     = words{"街道索引", "Index of streets"}
	wBuildings   = words{"楼栋索引", "Index of buildings"}
	wGridsInAll  = words{"共 %d 个网格", "%d grids"}
	wPhotoOf     = words{"%s的照片", "Photo of %s"}
)

var kinds = map[string]words{
	"COMPREHENSIVE": {"综合网格", "General grid"},
	"DEDICATED":     {"专属网格", "Dedicated grid"},
}

// posts are those that stand in for a person.
var posts = map[string]words{
	"STATION":     {"服务站", "Service station"},
	"SUPERVISION": {"监督电话", "Complaints"},
	"NIGHT":       {"热线", "Hotline"},
}

func postOf(post string) words {
	if w, ok := posts[post]; ok {
		return w
	}
	p := staff.Post(post)
	return words{p.Text(fault.Chinese), p.Text(fault.English)}
}
