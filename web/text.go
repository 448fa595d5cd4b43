package web

import (
	"fmt"
	"html/template"
	"strings"
	"unicode"

	"wangge/domain/name"
	"wangge/internal/fault"
)

// say is the sentence behind key, with {} replaced by args in turn, which are plain: where the sentence stands nothing sets them apart (DataSay does). An unknown
// key is a mistake in a template and fails its execution.
func say(lang fault.Language, key string, args ...any) (string, error) {
	pair, ok := sentences[key]
	if !ok {
		return "", fmt.Errorf("there is no sentence %q", key)
	}
	text := pair[0]
	if lang == fault.English {
		text = pair[1]
	}
	if strings.Count(text, "{}") != len(args) {
		return "", fmt.Errorf("sentence %q in %s takes %d values, got %d", key, lang, strings.Count(text, "{}"), len(args))
	}
	for _, arg := range args {
		text = strings.Replace(text, "{}", strings.ReplaceAll(name.Plain(fmt.Sprint(arg)), "{}", "{ }"), 1)
	}
	return text, nil
}

// DataSay is Say as HTML, with each of args isolated as Data does.
func (v view) DataSay(name string, args ...any) (template.HTML, error) {
	text, err := say(v.Lang, name, args...)
	if err != nil || len(args) == 0 {
		return template.HTML(template.HTMLEscapeString(text)), err
	}
	pattern := sentences[name][0]
	if v.Lang == fault.English {
		pattern = sentences[name][1]
	}
	var out strings.Builder
	for i, part := range strings.Split(pattern, "{}") {
		if i > 0 {
			out.WriteString(string(v.Data(fmt.Sprint(args[i-1]))))
		}
		out.WriteString(template.HTMLEscapeString(part))
	}
	return template.HTML(out.String()), nil
}

// Data is text that the town wrote, as HTML: on its own for the direction of writing, so that a mark for right to left
// in a name turns nothing else around, and Chinese in an English page is said to be Chinese. After a middle dot, as in 迪丽拜尔·阿卜杜克热木, a line may end.
func (v view) Data(text string) template.HTML {
	language := ""
	if v.Lang == fault.English && strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		language = ` lang="zh"`
	}
	return template.HTML("<bdi" + language + ">" + breaks.Replace(template.HTMLEscapeString(text)) + "</bdi>")
}

// breaks lets a line end after a middle dot; where a space follows it may anyway.
var breaks = strings.NewReplacer("· ", "· ", "·", "·<wbr>")

