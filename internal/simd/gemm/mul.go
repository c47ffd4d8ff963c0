package gemm

// mul is Mul once the slices are known to be long enough.
func (m *Matrix) mul(out []int32, outStride int, a []int16, aStride, n int, shift []uint8, r0, r1 int) {
	var narrow [tile * Block]int32
	var wide [tile * Block]int64
	var edge [tile * Block]int32
	rows, most := unit()
	passes := (n + most - 1) / most
	all := m.Stride() / 2 // pairs of columns
	size := panel * m.Stride()
	for r := r0 / rows * rows; r < r1; r += rows {
		w := m.w[r*m.Stride():][:rows*m.Stride()]
		mantissa := m.mantissa[r:][:rows]
		period := int(m.period[r/Block]) * pairs
		for p := range passes {
			// As many tokens in each pass as in the others, or one less.
			t := p * n / passes
			tokens := (p+1)*n/passes - t
			a, shift := a[t*aStride:], shift[t:][:tokens]

			// The rows to come are fetched bit by bit, in all passes.
			step := (rows*2 + passes - 1) / passes
			ahead := len(w) + p*len(w)/passes

			to, stride := out[t*outStride:], outStride
			ragged := r < r0 || r+rows > r1
			if ragged {
				to, stride = edge[:], rows
			} else {
				to = to[r:]
			}
			if period >= all {
				sums(narrow[:], w, a, aStride, tokens, all, size, ahead, step)
				finish(to, stride, narrow[:], mantissa, shift, rows)
			} else {
				clear(wide[:tokens*rows])
				for k := 0; k < all; k += period {
					sums(narrow[:], w[k*width:], a[2*k:], aStride, tokens, min(period, all-k), size, ahead, step)
					widen(wide[:], narrow[:tokens*rows])
				}
				finishWide(to, stride, wide[:], mantissa, shift, rows)
			}
			if ragged {
				lo, hi := max(r, r0), min(r+rows, r1)
				for i := range tokens {
					copy(out[(t+i)*outStride+lo:(t+i)*outStride+hi], edge[i*rows+lo-r:])
				}
			}
		}
	}
}
