package gemm

import "math"

// sumsGo works on one panel.
func sumsGo(s []int32, w, a []int16, aStride, tokens, pairs int) {
	for t := range tokens {
		panelGo(s[t*panel:], w, a[t*aStride:], pairs)
	}
}

// panelGo sets the first numbers of s to the sums of a panel and a token.
func panelGo(s []int32, w, a []int16, pairs int) {
	w, a, s = w[:pairs*width], a[:2*pairs], s[:panel]
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
		s[r], s[r+1], s[r+2], s[r+3] = s0, s1, s2, s3
	}
}

func widenGo(wide []int64, s []int32) {
	wide = wide[:len(s)]
	for i, v := range s {
		wide[i] += int64(v)
	}
}

func finishGo[T int32 | int64](out []int32, outStride int, s []T, mantissa []int32, shift []uint8, rows int) {
	mantissa = mantissa[:rows]
	for t, shift := range shift {
		half := int64(1) << shift >> 1
		s, out := s[t*rows:][:rows], out[t*outStride:][:rows]
		for r, m := range mantissa {
			// At most 2^38 * 2^24, and half of 2^62.
			y := (int64(s[r])*int64(m) + half) >> shift
			out[r] = int32(min(max(y, math.MinInt32), math.MaxInt32))
		}
	}
}
