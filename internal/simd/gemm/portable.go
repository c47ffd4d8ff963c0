package gemm

import "math"

// sumsGo sets sums[t*Block+r] to the products of pairs of columns of a panel w and
// t tokens a, added up.
func sumsGo(sums []int32, w, a []int16, aStride, tokens, pairs int) {
	w = w[:pairs*width]
	for t := range tokens {
		a := a[t*aStride:][:2*pairs]
		to := sums[t*Block:][:panel]
		for r := 0; r < panel; r += 4 {
			var s0, s1, s2, s3 int32
			for k := range pairs {
				a0, a1 := int32(a[2*k]), int32(a[2*k+1])
				w := w[k*width+2*r:][:8]
				s0 += a0*int32(w[0]) + a1*int32(w[1])
				s1 += a0*int32(w[2]) + a1*int32(w[3])
				s2 += a0*int32(w[4]) + a1*int32(w[5])
				s3 += a0*int32(w[6]) + a1*int32(w[7])
			}
			to[r], to[r+1], to[r+2], to[r+3] = s0, s1, s2, s3
		}
	}
}

// finishGo sets out to the scaled sums of one token.
func finishGo(out []int32, sums []int64, mantissa []int32, shift uint8) {
	half := int64(1) << shift >> 1
	sums, mantissa = sums[:len(out)], mantissa[:len(out)]
	for r := range out {
		// At most 2^38 * 2^24, and half of 2^62.
		y := (sums[r]*int64(mantissa[r]) + half) >> shift
		out[r] = int32(min(max(y, math.MinInt32), math.MaxInt32))
	}
}
