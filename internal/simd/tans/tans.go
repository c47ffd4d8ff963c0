// Package tans holds the inner loops of interleaved tANS with static tables:
// whole groups of symbols, one for each of 8 states, whose bits share one stream.
// It knows neither tables nor formats; docs/ans.md specifies what it computes.
//
// As everywhere below internal/simd the portable loops are the reference, and the
// faster twin gives the same bits.
package tans

import (
	"encoding/binary"
	"unsafe"
)

const (
	// Lanes is the number of states.
	Lanes = 8

	// Room is how many bytes a group may need, and how many the loops may touch.
	Room = 32

	// narrow is the precision up to which the bits of four symbols fit between
	// two accesses to the stream; those of two fit in any case.
	narrow = 14
)

// Symbol is what dst and src of a loop are made of.
type Symbol interface {
	~uint8 | ~uint16 | ~uint32
}

// A Slot is an entry of a decoding table: number of bits to read (8 bits), symbol
// (16 bits), 8 bits that are zero, the state to add the bits to (32 bits).
type Slot uint64

// A ShortSlot is a Slot for symbols of 8 bits and states of 16, so that more of a
// table is in the first cache: bits to read, symbol, state.
type ShortSlot uint32

// AnySlot is what decoding tables are made of.
type AnySlot interface{ Slot | ShortSlot }

// MaxShort is the largest precision of tables of ShortSlots.
const MaxShort = 16

// NewSlot returns an entry.
func NewSlot[T AnySlot](symbol uint16, bits uint, base uint32) T {
	return T(base)<<baseAt[T]() | T(symbol)<<8 | T(bits)
}

// baseAt returns where in a slot the state is.
func baseAt[T AnySlot]() uint {
	var s T
	return uint(unsafe.Sizeof(s)) * 4
}

// Symbol returns the symbol of the entry's state.
func (s Slot) Symbol() uint16 { return uint16(s >> 8) }

// Bits returns how many bits to read, at most 20.
func (s Slot) Bits() uint { return uint(s) & 31 }

// Base returns the state that follows if the bits are zero.
func (s Slot) Base() uint32 { return uint32(s >> 32) }

// Slot returns the same entry in its long form.
func (s ShortSlot) Slot() Slot { return Slot(s>>16)<<32 | Slot(s&0xffff) }

// Decode decodes whole groups from bit pos of src on while Room bytes are left,
// and returns the number of symbols and the new pos. States count from 0.
func Decode[S Symbol, T AnySlot](dst []S, src []byte, pos uint, states *[Lanes]uint32, table []T, prec uint) (int, uint) {
	if n, pos, ok := decodeFast(dst, src, pos, states, table, prec); ok {
		return n, pos
	}
	return decodePortable(dst, src, pos, states, table, prec)
}

func decodePortable[S Symbol, T AnySlot](dst []S, src []byte, pos uint, states *[Lanes]uint32, table []T, prec uint) (int, uint) {
	n := 0
	for ; n+Lanes <= len(dst) && pos>>3+Room <= uint(len(src)); n += Lanes {
		if prec <= narrow {
			pos = decodeNarrow((*[Lanes]S)(dst[n:]), states, table, src, pos)
		} else {
			pos = decodeWide((*[Lanes]S)(dst[n:]), states, table, src, pos)
		}
	}
	return n, pos
}

func decodeNarrow[S Symbol, T AnySlot](g *[Lanes]S, states *[Lanes]uint32, table []T, src []byte, pos uint) uint {
	base := baseAt[T]()
	_, _ = g[0], states[0] // so that the loop need not look for nil
	for l := 0; l < Lanes; l += 4 {
		acc := binary.LittleEndian.Uint64(src[pos>>3:]) >> (pos & 7)
		for k := l; k < l+4; k++ {
			e := uint64(table[states[k]])
			n := uint(e) & 31
			g[k] = S(e >> 8 & (1<<(base-8) - 1))
			states[k] = uint32(e>>base) + uint32(acc)&(1<<n-1)
			acc >>= n
			pos += n
		}
	}
	return pos
}

