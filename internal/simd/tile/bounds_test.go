package tile

import (
	"testing"

	"github.com/foretell/foretell/internal/simd/guard"
	"github.com/foretell/foretell/internal/simd/levels"
)

// TestBounds turns arrays beside which memory may not be touched.
func TestBounds(t *testing.T) {
	levels.Each(t, func(t *testing.T) {
		for _, side := range guard.Sides {
			for _, stride := range []int{Width, Width + 1, 2 * Width} {
				for n := 1; n < 40; n += 1 + n/5 {
					rows := guard.Copy(t, make([]uint32, (n-1)*stride+Width), side)
					var columns [Width][]uint32
					for k := range columns {
						columns[k] = guard.Copy(t, make([]uint32, n), side)
					}
					ToRows(rows, stride, &columns, 0, n)
					ToColumns(&columns, rows, stride, 0, n)
				}
			}
		}
	})
}
