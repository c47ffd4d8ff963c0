package surprisal

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestLog2(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		x := 1 + r.Uint64()>>r.IntN(64)
		if x == 0 {
			continue
		}
		got, want := float64(Log2(x))/One, math.Log2(float64(x))
		if math.Abs(got-want) > 2e-14*(1+want) {
			t.Fatalf("Log2(%d) = %v, want %v", x, got, want)
		}
	}
	for k := range 64 {
		if Log2(1<<k) != uint64(k)*One {
			t.Errorf("Log2(2^%d) = %#x", k, Log2(1<<k))
		}
	}
}

func TestSum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var s Sum
	want := 0.0
	for range 100000 {
		w := uint64(1) << r.IntN(33)
		if r.IntN(2) == 0 && w > 1 {
			w -= r.Uint64N(w)
		}
		s.Add(w)
		want -= math.Log2(float64(w) / (1 << 32))
		if got := s.Bits(); math.Abs(got-want) > 1e-9*(1+want) {
			t.Fatalf("sum %v, want %v", got, want)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	var s Sum
	for i := range b.N {
		s.Add(uint64(i)&0xffffff + 1)
	}
}
