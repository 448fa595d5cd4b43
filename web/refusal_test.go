package web

import (
	"net/http"
	"strings"
	"testing"

	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/geo/coord"
	"wangge/internal/fault"
)

// What is no code is not asked for: the store fails on a NUL and on what is not UTF-8.
func TestNoCode(t *testing.T) {
	for _, path := range []string{"/g/%00", "/g/%ff", "/g/990102001001001%00", "/g/" + strings.Repeat("1", 33), "/g/%E7%BD%91",
		"/c/%00", "/c/%ff", "/c/990102001001%00"} {
		town := newTown()
		w := town.get("GET", path)
		if w.Code != 404 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if w := town.get("GET", path, "Accept", "application/json"); w.Code != 404 || !strings.Contains(w.Body.String(), `"code":"NOT_FOUND"`) {
			t.Errorf("%s as JSON: %d %s", path, w.Code, w.Body)
		}
	}
	if got, want := printable("a\x00\xffb\u202e"+strings.Repeat("c", 99)), "ab"+strings.Repeat("c", 30)+"…"; got != want {
		t.Errorf("%q", got)
	}
}

func TestUnknownAddress(t *testing.T) {
	town := newTown()
	w := town.get("GET", "/nothing/here", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if w.Code != 404 || w.Header().Get("Content-Language") != "zh-CN" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	wantContains(t, w.Body.String(), "没有这个网页", `<a href="/">回到首页</a>`)
	wantContains(t, town.get("GET", "/nothing?lang=en").Body.String(), "There is no page at this address.", `<a href="/?lang=en">Back to the first page</a>`)
	w = town.get("GET", "/nothing", "Accept", "application/json")
	if w.Code != 404 || !strings.HasPrefix(w.Body.String(), `{"error":{"code":"NOT_FOUND"`) {
		t.Errorf("as JSON: %d %s", w.Code, w.Body)
	}
	for path, want := range map[string]int{"/": 405, "/c": 405, "/g/990102001001001": 405, "/where": 405, "/nothing": 404} {
		w := town.get("POST", path)
		if w.Code != want || (w.Header().Get("Allow") == "GET, HEAD") != (want == http.StatusMethodNotAllowed) {
			t.Errorf("POST %s: %d, allowed %q", path, w.Code, w.Header().Get("Allow"))
		}
	}
}

// People are told in the words of the form; programs get the exact text.
func TestWordsForPeople(t *testing.T) {
	town := newTown()
	const outside = "lng=121.5&lat=31&crs=WGS84"
	w := town.get("GET", "/?"+outside)
	wantContains(t, w.Body.String(), "您选的位置不在本站的服务范围内，请点地图上您的家。")
	if w.Code != 400 || strings.Contains(w.Body.String(), "119,30,121,32") {
		t.Errorf("%d, or the window's numbers are shown", w.Code)
	}
	wantContains(t, town.get("GET", "/where?"+outside).Body.String(), "lies outside the area of this service (119,30,121,32")
	for query, want := range map[string][2]string{
		"lat=31&crs=WGS84":                           {"请填写经度。", "Longitude is missing."},
		"lng=120&lat=x&crs=WGS84":                    {"纬度应为数字。", "Latitude must be a number."},
		"lng=120&lat=31&crs=":                        {"请选择坐标系。", "Please choose the coordinate system."},
		"lng=120&lat=31&crs=EPSG:1":                  {"请选择坐标系。", "Please choose the coordinate system."},
		"lng=120&lat=31&crs=WGS84&accuracy=x":        {"精度应为数字。", "Accuracy must be a number."},
		"lng=120&lat=31&crs=WGS84&accuracy=-1":       {"精度应为 0 到 1000000 之间的米数。", "Accuracy must be between 0 and 1,000,000 metres."},
		"lng=120&lng=121&lat=31&crs=WGS84&accuracy=": {"经度填写了多次。", "Longitude is given more than once."},
	} {
		for i, lang := range []string{"zh", "en"} {
			if w := town.get("GET", "/?lang="+lang+"&"+query); w.Code != 400 || !strings.Contains(w.Body.String(), "<bdi>"+want[i]+"</bdi>") {
				t.Errorf("%s in %s: %d, not %q", query, lang, w.Code, want[i])
			}
		}
	}
	_, swapped := coord.ToCGCS2000(coord.SystemWGS84, 31, 120)
	if got, want := forPeople(grid.Misplaced(swapped), fault.Chinese), "纬度应在 -90 到 90 之间，经度和纬度好像写反了。"; got != want {
		t.Errorf("%q", got)
	}
	for from, to := range pageSentences {
		if text := (&fault.Error{Key: from}).Text(fault.English); text == from {
			t.Errorf("nobody says %s", from)
		}
		if text := (&fault.Error{Key: to}).Text(fault.Chinese); text == to {
			t.Errorf("there is no sentence %s", to)
		}
	}
}

// TestTheDatabaseIsAwayInWordsForPeople: who asks whether anyone is left out has no database.
func TestTheDatabaseIsAwayInWordsForPeople(t *testing.T) {
	for _, key := range []string{"database", "timeout"} {
		town := newTown()
		town.err = fault.New(fault.Unavailable, "", key)
		for lang, want := range map[string]string{"zh": "这一项暂时查不到，请过几分钟再试。", "en": "This cannot be looked up at the moment."} {
			w := town.get("GET", "/coverage?lang="+lang)
			if w.Code != 503 {
				t.Errorf("%d", w.Code)
			}
			wantContains(t, w.Body.String(), want)
		}
	}
}

func TestNumbersAsPeopleTypeThem(t *testing.T) {
	for _, query := range []string{"lng=１２０．００５&lat=３１．００５", "lng=120，005&lat=31。005", "lng=120,005&lat=%20３１、００５"} {
		town := newTown()
		if w := town.get("GET", "/?crs=WGS84&"+query); w.Code != 200 || town.asked.Lng != 120.005 || town.asked.Lat != 31.005 {
			t.Errorf("%s: %d, asked %+v", query, w.Code, town.asked)
		}
	}
	if w := newTown().get("GET", "/?crs=WGS84&lng=120.005,31.005&lat=1"); w.Code != 400 {
		t.Errorf("two numbers in one field: %d", w.Code)
	}
}

// A grid without a worker leads to its group's leader.
func TestUnstaffedGrid(t *testing.T) {
	town := newTown()
	const path = "/g/990102001001002"
	town.grids[1].GroupID = town.grids[0].GroupID
	town.grids[0], town.grids[1] = town.grids[1], town.grids[0] // the fake's worker is that of the first
	town.grids[0].GroupID = nil
	town.grids[1].Code, town.grids[0].Code = town.grids[0].Code, town.grids[1].Code
	// Nobody at all: the number that surely answers, as on the board, in a button as large as a worker's.
	wantContains(t, town.get("GET", path).Body.String(), "这个网格目前没有网格员，请先拨打 <bdi>12345</bdi>。", `<a class="call primary" href="tel:12345">`, "打给 <bdi>政务服务热线</bdi>")
	wantContains(t, town.get("GET", path+"?lang=en&kiosk=1").Body.String(), "please call <bdi>12345</bdi>", `<p class="call shown">`, "<bdi>12345</bdi></span></p>")
	town.contacts = place.Contacts{SupervisionPhone: "15499010777"}
	wantContains(t, town.get("GET", path).Body.String(), "请先拨打 <bdi>154 9901 0777</bdi>。", "打给 <bdi>监督电话</bdi>")
	town.contacts.Station = &place.Station{Name: "听雨站", Phone: "021-5555"}
	wantContains(t, town.get("GET", path).Body.String(), `<a class="call primary" href="tel:0215555">`, "打给 <bdi>听雨站</bdi>")
	town.contacts = place.Contacts{}
	leader := staff.Worker{Key: town.worker.Key, Name: "林立", WorkPhone: "15499011222"}
	town.leaders = []staff.Assignment{{Worker: leader, Post: staff.GridLeader, Cover: staff.CoverA}}
	body := town.get("GET", path).Body.String()
	wantContains(t, body, "目前没有网格员，请联系网格长。", "林立", `<span class="role">网格长</span>`, `href="tel:15499011222"`, "打给 <bdi>林立</bdi>\u00a0· <bdi>154 9901 1222</bdi>")
	wantContains(t, town.get("GET", path+"?lang=en").Body.String(), "please call the grid leader", "Grid leader</span>")
	if list := town.get("GET", "/c/990102001001").Body.String(); strings.Contains(list, "林立") {
		t.Error("the list names the leader as if he were the grid's own")
	}
	wantContains(t, town.get("GET", "/where?lng=120.005&lat=31.005&crs=WGS84").Body.String(), `"worker":null`)
	chief := staff.Worker{Key: town.worker.Key, Name: "总长", WorkPhone: "15499013333"}
	town.chiefs = []staff.Assignment{{Worker: chief, Post: staff.ChiefLeader, Cover: staff.CoverA}}
	wantContains(t, town.get("GET", path).Body.String(), "打给 <bdi>林立</bdi>") // the nearest
	town.leaders[0].Worker.WorkPhone = ""
	wantContains(t, town.get("GET", path).Body.String(), "请联系总网格长。", `<span class="role">总网格长</span>`, "打给 <bdi>总长</bdi>") // who can be called
	town.chiefs = nil
	town.leaders[0].Worker.WorkPhone = "15499011222"
	town.leaders[0].Away = true
	if body := town.get("GET", path).Body.String(); strings.Contains(body, "15499011222") || !strings.Contains(body, "请先拨打 <bdi>12345</bdi>") || !strings.Contains(body, "今天不在") {
		t.Error("a leader who is away is to be called")
	}
}

// A spot in no grid is shown together with the town.
func TestMapOfASpotInNoGrid(t *testing.T) {
	wantContains(t, newTown().get("GET", "/?lng=120.5&lat=31.005&crs=WGS84&part=answer").Body.String(),
		`data-box="120.000000,31.000000,120.020000,31.010000" data-lng="120.500000"`)
}

func TestWithoutScript(t *testing.T) {
	town := newTown()
	wantContains(t, town.get("GET", "/").Body.String(), `<form id="find" action="/" method="get" role="search">`, `name="q"`, `<p class="lead scripted">输入地址、用我的位置，或在地图上点`, `<p class="lead plain">输入地址，`)
	if body := town.get("GET", "/g/990102001001001").Body.String(); strings.Contains(body, "<details open") {
		t.Error("the form is open beside an answer")
	}
	if body := town.get("GET", "/c").Body.String(); strings.Contains(body, `href="/c"`) {
		t.Error("the list of communities links to itself")
	}
}

func TestPercents(t *testing.T) {
	for _, c := range []struct {
		name          string
		probabilities []float64
		want          []int
	}{
		{"halves", []float64{0.625, 0.375}, []int{63, 37}},
		{"thirds", []float64{1.0 / 3, 1.0 / 3, 1.0 / 3}, []int{34, 33, 33}},
		{"all just above", []float64{0.404, 0.304, 0.292}, []int{41, 30, 29}},
		{"one", []float64{1}, []int{100}},
		{"exact", []float64{0.57, 0.29, 0.14}, []int{57, 29, 14}},
		{"none", nil, []int{}},
	} {
		list := make([]grid.Candidate, len(c.probabilities))
		for i, p := range c.probabilities {
			list[i].Probability = p
		}
		got := percents(list)
		for i := range c.want {
			if len(got) != len(c.want) || got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

// The last digits are shown only where they tell the grids apart.
func TestNumbersOfGrids(t *testing.T) {
	town := newTown()
	wantContains(t, town.get("GET", "/c/990102001001").Body.String(), `<span class="chip">001</span>`, `<span class="chip">002</span>`)
	town.grids[1].Code = "A-001"
	wantContains(t, town.get("GET", "/c/990102001001").Body.String(), `<span class="chip">990102001001001</span>`, `<span class="chip">A-001</span>`)
}

// A name may hold marks that turn the direction of writing.
func TestNamesAreIsolated(t *testing.T) {
	town := newTown()
	town.grids[1].Name = "\u202eTurned"
	town.community.Name = "\u202e社区"
	wantContains(t, town.get("GET", "/g/990102001001002?lang=en").Body.String(), "<bdi>\u202eTurned</bdi>", "<bdi lang=\"zh\">\u202e社区</bdi>")
	wantContains(t, town.get("GET", "/c/990102001001").Body.String(), "<bdi>\u202e社区</bdi>的网格", "<bdi>\u202eTurned</bdi>")
	town.others = []place.Division{}
	wantContains(t, town.get("GET", "/c").Body.String(), "<bdi>\u202e社区</bdi>")
}
