package pmtiles_test

import (
	"testing"

	"wangge/tile/pmtiles"
)

func TestPublishedIDs(t *testing.T) {
	for _, v := range []struct {
		z    uint8
		x, y uint32
		id   uint64
	}{
		// The table of the specification, chapter 4.1.
		{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {12, 3423, 1763, 19078479},
		// A curve ends north-east of where it began; (4^31 - 1) / 3 tiles lie above zoom 31.
		{31, 0, 0, 1537228672809129301}, {31, 1<<31 - 1, 0, 6148914691236517204},
	} {
		if got := pmtiles.ID(v.z, v.x, v.y); got != v.id {
			t.Errorf("%d/%d/%d is %d, want %d", v.z, v.x, v.y, got, v.id)
		}
		if z, x, y := pmtiles.Tile(v.id); z != v.z || x != v.x || y != v.y {
			t.Errorf("%d is %d/%d/%d, want %d/%d/%d", v.id, z, x, y, v.z, v.x, v.y)
		}
	}
}

// A curve visits each tile once, in steps to a neighbour, and through the quarters of a tile before it goes on.
func TestCurves(t *testing.T) {
	next := uint64(0)
	for z := uint8(0); z <= 9; z++ {
		if pmtiles.First(z) != next {
			t.Fatalf("zoom %d begins with %d, want %d", z, pmtiles.First(z), next)
		}
		seen := map[[2]uint32]bool{}
		var wasX, wasY uint32
		for n := range uint64(1) << (2 * z) {
			gotZ, x, y := pmtiles.Tile(next)
			if gotZ != z || x >= 1<<z || y >= 1<<z || seen[[2]uint32{x, y}] || pmtiles.ID(z, x, y) != next {
				t.Fatalf("tile %d is %d/%d/%d, whose id is %d", next, gotZ, x, y, pmtiles.ID(z, x, y))
			}
			seen[[2]uint32{x, y}] = true
			if step := int(x) - int(wasX) + int(y) - int(wasY); n > 0 && step != 1 && step != -1 {
				t.Fatalf("from %d/%d/%d it goes to %d/%d", z, wasX, wasY, x, y)
			}
			if parent := pmtiles.First(z-min(z, 1)) + n/4; z > 0 && parent != pmtiles.ID(z-1, x/2, y/2) {
				t.Fatalf("%d/%d/%d lies in %d, not in %d", z, x, y, pmtiles.ID(z-1, x/2, y/2), parent)
			}
			wasX, wasY = x, y
			next++
		}
	}
}

func FuzzIDs(f *testing.F) {
	f.Add(uint8(16), uint32(54673), uint32(26819))
	f.Add(uint8(31), uint32(1<<31-1), uint32(1<<31-1))
	f.Fuzz(func(t *testing.T, z uint8, x, y uint32) {
		z %= pmtiles.MaxZoom + 1
		x, y = x&(1<<z-1), y&(1<<z-1)
		id := pmtiles.ID(z, x, y)
		if id < pmtiles.First(z) || id >= pmtiles.First(z+1) {
			t.Fatalf("%d/%d/%d is %d", z, x, y, id)
		}
		if gotZ, gotX, gotY := pmtiles.Tile(id); gotZ != z || gotX != x || gotY != y {
			t.Fatalf("%d/%d/%d comes back as %d/%d/%d", z, x, y, gotZ, gotX, gotY)
		}
	})
}
