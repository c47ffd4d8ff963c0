package prob

import (
	"math"
	"unsafe"

	"github.com/foretell/foretell/internal/simd"
)

// A Float16 is an IEEE 754 half-precision number, as its bit pattern.
type Float16 uint16

// A BFloat16 is a bfloat16 number (the upper half of a float32), as its bit
// pattern.
type BFloat16 uint16

// Float is the types of numbers that predictions come in.
type Float interface {
	float32 | float64 | Float16 | BFloat16
}

// numbers is a caller's slice of any of the types; the other fields are empty.
// The 16-bit types share a field.
type numbers struct {
	kind kind
	n    int
	f32  []float32
	f64  []float64
	u16  []uint16
}

type kind uint8

const (
	kindFloat32 kind = iota
	kindFloat64
	kindFloat16
	kindBFloat16
)

func numbersOf[T Float](p []T) numbers {
	switch p := any(p).(type) {
	case []float32:
		return numbers{kind: kindFloat32, n: len(p), f32: p}
	case []float64:
		return numbers{kind: kindFloat64, n: len(p), f64: p}
	case []Float16:
		return numbers{kind: kindFloat16, n: len(p), u16: unsafe.Slice((*uint16)(unsafe.SliceData(p)), len(p))}
	case []BFloat16:
		return numbers{kind: kindBFloat16, n: len(p), u16: unsafe.Slice((*uint16)(unsafe.SliceData(p)), len(p))}
	}
	return numbers{}
}

// bits returns the bits of number i as a float32.
func (s *numbers) bits(i int) uint32 {
	switch s.kind {
	case kindFloat32:
		return math.Float32bits(s.f32[i])
	case kindFloat64:
		return simd.BitsFloat64(s.f64[i])
	case kindFloat16:
		return simd.BitsFloat16(s.u16[i])
	}
	return simd.BitsBFloat16(s.u16[i])
}

// weigh adds up weights of chunks of the numbers from..from+per*len(cum); see
// simd.WeighFloat32.
func (s *numbers) weigh(from, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	to := from + per*len(cum)
	switch s.kind {
	case kindFloat32:
		return simd.WeighFloat32(s.f32[from:to], k, per, total, cum)
	case kindFloat64:
		return simd.WeighFloat64(s.f64[from:to], k, per, total, cum)
	case kindFloat16:
		return simd.WeighFloat16(s.u16[from:to], k, per, total, cum)
	}
	return simd.WeighBFloat16(s.u16[from:to], k, per, total, cum)
}

// float32s returns the numbers from..to as float32, in buf unless they are.
func (s *numbers) float32s(from, to int, buf []float32) []float32 {
	buf = buf[:min(len(buf), to-from)]
	switch s.kind {
	case kindFloat32:
		return s.f32[from:to]
	case kindFloat64:
		simd.NarrowFloat64(buf, s.f64[from:to])
	case kindFloat16:
		simd.WidenFloat16(buf, s.u16[from:to])
	case kindBFloat16:
		simd.WidenBFloat16(buf, s.u16[from:to])
	}
	return buf
}

// step returns how many numbers to ask float32s for at once.
func (s *numbers) step() int {
	if s.kind == kindFloat32 {
		return s.n
	}
	return blockSize
}
