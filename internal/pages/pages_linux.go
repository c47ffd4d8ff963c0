package pages

import (
	"os"
	"syscall"
	"unsafe"
)

// advise asks for large pages in those pages that lie wholly within b. It is only
// advice: what the system says of it does not matter.
func advise(b []byte) {
	page := uintptr(os.Getpagesize())
	at := uintptr(unsafe.Pointer(&b[0]))
	skip := -at & (page - 1)
	n := (uintptr(len(b)) - skip) &^ (page - 1)
	_ = syscall.Madvise(b[skip:skip+n], syscall.MADV_HUGEPAGE)
}
