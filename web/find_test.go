package web

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// house adds a building to what is near, metres away.
func (t *fakeTown) house(n byte, name, address string, of *key.Key, metres float64) place.Building {
	b := place.Building{Key: key.Key{Home: "d00test", ID: uuid.UUID{15: n}}, Name: name, Address: address, GridKey: of,
		Location: geom.NewPointFlat(geom.XY, []float64{120.005, 31.005}).SetSRID(4490)}
	t.near = append(t.near, page.Item[place.Building]{Node: b, DistanceM: &metres})
	return b
}

func TestSearchAsJSON(t *testing.T) {
	town := newTown()
	at := grid.Point{Lng: 120.004, Lat: 31.004}
	first := town.grids[0].Key
	town.matches = []search.Match{
		{Kind: search.Building, Label: "听雨里3号楼 <b>", Building: &town.building.Key, DivisionID: &town.community.ID, Location: &at},
		{Kind: search.Estate, Label: "听雨里", Grid: &first, DivisionID: &town.community.ID, Location: &at},
		{Kind: search.Division, Label: "听雨社区", DivisionID: &town.community.ID, Location: &at},
		{Kind: search.Street, Label: "望舒路", Location: &at},
		{Kind: search.Area, Label: "崂山三村", Grid: &first, DivisionID: &town.community.ID, Location: &at},
		{Kind: search.Estate, Label: "nowhere"},
	}
	w := town.get("GET", "/search?q=%E5%90%AC")
	want := `{"places":[{"label":"听雨里3号楼 \u003cb\u003e","detail":"望舒路 8 号","url":"/b/` + town.building.Key.String() + `"},` +
		`{"label":"听雨里","detail":"听雨社区","url":"/g/990102001001001"},{"label":"听雨社区","url":"/c/990102001001"},` +
		`{"label":"望舒路","url":"/?lng=120.004000\u0026lat=31.004000\u0026crs=CGCS2000\u0026accuracy=150"},` +
		`{"label":"崂山三村","detail":"听雨里 \"东\" \u003cscript\u003ealert(1)\u003c/script\u003e","url":"/g/990102001001001"}]}` + "\n"
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%d %v\n%s\n%s", w.Code, w.Header(), w.Body, want)
	}
	if len(town.apart) > 0 {
		t.Errorf("asked apart: %v", town.apart)
	}
	if w := newTown().get("GET", "/search?q=x"); w.Body.String() != `{"places":[]}`+"\n" {
		t.Errorf("nothing: %s", w.Body)
	}
	for _, bad := range []string{"/search", "/search?q=", "/search?q=a&q=b", "/search?q=" + strings.Repeat("x", 101)} {
		if w := town.get("GET", bad); w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"q"`) {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
	town.awayErr = fault.New(fault.Unavailable, "", "database") // names are still known
	if w := town.get("GET", "/search?q=x"); w.Code != 200 || !strings.Contains(w.Body.String(), "/b/") || strings.Contains(w.Body.String(), "望舒路 8 号") {
		t.Errorf("while the database is away: %d %s", w.Code, w.Body)
	}
}

// An address that names one place is answered with it; else the person chooses.
func TestByAddress(t *testing.T) {
	town := newTown()
	at := grid.Point{Lng: 120.004, Lat: 31.004}
	town.matches = []search.Match{{Kind: search.Building, Label: "听雨里3号楼", Building: &town.building.Key, Location: &at}}
	sure := town.get("GET", "/?q=%E5%90%AC%E9%9B%A8%E9%87%8C3%E5%8F%B7%E6%A5%BC&lang=zh").Body.String()
	wantContains(t, sure, `data-code="990102001001002"`, `<span class="role">您找的是</span> <strong><bdi>听雨里3号楼</bdi></strong>`, `value="听雨里3号楼"`)
	asks := town.get("GET", "/?q=x&lang=en&elder=1").Body.String()
	wantContains(t, asks, "Which of these do you mean?", `href="/b/`+town.building.Key.String()+`?elder=1&amp;lang=en"`, "None of these",
		`href="/?elder=1&amp;lang=en&amp;none=1&amp;q=x"`, `data-code=""`, `data-box="120.000000,31.000000`)
	if strings.Contains(asks, "was not found") || strings.Contains(asks, `href="tel:`) {
		t.Error("it answers before it knows")
	}
	none := town.get("GET", "/?q=x%3Cb%3E&none=1").Body.String()
	wantContains(t, none, "没有找到“<bdi>x&lt;b&gt;</bdi>”。", `href="tel:12345"`, `href="tel:120"`)
	if strings.Contains(none, "您说的是哪一处") {
		t.Error("it asks again who said that it is none")
	}
	town.matches = nil
	wantContains(t, town.get("GET", "/?q=x").Body.String(), "没有找到", `href="tel:12345"`)
	if w := town.get("GET", "/?q=too+long"); w.Code != 400 || !strings.Contains(w.Body.String(), `aria-invalid="true" aria-describedby="error"`) || strings.Contains(w.Body.String(), "<details open") {
		t.Errorf("too long: %d", w.Code)
	}
	if w := town.get("GET", "/?q=+"); w.Code != 200 || strings.Contains(w.Body.String(), "没有找到“") {
		t.Error("a blank question is none")
	}
}

