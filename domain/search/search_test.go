package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/internal/fault"
)

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"機械廠家屬院７號樓":                 "机械厂家属院7号楼",
		"ＪＸＣ　７＃":                    "jxc 7#",
		"Avenue de Monte‑Carlo":     "avenue de monte-carlo",
		"Bd. de l’Église":           "boulevard de leglise",
		"裡裏里鬆松臺台":                   "里里里松松台台",
		"Straße Œuvre":              "strasse oeuvre",
		"JX bd":                     "jx boulevard",
		"bd 7":                      "bd 7",
		"壹佰零伍號 陸家嘴 逸夫貳樓":            "一百零五号 陆家嘴 逸夫二楼",
		"106～110号":                  "106-110号",
		"\u00a0\u3000\u200b７\ufeff": "  \u200b7\ufeff",
	} {
		if got := string(fold(text)); got != want {
			t.Errorf("%q folds to %q, want %q", text, got, want)
		}
	}
}

// written shows what a text is taken apart into: names, with each number as its kind and value.
func written(text string, query bool) string {
	p := parse(fold(text), query)
	kinds := []string{"?", "弄", "号", "院", "楼", "层", "区", "单元", "室"}
	var out []string
	name, n := "", 0
	for i, s := range append(p.syms, sym{}) {
		if s.r != 0 {
			name += string(s.r)
			continue
		}
		if name != "" {
			out, name = append(out, name), ""
		}
		if i < len(p.syms) {
			x := p.numbers[n]
			n++
			value := fmt.Sprint(x.lo)
			if x.lo >= letterValue {
				value = string(rune(x.lo - letterValue))
			}
			if x.hi != x.lo {
				value += fmt.Sprintf("–%d", x.hi)
			}
			out = append(out, value+x.mark+kinds[x.kind])
		}
	}
	return strings.Join(out, " ")
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"7号楼": "7楼", "7#": "7楼", "7＃楼": "7楼", "七栋": "7楼", "第七幢": "7楼", "7座": "7楼", "7 号 楼": "7号 楼", "第 7 幢": "第 7楼",
		"7-3-301": "7? 3单元 301室", "7-3": "7? 3?", "3-301": "3? 301室", "听雨路七": "听雨路 7?", "3单元301室": "3单元 301室", "三单元三〇一室": "3单元 301室", "3-301室": "3? 301室",
		"B座": "b楼", "b座12层": "b楼 12层", "甲3号": "3甲号", "15号甲": "15甲号", "15甲": "15甲?", "3a号": "3a号", "12 bis rue": "12bis? rue",
		"12弄5号": "12弄 5号", "88号院3号楼": "88院 3楼", "1-8号": "1–8号", "二十三号": "23号", "一百零五号": "105号", "十号": "10号",
		"一百二十号": "120号", "两号楼": "2楼", "听雨里一弄": "听雨里 1弄", "七 号楼": "7楼",
		"三门路": "三门路", "四川北路": "四川北路", "崂山3村": "崂山三村", "第六教学楼": "第六教学楼", "第6教学楼": "第六教学楼", "8号公馆": "八号公馆",
		"轨道交通2号线": "轨道交通二号线", "第12网格": "第十二网格", "十六铺": "十六铺", "五角场": "五角场", "百步亭": "百步亭",
		"jxc7": "jxc 7?", "7haolou": "7楼", "3 dong 2 danyuan 301 shi": "3楼 2单元 301室", "S2": "2s?", "No. 7": "7?", "no7 road": "7? road",
		"12345678901": "", "0": "0?", "007号": "7号", "-": "", "7-": "7?", "-7": "7?", "7--8": "7? 8?",
	} {
		if got := written(text, true); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"广东路51-59": "广东路 51–59?", "四川中路126弄5~21": "四川中路 126弄 5–21?", "听雨里1-8号": "听雨里 1–8号", "7-3-301": "7? 3单元 301室"} {
		if got := written(text, false); got != want {
			t.Errorf("of what is known %q is read as %q, want %q", text, got, want)
		}
	}
}

