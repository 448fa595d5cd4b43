package acceptance

import (
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"testing"

	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/load"
	"wangge/load/sheet"
)

// manyHouseholds yields n households, 30 in each of the buildings b0, b1, …, ten in each of three units.
func manyHouseholds(n int) iter.Seq2[place.HouseholdRow, error] {
	return func(yield func(place.HouseholdRow, error) bool) {
		for i := range n {
			residents := 1 + i%5
			row := place.HouseholdRow{Source: fmt.Sprint("row ", i+2), Building: fmt.Sprint("b", i/30), Unit: fmt.Sprint(1+i%30/10, "单元"),
				Room: fmt.Sprint(1+i%10/2, "0", 1+i%2), Residents: &residents, Use: place.OwnerUse}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// BenchmarkHouseholdsFromXLSX imports a workbook of 120,000 households and says how far the program's heap grew.
func BenchmarkHouseholdsFromXLSX(b *testing.B) {
	const n = 120_000
	for range b.N {
		b.StopTimer()
		w := newTown(b)
		w.mustBring(b, load.Job{Kind: load.Divisions, Path: data(b, "osm-lujiazui/lujiazui-divisions.geojson")})
		w.mustBring(b, load.Job{Kind: load.Grids, Path: data(b, "osm-lujiazui/lujiazui-grids.geojson")})
		w.mustBring(b, load.Job{Kind: load.Buildings, Path: manyBuildings(b, n/30)})
		path := filepath.Join(b.TempDir(), "list.xlsx")
		out, err := sheet.Create(path)
		if err == nil {
			err = out.Write([]string{"楼栋编号", "单元", "房号", "户号", "人数", "用途", "租赁管理", "备注"})
		}
		for r := range manyHouseholds(n) {
			if err == nil {
				err = out.Write([]string{r.Building, r.Unit, r.Room, "1", fmt.Sprint(*r.Residents), "自住", "", "第" + r.Source + "行"})
			}
		}
		if err != nil || out.Commit() != nil {
			b.Fatal("the workbook cannot be written", err)
		}
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		peak := uint64(0)
		b.StartTimer()
		report := w.mustBring(b, load.Job{Kind: load.Households, Path: path, Progress: func(int64, int64, int) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}})
		b.StopTimer()
		if report.Added != n {
			b.Fatalf("%d added", report.Added)
		}
		b.ReportMetric(float64(peak-before.HeapAlloc)/1e6, "MB-heap")
	}
}

// BenchmarkHouseholds hands households to the service, as a file and the demo city do, into a town that has their buildings.
func BenchmarkHouseholds(b *testing.B) {
	for _, n := range []int{120_000, 3_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				w := newTown(b)
				w.mustBring(b, load.Job{Kind: load.Divisions, Path: data(b, "osm-lujiazui/lujiazui-divisions.geojson")})
				w.mustBring(b, load.Job{Kind: load.Grids, Path: data(b, "osm-lujiazui/lujiazui-grids.geojson")})
				w.mustBring(b, load.Job{Kind: load.Buildings, Path: manyBuildings(b, n/30)})
				runtime.GC()
				b.StartTimer()
				report, err := w.Places.ImportHouseholds(b.Context(), operator, manyHouseholds(n), place.ImportOptions{IDs: key.Random{}})
				if err != nil || report.Added != n || report.Refused != 0 {
					b.Fatalf("%+v, %v", report, err)
				}
			}
			b.ReportMetric(float64(n)/(float64(b.Elapsed())/1e9/float64(b.N)), "households/s")
		})
	}
}
