package signboard

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/domain/around"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/fault"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

// fonts are this machine's: script/install-debian.sh puts them there.
func fonts(t testing.TB) *paper.Fonts {
	t.Helper()
	f, err := paper.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func square(west, south float64) orb.MultiPolygon {
	const d = 0.002
	return orb.MultiPolygon{{{{west, south}, {west + d, south}, {west + d, south + d}, {west, south + d}, {west, south}}}}
}

// usual is a grid with all that is known of one.
func usual() Facts {
	return Facts{
		District: "汀兰区", Town: "望舒街道", Community: "听雨社区",
		Grid: Grid{Code: "990102001001003", Number: "003", Name: "木槿街网格", Kind: "COMPREHENSIVE", Group: "木槿街网格组"},
		Workers: []Worker{{Person: Person{Name: "张知夏", Post: "GRID_WORKER", Phone: "15499011333"}, Cover: "A", URL: "https://grid.example.org/w/x",
			Duties: []string{"走访住户", "调解邻里纠纷", "检查安全隐患", "宣传政策，代办居民事项"}}},
		Leaders: []Person{{Name: "吴鹤年", Post: "GRID_LEADER", Phone: "15499011074"}, {Name: "姚淑贤", Post: "CHIEF_LEADER", Phone: "15499011037"}},
		Contacts: place.InForce([]place.Contacts{{SupervisionPhone: "0355-1234567",
			Station: &place.Station{Name: "听雨社区党群服务站", Address: "听雨路52号", Hours: "周一至周五 8:30–17:30", Phone: "15402001001"}}}),
		Limits:   around.Stored(place.Limits{East: "新村路", South: "新村中路", West: "木槿街", North: "采薇街"}).Sides,
		Revision: 12, Date: "2026-11-22", URL: "https://grid.example.org/g/990102001001003?r=12", Approval: "晋S(2026)012号", Credit: "© OpenStreetMap contributors",
		Scene: chart.Scene{Grids: []chart.Grid{{Area: square(112.85, 35.5), Name: "木槿街网格", Number: "003"}}},
	}
}

func second() Worker {
	return Worker{Person: Person{Name: "欧阳明月", Post: "GRID_WORKER", Phone: "15499015555"}, Cover: "B", Duties: []string{"入户走访", "信息采集"}}
}

var sixty = strings.Repeat("采薇街社区听雨里小区及沿街商铺第三综合", 3) + "第三网格"

// several are sides of up to three names.
var several = around.Sides{
	Chinese: [4][]string{{"东方路", "滨江东第2网格"}, {"丰和路", "滨江东第3网格", "陆家嘴环路"}, {"中山东一路", "滨江西社区界"}, {"银城中路", "滨江东第1网格", "黄浦江"}},
	English: [4][]string{{"Dongfang Road", "Riverside East Grid No. 2"}, {"Fenghe Road", "Riverside East Grid No. 3", "Lujiazui Ring Road"},
		{"Zhongshan East First Road", "edge of Riverside West Community"}, {"Yincheng Middle Road", "Riverside East Grid No. 1", "Huangpu River"}},
}

// cases are what happens to boards.
var cases = map[string]func(*Facts){
	"usual":       func(*Facts) {},
	"two workers": func(f *Facts) { f.Workers = append(f.Workers, second()) },
	"three workers": func(f *Facts) {
		f.Workers = append(f.Workers, second(), Worker{Person: Person{Name: sixty, Phone: "0355-12345678 转 8001"}, Cover: "B"})
	},
	"long names": func(f *Facts) {
		f.Grid.Name, f.Grid.Group, f.Community, f.Contacts.Station.Name, f.Contacts.Station.Address, f.Contacts.Station.Hours = sixty, sixty, sixty, sixty, sixty, sixty
		f.Workers[0].Name, f.Leaders[0].Name = "阿卜杜热依木·买买提依明江·吐尔逊尼亚孜", sixty
		f.Limits = around.Stored(place.Limits{East: sixty, South: sixty, West: sixty, North: sixty}).Sides
		f.Workers = append(f.Workers, Worker{Person: Person{Name: sixty, Phone: "0355-12345678 转 8001"}, Cover: "B"})
	},
	"sides of three names": func(f *Facts) {
		f.Limits = several
	},
	"a long number": func(f *Facts) { f.Workers[0].Phone = "0355-12345678 转 8001" },
	"one long word": func(f *Facts) {
		f.Workers[0].Phone = strings.Repeat("1234567890", 4)
		f.Grid.Name = strings.Repeat("W", 60)
	},
	"assistants": func(f *Facts) {
		f.Workers = append(f.Workers, second())
		f.Assistants = []Person{{Name: "林小满", Post: "ASSISTANT", Phone: "15499010003"}, {Name: "古丽娜尔·买买提", Post: "ASSISTANT", Phone: "15499010004"}}
	},
	"five assistants with long names": func(f *Facts) {
		for range 5 {
			f.Assistants = append(f.Assistants, Person{Name: sixty, Post: "ASSISTANT", Phone: "0355-12345678 转 8001"})
		}
	},
	"an assistant alone": func(f *Facts) {
		f.Workers, f.Leaders = nil, nil
		f.Assistants = []Person{{Name: "林小满", Post: "ASSISTANT"}}
	},
	"no leader":         func(f *Facts) { f.Leaders = nil },
	"no phone":          func(f *Facts) { f.Workers[0].Phone = "" },
	"nobody":            func(f *Facts) { f.Workers = nil },
	"nobody, no leader": func(f *Facts) { f.Workers, f.Leaders = nil, nil },
	"nothing": func(f *Facts) {
		*f = Facts{Grid: Grid{Code: "1", Name: "网格"}, Contacts: place.InForce(nil), Workers: []Worker{{Person: Person{Name: "李"}}}}
	},
	"twelve duties": func(f *Facts) {
		f.Workers = append(f.Workers, second())
		f.Workers[0].Duties, f.Workers[1].Duties = nil, nil
		for i := range 12 {
			f.Workers[0].Duties = append(f.Workers[0].Duties, fmt.Sprintf("职责%d：入户走访、信息采集、隐患排查、矛盾纠纷调解与政策宣传", i))
		}
	},
	"fifty duties": func(f *Facts) {
		for i := range 50 {
			f.Workers[0].Duties = append(f.Workers[0].Duties, fmt.Sprintf("职责%d", i))
		}
	},
	"a building":          func(f *Facts) { f.Building = &Building{Name: "听雨里12号楼", Address: "听雨路52号"} },
	"a nameless building": func(f *Facts) { f.Building = &Building{Address: sixty} },
	"English":             func(f *Facts) { f.Lang = fault.English; f.Workers = append(f.Workers, second()) },
	"eight night numbers": func(f *Facts) {
		f.Contacts.Night = nil
		for i := range 8 {
			f.Contacts.Night = append(f.Contacts.Night, place.NightNumber{Phone: fmt.Sprint("123456789012", i), Name: fmt.Sprint("夜间值班电话", i), NameEnglish: "Somebody who is awake"})
		}
	},
}

func init() {
	cases["eight night numbers and much else"] = func(f *Facts) {
		cases["twelve duties"](f)
		cases["eight night numbers"](f)
	}
}

func facts(name string) Facts {
	f := usual()
	cases[name](&f)
	return f
}

// written is a line of text outside the map and where it stands, with the height of digits.
type written struct {
	*paper.Text
	box paper.Box
}

func texts(items []paper.Item, m Measurer) (out []written) {
	for _, item := range items {
		switch i := item.(type) {
		case *paper.Text:
			w := m.Width(i.Text, i.Size, i.Bold)
			x := i.At.X - map[paper.Anchor]float64{paper.Start: 0, paper.Middle: w / 2, paper.End: w}[i.Anchor]
			out = append(out, written{i, paper.Box{X: x, Y: i.At.Y - 0.72*i.Size, W: w, H: 0.76 * i.Size}})
		case *paper.Group:
			if i.Name != "map" {
				out = append(out, texts(i.Items, m)...)
			}
		}
	}
	return out
}

func overlap(a, b paper.Box) float64 {
	return min(min(a.X+a.W, b.X+b.W)-max(a.X, b.X), min(a.Y+a.H, b.Y+b.H)-max(a.Y, b.Y))
}

// An index is laid out more than once of the same places: they stay as they were found, and it says the same again.
func TestAnIndexLeavesThePlacesAlone(t *testing.T) {
	b := &drawing{pen: pen{m: fonts(t), scale: 1}}
	of := func() (streets, buildings []chart.Place) {
		return []chart.Place{{Name: "望舒路", Squares: []string{"B1"}}, {Name: "采薇街", Squares: []string{"A1"}}, {Name: "采薇街", Squares: []string{"A1"}}},
			[]chart.Place{{Name: "2", Of: "听雨里", Squares: []string{"A1"}}, {Name: "1", Of: "听雨里", Squares: []string{"A1"}}, {Name: "小学", Squares: []string{"B2"}}, {Name: "小学", Squares: []string{"B2"}}}
	}
	streets, buildings := of()
	first := b.groups(streets, buildings)
	again := b.groups(streets, buildings)
	wantStreets, wantBuildings := of()
	if !reflect.DeepEqual(streets, wantStreets) || !reflect.DeepEqual(buildings, wantBuildings) || !reflect.DeepEqual(first, again) || len(first) != 3 || len(first[0].list) != 2 {
		t.Errorf("%v, %v; %v, then %v", streets, buildings, first, again)
	}
}

// Whatever the facts, no line leaves what a printer reaches, lies on another, or is smaller than can be read.
func TestEveryBoardHoldsWhatItSays(t *testing.T) {
	m := fonts(t)
	for name := range cases {
		for _, size := range Sizes {
			for _, landscape := range []bool{false, true} {
				format := Format{size, landscape}
				sheet, _ := Board(facts(name), format, m)
				check(t, fmt.Sprint(name, " ", format), sheet, m, 8*scaleOf(format), 3.115*scaleOf(format))
			}
		}
	}
}

// scaleOf is how much larger a sheet is than its design: A4 is 0.7071 of A3, so that 3.115 mm are 2.2.
func scaleOf(f Format) float64 { w, _ := f.mm(); return w / f.design() }

func check(t *testing.T, name string, sheet *paper.Sheet, m Measurer, edge, smallest float64) {
	t.Helper()
	all := texts(sheet.Items, m)
	for i, a := range all {
		if a.box.X < edge-0.01 || a.box.Y < edge || a.box.X+a.box.W > sheet.W-edge+0.01 || a.box.Y+a.box.H > sheet.H-edge {
			t.Errorf("%s: %q leaves the sheet: %+v", name, a.Text.Text, a.box)
		}
		if a.Size < smallest-0.01 {
			t.Errorf("%s: %q is %.2f mm small", name, a.Text.Text, a.Size)
		}
		for _, b := range all[:i] {
			if overlap(a.box, b.box) > 0.1 {
				t.Errorf("%s: %q lies on %q: %+v %+v", name, a.Text.Text, b.Text.Text, a.box, b.box)
			}
		}
	}
}

func TestTheNumberIsReadFromTheStreet(t *testing.T) {
	m := fonts(t)
	for _, size := range Sizes {
		for _, landscape := range []bool{false, true} {
			for _, name := range []string{"usual", "two workers", "nobody", "no phone", "a long number", "English"} {
				format := Format{size, landscape}
				f := facts(name)
				sheet, _ := Board(f, format, m)
				numbers := slices.DeleteFunc(texts(sheet.Items, m), func(w written) bool { return strings.Trim(w.Text.Text, "0123456789- 转") != "" })
				largest := slices.MaxFunc(numbers, func(a, b written) int { return int(1000 * (a.Size - b.Size)) })
				points, want := largest.Size/25.4*72, 59.9*scaleOf(format)
				if format.wall() {
					want = 59.9
				}
				if points < want {
					t.Errorf("%s, %v: the largest number is %q with %.1f pt, want %.1f", name, format, largest.Text.Text, points, want)
				}
			}
		}
	}
}

// said is all text outside the map.
func said(sheet *paper.Sheet, m Measurer) string {
	var b strings.Builder
	for _, w := range texts(sheet.Items, m) {
		b.WriteString(w.Text.Text + "\n")
	}
	return b.String()
}

// eightNights is what a board says of eight numbers of the night.
func eightNights() (out []string) {
	for i := range 8 {
		out = append(out, fmt.Sprint("123456789012", i, "\n夜间值班电话", i, "\n"))
	}
	return out
}

func TestWhatABoardSays(t *testing.T) {
	m := fonts(t)
	for _, c := range []struct {
		name    string
		is, not []string
	}{
		{"usual", []string{"木槿街网格", "张知夏", "154 9901 1333", "吴鹤年", "0355-1234567", "新村中路", "第 12 版", "2026-11-22", "晋S(2026)012号", "12345", "网格员", "Grid worker"}, []string{"B岗", "暂缺"}},
		{"two workers", []string{"A岗", "欧阳明月", "154 9901 5555", "B岗", "信息采集"}, nil},
		{"assistants", []string{"B岗", "欧阳明月", "协管员", "林小满", "154 9901 0003", "古丽娜尔·", "154 9901 0004"}, nil},
		{"an assistant alone", []string{"网格员暂缺", "协管员", "林小满"}, nil},
		{"nobody", []string{"网格员暂缺", "吴鹤年", "154 9901 1074", "姚淑贤", "主要职责", "调解邻里纠纷"}, []string{"张知夏"}},
		{"nobody, no leader", []string{"网格员暂缺", "听雨社区党群服务站", "154 0200 1001"}, nil},
		{"no phone", []string{"张知夏", "电话未公布", "154 9901 1074"}, nil},
		{"nothing", []string{"李", "12345"}, []string{"监督电话", "网格四至", "扫码核对", "第 0 版"}},
		{"a building", []string{"听雨里12号楼", "本楼所属网格", "木槿街网格", "楼栋公示牌"}, []string{"网格公示牌"}},
		{"twelve duties", []string{"职责11"}, nil},
		{"eight night numbers", eightNights(), nil},
		{"eight night numbers and much else", append(eightNights(), "听雨社区党群服务站", "0355-1234567"), nil},
		{"English", []string{"Grid worker", "网格员", "Revision 12", "Complaints"}, nil},
	} {
		for _, landscape := range []bool{false, true} {
			sheet, _ := Board(facts(c.name), Format{"a3", landscape}, m)
			text := said(sheet, m)
			for _, want := range c.is {
				if !strings.Contains(text, want) {
					t.Errorf("%s, landscape %v: it does not say %q", c.name, landscape, want)
				}
			}
			for _, other := range c.not {
				if strings.Contains(text, other) {
					t.Errorf("%s, landscape %v: it says %q", c.name, landscape, other)
				}
			}
		}
	}
}

// Where the only one to call is a hotline, it stands once, in the card.
func TestAHotlineStandsOnce(t *testing.T) {
	m := fonts(t)
	for _, size := range Sizes {
		for _, landscape := range []bool{false, true} {
			f := usual()
			f.Workers, f.Leaders, f.Contacts = nil, nil, place.InForce(nil)
			sheet, _ := Board(f, Format{size, landscape}, m)
			text := said(sheet, m)
			for what, n := range map[string]int{"12345\n": 1, "政务服务热线\n": 1, "110\n": 1, "120\n": 1} {
				if strings.Count(text, what) != n {
					t.Errorf("%s, landscape %v: %q stands %d times", size, landscape, what, strings.Count(text, what))
				}
			}
		}
	}
	f := usual()
	f.Workers, f.Leaders, f.Contacts = nil, nil, place.Contacts{Night: []place.NightNumber{{Phone: "962121", Name: "物业热线", NameEnglish: "Property line"}}}
	sheet, _ := Board(f, Format{Size: "a3"}, m)
	if text := said(sheet, m); strings.Count(text, "962121") != 1 || strings.Contains(text, "12345") {
		t.Errorf("with a number of its own: %s", text)
	}
}

// mapBox is where the map of a sheet stands.
func mapBox(t *testing.T, sheet *paper.Sheet) paper.Box {
	t.Helper()
	for _, item := range sheet.Items {
		if g, ok := item.(*paper.Group); ok && g.Name == "map" {
			return *g.Clip
		}
	}
	t.Fatal("there is no map")
	return paper.Box{}
}

// A wall chart is map for the most part, whatever else there is, and has an index of all that it names where there is room.
func TestWallCharts(t *testing.T) {
	m := fonts(t)
	for _, size := range []string{"a1", "a0"} {
		for _, landscape := range []bool{false, true} {
			for name := range cases {
				sheet, _ := Board(facts(name), Format{size, landscape}, m)
				x := mapBox(t, sheet)
				if share := x.W * x.H / sheet.W / sheet.H; share < 0.6 {
					t.Errorf("%s, %s, landscape %v: %.3f of it is map", name, size, landscape, share)
				}
				for _, item := range sheet.Items {
					if w, ok := item.(*paper.Text); ok && w.At.X > x.X && w.At.X < x.X+x.W && w.At.Y > x.Y && w.At.Y < x.Y+x.H {
						t.Errorf("%s, %s, landscape %v: %q stands on the map", name, size, landscape, w.Text)
					}
				}
			}
			f := demoFacts(t, "two-parts")
			sheet, _ := Board(f, Format{size, landscape}, m)
			text := said(sheet, m)
			for _, want := range []string{"地图索引", "街道", "渡口巷", "机械厂家属院", "机械厂单身宿舍"} {
				if !strings.Contains(text, want) {
					t.Errorf("%s, landscape %v: the index is without %q", size, landscape, want)
				}
			}
			// Of many buildings it would be longer than the map; of the streets it is not.
			for i := range 600 {
				x, y := 112.85+0.00003*float64(i%40), 35.5+0.00003*float64(i/40)
				f.Scene.Buildings = append(f.Scene.Buildings, chart.Building{Of: "听雨里", Number: fmt.Sprint(i), Point: orb.Point{x, y}})
			}
			f.Scene.Grids = usual().Scene.Grids
			f.Scene.Streets = append(f.Scene.Streets, chart.Street{Name: "听雨路", Class: "residential", Line: orb.LineString{{112.85, 35.501}, {112.852, 35.501}}})
			sheet, _ = Board(f, Format{size, landscape}, m)
			x := mapBox(t, sheet)
			if text := said(sheet, m); x.W*x.H/sheet.W/sheet.H < 0.6 || !strings.Contains(text, "听雨路") || strings.Contains(text, "\n599\n") {
				t.Errorf("%s, landscape %v: with many buildings %s", size, landscape, text)
			}
		}
	}
}

// No line of the duties is a letter or two that were left over.
func TestDutiesBreakEvenly(t *testing.T) {
	m := fonts(t)
	f := usual()
	f.Workers[0].Duties = []string{"每天巡查网格，发现问题当场处理或上报", "走访住户，了解家庭变化和需要", "登记和核对房屋、人口信息", "看望独居老人和需要照料的家庭",
		"调解邻里纠纷", "检查楼道、电动车充电和燃气等安全隐患", "宣传政策，代办居民事项", "汛期查看沿河低洼处和老房屋"}
	for _, size := range Sizes {
		for _, landscape := range []bool{false, true} {
			for _, b := range []bool{false, true} {
				f := f
				if b {
					f.Workers = append(slices.Clone(f.Workers), second())
				}
				sheet, _ := Board(f, Format{size, landscape}, m)
				whole := strings.Join(f.duties(), "\n")
				for _, line := range strings.Split(said(sheet, m), "\n") {
					if n := len([]rune(line)); n > 0 && n < 3 && strings.Contains(whole, line) {
						t.Errorf("%s, landscape %v: %q stands alone", size, landscape, line)
					}
				}
			}
		}
	}
}

// A worker's general duties stand on an English board in English, all of them, and the town's own as they were written.
func TestGeneralDutiesInEnglish(t *testing.T) {
	m := fonts(t)
	f := usual()
	f.Lang, f.Workers = fault.English, append(f.Workers, second())
	f.Workers[0].Duties, f.Workers[1].Duties = append(staff.GeneralDuties(fault.Chinese), "汛期查看沿河低洼处和老房屋"), nil
	f.Assistants = []Person{{Name: "朱根生", Post: "ASSISTANT", Phone: "15499011962"}}
	for _, size := range Sizes {
		for _, landscape := range []bool{false, true} {
			sheet, _ := Board(f, Format{size, landscape}, m)
			text := strings.ReplaceAll(said(sheet, m), "\n", " ")
			for _, want := range append(staff.GeneralDuties(fault.English), "汛期查看沿河低洼处和老房屋") {
				if !strings.Contains(text, want) {
					t.Errorf("%s, landscape %v: it does not say %q", size, landscape, want)
				}
			}
		}
	}
}

// Who is called in the worker's place stands once on a board, be it the first leader or another.
func TestWhoStandsInStandsOnce(t *testing.T) {
	m := fonts(t)
	for i, c := range [][]Person{
		{{Name: "吴鹤年", Phone: "1"}, {Name: "姚淑贤", Phone: "2"}, {Name: "钱总", Phone: "3"}},
		{{Name: "吴鹤年"}, {Name: "姚淑贤", Phone: "2"}, {Name: "钱总", Phone: "3"}},
		{{Name: "吴鹤年"}, {Name: "姚淑贤"}, {Name: "钱总", Phone: "3"}},
	} {
		f := usual()
		f.Workers, f.Leaders = nil, c
		sheet, _ := Board(f, Format{Size: "a3"}, m)
		for _, p := range c {
			if n := strings.Count(said(sheet, m), p.Name+"\n"); n != 1 {
				t.Errorf("%d: %s stands %d times", i, p.Name, n)
			}
		}
	}
}

// A word is written smaller rather than broken.
func TestWordsStayWhole(t *testing.T) {
	f := usual()
	f.Lang, f.Workers, f.Leaders = fault.English, nil, nil
	f.Contacts = place.Contacts{Night: []place.NightNumber{{Phone: "12345", Name: "政务服务热线", NameEnglish: "Government services"}}}
	sheet, _ := Board(f, Format{"a3", true}, fonts(t))
	if text := said(sheet, fonts(t)); !strings.Contains(strings.ReplaceAll(text, "\n", " "), "Please call 请先联系 Government services 12345") {
		t.Errorf("it says %q", text)
	}
}

func TestWhatTheFontLacks(t *testing.T) {
	m := fonts(t)
	f := usual()
	f.Workers[0].Name = "李\U0002CCCE\U0002CCCE"
	f.Leaders[0].Name = "张\U00020BB7\U00030EDD" // the last is in no font that is looked for
	f.Scene.Grids[0].Name = "\U00020BB7网格"
	_, missing := Board(f, Format{Size: "a3"}, m)
	if want := m.Missing("\U00020BB7\U0002CCCE\U00030EDD"); len(want) == 0 || string(missing) != string(want) {
		t.Errorf("missing %q, want %q", string(missing), string(want))
	}
	for what, draw := range map[string]func(Facts, Measurer) (*paper.Sheet, []rune){"cards": Cards, "leaflet": Leaflet, "hanging badge": func(f Facts, m Measurer) (*paper.Sheet, []rune) {
		return Badge(f, Worker{Person: f.Leaders[0]}, BadgeHanging, m)
	}} {
		if _, missing := draw(f, m); !slices.Contains(missing, '\U00030EDD') {
			t.Errorf("%s lack %q", what, string(missing))
		}
	}
	if _, missing := Board(usual(), Format{Size: "a3"}, m); len(missing) > 0 {
		t.Errorf("missing of the usual: %q", string(missing))
	}
}

func TestCardsLeafletsBadges(t *testing.T) {
	m := fonts(t)
	for name := range cases {
		f := facts(name)
		sheet, _ := Cards(f, m)
		check(t, "cards: "+name, sheet, m, 10, 1.6)
		if n := strings.Count(said(sheet, m), wCard.in(f.Lang)+"\n"); n != 8 {
			t.Errorf("cards: %s: %d", name, n)
		}
		sheet, _ = Leaflet(f, m)
		check(t, "leaflet: "+name, sheet, m, 5, 1.7)
		if sheet.W != 297 || sheet.H != 210 {
			t.Errorf("leaflet: %v × %v", sheet.W, sheet.H)
		}
		for _, w := range f.Workers {
			for format, size := range map[BadgeFormat][2]float64{BadgeCard: {85.6, 54}, BadgeHanging: {70, 100}} {
				sheet, _ = Badge(f, w, format, m)
				check(t, "badge: "+name, sheet, m, 3, 1.7)
				if sheet.W != size[0] || sheet.H != size[1] || !strings.Contains(said(sheet, m), string([]rune(w.Name)[:1])) {
					t.Errorf("badge: %s: %v × %v, %q", name, sheet.W, sheet.H, said(sheet, m))
				}
			}
		}
	}
}

// TestFlowed: rows stand in columns of about one height, in order, none is lost, and what has no room is left for the next page.
func TestFlowed(t *testing.T) {
	for n := range 200 {
		var rows []entryRow
		for i := range n {
			r := entryRow{name: fitted{lines: []string{fmt.Sprint(i)}}, pages: make([][]pages, 1+(i*7+n)%3)}
			rows = append(rows, r)
		}
		columns, rest := flowed(rows, 40*indexRow)
		var all []string
		for _, c := range columns {
			if h := heightOf(c); h > 40*indexRow+1e-6 {
				t.Fatalf("%d: a column is %.1f high", n, h)
			}
			for _, r := range c {
				all = append(all, r.name.lines[0])
			}
		}
		for _, r := range rest {
			all = append(all, r.name.lines[0])
		}
		for i, name := range all {
			if name != fmt.Sprint(i) {
				t.Fatalf("%d: %q is the %dth", n, name, i)
			}
		}
		if len(all) != n || len(rest) > 0 && heightOf(rows) < 3*37*indexRow {
			t.Fatalf("%d: %d are there, %d are left", n, len(all), len(rest))
		}
		if len(rest) == 0 && n > 2 && heightOf(columns[0]) > heightOf(rows)/3+4*indexRow {
			t.Errorf("%d: the first column is %.0f high, all together %.0f", n, heightOf(columns[0]), heightOf(rows))
		}
	}
}

// TestSidesOfSeveralNames: all four stand on every board and leaflet and no name is cut, of a grid in one part or several, in both languages; where they have
// no room, each says fewer and that there are more.
func TestSidesOfSeveralNames(t *testing.T) {
	m := fonts(t)
	long := around.Sides{}
	for i := range 4 {
		long.Chinese[i], long.English[i] = several.Chinese[3], []string{"Yincheng Middle Road of Lujiazui", "Riverside East Grid No. 1 of Lujiazui", "edge of Riverside West Community"}
	}
	for name, test := range map[string]struct {
		sides around.Sides
		parts int
		fewer bool // on some sheets; else all stand everywhere, but for English where there is little room
	}{"in one part": {several, 0, false}, "in two parts": {several, 1, true}, "in five parts": {several, 4, true}, "long": {long, 0, true}, "long, in three parts": {long, 2, true}} {
		for _, lang := range []fault.Language{fault.Chinese, fault.English} {
			f := usual()
			f.Lang, f.Limits = lang, test.sides
			for i := range test.parts {
				f.Apart = append(f.Apart, around.Part{Lies: []around.Way{"SE", "N"}[i%2], Sides: test.sides})
			}
			sheets := map[string]*paper.Sheet{}
			for _, size := range Sizes {
				sheets[size], _ = Board(f, Format{size, true}, m)
				sheets[size+" upright"], _ = Board(f, Format{size, false}, m)
			}
			sheets["leaflet"], _ = Leaflet(f, m)
			for paper, sheet := range sheets {
				text := unbroken(said(sheet, m))
				i := slices.IndexFunc(tellings, func(told telling) bool {
					for _, s := range test.sides.In(lang, told.names).Sides() {
						if !strings.Contains(text, unbroken(s.Name)) {
							return false
						}
					}
					return test.parts == 0 || strings.Contains(text, unbroken(f.apart(told)))
				})
				narrow := lang == fault.English && slices.Contains([]string{"leaflet", "a1 upright", "a0 upright"}, paper)
				switch {
				case i < 0:
					t.Errorf("%s, %s %s: the sides do not stand whole in %q", name, lang, paper, text)
				case i > 0 && !test.fewer && !narrow:
					t.Errorf("%s, %s %s: of the names only %d a side stand there", name, lang, paper, tellings[i].names)
				}
			}
		}
	}
}

// unbroken is text without what lines are broken at.
func unbroken(text string) string { return strings.NewReplacer("\n", "", " ", "").Replace(text) }

// TestLimitsOnBoards: a side that is not known is told by the map; parts that lie apart are told after them, in both languages.
func TestLimitsOnBoards(t *testing.T) {
	m := fonts(t)
	f := usual()
	f.Limits.Chinese[place.South], f.Limits.English[place.South] = nil, nil
	f.Apart = []around.Part{{Lies: "SE", Sides: around.Stored(place.Limits{East: "渡口网格", South: "渡口网格", West: "渡口网格", North: "渡口巷"}).Sides},
		{Lies: "N", Sides: around.Stored(place.Limits{West: "小澜河"}).Sides}}
	for lang, want := range map[fault.Language][]string{
		fault.Chinese: {"南至\n见图\n", "另有一片在东南：东、南、西至渡口网格，北至渡口巷；另有一片在北：西至小澜河。"},
		fault.English: {"South\nsee the map\n", "Another part, to the south-east: east, south, west: 渡口网格; north: 渡口巷. Another part, to the north: west: 小澜河."},
	} {
		f.Lang = lang
		sheet, _ := Board(f, Format{"a3", true}, m)
		check(t, "a board", sheet, m, 5, 1.7)
		leaflet, _ := Leaflet(f, m)
		check(t, "a leaflet", leaflet, m, 5, 1.7)
		for _, w := range want {
			if text := said(sheet, m); !strings.Contains(strings.ReplaceAll(text, "\n", ""), strings.ReplaceAll(w, "\n", "")) && !strings.Contains(strings.ReplaceAll(text, "\n", " "), w) {
				t.Errorf("%s: the board says %q, not %q", lang, text, w)
			}
		}
		if !strings.Contains(said(leaflet, m), "听雨社区党群服务站\n") {
			t.Errorf("%s: the leaflet shortens the name of the station", lang)
		}
		if text := strings.ReplaceAll(said(leaflet, m), "\n", ""); strings.Count(text, "小澜河") != 2 {
			t.Errorf("%s: the leaflets say %q", lang, text)
		}
	}
	f.Lang = fault.Chinese
	for range 3 {
		f.Apart = append(f.Apart, f.Apart[0])
	}
	sheet, _ := Board(f, Format{"a4", false}, m)
	if text := strings.ReplaceAll(said(sheet, m), "\n", ""); !strings.Contains(text, "共另有 5 片，见图") {
		t.Errorf("of five parts it says %q", text)
	}
}

func TestAtlas(t *testing.T) {
	m := fonts(t)
	a := AtlasFacts{Town: "望舒街道", Community: "听雨社区", Scene: usual().Scene, Streets: []Entry{{"采薇街", []int{2, 0}}, {"安宁街", []int{1}}, {"采薇街", []int{0}}, {" ", []int{1}}}}
	for i := range 40 {
		f := usual()
		f.Grid.Number = fmt.Sprintf("%03d", i+1)
		f.Grid.Code = "990102001001" + f.Grid.Number
		a.Grids = append(a.Grids, f)
	}
	for i := range 200 {
		a.Buildings = append(a.Buildings, Entry{fmt.Sprintf("听雨里%d号楼", i+1), []int{i % 40}})
	}
	a.Grids[20].Workers = nil
	a.Grids[30].Leaders[1].Name = "𰻝主任"
	a.Streets = append(a.Streets, Entry{"长街", []int{0, 1, 2, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30}}, Entry{sixty, []int{0}})
	a.Code, a.Date, a.Mark, a.URL = "990102001001", "2026-11-23", "0a1b2c3d", "https://grid.example.org/c/990102001001"
	var pages, titles []string
	var sheets []*paper.Sheet
	missing := map[string]string{}
	for sheet, lacks := range Atlas(a, m) {
		pages, titles, sheets = append(pages, said(sheet, m)), append(titles, sheet.Title), append(sheets, sheet)
		check(t, fmt.Sprint("page ", len(pages)), sheet, m, 5, 1.7)
		if lacks.Characters != "" {
			missing[fmt.Sprint(len(pages), " ", lacks.Code)] = lacks.Characters
		}
	}
	if len(pages) != 1+2+40+2 {
		t.Fatalf("%d pages", len(pages))
	}
	for n, want := range map[int][]string{0: {"听雨社区", "2026-11-23 · 版本标识 0a1b2c3d · 共 40 个网格"}, 1: {"001\n木槿街网格\n张知夏\n154 9901 1333\n4\n", "021\n木槿街网格\n暂缺 · 先联系 网格长 吴鹤年\n154 9901 1074\n24\n"},
		2: {"040\n木槿街网格\n张知夏\n154 9901 1333\n43\n", "街道索引\n44\n楼栋索引\n44\n"}, 3: {"001 号"}, 42: {"040 号"},
		43: {"安宁街\n5\n", "采薇街\n4, 6\n", "长街\n4–6, 9, 10, 12, 14, 16\n18, 20, 22, 24, 26, 28\n30, 32, 34\n", "听雨里1号楼\n4\n听雨里2号楼\n5\n"}, 44: {"听雨里200号楼\n43\n"}} {
		for _, want := range want {
			if !strings.Contains(pages[n], want) {
				t.Errorf("page %d is\n%s\nwithout %q", n+1, pages[n], want)
			}
		}
	}
	if titles[0] != "听雨社区 · 网格图册" || titles[3] != "001 木槿街网格" || !strings.HasPrefix(titles[43], "街道索引 安宁街 – ") || !strings.HasSuffix(titles[44], " – 听雨里200号楼") {
		t.Errorf("the pages are listed as %q", titles)
	}
	if want := map[string]string{"34 990102001001031": "𰻝"}; !maps.Equal(missing, want) {
		t.Errorf("it lacks %v, want %v", missing, want)
	}
	// What a line of the contents or the index says, it leads to.
	leads := func(n int) (out []string) {
		for _, item := range sheets[n].Items {
			if l, ok := item.(*paper.Link); ok && l.Page > 0 {
				out = append(out, fmt.Sprint(l.Page, " ", l.Label))
				if l.Box.X < 0 || l.Box.X+l.Box.W > 210 || l.Box.Y < 0 || l.Box.Y+l.Box.H > 297 || l.Box.W <= 0 || l.Box.H <= 0 {
					t.Errorf("page %d: %s is at %v", n+1, l.Label, l.Box)
				}
			}
		}
		return out
	}
	if got := leads(1); len(got) != 34 || got[0] != "4 001 木槿街网格" {
		t.Errorf("the contents lead to %q", got)
	}
	if got := leads(43); !slices.Contains(got, "4 4–6") || !slices.Contains(got, "34 34") {
		t.Errorf("the index leads to %q", got)
	}
	for range Atlas(a, m) {
		break // who stops early is not asked on
	}
}