// A position that is not sure asks which building, not which grid; one that is names the building to confirm.
func TestWhichBuilding(t *testing.T) {
	const sure, unsure = "/?lng=120.005&lat=31.005&crs=WGS84&lang=zh", "/?lng=120.005&lat=31.005&crs=WGS84&lang=zh&accuracy=80"
	town := newTown()
	first, second := town.grids[0].Key, town.grids[1].Key
	one := town.house(31, "听雨里1号楼", "望舒路8号听雨里1号楼", &first, 0)
	town.house(32, "听雨里<i>2</i>号楼", "", &second, 24)
	town.house(33, "", "", &second, 30) // nobody calls it anything
	town.house(34, "", "望舒路 12 号", &second, 70)
	body := town.get("GET", sure).Body.String()
	wantContains(t, body, `<strong><bdi>听雨里1号楼</bdi></strong></a> <span class="at"><bdi>望舒路8号</bdi></span>`,
		`href="/?crs=CGCS2000&amp;lang=zh&amp;lat=31.005000&amp;lng=120.005000&amp;near=1"`)
	if strings.Contains(body, "您在哪一栋") {
		t.Error("it asks where nothing is in doubt")
	}
	asks := town.get("GET", unsure).Body.String()
	wantContains(t, asks, "您在哪一栋？", "定位约有 80 米误差。", `href="/b/`+one.Key.String()+`?lang=zh"`, "听雨里&lt;i&gt;2&lt;/i&gt;号楼", "约 25 米外", "就在这里", "望舒路 12 号", "以上都不是",
		`href="/?accuracy=80&amp;crs=CGCS2000&amp;lang=zh&amp;lat=31.005000&amp;lng=120.005000&amp;none=1"`, "最可能是这里")
	if strings.Contains(asks, "可能性") || strings.Count(asks, `href="/b/`) != 3 {
		t.Error("it asks which grid, or shows a building without a name")
	}
	if town.nearAsked.WithinM != 120 || town.nearAsked.Near.Lng != 120.005 || !town.nearAsked.At.Equal(clockShows) {
		t.Errorf("asked %+v", town.nearAsked)
	}
	wantContains(t, town.get("GET", sure+"&near=1").Body.String(), "您在哪一栋？", "听雨里1号楼")
	if town.nearAsked.WithinM != leastNearM {
		t.Errorf("on being asked: %v m", town.nearAsked.WithinM)
	}
	none := town.get("GET", unsure+"&none=1").Body.String()
	wantContains(t, none, "没有您那栋楼", `href="tel:19000001234"`, `href="tel:12345"`)
	if strings.Contains(none, "您在哪一栋") {
		t.Error("it asks again")
	}
	town.get("GET", unsure+"0000")
	if town.nearAsked.WithinM != mostNearM {
		t.Errorf("a position that is known to %v m", town.nearAsked.WithinM)
	}

	// The spot lies in one grid, its building belongs to another: the person knows.
	town.near = nil
	town.house(31, "听雨里1号楼", "", &second, 0)
	wantContains(t, town.get("GET", sure).Body.String(), "您在哪一栋？", "听雨里1号楼")
	// Without buildings grids are all there is to ask for.
	town.near = nil
	wantContains(t, town.get("GET", unsure).Body.String(), "可能性 63%", "都不是")
	// The database is away: the grid is known from memory.
	town.awayErr = fault.New(fault.Unavailable, "", "database")
	if w := town.get("GET", sure); w.Code != 200 || !strings.Contains(w.Body.String(), "欧阳") {
		t.Errorf("while the database is away: %d", w.Code)
	}
}

