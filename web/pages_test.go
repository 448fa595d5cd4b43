package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/account"
	"wangge/domain/place"
	"wangge/internal/fault"
)

func TestFirstPage(t *testing.T) {
	w := newTown().get("GET", "/")
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Content-Language") != "zh-CN" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	wantContains(t, w.Body.String(), `<html lang="zh-CN">`, "<title>谁管我家这一片？</title>", `data-box="120.000000,31.000000,120.020000,31.010000"`,
		`href="/c"`, `href="/?lang=en"`, `name="crs"`)
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
	const basemap = "http://127.0.0.1:8099 https://tiles.example.org"
	if got, want := contentSecurityPolicy(strings.Fields(basemap)), strings.NewReplacer("data: blob:;", "data: blob: "+basemap+";", "connect-src 'self';", "connect-src 'self' "+basemap+";").Replace(policy); got != want {
		t.Errorf("with a basemap the policy is %q", got)
	}
	// The worker fetches tiles, and what it may fetch is said where it is served.
	worker := regexp.MustCompile(`data-worker="([^"]+)"`).FindStringSubmatch(w.Body.String())
	if worker == nil || newTown().get("GET", worker[1]).Header().Get("Content-Security-Policy") != policy || workerURL(policy) != worker[1] || workerURL(policy+" ") == worker[1] {
		t.Errorf("the map's worker at %v has another policy than the page, or one that browsers kept", worker)
	}
	if again := newTown().get("GET", "/", "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("with its ETag: %d", again.Code)
	}
	english := newTown().get("GET", "/", "Accept-Language", "en-GB")
	wantContains(t, english.Body.String(), `<html lang="en">`, "<title>Who looks after my block?</title>", `href="/?lang=zh"`)
}

func TestAnswerWithoutScript(t *testing.T) {
	w := newTown().get("GET", "/?lng=120.005&lat=31.005&crs=wgs84&lang=en")
	body := w.Body.String()
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, body)
	}
	wantContains(t, body, "欧阳 &lt;b&gt;雪&lt;/b&gt;", `href="tel:19000001234"`, "Call <bdi lang=\"zh\">欧阳 &lt;b&gt;雪&lt;/b&gt;</bdi>\u00a0· <bdi>190-0000 1234</bdi>", "第一网格组", "听雨社区", "990102001001001",
		`east: <bdi lang="zh">望舒路</bdi>`, `<bdi lang="zh">走访 &amp; 登记</bdi>`, "走访 &amp; 登记", `src="/photos/d00test-00000000000000000000000000000003?size=160"`,
		`data-code="990102001001001"`, `data-lng="120.005000"`, `href="/c/990102001001?lang=en"`,
		`href="/?crs=wgs84&amp;lang=zh&amp;lat=31.005&amp;lng=120.005"`)
	if strings.Contains(body, "<script>") || strings.Contains(body, "<b>雪") {
		t.Error("text from the data is not escaped")
	}
	part := newTown().get("GET", "/?lng=120.005&lat=31.005&crs=WGS84&part=answer").Body.String()
	if !strings.HasPrefix(part, `<div class="found"`) || strings.Contains(part, "<html") {
		t.Errorf("the part is not one element: %s", part)
	}
}

func TestAnswersThatAreNotSure(t *testing.T) {
	town := newTown()
	wantContains(t, town.get("GET", "/?lng=120.005&lat=31.005&crs=WGS84&accuracy=80&lang=zh").Body.String(),
		"定位有误差", "可能性 63%", "可能性 37%", `href="/g/990102001001002?lang=zh"`, `data-accuracy="80"`)
	wantContains(t, town.get("GET", "/?lng=120.5&lat=31.005&crs=WGS84").Body.String(), "这里还没有划入任何网格")
	wantContains(t, town.get("GET", "/?lng=120.015&lat=31.005&crs=WGS84").Body.String(), "目前没有网格员")
}