func TestReadings(t *testing.T) {
	for r, want := range map[rune][]string{'厦': {"xia", "sha"}, '重': {"chong", "zhong"}, '长': {"chang", "zhang"}, '行': {"xing", "hang"},
		'乐': {"le", "yue"}, '都': {"du", "dou"}, '曾': {"zeng", "ceng"}, '绿': {"lv", "lu"}, '女': {"nv", "nu"}} {
		for _, w := range want {
			if !slices.Contains(readings(r), w) {
				t.Errorf("%c is read %q, without %s", r, readings(r), w)
			}
		}
	}
}

func buildings(names ...string) Data {
	var data Data
	for i, n := range names {
		name, address, _ := strings.Cut(n, "|")
		data.Buildings = append(data.Buildings, BuildingRow{Key: key.Key{Home: "home", ID: uuid.UUID{15: byte(i + 1)}}, Name: name, Address: address,
			At: grid.Point{Lng: 120 + float64(i)/100, Lat: 31}})
	}
	return data
}

// TestAreas: named land is found once in each grid that it lies in; where it lies in one alone that is sure. An estate of the name nearby is the place
// itself, one far away another.
func TestAreas(t *testing.T) {
	const home = "home"
	first, second, community := uuid.UUID{15: 101}, uuid.UUID{15: 102}, uuid.UUID{15: 103}
	at := func(n float64) grid.Point { return grid.Point{Lng: 121 + n/100, Lat: 31} } // n: about kilometres
	data := Data{
		Divisions: []DivisionRow{{ID: community, Name: "望江社区"}},
		Grids: []GridRow{{Key: key.Key{Home: home, ID: first}, Name: "第一网格", CommunityID: community, At: at(0)},
			{Key: key.Key{Home: home, ID: second}, Name: "第二网格", CommunityID: community, At: at(1)}},
		Areas: []AreaRow{{home, "崂山三村", at(0), &key.Key{Home: home, ID: first}}, {home, "崂山三村", at(0.1), &key.Key{Home: home, ID: first}}, {home, "三航小区", at(0), &key.Key{Home: home, ID: first}}, {home, "三航小区", at(1), &key.Key{Home: home, ID: second}},
			{home, "乳山四村", at(3), nil}, {home, "听雨里", at(0.5), &key.Key{Home: home, ID: first}}, {home, "听雨里", at(9), &key.Key{Home: home, ID: second}}},
		Estates: []EstateRow{{Key: key.Key{Home: home, ID: uuid.UUID{15: 104}}, Name: "听雨里"}, {Key: key.Key{Home: home, ID: uuid.UUID{15: 105}}, Name: "三航小区"}},
		Buildings: []BuildingRow{{Key: key.Key{Home: home, ID: uuid.UUID{15: 106}}, Name: "1号楼", EstateID: &uuid.UUID{15: 104}, GridID: &first, CommunityID: &community, At: at(0)},
			{Key: key.Key{Home: home, ID: uuid.UUID{15: 107}}, Name: "崂山三村菜场", At: at(0)}},
	}
	x := NewIndex(data)
	for text, want := range map[string][]string{
		"崂山三村": {"2 崂山三村 101 103"}, "laoshansancun": {"2 崂山三村 101 103"}, "三航小区": {"2 三航小区 101 103", "2 三航小区 102 103"}, "乳山四村": {"2 乳山四村 0 0"},
		"听雨里": {"0 听雨里 101 0", "2 听雨里 102 103"},
	} {
		var got []string
		for _, m := range x.Search(Query{Text: text, First: 5}) {
			if m.Kind != Estate && m.Kind != Area {
				continue
			}
			of, in := 0, 0
			if m.Grid != nil {
				of = int(m.Grid.ID[15])
			}
			if m.DivisionID != nil {
				in = int(m.DivisionID[15])
			}
			if got = append(got, fmt.Sprintf("%d %s %d %d", m.Kind, m.Label, of, in)); m.Score < 0.9 {
				got = got[:len(got)-1]
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"崂山三村": true, "三航小区": false, "乳山四村": false} {
		if got := sure(x.Search(Query{Text: text, First: 5})); got.Sure != want || want && (len(got.Places) == 0 || got.Places[0].Grid == nil || got.Places[0].Grid.ID != first) {
			t.Errorf("%s is %+v, want sure: %t", text, got, want)
		}
	}
	if near := at(1.2); x.Search(Query{Text: "三航小区", Near: &near, First: 1})[0].Grid.ID != second {
		t.Error("the part of an area nearest to the point is not found first")
	}
}

// TestSeveralReadings: a name is found by each reading of its characters.
func TestSeveralReadings(t *testing.T) {
	x := NewIndex(buildings("大厦东楼", "重庆商场", "长乐饭店", "银行宿舍", "曾家大院"))
	for text, want := range map[string]string{"dasha": "大厦东楼", "daxia": "大厦东楼", "chongqing": "重庆商场", "zhongqing": "重庆商场", "changle": "长乐饭店",
		"changyue": "长乐饭店", "zhangle": "长乐饭店", "yinhang": "银行宿舍", "yinxing": "银行宿舍", "zengjia": "曾家大院", "cengjia": "曾家大院", "zqsc": "重庆商场"} {
		if got := x.Search(Query{Text: text, First: 1}); len(got) != 1 || got[0].Label != want {
			t.Errorf("%s finds %+v, want %s", text, got, want)
		}
	}
}

// TestLettersForDigits: what looks like a digit in a number is one, in a word it is a letter.
func TestLettersForDigits(t *testing.T) {
	for text, want := range map[string]string{"1o号": "10号", "院l2号楼": "院12号楼", "1oo": "100", "7-l-3oi": "7-l-301", "lol 7": "lol 7", "tyl66": "tyl66", "s1": "s1", "oil": "oil"} {
		if got := string(asDigits([]rune(text))); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}

// TestBeginningFirst: what begins a name comes before what stands inside one; after initials the rest may be longer.
func TestBeginningFirst(t *testing.T) {
	x := NewIndex(buildings("折槿新村7号楼", "机械厂家属院7号楼", "望舒二小", "二小食堂", "晚盛苑3号楼", "望舒花园3号楼"))
	for text, want := range map[string]string{"jxc 7": "机械厂家属院7号楼", "jxc7": "机械厂家属院7号楼", "二小": "二小食堂", "wshy 3": "望舒花园3号楼"} {
		if got := x.Search(Query{Text: text, First: 2}); len(got) == 0 || got[0].Label != want {
			t.Errorf("%s finds %+v, want %s", text, got, want)
		}
	}
}

// TestNoSuchPlace: what is called otherwise scores low, though much of its name is the same words as everywhere.
func TestNoSuchPlace(t *testing.T) {
	names := []string{"Rue de la Turbie", "Rue de la Colle", "Rue de la Source", "Avenue de la Costa", "明塘路88号", "采薇新村东网格", "采薇街"}
	for _, n := range []string{"东", "西", "长", "安", "福", "寿", "康", "宁", "春", "秋"} {
		names = append(names, n+"平路88号", n+"平大厦")
	}
	x := NewIndex(buildings(names...))
	for _, text := range []string{"rue de la poste", "天堂路88号", "采薇巷网格"} {
		for _, m := range x.Search(Query{Text: text, First: 3}) {
			if m.Score > 0.66 {
				t.Errorf("%s finds %s by %.2f", text, m.Label, m.Score)
			}
		}
	}
	if got := x.Search(Query{Text: "采薇街网格", First: 1}); got[0].Label != "采薇街" {
		t.Errorf("a grid that is not there finds %+v", got)
	}
}

// TestOtherNames: a place is found by what else it is called, a street also with a number; two other names are not one.
func TestOtherNames(t *testing.T) {
	data := buildings("上海中心大厦|银城中路501号", "Shanghai Tower Hotel", "|世纪大道100号", "上投大厦", "浦发银行大楼")
	data.Buildings[0].Aliases = []string{"Shanghai Tower", "Tour de Shanghai / SHT"}
	data.Buildings[3].Aliases = []string{"Dalu Bank", "Morgan House"}
	grids := []uuid.UUID{{15: 101}, {15: 102}}
	data.Streets = []StreetRow{{Home: "home", Name: "世纪大道", Aliases: []string{"Century Avenue"}, At: grid.Point{Lng: 120, Lat: 31}, GridID: &grids[0]},
		{Home: "home", Name: "世纪大道", At: grid.Point{Lng: 121, Lat: 31}, GridID: &grids[1]},
		{Home: "home", Name: "中山东一路", Aliases: []string{"East Zhongshan No. 1 Road"}, At: grid.Point{Lng: 121, Lat: 31}}}
	x := NewIndex(data)
	for text, want := range map[string]string{"Shanghai Tower": "上海中心大厦", "tour de shanghai": "上海中心大厦", "shanghai tower, 501 yincheng zhonglu": "上海中心大厦",
		"100 Century Avenue": "世纪大道100号", "century avenue": "世纪大道", "East Zhongshan 1st Road": "中山东一路", "morgan house": "上投大厦"} {
		if got := x.Search(Query{Text: text, First: 2}); len(got) == 0 || got[0].Label != want {
			t.Errorf("%s finds %+v, want %s", text, got, want)
		}
	}
	if got := x.Search(Query{Text: "Dalu House", First: 1}); len(got) > 0 && got[0].Score > 0.8 {
		t.Errorf("two other names make %+v", got)
	}
	for i, lng := range []float64{120.1, 120.9} {
		if got := x.Search(Query{Text: "世纪大道", First: 1, Near: &grid.Point{Lng: lng, Lat: 31}}); got[0].Grid == nil || got[0].Grid.ID != grids[i] {
			t.Errorf("near %v the street is in %v", lng, got[0].Grid)
		}
	}
	if got := x.Search(Query{Text: "世纪大道", First: 1}); got[0].Grid != nil {
		t.Errorf("without a point the street is in %v", got[0].Grid)
	}
}

// TestNearestFirst: what fits alike is listed by distance; what fits better comes first all the same.
func TestNearestFirst(t *testing.T) {
	x := NewIndex(buildings("全家便利店", "全家便利店", "全家便利店", "全佳便利店"))
	got := x.Search(Query{Text: "全家便利店", First: 4, Near: &grid.Point{Lng: 120.021, Lat: 31}})
	var ids []byte
	for i, m := range got {
		ids = append(ids, m.Building.ID[15])
		if m.DistanceM == nil || i > 0 && i < 3 && *m.DistanceM < *got[i-1].DistanceM {
			t.Errorf("%d: %v m", i, m.DistanceM)
		}
	}
	if !slices.Equal(ids, []byte{3, 2, 1, 4}) {
		t.Errorf("listed %v", ids)
	}
	if far := x.Search(Query{Text: "全佳便利店", First: 1, Near: &grid.Point{Lng: 120, Lat: 31}}); far[0].Building.ID[15] != 4 {
		t.Errorf("the name as written is listed after %v", far[0])
	}
}

func TestScores(t *testing.T) {
	x := NewIndex(buildings("机械厂家属院7号楼|厂前路1号机械厂家属院7号楼", "幸福里3号楼|幸福路5号", "幸福里4号楼|幸福路5号"))
	exact := []string{"机械厂家属院7号楼", "厂前路1号机械厂家属院7号楼", "7号楼机械厂家属院", "机械厂家属院7号楼2单元301室", "幸福路5号幸福里3号楼"}
	for _, text := range exact {
		if got := x.Search(Query{Text: text, First: 1}); got[0].Score != 1 {
			t.Errorf("%s scores %v", text, got[0].Score)
		}
	}
	for _, text := range []string{"机械厂家属院8号楼", "机戒厂家属院7号楼", "机械厂7号楼", "机械厂家属院", "jxcjsy7", "厂前路7号"} {
		if got := x.Search(Query{Text: text, First: 1}); len(got) == 0 || got[0].Score >= 1 {
			t.Errorf("%s scores %+v", text, got)
		}
	}
	if got := x.Search(Query{Text: "幸福里3号楼", First: 2}); got[0].Label != "幸福里3号楼" || len(got) > 1 && got[1].Score > 0.4 {
		t.Errorf("another number scores %+v", got)
	}
	if got := x.Search(Query{Text: "机械厂家属院7栋2-301", First: 1}); got[0].Label != "机械厂家属院7号楼 2单元301室" {
		t.Errorf("the label is %q", got[0].Label)
	}
}

// FuzzSearch: nothing that is written makes a search fail or take long.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"机械厂家属院7号楼", "jxc 7-3-301", "第第第1111号号楼", "一百百十十零〇号", "12 bis 甲甲3号", "\x00\xff", "ﷺﷺﷺ", "a̐éö̲", strings.Repeat("1-", 100),
		strings.Repeat("厂", 200), strings.Repeat("chang", 40), "B座b座bb座", "no. no. 7", "7 号楼#楼##"} {
		f.Add(s)
	}
	data := buildings("机械厂家属院7号楼|厂前路1号", "听雨里1-8号|听雨里1-8号", "Jin Mao Tower|世纪大道88号", "2号楼", "12 Rue Grimaldi|")
	x := NewIndex(data)
	f.Fuzz(func(t *testing.T, text string) {
		if r := []rune(text); len(r) > 300 { // the longest address that is kept
			text = string(r[:300])
		}
		NewIndex(buildings(text+"|"+text, "甲"+text))
		if r := []rune(text); len(r) > MaxText {
			text = string(r[:MaxText])
		}
		began := time.Now()
		for _, m := range x.Search(Query{Text: text, First: 5, Near: &grid.Point{Lng: 120, Lat: 31}}) {
			if !(m.Score > 0 && m.Score <= 1) {
				t.Errorf("%q scores %v", text, m.Score)
			}
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%q took %v", text, took)
		}
	})
}

// store is a town whose data can be changed.
type store struct {
	mu    sync.Mutex
	data  Data
	reads int
}

func (s *store) Newest(context.Context, account.Actor) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.Change, nil
}

