package acceptance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"wangge/load"
)

// manyBuildings writes n buildings: the real ones of Lujiazui, again and again, each time shifted a little so that no two
// are the same.
func manyBuildings(t testing.TB, n int) string {
	t.Helper()
	raw, err := os.ReadFile(data(t, "osm-lujiazui/lujiazui-buildings.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var real struct {
		Features []struct {
			Properties map[string]any
			Geometry   struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(raw, &real); err != nil {
		t.Fatal(err)
	}
	var polygons [][][][2]float64
	for _, f := range real.Features {
		var p [][][2]float64
		if f.Geometry.Type == "Polygon" && json.Unmarshal(f.Geometry.Coordinates, &p) == nil {
			polygons = append(polygons, p)
		}
	}
	path := filepath.Join(t.TempDir(), "buildings.geojson")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	fmt.Fprint(out, `{"type":"FeatureCollection","features":[`)
	for i := range n {
		shift := float64(i/len(polygons)) * 1e-5
		if i > 0 {
			fmt.Fprint(out, ",")
		}
		fmt.Fprintf(out, `{"type":"Feature","properties":{"code":"b%d","name":"%d号楼","floors":%d},"geometry":{"type":"Polygon","coordinates":[`, i, i, i%30)
		for r, ring := range polygons[i%len(polygons)] {
			if r > 0 {
				fmt.Fprint(out, ",")
			}
			for j, p := range ring {
				sep := ","
				if j == 0 {
					sep = "["
				}
				fmt.Fprintf(out, "%s[%.8f,%.8f]", sep, p[0]+shift, p[1]+shift)
			}
			fmt.Fprint(out, "]")
		}
		fmt.Fprint(out, "]}}")
	}
	fmt.Fprint(out, "]}")
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

// BenchmarkImportBuildings imports 100,000 buildings into a town with grids and says how far the program's heap grew.
func BenchmarkImportBuildings(b *testing.B) {
	for range b.N {
		b.StopTimer()
		w := newTown(b)
		w.mustBring(b, load.Job{Kind: load.Divisions, Path: data(b, "osm-lujiazui/lujiazui-divisions.geojson")})
		w.mustBring(b, load.Job{Kind: load.Grids, Path: data(b, "osm-lujiazui/lujiazui-grids.geojson")})
		path := manyBuildings(b, 100_000)
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		var peak atomic.Uint64
		done := make(chan struct{})
		go func() {
			var m runtime.MemStats
			for {
				select {
				case <-done:
					return
				case <-time.After(100 * time.Millisecond):
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapAlloc))
				}
			}
		}()
		b.StartTimer()
		report := w.mustBring(b, load.Job{Kind: load.Buildings, Path: path})
		b.StopTimer()
		close(done)
		if report.Added != 100_000 {
			b.Fatalf("%d added", report.Added)
		}
		b.ReportMetric(float64(peak.Load()-before.HeapAlloc)/1e6, "MB-heap")
		b.ReportMetric(100_000/(float64(b.Elapsed())/1e9/float64(b.N)), "buildings/s")
	}
}
