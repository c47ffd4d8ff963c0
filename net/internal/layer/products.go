package layer

import (
	"math"

	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// Products are the outputs of a product: for each token integers within
// 2^30 + 2^29 of zero, with fraction bits of their own.
type Products struct {
	width int
	y     []int32
	frac  []int
	shift []uint8
}

// NewProducts returns room for n tokens of width numbers.
func NewProducts(n, width int) *Products {
	return &Products{width: width, y: make([]int32, n*width), frac: make([]int, n), shift: make([]uint8, n)}
}

// Row returns the outputs of token t and their fraction bits.
func (p *Products) Row(t int) (y []int32, frac int) {
	return p.y[t*p.width:][:p.width], p.frac[t]
}

// Plan settles the fraction bits of the products of token t, so that none can
// leave its range. Apply comes next.
func (l *Linear) Plan(dst *Products, a *Activations, t int) {
	exp := a.frac[t] + l.exp
	shift := max(1, int(a.norm[t])+l.norm-outBits)
	if l.bias != nil {
		shift = max(shift, exp-l.biasFrac)
	}
	dst.frac[t] = exp - shift
	dst.shift[t] = uint8(min(shift, 62))
}

// Apply sets outputs r0 to r1, without r1, of n tokens. Goroutines may share a
// product, best at multiples of gemm.Block.
func (l *Linear) Apply(dst *Products, a *Activations, n, r0, r1 int) {
	l.matrix.Mul(dst.y, dst.width, a.a, a.stride, n, dst.shift, r0, r1)
	if l.bias == nil || r0 >= r1 {
		return
	}
	for t := range n {
		fixedpoint.AddRounded(dst.y[t*dst.width:][r0:r1], l.bias[r0:r1], l.biasFrac-dst.frac[t])
	}
}

// LogitFrac is the number of fraction bits of a logit.
const LogitFrac = 16

// PlanLogits settles how Logits makes the logits of token t.
func (l *Linear) PlanLogits(shift, left []uint8, a *Activations, t int) {
	s := a.frac[t] + l.exp - LogitFrac
	shift[t] = uint8(min(max(s, 1), 62))
	left[t] = uint8(min(max(1-s, 0), 31))
}

// Logits sets outputs r0 to r1 of n tokens, as logits.
func (l *Linear) Logits(dst []int32, stride int, a *Activations, first, n int, shift, left []uint8, r0, r1 int) {
	l.matrix.Mul(dst, stride, a.a[first*a.stride:], a.stride, n, shift[first:], r0, r1)
	for t := range n {
		y := dst[t*stride:][r0:r1]
		if s := left[first+t]; s > 0 {
			for i, v := range y {
				y[i] = int32(min(max(int64(v)<<s, math.MinInt32), math.MaxInt32))
			}
		}
	}
}
