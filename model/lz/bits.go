package lz

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/foretell/foretell/internal/fault"
)

// A bitWriter appends numbers of at most 32 bits, low bits first.
type bitWriter struct {
	dst  []byte
	acc  uint64
	fill uint
}

func (w *bitWriter) put(v uint32, n uint8) {
	w.acc |= uint64(v) << w.fill
	w.fill += uint(n)
	if w.fill >= 32 {
		w.dst = binary.LittleEndian.AppendUint32(w.dst, uint32(w.acc))
		w.acc >>= 32
		w.fill -= 32
	}
}

// finish appends the last bits, with zeros up to a whole byte.
func (w *bitWriter) finish() []byte {
	for ; w.fill > 0; w.fill -= min(w.fill, 8) {
		w.dst = append(w.dst, byte(w.acc))
		w.acc >>= 8
	}
	return w.dst
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
