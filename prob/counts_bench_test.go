package prob

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// zipf returns the counts of n symbols as words have them, and symbols drawn from
// them.
func zipf(b *testing.B, n int) ([]uint32, []uint32) {
	r := rand.New(rand.NewPCG(1, 2))
	counts := make([]uint32, n)
	for i := range counts {
		counts[i] = uint32(1<<24/(i+1)) + 1
	}
	r.Shuffle(n, func(i, j int) { counts[i], counts[j] = counts[j], counts[i] })
	t, err := NewTable(counts)
	if err != nil {
		b.Fatal(err)
	}
	symbols := make([]uint32, 1<<12)
	for i := range symbols {
		symbols[i], _ = t.Find(r.Uint32())
	}
	return counts, symbols
}

var sizes = []int{256, 1024, 50257, 1 << 20}

func BenchmarkTable(b *testing.B) {
	for _, n := range sizes {
		counts, symbols := zipf(b, n)
		table, err := NewTable(counts)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("build/%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := table.Reset(counts); err != nil {
					b.Fatal(err)
				}
			}
		})
		benchmarkDistribution(b, n, table, symbols, func(uint32) {})
	}
}

func BenchmarkAdaptive(b *testing.B) {
	for _, n := range sizes {
		_, symbols := zipf(b, n)
		a, err := NewAdaptive(n, 32, 1<<28)
		if err != nil {
			b.Fatal(err)
		}
		benchmarkDistribution(b, n, a, symbols, a.Update)
	}
}

func benchmarkDistribution(b *testing.B, n int, d Distribution, symbols []uint32, update func(uint32)) {
	points := make([]uint32, len(symbols))
	for i, s := range symbols {
		iv, err := d.Interval(s)
		if err != nil {
			b.Fatal(err)
		}
		points[i] = uint32(iv.Low + iv.Width/2)
	}
	i := 0
	b.Run(fmt.Sprintf("interval/%d", n), func(b *testing.B) {
		for b.Loop() {
			i = (i + 1) % len(symbols)
			if _, err := d.Interval(symbols[i]); err != nil {
				b.Fatal(err)
			}
			update(symbols[i])
		}
	})
	b.Run(fmt.Sprintf("find/%d", n), func(b *testing.B) {
		for b.Loop() {
			i = (i + 1) % len(points)
			s, _ := d.Find(points[i])
			update(s)
		}
	})
}
