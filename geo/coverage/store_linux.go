package coverage

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const largePage = 2 << 20

// inLargePages asks for large pages for b, if it is long enough for some. Where there are none it is only slower.
func inLargePages(b []byte) {
	if len(b) < 2*largePage {
		return
	}
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (page - 1)
	_ = unix.Madvise(b[skip:skip+(len(b)-skip)&^(page-1)], unix.MADV_HUGEPAGE)
}
