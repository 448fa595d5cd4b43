package web

import (
	"strings"
	"testing"

	"github.com/twpayne/go-geom"

	"wangge/domain/grid"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/search"
)

// Marks that turn the direction of writing stay out of what stands in no element of its own.
func TestNamesOutsideOfMarkupArePlain(t *testing.T) {
	const odd = "\u202e\u2066<script>alert(1)</script>\u200f\u200b"
	town := newTown()
	town.boards = true
	town.grids[0].Name, town.worker.Name, town.community.Name, town.building.Name = odd+strings.Repeat("长", 60), odd, odd, odd
	town.matches = []search.Match{{Kind: search.Building, Label: odd, Building: &town.building.Key}}
	hidden := func(r rune) bool { return strings.ContainsRune("\u202e\u2066\u200f\u200b", r) }
	for _, path := range []string{"/g/990102001001001", "/b/" + town.building.Key.String(), "/c/990102001001", "/c", "/?q=x", "/w/" + town.worker.Key.String(), "/coverage/990102001001"} {
		for _, lang := range []string{"zh", "en"} {
			body := town.get("GET", path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"lang="+lang).Body.String()
			rest := body
			for { // all of it but what is set apart
				before, after, ok := strings.Cut(rest, "<bdi")
				if strings.ContainsFunc(before, hidden) {
					i := strings.IndexFunc(before, hidden)
					t.Errorf("%s %s: …%s", path, lang, before[max(0, i-80):min(len(before), i+30)])
				}
				if !ok {
					break
				}
				_, rest, _ = strings.Cut(after, "</bdi>")
			}
			if strings.Contains(body, "<script>") {
				t.Errorf("%s: a name is markup", path)
			}
		}
	}
	grid := town.get("GET", "/g/990102001001001?lang=zh").Body.String()
	wantContains(t, grid, "<title>&lt;script&gt;alert(1)&lt;/script&gt;长", `alt="&lt;script&gt;alert(1)&lt;/script&gt;的照片"`, `data-initial="&lt;"`)
	if found := town.get("GET", "/search?q=x").Body.String(); strings.ContainsFunc(found, hidden) || !strings.Contains(found, "alert(1)") {
		t.Errorf("suggestions: %s", found)
	}
}

// A link with an address is the plain form's question under another name.
func TestAddressInALink(t *testing.T) {
	town := newTown()
	town.matches = []search.Match{{Kind: search.Building, Label: "听雨里3号楼", Building: &town.building.Key}}
	for _, name := range []string{"q", "address"} {
		wantContains(t, town.get("GET", "/?lang=zh&"+name+"=%E5%90%AC%E9%9B%A8%E9%87%8C3%E5%8F%B7%E6%A5%BC").Body.String(), `data-code="990102001001002"`, "您找的是", `value="听雨里3号楼"`)
		if w := town.get("GET", "/?"+name+"=too+long"); w.Code != 400 || !strings.Contains(w.Body.String(), `value="too long" aria-invalid="true"`) {
			t.Errorf("%s that is too long: %d", name, w.Code)
		}
	}
	wantContains(t, town.get("GET", "/?address=x&none=1&lang=zh").Body.String(), "没有找到“<bdi>x</bdi>”")
	town.asked = grid.AtQuery{}
	if town.get("GET", "/?q=first&address=second"); town.asked.Address != "first" {
		t.Errorf("asked for %q", town.asked.Address)
	}
}

