//go:build !purego

package simd

import (
	"golang.org/x/sys/cpu"
)

// Each level has what those below it have. Only vnni has the instructions of that
// name, which are for 512 bits.
const (
	avx2 level = iota + 1
	avx512
	vnni
)

var levelNames = []string{"purego", "avx2", "avx512", "vnni"}

func best() level {
	switch x := &cpu.X86; {
	case !x.HasAVX2 || !x.HasFMA || !x.HasF16C:
		return purego
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ:
		return avx2
	case !x.HasAVX512VNNI:
		return avx512
	}
	return vnni
}

// Vectors reports whether kernels with AVX2 may be used.
func Vectors() bool { return active >= avx2 }

// Wide reports whether kernels with AVX-512 (F, BW and DQ) may be used.
func Wide() bool { return active >= avx512 }

// VNNI reports whether kernels with AVX-512 and VNNI may be used.
func VNNI() bool { return active >= vnni }

// maxScale bounds the scales that the vector kernels take: up to there, a
// denormal probability has no weight, whatever is added to its exponent.
const maxScale = 125

// exponent returns what to add to the bits of a probability to multiply it by
// 2^k, and whether the vector kernels can.
func exponent(k int) (add uint32, ok bool) {
	return uint32(k) << 23, k >= 0 && k <= maxScale
}

// long is how many numbers are worth the start of an AVX-512 kernel.
const long = 1024

// offsetFloat returns the offset of logits as the number that it stands for,
// which is exact.
func offsetFloat(offset int64) float32 {
	return float32(offset) * (1.0 / (1 << fraction))
}

func weighFloat32(p []float32, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	if e, ok := exponent(k); ok {
		if active >= avx512 && len(p) >= long {
			if sum, ok := weighFloat32AVX512(&p[0], e, per, total, &cum[0], len(cum)); ok {
				return len(cum), sum
			}
		}
		if active >= avx2 {
			return weighFloat32AVX2(&p[0], e, per, total, &cum[0], len(cum))
		}
	}
	return weighGo(p, k, per, total, cum, chunkFloat32)
}

func weighFloat64(p []float64, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	if e, ok := exponent(k); ok {
		if active >= avx512 && len(p) >= long {
			if sum, ok := weighFloat64AVX512(&p[0], e, per, total, &cum[0], len(cum)); ok {
				return len(cum), sum
			}
		}
		if active >= avx2 {
			return weighFloat64AVX2(&p[0], e, per, total, &cum[0], len(cum))
		}
	}
	return weighGo(p, k, per, total, cum, chunkFloat64)
}

func weighFloat16(p []uint16, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	if e, ok := exponent(k); ok {
		if active >= avx512 && len(p) >= long {
			if sum, ok := weighFloat16AVX512(&p[0], e, per, total, &cum[0], len(cum)); ok {
				return len(cum), sum
			}
		}
		if active >= avx2 {
			return weighFloat16AVX2(&p[0], e, per, total, &cum[0], len(cum))
		}
	}
	return weighGo(p, k, per, total, cum, chunkFloat16)
}

func weighBFloat16(p []uint16, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	if e, ok := exponent(k); ok {
		if active >= avx512 && len(p) >= long {
			if sum, ok := weighBFloat16AVX512(&p[0], e, per, total, &cum[0], len(cum)); ok {
				return len(cum), sum
			}
		}
		if active >= avx2 {
			return weighBFloat16AVX2(&p[0], e, per, total, &cum[0], len(cum))
		}
	}
	return weighGo(p, k, per, total, cum, chunkBFloat16)
}

func weighLogits(x []float32, offset int64, per int, total uint64, cum []uint64) (sum uint64) {
	switch {
	case active >= avx512:
		return weighLogitsAVX512(&x[0], offsetFloat(offset), per, total, &cum[0], len(cum))
	case active >= avx2:
		return weighLogitsAVX2(&x[0], offsetFloat(offset), per, total, &cum[0], len(cum))
	}
	return weighLogitsGo(x, offset, per, total, cum)
}

func weightsFloat32(dst []uint32, p []float32, k int) {
	if e, ok := exponent(k); ok && active != purego {
		weightsFloat32AVX2(&dst[0], &p[0], e, len(p))
		return
	}
	weightsFloat32Go(dst, p, k)
}

func weightsLogits(dst []uint32, x []float32, offset int64) {
	if active == purego {
		weightsLogitsGo(dst, x, offset)
		return
	}
	weightsLogitsAVX2(&dst[0], &x[0], offsetFloat(offset), len(x))
}

func maxBits(p []float32) uint32 {
	if active == purego {
		return maxBitsGo(p)
	}
	return maxBitsAVX2(&p[0], len(p))
}

func maxLogit(x []float32, largest float32) (m float32, nan bool) {
	switch {
	case active >= avx512:
		return maxLogitAVX512(&x[0], len(x), largest)
	case active >= avx2:
		return maxLogitAVX2(&x[0], len(x), largest)
	}
	return maxLogitGo(x, largest)
}

func widenFloat16(dst []float32, src []uint16) {
	if active == purego {
		widenFloat16Go(dst, src)
		return
	}
	widenFloat16AVX2(&dst[0], &src[0], len(src))
}

func narrowFloat64(dst []float32, src []float64) {
	if active == purego {
		narrowFloat64Go(dst, src)
		return
	}
	narrowFloat64AVX2(&dst[0], &src[0], len(src))
}

func sumFloat32(p []float32) float32 {
	if best() == purego {
		return sumFloat32Go(p)
	}
	return sumFloat32AVX(&p[0], len(p))
}

// The kernels below read whole chunks: per and n are multiples of Chunk, and
// above zero, as chunks is.

//go:noescape
func weighFloat32AVX512(p *float32, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)

//go:noescape
func weighFloat64AVX512(p *float64, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)

//go:noescape
func weighFloat16AVX512(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)

//go:noescape
func weighBFloat16AVX512(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)

//go:noescape
func weighLogitsAVX512(x *float32, offset float32, per int, total uint64, cum *uint64, chunks int) (sum uint64)

//go:noescape
func maxLogitAVX512(x *float32, n int, largest float32) (m float32, nan bool)

//go:noescape
func weighFloat32AVX2(p *float32, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)

//go:noescape
func weighFloat64AVX2(p *float64, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)

//go:noescape
func weighFloat16AVX2(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)

//go:noescape
func weighBFloat16AVX2(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)

//go:noescape
func weighLogitsAVX2(x *float32, offset float32, per int, total uint64, cum *uint64, chunks int) (sum uint64)

//go:noescape
func maxLogitAVX2(x *float32, n int, largest float32) (m float32, nan bool)

//go:noescape
func weightsFloat32AVX2(dst *uint32, p *float32, exponent uint32, n int)

//go:noescape
func weightsLogitsAVX2(dst *uint32, x *float32, offset float32, n int)

//go:noescape
func maxBitsAVX2(p *float32, n int) uint32

//go:noescape
func widenFloat16AVX2(dst *float32, src *uint16, n int)

//go:noescape
func narrowFloat64AVX2(dst *float32, src *float64, n int)

//go:noescape
func sumFloat32AVX(p *float32, n int) float32

// logitTable is the constants of the logit kernels: log2(e), then the
// coefficients of the polynomial times 2^30.
//
//lint:ignore U1000 logits_amd64.s reads it
var logitTable = [...]float32{
	log2e / float32(1<<23),
	c0 * (1 << 6), c1 * (1 << 6), c2 * (1 << 4), c3 * (1 << 2), c4,
}