func (s *store) SearchData(context.Context, account.Actor) (Data, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.data, nil
}

func (s *store) set(data Data) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data.Change = s.data.Change + 1
	s.data = data
}

// TestRenewal: a small town's index is renewed before the answer, a large one's beside the questions, and neither is read
// again while nothing has changed.
func TestRenewal(t *testing.T) {
	for name, c := range map[string]struct {
		places int
		atOnce bool
	}{"small": {10, true}, "large": {smallIndex + 1, false}} {
		t.Run(name, func(t *testing.T) {
			many := func(last string) (data Data) {
				for i := range c.places {
					data.Buildings = append(data.Buildings, BuildingRow{Key: key.Key{Home: "home", ID: uuid.UUID{1: byte(i >> 16), 2: byte(i >> 8), 3: byte(i)}}, Name: fmt.Sprintf("长桥新村%d号", i+1)})
				}
				data.Buildings[0].Name = last
				return data
			}
			town := &store{}
			town.set(many("旧仓库"))
			s := &Service{Store: town}
			finds := func(text string) bool {
				t.Helper()
				found, err := s.Search(t.Context(), account.Anyone(), Query{Text: text, First: 1})
				if err != nil {
					t.Fatal(err)
				}
				return len(found) == 1 && found[0].Label == text
			}
			for range 3 {
				if !finds("旧仓库") {
					t.Fatal("what is there is not found")
				}
			}
			if town.reads != 1 {
				t.Errorf("read %d times", town.reads)
			}
			town.set(many("图书馆"))
			if at := finds("图书馆"); at != c.atOnce {
				t.Errorf("found at once: %v", at)
			}
			for began := time.Now(); !finds("图书馆"); time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > 20*time.Second {
					t.Fatal("the change is never found")
				}
			}
		})
	}
}

