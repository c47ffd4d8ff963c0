package tile

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// TestTurn holds every level against moving each element by itself, there and back.
func TestTurn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		stride, n := Width+r.IntN(20), r.IntN(70)
		from := r.IntN(10)
		var columns [Width][]uint32
		for k := range columns {
			columns[k] = make([]uint32, from+n)
			for i := range columns[k] {
				columns[k][i] = r.Uint32()
			}
		}
		want := make([]uint32, max(0, (n-1)*stride+Width))
		for i := range n {
			for k := range columns {
				want[i*stride+k] = columns[k][from+i]
			}
		}
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			rows := make([]uint32, len(want))
			ToRows(rows, stride, &columns, from, from+n)
			if !slices.Equal(rows, want) {
				t.Fatalf("%s: %d rows of %d: %v, not %v", level, n, stride, rows, want)
			}
			var back [Width][]uint32
			for k := range back {
				back[k] = slices.Clone(columns[k][:from])
				back[k] = append(back[k], make([]uint32, n)...)
			}
			ToColumns(&back, rows, stride, from, from+n)
			for k := range back {
				if !slices.Equal(back[k], columns[k]) {
					t.Fatalf("%s: %d rows of %d: column %d comes back otherwise", level, n, stride, k)
				}
			}
			restore()
		}
	}
}
