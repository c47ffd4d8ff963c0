//go:build !purego

package fixedpoint

import "github.com/foretell/foretell/internal/simd"

// fast returns how many of n numbers the vector loops take: a multiple of 16.
func fast(n int) int {
	if !simd.Vectors() {
		return 0
	}
	return n &^ 15
}

//go:noescape
func signsAVX2(x *int64, n int) uint64

//go:noescape
func quantizeAVX2(dst *int16, x *int64, n, shift int)

//go:noescape
func squaresAVX2(x *int16, n int) uint64

//go:noescape
func shiftAVX2(dst, x *int64, n, left, right int) int64

//go:noescape
func energyAVX2(x *int64, n, shift int) uint64

//go:noescape
func scaleAVX2(x *int64, n int, by int64, shift int, gain *int32, gainShift int)

//go:noescape
func addRoundedAVX2(dst, x *int32, n, shift int)

//go:noescape
func accumulateAVX2(x *int64, y *int32, n, left, right int)

//go:noescape
func accumulateScaledAVX2(x *int64, y *int16, n int, scale int32, shift int)

//go:noescape
func activateAVX2(dst *int64, c *Curve, x *int32, n, left, right int)

//go:noescape
func gateAVX2(dst *int64, c *Curve, x, y *int32, n, left, right int)
