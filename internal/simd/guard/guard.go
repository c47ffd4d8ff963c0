// Package guard puts slices beside memory that may not be touched, so that a test
// ends at once where a kernel reads or writes beyond one. On systems other than Unix
// the slices are ordinary ones.
package guard

import (
	"testing"
	"unsafe"
)

// A Side is the end of a slice at which memory may not be touched.
type Side bool

// The sides: before the first element of a slice, and behind the last.
const (
	Before Side = false
	Behind Side = true
)

// Sides are both.
var Sides = [2]Side{Before, Behind}

// Copy returns a copy of x that has memory at that side which may not be touched. Its
// elements hold no pointers, and it is gone when the test is over.
func Copy[T any](tb testing.TB, x []T, side Side) []T {
	tb.Helper()
	if len(x) == 0 {
		return []T{}
	}
	size := len(x) * int(unsafe.Sizeof(x[0]))
	dst := unsafe.Slice((*T)(unsafe.Pointer(&memory(tb, size, side)[0])), len(x))
	copy(dst, x)
	return dst
}
