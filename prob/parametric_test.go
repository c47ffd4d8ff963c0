package prob

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/internal/fault"
)

// tailOf returns the mass of a family above z in floating point.
func tailOf(f Family, z float64) float64 {
	switch f {
	case GaussianFamily:
		return math.Erfc(z/math.Sqrt2) / 2
	case LaplaceFamily:
		return math.Exp(-z) / 2
	}
	return 1 / (1 + math.Exp(z))
}

// TestTailAccuracy measures the error of the tails, which docs/exactness.md
// states, and checks that they never grow.
func TestTailAccuracy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bounds := map[Family]float64{GaussianFamily: 0x1p-35, LaplaceFamily: 0x1p-50, LogisticFamily: 0x1p-50}
	for family, bound := range bounds {
		p := part{family: family}
		worst := 0.0
		for range 300000 {
			z := uint64(math.Ldexp(r.Float64(), zBits+r.IntN(8)-2))
			m := p.tail(z)
			if d := uint64(1) << r.IntN(zBits); p.tail(z+d) > m || p.tail(z+1) > m {
				t.Fatalf("family %d: the tail grows after %#x", family, z)
			}
			err := math.Abs(math.Ldexp(float64(m), -massBits) - tailOf(family, math.Ldexp(float64(z), -zBits)))
			worst = max(worst, err)
		}
		t.Logf("family %d: error 2^%.2f", family, math.Log2(worst))
		if worst > bound {
			t.Errorf("family %d: error 2^%.2f", family, math.Log2(worst))
		}
		if p.tail(zMax) != 0 {
			t.Errorf("family %d: a tail beyond zMax", family)
		}
	}
}

// TestTailSeams walks over the places where the tails change pieces.
func TestTailSeams(t *testing.T) {
	for _, family := range []Family{GaussianFamily, LaplaceFamily, LogisticFamily} {
		p := part{family: family}
		check := func(seam uint64) {
			for d := uint64(1); d < 1<<40; d <<= 3 {
				if seam >= d && p.tail(seam-d) < p.tail(seam) || p.tail(seam+d) > p.tail(seam) || seam > 0 && p.tail(seam-1) < p.tail(seam) {
					t.Fatalf("family %d: the tail grows at %#x", family, seam)
				}
			}
		}
		for i := range uint64(gaussianReach<<gaussianStep + 3) {
			check(i << (zBits - gaussianStep))
		}
		for i := range uint64(50 * 16) {
			// The first z of the next sixteenth of a power of two.
			seam := uint64(math.Ceil(float64(i) / 16 * math.Ln2 * (1 << zBits)))
			for d := uint64(0); d < 600; d++ {
				if z := seam + d - min(seam, 300); p.tail(z+1) > p.tail(z) {
					t.Fatalf("family %d: the tail grows at %#x", family, z)
				}
			}
		}
	}
}

func randomComponent(r *rand.Rand, r64 float64) Component {
	return Component{
		Family: Family(r.IntN(3)),
		Mean:   r.NormFloat64() * r64,
		Scale:  math.Ldexp(1+r.Float64(), r.IntN(40)-25) * r64,
		Weight: math.Ldexp(r.Float64(), r.IntN(20)),
	}
}

