package signboard

import (
	"slices"
	"strings"

	"wangge/domain/board"
	"wangge/domain/place"
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

// wordsOf are words that are kept where what they name is.
func wordsOf(text func(fault.Language) string) words {
	return words{text(fault.Chinese), text(fault.English)}
}

var (
	wBoard        = words{"网格公示牌", "Grid signboard"}
	wBuilding     = words{"楼栋公示牌", "Building signboard"}
	wBelongs      = words{"本楼所属网格", "This building is in"}
	wWorker       = postOf(string(staff.GridWorker))
	wFirst        = wordsOf(staff.CoverA.Text)
	wSecond       = wordsOf(staff.CoverB.Text)
	wNobody       = words{"网格员暂缺", "No grid worker at present"}
	wInstead      = words{"请先联系", "Please call"}
	wNoPhone      = words{"电话未公布，请拨", "No phone of their own: call"}
	wDuties       = words{"主要职责", "What we do for you"}
	wContacts     = words{"还可以找", "You can also ask"}
	wSupervision  = wordsOf(place.Supervision.Text)
	wStation      = wordsOf(place.ServiceStation.Text)
	wLimits       = words{"网格四至", "Where the grid ends"}
	wMap          = words{"网格范围图", "Map of the grid"}
	wScan         = words{"扫码核对", "Scan to check"}
	wCurrent      = words{"本牌是否最新？", "Is this board current?"}
	wToday        = words{"今天谁在岗？", "Who is in today?"}
	wRevision     = words{"第 %d 版", "Revision %d"}
	wNumber       = words{"%s 号", "No. %s"}
	wGridNumber   = words{"网格 %s", "Grid %s"} // on the board of a building, which has a number of its own
	wCode         = words{"网格编码", "Code"}
	wApproval     = words{"审图号", "Map approval no."}
	wSeeMap       = words{"见图", "see the map"}
	wMoreApart    = words{"共另有 %d 片，见图", "Other parts in all: %d, see the map"}
	wMore         = words{"等共 %d 项，扫码查看", "%d in all: scan to see them"}
	wCard         = words{"民情联系卡", "Contact card"}
	wLeaflet      = words{"便民联系单", "Leaflet"}
	wBadge        = words{"网格工作证", "Grid worker's badge"}
	wProves       = words{"扫码核验：本人今日是否在岗", "Scan: is this person in office today?"}
	wAtlas        = words{"网格图册", "Atlas of grids"}
	wContents     = words{"目录", "Contents"}
	wIndex        = words{"索引", "Index"}
	wScanOnline   = words{"扫码核对本图册是否最新", "Scan: is this atlas current?"}
	wMark         = words{"版本标识 %s", "State %s"}
	wVacant       = words{"暂缺 · 先联系", "Vacant: call"}
	wCut          = words{"楼栋和街道较多，索引未能全部收录。", "There are more streets and buildings than this index holds."}
	wMapIndex     = words{"地图索引", "Index of the map"}
	wIndexStreets = words{"街道", "Streets"}
	wIndexNames   = words{"其他", "Others"}
	wStreets      = words{"街道索引", "Index of streets"}
	wBuildings    = words{"楼栋索引", "Index of buildings"}
	wGridsInAll   = words{"共 %d 个网格", "%d grids"}
	wPhotoOf      = words{"%s的照片", "Photo of %s"}
)

// Of the pages.
var (
	wGrid      = words{"网格", "Grid"}
	wHouse     = words{"楼栋", "Building"}
	wIn        = words{"所在", "In"}
	wNight     = wordsOf(place.AtNight)
	wVersion   = words{"版次", "Revision"}
	wCredit    = words{"地图数据", "Map data"}
	wGridPage  = words{"网格页面", "The grid's page"}
	wNever     = words{"第 %d 版，尚未登记印制。", "Revision %d. No print of it was noted yet."}
	wAsPrinted = words{"第 %d 版，与 %s 印制的一致。", "Revision %d, as printed on %s."}
	wMoved     = words{"第 %[1]d 版。%[3]s 印制第 %[2]d 版之后，变化的有：%[4]s。墙上的旧牌应当更换。", "Revision %[1]d. Since revision %[2]d, printed on %[3]s, these changed: %[4]s. Boards of then should be replaced."}
	wLandscape = words{"横向", "Landscape"}
	wPortrait  = words{"纵向", "Portrait"}
	wHanging   = words{"网格工作证（挂式）", "Grid worker's badge, hanging"}
	wRow       = words{"第 %d 版（%s 印）→ 第 %d 版", "Revision %d (printed %s) → revision %d"}
	wDone      = words{"已登记 %d 块公示牌为已印。", "Noted as printed: %d."}
	wDoneAgain = words{"其中 %d 块的这一版此前已有人登记，不随本次撤销。", " Of these, %d had been noted before in the same revision, and are not taken back with the others."}
	wUndone    = words{"已撤销 %d 块公示牌的登记。", "Notes taken back: %d."}
	wAll       = words{"全部", "All"}
	wShown     = words{"共 %d 项", "%d in all"}
	wShownPage = words{"本页 %d 项", "%d on this page"}
	wShownMore = words{"本页 %d 项，后面还有", "%d on this page, and more"}
	wNeverYet  = words{"从未登记印制", "No print was noted"}
	wPrint     = words{"第 %d 版，%s 印制", "Revision %d, printed on %s"}
	wTimes     = words{"，登记过 %d 次", ", noted %d times"}
	wReprints  = words{"印制清单（管理员）", "Boards to reprint (operators)"}
	wWholeList = words{"查看整张清单", "Show the whole list"}

	wNone          = words{"这张清单是空的。", "This list is empty."}
	wNoneYet       = words{"看过的这些公示牌里没有，请继续看下一页。", "None among the boards looked at so far: go on to the next page."}
	wLaterPrint    = words{"；之后又印过新的一版", "; a later revision was printed since"}
	wNeverGrids    = words{"另有 %d 块网格牌从未印过", "Boards of grids never printed: %d"}
	wNeverHouses   = words{"另有 %d 块楼栋牌从未印过", "Boards of buildings never printed: %d"}
	wPrintedBoards = words{"登记印制过 %d 块", "Boards noted as printed: %d"}
	wComma         = words{"、", ", "}
	wColon         = words{"：", ": "}
	wStop          = words{"。", ". "}
)

// pageWords are what the templates of pages say.
var pageWords = map[string]words{
	"enlarge":     {"放大看牌面", "Enlarge the board"},
	"says":        {"牌上的内容", "What the board says"},
	"take":        {"下载与打印", "Download and print"},
	"size":        {"尺寸", "Size"},
	"orientation": {"方向", "Orientation"},
	"language":    {"牌面语言", "Language"},
	"show":        {"查看", "Show"},
	"also":        {"本网格的其他印刷品", "Also to print"},
	"local":       {"未设置 PUBLIC_URL：牌上的二维码只能在本机打开，请勿付印。", "PUBLIC_URL is not set: the codes on boards open on this machine only. Do not have them printed."},
	"missing":     {"以下字在字库中缺失，牌上以〓占位，请印刷时补字：", "The font lacks these characters, which the board shows as 〓; the print shop has to set them:"},
	"home":        {"回到首页", "Back to the first page"},
	"account":     {"我的账号", "My account"},
	"board":       wBoard,
	"reprints":    {"公示牌印制清单", "Boards to print"},
	"intro":       {"牌上所写已与现状不符的公示牌、还没有印过的公示牌，在这里列出、下载、登记。", "Boards that are out of date, and boards that were never printed: list them, download them, note them as printed."},
	"list":        {"清单", "List"},
	"kind":        {"种类", "Kind"},
	"changed":     {"变化", "What changed"},
	"refresh":     {"查看清单", "Show the list"},
	"csv":         {"导出 CSV（整张清单）", "Export CSV (the whole list)"},
	"pdf":         {"下载所选的 PDF", "PDF of those chosen"},
	"printed":     {"登记所选为已印", "Note those chosen as printed"},
	"printedThis": {"登记为已印", "Note it as printed"},
	"on":          {"印制日期", "Printed on"},
	"undo":        {"撤销这次登记", "Take this back"},
	"undoHint":    {"只能撤销一块公示牌最近一次的登记。撤销后，以前印的那一版重新算作最近一次。", "Only the last print of a board can be taken back. What was printed before is then the last again."},
	"takeBack":    {"撤销所选登记", "Take back those chosen"},
	"all":         {"全选", "Choose all"},
	"noneOf":      {"全不选", "Choose none"},
	"papers":      {"网格的内容有变，写着同样内容的其他印刷品也要重印（这里不登记），在该牌的“查看”页下载。", "What says the same of these grids is to be printed anew too; it is not noted here. Each board's page, under \"Show\", has it."},
	"alsoAnew":    {"一并重印：", "Print anew too: "},
	"noteThis":    {"已印好？登录后登记", "Printed? Sign in to note it"},
	"introOne":    {"这块公示牌印好后，在这里登记。", "Note here that this board was printed."},
	"thisBoard":   {"要登记的公示牌", "The board to note"},
	"prints":      {"本页的登记", "The prints of this page"},
	"next":        {"下一页", "Next page"},
	"first":       {"回到第一页", "First page"},
	"seconds":     {"一份 PDF 最多 200 块，要等几秒。更多时请选择更小的区划，或用命令 wangge signboards。", "One PDF holds up to 200 boards and takes some seconds. For more choose a smaller division, or use the command wangge signboards."},
	"pdfAll":      {"下载整张清单的 PDF", "PDF of the whole list"},
	"chosenPage":  {"本页的公示牌", "The boards of this page"},
}

// within says what belongs to a part of a board, after its name.
var within = map[board.Part]words{
	board.People:   {"（任免、姓名、电话、照片、职责）", " (posts, names, phones, photos, duties)"},
	board.Border:   {"（边界、四至）", " (border, limits)"},
	board.Contacts: {"（监督电话、服务站、夜间电话）", " (complaints, station, night numbers)"},
}

// changedIn names parts in a language.
func changedIn(parts []board.Part, lang fault.Language) string {
	var names []string
	for _, p := range parts {
		names = append(names, p.Text(lang))
	}
	return strings.Join(names, wComma.in(lang))
}

var kinds = map[string]words{
	"COMPREHENSIVE": {"综合网格", "General grid"},
	"DEDICATED":     {"专属网格", "Dedicated grid"},
}

// postOf is what a Person's post is called.
func postOf(post string) words {
	if desk(post) {
		return wordsOf(place.Desk(post).Text)
	}
	return wordsOf(staff.Post(post).Text)
}

// join joins what is not empty.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
