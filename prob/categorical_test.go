package prob

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd"
	"github.com/foretell/foretell/internal/simd/fpenv"
)

// eachWay runs f at every level of the kernels and in every mode of calculating
// that a thread may be in.
func eachWay(t *testing.T, f func(t *testing.T)) {
	for _, level := range simd.Levels() {
		for _, mode := range fpenv.Modes() {
			t.Run(level+"/"+mode.Name, func(t *testing.T) {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				defer restore()
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				defer mode.Set()()
				f(t)
			})
		}
	}
}

// A reference is a distribution by the letter of docs/exactness.md, in unbounded
// integers.
type reference struct {
	weights []uint64
	cum     []*big.Int
}

// referenceOf weighs probabilities given as float32 bits.
func referenceOf(p []uint32) *reference {
	largest := uint32(0)
	for _, b := range p {
		largest = max(largest, b&0x7fffffff)
	}
	weigh := func(k int) (*reference, *big.Int) {
		ref, total := new(reference), new(big.Int)
		for _, b := range p {
			e, m := int(b>>23&0xff), int64(b&0x7fffff)
			if e > 0 {
				m += 1 << 23
				e--
			}
			w := big.NewInt(m) // the number is m * 2^(e-149)
			if shift := e - 149 + k; shift >= 0 {
				w.Lsh(w, uint(shift))
			} else {
				w.Rsh(w, uint(-shift))
			}
			ref.add(w.Uint64())
			total.Add(total, w)
		}
		return ref, total
	}
	ref, total := weigh(31)
	if largest > 127<<23 || total.BitLen() <= 30 {
		_, exp := math.Frexp(float64(math.Float32frombits(largest)))
		ref, _ = weigh(30 - (exp - 1))
	}
	return ref
}

// referenceOfLogits weighs logits given as float32 bits.
func referenceOfLogits(x []uint32) *reference {
	largest := math.Inf(-1)
	for _, b := range x {
		largest = max(largest, float64(math.Float32frombits(b)))
	}
	// floor(v * 12102203 * 2^-5) of a float64 v, rounded up or down.
	scaled := func(v float64, up bool) *big.Int {
		f := new(big.Float).SetPrec(2000).SetFloat64(v)
		f.Mul(f, big.NewFloat(12102203))
		f.SetMantExp(f, -5)
		i, _ := f.Int(nil)
		if c := new(big.Float).SetInt(i).Cmp(f); up && c < 0 {
			i.Add(i, big.NewInt(1))
		} else if !up && c > 0 {
			i.Sub(i, big.NewInt(1))
		}
		return i
	}
	shift := 0.0
	if math.Abs(largest) >= 1<<20 {
		shift, largest = largest, 0
	}
	k := scaled(largest, true)
	k.Add(k, big.NewInt(1<<23))
	for unit := int64(1); new(big.Int).Quo(k, big.NewInt(unit)).BitLen() > 24; unit *= 2 {
		// Up to a multiple of twice the unit, as 24 bits need.
		u := big.NewInt(2 * unit)
		k.Add(k, big.NewInt(2*unit-1))
		k.Div(k, u)
		k.Mul(k, u)
	}
	ref := new(reference)
	for _, b := range x {
		v := float64(math.Float32frombits(b)) - shift
		w := uint64(0)
		if v > -1<<23 {
			y := scaled(-v, false)
			y.Add(y, k)
			y.Sub(y, big.NewInt(1<<23))
			n := new(big.Int).Rsh(y, 18).Uint64()
			f := y.Uint64() & (1<<18 - 1)
			h := (14259194<<20 - 7273376*f) >> 20
			h = (16065894<<20 - h*f) >> 20
			h = (11627528<<20 - h*f) >> 20
			h = (16777215<<18 - h*f) >> 18
			w = h << 6 >> n
		}
		ref.add(w)
	}
	return ref
}

func (ref *reference) add(w uint64) {
	ref.weights = append(ref.weights, w)
	if len(ref.cum) == 0 {
		ref.cum = append(ref.cum, new(big.Int))
	}
	last := ref.cum[len(ref.cum)-1]
	ref.cum = append(ref.cum, new(big.Int).Add(last, new(big.Int).SetUint64(w)))
}

func (ref *reference) low(i int) uint64 {
	n := len(ref.weights)
	v := new(big.Int).Mul(ref.cum[i], big.NewInt(Total-int64(n)))
	v.Div(v, ref.cum[n])
	return v.Uint64() + uint64(i)
}