// TestParametric compares the intervals with sums of floating-point densities,
// and Find with Interval.
func TestParametric(t *testing.T) {
	var p Parametric
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := 1 + r.Int64N(1<<rapid.IntRange(0, 9).Draw(t, "bits"))
		lo := r.Int64N(1<<r.IntN(40)) - r.Int64N(1<<r.IntN(40))
		rg := Range{lo, lo + n - 1, r.IntN(2) == 0}
		parts := make([]Component, 1+r.IntN(4))
		total := 0.0
		for i := range parts {
			parts[i] = randomComponent(r, float64(n))
			parts[i].Mean += float64(lo)
			total += parts[i].Weight
		}
		if err := p.Set(rg, parts...); err != nil {
			t.Fatalf("%v", err)
		}
		below := func(x int64) float64 {
			sum := 0.0
			for _, c := range parts {
				z := (float64(x) - 0.5 - c.Mean) / c.Scale
				m := tailOf(c.Family, math.Abs(z))
				if z > 0 {
					m = 1 - m
				}
				sum += m * c.Weight / total
			}
			return sum
		}
		lows := make([]uint64, p.Len()+1)
		lows[len(lows)-1] = Total
		for i := range p.Len() {
			iv, err := p.Interval(uint32(i))
			if err != nil || iv.Width < 1 {
				t.Fatalf("%v %v", iv, err)
			}
			lows[i] = iv.Low
			want := 0.0
			if i > 0 {
				x := rg.Lo + int64(i)
				if rg.Escape {
					x--
				}
				want = below(x)*float64(Total-int64(p.Len())) + float64(i)
			}
			// The rounding of the floating-point reference itself grows with
			// the distance from zero in scales.
			if math.Abs(want-float64(iv.Low)) > 3+0x1p32*0x1p-50*float64(max(lo, -lo, 1))/minScale(parts) {
				t.Fatalf("symbol %d of %+v, %+v begins at %d, want %v", i, rg, parts, iv.Low, want)
			}
		}
		checkLows(t, &p, lows)
		for range 50 {
			point := uint32(r.Uint64())
			if s, iv := p.Find(point); uint64(point)-iv.Low >= iv.Width || iv.Low != lows[s] {
				t.Fatalf("point %d is not in %v", point, iv)
			}
		}
	})
}

func minScale(parts []Component) float64 {
	m := parts[0].Scale
	for _, c := range parts {
		m = min(m, c.Scale)
	}
	return m
}

// TestParametricExtremes sets parameters at the edges of what floats can say.
func TestParametricExtremes(t *testing.T) {
	var p Parametric
	values := []float64{5e-324, 1e-310, 0x1p-1022, 1e-100, 0x1p-72, 0x1p-71, 0x1p-70, 0x1p-8, 0.5, 1, 3, 0x1p56, 0x1p57, 0x1p61, 0x1p62, 0x1p63, 1e100, math.MaxFloat64}
	ranges := []Range{{0, 0, false}, {-3, 4, false}, {-3, 4, true}, {-1 << 61, -1<<61 + 99, true}, {1<<61 - 99, 1 << 61, false}}
	for _, rg := range ranges {
		for _, scale := range values {
			for _, m := range append(values, 0) {
				for _, mean := range []float64{m, -m} {
					for family := range LogisticFamily + 1 {
						if err := p.Set(rg, Component{family, mean, scale, 1}); err != nil {
							t.Fatal(err)
						}
						end := uint64(0)
						for i := range p.Len() {
							iv, _ := p.Interval(uint32(i))
							if iv.Low != end || iv.Width < 1 {
								t.Fatalf("%+v mean %v scale %v: %v after %d", rg, mean, scale, iv, end)
							}
							end += iv.Width
							if s, _ := p.Find(uint32(iv.Low)); int(s) != i {
								t.Fatalf("%+v mean %v scale %v: found %d, not %d", rg, mean, scale, s, i)
							}
						}
						if end != Total {
							t.Fatalf("the intervals end at %d", end)
						}
					}
				}
			}
		}
	}
}

// TestParametricMass checks some masses that are known without computing.
func TestParametricMass(t *testing.T) {
	var p Parametric
	width := func(rg Range, symbol uint32, c ...Component) float64 {
		t.Helper()
		if err := p.Set(rg, c...); err != nil {
			t.Fatal(err)
		}
		iv, err := p.Interval(symbol)
		if err != nil {
			t.Fatal(err)
		}
		return float64(iv.Width) / Total
	}
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-8 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	near("one standard deviation", width(Range{-2, 2, false}, 2, Gaussian(0, 0.5)), 0.6826894921370859)
	near("half below the mean", width(Range{0, 1, false}, 0, Laplace(0.5, 1e-3)), 0.5)
	near("clamped tail", width(Range{0, 9, false}, 0, Gaussian(-50, 1)), 1)
	near("escaped tail", width(Range{0, 9, true}, 0, Gaussian(-0.5, 3)), 0.5)
	near("median of a mixture", width(Range{-9, 9, false}, 9, Component{GaussianFamily, 0, 0.01, 3}, Component{LogisticFamily, 5, 0.01, 1}), 0.75)
	near("a mean out of all range", width(Range{0, 9, false}, 9, Gaussian(1e300, 1)), 1)
}

