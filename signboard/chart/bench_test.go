package chart_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"wangge/load/demo"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

var everything = chart.Options{Links: true, North: true, ScaleBar: true, End: true, Numbers: true, Key: true}

func BenchmarkDraw(b *testing.B) {
	town, real := townScene(5), lujiazuiScene(b, 7)
	cover, grids := lujiazui(b)
	cover.Grids = grids
	many := chart.Scene{}
	country := demo.CityAlone()
	for k := range 40 {
		for _, a := range country.Grids(k) {
			many.Grids = append(many.Grids, chart.Grid{Area: a, Number: fmt.Sprint(len(many.Grids)), Name: "澜州网格"})
		}
	}
	for _, c := range []struct {
		name string
		s    chart.Scene
		box  paper.Box
	}{{"town", town, paper.Box{W: 180, H: 130}}, {"real", real, paper.Box{W: 180, H: 130}}, {"cover", cover, paper.Box{W: 180, H: 200}},
		{"many", many, paper.Box{W: 380, H: 270}}} {
		b.Run(c.name, func(b *testing.B) {
			before := processor(b)
			for b.Loop() {
				chart.Draw(c.s, c.box, everything, squares{})
			}
			// What others do on the machine meanwhile does not count in it.
			b.ReportMetric(float64((processor(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// processor is the time that the processor has worked for this process.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