// Each likely grid has its nearest building in the question, however many of another grid are nearer; beyond the circle of the position there is none else.
func TestBuildingsOfEveryLikelyGrid(t *testing.T) {
	town := newTown()
	first, second := town.grids[0].Key, town.grids[1].Key
	for i := range byte(20) {
		town.house(40+i, "近"+string(rune('A'+i)), "", &first, float64(i))
	}
	for i := range byte(3) {
		town.house(80+i, "远"+string(rune('A'+i)), "采薇街 1 号", &second, 100+float64(i))
	}
	body := town.get("GET", "/?lng=120.005&lat=31.005&crs=WGS84&lang=zh&accuracy=80").Body.String()
	last := 0
	for _, part := range []string{"您在哪一栋？", "近A", "近B", "<small><bdi>听雨里", "近C", "近D", "远A", "<small><bdi>采薇街 1 号</bdi> · <bdi>采薇网格</bdi></small>", "约 100 米外", "以上都不是"} {
		i := strings.Index(body[last:], part)
		if i < 0 {
			t.Fatalf("%q does not follow in\n%s", part, body[strings.Index(body, "<main"):])
		}
		last += i
	}
	if strings.Count(body, `href="/b/`) != shownBuildings || strings.Contains(body, "远B") || strings.Contains(body, "近E") {
		t.Errorf("%d buildings", strings.Count(body, `href="/b/`))
	}
	town.house(90, "圈外", "", &first, 81)
	town.near = append(town.near[:1:1], town.near[20:]...)
	if body := town.get("GET", "/?lng=120.005&lat=31.005&crs=WGS84&lang=zh&accuracy=80").Body.String(); strings.Count(body, `href="/b/`) != 2 || strings.Contains(body, "圈外") {
		t.Error("a building beyond the circle, whose grid has a nearer one")
	}
	// A likely grid without a building that has a name is one to choose by itself.
	town.near = town.near[:1]
	wantContains(t, town.get("GET", "/?lng=120.005&lat=31.005&crs=WGS84&lang=zh&accuracy=80").Body.String(), "近A", `href="/g/990102001001002?lang=zh"`, "可能性 37%", "以上都不是")
}

