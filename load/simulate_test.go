package load

import (
	"context"
	"runtime"
	"testing"

	"wangge/load/demo"
)

// The city in memory is what the generator says, and every sampled vertex is found where it belongs.
func TestSimulatedCity(t *testing.T) {
	var s Simulation
	city := demo.CityAlone()
	whole, grids, err := build(t.Context(), city, &s, func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if grids != 10_000 || whole.Len() != 1053 {
		t.Errorf("%d grids in %d communities", grids, whole.Len())
	}
	speeds, err := measure(t.Context(), ground{city, whole})
	if err != nil || speeds[0].Near <= 0 || speeds[0].Spread <= 0 || speeds[0].All <= 0 {
		t.Errorf("%+v, %v", speeds, err)
	}
	if s := speeds[0]; runtime.GOOS == "linux" && (s.NearCPU <= 0 || s.SpreadCPU <= 0 || s.NearCPU > 2*s.Near || s.SpreadCPU > 2*s.Spread) {
		t.Errorf("processor time: %+v", s)
	}
	// A structure of other ground must be told apart.
	if _, err := measure(t.Context(), ground{demo.Nation(), whole}); err == nil {
		t.Error("the city passes for the nation")
	}
}

func TestSimulateEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, _, err := build(ctx, demo.Nation(), &Simulation{}, func(string, int, int) {
		if n++; n == 2 {
			cancel()
		}
	})
	if err == nil || n > 3 {
		t.Errorf("%d batches, %v", n, err)
	}
}