func TestEscape(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var p Parametric
	for range 2000 {
		lo := r.Int64N(1<<(1+r.IntN(60))) - r.Int64N(1<<(1+r.IntN(60)))
		rg := Range{lo, lo + r.Int64N(1000), true}
		if err := p.Set(rg, Logistic(float64(lo), 3)); err != nil {
			t.Fatal(err)
		}
		values := []int64{rg.Lo, rg.Hi, rg.Lo - 1, rg.Hi + 1, math.MinInt64, math.MaxInt64, int64(r.Uint64()), rg.Hi + r.Int64N(1<<r.IntN(40))}
		for _, value := range values {
			ivs, err := p.AppendIntervals(nil, value)
			if err != nil || len(ivs) > 6 {
				t.Fatal(len(ivs), err)
			}
			got, err := p.ReadValue(func(d Distribution) (uint32, error) {
				s, iv := d.Find(uint32(ivs[0].Low))
				if iv != ivs[0] {
					return 0, fmt.Errorf("%v, want %v", iv, ivs[0])
				}
				ivs = ivs[1:]
				return s, nil
			})
			if err != nil || got != value || len(ivs) != 0 {
				t.Fatalf("%+v: %d came back as %d (%v)", rg, value, got, err)
			}
		}
	}
	if err := p.Set(Range{-1 << 61, 0, true}, Gaussian(0, 1)); err == nil {
		t.Error("a range beyond 2^24 symbols")
	}
	if err := p.Set(Range{0, 9, false}, Gaussian(0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.AppendIntervals(nil, 10); !errors.Is(err, fault.ErrSymbol) {
		t.Errorf("no escape: %v", err)
	}
}

// TestEscapeBeyond reads values that no int64 holds.
func TestEscapeBeyond(t *testing.T) {
	var p Parametric
	if err := p.Set(Range{-4, 4, true}, Gaussian(0, 1)); err != nil {
		t.Fatal(err)
	}
	for _, first := range []uint32{0, 10} {
		symbols := []uint32{first, 63, 1<<15 - 1, 1<<16 - 1, 1<<16 - 1, 1<<16 - 1}
		_, err := p.ReadValue(func(d Distribution) (uint32, error) {
			s := symbols[0]
			symbols = symbols[1:]
			return min(s, uint32(d.Len()-1)), nil
		})
		if !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%v", err)
		}
	}
}

func TestParametricRefusals(t *testing.T) {
	var p Parametric
	if err := p.Set(Range{-5, 5, false}, Gaussian(0.5, 2)); err != nil {
		t.Fatal(err)
	}
	before := p
	before.parts = append([]part(nil), p.parts...)
	inf, nan := math.Inf(1), math.NaN()
	ok := Gaussian(0, 1)
	for _, test := range []struct {
		rg    Range
		c     []Component
		index int
	}{
		{Range{0, 9, false}, nil, -1},
		{Range{0, 9, false}, make([]Component, 257), -1},
		{Range{1, 0, false}, []Component{ok}, -1},
		{Range{0, MaxSymbols, false}, []Component{ok}, -1},
		{Range{0, MaxSymbols - 2, true}, []Component{ok}, -1},
		{Range{-1<<61 - 1, -1 << 61, false}, []Component{ok}, -1},
		{Range{1 << 61, 1<<61 + 1, false}, []Component{ok}, -1},
		{Range{math.MinInt64, math.MaxInt64, false}, []Component{ok}, -1},
		{Range{0, 9, false}, []Component{ok, Gaussian(nan, 1)}, 1},
		{Range{0, 9, false}, []Component{ok, Gaussian(-inf, 1)}, 1},
		{Range{0, 9, false}, []Component{ok, ok, Gaussian(0, 0)}, 2},
		{Range{0, 9, false}, []Component{Gaussian(0, -1)}, 0},
		{Range{0, 9, false}, []Component{Gaussian(0, math.Copysign(0, -1))}, 0},
		{Range{0, 9, false}, []Component{Gaussian(0, inf)}, 0},
		{Range{0, 9, false}, []Component{Gaussian(0, nan)}, 0},
		{Range{0, 9, false}, []Component{{GaussianFamily, 0, 1, -1}}, 0},
		{Range{0, 9, false}, []Component{{GaussianFamily, 0, 1, nan}}, 0},
		{Range{0, 9, false}, []Component{{GaussianFamily, 0, 1, 0}}, -1},
		{Range{0, 9, false}, []Component{{LogisticFamily + 1, 0, 1, 1}}, 0},
	} {
		err := p.Set(test.rg, test.c...)
		var d *DistributionError
		if !errors.As(err, &d) || d.Index != test.index {
			t.Errorf("%+v: %v", test, err)
		}
		if !reflect.DeepEqual(p, before) {
			t.Errorf("%+v: a refused distribution changed the last one", test)
		}
	}
}

func TestSimple(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 1000, 65537, MaxSymbols} {
		u, err := NewUniform(n)
		if err != nil {
			t.Fatal(err)
		}
		if n <= 1000 {
			lows := make([]uint64, n+1)
			for i := range lows {
				lows[i] = uint64(i) << 32 / uint64(n)
			}
			checkLows(t, u, lows)
		}
		for point := uint64(0); point < Total; point += 0x1234567 {
			s, iv := u.Find(uint32(point))
			if want, err := u.Interval(s); err != nil || want != iv || point-iv.Low >= iv.Width {
				t.Fatalf("n %d: %d found in %v", n, point, iv)
			}
		}
	}
	for _, n := range []int{-1, 0, MaxSymbols + 1} {
		if _, err := NewUniform(n); !errors.Is(err, fault.ErrDistribution) {
			t.Errorf("n %d: %v", n, err)
		}
	}
	var b Bernoulli
	for _, p := range []float64{0, math.Copysign(0, -1), 5e-324, 1e-12, 0.25, 1. / 3, 0.5, 1 - 0x1p-53, 1} {
		if err := b.Set(p); err != nil {
			t.Fatal(err)
		}
		one, _ := b.Interval(1)
		if want := 1 + p*(Total-2); math.Abs(float64(one.Width)-want) > 1 {
			t.Errorf("p %v has width %d, want %v", p, one.Width, want)
		}
		checkLows(t, &b, []uint64{0, Total - one.Width, Total})
	}
	for _, p := range []float64{-5e-324, math.Nextafter(1, 2), math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		if err := b.Set(p); !errors.Is(err, fault.ErrDistribution) {
			t.Errorf("p %v: %v", p, err)
		}
	}
}