// agree holds a distribution against its reference at some symbols.
func agree(t *testing.T, r *rand.Rand, c *Categorical, ref *reference) {
	t.Helper()
	n := len(ref.weights)
	if c.Len() != n || c.Weight() != ref.cum[n].Uint64() {
		t.Fatalf("%d symbols of weight %d, want %d of %d", c.Len(), c.Weight(), n, ref.cum[n])
	}
	symbols := []int{0, n - 1, n / 2}
	for range 5 {
		symbols = append(symbols, r.IntN(n))
	}
	for _, i := range symbols {
		want := Interval{Low: ref.low(i)}
		want.Width = ref.low(i+1) - want.Low
		if iv, err := c.Interval(uint32(i)); err != nil || iv != want {
			t.Fatalf("symbol %d of %d: %v, %v, want %v", i, n, iv, err, want)
		}
		for _, point := range []uint64{want.Low, want.Low + want.Width - 1, want.Low + r.Uint64N(want.Width)} {
			if got, iv := c.Find(uint32(point)); int(got) != i || iv != want {
				t.Fatalf("point %d of %d symbols: %d, %v, want %d, %v", point, n, got, iv, i, want)
			}
		}
	}
	if _, err := c.Interval(uint32(n)); !errors.Is(err, fault.ErrSymbol) {
		t.Fatalf("symbol %d of %d: %v", n, n, err)
	}
}

// generators make float32 bits of many kinds of probabilities.
var generators = map[string]func(r *rand.Rand, i int) uint32{
	"uniform":  func(*rand.Rand, int) uint32 { return math.Float32bits(0.001) },
	"peaked":   func(r *rand.Rand, i int) uint32 { return math.Float32bits(float32(math.Exp(-20 * r.Float64()))) },
	"random":   func(r *rand.Rand, i int) uint32 { return math.Float32bits(r.Float32()) },
	"sparse":   func(r *rand.Rand, i int) uint32 { return math.Float32bits(r.Float32()) * uint32(r.IntN(40)/39) },
	"denormal": func(r *rand.Rand, i int) uint32 { return r.Uint32() >> 9 },
	"smallest": func(r *rand.Rand, i int) uint32 { return uint32(r.IntN(3)) },
	"one hot":  func(r *rand.Rand, i int) uint32 { return 127 << 23 * uint32(r.IntN(100)/99) },
	"ones":     func(r *rand.Rand, i int) uint32 { return 127<<23 - uint32(r.IntN(2)) },
	"above 1":  func(r *rand.Rand, i int) uint32 { return math.Float32bits(1 + r.Float32()/64) },
	"huge":     func(r *rand.Rand, i int) uint32 { return r.Uint32N(0x7f800000) },
	"tiny":     func(r *rand.Rand, i int) uint32 { return math.Float32bits(r.Float32() * 1e-20) },
	"minus zero": func(r *rand.Rand, i int) uint32 {
		return []uint32{1 << 31, 0, 0x3d800000}[r.IntN(3)]
	},
}

// lengths of arrays: all that are short, and some around the block size.
func length(r *rand.Rand) int {
	if r.IntN(3) == 0 {
		return 1 + r.IntN(3*blockSize)
	}
	return 1 + int(math.Exp(r.Float64()*math.Log(300)))
}

// float16Of returns the half-precision number next to float32 bits toward zero.
func float16Of(b uint32) Float16 {
	sign := Float16(b >> 16 & 0x8000)
	e := int(b>>23&0xff) - 127 + 15
	m := b&0x7fffff | 1<<23
	switch {
	case e >= 31:
		return sign | 0x7bff
	case e <= -11:
		return sign
	case e <= 0:
		return sign | Float16(m>>(14-e))
	}
	return sign | Float16(uint32(e)<<10|m>>13&0x3ff)
}