func TestPinStandsInTheMapsSystem(t *testing.T) {
	// geo.md: GCJ-02 116.404,39.915 is WGS 84 116.39775550083061,39.91359571849836.
	body := newTown().get("GET", "/?lng=116.404&lat=39.915&crs=GCJ02").Body.String()
	wantContains(t, body, `data-lng="116.39775`, `data-lat="39.91359`)
}

func TestPageSaysWhatIsWrong(t *testing.T) {
	w := newTown().get("GET", "/?lng=abc&lat=31&crs=WGS84&lang=en")
	if w.Code != 400 {
		t.Errorf("%d", w.Code)
	}
	wantContains(t, w.Body.String(), "Longitude must be a number.", `value="abc" aria-invalid="true"`, "<details open>")
	if w := newTown().get("GET", "/?lng=120&lat=31"); w.Code != 400 || !strings.Contains(w.Body.String(), "请选择坐标系。") {
		t.Errorf("without a system: %d", w.Code)
	}
	failing := newTown()
	failing.err = errors.New("secret")
	for _, path := range []string{"/", "/?lng=120&lat=31&crs=WGS84", "/g/990102001001001", "/c", "/c/990102001001", "/coverage", "/coverage/990102001001", "/b/" + failing.building.Key.String()} {
		if w := failing.get("GET", path); w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), "问题编号 the-request") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestGridPage(t *testing.T) {
	town := newTown()
	w := town.get("GET", "/g/990102001001001")
	wantContains(t, w.Body.String(), "欧阳", `data-box="120.000000,31.000000,120.010000,31.010000"`, "· 谁管我家这一片？</title>")
	if strings.Contains(w.Body.String(), "/signboards/") {
		t.Error("a link to a board that nobody serves")
	}
	town.boards = true
	wantContains(t, town.get("GET", "/g/990102001001001").Body.String(), `href="/signboards/990102001001001?lang=zh"`)
	if former := town.get("GET", "/g/OLD-1"); former.Code != 200 || !strings.Contains(former.Body.String(), "编号 OLD-1 已改为 990102001001001。") {
		t.Errorf("a former code: %d", former.Code)
	}
	if unknown := town.get("GET", "/g/nowhere"); unknown.Code != 404 || !strings.Contains(unknown.Body.String(), "没有网格“nowhere”。") {
		t.Errorf("an unknown code: %d %s", unknown.Code, unknown.Body)
	}
}

// A building belongs to the grid it was given to, not to the one its point lies in.
func TestBuildingPage(t *testing.T) {
	town := newTown()
	path := "/b/" + town.building.Key.String()
	wantContains(t, town.get("GET", path).Body.String(), "听雨里3号楼", "望舒路 8 号", `data-code="990102001001001"`, `data-lng="120.015000"`)
	if strings.Contains(town.get("GET", path).Body.String(), "最近的网格") {
		t.Error("a building in its own grid is said to be in none")
	}
	town.building.GridKey = nil // not given to a grid yet, but one holds it
	wantContains(t, town.get("GET", path).Body.String(), `data-code="990102001001002"`)
	if w := town.get("GET", "/b/none"); w.Code != 404 {
		t.Errorf("unknown: %d", w.Code)
	}
}