func decodeWide[S Symbol, T AnySlot](g *[Lanes]S, states *[Lanes]uint32, table []T, src []byte, pos uint) uint {
	base := baseAt[T]()
	_, _ = g[0], states[0]
	for l := 0; l < Lanes; l += 2 {
		acc := binary.LittleEndian.Uint64(src[pos>>3:]) >> (pos & 7)
		for k := l; k < l+2; k++ {
			e := uint64(table[states[k]])
			n := uint(e) & 31
			g[k] = S(e >> 8 & (1<<(base-8) - 1))
			states[k] = uint32(e>>base) + uint32(acc)&(1<<n-1)
			acc >>= n
			pos += n
		}
	}
	return pos
}

// An Entry is what coding a symbol takes: a state x, which counts from the number
// of slots, sheds its (x + Bits) >> 24 lowest bits, and what is left, plus Base, is
// the index of the state that follows. A symbol without slots has the zero Entry.
type Entry struct {
	Bits uint32
	Base int32
}

// A Writer collects bits from the end of Buf backwards, so that those that were
// written last are read first, from the lowest bit of the first byte on.
type Writer struct {
	Buf []byte
	At  int    // the byte written last
	acc uint64 // bits not yet written, the latest lowest
	n   uint   // their number, below 8 between calls
}

// Pending returns how many bits do not fill a byte yet.
func (w *Writer) Pending() uint { return w.n }

// Put writes the n lowest bits of x, which has no others; it returns false if
// there is no room.
func (w *Writer) Put(x uint64, n uint) bool {
	w.acc = w.acc<<n | x
	for w.n += n; w.n >= 8; w.n -= 8 {
		if w.At == 0 {
			return false
		}
		w.At--
		w.Buf[w.At] = byte(w.acc >> (w.n - 8))
	}
	return true
}

// flush writes the bits of acc that fill bytes: the oldest are highest and go to
// the top of the 8 bytes before At.
func (w *Writer) flush() {
	binary.LittleEndian.PutUint64(w.Buf[w.At-8:], w.acc<<(-w.n&63))
	w.At -= int(w.n >> 3)
	w.n &= 7
}

// Encode encodes whole groups of src, the last one first, while w has Room, and
// returns the number of symbols left. ok is false if a symbol had no valid entry,
// and then nothing else counts.
func Encode[S Symbol](w *Writer, src []S, states *[Lanes]uint32, table []Entry, next []uint32, prec uint) (left int, ok bool) {
	if left, ok, done := encodeFast(w, src, states, table, next, prec); done {
		return left, ok
	}
	return encodePortable(w, src, states, table, next, prec)
}

func encodePortable[S Symbol](w *Writer, src []S, states *[Lanes]uint32, table []Entry, next []uint32, prec uint) (left int, ok bool) {
	n := len(src)
	for ; n >= Lanes && w.At >= Room; n -= Lanes {
		g := (*[Lanes]S)(src[n-Lanes:])
		for l := Lanes - 2; l >= 0; l -= 2 {
			acc, bits, ok := encodeTwo((*[2]S)(g[l:]), (*[2]uint32)(states[l:]), table, next, w.acc, w.n)
			if !ok {
				return n, false
			}
			w.acc, w.n = acc, bits
			if prec > narrow || l&2 == 0 {
				w.flush()
			}
		}
	}
	return n, true
}

// encodeTwo puts two symbols on two states, the second one first, and appends what
// these shed to acc, which holds n bits.
func encodeTwo[S Symbol](g *[2]S, states *[2]uint32, table []Entry, next []uint32, acc uint64, n uint) (uint64, uint, bool) {
	p, q := uint(g[0]), uint(g[1])
	if p >= uint(len(table)) || q >= uint(len(table)) || table[p].Bits == 0 || table[q].Bits == 0 {
		return 0, 0, false
	}
	x := states[1]
	k := (x + table[q].Bits) >> 24
	y := x >> (k & 31)
	states[1] = next[int32(y)+table[q].Base]
	acc = (acc-uint64(y))<<(k&63) + uint64(x) // acc<<k plus the k lowest bits of x
	n += uint(k)
	x = states[0]
	k = (x + table[p].Bits) >> 24
	y = x >> (k & 31)
	states[0] = next[int32(y)+table[p].Base]
	return (acc-uint64(y))<<(k&63) + uint64(x), n + uint(k), true
}
