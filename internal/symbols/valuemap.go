// Package symbols turns the values of arrays into the symbols 0..V-1 that models
// predict, and back: a ValueMap for each block, which a Fitter chooses.
package symbols

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/tokens"
)

// MaxSymbols is the largest number of symbols of a ValueMap.
const MaxSymbols = 1 << 24

// A MapKind is a way of turning values into symbols. The numbers are part of
// the file format.
type MapKind uint8

// The kinds of value maps. Values are 64-bit patterns, those of
// signed types extended by their sign, and
// sums and differences are modulo 2^64.
const (
	OffsetMap     MapKind = 0 // symbol = value - offset
	DictionaryMap MapKind = 1 // symbol = position in a sorted list of values
	PlanesMap     MapKind = 2 // symbols are the bytes of values, a plane of all most significant ones first
)

func (k MapKind) String() string {
	switch k {
	case OffsetMap:
		return "offset"
	case DictionaryMap:
		return "dictionary"
	case PlanesMap:
		return "planes"
	}
	return fmt.Sprintf("map %d", uint8(k))
}

// A ValueMap turns the values of a block into symbols 0..Size-1 and back. It
// knows no element type: one map serves spans of different types. It does not
// change once made, so goroutines may share it.
type ValueMap struct {
	kind   MapKind
	size   int
	offset uint64   // smallest value, but of planes
	dict   []uint64 // of a DictionaryMap: value of each symbol
	table  *table   // of a DictionaryMap from a Fitter: symbol of each value
}

// Kind returns the kind of map.
func (m *ValueMap) Kind() MapKind { return m.kind }

// Size returns the number of symbols, 1..MaxSymbols; for planes 256.
func (m *ValueMap) Size() int { return m.size }

// PerElement returns how many symbols an element of type t becomes: one, or its
// size in bytes for planes.
func (m *ValueMap) PerElement(t tokens.Type) int {
	if m.kind == PlanesMap {
		return t.Size()
	}
	return 1
}

// Symbols sets dst to the symbols of the elements in raw, PerElement of them for
// each. Planes come one after another: the first symbol of each element, then
// the second of each. A length that does not fit is an error; a value that the
// map lacks is one that wraps fault.ErrSymbol.
func (m *ValueMap) Symbols(dst []uint32, raw []byte, t tokens.Type, bigEndian bool) error {
	if m.kind == PlanesMap {
		if len(dst) != len(raw) || !t.Valid() || len(raw)%t.Size() != 0 {
			return fmt.Errorf("%d symbols do not stand for %d bytes of %v", len(dst), len(raw), t)
		}
		planes(dst, raw, t, bigEndian)
		return nil
	}
	if err := checkLen(len(dst), raw, t); err != nil {
		return err
	}
	tab := m.table
	if m.kind == DictionaryMap && tab == nil {
		tab = newTable(m.dict)
	}
	var buf [chunk]uint64
	for len(dst) > 0 {
		n := min(len(dst), chunk)
		values := buf[:n]
		widen(values, raw, t, bigEndian)
		bad := -1
		if m.kind == OffsetMap {
			bad = subtract(dst[:n], values, m.offset, uint64(m.size))
		} else {
			bad = tab.lookup(dst[:n], values)
		}
		if bad >= 0 {
			return fmt.Errorf("%w: value %d is not in the map", fault.ErrSymbol, int64(values[bad]))
		}
		dst, raw = dst[n:], raw[n*t.Size():]
	}
	return nil
}

// subtract sets dst to values - offset. It returns the first position of a
// difference that is not below size, else -1.
func subtract(dst []uint32, values []uint64, offset, size uint64) int {
	dst = dst[:len(values)]
	most := uint64(0)
	for i, v := range values {
		v -= offset
		most = max(most, v)
		dst[i] = uint32(v)
	}
	if most < size {
		return -1
	}
	return slices.IndexFunc(values, func(v uint64) bool { return v-offset >= size })
}

// Values sets raw to the elements that the symbols stand for, the inverse of
// Symbols. A length that does not fit is an error; a symbol that is not below
// Size, or stands for a value that type t does not hold, is one that wraps
// fault.ErrCorrupt.
func (m *ValueMap) Values(raw []byte, symbols []uint32, t tokens.Type, bigEndian bool) error {
	if m.kind == PlanesMap {
		if len(symbols) != len(raw) || !t.Valid() || len(raw)%t.Size() != 0 {
			return fmt.Errorf("%d symbols do not stand for %d bytes of %v", len(symbols), len(raw), t)
		}
		return unplanes(raw, symbols, t, bigEndian)
	}
	if err := checkLen(len(symbols), raw, t); err != nil {
		return err
	}
	var buf [chunk]uint64
	first, count := m.held(t)
	for len(symbols) > 0 {
		n := min(len(symbols), chunk)
		values := buf[:n]
		bad := -1
		if m.kind == OffsetMap {
			bad = add(values, symbols[:n], m.offset, first, count)
		} else {
			bad = m.pick(values, symbols[:n], t)
		}
		if bad >= 0 {
			return fmt.Errorf("%w: symbol %d stands for no value of %v", fault.ErrCorrupt, symbols[bad], t)
		}
		narrow(raw, values, t, bigEndian)
		symbols, raw = symbols[n:], raw[n*t.Size():]
	}
	return nil
}

