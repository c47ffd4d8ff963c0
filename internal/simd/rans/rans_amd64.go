//go:build amd64 && !purego

package rans

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/foretell/foretell/internal/simd"
)

var (
	hasAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT && cpu.X86.HasBMI1 && cpu.X86.HasBMI2
	hasAVX512 = hasAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL
)

// minLanes is the smallest number of lanes that the vector loops take.
const minLanes = 8

// A decodeJob is what a decoding loop works on. It stops where groups are done or
// src is beyond last, and leaves in groups how many are not done, in used how
// much of src is.
type decodeJob struct {
	dst    unsafe.Pointer
	src    unsafe.Pointer
	index  unsafe.Pointer // nil if there is one table
	states unsafe.Pointer
	table  unsafe.Pointer
	last   int // where in src the last group begins that surely has its words
	groups int
	lanes  int // 8, 16 or 32
	pairs  int // 1 if a group has two symbols for each lane
	prec   int
	mask   int // 2^prec - 1
	used   int
}

// An encodeJob is what an encoding loop works on. It stops where groups are done
// or at is below 4 bytes for each lane, and leaves in groups how many are not
// done, and in bad other than 0 if a symbol had no valid entry.
type encodeJob struct {
	src    unsafe.Pointer
	index  unsafe.Pointer // nil if there is one table
	dst    unsafe.Pointer
	states unsafe.Pointer
	table  unsafe.Pointer
	n      int // symbols: whole groups
	at     int
	groups int
	lanes  int // 8, 16 or 32
	pairs  int // 1 if a group has two symbols for each lane
	size   int // entries for each table
	most   int // size - 1
	total  int // 2^prec
	shift  int // by which slots, or the product of two symbols' slots, become a limit
	bad    int
}

func decodeFast[S Symbol](dst []S, index []uint16, src []byte, states []uint64, table []Slot, prec uint) (symbols, used int, done bool) {
	lanes := len(states)
	group := lanes * PerLane(prec)
	level := simd.Level()
	if level == "purego" || !hasAVX2 || lanes < minLanes || len(dst) < group || len(src) < 4*lanes {
		return 0, 0, false
	}
	j := decodeJob{
		dst:    unsafe.Pointer(unsafe.SliceData(dst)),
		src:    unsafe.Pointer(unsafe.SliceData(src)),
		index:  unsafe.Pointer(unsafe.SliceData(index)),
		states: unsafe.Pointer(unsafe.SliceData(states)),
		table:  unsafe.Pointer(unsafe.SliceData(table)),
		last:   len(src) - 4*lanes,
		groups: len(dst) / group,
		lanes:  lanes,
		pairs:  PerLane(prec) - 1,
		prec:   int(prec),
		mask:   1<<prec - 1,
	}
	switch {
	case simd.Wide() && hasAVX512:
		decodeAVX512(&j, unsafe.Sizeof(dst[0]), index != nil)
	case j.pairs == 0 || index != nil:
		decodeAVX2(&j, unsafe.Sizeof(dst[0]), index != nil)
	default:
		// From tables that the first caches hold, single loads are faster than
		// gathering four.
		switch unsafe.Sizeof(dst[0]) {
		case 1:
			decode8BMI2(&j)
		case 2:
			decode16BMI2(&j)
		default:
			decode32BMI2(&j)
		}
	}
	return (len(dst)/group - j.groups) * group, j.used, true
}

func encodeFast[S Symbol](src []S, index []uint16, dst []byte, at int, states []uint64, table []Entry, size int, prec uint) (left, newAt int, ok, done bool) {
	lanes := len(states)
	group := lanes * PerLane(prec)
	wide := simd.Wide() && hasAVX512
	if simd.Level() == "purego" || !hasAVX2 || lanes < minLanes || len(src) < group || at < 4*lanes {
		return 0, 0, false, false
	}
	if !wide && (index != nil || PerLane(prec) == 1) {
		return 0, 0, false, false
	}
	rest := len(src) % group
	j := encodeJob{
		src:    unsafe.Pointer(unsafe.SliceData(src[rest:])),
		dst:    unsafe.Pointer(unsafe.SliceData(dst)),
		states: unsafe.Pointer(unsafe.SliceData(states)),
		table:  unsafe.Pointer(unsafe.SliceData(table)),
		n:      len(src) - rest,
		at:     at,
		groups: len(src) / group,
		lanes:  lanes,
		pairs:  PerLane(prec) - 1,
		size:   size,
		most:   size - 1,
		total:  1 << prec,
		shift:  31 - int(prec)*PerLane(prec),
	}
	if index != nil {
		j.index = unsafe.Pointer(unsafe.SliceData(index[rest:]))
	}
	switch size := unsafe.Sizeof(src[0]); {
	case wide:
		encodeAVX512(&j, size, index != nil)
	case size == 1:
		encode8BMI2(&j)
	case size == 2:
		encode16BMI2(&j)
	default:
		encode32BMI2(&j)
	}
	return rest + j.groups*group, j.at, j.bad == 0, true
}

func decodeAVX512(j *decodeJob, width uintptr, indexed bool) {
	switch {
	case width == 1 && !indexed:
		decode8AVX512(j)
	case width == 1:
		decodeIndexed8AVX512(j)
	case width == 2 && !indexed:
		decode16AVX512(j)
	case width == 2:
		decodeIndexed16AVX512(j)
	case !indexed:
		decode32AVX512(j)
	default:
		decodeIndexed32AVX512(j)
	}
}

func decodeAVX2(j *decodeJob, width uintptr, indexed bool) {
	switch {
	case width == 1 && !indexed:
		decode8AVX2(j)
	case width == 1:
		decodeIndexed8AVX2(j)
	case width == 2 && !indexed:
		decode16AVX2(j)
	case width == 2:
		decodeIndexed16AVX2(j)
	case !indexed:
		decode32AVX2(j)
	default:
		decodeIndexed32AVX2(j)
	}
}

func encodeAVX512(j *encodeJob, width uintptr, indexed bool) {
	switch {
	case width == 1 && !indexed:
		encode8AVX512(j)
	case width == 1:
		encodeIndexed8AVX512(j)
	case width == 2 && !indexed:
		encode16AVX512(j)
	case width == 2:
		encodeIndexed16AVX512(j)
	case !indexed:
		encode32AVX512(j)
	default:
		encodeIndexed32AVX512(j)
	}
}
