//go:build !unix

package guard

import (
	"testing"
	"unsafe"
)

const guarded = false

// memory returns size bytes, which may lie anywhere, for numbers of up to 64 bits.
func memory(_ testing.TB, size int, _ Side) []byte {
	words := make([]uint64, (size+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), size)
}
