package signboard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/domain/around"
	"wangge/internal/fault"
	"wangge/signboard/chart"
)

// TestGroundOnBoards: boards colour land as the map on the screen does, which goes by around.Classes; homes keep their name alone, and a tunnel is no street.
func TestGroundOnBoards(t *testing.T) {
	for of, want := range map[around.Ground]chart.Ground{around.Water: chart.Water, around.Green: chart.Green, around.Paved: chart.Paved} {
		for _, class := range around.Classes(of) {
			if got := groundOf(class); got != want {
				t.Errorf("%s is drawn as %v, want %v", class, got, want)
			}
		}
	}
	line := orb.MultiLineString{{{121.5, 31.2}, {121.6, 31.2}}}
	scene := sceneOf(around.Surroundings{Land: []around.Land{{Name: "听雨新村", Class: "residential"}},
		Streets: []around.Street{{Name: "大连路隧道", Class: "primary", Lines: line}, {Name: "大连路", Class: "primary", Lines: line}}}, "", false)
	if len(scene.Land) != 1 || scene.Land[0].Ground != chart.Plain || scene.Land[0].Name != "听雨新村" {
		t.Errorf("homes are drawn as %+v", scene.Land)
	}
	if len(scene.Streets) != 1 || scene.Streets[0].Name != "大连路" {
		t.Errorf("streets: %+v", scene.Streets)
	}
}

// TestLocalCodes: only what leads to this machine alone is warned of.
func TestLocalCodes(t *testing.T) {
	for at, want := range map[string]bool{"http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost": true, "http://0.0.0.0:8080": true, "": true,
		"https://grid.example": false, "http://192.168.1.20:8080": false, "https://localhost.example": false} {
		if got := (&Source{PublicURL: at}).local(); got != want {
			t.Errorf("%q is local: %v", at, got)
		}
	}
	for _, name := range []string{"board", "reprints"} {
		for _, local := range []bool{false, true} {
			var v any = boardView{speaker: speaker{fault.English}, Local: local}
			if name == "reprints" {
				v = reprintView{speaker: speaker{fault.English}, Local: local}
			}
			var page strings.Builder
			if err := pageTemplate.ExecuteTemplate(&page, name, v); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(page.String(), "PUBLIC_URL is not set"); got != local {
				t.Errorf("%s warns: %v, want %v", name, got, local)
			}
		}
	}
}

// TestBuildingSaysWhatItsNumberIs: that of its grid is no number of a house.
func TestBuildingSaysWhatItsNumberIs(t *testing.T) {
	f := usual()
	f.Grid.Number, f.Building = "009", &Building{Name: "听雨新村12号", Address: "听雨路"}
	for lang, want := range map[fault.Language]string{fault.Chinese: "网格 009", fault.English: "Grid 009"} {
		f.Lang = lang
		sheet, _ := Board(f, Format{"a3", true}, fonts(t))
		if text := said(sheet, fonts(t)); !strings.Contains(text, want) || strings.Contains(text, "009 号") || strings.Contains(text, "No. 009") {
			t.Errorf("%s: it says %q", lang, text)
		}
	}
}

// TestIndexHeadings: a heading stands on a line of its own above what it is of, in the same column.
func TestIndexHeadings(t *testing.T) {
	var list []chart.Place
	for n := range 20 {
		list = append(list, chart.Place{Name: fmt.Sprintf("%d号", n), Squares: []string{"A1", "B2"}})
	}
	b := &drawing{pen: pen{m: fonts(t), scale: 1}, phoneLeast: wallStreet}
	for n := range 19 {
		i := b.layIndex([]indexGroup{{"街道", list[:n+1]}, {"听雨路", list[n:]}, {"机械厂单身宿舍", list[:1]}}, 500, 4)
		headings := 0
		for _, c := range i.cells {
			if c.colour != call {
				continue
			}
			headings++
			if c.x != 0 || c.line%i.rows == i.rows-1 || c.line/i.rows >= i.columns {
				t.Errorf("%d: %q stands on line %d of %d in column %d", n, c.text, c.line%i.rows, i.rows, c.line/i.rows)
			}
			for _, o := range i.cells {
				if o.line == c.line && o.text != c.text {
					t.Errorf("%d: %q stands beside %q", n, o.text, c.text)
				}
			}
		}
		if headings != 3 || len(i.cells) != 3+2*(n+1+20-n+1) {
			t.Errorf("%d: %d headings, %d cells", n, headings, len(i.cells))
		}
	}
}
