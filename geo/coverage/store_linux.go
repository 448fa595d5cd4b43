package coverage

import (
	"os"
	"syscall"
	"unsafe"
)

const largePage = 2 << 20

// inLargePages asks for large pages for b, if it is long enough for some. Go may later put something else there, which the wish does no harm.
func inLargePages(b []byte) error {
	if len(b) < 2*largePage {
		return nil
	}
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (page - 1)
	return syscall.Madvise(b[skip:skip+(len(b)-skip)&^(page-1)], syscall.MADV_HUGEPAGE)
}
