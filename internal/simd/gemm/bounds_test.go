package gemm

import (
	"testing"

	"github.com/foretell/foretell/internal/simd/guard"
	"github.com/foretell/foretell/internal/simd/levels"
)

// TestBounds multiplies with slices beside which memory may not be touched, those of
// the matrix among them.
func TestBounds(t *testing.T) {
	levels.Each(t, func(t *testing.T) {
		for _, side := range guard.Sides {
			for _, rows := range []int{1, 16, 32, 47, 64} {
				for _, cols := range []int{1, 2, 3, 30, 256, 259, 1026} {
					m := New(rows, cols)
					row := make([]int16, cols)
					for k := range row {
						row[k] = MaxWeight
					}
					for r := range rows {
						m.SetRow(r, row, MaxMantissa)
					}
					m.w, m.mantissa = guard.Copy(t, m.w, side), guard.Copy(t, m.mantissa, side)
					for n := 1; n <= 13; n += 1 + n/4 {
						a := guard.Copy(t, make([]int16, n*m.Stride()), side)
						out := guard.Copy(t, make([]int32, n*rows), side)
						shift := guard.Copy(t, make([]uint8, n), side)
						m.Mul(out, rows, a, m.Stride(), n, shift, 0, rows)
					}
				}
			}
		}
	})
}
