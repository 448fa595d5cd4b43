package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/coverage"
	"wangge/domain/key"
	"wangge/domain/place"
)

// gappy is a town with a gap beside its first grid and a building in no grid.
func gappy() *fakeTown {
	t := newTown()
	area, households := 412.4, 4343
	t.report = coverage.Report{Bounded: true, AreaM2: 1e6, CoveredM2: 999_587.6, GapM2: area,
		Problems: map[coverage.Kind]int{coverage.Gap: 1, coverage.UnassignedBuilding: 301}}
	t.problems = []coverage.Problem{{ID: uuid.UUID{9}, Kind: coverage.Gap, AreaM2: &area, Households: &households, Grids: []key.Key{t.grids[0].Key},
		Geometry: geom.NewPolygonFlat(geom.XY, []float64{120, 31, 120.001, 31, 120.001, 31.001, 120, 31.001, 120, 31}, []int{10}),
		Box:      &place.Box{West: 120, South: 31, East: 120.001, North: 31.001},
		Fixes: []coverage.Fix{
			{Action: coverage.AddToGrid, Grid: &t.grids[0].Key, Args: map[string]any{coverage.ArgAreaM2: 412.4, coverage.ArgSharedM: 12.0}},
			{Action: coverage.AddToGrid, Grid: &t.grids[1].Key, Args: map[string]any{coverage.ArgAreaM2: 412.4, coverage.ArgSharedM: 7.0}}}}}
	for i := range 301 {
		t.problems = append(t.problems, coverage.Problem{ID: uuid.UUID{10, byte(i), byte(i >> 8)}, Kind: coverage.UnassignedBuilding, Building: &t.building.Key})
	}
	return t
}

func TestCoveragePage(t *testing.T) {
	town := gappy()
	body := town.get("GET", "/coverage/990102001001?lang=en").Body.String()
	wantContains(t, body, `<bdi lang="zh">听雨社区</bdi>: is anyone left out?`, "99.95%", "412 m²", `<i class="dot GAP"`, `>Gap <span class="chip">1</span>`,
		`>Building in no grid <span class="chip">301</span>`, "听雨里3号楼", "Add the 412 m² to grid", "102 more are not listed.",
		fmt.Sprintf(`href="/coverage/990102001001?lang=en&amp;problem=%s"`, uuid.UUID{9}), `data-show="gaps"`, `data-box="120.000000,31.000000,120.020000,31.010000"`)
	for _, private := range []string{"<script>alert", "4343"} {
		if strings.Contains(body[strings.Index(body, "<main"):strings.Index(body, "</main>")], private) {
			t.Errorf("the page has %s", private)
		}
	}
	if n := strings.Count(body, "&amp;problem="); n != mostProblems {
		t.Errorf("%d problems are listed", n)
	}
	one := town.get("GET", fmt.Sprintf("/coverage/990102001001?problem=%s", uuid.UUID{9})).Body.String()
	wantContains(t, one, `data-box="120.000000,31.000000,120.001000,31.001000" data-lng="120.000500" data-lat="31.000500"`, "空白",
		"可以这样解决", "共有边界 12 米", "共有边界 7 米", "“采薇网格”", `href="/coverage/990102001001"`)
	if n := strings.Count(one, "problem="); n > 2 { // of the other language and size
		t.Errorf("the page of one problem lists others: %d", n)
	}
	if w := town.get("GET", fmt.Sprintf("/coverage/990102001001?problem=%s", uuid.UUID{1})); w.Code != 404 {
		t.Errorf("a problem that is mended: %d", w.Code)
	}
	wantContains(t, town.get("GET", "/coverage").Body.String(), `href="/coverage/990102001001"`, "302 个问题", "有没有人被漏掉？")
	wantContains(t, town.get("GET", "/c/990102001001").Body.String(), `href="/coverage/990102001001"`)
	if w := town.get("GET", "/coverage/7"); w.Code != 404 {
		t.Errorf("an unknown division: %d", w.Code)
	}

	town.problems, town.report = nil, coverage.Report{Bounded: true, AreaM2: 5, CoveredM2: 5}
	wantContains(t, town.get("GET", "/coverage/990102001001").Body.String(), "没有发现问题", "100%")
	town.report = coverage.Report{OverlapM2: 3.14}
	body = town.get("GET", "/coverage/990102001001").Body.String()
	wantContains(t, body, "无法判断哪里是空白", "3.1 m²")
	if strings.Contains(body, "100%") || strings.Contains(body, "没有发现问题") {
		t.Error("without a boundary it says that all is covered")
	}
}
