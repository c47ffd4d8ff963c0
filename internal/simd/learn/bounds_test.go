package learn

import (
	"testing"

	"github.com/foretell/foretell/internal/simd/guard"
	"github.com/foretell/foretell/internal/simd/levels"
)

// TestBounds runs every loop on slices beside which memory may not be touched.
func TestBounds(t *testing.T) {
	levels.Each(t, func(t *testing.T) {
		for _, side := range guard.Sides {
			for n := 1; n < 100; n += 1 + n/9 {
				a, b := guard.Copy(t, make([]int32, n), side), guard.Copy(t, make([]int32, n), side)
				c := guard.Copy(t, make([]int32, n), side)
				w := [][]int32{a, b}
				Dots(make([]int32, 2), w, c)
				Train(w, c, []int32{1, 1}, 1)
				Sum(c, w)
				Product(a, b)
				Energy(a)
				Step(a, b, 1, 1)
				Learn(a, b, c, 1, 1, 1)
				Fetch(w)
			}
		}
	})
}
