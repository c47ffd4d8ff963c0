package prob

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// BenchmarkCategorical measures the two halves of a step apart: reading an array
// (set), and what an encoder (interval) and a decoder (find) ask after that.
func BenchmarkCategorical(b *testing.B) {
	for _, n := range []int{256, 32000, 128256} {
		r := rand.New(rand.NewPCG(1, 2))
		p, x := make([]float32, n), make([]float32, n)
		for i := range p {
			p[i] = float32(r.ExpFloat64()) / float32(n)
			x[i] = float32(r.NormFloat64())
		}
		points := make([]uint32, 1024)
		for i := range points {
			points[i] = r.Uint32()
		}
		for _, kind := range []struct {
			name string
			set  func(*Categorical) error
		}{
			{"float32", func(c *Categorical) error { return Set(c, p) }},
			{"logits", func(c *Categorical) error { return SetLogits(c, x) }},
		} {
			var c Categorical
			name := func(what string) string {
				return fmt.Sprintf("%s/%s/%s/%d", what, kind.name, simd.Level(), n)
			}
			b.Run(name("set"), func(b *testing.B) {
				for b.Loop() {
					if err := kind.set(&c); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name("interval"), func(b *testing.B) {
				i := 0
				for b.Loop() {
					if _, err := c.Interval(points[i&1023] % uint32(n)); err != nil {
						b.Fatal(err)
					}
					i++
				}
			})
			b.Run(name("find"), func(b *testing.B) {
				i := 0
				for b.Loop() {
					c.Find(points[i&1023])
					i++
				}
			})
		}
	}
}
