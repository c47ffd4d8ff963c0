package simd

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd/fpenv"
)

// eachLevel runs f under every level that there is here.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	for _, name := range Levels() {
		t.Run(name, func(t *testing.T) {
			restore, err := Use(name)
			if err != nil {
				t.Fatal(err)
			}
			defer restore()
			f(t)
		})
	}
}

// inMode runs f with the thread in a mode of calculating.
func inMode(m fpenv.Mode, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer m.Set()()
	f()
}

// float32s returns n numbers of a random kind, near the limit of scale k and far
// below it, denormals among them, all of which have a weight unless spoil is set.
func float32s(r *rand.Rand, n, k int, spoil bool) []float32 {
	p := make([]float32, n)
	limit := limitBits(k)
	spread := r.Uint32N(limit) + 1
	for i := range p {
		b := limit - 1 - r.Uint32N(spread)
		switch r.IntN(16) {
		case 0:
			b = 0
		case 1:
			b = r.Uint32N(min(limit, 1<<23)) // denormal
		case 2:
			b = r.Uint32N(limit)
		case 3:
			b = limit - 1
		}
		p[i] = math.Float32frombits(b)
	}
	if spoil && n > 0 {
		bad := []uint32{1 << 31, 1<<31 | 1, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, limit, r.Uint32() | 1<<31,
			1<<31 - uint32(k)<<23, 1<<31 - uint32(k)<<23 + r.Uint32N(1<<23)} // with k added to its exponent, minus zero and near
		p[r.IntN(n)] = math.Float32frombits(bad[r.IntN(len(bad))])
	}
	return p
}

func scales(r *rand.Rand) int {
	if r.IntN(2) == 0 {
		return 31
	}
	return r.IntN(180+97) - 97
}

// bfloat16s cuts numbers off to bfloat16.
func bfloat16s(p []float32) []uint16 {
	h := make([]uint16, len(p))
	for i, x := range p {
		h[i] = uint16(math.Float32bits(x) >> 16)
	}
	return h
}

// float64s returns numbers around p that round to it, and some between two
// float32s.
func float64s(r *rand.Rand, p []float32) []float64 {
	d := make([]float64, len(p))
	for i, x := range p {
		d[i] = float64(x)
		if b := math.Float64bits(d[i]); r.IntN(2) == 0 && b > 1<<30 && b < 0x7ff0000000000000 {
			d[i] = math.Float64frombits(b + r.Uint64N(1<<29) - 1<<28)
			if r.IntN(4) == 0 {
				d[i] = math.Float64frombits(b + 1<<28) // half way
			}
		}
	}
	return d
}

func sameWeights[T any](t *testing.T, p []T, k, per int, kernel func([]T, int, int, uint64, []uint64) (int, uint64), chunk func([]T, int, uint32) (uint64, bool)) {
	t.Helper()
	n := len(p) / per
	p = p[:n*per]
	want, got := make([]uint64, n), make([]uint64, n)
	total := uint64(1) << 54
	wantDone, wantSum := weighGo(p, k, per, total, want, chunk)
	done, sum := kernel(p, k, per, total, got)
	if done != wantDone || sum != wantSum || !slices.Equal(got[:done], want[:done]) {
		t.Fatalf("k=%d per=%d n=%d: %d chunks, %x; want %d, %x", k, per, n, done, sum, wantDone, wantSum)
	}
}

func TestWeigh(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for i, mode := range fpenv.Modes() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 300 {
				per := Chunk * (1 + r.IntN(8))
				k := scales(r)
				p := float32s(r, per*r.IntN(40), k, r.IntN(3) == 0)
				d := float64s(r, p)
				b := bfloat16s(p)
				h := float16s(r, len(p), r.IntN(3) == 0)
				inMode(mode, func() {
					sameWeights(t, p, k, per, WeighFloat32, chunkFloat32)
					sameWeights(t, d, k, per, WeighFloat64, chunkFloat64)
					sameWeights(t, b, k, per, WeighBFloat16, chunkBFloat16)
					sameWeights(t, h, k, per, WeighFloat16, chunkFloat16)
				})
			}
		}
	})
}

