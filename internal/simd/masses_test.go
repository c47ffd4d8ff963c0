package simd

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// massLogits returns n logits around an offset, some far below, and the largest.
func massLogits(r *rand.Rand, n int) ([]float32, float32) {
	x := make([]float32, n)
	offset, spread := float32(r.NormFloat64()*50), float32(math.Exp(r.NormFloat64()*2))
	largest := float32(math.Inf(-1))
	for i := range x {
		x[i] = offset + spread*float32(r.NormFloat64())
		switch r.IntN(40) {
		case 0:
			x[i] = float32(math.Inf(-1))
		case 1:
			x[i] = offset - float32(r.ExpFloat64())*200
		case 2:
			x[i] = float32(offset / 2)
		case 3:
			x[i] = -math.MaxFloat32
		}
		largest = max(largest, x[i])
	}
	if largest < -LogitLimit {
		x[0], largest = 0, 0
	}
	return x, largest
}

// TestMassKernels holds the vector kernels to the bits of the portable ones.
func TestMassKernels(t *testing.T) {
	for _, level := range Levels() {
		t.Run(level, func(t *testing.T) {
			restore, err := Use(level)
			if err != nil {
				t.Fatal(err)
			}
			defer restore()
			r := rand.New(rand.NewPCG(171, 1))
			for range 200 {
				n := r.IntN(5 * MassBlock)
				x, largest := massLogits(r, n+1)
				s := NewMassScale(largest)
				got, want := make([]float32, n+1), make([]float32, n+1)
				Masses(got, x, s)
				massesGo(want, x, s)
				for i := range got {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Fatalf("mass of %v under %v: %x, not %x", x[i], largest, got[i], want[i])
					}
				}
				blocks := (n + 1) / MassBlock
				sums, wanted := make([]float64, blocks), make([]float64, blocks)
				MassSums(sums, x[:blocks*MassBlock], s)
				massSumsGo(wanted, x[:blocks*MassBlock], s)
				compareSums(t, sums, wanted)
				Sums(sums, want[:blocks*MassBlock])
				compareSums(t, sums, wanted)
			}
		})
	}
}

func compareSums(t *testing.T, got, want []float64) {
	t.Helper()
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("sum of block %d: %x, not %x", i, got[i], want[i])
		}
	}
}

// TestMassAccuracy compares ratios of masses with those of exponentials.
func TestMassAccuracy(t *testing.T) {
	r := rand.New(rand.NewPCG(171, 2))
	worst := 0.0
	for range 300 {
		x, largest := massLogits(r, 500)
		m := make([]float32, len(x))
		Masses(m, x, NewMassScale(largest))
		one := make([]float32, 1)
		Masses(one, []float32{largest}, NewMassScale(largest))
		if one[0] < 0.7 || one[0] > 1.42 {
			t.Fatalf("the mass of the largest, %v, is %v", largest, one[0])
		}

		for i, v := range x {
			d := float64(v) - float64(largest)
			if d < -35 {
				continue // less than what is added to every mass
			}
			worst = max(worst, math.Abs(float64(m[i])/float64(one[0])/math.Exp(d)-1))
		}
	}
	t.Logf("worst relative error of a ratio: %.3g", worst)
	if worst > 2.5e-7 {
		t.Errorf("a ratio of masses is off by %.3g", worst)
	}
}

// TestFused compares fma32 with exact arithmetic, also where two roundings differ from one.
func TestFused(t *testing.T) {
	r := rand.New(rand.NewPCG(171, 3))
	for i := range 200000 {
		a := math.Float32frombits(uint32(127-r.IntN(12))<<23 | r.Uint32()>>9 | r.Uint32()<<31)
		b := math.Float32frombits(uint32(127-r.IntN(12))<<23 | r.Uint32()>>9)
		c := math.Float32frombits(uint32(127-r.IntN(12))<<23 | r.Uint32()>>9)
		if i%2 == 0 {
			// c a multiple of 2^-12, a*b just beside half a unit of the sum.
			c = 1 + float32(r.IntN(1<<12))*0x1p-12
			a = math.Float32frombits(uint32(127-12)<<23 | uint32(r.IntN(3)))
			b = math.Float32frombits(uint32(127-12)<<23 | uint32(r.IntN(3)))
			if r.IntN(2) == 0 {
				a = -a
			}
		}
		x := new(big.Float).SetPrec(200).SetFloat64(float64(a))
		x.Mul(x, new(big.Float).SetFloat64(float64(b)))
		x.Add(x, new(big.Float).SetFloat64(float64(c)))
		want, _ := x.Float32()
		if got := fma32(a, b, c); got != want {
			t.Fatalf("%x*%x + %x: %x, not %x", a, b, c, got, want)
		}
	}
}

func BenchmarkMasses(b *testing.B) {
	r := rand.New(rand.NewPCG(171, 4))
	x, largest := massLogits(r, 196*MassBlock)
	sums := make([]float64, len(x)/MassBlock)
	cum := make([]uint64, len(sums))
	for _, level := range Levels() {
		restore, err := Use(level)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("masses/%s", level), func(b *testing.B) {
			for b.Loop() {
				MassSums(sums, x, NewMassScale(largest))
			}
		})
		b.Run(fmt.Sprintf("weights/%s", level), func(b *testing.B) {
			for b.Loop() {
				WeighLogits(x, LogitOffset(largest), MassBlock, 0, cum)
			}
		})
		restore()
	}
}
