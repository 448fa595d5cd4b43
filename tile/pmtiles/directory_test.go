package pmtiles

import "testing"

// A country's archive has more leaf directories than a root holds: they grow until it holds them.
func TestLeavesGrowUntilTheRootFits(t *testing.T) {
	entries := make([]entry, 30_000)
	for i := range entries {
		entries[i] = entry{id: uint64(i * i), offset: uint64(i*7919%30_000) * 1_000_003, length: uint32(i), run: 1}
	}
	const size = 4
	root, leaves, err := directories(entries, size)
	if err != nil {
		t.Fatal(err)
	}
	if len(root) > rootLimit-headerLength || len(root) < rootLimit/2 || len(leaves) == 0 {
		t.Errorf("a root directory of %d bytes, leaves of %d", len(root), len(leaves))
	}
}
