package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twpayne/go-geom"

	"wangge/domain/civil"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
)

// found is a community with a gap, and twelve buildings in no grid; and a village without a boundary and without a fault.
func found(t *testing.T) []coverage.Checked {
	t.Helper()
	day, err := civil.Parse("2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	k := key.Key{Home: "home1", ID: uuid.UUID{1}}
	g := grid.Grid{Key: k, Code: "990102001001001", Name: "听雨\x1b[31m网格"}
	area, households := 412.4, 7
	gap := coverage.Found{Problem: coverage.Problem{ID: uuid.UUID{9}, Kind: coverage.Gap, AreaM2: &area, Households: &households, Grids: []key.Key{k},
		Geometry: geom.NewPolygonFlat(geom.XY, []float64{120, 31, 120.001, 31, 120.001, 31.001, 120, 31.001, 120, 31}, []int{10}),
		Box:      &place.Box{West: 120, South: 31, East: 120.001, North: 31.001},
		Fixes:    []coverage.Fix{{Action: coverage.AddToGrid, Args: map[string]any{coverage.ArgAreaM2: 412.4, coverage.ArgSharedM: 12.0}}}},
		Grids: []grid.Grid{g}}
	problems := []coverage.Found{gap}
	for i := range 12 {
		problems = append(problems, coverage.Found{Problem: coverage.Problem{ID: uuid.UUID{10, byte(i)}, Kind: coverage.UnassignedBuilding},
			Building: &place.Building{Key: key.Key{Home: "home1", ID: uuid.UUID{2, byte(i)}}, Code: fmt.Sprintf("B%02d", i), Name: "7号楼"}})
	}
	return []coverage.Checked{
		{Division: place.Division{Code: "990102001001", Name: "望舒社区", Level: place.Community}, Problems: problems,
			Report: coverage.Report{Bounded: true, AreaM2: 1e6, CoveredM2: 1e6 - 40, GapM2: 412.4, Change: 7, Day: day,
				CheckedAt: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), Problems: map[coverage.Kind]int{coverage.Gap: 1, coverage.UnassignedBuilding: 12}}},
		{Division: place.Division{Code: "990102001002", Name: "渡口村", Level: place.Community}, Report: coverage.Report{Day: day}},
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	plain(t)
	p := &recorder{checked: found(t)}
	code, out, errOut := call(t, p, "check", "--division", "990102001001")
	if code != failed || p.did != "check 990102001001" || errOut != "" {
		t.Errorf("exit %d, did %q, said %q", code, p.did, errOut)
	}
	for _, want := range []string{
		"990102001001 望舒社区\n", "area 1.00 km², covered 99.99%", "gap 412 m², overlap 0 m², outside 0 m²",
		"gap (gap): 1", "grid 990102001001001 听雨·[31m网格 · 412 m² · households: 7 · at 120.000500, 31.000500", "→ Add the 412 m² to grid",
		"building in no grid (unassigned_building): 12", "7号楼 (B00)", "7号楼 (B09)", "… and 2 more, see --json",
		"990102001002 渡口村\n", "no boundary is known, so gaps are unknown", "nothing wrong was found",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q", want)
		}
	}
	if strings.Contains(out, "B10") || strings.Contains(out, "\x1b") {
		t.Errorf("said\n%s", out)
	}
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	_, out, _ = call(t, p, "check")
	for _, want := range []string{"面积 1.00 km²，已覆盖 99.99%", "空白 412 m²", "楼栋未入网格", "将这 412 平方米划入", "没有边界数据，无法判断空白", "另有 2 个"} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q in\n%s", want, out)
		}
	}
}

func TestCheckFailsOnTheKindsNamed(t *testing.T) {
	plain(t)
	for _, c := range []struct {
		on   string
		code int
	}{
		{"", failed}, {"gap", failed}, {"Overlap", ok}, {"overlap,unassigned-building", failed}, {"CUT_BUILDING,oversize", ok},
	} {
		args := []string{"check"}
		if c.on != "" {
			args = append(args, "--fail-on", c.on)
		}
		if code, _, errOut := call(t, &recorder{checked: found(t)}, args...); code != c.code {
			t.Errorf("--fail-on %s: exit %d, %s", c.on, code, errOut)
		}
	}
	if code, out, _ := call(t, &recorder{checked: found(t)[1:]}, "check"); code != ok || !strings.Contains(out, "nothing wrong was found") {
		t.Errorf("nothing wrong: exit %d, %s", code, out)
	}
	if code, out, _ := call(t, &recorder{}, "check"); code != ok || !strings.Contains(out, "no divisions yet") {
		t.Errorf("nothing there: exit %d, %s", code, out)
	}
}

func TestCheckAsJSON(t *testing.T) {
	plain(t)
	code, out, _ := call(t, &recorder{checked: found(t)}, "check", "--json")
	if code != failed {
		t.Errorf("exit %d", code)
	}
	var doc struct {
		Divisions []map[string]any `json:"divisions"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	d := doc.Divisions[0]
	if d["dataVersion"] != "7-2026-03-02" || d["gapM2"] != 412.4 || d["counts"].(map[string]any)["OVERLAP"] != 0.0 || len(d["problems"].([]any)) != 13 {
		t.Errorf("division %v", d)
	}
	if village := doc.Divisions[1]; village["gapM2"] != nil || village["problems"] == nil || village["overlapM2"] != 0.0 {
		t.Errorf("a division without a boundary %v", village)
	}
	p := d["problems"].([]any)[0].(map[string]any)
	if p["kind"] != "GAP" || p["households"] != 7.0 || fmt.Sprint(p["bbox"]) != "[120 31 120.001 31.001]" ||
		p["geometry"].(map[string]any)["type"] != "Polygon" || p["grids"].([]any)[0].(map[string]any)["code"] != "990102001001001" ||
		p["fixes"].([]any)[0].(map[string]any)["action"] != "ADD_TO_GRID" {
		t.Errorf("problem %v", p)
	}
	var names []string
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "areaM2 bbox building buildings divisions fixes geometry grids households id kind spot" {
		t.Errorf("fields %s", got)
	}
}
