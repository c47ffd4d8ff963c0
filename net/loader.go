package net

import (
	"fmt"
	"math"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/layer"
)

// A source is a model file: tensors by name, and what is said about them.
type source interface {
	tensor(name string) tensor         // nil if there is none
	number(key string) (float64, bool) // not ok if there is none
	text(key string) string            // empty if there is none
}

// A tensor is an array of real numbers in a file.
type tensor interface {
	Dims() []int // outermost first
	ReadRow(dst []float64, row int) error
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

// find returns a tensor of that shape.
func (l *loader) find(name string, shape ...int) tensor {
	if l.err != nil {
		return nil
	}
	t := l.tensor(name)
	if t == nil {
		l.fail(fmt.Errorf("%w: the model has no tensor %q", fault.ErrCorrupt, name))
		return nil
	}
	have := t.Dims()
	ok := len(have) == len(shape)
	for i := range min(len(have), len(shape)) {
		ok = ok && have[i] == shape[i]
	}
	if !ok {
		l.fail(fmt.Errorf("%w: tensor %q has shape %v instead of %v", fault.ErrCorrupt, name, have, shape))
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
		l.fail(fmt.Errorf("tensor %q: %w", name, err))
	}
	return values
}

// optional returns a tensor of one dimension, or nil if there is none.
func (l *loader) optional(name string, n int) []float64 {
	if l.err != nil || l.tensor(name) == nil {
		return nil
	}
	return l.vector(name, n)
}

// rows are the rows of a tensor of two dimensions.
type rows struct {
	tensor
	from, count, cols int
}

func (r rows) Size() (int, int) { return r.count, r.cols }

func (r rows) ReadRow(dst []float64, row int) error { return r.tensor.ReadRow(dst, r.from+row) }

// linear returns a product from a matrix and a bias, which may be nil.
func (l *loader) linear(name string, out, in int, bias []float64) *layer.Linear {
	t := l.find(name, out, in)
	if t == nil {
		return nil
	}
	return l.product(name, rows{t, 0, out, in}, bias)
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
	e, err := layer.NewEmbedding(rows{t, 0, count, width})
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
func (l *loader) has(name string) bool { return l.err == nil && l.tensor(name) != nil }

// count returns the outermost dimension of a tensor.
func (l *loader) count(name string) int {
	if l.err != nil {
		return 0
	}
	if t := l.tensor(name); t != nil && len(t.Dims()) > 0 {
		return t.Dims()[0]
	}
	l.fail(fmt.Errorf("%w: the model has no tensor %q", fault.ErrCorrupt, name))
	return 0
}

// integer returns a number of the source from 1 to most.
func (l *loader) integer(key string, most int) int {
	if l.err != nil {
		return 0
	}
	x, ok := l.number(key)
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
	if _, ok := l.number(key); ok {
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
	x, ok := l.number(key)
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
	if x, ok := l.number(key); ok {
		return x
	}
	return value
}
