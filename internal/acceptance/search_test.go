package acceptance

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/search"
	"wangge/geo/coord"
	"wangge/load"
	"wangge/load/demo"
)

// towns fills a database with each town of testdata/addresses.txt.
var towns = map[string]func(t testing.TB, w *town){
	"demo": func(t testing.TB, w *town) {
		if _, err := load.Town(t.Context(), operator, w.Services, demo.Community()); err != nil {
			t.Fatal(err)
		}
	},
	"lujiazui": func(t testing.TB, w *town) {
		for _, j := range []load.Job{{Kind: load.Divisions, Path: "lujiazui-divisions"}, {Kind: load.Grids, Path: "lujiazui-grids"},
			{Kind: load.Buildings, Path: "lujiazui-buildings"}, {Kind: load.Roads, Path: "lujiazui-roads"}, {Kind: load.Land, Path: "lujiazui-landuse"}, {Kind: load.Entities, Path: "lujiazui-pois"}} {
			j.Path = data(t, "osm-lujiazui/"+j.Path+".geojson")
			w.mustBring(t, j)
		}
	},
	"haidian": func(t testing.TB, w *town) {
		for _, kind := range []load.Kind{load.Buildings, load.Roads} {
			w.mustBring(t, load.Job{Kind: kind, Path: data(t, "osm-haidian/beijing-haidian-pku-tsinghua-2017-06.osm")})
		}
	},
	"monaco": func(t testing.TB, w *town) {
		for _, kind := range []load.Kind{load.Buildings, load.Roads} {
			w.mustBring(t, load.Job{Kind: kind, Path: data(t, "osm-monaco/monaco-2021-04-21.osm.pbf"), Repair: true})
		}
	},
}

var kindNames = map[search.Kind]string{search.Estate: "estate", search.Area: "area", search.Building: "building", search.Street: "street",
	search.Division: "division", search.Entity: "shop", search.Grid: "grid"}

// TestAddressesAsPeopleWriteThem reads the tables of writings and asks each.
func TestAddressesAsPeopleWriteThem(t *testing.T) {
	services := map[string]*search.Service{}
	service := func(name string) *search.Service {
		if services[name] == nil {
			w := newTown(t)
			towns[name](t, w)
			services[name] = &search.Service{Store: db.NewSearch(w.DB)}
		}
		return services[name]
	}
	for table, least := range map[string]int{"addresses.txt": 200, "addresses-2.txt": 190} {
		t.Run(table, func(t *testing.T) { askTable(t, table, least, service) })
	}
}

func askTable(t *testing.T, table string, least int, service func(town string) *search.Service) {
	file, err := os.Open(filepath.Join("testdata", table))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	asked, first, five := 0, 0, 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.SplitN(line, "|", 3)
		town, text, want := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
		found, err := service(town).Search(t.Context(), account.Anyone(), search.Query{Text: text, First: 5})
		if err != nil {
			t.Fatal(err)
		}
		asked++
		place := -1
		var got []string
		for i, m := range found {
			name := kindNames[m.Kind] + ":" + m.Label
			got = append(got, name)
			if place < 0 && (name == want || m.Kind == search.Building && inside.MatchString(strings.TrimPrefix(name, want))) {
				place = i
			}
		}
		switch {
		case place == 0:
			first++
			five++
		case place > 0:
			five++
			t.Logf("%s: %q is %d, not first: %q", town, text, place+1, got)
		default:
			t.Logf("%s: %q not found: want %q, got %q", town, text, want, got)
		}
	}
	t.Logf("%d writings: %.1f %% first, %.1f %% in the first five", asked, 100*float64(first)/float64(asked), 100*float64(five)/float64(asked))
	if asked < least || float64(first) < 0.95*float64(asked) || float64(five) < 0.99*float64(asked) {
		t.Errorf("%d writings, %d first, %d in the first five; want at least %d, 95 %%, 99 %%", asked, first, five, least)
	}
}

// inside is the unit and the room that a label ends with where they were asked for.
var inside = regexp.MustCompile(`^ ([0-9A-Z-]+单元)?([0-9A-Z-]+室)?$`)

// TestWhatIsImportedIsFound: a change is found by the next question.
func TestWhatIsImportedIsFound(t *testing.T) {
	w := newTown(t)
	s := &search.Service{Store: db.NewSearch(w.DB)}
	ask := func(text string) []search.Match {
		t.Helper()
		found, err := s.Search(t.Context(), account.Anyone(), search.Query{Text: text, First: 5})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := ask("望江小区3号楼"); len(found) > 0 {
		t.Fatalf("an empty town has %+v", found)
	}
	one := func(name string) string {
		return file(t, "b.geojson", `{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "B1", "name": "`+name+`"},
			"geometry": {"type": "Point", "coordinates": [120, 31]}}]}`)
	}
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: one("望江小区3号楼")})
	if found := ask("望江小区3号楼"); len(found) == 0 || found[0].Score != 1 {
		t.Errorf("what was imported is found as %+v", found)
	}
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: one("临河新苑8幢")})
	if found := ask("临河新苑8幢"); len(found) == 0 || found[0].Score != 1 {
		t.Errorf("the new name is found as %+v", found)
	}
	if found := ask("望江小区3号楼"); len(found) > 0 && found[0].Score > 0.5 {
		t.Errorf("the old name still finds %+v", found)
	}
}

