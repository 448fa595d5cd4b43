package search

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/domain/grid"
	"wangge/domain/key"
)

// city is a made-up city: 1,200 communities, 10,000 grids, 4,000 estates and 4,000 streets with 100,000 buildings, 30,000
// shops.
var city = sync.OnceValue(func() Data {
	rnd := rand.New(rand.NewPCG(1, 2))
	const first = "东西南北中上下大小新老金银玉珠翠青红紫白云海江河湖山林松竹梅兰荷菊桂桃柳杨枫春夏秋冬朝阳光明星月华安宁平和康乐福寿禄喜祥瑞吉庆文武德仁义礼智信忠孝建国民生永长重庆行厦都会朱乐曾单解仇区查盖"
	const second = "风雨泉溪桥门塘庄营坊楼台亭园苑居屋宅府邸城堡村寨湾港滩洲岛岭坡岗峰谷川源景秀丽雅馨怡悦欣荣盛昌隆兴旺达通顺利"
	a, b := []rune(first), []rune(second)
	name := func() string {
		return string([]rune{a[rnd.IntN(len(a))], b[rnd.IntN(len(b))], a[rnd.IntN(len(a))]}[:2+rnd.IntN(2)])
	}
	id := func() uuid.UUID {
		var u uuid.UUID
		for i := range u {
			u[i] = byte(rnd.Uint32())
		}
		return u
	}
	at := func() grid.Point { return grid.Point{Lng: 120 + rnd.Float64()/2, Lat: 31 + rnd.Float64()/2} }
	k := func() key.Key { return key.Key{Home: fmt.Sprintf("home%d", rnd.IntN(10)), ID: id()} }
	var data Data
	cityID := id()
	data.Divisions = append(data.Divisions, DivisionRow{ID: cityID, Name: "澜州市"})
	var communities []uuid.UUID
	for d := range 10 {
		district := id()
		data.Divisions = append(data.Divisions, DivisionRow{ID: district, Name: name() + "区", ParentID: &cityID})
		for range 12 {
			town := id()
			data.Divisions = append(data.Divisions, DivisionRow{ID: town, Name: name() + "街道", ParentID: &district})
			for range 10 {
				p := at()
				c := id()
				data.Divisions = append(data.Divisions, DivisionRow{ID: c, Name: name() + "社区", ParentID: &town, At: &p})
				communities = append(communities, c)
			}
		}
		_ = d
	}
	for i := range 10_000 {
		data.Grids = append(data.Grids, GridRow{Key: k(), Name: fmt.Sprintf("%s第%d网格", name(), i%20+1), CommunityID: communities[i%len(communities)], At: at()})
	}
	var streets []string
	for range 4000 {
		n := name() + []string{"路", "街", "大道", "巷", "东路", "西街"}[rnd.IntN(6)]
		streets = append(streets, n)
		for range 1 + rnd.IntN(5) {
			data.Streets = append(data.Streets, StreetRow{Home: "home1", Name: n, At: at()})
		}
	}
	for e := range 4000 {
		estate := EstateRow{Key: k(), Name: name() + []string{"花园", "小区", "新村", "苑", "公寓", "家园", "名邸"}[rnd.IntN(7)], CommunityID: &communities[e%len(communities)]}
		data.Estates = append(data.Estates, estate)
		gate := fmt.Sprintf("%s%d号", streets[rnd.IntN(len(streets))], 1+rnd.IntN(900))
		g, p := id(), at()
		for n := range 19 {
			data.Buildings = append(data.Buildings, BuildingRow{Key: key.Key{Home: estate.Key.Home, ID: id()}, Name: fmt.Sprintf("%s%d号楼", estate.Name, n+1), Address: gate + estate.Name + fmt.Sprintf("%d号楼", n+1),
				EstateID: &estate.Key.ID, GridID: &g, CommunityID: estate.CommunityID, At: grid.Point{Lng: p.Lng + float64(n)/1e4, Lat: p.Lat}})
		}
	}
	for len(data.Buildings) < 100_000 {
		address := fmt.Sprintf("%s%d号", streets[rnd.IntN(len(streets))], 1+rnd.IntN(900))
		n := address
		if rnd.IntN(3) == 0 {
			n = name() + name() + "大厦"
		}
		data.Buildings = append(data.Buildings, BuildingRow{Key: k(), Name: n, Address: address, CommunityID: &communities[rnd.IntN(len(communities))], At: at()})
	}
	for range 30_000 {
		p := at()
		data.Entities = append(data.Entities, EntityRow{Key: k(), Name: name() + name() + []string{"餐厅", "超市", "有限公司", "便利店"}[rnd.IntN(4)],
			Address: fmt.Sprintf("%s%d号", streets[rnd.IntN(len(streets))], 1+rnd.IntN(900)), At: &p})
	}
	return data
})

// questions are writings of the city's addresses of every sort, some as long and as common as they can be.
func questions(data Data) []string {
	rnd := rand.New(rand.NewPCG(3, 4))
	out := []string{"花园", "路", "1", "1号楼", "小区1号", "j", "jx", "hy", "澜州市", "社区", "第1网格", "有限公司", "dongfengdongxiaoqu"}
	for i := range 1500 {
		b := data.Buildings[rnd.IntN(len(data.Buildings))]
		e := data.Estates[rnd.IntN(len(data.Estates))]
		runes := []rune(e.Name)
		var s string
		switch i % 10 {
		case 0:
			s = b.Address
		case 1:
			s = "澜州市" + b.Address + "3单元301室"
		case 2:
			s = e.Name
		case 3:
			s = string(runes[:len(runes)-1]) + "七栋"
		case 4:
			for _, r := range runes {
				s += readings(r)[0]
			}
			s += " 7"
		case 5:
			for _, r := range runes {
				s += readings(r)[0][:1]
			}
			s += " 7"
		case 6:
			runes[1] = '错'
			s = string(runes) + "7号楼"
		case 7:
			s = data.Entities[rnd.IntN(len(data.Entities))].Name
		case 8:
			s = data.Streets[rnd.IntN(len(data.Streets))].Name + "12号"
		default:
			s = string(runes[:2])
		}
		out = append(out, s)
	}
	return append(out, strings.Repeat("花园小区东路", 33), strings.Repeat("jiangxiaoqu", 18), strings.Repeat("1-2-3号", 33), data.Buildings[0].Address+strings.Repeat(data.Buildings[1].Address, 8))
}

// BenchmarkCity reports how long questions take, how long the index takes to make and what it holds in memory.
func BenchmarkCity(b *testing.B) {
	data := city()
	before, after := runtime.MemStats{}, runtime.MemStats{}
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	index := NewIndex(data)
	made := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	asked := questions(data)
	var times []time.Duration
	near := &grid.Point{Lng: 120.2, Lat: 31.2}
	for b.Loop() {
		times = times[:0]
		for i, q := range asked {
			began := time.Now()
			query := Query{Text: string([]rune(q)[:min(len([]rune(q)), MaxText)]), First: 50}
			if i%2 == 0 {
				query.Near = near
			}
			index.Search(query)
			times = append(times, time.Since(began))
		}
	}
	slowest := 0
	for i, d := range times {
		if d > times[slowest] {
			slowest = i
		}
	}
	b.Logf("the slowest: %.60q %v", asked[slowest], times[slowest])
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(times[len(times)-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(float64(made.Milliseconds()), "index-ms")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "index-MB")
	b.ReportMetric(float64(len(index.terms)), "names")
	runtime.KeepAlive(data)
	runtime.KeepAlive(index)
}
