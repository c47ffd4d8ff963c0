package layer

import (
	"math/bits"

	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// Activations are the inputs of a product: for each token integers within 4095 of
// zero, with fraction bits of their own.
type Activations struct {
	width, stride int
	a             []int16
	frac          []int
	norm          []uint8 // the square root of the sum of their squares is below 2^norm
}

// NewActivations returns room for n tokens of width numbers.
func NewActivations(n, width int) *Activations {
	stride := (width + 1) &^ 1
	return &Activations{
		width: width, stride: stride,
		a: make([]int16, n*stride), frac: make([]int, n), norm: make([]uint8, n),
	}
}

// Set makes x, which has frac fraction bits, the activations of token t.
func (a *Activations) Set(t int, x []int64, frac int) {
	row := a.a[t*a.stride:][:a.width]
	a.frac[t] = frac - fixedpoint.Quantize(row, x)
	a.norm[t] = uint8((bits.Len64(fixedpoint.Squares(row)) + 1) / 2)
}
