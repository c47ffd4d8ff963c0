package net

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/layer"
	"github.com/foretell/foretell/net/tensor"
)

// A source is a model file: tensors by name, and what is said about them.
type source interface {
	Tensor(name string) *tensor.Tensor // nil if there is none
	Number(key string) (float64, bool)
	Text(key string) (string, bool)
}

// A loader makes the parts of a network from a source. After an error it makes no
// more; what it returned then is not to be used.
type loader struct {
	source
	err    error
	memory int64 // bytes that may still be taken; negative for any number
	used   int64
}

// fail keeps the first error.
func (l *loader) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// take accounts for memory before it is allocated.
func (l *loader) take(bytes int64) bool {
	l.used += bytes
	if l.memory > 0 && l.used > l.memory {
		l.fail(fmt.Errorf("%w: the network takes more than the %d bytes of memory that are allowed", fault.ErrLimit, l.memory))
	}
	return l.err == nil
}

// room reports whether there is room for bytes that are taken for a while.
func (l *loader) room(bytes int64) bool {
	ok := l.take(bytes)
	l.used -= bytes
	return ok
}

// find returns a tensor of that shape.
func (l *loader) find(name string, shape ...int) *tensor.Tensor {
	if l.err != nil {
		return nil
	}
	t := l.Tensor(name)
	if t == nil {
		l.fail(fmt.Errorf("%w: the model has no tensor %q", fault.ErrCorrupt, name))
		return nil
	}
	if !slices.Equal(t.Shape, shape) {
		l.fail(fmt.Errorf("%w: tensor %q has shape %v instead of %v", fault.ErrCorrupt, name, t.Shape, shape))
		return nil
	}
	return t
}

// vector returns a tensor of one dimension.
func (l *loader) vector(name string, n int) []float64 {
	t := l.find(name, n)
	if t == nil || !l.take(8*int64(n)) {
		return nil
	}
	values := make([]float64, n)
	if err := t.ReadRow(values, 0); err != nil {
		l.fail(err)
	}
	return values
}

// optional returns a tensor of one dimension, or nil if there is none.
func (l *loader) optional(name string, n int) []float64 {
	if l.err != nil || l.Tensor(name) == nil {
		return nil
	}
	return l.vector(name, n)
}

// A part is some rows of others.
type part struct {
	layer.Rows
	from, count int
}

func (p part) Size() (int, int) {
	_, cols := p.Rows.Size()
	return p.count, cols
}

func (p part) ReadRow(dst []float64, row int) error { return p.Rows.ReadRow(dst, p.from+row) }

// tensorRows are the rows of a tensor of two dimensions.
type tensorRows struct{ *tensor.Tensor }

func (t tensorRows) Size() (int, int) { return t.Rows(), t.Cols() }

// columns are the columns of a matrix, as rows.
type columns [][]float64

func (c columns) Size() (int, int) { return len(c), len(c[0]) }

func (c columns) ReadRow(dst []float64, row int) error {
	copy(dst, c[row])
	return nil
}

// matrix returns the rows of a matrix with a row an output; or, if inputs is set, of
// one that lies in the file with a row an input.
func (l *loader) matrix(name string, out, in int, inputs bool) layer.Rows {
	if !inputs {
		return tensorRows{l.find(name, out, in)}
	}
	t := l.find(name, in, out)
	if t == nil || !l.room(8*int64(in)*int64(out)) {
		return nil
	}
	c := make(columns, out)
	for r := range c {
		c[r] = make([]float64, in)
	}
	row := make([]float64, out)
	for i := range in {
		if err := t.ReadRow(row, i); err != nil {
			l.fail(err)
			return nil
		}
		for r, v := range row {
			c[r][i] = v
		}
	}
	return c
}

// linear returns a product from a matrix and a bias, which may be nil.
func (l *loader) linear(name string, out, in int, bias []float64) *layer.Linear {
	w := l.matrix(name, out, in, false)
	if l.err != nil {
		return nil
	}
	return l.product(name, w, bias)
}

