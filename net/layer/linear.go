package layer

import (
	"fmt"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/fixedpoint"
	"github.com/foretell/foretell/internal/simd/gemm"
)

// A Linear is a matrix of weights, with or without a bias, that activations are
// multiplied with.
type Linear struct {
	matrix *gemm.Matrix
	exp    int // the weight of a row is integer * mantissa / 2^exp

	// norm bounds all rows: the square root of the sum of the squares of integers,
	// times the mantissa, is below 2^norm.
	norm int

	bias     []int32 // nil for none; below 2^biasBits
	biasFrac int
}

const (
	outBits  = 30 // a product before its bias is at most 2^outBits
	biasBits = 29
)

// NewLinear reads a matrix, and a bias of a number a row if that is not nil.
func NewLinear(src Rows, bias []float64) (*Linear, error) {
	rows, cols := src.Size()
	if rows < 1 || cols < 1 || cols > MaxWidth {
		return nil, fmt.Errorf("%w: a matrix of %d rows and %d columns; the limit is %d columns",
			fault.ErrUnsupported, rows, cols, MaxWidth)
	}
	values := make([]float64, cols)
	largest := make([]float64, rows)
	top := 0.0
	for r := range rows {
		var err error
		if largest[r], err = readRow(src, r, values); err != nil {
			return nil, err
		}
		top = max(top, largest[r])
	}
	l := &Linear{matrix: gemm.New(rows, cols), exp: exponent(top)}
	w := make([]int16, cols)
	for r := range rows {
		if err := src.ReadRow(values, r); err != nil {
			return nil, err
		}
		quantizeRow(w, values, largest[r])
		scale := mantissa(largest[r], l.exp)
		l.matrix.SetRow(r, w, scale)
		hi, lo := bits.Mul64(fixedpoint.Squares(w), uint64(scale)*uint64(scale))
		l.norm = max(l.norm, (bitLen(hi, lo)+1)/2)
	}
	if bias == nil {
		return l, nil
	}
	if len(bias) != rows {
		return nil, fmt.Errorf("%w: a bias of %d numbers for %d rows", fault.ErrUnsupported, len(bias), rows)
	}
	var err error
	l.bias, l.biasFrac, err = vector(bias, biasBits)
	return l, err
}

// bitLen returns the number of bits of hi * 2^64 + lo.
func bitLen(hi, lo uint64) int {
	if hi > 0 {
		return 64 + bits.Len64(hi)
	}
	return bits.Len64(lo)
}

// Rows returns the number of outputs.
func (l *Linear) Rows() int { return l.matrix.Rows() }

// Cols returns the number of inputs.
func (l *Linear) Cols() int { return l.matrix.Cols() }

// Stride returns how far apart the activations of two tokens may lie at least.
func (l *Linear) Stride() int { return l.matrix.Stride() }
