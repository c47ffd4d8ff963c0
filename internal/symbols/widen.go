package symbols

import (
	"encoding/binary"
	"fmt"

	"github.com/foretell/foretell/tokens"
)

// chunk is how many values are widened at a time: small enough for the stack
// and the first cache.
const chunk = 256

// checkLen checks that raw holds n elements.
func checkLen(n int, raw []byte, t tokens.Type) error {
	if !t.Valid() || len(raw) != n*t.Size() {
		return fmt.Errorf("%d bytes do not hold %d elements of %v", len(raw), n, t)
	}
	return nil
}

// widen sets dst to the values of the elements in raw, as 64-bit patterns: signed
// types extended by their sign, unsigned ones and bool by zeros. raw is as long as
// len(dst) elements of type t. Each case is a loop that the compiler turns into
// plain loads.
func widen(dst []uint64, raw []byte, t tokens.Type, bigEndian bool) {
	size := t.Size()
	raw = raw[:len(dst)*size]
	switch {
	case size == 1:
		for i, b := range raw {
			dst[i] = uint64(b)
		}
	case size == 2 && !bigEndian:
		widenTwo(dst, raw)
	case size == 2:
		for i := range dst {
			dst[i] = uint64(binary.BigEndian.Uint16(raw))
			raw = raw[2:]
		}
	case size == 4 && !bigEndian:
		for i := range dst {
			dst[i] = uint64(binary.LittleEndian.Uint32(raw))
			raw = raw[4:]
		}
	case size == 4:
		for i := range dst {
			dst[i] = uint64(binary.BigEndian.Uint32(raw))
			raw = raw[4:]
		}
	case !bigEndian:
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint64(raw)
			raw = raw[8:]
		}
	default:
		for i := range dst {
			dst[i] = binary.BigEndian.Uint64(raw)
			raw = raw[8:]
		}
	}
	if t.Signed() && size < 8 {
		shift := 64 - 8*size
		for i, v := range dst {
			dst[i] = uint64(int64(v<<shift) >> shift)
		}
	}
}

// narrow is the inverse of widen; it drops the bits that t does not hold.
func narrow(raw []byte, values []uint64, t tokens.Type, bigEndian bool) {
	size := t.Size()
	raw = raw[:len(values)*size]
	switch {
	case size == 1:
		for i := range raw {
			raw[i] = byte(values[i])
		}
	case size == 2 && !bigEndian:
		narrowTwo(raw, values)
	case size == 2:
		for _, v := range values {
			binary.BigEndian.PutUint16(raw, uint16(v))
			raw = raw[2:]
		}
	case size == 4 && !bigEndian:
		for _, v := range values {
			binary.LittleEndian.PutUint32(raw, uint32(v))
			raw = raw[4:]
		}
	case size == 4:
		for _, v := range values {
			binary.BigEndian.PutUint32(raw, uint32(v))
			raw = raw[4:]
		}
	case !bigEndian:
		for _, v := range values {
			binary.LittleEndian.PutUint64(raw, v)
			raw = raw[8:]
		}
	default:
		for _, v := range values {
			binary.BigEndian.PutUint64(raw, v)
			raw = raw[8:]
		}
	}
}

// widenTwo widens elements of two bytes, lower one first, which most arrays of tokens
// have, four at a time.
func widenTwo(dst []uint64, raw []byte) {
	for len(dst) >= 4 && len(raw) >= 8 {
		v := binary.LittleEndian.Uint64(raw)
		dst[0], dst[1], dst[2], dst[3] = v&0xffff, v>>16&0xffff, v>>32&0xffff, v>>48
		dst, raw = dst[4:], raw[8:]
	}
	for i := range dst {
		dst[i] = uint64(binary.LittleEndian.Uint16(raw[2*i:]))
	}
}

// narrowTwo undoes widenTwo.
func narrowTwo(raw []byte, values []uint64) {
	for len(values) >= 4 && len(raw) >= 8 {
		v := values[0]&0xffff | values[1]&0xffff<<16 | values[2]&0xffff<<32 | values[3]<<48
		binary.LittleEndian.PutUint64(raw, v)
		values, raw = values[4:], raw[8:]
	}
	for i, v := range values {
		binary.LittleEndian.PutUint16(raw[2*i:], uint16(v))
	}
}

// holds reports whether a value is one of type t.
func holds(v uint64, t tokens.Type) bool {
	shift := 64 - 8*t.Size()
	if t.Signed() {
		return uint64(int64(v<<shift)>>shift) == v
	}
	return v<<shift>>shift == v
}
