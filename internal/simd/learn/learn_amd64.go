//go:build amd64 && !purego

package learn

import (
	"unsafe"

	"github.com/foretell/foretell/internal/simd"
)

// fast reports whether the vector loops take n numbers.
func fast(n int) bool { return n > 0 && n%lanes == 0 && simd.Vectors() }

//go:noescape
func dotAVX2(w, x *int32, n int) int32

//go:noescape
func trainAVX2(w, x *int32, n int, e, limit int32)

//go:noescape
func addAVX2(sum, v *int32, n int)

//go:noescape
func productAVX2(x, v *int32, n int) int64

//go:noescape
func energyAVX2(x *int32, n int) uint64

//go:noescape
func stepAVX2(v, x *int32, n int, e, limit int32)

//go:noescape
func backAVX2(to, v *int32, n int, e int32)

//go:noescape
func prefetch(lines unsafe.Pointer, hashes *uint32, n int, shift uint)