// product is linear for weights that are at hand.
func (l *loader) product(name string, w layer.Rows, bias []float64) *layer.Linear {
	out, in := w.Size()
	if !l.take(2*int64(out+32)*int64(in+1) + 16*int64(out)) {
		return nil
	}
	p, err := layer.NewLinear(w, bias)
	if err != nil {
		l.fail(fmt.Errorf("tensor %q: %w", name, err))
	}
	return p
}

// embedding returns the vectors of a tensor.
func (l *loader) embedding(name string, count, width int) *layer.Embedding {
	t := l.find(name, count, width)
	if t == nil || !l.take(2*int64(count)*int64(width)+12*int64(count)) {
		return nil
	}
	e, err := layer.NewEmbedding(tensorRows{t})
	if err != nil {
		l.fail(fmt.Errorf("tensor %q: %w", name, err))
	}
	return e
}

// norm returns a norm from a vector of gains and one of biases, which may be nil.
func (l *loader) norm(name string, gain, bias []float64, eps float64, centred bool) *layer.Norm {
	if l.err != nil {
		return nil
	}
	n, err := layer.NewNorm(gain, bias, eps, centred)
	if err != nil {
		l.fail(fmt.Errorf("tensor %q: %w", name, err))
	}
	return n
}

// has reports whether there is a tensor of that name.
func (l *loader) has(name string) bool { return l.err == nil && l.Tensor(name) != nil }

// size returns a dimension of a tensor of two.
func (l *loader) size(name string, axis int) int {
	if l.err != nil {
		return 0
	}
	t := l.Tensor(name)
	if t == nil || len(t.Shape) != 2 {
		l.fail(fmt.Errorf("%w: the model has no matrix %q", fault.ErrCorrupt, name))
		return 0
	}
	return t.Shape[axis]
}

// integer returns a number of the source from 1 to most.
func (l *loader) integer(key string, most int) int {
	if l.err != nil {
		return 0
	}
	x, ok := l.Number(key)
	if !ok {
		l.fail(fmt.Errorf("%w: the model does not say %q", fault.ErrCorrupt, key))
		return 0
	}
	if !(x >= 1 && x <= float64(most)) || x != math.Trunc(x) {
		l.fail(fmt.Errorf("%w: the model says %v for %q; from 1 to %d can be run", fault.ErrUnsupported, x, key, most))
		return 0
	}
	return int(x)
}

// integerOr is integer for a number that need not be there.
func (l *loader) integerOr(key string, value, most int) int {
	if l.err != nil {
		return 0
	}
	if _, ok := l.Number(key); ok {
		return l.integer(key, most)
	}
	if value < 1 || value > most {
		l.fail(fmt.Errorf("%w: %q would be %d; from 1 to %d can be run", fault.ErrUnsupported, key, value, most))
		return 0
	}
	return value
}

// real returns a number of the source.
func (l *loader) real(key string) float64 {
	if l.err != nil {
		return 0
	}
	x, ok := l.Number(key)
	if !ok {
		l.fail(fmt.Errorf("%w: the model does not say %q", fault.ErrCorrupt, key))
	}
	return x
}

// realOr is real for a number that need not be there.
func (l *loader) realOr(key string, value float64) float64 {
	if l.err != nil {
		return 0
	}
	if x, ok := l.Number(key); ok {
		return x
	}
	return value
}

// vocabulary reads the vectors of tokens and the last product of a network, which are
// one matrix if there is no tensor for the latter.
func (l *loader) vocabulary(d *decoder, token, head string) {
	n := l.size(token, 0)
	if l.has(head) {
		d.embedding = l.embedding(token, n, d.width)
		d.head = l.linear(head, n, d.width, nil)
		return
	}
	if d.head = l.linear(token, n, d.width, nil); l.err == nil {
		d.embedding = layer.Tied(d.head)
	}
}
