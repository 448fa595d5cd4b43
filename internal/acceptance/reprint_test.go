package acceptance

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/board"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

const printPage = "/signboards/print/990102001001"

// post sends the form of the print shop's page; values are names and values in turn.
func (w *printing) post(address string, values ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	return w.sendForm(address, "application/x-www-form-urlencoded", form.Encode())
}

func (w *printing) sendForm(address, kind, body string, headers ...string) *httptest.ResponseRecorder {
	return w.send(httptest.NewRequest(http.MethodPost, address, strings.NewReader(body)), append(headers, "Content-Type", kind)...)
}

// madeUp is a cursor of the list that was never given out, placed one of the list of prints.
func madeUp(text, id string) string {
	return page.Cursor{Order: board.ByPlace, Text: text, ID: id}.Encode()
}

func placed(text string, n float64, id string) string {
	return page.Cursor{Order: board.ByDay, Text: text, Num: n, ID: id}.Encode()
}

// values are those of a page's fields of a name.
func values(page, name string) (out []string) {
	for _, m := range regexp.MustCompile(`name="`+name+`" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

// fields is a form's field once for each of values.
func fields(name string, values []string) (out []string) {
	for _, v := range values {
		out = append(out, name, v)
	}
	return out
}

// phone gives the first worker of the i-th grid another number.
func (w *printing) phone(t *testing.T, i int, number string) {
	t.Helper()
	g := w.grids(t)[i]
	call, err := w.Staff.OnCallOf(t.Context(), operator, staff.GridRef{Key: g.Key, GroupID: g.GroupID}, nil)
	if err == nil {
		_, err = w.Staff.Update(t.Context(), operator, staff.Change{Worker: call.Worker.Key, Version: call.Worker.Version, WorkPhone: &number})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePrintShopsPage(t *testing.T) {
	w := newPrinting(t)
	boards := w.from.Boards.(*board.Service)
	says := func(page string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("it does not say %q: %s", want, page)
			}
		}
	}
	ok := func(got *httptest.ResponseRecorder) string {
		t.Helper()
		if got.Code != 200 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		return got.Body.String()
	}

	// Who is not signed in is led to where one does, and then back; a program is told.
	for at, next := range map[string]string{printPage: printPage, printPage + "?lang=en&of=grid/990102001001001/ab": printPage + "?of=grid%2F990102001001001%2Fab"} {
		for _, got := range []*httptest.ResponseRecorder{w.get(at, "Accept", "text/html"), w.sendForm(at, "application/x-www-form-urlencoded", "list=never", "Accept", "text/html")} {
			to, err := url.Parse(got.Header().Get("Location"))
			if err != nil || got.Code != 303 || to.Path != "/sign-in" || to.Query().Get("next") != next || to.Query().Get("lang") != map[bool]string{true: "en"}[strings.Contains(at, "en")] {
				t.Errorf("%s: %d %s, %v", at, got.Code, to, err)
			}
		}
	}
	for _, got := range []*httptest.ResponseRecorder{w.get(printPage), w.post(printPage, "list", "never")} {
		if got.Code != 401 || got.Header().Get("WWW-Authenticate") == "" || strings.Contains(got.Body.String(), "采薇新村西网格") {
			t.Errorf("a stranger: %d %s", got.Code, got.Body)
		}
	}

	w.as = operator
	says(ok(w.get(printPage)), "听雨社区", `method="post"`, "还没有登记过印制", `href="/account"`)

	// What was never printed, as a PDF, and noted.
	empty := ok(w.post(printPage))
	says(empty, "还没有登记过印制", "另有 14 块网格牌从未印过", "楼栋牌从未印过")
	if strings.Contains(empty, "登记印制过") {
		t.Error("something is noted already")
	}
	houses := values(ok(w.post(printPage, "show", "never/building")), "board")
	if both := values(ok(w.post(printPage, "list", "never")), "board"); len(houses) != 50 || len(both) != 50 || both[14] != houses[0] {
		t.Errorf("%d buildings, %d boards of both kinds", len(houses), len(both))
	}
	page := ok(w.post(printPage, "show", "never/grid", "kind", "building"))
	chosen := values(page, "board")
	if len(chosen) != 14 {
		t.Fatalf("%d boards, %s", len(chosen), page)
	}
	file := w.post(printPage, append(fields("board", chosen[:3]), "do", "pdf", "size", "a4", "orientation", "portrait", "letters", "en")...)
	if got := text(t, file.Body.Bytes()); strings.Count(got, "Grid signboard") != 3 || !strings.Contains(got, "采薇新村西网格") || !strings.HasPrefix(file.Header().Get("Content-Disposition"), `attachment; filename="boards-990102001001-`) {
		t.Errorf("%d: %s", file.Code, got)
	}
	done := ok(w.post(printPage, append(fields("board", chosen), "do", "printed", "list", "never", "kind", "grid")...))
	says(done, "已登记 14 块公示牌为已印", "这张清单是空的", "登记印制过 14 块")

	// It was a mistake: the note is taken back, once.
	undo := fields("undo", values(done, "undo"))
	if len(undo) != 28 {
		t.Fatal(undo)
	}
	says(ok(w.post(printPage, append(undo, "do", "undo", "list", "never", "kind", "grid")...)), "已撤销 14 块公示牌的登记", "采薇新村西网格")
	if got := w.post(printPage, append(undo, "do", "undo")...); got.Code != 409 || !strings.Contains(got.Body.String(), `role="alert"`) {
		t.Errorf("taken back twice: %d", got.Code)
	}
	ok(w.post(printPage, append(fields("board", chosen), "do", "printed")...))
	house := w.building(t).Key.String()
	if _, err := boards.Printed(t.Context(), operator, []board.Printing{{Name: board.Name{Building: house}}}, w.Staff.Day(nil)); err != nil {
		t.Fatal(err)
	}
	says(ok(w.post(printPage)), "没有需要重印的公示牌")

	// What changed since is listed, with what and since when.
	d, err := w.Places.ByCode(t.Context(), operator, "990102001001", place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Places.SetContacts(t.Context(), operator, d.Code, place.Contacts{SupervisionPhone: "15400000900"}, d.Version); err != nil {
		t.Fatal(err)
	}
	w.phone(t, 0, "154 9909 0001")
	row := []place.DivisionRow{{Row: place.Row{Code: d.Code, Name: `=HYPERLINK("x")<b>`}, Level: d.Level}}
	if _, err := w.Places.ImportDivisions(t.Context(), operator, func(yield func(place.DivisionRow, error) bool) { yield(row[0], nil) }, place.ImportOptions{IDs: key.Random{}}); err != nil {
		t.Fatal(err)
	}
	page = ok(w.post(printPage))
	since := fmt.Sprintf("第 1 版（%s 印）→ 第 2 版", w.Staff.Day(nil))
	if strings.Count(page, since) != 15 || strings.Contains(page, "<b>") {
		t.Errorf("%d boards: %s", strings.Count(page, since), page)
	}
	says(page, "联系方式（监督电话、服务站、夜间电话）", "building/"+house+"/")
	if got := ok(w.post(printPage, "kind", "building")); len(values(got, "board")) != 1 {
		t.Errorf("of buildings: %s", got)
	}
	if got := values(ok(w.post(printPage, "part", "PEOPLE")), "board"); len(got) != 2 || !strings.HasPrefix(got[0], "grid/990102001001001/") || !strings.HasPrefix(got[1], "grid/990102001001002/") {
		t.Errorf("with another phone: %s", got)
	}
	if got := ok(w.post(printPage, "part", "BORDER")); len(values(got, "board")) != 0 {
		t.Errorf("with another border: %s", got)
	}

	// The boards for the shop: all of the list, of buildings too.
	if got := text(t, w.post(printPage, "do", "pdfAll", "size", "a4").Body.Bytes()); strings.Count(got, "网格公示牌") != 14 || strings.Count(got, "楼栋公示牌") != 1 {
		t.Errorf("all of the list: %s", got)
	}
	if got := w.post(printPage, "do", "pdfAll", "part", "BORDER"); got.Code != 404 || !strings.Contains(got.Body.String(), "清单是空的") {
		t.Errorf("all of nothing: %d %s", got.Code, got.Body)
	}

	// The list for the shop.
	table := w.post(printPage, "do", "csv", "letters", "en", "size", "a1")
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table.Body.Bytes(), []byte("\ufeff")))).ReadAll()
	if err != nil || len(lines) != 16 || table.Header().Get("Content-Type") != "text/csv; charset=utf-8" || !bytes.HasPrefix(table.Body.Bytes(), []byte("\ufeff")) {
		t.Fatalf("%d lines, %v: %s", len(lines), err, table.Body)
	}
	if l := lines[1]; l[1] != "'990102001001001" || l[3] != `'=HYPERLINK("x")<b>` || l[4] != "1" || l[6] != "2" || !strings.Contains(l[7], "names and numbers") ||
		!strings.HasPrefix(l[9], "https://grid.example.org/signboards/990102001001001.pdf?") || !strings.Contains(l[9], "size=a1") {
		t.Errorf("%q", l)
	}
	if l := lines[15]; l[0] != "Building" || l[1] != house {
		t.Errorf("%q", l)
	}

	// What changed since the list was shown is not noted, nor is anything beside it.
	stale := values(page, "board")
	w.phone(t, 1, "154 9909 0002")
	if got := w.post(printPage, append(fields("board", stale), "do", "printed")...); got.Code != 409 || !strings.Contains(got.Body.String(), "990102001001001：清单显示之后") || len(values(got.Body.String(), "board")) != 15 {
		t.Errorf("%d %.3000s", got.Code, got.Body)
	}
	if got := w.post(printPage, append(fields("board", stale), "do", "pdf")...); got.Code != 409 || !strings.Contains(got.Body.String(), "没有印制任何一块") {
		t.Errorf("a PDF of what moved: %d %.3000s", got.Code, got.Body)
	}
	fresh := values(ok(w.post(printPage)), "board")
	says(ok(w.post(printPage, append(fields("board", fresh[:1]), "do", "printed", "on", "2020-01-02")...)), "已登记 1 块")
	says(ok(w.post(printPage, "do", "undo", "undo", "grid/990102001001001/2/1")), "已撤销 1 块")

	for _, c := range []struct {
		name   string
		got    *httptest.ResponseRecorder
		status int
		says   string
	}{
		{"no such division", w.get("/signboards/print/99", "Accept", "text/html"), 404, "alert"},
		{"a form of another kind", w.sendForm(printPage, "application/json", `{"do":"printed"}`), 200, "听雨社区"},
		{"from another site", w.sendForm(printPage, "application/x-www-form-urlencoded", "do=printed", "Sec-Fetch-Site", "cross-site"), 403, "another site"},
		{"too long", w.sendForm(printPage, "application/x-www-form-urlencoded", "x="+strings.Repeat("x", 1<<20)), 413, "1048576"},
		{"nothing chosen", w.post(printPage, "do", "printed"), 400, "1 到 50"},
		{"too many chosen", w.post(printPage, append(fields("board", make([]string, 51)), "do", "pdf")...), 400, "1 到 50"},
		{"a board that was made up", w.post(printPage, "do", "pdf", "board", "x"), 400, "board"},
		{"a grid that is not there", w.post(printPage, "do", "pdf", "board", "grid/<b>/1"), 404, "&lt;b&gt;"},
		{"a building that is not there", w.post(printPage, "do", "printed", "board", "building/x/"), 404, "x 已不存在"},
		{"another button", w.post(printPage, "do", "x"), 400, "do"},
		{"another list", w.post(printPage, "list", "x"), 400, "list"},
		{"another kind", w.post(printPage, "kind", "x"), 400, "kind"},
		{"another part", w.post(printPage, "part", "x"), 400, "part"},
		{"another size", w.post(printPage, "size", "a9"), 400, "a0"},
		{"a place that was made up", w.post(printPage, "after", "x"), 400, "alert"},
		{"no day", w.post(printPage, "do", "printed", "board", fresh[0], "on", "1.2.2020"), 400, "2026-05-01"},
		{"a day to come", w.post(printPage, "do", "printed", "board", fresh[0], "on", "2999-01-01"), 400, "今天"},
		{"no revision", w.post(printPage, "do", "undo", "undo", "grid/990102001001001/x/1"), 400, "版次"},
		{"no version", w.post(printPage, "do", "undo", "undo", "grid/990102001001001/1"), 400, "版次"},
		{"a revision that no number holds", w.post(printPage, "do", "undo", "undo", "grid/990102001001001/3000000000/1"), 400, "版次"},
		{"a revision below the first", w.post(printPage, "do", "undo", "undo", "grid/990102001001001/0/1"), 400, "版次"},
		{"nothing chosen to take back", w.post(printPage, "do", "undo", "list", "printed"), 400, "1 到 50"},
		{"prints as boards", w.post(printPage, "do", "pdfAll", "list", "printed"), 400, "list"},
		{"a list of another kind", w.post(printPage, "show", "never/x"), 400, "kind"},
		{"other boxes", w.post(printPage, "tick", "x"), 400, "tick"},
		{"a place of another list", w.post(printPage, "list", "printed", "after", madeUp("grid/9901", "a")), 400, "alert"},
		{"a place among prints that was made up", w.post(printPage, "list", "printed", "after", placed("x/y", 1e300, "a")), 200, "这张清单是空的"},
		{"a board that is none", w.get(printPage + "?of=x"), 400, "board"},
		{"a board that is not there", w.get(printPage + "?of=grid/<b>/1"), 404, "&lt;b&gt;"},
		{"a place with a NUL", w.post(printPage, "after", madeUp("99\x0001", "a")), 400, "alert"},
		{"an id with a NUL", w.post(printPage, "after", madeUp("9901", "a\x00")), 400, "alert"},
		{"a grid with a NUL", w.post(printPage, "do", "undo", "undo", "grid/99\x00/1/1"), 404, "alert"},
		{"a board of bytes that are no text", w.post(printPage, "do", "pdf", "board", "grid/99\xff/1"), 404, "alert"},
		{"a grid with a very long code", w.post(printPage, "do", "printed", "board", "grid/"+strings.Repeat("9", 900_000)+"/ab"), 404, "alert"},
	} {
		if c.got.Body.Len() > 100_000 {
			t.Errorf("%s: %d bytes", c.name, c.got.Body.Len())
			continue
		}
		if c.got.Code != c.status || !strings.Contains(c.got.Body.String(), c.says) || c.got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", c.name, c.got.Code, c.got.Body)
		}
	}
}

