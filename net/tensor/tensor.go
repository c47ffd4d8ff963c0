// Package tensor hands out the arrays of numbers in model files, row by row and as
// the exact real numbers that the file stands for, whatever type they are stored in.
// Packages gguf and safetensors find them.
package tensor

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/foretell/foretell/internal/fault"
)

// MaxAxes is the most axes that a tensor may have.
const MaxAxes = 8

// A Tensor is an array in a file. It is safe for concurrent use if the file is.
type Tensor struct {
	Name  string
	Shape []int // lengths of the axes, outermost first as NumPy has it
	Type  Type

	src    io.ReaderAt
	offset int64 // of its first byte
	rows   int
	cols   int
}

// New returns the tensor of that name, shape and type that starts at byte offset of
// src, of which size bytes may be read. A tensor that does not lie within them is
// foretell.ErrCorrupt, as is a last axis that is not made of whole blocks.
func New(src io.ReaderAt, size int64, name string, shape []int, t Type, offset int64) (*Tensor, error) {
	refuse := func(why string) (*Tensor, error) {
		return nil, fmt.Errorf("%w: tensor %.80q of shape %.80v and type %v %s", fault.ErrCorrupt, name, shape, t, why)
	}
	if !t.valid() {
		return nil, fmt.Errorf("tensor %.80q: no such element type: %d", name, int(t))
	}
	if len(shape) > MaxAxes {
		return refuse(fmt.Sprintf("has more than %d axes", MaxAxes))
	}
	rows, cols := 1, 1
	for i, n := range shape {
		if n < 0 {
			return refuse("has a negative axis")
		}
		if i == len(shape)-1 {
			cols = n
		} else if n > 0 && rows > math.MaxInt/n {
			return refuse("is too large")
		} else {
			rows *= n
		}
	}
	if cols == 0 {
		rows = 0
	}
	elements, _ := t.Block()
	if cols%elements != 0 {
		return refuse(fmt.Sprintf("has a last axis that is not a multiple of %d", elements))
	}
	x := &Tensor{Name: name, Shape: shape, Type: t, src: src, offset: offset, rows: rows, cols: cols}
	stride := x.stride()
	if offset < 0 || offset > size || rows > 0 && int64(rows) > (size-offset)/stride {
		return refuse(fmt.Sprintf("does not lie within the %d bytes of the file", size))
	}
	return x, nil
}

// Rows returns the number of rows: the product of all axes but the last, or 0 if there
// are no numbers.
func (t *Tensor) Rows() int { return t.rows }

// Cols returns the length of a row: that of the last axis, or 1 if there is no axis.
func (t *Tensor) Cols() int { return t.cols }

// Bytes returns how many bytes the tensor takes in its file.
func (t *Tensor) Bytes() int64 { return int64(t.rows) * t.stride() }

// Offset returns where in its file the tensor starts.
func (t *Tensor) Offset() int64 { return t.offset }

// stride returns the bytes of a row. Rows are of whole blocks.
func (t *Tensor) stride() int64 {
	elements, bytes := t.Type.Block()
	blocks := int64(t.cols / elements)
	if blocks > math.MaxInt64/int64(bytes) {
		return math.MaxInt64
	}
	return blocks * int64(bytes)
}

// chunk bounds how much of a row is read at a time: many whole blocks of any type.
const chunk = 1 << 14

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// ReadRow sets dst, of Cols numbers, to a row, which is the exact value of what the
// file holds; infinities and NaN are handed on where the type has them. Errors are
// those of the file, and foretell.ErrUnsupported for an integer that a float64 cannot
// hold.
func (t *Tensor) ReadRow(dst []float64, row int) error {
	if row < 0 || row >= t.rows || len(dst) != t.cols {
		return fmt.Errorf("tensor %.80q: row %d with room for %d numbers asked for; it has %d rows of %d",
			t.Name, row, len(dst), t.rows, t.cols)
	}
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	kind := &kinds[t.Type]
	most := chunk / kind.bytes
	at := t.offset + int64(row)*t.stride()
	for len(dst) > 0 {
		blocks := min(most, len(dst)/kind.elements)
		src := buf[:blocks*kind.bytes]
		if n, err := t.src.ReadAt(src, at); n < len(src) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("tensor %.80q: %w", t.Name, err)
		}
		if !kind.decode(dst[:blocks*kind.elements], src) {
			return fmt.Errorf("%w: tensor %.80q holds an integer beyond 2^53", fault.ErrUnsupported, t.Name)
		}
		dst = dst[blocks*kind.elements:]
		at += int64(len(src))
	}
	return nil
}
