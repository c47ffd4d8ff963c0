package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/foretell/foretell/internal/simd"
)

// BenchmarkMul measures the products of one layer of a language model of 135
// million weights, and of its head, with a number of tokens, in 10^9 products of
// numbers a second (GMAC/s): that of the fastest of all runs, so that other load on
// the machine counts little. python/benchmarks/gemm.py measures the same products
// in float32 with NumPy.
func BenchmarkMul(b *testing.B) {
	shapes := [][2]int{{576, 576}, {192, 576}, {1536, 576}, {576, 1536}, {49152, 576}}
	r := rand.New(rand.NewPCG(1, 2))
	matrices := make([]*Matrix, len(shapes))
	for i, s := range shapes {
		matrices[i] = New(s[0], s[1])
		w := make([]int16, s[1])
		for row := range s[0] {
			for k := range w {
				w[k] = int16(max(min(r.NormFloat64()*600, MaxWeight), -MaxWeight))
			}
			matrices[i].SetRow(row, w, 1<<23)
		}
	}
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 4, 8, 16, 32, 128} {
			if level == "purego" && n > 1 {
				continue
			}
			for i, s := range shapes {
				a := numbers(r, n*s[1], MaxActivation, 0)
				out := make([]int32, n*s[0])
				shift := make([]uint8, n)
				for t := range shift {
					shift[t] = 30
				}
				b.Run(fmt.Sprintf("%s/%dx%d/%d", level, s[0], s[1], n), func(b *testing.B) {
					b.ReportAllocs()
					best := time.Hour
					for b.Loop() {
						start := time.Now()
						matrices[i].Mul(out, s[0], a, s[1], n, shift, 0, s[0])
						best = min(best, time.Since(start))
					}
					b.ReportMetric(float64(s[0]*s[1]*n)/float64(best.Nanoseconds()), "GMAC/s")
				})
			}
		}
		restore()
	}
}
