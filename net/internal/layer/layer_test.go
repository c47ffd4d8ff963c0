package layer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// rows are weights in memory.
type rows [][]float64

func (r rows) Size() (int, int) { return len(r), len(r[0]) }

func (r rows) ReadRow(dst []float64, row int) error {
	copy(dst, r[row])
	return nil
}

// normal returns n normally distributed numbers of that deviation.
func normal(r *rand.Rand, n int, deviation float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(float32(r.NormFloat64() * deviation))
	}
	return x
}

// real returns integers with frac fraction bits as floats.
func real[T int16 | int32 | int64 | int8](x []T, frac int) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Ldexp(float64(v), -frac)
	}
	return y
}

// integers returns x as integers with frac fraction bits.
func integers(x []float64, frac int) []int64 {
	y := make([]int64, len(x))
	for i, v := range x {
		y[i] = int64(math.RoundToEven(math.Ldexp(v, frac)))
	}
	return y
}

// near fails unless x is within tolerance times the largest number of want of want.
func near(t *testing.T, name string, x, want []float64, tolerance float64) {
	t.Helper()
	largest := 1e-300
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(x[i]-v) / largest; !(d <= tolerance) {
			t.Fatalf("%s: number %d is %g instead of %g, off by %.2g of the largest", name, i, x[i], v, d)
		}
	}
}

func TestFixed(t *testing.T) {
	for _, c := range []struct {
		x    float64
		frac int
		want int64
	}{
		{0, 30, 0}, {1, 0, 1}, {0.5, 0, 1}, {-0.5, 0, -1}, {0.49999999999999994, 0, 0}, {1.5, 1, 3}, {-2.75, 1, -6},
		{1e-300, 40, 0}, {5e-324, 40, 0}, {65535, 40, 65535 << 40}, {math.Ldexp(1, -41), 40, 1}, {math.Ldexp(1, -42), 40, 0},
	} {
		got, err := fixed(c.x, c.frac, 16)
		if err != nil || got != c.want {
			t.Errorf("fixed(%g, %d) = %d, %v; want %d", c.x, c.frac, got, err, c.want)
		}
	}
	for _, x := range []float64{65536, -65536, 1e300, math.Inf(1), math.Inf(-1), math.NaN()} {
		if _, err := fixed(x, 20, 16); err == nil {
			t.Errorf("fixed(%g) is not refused", x)
		}
	}
}

// TestRows compares integers of rows with exact arithmetic.
func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		x := normal(r, 50, math.Ldexp(1, r.IntN(60)-30))
		for i := range x {
			switch n % 4 {
			case 1:
				x[i] *= math.Ldexp(1, -r.IntN(20))
			case 2: // many halves
				x[i] = float64(r.IntN(4095)-2047) / 2
			case 3:
				x[i] = r.NormFloat64()
			}
		}
		largest := 0.0
		for _, v := range x {
			largest = max(largest, math.Abs(v))
		}
		dst := make([]int16, len(x))
		quantizeRow(dst, x, largest)
		most := new(big.Rat).SetFloat64(largest)
		for i, v := range x {
			q := new(big.Rat).SetFloat64(math.Abs(v))
			q.Mul(q, big.NewRat(2047, 1)).Quo(q, most)
			want := int16(nearest(q))
			if v < 0 {
				want = -want
			}
			if dst[i] != want {
				t.Fatalf("%g of %g became %d instead of %d", v, largest, dst[i], want)
			}
		}
		exp := exponent(largest)
		scale := new(big.Rat).SetFloat64(math.Ldexp(largest, exp))
		want := nearest(scale.Quo(scale, big.NewRat(2047, 1)))
		if got := mantissa(largest, exp); uint64(got) != want || got>>23 != 1 {
			t.Fatalf("the mantissa of %g is %d instead of %d", largest, got, want)
		}
	}
}

func TestNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		width := 1 + r.IntN(700)
		centred := n%2 > 0
		gain := normal(r, width, 1)
		var bias []float64
		if n%3 > 0 {
			bias = normal(r, width, 0.3)
		}
		eps := []float64{1e-5, 1e-6, 0}[n%3]
		norm, err := NewNorm(gain, bias, eps, centred)
		if err != nil {
			t.Fatal(err)
		}
		x := integers(normal(r, width, math.Ldexp(1, r.IntN(24)-8)), ResidualFrac)
		if n%5 == 0 {
			x[r.IntN(width)] = 20000 << ResidualFrac
		}
		want := floatNorm(real(x, ResidualFrac), gain, bias, eps, centred)
		got := make([]int64, width)
		norm.Apply(got, x)
		near(t, "norm", real(got, NormFrac), want, 2e-5)
	}
	norm, _ := NewNorm([]float64{1, 2, 3}, nil, 0, false)
	x := make([]int64, 3)
	if norm.Apply(x, x); x[0]|x[1]|x[2] != 0 {
		t.Errorf("the norm of zeros is %v", x)
	}
	x = []int64{residualMax, -residualMax, residualMax}
	norm.Apply(x, x)
	near(t, "norm", real(x, NormFrac), []float64{1, -2, 3}, 1e-6)
}

// floatNorm is Norm.Apply in floats.
func floatNorm(x, gain, bias []float64, eps float64, centred bool) []float64 {
	n := float64(len(x))
	mean, square := 0.0, 0.0
	if centred {
		for _, v := range x {
			mean += v / n
		}
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / n
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v - mean) / max(math.Sqrt(square+eps), 1e-30) * gain[i]
		if bias != nil {
			y[i] += bias[i]
		}
	}
	return y
}