// What was printed is listed, and taken back an entry at a time; what somebody else noted too is not taken back unseen.
func TestThePrintShopsRecord(t *testing.T) {
	w := newPrinting(t)
	w.as = operator
	send := func(status int, values ...string) string {
		t.Helper()
		got := w.post(printPage, values...)
		if got.Code != status {
			t.Fatalf("%d, want %d: %s", got.Code, status, got.Body)
		}
		return got.Body.String()
	}
	says := func(page, want string, n int) {
		t.Helper()
		if got := strings.Count(page, want); got != n {
			t.Errorf("it says %q %d times, want %d: %s", want, got, n, page)
		}
	}
	record := []string{"list", "printed"}
	chosen := values(send(200, "show", "never/grid"), "board")
	mine := send(200, append(fields("board", chosen[:3]), "do", "printed")...)
	theirs := send(200, append(fields("board", chosen[2:4]), "do", "printed")...)
	says(theirs, "已登记 2 块公示牌为已印。其中 1 块的这一版此前已有人登记", 1)
	if undo := values(theirs, "undo"); len(undo) != 1 || !strings.HasPrefix(undo[0], "grid/990102001001004/1/1") {
		t.Errorf("they may take back %s", undo)
	}
	undo := values(mine, "undo")
	says(send(409, append(fields("undo", undo), "do", "undo")...), "990102001001003：同一版之后又有人登记。没有撤销任何一块", 1)
	page := send(200, record...)
	says(page, fmt.Sprintf("第 1 版，%s 印制", w.Staff.Day(nil)), 4)
	says(page, "登记过 2 次", 1)
	if got := values(page, "undo"); len(got) != 4 || got[2] != "grid/990102001001003/1/2" || strings.Contains(page, "checked") {
		t.Errorf("the record is %s: %s", got, page)
	}
	says(send(200, append(record, "do", "undo", "undo", "grid/990102001001003/1/2")...), "已撤销 1 块", 1)

	// An older print stays in the record and cannot be taken back; the cards of its grid are out of date with the board.
	w.phone(t, 0, "154 9909 0001")
	page = send(200)
	says(page, "一并重印：民情联系卡、便民联系单、网格工作证", 2) // the number is that of two grids
	send(200, append(fields("board", values(page, "board")[:1]), "do", "printed")...)
	page = send(200, record...)
	says(page, "之后又印过新的一版", 1)
	says(page, " disabled>", 1)
	says(send(409, append(record, "do", "undo", "undo", "grid/990102001001001/1/1")...), "990102001001001：之后又登记了新的一版", 1)
	table := w.post(printPage, append(record, "do", "csv")...)
	if lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table.Body.Bytes(), []byte("\ufeff")))).ReadAll(); err != nil || len(lines) != 5 || lines[1][4] != "2" || lines[1][6] != "" || lines[1][9] != "" {
		t.Errorf("%q, %v", lines, err)
	}

	// Boxes are ticked and left without a script, on the page that is shown.
	first := send(200, "list", "never")
	second := send(200, "list", "never", "after", values(first, "after")[0])
	at := values(second, "page")
	for tick, n := range map[string]int{"all": 50, "none": 0, "": 50} {
		got := send(200, "list", "never", "tick", tick, "page", at[0])
		says(got, " checked>", n)
		if boards := values(got, "board"); len(boards) != 50 || boards[0] != values(second, "board")[0] {
			t.Errorf("%q shows another page: %s", tick, boards)
		}
	}
	says(send(200, append(record, "tick", "all")...), " checked>", 3) // but for the older print

	// A badge has no contacts, so that it stays as it is where they alone changed.
	d, err := w.Places.ByCode(t.Context(), operator, "990102001001", place.Fields{})
	if err == nil {
		_, err = w.Places.SetContacts(t.Context(), operator, d.Code, place.Contacts{SupervisionPhone: "15400000900"}, d.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	page = send(200)
	says(page, "一并重印：民情联系卡、便民联系单</small>", 2)
	says(page, "一并重印：民情联系卡、便民联系单、网格工作证</small>", 1)
}

// From a board's own page it is noted that it was printed, with the mark that it had there.
func TestABoardIsNotedFromItsPage(t *testing.T) {
	w := newPrinting(t)
	w.as = operator
	for name, at := range map[string]string{"a grid's": "/signboards/990102001001001", "a building's": "/signboards/buildings/" + w.building(t).Key.String()} {
		page := w.get(at).Body.String()
		link := regexp.MustCompile(`href="(/signboards/print/990102001001\?of=[^"]+)"`).FindStringSubmatch(page)
		if link == nil {
			t.Fatalf("%s leads nowhere: %s", name, page)
		}
		form := w.get(html.UnescapeString(link[1])).Body.String()
		boards := values(form, "board")
		if len(boards) != 1 || !strings.Contains(form, "从未登记印制") {
			t.Fatalf("%s: %s", name, form)
		}
		to := html.UnescapeString(regexp.MustCompile(`<form[^>]* action="([^"]+)"`).FindStringSubmatch(form)[1])
		done := w.post(to, "board", boards[0], "do", "printed", "on", "2026-01-02").Body.String()
		if !strings.Contains(done, "已登记 1 块") || !strings.Contains(done, "第 1 版，与 2026-01-02 印制的一致") || len(values(done, "undo")) != 1 {
			t.Errorf("%s: %s", name, done)
		}
		if first := regexp.MustCompile(`<button[^>]*name="do" value="([^"]*)"`).FindStringSubmatch(done); first == nil || first[1] != "list" {
			t.Errorf("%s: Enter in the day's field does %q", name, first)
		}
		if got := w.get(at).Body.String(); !strings.Contains(got, "与 2026-01-02 印制的一致") {
			t.Errorf("%s does not say it: %s", name, got)
		}
	}
	at := printPage + "?of=grid/990102001001001/0123456789abcdef"
	stale := values(w.get(at).Body.String(), "board")
	if got := w.post(at, "board", stale[0], "do", "printed"); got.Code != 409 || !strings.Contains(got.Body.String(), "没有登记任何一块") {
		t.Errorf("what was printed before it changed: %d %s", got.Code, got.Body)
	}
}

// noting keeps what is noted; what is refused before it begins, too.
type noting struct{ entries []audit.Entry }

func (n *noting) Do(ctx context.Context, actor account.Actor, e audit.Entry, deed func(context.Context) error) error {
	err := deed(ctx)
	return errors.Join(err, n.Refused(ctx, actor, e, err))
}

func (n *noting) Refused(_ context.Context, actor account.Actor, e audit.Entry, err error) error {
	e.Actor = actor.ID
	if err != nil {
		e.Result = string(fault.As(err).Code)
	}
	n.entries = append(n.entries, e)
	return nil
}

// The page is for who arranges the place, and what is done there is noted, as by GraphQL.
func TestWhoMayUseThePrintShopsPage(t *testing.T) {
	w := newPrinting(t)
	d, err := w.Places.ByCode(t.Context(), operator, "990102001001", place.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	staffOf := func(id string, right account.Right, community uuid.UUID) account.Actor {
		return account.Actor{Role: account.Staff, ID: id, Scope: account.NewScope(account.Grant{Rights: account.SetOf(right), Reach: account.Reach{Communities: []uuid.UUID{community}}})}
	}
	w.as = operator
	boards := fields("board", values(w.post(printPage, "show", "never/grid").Body.String(), "board")[:1])
	for _, c := range []struct {
		name   string
		actor  account.Actor
		at     string
		status int
		says   string // in the page
	}{
		{"who arranges it", staffOf("chief", account.Arrange, d.ID), printPage, 200, "听雨社区"},
		{"who arranges one community of the town", staffOf("chief", account.Arrange, d.ID), "/signboards/print/990102001", 200, "望舒街道"},
		{"who arranges another", staffOf("other", account.Arrange, uuid.UUID{1}), printPage, 403, "您当前的任职不含此区划"},
		{"who may do other things there", staffOf("worker", account.Keep, d.ID), printPage, 403, "您当前的任职不允许此操作"},
		{"who gives accounts", account.Actor{Role: account.Security, ID: "security"}, printPage, 403, "管理员权限"},
		{"who reads the audit", account.Actor{Role: account.Auditor, ID: "auditor"}, printPage, 403, "管理员权限"},
		{"the operator", operator, printPage, 200, "听雨社区"},
	} {
		w.as, w.noted.entries = c.actor, nil
		shown := w.get(c.at, "Accept", "text/html")
		if shown.Code != c.status || !strings.Contains(shown.Body.String(), c.says) || c.status == 403 && (strings.Contains(shown.Body.String(), "采薇新村西网格") || !strings.Contains(shown.Body.String(), `href="/account"`)) {
			t.Errorf("%s: %d %s", c.name, shown.Code, shown.Body)
		}
		done := w.post(c.at, append(boards, "do", "printed")...)
		result := map[int]string{403: "FORBIDDEN"}[c.status]
		if n := w.noted.entries; done.Code != c.status || len(n) != 1 || n[0].Action != "RECORD_BOARDS_PRINTED" || n[0].Object.Kind != "BOARD" || n[0].Actor != c.actor.ID || n[0].Result != result {
			t.Errorf("%s notes a print: %d, noted as %+v", c.name, done.Code, n)
		}
		if c.status != 200 {
			continue
		}
		if back := w.post(c.at, append(fields("undo", values(done.Body.String(), "undo")), "do", "undo")...); back.Code != 200 || len(w.noted.entries) != 2 || w.noted.entries[1].Action != "TAKE_BACK_BOARDS_PRINTED" {
			t.Errorf("%s takes it back: %d, noted as %+v", c.name, back.Code, w.noted.entries)
		}
	}
}
