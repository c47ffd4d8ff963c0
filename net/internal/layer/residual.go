package layer

import (
	"github.com/foretell/foretell/internal/simd/fixedpoint"
)

// A residual is a vector of int64 with 24 fraction bits, within 2^62 of zero.
const residualMax = fixedpoint.ResidualMax

// Add adds y, which has frac fraction bits, to the residual x.
func Add(x []int64, y []int32, frac int) {
	fixedpoint.Accumulate(x, y, min(max(frac-ResidualFrac, -30), 62))
}

// An Embedding holds a vector for each token or position, in the integers of a
// matrix.
type Embedding struct {
	matrix   *Linear // a matrix that is also multiplied with; nil for one of its own
	w        []int16
	mantissa []int32
	exp      int
	cols     int
}

// NewEmbedding reads the vectors, one a row.
func NewEmbedding(src Rows) (*Embedding, error) {
	f, err := newForm(src)
	if err != nil {
		return nil, err
	}
	rows, cols := src.Size()
	e := &Embedding{w: make([]int16, rows*cols), mantissa: make([]int32, rows), exp: f.exp, cols: cols}
	return e, f.each(src, func(r int, w []int16, scale int32) {
		copy(e.w[r*cols:], w)
		e.mantissa[r] = scale
	})
}

// Tied returns the embedding whose vectors are the rows of l.
func Tied(l *Linear) *Embedding { return &Embedding{matrix: l, exp: l.exp, cols: l.Cols()} }

// Rows returns the number of vectors.
func (e *Embedding) Rows() int {
	if e.matrix != nil {
		return e.matrix.Rows()
	}
	return len(e.mantissa)
}

// Cols returns the length of a vector.
func (e *Embedding) Cols() int { return e.cols }

// Add adds vector r to the residual x. buf is room for a vector.
func (e *Embedding) Add(x []int64, r int, buf []int16) {
	var scale int32
	if e.matrix != nil {
		buf = buf[:e.cols]
		scale = e.matrix.matrix.Row(r, buf)
	} else {
		buf, scale = e.w[r*e.cols:][:e.cols], e.mantissa[r]
	}
	x = x[:len(buf)]
	if n := e.exp - ResidualFrac; n >= 0 && n <= 62 {
		fixedpoint.AccumulateScaled(x, buf, scale, n)
		return
	}
	for i, w := range buf {
		x[i] = clip(x[i]+clip(roundWide(int64(w)*int64(scale), e.exp-ResidualFrac), residualMax/2), residualMax)
	}
}
