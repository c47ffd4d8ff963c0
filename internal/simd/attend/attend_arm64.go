//go:build !purego

package attend

import "github.com/foretell/foretell/internal/simd"

// fast returns how many of n numbers the vector loops take.
func fast(n int) int {
	if !simd.NEON() {
		return 0
	}
	return n &^ (Lanes - 1)
}

// fastKeys returns how many of count keys of n numbers the vector loop takes. Sums of
// up to 128 products fit 32 bits.
func fastKeys(count, n int) int {
	if !simd.NEON() || n == 0 || n%Lanes > 0 || n > 128 {
		return 0
	}
	return count &^ 3
}

// dot is dotGo, for the few keys that are left.
func dot(query, key []int16) int64 { return dotGo(query, key) }

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
func powersFast(dst *uint32, x *int32, n int, top int32) (total uint64)

//go:noescape
func alignFast(x *uint32, frac *int32, n int, least int32) (top uint32, total uint64)

//go:noescape
func shareFast(dst *int16, x *uint32, n, cut int)

//go:noescape
func leastFast(x *int32, n int, least int32) int32

//go:noescape
func weighFast(sums *int32, n int, shares *int16, values *int8, count int)
