package parquet

import "encoding/binary"

// Parquet's metadata is written in Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
// It is read here by hand, value by value as they are wanted: nothing is made as long as
// a file claims that it is, and what this program does not know of is kept as it lies.

// The kinds of values.
const (
	kindTrue   = 1
	kindFalse  = 2
	kindByte   = 3
	kindInt16  = 4
	kindInt32  = 5
	kindInt64  = 6
	kindDouble = 7
	kindBinary = 8
	kindList   = 9
	kindSet    = 10
	kindMap    = 11
	kindStruct = 12
	kindUUID   = 13
)

// maxNesting bounds how deep values lie in one another.
const maxNesting = 32

// A value is one of a struct's fields or of a list's elements.
type value struct {
	kind byte
	n    int64  // of whole numbers and booleans
	raw  []byte // the bytes of all else: what is in a binary, a list or a struct as it lies
}

// fields are those of a struct, by their numbers.
type fields map[int16]value

// A scanner takes values from bytes. What it returns once it is bad means nothing.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) take(n uint64) []byte {
	if s.bad || n > uint64(len(s.b)) {
		s.bad, s.b = true, nil
		return nil
	}
	b := s.b[:n:n]
	s.b = s.b[n:]
	return b
}

func (s *scanner) byte() byte {
	if b := s.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (s *scanner) uvarint() uint64 {
	v, n := binary.Uvarint(s.b)
	s.take(uint64(max(n, 0)))
	s.bad = s.bad || n <= 0
	return v
}

func (s *scanner) varint() int64 {
	v := s.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// value takes a value of some kind. In a list, booleans are bytes.
func (s *scanner) value(kind byte, inList bool, depth int) (v value) {
	v.kind = kind
	switch kind {
	case kindTrue, kindFalse:
		if v.n = int64(2 - kind); inList {
			v.n = int64(s.byte())
		}
	case kindByte:
		v.n = int64(int8(s.byte()))
	case kindInt16, kindInt32, kindInt64:
		v.n = s.varint()
	case kindDouble:
		v.raw = s.take(8)
	case kindUUID:
		v.raw = s.take(16)
	case kindBinary:
		v.raw = s.take(s.uvarint())
	case kindList, kindSet, kindMap, kindStruct:
		all := s.b
		if depth >= maxNesting {
			s.bad = true
			return v
		}
		switch kind {
		case kindStruct:
			s.each(depth, func(int16, value) {})
		case kindMap:
			s.pairs(depth)
		default:
			s.elements(depth, func(value) {})
		}
		v.raw = all[:len(all)-len(s.b)]
	default:
		s.bad = true
	}
	return v
}

// each takes a struct.
func (s *scanner) each(depth int, f func(id int16, v value)) {
	last := int16(0)
	for !s.bad {
		head := s.byte()
		if head == 0 {
			return
		}
		if delta := head >> 4; delta > 0 {
			last += int16(delta)
		} else {
			last = int16(s.varint())
		}
		if v := s.value(head&15, false, depth+1); !s.bad {
			f(last, v)
		}
	}
}

// elements takes a list or a set.
func (s *scanner) elements(depth int, f func(value)) {
	head := s.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = s.uvarint()
	}
	for ; n > 0 && !s.bad; n-- {
		if v := s.value(head&15, true, depth+1); !s.bad {
			f(v)
		}
	}
}

// pairs takes a map.
func (s *scanner) pairs(depth int) {
	n := s.uvarint()
	if n == 0 {
		return
	}
	kinds := s.byte()
	for ; n > 0 && !s.bad; n-- {
		s.value(kinds>>4, true, depth+1)
		s.value(kinds&15, true, depth+1)
	}
}

// structOf returns the fields of a struct, and how many bytes it takes, 0 if it is none.
func structOf(b []byte) (fields, int) {
	s, all := scanner{b: b}, fields{}
	s.each(0, func(id int16, v value) { all[id] = v })
	if s.bad {
		return nil, 0
	}
	return all, len(b) - len(s.b)
}

// of returns the fields of a struct in a struct; none if it is not there.
func (f fields) of(id int16) fields {
	v, ok := f[id]
	if !ok || v.kind != kindStruct {
		return nil
	}
	in, _ := structOf(v.raw)
	return in
}

// number returns a whole number, or another where it is not there.
func (f fields) number(id int16, otherwise int64) int64 {
	if v, ok := f[id]; ok && v.kind >= kindTrue && v.kind <= kindInt64 {
		return v.n
	}
	return otherwise
}

// list calls a function for each element of a list, and reports whether it is one.
func (f fields) list(id int16, each func(value)) bool {
	v, ok := f[id]
	if !ok || v.kind != kindList {
		return false
	}
	s := scanner{b: v.raw}
	s.elements(0, each)
	return !s.bad
}

// A builder writes a struct, field by field with rising numbers.
type builder struct {
	b    []byte
	last int16
}

func (w *builder) field(id int16, kind byte) {
	w.b = append(w.b, byte(id-w.last)<<4|kind)
	w.last = id
}

func (w *builder) number(id int16, kind byte, n int64) {
	w.field(id, kind)
	w.b = appendVarint(w.b, n)
}

// raw writes a value that lies as it was read, or as another builder has ended it.
func (w *builder) raw(id int16, kind byte, b []byte) {
	w.field(id, kind)
	if kind == kindBinary {
		w.b = binary.AppendUvarint(w.b, uint64(len(b)))
	}
	w.b = append(w.b, b...)
}

// copy writes a field of another struct, if it is there and of that kind.
func (w *builder) copy(id int16, kind byte, from fields) {
	if v, ok := from[id]; ok && v.kind == kind {
		w.raw(id, kind, v.raw)
	}
}

// end returns the struct.
func (w *builder) end() []byte { return append(w.b, 0) }

// listOf returns a list of values that lie one after another in b.
func listOf(kind byte, n int, b []byte) []byte {
	if n < 15 {
		return append([]byte{byte(n)<<4 | kind}, b...)
	}
	return append(binary.AppendUvarint([]byte{15<<4 | kind}, uint64(n)), b...)
}

func appendVarint(dst []byte, n int64) []byte {
	return binary.AppendUvarint(dst, uint64(n)<<1^uint64(n>>63))
}
