package acceptance

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"wangge/domain/board"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/domain/staff"
)

const printPage = "/signboards/print/990102001001"

// post sends the form of the print shop's page with the operator's token; values are names and values in turn.
func (w *printing) post(address string, values ...string) *httptest.ResponseRecorder {
	form := url.Values{"token": {theToken}}
	for i := 0; i < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	if values := form["token"]; len(values) > 1 {
		form["token"] = values[1:]
	}
	return w.sendForm(address, "application/x-www-form-urlencoded", form.Encode())
}

func (w *printing) sendForm(address, kind, body string, headers ...string) *httptest.ResponseRecorder {
	return w.send(httptest.NewRequest(http.MethodPost, address, strings.NewReader(body)), append(headers, "Content-Type", kind)...)
}

// madeUp is a cursor of the list that was never given out.
func madeUp(text, id string) string {
	return page.Cursor{Order: board.ByPlace, Text: text, ID: id}.Encode()
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

	// Without the token nothing is told, and it is never part of an address.
	first := ok(w.get(printPage))
	says(first, `type="password" name="token"`, "听雨社区", `method="post"`)
	if strings.Contains(first, "采薇新村西网格") {
		t.Error("the list is told to everyone")
	}
	if got := ok(w.get(printPage + "?token=" + theToken + "&list=never")); strings.Contains(got, "采薇新村西网格") || strings.Contains(got, `type="hidden" name="token"`) {
		t.Error("a token in the address is taken")
	}
	if got := w.sendForm(printPage+"?token="+theToken, "application/x-www-form-urlencoded", "list=never"); got.Code != 401 || strings.Contains(got.Body.String(), `value="`+theToken) {
		t.Errorf("a token in the address of a form: %d", got.Code)
	}

	// What was never printed, as a PDF, and noted.
	page := ok(w.post(printPage, "list", "never"))
	chosen := values(page, "board")
	if len(chosen) != 14 || values(page, "token")[0] != theToken {
		t.Fatalf("%d boards, %s", len(chosen), page)
	}
	file := w.post(printPage, append(fields("board", chosen[:3]), "do", "pdf", "size", "a4", "orientation", "portrait", "letters", "en")...)
	if got := text(t, file.Body.Bytes()); strings.Count(got, "Grid signboard") != 3 || !strings.Contains(got, "采薇新村西网格") || !strings.HasPrefix(file.Header().Get("Content-Disposition"), `attachment; filename="boards-990102001001-`) {
		t.Errorf("%d: %s", file.Code, got)
	}
	done := ok(w.post(printPage, append(fields("board", chosen), "do", "printed", "list", "never")...))
	says(done, "已登记 14 块公示牌为已印", "这张清单是空的")

	// It was a mistake: the note is taken back, once.
	undo := fields("undo", values(done, "undo"))
	if len(undo) != 28 {
		t.Fatal(undo)
	}
	says(ok(w.post(printPage, append(undo, "do", "undo", "list", "never")...)), "已撤销 14 块公示牌的登记", "采薇新村西网格")
	if got := w.post(printPage, append(undo, "do", "undo")...); got.Code != 409 || !strings.Contains(got.Body.String(), `role="alert"`) {
		t.Errorf("taken back twice: %d", got.Code)
	}
	ok(w.post(printPage, append(fields("board", chosen), "do", "printed")...))
	house := w.building(t).Key.String()
	if _, err := boards.Printed(t.Context(), operator, []board.Printing{{Name: board.Name{Building: house}}}, w.Staff.Day(nil)); err != nil {
		t.Fatal(err)
	}
	says(ok(w.post(printPage)), "这张清单是空的")

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
	says(ok(w.post(printPage, "do", "takeBack", "of", "'990102001001001", "revision", "2")), "已撤销 1 块") // as the CSV has it

	for _, c := range []struct {
		name   string
		got    *httptest.ResponseRecorder
		status int
		says   string
	}{
		{"no such division", w.get("/signboards/print/99", "Accept", "text/html"), 404, "alert"},
		{"another token", w.post(printPage, "token", "wrong"), 401, "令牌无效"},
		{"no token", w.sendForm(printPage, "application/x-www-form-urlencoded", "list=never"), 401, "令牌无效"},
		{"a form of another kind", w.sendForm(printPage, "application/json", `{"token":"`+theToken+`"}`), 401, "令牌无效"},
		{"from another site", w.sendForm(printPage, "application/x-www-form-urlencoded", "token="+theToken, "Sec-Fetch-Site", "cross-site"), 403, "其他网站"},
		{"too long", w.sendForm(printPage, "application/x-www-form-urlencoded", "token="+theToken+"&x="+strings.Repeat("x", 1<<20)), 413, "1048576"},
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
		{"no revision", w.post(printPage, "do", "takeBack", "of", "990102001001001", "revision", "x"), 400, "版次"},
		{"a revision that no number holds", w.post(printPage, "do", "takeBack", "of", "990102001001001", "revision", "3000000000"), 400, "版次"},
		{"a revision below the first", w.post(printPage, "do", "undo", "undo", "grid/990102001001001/0"), 400, "版次"},
		{"a place with a NUL", w.post(printPage, "after", madeUp("99\x0001", "a")), 400, "alert"},
		{"an id with a NUL", w.post(printPage, "after", madeUp("9901", "a\x00")), 400, "alert"},
		{"a grid with a NUL", w.post(printPage, "do", "undo", "undo", "grid/99\x00/1"), 404, "alert"},
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
		if c.status == 401 || c.status == 403 {
			if strings.Contains(c.got.Body.String(), theToken) {
				t.Errorf("%s: the token is in the page", c.name)
			}
		}
	}
}
