//go:build amd64 && !purego

package learn

import (
	"unsafe"

	"github.com/foretell/foretell/internal/simd"
)

// fast reports whether the vector loops take n numbers.
func fast(n int) bool { return n > 0 && n%lanes == 0 && simd.Vectors() }

//go:noescape
func dotsAVX2(out *int32, w *[]int32, sets int, x *int32, n int)

//go:noescape
func trainAVX2(w *[]int32, sets int, x *int32, n int, e *int32, limit int32)

//go:noescape
func sumAVX2(sum *int32, n int, v *[]int32, count int)

//go:noescape
func productAVX2(x, v *int32, n int) int64

//go:noescape
func energyAVX2(x *int32, n int) uint64

//go:noescape
func stepAVX2(v, x *int32, n int, e, limit int32)

//go:noescape
func learnAVX2(to, v, x *int32, n int, err, e, limit int32)

//go:noescape
func fetchLines(lines unsafe.Pointer, at *uint32, n int)

//go:noescape
func fetch(v *[]int32, n int)
