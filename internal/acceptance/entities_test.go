package acceptance

import (
	"testing"

	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/load"
)

func TestEntitiesOfARealMap(t *testing.T) {
	w := newTown(t)
	w.mustBring(t, load.Job{Kind: load.Divisions, Path: data(t, "osm-lujiazui/lujiazui-divisions.geojson")})
	w.mustBring(t, load.Job{Kind: load.Grids, Path: data(t, "osm-lujiazui/lujiazui-grids.geojson")})
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: data(t, "osm-lujiazui/lujiazui-buildings.geojson")})
	job := load.Job{Kind: load.Entities, Path: data(t, "osm-lujiazui/lujiazui-pois.geojson"), Fields: map[string]string{"code": "id"}}
	// 493 places, of which 323 have a name.
	if got := w.mustBring(t, job); got.Read != 323 || got.Added != 323 || len(got.Notes) != 170 {
		t.Errorf("%s, %d notes", counts(got), len(got.Notes))
	}
	if got := w.mustBring(t, job); got.Added != 0 || got.Updated != 323 {
		t.Errorf("again: %s", counts(got))
	}
	var inside, wrong, homeless int
	w.row(t, `SELECT count(*) FILTER (WHERE l.building_id IS NOT NULL),
		count(*) FILTER (WHERE (l.building_id IS NOT NULL) <> (l.district <> 'unplaced' AND EXISTS (SELECT 1 FROM building b WHERE b.district = l.district AND ST_Covers(b.footprint, l.location)))),
		count(*) FILTER (WHERE l.community_id IS NULL AND EXISTS (SELECT 1 FROM grid_boundary b WHERE ST_Covers(b.boundary, l.location)))
		FROM legal_entity l`, &inside, &wrong, &homeless)
	if inside == 0 || wrong != 0 || homeless != 0 {
		t.Errorf("%d in a building, %d of them wrongly or not; %d in a grid and in no community", inside, wrong, homeless)
	}
}

func TestEntitiesFromCSV(t *testing.T) {
	w := street(t)
	list := file(t, "list.csv", "name,credit_code,address,employees,party_members\n"+
		"采薇超市,91350100M000100Y43,采薇街1号,12,3\n错码公司,91350100M000100Y44,不知何处,,5\n,,,,\n")
	for i, want := range []string{"2 read, 2 added, 0 updated, 0 ended, 0 refused", "2 read, 0 added, 2 updated, 0 ended, 0 refused"} {
		report := w.mustBring(t, load.Job{Kind: load.Entities, Path: list, Division: "990102001001"})
		if counts(report) != want {
			t.Errorf("time %d: %s", i+1, counts(report))
		}
		warned := 0
		for _, n := range report.Notes {
			if n.Kind == place.Warned && n.Code == "91350100M000100Y44" {
				warned++
			}
		}
		if warned != 1 {
			t.Errorf("time %d: notes %+v", i+1, report.Notes)
		}
	}
	var first, second string
	w.row(t, `SELECT r.code || ' ' || b.code || ' ' || d.code || ' ' || r.employees FROM legal_entity l JOIN entity_record r ON r.entity_id = l.id JOIN building b ON b.id = l.building_id
		JOIN division d ON d.id = l.community_id WHERE l.name = '采薇超市'`, &first)
	w.row(t, "SELECT concat_ws(' ', r.code, l.district = (SELECT home FROM division WHERE code = '990102'), l.location IS NULL, l.building_id) FROM legal_entity l JOIN entity_record r ON r.entity_id = l.id WHERE l.name = '错码公司'", &second)
	if first != "91350100M000100Y43 B1 990102001001 12" || second != "91350100M000100Y44 t t" {
		t.Errorf("%q, %q", first, second)
	}
	report := w.bring(t, load.Job{Kind: load.Entities, Path: file(t, "bad.csv", "name,credit_code,employees\n甲,9135,\n乙,,many\n丙,,-1\n")})
	if report.Refused != 3 || report.Added != 0 {
		t.Errorf("%s %+v", counts(report), report.Notes)
	}
}

func TestEntitiesFromAChineseList(t *testing.T) {
	w := street(t)
	list := file(t, "list.csv", "单位名称,统一社会信用代码,类别,地址,从业人数,党组织,党员人数,经度,纬度,备注\n"+
		"采薇超市,,超市,,３人,采薇支部,1 人,121.5060,31.2050,x\n甲公司,91350100M000100Y43,,不知何处,,,,,,\n")
	got := w.mustBring(t, load.Job{Kind: load.Entities, Path: list, Division: "990102001001", Language: fault.Chinese})
	if counts(got) != "2 read, 2 added, 0 updated, 0 ended, 0 refused" || len(got.Notes) != 2 {
		t.Fatalf("%s %+v", counts(got), got.Notes)
	}
	if n := got.Notes[0]; n.Kind != place.NoPlace || n.Source != "第 2 条" || n.In(fault.Chinese) != "没有坐标，也无法按地址对应到唯一的楼栋。" {
		t.Errorf("%+v", n)
	}
	if n := got.Notes[1]; n.Kind != place.Ignored || n.Field != "备注" {
		t.Errorf("%+v", n)
	}
	var told string
	w.row(t, `SELECT concat_ws(' ', l.category, r.employees, r.party_organisation, r.party_members, ST_AsText(l.location), d.code) FROM legal_entity l
		JOIN entity_record r ON r.entity_id = l.id
		JOIN division d ON d.id = l.community_id WHERE l.name = '采薇超市'`, &told)
	if told != "超市 3 采薇支部 1 POINT(121.506 31.205) 990102001001" {
		t.Error(told)
	}
	// The same numbers in GCJ-02 are another place.
	shifted := file(t, "shifted.csv", "name,credit_code,longitude,latitude\n乙公司,91350100M000100Y44,121.5060,31.2050\n")
	w.mustBring(t, load.Job{Kind: load.Entities, Path: shifted, Options: load.Options{CRS: "gcj02"}})
	var metres float64
	w.row(t, "SELECT ST_DistanceSphere(location::geometry, ST_SetSRID(ST_MakePoint(121.506, 31.205), 4490)) FROM legal_entity WHERE name = '乙公司'", &metres)
	if metres < 300 || metres > 700 {
		t.Errorf("shifted by %.0f m", metres)
	}
	for row, crs := range map[string]string{"121.5,": "", "31.2,121.5": "", "NaN,31": "", "东经121,31": "", "121.5,31.2": "epsg:4549"} {
		bad := file(t, "bad.csv", "name,credit_code,lng,lat\n丙,91350100M000100Y43,"+row+"\n")
		got, err := load.Import(t.Context(), operator, w.Services, load.Job{Kind: load.Entities, Path: bad, Options: load.Options{CRS: crs}})
		if err != nil || got.Refused != 1 || got.Notes[0].Field != "lng" || got.Notes[0].Said == nil {
			t.Errorf("%s: %v, %+v", row, err, got)
		}
	}
}
