package layer

import (
	"math/big"
	"sync"
)

// Constants and functions are worked out with 160 fraction bits, of which some ten
// are lost.
const precision = 160

var one = new(big.Int).Lsh(big.NewInt(1), precision)

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