// Where there is nobody, the page says so and whom to call.
func TestNowhere(t *testing.T) {
	for _, path := range []string{"/?lng=120.5&lat=31.005&crs=WGS84", "/?lng=121.5&lat=31.005&crs=WGS84"} {
		wantContains(t, newTown().get("GET", path).Body.String(), `href="tel:12345"`, `href="tel:119"`)
	}
	if body := newTown().get("GET", "/?lng=x&lat=31&crs=WGS84").Body.String(); strings.Contains(body, "tel:119") {
		t.Error("a mistake in typing is no emergency")
	}
}

func TestWhoIsInToday(t *testing.T) {
	town := newTown()
	of := func(name, phone string, post staff.Post, cover staff.Cover, away bool) staff.Assignment {
		return staff.Assignment{Worker: staff.Worker{Name: name, WorkPhone: phone}, Post: post, Cover: cover, Away: away}
	}
	town.team = []staff.Assignment{of("林立", "15499010003", staff.Assistant, staff.CoverA, false), of("乙", "15499010002", staff.GridWorker, staff.CoverB, false),
		of("甲", "15499010001", staff.GridWorker, staff.CoverA, true), of("丁", "15499010009", staff.Informant, staff.CoverA, false), of("戊", "", staff.GridLeader, staff.CoverA, false)}
	town.chiefs = []staff.Assignment{of("庚", "15499010009", staff.StationHead, staff.CoverA, false), of("己", "15499010005", staff.ChiefLeader, staff.CoverA, false)}
	town.leaders = []staff.Assignment{of("丙", "", staff.GridLeader, staff.CoverA, false)}
	body := town.get("GET", "/g/990102001001001").Body.String()
	last := 0
	for _, part := range []string{"今天谁在", `<li class="away"><span class="post">A岗</span>`, "<bdi>甲</bdi> <small>今天不在</small>", "B岗", `href="tel:15499010002"`, "协管员", "林立", "网格长", "<bdi>戊</bdi>", "网格长", "<bdi>丙</bdi>", "总网格长", "<bdi>己</bdi>", `href="tel:15499010005"`, "夜里和急事"} {
		i := strings.Index(body[last:], part)
		if i < 0 {
			t.Fatalf("%q does not follow in\n%s", part, body)
		}
		last += i
	}
	if strings.Contains(body, "15499010001") || strings.Contains(body, "15499010009") {
		t.Error("who is away, or has no part in it, is to be called")
	}
	wantContains(t, town.get("GET", "/g/990102001001001?lang=en").Body.String(), `<li class="away"><span class="post">Grid worker</span>`, ">Stands in<", ">Assistant<", ">Grid leader<", ">Chief leader<")
}

