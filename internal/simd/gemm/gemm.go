// Package gemm multiplies matrices of small integers exactly: the products of
// neural networks whose results may not differ by a bit between machines.
//
// Every kernel gives the exact sum, so neither the order of the additions nor the
// level (see package simd) nor how the work is split can change a result. The
// portable version is the reference.
package gemm

import (
	"math"
	"slices"
)

// Bounds of what is multiplied. Any Chunk products of a weight and an activation
// add up to less than 2^31.
const (
	MaxWeight     = 2047      // the largest absolute value of a weight
	MaxActivation = 4095      // the largest absolute value of an activation
	MaxCols       = 1 << 15   // the most columns of a matrix
	MaxMantissa   = 1<<24 - 1 // the largest scale of a row
	MaxShift      = 62        // the largest shift of a token
	Block         = 2 * panel // rows that are worked on together
	Chunk         = 256       // columns whose products fit 32 bits together
	limit         = 1<<31 - 1 // what sums in 32 bits may come to
	panel         = 16        // rows that lie together in memory
	pairs         = Chunk / 2 // pairs of columns of a chunk
	width         = 2 * panel // weights of a panel at a pair of columns
	tile          = 12        // the most tokens that are worked on together
)

// A Matrix holds rows of int16 weights, each with a scale. It is made with New,
// filled with SetRow, and may then be used by many goroutines.
type Matrix struct {
	rows, cols int
	chunks     int // chunks of a row, the last of which may be shorter

	// w holds panels of 16 rows, each as pairs of columns: for each pair, the two
	// weights of row 0, of row 1, and so on. Missing rows and columns are zeros.
	w []int16

	// mantissa holds the scale of each row, zero for missing ones.
	mantissa []int32

	// period is, for each block of rows, how many chunks of columns can be added up
	// in 32 bits, whatever the activations are.
	period []int16
}

// New returns a matrix of zeros, which takes about 2*rows*cols bytes. 0 <= rows,
// 0 <= cols <= MaxCols, and the bytes must fit an int.
func New(rows, cols int) *Matrix {
	if rows < 0 || cols < 0 || cols > MaxCols || rows > math.MaxInt/2/(cols+2)-Block {
		panic("gemm: size out of range")
	}
	blocks := (rows + Block - 1) / Block
	m := &Matrix{rows: rows, cols: cols, chunks: (cols + Chunk - 1) / Chunk}
	m.w = make([]int16, blocks*Block*m.Stride())
	m.mantissa = make([]int32, blocks*Block)
	m.period = slices.Repeat([]int16{int16(max(m.chunks, 1))}, blocks)
	return m
}

// Rows returns the number of rows.
func (m *Matrix) Rows() int { return m.rows }

// Cols returns the number of columns.
func (m *Matrix) Cols() int { return m.cols }

// Stride returns how many activations of a token Mul may read: the number of
// columns, rounded up to an even one.
func (m *Matrix) Stride() int { return (m.cols + 1) &^ 1 }

// SetRow sets the weights of row r, one a column, and its scale, from 0 to
// MaxMantissa. A row may be set once. Goroutines may set rows of different blocks
// at the same time.
func (m *Matrix) SetRow(r int, w []int16, mantissa int32) {
	if r < 0 || r >= m.rows || len(w) != m.cols || mantissa < 0 || mantissa > MaxMantissa {
		panic("gemm: row out of range")
	}
	var sums [MaxCols / Chunk]int32
	to := m.w[m.at(r):]
	for k, v := range w {
		if v < -MaxWeight || v > MaxWeight {
			panic("gemm: weight out of range")
		}
		to[k>>1*width+k&1] = v
		sums[k/Chunk] += int32(max(v, -v))
	}
	m.mantissa[r] = mantissa
	p := &m.period[r/Block]
	for !fits(sums[:m.chunks], int(*p)) {
		*p--
	}
}

// fits reports whether any period chunks that begin at a multiple of period, with
// those sums of absolute weights, can be added up in 32 bits. One chunk always can.
func fits(sums []int32, period int) bool {
	for part := range slices.Chunk(sums, period) {
		var total int64
		for _, s := range part {
			total += int64(s)
		}
		if total*MaxActivation > limit {
			return false
		}
	}
	return true
}

// Row sets w to the weights of row r, one a column, and returns its scale.
func (m *Matrix) Row(r int, w []int16) (mantissa int32) {
	w = w[:m.cols]
	from := m.w[m.at(r):]
	for k := range w {
		w[k] = from[k>>1*width+k&1]
	}
	return m.mantissa[r]
}

// at returns where in m.w row r begins.
func (m *Matrix) at(r int) int { return r/panel*panel*m.Stride() + r%panel*2 }

// Mul multiplies the rows r0 to r1, without r1, with n tokens. With
//
//	y = sum over k of a[t*aStride+k] * weight(r, k),
//
// it sets out[t*outStride+r] to y*mantissa(r) / 2^shift[t], rounded to the nearest
// integer, halves up, and between the limits of an int32.
//
// Activations are within MaxActivation of zero, shifts from 0 to MaxShift. Rows of
// a are aStride apart and begin with Stride() numbers that are there; where the
// number of columns is odd, the last of them means nothing. Goroutines that share
// a product best split it at multiples of Block.
func (m *Matrix) Mul(out []int32, outStride int, a []int16, aStride, n int, shift []uint8, r0, r1 int) {
	if n <= 0 || r0 >= r1 {
		return
	}
	if r0 < 0 || r1 > m.rows || outStride < r1 || aStride < m.Stride() ||
		len(out) < (n-1)*outStride+r1 || len(a) < (n-1)*aStride+m.Stride() || len(shift) < n {
		panic("gemm: slices too short")
	}
	if m.cols == 0 {
		for t := range n {
			clear(out[t*outStride+r0 : t*outStride+r1])
		}
		return
	}
	m.mul(out, outStride, a, aStride, n, shift, r0, r1)
}
