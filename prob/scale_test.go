package prob

import (
	"math"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// TestHuge checks that a number so large that its exponent overflows at the first
// scale counts as what it is, at every level.
func TestHuge(t *testing.T) {
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		for e := -120; e < 128; e++ {
			p := make([]float32, 4096)
			p[0], p[1], p[4000] = 0.5, 0.4, float32(math.Ldexp(1, e))
			var c Categorical
			if err := Set(&c, p); err != nil {
				t.Fatal(err)
			}
			iv, err := c.Interval(4000)
			if err != nil {
				t.Fatal(err)
			}
			want := math.Ldexp(1, e) / (0.9 + math.Ldexp(1, e))
			if got := float64(iv.Width) / Total; math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: 2^%d beside 0.9 gets %v of the line, want %v", level, e, got, want)
			}
		}
		restore()
	}
}
