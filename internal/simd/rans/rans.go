// Package rans holds the inner loops of interleaved rANS with static tables:
// whole groups of symbols, one or two for each of a number of states.
//
// A state is 2^31..2^63-1 and grows and shrinks by words of 32 bits, so the
// product of two symbols' shares fits between two renormalisations as long as
// precisions are at most 15 bits. The words of all states interleave in one
// stream. The package knows neither tables nor formats; docs/ans.md specifies
// what it computes.
//
// As everywhere below internal/simd the portable loops are the reference, and
// the faster twins for BMI2, AVX2 and AVX-512 give the same bits.
package rans

import (
	"encoding/binary"
	"math/bits"
)

const (
	// Lower is the lower bound of a state.
	Lower = 1 << 31

	// MaxLanes is the largest number of states. Fewer are a power of two.
	MaxLanes = 32
)

// PerLane returns how many symbols a lane codes between renormalisations. A group
// is as many symbols for each lane: lane l of n codes symbols l and, if there
// are two for each, n+l.
func PerLane(prec uint) int {
	if prec <= 15 {
		return 2
	}
	return 1
}

// A Slot is an entry of a decoding table: symbol (16 bits), number of the slot
// among those of the symbol (24 bits), slots of the symbol (24 bits).
type Slot uint64

// NewSlot returns the entry of a slot.
func NewSlot(symbol uint16, number, slots uint32) Slot {
	return Slot(slots)<<40 | Slot(number)<<16 | Slot(symbol)
}

// Symbol returns the symbol whose slot it is.
func (s Slot) Symbol() uint16 { return uint16(s) }

// Pop takes the symbol whose slot state x is in off x.
func (s Slot) Pop(x uint64, prec uint) uint64 {
	return uint64(s)>>40*(x>>prec) + uint64(s)>>16&0xffffff
}

// An Entry is what coding a symbol takes: for x < 2^63,
// x / slots == hi64(x*Reciprocal) >> shift. A symbol without slots has the zero
// Entry.
type Entry struct {
	Reciprocal uint64
	cum        uint32 // slots of the symbols before, plus what Reciprocal lacks for one slot
	slots      uint32 // slots << 8 | shift
}

// NewEntry returns the entry of a symbol with that many slots after cum others.
func NewEntry(slots, cum uint32, prec uint) Entry {
	if slots == 1 {
		// hi64(x * (2^64-1)) is x-1, for which cum makes up with 2^prec - 1.
		return Entry{Reciprocal: ^uint64(0), cum: cum + 1<<prec - 1, slots: 1 << 8}
	}
	// With 2^shift < slots <= 2^(shift+1), the reciprocal is 2^(64+shift) / slots
	// rounded up (R. Alverson, Integer division using reciprocals, 1991).
	shift := uint(bits.Len32(slots-1)) - 1
	q, r := bits.Div64(1<<shift, 0, uint64(slots))
	if r != 0 {
		q++
	}
	return Entry{Reciprocal: q, cum: cum, slots: slots<<8 | uint32(shift)}
}

// Valid reports whether the symbol can be coded.
func (e *Entry) Valid() bool { return e.slots != 0 }

// push puts the symbol on state x, whose words have been shed.
func (e *Entry) push(x, total uint64) uint64 {
	q, _ := bits.Mul64(x, e.Reciprocal)
	return x + uint64(e.cum) + q>>(e.slots&63)*(total-uint64(e.slots>>8))
}

// Symbol is what dst and src of a loop are made of.
type Symbol interface {
	~uint8 | ~uint16 | ~uint32
}

// Decode decodes whole groups from src into dst, with one state for each lane,
// while src has 4 bytes for each, and returns the number of symbols and of bytes.
// table holds 2^prec slots for each number that occurs in index, which chooses
// among them for each symbol and may be nil where there is only one.
func Decode[S Symbol](dst []S, index []uint16, src []byte, states []uint64, table []Slot, prec uint) (symbols, used int) {
	if n, used, ok := decodeFast(dst, index, src, states, table, prec); ok {
		return n, used
	}
	return decodePortable(dst, index, src, states, table, prec)
}

