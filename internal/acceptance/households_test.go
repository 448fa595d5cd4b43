package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/load"
)

// street is a community with a grid, two estates that bear one name in two communities, and four buildings.
func street(t *testing.T) *town {
	t.Helper()
	w := newTown(t)
	box := func(west float64) string {
		return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%.3f,31.2],[%.3f,31.2],[%.3f,31.21],[%.3f,31.21],[%.3f,31.2]]]}`, west, west+.01, west+.01, west, west)
	}
	feature := func(geometry, properties string) string {
		return `{"type":"Feature","geometry":` + geometry + `,"properties":` + properties + `}`
	}
	collection := func(list ...string) string {
		return `{"type":"FeatureCollection","features":[` + strings.Join(list, ",") + `]}`
	}
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: file(t, "d.geojson", collection(
		feature("null", `{"code":"990102","name":"晴川区","level":"DISTRICT"}`),
		feature(box(121.5), `{"code":"990102001001","name":"晴川社区","level":"COMMUNITY","parent":"990102"}`),
		feature(box(121.51), `{"code":"990102001002","name":"芳草社区","level":"COMMUNITY","parent":"990102"}`)))})
	w.mustBring(t, load.Job{Kind: load.Grids, Path: file(t, "g.geojson", collection(
		feature(box(121.5), `{"code":"990102001001001","name":"第一网格","community":"990102001001"}`)))})
	at := func(lng float64) string { return fmt.Sprintf(`{"type":"Point","coordinates":[%.4f,31.205]}`, lng) }
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: file(t, "b.geojson", collection(
		feature(at(121.503), `{"code":"B1","name":"1号楼","estate":"机械厂家属院","address":"采薇街1号"}`),
		feature(at(121.504), `{"code":"B2","name":"2号楼","estate":"机械厂家属院","address":"采薇街２号"}`),
		feature(at(121.505), `{"code":"B3","name":"","address":"听雨路9号"}`),
		feature(at(121.513), `{"code":"B4","name":"1号楼","estate":"机械厂家属院","address":"远处"}`)))})
	return w
}

// workbook writes rows as XLSX; a number stays one.
func workbook(t *testing.T, name string, rows [][]any, more ...func(*excelize.File)) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range more {
		change(book)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// sheetOf reads a workbook with the library that did not read it before.
func sheetOf(t *testing.T, path string) [][]string {
	t.Helper()
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func counts(r place.Report) string {
	return fmt.Sprintf("%d read, %d added, %d updated, %d ended, %d refused", r.Read, r.Added, r.Updated, r.Ended, r.Refused)
}

// registered is what the register holds: units with their counts, households in force and of the past.
func (w *town) registered(t *testing.T) string {
	t.Helper()
	var units, now, past string
	w.row(t, `SELECT coalesce(string_agg(b.code || ' ' || u.name || ' ' || p.households || '/' || p.residents, ', ' ORDER BY b.code, u.name), '')
		FROM unit u JOIN unit_people p ON p.unit_id = u.id JOIN building b ON b.id = u.building_id`, &units)
	list := `SELECT coalesce(string_agg(u.name || ' ' || d.room || ' ' || h.number || ': ' || coalesce(h.residents::text, '?'), ', ' ORDER BY u.name, d.room, h.number, h.since), '')
		FROM household h JOIN dwelling d ON d.id = h.dwelling_id JOIN unit u ON u.id = d.unit_id WHERE h.until IS `
	w.row(t, list+"NULL", &now)
	w.row(t, list+"NOT NULL", &past)
	return units + "; now " + now + "; past " + past
}

func TestHouseholdsFromAWorkbook(t *testing.T) {
	w := street(t)
	list := [][]any{
		{"机械厂家属院 2026年3月"},
		{"小区", "楼栋", "单元", "房号", "户号", "居住人数（人）", "用途"},
		{"机械厂家属院", "1号楼", 2, 301, "", "3人", "自住"},
		{"", "", "", 302, "", "４", ""}, // its estate, building and unit are merged with the row above
		{},
		{"机械厂家属院", "２号楼", "1单元", "101室", "甲", 1, "出租"},
		{"机械厂家属院", "2号楼", "1 单元", "101", "乙", 2.0, "出租"},
		{"机械厂家属院", "2号楼", "1单元", 102, "", "", "空置"},
		{"机械厂家属院", "2号楼", "3单元"},
	}
	merged := func(book *excelize.File) {
		for _, column := range []string{"A", "B", "C"} {
			if err := book.MergeCell("Sheet1", column+"3", column+"4"); err != nil {
				t.Fatal(err)
			}
		}
	}
	refused := filepath.Join(t.TempDir(), "out.xlsx")
	job := load.Job{Kind: load.Households, Path: workbook(t, "三月.xlsx", list, merged), Refused: refused, Language: fault.Chinese}
	// Two communities have that estate and building.
	if got := w.bring(t, job); counts(got) != "6 read, 0 added, 0 updated, 0 ended, 2 refused" {
		t.Fatal(counts(got), got.Notes)
	}
	back := sheetOf(t, refused)
	if len(back) != 8 || back[1][7] != "问题/Problem" || back[2][7] != "机械厂家属院 1号楼 对应 2 栋楼（B1, B4）：请填写楼栋编号。" || back[3][3] != "302" || back[3][7] != back[2][7] || len(back[4]) > 7 {
		t.Fatalf("%q", back)
	}
	if w.registered(t) != "; now ; past " {
		t.Error("something stayed: " + w.registered(t))
	}
	list[1] = append(list[1], "楼栋编号")
	list[2], list[3] = append(list[2], "B1"), append(list[3], "B1")
	job.Path = workbook(t, "三月.xlsx", list, merged)
	first := "B1 2单元 2/7, B2 1单元 2/3, B2 3单元 0/0; now 1单元 101 乙: 2, 1单元 101 甲: 1, 2单元 301 1: 3, 2单元 302 1: 4; past "
	for i, want := range []string{"6 read, 6 added, 0 updated, 0 ended, 0 refused", "6 read, 0 added, 0 updated, 0 ended, 0 refused"} {
		if got := w.mustBring(t, job); counts(got) != want {
			t.Errorf("time %d: %s", i+1, counts(got))
		}
		if got := w.registered(t); got != first {
			t.Errorf("time %d: %s", i+1, got)
		}
	}
	var changes int
	w.row(t, "SELECT count(*) FROM change_log WHERE what = 'households'", &changes)
	if changes != 1 {
		t.Errorf("%d changes noted; nothing changed the second time", changes)
	}
	// A month later one household has a child, one room is let, one household is gone from the list.
	list[2][5], list[7][6], list[7][5] = 5, "出租", 2
	job.Path, job.Replace = workbook(t, "四月.xlsx", slices.Delete(list, 5, 6), merged), true
	if got := w.mustBring(t, job); counts(got) != "5 read, 1 added, 1 updated, 1 ended, 0 refused" {
		t.Error(counts(got))
	}
	want := "B1 2单元 2/9, B2 1单元 2/4, B2 3单元 0/0; now 1单元 101 乙: 2, 1单元 102 1: 2, 2单元 301 1: 5, 2单元 302 1: 4; past 1单元 101 甲: 1, 2单元 301 1: 3"
	if got := w.registered(t); got != want {
		t.Error(got)
	}
	var seamless bool
	w.row(t, "SELECT (SELECT until FROM household WHERE residents = 3) = (SELECT since FROM household WHERE residents = 5)", &seamless)
	if !seamless {
		t.Error("there is a time between a household and its next state")
	}
	var touched string
	w.row(t, "SELECT string_agg(d.code, ',' ORDER BY d.code) FROM change_log c JOIN division d ON d.id = ANY(c.division_ids) WHERE c.n = (SELECT max(n) FROM change_log)", &touched)
	if touched != "990102001001" {
		t.Errorf("noted for %s", touched)
	}
}

func TestHouseholdsFromCSV(t *testing.T) {
	w := street(t)
	text := "楼栋编号,地址,单元,房号,人数,用途,备注\n" +
		"B1,,,101,3,自住,=cmd()\n" +
		"NO,,1单元,101,3,自住,-x\n" +
		",采薇街2号,1单元,102,三,自住,\n" +
		",采薇街 2号,1单元,-101,2,OWNER,\n" +
		"B1,,,101,4,自住,\n" +
		"B1,,,102,4,住着,\n" +
		"B1,,,103,4,空置,\n" +
		",,,103,4,,\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"UTF-8 with its mark": "\ufeff" + text, "GBK": gbk} {
		t.Run(name, func(t *testing.T) {
			refused := filepath.Join(t.TempDir(), "out.csv")
			report := w.bring(t, load.Job{Kind: load.Households, Path: file(t, "list.csv", content), Refused: refused, DryRun: true})
			if counts(report) != "8 read, 0 added, 0 updated, 0 ended, 6 refused" {
				t.Error(counts(report))
			}
			out, err := os.ReadFile(refused)
			if err != nil {
				t.Fatal(err)
			}
			want := "\ufeff楼栋编号,地址,单元,房号,人数,用途,备注,问题/Problem\n" +
				"B1,,,101,3,自住,'=cmd(),\n" +
				"NO,,1单元,101,3,自住,'-x,There is no building NO.\n" +
				",采薇街2号,1单元,102,三,自住,,Residents 三: a whole number from 0 to 100 is needed.\n" +
				",采薇街 2号,1单元,'-101,2,OWNER,,\n" +
				"B1,,,101,4,自住,,It is the household of row 2 again: tell the households of one room apart by their number.\n" +
				"B1,,,102,4,住着,,\"Use 住着: OWNER, RENTED, VACANT or BUSINESS is needed.\"\n" +
				"B1,,,103,4,空置,,A vacant dwelling has 4 residents.\n" +
				",,,103,4,,,\"It says no building: give the building's code, its estate and name, or its address.\"\n"
			if string(out) != want {
				t.Errorf("%s", out)
			}
		})
	}
	refused := filepath.Join(t.TempDir(), "left.csv")
	report := w.bring(t, load.Job{Kind: load.Households, Path: file(t, "list.csv", text), Refused: refused, SkipRefused: true})
	if counts(report) != "8 read, 2 added, 0 updated, 0 ended, 6 refused" {
		t.Error(counts(report))
	}
	if got := w.registered(t); got != "B1  1/3, B2 1单元 1/2; now  101 1: 3, 1单元 -101 1: 2; past " {
		t.Error(got)
	}
	// What was left is imported again as it is, and refused for the same reasons.
	again := w.bring(t, load.Job{Kind: load.Households, Path: refused, Refused: filepath.Join(t.TempDir(), "again.csv")})
	if again.Read != 6 || again.Refused != 5 { // the household that was there twice stands there once
		t.Error(counts(again))
	}
}

func TestListsThatAreRefusedWhole(t *testing.T) {
	w := street(t)
	good := workbook(t, "good.xlsx", [][]any{{"楼栋编号", "房号", "人数"}, {"B1", "101", 3}, {"B1", "102", 3}})
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	protected := filepath.Join(t.TempDir(), "protected.xlsx")
	book, err := excelize.OpenFile(good)
	if err == nil {
		err = book.SaveAs(protected, excelize.Options{Password: "geheim"})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, want string
		job              load.Job
	}{
		{"names", workbook(t, "a.xlsx", [][]any{{"楼栋编号", "房号", "户主姓名", "电话"}, {"B1", "101", "张三", "13800000000"}}), "户主姓名, 电话: a list of households says how many people each has", load.Job{}},
		{"names in English", file(t, "a.csv", "building,room,Name,ID number\nB1,101,Zhang,3\n"), "Name, ID number: a list of households says", load.Job{}},
		{"no header", file(t, "b.csv", "B1,101,3\nB1,102,3\n"), "None of the first 10 rows", load.Job{}},
		{"empty", file(t, "c.csv", ""), "is empty", load.Job{}},
		{"cut off", file(t, "d.xlsx", string(whole[:len(whole)/2])), "is damaged", load.Job{}},
		{"protected", protected, "protected by a password", load.Job{}},
		{"no table", file(t, "e.csv", "\x00\x01\x02\x03"), "neither XLSX nor CSV", load.Job{}},
		{"a quotation mark that is not closed", file(t, "f.csv", "building,room\nB1,\"101\nB1,102\n"), "no proper CSV", load.Job{}},
		{"two columns for one thing", file(t, "g.csv", "building,room,房号\nB1,1,2\n"), "both say room", load.Job{}},
		{"a column that is not there", good, "there is no such column", load.Job{Fields: map[string]string{"unit": "梯"}}},
		{"replaced in part", good, "--replace needs the whole list", load.Job{Replace: true, SkipRefused: true}},
		{"over itself", good, "choose another name", load.Job{Refused: good}},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := c.job
			job.Kind, job.Path = load.Households, c.path
			_, err := load.Import(t.Context(), operator, w.Services, job)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "张三") {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
	if w.registered(t) != "; now ; past " {
		t.Error("something stayed: " + w.registered(t))
	}
}

func TestTheTemplateIsAListThatCanBeImported(t *testing.T) {
	w := street(t)
	var empty bytes.Buffer
	if err := load.HouseholdTemplate(&empty); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&empty)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rules, err := book.GetDataValidations(book.GetSheetName(0))
	if err != nil || len(rules) != 1 || !strings.Contains(rules[0].Formula1, "空置") {
		t.Errorf("validation %+v, %v", rules, err)
	}
	row := []any{"B1", "", "", "", "2单元", "301", "", 3, "自住"}
	path := filepath.Join(t.TempDir(), "filled.xlsx")
	if err := book.SetSheetRow(book.GetSheetName(0), "A3", &row); err != nil {
		t.Fatal(err)
	}
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	if got := w.mustBring(t, load.Job{Kind: load.Households, Path: path}); counts(got) != "1 read, 1 added, 0 updated, 0 ended, 0 refused" {
		t.Error(counts(got), got.Notes)
	}
}

func TestTheUseOfADwelling(t *testing.T) {
	w := street(t)
	bring := func(list string) place.Report {
		t.Helper()
		return w.bring(t, load.Job{Kind: load.Households, Path: file(t, "list.csv", list)})
	}
	uses := func() (all string) {
		w.row(t, "SELECT coalesce(string_agg(d.room || ' ' || coalesce(d.use, '?'), ', ' ORDER BY d.room), '') FROM dwelling d", &all)
		return all
	}
	bring("building,room,use\nB1,301,VACANT\nB1,302,RENTED\nB1,303,VACANT\n")
	// Who lives in it now, it is not vacant; what else a list does not say stays.
	bring("building,room,residents\nB1,301,3\nB1,302,2\n")
	if got := uses(); got != "301 ?, 302 RENTED, 303 VACANT" {
		t.Errorf("the uses are %s", got)
	}
	for _, c := range []struct {
		name, list string
		refused    int
	}{
		{"two uses", "building,room,number,use\nB1,401,1,OWNER\nB1,401,2,\nB1,401,3,RENTED\n", 3},
		{"vacant and lived in", "building,room,number,use\nB1,401,,VACANT\nB1,402,,OWNER\nB1,401,2,\n", 2},
		{"lived in and vacant", "building,room,number,use\nB1,402,,OWNER\nB1,401,2,\nB1,401,,VACANT\n", 2},
	} {
		report := bring(c.list)
		if report.Refused != c.refused || report.Added != 0 || report.Notes[c.refused-1].Source != "row 4" || report.Notes[0].Field != "use" {
			t.Errorf("%s: %s %+v", c.name, counts(report), report.Notes)
		}
		report = w.bring(t, load.Job{Kind: load.Households, SkipRefused: true, Path: file(t, "list.csv", c.list)})
		if report.Refused != c.refused || report.Read-report.Refused != report.Added {
			t.Errorf("%s, the others taken in: %s", c.name, counts(report))
		}
		w.exec(t, "DELETE FROM household h USING dwelling d WHERE d.id = h.dwelling_id AND d.room = '402'")
	}
	if report := bring("building,room,number,use\nB1,402,1,OWNER\nB1,402,2,\nB1,402,3,OWNER\n"); report.Refused != 0 || report.Added != 3 {
		t.Errorf("one use: %s %+v", counts(report), report.Notes)
	}
}

// A cell can hold what its heading does not say; the list is refused with all that is wrong, and nothing of it stays.
func TestPersonalDataInCells(t *testing.T) {
	w := street(t)
	for column, cells := range map[string][]string{"房号": {"张三家", "13800138000", "310101199001011234", "１３８００１３８０００", "=1+1"},
		"户号": {"李四"}, "单元": {"张家单元"}, "租赁管理": {"王五13900001111"}} {
		for _, cell := range cells {
			row := map[string]string{"单元": "1单元", "房号": "301", "户号": "1", "租赁管理": "托管", column: cell}
			text := "楼栋编号,单元,房号,户号,人数,租赁管理\nB1," + row["单元"] + "," + row["房号"] + "," + row["户号"] + ",二十," + row["租赁管理"] + "\n"
			out := filepath.Join(t.TempDir(), "out.csv")
			got := w.bring(t, load.Job{Kind: load.Households, Path: file(t, "list.csv", text), Refused: out, Language: fault.Chinese})
			// The number of people is wrong, too, and said besides.
			if counts(got) != "1 read, 0 added, 0 updated, 0 ended, 1 refused" || len(got.Notes) != 2 || got.Notes[0].Source != "第 2 行" {
				t.Errorf("%s %s: %s, %+v", column, cell, counts(got), got.Notes)
			}
			if back, err := os.ReadFile(out); err != nil || !strings.Contains(string(back), column) || !strings.Contains(string(back), "须为 0 到 100 的整数") {
				t.Errorf("%s: %s, %v", cell, back, err)
			}
		}
	}
	if w.registered(t) != "; now ; past " {
		t.Error("something stayed: " + w.registered(t))
	}
}

func TestContradictionsInAList(t *testing.T) {
	w := street(t)
	bring := func(text string, change ...func(*load.Job)) place.Report {
		job := load.Job{Kind: load.Households, Path: file(t, "list.csv", "楼栋编号,小区,楼栋,单元,房号,户号,人数,用途\n"+text)}
		for _, c := range change {
			c(&job)
		}
		return w.bring(t, job)
	}
	for text, want := range map[string]string{
		"B1,机械厂家属院,2号楼,1,101,,3,\n":                       "Building B1 is 机械厂家属院 1号楼, not 机械厂家属院 2号楼",
		"B1,别的小区,,1,101,,3,\n":                            "not 别的小区",
		"B1,,,1,2-201,,3,\n":                              "names another unit than 1单元",
		"B1,,,,9-2-301,,3,\n":                             "Building B1 is 机械厂家属院 1号楼, not 9号楼",
		"B1,,,1,101,甲,3,自住\nB1,,,1,101,乙,1,出租\n":          "contradict each other in its use",
		"B1,,,1,101,,3,\nB1,,,2,101,,3,\nB1,,,,102,,3,\n": "several units (1单元, 2单元): which unit?",
	} {
		got := bring(text)
		if got.Added != 0 || got.Refused == 0 || !strings.Contains(got.Notes[0].Reason, want) {
			t.Errorf("%s: %s %+v", text, counts(got), got.Notes)
		}
	}
	// One household however its unit and room are written; a row without a unit is of the only one.
	same := bring("B1,,,2,201,,3,\nB1,,,二单元,202,,3,\nB1,,,２ 单元,203室,,3,\nB1,,,2单元,2-204,,3,\nB1,机械厂家属院,1栋,,1-2-205,,3,\nB1,,,,206,,3,\nB1,,,,2单元207室,,3,\n")
	if counts(same) != "7 read, 7 added, 0 updated, 0 ended, 0 refused" {
		t.Error(counts(same), same.Notes)
	}
	want := "B1 2单元 7/21; now 2单元 201 1: 3, 2单元 202 1: 3, 2单元 203 1: 3, 2单元 204 1: 3, 2单元 205 1: 3, 2单元 206 1: 3, 2单元 207 1: 3; past "
	if got := w.registered(t); got != want {
		t.Error(got)
	}
	again := bring("B1,,,,201,,3,\nB1,,,,202,,4,\n")
	if counts(again) != "2 read, 0 added, 1 updated, 0 ended, 0 refused" || again.Unchanged != 1 {
		t.Error(counts(again), again.Unchanged, again.Notes)
	}
	// Rows of a room that contradict each other are left out together.
	skip := bring("B1,,,2,201,甲,3,自住\nB1,,,2,201,乙,1,出租\nB1,,,2,208,,1,出租\n", func(j *load.Job) { j.SkipRefused = true })
	if counts(skip) != "3 read, 1 added, 0 updated, 0 ended, 2 refused" {
		t.Error(counts(skip), skip.Notes)
	}
	replace := func(j *load.Job) { j.Replace = true }
	alone := bring("B1,,,,,,,\n", replace)
	if counts(alone) != "1 read, 0 added, 0 updated, 0 ended, 1 refused" || !strings.Contains(alone.Notes[0].Reason, "would end all its households") {
		t.Error(counts(alone), alone.Notes)
	}
	if vacant := bring("B1,,,,,,,空置\n"); vacant.Refused != 1 {
		t.Error("without --replace:", counts(vacant))
	}
	if vacant := bring("B1,,,,,,,空置\n", replace); counts(vacant) != "1 read, 0 added, 0 updated, 8 ended, 0 refused" {
		t.Error(counts(vacant), vacant.Notes)
	}
}

func TestBuildingsByName(t *testing.T) {
	w := street(t)
	at := func(code, name, estate string, lng float64) string {
		return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%.4f,31.206]},"properties":{"code":"%s","name":"%s","estate":"%s"}}`, lng, code, name, estate)
	}
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: file(t, "b.geojson", `{"type":"FeatureCollection","features":[`+strings.Join([]string{
		at("N7", "纺织厂家属院7号楼", "纺织厂家属院", 121.5031), at("N8", "八栋", "纺织厂家属院", 121.5041), at("N17", "纺织厂家属院17号楼", "纺织厂家属院", 121.5051),
		at("N3", "钟楼", "", 121.5061), at("N5", "玻璃厂5幢", "", 121.5071)}, ",")+`]}`)})
	for row, want := range map[string]string{
		"纺织厂家属院,7号楼": "N7", "纺织厂家属院,7#": "N7", "纺织厂家属院,七栋": "N7", "纺织厂家属院,７幢": "N7", "纺织厂家属院,07": "N7", "纺织厂家属院,纺织厂家属院7号楼": "N7",
		"纺织厂家属院,8号楼": "N8", "纺织厂家属院,八幢": "N8", ",17号楼": "N17", ",纺织厂家属院17#": "N17", ",钟楼": "N3", "玻璃厂,五号楼": "N5", ",纺织厂家属院8#": "N8",
		"纺织厂家属院,9号楼": "there is no building 纺织厂家属院 9号楼; near ones are 八栋, 纺织厂家属院7号楼, 纺织厂家属院17号楼.",
		",1号楼":       "1号楼 is 2 buildings (B1, B4)", "无此小区,1号楼": "There is no building 无此小区 1号楼.", ",99号楼": "There is no building 99号楼.",
	} {
		got := w.bring(t, load.Job{Kind: load.Households, DryRun: true, Division: "990102", Path: file(t, "list.csv", "小区,楼栋,单元,房号\n"+row+",1,101\n")})
		if strings.HasPrefix(want, "N") {
			code := ""
			if got.Refused == 0 {
				w.mustBring(t, load.Job{Kind: load.Households, Path: file(t, "list.csv", "小区,楼栋,单元,房号\n"+row+",1,101\n")})
				w.row(t, "SELECT b.code FROM unit u JOIN building b ON b.district = u.district AND b.id = u.building_id", &code)
				for _, table := range []string{"household", "dwelling", "unit"} {
					w.exec(t, "DELETE FROM "+table)
				}
			}
			if code != want {
				t.Errorf("%s: %q; want %s, %+v", row, code, want, got.Notes)
			}
		} else if got.Refused != 1 || !strings.Contains(strings.ToLower(got.Notes[0].Reason), strings.ToLower(want)) {
			t.Errorf("%s: %+v; want %s", row, got.Notes, want)
		}
	}
}
