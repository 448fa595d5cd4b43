package load

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/load/sheet"
)

func TestWhatAListSays(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers string
		cells   []sheet.Cell
		want    string // building|estate|building name|address|unit|room|number|residents|use, or the field refused
	}{
		{"Chinese", "楼栋编号,单元,房号,人数,用途", text("B1", "2单元", "301", "3", "出租"), "B1||||2单元|301||3|RENTED"},
		{"English", "building,unit,room,residents,use", text("B1", "2", "301", "3", "owner"), "B1||||2单元|301||3|OWNER"},
		{"both, as in the template", "楼栋编号/building,单元/unit,房号/room", text("B1", "2", "301"), "B1||||2单元|301||?|"},
		{"headers with marks", "* 楼 栋 编 号：,单元,房号（室）,人数(人)", text("B1", "", "301", "3"), "B1|||||301||3|"},
		{"full width", "楼栋编号,单元,房号,人数", text("Ｂ１", "２　单元", "３０１", "３"), "B1||||2单元|301||3|"},
		{"people with their word", "楼栋编号,房号,人数", text("B1", "301室", "3 人"), "B1|||||301||3|"},
		{"people as a fraction of Excel", "楼栋编号,房号,人数", text("B1", "301", "3.0"), "B1|||||301||3|"},
		{"people not known", "楼栋编号,房号,人数", text("B1", "301", "不详"), "B1|||||301||?|"},
		{"half a person", "楼栋编号,房号,人数", text("B1", "301", "2.5"), "residents"},
		{"a short row", "楼栋编号,单元,房号,人数", text("B1", "2"), "B1||||2单元|||?|"},
		{"a room that became a date", "楼栋编号,房号", []sheet.Cell{{Text: "B1"}, {Text: "45363", Kind: sheet.Date}}, "room"},
		{"an error of the spreadsheet", "楼栋编号,房号", []sheet.Cell{{Text: "#REF!", Kind: sheet.Broken}, {Text: "301"}}, "building"},
		{"a formula without its result", "楼栋编号,房号,人数", []sheet.Cell{{Text: "B1"}, {Text: "301"}, {Kind: sheet.Formula}}, "residents"},
		{"two cells at fault", "楼栋编号,房号,人数", []sheet.Cell{{Text: "#N/A", Kind: sheet.Broken}, {Text: "301"}, {Text: "三个"}}, "building+residents"},
		{"a date in a column that is not read", "楼栋编号,房号,登记日期", []sheet.Cell{{Text: "B1"}, {Text: "301"}, {Text: "45363", Kind: sheet.Date}}, "B1|||||301||?|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &householdFile{}
			found, err := f.understand(sheet.Row{Number: 1, Cells: text(strings.Split(c.headers, ",")...)})
			if !found || err != nil {
				t.Fatal(found, err)
			}
			r, err := f.row(sheet.Row{Number: 2, Cells: c.cells})
			if got := told(r, err); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
}

func told(r place.HouseholdRow, err error) string {
	r, contradiction := r.Settle()
	if notes := place.Refusals(errors.Join(err, contradiction)); notes != nil {
		fields := []string{}
		for _, n := range notes {
			fields = append(fields, n.Field)
		}
		return strings.Join(fields, "+")
	}
	residents := "?"
	if r.Residents != nil {
		residents = fmt.Sprint(*r.Residents)
	}
	return strings.Join([]string{r.Building, r.Estate, r.BuildingName, r.Address, r.Unit, r.Room, r.Number, residents, string(r.Use)}, "|")
}

func text(list ...string) []sheet.Cell {
	cells := make([]sheet.Cell, len(list))
	for i, s := range list {
		cells[i].Text = s
	}
	return cells
}

func TestColumnsOfPeople(t *testing.T) {
	for header, want := range map[string]bool{"姓名": true, "户主姓名": true, "联系电话": true, "身份证号码": true, "Name": true, "Phone No.": true,
		"id number": true, "ID": true, "出生日期": true, "building_name": false, "楼栋名称": false, "人数": false, "residents": false, "备注": false, "unit": false} {
		if got := personal(headerForm(header)); got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
	f := &householdFile{job: Job{Fields: map[string]string{"building_name": "Name"}}}
	if found, err := f.understand(sheet.Row{Cells: text("estate", "Name", "room")}); !found || err != nil || f.columns["building_name"] != 1 {
		t.Errorf("a column that --field calls the building's: %v, %v", found, err)
	}
}

func TestWhereAFormulaStands(t *testing.T) {
	f := &householdFile{}
	if _, err := f.understand(sheet.Row{Number: 1, Cells: text("楼栋编号", "房号", "人数")}); err != nil {
		t.Fatal(err)
	}
	_, err := f.row(sheet.Row{Number: 7, Cells: []sheet.Cell{{Text: "B1"}, {Text: "301"}, {Kind: sheet.Formula}}})
	if notes := place.Refusals(err); len(notes) != 1 || !strings.Contains(notes[0].Reason, "人数 (C7)") || !strings.Contains(notes[0].In(fault.Chinese), "单元格 C7") {
		t.Error(err)
	}
}

// FuzzHouseholdRow: whatever a cell holds, a row that the rules let pass is one that the tables take.
func FuzzHouseholdRow(f *testing.F) {
	f.Add("B1", "2单元", "301", "3人", "出租")
	f.Add("", "", "３０１室", "-1", "=1+1")
	f.Add("B\x00", "\xff", "'", "1e9", "空置")
	f.Fuzz(func(t *testing.T, building, unit, room, residents, use string) {
		file := &householdFile{}
		if _, err := file.understand(sheet.Row{Cells: text("building", "unit", "room", "residents", "use", "number")}); err != nil {
			t.Fatal(err)
		}
		r, err := file.row(sheet.Row{Number: 2, Cells: text(building, unit, room, residents, use, room)})
		if err != nil {
			return
		}
		if r, err = r.Settle(); err != nil || place.CheckHousehold(r) != nil {
			return
		}
		if strings.ContainsRune(r.Building+r.Unit+r.Room+r.Number, 0) || len([]rune(r.Unit)) > 50 || len([]rune(r.Room)) > 50 || len([]rune(r.Number)) > 50 ||
			r.Residents != nil && (*r.Residents < 0 || *r.Residents > 100) || !place.ValidCode(r.Building) {
			t.Errorf("let pass: %+v", r)
		}
	})
}