// Where one works alone there is no other to be told from.
func TestOneWorkerAlone(t *testing.T) {
	town := newTown()
	town.team = []staff.Assignment{{Worker: town.worker, Post: staff.GridWorker, Cover: staff.CoverA}}
	for path, post := range map[string]string{"/g/990102001001001": "网格员", "/g/990102001001001?lang=en": "Grid worker"} {
		wantContains(t, town.get("GET", path).Body.String(), `<span class="post">`+post+`</span>`)
	}
	town.team = append(town.team, staff.Assignment{Worker: town.worker, Post: staff.GridWorker, Cover: staff.CoverB})
	wantContains(t, town.get("GET", "/g/990102001001001?lang=en").Body.String(), ">First to call<", ">Stands in<")
}

// What the page says somebody may be called about is what the board says: the grid worker's duties, not those of the office of who stands in.
func TestDuties(t *testing.T) {
	town := newTown()
	const path = "/g/990102001001001"
	duties := func(path string) string {
		body := town.get("GET", path).Body.String()
		_, after, _ := strings.Cut(body, `<section class="duties">`)
		said, _, _ := strings.Cut(after, "</section>")
		return said
	}
	wantContains(t, duties(path), "走访 &amp; 登记")
	if strings.Contains(duties(path), "调解邻里纠纷") {
		t.Error("general duties beside a worker's own")
	}
	town.worker.Duties = []string{"调解邻里纠纷", "汛期查看沿河低洼处"}
	wantContains(t, duties(path), "调解邻里纠纷")
	wantContains(t, duties(path+"?lang=en"), "Settle disputes between neighbours", `<bdi lang="zh">汛期查看沿河低洼处</bdi>`)
	town.worker.Duties = nil
	wantContains(t, duties(path), "调解邻里纠纷")
	wantContains(t, duties(path+"?lang=en"), "Settle disputes between neighbours")
	town.worker.Duties, town.by = []string{"主持党支部"}, staff.GridLeader
	if said := duties(path); strings.Contains(said, "主持党支部") || !strings.Contains(said, "调解邻里纠纷") {
		t.Errorf("of a leader who stands in: %s", said)
	}
	town.team = []staff.Assignment{{Worker: staff.Worker{Name: "甲", Duties: []string{"代办高龄补贴"}}, Post: staff.GridWorker, Cover: staff.CoverA, Away: true}}
	wantContains(t, duties(path), "代办高龄补贴")
}

// Whom to call besides the workers, as the division says; where that is not known, the numbers that hold everywhere.
func TestContacts(t *testing.T) {
	const path = "/g/990102001001001"
	town := newTown()
	town.contacts = place.Contacts{SupervisionPhone: "15499010777", Station: &place.Station{Name: "听雨<b>站", Address: "望舒路 1 号", Hours: "周一至周五", HoursEnglish: "Mon–Fri", Phone: "021-5555"},
		Night: []place.NightNumber{{Phone: "962121", Name: "物业热线", NameEnglish: "Property line"}}}
	body := town.get("GET", path).Body.String()
	wantContains(t, body, `<a class="number" href="tel:15499010777"><bdi>154 9901 0777</bdi></a>`, "听雨&lt;b&gt;站", "望舒路 1 号", "周一至周五", `href="tel:0215555"`, `href="tel:962121"`, "物业热线")
	if strings.Contains(body, "tel:110") || strings.Index(body, "监督电话") > strings.Index(body, "夜里和急事") {
		t.Error("other numbers than the division's, or in another order")
	}
	wantContains(t, town.get("GET", path+"?lang=en").Body.String(), "<bdi>Mon–Fri</bdi>", "<bdi>Property line</bdi>")
	if kiosk := town.get("GET", path+"?kiosk=1").Body.String(); strings.Contains(kiosk, "tel:") || !strings.Contains(kiosk, "154 9901 0777") {
		t.Error("a kiosk calls")
	}
	town.awayErr = fault.New(fault.Unavailable, "", "database")
	if w := town.get("GET", path); w.Code != 200 || !strings.Contains(w.Body.String(), `href="tel:110"`) || strings.Contains(w.Body.String(), "15499010777") {
		t.Errorf("while the database is away: %d", w.Code)
	}
}

