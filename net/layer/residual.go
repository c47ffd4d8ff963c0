package layer

// A residual is a vector of int64 with 24 fraction bits, within 2^62 of zero.
const residualMax = 1 << 62

// Add adds y, which has frac fraction bits, to the residual x.
func Add(x []int64, y []int32, frac int) {
	shift := max(frac-ResidualFrac, -30)
	y = y[:len(x)]
	if shift <= 0 {
		for i, v := range y {
			x[i] = min(max(x[i]+int64(v)<<-shift, -residualMax), residualMax)
		}
		return
	}
	shift = min(shift, 62)
	half := int64(1) << (shift - 1)
	for i, v := range y {
		x[i] = min(max(x[i]+(int64(v)+half)>>shift, -residualMax), residualMax)
	}
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
	for i, w := range buf {
		v := roundWide(int64(w)*int64(scale), e.exp-ResidualFrac)
		x[i] = min(max(x[i]+min(max(v, -residualMax/2), residualMax/2), -residualMax), residualMax)
	}
}