// The nearest grid is not the building's own, and a page must not make it so.
func TestBuildingInNoGrid(t *testing.T) {
	for _, c := range []struct {
		name             string
		at               *geom.Point
		code             string
		chinese, english []string
	}{
		{"near one", geom.NewPointFlat(geom.XY, []float64{120.025, 31.005}), "990102001001002",
			[]string{"这栋楼还没有划入任何网格，最近的网格在约 85 米外。", "请向社区确认"},
			[]string{"This building is in no grid; the nearest is about 85 m away.", "Please ask the community"}},
		{"near none", geom.NewPointFlat(geom.XY, []float64{120.5, 31.005}), "",
			[]string{"这栋楼还没有划入任何网格。"}, []string{"This building is in no grid."}},
		{"outside the window", geom.NewPointFlat(geom.XY, []float64{121.5, 31.005}), "",
			[]string{"这栋楼还没有划入任何网格。"}, []string{"This building is in no grid."}},
		{"nobody knows where", nil, "",
			[]string{"这栋楼还没有划入任何网格。"}, []string{"This building is in no grid."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			town := newTown()
			town.building.GridKey, town.building.Location = nil, c.at
			path := "/b/" + town.building.Key.String()
			for language, sentences := range map[string][]string{"zh": c.chinese, "en": c.english} {
				w := town.get("GET", path+"?lang="+language)
				if w.Code != 200 {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
				wantContains(t, w.Body.String(), append(sentences, "听雨里3号楼", `data-code="`+c.code+`"`)...)
			}
		})
	}
}

// A page is read from one state of the data: a grid and its worker belong together. Apart from it is only found out whose
// reports to wait for.
func TestPagesAreOfOneState(t *testing.T) {
	for _, path := range []string{"/?lng=120.005&lat=31.005&crs=WGS84&part=answer", "/g/990102001001001", "/c", "/c/990102001001", aPoint, "/coverage", "/coverage/990102001001",
		"/b/" + newTown().building.Key.String(), "/?lng=120.05&lat=31.005&crs=WGS84&part=answer", "/?lng=120.005&lat=31.005&crs=WGS84&accuracy=80&part=answer"} {
		town := newTown()
		apart := 0
		if strings.HasPrefix(path, "/coverage") {
			apart = 1
		}
		if w := town.get("GET", path); w.Code != 200 || len(town.apart) != apart {
			t.Errorf("%s: %d, asked apart: %v", path, w.Code, town.apart)
		}
	}
}

// Two towns may have one name.
func TestTownsOfOneName(t *testing.T) {
	town := newTown()
	id := func(n byte) uuid.UUID { return uuid.UUID{14: 1, 15: n} }
	parent := func(n byte) *uuid.UUID { p := id(n); return &p }
	town.community.ParentID = parent(1)
	town.others = []place.Division{
		{ID: id(1), Code: "990102001", Name: "城关镇", Level: place.Town, ParentID: parent(3)},
		{ID: id(2), Code: "990103001", Name: "城关镇", Level: place.Town, ParentID: parent(4)},
		{ID: id(3), Code: "990102", Name: "汀兰区", Level: place.District},
		{ID: id(4), Code: "990103", Name: "杜若区", Level: place.District},
		{ID: id(5), Code: "990103001001", Name: "采薇社区", Level: place.Community, ParentID: parent(2)},
		{ID: id(6), Code: "990103002001", Name: "木槿社区", Level: place.Community},
	}
	body := town.get("GET", "/c").Body.String()
	found := regexp.MustCompile(`<h3><bdi>(.*?)</bdi></h3>|<span class="grow"><bdi>(.*?)</bdi></span>`).FindAllStringSubmatch(body, -1)
	got := ""
	for _, m := range found {
		got += m[1] + m[2] + "|"
	}
	if want := "汀兰区 · 城关镇|听雨社区|杜若区 · 城关镇|采薇社区|木槿社区|"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	town.others[1].Name = "望舒街道"
	wantContains(t, town.get("GET", "/c").Body.String(), "<h3><bdi>城关镇</bdi></h3>", "<h3><bdi>望舒街道</bdi></h3>")
}

// A page of ten thousand links is no page.
func TestALargeDivisionListsWhatLiesBeneath(t *testing.T) {
	town := newTown()
	for len(town.grids) <= mostListed {
		town.grids = append(town.grids, town.grids[1])
	}
	town.community.Name = "汀兰区"
	for i, name := range []string{"望舒街道", "采薇镇", "无人镇"} {
		town.children = append(town.children, place.Division{ID: uuid.UUID{byte(i + 1)}, Code: fmt.Sprintf("99010200%d", i+1), Name: name})
	}
	town.counts = map[uuid.UUID]int{{1}: 400, {2}: 101}
	body := town.get("GET", "/c/990102001001").Body.String()
	wantContains(t, body, "<bdi>汀兰区</bdi>有 <bdi>501</bdi> 个网格，请继续选择：", `href="/c/990102001"`, "400 个网格", "采薇镇")
	if n := strings.Count(body, `href="/g/`); n != 0 {
		t.Errorf("%d grids are listed as well", n)
	}
	if strings.Contains(body, "无人镇") {
		t.Error("a town without grids leads nowhere")
	}

	// One of them lies in the division itself: it must not get lost.
	town.counts[uuid.UUID{2}] = 100
	for i := range town.grids[1:] {
		town.grids[1+i].CommunityID = uuid.UUID{byte(1 + i%2)}
	}
	body = town.get("GET", "/c/990102001001").Body.String()
	wantContains(t, body, `href="/c/990102002"`, `href="/g/990102001001001"`)
	if n := strings.Count(body, `href="/g/`); n != 1 {
		t.Errorf("%d grids are listed beside the towns", n)
	}
	wantContains(t, town.get("GET", "/c/990102001001?lang=en").Body.String(), `<bdi lang="zh">汀兰区</bdi> has <bdi>501</bdi> grids; choose further:`)

	town.children = nil
	body = town.get("GET", "/c/990102001001").Body.String()
	wantContains(t, body, "共 501 个网格，只列出前 500 个。")
	if n := strings.Count(body, `href="/g/`); n != mostListed {
		t.Errorf("%d grids are listed", n)
	}
	wantContains(t, town.get("GET", "/c/990102001001?lang=en").Body.String(), "Of 501 grids only the first 500 are listed.")

	town.grids = town.grids[:mostListed]
	if body := town.get("GET", "/c/990102001001").Body.String(); strings.Contains(body, "只列出") || strings.Count(body, `href="/g/`) != mostListed {
		t.Error("as many as a page holds are cut")
	}
}

func TestLists(t *testing.T) {
	town := newTown()
	wantContains(t, town.get("GET", "/c").Body.String(), "社区列表", "/c/990102001001")
	wantContains(t, town.get("GET", "/c/990102001001").Body.String(), "<bdi>听雨社区</bdi>的网格", "/g/990102001001002", "欧阳")
	town.grids = nil
	wantContains(t, town.get("GET", "/c/990102001001").Body.String(), "还没有网格数据")
	town.community.ParentID = &uuid.UUID{}
	if w := town.get("GET", "/c/1"); w.Code != 404 {
		t.Errorf("unknown: %d", w.Code)
	}
}

// The map of a page asks what changed since the page was made: it may fetch tiles before it is told anything.
func TestPagesNameTheirState(t *testing.T) {
	for _, path := range []string{"/", "/g/990102001001001", "/coverage"} {
		town := newTown()
		was := town.get("GET", path)
		wantContains(t, was.Body.String(), `data-since="41.5"`)

		// What changed elsewhere does not make it another page; what it says does.
		town.state = "42.6"
		is, tag := town.get("GET", path), was.Header().Get("ETag")
		wantContains(t, is.Body.String(), `data-since="42.6"`)
		if is.Header().Get("ETag") != tag {
			t.Errorf("%s: with the state its ETag %s becomes %s", path, tag, is.Header().Get("ETag"))
		}
		if again := town.get("GET", path, "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s with its ETag: %d", path, again.Code)
		}
		town.grids[0].Name, town.community.Name, town.asOf = "另一网格", "另一社区", time.Now().Add(-time.Hour)
		if again := town.get("GET", path, "If-None-Match", tag); again.Code != http.StatusOK {
			t.Errorf("%s changed, with its former ETag: %d", path, again.Code)
		}
	}
}