// The language, the kiosk, the elder view and the device's system go along, and nothing else does.
func TestWhatGoesAlong(t *testing.T) {
	town := newTown()
	body := town.get("GET", "/?crs=gcj02&kiosk=1&elder=1&lang=en&other=1").Body.String()
	wantContains(t, body, `<html lang="en" class="kiosk elder">`, `href="/c?crs=GCJ02&amp;elder=1&amp;kiosk=1&amp;lang=en"`, `data-device="GCJ02"`,
		`<input type="hidden" name="crs" value="GCJ02">`, `<dialog id="still"`, `data-start="/?crs=GCJ02&amp;elder=1&amp;kiosk=1&amp;lang=en"`)
	body = town.get("GET", "/?lng=120.005&lat=31.005&crs=CGCS2000&from=GCJ02&elder=1").Body.String()
	wantContains(t, body, `class="elder"`, `href="/c/990102001001?crs=GCJ02&amp;elder=1"`, `href="/?crs=CGCS2000&amp;from=GCJ02&amp;lat=31.005&amp;lng=120.005"`)
	town.house(31, "听雨里1号楼", "", &town.grids[0].Key, 0) // a question that has coordinates keeps their system beside the device's
	wantContains(t, town.get("GET", "/?lng=120.005&lat=31.005&crs=GCJ02").Body.String(), `href="/?crs=CGCS2000&amp;from=GCJ02&amp;`)
	if body := town.get("GET", "/?crs=WGS84").Body.String(); !strings.Contains(body, `href="/c"`) || !strings.Contains(body, `data-device=""`) {
		t.Error("what is so anyhow goes along")
	}
	if body := town.get("GET", "/?crs=nonsense&kiosk=2&elder=yes").Body.String(); strings.Contains(body, `class="kiosk`) || strings.Contains(body, `class="elder`) || !strings.Contains(body, `href="/c"`) {
		t.Error("what means nothing goes along")
	}
}

// A kiosk has nothing to call with, and nothing that leads away.
func TestKiosk(t *testing.T) {
	town := newTown()
	town.boards = true
	town.leaders = []staff.Assignment{{Worker: staff.Worker{Name: "丙", WorkPhone: "15499010001"}, Post: staff.GridLeader, Cover: staff.CoverA}}
	body := town.get("GET", "/g/990102001001001?kiosk=1").Body.String()
	wantContains(t, body, "190-0000 1234", "12345", "154 9901 0001")
	for _, bad := range []string{"tel:", "/signboards/", `class="secondary share"`, `name="lng"`} {
		if strings.Contains(body, bad) {
			t.Errorf("a kiosk has %s", bad)
		}
	}
	if strings.Index(body, `id="answer"`) > strings.Index(body, `id="find"`) {
		t.Error("what is pressed stands above")
	}
	if strings.Contains(town.get("GET", "/").Body.String(), "<dialog") {
		t.Error("a phone asks whether somebody is there")
	}
}

// What others see where the address is shared.
func TestShareCard(t *testing.T) {
	body := newTown().get("GET", "/g/990102001001002").Body.String()
	wantContains(t, body, `<meta property="og:title" content="采薇网格 · 谁管我家这一片？">`, `<meta property="og:image" content="https://grid.example/assets/card-`)
	body = newTown().get("GET", "/g/990102001001001").Body.String()
	wantContains(t, body, `<meta property="og:description" content="听雨里 &#34;东&#34; &lt;script&gt;alert(1)&lt;/script&gt;，网格员欧阳 &lt;b&gt;雪&lt;/b&gt;。点开看电话。">`)
	if card := newTown().get("GET", "/assets/"+manifest["card.png"]); card.Code != 200 || card.Header().Get("Content-Type") != "image/png" {
		t.Errorf("the picture: %d %v", card.Code, card.Header())
	}
}

