package prob

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/internal/simd/levels"
)

// refusedAt returns the index of the value that err refuses, -2 if it is not a
// refusal.
func refusedAt(err error) int {
	var d *DistributionError
	if !errors.As(err, &d) || !errors.Is(err, fault.ErrDistribution) {
		return -2
	}
	return d.Index
}

func f64s(p []float32) []float64 {
	d := make([]float64, len(p))
	for i, x := range p {
		d[i] = float64(x)
	}
	return d
}

// halves returns p in the 16-bit types.
func halves(p []float32) ([]Float16, []BFloat16) {
	h, b := make([]Float16, len(p)), make([]BFloat16, len(p))
	for i, x := range p {
		v := math.Float32bits(x)
		h[i], b[i] = float16Of(v), BFloat16(v>>16)
		switch {
		case x != x:
			h[i] = 0x7e00
		case v&0x7fffffff == 0x7f800000:
			h[i] = Float16(v>>16&0x8000 | 0x7c00)
		}
	}
	return h, b
}

// setEach sets p in each of the types and returns what each says.
func setEach(c *Categorical, p []float32) []error {
	h, b := halves(p)
	return []error{Set(c, p), Set(c, f64s(p)), Set(c, h), Set(c, b)}
}

func setLogitsEach(c *Categorical, x []float32) []error {
	h, b := halves(x)
	return []error{SetLogits(c, x), SetLogits(c, f64s(x)), SetLogits(c, h), SetLogits(c, b)}
}

// TestRefusals puts bad values anywhere into good arrays, at every level of the
// kernels and in every mode of calculating.
func TestRefusals(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negativeNaN := math.Float32frombits(0xffc00000)
	eachWay(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		var c Categorical
		for _, bad := range []float32{nan, negativeNaN, inf, -inf, -1, -0.25} {
			for range 6 {
				p := make([]float32, length(r))
				for i := range p {
					p[i] = []float32{0.5, 0, 1, float32(math.Copysign(0, -1)), 2}[r.IntN(5)]
				}
				at := r.IntN(len(p))
				p[at] = bad
				if later := at + r.IntN(len(p)-at); later > at {
					p[later] = nan
				}
				for i, err := range setEach(&c, p) {
					if refusedAt(err) != at {
						t.Fatalf("type %d, %v at %d of %d: %v", i, bad, at, len(p), err)
					}
				}
				if c.Len() != 0 || c.Weight() != 0 {
					t.Fatal("a refused distribution has symbols")
				}
				if bad < 0 {
					continue // a logit like any other
				}
				for i := range p {
					if p[i] == 2 {
						p[i] = -inf
					}
				}
				for i, err := range setLogitsEach(&c, p) {
					if refusedAt(err) != at {
						t.Fatalf("logits of type %d, %v at %d of %d: %v", i, bad, at, len(p), err)
					}
				}
			}
		}
		tiny := math.Float32frombits(1<<31 | 1)
		for _, n := range []int{1, 31, 33, 600} {
			p := make([]float32, n)
			p[0], p[n-1] = 0.5, tiny
			if err := Set(&c, p); refusedAt(err) != n-1 {
				t.Errorf("the denormal below zero at %d: %v", n-1, err)
			}
		}
	})
}

