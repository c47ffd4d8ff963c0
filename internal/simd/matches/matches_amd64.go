//go:build amd64 && !purego

package matches

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"github.com/foretell/foretell/internal/simd"
)

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI2

// A numbersJob is what the loop of Numbers works on. It stops where there are no
// two codes, or src is beyond last, and leaves in n how many codes are not done.
type numbersJob struct {
	dst   unsafe.Pointer
	codes unsafe.Pointer
	src   unsafe.Pointer
	table unsafe.Pointer
	order unsafe.Pointer // nil if there is none
	n     int
	last  int // where in src the last 8 bytes begin
	bits  uint

	narrow int // 1 if no code that occurs has more than 14 bits
}

// narrowBits is how many bits a code may have so that those of four are read at once.
const narrowBits = 14

//go:noescape
func numbersBMI2(j *numbersJob)

//go:noescape
func orderedBMI2(j *numbersJob)

func numbersFast(dst []uint32, codes []uint8, src []byte, table *[256]Bucket, order []uint32) (n int, bits uint) {
	if simd.Level() == "purego" || !hasAVX2 || len(src) < 8 {
		return 0, 0
	}
	j := numbersJob{
		dst:   unsafe.Pointer(unsafe.SliceData(dst)),
		codes: unsafe.Pointer(unsafe.SliceData(codes)),
		src:   unsafe.Pointer(unsafe.SliceData(src)),
		table: unsafe.Pointer(table),
		order: unsafe.Pointer(unsafe.SliceData(order)),
		n:     len(codes),
		last:  len(src) - 8,
	}
	most := uint8(0)
	for _, b := range table {
		most = max(most, b.Bits())
	}
	if most <= narrowBits {
		j.narrow = 1
	}
	if order == nil {
		numbersBMI2(&j)
	} else {
		orderedBMI2(&j)
	}
	return len(codes) - j.n, j.bits
}

//go:noescape
func indexFromAVX2(v *uint32, groups int, most int32) (group int)

// indexFromFast returns a place before which there is no such number: that of the eight
// which have the first, or of the last few.
func indexFromFast(v []uint32, least uint32) int {
	if simd.Level() == "purego" || !hasAVX2 || len(v) < 8 {
		return 0
	}
	return 8 * indexFromAVX2(&v[0], len(v)/8, int32(least)-1)
}

// A copyJob is what the loop of Copy works on. It stops before a step that comes
// too near to the end of out or that is wrong, and leaves how many tokens, offsets
// and long numbers it took.
type copyJob struct {
	tokens   unsafe.Pointer
	table    unsafe.Pointer
	offsets  unsafe.Pointer
	longs    unsafe.Pointer
	literals unsafe.Pointer
	out      unsafe.Pointer
	last     History
	_        uint32
	count    int // of tokens
	room     int // symbols of out that may be filled
	runs     int // literals
	short    int // 1 if most matches are expected to be short and near

	doneTokens, doneOffsets, doneLongs, doneLiterals, doneSymbols int
}

//go:noescape
func copyAVX2(j *copyJob)

func copyFast(out []uint32, s *Steps) (at int) {
	if simd.Level() == "purego" || !hasAVX2 || len(out) < Slack {
		return 0
	}
	j := copyJob{
		tokens:   unsafe.Pointer(unsafe.SliceData(s.Tokens)),
		table:    unsafe.Pointer(s.Table),
		offsets:  unsafe.Pointer(unsafe.SliceData(s.Offsets)),
		longs:    unsafe.Pointer(unsafe.SliceData(s.Longs)),
		literals: unsafe.Pointer(unsafe.SliceData(s.Literals)),
		out:      unsafe.Pointer(unsafe.SliceData(out)),
		last:     s.Last,
		count:    len(s.Tokens),
		room:     len(out) - Slack,
		runs:     len(s.Literals) - Slack,
	}
	if len(s.Offsets) < len(s.Tokens)*2/3 {
		// Offsets that repeat go with them.
		j.short = 1
	}
	copyAVX2(&j)
	s.Tokens = s.Tokens[j.doneTokens:]
	s.Offsets = s.Offsets[j.doneOffsets:]
	s.Longs = s.Longs[j.doneLongs:]
	s.Literals = s.Literals[j.doneLiterals:]
	s.Last = j.last
	return j.doneSymbols
}
