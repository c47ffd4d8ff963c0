//go:build !purego

package gemm

import "github.com/foretell/foretell/internal/simd"

func unit() (rows, tokens int) { return panel, 3 }

func sums(s []int32, w, a []int16, aStride, tokens, pairs, _, _, _ int) {
	if simd.NEON() {
		sumsNEON(&s[0], &w[0], &a[0], aStride, tokens, pairs)
		return
	}
	sumsGo(s, w, a, aStride, tokens, pairs)
}

func widen(wide []int64, s []int32) {
	if simd.NEON() {
		widenNEON(&wide[0], &s[0], len(s))
		return
	}
	widenGo(wide, s)
}

func finish(out []int32, outStride int, s, mantissa []int32, shift []uint8, rows int) {
	if simd.NEON() {
		finishNEON(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
		return
	}
	finishGo(out, outStride, s, mantissa, shift, rows)
}

func finishWide(out []int32, outStride int, s []int64, mantissa []int32, shift []uint8, rows int) {
	if simd.NEON() {
		finishWideNEON(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
		return
	}
	finishGo(out, outStride, s, mantissa, shift, rows)
}

//go:noescape
func sumsNEON(s *int32, w, a *int16, aStride, tokens, pairs int)

//go:noescape
func widenNEON(wide *int64, s *int32, n int)

//go:noescape
func finishNEON(out *int32, outStride int, s, mantissa *int32, shift *uint8, tokens, rows int)

//go:noescape
func finishWideNEON(out *int32, outStride int, s *int64, mantissa *int32, shift *uint8, tokens, rows int)
