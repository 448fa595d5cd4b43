package coverage

import (
	"os"
	"testing"
)

// The kernel takes whole pages only, and what is asked about here begins and ends between two.
func TestLargePagesAreAskedFor(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this system has none")
	}
	b := make([]byte, 3*largePage)
	for _, skip := range []int{0, 1, 4097} {
		if err := inLargePages(b[skip : len(b)-skip]); err != nil {
			t.Errorf("%d bytes in: %v", skip, err)
		}
	}
	for i, n := range large[int32](3 * largePage) {
		if n != 0 {
			t.Fatalf("%d at %d", n, i)
		}
	}
}