func TestChosen(t *testing.T) {
	of := func(names ...string) (list []page.Item[place.Building]) {
		town := newTown()
		for i, n := range names {
			k := town.grids[0].Key
			k.ID[14] = n[0]
			town.house(byte(i), n, "", &k, float64(i))
		}
		return town.near
	}
	for _, c := range []struct{ name, have, likely, want string }{
		{"one grid", "a1 a2 a3 a4 a5 a6 a7 a8 a9 a0", "a", "a1 a2 a3 a4 a5"},
		{"two grids", "a1 a2 a3 a4 a5 a6 a7 a8 b1 b2 b3", "ab", "a1 a2 a3 a4 b1"},
		{"beyond the circle one of a likely grid", "a1 a2 x3 x4 x5 x6 x7 x8 x9 x0 a3 b1 b2", "ab", "a1 a2 x3 x4 b1"},
		{"few within", "a1 a2 a3", "ab", "a1 a2 a3"},
		{"one that is not likely", "c1 a1 a2 a3 b1", "ab", "c1 a1 a2 a3 b1"},
		{"five grids", "a1 a2 a3 a4 a5 a6 b1 b2 c1 c2 d1 d2 e1 e2", "abcde", "a1 b1 c1 d1 e1"},
		{"one has none", "a1 a2", "ab", "a1 a2"},
		{"nothing is likelier", "a1 a2 a3 a4 a5 a6 a7 a8 b1", "", "a1 a2 a3 a4 a5"},
	} {
		var likely []candidate
		for _, n := range c.likely {
			k := newTown().grids[0].Key
			k.ID[14] = byte(n)
			likely = append(likely, candidate{Face: &face{Grid: grid.Grid{Key: k}}})
		}
		var got []string
		for _, b := range chosen(of(strings.Fields(c.have)...), likely, 9) {
			got = append(got, b.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// Who stands in no grid is told of the nearest within some kilometres and whom to call.
func TestNearestGridFromOutside(t *testing.T) {
	town := newTown()
	town.contacts = place.Contacts{Station: &place.Station{Name: "听雨站", Phone: "021-5555"}}
	body := town.get("GET", "/?lng=120.05&lat=31.005&crs=WGS84&lang=zh").Body.String()
	wantContains(t, body, "这里不在任何网格内", "约 2.3 公里", `href="/g/990102001001002?lang=zh"`, "采薇网格", "听雨站", `href="tel:0215555"`, `href="tel:12345"`, `data-code=""`)
	wantContains(t, town.get("GET", "/?lng=120.05&lat=31.005&crs=WGS84&lang=en").Body.String(), "2.3 km")
	wantContains(t, town.get("GET", "/?lng=120.5&lat=31.005&crs=WGS84&lang=zh").Body.String(), "附近也没有", "拨打 12345", `href="tel:12345"`, `href="/c?lang=zh"`)
	wantContains(t, town.get("GET", "/?lng=121.5&lat=31.005&crs=WGS84&lang=zh").Body.String(), "不在本站的服务范围内", "拨打 12345", `href="tel:12345"`)
}

// The code of a grid that is no more, or never was, leads on.
func TestRetiredAndUnknownGrids(t *testing.T) {
	town := newTown()
	town.retired = &grid.Grid{Code: "990102001001009", Name: "旧网格<b>", CommunityID: town.community.ID, LabelPoint: geom.NewPointFlat(geom.XY, []float64{120.005, 31.005})}
	w := town.get("GET", "/g/990102001001009?lang=zh")
	if w.Code != 410 {
		t.Errorf("%d", w.Code)
	}
	wantContains(t, w.Body.String(), "“<bdi>旧网格&lt;b&gt;</bdi>”", "2030年5月1日", "已撤销", `data-code="990102001001001"`, `href="tel:19000001234"`, `href="/c/990102001001?lang=zh"`)
	wantContains(t, town.get("GET", "/g/990102001001009?lang=en").Body.String(), "1 May 2030", "no longer a grid")
	town.retired.LabelPoint = geom.NewPointFlat(geom.XY, []float64{120.9, 31.005})
	w = town.get("GET", "/g/990102001001009?lang=zh")
	wantContains(t, w.Body.String(), "已撤销", `href="/c/990102001001?lang=zh"`, `href="tel:12345"`)
	if w.Code != 410 || strings.Contains(w.Body.String(), `class="face"`) {
		t.Errorf("%d, or somebody is named", w.Code)
	}
	w = town.get("GET", "/g/990102001001999?lang=zh") // the first digits are a community's
	if w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
	wantContains(t, w.Body.String(), "没有网格“990102001001999”。", `href="/c/990102001001?lang=zh"`, "听雨社区", `href="tel:12345"`)
	for _, path := range []string{"/g/NOWHERE", "/b/NOWHERE", "/c/NOWHERE"} {
		w = town.get("GET", path+"?lang=zh")
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
		wantContains(t, w.Body.String(), "没有", "输入地址", `href="/c?lang=zh"`, `href="tel:12345"`)
	}
	if w := town.get("GET", "/g/990102001001009", "Accept", "application/json"); w.Code != 404 || !strings.Contains(w.Body.String(), "NOT_FOUND") {
		t.Errorf("a program: %d %s", w.Code, w.Body)
	}
}

// From an answer to what is printed of it.
func TestLinksToWhatIsPrinted(t *testing.T) {
	town := newTown()
	town.boards = true
	wantContains(t, town.get("GET", "/g/990102001001001?lang=en&elder=1").Body.String(), `href="/signboards/990102001001001?lang=en">Print the signboard`,
		`href="/signboards/leaflet/990102001001001.pdf?lang=en">Print the leaflet`)
	id := town.building.Key.String()
	body := town.get("GET", "/b/"+id+"?lang=zh").Body.String()
	wantContains(t, body, `href="/signboards/buildings/`+id+`?lang=zh">打印本楼公示牌`, `href="/signboards/990102001001001?lang=zh">打印网格公示牌`, `href="/signboards/leaflet/`)
	if strings.Contains(body, `class="part own"`) {
		t.Error("a building's page links to itself")
	}
	town.house(31, "听雨里1号楼", "", &town.grids[0].Key, 0)
	own := town.near[0].Node.Key.String()
	wantContains(t, town.get("GET", "/?lng=120.005&lat=31.005&crs=WGS84&lang=zh").Body.String(), `<a class="part own" href="/b/`+own+`?lang=zh"><strong><bdi>听雨里1号楼`, `href="/signboards/buildings/`+own)
	wantContains(t, town.get("GET", "/c/990102001001?lang=en").Body.String(), `href="/signboards/atlas/990102001001.pdf?lang=en">Atlas of the grids (PDF)`, `href="/signboards/print/990102001001?lang=en">What to print`)
	if strings.Contains(town.get("GET", "/c/990102001001?kiosk=1").Body.String(), "/signboards/") {
		t.Error("a kiosk leads to what is printed")
	}
	town.boards = false
	if strings.Contains(town.get("GET", "/c/990102001001").Body.String(), "/signboards/") {
		t.Error("an atlas that nobody serves")
	}
	if strings.Contains(town.get("GET", "/b/"+id).Body.String(), "/signboards/") {
		t.Error("boards that nobody serves")
	}
	town.boards, town.building.GridKey = true, nil // no board of it is made
	if body := town.get("GET", "/b/"+id).Body.String(); strings.Contains(body, "/signboards/buildings/") || !strings.Contains(body, "/signboards/") {
		t.Error("the board of a building in no grid, or none of the grid near it")
	}
}