func decodePortable[S Symbol](dst []S, index []uint16, src []byte, states []uint64, table []Slot, prec uint) (symbols, used int) {
	lanes := len(states)
	group := lanes * PerLane(prec)
	n := 0
	if index == nil && lanes >= chunk {
		table = table[:1<<prec]
		for len(dst)-n >= group && len(src)-used >= 4*lanes+4 {
			for l := 0; l < lanes; l += chunk {
				st := (*[chunk]uint64)(states[l:])
				w := (*[4*chunk + 4]byte)(src[used:])
				first := (*[chunk]S)(dst[n+l:])
				if group == lanes {
					used += decodeSingles(first, w, st, table, prec)
				} else {
					used += decodePairs(first, (*[chunk]S)(dst[n+lanes+l:]), w, st, table, prec)
				}
			}
			n += group
		}
	}
	for ; len(dst)-n >= group && len(src)-used >= 4*lanes; n += group {
		var ix []uint16
		if index != nil {
			ix = index[n : n+group]
		}
		used += decodeGroup(dst[n:n+group], ix, src[used:used+4*lanes], states, table, prec)
	}
	return n, used
}

// chunk is the number of lanes of a call to the loops below, whose arrays have
// fixed sizes so that nothing is checked within.
const chunk = 8

// decodePairs decodes two symbols for each lane of a chunk.
func decodePairs[S Symbol](first, second *[chunk]S, w *[4*chunk + 4]byte, states *[chunk]uint64, table []Slot, prec uint) int {
	k := uint(0)
	mask := uint64(len(table) - 1)
	_, _, _, _ = first[0], second[0], w[0], states[0] // so that the loop need not look for nil
	for l := range states {
		x := states[l]
		e := table[x&mask]
		first[l] = S(e & 0xffff)
		x = uint64(e)>>40*(x>>(prec&63)) + uint64(e)>>16&0xffffff
		e = table[x&mask]
		second[l] = S(e & 0xffff)
		x = uint64(e)>>40*(x>>(prec&63)) + uint64(e)>>16&0xffffff
		// Without a branch, which could not be predicted: more is 1 if x < Lower.
		more := (x>>31 - 1) >> 63
		word := uint64(binary.LittleEndian.Uint32(w[k&(4*chunk-1):]))
		k += uint(more << 2)
		states[l] = x<<(more<<5&63) | word&-more
	}
	return int(k)
}

// decodeSingles decodes one symbol for each lane of a chunk.
func decodeSingles[S Symbol](dst *[chunk]S, w *[4*chunk + 4]byte, states *[chunk]uint64, table []Slot, prec uint) int {
	k := uint(0)
	mask := uint64(len(table) - 1)
	for l := range states {
		x := states[l]
		e := table[x&mask]
		dst[l] = S(e & 0xffff)
		x = uint64(e)>>40*(x>>(prec&63)) + uint64(e)>>16&0xffffff
		more := (x>>31 - 1) >> 63
		word := uint64(binary.LittleEndian.Uint32(w[k&(4*chunk-1):]))
		k += uint(more << 2)
		states[l] = x<<(more<<5&63) | word&-more
	}
	return int(k)
}

// decodeGroup decodes one group of any number of lanes.
func decodeGroup[S Symbol](dst []S, index []uint16, w []byte, states []uint64, table []Slot, prec uint) int {
	k := 0
	mask := uint64(1)<<prec - 1
	for l, x := range states {
		for i := l; i < len(dst); i += len(states) {
			slot := x & mask
			if index != nil {
				slot += uint64(index[i]) << prec
			}
			e := table[slot]
			dst[i] = S(e.Symbol())
			x = e.Pop(x, prec)
		}
		if x < Lower {
			x = x<<32 | uint64(binary.LittleEndian.Uint32(w[k:]))
			k += 4
		}
		states[l] = x
	}
	return k
}

// Encode encodes whole groups of src, the last one first, with one state for each
// lane, and writes the words that these shed to dst[:at], the last one first,
// while it has 4 bytes for each lane. It returns the number of symbols left and
// the new at. table holds size entries for each number that occurs in index,
// which chooses among them for each symbol and may be nil where there is only
// one. ok is false if a symbol had no valid entry, and then nothing else counts.
func Encode[S Symbol](src []S, index []uint16, dst []byte, at int, states []uint64, table []Entry, size int, prec uint) (left, newAt int, ok bool) {
	if left, newAt, ok, done := encodeFast(src, index, dst, at, states, table, size, prec); done {
		return left, newAt, ok
	}
	return encodePortable(src, index, dst, at, states, table, size, prec)
}

