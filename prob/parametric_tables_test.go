package prob

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of parametric_tables.go anew")

const precision = 320

func newBig(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func mul(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Mul(a, b) }
func quo(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Quo(a, b) }
func add(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Add(a, b) }
func sub(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Sub(a, b) }

// bigExp returns e^x: the series at x/2^64, squared 64 times.
func bigExp(x *big.Float) *big.Float {
	const halvings = 64
	x = new(big.Float).SetMantExp(x, -halvings)
	sum, term := newBig(1), newBig(1)
	for i := 1; i < 12; i++ {
		term = quo(mul(term, x), newBig(float64(i)))
		sum = add(sum, term)
	}
	for range halvings {
		sum = mul(sum, sum)
	}
	return sum
}

// bigLn2 returns ln 2 = sum of 1/(n*2^n).
func bigLn2() *big.Float {
	sum := newBig(0)
	for n := 1; n < precision; n++ {
		sum = add(sum, quo(new(big.Float).SetMantExp(newBig(1), -n), newBig(float64(n))))
	}
	return sum
}

// bigPi returns pi by Machin's formula.
func bigPi() *big.Float {
	atan := func(n float64) *big.Float {
		sum, power := newBig(0), quo(newBig(1), newBig(n))
		for k := 1.0; k < 250; k += 4 {
			sum = add(sum, quo(power, newBig(k)))
			power = quo(power, newBig(n*n))
			sum = sub(sum, quo(power, newBig(k+2)))
			power = quo(power, newBig(n*n))
		}
		return sum
	}
	return mul(newBig(4), sub(mul(newBig(4), atan(5)), atan(239)))
}

var bigRoot2Pi = new(big.Float).Sqrt(mul(newBig(2), bigPi()))

// bigGaussianTail returns the mass of the normal density above z by the series
// of A. Marsaglia: phi(z) * sum of z^(2n+1)/(1*3*...*(2n+1)) is the mass up to z.
func bigGaussianTail(z *big.Float) *big.Float {
	z2 := mul(z, z)
	density := quo(bigExp(new(big.Float).SetMantExp(new(big.Float).Neg(z2), -1)), bigRoot2Pi)
	sum, term := newBig(0), z
	for n := 3.0; n < 600; n += 2 {
		sum = add(sum, term)
		term = quo(mul(term, z2), newBig(n))
	}
	return sub(newBig(0.5), mul(density, sum))
}

// fixed returns x * 2^n, rounded to nearest if half, else towards zero.
func fixed(x *big.Float, n int, half bool) uint64 {
	x = new(big.Float).SetMantExp(x, n)
	if half {
		x = add(x, newBig(0.5))
	}
	u, _ := x.Uint64()
	return u
}

// TestTables computes the constants of the parametric families in high precision.
func TestTables(t *testing.T) {
	ln2 := bigLn2()
	if got := fixed(quo(newBig(1), ln2), 63, false); got != log2E {
		t.Errorf("log2E is %#x", got)
	}
	step := new(big.Float).SetMantExp(ln2, -4)
	var series, roots, tails []uint64
	term := newBig(1)
	for i := 1; i <= 7; i++ {
		term = quo(mul(term, step), newBig(float64(i)))
		series = append(series, fixed(term, 64, false))
	}
	for i := range 16 {
		roots = append(roots, fixed(bigExp(mul(step, newBig(float64(i)))), 63, true))
	}
	for i := -1; i <= gaussianReach<<gaussianStep+1; i++ {
		z := new(big.Float).SetMantExp(newBig(float64(i)), -gaussianStep)
		tails = append(tails, fixed(bigGaussianTail(z), massBits, true))
	}
	if *update {
		var b strings.Builder
		b.WriteString("package prob\n\n// The constants of the parametric families, as docs/exactness.md defines them.\n" +
			"// TestTables computes them anew, and with -update writes this file.\n")
		write := func(comment, name string, values []uint64) {
			fmt.Fprintf(&b, "\n%svar %s = [%d]uint64{", comment, name, len(values))
			for i, v := range values {
				if i%6 == 0 {
					b.WriteString("\n\t")
				} else {
					b.WriteString(" ")
				}
				fmt.Fprintf(&b, "%#x,", v)
			}
			b.WriteString("\n}\n")
		}
		write("// exp2Series holds (ln(2)/16)^i / i! * 2^64 for i = 1 to 7, rounded down.\n", "exp2Series", series)
		write("// exp2Roots holds 2^(i/16) * 2^63, rounded to nearest.\n", "exp2Roots", roots)
		write("// gaussianTails holds the mass of the normal density above (i-1)/2^gaussianStep,\n// times 2^massBits, rounded to nearest.\n", "gaussianTails", tails)
		if err := os.WriteFile("parametric_tables.go", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	compare := func(name string, got, want []uint64) {
		if len(got) != len(want) {
			t.Errorf("%s has %d entries, want %d", name, len(got), len(want))
			return
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s[%d] is %#x, want %#x", name, i, got[i], want[i])
			}
		}
	}
	compare("exp2Series", exp2Series[:], series)
	compare("exp2Roots", exp2Roots[:], roots)
	compare("gaussianTails", gaussianTails[:], tails)
}