// held returns which symbols of an OffsetMap stand for values of type t: count
// of them from first. Both value ranges are arcs of a circle of 2^64, too short
// to meet more than once.
func (m *ValueMap) held(t tokens.Type) (first, count uint32) {
	if m.kind != OffsetMap || t.Size() == 8 {
		return 0, uint32(m.size)
	}
	low, length := uint64(0), uint64(1)<<(8*t.Size())
	if t.Signed() {
		low -= length / 2
	}
	size := uint64(m.size)
	if at := m.offset - low; at < length {
		return 0, uint32(min(size, length-at))
	}
	if at := low - m.offset; at < size {
		return uint32(at), uint32(min(length, size-at))
	}
	return 0, 0
}

// add sets values to offset + symbols. It returns the first position of a symbol
// that is not one of count from first, else -1.
func add(values []uint64, symbols []uint32, offset uint64, first, count uint32) int {
	values = values[:len(symbols)]
	most := uint32(0)
	for i, s := range symbols {
		most = max(most, s-first)
		values[i] = offset + uint64(s)
	}
	if most < count {
		return -1
	}
	return slices.IndexFunc(symbols, func(s uint32) bool { return s-first >= count })
}

// pick sets values to those of the dictionary. It returns the first position of
// a symbol that has none of type t, else -1.
func (m *ValueMap) pick(values []uint64, symbols []uint32, t tokens.Type) int {
	values = values[:len(symbols)]
	dict := m.dict
	for i, s := range symbols {
		if int(s) >= len(dict) || !holds(dict[s], t) {
			return i
		}
		values[i] = dict[s]
	}
	return -1
}

// planes splits elements into their bytes, most significant plane first.
func planes(dst []uint32, raw []byte, t tokens.Type, bigEndian bool) {
	size := t.Size()
	n := len(raw) / size
	for p := range size {
		at := p
		if !bigEndian {
			at = size - 1 - p
		}
		plane := dst[p*n : (p+1)*n]
		for i := range plane {
			plane[i] = uint32(raw[at])
			at += size
		}
	}
}

// unplanes joins what planes split.
func unplanes(raw []byte, symbols []uint32, t tokens.Type, bigEndian bool) error {
	size := t.Size()
	n := len(raw) / size
	for p := range size {
		at := p
		if !bigEndian {
			at = size - 1 - p
		}
		for _, s := range symbols[p*n : (p+1)*n] {
			if s > 0xff {
				return fmt.Errorf("%w: symbol %d is no byte", fault.ErrCorrupt, s)
			}
			raw[at] = byte(s)
			at += size
		}
	}
	return nil
}

// AppendTo appends the map's binary form:
//
//	kind     1 byte
//	offset   uvarint of the zigzag of the offset       not for planes
//	size     uvarint                                   not for planes
//	gaps     differences of neighbours in the dictionary, each less 1, under an
//	         adaptive Rice code, zero bits up to a byte   only for a dictionary
func (m *ValueMap) AppendTo(dst []byte) []byte {
	dst = append(dst, byte(m.kind))
	if m.kind == PlanesMap {
		return dst
	}
	dst = binary.AppendVarint(dst, int64(m.offset))
	dst = binary.AppendUvarint(dst, uint64(m.size))
	if m.kind == DictionaryMap {
		dst = appendGaps(dst, m.dict)
	}
	return dst
}

// ParseValueMap reads a map from the start of src, which may come from anyone,
// and returns what follows it. More than maxSymbols symbols are an error that
// wraps fault.ErrLimit. It accepts only what AppendTo writes, and takes memory
// for no more symbols than src has bits.
func ParseValueMap(src []byte, maxSymbols int) (m *ValueMap, rest []byte, err error) {
	if len(src) == 0 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	m = &ValueMap{kind: MapKind(src[0]), size: 256}
	rest = src[1:]
	switch m.kind {
	case OffsetMap, DictionaryMap:
		var zigzag, size uint64
		if zigzag, rest, err = number(rest); err != nil {
			return nil, nil, err
		}
		m.offset = zigzag>>1 ^ -(zigzag & 1)
		if size, rest, err = number(rest); err != nil {
			return nil, nil, err
		}
		if size == 0 || size > MaxSymbols {
			return nil, nil, fmt.Errorf("%w: value map of %d symbols", fault.ErrCorrupt, size)
		}
		m.size = int(size)
	case PlanesMap:
	default:
		return nil, nil, fmt.Errorf("%w: value map of kind %d", fault.ErrCorrupt, src[0])
	}
	if m.size > maxSymbols {
		return nil, nil, fmt.Errorf("%w: value map of %d symbols, more than %d", fault.ErrLimit, m.size, maxSymbols)
	}
	if m.kind == DictionaryMap {
		if m.dict, rest, err = parseGaps(rest, m.offset, m.size); err != nil {
			return nil, nil, err
		}
	}
	return m, rest, nil
}

// number reads a uvarint.
func number(src []byte) (uint64, []byte, error) {
	v, n := uvarint.Parse(src)
	if n == 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	if n < 0 {
		return 0, nil, fmt.Errorf("%w: number in a value map", fault.ErrCorrupt)
	}
	return v, src[n:], nil
}
