package fixedpoint

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// curve is not smooth, but its steps are as large as those of a function whose slope
// is below one half.
var curve = func() *Curve {
	var c Curve
	r := rand.New(rand.NewPCG(5, 6))
	for i := range c {
		c[i] = r.Int32N(1 << 21)
	}
	c[len(c)-1] = 1 << 20
	return &c
}()

// wide returns n numbers of up to most bits and a sign, some the largest.
func wide(r *rand.Rand, n, most int) []int64 {
	x := make([]int64, n)
	for i := range x {
		x[i] = int64(r.Uint64()) >> (63 - r.IntN(most+1))
		if r.IntN(8) == 0 {
			x[i] = 1<<most - 1
		}
		if r.IntN(8) == 0 {
			x[i] = -1 << most
		}
	}
	return x
}

func narrow(r *rand.Rand, n int) []int32 {
	x := make([]int32, n)
	for i := range x {
		switch r.IntN(9) {
		case 0:
			x[i] = math.MinInt32
		case 1:
			x[i] = math.MaxInt32
		case 2:
			x[i] = 0
		default:
			x[i] = int32(r.Uint32()) >> r.IntN(32)
		}
	}
	return x
}

// check holds every loop over n numbers against the reference, at every level.
func check(t *testing.T, r *rand.Rand, n int) {
	t.Helper()
	most := r.IntN(63)
	x := wide(r, n, most)
	all := signs(x)
	by, first, second := int64(r.Uint64())>>r.IntN(64), r.IntN(70)-4, r.IntN(70)-4
	a, b := narrow(r, n), narrow(r, n)
	frac := r.IntN(80) - 20

	scaled := slices.Clone(x)
	scale(scaled, by, first, a, second)
	small := wide(r, n, 36)
	right := 6 + r.IntN(57)
	energetic := energy(small, right)
	move := r.IntN(125) - 62
	if move < 0 {
		move = max(move, most-62)
	}
	moved := make([]int64, n)
	total := shift(moved, x, move)
	biases := make([]int32, n)
	for i, v := range b {
		biases[i] = max(v>>2, -1<<29)
	}
	biased, drop := slices.Clone(a), r.IntN(64)
	addRounded(biased, biases, drop)
	steps, residuals := r.IntN(93)-30, wide(r, n, 62)
	walked := slices.Clone(residuals)
	accumulate(walked, a, steps)
	weights := make([]int16, n)
	for i := range weights {
		weights[i] = int16(r.Uint32())
	}
	mantissa, fall := r.Int32N(1<<24), r.IntN(63)
	stridden := slices.Clone(residuals)
	accumulateScaled(stridden, weights, mantissa, fall)
	active, gated := make([]int64, n), make([]int64, n)
	curve.activate(active, a, frac)
	curve.gate(gated, a, frac, b)

	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			t.Fatal(err)
		}
		q, want := make([]int16, n), make([]int16, n)
		cut := Quantize(q, x)
		if quantize(want, x, cut); !slices.Equal(q, want) || cut > 0 && all>>(cut+11) != 1 || all>>(cut+12) > 0 {
			t.Fatalf("%s: %d quantized by %d: %d, want %d", level, x, cut, q, want)
		}
		if got := Squares(q); got != squares(want) {
			t.Fatalf("%s: squares of %d: %d", level, q, got)
		}
		dst := make([]int64, n)
		if got := Shift(dst, x, move); got != total || !slices.Equal(dst, moved) {
			t.Fatalf("%s: %d shifted by %d: %d %d, want %d %d", level, x, move, got, dst, total, moved)
		}
		if got := Energy(small, right); got != energetic {
			t.Fatalf("%s: energy of %d, shift %d: %d, want %d", level, small, right, got, energetic)
		}
		dst = slices.Clone(x)
		if Scale(dst, by, first, a, second); !slices.Equal(dst, scaled) {
			t.Fatalf("%s: %d times %d, %d; gain %d, %d: %d, want %d", level, x, by, first, a, second, dst, scaled)
		}
		sums := slices.Clone(a)
		if AddRounded(sums, biases, drop); !slices.Equal(sums, biased) {
			t.Fatalf("%s: %d and %d shifted by %d: %d, want %d", level, a, biases, drop, sums, biased)
		}
		way := slices.Clone(residuals)
		if Accumulate(way, a, steps); !slices.Equal(way, walked) {
			t.Fatalf("%s: %d and %d shifted by %d: %d, want %d", level, residuals, a, steps, way, walked)
		}
		way = slices.Clone(residuals)
		if AccumulateScaled(way, weights, mantissa, fall); !slices.Equal(way, stridden) {
			t.Fatalf("%s: %d and %d times %d, %d: %d, want %d", level, residuals, weights, mantissa, fall, way, stridden)
		}
		if curve.Activate(dst, a, frac); !slices.Equal(dst, active) {
			t.Fatalf("%s: activations of %d, %d fraction bits: %d, want %d", level, a, frac, dst, active)
		}
		if curve.Gate(dst, a, frac, b); !slices.Equal(dst, gated) {
			t.Fatalf("%s: %d, %d fraction bits, gates %d: %d, want %d", level, a, frac, b, dst, gated)
		}
		restore()
	}
}

func TestSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		for n := range 50 {
			check(t, r, n)
		}
	}
}

func FuzzSame(f *testing.F) {
	f.Add(uint64(1), uint16(576))
	f.Add(uint64(2), uint16(31))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		check(t, rand.New(rand.NewPCG(seed, 0)), int(n)%2000)
	})
}

func BenchmarkFixedPoint(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 1536
	x, a, y := wide(r, n, 34), narrow(r, n), narrow(r, n)
	dst, q := make([]int64, n), make([]int16, n)
	for _, level := range simd.Levels() {
		restore, err := simd.Use(level)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range []struct {
			name string
			f    func()
		}{
			{"quantize", func() { Quantize(q, x) }},
			{"squares", func() { Squares(q) }},
			{"shift", func() { Shift(dst, x, 5) }},
			{"energy", func() { Energy(dst, 6) }},
			{"scale", func() { Scale(dst, 1<<30, 30, a, 20) }},
			{"gate", func() { curve.Gate(dst, a, 22, y) }},
		} {
			b.Run(f.name+"/"+level, func(b *testing.B) {
				for b.Loop() {
					f.f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/number")
			})
		}
		restore()
	}
}
