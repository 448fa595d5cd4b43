package place

import (
	"errors"
	"reflect"
	"testing"
)

func TestWhatDesignates(t *testing.T) {
	for s, want := range map[string]bool{
		"301": true, "2单元": true, "A座": true, "B1-03": true, "附1号": true, "地下一层": true, "-101": true, "物业用房": true, "传达室": true, "值班室": true,
		"东门": true, "商铺12": true, "车库3": true, "十二": true, "甲": true, "301之2": true, "LG1": true, "Unit 2": true, "第三户": true, "12-3-2101": true, "123456": true,
		"主卧": true, "底商": true, "跃层": true, "配电房": true, "活动室": true, "办公室": true, "": true,
		"张三家": false, "李四": false, "张家单元": false, "13800138000": false, "310101199001011234": false, "１３８００１３８０００": false, "1380013": false,
		"138-0013-8000": false, "138 0013 8000": false, "一三八〇〇一三八〇〇〇": false, "=1+1": false, "Zhang San": false, "zhangsan": false, "a@b": false,
		"301 王五": false, "王301": false, "31010119900101123X": false, "<b>": false,
	} {
		if got := Designates(halfWidth(s)); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestSettle(t *testing.T) {
	for _, c := range []struct{ building, unit, room, wantBuilding, wantUnit, wantRoom, field string }{
		{"", "2", "301", "", "2单元", "301", ""},
		{"", "二单元", "301", "", "2单元", "301", ""},
		{"", "2 单元", "301", "", "2单元", "301", ""},
		{"", "２单元", "３０１", "", "2单元", "301", ""},
		{"", "十二单元", "", "", "12单元", "", ""},
		{"", "02", "301", "", "2单元", "301", ""},
		{"", "东单元", "301", "", "东单元", "301", ""},
		{"", "2单元", "2-201", "", "2单元", "201", ""},
		{"9号楼", "2单元", "9-2-301", "9号楼", "2单元", "301", ""},
		{"九栋", "", "9-2-301", "九栋", "2单元", "301", ""},
		{"", "", "9-2-301", "9号楼", "2单元", "301", ""},
		{"", "", "3单元402室", "", "3单元", "402", ""},
		{"", "", "三单元402", "", "3单元", "402", ""},
		{"", "", "9号楼3单元402室", "9号楼", "3单元", "402", ""},
		{"", "", "402室", "", "", "402", ""},
		{"", "", "３０１ 室", "", "", "301", ""},
		{"", "", "传达室", "", "", "传达室", ""},
		{"", "", "B1-03", "", "", "B1-03", ""},
		{"", "3单元", "3-12", "", "3单元", "3-12", ""},
		{"", "", "-101", "", "", "-101", ""},
		{"", "1单元", "2-201", "", "1单元", "", "room"},
		{"", "1单元", "3单元402室", "", "", "", "room"},
		{"8号楼", "2单元", "9-2-301", "", "", "", "room"},
	} {
		got, err := HouseholdRow{Building: "B", BuildingName: c.building, Unit: c.unit, Room: c.room}.Settle()
		var bad *RowError
		switch {
		case c.field != "":
			if !errors.As(err, &bad) || bad.Note.Field != c.field {
				t.Errorf("%v: %+v, %v", c, got, err)
			}
		case err != nil || got.BuildingName != c.wantBuilding || got.Unit != c.wantUnit || got.Room != c.wantRoom:
			t.Errorf("%v: %+v, %v", c, got, err)
		}
	}
}

func TestBuildingNames(t *testing.T) {
	for _, s := range []string{"7号楼", "7#", "七栋", "7幢", "７ 号楼", "7", "07号楼", "七号楼", "7#楼"} {
		if got := FoldBuilding(s); got != "7#" {
			t.Errorf("%s: %s", s, got)
		}
		if !SameBuilding("机械厂家属院", s, "机械厂家属院", "机械厂家属院7号楼") || !SameBuilding("", "机械厂家属院"+s, "机械厂家属院", "7号楼") {
			t.Errorf("%s is another building", s)
		}
		if SameBuilding("机械厂家属院", s, "机械厂家属院", "17号楼") || SameBuilding("", s, "", "机械厂家属院17号楼") {
			t.Errorf("%s is the 17th", s)
		}
	}
	for s, want := range map[string]string{"二十一栋": "21#", "综合楼": "综合楼", "A座": "A座", "": "", "1-2": "1-2"} {
		if got := FoldBuilding(s); got != want {
			t.Errorf("%s: %s; want %s", s, got, want)
		}
	}
	near := NearBuildings("9号楼", []string{"综合楼", "1号楼", "12号楼", "8号楼", "10号楼"})
	if !reflect.DeepEqual(near, []string{"8号楼", "10号楼", "12号楼"}) {
		t.Error(near)
	}
}