// TestNamedHousingLand: land where people live is found by its name, once in each grid that holds more than a sliver of it, and an address in it is answered
// by that grid; of an instant nobody knows it.
func TestNamedHousingLand(t *testing.T) {
	w := newTown(t)
	s := &search.Service{Store: db.NewSearch(w.DB)}
	w.Grids.Addresses = s
	square := func(properties string, west, east float64) string {
		return fmt.Sprintf(`{"type": "Feature", "properties": {%s}, "geometry": {"type": "Polygon", "coordinates": [[[%[2]g, 31], [%[3]g, 31], [%[3]g, 31.001], [%[2]g, 31.001], [%[2]g, 31]]]}}`, properties, west, east)
	}
	rows := func(features ...string) string {
		return file(t, "b.geojson", `{"type": "FeatureCollection", "features": [`+strings.Join(features, ",")+`]}`)
	}
	w.mustBring(t, load.Job{Kind: load.Grids, Level: place.Community, Division: "990102001001", Path: rows(square(`"code": "990102001001001", "name": "一"`, 120, 120.01), square(`"code": "990102001001002", "name": "二"`, 120.01, 120.02))})
	land := func(code, name, class string, west, east float64) string {
		return square(fmt.Sprintf(`"code": %q, "name": %q, "class": %q`, code, name, class), west, east)
	}
	w.mustBring(t, load.Job{Kind: load.Land, Path: rows(land("L1", "崂山三村", "residential", 120.006, 120.0101), land("L2", "三航小区", "residential", 120.009, 120.011),
		land("L3", "乳山四村", "residential", 120.0185, 120.0205), land("L4", "望江公园", "park", 120.001, 120.002), land("L5", "梅一小区", "residential", 120.0198, 120.0207))})
	for text, want := range map[string]string{"崂山三村": "崂山三村 001", "三航小区": "三航小区 001,三航小区 002", "乳山四村": "乳山四村 002,乳山四村 -", "梅一小区": "梅一小区 002,梅一小区 -", "望江公园": ""} {
		found, err := s.Search(t.Context(), account.Anyone(), search.Query{Text: text, First: 5})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range found {
			if m.Score < 0.95 {
				continue
			}
			in := "-"
			if m.Grid != nil {
				known, err := w.Grids.ByKeys(t.Context(), account.Anyone(), []key.Key{*m.Grid}, nil, grid.Fields{})
				if err != nil {
					t.Fatal(err)
				}
				in = known[m.Grid.ID].Code[12:]
			}
			got = append(got, m.Label+" "+in)
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s finds %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]grid.Rule{"崂山三村": grid.RuleAddress, "三航小区": grid.RuleNone} {
		m, err := w.Grids.AtAddress(t.Context(), account.Anyone(), text, nil)
		if err != nil || m.Rule != want || m.NeedsConfirmation != (want == grid.RuleNone) {
			t.Errorf("%s is answered %+v, %v; want %s", text, m, err, want)
		}
	}
	then := time.Now()
	if m, err := w.Grids.AtAddress(t.Context(), account.Anyone(), "崂山三村", &then); err != nil || m.Rule != grid.RuleNone || !m.NeedsConfirmation {
		t.Errorf("at an instant: %+v, %v", m, err)
	}
}

// TestOtherNamesAreImported: names in other languages and former ones are kept with a building, a road and a shop; a file that
// does not say them leaves them, and an export brings them back.
func TestOtherNamesAreImported(t *testing.T) {
	w := newTown(t)
	s := &search.Service{Store: db.NewSearch(w.DB)}
	rows := func(geometry string, properties string) string {
		return file(t, "b.geojson", `{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "B1", `+properties+`}, "geometry": `+geometry+`}]}`)
	}
	point, line := `{"type": "Point", "coordinates": [120, 31]}`, `{"type": "LineString", "coordinates": [[120, 31], [120.001, 31]]}`
	languages := ""
	for _, l := range strings.Fields("ar az be bg bn ca cs de el es et fa fi he hu id it ko lt lv") {
		languages += `, "name:` + l + `": "Name ` + l + `"`
	}
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: rows(point, `"name": "上海中心大厦", "name:en": "Shanghai Tower", "old_name": "中心塔楼;明日塔", "name:etymology": "Yesterday"`+languages)})
	w.mustBring(t, load.Job{Kind: load.Roads, Path: rows(line, `"name": "世纪大道", "name_en": "Century Avenue"`)})
	w.mustBring(t, load.Job{Kind: load.Entities, Path: rows(point, `"name": "东方明珠", "又名": "Oriental Pearl"`), Fields: map[string]string{"alias": "又名"}})
	finds := func() {
		t.Helper()
		for text, want := range map[string]string{"shanghai tower": "上海中心大厦", "明日塔": "上海中心大厦", "Century Avenue": "世纪大道", "oriental pearl": "东方明珠"} {
			found, err := s.Search(t.Context(), account.Anyone(), search.Query{Text: text, First: 1})
			if err != nil || len(found) != 1 || found[0].Label != want || found[0].Score < 0.99 {
				t.Errorf("%s finds %+v, %v", text, found, err)
			}
		}
		if found, _ := s.Search(t.Context(), account.Anyone(), search.Query{Text: "yesterday", First: 1}); len(found) > 0 {
			t.Errorf("what is no name finds %+v", found)
		}
	}
	finds()
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: rows(point, `"address": "银城中路501号"`)})
	w.mustBring(t, load.Job{Kind: load.Roads, Path: rows(line, `"name": "世纪大道"`)})
	w.mustBring(t, load.Job{Kind: load.Entities, Path: rows(point, `"name": "东方明珠"`)})
	finds()
	path := filepath.Join(t.TempDir(), "out.geojson")
	if _, err := load.ExportFile(t.Context(), operator, w.Services, load.ExportJob{Kind: load.Buildings, Path: path}); err != nil {
		t.Fatal(err)
	}
	w.mustBring(t, load.Job{Kind: load.Buildings, Path: path})
	finds()
	var kept []string
	w.row(t, "SELECT aliases FROM building WHERE code = 'B1'", &kept)
	if len(kept) != place.MaxAliases || !slices.Contains(kept, "Shanghai Tower") {
		t.Errorf("kept %q", kept)
	}
}

