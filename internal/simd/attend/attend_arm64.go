//go:build !purego

package attend

import "github.com/foretell/foretell/internal/simd"

// fastKeys returns how many of count keys of n numbers the vector loop takes. Sums of
// up to 128 products fit 32 bits.
func fastKeys(count, n int) int {
	if !simd.NEON() || n == 0 || n%Lanes > 0 || n > 128 {
		return 0
	}
	return count &^ 3
}

// fastValues returns how many of count values of n numbers the vector loop takes.
func fastValues(count, n int) int {
	if !simd.NEON() || n%Lanes > 0 {
		return 0
	}
	return count
}

//go:noescape
func scoresFast(dst *int32, query *int16, n int, keys *int16, frac *int32, scale int64, shift, count int, top int32) int32

//go:noescape
func weighFast(sums *int32, n int, shares *int16, values *int8, count int)
