package ans

import (
	"fmt"
	"io"
	"math/bits"

	"github.com/foretell/foretell/internal/fault"
)

// A bitWriter appends numbers of up to 56 bits to bytes, lowest bit first.
type bitWriter struct {
	dst []byte
	acc uint64
	n   uint // bits in acc, below 8 between calls
}

func (w *bitWriter) put(x uint64, n uint) {
	w.acc |= x << w.n
	w.n += n
	for ; w.n >= 8; w.n -= 8 {
		w.dst = append(w.dst, byte(w.acc))
		w.acc >>= 8
	}
}

// finish returns the bytes, the last one filled with zero bits.
func (w *bitWriter) finish() []byte {
	if w.n != 0 {
		w.dst = append(w.dst, byte(w.acc))
	}
	return w.dst
}

// A bitReader reads what a bitWriter wrote; past the end it reads zeros and sets
// short.
type bitReader struct {
	src   []byte
	pos   int
	acc   uint64
	n     uint
	short bool
}

func (r *bitReader) get(n uint) uint64 {
	for ; r.n < n; r.n += 8 {
		if r.pos == len(r.src) {
			r.short = true
			return 0
		}
		r.acc |= uint64(r.src[r.pos]) << r.n
		r.pos++
	}
	x := r.acc & (1<<n - 1)
	r.acc >>= n
	r.n -= n
	return x
}

// packStates stores states of 32 to 63 bits: for each, 5 bits for its length less
// 32 and the bits below the leading one.
func packStates(dst []byte, states []uint64) []byte {
	w := bitWriter{dst: dst}
	for _, x := range states {
		n := uint(bits.Len64(x))
		w.put(uint64(n-32), 5)
		x &^= 1 << (n - 1)
		w.put(x&0x7fffffff, 31)
		w.put(x>>31, n-32)
	}
	return w.finish()
}

// unpackStates fills states and returns how many bytes they took, and false if
// src is too short or was filled with other than zeros.
func unpackStates(states []uint64, src []byte) (int, bool) {
	r := bitReader{src: src}
	for i := range states {
		n := uint(r.get(5))
		x := r.get(31)
		states[i] = x | r.get(n)<<31 | 1<<(31+n)
	}
	return r.pos, !r.short && r.acc == 0
}

// packedLen returns the bytes that n symbols below size take at their packed
// width.
func packedLen(n, size int) int {
	return (n*bits.Len(uint(size-1)) + 7) / 8
}

// appendRaw packs symbols at the width of the largest, having checked that the
// tables could code them.
func appendRaw[S Symbol](dst []byte, set *tableSet, symbols []S, index []uint16) ([]byte, error) {
	width := uint(bits.Len(uint(set.size - 1)))
	w := bitWriter{dst: dst}
	for i, s := range symbols {
		if t := set.table(index, i); t.Slots(uint32(s)) == 0 {
			return dst[:len(dst)-1], t.symbolError(uint32(s))
		}
		w.put(uint64(s), width)
	}
	return w.finish(), nil
}

// decodeRaw unpacks symbols and checks that the tables could have coded them.
func decodeRaw[S Symbol](symbols []S, index []uint16, set *tableSet, src []byte) error {
	if want := packedLen(len(symbols), set.size); len(src) != want {
		if len(src) < want {
			return io.ErrUnexpectedEOF
		}
		return errLeftOver
	}
	width := uint(bits.Len(uint(set.size - 1)))
	r := bitReader{src: src}
	for i := range symbols {
		s := uint32(r.get(width))
		if set.table(index, i).Slots(s) == 0 {
			return fmt.Errorf("%w: a symbol that its table does not have", fault.ErrCorrupt)
		}
		symbols[i] = S(s)
	}
	if r.acc != 0 {
		return errLeftOver
	}
	return nil
}
