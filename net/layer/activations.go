package layer

import "math/bits"

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
	a.frac[t] = frac - quantize(row, x)
	a.norm[t] = uint8((bits.Len64(squares(row)) + 1) / 2)
}

// quantize sets dst to x / 2^n, rounded and within activationMax of zero, for the
// least n of at least 0 for which |x| / 2^n < 4096.
func quantize(dst []int16, x []int64) (n int) {
	var all uint64
	for _, v := range x {
		all |= uint64(v ^ v>>63)
	}
	n = max(bits.Len64(all)-12, 0)
	half := int64(1) << n >> 1
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = int16(min(max((v+half)>>n, -activationMax), activationMax))
	}
	return n
}
