package layer

import (
	"math/big"
	"sync"

	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// A Curve is a function S, from 0 to 1 with S(-x) = 1 - S(x), by which x is
// multiplied: the activation of x is x * S(x).
type Curve struct {
	name  string
	table func() *fixedpoint.Curve
}

// String returns the name of the activation.
func (c *Curve) String() string { return c.name }

// The activations that are x * S(x).
var (
	SiLU     = &Curve{"silu", sync.OnceValue(func() *fixedpoint.Curve { return curve(sigmoid) })}
	GELU     = &Curve{"gelu", sync.OnceValue(func() *fixedpoint.Curve { return curve(gaussian) })}
	GELUTanh = &Curve{"gelu tanh", sync.OnceValue(func() *fixedpoint.Curve { return curve(tanh) })}
)

// curve returns the table, with rounded entries, of a function of numbers with
// precision fraction bits.
func curve(s func(x *big.Int) *big.Int) *fixedpoint.Curve {
	var table fixedpoint.Curve
	for i := range table {
		x := new(big.Int).Lsh(big.NewInt(int64(i)), precision-fixedpoint.CurveStep)
		table[i] = int32(roundBig(s(x), precision-fixedpoint.CurveFrac).Int64())
	}
	return &table
}

// Apply sets dst to the activations of x, which has frac fraction bits, as dst then.
func (c *Curve) Apply(dst []int64, x []int32, frac int) {
	c.table().Activate(dst, x[:len(dst)], frac)
}

// Gate sets dst to the activations of x, times y (a gated unit, Shazeer 2020). x has
// frac fraction bits; those of dst are those of x and y together.
func (c *Curve) Gate(dst []int64, x []int32, frac int, y []int32) {
	c.table().Gate(dst, x[:len(dst)], frac, y)
}
