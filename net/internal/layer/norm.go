package layer

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// A Norm scales vectors to a mean square of one, after subtracting their mean if
// it is centred (LayerNorm, Ba et al. 2016; RMSNorm, Zhang and Sennrich 2019),
// multiplies them with gains and adds a bias.
type Norm struct {
	centred  bool
	gain     []int32
	gainFrac int
	bias     []int64 // nil for none; NormFrac fraction bits
	eps      uint64  // width * epsilon, with 36 fraction bits
}

const (
	normBits  = 29 // numbers are shifted to this many bits
	normLeft  = 12 // and at most this far to the left
	gainBits  = 24
	headFrac  = 16
	squareCut = 6 // bits that a number loses before it is squared
)

// NewNorm returns a norm with a gain for each number of a vector, and a bias unless
// that is nil. width * eps may be at most 1.
func NewNorm(gain, bias []float64, eps float64, centred bool) (*Norm, error) {
	n := &Norm{centred: centred}
	if len(gain) < 1 || len(gain) > MaxWidth {
		return nil, fmt.Errorf("%w: a norm of %d numbers; the limit is %d", fault.ErrUnsupported, len(gain), MaxWidth)
	}
	if !(eps >= 0 && eps*float64(len(gain)) <= 1) {
		return nil, fmt.Errorf("%w: a norm with an epsilon of %g", fault.ErrUnsupported, eps)
	}
	e := new(big.Rat).SetFloat64(eps)
	e.Mul(e, new(big.Rat).SetInt64(int64(len(gain))<<36))
	n.eps = nearest(e)
	var err error
	if n.gain, n.gainFrac, err = vector(gain, gainBits); err != nil {
		return nil, err
	}
	if bias == nil {
		return n, nil
	}
	if len(bias) != len(gain) {
		return nil, fmt.Errorf("%w: a norm with %d gains and a bias of %d numbers", fault.ErrUnsupported, len(gain), len(bias))
	}
	n.bias = make([]int64, len(bias))
	for i, b := range bias {
		if n.bias[i], err = fixed(b, NormFrac, 16); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// nearest returns the integer nearest to x, which is not negative; halves go up.
func nearest(x *big.Rat) uint64 {
	twice := new(big.Int).Lsh(x.Num(), 1)
	twice.Add(twice, x.Denom())
	return twice.Quo(twice, new(big.Int).Lsh(x.Denom(), 1)).Uint64()
}

// Apply sets dst to the norm of x: numbers with 30 fraction bits from numbers with
// 24. They may be the same slice.
func (n *Norm) Apply(dst, x []int64) {
	width := len(n.gain)
	dst, x = dst[:width], x[:width]
	shift := max(fixedpoint.Bits(x)-normBits, -normLeft)
	sum := fixedpoint.Shift(dst, x, shift)
	if n.centred {
		mean := floorDiv(2*sum+int64(width), 2*int64(width))
		for i := range dst {
			dst[i] -= mean
		}
	}
	inverse, cut := n.inverse(fixedpoint.Energy(dst, squareCut), shift)
	fixedpoint.Scale(dst, inverse, cut, n.gain, n.gainFrac)
	if n.bias != nil {
		for i, b := range n.bias {
			dst[i] += b
		}
	}
}

// Residual makes a residual of what a norm gives, in place.
func Residual(x []int64) {
	for i, v := range x {
		x[i] = round(v, NormFrac-ResidualFrac)
	}
}

// ApplyHead sets dst to the norm of a head x with frac fraction bits, and returns the
// fraction bits of dst. buf is room for as many numbers.
func (n *Norm) ApplyHead(dst []int32, buf []int64, x []int32, frac int) int {
	clear(buf)
	Add(buf, x, frac)
	n.Apply(buf, buf)
	for i, v := range buf {
		dst[i] = int32(min(max(round(v, NormFrac-headFrac), -1<<30), 1<<30))
	}
	return headFrac
}

// inverse returns the inverse of the root of the mean square of a vector: of a
// number v of it, v * inverse / 2^cut is v over that root, with 30 fraction bits.
// total is the sum of the squares, shift how far numbers were shifted before.
func (n *Norm) inverse(total uint64, shift int) (inverse int64, cut int) {
	if shift > 0 {
		total += n.eps >> min(2*shift, 63)
	} else {
		total += n.eps << (-2 * shift)
	}
	if total == 0 {
		return 0, 1
	}
	// The mean times an even power of two, with 57 to 61 bits.
	width := uint64(len(n.gain))
	half := (60 + bits.Len64(width) - bits.Len64(total)) >> 1
	var mean uint64
	if half < 0 {
		mean = total >> (-2 * half) / width
	} else {
		e := uint(2 * half)
		hi, lo := total>>(64-e), total<<e
		if e > 64 {
			hi, lo = total<<(e-64), 0
		}
		mean, _ = bits.Div64(hi, lo, width)
	}
	return int64(1 << 60 / root(mean)), 66 - half - NormFrac
}

// root returns the integer square root of x, which is below 2^62.
func root(x uint64) uint64 {
	// A float may be off by one, and by how much the processor's rounding says.
	r := uint64(math.Sqrt(float64(x)))
	for r*r > x {
		r--
	}
	for (r+1)*(r+1) <= x {
		r++
	}
	return r
}

// floorDiv returns the largest integer not above a / b, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
