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

// A bitReader reads what a bitWriter wrote. Beyond the end it reads zeros, and
// finish says so.
type bitReader struct {
	src  []byte
	at   int // bytes taken from src; beyond its end if there are not so many
	acc  uint64
	fill uint
}

// refill makes at least 56 bits ready for take.
func (r *bitReader) refill() {
	if r.at+8 <= len(r.src) {
		r.acc |= binary.LittleEndian.Uint64(r.src[r.at:]) << (r.fill & 63)
		n := (63 - r.fill) >> 3
		r.at += int(n)
		r.fill += n << 3
		return
	}
	for r.fill < 56 {
		if r.at < len(r.src) {
			r.acc |= uint64(r.src[r.at]) << r.fill
		}
		r.at++
		r.fill += 8
	}
}

// take returns the next n bits, at most as many as there are ready.
func (r *bitReader) take(n uint8) uint32 {
	v := uint32(r.acc & (1<<(n&63) - 1))
	r.acc >>= n & 63
	r.fill -= uint(n)
	return v
}

// finish reports whether all bits but the zeros of the last byte were taken.
func (r *bitReader) finish() error {
	taken := r.at - int(r.fill>>3) // whole bytes that are not used are given back
	if taken > len(r.src) {
		return io.ErrUnexpectedEOF
	}
	rest := r.acc & (1<<(r.fill&7) - 1)
	if taken < len(r.src) || rest != 0 {
		return fmt.Errorf("%w: bits are left over", fault.ErrCorrupt)
	}
	return nil
}
