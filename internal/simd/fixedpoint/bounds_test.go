package fixedpoint

import (
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/simd/guard"
	"github.com/foretell/foretell/internal/simd/levels"
)

// TestBounds runs every loop on slices beside which memory may not be touched. The
// largest numbers read the end of the curve, the smallest its beginning.
func TestBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	levels.Each(t, func(t *testing.T) {
		for _, side := range guard.Sides {
			c := (*Curve)(guard.Copy(t, curve[:], side))
			for n := 1; n < 70; n += 1 + n/9 {
				x, dst := guard.Copy(t, make([]int64, n), side), guard.Copy(t, make([]int64, n), side)
				a, b := guard.Copy(t, narrow(r, n), side), guard.Copy(t, make([]int32, n), side)
				q := guard.Copy(t, make([]int16, n), side)
				Bits(x)
				Quantize(q, x)
				Squares(q)
				Shift(dst, x, 1)
				Energy(x, 1)
				Scale(x, 1, 1, b, 1)
				AddRounded(b, b, 1)
				Accumulate(x, b, 1)
				AccumulateScaled(x, q, 1, 1)
				c.Activate(dst, a, 12)
				c.Gate(dst, a, 12, b)
			}
		}
	})
}
