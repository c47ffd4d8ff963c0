package layer

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/simd/gemm"
)

// Rows are the real weights of a matrix, a row an output.
type Rows interface {
	// Size returns the number of rows and of columns.
	Size() (rows, cols int)
	// ReadRow sets dst, of cols numbers, to the exact values of a row. Goroutines may
	// read rows at the same time.
	ReadRow(dst []float64, row int) error
}

// Integers of a row are its weights divided by the largest of them in absolute
// value, times gemm.MaxWeight; the largest divided by gemm.MaxWeight is the scale
// of the row. Scales of a matrix have one exponent, so that the largest mantissa
// has 24 bits.

// readRow reads a row and returns its largest absolute value.
func readRow(src Rows, row int, values []float64) (largest float64, err error) {
	if err := src.ReadRow(values, row); err != nil {
		return 0, err
	}
	var all uint64 // absolute values are in the order of their bits
	for _, v := range values {
		all = max(all, math.Float64bits(v)&^(1<<63))
	}
	largest = math.Float64frombits(all)
	return largest, check(largest)
}

// A form is how the rows of a matrix become integers: the largest absolute value of
// each, and the exponent of the scales.
type form struct {
	largest []float64
	exp     int
}

// newForm reads all rows. sizes of more than MaxWidth columns are refused.
func newForm(src Rows) (*form, error) {
	rows, cols := src.Size()
	if rows < 1 || cols < 1 || cols > MaxWidth {
		return nil, fmt.Errorf("%w: a matrix of %d rows and %d columns; the limit is %d columns",
			fault.ErrUnsupported, rows, cols, MaxWidth)
	}
	f := &form{largest: make([]float64, rows)}
	err := spread(rows, func(from, to int) (err error) {
		values := make([]float64, cols)
		for r := from; r < to && err == nil; r++ {
			f.largest[r], err = readRow(src, r, values)
		}
		return err
	})
	f.exp = exponent(slices.Max(f.largest))
	return f, err
}

// each calls set with the integers and the mantissa of every row, on several
// goroutines.
func (f *form) each(src Rows, set func(row int, w []int16, scale int32)) error {
	_, cols := src.Size()
	return spread(len(f.largest), func(from, to int) error {
		values, w := make([]float64, cols), make([]int16, cols)
		for r := from; r < to; r++ {
			if err := src.ReadRow(values, r); err != nil {
				return err
			}
			quantizeRow(w, values, f.largest[r])
			set(r, w, mantissa(f.largest[r], f.exp))
		}
		return nil
	})
}

// spread calls f for ranges of rows, which begin at multiples of gemm.Block, on as many
// goroutines as there are processors.
func spread(rows int, f func(from, to int) error) error {
	parts := min(runtime.GOMAXPROCS(0), (rows+gemm.Block-1)/gemm.Block)
	each := (rows/parts + gemm.Block) / gemm.Block * gemm.Block
	errs := make([]error, parts)
	var wait sync.WaitGroup
	for i := range parts {
		wait.Go(func() { errs[i] = f(min(i*each, rows), min((i+1)*each, rows)) })
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// quantizeRow sets dst to round(values * MaxWeight / largest), halves away from
// zero.
func quantizeRow(dst []int16, values []float64, largest float64) {
	b, y := parts(largest)
	if b == 0 {
		clear(dst)
		return
	}
	// a / b is a * (2^116-1)/b >> 116, or one more.
	reciprocal, _ := bits.Div64(1<<52-1, math.MaxUint64, b)
	for i, v := range values {
		a, x := parts(v)
		a *= gemm.MaxWeight
		q, _ := bits.Mul64(a, reciprocal)
		q >>= 52
		r := a - q*b
		if r >= b {
			q++
			r -= b
		}
		switch k := y - x; {
		case a == 0 || k > 12:
			q = 0
		case k > 0:
			q = (q + 1<<(k-1)) >> k
		case 2*r >= b:
			q++
		}
		dst[i] = int16(q)
		if v < 0 {
			dst[i] = -int16(q)
		}
	}
}

// exponent returns the exponent of the scales of a matrix of which the largest
// absolute value is largest.
func exponent(largest float64) int {
	m, e := parts(largest)
	if m == 0 {
		return 0
	}
	exp := 24 + 11 - 53 - e
	if mantissa(largest, exp) > gemm.MaxMantissa {
		exp--
	}
	return exp
}

// mantissa returns largest / MaxWeight * 2^exp, rounded, for a row of a matrix with
// that exponent.
func mantissa(largest float64, exp int) int32 {
	m, e := parts(largest)
	n := -(e + exp) // at least 18
	return int32((m/gemm.MaxWeight + 1<<(n-1)) >> n)
}