// A long name breaks where its parts meet, and the number to call begins a line of its own, without a dot before it.
func TestWhereALongNameBreaks(t *testing.T) {
	town := newTown()
	town.worker.Name = "迪丽拜尔·阿卜杜克热木"
	wantContains(t, town.get("GET", "/g/"+town.grids[0].Code).Body.String(), `<strong class="name"><bdi>迪丽拜尔·<wbr>阿卜杜克热木</bdi></strong>`,
		"打给 <bdi>迪丽拜尔·<wbr>阿卜杜克热木</bdi>\u00a0· <bdi>", `alt="迪丽拜尔·阿卜杜克热木的照片"`)
	if got := (view{}).Data("汀兰区 · 城关镇·<b>"); got != "<bdi>汀兰区 · 城关镇·<wbr>&lt;b&gt;</bdi>" {
		t.Error(got)
	}
}

func TestBoxOfUnknownPlaces(t *testing.T) {
	if got := box(around([]*place.Box{nil, nil})); got != "" {
		t.Errorf("a box out of nothing: %q", got)
	}
	if got := box(around([]*place.Box{nil, {West: 2, South: 1, East: 3, North: 2}, {West: 1, South: 1.5, East: 2, North: 4}})); got != "1.000000,1.000000,3.000000,4.000000" {
		t.Error(got)
	}
}