// The drawn plan stands in for the map only where it is served.
func TestPlanInPlaceOfTheMap(t *testing.T) {
	town := newTown()
	if strings.Contains(town.get("GET", "/g/990102001001001").Body.String(), "map.svg") {
		t.Error("a plan that nobody serves")
	}
	town.boards = true
	wantContains(t, town.get("GET", "/g/990102001001001").Body.String(),
		`<noscript class="plan"><a href="/g/990102001001001/map.svg?lang=zh"><img src="/g/990102001001001/map.svg?lang=zh" alt="网格示意图"> <span>打开示意图，点选您家那一片</span></a></noscript>`)
	wantContains(t, town.get("GET", "/?lang=en").Body.String(), `<noscript class="plan"><a href="/map.svg?lang=en"><img src="/map.svg?lang=en" alt="Plan of all parts">`)
	wantContains(t, town.get("GET", "/c/990102001001?lang=zh").Body.String(), `<img src="/c/990102001001/map.svg?lang=zh"`)
	wantContains(t, town.get("GET", "/?kiosk=1").Body.String(), `<noscript class="plan"><img src="/map.svg?lang=zh"`)
	if body := town.get("GET", "/?lng=120.005&lat=31.005&crs=WGS84").Body.String(); strings.Contains(body, `"/map.svg`) {
		t.Error("the plan of all beside an answer")
	}
	bare := newTown()
	bare.boards, bare.community.BBox = true, nil
	if strings.Contains(bare.get("GET", "/").Body.String(), "map.svg") {
		t.Error("a plan of what has no borders")
	}
	if kiosk := town.get("GET", "/g/990102001001001?kiosk=1").Body.String(); !strings.Contains(kiosk, `<noscript class="plan"><img`) {
		t.Error("a kiosk leads to the plan, and not back")
	}
}

// Names are the town's, and never markup, however odd.
func TestOddNames(t *testing.T) {
	town := newTown()
	long := strings.Repeat("很长的名字", 12)
	odd := "\u202E<script>alert(1)</script>'\"&{}" + long
	town.worker.Name, town.worker.Duties, town.grids[0].Name, town.community.Name, town.group.Name = odd, []string{odd}, odd, odd, odd
	town.grids[0].Limits = place.Limits{East: odd}
	town.contacts = place.Contacts{SupervisionPhone: odd, Station: &place.Station{Name: odd, Address: odd, Hours: odd, HoursEnglish: odd, Phone: odd}, Night: []place.NightNumber{{Phone: odd, Name: odd, NameEnglish: odd}}}
	town.team = []staff.Assignment{{Worker: staff.Worker{Name: odd, WorkPhone: odd}, Post: staff.GridWorker, Cover: staff.CoverA}}
	town.house(31, odd, odd, &town.grids[0].Key, 0)
	town.matches = []search.Match{{Label: odd, Building: &town.building.Key}}
	for _, path := range []string{"/?lng=120.005&lat=31.005&crs=WGS84", "/?lng=120.005&lat=31.005&crs=WGS84&accuracy=80&kiosk=1", "/g/990102001001001", "/?q=%E2%80%AE%3Cscript%3Ealert(1)", "/c/990102001001"} {
		for _, lang := range []string{"zh", "en"} {
			body := town.get("GET", path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"lang="+lang).Body.String()
			if !strings.Contains(body, "<main") {
				t.Fatalf("%s: %s", path, body)
			}
			inside := body[strings.Index(body, "<main"):strings.Index(body, "</main>")]
			if strings.Contains(body, "<script>") || !strings.Contains(inside, "alert(1)") {
				t.Errorf("%s %s: markup out of a name, or no name", path, lang)
			}
			for i := range inside { // each turns its own element alone
				if !strings.HasPrefix(inside[i:], "\u202E") {
					continue
				}
				before := inside[:i]
				open := strings.LastIndex(before, "<bdi")
				quoted := strings.Count(before[strings.LastIndex(before, "<"):], `"`)%2 == 1
				if !quoted && (open < 0 || strings.Contains(before[open:], "</bdi>")) {
					t.Fatalf("%s: a mark for right to left outside bdi: …%s", path, before[max(0, len(before)-120):])
				}
			}
		}
	}
}
