package ans

import (
	"fmt"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/prob"
)

// An Encoder is a Stack for callers that run forward: it records intervals and
// pushes them, last one first, when the stream ends. A Decoder then gives the
// symbols back in the order in which they went in. It takes 8 bytes of memory a
// symbol until Finish. The zero value appends its stream to nil.
type Encoder struct {
	dst   []byte
	ivs   []record
	marks []int      // number of intervals before each mark
	at    []Position // where the marks came to lie
	stack Stack
}

// record is an interval of a width below 2^32.
type record struct{ low, width uint32 }

// NewEncoder returns an encoder that appends its stream to dst, which may be nil.
func NewEncoder(dst []byte) *Encoder { return &Encoder{dst: dst} }

// Reset makes the encoder begin a new stream, appended to dst, and keeps its
// memory.
func (e *Encoder) Reset(dst []byte) {
	e.dst, e.ivs, e.marks, e.at = dst, e.ivs[:0], e.marks[:0], e.at[:0]
	e.stack.Reset()
}

// Put encodes one interval. The interval must be valid, as every one that a
// prob.Distribution gives is.
func (e *Encoder) Put(iv prob.Interval) {
	if iv.Width>>32 == 0 {
		e.ivs = append(e.ivs, record{uint32(iv.Low), uint32(iv.Width)})
	}
}

// Mark remembers this place of the stream for Positions.
func (e *Encoder) Mark() { e.marks = append(e.marks, len(e.ivs)) }

// Finish ends the stream and returns dst as given to Reset with the stream
// appended. The encoder must be Reset before it is used again.
func (e *Encoder) Finish() []byte {
	e.at = slices.Grow(e.at[:0], len(e.marks))[:len(e.marks)]
	m := len(e.marks)
	for i := len(e.ivs); ; i-- {
		for m > 0 && e.marks[m-1] == i {
			m--
			e.at[m] = e.stack.Position()
		}
		if i == 0 {
			break
		}
		r := e.ivs[i-1]
		e.stack.Push(prob.Interval{Low: uint64(r.low), Width: uint64(r.width)})
	}
	return e.stack.Append(e.dst)
}

// Positions returns, after Finish, the position of each Mark, for a Decoder to
// seek to. The slice is valid until the next Reset.
func (e *Encoder) Positions() []Position { return e.at }

// A Decoder reads a stream of an Encoder: the symbols of a Stack from the top.
type Decoder struct {
	stack *Stack
	err   error // sticky
}

// NewDecoder returns a decoder of the stream src. What is wrong with src is
// reported by Point and Finish.
func NewDecoder(src []byte) *Decoder {
	s, err := LoadStack(src)
	return &Decoder{stack: s, err: err}
}

// Point returns the point of the line, 0..2^32-1, that the stream stands at.
func (d *Decoder) Point() (uint32, error) {
	if d.err != nil {
		return 0, d.err
	}
	return d.stack.Point(), nil
}

// Take moves past the interval that holds the point which Point returned. What
// goes wrong is reported by the next Point or Finish: io.ErrUnexpectedEOF when
// the stream ends early.
func (d *Decoder) Take(iv prob.Interval) {
	if d.err == nil {
		d.err = d.stack.Pop(iv)
	}
}

// Seek makes the decoder go on from a position that the encoder marked.
func (d *Decoder) Seek(p Position) error {
	if d.stack == nil {
		return d.err
	}
	d.err = d.stack.Seek(p)
	return d.err
}

// Finish reports whether the stream ends here: nil, foretell.ErrCorrupt or
// io.ErrUnexpectedEOF.
func (d *Decoder) Finish() error {
	if d.err == nil && !d.stack.Empty() {
		return fmt.Errorf("%w: the stream goes on after its last symbol", fault.ErrCorrupt)
	}
	return d.err
}