// Each sentence that a template names is there in both languages, and none is left over.
func TestSentences(t *testing.T) {
	// Named by the list of systems, and by what is wrong with a parameter.
	used := map[string]bool{"WGS84": true, "CGCS2000": true, "GCJ02": true, "BD09": true, "accuracy": true}
	for _, file := range []string{"resident/page.html", "resident/answer.html", "resident/explorer.html", "resident/badge.html", "lists.go", "pages.go", "people.go", "help.go", "resident/frame.html", "sign.go", "resident/sign.html"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?:Say|say)\(? ?"([\w.]*\w)"`).FindAllSubmatch(source, -1) {
			used[string(match[1])] = true
		}
	}
	for _, kind := range []string{"sign-in", "code", "password", "enrol", "recovery", "account"} {
		used["sign."+kind] = true
	}
	for _, app := range []string{"WeChat", "WeCom", "DingTalk"} {
		used["browser."+app] = true
	}
	for _, role := range []account.Role{account.Staff, account.Operator, account.Security, account.Auditor} {
		used["role."+string(role)] = true
	}
	for right := range account.Rights {
		used["right."+right.String()] = true
	}
	for name := range used {
		if pair := sentences[name]; pair[0] == "" || pair[1] == "" || strings.Count(pair[0], "{}") != strings.Count(pair[1], "{}") {
			t.Errorf("sentence %q: %q", name, pair)
		}
	}
	for name := range sentences {
		if !used[name] {
			t.Errorf("nobody says %q", name)
		}
	}
	if got, err := say(fault.Chinese, "photoOf", "{} {}"); err != nil || got != "{ } { }的照片" {
		t.Errorf("%q %v", got, err)
	}
}

func TestAssets(t *testing.T) {
	town := newTown()
	page := town.get("GET", "/").Body.String() + town.get("GET", "/graphiql").Body.String()
	linked := regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(linked) < 5 {
		t.Fatalf("the pages link %v", linked)
	}
	for _, link := range linked {
		w := town.get("GET", link[1], "Accept-Encoding", "gzip, br")
		if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", link[1], w.Code, w.Header())
		}
	}
	plain := town.get("GET", "/assets/"+manifest["page.js"], "Accept-Encoding", "gzip;q=0")
	if plain.Header().Get("Content-Encoding") != "" || plain.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%v", plain.Header())
	}
	if plain.Body.Len() > 10<<10 {
		t.Errorf("the page's own script has grown to %d bytes; the map belongs in its own file", plain.Body.Len())
	}
	for _, path := range []string{"/assets/none.js", "/assets/..%2fweb.go", "/assets/"} {
		if w := town.get("GET", path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Nothing that the pages load may name another machine.
func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	town := newTown()
	for _, path := range []string{"/", "/g/990102001001001", "/graphiql", "/c"} {
		body := town.get("GET", path).Body.String()
		if found := regexp.MustCompile(`(?i)(?:src|href|action)="(?:https?:)?//[^"]*"`).FindString(body); found != "" {
			t.Errorf("%s loads %s", path, found)
		}
	}
	for _, name := range []string{"style.css", "graphiql.css"} {
		css, err := dist.ReadFile("dist/" + manifest[name])
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`url\(["']?(?:https?:)?//[^)]*\)|@import[^;]*;`).Find(css); found != nil {
			t.Errorf("%s loads %s", name, found)
		}
	}
}
