package lz

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// A bitWriter writes numbers, low bits first, over what dst holds.
type bitWriter struct {
	dst  []byte
	at   int
	acc  uint64
	fill uint
}

// widest is the most bits that a number may have.
const widest = 28

// reset begins anew, with room for n numbers.
func (w *bitWriter) reset(n int) {
	w.dst = resize(w.dst, (n*widest+7)/8+8)
	w.at, w.acc, w.fill = 0, 0, 0
}

func (w *bitWriter) put(v uint32, n uint8) { w.putTwo(uint64(v), n) }

// putTwo writes two numbers, the first one in the lower bits; n is the bits of both.
func (w *bitWriter) putTwo(v uint64, n uint8) {
	w.acc |= v << (w.fill & 63)
	w.fill += uint(n)
	binary.LittleEndian.PutUint64(w.dst[w.at:], w.acc)
	w.at += int(w.fill >> 3)
	w.acc >>= w.fill &^ 7 & 63
	w.fill &= 7
}

// finish returns the bytes, with zeros in the last one.
func (w *bitWriter) finish() []byte {
	return w.dst[:w.at+int(w.fill+7)>>3]
}

// A bitReader reads what a bitWriter wrote to the bytes that its methods are
// given, which are the same all the time and end with padding. Beyond their end it
// reads zeros, and finish says so. It is a value, so that it can stay in
// registers.
type bitReader struct {
	acc  uint64
	fill uint
	at   int // bytes taken; more than there are beyond the end
}

// padding is how many zeros must follow what a bitReader reads.
const padding = 8

// refill makes at least 56 bits ready.
func (r bitReader) refill(src []byte) bitReader {
	r.acc |= binary.LittleEndian.Uint64(src[min(r.at, len(src)-padding):]) << (r.fill & 63)
	r.at += int((63 - r.fill) >> 3)
	r.fill |= 56
	return r
}

// peek returns the next n bits, at most as many as are ready.
func (r bitReader) peek(n uint8) uint32 { return uint32(r.acc & (1<<(n&63) - 1)) }

// skip goes past the next n bits.
func (r bitReader) skip(n uint8) bitReader {
	r.acc >>= n & 63
	r.fill -= uint(n)
	return r
}

// finish reports whether all bits but the zeros of the last byte were taken.
func (r bitReader) finish(src []byte) error {
	taken := r.at - int(r.fill>>3) // whole bytes that are not used are given back
	if taken > len(src)-padding {
		return io.ErrUnexpectedEOF
	}
	if taken < len(src)-padding || r.acc&(1<<(r.fill&7)-1) != 0 {
		return fmt.Errorf("%w: bits are left over", fault.ErrCorrupt)
	}
	return nil
}

// pad returns src with padding, in the memory of buf if it fits.
func pad(buf, src []byte) []byte {
	buf = append(buf[:0], src...)
	return append(buf, make([]byte, padding)...)
}
