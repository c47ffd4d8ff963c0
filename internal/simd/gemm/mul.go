package gemm

// mul is Mul once the slices are known to be long enough.
func (m *Matrix) mul(out []int32, outStride int, a []int16, aStride, n int, shift []uint8, r0, r1 int) {
	var sums [tile * Block]int32
	var wide [tile * Block]int64
	size := panel * m.Stride()
	for b := r0 / Block; b*Block < r1; b++ {
		w := m.w[2*b*size:][:2*size]
		lo, hi := max(b*Block, r0), min(b*Block+Block, r1)
		step := int(m.period[b]) * pairs
		for t := 0; t < n; t += tile {
			tokens := min(tile, n-t)
			clear(wide[:tokens*Block])
			for k := 0; k < m.Stride()/2; k += step {
				count := min(step, m.Stride()/2-k)
				at := a[t*aStride+2*k:]
				sumsGo(sums[:], w[k*width:], at, aStride, tokens, count)
				sumsGo(sums[panel:], w[size+k*width:], at, aStride, tokens, count)
				for i, s := range sums[:tokens*Block] {
					wide[i] += int64(s)
				}
			}
			for i := range tokens {
				o := (t + i) * outStride
				finishGo(out[o+lo:o+hi], wide[i*Block+lo-b*Block:], m.mantissa[lo:], shift[t+i])
			}
		}
	}
}
