package web

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"wangge/domain/board"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// What cannot be said of the board that was scanned takes nothing from the page, and is told apart: no board, none that can be checked now, an error of ours.
func TestScannedBoardThatCannotBeChecked(t *testing.T) {
	for _, test := range []struct {
		name         string
		err          error
		says, logged bool
	}{
		{"current", nil, true, false},
		{"no such board", fault.New(fault.NotFound, "building", "web.noBuilding"), false, false},
		{"no revision", fault.New(fault.Invalid, "revision", "web.noBuilding"), false, false},
		{"the database is away", fault.New(fault.Unavailable, "", "web.noBuilding"), true, false},
		{"broken", errors.New("broken rule"), false, true},
	} {
		town, log := newTown(), &bytes.Buffer{}
		town.check, town.checkErr, town.log = board.Check{Answer: board.Current, Revision: 4}, test.err, log
		for _, path := range []string{"/g/990102001001001", "/b/" + town.building.Key.String()} {
			log.Reset()
			w := town.get("GET", path+"?r=4&m=aa")
			body := w.Body.String()
			if w.Code != 200 || !strings.Contains(body, "欧阳") {
				t.Errorf("%s, %s: %d", test.name, path, w.Code)
			}
			current, unknown := strings.Contains(body, "公示牌（第 4 版）是最新的"), strings.Contains(body, "现在无法核对您扫的公示牌")
			if current != (test.err == nil) || unknown != (test.says && test.err != nil) {
				t.Errorf("%s, %s: current %t, unknown %t", test.name, path, current, unknown)
			}
			if strings.Contains(log.String(), "broken rule") != test.logged || !test.logged && log.Len() > 0 {
				t.Errorf("%s, %s: logged %q", test.name, path, log)
			}
			if test.err != nil {
				continue
			}
			before := len(town.checked)
			if town.get("GET", path+"?r=x"); len(town.checked) != before {
				t.Errorf("%s without a revision is taken for a board", path)
			}
		}
		for _, query := range []string{"r=99999999999999999999", "r=1e3", "r=1%00", "r=%EF%BC%91", "r[]=1", "r=&m=aa", "m=%3Cscript%3Ealert(1)%3C/script%3E&r=%3Cscript%3Ealert(1)%3C/script%3E"} {
			before := len(town.checked)
			w := town.get("GET", "/g/990102001001001?"+query)
			if body := w.Body.String(); w.Code != 200 || len(town.checked) != before || strings.Contains(body, "<script>alert") || strings.Contains(body, "公示牌（第") {
				t.Errorf("?%s: %d", query, w.Code)
			}
		}
		if want := []board.Name{{Grid: "990102001001001"}, {Building: town.building.Key.String()}}; !slices.Equal(town.checked, want) {
			t.Errorf("%s: asked of %v", test.name, town.checked)
		}
		if len(town.apart) > 0 {
			t.Errorf("%s: read outside the state of the page: %v", test.name, town.apart)
		}
	}
}

// Whoever scanned a board is told what to do: which number holds, and that who stands on the board is away.
func TestScannedBoardSaysWhatToDo(t *testing.T) {
	town := newTown()
	page := func(lang string) string { return town.get("GET", "/g/990102001001001?r=1&lang="+lang).Body.String() }
	town.check = board.Check{Answer: board.Outdated, Revision: 2, Changed: []board.Part{board.People}}
	wantContains(t, page("zh"), "公示牌（第 1 版）已过时：牌上的人员或电话已变，请打本页上的电话。")
	wantContains(t, page("en"), "the people or numbers on it have changed. Call the number on this page.")
	town.check.Changed = []board.Part{board.People, board.Border}
	wantContains(t, page("zh"), "牌上的人员或电话已变，请打本页上的电话。", "变化的还有：范围。")
	town.check.Changed = []board.Part{board.Border}
	wantContains(t, page("zh"), "已过时，变化的有：范围。请以本页为准。")
	town.team = []staff.Assignment{{Worker: staff.Worker{Name: "甲<b>"}, Post: staff.GridWorker, Cover: staff.CoverA, Away: true}}
	const away = "牌上的网格员<bdi>甲&lt;b&gt;</bdi>今天不在，请打本页上的电话。"
	wantContains(t, page("zh"), away)
	town.check = board.Check{Answer: board.Current, Revision: 1}
	wantContains(t, page("zh"), "是最新的", away)
	town.check = board.Check{Answer: board.Outdated, Changed: []board.Part{board.People}}
	if strings.Contains(page("zh"), away) {
		t.Error("who is away now need not stand on an older board")
	}
	town.check, town.team[0].Away = board.Check{Answer: board.Current}, false
	if strings.Contains(page("zh"), "今天不在") {
		t.Error("nobody is away")
	}
}

// Whoever scanned the cover of an atlas is told whether it is current; who did not is told nothing, and nothing is looked up.
func TestScannedAtlas(t *testing.T) {
	for _, c := range []struct {
		name     string
		answer   board.Answer
		err      error
		zh, en   string
		isLogged bool
	}{
		{"current", board.Current, nil, "✓ 您扫的图册是最新的。", "The atlas you scanned is current.", false},
		{"outdated", board.Outdated, nil, "您扫的图册已过时", "The atlas you scanned is out of date", false},
		{"no mark", board.Unknown, nil, "无法核对您扫的图册，请", "The atlas you scanned cannot be checked. What", false},
		{"the database is away", "", fault.New(fault.Unavailable, "", "web.noBuilding"), "现在无法核对您扫的图册", "The atlas you scanned cannot be checked now", false},
		{"broken", "", errors.New("broken rule"), "", "", true},
	} {
		town, log := newTown(), &bytes.Buffer{}
		town.check, town.checkErr, town.log = board.Check{Answer: c.answer}, c.err, log
		path := "/c/" + town.community.Code
		for lang, want := range map[string]string{"zh": c.zh, "en": c.en} {
			w := town.get("GET", path+"?m=0a1b2c3d&lang="+lang)
			body := w.Body.String()
			if w.Code != 200 || !strings.Contains(body, want) || want == "" && strings.Contains(body, "notice") || !strings.Contains(body, town.grids[0].Code) {
				t.Errorf("%s, %s: %d\n%s", c.name, lang, w.Code, body)
			}
		}
		if strings.Contains(log.String(), "broken rule") != c.isLogged {
			t.Errorf("%s: logged %q", c.name, log)
		}
		asked := len(town.atlases)
		if want := town.community.ID.String() + " 0a1b2c3d"; asked < 2 || town.atlases[0] != want {
			t.Errorf("%s: asked of %q", c.name, town.atlases)
		}
		if body := town.get("GET", path).Body.String(); strings.Contains(body, "您扫的图册") || len(town.atlases) != asked {
			t.Errorf("%s: without a mark it is taken for an atlas", c.name)
		}
	}
}