// float16s returns half-precision numbers below one.
func float16s(r *rand.Rand, n int, spoil bool) []uint16 {
	h := make([]uint16, n)
	spread := 1 + r.UintN(0x3c00)
	for i := range h {
		h[i] = uint16(0x3c00 - 1 - r.UintN(spread))
		if r.IntN(8) == 0 {
			h[i] = uint16(r.UintN(0x400)) // denormal
		}
	}
	if spoil && n > 0 {
		h[r.IntN(n)] = uint16(0x3c00 + r.UintN(0xc400))
	}
	return h
}

// TestWeight holds a weight against its definition.
func TestWeight(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for range 200000 {
		k := scales(r)
		b := r.Uint32N(limitBits(k))
		if r.IntN(4) == 0 {
			b = r.Uint32N(min(limitBits(k), 1<<24))
		}
		// Both factors and the product are exact in float64.
		want := uint32(math.Ldexp(float64(math.Float32frombits(b)), k))
		if got := Weight(b, k); got != want {
			t.Fatalf("%#x * 2^%d: %d, want %d", b, k, got, want)
		}
	}
}

func TestConversions(t *testing.T) {
	for h := range 1 << 16 {
		b := BitsFloat16(uint16(h))
		e, m := h>>10&31, h&1023
		want := math.Ldexp(float64(m), -24)
		if e > 0 {
			want = math.Ldexp(float64(m+1024), e-25)
		}
		if e == 31 && m == 0 {
			want = math.Inf(1)
		}
		got := float64(math.Float32frombits(b &^ (1 << 31)))
		if e == 31 && m != 0 {
			if got == got {
				t.Fatalf("%#x is not a NaN", h)
			}
		} else if got != want {
			t.Fatalf("%#x is %v, want %v", h, got, want)
		}
		if b>>31 != uint32(h)>>15 {
			t.Fatalf("%#x loses its sign", h)
		}
	}
	r := rand.New(rand.NewPCG(4, 5))
	for range 300000 {
		x := math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 {
			x = math.Ldexp(1+float64(r.IntN(64))/32, -r.IntN(170)+10)
			x = math.Float64frombits(math.Float64bits(x) + r.Uint64N(3)<<28 + r.Uint64N(3) - 1)
		}
		if want := math.Float32bits(float32(x)); BitsFloat64(x) != want && x == x {
			t.Fatalf("%x is %#x, want %#x", x, BitsFloat64(x), want)
		}
	}
}

func TestConvert(t *testing.T) {
	all := make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	r := rand.New(rand.NewPCG(6, 7))
	eachLevel(t, func(t *testing.T) {
		for _, mode := range fpenv.Modes() {
			src := make([]float64, 1+r.IntN(200))
			for i := range src {
				src[i] = math.Float64frombits(r.Uint64())
				if r.IntN(2) == 0 {
					src[i] = math.Ldexp(r.Float64()-0.5, -r.IntN(155))
				}
			}
			wide, narrow := make([]float32, len(all)), make([]float32, len(src))
			inMode(mode, func() {
				WidenFloat16(wide, all)
				NarrowFloat64(narrow, src)
			})
			for i, x := range wide {
				if math.Float32bits(x) != BitsFloat16(all[i]) {
					t.Fatalf("%s: %#x became %#x", mode.Name, all[i], math.Float32bits(x))
				}
			}
			for i, x := range narrow {
				if math.Float32bits(x) != BitsFloat64(src[i]) {
					t.Fatalf("%s: %x became %#x", mode.Name, src[i], math.Float32bits(x))
				}
			}
		}
	})
}

// logits returns n logits and their maximum, of any size and spread.
func logits(r *rand.Rand, n int) ([]float32, float32) {
	x := make([]float32, n)
	centre := float32(r.NormFloat64()) * float32(math.Ldexp(1, r.IntN(24)-4))
	spread := float32(math.Ldexp(1, r.IntN(16)-8))
	largest := float32(math.Inf(-1))
	for i := range x {
		x[i] = centre + spread*float32(r.NormFloat64())
		switch r.IntN(64) {
		case 0:
			x[i] = float32(math.Inf(-1))
		case 1:
			x[i] = -math.MaxFloat32
		case 2:
			x[i] = math.Float32frombits(r.Uint32N(2)<<31 | r.Uint32N(1<<r.IntN(24))) // denormal or zero
		case 3:
			x[i] = -float32(math.Ldexp(r.Float64(), r.IntN(30)))
		}
		if x[i] >= LogitLimit || x[i] <= -LogitLimit && i == 0 {
			x[i] = 1
		}
		largest = max(largest, x[i])
	}
	if largest <= -LogitLimit {
		return logits(r, n)
	}
	return x, largest
}

