//go:build amd64 && !purego

package tile

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/foretell/foretell/internal/simd"
)

// A job is blocks of 8 by 8 elements, of which the rows are at the same places from
// each pointer on.
type job struct {
	src, dst         [Width]unsafe.Pointer
	srcStep, dstStep int // bytes from a block to the next
	blocks           int
}

//go:noescape
func turnAVX2(j *job)

// fast does as many elements as fill blocks, and returns where they end.
func fast(rows []uint32, stride int, columns *[Width][]uint32, from, end int, toRows bool) int {
	n := (end - from) / Width
	if n == 0 || simd.Level() == "purego" || !cpu.X86.HasAVX2 {
		return from
	}
	const size = int(unsafe.Sizeof(rows[0]))
	j := job{srcStep: Width * size, dstStep: Width * stride * size, blocks: n}
	end = from + n*Width
	_ = rows[(end-from-1)*stride+Width-1]
	for k := range columns {
		j.src[k] = unsafe.Pointer(unsafe.SliceData(columns[k][from:end]))
		j.dst[k] = unsafe.Pointer(unsafe.SliceData(rows[k*stride:]))
	}
	if !toRows {
		j.src, j.dst = j.dst, j.src
		j.srcStep, j.dstStep = j.dstStep, j.srcStep
	}
	turnAVX2(&j)
	return end
}
