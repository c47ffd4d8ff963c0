//go:build !purego

package gemm

import "github.com/foretell/foretell/internal/simd"

// unit returns how many rows, and at most how many tokens, sums works on together.
func unit() (rows, tokens int) {
	if simd.Vectors() {
		return panel, 6
	}
	return panel, 4
}

// sums sets s[t*rows+r] to the products of the weights w of a unit of rows and
// tokens a, added up over pairs of columns. It fetches ahead from w[ahead] on, at
// least step numbers every two pairs.
func sums(s []int32, w, a []int16, aStride, tokens, pairs, ahead, step int) {
	if !simd.Vectors() {
		sumsGo(s, w, a, aStride, tokens, pairs)
		return
	}
	switch f := 2 * ahead; tokens {
	case 1:
		sums1AVX2(&s[0], &w[0], &a[0], aStride, pairs, f, 2*step)
	case 2:
		sums2AVX2(&s[0], &w[0], &a[0], aStride, pairs, f, 2*step)
	case 3:
		sums3AVX2(&s[0], &w[0], &a[0], aStride, pairs, f, 2*step)
	case 4:
		sums4AVX2(&s[0], &w[0], &a[0], aStride, pairs, f, 2*step)
	case 5:
		sums5AVX2(&s[0], &w[0], &a[0], aStride, pairs, f, 2*step)
	case 6:
		sums6AVX2(&s[0], &w[0], &a[0], aStride, pairs, f, 2*step)
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
	if simd.Vectors() {
		finishAVX2(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
		return
	}
	finishGo(out, outStride, s, mantissa, shift, rows)
}

// finishWide is finish over sums of 64 bits.
func finishWide(out []int32, outStride int, s []int64, mantissa []int32, shift []uint8, rows int) {
	if simd.Vectors() {
		finishWideAVX2(&out[0], outStride, &s[0], &mantissa[0], &shift[0], len(shift), rows)
		return
	}
	finishGo(out, outStride, s, mantissa, shift, rows)
}

//go:noescape
func sums1AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)

//go:noescape
func sums2AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)

//go:noescape
func sums3AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)

//go:noescape
func sums4AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)

//go:noescape
func sums5AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)

//go:noescape
func sums6AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)

//go:noescape
func widenAVX2(wide *int64, sums *int32, n int)

//go:noescape
func finishAVX2(out *int32, outStride int, sums, mantissa *int32, shift *uint8, tokens, rows int)

//go:noescape
func finishWideAVX2(out *int32, outStride int, sums *int64, mantissa *int32, shift *uint8, tokens, rows int)
