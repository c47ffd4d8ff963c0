package foretell

import (
	"io"
	"unsafe"

	"github.com/foretell/foretell/tokens"
)

// Integer is any type of the elements of an array. int and uint are none: their
// size is not the same on every machine.
type Integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// typeOf returns the element type of T.
func typeOf[T Integer]() tokens.Type {
	var zero T
	signed := zero-1 < zero
	switch unsafe.Sizeof(zero) {
	case 1:
		if signed {
			return tokens.Int8
		}
		return tokens.Uint8
	case 2:
		if signed {
			return tokens.Int16
		}
		return tokens.Uint16
	case 4:
		if signed {
			return tokens.Int32
		}
		return tokens.Uint32
	}
	if signed {
		return tokens.Int64
	}
	return tokens.Uint64
}

// An arrayReader reads values as little-endian bytes.
type arrayReader[T Integer] struct {
	values []T
	part   int // bytes of values[0] already read
}

func newArrayReader[T Integer](values []T) io.Reader { return &arrayReader[T]{values: values} }

func (r *arrayReader[T]) Read(p []byte) (int, error) {
	if len(r.values) == 0 {
		return 0, io.EOF
	}
	size := int(unsafe.Sizeof(r.values[0]))
	n := 0
	for n < len(p) && len(r.values) > 0 {
		v := uint64(r.values[0]) >> (8 * r.part)
		for ; r.part < size && n < len(p); r.part++ {
			p[n] = byte(v)
			v >>= 8
			n++
		}
		if r.part == size {
			r.values, r.part = r.values[1:], 0
		}
	}
	return n, nil
}

// decodeArray turns elements of an array as they lie in a file into values. The
// caller has checked that T holds the type.
func decodeArray[T Integer](dst []T, raw []byte, info *tokens.Info) {
	size := info.Type.Size()
	shift := 64 - 8*size
	for i := range dst {
		e := raw[i*size:][:size]
		var v uint64
		if info.BigEndian {
			for _, b := range e {
				v = v<<8 | uint64(b)
			}
		} else {
			for k := size - 1; k >= 0; k-- {
				v = v<<8 | uint64(e[k])
			}
		}
		if info.Type.Signed() {
			dst[i] = T(int64(v<<shift) >> shift)
		} else {
			dst[i] = T(v)
		}
	}
}
