package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var sink float32

// bench measures f, and reports as x/sum what it takes in times of a plain sum
// over n numbers: the fastest of many short runs of either, taken in turn, so
// that other load on the machine counts little.
func bench(b *testing.B, n int, f func()) {
	for b.Loop() {
		f()
	}
	p := make([]float32, n)
	for i := range p {
		p[i] = 1 // an untouched array would all be one page of zeros
	}
	times := 1 + 20000/n
	fastest := func(old float64, f func()) float64 {
		start := time.Now()
		for range times {
			f()
		}
		return min(old, float64(time.Since(start).Nanoseconds()))
	}
	own, sum := math.Inf(1), math.Inf(1)
	for range 300 {
		own = fastest(own, f)
		sum = fastest(sum, func() { sink += SumFloat32(p) })
	}
	b.ReportMetric(own/sum, "x/sum")
}

// BenchmarkKernel measures the kernels at each level, on arrays that stay in the
// cache, in ns and in times that a plain sum takes (x/sum).
func BenchmarkKernel(b *testing.B) {
	for _, n := range []int{256, 32000, 128256} {
		r := rand.New(rand.NewPCG(1, 2))
		p, d, h, bf, x := make([]float32, n), make([]float64, n), make([]uint16, n), make([]uint16, n), make([]float32, n)
		for i := range p {
			p[i] = float32(r.ExpFloat64()) / float32(n)
			d[i] = float64(p[i])
			bf[i] = uint16(math.Float32bits(p[i]) >> 16)
			h[i] = uint16(r.UintN(0x2000))
			x[i] = float32(r.NormFloat64()) * 5
		}
		per := min(n, 512)
		chunks := n / per
		m := chunks * per
		cum := make([]uint64, chunks)
		for _, level := range Levels() {
			restore, err := Use(level)
			if err != nil {
				b.Fatal(err)
			}
			for _, k := range []struct {
				name string
				f    func()
			}{
				{"sum", func() { sink += SumFloat32(p) }},
				{"float32", func() { WeighFloat32(p[:m], 31, per, 0, cum) }},
				{"float64", func() { WeighFloat64(d[:m], 31, per, 0, cum) }},
				{"float16", func() { WeighFloat16(h[:m], 31, per, 0, cum) }},
				{"bfloat16", func() { WeighBFloat16(bf[:m], 31, per, 0, cum) }},
				{"logits", func() { WeighLogits(x[:m], LogitOffset(25), per, 0, cum) }},
				{"maxlogit", func() { MaxLogit(x, 0) }},
				{"maxbits", func() { MaxBits(p) }},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", k.name, level, n), func(b *testing.B) { bench(b, n, k.f) })
			}
			restore()
		}
	}
}
