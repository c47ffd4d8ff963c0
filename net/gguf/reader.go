package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/foretell/foretell/internal/fault"
)

var order = binary.LittleEndian

// A reader reads the header of a file. After an error it reads no more.
type reader struct {
	src     *bufio.Reader
	at      int64 // bytes read
	size    int64 // bytes that there are
	err     error
	scratch [8]byte
}

func newReader(src io.ReaderAt, size int64) *reader {
	return &reader{src: bufio.NewReaderSize(io.NewSectionReader(src, 0, max(size, 0)), 1<<16), size: size}
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// take accounts for n bytes before memory is taken for them, and reports whether they
// are there.
func (r *reader) take(n uint64) bool {
	switch {
	case r.err != nil:
	case r.size < r.at || n > uint64(r.size-r.at):
		r.fail(io.ErrUnexpectedEOF)
	case n > uint64(maxHeader-r.at):
		r.fail(fmt.Errorf("%w: a header of more than %d bytes", fault.ErrLimit, maxHeader))
	default:
		r.at += int64(n)
		return true
	}
	return false
}

// full reads len(b) bytes, which have been taken.
func (r *reader) full(b []byte) {
	if _, err := io.ReadFull(r.src, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		r.fail(err)
		clear(b)
	}
}

// bytes returns n bytes.
func (r *reader) bytes(n uint64) []byte {
	if !r.take(n) {
		return nil
	}
	b := make([]byte, n)
	r.full(b)
	return b
}

// small returns up to eight bytes, valid until the next call.
func (r *reader) small(n int) []byte {
	b := r.scratch[:n]
	if !r.take(uint64(n)) {
		clear(b)
		return b
	}
	r.full(b)
	return b
}

func (r *reader) uint32() uint32 { return order.Uint32(r.small(4)) }

func (r *reader) uint64() uint64 { return order.Uint64(r.small(8)) }

// text reads a text after its length.
func (r *reader) text() string { return string(r.bytes(r.uint64())) }

// value reads a value after its type.
func (r *reader) value() value {
	v := value{kind: r.uint32()}
	n := uint64(1)
	if v.kind == arrayValue {
		v.array = true
		v.kind, n = r.uint32(), r.uint64()
	}
	switch {
	case r.err != nil:
	case v.kind == arrayValue:
		r.fail(fmt.Errorf("%w: an array of arrays", fault.ErrUnsupported))
	case v.kind >= uint32(len(widths)):
		r.fail(fmt.Errorf("%w: a value of type %d", fault.ErrUnsupported, v.kind))
	case v.kind == textValue:
		// A text takes eight bytes at least, and sixteen of memory.
		if n > uint64(maxHeader/8) {
			r.fail(fmt.Errorf("%w: %d texts", fault.ErrLimit, n))
			break
		}
		if n > uint64(r.size-r.at)/8 {
			r.fail(io.ErrUnexpectedEOF)
			break
		}
		v.texts = make([]string, 0, n)
		for range n {
			v.texts = append(v.texts, r.text())
			if r.err != nil {
				break
			}
		}
	case n > maxHeader:
		r.fail(fmt.Errorf("%w: an array of %d numbers", fault.ErrLimit, n))
	default:
		v.raw = r.bytes(n * uint64(widths[v.kind]))
	}
	return v
}

// An info is what a file says of a tensor.
type info struct {
	name   string
	shape  []int // outermost first
	kind   uint32
	offset uint64 // behind the header
}

// info reads what the file says of a tensor. It is checked against the file's size when
// the tensor is made.
func (r *reader) info() info {
	x := info{name: r.text()}
	axes := r.uint32()
	if r.err == nil && axes > maxAxes {
		r.fail(fmt.Errorf("%w: tensor %.80q has %d axes", fault.ErrCorrupt, x.name, axes))
	}
	if r.err != nil {
		return x
	}
	x.shape = make([]int, axes)
	for i := range x.shape {
		n := r.uint64()
		if r.err == nil && (n == 0 || n > math.MaxInt) {
			r.fail(fmt.Errorf("%w: tensor %.80q has an axis of length %d", fault.ErrCorrupt, x.name, n))
		}
		x.shape[len(x.shape)-1-i] = int(n) // a file has the innermost axis first
	}
	x.kind, x.offset = r.uint32(), r.uint64()
	return x
}
