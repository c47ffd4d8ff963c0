//go:build !purego

package gemm

import "github.com/foretell/foretell/internal/simd"

// unit returns how many rows, and at most how many tokens, sums works on together.
func unit() (rows, tokens int) {
	switch {
	case simd.Wide():
		return 2 * panel, tile
	case simd.Vectors():
		return panel, 6
	}
	return panel, 4
}

// sums sets s[t*rows+r] to the products of the weights w of a unit of rows, of
// which a panel has size, and tokens a, added up over pairs of columns. It fetches
// weights from w[ahead] on, step of them a pair.
func sums(s []int32, w, a []int16, aStride, tokens, pairs, size, ahead, step int) {
	switch {
	case simd.VNNI():
		sumsVNNI(&s[0], &w[0], &a[0], aStride, tokens, pairs, size, ahead, step)
	case simd.Wide():
		sumsAVX512(&s[0], &w[0], &a[0], aStride, tokens, pairs, size, ahead, step)
	case simd.Vectors():
		sumsAVX2(&s[0], &w[0], &a[0], aStride, tokens, pairs, ahead, step)
	default:
		sumsGo(s, w, a, aStride, tokens, pairs)
	}
}

// widen adds s to wide.
func widen(wide []int64, s []int32) {
	if simd.Vectors() {
		widenAVX2(&wide[0], &s[0], len(s))
		return
	}
	widenGo(wide, s)
}

// finish sets the rows of out, outStride apart, to the scaled sums of a unit of rows.
func finish(out []int32, outStride int, s, mantissa []int32, shift []uint8, rows int) {
	switch {
	case simd.Wide():
		finishAVX512(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
	case simd.Vectors():
		finishAVX2(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
	default:
		finishGo(out, outStride, s, mantissa, shift, rows)
	}
}

// finishWide is finish over sums of 64 bits.
func finishWide(out []int32, outStride int, s []int64, mantissa []int32, shift []uint8, rows int) {
	switch {
	case simd.Wide():
		finishWideAVX512(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
	case simd.Vectors():
		finishWideAVX2(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
	default:
		finishGo(out, outStride, s, mantissa, shift, rows)
	}
}

//go:noescape
func sumsAVX2(s *int32, w, a *int16, aStride, tokens, pairs, ahead, step int)

//go:noescape
func sumsAVX512(s *int32, w, a *int16, aStride, tokens, pairs, size, ahead, step int)

//go:noescape
func sumsVNNI(s *int32, w, a *int16, aStride, tokens, pairs, size, ahead, step int)

//go:noescape
func widenAVX2(wide *int64, s *int32, n int)

//go:noescape
func finishAVX2(out *int32, outStride int, s, mantissa *int32, shift *uint8, tokens, rows int)

//go:noescape
func finishWideAVX2(out *int32, outStride int, s *int64, mantissa *int32, shift *uint8, tokens, rows int)

//go:noescape
func finishAVX512(out *int32, outStride int, s, mantissa *int32, shift *uint8, tokens, rows int)

//go:noescape
func finishWideAVX512(out *int32, outStride int, s *int64, mantissa *int32, shift *uint8, tokens, rows int)