func encodePortable[S Symbol](src []S, index []uint16, dst []byte, at int, states []uint64, table []Entry, size int, prec uint) (left, newAt int, ok bool) {
	lanes := len(states)
	group := lanes * PerLane(prec)
	total := uint64(1) << prec
	n := len(src)
	if index == nil && lanes >= chunk {
		table = table[:size]
		shift := 31 - prec*uint(PerLane(prec))
		for ; n >= group && at >= 4*lanes; n -= group {
			for l := lanes - chunk; l >= 0; l -= chunk {
				st := (*[chunk]uint64)(states[l:])
				w := (*[4 * chunk]byte)(dst[at-4*chunk:])
				k := 0
				if group == lanes {
					k = encodeSingles((*[chunk]S)(src[n-lanes+l:]), w, st, table, shift, total)
				} else {
					k = encodePairs((*[chunk]S)(src[n-2*lanes+l:]), (*[chunk]S)(src[n-lanes+l:]), w, st, table, shift, total)
				}
				if k < 0 {
					return n, at, false
				}
				at -= k
			}
		}
		return n, at, true
	}
	for ; n >= group && at >= 4*lanes; n -= group {
		var ix []uint16
		if index != nil {
			ix = index[n-group : n]
		}
		k, ok := encodeGroup(src[n-group:n], ix, dst[at-4*lanes:at], states, table, size, prec)
		if !ok {
			return n, at, false
		}
		at -= k
	}
	return n, at, true
}

// encodePairs encodes two symbols for each lane of a chunk and returns the number
// of bytes written at the end of w, or -1 if a symbol has no valid entry.
func encodePairs[S Symbol](first, second *[chunk]S, w *[4 * chunk]byte, states *[chunk]uint64, table []Entry, shift uint, total uint64) int {
	k := uint(4 * chunk)
	_, _, _, _ = first[0], second[0], w[0], states[0]
	for l := chunk - 1; l >= 0; l-- {
		a, b := uint(first[l]), uint(second[l])
		if a >= uint(len(table)) || b >= uint(len(table)) {
			return -1
		}
		e, f := &table[a], &table[b]
		limit := uint64(e.slots>>8) * uint64(f.slots>>8) << (shift & 63)
		if limit == 0 {
			return -1
		}
		x := states[l]
		binary.LittleEndian.PutUint32(w[(k-4)&(4*chunk-4):], uint32(x))
		// Without a branch, which could not be predicted: more is 1 if x sheds a word.
		more := 1 - (x>>32-limit)>>63
		k -= uint(more << 2)
		x >>= more << 5 & 63
		q, _ := bits.Mul64(x, f.Reciprocal)
		x += uint64(f.cum) + q>>(f.slots&63)*(total-uint64(f.slots>>8))
		q, _ = bits.Mul64(x, e.Reciprocal)
		states[l] = x + uint64(e.cum) + q>>(e.slots&63)*(total-uint64(e.slots>>8))
	}
	return int(4*chunk - k)
}

// encodeSingles encodes one symbol for each lane of a chunk, as encodePairs does
// two.
func encodeSingles[S Symbol](src *[chunk]S, w *[4 * chunk]byte, states *[chunk]uint64, table []Entry, shift uint, total uint64) int {
	k := uint(4 * chunk)
	for l := chunk - 1; l >= 0; l-- {
		a := uint(src[l])
		if a >= uint(len(table)) || table[a].slots == 0 {
			return -1
		}
		e := &table[a]
		limit := uint64(e.slots>>8) << (shift & 63)
		x := states[l]
		binary.LittleEndian.PutUint32(w[(k-4)&(4*chunk-4):], uint32(x))
		more := 1 - (x>>32-limit)>>63
		k -= uint(more << 2)
		x >>= more << 5 & 63
		q, _ := bits.Mul64(x, e.Reciprocal)
		states[l] = x + uint64(e.cum) + q>>(e.slots&63)*(total-uint64(e.slots>>8))
	}
	return int(4*chunk - k)
}

// encodeGroup encodes one group of any number of lanes, with a table for each
// symbol if index is not nil, and returns the bytes written at the end of w, which
// has 4 for each lane.
func encodeGroup[S Symbol](src []S, index []uint16, w []byte, states []uint64, table []Entry, size int, prec uint) (int, bool) {
	k := len(w)
	lanes := len(states)
	var entries [2]*Entry
	for l := lanes - 1; l >= 0; l-- {
		limit := uint64(1) << 31
		n := 0
		for i := l; i < len(src); i += lanes {
			if int64(src[i]) >= int64(size) {
				return 0, false
			}
			e := &table[src[i]]
			if index != nil {
				e = &table[int(index[i])*size+int(src[i])]
			}
			limit = limit * uint64(e.slots>>8) >> prec
			entries[n] = e
			n++
		}
		if limit == 0 {
			return 0, false
		}
		x := states[l]
		if x>>32 >= limit {
			k -= 4
			binary.LittleEndian.PutUint32(w[k:], uint32(x))
			x >>= 32
		}
		for n > 0 {
			n--
			x = entries[n].push(x, 1<<prec)
		}
		states[l] = x
	}
	return len(w) - k, true
}