// types returns the numbers with the given float32 bits in every type, and the
// bits that each then has as a float32.
func types(r *rand.Rand, p []uint32) (f32 []float32, f64 []float64, f16 []Float16, bf16 []BFloat16, bits [4][]uint32) {
	for _, b := range p {
		x := math.Float32frombits(b)
		f32 = append(f32, x)
		d := float64(x)
		if r.IntN(2) == 0 && d != 0 {
			// Within half a unit, so that it rounds back, but for the
			// half way cases.
			bump := []uint64{1, 1<<28 - 1, 1 << 28}[r.IntN(3)]
			if y := math.Float64frombits(math.Float64bits(d) + bump); y <= math.MaxFloat32 && y >= -math.MaxFloat32 {
				d = y
			}
		}
		f64 = append(f64, d)
		h, bf := float16Of(b), BFloat16(b>>16)
		f16, bf16 = append(f16, h), append(bf16, bf)
		e, m := int(h>>10&31), float64(h&1023)
		half := math.Ldexp(m, -24)
		if e > 0 {
			half = math.Ldexp(m+1024, e-25)
		}
		bits[0] = append(bits[0], b)
		bits[1] = append(bits[1], math.Float32bits(float32(d)))
		bits[2] = append(bits[2], math.Float32bits(float32(half))|b&(1<<31))
		bits[3] = append(bits[3], uint32(bf)<<16)
	}
	return
}

func positive(p []uint32) bool {
	return slices.ContainsFunc(p, func(b uint32) bool { return b&0x7fffffff != 0 })
}

// TestCategorical holds arrays of every kind and type against the reference.
func TestCategorical(t *testing.T) {
	var names []string
	for name := range generators {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r := rand.New(rand.NewPCG(1, 2))
		type arrays struct {
			f32  []float32
			f64  []float64
			f16  []Float16
			bf16 []BFloat16
			refs [4]*reference
		}
		var all []arrays
		for range 12 {
			n := length(r)
			p := make([]uint32, n)
			for i := range p {
				p[i] = generators[name](r, i)
			}
			var a arrays
			var bits [4][]uint32
			a.f32, a.f64, a.f16, a.bf16, bits = types(r, p)
			for i, b := range bits {
				if positive(b) {
					a.refs[i] = referenceOf(b)
				}
			}
			all = append(all, a)
		}
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T) {
				var c Categorical
				r := rand.New(rand.NewPCG(3, 4))
				for _, a := range all {
					for i, err := range []error{Set(&c, a.f32), Set(&c, a.f64), Set(&c, a.f16), Set(&c, a.bf16)} {
						if (err == nil) != (a.refs[i] != nil) {
							t.Fatalf("type %d: %v", i, err)
						}
					}
					for i, set := range []func() error{
						func() error { return Set(&c, a.f32) },
						func() error { return Set(&c, a.f64) },
						func() error { return Set(&c, a.f16) },
						func() error { return Set(&c, a.bf16) },
					} {
						if a.refs[i] != nil && set() == nil {
							agree(t, r, &c, a.refs[i])
						}
					}
				}
			})
		})
	}
}

// TestLogits does the same for logits of every size.
func TestLogits(t *testing.T) {
	type arrays struct {
		f32  []float32
		f64  []float64
		f16  []Float16
		bf16 []BFloat16
		refs [4]*reference
	}
	var all []arrays
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		centre := r.NormFloat64() * math.Ldexp(1, r.IntN(28)-4)
		spread := math.Ldexp(1, r.IntN(12)-6)
		if r.IntN(10) == 0 {
			centre = math.Ldexp(r.NormFloat64(), r.IntN(124))
			spread = math.Abs(centre) * math.Ldexp(1, -r.IntN(24))
		}
		p := make([]uint32, length(r))
		for i := range p {
			x := float32(centre + spread*r.NormFloat64())
			switch r.IntN(30) {
			case 0:
				x = -math.MaxFloat32
			case 1:
				x = math.Float32frombits(r.Uint32N(2)<<31 | r.Uint32N(1<<r.IntN(24)))
			}
			if x > math.MaxFloat32 || x < -math.MaxFloat32 {
				x = 0
			}
			p[i] = math.Float32bits(x)
		}
		var a arrays
		var bits [4][]uint32
		a.f32, a.f64, a.f16, a.bf16, bits = types(r, p)
		for i, b := range bits {
			a.refs[i] = referenceOfLogits(b)
		}
		all = append(all, a)
	}
	eachWay(t, func(t *testing.T) {
		var c Categorical
		r := rand.New(rand.NewPCG(7, 8))
		for _, a := range all {
			for i, set := range []func() error{
				func() error { return SetLogits(&c, a.f32) },
				func() error { return SetLogits(&c, a.f64) },
				func() error { return SetLogits(&c, a.f16) },
				func() error { return SetLogits(&c, a.bf16) },
			} {
				if err := set(); err != nil {
					t.Fatalf("type %d: %v", i, err)
				}
				agree(t, r, &c, a.refs[i])
			}
		}
	})
}
