// Package rangecoder is a range coder with 32-bit precision: it turns a series
// of intervals into bytes and gives them back in the order in which they went
// in, which is what autoregressive models need. (A model that wants its symbols
// back in reverse, as hierarchical and bits-back models do, takes ans.Stack.)
//
// The coder keeps a range R of 64 bits, 2^32 <= R < 2^64, and uses exact 96-bit
// products: an interval takes floor(R*(Low+Width)/2^32) - floor(R*Low/2^32) of
// it. Nothing is lost to a truncated range, so the bytes come to the information
// content of the intervals plus at most 8 bytes. The method is Martin's (G. N. N.
// Martin, Range encoding, 1979) with carry propagation as in Schindler's; the
// stream is specified in docs/exactness.md.
package rangecoder

import (
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/stream"
	"github.com/foretell/foretell/prob"
)

// State is the state of a coder between two symbols. Together with the stream
// it is enough to decode from there on.
type State struct {
	Offset int64  // bytes of the stream before the coder's 64-bit window
	Low    uint64 // lower end of the range within the window
	Range  uint64 // size of the range, 2^32..2^64-1
}

const (
	firstRange = 1<<64 - 1
	minRange   = 1 << 32
)

// An Encoder turns intervals into bytes. NewEncoder makes one.
type Encoder struct {
	low, rng uint64
	buf      []byte // written by the coder, not yet drained
	start    int    // where in buf the stream begins (the caller's bytes precede it)
	drained  int64  // bytes of the stream handed to a writer already
}

// NewEncoder returns an encoder that appends its stream to dst, which may be nil.
func NewEncoder(dst []byte) *Encoder {
	e := new(Encoder)
	e.Reset(dst)
	return e
}

// Reset makes the encoder begin a new stream, appended to dst.
func (e *Encoder) Reset(dst []byte) {
	*e = Encoder{rng: firstRange, buf: dst, start: len(dst)}
}

// Pending returns the bytes of the stream that have been written and not drained. They
// are the encoder's own.
func (e *Encoder) Pending() []byte { return e.buf[e.start:] }

// Resume makes the encoder go on with a stream where another one stands, in the state
// that its State returned, with what its Pending returned, which it takes over.
func (e *Encoder) Resume(at State, pending []byte) {
	*e = Encoder{low: at.Low, rng: at.Range, buf: pending, drained: at.Offset - int64(len(pending))}
}

// Put encodes one interval. The interval must be valid, as every one that a
// prob.Distribution gives is.
func (e *Encoder) Put(iv prob.Interval) {
	lo := scale(e.rng, iv.Low)
	hi := scale(e.rng, iv.Low+iv.Width)
	low, carry := bits.Add64(e.low, lo, 0)
	if carry != 0 {
		e.carry()
	}
	e.low, e.rng = low, hi-lo
	if e.rng < minRange {
		e.shift()
	}
}

// PutBit encodes one binary decision, where zero is the width of the interval of
// bit 0, 1..2^32-1. The bytes are those of Put with the interval of that bit.
func (e *Encoder) PutBit(bit int, zero uint64) {
	split := scale(e.rng, zero)
	if bit == 0 {
		e.rng = split
	} else {
		low, carry := bits.Add64(e.low, split, 0)
		if carry != 0 {
			e.carry()
		}
		e.low = low
		e.rng -= split
	}
	if e.rng < minRange {
		e.shift()
	}
}

// scale returns floor(rng * x / 2^32) for x <= 2^32.
func scale(rng, x uint64) uint64 {
	hi, lo := bits.Mul64(rng, x)
	return hi<<32 | lo>>32
}

// shift moves the upper 32 bits of low out.
func (e *Encoder) shift() {
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(e.low>>32))
	e.low <<= 32
	e.rng <<= 32
}

// carry adds one to the bytes already written. It cannot run past the start of
// the stream, whose value stays below 1, nor past what Drain leaves.
func (e *Encoder) carry() {
	for i := len(e.buf) - 1; i >= e.start; i-- {
		e.buf[i]++
		if e.buf[i] != 0 {
			return
		}
	}
}

// Len returns how many bytes of the stream are complete so far, drained ones
// included. Finish adds at most 8.
func (e *Encoder) Len() int64 {
	return e.drained + int64(len(e.buf)-e.start)
}

// State returns the state from which a Decoder can take over with Seek.
func (e *Encoder) State() State {
	return State{Offset: e.Len(), Low: e.low, Range: e.rng}
}

// Drain writes the bytes that no carry can change any more to w and forgets
// them, so that a stream of any length needs little memory.
func (e *Encoder) Drain(w io.Writer) error {
	end := len(e.buf) - 1
	for end >= e.start && e.buf[end] == 0xff {
		end--
	}
	if end <= e.start {
		return nil
	}
	if _, err := stream.Write(w, e.buf[e.start:end]); err != nil {
		return err
	}
	e.drained += int64(end - e.start)
	n := copy(e.buf[e.start:], e.buf[end:])
	e.buf = e.buf[:e.start+n]
	return nil
}

// Finish ends the stream with the fewest bytes that decode right, 0 to 8, and
// returns dst as given to Reset with what was not drained appended. The encoder
// must be Reset before it is used again.
func (e *Encoder) Finish() []byte {
	end, n, carry := tail(e.low, e.rng)
	if carry {
		e.carry()
	}
	for i := range n {
		e.buf = append(e.buf, byte(end>>(56-8*i)))
	}
	e.low, e.rng = 0, firstRange
	return e.buf
}

// tail returns the number with the fewest leading bytes n, the rest being zero,
// that lies in the range, and whether it is one window above.
func tail(low, rng uint64) (end uint64, n int, carry bool) {
	for n = range 8 {
		mask := ^uint64(0) >> (8 * n)
		end = (low + mask) &^ mask
		if end-low < rng {
			return end, n, end < low
		}
	}
	return low, 8, false
}
