//go:build unix

package guard

import (
	"testing"

	"golang.org/x/sys/unix"
)

const guarded = true

// memory returns size bytes.
func memory(tb testing.TB, size int, side Side) []byte {
	tb.Helper()
	page := unix.Getpagesize()
	pages := (size + page - 1) / page * page
	mem, err := unix.Mmap(-1, 0, page+pages+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := unix.Munmap(mem); err != nil {
			tb.Error(err)
		}
	})
	for _, at := range []int{0, page + pages} {
		if err := unix.Mprotect(mem[at:at+page], unix.PROT_NONE); err != nil {
			tb.Fatal(err)
		}
	}
	if side == Behind {
		return mem[page+pages-size : page+pages]
	}
	return mem[page : page+size]
}