func TestUnset(t *testing.T) {
	for _, d := range []Distribution{new(Parametric), new(Sparse), new(Uniform)} {
		if _, err := d.Interval(0); d.Len() != 0 || !errors.Is(err, fault.ErrSymbol) {
			t.Errorf("%T: %d symbols, %v", d, d.Len(), err)
		}
		if s, iv := d.Find(7); s != 0 || iv != (Interval{0, Total}) {
			t.Errorf("%T: found %d %v", d, s, iv)
		}
	}
}

func TestParametricNoAllocation(t *testing.T) {
	var p Parametric
	if n := testing.AllocsPerRun(100, func() {
		if err := p.Set(Range{-128, 127, true}, Gaussian(1.25, 3), Laplace(0, 2)); err != nil {
			t.Fatal(err)
		}
		p.Find(12345)
		if _, err := p.Interval(3); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParametric(b *testing.B) {
	for name, c := range map[string]Component{"gaussian": Gaussian(1.3, 2), "laplace": Laplace(1.3, 2), "logistic": Logistic(1.3, 2), "wide": Gaussian(1.3, 2000)} {
		rg := Range{-1 << 15, 1<<15 - 1, false}
		b.Run(name+"/encode", func(b *testing.B) {
			var p Parametric
			b.ReportAllocs()
			for b.Loop() {
				_ = p.Set(rg, c)
				_, _ = p.Interval(1<<15 + 2)
			}
		})
		b.Run(name+"/decode", func(b *testing.B) {
			var p Parametric
			point := uint32(0)
			for b.Loop() {
				point += 0x9e3779b9
				_ = p.Set(rg, c)
				p.Find(point)
			}
		})
	}
}
