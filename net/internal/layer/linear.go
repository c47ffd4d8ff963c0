package layer

import (
	"fmt"
	"math/bits"
	"slices"

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
	f, err := newForm(src)
	if err != nil {
		return nil, err
	}
	rows, cols := src.Size()
	l := &Linear{matrix: gemm.New(rows, cols), exp: f.exp}
	norms := make([]uint8, rows)
	err = f.each(src, func(r int, w []int16, scale int32) {
		l.matrix.SetRow(r, w, scale)
		hi, lo := bits.Mul64(fixedpoint.Squares(w), uint64(scale)*uint64(scale))
		norms[r] = uint8((bitLen(hi, lo) + 1) / 2)
	})
	if err != nil {
		return nil, err
	}
	l.norm = int(slices.Max(norms))
	if bias == nil {
		return l, nil
	}
	if len(bias) != rows {
		return nil, fmt.Errorf("%w: a bias of %d numbers for %d rows", fault.ErrUnsupported, len(bias), rows)
	}
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
