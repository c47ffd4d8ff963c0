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

// fastScale is fast, for Scale.
func fastScale(n int) int { return fast(n) }

//go:noescape
func signsFast(x *int64, n int) uint64

//go:noescape
func quantizeFast(dst *int16, x *int64, n, shift int)

//go:noescape
func squaresFast(x *int16, n int) uint64

//go:noescape
func shiftFast(dst, x *int64, n, left, right int) int64

//go:noescape
func energyFast(x *int64, n, shift int) uint64

//go:noescape
func scaleFast(x *int64, n int, by int64, shift int, gain *int32, gainShift int)

//go:noescape
func addRoundedFast(dst, x *int32, n, shift int)

//go:noescape
func accumulateFast(x *int64, y *int32, n, left, right int)

//go:noescape
func accumulateScaledFast(x *int64, y *int16, n int, scale int32, shift int)

//go:noescape
func activateFast(dst *int64, c *Curve, x *int32, n, left, right int)

//go:noescape
func gateFast(dst *int64, c *Curve, x, y *int32, n, left, right int)