func TestCurves(t *testing.T) {
	for _, c := range []struct {
		name  string
		curve *Curve
		f     func(x float64) float64
	}{
		{"SiLU", SiLU, func(x float64) float64 { return x / (1 + math.Exp(-x)) }},
		{"GELU", GELU, func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 }},
		{"GELUTanh", GELUTanh, func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}},
	} {
		var at []int32
		var want []float64
		for x := -20.0; x < 40; x += 1.0 / 1024 {
			at = append(at, int32(x*(1<<20)))
			want = append(want, c.f(x))
		}
		got := make([]int64, len(at))
		c.curve.Apply(got, at, 20)
		for i, v := range real(got, 20) {
			if math.Abs(v-want[i]) > 3e-6+math.Abs(want[i])*1e-6 {
				t.Fatalf("%s of %g is %g instead of %g", c.name, real(at[i:i+1], 20)[0], v, want[i])
			}
		}
	}
}

func TestRope(t *testing.T) {
	for _, halves := range []bool{false, true} {
		factors := []float64{1, 2, 1, 8.25}
		rope, err := NewRope(8, 100000, factors, halves)
		if err != nil {
			t.Fatal(err)
		}
		rope.Table(100)
		table := rope.Table(20000)
		for p := 0; p < 20000; p += 7 {
			for i := range 4 {
				angle := float64(p) * math.Pow(100000, -float64(i)/4) / factors[i]
				near(t, "rotation", real(table[p*8+2*i:][:2], RopeFrac), []float64{math.Cos(angle), math.Sin(angle)}, 3e-9)
			}
		}
		x := []int32{1 << 30, 0, 0, 1 << 29, -1 << 30, 5, 6, 7, 8, 9}
		y := make([]int64, 10)
		rope.Rotate(y, x, table, 3)
		c, s := math.Cos(3), math.Sin(3)
		other := 1
		if halves {
			other = 4
		}
		got := real(y, 60)
		a, b := 1.0, float64(x[other])/(1<<30)
		near(t, "pair", []float64{got[0], got[other], got[9]}, []float64{a*c - b*s, a*s + b*c, 9.0 / (1 << 30)}, 1e-8)
	}
}

func TestLinear(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 60 {
		in, out := 1+r.IntN(700), 1+r.IntN(70)
		w := make(rows, out)
		for i := range w {
			w[i] = normal(r, in, math.Ldexp(1, r.IntN(8)-20*(n%3)))
		}
		var bias []float64
		if n%2 > 0 {
			bias = normal(r, out, 3)
		}
		l, err := NewLinear(w, bias)
		if err != nil {
			t.Fatal(err)
		}
		a := NewActivations(2, in)
		p := NewProducts(2, out)
		frac := r.IntN(60) - 20
		x := integers(normal(r, in, 1), 40)
		a.Set(1, x, frac)
		l.Plan(p, a, 1)
		l.Plan(p, a, 0)
		l.Apply(p, a, 2, 0, out)
		want := make([]float64, out)
		sum := make([]float64, out)
		for i, row := range w {
			for k, v := range real(x, frac) {
				want[i] += row[k] * v
				sum[i] += row[k] * v * row[k] * v
			}
			if bias != nil {
				want[i] += bias[i]
			}
		}
		y, f := p.Row(1)
		for i, v := range real(y, f) {
			if math.Abs(v-want[i]) > 0.003*math.Sqrt(sum[i])+1e-6*math.Abs(want[i]) {
				t.Fatalf("output %d of %d inputs is %g instead of %g", i, in, v, want[i])
			}
		}
	}
}

// TestAttention compares attention over a cache that goes round with floats.
func TestAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const dim, heads, sinks, window, block, count = 40, 2, 4, 50, 8, 300
	c := NewCache(heads, dim, sinks, window, block, 1000)
	var keys, values [count][heads][]float64
	a := NewAttention(dim, c.Seen())
	for first := 0; first < count; first += block {
		n := min(block, count-first)
		for p := first; p < first+n; p++ {
			for h := range heads {
				k, v := integers(normal(r, dim, 1.5), 28), integers(normal(r, dim, 2), 20)
				keys[p][h], values[p][h] = real(k, 28), real(v, 20)
				c.PutKey(h, p, k, 28)
				narrow := make([]int32, dim)
				for i, x := range v {
					narrow[i] = int32(x)
				}
				c.PutValue(h, p, narrow, 20)
			}
		}
		for p := first; p < first+n; p++ {
			for h := range heads {
				q := integers(normal(r, dim, 1), 28)
				a.SetQuery(q, 28)
				got := make([]int64, dim)
				a.Attend(got, c, h, p)
				want, total := make([]float64, dim), 0.0
				for k := 0; k <= p; k++ {
					if k >= sinks && k <= p-window {
						continue
					}
					s := 0.0
					for i, v := range real(q, 28) {
						s += v * keys[k][h][i] / math.Sqrt(dim)
					}
					total += math.Exp(s)
					for i, v := range values[k][h] {
						want[i] += math.Exp(s) * v
					}
				}
				for i := range want {
					want[i] /= total
				}
				near(t, "attention", real(got, ResidualFrac), want, 0.02)
			}
		}
	}
}

// TestTables holds the tables to the hashes in docs/net.md.
func TestTables(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/net.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Curve{SiLU, GELU, GELUTanh} {
		h := sha256.New()
		if err := binary.Write(h, binary.LittleEndian, c.table()[:]); err != nil {
			t.Fatal(err)
		}
		if sum := fmt.Sprintf("%x", h.Sum(nil))[:32]; !strings.Contains(string(doc), sum) {
			t.Errorf("the table of %s has the hash %s, which docs/net.md does not know", c, sum)
		}
	}
}
