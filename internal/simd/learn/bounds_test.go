package learn

import (
	"testing"

	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/internal/simd/guard"
)

// TestBounds runs every loop on slices beside which memory may not be touched.
func TestBounds(t *testing.T) {
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []guard.Side{guard.Before, guard.Behind} {
			for n := 1; n < 100; n += 1 + n/9 {
				a, b := guard.Copy(t, make([]int32, n), side), guard.Copy(t, make([]int32, n), side)
				Dot(a, b)
				Train(a, b, 1, 1)
				Add(a, b)
				Product(a, b)
				Energy(a)
				Step(a, b, 1, 1)
				Back(a, b, 1)
			}
		}
		restore()
	}
}
