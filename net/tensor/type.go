package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A Type is how the numbers of a tensor are stored. The quantised types are those of
// ggml, whose files are GGUF files.
type Type int

// The element types.
const (
	F64  Type = iota + 1 // IEEE 754 binary64
	F32                  // IEEE 754 binary32
	F16                  // IEEE 754 binary16
	BF16                 // the upper half of a binary32
	Bool                 // a byte, true where it is not 0
	Int8
	Uint8
	Int16
	Uint16
	Int32
	Uint32
	Int64
	Uint64
	Q4_0 // blocks of 32: a scale and 4 bits each
	Q4_1 // blocks of 32: a scale, a minimum and 4 bits each
	Q5_0 // blocks of 32: a scale and 5 bits each
	Q5_1 // blocks of 32: a scale, a minimum and 5 bits each
	Q8_0 // blocks of 32: a scale and 8 bits each
	Q4_K // blocks of 256: 8 scales and minimums of 6 bits, and 4 bits each
	Q5_K // blocks of 256: 8 scales and minimums of 6 bits, and 5 bits each
	Q6_K // blocks of 256: 16 scales of 8 bits, and 6 bits each
)

// A kind is what there is to know of a type.
type kind struct {
	name            string
	elements, bytes int // of a block
	// decode sets dst to the numbers of whole blocks. It reports false for an
	// integer that a float64 cannot hold.
	decode func(dst []float64, src []byte) bool
}

var order = binary.LittleEndian

var kinds = [...]kind{
	F64:    {"F64", 1, 8, each(8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) })},
	F32:    {"F32", 1, 4, each(4, func(b []byte) float64 { return widen(order.Uint32(b)) })},
	F16:    {"F16", 1, 2, each(2, half)},
	BF16:   {"BF16", 1, 2, each(2, func(b []byte) float64 { return widen(uint32(order.Uint16(b)) << 16) })},
	Bool:   {"BOOL", 1, 1, each(1, func(b []byte) float64 { return float64(min(b[0], 1)) })},
	Int8:   {"I8", 1, 1, each(1, func(b []byte) float64 { return float64(int8(b[0])) })},
	Uint8:  {"U8", 1, 1, each(1, func(b []byte) float64 { return float64(b[0]) })},
	Int16:  {"I16", 1, 2, each(2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) })},
	Uint16: {"U16", 1, 2, each(2, func(b []byte) float64 { return float64(order.Uint16(b)) })},
	Int32:  {"I32", 1, 4, each(4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) })},
	Uint32: {"U32", 1, 4, each(4, func(b []byte) float64 { return float64(order.Uint32(b)) })},
	Int64:  {"I64", 1, 8, int64s},
	Uint64: {"U64", 1, 8, uint64s},
	Q4_0:   {"Q4_0", 32, 18, blocks(18, q4_0)},
	Q4_1:   {"Q4_1", 32, 20, blocks(20, q4_1)},
	Q5_0:   {"Q5_0", 32, 22, blocks(22, q5_0)},
	Q5_1:   {"Q5_1", 32, 24, blocks(24, q5_1)},
	Q8_0:   {"Q8_0", 32, 34, blocks(34, q8_0)},
	Q4_K:   {"Q4_K", 256, 144, superblocks(144, q4_K)},
	Q5_K:   {"Q5_K", 256, 176, superblocks(176, q5_K)},
	Q6_K:   {"Q6_K", 256, 210, superblocks(210, q6_K)},
}

func (t Type) valid() bool { return t > 0 && int(t) < len(kinds) }

// String returns the name that model files have for a type, such as "Q4_1".
func (t Type) String() string {
	if !t.valid() {
		return fmt.Sprintf("Type(%d)", int(t))
	}
	return kinds[t].name
}

// Block returns how many numbers are stored together and in how many bytes: 1 and the
// size of a number if the type is not quantised.
func (t Type) Block() (elements, bytes int) {
	if !t.valid() {
		return 1, 1
	}
	return kinds[t].elements, kinds[t].bytes
}

// each decodes numbers that are stored by themselves, in size bytes.
func each(size int, one func([]byte) float64) func([]float64, []byte) bool {
	return func(dst []float64, src []byte) bool {
		for i := range dst {
			dst[i] = one(src[i*size:])
		}
		return true
	}
}

// widen returns the value of a binary32. It looks at the bits only: a processor in a
// mode that takes subnormal numbers for zero must not change a weight.
func widen(b uint32) float64 {
	sign, exp, frac := uint64(b>>31), int(b>>23&0xff), uint64(b&(1<<23-1))
	return assemble(sign, exp, frac, 23, 127, 0xff)
}

// half returns the value of a binary16.
func half(b []byte) float64 {
	h := order.Uint16(b)
	return assemble(uint64(h>>15), int(h>>10&0x1f), uint64(h&(1<<10-1)), 10, 15, 0x1f)
}

// assemble returns the value of a float of fewer bits: its sign, its exponent with
// that bias and with top for what is not finite, and its fraction of width bits.
func assemble(sign uint64, exp int, frac uint64, width, bias, top int) float64 {
	switch exp {
	case top:
		return math.Float64frombits(sign<<63 | 0x7ff<<52 | frac<<(52-width))
	case 0:
		v := math.Ldexp(float64(frac), 1-bias-width)
		if sign > 0 {
			v = -v
		}
		return v
	}
	return math.Float64frombits(sign<<63 | uint64(exp-bias+1023)<<52 | frac<<(52-width))
}

// exact is the largest integer up to which a float64 holds all.
const exact = 1 << 53

func int64s(dst []float64, src []byte) bool {
	for i := range dst {
		v := int64(order.Uint64(src[i*8:]))
		if v > exact || v < -exact {
			return false
		}
		dst[i] = float64(v)
	}
	return true
}

func uint64s(dst []float64, src []byte) bool {
	for i := range dst {
		v := order.Uint64(src[i*8:])
		if v > exact {
			return false
		}
		dst[i] = float64(v)
	}
	return true
}
