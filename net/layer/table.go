package layer

import (
	"math/big"
	"sync"
)

// A Curve is a function S, from 0 to 1 with S(-x) = 1 - S(x), by which x is
// multiplied: the activation of x is x * S(x).
type Curve struct {
	table func() *[curveSize]int32 // S(i/256) with 30 fraction bits, rounded
}

const (
	curveFrac  = 30
	curveStep  = 8                   // an entry is 2^-curveStep
	curveSize  = 16<<curveStep + 1   // entries, from 0 to 16
	curveIn    = 18                  // fraction bits of what is looked up
	curveInner = curveIn - curveStep // bits between two entries
)

// The activations that are x * S(x).
var (
	SiLU     = &Curve{sync.OnceValue(func() *[curveSize]int32 { return curve(sigmoid) })}
	GELU     = &Curve{sync.OnceValue(func() *[curveSize]int32 { return curve(gaussian) })}
	GELUTanh = &Curve{sync.OnceValue(func() *[curveSize]int32 { return curve(tanh) })}
)

// Constants and functions are worked out with 160 fraction bits, of which some ten
// are lost.
const precision = 160

var one = new(big.Int).Lsh(big.NewInt(1), precision)

// curve returns the table of a function of numbers with precision fraction bits.
func curve(s func(x *big.Int) *big.Int) *[curveSize]int32 {
	var table [curveSize]int32
	for i := range table {
		x := new(big.Int).Lsh(big.NewInt(int64(i)), precision-curveStep)
		table[i] = int32(roundBig(s(x), precision-curveFrac).Int64())
	}
	return &table
}

// roundBig returns x / 2^n, rounded, in x.
func roundBig(x *big.Int, n uint) *big.Int {
	x.Add(x, new(big.Int).Lsh(big.NewInt(1), n-1))
	return x.Rsh(x, n)
}

// times returns a * b.
func times(a, b *big.Int) *big.Int {
	p := new(big.Int).Mul(a, b)
	return p.Rsh(p, precision)
}

// over returns a / b.
func over(a, b *big.Int) *big.Int {
	q := new(big.Int).Lsh(a, precision)
	return q.Quo(q, b)
}

// exp returns e^x for x <= 0.
func exp(x *big.Int) *big.Int {
	halvings := uint(max(x.BitLen()-precision+8, 0))
	x = new(big.Int).Rsh(x, halvings) // within 2^-8 of zero
	sum, term := new(big.Int).Set(one), new(big.Int).Set(one)
	for i := int64(1); term.BitLen() > 1; i++ {
		term = times(term, x)
		term.Quo(term, big.NewInt(i))
		sum.Add(sum, term)
	}
	for range halvings {
		sum = times(sum, sum)
	}
	return sum
}

// sigmoid returns 1 / (1 + e^-x) for x >= 0.
func sigmoid(x *big.Int) *big.Int {
	e := exp(new(big.Int).Neg(x))
	return over(one, e.Add(e, one))
}

// gaussian returns the normal distribution function of x >= 0, which is 1/2 plus
// the density at x times x + x^3/3 + x^5/(3*5) + ... From 7 on it is 1 to 39 bits.
func gaussian(x *big.Int) *big.Int {
	if x.Cmp(new(big.Int).Mul(one, big.NewInt(7))) >= 0 {
		return new(big.Int).Set(one)
	}
	square := times(x, x)
	sum, term := new(big.Int), new(big.Int).Set(x)
	for i := int64(3); term.Sign() > 0; i += 2 {
		sum.Add(sum, term)
		term = times(term, square)
		term.Quo(term, big.NewInt(i))
	}
	density := exp(new(big.Int).Neg(square.Rsh(square, 1)))
	density = times(density, over(one, new(big.Int).Sqrt(new(big.Int).Lsh(pi(), precision+1))))
	sum = times(sum, density)
	return sum.Add(sum, new(big.Int).Rsh(one, 1))
}

// tanh returns (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))) / 2 for x >= 0
// (Hendrycks and Gimpel 2016), which is the sigmoid of twice that argument.
func tanh(x *big.Int) *big.Int {
	cube := times(x, times(x, x))
	cube.Mul(cube, big.NewInt(44715))
	cube.Quo(cube, big.NewInt(1_000_000))
	y := cube.Add(cube, x)
	y = times(y, new(big.Int).Sqrt(new(big.Int).Lsh(over(one, pi()), precision+1)))
	return sigmoid(y.Lsh(y, 1))
}

// pi returns pi, by Machin's formula.
var pi = sync.OnceValue(func() *big.Int {
	p := arctan(5)
	p.Lsh(p, 2).Sub(p, arctan(239))
	return p.Lsh(p, 2)
})

// arctan returns the arc tangent of 1/n.
func arctan(n int64) *big.Int {
	power := new(big.Int).Quo(one, big.NewInt(n))
	sum := new(big.Int)
	for i := int64(1); power.Sign() > 0; i += 2 {
		term := new(big.Int).Quo(power, big.NewInt(i))
		if i%4 == 3 {
			term.Neg(term)
		}
		sum.Add(sum, term)
		power.Quo(power, big.NewInt(n*n))
	}
	return sum
}
