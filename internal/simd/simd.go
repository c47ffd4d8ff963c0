// Package simd holds the inner loops: from numbers to integer weights, and the
// sums of those weights over chunks of an array.
//
// Every kernel has a portable version, which is the reference, and on amd64 two
// faster twins, for AVX2 and AVX-512, that give the same results bit for bit. Those
// of package gemm have one for AVX-512 with VNNI too, and one for arm64.
// None depends on the thread's rounding mode or on its treatment of denormal
// numbers. What the weights are is specified in docs/exactness.md.
//
// The best level that the processor has is chosen at the start. The environment
// variable FORETELL_SIMD (purego, avx2, avx512 or vnni; on arm64 purego or neon) asks
// for another, and Level tells what came of it; the build tag purego leaves only the
// reference.
package simd

import (
	"fmt"
	"math"
	"os"
	"slices"
)

// A level names one implementation of the kernels. Higher is faster.
type level int

// purego is the portable level.
const purego level = 0

// active is the level in use. It changes only at the start and in tests.
var active = choose(os.Getenv("FORETELL_SIMD"))

// choose returns the level of that name, or the best one below it that this
// processor has; the best of all for a name that is not a level.
func choose(name string) level {
	want := level(slices.Index(levelNames, name))
	if want < 0 {
		want = best()
	}
	return min(want, best())
}

// Unknown returns what FORETELL_SIMD asks for if there is no such level, else "".
func Unknown() string {
	if name := os.Getenv("FORETELL_SIMD"); !slices.Contains(levelNames, name) {
		return name
	}
	return ""
}

// Level returns the name of the implementation in use: "purego", "avx2", "avx512",
// "vnni" or "neon".
func Level() string { return levelNames[active] }

// Levels returns the names of the implementations that can be used here, the
// slowest first.
func Levels() []string { return slices.Clone(levelNames[:best()+1]) }

// Use changes to the implementation of that name and returns how to change
// back. It is for tests: no kernel may be running.
func Use(name string) (restore func(), err error) {
	want := level(slices.Index(levelNames, name))
	if want < 0 || want > best() {
		return nil, fmt.Errorf("simd level %q is not one of %v", name, Levels())
	}
	old := active
	active = want
	return func() { active = old }, nil
}

// Chunk is what lengths of chunks are multiples of.
const Chunk = 32

// WeighFloat32 adds up the weights floor(p*2^k) of chunks of p. A chunk is per
// numbers long, a multiple of Chunk, and p is exactly as long as len(cum)
// chunks. cum[i] becomes total plus the weights before chunk i, for chunks that are
// done; sum is total plus all.
//
// It stops before the first chunk that has a number with its sign bit set (minus
// zero too), a NaN, or a number of 2^(31-k) or more, and returns the number of
// chunks done, with the sum up to there. -97 <= k <= 179.
func WeighFloat32(p []float32, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	check(len(p), per*len(cum))
	if len(cum) == 0 {
		return 0, total
	}
	return weighFloat32(p, k, per, total, cum)
}

// WeighFloat64 is WeighFloat32 over numbers that are rounded to the nearest
// float32 first, ties to even.
func WeighFloat64(p []float64, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	check(len(p), per*len(cum))
	if len(cum) == 0 {
		return 0, total
	}
	return weighFloat64(p, k, per, total, cum)
}

// WeighFloat16 is WeighFloat32 over IEEE 754 half-precision numbers.
func WeighFloat16(p []uint16, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	check(len(p), per*len(cum))
	if len(cum) == 0 {
		return 0, total
	}
	return weighFloat16(p, k, per, total, cum)
}

// WeighBFloat16 is WeighFloat32 over bfloat16 numbers.
func WeighBFloat16(p []uint16, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	check(len(p), per*len(cum))
	if len(cum) == 0 {
		return 0, total
	}
	return weighBFloat16(p, k, per, total, cum)
}

// WeighLogits adds up the halves, rounded down, of the weights LogitWeight(x,
// offset) of chunks of x, as WeighFloat32 does: four halves fit 32 bits. No
// number of x may be a NaN or larger than the maximum that offset was made from.
func WeighLogits(x []float32, offset int64, per int, total uint64, cum []uint64) (sum uint64) {
	check(len(x), per*len(cum))
	if len(cum) == 0 {
		return total
	}
	return weighLogits(x, offset, per, total, cum)
}

// WeightsFloat32 sets dst to the weights floor(p*2^k) of p, of the same length.
// The numbers are between zero, of either sign, and 2^(31-k); the weights of
// others mean nothing.
func WeightsFloat32(dst []uint32, p []float32, k int) {
	check(len(dst), len(p))
	n := len(p) &^ (Chunk - 1)
	if n > 0 {
		weightsFloat32(dst[:n], p[:n], k)
	}
	weightsFloat32Go(dst[n:], p[n:], k)
}

// WeightsLogits sets dst to the halved weights of x, of the same length, on the
// terms of WeighLogits.
func WeightsLogits(dst []uint32, x []float32, offset int64) {
	check(len(dst), len(x))
	n := len(x) &^ (Chunk - 1)
	if n > 0 {
		weightsLogits(dst[:n], x[:n], offset)
	}
	weightsLogitsGo(dst[n:], x[n:], offset)
}

// MaxBits returns the largest bit pattern in p, taken as unsigned integers. At
// most 0x7f7fffff, it is that of the largest number and none is negative or not
// finite.
func MaxBits(p []float32) uint32 {
	n := len(p) &^ (Chunk - 1)
	rest := maxBitsGo(p[n:])
	if n == 0 {
		return rest
	}
	return max(rest, maxBits(p[:n]))
}

// MaxLogit returns the largest of x and largest, ignoring NaNs. It sets nan if
// there is one in x, and perhaps if there is not: when x holds an infinity.
func MaxLogit(x []float32, largest float32) (m float32, nan bool) {
	n := len(x) &^ (Chunk - 1)
	m, nan = maxLogitGo(x[n:], largest)
	if n > 0 {
		var more bool
		m, more = maxLogit(x[:n], m)
		nan = nan || more
	}
	return m, nan
}

// WidenFloat16 sets dst to the half-precision numbers src. Both slices are of
// one length.
func WidenFloat16(dst []float32, src []uint16) {
	check(len(dst), len(src))
	n := len(src) &^ (Chunk - 1)
	if n > 0 {
		widenFloat16(dst[:n], src[:n])
	}
	widenFloat16Go(dst[n:], src[n:])
}

// WidenBFloat16 sets dst to the bfloat16 numbers src. Both slices are of one
// length.
func WidenBFloat16(dst []float32, src []uint16) {
	check(len(dst), len(src))
	for i, h := range src {
		dst[i] = math.Float32frombits(BitsBFloat16(h))
	}
}

// NarrowFloat64 sets dst to the numbers src, each rounded to the nearest
// float32, ties to even. Both slices are of one length.
func NarrowFloat64(dst []float32, src []float64) {
	check(len(dst), len(src))
	n := len(src) &^ (Chunk - 1)
	if n > 0 {
		narrowFloat64(dst[:n], src[:n])
	}
	narrowFloat64Go(dst[n:], src[n:])
}

// SumFloat32 adds up p plainly, in four accumulators of 256 bits where the
// processor has them. It is the yardstick of the benchmarks: what it costs to
// read an array once.
func SumFloat32(p []float32) float32 {
	n := len(p) &^ (Chunk - 1)
	var s float32
	if n > 0 {
		s = sumFloat32(p[:n])
	}
	return s + sumFloat32Go(p[n:])
}

func check(n, want int) {
	if n != want {
		panic("simd: slices of different lengths")
	}
}
