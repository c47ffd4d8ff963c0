package layer

import (
	"encoding/binary"
	"io"
	"math"
)

// A Digest receives the integers of a network in an order of their own, each as it
// stands, little-endian: what the identity of the network is made of.
type Digest struct {
	w   io.Writer
	buf []byte
}

// NewDigest returns a digest that writes to w, which never fails.
func NewDigest(w io.Writer) *Digest { return &Digest{w: w} }

// Ints writes integers of 64 bits.
func (d *Digest) Ints(x ...int) {
	for _, v := range x {
		d.int64s(int64(v))
	}
}

func (d *Digest) int64s(x ...int64) {
	for _, v := range x {
		d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(v))
	}
	d.flush()
}

// Text writes the length of a text, and the text.
func (d *Digest) Text(s string) {
	d.Ints(len(s))
	d.buf = append(d.buf, s...)
	d.flush()
}

func (d *Digest) flush() {
	d.w.Write(d.buf)
	d.buf = d.buf[:0]
}

// int16s and int32s write integers in the bytes that they have.
func (d *Digest) int16s(x []int16) {
	for _, v := range x {
		d.buf = binary.LittleEndian.AppendUint16(d.buf, uint16(v))
	}
	d.flush()
}

func (d *Digest) int32s(x []int32) {
	for _, v := range x {
		d.buf = binary.LittleEndian.AppendUint32(d.buf, uint32(v))
	}
	d.flush()
}

// floats writes the bits of real numbers.
func (d *Digest) floats(x ...float64) {
	for _, v := range x {
		d.buf = binary.LittleEndian.AppendUint64(d.buf, math.Float64bits(v))
	}
	d.flush()
}

// Digest writes the product: rows, columns, the exponent, each row as its mantissa
// and integers, then the number of biases, their fraction bits and they. A nil product
// is a zero.
func (l *Linear) Digest(d *Digest) {
	if l == nil {
		d.Ints(0)
		return
	}
	d.Ints(l.Rows(), l.Cols(), l.exp)
	w := make([]int16, l.Cols())
	for r := range l.Rows() {
		d.int32s([]int32{l.matrix.Row(r, w)})
		d.int16s(w)
	}
	d.Ints(len(l.bias), l.biasFrac)
	d.int32s(l.bias)
}

// Digest writes the embedding as a product without a bias; one that shares a matrix is
// a zero, and so is nil.
func (e *Embedding) Digest(d *Digest) {
	if e == nil || e.matrix != nil {
		d.Ints(0)
		return
	}
	d.Ints(e.Rows(), e.cols, e.exp)
	for r, m := range e.mantissa {
		d.int32s([]int32{m})
		d.int16s(e.w[r*e.cols:][:e.cols])
	}
	d.Ints(0, 0)
}

// Digest writes the norm: the width, whether it is centred, the fraction bits of the
// gains and they, epsilon, then the number of biases and they. A nil norm is a zero.
func (n *Norm) Digest(d *Digest) {
	if n == nil {
		d.Ints(0)
		return
	}
	centred := 0
	if n.centred {
		centred = 1
	}
	d.Ints(len(n.gain), centred, n.gainFrac)
	d.int32s(n.gain)
	d.int64s(int64(n.eps))
	d.Ints(len(n.bias))
	d.int64s(n.bias...)
}

// Digest writes the rotation: the numbers that are turned, how they are paired, the
// base and the factors. A nil rotation is a zero.
func (r *Rope) Digest(d *Digest) {
	if r == nil {
		d.Ints(0)
		return
	}
	halves := 0
	if r.halves {
		halves = 1
	}
	d.Ints(r.dims, halves)
	d.floats(r.base)
	d.Ints(len(r.factors))
	d.floats(r.factors...)
}

// Digest writes the scale: the number of places, the factor and fraction bits of each,
// then the biases of each.
func (s *Scale) Digest(d *Digest) {
	d.Ints(len(s.factor))
	for p, f := range s.factor {
		d.int64s(f, int64(s.frac[p]))
	}
	d.Ints(len(s.bias))
	for _, b := range s.bias {
		d.int32s(b)
	}
}