func TestWeighLogits(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for i, mode := range fpenv.Modes() {
			r := rand.New(rand.NewPCG(8, uint64(i)))
			for range 400 {
				per := Chunk * (1 + r.IntN(8))
				n := 1 + r.IntN(8)
				x, largest := logits(r, per*n)
				want, got := make([]uint64, n), make([]uint64, n)
				offset := LogitOffset(largest)
				wantSum := weighLogitsGo(x, offset, per, 7, want)
				var sum uint64
				var top float32
				var suspect bool
				inMode(mode, func() {
					sum = WeighLogits(x, LogitOffset(largest), per, 7, got)
					top, suspect = MaxLogit(x, float32(math.Inf(-1)))
				})
				if sum != wantSum || !slices.Equal(got, want) {
					t.Fatalf("%s: maximum %v: %d, want %d", mode.Name, largest, sum, wantSum)
				}
				if top != largest || suspect {
					t.Fatalf("%s: maximum %v, want %v; %v", mode.Name, top, largest, suspect)
				}
				x[r.IntN(len(x))] = math.Float32frombits(0x7f800001 + r.Uint32N(0x7ffffe) | r.Uint32N(2)<<31)
				inMode(mode, func() { _, suspect = MaxLogit(x, 0) })
				if !suspect {
					t.Fatalf("%s: a NaN goes unseen", mode.Name)
				}
			}
		}
	})
}

// TestLogitWeight measures the error of weights over their whole range, for
// maxima of any size. docs/exactness.md states the bounds.
func TestLogitWeight(t *testing.T) {
	low, high := 1.0, 1.0
	for _, largest := range []float32{0, 1, 20, 31, -7, 100, -1000, 65504, 1e6, -1e6} {
		offset := LogitOffset(largest)
		top := LogitWeight(largest, offset)
		if top < 1<<30 || top >= 1<<31 {
			t.Fatalf("the largest logit %v weighs %v", largest, top)
		}
		// What the largest one should weigh, 2^31 less what rounding the
		// offset costs.
		full := math.Exp2(31 + 32 - float64(offset)/(1<<fraction) + float64(largest)*log2e/(1<<23))
		for i := range 200000 {
			x := largest - float32(i)*(22.0/200000)
			w := float64(LogitWeight(x, offset))
			exact := full * math.Exp(float64(x)-float64(largest))
			if w > 1<<24 {
				low, high = min(low, w/exact), max(high, w/exact)
			} else if w > exact*(1+6.4e-6)+1 || w < exact*(1-3.6e-6)-1 {
				t.Fatalf("logit %v under %v: %v, want %v", x, largest, w, exact)
			}
		}
	}
	t.Logf("%.3g to %.3g", low-1, high-1)
	if low < 1-3.6e-6 || high > 1+6.4e-6 {
		t.Errorf("relative error from %.3g to %.3g", low-1, high-1)
	}
}

// TestPolynomial checks what makes the vector kernels right: no partial result
// leaves its binade.
func TestPolynomial(t *testing.T) {
	for f := range uint64(1 << fraction) {
		y := f
		h, ok := uint64(c4), true
		for _, c := range [][2]uint64{{c3, 2}, {c2, 2}, {c1, 2}, {c0, 0}} {
			h = (c[0]<<(fraction+c[1]) - h*y) >> (fraction + c[1])
			ok = ok && bits.Len64(h) == 24
		}
		if !ok || uint32(h<<7) != LogitWeight(0, base+int64(f)) {
			t.Fatalf("fraction %#x: %#x", f, h)
		}
	}
}

func TestMaxBits(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	eachLevel(t, func(t *testing.T) {
		for range 300 {
			p := make([]float32, r.IntN(300))
			var want uint32
			for i := range p {
				b := r.Uint32() >> r.IntN(32)
				p[i] = math.Float32frombits(b)
				want = max(want, b)
			}
			if got := MaxBits(p); got != want {
				t.Fatalf("%#x, want %#x", got, want)
			}
		}
	})
}