func TestRefusedWholes(t *testing.T) {
	var c Categorical
	inf := math.Inf(1)
	minusZero := float32(math.Copysign(0, -1))
	for name, err := range map[string]error{
		"empty":             Set(&c, []float32{}),
		"nil":               Set[Float16](&c, nil),
		"zeros":             Set(&c, make([]float32, 700)),
		"minus zeros":       Set(&c, []float32{minusZero, 0, minusZero}),
		"float64 near zero": Set(&c, []float64{1e-60, 1e-300}),
		"no logits":         SetLogits(&c, []float64{}),
		"minus infinities":  SetLogits(&c, []float64{-inf, -inf}),
		"float64 far below": SetLogits(&c, []float64{-1e300}),
		"too many":          Set(&c, make([]BFloat16, MaxSymbols+1)),
		"too many logits":   SetLogits(&c, make([]BFloat16, MaxSymbols+1)),
	} {
		if refusedAt(err) != -1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"float64 above float32":       Set(&c, []float64{0.5, 1e39}),
		"float64 rounding up to it":   Set(&c, []float64{0.5, math.MaxFloat32 + 0x1p103}),
		"logit above float32":         SetLogits(&c, []float64{0.5, 1e39}),
		"infinity among other logits": SetLogits(&c, []float64{-inf, inf}),
	} {
		if refusedAt(err) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What rounds to something that is fine is fine.
	if err := Set(&c, []float64{0.5, math.MaxFloat32 + 0x1p102, -1e-60}); err != nil {
		t.Error(err)
	}
	if err := SetLogits(&c, []float64{0, -1e300}); err != nil {
		t.Error(err)
	}
}

func TestUnsetCategorical(t *testing.T) {
	for _, c := range []*Categorical{new(Categorical), func() *Categorical {
		c := new(Categorical)
		_ = Set(c, []float32{1, 2})
		_ = Set(c, []float32{1, -2})
		return c
	}()} {
		if _, err := c.Interval(0); !errors.Is(err, fault.ErrSymbol) {
			t.Error(err)
		}
		if s, iv := c.Find(7); s != 0 || iv != (Interval{Width: Total}) {
			t.Error(s, iv)
		}
	}
}

// TestExtremes tries the smallest and the largest distribution.
func TestExtremes(t *testing.T) {
	levels.Each(t, func(t *testing.T) {
		var c Categorical
		for _, err := range append(setEach(&c, []float32{0.25}), setLogitsEach(&c, []float32{-7})...) {
			if iv, symbolErr := c.Interval(0); err != nil || symbolErr != nil || iv != (Interval{0, Total}) {
				t.Fatal(err, symbolErr, iv)
			}
		}
		p := make([]BFloat16, MaxSymbols)
		for i := range p {
			p[i] = 0x7f00 + BFloat16(i&0x7f)
		}
		if err := Set(&c, p); err != nil {
			t.Fatal(err)
		}
		end := uint64(0)
		for _, i := range []uint32{0, 1, 511, 512, MaxSymbols / 2, MaxSymbols - 1} {
			iv, err := c.Interval(i)
			if err != nil {
				t.Fatal(err)
			}
			if got, same := c.Find(uint32(iv.Low + iv.Width - 1)); got != i || same != iv {
				t.Fatalf("symbol %d came back as %d", i, got)
			}
			end = iv.Low + iv.Width
		}
		if end != Total {
			t.Fatalf("the last symbol ends at %d", end)
		}
	})
}

// TestChanged changes the array after Set, which the caller must not: the
// intervals are wrong, but nothing panics or hangs.
func TestChanged(t *testing.T) {
	levels.Each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for range 200 {
			n := length(r)
			p, h := make([]float32, n), make([]Float16, n)
			for i := range p {
				p[i], h[i] = r.Float32(), Float16(r.UintN(0x3c00))
			}
			p[0], h[0] = 1, 0x3c00
			var a, b, c Categorical
			if Set(&a, p) != nil || Set(&b, h) != nil || SetLogits(&c, p) != nil {
				t.Fatal("refused")
			}
			for i := range p {
				p[i], h[i] = math.Float32frombits(r.Uint32()), Float16(r.Uint32())
			}
			for range 20 {
				for _, d := range []*Categorical{&a, &b, &c} {
					if s, _ := d.Find(r.Uint32()); int(s) >= n {
						t.Fatalf("symbol %d of %d", s, n)
					}
					if _, err := d.Interval(uint32(r.IntN(n))); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

func TestCategoricalNoAllocation(t *testing.T) {
	p := make([]float32, 1500)
	for i := range p {
		p[i] = float32(i%7) / 9
	}
	d := f64s(p)
	h, b := halves(p)
	var c Categorical
	for name, set := range map[string]func() error{
		"float32":         func() error { return Set(&c, p) },
		"float64":         func() error { return Set(&c, d) },
		"float16":         func() error { return Set(&c, h) },
		"bfloat16":        func() error { return Set(&c, b) },
		"float32 logits":  func() error { return SetLogits(&c, p) },
		"float64 logits":  func() error { return SetLogits(&c, d) },
		"float16 logits":  func() error { return SetLogits(&c, h) },
		"bfloat16 logits": func() error { return SetLogits(&c, b) },
	} {
		if n := testing.AllocsPerRun(10, func() {
			if set() != nil {
				t.Fatal("refused")
			}
			iv, _ := c.Interval(1234)
			if s, _ := c.Find(uint32(iv.Low)); s != 1234 {
				t.Fatal("lost")
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// FuzzCategorical reads the input as an array of float32 bits, in each type, as
// probabilities and as logits. All levels must agree, on refusals too, and Find
// must undo Interval.
func FuzzCategorical(f *testing.F) {
	f.Add([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x3f}, uint32(0x80000000))
	f.Add(slices.Repeat([]byte{1, 0, 0, 0}, 70), uint32(0))
	f.Add(slices.Repeat([]byte{0xff, 0xff, 0x7f, 0x7f, 0, 0, 0, 0x80}, 40), uint32(0xffffffff))
	f.Add(slices.Repeat([]byte{0, 0, 0xc0, 0x7f}, 3), uint32(5))
	f.Add(slices.Repeat([]byte{0, 0, 0x80, 0xff, 0, 0, 0xa0, 0x49}, 33), uint32(5))
	f.Fuzz(func(t *testing.T, data []byte, point uint32) {
		p := make([]float32, len(data)/4)
		for i := range p {
			p[i] = math.Float32frombits(uint32(data[4*i]) | uint32(data[4*i+1])<<8 | uint32(data[4*i+2])<<16 | uint32(data[4*i+3])<<24)
		}
		d := f64s(p)
		h, b := halves(p)
		type result struct {
			index  int
			weight uint64
			symbol uint32
			iv     Interval
		}
		var first []result
		for _, level := range simd.Levels() {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			defer restore()
			var c Categorical
			var results []result
			for _, set := range []func() error{
				func() error { return Set(&c, p) },
				func() error { return Set(&c, d) },
				func() error { return Set(&c, h) },
				func() error { return Set(&c, b) },
				func() error { return SetLogits(&c, p) },
				func() error { return SetLogits(&c, d) },
				func() error { return SetLogits(&c, h) },
				func() error { return SetLogits(&c, b) },
			} {
				if err := set(); err != nil {
					results = append(results, result{index: refusedAt(err)})
					continue
				}
				symbol, iv := c.Find(point)
				if uint64(point)-iv.Low >= iv.Width {
					t.Fatalf("point %d is not in %v", point, iv)
				}
				if again, err := c.Interval(symbol); err != nil || again != iv {
					t.Fatalf("symbol %d: found %v, has %v, %v", symbol, iv, again, err)
				}
				results = append(results, result{-1, c.Weight(), symbol, iv})
			}
			if results[0] != results[1] || results[4] != results[5] {
				t.Fatalf("%s: float32 and float64 differ: %v", level, results)
			}
			if first == nil {
				first = results
			} else if !slices.Equal(first, results) {
				t.Fatalf("%s: %v, want %v", level, results, first)
			}
		}
	})
}