// sentences of the pages: Chinese, English.
var sentences = map[string][2]string{
	"title":     {"谁管我家这一片？", "Who looks after my block?"},
	"lead":      {"输入地址、用我的位置，或在地图上点您的家，就知道找谁、打哪个电话。", "Type your address, use your location, or tap your home on the map, to see who looks after it and the number to call."},
	"leadKiosk": {"点一下地图上您的家，或在下面输入地址。", "Tap your home on the map, or type your address below."},
	"byText":    {"输入地址，就知道找谁、打哪个电话。", "Type your address to see who looks after it and the number to call."},
	"shared":    {"{}，网格员{}。点开看电话。", "{}: grid worker {}. Open it for the number to call."},

	"address":   {"地址、小区、楼号或单位", "Address, estate, building or shop"},
	"example":   {"例如 3号楼", "such as 3号楼"},
	"find":      {"查找", "Find"},
	"found":     {"有 {} 处，用上下键选择。", "{} places; choose with the arrow keys."},
	"foundNone": {"没有找到这样的地方。", "No such place was found."},
	"elder":     {"长辈版", "Larger"},
	"normal":    {"标准版", "Standard"},
	"openMap":   {"打开地图，点您的家", "Open the map and tap your home"},
	"seeMap":    {"在地图上看", "See it on the map"},
	"plan":      {"网格示意图", "Plan of the grid"},
	"overview":  {"各片示意图", "Plan of all parts"},
	"openPlan":  {"打开示意图，点选您家那一片", "Open the plan and tap your part"},

	"matched":       {"您找的是", "You asked about"},
	"notThis":       {"不是这栋楼？", "Not this building?"},
	"whichBuilding": {"您在哪一栋？", "Which building are you in?"},
	"whichHint":     {"定位约有 {} 米误差。", "Your position is known to about {} m."},
	"whichPlace":    {"您说的是哪一处？", "Which of these do you mean?"},
	"noneOfThese":   {"以上都不是", "None of these"},
	"noneOf":        {"没有您那栋楼。下面是离这里最近的网格，请问网格员您家归不归他管，或拨打 12345。", "Your building is not listed. Below is the nearest grid: ask its worker whether your home belongs to it, or call 12345."},
	"noPlace":       {"没有找到“{}”。", "“{}” was not found."},
	"noPlaceHint":   {"换个写法再试，例如小区名加楼号；也可以按社区查找，或拨打 12345 问。", "Write it another way, such as the estate and the building's number, find your community in the list, or call 12345."},
	"likeliest":     {"最可能是这里", "Most likely this one"},

	"today": {"今天谁在", "Who is in today"},
	"in":    {"在岗", "in"},
	"out":   {"今天不在", "away today"},

	"still":     {"还在用吗？", "Are you still there?"},
	"return":    {"{} 秒后回到开始。", "Back to the start in {} seconds."},
	"stay":      {"继续看", "Stay here"},
	"start":     {"回到开始", "Back to the start"},
	"home":      {"回到首页", "Back to the first page"},
	"skip":      {"跳到查询", "Skip to the question"},
	"content":   {"跳到正文", "Skip to the content"},
	"both":      {"Who looks after my block?", "谁管我家这一片？"},
	"mapName":   {"地图", "Map"},
	"map":       {"网格地图。用方向键移动，按回车查询准星处。", "Map of the grids. Move with the arrow keys; Enter asks about the cross-hairs."},
	"panel":     {"查询与结果", "Question and answer"},
	"other":     {"English", "中文"},
	"switch":    {"Read this page in English", "阅读中文页面"},
	"zoomIn":    {"放大", "Zoom in"},
	"zoomOut":   {"缩小", "Zoom out"},
	"noMap":     {"地图没有加载成功，下面的查询仍然可用。", "The map could not be loaded; the question below still works."},
	"mapAway":   {"地图暂时画不出来。请用“用我的位置”，或按社区查找。", "The map cannot be drawn at the moment. Use your location, or find your community."},
	"noBasemap": {"底图暂时无法显示，网格不受影响", "The background map is away; the grids are not affected"},
	"stale":     {"数据截至 {}，之后可能有变化。", "Data as of {}; it may have changed since."},
	"failed":    {"没有连上服务器，请稍后再试。", "The server could not be reached; please try again."},

	"locate":      {"用我的位置", "Use my location"},
	"locating":    {"正在定位…", "Finding where you are…"},
	"denied":      {"没有定位权限。可以在浏览器设置里允许，或直接点地图上您的家。", "Location is not allowed for this page. Allow it in the browser's settings, or tap your home on the map."},
	"unavailable": {"手机暂时无法定位。请走到窗边再试，或直接点地图上您的家。", "Your position could not be found. Try near a window, or tap your home on the map."},
	"slow":        {"定位超时了。请再试一次，或直接点地图上您的家。", "Finding your position took too long. Try again, or tap your home on the map."},
	"insecure":    {"这个网址不是安全连接（https），浏览器不允许定位。请直接点地图上您的家。", "This address is not secure (https), so the browser does not allow locating. Tap your home on the map instead."},

	"standsIn":       {"{}（代班）", "{}, standing in"},
	"leaderStandsIn": {"{}（网格员不在岗，代为负责）", "{}, while the grid worker is away"},
	"photoOf":        {"{}的照片", "Photo of {}"},
	"call":           {"打给 {}\u00a0· {}", "Call {}\u00a0· {}"},
	"noPhone":        {"没有登记工作电话，请到社区咨询。", "No work phone is on record; please ask at the community office."},
	"duties":         {"负责事项", "Responsible for"},
	"askLeader":      {"目前没有网格员，请联系{}。", "This grid has no worker at present; please call the {}."},
	"unstaffed":      {"这个网格目前没有网格员，请先拨打 {}。", "This grid has no worker at present; please call {}."},
	"code":           {"网格编号", "Grid number"},
	"group":          {"网格组", "Grid group"},
	"community":      {"社区", "Community"},
	"limits":         {"四至", "Bounded by"},
	"boardCurrent":   {"您扫的公示牌（第 {} 版）是最新的。", "The board you scanned (revision {}) is current."},
	"boardOutdated":  {"您扫的公示牌（第 {} 版）已过时，变化的有：{}。请以本页为准。", "The board you scanned (revision {}) is out of date; changed since: {}. What stands here holds."},
	"boardPeople":    {"您扫的公示牌（第 {} 版）已过时：牌上的人员或电话已变，请打本页上的电话。", "The board you scanned (revision {}) is out of date: the people or numbers on it have changed. Call the number on this page."},
	"boardAlso":      {"变化的还有：{}。", "Changed as well: {}."},
	"boardManAway":   {"牌上的网格员{}今天不在，请打本页上的电话。", "{}, the grid worker on the board, is away today. Call the number on this page."},
	"atlasCurrent":   {"您扫的图册是最新的。", "The atlas you scanned is current."},
	"atlasOutdated":  {"您扫的图册已过时，其中有网格的内容已变化。请以各网格页面为准。", "The atlas you scanned is out of date: what it says of a grid has changed. What the grids' pages say holds."},
	"atlasUnknown":   {"无法核对您扫的图册，请以各网格页面为准。", "The atlas you scanned cannot be checked. What the grids' pages say holds."},
	"atlasAway":      {"现在无法核对您扫的图册，请过几分钟再扫。", "The atlas you scanned cannot be checked now. Please scan it again in a few minutes."},
	"boardUnknown":   {"无法核对您扫的公示牌：这里没有它那一版的记录。请以本页为准。", "The board you scanned cannot be checked: what it carries is not known here. What stands here holds."},
	"boardAway":      {"现在无法核对您扫的公示牌，请过几分钟再扫。", "The board you scanned cannot be checked now. Please scan it again in a few minutes."},
	"board":          {"打印公示牌", "Print the signboard"},
	"gridBoard":      {"打印网格公示牌", "Print the grid's signboard"},
	"buildingBoard":  {"打印本楼公示牌", "Print this building's signboard"},
	"leaflet":        {"打印便民联系单", "Print the leaflet"},
	"copy":           {"分享这个网格", "Share this grid"},
	"copied":         {"✓ 链接已复制", "✓ Link copied"},
	"formerCode":     {"编号 {} 已改为 {}。", "Number {} is now {}."},

	"border":          {"这里正好在网格交界线上，按规定归编号最小的网格。", "This spot lies right on a border; by rule it belongs to the grid with the lowest number."},
	"nearest":         {"这里不在任何网格内，最近的网格在约 {} 米外。", "This spot is in no grid; the nearest is about {} m away."},
	"none":            {"这里还没有划入任何网格，附近也没有。", "This spot is in no grid, and there is none near."},
	"noneHint":        {"请按社区查找，或拨打 12345，说出地址，问归谁管。", "Find your community in the list, or call 12345, say the address and ask who looks after it."},
	"farFrom":         {"这里不在任何网格内。", "This spot is in no grid."},
	"farHint":         {"最近的网格在约 {} 公里外，可以先问那里的社区，或拨打 12345，说出地址，问归谁管。", "The nearest grid is about {} km away: ask its community, or call 12345, say the address and ask who looks after it."},
	"outsideHint":     {"可以按社区查找，或拨打 12345，说出地址，问归谁管。", "Find your community in the list, or call 12345, say the address and ask who looks after it."},
	"missingHint":     {"请输入地址、小区或楼号查找，也可以按社区查找，或拨打 12345。", "Search for your address, estate or building, find your community in the list, or call 12345."},
	"retired":         {"网格“{}”（{}）从 {} 起已撤销。", "“{}” ({}) is no longer a grid since {}."},
	"retiredNow":      {"它的中间一带现在归下面的网格；您家若在边上，请输入地址查询。", "The middle of it is now in the grid below. If your home was near its edge, search for your address."},
	"retiredNone":     {"请按社区查找，或拨打 12345 问归谁管。", "Find your community in the list, or call 12345 and ask who looks after it."},
	"buildingNearest": {"这栋楼还没有划入任何网格，最近的网格在约 {} 米外。", "This building is in no grid; the nearest is about {} m away."},
	"buildingNone":    {"这栋楼还没有划入任何网格。", "This building is in no grid."},
	"askCommunity":    {"请向社区确认它归哪个网格。", "Please ask the community which grid it belongs to."},
	"confirm":         {"定位有误差，请确认您在哪个网格：", "Your position is not exact. Which grid are you in?"},
	"several":         {"这里有多个网格重叠，请确认：", "Several grids cover this spot. Which one is it?"},
	"likely":          {"可能性 {}%", "{}% likely"},
	"away":            {"约 {} 米外", "about {} m away"},
	"hereabouts":      {"就在这里", "right here"},

	"atlas":       {"网格图册 (PDF)", "Atlas of the grids (PDF)"},
	"reprints":    {"印制清单（管理员）", "What to print (operators)"},
	"byNumbers":   {"按经纬度查询", "Ask by coordinates"},
	"lng":         {"经度", "Longitude"},
	"lat":         {"纬度", "Latitude"},
	"accuracy":    {"精度", "Accuracy"},
	"crs":         {"坐标系", "Coordinate system"},
	"choose":      {"请选择", "Please choose"},
	"WGS84":       {"WGS84（手机定位、GPS）", "WGS 84 (GPS, phones)"},
	"CGCS2000":    {"CGCS2000（天地图）", "CGCS2000 (Tianditu)"},
	"GCJ02":       {"GCJ-02（高德、腾讯）", "GCJ-02 (AMap, Tencent)"},
	"BD09":        {"BD-09（百度）", "BD-09 (Baidu)"},
	"ask":         {"查询", "Ask"},
	"byList":      {"按社区查找", "Find by community"},
	"communities": {"社区列表", "Communities"},
	"gridsOf":     {"{}的网格", "Grids of {}"},
	"further":     {"{}有 {} 个网格，请继续选择：", "{} has {} grids; choose further:"},
	"gridCount":   {"{} 个网格", "{} grids"},
	"cut":         {"共 {} 个网格，只列出前 {} 个。", "Of {} grids only the first {} are listed."},
	"noData":      {"还没有网格数据。", "There are no grids yet."},
	"leftOut":     {"有没有人被漏掉？", "Is anyone left out?"},
	"leftOutOf":   {"{}：有没有人被漏掉？", "{}: is anyone left out?"},
	"allCovered":  {"没有发现问题：每一处都有网格，每一格都有人管。", "Nothing wrong was found: every spot has its grid, every grid its worker."},
	"noBoundary":  {"没有边界数据，无法判断哪里是空白。", "No boundary is known here, so gaps are unknown."},
	"isCovered":   {"已覆盖", "Covered"},
	"gapArea":     {"无网格覆盖", "In no grid"},
	"overlapArea": {"网格重叠", "In two grids"},
	"outsideArea": {"越界", "Outside"},
	"problems":    {"{} 个问题", "{} problems"},
	"noProblems":  {"无问题", "nothing wrong"},
	"notListed":   {"另有 {} 个问题未列出。", "{} more are not listed."},
	"allProblems": {"返回全部问题", "Back to all problems"},
	"mend":        {"可以这样解决", "What would mend it"},
	"comma":       {"、", ", "},
	"beneath":     {"下级区划", "Within it"},
	"incident":    {"问题编号 {}", "Reference {}"},

	"badge":       {"工作证查验", "Badge check"},
	"inToday":     {"今天在岗", "In office today"},
	"awayToday":   {"此人任职有效，但今天不在岗。", "This person holds the post, but is away today."},
	"noBadge":     {"此证件无效：持证人今天没有任职。请勿让其入户，可拨打 110 或 12345 核实。", "This badge is not valid: its holder has no post today. Do not let them in; call 110 or 12345 to check."},
	"badgeAway":   {"现在无法查验此证件，请稍后再试。查验之前请勿让其入户，可拨打 110 或 12345 核实。", "This badge cannot be checked now; try again in a moment. Until it is checked do not let them in; call 110 or 12345 to check."},
	"compareFace": {"请核对照片与来人是否一致。不一致，请不要开门。", "Compare the photo with the person. If they differ, do not open."},
	"askedAt":     {"查验时间 {}。截图无效，请重新扫码。", "Checked at {}. A screenshot proves nothing: scan again."},

	"explorer": {"GraphQL 接口", "GraphQL explorer"},

	"sign.sign-in":     {"工作人员登录", "Sign in for staff"},
	"sign.code":        {"二次验证", "Second factor"},
	"sign.password":    {"修改密码", "Change the password"},
	"sign.enrol":       {"设置二次验证", "Set up a second factor"},
	"sign.recovery":    {"备用验证码", "Recovery codes"},
	"sign.account":     {"我的账号", "My account"},
	"sign.login":       {"账号", "Login"},
	"sign.pass":        {"密码", "Password"},
	"sign.in":          {"登录", "Sign in"},
	"sign.by":          {"用{}登录", "Sign in with {}"},
	"sign.outHere":     {"您已退出本系统。", "You are signed out here."},
	"sign.outThere":    {"同时退出{}", "Sign out of {} too"},
	"sign.out":         {"退出登录", "Sign out"},
	"sign.forgotten":   {"忘记密码请联系管理账号的同事重置。", "Forgotten the password? Ask who gives accounts for another."},
	"sign.theCode":     {"验证器应用中的六位验证码，或一个备用验证码", "The six digits of your app, or a recovery code"},
	"sign.theSix":      {"应用中显示的六位验证码", "The six digits that the app shows"},
	"sign.lost":        {"手机丢失又没有备用验证码时，请联系管理账号的同事。", "Phone lost and no recovery code left? Ask who gives accounts."},
	"sign.goOn":        {"继续", "Continue"},
	"sign.given":       {"现在的密码是别人给您的，请换成只有您知道的。", "Somebody gave you this password: change it for one that only you know."},
	"sign.old":         {"现在的密码", "The password now"},
	"sign.new":         {"新密码", "The new password"},
	"sign.again":       {"再输入一次新密码", "The new password again"},
	"sign.rule":        {"至少 12 个字符；用几个不相干的词最好记。其他设备上的登录都会退出，程序用的令牌全部失效。", "12 characters or more; a few words that do not belong together are easiest to remember. You are signed out everywhere else, and all your tokens for programs end."},
	"sign.change":      {"保存新密码", "Save the password"},
	"sign.scan":        {"用手机上的验证器应用扫描此码（凡支持 TOTP 的都可以），然后输入它显示的验证码。", "Scan this code with an authenticator app on your phone (any that knows TOTP), then type the code that it shows."},
	"sign.qr":          {"验证器应用的二维码；不能扫描时用下面的密钥", "Code for the authenticator app; where it cannot be scanned, the key below does the same"},
	"sign.orType":      {"或手动输入密钥：", "Or type the key:"},
	"sign.openApp":     {"在本机的验证器应用中打开", "Open it in the authenticator app of this device"},
	"sign.keep":        {"手机丢失时，用这些验证码登录，每个只能用一次。现在就抄下来收好：以后不再显示。", "These let you in when your phone is lost, each once. Write them down now: they are not shown again."},
	"sign.kept":        {"已经抄好", "I have written them down"},
	"sign.shown":       {"这是新令牌，只显示这一次：", "This is the token. It is shown this once:"},
	"sign.kind":        {"身份", "As"},
	"sign.posts":       {"今天的岗位", "Posts today"},
	"sign.stands":      {"（顶岗时生效）", "(while standing in)"},
	"sign.noPosts":     {"今天没有岗位", "none"},
	"sign.factor":      {"二次验证", "Second factor"},
	"sign.since":       {"已于 {} 设置", "set up on {}"},
	"sign.setUp":       {"设置", "Set it up"},
	"sign.sessions":    {"已登录的浏览器", "Where you are signed in"},
	"sign.here":        {"本浏览器", "this browser"},
	"sign.device":      {"{} · {}", "{} on {}"},
	"sign.noDevice":    {"未知浏览器", "a browser that is not known"},
	"sign.began":       {"登录于 {}", "since {}"},
	"sign.today":       {"今天 {}", "today, {}"},
	"sign.half":        {"密码正确，但未完成二次验证；若不是您，请立即修改密码。", "The password was right, but no code was shown. If that was not you, change your password now."},
	"sign.endOne":      {"退出", "Sign out"},
	"sign.endSession":  {"退出 {}，登录于 {}", "Sign out {}, since {}"},
	"sign.others":      {"退出其他所有浏览器", "Sign out everywhere else"},
	"browser.WeChat":   {"微信", "WeChat"},
	"browser.WeCom":    {"企业微信", "WeCom"},
	"browser.DingTalk": {"钉钉", "DingTalk"},
	"sign.tokens":      {"程序用的令牌", "Tokens for programs"},
	"sign.tokensFor":   {"程序凭令牌以您的名义读取或修改数据，不能管理账号。", "A program with a token acts for you. It cannot change accounts."},
	"sign.writes":      {"读取和修改", "reads and writes"},
	"sign.reads":       {"只读", "reads only"},
	"sign.expired":     {"已过期", "expired"},
	"sign.until":       {"有效期至 {}", "until {}"},
	"sign.used":        {"最近使用 {}", "last used {}"},
	"sign.end":         {"撤销", "Revoke"},
	"sign.endOf":       {"撤销 {}", "Revoke {}"},
	"sign.newToken":    {"新建令牌", "New token"},
	"sign.tokenName":   {"名称", "Name"},
	"sign.lives":       {"有效期", "Good for"},
	"sign.days":        {"{} 天", "{} days"},
	"sign.may":         {"可以", "It may"},
	"sign.rights":      {"可用的权限", "Rights that it may use"},
	"sign.make":        {"生成令牌", "Make the token"},
	"role.staff":       {"工作人员", "Staff"},
	"role.operator":    {"系统管理员", "Operator"},
	"role.security":    {"安全管理员", "Security: gives accounts"},
	"role.auditor":     {"审计员", "Auditor"},
	"right.HOUSEHOLDS": {"房屋和住户", "households"},
	"right.RESIDENTS":  {"居民档案（脱敏）", "residents' files, masked"},
	"right.REVEAL":     {"查看完整信息", "unmasked values"},
	"right.KEEP":       {"登记和修改档案", "keep files"},
	"right.CARE":       {"关怀标签", "care tags"},
	"right.RESTRICTED": {"受限的关怀标签", "restricted care tags"},
	"right.APPOINT":    {"任免和请假", "appoint workers"},
	"right.ARRANGE":    {"维护网格和楼栋", "arrange places"},
}