// TestNamedEndsWithItsRequest: two hundred addresses are two hundred searches.
func TestNamedEndsWithItsRequest(t *testing.T) {
	town := &store{}
	town.set(Data{})
	s := &Service{Store: town}
	if err := s.Warm(t.Context(), account.Anyone()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Named(ctx, account.Anyone(), []grid.Address{{Text: "长桥新村"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("it answers %v", err)
	}
}

// slow is a store that reads until it is told to stop.
type slow struct {
	*store
	stopped chan error
}

func (s slow) SearchData(ctx context.Context, actor account.Actor) (Data, error) {
	if s.reads == 0 {
		return s.store.SearchData(ctx, actor)
	}
	<-ctx.Done()
	s.stopped <- ctx.Err()
	return Data{}, ctx.Err()
}

// TestARenewalEndsWithTheServer: and not with the request that asked for it.
func TestARenewalEndsWithTheServer(t *testing.T) {
	var data Data
	for i := range smallIndex + 1 {
		data.Buildings = append(data.Buildings, BuildingRow{Key: key.Key{Home: "home", ID: uuid.UUID{1: byte(i >> 16), 2: byte(i >> 8), 3: byte(i)}}, Name: fmt.Sprintf("%d号", i+1)})
	}
	town := slow{&store{}, make(chan error, 1)}
	town.set(data)
	server, stop := context.WithCancel(t.Context())
	s := &Service{Store: town, Until: server}
	request, end := context.WithCancel(t.Context())
	for range 2 {
		if err := s.Warm(request, account.Anyone()); err != nil {
			t.Fatal(err)
		}
		town.set(data)
	}
	end()
	select {
	case <-town.stopped:
		t.Fatal("the renewal ended with the request")
	case <-time.After(50 * time.Millisecond):
	}
	stop()
	select {
	case <-town.stopped:
	case <-time.After(5 * time.Second):
		t.Fatal("the renewal goes on without its server")
	}
}

// TestWhileTheStoreIsAway: the last index answers, without a question to the store; none, or one of nothing, does not say that
// there is nothing.
func TestWhileTheStoreIsAway(t *testing.T) {
	id := uuid.UUID{1: 7}
	town, away := &store{}, true
	s := &Service{Store: town, InTouch: func() bool { return !away }}
	search := func() ([]Match, error) {
		return s.Search(t.Context(), account.Anyone(), Query{Text: "旧仓库", First: 1})
	}
	if _, err := search(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("before there is an index: %v", err)
	}
	away = false
	if _, err := search(); err != nil {
		t.Fatal(err)
	}
	away = true
	if _, err := search(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("with an index of nothing: %v", err)
	}
	town.set(Data{Buildings: []BuildingRow{{Key: key.Key{Home: "home", ID: uuid.UUID{1: 1}}, Name: "旧仓库", GridID: &id}}})
	away = false
	if found, err := search(); err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	away = true
	town.set(Data{})
	found, err := search()
	if err != nil || len(found) != 1 || found[0].Grid == nil || found[0].Grid.ID != id {
		t.Errorf("with an index: %+v, %v", found, err)
	}
}

// hanging is a store that does not answer while it hangs; it counts how often it was asked.
type hanging struct {
	*store
	hangs bool
	asked int
}

func (s *hanging) Newest(ctx context.Context, actor account.Actor) (int64, error) {
	if s.asked++; s.hangs {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return s.store.Newest(ctx, actor)
}

// TestTheStoreIsAskedOnceAVersion: and where it hangs, the last index answers soon.
func TestTheStoreIsAskedOnceAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		town, version := &hanging{store: &store{}}, "1"
		s := &Service{Store: town, Version: func(context.Context) (string, bool) { return version, version != "" }}
		named := func(name string) {
			town.set(Data{Buildings: []BuildingRow{{Key: key.Key{Home: "home", ID: uuid.UUID{1: 1}}, Name: name}}})
		}
		named("旧仓库")
		for i, step := range []struct {
			change, version string
			hangs           bool
			want            string
			asked           int
		}{
			{"", "1", false, "旧仓库", 1}, {"", "1", false, "旧仓库", 2}, {"", "1", false, "旧仓库", 2}, {"新仓库", "2", false, "新仓库", 3}, {"", "2", false, "新仓库", 4},
			{"", "2", true, "新仓库", 4}, {"", "3", true, "新仓库", 5}, {"", "", true, "新仓库", 6}, {"", "3", false, "新仓库", 7}, {"", "3", true, "新仓库", 7},
		} {
			if version, town.hangs = step.version, step.hangs; step.change != "" {
				named(step.change)
			}
			began := time.Now()
			found, err := s.Search(t.Context(), account.Anyone(), Query{Text: "仓库", First: 1})
			if err != nil || len(found) != 1 || found[0].Label != step.want || town.asked != step.asked || time.Since(began) > patience {
				t.Errorf("step %d: %+v, %v after %v, asked %d times", i, found, err, time.Since(began), town.asked)
			}
		}
	})
}
