package attend

import (
	"testing"

	"github.com/foretell/foretell/internal/simd/guard"
	"github.com/foretell/foretell/internal/simd/levels"
)

// TestBounds runs every loop on slices beside which memory may not be touched.
func TestBounds(t *testing.T) {
	levels.Each(t, func(t *testing.T) {
		for _, side := range guard.Sides {
			for _, n := range []int{16, 32, 48, 64, 256} {
				for count := 1; count < 40; count += 1 + count/5 {
					query := guard.Copy(t, make([]int16, n), side)
					keys := guard.Copy(t, make([]int16, count*n), side)
					frac := guard.Copy(t, make([]int32, count), side)
					x := guard.Copy(t, make([]int32, count), side)
					Scores(x, query, keys, frac, 1<<30, 2, 0)
					powers := guard.Copy(t, make([]uint32, count), side)
					Powers(powers, x, 0)
					Align(powers, frac, 0)
					shares := guard.Copy(t, make([]int16, count), side)
					Share(shares, powers, 3)
					Least(x, 0)
					Weigh(guard.Copy(t, make([]int32, n), side), shares, guard.Copy(t, make([]int8, count*n), side))
				}
			}
		}
	})
}
