//go:build amd64 && !purego

package tans

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/foretell/foretell/internal/simd"
)

// An encodeJob is what the encoding loop works on. It stops where groups are done
// or there is no room, leaves in groups how many are not done, and in bad other
// than 0 if a symbol had no valid entry.
type encodeJob struct {
	src    unsafe.Pointer
	buf    unsafe.Pointer
	states unsafe.Pointer
	table  unsafe.Pointer
	next   unsafe.Pointer
	groups int
	size   int // entries of table
	at     int
	acc    uint64
	n      uint
	narrow int // 1 if the bits of four symbols fit between two writes
	bad    int
}

//go:noescape
func encode8BMI2(j *encodeJob)

//go:noescape
func encode16BMI2(j *encodeJob)

//go:noescape
func encode32BMI2(j *encodeJob)

func encodeFast[S Symbol](w *Writer, src []S, states *[Lanes]uint32, table []Entry, next []uint32, prec uint) (left int, ok, done bool) {
	if simd.Level() == "purego" || !cpu.X86.HasBMI2 || len(src) < Lanes {
		return 0, false, false
	}
	rest := len(src) % Lanes
	j := encodeJob{
		src:    unsafe.Pointer(unsafe.SliceData(src[rest:])),
		buf:    unsafe.Pointer(unsafe.SliceData(w.Buf)),
		states: unsafe.Pointer(states),
		table:  unsafe.Pointer(unsafe.SliceData(table)),
		next:   unsafe.Pointer(unsafe.SliceData(next)),
		groups: len(src) / Lanes,
		size:   len(table),
		at:     w.At,
		acc:    w.acc,
		n:      w.n,
	}
	if prec <= narrow {
		j.narrow = 1
	}
	switch unsafe.Sizeof(src[0]) {
	case 1:
		encode8BMI2(&j)
	case 2:
		encode16BMI2(&j)
	default:
		encode32BMI2(&j)
	}
	w.At, w.acc, w.n = j.at, j.acc, j.n
	return rest + j.groups*Lanes, j.bad == 0, true
}

// A decodeJob is what the decoding loop works on. It stops where groups are done
// or pos is beyond last, and leaves in bytes how much of dst it filled.
type decodeJob struct {
	dst    unsafe.Pointer
	src    unsafe.Pointer
	states unsafe.Pointer
	table  unsafe.Pointer
	groups int
	last   int // the byte of src in which the last group begins that surely has its bits
	pos    uint
	narrow int // 1 if the bits of four symbols fit between two reads
	bytes  int
}

//go:noescape
func decode8BMI2(j *decodeJob)

//go:noescape
func decode16BMI2(j *decodeJob)

//go:noescape
func decode32BMI2(j *decodeJob)

//go:noescape
func decodeShort8BMI2(j *decodeJob)

//go:noescape
func decodeShort16BMI2(j *decodeJob)

//go:noescape
func decodeShort32BMI2(j *decodeJob)

func decodeFast[S Symbol, T AnySlot](dst []S, src []byte, pos uint, states *[Lanes]uint32, table []T, prec uint) (int, uint, bool) {
	if simd.Level() == "purego" || !cpu.X86.HasBMI2 || len(dst) < Lanes || len(src) < Room {
		return 0, 0, false
	}
	j := decodeJob{
		dst:    unsafe.Pointer(unsafe.SliceData(dst)),
		src:    unsafe.Pointer(unsafe.SliceData(src)),
		states: unsafe.Pointer(states),
		table:  unsafe.Pointer(unsafe.SliceData(table)),
		groups: len(dst) / Lanes,
		last:   len(src) - Room,
		pos:    pos,
	}
	if prec <= narrow {
		j.narrow = 1
	}
	short := unsafe.Sizeof(table[0]) == unsafe.Sizeof(ShortSlot(0))
	switch size := unsafe.Sizeof(dst[0]); {
	case short && size == 1:
		decodeShort8BMI2(&j)
	case short && size == 2:
		decodeShort16BMI2(&j)
	case short:
		decodeShort32BMI2(&j)
	case size == 1:
		decode8BMI2(&j)
	case size == 2:
		decode16BMI2(&j)
	default:
		decode32BMI2(&j)
	}
	return j.bytes / int(unsafe.Sizeof(dst[0])), j.pos, true
}