// TestAnAddressDecides: an assignment that a person made is what the address answers, whatever the map says.
func TestAnAddressDecides(t *testing.T) {
	w := newTown(t)
	towns["demo"](t, w)
	w.Grids.Addresses = &search.Service{Store: db.NewSearch(w.DB)}
	const other = "990102001001014"
	if err := w.As(t.Context(), operator, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE building_grid SET by_hand = true, grid_id = (SELECT id FROM grid WHERE code = $1)
			WHERE building_id = (SELECT id FROM building WHERE name = '机械厂家属院7号楼')`, other)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var lng, lat float64
	w.row(t, "SELECT ST_X(location), ST_Y(location) FROM building WHERE name = '机械厂家属院7号楼'", &lng, &lat)
	for _, c := range []struct {
		address  string
		lat      float64
		rule     grid.Rule
		code     string
		confirms bool
	}{
		{"", lat, grid.RuleContains, "990102001001009", false},
		{"机械厂家属院7栋3单元301", lat, grid.RuleAddress, other, false},
		{"jxcjsy 7", lat, grid.RuleContains, "990102001001009", true},
		{"机械厂家属院", lat, grid.RuleContains, "990102001001009", true},
		{"机械厂家属院7号楼", lat + 0.012, grid.RuleNone, "", true},
	} {
		m, err := w.Grids.At(t.Context(), account.Anyone(), grid.AtQuery{System: coord.SystemCGCS2000, Lng: lng, Lat: c.lat, Address: c.address})
		if err != nil {
			t.Fatal(err)
		}
		code := ""
		if m.Grid != nil {
			code = m.Grid.Code
		}
		if m.Rule != c.rule || code != c.code || m.NeedsConfirmation != c.confirms {
			t.Errorf("%q: %s %s, confirm %v; want %s %s, %v", c.address, m.Rule, code, m.NeedsConfirmation, c.rule, c.code, c.confirms)
		}
	}
	alone, err := w.Grids.AtAddress(t.Context(), account.Anyone(), "机械厂家属院7号楼", nil)
	if err != nil || alone.Rule != grid.RuleAddress || alone.Grid.Code != other || alone.NeedsConfirmation {
		t.Errorf("alone: %+v, %v", alone, err)
	}
	alone, err = w.Grids.AtAddress(t.Context(), account.Anyone(), "听雨路", nil)
	if err != nil || alone.Rule != grid.RuleNone || alone.Grid != nil || !alone.NeedsConfirmation || len(alone.Candidates) == 0 {
		t.Errorf("a street alone: %+v, %v", alone, err)
	}
}
