package acceptance

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ledongthuc/pdf"

	"wangge/db"
	"wangge/domain/account"
	beside "wangge/domain/around"
	"wangge/domain/board"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
	"wangge/internal/httpauth"
	"wangge/load"
	"wangge/load/demo"
	"wangge/signboard"
	"wangge/signboard/paper"
	"wangge/web"
)

// With -update the facts of some boards of the demo are written to signboard/testdata, from which its golden files are drawn.
var update = flag.Bool("update", false, "write signboard/testdata/*.json.gz anew")

// printing is the demo's community with its boards.
type printing struct {
	*alive
	from  *signboard.Source
	fonts *paper.Fonts
	mux   *http.ServeMux
	noted *noting
	as    account.Actor // who asks; the zero Actor: anyone
}

func newPrinting(t *testing.T) *printing {
	t.Helper()
	w := &printing{alive: newAlive(t), mux: http.NewServeMux(), noted: &noting{}}
	if _, err := load.Town(t.Context(), operator, w.Services, demo.Community()); err != nil {
		t.Fatal(err)
	}
	fonts, err := paper.Load("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc") // alone: what other machines have for rare letters is not asked
	if err != nil {
		t.Fatal(err)
	}
	store := db.New(w.pool)
	store.Memory = w.Live
	boards := &board.Service{Store: db.NewBoards(store), Places: w.Places, Grids: w.Grids, Staff: w.Staff, Limits: w.around}
	w.from = &signboard.Source{Grids: w.Grids, Staff: w.Staff, Places: w.Places, Around: w.around, Boards: boards,
		PublicURL: "https://grid.example.org", Approval: "示S(2026)001号", Credit: "© 示例"}
	w.fonts = fonts
	finder := &search.Service{Store: db.NewSearch(store), InTouch: w.InTouch, Version: func(ctx context.Context) (string, bool) { return w.VersionIn(ctx, w.Clock()) }}
	w.Grids.Addresses, w.Grids.InTouch, w.around.InTouch = finder, w.InTouch, w.InTouch
	door, err := httpauth.New(httpauth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	signboard.Register(w.mux, signboard.Options{Source: w.from, Fonts: fonts, Version: w.Version, Prints: boards, SameOrigin: door.SameOrigin, Audit: w.noted,
		Frame: func(r *http.Request, p signboard.Page) ([]byte, error) { return web.Frame(r, web.Framed(p)) }})
	web.Register(w.mux, web.Options{Grids: w.Grids, Staff: w.Staff, Places: w.Places, Around: w.around, Search: finder, Printed: boards, Boards: true})
	return w
}

func (w *printing) get(address string, headers ...string) *httptest.ResponseRecorder {
	return w.send(httptest.NewRequest(http.MethodGet, address, nil), headers...)
}

func (w *printing) send(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	actor := w.as
	if actor.Role == "" {
		actor = account.Anyone()
	}
	r = r.WithContext(answer.NewContext(account.NewContext(r.Context(), actor), "the-id"))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	w.mux.ServeHTTP(out, r)
	return out
}

// holder is the grid worker in office for a grid, of cover A.
func (w *printing) holder(t *testing.T, g grid.Grid) staff.Assignment {
	t.Helper()
	found, err := w.Staff.InOffice(t.Context(), operator, []staff.Area{{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range found[g.Key.ID] {
		if a.Post == staff.GridWorker && a.Cover == staff.CoverA {
			return a
		}
	}
	t.Fatal("nobody is in office")
	return staff.Assignment{}
}

func (w *printing) building(t *testing.T) place.Building {
	t.Helper()
	for _, g := range w.grids(t)[3:] {
		found, err := w.Places.BuildingsOf(t.Context(), operator, []key.Key{g.Key}, place.BuildingQuery{Args: page.Args{First: 3}, At: w.Clock()})
		if err != nil {
			t.Fatal(err)
		}
		if items := found[g.Key.ID].Items; len(items) > 0 {
			return items[0].Node
		}
	}
	t.Fatal("no building")
	return place.Building{}
}

// text is what a PDF says, as who copies it gets it, read with somebody else's program.
func text(t *testing.T, file []byte) string {
	t.Helper()
	r, err := pdf.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := 1; n <= r.NumPage(); n++ {
		for _, letter := range r.Page(n).Content().Text {
			b.WriteString(letter.S)
		}
	}
	return b.String()
}

func TestSignboards(t *testing.T) {
	w := newPrinting(t)
	b := w.building(t)
	house := "/signboards/buildings/" + b.Key.String()
	for _, c := range []struct {
		address, kind string
		has           []string
		lacks         string
	}{
		{"/signboards/990102001001001.pdf", "application/pdf", []string{"采薇新村西网格", "张知夏", "154 9901 1333", "望舒街道", "示S(2026)001号", "第 1 版", "听雨社区党群服务站", "新村中路", "巡查网格，发现问题"}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/990102001001001.pdf?size=a0&orientation=portrait&lang=en", "application/pdf", []string{"采薇新村西网格", "Revision 1", "Grid worker"}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/990102001001014.pdf", "application/pdf", []string{"网格员暂缺", "请先联系"}, ""},
		{"/signboards/990102001001001.svg", "image/svg+xml", []string{"采薇新村西网格", `viewBox="0 0 420 297"`}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/990102001001001.svg?orientation=portrait&size=A1", "image/svg+xml", []string{`viewBox="0 0 594 841"`}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/990102001001001", "text/html; charset=utf-8", []string{
			`<img src="/signboards/990102001001001.svg?lang=zh&amp;orientation=landscape&amp;size=a3" width="420" height="297" alt="采薇新村西网格 · 网格公示牌。`, "网格员：张知夏 154 9901 1333 A岗",
			"监督电话：154 0200 1901", "东至新村路", "尚未登记印制", `<option value="a3" selected>`, "/signboards/cards/990102001001001.pdf", "采薇新村西网格 · 网格公示牌",
			"/signboards/badges/990102001001001.pdf?format=hanging", "/signboards/atlas/990102001001.pdf", `<a class="home" href="/">`, `href="tel:15499011333"`}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/990102001001009?lang=en", "text/html; charset=utf-8", []string{`<html lang="en">`, "The font lacks", `href="/signboards/atlas/990102001001.pdf?lang=en"`}, "990102001001009=%E3%9B%83"},
		{house + ".pdf", "application/pdf", []string{"楼栋公示牌", "您在这里"}, ""},
		{house, "text/html; charset=utf-8", []string{`formaction="` + house + `.png"`, "楼栋公示牌。楼栋："}, ""},
		{"/signboards/cards/990102001001001.pdf", "application/pdf", []string{"民情联系卡", "张知夏"}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/leaflet/990102001001001.pdf", "application/pdf", []string{"便民联系单", "张知夏"}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/badges/990102001001001.pdf?format=hanging", "application/pdf", []string{"网格工作证", "张知夏"}, "990102001001001=%F0%AB%96%AF"},
		{"/signboards/atlas/990102001001.pdf", "application/pdf", []string{"听雨社区", "目录", "街道索引", "楼栋索引", "澜江苑网格", "采薇街"}, "990102001001=%E3%9B%83%F0%AB%96%AF, 990102001001001=%F0%AB%96%AF, 990102001001002=%F0%AB%96%AF, 990102001001009=%E3%9B%83"},
		{"/g/990102001001003/map.svg", "image/svg+xml", []string{`href="/g/990102001001004"`, "木槿街网格", `width="100%"`}, ""},
		{"/map.svg", "image/svg+xml", []string{`href="/g/990102001001001"`, `href="/g/990102001001014"`, "听雨社区", "澜江大道", `width="100%"`}, ""},
		{"/c/990102001001/map.svg?lang=en", "image/svg+xml", []string{`href="/g/990102001001014?lang=en"`, `lang="en"`}, ""},
		{"/g/990102001001003/map.svg?lang=en&elder=1&junk=1", "image/svg+xml", []string{`href="/g/990102001001004?elder=1&amp;lang=en"`, `lang="en"`}, ""},
	} {
		got := w.get(c.address)
		if got.Code != 200 || got.Header().Get("Content-Type") != c.kind {
			t.Errorf("%s: %d %s: %.200s", c.address, got.Code, got.Header().Get("Content-Type"), got.Body)
			continue
		}
		if most := 500_000; got.Body.Len() > most && !strings.Contains(c.address, "atlas") {
			t.Errorf("%s: %d bytes", c.address, got.Body.Len())
		}
		says := got.Body.String()
		if c.kind == "application/pdf" {
			says = text(t, got.Body.Bytes())
		}
		for _, want := range c.has {
			if !strings.Contains(says, want) {
				t.Errorf("%s does not say %q", c.address, want)
			}
		}
		if lacks := got.Header().Get("Wangge-Missing-Characters"); lacks != c.lacks {
			t.Errorf("%s lacks %q, want %q", c.address, lacks, c.lacks)
		}
		if again := w.get(c.address); again.Header().Get("Wangge-Missing-Characters") != c.lacks || !bytes.Equal(again.Body.Bytes(), got.Body.Bytes()) {
			t.Errorf("%s: not the same again", c.address)
		}
		if same := w.get(c.address, "If-None-Match", got.Header().Get("ETag")); same.Code != http.StatusNotModified || same.Body.Len() > 0 {
			t.Errorf("%s with its ETag: %d", c.address, same.Code)
		}
	}
	for _, address := range []string{"/signboards/990102001001001.png", "/signboards/990102001001001.png?size=a0"} {
		got := w.get(address)
		picture, err := png.Decode(got.Body)
		if err != nil || picture.Bounds().Dx() < 1350 || picture.Bounds().Dx() > 1450 {
			t.Errorf("%s: %v, %v", address, picture.Bounds(), err)
		}
	}
	for _, c := range []struct {
		address string
		status  int
		field   string
	}{
		{"/signboards/990102001001099", 404, "code"}, {"/signboards/990102001001001.gif", 404, ""}, {"/signboards/.svg", 404, ""},
		{"/signboards/%3Cscript%3E.svg", 404, "code"}, {"/signboards/990102001001001.pdf?size=a5", 400, "size"},
		{"/signboards/990102001001001?orientation=up", 400, "orientation"}, {"/signboards/buildings/x.pdf", 404, "id"},
		{"/signboards/buildings/demo0002-00000000000000000000000000000000.pdf", 404, "id"}, {"/signboards/cards/990102001001001", 404, ""},
		{"/signboards/badges/990102001001014.pdf", 404, "code"}, {"/signboards/badges/990102001001001.pdf?format=large", 400, "format"},
		{"/signboards/atlas/990109.pdf", 404, "code"}, {"/g/990102001001099/map.svg", 404, "code"}, {"/c/990199/map.svg", 404, "code"},
	} {
		got := w.get(c.address)
		var body struct{ Error struct{ Field string } }
		if err := json.Unmarshal(got.Body.Bytes(), &body); got.Code != c.status || err != nil || body.Error.Field != c.field || got.Header().Get("ETag") != "" {
			t.Errorf("%s: %d %s", c.address, got.Code, got.Body)
		}
	}
}

// The page of a board says what changed since it was printed; who reads pages and asks for what there is not gets one with a way home.
func TestPagesOfBoards(t *testing.T) {
	w := newPrinting(t)
	const address = "/signboards/990102001001001"
	boards := w.from.Boards.(*board.Service)
	of := []board.Printing{{Name: board.Name{Grid: "990102001001001"}}}
	if _, err := boards.Printed(t.Context(), operator, of, w.Staff.Day(nil)); err != nil {
		t.Fatal(err)
	}
	today := w.Staff.Day(nil).String()
	first := w.get(address)
	if says := first.Body.String(); !strings.Contains(says, "第 1 版，与 "+today+" 印制的一致") {
		t.Errorf("a board as it was printed: %s", says)
	}
	d, err := w.Places.ByCode(t.Context(), operator, "990102001001", place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Places.SetContacts(t.Context(), operator, d.Code, place.Contacts{SupervisionPhone: "15400000900"}, d.Version); err != nil {
		t.Fatal(err)
	}
	moved := w.get(address)
	if says := moved.Body.String(); !strings.Contains(says, "第 2 版。"+today+" 印制第 1 版之后，变化的有：联系方式") || moved.Header().Get("ETag") == first.Header().Get("ETag") {
		t.Errorf("a board that changed: %s", says)
	}
	if policy := moved.Header().Get("Content-Security-Policy"); strings.Contains(policy, "script") || !strings.Contains(policy, "style-src 'self' 'sha256-") {
		t.Error(policy)
	}
	if along := w.get(address + "?elder=1&size=a4&junk=1&lang=en").Body.String(); !strings.Contains(along, `<html lang="en" class="elder">`) || strings.Contains(along, "junk") ||
		!strings.Contains(along, `href="/g/990102001001001?elder=1&amp;lang=en"`) || !strings.Contains(along, `name="elder" value="1"`) || !strings.Contains(along, `<option value="a4" selected>`) {
		t.Error(along)
	}
	for _, c := range []struct {
		address string
		status  int
	}{{"/signboards/990102001001099", 404}, {"/signboards/990102001001001?size=a9", 400}} {
		lost := w.get(c.address, "Accept", "text/html,*/*", "Accept-Language", "zh")
		if lost.Code != c.status || !strings.Contains(lost.Body.String(), `role="alert"`) || !strings.Contains(lost.Body.String(), "回到首页") || lost.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", c.address, lost.Code, lost.Body)
		}
	}
}

// Who scans a board is told whether it says what holds, of a grid and of a building alike; an address that was made up is answered as without it.
func TestWhoScansABoardIsToldWhetherItIsCurrent(t *testing.T) {
	w := newPrinting(t)
	g := w.grids(t)[0]
	facts, err := w.from.Grid(t.Context(), account.Anyone(), g.Code, fault.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	house, err := w.from.Building(t.Context(), account.Anyone(), w.building(t).Key, fault.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	says := func(url string) string {
		t.Helper()
		got := w.get(strings.TrimPrefix(url, w.from.PublicURL))
		if got.Code != 200 {
			t.Fatalf("%s: %d %s", url, got.Code, got.Body)
		}
		return got.Body.String()
	}
	const current, outdated, unknown = "公示牌（第 1 版）是最新的", "公示牌（第 1 版）已过时", "无法核对您扫的公示牌"
	for _, url := range []string{facts.URL, house.URL} {
		if page := says(url); !strings.Contains(page, current) {
			t.Errorf("%s: a new board is not current: %s", url, page)
		}
	}
	if page := says(strings.Replace(facts.URL, "r=1&m=", "r=7&m=0", 1)); !strings.Contains(page, unknown) {
		t.Errorf("a mark that was made up: %s", page)
	}
	for _, query := range []string{"", "?r=", "?r=0", "?r=-1", "?r=<b>", "?r=99999999999999999999"} {
		if page := says("/g/" + g.Code + query); strings.Contains(page, "您扫的公示牌") {
			t.Errorf("%q is taken for a board", query)
		}
	}
	call, err := w.Staff.OnCallOf(t.Context(), operator, staff.GridRef{Key: g.Key, GroupID: g.GroupID}, nil)
	if err != nil || call == nil {
		t.Fatal(call, err)
	}
	worker, phone := call.Worker, "154 9909 0000"
	if _, err := w.Staff.Update(t.Context(), operator, staff.Change{Worker: worker.Key, Version: worker.Version, WorkPhone: &phone}); err != nil {
		t.Fatal(err)
	}
	if page := says(facts.URL); !strings.Contains(page, outdated) || !strings.Contains(page, "牌上的人员或电话已变") || strings.Contains(page, current) {
		t.Errorf("a board with an old number: %s", page)
	}
	if page := says(house.URL); !strings.Contains(page, current) {
		t.Errorf("the board of a building elsewhere: %s", page)
	}
}

// What a board says of its limits is what it is compared by, whether somebody entered it or not: a street nearby with another name outdates it.
func TestABoardIsOutdatedByTheLimitsThatItSays(t *testing.T) {
	w := newPrinting(t)
	g := w.grids(t)[2]
	of := board.Of{Kind: board.OfGrid, Key: g.Key}
	facts, err := w.from.Grid(t.Context(), account.Anyone(), g.Code, fault.Chinese)
	if err != nil || g.Limits.East == facts.Limits.In(fault.Chinese, 0).East || facts.Limits.In(fault.Chinese, 0).East == "" {
		t.Fatalf("nothing is computed: %+v, %+v, %v", g.Limits, facts.Limits, err)
	}
	before, err := w.from.Boards.Revision(t.Context(), operator, of)
	if err != nil {
		t.Fatal(err)
	}
	said, err := w.from.Boards.(*board.Service).Facts(t.Context(), operator, []board.Of{of})
	if b := said[g.Key.ID].Border; err != nil || (place.Limits{East: b.East, South: b.South, West: b.West, North: b.North}) != facts.Limits.In(fault.Chinese, 0) {
		t.Errorf("compared by %+v, printed %+v, %v", b, facts.Limits, err)
	}
	w.from.Boards.(*board.Service).Limits = renamed{w.around}
	now, err := w.from.Boards.Revision(t.Context(), operator, of)
	if changed := now.Hashes.Changed(before.Hashes); err != nil || !slices.Equal(changed, []board.Part{board.Border}) {
		t.Errorf("another name changes %v, %v", changed, err)
	}
}

// renamed is what grids end at where what lies east has another name.
type renamed struct{ of board.Limits }

func (r renamed) Limits(ctx context.Context, actor account.Actor, grids []grid.Grid, asOf *time.Time) (map[uuid.UUID]beside.Limits, error) {
	found, err := r.of.Limits(ctx, actor, grids, asOf)
	for id, l := range found {
		l.Chinese[place.East] = []string{l.In(fault.Chinese, 0).East + "（新）"}
		found[id] = l
	}
	return found, err
}

// Whoever leads on a board outdates it: the group's leader and the community's chief leader alike.
func TestABoardIsOutdatedByAllWhoLeadOnIt(t *testing.T) {
	w := newPrinting(t)
	g := w.grids(t)[0]
	facts, err := w.from.Grid(t.Context(), account.Anyone(), g.Code, fault.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	posts := ""
	for i, leader := range facts.Leaders {
		posts += leader.Post + " "
		found, err := w.Staff.Records(t.Context(), operator, staff.RecordQuery{Text: leader.Name, Day: w.Staff.Day(nil), Args: page.Args{First: 2}})
		if err != nil || len(found.Items) != 1 {
			t.Fatal(found, err)
		}
		before, err := w.from.Boards.Revision(t.Context(), operator, board.Of{Kind: board.OfGrid, Key: g.Key})
		if err != nil {
			t.Fatal(err)
		}
		is, phone := found.Items[0].Node.Worker, fmt.Sprint("154 9909 000", i)
		if _, err := w.Staff.Update(t.Context(), operator, staff.Change{Worker: is.Key, Version: is.Version, WorkPhone: &phone}); err != nil {
			t.Fatal(err)
		}
		now, err := w.from.Boards.Revision(t.Context(), operator, before.Of)
		if changed := now.Hashes.Changed(before.Hashes); err != nil || !slices.Equal(changed, []board.Part{board.People}) {
			t.Errorf("the phone of the %s changes %v, %v", leader.Post, changed, err)
		}
		again, err := w.from.Grid(t.Context(), account.Anyone(), g.Code, fault.Chinese)
		if err != nil || again.Leaders[i].Phone != phone {
			t.Errorf("%+v, %v", again.Leaders, err)
		}
	}
	if posts != "GRID_LEADER CHIEF_LEADER " {
		t.Errorf("who leads is %s", posts)
	}
}

// The page of a grid and its board find out by themselves who leads; they name the same people in the same order.
func TestThePageAndTheBoardNameTheSameLeaders(t *testing.T) {
	w := newPrinting(t)
	row := regexp.MustCompile(`<span class="post">(网格长|总网格长)</span>\s*<span class="grow"><bdi>([^<]+)</bdi>`)
	posts := map[string]bool{}
	for _, g := range w.grids(t) {
		facts, err := w.from.Grid(t.Context(), account.Anyone(), g.Code, fault.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		var board, page []string
		for _, l := range facts.Leaders {
			board = append(board, staff.Post(l.Post).Text(fault.Chinese)+" "+l.Name)
		}
		for _, m := range row.FindAllStringSubmatch(w.get("/g/"+g.Code).Body.String(), -1) {
			page = append(page, m[1]+" "+m[2])
			posts[m[1]] = true
		}
		if len(page) == 0 || !slices.Equal(page, board) {
			t.Errorf("%s: the page names %q, the board %q", g.Code, page, board)
		}
	}
	if len(posts) != 2 {
		t.Errorf("in office are only %v", posts)
	}
}

// Another photo of the same person outdates the board that shows it, wherever the program learns who is in office; a file that is damaged takes no board away.
func TestABoardIsOutdatedByAnotherPhoto(t *testing.T) {
	w := newPrinting(t)
	g := w.grids(t)[0]
	boards := w.from.Boards.(*board.Service)
	shows := func(shade uint8) string {
		t.Helper()
		is := w.holder(t, g).Worker
		if _, err := w.Staff.Update(t.Context(), operator, staff.Change{Worker: is.Key, Version: is.Version, Photo: madePortrait(t, shade)}); err != nil {
			t.Fatal(err)
		}
		st, err := boards.Revision(t.Context(), operator, board.Of{Kind: board.OfGrid, Key: g.Key})
		if err != nil {
			t.Fatal(err)
		}
		plain := db.New(w.pool) // without memory
		stored := board.Service{Store: boards.Store, Places: &place.Service{Store: db.NewPlaces(plain), Now: time.Now}, Limits: w.around,
			Grids: &grid.Service{Store: db.NewGrids(plain), Now: time.Now}, Staff: &staff.Service{Store: db.NewStaff(plain), Now: time.Now, Zone: w.Staff.Zone}}
		if same, err := stored.Revision(t.Context(), operator, st.Of); err != nil || same.Hashes != st.Hashes {
			t.Errorf("memory and store say it differently: %v, %v, %v", st.Hashes, same.Hashes, err)
		}
		return st.Hashes.Mark()
	}
	mark := shows(100)
	if _, err := boards.Printed(t.Context(), operator, []board.Printing{{Name: board.Name{Grid: g.Code}, Mark: mark}}, w.Staff.Day(nil)); err != nil {
		t.Fatal(err)
	}
	check := func() string {
		t.Helper()
		c, err := boards.Verify(t.Context(), account.Anyone(), board.Name{Grid: g.Code}, 1, mark)
		stale, listed := boards.Reprint(t.Context(), operator, g.Code[:12], "", page.Args{First: 10})
		if err != nil || listed != nil {
			t.Fatal(err, listed)
		}
		return fmt.Sprint(c.Answer, c.Changed, len(stale.Items))
	}
	if got := check(); got != "CURRENT[] 0" {
		t.Errorf("with the photo that it was printed with: %s", got)
	}
	shows(200)
	if got := check(); got != "OUTDATED[PEOPLE] 1" {
		t.Errorf("with another photo: %s", got)
	}

	files, err := filepath.Glob(filepath.Join(w.folder, "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		whole, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(f, whole[:len(whole)/2], 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{".png", ".pdf", ".svg", ""} {
		if got := w.get("/signboards/" + g.Code + address + "?size=a4"); got.Code != 200 {
			t.Errorf("%s with a photo that is damaged: %d %.200s", address, got.Code, got.Body)
		}
	}
}

// A board says what holds as soon as it does, also under a code that the grid had.
func TestSignboardsFollowWhatChanges(t *testing.T) {
	w := newPrinting(t)
	const address = "/signboards/990102001001003.svg"
	before := w.get(address)
	g, err := w.Grids.Recode(t.Context(), operator, "990102001001003", "990102001001033", w.grids(t)[2].Version)
	if err != nil {
		t.Fatal(err)
	}
	after := w.get(address)
	if after.Code != 200 || after.Header().Get("ETag") == before.Header().Get("ETag") || !strings.Contains(after.Body.String(), "033") {
		t.Errorf("by its former code: %d", after.Code)
	}
	f, err := w.from.Grid(t.Context(), account.Anyone(), g.Code, fault.Chinese)
	if err != nil || !strings.HasPrefix(f.URL, "https://grid.example.org/g/990102001001033?r=1&m=") || f.Revision != 1 {
		t.Errorf("%q, %d, %v", f.URL, f.Revision, err)
	}
}

func TestBoardsOfADivisionInOneFile(t *testing.T) {
	w := newPrinting(t)
	path := filepath.Join(t.TempDir(), "all.pdf")
	told := 0
	done, err := signboard.Print(t.Context(), operator, w.from, w.fonts, signboard.Job{Division: "990102", File: path, Format: signboard.Format{Size: "a3", Landscape: true},
		Progress: func(n, of int) {
			if told++; n != told || of != 14 {
				t.Errorf("%d of %d, want %d of 14", n, of, told)
			}
		}})
	if err != nil || done.Boards != 14 || told != 14 || len(done.Missing) == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	written, err := os.ReadFile(path)
	if err != nil || int64(len(written)) != done.Bytes || bytes.Count(written, []byte("/Type/Page/")) != 14 && strings.Count(text(t, written), "网格公示牌") != 14 {
		t.Errorf("%d bytes, want %d, %v", len(written), done.Bytes, err)
	}
	for _, c := range []struct {
		division, file, field string
		code                  fault.Code
	}{{"999999", path, "code", fault.NotFound}, {"990102", filepath.Join(path, "no"), "file", fault.Invalid}, {"990102", filepath.Dir(path), "file", fault.Invalid}} {
		_, err := signboard.Print(t.Context(), operator, w.from, w.fonts, signboard.Job{Division: c.division, File: c.file, Format: signboard.Format{Size: "a3"}})
		if f := fault.As(err); f.Code != c.code {
			t.Errorf("%s: %v", c.division, err)
		}
	}
}

func TestFactsOfTheDemo(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	w := newPrinting(t)
	write := func(name string, f signboard.Facts, err error) {
		f.Date = "2026-11-22"
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if err == nil {
			err = json.NewEncoder(z).Encode(f)
		}
		if err == nil {
			err = z.Close()
		}
		if err == nil {
			err = os.WriteFile(filepath.Join("..", "..", "signboard", "testdata", name+".json.gz"), b.Bytes(), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, code := range map[string]string{"two-workers": "990102001001001", "two-parts": "990102001001009", "nobody": "990102001001014"} {
		f, err := w.from.Grid(t.Context(), account.Anyone(), code, fault.Chinese)
		write(name, f, err)
	}
	f, err := w.from.Building(t.Context(), account.Anyone(), w.building(t).Key, fault.Chinese)
	write("building", f, err)
}
